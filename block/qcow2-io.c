/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2: reading and writing guest data, zeroes, discards, VM state. Data move outside the lock;
 * see qcow2.h for who waits for whom. A write to a cluster that is not ours alone goes to new
 * clusters, filled up with what the guest would read around it, and the map is changed afterwards.
 */
#include <string.h>
#include "qcow2.h"
#include "util/cutils.h"

#define FREE_QUEUE_LIMIT 4096u       /* entries before somebody has to wait for a flush */
#define PIECE            (8u << 20)  /* most bytes moved in one step */

static uint64_t offset_in_cluster(const Qcow2State *s, uint64_t address)
{
    return address & (s->cluster_size - 1);
}

static uint64_t cluster_start(const Qcow2State *s, uint64_t address)
{
    return address & ~(uint64_t)(s->cluster_size - 1);
}

/* What an unmapped cluster there reads as comes from the backing file. */
static bool has_backing_at(const Qcow2State *s, uint64_t address)
{
    return s->node->backing && address < qcow2_vm_offset(s);
}

/* ---- Reading ---- */

static int read_compressed(Qcow2State *s, uint64_t entry, uint64_t skip, const IOVector *v,
                           size_t done, size_t bytes)
{
    uint64_t offset, size;
    g_autofree uint8_t *in = NULL;
    int ret = 0;

    qcow2_compressed_range(s, entry, &offset, &size);
    mutex_lock(&s->inflate_lock);
    if (!s->inflated || s->inflated_entry != entry) {
        s->inflated_entry = 0;
        in = g_try_malloc(size);
        if (!s->inflated) {
            s->inflated = g_try_malloc(s->cluster_size);
        }
        ret = in && s->inflated ? block_pread(s->node->file, (int64_t)offset, in, (int64_t)size)
                                : -ENOMEM;
        if (ret == 0) {
            ret = qcow2_inflate(s, in, size, s->inflated);
        }
        if (ret == 0) {
            s->inflated_entry = entry;
        }
    }
    if (ret == 0) {
        iov_from_buf(v, done, s->inflated + skip, bytes);
    }
    mutex_unlock(&s->inflate_lock);
    return ret;
}

/* One piece of the vector from `file` or the backing node. */
static int read_vector(BlockNode *node, uint64_t offset, const IOVector *v, size_t done,
                       size_t bytes)
{
    g_autofree struct iovec *part = g_new(struct iovec, v->niov);
    size_t got;
    IOVector piece = {part, iov_slice(part, v->niov, v, done, bytes, &got), bytes};

    return block_preadv(node, (int64_t)offset, &piece, 0);
}

/* Bytes that one entry says where to find. */
static int read_entry(Qcow2State *s, uint64_t entry, uint64_t address, const IOVector *v,
                      size_t done, size_t bytes)
{
    switch (qcow2_entry_type(entry)) {
    case QCOW2_NORMAL:
        return read_vector(s->node->file,
                           (entry & QCOW2_OFFSET_MASK) + offset_in_cluster(s, address), v, done,
                           bytes);
    case QCOW2_COMPRESSED_CLUSTER:
        return read_compressed(s, entry, offset_in_cluster(s, address), v, done, bytes);
    case QCOW2_UNALLOCATED:
        if (has_backing_at(s, address)) {
            return read_vector(s->node->backing, address, v, done, bytes);
        }
        /* fall through */
    default:
        iov_fill(v, done, 0, bytes);
        return 0;
    }
}

/* An L1 table that is not the active one. */
typedef struct OtherL1 {
    const uint64_t *entries;
    uint32_t size;
} OtherL1;

/* Through the active L1 table or (not NULL) another. hold: take ranges (else the caller has them).
 * Lock not held. */
