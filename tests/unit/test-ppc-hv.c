/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor with a hypervisor of its own, which no machine has yet: partition-scoped radix
 * translation alone and below a guest's tree, the quadrants, interrupts to hypervisor state and
 * which registers they use, the hypervisor's decrementer and doorbells, HFSCR, hrfid.
 */
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

#define PARTITIONS 0x100000ull      /* partition table */
#define HOST_PRTB 0x110000ull       /* process table of the host */
#define ROOT_HOST 0x200000ull       /* the host's kernel */
#define ROOT_PARTITION 0x220000ull  /* guest real to host real, partition 5 */
#define TABLES 0x300000ull
#define GUEST_AT 0x1000000ull       /* where the guest's memory lies: guest real 0 .. 16 MiB */
#define GUEST_PRTB 0x10000ull       /* guest real */
#define GUEST_ROOT 0x20000ull
#define GUEST_TABLES 0x40000ull
#define LPID 5
#define PID 3

#define MSR_HYP (MSR_BIT(SF) | MSR_BIT(HV) | MSR_BIT(ME) | MSR_BIT(RI))
#define MSR_GUEST (MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(RI))

typedef struct Bare {
    TestMachine m;
    uint64_t next_table, guest_next;
} Bare;

/* 52 bits of address: 13 + 9 + 9 + 9 + 12. */
static uint64_t tree(uint64_t root)
{
    return 2ull << 61 | 5ull << 5 | root | 13;
}

/* The leaf's place; `shift` is 12, 21 or 30. Tables lie at `bias` plus what entries say. */
static uint64_t leaf_at(Bare *b, uint64_t bias, uint64_t *next, uint64_t root, uint64_t ea,
                        unsigned shift)
{
    static const uint8_t widths[] = {13, 9, 9, 9};
    uint64_t base = root;
    unsigned remaining = 52;

    for (unsigned level = 0;; level++) {
        remaining -= widths[level];
        uint64_t at = base + ((ea >> remaining & ((1ull << widths[level]) - 1)) << 3);
        if (remaining == shift) {
            return bias + at;
        }
        uint64_t entry = test_load64(&b->m, bias + at);
        if (!entry) {
            entry = 1ull << 63 | *next | widths[level + 1];
            *next += 0x1000;
            test_store64(&b->m, bias + at, entry);
        }
        base = entry & 0x0fffffffffffff00ull;
    }
}

static uint64_t map_partition(Bare *b, uint64_t gra, uint64_t pa, unsigned shift, uint64_t bits)
{
    uint64_t at = leaf_at(b, 0, &b->next_table, ROOT_PARTITION, gra, shift);

    test_store64(&b->m, at, bits ? 3ull << 62 | pa | bits : 0);
    ppc_tlb_flush_all(b->m.cpu);
    return at;
}

/* Guest real address of the entry. */
static uint64_t map_guest(Bare *b, uint64_t ea, uint64_t gra, unsigned shift, uint64_t bits)
{
    uint64_t at = leaf_at(b, GUEST_AT, &b->guest_next, GUEST_ROOT, ea, shift);

    test_store64(&b->m, at, 3ull << 62 | gra | bits);
    ppc_tlb_flush_all(b->m.cpu);
    return at - GUEST_AT;
}

static uint64_t map_host(Bare *b, uint64_t ea, uint64_t pa, unsigned shift, uint64_t bits)
{
    uint64_t at = leaf_at(b, 0, &b->next_table, ROOT_HOST, ea, shift);

    test_store64(&b->m, at, 3ull << 62 | pa | bits);
    ppc_tlb_flush_all(b->m.cpu);
    return at;
}

