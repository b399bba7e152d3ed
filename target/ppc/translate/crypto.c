/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector facility: AES, SHA-2, polynomial products and decimal integers (Power ISA 3.0B book
 * I 6.11.4, 6.17, 6.20).
 *
 * The IR's AES ops have the x86 semantics: the first byte of the cipher's state is the lowest byte
 * of the host value.  The Power ISA has it in element 0, the highest byte: hence the reversals,
 * which cancel out between rounds.
 */
#include "../decode.h"
#include "../helper-vec.h"
#include "../translate.h"
#include "vmx.h"

/* ---- AES ---- */

static IRRef reversed(DisasContext *ctx, IRRef v)
{
    return ir_op1i(ctx->b, IR_VREVB, v, 4, 0);
}

static bool cipher_round(DisasContext *ctx, uint32_t insn, IROpcode op)
{
    IRRef state = reversed(ctx, vra(ctx, insn)), key = reversed(ctx, vrb(ctx, insn));

    return set_vrt(ctx, insn, reversed(ctx, ir_op2(ctx->b, op, state, key)));
}

bool tr_vcipher(DisasContext *ctx, uint32_t insn)
{
    return cipher_round(ctx, insn, IR_VAESE);
}

bool tr_vcipherlast(DisasContext *ctx, uint32_t insn)
{
    return cipher_round(ctx, insn, IR_VAESEL);
}

bool tr_vncipherlast(DisasContext *ctx, uint32_t insn)
{
    return cipher_round(ctx, insn, IR_VAESDL);
}

/*
 * Here the key comes before the inverse mixing of columns, unlike the IR's op.  That mixing alone
 * is a decryption round with a zero key behind an encryption round without mixing.
 */
bool tr_vncipher(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef state = reversed(ctx, vra(ctx, insn)), key = reversed(ctx, vrb(ctx, insn));
    IRRef zero = ir_kv128(b, 0, 0);
    IRRef keyed = ir_op2(b, IR_VAESDL, state, key);
    IRRef mixed = ir_op2(b, IR_VAESD, ir_op2(b, IR_VAESEL, keyed, zero), zero);

    return set_vrt(ctx, insn, reversed(ctx, mixed));
}

/* Substitution alone: the last round's shift of rows is undone. */
bool tr_vsbox(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef shifted = ir_op2(b, IR_VAESEL, reversed(ctx, vra(ctx, insn)), ir_kv128(b, 0, 0));
    /* Byte i of the state comes from byte -3i modulo 16 of the shifted one; the result is ours. */
    IRRef places = ir_kv128(b, UINT64_C(0x000d0a0704010e0b), UINT64_C(0x0805020f0c090603));

    return set_vrt(ctx, insn, ir_op3(b, IR_VPERM2, shifted, shifted, places));
}

/* ---- SHA-2 and polynomials ---- */

static bool sigma(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, helper, vra(ctx, insn),
                                       ir_k32(ctx->b, insn >> 11 & 31)));
}

static IRRef rotate_right(DisasContext *ctx, IRRef v, unsigned lane, unsigned count)
{
    unsigned bits = 8u << lane, left = bits - count;
    uint64_t counts = lane == 2 ? left * 0x0000000100000001ull : left;

    return ir_op2i(ctx->b, IR_VROTLV, v, ir_kv128(ctx->b, counts, counts), lane, 0);
}

/* SHA-2 code asks for one function in all elements at once. */
static bool sigma_inline(DisasContext *ctx, uint32_t insn, unsigned lane)
{
    bool large = insn >> 15 & 1, all = (insn >> 11 & 15) == 15;
    const Sigma *row = &ppc_sigma[lane - 2][2 * large + all];
    IRBuilder *b = ctx->b;
    IRRef v = vra(ctx, insn);
    IRRef third = row->shift ? ir_op1i(b, IR_VSHRI, v, lane, row->third)
                             : rotate_right(ctx, v, lane, row->third);

    return set_vrt(ctx, insn,
                   ir_op2(b, IR_VXOR, third,
                          ir_op2(b, IR_VXOR, rotate_right(ctx, v, lane, row->first),
                                 rotate_right(ctx, v, lane, row->second))));
}

/* Selectors that mix functions go to the helper; of doublewords the even selector bits count. */
bool tr_vshasigmaw(DisasContext *ctx, uint32_t insn)
{
    unsigned six = insn >> 11 & 15;

    return six == 0 || six == 15 ? sigma_inline(ctx, insn, 2)
                                 : sigma(ctx, insn, &helper_row_vshasigmaw);
}

bool tr_vshasigmad(DisasContext *ctx, uint32_t insn)
{
    unsigned six = insn >> 11 & 15;

    return six == 0 || six == 15 ? sigma_inline(ctx, insn, 3)
                                 : sigma(ctx, insn, &helper_row_vshasigmad);
}

bool tr_vpmsumd(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = vra(ctx, insn), y = vrb(ctx, insn);

    return set_vrt(ctx, insn, ir_op2(b, IR_VXOR, ir_op2i(b, IR_VPMULL, x, y, 3, 0x00),
                                     ir_op2i(b, IR_VPMULL, x, y, 3, 0x11)));
}

bool tr_vpmsum(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, &helper_row_vpmsum, vra(ctx, insn), vrb(ctx, insn),
                                       ir_k32(ctx->b, vx_lane(insn))));
}

/* ---- Decimal integers: the result, and what it is in CR6 ---- */

static bool decimal(DisasContext *ctx, uint32_t insn, IRRef a, BCDOp op)
{
    IRBuilder *b = ctx->b;
    IRRef operand = vrb(ctx, insn);
    IRRef how = ir_k32(b, op << 1 | (insn >> 9 & 1));
    IRRef result = ir_callv(b, &helper_row_bcd, a, operand, how);
    IRRef cr = ir_callv(b, &helper_row_bcd_cr, a, operand, how);

    set_crf(ctx, 6, cr);
    return set_vrt(ctx, insn, result);
}

#define DECIMAL2(name, op)                                                                        \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return decimal(ctx, insn, vra(ctx, insn), op);                                            \
    }
#define DECIMAL1(name, op)                                                                        \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return decimal(ctx, insn, ir_kv128(ctx->b, 0, 0), op);                                    \
    }
DECIMAL2(bcdadd, BCD_ADD)
DECIMAL2(bcdsub, BCD_SUB)
DECIMAL2(bcdcpsgn, BCD_COPY_SIGN)
DECIMAL2(bcds, BCD_SHIFT)
DECIMAL2(bcdus, BCD_SHIFT_UNSIGNED)
DECIMAL2(bcdsr, BCD_SHIFT_ROUND)
DECIMAL2(bcdtrunc, BCD_TRUNCATE)
DECIMAL2(bcdutrunc, BCD_TRUNCATE_UNSIGNED)
DECIMAL1(bcdcfn, BCD_FROM_NATIONAL)
DECIMAL1(bcdctn, BCD_TO_NATIONAL)
DECIMAL1(bcdcfz, BCD_FROM_ZONED)
DECIMAL1(bcdctz, BCD_TO_ZONED)
DECIMAL1(bcdcfsq, BCD_FROM_BINARY)
DECIMAL1(bcdctsq, BCD_TO_BINARY)
DECIMAL1(bcdsetsgn, BCD_SET_SIGN)
