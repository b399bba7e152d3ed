/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VSX loads, stores, moves, logicals and permutes: Power ISA 3.0B book I chapter 7.
 *
 * A VSR is one 128-bit value in host order: doubleword 0 is the high half, element i of n is lane
 * n-1-i.  A 128-bit access in big-endian order puts byte 0 of memory into element byte 0; the
 * element loads of little-endian mode then reverse the bytes inside each element.
 */
#include "../decode.h"
#include "../helper-vec.h"
#include "../translate.h"

#define BE128 (MO_128 | (G_BYTE_ORDER == G_LITTLE_ENDIAN ? MO_BSWAP : 0))

static IRRef load_be128(DisasContext *ctx, EA ea)
{
    return ir_load(ctx->b, IR_V128, (IRMemOp)BE128, ea.base, ea.disp);
}

static void store_be128(DisasContext *ctx, EA ea, IRRef value)
{
    ir_store(ctx->b, (IRMemOp)BE128, ea.base, ea.disp, value);
}

static IRRef revb(DisasContext *ctx, IRRef v, unsigned lane)
{
    return ir_op1i(ctx->b, IR_VREVB, v, lane, 0);
}

static IRRef swap_halves(DisasContext *ctx, IRRef v)
{
    return ir_op2i(ctx->b, IR_VALIGN, v, v, 0, 8);
}

static IRRef high_half(DisasContext *ctx, IRRef i64)
{
    return ir_op1(ctx->b, IR_MKHI, ir_op1(ctx->b, IR_MOVQ_IF, i64));
}

/* ---- Scalar loads and stores: doubleword 0, the other cleared ---- */

static bool load_scalar(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));

    ir_set_hi(ctx->b, SLOT_VSR0 + insn_xt(insn),
              ir_op1(ctx->b, IR_MOVQ_IF, gen_load(ctx, IR_I64, op, ea)));
    return true;
}

bool tr_lxsdx(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));

    ir_set_hi(ctx->b, SLOT_VSR0 + insn_xt(insn), gen_load(ctx, IR_F64, MO_64, ea));
    return true;
}

bool tr_lxsiwax(DisasContext *ctx, uint32_t insn)
{
    return load_scalar(ctx, insn, MO_32 | MO_SIGN);
}

bool tr_lxsiwzx(DisasContext *ctx, uint32_t insn)
{
    return load_scalar(ctx, insn, MO_32);
}

bool tr_lxsibzx(DisasContext *ctx, uint32_t insn)
{
    return load_scalar(ctx, insn, MO_8);
}

bool tr_lxsihzx(DisasContext *ctx, uint32_t insn)
{
    return load_scalar(ctx, insn, MO_16);
}

static void load_single(DisasContext *ctx, unsigned vsr, EA ea)
{
    ir_set_hi(ctx->b, SLOT_VSR0 + vsr, ir_op1(ctx->b, IR_S2D, gen_load(ctx, IR_I32, MO_32, ea)));
}

bool tr_lxsspx(DisasContext *ctx, uint32_t insn)
{
    load_single(ctx, insn_xt(insn), gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));
    return true;
}

bool tr_lxssp(DisasContext *ctx, uint32_t insn)
{
    load_single(ctx, 32 + insn_rt(insn), gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn)));
    return true;
}

bool tr_lxsd(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn));

    ir_set_hi(ctx->b, SLOT_VSR0 + 32 + insn_rt(insn), gen_load(ctx, IR_F64, MO_64, ea));
    return true;
}

static IRRef doubleword0(DisasContext *ctx, unsigned vsr)
{
    return ir_op1(ctx->b, IR_MOVQ_FI, ir_get_hi(ctx->b, SLOT_VSR0 + vsr));
}

static bool store_scalar(DisasContext *ctx, uint32_t insn, unsigned op)
{
    gen_store(ctx, op, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)),
              doubleword0(ctx, insn_xt(insn)));
    return true;
}

bool tr_stxsdx(DisasContext *ctx, uint32_t insn)
{
    gen_store(ctx, MO_64, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)),
              ir_get_hi(ctx->b, SLOT_VSR0 + insn_xt(insn)));
    return true;
}

