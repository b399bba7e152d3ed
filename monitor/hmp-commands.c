/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of the human monitor that act: running, reset, log, devices, objects, back ends.  Names,
 * arguments and words are QEMU's.
 */
#include <string.h>
#include "monitor-private.h"
#include "hw/core/machine.h"
#include "system/runstate.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/log.h"

/* ---- help ---- */

static void help_row(GString *out, const HMPCommand *row, const char *name)
{
    g_string_append_printf(out, "%s%s%s -- %s\n", name, row->args && *row->args ? " " : "",
                           row->args ? row->args : "", row->help);
}

typedef struct HelpLine {
    char *name;
    const HMPCommand *row;
} HelpLine;

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(((const HelpLine *)a)->name, ((const HelpLine *)b)->name);
}

void hmp_help(GString *out, const char *what)
{
    GPtrArray *tables = monitor_registry()->hmp_tables;
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(HelpLine));
    bool info = g_str_has_prefix(what, "info");
    const char *args, *only = NULL;

    if (*what && strcmp(what, "info")) {
        const HMPCommand *row = hmp_find(what, &args);

        if (!row || *args) {
            g_string_append_printf(out, "unknown command: '%s'\n", what);
            return;
        }
        only = row->name;
    }
    for (guint t = 0; t < tables->len; t++) {
        for (const HMPCommand *row = g_ptr_array_index(tables, t); row->name; row++) {
            HelpLine line = {NULL, row};

            if (only ? row->name != only : info != g_str_has_prefix(row->name, "info ")) {
                continue;
            }
            line.name = g_strdup(row->name);
            g_array_append_val(lines, line);
        }
    }
    g_array_sort(lines, compare_lines);
    for (guint i = 0; i < lines->len; i++) {
        HelpLine *line = &g_array_index(lines, HelpLine, i);

        help_row(out, line->row, line->name);
        g_free(line->name);
    }
    if (log_items[0].name && only && !strcmp(only, "log")) {
        g_string_append(out, "Log items (comma separated):\nnone       remove all logs\n");
        for (const LogItem *item = log_items; item->name; item++) {
            g_string_append_printf(out, "%-10s %s\n", item->name, item->help);
        }
    }
}

static void hmp_help_command(HMPContext *context, const char *args)
{
    g_autofree char *what = g_strstrip(g_strdup(args));

    hmp_help(context->out, what);
}

static void complete_help(const char *args, GPtrArray *out)
{
    hmp_complete(args, out);
}

static void hmp_info(HMPContext *context, const char *args)
{
    if (*args) {
        g_string_append_printf(context->out, "unknown command: 'info %s'\n", args);
    } else {
        hmp_help(context->out, "info");
    }
}

/* ---- Running ---- */

static void hmp_quit(HMPContext *context, const char *args)
{
    system_shutdown_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
}

static void hmp_stop(HMPContext *context, const char *args)
{
    vm_stop(RUN_STATE_PAUSED);
}

static void hmp_cont(HMPContext *context, const char *args)
{
    GError *error = NULL;

    monitor_cont(&error);
    hmp_report(context, error);
}

