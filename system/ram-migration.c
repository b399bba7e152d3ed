/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM blocks for the stream's RAM section: their list and what was written since.
 */
#include "system/ram-migration.h"

#include "system/memory.h"

static GArray *regions(void *opaque)
{
    const GPtrArray *blocks = ram_blocks();
    GArray *out = g_array_new(false, true, sizeof(RAMRegion));

    for (unsigned i = 0; i < blocks->len; i++) {
        RAMBlock *block = g_ptr_array_index(blocks, i);
        if (block->migratable) {
            RAMRegion region = {.name = block->idstr, .host = block->host,
                                .used_length = block->used_length, .page_size = block->page_size,
                                .shared = block->fd >= 0,
                                .handle = block};
            g_array_append_val(out, region);
        }
    }
    return out;
}

static void harvest(void *opaque, void *handle, unsigned long *bitmap)
{
    ram_dirty_harvest(handle, DIRTY_MEMORY_MIGRATION, bitmap);
}

static void settle(void *opaque)
{
    ram_dirty_settle();
}

static void untrack(void *opaque, void *handle)
{
    RAMBlock *block = handle;

    ram_dirty_set(block, 0, block->used_length, 1u << DIRTY_MEMORY_MIGRATION);
}

static void loaded(void *opaque, void *handle, uint64_t offset, uint64_t size)
{
    ram_written(handle, offset, size);
}

const RAMOps system_ram_ops = {
    .regions = regions,
    .harvest = harvest,
    .settle = settle,
    .untrack = untrack,
    .loaded = loaded,
};
