/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block nodes: a graph of drivers. A protocol node (`file`, `host_device`, `null-co`) holds bytes
 * of the host; a format node (`raw`, `qcow2`) interprets the bytes of the node below it (its `file`
 * child) and may have a `backing` child that answers for what it does not hold.
 *
 * Locking rule
 * - The graph (opening, closing, references, names, listing, reopening) belongs to the main thread
 * with the device lock held, as the object tree does.
 * - I/O (block_pread ... block_flush, block_read_vmstate, block_write_vmstate) may be called from
 * any thread, with or without the device lock, for a node on which the caller holds a reference. It
 * blocks the calling thread until done. Each driver guards its own metadata with a lock of the
 * image; data are moved outside that lock. Overlapping requests are ordered by the driver where
 * metadata change; plain overlapping reads and writes are as unordered as on a disk.
 * - Snapshot operations, truncation and checks wait until the node's own requests in flight are
 * over and keep later ones waiting; they too may be called from any thread.
 * - Nothing in block/ ever takes the device lock. Completion callbacks of backend.h are dispatched
 * by GLib's default main context (the main loop), so the lock is held there by the main loop's own
 * rule.
 *
 * Durability: a completed write is durable after the next completed flush, or at once with
 * BLOCK_REQ_FUA. A process that is killed at any moment leaves an image that is consistent but for
 * clusters allocated and not used (leaks).
 *
 * I/O functions return 0 or a negative errno.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <jansson.h>
#include "block/iov.h"
#include "block/options.h"

#define BLOCK_SECTOR_SIZE 512
#define BLOCK_NODE_NAME_SIZE 32
/* Most bytes of one request. */
#define BLOCK_MAX_REQUEST (INT32_MAX & ~(uint64_t)(BLOCK_SECTOR_SIZE - 1))

typedef struct BlockNode BlockNode;

/* How to open. */
enum {
    BLOCK_OPEN_RDWR = 1u << 0,     /* else read-only */
    BLOCK_OPEN_NOCACHE = 1u << 1,  /* cache.direct: O_DIRECT */
    BLOCK_OPEN_NO_FLUSH = 1u << 2, /* cache.no-flush: flushes do nothing */
    BLOCK_OPEN_UNMAP = 1u << 3,    /* discard=unmap: discards reach the host */
    BLOCK_OPEN_INACTIVE = 1u << 4, /* incoming migration: no locks, no writes until activated */
    BLOCK_OPEN_CHECK = 1u << 5, /* for block_check(): no automatic repair, dirty and corrupt pass */
    BLOCK_OPEN_PROTOCOL = 1u << 6,    /* no format on top */
    BLOCK_OPEN_SNAPSHOT = 1u << 7,    /* writes go to a temporary overlay */
    BLOCK_OPEN_AUTO_RDONLY = 1u << 8, /* fall back to read-only where writing is forbidden */
    BLOCK_OPEN_NO_BACKING = 1u << 9,  /* leave the backing file closed */
    BLOCK_OPEN_NO_LOCK = 1u << 10,    /* force-share */
};

/* Flags of a request. */
enum {
    BLOCK_REQ_FUA = 1u << 0,         /* durable when done */
    BLOCK_REQ_MAY_UNMAP = 1u << 1,   /* zeroes may be made by giving space back */
    BLOCK_REQ_NO_FALLBACK = 1u << 2, /* zeroes: -ENOTSUP rather than writing buffers */
};

/* ---- Graph: main thread, device lock ---- */

/*
 * Opens a node. Either filename or options["driver"/"file"/"filename"] say what; options is
 * consumed in any case (NULL: none). Without a driver the format is probed, and a raw guess
 * restricts writes to the first sector so that the guest cannot turn the image into another format.
 * "json:{...}" is a filename too. Returns a reference, or NULL with an error that names the file.
 */
