/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2: reference counts of host clusters, and finding free ones. Counts are 1 to 64 bits wide;
 * those narrower than a byte are packed from the low bits of the byte up.
 */
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

/* Host offsets have 56 bits in the tables; files end at 2^63. */
#define MAX_CLUSTER(s) (1ull << (56 - (s)->cluster_bits))

uint64_t qcow2_refcount_max(const Qcow2State *s)
{
    return s->refcount_order == 6 ? UINT64_MAX : (1ull << (1u << s->refcount_order)) - 1;
}

uint64_t qcow2_refcount_get(const Qcow2State *s, const uint8_t *block, uint64_t index)
{
    switch (s->refcount_order) {
    case 0:
        return (block[index / 8] >> (index % 8)) & 1;
    case 1:
        return (block[index / 4] >> (index % 4 * 2)) & 3;
    case 2:
        return (block[index / 2] >> (index % 2 * 4)) & 15;
    case 3:
        return block[index];
    case 4:
        return lduw_be_p(block + index * 2);
    case 5:
        return (uint32_t)ldl_be_p(block + index * 4);
    default:
        return ldq_be_p(block + index * 8);
    }
}

static void set_bits(uint8_t *byte, unsigned shift, unsigned mask, uint64_t value)
{
    *byte = (uint8_t)((*byte & ~(mask << shift)) | ((unsigned)value & mask) << shift);
}

void qcow2_refcount_set(const Qcow2State *s, uint8_t *block, uint64_t index, uint64_t value)
{
    switch (s->refcount_order) {
    case 0:
        set_bits(block + index / 8, index % 8, 1, value);
        break;
    case 1:
        set_bits(block + index / 4, index % 4 * 2, 3, value);
        break;
    case 2:
        set_bits(block + index / 2, index % 2 * 4, 15, value);
        break;
    case 3:
        block[index] = (uint8_t)value;
        break;
    case 4:
        stw_be_p(block + index * 2, (uint16_t)value);
        break;
    case 5:
        stl_be_p(block + index * 4, (uint32_t)value);
        break;
    default:
        stq_be_p(block + index * 8, value);
    }
}

/* ---- Single counts ---- */

/* The block that counts `cluster`; NULL: there is none, all its counts are 0. */
static int get_block(Qcow2State *s, uint64_t cluster, Qcow2Table **block)
{
    uint64_t index = cluster >> s->refblock_bits, offset;

    *block = NULL;
    if (index >= s->reftable_size) {
        return 0;
    }
    offset = s->reftable[index] & ~QCOW2_REFTABLE_RESERVED;
    if (!offset) {
        return 0;
    }
    if (offset & (s->cluster_size - 1)) {
        return qcow2_corrupt(
            s, "Refblock offset %#" PRIx64 " unaligned (reftable index: %#" PRIx64 ")", offset,
            index);
    }
    return qcow2_cache_get(s, &s->refblock_cache, offset, block);
}

int qcow2_get_refcount(Qcow2State *s, uint64_t cluster, uint64_t *value)
{
    Qcow2Table *block;
    int ret = get_block(s, cluster, &block);

    *value =
        block ? qcow2_refcount_get(s, block->data, cluster & ((1ull << s->refblock_bits) - 1)) : 0;
    qcow2_cache_put(block);
    return ret;
}

int qcow2_add_refcount(Qcow2State *s, uint64_t first, uint64_t count, int addend)
{
    uint64_t mask = (1ull << s->refblock_bits) - 1, done = 0;
    Qcow2Table *block = NULL;
    int ret = 0;

    for (; done < count; done++) {
        uint64_t cluster = first + done, value;

        if (!block || (cluster & mask) == 0) {
            qcow2_cache_put(block);
            ret = get_block(s, cluster, &block);
            if (ret < 0) {
                break;
            }
        }
        value = block ? qcow2_refcount_get(s, block->data, cluster & mask) : 0;
        if (!block || (addend < 0 && value == 0)) {
            ret = qcow2_corrupt(s, "Refcount of cluster %#" PRIx64 " would become negative",
                                cluster << s->cluster_bits);
            break;
        }
        if (addend > 0 && value >= qcow2_refcount_max(s)) {
            ret = -ERANGE;
            break;
        }
        qcow2_refcount_set(s, block->data, cluster & mask, value + (uint64_t)(int64_t)addend);
        block->dirty = true;
        if (addend < 0 && value == 1) {
            s->free_hint = MIN(s->free_hint, cluster);
        }
    }
    qcow2_cache_put(block);
    if (ret < 0 && done) {
        qcow2_add_refcount(s, first, done, -addend);
    }
    return ret;
}

