/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 when things go wrong: the process dies between any two writes or in the middle of one, the
 * host loses what was not flushed, any system call fails. What is left must be free of corruption;
 * leaks may be. The system calls of the block layer are wrapped by the linker.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test-qcow2.h"

/* ---- Wrapped system calls ---- */

typedef enum Kind { WRITE, TRUNCATE, PUNCH, FLUSH } Kind;
typedef struct Entry {
    Kind kind;
    int64_t offset, size;
    uint8_t *data;
} Entry;

static struct {
    bool logging;
    GArray *log;
    /* Calls until one fails; < 0: none does. sticky: all later ones too. */
    int countdown, error;
    bool sticky, short_write;
    unsigned calls;
} host = {.countdown = -1};

ssize_t __real_preadv64(int fd, const struct iovec *iov, int n, off_t offset);
ssize_t __real_pwritev64(int fd, const struct iovec *iov, int n, off_t offset);
int __real_fallocate64(int fd, int mode, off_t offset, off_t size);
int __real_ftruncate64(int fd, off_t size);
int __real_fdatasync(int fd);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int n, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int n, off_t offset);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_fdatasync(int fd);

static bool fails(bool is_write)
{
    if (host.short_write && !is_write) {
        return false;
    }
    host.calls++;
    if (host.countdown < 0 || host.countdown-- > 0) {
        return false;
    }
    host.countdown = host.sticky ? 0 : -1;
    errno = host.error;
    return true;
}

static void record(Kind kind, int64_t offset, int64_t size, const struct iovec *iov, int n)
{
    Entry entry = {kind, offset, size, NULL};

    if (!host.logging) {
        return;
    }
    if (iov) {
        IOVector v = {(struct iovec *)iov, (unsigned)n, (size_t)size};

        entry.data = g_malloc((gsize)size);
        iov_to_buf(&v, 0, entry.data, (size_t)size);
    }
    g_array_append_val(host.log, entry);
}

ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int n, off_t offset)
{
    return fails(false) ? -1 : __real_preadv64(fd, iov, n, offset);
}

ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int n, off_t offset)
{
    ssize_t done;

    if (fails(true)) {
        struct iovec half = {iov[0].iov_base, (iov[0].iov_len + 1) / 2};

        if (!host.short_write) {
            return -1;
        }
        return __real_pwritev64(fd, &half, 1, offset);
    }
    done = __real_pwritev64(fd, iov, n, offset);
    if (done > 0) {
        record(WRITE, offset, done, iov, n);
    }
    return done;
}

int __wrap_fallocate64(int fd, int mode, off_t offset, off_t size)
{
    int ret = fails(false) ? -1 : __real_fallocate64(fd, mode, offset, size);

    if (ret == 0) {
        record(PUNCH, offset, size, NULL, 0);
    }
    return ret;
}

int __wrap_ftruncate64(int fd, off_t size)
{
    int ret = fails(false) ? -1 : __real_ftruncate64(fd, size);

    if (ret == 0) {
        record(TRUNCATE, 0, size, NULL, 0);
    }
    return ret;
}

int __wrap_fdatasync(int fd)
{
    /* Nothing is gained by waiting for the test's disk. */
    if (fails(false)) {
        return -1;
    }
    record(FLUSH, 0, 0, NULL, 0);
    return 0;
}

/* ---- Work ---- */

static uint32_t random_state;

static uint32_t below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(random_state >> 4) * n >> 28);
}