static void setup(Bare *b, const char *model)
{
    CPUPPCState *env;

    test_machine_setup(&b->m, model, &tcg_backend_interp);
    b->m.cpu->vhyp = NULL;
    ppc_cpu_reset(b->m.cpu);
    env = &b->m.cpu->env;
    b->next_table = TABLES;
    b->guest_next = GUEST_TABLES;
    test_store64(&b->m, PARTITIONS, PATE0_HR | tree(ROOT_HOST));
    test_store64(&b->m, PARTITIONS + 8, HOST_PRTB);
    test_store64(&b->m, HOST_PRTB, tree(ROOT_HOST));
    test_store64(&b->m, PARTITIONS + LPID * 16, PATE0_HR | tree(ROOT_PARTITION));
    test_store64(&b->m, PARTITIONS + LPID * 16 + 8, PATE1_GR | GUEST_PRTB);
    test_store64(&b->m, GUEST_AT + GUEST_PRTB, tree(GUEST_ROOT));
    test_store64(&b->m, GUEST_AT + GUEST_PRTB + PID * 16, tree(GUEST_ROOT));
    ppc_store_msr(env, MSR_HYP, true);
    if (b->m.cpu->model->mmu == MMU_64_RADIX) {
        ppc_store_lpcr(b->m.cpu, LPCR_HR | LPCR_UPRT | LPCR_HVICE | LPCR_HDICE);
        ppc_spr_write_raw(env, SPR_PTCR, PARTITIONS);
    }
}

static void enter_guest(Bare *b)
{
    ppc_spr_write_raw(&b->m.cpu->env, SPR_LPIDR, LPID);
    ppc_spr_write_raw(&b->m.cpu->env, SPR_PIDR, PID);
    b->m.cpu->env.msr = MSR_GUEST;
    ppc_update_hflags(&b->m.cpu->env);
}

static PPCTranslation look(Bare *b, uint64_t ea, PPCAccess access, unsigned idx)
{
    PPCTranslation t;

    ppc_translate(b->m.cpu, ea, access, idx, false, &t);
    return t;
}

static void works(Bare *b, uint64_t ea, PPCAccess access, unsigned idx, uint64_t raddr)
{
    PPCTranslation t = look(b, ea, access, idx);

    g_assert_cmpint(t.exception, ==, EXCP_NONE);
    g_assert_cmphex(t.raddr, ==, raddr);
}

static void fails(Bare *b, uint64_t ea, PPCAccess access, unsigned idx, PPCException kind,
                  uint32_t bits, uint64_t asdr)
{
    PPCTranslation t = look(b, ea, access, idx);

    g_assert_cmpint(t.exception, ==, kind);
    g_assert_cmphex(t.dar, ==, ea);
    g_assert_cmphex(access == ACCESS_FETCH ? t.error_code : t.dsisr, ==, bits);
    if (kind == EXCP_HDSI || kind == EXCP_HISI) {
        g_assert_cmphex(t.asdr, ==, asdr);
    }
}

static void test_guest_real_mode(void)
{
    Bare bare, *b = &bare;
    uint64_t leaf;

    setup(b, "power9");
    enter_guest(b);
    leaf = map_partition(b, 0x3000, GUEST_AT + 0x3000, 12, 7);
    map_partition(b, 0x4000, GUEST_AT + 0x4000, 12, 5);             /* read, execute */
    map_partition(b, 0x200000, GUEST_AT + 0x200000, 21, 6);         /* no execution */
    works(b, 0x3128, ACCESS_LOAD, MMU_IDX_REAL_SUPER, GUEST_AT + 0x3128);
    g_assert_cmphex(test_load64(&b->m, leaf) & 0x180, ==, 0x100);
    works(b, 0x3128, ACCESS_STORE, MMU_IDX_REAL_SUPER, GUEST_AT + 0x3128);
    g_assert_cmphex(test_load64(&b->m, leaf) & 0x180, ==, 0x180);
    works(b, 0x4000, ACCESS_FETCH, MMU_IDX_REAL_SUPER, GUEST_AT + 0x4000);
    works(b, 0x3fffff, ACCESS_LOAD, MMU_IDX_REAL_SUPER, GUEST_AT + 0x3fffff);
    fails(b, 0x5128, ACCESS_LOAD, MMU_IDX_REAL_SUPER, EXCP_HDSI, 0x40000000, 0x5000);
    fails(b, 0x5128, ACCESS_STORE, MMU_IDX_REAL_SUPER, EXCP_HDSI, 0x42000000, 0x5000);
    fails(b, 0x5128, ACCESS_FETCH, MMU_IDX_REAL_SUPER, EXCP_HISI, 0x40000000, 0x5000);
    fails(b, 0x4008, ACCESS_STORE, MMU_IDX_REAL_SUPER, EXCP_HDSI, 0x0a000000, 0x4000);
    fails(b, 0x200000, ACCESS_FETCH, MMU_IDX_REAL_SUPER, EXCP_HISI, 0x10000000, 0x200000);
    /* A probe leaves R alone and tells that it is missing. */
    PPCTranslation t;
    leaf = map_partition(b, 0x6000, GUEST_AT + 0x6000, 12, 7);
    g_assert_true(ppc_translate(b->m.cpu, 0x6000, ACCESS_LOAD, MMU_IDX_REAL_SUPER, true, &t));
    g_assert_true(t.update);
    g_assert_cmphex(test_load64(&b->m, leaf) & 0x180, ==, 0);
    /* A partition that the table does not have. */
    ppc_spr_write_raw(&b->m.cpu->env, SPR_LPIDR, 300);
    fails(b, 0x3000, ACCESS_LOAD, MMU_IDX_REAL_SUPER, EXCP_HDSI, 0x40000000, 0);
    test_machine_teardown(&b->m);
}

