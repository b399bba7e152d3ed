/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding of bit operations, fields and conditions: the shapes PowerPC's rotate-and-mask, compare
 * and condition-register instructions come in.  See ir-fold.c for the rules of the game.
 */
#include "ir-private.h"
#include "tcg/ir-eval.h"

#define IS(ref, what) (ir_insn(b, ref)->op == (what))

static unsigned ir_bits(IRType type)
{
    return type == IR_I32 ? 32 : 64;
}

/* Width of a mask of low ones, or 0. */
static unsigned ir_low_ones(uint64_t mask)
{
    return mask && (mask & (mask + 1)) == 0 ? (unsigned)__builtin_popcountll(mask) : 0;
}

/* Low masks that x86-like hosts have a move for, or cannot encode as an immediate. */
static bool ir_prefers_extract(IRType type, unsigned width)
{
    return width == 8 || width == 16 || (type == IR_I64 && width >= 32);
}

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

IRRef ir_fold_and(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);
    IRType type = (IRType)in->type;
    unsigned width = ir_bits(type);
    uint64_t k, k2;

    if (in->a == in->b) {
        return in->a;
    }
    if (!ir_const(b, in->b, &k)) {
        if (y->op == IR_NOT) {
            return ir_op2(b, IR_ANDC, in->a, y->a);
        }
        return x->op == IR_NOT ? ir_op2(b, IR_ANDC, in->b, x->a) : IR_NONE;
    }
    uint64_t known = ir_known(b, in->a, IR_KNOWN_DEPTH);

    if ((known & k) == 0) {
        return ir_k(b, type, 0);
    }
    if ((known & ~k) == 0) {
        return in->a;
    }
    unsigned ones = ir_low_ones(k);

    switch (x->op) {
    case IR_AND:
        if (ir_const(b, x->b, &k2)) {
            return ir_andi(b, x->a, k & k2);
        }
        break;
    case IR_OR:
    case IR_XOR:
        if ((ir_known(b, x->b, IR_KNOWN_DEPTH) & k) == 0) {
            return ir_andi(b, x->a, k);
        }
        if ((ir_known(b, x->a, IR_KNOWN_DEPTH) & k) == 0) {
            return ir_andi(b, x->b, k);
        }
        break;
    case IR_EXTRACT:
        if (ones && ones < x->aux) {
            return ir_extract(b, x->a, (unsigned)x->imm, ones);
        }
        break;
    case IR_SHR:
        if (ones && ir_const(b, x->b, &k2) && ones < width - k2) {
            return ir_extract(b, x->a, (unsigned)k2, ones);
        }
        break;
    case IR_SAR:
        if (ones && ir_const(b, x->b, &k2) && ones <= width - k2) {
            return ir_extract(b, x->a, (unsigned)k2, ones);
        }
        break;
    case IR_ROTL:
        if (ir_const(b, x->b, &k2)) {
            if (ones && ones <= k2) {              /* only bits that wrapped around are left */
                return ir_extract(b, x->a, width - (unsigned)k2, ones);
            }
            if ((k & ir_low_mask((unsigned)k2)) == 0) {
                return ir_andi(b, ir_shli(b, x->a, (unsigned)k2), k);
            }
            if ((k >> k2) == 0) {                  /* none of the bits that did not wrap */
                return ir_andi(b, ir_shri(b, x->a, width - (unsigned)k2), k);
            }
        }
        break;
    case IR_SEXTRACT:
        if (ones && ones <= x->aux) {
            return ir_extract(b, x->a, (unsigned)x->imm, ones);
        }
        break;
    case IR_EXTS:
        if (k <= UINT32_MAX) {
            return ir_andi(b, ir_extu(b, x->a), k);
        }
        break;
    default:
        break;
    }
    if (ones && ir_prefers_extract(type, ones)) {
        return ir_extract(b, in->a, 0, ones);
    }
    return IR_NONE;
}

IRRef ir_fold_or(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);
    IRType type = (IRType)in->type;
    uint64_t k, k2;

    if (in->a == in->b) {
        return in->a;
    }
    if (ir_const(b, in->b, &k)) {
        if (k == 0) {
            return in->a;
        }
        if (k == ir_width_mask(type) || (ir_known(b, in->a, IR_KNOWN_DEPTH) & ~k) == 0) {
            return in->b;
        }
        if (x->op == IR_OR && ir_const(b, x->b, &k2)) {
            return ir_op2(b, IR_OR, x->a, ir_k(b, type, k | k2));
        }
        return IR_NONE;
    }
    if (x->op == IR_SHR && y->op == IR_SHL) {
        const IRInsn *t = x;

        x = y;
        y = t;
    }
    if (x->op == IR_SHL && y->op == IR_SHR && x->a == y->a && ir_const(b, x->b, &k) &&
        ir_const(b, y->b, &k2) && k + k2 == ir_bits(type)) {
        return ir_rotli(b, x->a, (unsigned)k);
    }
    return IR_NONE;
}

