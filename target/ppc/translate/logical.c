/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-point logical, rotate and shift instructions: Power ISA 3.0B book I chapters 3.3.13-3.3.15.
 *
 * Word rotates work on the low word put in both halves of a doubleword, so that a mask that wraps
 * around shows the rotated word in the high half too.
 */
#include "../decode.h"
#include "../helper-int.h"
#include "../translate.h"

#define SPR_PPR 896

static bool finish(DisasContext *ctx, uint32_t insn, IRRef result)
{
    set_gpr(ctx, insn_ra(insn), result);
    if (insn_rc(insn)) {
        gen_set_cr0(ctx, result);
    }
    return true;
}

/* D-forms have no Rc bit. */
static bool finish_immediate(DisasContext *ctx, uint32_t insn, IRRef result)
{
    set_gpr(ctx, insn_ra(insn), result);
    return true;
}

/* ---- Logical ---- */

bool tr_andi(DisasContext *ctx, uint32_t insn)
{
    IRRef result = ir_andi(ctx->b, gpr(ctx, insn_rt(insn)), insn_ui(insn));

    set_gpr(ctx, insn_ra(insn), result);
    gen_set_cr0(ctx, result);
    return true;
}

bool tr_andis(DisasContext *ctx, uint32_t insn)
{
    IRRef result = ir_andi(ctx->b, gpr(ctx, insn_rt(insn)), insn_ui(insn) << 16);

    set_gpr(ctx, insn_ra(insn), result);
    gen_set_cr0(ctx, result);
    return true;
}

bool tr_ori(DisasContext *ctx, uint32_t insn)
{
    return finish_immediate(ctx, insn, ir_ori(ctx->b, gpr(ctx, insn_rt(insn)), insn_ui(insn)));
}

bool tr_oris(DisasContext *ctx, uint32_t insn)
{
    uint32_t high = insn_ui(insn) << 16;
    return finish_immediate(ctx, insn, ir_ori(ctx->b, gpr(ctx, insn_rt(insn)), high));
}

bool tr_xori(DisasContext *ctx, uint32_t insn)
{
    return finish_immediate(ctx, insn, ir_xori(ctx->b, gpr(ctx, insn_rt(insn)), insn_ui(insn)));
}

bool tr_xoris(DisasContext *ctx, uint32_t insn)
{
    uint32_t high = insn_ui(insn) << 16;
    return finish_immediate(ctx, insn, ir_xori(ctx->b, gpr(ctx, insn_rt(insn)), high));
}

static bool logic(DisasContext *ctx, uint32_t insn, IROpcode op, bool invert_b, bool invert_result)
{
    IRBuilder *b = ctx->b;
    IRRef left = gpr(ctx, insn_rt(insn)), right = gpr(ctx, insn_rb(insn));

    if (invert_b) {
        right = ir_op1(b, IR_NOT, right);
    }
    IRRef result = ir_op2(b, op, left, right);
    return finish(ctx, insn, invert_result ? ir_op1(b, IR_NOT, result) : result);
}

bool tr_and(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_AND, false, false);
}

bool tr_andc(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_ANDC, false, false);
}

/* or rX,rX,rX of certain registers sets the program priority in PPR (book II 3.1). */
static void priority_hint(DisasContext *ctx, unsigned reg)
{
    static const uint8_t level[32] = {
        [31] = 1, [1] = 2, [6] = 3, [2] = 4, [5] = 5, [3] = 6, [7] = 7};
    static const uint32_t problem_state = 1u << 1 | 1u << 6 | 1u << 2;
    static const uint32_t supervisor = 1u << 31 | 1u << 5 | 1u << 3;
    uint32_t allowed =
        problem_state | (ctx->pr ? 0 : supervisor) | (ctx->hv && !ctx->pr ? 1u << 7 : 0);
    IRBuilder *b = ctx->b;
    uint32_t home = offsetof(CPUPPCState, spr) + SPR_PPR * sizeof(uint64_t);

    if (level[reg] && (allowed >> reg & 1) && (ctx->model->insns & ISA_2_06)) {
        IRRef ppr = ir_load_env(b, IR_I64, home, 8, false);
        ir_store_env(b, home, 8, ir_deposit(b, ppr, ir_k64(b, level[reg]), 50, 3));
    }
}

