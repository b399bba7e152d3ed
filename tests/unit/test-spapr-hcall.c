/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls with edge and hostile arguments: what LoPAR chapter 14 says they return, and no harm
 * done.
 */
#include <string.h>
#include "test-spapr-bench.h"
#include "chardev/char.h"
#include "target/ppc/spr.h"

enum {
    H_REMOVE = 0x04,
    H_ENTER = 0x08,
    H_READ = 0x0c,
    H_PROTECT = 0x18,
    H_PAGE_INIT = 0x2c,
    H_LOGICAL_CI_LOAD = 0x3c,
    H_LOGICAL_CI_STORE = 0x40,
    H_GET_TERM_CHAR = 0x54,
    H_PUT_TERM_CHAR = 0x58,
    H_EOI = 0x64,
    H_CPPR = 0x68,
    H_IPI = 0x6c,
    H_IPOLL = 0x70,
    H_XIRR = 0x74,
    H_REGISTER_VPA = 0xdc,
    H_CONFER = 0xe4,
    H_PROD = 0xe8,
    H_VIO_SIGNAL = 0x104,
    H_BULK_REMOVE = 0x124,
    H_HOME_NODE_ASSOCIATIVITY = 0x2ec,
    H_SET_MODE = 0x31c,
    H_RESIZE_HPT_PREPARE = 0x36c,
    H_RESIZE_HPT_COMMIT = 0x370,
    H_REGISTER_PROC_TBL = 0x37c,
    H_SIGNAL_SYS_RESET = 0x380,
    H_WATCHDOG = 0x45c
};

#define BIT(n) (1ull << (63 - (n)))
#define FLAG_EXACT BIT(24)
#define FLAG_READ_4 BIT(26)
#define FLAG_AVPN BIT(32)
#define FLAG_ANDCOND BIT(33)
#define V_VALID 1ull
#define R_M 0x10ull
#define R_R 0x100ull
#define R_C 0x80ull
#define NOT_RAM (BENCH_RAM + 0x10000000)
#define VTY 0x71000000ull

static void test_unknown(void)
{
    g_assert_cmpint(HRESULT(0x2), ==, H_FUNCTION);
    g_assert_cmpint(HRESULT(0x4fc), ==, H_FUNCTION);
    g_assert_cmpint(HRESULT(1ull << 32 | H_ENTER), ==, H_FUNCTION);
    g_assert_cmpint(HRESULT(UINT64_MAX), ==, H_FUNCTION);
}

/* ---- Hash page table ---- */

static uint64_t n_entries(void)
{
    return 1ull << (bench_machine()->htab_shift - 4);
}

static void clear_table(void)
{
    memset(bench_machine()->htab, 0, 1ull << bench_machine()->htab_shift);
}

static uint64_t word(uint64_t ptex, unsigned i)
{
    return GUINT64_FROM_BE(bench_machine()->htab[ptex * 2 + i]);
}

static void test_enter(void)
{
    Call c;

    clear_table();
    /* Group 5: entries fill one after another. */
    for (unsigned i = 0; i < 8; i++) {
        c = HCALL(H_ENTER, 0, 5 * 8 + 3, 0x1000 | V_VALID | 0x60, i << 12 | R_M);
        g_assert_cmpint(c.result, ==, H_SUCCESS);
        g_assert_cmpuint(c.r[0], ==, 5 * 8 + i);
        /* Software's two bits stay out. */
        g_assert_cmphex(word(5 * 8 + i, 0), ==, 0x1000 | V_VALID);
        g_assert_cmphex(word(5 * 8 + i, 1), ==, i << 12 | R_M);
    }
    g_assert_cmpint(HRESULT(H_ENTER, 0, 5 * 8, V_VALID, R_M), ==, H_PTEG_FULL);
    g_assert_cmpint(HRESULT(H_ENTER, FLAG_EXACT, 5 * 8 + 2, V_VALID, R_M), ==, H_PTEG_FULL);
    c = HCALL(H_ENTER, FLAG_EXACT, 6 * 8 + 2, V_VALID, R_M);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmpuint(c.r[0], ==, 6 * 8 + 2);
    /* Beyond the table. */
    g_assert_cmpint(HRESULT(H_ENTER, 0, n_entries(), V_VALID, R_M), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ENTER, FLAG_EXACT, UINT64_MAX, V_VALID, R_M), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ENTER, 0, n_entries() - 1, V_VALID, R_M), ==, H_SUCCESS);
    /* Storage attributes: memory is coherent and cached, what is no memory is not cached. */
    g_assert_cmpint(HRESULT(H_ENTER, 0, 0, V_VALID, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ENTER, 0, 0, V_VALID, 0x20), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ENTER, 0, 0, V_VALID, NOT_RAM | R_M), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ENTER, 0, 0, V_VALID, NOT_RAM | 0x28), ==, H_SUCCESS);
    /* A page size that no processor has. */
    g_assert_cmpint(HRESULT(H_ENTER, 0, 0, V_VALID | 4, 0xff000 | R_M), ==, H_PARAMETER);
}

