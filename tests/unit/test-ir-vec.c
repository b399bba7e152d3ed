/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The portable vector functions: known answers for the rearranging ops, and on x86 hosts the
 * instructions themselves as a second opinion for arithmetic, AES and carry-less products.
 */
#include <inttypes.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif
#include "ir-random.h"
#include "tcg/vec-ops.h"

static V128 run(IROpcode op, V128 a, V128 b, V128 c, uint32_t imm, uint32_t aux)
{
    V128 d, alias = a;

    ir_vec_fn[op](&d, &a, &b, &c, imm, aux);
    ir_vec_fn[op](&alias, &alias, &b, &c, imm, aux);      /* the result may lie on an operand */
    g_assert(memcmp(&d, &alias, 16) == 0);
    return d;
}

#define EXPECT(value, high, low)                                                                 \
    do {                                                                                         \
        V128 v_ = (value);                                                                       \
                                                                                                 \
        g_assert_cmphex(v_.d[1], ==, (uint64_t)(high));                                          \
        g_assert_cmphex(v_.d[0], ==, (uint64_t)(low));                                           \
    } while (0)

static const V128 bytes = { .d = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
static const V128 other = { .d = { 0x1716151413121110, 0x1f1e1d1c1b1a1918 } };
static const V128 zero;

static V128 v128(uint64_t high, uint64_t low)
{
    return (V128){ .d = { low, high } };
}

static void test_rearranging(void)
{
    EXPECT(run(IR_VALIGN, bytes, other, zero, 0, 3), 0x0201001f1e1d1c1b, 0x1a19181716151413);
    EXPECT(run(IR_VALIGN, bytes, other, zero, 0, 16), bytes.d[1], bytes.d[0]);
    EXPECT(run(IR_VZIPL, bytes, other, zero, 0, 0), 0x0717061605150414, 0x0313021201110010);
    EXPECT(run(IR_VZIPH, bytes, other, zero, 2, 0), 0x0f0e0d0c1f1e1d1c, 0x0b0a09081b1a1918);
    EXPECT(run(IR_VPERM2, bytes, other, v128(0x000102030405061f, 0x101112131415ff21), 0, 0),
           0x000102030405061f, 0x1011121314151f01);
    EXPECT(run(IR_VREVB, bytes, zero, zero, 1, 0), 0x0e0f0c0d0a0b0809, 0x0607040502030001);
    EXPECT(run(IR_VREVB, bytes, zero, zero, 4, 0), 0x0001020304050607, 0x08090a0b0c0d0e0f);
    EXPECT(run(IR_VPACK, v128(0x8000000000000001, 0x7fffffffffffffff), v128(5, UINT64_MAX), zero, 3,
               IRPACK_SS), 0x800000007fffffff, 0x00000005ffffffff);
    EXPECT(run(IR_VPACK, v128(0x00800001ffff7fff, 0), zero, zero, 1, IRPACK_SU), 0x800100ff00000000,
           0);
    EXPECT(run(IR_VUNPKS, v128(0x80ff000000000000, 0x7f80), zero, zero, 0, 0), 0, 0x007fff80);
    EXPECT(run(IR_VUNPKS, v128(0x80ff000000000000, 0x7f80), zero, zero, 0, 1), 0xff80ffff00000000,
           0);
    EXPECT(run(IR_VINS, bytes, v128(0, 0xabcd), zero, 1, 5), 0x0f0e0d0cabcd0908, bytes.d[0]);
    EXPECT(run(IR_VEXT, bytes, zero, zero, 1, 5), 0, 0x0b0a);
    EXPECT(run(IR_VMSK, v128(0x8000000080000000, 0x0000000080000000), zero, zero, 2, 0), 0, 13);
    EXPECT(run(IR_MKV, v128(0, 1), v128(0, 2), zero, 0, 0), 1, 2);
    EXPECT(run(IR_MKHI, v128(0, 1), zero, zero, 0, 0), 1, 0);
    EXPECT(run(IR_VSEL, v128(0xff00, 0x00ff), v128(0x1234, 0x1234), v128(0xabcd, 0xabcd), 0, 0),
           0x12cd, 0xab34);
}

static void test_arithmetic(void)
{
    V128 ones = v128(UINT64_MAX, UINT64_MAX), k = v128(0x8001, 0x7f80);

    EXPECT(run(IR_VADD, ones, v128(0, 1), zero, 4, 0), 0, 0);
    EXPECT(run(IR_VADD, ones, v128(0, 1), zero, 3, 0), UINT64_MAX, 0);
    EXPECT(run(IR_VNEG, k, zero, zero, 0, 0), 0x80ff, 0x8180);
    EXPECT(run(IR_VABS, k, zero, zero, 0, 0), 0x8001, 0x7f80);
    EXPECT(run(IR_VADDSS, v128(0x7f, 0x80), v128(1, 0xff), zero, 0, 0), 0x7f, 0x80);
    EXPECT(run(IR_VSUBUS, v128(1, 5), v128(2, 3), zero, 3, 0), 0, 2);
    EXPECT(run(IR_VAVGS, v128(0xff, 1), v128(0xfe, 2), zero, 0, 0), 0xff, 2);
    EXPECT(run(IR_VAVGU, ones, v128(UINT64_MAX, 0), zero, 3, 0), UINT64_MAX, (uint64_t)1 << 63);
    EXPECT(run(IR_VMULWU, v128(0, 0xffff0003), v128(0, 0xffff0005), zero, 1, 0), 0, 15);
    EXPECT(run(IR_VMULWU, v128(0, 0xffff0003), v128(0, 0xffff0005), zero, 1, 1), 0, 0xfffe0001);
    EXPECT(run(IR_VMULWS, v128(0, 0xffff0003), v128(0, 0xffff0005), zero, 1, 1), 0, 1);
    EXPECT(run(IR_VSHLV, v128(1, 1), v128(65, 4), zero, 3, 0), 2, 16);
    EXPECT(run(IR_VSARI, v128(0, 0x80), zero, zero, 0, 7), 0, 0xff);
    EXPECT(run(IR_VROTLV, v128(0, 0x81), v128(0, 0x09), zero, 0, 0), 0, 0x03);
    EXPECT(run(IR_VCLZ, v128(0, 1), zero, zero, 3, 0), 64, 63);
    EXPECT(run(IR_VCTZ, v128(0, 8), zero, zero, 2, 0), 0x0000002000000020, 0x0000002000000003);
    EXPECT(run(IR_VPOPCNT, v128(3, 0xff), zero, zero, 0, 0), 2, 8);
    EXPECT(run(IR_VPMULL, v128(3, 7), v128(5, 9), zero, 3, 0x11), 0, 15);
    EXPECT(run(IR_VTESTZ, zero, zero, zero, 0, 0), 0, 1);
}

#ifdef __x86_64__
#define HOST(name, features, instruction)                                                        \
    __attribute__((target(features))) static V128 host_##name(V128 x, V128 y)                    \
    {                                                                                            \
        __m128i a, b, d;                                                                         \
        V128 out;                                                                                \
                                                                                                 \
        memcpy(&a, &x, 16);                                                                      \
        memcpy(&b, &y, 16);                                                                      \
        d = instruction;                                                                         \
        memcpy(&out, &d, 16);                                                                    \
        return out;                                                                              \
    }
HOST(aesenc, "aes", _mm_aesenc_si128(a, b))
HOST(aesenclast, "aes", _mm_aesenclast_si128(a, b))
HOST(aesdec, "aes", _mm_aesdec_si128(a, b))
HOST(aesdeclast, "aes", _mm_aesdeclast_si128(a, b))
HOST(pmull01, "pclmul,sse2", _mm_clmulepi64_si128(a, b, 0x10))
HOST(pmull10, "pclmul,sse2", _mm_clmulepi64_si128(a, b, 0x01))
HOST(adds8, "sse2", _mm_adds_epi8(a, b))
HOST(adds16, "sse2", _mm_adds_epi16(a, b))
HOST(subus16, "sse2", _mm_subs_epu16(a, b))
HOST(avg8, "sse2", _mm_avg_epu8(a, b))
HOST(min8, "sse4.1", _mm_min_epi8(a, b))
HOST(maxu16, "sse4.1", _mm_max_epu16(a, b))
HOST(max32, "sse4.1", _mm_max_epi32(a, b))
HOST(gt32, "sse2", _mm_cmpgt_epi32(a, b))
HOST(gt64, "sse4.2", _mm_cmpgt_epi64(a, b))
HOST(eq16, "sse2", _mm_cmpeq_epi16(a, b))
HOST(mul16, "sse2", _mm_mullo_epi16(a, b))
HOST(mulw32, "sse2", _mm_mul_epu32(a, b))
HOST(mulws32, "sse4.1", _mm_mul_epi32(a, b))
HOST(packss16, "sse2", _mm_packs_epi16(b, a))
HOST(packus32, "sse4.1", _mm_packus_epi32(b, a))
HOST(zipl8, "sse2", _mm_unpacklo_epi8(b, a))
HOST(ziph16, "sse2", _mm_unpackhi_epi16(b, a))
HOST(align5, "ssse3", _mm_alignr_epi8(a, b, 5))

static const struct {
    const char *feature;
    V128 (*host)(V128, V128);
    IROpcode op;
    uint32_t imm, aux;
} host_rows[] = {
    { "aes", host_aesenc, IR_VAESE, 0, 0 }, { "aes", host_aesenclast, IR_VAESEL, 0, 0 },
    { "aes", host_aesdec, IR_VAESD, 0, 0 }, { "aes", host_aesdeclast, IR_VAESDL, 0, 0 },
    { "pclmul", host_pmull01, IR_VPMULL, 3, 0x10 }, { "pclmul", host_pmull10, IR_VPMULL, 3, 0x01 },
    { "sse2", host_adds8, IR_VADDSS, 0, 0 }, { "sse2", host_adds16, IR_VADDSS, 1, 0 },
    { "sse2", host_subus16, IR_VSUBUS, 1, 0 }, { "sse2", host_avg8, IR_VAVGU, 0, 0 },
    { "sse4.1", host_min8, IR_VMINS, 0, 0 }, { "sse4.1", host_maxu16, IR_VMAXU, 1, 0 },
    { "sse4.1", host_max32, IR_VMAXS, 2, 0 }, { "sse2", host_gt32, IR_VCMPGTS, 2, 0 },
    { "sse4.2", host_gt64, IR_VCMPGTS, 3, 0 }, { "sse2", host_eq16, IR_VCMPEQ, 1, 0 },
    { "sse2", host_mul16, IR_VMUL, 1, 0 }, { "sse2", host_mulw32, IR_VMULWU, 2, 0 },
    { "sse4.1", host_mulws32, IR_VMULWS, 2, 0 }, { "sse2", host_packss16, IR_VPACK, 1, IRPACK_SS },
    { "sse4.1", host_packus32, IR_VPACK, 2, IRPACK_SU }, { "sse2", host_zipl8, IR_VZIPL, 0, 0 },
    { "sse2", host_ziph16, IR_VZIPH, 1, 0 }, { "ssse3", host_align5, IR_VALIGN, 0, 5 },
};

static bool host_has(const char *feature)
{
    return strcmp(feature, "sse2") == 0 ||
           (strcmp(feature, "aes") == 0 && __builtin_cpu_supports("aes")) ||
           (strcmp(feature, "pclmul") == 0 && __builtin_cpu_supports("pclmul")) ||
           (strcmp(feature, "ssse3") == 0 && __builtin_cpu_supports("ssse3")) ||
           (strcmp(feature, "sse4.1") == 0 && __builtin_cpu_supports("sse4.1")) ||
           (strcmp(feature, "sse4.2") == 0 && __builtin_cpu_supports("sse4.2"));
}

static void test_host(void)
{
    IRRng rng = { 7 };

    for (unsigned row = 0; row < G_N_ELEMENTS(host_rows); row++) {
        if (!host_has(host_rows[row].feature)) {
            g_test_message("row %u skipped: no %s", row, host_rows[row].feature);
            continue;
        }
        for (unsigned i = 0; i < 5000; i++) {
            V128 a = v128(rng_value(&rng, IR_I64), rng_value(&rng, IR_I64));
            V128 b = v128(rng_value(&rng, IR_I64), rng_value(&rng, IR_I64));

            if (rng_chance(&rng, 30)) {
                b.h[rng_below(&rng, 8)] = a.h[rng_below(&rng, 8)];
            }
            V128 want = host_rows[row].host(a, b);
            V128 got = run(host_rows[row].op, a, b, zero, host_rows[row].imm, host_rows[row].aux);

            if (memcmp(&want, &got, 16) != 0) {
                g_error("row %u (%s): %016" PRIx64 "_%016" PRIx64 ", not %016" PRIx64
                        "_%016" PRIx64, row,
                        ir_op_info[host_rows[row].op].mnemonic, got.d[1], got.d[0], want.d[1],
                        want.d[0]);
            }
        }
    }
}
#endif

/* Every vector op has a function, and only the guarded ones have none. */
static void test_table(void)
{
    for (unsigned op = IR_MKHI; op <= IR_VPMULL; op++) {
        g_assert_nonnull(ir_vec_fn[op]);
    }
    for (unsigned op = IR_VFADD; op <= IR_VFCMP; op++) {
        g_assert_null(ir_vec_fn[op]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/vec/table", test_table);
    g_test_add_func("/ir/vec/rearranging", test_rearranging);
    g_test_add_func("/ir/vec/arithmetic", test_arithmetic);
#ifdef __x86_64__
    g_test_add_func("/ir/vec/host", test_host);
#endif
    return g_test_run();
}
