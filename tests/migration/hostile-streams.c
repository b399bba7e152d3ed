/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine of hostile-streams.h: its processors never run, it is made once and loaded again and
 * again.
 */
#include "hostile-streams.h"

#include <stdlib.h>
#include <string.h>
#include "test-spapr-golden.h"
#include "hw/core/cpu.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "migration/ram.h"
#include "migration/savevm.h"
#include "migration/wire.h"
#include "system/migration.h"
#include "system/rcu.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/internal.h"

/* Pages of RAM that are left in an own stream. */
#define PAGES_KEPT 6

/* ---- A stream of our own ---- */

/* Something in every subsection that can be there. */
static void make_busy(void)
{
    SpaprMachine *spapr = bench_machine();
    PowerPCCPU *cpu = bench_cpu(0);
    SpaprCpuState *state = spapr_cpu_state(cpu);

    spapr_powerdown_request(spapr);
    HCALL(0x45c, 0x102, 2, 3600000);
    CLIENT("claim", 0x08000000, 0x10000, 0);
    CLIENT("open", bench_text(BENCH_FREE + 0x3000, "/cpus"));
    spapr->fwnmi_registered = true;
    spapr->fwnmi_mce_addr = 0x1000;
    state->vpa_addr = state->slb_shadow_addr = state->dtl_addr = 0x10000;
    state->slb_shadow_size = state->dtl_size = 0x1000;
    state->prod = true;
    cpu->env.purr_offset = 5;
    cpu->parent.crash_occurred = true;
    ppc_set_pending(&cpu->env, PPC_INTERRUPT_DOORBELL, true);
    if (spapr->xics) {
        xics_set_cppr((XicsState *)spapr->xics, 0, 0xff);
        xics_set_mfrr((XicsState *)spapr->xics, 0, 4);
    }
    if (spapr->xive) {
        XiveState *xive = (XiveState *)spapr->xive;
        XiveQueue queue = {.address = BENCH_FREE, .size_shift = 16, .always_notify = true};
        XiveRouting routing = {.server = 0, .priority = 5, .data = 3};

        xive_set_queue(xive, 0, 5, &queue);
        xive_set_routing(xive, 0, &routing);
        xive_set_reporting_line(xive, 0, 0x20000);
    }
    /* A DMA window of 16 entries instead of the usual 2 MiB. */
    RTAS(RTAS_IBM_REMOVE_PE_DMA_WINDOW, NULL, 1, 0x80000000);
    RTAS(RTAS_IBM_CREATE_PE_DMA_WINDOW, NULL, 4, 0, 0x08000000, 0x20000000, 12, 16);
}

/* RAM's last part without most of its pages. */
static GBytes *without_pages(GBytes *full)
{
    gsize size;
    const uint8_t *data = g_bytes_get_data(full, &size), *at = data, *end = data + size;
    GByteArray *out = g_byte_array_new();
    unsigned pages = 0;
    uint32_t number = state_registry_find(runtime_state_registry(), "ram", 0)->section_id;

    /* Its head follows another section's footer: kind, number; and its records. */
    for (at += 5; !(at[-5] == STATE_SECTION_FOOTER && at[0] == STATE_SECTION_END &&
                    ldl_be_p(at + 1) == number);
         at++) {
        g_assert(at + 16 < end);
    }
    at += 5;
    g_byte_array_append(out, data, (guint)(at - data));
    for (;;) {
        uint64_t head = ldq_be_p(at);
        const uint8_t *start = at;

        at += 8;
        if (head & RAM_SAVE_FLAG_EOS) {
            g_byte_array_append(out, start, (guint)(end - start));
            g_bytes_unref(full);
            return g_byte_array_free_to_bytes(out);
        }
        if (!(head & RAM_SAVE_FLAG_CONTINUE)) {
            at += 1 + at[0];
        }
        at += head & RAM_SAVE_FLAG_ZERO ? 1 : RAM_PAGE_SIZE;
        if (pages++ < PAGES_KEPT) {
            g_byte_array_append(out, start, (guint)(at - start));
        }
    }
}

static void begin_own(Hostile *h, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ":", 3);
    GError *error = NULL;

    bench_start_smp(words[0], words[1], true, words[2]);
    make_busy();
    h->stream = without_pages(bench_save_stream(&error));
    g_assert_no_error(error);
}

static void begin_golden(Hostile *h, const char *path)
{
    GoldenFile golden;

    bench_set_memory("512M");
    bench_start_golden(&golden, path);
    h->stream = g_bytes_new(golden.body, golden.size);
}

/* ---- Where its sections are ---- */

static bool load_body(StateStream *s, const StateEntry *entry, int version, GError **errp)
{
    return entry->vmsd ? vmstate_load(s, entry->vmsd, entry->opaque, version, errp)
                       : entry->handlers->load(s, entry->opaque, version, errp);
}

static void each_handler(bool begin)
{
    const GPtrArray *entries = state_registry_entries(runtime_state_registry());

    for (guint i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);

        if (!entry->handlers) {
            continue;
        }
        if (begin && entry->handlers->load_setup) {
            g_assert_true(entry->handlers->load_setup(entry->opaque, NULL));
        }
        if (!begin && entry->handlers->load_cleanup) {
            entry->handlers->load_cleanup(entry->opaque);
        }
    }
}