static int read_all(Qcow2State *s, const OtherL1 *other, uint64_t address, const IOVector *v,
                    bool hold)
{
    size_t done = 0;
    int ret = 0;

    while (ret == 0 && done < v->size) {
        uint64_t at = address + done, bytes = MIN(v->size - done, PIECE), entry = 0, run = 0;
        Qcow2Range range;

        mutex_lock(&s->lock);
        if (hold) {
            qcow2_range_begin(s, &range, at, at + bytes, false);
        }
        ret = qcow2_lookup(s, other ? other->entries : s->l1, other ? other->size : s->l1_size, at,
                           qcow2_clusters(s, offset_in_cluster(s, at) + bytes), &entry, &run);
        mutex_unlock(&s->lock);
        if (ret == 0) {
            bytes = MIN(bytes, (run << s->cluster_bits) - offset_in_cluster(s, at));
            ret = read_entry(s, entry, at, v, done, bytes);
            done += bytes;
        }
        if (hold) {
            mutex_lock(&s->lock);
            qcow2_range_end(s, &range);
            mutex_unlock(&s->lock);
        }
    }
    return ret;
}

int qcow2_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    return read_all(node->opaque, NULL, (uint64_t)offset, v, true);
}

int qcow2_read_held(Qcow2State *s, uint64_t address, void *buf, uint64_t bytes)
{
    struct iovec iov;
    IOVector v = iov_single(&iov, buf, bytes);

    return read_all(s, NULL, address, &v, false);
}

/* ---- Writing ---- */

/* What is to be done for the first bytes of a write. */
typedef struct Plan {
    uint64_t bytes;
    uint64_t host;             /* of the address (in place), of the first cluster otherwise */
    bool in_place;             /* clusters are ours alone */
    bool reuse;                /* ours and read as zeroes: write to them, then change the map */
    uint64_t first, clusters;  /* not in place: whole clusters */
    bool zero_head, zero_tail; /* what surrounds the bytes in there reads as zeroes */
} Plan;

static bool reads_zero(const Qcow2State *s, uint64_t entry, uint64_t address)
{
    Qcow2Type type = qcow2_entry_type(entry);

    return type == QCOW2_ZERO_PLAIN || type == QCOW2_ZERO_ALLOC ||
           (type == QCOW2_UNALLOCATED && !has_backing_at(s, address));
}

static int examine(Qcow2State *s, uint64_t address, uint64_t bytes, Plan *plan)
{
    uint64_t skip = offset_in_cluster(s, address), want = qcow2_clusters(s, skip + bytes), entry,
             run, last;
    uint64_t l1_index = address >> (s->cluster_bits + s->l2_bits);
    bool l2_ours = l1_index < s->l1_size && (s->l1[l1_index] & QCOW2_COPIED);
    int ret = qcow2_lookup(s, s->l1, s->l1_size, address, want, &entry, &run);

    *plan = (Plan){.first = address - skip};
    if (ret < 0) {
        return ret;
    }
    if (qcow2_entry_type(entry) == QCOW2_NORMAL && (entry & QCOW2_COPIED)) {
        plan->in_place = true;
        plan->clusters = run;
        plan->host = (entry & QCOW2_OFFSET_MASK) + skip;
        plan->bytes = MIN(bytes, (run << s->cluster_bits) - skip);
        return qcow2_check_overlap(s, plan->host, plan->bytes);
    }
    plan->zero_head = reads_zero(s, entry, plan->first);
    last = entry;
    if (qcow2_entry_type(entry) == QCOW2_ZERO_ALLOC && (entry & QCOW2_COPIED) && l2_ours) {
        plan->reuse = true;
        plan->clusters = run;
        plan->host = entry & QCOW2_OFFSET_MASK;
        ret = qcow2_check_overlap(s, plan->host, run << s->cluster_bits);
    } else {
        /* More clusters that need a new place, up to the end of the L2 table. */
        uint64_t room =
            (1ull << s->l2_bits) - ((plan->first >> s->cluster_bits) & ((1ull << s->l2_bits) - 1));

        want = MIN(want, room);
        for (plan->clusters = run; plan->clusters < want && ret == 0; plan->clusters += run) {
            ret = qcow2_lookup(s, s->l1, s->l1_size,
                               plan->first + (plan->clusters << s->cluster_bits),
                               want - plan->clusters, &entry, &run);
            if (ret < 0 ||
                ((entry & QCOW2_COPIED) && (qcow2_entry_type(entry) == QCOW2_NORMAL ||
                                            qcow2_entry_type(entry) == QCOW2_ZERO_ALLOC))) {
                break;
            }
            last = entry;
        }
    }
    plan->clusters = MIN(plan->clusters, want);
    plan->bytes = MIN(bytes, (plan->clusters << s->cluster_bits) - skip);
    plan->zero_tail = reads_zero(s, last, plan->first);
    return ret;
}

