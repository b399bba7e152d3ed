/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands for objects, devices and character back ends. */
#include <string.h>
#include "monitor-private.h"
#include "monitor/fds.h"
#include "hw/core/machine.h"
#include "util/error.h"

/* ---- Objects ---- */

static json_t *qom_list(json_t *arguments, GError **errp)
{
    Object *obj = monitor_object(qmp_string(arguments, "path"), errp);
    g_autoptr(GArray) items = NULL;
    json_t *result;

    if (!obj) {
        return NULL;
    }
    result = json_array();
    items = object_list(obj);
    for (guint i = 0; i < items->len; i++) {
        ObjectListItem *item = &g_array_index(items, ObjectListItem, i);

        json_array_append_new(result, json_pack("{s:o, s:o}", "name", monitor_text(item->name),
                                                "type", monitor_text(item->type)));
    }
    return result;
}

static json_t *qom_get(json_t *arguments, GError **errp)
{
    Object *obj = monitor_object(qmp_string(arguments, "path"), errp);

    return obj ? monitor_property_get(obj, qmp_string(arguments, "property"), errp) : NULL;
}

static json_t *qom_set(json_t *arguments, GError **errp)
{
    Object *obj = monitor_object(qmp_string(arguments, "path"), errp);

    return qmp_result(obj && monitor_property_set(obj, qmp_string(arguments, "property"),
                                                  json_object_get(arguments, "value"), errp));
}

/* Rows of the registered classes and of their ancestors, by name. */
static void add_class(GHashTable *all, const ObjectClass *class)
{
    for (; class; class = class->parent) {
        g_hash_table_insert(all, (gpointer)class->name, (gpointer)class);
    }
}

static GHashTable *all_classes(void)
{
    GHashTable *all = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) devices = device_class_list(), machines = machine_class_list();
    const GPtrArray *others = monitor_registry()->classes;
    CPUState *cpu = cpu_first();

    for (guint i = 0; i < devices->len; i++) {
        add_class(all, &((const DeviceClass *)g_ptr_array_index(devices, i))->object);
    }
    for (guint i = 0; i < machines->len; i++) {
        add_class(all, &((const MachineClass *)g_ptr_array_index(machines, i))->object);
    }
    for (guint i = 0; i < others->len; i++) {
        add_class(all, g_ptr_array_index(others, i));
    }
    if (cpu) {
        add_class(all, OBJECT(cpu)->class);
    }
    return all;
}

static bool descends(const ObjectClass *class, const char *ancestor)
{
    return !strcmp(ancestor, "object") || object_class_is_a_name(class, ancestor);
}

static json_t *qom_list_types(json_t *arguments, GError **errp)
{
    g_autoptr(GHashTable) all = all_classes();
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(all), (GCompareFunc)strcmp);
    const char *ancestor = qmp_string(arguments, "implements");
    bool abstract = json_is_true(json_object_get(arguments, "abstract"));
    json_t *result = json_array();

    for (GList *link = names; link; link = link->next) {
        const ObjectClass *class = g_hash_table_lookup(all, link->data);
        json_t *entry;

        if ((ancestor && !descends(class, ancestor)) ||
            (class->abstract && !abstract && ancestor)) {
            continue;
        }
        entry = json_pack("{s:s, s:s}", "name", class->name, "parent",
                          class->parent ? class->parent->name : "object");
        if (class->abstract) {
            json_object_set_new(entry, "abstract", json_true());
        }
        json_array_append_new(result, entry);
    }
    if (!ancestor || !strcmp(ancestor, "accel") || !strcmp(ancestor, "object")) {
        json_array_append_new(result,
                              json_pack("{s:s, s:s}", "name", "tcg-accel", "parent", "accel"));
    }
    return result;
}

static void add_property(const Property *prop, void *opaque)
{
    json_t *entry = json_pack("{s:s, s:s}", "name", prop->name, "type", prop->type->name);

    if (prop->help) {
        json_object_set_new(entry, "description", json_string(prop->help));
    }
    if (prop->has_default) {
        switch (prop->type->kind) {
        case PROPERTY_BOOL:
            json_object_set_new(entry, "default-value", json_boolean(prop->default_value.natural));
            break;
        case PROPERTY_INT:
            json_object_set_new(entry, "default-value", json_integer(prop->default_value.number));
            break;
        case PROPERTY_UINT:
            json_object_set_new(entry, "default-value",
                                json_integer((json_int_t)prop->default_value.natural));
            break;
        default: {
            g_autofree char *text = property_default_text(prop);

            if (text) {
                json_object_set_new(entry, "default-value", monitor_text(text));
            }
        }
        }
    }
    json_array_append_new(opaque, entry);
}

