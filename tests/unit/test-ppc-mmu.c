/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation: radix and hash, against tables that the tests write, and through running
 * code.
 */
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

/* ---- Radix ---- */

#define PRTB 0x100000ull
#define ROOT_PID0 0x110000ull
#define ROOT_PID5 0x130000ull
#define TABLES 0x200000ull

typedef struct Radix {
    TestMachine m;
    uint64_t next_table;
} Radix;

enum {
    PTE_R = 0x100, PTE_C = 0x80, PTE_NI = 0x20, PTE_PRIV = 8, PTE_RD = 4, PTE_RW = 2, PTE_X = 1,
};

static uint64_t root_dword(uint64_t root)
{
    /* RTS 21 (52 bits), root of 2^13 entries */
    return 2ull << 61 | 5ull << 5 | root | 13;
}

static uint64_t entry_address(Radix *r, uint64_t root, uint64_t ea, unsigned shift)
{
    static const unsigned bits[] = {13, 9, 9, 9};
    uint64_t base = root;
    unsigned remaining = 52;

    for (unsigned level = 0;; level++) {
        unsigned n = bits[level];
        uint64_t at, entry;

        if (shift == 16 && level == 3) {
            n = 5;
        }
        remaining -= n;
        at = base + (ea >> remaining & ((1ull << n) - 1)) * 8;
        if (remaining == shift) {
            return at;
        }
        entry = test_load64(&r->m, at);
        if (!(entry >> 63)) {
            unsigned next = shift == 16 && level == 2 ? 5 : 9;

            entry = 1ull << 63 | r->next_table | next;
            r->next_table += 0x1000;
            test_store64(&r->m, at, entry);
        }
        base = entry & 0x0fffffffffffff00ull;
    }
}

static uint64_t map(Radix *r, uint64_t root, uint64_t ea, uint64_t pa, unsigned shift,
                    uint64_t bits)
{
    uint64_t at = entry_address(r, root, ea & 0x3fffffffffffffffull, shift);

    test_store64(&r->m, at, 3ull << 62 | pa | bits);
    ppc_tlb_flush_all(r->m.cpu);
    return at;
}

static void radix_setup(Radix *r)
{
    test_machine_setup(&r->m, "power9", &tcg_backend_interp);
    r->next_table = TABLES;
    r->m.pate[0] = PATE0_HR;
    r->m.pate[1] = PATE1_GR | PRTB;       /* 4 KiB: 256 processes */
    test_store64(&r->m, PRTB, root_dword(ROOT_PID0));
    test_store64(&r->m, PRTB + 5 * 16, root_dword(ROOT_PID5));
    r->m.cpu->env.spr[SPR_PIDR] = 5;
}

static PPCTranslation translate(TestMachine *m, uint64_t ea, PPCAccess access, unsigned idx,
                                bool probe)
{
    PPCTranslation t;

    if (ppc_translate(m->cpu, ea, access, idx, probe, &t)) {
        g_assert_cmpint(t.exception, ==, EXCP_NONE);
    } else {
        g_assert_cmpint(t.exception, !=, EXCP_NONE);
    }
    return t;
}

#define OK(m, ea, access, idx, pa)                                                                 \
    G_STMT_START                                                                                   \
    {                                                                                              \
        PPCTranslation t_ = translate(m, ea, access, idx, false);                                  \
        g_assert_cmpint(t_.exception, ==, EXCP_NONE);                                              \
        g_assert_cmphex(t_.raddr, ==, pa);                                                         \
    }                                                                                              \
    G_STMT_END
#define FAILS(m, ea, access, idx, kind, bits)                                                      \
    G_STMT_START                                                                                   \
    {                                                                                              \
        PPCTranslation t_ = translate(m, ea, access, idx, false);                                  \
        g_assert_cmpint(t_.exception, ==, kind);                                                   \
        g_assert_cmphex(t_.dar, ==, ea);                                                           \
        g_assert_cmphex((access) == ACCESS_FETCH ? t_.error_code : t_.dsisr, ==, bits);            \
    }                                                                                              \
    G_STMT_END

