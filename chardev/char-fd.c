/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Back ends over plain descriptors: standard input and output, files, named pipes; and the reading
 * and writing that pty and sockets share.  The terminal is put in raw mode while it is ours and set
 * back at the end, whatever the end is.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "chardev-private.h"
#include "util/error.h"

/* ---- Shared reading and writing ---- */

static gboolean fd_readable(gint fd, GIOCondition condition, gpointer data);

static void watch(CharFdReader *reader)
{
    if (!reader->source && reader->fd >= 0) {
        reader->source =
            g_unix_fd_add(reader->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, fd_readable, reader);
    }
}

static gboolean fd_readable(gint fd, GIOCondition condition, gpointer data)
{
    CharFdReader *reader = data;
    uint8_t buf[4096];
    int room = chardev_can_receive(reader->chr);
    ssize_t n;

    if (room <= 0) {
        reader->source = 0;      /* until update(): polling a full front end would spin */
        return G_SOURCE_REMOVE;
    }
    do {
        n = read(fd, buf, MIN((size_t)room, sizeof(buf)));
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return G_SOURCE_CONTINUE;
    }
    if (n <= 0) {
        reader->source = 0;
        reader->fd = -1;
        if (reader->on_eof) {
            reader->on_eof(reader->chr);
        }
        return G_SOURCE_REMOVE;
    }
    chardev_receive(reader->chr, buf, n);
    return reader->source ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void char_fd_reader_start(CharFdReader *reader, Chardev *chr, int fd, void (*on_eof)(Chardev *chr))
{
    reader->chr = chr;
    reader->fd = fd;
    reader->on_eof = on_eof;
    watch(reader);
}

void char_fd_reader_stop(CharFdReader *reader)
{
    if (reader->source) {
        g_source_remove(reader->source);
        reader->source = 0;
    }
    reader->fd = -1;
}

void char_fd_reader_update(CharFdReader *reader)
{
    if (reader->chr && chardev_can_receive(reader->chr) > 0) {
        watch(reader);
    }
}

int char_fd_write(int fd, const uint8_t *buf, int size)
{
    GPollFD ready = {.fd = fd, .events = G_IO_OUT};
    ssize_t n;

    /* A terminal that is stopped, a pipe that nobody empties: never sleep here, with the device
     * lock. */
    if (g_poll(&ready, 1, 0) == 0) {
        return 0;
    }
    size = MIN(size, 512);
    do {
        n = write(fd, buf, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    return n;
}

typedef struct Watch {
    gboolean (*fn)(void *opaque);
    void *opaque;
} Watch;

static gboolean watch_fired(gint fd, GIOCondition condition, gpointer data)
{
    Watch *w = data;

    return w->fn(w->opaque);
}

guint char_fd_add_watch(int fd, gboolean (*fn)(void *opaque), void *opaque)
{
    Watch *w;

    if (fd < 0) {
        return 0;
    }
    w = g_new(Watch, 1);
    *w = (Watch){fn, opaque};
    return g_unix_fd_add_full(G_PRIORITY_DEFAULT, fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, watch_fired,
                              w, g_free);
}

/* ---- stdio ---- */

typedef struct CharFd {
    Chardev parent;
    int in, out;
    bool owned;                  /* close the descriptors */
    bool terminal, signals;
    struct termios saved, raw;
    CharFdReader reader;
} CharFd;

static int fd_write(Chardev *chr, const uint8_t *buf, int size)
{
    CharFd *c = (CharFd *)chr;

    return c->out < 0 ? size : char_fd_write(c->out, buf, size);
}

static void fd_update(Chardev *chr)
{
    char_fd_reader_update(&((CharFd *)chr)->reader);
}

/* In the background the terminal is somebody else's.  One that does not control us has no
 * background. */
static bool in_foreground(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);

    return foreground < 0 || foreground == getpgrp();
}

static guint fd_add_watch(Chardev *chr, gboolean (*fn)(void *opaque), void *opaque)
{
    return char_fd_add_watch(((CharFd *)chr)->out, fn, opaque);
}

static void stdio_restore(Chardev *chr)
{
    CharFd *c = (CharFd *)chr;

    if (c->terminal && in_foreground()) {
        tcsetattr(STDIN_FILENO, TCSANOW, &c->saved);
    }
}

static void stdio_resume(Chardev *chr)
{
    CharFd *c = (CharFd *)chr;

    if (c->terminal && in_foreground()) {
        tcsetattr(STDIN_FILENO, TCSANOW, &c->raw);
    }
}

/* Standard output, opened once more so that our writes do not wait, and the shell's still do:
 * whether they wait belongs to the open file, which is shared with it. A regular file never waits,
 * and has a position. */
static int own_output(void)
{
    struct stat status;
    int fd = -1;

    if (fstat(STDOUT_FILENO, &status) == 0 &&
        (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode))) {
        fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    return fd;
}

static bool stdio_open(Chardev *chr, const Options *options, GError **errp)
{
    CharFd *c = (CharFd *)chr;
    int own = own_output();
    struct termios raw;

    c->in = STDIN_FILENO;
    c->out = own >= 0 ? own : STDOUT_FILENO;
    c->signals = options_get_bool(options, "signal", true);
    if (tcgetattr(STDIN_FILENO, &c->saved) == 0) {
        c->terminal = true;
        raw = c->saved;
        raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
        raw.c_oflag |= OPOST;
        raw.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN);
        if (!c->signals) {
            raw.c_lflag &= ~ISIG;
        }
        raw.c_cflag &= ~(CSIZE | PARENB);
        raw.c_cflag |= CS8;
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        c->raw = raw;    /* put in force by resume() when the back end is registered */
    }
    chr->filename = g_strdup("stdio");
    char_fd_reader_start(&c->reader, chr, STDIN_FILENO, NULL);
    chardev_event(chr, CHAR_EVENT_OPENED);
    return true;
}

static void fd_close(Chardev *chr)
{
    CharFd *c = (CharFd *)chr;

    char_fd_reader_stop(&c->reader);
    if (chr->class->restore) {
        chr->class->restore(chr);
    }
    if (c->owned && c->in >= 0) {
        close(c->in);
    }
    if (c->out >= 0 && c->out != STDOUT_FILENO && (c->out != c->in || !c->owned)) {
        close(c->out);
    }
}

static const OptionListDesc stdio_options = {
    .name = "chardev stdio",
    .desc = (const OptionDesc[]){
        CHARDEV_COMMON_OPTIONS,
        {"signal", OPTION_BOOL, "Ctrl-C ends the emulator (off: goes to the guest)", NULL},
        {0},
    },
};

const ChardevClass char_stdio_class = {
    .name = "stdio",
    .help = "standard input and output",
    .options = &stdio_options,
    .size = sizeof(CharFd),
    .open = stdio_open,
    .close = fd_close,
    .write = fd_write,
    .update = fd_update,
    .restore = stdio_restore,
    .resume = stdio_resume,
    .add_watch = fd_add_watch,
};

/* ---- null ---- */

static bool null_open(Chardev *chr, const Options *options, GError **errp)
{
    chardev_event(chr, CHAR_EVENT_OPENED);
    return true;
}

static int null_write(Chardev *chr, const uint8_t *buf, int size)
{
    return size;
}

static const OptionListDesc null_options = {
    .name = "chardev null",
    .desc = (const OptionDesc[]){CHARDEV_COMMON_OPTIONS, {0}},
};

const ChardevClass char_null_class = {
    .name = "null",
    .help = "takes everything, gives nothing",
    .options = &null_options,
    .size = sizeof(Chardev),
    .open = null_open,
    .write = null_write,
};

/* ---- file, pipe ---- */

static bool need_path(const Options *options, const char *kind, const char **path, GError **errp)
{
    *path = options_get(options, "path");
    if (!*path || !**path) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "chardev: %s: no filename given",
                    kind);
        return false;
    }
    return true;
}

