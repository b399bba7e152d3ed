/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: classes by name, creation, realize and its undoing, GPIO lines.
 */
#include "hw/core/device.h"

#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"
#include "util/options.h"

CoreState core;

struct GPIOList {
    char *name;   /* NULL: the unnamed ones */
    IRQLine **in; /* the list's own */
    unsigned n_in;
    IRQLine **out; /* the device's array */
    unsigned n_out;
};

static void finalize(Object *obj)
{
    DeviceState *dev = DEVICE(obj);

    g_assert(!dev->realized);
    for (unsigned i = 0; dev->gpios && i < dev->gpios->len; i++) {
        GPIOList *list = g_ptr_array_index(dev->gpios, i);

        irq_free_array(list->in, list->n_in);
        g_free(list->name);
        g_free(list);
    }
    g_clear_pointer(&dev->gpios, g_ptr_array_unref);
    g_clear_pointer(&dev->child_buses, g_ptr_array_unref);
    g_clear_pointer(&dev->id, g_free);
    g_clear_pointer(&dev->canonical_path, g_free);
    g_clear_error(&dev->pending_error);
    reset_node_destroy(&dev->reset);
}

static void init_instance(Object *obj);

const DeviceClass device_class = {
    .name = "device",
    .description = "device",
    .instance_size = sizeof(DeviceState),
    .abstract = true,
    .instance_init = init_instance,
    .instance_finalize = finalize,
};

/* ---- Classes ---- */

void device_classes_register(const DeviceClass *const *table)
{
    if (!core.device_classes) {
        core.device_classes = g_ptr_array_new();
    }
    for (; *table; table++) {
        const DeviceClass *other = device_class_by_name((*table)->name);

        if (other && other != *table) {
            g_error("two device classes are named '%s'", other->name);
        }
        if (!other) {
            g_ptr_array_add(core.device_classes, (gpointer)*table);
        }
    }
}

const DeviceClass *device_class_by_name(const char *name)
{
    for (unsigned i = 0; core.device_classes && i < core.device_classes->len; i++) {
        const DeviceClass *class = g_ptr_array_index(core.device_classes, i);

        if (!strcmp(class->name, name)) {
            return class;
        }
    }
    return NULL;
}

static int compare_classes(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const DeviceClass *const *)a)->name, (*(const DeviceClass *const *)b)->name);
}

GPtrArray *device_class_list(void)
{
    GPtrArray *list = g_ptr_array_new();

    for (unsigned i = 0; core.device_classes && i < core.device_classes->len; i++) {
        g_ptr_array_add(list, g_ptr_array_index(core.device_classes, i));
    }
    g_ptr_array_sort(list, compare_classes);
    return list;
}

/* The row above a device row; rows above "device" are no device rows. */
static const DeviceClass *parent_class(const DeviceClass *class)
{
    return class == &device_class || !class->parent
               ? NULL
               : container_of(class->parent, const DeviceClass, object);
}

/* The nearest row upwards for which `member` is set. */
#define INHERITED(class, member)                                                                   \
    ({                                                                                             \
        const DeviceClass *row_ = (class);                                                         \
        while (row_ && !row_->member) {                                                            \
            row_ = parent_class(row_);                                                             \
        }                                                                                          \
        row_ ? row_->member : NULL;                                                                \
    })

const BusClass *device_class_bus(const DeviceClass *class)
{
    return INHERITED(class, bus);
}

const VMStateDescription *device_class_vmstate(const DeviceClass *class)
{
    return INHERITED(class, vmstate);
}

/* ---- Reset: parents' phases before the row's own ---- */

static void reset_phase(const DeviceClass *class, DeviceState *dev, ResetType type, size_t member)
{
    void (*fn)(void *, ResetType);

    if (!class) {
        return;
    }
    reset_phase(parent_class(class), dev, type, member);
    fn = *(void (*const *)(void *, ResetType))((const char *)&class->reset + member);
    if (fn) {
        fn(dev, type);
    }
}

static void reset_enter(void *obj, ResetType type)
{
    reset_phase(device_get_class(obj), obj, type, offsetof(ResetPhases, enter));
}

static void reset_hold(void *obj, ResetType type)
{
    reset_phase(device_get_class(obj), obj, type, offsetof(ResetPhases, hold));
}

static void reset_exit(void *obj, ResetType type)
{
    reset_phase(device_get_class(obj), obj, type, offsetof(ResetPhases, exit));
}

static const ResetPhases device_reset_phases = {reset_enter, reset_hold, reset_exit};

