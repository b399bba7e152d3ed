/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands of both monitors do: running, devices, back ends, objects and their properties.
 */
#include <string.h>
#include "monitor-private.h"
#include "hw/core/machine.h"
#include "system/runstate.h"
#include "util/error.h"

bool monitor_cont(GError **errp)
{
    if (runstate_check(RUN_STATE_FINISH_MIGRATE)) {
        error_setg(errp, "Migration is not finalized yet");
        return false;
    }
    if (runstate_needs_reset()) {
        error_setg(errp, "Resetting the Virtual Machine is required");
        return false;
    }
    if (runstate_check(RUN_STATE_INMIGRATE)) {
        migration_incoming_set_autostart();
    } else if (!runstate_check(RUN_STATE_SUSPENDED)) {
        return vm_try_start(errp);
    }
    return true;
}

bool monitor_nmi(int cpu_index, GError **errp)
{
    MachineState *machine = machine_current();

    if (!machine || !machine->class->nmi) {
        error_setg(errp, "machine does not provide NMIs");
        return false;
    }
    return machine->class->nmi(machine, cpu_index, errp);
}

bool monitor_wakeup(GError **errp)
{
    MachineState *machine = machine_current();

    if (!machine || !machine->class->wakeup) {
        error_setg(errp, "wake-up from suspend is not supported by this guest");
        return false;
    }
    if (!runstate_check(RUN_STATE_SUSPENDED)) {
        error_setg(errp, "Unable to wake up: guest is not in suspended state");
        return false;
    }
    system_wakeup_request();
    return true;
}

bool monitor_device_del(const char *id, GError **errp)
{
    DeviceState *dev = device_find(id);
    g_autofree char *path = NULL;
    json_t *data;

    if (!dev) {
        g_set_error(errp, QMP_ERROR, QMP_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found", id);
        return false;
    }
    path = object_path(OBJECT(dev));
    data = json_pack("{s:s}", "path", path ? path : "");
    if (dev->id) {
        json_object_set_new(data, "device", json_string(dev->id));
    }
    if (!device_remove(id, errp)) {
        json_decref(data);
        return false;
    }
    monitor_send_event("DEVICE_DELETED", data);
    return true;
}

bool monitor_chardev_remove(const char *id, GError **errp)
{
    Chardev *chr = chardev_find(id);

    if (!chr) {
        error_setg(errp, "Chardev '%s' not found", id);
        return false;
    }
    if (chardev_in_use(chr)) {
        error_setg(errp, "Chardev '%s' is busy", id);
        return false;
    }
    chardev_delete(chr);
    return true;
}

bool monitor_chardev_break(const char *id, GError **errp)
{
    Chardev *chr = chardev_find(id);

    if (!chr) {
        error_setg(errp, "Chardev '%s' not found", id);
        return false;
    }
    chardev_send_break(chr);
    return true;
}

/* ---- Objects ---- */

Object *monitor_object(const char *path, GError **errp)
{
    bool ambiguous = false;
    Object *obj = object_resolve_path(path, &ambiguous);

    if (ambiguous) {
        error_setg(errp, "Path '%s' is ambiguous", path);
        return NULL;
    }
    if (!obj) {
        g_set_error(errp, QMP_ERROR, QMP_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found", path);
    }
    return obj;
}

/* Guests and files give text that need not be UTF-8. */
json_t *monitor_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

    return json_string(valid);
}

static json_t *path_value(const Object *obj)
{
    g_autofree char *path = obj ? object_path(obj) : NULL;

    return monitor_text(path);
}

json_t *monitor_property_get(Object *obj, const char *name, GError **errp)
{
    Object *child = object_child(obj, name);
    PropertyValue value;
    json_t *result;

    if (!object_find_property(obj, name)) {
        if (child) {
            return path_value(child);
        }
        for (guint i = 0; obj->links && i < obj->links->len; i++) {
            ObjectLink *link = &g_array_index(obj->links, ObjectLink, i);

            if (!strcmp(link->name, name)) {
                return path_value(*link->target);
            }
        }
        if (!strcmp(name, "type")) {
            return json_string(obj->class->name);
        }
        error_setg(errp, "Property '%s.%s' not found", obj->class->name, name);
        return NULL;
    }
    if (!object_property_get(obj, name, &value, errp)) {
        return NULL;
    }
    switch (value.kind) {
    case PROPERTY_BOOL:
        result = json_boolean(value.b);
        break;
    case PROPERTY_INT:
        result = json_integer(value.i);
        break;
    case PROPERTY_UINT:
        result = json_integer((json_int_t)value.u);
        break;
    default:
        result = monitor_text(value.s);
    }
    property_value_clear(&value);
    return result;
}

bool monitor_property_set(Object *obj, const char *name, json_t *value, GError **errp)
{
    const Property *prop = object_find_property(obj, name);

    if (!prop) {
        error_setg(errp, "Property '%s.%s' not found", obj->class->name, name);
        return false;
    }
    switch (json_typeof(value)) {
    case JSON_TRUE:
    case JSON_FALSE:
        return object_property_set_bool(obj, name, json_is_true(value), errp);
    case JSON_INTEGER:
        return json_integer_value(value) < 0
                   ? object_property_set_int(obj, name, json_integer_value(value), errp)
                   : object_property_set_uint(obj, name, (uint64_t)json_integer_value(value), errp);
    case JSON_STRING:
        if (prop->type->kind != PROPERTY_STRING) {
            break;
        }
        return object_property_set_str(obj, name, json_string_value(value), errp);
    default:
        break;
    }
    error_setg(errp, "Invalid parameter type for '%s', expected: %s", name,
               prop->type->kind == PROPERTY_BOOL     ? "boolean"
               : prop->type->kind == PROPERTY_STRING ? "string"
                                                     : "integer");
    return false;
}

/* ---- Facts ---- */

char *monitor_uuid(void)
{
    MachineState *machine = machine_current();
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < 16; i++) {
        g_string_append_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                               machine ? machine->uuid[i] : 0);
    }
    return g_string_free(out, FALSE);
}

unsigned monitor_core_id(const CPUState *cpu)
{
    unsigned threads = MAX(machine_current()->smp.threads, 1u);

    return (unsigned)cpu->cpu_index / threads * threads;
}
