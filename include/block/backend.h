/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BlockBackend: what a disk device sees. It has the name of -drive id=, a medium (root node) that
 * may come and go, error policies, statistics and requests that complete on the main loop.
 *
 * Locking: creation, attachment, media, policies and submission belong to whoever holds the device
 * lock. Completion callbacks run on the main thread with the device lock held, in no particular
 * order, never inside the call that submits. blk_drain() runs those that are due on the calling
 * thread, which holds the device lock. blk_pread() and its like block and may be called from any
 * thread.
 */
#ifndef BLOCK_BACKEND_H
#define BLOCK_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "block/block.h"
#include "object/object.h"

typedef struct BlockBackend BlockBackend;
typedef struct BlockRequest BlockRequest;
/* ret: 0 or a negative errno. */
typedef void BlockCompletion(void *opaque, int ret);

/* ---- Life ---- */
/* name NULL: anonymous (a device with drive=NODE). The name must be free of backends and nodes. */
BlockBackend *blk_new(const char *name, GError **errp);
void blk_ref(BlockBackend *blk);
void blk_unref(BlockBackend *blk);
BlockBackend *blk_find(const char *name);
/* By the path or id of the device it is attached to. */
BlockBackend *blk_find_by_device(const char *device);
BlockBackend *blk_next(BlockBackend *blk); /* all of them, in order; NULL starts and ends */
const char *blk_name(const BlockBackend *blk); /* "" if anonymous */

/* ---- Medium ---- */
BlockNode *blk_node(const BlockBackend *blk); /* NULL: no medium */
bool blk_insert(BlockBackend *blk, BlockNode *node, GError **errp); /* takes its own reference */
void blk_remove(BlockBackend *blk);
bool blk_is_inserted(const BlockBackend *blk);
/* Medium that is there and whose tray is closed. */
bool blk_is_available(const BlockBackend *blk);
bool blk_is_writable(const BlockBackend *blk);
bool blk_read_only(const BlockBackend *blk);
int64_t blk_length(BlockBackend *blk); /* -ENOMEDIUM without */
/* In sectors of 512 bytes, rounded up; 0 without a medium. */
uint64_t blk_sectors(BlockBackend *blk);
/* Opens, asks the device to open its tray, removes the medium: errors name the device. */
bool blk_eject(BlockBackend *blk, bool force, GError **errp);
bool blk_change_medium(BlockBackend *blk, const char *filename, const char *format, bool read_only,
                       bool force, GError **errp);
bool blk_resize(BlockBackend *blk, int64_t size, GError **errp);

/* ---- Device ---- */
typedef struct BlockDeviceOps {
    void (*change_media)(void *opaque, bool loaded);
    void (*eject_request)(void *opaque, bool force);
    bool (*is_tray_open)(void *opaque);
    bool (*is_medium_locked)(void *opaque);
    void (*resize)(void *opaque);
    /* Submit nothing more until drained_end. */
    void (*drained_begin)(void *opaque);
    void (*drained_end)(void *opaque);
} BlockDeviceOps;
bool blk_attach_device(BlockBackend *blk, Object *device, GError **errp); /* one at a time */
void blk_detach_device(BlockBackend *blk, Object *device);
Object *blk_device(const BlockBackend *blk);
void blk_set_device_ops(BlockBackend *blk, const BlockDeviceOps *ops, void *opaque);
/* The guest, or the device for the monitor, has moved the tray: event DEVICE_TRAY_MOVED. */
void blk_tray_moved(BlockBackend *blk, bool open);
/* The device has media that change (ops with change_media). */
bool blk_is_removable(const BlockBackend *blk);

typedef enum BlockInterface {
    BLOCK_IF_NONE, BLOCK_IF_IDE, BLOCK_IF_SCSI, BLOCK_IF_FLOPPY, BLOCK_IF_PFLASH, BLOCK_IF_MTD,
    BLOCK_IF_SD, BLOCK_IF_VIRTIO, BLOCK_IF_XEN, BLOCK_IF_COUNT
} BlockInterface;
/* What -drive said about it; machines make devices of drives with an interface and mark them
 * claimed. */
typedef struct DriveInfo {
    BlockInterface interface;
    int bus, unit;
    bool is_cdrom;
    bool is_default;             /* -hda and its like did not say an interface: the machine's own */
    bool claimed;
    const char *serial;          /* the backend's, NULL: none */
    const char *device_address;
} DriveInfo;
DriveInfo *blk_drive_info(BlockBackend *blk); /* NULL: not from -drive */
/* The drive at that place, or NULL. */
BlockBackend *drive_get(BlockInterface interface, int bus, int unit);
/* First drive that asked for an interface and that no machine claimed; NULL: none. */
BlockBackend *drive_first_unclaimed(void);
/* As if= has it. */
const char *drive_interface_name(BlockInterface interface);

typedef struct BlockGeometry {
    uint32_t cylinders, heads, sectors; /* all 0: not said */
} BlockGeometry;
void blk_set_geometry(BlockBackend *blk, const BlockGeometry *geometry);
/* As said, or guessed from a DOS partition table, or from the size (16 heads, 63 sectors). */
void blk_get_geometry(BlockBackend *blk, BlockGeometry *geometry);
/* Sizes of logical and physical sectors; set by the device from its properties. */
void blk_set_guest_block_size(BlockBackend *blk, uint32_t size);