static void hmp_system_reset(HMPContext *context, const char *args)
{
    system_reset_request(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
}

static void hmp_system_powerdown(HMPContext *context, const char *args)
{
    system_powerdown_request();
}

static void hmp_system_wakeup(HMPContext *context, const char *args)
{
    GError *error = NULL;

    monitor_wakeup(&error);
    hmp_report(context, error);
}

static void hmp_nmi(HMPContext *context, const char *args)
{
    GError *error = NULL;

    monitor_nmi(context->cpu_index, &error);
    hmp_report(context, error);
}

static void hmp_cpu(HMPContext *context, const char *args)
{
    uint64_t index;
    GError *error = NULL;

    if (!monitor_expression(&args, context->cpu_index, &index, &error)) {
        g_string_append_printf(context->out, "%s\n", error->message);
        g_error_free(error);
    } else if (*args || index > G_MAXINT || !cpu_get((int)index)) {
        g_string_append(context->out, "invalid CPU index\n");
    } else {
        context->cpu_index = (int)index;
    }
}

/* ---- Log ---- */

static void hmp_log(HMPContext *context, const char *args)
{
    uint32_t mask = 0;
    GError *error = NULL;

    if (strcmp(args, "none") && !log_parse_items(args, &mask, &error)) {
        hmp_report(context, error);
        return;
    }
    log_set_mask(mask);
}

static void complete_log(const char *args, GPtrArray *out)
{
    for (const LogItem *item = log_items; item->name; item++) {
        if (g_str_has_prefix(item->name, args)) {
            g_ptr_array_add(out, g_strdup(item->name));
        }
    }
    if (g_str_has_prefix("none", args)) {
        g_ptr_array_add(out, g_strdup("none"));
    }
}

static void hmp_logfile(HMPContext *context, const char *args)
{
    g_autofree char *name = monitor_word(&args);
    GError *error = NULL;

    log_set_file(name, &error);
    hmp_report(context, error);
}

/* ---- Devices, back ends, objects ---- */

static void hmp_device_add(HMPContext *context, const char *args)
{
    g_autofree char *text = NULL;
    GError *error = NULL;

    if (!strcmp(args, "help") || !strcmp(args, "?")) {
        text = device_help_all();
        g_string_append(context->out, text);
        return;
    }
    if (g_str_has_suffix(args, ",help")) {
        g_autofree char *name = g_strndup(args, strcspn(args, ","));

        text = device_help_class(name, &error);
        if (text) {
            g_string_append(context->out, text);
        }
    } else {
        device_add(args, &error);
    }
    hmp_report(context, error);
}

static void complete_device_class(const char *args, GPtrArray *out)
{
    g_autoptr(GPtrArray) classes = device_class_list();

    for (guint i = 0; i < classes->len; i++) {
        const DeviceClass *class = g_ptr_array_index(classes, i);

        if (class->user_creatable && g_str_has_prefix(class->name, args)) {
            g_ptr_array_add(out, g_strdup(class->name));
        }
    }
}

static void hmp_device_del(HMPContext *context, const char *args)
{
    GError *error = NULL;

    monitor_device_del(args, &error);
    hmp_report(context, error);
}

static void complete_children(const char *container, const char *args, GPtrArray *out)
{
    Object *obj = object_resolve_path(container, NULL);

    for (guint i = 0; obj && obj->children && i < obj->children->len; i++) {
        Object *child = g_ptr_array_index(obj->children, i);

        if (g_str_has_prefix(child->name, args)) {
            g_ptr_array_add(out, g_strdup(child->name));
        }
    }
}

static void complete_device_id(const char *args, GPtrArray *out)
{
    complete_children("/machine/peripheral", args, out);
}

typedef struct Completion {
    const char *text;
    GPtrArray *out;
} Completion;

static void add_chardev_id(Chardev *chr, void *opaque)
{
    Completion *c = opaque;

    if (g_str_has_prefix(chardev_id(chr), c->text)) {
        g_ptr_array_add(c->out, g_strdup(chardev_id(chr)));
    }
}

static void complete_chardev(const char *args, GPtrArray *out)
{
    Completion c = {args, out};

    chardev_foreach(add_chardev_id, &c);
}

static void hmp_chardev_add(HMPContext *context, const char *args)
{
    GError *error = NULL;

    chardev_new_from_options(args, &error);
    hmp_report(context, error);
}

static void hmp_chardev_remove(HMPContext *context, const char *args)
{
    GError *error = NULL;

    monitor_chardev_remove(args, &error);
    hmp_report(context, error);
}

static void hmp_chardev_send_break(HMPContext *context, const char *args)
{
    GError *error = NULL;

    monitor_chardev_break(args, &error);
    hmp_report(context, error);
}

static void hmp_ringbuf_write(HMPContext *context, const char *args)
{
    g_autofree char *id = monitor_word(&args);
    g_autofree char *data = monitor_word(&args);
    GError *error = NULL;
    Chardev *chr = chardev_find(id);

    if (!chr) {
        error_setg(&error, "Device '%s' not found", id);
    } else if (!data) {
        error_setg(&error, "ringbuf_write: data expected");
    } else {
        chardev_ringbuf_write(chr, (const uint8_t *)data, strlen(data), &error);
    }
    hmp_report(context, error);
}

static void hmp_ringbuf_read(HMPContext *context, const char *args)
{
    g_autofree char *id = monitor_word(&args);
    uint64_t size = 0;
    GError *error = NULL;
    Chardev *chr = chardev_find(id);
    g_autoptr(GBytes) bytes = NULL;
    const uint8_t *data;
    gsize length;

    if (!chr) {
        error_setg(&error, "Device '%s' not found", id);
    } else if (!monitor_expression(&args, context->cpu_index, &size, &error) ||
               !(bytes = chardev_ringbuf_read(chr, MIN(size, MONITOR_MAX_OUTPUT), &error))) {
        size = 0;
    }
    hmp_report(context, error);
    if (!bytes) {
        return;
    }
    data = g_bytes_get_data(bytes, &length);
    for (gsize i = 0; i < length; i++) {
        if (data[i] == '\\') {
            g_string_append(context->out, "\\\\");
        } else if ((data[i] < 0x20 && data[i] != '\n') || data[i] >= 0x7f) {
            g_string_append_printf(context->out, "\\u%04X", data[i]);
        } else {
            g_string_append_c(context->out, (char)data[i]);
        }
    }
    g_string_append_c(context->out, '\n');
}

static void hmp_qom_list(HMPContext *context, const char *args)
{
    g_autofree char *path = monitor_word(&args);
    g_autoptr(GArray) items = NULL;
    GError *error = NULL;
    Object *obj;

    if (!path) {
        g_string_append(context->out, "/\n");
        return;
    }
    obj = monitor_object(path, &error);
    if (!obj) {
        hmp_report(context, error);
        return;
    }
    items = object_list(obj);
    for (guint i = 0; i < items->len; i++) {
        ObjectListItem *item = &g_array_index(items, ObjectListItem, i);

        g_string_append_printf(context->out, "%s (%s)\n", item->name, item->type);
    }
}

static void hmp_qom_get(HMPContext *context, const char *args)
{
    g_autofree char *path = monitor_word(&args), *name = monitor_word(&args);
    GError *error = NULL;
    Object *obj;
    json_t *value;

    if (!name) {
        g_string_append(context->out, "qom-get: path and property expected\n");
        return;
    }
    obj = monitor_object(path, &error);
    value = obj ? monitor_property_get(obj, name, &error) : NULL;
    if (value) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_INDENT(4));

        g_string_append_printf(context->out, "%s\n", text);
        free(text);
        json_decref(value);
    }
    hmp_report(context, error);
}

