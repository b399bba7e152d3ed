/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE exploitation mode: event state bits, queues in memory with their generation, thread contexts
 * and their management area, memory-mapped access, state.  What is expected follows LoPAR 14.11.4.2
 * and the registers of the POWER9 interrupt controller.
 */
#include <string.h>
#include "hw/core/internal.h"
#include "hw/intc/xive.h"
#include "migration/vmstate.h"
#include "test-sections.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"

#define N_SERVERS 3u
#define N_SOURCES 64u
#define MSI 20u
#define MSI2 21u
#define LSI 30u
#define QUEUE 0x10000ull
#define QUEUE2 0x20000ull
#define RAM_SIZE 0x100000ull

/* Management page offsets and PQ values. */
enum {
    EOI = 0,
    STORE_EOI = 0x400,
    GET = 0x800,
    SET_00 = 0xc00,
    SET_01 = 0xd00,
    SET_10 = 0xe00,
    SET_11 = 0xf00
};
enum { RESET = 0, OFF = 1, PENDING = 2, QUEUED = 3 };
#define OS_PAGE (XIVE_TM_BASE + ((uint64_t)XIVE_TM_OS_PAGE << XIVE_TM_SHIFT))
#define NSR_EO 0x80

typedef struct Bench {
    XiveState *xive;
    MemoryRegion ram;
    uint8_t *host;
    CPUState cpus[N_SERVERS];     /* names only: who accesses the management area */
    IRQLine *lines[N_SERVERS];
    int level[N_SERVERS];
} Bench;

static void on_line(void *opaque, int n, int level)
{
    ((Bench *)opaque)->level[n] = level;
}

/* Servers 0 and 1 have a processor. */
static void attach(Bench *b)
{
    GError *error = NULL;

    b->xive =
        xive_create(N_SERVERS, N_SOURCES, get_system_memory(), address_space_memory(), &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < N_SERVERS - 1; i++) {
        b->level[i] = 0;
        xive_connect_cpu(b->xive, i, &b->cpus[i], b->lines[i]);
        xive_register_server(b->xive, i, i, &error);
        g_assert_no_error(error);
    }
    xive_claim(b->xive, MSI, false);
    xive_claim(b->xive, MSI2, false);
    xive_claim(b->xive, LSI, true);
    xive_reset(b->xive);
    xive_set_mapped(b->xive, true);
}

static void detach(Bench *b)
{
    xive_set_mapped(b->xive, false);
    device_unrealize((DeviceState *)b->xive);
}

static void setup(Bench *b, gconstpointer data)
{
    GError *error = NULL;

    runtime_init();
    g_assert_true(memory_region_init_ram(&b->ram, NULL, "ram", RAM_SIZE, &error));
    memory_region_add_subregion(get_system_memory(), 0, &b->ram);
    b->host = memory_region_get_ram_ptr(&b->ram);
    for (unsigned i = 0; i < N_SERVERS - 1; i++) {
        b->lines[i] = irq_new(on_line, b, i);
    }
    attach(b);
    cpu_set_current(&b->cpus[0]);
}

static void teardown(Bench *b, gconstpointer data)
{
    cpu_set_current(NULL);
    detach(b);
    for (unsigned i = 0; i < N_SERVERS - 1; i++) {
        irq_free(b->lines[i]);
    }
    memory_region_del_subregion(get_system_memory(), &b->ram);
    memory_region_destroy(&b->ram);
    runtime_cleanup();
}

/* ---- Short names ---- */

static uint64_t load(uint64_t at, unsigned size, MemTxResult *result)
{
    return address_space_ldn_be(address_space_memory(), at, size, MEMTXATTRS_UNSPECIFIED, result);
}

