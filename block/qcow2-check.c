/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2: counts all references anew and compares. Counts too high are leaks; counts too low,
 * impossible offsets and wrong "copied" flags are corruption. Repair sets counts and flags by one
 * transaction; what an impossible offset meant to say cannot be repaired here.
 */
#include <stdarg.h>
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

#define MAX_BITMAPS 65535u
#define CHUNK_BITS  12u /* counts are kept in pieces, so that a sparse file needs little memory */

typedef struct Check {
    Qcow2State *s;
    BlockCheckResult *result;
    GHashTable *chunks;        /* number -> uint32_t[] */
    uint64_t end;              /* clusters in the file */
    GHashTable *bad_blocks;    /* indices + 1 of refcount blocks that cannot be, as pointers */
    uint64_t last_cluster;
} Check;

static void say(Check *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(Check *c, const char *format, ...)
{
    va_list args;

    if (c->result->messages && c->result->messages->len < 1000) {
        va_start(args, format);
        g_ptr_array_add(c->result->messages, g_strdup_vprintf(format, args));
        va_end(args);
    }
}

static uint32_t *counter(Check *c, uint64_t cluster)
{
    uint64_t number = cluster >> CHUNK_BITS;
    uint32_t *chunk = g_hash_table_lookup(c->chunks, &number);

    if (!chunk) {
        chunk = g_new0(uint32_t, 1u << CHUNK_BITS);
        g_hash_table_insert(c->chunks, g_memdup2(&number, sizeof(number)), chunk);
    }
    return &chunk[cluster & ((1u << CHUNK_BITS) - 1)];
}

/* False: not in the file. */
static bool count(Check *c, uint64_t offset, uint64_t bytes, const char *what)
{
    uint64_t first = offset >> c->s->cluster_bits,
             n = qcow2_clusters(c->s, (offset & (c->s->cluster_size - 1)) + bytes);

    if (!bytes) {
        return true;
    }
    if (first >= c->end || n > c->end - first) {
        say(c, "ERROR: %s at offset %#" PRIx64 " lies behind the end of the file", what, offset);
        c->result->corruptions++;
        return false;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint32_t *counts = counter(c, first + i);

        *counts += *counts < UINT32_MAX;
    }
    c->result->image_end_offset =
        MAX(c->result->image_end_offset, (first + n) << c->s->cluster_bits);
    return true;
}

static void count_entry(Check *c, uint64_t entry, bool active)
{
    Qcow2State *s = c->s;
    uint64_t offset = entry & QCOW2_OFFSET_MASK, bytes;

    switch (qcow2_entry_type(entry)) {
    case QCOW2_COMPRESSED_CLUSTER:
        if (entry & QCOW2_COPIED) {
            say(c, "ERROR: compressed cluster with the copied flag set: %#" PRIx64, entry);
            c->result->corruptions++;
        }
        qcow2_compressed_range(s, entry, &offset, &bytes);
        count(c, offset, bytes, "compressed cluster");
        if (active) {
            c->result->compressed_clusters++;
            c->result->allocated_clusters++;
            c->result->fragmented_clusters++;
        }
        break;
    case QCOW2_NORMAL:
    case QCOW2_ZERO_ALLOC:
        if (offset & (s->cluster_size - 1)) {
            say(c, "ERROR: data cluster offset %#" PRIx64 " unaligned", offset);
            c->result->corruptions++;
            break;
        }
        count(c, offset, s->cluster_size, "data cluster");
        if (active) {
            c->result->allocated_clusters++;
            c->result->fragmented_clusters +=
                c->last_cluster && c->last_cluster + 1 != offset >> s->cluster_bits;
            c->last_cluster = offset >> s->cluster_bits;
        }
        break;
    default:
        break;
    }
}

/* What an L1 table counts; it has been counted itself. */
static int count_l1(Check *c, const uint64_t *l1, uint32_t entries, bool active)
{
    Qcow2State *s = c->s;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autofree uint8_t *l2 = g_try_malloc(s->cluster_size);

    if (!l2) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET_MASK;
        int ret;

        if (!offset) {
            continue;
        }
        if (offset & (s->cluster_size - 1)) {
            say(c, "ERROR: L2 table offset %#" PRIx64 " unaligned", offset);
            c->result->corruptions++;
            continue;
        }
        if (!count(c, offset, s->cluster_size, "L2 table")) {
            continue;
        }
        if (!g_hash_table_add(seen, GSIZE_TO_POINTER(offset))) {
            say(c, "ERROR: L2 table %#" PRIx64 " appears twice in one L1 table", offset);
            c->result->corruptions++;
            continue;
        }
        ret = block_pread(s->node->file, (int64_t)offset, l2, s->cluster_size);
        if (ret < 0) {
            say(c, "ERROR: L2 table %#" PRIx64 " cannot be read: %s", offset, g_strerror(-ret));
            c->result->check_errors++;
            continue;
        }
        for (uint32_t n = 0; n < 1u << s->l2_bits; n++) {
            count_entry(c, ldq_be_p(l2 + n * 8), active);
        }
    }
    return 0;
}

