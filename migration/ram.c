/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saving the RAM section (loading: ram-load.c): see docs/devel/stream-format.md for the encoding.
 *
 * Saving: a bitmap of pages to be sent, all set at first; collecting ("sync") moves the machine's
 * written-since bits into it.  A page's bit is cleared before its bytes are read, so that a store
 * that comes later sets it again; RAMOps.settle() sees to stores that were on their way when bits
 * were taken.
 *
 * Left out: pages by hash, compression threads (gone from QEMU, too).
 */
#include <inttypes.h>
#include <string.h>
#include "ram-internal.h"
#include "util/bitops.h"
#include "util/cutils.h"
#include "util/error.h"

RAMState *ram_state_new(const RAMOps *ops, void *opaque)
{
    RAMState *ram = g_new0(RAMState, 1);

    ram->ops = ops;
    ram->opaque = opaque;
    mutex_init(&ram->stats_lock);
    g_queue_init(&ram->requests);
    ram->page_copy = g_malloc(RAM_PAGE_SIZE);
    ram->page_packed = g_malloc(RAM_PAGE_SIZE);
    return ram;
}

static void free_blocks(RAMState *ram)
{
    for (unsigned i = 0; ram->blocks && i < ram->blocks->len; i++) {
        SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, i);
        g_free(b->bitmap);
        g_free(b->in_file);
        g_free(b->touched);
    }
    g_clear_pointer(&ram->blocks, g_array_unref);
}

void ram_state_free(RAMState *ram)
{
    free_blocks(ram);
    xbzrle_cache_free(ram->cache);
    g_queue_clear_full(&ram->requests, g_free);
    postcopy_incoming_free(ram->postcopy);
    g_clear_pointer(&ram->touched, g_ptr_array_unref);
    g_clear_pointer(&ram->load_regions, g_array_unref);
    mutex_destroy(&ram->stats_lock);
    g_free(ram->page_copy);
    g_free(ram->page_packed);
    g_free(ram);
}

static void add_channels(const RAMState *ram, RAMStats *stats)
{
    uint64_t bytes, normal, zero;

    if (ram->save.multifd) {
        multifd_sender_stats(ram->save.multifd, &bytes, &normal, &zero);
        stats->multifd_bytes += bytes;
        stats->outside += bytes;
        stats->transferred += bytes;
        stats->normal += normal;
        stats->duplicate += zero;
    }
}

void ram_state_set_save_options(RAMState *ram, const RAMSaveOptions *options)
{
    mutex_lock(&ram->stats_lock);
    add_channels(ram, &ram->stats);
    ram->save = options ? *options : (RAMSaveOptions){0};
    mutex_unlock(&ram->stats_lock);
}

void ram_state_set_load_options(RAMState *ram, const RAMLoadOptions *options)
{
    ram->load = options ? *options : (RAMLoadOptions){0};
}

void ram_state_stats(RAMState *ram, RAMStats *out)
{
    mutex_lock(&ram->stats_lock);
    *out = ram->stats;
    add_channels(ram, out);
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
    for (unsigned i = 0; i < ram->blocks->len; i++) {
        g_clear_pointer(&g_array_index(ram->blocks, SaveBlock, i).touched, g_free);
    }
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
    ram->stats.dirtied += after - MIN(before, after);
    if (ram->last_sync && now > ram->last_sync) {
        ram->stats.dirty_pages_rate = (after - MIN(before, after)) * G_USEC_PER_SEC /
                                      (uint64_t)(now - ram->last_sync);
    }
    ram->stats.remaining = after * RAM_PAGE_SIZE;
    mutex_unlock(&ram->stats_lock);
    ram->last_sync = now;
}

/* What some pages were sent as, until others may see it. */
typedef struct PageCounts {
    uint64_t normal, duplicate, outside;
    uint64_t xbzrle_misses, xbzrle_overflows, xbzrle_pages, xbzrle_bytes;
} PageCounts;

