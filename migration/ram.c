/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM in a stream: see docs/devel/stream-format.md for the encoding.
 *
 * Saving: a bitmap of pages to be sent, all set at first; collecting ("sync") moves the machine's
 * written-since bits into it.  A page's bit is cleared before its bytes are read, so that a store that
 * comes later sets it again; RAMOps.settle() sees to stores that were on their way when bits were taken.
 *
 * Left out: pages by hash, compression threads (gone from QEMU, too).
 */
#include "migration/ram.h"

#include <inttypes.h>
#include <string.h>
#include "util/bitops.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/thread.h"

#define RAM_SECTION_VERSION 4
#define FLAG_BITS (RAM_PAGE_SIZE - 1)

typedef struct SaveBlock {
    RAMRegion region;
    unsigned long *bitmap; /* pages to be sent */
    uint64_t pages, dirty; /* dirty: bits set in bitmap */
} SaveBlock;

struct RAMState {
    const RAMOps *ops;
    void *opaque;
    /* Saving. */
    GArray *blocks;       /* SaveBlock; NULL: no save is set up */
    unsigned at_block;    /* where the next page is looked for */
    uint64_t at_page;
    bool unsettled;       /* stores from before tracking may be on their way */
    int sent_block;       /* of the last page in this part; -1: none */
    int64_t last_sync;    /* us */
    Mutex stats_lock;
    RAMStats stats;
    /* Loading. */
    GArray *load_regions; /* RAMRegion */
    const RAMRegion *load_region;
};

RAMState *ram_state_new(const RAMOps *ops, void *opaque)
{
    RAMState *ram = g_new0(RAMState, 1);

    ram->ops = ops;
    ram->opaque = opaque;
    mutex_init(&ram->stats_lock);
    return ram;
}

static void free_blocks(RAMState *ram)
{
    for (unsigned i = 0; ram->blocks && i < ram->blocks->len; i++) {
        g_free(g_array_index(ram->blocks, SaveBlock, i).bitmap);
    }
    g_clear_pointer(&ram->blocks, g_array_unref);
}

void ram_state_free(RAMState *ram)
{
    free_blocks(ram);
    g_clear_pointer(&ram->load_regions, g_array_unref);
    mutex_destroy(&ram->stats_lock);
    g_free(ram);
}

void ram_state_stats(RAMState *ram, RAMStats *out)
{
    mutex_lock(&ram->stats_lock);
    *out = ram->stats;
    mutex_unlock(&ram->stats_lock);
}

/* ---- Saving ---- */

static uint64_t pages_left(const RAMState *ram)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < ram->blocks->len; i++) {
        sum += g_array_index(ram->blocks, SaveBlock, i).dirty;
    }
    return sum;
}

static void sync_bitmaps(RAMState *ram, bool settle)
{
    uint64_t before = pages_left(ram), after = 0;
    int64_t now = g_get_monotonic_time();

    for (unsigned i = 0; i < ram->blocks->len; i++) {
        SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, i);
        ram->ops->harvest(ram->opaque, b->region.handle, b->bitmap);
    }
    if (settle) {
        ram->ops->settle(ram->opaque);
    }
    ram->unsettled = !settle;
    for (unsigned i = 0; i < ram->blocks->len; i++) {
        SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, i);
        b->dirty = bitmap_count(b->bitmap, b->pages);
        after += b->dirty;
    }
    mutex_lock(&ram->stats_lock);
    ram->stats.dirty_sync_count++;
    if (ram->last_sync && now > ram->last_sync) {
        ram->stats.dirty_pages_rate = (after - MIN(before, after)) * G_USEC_PER_SEC /
                                      (uint64_t)(now - ram->last_sync);
    }
    ram->stats.remaining = after * RAM_PAGE_SIZE;
    mutex_unlock(&ram->stats_lock);
    ram->last_sync = now;
}

static void stats_add(RAMState *ram, uint64_t bytes, uint64_t normal, uint64_t duplicate)
{
    mutex_lock(&ram->stats_lock);
    ram->stats.transferred += bytes;
    ram->stats.normal += normal;
    ram->stats.duplicate += duplicate;
    ram->stats.remaining = pages_left(ram) * RAM_PAGE_SIZE;
    mutex_unlock(&ram->stats_lock);
}

