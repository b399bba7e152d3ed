/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 32-bit processors: models, registers and addresses of 32 bits, system linkage and interrupts,
 * BATs, segments and the hashed page table, and TLBs that software loads.  Expectations from the
 * 32-bit Programming Environments Manual and the user's manuals, by section where they are checked.
 */
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

#define T_RFI T_XL(50)
#define T_ISYNC T_XL(150)
#define T_MTMSR(rs) T_X(146, rs, 0, 0)
#define T_MTSR(sr, rs) T_X(210, rs, sr, 0)
#define T_MFSR(rt, sr) T_X(595, rt, sr, 0)
#define T_MTSRIN(rs, rb) T_X(242, rs, 0, rb)
#define T_MFSRIN(rt, rb) T_X(659, rt, 0, rb)
#define T_TLBIE(rb) T_X(306, 0, 0, rb)
#define T_TLBLD(rb) T_X(978, 0, 0, rb)
#define T_TLBLI(rb) T_X(1010, 0, 0, rb)
#define T_ADD(rt, ra, rb) T_X(266, rt, ra, rb)
#define T_STW(rs, ra, d) (0x90000000u | (rs) << 21 | (ra) << 16 | ((d) & 0xffff))
#define T_STWU(rs, ra, d) (0x94000000u | (rs) << 21 | (ra) << 16 | ((d) & 0xffff))
#define T_LWZU(rt, ra, d) (0x84000000u | (rt) << 21 | (ra) << 16 | ((d) & 0xffff))
#define T_LWZX(rt, ra, rb) T_X(23, rt, ra, rb)
#define T_LMW(rt, ra, d) (0xb8000000u | (rt) << 21 | (ra) << 16 | ((d) & 0xffff))
#define T_ADDIC_(rt, ra, si) (0x34000000u | (rt) << 21 | (ra) << 16 | ((si) & 0xffff))

#define PAGE_TABLE 0x100000u    /* 64 KiB at 1 MiB, HTABMASK 0 */
#define DATA_PAGE 0x200000u

static void setup_on(TestMachine *m, const char *model, const TCGBackend *backend)
{
    test_machine_setup(m, model, backend);
    /* Vectors at 0, where there is memory. */
    ppc_store_msr(&m->cpu->env, MSR_BIT(ME), false);
    test_put_stops(m);
}

static void setup(TestMachine *m, const char *model)
{
    setup_on(m, model, &tcg_backend_interp);
}

static void set_bat(CPUPPCState *env, unsigned n, bool code, uint32_t upper, uint32_t lower)
{
    ppc_spr_write_raw(env, (code ? SPR_IBAT0U : SPR_DBAT0U) + 2 * n, upper);
    ppc_spr_write_raw(env, (code ? SPR_IBAT0U : SPR_DBAT0U) + 2 * n + 1, lower);
}

/* Programs and vectors: the first 256 KiB one to one, for both states. */
static void map_code(CPUPPCState *env)
{
    set_bat(env, 0, true, 0x00000007, 0x00000002);
    set_bat(env, 1, true, 0x00020003, 0x00020002);
}

static void put_pte(TestMachine *m, uint32_t ea, uint32_t vsid, unsigned slot, uint32_t pte1,
                    bool secondary)
{
    uint32_t hash = (vsid & 0x7ffff) ^ (ea >> 12 & 0xffff);
    uint32_t group = (secondary ? ~hash : hash) & 0x3ff;
    uint8_t *p = m->host + PAGE_TABLE + group * 64 + slot * 8;

    stl_be_p(p, 0x80000000u | vsid << 7 | (secondary ? 0x40 : 0) | (ea >> 22 & 0x3f));
    stl_be_p(p + 4, pte1);
    ppc_tlb_flush_all(m->cpu);
}

static uint32_t get_pte1(TestMachine *m, uint32_t ea, uint32_t vsid, unsigned slot)
{
    uint32_t hash = (vsid & 0x7ffff) ^ (ea >> 12 & 0xffff);

    return ldl_be_p(m->host + PAGE_TABLE + (hash & 0x3ff) * 64 + slot * 8 + 4);
}

/* ---- Models ---- */

static void test_models(void)
{
    static const struct {
        const char *name;
        uint32_t pvr;
    } rows[] = {
        {"603", 0x00030100},   {"603E", 0x00060401},   {"603r", 0x00071201},  {"604", 0x00040103},
        {"604e", 0x00090204},  {"740", 0x00080301},    {"750", 0x00080301},   {"G3", 0x00080301},
        {"750cx", 0x00082202}, {"750cxe", 0x00083311}, {"750fx", 0x70000203}, {"750fl", 0x70000203},
        {"750gl", 0x70020102}, {"750gx", 0x70020102},  {"755", 0x00083208},   {"7400", 0x000c0209},
        {"g4", 0x000c0209},    {"7410", 0x800c1104},   {"7441", 0x80000203},  {"7445", 0x80010302},
        {"7447", 0x80020101},  {"7447A", 0x80030102},  {"7448", 0x80040201},  {"7450", 0x80000201},
        {"7451", 0x80000203},  {"7455", 0x80010302},   {"7457", 0x80020102},
    };
    g_autoptr(GPtrArray) list = ppc_model_list();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PowerPCCPUClass *model = ppc_model_find(rows[i].name);

        g_assert_nonnull(model);
        g_assert_cmphex(model->pvr, ==, rows[i].pvr);
        g_assert_false(model->insns & ISA_64);
    }
    for (unsigned i = 0; i < list->len; i++) {
        const PowerPCCPUClass *model = g_ptr_array_index(list, i);
        TestMachine machine, *m = &machine;

        if (model->insns & ISA_64) {
            continue;
        }
        /* Each can be made: no register has two rows; and starts at the hard reset vector. */
        test_machine_setup(m, model->name, &tcg_backend_interp);
        g_assert_cmphex(m->cpu->env.nip, ==, 0xfff00100);
        g_assert_cmphex(m->cpu->env.msr, ==, MSR_BIT(IP));
        test_machine_teardown(m);
    }
}

