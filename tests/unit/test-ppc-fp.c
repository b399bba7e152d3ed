/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FPSCR bookkeeping of the PowerPC front end: sticky bits and FX, the pending record against the
 * exact helpers, enabled exceptions, the instructions that touch FPSCR, compares, minima and
 * maxima.
 *
 * The floating-point sources are linked alone; interrupts and mode flags are this file's.
 */
#include <setjmp.h>
#include <string.h>
#include "../../target/ppc/fp-fallback.h"
#include "../../target/ppc/helper-fp.h"

#define ONE     UINT64_C(0x3ff0000000000000)
#define TWO     UINT64_C(0x4000000000000000)
#define THREE   UINT64_C(0x4008000000000000)
#define INF     UINT64_C(0x7ff0000000000000)
#define QNAN    UINT64_C(0x7ff8000000000000)
#define SNAN    UINT64_C(0x7ff4000000000000)
#define SIGN    UINT64_C(0x8000000000000000)
#define FIVE    UINT64_C(0x4014000000000000)
#define LARGEST UINT64_C(0x7fefffffffffffff)
#define LEAST   UINT64_C(0x0010000000000000)

/* ---- The CPU ---- */

static jmp_buf interrupted;
static unsigned hflags_updates;

void ppc_raise(CPUPPCState *env, PPCException kind, uint64_t error_code)
{
    g_assert_cmpint(kind, ==, EXCP_PROGRAM);
    g_assert_cmphex(error_code, ==, PROGRAM_FP);
    longjmp(interrupted, 1);
}

void ppc_update_hflags(CPUPPCState *env)
{
    hflags_updates++;
}

static const PowerPCCPUClass model = {.name = "test",
                                      .insns = ISA_FP | ISA_DFP | ISA_VSX | ISA_3_00};

static CPUPPCState *new_env(void)
{
    PowerPCCPU *cpu = g_aligned_alloc0(1, sizeof(PowerPCCPU), 64);

    cpu->model = &model;
    cpu->env.tcg.mxcsr_fp = 0x1f80;
    return &cpu->env;
}

static void free_env(CPUPPCState *env)
{
    g_aligned_free(env_cpu(env));
}

/* ---- Calling helpers by their rows ---- */

typedef void ExactFn(CPUPPCState *env, uint32_t op, uint32_t regs);
typedef void TestFn(CPUPPCState *env, uint32_t op, uint32_t regs, uint32_t imm);
typedef void WriteFn(CPUPPCState *env, uint64_t value, uint64_t mask, uint32_t rc);
typedef uint32_t FieldFn(CPUPPCState *env, uint32_t field);

/* True if the program interrupt was taken. */
static bool call(CPUPPCState *env, const IRHelper *row, uint32_t op, uint32_t regs)
{
    if (setjmp(interrupted)) {
        return true;
    }
    ((ExactFn *)row->fn)(env, op, regs);
    return false;
}

/* VSR 1 = op(2, 3, 4), Rc. */
#define REGS FPREGS(1, 2, 3, 4, 1)

static bool exact(CPUPPCState *env, uint32_t op, uint64_t a, uint64_t b, uint64_t c)
{
    VSR_HI(env->vsr[1]) = 0x1234;
    VSR_HI(env->vsr[2]) = a;
    VSR_HI(env->vsr[3]) = b;
    VSR_HI(env->vsr[4]) = c;
    return call(env, &helper_row_fp_exact, op, REGS);
}

static uint64_t result(const CPUPPCState *env)
{
    return VSR_HI(env->vsr[1]);
}

static unsigned fprf(const CPUPPCState *env)
{
    return env->fpscr >> FPSCR_FPRF & 31;
}

#define assert_set(env, bit)   g_assert_cmphex((env)->fpscr &FPSCR_BIT(bit), ==, FPSCR_BIT(bit))
#define assert_clear(env, bit) g_assert_cmphex((env)->fpscr &FPSCR_BIT(bit), ==, 0)

/* ---- Sticky bits ---- */

static void test_fx(void)
{
    CPUPPCState *env = new_env();

    fpscr_raise(env, FPSCR_BIT(XX));
    g_assert_cmphex(env->fpscr, ==, FPSCR_BIT(FX) | FPSCR_BIT(XX));
    /* FX stays clear while the bit stays set. */
    fpscr_assign(env, 0, FPSCR_BIT(FX));
    fpscr_raise(env, FPSCR_BIT(XX));
    assert_clear(env, FX);
    fpscr_raise(env, FPSCR_BIT(XX) | FPSCR_BIT(VXISI));
    g_assert_cmphex(env->fpscr, ==,
                    FPSCR_BIT(FX) | FPSCR_BIT(XX) | FPSCR_BIT(VX) | FPSCR_BIT(VXISI));
    free_env(env);
}

