/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole machines as streams: what has been saved and loaded is the same again, also in a process
 * whose machine was in another state meanwhile; interrupts that were on their way are still on
 * their way; and members that descriptions call derived are set by loading.
 *
 * test-machine-state IC-MODE
 */
#include <string.h>
#include "../migration/dump-layout.h"
#include "test-spapr-bench.h"
#include "hw/core/internal.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"
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

/* ---- Derived members ---- */

#define SCRIBBLE 0x5a

/* These go on with the clock. */
static const char *const moving[] = {
    "env.decr_deadline_tb", "env.icount_base", "env.pmu_base_ns", "env.pmu_base_tb",
    "env.pmu_kinds",        "rtc_offset_ns",   "tb_left_ns",      NULL};
/* Written when they are used: a cache's entries behind its count, a watchpoint's place without a
 * length. */
static const char *const unused[] = {"noted", "watch_addr", "watch_flags", NULL};

/* A member's row by its name in a list. */
static json_t *find_member(json_t *members, const char *name, uint64_t *offset)
{
    const char *dot = strchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : strlen(name), i;
    json_t *row;

    json_array_foreach(members, i, row) {
        const char *this = json_string_value(json_object_get(row, "name"));

        if (strlen(this) == length && !strncmp(this, name, length)) {
            *offset += (uint64_t)json_integer_value(json_object_get(row, "offset"));
            return dot ? find_member(json_object_get(row, "members"), dot + 1, offset) : row;
        }
    }
    return NULL;
}

typedef struct Derived {
    const char *name;
    uint8_t *at;
    uint64_t size;
    uint8_t *before;
} Derived;

static void collect_derived(const VMStateDescription *vmsd, void *opaque, json_t *layout,
                            GArray *out)
{
    for (const char *const *name = vmsd->derived; name && *name; name++) {
        Derived d = {.name = *name};
        uint64_t offset = 0;
        json_t *row = find_member(json_object_get(layout, "members"), *name, &offset);

        g_assert_nonnull(row);
        /* Memory of its own, and parts of an array's elements: not here. */
        if (json_object_get(row, "pointer") || json_object_get(row, "members") ||
            g_strv_contains(unused, *name) || g_str_has_prefix(*name, "env.slb.")) {
            continue;
        }
        d.at = (uint8_t *)opaque + offset;
        d.size = (uint64_t)json_integer_value(json_object_get(row, "size"));
        d.before = g_memdup2(d.at, d.size);
        g_array_append_val(out, d);
    }
}

/* Whatever derived members hold before loading, they hold what follows from the stream after it. */
static void test_derived(void)
{
    const GPtrArray *entries = state_registry_entries(runtime_state_registry());
    g_autoptr(GArray) derived = g_array_new(FALSE, TRUE, sizeof(Derived));
    json_t *wanted = json_object();
    g_autoptr(GBytes) saved = NULL;

    system_reset(SHUTDOWN_CAUSE_NONE);
    saved = save();
    load(saved);
    for (guint i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);

        if (entry->vmsd && entry->vmsd->struct_name) {
            json_object_set_new(wanted, entry->vmsd->struct_name, json_array());
        }
    }
    if (!layout_read("/proc/self/exe", wanted)) {
        g_test_skip("no debug information");
        json_decref(wanted);
        return;
    }
    for (guint i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);

        if (entry->vmsd && entry->vmsd->struct_name) {
            json_t *layouts = json_object_get(wanted, entry->vmsd->struct_name);

            g_assert_cmpuint(json_array_size(layouts), ==, 1);
            collect_derived(entry->vmsd, entry->opaque, json_array_get(layouts, 0), derived);
        }
    }
    g_assert_cmpuint(derived->len, >, 60);
    for (guint i = 0; i < derived->len; i++) {
        Derived *d = &g_array_index(derived, Derived, i);

        memset(d->at, d->size == 1 ? 1 : SCRIBBLE, d->size);
    }
    load(saved);
    for (guint i = 0; i < derived->len; i++) {
        Derived *d = &g_array_index(derived, Derived, i);
        g_autofree uint8_t *scribble = g_malloc(d->size);

        memset(scribble, SCRIBBLE, d->size);
        if (g_strv_contains(moving, d->name) ? !memcmp(d->at, scribble, d->size)
                                             : memcmp(d->at, d->before, d->size)) {
            g_test_message("%s is called derived, but loading does not set it", d->name);
            g_test_fail();
        }
        g_free(d->before);
    }
    json_decref(wanted);
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
    g_test_add_func("/machine-state/derived", test_derived);
    g_test_add_func("/machine-state/left-out", test_left_out);
    g_test_add_func("/machine-state/section-missing", test_section_missing);
    result = g_test_run();
    bench_stop();
    return result;
}
