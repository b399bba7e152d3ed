/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding of conditions: comparisons, selections and condition-register fields.  See ir-fold.c for
 * the rules of the game.
 */
#include "ir-private.h"
#include "tcg/ir-eval.h"

#define IS(ref, what) (ir_insn(b, ref)->op == (what))

/* (i64) the i32 value that ref is an extension of, or IR_NONE.  ref may be a suitable constant. */
static IRRef ir_narrow(IRBuilder *b, IRRef ref, bool sign)
{
    const IRInsn *in = ir_insn(b, ref);

    switch (in->op) {
    case IR_KI64:
        if (sign ? in->imm == (int32_t)in->imm : in->imm == (int64_t)(uint32_t)in->imm) {
            return ir_k32(b, (uint32_t)in->imm);
        }
        return IR_NONE;
    case IR_EXTU:
        return sign ? IR_NONE : in->a;
    case IR_EXTS:
        return sign ? in->a : IR_NONE;
    case IR_EXTRACT:
        return !sign && in->imm == 0 && in->aux == 32 ? ir_trunc(b, in->a) : IR_NONE;
    case IR_SEXTRACT:
        return sign && in->imm == 0 && in->aux == 32 ? ir_trunc(b, in->a) : IR_NONE;
    default:
        return IR_NONE;
    }
}

/* Both operands of a 64-bit comparison as i32.  is_signed: the comparison looks at the sign. */
static bool ir_narrow_pair(IRBuilder *b, bool is_signed, bool is_equality, IRRef *a, IRRef *b2)
{
    for (int sign = 1; sign >= 0; sign--) {
        /* Zero extensions keep unsigned order, sign extensions both orders. */
        if (!sign && is_signed && !is_equality) {
            continue;
        }
        if (IS(*a, IR_KI64)) {
            return false;
        }
        IRRef x = ir_narrow(b, *a, sign);
        IRRef y = x ? ir_narrow(b, *b2, sign) : IR_NONE;

        if (x && y) {
            *a = x;
            *b2 = y;
            return true;
        }
    }
    return false;
}

/* One bit of a comparison's CR field. */
IRRef ir_fold_cr_bit(IRBuilder *b, const IRInsn *cmp, unsigned bit)
{
    static const uint8_t conds[2][4] = {
        { 0, IRC_EQ, IRC_GT, IRC_LT }, { 0, IRC_EQ, IRC_GTU, IRC_LTU },
    };

    if (bit == 0) {
        return cmp->c;
    }
    return ir_emit(b, IR_SETCOND, IR_I32, cmp->a, cmp->b, IR_NONE, conds[cmp->imm != 0][bit],
                   cmp->aux);
}