static void test_harvest(void)
{
    CPUPPCState *env = new_env();

    env->tcg.mxcsr_fp |= 0x20;
    fpscr_sync(env);
    g_assert_cmphex(env->fpscr, ==, FPSCR_BIT(FX) | FPSCR_BIT(XX));
    g_assert_cmphex(env->tcg.mxcsr_fp, ==, 0x1f80);
    /* The flag again: nothing new. */
    fpscr_assign(env, 0, FPSCR_BIT(FX));
    env->tcg.mxcsr_fp |= 0x20;
    fpscr_sync(env);
    g_assert_cmphex(env->fpscr, ==, FPSCR_BIT(XX));
    /* Cleared by the guest, set by the host since. */
    fpscr_assign(env, 0, FPSCR_BIT(XX));
    env->tcg.mxcsr_fp |= 0x20;
    fpscr_sync(env);
    g_assert_cmphex(env->fpscr, ==, FPSCR_BIT(FX) | FPSCR_BIT(XX));
    free_env(env);
}

/* ---- The record ---- */

static const uint64_t values[] = {
    0,
    SIGN,
    1,
    SIGN | 1,
    UINT64_C(0x000fffffffffffff),
    LEAST,
    SIGN | LEAST,
    LEAST + 1,
    ONE,
    SIGN | ONE,
    ONE + 1,
    TWO,
    THREE,
    UINT64_C(0x3fe0000000000000),
    UINT64_C(0x3fd5555555555555),
    LARGEST,
    SIGN | LARGEST,
    INF,
    SIGN | INF,
    QNAN,
    SIGN | QNAN | 0x123,
    SNAN,
    SNAN | 1,
    UINT64_C(0x47efffffe0000000),
    UINT64_C(0x47f0000000000000),
    UINT64_C(0x3810000000000000),
    UINT64_C(0x380fffffffffffff),
    UINT64_C(0x36a0000000000000),
    UINT64_C(0x369fffffffffffff),
    UINT64_C(0x43dfffffffffffff),
    UINT64_C(0x43e0000000000000),
    UINT64_C(0xc3e0000000000000),
    UINT64_C(0x41dfffffffc00000),
    UINT64_C(0x41efffffffe00001),
    UINT64_C(0x1ff0000000000001),
    UINT64_C(0x3ca0000000000000),
    UINT64_C(0x4340000000000001),
    UINT64_C(0x3ff0000010000000),
    UINT64_C(0x3ff0000030000000),
    UINT64_C(0x3ff0000010000001),
};

static const uint32_t recorded_ops[] = {
    FPOP(FPB_ADD, 0),
    FPOP(FPB_ADD, IRFP_SINGLE),
    FPOP(FPB_SUB, 0),
    FPOP(FPB_SUB, IRFP_SINGLE),
    FPOP(FPB_MUL, 0),
    FPOP(FPB_MUL, IRFP_SINGLE),
    FPOP(FPB_DIV, 0),
    FPOP(FPB_DIV, IRFP_SINGLE),
    FPOP(FPB_SQRT, 0),
    FPOP(FPB_SQRT, IRFP_SINGLE),
    FPOP(FPB_MADD, 0),
    FPOP(FPB_MADD, IRFP_SINGLE),
    FPOP(FPB_MADD, IRFP_SUBTRACT),
    FPOP(FPB_MADD, IRFP_NEG),
    FPOP(FPB_MADD, IRFP_NEG | IRFP_SUBTRACT),
    FPOP(FPB_MADD, IRFP_NEG | IRFP_SINGLE),
    FPOP(FPB_RSP, 0),
    FPOP(FPB_RSPV, 0),
    FPOP(FPB_RE, 0),
    FPOP(FPB_RE, IRFP_SINGLE),
    FPOP(FPB_RSQRTE, 0),
    FPOP(FPB_CFID, 0),
    FPOP(FPB_CFID, IRFP_UNSIGNED),
    FPOP(FPB_CFID, IRFP_SINGLE),
    FPOP(FPB_CTI, 0),
    FPOP(FPB_CTI, IRFP_TRUNC),
    FPOP(FPB_CTI, IRFP_W32),
    FPOP(FPB_CTI, IRFP_W32 | IRFP_UNSIGNED | IRFP_TRUNC),
    FPOP(FPB_RINT, FLOAT_ROUND_NEAREST_AWAY),
    FPOP(FPB_RINT, FPRINT_CURRENT),
    FPOP(FPB_CVDPSP, 0),
    FPOP(FPB_CVSPDP, 0),
    FPOP(FPB_CVDPHP, 0),
    FPOP(FPB_CVHPDP, 0),
};