/* ---- Registers and addresses ---- */

static void width_on(const TCGBackend *backend)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup_on(m, "750", backend);
    env = &m->cpu->env;
    PUT(m, TEST_CODE, T_LI(3, -1), T_ADDI(4, 3, 2), T_ADDIC_(5, 3, 1), T_MFSPR(6, SPR_XER),
        T_ADDI(7, 0, -8), T_MTSPR(SPR_CTR, 7), T_MTSPR(SPR_LR, 3), T_MFSPR(8, SPR_CTR), T_STOP);
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[3], ==, 0xffffffff);
    g_assert_cmphex(env->gpr[4], ==, 1);
    g_assert_cmphex(env->gpr[5], ==, 0);
    g_assert_cmphex(env->crf[0], ==, 2);
    g_assert_cmphex(env->gpr[6], ==, 0x20000000);
    g_assert_cmphex(env->gpr[7], ==, 0xfffffff8);
    g_assert_cmphex(env->gpr[8], ==, 0xfffffff8);
    g_assert_cmphex(env->ctr, ==, 0xfffffff8);
    g_assert_cmphex(env->lr, ==, 0xffffffff);
    /* Addresses wrap around: register with displacement, register with index, update forms,
     * multiples. */
    stl_be_p(m->host + 0x40, 0x12345678);
    stl_be_p(m->host + 0x44, 0x9abcdef0);
    PUT(m, TEST_CODE, T_LWZ(5, 3, 0x40), T_LWZ(6, 3, 0x44), T_LWZX(7, 3, 4), T_LWZU(8, 9, 0x60),
        T_STWU(8, 10, -0x20), T_LMW(30, 3, 0x40), T_STOP);
    env->gpr[3] = 0;
    env->gpr[4] = 0x40;
    env->gpr[9] = 0xffffffe0;
    env->gpr[10] = 0x10;
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[5], ==, 0x12345678);
    g_assert_cmphex(env->gpr[6], ==, 0x9abcdef0);
    g_assert_cmphex(env->gpr[7], ==, 0x12345678);
    g_assert_cmphex(env->gpr[8], ==, 0x12345678);
    g_assert_cmphex(env->gpr[9], ==, 0x40);
    g_assert_cmphex(env->gpr[10], ==, 0xfffffff0);   /* nothing is there: ignored */
    g_assert_cmphex(env->gpr[30], ==, 0x12345678);
    PUT(m, TEST_CODE, T_LWZ(5, 3, 0x50), T_LWZ(6, 3, 0x54), T_LWZX(7, 3, 4), T_LMW(30, 3, 0x50),
        T_STOP);
    env->gpr[3] = 0xfffffff0;
    env->gpr[4] = 0x50;
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[5], ==, 0x12345678);
    g_assert_cmphex(env->gpr[6], ==, 0x9abcdef0);
    g_assert_cmphex(env->gpr[7], ==, 0x12345678);
    g_assert_cmphex(env->gpr[31], ==, 0x9abcdef0);
    /* So do constants, and sums that several accesses are told from. */
    PUT(m, TEST_CODE, T_LI(3, -16), T_LWZ(5, 3, 0x50), T_LWZ(6, 3, 0x54), T_LWZU(7, 9, 0x50),
        T_LWZU(8, 9, 4), T_STWU(7, 9, 8), T_STWU(8, 9, 4), T_STOP);
    env->gpr[9] = 0xfffffff0;
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[5], ==, 0x12345678);
    g_assert_cmphex(env->gpr[6], ==, 0x9abcdef0);
    g_assert_cmphex(env->gpr[7], ==, 0x12345678);
    g_assert_cmphex(env->gpr[8], ==, 0x9abcdef0);
    g_assert_cmphex(env->gpr[9], ==, 0x50);
    g_assert_cmphex(ldl_be_p(m->host + 0x4c), ==, 0x12345678);
    g_assert_cmphex(ldl_be_p(m->host + 0x50), ==, 0x9abcdef0);
    /* 64-bit instructions, those of later versions, fsqrt: illegal. */
    static const uint32_t illegal[] = {
        T_LD(3, 4, 0),
        T_STD(3, 4, 0),
        T_RFID,
        T_MTMSRD(3, 0),
        T_X(26 + 32, 3, 3, 0) /* cntlzd */,
        0x78000000u /* rldicl */,
        T_X(9, 3, 3, 3) /* mulhdu */,
        0xfc00002cu /* fsqrt */,
        T_X(402, 3, 0, 3) /* slbmte */,
        T_X(15, 3, 3, 3) /* isel */,
        T_X(22, 0, 3, 3) /* icbt */,
        T_TLBLD(3),
        T_X(758, 0, 3, 3) /* dcba */,
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(illegal); i++) {
        ppc_store_msr(env, MSR_BIT(ME) | MSR_BIT(FP), false);
        PUT(m, TEST_CODE, illegal[i], T_STOP);
        g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
        g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_BIT(ME) | MSR_BIT(FP) | PROGRAM_ILLEGAL);
    }
    test_machine_teardown(m);
}

static void test_width(void)
{
    width_on(&tcg_backend_interp);
#if defined(__x86_64__)
    width_on(&tcg_backend_x86_64);
#endif
}

/* ---- System linkage and interrupts ---- */