bool tr_stxsiwx(DisasContext *ctx, uint32_t insn)
{
    return store_scalar(ctx, insn, MO_32);
}

bool tr_stxsibx(DisasContext *ctx, uint32_t insn)
{
    return store_scalar(ctx, insn, MO_8);
}

bool tr_stxsihx(DisasContext *ctx, uint32_t insn)
{
    return store_scalar(ctx, insn, MO_16);
}

bool tr_stxsspx(DisasContext *ctx, uint32_t insn)
{
    gen_store(ctx, MO_32, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)),
              ir_op1(ctx->b, IR_D2S, ir_get_hi(ctx->b, SLOT_VSR0 + insn_xt(insn))));
    return true;
}

bool tr_stxssp(DisasContext *ctx, uint32_t insn)
{
    gen_store(ctx, MO_32, gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn)),
              ir_op1(ctx->b, IR_D2S, ir_get_hi(ctx->b, SLOT_VSR0 + 32 + insn_rt(insn))));
    return true;
}

bool tr_stxsd(DisasContext *ctx, uint32_t insn)
{
    gen_store(ctx, MO_64, gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn)),
              ir_get_hi(ctx->b, SLOT_VSR0 + 32 + insn_rt(insn)));
    return true;
}

/* ---- Vector loads and stores ---- */

/* Elements of 1 << lane bytes, each in the guest's byte order, element 0 at the lowest address. */
static bool load_elements(DisasContext *ctx, uint32_t insn, unsigned lane)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRRef v = load_be128(ctx, ea);

    set_vsr(ctx, insn_xt(insn), ctx->le && lane ? revb(ctx, v, lane) : v);
    return true;
}

static bool store_elements(DisasContext *ctx, uint32_t insn, unsigned lane)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRRef v = get_vsr(ctx, insn_xt(insn));

    store_be128(ctx, ea, ctx->le && lane ? revb(ctx, v, lane) : v);
    return true;
}

/* lxvd2x and stxvd2x are the commonest: a plain access and a swap in little-endian mode. */
bool tr_lxvd2x(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRRef v = gen_load(ctx, IR_V128, MO_128, ea);

    set_vsr(ctx, insn_xt(insn), ctx->le ? swap_halves(ctx, v) : v);
    return true;
}

bool tr_stxvd2x(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRRef v = get_vsr(ctx, insn_xt(insn));

    gen_store(ctx, MO_128, ea, ctx->le ? swap_halves(ctx, v) : v);
    return true;
}

bool tr_lxvw4x(DisasContext *ctx, uint32_t insn)
{
    return load_elements(ctx, insn, 2);
}

bool tr_stxvw4x(DisasContext *ctx, uint32_t insn)
{
    return store_elements(ctx, insn, 2);
}

bool tr_lxvh8x(DisasContext *ctx, uint32_t insn)
{
    return load_elements(ctx, insn, 1);
}

bool tr_stxvh8x(DisasContext *ctx, uint32_t insn)
{
    return store_elements(ctx, insn, 1);
}

bool tr_lxvb16x(DisasContext *ctx, uint32_t insn)
{
    return load_elements(ctx, insn, 0);
}

bool tr_stxvb16x(DisasContext *ctx, uint32_t insn)
{
    return store_elements(ctx, insn, 0);
}

/* The whole register in the guest's byte order: element 15 comes first in little-endian mode. */
bool tr_lxvx(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn),
            gen_load(ctx, IR_V128, MO_128, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn))));
    return true;
}

bool tr_stxvx(DisasContext *ctx, uint32_t insn)
{
    gen_store(ctx, MO_128, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)),
              get_vsr(ctx, insn_xt(insn)));
    return true;
}

/* lxv and stxv: TX is bit 28; the first half needs VSX, the second VEC. */
static unsigned dq_vsr(uint32_t insn)
{
    return insn_rt(insn) | (insn >> 3 & 1) << 5;
}

static bool dq_available(DisasContext *ctx, uint32_t insn)
{
    return insn >> 3 & 1 ? gen_need_vec(ctx) : gen_need_vsx(ctx);
}