/* ---- More counts ---- */

/* One past the last cluster that is counted. */
static int used_end(Qcow2State *s, uint64_t *end)
{
    for (uint64_t index = s->reftable_size; index-- > 0;) {
        Qcow2Table *block;
        int ret = get_block(s, index << s->refblock_bits, &block);

        if (ret < 0) {
            return ret;
        }
        for (uint64_t i = block ? 1ull << s->refblock_bits : 0; i-- > 0;) {
            if (qcow2_refcount_get(s, block->data, i)) {
                qcow2_cache_put(block);
                *end = (index << s->refblock_bits) + i + 1;
                return 0;
            }
        }
        qcow2_cache_put(block);
    }
    *end = 1;
    return 0;
}

/* Where new counting blocks and a larger table go: behind the clusters that are wanted. */
typedef struct Extension {
    uint64_t start, count;     /* wanted */
    uint64_t first_block, blocks;
    uint64_t table, table_clusters, table_size; /* table_clusters 0: the table stays */
    uint64_t end;
} Extension;

static bool has_block(const Qcow2State *s, uint64_t index)
{
    return index < s->reftable_size && (s->reftable[index] & ~QCOW2_REFTABLE_RESERVED);
}

static int plan_extension(Qcow2State *s, Extension *e)
{
    uint64_t end = e->start + e->count, before;

    e->first_block = end;
    do {
        uint64_t last = (end - 1) >> s->refblock_bits;

        before = end;
        e->blocks = 0;
        for (uint64_t i = e->start >> s->refblock_bits; i <= last; i++) {
            e->blocks += !has_block(s, i);
        }
        e->table_clusters = 0;
        e->table_size = s->reftable_size;
        if (last >= s->reftable_size) {
            /* Half as much again, so that it does not grow often. */
            e->table_clusters = qcow2_clusters(s, (last + 1 + (last + 1) / 2) * 8);
            e->table_size = e->table_clusters << (s->cluster_bits - 3);
        }
        e->table = e->first_block + e->blocks;
        end = e->table + e->table_clusters;
    } while (end != before);
    e->end = end;
    return end > MAX_CLUSTER(s) || e->table_clusters << s->cluster_bits > QCOW2_MAX_REFTABLE
               ? -EFBIG
               : 0;
}

/* Writes one new block with the counts of the extension's own clusters in it. */
static int write_block(Qcow2State *s, const Extension *e, uint64_t index, uint64_t cluster)
{
    g_autofree uint8_t *data = g_try_malloc0(s->cluster_size);
    uint64_t first = index << s->refblock_bits, last = first + (1ull << s->refblock_bits);

    if (!data) {
        return -ENOMEM;
    }
    for (uint64_t c = MAX(first, e->first_block); c < MIN(last, e->end); c++) {
        qcow2_refcount_set(s, data, c - first, 1);
    }
    return block_pwrite(s->node->file, (int64_t)(cluster << s->cluster_bits), data,
                        s->cluster_size);
}

/* The table's entries, or the whole of a new table and the header's mention of it. */
static int write_table(Qcow2State *s, const Extension *e, const uint64_t *table, uint64_t from,
                       uint64_t to)
{
    uint64_t first = e->table_clusters ? 0 : from,
             n = (e->table_clusters ? e->table_size : to) - first;
    g_autofree uint64_t *entries = g_new(uint64_t, n), *old = g_new0(uint64_t, n);
    uint8_t fields[12], old_fields[12];
    int ret = block_flush(s->node->file);

    for (uint64_t i = 0; i < n; i++) {
        entries[i] = cpu_to_be64(table[first + i]);
        old[i] = first + i < s->reftable_size ? cpu_to_be64(s->reftable[first + i]) : 0;
    }
    if (ret < 0) {
        return ret;
    }
    if (!e->table_clusters) {
        ret = qcow2_switch(s, s->reftable_offset + first * 8, entries, old, n * 8);
    } else {
        ret = block_pwrite(s->node->file, (int64_t)(e->table << s->cluster_bits), entries,
                           (int64_t)n * 8);
        if (ret == 0) {
            ret = block_flush(s->node->file);
        }
        if (ret == 0) {
            stq_be_p(fields, e->table << s->cluster_bits);
            stl_be_p(fields + 8, (uint32_t)e->table_clusters);
            stq_be_p(old_fields, s->reftable_offset);
            stl_be_p(old_fields + 8, s->reftable_clusters);
            ret = qcow2_switch(s, QCOW2_H_REFTABLE_OFFSET, fields, old_fields, sizeof(fields));
        }
    }
    /* Done. If this fails, later flushes say so. */
    if (ret == 0 && block_flush(s->node->file) < 0) {
        warn_report("qcow2 image '%s': a flush failed", s->node->filename);
    }
    return ret;
}

