/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the block layer: nodes, drivers, the registry. */
#ifndef BLOCK_PRIVATE_H
#define BLOCK_PRIVATE_H

#include <inttypes.h>

#include "block/backend.h"
#include "block/block.h"
#include "util/thread.h"

typedef struct BlockDriver BlockDriver;

struct BlockNode {
    const BlockDriver *driver;
    void *opaque;                  /* driver's instance */
    char name[BLOCK_NODE_NAME_SIZE];
    char *filename;
    BlockNode *file, *backing;
    BlockOptions *explicit_options; /* as given, for reopening and json: names */
    char *backing_name, *backing_format; /* as the image has them */
    unsigned flags;                /* BLOCK_OPEN_* */
    unsigned references;
    bool monitor_owned, probed;
    bool opening;                  /* what is being opened below it must not be it */
    BlockDetectZeroes detect_zeroes;
    int64_t length;                /* atomic; bytes */
    uint64_t wr_highest_offset;    /* atomic */
    int flush_error;               /* atomic: a lost write-back makes later flushes fail too */
};

struct BlockDriver {
    const char *name;
    bool is_protocol;
    const char *protocol;          /* prefix of filenames: "file" of file:..., NULL: none */
    size_t instance_size;
    bool has_backing;
    /* 0 to 100: how sure the first bytes make it. */
    int (*probe)(const uint8_t *buf, size_t size, const char *filename);
    /* node->file is open. Takes its keys out of options. */
    bool (*open)(BlockNode *node, BlockOptions *options, GError **errp);
    void (*close)(BlockNode *node);
    int (*preadv)(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags);
    int (*pwritev)(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags);
    int (*pwrite_zeroes)(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags);
    int (*pdiscard)(BlockNode *node, int64_t offset, int64_t bytes);
    int (*flush)(BlockNode *node);
    void (*begin_writeback)(BlockNode *node); /* a hint */
    bool (*truncate)(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp);
    int64_t (*get_length)(BlockNode *node); /* asked anew each time; NULL: node->length */
    int64_t (*allocated_size)(BlockNode *node);
    int (*status)(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run);
    bool (*get_info)(BlockNode *node, BlockInfo *info);
    json_t *(*format_specific)(BlockNode *node);
    bool (*check)(BlockNode *node, BlockCheckResult *result, unsigned fix, GError **errp);
    bool (*inactivate)(BlockNode *node, GError **errp);
    bool (*activate)(BlockNode *node, GError **errp);
    GArray *(*snapshot_list)(BlockNode *node, GError **errp);
    bool (*snapshot_create)(BlockNode *node, BlockSnapshot *info, GError **errp);
    bool (*snapshot_apply)(BlockNode *node, const char *id, GError **errp);
    bool (*snapshot_delete)(BlockNode *node, const char *id, GError **errp);
    int (*write_vmstate)(BlockNode *node, int64_t position, const IOVector *v);
    int (*read_vmstate)(BlockNode *node, const char *id, int64_t position, void *buf, size_t size);
    int (*discard_vmstate)(BlockNode *node);
    bool (*create)(const char *filename, BlockOptions *options, GError **errp);
};

extern const BlockDriver block_driver_file, block_driver_host_device, block_driver_null,
    block_driver_raw, block_driver_qcow2;

/* The process's nodes and backends, by name; its worker pool and the completions that wait for the
 * main loop. */
typedef struct BlockRegistry {
    GPtrArray *nodes;              /* BlockNode *, in order */
    GPtrArray *backends;           /* BlockBackend *, in order */
    unsigned next_number;          /* of generated names */
    bool incoming;
    unsigned open_depth;           /* backing files being opened, one inside the other */
    BlockHostOps host;
} BlockRegistry;
BlockRegistry *block_registry(void);
/* Free for a new node or backend. */
bool block_name_is_free(const char *name, const char *what, GError **errp);
/* Letters, digits, - . _, beginning with a letter. */
bool block_id_is_valid(const char *id);

/* A protocol node for `filename` (plain path, file:..., host_device:...), for drivers and creation.
 */
BlockNode *block_open_protocol(const char *filename, unsigned flags, GError **errp);
const BlockDriver *block_find_driver(const char *name);
/* Format of the first bytes. NULL with an error: one that is known and not built. */
const BlockDriver *block_probe(const uint8_t *buf, size_t size, const char *filename,
                               GError **errp);
#define BLOCK_PROBE_SIZE 2048
/* Opens the backing file that the image names, unless options say otherwise. */
bool block_open_backing(BlockNode *node, BlockOptions *options, GError **errp);
/* `name` as seen from the image `from`: relative names lie beside it. g_free. */
char *block_resolve_filename(const char *from, const char *name);

/* Tells the monitors, by event BLOCK_IMAGE_CORRUPTED, that damage was found. Any thread. fatal:
 * nothing more is written to the image. */
void block_corruption_event(const BlockNode *node, const char *message, bool fatal);

/* aio.c: waits until the pool has nothing to do and frees it. */
void block_aio_cleanup(void);
void block_backend_cleanup(void);

#endif
