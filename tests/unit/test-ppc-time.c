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
    g_assert_cmpuint(spr(m, SPR_TBL), ==,
                     512000000ull * (400ull * 24 * 3600 + 1) + sum * 512 / 1000);
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
    /* A reset forgets it: what the timer has brought, and what it has yet to bring. */
    ppc_set_decr(env, 512);
    clock_step(m->clock, 2000);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_time_reset(m->cpu);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_set_decr(env, 512);
    clock_set_ns(m->clock, clock_get_ns(m->clock) + 2000);      /* without its timers */
    ppc_time_reset(m->cpu);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    clock_run_timers(m->clock);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    g_assert_cmphex(spr(m, SPR_DECR), ==, 0x7fffffff);
    /* Whoever looks before the timer is served sees the edge, once. */
    ppc_set_decr(env, 512);
    clock_set_ns(m->clock, clock_get_ns(m->clock) + 2000);
    ppc_decr_update(m->cpu);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_set_pending(env, PPC_INTERRUPT_DECR, false);
    ppc_decr_update(m->cpu);
    clock_run_timers(m->clock);
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
    g_assert_cmphex(env->spr[SPR_MMCR0] & (MMCR0_PMAO | MMCR0_PMAE | MMCR0_FC), ==,
                    MMCR0_PMAO | MMCR0_FC);
    g_assert_cmphex(env->spr[SPR_SIAR], ==, env->spr[SPR_SRR0]);
    g_assert_cmphex(env->spr[SPR_SIER], ==, SIER_SIAR_VALID);
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_PERFM));
    /* Time-base events: bit 55 rises every 512 ticks, a microsecond; the counters may be frozen. */
    for (unsigned enabled = 0; enabled < 2; enabled++) {
        uint64_t left;

        ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC);
        left = 512 - (ppc_get_tb(env) + 256) % 512;
        ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC | MMCR0_PMAE | 1ull << MMCR0_TBSEL_SHIFT |
                                              (enabled ? MMCR0_TBEE : 0));
        clock_step(m->clock, (int64_t)(left * 1000 / 512) - 3);
        ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(EE), false);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
        clock_step(m->clock, 8);
        ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(EE), false);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, enabled ? 0xf00 : TEST_CODE + 4);
    }
    test_machine_teardown(m);
}

/* Every freeze condition: counter 1 counts cycles, and stands still or does not. */
static void test_pmu_freeze(void)
{
    enum { PR = 1, HV = 2, MARK = 4, RUN = 8 };
    static const struct {
        uint64_t mmcr0, mmcr2;
        unsigned state;         /* PR, MARK, RUN */
        bool counts;
    } rows[] = {
        {0, 0, 0, true}, {0, 0, PR, true}, {0, 0, PR | MARK, true},
        {MMCR0_FC, 0, PR, false}, {MMCR0_FC14, 0, 0, false}, {MMCR0_FC56, 0, 0, true},
        {MMCR0_FCS, 0, 0, false}, {MMCR0_FCS, 0, PR, true},
        {MMCR0_FCP, 0, PR, false}, {MMCR0_FCP, 0, 0, true},
        {MMCR0_FCPC, 0, PR, true}, {MMCR0_FCP | MMCR0_FCPC, 0, PR, false},
        {MMCR0_FCM1, 0, MARK, false}, {MMCR0_FCM1, 0, 0, true},
        {MMCR0_FCM0, 0, 0, false}, {MMCR0_FCM0, 0, MARK, true},
        {MMCR0_FCWAIT, 0, 0, false}, {MMCR0_FCWAIT, 0, RUN, true},
        {0, 1ull << 63, 0, false}, {0, 1ull << 63, PR, true}, {0, 1ull << 62, PR, false},
        {0, 1ull << 62, 0, true}, {0, 1ull << 60, MARK, false}, {0, 1ull << 59, 0, false},
        {0, 1ull << 58, 0, false}, {0, 1ull << 58, RUN, true}, {0, 1ull << 54, 0, true},
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_spr_write_raw(env, SPR_MMCR1, 0x1e000000);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t before;

        ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC);
        ppc_store_msr(env, MSR_BIT(SF) | (rows[i].state & PR ? MSR_BIT(PR) : 0) |
                               (rows[i].state & MARK ? MSR_BIT(PMM) : 0), false);
        ppc_spr_write_raw(env, SPR_CTRL, rows[i].state & RUN ? 1 : 0);
        ppc_spr_write_raw(env, SPR_MMCR2, rows[i].mmcr2);
        ppc_spr_write_raw(env, SPR_MMCR0, rows[i].mmcr0);
        before = spr(m, SPR_PMC1);
        clock_step(m->clock, 100);
        if (spr(m, SPR_PMC1) - before != (rows[i].counts ? 100 : 0)) {
            g_error("row %u: counted %" G_GUINT64_FORMAT, i, spr(m, SPR_PMC1) - before);
        }
    }
    /* The latch: counters 5 and 6 wait for it unless told otherwise; a change counts from then on.
     */
    ppc_store_msr(env, MSR_BIT(SF), false);
    ppc_spr_write_raw(env, SPR_MMCR2, 0);
    ppc_spr_write_raw(env, SPR_CTRL, 0);
    ppc_spr_write_raw(env, SPR_PMC6, 0);
    ppc_spr_write_raw(env, SPR_MMCR0, 0);
    clock_step(m->clock, 100);
    g_assert_cmpuint(spr(m, SPR_PMC6), ==, 0);
    ppc_spr_write_raw(env, SPR_CTRL, 1);
    clock_step(m->clock, 100);
    g_assert_cmpuint(spr(m, SPR_PMC6), ==, 100);
    ppc_spr_write_raw(env, SPR_CTRL, 0);
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_CC56RUN);
    clock_step(m->clock, 100);
    g_assert_cmpuint(spr(m, SPR_PMC6), ==, 200);
    /* TRIGGER: the others wait until counter 1 is negative. */
    ppc_spr_write_raw(env, SPR_MMCR1, 0x1e1e0000);
    ppc_spr_write_raw(env, SPR_PMC2, 0);
    ppc_spr_write_raw(env, SPR_PMC1, 0x7fffffff);
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_TRIGGER);
    clock_step(m->clock, 1);
    g_assert_cmphex(spr(m, SPR_PMC1), ==, 0x80000000);
    g_assert_cmpuint(spr(m, SPR_PMC2), ==, 0);
    clock_step(m->clock, 9);
    g_assert_cmpuint(spr(m, SPR_PMC2), ==, 9);
    test_machine_teardown(m);
}

