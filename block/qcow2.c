/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Format `qcow2`, versions 2 and 3 (specification: docs/interop/qcow2 of QEMU): header, extensions,
 * opening, closing. Left out, and refused with a message: encryption, external data files, extended
 * L2 entries. Persistent bitmaps are kept as they are until the first write, which marks them as
 * out of date.
 */
#include <string.h>
#include "qcow2.h"
#include "util/error.h"

static int qcow2_probe(const uint8_t *buf, size_t size, const char *filename)
{
    return size >= 8 && (uint32_t)ldl_be_p(buf) == QCOW2_MAGIC && (uint32_t)ldl_be_p(buf + 4) >= 2
               ? 100
               : 0;
}

/* ---- Features ---- */

int qcow2_switch(Qcow2State *s, uint64_t offset, const void *bytes, const void *old, size_t size)
{
    int ret = block_pwrite(s->node->file, (int64_t)offset, bytes, (int64_t)size);

    if (ret < 0 && block_pwrite(s->node->file, (int64_t)offset, old, (int64_t)size) < 0) {
        warn_report("qcow2 image '%s': tables could not be switched (%s); no more writes until it "
                    "is opened again",
                    s->node->filename, g_strerror(-ret));
        s->broken = true;
    }
    return ret;
}

int qcow2_write_features(Qcow2State *s, uint64_t incompat, uint64_t autoclear)
{
    uint8_t fields[24];
    int ret;

    stq_be_p(fields, incompat);
    stq_be_p(fields + 8, s->compat);
    stq_be_p(fields + 16, autoclear);
    ret = block_pwrite(s->node->file, QCOW2_H_INCOMPAT, fields, sizeof(fields));
    if (ret == 0) {
        ret = block_flush(s->node->file);
    }
    if (ret == 0) {
        s->incompat = incompat;
        s->autoclear = autoclear;
    }
    return ret;
}

int qcow2_prepare_write(Qcow2State *s)
{
    int ret = 0;

    if (s->broken) {
        return -EIO;
    }
    if (!s->write_prepared) {
        if (s->autoclear) {
            ret = qcow2_write_features(s, s->incompat, 0);
        }
        s->write_prepared = ret == 0;
    }
    return ret;
}

/* ---- Header ---- */

static bool bad(GError **errp, const char *text)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "qcow2: %s", text);
    return false;
}

/* Names of feature bits that we do not know, from the image's own table. */
static bool unsupported(const uint8_t *names, uint32_t size, uint64_t bits, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned bit = 0; bit < 64; bit++) {
        const char *known = bit == 2   ? "external data file"
                            : bit == 4 ? "extended L2 entries"
                                       : NULL;
        char name[47] = "";

        if (!(bits & (1ull << bit))) {
            continue;
        }
        for (uint32_t i = 0; i + 48 <= size; i += 48) {
            if (names[i] == 0 && names[i + 1] == bit) {
                memcpy(name, names + i + 2, 46);
            }
        }
        g_strdelimit(name, "\n\r\t\x1b", ' ');
        if (*name || known) {
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", *name ? name : known);
        } else {
            g_string_append_printf(text, "%sUnknown incompatible feature: %" PRIx64,
                                   text->len ? ", " : "", (uint64_t)1 << bit);
        }
    }
    error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "Unsupported qcow2 feature(s): %s", text->str);
    return false;
}

typedef struct Extensions {
    const uint8_t *features;
    uint32_t features_size;
    bool crypto;
} Extensions;

static bool parse_extensions(BlockNode *node, const uint8_t *cluster, uint64_t end, Extensions *e,
                             GError **errp)
{
    Qcow2State *s = node->opaque;
    uint64_t at = s->header_length;

    while (at + 8 <= end) {
        uint32_t type = (uint32_t)ldl_be_p(cluster + at),
                 size = (uint32_t)ldl_be_p(cluster + at + 4);
        const uint8_t *data = cluster + at + 8;

        if (type == QCOW2_EXT_END) {
            return true;
        }
        if (size > end - at - 8) {
            return bad(errp, "Header extension too large");
        }
        switch (type) {
        case (uint32_t)QCOW2_EXT_BACKING_FORMAT:
            if (size >= 16) {
                return bad(errp, "Backing format name too long");
            }
            g_free(node->backing_format);
            node->backing_format = g_strndup((const char *)data, size);
            break;
        case QCOW2_EXT_FEATURES:
            e->features = data;
            e->features_size = size;
            break;
        case QCOW2_EXT_BITMAPS:
            if (s->version >= 3 && size >= 24) {
                s->nb_bitmaps = (uint32_t)ldl_be_p(data);
                s->bitmap_directory_size = ldq_be_p(data + 8);
                s->bitmap_directory = ldq_be_p(data + 16);
            }
            break;
        case QCOW2_EXT_CRYPTO:
            e->crypto = true;
            break;
        default:
            break;
        }
        at += 8 + ROUND_UP((uint64_t)size, 8);
    }
    return true;
}

