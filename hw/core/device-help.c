/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listings: -device help, -device NAME,help and info qtree.
 */
#include <inttypes.h>
#include <string.h>
#include "internal.h"
#include "util/error.h"
#include "util/options.h"

static const char *const category_titles[DEVICE_CATEGORY_COUNT] = {
    [DEVICE_CATEGORY_BRIDGE] = "Controller/Bridge/Hub devices",
    [DEVICE_CATEGORY_USB] = "USB devices",
    [DEVICE_CATEGORY_STORAGE] = "Storage devices",
    [DEVICE_CATEGORY_NETWORK] = "Network devices",
    [DEVICE_CATEGORY_INPUT] = "Input devices",
    [DEVICE_CATEGORY_DISPLAY] = "Display devices",
    [DEVICE_CATEGORY_SOUND] = "Sound devices",
    [DEVICE_CATEGORY_MISC] = "Misc devices",
    [DEVICE_CATEGORY_CPU] = "CPU devices",
    [DEVICE_CATEGORY_WATCHDOG] = "Watchdog devices",
};

/* The order of the listing. */
static const DeviceCategory category_order[] = {
    DEVICE_CATEGORY_BRIDGE,   DEVICE_CATEGORY_USB,   DEVICE_CATEGORY_STORAGE,
    DEVICE_CATEGORY_NETWORK,  DEVICE_CATEGORY_INPUT, DEVICE_CATEGORY_DISPLAY,
    DEVICE_CATEGORY_SOUND,    DEVICE_CATEGORY_MISC,  DEVICE_CATEGORY_CPU,
    DEVICE_CATEGORY_WATCHDOG,
};

char *device_help_all(void)
{
    GString *out = g_string_new(NULL);
    GPtrArray *classes = device_class_list();

    for (unsigned c = 0; c < G_N_ELEMENTS(category_order); c++) {
        bool title = false;

        for (unsigned i = 0; i < classes->len; i++) {
            const DeviceClass *class = g_ptr_array_index(classes, i);
            const BusClass *bus = device_class_bus(class);

            if (class->category != category_order[c] || class->abstract || !class->user_creatable) {
                continue;
            }
            if (!title) {
                g_string_append_printf(out, "%s%s:\n", out->len ? "\n" : "",
                                       category_titles[category_order[c]]);
                title = true;
            }
            g_string_append_printf(out, "name \"%s\"", class->name);
            if (bus) {
                g_string_append_printf(out, ", bus %s", bus->name);
            }
            if (class->description) {
                g_string_append_printf(out, ", desc \"%s\"", class->description);
            }
            g_string_append_c(out, '\n');
        }
    }
    g_ptr_array_unref(classes);
    return g_string_free(out, false);
}

static void add_property(const Property *prop, void *opaque)
{
    g_ptr_array_add(opaque, (gpointer)prop);
}

static int compare_properties(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Property *const *)a)->name, (*(const Property *const *)b)->name);
}

char *device_help_class(const char *name, GError **errp)
{
    const DeviceClass *class = device_class_by_name(name);
    GPtrArray *properties;
    GString *out;

    if (!class) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "'%s' is not a valid device model name", name);
        return NULL;
    }
    out = g_string_new(NULL);
    properties = g_ptr_array_new();
    object_class_foreach_property(&class->object, add_property, properties);
    g_ptr_array_sort(properties, compare_properties);
    g_string_append_printf(
        out, properties->len ? "%s options:\n" : "There are no options for %s.\n", class->name);
    for (unsigned i = 0; i < properties->len; i++) {
        const Property *prop = g_ptr_array_index(properties, i);
        char *value = property_default_text(prop);
        char *head = g_strdup_printf("  %s=<%s>", prop->name, prop->type->name);

        g_string_append_printf(out, "%-24s", head);
        if (prop->help || value) {
            g_string_append_printf(out, " - %s", prop->help ? prop->help : "");
        }
        if (value) {
            g_string_append_printf(out, " (default: %s)", value);
        }
        g_string_append_c(out, '\n');
        g_free(head);
        g_free(value);
    }
    g_ptr_array_unref(properties);
    return g_string_free(out, false);
}

/* ---- info qtree ---- */

typedef struct TreeLine {
    DeviceState *dev;
    GString *out;
    unsigned indent;
} TreeLine;

static void print_property(const Property *prop, void *opaque)
{
    TreeLine *line = opaque;
    PropertyValue value;

    if (!object_property_get(OBJECT(line->dev), prop->name, &value, NULL)) {
        return;
    }
    g_string_append_printf(line->out, "%*s%s = ", (int)line->indent, "", prop->name);
    switch (value.kind) {
    case PROPERTY_BOOL:
        g_string_append(line->out, value.b ? "true" : "false");
        break;
    case PROPERTY_INT:
        g_string_append_printf(line->out, "%" PRId64 " (0x%" PRIx64 ")", value.i,
                               (uint64_t)value.i);
        break;
    case PROPERTY_UINT:
        g_string_append_printf(line->out, "%" PRIu64 " (0x%" PRIx64 ")", value.u, value.u);
        break;
    case PROPERTY_STRING:
        g_string_append_printf(line->out, "\"%s\"", value.s ? value.s : "");
        break;
    }
    g_string_append_c(line->out, '\n');
    property_value_clear(&value);
}

static void print_bus(const BusState *bus, GString *out, unsigned indent);

static void print_device(DeviceState *dev, GString *out, unsigned indent)
{
    TreeLine line = {dev, out, indent + 2};

    g_string_append_printf(out, "%*sdev: %s, id \"%s\"\n", (int)indent, "", dev->object.class->name,
                           device_id(dev));
    object_foreach_property(OBJECT(dev), print_property, &line);
    if (dev->parent_bus && bus_get_class(dev->parent_bus)->print_device) {
        bus_get_class(dev->parent_bus)->print_device(dev, out, indent + 2);
    }
    for (unsigned i = 0; dev->child_buses && i < dev->child_buses->len; i++) {
        print_bus(g_ptr_array_index(dev->child_buses, i), out, indent + 2);
    }
}

static void print_bus(const BusState *bus, GString *out, unsigned indent)
{
    g_string_append_printf(out, "%*sbus: %s\n%*stype %s\n", (int)indent, "", bus->name,
                           (int)indent + 2, "", bus->object.class->name);
    for (unsigned i = 0; i < bus->devices->len; i++) {
        print_device(g_ptr_array_index(bus->devices, i), out, indent + 2);
    }
}

void device_print_qtree(GString *out)
{
    system_bus();
    for (unsigned i = 0; i < core.root_buses->len; i++) {
        print_bus(g_ptr_array_index(core.root_buses, i), out, 0);
    }
}
