/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated blocks: finding, publishing, chaining and dropping them.
 *
 * A block's identity is where its bytes are (host address of guest RAM, which stands for the guest
 * physical address and does not care about aliases), the effective address it was made for and the
 * mode flags.  A page-relative block serves every effective address: processes share their
 * libraries' code.  Look-ups take no lock: buckets are singly linked, blocks are published with
 * release stores and unlinked with their own link left alone, so that a reader that stands on one
 * finds its way.  A reader that races with a table's growth may miss; it then asks again under the
 * lock.
 *
 * Dropping a block: mark it invalid, unlink it, undo every chain to and from it, and step every
 * CPU's jump key, which empties the jump cache at once.  Its memory is freed at a later epoch, its
 * code bytes at the next flush of all code.
 */
#include "accel/tcg/internal.h"

#include <stdlib.h>
#include <string.h>
#include "util/log.h"

#define INITIAL_BUCKETS (1u << 13)
#define BLOCKS_PER_CHUNK 256

static size_t block_hash(const uint8_t *host, uint64_t flags)
{
    uint64_t h = ((uint64_t)(uintptr_t)host >> 2) * 0x9e3779b97f4a7c15ull;
    h ^= flags * 0x165667b19e3779f9ull;
    return h >> 29;
}

static TCGHashTable *hash_new(size_t buckets)
{
    TCGHashTable *t = g_malloc0(sizeof(*t) + buckets * sizeof(t->buckets[0]));
    t->mask = buckets - 1;
    return t;
}

void tcg_blocks_init(TCGAccel *accel)
{
    accel->hash = hash_new(INITIAL_BUCKETS);
    accel->pages = g_hash_table_new(g_direct_hash, g_direct_equal);
    accel->old_tables = g_ptr_array_new_with_free_func(g_free);
    accel->block_chunks = g_ptr_array_new_with_free_func(free);
    accel->retired_tail = &accel->retired;
    accel->epoch = 1;
}

void tcg_blocks_destroy(TCGAccel *accel)
{
    tcg_blocks_flush(accel);
    g_free(accel->hash);
    g_hash_table_destroy(accel->pages);
    g_ptr_array_free(accel->old_tables, true);
    g_ptr_array_free(accel->block_chunks, true);
}

/* ---- Their memory ---- */

TCGBlock *tcg_block_new(TCGAccel *accel)
{
    if (!accel->free_blocks) {
        TCGBlock *chunk = aligned_alloc(_Alignof(TCGBlock), BLOCKS_PER_CHUNK * sizeof(TCGBlock));
        g_assert(chunk);
        memset(chunk, 0, BLOCKS_PER_CHUNK * sizeof(TCGBlock));
        g_ptr_array_add(accel->block_chunks, chunk);
        for (unsigned i = BLOCKS_PER_CHUNK; i-- > 0;) {
            chunk[i].serial = 1;
            chunk[i].retired_next = accel->free_blocks;
            accel->free_blocks = &chunk[i];
        }
    }
    TCGBlock *block = accel->free_blocks;
    accel->free_blocks = block->retired_next;
    uint32_t serial = block->serial;
    *block = (TCGBlock){.serial = serial};
    return block;
}

void tcg_block_publish(TCGBlock *block)
{
    __atomic_store_n(&block->serial, block->serial + 1, __ATOMIC_RELEASE);
}