static bool aligned_table(const Qcow2State *s, uint64_t offset, uint64_t bytes)
{
    return !(offset & (s->cluster_size - 1)) && offset <= INT64_MAX - bytes;
}

/* Fields of fixed place. */
static bool parse_fields(Qcow2State *s, const uint8_t *h, int64_t file_size, GError **errp)
{
    uint32_t bits = (uint32_t)ldl_be_p(h + QCOW2_H_CLUSTER_BITS);
    uint64_t l1_needed;

    s->version = (uint32_t)ldl_be_p(h + QCOW2_H_VERSION);
    if ((uint32_t)ldl_be_p(h) != QCOW2_MAGIC) {
        return bad(errp, "Image is not in qcow2 format");
    }
    if (s->version < 2 || s->version > 3) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "Unsupported qcow2 version %u", s->version);
        return false;
    }
    if (bits < 9 || bits > 21) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Unsupported cluster size: 2^%u", bits);
        return false;
    }
    s->cluster_bits = bits;
    s->cluster_size = 1u << bits;
    s->l2_bits = bits - 3;
    s->header_length = QCOW2_H_V2_SIZE;
    s->incompat = s->compat = s->autoclear = 0;
    s->refcount_order = 4;
    s->compression = 0;
    if (s->version >= 3) {
        s->header_length = (uint32_t)ldl_be_p(h + QCOW2_H_LENGTH);
        s->incompat = ldq_be_p(h + QCOW2_H_INCOMPAT);
        s->compat = ldq_be_p(h + QCOW2_H_COMPAT);
        s->autoclear = ldq_be_p(h + QCOW2_H_AUTOCLEAR);
        s->refcount_order = (uint32_t)ldl_be_p(h + QCOW2_H_REFCOUNT_ORDER);
        if (s->header_length < 104) {
            return bad(errp, "qcow2 header too short");
        }
        if (s->header_length > QCOW2_H_COMPRESSION) {
            s->compression = h[QCOW2_H_COMPRESSION];
        }
    }
    if (s->header_length > s->cluster_size) {
        return bad(errp, "qcow2 header exceeds cluster size");
    }
    if (s->refcount_order > 6) {
        return bad(errp, "Reference count entry width too large; may not exceed 64 bits");
    }
    s->refblock_bits = bits + 3 - s->refcount_order;
    if (!!(s->incompat & QCOW2_INCOMPAT_COMPRESSION) != !!s->compression) {
        return bad(errp,
                   "Compression type incompatible feature bit and compression type do not agree");
    }
    if (s->compression > 1) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "qcow2: unknown compression type: %u",
                  s->compression);
        return false;
    }
    s->size = ldq_be_p(h + QCOW2_H_SIZE);
    s->l1_size = (uint32_t)ldl_be_p(h + QCOW2_H_L1_SIZE);
    s->l1_offset = ldq_be_p(h + QCOW2_H_L1_OFFSET);
    s->reftable_offset = ldq_be_p(h + QCOW2_H_REFTABLE_OFFSET);
    s->reftable_clusters = (uint32_t)ldl_be_p(h + QCOW2_H_REFTABLE_CLUSTERS);
    s->nb_snapshots = (uint32_t)ldl_be_p(h + QCOW2_H_NB_SNAPSHOTS);
    s->snapshots_offset = ldq_be_p(h + QCOW2_H_SNAPSHOTS_OFFSET);
    l1_needed = qcow2_size_to_l1(s, s->size);
    if (s->size > INT64_MAX || l1_needed > QCOW2_MAX_L1_BYTES / 8) {
        return bad(errp, "Image is too big");
    }
    s->l1_vm_index = (uint32_t)l1_needed;
    if (s->l1_size > QCOW2_MAX_L1_BYTES / 8) {
        return bad(errp, "Active L1 table too large");
    }
    if (s->l1_size < s->l1_vm_index) {
        return bad(errp, "L1 table is too small");
    }
    if (!aligned_table(s, s->l1_offset, s->l1_size * 8ull) || (s->l1_size && !s->l1_offset)) {
        return bad(errp, "Active L1 table offset invalid");
    }
    if (!s->reftable_clusters) {
        return bad(errp, "Image does not contain a reference count table");
    }
    if (s->reftable_clusters > QCOW2_MAX_REFTABLE >> bits) {
        return bad(errp, "Image refcount table too large");
    }
    if (!s->reftable_offset || !aligned_table(s, s->reftable_offset, QCOW2_MAX_REFTABLE)) {
        return bad(errp, "Reference count table offset invalid");
    }
    /* Tables that would lie far behind the end of the file are no reason to ask for their size of
     * memory. */
    if ((int64_t)(s->l1_offset + s->l1_size * 8ull) > file_size + (int64_t)s->cluster_size ||
        (int64_t)s->reftable_offset >= file_size) {
        return bad(errp, "Tables lie behind the end of the file");
    }
    if (s->nb_snapshots > QCOW2_MAX_SNAPSHOTS) {
        return bad(errp, "Snapshot table too large");
    }
    if (!aligned_table(s, s->snapshots_offset, QCOW2_MAX_SNAPTABLE)) {
        return bad(errp, "Snapshot table offset invalid");
    }
    return true;
}