static void test_radix_sizes(void)
{
    Radix r;
    TestMachine *m = &r.m;

    radix_setup(&r);
    map(&r, ROOT_PID5, 0x10000000, 0x300000, 12, PTE_R | PTE_C | PTE_RD | PTE_RW | PTE_X);
    map(&r, ROOT_PID5, 0x10200000, 0x310000, 16, PTE_R | PTE_C | PTE_RD | PTE_RW);
    map(&r, ROOT_PID5, 0x20000000, 0x400000, 21, PTE_R | PTE_C | PTE_RD | PTE_RW);
    map(&r, ROOT_PID5, 0x40000000, 0, 30, PTE_R | PTE_C | PTE_RD | PTE_RW);
    map(&r, ROOT_PID0, 0xc000000000000000ull, 0, 30,
        PTE_R | PTE_C | PTE_PRIV | PTE_RD | PTE_RW | PTE_X);
    OK(m, 0x10000123ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x300123ull);
    OK(m, 0x10000123ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, 0x300123ull);
    OK(m, 0x1020abcdull, ACCESS_STORE, MMU_IDX_VIRT_USER, 0x31abcdull);
    OK(m, 0x2012abcdull, ACCESS_STORE, MMU_IDX_VIRT_USER, 0x52abcdull);
    OK(m, 0x4123abcdull, ACCESS_STORE, MMU_IDX_VIRT_USER, 0x123abcdull);
    OK(m, 0xc000000000123456ull, ACCESS_STORE, MMU_IDX_VIRT_SUPER, 0x123456ull);
    g_assert_cmpint(translate(m, 0x1020abcd, ACCESS_LOAD, MMU_IDX_VIRT_USER, true).page_shift, ==,
                    16);
    g_assert_cmpint(translate(m, 0x2020abcd, ACCESS_LOAD, MMU_IDX_VIRT_USER, true).exception, ==,
                    EXCP_DSI);
    test_machine_teardown(m);
}

static void test_radix_faults(void)
{
    Radix r;
    TestMachine *m = &r.m;
    uint64_t at, rc = PTE_R | PTE_C;

    radix_setup(&r);
    map(&r, ROOT_PID5, 0x1000, 0x301000, 12, rc | PTE_RD);
    map(&r, ROOT_PID5, 0x2000, 0x302000, 12, rc | PTE_RD | PTE_RW | PTE_PRIV);
    map(&r, ROOT_PID5, 0x3000, 0x303000, 12, rc | PTE_RD | PTE_X | PTE_NI);
    map(&r, ROOT_PID5, 0x4000, 0x304000, 12, rc | PTE_RD | PTE_RW | PTE_X);
    FAILS(m, 0x9000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x40000000u);
    FAILS(m, 0x9000ull, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_DSI, 0x42000000u);
    FAILS(m, 0x9000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x40000000u);
    FAILS(m, 0x1000ull, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_DSI, 0x0a000000u);
    FAILS(m, 0x1000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x10000000u);
    FAILS(m, 0x2000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x08000000u);
    FAILS(m, 0x2000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x08000000u);
    FAILS(m, 0x3000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x10000000u);
    OK(m, 0x3000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x303000ull);
    /* Quadrants 1 and 2, and addresses wider than the tree: segment interrupts. */
    FAILS(m, 0x4000000000001000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSEG, 0u);
    FAILS(m, 0x8000000000001000ull, ACCESS_FETCH, MMU_IDX_VIRT_SUPER, EXCP_ISEG, 0u);
    FAILS(m, 0x0010000000001000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSEG, 0u);
    /* A process beyond the table. */
    m->cpu->env.spr[SPR_PIDR] = 256;
    FAILS(m, 0x1000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x40000000u);
    m->cpu->env.spr[SPR_PIDR] = 5;
    /* A leaf where none may be: bad configuration. */
    at = entry_address(&r, ROOT_PID5, 0x8000000000ull, 39);
    test_store64(m, at, 3ull << 62 | rc | PTE_RD);
    FAILS(m, 0x8000000000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x00080000u);
    /* A table of a size that does not exist. */
    test_store64(m, at, 1ull << 63 | TABLES | 3);
    FAILS(m, 0x8000000000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x00080000u);
    /* A table outside memory. */
    test_store64(m, at, 1ull << 63 | TEST_RAM_SIZE | 9);
    FAILS(m, 0x8000000000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x40000000u);
    test_machine_teardown(m);
}

