/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scalar floating point: the host FPU behind an exactness guard.
 *
 * The operation runs on the host in the guest's rounding mode; if the result's exponent lies well
 * inside the normal range the result is what the Power ISA wants and the host's sticky inexact flag
 * is its XX.  Otherwise the target's exact fallback runs, out of line.
 *  - double: biased exponent 2..2045 (not zero, denormal, the smallest normal, the largest,
 * infinite, NaN: tininess is detected before rounding there and after it here);
 *  - single (IRFP_SINGLE): computed in double, exponent 898..1148, then rounded again; the second
 *    rounding can only go wrong when the double lies exactly between two singles: then, if the
 * operands are singles (sums of singles lie there often, and exactly), the single-precision
 * instruction decides;
 *  - an exact zero is accepted where it provably is one: any zero sum, a product with a zero
 * factor, a zero dividend. Everything the fallback needs (the operands) is still in registers when
 * the guard fails, which is why a result register is never an operand's.
 */
#include "x86-backend.h"

enum { F_A, F_B, F_C, F_DST, F_T, F_X, F_Y };
#define SIGN_BIT UINT64_C(0x8000000000000000)

/* ---- The fallback ---- */

static void push_operand(X86Comp *c, int reg, int t)
{
    if (reg < 0) {
        x86_push_i(&c->as, 0);
    } else if (reg < XMM0) {
        x86_push(&c->as, reg);
    } else {
        x86_movq_rx(c, t, reg);
        x86_push(&c->as, t);
    }
}

static void call_fallback(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    int dst = stub->r[F_DST], t = stub->r[F_T];

    push_operand(c, stub->r[F_C], t);
    push_operand(c, stub->r[F_B], t);
    push_operand(c, stub->r[F_A], t);
    x86_push_i(&c->as, (int32_t)in->imm);
    x86_push_i(&c->as, in->op);
    x86_call_thunk(c, X86_THUNK_FP, stub);
    x86_rm(&c->as, X_LEA | X86_W, RSP, X86_MEM(RSP, 16));
    if (dst < XMM0) {
        x86_pop(&c->as, dst);
    } else {
        x86_pop(&c->as, t);
        x86_movq_xr(c, dst, t);
    }
    x86_rm(&c->as, X_LEA | X86_W, RSP, X86_MEM(RSP, 16));
    x86_jmp_to(&c->as, stub->back);
}

/* Jump to be patched if the double in reg is not +-0; t is destroyed. */
static uint32_t jump_if_not_zero(X86Comp *c, int reg, int t)
{
    x86_movq_rx(c, t, reg);
    x86_alu_rr(&c->as, X86_W, X_ADD, t, t);
    return x86_jcc(&c->as, CC_NE);
}

/* A zero result that is exact goes back to where the guard would have let it pass. */
static void stub_guard(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    int t = stub->r[F_T];
    uint32_t no[3];
    unsigned n = 0;

    if (stub->retry) {
        switch (in->op) {
        case IR_FADD:
        case IR_FSUB:
            no[n++] = jump_if_not_zero(c, stub->r[F_DST], t);
            x86_jmp_to(&c->as, stub->retry);
            break;
        case IR_FDIV:
        case IR_FSQRT:
        case IR_FRSP:
            if (in->op == IR_FDIV) {
                no[n++] = jump_if_not_zero(c, stub->r[F_DST], t);
            }
            no[n++] = jump_if_not_zero(c, stub->r[F_A], t);
            x86_jmp_to(&c->as, stub->retry);
            break;
        default:
            no[n++] = jump_if_not_zero(c, stub->r[F_DST], t);
            x86_movq_rx(c, t, stub->r[F_A]);
            x86_alu_rr(&c->as, X86_W, X_ADD, t, t);
            x86_jcc_to(&c->as, CC_E, stub->retry);
            x86_movq_rx(c, t, stub->r[F_B]);
            x86_alu_rr(&c->as, X86_W, X_ADD, t, t);
            x86_jcc_to(&c->as, CC_E, stub->retry);
            break;
        }
        while (n > 0) {
            x86_patch_here(&c->as, no[--n]);
        }
    }
    call_fallback(c, stub);
}

