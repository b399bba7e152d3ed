/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state stream in the VM state area of a disk image. The image's reads and writes run in a
 * thread, in large pieces, while the caller makes or takes what comes next.
 */
#ifndef MONITOR_VMSTATE_FILE_H
#define MONITOR_VMSTATE_FILE_H

#include "block/block.h"
#include "migration/stream.h"

/* Writes what will belong to the next snapshot. */
StateStream *vmstate_file_writer(BlockNode *node);
/* Reads the state of a snapshot, `size` bytes. */
StateStream *vmstate_file_reader(BlockNode *node, const char *snapshot_id, uint64_t size);
/* Both are closed by state_stream_close(), which waits for the thread. */

#endif
