/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading the RAM section: pages into memory, from the stream, from its file or from channels
 * beside it.
 */
#include <inttypes.h>
#include <string.h>
#include "ram-internal.h"
#include "util/bitops.h"
#include "util/cutils.h"
#include "util/error.h"

bool ram_stream_error(GError **errp, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(errp, GOSSAMER_ERROR_STREAM, "%s", text);
    return false;
}

static const RAMRegion *find_region(RAMState *ram, const char *name)
{
    for (unsigned i = 0; i < ram->load_regions->len; i++) {
        const RAMRegion *region = &g_array_index(ram->load_regions, RAMRegion, i);
        if (!strcmp(region->name, name)) {
            return region;
        }
    }
    return NULL;
}

/* only_look: nothing is loaded that belongs to a block. */
static bool load_sizes(RAMState *ram, StateStream *s, uint64_t total, bool only_look, GError **errp)
{
    char name[256];

    while (total) {
        if (!state_get_counted_string(s, name)) {
            return ram_stream_error(errp, "the list of RAM blocks is cut off");
        }
        uint64_t length = state_get_be64(s);
        const RAMRegion *region = find_region(ram, name);
        if (!region) {
            return ram_stream_error(errp, "unknown RAM block '%s'", name);
        }
        if (length != region->used_length) {
            return ram_stream_error(errp, "Size mismatch: %s: 0x%" PRIx64 " != 0x%" PRIx64
                                ": both sides need the same -m", name, length, region->used_length);
        }
        if (length > total) {
            return ram_stream_error(errp, "RAM block '%s' is longer than all of RAM", name);
        }
        if (ram->load.mapped && !only_look && !ram_mapped_load_block(s, region, errp)) {
            return false;
        }
        total -= length;
    }
    return true;
}

/* Host memory of a page, NULL with errp. */
static uint8_t *page_host(RAMState *ram, StateStream *s, uint64_t offset, uint64_t flags,
                          GError **errp)
{
    char name[256];

    if (!(flags & RAM_SAVE_FLAG_CONTINUE)) {
        if (!state_get_counted_string(s, name)) {
            ram_stream_error(errp, "a page's block name is cut off");
            return NULL;
        }
        ram->load_region = find_region(ram, name);
        if (!ram->load_region) {
            ram_stream_error(errp, "unknown RAM block '%s'", name);
            return NULL;
        }
    }
    const RAMRegion *region = ram->load_region;
    if (!region) {
        ram_stream_error(errp, "a page without a block");
        return NULL;
    }
    if (region->used_length < RAM_PAGE_SIZE || offset > region->used_length - RAM_PAGE_SIZE) {
        ram_stream_error(errp, "page 0x%" PRIx64 " lies outside RAM block '%s'", offset,
                         region->name);
        return NULL;
    }
    return region->host + offset;
}

/* Whether the page may be other than zero; it is from now on if it is written. */
static bool touch(RAMState *ram, const uint8_t *host, bool write)
{
    unsigned index = (unsigned)(ram->load_region - (const RAMRegion *)ram->load_regions->data);
    unsigned long *touched = ram->touched ? g_ptr_array_index(ram->touched, index) : NULL;
    uint64_t page = (uint64_t)(host - ram->load_region->host) >> RAM_PAGE_BITS;

    if (touched && write) {
        bitmap_set(touched, page, 1);
    }
    return !touched || test_bit(page, touched);
}

static bool load_zero_page(RAMState *ram, uint8_t *host, uint8_t byte, GError **errp)
{
    if (ram->postcopy && !byte) {
        return postcopy_place_page(ram->postcopy, host, NULL, errp);
    }
    if (ram->postcopy) {
        uint8_t page[RAM_PAGE_SIZE];
        memset(page, byte, sizeof(page));
        return postcopy_place_page(ram->postcopy, host, page, errp);
    }
    /* Memory that nobody has touched stays so. */
    if (!byte && !touch(ram, host, false)) {
        return true;
    }
    /* For postcopy the look makes it present. */
    if (byte || !buffer_is_zero(host, RAM_PAGE_SIZE)) {
        memset(host, byte, RAM_PAGE_SIZE);
    }
    return true;
}