static void stub_fallback(X86Comp *c, X86Stub *stub)
{
    call_fallback(c, stub);
}

/* ---- Guards ---- */

/* The double in d, of any exponent, must not lie halfway between two singles. */
static void guard_tie(X86Comp *c, int d, int t, X86Stub *stub)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_MOVD_RX, X(d), 0, t);
    } else {
        x86_rr(&c->as, X_MOVD_RX, X(d), t);
    }
    x86_shift_ri(&c->as, 0, X_SHL, t, 3);
    x86_alu_ri(&c->as, 0, X_CMP, t, INT32_MIN);
    x86_stub_from(stub, x86_jcc(&c->as, CC_E));
}

/* Jumps, to be patched, unless x is a normal single. */
static unsigned jump_if_not_single(X86Comp *c, int x, int t, uint32_t *no)
{
    x86_movq_rx(c, t, x);
    x86_shift_ri(&c->as, 0, X_SHL, t, 3);
    no[0] = x86_jcc(&c->as, CC_NE);
    x86_pextrw(c, t, x, 3);
    x86_alu_ri(&c->as, 0, X_AND, t, 0x7ff0);
    x86_alu_ri(&c->as, 0, X_SUB, t, 897 << 4);
    x86_alu_ri(&c->as, 0, X_CMP, t, 253 << 4);
    no[1] = x86_jcc(&c->as, CC_A);
    return 2;
}

/* Three-operand scalar conversion whose upper half does not matter. */
static void cvt(X86Comp *c, X86Op op, int dst, int src)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, op, X(dst), X(src), X(src));
    } else {
        x86_rr(&c->as, op, X(dst), X(src));
    }
}

/* The double was a tie: the result is inexact in any case, so that conversions here cannot spoil
 * XX. */
static void stub_tie(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    int dst = stub->r[F_DST], tx = stub->r[F_X], ty = stub->r[F_Y], t = stub->r[F_T];
    uint32_t no[6];
    unsigned n = 0;
    X86Op op = 0;

    switch (in->op) {
    case IR_FADD: op = X_ADDSD; break;
    case IR_FSUB: op = X_SUBSD; break;
    case IR_FMUL: op = X_MULSD; break;
    case IR_FDIV: op = X_DIVSD; break;
    default: break;
    }
    for (int k = F_A; k <= F_C; k++) {
        if (stub->r[k] >= 0) {
            n += jump_if_not_single(c, stub->r[k], t, no + n);
        }
    }
    cvt(c, X_CVTSD2SS, dst, stub->r[F_A]);
    if (in->op == IR_FSQRT) {
        cvt(c, (X_SQRTSD & ~X86_F2) | X86_F3, dst, dst);
    } else if (in->op == IR_FMADD) {
        cvt(c, X_CVTSD2SS, tx, stub->r[F_B]);
        cvt(c, X_CVTSD2SS, ty, stub->r[F_C]);
        x86_vrr(&c->as, (in->imm & IRFP_SUBTRACT ? X_VFMSUB213SD : X_VFMADD213SD) & ~X86_W, X(dst),
                X(tx), X(ty));
    } else {
        cvt(c, X_CVTSD2SS, tx, stub->r[F_B]);
        x86_v3(c, (op & ~X86_F2) | X86_F3, dst, dst, tx);
    }
    cvt(c, X_CVTSS2SD, dst, dst);
    x86_jmp_to(&c->as, stub->retry);
    while (n > 0) {
        x86_patch_here(&c->as, no[--n]);
    }
    call_fallback(c, stub);
}