/* Bitmaps that are still valid count; those that are out of date do not exist. Tables may overlap
 * in a file that lies, but have no more entries together than it has room for. */
static void count_bitmaps(Check *c)
{
    Qcow2State *s = c->s;
    uint64_t size = s->bitmap_directory_size, at = 0, total = 0;
    g_autofree uint8_t *directory = NULL;

    if (!(s->autoclear & QCOW2_AUTOCLEAR_BITMAPS) || !size) {
        return;
    }
    if (size > 65536u * 1024 || (s->bitmap_directory & (s->cluster_size - 1)) ||
        !count(c, s->bitmap_directory, size, "bitmap directory")) {
        c->result->corruptions += size > 65536u * 1024;
        return;
    }
    directory = g_try_malloc(size);
    if (!directory ||
        block_pread(s->node->file, (int64_t)s->bitmap_directory, directory, (int64_t)size) < 0) {
        c->result->check_errors++;
        return;
    }
    if (s->nb_bitmaps > MAX_BITMAPS) {
        say(c, "ERROR: %u bitmaps are more than there can be", s->nb_bitmaps);
        c->result->corruptions++;
        return;
    }
    for (uint32_t i = 0; i < s->nb_bitmaps && at + 24 <= size; i++) {
        const uint8_t *e = directory + at;
        uint64_t table = ldq_be_p(e);
        uint32_t entries = (uint32_t)ldl_be_p(e + 8), extra = (uint32_t)ldl_be_p(e + 20),
                 name = lduw_be_p(e + 18);

        at = ROUND_UP(at + 24 + extra + name, 8);
        if (entries > 0x8000000u || !count(c, table, entries * 8ull, "bitmap table")) {
            continue;
        }
        total += entries;
        if (total * 8 > c->end << s->cluster_bits) {
            say(c, "ERROR: the tables of bitmaps are larger than the file");
            c->result->corruptions++;
            return;
        }
        for (uint32_t n = 0; n < entries; n++) {
            uint64_t entry;

            if (block_pread(s->node->file, (int64_t)(table + n * 8ull), &entry, 8) < 0) {
                c->result->check_errors++;
                break;
            }
            entry = be64_to_cpu(entry) & QCOW2_OFFSET_MASK;
            if (entry) {
                count(c, entry, s->cluster_size, "bitmap data");
            }
        }
    }
}

/* Without the right block nobody knows the counts in it, nor what is free: that cannot be repaired
 * here. */
static void count_refblocks(Check *c)
{
    Qcow2State *s = c->s;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (uint32_t i = 0; i < s->reftable_size; i++) {
        uint64_t offset = s->reftable[i] & ~QCOW2_REFTABLE_RESERVED;

        if (offset & (s->cluster_size - 1)) {
            say(c, "ERROR refcount block %u is not cluster aligned; refcount table entry corrupted",
                i);
            c->result->corruptions++;
        } else if (offset && !g_hash_table_add(seen, GSIZE_TO_POINTER(offset))) {
            say(c,
                "ERROR refcount block %u is one that was there already; refcount table entry "
                "corrupted",
                i);
            c->result->corruptions++;
        } else if (!offset || count(c, offset, s->cluster_size, "refcount block")) {
            continue;
        }
        c->result->check_errors++;
        g_hash_table_add(c->bad_blocks, GSIZE_TO_POINTER(i + 1ull));
    }
}

