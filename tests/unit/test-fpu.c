/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Soft binary floating point: edge cases worked out by hand from the Power ISA, for what the
 * host's FPU does otherwise: tininess before rounding, wrapped results, NaN choice, round to
 * odd, FR, saturating conversions, single-precision loads and stores, AltiVec's flushing.
 */
#include <glib.h>
#include <limits.h>

#include "fpu/softfloat.h"

enum {
    X = FLOAT_FLAG_INEXACT, R = FLOAT_FLAG_ROUNDED_UP, U = FLOAT_FLAG_UNDERFLOW,
    O = FLOAT_FLAG_OVERFLOW, SNAN = FLOAT_FLAG_SNAN, CVI = FLOAT_FLAG_INT_CONVERT,
    NE = FLOAT_ROUND_NEAREST_EVEN, RZ = FLOAT_ROUND_TO_ZERO, UP = FLOAT_ROUND_UP,
    DOWN = FLOAT_ROUND_DOWN, NA = FLOAT_ROUND_NEAREST_AWAY, ODD = FLOAT_ROUND_TO_ODD,
};

#define D_ONE UINT64_C(0x3ff0000000000000)
#define D_MIN UINT64_C(0x0010000000000000) /* least normal */
#define D_MAX UINT64_C(0x7fefffffffffffff)
#define D_INF UINT64_C(0x7ff0000000000000)
#define D_SIGN UINT64_C(0x8000000000000000)

/* Products of doubles: both modes of traps. */
static void test_multiply(void)
{
    static const struct {
        uint64_t a, b;
        unsigned round;
        uint64_t result;
        uint32_t flags;
        uint64_t trapped; /* with overflow and underflow enabled */
        uint32_t trapped_flags;
    } rows[] = {
        /* Just below the least normal number and rounded to it: tiny, since judged before. */
        { D_MIN, D_ONE - 1, NE, D_MIN, X | R | U, UINT64_C(0x600fffffffffffff), U },
        { D_MIN, D_ONE - 1, RZ, D_MIN - 1, X | U, UINT64_C(0x600fffffffffffff), U },
        /* Exact denormal result: underflow only when enabled. */
        { D_MIN, D_ONE - (UINT64_C(1) << 52), NE, D_MIN / 2, 0, UINT64_C(0x6000000000000000), U },
        { 1, 1, NE, 0, X | U, UINT64_C(0x19b0000000000000), U },
        { 1, 1, UP, 1, X | R | U, UINT64_C(0x19b0000000000000), U },
        { 1, 1, ODD, 1, X | R | U, UINT64_C(0x19b0000000000000), U },
        { D_MAX, D_ONE + (UINT64_C(1) << 52), NE, D_INF, X | R | O, UINT64_C(0x1fffffffffffffff),
          O },
        { D_MAX, D_ONE + (UINT64_C(1) << 52), RZ, D_MAX, X | O, UINT64_C(0x1fffffffffffffff), O },
        { D_MAX, D_ONE + (UINT64_C(1) << 52), DOWN, D_MAX, X | O, UINT64_C(0x1fffffffffffffff),
          O },
        { D_MAX, D_ONE + (UINT64_C(1) << 52), ODD, D_MAX, X | O, UINT64_C(0x1fffffffffffffff), O },
        { D_MAX | D_SIGN, D_ONE + (UINT64_C(1) << 52), DOWN, D_INF | D_SIGN, X | R | O,
          UINT64_C(0x9fffffffffffffff), O },
        /* FR of an infinity is 1, of the wrapped result what its rounding did. */
        { D_MAX, D_ONE + 1, NE, D_INF, X | R | O, UINT64_C(0x1ff0000000000000), X | O },
        { D_MAX, D_ONE + 1, RZ, D_INF - 1, X | O, UINT64_C(0x1ff0000000000000), X | O },
        { D_ONE + 1, D_ONE + 1, NE, D_ONE + 2, X, D_ONE + 2, X },
        { D_ONE + 1, D_ONE + 1, UP, D_ONE + 3, X | R, D_ONE + 3, X | R },
        { D_ONE + 1, D_ONE + 1, ODD, D_ONE + 3, X | R, D_ONE + 3, X | R },
        { D_ONE + 3, D_ONE + 2, ODD, D_ONE + 5, X, D_ONE + 5, X },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus s = { .round = rows[i].round };
        FloatStatus t = { .round = rows[i].round, .overflow_enabled = true,
                          .underflow_enabled = true };

        g_test_message("row %u", i);
        g_assert_cmphex(float64_mul(rows[i].a, rows[i].b, &s), ==, rows[i].result);
        g_assert_cmphex(s.flags, ==, rows[i].flags);
        g_assert_cmphex(float64_mul(rows[i].a, rows[i].b, &t), ==, rows[i].trapped);
        g_assert_cmphex(t.flags, ==, rows[i].trapped_flags);
    }
}