static void guard_double(X86Comp *c, int d, int t, X86Stub *stub)
{
    /* Sign, exponent, four bits of fraction; exponents 2046, 2047, 0, 1 plus 2 are 0..3 mod 2048.
     */
    x86_pextrw(c, t, d, 3);
    x86_alu_ri(&c->as, 0, X_ADD, t, 0x20);
    x86_test_ri(&c->as, 0, t, 0x7fc0);
    x86_stub_from(stub, x86_jcc(&c->as, CC_E));
}

static void guard_single(X86Comp *c, int d, int t, X86Stub *stub)
{
    x86_pextrw(c, t, d, 3);
    x86_alu_ri(&c->as, 0, X_AND, t, 0x7ff0);
    x86_alu_ri(&c->as, 0, X_SUB, t, 898 << 4);
    x86_alu_ri(&c->as, 0, X_CMP, t, 250 << 4);
    x86_stub_from(stub, x86_jcc(&c->as, CC_A));
}

static void round_single(X86Comp *c, int dst, int src)
{
    cvt(c, X_CVTSD2SS, dst, src);
    cvt(c, X_CVTSS2SD, dst, dst);
}

static void guard_and_finish(X86Comp *c, const IRInsn *in, int dst, int t, X86Stub *stub)
{
    X86Stub *tie = NULL;

    if (in->imm & IRFP_SINGLE) {
        tie = x86_stub(c, stub_tie);
        guard_single(c, dst, t, stub);
        guard_tie(c, dst, t, tie);
        round_single(c, dst, dst);
    } else {
        guard_double(c, dst, t, stub);
    }
    stub->retry = x86_here(&c->as);
    if (in->imm & IRFP_NEG) {
        x86_v3m(c, X_XORPS, dst, dst, x86_pool(c, SIGN_BIT, SIGN_BIT));
    }
    stub->back = x86_here(&c->as);
    if (tie) {
        for (unsigned i = 0; i < G_N_ELEMENTS(stub->r); i++) {
            tie->r[i] = stub->r[i];
        }
        tie->xmm_live = true;
        tie->retry = stub->retry;
        tie->back = stub->back;
    }
}

/* XMM registers that a tie of a single operation needs. */
static void tie_temps(X86Comp *c, const IRInsn *in, int *tx, int *ty)
{
    *tx = *ty = -1;
    if (in->imm & IRFP_SINGLE) {
        *tx = x86_temp(c, XMM_ALL);
        if (in->op == IR_FMADD) {
            *ty = x86_temp(c, XMM_ALL);
        }
    }
}

static X86Stub *fp_stub(X86Comp *c, void (*emit)(X86Comp *, X86Stub *), int a, int b, int c_reg,
                        int dst, int t)
{
    X86Stub *stub = x86_stub(c, emit);

    stub->xmm_live = true;
    stub->r[F_A] = a;
    stub->r[F_B] = b;
    stub->r[F_C] = c_reg;
    stub->r[F_DST] = dst;
    stub->r[F_T] = t;
    return stub;
}

/* ---- Arithmetic ---- */

static void emit_arith(X86Comp *c, const IRInsn *in, X86Op op)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, GPR_ALL), tx, ty;

    tie_temps(c, in, &tx, &ty);
    int dst = x86_def(c, XMM_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_guard, ra, rb, -1, dst, t);

    stub->r[F_X] = tx;
    x86_v3(c, op, dst, ra, rb);
    guard_and_finish(c, in, dst, t, stub);
}

static void emit_sqrt(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL);
    int t = x86_temp(c, GPR_ALL);
    int dst = x86_def(c, XMM_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_guard, ra, -1, -1, dst, t);

    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_SQRTSD, X(dst), X(ra), X(ra));
    } else {
        x86_rr(&c->as, X_SQRTSD, X(dst), X(ra));
    }
    guard_and_finish(c, in, dst, t, stub);
}

