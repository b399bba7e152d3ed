/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles and who listens to them: see ui/display.h. */
#include "ui/display.h"
#include "ui-private.h"
#include "util/error.h"

#define FIRST_WIDTH 640
#define FIRST_HEIGHT 480
#define REFRESH_MS 33

struct DisplayConsole {
    Object *device;
    const DisplayConsoleOps *ops;
    void *opaque;
    DisplaySurface surface;
    bool updated;                        /* somebody was told of a change in this update */
};

typedef struct DisplayState {
    GPtrArray *consoles;                 /* DisplayConsole * */
    GPtrArray *listeners;                /* DisplayListener * */
    guint timer;
} DisplayState;

static DisplayState display;

/* ---- Consoles ---- */

static void attach(DisplayListener *listener)
{
    listener->console = display_console_first();
    if (listener->console) {
        listener->resized(listener, &listener->console->surface);
    }
}

DisplayConsole *display_console_new(Object *device, const DisplayConsoleOps *ops, void *opaque)
{
    DisplayConsole *console = g_new0(DisplayConsole, 1);

    console->device = device;
    console->ops = ops;
    console->opaque = opaque;
    console->surface =
        (DisplaySurface){FIRST_WIDTH, FIRST_HEIGHT, g_new0(uint32_t, FIRST_WIDTH * FIRST_HEIGHT)};
    if (!display.consoles) {
        display.consoles = g_ptr_array_new();
    }
    g_ptr_array_add(display.consoles, console);
    for (guint i = 0; display.listeners && i < display.listeners->len; i++) {
        DisplayListener *listener = g_ptr_array_index(display.listeners, i);

        if (!listener->console) {
            attach(listener);
        }
    }
    return console;
}

void display_console_free(DisplayConsole *console)
{
    if (!console) {
        return;
    }
    g_ptr_array_remove(display.consoles, console);
    for (guint i = 0; display.listeners && i < display.listeners->len; i++) {
        DisplayListener *listener = g_ptr_array_index(display.listeners, i);

        if (listener->console == console) {
            attach(listener);
        }
    }
    g_free(console->surface.pixels);
    g_free(console);
}

DisplaySurface *display_console_surface(DisplayConsole *console)
{
    return &console->surface;
}

DisplaySurface *display_console_resize(DisplayConsole *console, unsigned width, unsigned height)
{
    uint32_t *pixels = g_try_malloc0_n(MAX(width, 1), (gsize)MAX(height, 1) * sizeof(uint32_t));

    if (!pixels) {
        return NULL;
    }
    g_free(console->surface.pixels);
    console->surface = (DisplaySurface){MAX(width, 1), MAX(height, 1), pixels};
    console->updated = true;
    for (guint i = 0; display.listeners && i < display.listeners->len; i++) {
        DisplayListener *listener = g_ptr_array_index(display.listeners, i);

        if (listener->console == console) {
            listener->resized(listener, &console->surface);
        }
    }
    return &console->surface;
}

void display_console_changed(DisplayConsole *console, unsigned x, unsigned y, unsigned width,
                             unsigned height)
{
    const DisplayRect rect = {x, y, width, height};

    g_assert(x <= console->surface.width && width <= console->surface.width - x &&
             y <= console->surface.height && height <= console->surface.height - y);
    console->updated = true;
    for (guint i = 0; display.listeners && i < display.listeners->len; i++) {
        DisplayListener *listener = g_ptr_array_index(display.listeners, i);

        if (listener->console == console) {
            listener->changed(listener, &console->surface, &rect);
        }
    }
}

DisplayConsole *display_console_first(void)
{
    return display.consoles && display.consoles->len ? g_ptr_array_index(display.consoles, 0)
                                                     : NULL;
}

static bool is_device(const DisplayConsole *console, const char *device)
{
    g_autofree char *path = object_path(console->device);

    return !g_strcmp0(path, device) ||
           (g_str_has_prefix(path ? path : "", "/machine/peripheral/") &&
            !g_strcmp0(console->device->name, device));
}

DisplayConsole *display_console_find(const char *device, int64_t head, GError **errp)
{
    DisplayConsole *console = device ? NULL : display_console_first();

    for (guint i = 0; device && !console && display.consoles && i < display.consoles->len; i++) {
        DisplayConsole *other = g_ptr_array_index(display.consoles, i);

        console = is_device(other, device) ? other : NULL;
    }
    if (!console) {
        if (device) {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Device '%s' not found, or it has no display",
                      device);
        } else {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                      "There is no console to take a screendump from");
        }
        return NULL;
    }
    if (head) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Device '%s' has no head %" G_GINT64_FORMAT,
                  device ? device : "", head);
        return NULL;
    }
    return console;
}

void display_console_update(DisplayConsole *console, bool everything)
{
    console->updated = false;
    console->ops->update(console->opaque, everything);
    for (guint i = 0; console->updated && display.listeners && i < display.listeners->len; i++) {
        DisplayListener *listener = g_ptr_array_index(display.listeners, i);

        if (listener->console == console && listener->done) {
            listener->done(listener);
        }
    }
}

/* ---- Listeners ---- */

/* Once for each console, however many look at it. */
static gboolean refresh(gpointer data)
{
    for (guint c = 0; display.consoles && c < display.consoles->len; c++) {
        DisplayConsole *console = g_ptr_array_index(display.consoles, c);

        for (guint i = 0; i < display.listeners->len; i++) {
            if (((DisplayListener *)g_ptr_array_index(display.listeners, i))->console == console) {
                display_console_update(console, false);
                break;
            }
        }
    }
    return G_SOURCE_CONTINUE;
}

void display_listener_add(DisplayListener *listener)
{
    if (!display.listeners) {
        display.listeners = g_ptr_array_new();
    }
    if (!display.listeners->len) {
        display.timer = g_timeout_add(REFRESH_MS, refresh, NULL);
    }
    g_ptr_array_add(display.listeners, listener);
    attach(listener);
    if (listener->console) {
        /* Nobody kept the picture up to date until now. */
        display_console_update(listener->console, true);
    }
}

void display_listener_remove(DisplayListener *listener)
{
    if (!display.listeners || !g_ptr_array_remove(display.listeners, listener)) {
        return;
    }
    listener->console = NULL;
    if (!display.listeners->len) {
        g_source_remove(display.timer);
        display.timer = 0;
    }
}
