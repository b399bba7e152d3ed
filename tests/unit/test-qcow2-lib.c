/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of disk images share. */
#include <stdlib.h>
#include <string.h>
#include "test-qcow2.h"

static char *folder;

void test_begin(void)
{
    GError *error = NULL;

    folder = g_dir_make_tmp("gossamer-qcow2-XXXXXX", &error);
    g_assert_no_error(error);
}

int test_end(int status)
{
    block_cleanup();
    test_run("rm -rf '%s'", folder);
    g_free(folder);
    return status;
}

char *test_path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

bool test_has_qemu_img(void)
{
    g_autofree char *path = g_find_program_in_path("qemu-img");

    return path != NULL;
}

static char *run(const char *command)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)command, NULL}, *output = NULL;
    g_autofree char *errors = NULL;
    GError *error = NULL;
    int status = 0;

    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors, &status,
                 &error);
    g_assert_no_error(error);
    if (status) {
        g_error("%s: status %d\n%s%s", command, status, output, errors);
    }
    return output;
}

void test_run(const char *format, ...)
{
    g_autofree char *command = NULL, *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    /* A test may live under a limit of address space; a tool with many threads cannot. */
    command = g_strdup_printf("ulimit -S -v unlimited; %s", text);
    g_free(run(command));
}

char *test_output(const char *format, ...)
{
    g_autofree char *command = NULL;
    va_list args;

    va_start(args, format);
    command = g_strdup_vprintf(format, args);
    va_end(args);
    return run(command);
}

void test_create(const char *path, const char *options)
{
    GError *error = NULL;

    block_create("qcow2", path, block_options_parse(options, NULL, NULL), &error);
    g_assert_no_error(error);
}

BlockNode *test_open(const char *path, unsigned flags)
{
    BlockOptions *options = block_options_new();
    GError *error = NULL;
    BlockNode *node;

    block_options_set(options, "driver", "qcow2");
    node = block_open(path, options, flags, &error);
    g_assert_no_error(error);
    return node;
}

void test_check(BlockNode *node, unsigned fix, uint64_t leaks)
{
    BlockCheckResult result = {.messages = g_ptr_array_new_with_free_func(g_free)};
    GError *error = NULL;

    block_check(node, &result, fix, &error);
    g_assert_no_error(error);
    if (result.corruptions > result.corruptions_fixed || result.check_errors ||
        result.leaks - result.leaks_fixed > leaks) {
        for (guint i = 0; i < result.messages->len && i < 20; i++) {
            g_printerr("%s\n", (char *)g_ptr_array_index(result.messages, i));
        }
        g_error("%" G_GUINT64_FORMAT " corruptions, %" G_GUINT64_FORMAT " leaks in %s",
                result.corruptions, result.leaks, block_filename(node));
    }
    g_ptr_array_unref(result.messages);
}

uint8_t *test_make_image(unsigned kind, gsize *size)
{
    g_autofree char *path = test_path("seed.qcow2"), *raw = test_path("seed.raw");
    g_autofree uint8_t *buf = g_malloc(100000);
    BlockNode *node;
    char *image;

    memset(buf, 0x5a, 100000);
    if (test_has_qemu_img() && kind < 2) {
        /* Compressed clusters only come from there. */
        g_file_set_contents(raw, (const char *)buf, 100000 & ~511, NULL);
        test_run(
            "qemu-img convert -c -f raw -O qcow2 -o cluster_size=%d,compression_type=%s '%s' '%s'",
            kind ? 4096 : 512, kind ? "zstd" : "zlib", raw, path);
        if (kind) {
            test_run("qemu-img bitmap --add -f qcow2 '%s' bits", path);
        }
    } else {
        test_create(path, kind == 2 ? "size=100000,cluster_size=512"
                                    : "compat=0.10,size=100000,cluster_size=1024");
    }
    node = test_open(path, BLOCK_OPEN_RDWR);
    for (unsigned i = 0; i < 2; i++) {
        BlockSnapshot info = {.name = (char *)"snap", .vm_state_size = 5000};

        g_assert_cmpint(block_pwrite(node, 3000 * (i + 1), buf, 9000), ==, 0);
        g_assert_cmpint(block_write_vmstate_buf(node, 0, buf, 5000), ==, 0);
        g_assert_true(block_snapshot_create(node, &info, NULL));
        g_free(info.id);
    }
    block_unref(node);
    g_assert_true(g_file_get_contents(path, &image, size, NULL));
    return (uint8_t *)image;
}