static void emit_fmadd(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int rc = x86_use(c, in->c, XMM_ALL);
    int t = x86_temp(c, GPR_ALL), tx, ty;

    tie_temps(c, in, &tx, &ty);
    int dst = x86_def(c, XMM_ALL, -1);

    if (!x86_has(c, X86_F_FMA)) {
        X86Stub *stub = fp_stub(c, stub_fallback, ra, rb, rc, dst, t);

        x86_stub_from(stub, x86_jmp(&c->as));
        stub->back = x86_here(&c->as);
        return;
    }
    X86Stub *stub = fp_stub(c, stub_guard, ra, rb, rc, dst, t);

    stub->r[F_X] = tx;
    stub->r[F_Y] = ty;
    x86_v2(c, X_MOVAPS, dst, ra);
    x86_vrr(&c->as, in->imm & IRFP_SUBTRACT ? X_VFMSUB213SD : X_VFMADD213SD, X(dst), X(rb), X(rc));
    guard_and_finish(c, in, dst, t, stub);
}

static void emit_frsp(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL);
    int t = x86_temp(c, GPR_ALL);
    int dst = x86_def(c, XMM_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_guard, ra, -1, -1, dst, t);

    /* dst also holds the result when the stub accepts a zero. */
    x86_v2(c, X_MOVAPS, dst, ra);
    guard_single(c, ra, t, stub);
    round_single(c, dst, ra);
    stub->retry = x86_here(&c->as);
    if (in->imm & IRFP_NEG) {
        x86_v3m(c, X_XORPS, dst, dst, x86_pool(c, SIGN_BIT, SIGN_BIT));
    }
    stub->back = x86_here(&c->as);
}

/* ---- Integers ---- */

static void cvtsi2sd(X86Comp *c, int dst, int src)
{
    x86_vzero(c, dst);
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_CVTSI2SD | X86_W, X(dst), X(dst), src);
    } else {
        x86_rr(&c->as, X_CVTSI2SD | X86_W, X(dst), src);
    }
}

/* An unsigned number past INT64_MAX: halve it, keeping the lost bit sticky, and double the result.
 */
static void stub_big_unsigned(X86Comp *c, X86Stub *stub)
{
    int a = stub->r[F_A], t = stub->r[F_T], dst = stub->r[F_DST];
    int t2 = stub->r[F_B];

    x86_mov_rr(&c->as, X86_W, t, a);
    x86_mov_rr(&c->as, 0, t2, a);
    x86_shift_ri(&c->as, X86_W, X_SHR, t, 1);
    x86_alu_ri(&c->as, 0, X_AND, t2, 1);
    x86_alu_rr(&c->as, X86_W, X_OR, t, t2);
    cvtsi2sd(c, dst, t);
    x86_v3(c, X_ADDSD, dst, dst, dst);
    x86_jmp_to(&c->as, stub->back);
}

/* A tie rounds right after all if the integer had no more than a double's bits. */
static void stub_tie_integer(X86Comp *c, X86Stub *stub)
{
    int t = stub->r[F_T], dst = stub->r[F_DST];

    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_CVTTSD2SI | X86_W, t, 0, X(dst));
    } else {
        x86_rr(&c->as, X_CVTTSD2SI | X86_W, t, X(dst));
    }
    x86_alu_rr(&c->as, X86_W, X_CMP, t, stub->r[F_A]);
    x86_jcc_to(&c->as, CC_E, stub->retry);
    call_fallback(c, stub);
}

