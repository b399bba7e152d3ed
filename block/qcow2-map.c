/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: the two-level map from guest clusters to host clusters. */
#include <stdarg.h>
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

int qcow2_corrupt(Qcow2State *s, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;
    bool may_write =
        (s->node->flags & (BLOCK_OPEN_RDWR | BLOCK_OPEN_INACTIVE | BLOCK_OPEN_CHECK)) ==
        BLOCK_OPEN_RDWR;

    if (s->damage_told || (s->node->flags & BLOCK_OPEN_CHECK)) {
        return -EIO;
    }
    s->damage_told = true;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    warn_report("qcow2 image '%s'%s: %s; further corruption events will be suppressed",
                s->node->filename, may_write ? " is marked as corrupt" : "", text);
    block_corruption_event(s->node, text, may_write);
    if (may_write) {
        s->broken = true;
        if (s->version >= 3) {
            qcow2_write_features(s, s->incompat | QCOW2_INCOMPAT_CORRUPT, s->autoclear);
        }
    }
    return -EIO;
}

/* ---- L1 ---- */

int qcow2_grow_l1(Qcow2State *s, uint64_t needed)
{
    uint64_t size = s->l1_size + s->l1_size / 2ull;
    g_autofree uint64_t *disk = NULL;
    uint64_t *l1, clusters, old_offset = s->l1_offset,
                            old_clusters = qcow2_clusters(s, s->l1_size * 8ull);
    int64_t offset;
    uint8_t fields[12], old_fields[12];
    int ret;

    if (needed <= s->l1_size) {
        return 0;
    }
    size = MAX(size, needed);
    /* The whole of the last cluster. */
    clusters = qcow2_clusters(s, size * 8);
    size = clusters << (s->cluster_bits - 3);
    if (size * 8 > QCOW2_MAX_L1_BYTES) {
        size = needed;
        clusters = qcow2_clusters(s, size * 8);
    }
    if (size * 8 > QCOW2_MAX_L1_BYTES) {
        return -EFBIG;
    }
    offset = qcow2_alloc(s, clusters, false, NULL);
    if (offset < 0) {
        return (int)offset;
    }
    disk = g_try_malloc0(clusters << s->cluster_bits);
    l1 = g_try_malloc0(size * 8);
    ret = disk && l1 ? qcow2_flush_metadata(s) : -ENOMEM;
    if (ret == 0) {
        memcpy(l1, s->l1, s->l1_size * 8ull);
        for (uint64_t i = 0; i < s->l1_size; i++) {
            disk[i] = cpu_to_be64(l1[i]);
        }
        ret = block_pwrite(s->node->file, offset, disk, (int64_t)(clusters << s->cluster_bits));
    }
    if (ret == 0) {
        ret = block_flush(s->node->file);
    }
    if (ret == 0) {
        stl_be_p(fields, (uint32_t)size);
        stq_be_p(fields + 4, (uint64_t)offset);
        stl_be_p(old_fields, s->l1_size);
        stq_be_p(old_fields + 4, s->l1_offset);
        ret = qcow2_switch(s, QCOW2_H_L1_SIZE, fields, old_fields, sizeof(fields));
    }
    if (ret < 0) {
        g_free(l1);
        qcow2_free_later(s, (uint64_t)offset, clusters);
        return ret;
    }
    g_free(s->l1);
    s->l1 = l1;
    s->l1_size = (uint32_t)size;
    s->l1_offset = (uint64_t)offset;
    qcow2_free_later(s, old_offset, old_clusters);
    return 0;
}

static int check_l2_offset(Qcow2State *s, uint64_t entry, uint64_t index)
{
    uint64_t offset = entry & QCOW2_OFFSET_MASK;

    if (offset & (s->cluster_size - 1)) {
        return qcow2_corrupt(s, "L2 table offset %#" PRIx64 " unaligned (L1 index: %#" PRIx64 ")",
                             offset, index);
    }
    return 0;
}

/* ---- L2 ---- */

/* A table of our own for that place: a new one, or a copy of one that a snapshot shares. */
static int own_l2(Qcow2State *s, uint32_t index, Qcow2Table **table)
{
    uint64_t old = s->l1[index] & QCOW2_OFFSET_MASK;
    int64_t offset = qcow2_alloc(s, 1, false, NULL);
    Qcow2Table *from;
    int ret = 0;

    if (offset < 0) {
        return (int)offset;
    }
    ret = qcow2_cache_new(s, &s->l2_cache, (uint64_t)offset, table);
    if (ret == 0 && old) {
        ret = qcow2_cache_get(s, &s->l2_cache, old, &from);
        if (ret == 0) {
            memcpy((*table)->data, from->data, s->cluster_size);
            qcow2_cache_put(from);
        }
    }
    if (ret < 0) {
        qcow2_cache_put(*table);
        *table = NULL;
        qcow2_cache_forget(&s->l2_cache, (uint64_t)offset);
        qcow2_free_later(s, (uint64_t)offset, 1);
        return ret;
    }
    g_hash_table_add(s->metadata, GSIZE_TO_POINTER((uint64_t)offset));
    qcow2_l1_set(s, index, (uint64_t)offset | QCOW2_COPIED);
    if (old) {
        g_hash_table_remove(s->metadata, GSIZE_TO_POINTER(old));
        qcow2_free_later(s, old, 1);
    }
    return 0;
}