BlockNode *block_open(const char *filename, BlockOptions *options, unsigned flags, GError **errp);
void block_ref(BlockNode *node);
/* The last one flushes and closes. NULL allowed. */
void block_unref(BlockNode *node);
BlockNode *block_find(const char *node_name);
/* Walks all nodes in the order they were opened; NULL starts and ends. */
BlockNode *block_next(BlockNode *node);
const char *block_node_name(const BlockNode *node);
const char *block_driver_name(const BlockNode *node);
/* As a user would write it; "json:{...}" where no short form says everything. */
const char *block_filename(const BlockNode *node);
BlockNode *block_file_child(const BlockNode *node);
BlockNode *block_backing_child(const BlockNode *node);
bool block_is_read_only(const BlockNode *node);
unsigned block_open_flags(const BlockNode *node);
/* True where it was given a name on the command line or by blockdev-add (blockdev-del may remove
 * it). */
bool block_is_monitor_owned(const BlockNode *node);
void block_set_monitor_owned(BlockNode *node, bool owned);
/* Number of nodes and backends that use it. */
unsigned block_user_count(const BlockNode *node);

/* Gives up locks and caches so that another process may take the images over, and the reverse.
 * Sources of a migration call inactivate after their last flush, destinations activate before the
 * guest runs. */
bool block_inactivate_all(GError **errp);
bool block_activate_all(GError **errp);

/* ---- Creation: main thread, device lock ---- */
typedef enum BlockPrealloc {
    BLOCK_PREALLOC_OFF, BLOCK_PREALLOC_METADATA, BLOCK_PREALLOC_FALLOC, BLOCK_PREALLOC_FULL,
} BlockPrealloc;
/*
 * Makes an image. format "raw" or "qcow2"; options (consumed) as qemu-img create -o has them: size,
 * preallocation, nocow; qcow2: compat (0.10, 1.1), cluster_size, refcount_bits, lazy_refcounts,
 * compression_type, backing_file, backing_fmt.
 */
bool block_create(const char *format, const char *filename, BlockOptions *options, GError **errp);

/* ---- I/O: any thread ---- */
int block_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags);
int block_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags);
int block_pread(BlockNode *node, int64_t offset, void *buf, int64_t bytes);
int block_pwrite(BlockNode *node, int64_t offset, const void *buf, int64_t bytes);
int block_pwrite_zeroes(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags);
/* Advice; what cannot be given back stays. */
int block_pdiscard(BlockNode *node, int64_t offset, int64_t bytes);
int block_flush(BlockNode *node);
/* A hint: a flush comes soon, so what has been written so far may as well be on its way to the
 * medium. */
void block_begin_writeback(BlockNode *node);
/* Virtual size in bytes, or -errno. */
int64_t block_length(BlockNode *node);
/* Bytes the image takes on the host, or -errno. */
int64_t block_allocated_size(BlockNode *node);
bool block_truncate(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp);
/* What a range is: flags of BLOCK_STATUS_*; *run: bytes from offset on for which that holds (> 0).
 */
enum { BLOCK_STATUS_DATA = 1, BLOCK_STATUS_ZERO = 2, BLOCK_STATUS_ALLOCATED = 4 };
int block_status(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run);

typedef struct BlockInfo {
    uint64_t cluster_size;     /* 0: has none */
    uint64_t vmstate_offset;   /* where VM state lies, 0: cannot hold any */
    bool dirty;                /* was not closed */
    bool corrupt;
    const char *backing_name;  /* as the image has it, NULL: none; the node's */
    const char *backing_format;
} BlockInfo;
/* False: nothing known. */
bool block_get_info(BlockNode *node, BlockInfo *info);
/* {"type": "qcow2", "data": {...}} for query commands; NULL: the format has none. */
json_t *block_format_specific(BlockNode *node);

typedef struct BlockCheckResult {
    uint64_t corruptions, leaks, check_errors;
    uint64_t corruptions_fixed, leaks_fixed;
    uint64_t allocated_clusters, total_clusters, compressed_clusters, fragmented_clusters;
    uint64_t image_end_offset;
    GPtrArray *messages; /* char *, NULL: not wanted; the caller's, with free function g_free */
} BlockCheckResult;
enum { BLOCK_FIX_LEAKS = 1, BLOCK_FIX_ERRORS = 2 };
/* False with an error when it could not check at all (or the format has no checks). */
bool block_check(BlockNode *node, BlockCheckResult *result, unsigned fix, GError **errp);