static bool open_failed(const char *path, GError **errp)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_IO, "Unable to open character device %s: %s",
                path, g_strerror(errno));
    return false;
}

static bool file_open(Chardev *chr, const Options *options, GError **errp)
{
    CharFd *c = (CharFd *)chr;
    const char *path, *in;
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC;

    c->in = c->out = -1;
    if (!need_path(options, "file", &path, errp)) {
        return false;
    }
    flags |= options_get_bool(options, "append", false) ? O_APPEND : O_TRUNC;
    c->out = open(path, flags, 0666);
    if (c->out < 0) {
        return open_failed(path, errp);
    }
    c->owned = true;
    in = options_get(options, "input-path");
    if (in) {
        c->in = open(in, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (c->in < 0) {
            close(c->out);
            return open_failed(in, errp);
        }
        char_fd_reader_start(&c->reader, chr, c->in, NULL);
    }
    chr->filename = g_strdup_printf("file:%s", path);
    chardev_event(chr, CHAR_EVENT_OPENED);
    return true;
}

static const OptionListDesc file_options = {
    .name = "chardev file",
    .desc = (const OptionDesc[]){
        CHARDEV_COMMON_OPTIONS,
        {"path", OPTION_STRING, "file to write", NULL},
        {"append", OPTION_BOOL, "keep what the file holds", "off"},
        {"input-path", OPTION_STRING, "file to read", NULL},
        {0},
    },
};

const ChardevClass char_file_class = {
    .name = "file",
    .help = "writes to a file",
    .options = &file_options,
    .size = sizeof(CharFd),
    .open = file_open,
    .close = fd_close,
    .write = fd_write,
    .update = fd_update,
    .add_watch = fd_add_watch,
};

/* PATH.in and PATH.out if they exist, else one FIFO both ways. */
static bool pipe_open(Chardev *chr, const Options *options, GError **errp)
{
    CharFd *c = (CharFd *)chr;
    g_autofree char *in = NULL, *out = NULL;
    const char *path;

    c->in = c->out = -1;
    if (!need_path(options, "pipe", &path, errp)) {
        return false;
    }
    in = g_strconcat(path, ".in", NULL);
    out = g_strconcat(path, ".out", NULL);
    c->owned = true;
    c->in = open(in, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    c->out = open(out, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (c->in < 0 || c->out < 0) {
        if (c->in >= 0) {
            close(c->in);
        }
        if (c->out >= 0) {
            close(c->out);
        }
        c->in = c->out = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (c->in < 0) {
            return open_failed(path, errp);
        }
    }
    chr->filename = g_strdup_printf("pipe:%s", path);
    char_fd_reader_start(&c->reader, chr, c->in, NULL);
    chardev_event(chr, CHAR_EVENT_OPENED);
    return true;
}

static const OptionListDesc pipe_options = {
    .name = "chardev pipe",
    .desc =
        (const OptionDesc[]){
            CHARDEV_COMMON_OPTIONS,
            {"path", OPTION_STRING, "named pipe, or its name less .in and .out", NULL},
            {0},
        },
};

const ChardevClass char_pipe_class = {
    .name = "pipe",
    .help = "named pipes",
    .options = &pipe_options,
    .size = sizeof(CharFd),
    .open = pipe_open,
    .close = fd_close,
    .write = fd_write,
    .update = fd_update,
    .add_watch = fd_add_watch,
};
