/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the qcow2 driver. On disk: a header; a two-level map from guest clusters to host
 * clusters (L1 table, L2 tables of one cluster); a two-level array of reference counts (refcount
 * table, refcount blocks of one cluster); a table of snapshots, each with an L1 table of its own.
 * All numbers are big-endian.
 *
 * Locking: `lock` guards everything here but the data of clusters. Each request holds a range of
 * guest addresses while it works outside the lock (qcow2-range.c), so that nobody changes the map
 * under it.
 *
 * Order of writes (qcow2-cache.c, qcow2_flush_metadata): counts that grow, then L2 tables, then L1
 * entries, then counts that shrink. Clusters that become free wait in a queue until the tables that
 * no longer mention them are on disk; only then they can be used again. Operations that change
 * counts and map together (snapshots, shrinking, repair) write new copies beside the old ones and
 * switch by one write of the header (qcow2-txn.c). So at any moment the file is right, but for
 * clusters counted and not used.
 */
#ifndef BLOCK_QCOW2_H
#define BLOCK_QCOW2_H

#include <errno.h>
#include "block-private.h"
#include "util/bitops.h"
#include "util/bswap.h"

#define QCOW2_MAGIC            0x514649fbu /* "QFI\xfb" */
#define QCOW2_MAX_L1_BYTES     (32u << 20)
#define QCOW2_MAX_REFTABLE     (8u << 20)
#define QCOW2_MAX_SNAPSHOTS    65536u
#define QCOW2_MAX_SNAPTABLE    (64u << 20)
#define QCOW2_MAX_EXTRA        1024u
#define QCOW2_OFFSET_MASK      0x00fffffffffffe00ull
#define QCOW2_COPIED           (1ull << 63)
#define QCOW2_COMPRESSED       (1ull << 62)
#define QCOW2_ZERO             1ull
#define QCOW2_L1_RESERVED      0x7f000000000001ffull
#define QCOW2_L2_RESERVED      0x3f000000000001feull
#define QCOW2_REFTABLE_RESERVED 0x1ffull

/* Byte offsets in the header. */
enum {
    QCOW2_H_MAGIC = 0, QCOW2_H_VERSION = 4, QCOW2_H_BACKING_OFFSET = 8, QCOW2_H_BACKING_SIZE = 16,
    QCOW2_H_CLUSTER_BITS = 20, QCOW2_H_SIZE = 24, QCOW2_H_CRYPT = 32, QCOW2_H_L1_SIZE = 36,
    QCOW2_H_L1_OFFSET = 40, QCOW2_H_REFTABLE_OFFSET = 48, QCOW2_H_REFTABLE_CLUSTERS = 56,
    QCOW2_H_NB_SNAPSHOTS = 60, QCOW2_H_SNAPSHOTS_OFFSET = 64, QCOW2_H_V2_SIZE = 72,
    QCOW2_H_INCOMPAT = 72, QCOW2_H_COMPAT = 80, QCOW2_H_AUTOCLEAR = 88, QCOW2_H_REFCOUNT_ORDER = 96,
    QCOW2_H_LENGTH = 100, QCOW2_H_COMPRESSION = 104, QCOW2_H_V3_SIZE = 112,
};
enum {
    QCOW2_INCOMPAT_DIRTY = 1, QCOW2_INCOMPAT_CORRUPT = 2, QCOW2_INCOMPAT_DATA_FILE = 4,
    QCOW2_INCOMPAT_COMPRESSION = 8, QCOW2_INCOMPAT_EXTL2 = 16,
    QCOW2_COMPAT_LAZY = 1,
    QCOW2_AUTOCLEAR_BITMAPS = 1, QCOW2_AUTOCLEAR_RAW = 2,
};
enum {
    QCOW2_EXT_END = 0, QCOW2_EXT_BACKING_FORMAT = (int)0xe2792aca, QCOW2_EXT_FEATURES = 0x6803f857,
    QCOW2_EXT_BITMAPS = 0x23852875, QCOW2_EXT_CRYPTO = 0x0537be77, QCOW2_EXT_DATA_FILE = 0x44415441,
};

typedef struct Qcow2Table {
    uint64_t offset;
    uint8_t *data;             /* one cluster, big-endian */
    bool dirty;
    unsigned pins;
    GList lru;
} Qcow2Table;

/* Tables of one kind in memory. */
typedef struct Qcow2Cache {
    GHashTable *by_offset;
    GQueue lru;                /* oldest first */
    unsigned most;
} Qcow2Cache;

