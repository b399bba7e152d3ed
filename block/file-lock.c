/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that keep two processes from writing one image, by the convention of QEMU and its tools:
 * open file description locks on single bytes past the header's first hundred. Byte 100 + n is held
 * shared by whoever does operation n, byte 200 + n by whoever does not let others do n. After
 * taking its own, an opener looks whether anybody holds the opposite byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "file-lock.h"
#include "util/error.h"

#define PERM_BASE   100
#define SHARED_BASE 200
#define PERM_COUNT  4

static const char *const perm_names[PERM_COUNT] = {"consistent read", "write", "write unchanged",
                                                   "resize"};

static int lock_byte(int fd, off_t byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int ret;

    do {
        ret = fcntl(fd, F_OFD_SETLK, &lock);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

/* True if somebody else holds the byte. */
static int byte_is_held(int fd, off_t byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

    if (fcntl(fd, F_OFD_GETLK, &lock) < 0) {
        return -errno;
    }
    return lock.l_type != F_UNLCK;
}

static bool take_all(int fd, const char *filename, unsigned perm, unsigned shared, GError **errp)
{
    for (unsigned i = 0; i < PERM_COUNT; i++) {
        int ret = perm & (1u << i) ? lock_byte(fd, PERM_BASE + i, F_RDLCK) : 0;

        if (ret == 0 && !(shared & (1u << i))) {
            ret = lock_byte(fd, SHARED_BASE + i, F_RDLCK);
        }
        if (ret == -ENOLCK || ret == -EINVAL || ret == -EOPNOTSUPP) {
            /* A file system without locks: as QEMU with locking=auto, go on without. */
            return true;
        }
        if (ret < 0) {
            error_setg_errno(errp, -ret, "Failed to lock byte for \"%s\" of '%s'", perm_names[i],
                             filename);
            return false;
        }
    }
    for (unsigned i = 0; i < PERM_COUNT; i++) {
        int held = perm & (1u << i) ? byte_is_held(fd, SHARED_BASE + i) : 0;

        if (held == 0 && !(shared & (1u << i))) {
            held = byte_is_held(fd, PERM_BASE + i);
        }
        if (held > 0) {
            error_set(errp, GOSSAMER_ERROR_BUSY,
                      "Failed to get %s\"%s\" lock: is another process using the image [%s]?",
                      perm & (1u << i) ? "" : "shared ", perm_names[i], filename);
            return false;
        }
    }
    return true;
}

bool file_lock_take(int fd, const char *filename, unsigned perm, unsigned shared, GError **errp)
{
    if (take_all(fd, filename, perm, shared, errp)) {
        return true;
    }
    file_lock_drop(fd);
    return false;
}

void file_lock_drop(int fd)
{
    for (unsigned i = 0; i < PERM_COUNT; i++) {
        lock_byte(fd, PERM_BASE + i, F_UNLCK);
        lock_byte(fd, SHARED_BASE + i, F_UNLCK);
    }
}