static void hmp_qom_set(HMPContext *context, const char *args)
{
    bool json = g_str_has_prefix(args, "-j ");
    g_autofree char *path = NULL, *name = NULL, *text = NULL;
    GError *error = NULL;
    Object *obj;

    args += json ? 3 : 0;
    path = monitor_word(&args);
    name = monitor_word(&args);
    if (!name || !*args) {
        g_string_append(context->out, "qom-set: path, property and value expected\n");
        return;
    }
    obj = monitor_object(path, &error);
    if (obj && json) {
        json_error_t why;
        json_t *value = json_loads(args, JSON_DECODE_ANY, &why);

        if (value) {
            monitor_property_set(obj, name, value, &error);
            json_decref(value);
        } else {
            error_setg(&error, "JSON parse error, %s", why.text);
        }
    } else if (obj) {
        text = monitor_word(&args);
        object_property_parse(obj, name, text, &error);
    }
    hmp_report(context, error);
}

static void complete_path(const char *args, GPtrArray *out)
{
    const char *slash = strrchr(args, '/');
    g_autofree char *parent = NULL;
    Object *obj;

    if (!slash) {
        return;
    }
    parent = g_strndup(args, MAX(slash - args, 1));
    obj = object_resolve_path(parent, NULL);
    for (guint i = 0; obj && obj->children && i < obj->children->len; i++) {
        Object *child = g_ptr_array_index(obj->children, i);

        if (g_str_has_prefix(child->name, slash + 1)) {
            g_ptr_array_add(out,
                            g_strdup_printf("%.*s%s", (int)(slash + 1 - args), args, child->name));
        }
    }
}

