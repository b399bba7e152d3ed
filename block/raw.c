/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Format `raw`: the bytes of the node below, all of them or a window (offset=, size=). Where the
 * format was only guessed, the first sectors may not become the beginning of another format.
 */
#include <errno.h>
#include <string.h>
#include "block-private.h"
#include "util/bitops.h"
#include "util/error.h"

typedef struct RawState {
    uint64_t offset, size;
    bool has_size;
} RawState;

static int raw_probe(const uint8_t *buf, size_t size, const char *filename)
{
    return 1;
}

static bool raw_open(BlockNode *node, BlockOptions *options, GError **errp)
{
    RawState *s = node->opaque;
    int64_t length = block_length(node->file);

    if (length < 0) {
        error_setg_errno(errp, (int)-length, "size of '%s'", node->filename);
        return false;
    }
    s->has_size = block_options_get(options, "size") != NULL;
    if (!block_options_take_size(options, "offset", &s->offset, errp) ||
        !block_options_take_size(options, "size", &s->size, errp)) {
        return false;
    }
    if (s->offset > (uint64_t)length || (s->has_size && s->size > (uint64_t)length - s->offset)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "The sum of offset (%" PRIu64 ") and size (%" PRIu64
                  ") has to be smaller or equal to the "
                  "actual size of the containing file (%" PRId64 ")",
                  s->offset, s->size, length);
        return false;
    }
    if (s->has_size && (s->size & (BLOCK_SECTOR_SIZE - 1))) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Specified size is not multiple of %d",
                  BLOCK_SECTOR_SIZE);
        return false;
    }
    return true;
}

/* Whole sectors: the rest of the last one reads as zeroes. */
static int64_t raw_length(BlockNode *node)
{
    RawState *s = node->opaque;
    int64_t length;

    if (s->has_size) {
        return (int64_t)s->size;
    }
    length = block_length(node->file);
    if (length < 0) {
        return length;
    }
    return ROUND_UP(MAX(length - (int64_t)s->offset, 0), BLOCK_SECTOR_SIZE);
}

static int raw_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    RawState *s = node->opaque;

    return block_preadv(node->file, offset + (int64_t)s->offset, v, flags);
}

/* What a guessed image would look like after the write. */
static int check_guess(BlockNode *node, int64_t offset, const IOVector *v)
{
    g_autofree uint8_t *buf = g_malloc0(BLOCK_PROBE_SIZE);
    RawState *s = node->opaque;
    const BlockDriver *driver;
    int ret = block_pread(node->file, (int64_t)s->offset, buf, BLOCK_PROBE_SIZE);

    if (ret < 0) {
        return ret;
    }
    iov_to_buf(v, 0, buf + offset, MIN(v->size, (size_t)(BLOCK_PROBE_SIZE - offset)));
    driver = block_probe(buf, BLOCK_PROBE_SIZE, node->filename, NULL);
    return driver == &block_driver_raw ? 0 : -EPERM;
}

static int raw_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    RawState *s = node->opaque;

    if (node->probed && offset < BLOCK_PROBE_SIZE) {
        int ret = check_guess(node, offset, v);

        if (ret < 0) {
            return ret;
        }
    }
    return block_pwritev(node->file, offset + (int64_t)s->offset, v,
                         flags & ~(unsigned)BLOCK_REQ_FUA);
}

static int raw_pwrite_zeroes(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags)
{
    RawState *s = node->opaque;

    return block_pwrite_zeroes(node->file, offset + (int64_t)s->offset, bytes,
                               flags & ~(unsigned)BLOCK_REQ_FUA);
}

static int raw_pdiscard(BlockNode *node, int64_t offset, int64_t bytes)
{
    RawState *s = node->opaque;

    return block_pdiscard(node->file, offset + (int64_t)s->offset, bytes);
}

static int raw_flush(BlockNode *node)
{
    return block_flush(node->file);
}

static bool raw_truncate(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp)
{
    RawState *s = node->opaque;

    if (s->has_size) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "Cannot resize fixed-size raw disks");
        return false;
    }
    if (size > INT64_MAX - (int64_t)s->offset) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Disk size too large for the chosen offset");
        return false;
    }
    return block_truncate(node->file, size + (int64_t)s->offset, prealloc, errp);
}

static int raw_status(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run)
{
    RawState *s = node->opaque;

    return block_status(node->file, offset + (int64_t)s->offset, bytes, run);
}

/* qemu-img create -f raw: the file is the image. */
static bool raw_create(const char *filename, BlockOptions *options, GError **errp)
{
    return block_driver_file.create(filename, options, errp);
}

const BlockDriver block_driver_raw = {
    .name = "raw",
    .instance_size = sizeof(RawState),
    .probe = raw_probe,
    .open = raw_open,
    .preadv = raw_preadv,
    .pwritev = raw_pwritev,
    .pwrite_zeroes = raw_pwrite_zeroes,
    .pdiscard = raw_pdiscard,
    .flush = raw_flush,
    .truncate = raw_truncate,
    .get_length = raw_length,
    .status = raw_status,
    .create = raw_create,
};