/* Rounding a double to single, in double format. */
static void test_round_single(void)
{
    static const struct {
        uint64_t a;
        unsigned round;
        uint64_t result;
        uint32_t flags;
        uint64_t trapped;
        uint32_t trapped_flags;
    } rows[] = {
        { UINT64_C(0x3ff0000010000000), NE, D_ONE, X, D_ONE, X },
        { UINT64_C(0x3ff0000010000001), NE, UINT64_C(0x3ff0000020000000), X | R,
          UINT64_C(0x3ff0000020000000), X | R },
        /* 2^-127 is a single denormal; 2^-150 ties to zero; 2^-149 * 1.5 ties to even. */
        { UINT64_C(0x3800000000000000), NE, UINT64_C(0x3800000000000000), 0,
          UINT64_C(0x4400000000000000), U },
        { UINT64_C(0x3690000000000000), NE, 0, X | U, UINT64_C(0x4290000000000000), U },
        { UINT64_C(0x3690000000000000), UP, UINT64_C(0x36a0000000000000), X | R | U,
          UINT64_C(0x4290000000000000), U },
        { UINT64_C(0x36a8000000000000), NE, UINT64_C(0x36b0000000000000), X | R | U,
          UINT64_C(0x42a8000000000000), U },
        /* Rounds up to 2^-126: tiny before rounding. */
        { UINT64_C(0x380ffffff0000000), NE, UINT64_C(0x3810000000000000), X | R | U,
          UINT64_C(0x4410000000000000), X | R | U },
        /* 2^128 */
        { UINT64_C(0x47f0000000000000), NE, D_INF, X | R | O, UINT64_C(0x3bf0000000000000), O },
        { UINT64_C(0x47f0000000000000), RZ, UINT64_C(0x47efffffe0000000), X | O,
          UINT64_C(0x3bf0000000000000), O },
        { UINT64_C(0x7fffffffffffffff), NE, UINT64_C(0x7fffffffe0000000), 0,
          UINT64_C(0x7fffffffe0000000), 0 },
        { UINT64_C(0xfff0000000000001), NE, UINT64_C(0xfff8000000000000), SNAN,
          UINT64_C(0xfff8000000000000), SNAN },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus s = { .round = rows[i].round };
        FloatStatus t = { .round = rows[i].round, .overflow_enabled = true,
                          .underflow_enabled = true };

        g_test_message("row %u", i);
        g_assert_cmphex(float64_round_single(rows[i].a, &s), ==, rows[i].result);
        g_assert_cmphex(s.flags, ==, rows[i].flags);
        g_assert_cmphex(float64_round_single(rows[i].a, &t), ==, rows[i].trapped);
        g_assert_cmphex(t.flags, ==, rows[i].trapped_flags);
    }
}

#define QNAN(n) (UINT64_C(0x7ff8000000000000) | (n))
#define SNAN_OF(n) (UINT64_C(0xfff0000000000000) | (n))
#define QUIETED(n) (UINT64_C(0xfff8000000000000) | (n))