static void emit_fcfid(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, GPR_ALL);
    int t = x86_temp(c, GPR_ALL), t2 = -1;
    bool uns = in->imm & IRFP_UNSIGNED;
    bool native = uns && x86_has(c, X86_F_AVX512);

    if (uns && !native) {
        t2 = x86_temp(c, GPR_ALL);
    }
    int dst = x86_def(c, XMM_ALL, -1);

    if (native) {
        x86_vzero(c, dst);
        x86_err(&c->as, X_VCVTUSI2SD | X86_W, X(dst), X(dst), ra);
    } else if (uns) {
        X86Stub *big = fp_stub(c, stub_big_unsigned, ra, t2, -1, dst, t);

        x86_rr(&c->as, X_TEST | X86_W, ra, ra);
        x86_stub_from(big, x86_jcc(&c->as, CC_S));
        cvtsi2sd(c, dst, ra);
        big->back = x86_here(&c->as);
    } else {
        cvtsi2sd(c, dst, ra);
    }
    if (in->imm & IRFP_SINGLE) {
        X86Stub *stub = fp_stub(c, stub_tie_integer, ra, -1, -1, dst, t);

        guard_tie(c, dst, t, stub);
        stub->retry = x86_here(&c->as);
        round_single(c, dst, dst);
        stub->back = x86_here(&c->as);
    }
}

/* The host's conversions set inexact only when in range, so the range is checked beforehand or the
 * host's own range is the right one. */
static void emit_fcti(X86Comp *c, const IRInsn *in)
{
    bool uns = in->imm & IRFP_UNSIGNED, w32 = in->imm & IRFP_W32;
    X86Op op = in->imm & IRFP_TRUNC ? X_CVTTSD2SI : X_CVTSD2SI;
    X86Op w = w32 && !uns ? 0 : X86_W;
    int ra = x86_use(c, in->a, XMM_ALL);
    int t = x86_temp(c, GPR_ALL);
    int tx = uns ? x86_temp(c, XMM_ALL) : -1;
    int dst = x86_def(c, GPR_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_fallback, ra, -1, -1, dst, t);

    if (uns) {
        /* 0 <= a < 2^63, or < 2^32 - 1, which also rounds to a number in range. */
        x86_vzero(c, tx);
        x86_v2(c, X_UCOMISD, ra, tx);
        x86_stub_from(stub, x86_jcc(&c->as, CC_B));
        x86_v2m(c, X_MOVQ_LD, tx, x86_pool(c, 0, w32 ? UINT64_C(0x41efffffffe00000)
                                                     : UINT64_C(0x43e0000000000000)));
        x86_v2(c, X_UCOMISD, tx, ra);
        x86_stub_from(stub, x86_jcc(&c->as, CC_BE));
    }
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, op | w, dst, 0, X(ra));
    } else {
        x86_rr(&c->as, op | w, dst, X(ra));
    }
    if (!uns) {
        /* The indefinite integer is the only number that overflows when 1 is taken from it. */
        x86_alu_ri(&c->as, w, X_CMP, dst, 1);
        x86_stub_from(stub, x86_jcc(&c->as, CC_O));
        if (w32) {
            x86_rr(&c->as, X_MOVSXD | X86_W, dst, dst);
        }
    }
    stub->back = x86_here(&c->as);
}

/* ---- Compare, round ---- */

static void emit_fcmp(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, GPR_ALL);
    int dst = x86_def(c, GPR_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_fallback, ra, rb, -1, dst, t);

    x86_v2(c, X_UCOMISD, ra, rb);
    x86_stub_from(stub, x86_jcc(&c->as, CC_P));
    if (c->vals[c->cur].last_use) {
        x86_crcmp_bits(&c->as, true, dst, t);
    }
    stub->back = x86_here(&c->as);
}

static void roundsd(X86Comp *c, int dst, int src, unsigned mode)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr_i8(&c->as, X_ROUNDSD, X(dst), X(src), X(src), mode | 8);
    } else {
        x86_rr_i8(&c->as, X_ROUNDSD, X(dst), X(src), mode | 8);
    }
}

