/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 against a model in memory: random writes, zeroes, discards, snapshots, VM state, sizes and
 * reopening, over versions, cluster sizes, widths of counts and backing files. qemu-img, where it
 * is installed, judges the images.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include "test-qcow2.h"

typedef struct Case {
    const char *options;       /* of the new image, without its size */
    bool backing;
    unsigned size;             /* in bytes */
} Case;

static const Case cases[] = {
    {"", false, 3 << 20},
    {"cluster_size=512", false, 1 << 20},
    {"cluster_size=4096,refcount_bits=8", true, 2 << 20},
    {"cluster_size=2M", false, 9 << 20},
    {"compat=0.10,cluster_size=1024", false, 1 << 20},
    {"compat=0.10,cluster_size=4096", true, 1 << 20},
    {"cluster_size=512,refcount_bits=64", true, 700 * 1024},
    {"cluster_size=8192,refcount_bits=32,lazy_refcounts=on", false, 2 << 20},
    {"cluster_size=4096,refcount_bits=4", false, 2 << 20},
    {"cluster_size=4096,refcount_bits=2", true, 2 << 20},
    {"cluster_size=4096,refcount_bits=1", false, 2 << 20},
    {"cluster_size=1024,preallocation=metadata", false, 1 << 20},
};

enum { MAX_SIZE = 16 << 20, MAX_SNAPSHOTS = 6, VM_SIZE = 200000, STEPS = 600 };

typedef struct Saved {
    char *id;
    uint8_t *disk, *vm;
    uint64_t size;
} Saved;

typedef struct World {
    const Case *config;
    char *path, *model_path;
    BlockNode *node;
    uint8_t *disk, *vm;
    uint64_t size;
    bool vm_valid;
    Saved saved[MAX_SNAPSHOTS];
    unsigned n_saved;
    uint64_t refcount_max;
} World;

static uint32_t below(uint32_t n)
{
    return (uint32_t)g_test_rand_int_range(0, (gint32)n);
}

static void fill(uint8_t *buf, size_t size)
{
    uint32_t seed = (uint32_t)g_test_rand_int();

    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        buf[i] = (uint8_t)(seed >> 24);
    }
}

