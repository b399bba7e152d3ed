/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mapped-ram: in a file each page of RAM has a place of its own, so that a page which is sent again
 * replaces what was sent before and the file never grows past the size of RAM.
 *
 * After a block's name and length comes a head: 4-byte version 1, 8-byte page size, 8-byte file
 * offset of a bitmap (a bit for each page that is in the file, in 64-bit words of the host,
 * little-endian on all that we run on) and of the pages, which are aligned to 1 MiB.  The stream
 * goes on behind the pages.
 */
#include <inttypes.h>
#include <string.h>
#include "ram-internal.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/cutils.h"
#include "util/error.h"

#define MAPPED_VERSION   1
#define MAPPED_HEAD_SIZE 28u
#define PAGES_ALIGNMENT  (1ull << 20)
#define READ_PAGES       256u      /* in one piece */

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

static size_t bitmap_bytes(uint64_t pages)
{
    return BITS_TO_LONGS(pages) * sizeof(unsigned long);
}

bool ram_mapped_put_block(StateStream *s, SaveBlock *b, GError **errp)
{
    b->bitmap_offset = state_stream_file_offset(s) + MAPPED_HEAD_SIZE;
    b->pages_offset = ROUND_UP(b->bitmap_offset + bitmap_bytes(b->pages), PAGES_ALIGNMENT);
    b->in_file = bitmap_new(b->pages);
    state_put_be32(s, MAPPED_VERSION);
    state_put_be64(s, RAM_PAGE_SIZE);
    state_put_be64(s, b->bitmap_offset);
    state_put_be64(s, b->pages_offset);
    return state_stream_seek(s, b->pages_offset + b->region.used_length, errp);
}

bool ram_mapped_write_page(StateStream *s, SaveBlock *b, uint64_t page, const uint8_t *data,
                           GError **errp)
{
    uint64_t offset = page << RAM_PAGE_BITS;

    bitmap_set(b->in_file, page, 1);
    return state_stream_write_at(s, data, RAM_PAGE_SIZE, b->pages_offset + offset, errp);
}

bool ram_mapped_put_bitmaps(StateStream *s, GArray *blocks, GError **errp)
{
    for (unsigned i = 0; i < blocks->len; i++) {
        const SaveBlock *b = &g_array_index(blocks, SaveBlock, i);
        if (!state_stream_write_at(s, b->in_file, bitmap_bytes(b->pages), b->bitmap_offset, errp)) {
            return false;
        }
    }
    return true;
}

/* Pages from..to, of which all are in the file or none. */
static bool load_run(StateStream *s, const RAMRegion *region, uint64_t from, uint64_t to,
                     bool present, uint64_t pages_offset, GError **errp)
{
    for (uint64_t page = from; page < to;) {
        uint64_t count = present ? MIN(to - page, READ_PAGES) : 1, offset = page << RAM_PAGE_BITS;
        uint8_t *host = region->host + offset;
        if (present) {
            if (!state_stream_read_at(s, host, count << RAM_PAGE_BITS, pages_offset + offset,
                                      errp)) {
                error_prepend(errp, "RAM block '%s': ", region->name);
                return false;
            }
        } else if (!buffer_is_zero(host, RAM_PAGE_SIZE)) {
            memset(host, 0, RAM_PAGE_SIZE);
        }
        page += count;
    }
    return true;
}

bool ram_mapped_load_block(StateStream *s, const RAMRegion *region, GError **errp)
{
    uint64_t pages = region->used_length >> RAM_PAGE_BITS, run_end;
    uint32_t version = state_get_be32(s);
    uint64_t page_size = state_get_be64(s), bitmap_offset = state_get_be64(s),
             pages_offset = state_get_be64(s);
    g_autofree unsigned long *in_file = bitmap_new(pages);
    bool ok = true;

    if (state_stream_has_error(s) || version != MAPPED_VERSION || page_size != RAM_PAGE_SIZE ||
        pages_offset > INT64_MAX - region->used_length || bitmap_offset > INT64_MAX / 2) {
        return ram_stream_error(
            errp, "RAM block '%s' is mapped in an unknown way: version %u, page size %" PRIu64,
            region->name, version, page_size);
    }
    /* What is read next lies behind; a stream that goes back would never end. */
    if (pages_offset < state_stream_file_offset(s)) {
        return ram_stream_error(errp, "the pages of RAM block '%s' lie before their head",
                                region->name);
    }
    if (!state_stream_read_at(s, in_file, bitmap_bytes(pages), bitmap_offset, errp)) {
        error_prepend(errp, "the bitmap of RAM block '%s': ", region->name);
        return false;
    }
    for (uint64_t page = 0; ok && page < pages; page = run_end) {
        bool present = test_bit(page, in_file);
        for (run_end = page + 1; run_end < pages && test_bit(run_end, in_file) == present;
             run_end++) {
        }
        ok = load_run(s, region, page, run_end, present, pages_offset, errp);
    }
    return ok && state_stream_seek(s, pages_offset + region->used_length, errp);
}