/* What code counts: instructions, branches, loads, stores; other models' event numbers. */
static void test_pmu_events(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    static const char *const names[] = {"power9", "power8"};

    for (unsigned i = 0; i < 2; i++) {
        test_machine_setup(m, names[i], &tcg_backend_interp);
        env = &m->cpu->env;
        ppc_store_msr(env, MSR_BIT(SF), false);
        ppc_spr_write_raw(env, SPR_CTRL, 1);
        env->gpr[5] = 0x20000;
        /* Two loads, one store, a branch to the next instruction. */
        PUT(m, TEST_CODE, T_LD(3, 5, 0), T_STD(3, 5, 8), T_LD(4, 5, 8), T_NOP, 0x48000004, T_STOP);
        ppc_spr_write_raw(env, SPR_MMCR1, i ? 0xeef0fefau : 0xd000ull << 32 | 0xfcf0f25eu);
        ppc_spr_write_raw(env, SPR_MMCR0, 0);
        g_assert_true(env->hflags & HF_PMU_KINDS);
        test_run(m, TEST_CODE);
        g_assert_cmpuint(spr(m, SPR_PMC1), ==, 2);
        g_assert_cmpuint(spr(m, SPR_PMC2), ==, 1);
        if (!i) {
            ppc_spr_write_raw(env, SPR_MMCR1, 0x000dull << 48 | 0x5eu);
            test_run(m, TEST_CODE);
            g_assert_cmpuint(spr(m, SPR_PMC4), ==, 1);
            g_assert_cmpuint(spr(m, SPR_PMC3), ==, 6);
        } else {
            g_assert_cmpuint(spr(m, SPR_PMC4), ==, 6);      /* PM_RUN_INST_CMPL */
            ppc_spr_write_raw(env, SPR_PMC1, 0);
            ppc_spr_write_raw(env, SPR_MMCR1, 0x68000000u);
            test_run(m, TEST_CODE);
            g_assert_cmpuint(spr(m, SPR_PMC1), ==, 1);
        }
        g_assert_cmpuint(spr(m, SPR_PMC5), ==, 12);
        test_machine_teardown(m);
    }
    test_machine_setup(m, "970fx", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_store_msr(env, MSR_BIT(SF), false);
    /* Counter 1 cycles (7), counter 2 instructions (1), counter 8 cycles. */
    ppc_spr_write_raw(env, SPR_MMCR1, 7 << 2);
    ppc_spr_write_raw(env, SPR_MMCR0, 7 << 8 | 1 << 1);
    clock_step(m->clock, 50);
    g_assert_cmpuint(spr(m, SPR_PMC1), ==, 50);
    g_assert_cmpuint(spr(m, SPR_PMC1 + 7), ==, 50);
    PUT(m, TEST_CODE, T_NOP, T_NOP, T_STOP);
    test_run(m, TEST_CODE);
    g_assert_cmpuint(spr(m, SPR_PMC2), ==, 3);
    test_machine_teardown(m);
    /* Its family's elder has other numbers, not known here. */
    test_machine_setup(m, "power5+", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_spr_write_raw(env, SPR_MMCR0, 7 << 8 | 1 << 1);
    clock_step(m->clock, 50);
    g_assert_cmpuint(spr(m, SPR_PMC1), ==, 0);
    test_machine_teardown(m);
}

/* 32-bit processors: selections, the user's view, freezing, the interrupt that is signalled once.
 */
static void test_pmu_32(void)
{
    static const struct {
        const char *name;
        unsigned counters;
    } models[] = {{"604", 2}, {"604e", 4}, {"750", 4}, {"7400", 4}, {"7450", 6}};
    static const uint16_t pmc[] = {SPR_32_PMC1, SPR_32_PMC2, SPR_32_PMC3,
                                   SPR_32_PMC4, SPR_32_PMC5, SPR_32_PMC6};
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        bool many = models[i].counters > 2;

        test_machine_setup(m, models[i].name, &tcg_backend_interp);
        env = &m->cpu->env;
        ppc_store_msr(env, 0, false);
        /* Cycles everywhere. */
        if (many) {
            ppc_spr_write_raw(env, SPR_32_MMCR1, 1u << 27 | 1 << 22 | 1 << 17 | 1 << 11);
        }
        ppc_spr_write_raw(env, SPR_32_MMCR0, 1 << 6 | 1);
        clock_step(m->clock, 321);
        for (unsigned n = 0; n < models[i].counters; n++) {
            g_assert_cmpuint(spr(m, pmc[n]), ==, 321);
        }
        ppc_spr_write_raw(env, SPR_32_MMCR0, MMCR0_FCS | 1 << 6 | 1);
        clock_step(m->clock, 100);
        g_assert_cmpuint(spr(m, SPR_32_PMC1), ==, 321);
        ppc_store_msr(env, MSR_BIT(PR), false);
        clock_step(m->clock, 100);
        g_assert_cmpuint(spr(m, SPR_32_PMC1), ==, 421);
        if (m->cpu->model->spr_sets & SPRS_UPMU) {
            g_assert_cmpuint(spr(m, SPR_32_UPMC1), ==, 421);
        }
        ppc_store_msr(env, 0, false);
        /* Instructions, and rises of the time base's bit 23. */
        ppc_spr_write_raw(env, SPR_32_PMC1, 0);
        ppc_spr_write_raw(env, SPR_32_PMC2, 0);
        ppc_spr_write_raw(env, SPR_32_MMCR0, 1ull << MMCR0_TBSEL_SHIFT | 2 << 6 | 3);
        g_assert_true(env->hflags & HF_PMU);
        test_put_stops(m);
        PUT(m, TEST_CODE, T_NOP, T_NOP, T_NOP, T_STOP);
        test_run(m, TEST_CODE);
        clock_step(m->clock, (int64_t)(10 * 512 * NANOSECONDS_PER_SECOND / m->cpu->tb_freq));
        g_assert_cmpuint(spr(m, SPR_32_PMC1), ==, 4);
        g_assert_cmpuint(spr(m, SPR_32_PMC2), ==, 10);
        /* Counter 2 overflows: the bit that enables interrupts goes, nothing counts any more. */
        ppc_spr_write_raw(env, SPR_32_PMC2, 0x7fffff00);
        ppc_spr_write_raw(env, SPR_32_MMCR0, MMCR0_PMAE | MMCR0_PMCJCE | MMCR0_FCECE | 1);
        clock_step(m->clock, 0x100);
        ppc_store_msr(env, MSR_BIT(EE), false);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xf00);
        g_assert_cmphex(env->spr[SPR_32_MMCR0], ==, MMCR0_FC | MMCR0_PMCJCE | MMCR0_FCECE | 1);
        g_assert_cmphex(env->spr[SPR_32_SIAR], ==, env->spr[SPR_SRR0]);
        g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_PERFM));
        clock_step(m->clock, 100);
        g_assert_cmphex(spr(m, SPR_32_PMC2), ==, 0x80000000);
        test_machine_teardown(m);
    }
    /* A time base that the guest sets back has not risen. */
    test_machine_setup(m, "750", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_store_msr(env, 0, false);
    clock_step(m->clock, NANOSECONDS_PER_SECOND);
    ppc_spr_write_raw(env, SPR_32_MMCR0,
                      MMCR0_PMAE | MMCR0_PMC1CE | MMCR0_TBEE | 1ull << MMCR0_TBSEL_SHIFT | 3 << 6);
    ppc_spr_write_raw(env, SPR_WR_TBU, 0);
    ppc_spr_write_raw(env, SPR_WR_TBL, 0);
    g_assert_cmpuint(spr(m, SPR_32_PMC1), ==, 0);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_PERFM));
    test_machine_teardown(m);
    /* Completed branches of the 7450. */
    test_machine_setup(m, "7450", &tcg_backend_interp);
    env = &m->cpu->env;
    ppc_store_msr(env, 0, false);
    ppc_spr_write_raw(env, SPR_32_MMCR0, 0x22 << 6);
    PUT(m, TEST_CODE, T_NOP, 0x48000004, 0x48000004, T_STOP);
    test_run(m, TEST_CODE);
    g_assert_cmpuint(spr(m, SPR_32_PMC1), ==, 2);
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
    g_test_add_func("/ppc-time/pmu-freeze", test_pmu_freeze);
    g_test_add_func("/ppc-time/pmu-events", test_pmu_events);
    g_test_add_func("/ppc-time/pmu-32", test_pmu_32);
    return g_test_run();
}
