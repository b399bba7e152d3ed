/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images that qemu-img and qemu-io made, read and changed here, and the reverse: contents,
 * snapshots in their list, VM state, chains, bitmaps, features that are refused.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include "test-qcow2.h"

static bool skip(void)
{
    if (!test_has_qemu_img()) {
        g_test_skip("qemu-img is not installed (qemu-utils)");
        return true;
    }
    return false;
}

static void expect(BlockNode *node, int64_t offset, int64_t size, int byte)
{
    g_autofree uint8_t *buf = g_malloc((gsize)size);

    g_assert_cmpint(block_pread(node, offset, buf, size), ==, 0);
    for (int64_t i = 0; i < size; i++) {
        if (buf[i] != byte) {
            g_error("byte %" G_GINT64_FORMAT " is %#x, not %#x", offset + i, buf[i], byte);
        }
    }
}

/* Theirs: every option of qemu-img create. */
static void test_theirs(void)
{
    static const char *const options[] = {
        "compat=1.1",
        "compat=0.10",
        "cluster_size=512",
        "cluster_size=2M",
        "refcount_bits=1",
        "refcount_bits=2",
        "refcount_bits=4",
        "refcount_bits=8",
        "refcount_bits=32",
        "refcount_bits=64",
        "lazy_refcounts=on",
        "compression_type=zstd",
        "preallocation=metadata",
        "preallocation=falloc",
        "preallocation=full",
        "cluster_size=4096,compat=0.10",
    };
    g_autofree char *path = test_path("theirs.qcow2");

    if (skip()) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        BlockNode *node;

        g_unlink(path);
        test_run("qemu-img create -q -f qcow2 -o %s '%s' 5M", options[i], path);
        test_run("qemu-io -f qcow2 -c 'write -P 17 100k 300k' -c 'write -z 200k 64k' -c 'write -P "
                 "18 4M 1000k' "
                 "-c 'discard 4200k 64k' '%s'",
                 path);
        if (!strstr(options[i], "compat=0.10")) {
            test_run("qemu-io -f qcow2 -c 'write -z -u 300k 10k' '%s'", path);
        } else {
            test_run("qemu-io -f qcow2 -c 'write -P 0 300k 10k' '%s'", path);
        }
        node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
        g_assert_cmpint(block_length(node), ==, 5 << 20);
        expect(node, 100 << 10, 100 << 10, 17);
        expect(node, 200 << 10, 64 << 10, 0);
        expect(node, 264 << 10, 36 << 10, 17);
        expect(node, 300 << 10, 10 << 10, 0);
        expect(node, 310 << 10, 90 << 10, 17);
        expect(node, 4 << 20, 100 << 10, 18);
        expect(node, 0, 100 << 10, 0);
        test_check(node, 0, 0);
        g_assert_cmpint(block_pwrite_zeroes(node, 110 << 10, 200 << 10, BLOCK_REQ_MAY_UNMAP), ==,
                        0);
        block_unref(node);
        test_run("qemu-img check -q '%s'", path);
        test_run("qemu-io -f qcow2 -c 'read -P 17 100k 10k' -c 'read -P 0 110k 200k' -c 'read -P "
                 "17 310k 90k' '%s'",
                 path);
    }
}

static void test_compressed(void)
{
    g_autofree char *path = test_path("compressed.qcow2"), *raw = test_path("compressed.raw");
    static const char *const types[] = {"zlib", "zstd"};
    g_autofree uint8_t *data = g_malloc(3 << 20), *back = g_malloc(3 << 20);

    if (skip()) {
        return;
    }
    for (unsigned i = 0; i < 3 << 20; i++) {
        data[i] = (uint8_t)((i >> 9) * 7 + (i & (i >> 12 & 15)));
    }
    g_file_set_contents(raw, (const char *)data, 3 << 20, NULL);
    for (unsigned i = 0; i < 4; i++) {
        BlockNode *node;

        test_run(
            "qemu-img convert -c -f raw -O qcow2 -o compression_type=%s,cluster_size=%s '%s' '%s'",
            types[i & 1], i & 2 ? "64k" : "4k", raw, path);
        node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
        g_assert_cmpint(block_pread(node, 0, back, 3 << 20), ==, 0);
        g_assert_cmpint(memcmp(data, back, 3 << 20), ==, 0);
        test_check(node, 0, 0);
        for (unsigned n = 0; n < 100; n++) {
            uint32_t at = (uint32_t)g_test_rand_int_range(0, (3 << 20) - 3000);

            memset(back, (int)n, 3000);
            g_assert_cmpint(block_pwrite(node, at, back, 3000), ==, 0);
            memset(data + at, (int)n, 3000);
        }
        g_assert_cmpint(block_pdiscard(node, 1 << 20, 256 << 10), ==, 0);
        memset(data + (1 << 20), 0, 256 << 10);
        block_unref(node);
        g_file_set_contents(raw, (const char *)data, 3 << 20, NULL);
        test_run("qemu-img check -q '%s'", path);
        test_run("qemu-img compare -q -f qcow2 -F raw '%s' '%s'", path, raw);
    }
}