static void test_radix_keys(void)
{
    Radix r;
    TestMachine *m = &r.m;
    CPUPPCState *env;

    radix_setup(&r);
    env = &m->cpu->env;
    map(&r, ROOT_PID5, 0x4000, 0x304000, 12, PTE_R | PTE_C | PTE_RD | PTE_RW | PTE_X);
    map(&r, ROOT_PID0, 0xc000000000004000ull, 0x305000, 12,
        PTE_R | PTE_C | PTE_PRIV | PTE_RD | PTE_RW | PTE_X);
    env->spr[SPR_AMR] = 1ull << 62;       /* KUAP: no reads */
    FAILS(m, 0x4000ull, ACCESS_LOAD, MMU_IDX_VIRT_SUPER, EXCP_DSI, 0x08000000u);
    OK(m, 0x4000ull, ACCESS_STORE, MMU_IDX_VIRT_SUPER, 0x304000ull);
    env->spr[SPR_AMR] = 1ull << 63;       /* no writes */
    FAILS(m, 0x4000ull, ACCESS_STORE, MMU_IDX_VIRT_SUPER, EXCP_DSI, 0x0a000000u);
    OK(m, 0x4000ull, ACCESS_LOAD, MMU_IDX_VIRT_SUPER, 0x304000ull);
    OK(m, 0x4000ull, ACCESS_STORE, MMU_IDX_VIRT_USER, 0x304000ull);
    OK(m, 0xc000000000004000ull, ACCESS_STORE, MMU_IDX_VIRT_SUPER, 0x305000ull);
    env->spr[SPR_IAMR] = 1ull << 62;      /* KUEP */
    FAILS(m, 0x4000ull, ACCESS_FETCH, MMU_IDX_VIRT_SUPER, EXCP_ISI, 0x10000000u);
    OK(m, 0x4000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, 0x304000ull);
    OK(m, 0xc000000000004000ull, ACCESS_FETCH, MMU_IDX_VIRT_SUPER, 0x305000ull);
    test_machine_teardown(m);
}

static void test_radix_rc(void)
{
    Radix r;
    TestMachine *m = &r.m;
    PPCTranslation t;
    uint64_t at;

    radix_setup(&r);
    at = map(&r, ROOT_PID5, 0x4000, 0x304000, 12, PTE_RD | PTE_RW);
    t = translate(m, 0x4000, ACCESS_LOAD, MMU_IDX_VIRT_USER, true);
    g_assert_true(t.update);
    g_assert_cmphex(test_load64(m, at) & (PTE_R | PTE_C), ==, 0);
    t = translate(m, 0x4000, ACCESS_LOAD, MMU_IDX_VIRT_USER, false);
    g_assert_false(t.dirty);
    g_assert_cmphex(test_load64(m, at) & (PTE_R | PTE_C), ==, PTE_R);
    t = translate(m, 0x4000, ACCESS_STORE, MMU_IDX_VIRT_USER, false);
    g_assert_true(t.dirty);
    g_assert_cmphex(test_load64(m, at) & (PTE_R | PTE_C), ==, PTE_R | PTE_C);
    g_assert_cmphex(test_load64(m, at), ==,
                    3ull << 62 | 0x304000 | PTE_R | PTE_C | PTE_RD | PTE_RW);
    /* A denied access sets nothing. */
    at = map(&r, ROOT_PID5, 0x5000, 0x305000, 12, PTE_RD);
    FAILS(m, 0x5000ull, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_DSI, 0x0a000000u);
    g_assert_cmphex(test_load64(m, at) & (PTE_R | PTE_C), ==, 0);
    test_machine_teardown(m);
}

