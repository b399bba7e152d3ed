/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client interface (IEEE 1275-1994 6.3.2) with good, bad and hostile arguments, negotiation by
 * client-architecture-support, and the interrupt hypercalls of the mode it chooses.
 */
#include <libfdt.h>
#include <string.h>
#include "test-spapr-bench.h"
#include "hw/intc/xive.h"
#include "chardev/char.h"
#include "target/ppc/spr.h"

#define FAILED UINT32_MAX
#define TEXT (BENCH_FREE + 0x3000)
#define PATH (BENCH_FREE + 0x3800)
#define BUFFER (BENCH_FREE + 0x4000)
#define NOWHERE 0xf0000000u          /* no memory */
#define VECTOR (BENCH_FREE + 0x8000)

static uint32_t package(const char *path)
{
    return CLIENT("finddevice", bench_text(PATH, path));
}

static char *text_at(uint32_t at)
{
    return spapr_read_string(bench_machine(), at, 1024);
}

static void test_tree(void)
{
    uint32_t root = CLIENT("peer", 0), cpus = package("/cpus"), n = 0;

    g_assert_cmpuint(root, !=, 0);
    g_assert_cmpuint(package("/"), ==, root);
    g_assert_cmpuint(CLIENT("parent", root), ==, 0);
    g_assert_cmpuint(CLIENT("parent", cpus), ==, root);
    for (uint32_t node = CLIENT("child", root); node; node = CLIENT("peer", node)) {
        n++;
    }
    g_assert_cmpuint(n, >, 5);
    g_assert_cmpuint(package("/nothing"), ==, FAILED);
    g_assert_cmpuint(package(""), ==, FAILED);
    g_assert_cmpuint(CLIENT("finddevice", NOWHERE), ==, FAILED);
    /* Handles that are none. */
    g_assert_cmpuint(CLIENT("child", 0x12345678), ==, 0);
    g_assert_cmpuint(CLIENT("peer", UINT32_MAX), ==, 0);
    g_assert_cmpuint(CLIENT("parent", 0), ==, 0);
    g_assert_cmpuint(CLIENT("package-to-path", cpus, BUFFER, 64), ==, 5);
    {
        g_autofree char *path = text_at(BUFFER);

        g_assert_cmpstr(path, ==, "/cpus");
    }
    g_assert_cmpuint(CLIENT("package-to-path", 0x12345678, BUFFER, 64), ==, FAILED);
    g_assert_cmpuint(CLIENT("package-to-path", cpus, NOWHERE, 64), ==, FAILED);
    /* No room: the length all the same. */
    g_assert_cmpuint(CLIENT("package-to-path", cpus, BUFFER, 0), ==, 5);
    /* Capitals in a unit address. */
    g_assert_cmpuint(package("/vdevice/VTY@71000000:0"), ==, package("/vdevice/vty@71000000"));
}

