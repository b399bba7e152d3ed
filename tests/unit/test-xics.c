/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XICS: presenters (accept, CPPR, EOI, MFRR), sources (message and level), rejection and resending,
 * state. What is expected follows LoPAR chapter 6 and the hypercalls of 14.5.4.7.
 */
#include <string.h>
#include "hw/intc/xics.h"
#include "migration/vmstate.h"
#include "test-sections.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"

#define BASE 0x1000u
#define N_SERVERS 4u
#define N_SOURCES 64u
#define MSI (BASE + 3)
#define MSI2 (BASE + 9)
#define LSI (BASE + 7)

typedef struct Bench {
    XicsState *xics;
    IRQLine *lines[N_SERVERS];
    int level[N_SERVERS];
} Bench;

static void on_line(void *opaque, int n, int level)
{
    ((Bench *)opaque)->level[n] = level;
}

/* Servers 0 to 2 have a processor, 3 has none. */
static void attach(Bench *b)
{
    GError *error = NULL;

    memset(b, 0, sizeof(*b));
    b->xics = xics_create(N_SERVERS, BASE, N_SOURCES, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < N_SERVERS - 1; i++) {
        b->lines[i] = irq_new(on_line, b, i);
        xics_connect_cpu(b->xics, i, b->lines[i]);
        xics_register_server(b->xics, i, i, &error);
        g_assert_no_error(error);
    }
    xics_set_active(b->xics, true);
    xics_claim(b->xics, MSI, false);
    xics_claim(b->xics, MSI2, false);
    xics_claim(b->xics, LSI, true);
    xics_reset(b->xics);
}

static void detach(Bench *b)
{
    device_unrealize((DeviceState *)b->xics);
    for (unsigned i = 0; i < N_SERVERS - 1; i++) {
        irq_free(b->lines[i]);
    }
}

static void setup(Bench *b, gconstpointer data)
{
    runtime_init();
    attach(b);
    for (unsigned i = 0; i < N_SERVERS - 1; i++) {
        xics_set_cppr(b->xics, i, 0xff);
    }
}

static void teardown(Bench *b, gconstpointer data)
{
    detach(b);
    runtime_cleanup();
}

static uint32_t xirr(Bench *b, unsigned server)
{
    uint32_t mfrr;

    return xics_poll(b->xics, server, &mfrr);
}

static void pulse(Bench *b, uint32_t number)
{
    xics_set_source(b->xics, number, true);
    xics_set_source(b->xics, number, false);
}

/* ---- Presenters ---- */

static void test_reset_state(Bench *b, gconstpointer data)
{
    unsigned server;
    uint32_t mfrr;
    uint8_t priority;

    xics_reset(b->xics);
    /* CPPR 0 lets nothing through; no IPI; every source masked. */
    g_assert_cmphex(xics_poll(b->xics, 0, &mfrr), ==, 0);
    g_assert_cmphex(mfrr, ==, 0xff);
    g_assert_true(xics_get_xive(b->xics, MSI, &server, &priority));
    g_assert_cmpuint(server, ==, 0);
    g_assert_cmphex(priority, ==, 0xff);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_set_mfrr(b->xics, 0, 0);
    g_assert_cmpint(b->level[0], ==, 0);
}

static void test_accept_and_eoi(Bench *b, gconstpointer data)
{
    uint32_t taken;

    g_assert_true(xics_set_xive(b->xics, MSI, 1, 5));
    pulse(b, MSI);
    g_assert_cmpint(b->level[0], ==, 0);
    g_assert_cmpint(b->level[1], ==, 1);
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000 | MSI);
    /* Accepting gives the old CPPR, takes the interrupt's priority, lowers the line. */
    taken = xics_accept(b->xics, 1);
    g_assert_cmphex(taken, ==, 0xff000000 | MSI);
    g_assert_cmphex(xirr(b, 1), ==, 0x05000000);
    g_assert_cmpint(b->level[1], ==, 0);
    /* The same source again, while its priority is being served: it waits for the EOI. */
    pulse(b, MSI);
    g_assert_cmpint(b->level[1], ==, 0);
    xics_eoi(b->xics, 1, taken);
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000 | MSI);
    g_assert_cmpint(b->level[1], ==, 1);
    xics_eoi(b->xics, 1, xics_accept(b->xics, 1));
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000);
    g_assert_cmpint(b->level[1], ==, 0);
}

