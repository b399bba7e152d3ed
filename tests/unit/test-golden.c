/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's sections in our devices: each section of a stream that QEMU sent is loaded into a machine
 * of the same command line and saved again in the same dialect.  The bytes must come out as they
 * went in, but for the fields of a list, and the order of sections must be QEMU's.
 *
 * test-golden FILE: made by tests/migration/split-golden.py.
 */
#include <stdlib.h>
#include <string.h>
#include "test-spapr-golden.h"
#include "migration/wire.h"
#include "system/runstate.h"
#include "system/runtime.h"

/* Bytes that may differ, with the reason. */
typedef struct Exempt {
    const char *name;
    const char *dialect;     /* NULL: both */
    gsize offset, size;
} Exempt;

#define CPU_SPR(n) (8 + 32 * 8 + 8 * 4 + 8 + (n) * 8)
#define CPU_MSR (CPU_SPR(1024) + 16)

static const Exempt exempt[] = {
    {"timer", NULL, 0, 8},                     /* host cycles */
    {"spapr", NULL, 0, 16},                    /* the moment of saving */
    {"cpu", "qemu-7.2", CPU_SPR(22), 8},       /* DEC: 7.2 sends 0; we what it is */
    {"cpu", "qemu-7.2", CPU_SPR(256), 4},      /* VRSAVE has 32 bits */
    {"cpu", NULL, CPU_SPR(849), 8},            /* VTB runs */
    {NULL},
};

static const Exempt *exempted(const char *name, const char *dialect, gsize at)
{
    for (const Exempt *e = exempt; e->name; e++) {
        if (!strcmp(e->name, name) && (!e->dialect || !strcmp(e->dialect, dialect)) &&
            at >= e->offset && at < e->offset + e->size) {
            return e;
        }
    }
    return NULL;
}

typedef struct Section {
    char *name;
    uint32_t instance, version;
    const uint8_t *data;
    gsize size;
    StateEntry *entry;
} Section;

static GArray *sections;
static char *dialect;

static void read_sections(const char *at, const char *end)
{
    sections = g_array_new(FALSE, TRUE, sizeof(Section));
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        g_autofree char *line = g_strndup(at, (gsize)(line_end - at));
        g_auto(GStrv) words = g_strsplit(line, " ", 4);
        Section s = {
            .name = g_strdup(words[0]),
            .instance = (uint32_t)strtoul(words[1], NULL, 10),
            .version = (uint32_t)strtoul(words[2], NULL, 10),
            .data = (const uint8_t *)line_end + 1,
            .size = strtoul(words[3], NULL, 10),
        };

        g_array_append_val(sections, s);
        at = line_end + 1 + s.size;
    }
}

static void test_load(void)
{
    for (guint i = 0; i < sections->len; i++) {
        Section *s = &g_array_index(sections, Section, i);
        g_autoptr(GError) error = NULL;

        s->entry = state_registry_find(runtime_state_registry(), s->name, s->instance);
        if (!s->entry) {
            if (strcmp(s->name, "globalstate")) {
                g_error("no section '%s' number %u", s->name, s->instance);
            }
            continue;
        }
        g_assert_cmpint((int)s->version, ==, s->entry->version_id);
        vmstate_load_from_bytes(s->entry->vmsd, s->entry->opaque, s->data, s->size, (int)s->version,
                                &error);
        if (error) {
            g_error("%s: %s", s->name, error->message);
        }
    }
}

static void compare(const Section *s, GBytes *bytes)
{
    gsize size;
    const uint8_t *ours = g_bytes_get_data(bytes, &size);
    unsigned differ = 0;

    g_assert_cmpuint(size, ==, s->size);
    for (gsize at = 0; at < size; at++) {
        if (ours[at] != s->data[at] && !exempted(s->name, dialect, at)) {
            if (differ++ < 20) {
                g_test_message("%s: byte %zu is %02x, QEMU's %02x", s->name, at, ours[at],
                               s->data[at]);
            }
        }
    }
    if (differ) {
        g_test_message("%s number %u: %u bytes differ", s->name, s->instance, differ);
        g_test_fail();
    }
}

static void test_save(void)
{
    for (guint i = 0; i < sections->len; i++) {
        const Section *s = &g_array_index(sections, Section, i);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = NULL;

        if (s->entry) {
            g_assert_true(vmstate_section_needed(s->entry->vmsd, s->entry->opaque));
            bytes = vmstate_save_to_bytes(s->entry->vmsd, s->entry->opaque, &error);
            g_assert_no_error(error);
            compare(s, bytes);
        }
    }
}

/* Our sections come in QEMU's order, and there is none that QEMU does not have. */
static void test_order(void)
{
    const GPtrArray *entries = state_registry_entries(runtime_state_registry());
    guint at = 0;

    for (guint i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);

        if (!entry->vmsd || !vmstate_section_needed(entry->vmsd, entry->opaque)) {
            continue;
        }
        while (at < sections->len && !g_array_index(sections, Section, at).entry) {
            at++;
        }
        g_assert_cmpuint(at, <, sections->len);
        g_assert_cmpstr(entry->idstr, ==, g_array_index(sections, Section, at).name);
        g_assert_cmpuint(entry->instance_id, ==, g_array_index(sections, Section, at).instance);
        at++;
    }
}

/* In our own dialect a stream of QEMU's loads just as well, and comes back from it. */
static void test_own(void)
{
    StateRegistry *registry = runtime_state_registry();
    VMStateWire wire = state_registry_wire(registry);

    for (guint i = 0; i < sections->len; i++) {
        const Section *s = &g_array_index(sections, Section, i);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = NULL;
        gsize size;
        const void *data;

        if (!s->entry) {
            continue;
        }
        state_registry_set_wire(registry, VMSTATE_WIRE_OWN);
        bytes = vmstate_save_to_bytes(s->entry->vmsd, s->entry->opaque, &error);
        g_assert_no_error(error);
        data = g_bytes_get_data(bytes, &size);
        vmstate_load_from_bytes(s->entry->vmsd, s->entry->opaque, data, size, s->entry->version_id,
                                &error);
        g_assert_no_error(error);
        state_registry_set_wire(registry, wire);
    }
    test_save();
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    GoldenFile golden;
    VMStateWire wire;
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    if (argc != 2) {
        g_error("test-golden FILE");
    }
    bench_start_golden(&golden, argv[1]);
    dialect = golden.dialect;
    read_sections((const char *)golden.body, (const char *)golden.body + golden.size);
    g_assert_true(vmstate_wire_parse(dialect, &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    g_test_add_func("/golden/load", test_load);
    g_test_add_func("/golden/save", test_save);
    g_test_add_func("/golden/order", test_order);
    g_test_add_func("/golden/own", test_own);
    result = g_test_run();
    bench_stop();
    return result;
}
