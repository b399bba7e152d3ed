/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector facility: loads, stores, permutes, logicals and VSCR (Power ISA 3.0B book I 6.7
 * to 6.8, 6.12, 6.19; arithmetic stands in vmx-int.c and vmx-float.c).
 *
 * A VR is one 128-bit value in host order: architecture element i of n is lane n-1-i.  Families of
 * instructions share a function: two bits of the opcode give the element size.
 */
#include "../decode.h"
#include "../helper-vec.h"
#include "../translate.h"
#include "vmx.h"

/* ---- Loads and stores ---- */

/* Addresses are truncated to a multiple of the element. */
static EA aligned_ea(DisasContext *ctx, uint32_t insn, unsigned size)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));

    return (EA){ir_andi(ctx->b, gen_ea_value(ctx, ea), ~(uint64_t)(size - 1)), 0};
}

bool tr_lvx(DisasContext *ctx, uint32_t insn)
{
    set_vr(ctx, insn_rt(insn), gen_load(ctx, IR_V128, MO_128, aligned_ea(ctx, insn, 16)));
    return true;
}

bool tr_stvx(DisasContext *ctx, uint32_t insn)
{
    gen_store(ctx, MO_128, aligned_ea(ctx, insn, 16), get_vr(ctx, insn_rt(insn)));
    return true;
}

/*
 * The element whose place in its quadword the address gives; the others, undefined, keep their
 * values. Counted from the low end, a byte's number is its address in little-endian mode and 15
 * minus that in big-endian mode.
 */
static bool load_element(DisasContext *ctx, uint32_t insn, unsigned lane)
{
    IRBuilder *b = ctx->b;
    EA ea = aligned_ea(ctx, insn, 1u << lane);
    IRRef value = gen_load(ctx, IR_I64, lane, ea);
    IRRef place = ir_shri(b, ir_andi(b, ea.base, 15), lane);
    unsigned last = (16u >> lane) - 1;
    uint64_t numbers[2];

    for (unsigned half = 0; half < 2; half++) {
        numbers[half] = 0;
        for (unsigned i = 0; i < 8u >> lane; i++) {
            unsigned n = half * (8u >> lane) + i;
            numbers[half] |= (uint64_t)(ctx->le ? n : last - n) << (i * (8u << lane));
        }
    }
    IRRef mask = ir_op2i(b, IR_VCMPEQ, ir_op1i(b, IR_VDUP, place, lane, 0),
                         ir_kv128(b, numbers[1], numbers[0]), lane, 0);
    set_vr(ctx, insn_rt(insn), ir_op3(b, IR_VSEL, mask, ir_op1i(b, IR_VDUP, value, lane, 0),
                                      get_vr(ctx, insn_rt(insn))));
    return true;
}

/* Selector that takes each byte from its own place. */
static IRRef count_up(DisasContext *ctx)
{
    return ir_kv128(ctx->b, UINT64_C(0x0f0e0d0c0b0a0908), UINT64_C(0x0706050403020100));
}

/* Bytes at and above a place (i64, 0..15 from the low end), brought to the low end. */
static IRRef bytes_from(DisasContext *ctx, IRRef v, IRRef place)
{
    IRBuilder *b = ctx->b;
    IRRef selector = ir_op2i(b, IR_VADD, ir_op1i(b, IR_VDUP, place, 0, 0), count_up(ctx), 0, 0);

    return ir_op3(b, IR_VPERM2, v, v, selector);
}

static bool store_element(DisasContext *ctx, uint32_t insn, unsigned lane)
{
    IRBuilder *b = ctx->b;
    EA ea = aligned_ea(ctx, insn, 1u << lane);
    IRRef place = ir_andi(b, ea.base, 15);

    if (!ctx->le) {
        place = ir_op2(b, IR_SUB, ir_k64(b, 16 - (1u << lane)), place);
    }
    IRRef low = bytes_from(ctx, get_vr(ctx, insn_rt(insn)), place);
    gen_store(ctx, lane, ea, ir_op1i(b, IR_VEXT, low, lane, 0));
    return true;
}

bool tr_lvebx(DisasContext *ctx, uint32_t insn)
{
    return load_element(ctx, insn, 0);
}

bool tr_lvehx(DisasContext *ctx, uint32_t insn)
{
    return load_element(ctx, insn, 1);
}

