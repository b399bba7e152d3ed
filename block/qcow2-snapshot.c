/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2: internal snapshots. A snapshot keeps the L1 and L2 tables that were active; the disk goes
 * on with new tables that say of every cluster that it is shared. All three operations are
 * transactions (qcow2-txn.c): a process that dies leaves the image as it was before or as it is
 * after.
 */
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

#define HEADER_SIZE     40u
#define KNOWN_EXTRA     24u    /* vm_state_size, disk_size, icount */
#define L2_ENTRIES(s)   (1u << (s)->l2_bits)

/* ---- The table of snapshots ---- */

static void snapshot_clear(Qcow2Snapshot *sn)
{
    g_free(sn->id);
    g_free(sn->name);
    g_free(sn->unknown_extra);
}

void qcow2_free_snapshots(Qcow2State *s)
{
    for (uint32_t i = 0; s->snapshots && i < s->nb_snapshots; i++) {
        snapshot_clear(&s->snapshots[i]);
    }
    g_clear_pointer(&s->snapshots, g_free);
    s->nb_snapshots = 0;
    s->snapshots_size = 0;
}

/* As it is, text or not, for it is written back; who shows it sees to that. */
static char *take_text(const uint8_t *buf, uint32_t size)
{
    return g_strndup((const char *)buf, size);
}

static int read_one(Qcow2State *s, Qcow2Snapshot *sn, uint64_t *at)
{
    uint8_t h[HEADER_SIZE];
    uint32_t id_size, name_size;
    g_autofree uint8_t *rest = NULL;
    uint64_t size;
    int ret = block_pread(s->node->file, (int64_t)*at, h, sizeof(h));

    if (ret < 0) {
        return ret;
    }
    sn->l1_offset = ldq_be_p(h);
    sn->l1_size = (uint32_t)ldl_be_p(h + 8);
    id_size = lduw_be_p(h + 12);
    name_size = lduw_be_p(h + 14);
    sn->date_sec = (uint32_t)ldl_be_p(h + 16);
    sn->date_nsec = (uint32_t)ldl_be_p(h + 20);
    sn->vm_clock_nsec = ldq_be_p(h + 24);
    sn->vm_state_size = (uint32_t)ldl_be_p(h + 32);
    sn->extra_size = (uint32_t)ldl_be_p(h + 36);
    sn->icount = UINT64_MAX;
    if (sn->extra_size > QCOW2_MAX_EXTRA || (sn->l1_offset & (s->cluster_size - 1)) ||
        sn->l1_size > QCOW2_MAX_L1_BYTES / 8 || sn->l1_offset > INT64_MAX - QCOW2_MAX_L1_BYTES) {
        return -EINVAL;
    }
    size = (uint64_t)sn->extra_size + id_size + name_size;
    rest = g_malloc0(size + 1);
    ret = block_pread(s->node->file, (int64_t)(*at + HEADER_SIZE), rest, (int64_t)size);
    if (ret < 0) {
        return ret;
    }
    if (sn->extra_size >= 8) {
        sn->vm_state_size = ldq_be_p(rest);
    }
    if (sn->extra_size >= 16) {
        sn->disk_size = ldq_be_p(rest + 8);
        sn->has_disk_size = true;
        if (sn->disk_size > INT64_MAX ||
            qcow2_size_to_l1(s, sn->disk_size) > QCOW2_MAX_L1_BYTES / 8) {
            return -EINVAL;
        }
    }
    if (sn->extra_size >= KNOWN_EXTRA) {
        sn->icount = ldq_be_p(rest + 16);
        sn->has_icount = true;
    }
    if (sn->extra_size > KNOWN_EXTRA) {
        sn->unknown_extra = g_memdup2(rest + KNOWN_EXTRA, sn->extra_size - KNOWN_EXTRA);
    }
    sn->id = take_text(rest + sn->extra_size, id_size);
    sn->name = take_text(rest + sn->extra_size + id_size, name_size);
    *at = ROUND_UP(*at + HEADER_SIZE + size, 8);
    return 0;
}