static bool load_xbzrle(RAMState *ram, StateStream *s, uint8_t *host, GError **errp)
{
    uint8_t data[RAM_PAGE_SIZE], kind = state_get_byte(s);
    uint16_t size = state_get_be16(s);

    if (!ram->load.xbzrle) {
        return ram_stream_error(errp, "a page as a difference, but capability xbzrle is off");
    }
    if (kind != XBZRLE_ENCODING || size > sizeof(data)) {
        return ram_stream_error(errp, "a difference of %u bytes in encoding %u", size, kind);
    }
    if (!state_get_buffer(s, data, size)) {
        return ram_stream_error(errp, "a page is cut off");
    }
    return xbzrle_decode(data, size, host, RAM_PAGE_SIZE) ||
           ram_stream_error(errp, "a page's difference is damaged");
}

static bool load_page(RAMState *ram, StateStream *s, uint64_t offset, uint64_t flags, GError **errp)
{
    uint8_t *host = page_host(ram, s, offset, flags, errp);

    if (!host) {
        return false;
    }
    if (flags & RAM_SAVE_FLAG_ZERO) {
        uint8_t byte = state_get_byte(s);
        if (byte) {
            touch(ram, host, true);
        }
        return load_zero_page(ram, host, byte, errp);
    }
    touch(ram, host, true);
    if (flags & RAM_SAVE_FLAG_XBZRLE) {
        return ram->postcopy ? ram_stream_error(errp, "a difference in postcopy")
                             : load_xbzrle(ram, s, host, errp);
    }
    if (ram->postcopy) {
        uint8_t page[RAM_PAGE_SIZE];
        return (state_get_buffer(s, page, sizeof(page)) ||
                ram_stream_error(errp, "a page is cut off")) &&
               postcopy_place_page(ram->postcopy, host, page, errp);
    }
    return state_get_buffer(s, host, RAM_PAGE_SIZE) || ram_stream_error(errp, "a page is cut off");
}

/* The channels have brought what belongs before this place. */
static bool sync_channels(RAMState *ram, GError **errp)
{
    return !ram->load.multifd || multifd_receive_sync(ram->load.multifd, errp);
}

static void forget_touched(RAMState *ram)
{
    g_clear_pointer(&ram->touched, g_ptr_array_unref);
}

bool ram_load_setup(void *opaque, GError **errp)
{
    RAMState *ram = opaque;

    g_clear_pointer(&ram->load_regions, g_array_unref);
    ram->load_regions = ram->ops->regions(ram->opaque);
    ram->load_region = NULL;
    forget_touched(ram);
    /* Channels write pages without a word. */
    if (!ram->load.multifd) {
        ram->touched = g_ptr_array_new_with_free_func(g_free);
        for (unsigned i = 0; i < ram->load_regions->len; i++) {
            g_ptr_array_add(ram->touched,
                            ram_touched_pages(&g_array_index(ram->load_regions, RAMRegion, i)));
        }
    }
    return true;
}

