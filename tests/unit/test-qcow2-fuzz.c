/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 with damaged images: every bit of the header and of the first tables flipped, random words
 * in random metadata. Whatever the file says, there is an answer or an error: no crash, no endless
 * work, no huge allocation. Run under the sanitizers to see what this alone does not show.
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

static void try_image(const uint8_t *data, gsize size)
{
    g_autofree char *path = test_path("damaged.qcow2");
    g_autofree uint8_t *buf = g_malloc(16384);
    static const unsigned modes[] = {0, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP};

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        GError *error = NULL;
        BlockNode *node;
        BlockOptions *options = block_options_new();

        g_assert_true(g_file_set_contents_full(path, (const char *)data, (gssize)size,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        block_options_set(options, "driver", "qcow2");
        alarm(60);
        node = block_open(path, options, modes[i], &error);
        if (node) {
            opened++;
            test_use(node, buf);
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

    g_free(image);
    image = test_make_image(GPOINTER_TO_UINT(data), &image_size);
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
    static const uint64_t special[] = {0,
                                       1,
                                       ~0ull,
                                       1ull << 63,
                                       1ull << 62,
                                       3ull << 62,
                                       0x00fffffffffffe00ull,
                                       512,
                                       0x7fffffffffffffffull,
                                       0x8000000000000200ull};
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

    g_free(image);
    image = test_make_image(GPOINTER_TO_UINT(data), &image_size);
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
