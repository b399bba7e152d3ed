/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * query-commands and query-qmp-schema, made from the rows.  The schema names every command, its
 * arguments with their JSON types, and every event; results are of type "any".
 */
#include <string.h>
#include "monitor-private.h"

static void foreach_command(void (*fn)(const QMPCommand *row, void *opaque), void *opaque)
{
    GPtrArray *tables = monitor_registry()->qmp_tables;

    for (guint t = 0; t < tables->len; t++) {
        for (const QMPCommand *row = g_ptr_array_index(tables, t); row->name; row++) {
            fn(row, opaque);
        }
    }
}

static void add_name(const QMPCommand *row, void *opaque)
{
    json_array_append_new(opaque, json_pack("{s:s}", "name", row->name));
}

static json_t *query_commands(json_t *arguments, GError **errp)
{
    json_t *result = json_array();

    add_name(&(QMPCommand){.name = "qmp_capabilities"}, result);
    foreach_command(add_name, result);
    return result;
}

/* Built-in types by the letter that argument rows use. */
typedef struct Builtin {
    char letter;
    const char *name, *json;
} Builtin;
static const Builtin builtins[] = {
    {0, "any", "value"},
    {'s', "str", "string"},
    {'i', "int", "int"},
    {'b', "bool", "boolean"},
};

static const char *type_name(char letter)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(builtins); i++) {
        if (builtins[i].letter == letter) {
            return builtins[i].name;
        }
    }
    return "any";
}

typedef struct SchemaState {
    json_t *list;
    unsigned number;
} SchemaState;

static void add_command(const QMPCommand *row, void *opaque)
{
    SchemaState *s = opaque;
    g_autofree char *type = g_strdup_printf("%u", ++s->number);
    json_t *members = json_array();

    for (unsigned i = 0; row->arguments && row->arguments[i]; i++) {
        QMPArgument argument = qmp_argument(row->arguments[i]);
        g_autofree char *name = g_strndup(argument.name, argument.length);
        json_t *member;

        if (argument.any) {
            continue;
        }
        member = json_pack("{s:s, s:s}", "name", name, "type", type_name(argument.type));
        if (argument.optional) {
            json_object_set_new(member, "default", json_null());
        }
        json_array_append_new(members, member);
    }
    json_array_append_new(s->list, json_pack("{s:s, s:s, s:o}", "name", type, "meta-type", "object",
                                             "members", members));
    json_array_append_new(s->list, json_pack("{s:s, s:s, s:s, s:s}", "name", row->name, "meta-type",
                                             "command", "arg-type", type, "ret-type", "any"));
}

static json_t *query_qmp_schema(json_t *arguments, GError **errp)
{
    /* All that are sent: the structure test looks for those that are missing here. */
    static const char *const events[] = {
        "STOP",
        "RESUME",
        "RESET",
        "SHUTDOWN",
        "POWERDOWN",
        "SUSPEND",
        "WAKEUP",
        "WATCHDOG",
        "GUEST_PANICKED",
        "RTC_CHANGE",
        "MIGRATION",
        "MIGRATION_PASS",
        "JOB_STATUS_CHANGE",
        "DEVICE_DELETED",
        "DEVICE_TRAY_MOVED",
        "BLOCK_IO_ERROR",
        "BLOCK_IMAGE_CORRUPTED",
    };
    static const char *const no_arguments[] = {"enable:a?", NULL};
    SchemaState s = {json_array(), 0};

    for (unsigned i = 0; i < G_N_ELEMENTS(builtins); i++) {
        json_array_append_new(s.list,
                              json_pack("{s:s, s:s, s:s}", "name", builtins[i].name, "meta-type",
                                        "builtin", "json-type", builtins[i].json));
    }
    json_array_append_new(
        s.list, json_pack("{s:s, s:s, s:[]}", "name", "0", "meta-type", "object", "members"));
    add_command(&(QMPCommand){.name = "qmp_capabilities", .arguments = no_arguments}, &s);
    foreach_command(add_command, &s);
    for (unsigned i = 0; i < G_N_ELEMENTS(events); i++) {
        json_array_append_new(s.list, json_pack("{s:s, s:s, s:s}", "name", events[i], "meta-type",
                                                "event", "arg-type", "0"));
    }
    return s.list;
}

const QMPCommand monitor_qmp_schema_commands[] = {
    {"query-commands", query_commands, .preconfig = true},
    {"query-qmp-schema", query_qmp_schema, .preconfig = true},
    {0},
};