static bool parse_backing(BlockNode *node, const uint8_t *cluster, uint64_t *end, GError **errp)
{
    Qcow2State *s = node->opaque;
    uint64_t offset = ldq_be_p(cluster + QCOW2_H_BACKING_OFFSET);
    uint32_t size = (uint32_t)ldl_be_p(cluster + QCOW2_H_BACKING_SIZE);

    *end = s->cluster_size;
    if (!offset) {
        return true;
    }
    if (offset > s->cluster_size) {
        return bad(errp, "Invalid backing file offset");
    }
    if (size > MIN(1023u, s->cluster_size - offset)) {
        return bad(errp, "Backing file name too long");
    }
    if (offset > s->header_length) {
        *end = offset;
    }
    g_free(node->backing_name);
    node->backing_name = g_strndup((const char *)cluster + offset, size);
    if (!*node->backing_name) {
        g_clear_pointer(&node->backing_name, g_free);
    }
    return true;
}

static bool parse_header(BlockNode *node, GError **errp)
{
    Qcow2State *s = node->opaque;
    uint8_t fixed[QCOW2_H_V3_SIZE];
    g_autofree uint8_t *cluster = NULL;
    Extensions extensions = {0};
    uint64_t end, unknown;
    int64_t file_size = block_length(node->file);
    uint32_t crypt;
    int ret = file_size < 0 ? (int)file_size : block_pread(node->file, 0, fixed, sizeof(fixed));

    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not read qcow2 header");
        return false;
    }
    if (!parse_fields(s, fixed, file_size, errp)) {
        return false;
    }
    cluster = g_malloc0(s->cluster_size);
    ret = block_pread(node->file, 0, cluster, s->cluster_size);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not read qcow2 header");
        return false;
    }
    if (!parse_backing(node, cluster, &end, errp) ||
        !parse_extensions(node, cluster, end, &extensions, errp)) {
        return false;
    }
    unknown = s->incompat & ~(uint64_t)(QCOW2_INCOMPAT_DIRTY | QCOW2_INCOMPAT_CORRUPT |
                                        QCOW2_INCOMPAT_COMPRESSION);
    if (unknown) {
        return unsupported(extensions.features, extensions.features_size, unknown, errp);
    }
    crypt = (uint32_t)ldl_be_p(fixed + QCOW2_H_CRYPT);
    if (crypt || extensions.crypto) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "encrypted images are not supported (%s)",
                  crypt == 1 ? "AES" : crypt == 2 ? "LUKS" : "unknown method");
        return false;
    }
    if ((s->incompat & QCOW2_INCOMPAT_CORRUPT) && (node->flags & BLOCK_OPEN_RDWR) &&
        !(node->flags & BLOCK_OPEN_CHECK)) {
        error_set(errp, GOSSAMER_ERROR_FAILED,
                  "qcow2: Image is corrupt; cannot be opened read/write (qemu-img check -r all may "
                  "repair it)");
        return false;
    }
    return true;
}

/* ---- Opening ---- */