/* Asking when nothing is pending changes nothing: the CPPR stays what software made it. */
static void test_spurious_accept(Bench *b, gconstpointer data)
{
    xics_set_cppr(b->xics, 0, 4);
    g_assert_cmphex(xics_accept(b->xics, 0), ==, 0x04000000);
    g_assert_cmphex(xirr(b, 0), ==, 0x04000000);
    xics_set_xive(b->xics, MSI, 0, 5);
    pulse(b, MSI);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_set_cppr(b->xics, 0, 6);
    g_assert_cmpint(b->level[0], ==, 1);
}

static void test_priority(Bench *b, gconstpointer data)
{
    xics_set_xive(b->xics, MSI, 0, 5);
    xics_set_xive(b->xics, MSI2, 0, 3);
    xics_set_cppr(b->xics, 0, 5);
    /* Equal to the CPPR is not favoured enough. */
    pulse(b, MSI);
    g_assert_cmphex(xirr(b, 0), ==, 0x05000000);
    pulse(b, MSI2);
    g_assert_cmphex(xirr(b, 0), ==, 0x05000000 | MSI2);
    /* A more favoured CPPR takes the pending one back; raising it again presents both in turn. */
    xics_set_cppr(b->xics, 0, 3);
    g_assert_cmphex(xirr(b, 0), ==, 0x03000000);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_set_cppr(b->xics, 0, 0xff);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | MSI2);
    xics_eoi(b->xics, 0, xics_accept(b->xics, 0));
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | MSI);
    xics_eoi(b->xics, 0, xics_accept(b->xics, 0));
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000);
}

static void test_preemption(Bench *b, gconstpointer data)
{
    xics_set_xive(b->xics, MSI, 0, 5);
    xics_set_xive(b->xics, MSI2, 0, 5);
    pulse(b, MSI);
    /* Equally favoured: the first stays. */
    pulse(b, MSI2);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | MSI);
    /* An IPI more favoured than the one pending takes its place; both come back after. */
    xics_set_mfrr(b->xics, 0, 4);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | XICS_IPI);
    g_assert_cmphex(xics_accept(b->xics, 0), ==, 0xff000000 | XICS_IPI);
    xics_set_mfrr(b->xics, 0, 0xff);
    xics_eoi(b->xics, 0, 0xff000000 | XICS_IPI);
    g_assert_cmphex(xics_accept(b->xics, 0) & 0xffffff, ==, MSI);
    xics_eoi(b->xics, 0, 0xff000000 | MSI);
    g_assert_cmphex(xics_accept(b->xics, 0) & 0xffffff, ==, MSI2);
    xics_eoi(b->xics, 0, 0xff000000 | MSI2);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000);
}

static void test_ipi(Bench *b, gconstpointer data)
{
    uint32_t mfrr;

    xics_set_cppr(b->xics, 2, 4);
    xics_set_mfrr(b->xics, 2, 4);
    g_assert_cmpint(b->level[2], ==, 0);
    xics_poll(b->xics, 2, &mfrr);
    g_assert_cmphex(mfrr, ==, 4);
    /* The register holds: falling CPPR lets it in. */
    xics_set_cppr(b->xics, 2, 5);
    g_assert_cmphex(xirr(b, 2), ==, 0x05000000 | XICS_IPI);
    g_assert_cmphex(xics_accept(b->xics, 2), ==, 0x05000000 | XICS_IPI);
    /* EOI without having cleared the MFRR: it comes again. */
    xics_eoi(b->xics, 2, 0x05000000 | XICS_IPI);
    g_assert_cmphex(xirr(b, 2), ==, 0x05000000 | XICS_IPI);
    xics_accept(b->xics, 2);
    xics_set_mfrr(b->xics, 2, 0xff);
    xics_eoi(b->xics, 2, 0x05000000 | XICS_IPI);
    g_assert_cmphex(xirr(b, 2), ==, 0x05000000);
}

