/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the PowerPC vector facility against plain definitions, where the instruction vectors
 * (tests/tcg) cannot help: results that the oracle gets wrong, the decimal instructions' signs and
 * flags, VSCR.
 */
#include <string.h>
#include "target/ppc/cpu.h"
#include "../../target/ppc/helper-vec.h"

typedef unsigned __int128 U128;
typedef void Pure2(V128 *d, const V128 *a, const V128 *b);
typedef void Pure3(V128 *d, const V128 *a, const V128 *b, const V128 *c);
typedef void BCDFn(V128 *d, const V128 *a, const V128 *b, uint32_t how);
typedef uint32_t BCDCRFn(const V128 *a, const V128 *b, uint32_t how);

static V128 make(uint64_t high, uint64_t low)
{
    V128 v;

    VEC_D(v, 0) = high;
    VEC_D(v, 1) = low;
    return v;
}

static V128 random_v128(void)
{
    V128 v;

    for (unsigned i = 0; i < 4; i++) {
        v.w[i] = (uint32_t)g_test_rand_int();
    }
    return v;
}

static void assert_equal(V128 got, V128 want)
{
    g_assert_cmphex(VEC_D(got, 0), ==, VEC_D(want, 0));
    g_assert_cmphex(VEC_D(got, 1), ==, VEC_D(want, 1));
}

/* ---- Rotates with a mask, bit by bit ---- */

/* Bits are numbered from the left. */
static uint64_t rotate_insert(uint64_t value, uint64_t how, uint64_t into, unsigned bits)
{
    unsigned mb = how >> 16 & (bits - 1), me = how >> 8 & (bits - 1), n = how & (bits - 1);
    uint64_t out = into;

    for (unsigned bit = mb;; bit = (bit + 1) % bits) {
        uint64_t source = value >> (bits - 1 - (bit + n) % bits) & 1;
        uint64_t place = (uint64_t)1 << (bits - 1 - bit);
        out = source ? out | place : out & ~place;
        if (bit == me) {
            return out;
        }
    }
}

static void test_rotate(void)
{
    for (unsigned round = 0; round < 20000; round++) {
        V128 a = random_v128(), b = random_v128(), t = random_v128(), zero = {{0}}, got, want;

        for (unsigned i = 0; i < 4; i++) {
            want.w[i] = (uint32_t)rotate_insert(a.w[i], b.w[i], t.w[i], 32);
        }
        ((Pure3 *)helper_row_vrlwmi.fn)(&got, &a, &b, &t);
        assert_equal(got, want);
        for (unsigned i = 0; i < 2; i++) {
            want.d[i] = rotate_insert(a.d[i], b.d[i], t.d[i], 64);
        }
        ((Pure3 *)helper_row_vrldmi.fn)(&got, &a, &b, &t);
        assert_equal(got, want);
        ((Pure3 *)helper_row_vrldmi.fn)(&want, &a, &b, &zero);
        ((Pure2 *)helper_row_vrldnm.fn)(&got, &a, &b);
        assert_equal(got, want);
        ((Pure3 *)helper_row_vrlwmi.fn)(&want, &a, &b, &zero);
        ((Pure2 *)helper_row_vrlwnm.fn)(&got, &a, &b);
        assert_equal(got, want);
        /* The result may be an operand. */
        got = a;
        ((Pure2 *)helper_row_vrlwnm.fn)(&got, &got, &b);
        assert_equal(got, want);
    }
}

/* ---- Decimal ---- */

typedef struct DecimalCase {
    uint8_t op, ps;
    uint64_t a[2], b[2];
    uint64_t result[2];
    uint8_t cr;
} DecimalCase;

#define NINES UINT64_C(0x9999999999999999)
#define ONES UINT64_MAX
enum { LT = 8, GT = 4, EQ = 2, SO = 1 };

