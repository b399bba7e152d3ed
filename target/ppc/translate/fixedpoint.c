/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-point arithmetic and compares: Power ISA 3.0B book I chapter 3.3.
 *
 * Where the architecture leaves a result undefined (quotients that do not fit, the upper half of
 * word products), zero or the zero-extended word is what we give; the two always agree between the
 * record form's CR0 and the register.
 */
#include "../decode.h"
#include "../helper-int.h"
#include "../translate.h"

/* Result, and CR0 in record forms. */
static void finish(DisasContext *ctx, uint32_t insn, IRRef result)
{
    set_gpr(ctx, insn_rt(insn), result);
    if (insn_rc(insn)) {
        gen_set_cr0(ctx, result);
    }
}

/* OV (and SO, and OV32 where it exists) from an i32 flag. */
static void set_overflow(DisasContext *ctx, IRRef ov, IRRef ov32)
{
    IRBuilder *b = ctx->b;

    ir_set(b, SLOT_OV, ov);
    ir_set(b, SLOT_SO, ir_op2(b, IR_OR, ir_get(b, SLOT_SO), ov));
    if (ctx->isa300) {
        ir_set(b, SLOT_OV32, ov32);
    }
}

enum { ADD_CA = 1, ADD_OE = 2, ADD_RC = 4 };

/*
 * a + b2 + carry (i32 0/1, or IR_NONE) into rt.  CA and OV are those of the mode's width, CA32 and
 * OV32 those of 32 bits.
 */
static void add_common(DisasContext *ctx, unsigned rt, IRRef a, IRRef b2, IRRef carry,
                       unsigned what)
{
    IRBuilder *b = ctx->b;
    IRRef zero = ir_k32(b, 0), cin = carry ? carry : zero;
    IRRef sum = carry ? ir_addc(b, a, b2, cin) : ir_op2(b, IR_ADD, a, b2);

    if (what & (ADD_CA | ADD_OE)) {
        IRRef a32 = IR_NONE, b32 = IR_NONE;
        if (ctx->isa300 || !ctx->sf) {
            a32 = ir_trunc(b, a);
            b32 = ir_trunc(b, b2);
        }
        if (what & ADD_CA) {
            IRRef ca32 = a32 ? ir_carry(b, a32, b32, cin) : IR_NONE;
            ir_set(b, SLOT_CA, ctx->sf ? ir_carry(b, a, b2, cin) : ca32);
            if (ctx->isa300) {
                ir_set(b, SLOT_CA32, ca32);
            }
        }
        if (what & ADD_OE) {
            IRRef ov32 = a32 ? ir_overflow_add(b, a32, b32, cin) : IR_NONE;
            set_overflow(ctx, ctx->sf ? ir_overflow_add(b, a, b2, cin) : ov32, ov32);
        }
    }
    set_gpr(ctx, rt, sum);
    if (what & ADD_RC) {
        gen_set_cr0(ctx, sum);
    }
}

static unsigned add_flags(uint32_t insn, bool carry)
{
    return (carry ? ADD_CA : 0) | (insn_oe(insn) ? ADD_OE : 0) | (insn_rc(insn) ? ADD_RC : 0);
}

bool tr_addi(DisasContext *ctx, uint32_t insn)
{
    IRRef base = gpr_or_0(ctx, insn_ra(insn));
    set_gpr(ctx, insn_rt(insn), ir_addi(ctx->b, base, insn_si(insn)));
    return true;
}

bool tr_addis(DisasContext *ctx, uint32_t insn)
{
    IRRef base = gpr_or_0(ctx, insn_ra(insn));
    set_gpr(ctx, insn_rt(insn), ir_addi(ctx->b, base, (int64_t)insn_si(insn) * 65536));
    return true;
}

bool tr_addpcis(DisasContext *ctx, uint32_t insn)
{
    int64_t d = (int16_t)((insn & 0xffc0) | (insn >> 15 & 0x3e) | (insn & 1));
    set_gpr(ctx, insn_rt(insn), gen_pc(ctx, addr_mask(ctx, ctx->pc + 4) + d * 65536));
    return true;
}

bool tr_addic(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), ir_k64(ctx->b, insn_si(insn)), IR_NONE,
               ADD_CA);
    return true;
}

bool tr_addic_rc(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), ir_k64(ctx->b, insn_si(insn)), IR_NONE,
               ADD_CA | ADD_RC);
    return true;
}