void test_use(BlockNode *node, uint8_t *buf)
{
    int64_t length = block_length(node);
    g_autoptr(GArray) list = block_snapshot_list(node, NULL);
    BlockCheckResult result = {0};
    json_t *specific = block_format_specific(node);

    json_decref(specific);
    for (int64_t at = 0; at < length && at < 200000; at += 7000) {
        int64_t run;

        block_pread(node, at, buf, MIN(7000, length - at));
        g_assert_cmpint(block_status(node, at, length - at, &run) < 0 || run > 0, !=, 0);
    }
    block_pread(node, MAX(length - 512, 0), buf, 512);
    for (guint i = 0; i < list->len && i < 4; i++) {
        block_read_vmstate(node, g_array_index(list, BlockSnapshot, i).id, 0, buf, 3000);
    }
    block_check(node, &result, 0, NULL);
    if (block_is_read_only(node)) {
        return;
    }
    block_pwrite(node, MIN(length / 3, 50000), buf, MIN(6000, length - length / 3));
    block_pwrite_zeroes(node, 0, MIN(9000, length), BLOCK_REQ_MAY_UNMAP);
    block_pdiscard(node, 0, MIN(30000, length));
    block_write_vmstate_buf(node, 100, buf, 3000);
    block_flush(node);
    if (list->len) {
        BlockSnapshot info = {.name = (char *)"more"};

        block_snapshot_apply(node, g_array_index(list, BlockSnapshot, 0).id, NULL, NULL);
        block_snapshot_delete(node, g_array_index(list, BlockSnapshot, list->len - 1).id, NULL,
                              NULL);
        block_snapshot_create(node, &info, NULL);
        g_free(info.id);
    }
    block_truncate(node, 65536, BLOCK_PREALLOC_OFF, NULL);
    block_check(node, &result, BLOCK_FIX_LEAKS | BLOCK_FIX_ERRORS, NULL);
}

static gpointer write_thread(gpointer data)
{
    TestWriter *w = data;
    g_autofree uint8_t *model = g_malloc0(w->size), *buf = g_malloc(w->size);

    for (uint32_t i = 0; i < w->requests; i++) {
        uint32_t offset, size;

        w->seed = w->seed * 1664525u + 1013904223u;
        offset = (w->seed >> 8) % (w->size - 1024);
        size = MIN((w->seed >> 4) % 30000 + 1, w->size - 1024 - offset);
        switch (w->seed >> 30) {
        case 0:
            g_assert_cmpint(block_pwrite_zeroes(w->node, w->offset + offset, size,
                                                i & 1 ? BLOCK_REQ_MAY_UNMAP : 0),
                            ==, 0);
            memset(model + offset, 0, size);
            break;
        case 1:
            g_assert_cmpint(block_pread(w->node, w->offset + offset, buf, size), ==, 0);
            g_assert_cmpint(memcmp(buf, model + offset, size), ==, 0);
            break;
        default:
            memset(model + offset, (int)(w->seed >> 16), size);
            g_assert_cmpint(block_pwrite(w->node, w->offset + offset, model + offset, size), ==, 0);
        }
        if (i % 50 == 0) {
            g_assert_cmpint(block_flush(w->node), ==, 0);
        }
    }
    g_assert_cmpint(block_pread(w->node, w->offset, buf, w->size - 1024), ==, 0);
    g_assert_cmpint(memcmp(buf, model, w->size - 1024), ==, 0);
    return NULL;
}

void test_writer_start(TestWriter *writer, BlockNode *node, int64_t offset, uint32_t size,
                       uint32_t requests, uint32_t seed)
{
    *writer = (TestWriter){node, offset, size, requests, seed, NULL};
    writer->thread = g_thread_new("writer", write_thread, writer);
}

void test_writer_join(TestWriter *writer)
{
    g_thread_join(writer->thread);
}
