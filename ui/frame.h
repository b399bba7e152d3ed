/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of a console's picture on its way from the main thread to a user interface with a thread
 * of its own.  The main thread writes what has changed, the other takes it; whoever shares a frame
 * locks it.
 */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "ui/display.h"

typedef struct Frame {
    uint32_t *pixels;
    unsigned width, height;
    DisplayRect dirty;                  /* not taken yet */
    bool resized;                       /* all of it is new, and perhaps of another size */
} Frame;

/* Black, until a console is there. */
void frame_init(Frame *frame, unsigned width, unsigned height);
void frame_clear(Frame *frame);
/* The console has this surface now. False: the host has no memory, and the frame stays. */
bool frame_resize(Frame *frame, const DisplaySurface *surface);
void frame_change(Frame *frame, const DisplaySurface *surface, const DisplayRect *rect);
/*
 * What has changed goes to the other side's own frame, pixels by copy (NULL: as they are); there
 * `dirty` and `resized` say what came.  False: nothing; with resized pending, the host has no
 * memory for it now.
 */
typedef void FrameCopy(uint32_t *to, const uint32_t *from, unsigned n);
bool frame_take(Frame *frame, Frame *to, FrameCopy *copy);

#endif