static void test_their_snapshots(void)
{
    g_autofree char *path = test_path("snapshots.qcow2");
    BlockNode *node;
    g_autoptr(GArray) list = NULL;
    BlockSnapshot info = {.name = (char *)"ours", .date_sec = 1700000000};

    if (skip()) {
        return;
    }
    test_run("qemu-img create -q -f qcow2 -o cluster_size=4k '%s' 4M", path);
    test_run("qemu-io -f qcow2 -c 'write -P 1 0 2M' '%s'; qemu-img snapshot -c one '%s'", path,
             path);
    test_run("qemu-io -f qcow2 -c 'write -P 2 1M 2M' '%s'; qemu-img snapshot -c two '%s'", path,
             path);
    test_run("qemu-io -f qcow2 -c 'write -P 3 512k 100k' '%s'", path);
    node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
    list = block_snapshot_list(node, NULL);
    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpstr(g_array_index(list, BlockSnapshot, 1).name, ==, "two");
    test_check(node, 0, 0);
    expect(node, 512 << 10, 100 << 10, 3);
    g_assert_true(block_snapshot_create(node, &info, NULL));
    g_free(info.id);
    g_assert_true(block_snapshot_apply(node, NULL, "one", NULL));
    expect(node, 0, 2 << 20, 1);
    expect(node, 2 << 20, 2 << 20, 0);
    g_assert_true(block_snapshot_delete(node, NULL, "one", NULL));
    g_assert_cmpint(block_pwrite_zeroes(node, 0, 4096, 0), ==, 0);
    g_assert_true(block_snapshot_apply(node, NULL, "two", NULL));
    expect(node, 1 << 20, 2 << 20, 2);
    test_check(node, 0, 0);
    block_unref(node);
    /* And back. */
    test_run("qemu-img check -q '%s'", path);
    test_run("qemu-img snapshot -l '%s' | grep -q ours", path);
    test_run("qemu-img snapshot -a ours '%s' && qemu-io -f qcow2 -c 'read -P 3 512k 100k' '%s'",
             path, path);
    test_run("qemu-img check -q '%s'", path);
    test_run(
        "qemu-img snapshot -d two '%s' && qemu-img snapshot -d ours '%s' && qemu-img check -q '%s'",
        path, path, path);
    node = test_open(path, BLOCK_OPEN_RDWR);
    test_check(node, 0, 0);
    expect(node, 512 << 10, 100 << 10, 3);
    block_unref(node);
}

/* What savevm leaves, as qemu-img lists it. */
static void test_list(void)
{
    static const char *const compats[] = {"1.1", "0.10"};
    g_autofree char *path = test_path("list.qcow2");
    g_autofree uint8_t *state = g_malloc(3 << 20), *back = g_malloc(3 << 20);

    if (skip()) {
        return;
    }
    for (unsigned i = 0; i < 3 << 20; i++) {
        state[i] = (uint8_t)(i * 31 + (i >> 11));
    }
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *options = g_strdup_printf("size=10M,compat=%s", compats[i]), *text = NULL;
        BlockSnapshot info = {.name = (char *)"before update",
                              .vm_state_size = 3 << 20,
                              .date_sec = 1700000000,
                              .date_nsec = 123456789,
                              .vm_clock_nsec = 3723004000000ull,
                              .icount = UINT64_MAX};
        BlockNode *node;
        BlockSnapshot found;

        test_create(path, options);
        node = test_open(path, BLOCK_OPEN_RDWR);
        g_assert_cmpint(block_write_vmstate_buf(node, 0, state, 1 << 20), ==, 0);
        g_assert_cmpint(block_write_vmstate_buf(node, 1 << 20, state + (1 << 20), 2 << 20), ==, 0);
        g_assert_true(block_snapshot_create(node, &info, NULL));
        g_free(info.id);
        block_unref(node);
        text = test_output("TZ=UTC qemu-img snapshot -l '%s'", path);
        g_assert_nonnull(strstr(text, "before update"));
        g_assert_nonnull(strstr(text, "3 MiB"));
        g_assert_nonnull(strstr(text, "2023-11-14 22:13:20"));
        g_assert_nonnull(strstr(text, "01:02:03.004"));
        test_run("qemu-img check -q '%s'", path);
        node = test_open(path, 0);
        g_assert_true(block_snapshot_find(node, NULL, "before update", &found));
        g_assert_cmpuint(found.date_nsec, ==, 123456789);
        g_assert_cmpuint(found.vm_clock_nsec, ==, 3723004000000ull);
        g_assert_cmpuint(found.disk_size, ==, 10 << 20);
        g_assert_cmpint(block_read_vmstate(node, found.id, 0, back, 3 << 20), ==, 0);
        g_assert_cmpint(memcmp(state, back, 3 << 20), ==, 0);
        block_snapshot_clear(&found);
        block_unref(node);
    }
}