static bool ram_save_setup(StateStream *s, void *opaque, GError **errp)
{
    RAMState *ram = opaque;
    g_autoptr(GArray) regions = ram->ops->regions(ram->opaque);
    uint64_t start = state_stream_position(s), total = 0;

    free_blocks(ram);
    ram->blocks = g_array_new(false, true, sizeof(SaveBlock));
    for (unsigned i = 0; i < regions->len; i++) {
        SaveBlock b = {.region = g_array_index(regions, RAMRegion, i)};
        b.pages = DIV_ROUND_UP(b.region.used_length, RAM_PAGE_SIZE);
        b.dirty = b.pages;
        b.bitmap = bitmap_new(b.pages);
        bitmap_set(b.bitmap, 0, b.pages);
        total += b.region.used_length;
        g_array_append_val(ram->blocks, b);
    }
    ram->at_block = 0;
    ram->at_page = 0;
    ram->last_sync = 0;
    mutex_lock(&ram->stats_lock);
    ram->stats = (RAMStats){.total = total, .remaining = total};
    mutex_unlock(&ram->stats_lock);

    state_put_be64(s, total | RAM_SAVE_FLAG_MEM_SIZE);
    for (unsigned i = 0; i < ram->blocks->len; i++) {
        const RAMRegion *region = &g_array_index(ram->blocks, SaveBlock, i).region;
        state_put_counted_string(s, region->name);
        state_put_be64(s, region->used_length);
    }
    state_put_be64(s, RAM_SAVE_FLAG_EOS);
    /*
     * Tracking begins: the bits so far mean nothing, all pages are to be sent anyway.  A vCPU may wait for
     * the device lock, which we hold, so that the first round waits for the vCPUs.
     */
    sync_bitmaps(ram, false);
    stats_add(ram, state_stream_position(s) - start, 0, 0);
    return true;
}

/* The next page to be sent, from the last one on; false: there is none. */
static bool next_page(RAMState *ram, SaveBlock **block, uint64_t *page)
{
    /* One more turn than there are blocks: the first one's beginning comes last. */
    for (unsigned turns = 0; turns <= ram->blocks->len; turns++) {
        SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, ram->at_block);
        uint64_t found = b->dirty ? bitmap_find_next(b->bitmap, b->pages, ram->at_page) : b->pages;
        if (found < b->pages) {
            ram->at_page = found + 1;
            *block = b;
            *page = found;
            return true;
        }
        ram->at_block = (ram->at_block + 1) % ram->blocks->len;
        ram->at_page = 0;
    }
    return false;
}

static void put_page_head(RAMState *ram, StateStream *s, const SaveBlock *b, uint64_t offset, uint64_t flags)
{
    int index = (int)(b - &g_array_index(ram->blocks, SaveBlock, 0));

    if (index == ram->sent_block) {
        state_put_be64(s, offset | flags | RAM_SAVE_FLAG_CONTINUE);
    } else {
        state_put_be64(s, offset | flags);
        state_put_counted_string(s, b->region.name);
        ram->sent_block = index;
    }
}

/* True if it was sent in full. */
static bool save_page(RAMState *ram, StateStream *s, SaveBlock *b, uint64_t page)
{
    uint64_t offset = page << RAM_PAGE_BITS;
    const uint8_t *host = b->region.host + offset;

    b->bitmap[page / BITS_PER_LONG] &= ~(1ul << (page % BITS_PER_LONG));
    b->dirty--;
    if (buffer_is_zero(host, RAM_PAGE_SIZE)) {
        put_page_head(ram, s, b, offset, RAM_SAVE_FLAG_ZERO);
        state_put_byte(s, 0);
        return false;
    }
    put_page_head(ram, s, b, offset, RAM_SAVE_FLAG_PAGE);
    state_put_buffer(s, host, RAM_PAGE_SIZE);
    return true;
}