static void test_properties(void)
{
    uint32_t cpus = package("/cpus"), root = package("/");

    bench_text(TEXT, "#address-cells");
    g_assert_cmpuint(CLIENT("getproplen", cpus, TEXT), ==, 4);
    g_assert_cmpuint(CLIENT("getprop", cpus, TEXT, BUFFER, 4), ==, 4);
    g_assert_cmpuint(spapr_ldl(bench_machine(), BUFFER), ==, 1);
    /* Short buffers get what fits, and the whole length is returned. */
    spapr_stl(bench_machine(), BUFFER, 0xffffffff);
    g_assert_cmpuint(CLIENT("getprop", cpus, TEXT, BUFFER, 3), ==, 4);
    g_assert_cmphex(spapr_ldl(bench_machine(), BUFFER), ==, 0x000000ff);
    g_assert_cmpuint(CLIENT("getprop", cpus, TEXT, NOWHERE, 0), ==, 4);
    g_assert_cmpuint(CLIENT("getprop", cpus, TEXT, NOWHERE, 4), ==, FAILED);
    bench_text(TEXT, "absent");
    g_assert_cmpuint(CLIENT("getproplen", cpus, TEXT), ==, FAILED);
    g_assert_cmpuint(CLIENT("getproplen", cpus, NOWHERE), ==, FAILED);
    bench_text(TEXT, "name");
    g_assert_cmpuint(CLIENT("getprop", cpus, TEXT, BUFFER, 100), ==, 5);
    g_assert_cmpuint(CLIENT("getprop", package("/memory@0"), TEXT, BUFFER, 100), ==, 7);
    /* All properties in turn, each once. */
    {
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        uint32_t from = 0;

        while (CLIENT("nextprop", root, from, BUFFER) == 1) {
            g_assert_true(g_hash_table_add(seen, text_at(BUFFER)));
            from = BUFFER;
        }
        g_assert_true(g_hash_table_contains(seen, "name"));
        g_assert_true(g_hash_table_contains(seen, "compatible"));
        g_assert_cmpuint(g_hash_table_size(seen), >, 5);
    }
    g_assert_cmpuint(CLIENT("nextprop", 0x12345678, 0, BUFFER), ==, FAILED);
    g_assert_cmpuint(CLIENT("nextprop", root, 0, NOWHERE), ==, FAILED);
    /* Set, grow, refuse what is too large or unnamed. */
    bench_text(TEXT, "test,property");
    g_assert_cmpuint(CLIENT("setprop", cpus, TEXT, BUFFER, 8), ==, 8);
    g_assert_cmpuint(CLIENT("setprop", cpus, TEXT, BUFFER, 40), ==, 40);
    g_assert_cmpuint(CLIENT("getproplen", cpus, TEXT), ==, 40);
    g_assert_cmpuint(CLIENT("setprop", cpus, TEXT, NOWHERE, 8), ==, FAILED);
    g_assert_cmpuint(CLIENT("setprop", cpus, TEXT, BUFFER, UINT32_MAX), ==, FAILED);
    bench_text(TEXT, "");
    g_assert_cmpuint(CLIENT("setprop", cpus, TEXT, BUFFER, 8), ==, FAILED);
    for (unsigned i = 0, failed = 0; i < 64; i++) {
        g_autofree char *name = g_strdup_printf("test,large-%u", i);

        bench_text(TEXT, name);
        failed += CLIENT("setprop", cpus, TEXT, BUFFER, 60000) == FAILED;
        g_assert_true(i < 63 || failed > 0);
    }
    g_assert_cmpint(fdt_check_full(bench_machine()->fdt, bench_machine()->fdt_size), ==, 0);
}

static void test_calls(void)
{
    SpaprMachine *spapr = bench_machine();
    uint64_t array = BENCH_FREE + 0x6000;

    g_assert_cmpuint(CLIENT("no-such-service", 1), ==, FAILED);
    g_assert_cmpuint(CLIENT("test", bench_text(TEXT, "claim")), ==, 0);
    g_assert_cmpuint(CLIENT("test", bench_text(TEXT, "interpret")), ==, FAILED);
    /* Too few arguments. */
    g_assert_cmpuint(CLIENT("getprop", package("/")), ==, FAILED);
    /* The array itself: nowhere, at the end of memory, with impossible counts, with a name nowhere.
     */
    g_assert_cmpint(HRESULT(H_PRIVATE_CLIENT, NOWHERE), !=, 0);
    g_assert_cmpint(HRESULT(H_PRIVATE_CLIENT, UINT64_MAX - 4), !=, 0);
    g_assert_cmpint(HRESULT(H_PRIVATE_CLIENT, BENCH_RAM - 8), !=, 0);
    spapr_stl(spapr, array, bench_text(TEXT, "peer"));
    spapr_stl(spapr, array + 4, 11);
    spapr_stl(spapr, array + 8, 1);
    g_assert_cmpint(HRESULT(H_PRIVATE_CLIENT, array), !=, 0);
    spapr_stl(spapr, array + 4, 1);
    spapr_stl(spapr, array + 8, UINT32_MAX);
    g_assert_cmpint(HRESULT(H_PRIVATE_CLIENT, array), !=, 0);
    spapr_stl(spapr, array, NOWHERE);
    spapr_stl(spapr, array + 8, 1);
    g_assert_cmpint(HRESULT(H_PRIVATE_CLIENT, array), !=, 0);
}