bool tr_lxv(DisasContext *ctx, uint32_t insn)
{
    if (dq_available(ctx, insn)) {
        set_vsr(ctx, dq_vsr(insn),
                gen_load(ctx, IR_V128, MO_128, gen_ea_imm(ctx, insn_ra(insn), insn_dq(insn))));
    }
    return true;
}

bool tr_stxv(DisasContext *ctx, uint32_t insn)
{
    if (dq_available(ctx, insn)) {
        gen_store(ctx, MO_128, gen_ea_imm(ctx, insn_ra(insn), insn_dq(insn)),
                  get_vsr(ctx, dq_vsr(insn)));
    }
    return true;
}

bool tr_lxvdsx(DisasContext *ctx, uint32_t insn)
{
    IRRef v = gen_load(ctx, IR_I64, MO_64, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    set_vsr(ctx, insn_xt(insn), ir_op1i(ctx->b, IR_VDUP, v, 3, 0));
    return true;
}

bool tr_lxvwsx(DisasContext *ctx, uint32_t insn)
{
    IRRef v = gen_load(ctx, IR_I64, MO_32, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    set_vsr(ctx, insn_xt(insn), ir_op1i(ctx->b, IR_VDUP, v, 2, 0));
    return true;
}

/* Length in bits 0:7 of RB; the address is (RA|0) alone. The "l" forms are always big-endian. */
static IRRef length_descriptor(DisasContext *ctx, bool left)
{
    uint32_t idx = ctx->flags >> HF_MMUIDX_SHIFT & 7;

    return ir_k32(ctx->b, (ctx->le && !left ? VEC_LENGTH_LE : 0) | idx << VEC_LENGTH_IDX_SHIFT);
}

static bool load_with_length(DisasContext *ctx, uint32_t insn, bool left)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), 0);

    set_vsr(ctx, insn_xt(insn),
            ir_callv(ctx->b, &helper_row_lxvl, gen_ea_value(ctx, ea), gpr(ctx, insn_rb(insn)),
                     length_descriptor(ctx, left)));
    return true;
}

static bool store_with_length(DisasContext *ctx, uint32_t insn, bool left)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), 0);

    ir_callv(ctx->b, &helper_row_stxvl, gen_ea_value(ctx, ea), gpr(ctx, insn_rb(insn)),
             length_descriptor(ctx, left), get_vsr(ctx, insn_xt(insn)));
    return true;
}

bool tr_lxvl(DisasContext *ctx, uint32_t insn)
{
    return load_with_length(ctx, insn, false);
}

bool tr_lxvll(DisasContext *ctx, uint32_t insn)
{
    return load_with_length(ctx, insn, true);
}

bool tr_stxvl(DisasContext *ctx, uint32_t insn)
{
    return store_with_length(ctx, insn, false);
}

bool tr_stxvll(DisasContext *ctx, uint32_t insn)
{
    return store_with_length(ctx, insn, true);
}

/* ---- Moves ---- */

static bool move_available(DisasContext *ctx, uint32_t insn)
{
    return insn & 1 ? gen_need_vec(ctx) : gen_need_fp(ctx);
}

bool tr_mfvsrd(DisasContext *ctx, uint32_t insn)
{
    if (move_available(ctx, insn)) {
        set_gpr(ctx, insn_ra(insn), doubleword0(ctx, insn_xt(insn)));
    }
    return true;
}

bool tr_mfvsrwz(DisasContext *ctx, uint32_t insn)
{
    if (move_available(ctx, insn)) {
        set_gpr(ctx, insn_ra(insn), ir_extract(ctx->b, doubleword0(ctx, insn_xt(insn)), 0, 32));
    }
    return true;
}

bool tr_mfvsrld(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_ra(insn),
            ir_op1(ctx->b, IR_MOVQ_FI, ir_op1(ctx->b, IR_VLO, get_vsr(ctx, insn_xt(insn)))));
    return true;
}

static bool move_to(DisasContext *ctx, uint32_t insn, IRRef i64)
{
    ir_set_hi(ctx->b, SLOT_VSR0 + insn_xt(insn), ir_op1(ctx->b, IR_MOVQ_IF, i64));
    return true;
}