/* 1 nothing is left, 0 the limit was reached. */
static int save_pages(RAMState *ram, StateStream *s, bool (*limit)(void *opaque), void *limit_opaque)
{
    uint64_t start = state_stream_position(s), normal = 0, duplicate = 0;
    int result = 0;

    /* A part's reader begins without a block. */
    ram->sent_block = -1;
    for (unsigned n = 0; !state_stream_has_error(s); n++) {
        SaveBlock *b;
        uint64_t page;
        if (limit && n % 64 == 63 && limit(limit_opaque)) {
            break;
        }
        if (!next_page(ram, &b, &page)) {
            result = 1;
            break;
        }
        if (save_page(ram, s, b, page)) {
            normal++;
        } else {
            duplicate++;
        }
    }
    state_put_be64(s, RAM_SAVE_FLAG_EOS);
    stats_add(ram, state_stream_position(s) - start, normal, duplicate);
    return result;
}

static int ram_save_iterate(StateStream *s, void *opaque, bool (*limit)(void *limit_opaque),
                            void *limit_opaque, GError **errp)
{
    RAMState *ram = opaque;

    if (ram->unsettled) {
        ram->ops->settle(ram->opaque);
        ram->unsettled = false;
    }
    return save_pages(ram, s, limit, limit_opaque);
}

static uint64_t ram_save_pending(void *opaque, bool exact)
{
    RAMState *ram = opaque;

    if (!ram->blocks) {
        return 0;
    }
    if (exact) {
        sync_bitmaps(ram, true);
    }
    return pages_left(ram) * RAM_PAGE_SIZE;
}

static bool ram_save_complete(StateStream *s, void *opaque, GError **errp)
{
    RAMState *ram = opaque;

    sync_bitmaps(ram, true);
    save_pages(ram, s, NULL, NULL);
    return true;
}

static void ram_save_cleanup(void *opaque)
{
    RAMState *ram = opaque;

    for (unsigned i = 0; ram->blocks && i < ram->blocks->len; i++) {
        ram->ops->untrack(ram->opaque, g_array_index(ram->blocks, SaveBlock, i).region.handle);
    }
    free_blocks(ram);
}

/* ---- Loading ---- */

