/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of character back ends: the class row of a kind, and what kinds have in common.
 */
#ifndef CHARDEV_PRIVATE_H
#define CHARDEV_PRIVATE_H

#include "chardev/char.h"
#include "util/options.h"

typedef struct ChardevClass {
    const char *name;                       /* "stdio": the word after -chardev */
    const char *help;
    const OptionListDesc *options; /* rows of this kind's options (with mux, logfile ...) */
    size_t size;                            /* of its state, which begins with Chardev */
    /* Opens the host side. May send CHAR_EVENT_OPENED at once or later. */
    bool (*open)(Chardev *chr, const Options *options, GError **errp);
    void (*close)(Chardev *chr);
    /* Bytes taken without waiting; 0 = try again later, -1 with errno = lost. */
    int (*write)(Chardev *chr, const uint8_t *buf, int size);
    /* The front end has room again, or has changed its handlers. */
    void (*update)(Chardev *chr);
    void (*disconnect)(Chardev *chr);
    int (*get_fd)(Chardev *chr);
    guint (*add_watch)(Chardev *chr, gboolean (*fn)(void *opaque), void *opaque);
    /* Sets a terminal's modes back (also called while dying), and to ours again. Signal handlers.
     */
    void (*restore)(Chardev *chr);
    void (*resume)(Chardev *chr);
} ChardevClass;

struct Chardev {
    const ChardevClass *class;
    char *id, *filename;
    CharFrontend *frontend;                 /* the user, or a mux's own front end */
    bool open;                              /* connected */
    bool internal;                          /* made by another option, not by -chardev */
    int log_fd;                             /* -1 */
};

extern const ChardevClass char_stdio_class, char_null_class, char_mux_class, char_file_class,
    char_pipe_class, char_pty_class, char_socket_class, char_ringbuf_class;

/* All kinds, NULL-terminated. */
extern const ChardevClass *const chardev_classes[];

/* Makes and opens one; takes options' values, not the set itself. NULL with errp. */
Chardev *chardev_new(const ChardevClass *class, const char *id, const Options *options,
                     GError **errp);
/* A mux over chr, which loses its own place in the list. */
Chardev *char_mux_over(Chardev *chr, const char *id, GError **errp);
int char_mux_attach(Chardev *mux, CharFrontend *fe);
void char_mux_detach(Chardev *mux, CharFrontend *fe);
bool char_mux_in_use(const Chardev *mux);
void char_mux_break(Chardev *mux);
void char_mux_take_focus(Chardev *mux, CharFrontend *fe);
const CharMuxOps *chardev_mux_ops(void);

/* To the front end. */
int chardev_can_receive(Chardev *chr);
void chardev_receive(Chardev *chr, const uint8_t *buf, int size);
void chardev_event(Chardev *chr, CharEvent event);

/* Descriptor helpers: watched reading with flow control, and writing. */
typedef struct CharFdReader {
    Chardev *chr;
    int fd;
    guint source;
    guint retry;                            /* timer while the front end takes nothing */
    void (*on_eof)(Chardev *chr);
} CharFdReader;
void char_fd_reader_start(CharFdReader *reader, Chardev *chr, int fd, void (*on_eof)(Chardev *chr));
void char_fd_reader_stop(CharFdReader *reader);
/* The front end may take more now. */
void char_fd_reader_update(CharFdReader *reader);
int char_fd_write(int fd, const uint8_t *buf, int size);
/* Calls fn when the descriptor takes bytes again; 0 if it is -1. */
guint char_fd_add_watch(int fd, gboolean (*fn)(void *opaque), void *opaque);

#define CHARDEV_COMMON_OPTIONS                                                                     \
    {"mux", OPTION_BOOL, "share among several front ends (Ctrl-A c switches)", "off"},             \
        {"logfile", OPTION_STRING, "copy of everything written", NULL},                            \
    {                                                                                              \
        "logappend", OPTION_BOOL, "append to the log file", "off"                                  \
    }

#endif