IRRef ir_fold_xor(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    IRType type = (IRType)in->type;
    uint64_t k, k2;

    if (in->a == in->b) {
        return ir_k(b, type, 0);
    }
    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    if (k == 0) {
        return in->a;
    }
    if (k == ir_width_mask(type)) {
        return ir_op1(b, IR_NOT, in->a);
    }
    if (x->op == IR_XOR && ir_const(b, x->b, &k2)) {
        return ir_op2(b, IR_XOR, x->a, ir_k(b, type, k ^ k2));
    }
    if (x->op == IR_NOT) {
        return ir_op2(b, IR_XOR, x->a, ir_k(b, type, ~k));
    }
    if (k == 1 && x->op == IR_SETCOND) {
        return ir_emit(b, IR_SETCOND, IR_I32, x->a, x->b, IR_NONE, x->imm ^ 1, x->aux);
    }
    return IR_NONE;
}

IRRef ir_fold_andc(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);
    IRType type = (IRType)in->type;
    uint64_t k;

    if (in->a == in->b) {
        return ir_k(b, type, 0);
    }
    if (ir_const(b, in->b, &k)) {
        return ir_op2(b, IR_AND, in->a, ir_k(b, type, ~k));
    }
    if (ir_const(b, in->a, &k)) {
        if (k == 0) {
            return in->a;
        }
        if (k == ir_width_mask(type)) {
            return ir_op1(b, IR_NOT, in->b);
        }
    }
    if (y->op == IR_NOT) {
        return ir_op2(b, IR_AND, in->a, y->a);
    }
    if (y->op == IR_XOR && IS(y->b, IR_KI32) && ir_insn(b, y->b)->imm == 1 &&
        ir_known(b, in->a, IR_KNOWN_DEPTH) <= 1) {
        return ir_op2(b, IR_AND, in->a, y->a);   /* bits: x & ~(y ^ 1) */
    }
    if (x->op == IR_ANDC && x->b == in->b) {
        return in->a;
    }
    return IR_NONE;
}

/* CLZ(x) >> log2(width) is how PowerPC code asks whether x is zero. */
static IRRef ir_fold_zero_test(IRBuilder *b, const IRInsn *in, const IRInsn *x, unsigned count)
{
    if (count != (in->type == IR_I32 ? 5 : 6)) {
        return IR_NONE;
    }
    IRRef is_zero = ir_setcond(b, IRC_EQ, x->a, ir_k(b, (IRType)x->type, 0));

    return in->type == IR_I32 ? is_zero : ir_extu(b, is_zero);
}

IRRef ir_fold_shift(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    IRType type = (IRType)in->type;
    unsigned width = ir_bits(type), n, n2 = 0;
    uint64_t k, k2 = 0;

    if (ir_const(b, in->a, &k) && k == 0) {
        return in->a;
    }
    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    n = (unsigned)k & (width - 1);
    if (n == 0) {
        return in->a;
    }
    if (n != k) {
        in->b = ir_k32(b, n);
    }
    bool by_const = x->op >= IR_SHL && x->op <= IR_ROTL && ir_const(b, x->b, &k2);

    n2 = (unsigned)k2;
    switch (in->op) {
    case IR_SHL:
        if (x->op == IR_SHL && by_const) {
            return n + n2 < width ? ir_shli(b, x->a, n + n2) : ir_k(b, type, 0);
        }
        if (x->op == IR_SHR && by_const && n == n2) {
            return ir_andi(b, x->a, ~ir_low_mask(n));
        }
        if (((ir_known(b, in->a, IR_KNOWN_DEPTH) << n) & ir_width_mask(type)) == 0) {
            return ir_k(b, type, 0);
        }
        return IR_NONE;
    case IR_SHR:
        if (ir_known(b, in->a, IR_KNOWN_DEPTH) >> n == 0) {
            return ir_k(b, type, 0);
        }
        if (x->op == IR_SHR && by_const) {
            return n + n2 < width ? ir_shri(b, x->a, n + n2) : ir_k(b, type, 0);
        }
        if (x->op == IR_SHL && by_const && n >= n2) {
            return ir_extract(b, x->a, n - n2, width - n);
        }
        if (x->op == IR_EXTRACT) {
            return ir_extract(b, x->a, (unsigned)x->imm + n, x->aux - n);
        }
        if (x->op == IR_CLZ) {
            return ir_fold_zero_test(b, in, x, n);
        }
        return IR_NONE;
    case IR_SAR:
        if (x->op == IR_SAR && by_const) {
            return ir_sari(b, x->a, MIN(n + n2, width - 1));
        }
        if (x->op == IR_SHL && by_const && n >= n2) {
            return ir_sextract(b, x->a, n - n2, width - n);
        }
        if (x->op == IR_SEXTRACT) {
            unsigned cut = MIN(n, x->aux - 1);
            return ir_sextract(b, x->a, (unsigned)x->imm + cut, x->aux - cut);
        }
        if (!(ir_known(b, in->a, IR_KNOWN_DEPTH) >> (width - 1))) {
            return ir_shri(b, in->a, n);
        }
        return IR_NONE;
    default:
        if (x->op == IR_ROTL && by_const) {
            return ir_rotli(b, x->a, (n + n2) & (width - 1));
        }
        return IR_NONE;
    }
}