bool tr_or(DisasContext *ctx, uint32_t insn)
{
    if (insn_rt(insn) == insn_rb(insn) && insn_rt(insn) == insn_ra(insn) && !insn_rc(insn)) {
        priority_hint(ctx, insn_rt(insn));
        return true;
    }
    return logic(ctx, insn, IR_OR, false, false);
}

bool tr_orc(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_OR, true, false);
}

bool tr_nor(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_OR, false, true);
}

bool tr_nand(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_AND, false, true);
}

bool tr_xor(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_XOR, false, false);
}

bool tr_eqv(DisasContext *ctx, uint32_t insn)
{
    return logic(ctx, insn, IR_XOR, false, true);
}

bool tr_extsb(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_sextract(ctx->b, gpr(ctx, insn_rt(insn)), 0, 8));
}

bool tr_extsh(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_sextract(ctx->b, gpr(ctx, insn_rt(insn)), 0, 16));
}

bool tr_extsw(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_exts(ctx->b, gpr32(ctx, insn_rt(insn))));
}

bool tr_cntlzw(DisasContext *ctx, uint32_t insn)
{
    IRRef count = ir_op1(ctx->b, IR_CLZ, gpr32(ctx, insn_rt(insn)));
    return finish(ctx, insn, ir_extu(ctx->b, count));
}

bool tr_cnttzw(DisasContext *ctx, uint32_t insn)
{
    IRRef count = ir_op1(ctx->b, IR_CTZ, gpr32(ctx, insn_rt(insn)));
    return finish(ctx, insn, ir_extu(ctx->b, count));
}

bool tr_cntlzd(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_op1(ctx->b, IR_CLZ, gpr(ctx, insn_rt(insn))));
}

bool tr_cnttzd(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_op1(ctx->b, IR_CTZ, gpr(ctx, insn_rt(insn))));
}

#define BYTES(value) ((value) * 0x0101010101010101ull)

/* Equal bytes are zero bytes of the difference; 0x80 marks them, then spreads over the byte. */
bool tr_cmpb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef diff = ir_op2(b, IR_XOR, gpr(ctx, insn_rt(insn)), gpr(ctx, insn_rb(insn)));
    IRRef sum = ir_addi(b, ir_andi(b, diff, BYTES(0x7f)), BYTES(0x7f));
    IRRef other = ir_ori(b, ir_op2(b, IR_OR, sum, diff), BYTES(0x7f));
    IRRef mark = ir_op1(b, IR_NOT, other);
    IRRef low = ir_op2(b, IR_SUB, mark, ir_shri(b, mark, 7));

    set_gpr(ctx, insn_ra(insn), ir_op2(b, IR_OR, low, mark));
    return true;
}

bool tr_popcntb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_rt(insn));

    x = ir_op2(b, IR_SUB, x, ir_andi(b, ir_shri(b, x, 1), BYTES(0x55)));
    x = ir_op2(b, IR_ADD, ir_andi(b, x, BYTES(0x33)), ir_andi(b, ir_shri(b, x, 2), BYTES(0x33)));
    x = ir_andi(b, ir_op2(b, IR_ADD, x, ir_shri(b, x, 4)), BYTES(0x0f));
    set_gpr(ctx, insn_ra(insn), x);
    return true;
}

bool tr_popcntw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = gpr(ctx, insn_rt(insn));
    IRRef low = ir_op1(b, IR_POPCNT, ir_extu(b, ir_trunc(b, x)));
    IRRef high = ir_op1(b, IR_POPCNT, ir_shri(b, x, 32));

    set_gpr(ctx, insn_ra(insn), ir_op2(b, IR_OR, low, ir_shli(b, high, 32)));
    return true;
}

bool tr_popcntd(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_ra(insn), ir_op1(ctx->b, IR_POPCNT, gpr(ctx, insn_rt(insn))));
    return true;
}

