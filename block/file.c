/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protocol nodes `file` and `host_device`: bytes of a file or block device of the host, through the
 * page cache or past it (O_DIRECT, with bounce buffers for what is not aligned), holes by
 * fallocate. The asynchronous interfaces that aio= names do not differ here: requests run on the
 * worker pool.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "block-private.h"
#include "file-lock.h"
#include "util/bitops.h"
#include "util/error.h"

#define IOV_PIECE    256      /* elements of one system call */
#define MAX_ALIGN    4096u
#define BOUNCE_LIMIT (1u << 20)

typedef struct FileState {
    int fd;
    bool direct, is_device, can_discard, can_zero, locking, locked;
    uint32_t alignment;        /* of offset, size and memory with O_DIRECT */
    pthread_rwlock_t rmw; /* read-modify-write of partial blocks alone, aligned writes together */
} FileState;

/* ---- System calls ---- */

/* All of the vector at offset; reads are filled up with zeroes at the end of the file. */
static int transfer(const FileState *s, int64_t offset, const IOVector *v, bool is_write)
{
    size_t done = 0;

    while (done < v->size) {
        struct iovec part[IOV_PIECE];
        size_t size;
        int n = (int)iov_slice(part, IOV_PIECE, v, done, v->size - done, &size);
        ssize_t got = is_write ? pwritev(s->fd, part, n, offset + (off_t)done)
                               : preadv(s->fd, part, n, offset + (off_t)done);

        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        if (got == 0) {
            if (is_write) {
                return -ENOSPC;
            }
            iov_fill(v, done, 0, v->size - done);
            return 0;
        }
        done += (size_t)got;
        /* With O_DIRECT only the file's last block can come short; what lies behind it is not
         * there. */
        if (!is_write && s->direct && (done & (s->alignment - 1)) && done < v->size) {
            iov_fill(v, done, 0, v->size - done);
            return 0;
        }
    }
    return 0;
}

static bool is_aligned(const FileState *s, int64_t offset, const IOVector *v)
{
    uint64_t mask = s->alignment - 1;

    if (((uint64_t)offset | v->size) & mask) {
        return false;
    }
    for (unsigned i = 0; i < v->niov; i++) {
        if (((uintptr_t)v->iov[i].iov_base | v->iov[i].iov_len) & mask) {
            return false;
        }
    }
    return true;
}

static void *aligned_buffer(size_t size)
{
    void *buf = NULL;

    return posix_memalign(&buf, MAX_ALIGN, size) ? NULL : buf;
}

/* Through an aligned buffer, a piece at a time; writes read partial blocks first. */
static int bounce(FileState *s, int64_t offset, const IOVector *v, bool is_write)
{
    uint64_t mask = s->alignment - 1;
    uint8_t *buf = aligned_buffer(BOUNCE_LIMIT + 2 * MAX_ALIGN);
    size_t done = 0;
    int ret = buf ? 0 : -ENOMEM;

    while (ret == 0 && done < v->size) {
        size_t bytes = MIN(v->size - done, (size_t)BOUNCE_LIMIT);
        int64_t from = (offset + (int64_t)done) & ~(int64_t)mask;
        int64_t to = (offset + (int64_t)(done + bytes) + (int64_t)mask) & ~(int64_t)mask;
        size_t head = (size_t)(offset + (int64_t)done - from);
        struct iovec iov;
        IOVector whole = iov_single(&iov, buf, (size_t)(to - from));
        bool partial = head || head + bytes != whole.size;

        if (!is_write || partial) {
            ret = transfer(s, from, &whole, false);
        }
        if (ret == 0 && !is_write) {
            iov_from_buf(v, done, buf + head, bytes);
        } else if (ret == 0) {
            iov_to_buf(v, done, buf + head, bytes);
            ret = transfer(s, from, &whole, true);
        }
        done += bytes;
    }
    free(buf);
    return ret;
}

static int file_preadv(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    FileState *s = node->opaque;

    return s->direct && !is_aligned(s, offset, v) ? bounce(s, offset, v, false)
                                                  : transfer(s, offset, v, false);
}