/* A step of everything; errors are only counted. */
static unsigned step(BlockNode *node)
{
    g_autofree uint8_t *buf = g_malloc(150000);
    int64_t length = block_length(node);
    uint32_t what = below(20), offset, size = below(40000) + 1;
    g_autoptr(GArray) list = NULL;
    GError *error = NULL;
    int ret = 0;

    g_assert_cmpint(length, >=, 65536);
    offset = below((uint32_t)length - 40001);
    memset(buf, (int)(what + offset), 150000);
    switch (what) {
    case 0:
    case 1:
        ret = block_pwrite_zeroes(node, offset, size, what ? BLOCK_REQ_MAY_UNMAP : 0);
        break;
    case 2:
    case 3:
        ret = block_pdiscard(node, offset, size);
        break;
    case 4:
    case 5:
        ret = block_flush(node);
        break;
    case 6:
        ret = block_write_vmstate_buf(node, 0, buf, 60000 + below(90000));
        break;
    case 7:
    case 8: {
        BlockSnapshot info = {.name = (char *)"s", .vm_state_size = 0};

        block_snapshot_create(node, &info, &error);
        g_free(info.id);
        break;
    }
    case 9:
    case 10:
    case 11:
        list = block_snapshot_list(node, NULL);
        if (list && list->len) {
            const char *id = g_array_index(list, BlockSnapshot, below(list->len)).id;

            if (what == 9) {
                block_snapshot_apply(node, id, NULL, &error);
            } else if (list->len > 2 || what == 10) {
                block_snapshot_delete(node, id, NULL, &error);
            }
        }
        break;
    case 12:
        block_truncate(node, (65536 + below(200000)) & ~511, BLOCK_PREALLOC_OFF, &error);
        break;
    default:
        ret = block_pwrite(node, offset, buf, size);
    }
    if (error) {
        g_error_free(error);
        return 1;
    }
    return ret < 0;
}

static const char *const kinds[] = {"cluster_size=512", "cluster_size=4096,refcount_bits=8",
                                    "compat=0.10,cluster_size=1024",
                                    "cluster_size=512,refcount_bits=64"};

static void new_image(const char *path, unsigned kind)
{
    g_autofree char *options = g_strdup_printf("size=200K,%s", kinds[kind % G_N_ELEMENTS(kinds)]);

    test_create(path, options);
}

/* ---- Dying ---- */

static void apply(int fd, const Entry *entry, int64_t size)
{
    switch (entry->kind) {
    case WRITE:
        g_assert_cmpint(pwrite(fd, entry->data, (size_t)size, entry->offset), ==, size);
        break;
    case TRUNCATE:
        g_assert_cmpint(__real_ftruncate64(fd, entry->size), ==, 0);
        break;
    case PUNCH:
        g_assert_cmpint(__real_fallocate64(fd, 3, entry->offset, entry->size), ==, 0);
        break;
    default:
        break;
    }
}

/* The image as another process finds it: not corrupt, and good to write to. */
static void judge(const char *path, bool with_qemu)
{
    BlockNode *node;

    node = test_open(path, 0);
    test_check(node, 0, G_MAXUINT64);
    block_unref(node);
    if (with_qemu) {
        test_run("qemu-img check -f qcow2 '%s' >/dev/null 2>&1; r=$?; test $r = 0 -o $r = 3", path);
    }
}

static void copy(const char *from, const char *to)
{
    g_autofree char *data = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(from, &data, &size, NULL));
    g_assert_true(g_file_set_contents(to, data, (gssize)size, NULL));
}

static void clear_log(void)
{
    for (guint i = 0; i < host.log->len; i++) {
        g_free(g_array_index(host.log, Entry, i).data);
    }
    g_array_set_size(host.log, 0);
}

static void one_death(unsigned kind, uint32_t seed)
{
    g_autofree char *path = test_path("alive.qcow2"), *start = test_path("start.qcow2"),
                    *dead = test_path("dead.qcow2");
    BlockNode *node;
    guint flushed = 0;
    int fd;

    random_state = seed;
    new_image(path, kind);
    copy(path, start);
    node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
    host.logging = true;
    for (unsigned i = 0; i < 60; i++) {
        step(node);
    }
    block_unref(node);
    host.logging = false;
    g_assert_cmpuint(host.log->len, >, 50);
    /* Between all writes, and at a sector's end inside of some. */
    copy(start, dead);
    fd = open(dead, O_RDWR);
    for (guint i = 0; i < host.log->len; i++) {
        const Entry *entry = &g_array_index(host.log, Entry, i);

        if (entry->kind == WRITE && entry->size > 512) {
            apply(fd, entry, 512 * (1 + below((uint32_t)(entry->size - 1) / 512)));
            judge(dead, false);
        }
        apply(fd, entry, entry->size);
        if (entry->kind != FLUSH) {
            judge(dead, test_has_qemu_img() && i % 97 == 0);
        }
    }
    close(fd);
    /* A host that loses some of the writes since the last flush. */
    for (guint i = 0; i < host.log->len; i++) {
        if (g_array_index(host.log, Entry, i).kind != FLUSH && below(12)) {
            continue;
        }
        copy(start, dead);
        fd = open(dead, O_RDWR);
        for (guint k = 0; k < i; k++) {
            flushed = g_array_index(host.log, Entry, k).kind == FLUSH ? k : flushed;
        }
        for (guint k = 0; k < i; k++) {
            const Entry *entry = &g_array_index(host.log, Entry, k);

            if (k < flushed || below(2)) {
                apply(fd, entry, entry->size);
            }
        }
        close(fd);
        judge(dead, false);
    }
    clear_log();
}