static json_t *list_properties(json_t *arguments, const char *ancestor, GError **errp)
{
    g_autoptr(GHashTable) all = all_classes();
    const char *name = qmp_string(arguments, "typename");
    const ObjectClass *class = g_hash_table_lookup(all, name);
    json_t *result;

    if (!class) {
        g_set_error(errp, QMP_ERROR, QMP_CLASS_DEVICE_NOT_FOUND,
                    ancestor ? "Device '%s' not found" : "Class '%s' not found", name);
        return NULL;
    }
    if (ancestor && (class->abstract || !descends(class, ancestor))) {
        error_setg(errp, "Parameter 'typename' expects a non-abstract device type");
        return NULL;
    }
    result = json_array();
    object_class_foreach_property(class, add_property, result);
    return result;
}

static json_t *device_list_properties(json_t *arguments, GError **errp)
{
    return list_properties(arguments, "device", errp);
}

static json_t *qom_list_properties(json_t *arguments, GError **errp)
{
    return list_properties(arguments, NULL, errp);
}

/* ---- Devices ---- */

static json_t *qmp_device_add(json_t *arguments, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!monitor_options_from_json(arguments, "driver", text, errp)) {
        return NULL;
    }
    return qmp_result(device_add(text->str, errp) != NULL);
}

static json_t *qmp_device_del(json_t *arguments, GError **errp)
{
    return qmp_result(monitor_device_del(qmp_string(arguments, "id"), errp));
}

/* ---- Character back ends ---- */