static void test_servers(Bench *b, gconstpointer data)
{
    g_assert_true(xics_server_valid(b->xics, 2));
    g_assert_false(xics_server_valid(b->xics, 3));
    g_assert_false(xics_server_valid(b->xics, N_SERVERS));
    g_assert_false(xics_server_valid(b->xics, 1ull << 32));
    g_assert_false(xics_server_valid(b->xics, UINT64_MAX));
    g_assert_false(xics_set_xive(b->xics, MSI, 3, 5));
    g_assert_false(xics_set_xive(b->xics, MSI, UINT32_MAX, 5));
}

/* ---- Sources ---- */

static void test_level(Bench *b, gconstpointer data)
{
    xics_set_xive(b->xics, LSI, 0, 5);
    xics_set_source(b->xics, LSI, true);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | LSI);
    xics_set_source(b->xics, LSI, true);
    g_assert_cmphex(xics_accept(b->xics, 0) & 0xffffff, ==, LSI);
    /* Sent once; still asserted at EOI: sent again. */
    g_assert_cmpint(b->level[0], ==, 0);
    xics_eoi(b->xics, 0, 0xff000000 | LSI);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | LSI);
    xics_accept(b->xics, 0);
    xics_set_source(b->xics, LSI, false);
    xics_eoi(b->xics, 0, 0xff000000 | LSI);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000);
}

static void test_level_rejected(Bench *b, gconstpointer data)
{
    xics_set_xive(b->xics, LSI, 0, 5);
    xics_set_cppr(b->xics, 0, 2);
    xics_set_source(b->xics, LSI, true);
    g_assert_cmpint(b->level[0], ==, 0);
    /* Gone before the processor would have it: nothing is left behind. */
    xics_set_source(b->xics, LSI, false);
    xics_set_cppr(b->xics, 0, 0xff);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_set_cppr(b->xics, 0, 2);
    xics_set_source(b->xics, LSI, true);
    xics_set_cppr(b->xics, 0, 0xff);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | LSI);
}

static void test_masked(Bench *b, gconstpointer data)
{
    unsigned server;
    uint8_t priority;

    xics_set_xive(b->xics, MSI, 1, 6);
    g_assert_true(xics_int_off(b->xics, MSI));
    g_assert_true(xics_get_xive(b->xics, MSI, &server, &priority));
    g_assert_cmphex(priority, ==, 0xff);
    /* A message that comes while masked is kept, once. */
    pulse(b, MSI);
    pulse(b, MSI);
    g_assert_cmpint(b->level[1], ==, 0);
    g_assert_true(xics_int_on(b->xics, MSI));
    g_assert_true(xics_get_xive(b->xics, MSI, &server, &priority));
    g_assert_cmpuint(server, ==, 1);
    g_assert_cmphex(priority, ==, 6);
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000 | MSI);
    xics_eoi(b->xics, 1, xics_accept(b->xics, 1));
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000);
    /* A level that is on when the mask goes. */
    xics_set_source(b->xics, LSI, true);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_set_xive(b->xics, LSI, 0, 1);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | LSI);
}

/* Given back by the presenter, then masked: it waits for the mask to go, not for the presenter. */
static void test_masked_after_rejection(Bench *b, gconstpointer data)
{
    xics_set_xive(b->xics, MSI, 0, 5);
    xics_set_cppr(b->xics, 0, 4);
    pulse(b, MSI);
    xics_int_off(b->xics, MSI);
    xics_set_cppr(b->xics, 0, 0xff);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_int_on(b->xics, MSI);
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000 | MSI);
    xics_eoi(b->xics, 0, xics_accept(b->xics, 0));
    g_assert_cmphex(xirr(b, 0), ==, 0xff000000);
}

