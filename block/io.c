/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to a node from any thread: limits, zero fill past the end, zero detection, durability,
 * and what a driver does not do itself.
 */
#include <errno.h>
#include <string.h>
#include "block-private.h"
#include "util/bitops.h"
#include "util/error.h"

#define ZERO_BUFFER (1u << 20)
#define DISCARD_STEP (INT64_C(1) << 30)

static int check_range(int64_t offset, int64_t bytes)
{
    if (offset < 0 || bytes < 0 || bytes > (int64_t)BLOCK_MAX_REQUEST ||
        offset > INT64_MAX - bytes) {
        return -EIO;
    }
    return 0;
}

static bool may_write(const BlockNode *node)
{
    return (node->flags & (BLOCK_OPEN_RDWR | BLOCK_OPEN_INACTIVE)) == BLOCK_OPEN_RDWR;
}

int block_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    int ret = check_range(offset, (int64_t)v->size);
    int64_t length;

    if (ret < 0 || !v->size) {
        return ret;
    }
    if (node->driver->is_protocol) {
        return node->driver->preadv(node, offset, v, flags);
    }
    length = block_length(node);
    if (length < 0) {
        return (int)length;
    }
    if (offset + (int64_t)v->size > length) {
        size_t inside = offset < length ? (size_t)(length - offset) : 0, got;
        g_autofree struct iovec *part = g_new(struct iovec, v->niov);

        if (inside) {
            IOVector head = {part, iov_slice(part, v->niov, v, 0, inside, &got), inside};

            ret = node->driver->preadv(node, offset, &head, flags);
        }
        if (ret == 0) {
            iov_fill(v, inside, 0, v->size - inside);
        }
        return ret;
    }
    return node->driver->preadv(node, offset, v, flags);
}

int block_pread(BlockNode *node, int64_t offset, void *buf, int64_t bytes)
{
    struct iovec iov;
    IOVector v = iov_single(&iov, buf, (size_t)bytes);

    return bytes < 0 ? -EINVAL : block_preadv(node, offset, &v, 0);
}