/* Which NaN comes out, and the kinds of invalid operation. */
static void test_nans(void)
{
    static const struct {
        uint64_t a, c, b;
        uint64_t result;
        uint32_t flags;
    } rows[] = {
        { QNAN(1), QNAN(2), QNAN(3), QNAN(1), 0 },
        { D_ONE, QNAN(2), QNAN(3), QNAN(3), 0 }, /* the addend before the multiplier */
        { D_ONE, QNAN(2), D_ONE, QNAN(2), 0 },
        { QNAN(1), SNAN_OF(2), D_ONE, QNAN(1), SNAN },
        { D_ONE, SNAN_OF(2), D_ONE, QUIETED(2), SNAN },
        { SNAN_OF(1), QNAN(2), QNAN(3), QUIETED(1), SNAN },
        { D_INF, 0, D_ONE, FLOAT64_DEFAULT_NAN, FLOAT_FLAG_INF_MUL_ZERO },
        { 0, D_INF, QNAN(3), QNAN(3), FLOAT_FLAG_INF_MUL_ZERO },
        { D_INF, D_SIGN, SNAN_OF(3), QUIETED(3), FLOAT_FLAG_INF_MUL_ZERO | SNAN },
        { D_INF, D_ONE, D_INF | D_SIGN, FLOAT64_DEFAULT_NAN, FLOAT_FLAG_INF_SUB_INF },
        { D_INF, 0, D_INF | D_SIGN, FLOAT64_DEFAULT_NAN, FLOAT_FLAG_INF_MUL_ZERO },
    };
    FloatStatus s = { 0 };
    unsigned i, variant;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        /* Negation of the addend or the result does not touch NaNs. */
        for (variant = 0; variant < 4; variant++) {
            uint64_t b = rows[i].b ^ (rows[i].b << 1 > D_INF << 1 || !(variant & 1) ? 0 : D_SIGN);

            s.flags = 0;
            g_assert_cmphex(float64_muladd(rows[i].a, rows[i].c, b, variant, &s), ==,
                            rows[i].result);
            g_assert_cmphex(s.flags, ==, rows[i].flags);
        }
    }
    s.flags = 0;
    g_assert_cmphex(float64_sub(D_INF, D_INF, &s), ==, FLOAT64_DEFAULT_NAN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INF_SUB_INF);
    s.flags = 0;
    g_assert_cmphex(float64_div(D_INF, D_INF, &s), ==, FLOAT64_DEFAULT_NAN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INF_DIV_INF);
    s.flags = 0;
    g_assert_cmphex(float64_div(0, D_SIGN, &s), ==, FLOAT64_DEFAULT_NAN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_ZERO_DIV_ZERO);
    s.flags = 0;
    g_assert_cmphex(float64_div(D_ONE, D_SIGN, &s), ==, D_INF | D_SIGN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_DIVBYZERO);
    s.flags = 0;
    g_assert_cmphex(float64_sqrt(D_ONE | D_SIGN, &s), ==, FLOAT64_DEFAULT_NAN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_SQRT);
    s.flags = 0;
    g_assert_cmphex(float64_sqrt(D_SIGN, &s), ==, D_SIGN);
    g_assert_cmphex(s.flags, ==, 0);
}

/* The sign of exact zeros, and negation after rounding. */
static void test_zero_signs(void)
{
    unsigned round;

    for (round = NE; round <= ODD; round++) {
        FloatStatus s = { .round = round };
        uint64_t zero = round == DOWN ? D_SIGN : 0;

        g_assert_cmphex(float64_sub(D_ONE, D_ONE, &s), ==, zero);
        g_assert_cmphex(float64_add(0, D_SIGN, &s), ==, zero);
        g_assert_cmphex(float64_add(D_SIGN, D_SIGN, &s), ==, D_SIGN);
        g_assert_cmphex(float64_muladd(D_ONE, D_ONE, D_ONE, FLOAT_MULADD_SUB, &s), ==, zero);
        g_assert_cmphex(float64_muladd(D_ONE, D_ONE, D_ONE,
                                       FLOAT_MULADD_SUB | FLOAT_MULADD_NEGATE, &s), ==,
                        zero ^ D_SIGN);
        g_assert_cmphex(s.flags, ==, 0);
    }
}

