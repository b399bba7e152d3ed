/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts: vectors, saved registers and the handler's MSR; alternate locations; priorities and
 * wake-up; the instructions of system linkage; SPR access rules; trace.  Mostly by running code.
 */
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

#define MSR_KERNEL (MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(RI))
#define MSR_USER (MSR_KERNEL | MSR_BIT(PR))

static void setup(TestMachine *m, const char *model)
{
    test_machine_setup(m, model, &tcg_backend_interp);
    test_put_stops(m);
    ppc_store_msr(&m->cpu->env, MSR_KERNEL, false);
}

/*
 * Problem state forces IR and DR: programs in it need translation. An SLB entry and page entries
 * for the first 64 KiB pages that hold the code.
 */
static void allow_user(TestMachine *m)
{
    uint64_t mask = (1ull << (TEST_HPT_SHIFT - 7)) - 1;

    g_assert_true(ppc_slb_store(m->cpu, 0, SLB_ESID_V, 0x100ull << 12 | SLB_VSID_KP));
    for (uint64_t ea = 0; ea < 0x40000; ea += 0x1000) {
        uint64_t ptex = ((0x100 ^ ea >> 12) & mask) * 8;

        m->hpt[ptex * 2 + 1] = cpu_to_be64(ea | 0x182);
        m->hpt[ptex * 2] = cpu_to_be64(0x100ull << 12 | (ea >> 16 & ~0x7full) | 1);
    }
}

static void test_delivery(void)
{
    static const struct {
        PPCException kind;
        uint64_t vector;
    } rows[] = {
        {EXCP_RESET, 0x100},   {EXCP_MCHECK, 0x200}, {EXCP_DSI, 0x300},      {EXCP_DSEG, 0x380},
        {EXCP_ISI, 0x400},     {EXCP_ISEG, 0x480},   {EXCP_EXTERNAL, 0x500}, {EXCP_ALIGN, 0x600},
        {EXCP_PROGRAM, 0x700}, {EXCP_FPU, 0x800},    {EXCP_DECR, 0x900},     {EXCP_SDOOR, 0xa00},
        {EXCP_SYSCALL, 0xc00}, {EXCP_TRACE, 0xd00},  {EXCP_PERFM, 0xf00},    {EXCP_VPU, 0xf20},
        {EXCP_VSXU, 0xf40},    {EXCP_FU, 0xf60},
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    for (unsigned ail = 0; ail < 4; ail++) {
        for (unsigned translated = 0; translated < 2; translated++) {
            for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                uint64_t msr =
                    MSR_USER | MSR_BIT(EE) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(LE) | MSR_BIT(FP);
                uint64_t vector = rows[i].vector, expect = MSR_BIT(SF) | MSR_BIT(ME);
                bool relocated = ail >= 2 && translated && rows[i].kind != EXCP_RESET &&
                                 rows[i].kind != EXCP_MCHECK;

                if (!translated) {
                    msr &= ~(MSR_BIT(PR) | MSR_BIT(IR) | MSR_BIT(DR));
                }
                if (relocated) {
                    vector |= ail == 3 ? 0xc000000000004000ull : 0x18000;
                    expect |= MSR_BIT(IR) | MSR_BIT(DR);
                }
                if (rows[i].kind == EXCP_MCHECK) {
                    expect &= ~MSR_BIT(ME);
                }
                ppc_store_lpcr(m->cpu, (env->spr[SPR_LPCR] & ~(LPCR_AIL | LPCR_ILE)) |
                                           (uint64_t)ail << LPCR_AIL_SHIFT |
                                           (i & 1 ? LPCR_ILE : 0));
                expect |= i & 1 ? MSR_BIT(LE) : 0;
                ppc_store_msr(env, msr, false);
                env->nip = 0x123450;
                env->fault_dar = 0x5555;
                env->fault_dsisr = 0x40000000;
                ppc_deliver_exception(m->cpu, rows[i].kind, 0);
                g_assert_cmphex(env->nip, ==, vector);
                g_assert_cmphex(env->msr, ==, expect);
                g_assert_cmphex(env->spr[SPR_SRR0], ==,
                                rows[i].kind == EXCP_SYSCALL ? 0x123454 : 0x123450);
                g_assert_cmphex(env->spr[SPR_SRR1], ==, msr);
            }
        }
    }
    test_machine_teardown(m);
}

