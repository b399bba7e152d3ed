/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frozen memory: all pages are write-protected; the fault thread copies a page that is about to be written and
 * lets the writer go on; whoever takes a page gets the copy if there is one.
 *
 * The lock is between copying and taking a page: neither sees the other half done.
 */
#include "migration/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "util/bitops.h"
#include "util/error.h"
#include "util/thread.h"

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif

typedef struct FrozenRegion {
    RAMRegion region;
    unsigned long *taken;   /* pages that may be written */
    uint64_t key;           /* of its page 0 in `copies` */
} FrozenRegion;

struct Freeze {
    GArray *regions;        /* FrozenRegion */
    GHashTable *copies;     /* page's key -> its bytes */
    Mutex lock;
    int fd, quit[2];
    Thread *thread;
};

static int open_userfaultfd(GError **errp)
{
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    struct uffdio_api api = {.api = UFFD_API,
                             .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED};

    if (fd < 0) {
        error_setg_errno(errp, errno, "userfaultfd is not to be had (as another user than root it takes "
                         "/proc/sys/vm/unprivileged_userfaultfd = 1)");
        return -1;
    }
    if (ioctl(fd, UFFDIO_API, &api)) {
        error_setg_errno(errp, errno, "userfaultfd of this kernel cannot write-protect (Linux 6.4 or later can)");
        close(fd);
        return -1;
    }
    return fd;
}

bool freeze_is_supported(GError **errp)
{
    int fd = open_userfaultfd(errp);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool protect(Freeze *f, uint8_t *host, uint64_t size, bool on)
{
    struct uffdio_writeprotect wp = {.range = {(uintptr_t)host, size}, .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0};
    int result;

    do {
        result = ioctl(f->fd, UFFDIO_WRITEPROTECT, &wp);
    } while (result && errno == EAGAIN);
    return !result;
}

/* Somebody is about to write there. */
static void save_copy(Freeze *f, uint8_t *host)
{
    for (unsigned i = 0; i < f->regions->len; i++) {
        FrozenRegion *r = &g_array_index(f->regions, FrozenRegion, i);
        if (host < r->region.host || (uint64_t)(host - r->region.host) >= r->region.used_length) {
            continue;
        }
        uint64_t page = (uint64_t)(host - r->region.host) >> RAM_PAGE_BITS;
        mutex_lock(&f->lock);
        if (!test_bit(page, r->taken)) {
            bitmap_set(r->taken, page, 1);
            g_hash_table_insert(f->copies, GSIZE_TO_POINTER(r->key + page), g_memdup2(host, RAM_PAGE_SIZE));
        }
        protect(f, host, RAM_PAGE_SIZE, false);
        mutex_unlock(&f->lock);
    }
}

static void *fault_thread(void *opaque)
{
    Freeze *f = opaque;
    struct pollfd fds[] = {{f->fd, POLLIN, 0}, {f->quit[0], POLLIN, 0}};

    for (;;) {
        struct uffd_msg message;
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            break;
        }
        if (fds[1].revents) {
            break;
        }
        if (read(f->fd, &message, sizeof(message)) == sizeof(message) &&
            message.event == UFFD_EVENT_PAGEFAULT) {
            save_copy(f, (uint8_t *)(uintptr_t)(message.arg.pagefault.address & ~(RAM_PAGE_SIZE - 1)));
        }
    }
    return NULL;
}

Freeze *freeze_begin(const GArray *regions, GError **errp)
{
    Freeze *f = g_new0(Freeze, 1);
    uint64_t key = 1;

    f->quit[0] = f->quit[1] = -1;
    mutex_init(&f->lock);
    f->copies = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    f->regions = g_array_new(false, false, sizeof(FrozenRegion));
    for (unsigned i = 0; i < regions->len; i++) {
        FrozenRegion r = {.region = g_array_index(regions, RAMRegion, i), .key = key};
        uint64_t pages = r.region.used_length >> RAM_PAGE_BITS;
        r.taken = bitmap_new(pages);
        key += pages;
        g_array_append_val(f->regions, r);
    }
    f->fd = open_userfaultfd(errp);
    bool ok = f->fd >= 0;
    for (unsigned i = 0; ok && i < f->regions->len; i++) {
        const RAMRegion *region = &g_array_index(f->regions, FrozenRegion, i).region;
        struct uffdio_register reg = {.range = {(uintptr_t)region->host, region->used_length},
                                      .mode = UFFDIO_REGISTER_MODE_WP};
        ok = !ioctl(f->fd, UFFDIO_REGISTER, &reg) && protect(f, region->host, region->used_length, true);
        if (!ok) {
            error_setg_errno(errp, errno, "RAM block '%s' cannot be write-protected", region->name);
        }
    }
    if (ok && pipe2(f->quit, O_CLOEXEC)) {
        error_setg_errno(errp, errno, "no pipe for a background snapshot");
        ok = false;
    }
    if (!ok) {
        freeze_end(f);
        return NULL;
    }
    f->thread = thread_create("freeze", fault_thread, f);
    return f;
}

bool freeze_take(Freeze *f, unsigned index, uint64_t page, uint8_t *out, GError **errp)
{
    FrozenRegion *r = &g_array_index(f->regions, FrozenRegion, index);
    uint8_t *host = r->region.host + (page << RAM_PAGE_BITS);
    gpointer key = GSIZE_TO_POINTER(r->key + page);
    bool ok = true;

    mutex_lock(&f->lock);
    const uint8_t *copy = g_hash_table_lookup(f->copies, key);
    memcpy(out, copy ? copy : host, RAM_PAGE_SIZE);
    if (copy) {
        g_hash_table_remove(f->copies, key);
    } else {
        bitmap_set(r->taken, page, 1);
        ok = protect(f, host, RAM_PAGE_SIZE, false);
    }
    mutex_unlock(&f->lock);
    if (!ok) {
        error_setg_errno(errp, errno, "a page of RAM block '%s' stays write-protected", r->region.name);
    }
    return ok;
}

void freeze_end(Freeze *f)
{
    if (!f) {
        return;
    }
    if (f->fd >= 0) {
        /* Whoever still waits for the fault thread goes on. */
        for (unsigned i = 0; i < f->regions->len; i++) {
            const RAMRegion *region = &g_array_index(f->regions, FrozenRegion, i).region;
            protect(f, region->host, region->used_length, false);
        }
    }
    if (f->thread) {
        if (write(f->quit[1], "", 1) < 0) {
            /* It is closed below. */
        }
        thread_join(f->thread);
    }
    if (f->fd >= 0) {
        close(f->fd);
    }
    for (int i = 0; i < 2; i++) {
        if (f->quit[i] >= 0) {
            close(f->quit[i]);
        }
    }
    for (unsigned i = 0; i < f->regions->len; i++) {
        g_free(g_array_index(f->regions, FrozenRegion, i).taken);
    }
    g_array_unref(f->regions);
    g_hash_table_unref(f->copies);
    mutex_destroy(&f->lock);
    g_free(f);
}