/* Counting blocks for [start, start + count) and what they need themselves. Everything from start
 * on is free. */
static int extend(Qcow2State *s, uint64_t start, uint64_t count)
{
    Extension e = {.start = start, .count = count};
    g_autofree uint64_t *table = NULL;
    uint64_t first, last, next, counted = 0, old_offset = s->reftable_offset,
                                old_clusters = s->reftable_clusters;
    int ret = plan_extension(s, &e);

    if (ret < 0 || !e.blocks) {
        return ret;
    }
    table = g_new0(uint64_t, e.table_size);
    memcpy(table, s->reftable, s->reftable_size * sizeof(uint64_t));
    first = start >> s->refblock_bits;
    last = (e.end - 1) >> s->refblock_bits;
    next = e.first_block;
    for (uint64_t i = first; i <= last && ret == 0; i++) {
        if (!has_block(s, i)) {
            table[i] = next << s->cluster_bits;
            ret = write_block(s, &e, i, next++);
        }
    }
    /* Those that existing blocks count. */
    for (uint64_t c = e.first_block; c < e.end && ret == 0 && has_block(s, c >> s->refblock_bits);
         c++) {
        ret = qcow2_add_refcount(s, c, 1, 1);
        counted += ret == 0;
    }
    if (ret == 0) {
        ret = qcow2_flush_metadata(s);
    }
    if (ret == 0) {
        ret = write_table(s, &e, table, first, last + 1);
    }
    if (ret < 0) {
        qcow2_add_refcount(s, e.first_block, counted, -1);
        return ret;
    }
    g_free(s->reftable);
    s->reftable = g_steal_pointer(&table);
    s->reftable_size = (uint32_t)e.table_size;
    if (e.table_clusters) {
        s->reftable_offset = e.table << s->cluster_bits;
        s->reftable_clusters = (uint32_t)e.table_clusters;
        qcow2_free_later(s, old_offset, old_clusters);
    }
    for (uint64_t c = e.first_block; c < e.table; c++) {
        uint64_t offset = c << s->cluster_bits;

        g_hash_table_add(s->metadata, GSIZE_TO_POINTER(offset));
    }
    return 0;
}

/* ---- Allocation ---- */

/* The first free piece with `most` clusters (partial: any number); *start is where nothing is
 * counted any more if there is none. */
static int find_free(Qcow2State *s, uint64_t most, bool partial, uint64_t *start, uint64_t *got)
{
    uint64_t mask = (1ull << s->refblock_bits) - 1, run = 0, cluster = s->free_hint;
    bool first_hole = true;

    *got = 0;
    while (cluster >> s->refblock_bits < s->reftable_size) {
        Qcow2Table *block;
        int ret = get_block(s, cluster, &block);

        if (ret < 0) {
            return ret;
        }
        if (!block) {
            break;
        }
        do {
            bool is_free = !qcow2_refcount_get(s, block->data, cluster & mask);

            if (is_free && first_hole) {
                s->free_hint = cluster;
                first_hole = false;
            }
            if (is_free) {
                run++;
            }
            if (run == most || (!is_free && run && partial)) {
                *start = cluster + is_free - run;
                *got = run;
                qcow2_cache_put(block);
                return 0;
            }
            if (!is_free) {
                run = 0;
            }
            cluster++;
        } while (cluster & mask);
        qcow2_cache_put(block);
    }
    if (run && partial) {
        *start = cluster - run;
        *got = run;
    } else if (first_hole) {
        s->free_hint = MAX(s->free_hint, MIN(cluster, MAX_CLUSTER(s)));
    }
    return 0;
}

int64_t qcow2_alloc(Qcow2State *s, uint64_t most, bool partial, uint64_t *got)
{
    uint64_t start, found;
    int ret = find_free(s, most, partial, &start, &found);

    if (ret == 0 && !found) {
        ret = used_end(s, &start);
        if (ret == 0) {
            found = most;
            ret = extend(s, start, most);
        }
    }
    if (ret == 0) {
        ret = qcow2_add_refcount(s, start, found, 1);
    }
    if (ret < 0) {
        return ret;
    }
    if (start == s->free_hint) {
        s->free_hint = start + found;
    }
    ret = qcow2_check_overlap(s, start << s->cluster_bits, found << s->cluster_bits);
    if (ret < 0) {
        return ret;
    }
    if (got) {
        *got = found;
    }
    return (int64_t)(start << s->cluster_bits);
}