static void test_nested(void)
{
    Bare bare, *b = &bare;
    uint64_t pte, partition_pte, prtb_leaf;
    PPCTranslation t;

    setup(b, "power9");
    enter_guest(b);
    /* The guest's tables, page by page, and its data. */
    prtb_leaf = map_partition(b, GUEST_PRTB, GUEST_AT + GUEST_PRTB, 12, 7);
    for (uint64_t at = GUEST_ROOT; at < GUEST_TABLES + 0x10000; at += 0x1000) {
        map_partition(b, at, GUEST_AT + at, 12, 7);
    }
    map_partition(b, 0x400000, GUEST_AT + 0x400000, 21, 7);
    map_partition(b, 0x600000, GUEST_AT + 0x600000, 12, 5);
    pte = map_guest(b, 0x10000000, 0x400000, 21, 6);
    map_guest(b, 0x10200000, 0x600000, 21, 7);
    map_guest(b, 0xc000000000400000ull & 0x3fffffffffffffffull, 0x400000, 12, 0xf);
    works(b, 0x10012340, ACCESS_LOAD, MMU_IDX_VIRT_USER, GUEST_AT + 0x412340);
    works(b, 0xc000000000400008ull, ACCESS_FETCH, MMU_IDX_VIRT_SUPER, GUEST_AT + 0x400008);
    g_assert_cmphex(test_load64(&b->m, GUEST_AT + pte) & 0x180, ==, 0x100);
    t = look(b, 0x10212340, ACCESS_LOAD, MMU_IDX_VIRT_USER);
    g_assert_cmpint(t.exception, ==, EXCP_HDSI);        /* only the first 4 KiB are backed */
    g_assert_cmphex(t.asdr, ==, 0x612000);
    t = look(b, 0x10200340, ACCESS_LOAD, MMU_IDX_VIRT_USER);
    g_assert_cmpint(t.exception, ==, EXCP_NONE);
    g_assert_cmpint(t.page_shift, ==, 12);              /* the smaller of the two */
    g_assert_true(t.readable && !t.writable && t.executable);
    /* What the guest forbids is the guest's fault, what the partition forbids the hypervisor's. */
    fails(b, 0x10012340, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x10000000, 0);
    fails(b, 0x10400000, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x40000000, 0);
    fails(b, 0x10200340, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_HDSI, 0x0a000000, 0x600000);
    fails(b, 0x4000000010000000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSEG, 0, 0);
    /* Its tables: unmapped directory, process table; an entry whose C may not be set. */
    uint64_t directory = pte & ~0xfffull;
    map_partition(b, directory, 0, 12, 0);
    fails(b, 0x10012340, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_HDSI, 0x40020000, directory);
    fails(b, 0x10012340, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_HISI, 0x40020000, directory);
    partition_pte = map_partition(b, directory, GUEST_AT + directory, 12, 5);
    works(b, 0x10012340, ACCESS_LOAD, MMU_IDX_VIRT_USER, GUEST_AT + 0x412340);
    fails(b, 0x10012340, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_HDSI, 0x0a060000, directory);
    g_assert_cmphex(test_load64(&b->m, GUEST_AT + pte) & 0x180, ==, 0x100);
    partition_pte = map_partition(b, directory, GUEST_AT + directory, 12, 7);
    works(b, 0x10012340, ACCESS_STORE, MMU_IDX_VIRT_USER, GUEST_AT + 0x412340);
    g_assert_cmphex(test_load64(&b->m, GUEST_AT + pte) & 0x180, ==, 0x180);
    g_assert_cmphex(test_load64(&b->m, partition_pte) & 0x180, ==, 0x180);
    test_store64(&b->m, prtb_leaf, 0);
    fails(b, 0x10012340, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_HDSI, 0x40020000, GUEST_PRTB);
    test_machine_teardown(&b->m);
}

