/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks from the command line and the monitors: -drive, -blockdev and the QMP commands' work. Main
 * thread, device lock. JSON has the shapes that QMP clients know.
 */
#ifndef BLOCK_BLOCKDEV_H
#define BLOCK_BLOCKDEV_H

#include <stdbool.h>
#include <glib.h>
#include <jansson.h>
#include "block/backend.h"

/* -drive TEXT. default_if: the machine's interface for drives that name none. force_snapshot:
 * -snapshot. */
BlockBackend *drive_add(const char *text, BlockInterface default_if, bool force_snapshot,
                        GError **errp);
/* -hda ... -hdd (index 0 to 3), -cdrom, and an image given without an option. */
BlockBackend *drive_add_disk(const char *filename, unsigned index, bool cdrom,
                             BlockInterface default_if, bool force_snapshot, GError **errp);
/* -blockdev TEXT: "driver=...,node-name=...,..." or a JSON object. */
bool blockdev_add_text(const char *text, GError **errp);
bool blockdev_add(json_t *arguments, GError **errp);
bool blockdev_del(const char *node_name, GError **errp);
/* -incoming was given: images are opened inactive from now on. */
void blockdev_set_incoming(bool incoming);

json_t *blockdev_query(GError **errp);                         /* query-block */
json_t *blockdev_query_nodes(bool flat, GError **errp);        /* query-named-block-nodes */
json_t *blockdev_query_stats(bool query_nodes, GError **errp); /* query-blockstats */
bool blockdev_resize(const char *device, const char *node_name, int64_t size, GError **errp);
bool blockdev_snapshot_internal(const char *device, const char *name, GError **errp);
/* The deleted snapshot as SnapshotInfo; NULL with an error. */
json_t *blockdev_snapshot_internal_delete(const char *device, const char *id, const char *name,
                                          GError **errp);
json_t *block_snapshot_to_json(const BlockSnapshot *snapshot);
/* A node by backend name, device id or node name; the error names what was looked for. */
BlockNode *blockdev_lookup(const char *device, const char *node_name, GError **errp);

/* HMP: info block [-n] [-v] [device], info blockstats. */
void blockdev_print(GString *out, bool nodes, bool verbose, const char *device);
void blockdev_print_stats(GString *out);

#endif
