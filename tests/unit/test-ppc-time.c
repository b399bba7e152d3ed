/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time base, decrementers, performance monitor: on a clock that the test steps. */
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

#define SECOND 1000000000ll

static uint64_t spr(TestMachine *m, unsigned number)
{
    uint64_t value;

    g_assert_true(ppc_spr_read_raw(&m->cpu->env, number, &value));
    return value;
}

static void test_timebase(void)
{
    TestMachine machine, *m = &machine;
    uint64_t sum = 0;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    g_assert_cmpuint(spr(m, SPR_TBL), ==, 0);
    clock_step(m->clock, SECOND);
    g_assert_cmpuint(spr(m, SPR_TBL), ==, 512000000);
    /* No drift over odd steps, however long. */
    for (unsigned i = 0; i < 1000; i++) {
        clock_step(m->clock, 1237);
        sum += 1237;
    }
    g_assert_cmpuint(spr(m, SPR_TBL), ==, 512000000 + sum * 512 / 1000);
    clock_step(m->clock, 400ll * 24 * 3600 * SECOND);
    g_assert_cmpuint(spr(m, SPR_TBL), ==, 512000000ull * (400ull * 24 * 3600 + 1) + sum * 512 / 1000);
    /* TBU40 sets the upper bits; a decrementer keeps its value. */
    ppc_set_decr(&m->cpu->env, 1000000);
    g_assert_true(ppc_spr_write_raw(&m->cpu->env, SPR_TBU40, 0x123456789a000000ull));
    g_assert_cmphex(spr(m, SPR_TBL) >> 24, ==, 0x123456789aull);
    g_assert_cmpuint(spr(m, SPR_DECR), ==, 1000000);
    test_machine_teardown(m);
}

static void test_decrementer(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "power8", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_set_decr(env, 512);
    g_assert_cmpuint(spr(m, SPR_DECR), ==, 512);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    clock_step(m->clock, 1000);
    g_assert_cmpuint(spr(m, SPR_DECR), ==, 0);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    clock_step(m->clock, 2);                  /* one tick later it is -1 */
    g_assert_cmphex(spr(m, SPR_DECR), ==, 0xffffffff);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    /* A level: a positive value takes it away, a negative one raises it at once. */
    ppc_set_decr(env, 5000);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_set_decr(env, 0x80000000u);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    g_assert_cmphex(spr(m, SPR_DECR), ==, 0x80000000u);
    /* Counting on below the smallest number it wraps: the level goes. */
    clock_step(m->clock, 4);
    g_assert_cmphex(spr(m, SPR_DECR), ==, 0x7ffffffe);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    clock_step(m->clock, 5 * SECOND);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    test_machine_teardown(m);
}

static void test_large_decrementer(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_store_lpcr(m->cpu, env->spr[SPR_LPCR] | LPCR_LD);
    ppc_set_decr(env, 0x123456789aull);
    g_assert_cmphex(spr(m, SPR_DECR), ==, 0x123456789aull);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_set_decr(env, UINT64_MAX);
    g_assert_cmphex(spr(m, SPR_DECR), ==, UINT64_MAX);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_set_decr(env, 1ull << 55);            /* bit 8 of 64 is the sign of 56 bits */
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    /* Without LD: 32 bits. */
    ppc_set_decr(env, 0x80000000ull);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_store_lpcr(m->cpu, env->spr[SPR_LPCR] & ~LPCR_LD);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    test_machine_teardown(m);
}

/* Before ISA 2.06 the decrementer interrupt is a latch. */
static void test_edge_decrementer(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "970fx", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_set_decr(env, 512);
    clock_step(m->clock, 2000);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_set_decr(env, 5000);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    test_put_stops(m);
    PUT(m, TEST_CODE, T_NOP, T_STOP);
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x900);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    test_machine_teardown(m);
}

static void test_decr_interrupt(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    test_put_stops(m);
    /* mtspr DEC,r3 with EE on */
    PUT(m, TEST_CODE, T_MTSPR(SPR_DECR, 3), T_NOP, T_STOP);
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(EE), false);
    env->gpr[3] = UINT64_MAX;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x900);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    /* Still negative: again as soon as EE is on. */
    PUT(m, TEST_CODE, T_NOP, T_STOP);
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x900);
    test_machine_teardown(m);
}

static void test_pmu(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_store_msr(env, MSR_BIT(SF), false);
    ppc_spr_write_raw(env, SPR_CTRL, 1);
    /* PMC1 cycles, PMC2 instructions; PMC5, PMC6 */
    ppc_spr_write_raw(env, SPR_MMCR1, 0x1e020000);
    ppc_spr_write_raw(env, SPR_MMCR0, 0);
    g_assert_true(env->hflags & HF_PMU);
    clock_step(m->clock, 12345);
    g_assert_cmpuint(spr(m, SPR_PMC1), ==, 12345);
    g_assert_cmpuint(spr(m, SPR_PMC6), ==, 12345);
    PUT(m, TEST_CODE, T_NOP, T_NOP, T_NOP, T_NOP, T_STOP);
    test_run(m, TEST_CODE);
    g_assert_cmpuint(spr(m, SPR_PMC2), ==, 5);
    g_assert_cmpuint(spr(m, SPR_PMC5), ==, 5);
    g_assert_cmpuint(spr(m, SPR_UPMC1), ==, 12345);
    /* Frozen in privileged state. */
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FCS);
    clock_step(m->clock, 1000);
    g_assert_cmpuint(spr(m, SPR_PMC1), ==, 12345);
    /* Overflow: alert, frozen, interrupt. */
    ppc_spr_write_raw(env, SPR_PMC1, 0x7fffff00);
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_PMAE | MMCR0_PMC1CE | MMCR0_FCECE);
    clock_step(m->clock, 0x100);
    test_put_stops(m);
    PUT(m, TEST_CODE, T_NOP, T_STOP);
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xf00);
    g_assert_cmphex(env->spr[SPR_MMCR0] & (MMCR0_PMAO | MMCR0_PMAE | MMCR0_FC), ==, MMCR0_PMAO | MMCR0_FC);
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_PERFM));
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-time/timebase", test_timebase);
    g_test_add_func("/ppc-time/decrementer", test_decrementer);
    g_test_add_func("/ppc-time/large-decrementer", test_large_decrementer);
    g_test_add_func("/ppc-time/edge-decrementer", test_edge_decrementer);
    g_test_add_func("/ppc-time/decrementer-interrupt", test_decr_interrupt);
    g_test_add_func("/ppc-time/pmu", test_pmu);
    return g_test_run();
}