static void test_quadrants(void)
{
    Bare bare, *b = &bare;

    setup(b, "power9");
    ppc_spr_write_raw(&b->m.cpu->env, SPR_LPIDR, LPID);
    ppc_spr_write_raw(&b->m.cpu->env, SPR_PIDR, PID);
    test_store64(&b->m, HOST_PRTB + PID * 16, tree(ROOT_HOST));
    for (uint64_t at = GUEST_PRTB; at < GUEST_TABLES + 0x10000; at += 0x1000) {
        map_partition(b, at, GUEST_AT + at, 12, 7);
    }
    map_partition(b, 0x400000, GUEST_AT + 0x400000, 21, 7);
    map_guest(b, 0x10000000, 0x400000, 12, 6);
    map_host(b, 0x10000000, 0x800000, 12, 6);
    /* Hypervisor state: 0 the host's process, 1 and 2 the guest's process and kernel, 3 the host's
     * kernel. */
    works(b, 0x10000010, ACCESS_LOAD, MMU_IDX_HV_VIRT, 0x800010);
    works(b, 0x4000000010000010ull, ACCESS_LOAD, MMU_IDX_HV_VIRT, GUEST_AT + 0x400010);
    works(b, 0x8000000010000010ull, ACCESS_LOAD, MMU_IDX_HV_VIRT, GUEST_AT + 0x400010);
    works(b, 0xc000000010000010ull, ACCESS_LOAD, MMU_IDX_HV_VIRT, 0x800010);
    /* Real: HRMOR, unless bit 0 is set. */
    ppc_spr_write_raw(&b->m.cpu->env, SPR_HRMOR, 0x1000000);
    works(b, 0x123, ACCESS_LOAD, MMU_IDX_HV_REAL, 0x1000123);
    works(b, 0x8000000000000123ull, ACCESS_LOAD, MMU_IDX_HV_REAL, 0x123);
    test_machine_teardown(&b->m);
}