bool tr_lvewx(DisasContext *ctx, uint32_t insn)
{
    return load_element(ctx, insn, 2);
}

bool tr_stvebx(DisasContext *ctx, uint32_t insn)
{
    return store_element(ctx, insn, 0);
}

bool tr_stvehx(DisasContext *ctx, uint32_t insn)
{
    return store_element(ctx, insn, 1);
}

bool tr_stvewx(DisasContext *ctx, uint32_t insn)
{
    return store_element(ctx, insn, 2);
}

/* Permute control vectors: sh, sh + 1, ... or 16 - sh, 17 - sh, ... from the left. */
static IRRef address_nibble(DisasContext *ctx, uint32_t insn)
{
    IRRef ea = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    return ir_op1i(ctx->b, IR_VDUP, ir_andi(ctx->b, ea, 15), 0, 0);
}

bool tr_lvsl(DisasContext *ctx, uint32_t insn)
{
    IRRef numbers = ir_kv128(ctx->b, UINT64_C(0x0001020304050607), UINT64_C(0x08090a0b0c0d0e0f));

    set_vr(ctx, insn_rt(insn), ir_op2i(ctx->b, IR_VADD, numbers, address_nibble(ctx, insn), 0, 0));
    return true;
}

bool tr_lvsr(DisasContext *ctx, uint32_t insn)
{
    IRRef numbers = ir_kv128(ctx->b, UINT64_C(0x1011121314151617), UINT64_C(0x18191a1b1c1d1e1f));

    set_vr(ctx, insn_rt(insn), ir_op2i(ctx->b, IR_VSUB, numbers, address_nibble(ctx, insn), 0, 0));
    return true;
}

/* Data stream touches are hints. */
/* The 32-bit processors with AltiVec take RA = 0 for an invalid form of dst and its kin (not of
 * dss). */
bool tr_data_stream(DisasContext *ctx, uint32_t insn)
{
    bool is_dss = (insn >> 1 & 0x3ff) == 822;

    return is_dss || insn_ra(insn) || !ctx->narrow;
}

/* ---- VSCR ---- */

bool tr_mfvscr(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef vscr = ir_load_env(b, IR_I64, offsetof(CPUPPCState, vscr), 4, false);

    set_vr(ctx, insn_rt(insn), ir_op2(b, IR_MKV, ir_k64(b, 0), vscr));
    return true;
}

/* NJ is part of the blocks' key: the block ends. */
bool tr_mtvscr(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_mtvscr, vrb(ctx, insn));
    return true;
}

/* ---- Logical ---- */

static bool logical(DisasContext *ctx, uint32_t insn, IROpcode op, bool invert)
{
    IRRef v = ir_op2(ctx->b, op, vra(ctx, insn), vrb(ctx, insn));

    return set_vrt(ctx, insn, invert ? ir_op1(ctx->b, IR_VNOT, v) : v);
}

bool tr_vand(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VAND, false);
}

bool tr_vandc(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VANDC, false);
}

bool tr_vor(DisasContext *ctx, uint32_t insn)
{
    if (insn_ra(insn) == insn_rb(insn)) {   /* the usual register move */
        return set_vrt(ctx, insn, vra(ctx, insn));
    }
    return logical(ctx, insn, IR_VOR, false);
}

bool tr_vxor(DisasContext *ctx, uint32_t insn)
{
    if (insn_ra(insn) == insn_rb(insn)) {
        return set_vrt(ctx, insn, ir_kv128(ctx->b, 0, 0));
    }
    return logical(ctx, insn, IR_VXOR, false);
}

bool tr_vnor(DisasContext *ctx, uint32_t insn)
{
    if (insn_ra(insn) == insn_rb(insn)) {
        return set_vrt(ctx, insn, ir_op1(ctx->b, IR_VNOT, vra(ctx, insn)));
    }
    return logical(ctx, insn, IR_VOR, true);
}

bool tr_vorc(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2(ctx->b, IR_VOR, vra(ctx, insn),
                                     ir_op1(ctx->b, IR_VNOT, vrb(ctx, insn))));
}

bool tr_vnand(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VAND, true);
}

bool tr_veqv(DisasContext *ctx, uint32_t insn)
{
    return logical(ctx, insn, IR_VXOR, true);
}

