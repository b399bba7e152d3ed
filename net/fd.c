/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Back ends on a descriptor that takes and gives a frame at a time: TAP devices, sockets. */
#include "net-private.h"
#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>
#include "util/error.h"

#define READ_BUDGET 64

static gboolean readable(gint fd, GIOCondition condition, gpointer opaque);

static void ready(NetClient *nc)
{
    NetFd *f = (NetFd *)nc;

    if (!f->read_source) {
        f->read_source = g_unix_fd_add(f->fd, G_IO_IN, readable, f);
    }
}

static gboolean read_again(gpointer opaque)
{
    NetFd *f = opaque;

    f->read_source = 0;
    ready(&f->nc);
    return G_SOURCE_REMOVE;
}

/* Nothing there, or ICMP's word of a peer that is not there (yet). */
static bool passes(int error)
{
    return error == EAGAIN || error == EINTR || error == ECONNREFUSED || error == ECONNRESET;
}

static gboolean readable(gint fd, GIOCondition condition, gpointer opaque)
{
    NetFd *f = opaque;

    for (unsigned budget = READ_BUDGET; budget; budget--) {
        ssize_t n = read(fd, f->in, sizeof(f->in));

        if (n < 0 && !passes(errno)) {
            /* It may last (a TAP device that was taken away): not again and again. */
            if (!f->troubled) {
                error_report("%s '%s': %s", f->nc.info->type, f->nc.name, g_strerror(errno));
            }
            f->troubled = true;
            f->read_source = g_timeout_add_seconds(1, read_again, f);
            return G_SOURCE_REMOVE;
        }
        if (n < 0) {
            return G_SOURCE_CONTINUE;
        }
        f->troubled = false;
        if (n && !net_send_or_wait(&f->nc, f->in, (size_t)n, ready)) {
            f->read_source = 0;
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

void net_fd_open(NetFd *f, int fd)
{
    f->fd = fd;
    net_prepare_fd(fd);
    ready(&f->nc);
}

void net_fd_close(NetFd *f)
{
    if (f->read_source) {
        g_source_remove(f->read_source);
    }
    if (f->write_source) {
        g_source_remove(f->write_source);
    }
    close(f->fd);
}

static gboolean rested(gpointer opaque)
{
    NetFd *f = opaque;

    f->write_source = 0;
    net_flush(&f->nc);
    return G_SOURCE_REMOVE;
}

static gboolean writable(gint fd, GIOCondition condition, gpointer opaque)
{
    return rested(opaque);
}

ssize_t net_fd_wait(NetFd *f, unsigned rest_ms)
{
    if (!f->write_source) {
        f->write_source = rest_ms ? g_timeout_add(rest_ms, rested, f)
                                  : g_unix_fd_add(f->fd, G_IO_OUT, writable, f);
    }
    return 0;
}