bool qcow2_read_snapshots(Qcow2State *s, GError **errp)
{
    uint64_t at = s->snapshots_offset;
    uint32_t count = s->nb_snapshots;
    int64_t file_size = block_length(s->node->file);
    int ret = 0;

    s->nb_snapshots = 0;
    s->snapshots_size = 0;
    if (!count) {
        return true;
    }
    if (file_size < 0 || at >= (uint64_t)file_size) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "qcow2: the snapshot table lies behind the end of the file");
        return false;
    }
    s->snapshots = g_new0(Qcow2Snapshot, count);
    for (uint32_t i = 0; i < count && ret == 0; i++) {
        if (at >= (uint64_t)file_size || at - s->snapshots_offset > QCOW2_MAX_SNAPTABLE) {
            ret = -EFBIG;
        } else {
            ret = read_one(s, &s->snapshots[i], &at);
        }
        if (ret == 0) {
            s->nb_snapshots++;
        } else {
            snapshot_clear(&s->snapshots[i]);
        }
    }
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not read snapshots");
        return false;
    }
    s->snapshots_size = at - s->snapshots_offset;
    return true;
}

static void put_one(const Qcow2State *s, GByteArray *out, const Qcow2Snapshot *sn)
{
    static const uint8_t zeroes[8];
    uint8_t h[HEADER_SIZE + KNOWN_EXTRA] = {0};
    uint32_t extra = MAX(sn->extra_size, 16u);
    size_t id_size = strlen(sn->id), name_size = strlen(sn->name);

    stq_be_p(h, sn->l1_offset);
    stl_be_p(h + 8, sn->l1_size);
    stw_be_p(h + 12, (uint16_t)id_size);
    stw_be_p(h + 14, (uint16_t)name_size);
    stl_be_p(h + 16, sn->date_sec);
    stl_be_p(h + 20, sn->date_nsec);
    stq_be_p(h + 24, sn->vm_clock_nsec);
    stl_be_p(h + 32, sn->vm_state_size > UINT32_MAX ? 0 : (uint32_t)sn->vm_state_size);
    stq_be_p(h + 40, sn->vm_state_size);
    stq_be_p(h + 48, sn->has_disk_size ? sn->disk_size : s->size);
    stq_be_p(h + 56, sn->icount);
    extra = MAX(extra, sn->has_icount ? KNOWN_EXTRA : 0);
    stl_be_p(h + 36, extra);
    g_byte_array_append(out, h, HEADER_SIZE + MIN(extra, KNOWN_EXTRA));
    if (extra > KNOWN_EXTRA) {
        g_byte_array_append(out, sn->unknown_extra, extra - KNOWN_EXTRA);
    }
    g_byte_array_append(out, (const uint8_t *)sn->id, (guint)id_size);
    g_byte_array_append(out, (const uint8_t *)sn->name, (guint)name_size);
    g_byte_array_append(out, zeroes, (8 - out->len % 8) % 8);
}

/* A new table with `list`; the old one's clusters are free. */
static int write_table(Qcow2State *s, Qcow2Txn *txn, const Qcow2Snapshot *list, uint32_t count,
                       Qcow2Root *root, uint64_t *size)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    int64_t offset = 0;
    int ret = 0;

    for (uint32_t i = 0; i < count; i++) {
        put_one(s, out, &list[i]);
    }
    *size = out->len;
    if (out->len > QCOW2_MAX_SNAPTABLE) {
        return -EFBIG;
    }
    if (count) {
        offset = qcow2_txn_alloc(txn, qcow2_clusters(s, out->len));
        ret = offset < 0 ? (int)offset : block_pwrite(s->node->file, offset, out->data, out->len);
    }
    if (ret == 0 && s->snapshots_size) {
        ret = qcow2_txn_add(txn, s->snapshots_offset >> s->cluster_bits,
                            qcow2_clusters(s, s->snapshots_size), -1);
    }
    root->snapshots_offset = (uint64_t)MAX(offset, 0);
    root->nb_snapshots = count;
    return ret;
}