static void hmp_watchdog_action(HMPContext *context, const char *args)
{
    static const char *const names[] = {"reset", "shutdown", "poweroff", "pause", "debug", "none",
                                        "inject-nmi"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(names[i], args)) {
            runstate_policy()->watchdog = (WatchdogAction)i;
            return;
        }
    }
    g_string_append_printf(context->out, "Error: invalid watchdog action '%s'\n", args);
}

static void hmp_dump_guest_memory(HMPContext *context, const char *args)
{
    g_string_append(
        context->out,
        "Error: dumping guest memory is not supported (pmemsave writes plain memory)\n");
}

/* args NULL: takes none. An argument in brackets may be missing. */
const HMPCommand monitor_hmp_commands[] = {
    {"help|?", "[cmd]", "show the help", hmp_help_command, complete_help},
    {"info", "[subcommand]", "show various information about the system state", hmp_info, NULL},
    {"quit|q", NULL, "quit the emulator", hmp_quit, NULL},
    {"stop|s", NULL, "stop emulation", hmp_stop, NULL},
    {"cont|c", NULL, "resume emulation", hmp_cont, NULL},
    {"system_reset", NULL, "reset the system", hmp_system_reset, NULL},
    {"system_powerdown", NULL, "send system power down event", hmp_system_powerdown, NULL},
    {"system_wakeup", NULL, "wakeup guest from suspend", hmp_system_wakeup, NULL},
    {"nmi", NULL, "inject an NMI", hmp_nmi, NULL},
    {"cpu", "index", "set the default CPU", hmp_cpu, NULL},
    {"log", "item1[,...]", "activate logging of the specified items", hmp_log, complete_log},
    {"logfile", "filename", "output logs to 'filename'", hmp_logfile, NULL},
    {"device_add", "driver[,prop=value][,...]", "add device, like -device on the command line",
     hmp_device_add, complete_device_class},
    {"device_del", "device", "remove device", hmp_device_del, complete_device_id},
    {"chardev-add", "args", "add chardev", hmp_chardev_add, NULL},
    {"chardev-remove", "id", "remove chardev", hmp_chardev_remove, complete_chardev},
    {"chardev-send-break", "id", "send a break on chardev", hmp_chardev_send_break,
     complete_chardev},
    {"ringbuf_write", "device data", "write to a ring buffer character device", hmp_ringbuf_write,
     complete_chardev},
    {"ringbuf_read", "device size", "read from a ring buffer character device", hmp_ringbuf_read,
     complete_chardev},
    {"qom-list", "[path]", "list QOM properties", hmp_qom_list, complete_path},
    {"qom-get", "path property", "print QOM property", hmp_qom_get, complete_path},
    {"qom-set", "[-j] path property value",
     "set QOM property.\n\t\t\t -j: the value is specified in json format.", hmp_qom_set,
     complete_path},
    {"watchdog_action", "action", "change watchdog action", hmp_watchdog_action, NULL},
    {"dump-guest-memory", "filename", "dump guest memory (not supported)", hmp_dump_guest_memory,
     NULL},
    {0},
};
