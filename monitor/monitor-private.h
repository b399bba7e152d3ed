/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the monitors: sessions, line editing, joined tables. */
#ifndef MONITOR_PRIVATE_H
#define MONITOR_PRIVATE_H

#include "chardev/char.h"
#include "monitor/commands.h"
#include "monitor/monitor.h"

typedef struct LineEditor LineEditor;

typedef struct Monitor {
    CharFrontend frontend;
    MonitorMode mode;
    bool pretty, negotiated, suspended;
    int cpu_index;
    GString *out;                /* not written yet */
    guint watch;
    /* HMP */
    LineEditor *editor;
    bool active;                 /* banner shown */
    /* QMP: text that makes no whole value yet */
    GString *in;
    unsigned depth;
    bool in_string, escaped;
} Monitor;

typedef struct MonitorRegistry {
    GPtrArray *monitors;         /* Monitor * */
    GPtrArray *hmp_tables, *qmp_tables;
} MonitorRegistry;
MonitorRegistry *monitor_registry(void);

/* Queues text and writes what goes. */
void monitor_write(Monitor *mon, const char *text, size_t size);
void monitor_printf(Monitor *mon, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* hmp.c */
void hmp_event(Monitor *mon, CharEvent event);
void hmp_input(Monitor *mon, const uint8_t *data, int size);
const HMPCommand *hmp_find(const char *line, const char **args);
void hmp_complete(const char *line, GPtrArray *out);
/* qmp.c */
void qmp_event(Monitor *mon, CharEvent event);
void qmp_input(Monitor *mon, const uint8_t *data, int size);
void qmp_emit(Monitor *mon, json_t *value);
json_t *qmp_timestamp(void);

/* line-editor.c: editing, history, completion on a terminal. */
LineEditor *line_editor_new(void (*write)(void *opaque, const char *text, size_t size),
                            void (*line)(void *opaque, const char *line),
                            void (*complete)(const char *line, GPtrArray *out), void *opaque);
void line_editor_free(LineEditor *editor);
void line_editor_prompt(LineEditor *editor);
void line_editor_input(LineEditor *editor, uint8_t c);

#endif