GArray *qcow2_snapshot_list(BlockNode *node, GError **errp)
{
    Qcow2State *s = node->opaque;
    GArray *list = g_array_new(FALSE, TRUE, sizeof(BlockSnapshot));

    g_array_set_clear_func(list, (GDestroyNotify)block_snapshot_clear);
    mutex_lock(&s->lock);
    for (uint32_t i = 0; i < s->nb_snapshots; i++) {
        const Qcow2Snapshot *sn = &s->snapshots[i];
        BlockSnapshot one = {.id = g_strdup(sn->id),
                             .name = g_strdup(sn->name),
                             .vm_state_size = sn->vm_state_size,
                             .date_sec = sn->date_sec,
                             .date_nsec = sn->date_nsec,
                             .vm_clock_nsec = sn->vm_clock_nsec,
                             .icount = sn->icount,
                             .disk_size = sn->has_disk_size ? sn->disk_size : s->size};

        g_array_append_val(list, one);
    }
    mutex_unlock(&s->lock);
    return list;
}

/* ---- Tables ---- */

uint64_t *qcow2_read_l1(Qcow2State *s, uint64_t offset, uint32_t entries, int *ret)
{
    uint64_t *l1 = g_try_malloc0(MAX(entries, 1u) * 8ull);

    *ret = !l1       ? -ENOMEM
           : entries ? block_pread(s->node->file, (int64_t)offset, l1, entries * 8ll)
                     : 0;
    if (*ret < 0) {
        g_free(l1);
        return NULL;
    }
    for (uint32_t i = 0; i < entries; i++) {
        l1[i] = be64_to_cpu(l1[i]);
    }
    return l1;
}

int qcow2_check_l2(Qcow2State *s, uint64_t entry, GHashTable *seen)
{
    uint64_t offset = entry & QCOW2_OFFSET_MASK;
    int64_t file_size = block_length(s->node->file);

    if ((offset & (s->cluster_size - 1)) || file_size < 0 || offset >= (uint64_t)file_size ||
        !g_hash_table_add(seen, GSIZE_TO_POINTER(offset))) {
        return qcow2_corrupt(s, "L2 table offset %#" PRIx64 " is not possible", offset);
    }
    return 0;
}

int qcow2_read_l2(Qcow2State *s, uint64_t entry, GHashTable *seen, uint8_t *data)
{
    int ret = qcow2_check_l2(s, entry, seen);

    return ret == 0 ? block_pread(s->node->file, (int64_t)(entry & QCOW2_OFFSET_MASK), data,
                                  s->cluster_size)
                    : ret;
}

/* Clusters that an entry counts; -1 in *first's place for what cannot be. */
static int entry_clusters(Qcow2State *s, uint64_t entry, uint64_t *first, uint64_t *count)
{
    *count = qcow2_entry_clusters(s, entry, first);
    if (*count && !(entry & QCOW2_COMPRESSED) &&
        (entry & QCOW2_OFFSET_MASK & (s->cluster_size - 1))) {
        return qcow2_corrupt(s, "Data cluster offset %#" PRIx64 " unaligned",
                             (uint64_t)(entry & QCOW2_OFFSET_MASK));
    }
    return 0;
}

/* Gives up all that an L1 table counts: its L2 tables and their clusters. */
static int release_l1(Qcow2State *s, Qcow2Txn *txn, const uint64_t *l1, uint32_t entries)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autofree uint8_t *l2 = g_try_malloc(s->cluster_size);
    int ret = l2 ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < entries && ret == 0; i++) {
        if (!(l1[i] & QCOW2_OFFSET_MASK)) {
            continue;
        }
        ret = qcow2_read_l2(s, l1[i], seen, l2);
        for (uint32_t n = 0; n < L2_ENTRIES(s) && ret == 0; n++) {
            uint64_t first, count;

            ret = entry_clusters(s, ldq_be_p(l2 + n * 8), &first, &count);
            if (ret == 0 && count) {
                ret = qcow2_txn_add(txn, first, count, -1);
            }
        }
        if (ret == 0) {
            ret = qcow2_txn_add(txn, (l1[i] & QCOW2_OFFSET_MASK) >> s->cluster_bits, 1, -1);
        }
    }
    return ret;
}