static void test_remove(void)
{
    Call c;

    clear_table();
    HCALL(H_ENTER, FLAG_EXACT, 100, 0x4000 | V_VALID, 0x5000 | R_M | R_R | R_C);
    g_assert_cmpint(HRESULT(H_REMOVE, FLAG_AVPN, 100, 0x5000), ==, H_NOT_FOUND);
    g_assert_cmpint(HRESULT(H_REMOVE, FLAG_ANDCOND, 100, 0x4000), ==, H_NOT_FOUND);
    c = HCALL(H_REMOVE, FLAG_AVPN, 100, 0x4000);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmphex(c.r[0], ==, 0x4000 | V_VALID);
    g_assert_cmphex(c.r[1], ==, 0x5000 | R_M | R_R | R_C);
    g_assert_cmpint(HRESULT(H_REMOVE, 0, 100, 0), ==, H_NOT_FOUND);
    g_assert_cmpint(HRESULT(H_REMOVE, 0, n_entries(), 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REMOVE, 0, UINT64_MAX, 0), ==, H_PARAMETER);
}

static void test_read(void)
{
    Call c;

    clear_table();
    HCALL(H_ENTER, FLAG_EXACT, 101, 0x4000 | V_VALID, 0x5000 | R_M);
    c = HCALL(H_READ, FLAG_READ_4, 103);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmphex(c.r[0], ==, 0);
    g_assert_cmphex(c.r[2], ==, 0x4000 | V_VALID);
    g_assert_cmphex(c.r[3], ==, 0x5000 | R_M);
    g_assert_cmpint(HRESULT(H_READ, FLAG_READ_4, n_entries() - 1), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_READ, FLAG_READ_4, n_entries()), ==, H_PARAMETER);
}

static void test_protect(void)
{
    clear_table();
    HCALL(H_ENTER, FLAG_EXACT, 64, 0x4000 | V_VALID, 0x5000 | R_M | R_R | R_C | 2);
    g_assert_cmpint(HRESULT(H_PROTECT, FLAG_AVPN | 7, 64, 0x9000), ==, H_NOT_FOUND);
    g_assert_cmpint(HRESULT(H_PROTECT, FLAG_AVPN | 0x100 | 7, 64, 0x4000), ==, H_SUCCESS);
    /* No-execute and protection are new, referenced and changed stay, PP0 (bit 55 of the flags) is
     * in. */
    g_assert_cmphex(word(64, 0), ==, 0x4000 | V_VALID);
    g_assert_cmphex(word(64, 1), ==, 0x8000000000005000ull | R_M | R_R | R_C | 7);
    g_assert_cmpint(HRESULT(H_PROTECT, 0, 65, 0), ==, H_NOT_FOUND);
    g_assert_cmpint(HRESULT(H_PROTECT, 0, 1ull << 63, 0), ==, H_PARAMETER);
}

#define REQUEST 0x4000000000000000ull
#define RESPONSE 0x8000000000000000ull
#define END 0xc000000000000000ull

