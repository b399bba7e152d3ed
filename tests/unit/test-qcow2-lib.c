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

    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors, &status, &error);
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
    if (result.corruptions > result.corruptions_fixed || result.check_errors || result.leaks - result.leaks_fixed > leaks) {
        for (guint i = 0; i < result.messages->len && i < 20; i++) {
            g_printerr("%s\n", (char *)g_ptr_array_index(result.messages, i));
        }
        g_error("%" G_GUINT64_FORMAT " corruptions, %" G_GUINT64_FORMAT " leaks in %s", result.corruptions,
                result.leaks, block_filename(node));
    }
    g_ptr_array_unref(result.messages);
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
            g_assert_cmpint(block_pwrite_zeroes(w->node, w->offset + offset, size, i & 1 ? BLOCK_REQ_MAY_UNMAP : 0),
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

void test_writer_start(TestWriter *writer, BlockNode *node, int64_t offset, uint32_t size, uint32_t requests,
                       uint32_t seed)
{
    *writer = (TestWriter){node, offset, size, requests, seed, NULL};
    writer->thread = g_thread_new("writer", write_thread, writer);
}

void test_writer_join(TestWriter *writer)
{
    g_thread_join(writer->thread);
}