static void init_instance(Object *obj)
{
    reset_node_init(&DEVICE(obj)->reset, &device_reset_phases, obj);
}

/* ---- Life ---- */

DeviceState *device_new_class(const DeviceClass *class)
{
    DeviceState *dev = DEVICE(object_new(&class->object));

    global_properties_apply(OBJECT(dev), &dev->pending_error);
    return dev;
}

void device_init(DeviceState *dev, const DeviceClass *class)
{
    object_init(OBJECT(dev), &class->object);
    global_properties_apply(OBJECT(dev), &dev->pending_error);
}

DeviceState *device_new(const char *name, GError **errp)
{
    const DeviceClass *class = device_class_by_name(name);

    if (!class || class->abstract) {
        GPtrArray *names = g_ptr_array_new();
        const char *near;

        for (unsigned i = 0; core.device_classes && i < core.device_classes->len; i++) {
            const DeviceClass *known = g_ptr_array_index(core.device_classes, i);

            if (!known->abstract) {
                g_ptr_array_add(names, (gpointer)known->name);
            }
        }
        g_ptr_array_add(names, NULL);
        near = nearest_name(name, (const char *const *)names->pdata);
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "'%s' is not a valid device model name%s%s%s",
                  name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        g_ptr_array_unref(names);
        return NULL;
    }
    return device_new_class(class);
}

static Object *machine_container(const char *name)
{
    return object_container(object_container(object_root(), "machine"), name);
}

void core_place_object(Object *obj, const char *id)
{
    if (obj->parent) {
        return;
    }
    object_ref(obj);
    if (!id || !object_add_child(machine_container("peripheral"), id, obj, NULL)) {
        object_add_child(machine_container("unattached"), "device[*]", obj, NULL);
    }
}

static BusState *choose_bus(DeviceState *dev, BusState *bus, GError **errp)
{
    const BusClass *wanted = device_class_bus(device_get_class(dev));

    if (!bus) {
        bus = bus_find_by_class(wanted);
        if (!bus) {
            error_setg(errp, "no '%s' bus found for device '%s'", wanted->name,
                       dev->object.class->name);
        }
        return bus;
    }
    if (!object_is_a(OBJECT(bus), &wanted->object)) {
        error_setg(errp, "device '%s' can't go on a %s bus", dev->object.class->name,
                   bus->object.class->name);
        return NULL;
    }
    if (bus_get_class(bus)->max_devices && bus->devices->len >= bus_get_class(bus)->max_devices) {
        error_setg(errp, "bus '%s' is full", bus->name);
        return NULL;
    }
    return bus;
}

static void leave_bus(DeviceState *dev)
{
    BusState *bus = dev->parent_bus;

    if (bus) {
        if (bus_get_class(bus)->unplug) {
            bus_get_class(bus)->unplug(bus, dev);
        }
        g_ptr_array_remove(bus->devices, dev);
        dev->parent_bus = NULL;
        object_unref(OBJECT(bus));
    }
}

static bool enter_bus(DeviceState *dev, BusState *bus, GError **errp)
{
    if (!device_class_bus(device_get_class(dev))) {
        if (bus) {
            error_setg(errp, "device '%s' sits on no bus", dev->object.class->name);
        }
        return !bus;
    }
    bus = choose_bus(dev, bus, errp);
    if (!bus || (bus_get_class(bus)->plug && !bus_get_class(bus)->plug(bus, dev, errp))) {
        return false;
    }
    g_ptr_array_add(bus->devices, dev);
    dev->parent_bus = bus;
    object_ref(OBJECT(bus));
    return true;
}

static bool register_state(DeviceState *dev, GError **errp)
{
    const DeviceClass *class = device_get_class(dev);
    const VMStateDescription *vmsd = device_class_vmstate(class);
    uint32_t instance_id = VMSTATE_INSTANCE_ID_ANY;
    char *(*wire_name)(DeviceState *, uint32_t *) = INHERITED(class, wire_name);
    char *name = NULL;
    bool ok;

    if (!vmsd) {
        return true;
    }
    if (wire_name) {
        name = wire_name(dev, &instance_id);
    } else if (dev->parent_bus && bus_get_class(dev->parent_bus)->wire_name) {
        name = bus_get_class(dev->parent_bus)->wire_name(dev);
    }
    ok = vmstate_register(name, instance_id, vmsd, dev, errp);
    dev->vmstate_registered = ok;
    g_free(name);
    return ok;
}

/* Registers the sections of the first n buses below the device, or takes them away. */
static void unregister_buses(DeviceState *dev, unsigned n)
{
    for (unsigned i = n; i-- > 0;) {
        BusState *bus = g_ptr_array_index(dev->child_buses, i);

        if (bus_get_class(bus)->vmstate) {
            vmstate_unregister(bus_get_class(bus)->vmstate, bus);
        }
    }
}