static int file_pwritev(BlockNode *node, int64_t offset, const IOVector *v, unsigned flags)
{
    FileState *s = node->opaque;
    int ret;

    if (!s->direct) {
        return transfer(s, offset, v, true);
    }
    if (is_aligned(s, offset, v)) {
        pthread_rwlock_rdlock(&s->rmw);
        ret = transfer(s, offset, v, true);
    } else {
        pthread_rwlock_wrlock(&s->rmw);
        ret = bounce(s, offset, v, true);
    }
    pthread_rwlock_unlock(&s->rmw);
    return ret;
}

static int do_fallocate(FileState *s, int mode, int64_t offset, int64_t bytes)
{
    int ret;

    do {
        ret = fallocate(s->fd, mode, offset, bytes);
    } while (ret < 0 && errno == EINTR);
    if (ret == 0) {
        return 0;
    }
    return errno == ENOSYS || errno == EOPNOTSUPP || errno == ENODEV || errno == EINVAL ? -ENOTSUP
                                                                                        : -errno;
}

static int64_t file_length(BlockNode *node)
{
    FileState *s = node->opaque;
    struct stat st;
    off_t end;

    if (s->is_device) {
        end = lseek(s->fd, 0, SEEK_END);
        return end < 0 ? -errno : end;
    }
    return fstat(s->fd, &st) < 0 ? -errno : st.st_size;
}

/* The file reaches up to `end` at least. */
static int extend(BlockNode *node, int64_t end)
{
    FileState *s = node->opaque;
    int64_t length = file_length(node);

    if (length < 0) {
        return (int)length;
    }
    return s->is_device || length >= end || ftruncate(s->fd, end) == 0 ? 0 : -errno;
}

static int file_pwrite_zeroes(BlockNode *node, int64_t offset, int64_t bytes, unsigned flags)
{
    FileState *s = node->opaque;
    int ret = -ENOTSUP;

    if (s->direct && (((uint64_t)offset | (uint64_t)bytes) & (s->alignment - 1))) {
        return -ENOTSUP;
    }
    if ((flags & BLOCK_REQ_MAY_UNMAP) && __atomic_load_n(&s->can_discard, __ATOMIC_RELAXED)) {
        ret = do_fallocate(s, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes);
        if (ret == 0) {
            return extend(node, offset + bytes);
        }
        if (ret != -ENOTSUP) {
            return ret;
        }
    }
    if (__atomic_load_n(&s->can_zero, __ATOMIC_RELAXED)) {
        ret = do_fallocate(s, FALLOC_FL_ZERO_RANGE, offset, bytes);
        if (ret == -ENOTSUP) {
            __atomic_store_n(&s->can_zero, false, __ATOMIC_RELAXED);
        }
    }
    if (ret == -ENOTSUP && s->is_device) {
        uint64_t range[2] = {(uint64_t)offset, (uint64_t)bytes};

        ret = ioctl(s->fd, BLKZEROOUT, range) == 0 ? 0 : -ENOTSUP;
    }
    return ret;
}

static int file_pdiscard(BlockNode *node, int64_t offset, int64_t bytes)
{
    FileState *s = node->opaque;
    int ret;

    if (!__atomic_load_n(&s->can_discard, __ATOMIC_RELAXED)) {
        return -ENOTSUP;
    }
    if (s->is_device) {
        uint64_t range[2] = {(uint64_t)offset, (uint64_t)bytes};

        ret = ioctl(s->fd, BLKDISCARD, range) == 0 ? 0 : errno == EOPNOTSUPP ? -ENOTSUP : -errno;
    } else {
        ret = do_fallocate(s, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes);
    }
    if (ret == -ENOTSUP) {
        __atomic_store_n(&s->can_discard, false, __ATOMIC_RELAXED);
    }
    return ret;
}