/* So many bytes more of the stream, and what the pages were. */
static void stats_add(RAMState *ram, uint64_t bytes, const PageCounts *counts)
{
    RAMStats *stats = &ram->stats;

    mutex_lock(&ram->stats_lock);
    stats->transferred += bytes + counts->outside;
    if (ram->in_postcopy) {
        stats->postcopy_bytes += bytes;
    }
    stats->normal += counts->normal;
    stats->duplicate += counts->duplicate;
    stats->outside += counts->outside;
    stats->xbzrle_misses += counts->xbzrle_misses;
    stats->xbzrle_overflows += counts->xbzrle_overflows;
    stats->xbzrle_pages += counts->xbzrle_pages;
    stats->xbzrle_bytes += counts->xbzrle_bytes;
    stats->remaining = pages_left(ram) * RAM_PAGE_SIZE;
    mutex_unlock(&ram->stats_lock);
}

/* Pages on the channels belong before this place of the stream. */
static bool sync_channels(RAMState *ram, StateStream *s, GError **errp)
{
    if (!ram->save.multifd || ram->save.mapped) {
        return true;
    }
    ram->wrapped = false;
    if (!multifd_send_sync(ram->save.multifd, errp)) {
        return false;
    }
    /* Old versions take the end of each section for it. */
    if (!ram->save.sync_each_section) {
        state_put_be64(s, RAM_SAVE_FLAG_MULTIFD_FLUSH);
        state_stream_flush(s);
    }
    return true;
}

static void put_end(RAMState *ram, StateStream *s)
{
    state_put_be64(s, RAM_SAVE_FLAG_EOS);
    /* The other side's channels wait for it, and ours for them. */
    if (ram->save.multifd) {
        state_stream_flush(s);
    }
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
        b.first_key = total >> RAM_PAGE_BITS;
        total += b.region.used_length;
        g_array_append_val(ram->blocks, b);
    }
    ram->at_block = 0;
    ram->at_page = 0;
    ram->last_sync = 0;
    ram->in_postcopy = ram->wrapped = false;
    ram->request_block = -1;
    g_clear_pointer(&ram->cache, xbzrle_cache_free);
    mutex_lock(&ram->stats_lock);
    g_queue_clear_full(&ram->requests, g_free);
    ram->stats = (RAMStats){.total = total, .remaining = total, .has_xbzrle = ram->save.xbzrle,
                            .xbzrle_cache_size = ram->save.xbzrle_cache_size};
    mutex_unlock(&ram->stats_lock);

    state_put_be64(s, total | RAM_SAVE_FLAG_MEM_SIZE);
    for (unsigned i = 0; i < ram->blocks->len; i++) {
        SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, i);
        state_put_counted_string(s, b->region.name);
        state_put_be64(s, b->region.used_length);
        if (ram->save.mapped && !ram_mapped_put_block(s, b, errp)) {
            return false;
        }
    }
    if (!sync_channels(ram, s, errp)) {
        return false;
    }
    put_end(ram, s);
    /*
     * Tracking begins: the bits so far mean nothing, all pages are to be sent anyway.  A vCPU may
     * wait for the device lock, which we hold, so that the first round waits for the vCPUs.
     */
    sync_bitmaps(ram, false);
    stats_add(ram, state_stream_position(s) - start, &(PageCounts){0});
    return true;
}

static bool is_dirty(const SaveBlock *b, uint64_t page)
{
    return b->bitmap[page / BITS_PER_LONG] >> (page % BITS_PER_LONG) & 1;
}

/* A page that the other side waits for. */
static bool requested_page(RAMState *ram, SaveBlock **block, uint64_t *page)
{
    bool found = false;

    mutex_lock(&ram->stats_lock);
    while (!found && !g_queue_is_empty(&ram->requests)) {
        PageRequest *request = g_queue_peek_head(&ram->requests);
        *block = &g_array_index(ram->blocks, SaveBlock, request->block);
        *page = request->page++;
        found = is_dirty(*block, *page);
        if (!--request->count) {
            g_free(g_queue_pop_head(&ram->requests));
        }
    }
    mutex_unlock(&ram->stats_lock);
    return found;
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
        ram->wrapped |= !ram->at_block;
    }
    return false;
}

