/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding at emission: constants, identities and rewrites into cheaper ops.
 *
 * A rule sees one candidate op whose operands are already folded, and answers with an existing or
 * newly emitted value, or rewrites the candidate in place and lets it be stored.  Rules must lead
 * to an op that is cheaper or canonical (constants second, SUB of a constant as ADD, low-bit AND
 * against EXTRACT by width), never back, so that emission terminates.  Every rule is checked by
 * tests/unit/test-ir-fold.c, which evaluates folded and unfolded forms on random values.
 */
#include "ir-private.h"
#include "tcg/ir-eval.h"
#include "tcg/vec-ops.h"

#define IS(ref, what) (ir_insn(b, ref)->op == (what))

uint64_t ir_known(const IRBuilder *b, IRRef ref, unsigned depth)
{
    const IRInsn *in = ir_insn(b, ref);
    uint64_t all = ir_width_mask((IRType)in->type), k;

    if (depth == 0 && in->op != IR_KI32 && in->op != IR_KI64) {
        return all;
    }
    switch (in->op) {
    case IR_KI32:
    case IR_KI64:
        return (uint64_t)in->imm;
    case IR_GET: {
        uint32_t mask = b->block.target->slots[in->imm].mask;
        return mask ? mask : all;
    }
    case IR_SETCOND:
    case IR_CARRY:
    case IR_OVFADD:
    case IR_OVFMUL:
    case IR_VTESTZ:
        return 1;
    case IR_CRCMP:
    case IR_FCMP:
        return 15;
    case IR_CLZ:
    case IR_CTZ:
    case IR_POPCNT:
        return in->type == IR_I32 ? 63 : 127;
    case IR_VMSK:
        return ir_low_mask(16u >> (in->imm & 7));
    case IR_VEXT:
        return ir_low_mask(8u << (in->imm & 7));
    case IR_AND:
        return ir_known(b, in->a, depth - 1) & ir_known(b, in->b, depth - 1);
    case IR_OR:
    case IR_XOR:
        return ir_known(b, in->a, depth - 1) | ir_known(b, in->b, depth - 1);
    case IR_ANDC:
        return ir_known(b, in->a, depth - 1);
    case IR_SHL:
        return ir_const(b, in->b, &k) ? (ir_known(b, in->a, depth - 1) << (k & 63)) & all : all;
    case IR_SHR:
        return ir_const(b, in->b, &k) ? ir_known(b, in->a, depth - 1) >> (k & 63) : all;
    case IR_EXTRACT:
        return ir_known(b, in->a, depth - 1) >> in->imm & ir_low_mask(in->aux);
    case IR_DEPOSIT: {
        uint64_t field = ir_low_mask(in->aux) << in->imm;
        return (ir_known(b, in->a, depth - 1) & ~field) |
               (ir_known(b, in->b, depth - 1) << in->imm & field);
    }
    case IR_TRUNC:
        return (uint32_t)ir_known(b, in->a, depth - 1);
    case IR_EXTU:
        return ir_known(b, in->a, depth - 1);
    case IR_SELECT:
        return ir_known(b, in->b, depth - 1) | ir_known(b, in->c, depth - 1);
    case IR_QLD:
    case IR_ULD:
        return in->aux & MO_SIGN ? all : ir_low_mask(8u << (in->aux & MO_SIZE)) & all;
    case IR_LDENV:
        return in->aux & IRENV_SIGN ? all : ir_low_mask((in->aux & 31) * 8) & all;
    default:
        return all;
    }
}

/* ---- Arithmetic ---- */

static IRRef ir_fold_add(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);
    IRType type = (IRType)in->type;
    uint64_t k, k2;

    if (ir_const(b, in->b, &k)) {
        if (k == 0) {
            return in->a;
        }
        if (x->op == IR_ADD && ir_const(b, x->b, &k2)) {
            return ir_op2(b, IR_ADD, x->a, ir_k(b, type, k + k2));
        }
        if (x->op == IR_NOT) {           /* ~x + k = (k - 1) - x */
            return k == 1 ? ir_op1(b, IR_NEG, x->a)
                          : ir_op2(b, IR_SUB, ir_k(b, type, k - 1), x->a);
        }
        return IR_NONE;
    }
    if (y->op == IR_NEG) {
        return ir_op2(b, IR_SUB, in->a, y->a);
    }
    if (x->op == IR_NEG) {
        return ir_op2(b, IR_SUB, in->b, x->a);
    }
    if (in->a == in->b) {
        return ir_shli(b, in->a, 1);
    }
    return IR_NONE;
}