static void test_delivery(void)
{
    enum { SRR, HSRR };
    static const struct {
        PPCException kind;
        uint64_t error, vector;
        int registers;
        bool to_hv;             /* from the guest; from the hypervisor it always stays there */
    } rows[] = {
        {EXCP_RESET, 0, 0x100, SRR, true},
        {EXCP_MCHECK, 0, 0x200, SRR, true},
        {EXCP_DSI, 0, 0x300, SRR, false},
        {EXCP_DSEG, 0, 0x380, SRR, false},
        {EXCP_ISI, 0, 0x400, SRR, false},
        {EXCP_ISEG, 0, 0x480, SRR, false},
        {EXCP_EXTERNAL, 0, 0x500, HSRR, true},
        {EXCP_ALIGN, 0, 0x600, SRR, false},
        {EXCP_PROGRAM, PROGRAM_TRAP, 0x700, SRR, false},
        {EXCP_PROGRAM, PROGRAM_PRIVILEGED, 0x700, SRR, false},
        {EXCP_PROGRAM, PROGRAM_ILLEGAL, 0xe40, HSRR, true},
        {EXCP_FPU, 0, 0x800, SRR, false},
        {EXCP_DECR, 0, 0x900, SRR, false},
        {EXCP_HDECR, 0, 0x980, HSRR, true},
        {EXCP_SDOOR, 0, 0xa00, SRR, false},
        {EXCP_SYSCALL, 0, 0xc00, SRR, false},
        {EXCP_SYSCALL, 1, 0xc00, SRR, true},
        {EXCP_TRACE, 0, 0xd00, SRR, false},
        {EXCP_HDSI, 0, 0xe00, HSRR, true},
        {EXCP_HISI, 0, 0xe20, HSRR, true},
        {EXCP_HV_EMU, 0, 0xe40, HSRR, true},
        {EXCP_HV_MAINT, 0, 0xe60, HSRR, true},
        {EXCP_SDOOR_HV, 0, 0xe80, HSRR, true},
        {EXCP_HVIRT, 0, 0xea0, HSRR, true},
        {EXCP_PERFM, 0, 0xf00, SRR, false},
        {EXCP_VPU, 0, 0xf20, SRR, false},
        {EXCP_VSXU, 0, 0xf40, SRR, false},
        {EXCP_FU, FACILITY_TAR, 0xf60, SRR, false},
        {EXCP_HV_FU, FACILITY_TAR, 0xf80, HSRR, true},
    };
    Bare bare, *b = &bare;
    CPUPPCState *env;

    setup(b, "power9");
    env = &b->m.cpu->env;
    for (unsigned hv = 0; hv < 2; hv++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
            uint64_t msr = MSR_GUEST | MSR_BIT(EE) | (hv ? MSR_BIT(HV) : 0);

            env->msr = msr;
            env->nip = 0x123450;
            env->fault_dar = 0x5550;
            env->fault_dsisr = 0x42000000;
            env->fault_asdr = 0x7000;
            env->spr[SPR_SRR0] = env->spr[SPR_HSRR0] = env->spr[SPR_HDAR] = env->spr[SPR_ASDR] = 0;
            ppc_deliver_exception(b->m.cpu, rows[i].kind, rows[i].error);
            g_assert_cmphex(env->nip, ==, rows[i].vector);
            g_assert_cmphex(env->msr & MSR_BIT(HV), ==, hv || rows[i].to_hv ? MSR_BIT(HV) : 0);
            g_assert_cmphex(env->msr & MSR_BIT(EE), ==, 0);
            g_assert_cmphex(env->spr[rows[i].registers == HSRR ? SPR_HSRR0 : SPR_SRR0], ==,
                            rows[i].kind == EXCP_SYSCALL ? 0x123454 : 0x123450);
            g_assert_cmphex(env->spr[rows[i].registers == HSRR ? SPR_SRR0 : SPR_HSRR0], ==, 0);
            g_assert_cmphex(env->spr[rows[i].registers == HSRR ? SPR_HSRR1 : SPR_SRR1] &
                                MSR_BIT(HV),
                            ==, msr & MSR_BIT(HV));
            if (rows[i].kind == EXCP_HDSI) {
                g_assert_cmphex(env->spr[SPR_HDAR], ==, 0x5550);
                g_assert_cmphex(env->spr[SPR_HDSISR], ==, 0x42000000);
            }
            if (rows[i].kind == EXCP_HDSI || rows[i].kind == EXCP_HISI) {
                g_assert_cmphex(env->spr[SPR_ASDR], ==, 0x7000);
            }
            if (rows[i].kind == EXCP_HV_FU) {
                g_assert_cmphex(env->spr[SPR_HFSCR] >> 56, ==, FACILITY_TAR);
            }
        }
    }
    /* External interrupts of a partition whose LPES says so stay there. */
    ppc_store_lpcr(b->m.cpu, env->spr[SPR_LPCR] | LPCR_LPES0);
    env->msr = MSR_GUEST;
    ppc_deliver_exception(b->m.cpu, EXCP_EXTERNAL, 0);
    g_assert_cmphex(env->nip, ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, 0);
    /* HFSCR beside MSR. */
    env->spr[SPR_HFSCR] = ~(1ull << FACILITY_FP | 1ull << FACILITY_VSX | 1ull << FACILITY_TM);
    static const struct {
        PPCException kind;
        uint64_t bit, error, vector, cause;
    } facilities[] = {
        {EXCP_FPU, MSR_BIT(FP), 0, 0x800, FACILITY_FP},
        {EXCP_VPU, MSR_BIT(VR), 0, 0xf20, FACILITY_VSX},
        {EXCP_VSXU, MSR_BIT(VSX), 0, 0xf40, FACILITY_VSX},
        {EXCP_FU, MSR_BIT(TM), FACILITY_TM, 0xf60, FACILITY_TM},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(facilities); i++) {
        for (unsigned on = 0; on < 2; on++) {
            env->msr = MSR_GUEST | (on ? facilities[i].bit : 0);
            ppc_update_hflags(env);
            g_assert_cmphex(env->hflags & (HF_FP | HF_VR | HF_VSX | HF_TM), ==, 0);
            ppc_deliver_exception(b->m.cpu, facilities[i].kind, facilities[i].error);
            g_assert_cmphex(env->nip, ==, on ? 0xf80 : facilities[i].vector);
            if (on) {
                g_assert_cmphex(env->spr[SPR_HFSCR] >> 56, ==, facilities[i].cause);
            }
        }
    }
    test_machine_teardown(&b->m);
}

