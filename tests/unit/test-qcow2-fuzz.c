/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 with damaged images: every bit of the header and of the first tables flipped, random words in
 * random metadata. Whatever the file says, there is an answer or an error: no crash, no endless work, no
 * huge allocation. Run under the sanitizers to see what this alone does not show.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "test-qcow2.h"

static uint8_t *image;
static gsize image_size;
static unsigned opened, refused;

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* An image with some of everything. */
static void make_image(unsigned kind)
{
    g_autofree char *path = test_path("seed.qcow2"), *raw = test_path("seed.raw");
    g_autofree uint8_t *buf = g_malloc(100000);
    BlockNode *node;

    memset(buf, 0x5a, 100000);
    if (test_has_qemu_img() && kind < 2) {
        /* Compressed clusters only come from there. */
        g_file_set_contents(raw, (const char *)buf, 100000 & ~511, NULL);
        test_run("qemu-img convert -c -f raw -O qcow2 -o cluster_size=%d,compression_type=%s '%s' '%s'",
                 kind ? 4096 : 512, kind ? "zstd" : "zlib", raw, path);
        if (kind) {
            test_run("qemu-img bitmap --add -f qcow2 '%s' bits", path);
        }
    } else {
        test_create(path, kind == 2 ? "size=100000,cluster_size=512" : "compat=0.10,size=100000,cluster_size=1024");
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
    g_free(image);
    g_assert_true(g_file_get_contents(path, (char **)&image, &image_size, NULL));
}

/* Everything that can be asked of it. */
static void use(BlockNode *node, uint8_t *buf)
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
        block_snapshot_delete(node, g_array_index(list, BlockSnapshot, list->len - 1).id, NULL, NULL);
        block_snapshot_create(node, &info, NULL);
        g_free(info.id);
    }
    block_truncate(node, 65536, BLOCK_PREALLOC_OFF, NULL);
    block_check(node, &result, BLOCK_FIX_LEAKS | BLOCK_FIX_ERRORS, NULL);
}

static void try_image(const uint8_t *data, gsize size)
{
    g_autofree char *path = test_path("damaged.qcow2");
    g_autofree uint8_t *buf = g_malloc(16384);
    static const unsigned modes[] = {0, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP};

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        GError *error = NULL;
        BlockNode *node;
        BlockOptions *options = block_options_new();

        g_assert_true(g_file_set_contents_full(path, (const char *)data, (gssize)size, G_FILE_SET_CONTENTS_NONE,
                                               0600, NULL));
        block_options_set(options, "driver", "qcow2");
        alarm(60);
        node = block_open(path, options, modes[i], &error);
        if (node) {
            opened++;
            use(node, buf);
            block_unref(node);
        } else {
            refused++;
            g_assert_nonnull(error);
            g_assert_cmpint((int)strlen(error->message), >, 10);
            g_error_free(error);
        }
        alarm(0);
    }
}

static void test_bits(gconstpointer data)
{
    g_autofree uint8_t *copy = NULL;

    make_image(GPOINTER_TO_UINT(data));
    copy = g_malloc(image_size);
    for (unsigned byte = 0; byte < 512; byte += byte < 120 || g_test_slow() ? 1 : 8) {
        for (unsigned bit = 0; bit < 8; bit += g_test_slow() || byte < 112 ? 1 : 3) {
            memcpy(copy, image, image_size);
            copy[byte] ^= 1u << bit;
            try_image(copy, image_size);
        }
    }
    g_test_message("%u opened, %u refused", opened, refused);
}

/* Words that mean something: offsets of other tables, flags, extremes. */
static uint64_t word(void)
{
    static const uint64_t special[] = {0, 1, ~0ull, 1ull << 63, 1ull << 62, 3ull << 62, 0x00fffffffffffe00ull, 512,
                                       0x7fffffffffffffffull, 0x8000000000000200ull};
    uint64_t w = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();

    switch (g_test_rand_int() & 3) {
    case 0:
        return special[(uint32_t)g_test_rand_int() % G_N_ELEMENTS(special)];
    case 1:
        return (w % image_size & ~511ull) | (w & (3ull << 62));
    case 2:
        return w & 0xffff;
    default:
        return w;
    }
}

static void test_words(gconstpointer data)
{
    g_autofree uint8_t *copy = NULL;
    unsigned rounds = g_test_slow() ? 20000 : SANITIZED ? 150 : 400;

    make_image(GPOINTER_TO_UINT(data));
    copy = g_malloc(image_size);
    for (unsigned i = 0; i < rounds; i++) {
        unsigned n = 1 + (uint32_t)g_test_rand_int() % 4;
        gsize size = image_size;

        memcpy(copy, image, image_size);
        while (n--) {
            /* Metadata has the non-zero words. */
            gsize at = (uint32_t)g_test_rand_int() % (image_size - 8) & ~7u;
            uint64_t w = GUINT64_TO_BE(word());

            for (unsigned k = 0; k < 2000 && (copy[at] == 0x5a || !copy[at + 7 - k % 8]); k++) {
                at = (uint32_t)g_test_rand_int() % (image_size - 8) & ~7u;
            }
            memcpy(copy + at, &w, 8);
        }
        if (g_test_rand_int() % 8 == 0) {
            size = (uint32_t)g_test_rand_int() % image_size;
        }
        try_image(copy, size);
    }
    g_test_message("%u opened, %u refused", opened, refused);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"zlib", "zstd-bitmap", "small", "v2"};
    int null;

    g_test_init(&argc, &argv, NULL);
    if (!SANITIZED) {
        struct rlimit limit = {1u << 30, RLIM_INFINITY};

        setrlimit(RLIMIT_AS, &limit);
    }
    test_begin();
    /* Thousands of warnings about damage are what is expected. */
    fflush(stderr);
    null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *bits = g_strdup_printf("/qcow2/bits/%s", names[i]);
        g_autofree char *words = g_strdup_printf("/qcow2/words/%s", names[i]);

        g_test_add_data_func(bits, GUINT_TO_POINTER(i), test_bits);
        g_test_add_data_func(words, GUINT_TO_POINTER(i), test_words);
    }
    return test_end(g_test_run());
}