static void test_vectors(void)
{
    static const struct {
        const char *model;
        PPCException kind;
        uint32_t vector;
    } rows[] = {
        {"750", EXCP_RESET, 0x100},   {"750", EXCP_MCHECK, 0x200},   {"750", EXCP_DSI, 0x300},
        {"750", EXCP_ISI, 0x400},     {"750", EXCP_EXTERNAL, 0x500}, {"750", EXCP_ALIGN, 0x600},
        {"750", EXCP_PROGRAM, 0x700}, {"750", EXCP_FPU, 0x800},      {"750", EXCP_DECR, 0x900},
        {"750", EXCP_SYSCALL, 0xc00}, {"750", EXCP_TRACE, 0xd00},    {"750", EXCP_PERFM, 0xf00},
        {"750", EXCP_IABR, 0x1300},   {"750", EXCP_SMI, 0x1400},     {"750", EXCP_THERM, 0x1700},
        {"7400", EXCP_VPU, 0xf20},    {"7400", EXCP_VPUA, 0x1600},   {"603", EXCP_IFTLB, 0x1000},
        {"603", EXCP_DLTLB, 0x1100},  {"603", EXCP_DSTLB, 0x1200},   {"7450", EXCP_IFTLB, 0x1000},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (unsigned high = 0; high < 2; high++) {
            TestMachine machine, *m = &machine;
            CPUPPCState *env;
            uint64_t msr = MSR_BIT(ME) | MSR_BIT(EE) | MSR_BIT(PR) | MSR_BIT(FP) | MSR_BIT(IR) |
                           MSR_BIT(DR) | MSR_BIT(SE) | MSR_BIT(RI) | MSR_BIT(ILE) |
                           (high ? MSR_BIT(IP) : 0);
            uint64_t expect = MSR_BIT(ILE) | MSR_BIT(LE) | MSR_BIT(ME) | (high ? MSR_BIT(IP) : 0),
                     srr1;

            setup(m, rows[i].model);
            env = &m->cpu->env;
            ppc_store_msr(env, msr, false);
            env->nip = 0x12340;
            ppc_deliver_exception(m->cpu, rows[i].kind, 0);
            if (rows[i].kind == EXCP_MCHECK) {
                expect &= ~MSR_BIT(ME);
            }
            if (rows[i].vector >= 0x1000 && rows[i].vector < 0x1300 &&
                !strcmp(rows[i].model, "603")) {
                expect |= MSR_BIT(TGPR);
            }
            srr1 = msr & ~MSR_BIT(ILE);           /* SRR1 has MSR 0, 5:9, 16:31 */
            g_assert_cmphex(env->nip, ==, (high ? 0xfff00000 : 0) | rows[i].vector);
            g_assert_cmphex(env->msr, ==, expect);
            g_assert_cmphex(env->spr[SPR_SRR0], ==,
                            rows[i].kind == EXCP_SYSCALL ? 0x12344 : 0x12340);
            g_assert_cmphex(env->spr[SPR_SRR1], ==, srr1);
            test_machine_teardown(m);
        }
    }
}

static void test_linkage(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "750");
    env = &m->cpu->env;
    /* sc and rfi; rfi leaves ILE, clears POW. */
    PUT(m, TEST_CODE, T_SC(0), T_NOP, T_STOP);
    PUT(m, 0xc00, T_RFI);
    ppc_store_msr(env, MSR_BIT(ME) | MSR_BIT(FP), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 8);
    g_assert_cmphex(env->msr, ==, MSR_BIT(ME) | MSR_BIT(FP));
    PUT(m, TEST_CODE, T_RFI);
    PUT(m, TEST_CODE + 0x100, T_STOP);
    ppc_store_msr(env, MSR_BIT(ME) | MSR_BIT(ILE), false);
    env->spr[SPR_SRR0] = TEST_CODE + 0x103;
    env->spr[SPR_SRR1] = MSR_BIT(POW) | 0x783b0000 | MSR_BIT(ME) | MSR_BIT(FP) | MSR_BIT(RI);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 0x100);
    g_assert_cmphex(env->msr, ==, MSR_BIT(ME) | MSR_BIT(FP) | MSR_BIT(RI) | MSR_BIT(ILE));
    /* mtmsr: all bits that the model has; problem state does not turn translation on. */
    ppc_store_msr(env, MSR_BIT(ME), false);
    PUT(m, TEST_CODE, T_MTMSR(3), T_MFMSR(4), T_STOP);
    env->gpr[3] =
        0xffffffff & ~(MSR_BIT(PR) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(LE) | MSR_BIT(SE) |
                       MSR_BIT(BE) | MSR_BIT(EE) | MSR_BIT(POW) | MSR_BIT(FE0) | MSR_BIT(FE1));
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[4], ==,
                    MSR_BIT(ILE) | MSR_BIT(FP) | MSR_BIT(ME) | MSR_BIT(IP) | MSR_BIT(RI) |
                        MSR_BIT(PMM));
    ppc_store_msr(env, MSR_BIT(ME), false);
    env->gpr[3] = MSR_BIT(ME) | MSR_BIT(PR);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_BIT(ME) | MSR_BIT(PR) | PROGRAM_PRIVILEGED);
    /* EE alone goes the short way when it is not a block's first instruction; a pending interrupt
     * is taken. */
    ppc_store_msr(env, MSR_BIT(ME), false);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EXT, true);
    PUT(m, TEST_CODE, T_NOP, T_MTMSR(3), T_MFMSR(4), T_STOP);
    env->gpr[3] = MSR_BIT(ME) | MSR_BIT(EE);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x500);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 8);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EXT, false);
    /* ... and with another bit the long one. */
    ppc_store_msr(env, MSR_BIT(ME), false);
    env->gpr[3] = MSR_BIT(ME) | MSR_BIT(FP);
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[4], ==, MSR_BIT(ME) | MSR_BIT(FP));
    /* Machine check without ME: checkstop. */
    ppc_store_msr(env, 0, false);
    ppc_deliver_exception(m->cpu, EXCP_MCHECK, 0);
    g_assert_true(m->cpu->checkstopped);
    test_machine_teardown(m);
}