/* New L2 tables for the disk part of `l1`, whose clusters have one user more. Result in copy[]. */
static int share_l1(Qcow2State *s, Qcow2Txn *txn, const uint64_t *l1, uint32_t entries,
                    uint64_t *copy)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autofree uint8_t *l2 = g_try_malloc(s->cluster_size);
    int ret = l2 ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < entries && ret == 0; i++) {
        int64_t place;

        if (!(l1[i] & QCOW2_OFFSET_MASK)) {
            continue;
        }
        ret = qcow2_read_l2(s, l1[i], seen, l2);
        for (uint32_t n = 0; n < L2_ENTRIES(s) && ret == 0; n++) {
            uint64_t entry = ldq_be_p(l2 + n * 8), first, count;

            ret = entry_clusters(s, entry, &first, &count);
            if (ret == 0 && count) {
                ret = qcow2_txn_add(txn, first, count, 1);
                stq_be_p(l2 + n * 8, entry & ~QCOW2_COPIED);
            }
        }
        place = ret == 0 ? qcow2_txn_alloc(txn, 1) : ret;
        ret = place < 0 ? (int)place : block_pwrite(s->node->file, place, l2, s->cluster_size);
        copy[i] = (uint64_t)place | QCOW2_COPIED;
    }
    return ret;
}

/* Entries whose cluster has one user only say so again, in new tables. *changed: l1[] did. */
static int mark_copied(Qcow2State *s, Qcow2Txn *txn, uint64_t *l1, uint32_t entries, bool *changed)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autofree uint8_t *l2 = g_try_malloc(s->cluster_size);
    int ret = l2 ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < entries && ret == 0; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET_MASK, users;
        bool dirty = false;
        int64_t place;

        if (!offset) {
            continue;
        }
        ret = qcow2_txn_get(txn, offset >> s->cluster_bits, &users);
        if (ret < 0 || users != 1) {
            continue;
        }
        if (!(l1[i] & QCOW2_COPIED)) {
            l1[i] |= QCOW2_COPIED;
            *changed = true;
        }
        ret = qcow2_read_l2(s, l1[i], seen, l2);
        for (uint32_t n = 0; n < L2_ENTRIES(s) && ret == 0; n++) {
            uint64_t entry = ldq_be_p(l2 + n * 8), first, count;

            ret = entry_clusters(s, entry, &first, &count);
            if (ret == 0 && count && !(entry & (QCOW2_COMPRESSED | QCOW2_COPIED))) {
                ret = qcow2_txn_get(txn, first, &users);
                if (ret == 0 && users == 1) {
                    stq_be_p(l2 + n * 8, entry | QCOW2_COPIED);
                    dirty = true;
                }
            }
        }
        if (ret == 0 && dirty) {
            place = qcow2_txn_alloc(txn, 1);
            ret = place < 0 ? (int)place : block_pwrite(s->node->file, place, l2, s->cluster_size);
            if (ret == 0) {
                ret = qcow2_txn_add(txn, offset >> s->cluster_bits, 1, -1);
                l1[i] = (uint64_t)place | QCOW2_COPIED;
                *changed = true;
            }
        }
    }
    return ret;
}

/* The new active L1 table is written, the old one may go. */
static int replace_l1(Qcow2State *s, Qcow2Txn *txn, const uint64_t *l1, uint32_t entries,
                      bool free_old, Qcow2Root *root)
{
    int64_t offset = qcow2_txn_write_l1(txn, l1, entries);

    if (offset < 0) {
        return (int)offset;
    }
    root->l1_offset = (uint64_t)offset;
    root->l1_size = entries;
    return free_old ? qcow2_txn_add(txn, s->l1_offset >> s->cluster_bits,
                                    qcow2_clusters(s, s->l1_size * 8ull), -1)
                    : 0;
}

static bool finish(int ret, const char *what, GError **errp)
{
    if (ret == -ERANGE) {
        error_set(errp, GOSSAMER_ERROR_FAILED,
                  "%s: a reference count would exceed the image's refcount_bits", what);
    } else if (ret < 0) {
        error_setg_errno(errp, -ret, "%s", what);
    }
    return ret == 0;
}