/* Differences are to pages that have been sent: from the second round on. */
static bool start_xbzrle(RAMState *ram, GError **errp)
{
    if (!ram->save.xbzrle || ram->cache || !ram->wrapped) {
        return true;
    }
    ram->cache = xbzrle_cache_new(ram->save.xbzrle_cache_size, RAM_PAGE_SIZE, errp);
    return ram->cache != NULL;
}

static void put_page_head(RAMState *ram, StateStream *s, const SaveBlock *b, uint64_t offset,
                          uint64_t flags)
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

/*
 * True if the page went as a difference, or not at all because the other side has it.  If not,
 * *host is what is to be sent in full: the copy that the cache has from now on, since the guest may
 * write to the page meanwhile.
 */
static bool save_difference(RAMState *ram, StateStream *s, SaveBlock *b, uint64_t page,
                            const uint8_t **host, PageCounts *counts)
{
    uint64_t key = b->first_key + page, now = ram->stats.dirty_sync_count;
    uint8_t *old = xbzrle_cache_find(ram->cache, key, now);
    uint64_t start = state_stream_position(s);

    if (!old) {
        uint8_t *copy = xbzrle_cache_insert(ram->cache, key, *host, now);
        *host = copy ? copy : *host;
        counts->xbzrle_misses++;
        return false;
    }
    memcpy(ram->page_copy, *host, RAM_PAGE_SIZE);
    int size = xbzrle_encode(old, ram->page_copy, RAM_PAGE_SIZE, ram->page_packed, RAM_PAGE_SIZE);
    memcpy(old, ram->page_copy, RAM_PAGE_SIZE);
    if (size < 0) {
        counts->xbzrle_overflows++;
        *host = old;
        return false;
    }
    if (size) {
        put_page_head(ram, s, b, page << RAM_PAGE_BITS, RAM_SAVE_FLAG_XBZRLE);
        state_put_byte(s, XBZRLE_ENCODING);
        state_put_be16(s, (uint16_t)size);
        state_put_buffer(s, ram->page_packed, (size_t)size);
    }
    counts->xbzrle_pages++;
    counts->xbzrle_bytes += state_stream_position(s) - start;
    return true;
}

static void save_zero_page(RAMState *ram, StateStream *s, SaveBlock *b, uint64_t page)
{
    static const uint8_t zeros[RAM_PAGE_SIZE];

    if (ram->save.mapped) {
        bitmap_clear(b->in_file, page, 1);
        return;
    }
    put_page_head(ram, s, b, page << RAM_PAGE_BITS, RAM_SAVE_FLAG_ZERO);
    state_put_byte(s, 0);
    if (ram->cache &&
        !xbzrle_cache_insert(ram->cache, b->first_key + page, zeros, ram->stats.dirty_sync_count)) {
        xbzrle_cache_drop(ram->cache, b->first_key + page);
    }
}

/* Of the first round: nobody had written to it when that began.  Who did since has marked it. */
static bool is_untouched(const SaveBlock *b, uint64_t page)
{
    return b->touched && !test_bit(page, b->touched);
}

static bool save_page(RAMState *ram, StateStream *s, SaveBlock *b, uint64_t page,
                      PageCounts *counts, GError **errp)
{
    uint64_t offset = page << RAM_PAGE_BITS;
    const uint8_t *host = b->region.host + offset;
    bool channels = ram->save.multifd && !ram->save.mapped;

    if (ram->frozen) {
        unsigned index = (unsigned)(b - &g_array_index(ram->blocks, SaveBlock, 0));
        if (!freeze_take(ram->frozen, index, page, ram->page_copy, errp)) {
            return false;
        }
        host = ram->page_copy;
    }

    b->bitmap[page / BITS_PER_LONG] &= ~(1ul << (page % BITS_PER_LONG));
    b->dirty--;
    if (!ram->save.no_zero_pages && !(channels && ram->save.multifd_zero_pages) &&
        (is_untouched(b, page) || buffer_is_zero(host, RAM_PAGE_SIZE))) {
        save_zero_page(ram, s, b, page);
        counts->duplicate++;
        return true;
    }
    if (channels) {
        return multifd_send_page(ram->save.multifd, b->region.name, b->region.host, offset, errp);
    }
    if (ram->cache && !ram->in_postcopy && save_difference(ram, s, b, page, &host, counts)) {
        return true;
    }
    counts->normal++;
    if (ram->save.mapped) {
        counts->outside += RAM_PAGE_SIZE;
        return ram_mapped_write_page(s, b, page, host, errp);
    }
    put_page_head(ram, s, b, offset, RAM_SAVE_FLAG_PAGE);
    state_put_buffer(s, host, RAM_PAGE_SIZE);
    return true;
}