static void test_compare(void)
{
    static const struct {
        uint64_t a, b;
        FloatRelation relation;
        uint32_t quiet, signalling;
    } rows[] = {
        { 0, D_SIGN, FLOAT_EQUAL, 0, 0 },
        { 1, 0, FLOAT_GREATER, 0, 0 },
        { D_SIGN | 1, 0, FLOAT_LESS, 0, 0 },
        { 0, D_ONE, FLOAT_LESS, 0, 0 },
        { D_INF, D_MAX, FLOAT_GREATER, 0, 0 },
        { D_INF | D_SIGN, D_MAX | D_SIGN, FLOAT_LESS, 0, 0 },
        { D_INF, D_INF, FLOAT_EQUAL, 0, 0 },
        { D_ONE | D_SIGN, (D_ONE + 1) | D_SIGN, FLOAT_GREATER, 0, 0 },
        { QNAN(1), D_ONE, FLOAT_UNORDERED, 0, FLOAT_FLAG_COMPARE },
        { D_ONE, SNAN_OF(1), FLOAT_UNORDERED, SNAN, SNAN | FLOAT_FLAG_COMPARE },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatStatus s = { 0 };

        g_assert_cmpint(float64_compare_quiet(rows[i].a, rows[i].b, &s), ==, rows[i].relation);
        g_assert_cmphex(s.flags, ==, rows[i].quiet);
        g_assert_cmpint(float64_compare(rows[i].a, rows[i].b, &s), ==, rows[i].relation);
        g_assert_cmphex(s.flags, ==, rows[i].signalling);
    }
}

static void test_to_integers(void)
{
    static const struct {
        uint64_t a;
        unsigned round;
        int32_t i32;
        uint32_t i32_flags, u32, u32_flags;
        int64_t i64;
        uint32_t i64_flags;
        uint64_t u64;
        uint32_t u64_flags;
    } rows[] = {
        { D_SIGN, NE, 0, 0, 0, 0, 0, 0, 0, 0 },
        { 1, UP, 1, X | R, 1, X | R, 1, X | R, 1, X | R },
        /* -0.5: zero, not invalid, unless it becomes -1. */
        { UINT64_C(0xbfe0000000000000), NE, 0, X, 0, X, 0, X, 0, X },
        { UINT64_C(0xbfe0000000000000), NA, -1, X | R, 0, CVI, -1, X | R, 0, CVI },
        { UINT64_C(0xbfe0000000000000), DOWN, -1, X | R, 0, CVI, -1, X | R, 0, CVI },
        /* 2^31 - 0.5 */
        { UINT64_C(0x41dfffffffe00000), RZ, INT32_MAX, X, INT32_MAX, X, INT32_MAX, X, INT32_MAX,
          X },
        { UINT64_C(0x41dfffffffe00000), NE, INT32_MAX, CVI, 0x80000000u, X | R, 0x80000000, X | R,
          0x80000000, X | R },
        /* -2^31 - 0.5 */
        { UINT64_C(0xc1e0000000100000), NE, INT32_MIN, X, 0, CVI, -INT64_C(0x80000000), X, 0,
          CVI },
        { UINT64_C(0xc1e0000000100000), DOWN, INT32_MIN, CVI, 0, CVI, -INT64_C(0x80000001), X | R,
          0, CVI },
        /* 2^63 and -2^63, 2^64 */
        { UINT64_C(0x43e0000000000000), NE, INT32_MAX, CVI, UINT32_MAX, CVI, INT64_MAX, CVI,
          UINT64_C(1) << 63, 0 },
        { UINT64_C(0xc3e0000000000000), NE, INT32_MIN, CVI, 0, CVI, INT64_MIN, 0, 0, CVI },
        { UINT64_C(0x43f0000000000000), NE, INT32_MAX, CVI, UINT32_MAX, CVI, INT64_MAX, CVI,
          UINT64_MAX, CVI },
        { D_INF | D_SIGN, NE, INT32_MIN, CVI, 0, CVI, INT64_MIN, CVI, 0, CVI },
        { QNAN(5), NE, INT32_MIN, CVI, 0, CVI, INT64_MIN, CVI, 0, CVI },
        { SNAN_OF(5), NE, INT32_MIN, CVI | SNAN, 0, CVI | SNAN, INT64_MIN, CVI | SNAN, 0,
          CVI | SNAN },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        FloatRound round = rows[i].round;
        FloatStatus s = { 0 };

        g_test_message("row %u", i);
        g_assert_cmpint(float64_to_int32(rows[i].a, round, &s), ==, rows[i].i32);
        g_assert_cmphex(s.flags, ==, rows[i].i32_flags);
        s.flags = 0;
        g_assert_cmpuint(float64_to_uint32(rows[i].a, round, &s), ==, rows[i].u32);
        g_assert_cmphex(s.flags, ==, rows[i].u32_flags);
        s.flags = 0;
        g_assert_cmpint(float64_to_int64(rows[i].a, round, &s), ==, rows[i].i64);
        g_assert_cmphex(s.flags, ==, rows[i].i64_flags);
        s.flags = 0;
        g_assert_cmpuint(float64_to_uint64(rows[i].a, round, &s), ==, rows[i].u64);
        g_assert_cmphex(s.flags, ==, rows[i].u64_flags);
    }
}