/* Exclusive or of the low bits of a word's bytes, in each word. */
static IRRef word_parity(DisasContext *ctx, IRRef x)
{
    IRBuilder *b = ctx->b;

    x = ir_op2(b, IR_XOR, x, ir_shri(b, x, 16));
    return ir_op2(b, IR_XOR, x, ir_shri(b, x, 8));
}

bool tr_prtyw(DisasContext *ctx, uint32_t insn)
{
    IRRef parity = word_parity(ctx, gpr(ctx, insn_rt(insn)));
    set_gpr(ctx, insn_ra(insn), ir_andi(ctx->b, parity, 0x0000000100000001));
    return true;
}

bool tr_prtyd(DisasContext *ctx, uint32_t insn)
{
    IRRef x = gpr(ctx, insn_rt(insn));
    IRRef parity = word_parity(ctx, ir_op2(ctx->b, IR_XOR, x, ir_shri(ctx->b, x, 32)));
    set_gpr(ctx, insn_ra(insn), ir_andi(ctx->b, parity, 1));
    return true;
}

bool tr_bpermd(DisasContext *ctx, uint32_t insn)
{
    IRRef x = gpr(ctx, insn_rt(insn)), y = gpr(ctx, insn_rb(insn));
    set_gpr(ctx, insn_ra(insn), ir_callv(ctx->b, &helper_row_bpermd, x, y));
    return true;
}

bool tr_cdtbcd(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_ra(insn), ir_callv(ctx->b, &helper_row_cdtbcd, gpr(ctx, insn_rt(insn))));
    return true;
}

bool tr_cbcdtd(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_ra(insn), ir_callv(ctx->b, &helper_row_cbcdtd, gpr(ctx, insn_rt(insn))));
    return true;
}

/* ---- Rotates ---- */

/* Ones from bit first to bit last as the architecture numbers them; around the end if first > last.
 */
static uint64_t mask64(unsigned first, unsigned last)
{
    uint64_t from = ~(uint64_t)0 >> first, to = ~(uint64_t)0 << (63 - last);
    return first <= last ? from & to : from | to;
}

/* (value rotated left by shift) & mask(first, last), in the cheapest ops. */
static IRRef rotate_mask64(DisasContext *ctx, IRRef value, unsigned shift, unsigned first,
                           unsigned last)
{
    IRBuilder *b = ctx->b;
    unsigned low = 63 - last, width = last - first + 1;

    if (first <= last) {
        if (low >= shift) {         /* the field comes from lower bits: shift left */
            IRRef field = ir_extract(b, value, low - shift, width);
            return ir_shli(b, field, low);
        }
        if (low + 64 - shift + width <= 64) {   /* from higher bits */
            IRRef field = ir_extract(b, value, low + 64 - shift, width);
            return low ? ir_shli(b, field, low) : field;
        }
    }
    return ir_andi(b, ir_rotli(b, value, shift), mask64(first, last));
}

/* Rotated word in both halves, as i64. */
static IRRef rotated_word(DisasContext *ctx, IRRef value, IRRef count)
{
    IRBuilder *b = ctx->b;
    IRRef word = ir_extu(b, ir_op2(b, IR_ROTL, ir_trunc(b, value), count));
    return ir_deposit(b, word, word, 32, 32);
}

bool tr_rlwinm(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned shift = insn_rb(insn), first = insn >> 6 & 31, last = insn >> 1 & 31;
    unsigned low = 31 - last, width = last - first + 1;
    IRRef value = gpr(ctx, insn_rt(insn)), result;

    if (first > last) {
        result =
            ir_andi(b, rotated_word(ctx, value, ir_k32(b, shift)), mask64(first + 32, last + 32));
    } else if (low >= shift) {
        result = ir_shli(b, ir_extract(b, value, low - shift, width), low);
    } else if (low + 32 - shift + width <= 32) {
        result = ir_shli(b, ir_extract(b, value, low + 32 - shift, width), low);
    } else {
        IRRef word = ir_rotli(b, ir_trunc(b, value), shift);
        result = ir_extu(b, ir_andi(b, word, mask64(first + 32, last + 32)));
    }
    return finish(ctx, insn, result);
}

