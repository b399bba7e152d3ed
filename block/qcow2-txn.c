/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2: changes that must happen together. New counts are built in memory; whatever is written
 * goes to clusters that the file as it is does not use; counting blocks that changed and the
 * refcount table get new places too. One write of the header's fields then switches from the old
 * tables to the new. Until then nothing has changed, after it everything has.
 */
#include <string.h>
#include "qcow2.h"

typedef struct Shadow {
    uint64_t index;
    uint8_t *data;
    uint64_t place;            /* new offset, 0: none yet */
} Shadow;

struct Qcow2Txn {
    Qcow2State *s;
    GHashTable *shadows;       /* by index */
    Shadow *last;
    uint64_t hint;             /* no free cluster lies below */
    uint64_t *reftable;        /* as it will be */
    uint64_t reftable_size;
    uint64_t highest;          /* index of the last block that is needed */
};

static void shadow_free(gpointer data)
{
    Shadow *shadow = data;

    g_free(shadow->data);
    g_free(shadow);
}

Qcow2Txn *qcow2_txn_new(Qcow2State *s, Qcow2Root *root)
{
    Qcow2Txn *txn = g_new0(Qcow2Txn, 1);

    txn->s = s;
    txn->shadows = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, shadow_free);
    txn->hint = s->free_hint;
    *root = (Qcow2Root){.size = s->size, .l1_offset = s->l1_offset, .l1_size = s->l1_size,
                        .nb_snapshots = s->nb_snapshots, .snapshots_offset = s->snapshots_offset};
    for (uint64_t i = 0; i < s->reftable_size; i++) {
        if (s->reftable[i] & ~QCOW2_REFTABLE_RESERVED) {
            txn->highest = i;
        }
    }
    return txn;
}

void qcow2_txn_abort(Qcow2Txn *txn)
{
    g_hash_table_unref(txn->shadows);
    g_free(txn->reftable);
    g_free(txn);
}

static uint64_t mask_of(const Qcow2State *s)
{
    return (1ull << s->refblock_bits) - 1;
}

static Shadow *find_shadow(Qcow2Txn *txn, uint64_t index)
{
    if (!txn->last || txn->last->index != index) {
        Shadow *found = g_hash_table_lookup(txn->shadows, &index);

        if (!found) {
            return NULL;
        }
        txn->last = found;
    }
    return txn->last;
}

int qcow2_txn_get(Qcow2Txn *txn, uint64_t cluster, uint64_t *value)
{
    Shadow *shadow = find_shadow(txn, cluster >> txn->s->refblock_bits);

    if (shadow) {
        *value = qcow2_refcount_get(txn->s, shadow->data, cluster & mask_of(txn->s));
        return 0;
    }
    return qcow2_get_refcount(txn->s, cluster, value);
}

int qcow2_txn_set(Qcow2Txn *txn, uint64_t cluster, uint64_t value)
{
    Qcow2State *s = txn->s;
    uint64_t index = cluster >> s->refblock_bits;
    Shadow *shadow = find_shadow(txn, index);

    if (!shadow) {
        uint64_t old = index < s->reftable_size ? s->reftable[index] & ~QCOW2_REFTABLE_RESERVED : 0;
        Qcow2Table *block;

        if (index >= QCOW2_MAX_REFTABLE / 8) {
            return -EFBIG;
        }
        shadow = g_new0(Shadow, 1);
        shadow->index = index;
        shadow->data = g_try_malloc0(s->cluster_size);
        if (!shadow->data) {
            g_free(shadow);
            return -ENOMEM;
        }
        if (old) {
            int ret = qcow2_cache_get(s, &s->refblock_cache, old, &block);

            if (ret < 0) {
                shadow_free(shadow);
                return ret;
            }
            memcpy(shadow->data, block->data, s->cluster_size);
            qcow2_cache_put(block);
        }
        g_hash_table_insert(txn->shadows, &shadow->index, shadow);
        txn->last = shadow;
        txn->highest = MAX(txn->highest, index);
    }
    qcow2_refcount_set(s, shadow->data, cluster & mask_of(s), value);
    return 0;
}

int qcow2_txn_add(Qcow2Txn *txn, uint64_t first, uint64_t count, int addend)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value;
        int ret = qcow2_txn_get(txn, first + i, &value);

        if (ret == 0 && addend < 0 && value == 0) {
            ret = qcow2_corrupt(txn->s, "Refcount of cluster %#" PRIx64 " would become negative",
                                (first + i) << txn->s->cluster_bits);
        }
        if (ret == 0 && addend > 0 && value >= qcow2_refcount_max(txn->s)) {
            ret = -ERANGE;
        }
        if (ret == 0) {
            ret = qcow2_txn_set(txn, first + i, value + (uint64_t)(int64_t)addend);
        }
        if (ret < 0) {
            return ret;
        }
    }
    return 0;
}

/* Free in the file as it is and as it will be. */
static int both_free(Qcow2Txn *txn, uint64_t cluster, bool *is_free)
{
    uint64_t now, then = 0;
    int ret = qcow2_get_refcount(txn->s, cluster, &now);

    if (ret == 0 && !now) {
        ret = qcow2_txn_get(txn, cluster, &then);
    }
    *is_free = !now && !then;
    return ret;
}

