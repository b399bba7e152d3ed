/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal floating point: encoding, rounding and wrapped results against tables worked out by
 * hand, and ROUNDED_UP against the result rounded toward zero.
 *
 * Numbers are written as text here, "-123e5" for coefficient and exponent.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "fpu/decfloat.h"

static const int bias[] = { [DEC32] = 101, [DEC64] = 398, [DEC128] = 6176 };

/* Built from the library's own operations: BCD to a coefficient, then the exponent inserted. */
static DecBits number(DecFormat f, const char *text)
{
    bool negative = *text == '-';
    DecStatus s = { 0 };
    DecBits bcd = { 0, 0 }, d;

    text += negative;
    if (strcmp(text, "inf") == 0) {
        d = decimal_insert_exponent(f, -1, (DecBits){ 0, 0 });
    } else if (strcmp(text, "qnan") == 0) {
        d = decimal_insert_exponent(f, -2, (DecBits){ 0, 0 });
    } else {
        for (; g_ascii_isdigit(*text); text++) {
            bcd.hi = bcd.hi << 4 | bcd.lo >> 60;
            bcd.lo = bcd.lo << 4 | (*text - '0');
        }
        d = decimal_from_bcd(f, false, bcd, &s);
        g_assert_cmphex(s.flags, ==, 0);
        d = decimal_insert_exponent(f, atoi(text + 1) + bias[f], d);
    }
    if (negative) {
        *(f == DEC128 ? &d.hi : &d.lo) |= UINT64_C(1) << 63;
    }
    return d;
}

static void assert_same(DecBits a, DecBits b)
{
    g_assert_cmphex(a.hi, ==, b.hi);
    g_assert_cmphex(a.lo, ==, b.lo);
}

static void test_encoding(void)
{
    unsigned declet, high, i;

    /* Known encodings. */
    assert_same(number(DEC64, "1e0"), (DecBits){ 0, UINT64_C(0x2238000000000001) });
    assert_same(number(DEC64, "-750e-2"), (DecBits){ 0, UINT64_C(0xa2300000000003d0) });
    assert_same(number(DEC64, "9999999999999999e369"),
                (DecBits){ 0, UINT64_C(0x77fcff3fcff3fcff) });
    assert_same(number(DEC128, "1e0"), (DecBits){ UINT64_C(0x2208000000000000), 1 });
    /*
     * Every declet decodes to a number whose canonical encoding it is, or to one of the 24 that
     * have two redundant bits (all three digits 8 or 9).
     */
    for (declet = 0; declet < 1024; declet++) {
        DecBits n = { 0, UINT64_C(0x2238000000000000) | declet };
        DecBits bcd = decimal_to_bcd(DEC64, false, false, n);
        DecStatus s = { 0 };
        DecBits back = decimal_from_bcd(DEC64, false, bcd, &s);
        bool redundant = (declet & 0x6e) == 0x6e;

        g_assert_cmphex(s.flags, ==, 0);
        g_assert_cmphex(bcd.lo, <, 0x1000);
        g_assert_cmphex(back.lo & 0x3ff, ==, redundant ? declet & 0xff : declet);
        if (redundant) {
            g_assert_cmphex(bcd.lo & 0x888, ==, 0x888);
        }
    }
    /* Non-canonical infinities and NaNs classify as what they are. */
    for (high = 0x78; high < 0x80; high++) {
        for (i = 0; i < 8; i++) {
            DecBits n = { 0, (uint64_t)high << 56 | (uint64_t)i << 47 };
            FloatClass expected = high < 0x7c ? FLOAT_CLASS_INFINITY
                                  : high < 0x7e ? FLOAT_CLASS_QNAN : FLOAT_CLASS_SNAN;

            g_assert_cmpint(decimal_classify(DEC64, n), ==, expected);
        }
    }
}