/* One bit of a comparison's CR field. */
static IRRef ir_fold_cr_bit(IRBuilder *b, const IRInsn *cmp, unsigned bit)
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

IRRef ir_fold_extract(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    IRType type = (IRType)in->type;
    unsigned width = ir_bits(type), p = (unsigned)in->imm, w = in->aux;
    uint64_t field = ir_low_mask(w) << p, k;

    g_assert(w > 0 && p + w <= width);
    if (w == width) {
        return in->a;
    }
    uint64_t known = ir_known(b, in->a, IR_KNOWN_DEPTH);

    if ((known & field) == 0) {
        return ir_k(b, type, 0);
    }
    if (p == 0 && (known & ~field) == 0) {
        return in->a;
    }
    switch (x->op) {
    case IR_EXTRACT:
        /* A field reaching past x's own would have shown in known; cut it. */
        return ir_extract(b, x->a, (unsigned)x->imm + p, MIN(w, x->aux - p));
    case IR_SEXTRACT:
        if (p + w <= x->aux) {
            return ir_extract(b, x->a, (unsigned)x->imm + p, w);
        }
        break;
    case IR_SHR:
        if (ir_const(b, x->b, &k)) {
            return ir_extract(b, x->a, p + (unsigned)k, MIN(w, width - p - (unsigned)k));
        }
        break;
    case IR_SAR:
        if (ir_const(b, x->b, &k) && p + k + w <= width) {
            return ir_extract(b, x->a, p + (unsigned)k, w);
        }
        break;
    case IR_SHL:
        if (ir_const(b, x->b, &k) && p >= k) {
            return ir_extract(b, x->a, p - (unsigned)k, w);
        }
        break;
    case IR_ROTL:
        if (ir_const(b, x->b, &k)) {
            unsigned from = (p - (unsigned)k) & (width - 1);

            if (from + w <= width) {
                return ir_extract(b, x->a, from, w);
            }
        }
        break;
    case IR_AND:
        if (ir_const(b, x->b, &k) && (k & field) == field) {
            return ir_extract(b, x->a, p, w);
        }
        break;
    case IR_OR:
    case IR_XOR:
        if ((ir_known(b, x->b, IR_KNOWN_DEPTH) & field) == 0) {
            return ir_extract(b, x->a, p, w);
        }
        if ((ir_known(b, x->a, IR_KNOWN_DEPTH) & field) == 0) {
            return ir_extract(b, x->b, p, w);
        }
        break;
    case IR_DEPOSIT: {
        uint64_t inner = ir_low_mask(x->aux) << x->imm;

        if ((field & ~inner) == 0) {
            return ir_extract(b, x->b, p - (unsigned)x->imm, w);
        }
        if ((field & inner) == 0) {
            return ir_extract(b, x->a, p, w);
        }
        break;
    }
    case IR_EXTU:
    case IR_EXTS:
        if (p + w <= 32) {
            return ir_extu(b, ir_extract(b, x->a, p, w));
        }
        if (x->op == IR_EXTU) {                /* p < 32, or the field would be known zero */
            return ir_extu(b, ir_extract(b, x->a, p, 32 - p));
        }
        break;
    case IR_CRCMP:
        if (w == 1) {
            return ir_fold_cr_bit(b, x, p);
        }
        break;
    case IR_CLZ:
        if (p == (type == IR_I32 ? 5 : 6)) {
            return ir_fold_zero_test(b, in, x, p);
        }
        break;
    case IR_SELECT:
        if (ir_const(b, x->b, &k) && ir_const(b, x->c, &k)) {
            return ir_select(b, x->a, ir_extract(b, x->b, p, w), ir_extract(b, x->c, p, w));
        }
        break;
    default:
        break;
    }
    if (p + w == width) {
        return ir_shri(b, in->a, p);
    }
    if (p == 0 && !ir_prefers_extract(type, w)) {
        return ir_andi(b, in->a, ir_low_mask(w));
    }
    return IR_NONE;
}