bool tr_rlwnm(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef count = ir_andi(b, gpr32(ctx, insn_rb(insn)), 31);
    IRRef rotated = rotated_word(ctx, gpr(ctx, insn_rt(insn)), count);

    return finish(ctx, insn,
                  ir_andi(b, rotated, mask64((insn >> 6 & 31) + 32, (insn >> 1 & 31) + 32)));
}

bool tr_rlwimi(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned shift = insn_rb(insn), first = insn >> 6 & 31, last = insn >> 1 & 31;
    IRRef value = gpr(ctx, insn_rt(insn)), old = gpr(ctx, insn_ra(insn));

    if (first <= last) {
        unsigned low = 31 - last, width = last - first + 1;
        IRRef field = value;
        if (low > shift) {
            field = ir_shri(b, value, low - shift);
        } else if (low < shift) {
            field = ir_extu(b, ir_rotli(b, ir_trunc(b, value), (32 + shift - low) & 31));
        }
        return finish(ctx, insn, ir_deposit(b, old, field, low, width));
    }
    uint64_t mask = mask64(first + 32, last + 32);
    IRRef rotated = rotated_word(ctx, value, ir_k32(b, shift));
    IRRef result = ir_op2(b, IR_OR, ir_andi(b, rotated, mask), ir_andi(b, old, ~mask));
    return finish(ctx, insn, result);
}

static unsigned sh6(uint32_t insn)
{
    return (insn >> 11 & 31) | (insn << 4 & 32);
}

static unsigned mb6(uint32_t insn)
{
    return (insn >> 6 & 31) | (insn & 32);
}

bool tr_rldicl(DisasContext *ctx, uint32_t insn)
{
    IRRef value = gpr(ctx, insn_rt(insn));
    return finish(ctx, insn, rotate_mask64(ctx, value, sh6(insn), mb6(insn), 63));
}

bool tr_rldicr(DisasContext *ctx, uint32_t insn)
{
    IRRef value = gpr(ctx, insn_rt(insn));
    return finish(ctx, insn, rotate_mask64(ctx, value, sh6(insn), 0, mb6(insn)));
}

bool tr_rldic(DisasContext *ctx, uint32_t insn)
{
    IRRef value = gpr(ctx, insn_rt(insn));
    return finish(ctx, insn, rotate_mask64(ctx, value, sh6(insn), mb6(insn), 63 - sh6(insn)));
}

bool tr_rldimi(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned shift = sh6(insn), first = mb6(insn), last = 63 - shift;
    IRRef value = gpr(ctx, insn_rt(insn)), old = gpr(ctx, insn_ra(insn));

    if (first <= last) {
        return finish(ctx, insn, ir_deposit(b, old, value, shift, last - first + 1));
    }
    uint64_t mask = mask64(first, last);
    IRRef rotated = ir_andi(b, ir_rotli(b, value, shift), mask);
    return finish(ctx, insn, ir_op2(b, IR_OR, rotated, ir_andi(b, old, ~mask)));
}

static IRRef rotate_by_register(DisasContext *ctx, uint32_t insn)
{
    IRRef count = ir_andi(ctx->b, gpr32(ctx, insn_rb(insn)), 63);
    return ir_op2(ctx->b, IR_ROTL, gpr(ctx, insn_rt(insn)), count);
}

bool tr_rldcl(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_andi(ctx->b, rotate_by_register(ctx, insn), mask64(mb6(insn), 63)));
}

bool tr_rldcr(DisasContext *ctx, uint32_t insn)
{
    return finish(ctx, insn, ir_andi(ctx->b, rotate_by_register(ctx, insn), mask64(0, mb6(insn))));
}

/* ---- Shifts ---- */

/* Word shifts by 0..63 are doubleword shifts of the extended word: 32 and more shift everything
 * out. */
