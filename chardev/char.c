/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character back ends: creation from -chardev and from the short forms, the list of them, and the
 * way between back end and front end.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "chardev-private.h"
#include "util/error.h"

const ChardevClass *const chardev_classes[] = {
    &char_stdio_class, &char_null_class, &char_file_class, &char_pipe_class, &char_pty_class,
    &char_socket_class, &char_ringbuf_class, NULL,
};

/* The process's back ends: they own terminal modes and descriptors, which are the process's too. */
typedef struct CharRegistry {
    GPtrArray *all;                         /* Chardev * in order of creation */
    CharMuxOps mux_ops;
} CharRegistry;

static CharRegistry char_registry;

static CharRegistry *registry(void)
{
    if (!char_registry.all) {
        char_registry.all = g_ptr_array_new();
    }
    return &char_registry;
}

Chardev *chardev_find(const char *id)
{
    GPtrArray *all = registry()->all;

    for (guint i = 0; i < all->len; i++) {
        Chardev *chr = g_ptr_array_index(all, i);

        if (chr->id && !strcmp(chr->id, id)) {
            return chr;
        }
    }
    return NULL;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(Chardev *const *)a)->id, (*(Chardev *const *)b)->id);
}

void chardev_foreach(void (*fn)(Chardev *chr, void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(registry()->all, NULL, NULL);

    g_ptr_array_sort(sorted, by_name);
    for (guint i = 0; i < sorted->len; i++) {
        fn(g_ptr_array_index(sorted, i), opaque);
    }
}

const char *chardev_id(const Chardev *chr)
{
    return chr->id ? chr->id : "";
}

const char *chardev_filename(const Chardev *chr)
{
    return chr->filename ? chr->filename : chr->class->name;
}

bool chardev_is_mux(const Chardev *chr)
{
    return chr->class == &char_mux_class;
}

void chardev_set_mux_ops(const CharMuxOps *ops)
{
    registry()->mux_ops = *ops;
}

const CharMuxOps *chardev_mux_ops(void)
{
    return &registry()->mux_ops;
}

bool chardev_in_use(const Chardev *chr)
{
    return chardev_is_mux(chr) ? char_mux_in_use(chr) : chr->frontend != NULL;
}

void chardev_send_break(Chardev *chr)
{
    if (chardev_is_mux(chr)) {
        char_mux_break(chr);
    } else {
        chardev_event(chr, CHAR_EVENT_BREAK);
    }
}

/* ---- Creation ---- */

static bool stdio_in_use(void)
{
    GPtrArray *all = registry()->all;

    for (guint i = 0; i < all->len; i++) {
        if (((Chardev *)g_ptr_array_index(all, i))->class == &char_stdio_class) {
            return true;
        }
    }
    return false;
}

Chardev *chardev_new(const ChardevClass *class, const char *id, const Options *options,
                     GError **errp)
{
    Chardev *chr;
    const char *log = options ? options_get(options, "logfile") : NULL;

    if (id && chardev_find(id)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "Chardev with id '%s' already exists", id);
        return NULL;
    }
    if (class == &char_stdio_class && stdio_in_use()) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "cannot use stdio by multiple character devices");
        return NULL;
    }
    chr = g_malloc0(class->size);
    chr->class = class;
    chr->id = g_strdup(id);
    chr->log_fd = -1;
    if (log) {
        int flags = O_WRONLY | O_CREAT | O_CLOEXEC |
                    (options_get_bool(options, "logappend", false) ? O_APPEND : O_TRUNC);

        chr->log_fd = open(log, flags, 0666);
        if (chr->log_fd < 0) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_IO, "Unable to open log file '%s': %s",
                        log, g_strerror(errno));
            goto failed;
        }
    }
    if (class->open && !class->open(chr, options, errp)) {
        goto failed;
    }
    g_ptr_array_add(registry()->all, chr);
    if (class->resume) {
        /* Only now: what is changed on the terminal must be found by whoever sets it back. */
        class->resume(chr);
    }
    return chr;

failed:
    if (chr->log_fd >= 0) {
        close(chr->log_fd);
    }
    g_free(chr->id);
    g_free(chr->filename);
    g_free(chr);
    return NULL;
}

static const ChardevClass *find_class(const char *name)
{
    for (unsigned i = 0; chardev_classes[i]; i++) {
        if (!strcmp(chardev_classes[i]->name, name)) {
            return chardev_classes[i];
        }
    }
    return NULL;
}

static Chardev *maybe_mux(Chardev *chr, const Options *options, GError **errp)
{
    if (chr && options && options_get_bool(options, "mux", false)) {
        g_autofree char *id = g_strdup(chr->id);

        return char_mux_over(chr, id, errp);
    }
    return chr;
}

static Chardev *unknown_kind(const char *kind, GError **errp)
{
    const char *names[16];
    const char *near;
    unsigned n = 0;

    for (; chardev_classes[n]; n++) {
        names[n] = chardev_classes[n]->name;
    }
    names[n] = NULL;
    near = nearest_name(kind, names);
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND,
                "'%s' is not a valid char driver name%s%s%s", kind, near ? " (did you mean '" : "",
                near ? near : "", near ? "'?)" : "");
    return NULL;
}