/* Firmware takes number 5, once in two times, and moves on past it. */
static bool take_five(PowerPCCPU *cpu, unsigned number, void *opaque)
{
    unsigned *calls = opaque;

    if (number != 5) {
        return false;
    }
    if (++*calls % 2 == 0) {
        cpu->env.gpr[3] = 0x55;
        cpu->env.nip += 4;
    }
    return true;
}

static void firmware_trap_on(const TCGBackend *backend)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    unsigned calls = 0;

    setup_on(m, "7450", backend);
    env = &m->cpu->env;
    PUT(m, TEST_CODE, T_LI(3, 0), T_NOP, PPC_FIRMWARE_TRAP | 5, T_ADDI(4, 3, 1), T_STOP);
    /* No firmware: a word like any other. */
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 8);
    g_assert_cmphex(env->spr[SPR_SRR1] & PROGRAM_ILLEGAL, ==, PROGRAM_ILLEGAL);
    tcg_flush_code(m->accel);
    m->cpu->firmware_trap = take_five;
    m->cpu->firmware_opaque = &calls;
    ppc_store_msr(env, MSR_BIT(ME), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 16);
    g_assert_cmphex(env->gpr[4], ==, 0x56);
    g_assert_cmpuint(calls, ==, 2);
    /* What it does not want, and problem state. */
    PUT(m, TEST_CODE, PPC_FIRMWARE_TRAP | 6, T_STOP);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE);
    PUT(m, TEST_CODE, PPC_FIRMWARE_TRAP | 5, T_STOP);
    map_code(env);
    ppc_store_msr(env, MSR_BIT(ME) | MSR_BIT(PR) | MSR_BIT(IR), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE);
    g_assert_cmpuint(calls, ==, 2);
    test_machine_teardown(m);
}

static void test_firmware_trap(void)
{
    firmware_trap_on(&tcg_backend_interp);
#ifdef __x86_64__
    firmware_trap_on(&tcg_backend_x86_64);
#endif
}

/* The decrementer's interrupt is a latch, set when DEC passes to -1; doze ends with it. */
static void test_decrementer(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "750");
    env = &m->cpu->env;
    ppc_spr_write_raw(env, SPR_DECR, 100);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    ppc_spr_write_raw(env, SPR_DECR, 0x80000000);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    PUT(m, TEST_CODE, T_NOP, T_STOP);
    ppc_store_msr(env, MSR_BIT(ME) | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x900);
    /* DEC is still negative, but the latch is gone. */
    ppc_store_msr(env, MSR_BIT(ME) | MSR_BIT(EE), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    /* MSR.POW with HID0.DOZE halts, without it does not. */
    PUT(m, TEST_CODE, T_MTMSR(3), T_STOP);
    env->gpr[3] = MSR_BIT(ME) | MSR_BIT(POW);
    ppc_store_msr(env, MSR_BIT(ME), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    ppc_spr_write_raw(env, SPR_HID0, 0x00800000);
    ppc_store_msr(env, MSR_BIT(ME), false);
    ppc_spr_write_raw(env, SPR_DECR, 1000);
    env->gpr[3] = MSR_BIT(ME) | MSR_BIT(EE) | MSR_BIT(POW);
    env->nip = TEST_CODE;
    cpu_set_halted(&m->cpu->parent, false);
    device_unlock();
    tcg_accel_ops.exec(&m->cpu->parent);
    device_lock();
    g_assert_true(m->cpu->parent.halted);
    g_assert_cmphex(env->nip, ==, TEST_CODE + 4);
    g_assert_false(ppc_cpu_has_work(&m->cpu->parent));
    ppc_spr_write_raw(env, SPR_DECR, 0xffffffff);
    g_assert_true(ppc_cpu_has_work(&m->cpu->parent));
    g_assert_cmphex(test_run(m, env->nip), ==, 0x900);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    g_assert_cmphex(env->msr & MSR_BIT(POW), ==, 0);
    /* Not as a block's first instruction, and with POW there from when HID0 did not select a mode.
     */
    PUT(m, TEST_CODE, T_NOP, T_MTMSR(3), T_STOP);
    ppc_store_msr(env, env->gpr[3], false);
    ppc_spr_write_raw(env, SPR_DECR, 1000);
    env->nip = TEST_CODE;
    cpu_set_halted(&m->cpu->parent, false);
    device_unlock();
    tcg_accel_ops.exec(&m->cpu->parent);
    device_lock();
    g_assert_true(m->cpu->parent.halted);
    g_assert_cmphex(env->nip, ==, TEST_CODE + 8);
    test_machine_teardown(m);
}

/* ---- Translation ---- */

static void expect_load(TestMachine *m, uint64_t msr, uint32_t ea, uint32_t value)
{
    CPUPPCState *env = &m->cpu->env;

    PUT(m, TEST_CODE, T_ISYNC, T_LWZ(5, 4, 0), T_STOP);
    ppc_store_msr(env, msr, false);
    env->gpr[4] = ea;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 8);
    g_assert_cmphex(env->gpr[5], ==, value);
}

static void expect_fault(TestMachine *m, uint64_t msr, uint32_t ea, bool store, uint32_t vector,
                         uint32_t dsisr)
{
    CPUPPCState *env = &m->cpu->env;

    PUT(m, TEST_CODE, T_ISYNC, store ? T_STW(5, 4, 0) : T_LWZ(5, 4, 0), T_STOP);
    ppc_store_msr(env, msr, false);
    env->gpr[4] = ea;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, vector);
    if (vector == 0x300) {
        g_assert_cmphex(env->spr[SPR_DAR], ==, ea);
        g_assert_cmphex(env->spr[SPR_DSISR], ==, dsisr);
    }
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
}