/* Examines and takes the range that the plan needs, again and again until nothing came between. */
static int make_plan(Qcow2State *s, uint64_t address, uint64_t bytes, Plan *plan, Qcow2Range *range)
{
    for (;;) {
        int ret = examine(s, address, bytes, plan);
        bool in_place = plan->in_place;

        if (ret < 0) {
            return ret;
        }
        if (in_place) {
            if (!qcow2_range_begin(s, range, address, address + plan->bytes, false)) {
                return 0;
            }
        } else if (!qcow2_range_begin(s, range, plan->first,
                                      plan->first + (plan->clusters << s->cluster_bits), true)) {
            return 0;
        }
        ret = examine(s, address, MIN(bytes, range->end - address), plan);
        if (ret == 0 && (plan->in_place || !in_place)) {
            return 0;
        }
        qcow2_range_end(s, range);
        if (ret < 0) {
            return ret;
        }
    }
}

/* New clusters for the plan; it may come out shorter. *fresh: nothing was ever written there. */
static int allocate(Qcow2State *s, uint64_t address, Plan *plan, bool *fresh)
{
    uint64_t skip = address - plan->first, got;
    Qcow2Table *table;
    uint32_t index;
    int64_t offset, file_length;
    int ret = qcow2_l2_get(s, plan->first, true, &table, &index);

    *fresh = false;
    if (ret < 0 || plan->reuse) {
        qcow2_cache_put(table);
        return ret;
    }
    offset = qcow2_alloc(s, plan->clusters, true, &got);
    qcow2_cache_put(table);
    if (offset < 0) {
        return (int)offset;
    }
    if (got < plan->clusters) {
        plan->clusters = got;
        plan->bytes = MIN(plan->bytes, (got << s->cluster_bits) - skip);
        plan->zero_tail = false;
    }
    plan->host = (uint64_t)offset;
    file_length = block_length(s->node->file);
    *fresh = s->node->file->driver->is_protocol && file_length >= 0 && offset >= file_length;
    return 0;
}

/* Bytes with what surrounds them to new clusters. Lock not held. */
static int write_with_surroundings(Qcow2State *s, uint64_t address, const Plan *plan, bool fresh,
                                   const IOVector *v, size_t done)
{
    uint64_t head = address - plan->first;
    uint64_t tail = (plan->clusters << s->cluster_bits) - head - plan->bytes;
    bool skip_head = !head || (fresh && plan->zero_head),
         skip_tail = !tail || (fresh && plan->zero_tail);
    uint8_t *buf = skip_head && skip_tail ? NULL : g_try_malloc0(head + tail);
    struct iovec *part = g_new(struct iovec, v->niov + 2);
    IOVector piece = {part, 0, 0};
    size_t got;
    int ret = buf || (skip_head && skip_tail) ? 0 : -ENOMEM;

    if (!skip_head && ret == 0) {
        ret = plan->zero_head ? 0 : qcow2_read_held(s, plan->first, buf, head);
        part[piece.niov++] = (struct iovec){buf, head};
    }
    piece.niov += iov_slice(part + piece.niov, v->niov, v, done, plan->bytes, &got);
    if (!skip_tail && ret == 0) {
        ret = plan->zero_tail ? 0 : qcow2_read_held(s, address + plan->bytes, buf + head, tail);
        part[piece.niov++] = (struct iovec){buf + head, tail};
    }
    if (ret == 0) {
        piece.size = iov_size(part, piece.niov);
        ret =
            block_pwritev(s->node->file, (int64_t)(plan->host + (skip_head ? head : 0)), &piece, 0);
    }
    g_free(part);
    g_free(buf);
    return ret;
}