bool tr_subfic(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, ir_k64(ctx->b, insn_si(insn)), ir_k32(ctx->b, 1),
               ADD_CA);
    return true;
}

bool tr_add(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)), IR_NONE,
               add_flags(insn, false));
    return true;
}

bool tr_addc(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)), IR_NONE,
               add_flags(insn, true));
    return true;
}

bool tr_adde(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)),
               ir_get(ctx->b, SLOT_CA), add_flags(insn, true));
    return true;
}

bool tr_addme(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), ir_k64(ctx->b, -1),
               ir_get(ctx->b, SLOT_CA), add_flags(insn, true));
    return true;
}

bool tr_addze(DisasContext *ctx, uint32_t insn)
{
    add_common(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), ir_k64(ctx->b, 0),
               ir_get(ctx->b, SLOT_CA), add_flags(insn, true));
    return true;
}

/* OV as a second carry chain (CY = 0; the other values are reserved). */
bool tr_addex(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn)), ov = ir_get(b, SLOT_OV);

    if (insn >> 9 & 3) {
        return false;
    }
    IRRef carry32 = ir_carry(b, ir_trunc(b, x), ir_trunc(b, y), ov);
    IRRef carry = ctx->sf ? ir_carry(b, x, y, ov) : carry32;
    set_gpr(ctx, insn_rt(insn), ir_addc(b, x, y, ov));
    ir_set(b, SLOT_OV, carry);
    ir_set(b, SLOT_OV32, carry32);
    return true;
}

bool tr_subf(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, gpr(ctx, insn_rb(insn)), ir_k32(ctx->b, 1),
               add_flags(insn, false));
    return true;
}

bool tr_subfc(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, gpr(ctx, insn_rb(insn)), ir_k32(ctx->b, 1),
               add_flags(insn, true));
    return true;
}

bool tr_subfe(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, gpr(ctx, insn_rb(insn)), ir_get(ctx->b, SLOT_CA),
               add_flags(insn, true));
    return true;
}

bool tr_subfme(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, ir_k64(ctx->b, -1), ir_get(ctx->b, SLOT_CA),
               add_flags(insn, true));
    return true;
}

bool tr_subfze(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, ir_k64(ctx->b, 0), ir_get(ctx->b, SLOT_CA),
               add_flags(insn, true));
    return true;
}

bool tr_neg(DisasContext *ctx, uint32_t insn)
{
    IRRef inverted = ir_op1(ctx->b, IR_NOT, gpr(ctx, insn_ra(insn)));
    add_common(ctx, insn_rt(insn), inverted, ir_k64(ctx->b, 0), ir_k32(ctx->b, 1),
               add_flags(insn, false));
    return true;
}

/* ---- Multiply ---- */

bool tr_mulli(DisasContext *ctx, uint32_t insn)
{
    IRRef factor = ir_k64(ctx->b, insn_si(insn));
    set_gpr(ctx, insn_rt(insn), ir_op2(ctx->b, IR_MUL, gpr(ctx, insn_ra(insn)), factor));
    return true;
}

bool tr_mullw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr32(ctx, insn_ra(insn)), y = gpr32(ctx, insn_rb(insn));
    IRRef product = ir_op2(b, IR_MUL, ir_exts(b, x), ir_exts(b, y));

    if (insn_oe(insn)) {
        IRRef ov = ir_op2(b, IR_OVFMUL, x, y);
        set_overflow(ctx, ov, ov);
    }
    finish(ctx, insn, product);
    return true;
}

static bool mul_high_word(DisasContext *ctx, uint32_t insn, IROpcode op)
{
    IRRef high = ir_op2(ctx->b, op, gpr32(ctx, insn_ra(insn)), gpr32(ctx, insn_rb(insn)));
    finish(ctx, insn, ir_extu(ctx->b, high));
    return true;
}

bool tr_mulhw(DisasContext *ctx, uint32_t insn)
{
    return mul_high_word(ctx, insn, IR_MULHS);
}

bool tr_mulhwu(DisasContext *ctx, uint32_t insn)
{
    return mul_high_word(ctx, insn, IR_MULHU);
}

bool tr_mulld(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn));

    if (insn_oe(insn)) {
        IRRef ov = ir_op2(b, IR_OVFMUL, x, y);
        set_overflow(ctx, ov, ov);
    }
    finish(ctx, insn, ir_op2(b, IR_MUL, x, y));
    return true;
}