static void test_scv(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    /* FSCR counts in problem state only. */
    PUT(m, TEST_CODE, T_SCV(3), T_STOP);
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x17060);
    g_assert_cmphex(env->lr, ==, TEST_CODE + 4);
    g_assert_cmphex(env->ctr, ==, MSR_KERNEL | MSR_BIT(EE));
    /* The handler keeps EE and RI; the stop cleared EE. */
    g_assert_cmphex(env->msr & MSR_BIT(RI), ==, MSR_BIT(RI));
    /* rfscv back. */
    PUT(m, 0x17060, T_XL(82));
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    PUT(m, 0x17060, T_STOP);
    allow_user(m);
    ppc_store_msr(env, MSR_USER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xf60);
    g_assert_cmphex(env->spr[SPR_FSCR] >> 56, ==, 12);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE);
    ppc_spr_write_raw(env, SPR_FSCR, 1 << FACILITY_SCV);
    ppc_store_msr(env, MSR_USER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x17060);
    test_machine_teardown(m);
    setup(m, "power8");
    PUT(m, TEST_CODE, T_SCV(0), T_STOP);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(m->cpu->env.spr[SPR_SRR1], ==, MSR_KERNEL | PROGRAM_ILLEGAL);
    test_machine_teardown(m);
}

static void test_syscall_and_return(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    PUT(m, TEST_CODE, T_SC(0), T_NOP, T_STOP);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_KERNEL);
    PUT(m, 0xc00, T_RFID);
    ppc_store_msr(env, MSR_KERNEL, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 8);
    /* rfid: HV cannot be gained, ME not changed below the hypervisor, low bits of SRR0 ignored. */
    PUT(m, TEST_CODE, T_RFID);
    PUT(m, TEST_CODE + 0x100, T_STOP);
    env->spr[SPR_SRR0] = TEST_CODE + 0x103;
    env->spr[SPR_SRR1] = MSR_BIT(SF) | MSR_BIT(HV) | MSR_BIT(FP) | 0x783f0000;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 0x100);
    g_assert_cmphex(env->msr, ==, MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(FP));
    /* Into problem state: EE, IR and DR come with it. */
    allow_user(m);
    ppc_store_msr(env, MSR_KERNEL, false);
    env->spr[SPR_SRR1] = MSR_USER;
    PUT(m, TEST_CODE + 0x100, T_MFMSR(3));
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR1], ==,
                    MSR_USER | MSR_BIT(EE) | MSR_BIT(IR) | MSR_BIT(DR) | PROGRAM_PRIVILEGED);
    test_machine_teardown(m);
}

static void test_mtmsr(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    PUT(m, TEST_CODE, T_MTMSRD(3, 0), T_MFMSR(4), T_STOP);
    env->gpr[3] = MSR_BIT(SF) | MSR_BIT(HV) | MSR_BIT(FP) | MSR_BIT(LE) | MSR_BIT(VR);
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[4], ==, MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(FP) | MSR_BIT(VR));
    /* L = 1 touches EE and RI alone. */
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(FP), false);
    PUT(m, TEST_CODE, T_MTMSRD(3, 1), T_MFMSR(4), T_STOP);
    env->gpr[3] = MSR_BIT(EE);
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[4], ==, MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(FP) | MSR_BIT(EE));
    /* A pending interrupt is taken right behind the instruction that enables it. */
    ppc_store_msr(env, MSR_KERNEL, false);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EXT, true);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x500);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    /* The level stays: reset first, then external again. */
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(EE), false);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_RESET, true);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x100);
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x500);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EXT, false);
    /* A doorbell is a latch. */
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_DOORBELL, true);
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xa00);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DOORBELL));
    /* FE turned on with FEX set: imprecise program interrupt at the next instruction. */
    ppc_store_msr(env, MSR_KERNEL, false);
    env->fpscr = 1u << FPSCR_FEX | 1u << FPSCR_VE | 1u << FPSCR_VX;
    PUT(m, TEST_CODE, T_MTMSRD(3, 0), T_MFMSR(4), T_STOP);
    env->gpr[3] = MSR_KERNEL | MSR_BIT(FE0);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_KERNEL | MSR_BIT(FE0) | PROGRAM_FP | 0x10000);
    test_machine_teardown(m);
}