typedef struct Qcow2Snapshot {
    uint64_t l1_offset, vm_state_size, disk_size, vm_clock_nsec, icount;
    uint32_t l1_size, date_sec, date_nsec, extra_size;
    uint8_t *unknown_extra;    /* what follows the members we know */
    char *id, *name;
    bool has_disk_size, has_icount;
} Qcow2Snapshot;

/* A request's hold on guest addresses. */
typedef struct Qcow2Range {
    uint64_t start, end;
    bool exclusive;
    GList link;
} Qcow2Range;

typedef struct Qcow2Free {
    uint64_t cluster, count;
} Qcow2Free;

typedef struct Qcow2State {
    BlockNode *node;
    Mutex lock;
    Cond cond;                 /* a range was given back */
    GQueue ranges;             /* Qcow2Range, in the order they were asked for */
    unsigned version, cluster_bits, l2_bits, refcount_order, refblock_bits;
    uint32_t cluster_size, header_length;
    uint64_t size;
    uint64_t *l1;              /* host order */
    uint32_t l1_size, l1_vm_index;
    uint64_t l1_offset;
    uint32_t l1_dirty_from, l1_dirty_to;
    uint64_t *reftable;        /* host order */
    uint32_t reftable_size, reftable_clusters;
    uint64_t reftable_offset;
    Qcow2Snapshot *snapshots;
    uint32_t nb_snapshots;
    uint64_t snapshots_offset, snapshots_size;
    uint64_t incompat, compat, autoclear;
    uint8_t compression;
    uint64_t bitmap_directory, bitmap_directory_size; /* of the extension; 0: none */
    uint32_t nb_bitmaps;
    Qcow2Cache l2_cache, refblock_cache;
    uint64_t free_hint;        /* no free cluster lies below */
    GArray *free_queue;        /* Qcow2Free */
    GHashTable *metadata;      /* offsets of L2 tables and refcount blocks, as pointers */
    bool write_prepared;       /* autoclear bits gone */
    bool broken;               /* corruption was found: no more writes */
    bool damage_told; /* it was reported: once is enough, also of an image that is only read */
    /* Last compressed cluster that was read. */
    Mutex inflate_lock;
    uint64_t inflated_entry;
    uint8_t *inflated;
    /* L1 table of the snapshot whose VM state was read last. */
    uint64_t *snapshot_l1;
    uint64_t snapshot_l1_offset;
    uint32_t snapshot_l1_size;
} Qcow2State;

typedef enum Qcow2Type {
    QCOW2_UNALLOCATED, QCOW2_ZERO_PLAIN, QCOW2_ZERO_ALLOC, QCOW2_NORMAL, QCOW2_COMPRESSED_CLUSTER,
} Qcow2Type;

static inline Qcow2Type qcow2_entry_type(uint64_t entry)
{
    if (entry & QCOW2_COMPRESSED) {
        return QCOW2_COMPRESSED_CLUSTER;
    }
    if (entry & QCOW2_ZERO) {
        return entry & QCOW2_OFFSET_MASK ? QCOW2_ZERO_ALLOC : QCOW2_ZERO_PLAIN;
    }
    return entry & QCOW2_OFFSET_MASK ? QCOW2_NORMAL : QCOW2_UNALLOCATED;
}

/* Number of L1 entries for a disk of that size. */
static inline uint64_t qcow2_size_to_l1(const Qcow2State *s, uint64_t size)
{
    unsigned shift = s->cluster_bits + s->l2_bits;

    return (size >> shift) + !!(size & ((1ull << shift) - 1));
}

static inline uint64_t qcow2_vm_offset(const Qcow2State *s)
{
    return (uint64_t)s->l1_vm_index << (s->cluster_bits + s->l2_bits);
}

static inline uint64_t qcow2_clusters(const Qcow2State *s, uint64_t bytes)
{
    return (bytes >> s->cluster_bits) + !!(bytes & (s->cluster_size - 1));
}

/* Host bytes of a compressed cluster: sectors from the one that holds its first byte. */
static inline void qcow2_compressed_range(const Qcow2State *s, uint64_t entry, uint64_t *offset,
                                          uint64_t *bytes)
{
    unsigned size_shift = 62 - (s->cluster_bits - 8);
    uint64_t sectors = ((entry >> size_shift) & ((1ull << (s->cluster_bits - 8)) - 1)) + 1;

    *offset = entry & ((1ull << size_shift) - 1);
    *bytes = sectors * 512 - (*offset & 511);
}