static void file_begin_writeback(BlockNode *node)
{
    FileState *s = node->opaque;

    if (!s->direct && !(node->flags & BLOCK_OPEN_NO_FLUSH)) {
        sync_file_range(s->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
}

static int file_flush(BlockNode *node)
{
    FileState *s = node->opaque;
    int ret = __atomic_load_n(&node->flush_error, __ATOMIC_RELAXED);

    if (ret) {
        return ret;
    }
    if (node->flags & BLOCK_OPEN_NO_FLUSH) {
        return 0;
    }
    if (fdatasync(s->fd) < 0) {
        ret = -errno;
        /* The kernel reports a lost page once and then forgets it: never claim durability again. */
        if ((ret == -EIO || ret == -ENOSPC) && !s->direct) {
            __atomic_store_n(&node->flush_error, ret, __ATOMIC_RELAXED);
        }
    }
    return ret;
}

/* ---- Size ---- */

static int preallocate(BlockNode *node, int64_t from, int64_t to, BlockPrealloc prealloc)
{
    FileState *s = node->opaque;
    int ret = prealloc == BLOCK_PREALLOC_FALLOC ? do_fallocate(s, 0, from, to - from) : -ENOTSUP;

    if (ret == -ENOTSUP) {
        size_t piece = 1u << 20;
        uint8_t *zeroes = aligned_buffer(piece);

        ret = zeroes ? ftruncate(s->fd, to) < 0 ? -errno : 0 : -ENOMEM;
        if (zeroes) {
            memset(zeroes, 0, piece);
        }
        while (ret == 0 && from < to) {
            struct iovec iov;
            IOVector v = iov_single(&iov, zeroes, (size_t)MIN(to - from, (int64_t)piece));

            ret = file_pwritev(node, from, &v, 0);
            from += (int64_t)v.size;
        }
        free(zeroes);
    }
    return ret;
}

static bool file_truncate(BlockNode *node, int64_t size, BlockPrealloc prealloc, GError **errp)
{
    FileState *s = node->opaque;
    int64_t old = file_length(node);
    int ret;

    if (old < 0) {
        error_setg_errno(errp, (int)-old, "size of '%s'", node->filename);
        return false;
    }
    if (s->is_device) {
        if (size > old) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "Cannot grow device '%s'", node->filename);
        }
        return size <= old;
    }
    if (prealloc == BLOCK_PREALLOC_METADATA) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "preallocation=metadata is not for plain files");
        return false;
    }
    if (size <= old || prealloc == BLOCK_PREALLOC_OFF) {
        ret = ftruncate(s->fd, size) < 0 ? -errno : 0;
    } else {
        ret = preallocate(node, old, size, prealloc);
        if (ret < 0 && ftruncate(s->fd, old) < 0) {
            warn_report("%s: could not go back to %" PRId64 " bytes", node->filename, old);
        }
    }
    if (ret < 0) {
        error_setg_errno(errp, -ret, "Failed to resize '%s' to %" PRId64 " bytes", node->filename,
                         size);
    }
    return ret == 0;
}

static int64_t file_allocated(BlockNode *node)
{
    FileState *s = node->opaque;
    struct stat st;

    return fstat(s->fd, &st) < 0 ? -errno : (int64_t)st.st_blocks * 512;
}

static int file_status(BlockNode *node, int64_t offset, int64_t bytes, int64_t *run)
{
    FileState *s = node->opaque;
    off_t data = lseek(s->fd, offset, SEEK_DATA), hole;

    *run = bytes;
    if (data < 0) {
        return errno == ENXIO ? BLOCK_STATUS_ZERO | BLOCK_STATUS_ALLOCATED
                              : BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED;
    }
    if (data > offset) {
        *run = MIN(bytes, data - offset);
        return BLOCK_STATUS_ZERO | BLOCK_STATUS_ALLOCATED;
    }
    hole = lseek(s->fd, offset, SEEK_HOLE);
    if (hole > offset) {
        *run = MIN(bytes, hole - offset);
    }
    return BLOCK_STATUS_DATA | BLOCK_STATUS_ALLOCATED;
}

/* ---- Opening ---- */