static void test_chain(void)
{
    g_autofree char *a = test_path("a.raw"), *b = test_path("b.qcow2"), *c = test_path("c.qcow2"),
                    *loop = NULL;
    BlockOptions *options;
    BlockNode *node;
    BlockInfo info;
    GError *error = NULL;

    if (skip()) {
        return;
    }
    test_run("qemu-img create -q -f raw '%s' 1M && qemu-io -f raw -c 'write -P 1 0 1M' '%s'", a, a);
    test_run("qemu-img create -q -f qcow2 -b a.raw -F raw '%s' 2M && qemu-io -f qcow2 -c 'write -P "
             "2 100k 100k' '%s'",
             b, b);
    test_create(c, "backing_file=b.qcow2,backing_fmt=qcow2,cluster_size=4k");
    node = test_open(c, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_length(node), ==, 2 << 20);
    g_assert_true(block_get_info(node, &info));
    g_assert_cmpstr(info.backing_name, ==, "b.qcow2");
    g_assert_cmpstr(block_driver_name(block_backing_child(block_backing_child(node))), ==, "raw");
    expect(node, 0, 100 << 10, 1);
    expect(node, 100 << 10, 100 << 10, 2);
    expect(node, 1 << 20, 1 << 20, 0);
    g_assert_cmpint(block_pwrite_zeroes(node, 150 << 10, 100 << 10, 0), ==, 0);
    g_assert_cmpint(block_pwrite(node, 7, "x", 1), ==, 0);
    block_unref(node);
    test_run(
        "qemu-io -f qcow2 -c 'read -P 1 8 4000' -c 'read -P 2 100k 50k' -c 'read -P 0 150k 100k' "
        "-c 'read -P 1 250k 700k' '%s' > '%s.log' && ! grep -q failed '%s.log'",
        c, c, c);
    test_run("qemu-img check -q '%s'", c);
    /* In a circle. */
    test_run("qemu-img rebase -u -b c.qcow2 -F qcow2 '%s'", b);
    loop = g_strdup(c);
    g_assert_null(block_open(loop, NULL, 0, &error));
    g_assert_nonnull(strstr(error->message, "in a circle"));
    g_error_free(error);
    /* Below itself, by the name of its node. */
    error = NULL;
    test_run("qemu-img rebase -u -F raw -b 'json:{\"driver\":\"raw\",\"file\":\"top\"}' '%s'", c);
    options = block_options_parse("driver=qcow2,node-name=top", NULL, NULL);
    g_assert_null(block_open(c, options, 0, &error));
    g_assert_nonnull(strstr(error->message, "Node 'top' is being opened"));
    g_error_free(error);
    error = NULL;
    test_run("qemu-img rebase -u -F raw -b "
             "'json:{\"driver\":\"raw\",\"node-name\":\"x\",\"file\":\"x\"}' '%s'",
             c);
    g_assert_null(block_open(c, NULL, 0, &error));
    g_assert_nonnull(strstr(error->message, "Node 'x' is being opened"));
    g_error_free(error);
    test_run("qemu-img rebase -u -b b.qcow2 -F qcow2 '%s'", c);
    /* A backing file that is not there, with both names. */
    error = NULL;
    test_run("qemu-img rebase -u -b gone.raw -F raw '%s'", b);
    g_assert_null(block_open(c, NULL, 0, &error));
    g_assert_nonnull(strstr(error->message, "gone.raw"));
    g_assert_nonnull(strstr(error->message, "Could not open backing file"));
    g_error_free(error);
}

