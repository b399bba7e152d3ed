/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole machines as streams: what has been saved and loaded is the same again, also in a process whose
 * machine was in another state meanwhile, and interrupts that were on their way are still on their way.
 *
 * test-machine-state IC-MODE
 */
#include <string.h>
#include "test-spapr-bench.h"
#include "hw/core/internal.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "target/ppc/internal.h"

static const char *mode;

static GBytes *save(void)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bench_save_stream(&error);

    g_assert_no_error(error);
    return bytes;
}

static void load(GBytes *saved)
{
    g_autoptr(GError) error = NULL;
    gsize size;
    const void *data = g_bytes_get_data(saved, &size);

    bench_load_stream(data, size, &error);
    g_assert_no_error(error);
}

static bool external(unsigned i)
{
    return ppc_is_pending(&bench_cpu(i)->env, PPC_INTERRUPT_EXT);
}

/* A guest that has chosen its interrupt controller. */
static void choose(bool xive)
{
    SpaprMachine *spapr = bench_machine();

    ovec_set(&spapr->ov5_cas, 5, 0);
    if (xive) {
        ovec_set(&spapr->ov5_cas, OV5_XIVE_EXPLOIT);
    }
    spapr->cas_done = true;
    spapr_irq_select(spapr, xive);
}

static void xics_interrupt(void)
{
    XicsState *xics = (XicsState *)bench_machine()->xics;

    xics_set_cppr(xics, 1, 0xff);
    xics_set_mfrr(xics, 1, 5);
}

static void xive_interrupt(void)
{
    XiveState *xive = (XiveState *)bench_machine()->xive;
    XiveQueue queue = {.address = BENCH_FREE, .size_shift = 12, .always_notify = true};
    XiveRouting routing = {.server = 1, .priority = 6, .data = 77};
    uint64_t cppr = XIVE_TM_BASE + ((uint64_t)XIVE_TM_OS_PAGE << XIVE_TM_SHIFT) + 0x11;
    MemTxResult result;

    xive_set_queue(xive, 1, 6, &queue);
    xive_set_routing(xive, 1, &routing);
    xive_esb_load(xive, 1, 0xc00);
    cpu_set_current(&bench_cpu(1)->parent);
    address_space_stn_be(address_space_memory(), cppr, 1, 0xff, MEMTXATTRS_UNSPECIFIED, &result);
    cpu_set_current(&bench_cpu(0)->parent);
    g_assert_cmpint(result, ==, MEMTX_OK);
    xive_esb_store(xive, 1, 0, 0);
}

static void test_pending(gconstpointer data)
{
    bool xive = GPOINTER_TO_INT(data);
    g_autoptr(GBytes) saved = NULL;

    system_reset(SHUTDOWN_CAUSE_NONE);
    choose(xive);
    (xive ? xive_interrupt : xics_interrupt)();
    g_assert_true(external(1));
    g_assert_false(external(0));
    saved = save();
    system_reset(SHUTDOWN_CAUSE_SNAPSHOT_LOAD);
    g_assert_false(external(1));
    load(saved);
    /* Neither controller may take away what the other drives. */
    g_assert_true(external(1));
    g_assert_false(external(0));
    /* A machine with nothing pending, loaded over one with something. */
    system_reset(SHUTDOWN_CAUSE_SNAPSHOT_LOAD);
    choose(xive);
    g_clear_pointer(&saved, g_bytes_unref);
    saved = save();
    (xive ? xive_interrupt : xics_interrupt)();
    g_assert_true(external(1));
    load(saved);
    g_assert_false(external(1));
}

/* What a stream does not mention is not what it was before loading. */
static void test_left_out(void)
{
    PowerPCCPU *cpu = bench_cpu(1);
    g_autoptr(GBytes) saved = NULL;
    uint64_t patb;

    system_reset(SHUTDOWN_CAUSE_NONE);
    patb = bench_machine()->patb_entry;
    saved = save();
    cpu->parent.crash_occurred = true;
    cpu->env.tgpr[2] = 1;
    cpu->env.purr_offset = 99;
    cpu->checkstopped = true;
    cpu->compat_pvr = 0x0f000003;
    ppc_set_pending(&cpu->env, PPC_INTERRUPT_DOORBELL, true);
    spapr_cpu_state(cpu)->prod = true;
    spapr_cpu_state(cpu)->vpa_addr = 0x1000;
    bench_machine()->patb_entry = 0x8000000000001000ull;
    bench_machine()->fwnmi_registered = true;
    load(saved);
    g_assert_false(cpu->parent.crash_occurred);
    g_assert_cmpuint(cpu->env.tgpr[2], ==, 0);
    g_assert_cmpint(cpu->env.purr_offset, ==, 0);
    g_assert_false(cpu->checkstopped);
    g_assert_cmphex(cpu->compat_pvr, ==, 0);
    g_assert_false(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DOORBELL));
    g_assert_false(spapr_cpu_state(cpu)->prod);
    g_assert_cmphex(spapr_cpu_state(cpu)->vpa_addr, ==, 0);
    g_assert_cmphex(bench_machine()->patb_entry, ==, patb);
    g_assert_false(bench_machine()->fwnmi_registered);
}

/* A stream from a machine that lacks a device of ours, or has fewer processors. */
static void test_section_missing(void)
{
    g_autoptr(GBytes) saved = save();
    gsize size;
    const uint8_t *data = g_bytes_get_data(saved, &size), *at;
    g_autofree uint8_t *copy = g_memdup2(data, size);
    g_autoptr(GError) error = NULL;

    /* The byte before the section's number says what comes: the end. */
    at = memmem(data, size, "\x09spapr/rtc", 10);
    g_assert_nonnull(at);
    g_assert_cmpint(at[-5], ==, STATE_SECTION_FULL);
    copy[at - 5 - data] = STATE_SECTION_EOF;
    g_assert_false(bench_load_stream(copy, size, &error));
    g_assert_nonnull(strstr(error->message, "'spapr/rtc'"));
    g_assert_nonnull(strstr(error->message, "missing"));
    load(saved);
}

int main(int argc, char **argv)
{
    g_autofree char *options = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    mode = argc > 1 ? argv[1] : "dual";
    options = g_strconcat("pseries,ic-mode=", mode, NULL);
    bench_with_migration();
    bench_start(options, "power9", false);
    if (strcmp(mode, "xive")) {
        g_test_add_data_func("/machine-state/pending/xics", GINT_TO_POINTER(false), test_pending);
    }
    if (strcmp(mode, "xics")) {
        g_test_add_data_func("/machine-state/pending/xive", GINT_TO_POINTER(true), test_pending);
    }
    g_test_add_func("/machine-state/left-out", test_left_out);
    g_test_add_func("/machine-state/section-missing", test_section_missing);
    result = g_test_run();
    bench_stop();
    return result;
}