/* The host quiets signalling NaNs and keeps payloads, as the Power ISA does. */
static void emit_fround(X86Comp *c, const IRInsn *in)
{
    static const uint8_t modes[] = {
        [IRROUND_NEAREST_EVEN] = 0, [IRROUND_DOWN] = 1, [IRROUND_UP] = 2, [IRROUND_ZERO] = 3,
    };
    int ra = x86_use(c, in->a, XMM_ALL);

    if (in->imm != IRROUND_NEAREST_AWAY) {
        x86_release(c);
        roundsd(c, x86_def(c, XMM_ALL, -1), ra, modes[in->imm]);
        return;
    }
    /* Truncate; the exact remainder tells whether to step away from zero.  Nothing here is inexact.
     */
    int d = x86_temp(c, XMM_ALL), s = x86_temp(c, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    roundsd(c, dst, ra, 3);
    x86_v3(c, X_SUBSD, d, ra, dst);
    x86_v3m(c, X_ANDPS, d, d, x86_pool(c, ~SIGN_BIT, ~SIGN_BIT));
    x86_v2m(c, X_MOVQ_LD, s, x86_pool(c, 0, UINT64_C(0x3fe0000000000000)));
    /* s = 0.5 <= d: all ones (CMPSD is CMPPS with the scalar prefix). */
    x86_v3_i8(c, 0xc2 | X86_0F | X86_F2, s, s, d, 2);
    x86_v3m(c, X_ANDPS, d, ra, x86_pool(c, SIGN_BIT, SIGN_BIT));
    x86_v3m(c, X_ANDPS, s, s, x86_pool(c, 0, UINT64_C(0x3ff0000000000000)));
    x86_v3(c, X_ORPS, s, s, d);
    x86_v3(c, X_ADDSD, dst, dst, s);
    x86_v3(c, X_ORPS, dst, dst, d);
}

/* ---- Single precision in memory format ---- */

/* A NaN: shift the fraction up, all exponent bits on, sign back on top. */
static void stub_s2d_nan(X86Comp *c, X86Stub *stub)
{
    int a = stub->r[F_A], t = stub->r[F_T], t2 = stub->r[F_B];

    x86_mov_rr(&c->as, 0, t, a);
    x86_mov_ri(&c->as, t2, UINT64_C(0x7000000000000000));
    x86_shift_ri(&c->as, X86_W, X_SHL, t, 29);
    x86_alu_rr(&c->as, X86_W, X_OR, t, t2);
    x86_mov_rr(&c->as, 0, t2, a);
    x86_shift_ri(&c->as, 0, X_SHR, t2, 31);
    x86_shift_ri(&c->as, X86_W, X_SHL, t2, 63);
    x86_alu_rr(&c->as, X86_W, X_OR, t, t2);
    x86_movq_xr(c, stub->r[F_DST], t);
    x86_jmp_to(&c->as, stub->back);
}

static uint64_t c_s2d(uint32_t word)
{
    uint32_t exponent = word >> 23 & 0xff, fraction = word & 0x7fffff;
    uint64_t sign = (uint64_t)(word >> 31) << 63;

    if (exponent == 0 && fraction != 0) {
        unsigned top = 31 - (unsigned)__builtin_clz(fraction);

        return sign | (uint64_t)(top + 1023 - 149) << 52 |
               ((uint64_t)fraction << (52 - top) & ((UINT64_C(1) << 52) - 1));
    }
    if (exponent == 0) {
        return sign;
    }
    return sign | (uint64_t)(exponent == 255 ? 2047 : exponent + 896) << 52 |
           (uint64_t)fraction << 29;
}

static void emit_s2d(X86Comp *c, const IRInsn *in)
{
    if (c->vmx) {
        /* AltiVec's control word may flush denormals. */
        x86_ccall_values(c, (const void *)c_s2d, 1, &in->a, IR_F64);
        return;
    }
    int ra = x86_use(c, in->a, GPR_ALL);
    int t = x86_temp(c, GPR_ALL), t2 = x86_temp(c, GPR_ALL);
    int dst = x86_def(c, XMM_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_s2d_nan, ra, t2, -1, dst, t);

    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_MOVD_XR, X(dst), 0, ra);
        x86_vrr(&c->as, 0x2e | X86_0F, X(dst), 0, X(dst));
        x86_stub_from(stub, x86_jcc(&c->as, CC_P));
        x86_vrr(&c->as, X_CVTSS2SD, X(dst), X(dst), X(dst));
    } else {
        x86_rr(&c->as, X_MOVD_XR, X(dst), ra);
        x86_rr(&c->as, 0x2e | X86_0F, X(dst), X(dst));
        x86_stub_from(stub, x86_jcc(&c->as, CC_P));
        x86_rr(&c->as, X_CVTSS2SD, X(dst), X(dst));
    }
    /* The word lies above the double otherwise; only the low half counts, which is the double. */
    stub->back = x86_here(&c->as);
}