IRRef ir_fold_sextract(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    IRType type = (IRType)in->type;
    unsigned width = ir_bits(type), p = (unsigned)in->imm, w = in->aux;
    uint64_t field = ir_low_mask(w) << p, k;

    g_assert(w > 0 && p + w <= width);
    if (w == width) {
        return in->a;
    }
    if (!(ir_known(b, in->a, IR_KNOWN_DEPTH) >> (p + w - 1) & 1)) {
        return ir_extract(b, in->a, p, w);     /* the sign bit is known to be clear */
    }
    switch (x->op) {
    case IR_SEXTRACT:
        if (p == 0 && w >= x->aux) {
            return in->a;
        }
        if (p + w <= x->aux) {
            return ir_sextract(b, x->a, (unsigned)x->imm + p, w);
        }
        break;
    case IR_EXTRACT:
        if (p + w <= x->aux) {
            return ir_sextract(b, x->a, (unsigned)x->imm + p, w);
        }
        break;
    case IR_EXTS:
        if (p == 0 && w >= 32) {
            return in->a;
        }
        if (p + w <= 32) {
            return ir_exts(b, ir_sextract(b, x->a, p, w));
        }
        break;
    case IR_EXTU:
        if (p == 0 && w == 32) {
            return ir_exts(b, x->a);
        }
        if (p + w <= 32) {
            return ir_exts(b, ir_sextract(b, x->a, p, w));
        }
        break;
    case IR_AND:
        if (ir_const(b, x->b, &k) && (k & field) == field) {
            return ir_sextract(b, x->a, p, w);
        }
        break;
    case IR_SHR:
        if (ir_const(b, x->b, &k) && p + k + w <= width) {
            return ir_sextract(b, x->a, p + (unsigned)k, w);
        }
        break;
    case IR_QLD:
        /* A load that already extends its own sign from at most this width. */
        if (p == 0 && x->aux & MO_SIGN && (8u << (x->aux & MO_SIZE)) <= w) {
            return in->a;
        }
        break;
    default:
        break;
    }
    return p + w == width ? ir_sari(b, in->a, p) : IR_NONE;
}

/* The value whose low `width` bits are ref's, with needless masking taken off. */
static IRRef ir_strip_high(IRBuilder *b, IRRef ref, unsigned width)
{
    const IRInsn *in = ir_insn(b, ref);
    uint64_t mask = ir_low_mask(width), k;

    while ((in->op == IR_AND && ir_const(b, in->b, &k) && (k & mask) == mask) ||
           ((in->op == IR_EXTRACT || in->op == IR_SEXTRACT) && in->imm == 0 && in->aux >= width)) {
        ref = in->a;
        in = ir_insn(b, ref);
    }
    return ref;
}

IRRef ir_fold_deposit(IRBuilder *b, IRInsn *in)
{
    IRType type = (IRType)in->type;
    unsigned width = ir_bits(type), p = (unsigned)in->imm, w = in->aux;
    uint64_t low = ir_low_mask(w), field = low << p, k;

    g_assert(w > 0 && p + w <= width);
    if (w == width) {
        return in->b;
    }
    in->b = ir_strip_high(b, in->b, w);
    if (ir_const(b, in->b, &k)) {
        IRRef rest = ir_op2(b, IR_AND, in->a, ir_k(b, type, ~field));

        return ir_op2(b, IR_OR, rest, ir_k(b, type, (k & low) << p));
    }
    if ((ir_known(b, in->a, IR_KNOWN_DEPTH) & ~field) == 0) {
        return ir_shli(b, ir_extract(b, in->b, 0, w), p);
    }
    if (p == 0 && in->a == in->b) {
        return in->a;
    }
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);

    if (x->op == IR_DEPOSIT && x->imm == in->imm && x->aux <= w) {
        return ir_deposit(b, x->a, in->b, p, w);
    }
    if (y->op == IR_EXTRACT && y->a == in->a && y->imm == p && y->aux == w) {
        return in->a;
    }
    return IR_NONE;
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
    switch (x->op) {
    case IR_ADD:
        return ir_const(b, x->b, &k2) ? ir_setcond(b, cond, x->a, ir_k(b, type, k - k2)) : IR_NONE;
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
