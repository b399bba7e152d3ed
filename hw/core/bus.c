/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buses.
 */
#include "hw/core/bus.h"

#include <string.h>
#include "internal.h"

const BusClass bus_class = {
    .name = "bus",
    .description = "a place for devices",
    .instance_size = sizeof(BusState),
    .abstract = true,
};

const BusClass system_bus_class = {
    .name = "System",
    .parent = &bus_class.object,
    .description = "the machine's own bus",
    .instance_size = sizeof(BusState),
};

static char *default_name(const BusClass *class, const DeviceState *parent)
{
    char *lower, *name;
    guint number;

    if (parent && parent->id) {
        return g_strdup_printf("%s.%u", parent->id,
                               parent->child_buses ? parent->child_buses->len : 0);
    }
    if (!core.bus_numbers) {
        core.bus_numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    number = GPOINTER_TO_UINT(g_hash_table_lookup(core.bus_numbers, class->name));
    g_hash_table_insert(core.bus_numbers, g_strdup(class->name), GUINT_TO_POINTER(number + 1));
    lower = g_ascii_strdown(class->name, -1);
    name = g_strdup_printf("%s.%u", lower, number);
    g_free(lower);
    return name;
}

static void setup(BusState *bus, const BusClass *class, DeviceState *parent, const char *name)
{
    bus->name = name ? g_strdup(name) : default_name(class, parent);
    bus->parent = parent;
    bus->devices = g_ptr_array_new();
    reset_node_init(&bus->reset, NULL, bus);
    if (parent) {
        if (!parent->child_buses) {
            parent->child_buses = g_ptr_array_new();
        }
        g_ptr_array_add(parent->child_buses, bus);
        reset_node_attach(&parent->reset, &bus->reset);
        if (!object_add_child(OBJECT(parent), bus->name, OBJECT(bus), NULL)) {
            g_error("device %s already has a bus '%s'", parent->object.class->name, bus->name);
        }
        object_ref(OBJECT(bus));
    }
}

BusState *bus_new(const BusClass *class, DeviceState *parent, const char *name)
{
    BusState *bus = (BusState *)object_new(&class->object);

    setup(bus, class, parent, name);
    return bus;
}

void bus_init(BusState *bus, const BusClass *class, DeviceState *parent, const char *name)
{
    object_init(OBJECT(bus), &class->object);
    setup(bus, class, parent, name);
}

void bus_unparent(BusState *bus)
{
    g_assert(bus->devices->len == 0);
    reset_node_destroy(&bus->reset);
    if (bus->parent) {
        g_ptr_array_remove(bus->parent->child_buses, bus);
        bus->parent = NULL;
    } else if (core.root_buses) {
        g_ptr_array_remove(core.root_buses, bus);
    }
    g_ptr_array_unref(bus->devices);
    bus->devices = NULL;
    g_clear_pointer(&bus->name, g_free);
    object_unparent(OBJECT(bus));
    object_unref(OBJECT(bus));
}

void bus_register_root(BusState *bus)
{
    if (!core.root_buses) {
        core.root_buses = g_ptr_array_new();
    }
    g_ptr_array_add(core.root_buses, bus);
    reset_node_attach(reset_root(), &bus->reset);
    if (!bus->object.parent) {
        Object *unattached =
            object_container(object_container(object_root(), "machine"), "unattached");

        object_ref(OBJECT(bus));
        if (!object_add_child(unattached, bus->name, OBJECT(bus), NULL)) {
            object_add_child(unattached, "bus[*]", OBJECT(bus), NULL);
        }
    }
}

BusState *system_bus(void)
{
    if (!core.system_bus) {
        core.system_bus = bus_new(&system_bus_class, NULL, "main-system-bus");
        bus_register_root(core.system_bus);
    }
    return core.system_bus;
}

typedef struct BusSearch {
    const BusClass *class;
    const char *name;
} BusSearch;

static BusState *search(BusState *bus, const BusSearch *what)
{
    if (what->name ? !strcmp(bus->name, what->name)
                   : object_is_a(OBJECT(bus), &what->class->object) &&
                         (!bus_get_class(bus)->max_devices ||
                          bus->devices->len < bus_get_class(bus)->max_devices)) {
        return bus;
    }
    for (unsigned i = 0; i < bus->devices->len; i++) {
        const DeviceState *dev = g_ptr_array_index(bus->devices, i);

        for (unsigned j = 0; dev->child_buses && j < dev->child_buses->len; j++) {
            BusState *found = search(g_ptr_array_index(dev->child_buses, j), what);

            if (found) {
                return found;
            }
        }
    }
    return NULL;
}

static BusState *search_all(const BusSearch *what)
{
    system_bus();
    for (unsigned i = 0; i < core.root_buses->len; i++) {
        BusState *found = search(g_ptr_array_index(core.root_buses, i), what);

        if (found) {
            return found;
        }
    }
    return NULL;
}

BusState *bus_find_by_class(const BusClass *class)
{
    BusSearch what = {.class = class};

    return search_all(&what);
}

BusState *bus_find(const char *name)
{
    BusSearch what = {.name = name};
    Object *obj;

    if (*name == '/') {
        obj = object_resolve_path(name, NULL);
        return obj && object_is_a(obj, &bus_class.object) ? BUS(obj) : NULL;
    }
    return search_all(&what);
}

static void visit_top(BusState *bus, const char *class_name, void (*fn)(BusState *, void *),
                      void *opaque)
{
    if (!strcmp(bus->object.class->name, class_name)) {
        fn(bus, opaque);
        return;
    }
    for (unsigned i = 0; i < bus->devices->len; i++) {
        const DeviceState *dev = g_ptr_array_index(bus->devices, i);

        for (unsigned j = 0; dev->child_buses && j < dev->child_buses->len; j++) {
            visit_top(g_ptr_array_index(dev->child_buses, j), class_name, fn, opaque);
        }
    }
}

void bus_foreach_top(const char *class_name, void (*fn)(BusState *bus, void *opaque), void *opaque)
{
    system_bus();
    for (unsigned i = 0; i < core.root_buses->len; i++) {
        visit_top(g_ptr_array_index(core.root_buses, i), class_name, fn, opaque);
    }
}