/* Takes what is pending, if it can be taken; the vector or 0. */
static uint64_t take(Bare *b, uint64_t msr)
{
    CPUPPCState *env = &b->m.cpu->env;

    env->msr = msr;
    env->nip = 0x123450;
    ppc_update_hflags(env);
    return ppc_cpu_exec_interrupt(&b->m.cpu->parent) ? env->nip : 0;
}

static void test_requests(void)
{
    Bare bare, *b = &bare;
    CPUPPCState *env;

    setup(b, "power9");
    env = &b->m.cpu->env;
    b->m.cpu->vcpu_id = 9;
    b->m.cpu->threads_per_core = 4;
    /* HDEC: masked by EE in hypervisor state only, and by HDICE. */
    ppc_spr_write_raw(env, SPR_HDEC, 1000);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    clock_step(b->m.clock, 2000);
    g_assert_cmphex(take(b, MSR_HYP), ==, 0);
    g_assert_cmphex(take(b, MSR_HYP | MSR_BIT(EE)), ==, 0x980);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0x980);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, MSR_BIT(HV));
    g_assert_cmphex(env->spr[SPR_HSRR1] & MSR_BIT(HV), ==, 0);
    ppc_store_lpcr(b->m.cpu, env->spr[SPR_LPCR] & ~LPCR_HDICE);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    ppc_store_lpcr(b->m.cpu, env->spr[SPR_LPCR] | LPCR_HDICE);
    ppc_spr_write_raw(env, SPR_HDEC, 1000000);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    /* Hypervisor doorbells: a latch. */
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_HDOORBELL, true);
    g_assert_cmphex(take(b, MSR_HYP), ==, 0);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0xe80);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    /* Hypervisor virtualization: a level, HVICE. */
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_HVIRT, true);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0xea0);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0xea0);
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_HVIRT, false);
    /* External: to the hypervisor at once, or to the guest that enables it. */
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_EXT, true);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, MSR_BIT(HV));
    ppc_store_lpcr(b->m.cpu, env->spr[SPR_LPCR] | LPCR_LPES0);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    g_assert_cmphex(take(b, MSR_GUEST | MSR_BIT(EE)), ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, 0);
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_EXT, false);
    test_machine_teardown(&b->m);
}

/* Runs one instruction; what follows it, an interrupt's vector included. */
static uint64_t step(Bare *b, uint64_t msr)
{
    CPUState *cs = &b->m.cpu->parent;
    CPUPPCState *env = &b->m.cpu->env;
    int r;

    env->msr = msr;
    env->nip = TEST_CODE;
    ppc_update_hflags(env);
    cs->singlestep_enabled = SSTEP_ENABLE | SSTEP_NOIRQ;
    device_unlock();
    do {
        cpu_exec_start(cs);
        r = tcg_accel_ops.exec(cs);
        cpu_exec_end(cs);
    } while (r == EXCP_INTERRUPT);
    device_lock();
    cs->singlestep_enabled = 0;
    g_assert_cmpint(r, ==, EXCP_DEBUG);
    return env->nip;
}

