/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A multiplexer: several front ends (serial port, monitor) share one back end; Ctrl-A is the
 * escape: h help, x quit, s commit disks, b break, c next front end, t time stamps, Ctrl-A itself.
 */
#include <stdio.h>
#include <string.h>
#include "chardev-private.h"
#include "util/error.h"

#define MUX_MAX 4
#define MUX_ESCAPE 0x01
#define MUX_BUFFER 32

typedef struct CharMux {
    Chardev parent;
    CharFrontend lower;          /* our place at the back end */
    CharFrontend *front[MUX_MAX];
    int focus;
    bool escaped, timestamps, line_start;
    gint64 start;
    GString *notice;             /* our own words that the back end has not taken yet */
    guint watch;
    uint8_t buffer[MUX_MAX][MUX_BUFFER];   /* input for a front end that takes none now */
    unsigned in[MUX_MAX], out[MUX_MAX];
} CharMux;

static void deliver(CharMux *m, int slot)
{
    CharFrontend *fe = m->front[slot];

    while (fe && fe->read && m->in[slot] != m->out[slot] &&
           (!fe->can_read || fe->can_read(fe->opaque) > 0)) {
        uint8_t c = m->buffer[slot][m->out[slot]++ % MUX_BUFFER];

        fe->read(fe->opaque, &c, 1);
    }
}

static void send_event(CharMux *m, int slot, CharEvent event)
{
    if (slot >= 0 && m->front[slot] && m->front[slot]->event) {
        m->front[slot]->event(m->front[slot]->opaque, event);
    }
}

static void set_focus(CharMux *m, int slot)
{
    if (m->focus != slot) {
        send_event(m, m->focus, CHAR_EVENT_MUX_OUT);
    }
    m->focus = slot;
    send_event(m, slot, CHAR_EVENT_MUX_IN);
}

static bool send_notice(CharMux *m);

static gboolean writable(void *opaque)
{
    CharMux *m = opaque;

    m->watch = 0;
    send_notice(m);
    return G_SOURCE_REMOVE;
}

/* True when nothing is left to say. */
static bool send_notice(CharMux *m)
{
    while (m->notice->len) {
        int n = char_frontend_write(&m->lower, (const uint8_t *)m->notice->str, m->notice->len);

        if (n < 0) {
            g_string_truncate(m->notice, 0);
        } else if (n == 0) {
            if (!m->watch) {
                m->watch = char_frontend_add_watch(&m->lower, writable, m);
            }
            return false;
        } else {
            g_string_erase(m->notice, 0, n);
        }
    }
    return true;
}

static void say(CharMux *m, const char *text)
{
    /* Somebody who asks for help again and again on a stopped terminal gets it once. */
    if (m->notice->len < 4096) {
        g_string_append(m->notice, text);
    }
    send_notice(m);
}

static void print_help(CharMux *m)
{
    static const char text[] = "\r\n"
                               "C-a h    print this help\r\n"
                               "C-a x    exit emulator\r\n"
                               "C-a s    save disk data back to file (if -snapshot)\r\n"
                               "C-a t    toggle console timestamps\r\n"
                               "C-a b    send break (magic sysrq)\r\n"
                               "C-a c    switch between console and monitor\r\n"
                               "C-a C-a  send C-a\r\n";

    say(m, text);
}

/* True if the character is the front end's. */
static bool process(CharMux *m, uint8_t c)
{
    const CharMuxOps *ops = chardev_mux_ops();

    if (!m->escaped) {
        m->escaped = c == MUX_ESCAPE;
        return !m->escaped;
    }
    m->escaped = false;
    switch (c) {
    case MUX_ESCAPE:
        return true;
    case '?':
    case 'h':
        print_help(m);
        break;
    case 'x':
        say(m, "QEMU: Terminated\r\n");
        if (ops->quit) {
            ops->quit();
        }
        break;
    case 's':
        if (ops->commit_disks) {
            ops->commit_disks();
        }
        break;
    case 'b':
        send_event(m, m->focus, CHAR_EVENT_BREAK);
        break;
    case 'c':
        for (int i = 1; i <= MUX_MAX; i++) {
            int next = (m->focus + i) % MUX_MAX;

            if (m->front[next]) {
                set_focus(m, next);
                break;
            }
        }
        break;
    case 't':
        m->timestamps = !m->timestamps;
        m->start = g_get_monotonic_time();
        m->line_start = true;
        break;
    default:
        break;
    }
    return false;
}

static int mux_can_read(void *opaque)
{
    CharMux *m = opaque;
    CharFrontend *fe = m->focus >= 0 ? m->front[m->focus] : NULL;

    /* Without a front end only the escape keys have a meaning, but they have one. */
    if (m->focus < 0 || m->in[m->focus] - m->out[m->focus] < MUX_BUFFER) {
        return 1;
    }
    return fe && fe->can_read ? fe->can_read(fe->opaque) : 0;
}