/* What generated code leaves and fpscr_sync() makes of it is what the exact helper does at once. */
static void test_record(void)
{
    CPUPPCState *lazy = new_env(), *now = new_env();
    GRand *rand = g_rand_new_with_seed(1);

    for (unsigned i = 0; i < 200000; i++) {
        uint32_t op = recorded_ops[g_rand_int_range(rand, 0, G_N_ELEMENTS(recorded_ops))];
        uint64_t a = values[g_rand_int_range(rand, 0, G_N_ELEMENTS(values))];
        uint64_t b = values[g_rand_int_range(rand, 0, G_N_ELEMENTS(values))];
        uint64_t c = values[g_rand_int_range(rand, 0, G_N_ELEMENTS(values))];
        FloatStatus s = {0};

        if (g_rand_int_range(rand, 0, 4) == 0) {
            uint64_t mask = ((uint64_t)g_rand_int(rand) << 2) & FPSCR_WRITABLE & ~UINT64_C(0xff);
            fpscr_sync(lazy);
            fpscr_assign(lazy, 0, mask);
            fpscr_assign(now, 0, mask);
        }
        g_assert_false(exact(now, op, a, b, c));
        uint64_t value = fp_compute(op, a, b, c, &s);
        g_assert_cmphex(value, ==, result(now));
        /* Inexactness through the host's flag or not, the other bits as a fallback sets them. */
        if (s.flags & FLOAT_FLAG_INEXACT && i & 1) {
            lazy->tcg.mxcsr_fp |= 0x20;
        }
        fpscr_raise(lazy, fp_exceptions(s.flags & ~(i & 1 ? FLOAT_FLAG_INEXACT : 0u)));
        lazy->fp_op = op;
        lazy->fp_a = a;
        lazy->fp_b = b;
        lazy->fp_c = c;
        lazy->fpcc = 0;
        if (i % 8 == 0) {
            /* A compare behind it replaces FPCC alone. */
            lazy->fpcc = 1 << i % 4;
            fpscr_set_fpcc(now, 1 << i % 4);
        }
        if (i % 3 == 0) {
            fpscr_sync(lazy);
            g_assert_cmphex(lazy->fpscr, ==, now->fpscr);
        }
    }
    g_rand_free(rand);
    free_env(lazy);
    free_env(now);
}

static void test_classes(void)
{
    static const struct {
        uint64_t value;
        unsigned fprf;
    } rows[] = {
        {0, 0x02},          {SIGN, 0x12}, {1, 0x14},          {SIGN | 1, 0x18}, {ONE, 0x04},
        {SIGN | ONE, 0x08}, {INF, 0x05},  {SIGN | INF, 0x09}, {QNAN, 0x11},     {SIGN | QNAN, 0x11},
    };
    CPUPPCState *env = new_env();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmphex(fprf_double(rows[i].value), ==, rows[i].fprf);
    }
    /* A denormal single has the class of denormals, though it is a normal double. */
    exact(env, FPOP(FPB_MUL, IRFP_SINGLE), UINT64_C(0x3810000000000000),
          UINT64_C(0xbfe0000000000000), 0);
    g_assert_cmphex(result(env), ==, UINT64_C(0xb800000000000000));
    g_assert_cmphex(fprf(env), ==, 0x18);
    assert_clear(env, UX);
    free_env(env);
}

static void test_fr(void)
{
    CPUPPCState *env = new_env();

    /* 1/3 is rounded down, 5/3 up; FR tells when the magnitude grew. */
    exact(env, FPOP(FPB_DIV, 0), ONE, THREE, 0);
    assert_set(env, FI);
    assert_clear(env, FR);
    exact(env, FPOP(FPB_DIV, 0), SIGN | FIVE, THREE, 0);
    assert_set(env, FI);
    assert_set(env, FR);
    exact(env, FPOP(FPB_ADD, 0), ONE, ONE, 0);
    assert_clear(env, FI);
    assert_clear(env, FR);
    assert_set(env, XX);
    free_env(env);
}

