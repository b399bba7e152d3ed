/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures: what display adapters draw and user interfaces show.
 *
 * An adapter makes a console and draws in its surface (32 bits a pixel) when it is asked to; a user
 * interface listens.  While somebody listens, consoles are asked again and again; a screen dump
 * asks once.  Main thread, device lock held.
 */
#ifndef UI_DISPLAY_H
#define UI_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "object/object.h"

/* A picture, line after line from the top. Pixels are 0x00RRGGBB. */
typedef struct DisplaySurface {
    unsigned width, height;
    uint32_t *pixels;
} DisplaySurface;

typedef struct DisplayRect {
    unsigned x, y, width, height;
} DisplayRect;

typedef struct DisplayConsole DisplayConsole;
typedef struct DisplayListener DisplayListener;

typedef struct DisplayConsoleOps {
    /* Draws what has changed; everything: all of it. Tells of it by the two functions below. */
    void (*update)(void *opaque, bool everything);
} DisplayConsoleOps;

struct DisplayListener {
    /* The console has another surface, all of it new. Also called when the listener is added. */
    void (*resized)(DisplayListener *listener, const DisplaySurface *surface);
    void (*changed)(DisplayListener *listener, const DisplaySurface *surface,
                    const DisplayRect *rect);
    /* After an update that changed something; may be NULL. */
    void (*done)(DisplayListener *listener);
    void *opaque;
    /* host-only: display.c's */
    DisplayConsole *console;
};

/* ---- For adapters ---- */
/* A black picture of 640 by 480 until it is resized. device: whose it is. */
DisplayConsole *display_console_new(Object *device, const DisplayConsoleOps *ops, void *opaque);
void display_console_free(DisplayConsole *console);
/* Another size; black. NULL: the host has not so much memory, and the console keeps what it has. */
DisplaySurface *display_console_resize(DisplayConsole *console, unsigned width, unsigned height);
DisplaySurface *display_console_surface(DisplayConsole *console);
/* This part was drawn anew. */
void display_console_changed(DisplayConsole *console, unsigned x, unsigned y, unsigned width,
                             unsigned height);

/* ---- For user interfaces ---- */
/* The first one; NULL: the machine has no display. */
DisplayConsole *display_console_first(void);
/* By the id or path of its device; NULL: the first. Head 0 is the only one that adapters have. */
DisplayConsole *display_console_find(const char *device, int64_t head, GError **errp);
/* Draws what changed since the last time. */
void display_console_update(DisplayConsole *console, bool everything);
/* The listener is the caller's. console NULL: the first, as soon as there is one. */
void display_listener_add(DisplayListener *listener);
void display_listener_remove(DisplayListener *listener);

/* Writes what the console shows now. format: "ppm" or "png"; NULL: PPM. */
bool display_screendump(DisplayConsole *console, const char *file, const char *format,
                        GError **errp);

#endif