/* Through running code: KUAP locks and unlocks, PIDR changes, tlbie.  lpcr: bits to set first. */
static void check_radix_running(uint64_t lpcr)
{
    Radix r;
    TestMachine *m = &r.m;
    CPUPPCState *env;
    uint64_t at, kernel = 0xc000000000000000ull;

    radix_setup(&r);
    env = &m->cpu->env;
    test_put_stops(m);
    ppc_store_lpcr(m->cpu, env->spr[SPR_LPCR] | lpcr);
    map(&r, ROOT_PID0, kernel, 0, 30, PTE_R | PTE_C | PTE_PRIV | PTE_RD | PTE_RW | PTE_X);
    at = map(&r, ROOT_PID5, 0x4000, 0x304000, 12, PTE_R | PTE_C | PTE_RD | PTE_RW);
    test_store64(m, PRTB + 6 * 16, root_dword(ROOT_PID5 + 0x40000));
    map(&r, ROOT_PID5 + 0x40000, 0x4000, 0x306000, 12, PTE_R | PTE_C | PTE_RD | PTE_RW);
    test_store64(m, 0x304000, 0x1111);
    test_store64(m, 0x306000, 0x2222);
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(RI), false);

    /* r3: address, r4: AMR lock, r5: zero, r6: other PID. */
    PUT(m, TEST_CODE, T_MTSPR(SPR_AMR, 5), T_LD(10, 3, 0), T_MTSPR(SPR_AMR, 4), T_LD(11, 3, 0),
        T_STOP);
    env->gpr[3] = 0x4000;
    env->gpr[4] = 3ull << 62;
    env->gpr[5] = 0;
    g_assert_cmphex(test_run(m, kernel + TEST_CODE), ==, 0x300);
    g_assert_cmphex(env->gpr[10], ==, 0x1111);
    g_assert_cmphex(env->spr[SPR_DSISR], ==, 0x08000000);
    g_assert_cmphex(env->spr[SPR_DAR], ==, 0x4000);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, kernel + TEST_CODE + 12);

    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(RI), false);
    g_assert_true(ppc_spr_write_raw(env, SPR_AMR, 0));
    env->spr[SPR_PIDR] = 5;
    ppc_tlb_flush_all(m->cpu);
    PUT(m, TEST_CODE, T_LD(10, 3, 0), T_MTSPR(SPR_PIDR, 6), T_LD(11, 3, 0), T_STOP);
    env->gpr[6] = 6;
    g_assert_cmphex(test_run(m, kernel + TEST_CODE), ==, kernel + TEST_CODE + 12);
    g_assert_cmphex(env->gpr[10], ==, 0x1111);
    g_assert_cmphex(env->gpr[11], ==, 0x2222);

    /* Change the entry, then tlbiel: RIC 0, PRS 1, R 1, IS 0; RB = address, RS = PID << 32. */
    env->spr[SPR_PIDR] = 5;
    ppc_tlb_flush_all(m->cpu);
    PUT(m, TEST_CODE, T_LD(10, 3, 0), T_STD(7, 8, 0), T_X(274, 9, 3, 3), T_LD(11, 3, 0), T_STOP);
    PUT(m, TEST_CODE + 8, T_X(274, 9, 3, 3));
    env->gpr[7] = 3ull << 62 | 0x306000 | PTE_R | PTE_C | PTE_RD;
    env->gpr[8] = kernel + at;
    env->gpr[9] = 5ull << 32;
    /* r3 is RB: RA's bits carry RIC (2 bits), PRS, R: RIC 0, PRS 1, R 1. */
    PUT(m, TEST_CODE + 8, 0x7c000000u | 9 << 21 | 3 << 16 | 3 << 11 | 274 << 1);
    g_assert_cmphex(test_run(m, kernel + TEST_CODE), ==, kernel + TEST_CODE + 16);
    g_assert_cmphex(env->gpr[10], ==, 0x1111);
    g_assert_cmphex(env->gpr[11], ==, 0x2222);
    /* A privileged page of the lower half, with user access locked: it goes with its process too.
     */
    map(&r, ROOT_PID5, 0x8000, 0x304000, 12, PTE_R | PTE_C | PTE_PRIV | PTE_RD | PTE_RW);
    map(&r, ROOT_PID5 + 0x40000, 0x8000, 0x306000, 12, PTE_R | PTE_C | PTE_PRIV | PTE_RD | PTE_RW);
    g_assert_true(ppc_spr_write_raw(env, SPR_AMR, 3ull << 62));
    env->spr[SPR_PIDR] = 5;
    ppc_tlb_flush_all(m->cpu);
    PUT(m, TEST_CODE, T_LD(10, 3, 0), T_MTSPR(SPR_PIDR, 6), T_LD(11, 3, 0), T_STOP);
    env->gpr[3] = 0x8000;
    env->gpr[6] = 6;
    g_assert_cmphex(test_run(m, kernel + TEST_CODE), ==, kernel + TEST_CODE + 12);
    g_assert_cmphex(env->gpr[10], ==, 0x1111);
    g_assert_cmphex(env->gpr[11], ==, 0x2222);
    test_machine_teardown(m);
}