static int count_all(Check *c)
{
    Qcow2State *s = c->s;
    int ret = 0;

    count(c, 0, s->cluster_size, "header");
    if (count(c, s->l1_offset, s->l1_size * 8ull, "L1 table")) {
        ret = count_l1(c, s->l1, s->l1_size, true);
    }
    for (uint32_t i = 0; i < s->nb_snapshots && ret == 0; i++) {
        const Qcow2Snapshot *sn = &s->snapshots[i];
        g_autofree uint64_t *l1 = NULL;

        if (!count(c, sn->l1_offset, sn->l1_size * 8ull, "snapshot's L1 table")) {
            continue;
        }
        l1 = qcow2_read_l1(s, sn->l1_offset, sn->l1_size, &ret);
        if (ret == 0) {
            ret = count_l1(c, l1, sn->l1_size, false);
        }
    }
    if (ret < 0) {
        return ret;
    }
    count(c, s->snapshots_offset, s->snapshots_size, "snapshot table");
    count(c, s->reftable_offset, (uint64_t)s->reftable_clusters << s->cluster_bits,
          "refcount table");
    count_refblocks(c);
    count_bitmaps(c);
    return 0;
}

/* ---- Comparing ---- */

/* Where counts stand, or references that were counted, from `cluster` on. */
typedef struct Cursor {
    GArray *chunks;            /* numbers, ascending */
    guint chunk;
    uint64_t block;
} Cursor;

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void cursor_init(Check *c, Cursor *cursor)
{
    GHashTableIter iter;
    gpointer key;

    *cursor = (Cursor){.chunks = g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    g_hash_table_iter_init(&iter, c->chunks);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_array_append_vals(cursor->chunks, key, 1);
    }
    g_array_sort(cursor->chunks, compare_numbers);
}

/* A file may claim to be very large: what nothing counts is passed over. */
static uint64_t cursor_next(Check *c, Cursor *cursor, uint64_t cluster)
{
    Qcow2State *s = c->s;
    uint64_t next = UINT64_MAX;

    while (cursor->chunk < cursor->chunks->len &&
           g_array_index(cursor->chunks, uint64_t, cursor->chunk) < cluster >> CHUNK_BITS) {
        cursor->chunk++;
    }
    if (cursor->chunk < cursor->chunks->len) {
        next = MAX(cluster, g_array_index(cursor->chunks, uint64_t, cursor->chunk) << CHUNK_BITS);
    }
    cursor->block = MAX(cursor->block, cluster >> s->refblock_bits);
    while (cursor->block < s->reftable_size &&
           !(s->reftable[cursor->block] & ~QCOW2_REFTABLE_RESERVED)) {
        cursor->block++;
    }
    if (cursor->block < s->reftable_size) {
        next = MIN(next, MAX(cluster, cursor->block << s->refblock_bits));
    }
    return next;
}

static int compare_counts(Check *c, Qcow2Txn *txn, unsigned fix, uint64_t *fixed_leaks,
                          uint64_t *fixed_errors)
{
    Qcow2State *s = c->s;
    Cursor cursor;
    int ret = 0;

    cursor_init(c, &cursor);
    for (uint64_t cluster = cursor_next(c, &cursor, 0); cluster != UINT64_MAX;
         cluster = cursor_next(c, &cursor, cluster + 1)) {
        uint64_t stored, number = cluster >> CHUNK_BITS, index = cluster >> s->refblock_bits;
        const uint32_t *chunk;
        uint32_t real;

        if (g_hash_table_contains(c->bad_blocks, GSIZE_TO_POINTER(index + 1))) {
            cluster |= (1ull << s->refblock_bits) - 1;
            continue;
        }
        chunk = g_hash_table_lookup(c->chunks, &number);
        real = chunk ? chunk[cluster & ((1u << CHUNK_BITS) - 1)] : 0;
        ret = qcow2_get_refcount(s, cluster, &stored);
        if (ret < 0) {
            c->result->check_errors++;
            cluster |= (1ull << s->refblock_bits) - 1;
            ret = 0;
            continue;
        }
        if (stored == real) {
            continue;
        }
        say(c, "%s cluster %" PRIu64 " refcount=%" PRIu64 " reference=%u",
            stored > real ? "Leaked" : "ERROR", cluster, stored, real);
        *(stored > real ? &c->result->leaks : &c->result->corruptions) += 1;
        if (txn && (fix & (stored > real ? BLOCK_FIX_LEAKS : BLOCK_FIX_ERRORS))) {
            if (real > qcow2_refcount_max(s)) {
                continue;
            }
            ret = qcow2_txn_set(txn, cluster, real);
            if (ret < 0) {
                break;
            }
            ++*(stored > real ? fixed_leaks : fixed_errors);
        }
    }
    g_array_unref(cursor.chunks);
    return ret;
}