static void block_free(TCGAccel *accel, TCGBlock *block)
{
    accel->backend->release(&block->compiled);
    __atomic_store_n(&block->serial, block->serial + 1, __ATOMIC_RELAXED);
    /* Whoever sees the next owner's fields sees the odd number, too. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    block->retired_next = accel->free_blocks;
    accel->free_blocks = block;
}

/* ---- Finding and entering ---- */

TCGBlock *tcg_block_find(TCGAccel *accel, const uint8_t *host, uint64_t pc, uint64_t flags)
{
    TCGHashTable *t = __atomic_load_n(&accel->hash, __ATOMIC_ACQUIRE);
    TCGBlock *b = __atomic_load_n(&t->buckets[block_hash(host, flags) & t->mask],
                                  __ATOMIC_ACQUIRE);

    while (b) {
        if (b->host == host && (b->page_relative || b->pc == pc) && b->flags == flags) {
            return __atomic_load_n(&b->invalid, __ATOMIC_ACQUIRE) ? NULL : b;
        }
        b = __atomic_load_n(&b->hash_next, __ATOMIC_ACQUIRE);
    }
    return NULL;
}

static void hash_link(TCGHashTable *t, TCGBlock *b)
{
    TCGBlock **bucket = &t->buckets[block_hash(b->host, b->flags) & t->mask];

    __atomic_store_n(&b->hash_next, *bucket, __ATOMIC_RELEASE);
    __atomic_store_n(bucket, b, __ATOMIC_RELEASE);
}

static void hash_grow(TCGAccel *accel)
{
    TCGHashTable *old = accel->hash;
    TCGHashTable *t = hash_new((old->mask + 1) * 4);

    for (size_t i = 0; i <= old->mask; i++) {
        for (TCGBlock *b = old->buckets[i], *next; b; b = next) {
            next = b->hash_next;
            hash_link(t, b);
        }
    }
    __atomic_store_n(&accel->hash, t, __ATOMIC_RELEASE);
    g_ptr_array_add(accel->old_tables, old);
}

void tcg_block_insert(TCGAccel *accel, TCGBlock *block, TCGPage *page)
{
    if (accel->n_blocks > accel->hash->mask) {
        hash_grow(accel);
    }
    block->page = page;
    block->page_next = page->blocks;
    page->blocks = block;
    uint32_t first = (block->host - page->host) / 64;
    uint32_t last = (block->host + MAX(block->size, 1) - 1 - page->host) / 64;
    for (uint32_t line = first; line <= last && line < 64; line++) {
        page->lines |= (uint64_t)1 << line;
    }
    accel->n_blocks++;
    hash_link(accel->hash, block);
}

TCGPage *tcg_page_get(TCGAccel *accel, const uint8_t *host, RAMBlock *ram, ram_addr_t offset)
{
    TCGPage *page = g_hash_table_lookup(accel->pages, host);

    if (!page) {
        page = g_new0(TCGPage, 1);
        page->host = host;
        page->ram = ram;
        page->ram_offset = offset;
        g_hash_table_insert(accel->pages, (void *)host, page);
        /* From here on every write to the page is seen; only then are its bytes read. */
        ram_dirty_test_and_clear(ram, offset, TCG_PAGE_SIZE, DIRTY_MEMORY_CODE);
        accel->stats.page_protects++;
        for (unsigned i = 0; i < accel->vcpus->len; i++) {
            TCGVCPU *v = g_ptr_array_index(accel->vcpus, i);
            if (tcg_tlb_protect(v, host, TCG_PAGE_SIZE) && v != tcg_current &&
                __atomic_load_n(&v->running, __ATOMIC_SEQ_CST)) {
                page->writers = true;
            }
        }
    }
    return page;
}

void tcg_page_put(TCGAccel *accel, TCGPage *page)
{
    if (!page->blocks && !page->translating) {
        ram_dirty_set(page->ram, page->ram_offset, TCG_PAGE_SIZE, 1u << DIRTY_MEMORY_CODE);
        g_hash_table_remove(accel->pages, page->host);
        g_free(page);
    }
}

/* ---- Chains ---- */

void tcg_block_chain(TCGAccel *accel, TCGExitSite *site, TCGBlock *target)
{
    TCGBlock *from = site->owner;

    mutex_lock(&accel->code_lock);
    if (!site->target && !from->invalid && !target->invalid && !target->uncached) {
        site->target = target;
        site->next_incoming = target->incoming;
        target->incoming = site;
        accel->backend->chain(site, target->entry);
        accel->stats.chains++;
    }
    mutex_unlock(&accel->code_lock);
}

static void unchain_incoming(TCGAccel *accel, TCGBlock *block)
{
    for (TCGExitSite *site = block->incoming, *next; site; site = next) {
        next = site->next_incoming;
        accel->backend->chain(site, NULL);
        site->target = NULL;
        site->next_incoming = NULL;
    }
    block->incoming = NULL;
}

static void unchain_outgoing(TCGAccel *accel, TCGBlock *block)
{
    for (unsigned i = 0; i < block->compiled.n_exits; i++) {
        TCGExitSite *site = &block->compiled.exits[i];
        TCGBlock *target = site->target;
        if (target) {
            TCGExitSite **link = &target->incoming;
            while (*link != site) {
                link = &(*link)->next_incoming;
            }
            *link = site->next_incoming;
            accel->backend->chain(site, NULL);
            site->target = NULL;
            site->next_incoming = NULL;
        }
    }
}

/* ---- Dropping ---- */

static void block_retire(TCGAccel *accel, TCGBlock *block)
{
    block->retire_epoch = __atomic_add_fetch(&accel->epoch, 1, __ATOMIC_SEQ_CST);
    block->retired_next = NULL;
    *accel->retired_tail = block;
    accel->retired_tail = &block->retired_next;
}

static void hash_unlink(TCGAccel *accel, TCGBlock *block)
{
    TCGHashTable *t = accel->hash;
    TCGBlock **link = &t->buckets[block_hash(block->host, block->flags) & t->mask];

    while (*link != block) {
        link = &(*link)->hash_next;
    }
    __atomic_store_n(link, block->hash_next, __ATOMIC_RELEASE);
    accel->n_blocks--;
}

/* Unlinks everything but the page's list, which the caller walks. */
static void block_unlink(TCGAccel *accel, TCGBlock *block)
{
    __atomic_store_n(&block->invalid, true, __ATOMIC_SEQ_CST);
    hash_unlink(accel, block);
    unchain_incoming(accel, block);
    unchain_outgoing(accel, block);
    accel->stats.blocks_invalidated++;
}

static void jump_keys_step(TCGAccel *accel)
{
    for (unsigned i = 0; i < accel->vcpus->len; i++) {
        TCGVCPU *v = g_ptr_array_index(accel->vcpus, i);
        tcg_jump_key_step(v, TCG_ALL_MMU_IDX);
    }
}

/* Drops the page's blocks that overlap [first, last]; frees the page when nothing is left. */
static void page_invalidate(TCGAccel *accel, TCGPage *page, uint32_t first, uint32_t last)
{
    TCGBlock *dropped = NULL;
    uint64_t lines = 0;

    page->version++;
    for (uint32_t line = first / 64; line <= last / 64; line++) {
        lines |= (uint64_t)1 << line;
    }
    if (page->lines & lines) {
        uint64_t left = 0;
        TCGBlock **link = &page->blocks;
        while (*link) {
            TCGBlock *b = *link;
            uint32_t start = b->host - page->host, end = start + b->size - 1;
            if (start <= last && end >= first) {
                *link = b->page_next;
                block_unlink(accel, b);
                b->retired_next = dropped;
                dropped = b;
            } else {
                for (uint32_t line = start / 64; line <= end / 64; line++) {
                    left |= (uint64_t)1 << line;
                }
                link = &b->page_next;
            }
        }
        page->lines = left;
    }
    if (dropped) {
        /* Before the epoch moves: whoever sees the new epoch also misses in its jump cache. */
        jump_keys_step(accel);
        for (TCGBlock *next; dropped; dropped = next) {
            next = dropped->retired_next;
            block_retire(accel, dropped);
        }
    }
    tcg_page_put(accel, page);
}

void tcg_invalidate_host(TCGAccel *accel, const uint8_t *host, size_t size)
{
    if (!size) {
        return;
    }
    mutex_lock(&accel->code_lock);
    const uint8_t *last = host + size - 1;
    const uint8_t *page_host = (const uint8_t *)((uintptr_t)host & TCG_PAGE_MASK);
    if (size >> TCG_PAGE_BITS > g_hash_table_size(accel->pages)) {
        /* A big range: walk what there is instead of what could be. */
        g_autoptr(GList) pages = g_hash_table_get_values(accel->pages);
        for (GList *l = pages; l; l = l->next) {
            TCGPage *page = l->data;
            if (page->host + TCG_PAGE_SIZE > host && page->host <= last) {
                uint32_t first = page->host >= host ? 0 : host - page->host;
                page_invalidate(accel, page, first,
                                MIN((uint64_t)(last - page->host), TCG_PAGE_SIZE - 1));
            }
        }
    } else {
        for (; page_host <= last; page_host += TCG_PAGE_SIZE) {
            TCGPage *page = g_hash_table_lookup(accel->pages, page_host);
            if (page) {
                uint32_t first = page_host >= host ? 0 : host - page_host;
                page_invalidate(accel, page, first,
                                MIN((uint64_t)(last - page_host), TCG_PAGE_SIZE - 1));
            }
        }
    }
    tcg_blocks_reclaim(accel);
    mutex_unlock(&accel->code_lock);
}

void tcg_block_retire_uncached(TCGAccel *accel, TCGBlock *block)
{
    mutex_lock(&accel->code_lock);
    block->invalid = true;
    block_retire(accel, block);
    tcg_blocks_reclaim(accel);
    mutex_unlock(&accel->code_lock);
}

void tcg_blocks_reclaim(TCGAccel *accel)
{
    uint64_t safe = UINT64_MAX;

    if (!accel->retired) {
        return;
    }
    for (unsigned i = 0; i < accel->vcpus->len; i++) {
        TCGVCPU *v = g_ptr_array_index(accel->vcpus, i);
        if (__atomic_load_n(&v->running, __ATOMIC_SEQ_CST)) {
            safe = MIN(safe, __atomic_load_n(&v->seen_epoch, __ATOMIC_SEQ_CST));
        }
    }
    while (accel->retired && accel->retired->retire_epoch <= safe) {
        TCGBlock *b = accel->retired;
        accel->retired = b->retired_next;
        block_free(accel, b);
    }
    if (!accel->retired) {
        accel->retired_tail = &accel->retired;
    }
}

void tcg_blocks_flush(TCGAccel *accel)
{
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, accel->pages);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        TCGPage *page = value;
        for (TCGBlock *b = page->blocks, *next; b; b = next) {
            next = b->page_next;
            b->invalid = true;
            block_free(accel, b);
        }
        page->blocks = NULL;
        page->lines = 0;
        page->version++;
        if (!page->translating) {
            ram_dirty_set(page->ram, page->ram_offset, TCG_PAGE_SIZE, 1u << DIRTY_MEMORY_CODE);
            g_hash_table_iter_remove(&iter);
            g_free(page);
        }
    }
    while (accel->retired) {
        TCGBlock *b = accel->retired;
        accel->retired = b->retired_next;
        block_free(accel, b);
    }
    accel->retired_tail = &accel->retired;
    accel->n_blocks = 0;
    memset(accel->hash->buckets, 0, (accel->hash->mask + 1) * sizeof(TCGBlock *));
    g_ptr_array_set_size(accel->old_tables, 0);
    for (unsigned i = 0; i < accel->vcpus->len; i++) {
        TCGVCPU *v = g_ptr_array_index(accel->vcpus, i);
        /* Not by generation alone: entries must not survive a wrap of the counter. */
        tcg_jump_cache_clear(v);
    }
    jump_keys_step(accel);
    tcg_region_reset(&accel->region, accel->thunks_end);
    accel->stats.flushes++;
}