static void store(uint64_t at, unsigned size, uint64_t value)
{
    address_space_stn_be(address_space_memory(), at, size, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static uint64_t trigger_page(uint32_t lisn)
{
    return XIVE_VC_BASE + ((uint64_t)lisn << XIVE_ESB_SHIFT);
}

static uint64_t manage_page(uint32_t lisn)
{
    return trigger_page(lisn) + (1ull << (XIVE_ESB_SHIFT - 1));
}

static uint8_t pq(Bench *b, uint32_t lisn)
{
    return xive_esb_load(b->xive, lisn, GET);
}

static void set_queue(Bench *b, unsigned server, uint8_t priority, uint64_t address, uint32_t shift)
{
    XiveQueue queue = {.address = address, .size_shift = shift, .always_notify = true};

    xive_set_queue(b->xive, server, priority, &queue);
}

/* Routed, unmasked, state bits at rest. */
static void route(Bench *b, uint32_t lisn, unsigned server, uint8_t priority, uint32_t data)
{
    XiveRouting routing = {.server = server, .priority = priority, .data = data};

    xive_set_routing(b->xive, lisn, &routing);
    xive_esb_load(b->xive, lisn, SET_00);
}

static void set_cppr(Bench *b, unsigned server, uint8_t cppr)
{
    CPUState *before = current_cpu();

    cpu_set_current(&b->cpus[server]);
    store(OS_PAGE + 0x11, 1, cppr);
    cpu_set_current(before);
}

static uint16_t acknowledge(Bench *b, unsigned server)
{
    CPUState *before = current_cpu();
    uint16_t value;

    cpu_set_current(&b->cpus[server]);
    value = load(OS_PAGE + 0x810, 2, NULL);
    cpu_set_current(before);
    return value;
}

static uint8_t ring(unsigned byte)
{
    return load(OS_PAGE + 0x10 + byte, 1, NULL);
}

static uint32_t entry(Bench *b, uint64_t queue, unsigned i)
{
    return ldl_be_p(b->host + queue + 4 * i);
}

/* ---- Event state bits ---- */

static void test_pq(Bench *b, gconstpointer data)
{
    set_queue(b, 0, 6, QUEUE, 12);
    /* After reset a source is off: a trigger does nothing. */
    g_assert_cmpuint(pq(b, MSI), ==, OFF);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpuint(pq(b, MSI), ==, OFF);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, EOI), ==, 0);
    g_assert_cmpuint(pq(b, MSI), ==, OFF);
    /* The set loads give back what was. */
    g_assert_cmphex(xive_esb_load(b->xive, MSI, SET_11), ==, OFF);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, SET_10), ==, QUEUED);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, SET_00), ==, PENDING);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, SET_01), ==, RESET);

    route(b, MSI, 0, 6, 0x1234);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpuint(pq(b, MSI), ==, PENDING);
    g_assert_cmphex(entry(b, QUEUE, 0), ==, 0x80001234);
    /* Two more collapse into one. */
    xive_set_source(b->xive, MSI, true);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpuint(pq(b, MSI), ==, QUEUED);
    g_assert_cmphex(entry(b, QUEUE, 1), ==, 0);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, EOI), ==, 1);
    g_assert_cmpuint(pq(b, MSI), ==, PENDING);
    g_assert_cmphex(entry(b, QUEUE, 1), ==, 0x80001234);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, EOI), ==, 0);
    g_assert_cmpuint(pq(b, MSI), ==, RESET);
    g_assert_cmphex(xive_esb_load(b->xive, MSI, EOI), ==, 0);
    g_assert_cmphex(entry(b, QUEUE, 2), ==, 0);
    /* A falling message line is nothing. */
    xive_set_source(b->xive, MSI, false);
    g_assert_cmpuint(pq(b, MSI), ==, RESET);
}

static void test_store_eoi(Bench *b, gconstpointer data)
{
    set_queue(b, 0, 6, QUEUE, 12);
    route(b, MSI, 0, 6, 1);
    xive_esb_store(b->xive, MSI, 0, 0);
    xive_esb_store(b->xive, MSI, 0, 0);
    g_assert_cmpuint(pq(b, MSI), ==, QUEUED);
    xive_esb_store(b->xive, MSI, STORE_EOI, 0);
    g_assert_cmpuint(pq(b, MSI), ==, PENDING);
    g_assert_cmphex(entry(b, QUEUE, 1), ==, 0x80000001);
    xive_esb_store(b->xive, MSI, SET_01, 0);
    g_assert_cmpuint(pq(b, MSI), ==, OFF);
}