bool tr_mtvsrd(DisasContext *ctx, uint32_t insn)
{
    return !move_available(ctx, insn) || move_to(ctx, insn, gpr(ctx, insn_ra(insn)));
}

bool tr_mtvsrwa(DisasContext *ctx, uint32_t insn)
{
    return !move_available(ctx, insn) ||
           move_to(ctx, insn, ir_sextract(ctx->b, gpr(ctx, insn_ra(insn)), 0, 32));
}

bool tr_mtvsrwz(DisasContext *ctx, uint32_t insn)
{
    return !move_available(ctx, insn) ||
           move_to(ctx, insn, ir_extract(ctx->b, gpr(ctx, insn_ra(insn)), 0, 32));
}

bool tr_mtvsrws(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op1i(ctx->b, IR_VDUP, gpr(ctx, insn_ra(insn)), 2, 0));
    return true;
}

bool tr_mtvsrdd(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op2(ctx->b, IR_MKV, gpr_or_0(ctx, insn_ra(insn)),
                                       gpr(ctx, insn_rb(insn))));
    return true;
}

/* ---- Logical ---- */

static IRRef xa(DisasContext *ctx, uint32_t insn)
{
    return get_vsr(ctx, insn_xa(insn));
}

static IRRef xb(DisasContext *ctx, uint32_t insn)
{
    return get_vsr(ctx, insn_xb(insn));
}

static bool logical(DisasContext *ctx, uint32_t insn, IROpcode op, bool invert)
{
    IRRef v = ir_op2(ctx->b, op, xa(ctx, insn), xb(ctx, insn));

    set_vsr(ctx, insn_xt(insn), invert ? ir_op1(ctx->b, IR_VNOT, v) : v);
    return true;
}

bool tr_xxland(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VAND, false);
}

bool tr_xxlandc(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VANDC, false);
}

bool tr_xxlor(DisasContext *ctx, uint32_t insn)
{
    /* The usual register move. */
    if (insn_xa(insn) == insn_xb(insn)) {
        set_vsr(ctx, insn_xt(insn), xa(ctx, insn));
        return true;
    }
    return logical(ctx, insn, IR_VOR, false);
}

bool tr_xxlxor(DisasContext *ctx, uint32_t insn)
{
    if (insn_xa(insn) == insn_xb(insn)) {
        set_vsr(ctx, insn_xt(insn), ir_kv128(ctx->b, 0, 0));
        return true;
    }
    return logical(ctx, insn, IR_VXOR, false);
}

bool tr_xxlnor(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VOR, true);
}

bool tr_xxlnand(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VAND, true);
}

bool tr_xxleqv(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VXOR, true);
}

bool tr_xxlorc(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op2(ctx->b, IR_VOR, xa(ctx, insn),
                                       ir_op1(ctx->b, IR_VNOT, xb(ctx, insn))));
    return true;
}

/* ---- Permutes ---- */

bool tr_xxmrghw(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op2i(ctx->b, IR_VZIPH, xa(ctx, insn), xb(ctx, insn), 2, 0));
    return true;
}

bool tr_xxmrglw(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op2i(ctx->b, IR_VZIPL, xa(ctx, insn), xb(ctx, insn), 2, 0));
    return true;
}

bool tr_xxpermdi(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef first = xa(ctx, insn), second = xb(ctx, insn), result;

    switch (insn >> 8 & 3) {
    case 0:
        result = ir_op2i(b, IR_VZIPH, first, second, 3, 0);
        break;
    case 1:
        result = first == second ? first
                                 : ir_op3(b, IR_VSEL, ir_kv128(b, UINT64_MAX, 0), first, second);
        break;
    case 2:
        result = ir_op2i(b, IR_VALIGN, first, second, 0, 8);
        break;
    default:
        result = ir_op2i(b, IR_VZIPL, first, second, 3, 0);
    }
    set_vsr(ctx, insn_xt(insn), result);
    return true;
}