/* ---- Policies ---- */
typedef enum BlockErrorPolicy {
    BLOCK_ERROR_AUTO,            /* report for reads, enospc for writes */
    BLOCK_ERROR_REPORT, BLOCK_ERROR_IGNORE, BLOCK_ERROR_ENOSPC, BLOCK_ERROR_STOP,
} BlockErrorPolicy;
typedef enum BlockErrorAction {
    BLOCK_ACTION_REPORT,         /* tell the guest */
    BLOCK_ACTION_IGNORE,         /* tell the guest that all went well */
    BLOCK_ACTION_STOP,           /* the machine stops: keep the request, send it again on resume */
} BlockErrorAction;
void blk_set_error_policy(BlockBackend *blk, BlockErrorPolicy on_read, BlockErrorPolicy on_write);
BlockErrorPolicy blk_error_policy(const BlockBackend *blk, bool is_read);
/* What to do about errno `error` (positive). */
BlockErrorAction blk_error_action(const BlockBackend *blk, bool is_read, int error);
/* Does it: event BLOCK_IO_ERROR, io-status, and for STOP the machine's run state. Main thread. */
void blk_apply_error_action(BlockBackend *blk, BlockErrorAction action, bool is_read, int error);
typedef enum BlockIoStatus { BLOCK_IO_OK, BLOCK_IO_FAILED, BLOCK_IO_NOSPACE } BlockIoStatus;
BlockIoStatus blk_io_status(const BlockBackend *blk);
void blk_reset_io_status(BlockBackend *blk);
/* False: writes are durable when they complete (the guest has switched its write cache off). */
void blk_set_write_cache(BlockBackend *blk, bool on);
bool blk_write_cache(const BlockBackend *blk);
typedef enum BlockDetectZeroes {
    BLOCK_DETECT_OFF,
    BLOCK_DETECT_ON,
    BLOCK_DETECT_UNMAP
} BlockDetectZeroes;

/* ---- Requests that complete on the main loop ---- */
/*
 * The list of elements is copied, the memory is the caller's until completion. offset and the whole
 * size lie inside the medium or the request completes with -EIO; without a medium with -ENOMEDIUM.
 * The returned handle is valid until the callback has run.
 */
BlockRequest *blk_aio_preadv(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags,
                             BlockCompletion *done, void *opaque);
BlockRequest *blk_aio_pwritev(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags,
                              BlockCompletion *done, void *opaque);
BlockRequest *blk_aio_pwrite_zeroes(BlockBackend *blk, int64_t offset, int64_t bytes,
                                    unsigned flags, BlockCompletion *done, void *opaque);
BlockRequest *blk_aio_pdiscard(BlockBackend *blk, int64_t offset, int64_t bytes,
                               BlockCompletion *done, void *opaque);
BlockRequest *blk_aio_flush(BlockBackend *blk, BlockCompletion *done, void *opaque);
/* Work of the device's own on a pool thread: fn's result is what `done` gets. Counts as in flight.
 */
BlockRequest *blk_aio_work(BlockBackend *blk, int (*fn)(void *opaque), BlockCompletion *done,
                           void *opaque);
/*
 * One that has not started completes with -ECANCELED; one that has goes on. In both cases the
 * callback runs later, once. Whoever needs the memory back at once calls blk_drain().
 */
void blk_aio_cancel(BlockRequest *request);
/* Requests submitted whose callback has not run. */
unsigned blk_in_flight(const BlockBackend *blk);
/* Waits until none is in flight; callbacks of this backend run in here. Device lock. */
void blk_drain(BlockBackend *blk);
/* All backends (before the machine's state is looked at). Device lock. */
void block_drain_all(void);

/* ---- Requests that block ---- */
int blk_pread(BlockBackend *blk, int64_t offset, void *buf, int64_t bytes);
int blk_pwrite(BlockBackend *blk, int64_t offset, const void *buf, int64_t bytes, unsigned flags);
int blk_preadv(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags);
int blk_pwritev(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags);
int blk_pwrite_zeroes(BlockBackend *blk, int64_t offset, int64_t bytes, unsigned flags);
int blk_pdiscard(BlockBackend *blk, int64_t offset, int64_t bytes);
int blk_flush(BlockBackend *blk);

/* ---- Statistics (query-blockstats); blk_* requests count themselves ---- */
typedef struct BlockStats {
    uint64_t rd_bytes, wr_bytes, unmap_bytes;
    uint64_t rd_operations, wr_operations, flush_operations, unmap_operations;
    uint64_t rd_total_time_ns, wr_total_time_ns, flush_total_time_ns, unmap_total_time_ns;
    uint64_t failed_rd_operations, failed_wr_operations, failed_flush_operations,
        failed_unmap_operations;
    uint64_t invalid_rd_operations, invalid_wr_operations, invalid_flush_operations,
        invalid_unmap_operations;
    uint64_t wr_highest_offset;
    int64_t idle_since_ns;       /* host clock of the last completion, 0: never */
} BlockStats;
void blk_get_stats(BlockBackend *blk, BlockStats *stats);
typedef enum BlockStatKind {
    BLOCK_STAT_READ,
    BLOCK_STAT_WRITE,
    BLOCK_STAT_FLUSH,
    BLOCK_STAT_UNMAP
} BlockStatKind;
/* A request of the guest that was refused before it became one. */
void blk_count_invalid(BlockBackend *blk, BlockStatKind kind);

/* A device's drive= property: member BlockBackend *, set by backend or node name. */
extern const PropertyType property_type_drive;
#define DEFINE_PROP_DRIVE(n, s, f, phelp)                                                          \
    {                                                                                              \
        .name = (n), .type = &property_type_drive, .offset = PROP_OFFSET(s, f, BlockBackend *),    \
        .help = (phelp)                                                                            \
    }

#endif