static void test_instances(void)
{
    uint32_t console = CLIENT("open", bench_text(TEXT, "/vdevice/vty@71000000")), other;
    g_autoptr(GBytes) out = NULL;

    g_assert_cmpuint(console, !=, 0);
    g_assert_cmpuint(CLIENT("open", bench_text(TEXT, "/nothing")), ==, 0);
    g_assert_cmpuint(CLIENT("open", NOWHERE), ==, 0);
    bench_text(BUFFER, "console!");
    g_assert_cmpuint(CLIENT("write", console, BUFFER, 8), ==, 8);
    out = chardev_ringbuf_read(bench_console(), 100, NULL);
    g_assert_cmpmem(g_bytes_get_data(out, NULL), g_bytes_get_size(out), "console!", 8);
    g_assert_cmpuint(CLIENT("write", console, NOWHERE, 8), ==, FAILED);
    g_assert_cmpuint(CLIENT("write", console, NOWHERE, 0), ==, 0);
    g_assert_cmpuint(CLIENT("write", 0, BUFFER, 8), ==, FAILED);
    g_assert_cmpuint(CLIENT("read", console, BUFFER, 8), ==, 0);
    g_assert_cmpuint(CLIENT("instance-to-package", console), ==, package("/vdevice/vty@71000000"));
    other = CLIENT("open", bench_text(TEXT, "/cpus"));
    g_assert_cmpuint(CLIENT("write", other, BUFFER, 8), ==, FAILED);
    CLIENT("close", other);
    CLIENT("close", other);
    g_assert_cmpuint(CLIENT("instance-to-package", other), ==, FAILED);
    g_assert_cmpuint(CLIENT("call-method", bench_text(TEXT, "dance"), console), ==, FAILED);
    g_assert_cmpuint(CLIENT("call-method", NOWHERE, console), ==, FAILED);
    /* As many as a client likes: bounded. */
    for (unsigned i = 0; i < 2000; i++) {
        CLIENT("open", bench_text(TEXT, "/"));
    }
    g_assert_cmpuint(bench_machine()->client.instances->len, <=, 1024);
}

static void test_claim(void)
{
    uint32_t top = bench_machine()->client.top_address, at;

    g_assert_cmpuint(CLIENT("claim", 0x08000000, 0x10000, 0), ==, 0x08000000);
    g_assert_cmpuint(CLIENT("claim", 0x08000000, 0x10000, 0), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", 0x0800ffff, 1, 0), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", 0x08010000, 1, 0), ==, 0x08010000);
    /* Our own low memory, the kernel's, beyond the end, nothing at all. */
    g_assert_cmpuint(CLIENT("claim", 0, 0x100, 0), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", bench_machine()->kernel_addr, 4, 0), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", top - 4, 8, 0), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", UINT32_MAX, UINT32_MAX, 0), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", 0x09000000, 0, 0), ==, FAILED);
    /* Anywhere, by alignment. */
    at = CLIENT("claim", 0, 0x1234, 0x10000);
    g_assert_cmpuint(at, !=, FAILED);
    g_assert_cmpuint(at & 0xffff, ==, 0);
    g_assert_cmpuint(CLIENT("claim", 0, 0x1000, 0x3000), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", 0, 0x1000, 0x80000000), ==, FAILED);
    g_assert_cmpuint(CLIENT("claim", 0, UINT32_MAX, 0x1000), ==, FAILED);
    g_assert_cmpuint(CLIENT("release", 0x08000000, 0x8000), ==, FAILED);
    g_assert_cmpuint(CLIENT("release", 0x08000000, 0x10000), ==, 0);
    g_assert_cmpuint(CLIENT("claim", 0x08000000, 0x10000, 0), ==, 0x08000000);
    /* What is free stands in the tree. */
    bench_text(TEXT, "available");
    g_assert_cmpuint(CLIENT("getproplen", package("/memory@0"), TEXT), >=, 16);
}

/* ---- Negotiation ---- */

static uint32_t negotiate(uint32_t vector)
{
    uint32_t root = CLIENT("open", bench_text(TEXT, "/"));

    return CLIENT("call-method", bench_text(TEXT, "ibm,client-architecture-support"), root, vector);
}