static void test_halt(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    cpu_set_halted(&m->cpu->parent, true);
    g_assert_false(ppc_cpu_has_work(&m->cpu->parent));
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EXT, true);
    g_assert_false(ppc_cpu_has_work(&m->cpu->parent));       /* EE is off */
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(EE), false);
    g_assert_true(ppc_cpu_has_work(&m->cpu->parent));
    /* stop with ESL = EC = 0 goes on behind itself, EE off. */
    ppc_store_msr(env, MSR_KERNEL, false);
    PUT(m, TEST_CODE, T_XL(370), T_STOP);
    env->spr[SPR_PSSCR] = 0;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    g_assert_cmpint(m->cpu->power_wait, ==, PPC_WAIT_NONE);
    /* Deeper levels are the hypervisor's. */
    env->spr[SPR_PSSCR] = 0x300000;
    ppc_store_msr(env, MSR_KERNEL, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR1] & PROGRAM_PRIVILEGED, ==, PROGRAM_PRIVILEGED);
    test_machine_teardown(m);
}

/* What mfspr and mtspr of registers that are not there, or not for this state, lead to. */
static void test_spr_rules(void)
{
    enum { NOTHING, ILLEGAL, PRIVILEGED };
    static const struct {
        uint16_t number;
        bool write, user;
        uint8_t result;
    } rows[] = {
        {SPR_PVR, false, false, NOTHING},
        {SPR_PVR, false, true, PRIVILEGED},
        {SPR_PVR, true, false, NOTHING}, /* no such register to write */
        {SPR_HID0, false, false, PRIVILEGED},
        {SPR_LPCR, true, false, PRIVILEGED},
        {SPR_LPCR, false, true, PRIVILEGED},
        {1000, false, false, NOTHING},
        {1000, true, false, NOTHING},
        {1000, false, true, ILLEGAL},
        {1017, false, true, PRIVILEGED},
        {0, false, false, ILLEGAL},
        {4, true, false, ILLEGAL},
        {5, false, true, ILLEGAL},
        {808, false, true, NOTHING},
        {811, true, true, NOTHING},
        {SPR_SPRG0, false, false, NOTHING},
        {SPR_SPRG0, false, true, PRIVILEGED},
        {SPR_USPRG3, false, true, NOTHING},
        {SPR_USPRG3, true, true, ILLEGAL},
        {SPR_TBL, false, true, NOTHING},
        {SPR_WR_TBL, true, false, PRIVILEGED},
        {SPR_UAMR, true, true, NOTHING},
        {SPR_AMR, true, true, PRIVILEGED},
        {SPR_CTRL, true, false, NOTHING},
        {SPR_UCTRL, false, true, NOTHING},
        {SPR_VRSAVE, true, true, NOTHING},
        {SPR_PPR, true, true, NOTHING},
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    allow_user(m);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t at, msr = rows[i].user ? MSR_USER : MSR_KERNEL;

        PUT(m, TEST_CODE, rows[i].write ? T_MTSPR(rows[i].number, 3) : T_MFSPR(3, rows[i].number),
            T_SC(0));
        ppc_store_msr(env, msr, false);
        at = test_run(m, TEST_CODE);
        if (rows[i].result == NOTHING) {
            g_assert_cmphex(at, ==, 0xc00);
        } else {
            g_assert_cmphex(at, ==, 0x700);
            g_assert_cmphex(env->spr[SPR_SRR1] & 0xf0000, ==,
                            rows[i].result == ILLEGAL ? PROGRAM_ILLEGAL : PROGRAM_PRIVILEGED);
            g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE);
        }
    }
    test_machine_teardown(m);
}