void qcow2_free_later(Qcow2State *s, uint64_t offset, uint64_t count)
{
    Qcow2Free item = {offset >> s->cluster_bits, count};

    if (s->free_queue->len) {
        Qcow2Free *last = &g_array_index(s->free_queue, Qcow2Free, s->free_queue->len - 1);

        if (last->cluster + last->count == item.cluster) {
            last->count += count;
            return;
        }
    }
    if (count) {
        g_array_append_val(s->free_queue, item);
    }
}

/* Clusters that nobody counts any more, to the host where that is wanted. */
static void give_back(Qcow2State *s, uint64_t cluster, uint64_t count)
{
    if (s->node->flags & BLOCK_OPEN_UNMAP) {
        while (count) {
            uint64_t n = MIN(count, (1ull << 30) >> s->cluster_bits);

            block_pdiscard(s->node->file, (int64_t)(cluster << s->cluster_bits),
                           (int64_t)(n << s->cluster_bits));
            cluster += n;
            count -= n;
        }
    }
}

int qcow2_apply_frees(Qcow2State *s)
{
    g_autoptr(GArray) queue = s->free_queue;
    int first = 0;

    s->free_queue = g_array_new(FALSE, FALSE, sizeof(Qcow2Free));
    for (guint i = 0; i < queue->len; i++) {
        const Qcow2Free *item = &g_array_index(queue, Qcow2Free, i);
        int ret = qcow2_add_refcount(s, item->cluster, item->count, -1);

        uint64_t run = 0, end = item->cluster + item->count;

        for (uint64_t c = item->cluster; ret == 0 && c < end; c++) {
            uint64_t value, offset = c << s->cluster_bits;

            ret = qcow2_get_refcount(s, c, &value);
            if (ret == 0 && value == 0) {
                qcow2_cache_forget(&s->l2_cache, offset);
                qcow2_cache_forget(&s->refblock_cache, offset);
                g_hash_table_remove(s->metadata, GSIZE_TO_POINTER(offset));
                run++;
            }
            if ((value || c + 1 == end) && run) {
                give_back(s, c + !value - run, run);
                run = 0;
            }
        }
        if (ret < 0 && first == 0) {
            /* The rest stays counted: leaks, which a check finds. */
            first = ret;
        }
    }
    return first;
}

/* ---- Overlaps ---- */

static bool touches(uint64_t offset, uint64_t bytes, uint64_t start, uint64_t size)
{
    return size && offset < start + size && start < offset + bytes;
}

int qcow2_check_overlap(Qcow2State *s, uint64_t offset, uint64_t bytes)
{
    const char *what = NULL;

    if (offset < s->cluster_size) {
        what = "qcow2_header";
    } else if (touches(offset, bytes, s->l1_offset, s->l1_size * 8ull)) {
        what = "active L1 table";
    } else if (touches(offset, bytes, s->reftable_offset,
                       (uint64_t)s->reftable_clusters << s->cluster_bits)) {
        what = "refcount table";
    } else if (touches(offset, bytes, s->snapshots_offset, s->snapshots_size)) {
        what = "snapshot table";
    }
    for (uint32_t i = 0; i < s->nb_snapshots && !what; i++) {
        if (touches(offset, bytes, s->snapshots[i].l1_offset, s->snapshots[i].l1_size * 8ull)) {
            what = "inactive L1 table";
        }
    }
    for (uint64_t o = offset & ~(uint64_t)(s->cluster_size - 1); o < offset + bytes && !what;
         o += s->cluster_size) {
        if (g_hash_table_contains(s->metadata, GSIZE_TO_POINTER(o))) {
            what = "L2 table or refcount block";
        }
    }
    return what ? qcow2_corrupt(s, "Preventing invalid write on metadata (overlaps with %s)", what)
                : 0;
}

void qcow2_rebuild_metadata_set(Qcow2State *s)
{
    g_hash_table_remove_all(s->metadata);
    for (uint32_t i = 0; i < s->l1_size; i++) {
        uint64_t offset = s->l1[i] & QCOW2_OFFSET_MASK;

        if (offset) {
            g_hash_table_add(s->metadata, GSIZE_TO_POINTER(offset));
        }
    }
    for (uint32_t i = 0; i < s->reftable_size; i++) {
        uint64_t offset = s->reftable[i] & ~QCOW2_REFTABLE_RESERVED;

        if (offset) {
            g_hash_table_add(s->metadata, GSIZE_TO_POINTER(offset));
        }
    }
}