/* 1234500000000000X + 0.x in each mode: the last digit, the dropped part, and the outcome. */
static void test_rounding_modes(void)
{
    static const struct {
        const char *a, *b, *result[8];
    } rows[] = {
        { "1000000000000001e1", "5e0", { "1000000000000002e1", "1000000000000001e1",
          "1000000000000002e1", "1000000000000001e1", "1000000000000002e1", "1000000000000001e1",
          "1000000000000002e1", "1000000000000001e1" } },
        { "1000000000000002e1", "5e0", { "1000000000000002e1", "1000000000000002e1",
          "1000000000000003e1", "1000000000000002e1", "1000000000000003e1", "1000000000000002e1",
          "1000000000000003e1", "1000000000000002e1" } },
        { "1000000000000005e1", "1e0", { "1000000000000005e1", "1000000000000005e1",
          "1000000000000006e1", "1000000000000005e1", "1000000000000005e1", "1000000000000005e1",
          "1000000000000006e1", "1000000000000006e1" } },
        { "-1000000000000000e1", "-6e0", { "-1000000000000001e1", "-1000000000000000e1",
          "-1000000000000000e1", "-1000000000000001e1", "-1000000000000001e1",
          "-1000000000000001e1", "-1000000000000001e1", "-1000000000000001e1" } },
        { "9999999999999999e369", "9999999999999999e369", { "inf", "9999999999999999e369", "inf",
          "9999999999999999e369", "inf", "inf", "inf", "9999999999999999e369" } },
        { "1000000000000000e0", "-1e-40", { "1000000000000000e0", "9999999999999999e-1",
          "1000000000000000e0", "9999999999999999e-1", "1000000000000000e0",
          "1000000000000000e0", "1000000000000000e0", "9999999999999999e-1" } },
    };
    unsigned i, mode;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (mode = 0; mode < 8; mode++) {
            DecStatus s = { .round = mode };
            DecBits r = decimal_add(DEC64, number(DEC64, rows[i].a), number(DEC64, rows[i].b), &s);

            assert_same(r, number(DEC64, rows[i].result[mode]));
            g_assert_cmphex(s.flags & FLOAT_FLAG_INEXACT, ==, FLOAT_FLAG_INEXACT);
        }
    }
}