static IRRef ir_fold_sub(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);
    IRType type = (IRType)in->type;
    uint64_t k, k2;

    if (in->a == in->b) {
        return ir_k(b, type, 0);
    }
    if (ir_const(b, in->b, &k)) {
        return ir_op2(b, IR_ADD, in->a, ir_k(b, type, -k));
    }
    if (ir_const(b, in->a, &k)) {
        if (k == 0) {
            return ir_op1(b, IR_NEG, in->b);
        }
        if (k == ir_width_mask(type)) {
            return ir_op1(b, IR_NOT, in->b);
        }
        if (y->op == IR_ADD && ir_const(b, y->b, &k2)) {
            return ir_op2(b, IR_SUB, ir_k(b, type, k - k2), y->a);
        }
    }
    if (y->op == IR_NEG) {
        return ir_op2(b, IR_ADD, in->a, y->a);
    }
    if (x->op == IR_ADD && x->a == in->b) {    /* (y + z) - y */
        return x->b;
    }
    if (x->op == IR_ADD && x->b == in->b) {
        return x->a;
    }
    return IR_NONE;
}

static IRRef ir_fold_neg(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);

    if (x->op == IR_NEG) {
        return x->a;
    }
    if (x->op == IR_SUB) {
        return ir_op2(b, IR_SUB, x->b, x->a);
    }
    return IR_NONE;
}

static IRRef ir_fold_mul(IRBuilder *b, IRInsn *in)
{
    uint64_t k;

    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    if (k == 0) {
        return in->b;
    }
    if (k == 1) {
        return in->a;
    }
    if (k == ir_width_mask((IRType)in->type)) {
        return ir_op1(b, IR_NEG, in->a);
    }
    if ((k & (k - 1)) == 0) {
        return ir_shli(b, in->a, (unsigned)__builtin_ctzll(k));
    }
    return IR_NONE;
}

