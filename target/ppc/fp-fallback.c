/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exact fallbacks of guarded floating-point IR ops, indexed by IROpcode: what runs when a
 * result is zero, tiny, huge, infinite or a NaN, and always in the interpreter.
 *
 * They round as FPSCR says and set its sticky bits; an enabled exception has the instruction done
 * again in exact mode.  FI, FR and FPRF come from the pending record (fpu-status.c).  With IRFP_VMX
 * the rules are AltiVec's: VSCR.NJ, no FPSCR.
 */
#include "fp-fallback.h"
#include "helper-fp.h"

#define VSCR_NJ 0x10000u

static uint64_t run(void *env, FPBase base, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    FloatStatus s;
    uint64_t result;

    fp_status_init(env, &s);
    result = fp_compute(FPOP(base, flags & 0xff), a, b, c, &s);
    fp_note_fast(env, s.flags);
    return result;
}

#define SCALAR(name, base)                                                                         \
    static uint64_t fallback_##name(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags) \
    {                                                                                              \
        return run(env, base, a, b, c, flags);                                                     \
    }
SCALAR(add, FPB_ADD)
SCALAR(sub, FPB_SUB)
SCALAR(mul, FPB_MUL)
SCALAR(div, FPB_DIV)
SCALAR(sqrt, FPB_SQRT)
SCALAR(madd, FPB_MADD)
SCALAR(cfid, FPB_CFID)
SCALAR(cti, FPB_CTI)

/* frsp and xsrsp differ in what they keep of a NaN's payload: the target's tag tells. */
static uint64_t fallback_rsp(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    return run(env, flags >> IRFP_USER_SHIFT & 1 ? FPB_RSPV : FPB_RSP, a, b, c, flags);
}

static uint64_t fallback_cmp(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    FloatStatus s = {0};
    FloatRelation relation =
        flags & IRFP_ORDERED ? float64_compare(a, b, &s) : float64_compare_quiet(a, b, &s);

    (void)c;
    fp_note_fast(env, s.flags);
    return fp_relation_nibble(relation);
}

/* Rounding to an integral value raises nothing; flags: IRRound. */
static uint64_t fallback_rint(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    static const uint8_t modes[] = {
        [IRROUND_NEAREST_EVEN] = FLOAT_ROUND_NEAREST_EVEN,
        [IRROUND_DOWN] = FLOAT_ROUND_DOWN,
        [IRROUND_UP] = FLOAT_ROUND_UP,
        [IRROUND_ZERO] = FLOAT_ROUND_TO_ZERO,
        [IRROUND_NEAREST_AWAY] = FLOAT_ROUND_NEAREST_AWAY,
    };
    FloatStatus s = {0};

    return float64_round_to_int(a, (FloatRound)modes[flags], false, &s);
}

IRFPFallback *const ppc_fp_fallback[IR_OP_COUNT] = {
    [IR_FADD] = fallback_add, [IR_FSUB] = fallback_sub,   [IR_FMUL] = fallback_mul,
    [IR_FDIV] = fallback_div, [IR_FSQRT] = fallback_sqrt, [IR_FMADD] = fallback_madd,
    [IR_FRSP] = fallback_rsp, [IR_FCFID] = fallback_cfid, [IR_FCTI] = fallback_cti,
    [IR_FCMP] = fallback_cmp, [IR_FRIM] = fallback_rint,
};

/* ---- Vectors ---- */

static void vector_run(CPUPPCState *env, uint32_t op, V128 *d, const V128 *a, const V128 *b,
                       const V128 *c, uint32_t flags)
{
    FloatStatus s;
    V128 out;

    fp_status_init(env, &s);
    if (flags & IRFP_VMX) {
        s = (FloatStatus){.flush_inputs = env->vscr & VSCR_NJ,
                          .flush_outputs = env->vscr & VSCR_NJ};
    }
    if (flags & IRFP_LANES_F32) {
        for (unsigned i = 0; i < 4; i++) {
            out.w[i] = fp_compute32(op, a->w[i], b->w[i], c->w[i], &s);
        }
    } else {
        for (unsigned i = 0; i < 2; i++) {
            out.d[i] = fp_compute(op, a->d[i], b->d[i], c->d[i], &s);
        }
    }
    if (!(flags & IRFP_VMX)) {
        fp_note_fast(env, s.flags);
    }
    *d = out;
}

#define VECTOR(name, base)                                                                         \
    static void fallback_v##name(void *env, V128 *d, const V128 *a, const V128 *b, const V128 *c,  \
                                 uint32_t flags, uint32_t aux)                                     \
    {                                                                                              \
        (void)aux;                                                                                 \
        vector_run(env, FPOP(base, flags &(IRFP_NEG | IRFP_SUBTRACT)), d, a, b, c, flags);         \
    }
VECTOR(add, FPB_ADD)
VECTOR(sub, FPB_SUB)
VECTOR(mul, FPB_MUL)
VECTOR(div, FPB_DIV)
VECTOR(sqrt, FPB_SQRT)
VECTOR(madd, FPB_MADD)

static void fallback_vcmp(void *env, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                          uint32_t flags, uint32_t aux)
{
    static const uint8_t bases[] = {FPB_CMPEQ, FPB_CMPGE, FPB_CMPGT};

    vector_run(env, FPOP(bases[aux], 0), d, a, b, c, flags);
}

IRVFPFallback *const ppc_vfp_fallback[IR_OP_COUNT] = {
    [IR_VFADD] = fallback_vadd, [IR_VFSUB] = fallback_vsub,   [IR_VFMUL] = fallback_vmul,
    [IR_VFDIV] = fallback_vdiv, [IR_VFSQRT] = fallback_vsqrt, [IR_VFMADD] = fallback_vmadd,
    [IR_VFCMP] = fallback_vcmp,
};