static bool register_buses(DeviceState *dev, GError **errp)
{
    for (unsigned i = 0; dev->child_buses && i < dev->child_buses->len; i++) {
        BusState *bus = g_ptr_array_index(dev->child_buses, i);
        const VMStateDescription *vmsd = bus_get_class(bus)->vmstate;

        if (vmsd && !vmstate_register(NULL, VMSTATE_INSTANCE_ID_ANY, vmsd, bus, errp)) {
            unregister_buses(dev, i);
            return false;
        }
    }
    return true;
}

static void unregister_state(DeviceState *dev)
{
    if (dev->vmstate_registered) {
        vmstate_unregister(device_class_vmstate(device_get_class(dev)), dev);
        dev->vmstate_registered = false;
    }
}

bool device_realize(DeviceState *dev, BusState *bus, GError **errp)
{
    const DeviceClass *class = device_get_class(dev);
    bool (*realize)(DeviceState *, GError **) = INHERITED(class, realize);
    void (*unrealize)(DeviceState *) = INHERITED(class, unrealize);

    g_assert(device_lock_held() && !dev->realized);
    if (dev->pending_error) {
        g_propagate_error(errp, g_steal_pointer(&dev->pending_error));
        return false;
    }
    if (dev->id && object_child(machine_container("peripheral"), dev->id) &&
        object_child(machine_container("peripheral"), dev->id) != OBJECT(dev)) {
        error_setg(errp, "Duplicate device ID '%s'", dev->id);
        return false;
    }
    if (!enter_bus(dev, bus, errp)) {
        return false;
    }
    core_place_object(OBJECT(dev), dev->id);
    dev->canonical_path = object_path(OBJECT(dev));
    if (realize && !realize(dev, errp)) {
        goto undo;
    }
    if (!register_state(dev, errp) || !register_buses(dev, errp)) {
        unregister_state(dev);
        if (unrealize) {
            unrealize(dev);
        }
        goto undo;
    }
    reset_node_attach(dev->parent_bus ? &dev->parent_bus->reset : reset_root(), &dev->reset);
    dev->realized = true;
    if (core.machine && core.machine->init_done) {
        dev->hotplugged = true;
        device_cold_reset(dev);
    }
    return true;
undo:
    g_clear_pointer(&dev->canonical_path, g_free);
    leave_bus(dev);
    object_unparent(OBJECT(dev));
    return false;
}

bool device_realize_and_unref(DeviceState *dev, BusState *bus, GError **errp)
{
    bool ok = device_realize(dev, bus, errp);

    object_unref(OBJECT(dev));
    return ok;
}

void device_unrealize(DeviceState *dev)
{
    const DeviceClass *class = device_get_class(dev);
    void (*unrealize)(DeviceState *) = INHERITED(class, unrealize);

    if (!dev->realized) {
        return;
    }
    for (unsigned i = dev->child_buses ? dev->child_buses->len : 0; i-- > 0;) {
        BusState *bus = g_ptr_array_index(dev->child_buses, i);

        for (unsigned j = bus->devices->len; j-- > 0;) {
            device_unrealize(g_ptr_array_index(bus->devices, j));
        }
    }
    dev->realized = false;
    reset_node_detach(&dev->reset);
    unregister_buses(dev, dev->child_buses ? dev->child_buses->len : 0);
    unregister_state(dev);
    if (unrealize) {
        unrealize(dev);
    }
    leave_bus(dev);
    g_clear_pointer(&dev->canonical_path, g_free);
    object_unparent(OBJECT(dev));
}

DeviceState *device_create(BusState *bus, const char *class_name, const char *const *properties,
                           GError **errp)
{
    DeviceState *dev = device_new(class_name, errp);

    if (!dev) {
        return NULL;
    }
    for (; properties && *properties; properties++) {
        const char *equals = strchr(*properties, '=');
        char *name;
        bool ok;

        g_assert(equals);
        name = g_strndup(*properties, (gsize)(equals - *properties));
        ok = object_property_parse(OBJECT(dev), name, equals + 1, errp);
        g_free(name);
        if (!ok) {
            object_unref(OBJECT(dev));
            return NULL;
        }
    }
    return device_realize_and_unref(dev, bus, errp) ? dev : NULL;
}

static bool set_from_option(void *opaque, const char *name, const char *value, GError **errp)
{
    if (!strcmp(name, "driver") || !strcmp(name, "bus")) {
        return true;
    }
    return object_property_parse(opaque, name, value, errp);
}