/* The good stream is walked as the loader does. */
static void find_parts(Hostile *h)
{
    StateStream *s = state_stream_new_reader(h->data, h->size);
    g_autoptr(GHashTable) numbers = g_hash_table_new(NULL, NULL);
    GError *error = NULL;

    h->parts = g_array_new(FALSE, TRUE, sizeof(HostilePart));
    g_free(state_read_head(s, migration_config(), &error));
    g_assert_no_error(error);
    each_handler(true);
    for (;;) {
        HostilePart part = {.head = state_stream_position(s)};
        uint8_t kind = state_get_byte(s);
        uint32_t number;
        char name[256];

        if (kind == STATE_SECTION_EOF) {
            break;
        }
        number = state_get_be32(s);
        if (kind == STATE_SECTION_START || kind == STATE_SECTION_FULL) {
            state_get_counted_string(s, name);
            part.entry = state_registry_find(runtime_state_registry(), name, state_get_be32(s));
            part.version = (int)state_get_be32(s);
            g_hash_table_insert(numbers, GUINT_TO_POINTER(number),
                                GUINT_TO_POINTER(h->parts->len + 1));
        } else {
            guint i = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, GUINT_TO_POINTER(number)));

            g_assert_cmpuint(i, >, 0);
            part.entry = g_array_index(h->parts, HostilePart, i - 1).entry;
            part.version = g_array_index(h->parts, HostilePart, i - 1).version;
        }
        if (!part.entry) {
            g_error("this machine has no section '%s'", name);
        }
        part.body = state_stream_position(s);
        if (!load_body(s, part.entry, part.version, &error)) {
            g_error("%s: %s", part.entry->idstr, error->message);
        }
        part.end = state_stream_position(s);
        g_assert_cmpint(state_get_byte(s), ==, STATE_SECTION_FOOTER);
        g_assert_cmpuint(state_get_be32(s), ==, number);
        g_array_append_val(h->parts, part);
    }
    h->description = state_stream_position(s);
    each_handler(false);
    state_stream_free(s);
}

void hostile_begin(Hostile *h, const char *text)
{
    memset(h, 0, sizeof(*h));
    bench_with_migration();
    if (g_str_has_prefix(text, "own:")) {
        begin_own(h, text + 4);
    } else {
        begin_golden(h, text);
    }
    h->data = g_bytes_get_data(h->stream, &h->size);
    find_parts(h);
    hostile_restore(h);
}

void hostile_restore(Hostile *h)
{
    g_autoptr(GError) error = NULL;

    system_reset(SHUTDOWN_CAUSE_SNAPSHOT_LOAD);
    if (!bench_load_stream(h->data, h->size, &error)) {
        g_error("the good stream: %s", error->message);
    }
}

bool hostile_load(const Hostile *h, const HostilePart *part, const void *data, gsize size,
                  char **text)
{
    GError *error = NULL;
    bool ok;

    if (!part) {
        ok = bench_load_stream(data, size, &error);
    } else {
        StateStream *s = state_stream_new_reader(data, size);

        each_handler(true);
        ok = load_body(s, part->entry, part->version, &error);
        each_handler(false);
        state_stream_free(s);
    }
    /* As the main loop would: tables that were replaced. */
    rcu_reclaim();
    /* An error or success, not both and not neither. */
    g_assert_true(ok == !error);
    *text = error ? g_strdup(error->message) : NULL;
    g_clear_error(&error);
    return ok;
}

void hostile_use(const Hostile *h)
{
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GString) out = g_string_new(NULL);
    uint8_t byte;
    PPCTranslation t;

    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = bench_cpu(i);

        cpu_dump_state(&cpu->parent, out, CPU_DUMP_ALL);
        if (cpu->parent.ops->dump_mmu) {
            cpu->parent.ops->dump_mmu(&cpu->parent, out);
        }
        cpu_memory_rw_debug(&cpu->parent, cpu->env.nip, &byte, 1, false);
        ppc_translate(cpu, cpu->env.gpr[1], ACCESS_STORE, 2, true, &t);
        ppc_get_decr(&cpu->env);
        ppc_cpu_has_work(&cpu->parent);
    }
    spapr_irq_print(spapr, out);
    for (uint64_t opcode = 0x64; opcode <= 0x74; opcode += 4) {
        HCALL(opcode, 0xff000002, 0, 0);         /* EOI, CPPR, IPI, IPOLL, XIRR */
    }
    for (uint64_t opcode = 0x3a8; opcode <= 0x3cc; opcode += 4) {
        HCALL(opcode, 0, 1, 5, 0);               /* H_INT_* but RESET */
    }
    HCALL(0x20, 0x80000000, 0x3000, 0x123003);   /* PUT_TCE */
    HCALL(0x1c, 0x80000000, 0x3000);             /* GET_TCE */
    HCALL(0x04, 0, 8, 1, 0);                     /* H_REMOVE, H_READ of the hash table */
    HCALL(0x0c, 0, 8);
    RTAS(RTAS_EVENT_SCAN, NULL, 1, 0x40000000, 0, BENCH_FREE + 0x10000, 2048);
    CLIENT("finddevice", bench_text(BENCH_FREE + 0x3000, "/chosen"));
    CLIENT("claim", 0, 0x1000, 0x1000);
    for (guint i = 0; i < h->parts->len; i++) {
        const HostilePart *part = &g_array_index(h->parts, HostilePart, i);

        if (part->entry->vmsd && strcmp(part->entry->idstr, "spapr_iommu")) {
            GBytes *bytes = vmstate_save_to_bytes(part->entry->vmsd, part->entry->opaque, NULL);

            g_clear_pointer(&bytes, g_bytes_unref);
        }
    }
}

void hostile_end(Hostile *h)
{
    g_array_unref(h->parts);
    g_bytes_unref(h->stream);
    bench_stop();
}