bool tr_slw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef count = ir_andi(b, gpr32(ctx, insn_rb(insn)), 63);
    IRRef shifted = ir_op2(b, IR_SHL, gpr(ctx, insn_rt(insn)), count);

    return finish(ctx, insn, ir_extu(b, ir_trunc(b, shifted)));
}

bool tr_srw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef count = ir_andi(b, gpr32(ctx, insn_rb(insn)), 63);

    return finish(ctx, insn, ir_op2(b, IR_SHR, ir_extu(b, gpr32(ctx, insn_rt(insn))), count));
}

/* CA of a right shift of value (i64): it is negative and ones were lost. */
static void set_shift_carry(DisasContext *ctx, IRRef value, IRRef lost)
{
    IRBuilder *b = ctx->b;
    IRRef negative = ir_trunc(b, ir_shri(b, value, 63));
    IRRef carry = ir_op2(b, IR_AND, negative, lost);

    ir_set(b, SLOT_CA, carry);
    if (ctx->isa300) {
        ir_set(b, SLOT_CA32, carry);
    }
}

static bool shift_right_algebraic(DisasContext *ctx, uint32_t insn, IRRef value, unsigned shift)
{
    IRBuilder *b = ctx->b;
    IRRef lost = ir_k32(b, 0);

    if (shift) {
        lost = ir_setcond(b, IRC_NE, ir_extract(b, value, 0, shift), ir_k64(b, 0));
    }
    set_shift_carry(ctx, value, lost);
    return finish(ctx, insn, shift ? ir_sari(b, value, shift) : value);
}

bool tr_srawi(DisasContext *ctx, uint32_t insn)
{
    return shift_right_algebraic(ctx, insn, ir_exts(ctx->b, gpr32(ctx, insn_rt(insn))),
                                 insn_rb(insn));
}

bool tr_sradi(DisasContext *ctx, uint32_t insn)
{
    return shift_right_algebraic(ctx, insn, gpr(ctx, insn_rt(insn)), sh6(insn));
}

bool tr_sraw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef value = ir_exts(b, gpr32(ctx, insn_rt(insn)));
    IRRef count = ir_andi(b, gpr32(ctx, insn_rb(insn)), 63);
    IRRef result = ir_op2(b, IR_SAR, value, count);

    set_shift_carry(ctx, value, ir_setcond(b, IRC_NE, ir_op2(b, IR_SHL, result, count), value));
    return finish(ctx, insn, result);
}

/* A count of 64..127 shifts everything out. */
static bool shift_doubleword(DisasContext *ctx, uint32_t insn, IROpcode op)
{
    IRBuilder *b = ctx->b;
    IRRef amount = gpr32(ctx, insn_rb(insn));
    IRRef shifted = ir_op2(b, op, gpr(ctx, insn_rt(insn)), ir_andi(b, amount, 63));

    return finish(ctx, insn, ir_select(b, ir_andi(b, amount, 64), ir_k64(b, 0), shifted));
}

bool tr_sld(DisasContext *ctx, uint32_t insn)
{
    return shift_doubleword(ctx, insn, IR_SHL);
}

bool tr_srd(DisasContext *ctx, uint32_t insn)
{
    return shift_doubleword(ctx, insn, IR_SHR);
}

bool tr_srad(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef value = gpr(ctx, insn_rt(insn)), amount = gpr32(ctx, insn_rb(insn));
    IRRef all = ir_extract(b, amount, 6, 1), count = ir_andi(b, amount, 63);
    IRRef shifted = ir_op2(b, IR_SAR, value, count);
    IRRef lost = ir_setcond(b, IRC_NE, ir_op2(b, IR_SHL, shifted, count), value);

    set_shift_carry(ctx, value, ir_op2(b, IR_OR, all, lost));
    return finish(ctx, insn, ir_select(b, all, ir_sari(b, value, 63), shifted));
}

bool tr_extswsli(DisasContext *ctx, uint32_t insn)
{
    IRRef value = ir_exts(ctx->b, gpr32(ctx, insn_rt(insn)));
    return finish(ctx, insn, ir_shli(ctx->b, value, sh6(insn)));
}