static void unload(Qcow2State *s)
{
    qcow2_cache_destroy(s);
    qcow2_free_snapshots(s);
    g_clear_pointer(&s->l1, g_free);
    g_clear_pointer(&s->reftable, g_free);
    g_clear_pointer(&s->metadata, g_hash_table_unref);
    g_clear_pointer(&s->inflated, g_free);
    g_clear_pointer(&s->snapshot_l1, g_free);
    if (s->free_queue) {
        g_array_unref(g_steal_pointer(&s->free_queue));
    }
    s->l1_dirty_from = s->l1_dirty_to = 0;
    s->inflated_entry = s->free_hint = s->bitmap_directory = s->bitmap_directory_size = 0;
    s->nb_bitmaps = s->l1_size = s->reftable_size = 0;
    s->write_prepared = s->broken = s->damage_told = false;
}

static bool read_reftable(Qcow2State *s, GError **errp)
{
    uint64_t bytes = (uint64_t)s->reftable_clusters << s->cluster_bits;
    int ret;

    s->reftable_size = (uint32_t)(bytes / 8);
    s->reftable = g_try_malloc(bytes);
    ret = s->reftable
              ? block_pread(s->node->file, (int64_t)s->reftable_offset, s->reftable, (int64_t)bytes)
              : -ENOMEM;
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not read refcount table");
        return false;
    }
    for (uint32_t i = 0; i < s->reftable_size; i++) {
        s->reftable[i] = be64_to_cpu(s->reftable[i]);
    }
    return true;
}

/* What is free is looked for in all blocks: were there more of them than the file has, that had no
 * end. */
static bool check_refblocks(Qcow2State *s, GError **errp)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    int64_t size = block_length(s->node->file);

    if ((s->node->flags & (BLOCK_OPEN_RDWR | BLOCK_OPEN_CHECK | BLOCK_OPEN_INACTIVE)) !=
        BLOCK_OPEN_RDWR) {
        return true;
    }
    for (uint32_t i = 0; i < s->reftable_size; i++) {
        uint64_t offset = s->reftable[i] & ~QCOW2_REFTABLE_RESERVED;

        if (offset && (size < 0 || offset >= (uint64_t)size ||
                       !g_hash_table_add(seen, GSIZE_TO_POINTER(offset)))) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "qcow2: refcount block %u at offset %#" PRIx64 " %s; cannot be "
                      "opened read/write (qemu-img check -r all may repair it)",
                      i, offset,
                      size < 0 || offset >= (uint64_t)size ? "lies behind the end of the file"
                                                           : "is there twice");
            return false;
        }
    }
    return true;
}

/* A dirty image has counts that may be too small. */
static bool repair_dirty(Qcow2State *s, GError **errp)
{
    BlockCheckResult result = {0};
    int ret;

    if (!(s->incompat & QCOW2_INCOMPAT_DIRTY) ||
        (s->node->flags & (BLOCK_OPEN_RDWR | BLOCK_OPEN_CHECK | BLOCK_OPEN_INACTIVE)) !=
            BLOCK_OPEN_RDWR) {
        return true;
    }
    mutex_lock(&s->lock);
    ret = qcow2_check_locked(s, &result, BLOCK_FIX_LEAKS | BLOCK_FIX_ERRORS);
    if (ret == 0 && (result.check_errors || result.corruptions > result.corruptions_fixed)) {
        ret = -EIO;
    }
    if (ret == 0) {
        ret = qcow2_write_features(s, s->incompat & ~(uint64_t)QCOW2_INCOMPAT_DIRTY, s->autoclear);
    }
    mutex_unlock(&s->lock);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not repair dirty image");
    }
    return ret == 0;
}

static bool load(BlockNode *node, GError **errp)
{
    Qcow2State *s = node->opaque;
    int ret = 0;

    g_clear_pointer(&node->backing_name, g_free);
    g_clear_pointer(&node->backing_format, g_free);
    s->free_queue = g_array_new(FALSE, FALSE, sizeof(Qcow2Free));
    s->metadata = g_hash_table_new(NULL, NULL);
    if (!parse_header(node, errp)) {
        return false;
    }
    qcow2_cache_init(s);
    s->l1 = qcow2_read_l1(s, s->l1_offset, s->l1_size, &ret);
    if (!s->l1) {
        error_setg_errno(errp, -ret, "Could not read L1 table");
        return false;
    }
    if (!read_reftable(s, errp) || !check_refblocks(s, errp) || !qcow2_read_snapshots(s, errp)) {
        return false;
    }
    qcow2_rebuild_metadata_set(s);
    __atomic_store_n(&node->length, (int64_t)s->size, __ATOMIC_RELEASE);
    return repair_dirty(s, errp);
}