/* The map says where the clusters are now; what was there before is free. */
static int link_clusters(Qcow2State *s, const Plan *plan)
{
    Qcow2Table *table;
    uint32_t index;
    int ret = qcow2_l2_get(s, plan->first, true, &table, &index);

    if (ret < 0) {
        return ret;
    }
    for (uint64_t i = 0; i < plan->clusters; i++) {
        uint8_t *entry = table->data + (index + i) * 8;
        uint64_t first, count = qcow2_entry_clusters(s, ldq_be_p(entry), &first);

        if (count && !plan->reuse) {
            qcow2_free_later(s, first << s->cluster_bits, count);
        }
        stq_be_p(entry, (plan->host + (i << s->cluster_bits)) | QCOW2_COPIED);
    }
    table->dirty = true;
    qcow2_cache_put(table);
    return 0;
}

static int limit_queue(Qcow2State *s)
{
    return s->free_queue->len > FREE_QUEUE_LIMIT ? qcow2_flush_metadata(s) : 0;
}

static int write_some(Qcow2State *s, uint64_t address, const IOVector *v, size_t done,
                      uint64_t *bytes, bool vmstate)
{
    Qcow2Range range;
    Plan plan;
    bool fresh = false;
    int ret;

    mutex_lock(&s->lock);
    ret = qcow2_prepare_write(s);
    if (ret == 0) {
        ret = limit_queue(s);
    }
    if (ret == 0) {
        ret = make_plan(s, address, *bytes, &plan, &range);
    }
    if (ret == 0 && !vmstate && address + plan.bytes > s->size) {
        /* The disk was made smaller while we waited. */
        qcow2_range_end(s, &range);
        ret = -EIO;
    }
    if (ret < 0) {
        mutex_unlock(&s->lock);
        return ret;
    }
    if (!plan.in_place) {
        ret = allocate(s, address, &plan, &fresh);
    }
    mutex_unlock(&s->lock);
    *bytes = plan.bytes;
    if (ret == 0 && plan.in_place) {
        g_autofree struct iovec *part = g_new(struct iovec, v->niov);
        size_t got;
        IOVector piece = {part, iov_slice(part, v->niov, v, done, plan.bytes, &got), plan.bytes};

        ret = block_pwritev(s->node->file, (int64_t)plan.host, &piece, 0);
    } else if (ret == 0) {
        ret = write_with_surroundings(s, address, &plan, fresh, v, done);
        mutex_lock(&s->lock);
        if (ret == 0) {
            ret = link_clusters(s, &plan);
        }
        if (ret < 0 && !plan.reuse) {
            qcow2_free_later(s, plan.host, plan.clusters);
        }
        mutex_unlock(&s->lock);
    }
    mutex_lock(&s->lock);
    qcow2_range_end(s, &range);
    mutex_unlock(&s->lock);
    return ret;
}

static int write_all(Qcow2State *s, uint64_t address, const IOVector *v, bool vmstate)
{
    size_t done = 0;
    int ret = 0;

    while (ret == 0 && done < v->size) {
        uint64_t bytes = MIN(v->size - done, PIECE);

        ret = write_some(s, address + done, v, done, &bytes, vmstate);
        done += bytes;
    }
    return ret;
}

int qcow2_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    return write_all(node->opaque, (uint64_t)offset, v, false);
}

int qcow2_flush(BlockNode *node)
{
    Qcow2State *s = node->opaque;
    /* The data first, while others go on; what is left for the lock is short. */
    int ret = block_flush(node->file);

    if (ret == 0) {
        mutex_lock(&s->lock);
        /* What was written before the damage was found may be in no table: that is not on the disk.
         */
        ret = s->broken ? -EIO : qcow2_flush_metadata(s);
        mutex_unlock(&s->lock);
    }
    return ret == 0 ? block_flush(node->file) : ret;
}

/* ---- Zeroes and discards ---- */

typedef enum Clear { CLEAR_ZERO, CLEAR_ZERO_UNMAP, CLEAR_DISCARD } Clear;

/* What becomes of one entry. */
static uint64_t cleared_entry(const Qcow2State *s, uint64_t entry, uint64_t address, Clear how)
{
    Qcow2Type type = qcow2_entry_type(entry);
    bool backing = has_backing_at(s, address);

    if (reads_zero(s, entry, address) && (how != CLEAR_DISCARD || type == QCOW2_UNALLOCATED) &&
        !(how == CLEAR_ZERO_UNMAP && type == QCOW2_ZERO_ALLOC)) {
        return entry;
    }
    if (how == CLEAR_ZERO && (type == QCOW2_NORMAL) && (entry & QCOW2_COPIED) && s->version >= 3) {
        return entry | QCOW2_ZERO;
    }
    if (!backing) {
        return 0;
    }
    /* Version 2 has no zero clusters, so a discard must leave what hides the backing file. */
    return s->version >= 3 ? QCOW2_ZERO : entry;
}

