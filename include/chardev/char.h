/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character back ends (stdio, socket, pty, file, pipe, null, ringbuf, mux) and their front ends
 * (serial ports, monitors, gdb stub).  A back end has one front end, a mux several, one of which
 * has the focus. Device lock for everything; callbacks run on the main thread with it held.
 */
#ifndef CHARDEV_CHAR_H
#define CHARDEV_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

typedef struct Chardev Chardev;

typedef enum CharEvent {
    CHAR_EVENT_OPENED, CHAR_EVENT_CLOSED, CHAR_EVENT_BREAK, CHAR_EVENT_MUX_IN, CHAR_EVENT_MUX_OUT,
} CharEvent;

/* Embedded in the user's state; host-only. */
typedef struct CharFrontend {
    Chardev *chr;
    int (*can_read)(void *opaque);                              /* bytes it would take now */
    void (*read)(void *opaque, const uint8_t *buf, int size);
    void (*event)(void *opaque, CharEvent event);
    void *opaque;
    int mux_slot;                                               /* -1: not on a mux */
    bool open;                                                  /* the back end is connected */
} CharFrontend;

/* Back ends by id; -chardev and the short forms of -serial, -monitor, -qmp, -gdb ("stdio",
 * "mon:stdio", "tcp:host:port,server=on", "unix:path", "pty", "null", "file:path", "chardev:id",
 * "none"). */
Chardev *chardev_find(const char *id);
Chardev *chardev_new_from_options(const char *options, GError **errp);          /* -chardev text */
Chardev *chardev_new_from_short(const char *id, const char *text, bool permit_mux, GError **errp);
void chardev_delete(Chardev *chr);
/* Walks all, by name. */
void chardev_foreach(void (*fn)(Chardev *chr, void *opaque), void *opaque);
const char *chardev_id(const Chardev *chr);
const char *chardev_filename(const Chardev *chr);   /* "pty:/dev/pts/3", for info chardev */
bool chardev_is_mux(const Chardev *chr);
/* All back ends down (terminal modes restored). */
void chardev_cleanup(void);
/* Only the terminal modes: set back, and ours again. Both may be called from a signal handler. */
void chardev_restore_terminals(void);
void chardev_resume_terminals(void);

/* Attaches; fails if the back end has a front end already and is no mux. chr may be NULL: a sink.
 */
bool char_frontend_init(CharFrontend *fe, Chardev *chr, GError **errp);
void char_frontend_deinit(CharFrontend *fe);
void char_frontend_set_handlers(CharFrontend *fe, int (*can_read)(void *opaque),
                                void (*read)(void *opaque, const uint8_t *buf, int size),
                                void (*event)(void *opaque, CharEvent event), void *opaque);
/* Writes all, waiting as needed (a closed socket drops the data); the number written. */
int char_frontend_write_all(CharFrontend *fe, const uint8_t *buf, int size);
/* Writes what goes without waiting; may be 0. */
int char_frontend_write(CharFrontend *fe, const uint8_t *buf, int size);
/* Room has come: can_read would now answer more. */
void char_frontend_accept_input(CharFrontend *fe);
/* Calls fn when writing is possible again; returns a GSource id or 0. */
guint char_frontend_add_watch(CharFrontend *fe, gboolean (*fn)(void *opaque), void *opaque);
/* The focus of a mux goes to this front end. */
void char_frontend_take_focus(CharFrontend *fe);
/* Disconnects the peer of a socket; the back end listens (or reconnects) again. */
void char_frontend_disconnect(CharFrontend *fe);
/* Passes file descriptors received with SCM_RIGHTS; -1: none. */
int char_frontend_get_fd(CharFrontend *fe);

/* Takes at most max bytes out of a ring buffer back end, or puts some in. */
GBytes *chardev_ringbuf_read(Chardev *chr, unsigned max, GError **errp);
bool chardev_ringbuf_write(Chardev *chr, const uint8_t *data, size_t size, GError **errp);
/* Somebody is attached to it (a mux: any of its users). */
bool chardev_in_use(const Chardev *chr);
/* A break condition as if it came from the line. */
void chardev_send_break(Chardev *chr);

/* Receives mux commands (Ctrl-A x: quit, s: save disks); app sets it. */
typedef struct CharMuxOps { void (*quit)(void); void (*commit_disks)(void); } CharMuxOps;
void chardev_set_mux_ops(const CharMuxOps *ops);

#endif