static const DecimalCase decimal_cases[] = {
    /* Signs: any of A C E F is plus, B D minus; the preferred ones come back. */
    {BCD_ADD, 0, {0, 0x12a}, {0, 0x23e}, {0, 0x35c}, GT},
    {BCD_ADD, 1, {0, 0x12a}, {0, 0x23e}, {0, 0x35f}, GT},
    {BCD_ADD, 0, {0, 0x12b}, {0, 0x23d}, {0, 0x35d}, LT},
    {BCD_ADD, 0, {0, 0x12c}, {0, 0x23d}, {0, 0x11d}, LT},
    {BCD_SUB, 0, {0, 0x12c}, {0, 0x23d}, {0, 0x35c}, GT},
    {BCD_SUB, 1, {0, 0x12c}, {0, 0x12c}, {0, 0x00f}, EQ},
    /* A zero is positive, whatever the operands' signs. */
    {BCD_ADD, 0, {0, 0xd}, {0, 0xd}, {0, 0xc}, EQ},
    {BCD_SUB, 1, {0, 0xd}, {0, 0xc}, {0, 0xf}, EQ},
    /* Overflow keeps the low 31 digits and the sign of the true sum. */
    {BCD_ADD, 0, {NINES, 0x999999999999999c}, {0, 0x1c}, {0, 0xc}, GT | SO},
    {BCD_ADD, 0, {NINES, 0x999999999999999d}, {0, 0x2d}, {0, 0x1d}, LT | SO},
    /* Invalid digits and signs, in either operand. */
    {BCD_ADD, 0, {0, 0x19}, {0, 0x1c}, {ONES, ONES}, SO},
    {BCD_ADD, 0, {0, 0x1c}, {0, 0xa1c}, {ONES, ONES}, SO},
    {BCD_SUB, 0, {(uint64_t)0xa << 60, 0x1c}, {0, 0x1c}, {ONES, ONES}, SO},
    {BCD_COPY_SIGN, 0, {0, 0x12c}, {0, 0x9b}, {0, 0x12b}, LT},
    {BCD_COPY_SIGN, 0, {0, 0xc}, {0, 0x9b}, {0, 0xb}, EQ},
    {BCD_SET_SIGN, 1, {0, 0}, {0, 0x12a}, {0, 0x12f}, GT},
    {BCD_SET_SIGN, 0, {0, 0}, {0, 0x12b}, {0, 0x12d}, LT},
    {BCD_SET_SIGN, 0, {0, 0}, {0, 0x129}, {ONES, ONES}, SO},
    /* Shifts: the count is byte element 7. */
    {BCD_SHIFT, 0, {1, 0}, {0, 0x12c}, {0, 0x120c}, GT},
    {BCD_SHIFT, 0, {0xff, 0}, {0, 0x12d}, {0, 0x1d}, LT},
    {BCD_SHIFT, 0, {30, 0}, {0, 0x1c}, {(uint64_t)1 << 60, 0xc}, GT},
    {BCD_SHIFT, 0, {30, 0}, {0, 0x12c}, {(uint64_t)2 << 60, 0xc}, GT | SO},
    {BCD_SHIFT, 0, {31, 0}, {0, 0x1c}, {0, 0xc}, EQ | SO},
    {BCD_SHIFT, 0, {127, 0}, {0, 0xd}, {0, 0xd}, EQ},
    {BCD_SHIFT, 0, {0x80, 0}, {NINES, 0x999c}, {0, 0xc}, EQ},
    {BCD_SHIFT_ROUND, 0, {0xff, 0}, {0, 0x15c}, {0, 0x2c}, GT},
    {BCD_SHIFT_ROUND, 0, {0xff, 0}, {0, 0x14d}, {0, 0x1d}, LT},
    {BCD_SHIFT_ROUND, 0, {0xff, 0}, {0, 0x999c}, {0, 0x100c}, GT},
    {BCD_SHIFT_ROUND, 0, {0xe1, 0}, {(uint64_t)5 << 60, 0xc}, {0, 0x1c}, GT},
    {BCD_SHIFT_ROUND, 0, {0xe0, 0}, {NINES, 0x999c}, {0, 0xc}, EQ},
    {BCD_SHIFT_UNSIGNED, 0, {31, 0}, {0, 7}, {(uint64_t)7 << 60, 0}, GT},
    {BCD_SHIFT_UNSIGNED, 0, {0xe1, 0}, {(uint64_t)7 << 60, 0}, {0, 7}, GT},
    {BCD_SHIFT_UNSIGNED, 0, {50, 0}, {0, 0}, {0, 0}, EQ},
    {BCD_SHIFT_UNSIGNED, 0, {32, 0}, {0, 7}, {0, 0}, EQ | SO},
    {BCD_SHIFT_UNSIGNED, 0, {0, 0}, {0, 0xc}, {ONES, ONES}, SO},
    {BCD_TRUNCATE, 0, {2, 0}, {0, 0x12c}, {0, 0x12c}, GT},
    {BCD_TRUNCATE, 1, {1, 0}, {0, 0x12c}, {0, 0x2f}, GT | SO},
    {BCD_TRUNCATE, 0, {0, 0}, {0, 0x12d}, {0, 0xd}, EQ | SO},
    {BCD_TRUNCATE, 0, {0xffff, 0}, {NINES, 0x999d}, {NINES, 0x999d}, LT},
    {BCD_TRUNCATE_UNSIGNED, 0, {1, 0}, {0, 0x12}, {0, 2}, GT | SO},
    {BCD_TRUNCATE_UNSIGNED, 0, {32, 0}, {NINES, NINES}, {NINES, NINES}, GT},
    /* National: UTF-16. */
    {BCD_FROM_NATIONAL, 0, {0, 0}, {0x0031003200330034, 0x003500360037002b}, {0, 0x1234567c}, GT},
    {BCD_FROM_NATIONAL, 1, {0, 0}, {0x0030003000300030, 0x003000300031002d}, {0, 0x1d}, LT},
    {BCD_FROM_NATIONAL, 0, {0, 0}, {0x0030003000300030, 0x003000300031002c}, {ONES, ONES}, SO},
    {BCD_FROM_NATIONAL, 0, {0, 0}, {0x003a003000300030, 0x003000300031002b}, {ONES, ONES}, SO},
    {BCD_TO_NATIONAL, 0, {0, 0}, {0, 0x1234567b}, {0x0031003200330034, 0x003500360037002d}, LT},
    {BCD_TO_NATIONAL,
     0,
     {0, 0},
     {0, 0x81234567c},
     {0x0031003200330034, 0x003500360037002b},
     GT | SO},
    /* Zoned. */
    {BCD_FROM_ZONED,
     0,
     {0, 0},
     {0x3132333435363738, 0x3930313233343576},
     {1, 0x234567890123456d},
     LT},
    {BCD_FROM_ZONED,
     1,
     {0, 0},
     {0xf1f2f3f4f5f6f7f8, 0xf9f0f1f2f3f4f5c6},
     {1, 0x234567890123456c},
     GT},
    {BCD_FROM_ZONED, 1, {0, 0}, {0xf1f2f3f4f5f6f7f8, 0xf9f0f1f2f3f4f596}, {ONES, ONES}, SO},
    {BCD_TO_ZONED,
     0,
     {0, 0},
     {1, 0x234567890123456d},
     {0x3132333435363738, 0x3930313233343576},
     LT},
    {BCD_TO_ZONED,
     1,
     {0, 0},
     {0x21, 0x234567890123456e},
     {0xf1f2f3f4f5f6f7f8, 0xf9f0f1f2f3f4f5c6},
     GT | SO},
    /* Binary. */
    {BCD_FROM_BINARY, 0, {0, 0}, {0, 1234}, {0, 0x1234c}, GT},
    {BCD_FROM_BINARY, 1, {0, 0}, {ONES, ONES}, {0, 0x1d}, LT},
    {BCD_FROM_BINARY, 1, {0, 0}, {0, 0}, {0, 0xf}, EQ},
    {BCD_TO_BINARY, 0, {0, 0}, {0, 0x1234b}, {ONES, (uint64_t)-1234}, LT},
    {BCD_TO_BINARY, 0, {0, 0}, {0, 0xd}, {0, 0}, EQ},
};