/* First host cluster and number of clusters that an L2 entry counts; 0: none. */
static inline uint64_t qcow2_entry_clusters(const Qcow2State *s, uint64_t entry, uint64_t *first)
{
    uint64_t offset, bytes;

    switch (qcow2_entry_type(entry)) {
    case QCOW2_COMPRESSED_CLUSTER:
        qcow2_compressed_range(s, entry, &offset, &bytes);
        *first = offset >> s->cluster_bits;
        return ((offset + bytes - 1) >> s->cluster_bits) - *first + 1;
    case QCOW2_NORMAL:
    case QCOW2_ZERO_ALLOC:
        *first = (entry & QCOW2_OFFSET_MASK) >> s->cluster_bits;
        return 1;
    default:
        *first = 0;
        return 0;
    }
}

/* ---- qcow2-cache.c ---- */
void qcow2_cache_init(Qcow2State *s);
void qcow2_cache_destroy(Qcow2State *s);
/* Reads the table unless it is there; pinned until put. */
int qcow2_cache_get(Qcow2State *s, Qcow2Cache *cache, uint64_t offset, Qcow2Table **table);
/* The same for a table that is new: zeroes, dirty. */
int qcow2_cache_new(Qcow2State *s, Qcow2Cache *cache, uint64_t offset, Qcow2Table **table);
void qcow2_cache_put(Qcow2Table *table);
/* Forgets a table that is gone; forgets all (nothing may be dirty). */
void qcow2_cache_forget(Qcow2Cache *cache, uint64_t offset);
void qcow2_cache_clear(Qcow2Cache *cache);
/* Everything to the file in the right order; the last step is not made durable yet. */
int qcow2_flush_metadata(Qcow2State *s);
void qcow2_l1_set(Qcow2State *s, uint32_t index, uint64_t entry);

/* ---- qcow2-range.c: lock held; both may give it up while they wait ---- */
/* True if it had to wait: what was looked up before may be stale. */
bool qcow2_range_begin(Qcow2State *s, Qcow2Range *range, uint64_t start, uint64_t end,
                       bool exclusive);
void qcow2_range_end(Qcow2State *s, Qcow2Range *range);
/* Alone with the image, nothing in flight, caches written. */
int qcow2_exclusive_begin(Qcow2State *s, Qcow2Range *range);

/* ---- qcow2-refcount.c: lock held ---- */
uint64_t qcow2_refcount_get(const Qcow2State *s, const uint8_t *block, uint64_t index);
void qcow2_refcount_set(const Qcow2State *s, uint8_t *block, uint64_t index, uint64_t value);
uint64_t qcow2_refcount_max(const Qcow2State *s);
int qcow2_get_refcount(Qcow2State *s, uint64_t cluster, uint64_t *value);
int qcow2_add_refcount(Qcow2State *s, uint64_t first, uint64_t count, int addend);
/* `most` clusters in one piece, or (partial) at least one; counted once. Offset, or -errno. */
int64_t qcow2_alloc(Qcow2State *s, uint64_t most, bool partial, uint64_t *got);
/* Free once the tables that mention it have been written. */
void qcow2_free_later(Qcow2State *s, uint64_t offset, uint64_t count);
int qcow2_apply_frees(Qcow2State *s);
/* -EIO and the image marked corrupt if a host range of data lies on metadata. */
int qcow2_check_overlap(Qcow2State *s, uint64_t offset, uint64_t bytes);
void qcow2_rebuild_metadata_set(Qcow2State *s);

/* ---- qcow2-map.c: lock held ---- */
/* L2 entries of guest address `address`: *table (pinned; NULL: none), *index. create: makes it ours
 * to change. */
int qcow2_l2_get(Qcow2State *s, uint64_t address, bool create, Qcow2Table **table, uint32_t *index);
/* Entry for reading through any L1 table. *run: clusters from there that continue it. */
int qcow2_lookup(Qcow2State *s, const uint64_t *l1, uint32_t l1_size, uint64_t address,
                 uint64_t clusters, uint64_t *entry, uint64_t *run);
