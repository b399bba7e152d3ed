/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd(2): its descriptor and the thread that reads faults from it. See
 * migration/userfault.h. */
#include "userfault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "util/error.h"
#include "util/thread.h"

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif

static const struct {
    uint64_t features, mode;
    const char *unsupported, *refused;
} kinds[] = {
    [USERFAULT_MISSING] = {0, UFFDIO_REGISTER_MODE_MISSING, "userfaultfd has another interface",
                           "userfaultfd does not take RAM block"},
    [USERFAULT_WRITE] = {UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED,
                         UFFDIO_REGISTER_MODE_WP,
                         "userfaultfd of this kernel cannot write-protect (Linux 6.4 or later can)",
                         "cannot write-protect RAM block"},
};

struct Userfault {
    UserfaultKind kind;
    int fd, quit[2];
    Thread *thread;
    bool (*fault)(void *opaque, uint8_t *page);
    void *opaque;
};

Userfault *userfault_new(UserfaultKind kind, GError **errp)
{
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    struct uffdio_api api = {.api = UFFD_API, .features = kinds[kind].features};

    if (fd < 0) {
        error_setg_errno(errp, errno,
                         "userfaultfd is not to be had (as another user than root it takes "
                         "/proc/sys/vm/unprivileged_userfaultfd = 1)");
        return NULL;
    }
    if (ioctl(fd, UFFDIO_API, &api)) {
        error_setg_errno(errp, errno, "%s", kinds[kind].unsupported);
        close(fd);
        return NULL;
    }

    Userfault *u = g_new0(Userfault, 1);
    u->kind = kind;
    u->fd = fd;
    u->quit[0] = u->quit[1] = -1;
    return u;
}

bool userfault_is_supported(UserfaultKind kind, GError **errp)
{
    Userfault *u = userfault_new(kind, errp);
    bool supported = u != NULL;

    userfault_free(u);
    return supported;
}

bool userfault_register(Userfault *u, const RAMRegion *region, GError **errp)
{
    struct uffdio_register reg = {.range = {(uintptr_t)region->host, region->used_length},
                                  .mode = kinds[u->kind].mode};

    if (ioctl(u->fd, UFFDIO_REGISTER, &reg)) {
        error_setg_errno(errp, errno, "%s '%s'", kinds[u->kind].refused, region->name);
        return false;
    }
    return true;
}

static void *fault_thread(void *opaque)
{
    Userfault *u = opaque;
    struct pollfd fds[] = {{u->fd, POLLIN, 0}, {u->quit[0], POLLIN, 0}};

    for (;;) {
        struct uffd_msg message;
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR) {
                continue;
            }
            break;
        }
        if (fds[1].revents) {
            break;
        }
        if (read(u->fd, &message, sizeof(message)) != sizeof(message) ||
            message.event != UFFD_EVENT_PAGEFAULT) {
            continue;
        }
        if (!u->fault(u->opaque, (uint8_t *)(uintptr_t)(message.arg.pagefault.address &
                                                        ~(RAM_PAGE_SIZE - 1)))) {
            break;
        }
    }
    return NULL;
}

bool userfault_start(Userfault *u, const char *name, bool (*fault)(void *opaque, uint8_t *page),
                     void *opaque, GError **errp)
{
    if (pipe2(u->quit, O_CLOEXEC)) {
        error_setg_errno(errp, errno, "no pipe for the thread '%s'", name);
        return false;
    }
    u->fault = fault;
    u->opaque = opaque;
    u->thread = thread_create(name, fault_thread, u);
    return true;
}

int userfault_fd(const Userfault *u)
{
    return u->fd;
}

void userfault_free(Userfault *u)
{
    if (!u) {
        return;
    }
    if (u->thread) {
        if (write(u->quit[1], "", 1) < 0) {
            /* The pipe is empty but for this byte, and open. */
        }
        thread_join(u->thread);
    }
    close(u->fd);
    for (int i = 0; i < 2; i++) {
        if (u->quit[i] >= 0) {
            close(u->quit[i]);
        }
    }
    g_free(u);
}