/* A denormal single, or less: significand shifted right by 926 - exponent. */
static void stub_d2s_small(X86Comp *c, X86Stub *stub)
{
    X86Asm *as = &c->as;
    int d = stub->r[F_A], t = stub->r[F_T], n = stub->r[F_B], dst = stub->r[F_DST];

    x86_mov_rr(as, X86_W, n, d);
    x86_shift_ri(as, X86_W, X_SHR, n, 52);
    x86_alu_ri(as, 0, X_AND, n, 0x7ff);
    x86_unary(as, 0, 3, n);
    x86_alu_ri(as, 0, X_ADD, n, 926);
    x86_mov_ri(as, dst, 63);
    x86_alu_rr(as, 0, X_CMP, n, dst);
    x86_rr(as, X_CMOV + CC_A, n, dst);
    x86_mov_rr(as, X86_W, t, d);
    x86_shift_ri(as, X86_W, X_SHL, t, 12);
    x86_shift_ri(as, X86_W, X_SHR, t, 12);
    x86_rr_i8(as, X_BT_RI | X86_W, 5, t, 52);   /* bts: the hidden bit */
    if (n == RCX) {
        x86_shift_rcl(as, X86_W, X_SHR, t);
    } else {
        x86_vrr(as, X_SHRX | X86_W, t, n, t);
    }
    x86_mov_rr(as, X86_W, dst, d);
    x86_shift_ri(as, X86_W, X_SHR, dst, 63);
    x86_shift_ri(as, 0, X_SHL, dst, 31);
    x86_alu_rr(as, 0, X_OR, dst, t);
    x86_jmp_to(as, stub->back);
}

static void emit_d2s(X86Comp *c, const IRInsn *in)
{
    X86Asm *as = &c->as;
    bool bmi2 = x86_has(c, X86_F_BMI2);
    int n = RCX, ra = -1, d;

    if (!bmi2) {
        x86_clobber(c, RCX);
    }
    d = x86_temp(c, GPR_ALL);
    if (c->vals[in->a].reg >= 0) {
        ra = x86_use(c, in->a, XMM_ALL);
        x86_movq_rx(c, d, ra);
    } else {
        x86_load_to(c, in->a, d);
    }
    int t = x86_temp(c, GPR_ALL);

    if (bmi2) {
        n = x86_temp(c, GPR_ALL);
    }
    int dst = x86_def(c, GPR_ALL, -1);
    X86Stub *stub = fp_stub(c, stub_d2s_small, d, n, -1, dst, t);

    /* 0 < |d| < 2^-126: exponent field below 897, zero excepted by the wrap. */
    x86_rm(as, X_LEA | X86_W, t, X86_MEMX(d, d, 0, -1));
    x86_shift_ri(as, X86_W, X_SHR, t, 53);
    x86_alu_ri(as, 0, X_CMP, t, 897);
    x86_stub_from(stub, x86_jcc(as, CC_B));
    if (bmi2) {
        x86_mov_ri(as, t, UINT64_C(0xc7ffffffe0000000));
        x86_vrr(as, X_PEXT | X86_W, dst, d, t);
    } else {
        x86_mov_rr(as, X86_W, t, d);
        x86_mov_rr(as, X86_W, dst, d);
        x86_shift_ri(as, X86_W, X_SHR, t, 32);
        x86_shift_ri(as, X86_W, X_SHR, dst, 29);
        x86_alu_ri(as, 0, X_AND, t, (int32_t)0xc0000000);
        x86_alu_ri(as, 0, X_AND, dst, 0x3fffffff);
        x86_alu_rr(as, 0, X_OR, dst, t);
    }
    stub->back = x86_here(as);
}