bool tr_mulhd(DisasContext *ctx, uint32_t insn)
{
    finish(ctx, insn, ir_op2(ctx->b, IR_MULHS, gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn))));
    return true;
}

bool tr_mulhdu(DisasContext *ctx, uint32_t insn)
{
    finish(ctx, insn, ir_op2(ctx->b, IR_MULHU, gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn))));
    return true;
}

/* The 128-bit sum of product and RC: its high half needs the carry out of the low half. */
static bool madd_high(DisasContext *ctx, uint32_t insn, bool is_signed)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn)), z = gpr(ctx, insn_rc_reg(insn));
    IRRef carry = ir_carry(b, ir_op2(b, IR_MUL, x, y), z, ir_k32(b, 0));
    IRRef high = ir_op2(b, is_signed ? IR_MULHS : IR_MULHU, x, y);
    IRRef top = is_signed ? ir_sari(b, z, 63) : ir_k64(b, 0);

    set_gpr(ctx, insn_rt(insn), ir_addc(b, high, top, carry));
    return true;
}

bool tr_maddhd(DisasContext *ctx, uint32_t insn)
{
    return madd_high(ctx, insn, true);
}

bool tr_maddhdu(DisasContext *ctx, uint32_t insn)
{
    return madd_high(ctx, insn, false);
}

bool tr_maddld(DisasContext *ctx, uint32_t insn)
{
    IRRef product = ir_op2(ctx->b, IR_MUL, gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)));
    set_gpr(ctx, insn_rt(insn), ir_op2(ctx->b, IR_ADD, product, gpr(ctx, insn_rc_reg(insn))));
    return true;
}

/* ---- Divide: the IR's division is total and gives 0 where the quotient does not exist ---- */

static IRRef is_zero(DisasContext *ctx, IRRef value)
{
    return ir_setcond(ctx->b, IRC_EQ, value, ir_k(ctx->b, ir_type(ctx->b, value), 0));
}

/* 1 if x / y has no quotient: y is zero, or (signed) the most negative number by -1. */
static IRRef no_quotient(DisasContext *ctx, IRRef x, IRRef y, bool is_signed)
{
    IRBuilder *b = ctx->b;
    IRType type = ir_type(b, x);
    IRRef bad = is_zero(ctx, y);

    if (is_signed) {
        uint64_t lowest = type == IR_I32 ? 0x80000000u : (uint64_t)1 << 63;
        IRRef overflow = ir_op2(b, IR_AND, ir_setcond(b, IRC_EQ, x, ir_k(b, type, lowest)),
                                ir_setcond(b, IRC_EQ, y, ir_k(b, type, -1)));
        bad = ir_op2(b, IR_OR, bad, overflow);
    }
    return bad;
}

static bool divide(DisasContext *ctx, uint32_t insn, bool word, bool is_signed)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn));

    if (word) {
        x = ir_trunc(b, x);
        y = ir_trunc(b, y);
    }
    if (insn_oe(insn)) {
        IRRef ov = no_quotient(ctx, x, y, is_signed);
        set_overflow(ctx, ov, ov);
    }
    IRRef quotient = ir_op2(b, is_signed ? IR_DIVS : IR_DIVU, x, y);
    finish(ctx, insn, word ? ir_extu(b, quotient) : quotient);
    return true;
}

bool tr_divw(DisasContext *ctx, uint32_t insn)
{
    return divide(ctx, insn, true, true);
}

bool tr_divwu(DisasContext *ctx, uint32_t insn)
{
    return divide(ctx, insn, true, false);
}

bool tr_divd(DisasContext *ctx, uint32_t insn)
{
    return divide(ctx, insn, false, true);
}

bool tr_divdu(DisasContext *ctx, uint32_t insn)
{
    return divide(ctx, insn, false, false);
}

