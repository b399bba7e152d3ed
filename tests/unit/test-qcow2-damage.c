/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that lie, byte by byte: tables that overlap, repeat or are missing. Each must give an error, or
 * what it says; none may be work without end, memory that is not ours, or another image's bytes.
 */
#include <stdlib.h>
#include <string.h>
#include "test-qcow2.h"
#include "util/bswap.h"

enum { H_L1_SIZE = 36, H_L1_OFFSET = 40, H_REFTABLE = 48, H_NB_SNAPSHOTS = 60, H_SNAPSHOTS = 64, H_INCOMPAT = 72 };

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
    g_assert_true(g_file_set_contents(image->path, (const char *)image->data, (gssize)image->size, NULL));
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

        at = (at + 40 + (uint32_t)ldl_be_p(h + 36) + lduw_be_p(h + 12) + lduw_be_p(h + 14) + 7) & ~7ull;
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_begin();
    g_test_add_func("/qcow2/damage/snapshot-tables", test_snapshot_tables);
    g_test_add_func("/qcow2/damage/discard-vmstate", test_discard_vmstate);
    return test_end(g_test_run());
}
