/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitors: HMP (readline on a character back end) and QMP (JSON).  Command rows of other folders
 * are joined by app.  Device lock; main thread.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdbool.h>
#include <glib.h>
#include "chardev/char.h"
#include "system/job.h"
#include "system/migration.h"

typedef enum MonitorMode { MONITOR_READLINE, MONITOR_CONTROL } MonitorMode;

/* Starts a monitor on chr. pretty: indented JSON (control mode). */
bool monitor_add(Chardev *chr, MonitorMode mode, bool pretty, GError **errp);
/* Ends all; pending output is sent. */
void monitor_cleanup(void);
/* A command line as HMP has it; output appended. Also human-monitor-command. */
void monitor_run_hmp(const char *line, int cpu_index, GString *out);
/* The command "cont". */
bool monitor_cont(GError **errp);
/* The migration's observer: sends the event MIGRATION. */
void monitor_migration_changed(MigrationStatus status, unsigned pass);
/* The jobs' observer: sends the event JOB_STATUS_CHANGE. */
void monitor_job_changed(const Job *job);

#endif