static void test_level(Bench *b, gconstpointer data)
{
    set_queue(b, 0, 6, QUEUE, 12);
    route(b, LSI, 0, 6, 7);
    xive_set_source(b->xive, LSI, true);
    xive_set_source(b->xive, LSI, true);
    g_assert_cmpuint(pq(b, LSI), ==, PENDING);
    g_assert_cmphex(entry(b, QUEUE, 0), ==, 0x80000007);
    g_assert_cmphex(entry(b, QUEUE, 1), ==, 0);
    /* Still on at the end of interrupt: a new event. */
    g_assert_cmphex(xive_esb_load(b->xive, LSI, EOI), ==, 1);
    g_assert_cmpuint(pq(b, LSI), ==, PENDING);
    g_assert_cmphex(entry(b, QUEUE, 1), ==, 0x80000007);
    xive_set_source(b->xive, LSI, false);
    g_assert_cmphex(xive_esb_load(b->xive, LSI, EOI), ==, 0);
    g_assert_cmpuint(pq(b, LSI), ==, RESET);
    /* Asserted while off: seen when the source is turned on and ended once, as Linux does. */
    xive_esb_load(b->xive, LSI, SET_01);
    xive_set_source(b->xive, LSI, true);
    g_assert_cmphex(entry(b, QUEUE, 2), ==, 0);
    g_assert_cmphex(xive_esb_load(b->xive, LSI, SET_00), ==, OFF);
    g_assert_cmphex(xive_esb_load(b->xive, LSI, EOI), ==, 1);
    g_assert_cmphex(entry(b, QUEUE, 2), ==, 0x80000007);
}

static void test_masked_routing(Bench *b, gconstpointer data)
{
    XiveRouting routing;

    set_queue(b, 0, 6, QUEUE, 12);
    route(b, MSI, 0, 6, 7);
    xive_get_routing(b->xive, MSI, &routing);
    g_assert_cmpuint(routing.server, ==, 0);
    g_assert_cmpuint(routing.priority, ==, 6);
    g_assert_cmpuint(routing.data, ==, 7);
    routing.masked = true;
    xive_set_routing(b->xive, MSI, &routing);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpuint(pq(b, MSI), ==, PENDING);
    g_assert_cmphex(entry(b, QUEUE, 0), ==, 0);
    g_assert_cmpint(b->level[0], ==, 0);
}

static void test_unclaimed(Bench *b, gconstpointer data)
{
    static const uint32_t bad[] = {0, MSI + 2, N_SOURCES, 1u << 31, UINT32_MAX};

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(xive_claimed(b->xive, bad[i]));
        xive_set_source(b->xive, bad[i], true);
        xive_free(b->xive, bad[i]);
        g_assert_cmphex(xive_esb_load(b->xive, bad[i], GET), ==, UINT64_MAX);
        xive_esb_store(b->xive, bad[i], 0, 0);
    }
    store(trigger_page(0), 8, 0);
    store(manage_page(0) + SET_00, 8, 0);
    g_assert_cmphex(load(manage_page(0) + GET, 8, NULL), ==, UINT64_MAX);
    xive_free(b->xive, MSI);
    g_assert_false(xive_claimed(b->xive, MSI));
    g_assert_false(xive_server_valid(b->xive, 2));
    g_assert_false(xive_server_valid(b->xive, N_SERVERS));
    g_assert_false(xive_server_valid(b->xive, 1ull << 32));
    g_assert_cmphex(xive_end_esb(b->xive, N_SERVERS, 0, GET), ==, UINT64_MAX);
    g_assert_cmphex(xive_end_esb(b->xive, 0, XIVE_PRIORITIES, GET), ==, UINT64_MAX);
}

/* ---- Queues ---- */