static bool stream_error(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool stream_error(GError **errp, const char *format, ...)
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

static bool load_sizes(RAMState *ram, StateStream *s, uint64_t total, GError **errp)
{
    char name[256];

    while (total) {
        if (!state_get_counted_string(s, name)) {
            return stream_error(errp, "the list of RAM blocks is cut off");
        }
        uint64_t length = state_get_be64(s);
        const RAMRegion *region = find_region(ram, name);
        if (!region) {
            return stream_error(errp, "unknown RAM block '%s'", name);
        }
        if (length != region->used_length) {
            return stream_error(errp, "Size mismatch: %s: 0x%" PRIx64 " != 0x%" PRIx64
                                ": both sides need the same -m", name, length, region->used_length);
        }
        if (length > total) {
            return stream_error(errp, "RAM block '%s' is longer than all of RAM", name);
        }
        total -= length;
    }
    return true;
}

/* Host memory of a page, NULL with errp. */
static uint8_t *page_host(RAMState *ram, StateStream *s, uint64_t offset, uint64_t flags, GError **errp)
{
    char name[256];

    if (!(flags & RAM_SAVE_FLAG_CONTINUE)) {
        if (!state_get_counted_string(s, name)) {
            stream_error(errp, "a page's block name is cut off");
            return NULL;
        }
        ram->load_region = find_region(ram, name);
        if (!ram->load_region) {
            stream_error(errp, "unknown RAM block '%s'", name);
            return NULL;
        }
    }
    const RAMRegion *region = ram->load_region;
    if (!region) {
        stream_error(errp, "a page without a block");
        return NULL;
    }
    if (region->used_length < RAM_PAGE_SIZE || offset > region->used_length - RAM_PAGE_SIZE) {
        stream_error(errp, "page 0x%" PRIx64 " lies outside RAM block '%s'", offset, region->name);
        return NULL;
    }
    return region->host + offset;
}

static bool load_page(RAMState *ram, StateStream *s, uint64_t offset, uint64_t flags, GError **errp)
{
    uint8_t *host = page_host(ram, s, offset, flags, errp);

    if (!host) {
        return false;
    }
    if (flags & RAM_SAVE_FLAG_ZERO) {
        uint8_t byte = state_get_byte(s);
        /* Memory that nobody has touched stays so. */
        if (byte || !buffer_is_zero(host, RAM_PAGE_SIZE)) {
            memset(host, byte, RAM_PAGE_SIZE);
        }
        return true;
    }
    return state_get_buffer(s, host, RAM_PAGE_SIZE) || stream_error(errp, "a page is cut off");
}

static bool ram_load_setup(void *opaque, GError **errp)
{
    RAMState *ram = opaque;

    g_clear_pointer(&ram->load_regions, g_array_unref);
    ram->load_regions = ram->ops->regions(ram->opaque);
    ram->load_region = NULL;
    return true;
}

static bool ram_load(StateStream *s, void *opaque, int version_id, GError **errp)
{
    RAMState *ram = opaque;

    if (version_id != RAM_SECTION_VERSION) {
        return stream_error(errp, "version %d of RAM is not supported (%d)", version_id, RAM_SECTION_VERSION);
    }
    for (;;) {
        uint64_t head = state_get_be64(s), offset = head & ~FLAG_BITS, flags = head & FLAG_BITS;
        bool ok;
        if (state_stream_has_error(s)) {
            return stream_error(errp, "RAM is cut off");
        }
        switch (flags & ~(uint64_t)RAM_SAVE_FLAG_CONTINUE) {
        case RAM_SAVE_FLAG_MEM_SIZE:
            ok = load_sizes(ram, s, offset, errp);
            break;
        case RAM_SAVE_FLAG_ZERO:
        case RAM_SAVE_FLAG_PAGE:
            ok = load_page(ram, s, offset, flags, errp);
            break;
        case RAM_SAVE_FLAG_EOS:
            return true;
        default:
            return stream_error(errp, "a page's flags 0x%" PRIx64 " are unknown, or their capability is off",
                                flags);
        }
        if (!ok) {
            return false;
        }
    }
}

static bool ram_check(StateStream *s, void *opaque, int version_id, GError **errp)
{
    RAMState *ram = opaque;
    uint64_t head = state_get_be64(s);
    bool ok;

    if ((head & FLAG_BITS) != RAM_SAVE_FLAG_MEM_SIZE) {
        return stream_error(errp, "the list of RAM blocks is missing");
    }
    ram_load_setup(ram, NULL);
    ok = load_sizes(ram, s, head & ~FLAG_BITS, errp);
    g_clear_pointer(&ram->load_regions, g_array_unref);
    if (ok && state_get_be64(s) != RAM_SAVE_FLAG_EOS) {
        return stream_error(errp, "the list of RAM blocks has no end");
    }
    return ok;
}

static void ram_load_cleanup(void *opaque)
{
    RAMState *ram = opaque;

    for (unsigned i = 0; ram->load_regions && i < ram->load_regions->len; i++) {
        const RAMRegion *region = &g_array_index(ram->load_regions, RAMRegion, i);
        ram->ops->loaded(ram->opaque, region->handle, 0, region->used_length);
    }
    g_clear_pointer(&ram->load_regions, g_array_unref);
    ram->load_region = NULL;
}

static const StateHandlers ram_handlers = {
    .save_setup = ram_save_setup,
    .save_pending = ram_save_pending,
    .save_iterate = ram_save_iterate,
    .save_complete = ram_save_complete,
    .save_cleanup = ram_save_cleanup,
    .check = ram_check,
    .load_setup = ram_load_setup,
    .load = ram_load,
    .load_cleanup = ram_load_cleanup,
};

bool ram_state_register(RAMState *ram, StateRegistry *registry, GError **errp)
{
    return state_registry_add_handlers(registry, "ram", 0, RAM_SECTION_VERSION, &ram_handlers, ram, errp);
}
