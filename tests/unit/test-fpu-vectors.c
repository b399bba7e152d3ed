/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Soft binary floating point against vectors computed with exact rational numbers, all formats,
 * six rounding modes, traps and flushing included.
 *
 * test-fpu-vectors.txt is the output of `test-fpu-generate.py 2026 6000`, which says what the
 * columns are; `test-fpu-vectors FILE` checks another one.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fpu/softfloat.h"

typedef unsigned __int128 Wide;

typedef struct Vector {
    unsigned round, control;
    Wide a, b, c, result;
    uint32_t flags;
} Vector;

typedef Wide (*VectorRun)(const Vector *v, FloatStatus *s);

static Float128 quad(Wide a)
{
    return (Float128){ a >> 64, a };
}

static Wide wide(Float128 a)
{
    return (Wide)a.hi << 64 | a.lo;
}

#define SAME(x) (x)
#define RUN(NAME, EXPR)                                                                           \
    static Wide run_##NAME(const Vector *v, FloatStatus *s)                                       \
    {                                                                                             \
        return EXPR;                                                                              \
    }

#define RUN_FORMAT(NAME, PREFIX, SUFFIX, IN, OUT)                                                 \
    RUN(NAME##_add, OUT(PREFIX##_add##SUFFIX(IN(v->a), IN(v->b), s)))                             \
    RUN(NAME##_sub, OUT(PREFIX##_sub##SUFFIX(IN(v->a), IN(v->b), s)))                             \
    RUN(NAME##_mul, OUT(PREFIX##_mul##SUFFIX(IN(v->a), IN(v->b), s)))                             \
    RUN(NAME##_div, OUT(PREFIX##_div##SUFFIX(IN(v->a), IN(v->b), s)))                             \
    RUN(NAME##_sqrt, OUT(PREFIX##_sqrt##SUFFIX(IN(v->a), s)))                                     \
    RUN(NAME##_fma0, OUT(PREFIX##_muladd##SUFFIX(IN(v->a), IN(v->c), IN(v->b), 0, s)))            \
    RUN(NAME##_fma1, OUT(PREFIX##_muladd##SUFFIX(IN(v->a), IN(v->c), IN(v->b), 1, s)))            \
    RUN(NAME##_fma2, OUT(PREFIX##_muladd##SUFFIX(IN(v->a), IN(v->c), IN(v->b), 2, s)))            \
    RUN(NAME##_fma3, OUT(PREFIX##_muladd##SUFFIX(IN(v->a), IN(v->c), IN(v->b), 3, s)))

#define RUN_INTEGERS(NAME, IN, OUT)                                                               \
    RUN(NAME##_rint, OUT(NAME##_round_to_int(IN(v->a), v->round, v->control & 16, s)))            \
    RUN(NAME##_int32, (uint32_t)NAME##_to_int32(IN(v->a), v->round, s))                           \
    RUN(NAME##_uint32, NAME##_to_uint32(IN(v->a), v->round, s))                                   \
    RUN(NAME##_int64, (uint64_t)NAME##_to_int64(IN(v->a), v->round, s))                           \
    RUN(NAME##_uint64, NAME##_to_uint64(IN(v->a), v->round, s))                                   \
    RUN(int64_##NAME, OUT(int64_to_##NAME(v->a, s)))                                              \
    RUN(uint64_##NAME, OUT(uint64_to_##NAME(v->a, s)))

RUN_FORMAT(float32, float32, , SAME, SAME)
RUN_FORMAT(float64, float64, , SAME, SAME)
RUN_FORMAT(float64s, float64, _single, SAME, SAME)
RUN_FORMAT(float128, float128, , quad, wide)
RUN_INTEGERS(float32, SAME, SAME)
RUN_INTEGERS(float64, SAME, SAME)
RUN_INTEGERS(float128, quad, wide)
RUN(float128_int128, float128_to_int128(quad(v->a), v->round, s))
RUN(float128_uint128, float128_to_uint128(quad(v->a), v->round, s))
RUN(int128_float128, wide(int128_to_float128(v->a, s)))
RUN(uint128_float128, wide(uint128_to_float128(v->a, s)))
RUN(float64_round_single, float64_round_single(v->a, s))
RUN(float16_float32, float16_to_float32(v->a, s))
RUN(float16_float64, float16_to_float64(v->a, s))
RUN(float16_float128, wide(float16_to_float128(v->a, s)))
RUN(float32_float16, float32_to_float16(v->a, s))
RUN(float32_float64, float32_to_float64(v->a, s))
RUN(float32_float128, wide(float32_to_float128(v->a, s)))
RUN(float64_float16, float64_to_float16(v->a, s))
RUN(float64_float32, float64_to_float32(v->a, s))
RUN(float64_float128, wide(float64_to_float128(v->a, s)))
RUN(float128_float16, float128_to_float16(quad(v->a), s))
RUN(float128_float32, float128_to_float32(quad(v->a), s))
RUN(float128_float64, float128_to_float64(quad(v->a), s))

#define ROW(NAME) { #NAME, run_##NAME }
#define FORMAT_ROWS(NAME)                                                                         \
    ROW(NAME##_add), ROW(NAME##_sub), ROW(NAME##_mul), ROW(NAME##_div), ROW(NAME##_sqrt),         \
        ROW(NAME##_fma0), ROW(NAME##_fma1), ROW(NAME##_fma2), ROW(NAME##_fma3)
#define INTEGER_ROWS(NAME)                                                                        \
    ROW(NAME##_rint), ROW(NAME##_int32), ROW(NAME##_uint32), ROW(NAME##_int64),                   \
        ROW(NAME##_uint64), ROW(int64_##NAME), ROW(uint64_##NAME)

static const struct {
    const char *name;
    VectorRun run;
} operations[] = {
    FORMAT_ROWS(float32), FORMAT_ROWS(float64), FORMAT_ROWS(float64s), FORMAT_ROWS(float128),
    INTEGER_ROWS(float32), INTEGER_ROWS(float64), INTEGER_ROWS(float128),
    ROW(float128_int128), ROW(float128_uint128), ROW(int128_float128), ROW(uint128_float128),
    ROW(float64_round_single), ROW(float16_float32), ROW(float16_float64), ROW(float16_float128),
    ROW(float32_float16), ROW(float32_float64), ROW(float32_float128), ROW(float64_float16),
    ROW(float64_float32), ROW(float64_float128), ROW(float128_float16), ROW(float128_float32),
    ROW(float128_float64),
};

static Wide parse_hex(const char *s)
{
    Wide v = 0;

    for (; *s; s++) {
        v = v << 4 | g_ascii_xdigit_value(*s);
    }
    return v;
}

static char *vectors_path;

static void test_vectors(void)
{
    g_autofree char *path = vectors_path ? g_strdup(vectors_path)
                                         : g_test_build_filename(G_TEST_DIST,
                                                                 "test-fpu-vectors.txt", NULL);
    FILE *file = fopen(path, "r");
    char name[32], a[40], b[40], c[40], result[40];
    unsigned count = 0, bad = 0, i;
    Vector v;

    g_assert_nonnull(file);
    while (fscanf(file, "%31s %u %x %39s %39s %39s %39s %x", name, &v.round, &v.control, a, b, c,
                  result, &v.flags) == 8) {
        FloatStatus s = { .round = v.round, .overflow_enabled = v.control & 1,
                          .underflow_enabled = v.control & 2, .flush_inputs = v.control & 4,
                          .flush_outputs = v.control & 8 };
        Wide r;

        v.a = parse_hex(a);
        v.b = parse_hex(b);
        v.c = parse_hex(c);
        v.result = parse_hex(result);
        for (i = 0; i < G_N_ELEMENTS(operations) && strcmp(name, operations[i].name); i++) {
        }
        g_assert_cmpuint(i, <, G_N_ELEMENTS(operations));
        r = operations[i].run(&v, &s);
        count++;
        if ((r != v.result || s.flags != v.flags) && bad++ < 40) {
            g_test_message("%s round %u control %x a %s b %s c %s: got %llx%016llx %x, expected "
                           "%s %x", name, v.round, v.control, a, b, c, (long long)(r >> 64),
                           (long long)r, s.flags, result, v.flags);
        }
    }
    fclose(file);
    g_assert_cmpuint(count, >, 1000);
    g_assert_cmpuint(bad, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vectors_path = argc > 1 ? argv[1] : NULL;
    g_test_add_func("/fpu/vectors", test_vectors);
    return g_test_run();
}