static void test_queue_wraps(Bench *b, gconstpointer data)
{
    const unsigned entries = 1024;
    XiveQueue queue;

    set_queue(b, 1, 5, QUEUE, 12);
    route(b, MSI, 1, 5, 0xffffffff);
    for (unsigned i = 0; i < entries * 2 + 3; i++) {
        uint32_t expected = (i / entries) & 1 ? 0x7fffffff : 0xffffffff;

        xive_set_source(b->xive, MSI, true);
        g_assert_cmphex(entry(b, QUEUE, i % entries), ==, expected);
        xive_esb_load(b->xive, MSI, EOI);
    }
    xive_get_queue(b->xive, 1, 5, &queue);
    g_assert_true(queue.enabled && queue.always_notify);
    g_assert_cmpuint(queue.index, ==, 3);
    g_assert_cmpuint(queue.generation, ==, 1);
    g_assert_cmphex(queue.address, ==, QUEUE);
    /* Nothing was written past its end. */
    g_assert_cmphex(ldq_be_p(b->host + QUEUE + 4096), ==, 0);
    /* Set again: from the start, first generation. */
    set_queue(b, 1, 5, QUEUE2, 16);
    xive_get_queue(b->xive, 1, 5, &queue);
    g_assert_cmpuint(queue.index, ==, 0);
    g_assert_cmpuint(queue.generation, ==, 1);
    set_queue(b, 1, 5, 0, 0);
    xive_get_queue(b->xive, 1, 5, &queue);
    g_assert_false(queue.enabled);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmphex(entry(b, QUEUE2, 0), ==, 0);
}

static void test_queue_nowhere(Bench *b, gconstpointer data)
{
    XiveQueue queue;

    /* The address was memory when it was set; it is no more. */
    set_queue(b, 0, 6, 0x4000000000ull, 12);
    route(b, MSI, 0, 6, 1);
    xive_set_source(b->xive, MSI, true);
    xive_get_queue(b->xive, 0, 6, &queue);
    g_assert_cmpuint(queue.index, ==, 0);
}

/* A queue that does not always notify: its own state bits collapse notifications. */
static void test_queue_notification(Bench *b, gconstpointer data)
{
    XiveQueue queue = {.address = QUEUE, .size_shift = 12};

    xive_set_queue(b->xive, 0, 6, &queue);
    route(b, MSI, 0, 6, 1);
    route(b, MSI2, 0, 6, 2);
    set_cppr(b, 0, 7);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmphex(acknowledge(b, 0), ==, NSR_EO << 8 | 6);
    set_cppr(b, 0, 7);
    xive_set_source(b->xive, MSI2, true);
    g_assert_cmphex(entry(b, QUEUE, 1), ==, 0x80000002);
    g_assert_cmpint(b->level[0], ==, 0);
    g_assert_cmphex(xive_end_esb(b->xive, 0, 6, GET), ==, QUEUED);
    g_assert_cmphex(xive_end_esb(b->xive, 0, 6, EOI), ==, 1);
    g_assert_cmphex(xive_end_esb(b->xive, 0, 6, GET), ==, PENDING);
    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmphex(xive_end_esb(b->xive, 0, 6, EOI), ==, 0);
    g_assert_cmphex(xive_end_esb(b->xive, 0, 6, SET_01), ==, RESET);
    g_assert_cmphex(xive_end_esb(b->xive, 0, 6, SET_00), ==, OFF);
}

/* ---- Thread contexts ---- */