/* ---- Create ---- */

static char *free_id(const Qcow2State *s)
{
    uint64_t highest = 0;

    for (uint32_t i = 0; i < s->nb_snapshots; i++) {
        highest = MAX(highest, g_ascii_strtoull(s->snapshots[i].id, NULL, 10));
    }
    return g_strdup_printf("%" PRIu64, highest + 1);
}

static int find(const Qcow2State *s, const char *id)
{
    for (uint32_t i = 0; i < s->nb_snapshots; i++) {
        if (!strcmp(s->snapshots[i].id, id)) {
            return (int)i;
        }
    }
    return -1;
}

static int create_locked(Qcow2State *s, Qcow2Snapshot *sn)
{
    g_autofree Qcow2Snapshot *list = g_new0(Qcow2Snapshot, s->nb_snapshots + 1);
    uint32_t entries = s->l1_vm_index;
    g_autofree uint64_t *copy = g_new0(uint64_t, MAX(entries, 1u));
    uint64_t table_size = 0;
    Qcow2Root root;
    Qcow2Txn *txn;
    int ret = qcow2_prepare_write(s);

    if (ret < 0) {
        return ret;
    }
    if (s->nb_snapshots >= QCOW2_MAX_SNAPSHOTS) {
        return -EFBIG;
    }
    txn = qcow2_txn_new(s, &root);
    sn->l1_offset = s->l1_offset;
    sn->l1_size = s->l1_size;
    if (s->nb_snapshots) {
        memcpy(list, s->snapshots, s->nb_snapshots * sizeof(*list));
    }
    list[s->nb_snapshots] = *sn;
    ret = share_l1(s, txn, s->l1, MIN(entries, s->l1_size), copy);
    if (ret == 0) {
        ret = replace_l1(s, txn, copy, entries, false, &root);
    }
    if (ret == 0) {
        ret = write_table(s, txn, list, s->nb_snapshots + 1, &root, &table_size);
    }
    if (ret < 0) {
        qcow2_txn_abort(txn);
        return ret;
    }
    ret = qcow2_txn_commit(txn, &root);
    if (ret == 0) {
        g_free(s->snapshots);
        s->snapshots = g_steal_pointer(&list);
        s->snapshots_size = table_size;
    }
    return ret;
}

bool qcow2_snapshot_create(BlockNode *node, BlockSnapshot *info, GError **errp)
{
    Qcow2State *s = node->opaque;
    Qcow2Snapshot sn = {.name = g_strdup(info->name ? info->name : ""),
                        .vm_state_size = info->vm_state_size,
                        .date_sec = (uint32_t)info->date_sec,
                        .date_nsec = info->date_nsec,
                        .vm_clock_nsec = info->vm_clock_nsec,
                        .icount = info->icount ? info->icount : UINT64_MAX,
                        .has_disk_size = true,
                        .has_icount = true,
                        .extra_size = KNOWN_EXTRA};
    Qcow2Range range;
    int ret;

    mutex_lock(&s->lock);
    ret = qcow2_exclusive_begin(s, &range);
    if (ret == 0) {
        sn.id = info->id && *info->id ? g_strdup(info->id) : free_id(s);
        sn.disk_size = s->size;
        ret = strlen(sn.id) > UINT16_MAX || strlen(sn.name) > UINT16_MAX ? -ENAMETOOLONG
              : find(s, sn.id) >= 0 ? -EEXIST : create_locked(s, &sn);
        qcow2_range_end(s, &range);
    }
    mutex_unlock(&s->lock);
    if (ret == 0) {
        g_free(info->id);
        info->id = g_strdup(sn.id);
        info->disk_size = sn.disk_size;
        ret = block_flush(node->file);
    } else {
        snapshot_clear(&sn);
    }
    return finish(ret, "Could not create snapshot", errp);
}

/* ---- Apply ---- */