/*
 * Compatibility modes: in problem state what came later than the mode is illegal, before any
 * facility is asked for; privileged state is left alone.
 */
static void test_compat_modes(void)
{
    enum { P6 = 0x0f000002, P7 = 0x0f000003, P8 = 0x0f000004, P9 = 0x0f000005 };
    static const struct {
        uint32_t insn, since;       /* since: the logical PVR of the first processor that has it */
    } rows[] = {
        {0x7c0004acu, P6},                              /* sync */
        {0x7c8303f8u | 508 << 1, P6},                   /* cmpb */
        {T_X(122, 3, 4, 0), P6},                        /* popcntb */
        {T_X(506, 3, 4, 0), P7},                        /* popcntd */
        {0x7c64281eu, P7},                              /* isel */
        {T_X(532, 3, 5, 0), P7},                        /* ldbrx */
        {0xf00004d0u, P7},                          /* xxlxor (VSX) */
        {T_X(22, 0, 5, 0), P8},                         /* icbt */
        {T_X(51, 3, 3, 0), P8},                         /* mfvsrd */
        {T_X(654, 0, 0, 0) | 1, P8},                    /* tbegin. */
        {0x10000508u, P8},                              /* vcipher */
        {T_MFSPR(3, SPR_TAR), P8}, {T_MFSPR(3, SPR_UDSCR), P8}, {T_MFSPR(3, SPR_BESCR), P8},
        {T_MFSPR(3, SPR_TFHAR), P8}, {T_MFSPR(3, SPR_PPR32), P8}, {T_MFSPR(3, SPR_UAMR), P7},
        {T_MFSPR(3, SPR_PPR), P6}, {T_MFSPR(3, SPR_UCTRL), P6}, {T_MFSPR(3, SPR_VRSAVE), P6},
        {0x7c6005e6u, P9},                              /* darn */
        {T_X(265, 3, 4, 4), P9},                        /* modud */
        {0x4c600004u, P9},                              /* addpcis */
        {T_X(128, 3, 0, 0), P9},                        /* setb */
        {0x44000001u, P9},                              /* scv */
    };
    static const uint32_t modes[] = {P6, P7, P8, P9, 0};
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    allow_user(m);
    ppc_spr_write_raw(env, SPR_FSCR, UINT64_MAX);
    for (unsigned mode = 0; mode < G_N_ELEMENTS(modes); mode++) {
        g_assert_true(ppc_set_compat(m->cpu, modes[mode], NULL));
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            uint64_t on = MSR_BIT(FP) | MSR_BIT(VR) | MSR_BIT(VSX) | MSR_BIT(TM), at;
            bool legal = !modes[mode] || rows[i].since <= modes[mode];

            PUT(m, TEST_CODE, rows[i].insn, T_SC(0));
            for (unsigned facilities = 0; facilities < 2; facilities++) {
                ppc_store_msr(env, MSR_USER | (facilities ? on : 0), false);
                env->gpr[4] = env->gpr[5] = TEST_CODE;
                at = test_run(m, TEST_CODE);
                if (legal) {
                    g_assert_cmphex(at, !=, 0x700);
                } else {
                    g_assert_cmphex(at, ==, 0x700);
                    g_assert_cmphex(env->spr[SPR_SRR1] & 0xf0000, ==, PROGRAM_ILLEGAL);
                    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE);
                }
            }
            ppc_store_msr(env, MSR_KERNEL | on, false);
            env->gpr[4] = env->gpr[5] = TEST_CODE;
            g_assert_cmphex(test_run(m, TEST_CODE), !=, 0x700);
        }
    }
    test_machine_teardown(m);

    /* PCR's bits one by one: TM alone, and vector facilities on POWER7. */
    setup(m, "power8");
    env = &m->cpu->env;
    allow_user(m);
    ppc_store_pcr(env, PCR_TM_DIS);
    PUT(m, TEST_CODE, T_X(654, 0, 0, 0) | 1, T_SC(0));
    ppc_store_msr(env, MSR_USER | MSR_BIT(TM), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    PUT(m, TEST_CODE, T_MFSPR(3, SPR_TFHAR), T_SC(0));
    ppc_store_msr(env, MSR_USER | MSR_BIT(TM), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    PUT(m, TEST_CODE, T_X(51, 3, 3, 0), T_SC(0));
    ppc_store_msr(env, MSR_USER | MSR_BIT(FP) | MSR_BIT(VSX), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
    test_machine_teardown(m);
    setup(m, "power7");
    env = &m->cpu->env;
    allow_user(m);
    for (unsigned vec = 0; vec < 2; vec++) {
        static const uint32_t words[] = {0xf00004d0u /* xxlxor */, 0x100004c4u /* vxor */};

        ppc_store_pcr(env, vec ? PCR_VEC_DIS : PCR_VSX_DIS);
        for (unsigned i = 0; i < 2; i++) {
            PUT(m, TEST_CODE, words[i], T_SC(0));
            ppc_store_msr(env, MSR_USER | MSR_BIT(FP) | MSR_BIT(VSX) | MSR_BIT(VR), false);
            g_assert_cmphex(test_run(m, TEST_CODE), ==, !vec && i == 1 ? 0xc00 : 0x700);
        }
    }
    test_machine_teardown(m);
}

/* The same for each model: what it does not have, and what no processor has
 * (docs/devel/processor.md). */
static void test_spr_models(void)
{
    enum { NOTHING, ILLEGAL, PRIVILEGED };
    static const char *const models[] = {"970fx", "power7", "power8", "power9"};
    static const struct {
        uint16_t number;
        bool write, user;
        uint8_t result[4];      /* by model */
    } rows[] = {
        /* Numbers of no register: spr0 = 1 is privileged; privileged state goes on. */
        {1000, false, false, {NOTHING, NOTHING, NOTHING, NOTHING}},
        {1000, true, false, {NOTHING, NOTHING, NOTHING, NOTHING}},
        {1000, false, true, {ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL}},
        {1017, true, true, {PRIVILEGED, PRIVILEGED, PRIVILEGED, PRIVILEGED}},
        {0, false, false, {ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL}},
        {0, false, true, {ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL}},
        {4, false, false, {ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL}},
        {6, true, false, {ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL}},
        /* Reserved for performance monitors since ISA 2.07. */
        {808, false, true, {ILLEGAL, ILLEGAL, NOTHING, NOTHING}},
        {811, true, true, {ILLEGAL, ILLEGAL, NOTHING, NOTHING}},
        /* What later models have. */
        {SPR_TAR, false, true, {ILLEGAL, ILLEGAL, NOTHING, NOTHING}},
        {SPR_TAR, false, false, {NOTHING, NOTHING, NOTHING, NOTHING}},
        {SPR_DSCR, false, true, {PRIVILEGED, PRIVILEGED, PRIVILEGED, PRIVILEGED}},
        {SPR_PPR32, false, true, {ILLEGAL, ILLEGAL, NOTHING, NOTHING}},
        {SPR_PSSCR_PR, false, true, {PRIVILEGED, PRIVILEGED, PRIVILEGED, PRIVILEGED}},
        {SPR_TIDR, false, true, {PRIVILEGED, PRIVILEGED, PRIVILEGED, PRIVILEGED}},
        /* The hypervisor's, below it. */
        {SPR_LPCR, false, false, {PRIVILEGED, PRIVILEGED, PRIVILEGED, PRIVILEGED}},
        {SPR_PTCR, false, false, {NOTHING, NOTHING, NOTHING, PRIVILEGED}},
        {SPR_HSPRG0, true, false, {PRIVILEGED, PRIVILEGED, PRIVILEGED, PRIVILEGED}},
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    for (unsigned model = 0; model < G_N_ELEMENTS(models); model++) {
        setup(m, models[model]);
        env = &m->cpu->env;
        allow_user(m);
        if (model >= 2) {
            ppc_spr_write_raw(env, SPR_FSCR, UINT64_MAX);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            uint64_t at;

            PUT(m, TEST_CODE,
                rows[i].write ? T_MTSPR(rows[i].number, 3) : T_MFSPR(3, rows[i].number), T_SC(0));
            ppc_store_msr(env, rows[i].user ? MSR_USER : MSR_KERNEL, false);
            env->gpr[3] = 0x1234;
            at = test_run(m, TEST_CODE);
            if (at != (rows[i].result[model] == NOTHING ? 0xc00 : 0x700) ||
                (rows[i].result[model] != NOTHING &&
                 (env->spr[SPR_SRR1] & 0xf0000) !=
                     (rows[i].result[model] == ILLEGAL ? PROGRAM_ILLEGAL : PROGRAM_PRIVILEGED))) {
                g_error("%s: SPR %u, row %u: %03" PRIx64 " %" PRIx64, models[model], rows[i].number,
                        i, at, env->spr[SPR_SRR1]);
            }
            if (!m->cpu->sprs[rows[i].number]) {
                g_assert_cmphex(env->gpr[3], ==, 0x1234);       /* no operation leaves RT alone */
            }
        }
        test_machine_teardown(m);
    }
}

/*
 * Reserved fields are ignored; invalid forms whose registers contradict each other are illegal
 * instructions, in both states (docs/devel/processor.md).
 */
static void test_invalid_forms(void)
{
    static const struct {
        uint32_t word;
        bool illegal;
    } rows[] = {
        {0x7c6400d0u | 31 << 11, false}, /* neg with an RB */
        {0x7c830774u | 7 << 11, false},  /* extsb with an RB */
        {0x7c032000u | 1 << 22, false},  /* cmp with the bit beside L */
        {0x7c0004acu | 1 << 11, false},  /* sync with an RB */
        {0x7c600026u | 1 << 11, false},  /* mfcr with an FXM bit that mfocrf does not make of it */
        {0x7c001facu | 9u << 21, false}, /* icbi with an RT */
        {0x84600000u, true},             /* lwzu with RA = 0 */
        {0x84630000u, true},             /* lwzu with RA = RT */
        {0xe8630001u, true},             /* ldu with RA = RT */
        {0x7c63186eu, true},             /* lwzux with RA = RT */
        {0x94600000u, true},             /* stwu with RA = 0 */
        {0xc4600000u, true},             /* lfsu with RA = 0 */
        {0xe4650000u, true},             /* lfdp with an odd FRT */
        {0xe0650000u, true},             /* lq with an odd RT */
        {0xe0840000u, true},             /* lq with RA = RT */
        {0xf8650002u, true},             /* stq with an odd RS */
        {0x7c832228u, true},             /* lqarx with RB = RT */
        {0x7c6564aau, true},             /* lswi over its RA */
        {0xfc620004u | 4 << 11, true},   /* daddq with odd registers */
        {0x7c642954u | 1 << 9, true},    /* addex with CY = 1 */
        {0x7c6042e6u | 5 << 16, true},   /* mftb of another number */
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    allow_user(m);
    for (unsigned user = 0; user < 2; user++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            uint64_t at;

            PUT(m, TEST_CODE, rows[i].word, T_SC(0));
            ppc_store_msr(env, (user ? MSR_USER : MSR_KERNEL) | MSR_BIT(FP), false);
            for (unsigned r = 3; r < 8; r++) {
                env->gpr[r] = 0x20000;
            }
            at = test_run(m, TEST_CODE);
            if ((at == 0x700) != rows[i].illegal ||
                (rows[i].illegal && (env->spr[SPR_SRR1] & 0xf0000) != PROGRAM_ILLEGAL)) {
                g_error("%08x: %03" PRIx64 ", SRR1 %" PRIx64, rows[i].word, at, env->spr[SPR_SRR1]);
            }
        }
    }
    test_machine_teardown(m);
}

static void test_facilities(void)
{
    static const struct {
        uint16_t number;
        uint8_t facility;
    } rows[] = {
        {SPR_TAR, FACILITY_TAR}, {SPR_UDSCR, FACILITY_DSCR}, {SPR_BESCR, FACILITY_EBB},
        {SPR_EBBHR, FACILITY_EBB},
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power8");
    env = &m->cpu->env;
    allow_user(m);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        PUT(m, TEST_CODE, T_MTSPR(rows[i].number, 3), T_MFSPR(4, rows[i].number), T_SC(0));
        env->gpr[3] = 0x40;
        ppc_spr_write_raw(env, SPR_FSCR, 0);
        ppc_store_msr(env, MSR_USER, false);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xf60);
        g_assert_cmphex(env->spr[SPR_FSCR] >> 56, ==, rows[i].facility);
        g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE);
        ppc_spr_write_raw(env, SPR_FSCR, 1ull << rows[i].facility);
        ppc_store_msr(env, MSR_USER, false);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
        g_assert_cmphex(env->gpr[4], ==, 0x40);
        /* Privileged state does not ask FSCR. */
        ppc_spr_write_raw(env, SPR_FSCR, 0);
        ppc_store_msr(env, MSR_KERNEL, false);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
    }
    /* The performance monitor's user registers obey MMCR0.PMCC. */
    PUT(m, TEST_CODE, T_MFSPR(4, SPR_UPMC6), T_SC(0));
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC | 1ull << MMCR0_PMCC_SHIFT);
    ppc_store_msr(env, MSR_USER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xf60);
    g_assert_cmphex(env->spr[SPR_FSCR] >> 56, ==, FACILITY_PMU);
    ppc_spr_write_raw(env, SPR_MMCR0, MMCR0_FC);
    ppc_store_msr(env, MSR_USER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
    /* TM: MSR.TM off, then begin that fails. */
    PUT(m, TEST_CODE, T_X(654, 0, 0, 0) | 1, T_SC(0));
    ppc_store_msr(env, MSR_USER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xf60);
    g_assert_cmphex(env->spr[SPR_FSCR] >> 56, ==, FACILITY_TM);
    ppc_store_msr(env, MSR_USER | MSR_BIT(TM), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
    g_assert_cmphex(env->crf[0], ==, 0xa);
    g_assert_cmphex(env->spr[SPR_TFHAR], ==, TEST_CODE + 4);
    g_assert_cmphex(env->spr[SPR_TEXASR] >> 56 & 1, ==, 1);
    test_machine_teardown(m);
}

static void test_trace(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power9");
    env = &m->cpu->env;
    PUT(m, TEST_CODE, T_LI(3, 7), T_LD(4, 5, 0), T_STD(4, 5, 8), T_STOP);
    env->gpr[5] = 0x20000;
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(SE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xd00);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_KERNEL | MSR_BIT(SE) | 0x40000000);
    g_assert_cmphex(env->gpr[3], ==, 7);
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(SE), false);
    g_assert_cmphex(test_run(m, TEST_CODE + 4), ==, 0xd00);
    g_assert_cmphex(env->spr[SPR_SRR1] & 0x78000000, ==, 0x50000000);
    ppc_store_msr(env, MSR_KERNEL | MSR_BIT(SE), false);
    g_assert_cmphex(test_run(m, TEST_CODE + 8), ==, 0xd00);
    g_assert_cmphex(env->spr[SPR_SRR1] & 0x78000000, ==, 0x48000000);
    /* CIABR: the second instruction, privileged state. */
    ppc_store_msr(env, MSR_KERNEL, false);
    ppc_spr_write_raw(env, SPR_CIABR, (TEST_CODE + 4) | 2);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xd00);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 8);
    g_assert_cmphex(env->spr[SPR_SRR1] & 0x100000, ==, 0x100000);
    ppc_spr_write_raw(env, SPR_CIABR, (TEST_CODE + 4) | 1);
    ppc_store_msr(env, MSR_KERNEL, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 12);
    test_machine_teardown(m);
}