/* 1 nothing is left, 0 the limit was reached, -1 error. */
static int save_pages(RAMState *ram, StateStream *s, bool (*limit)(void *opaque),
                      void *limit_opaque, GError **errp)
{
    uint64_t start = state_stream_position(s);
    PageCounts counts = {0};
    int result = 0;

    /* A part's reader begins without a block. */
    ram->sent_block = -1;
    for (unsigned n = 0; !state_stream_has_error(s); n++) {
        SaveBlock *b;
        uint64_t page;
        bool urgent = ram->in_postcopy && requested_page(ram, &b, &page);
        if (!urgent && limit && n % 64 == 63) {
            /* Who sets the limit looks at what has been sent. */
            uint64_t now = state_stream_position(s);
            stats_add(ram, now - start, &counts);
            start = now;
            counts = (PageCounts){0};
            if (limit(limit_opaque)) {
                break;
            }
        }
        if (!urgent && !next_page(ram, &b, &page)) {
            result = 1;
            break;
        }
        if (!start_xbzrle(ram, errp) ||
            (ram->wrapped && !ram->save.sync_each_section && !sync_channels(ram, s, errp)) ||
            !save_page(ram, s, b, page, &counts, errp)) {
            return -1;
        }
        if (urgent) {
            state_stream_flush(s);
        }
    }
    stats_add(ram, state_stream_position(s) - start, &counts);
    return result;
}

static bool end_section(RAMState *ram, StateStream *s, bool sync, GError **errp)
{
    if (sync && !sync_channels(ram, s, errp)) {
        return false;
    }
    put_end(ram, s);
    return true;
}

static int ram_save_iterate(StateStream *s, void *opaque, bool (*limit)(void *limit_opaque),
                            void *limit_opaque, GError **errp)
{
    RAMState *ram = opaque;

    if (ram->unsettled) {
        ram->ops->settle(ram->opaque);
        ram->unsettled = false;
        /* Marks from before are lost, pages that were written before are touched. */
        for (unsigned i = 0; i < ram->blocks->len; i++) {
            SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, i);
            b->touched = ram_touched_pages(&b->region);
        }
    }
    int result = save_pages(ram, s, limit, limit_opaque, errp);
    /* Whoever has nothing more to send waits for the channels here: later it would be with the
     * device lock. */
    bool sync = ram->save.sync_each_section || result == 1;
    return result < 0 || end_section(ram, s, sync, errp) ? result : -1;
}

static uint64_t ram_save_pending(void *opaque, bool exact)
{
    RAMState *ram = opaque;

    if (!ram->blocks) {
        return 0;
    }
    if (exact && !ram->frozen) {
        sync_bitmaps(ram, true);
    }
    return pages_left(ram) * RAM_PAGE_SIZE;
}

static bool ram_save_complete(StateStream *s, void *opaque, GError **errp)
{
    RAMState *ram = opaque;

    if (!ram->in_postcopy && !ram->frozen) {
        sync_bitmaps(ram, true);
    }
    return save_pages(ram, s, NULL, NULL, errp) >= 0 && end_section(ram, s, true, errp) &&
           (!ram->save.mapped || ram_mapped_put_bitmaps(s, ram->blocks, errp));
}