static void test_bulk_remove(void)
{
    Call c;

    clear_table();
    HCALL(H_ENTER, FLAG_EXACT, 8, 0x4000 | V_VALID, 0x5000 | R_M | R_R | R_C);
    HCALL(H_ENTER, FLAG_EXACT, 9, 0x4000 | V_VALID, 0x5000 | R_M | R_C);
    HCALL(H_ENTER, FLAG_EXACT, 10, 0x4000 | V_VALID, 0x5000 | R_M);
    c = HCALL(H_BULK_REMOVE, REQUEST | 8, 0, REQUEST | 9, 0, REQUEST | 0x0200000000000000ull | 10,
              0x1000, END, REQUEST | 10);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    /* Done: referenced and changed next to the code; the third does not match; the list ended
     * there. */
    g_assert_cmphex(c.r[0], ==, RESPONSE | 0x0c00000000000000ull | 8);
    g_assert_cmphex(c.r[2], ==, RESPONSE | 0x0400000000000000ull | 9);
    g_assert_cmphex(c.r[4], ==, RESPONSE | 0x1000000000000000ull | 0x0200000000000000ull | 10);
    g_assert_cmphex(c.r[6], ==, END);
    g_assert_cmphex(word(10, 0), ==, 0x4000 | V_VALID);
    /* An entry beyond the table, then nothing more is done. */
    c = HCALL(H_BULK_REMOVE, REQUEST | 0x00ffffffffffffffull, 0, REQUEST | 10, 0);
    g_assert_cmpint(c.result, ==, H_PARAMETER);
    g_assert_cmphex(c.r[0] >> 60, ==, 0xa);
    g_assert_cmphex(c.r[2], ==, REQUEST | 10);
    g_assert_cmphex(word(10, 0), ==, 0x4000 | V_VALID);
    /* Neither a request nor the end; two conditions at once. */
    g_assert_cmpint(HRESULT(H_BULK_REMOVE, 10, 0), ==, H_PARAMETER);
    c = HCALL(H_BULK_REMOVE, REQUEST | 0x0300000000000000ull | 10, 0);
    g_assert_cmpint(c.result, ==, H_PARAMETER);
    g_assert_cmphex(c.r[0] >> 60, ==, 0xa);
    g_assert_cmphex(word(10, 0), ==, 0x4000 | V_VALID);
}

static void test_resize(void)
{
    SpaprMachine *spapr = bench_machine();
    uint32_t shift = spapr->htab_shift;
    uint64_t va_group = 5;

    clear_table();
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_COMMIT, 0, shift + 1), ==, H_CLOSED);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 1, shift + 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, 17), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, 47), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, UINT64_MAX), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, 46), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, shift + 1), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_COMMIT, 0, shift), ==, H_CLOSED);
    /* A bolted 4K entry of virtual segment 0, in the group its page hashes to. */
    HCALL(H_ENTER, FLAG_EXACT, va_group * 8, V_VALID | 0x10, 0x5000 | R_M);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_COMMIT, 0, shift + 1), ==, H_SUCCESS);
    g_assert_cmpuint(spapr->htab_shift, ==, shift + 1);
    g_assert_cmphex(word(va_group * 8, 0), ==, V_VALID | 0x10);
    /* Back again, and a preparation that is called off. */
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, shift), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_COMMIT, 0, shift), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, shift + 1), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_RESIZE_HPT_PREPARE, 0, 0), ==, H_SUCCESS);
    g_assert_null(spapr->pending_htab);
}


/* ---- Processors ---- */

static void make_area(uint64_t at, uint32_t size)
{
    /* A virtual processor area has its size in a halfword, the others in a word. */
    spapr_stl(bench_machine(), at + 4, size);
}

#define FUNCTION(n) ((uint64_t)(n) << 45)

static void test_register_vpa(void)
{
    SpaprCpuState *state = spapr_cpu_state(bench_cpu(1));
    uint64_t vpa = BENCH_FREE + 0x10000, shadow = BENCH_FREE + 0x11000, log = BENCH_FREE + 0x12000;

    make_area(vpa, 640u << 16);
    make_area(shadow, 128);
    make_area(log, 4096);
    /* Areas need the processor's own area first. */
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(3), 1, shadow), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 7, vpa), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1ull << 32 | 1, vpa), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(0), 1, vpa), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, 0), ==, H_HARDWARE);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, vpa + 8), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, NOT_RAM), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, UINT64_MAX - 127), ==, H_PARAMETER);
    make_area(vpa, 639u << 16);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, vpa), ==, H_PARAMETER);
    /* Across a page. */
    make_area(vpa + 0xe00, 640u << 16);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, vpa + 0xe00), ==, H_PARAMETER);
    make_area(vpa, 640u << 16);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(1), 1, vpa), ==, H_SUCCESS);
    g_assert_cmphex(state->vpa_addr, ==, vpa);

    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(3), 1, shadow), ==, H_SUCCESS);
    /* One that is refused leaves the one before. */
    make_area(shadow + 0xfc0, 128);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(3), 1, shadow + 0xfc0), ==, H_PARAMETER);
    g_assert_cmphex(state->slb_shadow_addr, ==, shadow);
    make_area(shadow + 0x100, 7);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(3), 1, shadow + 0x100), ==, H_PARAMETER);
    make_area(log + 0x1000, UINT32_MAX);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(2), 1, log + 0x1000), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(2), 1, 0), ==, H_HARDWARE);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(2), 1, log), ==, H_SUCCESS);
    /* Not while others depend on it. */
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(5), 1, 0), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(6), 1, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(5), 1, 0), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(7), 1, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_REGISTER_VPA, FUNCTION(5), 1, 0), ==, H_SUCCESS);
    g_assert_cmphex(state->vpa_addr, ==, 0);
}