DeviceState *device_add(const char *text, GError **errp)
{
    static const OptionDesc any[] = {{NULL}};
    static const OptionListDesc list = {"device", "driver", false, any};
    Options *options = options_parse(&list, text, errp);
    const char *driver, *bus_name;
    DeviceState *dev = NULL;
    BusState *bus = NULL;

    if (!options) {
        return NULL;
    }
    driver = options_get(options, "driver");
    bus_name = options_get(options, "bus");
    if (!driver) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "parameter 'driver' is missing");
        goto out;
    }
    dev = device_new(driver, errp);
    if (!dev) {
        goto out;
    }
    if (!device_get_class(dev)->user_creatable) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' cannot be made with -device", driver);
        goto fail;
    }
    if (core.machine && core.machine->init_done && !device_get_class(dev)->hotpluggable &&
        runstate_get() != RUN_STATE_PRELAUNCH) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "device '%s' does not support hotplugging", driver);
        goto fail;
    }
    if (bus_name) {
        bus = bus_find(bus_name);
        if (!bus) {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "bus '%s' not found", bus_name);
            goto fail;
        }
    }
    dev->id = g_strdup(options->id);
    if (!options_foreach(options, set_from_option, dev, errp) || !device_realize(dev, bus, errp)) {
        goto fail;
    }
    object_unref(OBJECT(dev));
    goto out;
fail:
    object_unref(OBJECT(dev));
    dev = NULL;
out:
    options_free(options);
    return dev;
}

DeviceState *device_find(const char *id_or_path)
{
    Object *obj = *id_or_path == '/' ? object_resolve_path(id_or_path, NULL)
                                     : object_child(machine_container("peripheral"), id_or_path);

    return obj && object_is_a(obj, &device_class.object) ? DEVICE(obj) : NULL;
}

bool device_remove(const char *id, GError **errp)
{
    DeviceState *dev = device_find(id);

    if (!dev) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "device '%s' not found", id);
        return false;
    }
    if (!device_get_class(dev)->hotpluggable) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "device '%s' does not support hot-unplugging", id);
        return false;
    }
    device_unrealize(dev);
    return true;
}

BusState *device_get_bus(DeviceState *dev, const char *name)
{
    for (unsigned i = 0; dev->child_buses && i < dev->child_buses->len; i++) {
        BusState *bus = g_ptr_array_index(dev->child_buses, i);

        if (!name || !strcmp(bus->name, name)) {
            return bus;
        }
    }
    return NULL;
}

void device_add_child(DeviceState *dev, const char *name, Object *child)
{
    GError *error = NULL;

    if (!object_add_child(OBJECT(dev), name, child, &error)) {
        g_error("%s", error->message);
    }
}

/* ---- GPIO ---- */

static GPIOList *find_gpios(DeviceState *dev, const char *name, bool create)
{
    GPIOList *list;

    for (unsigned i = 0; dev->gpios && i < dev->gpios->len; i++) {
        list = g_ptr_array_index(dev->gpios, i);
        if (!g_strcmp0(list->name, name)) {
            return list;
        }
    }
    if (!create) {
        return NULL;
    }
    if (!dev->gpios) {
        dev->gpios = g_ptr_array_new();
    }
    list = g_new0(GPIOList, 1);
    list->name = g_strdup(name);
    g_ptr_array_add(dev->gpios, list);
    return list;
}

void device_init_gpio_in(DeviceState *dev, const char *name, IRQHandler *handler, unsigned count)
{
    GPIOList *list = find_gpios(dev, name, true);

    list->in = g_renew(IRQLine *, list->in, list->n_in + count);
    for (unsigned i = 0; i < count; i++) {
        list->in[list->n_in] = irq_new(handler, dev, (int)list->n_in);
        list->n_in++;
    }
}

void device_init_gpio_out(DeviceState *dev, const char *name, IRQLine **lines, unsigned count)
{
    GPIOList *list = find_gpios(dev, name, true);

    g_assert(!list->out);
    list->out = lines;
    list->n_out = count;
}

IRQLine *device_gpio_in(DeviceState *dev, const char *name, unsigned n)
{
    GPIOList *list = find_gpios(dev, name, false);

    g_assert(list && n < list->n_in);
    return list->in[n];
}

void device_connect_gpio_out(DeviceState *dev, const char *name, unsigned n, IRQLine *line)
{
    GPIOList *list = find_gpios(dev, name, false);

    g_assert(list && n < list->n_out);
    list->out[n] = line;
}