static void test_radix_running(void)
{
    check_radix_running(0);
    check_radix_running(LPCR_HR | LPCR_UPRT | LPCR_GTSE);
}

/* ---- Hash ---- */

#define HPTE_V 1ull
#define HPTE_SECONDARY 2ull
#define HPTE_LARGE 4ull

/* Puts an entry for a 256 MiB or 1 TiB segment into its group; the index. */
static uint64_t hash_insert(TestMachine *m, uint64_t vsid, bool one_tb, uint64_t ea,
                            unsigned base_shift, uint64_t v_bits, uint64_t r)
{
    uint64_t mask = (1ull << (TEST_HPT_SHIFT - 7)) - 1, hash, v, ptex;
    uint64_t offset = ea & ((1ull << (one_tb ? 40 : 28)) - 1) & ~((1ull << base_shift) - 1);

    if (one_tb) {
        hash = vsid ^ vsid << 25 ^ offset >> base_shift;
        v = 1ull << 62 | vsid << 24 | offset >> 16;
    } else {
        hash = vsid ^ offset >> base_shift;
        v = vsid << 12 | offset >> 16;
    }
    v &= ~0x7full;
    if (v_bits & HPTE_SECONDARY) {
        hash = ~hash;
    }
    for (ptex = (hash & mask) * 8;; ptex++) {
        if (!m->hpt[ptex * 2]) {
            break;
        }
    }
    m->hpt[ptex * 2 + 1] = cpu_to_be64(r);
    m->hpt[ptex * 2] = cpu_to_be64(v | v_bits | HPTE_V);
    return ptex;
}

static void slb(TestMachine *m, unsigned slot, uint64_t ea, uint64_t vsid_word)
{
    g_assert_true(ppc_slb_store(m->cpu, slot, (ea & ~0xfffffffull) | SLB_ESID_V, vsid_word));
}

static void test_hash_sizes(void)
{
    TestMachine machine, *m = &machine;
    uint64_t rc = 0x180;

    test_machine_setup(m, "power8", &tcg_backend_interp);
    FAILS(m, 0x10000000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSEG, 0u);
    FAILS(m, 0x10000000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISEG, 0u);
    slb(m, 0, 0x10000000, 0x123456ull << 12 | SLB_VSID_KP);
    slb(m, 1, 0x20000000, 0x123457ull << 12 | SLB_VSID_L | 0x10);              /* 64K base */
    slb(m, 2, 0x10000000000, SLB_VSID_B_1T | 0x777ull << 24 | SLB_VSID_L);     /* 16M in 1T */
    slb(m, 3, 0x30000000, 0x123458ull << 12); /* 4K with 64K pages */
    FAILS(m, 0x10003000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x40000000u);
    FAILS(m, 0x10003000ull, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_DSI, 0x42000000u);
    FAILS(m, 0x10003000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x40000000u);
    hash_insert(m, 0x123456, false, 0x10003000, 12, 0, 0x345000 | rc | 2);
    hash_insert(m, 0x123456, false, 0x10004000, 12, HPTE_SECONDARY, 0x346000 | rc | 2);
    hash_insert(m, 0x123457, false, 0x20050000, 16, HPTE_LARGE, 0x350000 | 1 << 12 | rc | 2);
    hash_insert(m, 0x777, true, 0x10001000000ull, 24, HPTE_LARGE, 0x1000000 | rc | 2);
    hash_insert(m, 0x123458, false, 0x30002000, 12, HPTE_LARGE, 0x360000 | 7 << 12 | rc | 2);
    OK(m, 0x10003123ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x345123ull);
    OK(m, 0x10004123ull, ACCESS_STORE, MMU_IDX_VIRT_USER, 0x346123ull);
    OK(m, 0x20051234ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x351234ull);
    OK(m, 0x10001abcdefull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x1abcdefull);
    OK(m, 0x30002567ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x362567ull);
    g_assert_cmpint(translate(m, 0x30002567, ACCESS_LOAD, MMU_IDX_VIRT_USER, true).page_shift, ==,
                    16);
    /* LPCR.TC: no secondary group. */
    m->cpu->env.spr[SPR_LPCR] |= LPCR_TC;
    FAILS(m, 0x10004000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, EXCP_DSI, 0x40000000u);
    test_machine_teardown(m);
}