bool tr_vsel(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn,
                   ir_op3(ctx->b, IR_VSEL, vrc(ctx, insn), vrb(ctx, insn), vra(ctx, insn)));
}

/* ---- Merge, splat ---- */

bool tr_vmrg(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, insn & 0x100 ? IR_VZIPL : IR_VZIPH, vra(ctx, insn),
                                      vrb(ctx, insn), vx_lane(insn), 0));
}

/* Even words: the left one of each doubleword. */
bool tr_vmrgew(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef left = ir_kv128(b, UINT64_C(0xffffffff00000000), UINT64_C(0xffffffff00000000));

    return set_vrt(ctx, insn, ir_op3(b, IR_VSEL, left, vra(ctx, insn),
                                     ir_op1i(b, IR_VSHRI, vrb(ctx, insn), 3, 32)));
}

bool tr_vmrgow(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef left = ir_kv128(b, UINT64_C(0xffffffff00000000), UINT64_C(0xffffffff00000000));

    return set_vrt(ctx, insn, ir_op3(b, IR_VSEL, left, ir_op1i(b, IR_VSHLI, vra(ctx, insn), 3, 32),
                                     vrb(ctx, insn)));
}

bool tr_vsplt(DisasContext *ctx, uint32_t insn)
{
    unsigned lane = vx_lane(insn), last = (16u >> lane) - 1;
    IRRef element = ir_op1i(ctx->b, IR_VEXT, vrb(ctx, insn), lane, last - (insn >> 16 & last));

    return set_vrt(ctx, insn, ir_op1i(ctx->b, IR_VDUP, element, lane, 0));
}

bool tr_vspltis(DisasContext *ctx, uint32_t insn)
{
    static const uint64_t repeat[] = {UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001),
                                      UINT64_C(0x0000000100000001)};
    unsigned lane = vx_lane(insn);
    int32_t value = (int32_t)(insn << 11) >> 27;
    uint64_t mask = ((uint64_t)1 << (8u << lane)) - 1;
    uint64_t half = ((uint64_t)value & mask) * repeat[lane];

    return set_vrt(ctx, insn, ir_kv128(ctx->b, half, half));
}

/* ---- Permute, shift by bytes ---- */

/* Selectors count bytes from the left of VRA || VRB; ours from the right: hence the complement. */
bool tr_vperm(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op3(ctx->b, IR_VPERM2, vrb(ctx, insn), vra(ctx, insn),
                                     ir_op1(ctx->b, IR_VNOT, vrc(ctx, insn))));
}

bool tr_vpermr(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn,
                   ir_op3(ctx->b, IR_VPERM2, vrb(ctx, insn), vra(ctx, insn), vrc(ctx, insn)));
}

bool tr_vsldoi(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, IR_VALIGN, vra(ctx, insn), vrb(ctx, insn), 0,
                                      16 - (insn >> 6 & 15)));
}

/* Each byte: the XOR of a byte of VRA and one of VRB, chosen by the nibbles of VRC's byte. */
bool tr_vpermxor(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef a = vra(ctx, insn), b2 = vrb(ctx, insn), c = ir_op1(b, IR_VNOT, vrc(ctx, insn));
    IRRef first = ir_op3(b, IR_VPERM2, a, a, ir_op1i(b, IR_VSHRI, c, 0, 4));
    IRRef second = ir_op3(b, IR_VPERM2, b2, b2, c);

    return set_vrt(ctx, insn, ir_op2(b, IR_VXOR, first, second));
}

/* Shift counts of the whole register: bits of VRB's last byte, on their own (i64). */
static IRRef whole_count(DisasContext *ctx, uint32_t insn, unsigned low_bit, unsigned width)
{
    return ir_extract(ctx->b, ir_op1i(ctx->b, IR_VEXT, vrb(ctx, insn), 0, 0), low_bit, width);
}

