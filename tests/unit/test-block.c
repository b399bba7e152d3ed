/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block layer without formats of its own: option sets, files, windows, locks, requests that
 * complete on the main loop, error policies.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "block/backend.h"
#include "block/blockdev.h"
#include "util/cutils.h"

static char *folder;

static char *make_file(const char *name, size_t size)
{
    char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, (off_t)size), ==, 0);
    close(fd);
    return path;
}

static BlockNode *open_text(const char *text, unsigned flags)
{
    GError *error = NULL;
    BlockNode *node = block_open(NULL, block_options_parse(text, NULL, NULL), flags, &error);

    g_assert_no_error(error);
    return node;
}

static void open_fails(const char *text, unsigned flags, const char *message)
{
    GError *error = NULL;
    BlockNode *node = block_open(NULL, block_options_parse(text, NULL, NULL), flags, &error);

    g_assert_null(node);
    g_assert_nonnull(error);
    if (!strstr(error->message, message)) {
        g_error("'%s' does not say '%s'", error->message, message);
    }
    g_error_free(error);
}

static void test_options(void)
{
    json_t *object = json_loads(
        "{\"driver\":\"raw\",\"read-only\":true,\"file\":{\"driver\":\"file\",\"size\":5,"
        "\"list\":[\"a\",{\"b\":\"c\"}]},\"backing\":null}",
        0, NULL);
    BlockOptions *o = block_options_from_json(object, NULL), *file;
    g_autofree char *taken = NULL;
    GError *error = NULL;
    bool value = false;

    json_decref(object);
    g_assert_cmpstr(block_options_get(o, "file.list.1.b"), ==, "c");
    g_assert_cmpstr(block_options_get(o, "file.size"), ==, "5");
    g_assert_cmpstr(block_options_get(o, "backing"), ==, "");
    g_assert_true(block_options_take_bool(o, "read-only", &value, NULL) && value);
    file = block_options_take_prefix(o, "file");
    g_assert_null(block_options_get(o, "file.size"));
    taken = block_options_take(file, "list.0");
    g_assert_cmpstr(taken, ==, "a");
    block_options_set(file, "flag", "perhaps");
    g_assert_false(block_options_take_bool(file, "flag", &value, &error));
    g_assert_cmpstr(error->message, ==, "Parameter 'flag' expects 'on' or 'off'");
    g_clear_error(&error);
    block_options_free(o);
    block_options_free(file);
    o = block_options_parse("a=1,,2,nob,c", NULL, NULL);
    g_assert_cmpstr(block_options_get(o, "a"), ==, "1,2");
    g_assert_cmpstr(block_options_get(o, "b"), ==, "off");
    g_assert_cmpstr(block_options_get(o, "c"), ==, "on");
    block_options_free(o);
}

static void test_iov(void)
{
    char a[3] = "abc", b[5] = "defgh", out[8];
    struct iovec iov[] = {{a, 3}, {NULL, 0}, {b, 5}}, part[3];
    IOVector v = {iov, 3, 8};
    size_t got;

    g_assert_cmpuint(iov_slice(part, 3, &v, 2, 4, &got), ==, 2);
    g_assert_cmpuint(got, ==, 4);
    g_assert_true(part[0].iov_base == a + 2 && part[0].iov_len == 1 && part[1].iov_len == 3);
    g_assert_cmpuint(iov_slice(part, 1, &v, 0, 8, &got), ==, 1);
    g_assert_cmpuint(got, ==, 3);
    iov_to_buf(&v, 1, out, 6);
    g_assert_cmpint(memcmp(out, "bcdefg", 6), ==, 0);
    iov_from_buf(&v, 2, "XYZ", 3);
    g_assert_cmpint(memcmp(a, "abX", 3), ==, 0);
    g_assert_cmpint(memcmp(b, "YZfgh", 5), ==, 0);
    iov_fill(&v, 1, 0, 4);
    g_assert_true(iov_is_zero(&v, 1, 4));
    g_assert_false(iov_is_zero(&v, 1, 5));
}