static void test_other_processors(void)
{
    /* Numbers whose low half is that of a processor are not that processor. */
    const uint64_t wrong = 1ull << 32;

    g_assert_cmpint(HRESULT(H_PROD, 9), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PROD, wrong), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_CONFER, 9, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_CONFER, wrong, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_SIGNAL_SYS_RESET, 9), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_SIGNAL_SYS_RESET, wrong), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_SIGNAL_SYS_RESET, UINT64_MAX - 2), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_HOME_NODE_ASSOCIATIVITY, 1, wrong), ==, H_P2);
    g_assert_cmpint(HRESULT(H_HOME_NODE_ASSOCIATIVITY, 2, 0), ==, H_FUNCTION);
    g_assert_cmpint(HRESULT(H_HOME_NODE_ASSOCIATIVITY, 1, 1), ==, H_SUCCESS);
}

static void nothing(CPUState *cs, void *opaque)
{
}

/* LPCR of a CPU after all work that waits for its thread: a hypercall changes the others later. */
static uint64_t settled_lpcr(unsigned index)
{
    run_on_cpu(&bench_cpu(index)->parent, nothing, NULL);
    return bench_cpu(index)->env.spr[SPR_LPCR];
}

static void test_set_mode(void)
{
    enum { CIABR = 1, DAWR0 = 2, AIL = 3, ENDIAN = 4 };
    const uint64_t ile = 1ull << 25, ail = 3ull << 23;

    g_assert_cmpint(HRESULT(H_SET_MODE, 0, 0, 0, 0), ==, H_P2);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, 5, 0, 0), ==, H_P2);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, UINT64_MAX, 0, 0), ==, H_P2);
    g_assert_cmpint(HRESULT(H_SET_MODE, 1, ENDIAN, 1, 0), ==, H_P3);
    g_assert_cmpint(HRESULT(H_SET_MODE, 1, ENDIAN, 0, 1), ==, H_P4);
    g_assert_cmpint(HRESULT(H_SET_MODE, 2, ENDIAN, 0, 0), ==, H_UNSUPPORTED_FLAG);
    g_assert_cmpint(HRESULT(H_SET_MODE, 1, ENDIAN, 0, 0), ==, H_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(settled_lpcr(i) & ile, ==, ile);
    }
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, ENDIAN, 0, 0), ==, H_SUCCESS);
    g_assert_cmphex(settled_lpcr(1) & ile, ==, 0);
    g_assert_cmpint(HRESULT(H_SET_MODE, 1, AIL, 0, 0), ==, H_UNSUPPORTED_FLAG);
    g_assert_cmpint(HRESULT(H_SET_MODE, 4, AIL, 0, 0), ==, H_UNSUPPORTED_FLAG);
    g_assert_cmpint(HRESULT(H_SET_MODE, 3, AIL, 1, 0), ==, H_P3);
    g_assert_cmpint(HRESULT(H_SET_MODE, 3, AIL, 0, 0), ==, H_SUCCESS);
    g_assert_cmphex(settled_lpcr(1) & ail, ==, ail);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, AIL, 0, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, CIABR, 3, 0), ==, H_P3);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, CIABR, 0, 1), ==, H_P4);
    g_assert_cmpint(HRESULT(H_SET_MODE, 1, CIABR, 0, 0), ==, H_UNSUPPORTED_FLAG);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, DAWR0, 0, 4), ==, H_P4);
    g_assert_cmpint(HRESULT(H_SET_MODE, 0, DAWR0, 0, 0), ==, H_SUCCESS);
}

/* ---- Memory ---- */