/* By 0 to 7 bits: both doublewords, and what the one loses goes into the other. */
static bool shift_bits(DisasContext *ctx, uint32_t insn, bool left)
{
    IRBuilder *b = ctx->b;
    IRRef v = vra(ctx, insn), zero = ir_kv128(b, 0, 0);
    IRRef count = ir_op1i(b, IR_VDUP, whole_count(ctx, insn, 0, 3), 3, 0);
    IRRef rest = ir_op2(b, IR_VXOR, count, ir_kv128(b, 63, 63));    /* 63 - count */
    IRRef crossing = ir_op2i(b, IR_VALIGN, left ? v : zero, left ? zero : v, 0, 8);

    crossing = ir_op1i(b, left ? IR_VSHRI : IR_VSHLI, crossing, 3, 1);
    crossing = ir_op2i(b, left ? IR_VSHRV : IR_VSHLV, crossing, rest, 3, 0);
    return set_vrt(ctx, insn, ir_op2(b, IR_VOR, crossing,
                                     ir_op2i(b, left ? IR_VSHLV : IR_VSHRV, v, count, 3, 0)));
}

bool tr_vsl(DisasContext *ctx, uint32_t insn)
{
    return shift_bits(ctx, insn, true);
}

bool tr_vsr(DisasContext *ctx, uint32_t insn)
{
    return shift_bits(ctx, insn, false);
}

/* By 0 to 15 bytes: places outside the register number the zero that stands above it. */
static bool shift_octets(DisasContext *ctx, uint32_t insn, IROpcode direction)
{
    IRBuilder *b = ctx->b;
    IRRef count = ir_op1i(b, IR_VDUP, whole_count(ctx, insn, 3, 4), 0, 0);
    IRRef selector = ir_op2i(b, direction, count_up(ctx), count, 0, 0);

    return set_vrt(ctx, insn, ir_op3(b, IR_VPERM2, vra(ctx, insn), ir_kv128(b, 0, 0), selector));
}

bool tr_vslo(DisasContext *ctx, uint32_t insn)
{
    return shift_octets(ctx, insn, IR_VSUB);
}

bool tr_vsro(DisasContext *ctx, uint32_t insn)
{
    return shift_octets(ctx, insn, IR_VADD);
}

/* ---- Pack, unpack ---- */

/* Element size of the sources of vpk*, by opcode. */
static unsigned pack_lane(uint32_t insn)
{
    return insn & 0x400 ? 3 : 1 + (insn >> 6 & 1);
}

bool tr_vpkm(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, IR_VPACK, vra(ctx, insn), vrb(ctx, insn),
                                      pack_lane(insn), IRPACK_MOD));
}

/* SAT is set if unpacking does not give the sources back. */
static bool pack_saturate(DisasContext *ctx, uint32_t insn, IRPack kind)
{
    IRBuilder *b = ctx->b;
    IRRef a = vra(ctx, insn), b2 = vrb(ctx, insn), low, high;
    unsigned lane = pack_lane(insn);
    IRRef packed = ir_op2i(b, IR_VPACK, a, b2, lane, kind);

    if (kind == IRPACK_SS) {
        low = ir_op1i(b, IR_VUNPKS, packed, lane - 1, 0);
        high = ir_op1i(b, IR_VUNPKS, packed, lane - 1, 1);
    } else {
        IRRef zero = ir_kv128(b, 0, 0);
        low = ir_op2i(b, IR_VZIPL, zero, packed, lane - 1, 0);
        high = ir_op2i(b, IR_VZIPH, zero, packed, lane - 1, 0);
    }
    vmx_saturated(ctx, ir_op2(b, IR_VOR, ir_op2(b, IR_VXOR, low, b2), ir_op2(b, IR_VXOR, high, a)));
    return set_vrt(ctx, insn, packed);
}

bool tr_vpkus(DisasContext *ctx, uint32_t insn)
{
    return pack_saturate(ctx, insn, IRPACK_UU);
}

bool tr_vpksus(DisasContext *ctx, uint32_t insn)
{
    return pack_saturate(ctx, insn, IRPACK_SU);
}

bool tr_vpksss(DisasContext *ctx, uint32_t insn)
{
    return pack_saturate(ctx, insn, IRPACK_SS);
}

bool tr_vupks(DisasContext *ctx, uint32_t insn)
{
    unsigned lane = insn & 0x400 ? 2 : insn >> 6 & 1;

    return set_vrt(ctx, insn,
                   ir_op1i(ctx->b, IR_VUNPKS, vrb(ctx, insn), lane, insn & 0x80 ? 0 : 1));
}

