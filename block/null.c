/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protocol `null-co` (also null-aio): reads zeroes, forgets writes. For measurements and probing
 * clients. */
#include <errno.h>
#include "block-private.h"
#include "util/error.h"

static bool null_open(BlockNode *node, BlockOptions *options, GError **errp)
{
    uint64_t size = 1u << 30, latency = 0;
    bool read_zeroes = true;

    if (!block_options_take_size(options, "size", &size, errp) ||
        !block_options_take_size(options, "latency-ns", &latency, errp) ||
        !block_options_take_bool(options, "read-zeroes", &read_zeroes, errp)) {
        return false;
    }
    if (size > INT64_MAX || latency) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  latency ? "latency-ns is not supported" : "size is too large");
        return false;
    }
    block_options_set(options, "filename", NULL);
    node->length = (int64_t)size;
    node->filename = g_strdup("null-co://");
    return true;
}

static int null_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    iov_fill(v, 0, 0, v->size);
    return 0;
}

static int null_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    return 0;
}

static int null_range(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags)
{
    return 0;
}

static int64_t null_allocated(BlockNode *node)
{
    return 0;
}

const BlockDriver block_driver_null = {
    .name = "null-co",
    .is_protocol = true,
    .protocol = "null-co",
    .instance_size = 1,
    .open = null_open,
    .preadv = null_preadv,
    .pwritev = null_pwritev,
    .pwrite_zeroes = null_range,
    .allocated_size = null_allocated,
};