/* One reference, as counted. */
static bool is_single(Check *c, uint64_t cluster)
{
    uint64_t number = cluster >> CHUNK_BITS;
    const uint32_t *chunk = g_hash_table_lookup(c->chunks, &number);

    return chunk && chunk[cluster & ((1u << CHUNK_BITS) - 1)] == 1;
}

/* stored: judge by the counts of the image (as others do), else by what was counted. */
static int judge(Check *c, uint64_t cluster, bool counted, bool *single)
{
    uint64_t value = 0;
    int ret = counted ? 0 : qcow2_get_refcount(c->s, cluster, &value);

    *single = counted ? is_single(c, cluster) : value == 1;
    return ret;
}

/* The copied flags of the active tables. With txn they are put right, in new copies. */
static int compare_flags(Check *c, Qcow2Txn *txn, uint64_t *l1, bool *changed, uint64_t *fixed)
{
    Qcow2State *s = c->s;
    g_autofree uint8_t *l2 = g_try_malloc(s->cluster_size);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    bool counted = txn != NULL;
    int ret = l2 ? 0 : -ENOMEM;

    for (uint32_t i = 0; i < s->l1_size && ret == 0; i++) {
        uint64_t offset = s->l1[i] & QCOW2_OFFSET_MASK;
        bool single, dirty = false;

        if (!offset || (offset & (s->cluster_size - 1)) || offset >> s->cluster_bits >= c->end) {
            continue;
        }
        ret = judge(c, offset >> s->cluster_bits, counted, &single);
        if (ret == 0 && single != !!(s->l1[i] & QCOW2_COPIED)) {
            if (!txn) {
                say(c, "ERROR OFLAG_COPIED L2 cluster: l1_index=%u l1_entry=%" PRIx64, i, s->l1[i]);
                c->result->corruptions++;
            } else {
                l1[i] = offset | (single ? QCOW2_COPIED : 0);
                *changed = true;
                ++*fixed;
            }
        }
        if (!g_hash_table_add(seen, GSIZE_TO_POINTER(offset))) {
            continue; /* counting has told of it */
        }
        ret = ret == 0 ? block_pread(s->node->file, (int64_t)offset, l2, s->cluster_size) : ret;
        for (uint32_t n = 0; n < 1u << s->l2_bits && ret == 0; n++) {
            uint64_t entry = ldq_be_p(l2 + n * 8), data = entry & QCOW2_OFFSET_MASK;
            Qcow2Type type = qcow2_entry_type(entry);

            if ((type != QCOW2_NORMAL && type != QCOW2_ZERO_ALLOC) ||
                (data & (s->cluster_size - 1)) || data >> s->cluster_bits >= c->end) {
                continue;
            }
            ret = judge(c, data >> s->cluster_bits, counted, &single);
            if (ret == 0 && single != !!(entry & QCOW2_COPIED)) {
                if (!txn) {
                    say(c, "ERROR OFLAG_COPIED data cluster: l2_entry=%" PRIx64, entry);
                    c->result->corruptions++;
                } else {
                    stq_be_p(l2 + n * 8, (entry & ~QCOW2_COPIED) | (single ? QCOW2_COPIED : 0));
                    dirty = true;
                    ++*fixed;
                }
            }
        }
        if (ret == 0 && dirty) {
            int64_t place = qcow2_txn_alloc(txn, 1);

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

/* Counts as they really are, then flags that agree with them, in one step. */
static int repair(Check *c, unsigned fix)
{
    Qcow2State *s = c->s;
    g_autofree uint64_t *l1 = g_memdup2(s->l1, MAX(s->l1_size, 1u) * 8ull);
    uint64_t leaks = 0, errors = 0;
    BlockCheckResult *result = c->result, scratch = {0};
    bool changed = false;
    Qcow2Root root;
    Qcow2Txn *txn = qcow2_txn_new(s, &root);
    int ret;

    c->result = &scratch;
    ret = compare_counts(c, txn, fix, &leaks, &errors);
    if (ret == 0 && (fix & BLOCK_FIX_ERRORS)) {
        ret = compare_flags(c, txn, l1, &changed, &errors);
    }
    c->result = result;
    if (ret == 0 && changed) {
        int64_t offset = qcow2_txn_write_l1(txn, l1, s->l1_size);

        ret = offset < 0 ? (int)offset
                         : qcow2_txn_add(txn, s->l1_offset >> s->cluster_bits,
                                         qcow2_clusters(s, s->l1_size * 8ull), -1);
        root.l1_offset = (uint64_t)offset;
    }
    if (ret < 0 || (!leaks && !errors)) {
        qcow2_txn_abort(txn);
        return ret;
    }
    return qcow2_txn_commit(txn, &root);
}

static int check_once(Check *c)
{
    int64_t size = block_length(c->s->node->file);
    int ret;

    if (size < 0) {
        return (int)size;
    }
    c->end = qcow2_clusters(c->s, (uint64_t)size);
    c->chunks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    c->bad_blocks = g_hash_table_new(NULL, NULL);
    c->result->total_clusters = qcow2_clusters(c->s, c->s->size);
    ret = count_all(c);
    if (ret == 0) {
        ret = compare_counts(c, NULL, 0, NULL, NULL);
    }
    return ret == 0 ? compare_flags(c, NULL, NULL, NULL, NULL) : ret;
}

static void check_free(Check *c)
{
    g_clear_pointer(&c->chunks, g_hash_table_unref);
    g_clear_pointer(&c->bad_blocks, g_hash_table_unref);
}

int qcow2_check_locked(Qcow2State *s, BlockCheckResult *result, unsigned fix)
{
    Check c = {.s = s, .result = result};
    int ret = check_once(&c);

    /* With counts that are too low left as they are, there is no telling which clusters are free.
     */
    if (ret == 0 && fix && !result->check_errors && (result->leaks || result->corruptions) &&
        ((fix & BLOCK_FIX_ERRORS) || !result->corruptions)) {
        ret = repair(&c, fix);
        if (ret == 0) {
            BlockCheckResult after = {0};
            Check again = {.s = s, .result = &after};

            ret = check_once(&again);
            check_free(&again);
            result->leaks_fixed = result->leaks - MIN(after.leaks, result->leaks);
            result->corruptions_fixed =
                result->corruptions - MIN(after.corruptions, result->corruptions);
        }
        if (ret == 0 && (fix & BLOCK_FIX_ERRORS) && (s->incompat & QCOW2_INCOMPAT_CORRUPT) &&
            result->corruptions <= result->corruptions_fixed) {
            ret = qcow2_write_features(s, s->incompat & ~(uint64_t)QCOW2_INCOMPAT_CORRUPT,
                                       s->autoclear);
        }
    }
    check_free(&c);
    return ret;
}

bool qcow2_check(BlockNode *node, BlockCheckResult *result, unsigned fix, GError **errp)
{
    Qcow2State *s = node->opaque;
    GPtrArray *messages = result->messages;
    Qcow2Range range;
    int ret;

    *result = (BlockCheckResult){.messages = messages};
    mutex_lock(&s->lock);
    ret = qcow2_exclusive_begin(s, &range);
    if (ret == 0) {
        ret = qcow2_check_locked(s, result, fix);
        qcow2_range_end(s, &range);
    }
    mutex_unlock(&s->lock);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Check of '%s' failed", node->filename);
    }
    return ret == 0;
}