/* ---- Enabled exceptions ---- */

static void test_invalid_enabled(void)
{
    CPUPPCState *env = new_env();

    exact(env, FPOP(FPB_ADD, 0), ONE, TWO, 0);
    g_assert_cmphex(fprf(env), ==, 4);
    env->fpscr = FPSCR_BIT(VE) | UINT64_C(4) << FPSCR_FPRF | FPSCR_BIT(FI) | FPSCR_BIT(FR);
    /* No interrupt while MSR.FE0 and FE1 are clear, but no result either. */
    g_assert_false(exact(env, FPOP(FPB_SUB, 0), INF, INF, 0));
    g_assert_cmphex(result(env), ==, 0x1234);
    g_assert_cmphex(env->fpscr, ==,
                    FPSCR_BIT(VE) | UINT64_C(4) << FPSCR_FPRF | FPSCR_BIT(FX) | FPSCR_BIT(FEX) |
                        FPSCR_BIT(VX) | FPSCR_BIT(VXISI));
    g_assert_cmphex(env->crf[1], ==, 0xe);
    env->msr = MSR_BIT(FE0);
    g_assert_true(exact(env, FPOP(FPB_MUL, 0), SNAN, ONE, 0));
    g_assert_cmphex(result(env), ==, 0x1234);
    assert_set(env, VXSNAN);
    /* Exceptions that are not enabled raise nothing. */
    g_assert_false(exact(env, FPOP(FPB_DIV, 0), ONE, 0, 0));
    g_assert_cmphex(result(env), ==, INF);
    assert_set(env, ZX);
    free_env(env);
}

static void test_zero_divide_enabled(void)
{
    CPUPPCState *env = new_env();

    env->fpscr = FPSCR_BIT(ZE);
    env->msr = MSR_BIT(FE1);
    g_assert_true(exact(env, FPOP(FPB_DIV, 0), ONE, 0, 0));
    g_assert_cmphex(result(env), ==, 0x1234);
    assert_set(env, ZX);
    assert_set(env, FEX);
    g_assert_true(exact(env, FPOP(FPB_RE, 0), SIGN, 0, 0));
    g_assert_cmphex(result(env), ==, 0x1234);
    free_env(env);
}

static void test_wrapped(void)
{
    CPUPPCState *env = new_env();

    env->msr = MSR_BIT(FE0) | MSR_BIT(FE1);
    env->fpscr = FPSCR_BIT(OE) | FPSCR_BIT(UE);
    /* 2^1023 * 2 = 2^1024: 1536 less. */
    g_assert_true(exact(env, FPOP(FPB_MUL, 0), UINT64_C(0x7fe0000000000000), TWO, 0));
    g_assert_cmphex(result(env), ==, (uint64_t)(1024 - 1536 + 1023) << 52);
    assert_set(env, OX);
    assert_clear(env, XX);
    /* 2^-1022 / 2, exact and tiny: 1536 more. */
    g_assert_true(exact(env, FPOP(FPB_DIV, 0), LEAST, TWO, 0));
    g_assert_cmphex(result(env), ==, (uint64_t)(-1023 + 1536 + 1023) << 52);
    assert_set(env, UX);
    g_assert_cmphex(fprf(env), ==, 4);
    /* Singles: 192. 2^127 * 2 */
    g_assert_true(exact(env, FPOP(FPB_MUL, IRFP_SINGLE), UINT64_C(0x47e0000000000000), TWO, 0));
    g_assert_cmphex(result(env), ==, (uint64_t)(128 - 192 + 1023) << 52);
    free_env(env);
}

static void test_inexact_enabled(void)
{
    CPUPPCState *env = new_env();

    env->msr = MSR_BIT(FE0);
    env->fpscr = FPSCR_BIT(XE);
    g_assert_true(exact(env, FPOP(FPB_DIV, 0), ONE, THREE, 0));
    g_assert_cmphex(result(env), ==, UINT64_C(0x3fd5555555555555));
    g_assert_cmphex(env->crf[1], ==, 0xc);
    g_assert_false(exact(env, FPOP(FPB_DIV, 0), ONE, TWO, 0));
    free_env(env);
}

