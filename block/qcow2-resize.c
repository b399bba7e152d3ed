/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: a larger or smaller disk, by one transaction. VM state that belongs to no snapshot goes.
 */
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

/* Gives up the clusters of one L2 table from entry `from` on; a table that keeps some gets a new
 * copy. */
static int cut_l2(Qcow2State *s, Qcow2Txn *txn, GHashTable *seen, uint64_t *entry, uint32_t from)
{
    uint64_t offset = *entry & QCOW2_OFFSET_MASK;
    g_autofree uint8_t *l2 = g_try_malloc(s->cluster_size);
    bool dirty = false;
    int64_t place;
    int ret;

    if (!offset) {
        return 0;
    }
    ret = l2 ? qcow2_read_l2(s, *entry, seen, l2) : -ENOMEM;
    for (uint32_t n = from; n < 1u << s->l2_bits && ret == 0; n++) {
        uint64_t first, count = qcow2_entry_clusters(s, ldq_be_p(l2 + n * 8), &first);

        if (ldq_be_p(l2 + n * 8)) {
            stq_be_p(l2 + n * 8, 0);
            dirty = true;
        }
        if (count) {
            ret = qcow2_txn_add(txn, first, count, -1);
        }
    }
    if (ret < 0 || (from && !dirty)) {
        return ret;
    }
    *entry = 0;
    if (from) {
        place = qcow2_txn_alloc(txn, 1);
        ret = place < 0 ? (int)place : block_pwrite(s->node->file, place, l2, s->cluster_size);
        *entry = (uint64_t)place | QCOW2_COPIED;
    }
    return ret == 0 ? qcow2_txn_add(txn, offset >> s->cluster_bits, 1, -1) : ret;
}

static int resize_locked(Qcow2State *s, uint64_t size)
{
    uint32_t entries = (uint32_t)qcow2_size_to_l1(s, size), old_entries = s->l1_vm_index;
    uint64_t clusters = qcow2_clusters(s, size);
    uint32_t last = (uint32_t)(clusters & ((1u << s->l2_bits) - 1)); /* 0: the last table is full */
    g_autofree uint64_t *l1 = g_new0(uint64_t, MAX(MAX(entries, s->l1_size), 1u));
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Qcow2Root root;
    Qcow2Txn *txn;
    int64_t offset;
    int ret = qcow2_prepare_write(s);

    if (ret < 0) {
        return ret;
    }
    memcpy(l1, s->l1, s->l1_size * 8ull);
    txn = qcow2_txn_new(s, &root);
    /* What lies past the smaller of both sizes: cut off, or VM state. */
    for (uint32_t i = MIN(entries, old_entries); i < s->l1_size && ret == 0; i++) {
        ret = cut_l2(s, txn, seen, &l1[i], 0);
    }
    if (ret == 0 && size < s->size && last && entries <= s->l1_size) {
        ret = cut_l2(s, txn, seen, &l1[entries - 1], last);
    }
    if (ret == 0) {
        offset = qcow2_txn_write_l1(txn, l1, entries);
        ret = offset < 0 ? (int)offset : 0;
        root.l1_offset = (uint64_t)offset;
        root.l1_size = entries;
        root.size = size;
    }
    if (ret == 0) {
        ret = qcow2_txn_add(txn, s->l1_offset >> s->cluster_bits,
                            qcow2_clusters(s, s->l1_size * 8ull), -1);
    }
    if (ret < 0) {
        qcow2_txn_abort(txn);
        return ret;
    }
    return qcow2_txn_commit(txn, &root);
}

/* The part of the disk that is new must read as zeroes: the rest of the last cluster, and what a
 * longer backing file has there. */
static int zero_growth(BlockNode *node, uint64_t old, uint64_t size)
{
    Qcow2State *s = node->opaque;
    uint64_t end = MIN(ROUND_UP(old, s->cluster_size), size);
    int64_t backing = node->backing ? block_length(node->backing) : 0;

    if (backing > (int64_t)end) {
        end = MIN((uint64_t)backing, size);
    }
    return end > old ? block_pwrite_zeroes(node, (int64_t)old, (int64_t)(end - old), 0) : 0;
}

bool qcow2_truncate(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp)
{
    Qcow2State *s = node->opaque;
    Qcow2Range range;
    uint64_t old;
    int ret;

    if (size % BLOCK_SECTOR_SIZE) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "The new size must be a multiple of 512");
        return false;
    }
    if (prealloc != BLOCK_PREALLOC_OFF) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "qcow2 images are resized without preallocation here");
        return false;
    }
    if (qcow2_size_to_l1(s, (uint64_t)size) > QCOW2_MAX_L1_BYTES / 8) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "The image size is too large for clusters of %u bytes", s->cluster_size);
        return false;
    }
    mutex_lock(&s->lock);
    ret = qcow2_exclusive_begin(s, &range);
    old = s->size;
    if (ret == 0) {
        if (s->version < 3 && s->nb_snapshots) {
            ret = -ENOTSUP;
        } else {
            ret = (uint64_t)size == old ? 0 : resize_locked(s, (uint64_t)size);
        }
        qcow2_range_end(s, &range);
    }
    mutex_unlock(&s->lock);
    if (ret == -ENOTSUP) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Can't resize a v2 image which has snapshots");
        return false;
    }
    if (ret == 0 && (uint64_t)size > old) {
        ret = zero_growth(node, old, (uint64_t)size);
    }
    if (ret == 0) {
        ret = block_flush(node);
    }
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not resize '%s'", node->filename);
    }
    return ret == 0;
}