static void expect_store(TestMachine *m, uint64_t msr, uint32_t ea)
{
    CPUPPCState *env = &m->cpu->env;

    PUT(m, TEST_CODE, T_ISYNC, T_STW(5, 4, 0), T_STOP);
    ppc_store_msr(env, msr, false);
    env->gpr[4] = ea;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 8);
}

#define SUPER (MSR_BIT(ME) | MSR_BIT(IR) | MSR_BIT(DR))
#define USER (SUPER | MSR_BIT(PR))

static void test_bats(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    setup(m, "750");
    env = &m->cpu->env;
    map_code(env);
    stl_be_p(m->host + 0x234560, 0xcafe0001);
    stl_be_p(m->host + 0x3fff00, 0xcafe0002);
    /* 1 MiB at 0xc0200000 -> 0x200000, supervisor, read and write. */
    set_bat(env, 2, false, 0xc0200000 | 7 << 2 | 2, 0x00200000 | 2);
    expect_load(m, SUPER, 0xc0234560, 0xcafe0001);
    expect_store(m, SUPER, 0xc0234564);
    expect_fault(m, USER, 0xc0234560, false, 0x300, 0x40000000);
    expect_fault(m, SUPER, 0xc0300000, false, 0x300, 0x40000000);
    expect_fault(m, SUPER, 0xc0300000, true, 0x300, 0x42000000);
    /* Both states, read only; the BAT's change is seen at once. */
    set_bat(env, 2, false, 0xc0200000 | 0xf << 2 | 3, 0x00200000 | 1);
    expect_load(m, USER, 0xc03fff00, 0xcafe0002);
    expect_fault(m, USER, 0xc0200000, true, 0x300, 0x0a000000);
    set_bat(env, 2, false, 0xc0200000 | 0xf << 2 | 1, 0x00200000);
    expect_fault(m, USER, 0xc0200000, false, 0x300, 0x08000000);
    expect_fault(m, SUPER, 0xc0200000, false, 0x300, 0x40000000);
    /* Instructions: none mapped, not allowed. */
    ppc_store_msr(env, SUPER, false);
    PUT(m, TEST_CODE, T_MTSPR(SPR_CTR, 4), 0x4e800420u);
    env->gpr[4] = 0xc0000000;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x400);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, SUPER | 0x40000000);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, 0xc0000000);
    set_bat(env, 2, true, 0xc0000002, 0);
    ppc_store_msr(env, SUPER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x400);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, SUPER | 0x08000000);
    /* A 750 has four pairs; the 755 has eight once HID2 says so, the 7455 with HID0, in blocks up
     * to 4 GiB. */
    g_assert_false(ppc_spr_write_raw(env, SPR_DBAT4U, 3));
    test_machine_teardown(m);
    setup(m, "7455");
    env = &m->cpu->env;
    map_code(env);
    stl_be_p(m->host + 0x234560, 0xcafe0001);
    ppc_spr_write_raw(env, SPR_DBAT4U + 6, 0xd0200000 | 7 << 2 | 2);
    ppc_spr_write_raw(env, SPR_DBAT4U + 7, 0x00200002);
    expect_fault(m, SUPER, 0xd0234560, false, 0x300, 0x40000000);
    ppc_spr_write_raw(env, SPR_HID0, 0x00800000);
    expect_load(m, SUPER, 0xd0234560, 0xcafe0001);
    ppc_spr_write_raw(env, SPR_DBAT4U + 6, 0x80000000 | 0x3fff << 2 | 2);   /* 2 GiB */
    ppc_spr_write_raw(env, SPR_DBAT4U + 7, 0x00000002);
    expect_fault(m, SUPER, 0xd0234560, false, 0x300, 0x40000000);
    ppc_spr_write_raw(env, SPR_HID0, 0x00800100);
    expect_load(m, SUPER, 0x80234560, 0xcafe0001);
    test_machine_teardown(m);
}

static void test_hash(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    uint32_t ea = 0x30123000, vsid = 0x123456;

    setup(m, "750");
    env = &m->cpu->env;
    map_code(env);
    ppc_spr_write_raw(env, SPR_SDR1, PAGE_TABLE);
    stl_be_p(m->host + DATA_PAGE + 0x10, 0xcafe0003);
    env->sr[3] = vsid;
    expect_fault(m, SUPER, ea, false, 0x300, 0x40000000);
    /* R at the first access, C at the first store. */
    put_pte(m, ea, vsid, 5, DATA_PAGE | 2, false);
    expect_load(m, SUPER, ea + 0x10, 0xcafe0003);
    g_assert_cmphex(get_pte1(m, ea, vsid, 5), ==, DATA_PAGE | 0x102);
    expect_store(m, SUPER, ea + 0x20);
    g_assert_cmphex(get_pte1(m, ea, vsid, 5), ==, DATA_PAGE | 0x182);
    /* Secondary group. */
    put_pte(m, ea + 0x1000, vsid, 0, (DATA_PAGE + 0x1000) | 2, true);
    stl_be_p(m->host + DATA_PAGE + 0x1000, 0xcafe0004);
    expect_load(m, SUPER, ea + 0x1000, 0xcafe0004);
    /* Keys: table 7-13 of PEM. */
    for (unsigned pp = 0; pp < 4; pp++) {
        for (unsigned key = 0; key < 2; key++) {
            bool readable = !key || pp, writable = key ? pp == 2 : pp != 3;

            for (unsigned user = 0; user < 2; user++) {
                uint64_t msr = user ? USER : SUPER;

                env->sr[3] = vsid | (key ? user ? 0x20000000 : 0x40000000 : 0);
                put_pte(m, ea, vsid, 5, DATA_PAGE | pp, false);
                if (readable) {
                    expect_load(m, msr, ea + 0x10, 0xcafe0003);
                } else {
                    expect_fault(m, msr, ea, false, 0x300, 0x08000000);
                }
                if (writable) {
                    expect_store(m, msr, ea);
                } else {
                    expect_fault(m, msr, ea, true, 0x300, 0x0a000000);
                }
            }
        }
    }
    /* Direct-store segments are not there: DSISR bit 5. */
    env->sr[3] = 0x80000000;
    ppc_tlb_flush_all(m->cpu);
    expect_fault(m, SUPER, ea, false, 0x300, 0x04000000);
    expect_fault(m, SUPER, ea, true, 0x300, 0x06000000);
    /* Instructions: protection, no-execute segment, guarded page, direct-store segment. */
    static const struct {
        uint32_t sr, pte1, srr1;
    } fetches[] = {
        {0x123456, 2, 0},
        {0x40123456, 0, 0x08000000},
        {0x10123456, 2, 0x10000000},
        {0x123456, 0xa, 0x10000000},
        {0x80000000, 2, 0x10000000},
        {0x123457, 2, 0x40000000},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(fetches); i++) {
        env->sr[3] = fetches[i].sr;
        put_pte(m, ea, vsid, 5, DATA_PAGE | fetches[i].pte1, false);
        PUT(m, DATA_PAGE, T_STOP);
        PUT(m, TEST_CODE, T_MTSPR(SPR_CTR, 4), 0x4e800420u);
        ppc_store_msr(env, SUPER, false);
        env->gpr[4] = ea;
        g_assert_cmphex(test_run(m, TEST_CODE), ==, fetches[i].srr1 ? 0x400 : ea);
        if (fetches[i].srr1) {
            g_assert_cmphex(env->spr[SPR_SRR1], ==, SUPER | fetches[i].srr1);
            g_assert_cmphex(env->spr[SPR_SRR0], ==, ea);
        }
    }
    test_machine_teardown(m);
}