static void mux_read(void *opaque, const uint8_t *buf, int size)
{
    CharMux *m = opaque;

    for (int i = 0; i < size; i++) {
        if (process(m, buf[i]) && m->focus >= 0) {
            int slot = m->focus;

            if (m->in[slot] - m->out[slot] < MUX_BUFFER) {
                m->buffer[slot][m->in[slot]++ % MUX_BUFFER] = buf[i];
            }
            deliver(m, slot);
        }
    }
}

static void mux_event(void *opaque, CharEvent event)
{
    CharMux *m = opaque;

    m->parent.open = m->lower.open;
    for (int i = 0; i < MUX_MAX; i++) {
        if (m->front[i]) {
            m->front[i]->open = m->lower.open;
            send_event(m, i, event);
        }
    }
}

static int mux_write(Chardev *chr, const uint8_t *buf, int size)
{
    CharMux *m = (CharMux *)chr;

    if (!send_notice(m)) {
        return 0;
    }
    if (!m->timestamps) {
        return char_frontend_write(&m->lower, buf, size);
    }
    for (int i = 0; i < size; i++) {
        int n;

        if (m->line_start) {
            gint64 ms = (g_get_monotonic_time() - m->start) / 1000;
            char text[40];

            g_snprintf(text, sizeof(text), "[%02d:%02d:%02d.%03d] ", (int)(ms / 3600000),
                       (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
            say(m, text);
            m->line_start = false;
        }
        n = send_notice(m) ? char_frontend_write(&m->lower, &buf[i], 1) : 0;
        if (n <= 0) {
            return n < 0 ? n : i;
        }
        m->line_start = buf[i] == '\n';
    }
    return size;
}

static void mux_update(Chardev *chr)
{
    CharMux *m = (CharMux *)chr;

    for (int i = 0; i < MUX_MAX; i++) {
        deliver(m, i);
    }
    char_frontend_accept_input(&m->lower);
}

static guint mux_add_watch(Chardev *chr, gboolean (*fn)(void *opaque), void *opaque)
{
    return char_frontend_add_watch(&((CharMux *)chr)->lower, fn, opaque);
}

static void mux_close(Chardev *chr)
{
    CharMux *m = (CharMux *)chr;
    Chardev *lower = m->lower.chr;

    if (m->watch) {
        g_source_remove(m->watch);
    }
    g_string_free(m->notice, TRUE);

    for (int i = 0; i < MUX_MAX; i++) {
        if (m->front[i]) {
            m->front[i]->chr = NULL;
        }
    }
    char_frontend_deinit(&m->lower);
    chardev_delete(lower);
}

const ChardevClass char_mux_class = {
    .name = "mux",
    .help = "shares a back end among front ends",
    .size = sizeof(CharMux),
    .close = mux_close,
    .write = mux_write,
    .update = mux_update,
    .add_watch = mux_add_watch,
};

Chardev *char_mux_over(Chardev *chr, const char *id, GError **errp)
{
    g_autofree char *name = g_strdup(id);
    CharMux *m;

    g_free(chr->id);
    chr->id = g_strconcat(name ? name : "", "-base", NULL);
    m = (CharMux *)chardev_new(&char_mux_class, name, NULL, errp);
    if (!m) {
        chardev_delete(chr);
        return NULL;
    }
    m->focus = -1;
    m->notice = g_string_new(NULL);
    m->parent.filename = g_strdup("mux");
    if (!char_frontend_init(&m->lower, chr, errp)) {
        chardev_delete(&m->parent);
        return NULL;
    }
    char_frontend_set_handlers(&m->lower, mux_can_read, mux_read, mux_event, m);
    m->parent.open = m->lower.open;
    return &m->parent;
}

int char_mux_attach(Chardev *mux, CharFrontend *fe)
{
    CharMux *m = (CharMux *)mux;

    for (int i = 0; i < MUX_MAX; i++) {
        if (!m->front[i]) {
            m->front[i] = fe;
            m->in[i] = m->out[i] = 0;
            return i;
        }
    }
    return -1;
}

void char_mux_detach(Chardev *mux, CharFrontend *fe)
{
    CharMux *m = (CharMux *)mux;

    if (fe->mux_slot >= 0 && m->front[fe->mux_slot] == fe) {
        m->front[fe->mux_slot] = NULL;
        if (m->focus == fe->mux_slot) {
            m->focus = -1;
        }
    }
}

void char_mux_take_focus(Chardev *mux, CharFrontend *fe)
{
    CharMux *m = (CharMux *)mux;

    /* The first front end has the keyboard; later ones wait for Ctrl-A c. */
    if (m->focus < 0) {
        set_focus(m, fe->mux_slot);
    }
}

bool char_mux_in_use(const Chardev *mux)
{
    const CharMux *m = (const CharMux *)mux;

    for (int i = 0; i < MUX_MAX; i++) {
        if (m->front[i]) {
            return true;
        }
    }
    return false;
}

void char_mux_break(Chardev *mux)
{
    CharMux *m = (CharMux *)mux;

    send_event(m, m->focus, CHAR_EVENT_BREAK);
}