/* The negation of fnmadd comes behind the rounding. */
static void test_negation(void)
{
    CPUPPCState *env = new_env();

    env->fpscr = FLOAT_ROUND_UP;
    exact(env, FPOP(FPB_MADD, IRFP_NEG), ONE, ONE, 1);
    g_assert_cmphex(result(env), ==, (ONE + 1) | SIGN);
    env->fpscr = FLOAT_ROUND_DOWN;
    exact(env, FPOP(FPB_MADD, IRFP_NEG), ONE, ONE, 1);
    g_assert_cmphex(result(env), ==, ONE | SIGN);
    /* NaNs keep their sign. */
    exact(env, FPOP(FPB_MADD, IRFP_NEG), ONE, QNAN, 1);
    g_assert_cmphex(result(env), ==, QNAN);
    free_env(env);
}

/* ---- Compares ---- */

static void compare(CPUPPCState *env, uint64_t a, uint64_t b, bool ordered, uint64_t fpscr,
                    unsigned cr)
{
    env->fpscr = fpscr & (FPSCR_ENABLES | FPSCR_BIT(C));
    VSR_HI(env->vsr[2]) = a;
    VSR_HI(env->vsr[3]) = b;
    g_assert_false(call(env, &helper_row_fp_compare_exact, FPREGS(5, 2, 3, 0, 0), ordered));
    g_assert_cmphex(env->crf[5], ==, cr);
    g_assert_cmphex(env->fpscr, ==, fpscr | (uint64_t)cr << FPSCR_FPCC);
}

static void test_compare(void)
{
    CPUPPCState *env = new_env();
    uint64_t invalid = FPSCR_BIT(FX) | FPSCR_BIT(VX);

    compare(env, ONE, TWO, false, 0, 8);
    compare(env, ONE, SIGN | TWO, true, 0, 4);
    compare(env, 0, SIGN, true, FPSCR_BIT(C), 2);
    compare(env, QNAN, ONE, false, 0, 1);
    compare(env, QNAN, ONE, true, invalid | FPSCR_BIT(VXVC), 1);
    compare(env, ONE, SNAN, false, invalid | FPSCR_BIT(VXSNAN), 1);
    compare(env, ONE, SNAN, true, invalid | FPSCR_BIT(VXSNAN) | FPSCR_BIT(VXVC), 1);
    /* Enabled: VXSNAN alone. */
    compare(env, ONE, SNAN, true, invalid | FPSCR_BIT(VXSNAN) | FPSCR_BIT(VE) | FPSCR_BIT(FEX), 1);
    compare(env, ONE, QNAN, true, invalid | FPSCR_BIT(VXVC) | FPSCR_BIT(VE) | FPSCR_BIT(FEX), 1);
    free_env(env);
}

static void test_maxima(void)
{
    static const struct {
        FPBase base;
        uint64_t a, b, result;
        bool invalid;
    } rows[] = {
        {FPB_MAX, ONE, TWO, TWO},
        {FPB_MIN, ONE, TWO, ONE},
        {FPB_MAX, SIGN, 0, 0},
        {FPB_MIN, 0, SIGN, SIGN},
        {FPB_MAX, QNAN, ONE, ONE},
        {FPB_MAX, ONE, QNAN, ONE},
        {FPB_MIN, QNAN | 1, QNAN, QNAN | 1},
        {FPB_MAX, SNAN | 1, ONE, QNAN | SNAN | 1, true},
        {FPB_MAX, ONE, SNAN | 1, QNAN | SNAN | 1, true},
        {FPB_MAXC, ONE, TWO, TWO},
        {FPB_MAXC, 0, SIGN, SIGN},
        {FPB_MAXC, QNAN, ONE, ONE},
        {FPB_MAXC, ONE, QNAN, QNAN},
        {FPB_MINC, SNAN, ONE, ONE, true},
        {FPB_MINC, TWO, ONE, ONE},
        {FPB_MAXJ, QNAN | 1, ONE, QNAN | 1},
        {FPB_MAXJ, ONE, QNAN | 1, QNAN | 1},
        {FPB_MAXJ, SIGN, 0, 0},
        {FPB_MINJ, 0, SIGN, SIGN},
        {FPB_MINJ, ONE, TWO, ONE},
    };
    CPUPPCState *env = new_env();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        env->fpscr = UINT64_C(3) << FPSCR_FPRF;
        exact(env, FPOP(rows[i].base, 0), rows[i].a, rows[i].b, 0);
        g_assert_cmphex(result(env), ==, rows[i].result);
        g_assert_cmphex(
            env->fpscr, ==,
            UINT64_C(3) << FPSCR_FPRF |
                (rows[i].invalid ? FPSCR_BIT(FX) | FPSCR_BIT(VX) | FPSCR_BIT(VXSNAN) : 0));
    }
    free_env(env);
}

