/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that the audit of state needs to know, as JSON on standard output: all descriptions
 * that are registered in a machine or named by a device class, and the layouts of their structs as
 * the debug information of a program has them.  coverage.py judges it.
 *
 * dump-state PROGRAM: the emulator, built from the same libraries as this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/app.h"
#include "dump-layout.h"
#include "hw/core/base-state.h"
#include "hw/pci/pci-bridge.h"
#include "hw/ppc/mac-firmware.h"
#include "system/migration.h"
#include "system/runtime.h"
#include "test-spapr-bench.h"

typedef struct Dump {
    GHashTable *seen;        /* description -> number + 1 */
    json_t *rows, *wanted;
} Dump;

static json_t *names(const char *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++) {
        json_array_append_new(array, json_string(*list));
    }
    return array;
}

static int dump_description(Dump *dump, const VMStateDescription *vmsd);

static json_t *descriptions(Dump *dump, const VMStateDescription *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++) {
        json_array_append_new(array, json_integer(dump_description(dump, *list)));
    }
    return array;
}

/* What the field's bytes are, as a word. */
static const char *kind_of(const VMStateField *field)
{
    const uint32_t counted =
        VMS_VARRAY_INT32 | VMS_VARRAY_UINT8 | VMS_VARRAY_UINT16 | VMS_VARRAY_UINT32;

    if (field->flags & VMS_MUST_EXIST || field->info == &vmstate_info_unused_buffer ||
        field->info == &vmstate_info_tmp ||
        (field->info && field->info->part_size == VMSTATE_NO_PART)) {
        return "nothing";
    }
    if (field->flags & VMS_POINTER) {
        return "pointer";
    }
    if (field->info == &vmstate_info_qtailq || field->info == &vmstate_info_gtree ||
        field->info == &vmstate_info_garray || field->flags & counted) {
        return "member";
    }
    return "elements";
}

static json_t *dump_field(Dump *dump, const VMStateField *field)
{
    size_t part = field->info && field->info->part_size ? field->info->part_size : 0;
    bool pointers = field->flags & VMS_ARRAY_OF_POINTER;
    json_t *row = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:b}", "name", field->name, "kind", kind_of(field), "offset",
        (json_int_t)field->offset, "size", (json_int_t)(pointers ? sizeof(void *) : field->size),
        "count", (json_int_t)(field->flags & VMS_ARRAY ? field->num : 1), "pointers", pointers);

    if (part && part != VMSTATE_NO_PART) {
        json_object_set_new(row, "part", json_pack("[I, I]", (json_int_t)field->info->part_offset,
                                                   (json_int_t)part));
    }
    if (field->vmsd) {
        json_object_set_new(row, "description", json_integer(dump_description(dump, field->vmsd)));
        json_object_set_new(row, "struct", json_boolean(field->flags & VMS_STRUCT));
    }
    return row;
}

/* The number of its row. */
static int dump_description(Dump *dump, const VMStateDescription *vmsd)
{
    int number = GPOINTER_TO_INT(g_hash_table_lookup(dump->seen, vmsd)) - 1;
    json_t *row, *fields;

    if (number >= 0) {
        return number;
    }
    row = json_object();
    number = (int)json_array_size(dump->rows);
    json_array_append_new(dump->rows, row);
    g_hash_table_insert(dump->seen, (gpointer)vmsd, GINT_TO_POINTER(number + 1));
    json_object_set_new(row, "name", json_string(vmsd->name));
    if (vmsd->struct_name) {
        json_object_set_new(row, "struct", json_string(vmsd->struct_name));
        json_object_set_new(row, "size", json_integer((json_int_t)vmsd->struct_size));
        if (!json_object_get(dump->wanted, vmsd->struct_name)) {
            json_object_set_new(dump->wanted, vmsd->struct_name, json_array());
        }
    }
    json_object_set_new(row, "pre_load", json_boolean(vmsd->pre_load != NULL));
    json_object_set_new(row, "post_load", json_boolean(vmsd->post_load != NULL));
    json_object_set_new(row, "needed", json_boolean(vmsd->needed != NULL));
    json_object_set_new(row, "derived", names(vmsd->derived));
    json_object_set_new(row, "immutable", names(vmsd->immutable));
    json_object_set_new(row, "host_only", names(vmsd->host_only));
    json_object_set_new(row, "elsewhere", names(vmsd->elsewhere));
    json_object_set_new(row, "aliases", names(vmsd->aliases));
    fields = json_array();
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        json_array_append_new(fields, dump_field(dump, field));
    }
    json_object_set_new(row, "fields", fields);
    json_object_set_new(row, "subsections", descriptions(dump, vmsd->subsections));
    json_object_set_new(row, "parts", descriptions(dump, vmsd->parts));
    return number;
}

static json_t *dump_sections(Dump *dump)
{
    const GPtrArray *entries = state_registry_entries(runtime_state_registry());
    json_t *sections = json_array();

    for (guint i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);

        json_array_append_new(sections, entry->vmsd ? json_pack("{s:s, s:i}", "name", entry->idstr,
                                                                "description",
                                                                dump_description(dump, entry->vmsd))
                                                    : json_pack("{s:s}", "name", entry->idstr));
    }
    return sections;
}

static json_t *dump_classes(Dump *dump)
{
    g_autoptr(GPtrArray) list = device_class_list();
    json_t *classes = json_array();

    for (guint i = 0; i < list->len; i++) {
        const DeviceClass *class = g_ptr_array_index(list, i);
        const VMStateDescription *vmsd = device_class_vmstate(class);
        json_t *row = json_pack("{s:s, s:I, s:b}", "name", class->name, "size",
                                (json_int_t)class->instance_size, "abstract", class->abstract);

        if (vmsd) {
            json_object_set_new(row, "description", json_integer(dump_description(dump, vmsd)));
        }
        json_array_append_new(classes, row);
    }
    return classes;
}

int main(int argc, char **argv)
{
    static const VMStateDescription *const bases[] = {&vmstate_object_base, &vmstate_device_base,
                                                      &vmstate_bus_base, &vmstate_machine_base,
                                                      &vmstate_mac_firmware,
                                                      /* That no device has yet. */
                                                      &vmstate_pci_bridge,
#ifdef CONFIG_SLIRP
                                                      &app_vmstate_slirp,
#endif
                                                      NULL};
    Dump dump = {
        .seen = g_hash_table_new(NULL, NULL), .rows = json_array(), .wanted = json_object()};
    json_t *root = json_object();
    GError *error = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: dump-state PROGRAM\n");
        return 2;
    }
    bench_start("pseries,ic-mode=dual", "power9", false);
    app_register_classes(true);
    if (!migration_init(&error) || !migration_machine_created("pseries", &error)) {
        g_error("%s", error->message);
    }
    json_object_set_new(root, "sections", dump_sections(&dump));
    json_object_set_new(root, "classes", dump_classes(&dump));
    json_object_set_new(root, "bases", descriptions(&dump, bases));
    json_object_set_new(root, "descriptions", dump.rows);
    json_object_set_new(root, "structs", dump.wanted);
    if (!layout_read(argv[1], dump.wanted)) {
        fprintf(stderr, "dump-state: %s has no debug information\n", argv[1]);
        return 1;
    }
    json_dumpf(root, stdout, JSON_INDENT(1));
    json_decref(root);
    g_hash_table_unref(dump.seen);
    bench_stop();
    return 0;
}