int64_t qcow2_txn_alloc(Qcow2Txn *txn, uint64_t count)
{
    Qcow2State *s = txn->s;
    uint64_t run = 0, cluster = txn->hint;
    uint64_t limit = 1ull << (56 - s->cluster_bits);
    bool hint_moves = true;
    int ret = 0;

    if (!count) {
        return -EINVAL;
    }
    while (run < count) {
        bool is_free;

        if (cluster >= limit) {
            return -EFBIG;
        }
        ret = both_free(txn, cluster, &is_free);
        if (ret < 0) {
            return ret;
        }
        run = is_free ? run + 1 : 0;
        cluster++;
        if (hint_moves && !is_free) {
            txn->hint = cluster;
        }
        hint_moves = hint_moves && !is_free;
    }
    cluster -= count;
    ret = qcow2_txn_add(txn, cluster, count, 1);
    if (ret == 0) {
        ret = qcow2_check_overlap(s, cluster << s->cluster_bits, count << s->cluster_bits);
    }
    return ret < 0 ? ret : (int64_t)(cluster << s->cluster_bits);
}

int64_t qcow2_txn_write_l1(Qcow2Txn *txn, const uint64_t *l1, uint32_t entries)
{
    Qcow2State *s = txn->s;
    uint64_t clusters = qcow2_clusters(s, entries * 8ull), bytes = clusters << s->cluster_bits;
    g_autofree uint64_t *disk = g_try_malloc0(MAX(bytes, 1));
    int64_t offset;
    int ret;

    if (!entries) {
        return 0;
    }
    offset = disk ? qcow2_txn_alloc(txn, clusters) : -ENOMEM;
    if (offset < 0) {
        return offset;
    }
    for (uint32_t i = 0; i < entries; i++) {
        disk[i] = cpu_to_be64(l1[i]);
    }
    ret = block_pwrite(s->node->file, offset, disk, (int64_t)bytes);
    return ret < 0 ? ret : offset;
}

/* ---- Commit ---- */

/* A place for the table, large enough for all blocks and some that its own place may need. */
static int place_table(Qcow2Txn *txn, uint64_t *offset)
{
    Qcow2State *s = txn->s;
    /* Blocks and table need places themselves, which can lie in blocks that are not there yet. */
    uint64_t size = MAX(s->reftable_size, txn->highest + 4 + g_hash_table_size(txn->shadows) / 8),
             clusters;
    int64_t place;

    if (size > s->reftable_size) {
        size += size / 2 + 8;
    }
    clusters = qcow2_clusters(s, size * 8);
    if (clusters << s->cluster_bits > QCOW2_MAX_REFTABLE) {
        return -EFBIG;
    }
    place = qcow2_txn_alloc(txn, clusters);
    if (place < 0) {
        return (int)place;
    }
    *offset = (uint64_t)place;
    txn->reftable_size = clusters << (s->cluster_bits - 3);
    txn->reftable = g_new0(uint64_t, txn->reftable_size);
    memcpy(txn->reftable, s->reftable, MIN(s->reftable_size, txn->reftable_size) * 8ull);
    return qcow2_txn_add(txn, s->reftable_offset >> s->cluster_bits, s->reftable_clusters, -1);
}

/* Every changed block gets a new place, which may change further blocks. */
static int place_blocks(Qcow2Txn *txn)
{
    Qcow2State *s = txn->s;
    bool again = true;

    while (again) {
        g_autoptr(GList) all = g_hash_table_get_values(txn->shadows);

        again = false;
        for (GList *link = all; link; link = link->next) {
            Shadow *shadow = link->data;
            uint64_t old = shadow->index < s->reftable_size
                               ? s->reftable[shadow->index] & ~QCOW2_REFTABLE_RESERVED
                               : 0;
            int64_t place;
            int ret;

            if (shadow->place) {
                continue;
            }
            again = true;
            place = qcow2_txn_alloc(txn, 1);
            if (place < 0) {
                return (int)place;
            }
            shadow->place = (uint64_t)place;
            ret = old ? qcow2_txn_add(txn, old >> s->cluster_bits, 1, -1) : 0;
            if (ret < 0) {
                return ret;
            }
        }
    }
    return txn->highest < txn->reftable_size ? 0 : -EFBIG;
}

static int write_all(Qcow2Txn *txn, uint64_t table_offset)
{
    Qcow2State *s = txn->s;
    g_autofree uint64_t *disk = g_new(uint64_t, txn->reftable_size);
    GHashTableIter iter;
    gpointer value;
    int ret;

    g_hash_table_iter_init(&iter, txn->shadows);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Shadow *shadow = value;

        txn->reftable[shadow->index] = shadow->place;
        ret = block_pwrite(s->node->file, (int64_t)shadow->place, shadow->data, s->cluster_size);
        if (ret < 0) {
            return ret;
        }
    }
    for (uint64_t i = 0; i < txn->reftable_size; i++) {
        disk[i] = cpu_to_be64(txn->reftable[i]);
    }
    ret = block_pwrite(s->node->file, (int64_t)table_offset, disk, (int64_t)txn->reftable_size * 8);
    return ret < 0 ? ret : block_flush(s->node->file);
}