/* Fields of four 16-bit lanes of pixels: part of the word's bits at from, put to. */
static IRRef pixel_field(DisasContext *ctx, IRRef words, unsigned mask, int left)
{
    IRBuilder *b = ctx->b;
    uint64_t twice = (uint64_t)mask << 32 | mask;
    IRRef field = ir_op2(b, IR_VAND, words, ir_kv128(b, twice, twice));

    return left > 0 ? ir_op1i(b, IR_VSHLI, field, 2, (unsigned)left)
           : left < 0 ? ir_op1i(b, IR_VSHRI, field, 2, (unsigned)-left) : field;
}

/* 1:5:5:5 pixels to 8:8:8:8, the first field sign extended, the others zero extended. */
bool tr_vupkpx(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef words = ir_op1i(b, IR_VUNPKS, vrb(ctx, insn), 1, insn & 0x80 ? 0 : 1);
    IRRef result = pixel_field(ctx, words, 0xff000000, 0);

    result = ir_op2(b, IR_VOR, result, pixel_field(ctx, words, 0x7c00, 6));
    result = ir_op2(b, IR_VOR, result, pixel_field(ctx, words, 0x3e0, 3));
    return set_vrt(ctx, insn, ir_op2(b, IR_VOR, result, pixel_field(ctx, words, 0x1f, 0)));
}

static IRRef pack_pixels(DisasContext *ctx, IRRef words)
{
    IRRef result = pixel_field(ctx, words, 1u << 24 | 0x1fu << 19, -9);

    result = ir_op2(ctx->b, IR_VOR, result, pixel_field(ctx, words, 0x1f << 11, -6));
    return ir_op2(ctx->b, IR_VOR, result, pixel_field(ctx, words, 0x1f << 3, -3));
}

bool tr_vpkpx(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, IR_VPACK, pack_pixels(ctx, vra(ctx, insn)),
                                      pack_pixels(ctx, vrb(ctx, insn)), 2, IRPACK_MOD));
}

/* ---- Extract, insert ---- */

/* UIM beyond the last place is undefined: extraction takes element 0, insertion does nothing. */
static unsigned last_place(unsigned lane)
{
    return 16 - (1u << lane);
}

/* The element at byte UIM to the right end of doubleword 0. */
bool tr_vextract(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned lane = vx_lane(insn), last = last_place(lane), uim = insn >> 16 & 15;
    unsigned place = last - (uim > last ? 0 : uim);
    IRRef v = vrb(ctx, insn), turned = ir_op2i(b, IR_VALIGN, v, v, 0, place);
    IRRef element = ir_op1i(b, IR_VEXT, turned, lane, 0);

    return set_vrt(ctx, insn, ir_op2(b, IR_MKV, element, ir_k64(b, 0)));
}

/* The element at the right end of VRB's doubleword 0 to byte UIM. */
bool tr_vinsert(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned lane = vx_lane(insn), uim = insn >> 16 & 15;

    if (uim > last_place(lane)) {
        return true;
    }
    unsigned place = last_place(lane) - uim;
    IRRef element = ir_op1i(b, IR_VEXT, vrb(ctx, insn), lane, 8u >> lane);
    IRRef into = get_vr(ctx, insn_rt(insn));
    if (place % (1u << lane) == 0) {
        into = ir_op2i(b, IR_VINS, into, element, lane, place >> lane);
    } else {
        /* Turn the place to the right end, insert there, turn back. */
        into = ir_op2i(b, IR_VALIGN, into, into, 0, place);
        into = ir_op2i(b, IR_VINS, into, element, lane, 0);
        into = ir_op2i(b, IR_VALIGN, into, into, 0, 16 - place);
    }
    return set_vrt(ctx, insn, into);
}

/* The element at byte RA, counted from the left or from the right, to RT. */
bool tr_vextux(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned lane = vx_lane(insn);
    IRRef place = ir_andi(b, gpr(ctx, insn_ra(insn)), 15);

    if (!(insn & 0x100)) {
        place = ir_op2(b, IR_SUB, ir_k64(b, 16 - (1u << lane)), place);
    }
    IRRef low = bytes_from(ctx, vrb(ctx, insn), place);
    set_gpr(ctx, insn_rt(insn), ir_op1i(b, IR_VEXT, low, lane, 0));
    return true;
}