int qcow2_grow_l1(Qcow2State *s, uint64_t needed);
/* A bad entry was met: marks the image corrupt, says so, returns -EIO. */
int qcow2_corrupt(Qcow2State *s, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- qcow2-io.c ---- */
int qcow2_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags);
int qcow2_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags);
int qcow2_pwrite_zeroes(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags);
int qcow2_pdiscard(BlockNode *node, int64_t offset, int64_t bytes);
int qcow2_status(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run);
int qcow2_flush(BlockNode *node);
int qcow2_write_vmstate(BlockNode *node, int64_t position, const IOVector *v);
int qcow2_read_vmstate(BlockNode *node, const char *id, int64_t position, void *buf, size_t size);
int qcow2_discard_vmstate(BlockNode *node);
/* Guest bytes as they are now, by a caller who holds the range; lock not held. */
int qcow2_read_held(Qcow2State *s, uint64_t address, void *buf, uint64_t bytes);
/* Maps every unmapped cluster of the disk to a host cluster of its own. */
int qcow2_preallocate(BlockNode *node);

/* ---- qcow2-compress.c ---- */
int qcow2_inflate(Qcow2State *s, const void *in, size_t in_size, void *out);

/* ---- qcow2-txn.c: lock held, alone with the image ---- */
typedef struct Qcow2Txn Qcow2Txn;
/* What the header says after the switch; begin() fills in what it says now. */
typedef struct Qcow2Root {
    uint64_t size, l1_offset, snapshots_offset;
    uint32_t l1_size, nb_snapshots;
} Qcow2Root;
Qcow2Txn *qcow2_txn_new(Qcow2State *s, Qcow2Root *root);
/* Counts and free clusters as they will be. */
int qcow2_txn_get(Qcow2Txn *txn, uint64_t cluster, uint64_t *value);
int qcow2_txn_set(Qcow2Txn *txn, uint64_t cluster, uint64_t value);
int qcow2_txn_add(Qcow2Txn *txn, uint64_t first, uint64_t count, int addend);
int64_t qcow2_txn_alloc(Qcow2Txn *txn, uint64_t count);
/* Writes a new table of 64-bit numbers in host order at clusters of its own; its offset or -errno.
 */
int64_t qcow2_txn_write_l1(Qcow2Txn *txn, const uint64_t *l1, uint32_t entries);
/* Switches. On failure nothing has changed. Frees txn in both cases. */
int qcow2_txn_commit(Qcow2Txn *txn, const Qcow2Root *root);
void qcow2_txn_abort(Qcow2Txn *txn);

/* ---- qcow2-snapshot.c ---- */
bool qcow2_read_snapshots(Qcow2State *s, GError **errp);
void qcow2_free_snapshots(Qcow2State *s);
GArray *qcow2_snapshot_list(BlockNode *node, GError **errp);
bool qcow2_snapshot_create(BlockNode *node, BlockSnapshot *info, GError **errp);
bool qcow2_snapshot_apply(BlockNode *node, const char *id, GError **errp);
bool qcow2_snapshot_delete(BlockNode *node, const char *id, GError **errp);
/* An L1 table of the file, checked, in host order (g_free). */
uint64_t *qcow2_read_l1(Qcow2State *s, uint64_t offset, uint32_t entries, int *ret);
/* That an L1 entry can be right: in the file, and not the same table as an earlier one (offsets in
 * `seen`) of that L1 table, which is damage, and a way to make us work for ever. -EIO and the image
 * marked corrupt. */
int qcow2_check_l2(Qcow2State *s, uint64_t entry, GHashTable *seen);
/* The table of an entry that passes; data: one cluster. */
int qcow2_read_l2(Qcow2State *s, uint64_t entry, GHashTable *seen, uint8_t *data);

/* ---- qcow2-resize.c ---- */
bool qcow2_truncate(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp);

/* ---- qcow2-check.c ---- */
bool qcow2_check(BlockNode *node, BlockCheckResult *result, unsigned fix, GError **errp);
/* The same with the lock held and alone. */
int qcow2_check_locked(Qcow2State *s, BlockCheckResult *result, unsigned fix);

/* ---- qcow2-create.c ---- */
bool qcow2_create(const char *filename, BlockOptions *options, GError **errp);

/* ---- qcow2.c ---- */
/* Replaces bytes of the file that switch from old tables to new. When that fails the old ones are
 * put back; when even that does, nobody knows what the file says, and no more is written. */
int qcow2_switch(Qcow2State *s, uint64_t offset, const void *bytes, const void *old, size_t size);
int qcow2_write_features(Qcow2State *s, uint64_t incompat, uint64_t autoclear);
/* Before the first change: clears autoclear bits. Lock held. */
int qcow2_prepare_write(Qcow2State *s);

#endif