static void write_root(uint8_t *fields, const Qcow2Root *root, uint64_t table_offset,
                       uint32_t table_clusters)
{
    /* From QCOW2_H_SIZE on; encryption stays 0. */
    stq_be_p(fields, root->size);
    stl_be_p(fields + QCOW2_H_CRYPT - QCOW2_H_SIZE, 0);
    stl_be_p(fields + QCOW2_H_L1_SIZE - QCOW2_H_SIZE, root->l1_size);
    stq_be_p(fields + QCOW2_H_L1_OFFSET - QCOW2_H_SIZE, root->l1_offset);
    stq_be_p(fields + QCOW2_H_REFTABLE_OFFSET - QCOW2_H_SIZE, table_offset);
    stl_be_p(fields + QCOW2_H_REFTABLE_CLUSTERS - QCOW2_H_SIZE, table_clusters);
    stl_be_p(fields + QCOW2_H_NB_SNAPSHOTS - QCOW2_H_SIZE, root->nb_snapshots);
    stq_be_p(fields + QCOW2_H_SNAPSHOTS_OFFSET - QCOW2_H_SIZE, root->snapshots_offset);
}

/* Clusters that were counted and are not any more go back to the host. */
static void give_back(Qcow2Txn *txn)
{
    Qcow2State *s = txn->s;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, txn->shadows);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Shadow *shadow = value;
        uint64_t first = shadow->index << s->refblock_bits, run = 0;
        uint64_t old_offset = shadow->index < s->reftable_size
                                  ? s->reftable[shadow->index] & ~QCOW2_REFTABLE_RESERVED : 0;
        Qcow2Table *old = NULL;

        if (!old_offset || qcow2_cache_get(s, &s->refblock_cache, old_offset, &old) < 0) {
            continue;
        }
        for (uint64_t i = 0; i <= 1ull << s->refblock_bits; i++) {
            bool freed = i < 1ull << s->refblock_bits && qcow2_refcount_get(s, old->data, i) &&
                         !qcow2_refcount_get(s, shadow->data, i);

            if (freed) {
                run++;
            } else if (run) {
                for (uint64_t at = first + i - run; run;) {
                    uint64_t n = MIN(run, (1ull << 30) >> s->cluster_bits);

                    block_pdiscard(s->node->file, (int64_t)(at << s->cluster_bits),
                                   (int64_t)(n << s->cluster_bits));
                    at += n;
                    run -= n;
                }
            }
        }
        qcow2_cache_put(old);
    }
}

int qcow2_txn_commit(Qcow2Txn *txn, const Qcow2Root *root)
{
    Qcow2State *s = txn->s;
    uint8_t fields[QCOW2_H_V2_SIZE - QCOW2_H_SIZE], old[sizeof(fields)];
    uint64_t *l1 = NULL, table_offset = 0;
    uint32_t table_clusters = 0;
    int ret = place_table(txn, &table_offset);

    if (ret == 0) {
        ret = place_blocks(txn);
    }
    if (ret == 0) {
        ret = write_all(txn, table_offset);
    }
    if (ret == 0) {
        l1 = qcow2_read_l1(s, root->l1_offset, root->l1_size, &ret);
    }
    if (ret == 0) {
        table_clusters = (uint32_t)(txn->reftable_size >> (s->cluster_bits - 3));
        write_root(fields, root, table_offset, table_clusters);
        write_root(
            old,
            &(Qcow2Root){s->size, s->l1_offset, s->snapshots_offset, s->l1_size, s->nb_snapshots},
            s->reftable_offset, s->reftable_clusters);
        ret = qcow2_switch(s, QCOW2_H_SIZE, fields, old, sizeof(fields));
    }
    if (ret < 0) {
        g_free(l1);
        qcow2_txn_abort(txn);
        return ret;
    }
    /* If this fails, every later flush does, and reports it. */
    if (block_flush(s->node->file) == 0) {
        give_back(txn);
    }
    g_free(s->l1);
    s->l1 = l1;
    s->l1_size = root->l1_size;
    s->l1_offset = root->l1_offset;
    s->size = root->size;
    s->l1_vm_index = (uint32_t)qcow2_size_to_l1(s, s->size);
    __atomic_store_n(&s->node->length, (int64_t)s->size, __ATOMIC_RELEASE);
    s->nb_snapshots = root->nb_snapshots;
    s->snapshots_offset = root->snapshots_offset;
    g_free(s->reftable);
    s->reftable = g_steal_pointer(&txn->reftable);
    s->reftable_size = (uint32_t)txn->reftable_size;
    s->reftable_offset = table_offset;
    s->reftable_clusters = table_clusters;
    s->free_hint = 0;
    qcow2_cache_clear(&s->l2_cache);
    qcow2_cache_clear(&s->refblock_cache);
    g_clear_pointer(&s->snapshot_l1, g_free);
    s->inflated_entry = 0;
    qcow2_rebuild_metadata_set(s);
    qcow2_txn_abort(txn);
    return ret;
}
