/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions over SSE and AVX: three-operand forms where the host has VEX, a copy and the
 * two-operand form elsewhere.  Registers are the allocator's numbers (XMM0 is 16).
 */
#include "x86-backend.h"

/* Opcodes whose VEX form has no second source. */
void x86_v2(X86Comp *c, X86Op op, int dst, int src)
{
    if (op == X_MOVAPS && dst == src) {
        return;
    }
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, op, X(dst), 0, X(src));
    } else {
        x86_rr(&c->as, op, X(dst), X(src));
    }
}

void x86_v2_i8(X86Comp *c, X86Op op, int dst, int src, unsigned imm)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr_i8(&c->as, op, X(dst), 0, X(src), imm);
    } else {
        x86_rr_i8(&c->as, op, X(dst), X(src), imm);
    }
}

void x86_v2m(X86Comp *c, X86Op op, int dst, X86Mem mem)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrm(&c->as, op, X(dst), 0, mem);
    } else {
        x86_rm(&c->as, op, X(dst), mem);
    }
    x86_pool_settle(c, mem, 0);
}

void x86_v3(X86Comp *c, X86Op op, int dst, int a, int b)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, op, X(dst), X(a), X(b));
        return;
    }
    if (dst != a) {
        g_assert(dst != b);
        x86_rr(&c->as, X_MOVAPS, X(dst), X(a));
    }
    x86_rr(&c->as, op, X(dst), X(b));
}

void x86_v3_i8(X86Comp *c, X86Op op, int dst, int a, int b, unsigned imm)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr_i8(&c->as, op, X(dst), X(a), X(b), imm);
        return;
    }
    if (dst != a) {
        g_assert(dst != b);
        x86_rr(&c->as, X_MOVAPS, X(dst), X(a));
    }
    x86_rr_i8(&c->as, op, X(dst), X(b), imm);
}

void x86_v3m(X86Comp *c, X86Op op, int dst, int a, X86Mem mem)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrm(&c->as, op, X(dst), X(a), mem);
    } else {
        if (dst != a) {
            x86_rr(&c->as, X_MOVAPS, X(dst), X(a));
        }
        x86_rm(&c->as, op, X(dst), mem);
    }
    x86_pool_settle(c, mem, 0);
}

void x86_vst(X86Comp *c, X86Op op, int src, X86Mem mem)
{
    x86_v2m(c, op, src, mem);
}

void x86_movq_xr(X86Comp *c, int xmm, int gpr)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_MOVD_XR | X86_W, X(xmm), 0, gpr);
    } else {
        x86_rr(&c->as, X_MOVD_XR | X86_W, X(xmm), gpr);
    }
}

void x86_movq_rx(X86Comp *c, int gpr, int xmm)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, X_MOVD_RX | X86_W, X(xmm), 0, gpr);
    } else {
        x86_rr(&c->as, X_MOVD_RX | X86_W, X(xmm), gpr);
    }
}

void x86_vzero(X86Comp *c, int xmm)
{
    x86_v3(c, X_PXOR, xmm, xmm, xmm);
}

void x86_pextrw(X86Comp *c, int gpr, int xmm, unsigned lane)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr_i8(&c->as, X_PEXTRW, gpr, 0, X(xmm), lane);
    } else {
        x86_rr_i8(&c->as, X_PEXTRW, gpr, X(xmm), lane);
    }
}