/* Extended word division: (RA || 0) / RB fits a 64-bit division. */
static bool divide_word_extended(DisasContext *ctx, uint32_t insn, bool is_signed)
{
    IRBuilder *b = ctx->b;
    IRRef x = ir_shli(b, gpr(ctx, insn_ra(insn)), 32);
    IRRef y32 = gpr32(ctx, insn_rb(insn));
    IRRef y = is_signed ? ir_exts(b, y32) : ir_extu(b, y32);
    IRRef quotient = ir_op2(b, is_signed ? IR_DIVS : IR_DIVU, x, y);
    IRRef low = ir_trunc(b, quotient);
    IRRef again = is_signed ? ir_exts(b, low) : ir_extu(b, low);
    IRRef ov = ir_op2(b, IR_OR, no_quotient(ctx, x, y, is_signed),
                      ir_setcond(b, IRC_NE, quotient, again));

    if (insn_oe(insn)) {
        set_overflow(ctx, ov, ov);
    }
    finish(ctx, insn, ir_select(b, ov, ir_k64(b, 0), ir_extu(b, low)));
    return true;
}

bool tr_divwe(DisasContext *ctx, uint32_t insn)
{
    return divide_word_extended(ctx, insn, true);
}

bool tr_divweu(DisasContext *ctx, uint32_t insn)
{
    return divide_word_extended(ctx, insn, false);
}

bool tr_divde(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn));
    IRRef quotient = ir_callv(b, &helper_row_divde, x, y);

    if (insn_oe(insn)) {
        IRRef ov = ir_callv(b, &helper_row_divde_ov, x, y);
        set_overflow(ctx, ov, ov);
    }
    finish(ctx, insn, quotient);
    return true;
}

/* The quotient of (RA || 0) / RB fits exactly when RA < RB. */
bool tr_divdeu(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn));
    IRRef quotient = ir_callv(b, &helper_row_divdeu, x, y);

    if (insn_oe(insn)) {
        IRRef ov = ir_setcond(b, IRC_GEU, x, y);
        set_overflow(ctx, ov, ov);
    }
    finish(ctx, insn, quotient);
    return true;
}

static bool modulo(DisasContext *ctx, uint32_t insn, bool word, bool is_signed)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_ra(insn)), y = gpr(ctx, insn_rb(insn));

    if (word) {
        x = ir_trunc(b, x);
        y = ir_trunc(b, y);
    }
    IRRef rest = ir_op2(b, is_signed ? IR_REMS : IR_REMU, x, y);
    if (word) {
        rest = is_signed ? ir_exts(b, rest) : ir_extu(b, rest);
    }
    set_gpr(ctx, insn_rt(insn), rest);
    return true;
}

bool tr_modsw(DisasContext *ctx, uint32_t insn)
{
    return modulo(ctx, insn, true, true);
}

bool tr_moduw(DisasContext *ctx, uint32_t insn)
{
    return modulo(ctx, insn, true, false);
}

bool tr_modsd(DisasContext *ctx, uint32_t insn)
{
    return modulo(ctx, insn, false, true);
}

bool tr_modud(DisasContext *ctx, uint32_t insn)
{
    return modulo(ctx, insn, false, false);
}

bool tr_darn(DisasContext *ctx, uint32_t insn)
{
    IRRef kind = ir_k32(ctx->b, insn >> 16 & 3);
    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_darn, kind));
    return true;
}

bool tr_addg6s(DisasContext *ctx, uint32_t insn)
{
    IRRef sixes =
        ir_callv(ctx->b, &helper_row_addg6s, gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)));
    set_gpr(ctx, insn_rt(insn), sixes);
    return true;
}

/* ---- Compare ---- */

static bool compare(DisasContext *ctx, uint32_t insn, bool is_unsigned, bool immediate)
{
    IRBuilder *b = ctx->b;
    bool wide = (insn >> 21 & 1) && (ctx->model->insns & ISA_64);
    int64_t imm = is_unsigned ? (int64_t)insn_ui(insn) : insn_si(insn);
    IRRef x, y;

    if (wide) {
        x = gpr(ctx, insn_ra(insn));
        y = immediate ? ir_k64(b, imm) : gpr(ctx, insn_rb(insn));
    } else {
        x = gpr32(ctx, insn_ra(insn));
        y = immediate ? ir_k32(b, imm) : gpr32(ctx, insn_rb(insn));
    }
    set_crf(ctx, insn_bf(insn), ir_cr_compare(b, is_unsigned, x, y, ir_get(b, SLOT_SO)));
    return true;
}

bool tr_cmpi(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, false, true);
}

bool tr_cmp(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, false, false);
}

bool tr_cmpli(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, true, true);
}

bool tr_cmpl(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, true, false);
}