Chardev *chardev_new_from_options(const char *text, GError **errp)
{
    g_autofree char *kind = NULL;
    const ChardevClass *class;
    Options *options;
    Chardev *chr;

    text = options_next_item(text, &kind);
    if (g_str_has_prefix(kind, "backend=")) {
        memmove(kind, kind + 8, strlen(kind + 8) + 1);
    }
    if (!strcmp(kind, "serial") || !strcmp(kind, "tty")) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_SUPPORTED,
                    "chardev '%s' is not supported (use stdio, pty or a socket)", kind);
        return NULL;
    }
    class = find_class(kind);
    if (!class) {
        return unknown_kind(kind, errp);
    }
    options = options_parse(class->options, text, errp);
    if (!options) {
        return NULL;
    }
    if (!options->id) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "chardev: no id specified");
        options_free(options);
        return NULL;
    }
    chr = maybe_mux(chardev_new(class, options->id, options, errp), options, errp);
    options_free(options);
    return chr;
}

/* "tcp:host:port,server=on" becomes "host=...,port=...,server=on" for a socket, and so on. */
static char *socket_options(const char *text, GError **errp)
{
    const char *rest = text + 4, *comma = strchr(rest, ','), *colon;
    g_autofree char *address = comma ? g_strndup(rest, comma - rest) : g_strdup(rest);

    colon = strrchr(address, ':');
    if (!colon) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "'%s' has no port (tcp:host:port)", text);
        return NULL;
    }
    return g_strdup_printf("host=%.*s,port=%s%s", (int)(colon - address), address, colon + 1,
                           comma ? comma : "");
}

Chardev *chardev_new_from_short(const char *id, const char *text, bool permit_mux, GError **errp)
{
    const ChardevClass *class = NULL;
    g_autofree char *rest = NULL;
    Options *options;
    bool mux = false;
    Chardev *chr;

    if (g_str_has_prefix(text, "chardev:")) {
        chr = chardev_find(text + 8);
        if (!chr) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND, "chardev '%s' not found",
                        text + 8);
        }
        return chr;
    }
    if (g_str_has_prefix(text, "mon:")) {
        if (!permit_mux) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "mon: isn't supported in this context");
            return NULL;
        }
        mux = true;
        text += 4;
    }
    if (!strcmp(text, "vc") || g_str_has_prefix(text, "vc:")) {
        text = "null";
    }
    if (!strcmp(text, "stdio") || !strcmp(text, "null") || !strcmp(text, "pty") ||
        !strcmp(text, "ringbuf")) {
        class = find_class(text);
        /* Shared with a monitor, Ctrl-C is the guest's. */
        rest = g_strdup(mux && class == &char_stdio_class ? "signal=off" : "");
    } else if (g_str_has_prefix(text, "file:")) {
        class = &char_file_class;
        rest = g_strconcat("path=", text + 5, NULL);
    } else if (g_str_has_prefix(text, "pipe:")) {
        class = &char_pipe_class;
        rest = g_strconcat("path=", text + 5, NULL);
    } else if (g_str_has_prefix(text, "unix:")) {
        class = &char_socket_class;
        rest = g_strconcat("path=", text + 5, NULL);
    } else if (g_str_has_prefix(text, "tcp:") || g_str_has_prefix(text, "telnet:")) {
        bool telnet = text[1] == 'e';

        class = &char_socket_class;
        rest = socket_options(telnet ? text + 3 : text, errp);
        if (!rest) {
            return NULL;
        }
        if (telnet) {
            g_autofree char *plain = g_steal_pointer(&rest);

            rest = g_strconcat(plain, ",telnet=on", NULL);
        }
    } else {
        g_set_error(
            errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
            "'%s' is no character device (stdio, pty, null, file:, pipe:, unix:, tcp:, chardev:)",
            text);
        return NULL;
    }
    options = options_parse(class->options, rest, errp);
    if (!options) {
        return NULL;
    }
    chr = chardev_new(class, id, options, errp);
    options_free(options);
    return chr && mux ? char_mux_over(chr, id, errp) : chr;
}

void chardev_delete(Chardev *chr)
{
    if (!chr) {
        return;
    }
    g_ptr_array_remove(registry()->all, chr);
    if (chr->frontend) {
        chr->frontend->chr = NULL;
        chr->frontend = NULL;
    }
    if (chr->class->close) {
        chr->class->close(chr);
    }
    if (chr->log_fd >= 0) {
        close(chr->log_fd);
    }
    g_free(chr->id);
    g_free(chr->filename);
    g_free(chr);
}

void chardev_cleanup(void)
{
    GPtrArray *all = registry()->all;

    while (all->len) {
        chardev_delete(g_ptr_array_index(all, all->len - 1));
    }
}

void chardev_restore_terminals(void)
{
    for (guint i = 0; char_registry.all && i < char_registry.all->len; i++) {
        Chardev *chr = g_ptr_array_index(char_registry.all, i);

        if (chr->class->restore) {
            chr->class->restore(chr);
        }
    }
}