/* What one server gave back goes to the next as soon as it is routed there. */
static void test_moved_after_rejection(Bench *b, gconstpointer data)
{
    xics_set_xive(b->xics, MSI, 0, 5);
    xics_set_cppr(b->xics, 0, 4);
    pulse(b, MSI);
    xics_set_xive(b->xics, MSI, 1, 5);
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000 | MSI);
    xics_set_cppr(b->xics, 0, 0xff);
    g_assert_cmpint(b->level[0], ==, 0);
    xics_eoi(b->xics, 1, xics_accept(b->xics, 1));
    g_assert_cmphex(xirr(b, 1), ==, 0xff000000);
}

static void test_unknown_sources(Bench *b, gconstpointer data)
{
    static const uint32_t bad[] = {0, 2, BASE - 1, BASE, BASE + N_SOURCES, UINT32_MAX};
    unsigned server;
    uint8_t priority;

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(xics_claimed(b->xics, bad[i]));
        g_assert_false(xics_set_xive(b->xics, bad[i], 0, 5));
        g_assert_false(xics_get_xive(b->xics, bad[i], &server, &priority));
        g_assert_false(xics_int_off(b->xics, bad[i]));
        g_assert_false(xics_int_on(b->xics, bad[i]));
        xics_set_source(b->xics, bad[i], true);
        xics_free(b->xics, bad[i]);
        xics_eoi(b->xics, 0, 0xff000000 | bad[i]);
    }
    g_assert_cmpint(b->level[0], ==, 0);
    xics_free(b->xics, MSI);
    g_assert_false(xics_claimed(b->xics, MSI));
    xics_set_source(b->xics, MSI, true);
    g_assert_cmpint(b->level[0], ==, 0);
}

/* Random use: what the presenter shows always beats its CPPR, and nothing sent is ever lost. */
static void test_nothing_lost(Bench *b, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(4711);
    unsigned sent[2] = {0, 0}, got[2] = {0, 0};
    bool waiting[2] = {false, false};

    xics_set_xive(b->xics, MSI, 0, 5);
    xics_set_xive(b->xics, MSI2, 0, 3);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned which = g_rand_int(rand) & 1;

        switch (g_rand_int_range(rand, 0, 4)) {
        case 0:
            /* One at a time, so that coalescing does not blur the count. */
            if (!waiting[which]) {
                pulse(b, which ? MSI2 : MSI);
                sent[which]++;
                waiting[which] = true;
            }
            break;
        case 1:
            xics_set_cppr(b->xics, 0, g_rand_int_range(rand, 0, 8));
            break;
        case 2:
            xics_int_off(b->xics, which ? MSI2 : MSI);
            break;
        default:
            xics_int_on(b->xics, which ? MSI2 : MSI);
        }
        g_assert_cmpint(b->level[0], ==, (xirr(b, 0) & 0xffffff) != 0);
        if (g_rand_int(rand) & 1 && b->level[0]) {
            uint32_t taken = xics_accept(b->xics, 0);

            which = (taken & 0xffffff) == MSI2;
            g_assert_cmpuint(taken >> 24, >, which ? 3 : 5);
            g_assert_true(waiting[which]);
            waiting[which] = false;
            got[which]++;
            xics_eoi(b->xics, 0, taken);
        }
    }
    xics_int_on(b->xics, MSI);
    xics_int_on(b->xics, MSI2);
    xics_set_cppr(b->xics, 0, 0xff);
    while (b->level[0]) {
        uint32_t taken = xics_accept(b->xics, 0);

        got[(taken & 0xffffff) == MSI2]++;
        xics_eoi(b->xics, 0, taken);
    }
    g_assert_cmpuint(got[0], ==, sent[0]);
    g_assert_cmpuint(got[1], ==, sent[1]);
    g_assert_cmpuint(sent[0], >, 100);
}

/* ---- State ---- */

/* One interrupt presented, one rejected behind an IPI held back, one being served. */
static const char *const sections[] = {"ics", "icp/server", NULL};