/* ---- Bit operations ---- */

static void emit_bits(X86Comp *c, const IRInsn *in, X86Op op, uint64_t k)
{
    int ra = x86_use(c, in->a, XMM_ALL);

    x86_release(c);
    x86_v3m(c, op, x86_def(c, XMM_ALL, x86_lives_past(c, in->a) ? -1 : ra), ra, x86_pool(c, 0, k));
}

static void emit_fcpsgn(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3m(c, X_ANDPS, t, ra, x86_pool(c, 0, SIGN_BIT));
    x86_v3m(c, X_ANDPS, dst, rb, x86_pool(c, 0, ~SIGN_BIT));
    x86_v3(c, X_ORPS, dst, dst, t);
}

static void emit_movq_if(X86Comp *c, const IRInsn *in)
{
    X86Mem mem;

    if (c->vals[c->cur].home == HOME_CONST) {
        return;
    }
    if (x86_in_memory(c, in->a, &mem)) {
        x86_release(c);
        x86_v2m(c, X_MOVQ_LD, x86_def(c, XMM_ALL, -1), mem);
        return;
    }
    int ra = x86_use(c, in->a, GPR_ALL);

    x86_release(c);
    x86_movq_xr(c, x86_def(c, XMM_ALL, -1), ra);
}

static void emit_movq_fi(X86Comp *c, const IRInsn *in)
{
    if (c->vals[in->a].reg < 0 && !c->vals[in->a].sunk) {
        int dst = x86_def(c, GPR_ALL, -1);

        x86_load_to(c, in->a, dst);
        return;
    }
    int ra = x86_use(c, in->a, XMM_ALL);

    x86_release(c);
    x86_movq_rx(c, x86_def(c, GPR_ALL, -1), ra);
}

bool x86_emit_fp(X86Comp *c, const IRInsn *in)
{
    switch (in->op) {
    case IR_FADD: emit_arith(c, in, X_ADDSD); return true;
    case IR_FSUB: emit_arith(c, in, X_SUBSD); return true;
    case IR_FMUL: emit_arith(c, in, X_MULSD); return true;
    case IR_FDIV: emit_arith(c, in, X_DIVSD); return true;
    case IR_FSQRT: emit_sqrt(c, in); return true;
    case IR_FMADD: emit_fmadd(c, in); return true;
    case IR_FRSP: emit_frsp(c, in); return true;
    case IR_FCFID: emit_fcfid(c, in); return true;
    case IR_FCTI: emit_fcti(c, in); return true;
    case IR_FCMP: emit_fcmp(c, in); return true;
    case IR_FRIM: emit_fround(c, in); return true;
    case IR_S2D: emit_s2d(c, in); return true;
    case IR_D2S: emit_d2s(c, in); return true;
    case IR_FNEG: emit_bits(c, in, X_XORPS, SIGN_BIT); return true;
    case IR_FABS: emit_bits(c, in, X_ANDPS, ~SIGN_BIT); return true;
    case IR_FNABS: emit_bits(c, in, X_ORPS, SIGN_BIT); return true;
    case IR_FCPSGN: emit_fcpsgn(c, in); return true;
    case IR_MOVQ_IF: emit_movq_if(c, in); return true;
    case IR_MOVQ_FI: emit_movq_fi(c, in); return true;
    default: return false;
    }
}