static void test_hash_protection(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    uint64_t rc = 0x180;
    /* readable and writable by key and PP (with PP0 as 4). */
    static const char *const table[2][8] = {
        {"rw", "rw", "rw", "r", "", "", "r", ""}, {"", "r", "rw", "r", "", "", "", ""},
    };

    test_machine_setup(m, "power8", &tcg_backend_interp);
    env = &m->cpu->env;
    slb(m, 0, 0x10000000, 0x100ull << 12 | SLB_VSID_KP);
    slb(m, 1, 0x20000000, 0x101ull << 12 | SLB_VSID_N);
    for (unsigned pp = 0; pp < 8; pp++) {
        uint64_t ea = 0x10000000 + pp * 0x1000;

        hash_insert(m, 0x100, false, ea, 12, 0,
                    0x400000 | pp << 12 | rc | (pp & 3) | (pp & 4 ? 1ull << 63 : 0));
        for (unsigned key = 0; key < 2; key++) {
            unsigned idx = key ? MMU_IDX_VIRT_USER : MMU_IDX_VIRT_SUPER;
            const char *may = table[key][pp];

            if (strchr(may, 'r')) {
                OK(m, ea, ACCESS_LOAD, idx, 0x400000ull | pp << 12);
                OK(m, ea, ACCESS_FETCH, idx, 0x400000ull | pp << 12);
            } else {
                FAILS(m, ea, ACCESS_LOAD, idx, EXCP_DSI, 0x08000000u);
                FAILS(m, ea, ACCESS_FETCH, idx, EXCP_ISI, 0x08000000u);
            }
            if (strchr(may, 'w')) {
                OK(m, ea, ACCESS_STORE, idx, 0x400000ull | pp << 12);
            } else {
                FAILS(m, ea, ACCESS_STORE, idx, EXCP_DSI, 0x0a000000u);
            }
        }
    }
    hash_insert(m, 0x100, false, 0x10010000, 12, 0, 0x410000 | rc | 2 | 4);      /* N */
    hash_insert(m, 0x100, false, 0x10011000, 12, 0, 0x411000 | rc | 2 | 8);      /* G */
    hash_insert(m, 0x101, false, 0x20000000, 12, 0, 0x412000 | rc | 2);
    FAILS(m, 0x10010000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x10000000u);
    FAILS(m, 0x10011000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x10000000u);
    FAILS(m, 0x20000000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x10000000u);
    OK(m, 0x20000000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x412000ull);
    /* Storage key 13 = 0b01101: high two bits in 2:3, low three in 52:54. */
    hash_insert(m, 0x100, false, 0x10012000, 12, 0, 0x413000 | rc | 2 | 1ull << 60 | 5 << 9);
    env->spr[SPR_AMR] = 1ull << (63 - 2 * 13);
    OK(m, 0x10012000ull, ACCESS_LOAD, MMU_IDX_VIRT_USER, 0x413000ull);
    FAILS(m, 0x10012000ull, ACCESS_STORE, MMU_IDX_VIRT_USER, EXCP_DSI, 0x02200000u);
    env->spr[SPR_AMR] = 1ull << (62 - 2 * 13);
    FAILS(m, 0x10012000ull, ACCESS_LOAD, MMU_IDX_VIRT_SUPER, EXCP_DSI, 0x00200000u);
    env->spr[SPR_IAMR] = 1ull << (62 - 2 * 13);
    FAILS(m, 0x10012000ull, ACCESS_FETCH, MMU_IDX_VIRT_USER, EXCP_ISI, 0x00200000u);
    test_machine_teardown(m);
}