static int apply_locked(Qcow2State *s, uint32_t index)
{
    const Qcow2Snapshot *sn = &s->snapshots[index];
    uint64_t size = sn->has_disk_size ? sn->disk_size : s->size;
    uint32_t entries = (uint32_t)qcow2_size_to_l1(s, size);
    g_autofree uint64_t *from = NULL, *copy = g_new0(uint64_t, MAX(entries, 1u));
    Qcow2Root root;
    Qcow2Txn *txn;
    int ret = qcow2_prepare_write(s);

    if (ret == 0) {
        from = qcow2_read_l1(s, sn->l1_offset, sn->l1_size, &ret);
    }
    if (ret < 0) {
        return ret;
    }
    txn = qcow2_txn_new(s, &root);
    root.size = size;
    ret = share_l1(s, txn, from, MIN(entries, sn->l1_size), copy);
    if (ret == 0) {
        ret = release_l1(s, txn, s->l1, s->l1_size);
    }
    if (ret == 0) {
        ret = replace_l1(s, txn, copy, entries, true, &root);
    }
    if (ret < 0) {
        qcow2_txn_abort(txn);
        return ret;
    }
    return qcow2_txn_commit(txn, &root);
}

/* With the image to itself, does `change` to the snapshot of that id; what it wrote is on the disk
 * then. */
static bool change_snapshot(BlockNode *node, const char *id,
                            int (*change)(Qcow2State *s, uint32_t index), const char *what,
                            GError **errp)
{
    Qcow2State *s = node->opaque;
    Qcow2Range range;
    int ret, index;

    mutex_lock(&s->lock);
    ret = qcow2_exclusive_begin(s, &range);
    if (ret == 0) {
        index = find(s, id);
        ret = index < 0 ? -ENOENT : change(s, (uint32_t)index);
        qcow2_range_end(s, &range);
    }
    mutex_unlock(&s->lock);
    if (ret == 0) {
        ret = block_flush(node->file);
    }
    return finish(ret, what, errp);
}

bool qcow2_snapshot_apply(BlockNode *node, const char *id, GError **errp)
{
    return change_snapshot(node, id, apply_locked, "Could not load snapshot", errp);
}

/* ---- Delete ---- */

static int delete_locked(Qcow2State *s, uint32_t index)
{
    uint32_t left = s->nb_snapshots - 1;
    g_autofree Qcow2Snapshot *list = g_new0(Qcow2Snapshot, MAX(left, 1u));
    Qcow2Snapshot gone = s->snapshots[index];
    g_autofree uint64_t *from = NULL, *active = NULL;
    uint64_t table_size = 0;
    bool changed = false;
    Qcow2Root root;
    Qcow2Txn *txn;
    int ret = qcow2_prepare_write(s);

    if (ret == 0) {
        from = qcow2_read_l1(s, gone.l1_offset, gone.l1_size, &ret);
    }
    if (ret < 0) {
        return ret;
    }
    active = g_memdup2(s->l1, MAX(s->l1_size, 1u) * sizeof(uint64_t));
    memcpy(list, s->snapshots, index * sizeof(*list));
    memcpy(list + index, s->snapshots + index + 1, (left - index) * sizeof(*list));
    txn = qcow2_txn_new(s, &root);
    ret = release_l1(s, txn, from, gone.l1_size);
    if (ret == 0) {
        ret = qcow2_txn_add(txn, gone.l1_offset >> s->cluster_bits,
                            qcow2_clusters(s, gone.l1_size * 8ull), -1);
    }
    if (ret == 0) {
        ret = mark_copied(s, txn, active, s->l1_size, &changed);
    }
    if (ret == 0 && changed) {
        ret = replace_l1(s, txn, active, s->l1_size, true, &root);
    }
    if (ret == 0) {
        ret = write_table(s, txn, list, left, &root, &table_size);
    }
    if (ret < 0) {
        qcow2_txn_abort(txn);
        return ret;
    }
    ret = qcow2_txn_commit(txn, &root);
    if (ret == 0) {
        g_free(s->snapshots);
        s->snapshots = g_steal_pointer(&list);
        s->snapshots_size = table_size;
        snapshot_clear(&gone);
    }
    return ret;
}

bool qcow2_snapshot_delete(BlockNode *node, const char *id, GError **errp)
{
    return change_snapshot(node, id, delete_locked, "Could not delete snapshot", errp);
}