/* The least alignment with which the kernel reads past the cache here. */
static bool probe_alignment(FileState *s, GError **errp)
{
    uint8_t *buf = aligned_buffer(2 * MAX_ALIGN);

    for (s->alignment = 512; buf && s->alignment <= MAX_ALIGN; s->alignment *= 2) {
        /* Memory and size at the least alignment that is tried. */
        if (pread(s->fd, buf + (s->alignment & (MAX_ALIGN - 1)), s->alignment, 0) >= 0 ||
            errno != EINVAL) {
            free(buf);
            return true;
        }
    }
    free(buf);
    error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "no request size works with cache.direct=on");
    return false;
}

static bool take_locks(BlockNode *node, GError **errp)
{
    FileState *s = node->opaque;
    bool writes = node->flags & BLOCK_OPEN_RDWR;

    if (!s->locking || s->locked || (node->flags & (BLOCK_OPEN_NO_LOCK | BLOCK_OPEN_INACTIVE))) {
        return true;
    }
    s->locked = file_lock_take(s->fd, node->filename,
                               FILE_PERM_READ | (writes ? FILE_PERM_WRITE | FILE_PERM_RESIZE : 0),
                               FILE_PERM_READ | FILE_PERM_WRITE_UNCHANGED, errp);
    return s->locked;
}

static bool take_keys(BlockNode *node, BlockOptions *options, GError **errp)
{
    static const char *const aio[] = {"threads", "native", "io_uring", NULL};
    static const char *const locking[] = {"auto", "on", "off", NULL};
    FileState *s = node->opaque;
    int aio_kind = 0, lock_kind = 0;
    bool ignored = false;

    if (!block_options_take_enum(options, "aio", aio, &aio_kind, errp) ||
        !block_options_take_enum(options, "locking", locking, &lock_kind, errp) ||
        !block_options_take_bool(options, "drop-cache", &ignored, errp) ||
        !block_options_take_bool(options, "x-check-cache-dropped", &ignored, errp)) {
        return false;
    }
    if (aio_kind == 1 && !(node->flags & BLOCK_OPEN_NOCACHE)) {
        error_set(
            errp, GOSSAMER_ERROR_INVALID,
            "aio=native was specified, but it requires cache.direct=on, which was not specified");
        return false;
    }
    s->locking = lock_kind != 2;
    node->filename = block_options_take(options, "filename");
    if (!node->filename || !*node->filename) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'filename' is missing");
        return false;
    }
    return true;
}

static void file_close(BlockNode *node)
{
    FileState *s = node->opaque;

    close(s->fd);
    pthread_rwlock_destroy(&s->rmw);
}

static bool open_common(BlockNode *node, BlockOptions *options, bool want_device, GError **errp)
{
    FileState *s = node->opaque;
    int direct = node->flags & BLOCK_OPEN_NOCACHE ? O_DIRECT : 0;
    struct stat st;

    if (!take_keys(node, options, errp)) {
        return false;
    }
    s->fd = open(node->filename,
                 (node->flags & BLOCK_OPEN_RDWR ? O_RDWR : O_RDONLY) | O_CLOEXEC | direct);
    if (s->fd < 0 && (node->flags & BLOCK_OPEN_RDWR) && (node->flags & BLOCK_OPEN_AUTO_RDONLY) &&
        (errno == EACCES || errno == EROFS || errno == EPERM)) {
        node->flags &= ~(unsigned)BLOCK_OPEN_RDWR;
        s->fd = open(node->filename, O_RDONLY | O_CLOEXEC | direct);
    }
    if (s->fd < 0) {
        if (errno == EINVAL && direct) {
            error_set(errp, GOSSAMER_ERROR_IO,
                      "Could not open '%s': filesystem does not support O_DIRECT (use another "
                      "cache mode)",
                      node->filename);
        } else {
            error_setg_errno(errp, errno, "Could not open '%s'", node->filename);
        }
        return false;
    }
    pthread_rwlock_init(&s->rmw, NULL);
    if (fstat(s->fd, &st) < 0) {
        error_setg_errno(errp, errno, "Could not stat '%s'", node->filename);
    } else if (want_device && !S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "host_device driver requires '%s' to be a character or block device",
                  node->filename);
    } else if (!want_device && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "file driver requires '%s' to be a regular file",
                  node->filename);
    } else {
        s->is_device = !S_ISREG(st.st_mode);
        s->direct = direct != 0;
        s->alignment = 1;
        s->can_discard = s->can_zero = true;
        if ((!direct || probe_alignment(s, errp)) && take_locks(node, errp)) {
            return true;
        }
    }
    file_close(node);
    return false;
}

