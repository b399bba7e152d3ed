/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the monitors: sessions, line editing, joined tables. */
#ifndef MONITOR_PRIVATE_H
#define MONITOR_PRIVATE_H

#include "chardev/char.h"
#include "monitor/commands.h"
#include "hw/core/cpu.h"
#include "monitor/monitor.h"
#include "system/migration.h"

typedef struct LineEditor LineEditor;

typedef struct Monitor {
    CharFrontend frontend;
    MonitorMode mode;
    bool pretty, negotiated, suspended;
    int cpu_index;
    char format;                 /* of the last x or print, 0: none yet */
    unsigned format_size;
    GString *out;                /* not written yet */
    guint watch;
    /* HMP */
    LineEditor *editor;
    bool active;                 /* banner shown */
    /* QMP: text that makes no whole value yet */
    GString *in;
    unsigned depth;
    char quote;                  /* that ends the string we are in, 0: in none */
    bool escaped;
} Monitor;

typedef struct MonitorRegistry {
    GPtrArray *monitors;         /* Monitor * */
    GPtrArray *hmp_tables, *qmp_tables;
    Monitor *current;            /* whose QMP command runs */
    GPtrArray *classes;          /* const ObjectClass *: besides devices and machines */
    GHashTable *fds;             /* name to descriptor, of getfd */
    GArray *net_fds;             /* TakenFd: what this netdev_add has taken; NULL: there is none */
} MonitorRegistry;
MonitorRegistry *monitor_registry(void);

/* Queues text and writes what goes. */
void monitor_write(Monitor *mon, const char *text, size_t size);
void monitor_printf(Monitor *mon, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* hmp.c */
void hmp_event(Monitor *mon, CharEvent event);
void hmp_input(Monitor *mon, const uint8_t *data, int size);
/* what: "", "info" or a command's name. */
void hmp_help(GString *out, const char *what);
const HMPCommand *hmp_find(const char *line, const char **args);
void hmp_complete(const char *line, GPtrArray *out);
/* "Error: ..." if there is one, which is freed. */
void hmp_report(HMPContext *context, GError *error);
/* qmp.c */
void qmp_event(Monitor *mon, CharEvent event);
void qmp_input(Monitor *mon, const uint8_t *data, int size);
void qmp_emit(Monitor *mon, json_t *value);
json_t *qmp_timestamp(void);

/* json-options.c: text with each comma twice. */
void monitor_append_escaped(GString *out, const char *text);

/* migration-commands.c */
extern const HMPCommand monitor_hmp_migration_commands[];
extern const QMPCommand monitor_qmp_migration_commands[], monitor_qmp_fd_commands[];

/* expression.c. *text is moved behind what was read. A word may be quoted; NULL: nothing left. */
bool monitor_expression(const char **text, int cpu_index, uint64_t *value, GError **errp);
char *monitor_word(const char **text);

/* Text that one command may make. */
#define MONITOR_MAX_OUTPUT (16u << 20)

/* What HMP and QMP share. Errors read as QEMU's. */
#define MONITOR_VERSION_TEXT "8.2.0"
#define MONITOR_PACKAGE "Gossamer 0.1.0"
bool monitor_save_memory(int cpu_index, bool physical, uint64_t address, uint64_t size,
                         const char *file, GError **errp);
bool monitor_nmi(int cpu_index, GError **errp);
bool monitor_wakeup(GError **errp);
bool monitor_device_del(const char *id, GError **errp);
bool monitor_chardev_remove(const char *id, GError **errp);
bool monitor_chardev_break(const char *id, GError **errp);
/* An object by path, or an error of class NOT_FOUND. */
Object *monitor_object(const char *path, GError **errp);
json_t *monitor_property_get(Object *obj, const char *name, GError **errp);
bool monitor_property_set(Object *obj, const char *name, json_t *value, GError **errp);
/* A JSON string of text that may not be UTF-8; NULL: "". */
json_t *monitor_text(const char *text);
/* "00000000-0000-...": the machine's. g_malloc. */
char *monitor_uuid(void);
/* core-id of a CPU as the machine's slots count. */
unsigned monitor_core_id(const CPUState *cpu);

/* ---- QMP handlers ---- */
/* Errors with a class of their own; every other error is a GenericError. */
GQuark qmp_error_quark(void);
#define QMP_ERROR qmp_error_quark()
enum { QMP_CLASS_DEVICE_NOT_FOUND, QMP_CLASS_DEVICE_NOT_ACTIVE, QMP_CLASS_COMMAND_NOT_FOUND };
/* An argument row: "name", "name:s", "name:i?"; "*": any others too. */
typedef struct QMPArgument {
    const char *name;
    size_t length;
    char type;                   /* s i b o a; 0: any */
    bool optional, any;
} QMPArgument;
QMPArgument qmp_argument(const char *text);
/* {} or NULL. */
json_t *qmp_result(bool good);
const char *qmp_string(json_t *arguments, const char *name);
int64_t qmp_integer(json_t *arguments, const char *name, int64_t otherwise);
json_t *qmp_version(void);
extern const QMPCommand monitor_qmp_query_commands[], monitor_qmp_object_commands[],
    monitor_qmp_schema_commands[];

/* block-commands.c */
extern const QMPCommand monitor_qmp_block_commands[];
extern const HMPCommand monitor_hmp_block_commands[];

/* display-commands.c */
/* "change vnc password SECRET": what and the secret. */
bool monitor_change_vnc(const char *what, const char *secret, GError **errp);
extern const QMPCommand monitor_qmp_display_commands[];
extern const HMPCommand monitor_hmp_display_commands[];

/* net-commands.c */
extern const QMPCommand monitor_qmp_net_commands[];
extern const HMPCommand monitor_hmp_net_commands[];

/* snapshot-commands.c */
extern const QMPCommand monitor_qmp_snapshot_commands[];
extern const HMPCommand monitor_hmp_snapshot_commands[];

/* line-editor.c: editing, history, completion on a terminal. */
LineEditor *line_editor_new(void (*write)(void *opaque, const char *text, size_t size),
                            void (*line)(void *opaque, const char *line),
                            void (*complete)(const char *line, GPtrArray *out), void *opaque);
void line_editor_free(LineEditor *editor);
void line_editor_prompt(LineEditor *editor);
void line_editor_input(LineEditor *editor, uint8_t c);
/* Oldest first; owned by the editor. */
const GPtrArray *line_editor_history(const LineEditor *editor);

#endif