static void test_logical(void)
{
    const uint64_t at = BENCH_FREE + 0x20000;
    Call c;

    g_assert_cmpint(HRESULT(H_LOGICAL_CI_STORE, 8, at, 0x0123456789abcdefull), ==, H_SUCCESS);
    c = HCALL(H_LOGICAL_CI_LOAD, 2, at + 2);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmphex(c.r[0], ==, 0x4567);
    g_assert_cmpint(HRESULT(H_LOGICAL_CI_LOAD, 3, at), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_LOGICAL_CI_LOAD, 0, at), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_LOGICAL_CI_LOAD, UINT64_MAX, at), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_LOGICAL_CI_LOAD, 8, NOT_RAM), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_LOGICAL_CI_STORE, 8, UINT64_MAX - 3, 0), ==, H_PARAMETER);

    g_assert_cmpint(HRESULT(H_PAGE_INIT, BIT(48), at, 0), ==, H_SUCCESS);
    g_assert_cmphex(spapr_ldq(bench_machine(), at), ==, 0);
    g_assert_cmpint(HRESULT(H_PAGE_INIT, BIT(49), at, at + 8), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PAGE_INIT, BIT(49), at, NOT_RAM), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PAGE_INIT, BIT(48), NOT_RAM, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PAGE_INIT, 1, at, 0), ==, H_PARAMETER);
}

static void test_memop(void)
{
    const uint64_t at = BENCH_FREE + 0x30000;
    SpaprMachine *spapr = bench_machine();

    spapr_stq(spapr, at, 0x1111222233334444ull);
    spapr_stq(spapr, at + 8, 0x5555666677778888ull);
    /* Overlapping, upwards: nothing is read after it was overwritten. */
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at + 2, at, 1, 8, 0), ==, H_SUCCESS);
    g_assert_cmphex(spapr_ldq(spapr, at + 2), ==, 0x1111222233334444ull);
    g_assert_cmphex(spapr_ldq(spapr, at + 10), ==, 0x5555666677778888ull);
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at, at, 3, 1, 1), ==, H_SUCCESS);
    g_assert_cmphex(spapr_ldq(spapr, at) >> 48, ==, 0xeeee);
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at, at, 4, 1, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at, at, 3, 1, 2), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at, at + 4, 3, 1, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at, NOT_RAM, 3, 1, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_LOGICAL_MEMOP, at, at, 3, UINT64_MAX, 0), ==, H_PARAMETER);
}

/* ---- Terminal ---- */

static void test_terminal(void)
{
    g_autoptr(GBytes) out = NULL;
    Call c;

    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, VTY, 5, 0x68656c6c6f000000ull, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, VTY, 16, 0x3031323334353637ull, 0x3839616263646566ull),
                    ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, VTY, 0, 0, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, VTY, 17, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, VTY, UINT64_MAX, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, VTY + 1, 1, 0, 0), ==, H_PARAMETER);   /* the NVRAM */
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, 1ull << 32 | VTY, 1, 0, 0), ==, H_PARAMETER);
    /* Unit 0 is the first terminal, for kernels that print before they know it. */
    g_assert_cmpint(HRESULT(H_PUT_TERM_CHAR, 0, 1, 0x2100000000000000ull, 0), ==, H_SUCCESS);
    out = chardev_ringbuf_read(bench_console(), 100, NULL);
    g_assert_cmpmem(g_bytes_get_data(out, NULL), g_bytes_get_size(out), "hello0123456789abcdef!",
                    22);
    c = HCALL(H_GET_TERM_CHAR, VTY);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmpuint(c.r[0], ==, 0);
    g_assert_cmpint(HRESULT(H_GET_TERM_CHAR, VTY + 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_VIO_SIGNAL, VTY, 2), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_VIO_SIGNAL, VTY, 1), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_VIO_SIGNAL, UINT64_MAX, 1), ==, H_PARAMETER);
}

/* ---- Watchdogs ---- */

static void test_watchdog(void)
{
    enum { START = 0x100, STOP = 0x200, QUERY = 0x300, QUERY_LPM = 0x400 };
    Call c;

    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 2, 0, 1000), ==, H_P2);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 2, 5, 1000), ==, H_P2);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 2, UINT64_MAX, 1000), ==, H_P2);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 2, 1, 499), ==, H_P3);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 2, 1, UINT64_MAX), ==, H_P3);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START, 1, 1000), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 4, 1, 1000), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_WATCHDOG, 0x500, 1, 1000), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_WATCHDOG, 1ull << 40, 1, 1000), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_WATCHDOG, STOP, 1), ==, H_NOOP);
    g_assert_cmpint(HRESULT(H_WATCHDOG, START | 2, 4, 60000), ==, H_SUCCESS);
    g_assert_true(timer_pending(&bench_machine()->watchdogs[3].timer));
    g_assert_cmpint(HRESULT(H_WATCHDOG, STOP, 9), ==, H_P2);
    g_assert_cmpint(HRESULT(H_WATCHDOG, STOP, UINT64_MAX), ==, H_SUCCESS);
    g_assert_false(timer_pending(&bench_machine()->watchdogs[3].timer));
    c = HCALL(H_WATCHDOG, QUERY);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmphex(c.r[0], ==, 500ull << 48 | 4ull << 32);
    g_assert_cmpint(HRESULT(H_WATCHDOG, QUERY_LPM), ==, H_SUCCESS);
}