static bool file_open(BlockNode *node, BlockOptions *options, GError **errp)
{
    return open_common(node, options, false, errp);
}

static bool device_open(BlockNode *node, BlockOptions *options, GError **errp)
{
    return open_common(node, options, true, errp);
}

static bool file_inactivate(BlockNode *node, GError **errp)
{
    FileState *s = node->opaque;

    if (s->locked) {
        file_lock_drop(s->fd);
        s->locked = false;
    }
    return true;
}

static bool file_activate(BlockNode *node, GError **errp)
{
    bool good;

    node->flags &= ~(unsigned)BLOCK_OPEN_INACTIVE;
    good = take_locks(node, errp);
    node->flags |= BLOCK_OPEN_INACTIVE;
    return good;
}

/* An empty file, or one that is emptied; nobody else may be using it. */
static bool file_create(const char *filename, BlockOptions *options, GError **errp)
{
    static const char *const modes[] = {"off", "metadata", "falloc", "full", NULL};
    uint64_t size = 0;
    bool nocow = false, good = false;
    int prealloc = 0, fd;
    GError *error = NULL;

    if (!block_options_take_size(options, "size", &size, errp) ||
        !block_options_take_enum(options, "preallocation", modes, &prealloc, errp) ||
        !block_options_take_bool(options, "nocow", &nocow, errp)) {
        return false;
    }
    if (size > INT64_MAX) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Image size must be less than 8 EiB!");
        return false;
    }
    if (g_str_has_prefix(filename, "file:")) {
        filename += 5;
    }
    fd = open(filename, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        error_setg_errno(errp, errno, "Could not create '%s'", filename);
        return false;
    }
    if (file_lock_take(fd, filename, FILE_PERM_WRITE | FILE_PERM_RESIZE,
                       FILE_PERM_ALL & ~FILE_PERM_RESIZE, &error)) {
        BlockNode *node;

        if (ftruncate(fd, 0) < 0) {
            error_setg_errno(&error, errno, "Could not clear '%s'", filename);
        }
        close(fd);
        node = error ? NULL : block_open_protocol(filename, BLOCK_OPEN_RDWR, &error);
        good = node && block_truncate(node, (int64_t)size, prealloc, &error);
        block_unref(node);
    } else {
        close(fd);
    }
    if (!good) {
        g_propagate_error(errp, error);
    }
    return good;
}

const BlockDriver block_driver_file = {
    .name = "file",
    .is_protocol = true,
    .protocol = "file",
    .instance_size = sizeof(FileState),
    .open = file_open,
    .close = file_close,
    .preadv = file_preadv,
    .pwritev = file_pwritev,
    .pwrite_zeroes = file_pwrite_zeroes,
    .pdiscard = file_pdiscard,
    .flush = file_flush, .begin_writeback = file_begin_writeback,
    .truncate = file_truncate,
    .get_length = file_length,
    .allocated_size = file_allocated,
    .status = file_status,
    .inactivate = file_inactivate,
    .activate = file_activate,
    .create = file_create,
};

const BlockDriver block_driver_host_device = {
    .name = "host_device",
    .is_protocol = true,
    .protocol = "host_device",
    .instance_size = sizeof(FileState),
    .open = device_open,
    .close = file_close,
    .preadv = file_preadv,
    .pwritev = file_pwritev,
    .pwrite_zeroes = file_pwrite_zeroes,
    .pdiscard = file_pdiscard,
    .flush = file_flush, .begin_writeback = file_begin_writeback,
    .truncate = file_truncate,
    .get_length = file_length,
    .allocated_size = file_allocated,
    .inactivate = file_inactivate,
    .activate = file_activate,
};