/* ---- Instructions on FPSCR ---- */

static void test_write(void)
{
    CPUPPCState *env = new_env();
    WriteFn *write = (WriteFn *)helper_row_fp_write_fpscr.fn;
    FieldFn *mcrfs = (FieldFn *)helper_row_fp_mcrfs.fn;

    /* VX and FEX follow from the other bits; FX is written like any other. */
    write(env, FPSCR_BIT(VX) | FPSCR_BIT(FEX), UINT64_MAX, 0);
    g_assert_cmphex(env->fpscr, ==, 0);
    write(env, FPSCR_BIT(VXCVI) | FPSCR_BIT(XX), UINT64_MAX, 1);
    g_assert_cmphex(env->fpscr, ==, FPSCR_BIT(VXCVI) | FPSCR_BIT(XX) | FPSCR_BIT(VX));
    g_assert_cmphex(env->crf[1], ==, 2);
    hflags_updates = 0;
    write(env, UINT64_MAX, UINT64_MAX, 0);
    g_assert_cmphex(env->fpscr, ==, FPSCR_WRITABLE);
    g_assert_cmpuint(hflags_updates, ==, 1);
    write(env, 0, UINT64_C(15) << FPSCR_FPCC, 0);
    g_assert_cmpuint(hflags_updates, ==, 1);

    /* mcrfs clears exception bits, and only those. */
    write(env, UINT64_MAX, UINT64_MAX, 0);
    g_assert_cmphex(mcrfs(env, 0), ==, 15);
    assert_clear(env, FX);
    assert_clear(env, OX);
    assert_set(env, VX);
    assert_set(env, FEX);
    g_assert_cmphex(mcrfs(env, 3), ==, 15);
    assert_clear(env, VXVC);
    assert_set(env, FI);
    g_assert_cmphex(mcrfs(env, 7), ==, 15);
    g_assert_cmphex(env->fpscr & 0xff, ==, 0xff);
    free_env(env);
}

static void test_set_bit(void)
{
    CPUPPCState *env = new_env();

    /* Setting an exception bit sets FX, and interrupts if it is enabled. */
    g_assert_false(call(env, &helper_row_fp_set_bit, FPSCR_VXSOFT, 1));
    g_assert_cmphex(env->fpscr, ==, FPSCR_BIT(FX) | FPSCR_BIT(VX) | FPSCR_BIT(VXSOFT));
    g_assert_cmphex(env->crf[1], ==, 0xa);
    env->msr = MSR_BIT(FE0);
    g_assert_true(call(env, &helper_row_fp_set_bit, FPSCR_VE, 1));
    assert_set(env, FEX);
    g_assert_cmphex(env->crf[1], ==, 0xe);
    /* The summaries cannot be set. */
    env->fpscr = 0;
    g_assert_false(call(env, &helper_row_fp_set_bit, FPSCR_VX, 0));
    g_assert_false(call(env, &helper_row_fp_set_bit, FPSCR_FEX, 0));
    g_assert_cmphex(env->fpscr, ==, 0);
    free_env(env);
}

/* ---- Vectors ---- */

