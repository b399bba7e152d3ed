/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: new images. Header, refcount table, refcount blocks and L1 table, in this order, and
 * nothing else. */
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

typedef struct Layout {
    uint64_t size;
    uint64_t cluster_size;
    unsigned cluster_bits, refcount_order, version;
    uint64_t l1_entries, l1_clusters, blocks, table_clusters, total; /* in clusters */
    bool lazy;
    int compression, prealloc;
    char *backing, *backing_format;
} Layout;

static bool bad(GError **errp, const char *text)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "%s", text);
    return false;
}

static unsigned log2_exact(uint64_t value)
{
    return value && !(value & (value - 1)) ? (unsigned)__builtin_ctzll(value) : 64;
}

static bool take_options(Layout *l, const char *filename, BlockOptions *options, GError **errp)
{
    static const char *const compats[] = {"0.10", "1.1", "v2", "v3", NULL};
    static const char *const types[] = {"zlib", "zstd", NULL};
    static const char *const modes[] = {"off", "metadata", "falloc", "full", NULL};
    uint64_t bits = 16;
    bool has_size = block_options_get(options, "size") != NULL, nocow = false;
    int compat = 1;

    l->cluster_size = 65536;
    if (!block_options_take_size(options, "size", &l->size, errp) ||
        !block_options_take_enum(options, "compat", compats, &compat, errp) ||
        !block_options_take_size(options, "cluster_size", &l->cluster_size, errp) ||
        !block_options_take_size(options, "refcount_bits", &bits, errp) ||
        !block_options_take_bool(options, "lazy_refcounts", &l->lazy, errp) ||
        !block_options_take_bool(options, "nocow", &nocow, errp) ||
        !block_options_take_enum(options, "compression_type", types, &l->compression, errp) ||
        !block_options_take_enum(options, "preallocation", modes, &l->prealloc, errp)) {
        return false;
    }
    l->backing = block_options_take(options, "backing_file");
    l->backing_format = block_options_take(options, "backing_fmt");
    l->version = compat & 1 ? 3 : 2;
    l->cluster_bits = log2_exact(l->cluster_size);
    l->refcount_order = log2_exact(bits);
    if (l->cluster_bits < 9 || l->cluster_bits > 21) {
        return bad(errp, "Cluster size must be a power of two between 512 and 2048k");
    }
    if (l->refcount_order > 6) {
        return bad(errp, "Refcount width must be a power of two and may not exceed 64 bits");
    }
    if (l->version < 3 && (l->refcount_order != 4 || l->lazy || l->compression)) {
        return bad(errp, "refcount_bits other than 16, lazy_refcounts and compression_type=zstd "
                         "need compat=1.1");
    }
    if (l->backing && l->prealloc) {
        return bad(errp,
                   "Backing file and preallocation can only be used at the same time by qemu-img");
    }
    if (l->backing && strlen(l->backing) > 1023) {
        return bad(errp, "Backing file name too long");
    }
    if (l->backing && !l->backing_format) {
        return bad(errp, "backing_file needs backing_fmt");
    }
    if (l->backing && !has_size) {
        g_autofree char *path = block_resolve_filename(filename, l->backing);
        BlockOptions *sub = block_options_new();
        BlockNode *node;

        block_options_set(sub, "driver", l->backing_format);
        node = block_open(path, sub, BLOCK_OPEN_NO_LOCK, errp);
        if (!node) {
            return false;
        }
        l->size = (uint64_t)block_length(node);
        block_unref(node);
        has_size = true;
    }
    if (!has_size) {
        return bad(errp, "Parameter 'size' is missing");
    }
    l->size = ROUND_UP(l->size, BLOCK_SECTOR_SIZE);
    return true;
}