/* Random reads and writes at odd places against a copy in memory. */
static void random_requests(const char *extra)
{
    enum { SIZE = 1 << 20, MOST = 70000 };
    g_autofree char *path = make_file("random.img", SIZE);
    g_autofree char *text =
        g_strdup_printf("driver=raw,file.driver=file,file.filename=%s%s", path, extra);
    g_autofree uint8_t *model = g_malloc0(SIZE), *buf = g_malloc(MOST), *disk = g_malloc(SIZE);
    BlockNode *node = block_open(NULL, block_options_parse(text, NULL, NULL),
                                 BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP, NULL);

    if (!node) {
        g_test_skip("this file system has no O_DIRECT");
        return;
    }
    for (unsigned i = 0; i < 2000; i++) {
        uint32_t offset = g_test_rand_int() & (SIZE - 1),
                 size = (uint32_t)g_test_rand_int() % MOST + 1;

        size = MIN(size, SIZE - offset);
        if (i & 8) {
            offset &= ~511u;
            size = MAX(size & ~511u, 512);
        }
        switch (g_test_rand_int() & 3) {
        case 0:
            for (unsigned n = 0; n < size; n++) {
                buf[n] = (uint8_t)g_test_rand_int();
            }
            g_assert_cmpint(block_pwrite(node, offset, buf, size), ==, 0);
            memcpy(model + offset, buf, size);
            break;
        case 1:
            g_assert_cmpint(block_pread(node, offset, buf, size), ==, 0);
            g_assert_cmpint(memcmp(model + offset, buf, size), ==, 0);
            break;
        case 2:
            g_assert_cmpint(
                block_pwrite_zeroes(node, offset, size, i & 1 ? BLOCK_REQ_MAY_UNMAP : 0), ==, 0);
            memset(model + offset, 0, size);
            break;
        default: {
            struct iovec iov[] = {{buf, size / 3}, {buf + size / 3, size - size / 3}};
            IOVector v = {iov, 2, size};

            memset(buf, (int)i, size);
            g_assert_cmpint(block_pwritev(node, offset, &v, 0), ==, 0);
            memset(model + offset, (int)i, size);
        }
        }
    }
    g_assert_cmpint(block_flush(node), ==, 0);
    g_assert_cmpint(block_pread(node, 0, disk, SIZE), ==, 0);
    g_assert_cmpint(memcmp(model, disk, SIZE), ==, 0);
    g_assert_cmpint(block_length(node), ==, SIZE);
    block_unref(node);
    g_unlink(path);
}

static void test_random(void) { random_requests(""); }
static void test_random_direct(void) { random_requests(",cache.direct=on,file.cache.direct=on"); }

static void test_window(void)
{
    g_autofree char *path = make_file("window.img", 8192);
    g_autofree char *text =
        g_strdup_printf("driver=raw,offset=1024,size=2048,file.filename=%s", path);
    g_autofree char *bad =
        g_strdup_printf("driver=raw,offset=8000,size=512,file.filename=%s", path);
    BlockNode *node = open_text(text, BLOCK_OPEN_RDWR);
    char buf[4096];
    int fd = open(path, O_RDONLY);

    memset(buf, 7, sizeof(buf));
    g_assert_cmpint(block_length(node), ==, 2048);
    g_assert_cmpint(block_pwrite(node, 0, buf, 2048), ==, 0);
    g_assert_cmpint(block_pwrite(node, 1024, buf, 2048), ==, -EIO);
    g_assert_cmpint(block_pread(node, 1536, buf, 1024), ==, 0);
    g_assert_true(buf[511] == 7 && buf[512] == 0);
    g_assert_cmpint(pread(fd, buf, 4096, 0), ==, 4096);
    g_assert_true(buf[1023] == 0 && buf[1024] == 7 && buf[3071] == 7 && buf[3072] == 0);
    close(fd);
    block_unref(node);
    open_fails(bad, 0, "has to be smaller or equal to the actual size");
}

/* More than any other request may have, from the middle of a page on. */
static void test_discard(void)
{
    const int64_t size = INT64_C(9) << 30, at[] = {0, 5000, size / 2 - 512, size - 4096};
    g_autofree char *path = make_file("discard.img", (size_t)size);
    g_autofree char *text = g_strdup_printf("driver=raw,discard=unmap,file.filename=%s", path);
    BlockNode *node = open_text(text, BLOCK_OPEN_RDWR);
    char byte;

    for (unsigned i = 0; i < G_N_ELEMENTS(at); i++) {
        g_assert_cmpint(block_pwrite(node, at[i], "x", 1), ==, 0);
    }
    g_assert_cmpint(block_pdiscard(node, 512, size), ==, -EIO);
    g_assert_cmpint(block_pdiscard(node, -512, 512), ==, -EIO);
    g_assert_cmpint(block_pdiscard(node, 4096, size - 8192), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(at); i++) {
        g_assert_cmpint(block_pread(node, at[i], &byte, 1), ==, 0);
        g_assert_cmpint(byte, ==, i == 0 || i == 3 ? 'x' : 0);
    }
    block_unref(node);
    g_unlink(path);
}