static void test_endless_vector(void)
{
    SpaprMachine *spapr = bench_machine();

    g_array_set_size(spapr->client.instances, 0);
    g_assert_cmpuint(negotiate(NOWHERE), ==, FAILED);
    g_assert_cmpuint(negotiate(UINT32_MAX), ==, FAILED);
    /* Zero pairs never end: not in memory, not across its end. */
    spapr_zero(spapr, VECTOR, 0x4000);
    g_assert_cmpuint(negotiate(VECTOR), ==, FAILED);
    spapr_zero(spapr, BENCH_RAM - 64, 64);
    g_assert_cmpuint(negotiate(BENCH_RAM - 64), ==, FAILED);
    g_assert_false(spapr->cas_done);
    /* The SLOF form: buffers nowhere, or without room. */
    g_assert_cmpint(HRESULT(H_PRIVATE_CAS, VECTOR, NOWHERE, 0x10000), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_CAS, VECTOR, VECTOR, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_CAS, VECTOR, VECTOR, UINT64_MAX), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_UPDATE_DT, NOWHERE), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_UPDATE_DT, VECTOR), ==, H_PARAMETER);
    /* A header that promises more than there is. */
    spapr_write(spapr, BENCH_RAM - 64, spapr->fdt, 40);
    g_assert_cmpint(HRESULT(H_PRIVATE_UPDATE_DT, BENCH_RAM - 64), ==, H_PARAMETER);
}

/* Any processor, then vectors 1 to 5; the fifth asks for radix and XIVE. */
static void write_vector(bool lengths_wild)
{
    SpaprMachine *spapr = bench_machine();
    uint8_t bytes[64] = {0}, *p = bytes;
    const uint8_t v5[27] = {25, [23] = 0x40, [24] = 0x40, [26] = 0x40};

    p += 8;
    *p++ = 4;                          /* five vectors */
    for (unsigned i = 0; i < 4; i++) {
        *p++ = 0;
        *p++ = 0;
    }
    memcpy(p, v5, sizeof(v5));
    if (lengths_wild) {
        memset(bytes + 8, 0xff, sizeof(bytes) - 8);
    }
    /* (0, 0): any; (ffffffff, 0): this too; (0, ffffffff) ends. */
    spapr_stq(spapr, VECTOR, 0);
    stl_be_p(bytes, 0);
    stl_be_p(bytes + 4, 0xffffffff);
    spapr_write(spapr, VECTOR + 8, bytes, sizeof(bytes));
}

static void test_negotiate(void)
{
    SpaprMachine *spapr = bench_machine();

    g_array_set_size(spapr->client.instances, 0);
    write_vector(false);
    g_assert_cmpuint(negotiate(VECTOR), ==, 0);
    g_assert_true(spapr->cas_done);
    g_assert_cmpuint(spapr->active_ic, ==, 1);
    g_assert_cmpint(fdt_check_full(spapr->fdt, spapr->fdt_size), ==, 0);
    g_assert_cmpuint(package("/chosen"), !=, FAILED);
}

enum {
    GET_SOURCE_INFO = 0x3a8,
    SET_SOURCE_CONFIG = 0x3ac,
    GET_SOURCE_CONFIG = 0x3b0,
    GET_QUEUE_INFO = 0x3b4,
    SET_QUEUE_CONFIG = 0x3b8,
    GET_QUEUE_CONFIG = 0x3bc,
    SET_REPORTING_LINE = 0x3c0,
    GET_REPORTING_LINE = 0x3c4,
    INT_ESB = 0x3c8,
    INT_SYNC = 0x3cc,
    INT_RESET = 0x3d0
};

