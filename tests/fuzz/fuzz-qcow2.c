/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coverage-guided fuzzing of qcow2 images (libFuzzer; tests/fuzz/README.md): an input is an image's
 * bytes. Whatever they are: an error, or an image that can be read, written, snapshotted and
 * checked. GOSSAMER_FUZZ_SEEDS=DIR writes images with some of everything and ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test-qcow2.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *path;

static void finish(void)
{
    test_end(0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *seeds = g_getenv("GOSSAMER_FUZZ_SEEDS");

    test_begin();
    atexit(finish);
    if (seeds) {
        for (unsigned kind = 0; kind < 4; kind++) {
            g_autofree char *seed = g_strdup_printf("%s/seed-%u", seeds, kind);
            gsize size;
            g_autofree uint8_t *image = test_make_image(kind, &size);

            if (!g_file_set_contents(seed, (const char *)image, (gssize)size, NULL)) {
                g_error("cannot write %s", seed);
            }
        }
        exit(0);
    }
    path = test_path("fuzz.qcow2");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[16384];
    static const unsigned modes[] = {0, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP};

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        BlockOptions *options = block_options_new();
        GError *error = NULL;
        BlockNode *node;
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, data, size), ==, (ssize_t)size);
        close(fd);
        block_options_set(options, "driver", "qcow2");
        node = block_open(path, options, modes[i], &error);
        if (node) {
            test_use(node, buf);
            block_unref(node);
        } else {
            g_assert_nonnull(error);
            g_error_free(error);
        }
    }
    return 0;
}