static void test_acknowledge(Bench *b, gconstpointer data)
{
    set_queue(b, 0, 6, QUEUE, 12);
    set_queue(b, 0, 3, QUEUE2, 12);
    route(b, MSI, 0, 6, 1);
    route(b, MSI2, 0, 3, 2);
    /* CPPR 0 after reset: pending, not signalled. */
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpint(b->level[0], ==, 0);
    g_assert_cmphex(ring(2), ==, 1 << (7 - 6));
    g_assert_cmphex(ring(7), ==, 6);
    g_assert_cmphex(acknowledge(b, 0), ==, 0);
    set_cppr(b, 0, 6);
    g_assert_cmpint(b->level[0], ==, 0);
    set_cppr(b, 0, 0xff);
    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmphex(ring(0), ==, NSR_EO);
    /* A more favoured one comes before the first is taken: it is what is taken. */
    xive_set_source(b->xive, MSI2, true);
    g_assert_cmphex(acknowledge(b, 0), ==, NSR_EO << 8 | 3);
    g_assert_cmphex(ring(1), ==, 3);
    g_assert_cmphex(ring(2), ==, 1 << (7 - 6));
    g_assert_cmpint(b->level[0], ==, 0);
    set_cppr(b, 0, 0xff);
    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmphex(acknowledge(b, 0), ==, NSR_EO << 8 | 6);
    set_cppr(b, 0, 0xff);
    g_assert_cmpint(b->level[0], ==, 0);
    g_assert_cmphex(acknowledge(b, 0), ==, 0x00ff);
    g_assert_cmphex(ring(7), ==, 0xff);
}

/* A lowered CPPR withdraws what was signalled, without losing it. */
static void test_cppr_withdraws(Bench *b, gconstpointer data)
{
    set_queue(b, 1, 5, QUEUE, 12);
    route(b, MSI, 1, 5, 1);
    set_cppr(b, 1, 7);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpint(b->level[1], ==, 1);
    set_cppr(b, 1, 0);
    g_assert_cmpint(b->level[1], ==, 0);
    g_assert_cmphex(acknowledge(b, 1), ==, 0);
    set_cppr(b, 1, 6);
    g_assert_cmpint(b->level[1], ==, 1);
    g_assert_cmphex(acknowledge(b, 1), ==, NSR_EO << 8 | 5);
    g_assert_cmpint(b->level[0], ==, 0);
    /* Beyond 7 means least favoured. */
    set_cppr(b, 1, 8);
    cpu_set_current(&b->cpus[1]);
    g_assert_cmphex(ring(1), ==, 0xff);
}

static void test_set_pending(Bench *b, gconstpointer data)
{
    set_cppr(b, 0, 7);
    store(OS_PAGE + 0x812, 1, 4);
    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmphex(acknowledge(b, 0), ==, NSR_EO << 8 | 4);
    store(OS_PAGE + 0x812, 1, 8);
    store(OS_PAGE + 0x812, 1, 0xff);
    g_assert_cmphex(ring(2), ==, 0);
}

static void test_management_area(Bench *b, gconstpointer data)
{
    /* Word 2 says that the context is the server's, and dispatched. */
    g_assert_cmphex(load(OS_PAGE + 0x18, 4, NULL), ==, 0x80000400);
    cpu_set_current(&b->cpus[1]);
    g_assert_cmphex(load(OS_PAGE + 0x18, 4, NULL), ==, 0x80000401);
    g_assert_cmphex(load(OS_PAGE + 0x10, 8, NULL), ==, 0x000000ffff00ffffull);
    /* Other rings and pages show nothing, and take nothing. */
    g_assert_cmphex(load(OS_PAGE + 0x20, 8, NULL), ==, 0);
    g_assert_cmphex(load(OS_PAGE + 0x1c, 8, NULL), ==, 0);
    g_assert_cmphex(load(XIVE_TM_BASE, 8, NULL), ==, UINT64_MAX);
    store(XIVE_TM_BASE + 0x11, 1, 0xff);
    store(OS_PAGE + 0x10, 8, UINT64_MAX);
    store(OS_PAGE + 0x12, 1, 0xff);
    store(OS_PAGE + 0xfff, 1, 0xff);
    g_assert_cmphex(load(OS_PAGE + 0x10, 8, NULL), ==, 0x000000ffff00ffffull);
    g_assert_cmphex(load(OS_PAGE + 0x810, 1, NULL), ==, 0xff);
    /* From no processor at all. */
    cpu_set_current(NULL);
    g_assert_cmphex(load(OS_PAGE + 0x10, 8, NULL), ==, UINT64_MAX);
    store(OS_PAGE + 0x11, 1, 0xff);
    cpu_set_current(&b->cpus[0]);
    g_assert_cmphex(ring(1), ==, 0);
}