static void test_instructions(void)
{
    Bare bare, *b = &bare;
    CPUPPCState *env;

    setup(b, "power9");
    env = &b->m.cpu->env;
    b->m.cpu->vcpu_id = 9;
    b->m.cpu->threads_per_core = 4;
    /* hrfid gives what rfid does not. */
    PUT(&b->m, TEST_CODE, T_XL(274));
    env->spr[SPR_HSRR0] = 0x30003;
    env->spr[SPR_HSRR1] = MSR_BIT(SF) | MSR_BIT(FP);
    g_assert_cmphex(step(b, MSR_HYP), ==, 0x30000);
    g_assert_cmphex(env->msr, ==, MSR_BIT(SF) | MSR_BIT(FP));
    PUT(&b->m, TEST_CODE, T_RFID);
    env->spr[SPR_SRR0] = 0x30000;
    env->spr[SPR_SRR1] = MSR_BIT(SF) | MSR_BIT(HV) | MSR_BIT(FP);
    g_assert_cmphex(step(b, MSR_HYP), ==, 0x30000);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, MSR_BIT(HV));
    g_assert_cmphex(step(b, MSR_GUEST), ==, 0x30000);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, 0);
    /* msgsnd to this thread and to another; msgclr. */
    PUT(&b->m, TEST_CODE, T_X(206, 0, 0, 4));
    env->gpr[4] = 5ull << 27 | 8;
    step(b, MSR_HYP);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_HDOORBELL));
    env->gpr[4] = 5ull << 27 | 9;
    step(b, MSR_HYP);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_HDOORBELL));
    PUT(&b->m, TEST_CODE, T_X(238, 0, 0, 4));
    step(b, MSR_HYP);
    g_assert_false(ppc_is_pending(env, PPC_INTERRUPT_HDOORBELL));
    /* The core's threads together. */
    PUT(&b->m, TEST_CODE, T_X(206, 0, 0, 4));
    env->gpr[4] = 5ull << 27 | 1ull << 25 | 8;
    step(b, MSR_HYP);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_HDOORBELL));
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_HDOORBELL, false);
    test_machine_teardown(&b->m);
}

/* POWER5+: LPES0 is HID4's, and external interrupts are in SRR0 and SRR1. */
static void test_before_2_06(void)
{
    Bare bare, *b = &bare;
    CPUPPCState *env;

    setup(b, "power5+");
    env = &b->m.cpu->env;
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_EXT, true);
    env->spr[SPR_HSRR0] = 0x5555;
    g_assert_cmphex(take(b, MSR_HYP), ==, 0);
    g_assert_cmphex(take(b, MSR_HYP | MSR_BIT(EE)), ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, MSR_BIT(HV));
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_HYP | MSR_BIT(EE));
    g_assert_cmphex(env->spr[SPR_HSRR0], ==, 0x5555);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, MSR_BIT(HV));
    ppc_spr_write_raw(env, SPR_HID4, HID4_LPES0);
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    g_assert_cmphex(take(b, MSR_GUEST | MSR_BIT(EE)), ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(HV), ==, 0);
    test_machine_teardown(&b->m);
}

/* A 970 of a Power Mac has no hypervisor state: everything is the supervisor's.  HIOR moves
 * vectors; MSR.POW with a mode that HID0 selects stops it. */