static void test_hash_rc(void)
{
    TestMachine machine, *m = &machine;
    PPCTranslation t;
    uint64_t ptex;

    test_machine_setup(m, "970mp", &tcg_backend_interp);
    slb(m, 0, 0x10000000, 0x100ull << 12);
    ptex = hash_insert(m, 0x100, false, 0x10000000, 12, 0, 0x400000 | 2);
    t = translate(m, 0x10000000, ACCESS_STORE, MMU_IDX_VIRT_USER, true);
    g_assert_true(t.update);
    g_assert_cmphex(be64_to_cpu(m->hpt[ptex * 2 + 1]), ==, 0x400002);
    t = translate(m, 0x10000000, ACCESS_LOAD, MMU_IDX_VIRT_USER, false);
    g_assert_false(t.dirty);
    g_assert_cmphex(be64_to_cpu(m->hpt[ptex * 2 + 1]), ==, 0x400102);
    t = translate(m, 0x10000000, ACCESS_STORE, MMU_IDX_VIRT_USER, false);
    g_assert_true(t.dirty);
    g_assert_cmphex(be64_to_cpu(m->hpt[ptex * 2 + 1]), ==, 0x400182);
    test_machine_teardown(m);
}

/* A table in memory, without a hypervisor: R and C are changes of memory like any other. */
static void test_hash_rc_in_memory(void)
{
    TestMachine machine, *m = &machine;
    uint64_t table = 0x400000, vsid = 0x100, hash = vsid, at = table + (hash & 0x7ff) * 128;
    RAMBlock *block;

    test_machine_setup(m, "970mp", &tcg_backend_interp);
    m->cpu->vhyp = NULL;
    block = m->ram.ram_block;
    m->cpu->env.spr[SPR_SDR1] = table;
    slb(m, 0, 0x10000000, vsid << 12);
    test_store64(m, at, vsid << 12 | 1);
    test_store64(m, at + 8, 0x500000 | 2);
    ram_dirty_test_and_clear(block, at, 16, DIRTY_MEMORY_MIGRATION);
    g_assert_true(translate(m, 0x10000000, ACCESS_STORE, MMU_IDX_VIRT_USER, true).update);
    g_assert_false(ram_dirty_get(block, at, DIRTY_MEMORY_MIGRATION));
    g_assert_false(translate(m, 0x10000000, ACCESS_LOAD, MMU_IDX_VIRT_USER, false).dirty);
    g_assert_cmphex(test_load64(m, at + 8), ==, 0x500102);
    g_assert_true(ram_dirty_test_and_clear(block, at, 16, DIRTY_MEMORY_MIGRATION));
    g_assert_true(translate(m, 0x10000000, ACCESS_STORE, MMU_IDX_VIRT_USER, false).dirty);
    g_assert_cmphex(test_load64(m, at + 8), ==, 0x500182);
    g_assert_true(ram_dirty_test_and_clear(block, at, 16, DIRTY_MEMORY_MIGRATION));
    /* Nothing to set, nothing written. */
    translate(m, 0x10000000, ACCESS_STORE, MMU_IDX_VIRT_USER, false);
    g_assert_false(ram_dirty_get(block, at, DIRTY_MEMORY_MIGRATION));
    test_machine_teardown(m);
}

static void test_real_mode(void)
{
    TestMachine machine, *m = &machine;

    test_machine_setup(m, "power8", &tcg_backend_interp);
    m->vrma_limit = 0x1000000;
    OK(m, 0x0000000000123456ull, ACCESS_LOAD, MMU_IDX_REAL_SUPER, 0x123456ull);
    OK(m, 0xc000000000123456ull, ACCESS_FETCH, MMU_IDX_REAL_SUPER, 0x123456ull | 0ull);
    FAILS(m, 0x1000000ull, ACCESS_STORE, MMU_IDX_REAL_SUPER, EXCP_DSI, 0x0a000000u);
    FAILS(m, 0x1000000ull, ACCESS_FETCH, MMU_IDX_REAL_SUPER, EXCP_ISI, 0x08000000u);
    test_machine_teardown(m);
}