/* Sizes of caches and the like, which clients of QEMU set: the caches here need no tuning. */
static bool take_keys(BlockOptions *options, GError **errp)
{
    static const char *const ignored[] = {
        "lazy-refcounts",      "pass-discard-request", "pass-discard-snapshot",
        "pass-discard-other",  "overlap-check",        "overlap-check.template",
        "cache-size",          "l2-cache-size",        "l2-cache-entry-size",
        "refcount-cache-size", "cache-clean-interval", "discard-no-unref",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(ignored); i++) {
        g_free(block_options_take(options, ignored[i]));
    }
    if (block_options_get(options, "data-file") || block_options_get(options, "encrypt.format")) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "qcow2: external data files and encryption are not supported");
        return false;
    }
    return true;
}

static void qcow2_close(BlockNode *node)
{
    Qcow2State *s = node->opaque;

    unload(s);
    mutex_destroy(&s->lock);
    mutex_destroy(&s->inflate_lock);
    cond_destroy(&s->cond);
}

static bool qcow2_open(BlockNode *node, BlockOptions *options, GError **errp)
{
    Qcow2State *s = node->opaque;

    s->node = node;
    mutex_init(&s->lock);
    mutex_init(&s->inflate_lock);
    cond_init(&s->cond);
    g_queue_init(&s->ranges);
    if (take_keys(options, errp) && load(node, errp)) {
        return true;
    }
    qcow2_close(node);
    return false;
}

static bool qcow2_inactivate(BlockNode *node, GError **errp)
{
    int ret = qcow2_flush(node);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "Could not write metadata");
    }
    return ret == 0;
}

/* Another process has had the image: everything is read again. */
static bool qcow2_activate(BlockNode *node, GError **errp)
{
    Qcow2State *s = node->opaque;
    bool good;

    unload(s);
    node->flags &= ~(unsigned)BLOCK_OPEN_INACTIVE;
    good = load(node, errp);
    node->flags |= BLOCK_OPEN_INACTIVE;
    if (!good) {
        /* Nothing of it can be used, and the next attempt begins anew. */
        unload(s);
        s->broken = true;
    }
    return good;
}

/* ---- Facts ---- */

static bool qcow2_get_info(BlockNode *node, BlockInfo *info)
{
    Qcow2State *s = node->opaque;

    mutex_lock(&s->lock);
    info->cluster_size = s->cluster_size;
    info->vmstate_offset = qcow2_vm_offset(s);
    info->dirty = s->incompat & QCOW2_INCOMPAT_DIRTY;
    info->corrupt = s->incompat & QCOW2_INCOMPAT_CORRUPT;
    mutex_unlock(&s->lock);
    return true;
}

static json_t *qcow2_format_specific(BlockNode *node)
{
    Qcow2State *s = node->opaque;
    json_t *data = json_pack("{s:s, s:s}", "compat", s->version < 3 ? "0.10" : "1.1",
                             "compression-type", s->compression ? "zstd" : "zlib");

    json_object_set_new(data, "refcount-bits", json_integer(1 << s->refcount_order));
    if (s->version >= 3) {
        json_object_set_new(data, "lazy-refcounts", json_boolean(s->compat & QCOW2_COMPAT_LAZY));
        json_object_set_new(data, "corrupt", json_boolean(s->incompat & QCOW2_INCOMPAT_CORRUPT));
        json_object_set_new(data, "extended-l2", json_false());
    }
    return json_pack("{s:s, s:o}", "type", "qcow2", "data", data);
}

const BlockDriver block_driver_qcow2 = {
    .name = "qcow2",
    .instance_size = sizeof(Qcow2State),
    .has_backing = true,
    .probe = qcow2_probe,
    .open = qcow2_open,
    .close = qcow2_close,
    .preadv = qcow2_preadv,
    .pwritev = qcow2_pwritev,
    .pwrite_zeroes = qcow2_pwrite_zeroes,
    .pdiscard = qcow2_pdiscard,
    .flush = qcow2_flush,
    .truncate = qcow2_truncate,
    .status = qcow2_status,
    .get_info = qcow2_get_info,
    .format_specific = qcow2_format_specific,
    .check = qcow2_check,
    .inactivate = qcow2_inactivate,
    .activate = qcow2_activate,
    .snapshot_list = qcow2_snapshot_list,
    .snapshot_create = qcow2_snapshot_create,
    .snapshot_apply = qcow2_snapshot_apply,
    .snapshot_delete = qcow2_snapshot_delete,
    .write_vmstate = qcow2_write_vmstate,
    .read_vmstate = qcow2_read_vmstate,
    .discard_vmstate = qcow2_discard_vmstate,
    .create = qcow2_create,
};
