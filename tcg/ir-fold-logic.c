/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding of bit operations and fields: the shapes PowerPC's rotate-and-mask instructions come in.
 * See ir-fold.c for the rules of the game.
 */
#include "ir-private.h"

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