static void add_option(GString *out, const char *key, json_t *value)
{
    if (json_is_string(value)) {
        g_string_append_printf(out, ",%s=", key);
        monitor_append_escaped(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        g_string_append_printf(out, ",%s=%" JSON_INTEGER_FORMAT, key, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        g_string_append_printf(out, ",%s=%s", key, json_is_true(value) ? "on" : "off");
    }
}

static bool socket_address(GString *out, json_t *addr, TakenFd *taken, GError **errp)
{
    const char *type = qmp_string(addr, "type");
    json_t *data = json_object_get(addr, "data");

    if (!type) {
        error_setg(errp, "Parameter 'backend.data.addr.type' is missing");
        return false;
    }
    if (!strcmp(type, "unix")) {
        add_option(out, "path", json_object_get(data, "path"));
    } else if (!strcmp(type, "inet")) {
        add_option(out, "host", json_object_get(data, "host"));
        add_option(out, "port", json_object_get(data, "port"));
    } else if (!strcmp(type, "fd")) {
        const char *name = qmp_string(data, "str");

        if (!name) {
            error_setg(errp, "Parameter 'backend.data.addr.data.str' is missing");
            return false;
        }
        if (!monitor_take_fd(name, taken, errp)) {
            return false;
        }
        g_string_append_printf(out, ",fd=%d", taken->fd);
    } else {
        error_setg(errp, "Parameter 'type' does not accept value '%s'", type);
        return false;
    }
    return true;
}

/* QMP's member names of a back end's data, and what -chardev calls them. */
static const struct { const char *kind, *member, *option;
} chardev_members[] = {
    {"file", "out", "path"},        {"file", "in", "input-path"},
    {"file", "append", "append"},   {"pipe", "device", "path"},
    {"ringbuf", "size", "size"},    {"memory", "size", "size"},
    {"stdio", "signal", "signal"},  {"socket", "server", "server"},
    {"socket", "wait", "wait"},     {"socket", "nodelay", "nodelay"},
    {"socket", "telnet", "telnet"}, {"socket", "reconnect", "reconnect"},
    {NULL, "logfile", "logfile"},   {NULL, "logappend", "logappend"},
};

static json_t *qmp_chardev_add(json_t *arguments, GError **errp)
{
    json_t *backend = json_object_get(arguments, "backend"),
           *data = json_object_get(backend, "data");
    const char *type = qmp_string(backend, "type");
    g_autoptr(GString) text = g_string_new(NULL);
    TakenFd taken = {.fd = -1};
    Chardev *chr;
    json_t *result;

    if (!type) {
        error_setg(errp, "Parameter 'backend.type' is missing");
        return NULL;
    }
    g_string_append(text, strcmp(type, "memory") ? type : "ringbuf");
    add_option(text, "id", json_object_get(arguments, "id"));
    if (!strcmp(type, "socket")) {
        if (!socket_address(text, json_object_get(data, "addr"), &taken, errp)) {
            return NULL;
        }
        /* A server is what is made unless the request says otherwise, and it does not hold the
         * monitor up. */
        if (!json_object_get(data, "server")) {
            add_option(text, "server", json_true());
        }
        if (!json_object_get(data, "wait") && !json_is_false(json_object_get(data, "server"))) {
            add_option(text, "wait", json_false());
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(chardev_members); i++) {
        if (!chardev_members[i].kind || !strcmp(chardev_members[i].kind, type)) {
            add_option(text, chardev_members[i].option,
                       json_object_get(data, chardev_members[i].member));
        }
    }
    chr = chardev_new_from_options(text->str, errp);
    if (!chr) {
        monitor_drop_fd(&taken);
        return NULL;
    }
    result = json_object();
    if (!strcmp(type, "pty")) {
        const char *name = chardev_filename(chr);

        json_object_set_new(result, "pty",
                            json_string(g_str_has_prefix(name, "pty:") ? name + 4 : name));
    }
    return result;
}

static json_t *qmp_chardev_remove(json_t *arguments, GError **errp)
{
    return qmp_result(monitor_chardev_remove(qmp_string(arguments, "id"), errp));
}

static json_t *qmp_chardev_send_break(json_t *arguments, GError **errp)
{
    return qmp_result(monitor_chardev_break(qmp_string(arguments, "id"), errp));
}

static Chardev *ringbuf(json_t *arguments, GError **errp)
{
    const char *id = qmp_string(arguments, "device");
    Chardev *chr = chardev_find(id);

    if (!chr) {
        error_setg(errp, "Device '%s' not found", id);
    }
    return chr;
}

static bool wants_base64(json_t *arguments, bool *base64, GError **errp)
{
    const char *format = qmp_string(arguments, "format");

    *base64 = format && !strcmp(format, "base64");
    if (format && !*base64 && strcmp(format, "utf8")) {
        error_setg(errp, "Parameter 'format' does not accept value '%s'", format);
        return false;
    }
    return true;
}

static json_t *ringbuf_read(json_t *arguments, GError **errp)
{
    Chardev *chr = ringbuf(arguments, errp);
    int64_t size = qmp_integer(arguments, "size", 0);
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *text = NULL;
    gconstpointer data;
    gsize length;
    bool base64;

    if (!chr || !wants_base64(arguments, &base64, errp)) {
        return NULL;
    }
    if (size <= 0) {
        error_setg(errp, "size must be greater than zero");
        return NULL;
    }
    bytes = chardev_ringbuf_read(chr, (unsigned)MIN(size, MONITOR_MAX_OUTPUT), errp);
    if (!bytes) {
        return NULL;
    }
    data = g_bytes_get_data(bytes, &length);
    text = base64 ? g_base64_encode(data, length) : g_strndup(data ? data : "", length);
    return monitor_text(text);
}

static json_t *ringbuf_write(json_t *arguments, GError **errp)
{
    Chardev *chr = ringbuf(arguments, errp);
    const char *text = qmp_string(arguments, "data");
    g_autofree guchar *decoded = NULL;
    gsize length = strlen(text);
    bool base64;

    if (!chr || !wants_base64(arguments, &base64, errp)) {
        return NULL;
    }
    if (base64) {
        decoded = g_base64_decode(text, &length);
    }
    return qmp_result(
        chardev_ringbuf_write(chr, base64 ? decoded : (const uint8_t *)text, length, errp));
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_object_commands[] = {
    {"qom-list", qom_list, .preconfig = true, .arguments = ARGS("path:s")},
    {"qom-get", qom_get, .preconfig = true, .arguments = ARGS("path:s", "property:s")},
    {"qom-set", qom_set, .preconfig = true, .arguments = ARGS("path:s", "property:s", "value")},
    {"qom-list-types", qom_list_types, .preconfig = true,
     .arguments = ARGS("implements:s?", "abstract:b?")},
    {"qom-list-properties", qom_list_properties, .preconfig = true,
     .arguments = ARGS("typename:s")},
    {"device-list-properties", device_list_properties, .arguments = ARGS("typename:s")},
    {"device_add", qmp_device_add, .arguments = ARGS("driver:s", "bus:s?", "id:s?", "*")},
    {"device_del", qmp_device_del, .arguments = ARGS("id:s")},
    {"chardev-add", qmp_chardev_add, .arguments = ARGS("id:s", "backend:o")},
    {"chardev-remove", qmp_chardev_remove, .arguments = ARGS("id:s")},
    {"chardev-send-break", qmp_chardev_send_break, .arguments = ARGS("id:s")},
    {"ringbuf-read", ringbuf_read, .arguments = ARGS("device:s", "size:i", "format:s?")},
    {"ringbuf-write", ringbuf_write, .arguments = ARGS("device:s", "data:s", "format:s?")},
    {0},
};