static void test_mmio_sizes(Bench *b, gconstpointer data)
{
    static const unsigned sizes[] = {1, 2, 4, 8};
    MemTxResult result;

    set_queue(b, 0, 6, QUEUE, 12);
    route(b, MSI, 0, 6, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        store(trigger_page(MSI), sizes[i], 0);
        g_assert_cmpuint(load(manage_page(MSI) + GET, sizes[i], &result), ==, PENDING);
        g_assert_cmpint(result, ==, MEMTX_OK);
        g_assert_cmpuint(load(manage_page(MSI) + EOI, sizes[i], NULL), ==, 0);
        /* All of the lower half of the page ends an interrupt when loaded. */
        store(trigger_page(MSI) + 0xff8, sizes[i], 0);
        g_assert_cmpuint(load(manage_page(MSI) + 0x7f8, sizes[i], NULL), ==, 0);
        g_assert_cmpuint(load(manage_page(MSI) + GET, 8, NULL), ==, RESET);
        /* The trigger page cannot be read. */
        g_assert_cmphex(load(trigger_page(MSI), 8, NULL), ==, UINT64_MAX);
    }
    g_assert_cmphex(entry(b, QUEUE, 7), ==, 0x80000001);
    /* Not mapped: nothing answers. */
    xive_set_mapped(b->xive, false);
    load(manage_page(MSI) + GET, 8, &result);
    g_assert_cmpint(result, !=, MEMTX_OK);
    xive_set_mapped(b->xive, true);
    load(manage_page(MSI) + GET, 8, &result);
    g_assert_cmpint(result, ==, MEMTX_OK);
}

/* A queue's own notification bits have pages behind the sources', one pair for each queue. */
static void test_queue_pages(Bench *b, gconstpointer data)
{
    XiveQueue queue = {.address = QUEUE, .size_shift = 12};
    uint64_t page = xive_end_page(b->xive, 1, 5);

    g_assert_cmphex(page, ==, XIVE_VC_BASE + ((uint64_t)N_SOURCES << XIVE_ESB_SHIFT) +
                                  ((1ull * XIVE_PRIORITIES + 5) << XIVE_ESB_SHIFT));
    xive_set_queue(b->xive, 1, 5, &queue);
    route(b, MSI, 1, 5, 1);
    xive_set_source(b->xive, MSI, true);
    g_assert_cmpuint(load(page + GET, 8, NULL), ==, PENDING);
    g_assert_cmpuint(load(page + SET_01, 8, NULL), ==, PENDING);
    g_assert_cmpuint(load(page + GET, 8, NULL), ==, OFF);
    store(page, 8, 0);
    g_assert_cmpuint(load(page + GET, 8, NULL), ==, OFF);
}

/* ---- State ---- */

static const char *const sections[] = {"xive-source", "spapr-xive", "xive-tctx", NULL};

static void make_busy(Bench *b)
{
    set_queue(b, 0, 6, QUEUE, 12);
    set_queue(b, 1, 5, QUEUE2, 12);
    route(b, MSI, 0, 6, 0x11);
    route(b, MSI2, 1, 5, 0x22);
    route(b, LSI, 1, 5, 0x33);
    set_cppr(b, 0, 7);
    set_cppr(b, 1, 4);
    xive_set_source(b->xive, MSI, true);        /* signalled */
    xive_set_source(b->xive, MSI2, true);       /* held back */
    xive_set_source(b->xive, MSI2, true);       /* and queued once more */
    xive_set_source(b->xive, LSI, true);
    xive_set_reporting_line(b->xive, 1, 0x4000);
}