static bool make_layout(Layout *l, GError **errp)
{
    unsigned l1_shift = l->cluster_bits * 2 - 3;
    uint64_t per_block = 1ull << (l->cluster_bits + 3 - l->refcount_order), before;

    if (l->size > INT64_MAX - (1ull << l1_shift) ||
        (l->l1_entries = DIV_ROUND_UP(l->size, 1ull << l1_shift)) > QCOW2_MAX_L1_BYTES / 8) {
        return bad(errp, "The image size is too large for this cluster size");
    }
    l->l1_clusters = DIV_ROUND_UP(l->l1_entries * 8, l->cluster_size);
    do {
        before = l->total;
        l->total = 1 + l->table_clusters + l->blocks + l->l1_clusters;
        l->blocks = DIV_ROUND_UP(l->total, per_block);
        l->table_clusters = DIV_ROUND_UP(l->blocks * 8, l->cluster_size);
    } while (l->total != before);
    return true;
}

static void put_extension(uint8_t *header, size_t *at, uint32_t type, const void *data,
                          uint32_t size)
{
    stl_be_p(header + *at, type);
    stl_be_p(header + *at + 4, size);
    memcpy(header + *at + 8, data, size);
    *at += 8 + ROUND_UP(size, 8);
}

/* Names of feature bits, for programs that do not know them. */
static void put_features(uint8_t *header, size_t *at, size_t room)
{
    static const struct { uint8_t type, bit; const char *name;
    } rows[] = {
        {0, 0, "dirty bit"},        {0, 1, "corrupt bit"},         {0, 2, "external data file"},
        {0, 3, "compression type"}, {0, 4, "extended L2 entries"}, {1, 0, "lazy refcounts"},
        {2, 0, "bitmaps"},          {2, 1, "raw external data"},
    };
    uint8_t table[G_N_ELEMENTS(rows)][48] = {{0}};

    if (*at + 8 + sizeof(table) + 8 > room) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        table[i][0] = rows[i].type;
        table[i][1] = rows[i].bit;
        memcpy(table[i] + 2, rows[i].name, strlen(rows[i].name));
    }
    put_extension(header, at, QCOW2_EXT_FEATURES, table, sizeof(table));
}

static bool put_header(const Layout *l, uint8_t *h, GError **errp)
{
    size_t at = l->version < 3 ? QCOW2_H_V2_SIZE : QCOW2_H_V3_SIZE;
    size_t name = l->backing ? strlen(l->backing) : 0;

    stl_be_p(h, QCOW2_MAGIC);
    stl_be_p(h + QCOW2_H_VERSION, l->version);
    stl_be_p(h + QCOW2_H_CLUSTER_BITS, l->cluster_bits);
    stq_be_p(h + QCOW2_H_SIZE, l->size);
    stl_be_p(h + QCOW2_H_L1_SIZE, (uint32_t)l->l1_entries);
    stq_be_p(h + QCOW2_H_L1_OFFSET,
             l->l1_entries ? (l->total - l->l1_clusters) << l->cluster_bits : 0);
    stq_be_p(h + QCOW2_H_REFTABLE_OFFSET, l->cluster_size);
    stl_be_p(h + QCOW2_H_REFTABLE_CLUSTERS, (uint32_t)l->table_clusters);
    if (l->version >= 3) {
        stq_be_p(h + QCOW2_H_INCOMPAT, l->compression ? QCOW2_INCOMPAT_COMPRESSION : 0);
        stq_be_p(h + QCOW2_H_COMPAT, l->lazy ? QCOW2_COMPAT_LAZY : 0);
        stl_be_p(h + QCOW2_H_REFCOUNT_ORDER, l->refcount_order);
        stl_be_p(h + QCOW2_H_LENGTH, QCOW2_H_V3_SIZE);
        h[QCOW2_H_COMPRESSION] = (uint8_t)l->compression;
    }
    if (l->backing_format && l->backing) {
        put_extension(h, &at, (uint32_t)QCOW2_EXT_BACKING_FORMAT, l->backing_format,
                      (uint32_t)MIN(strlen(l->backing_format), 15u));
    }
    if (l->version >= 3) {
        put_features(h, &at, l->cluster_size - name);
    }
    at += 8; /* the end of extensions: zeroes */
    if (at + name > l->cluster_size) {
        return bad(errp, "Backing file name too long for this cluster size");
    }
    if (name) {
        memcpy(h + at, l->backing, name);
        stq_be_p(h + QCOW2_H_BACKING_OFFSET, at);
        stl_be_p(h + QCOW2_H_BACKING_SIZE, (uint32_t)name);
    }
    return true;
}

