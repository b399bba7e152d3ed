/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that lie, byte by byte: tables that overlap, repeat or are missing. Each must give an
 * error, or what it says; none may be work without end, memory that is not ours, or another image's
 * bytes.
 */
#include <stdlib.h>
#include <string.h>
#include "test-qcow2.h"
#include "block/blockdev.h"
#include "util/bswap.h"

enum {
    H_L1_SIZE = 36,
    H_L1_OFFSET = 40,
    H_REFTABLE = 48,
    H_NB_SNAPSHOTS = 60,
    H_SNAPSHOTS = 64,
    H_INCOMPAT = 72
};

typedef struct Image {
    char *path;
    uint8_t *data;
    gsize size;
} Image;

static void image_load(Image *image)
{
    g_free(image->data);
    g_assert_true(g_file_get_contents(image->path, (char **)&image->data, &image->size, NULL));
}

static void image_save(const Image *image)
{
    g_assert_true(
        g_file_set_contents(image->path, (const char *)image->data, (gssize)image->size, NULL));
}

static void image_free(Image *image)
{
    g_free(image->path);
    g_free(image->data);
}

/* Head of the snapshot of that index; the tests' have no odd sizes. */
static uint8_t *snapshot_at(Image *image, unsigned index)
{
    uint64_t at = ldq_be_p(image->data + H_SNAPSHOTS);

    while (index--) {
        const uint8_t *h = image->data + at;

        at = (at + 40 + (uint32_t)ldl_be_p(h + 36) + lduw_be_p(h + 12) + lduw_be_p(h + 14) + 7) &
             ~7ull;
    }
    return image->data + at;
}

/* Two snapshots "one" and "two" with VM state of that byte each. */
static Image make_snapshots(const char *name)
{
    Image image = {.path = test_path(name)};
    g_autofree uint8_t *state = g_malloc(5000);
    BlockNode *node;

    test_create(image.path, "size=100000,cluster_size=512");
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    for (unsigned i = 0; i < 2; i++) {
        BlockSnapshot info = {.name = (char *)(i ? "two" : "one"), .vm_state_size = 5000};

        memset(state, 'a' + (int)i, 5000);
        g_assert_cmpint(block_pwrite(node, 0, state, 5000), ==, 0);
        g_assert_cmpint(block_write_vmstate_buf(node, 0, state, 5000), ==, 0);
        g_assert_true(block_snapshot_create(node, &info, NULL));
        g_free(info.id);
    }
    block_unref(node);
    image_load(&image);
    return image;
}

static bool all(const uint8_t *buf, size_t size, int byte)
{
    for (size_t i = 0; i < size; i++) {
        if (buf[i] != byte) {
            return false;
        }
    }
    return true;
}

/* Two snapshots at one L1 table, of which the first sees less; one that has state and no table. */
static void test_snapshot_tables(void)
{
    Image image = make_snapshots("tables.qcow2");
    uint8_t *one = snapshot_at(&image, 0), *two = snapshot_at(&image, 1);
    g_autofree uint8_t *buf = g_malloc(5000);
    BlockNode *node;

    memcpy(one, two, 8);
    stl_be_p(one + 8, 1);
    image_save(&image);
    node = test_open(image.path, 0);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpint(block_read_vmstate(node, "1", 0, buf, 5000), ==, 0);
        g_assert_true(all(buf, 5000, 0));
        g_assert_cmpint(block_read_vmstate(node, "2", 0, buf, 5000), ==, 0);
        g_assert_true(all(buf, 5000, 'b'));
    }
    block_unref(node);
    stl_be_p(one + 8, 0);
    image_save(&image);
    node = test_open(image.path, 0);
    g_assert_cmpint(block_read_vmstate(node, "1", 0, buf, 5000), ==, -EIO);
    g_assert_cmpint(block_read_vmstate(node, "2", 0, buf, 5000), ==, 0);
    block_unref(node);
    image_free(&image);
}

/* An L1 table whose entries from `from` on are all the one at `from`. */
static void repeat_l2(Image *image, uint32_t from)
{
    uint8_t *l1 = image->data + ldq_be_p(image->data + H_L1_OFFSET);
    uint32_t entries = (uint32_t)ldl_be_p(image->data + H_L1_SIZE);

    g_assert_cmpuint(from + 1, <, entries);
    g_assert_true(ldq_be_p(l1 + from * 8));
    for (uint32_t i = from + 1; i < entries; i++) {
        memcpy(l1 + i * 8, l1 + from * 8, 8);
    }
    image_save(image);
}