static void check_busy(Bench *b)
{
    XiveQueue queue;

    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmpint(b->level[1], ==, 0);
    g_assert_cmphex(acknowledge(b, 0), ==, NSR_EO << 8 | 6);
    set_cppr(b, 1, 7);
    g_assert_cmpint(b->level[1], ==, 1);
    g_assert_cmphex(acknowledge(b, 1), ==, NSR_EO << 8 | 5);
    g_assert_cmphex(xive_esb_load(b->xive, MSI2, EOI), ==, 1);
    g_assert_cmphex(xive_esb_load(b->xive, LSI, EOI), ==, 1);
    xive_get_queue(b->xive, 1, 5, &queue);
    g_assert_cmpuint(queue.index, ==, 4);
    g_assert_cmphex(entry(b, QUEUE2, 2), ==, 0x80000022);
    g_assert_cmphex(entry(b, QUEUE2, 3), ==, 0x80000033);
    g_assert_cmphex(xive_get_reporting_line(b->xive, 1), ==, 0x4000);
    memset(b->host + QUEUE2 + 8, 0, 8);
}

static void test_save_busy(Bench *b, gconstpointer data)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL, again = NULL;
    gsize size;
    const void *bytes;
    unsigned accepted = 0;

    g_assert_true(vmstate_check_description(xive_class.vmstate, &error));
    make_busy(b);
    saved = sections_save(sections, &error);
    g_assert_no_error(error);
    bytes = g_bytes_get_data(saved, &size);
    check_busy(b);
    detach(b);
    attach(b);
    g_assert_true(sections_load(sections, bytes, size, &error));
    g_assert_no_error(error);
    again = sections_save(sections, &error);
    g_assert_true(g_bytes_equal(saved, again));
    check_busy(b);
    for (gsize cut = 0; cut < size; cut++) {
        accepted += sections_load(sections, bytes, cut, &error);
        g_clear_error(&error);
    }
    g_assert_cmpuint(accepted, <=, 1);   /* where the last subsection begins */
}

/* Every byte changed in turn: refused, or loaded into something that still works. */
static void test_damaged_stream(Bench *b, gconstpointer data)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL;
    gsize size;
    const uint8_t *bytes;
    g_autofree uint8_t *copy = NULL;
    unsigned refused = 0;

    make_busy(b);
    saved = sections_save(sections, &error);
    bytes = g_bytes_get_data(saved, &size);
    copy = g_malloc(size);
    for (gsize at = 0; at < size; at++) {
        g_autoptr(GString) text = g_string_new(NULL);

        memcpy(copy, bytes, size);
        copy[at] ^= 0xff;
        if (!sections_load(sections, copy, size, &error)) {
            g_assert_nonnull(error);
            g_clear_error(&error);
            refused++;
            continue;
        }
        for (uint32_t i = 0; i < N_SOURCES; i++) {
            xive_set_source(b->xive, i, true);
            xive_esb_load(b->xive, i, EOI);
        }
        for (unsigned i = 0; i < N_SERVERS - 1; i++) {
            set_cppr(b, i, 0xff);
            acknowledge(b, i);
        }
        xive_print(b->xive, text);
    }
    g_assert_cmpuint(refused, >, 8);
}

#define ADD(name, fn) g_test_add("/xive/" name, Bench, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("pq", test_pq);
    ADD("store-eoi", test_store_eoi);
    ADD("level", test_level);
    ADD("masked-routing", test_masked_routing);
    ADD("unclaimed", test_unclaimed);
    ADD("queue-wraps", test_queue_wraps);
    ADD("queue-nowhere", test_queue_nowhere);
    ADD("queue-notification", test_queue_notification);
    ADD("acknowledge", test_acknowledge);
    ADD("cppr-withdraws", test_cppr_withdraws);
    ADD("set-pending", test_set_pending);
    ADD("management-area", test_management_area);
    ADD("mmio-sizes", test_mmio_sizes);
    ADD("queue-pages", test_queue_pages);
    ADD("save-busy", test_save_busy);
    ADD("damaged-stream", test_damaged_stream);
    return g_test_run();
}