/* Whole clusters of one L2 table; lock and exclusive range held. */
static int clear_clusters(Qcow2State *s, uint64_t address, uint64_t count, Clear how)
{
    uint64_t l1_index = address >> (s->cluster_bits + s->l2_bits);
    bool mapped = l1_index < s->l1_size && (s->l1[l1_index] & QCOW2_OFFSET_MASK), any = false;
    Qcow2Table *table;
    uint32_t index;
    int ret;

    if (!mapped && (!has_backing_at(s, address) || how == CLEAR_DISCARD)) {
        return 0;
    }
    ret = qcow2_l2_get(s, address, false, &table, &index);
    if (ret < 0) {
        return ret;
    }
    for (uint64_t i = 0; i < count && !any; i++) {
        uint64_t entry = table ? ldq_be_p(table->data + (index + i) * 8) : 0;

        any = cleared_entry(s, entry, address, how) != entry;
    }
    qcow2_cache_put(table);
    ret = any ? qcow2_l2_get(s, address, true, &table, &index) : 0;
    if (ret < 0 || !any) {
        return ret;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *p = table->data + (index + i) * 8;
        uint64_t old = ldq_be_p(p), entry = cleared_entry(s, old, address, how), first, kept;
        uint64_t n = qcow2_entry_clusters(s, old, &first);

        if (entry != old) {
            stq_be_p(p, entry);
            if (n && !qcow2_entry_clusters(s, entry, &kept)) {
                qcow2_free_later(s, first << s->cluster_bits, n);
            }
        }
    }
    table->dirty = true;
    qcow2_cache_put(table);
    return 0;
}

/* address and end at cluster bounds. */
static int clear_range(Qcow2State *s, uint64_t address, uint64_t end, Clear how)
{
    int ret = 0;

    while (ret == 0 && address < end) {
        uint64_t room =
            (1ull << s->l2_bits) - ((address >> s->cluster_bits) & ((1ull << s->l2_bits) - 1));
        uint64_t count = MIN(room, (end - address) >> s->cluster_bits);
        Qcow2Range range;

        mutex_lock(&s->lock);
        ret = qcow2_prepare_write(s);
        if (ret == 0) {
            ret = limit_queue(s);
        }
        if (ret == 0) {
            qcow2_range_begin(s, &range, address, address + (count << s->cluster_bits), true);
            ret = clear_clusters(s, address, count, how);
            qcow2_range_end(s, &range);
        }
        mutex_unlock(&s->lock);
        address += count << s->cluster_bits;
    }
    return ret;
}

/* Part of a cluster: nothing to do where it reads as zeroes already. */
static int zero_part(Qcow2State *s, uint64_t address, uint64_t bytes)
{
    g_autofree uint8_t *zeroes = NULL;
    struct iovec iov;
    IOVector v;
    uint64_t entry, run;
    int ret;

    if (!bytes) {
        return 0;
    }
    mutex_lock(&s->lock);
    ret = qcow2_lookup(s, s->l1, s->l1_size, address, 1, &entry, &run);
    mutex_unlock(&s->lock);
    if (ret < 0 || reads_zero(s, entry, address)) {
        return ret;
    }
    zeroes = g_try_malloc0(bytes);
    if (!zeroes) {
        return -ENOMEM;
    }
    v = iov_single(&iov, zeroes, bytes);
    return write_all(s, address, &v, false);
}