/* The SLB's instructions, run. */
static void test_slb_instructions(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;

    test_machine_setup(m, "power8", &tcg_backend_interp);
    env = &m->cpu->env;
    test_put_stops(m);
    /* slbmte r4,r3; slbmfee r5,r6; slbmfev r7,r6; slbfee. r8,r9 */
    PUT(m, TEST_CODE, T_X(402, 4, 0, 3), T_X(915, 5, 0, 6), T_X(851, 7, 0, 6),
        T_X(979, 8, 0, 9) | 1, T_STOP);
    env->gpr[3] = 0x70000000ull | SLB_ESID_V | 7;
    env->gpr[4] = 0xabcdeull << 12 | SLB_VSID_KS | SLB_VSID_C;
    env->gpr[6] = 7;
    env->gpr[9] = 0x7fffffff;
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[5], ==, 0x70000000ull | SLB_ESID_V);
    g_assert_cmphex(env->gpr[7], ==, 0xabcdeull << 12 | SLB_VSID_KS | SLB_VSID_C);
    g_assert_cmphex(env->gpr[8], ==, 0xabcde000ull & ~0xffffull);
    g_assert_cmphex(env->crf[0], ==, 2);
    g_assert_nonnull(ppc_slb_lookup(m->cpu, 0x7fffffff));
    /* slbie r9 */
    PUT(m, TEST_CODE, T_X(434, 0, 0, 9), T_X(979, 8, 0, 9) | 1, T_STOP);
    test_run(m, TEST_CODE);
    g_assert_null(ppc_slb_lookup(m->cpu, 0x7fffffff));
    g_assert_cmphex(env->gpr[8], ==, 0);
    g_assert_cmphex(env->crf[0], ==, 0);
    /* slbia keeps entry 0. */
    slb(m, 0, 0x10000000, 0x100ull << 12);
    slb(m, 9, 0x20000000, 0x101ull << 12);
    PUT(m, TEST_CODE, T_X(498, 0, 0, 0), T_STOP);
    test_run(m, TEST_CODE);
    g_assert_nonnull(ppc_slb_lookup(m->cpu, 0x10000000));
    g_assert_null(ppc_slb_lookup(m->cpu, 0x20000000));
    test_machine_teardown(m);

    /* The partition's: slbieg of this process and of another, slbiag. */
    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    test_put_stops(m);
    slb(m, 0, 0x10000000, 0x100ull << 12);
    slb(m, 9, 0x20000000, 0x101ull << 12);
    ppc_spr_write_raw(env, SPR_PIDR, 7);
    PUT(m, TEST_CODE, T_X(466, 3, 0, 4), T_STOP);
    env->gpr[3] = 8ull << 32;
    env->gpr[4] = 0x20000000;
    test_run(m, TEST_CODE);
    g_assert_nonnull(ppc_slb_lookup(m->cpu, 0x20000000));
    env->gpr[3] = 7ull << 32;
    test_run(m, TEST_CODE);
    g_assert_null(ppc_slb_lookup(m->cpu, 0x20000000));
    g_assert_nonnull(ppc_slb_lookup(m->cpu, 0x10000000));
    PUT(m, TEST_CODE, T_X(850, 3, 0, 0), T_STOP);
    test_run(m, TEST_CODE);
    g_assert_null(ppc_slb_lookup(m->cpu, 0x10000000));
    test_machine_teardown(m);

    /* A slot that does not exist. */
    test_machine_setup(m, "power8", &tcg_backend_interp);
    env = &m->cpu->env;
    test_put_stops(m);
    env->gpr[3] = 0x70000000ull | SLB_ESID_V | 32;
    PUT(m, TEST_CODE, T_X(402, 4, 0, 3), T_STOP);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, 0x700);
    g_assert_cmphex(env->spr[SPR_SRR1] & 0x80000, ==, 0x80000);
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-mmu/radix/sizes", test_radix_sizes);
    g_test_add_func("/ppc-mmu/radix/faults", test_radix_faults);
    g_test_add_func("/ppc-mmu/radix/keys", test_radix_keys);
    g_test_add_func("/ppc-mmu/radix/rc", test_radix_rc);
    g_test_add_func("/ppc-mmu/radix/running", test_radix_running);
    g_test_add_func("/ppc-mmu/hash/sizes", test_hash_sizes);
    g_test_add_func("/ppc-mmu/hash/protection", test_hash_protection);
    g_test_add_func("/ppc-mmu/hash/rc", test_hash_rc);
    g_test_add_func("/ppc-mmu/hash/rc-in-memory", test_hash_rc_in_memory);
    g_test_add_func("/ppc-mmu/hash/slb", test_slb_instructions);
    g_test_add_func("/ppc-mmu/real", test_real_mode);
    return g_test_run();
}