static void test_death(void)
{
    for (unsigned i = 0; i < 4; i++) {
        one_death(i, (uint32_t)g_test_rand_int());
    }
}

/* The real thing: a child that works until it is killed. */
static void test_kill(void)
{
    g_autofree char *path = test_path("kill.qcow2");

    for (unsigned i = 0; i < 12; i++) {
        uint32_t seed = (uint32_t)g_test_rand_int();
        int status;
        pid_t child;

        new_image(path, i);
        child = fork();
        if (child == 0) {
            BlockNode *node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);

            random_state = seed;
            for (;;) {
                step(node);
            }
        }
        g_usleep(20000 + seed % 60000);
        kill(child, SIGKILL);
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        judge(path, test_has_qemu_img());
        {
            BlockNode *node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);

            test_check(node, BLOCK_FIX_LEAKS, G_MAXUINT64);
            test_check(node, 0, 0);
            block_unref(node);
        }
    }
}

/* ---- Failing calls ---- */

/* For whoever looks at a failure in a debugger. */
typedef struct LastFault {
    unsigned kind, call;
    uint32_t seed;
} LastFault;
static LastFault last_fault;

static unsigned work_with_fault(const char *path, unsigned kind, uint32_t seed, int countdown)
{
    BlockNode *node;
    unsigned errors = 0;

    random_state = seed;
    new_image(path, kind);
    node = test_open(path, BLOCK_OPEN_RDWR | BLOCK_OPEN_UNMAP);
    host.calls = 0;
    host.countdown = countdown;
    for (unsigned i = 0; i < 25; i++) {
        errors += step(node);
        if (host.sticky && errors > 3) {
            host.countdown = -1; /* there is room again */
        }
    }
    host.countdown = -1;
    block_unref(node);
    return errors;
}

static void test_faults(void)
{
    static const struct { int error; bool sticky, short_write;
    } faults[] = {
        {EIO, false, false}, {ENOSPC, false, false}, {ENOSPC, true, false},
        {0, false, true},    {EIO, true, false},
    };
    g_autofree char *path = test_path("fault.qcow2");

    for (unsigned f = 0; f < G_N_ELEMENTS(faults); f++) {
        uint32_t seed = (uint32_t)g_test_rand_int();
        unsigned total, usual, errors = 0;

        host.error = faults[f].error;
        host.sticky = faults[f].sticky;
        host.short_write = faults[f].short_write;
        usual = work_with_fault(path, f, seed, -1);
        total = host.calls;
        for (unsigned n = 0; n < total; n += g_test_slow() ? 1 : 3) {
            unsigned got = work_with_fault(path, f, seed, (int)n);

            errors += got > usual;
            last_fault = (LastFault){f, n, seed};
            judge(path, test_has_qemu_img() && n % 51 == 0);
        }
        if (!faults[f].short_write) {
            g_assert_cmpuint(errors, >, 0);
        }
        host.short_write = false;
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    host.log = g_array_new(FALSE, FALSE, sizeof(Entry));
    test_begin();
    g_test_add_func("/qcow2/death", test_death);
    g_test_add_func("/qcow2/kill", test_kill);
    g_test_add_func("/qcow2/faults", test_faults);
    return test_end(g_test_run());
}