bool tr_xxsldwi(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op2i(ctx->b, IR_VALIGN, xa(ctx, insn), xb(ctx, insn), 0,
                                        16 - 4 * (insn >> 8 & 3)));
    return true;
}

bool tr_xxsel(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn), ir_op3(ctx->b, IR_VSEL, get_vsr(ctx, insn_xc(insn)), xb(ctx, insn),
                                       xa(ctx, insn)));
    return true;
}

bool tr_xxspltw(DisasContext *ctx, uint32_t insn)
{
    IRRef word = ir_op1i(ctx->b, IR_VEXT, xb(ctx, insn), 2, 3 - (insn >> 16 & 3));

    set_vsr(ctx, insn_xt(insn), ir_op1i(ctx->b, IR_VDUP, word, 2, 0));
    return true;
}

bool tr_xxspltib(DisasContext *ctx, uint32_t insn)
{
    uint64_t bytes = (insn >> 11 & 0xff) * 0x0101010101010101ull;

    set_vsr(ctx, insn_xt(insn), ir_kv128(ctx->b, bytes, bytes));
    return true;
}

/* Byte selectors count from the left of XA || XT; ours from the right: hence the complement. */
bool tr_xxperm(DisasContext *ctx, uint32_t insn)
{
    IRRef selector = ir_op1(ctx->b, IR_VNOT, xb(ctx, insn));

    set_vsr(ctx, insn_xt(insn),
            ir_op3(ctx->b, IR_VPERM2, get_vsr(ctx, insn_xt(insn)), xa(ctx, insn), selector));
    return true;
}

bool tr_xxpermr(DisasContext *ctx, uint32_t insn)
{
    set_vsr(ctx, insn_xt(insn),
            ir_op3(ctx->b, IR_VPERM2, get_vsr(ctx, insn_xt(insn)), xa(ctx, insn), xb(ctx, insn)));
    return true;
}

/* Word at byte UIM to the low word of doubleword 0. Beyond byte 12 the bytes wrap around. */
bool tr_xxextractuw(DisasContext *ctx, uint32_t insn)
{
    unsigned at = insn >> 16 & 15;
    IRRef v = xb(ctx, insn);
    IRRef rotated = ir_op2i(ctx->b, IR_VALIGN, v, v, 0, (28 - at) & 15);

    set_vsr(ctx, insn_xt(insn), high_half(ctx, ir_op1i(ctx->b, IR_VEXT, rotated, 2, 0)));
    return true;
}

bool tr_xxinsertw(DisasContext *ctx, uint32_t insn)
{
    unsigned at = insn >> 16 & 15;
    IRRef word = ir_op1i(ctx->b, IR_VEXT, xb(ctx, insn), 2, 2);
    IRRef into = get_vsr(ctx, insn_xt(insn));
    unsigned turn = (28 - at) & 15;

    if (turn % 4 == 0) {
        into = ir_op2i(ctx->b, IR_VINS, into, word, 2, turn / 4);
    } else {
        /* Turn the place to the low end, insert there, turn back. */
        into = ir_op2i(ctx->b, IR_VALIGN, into, into, 0, turn);
        into = ir_op2i(ctx->b, IR_VINS, into, word, 2, 0);
        into = ir_op2i(ctx->b, IR_VALIGN, into, into, 0, 16 - turn);
    }
    set_vsr(ctx, insn_xt(insn), into);
    return true;
}

static bool reverse_bytes(DisasContext *ctx, uint32_t insn, unsigned lane)
{
    set_vsr(ctx, insn_xt(insn), revb(ctx, xb(ctx, insn), lane));
    return true;
}

bool tr_xxbrh(DisasContext *ctx, uint32_t insn)
{
    return reverse_bytes(ctx, insn, 1);
}

bool tr_xxbrw(DisasContext *ctx, uint32_t insn)
{
    return reverse_bytes(ctx, insn, 2);
}

bool tr_xxbrd(DisasContext *ctx, uint32_t insn)
{
    return reverse_bytes(ctx, insn, 3);
}

bool tr_xxbrq(DisasContext *ctx, uint32_t insn)
{
    return reverse_bytes(ctx, insn, 4);
}
