/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guarded vector floating point: the scalar rules (emit-fp.c) on all lanes at once.
 *
 * With IRFP_VMX there is no FPSCR to be exact about, and the control word already flushes denormals
 * if VSCR.NJ says so: only NaN results, whose payload rules differ, go to the fallback.
 */
#include "x86-backend.h"

enum { V_A, V_B, V_C, V_DST, V_TX, V_TY, V_TZ };

static X86Mem pool2(X86Comp *c, bool f32, uint64_t f32_lane, uint64_t f64_lane)
{
    uint64_t k = f32 ? f32_lane | f32_lane << 32 : f64_lane;

    return x86_pool(c, k, k);
}

static void call_fallback(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);

    x86_rm(&c->as, X_LEA | X86_W, RSP, X86_MEM(RSP, -64));
    for (int k = V_A; k <= V_C; k++) {
        if (stub->r[k] >= 0) {
            x86_vst(c, X_MOVUPS_ST, stub->r[k], X86_MEM(RSP, 16 * k));
        }
    }
    x86_push_i(&c->as, (int32_t)in->aux);
    x86_push_i(&c->as, (int32_t)in->imm);
    x86_push_i(&c->as, in->op);
    x86_call_thunk(c, X86_THUNK_VFP, stub);
    x86_v2m(c, X_MOVUPS, stub->r[V_DST], X86_MEM(RSP, 24 + 48));
    x86_rm(&c->as, X_LEA | X86_W, RSP, X86_MEM(RSP, 88));
    x86_jmp_to(&c->as, stub->back);
}

/* dst = lanes of src that are +0 or -0. */
static void zero_lanes(X86Comp *c, bool f32, int dst, int src)
{
    x86_v3(c, f32 ? X_PADDD : X_PADDQ, dst, src, src);
    x86_v3m(c, f32 ? X_PCMPEQD : X_PCMPEQQ, dst, dst, x86_pool(c, 0, 0));
}

/* The lanes that failed are in tx; exact zeros among them may pass. */
static void stub_guard(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    bool f32 = in->imm & IRFP_LANES_F32;
    int tx = stub->r[V_TX], ty = stub->r[V_TY], tz = stub->r[V_TZ];

    if (in->op == IR_VFADD || in->op == IR_VFSUB) {
        zero_lanes(c, f32, ty, stub->r[V_DST]);
        x86_v3(c, X_PANDN, ty, ty, tx);
        x86_v2(c, X_PTEST, ty, ty);
        x86_jcc_to(&c->as, CC_E, stub->retry);
    } else if (in->op == IR_VFMUL) {
        zero_lanes(c, f32, ty, stub->r[V_DST]);
        for (int k = V_A; k <= V_B; k++) {
            zero_lanes(c, f32, tz, stub->r[k]);
            x86_v3(c, X_PAND, tz, tz, ty);
            x86_v3(c, X_PANDN, tz, tz, tx);
            x86_v2(c, X_MOVAPS, tx, tz);
        }
        x86_v2(c, X_PTEST, tx, tx);
        x86_jcc_to(&c->as, CC_E, stub->retry);
    }
    call_fallback(c, stub);
}

static void stub_fallback(X86Comp *c, X86Stub *stub)
{
    call_fallback(c, stub);
}

/* Any NaN in dst (VMX), or any lane outside the safe exponents. */
static void guard(X86Comp *c, const IRInsn *in, X86Stub *stub)
{
    bool f32 = in->imm & IRFP_LANES_F32;
    int dst = stub->r[V_DST], tx = stub->r[V_TX];

    if (in->imm & IRFP_VMX) {
        x86_v3_i8(c, f32 ? X_CMPPS : X_CMPPD, tx, dst, dst, 3);
    } else {
        x86_v3m(c, f32 ? X_PADDD : X_PADDQ, tx, dst,
                pool2(c, f32, UINT64_C(0x01000000), UINT64_C(0x0020000000000000)));
        x86_v3m(c, X_PAND, tx, tx,
                pool2(c, f32, UINT64_C(0x7e000000), UINT64_C(0x7fc0000000000000)));
        x86_v3m(c, f32 ? X_PCMPEQD : X_PCMPEQQ, tx, tx, x86_pool(c, 0, 0));
    }
    x86_v2(c, X_PTEST, tx, tx);
    x86_stub_from(stub, x86_jcc(&c->as, CC_NE));
    stub->retry = x86_here(&c->as);
    if (in->imm & IRFP_NEG) {
        x86_v3m(c, X_XORPS, dst, dst, pool2(c, f32, 0x80000000u, UINT64_C(0x8000000000000000)));
    }
    stub->back = x86_here(&c->as);
}

bool x86_emit_vec_fp(X86Comp *c, const IRInsn *in)
{
    static const X86Op ops[][2] = {
        { X_ADDPD, X_ADDPS }, { X_SUBPD, X_SUBPS }, { X_MULPD, X_MULPS }, { X_DIVPD, X_DIVPS },
    };
    static const uint8_t compares[] = { 0, 2, 1 };   /* eq; ge as le swapped; gt as lt swapped */
    bool f32 = in->imm & IRFP_LANES_F32;

    if (in->op < IR_VFADD || in->op > IR_VFCMP) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);
    int rb = in->b ? x86_use(c, in->b, XMM_ALL) : -1;
    int rc = in->c ? x86_use(c, in->c, XMM_ALL) : -1;
    int tx = x86_temp(c, XMM_ALL), ty = x86_temp(c, XMM_ALL), tz = x86_temp(c, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);
    bool always = in->op == IR_VFMADD && !x86_has(c, X86_F_FMA);
    X86Stub *stub = x86_stub(c, in->op == IR_VFCMP || always || (in->imm & IRFP_VMX) ? stub_fallback
                                                                                     : stub_guard);

    stub->xmm_live = true;
    stub->r[V_A] = ra;
    stub->r[V_B] = rb;
    stub->r[V_C] = rc;
    stub->r[V_DST] = dst;
    stub->r[V_TX] = tx;
    stub->r[V_TY] = ty;
    stub->r[V_TZ] = tz;
    if (always) {
        x86_stub_from(stub, x86_jmp(&c->as));
        stub->back = x86_here(&c->as);
        return true;
    }
    switch (in->op) {
    case IR_VFSQRT:
        x86_v2(c, f32 ? X_SQRTPS : X_SQRTPD, dst, ra);
        break;
    case IR_VFMADD:
        x86_v2(c, X_MOVAPS, dst, ra);
        x86_vrr(&c->as, in->imm & IRFP_SUBTRACT ? (f32 ? X_VFMSUB213PS : X_VFMSUB213PD)
                        : (f32 ? X_VFMADD213PS : X_VFMADD213PD), X(dst), X(rb), X(rc));
        break;
    case IR_VFCMP:
        x86_v3_i8(c, f32 ? X_CMPPS : X_CMPPD, tx, ra, rb, 3);
        x86_v2(c, X_PTEST, tx, tx);
        x86_stub_from(stub, x86_jcc(&c->as, CC_NE));
        x86_v3_i8(c, f32 ? X_CMPPS : X_CMPPD, dst, in->aux ? rb : ra, in->aux ? ra : rb,
                  compares[in->aux]);
        stub->back = x86_here(&c->as);
        return true;
    default:
        x86_v3(c, ops[in->op - IR_VFADD][f32], dst, ra, rb);
        break;
    }
    guard(c, in, stub);
    return true;
}