/* 1 if byte (i32) lies in the range whose bounds are bytes [low, low + 8) and [low + 8, low + 16)
 * of range. */
static IRRef in_range(DisasContext *ctx, IRRef byte, IRRef range, unsigned low)
{
    IRBuilder *b = ctx->b;
    IRRef first = ir_extract(b, range, low, 8), last = ir_extract(b, range, low + 8, 8);

    return ir_op2(b, IR_AND, ir_setcond(b, IRC_GEU, byte, first),
                  ir_setcond(b, IRC_LEU, byte, last));
}

bool tr_cmprb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef byte = ir_extract(b, gpr32(ctx, insn_ra(insn)), 0, 8), range = gpr32(ctx, insn_rb(insn));
    IRRef match = in_range(ctx, byte, range, 0);

    if (insn >> 21 & 1) {
        match = ir_op2(b, IR_OR, match, in_range(ctx, byte, range, 16));
    }
    set_crf(ctx, insn_bf(insn), ir_shli(b, match, 2));
    return true;
}

/* The byte matches one of eight if (RB xor the byte everywhere) has a zero byte. */
bool tr_cmpeqb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef byte = ir_extract(b, gpr(ctx, insn_ra(insn)), 0, 8);
    IRRef everywhere = ir_op2(b, IR_MUL, byte, ir_k64(b, 0x0101010101010101));
    IRRef diff = ir_op2(b, IR_XOR, gpr(ctx, insn_rb(insn)), everywhere);
    IRRef borrow = ir_op2(b, IR_SUB, diff, ir_k64(b, 0x0101010101010101));
    IRRef zeros = ir_andi(b, ir_op2(b, IR_ANDC, borrow, diff), 0x8080808080808080);

    set_crf(ctx, insn_bf(insn), ir_shli(b, ir_setcond(b, IRC_NE, zeros, ir_k64(b, 0)), 2));
    return true;
}

bool tr_setb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef field = get_crf(ctx, insn_bfa(insn));
    IRRef result = ir_select(b, ir_cr_bit(b, field, 8), ir_k64(b, -1),
                             ir_extu(b, ir_cr_bit(b, field, 4)));

    set_gpr(ctx, insn_rt(insn), result);
    return true;
}

bool tr_isel(DisasContext *ctx, uint32_t insn)
{
    IRRef cond = gen_cr_bit(ctx, insn_rc_reg(insn));
    IRRef result = ir_select(ctx->b, cond, gpr_or_0(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)));

    set_gpr(ctx, insn_rt(insn), result);
    return true;
}

/* ---- Traps ---- */

static bool trap(DisasContext *ctx, unsigned to, IRRef x, IRRef y)
{
    /* Conditions that one comparison tests; the rest is put together. */
    static const int8_t single[32] = {
        [0] = -1, [4] = IRC_EQ, [24] = IRC_NE, [3] = IRC_NE, [27] = IRC_NE, [16] = IRC_LT,
        [20] = IRC_LE, [8] = IRC_GT, [12] = IRC_GE, [2] = IRC_LTU, [6] = IRC_LEU, [1] = IRC_GTU,
        [5] = IRC_GEU,
    };
    static const struct {
        uint8_t bit, cond;
    } parts[] = {{16, IRC_LT}, {8, IRC_GT}, {4, IRC_EQ}, {2, IRC_LTU}, {1, IRC_GTU}};
    IRBuilder *b = ctx->b;

    if (to == 0) {
        return true;
    }
    if (to == 4 || single[to] > 0) {
        gen_trap_if(ctx, ir_setcond(b, (IRCond)single[to], x, y));
        return true;
    }
    if ((to & 28) == 28 || (to & 7) == 7) {
        gen_program(ctx, PROGRAM_TRAP);
        return true;
    }
    IRRef any = ir_k32(b, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (to & parts[i].bit) {
            any = ir_op2(b, IR_OR, any, ir_setcond(b, (IRCond)parts[i].cond, x, y));
        }
    }
    gen_trap_if(ctx, any);
    return true;
}

bool tr_twi(DisasContext *ctx, uint32_t insn)
{
    return trap(ctx, insn_rt(insn), gpr32(ctx, insn_ra(insn)), ir_k32(ctx->b, insn_si(insn)));
}

bool tr_tw(DisasContext *ctx, uint32_t insn)
{
    return trap(ctx, insn_rt(insn), gpr32(ctx, insn_ra(insn)), gpr32(ctx, insn_rb(insn)));
}