static void refused(const char *path, unsigned flags, const char *message)
{
    GError *error = NULL;

    g_assert_null(block_open(path, NULL, flags, &error));
    if (!strstr(error->message, message)) {
        g_error("'%s' does not say '%s'", error->message, message);
    }
    g_error_free(error);
}

static void test_refused(void)
{
    g_autofree char *path = test_path("refused.qcow2");

    if (skip()) {
        return;
    }
    test_run("qemu-img create -q -f qcow2 -o extended_l2=on '%s' 1M", path);
    refused(path, 0, "extended L2 entries");
    test_run("qemu-img create -q -f qcow2 -o data_file='%s.data' '%s' 1M", path, path);
    refused(path, 0, "external data file");
    test_run("qemu-img create -q -f qcow2 '%s' 1M && printf '\\0\\0\\0\\2' | "
             "dd of='%s' bs=1 seek=32 conv=notrunc status=none", path, path);
    refused(path, 0, "encrypted images are not supported (LUKS)");
    test_run("qemu-img create -q -f vmdk '%s' 1M", path);
    refused(path, 0, "format 'vmdk', which is not supported");
    test_run("qemu-img create -q -f qcow2 '%s' 1M && printf '\\0\\0\\0\\0\\0\\0\\0\\2' | "
             "dd of='%s' bs=1 seek=72 conv=notrunc status=none", path, path);
    refused(path, BLOCK_OPEN_RDWR, "Image is corrupt");
    block_unref(test_open(path, 0));
}

/* A bitmap is whole until something is written; then it must not claim to be. */
static void test_bitmaps(void)
{
    g_autofree char *path = test_path("bitmap.qcow2"), *text = NULL;
    BlockNode *node;

    if (skip()) {
        return;
    }
    test_run("qemu-img create -q -f qcow2 '%s' 4M && qemu-img bitmap --add -f qcow2 '%s' bits",
             path, path);
    node = test_open(path, BLOCK_OPEN_RDWR);
    test_check(node, 0, 0);
    block_unref(node);
    text = test_output("qemu-img info '%s'", path);
    g_assert_nonnull(strstr(text, "bits"));
    node = test_open(path, BLOCK_OPEN_RDWR);
    g_assert_cmpint(block_pwrite(node, 0, "x", 1), ==, 0);
    block_unref(node);
    g_free(text);
    text = test_output("qemu-img info '%s' 2>/dev/null", path);
    g_assert_null(strstr(text, "name: bits"));
    test_run("qemu-img check -q '%s' 2>/dev/null; r=$?; test $r = 0 -o $r = 3", path);
}

/* Dirty: counts are put right before anything else. Leaks: on request. */
static void test_repair(void)
{
    g_autofree char *path = test_path("repair.qcow2");
    BlockNode *node;

    if (skip()) {
        return;
    }
    test_run("qemu-img create -q -f qcow2 -o lazy_refcounts=on,cluster_size=4k '%s' 4M", path);
    test_run("qemu-io -f qcow2 -c 'write -P 5 0 1M' -c 'sigraise 9' '%s' >/dev/null 2>&1; true",
             path);
    node = test_open(path, BLOCK_OPEN_RDWR);
    expect(node, 0, 1 << 20, 5);
    test_check(node, 0, 0);
    block_unref(node);
    test_run("qemu-img check -q '%s'", path);
    /* A count too high: the first cluster that is data. */
    test_create(path, "size=1M,cluster_size=4k");
    test_run("printf '\\0\\1' | dd of='%s' bs=1 seek=$((8192 + 200)) conv=notrunc status=none",
             path);
    node = test_open(path, BLOCK_OPEN_RDWR);
    test_check(node, BLOCK_FIX_LEAKS, 1);
    test_check(node, 0, 0);
    block_unref(node);
    test_run("qemu-img check -q '%s'", path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_begin();
    g_test_add_func("/qcow2/interop/theirs", test_theirs);
    g_test_add_func("/qcow2/interop/compressed", test_compressed);
    g_test_add_func("/qcow2/interop/snapshots", test_their_snapshots);
    g_test_add_func("/qcow2/interop/list", test_list);
    g_test_add_func("/qcow2/interop/chain", test_chain);
    g_test_add_func("/qcow2/interop/refused", test_refused);
    g_test_add_func("/qcow2/interop/bitmaps", test_bitmaps);
    g_test_add_func("/qcow2/interop/repair", test_repair);
    return test_end(g_test_run());
}