/* mtsr takes effect at context synchronization, tlbie at once. */
static void test_segments(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    uint32_t ea = 0x30123000;

    setup(m, "750");
    env = &m->cpu->env;
    map_code(env);
    ppc_spr_write_raw(env, SPR_SDR1, PAGE_TABLE);
    put_pte(m, ea, 0x111, 0, DATA_PAGE | 2, false);
    put_pte(m, ea, 0x222, 0, (DATA_PAGE + 0x1000) | 2, false);
    stl_be_p(m->host + DATA_PAGE, 0x11111111);
    stl_be_p(m->host + DATA_PAGE + 0x1000, 0x22222222);
    stl_be_p(m->host + DATA_PAGE + 0x2000, 0x33333333);
    env->sr[3] = 0x111;
    PUT(m, TEST_CODE, T_LWZ(5, 4, 0), T_MTSR(3, 6), T_ISYNC, T_LWZ(7, 4, 0), T_MFSR(8, 3),
        T_MTSRIN(9, 4), T_ISYNC, T_LWZ(10, 4, 0), T_MFSRIN(11, 4), T_STOP);
    env->gpr[4] = ea;
    env->gpr[6] = 0x222;
    env->gpr[9] = 0x111;
    ppc_store_msr(env, SUPER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 36);
    g_assert_cmphex(env->gpr[5], ==, 0x11111111);
    g_assert_cmphex(env->gpr[7], ==, 0x22222222);
    g_assert_cmphex(env->gpr[8], ==, 0x222);
    g_assert_cmphex(env->gpr[10], ==, 0x11111111);
    g_assert_cmphex(env->gpr[11], ==, 0x111);
    /* The table's entry changes: tlbie by any address with the page's index. */
    {
        uint32_t hash = (0x111 ^ (ea >> 12 & 0xffff)) & 0x3ff;

        stl_be_p(m->host + PAGE_TABLE + hash * 64 + 4, (DATA_PAGE + 0x2000) | 2);
    }
    PUT(m, TEST_CODE, T_LWZ(5, 4, 0), T_TLBIE(6), T_LWZ(7, 4, 0), T_STOP);
    env->gpr[6] = (ea & 0x0fffffff) | 0x50000000;
    ppc_store_msr(env, SUPER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 12);
    g_assert_cmphex(env->gpr[5], ==, 0x11111111);
    g_assert_cmphex(env->gpr[7], ==, 0x33333333);
    test_machine_teardown(m);
}