void chardev_resume_terminals(void)
{
    for (guint i = 0; char_registry.all && i < char_registry.all->len; i++) {
        Chardev *chr = g_ptr_array_index(char_registry.all, i);

        if (chr->class->resume) {
            chr->class->resume(chr);
        }
    }
}

/* ---- Between back end and front end ---- */

int chardev_can_receive(Chardev *chr)
{
    CharFrontend *fe = chr->frontend;

    return fe && fe->can_read ? fe->can_read(fe->opaque) : fe && fe->read ? 4096 : 0;
}

void chardev_receive(Chardev *chr, const uint8_t *buf, int size)
{
    CharFrontend *fe = chr->frontend;

    if (fe && fe->read) {
        fe->read(fe->opaque, buf, size);
    }
}

void chardev_event(Chardev *chr, CharEvent event)
{
    CharFrontend *fe = chr->frontend;

    if (event == CHAR_EVENT_OPENED) {
        chr->open = true;
    } else if (event == CHAR_EVENT_CLOSED) {
        chr->open = false;
    }
    if (fe) {
        fe->open = chr->open;
        if (fe->event) {
            fe->event(fe->opaque, event);
        }
    }
}

bool char_frontend_init(CharFrontend *fe, Chardev *chr, GError **errp)
{
    memset(fe, 0, sizeof(*fe));
    fe->mux_slot = -1;
    fe->chr = chr;
    if (!chr) {
        return true;
    }
    if (chardev_is_mux(chr)) {
        fe->mux_slot = char_mux_attach(chr, fe);
        if (fe->mux_slot < 0) {
            fe->chr = NULL;
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_BUSY, "too many users of chardev '%s'",
                        chardev_id(chr));
            return false;
        }
    } else if (chr->frontend) {
        fe->chr = NULL;
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_BUSY, "Device is in use: chardev '%s'",
                    chardev_id(chr));
        return false;
    } else {
        chr->frontend = fe;
    }
    fe->open = chr->open;
    return true;
}

void char_frontend_deinit(CharFrontend *fe)
{
    if (fe->chr) {
        if (fe->mux_slot >= 0) {
            char_mux_detach(fe->chr, fe);
        } else {
            fe->chr->frontend = NULL;
            if (fe->chr->class->update) {
                fe->chr->class->update(fe->chr);
            }
        }
    }
    memset(fe, 0, sizeof(*fe));
}

void char_frontend_set_handlers(CharFrontend *fe, int (*can_read)(void *opaque),
                                void (*read)(void *opaque, const uint8_t *buf, int size),
                                void (*event)(void *opaque, CharEvent event), void *opaque)
{
    fe->can_read = can_read;
    fe->read = read;
    fe->event = event;
    fe->opaque = opaque;
    if (!fe->chr) {
        return;
    }
    if (fe->mux_slot >= 0) {
        char_mux_take_focus(fe->chr, fe);
    }
    if (fe->chr->class->update) {
        fe->chr->class->update(fe->chr);
    }
    fe->open = fe->chr->open;
    if (fe->open && event) {
        event(opaque, CHAR_EVENT_OPENED);
    }
}

static void write_log(Chardev *chr, const uint8_t *buf, int size)
{
    while (chr->log_fd >= 0 && size > 0) {
        ssize_t n = write(chr->log_fd, buf, size);

        if (n <= 0) {
            return;
        }
        buf += n;
        size -= n;
    }
}

int char_frontend_write(CharFrontend *fe, const uint8_t *buf, int size)
{
    int n;

    if (!fe->chr) {
        return size;
    }
    n = fe->chr->class->write(fe->chr, buf, size);
    if (n > 0) {
        write_log(fe->chr, buf, n);
    }
    return n;
}

int char_frontend_write_all(CharFrontend *fe, const uint8_t *buf, int size)
{
    int done = 0;

    while (done < size) {
        int n = char_frontend_write(fe, buf + done, size - done);

        if (n < 0) {
            break;
        }
        if (n == 0) {
            /* The host side is full. A guest's console must not lose text: wait a moment. */
            g_usleep(200);
        }
        done += n;
    }
    return done;
}

void char_frontend_accept_input(CharFrontend *fe)
{
    if (fe->chr && fe->chr->class->update) {
        fe->chr->class->update(fe->chr);
    }
}

guint char_frontend_add_watch(CharFrontend *fe, gboolean (*fn)(void *opaque), void *opaque)
{
    return fe->chr && fe->chr->class->add_watch ? fe->chr->class->add_watch(fe->chr, fn, opaque)
                                                : 0;
}

void char_frontend_take_focus(CharFrontend *fe)
{
    if (fe->chr && fe->mux_slot >= 0) {
        char_mux_take_focus(fe->chr, fe);
    }
}

void char_frontend_disconnect(CharFrontend *fe)
{
    if (fe->chr && fe->chr->class->disconnect) {
        fe->chr->class->disconnect(fe->chr);
    }
}

int char_frontend_get_fd(CharFrontend *fe)
{
    return fe->chr && fe->chr->class->get_fd ? fe->chr->class->get_fd(fe->chr) : -1;
}