/* MULHS, MULHU, divisions. */
static IRRef ir_fold_high_and_division(IRBuilder *b, IRInsn *in)
{
    IRType type = (IRType)in->type;
    uint64_t k;

    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    bool power = k && (k & (k - 1)) == 0;
    unsigned shift = k ? (unsigned)__builtin_ctzll(k) : 0;
    unsigned width = type == IR_I32 ? 32 : 64;

    if (k == 0) {
        return ir_k(b, type, 0);       /* division is total */
    }
    switch (in->op) {
    case IR_MULHU:
        return k == 1 ? ir_k(b, type, 0) : power ? ir_shri(b, in->a, width - shift) : IR_NONE;
    case IR_MULHS:
        return k == 1 ? ir_sari(b, in->a, width - 1) : IR_NONE;
    case IR_DIVU:
        return power ? ir_shri(b, in->a, shift) : IR_NONE;
    case IR_REMU:
        return power ? ir_andi(b, in->a, k - 1) : IR_NONE;
    case IR_DIVS:
        return k == 1 ? in->a : IR_NONE;
    case IR_REMS:
        return k == 1 ? ir_k(b, type, 0) : IR_NONE;
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_addc(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    uint64_t c;

    if (!ir_const(b, in->c, &c)) {
        return IR_NONE;
    }
    if (c == 0) {
        return ir_op2(b, IR_ADD, in->a, in->b);
    }
    if (x->op == IR_NOT) {
        return ir_op2(b, IR_SUB, in->b, x->a);
    }
    if (IS(in->b, IR_NOT)) {
        return ir_op2(b, IR_SUB, in->a, ir_insn(b, in->b)->a);
    }
    return ir_addi(b, ir_op2(b, IR_ADD, in->a, in->b), 1);
}

static IRRef ir_fold_carry(IRBuilder *b, IRInsn *in)
{
    IRType type = (IRType)in->aux;
    uint64_t all = ir_width_mask(type), c, k;

    if (!ir_const(b, in->c, &c)) {
        return IR_NONE;
    }
    if (ir_const(b, in->b, &k)) {
        if (c == 0) {                          /* x + k wraps when x >= 2^n - k */
            return k == 0 ? ir_k32(b, 0) : ir_setcond(b, IRC_GEU, in->a, ir_k(b, type, -k));
        }
        return k == all ? ir_k32(b, 1) : ir_setcond(b, IRC_GEU, in->a, ir_k(b, type, ~k));
    }
    if (c == 0) {
        return ir_setcond(b, IRC_LTU, ir_op2(b, IR_ADD, in->a, in->b), in->a);
    }
    if (IS(in->a, IR_NOT)) {                   /* y - x does not borrow */
        return ir_setcond(b, IRC_GEU, in->b, ir_insn(b, in->a)->a);
    }
    if (IS(in->b, IR_NOT)) {
        return ir_setcond(b, IRC_GEU, in->a, ir_insn(b, in->b)->a);
    }
    return IR_NONE;
}

static IRRef ir_fold_overflow(IRBuilder *b, IRInsn *in)
{
    uint64_t k, c;

    if (!ir_const(b, in->b, &k)) {
        return IR_NONE;
    }
    if (in->op == IR_OVFMUL) {
        return k <= 1 ? ir_k32(b, 0) : IR_NONE;
    }
    return k == 0 && ir_const(b, in->c, &c) && c == 0 ? ir_k32(b, 0) : IR_NONE;
}

static IRRef ir_fold_not(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    uint64_t k;

    if (x->op == IR_NOT) {
        return x->a;
    }
    if (x->op == IR_NEG) {
        return ir_addi(b, x->a, -1);
    }
    if (x->op == IR_XOR && ir_const(b, x->b, &k)) {
        return ir_op2(b, IR_XOR, x->a, ir_k(b, (IRType)in->type, ~k));
    }
    return IR_NONE;
}

/* ---- Conversions ---- */

static IRRef ir_fold_trunc(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    uint64_t k;

    switch (x->op) {
    case IR_EXTU:
    case IR_EXTS:
        return x->a;
    case IR_EXTRACT:
    case IR_SEXTRACT:
        return x->imm == 0 && x->aux >= 32 ? ir_trunc(b, x->a) : IR_NONE;
    case IR_AND:
        return ir_const(b, x->b, &k) && (uint32_t)k == UINT32_MAX ? ir_trunc(b, x->a) : IR_NONE;
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_extu(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    const IRInsn *y = x->a ? ir_insn(b, x->a) : NULL;
    uint64_t k;

    if (x->op == IR_TRUNC) {
        return ir_extract(b, x->a, 0, 32);
    }
    if (y && x->op == IR_AND && y->op == IR_SHL && IS(y->a, IR_TRUNC) && ir_const(b, x->b, &k) &&
        IS(y->b, IR_KI32)) {                   /* the mask cuts what 64 bits would keep */
        IRRef wide = ir_op2(b, IR_SHL, ir_insn(b, y->a)->a, y->b);

        return ir_andi(b, wide, k);
    }
    if (!y || y->op != IR_TRUNC) {
        return IR_NONE;
    }
    switch (x->op) {                           /* do the 32-bit op on the 64-bit value */
    case IR_EXTRACT:
        return ir_extract(b, y->a, (unsigned)x->imm, x->aux);
    case IR_SHR:
        return ir_const(b, x->b, &k) ? ir_extract(b, y->a, (unsigned)k, 32 - (unsigned)k) : IR_NONE;
    case IR_AND:
        return ir_const(b, x->b, &k) ? ir_andi(b, y->a, k) : IR_NONE;
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_exts(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);

    if (x->op == IR_TRUNC) {
        return ir_sextract(b, x->a, 0, 32);
    }
    if (!(ir_known(b, in->a, IR_KNOWN_DEPTH) >> 31)) {
        return ir_extu(b, in->a);
    }
    return IR_NONE;
}

/* ---- Moves between the register worlds ---- */

static IRRef ir_fold_fp_sign(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    bool x_abs = x->op == IR_FABS, x_nabs = x->op == IR_FNABS, x_neg = x->op == IR_FNEG;

    if (in->op == IR_FNEG) {
        return x_neg ? x->a : x_abs ? ir_op1(b, IR_FNABS, x->a)
                            : x_nabs ? ir_op1(b, IR_FABS, x->a) : IR_NONE;
    }
    return x_neg || x_abs || x_nabs ? ir_op1(b, in->op, x->a) : IR_NONE;
}

/* Value of a v128's half as f64, when it is known without taking the vector apart. */
static IRRef ir_fold_half(IRBuilder *b, IRRef vector, bool high)
{
    const IRInsn *x = ir_insn(b, vector);

    switch (x->op) {
    case IR_MKHI:
        return high ? x->a : ir_op1(b, IR_MOVQ_IF, ir_k64(b, 0));
    case IR_MKV:
        return ir_op1(b, IR_MOVQ_IF, high ? x->a : x->b);
    case IR_KV128: {
        const V128 *v = &g_array_index(b->block.v128_pool, V128, x->imm);
        return ir_op1(b, IR_MOVQ_IF, ir_k64(b, v->d[high]));
    }
    case IR_VDUP:
        return x->imm == 3 ? ir_op1(b, IR_MOVQ_IF, x->a) : IR_NONE;
    case IR_VINS:
        return x->imm != 3 ? IR_NONE
               : x->aux == (uint32_t)high ? ir_op1(b, IR_MOVQ_IF, x->b)
                                          : ir_op1(b, high ? IR_VHI : IR_VLO, x->a);
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_movq_fi(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);

    switch (x->op) {
    case IR_MOVQ_IF:
        return x->a;
    case IR_VLO:
        return ir_op1i(b, IR_VEXT, x->a, 3, 0);
    case IR_VHI:
        return ir_op1i(b, IR_VEXT, x->a, 3, 1);
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_movq_if(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);

    if (x->op == IR_VEXT && x->imm == 3) {
        return ir_op1(b, x->aux ? IR_VHI : IR_VLO, x->a);
    }
    return x->op == IR_MOVQ_FI ? x->a : IR_NONE;
}

static IRRef ir_fold_vext(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a);
    unsigned bits = 8u << in->imm, bit = in->aux * bits;

    switch (x->op) {
    case IR_MKV: {
        IRRef half = bit >= 64 ? x->a : x->b;
        return in->imm == 3 ? half : ir_extract(b, half, bit % 64, bits);
    }
    case IR_MKHI: {
        IRRef half = bit >= 64 ? ir_op1(b, IR_MOVQ_FI, x->a) : ir_k64(b, 0);
        return in->imm == 3 ? half : ir_extract(b, half, bit % 64, bits);
    }
    case IR_VDUP:
        return x->imm != in->imm ? IR_NONE
               : in->imm == 3    ? x->a : ir_extract(b, x->a, 0, bits);
    case IR_VINS:
        if (x->imm != in->imm) {
            return IR_NONE;
        }
        if (x->aux != in->aux) {
            return ir_op1i(b, IR_VEXT, x->a, in->imm, in->aux);
        }
        return in->imm == 3 ? x->b : ir_extract(b, x->b, 0, bits);
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_mkv(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);

    if (x->op == IR_VEXT && y->op == IR_VEXT && x->imm == 3 && y->imm == 3 && x->aux == 1 &&
        y->aux == 0 && x->a == y->a) {
        return x->a;
    }
    if (in->a == in->b && !IS(in->a, IR_KI64)) {
        return ir_op1i(b, IR_VDUP, in->a, 3, 0);
    }
    return IR_NONE;
}

/* ---- Vectors ---- */

static bool ir_vconst(const IRBuilder *b, IRRef ref, V128 *out)
{
    const IRInsn *in = ir_insn(b, ref);

    *out = (V128){ 0 };
    switch (in->op) {
    case IR_KV128:
        *out = g_array_index(b->block.v128_pool, V128, in->imm);
        return true;
    case IR_KI32:
    case IR_KI64:
        out->d[0] = (uint64_t)in->imm;
        return true;
    case IR_MOVQ_IF:
        out->d[0] = (uint64_t)ir_insn(b, in->a)->imm;
        return IS(in->a, IR_KI64);
    default:
        return false;
    }
}

/* Any vector op on constants, through the portable functions. */
static IRRef ir_fold_vector_const(IRBuilder *b, const IRInsn *in)
{
    V128 a = { 0 }, b2 = { 0 }, c = { 0 }, d = { 0 };

    if (!ir_vec_fn[in->op] || !in->a || !ir_vconst(b, in->a, &a) ||
        (in->b && !ir_vconst(b, in->b, &b2)) || (in->c && !ir_vconst(b, in->c, &c))) {
        return IR_NONE;
    }
    ir_vec_fn[in->op](&d, &a, &b2, &c, (uint32_t)in->imm, in->aux);
    switch (in->type) {
    case IR_V128:
        return ir_kv128(b, d.d[1], d.d[0]);
    case IR_F64:
        return ir_op1(b, IR_MOVQ_IF, ir_k64(b, d.d[0]));
    default:
        return ir_k(b, (IRType)in->type, d.d[0]);
    }
}

static IRRef ir_fold_vlogic(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = ir_insn(b, in->a), *y = ir_insn(b, in->b);
    bool kb = y->op == IR_KV128, zero = false, ones = false;
    V128 k;

    if (kb && ir_vconst(b, in->b, &k)) {
        zero = (k.d[0] | k.d[1]) == 0;
        ones = (k.d[0] & k.d[1]) == UINT64_MAX;
    }
    switch (in->op) {
    case IR_VAND:
        if (in->a == in->b || ones) {
            return in->a;
        }
        if (zero) {
            return in->b;
        }
        return y->op == IR_VNOT   ? ir_op2(b, IR_VANDC, in->a, y->a)
               : x->op == IR_VNOT ? ir_op2(b, IR_VANDC, in->b, x->a) : IR_NONE;
    case IR_VOR:
        return in->a == in->b || zero ? in->a : ones ? in->b : IR_NONE;
    case IR_VXOR:
        if (in->a == in->b) {
            return ir_kv128(b, 0, 0);
        }
        return zero ? in->a : ones ? ir_op1(b, IR_VNOT, in->a) : IR_NONE;
    case IR_VANDC:
        if (in->a == in->b || ones) {
            return ir_kv128(b, 0, 0);
        }
        if (y->op == IR_VNOT) {
            return ir_op2(b, IR_VAND, in->a, y->a);
        }
        if (x->op == IR_KV128 && ir_vconst(b, in->a, &k) && (k.d[0] & k.d[1]) == UINT64_MAX) {
            return ir_op1(b, IR_VNOT, in->b);
        }
        return zero ? in->a : IR_NONE;
    default:
        return IR_NONE;
    }
}

static IRRef ir_fold_vector(IRBuilder *b, IRInsn *in)
{
    const IRInsn *x = in->a ? ir_insn(b, in->a) : NULL;

    switch (in->op) {
    case IR_VAND:
    case IR_VOR:
    case IR_VXOR:
    case IR_VANDC:
        return ir_fold_vlogic(b, in);
    case IR_VNOT:
        return x->op == IR_VNOT ? x->a : IR_NONE;
    case IR_VSEL:
        return in->b == in->c ? in->b : IR_NONE;
    case IR_VSHLI:
    case IR_VSHRI:
    case IR_VSARI:
        return in->aux == 0 ? in->a : IR_NONE;
    case IR_VALIGN:
        return in->aux == 0 ? in->b : in->aux == 16 ? in->a : IR_NONE;
    case IR_VREVB:
        return in->imm == 0 ? in->a : x->op == IR_VREVB && x->imm == in->imm ? x->a : IR_NONE;
    case IR_VSUB:
        return in->a == in->b ? ir_kv128(b, 0, 0) : IR_NONE;
    case IR_VCMPEQ:
        return in->a == in->b ? ir_kv128(b, UINT64_MAX, UINT64_MAX) : IR_NONE;
    default:
        return IR_NONE;
    }
}

/* ---- Dispatch ---- */

static bool ir_swappable(const IRInsn *in)
{
    if (in->op == IR_VPMULL) {                /* aux says which lane of which operand */
        return (in->aux & 1) == (in->aux >> 4 & 1);
    }
    return ir_op_info[in->op].flags & IRF_COMM || in->op == IR_CARRY || in->op == IR_OVFADD ||
           in->op == IR_ADDC || in->op == IR_OVFMUL;
}

static bool ir_any_const(const IRBuilder *b, IRRef ref)
{
    uint8_t op = ir_insn(b, ref)->op;

    return op >= IR_KI32 && op <= IR_KV128;
}

static IRRef ir_fold_const(IRBuilder *b, const IRInsn *in)
{
    uint64_t a = 0, b2 = 0, c = 0, out;

    if (!in->a || !ir_const(b, in->a, &a) || (in->b && !ir_const(b, in->b, &b2)) ||
        (in->c && !ir_const(b, in->c, &c))) {
        return IR_NONE;
    }
    if (!ir_eval_int((IROpcode)in->op, (IRType)in->type, a, b2, c, in->imm, in->aux, &out)) {
        return IR_NONE;
    }
    return ir_k(b, (IRType)in->type, out);
}

IRRef ir_fold(IRBuilder *b, IRInsn *in)
{
    const IROpInfo *info = &ir_op_info[in->op];
    IRRef r;

    if (in->b && ir_swappable(in)) {
        bool ka = ir_any_const(b, in->a), kb = ir_any_const(b, in->b);

        if ((ka && !kb) || (ka == kb && in->a > in->b)) {
            IRRef t = in->a;

            in->a = in->b;
            in->b = t;
        }
    }
    if ((r = ir_fold_const(b, in)) != IR_NONE) {
        return r;
    }
    if (info->a == IR_V128 || info->result == IR_V128) {
        if ((r = ir_fold_vector_const(b, in)) != IR_NONE) {
            return r;
        }
    }
    switch (in->op) {
    case IR_ADD: return ir_fold_add(b, in);
    case IR_SUB: return ir_fold_sub(b, in);
    case IR_NEG: return ir_fold_neg(b, in);
    case IR_NOT: return ir_fold_not(b, in);
    case IR_MUL: return ir_fold_mul(b, in);
    case IR_MULHS:
    case IR_MULHU:
    case IR_DIVS:
    case IR_DIVU:
    case IR_REMS:
    case IR_REMU: return ir_fold_high_and_division(b, in);
    case IR_AND: return ir_fold_and(b, in);
    case IR_OR: return ir_fold_or(b, in);
    case IR_XOR: return ir_fold_xor(b, in);
    case IR_ANDC: return ir_fold_andc(b, in);
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROTL: return ir_fold_shift(b, in);
    case IR_BSWAP: return IS(in->a, IR_BSWAP) ? ir_insn(b, in->a)->a : IR_NONE;
    case IR_EXTRACT: return ir_fold_extract(b, in);
    case IR_SEXTRACT: return ir_fold_sextract(b, in);
    case IR_DEPOSIT: return ir_fold_deposit(b, in);
    case IR_ADDC: return ir_fold_addc(b, in);
    case IR_CARRY: return ir_fold_carry(b, in);
    case IR_OVFADD:
    case IR_OVFMUL: return ir_fold_overflow(b, in);
    case IR_TRUNC: return ir_fold_trunc(b, in);
    case IR_EXTU: return ir_fold_extu(b, in);
    case IR_EXTS: return ir_fold_exts(b, in);
    case IR_SETCOND: return ir_fold_setcond(b, in);
    case IR_SELECT: return ir_fold_select(b, in);
    case IR_CRCMP: return ir_fold_crcmp(b, in);
    case IR_MOVQ_IF: return ir_fold_movq_if(b, in);
    case IR_MOVQ_FI: return ir_fold_movq_fi(b, in);
    case IR_FNEG:
    case IR_FABS:
    case IR_FNABS: return ir_fold_fp_sign(b, in);
    case IR_FCPSGN: return in->a == in->b ? in->a : IR_NONE;
    case IR_D2S: return IS(in->a, IR_S2D) ? ir_insn(b, in->a)->a : IR_NONE;
    case IR_VHI: return ir_fold_half(b, in->a, true);
    case IR_VLO: return ir_fold_half(b, in->a, false);
    case IR_VEXT: return ir_fold_vext(b, in);
    case IR_MKV: return ir_fold_mkv(b, in);
    default:
        return info->a == IR_V128 ? ir_fold_vector(b, in) : IR_NONE;
    }
}
