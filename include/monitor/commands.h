/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of monitor commands.  Each folder that has commands exports a table; app joins them before
 * the first monitor starts.  Handlers run on the main thread with the device lock held.
 */
#ifndef MONITOR_COMMANDS_H
#define MONITOR_COMMANDS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include "object/object.h"

/* One run of an HMP command. */
typedef struct HMPContext {
    GString *out;
    int cpu_index;               /* the monitor's current CPU ("cpu N") */
    void *monitor;               /* NULL: human-monitor-command, gdb */
} HMPContext;
typedef void HMPFn(HMPContext *context, const char *args);
/* Candidates for the argument being typed, added to `out` (char *, g_malloc). */
typedef void HMPComplete(const char *args, GPtrArray *out);

typedef struct HMPCommand {
    const char *name;            /* "stop", or "info status"; aliases: "system_reset", "q|quit" */
    const char *args;            /* "[-a] addr" for help */
    const char *help;
    HMPFn *fn;
    HMPComplete *complete;
} HMPCommand;

/* arguments: an object (never NULL). Result: a new reference, or NULL with errp set; an empty
 * result is json_object(). */
typedef json_t *QMPFn(json_t *arguments, GError **errp);
typedef struct QMPCommand {
    const char *name;
    QMPFn *fn;
    bool preconfig, oob;
    /*
     * Arguments, ended by NULL: "name:T", with a trailing '?' if it may be missing; T is s
     * (string), i (integer), b (boolean), o (object), a (array), or ":T" is missing: any. "*" lets
     * others through. NULL: none.
     */
    const char *const *arguments;
} QMPCommand;

/* Tables ended by a row without name; the tables stay the caller's. */
void monitor_register_hmp(const HMPCommand *rows);
void monitor_register_qmp(const QMPCommand *rows);
/* A class that is neither device nor machine, for qom-list-types and qom-list-properties. */
void monitor_register_class(const ObjectClass *class);
/* Sends an event to every QMP session that has negotiated. data may be NULL; its reference is
 * taken. */
void monitor_send_event(const char *name, json_t *data);

/* {"driver": "x", "id": "y"} as "x,id=y": the member `first` (may be NULL) comes first, without
 * key. */
bool monitor_options_from_json(json_t *object, const char *first, GString *out, GError **errp);

/* A network back end as JSON, whose objects and arrays may nest, as the text of -netdev. */
bool monitor_netdev_from_json(json_t *object, GString *out, GError **errp);

extern const HMPCommand monitor_hmp_commands[], monitor_hmp_info_commands[],
    monitor_hmp_memory_commands[];
extern const QMPCommand monitor_qmp_commands[];

#endif