int qcow2_l2_get(Qcow2State *s, uint64_t address, bool create, Qcow2Table **table, uint32_t *index)
{
    uint64_t l1_index = address >> (s->cluster_bits + s->l2_bits);
    int ret;

    *table = NULL;
    *index = (uint32_t)(address >> s->cluster_bits) & ((1u << s->l2_bits) - 1);
    if (l1_index >= s->l1_size) {
        ret = create ? qcow2_grow_l1(s, l1_index + 1) : 0;
        if (ret < 0 || !create) {
            return ret;
        }
    }
    ret = check_l2_offset(s, s->l1[l1_index], l1_index);
    if (ret < 0) {
        return ret;
    }
    if (create && !(s->l1[l1_index] & QCOW2_COPIED)) {
        return own_l2(s, (uint32_t)l1_index, table);
    }
    if (!(s->l1[l1_index] & QCOW2_OFFSET_MASK)) {
        return create
                   ? qcow2_corrupt(s, "L1 entry %#" PRIx64 " claims a table and has none", l1_index)
                   : 0;
    }
    return qcow2_cache_get(s, &s->l2_cache, s->l1[l1_index] & QCOW2_OFFSET_MASK, table);
}

/* What an entry may not say. */
static int check_entry(Qcow2State *s, uint64_t entry, uint64_t address)
{
    uint64_t offset = entry & QCOW2_OFFSET_MASK;

    if (entry & QCOW2_COMPRESSED) {
        return 0;
    }
    if ((entry & QCOW2_ZERO) && s->version < 3) {
        return qcow2_corrupt(
            s, "Zero cluster entry found in pre-v3 image (guest offset: %#" PRIx64 ")", address);
    }
    if (offset & (s->cluster_size - 1)) {
        return qcow2_corrupt(
            s, "Cluster allocation offset %#" PRIx64 " unaligned (guest offset: %#" PRIx64 ")",
            offset, address);
    }
    return 0;
}

int qcow2_lookup(Qcow2State *s, const uint64_t *l1, uint32_t l1_size, uint64_t address,
                 uint64_t clusters, uint64_t *entry, uint64_t *run)
{
    uint64_t l1_index = address >> (s->cluster_bits + s->l2_bits), l2_offset;
    uint32_t index = (uint32_t)(address >> s->cluster_bits) & ((1u << s->l2_bits) - 1);
    Qcow2Table *table;
    Qcow2Type type;
    int ret;

    clusters = MIN(clusters, (1ull << s->l2_bits) - index);
    *entry = 0;
    *run = clusters;
    if (!s->l2_cache.by_offset) {
        return -EIO; /* could not be loaded when it was activated */
    }
    l2_offset = l1_index < l1_size ? l1[l1_index] & QCOW2_OFFSET_MASK : 0;
    if (!l2_offset) {
        return 0;
    }
    ret = check_l2_offset(s, l2_offset, l1_index);
    if (ret == 0) {
        ret = qcow2_cache_get(s, &s->l2_cache, l2_offset, &table);
    }
    if (ret < 0) {
        return ret;
    }
    *entry = ldq_be_p(table->data + index * 8);
    ret = check_entry(s, *entry, address);
    type = qcow2_entry_type(*entry);
    *run = 1;
    while (ret == 0 && type != QCOW2_COMPRESSED_CLUSTER && *run < clusters) {
        uint64_t next = ldq_be_p(table->data + (index + *run) * 8);

        if (qcow2_entry_type(next) != type || (next & QCOW2_COPIED) != (*entry & QCOW2_COPIED) ||
            (type == QCOW2_NORMAL && (next & QCOW2_OFFSET_MASK) != (*entry & QCOW2_OFFSET_MASK) +
                                                                       (*run << s->cluster_bits)) ||
            (type == QCOW2_ZERO_ALLOC &&
             (next & QCOW2_OFFSET_MASK) !=
                 (*entry & QCOW2_OFFSET_MASK) + (*run << s->cluster_bits))) {
            break;
        }
        ++*run;
    }
    qcow2_cache_put(table);
    return ret;
}
