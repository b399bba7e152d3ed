/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GDB remote protocol server. Device lock; main thread. */
#ifndef GDBSTUB_GDBSTUB_H
#define GDBSTUB_GDBSTUB_H

#include <stdbool.h>
#include <glib.h>

/* "tcp:[host]:port", "unix:path", "chardev:id", "stdio", "none" (stops it). A listening server does
 * not wait for its client. */
bool gdbserver_start(const char *device, GError **errp);
void gdbserver_cleanup(void);
/* What gdb's "monitor" command runs; output is appended. NULL: nothing. */
typedef void GDBMonitorFn(const char *line, int cpu_index, GString *out);
void gdbserver_set_monitor(GDBMonitorFn *fn);

#endif
