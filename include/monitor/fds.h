/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that a management program passed over its QMP socket and named.
 */
#ifndef MONITOR_FDS_H
#define MONITOR_FDS_H

#include <glib.h>

/* A named descriptor, which becomes the caller's, or a number of the process's own; -1 with errp. Main
 * thread, device lock. */
int monitor_take_fd(const char *name, GError **errp);

#endif