bool ram_load(StateStream *s, void *opaque, int version_id, GError **errp)
{
    RAMState *ram = opaque;

    if (version_id != RAM_SECTION_VERSION) {
        return ram_stream_error(errp, "version %d of RAM is not supported (%d)", version_id,
                                RAM_SECTION_VERSION);
    }
    for (;;) {
        uint64_t head = state_get_be64(s), offset = head & ~FLAG_BITS, flags = head & FLAG_BITS;
        bool ok;
        if (state_stream_has_error(s)) {
            return ram_stream_error(errp, "RAM is cut off");
        }
        switch (flags & ~(uint64_t)RAM_SAVE_FLAG_CONTINUE) {
        case RAM_SAVE_FLAG_MEM_SIZE:
            ok = load_sizes(ram, s, offset, false, errp);
            break;
        case RAM_SAVE_FLAG_ZERO:
        case RAM_SAVE_FLAG_PAGE:
        case RAM_SAVE_FLAG_XBZRLE:
            ok = load_page(ram, s, offset, flags, errp);
            break;
        case RAM_SAVE_FLAG_MULTIFD_FLUSH:
            ok = ram->load.multifd
                     ? sync_channels(ram, errp)
                     : ram_stream_error(errp, "a multifd stream, but capability multifd is off");
            break;
        case RAM_SAVE_FLAG_EOS:
            return !ram->load.sync_each_section || sync_channels(ram, errp);
        default:
            return ram_stream_error(
                errp, "a page's flags 0x%" PRIx64 " are unknown, or their capability is off",
                flags);
        }
        if (!ok) {
            return false;
        }
    }
}

bool ram_check(StateStream *s, void *opaque, int version_id, GError **errp)
{
    RAMState *ram = opaque;
    uint64_t head = state_get_be64(s);
    bool ok;

    if ((head & FLAG_BITS) != RAM_SAVE_FLAG_MEM_SIZE) {
        return ram_stream_error(errp, "the list of RAM blocks is missing");
    }
    g_clear_pointer(&ram->load_regions, g_array_unref);
    ram->load_regions = ram->ops->regions(ram->opaque);
    ok = load_sizes(ram, s, head & ~FLAG_BITS, true, errp);
    g_clear_pointer(&ram->load_regions, g_array_unref);
    if (ok && state_get_be64(s) != RAM_SAVE_FLAG_EOS) {
        return ram_stream_error(errp, "the list of RAM blocks has no end");
    }
    return ok;
}

void ram_load_cleanup(void *opaque)
{
    RAMState *ram = opaque;

    for (unsigned i = 0; ram->load_regions && i < ram->load_regions->len; i++) {
        const RAMRegion *region = &g_array_index(ram->load_regions, RAMRegion, i);
        ram->ops->loaded(ram->opaque, region->handle, 0, region->used_length);
    }
    /* Else it is postcopy's end that does it. */
    if (ram->small_pages && !ram->postcopy && ram->load_regions) {
        postcopy_unprepare(ram->load_regions);
    }
    ram->small_pages = false;
    forget_touched(ram);
    g_clear_pointer(&ram->load_regions, g_array_unref);
    ram->load_region = NULL;
}

/* ---- Postcopy ---- */

bool ram_state_prepare_postcopy(RAMState *ram, GError **errp)
{
    g_autoptr(GArray) regions = ram->ops->regions(ram->opaque);

    /* Every page that comes must be present. */
    forget_touched(ram);
    ram->small_pages = true;
    return postcopy_prepare(regions, errp);
}

bool ram_state_discard(RAMState *ram, const char *block, uint64_t start, uint64_t length,
                       GError **errp)
{
    const RAMRegion *region = ram->load_regions ? find_region(ram, block) : NULL;

    if (!region || start > region->used_length || length > region->used_length - start) {
        return ram_stream_error(
            errp, "0x%" PRIx64 " bytes at 0x%" PRIx64 " of RAM block '%s' cannot be dropped",
            length, start, block);
    }
    return postcopy_discard(region, start, length, errp);
}

bool ram_state_listen(RAMState *ram,
                      bool (*request)(void *opaque, const RAMRegion *region, uint64_t offset),
                      void *opaque, GError **errp)
{
    if (!ram->load_regions || ram->postcopy) {
        return ram_stream_error(errp, "postcopy begins without RAM, or twice");
    }
    ram->postcopy = postcopy_incoming_new(ram->load_regions, request, opaque, errp);
    return ram->postcopy != NULL;
}

void ram_state_end_postcopy(RAMState *ram)
{
    g_clear_pointer(&ram->postcopy, postcopy_incoming_free);
}
