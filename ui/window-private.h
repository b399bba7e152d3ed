/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window's two sides: the main thread with the device lock (window.c), and the toolkit that draws
 * and listens without it (sdl.c on a thread of its own, gtk.c).  The second is a module that is
 * loaded when its kind is asked for, so that others need not load a toolkit; functions that it
 * calls are in ui/module-symbols.txt.
 */
#ifndef WINDOW_PRIVATE_H
#define WINDOW_PRIVATE_H

#include "frame.h"
#include "ui/input.h"
#include "ui/window.h"
#include "util/options.h"

typedef enum WindowEventKind {
    WINDOW_KEY,                         /* key, down */
    WINDOW_BUTTON,                      /* button, down */
    WINDOW_WHEEL,                       /* button, pressed and released */
    WINDOW_POINTER,                     /* it moved: by dx, dy to x, y */
    WINDOW_RELEASE,                     /* keys and buttons: the window hears no more of them */
    WINDOW_QUIT,
    WINDOW_RESET,
    WINDOW_POWER_DOWN,
    WINDOW_PAUSE                        /* down: or go on */
} WindowEventKind;

typedef struct WindowEvent {
    WindowEventKind kind;
    bool down;
    Key key;
    InputButton button;
    int dx, dy;                         /* pixels of the guest; 0 unless the pointer is grabbed */
    int x, y;                           /* 0 to INPUT_RANGE */
} WindowEvent;

typedef struct WindowDriver WindowDriver;

/* Between the sides; what is not constant, under the lock. */
typedef struct WindowShared {
    GMutex lock;
    /* constant */
    const WindowDriver *driver;
    const WindowOps *ops;
    char *name;
    bool full_screen, show_cursor, window_close;
    void *toolkit;                      /* the driver's */
    /* from the main thread */
    Frame frame;
    bool running;
    bool absolute;                      /* the guest's pointer takes positions */
    bool stop;
    /* from the toolkit */
    GArray *events;                     /* WindowEvent */
    bool told;                          /* the main thread has been asked to look */
} WindowShared;

struct WindowDriver {
    const char *name;
    const OptionDesc *rows;             /* after those of every kind: WINDOW_OPTIONS */
    /* Opens the window. Main thread. */
    bool (*start)(WindowShared *shared, const Options *options, GError **errp);
    /* There is news from the main thread. */
    void (*wake)(WindowShared *shared);
    void (*stop)(WindowShared *shared);
};

#define WINDOW_OPTIONS(kind)                                                                   \
    {kind, OPTION_STRING, "the toolkit", NULL},                                                \
    {"full-screen", OPTION_BOOL, "begin in full screen", "off"},                               \
    {"show-cursor", OPTION_BOOL, "show the host's pointer over the picture", "off"},           \
    {"window-close", OPTION_BOOL, "closing the window ends the emulator", "on"},               \
    {"gl", OPTION_STRING, "draw by OpenGL", "off"}

/* ---- For drivers: any thread ---- */
/* Hands an event to the main thread. */
void window_send(WindowShared *shared, const WindowEvent *event);
/* grab: how to leave the grab, or NULL: there is none. Caller frees. */
char *window_title(WindowShared *shared, const char *grab);
bool window_is_absolute(WindowShared *shared);
/* Where a picture stands in a space: as large as fits with its sides' ratio. */
DisplayRect window_fit(unsigned width, unsigned height, unsigned space_width,
                       unsigned space_height);
/* From a point of the window to the event's position; points outside count as the edge. */
void window_position(WindowEvent *event, const DisplayRect *place, double x, double y);

/* What a module (ui-sdl.so, ui-gtk.so) exports, by this name. */
extern const WindowDriver window_driver;
#define WINDOW_DRIVER "window_driver"

#endif