static void test_decimal_cases(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(decimal_cases); i++) {
        const DecimalCase *c = &decimal_cases[i];
        V128 a = make(c->a[0], c->a[1]), b = make(c->b[0], c->b[1]), got;
        uint32_t how = c->op << 1 | c->ps;

        ((BCDFn *)helper_row_bcd.fn)(&got, &a, &b, how);
        uint32_t cr = ((BCDCRFn *)helper_row_bcd_cr.fn)(&a, &b, how);
        if (VEC_D(got, 0) != c->result[0] || VEC_D(got, 1) != c->result[1] || cr != c->cr) {
            g_error("case %u: got %016" G_GINT64_MODIFIER "x %016" G_GINT64_MODIFIER "x cr %u", i,
                    VEC_D(got, 0), VEC_D(got, 1), cr);
        }
    }
}

/* Binary to decimal and back, and sums in both worlds. */
static void test_decimal_round_trip(void)
{
    BCDFn *bcd = (BCDFn *)helper_row_bcd.fn;
    U128 limit = 1;

    for (unsigned i = 0; i < 31; i++) {
        limit *= 10;
    }
    for (unsigned round = 0; round < 20000; round++) {
        V128 r = random_v128(), q = random_v128(), x, y, back, sum, none = {{0}};
        U128 m = ((U128)r.d[0] << 64 | r.d[1]) >> g_test_rand_int_range(26, 128);
        U128 n = ((U128)q.d[0] << 64 | q.d[1]) >> g_test_rand_int_range(26, 128);
        __int128 a = (__int128)(m % (limit / 2)), b = (__int128)(n % (limit / 2));

        a = r.d[0] & 1 ? -a : a;
        b = q.d[0] & 1 ? -b : b;
        V128 va = make((uint64_t)((U128)a >> 64), (uint64_t)a);
        V128 vb = make((uint64_t)((U128)b >> 64), (uint64_t)b);
        bcd(&x, &none, &va, BCD_FROM_BINARY << 1);
        bcd(&y, &none, &vb, BCD_FROM_BINARY << 1);
        bcd(&back, &none, &x, BCD_TO_BINARY << 1);
        assert_equal(back, va);
        bcd(&sum, &x, &y, BCD_ADD << 1);
        bcd(&back, &none, &sum, BCD_TO_BINARY << 1);
        assert_equal(back, make((uint64_t)((U128)(a + b) >> 64), (uint64_t)(a + b)));
        bcd(&sum, &x, &y, BCD_SUB << 1);
        bcd(&back, &none, &sum, BCD_TO_BINARY << 1);
        assert_equal(back, make((uint64_t)((U128)(a - b) >> 64), (uint64_t)(a - b)));
    }
}