static void test_alignment_dsisr(void)
{
    /* lwzx r5,r6,r7; ld r5,8(r6); lmw r5,0(r6); stwcx. r5,0,r7 */
    g_assert_cmphex(ppc_alignment_dsisr(0x7cc5382e), ==, (0x17 & 3) << 15 | 6 << 5 | 5);
    g_assert_cmphex(ppc_alignment_dsisr(0xe8a60008), ==,
                    (58 & 1) << 14 | (58 >> 1 & 15) << 10 | 5 << 5 | 6);
    g_assert_cmphex(ppc_alignment_dsisr(0xe8a60009), ==,
                    1 << 18 | (58 & 1) << 14 | (58 >> 1 & 15) << 10 | 5 << 5 | 6);
    g_assert_cmphex(ppc_alignment_dsisr(0xb8a60000), ==, (46 >> 1 & 15) << 10 | 5 << 5 | 6);
    g_assert_cmphex(ppc_alignment_dsisr(0x7ca0392d), ==,
                    (150 & 3) << 15 | (150 >> 6 & 15) << 10 | 5 << 5);
}

static void test_ebb(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "power8");
    env = &m->cpu->env;
    allow_user(m);
    ppc_spr_write_raw(env, SPR_FSCR, 1ull << FACILITY_EBB);
    PUT(m, TEST_CODE, T_NOP, T_NOP, T_SC(0));
    PUT(m, TEST_CODE + 0x100, T_MFSPR(3, SPR_EBBRR), T_SC(0));
    env->spr[SPR_EBBHR] = TEST_CODE + 0x100;
    env->spr[SPR_BESCR] = BESCR_GE | BESCR_PMEO;
    ppc_store_msr(env, MSR_USER, false);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EBB, true);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0xc00);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 0x108);
    g_assert_cmphex(env->gpr[3], ==, TEST_CODE);
    g_assert_cmphex(env->spr[SPR_BESCR], ==, BESCR_PMEO);
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-exceptions/delivery", test_delivery);
    g_test_add_func("/ppc-exceptions/scv", test_scv);
    g_test_add_func("/ppc-exceptions/syscall", test_syscall_and_return);
    g_test_add_func("/ppc-exceptions/mtmsr", test_mtmsr);
    g_test_add_func("/ppc-exceptions/halt", test_halt);
    g_test_add_func("/ppc-exceptions/spr-rules", test_spr_rules);
    g_test_add_func("/ppc-exceptions/spr-models", test_spr_models);
    g_test_add_func("/ppc-exceptions/invalid-forms", test_invalid_forms);
    g_test_add_func("/ppc-exceptions/compat", test_compat_modes);
    g_test_add_func("/ppc-exceptions/facilities", test_facilities);
    g_test_add_func("/ppc-exceptions/trace", test_trace);
    g_test_add_func("/ppc-exceptions/alignment-dsisr", test_alignment_dsisr);
    g_test_add_func("/ppc-exceptions/ebb", test_ebb);
    return g_test_run();
}