static void test_xive_calls(void)
{
    const uint64_t epow = SPAPR_IRQ_EPOW, queue = 0x0b000000, wrong = 1ull << 32;
    Call c;

    g_assert_cmpint(HRESULT(0x74), ==, H_FUNCTION);     /* H_XIRR */
    g_assert_cmpint(HRESULT(GET_SOURCE_INFO, 1, epow), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(GET_SOURCE_INFO, 0, 0x1fff), ==, H_P2);
    g_assert_cmpint(HRESULT(GET_SOURCE_INFO, 0, wrong | epow), ==, H_P2);
    g_assert_cmpint(HRESULT(GET_SOURCE_INFO, 0, UINT64_MAX), ==, H_P2);
    c = HCALL(GET_SOURCE_INFO, 0, epow);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmphex(c.r[2], ==, XIVE_VC_BASE + (epow << XIVE_ESB_SHIFT));
    g_assert_cmphex(c.r[1], ==, c.r[2] + 0x10000);
    g_assert_cmpuint(c.r[3], ==, 16);

    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 2, 0, 6, queue, 16), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 2, 6, queue, 16), ==, H_P2);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, wrong, 6, queue, 16), ==, H_P2);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 7, queue, 16), ==, H_P3);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 256 + 6, queue, 16), ==, H_P3);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 6, queue + 0x1000, 16), ==, H_P4);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 6, NOWHERE, 16), ==, H_P4);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 6, queue, 13), ==, H_P5);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 6, queue, UINT64_MAX), ==, H_P5);
    g_assert_cmpint(HRESULT(SET_QUEUE_CONFIG, 1, 0, 6, queue, 16), ==, H_SUCCESS);
    c = HCALL(GET_QUEUE_CONFIG, 1, 0, 6);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmphex(c.r[0], ==, 1ull << 62 | 1);
    g_assert_cmphex(c.r[1], ==, queue);
    g_assert_cmpuint(c.r[2], ==, 16);
    g_assert_cmpint(HRESULT(GET_QUEUE_INFO, 0, 0, 6), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(GET_QUEUE_INFO, 0, 0, 7), ==, H_P3);

    g_assert_cmpint(HRESULT(SET_SOURCE_CONFIG, 4, epow, 0, 6, 5), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(SET_SOURCE_CONFIG, 2, 0x1fff, 0, 6, 5), ==, H_P2);
    g_assert_cmpint(HRESULT(SET_SOURCE_CONFIG, 2, epow, 2, 6, 5), ==, H_P3);
    g_assert_cmpint(HRESULT(SET_SOURCE_CONFIG, 2, epow, 0, 7, 5), ==, H_P4);
    g_assert_cmpint(HRESULT(SET_SOURCE_CONFIG, 2, epow, 0, 6, 5), ==, H_SUCCESS);
    c = HCALL(GET_SOURCE_CONFIG, 0, epow);
    g_assert_cmpuint(c.r[1], ==, 6);
    g_assert_cmpuint(c.r[2], ==, 5);
    g_assert_cmpint(HRESULT(SET_SOURCE_CONFIG, 0, epow, UINT64_MAX, 0xff, 0), ==, H_SUCCESS);
    g_assert_cmpuint(HCALL(GET_SOURCE_CONFIG, 0, epow).r[1], ==, 0xff);

    g_assert_cmpint(HRESULT(INT_ESB, 2, epow, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(INT_ESB, 0, UINT64_MAX, 0, 0), ==, H_P2);
    g_assert_cmpint(HRESULT(INT_ESB, 0, epow, UINT64_MAX, 0), ==, H_P3);
    c = HCALL(INT_ESB, 0, epow, 0xc00, 0);
    g_assert_cmphex(c.r[0], ==, 1);
    g_assert_cmphex(HCALL(INT_ESB, 0, epow, 0x800, 0).r[0], ==, 0);
    g_assert_cmphex(HCALL(INT_ESB, 1, epow, 0, 0).r[0], ==, UINT64_MAX);
    g_assert_cmphex(HCALL(INT_ESB, 0, epow, 0x800, 0).r[0], ==, 2);
    g_assert_cmpint(HRESULT(INT_SYNC, 0, UINT64_MAX), ==, H_P2);
    g_assert_cmpint(HRESULT(INT_SYNC, 0, epow), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(SET_REPORTING_LINE, 0, NOWHERE), ==, H_P2);
    g_assert_cmpint(HRESULT(SET_REPORTING_LINE, 1, queue + 64), ==, H_P2);
    g_assert_cmpint(HRESULT(SET_REPORTING_LINE, 1, queue), ==, H_SUCCESS);
    g_assert_cmphex(HCALL(GET_REPORTING_LINE, 0, 0).r[0], ==, queue);
    g_assert_cmpint(HRESULT(GET_REPORTING_LINE, 0, UINT64_MAX), ==, H_P2);
    g_assert_cmpint(HRESULT(INT_RESET, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(INT_RESET, 0), ==, H_SUCCESS);
    g_assert_cmpuint(HCALL(GET_QUEUE_CONFIG, 0, 0, 6).r[2], ==, 0);
}

enum { H_REGISTER_PROC_TBL = 0x37c };

static void nothing(CPUState *cs, void *opaque)
{
}

/* LPCR of the second CPU, after all work that waits for its thread. */
static uint64_t settled_lpcr(void)
{
    run_on_cpu(&bench_cpu(1)->parent, nothing, NULL);
    return bench_cpu(1)->env.spr[SPR_LPCR];
}

static void test_process_table(void)
{
    SpaprMachine *spapr = bench_machine();

    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x20, 0, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, UINT64_MAX, 0, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x1c, 0x123, 0, 12), ==, H_P2);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x1c, 1ull << 60, 0, 12), ==, H_P2);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x1c, 0x1000, 1, 12), ==, H_P2);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x1c, 0x1000, 0, 25), ==, H_P4);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x18, 1ull << 38, 0, 0), ==, H_P2);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x18, 0, 8, 0), ==, H_P3);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x18, 0, 0, 25), ==, H_P4);
    /* Not what it is now, and no wish to change it. */
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0, 0, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x1d, 0x0c000000, 0, 12), ==, H_SUCCESS);
    g_assert_cmphex(spapr->patb_entry, ==, 1ull << 63 | 0x0c000000 | 12);
    /* To hash and back: the table comes and goes. */
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x10, 0, 0, 0), ==, H_SUCCESS);
    g_assert_nonnull(spapr->htab);
    g_assert_cmphex(settled_lpcr() & (1ull << 20), ==, 0);
    g_assert_cmpint(HRESULT(H_REGISTER_PROC_TBL, 0x1d, 0x0c000000, 0, 12), ==, H_SUCCESS);
    g_assert_null(spapr->htab);
    g_assert_cmphex(settled_lpcr() & (1ull << 20), !=, 0);
}