static void test_discard_vmstate(void)
{
    enum { L2_COVERS = 64 * 512, VM_INDEX = 4 };
    Image image = {.path = test_path("vmstate.qcow2")};
    g_autofree uint8_t *state = g_malloc0(L2_COVERS);
    BlockNode *node;

    test_create(image.path, "size=131072,cluster_size=512");
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_write_vmstate_buf(node, 0, state, L2_COVERS), ==, 0);
    g_assert_cmpint(block_write_vmstate_buf(node, L2_COVERS, state, L2_COVERS), ==, 0);
    g_assert_cmpint(block_discard_vmstate(node), ==, 0);
    g_assert_cmpint(block_flush(node), ==, 0);
    test_check(node, 0, 0);
    g_assert_cmpint(block_write_vmstate_buf(node, 0, state, L2_COVERS), ==, 0);
    block_unref(node);
    image_load(&image);
    repeat_l2(&image, VM_INDEX);
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_discard_vmstate(node), ==, -EIO);
    block_unref(node);
    image_free(&image);
}

/* Making a disk smaller goes over all tables that are cut off. */
static void test_shrink(void)
{
    Image image = {.path = test_path("shrink.qcow2")};
    GError *error = NULL;
    BlockNode *node;

    test_create(image.path, "size=200000,cluster_size=512");
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_pwrite(node, 32768, "x", 1), ==, 0);
    block_unref(node);
    image_load(&image);
    repeat_l2(&image, 1);
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_false(block_truncate(node, 1024, BLOCK_PREALLOC_OFF, &error));
    g_assert_nonnull(error);
    g_error_free(error);
    block_unref(node);
    image_free(&image);
}

static void open_refused(const char *path, unsigned flags, const char *message)
{
    GError *error = NULL;
    BlockOptions *options = block_options_parse("driver=qcow2", NULL, NULL);

    g_assert_null(block_open(path, options, flags, &error));
    if (!strstr(error->message, message)) {
        g_error("'%s' does not say '%s'", error->message, message);
    }
    g_error_free(error);
}

static BlockCheckResult check(const char *path, unsigned fix)
{
    BlockNode *node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_CHECK);
    BlockCheckResult result = {0};
    GError *error = NULL;

    block_check(node, &result, fix, &error);
    g_assert_no_error(error);
    block_unref(node);
    return result;
}

/* Every entry of the refcount table is the same block, or one far behind the end. */
static void test_refcount_blocks(void)
{
    static const char *const sizes[] = {"512", "65536"};

    for (unsigned i = 0; i < 4; i++) {
        Image image = {.path = test_path("refcounts.qcow2")};
        g_autofree char *options = g_strdup_printf("size=1M,cluster_size=%s", sizes[i & 1]);
        uint32_t clusters;
        uint64_t place, bits = i & 1 ? 16 : 9;
        BlockCheckResult result;

        test_create(image.path, options);
        image_load(&image);
        /* A table of 1 MiB at the end of the file. */
        clusters = (1 << 20) >> bits;
        place = (image.size + (1 << bits) - 1) >> bits << bits;
        image.data = g_realloc(image.data, place + (1 << 20));
        memset(image.data + image.size, 0, place + (1 << 20) - image.size);
        for (uint32_t n = 0; n < (1 << 20) / 8; n++) {
            const uint8_t *old = image.data + ldq_be_p(image.data + H_REFTABLE);

            stq_be_p(image.data + place + n * 8, !n || i < 2 ? ldq_be_p(old) : 1ull << 40);
        }
        image.size = place + (1 << 20);
        stq_be_p(image.data + H_REFTABLE, place);
        stl_be_p(image.data + H_REFTABLE + 8, clusters);
        image_save(&image);
        open_refused(image.path, BLOCK_OPEN_RDWR,
                     i < 2 ? "is there twice" : "lies behind the end of the file");
        block_unref(test_open(image.path, 0));
        result = check(image.path, BLOCK_FIX_ERRORS | BLOCK_FIX_LEAKS);
        g_assert_cmpuint(result.check_errors, ==, (1 << 20) / 8 - 1);
        g_assert_cmpuint(result.corruptions_fixed, ==, 0);
        /* One that is empty but for its ends: nothing in between is looked at. */
        for (uint32_t n = 1; n < (1 << 20) / 8; n++) {
            stq_be_p(image.data + place + n * 8, 0);
        }
        stq_be_p(image.data + place + (1 << 20) - 8, place + (1 << 20));
        image.data = g_realloc(image.data, image.size + (1 << bits));
        memset(image.data + image.size, 0, 1 << bits);
        image.size += 1 << bits;
        image_save(&image);
        result = check(image.path, 0);
        g_assert_cmpuint(result.check_errors, ==, 0);
        g_assert_cmpuint(result.corruptions, >, 0);
        image_free(&image);
    }
}