/* MPC603e 4.5.17 and 5.5.2. */
static void test_soft_tlb(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    uint32_t ea = 0x30123000, vsid = 0x123456;

    setup(m, "603");
    env = &m->cpu->env;
    map_code(env);
    ppc_spr_write_raw(env, SPR_SDR1, PAGE_TABLE);
    env->sr[3] = vsid | 0x40000000;
    env->crf[0] = 0xa;
    for (unsigned i = 0; i < 4; i++) {
        env->gpr[i] = 0x1000 + i;
        env->tgpr[i] = 0x2000 + i;
    }
    PUT(m, TEST_CODE, T_NOP, T_LWZ(5, 4, 0x10), T_STOP);
    ppc_store_msr(env, SUPER, false);
    env->gpr[4] = ea;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x1100);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    /* CR0, KEY, data, some way, load. */
    g_assert_cmphex(env->spr[SPR_SRR1] & ~0x20000ull, ==, 0xa0000000 | SUPER | 0x00080000);
    g_assert_cmphex(env->msr, ==, MSR_BIT(ME) | MSR_BIT(TGPR));
    g_assert_cmphex(env->gpr[0], ==, 0x2000);
    g_assert_cmphex(env->gpr[3], ==, 0x2003);
    g_assert_cmphex(env->gpr[4], ==, ea);
    g_assert_cmphex(env->tgpr[1], ==, 0x1001);
    g_assert_cmphex(env->spr[SPR_DMISS], ==, ea + 0x10);
    g_assert_cmphex(env->spr[SPR_DCMP], ==, 0x80000000 | vsid << 7 | (ea >> 22 & 0x3f));
    {
        uint32_t hash = (vsid & 0x7ffff) ^ (ea >> 12 & 0xffff);

        g_assert_cmphex(env->spr[SPR_HASH1], ==, PAGE_TABLE | (hash & 0x3ff) << 6);
        g_assert_cmphex(env->spr[SPR_HASH2], ==, PAGE_TABLE | (~hash & 0x3ff) << 6);
    }
    /* The handler: RPA, tlbld, rfi. The load is repeated and finds the entry. */
    stl_be_p(m->host + DATA_PAGE + 0x10, 0xcafe0005);
    env->gpr[1] = DATA_PAGE | 0x102;
    PUT(m, 0x1100, T_MFSPR(0, SPR_DMISS), T_MTSPR(SPR_RPA, 1), T_TLBLD(0), T_RFI);
    env->nip = 0x1100;
    g_assert_cmphex(test_run(m, 0x1100), ==, TEST_CODE + 8);
    g_assert_cmphex(env->gpr[5], ==, 0xcafe0005);
    g_assert_cmphex(env->gpr[0], ==, 0x1000);
    g_assert_cmphex(env->msr, ==, SUPER);
    /* A store with C = 0: data store miss, in the way that has the entry. */
    PUT(m, TEST_CODE, T_NOP, T_STW(5, 4, 0x10), T_STOP);
    ppc_store_msr(env, SUPER, false);
    {
        uint64_t way = env->spr[SPR_SRR1] & 0x20000;

        g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x1200);
        g_assert_cmphex(env->spr[SPR_SRR1], ==, 0xa0000000 | SUPER | 0x00090000 | way);
    }
    PUT(m, 0x1200, T_MFSPR(0, SPR_DMISS), T_MTSPR(SPR_RPA, 1), T_TLBLD(0), T_RFI);
    env->gpr[1] = DATA_PAGE | 0x182;
    g_assert_cmphex(test_run(m, 0x1200), ==, TEST_CODE + 8);
    /* A debugger's look at another page does not choose the way of the next miss. */
    {
        uint32_t way = env->tlb6_way, there = way * 32 + (ea >> 12 & 31),
                 other = (way ^ 1) * 32 + (ea >> 12 & 31);
        PPCTranslation t;

        env->tlb6[other] = env->tlb6[there];
        env->tlb6[other].epn += 0x20000;
        g_assert_true(
            ppc_translate(m->cpu, ea + 0x20000, ACCESS_LOAD, MMU_IDX_VIRT_SUPER, true, &t));
        g_assert_cmpuint(env->tlb6_way, ==, way);
        g_assert_true(
            ppc_translate(m->cpu, ea + 0x20000, ACCESS_LOAD, MMU_IDX_VIRT_SUPER, false, &t));
        g_assert_cmpuint(env->tlb6_way, ==, way ^ 1);
        env->tlb6[other].pte0 = 0;
    }
    /* tlbie of the set takes it away. */
    PUT(m, 0x1200, T_STOP);
    PUT(m, TEST_CODE, T_NOP, T_TLBIE(6), T_STW(5, 4, 0x10), T_STOP);
    env->gpr[6] = ea & 0x0001f000;
    ppc_store_msr(env, SUPER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x1200);
    /* Protection with an entry there: an ordinary DSI. */
    ppc_store_msr(env, MSR_BIT(ME), false);
    env->spr[SPR_RPA] = DATA_PAGE | 0x180;
    PUT(m, TEST_CODE, T_TLBLD(4), T_STOP);
    test_run(m, TEST_CODE);
    expect_fault(m, SUPER, ea + 0x10, false, 0x300, 0x08000000);
    /* Instructions. */
    PUT(m, TEST_CODE, T_MTSPR(SPR_CTR, 4), 0x4e800420u);
    env->gpr[4] = ea;
    ppc_store_msr(env, SUPER, false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x1000);
    g_assert_cmphex(env->spr[SPR_IMISS], ==, ea);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, ea);
    g_assert_cmphex(env->spr[SPR_SRR1] & ~0x20000ull, ==, 0xa0000000 | SUPER | 0x000c0000);
    PUT(m, DATA_PAGE, T_STOP);
    PUT(m, 0x1000, T_MFSPR(0, SPR_IMISS), T_MTSPR(SPR_RPA, 1), T_TLBLI(0), T_RFI);
    env->gpr[1] = DATA_PAGE | 0x102;
    g_assert_cmphex(test_run(m, 0x1000), ==, ea);
    test_machine_teardown(m);
    /* 7450: by hardware, by software with HID0.STEN. */
    setup(m, "7450");
    env = &m->cpu->env;
    map_code(env);
    ppc_spr_write_raw(env, SPR_SDR1, PAGE_TABLE);
    env->sr[3] = vsid;
    put_pte(m, ea, vsid, 5, DATA_PAGE | 2, false);
    stl_be_p(m->host + DATA_PAGE + 0x10, 0xcafe0006);
    expect_load(m, SUPER, ea + 0x10, 0xcafe0006);
    ppc_spr_write_raw(env, SPR_HID0, 0x00040000);
    expect_fault(m, SUPER, ea + 0x10, false, 0x1100, 0);
    g_assert_cmphex(env->spr[SPR_TLBMISS] & ~1ull, ==, ea + 0x10);
    g_assert_cmphex(env->spr[SPR_PTEHI], ==, 0x80000000 | vsid << 7 | (ea >> 22 & 0x3f));
    g_assert_cmphex(env->spr[SPR_SRR1], ==, SUPER);
    PUT(m, 0x1100, T_MFSPR(3, SPR_TLBMISS), T_MTSPR(SPR_PTELO, 6), T_TLBLD(3), T_RFI);
    env->gpr[6] = DATA_PAGE | 0x182;
    expect_load(m, SUPER, ea + 0x10, 0xcafe0006);
    test_machine_teardown(m);
}

