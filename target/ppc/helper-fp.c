/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of scalar floating point: operations with all their effects at once (exact mode, when an
 * exception is enabled), compares, and access to FPSCR.
 */
#include "helper-fp.h"

static uint64_t helper_fp_value(CPUPPCState *env, uint64_t a, uint64_t b, uint64_t c, uint32_t op)
{
    FloatStatus s;
    uint64_t result;

    fp_status_init(env, &s);
    result = fp_compute(op, a, b, c, &s);
    fp_note_fast(env, s.flags);
    return result;
}

static void helper_fp_exact(CPUPPCState *env, uint32_t op, uint32_t regs)
{
    unsigned attributes = fpop_attributes(op);
    FloatStatus s;
    uint64_t result;

    fp_redo_done(env);
    fpscr_sync(env);
    fp_status_init(env, &s);
    result = fp_compute(op, VSR_HI(env->vsr[FPREGS_A(regs)]), VSR_HI(env->vsr[FPREGS_B(regs)]),
                        VSR_HI(env->vsr[FPREGS_C(regs)]), &s);
    if (fp_note_exceptions(env, s.flags)) {
        V128 *t = &env->vsr[FPREGS_T(regs)];

        VSR_HI(*t) = result;
        VSR_LO(*t) = 0;
        if (attributes & FPA_FPRF) {
            fpscr_set_fprf(env, fprf_result(op, result));
        }
        if (attributes & FPA_FIFR) {
            fpscr_set_fi_fr(env, s.flags);
        }
    } else if (attributes & FPA_FIFR) {
        fpscr_set_fi_fr(env, 0);
    }
    if (FPREGS_RC(regs)) {
        env->crf[1] = fpscr_cr1(env);
    }
    fp_check_enabled(env, s.flags);
}

static void helper_fp_compare_exact(CPUPPCState *env, uint32_t regs, uint32_t ordered)
{
    uint64_t a = VSR_HI(env->vsr[FPREGS_A(regs)]), b = VSR_HI(env->vsr[FPREGS_B(regs)]);
    FloatStatus s = {0};
    FloatRelation relation;

    fp_redo_done(env);
    fpscr_sync(env);
    relation = ordered ? float64_compare(a, b, &s) : float64_compare_quiet(a, b, &s);
    unsigned nibble = fp_relation_nibble(relation);
    fpscr_set_fpcc(env, nibble);
    env->crf[FPREGS_T(regs)] = nibble;
    fp_note_exceptions(env, s.flags);
    fp_check_enabled(env, s.flags);
}

static uint64_t helper_fp_resolve(CPUPPCState *env, uint32_t op, uint32_t fpcc, uint64_t a,
                                  uint64_t b, uint64_t c)
{
    fpscr_resolve(env, op, fpcc, a, b, c);
    return env->fpscr;
}

static uint32_t helper_fp_cr1(CPUPPCState *env)
{
    fpscr_harvest(env);
    return fpscr_cr1(env);
}

/* An enabled exception that the new contents show is taken as if an operation had raised it. */
static void check_summary(CPUPPCState *env, uint32_t rc)
{
    if (rc) {
        env->crf[1] = fpscr_cr1(env);
    }
    if (env->fpscr & FPSCR_BIT(FEX)) {
        fp_interrupt(env);
    }
}

/* Changes FPSCR; 1 if the mode is another one from now on. */
static uint32_t assign_and_compare(CPUPPCState *env, uint64_t value, uint64_t mask)
{
    uint64_t before = env->hflags;

    fpscr_assign(env, value, mask);
    return env->hflags != before;
}

static uint32_t helper_fp_write_inline(CPUPPCState *env, uint64_t value, uint64_t mask)
{
    if ((uint32_t)mask == UINT32_MAX) {
        fpscr_forget(env);
    }
    uint32_t changed = assign_and_compare(env, value, mask);

    check_summary(env, 0);
    return changed;
}

/* What is pending stays so: its record knows how it was rounded. */
static uint32_t helper_fp_set_rounding(CPUPPCState *env, uint64_t value)
{
    return assign_and_compare(env, value, 3);
}

static void helper_fp_write_fpscr(CPUPPCState *env, uint64_t value, uint64_t mask, uint32_t rc)
{
    ppc_store_fpscr(env, value, mask);
    check_summary(env, rc);
}

static void helper_fp_set_bit(CPUPPCState *env, uint32_t bit, uint32_t rc)
{
    uint64_t mask = (uint64_t)1 << bit;

    fpscr_sync(env);
    if (mask & FPSCR_EXCEPTIONS) {
        fpscr_raise(env, mask);
    } else {
        fpscr_assign(env, mask, mask);
    }
    check_summary(env, rc);
}

static uint32_t helper_fp_mcrfs(CPUPPCState *env, uint32_t field)
{
    unsigned shift = 28 - 4 * field;
    uint32_t nibble = env->fpscr >> shift & 15;
    uint64_t cleared = (FPSCR_EXCEPTIONS | FPSCR_BIT(FX)) & (uint64_t)15 << shift;

    fpscr_assign(env, 0, cleared);
    return nibble;
}

/* ---- Tests for software divide and square root: FL FG FE 0, FL is 1 ---- */

static int unbiased(uint64_t a)
{
    return (int)(a >> 52 & 0x7ff) - 1023;
}

static bool is_denormal(uint64_t a)
{
    return float64_classify(a) == FLOAT_CLASS_DENORMAL;
}

uint32_t fp_test_divide(uint64_t a, uint64_t b)
{
    FloatClass ca = float64_classify(a), cb = float64_classify(b);
    int ea = unbiased(a), eb = unbiased(b);
    bool fg, fe;

    fg = ca == FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO ||
         is_denormal(b);
    fe = ca >= FLOAT_CLASS_INFINITY || cb >= FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO ||
         eb <= -1022 || eb >= 1021 ||
         (ca != FLOAT_CLASS_ZERO && (ea - eb >= 1023 || ea - eb <= -1021 || ea <= -970));
    return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}

uint32_t fp_test_sqrt(uint64_t b)
{
    FloatClass cb = float64_classify(b);
    bool fg = cb == FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO || is_denormal(b);
    bool fe =
        cb >= FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO || b >> 63 || unbiased(b) <= -970;

    return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}

static uint32_t helper_ftdiv(uint64_t a, uint64_t b)
{
    return fp_test_divide(a, b);
}

static uint32_t helper_ftsqrt(uint64_t b)
{
    return fp_test_sqrt(b);
}

#undef HELPER
#define HELPER(name, ...) PPC_HELPER_ROW(name, __VA_ARGS__);
#include "helper-fp.h.inc"