/* EQ and NE: look for something cheaper to compare.  want_eq: the EQ of the two. */
static IRRef ir_fold_equality(IRBuilder *b, IRInsn *in, uint64_t k)
{
    const IRInsn *x = ir_insn(b, in->a);
    IRType type = (IRType)in->aux;
    IRCond cond = (IRCond)in->imm;
    IRCond test = cond == IRC_EQ ? IRC_TSTZ : IRC_TSTNZ;
    uint64_t known = ir_known(b, in->a, IR_KNOWN_DEPTH), k2;

    if (k & ~known) {                          /* cannot be equal */
        return ir_k32(b, cond == IRC_NE);
    }
    if (known == 1 && type == IR_I32) {        /* a bit compared with a bit */
        if ((cond == IRC_NE) == (k == 0)) {
            return in->a;
        }
        if (x->op == IR_SETCOND) {
            return ir_emit(b, IR_SETCOND, IR_I32, x->a, x->b, IR_NONE, x->imm ^ 1, x->aux);
        }
        if (x->op == IR_XOR && IS(x->b, IR_KI32)) {
            return x->a;
        }
        if (k == 1) {
            return ir_setcond(b, IRC_EQ, in->a, ir_k32(b, 0));
        }
    }
    /* Not through ADD: the sum is wanted anyway (bdnz), and its operand would have to live longer.
     */
    switch (x->op) {
    case IR_XOR:
        if (ir_const(b, x->b, &k2)) {
            return ir_setcond(b, cond, x->a, ir_k(b, type, k ^ k2));
        }
        return k == 0 ? ir_setcond(b, cond, x->a, x->b) : IR_NONE;
    case IR_SUB:
        return k == 0 ? ir_setcond(b, cond, x->a, x->b) : IR_NONE;
    case IR_NEG:
        return ir_setcond(b, cond, x->a, ir_k(b, type, -k));
    case IR_NOT:
        return ir_setcond(b, cond, x->a, ir_k(b, type, ~k));
    default:
        break;
    }
    if (k != 0) {
        return IR_NONE;
    }
    switch (x->op) {
    case IR_AND:
        return ir_setcond(b, test, x->a, x->b);
    case IR_EXTRACT:
        return ir_setcond(b, test, x->a, ir_k(b, type, ir_low_mask(x->aux) << x->imm));
    case IR_SHR:
        return ir_const(b, x->b, &k2)
               ? ir_setcond(b, test, x->a, ir_k(b, type, ~ir_low_mask((unsigned)k2))) : IR_NONE;
    case IR_SHL:
        return ir_const(b, x->b, &k2)
               ? ir_setcond(b, test, x->a, ir_k(b, type, ir_width_mask(type) >> k2)) : IR_NONE;
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_test(IRBuilder *b, IRInsn *in)
{
    IRType type = (IRType)in->aux;
    bool wants_zero = in->imm == IRC_TSTZ;
    uint64_t k;

    if (in->a == in->b) {
        return ir_setcond(b, wants_zero ? IRC_EQ : IRC_NE, in->a, ir_k(b, type, 0));
    }
    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    uint64_t known = ir_known(b, in->a, IR_KNOWN_DEPTH);

    if ((known & k) == 0) {
        return ir_k32(b, wants_zero);
    }
    if (known == 1 && type == IR_I32) {
        return ir_setcond(b, wants_zero ? IRC_EQ : IRC_NE, in->a, ir_k32(b, 0));
    }
    const IRInsn *x = ir_insn(b, in->a);

    if (x->op == IR_EXTU && k <= UINT32_MAX) {
        return ir_setcond(b, (IRCond)in->imm, x->a, ir_k32(b, (uint32_t)k));
    }
    if (x->op == IR_EXTRACT && (k & ~ir_low_mask(x->aux)) == 0) {
        return ir_setcond(b, (IRCond)in->imm, x->a, ir_k(b, type, k << x->imm));
    }
    /* One bit of a comparison's CR field. */
    if (x->op == IR_CRCMP && (k & 15) && ((k & 15) & ((k & 15) - 1)) == 0) {
        IRRef bit = ir_fold_cr_bit(b, x, (unsigned)__builtin_ctzll(k & 15));

        return ir_setcond(b, wants_zero ? IRC_EQ : IRC_NE, bit, ir_k32(b, 0));
    }
    if ((known & ~k) == 0) {
        return ir_setcond(b, wants_zero ? IRC_EQ : IRC_NE, in->a, ir_k(b, type, 0));
    }
    return IR_NONE;
}

/* The condition that holds for (b, a) when cond holds for (a, b). */
static IRCond ir_swap_cond(IRCond cond)
{
    static const uint8_t swapped[] = {
        [IRC_EQ] = IRC_EQ, [IRC_NE] = IRC_NE, [IRC_LT] = IRC_GT, [IRC_GE] = IRC_LE,
        [IRC_LE] = IRC_GE, [IRC_GT] = IRC_LT, [IRC_LTU] = IRC_GTU, [IRC_GEU] = IRC_LEU,
        [IRC_LEU] = IRC_GEU, [IRC_GTU] = IRC_LTU, [IRC_TSTZ] = IRC_TSTZ, [IRC_TSTNZ] = IRC_TSTNZ,
    };

    return (IRCond)swapped[cond];
}

static bool ir_is_symmetric(IRCond cond)
{
    return cond == IRC_EQ || cond == IRC_NE || cond == IRC_TSTZ || cond == IRC_TSTNZ;
}

/* Unsigned comparisons at the ends of the range. */
static IRRef ir_fold_unsigned(IRBuilder *b, IRInsn *in, uint64_t k)
{
    IRType type = (IRType)in->aux;

    if (k == ir_width_mask(type) && (in->imm == IRC_LTU || in->imm == IRC_GEU)) {
        return ir_setcond(b, in->imm == IRC_LTU ? IRC_NE : IRC_EQ, in->a, in->b);
    }
    switch ((IRCond)in->imm) {
    case IRC_LTU:
        return k == 0 ? ir_k32(b, 0)
               : k == 1 ? ir_setcond(b, IRC_EQ, in->a, ir_k(b, type, 0)) : IR_NONE;
    case IRC_GEU:
        return k == 0 ? ir_k32(b, 1)
               : k == 1 ? ir_setcond(b, IRC_NE, in->a, ir_k(b, type, 0)) : IR_NONE;
    case IRC_LEU:
        return k == ir_width_mask(type) ? ir_k32(b, 1)
               : k == 0 ? ir_setcond(b, IRC_EQ, in->a, in->b) : IR_NONE;
    case IRC_GTU:
        return k == ir_width_mask(type) ? ir_k32(b, 0)
               : k == 0 ? ir_setcond(b, IRC_NE, in->a, in->b) : IR_NONE;
    default:
        return IR_NONE;
    }
}

IRRef ir_fold_setcond(IRBuilder *b, IRInsn *in)
{
    IRType type = (IRType)in->aux;
    IRCond cond = (IRCond)in->imm;
    bool ka = IS(in->a, IR_KI32) || IS(in->a, IR_KI64);
    bool kb = IS(in->b, IR_KI32) || IS(in->b, IR_KI64);
    uint64_t k;

    if ((ka && !kb) || (ka == kb && ir_is_symmetric(cond) && in->a > in->b)) {
        IRRef t = in->a;

        in->a = in->b;
        in->b = t;
        cond = ir_swap_cond(cond);
        in->imm = cond;
    }
    if (in->a == in->b && cond < IRC_TSTZ) {
        return ir_k32(b, cond == IRC_EQ || cond == IRC_GE || cond == IRC_LE || cond == IRC_GEU ||
                             cond == IRC_LEU);
    }
    if (cond >= IRC_TSTZ) {
        return ir_fold_test(b, in);
    }
    if (type == IR_I64) {
        bool is_signed = cond >= IRC_LT && cond <= IRC_GT;
        IRRef x = in->a, y = in->b;

        if (ir_narrow_pair(b, is_signed, cond <= IRC_NE, &x, &y)) {
            return ir_setcond(b, cond, x, y);
        }
    }
    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    if (cond <= IRC_NE) {
        return ir_fold_equality(b, in, k);
    }
    return ir_fold_unsigned(b, in, k);
}

IRRef ir_fold_select(IRBuilder *b, IRInsn *in)
{
    uint64_t k, t, f;

    if (ir_const(b, in->a, &k)) {
        return k ? in->b : in->c;
    }
    if (in->b == in->c) {
        return in->b;
    }
    const IRInsn *cond = ir_insn(b, in->a);

    if (cond->op == IR_XOR && ir_known(b, in->a, IR_KNOWN_DEPTH) == 1 && IS(cond->b, IR_KI32)) {
        return ir_select(b, cond->a, in->c, in->b);
    }
    if (cond->op != IR_SETCOND) {
        /* Give the back end a comparison to fuse with, when there is one. */
        IRRef test = ir_setcond(b, IRC_NE, in->a, ir_k32(b, 0));

        if (test == in->a && cond->op == IR_EXTRACT) {
            test = ir_setcond(b, IRC_TSTNZ, cond->a,
                              ir_k(b, IR_I32, ir_low_mask(cond->aux) << cond->imm));
        } else if (test == in->a && cond->op == IR_AND) {
            test = ir_setcond(b, IRC_TSTNZ, cond->a, cond->b);
        }
        if (ir_const(b, test, &k)) {
            return k ? in->b : in->c;
        }
        if (IS(test, IR_SETCOND)) {
            in->a = test;
            cond = ir_insn(b, test);
        }
    }
    if (cond->op == IR_SETCOND && cond->imm == IRC_EQ && IS(cond->b, IR_KI32) &&
        ir_insn(b, cond->b)->imm == 0 && ir_known(b, cond->a, IR_KNOWN_DEPTH) == 1) {
        return ir_select(b, cond->a, in->c, in->b);
    }
    if (ir_const(b, in->b, &t) && ir_const(b, in->c, &f) && t + f == 1 && (t == 0 || f == 0)) {
        IRRef bit = ir_setcond(b, t ? IRC_NE : IRC_EQ, in->a, ir_k32(b, 0));

        return in->type == IR_I32 ? bit : ir_extu(b, bit);
    }
    return IR_NONE;
}

IRRef ir_fold_crcmp(IRBuilder *b, IRInsn *in)
{
    IRType type = (IRType)in->aux;

    if (in->a == in->b) {
        return ir_ori(b, in->c, 2);
    }
    if (IS(in->a, IR_KI32) || IS(in->a, IR_KI64)) {
        uint64_t k, k2;

        if (ir_const(b, in->a, &k) && ir_const(b, in->b, &k2)) {
            return ir_ori(b, in->c, ir_eval_crcmp(in->imm != 0, type, k, k2, 0));
        }
    }
    if (type == IR_I64) {
        IRRef x = in->a, y = in->b;

        if (ir_narrow_pair(b, in->imm == 0, false, &x, &y)) {
            return ir_cr_compare(b, in->imm != 0, x, y, in->c);
        }
    }
    return IR_NONE;
}
