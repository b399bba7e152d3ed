/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pseudo terminal: the name of its other side is printed when it is made.  While nobody has that
 * side open, what is written is dropped and the back end counts as closed; a timer looks for an
 * opener.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>
#include "chardev-private.h"
#include "util/error.h"

#define PTY_POLL_MS 200

typedef struct CharPty {
    Chardev parent;
    int fd;
    guint timer;
    CharFdReader reader;
} CharPty;

static void pty_lost(Chardev *chr);

static gboolean look_for_opener(gpointer data)
{
    CharPty *p = data;
    struct pollfd pfd = {p->fd, POLLIN, 0};

    if (poll(&pfd, 1, 0) >= 0 && !(pfd.revents & POLLHUP)) {
        p->timer = 0;
        if (!p->parent.open) {
            chardev_event(&p->parent, CHAR_EVENT_OPENED);
        }
        char_fd_reader_start(&p->reader, &p->parent, p->fd, pty_lost);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void pty_lost(Chardev *chr)
{
    CharPty *p = (CharPty *)chr;

    if (chr->open) {
        chardev_event(chr, CHAR_EVENT_CLOSED);
    }
    if (!p->timer) {
        p->timer = g_timeout_add(PTY_POLL_MS, look_for_opener, p);
    }
}

static bool pty_open(Chardev *chr, const Options *options, GError **errp)
{
    CharPty *p = (CharPty *)chr;
    struct termios raw;
    int slave;
    char name[128];

    if (openpty(&p->fd, &slave, name, NULL, NULL) < 0) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_IO, "Failed to create PTY: %s",
                    g_strerror(errno));
        return false;
    }
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSAFLUSH, &raw);
    close(slave);
    fcntl(p->fd, F_SETFL, O_NONBLOCK);
    fcntl(p->fd, F_SETFD, FD_CLOEXEC);
    chr->filename = g_strdup_printf("pty:%s", name);
    printf("char device redirected to %s (label %s)\n", name, chardev_id(chr));
    fflush(stdout);
    p->timer = g_timeout_add(PTY_POLL_MS, look_for_opener, p);
    return true;
}

static void pty_close(Chardev *chr)
{
    CharPty *p = (CharPty *)chr;

    if (p->timer) {
        g_source_remove(p->timer);
    }
    char_fd_reader_stop(&p->reader);
    close(p->fd);
}

static int pty_write(Chardev *chr, const uint8_t *buf, int size)
{
    CharPty *p = (CharPty *)chr;
    int n;

    if (!chr->open) {
        return size;
    }
    n = char_fd_write(p->fd, buf, size);
    return n < 0 ? size : n;
}

static guint pty_add_watch(Chardev *chr, gboolean (*fn)(void *opaque), void *opaque)
{
    return chr->open ? char_fd_add_watch(((CharPty *)chr)->fd, fn, opaque) : 0;
}

static void pty_update(Chardev *chr)
{
    if (chr->open) {
        char_fd_reader_update(&((CharPty *)chr)->reader);
    }
}

static const OptionListDesc pty_options = {
    .name = "chardev pty",
    .desc = (const OptionDesc[]){CHARDEV_COMMON_OPTIONS, {0}},
};

const ChardevClass char_pty_class = {
    .name = "pty",
    .help = "a pseudo terminal",
    .options = &pty_options,
    .size = sizeof(CharPty),
    .open = pty_open,
    .close = pty_close,
    .write = pty_write,
    .update = pty_update,
    .add_watch = pty_add_watch,
};