static void ram_save_cleanup(void *opaque)
{
    RAMState *ram = opaque;

    g_clear_pointer(&ram->frozen, freeze_end);

    for (unsigned i = 0; ram->blocks && i < ram->blocks->len; i++) {
        ram->ops->untrack(ram->opaque, g_array_index(ram->blocks, SaveBlock, i).region.handle);
    }
    mutex_lock(&ram->stats_lock);
    g_queue_clear_full(&ram->requests, g_free);
    free_blocks(ram);
    mutex_unlock(&ram->stats_lock);
    g_clear_pointer(&ram->cache, xbzrle_cache_free);
}

bool ram_state_freeze(RAMState *ram, GError **errp)
{
    g_autoptr(GArray) regions = ram->ops->regions(ram->opaque);

    ram->ops->settle(ram->opaque);
    ram->unsettled = false;
    ram->frozen = freeze_begin(regions, errp);
    return ram->frozen != NULL;
}

/* ---- Postcopy ---- */

uint64_t ram_state_page_sizes(RAMState *ram)
{
    g_autoptr(GArray) regions = ram->ops->regions(ram->opaque);
    uint64_t sizes = 0;

    for (unsigned i = 0; i < regions->len; i++) {
        sizes |= g_array_index(regions, RAMRegion, i).page_size;
    }
    return sizes;
}

bool ram_state_begin_postcopy(RAMState *ram,
                              bool (*discard)(void *opaque, const char *block, uint64_t start,
                                              uint64_t length),
                              void *opaque, GError **errp)
{
    sync_bitmaps(ram, true);
    for (unsigned i = 0; i < ram->blocks->len; i++) {
        const SaveBlock *b = &g_array_index(ram->blocks, SaveBlock, i);
        for (uint64_t page = 0; (page = bitmap_find_next(b->bitmap, b->pages, page)) < b->pages;) {
            uint64_t end = page;
            while (end < b->pages && is_dirty(b, end)) {
                end++;
            }
            if (!discard(opaque, b->region.name, page << RAM_PAGE_BITS,
                         (end - page) << RAM_PAGE_BITS)) {
                return ram_stream_error(errp, "the list of pages to drop could not be sent");
            }
            page = end;
        }
    }
    ram->in_postcopy = true;
    return true;
}

static int find_block(RAMState *ram, const char *name)
{
    for (unsigned i = 0; ram->blocks && i < ram->blocks->len; i++) {
        if (!strcmp(g_array_index(ram->blocks, SaveBlock, i).region.name, name)) {
            return (int)i;
        }
    }
    return -1;
}

bool ram_state_request(RAMState *ram, const char *block, uint64_t start, uint64_t length,
                       GError **errp)
{
    bool ok;

    mutex_lock(&ram->stats_lock);
    if (block) {
        ram->request_block = find_block(ram, block);
    }
    const SaveBlock *b = ram->blocks && ram->request_block >= 0
                             ? &g_array_index(ram->blocks, SaveBlock, ram->request_block)
                             : NULL;
    uint64_t bytes = b ? b->pages << RAM_PAGE_BITS : 0;
    ok = b && length && !((start | length) & FLAG_BITS) && start < bytes && length <= bytes - start;
    if (ok) {
        PageRequest *request = g_new(PageRequest, 1);
        *request = (PageRequest){(unsigned)ram->request_block, start >> RAM_PAGE_BITS,
                                 length >> RAM_PAGE_BITS};
        g_queue_push_tail(&ram->requests, request);
        ram->stats.postcopy_requests++;
    }
    mutex_unlock(&ram->stats_lock);
    return ok ||
           ram_stream_error(errp,
                            "0x%" PRIx64 " bytes at 0x%" PRIx64 " of RAM block '%s' are asked for: "
                            "there are no such pages",
                            length, start, block ? block : "as before");
}

static const StateHandlers ram_handlers = {
    .goes_on_in_postcopy = true,
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
    return state_registry_add_handlers(registry, "ram", 0, RAM_SECTION_VERSION, &ram_handlers, ram,
                                       errp);
}
