/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FPSCR: exception bits, result classes, and the lazy part of it (Power ISA 3.0B book
 * I 4.2.2, 4.4).
 *
 * While no exception is enabled, generated code computes on the host's FPU, in the guest's rounding
 * mode, and leaves behind only the last operation, its rounding mode and its operands; XX is the
 * host's sticky inexact flag, the other sticky bits are set by the exact fallbacks when they
 * happen.  fpscr_sync() makes FI, FR and FPRF from the pending operation by doing it again in soft
 * arithmetic, and must come before anything that looks at FPSCR.  With exceptions enabled the same
 * goes on until one is due (msr.c, fp_mode).  FX needs no record: it is set when a bit goes from 0
 * to 1, and nothing can clear one without a sync before.
 *
 * NI is kept and does nothing: what it permits is up to the implementation, and the server
 * processors have no non-IEEE mode.
 */
#include "helper-fp.h"

/* Sticky "precision" flag of MXCSR. */
#define HOST_INEXACT 0x20u

static const struct {
    uint32_t flag;
    uint8_t bit;
} exception_bits[] = {
    {FLOAT_FLAG_INEXACT, FPSCR_XX},         {FLOAT_FLAG_UNDERFLOW, FPSCR_UX},
    {FLOAT_FLAG_OVERFLOW, FPSCR_OX},        {FLOAT_FLAG_DIVBYZERO, FPSCR_ZX},
    {FLOAT_FLAG_SNAN, FPSCR_VXSNAN},        {FLOAT_FLAG_INF_SUB_INF, FPSCR_VXISI},
    {FLOAT_FLAG_INF_DIV_INF, FPSCR_VXIDI},  {FLOAT_FLAG_ZERO_DIV_ZERO, FPSCR_VXZDZ},
    {FLOAT_FLAG_INF_MUL_ZERO, FPSCR_VXIMZ}, {FLOAT_FLAG_COMPARE, FPSCR_VXVC},
    {FLOAT_FLAG_SQRT, FPSCR_VXSQRT},        {FLOAT_FLAG_INT_CONVERT, FPSCR_VXCVI},
};

uint64_t fp_exceptions(uint32_t flags)
{
    uint64_t bits = 0;

    for (unsigned i = 0; flags && i < G_N_ELEMENTS(exception_bits); i++) {
        if (flags & exception_bits[i].flag) {
            bits |= (uint64_t)1 << exception_bits[i].bit;
        }
    }
    return bits;
}

/* Exception bits as an enable mask: VE, OE, UE, ZE, XE stand in the order of VX, OX, UX, ZX, XX. */
static uint64_t enables_of(uint64_t exceptions)
{
    return (exceptions & FPSCR_VX_ALL ? FPSCR_BIT(VE) : 0) |
           (exceptions & FPSCR_BIT(OX) ? FPSCR_BIT(OE) : 0) |
           (exceptions & FPSCR_BIT(UX) ? FPSCR_BIT(UE) : 0) |
           (exceptions & FPSCR_BIT(ZX) ? FPSCR_BIT(ZE) : 0) |
           (exceptions & FPSCR_BIT(XX) ? FPSCR_BIT(XE) : 0);
}

uint64_t fpscr_enabled(const CPUPPCState *env, uint64_t exceptions)
{
    return enables_of(exceptions) & env->fpscr;
}

/* VX and FEX follow from the rest. */
static void derive_summaries(CPUPPCState *env)
{
    env->fpscr &= ~(FPSCR_BIT(VX) | FPSCR_BIT(FEX));
    env->fpscr |= env->fpscr & FPSCR_VX_ALL ? FPSCR_BIT(VX) : 0;
    env->fpscr |= fpscr_enabled(env, env->fpscr) ? FPSCR_BIT(FEX) : 0;
}

/* The mode of the code that runs may have changed: it leaves for the execution loop when it next
 * looks. */
static void update_mode(CPUPPCState *env)
{
    uint64_t before = env->hflags;

    ppc_update_hflags(env);
    if (env->hflags != before) {
        __atomic_store_n(&env->tcg.exit_request, 1, __ATOMIC_RELEASE);
    }
}

void fpscr_raise(CPUPPCState *env, uint64_t exceptions)
{
    uint64_t fresh = exceptions & ~env->fpscr;

    if (fresh) {
        env->fpscr |= exceptions | FPSCR_BIT(FX);
        derive_summaries(env);
        if (fresh & FPSCR_BIT(XX) && env->fpscr & FPSCR_ENABLES) {
            update_mode(env);
        }
    }
}

void fp_status_init(const CPUPPCState *env, FloatStatus *s)
{
    *s = (FloatStatus){
        .round = env->fpscr >> FPSCR_RN & 3,
        .overflow_enabled = env->fpscr & FPSCR_BIT(OE),
        .underflow_enabled = env->fpscr & FPSCR_BIT(UE),
    };
}

bool fp_note_fast(CPUPPCState *env, uint32_t flags)
{
    uint64_t exceptions = fp_exceptions(flags);

    if (!fpscr_enabled(env, exceptions)) {
        fpscr_raise(env, exceptions);
        return true;
    }
    if (env->hflags & HF_PMU) {
        env->tcg.icount--;      /* it has begun, and will again */
    }
    env->fp_redo = 1;
    update_mode(env);
    return false;
}