/* ---- Interrupts ---- */

static void test_xics_calls(void)
{
    uint32_t r[3];

    g_assert_cmpint(HRESULT(H_IPI, 7, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_IPI, 1ull << 32, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_IPOLL, UINT64_MAX), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_CPPR, 0xff), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_EOI, UINT64_MAX), ==, H_SUCCESS);
    g_assert_cmphex(HCALL(H_XIRR).r[0], ==, 0xff000000);
    g_assert_cmpint(HRESULT(0x3a8, 0, 0), ==, H_FUNCTION);      /* H_INT_GET_SOURCE_INFO */
    g_assert_cmpuint(RTAS(RTAS_IBM_SET_XIVE, NULL, 1, SPAPR_IRQ_EPOW, 1, 5), ==, 0);
    g_assert_cmpuint(RTAS(RTAS_IBM_GET_XIVE, r, 3, SPAPR_IRQ_EPOW), ==, 0);
    g_assert_cmpuint(r[1], ==, 1);
    g_assert_cmpuint(r[2], ==, 5);
    g_assert_cmpint((int32_t)RTAS(RTAS_IBM_SET_XIVE, NULL, 1, SPAPR_IRQ_EPOW, 1, 0x105), ==,
                    RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(RTAS_IBM_SET_XIVE, NULL, 1, SPAPR_IRQ_EPOW, 2, 5), ==,
                    RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(RTAS_IBM_SET_XIVE, NULL, 1, 0x1fff, 0, 5), ==,
                    RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(RTAS_IBM_INT_OFF, NULL, 1, UINT32_MAX), ==, RTAS_OUT_PARAM_ERROR);
}

/* A processor that was never started: a prod does not run it, start-cpu does, once. */
static void test_stopped(void)
{
    PowerPCCPU *other = bench_cpu(1);
    uint32_t rets[2];

    g_assert_true(spapr_cpu_is_stopped(other));
    g_assert_cmpint(HRESULT(H_PROD, other->vcpu_id), ==, H_SUCCESS);
    g_assert_true(other->parent.halted);
    g_assert_cmpuint(RTAS(RTAS_QUERY_CPU_STOPPED_STATE, rets, 2, other->vcpu_id), ==, 0);
    g_assert_cmpuint(rets[1], ==, 0);
    g_assert_cmpuint(RTAS(RTAS_START_CPU, rets, 1, other->vcpu_id, BENCH_FREE, 0), ==, 0);
    g_assert_cmpuint(RTAS(RTAS_START_CPU, rets, 1, other->vcpu_id, BENCH_FREE, 0), ==,
                     (uint32_t)RTAS_OUT_HW_ERROR);
    g_assert_cmpuint(RTAS(RTAS_QUERY_CPU_STOPPED_STATE, rets, 2, other->vcpu_id), ==, 0);
    g_assert_cmpuint(rets[1], ==, 2);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    /* Hash translation and XICS from the start. */
    bench_start("pseries,ic-mode=xics", "power8_v2.0", false);
    g_test_add_func("/spapr-hcall/unknown", test_unknown);
    g_test_add_func("/spapr-hcall/enter", test_enter);
    g_test_add_func("/spapr-hcall/remove", test_remove);
    g_test_add_func("/spapr-hcall/read", test_read);
    g_test_add_func("/spapr-hcall/protect", test_protect);
    g_test_add_func("/spapr-hcall/bulk-remove", test_bulk_remove);
    g_test_add_func("/spapr-hcall/resize", test_resize);
    g_test_add_func("/spapr-hcall/register-vpa", test_register_vpa);
    g_test_add_func("/spapr-hcall/other-processors", test_other_processors);
    g_test_add_func("/spapr-hcall/set-mode", test_set_mode);
    g_test_add_func("/spapr-hcall/logical", test_logical);
    g_test_add_func("/spapr-hcall/memop", test_memop);
    g_test_add_func("/spapr-hcall/terminal", test_terminal);
    g_test_add_func("/spapr-hcall/watchdog", test_watchdog);
    g_test_add_func("/spapr-hcall/stopped", test_stopped);
    g_test_add_func("/spapr-hcall/xics-calls", test_xics_calls);
    result = g_test_run();
    bench_stop();
    return result;
}
