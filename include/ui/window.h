/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display in a window of the host's desktop, by SDL or GTK where they were there when this was
 * built.  Main thread, device lock held.
 */
#ifndef UI_WINDOW_H
#define UI_WINDOW_H

#include <stdbool.h>
#include <glib.h>

/* What a window's buttons and menus do: layers above fill it in. Main thread, device lock held. */
typedef struct WindowOps {
    void (*quit)(void);
    void (*reset)(void);
    void (*power_down)(void);
    void (*pause)(bool paused);
    /* The device lock is given up while a toolkit works on the main thread. */
    void (*lock)(void);
    void (*unlock)(void);
} WindowOps;

/* Names of the kinds that were built in, the one to prefer first; ended by NULL. */
const char *const *window_kinds(void);
/* text: "KIND[,option=value]...". One a process; name: the machine's, or NULL. */
bool window_start(const char *text, const char *name, bool full_screen, const WindowOps *ops,
                  GError **errp);
/* "sdl", "gtk"; NULL: there is no window. */
const char *window_kind(void);
/* The machine runs, or is stopped: the title tells. */
void window_set_running(bool running);
void window_stop(void);

#endif