/* Ideal exponents, underflow, overflow, and the same with the traps enabled. */
static void test_multiply(void)
{
    enum { X = FLOAT_FLAG_INEXACT, R = FLOAT_FLAG_ROUNDED_UP, U = FLOAT_FLAG_UNDERFLOW,
           O = FLOAT_FLAG_OVERFLOW };
    static const struct {
        DecFormat f;
        const char *a, *b, *result;
        uint32_t flags;
        const char *trapped;
        uint32_t trapped_flags;
    } rows[] = {
        { DEC64, "100e2", "10e3", "1000e5", 0, "1000e5", 0 },
        { DEC64, "1e200", "10e-350", "10e-150", 0, "10e-150", 0 },
        { DEC64, "1e-200", "1e-183", "1e-383", 0, "1e-383", 0 }, /* the least normal number */
        { DEC64, "1e-200", "1e-198", "1e-398", 0, "1e178", U },
        { DEC64, "1e-200", "5e-199", "0e-398", X | U, "5e177", U },
        { DEC64, "1e-200", "6e-199", "1e-398", X | U | R, "6e177", U },
        { DEC64, "1e-300", "1e-300", "0e-398", X | U, "1e-24", U },
        { DEC64, "1e200", "1e184", "1000000000000000e369", 0, "1000000000000000e369", 0 },
        { DEC64, "1e200", "1e185", "inf", X | O | R, "1e-191", O },
        { DEC64, "3e300", "7e100", "inf", X | O | R, "21e-176", O },
        { DEC64, "9999999999999999e300", "9999999999999999e300", "inf", X | O | R,
          "9999999999999998e40", X | O },
        { DEC64, "0e300", "5e300", "0e369", 0, "0e369", 0 },
        { DEC64, "-0e-300", "5e-300", "-0e-398", 0, "-0e-398", 0 },
        { DEC128, "1e6000", "1e6000", "inf", X | O | R, "1e2784", O },
        { DEC128, "1e-6000", "1e-6000", "0e-6176", X | U, "1e-2784", U },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        DecStatus s = { 0 };
        DecFormat f = rows[i].f;
        DecBits r = decimal_mul(f, number(f, rows[i].a), number(f, rows[i].b), &s);

        assert_same(r, number(f, rows[i].result));
        g_assert_cmphex(s.flags, ==, rows[i].flags);
        s = (DecStatus){ .overflow_enabled = true, .underflow_enabled = true };
        r = decimal_mul(f, number(f, rows[i].a), number(f, rows[i].b), &s);
        assert_same(r, number(f, rows[i].trapped));
        g_assert_cmphex(s.flags, ==, rows[i].trapped_flags);
    }
}

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* ROUNDED_UP says just when a result is greater in magnitude than the one rounded to zero. */
static void test_rounded_up(void)
{
    static DecBits (*const ops[])(DecFormat, DecBits, DecBits, DecStatus *) = {
        decimal_add, decimal_sub, decimal_mul, decimal_div,
    };
    uint64_t state = 31415;
    unsigned i;

    for (i = 0; i < 200000; i++) {
        DecFormat f = i & 1 ? DEC64 : DEC128;
        DecBits a = { random_next(&state), random_next(&state) }, b, r, z;
        uint64_t magnitude = ~(UINT64_C(1) << 63);
        DecStatus s = { .round = i / 2 % 8 }, zero = { .round = DEC_ROUND_TO_ZERO }, none = { 0 };
        bool greater;

        b = (DecBits){ random_next(&state), random_next(&state) };
        if (f == DEC64) {
            a.hi = b.hi = 0;
        }
        if (i % 3) {
            /* Near exponents. */
            int64_t e = decimal_extract_exponent(f, a) + (int)(random_next(&state) % 64) - 32;

            b = decimal_insert_exponent(f, MAX(e, 0), b);
        }
        r = ops[i / 16 % 4](f, a, b, &s);
        z = ops[i / 16 % 4](f, a, b, &zero);
        if (decimal_classify(f, r) >= FLOAT_CLASS_QNAN) {
            g_assert_cmphex(s.flags & (FLOAT_FLAG_INEXACT | FLOAT_FLAG_ROUNDED_UP), ==, 0);
            continue;
        }
        if (f == DEC64) {
            r.lo &= magnitude;
            z.lo &= magnitude;
        } else {
            r.hi &= magnitude;
            z.hi &= magnitude;
        }
        greater = decimal_compare(f, r, z, false, &none) == FLOAT_GREATER;
        g_assert_cmpint(!!(s.flags & FLOAT_FLAG_ROUNDED_UP), ==, greater);
    }
}

static void test_integers(void)
{
    static const int64_t values[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 1234567890123456,
                                      9999999999999999, -9999999999999999 };
    DecStatus s = { 0 };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(values); i++) {
        g_assert_cmpint(decimal_to_int64(DEC128, decimal_from_int(DEC128, values[i], &s), &s), ==,
                        values[i]);
    }
    g_assert_cmphex(s.flags, ==, 0);
    assert_same(decimal_from_int(DEC64, INT64_MAX, &s), number(DEC64, "9223372036854776e3"));
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INEXACT | FLOAT_FLAG_ROUNDED_UP);
    s.flags = 0;
    g_assert_cmpint(decimal_to_int64(DEC128, number(DEC128, "9223372036854775808e0"), &s), ==,
                    INT64_MAX);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INT_CONVERT);
    s.flags = 0;
    g_assert_cmpint(decimal_to_int64(DEC128, number(DEC128, "-92233720368547758084e-1"), &s), ==,
                    INT64_MIN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INEXACT);
    s.flags = 0;
    g_assert_cmpint(decimal_to_int64(DEC64, number(DEC64, "qnan"), &s), ==, INT64_MIN);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INT_CONVERT);
    s.flags = 0;
    g_assert_true(decimal_to_int128(DEC128, number(DEC128, "-2e38"), &s) ==
                  -(__int128)(~(unsigned __int128)0 >> 1) - 1);
    g_assert_cmphex(s.flags, ==, FLOAT_FLAG_INT_CONVERT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dfp/encoding", test_encoding);
    g_test_add_func("/dfp/rounding-modes", test_rounding_modes);
    g_test_add_func("/dfp/multiply", test_multiply);
    g_test_add_func("/dfp/rounded-up", test_rounded_up);
    g_test_add_func("/dfp/integers", test_integers);
    return g_test_run();
}