static void test_970(void)
{
    const uint64_t nap = 1ull << 54;
    Bare bare, *b = &bare;
    CPUState *cs;
    CPUPPCState *env;

    setup(b, "970");
    cs = &b->m.cpu->parent;
    env = &b->m.cpu->env;
    g_assert_cmphex(env->msr, ==, MSR_GUEST);
    /* Registers and tlbie that are a hypervisor's where there is one. */
    PUT(&b->m, TEST_CODE, T_MTSPR(SPR_SDR1, 3));
    env->gpr[3] = 0x500000;
    g_assert_cmphex(step(b, MSR_GUEST), ==, TEST_CODE + 4);
    g_assert_cmphex(env->spr[SPR_SDR1], ==, 0x500000);
    PUT(&b->m, TEST_CODE, T_MFSPR(4, SPR_HID4));
    env->spr[SPR_HID4] = 0x1234;
    g_assert_cmphex(step(b, MSR_GUEST), ==, TEST_CODE + 4);
    g_assert_cmphex(env->gpr[4], ==, 0x1234);
    PUT(&b->m, TEST_CODE, T_X(306, 0, 0, 3));
    g_assert_cmphex(step(b, MSR_GUEST), ==, TEST_CODE + 4);
    env->spr[SPR_SRR0] = TEST_CODE;
    env->spr[SPR_SRR1] = MSR_HYP;
    PUT(&b->m, TEST_CODE, T_RFID);
    g_assert_cmphex(step(b, MSR_BIT(SF)), ==, TEST_CODE);
    g_assert_cmphex(env->msr, ==, MSR_GUEST);
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_EXT, true);
    env->spr[SPR_HSRR0] = 0x5555;
    g_assert_cmphex(take(b, MSR_GUEST), ==, 0);
    g_assert_cmphex(take(b, MSR_GUEST | MSR_BIT(EE)), ==, 0x500);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_GUEST | MSR_BIT(EE));
    g_assert_cmphex(env->spr[SPR_HSRR0], ==, 0x5555);
    ppc_spr_write_raw(env, SPR_HIOR, 0xfff12345);
    g_assert_cmphex(env->spr[SPR_HIOR], ==, 0xfff00000);
    g_assert_cmphex(take(b, MSR_GUEST | MSR_BIT(EE)), ==, 0xfff00500);
    ppc_spr_write_raw(env, SPR_HIOR, 0);
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_EXT, false);
    /* HID0 selects nothing: it goes on. */
    PUT(&b->m, TEST_CODE, T_MTMSRD(3, 0), T_NOP);
    ppc_spr_write_raw(env, SPR_HID0, 0);
    env->gpr[3] = MSR_GUEST | MSR_BIT(EE) | MSR_BIT(POW);
    g_assert_cmphex(step(b, MSR_GUEST), ==, TEST_CODE + 4);
    g_assert_false(cs->halted);
    ppc_spr_write_raw(env, SPR_HID0, nap);
    env->msr = MSR_GUEST;
    env->nip = TEST_CODE;
    ppc_update_hflags(env);
    device_unlock();
    cpu_exec_start(cs);
    tcg_accel_ops.exec(cs);
    cpu_exec_end(cs);
    device_lock();
    g_assert_true(cs->halted);
    g_assert_cmphex(env->nip, ==, TEST_CODE + 4);
    g_assert_false(ppc_cpu_has_work(cs));
    ppc_set_interrupt(b->m.cpu, PPC_INTERRUPT_EXT, true);
    g_assert_true(ppc_cpu_has_work(cs));
    g_assert_true(ppc_cpu_exec_interrupt(cs));
    g_assert_cmphex(env->nip, ==, 0x500);
    g_assert_cmphex(env->msr & MSR_BIT(POW), ==, 0);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, TEST_CODE + 4);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, MSR_GUEST | MSR_BIT(EE));
    test_machine_teardown(&b->m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-hv/radix/real", test_guest_real_mode);
    g_test_add_func("/ppc-hv/radix/nested", test_nested);
    g_test_add_func("/ppc-hv/radix/quadrants", test_quadrants);
    g_test_add_func("/ppc-hv/delivery", test_delivery);
    g_test_add_func("/ppc-hv/requests", test_requests);
    g_test_add_func("/ppc-hv/instructions", test_instructions);
    g_test_add_func("/ppc-hv/before-2.06", test_before_2_06);
    g_test_add_func("/ppc-hv/970", test_970);
    return g_test_run();
}