/* Dirty, and one L2 table for the whole of a disk: opening is not the time to go over it for ever.
 */
static void test_dirty(void)
{
    enum { ENTRIES = 1 << 20 };
    Image image = {.path = test_path("dirty.qcow2")};
    uint64_t l2, place;
    BlockNode *node;

    test_create(image.path, "size=1M,cluster_size=512,lazy_refcounts=on");
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_pwrite(node, 0, "x", 1), ==, 0);
    block_unref(node);
    image_load(&image);
    l2 = ldq_be_p(image.data + ldq_be_p(image.data + H_L1_OFFSET));
    place = (image.size + 511) & ~511ull;
    image.data = g_realloc(image.data, place + ENTRIES * 8);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        stq_be_p(image.data + place + i * 8, l2);
    }
    image.size = place + ENTRIES * 8;
    stq_be_p(image.data + 24, (uint64_t)ENTRIES * 64 * 512);
    stl_be_p(image.data + H_L1_SIZE, ENTRIES);
    stq_be_p(image.data + H_L1_OFFSET, place);
    stq_be_p(image.data + H_INCOMPAT, 1);
    image_save(&image);
    open_refused(image.path, BLOCK_OPEN_RDWR, "Could not repair dirty image");
    block_unref(test_open(image.path, 0));
    image_free(&image);
}

/* The other side has left rubbish: nothing of the old image may be used any more. */
static void test_activate(void)
{
    Image image = make_snapshots("activate.qcow2");
    BlockNode *node = test_open(image.path, BLOCK_OPEN_RDWR | BLOCK_OPEN_INACTIVE);
    g_autofree uint8_t *buf = g_malloc(16384);
    GArray *list;
    GError *error = NULL;

    test_run("cp '%s' '%s.good'", image.path, image.path);
    test_run("printf '\\0\\4\\0\\0\\0\\0\\0\\0' | dd of='%s' bs=1 seek=64 conv=notrunc status=none",
             image.path);
    g_assert_false(block_activate_all(&error));
    g_assert_nonnull(strstr(error->message, "snapshot table"));
    g_clear_error(&error);
    g_assert_cmpint(block_pread(node, 0, buf, 512), ==, -EIO);
    g_assert_cmpint(block_read_vmstate(node, NULL, 0, buf, 512), ==, -EIO);
    list = block_snapshot_list(node, NULL);
    g_assert_cmpuint(list->len, ==, 0);
    g_array_unref(list);
    test_use(node, buf);
    test_run("dd if='%s.good' of='%s' bs=64k conv=notrunc status=none", image.path, image.path);
    g_assert_true(block_activate_all(&error));
    g_assert_no_error(error);
    g_assert_cmpint(block_pread(node, 0, buf, 512), ==, 0);
    g_assert_true(all(buf, 512, 'b'));
    g_assert_cmpint(block_pwrite(node, 0, buf, 512), ==, 0);
    test_check(node, 0, 0);
    block_unref(node);
    image_free(&image);
}

/* A node that was there before the one that uses it: what is below is taken over first, for what is
 * above may have to write to it. */
static void test_activate_order(void)
{
    g_autofree char *path = test_path("order.qcow2");
    BlockOptions *options = block_options_new();
    BlockNode *file, *node;
    GError *error = NULL;

    test_create(path, "size=100000,cluster_size=512");
    block_options_set(options, "node-name", "below");
    block_options_set(options, "driver", "file");
    file = block_open(path, options, BLOCK_OPEN_RDWR, &error);
    g_assert_no_error(error);
    options = block_options_new();
    block_options_set(options, "driver", "qcow2");
    block_options_set(options, "file", "below");
    block_set_monitor_owned(file, true);
    node = block_open(NULL, options, BLOCK_OPEN_RDWR, &error);
    g_assert_no_error(error);
    g_assert_true(block_inactivate_all(NULL));
    /* Whoever had it left it dirty, so that it is repaired. */
    test_run("printf '\\1' | dd of='%s' bs=1 seek=79 conv=notrunc status=none", path);
    g_assert_true(block_activate_all(&error));
    g_assert_no_error(error);
    g_assert_cmpint(block_pwrite(node, 0, "x", 1), ==, 0);
    test_check(node, 0, 0);
    block_unref(node);
    block_unref(file);
}