/* lfs and stfs: every single survives, SNaNs and denormals included. */
static void test_raw_single(void)
{
    uint32_t a;
    unsigned i;

    for (i = 0; i < 1u << 20; i++) {
        a = i * 4099u;
        g_assert_cmphex(float64_narrow_raw(float32_widen_raw(a)), ==, a);
    }
    g_assert_cmphex(float32_widen_raw(0x7f800001), ==, UINT64_C(0x7ff0000020000000));
    g_assert_cmphex(float32_widen_raw(0x00000001), ==, UINT64_C(0x36a0000000000000));
    g_assert_cmphex(float32_widen_raw(0x807fffff), ==, UINT64_C(0xb80fffffc0000000));
    /* Not single numbers: bits are dropped, the exponent's low bits kept. */
    g_assert_cmphex(float64_narrow_raw(UINT64_C(0x3ff000003fffffff)), ==, 0x3f800001);
    g_assert_cmphex(float64_narrow_raw(UINT64_C(0x4ff0000000000000)), ==, 0x7f800000);
    g_assert_cmphex(float64_narrow_raw(UINT64_C(0xb690000000000000)), ==, 0x80000000);
}

/* AltiVec's non-Java mode. */
static void test_flush(void)
{
    FloatStatus s = { .flush_inputs = true, .flush_outputs = true };

    g_assert_cmphex(float32_add(0x80000001, 0x80000001, &s), ==, 0x80000000);
    g_assert_cmphex(float32_mul(0x00800000, 0xbf000000, &s), ==, 0x80000000);
    /* Tiny before rounding, though it would round to a normal number. */
    g_assert_cmphex(float32_mul(0x00800000, 0x3f7fffff, &s), ==, 0);
    g_assert_cmpint(float32_compare(1, 0x80000001, &s), ==, FLOAT_EQUAL);
    g_assert_cmpint(float32_to_int32(1, FLOAT_ROUND_UP, &s), ==, 0);
    g_assert_cmphex(float32_round_to_int(0x80000001, FLOAT_ROUND_DOWN, false, &s), ==, 0x80000000);
    s = (FloatStatus){ 0 };
    g_assert_cmphex(float32_add(0x80000001, 0x80000001, &s), ==, 0x80000002);
}