int qcow2_pwrite_zeroes(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags)
{
    Qcow2State *s = node->opaque;
    uint64_t address = (uint64_t)offset, end = address + (uint64_t)bytes;
    uint64_t first = ROUND_UP(address, s->cluster_size);
    uint64_t last = end == s->size ? ROUND_UP(end, s->cluster_size) : cluster_start(s, end);
    int ret;

    if (s->version < 3 && node->backing) {
        return -ENOTSUP;
    }
    if (first >= last) {
        uint64_t split = MIN(first, end);

        ret = zero_part(s, address, split - address);
        return ret == 0 ? zero_part(s, split, end - split) : ret;
    }
    ret = zero_part(s, address, first - address);
    if (ret == 0) {
        /* Version 2 can say so only by having nothing there. */
        ret = clear_range(s, first, last,
                          (flags & BLOCK_REQ_MAY_UNMAP) || s->version < 3 ? CLEAR_ZERO_UNMAP
                                                                          : CLEAR_ZERO);
    }
    return ret == 0 && end > last ? zero_part(s, last, end - last) : ret;
}

int qcow2_pdiscard(BlockNode *node, int64_t offset, int64_t bytes)
{
    Qcow2State *s = node->opaque;
    uint64_t end = (uint64_t)(offset + bytes), first = ROUND_UP((uint64_t)offset, s->cluster_size);
    uint64_t last = end == s->size ? ROUND_UP(end, s->cluster_size) : cluster_start(s, end);

    return first < last ? clear_range(s, first, last, CLEAR_DISCARD) : 0;
}

int qcow2_status(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run)
{
    Qcow2State *s = node->opaque;
    uint64_t skip = offset_in_cluster(s, (uint64_t)offset), entry, clusters;
    int ret;

    mutex_lock(&s->lock);
    ret = qcow2_lookup(s, s->l1, s->l1_size, (uint64_t)offset,
                       qcow2_clusters(s, skip + (uint64_t)bytes), &entry, &clusters);
    mutex_unlock(&s->lock);
    if (ret < 0) {
        return ret;
    }
    *run = (int64_t)MIN((uint64_t)bytes, (clusters << s->cluster_bits) - skip);
    switch (qcow2_entry_type(entry)) {
    case QCOW2_UNALLOCATED:
        return has_backing_at(s, (uint64_t)offset) ? 0 : BLOCK_STATUS_ZERO;
    case QCOW2_ZERO_PLAIN:
    case QCOW2_ZERO_ALLOC:
        return BLOCK_STATUS_ZERO | BLOCK_STATUS_ALLOCATED;
    default:
        return BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED;
    }
}

/* ---- VM state ---- */

int qcow2_write_vmstate(BlockNode *node, int64_t position, const IOVector *v)
{
    Qcow2State *s = node->opaque;
    uint64_t limit = (uint64_t)QCOW2_MAX_L1_BYTES / 8 << (s->cluster_bits + s->l2_bits), offset;

    mutex_lock(&s->lock);
    offset = qcow2_vm_offset(s);
    mutex_unlock(&s->lock);
    if ((uint64_t)position > limit || v->size > limit - (uint64_t)position ||
        offset > limit - (uint64_t)position) {
        return -EFBIG;
    }
    return write_all(s, offset + (uint64_t)position, v, true);
}

/* The L1 table of a snapshot, kept for the next piece. Lock and range held. */
static int snapshot_l1(Qcow2State *s, const Qcow2Snapshot *snapshot)
{
    int ret = 0;

    if (!s->snapshot_l1 || s->snapshot_l1_offset != snapshot->l1_offset ||
        s->snapshot_l1_size != snapshot->l1_size) {
        g_free(s->snapshot_l1);
        s->snapshot_l1_offset = snapshot->l1_offset;
        s->snapshot_l1_size = snapshot->l1_size;
        s->snapshot_l1 = qcow2_read_l1(s, snapshot->l1_offset, snapshot->l1_size, &ret);
    }
    return ret;
}