static void make_busy(Bench *b)
{
    xics_set_xive(b->xics, MSI, 0, 5);
    xics_set_xive(b->xics, MSI2, 1, 5);
    xics_set_xive(b->xics, LSI, 2, 4);
    pulse(b, MSI);
    xics_set_cppr(b->xics, 1, 3);
    pulse(b, MSI2);
    xics_set_mfrr(b->xics, 1, 4);
    xics_set_source(b->xics, LSI, true);
    xics_accept(b->xics, 2);
}

static void check_busy(Bench *b)
{
    g_assert_cmpint(b->level[0], ==, 1);
    g_assert_cmpint(b->level[1], ==, 0);
    g_assert_cmpint(b->level[2], ==, 0);
    g_assert_cmphex(xics_accept(b->xics, 0), ==, 0xff000000 | MSI);
    xics_set_cppr(b->xics, 1, 0xff);
    g_assert_cmphex(xics_accept(b->xics, 1), ==, 0xff000000 | XICS_IPI);
    xics_set_mfrr(b->xics, 1, 0xff);
    xics_eoi(b->xics, 1, 0xff000000 | XICS_IPI);
    g_assert_cmphex(xics_accept(b->xics, 1), ==, 0xff000000 | MSI2);
    xics_eoi(b->xics, 2, 0xff000000 | LSI);
    g_assert_cmphex(xirr(b, 2), ==, 0xff000000 | LSI);
}

static void test_save_busy(Bench *b, gconstpointer data)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL, again = NULL;
    g_autofree uint8_t *longer = NULL;
    Bench other;
    gsize size;
    const void *bytes;

    g_assert_true(vmstate_check_description(xics_class.vmstate, &error));
    make_busy(b);
    saved = sections_save(sections, &error);
    g_assert_no_error(error);
    bytes = g_bytes_get_data(saved, &size);
    check_busy(b);
    detach(b);
    attach(&other);
    g_assert_true(sections_load(sections, bytes, size, &error));
    g_assert_no_error(error);
    again = sections_save(sections, &error);
    g_assert_true(g_bytes_equal(saved, again));
    check_busy(&other);
    /* Every shorter stream is refused, and a longer one. */
    for (gsize cut = 0; cut < size; cut++) {
        g_assert_false(sections_load(sections, bytes, cut, &error));
        g_clear_error(&error);
    }
    longer = g_malloc0(size + 1);
    memcpy(longer, bytes, size);
    g_assert_false(sections_load(sections, longer, size + 1, &error));
    g_clear_error(&error);
    detach(&other);
    attach(b);
}

/* Every byte of the stream changed in turn: refused, or loaded into something that still works. */
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
        memcpy(copy, bytes, size);
        copy[at] ^= 0xff;
        if (!sections_load(sections, copy, size, &error)) {
            g_assert_nonnull(error);
            g_clear_error(&error);
            refused++;
        }
        for (unsigned i = 0; i < N_SERVERS - 1; i++) {
            xics_set_cppr(b->xics, i, 0xff);
            xics_eoi(b->xics, i, xics_accept(b->xics, i));
        }
        xics_set_source(b->xics, LSI, true);
    }
    /* The count, and server numbers and kinds of sources that do not exist. */
    g_assert_cmpuint(refused, >=, 4 + N_SOURCES * 5);
}

#define ADD(name, fn) g_test_add("/xics/" name, Bench, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("reset-state", test_reset_state);
    ADD("accept-and-eoi", test_accept_and_eoi);
    ADD("spurious-accept", test_spurious_accept);
    ADD("priority", test_priority);
    ADD("preemption", test_preemption);
    ADD("ipi", test_ipi);
    ADD("servers", test_servers);
    ADD("level", test_level);
    ADD("level-rejected", test_level_rejected);
    ADD("masked", test_masked);
    ADD("masked-after-rejection", test_masked_after_rejection);
    ADD("moved-after-rejection", test_moved_after_rejection);
    ADD("unknown-sources", test_unknown_sources);
    ADD("nothing-lost", test_nothing_lost);
    ADD("save-busy", test_save_busy);
    ADD("damaged-stream", test_damaged_stream);
    return g_test_run();
}