static void test_estimates(void)
{
    FloatStatus s = { 0 };

    g_assert_cmphex(float64_recip_estimate(UINT64_C(0x4008000000000000), &s), ==,
                    UINT64_C(0x3fd5555555555555));
    g_assert_cmphex(float64_recip_estimate_single(UINT64_C(0x4008000000000000), &s), ==,
                    UINT64_C(0x3fd5555560000000));
    g_assert_cmphex(float64_rsqrt_estimate(UINT64_C(0x4010000000000000), &s), ==,
                    UINT64_C(0x3fe0000000000000));
    g_assert_cmphex(s.flags, ==, 0);
    g_assert_cmphex(float64_recip_estimate(D_SIGN, &s), ==, D_INF | D_SIGN);
    g_assert_cmphex(float64_rsqrt_estimate(D_SIGN, &s), ==, D_INF | D_SIGN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_DIVBYZERO);
    s.flags = 0;
    g_assert_cmphex(float64_rsqrt_estimate(D_ONE | D_SIGN, &s), ==, FLOAT64_DEFAULT_NAN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_SQRT);
    s.flags = 0;
    g_assert_cmphex(float64_recip_estimate(1, &s), ==, D_INF);
    g_assert_cmphex(s.flags, ==, O);
    s.flags = 0;
    g_assert_cmphex(float32_exp2_estimate(0xc3160000, &s), ==, 0);          /* 2^-150 */
    g_assert_cmphex(float32_exp2_estimate(0xc3150000, &s), ==, 1);          /* 2^-149 */
    g_assert_cmphex(float32_exp2_estimate(0x42fe0000, &s), ==, 0x7f000000); /* 2^127 */
    g_assert_cmphex(float32_exp2_estimate(0x43000000, &s), ==, 0x7f800000);
    g_assert_cmphex(float32_exp2_estimate(0xff800000, &s), ==, 0);
    g_assert_cmphex(float32_log2_estimate(0x00000001, &s), ==, 0xc3150000);
    g_assert_cmphex(float32_log2_estimate(0x3f800000, &s), ==, 0);
    g_assert_cmphex(float32_log2_estimate(0x80000000, &s), ==, 0xff800000);
    g_assert_cmphex(float32_log2_estimate(0xbf800000, &s), ==, FLOAT32_DEFAULT_NAN);
}

static void test_classify(void)
{
    g_assert_cmpint(float16_classify(0x8000), ==, FLOAT_CLASS_ZERO);
    g_assert_cmpint(float16_classify(0x03ff), ==, FLOAT_CLASS_DENORMAL);
    g_assert_cmpint(float32_classify(0x00800000), ==, FLOAT_CLASS_NORMAL);
    g_assert_cmpint(float64_classify(D_INF), ==, FLOAT_CLASS_INFINITY);
    g_assert_cmpint(float64_classify(SNAN_OF(1)), ==, FLOAT_CLASS_SNAN);
    g_assert_cmpint(float128_classify((Float128){ UINT64_C(0x7fff000000000000), 1 }), ==,
                    FLOAT_CLASS_SNAN);
    g_assert_cmpint(float128_classify(FLOAT128_DEFAULT_NAN), ==, FLOAT_CLASS_QNAN);
    g_assert_cmpint(float128_classify((Float128){ 0, 1 }), ==, FLOAT_CLASS_DENORMAL);
}

static void test_scalbn(void)
{
    FloatStatus s = { 0 };

    g_assert_cmphex(float64_scalbn(D_ONE, 1023, &s), ==, UINT64_C(0x7fe0000000000000));
    g_assert_cmphex(float64_scalbn(1, 1074, &s), ==, D_ONE);
    g_assert_cmphex(float64_scalbn(D_ONE | D_SIGN, -1074, &s), ==, D_SIGN | 1);
    g_assert_cmphex(s.flags, ==, 0);
    g_assert_cmphex(float64_scalbn(D_ONE, INT_MAX, &s), ==, D_INF);
    g_assert_cmphex(float64_scalbn(D_ONE, INT_MIN, &s), ==, 0);
    g_assert_cmphex(float32_scalbn(0x80000000, 5, &s), ==, 0x80000000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fpu/multiply", test_multiply);
    g_test_add_func("/fpu/round-single", test_round_single);
    g_test_add_func("/fpu/nans", test_nans);
    g_test_add_func("/fpu/zero-signs", test_zero_signs);
    g_test_add_func("/fpu/compare", test_compare);
    g_test_add_func("/fpu/to-integers", test_to_integers);
    g_test_add_func("/fpu/raw-single", test_raw_single);
    g_test_add_func("/fpu/flush", test_flush);
    g_test_add_func("/fpu/estimates", test_estimates);
    g_test_add_func("/fpu/classify", test_classify);
    g_test_add_func("/fpu/scalbn", test_scalbn);
    return g_test_run();
}
