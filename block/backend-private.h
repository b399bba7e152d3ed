/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of block backends. */
#ifndef BLOCK_BACKEND_PRIVATE_H
#define BLOCK_BACKEND_PRIVATE_H

#include "aio.h"
#include "block-private.h"

struct BlockBackend {
    char *name;                    /* "": anonymous */
    unsigned references;
    bool monitor_owned;            /* made by -drive: lives until blockdev-del or the end */
    BlockNode *node;
    Object *device;
    const BlockDeviceOps *ops;
    void *ops_opaque;
    bool is_drive;
    DriveInfo drive;
    char *serial, *device_address;
    unsigned drive_flags;          /* to open the next medium with */
    BlockGeometry geometry;
    uint32_t guest_block_size;
    BlockErrorPolicy on_read, on_write;
    BlockIoStatus io_status;
    bool io_status_enabled;
    bool write_cache;              /* atomic */
    bool read_only;
    unsigned in_flight;            /* device lock */
    Mutex stats_lock;
    BlockStats stats;
};

void blk_account(BlockBackend *blk, BlockStatKind kind, int64_t offset, int64_t bytes, int64_t ns,
                 int ret);
int64_t blk_clock_ns(void);

#endif
