/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of pictures for user interfaces: see frame.h. */
#include "frame.h"
#include <string.h>

void frame_init(Frame *frame, unsigned width, unsigned height)
{
    *frame = (Frame){.pixels = g_new0(uint32_t, (gsize)width * height),
                     .width = width,
                     .height = height,
                     .resized = true};
}

void frame_clear(Frame *frame)
{
    g_free(frame->pixels);
    *frame = (Frame){0};
}

static void copy_part(Frame *frame, const DisplaySurface *surface, const DisplayRect *rect)
{
    for (unsigned y = rect->y; y < rect->y + rect->height; y++) {
        size_t at = (size_t)y * surface->width + rect->x;

        memcpy(frame->pixels + at, surface->pixels + at, rect->width * sizeof(uint32_t));
    }
}

static void grow(DisplayRect *a, const DisplayRect *b)
{
    unsigned right = MAX(a->x + a->width, b->x + b->width),
             bottom = MAX(a->y + a->height, b->y + b->height);

    if (!a->width || !a->height) {
        *a = *b;
        return;
    }
    a->x = MIN(a->x, b->x);
    a->y = MIN(a->y, b->y);
    a->width = right - a->x;
    a->height = bottom - a->y;
}

bool frame_resize(Frame *frame, const DisplaySurface *surface)
{
    const DisplayRect all = {0, 0, surface->width, surface->height};
    uint32_t *pixels = g_try_new(uint32_t, (gsize)surface->width * surface->height);

    if (!pixels) {
        return false;
    }
    g_free(frame->pixels);
    *frame = (Frame){pixels, surface->width, surface->height, all, true};
    copy_part(frame, surface, &all);
    return true;
}

void frame_change(Frame *frame, const DisplaySurface *surface, const DisplayRect *rect)
{
    if (frame->width == surface->width && frame->height == surface->height) {
        copy_part(frame, surface, rect);
        grow(&frame->dirty, rect);
    }
}

bool frame_take(Frame *frame, Frame *to, FrameCopy *copy)
{
    to->dirty = (DisplayRect){0};
    to->resized = false;
    if (frame->resized) {
        uint32_t *pixels = g_try_new(uint32_t, (gsize)frame->width * frame->height);

        if (!pixels) {
            return false;               /* the old picture stays until there is memory */
        }
        g_free(to->pixels);
        *to = (Frame){pixels, frame->width, frame->height,
                      {0, 0, frame->width, frame->height}, true};
    } else {
        to->dirty = frame->dirty;
    }
    for (unsigned y = to->dirty.y; to->dirty.width && y < to->dirty.y + to->dirty.height; y++) {
        size_t at = (size_t)y * frame->width + to->dirty.x;

        if (copy) {
            copy(to->pixels + at, frame->pixels + at, to->dirty.width);
        } else {
            memcpy(to->pixels + at, frame->pixels + at, to->dirty.width * sizeof(uint32_t));
        }
    }
    frame->resized = false;
    frame->dirty = (DisplayRect){0};
    return to->dirty.width && to->dirty.height;
}