static void reopen(World *w)
{
    block_unref(w->node);
    w->node = test_open(w->path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
    g_assert_cmpint(block_length(w->node), ==, (gint64)w->size);
}

static void step_io(World *w, uint8_t *buf)
{
    uint32_t offset, size, kind = below(10);
    int ret = 0;

    if (w->size < 1024) {
        return;
    }
    offset = below((uint32_t)w->size - 512);
    size = below(below(4) ? 20000 : 400000) + 1;
    size = MIN(size, (uint32_t)w->size - offset);
    if (below(2)) {
        offset &= ~511u;
        size = MAX(size & ~511u, 512);
    }
    if (kind < 4) {
        struct iovec iov[] = {{buf, size / 2}, {buf + size / 2, size - size / 2}};
        IOVector v = {iov, 2, size};

        fill(buf, size);
        ret = block_pwritev(w->node, offset, &v, below(20) ? 0 : BLOCK_REQ_FUA);
        memcpy(w->disk + offset, buf, size);
    } else if (kind < 6) {
        ret = block_pwrite_zeroes(w->node, offset, size, below(2) ? BLOCK_REQ_MAY_UNMAP : 0);
        memset(w->disk + offset, 0, size);
    } else if (kind < 7) {
        ret = block_pdiscard(w->node, offset, size);
        /* What a discard leaves is the image's choice. */
        g_assert_cmpint(block_pread(w->node, offset, w->disk + offset, size), ==, 0);
    } else {
        ret = block_pread(w->node, offset, buf, size);
        g_assert_cmpint(memcmp(buf, w->disk + offset, size), ==, 0);
    }
    g_assert_cmpint(ret, ==, 0);
}

static void step_vm(World *w, uint8_t *buf)
{
    uint32_t from = below(VM_SIZE), size = below(60000) + 1;

    size = MIN(size, VM_SIZE - from);
    if (!w->vm_valid) {
        from = 0;
        size = VM_SIZE;
        w->vm_valid = true;
    }
    fill(buf, size);
    g_assert_cmpint(block_write_vmstate_buf(w->node, from, buf, size), ==, 0);
    memcpy(w->vm + from, buf, size);
    g_assert_cmpint(block_read_vmstate(w->node, NULL, 0, buf, VM_SIZE), ==, 0);
    g_assert_cmpint(memcmp(buf, w->vm, VM_SIZE), ==, 0);
}

static void step_create(World *w)
{
    BlockSnapshot info = {.name = (char *)"name",
                          .vm_state_size = w->vm_valid ? VM_SIZE : 0,
                          .date_sec = 1700000000,
                          .date_nsec = 5,
                          .vm_clock_nsec = 12345};
    Saved *saved = &w->saved[w->n_saved];
    GError *error = NULL;
    bool good;

    if (w->n_saved == MAX_SNAPSHOTS) {
        return;
    }
    good = block_snapshot_create(w->node, &info, &error);
    if (!good && w->n_saved + 1 >= w->refcount_max) {
        g_assert_nonnull(strstr(error->message, "refcount_bits"));
        g_error_free(error);
        return;
    }
    g_assert_no_error(error);
    saved->id = info.id;
    saved->size = w->size;
    saved->disk = g_memdup2(w->disk, w->size);
    saved->vm = w->vm_valid ? g_memdup2(w->vm, VM_SIZE) : NULL;
    w->n_saved++;
    w->vm_valid = false;
}

static void step_apply(World *w, uint8_t *buf)
{
    Saved *saved = &w->saved[below(w->n_saved)];
    GError *error = NULL;
    bool good = block_snapshot_apply(w->node, saved->id, NULL, &error);

    if (!good && w->refcount_max < MAX_SNAPSHOTS + 1) {
        g_error_free(error);
        return;
    }
    g_assert_no_error(error);
    w->size = saved->size;
    memcpy(w->disk, saved->disk, w->size);
    memset(w->disk + w->size, 0, MAX_SIZE - w->size);
    w->vm_valid = false;
    if (saved->vm) {
        g_assert_cmpint(block_read_vmstate(w->node, saved->id, 0, buf, VM_SIZE), ==, 0);
        g_assert_cmpint(memcmp(buf, saved->vm, VM_SIZE), ==, 0);
        g_assert_cmpint(block_read_vmstate(w->node, saved->id, 1, buf, VM_SIZE), ==, -EIO);
    }
}

static void drop_saved(World *w, unsigned index)
{
    g_free(w->saved[index].id);
    g_free(w->saved[index].disk);
    g_free(w->saved[index].vm);
    memmove(&w->saved[index], &w->saved[index + 1], (w->n_saved - index - 1) * sizeof(Saved));
    w->n_saved--;
}

static void step_resize(World *w)
{
    uint64_t size = below((uint32_t)w->config->size * 3 / 2) & ~511u;
    GError *error = NULL;

    if (strstr(w->config->options, "compat=0.10") && w->n_saved) {
        g_assert_false(block_truncate(w->node, (int64_t)size, BLOCK_PREALLOC_OFF, &error));
        g_assert_nonnull(strstr(error->message, "v2 image"));
        g_error_free(error);
        return;
    }
    if (size > w->size && strstr(w->config->options, "compat=0.10") && w->config->backing) {
        return;
    }
    block_truncate(w->node, (int64_t)size, BLOCK_PREALLOC_OFF, &error);
    g_assert_no_error(error);
    if (size < w->size) {
        memset(w->disk + size, 0, MAX_SIZE - size);
    }
    w->size = size;
    w->vm_valid = false;
}

static void compare(World *w, uint8_t *buf)
{
    if (w->size) {
        g_assert_cmpint(block_pread(w->node, 0, buf, (int64_t)w->size), ==, 0);
        g_assert_cmpint(memcmp(buf, w->disk, w->size), ==, 0);
    }
}

static void judge(World *w, uint8_t *buf)
{
    compare(w, buf);
    g_assert_cmpint(block_flush(w->node), ==, 0);
    test_check(w->node, 0, 0);
    if (test_has_qemu_img()) {
        g_file_set_contents(w->model_path, (const char *)w->disk, (gssize)w->size, NULL);
        test_run("qemu-img check -U -q '%s'", w->path);
        test_run("qemu-img compare -U -q -f qcow2 -F raw '%s' '%s'", w->path, w->model_path);
    }
}

static void run_case(gconstpointer data)
{
    const Case *config = data;
    World w = {.config = config,
               .path = test_path("random.qcow2"),
               .model_path = test_path("random.raw"),
               .size = config->size};
    g_autofree char *base = test_path("base.raw"), *text = NULL;
    g_autofree uint8_t *buf = g_malloc(MAX_SIZE + VM_SIZE);
    const char *bits = strstr(config->options, "refcount_bits=");
    unsigned width = bits ? (unsigned)atoi(bits + 14) : 16;

    w.disk = g_malloc0(MAX_SIZE);
    w.vm = g_malloc0(VM_SIZE);
    w.refcount_max = width > 31 ? UINT32_MAX : (1u << width) - 1;
    if (config->backing) {
        /* Shorter than the image. */
        fill(w.disk, config->size * 2 / 3 & ~511u);
        g_file_set_contents(base, (const char *)w.disk, config->size * 2 / 3 & ~511u, NULL);
    }
    text = g_strdup_printf("size=%u%s%s%s%s%s", config->size, *config->options ? "," : "",
                           config->options, config->backing ? ",backing_fmt=raw,backing_file=" : "",
                           config->backing ? base : "", "");
    test_create(w.path, text);
    w.node = test_open(w.path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
    judge(&w, buf);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned what = below(100);

        if (what < 85) {
            step_io(&w, buf);
        } else if (what < 88) {
            step_vm(&w, buf);
        } else if (what < 90) {
            step_create(&w);
        } else if (what < 92 && w.n_saved) {
            step_apply(&w, buf);
        } else if (what < 94 && w.n_saved) {
            unsigned index = below(w.n_saved);

            g_assert_true(block_snapshot_delete(w.node, w.saved[index].id, NULL, NULL));
            drop_saved(&w, index);
        } else if (what < 95) {
            step_resize(&w);
        } else if (what < 97) {
            g_assert_cmpint(block_flush(w.node), ==, 0);
        } else if (what < 98) {
            reopen(&w);
            w.vm_valid = false;
            compare(&w, buf);
        } else if (what < 99) {
            g_assert_cmpint(block_flush(w.node), ==, 0);
            test_check(w.node, 0, 0);
        }
        if (i % 200 == 199) {
            judge(&w, buf);
        }
    }
    while (w.n_saved) {
        drop_saved(&w, 0);
    }
    block_unref(w.node);
    g_free(w.disk);
    g_free(w.vm);
    g_free(w.path);
    g_free(w.model_path);
}

/* Many writers at once, over allocation, zeroes and snapshots. */
static void test_parallel(void)
{
    enum { THREADS = 6, EACH = 1 << 20 };
    g_autofree char *path = test_path("parallel.qcow2");
    BlockNode *node;
    TestWriter writers[THREADS];

    test_create(path, "size=6M,cluster_size=4096");
    node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
    for (unsigned i = 0; i < THREADS; i++) {
        test_writer_start(&writers[i], node, i * EACH + (i ? 512 : 0), EACH, 400,
                          (uint32_t)g_test_rand_int());
    }
    for (unsigned i = 0; i < 8; i++) {
        BlockSnapshot info = {.name = (char *)"x"};

        g_assert_true(block_snapshot_create(node, &info, NULL));
        g_usleep(10000);
        if (i & 1) {
            g_assert_true(block_snapshot_delete(node, info.id, NULL, NULL));
        }
        block_snapshot_clear(&(BlockSnapshot){.id = info.id});
    }
    for (unsigned i = 0; i < THREADS; i++) {
        test_writer_join(&writers[i]);
    }
    g_assert_cmpint(block_flush(node), ==, 0);
    test_check(node, 0, 0);
    block_unref(node);
    if (test_has_qemu_img()) {
        test_run("qemu-img check -q '%s'", path);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_begin();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name =
            g_strdup_printf("/qcow2/random/%s%s", *cases[i].options ? cases[i].options : "default",
                            cases[i].backing ? ",backing" : "");

        g_test_add_data_func(name, &cases[i], run_case);
    }
    g_test_add_func("/qcow2/parallel", test_parallel);
    return test_end(g_test_run());
}