static void test_vector(void)
{
    CPUPPCState *env = new_env();

    env->vsr[2] = (V128){.d = {ONE, SNAN}};
    env->vsr[3] = (V128){.d = {THREE, ONE}};
    env->fpscr = UINT64_C(3) << FPSCR_FPRF | FPSCR_BIT(FR);
    call(env, &helper_row_vfp_exact, FPOP(FPB_DIV, 0), FPREGS(1, 2, 3, 3, 0));
    g_assert_cmphex(env->vsr[1].d[0], ==, UINT64_C(0x3fd5555555555555));
    g_assert_cmphex(env->vsr[1].d[1], ==, SNAN | QNAN);
    g_assert_cmphex(env->fpscr, ==,
                    UINT64_C(3) << FPSCR_FPRF | FPSCR_BIT(FR) | FPSCR_BIT(FX) | FPSCR_BIT(VX) |
                        FPSCR_BIT(VXSNAN) | FPSCR_BIT(XX));
    /* An enabled exception in one lane keeps the whole target; the others still count. */
    env->vsr[1] = (V128){.d = {1, 2}};
    env->fpscr = FPSCR_BIT(VE);
    call(env, &helper_row_vfp_exact, FPOP(FPB_DIV, 0), FPREGS(1, 2, 3, 3, 0));
    g_assert_cmphex(env->vsr[1].d[0], ==, 1);
    g_assert_cmphex(env->vsr[1].d[1], ==, 2);
    assert_set(env, XX);
    assert_set(env, FEX);
    /* CR6: all, none. */
    env->fpscr = 0;
    call(env, &helper_row_vfp_exact, FPOP(FPB_CMPGT, 0) | FPV_F32, FPREGS(1, 3, 3, 3, 1));
    g_assert_cmphex(env->crf[6], ==, 2);
    call(env, &helper_row_vfp_exact, FPOP(FPB_CMPEQ, 0) | FPV_F32, FPREGS(1, 3, 3, 3, 1));
    g_assert_cmphex(env->crf[6], ==, 8);
    free_env(env);
}

/* ---- Quad precision ---- */

static void quad(CPUPPCState *env, uint32_t op, uint64_t high, uint64_t low, uint64_t want_high,
                 uint64_t want_low)
{
    VSR_HI(env->vsr[34]) = high;
    VSR_LO(env->vsr[34]) = low;
    g_assert_false(call(env, &helper_row_qfp, op, FPREGS(33, 34, 34, 34, 0)));
    g_assert_cmphex(VSR_HI(env->vsr[33]), ==, want_high);
    g_assert_cmphex(VSR_LO(env->vsr[33]), ==, want_low);
}

static void test_extended(void)
{
    CPUPPCState *env = new_env();
    const uint64_t one = UINT64_C(0x3fff000000000000), half = UINT64_C(1) << 48;

    /* Ties to even, up and down by R = 1 and RMC; away with R = 0, RMC = 0. */
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 0, 0)), one, half, one, 0);
    assert_set(env, FI);
    assert_clear(env, FR);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 0, 0)), one, 3 * half, one, 4 * half);
    assert_set(env, FR);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(0, 0, 0)), one, half, one, 2 * half);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 2, 0)), one, 1, one, 2 * half);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 3, 0)), one, 1, one, 0);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 1, 0)), one, UINT64_MAX, one, UINT64_MAX << 49);
    /* The carry runs into the exponent, and over its top. */
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 0, 0)), UINT64_C(0x3fffffffffffffff), UINT64_MAX,
         UINT64_C(0x4000000000000000), 0);
    assert_clear(env, OX);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 0, 0)), UINT64_C(0x7ffeffffffffffff), UINT64_MAX,
         UINT64_C(0x7fff000000000000), 0);
    assert_set(env, OX);
    g_assert_cmphex(fprf(env), ==, 5);
    env->fpscr = FPSCR_BIT(OE);
    quad(env, FPQOP(FPQ_RXP, FPQ_ROUND(1, 0, 0)), UINT64_C(0x7ffeffffffffffff), UINT64_MAX,
         UINT64_C(0x1fff000000000000), 0);
    free_env(env);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-fp/fx", test_fx);
    g_test_add_func("/ppc-fp/harvest", test_harvest);
    g_test_add_func("/ppc-fp/record", test_record);
    g_test_add_func("/ppc-fp/classes", test_classes);
    g_test_add_func("/ppc-fp/fr", test_fr);
    g_test_add_func("/ppc-fp/invalid-enabled", test_invalid_enabled);
    g_test_add_func("/ppc-fp/zero-divide-enabled", test_zero_divide_enabled);
    g_test_add_func("/ppc-fp/wrapped", test_wrapped);
    g_test_add_func("/ppc-fp/inexact-enabled", test_inexact_enabled);
    g_test_add_func("/ppc-fp/negation", test_negation);
    g_test_add_func("/ppc-fp/compare", test_compare);
    g_test_add_func("/ppc-fp/maxima", test_maxima);
    g_test_add_func("/ppc-fp/write", test_write);
    g_test_add_func("/ppc-fp/set-bit", test_set_bit);
    g_test_add_func("/ppc-fp/vector", test_vector);
    g_test_add_func("/ppc-fp/extended", test_extended);
    return g_test_run();
}