int qcow2_read_vmstate(BlockNode *node, const char *id, int64_t position, void *buf, size_t size)
{
    Qcow2State *s = node->opaque;
    const Qcow2Snapshot *snapshot = NULL;
    g_autofree uint64_t *l1 = NULL;
    struct iovec iov;
    IOVector v = iov_single(&iov, buf, size);
    Qcow2Range range;
    uint64_t offset;
    OtherL1 other = {0};
    int ret = 0;

    /* The whole image is held: nobody deletes the snapshot meanwhile. */
    mutex_lock(&s->lock);
    qcow2_range_begin(s, &range, 0, UINT64_MAX, false);
    offset = qcow2_vm_offset(s);
    for (uint32_t i = 0; id && i < s->nb_snapshots; i++) {
        if (!strcmp(s->snapshots[i].id, id)) {
            snapshot = &s->snapshots[i];
        }
    }
    if (id && !snapshot) {
        ret = -ENOENT;
    } else if (snapshot) {
        ret = snapshot_l1(s, snapshot);
        other.size = snapshot->l1_size;
        offset =
            (snapshot->has_disk_size ? qcow2_size_to_l1(s, snapshot->disk_size) : s->l1_vm_index)
            << (s->cluster_bits + s->l2_bits);
        if ((uint64_t)position > snapshot->vm_state_size ||
            size > snapshot->vm_state_size - (uint64_t)position) {
            ret = -EIO;
        }
        if (!other.size && snapshot->vm_state_size) {
            ret = -EIO; /* nothing says where it is */
        }
        if (ret == 0) {
            other.entries = l1 = g_memdup2(s->snapshot_l1, (size_t)other.size * 8);
        }
    }
    mutex_unlock(&s->lock);
    if (ret == 0 && (uint64_t)position > (1ull << 62) - MIN(offset, 1ull << 61)) {
        ret = -EINVAL;
    }
    if (ret == 0) {
        ret = read_all(s, snapshot ? &other : NULL, offset + (uint64_t)position, &v, false);
    }
    mutex_lock(&s->lock);
    qcow2_range_end(s, &range);
    mutex_unlock(&s->lock);
    return ret;
}

int qcow2_discard_vmstate(BlockNode *node)
{
    Qcow2State *s = node->opaque;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Qcow2Range range;
    int ret = 0;

    mutex_lock(&s->lock);
    qcow2_range_begin(s, &range, qcow2_vm_offset(s), UINT64_MAX, true);
    for (uint32_t i = s->l1_vm_index; i < s->l1_size && ret == 0; i++) {
        uint64_t entry = s->l1[i];
        Qcow2Table *table;

        if (!(entry & QCOW2_OFFSET_MASK)) {
            continue;
        }
        ret = qcow2_prepare_write(s);
        if (ret == 0) {
            ret = qcow2_check_l2(s, entry, seen);
        }
        if (ret == 0) {
            ret = qcow2_cache_get(s, &s->l2_cache, entry & QCOW2_OFFSET_MASK, &table);
        }
        for (uint32_t n = 0; ret == 0 && n < 1u << s->l2_bits; n++) {
            uint64_t first, count = qcow2_entry_clusters(s, ldq_be_p(table->data + n * 8), &first);

            if (count) {
                qcow2_free_later(s, first << s->cluster_bits, count);
            }
        }
        if (ret == 0) {
            qcow2_cache_put(table);
            qcow2_free_later(s, entry & QCOW2_OFFSET_MASK, 1);
            qcow2_l1_set(s, i, 0);
            ret = limit_queue(s);
        }
    }
    qcow2_range_end(s, &range);
    mutex_unlock(&s->lock);
    return ret;
}

/* ---- Preallocation ---- */

int qcow2_preallocate(BlockNode *node)
{
    Qcow2State *s = node->opaque;
    uint64_t address = 0, end = 0;
    int ret = 0;

    while (ret == 0 && address < s->size) {
        Qcow2Range range;
        Plan plan;
        bool fresh;

        mutex_lock(&s->lock);
        ret = qcow2_prepare_write(s);
        if (ret == 0) {
            ret = make_plan(s, address, MIN(ROUND_UP(s->size, s->cluster_size) - address, 1u << 30),
                            &plan, &range);
        }
        if (ret == 0) {
            if (!plan.in_place) {
                ret = allocate(s, address, &plan, &fresh);
                if (ret == 0) {
                    ret = link_clusters(s, &plan);
                }
            }
            end = MAX(end, plan.host + (plan.clusters << s->cluster_bits));
            address += plan.clusters << s->cluster_bits;
            qcow2_range_end(s, &range);
        }
        mutex_unlock(&s->lock);
    }
    if (ret == 0 && (int64_t)end > block_length(node->file) &&
        !block_truncate(node->file, (int64_t)end, BLOCK_PREALLOC_OFF, NULL)) {
        ret = -ENOSPC;
    }
    return ret;
}