/* ---- Registers ---- */

static void test_sprs(void)
{
    static const struct {
        const char *model;
        uint16_t number;
        bool there;
    } rows[] = {
        {"603", SPR_IMISS, true},    {"603", SPR_DABR, false},   {"603", SPR_L2CR, false},
        {"604", SPR_PIR, true},      {"604", SPR_DABR, true},    {"604", SPR_THRM1, false},
        {"750", SPR_THRM3, true},    {"750", SPR_L2CR, true},    {"750", SPR_ICTC, true},
        {"750", SPR_PIR, false},     {"750", SPR_VRSAVE, false}, {"750", SPR_IBAT4U, false},
        {"750fx", SPR_IBAT4U, true}, {"7400", SPR_VRSAVE, true}, {"7400", SPR_MSSCR0, true},
        {"7400", SPR_BAMR, true},    {"7400", SPR_L3CR, false},  {"7450", SPR_L3CR, true},
        {"7450", SPR_TLBMISS, true}, {"7450", SPR_LDSTCR, true}, {"7450", SPR_ICTRL, true},
        {"7455", SPR_SPRG4, true},   {"7450", SPR_SPRG4, false}, {"7448", SPR_L3CR, false},
        {"750", SPR_LPCR, false},    {"750", SPR_PURR, false},   {"750", SPR_EAR, true},
        {"750", SPR_SDR1, true},
    };
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        setup(m, rows[i].model);
        g_assert_cmpint(m->cpu->sprs[rows[i].number] != NULL, ==, rows[i].there);
        test_machine_teardown(m);
    }
    setup(m, "7450");
    env = &m->cpu->env;
    /* 745x: L2I is over before it can be seen; an SPR that is not there changes nothing. */
    PUT(m, TEST_CODE, T_MTSPR(SPR_L2CR, 3), T_MFSPR(4, SPR_L2CR), T_LI(5, 7), T_MFSPR(5, SPR_LPCR),
        T_MFSPR(6, SPR_PVR), T_MTSPR(SPR_WR_TBU, 7), T_MTSPR(SPR_WR_TBL, 7), T_MFSPR(8, SPR_TBU),
        T_MFSPR(9, SPR_TBL), T_STOP);
    env->gpr[3] = 0x80200001;
    env->gpr[7] = 0x80000001;
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 36);
    g_assert_cmphex(env->gpr[4], ==, 0x80000000);
    g_assert_cmphex(env->gpr[5], ==, 7);
    g_assert_cmphex(env->gpr[6], ==, 0x80000201);
    g_assert_cmphex(env->gpr[8], ==, 0x80000001);
    g_assert_cmphex(env->gpr[9], ==, 0x80000001);
    test_machine_teardown(m);
    /* Thermal assist: 24 degrees. */
    setup(m, "750");
    env = &m->cpu->env;
    ppc_spr_write_raw(env, SPR_THRM3, 1);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t threshold = i & 1 ? 30 : 20, below = i & 2 ? 4 : 0;
        bool crossed = below ? 24 < threshold : 24 >= threshold;
        uint64_t value = 0;

        ppc_spr_write_raw(env, SPR_THRM1, threshold << 23 | below | 1);
        g_assert_true(ppc_spr_read_raw(env, SPR_THRM1, &value));
        g_assert_cmphex(value, ==,
                        threshold << 23 | below | 1 | 0x40000000 | (crossed ? 0x80000000u : 0));
    }
    /* IABR, before the instruction. */
    PUT(m, TEST_CODE, T_LI(3, 1), T_LI(3, 2), T_STOP);
    ppc_spr_write_raw(env, SPR_IABR, (TEST_CODE + 4) | 2);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x1300);
    g_assert_cmphex(env->gpr[3], ==, 1);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    ppc_spr_write_raw(env, SPR_IABR, 0);
    ppc_store_msr(env, MSR_BIT(ME), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 8);
    /* DABR: DSISR bit 9, before the access. */
    PUT(m, TEST_CODE, T_STW(3, 4, 0), T_STOP);
    env->gpr[4] = 0x200004;
    ppc_spr_write_raw(env, SPR_DABR, 0x200000 | 2);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x300);
    g_assert_cmphex(env->spr[SPR_DSISR], ==, 0x02400000);
    ppc_spr_write_raw(env, SPR_DABR, 0x200000 | 4 | 2);      /* only translated accesses */
    ppc_store_msr(env, MSR_BIT(ME), false);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    /* External control needs EAR.E. */
    PUT(m, TEST_CODE, T_X(310, 5, 0, 4), T_STOP);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x300);
    g_assert_cmphex(env->spr[SPR_DSISR], ==, 0x00100000);
    ppc_spr_write_raw(env, SPR_EAR, 0x80000001);
    stl_be_p(m->host + 0x200004, 0x55aa55aa);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    g_assert_cmphex(env->gpr[5], ==, 0x55aa55aa);
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-32/models", test_models);
    g_test_add_func("/ppc-32/width", test_width);
    g_test_add_func("/ppc-32/vectors", test_vectors);
    g_test_add_func("/ppc-32/linkage", test_linkage);
    g_test_add_func("/ppc-32/firmware-trap", test_firmware_trap);
    g_test_add_func("/ppc-32/decrementer", test_decrementer);
    g_test_add_func("/ppc-32/bats", test_bats);
    g_test_add_func("/ppc-32/hash", test_hash);
    g_test_add_func("/ppc-32/segments", test_segments);
    g_test_add_func("/ppc-32/soft-tlb", test_soft_tlb);
    g_test_add_func("/ppc-32/sprs", test_sprs);
    return g_test_run();
}