static void note_write(BlockNode *node, int64_t end)
{
    uint64_t old = __atomic_load_n(&node->wr_highest_offset, __ATOMIC_RELAXED);

    while (old < (uint64_t)end &&
           !__atomic_compare_exchange_n(&node->wr_highest_offset, &old, (uint64_t)end, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* The node takes writes there; offset + bytes is a number. */
static int check_place(BlockNode *node, int64_t offset, int64_t bytes)
{
    int64_t length;

    if (!may_write(node)) {
        return -EPERM;
    }
    if (!node->driver->is_protocol) {
        length = block_length(node);
        if (length < 0) {
            return (int)length;
        }
        if (offset + bytes > length) {
            return -EIO;
        }
    }
    return 0;
}

static int check_write(BlockNode *node, int64_t offset, int64_t bytes)
{
    int ret = check_range(offset, bytes);

    return ret < 0 ? ret : check_place(node, offset, bytes);
}

int block_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    int ret = check_write(node, offset, (int64_t)v->size);

    if (ret < 0 || !v->size) {
        return ret;
    }
    if (node->detect_zeroes != BLOCK_DETECT_OFF && iov_is_zero(v, 0, v->size)) {
        flags |= node->detect_zeroes == BLOCK_DETECT_UNMAP ? BLOCK_REQ_MAY_UNMAP : 0;
        return block_pwrite_zeroes(node, offset, (int64_t)v->size, flags);
    }
    ret = node->driver->pwritev ? node->driver->pwritev(node, offset, v, flags) : -ENOTSUP;
    if (ret == 0) {
        note_write(node, offset + (int64_t)v->size);
        if (flags & BLOCK_REQ_FUA) {
            ret = block_flush(node);
        }
    }
    return ret;
}

int block_pwrite(BlockNode *node, int64_t offset, const void *buf, int64_t bytes)
{
    struct iovec iov;
    IOVector v = iov_single(&iov, (void *)buf, (size_t)bytes);

    return bytes < 0 ? -EINVAL : block_pwritev(node, offset, &v, 0);
}

static int write_zero_buffers(BlockNode *node, int64_t offset, int64_t bytes)
{
    size_t size = (size_t)MIN(bytes, ZERO_BUFFER);
    void *zeroes = g_try_malloc0(size);
    int ret = zeroes ? 0 : -ENOMEM;

    while (ret == 0 && bytes > 0) {
        size_t n = (size_t)MIN(bytes, (int64_t)size);
        struct iovec iov;
        IOVector v = iov_single(&iov, zeroes, n);

        ret = node->driver->pwritev(node, offset, &v, 0);
        offset += (int64_t)n;
        bytes -= (int64_t)n;
    }
    g_free(zeroes);
    return ret;
}

int block_pwrite_zeroes(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags)
{
    int ret = check_write(node, offset, bytes);

    if (ret < 0 || !bytes) {
        return ret;
    }
    if (!(node->flags & BLOCK_OPEN_UNMAP)) {
        flags &= ~(unsigned)BLOCK_REQ_MAY_UNMAP;
    }
    ret = node->driver->pwrite_zeroes ? node->driver->pwrite_zeroes(node, offset, bytes, flags)
                                      : -ENOTSUP;
    if (ret == -ENOTSUP && !(flags & BLOCK_REQ_NO_FALLBACK)) {
        ret = node->driver->pwritev ? write_zero_buffers(node, offset, bytes) : -ENOTSUP;
    }
    if (ret == 0) {
        note_write(node, offset + bytes);
        if (flags & BLOCK_REQ_FUA) {
            ret = block_flush(node);
        }
    }
    return ret;
}

int block_pdiscard(BlockNode *node, int64_t offset, int64_t bytes)
{
    int ret = offset < 0 || bytes < 0 || offset > INT64_MAX - bytes
                  ? -EIO
                  : check_place(node, offset, bytes);

    if (!node->driver->pdiscard || !(node->flags & BLOCK_OPEN_UNMAP)) {
        return ret;
    }
    /* Devices take more at once than other requests have: in steps, which end where no cluster is
     * cut. */
    while (ret == 0 && bytes) {
        int64_t step = MIN(bytes, DISCARD_STEP - offset % DISCARD_STEP);

        ret = node->driver->pdiscard(node, offset, step);
        offset += step;
        bytes -= step;
    }
    return ret == -ENOTSUP ? 0 : ret;
}

int block_flush(BlockNode *node)
{
    if (!may_write(node) || !node->driver->flush) {
        return 0;
    }
    return node->driver->flush(node);
}

void block_begin_writeback(BlockNode *node)
{
    for (; node; node = node->file) {
        if (node->driver->begin_writeback && may_write(node)) {
            node->driver->begin_writeback(node);
        }
    }
}

int64_t block_length(BlockNode *node)
{
    return node->driver->get_length ? node->driver->get_length(node)
                                    : __atomic_load_n(&node->length, __ATOMIC_ACQUIRE);
}

int64_t block_allocated_size(BlockNode *node)
{
    if (node->driver->allocated_size) {
        return node->driver->allocated_size(node);
    }
    return node->file ? block_allocated_size(node->file) : -ENOTSUP;
}

bool block_truncate(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp)
{
    if (size < 0) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Image size cannot be negative");
        return false;
    }
    if (!may_write(node)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' is read-only and cannot be resized",
                  node->filename);
        return false;
    }
    if (!node->driver->truncate) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Image format driver '%s' does not support resize", node->driver->name);
        return false;
    }
    return node->driver->truncate(node, size, prealloc, errp);
}

int block_status(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run)
{
    int64_t length = block_length(node);
    int ret = check_range(offset, bytes);

    if (length < 0 || ret < 0) {
        return length < 0 ? (int)length : ret;
    }
    if (offset >= length || !bytes) {
        *run = bytes;
        return BLOCK_STATUS_ZERO;
    }
    bytes = MIN(bytes, length - offset);
    if (!node->driver->status) {
        *run = bytes;
        return BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED;
    }
    return node->driver->status(node, offset, bytes, run);
}

bool block_get_info(BlockNode *node, BlockInfo *info)
{
    *info = (BlockInfo){.backing_name = node->backing_name, .backing_format = node->backing_format};
    return node->driver->get_info && node->driver->get_info(node, info);
}

json_t *block_format_specific(BlockNode *node)
{
    return node->driver->format_specific ? node->driver->format_specific(node) : NULL;
}

bool block_check(BlockNode *node, BlockCheckResult *result, unsigned fix, GError **errp)
{
    if (!node->driver->check) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Image format driver '%s' does not support checks", node->driver->name);
        return false;
    }
    if (fix && !may_write(node)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' is read-only and cannot be repaired",
                  node->filename);
        return false;
    }
    return node->driver->check(node, result, fix, errp);
}

int block_flush_all(void)
{
    int first = 0;

    for (BlockNode *node = block_next(NULL); node; node = block_next(node)) {
        int ret = block_flush(node);

        first = first ? first : ret;
    }
    return first;
}
