/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of disk images share: a folder of their own, images, qemu-img. */
#ifndef TEST_QCOW2_H
#define TEST_QCOW2_H

#include "block/block.h"

void test_begin(void);
/* Removes the folder; the exit status. */
int test_end(int status);
/* A path in the folder (g_free). */
char *test_path(const char *name);
bool test_has_qemu_img(void);
/* A shell command that must succeed. */
void test_run(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Its output (g_free). */
char *test_output(const char *format, ...) G_GNUC_PRINTF(1, 2);
void test_create(const char *path, const char *options);
BlockNode *test_open(const char *path, unsigned flags);
/* Fails for corruption, or for more than `leaks` leaks. */
void test_check(BlockNode *node, unsigned fix, uint64_t leaks);

/* An image with some of everything; kind 0 to 3 (g_free). */
uint8_t *test_make_image(unsigned kind, gsize *size);
/* Everything that can be asked of an image, also a damaged one. buf: 16384 bytes. */
void test_use(BlockNode *node, uint8_t *buf);

/* A thread that writes and reads a part of a node that is its own. */
typedef struct TestWriter {
    BlockNode *node;
    int64_t offset;
    uint32_t size, requests, seed;
    GThread *thread;
} TestWriter;
void test_writer_start(TestWriter *writer, BlockNode *node, int64_t offset, uint32_t size,
                       uint32_t requests, uint32_t seed);
void test_writer_join(TestWriter *writer);

#endif