bool tr_tdi(DisasContext *ctx, uint32_t insn)
{
    return trap(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), ir_k64(ctx->b, insn_si(insn)));
}

bool tr_td(DisasContext *ctx, uint32_t insn)
{
    return trap(ctx, insn_rt(insn), gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)));
}

/* ---- Move to and from system registers ---- */

bool tr_mfcr(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_extu(ctx->b, gen_cr(ctx)));
    return true;
}

/* One field; with several mask bits set the result is undefined: those fields, like mfcr. */
bool tr_mfocrf(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned mask = insn >> 12 & 0xff;
    IRRef result = ir_k32(b, 0);

    for (unsigned field = 0; field < 8; field++) {
        if (mask & 0x80 >> field) {
            IRRef nibble = ir_shli(b, get_crf(ctx, field), 4 * (7 - field));
            result = ir_op2(b, IR_OR, result, nibble);
        }
    }
    set_gpr(ctx, insn_rt(insn), ir_extu(b, result));
    return true;
}

bool tr_mtcrf(DisasContext *ctx, uint32_t insn)
{
    gen_set_cr(ctx, gpr32(ctx, insn_rt(insn)), insn >> 12 & 0xff);
    return true;
}

bool tr_mcrxrx(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef field = ir_shli(b, ir_get(b, SLOT_OV), 3);

    field = ir_op2(b, IR_OR, field, ir_shli(b, ir_get(b, SLOT_OV32), 2));
    field = ir_op2(b, IR_OR, field, ir_shli(b, ir_get(b, SLOT_CA), 1));
    set_crf(ctx, insn_bf(insn), ir_op2(b, IR_OR, field, ir_get(b, SLOT_CA32)));
    return true;
}

/* XER's SO, OV, CA move to a field and are cleared; server processors no longer have it. */
bool tr_mcrxr(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef field = ir_shli(b, ir_get(b, SLOT_SO), 3), zero = ir_k32(b, 0);

    field = ir_op2(b, IR_OR, field, ir_shli(b, ir_get(b, SLOT_OV), 2));
    field = ir_op2(b, IR_OR, field, ir_shli(b, ir_get(b, SLOT_CA), 1));
    set_crf(ctx, insn_bf(insn), field);
    ir_set(b, SLOT_SO, zero);
    ir_set(b, SLOT_OV, zero);
    ir_set(b, SLOT_CA, zero);
    return true;
}

enum { SPR_NUM_XER = 1, SPR_NUM_LR = 8, SPR_NUM_CTR = 9, SPR_NUM_TAR = 815 };

/* The user registers that are slots are moved inline; all others are the system chapter's. */
bool tr_mfspr(DisasContext *ctx, uint32_t insn)
{
    unsigned spr = insn_spr(insn);

    switch (spr) {
    case SPR_NUM_XER:
        set_gpr(ctx, insn_rt(insn), gen_xer(ctx));
        break;
    case SPR_NUM_LR:
        set_gpr(ctx, insn_rt(insn), ir_get(ctx->b, SLOT_LR));
        break;
    case SPR_NUM_CTR:
        set_gpr(ctx, insn_rt(insn), ir_get(ctx->b, SLOT_CTR));
        break;
    default:
        gen_mfspr(ctx, spr, insn_rt(insn));
        break;
    }
    return true;
}

bool tr_mtspr(DisasContext *ctx, uint32_t insn)
{
    unsigned spr = insn_spr(insn);
    IRRef value = gpr(ctx, insn_rt(insn));

    switch (spr) {
    case SPR_NUM_XER:
        gen_set_xer(ctx, value);
        break;
    case SPR_NUM_LR:
        ir_set(ctx->b, SLOT_LR, value);
        break;
    case SPR_NUM_CTR:
        ir_set(ctx->b, SLOT_CTR, value);
        break;
    default:
        gen_mtspr(ctx, spr, insn_rt(insn));
        break;
    }
    return true;
}

/* mftb is mfspr of the same number (268, 269); other numbers are reserved. */
bool tr_mftb(DisasContext *ctx, uint32_t insn)
{
    unsigned spr = insn_spr(insn);

    if (spr != 268 && spr != 269) {
        return false;
    }
    gen_mfspr(ctx, spr, insn_rt(insn));
    return true;
}