/* ---- VSCR ---- */

static void test_vscr(void)
{
    static const PowerPCCPUClass model = {
        .name = "test", .insns = ISA_BASE | ISA_64 | ISA_ALTIVEC, .msr_mask = UINT64_MAX,
        .exception_family = FAMILY_POWER9, .mmu = MMU_64_RADIX,
    };
    PowerPCCPU *cpu = g_aligned_alloc0(1, sizeof(PowerPCCPU), 64);
    CPUPPCState *env = &cpu->env;
    void (*mtvscr)(CPUPPCState *, const V128 *) =
        (void (*)(CPUPPCState *, const V128 *))helper_row_mtvscr.fn;
    void (*sum)(V128 *, CPUPPCState *, const V128 *, const V128 *) =
        (void (*)(V128 *, CPUPPCState *, const V128 *, const V128 *))helper_row_vsumsws.fn;
    V128 all = make(ONES, ONES), none = make(ONES, ONES << 32), out;
    V128 large = make(0x7fffffff7fffffff, 0x7fffffff7fffffff);

    cpu->model = &model;
    mtvscr(env, &all);
    g_assert_cmphex(env->vscr, ==, 0x10001);
    g_assert_true(env->hflags & HF_VMX_NJ);
    mtvscr(env, &none);
    g_assert_cmphex(env->vscr, ==, 0);
    g_assert_false(env->hflags & HF_VMX_NJ);
    sum(&out, env, &all, &none);
    g_assert_cmphex(env->vscr, ==, 0);
    assert_equal(out, make(0, 0xfffffffc));
    sum(&out, env, &large, &large);
    g_assert_cmphex(env->vscr, ==, 1);
    assert_equal(out, make(0, 0x7fffffff));
    g_aligned_free(cpu);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc/vec/rotate", test_rotate);
    g_test_add_func("/ppc/vec/decimal-cases", test_decimal_cases);
    g_test_add_func("/ppc/vec/decimal-round-trip", test_decimal_round_trip);
    g_test_add_func("/ppc/vec/vscr", test_vscr);
    return g_test_run();
}