static void test_messages(void)
{
    g_autofree char *path = make_file("message.img", 8192), *vmdk = make_file("vmdk.img", 8192);
    g_autofree char *missing = g_strdup_printf("file.filename=%s/nothing", folder);
    g_autofree char *unknown = g_strdup_printf("driver=raw,file.filename=%s,colour=red", path);
    g_autofree char *driver = g_strdup_printf("driver=rax,file.filename=%s", path);
    g_autofree char *foreign = g_strdup_printf("file.filename=%s", vmdk);
    int fd = open(vmdk, O_WRONLY);

    g_assert_cmpint(write(fd, "KDMV", 4), ==, 4);
    close(fd);
    open_fails(missing, 0, "nothing': No such file or directory");
    open_fails(unknown, 0, "does not support the option 'colour'");
    open_fails(driver, 0, "Unknown driver 'rax'");
    open_fails("file.filename=nbd://x/y", 0, "Unknown protocol 'nbd'");
    open_fails("driver=raw", 0, "must be specified");
    open_fails("driver=raw,node-name=x,file=x", 0,
               "Node 'x' is being opened: it cannot be below itself");
    open_fails(foreign, 0, "is an image of format 'vmdk', which is not supported");
}

static void test_locks(void)
{
    g_autofree char *path = make_file("lock.img", 8192);
    g_autofree char *text = g_strdup_printf("driver=raw,file.filename=%s", path);
    g_autofree char *shared =
        g_strdup_printf("driver=raw,force-share=on,read-only=on,file.filename=%s", path);
    g_autofree char *command = g_strdup_printf("qemu-io -f raw -c 'write 0 512' %s 2>&1", path);
    g_autofree char *qemu_io = g_find_program_in_path("qemu-io");
    g_autofree char *output = NULL;
    char *argv[] = {"sh", "-c", command, NULL};
    BlockNode *node = open_text(text, BLOCK_OPEN_RDWR), *other;

    open_fails(text, BLOCK_OPEN_RDWR, "Failed to get \"write\" lock");
    open_fails(text, 0, "Failed to get shared \"write\" lock");
    other = open_text(shared, 0);
    block_unref(other);
    if (qemu_io) {
        g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL,
                                   NULL, NULL));
        g_assert_nonnull(strstr(output, "Failed to get"));
    }
    g_assert_true(block_inactivate_all(NULL));
    g_assert_cmpint(block_pwrite(node, 0, "x", 1), ==, -EPERM);
    other = open_text(text, BLOCK_OPEN_RDWR);
    g_assert_false(block_activate_all(NULL));
    block_unref(other);
    g_assert_true(block_activate_all(NULL));
    g_assert_cmpint(block_pwrite(node, 0, "x", 1), ==, 0);
    block_unref(node);
}

/* A guessed image cannot be turned into another format by its guest. */
static void test_guess(void)
{
    g_autofree char *path = make_file("guess.img", 8192);
    g_autofree char *text = g_strdup_printf("file.filename=%s", path);
    BlockNode *node;
    char sector[512] = "KDMV";

    node = open_text(text, BLOCK_OPEN_RDWR);
    g_assert_cmpstr(block_driver_name(node), ==, "raw");
    g_assert_cmpint(block_pwrite(node, 0, sector, 512), ==, -EPERM);
    sector[0] = 'x';
    g_assert_cmpint(block_pwrite(node, 0, sector, 512), ==, 0);
    block_unref(node);
}

typedef struct Count {
    unsigned done, failed;
    int last;
} Count;

static void on_done(void *opaque, int ret)
{
    Count *count = opaque;

    count->done++;
    count->failed += ret < 0;
    count->last = ret;
}

/* A callback may wait for the others. */
static void on_done_drain(void *opaque, int ret)
{
    BlockBackend *blk = blk_find("disk0");

    *(unsigned *)opaque += 1;
    blk_drain(blk);
    g_assert_cmpuint(blk_in_flight(blk), ==, 0);
}

static int nap(void *opaque)
{
    g_usleep(20000);
    return 0;
}

