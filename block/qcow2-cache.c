/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: L2 tables and refcount blocks in memory, and the order in which they go to the file. */
#include <string.h>
#include "qcow2.h"

#define L2_BYTES       (32u << 20) /* of tables kept: enough for 256 GiB in clusters of 64 KiB */
#define REFBLOCK_BYTES (16u << 20)
#define LEAST_TABLES   8u

static void table_free(gpointer data)
{
    Qcow2Table *table = data;

    g_free(table->data);
    g_free(table);
}

static void cache_init(Qcow2State *s, Qcow2Cache *cache, unsigned bytes)
{
    cache->by_offset = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, table_free);
    g_queue_init(&cache->lru);
    cache->most = MAX(bytes >> s->cluster_bits, LEAST_TABLES);
}

void qcow2_cache_init(Qcow2State *s)
{
    cache_init(s, &s->l2_cache, L2_BYTES);
    cache_init(s, &s->refblock_cache, REFBLOCK_BYTES);
}

void qcow2_cache_destroy(Qcow2State *s)
{
    g_clear_pointer(&s->l2_cache.by_offset, g_hash_table_unref);
    g_clear_pointer(&s->refblock_cache.by_offset, g_hash_table_unref);
    g_queue_init(&s->l2_cache.lru);
    g_queue_init(&s->refblock_cache.lru);
}

static void drop(Qcow2Cache *cache, Qcow2Table *table)
{
    g_queue_unlink(&cache->lru, &table->lru);
    g_hash_table_remove(cache->by_offset, &table->offset);
}

void qcow2_cache_forget(Qcow2Cache *cache, uint64_t offset)
{
    Qcow2Table *table = g_hash_table_lookup(cache->by_offset, &offset);

    if (table && !table->pins) {
        drop(cache, table);
    } else if (table) {
        table->dirty = false;
    }
}

void qcow2_cache_clear(Qcow2Cache *cache)
{
    g_queue_init(&cache->lru);
    g_hash_table_remove_all(cache->by_offset);
}

/* ---- Writing back ---- */

static int write_dirty(Qcow2State *s, Qcow2Cache *cache)
{
    for (GList *link = cache->lru.head; link; link = link->next) {
        Qcow2Table *table = link->data;

        if (table->dirty) {
            int ret =
                block_pwrite(s->node->file, (int64_t)table->offset, table->data, s->cluster_size);

            if (ret < 0) {
                return ret;
            }
            table->dirty = false;
        }
    }
    return 0;
}

static bool any_dirty(const Qcow2Cache *cache)
{
    for (GList *link = cache->lru.head; link; link = link->next) {
        if (((Qcow2Table *)link->data)->dirty) {
            return true;
        }
    }
    return false;
}

/* Counts first, made durable together with the data that was written so far; then the tables. */
static int write_tables(Qcow2State *s)
{
    int ret = write_dirty(s, &s->refblock_cache);

    if (ret == 0 && any_dirty(&s->l2_cache)) {
        ret = block_flush(s->node->file);
        if (ret == 0) {
            ret = write_dirty(s, &s->l2_cache);
        }
    }
    return ret;
}

void qcow2_l1_set(Qcow2State *s, uint32_t index, uint64_t entry)
{
    s->l1[index] = entry;
    if (s->l1_dirty_from >= s->l1_dirty_to) {
        s->l1_dirty_from = index;
        s->l1_dirty_to = index + 1;
    } else {
        s->l1_dirty_from = MIN(s->l1_dirty_from, index);
        s->l1_dirty_to = MAX(s->l1_dirty_to, index + 1);
    }
}

static int write_l1(Qcow2State *s)
{
    uint32_t from = s->l1_dirty_from, n = s->l1_dirty_to - from;
    g_autofree uint64_t *entries = g_new(uint64_t, n);
    int ret;

    for (uint32_t i = 0; i < n; i++) {
        entries[i] = cpu_to_be64(s->l1[from + i]);
    }
    ret = block_flush(s->node->file);
    if (ret == 0) {
        ret = block_pwrite(s->node->file, (int64_t)(s->l1_offset + from * 8ull), entries, n * 8ll);
    }
    if (ret == 0) {
        s->l1_dirty_from = s->l1_dirty_to = 0;
    }
    return ret;
}

int qcow2_flush_metadata(Qcow2State *s)
{
    int ret = write_tables(s);

    if (ret == 0 && s->l1_dirty_from < s->l1_dirty_to) {
        ret = write_l1(s);
    }
    if (ret == 0 && s->free_queue->len) {
        ret = block_flush(s->node->file);
        if (ret == 0) {
            ret = qcow2_apply_frees(s);
        }
        if (ret == 0) {
            ret = write_dirty(s, &s->refblock_cache);
        }
    }
    return ret;
}

/* ---- Reading ---- */

/* Room for one more. */
static int make_room(Qcow2State *s, Qcow2Cache *cache)
{
    while (cache->lru.length >= cache->most) {
        GList *link = cache->lru.head;
        Qcow2Table *table;

        while (link && ((Qcow2Table *)link->data)->pins) {
            link = link->next;
        }
        if (!link) {
            return 0; /* all in use: a few more do no harm */
        }
        table = link->data;
        if (table->dirty) {
            int ret = cache == &s->l2_cache ? write_tables(s) : write_dirty(s, cache);

            if (ret < 0) {
                return ret;
            }
        }
        drop(cache, table);
    }
    return 0;
}

static int get(Qcow2State *s, Qcow2Cache *cache, uint64_t offset, bool fresh, Qcow2Table **out)
{
    Qcow2Table *table = g_hash_table_lookup(cache->by_offset, &offset);
    int ret;

    *out = NULL;
    if (!table) {
        ret = make_room(s, cache);
        if (ret < 0) {
            return ret;
        }
        table = g_new0(Qcow2Table, 1);
        table->data = g_try_malloc0(s->cluster_size);
        ret = !table->data ? -ENOMEM : fresh ? 0
              : block_pread(s->node->file, (int64_t)offset, table->data, s->cluster_size);
        if (ret < 0) {
            table_free(table);
            return ret;
        }
        table->offset = offset;
        table->lru.data = table;
        g_hash_table_insert(cache->by_offset, &table->offset, table);
        g_queue_push_tail_link(&cache->lru, &table->lru);
    } else {
        if (fresh) {
            memset(table->data, 0, s->cluster_size);
        }
        g_queue_unlink(&cache->lru, &table->lru);
        g_queue_push_tail_link(&cache->lru, &table->lru);
    }
    table->dirty |= fresh;
    table->pins++;
    *out = table;
    return 0;
}

int qcow2_cache_get(Qcow2State *s, Qcow2Cache *cache, uint64_t offset, Qcow2Table **table)
{
    return get(s, cache, offset, false, table);
}

int qcow2_cache_new(Qcow2State *s, Qcow2Cache *cache, uint64_t offset, Qcow2Table **table)
{
    return get(s, cache, offset, true, table);
}

void qcow2_cache_put(Qcow2Table *table)
{
    if (table) {
        table->pins--;
    }
}