/* A name that is no text stays as it is in the image, and is text for whoever asks. */
static void test_names(void)
{
    Image image = make_snapshots("names.qcow2");
    BlockSnapshot info = {.name = (char *)"three"}, found = {0};
    uint8_t *name = memmem(image.data, image.size, "one", 3);
    BlockNode *node;
    json_t *o;

    name[1] = 0xff;
    image_save(&image);
    node = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_true(block_snapshot_find(node, NULL, "o\xff" "e", &found));
    o = block_snapshot_to_json(&found);
    g_assert_cmpstr(json_string_value(json_object_get(o, "name")), ==, "o\xef\xbf\xbd" "e");
    json_decref(o);
    block_snapshot_clear(&found);
    g_assert_true(block_snapshot_create(node, &info, NULL));
    g_free(info.id);
    block_unref(node);
    node = test_open(image.path, 0);
    g_assert_true(block_snapshot_find(node, "1", "o\xff" "e", NULL));
    g_assert_true(block_snapshot_find(node, NULL, "three", NULL));
    block_unref(node);
    image_free(&image);
}

typedef struct Told {
    unsigned count;
    bool fatal;
} Told;
static Told told;

static void on_event(const char *name, json_t *data)
{
    g_assert_cmpstr(name, ==, "BLOCK_IMAGE_CORRUPTED");
    g_assert_nonnull(strstr(json_string_value(json_object_get(data, "msg")), "L2"));
    told.fatal = json_is_true(json_object_get(data, "fatal"));
    told.count++;
    json_decref(data);
}

/* Damage is told once, and what was not written to the disk is not called flushed. */
static void test_told(void)
{
    static const BlockHostOps ops = {.send_event = on_event};
    Image image = {.path = test_path("told.qcow2")};
    g_autofree uint8_t *buf = g_malloc0(512);
    BlockNode *writer;

    while (g_main_context_iteration(NULL, FALSE)) {
    }
    block_set_host_ops(&ops);
    test_create(image.path, "size=100000,cluster_size=1024");
    writer = test_open(image.path, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_pwrite(writer, 0, buf, 512), ==, 0);
    block_unref(writer);
    image_load(&image);
    image.data[ldq_be_p(image.data + H_L1_OFFSET) + 6] |= 2; /* 512 bytes into a cluster */
    image_save(&image);
    for (unsigned flags = 0; flags <= BLOCK_OPEN_RDWR; flags += BLOCK_OPEN_RDWR) {
        BlockNode *node = test_open(image.path, flags);

        told = (Told){0};
        for (unsigned i = 0; i < 3; i++) {
            g_assert_cmpint(block_pread(node, 0, buf, 512), ==, -EIO);
        }
        while (g_main_context_iteration(NULL, FALSE)) {
        }
        g_assert_cmpuint(told.count, ==, 1);
        g_assert_cmpint(told.fatal, ==, flags != 0);
        g_assert_cmpint(block_flush(node), ==, flags ? -EIO : 0);
        block_unref(node);
    }
    block_set_host_ops(&(BlockHostOps){0});
    image_free(&image);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_begin();
    g_test_add_func("/qcow2/damage/snapshot-tables", test_snapshot_tables);
    g_test_add_func("/qcow2/damage/discard-vmstate", test_discard_vmstate);
    g_test_add_func("/qcow2/damage/shrink", test_shrink);
    g_test_add_func("/qcow2/damage/refcount-blocks", test_refcount_blocks);
    g_test_add_func("/qcow2/damage/dirty", test_dirty);
    g_test_add_func("/qcow2/damage/activate", test_activate);
    g_test_add_func("/qcow2/damage/activate-order", test_activate_order);
    g_test_add_func("/qcow2/damage/told", test_told);
    g_test_add_func("/qcow2/damage/names", test_names);
    return test_end(g_test_run());
}