/* Vectors whose lengths lead far away ask for whatever lies there; the partition stands. */
static void test_wild_vector(void)
{
    write_vector(true);
    negotiate(VECTOR);
    g_assert_cmpint(fdt_check_full(bench_machine()->fdt, bench_machine()->fdt_size), ==, 0);
}

/* A tree without room is an error for whoever wants it, and harms nothing. */
static void test_large_tree(void)
{
    SpaprMachine *spapr = bench_machine();
    char *kept = spapr->parent.kernel_cmdline;
    g_autofree char *name = spapr->parent.name;
    g_autoptr(GError) error = NULL;
    g_autofree void *fdt = NULL;

    spapr->parent.kernel_cmdline = g_strnfill(SPAPR_FDT_MAX_SIZE, 'x');
    g_assert_null(spapr_build_fdt(spapr, true, &error));
    g_assert_nonnull(strstr(error->message, "larger than 1024 KiB"));
    spapr->parent.name = g_strnfill(SPAPR_FDT_MAX_SIZE - 2000, 'n');
    g_array_set_size(spapr->client.instances, 0);
    write_vector(false);
    g_assert_cmpuint(negotiate(VECTOR), ==, FAILED);
    g_assert_cmpint(HRESULT(H_PRIVATE_CAS, VECTOR, VECTOR + 0x100000, 0x100000), ==, H_HARDWARE);
    g_assert_cmpint(fdt_check_full(spapr->fdt, spapr->fdt_size), ==, 0);
    g_free(spapr->parent.kernel_cmdline);
    g_free(spapr->parent.name);
    spapr->parent.kernel_cmdline = kept;
    spapr->parent.name = g_steal_pointer(&name);
    fdt = spapr_build_fdt(spapr, true, NULL);
    g_assert_nonnull(fdt);
    g_assert_cmpuint(fdt_boot_cpuid_phys(fdt), ==, 0);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    bench_start("pseries,ic-mode=dual", "power9_v2.0", true);
    g_test_add_func("/spapr-client/tree", test_tree);
    g_test_add_func("/spapr-client/properties", test_properties);
    g_test_add_func("/spapr-client/calls", test_calls);
    g_test_add_func("/spapr-client/instances", test_instances);
    g_test_add_func("/spapr-client/claim", test_claim);
    g_test_add_func("/spapr-client/endless-vector", test_endless_vector);
    g_test_add_func("/spapr-client/negotiate", test_negotiate);
    g_test_add_func("/spapr-client/xive-calls", test_xive_calls);
    g_test_add_func("/spapr-client/process-table", test_process_table);
    g_test_add_func("/spapr-client/large-tree", test_large_tree);
    g_test_add_func("/spapr-client/wild-vector", test_wild_vector);
    result = g_test_run();
    bench_stop();
    return result;
}
