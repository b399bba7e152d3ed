/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that a management program passed over its QMP socket and named.
 */
#ifndef MONITOR_FDS_H
#define MONITOR_FDS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <glib.h>

typedef struct TakenFd {
    int fd;
    bool named;          /* it came over a monitor */
    dev_t device;        /* what it is */
    ino_t inode;
} TakenFd;

/* A named descriptor, which becomes the caller's, or a number of the process's own. Main thread,
 * device lock. */
bool monitor_take_fd(const char *name, TakenFd *taken, GError **errp);
/* What it was taken for has failed: nobody else knows a named one, so that it is closed, unless
 * whoever failed has done that. */
void monitor_drop_fd(const TakenFd *taken);

/* For networks' back ends (NetHostOps.take_fd): -1 with errp. What netdev_add has taken so is
 * closed if it fails. */
int monitor_take_net_fd(const char *name, GError **errp);

#endif
