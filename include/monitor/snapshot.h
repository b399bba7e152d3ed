/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of the whole machine: its state in one disk image, its disks as they are at that moment
 * in all of them (savevm, loadvm, delvm; -loadvm; snapshot-save, -load, -delete).
 *
 * `devices` names the nodes or drives that take part (char *); NULL: every writable one. `vmstate`
 * names the one that holds the machine's state; NULL: the first that can. Main thread, device lock.
 */
#ifndef MONITOR_SNAPSHOT_H
#define MONITOR_SNAPSHOT_H

#include <stdbool.h>
#include <glib.h>

/*
 * Saves under `tag` (NULL: a name made of date and time). With `overwrite` an older snapshot of
 * that name is deleted when the new one is safe, else it is an error. A running guest stands still
 * meanwhile and goes on in any case. False: errp says why, and nothing of the new snapshot is left.
 */
bool snapshot_save(const char *tag, bool overwrite, const char *vmstate, const GPtrArray *devices,
                   GError **errp);
/*
 * Goes back to `tag`. What can be known beforehand is looked at first; a refusal leaves the guest
 * as it is, and running if it was. A failure after that leaves the machine stopped in state
 * internal-error: it has to be reset, or another snapshot to be loaded. After success a guest that
 * was running goes on.
 */
bool snapshot_load(const char *tag, const char *vmstate, const GPtrArray *devices, GError **errp);
/* Disks that do not have it are passed over. */
bool snapshot_delete(const char *tag, const GPtrArray *devices, GError **errp);

#endif