/* ---- Internal snapshots and VM state: any thread ---- */
typedef struct BlockSnapshot {
    char *id, *name;           /* g_malloc */
    uint64_t vm_state_size;
    uint64_t date_sec;
    uint32_t date_nsec;
    uint64_t vm_clock_nsec;
    uint64_t icount;           /* UINT64_MAX: not recorded */
    uint64_t disk_size;
} BlockSnapshot;
void block_snapshot_clear(BlockSnapshot *snapshot);
/* g_free each with block_snapshot_clear(): the array does it. NULL with an error. */
GArray *block_snapshot_list(BlockNode *node, GError **errp);
/* Writable, and its format has internal snapshots. */
bool block_can_snapshot(BlockNode *node);
/* Whole match of id and name where given (NULL: any); *out (if out) is a copy. */
bool block_snapshot_find(BlockNode *node, const char *id, const char *name, BlockSnapshot *out);
/*
 * Freezes the disk's content (and what block_write_vmstate() wrote since the last snapshot, of
 * which info->vm_state_size bytes count) under info->name. A missing id is chosen and filled in.
 * All or nothing, also when the process dies.
 */
bool block_snapshot_create(BlockNode *node, BlockSnapshot *info, GError **errp);
/* Back to that content; the snapshot stays. id or name may be NULL. All or nothing. */
bool block_snapshot_apply(BlockNode *node, const char *id, const char *name, GError **errp);
bool block_snapshot_delete(BlockNode *node, const char *id, const char *name, GError **errp);
/*
 * VM state lies past the virtual disk. Writes go to the current state and belong to the next
 * snapshot; positions count from 0. Large pieces (1 MiB and more) at ascending positions are fast.
 */
int block_write_vmstate(BlockNode *node, int64_t position, const IOVector *v);
int block_write_vmstate_buf(BlockNode *node, int64_t position, const void *buf, size_t size);
/* From the snapshot with that id, or (NULL) from the current state, without touching the disk's
 * content: a stream can be examined before anything is reverted. Never more than vm_state_size
 * bytes exist. */
int block_read_vmstate(BlockNode *node, const char *snapshot_id, int64_t position, void *buf,
                       size_t size);
/* Gives back what was written and belongs to no snapshot (after a savevm that failed). */
int block_discard_vmstate(BlockNode *node);

/*
 * Over all disks, as savevm and loadvm see them: `nodes` is a list of node or device names (char
 * *), NULL: every writable node that a backend uses, or that nobody but the monitor owns. Device
 * lock.
 */
GPtrArray *block_snapshot_nodes(const GPtrArray *nodes, GError **errp); /* BlockNode *, borrowed */
/* The one that holds VM state: `name`, or the first that can. */
BlockNode *block_vmstate_node(const char *name, const GPtrArray *nodes, GError **errp);
/* Each can hold snapshots; the error names the first that cannot. */
bool block_all_can_snapshot(const GPtrArray *nodes, GError **errp);
/* -1 with an error; 1: a snapshot of that name is on every node; 0: on one or more it is missing.
 */
int block_all_has_snapshot(const char *name, const GPtrArray *nodes, GError **errp);
/* VM state goes with vmstate_node only. What was created is removed again when one of them fails.
 */
bool block_all_create_snapshot(const BlockSnapshot *info, BlockNode *vmstate_node,
                               const GPtrArray *nodes, GError **errp);
/* Looks whether all have it before the first is touched. */
bool block_all_apply_snapshot(const char *name, const GPtrArray *nodes, GError **errp);
/* Nodes that do not have it are passed over. */
bool block_all_delete_snapshot(const char *name, const GPtrArray *nodes, GError **errp);
/* Flush of every writable node; the first error. */
int block_flush_all(void);

/* ---- Upward calls; app sets them ---- */
typedef struct BlockHostOps {
    /* An event for the monitors; data's reference is taken. Called on the main thread. */
    void (*send_event)(const char *name, json_t *data);
    /* Run state io-error. Called on the main thread. */
    void (*stop_machine)(void);
} BlockHostOps;
void block_set_host_ops(const BlockHostOps *ops);
/* Everything down: backends drained, nodes flushed and closed. Main thread, at the end of the
 * process. */
void block_cleanup(void);

#endif
