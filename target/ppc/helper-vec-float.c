/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the vector facility's single-precision instructions (Power ISA 3.0B book I 6.18)
 * beyond add, multiply-add and compare: extremes, bounds, estimates, rounding, conversions.
 */
#include <string.h>
#include "fpu/softfloat.h"
#include "helper-vec.h"

#define SIGN 0x80000000u
#define QUIET 0x00400000u
#define INFINITE 0x7f800000u

static bool is_nan(uint32_t a)
{
    return (a & ~SIGN) > INFINITE;
}

/* The operand as it counts: with nj, denormals are zeros of their sign. */
static uint32_t operand(uint32_t a, uint32_t nj)
{
    return nj && (a & INFINITE) == 0 ? a & SIGN : a;
}

/* Order of numbers, -0 below +0. */
static int32_t sort_key(uint32_t a)
{
    return (int32_t)(a & SIGN ? ~(a & ~SIGN) : a);
}

static uint32_t extreme(uint32_t a, uint32_t b, uint32_t nj, bool maximum)
{
    if (is_nan(a)) {
        return a | QUIET;
    }
    if (is_nan(b)) {
        return b | QUIET;
    }
    a = operand(a, nj);
    b = operand(b, nj);
    return (sort_key(a) > sort_key(b)) == maximum ? a : b;
}

static void helper_vmaxfp(V128 *d, const V128 *a, const V128 *b, uint32_t nj)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = extreme(a->w[i], b->w[i], nj, true);
    }
    *d = out;
}

static void helper_vminfp(V128 *d, const V128 *a, const V128 *b, uint32_t nj)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = extreme(a->w[i], b->w[i], nj, false);
    }
    *d = out;
}

/* Bit 0: not a <= b. Bit 1: not a >= -b. Bits from the left. */
static uint32_t outside(uint32_t a, uint32_t b, FloatStatus *s)
{
    FloatRelation above = float32_compare_quiet(a, b, s);
    FloatRelation below = float32_compare_quiet(a, is_nan(b) ? b : b ^ SIGN, s);
    bool not_le = above == FLOAT_GREATER || above == FLOAT_UNORDERED;
    bool not_ge = below == FLOAT_LESS || below == FLOAT_UNORDERED;

    return (uint32_t)not_le << 31 | (uint32_t)not_ge << 30;
}

static void helper_vcmpbfp(V128 *d, const V128 *a, const V128 *b, uint32_t nj)
{
    FloatStatus s = {.flush_inputs = nj};
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = outside(a->w[i], b->w[i], &s);
    }
    *d = out;
}

static uint32_t compute(VecFloatOp op, uint32_t a, FloatStatus *s)
{
    switch (op) {
    case VEC_FLOAT_RECIP: return float32_recip_estimate(a, s);
    case VEC_FLOAT_RSQRT: return float32_rsqrt_estimate(a, s);
    case VEC_FLOAT_EXP2: return float32_exp2_estimate(a, s);
    case VEC_FLOAT_LOG2: return float32_log2_estimate(a, s);
    case VEC_FLOAT_ROUND_NEAREST:
        return float32_round_to_int(a, FLOAT_ROUND_NEAREST_EVEN, false, s);
    case VEC_FLOAT_ROUND_ZERO: return float32_round_to_int(a, FLOAT_ROUND_TO_ZERO, false, s);
    case VEC_FLOAT_ROUND_UP: return float32_round_to_int(a, FLOAT_ROUND_UP, false, s);
    case VEC_FLOAT_ROUND_DOWN: return float32_round_to_int(a, FLOAT_ROUND_DOWN, false, s);
    }
    g_assert_not_reached();
}

static void helper_vec_float1(V128 *d, const V128 *b, uint32_t op, uint32_t nj)
{
    FloatStatus s = {.flush_inputs = nj, .flush_outputs = nj};
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = compute((VecFloatOp)op, b->w[i], &s);
    }
    *d = out;
}

/* ---- Fixed point: scaling by a power of two is exact here ---- */

static void helper_vcfsx(V128 *d, const V128 *b, uint32_t fraction_bits)
{
    FloatStatus s = {0};
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = float32_scalbn(int64_to_float32(b->sw[i], &s), -(int)fraction_bits, &s);
    }
    *d = out;
}

static void helper_vcfux(V128 *d, const V128 *b, uint32_t fraction_bits)
{
    FloatStatus s = {0};
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = float32_scalbn(uint64_to_float32(b->w[i], &s), -(int)fraction_bits, &s);
    }
    *d = out;
}

/*
 * b * 2^fraction_bits toward zero, within 64 bits: what does not fit saturates there already.  The
 * exponent of a double holds the scaled number.
 */
static int64_t to_fixed(uint32_t b, uint32_t fraction_bits)
{
    FloatStatus s = {0};
    uint64_t scaled = float64_scalbn(float32_to_float64(b, &s), (int)fraction_bits, &s);

    return is_nan(b) ? 0 : float64_to_int64(scaled, FLOAT_ROUND_TO_ZERO, &s);
}

static uint32_t saturate(CPUPPCState *env, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high) {
        env->vscr |= VSCR_SAT;
        value = value < low ? low : high;
    }
    return (uint32_t)value;
}

static void helper_vctsxs(V128 *d, CPUPPCState *env, const V128 *b, uint32_t fraction_bits)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = saturate(env, to_fixed(b->w[i], fraction_bits), INT32_MIN, INT32_MAX);
    }
    *d = out;
}

static void helper_vctuxs(V128 *d, CPUPPCState *env, const V128 *b, uint32_t fraction_bits)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = saturate(env, to_fixed(b->w[i], fraction_bits), 0, UINT32_MAX);
    }
    *d = out;
}

#define PURE (IRH_PURE | IRH_KEEPS_TLB)
PPC_HELPER_ROW(vmaxfp, IR_V128, PURE, IRA_V128, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vminfp, IR_V128, PURE, IRA_V128, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vcmpbfp, IR_V128, PURE, IRA_V128, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vec_float1, IR_V128, PURE, IRA_V128, IRA_I32, IRA_I32);
PPC_HELPER_ROW(vcfsx, IR_V128, PURE, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vcfux, IR_V128, PURE, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vctsxs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vctuxs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_I32);
