/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Postcopy's receiving side, on Linux' userfaultfd(2).
 *
 * Every block is registered for missing pages.  Whoever touches one (a vCPU, a device, this process' own
 * copying) sleeps in the kernel, and the fault thread asks the source for the page; whoever reads the stream
 * places pages with UFFDIO_COPY and UFFDIO_ZEROPAGE, which wake the sleepers.
 *
 * Left out: memory that is shared or of large pages.
 */
#include "migration/postcopy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "util/error.h"
#include "util/thread.h"

struct PostcopyIncoming {
    GArray *regions;       /* RAMRegion */
    int fd, quit[2];
    Thread *thread;
    bool (*request)(void *opaque, const RAMRegion *region, uint64_t offset);
    void *opaque;
};

static int open_userfaultfd(GError **errp)
{
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        error_setg_errno(errp, errno, "userfaultfd is not to be had (as another user than root it takes "
                         "/proc/sys/vm/unprivileged_userfaultfd = 1)");
        return -1;
    }
    struct uffdio_api api = {.api = UFFD_API};
    if (ioctl(fd, UFFDIO_API, &api)) {
        error_setg_errno(errp, errno, "userfaultfd has another interface");
        close(fd);
        return -1;
    }
    return fd;
}

bool postcopy_is_supported(GError **errp)
{
    int fd = open_userfaultfd(errp);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

bool postcopy_prepare(const GArray *regions, GError **errp)
{
    for (unsigned i = 0; i < regions->len; i++) {
        const RAMRegion *region = &g_array_index(regions, RAMRegion, i);
        if (region->shared || region->page_size != RAM_PAGE_SIZE) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "postcopy needs private memory in small pages, which "
                      "RAM block '%s' is not", region->name);
            return false;
        }
        /* A large page would come and go as a whole. */
        madvise(region->host, region->used_length, MADV_NOHUGEPAGE);
        if (!postcopy_discard(region, 0, region->used_length, errp)) {
            return false;
        }
    }
    return postcopy_is_supported(errp);
}

bool postcopy_discard(const RAMRegion *region, uint64_t start, uint64_t length, GError **errp)
{
    if ((start | length) % RAM_PAGE_SIZE || madvise(region->host + start, length, MADV_DONTNEED)) {
        error_setg_errno(errp, (start | length) % RAM_PAGE_SIZE ? EINVAL : errno,
                         "cannot drop pages of RAM block '%s'", region->name);
        return false;
    }
    return true;
}

static const RAMRegion *find_region(PostcopyIncoming *p, const uint8_t *host)
{
    for (unsigned i = 0; i < p->regions->len; i++) {
        const RAMRegion *region = &g_array_index(p->regions, RAMRegion, i);
        if (host >= region->host && (uint64_t)(host - region->host) < region->used_length) {
            return region;
        }
    }
    return NULL;
}

static void *fault_thread(void *opaque)
{
    PostcopyIncoming *p = opaque;
    struct pollfd fds[] = {{p->fd, POLLIN, 0}, {p->quit[0], POLLIN, 0}};

    for (;;) {
        struct uffd_msg message;
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            break;
        }
        if (fds[1].revents) {
            break;
        }
        ssize_t n = read(p->fd, &message, sizeof(message));
        if (n != sizeof(message) || message.event != UFFD_EVENT_PAGEFAULT) {
            continue;
        }
        uint8_t *host = (uint8_t *)(uintptr_t)(message.arg.pagefault.address & ~(RAM_PAGE_SIZE - 1));
        const RAMRegion *region = find_region(p, host);
        if (region && !p->request(p->opaque, region, (uint64_t)(host - region->host))) {
            break;
        }
    }
    return NULL;
}

PostcopyIncoming *postcopy_incoming_new(const GArray *regions,
                                        bool (*request)(void *opaque, const RAMRegion *region, uint64_t offset),
                                        void *opaque, GError **errp)
{
    PostcopyIncoming *p = g_new0(PostcopyIncoming, 1);

    p->regions = g_array_new(false, false, sizeof(RAMRegion));
    g_array_append_vals(p->regions, regions->data, regions->len);
    p->request = request;
    p->opaque = opaque;
    p->quit[0] = p->quit[1] = -1;
    p->fd = open_userfaultfd(errp);
    if (p->fd < 0) {
        postcopy_incoming_free(p);
        return NULL;
    }
    for (unsigned i = 0; i < regions->len; i++) {
        const RAMRegion *region = &g_array_index(regions, RAMRegion, i);
        struct uffdio_register reg = {
            .range = {(uintptr_t)region->host, region->used_length}, .mode = UFFDIO_REGISTER_MODE_MISSING};
        if (ioctl(p->fd, UFFDIO_REGISTER, &reg)) {
            error_setg_errno(errp, errno, "userfaultfd does not take RAM block '%s'", region->name);
            postcopy_incoming_free(p);
            return NULL;
        }
    }
    if (pipe2(p->quit, O_CLOEXEC)) {
        error_setg_errno(errp, errno, "no pipe for postcopy");
        postcopy_incoming_free(p);
        return NULL;
    }
    p->thread = thread_create("postcopy-fault", fault_thread, p);
    return p;
}

bool postcopy_place_page(PostcopyIncoming *p, uint8_t *host, const uint8_t *data, GError **errp)
{
    struct uffdio_copy copy = {.dst = (uintptr_t)host, .src = (uintptr_t)data, .len = RAM_PAGE_SIZE};
    struct uffdio_zeropage zero = {.range = {(uintptr_t)host, RAM_PAGE_SIZE}};
    int result;

    do {
        result = data ? ioctl(p->fd, UFFDIO_COPY, &copy) : ioctl(p->fd, UFFDIO_ZEROPAGE, &zero);
    } while (result && errno == EAGAIN);
    /* It is there already: nothing of the guest's may be overwritten. */
    if (result && errno != EEXIST) {
        error_setg_errno(errp, errno, "cannot place a page of guest memory");
        return false;
    }
    return true;
}

void postcopy_incoming_free(PostcopyIncoming *p)
{
    if (!p) {
        return;
    }
    if (p->thread) {
        if (write(p->quit[1], "", 1) < 0) {
            /* Then it is closed below. */
        }
        thread_join(p->thread);
    }
    if (p->fd >= 0) {
        /* Wakes whoever still sleeps: what is missing is zero then. */
        close(p->fd);
    }
    for (int i = 0; i < 2; i++) {
        if (p->quit[i] >= 0) {
            close(p->quit[i]);
        }
    }
    for (unsigned i = 0; i < p->regions->len; i++) {
        const RAMRegion *region = &g_array_index(p->regions, RAMRegion, i);
        madvise(region->host, region->used_length, MADV_HUGEPAGE);
    }
    g_array_unref(p->regions);
    g_free(p);
}