static void test_async(void)
{
    enum { N = 200, PIECE = 4096 };
    g_autofree char *path = make_file("async.img", N * PIECE);
    g_autofree char *text = g_strdup_printf("driver=raw,file.filename=%s", path);
    g_autofree uint8_t *out = g_malloc(N * PIECE), *in = g_malloc0(N * PIECE);
    BlockNode *node = open_text(text, BLOCK_OPEN_RDWR);
    BlockBackend *blk = blk_new("disk0", NULL);
    Count count = {0};
    BlockStats stats;
    BlockRequest *request;
    unsigned drained = 0;
    struct iovec iov;
    IOVector v;

    v = iov_single(&iov, in, 512);
    blk_aio_preadv(blk, 0, &v, 0, on_done, &count);
    g_assert_cmpuint(count.done, ==, 0);
    blk_drain(blk);
    g_assert_cmpint(count.last, ==, -ENOMEDIUM);
    g_assert_true(blk_insert(blk, node, NULL));
    block_unref(node);
    for (unsigned i = 0; i < N * PIECE; i++) {
        out[i] = (uint8_t)(i * 7 + i / PIECE);
    }
    count = (Count){0};
    for (unsigned i = 0; i < N; i++) {
        v = iov_single(&iov, out + i * PIECE, PIECE);
        blk_aio_pwritev(blk, i * PIECE, &v, i % 50 == 0 ? BLOCK_REQ_FUA : 0, on_done, &count);
    }
    while (count.done < N) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(count.failed, ==, 0);
    g_assert_cmpuint(blk_in_flight(blk), ==, 0);
    for (unsigned i = 0; i < N; i++) {
        v = iov_single(&iov, in + i * PIECE, PIECE);
        blk_aio_preadv(blk, i * PIECE, &v, 0, on_done, &count);
    }
    blk_aio_flush(blk, on_done, &count);
    blk_drain(blk);
    g_assert_cmpuint(count.done, ==, 2 * N + 1);
    g_assert_cmpint(memcmp(in, out, N * PIECE), ==, 0);
    v = iov_single(&iov, in, PIECE);
    blk_aio_preadv(blk, (N - 1) * PIECE + 512, &v, 0, on_done, &count);
    block_drain_all();
    g_assert_cmpint(count.last, ==, -EIO);
    blk_get_stats(blk, &stats);
    g_assert_cmpuint(stats.wr_operations, ==, N);
    g_assert_cmpuint(stats.rd_bytes, ==, N * PIECE);
    g_assert_cmpuint(stats.wr_highest_offset, ==, N * PIECE);
    g_assert_cmpuint(stats.flush_operations, ==, 1);
    /* More naps than threads: what is cancelled while it waits never runs. */
    count = (Count){0};
    for (unsigned i = 0; i < 40; i++) {
        blk_aio_work(blk, nap, on_done, &count);
    }
    request = blk_aio_work(blk, nap, on_done, &count);
    blk_aio_cancel(request);
    blk_drain(blk);
    for (unsigned i = 0; i < 5; i++) {
        blk_aio_work(blk, nap, on_done_drain, &drained);
    }
    blk_drain(blk);
    g_assert_cmpuint(drained, ==, 5);
    g_assert_cmpuint(count.done, ==, 41);
    g_assert_cmpuint(count.failed, ==, 1);
    blk_unref(blk);
}

static void test_policies(void)
{
    BlockBackend *blk = blk_new("disk0", NULL);
    GError *error = NULL;

    g_assert_null(blk_new("disk0", &error));
    g_assert_cmpstr(error->message, ==, "id 'disk0' is in use by a drive of that name");
    g_clear_error(&error);
    g_assert_null(blk_new("0disk", &error));
    g_clear_error(&error);
    g_assert_cmpint(blk_error_action(blk, true, EIO), ==, BLOCK_ACTION_REPORT);
    g_assert_cmpint(blk_error_action(blk, false, EIO), ==, BLOCK_ACTION_REPORT);
    g_assert_cmpint(blk_error_action(blk, false, ENOSPC), ==, BLOCK_ACTION_STOP);
    blk_set_error_policy(blk, BLOCK_ERROR_STOP, BLOCK_ERROR_IGNORE);
    g_assert_cmpint(blk_error_action(blk, true, EIO), ==, BLOCK_ACTION_STOP);
    g_assert_cmpint(blk_error_action(blk, false, ENOSPC), ==, BLOCK_ACTION_IGNORE);
    blk_apply_error_action(blk, BLOCK_ACTION_STOP, true, ENOSPC);
    g_assert_cmpint(blk_io_status(blk), ==, BLOCK_IO_NOSPACE);
    blk_reset_io_status(blk);
    g_assert_cmpint(blk_io_status(blk), ==, BLOCK_IO_OK);
    blk_unref(blk);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("gossamer-block-XXXXXX", NULL);
    g_test_add_func("/block/options", test_options);
    g_test_add_func("/block/iov", test_iov);
    g_test_add_func("/block/random", test_random);
    g_test_add_func("/block/random-direct", test_random_direct);
    g_test_add_func("/block/window", test_window);
    g_test_add_func("/block/discard", test_discard);
    g_test_add_func("/block/messages", test_messages);
    g_test_add_func("/block/locks", test_locks);
    g_test_add_func("/block/guess", test_guess);
    g_test_add_func("/block/async", test_async);
    g_test_add_func("/block/policies", test_policies);
    status = g_test_run();
    block_cleanup();
    {
        g_autofree char *command = g_strdup_printf("rm -rf '%s'", folder);

        status |= system(command);
    }
    return status;
}