/* Everything but the L1 table, which is a hole. */
static bool write_image(const Layout *l, const char *filename, GError **errp)
{
    Qcow2State s = {.refcount_order = l->refcount_order}; /* for the packing of counts */
    uint64_t per_block = 1ull << (l->cluster_bits + 3 - l->refcount_order);
    uint64_t meta = 1 + l->table_clusters + l->blocks;
    g_autofree uint8_t *buf = g_try_malloc0(meta << l->cluster_bits);
    BlockOptions *options = block_options_new();
    BlockNode *file;
    bool good;
    int ret;

    good = buf && block_driver_file.create(filename, options, errp);
    block_options_free(options);
    if (!good || !put_header(l, buf, errp)) {
        return false;
    }
    for (uint64_t i = 0; i < l->blocks; i++) {
        stq_be_p(buf + l->cluster_size + i * 8, (1 + l->table_clusters + i) << l->cluster_bits);
    }
    for (uint64_t c = 0; c < l->total; c++) {
        qcow2_refcount_set(&s, buf + ((1 + l->table_clusters + c / per_block) << l->cluster_bits),
                           c % per_block, 1);
    }
    file = block_open_protocol(filename, BLOCK_OPEN_RDWR, errp);
    if (!file) {
        return false;
    }
    good = block_truncate(file, (int64_t)(l->total << l->cluster_bits), BLOCK_PREALLOC_OFF, errp);
    ret = good ? block_pwrite(file, 0, buf, (int64_t)(meta << l->cluster_bits)) : 0;
    if (ret == 0) {
        ret = block_flush(file);
    }
    block_unref(file);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not write '%s'", filename);
    }
    return good && ret == 0;
}

static bool preallocate(const Layout *l, const char *filename, GError **errp)
{
    BlockOptions *options = block_options_new();
    BlockNode *node;
    int64_t end, old;
    int ret;
    bool good;

    block_options_set(options, "driver", "qcow2");
    node = block_open(filename, options, BLOCK_OPEN_RDWR, errp);
    if (!node) {
        return false;
    }
    old = block_length(node->file);
    ret = qcow2_preallocate(node);
    if (ret == 0) {
        ret = block_flush(node);
    }
    good = ret == 0;
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not preallocate '%s'", filename);
    } else if (l->prealloc > BLOCK_PREALLOC_METADATA) {
        /* The hole that the data clusters are becomes real space. */
        end = block_length(node->file);
        for (int64_t at = old; at < end && good;) {
            int64_t n = MIN(end - at, 1 << 30);
            int64_t run;
            int status = block_status(node->file, at, n, &run);

            if (status & BLOCK_STATUS_ZERO) {
                ret = block_pwrite_zeroes(node->file, at, run, 0);
                good = ret == 0;
            }
            at += run;
        }
        if (!good) {
            error_setg_errno(errp, -ret, "Could not preallocate '%s'", filename);
        }
    }
    block_unref(node);
    return good;
}

bool qcow2_create(const char *filename, BlockOptions *options, GError **errp)
{
    Layout l = {0};
    bool good = take_options(&l, filename, options, errp) && make_layout(&l, errp) &&
                write_image(&l, filename, errp) && (!l.prealloc || preallocate(&l, filename, errp));

    g_free(l.backing);
    g_free(l.backing_format);
    return good;
}