void fp_redo_done(CPUPPCState *env)
{
    if (env->fp_redo) {
        env->fp_redo = 0;
        update_mode(env);
    }
}

/* ---- Result classes ---- */

unsigned fprf_class(FloatClass class, bool negative)
{
    static const uint8_t codes[][2] = {
        [FLOAT_CLASS_ZERO] = {0x02, 0x12},
        [FLOAT_CLASS_DENORMAL] = {0x14, 0x18},
        [FLOAT_CLASS_NORMAL] = {0x04, 0x08},
        [FLOAT_CLASS_INFINITY] = {0x05, 0x09},
        [FLOAT_CLASS_QNAN] = {0x11, 0x11},
        [FLOAT_CLASS_SNAN] = {0x01, 0x01}, /* decimal results only */
    };
    return codes[class][negative];
}

unsigned fprf_double(uint64_t value)
{
    return fprf_class(float64_classify(value), value >> 63);
}

unsigned fprf_single_range(uint64_t value)
{
    unsigned exponent = value >> 52 & 0x7ff;

    if (exponent < 897 && value << 1) {
        return fprf_class(FLOAT_CLASS_DENORMAL, value >> 63);
    }
    return fprf_double(value);
}

unsigned fprf_result(uint32_t op, uint64_t result)
{
    unsigned attributes = fpop_attributes(op);
    FPBase base = FPOP_BASE(op);

    /* Undefined after a conversion to an integer: always the same, however blocks are cut. */
    if (base == FPB_CTI) {
        return 0;
    }
    if (attributes & FPA_SINGLE_IN_WORD) {
        return fprf_class(float32_classify((uint32_t)(result >> 32)), result >> 63);
    }
    if (attributes & FPA_HALF) {
        return fprf_class(float16_classify((uint16_t)result), result >> 15 & 1);
    }
    if (base == FPB_RSP || base == FPB_RSPV ||
        (base != FPB_RINT && FPOP_MODIFIERS(op) & IRFP_SINGLE)) {
        return fprf_single_range(result);
    }
    return fprf_double(result);
}

/* ---- Pending status ---- */

void fpscr_harvest(CPUPPCState *env)
{
    if (env->tcg.mxcsr_fp & HOST_INEXACT) {
        env->tcg.mxcsr_fp &= ~HOST_INEXACT;
        fpscr_raise(env, FPSCR_BIT(XX));
    }
}

void fpscr_forget(CPUPPCState *env)
{
    env->tcg.mxcsr_fp &= ~HOST_INEXACT;
}

void fpscr_resolve(CPUPPCState *env, uint32_t op, uint32_t fpcc, uint64_t a, uint64_t b, uint64_t c)
{
    fpscr_harvest(env);
    if (op) {
        unsigned attributes = fpop_attributes(op);
        FloatStatus s = {.round = op >> FPOP_ROUND_SHIFT};
        uint64_t result = fp_compute(op, a, b, c, &s);

        fpscr_raise(env, fp_exceptions(s.flags));
        if (attributes & FPA_FIFR) {
            fpscr_set_fi_fr(env, s.flags);
        }
        if (attributes & FPA_FPRF) {
            fpscr_set_fprf(env, fprf_result(op, result));
        }
    }
    if (fpcc && fpcc < 2 * FPCC_SET) {
        fpscr_set_fpcc(env, fpcc & 15);
    }
}

void fpscr_sync(CPUPPCState *env)
{
    fpscr_resolve(env, env->fp_op, env->fpcc, env->fp_a, env->fp_b, env->fp_c);
    env->fp_op = 0;
    env->fpcc = 0;
}

/* ---- Exceptions ---- */

void fp_interrupt(CPUPPCState *env)
{
    if (env->msr & (MSR_BIT(FE0) | MSR_BIT(FE1))) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_FP);
    }
}

bool fp_note_exceptions(CPUPPCState *env, uint32_t flags)
{
    uint64_t exceptions;

    /* An enabled SNaN exception hides the invalid compare. */
    if (flags & FLOAT_FLAG_SNAN && env->fpscr & FPSCR_BIT(VE)) {
        flags &= ~(uint32_t)FLOAT_FLAG_COMPARE;
    }
    exceptions = fp_exceptions(flags);
    fpscr_raise(env, exceptions);
    return !(fpscr_enabled(env, exceptions) & (FPSCR_BIT(VE) | FPSCR_BIT(ZE)));
}

void fp_check_enabled(CPUPPCState *env, uint32_t flags)
{
    if (fpscr_enabled(env, fp_exceptions(flags))) {
        fp_interrupt(env);
    }
}

void fpscr_assign(CPUPPCState *env, uint64_t value, uint64_t mask)
{
    uint64_t before, changed;

    mask &= FPSCR_WRITABLE & ~(FPSCR_BIT(VX) | FPSCR_BIT(FEX));
    if (!(env_cpu(env)->model->insns & ISA_DFP)) {
        mask &= UINT32_MAX;
    }
    before = env->fpscr;
    env->fpscr = (before & ~mask) | (value & mask);
    derive_summaries(env);
    changed = before ^ env->fpscr;
    if (changed & (FPSCR_ENABLES | FPSCR_BIT(XX) | 3u << FPSCR_RN)) {
        ppc_update_hflags(env);
    }
}

void ppc_store_fpscr(CPUPPCState *env, uint64_t value, uint64_t mask)
{
    fpscr_sync(env);
    fpscr_assign(env, value, mask);
}
