/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: keys and pointers, from user interfaces and monitors to the guest's devices.  Each event
 * goes to the first device in the list that takes its kind; a device that the guest begins to use,
 * or that the user chooses, comes to the front.  Main thread or a device's callback, device lock
 * held.
 */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "ui/keys.h"

typedef enum InputKind {
    INPUT_KEYS = 1,
    INPUT_BUTTONS = 2,
    INPUT_RELATIVE = 4,
    INPUT_ABSOLUTE = 8
} InputKind;
typedef enum InputButton {
    INPUT_LEFT,
    INPUT_MIDDLE,
    INPUT_RIGHT,
    INPUT_WHEEL_UP,
    INPUT_WHEEL_DOWN,
    INPUT_SIDE,
    INPUT_EXTRA,
    N_INPUT_BUTTONS
} InputButton;
/* Positions of absolute pointers: from 0 (left, top) to this. */
#define INPUT_RANGE 0x7fff

typedef struct InputHandler InputHandler;

/* opaque is the device. Functions of kinds that are not in the mask may be NULL. */
typedef struct InputHandlerOps {
    const char *name;                   /* "QEMU ADB Mouse": what "info mice" shows */
    unsigned kinds;
    void (*key)(void *opaque, Key key, bool down);
    void (*button)(void *opaque, InputButton button, bool down);
    void (*move)(void *opaque, int dx, int dy);
    /* axis 0: x, 1: y; value: 0 to INPUT_RANGE. */
    void (*position)(void *opaque, unsigned axis, int value);
    /* All events of one moment have come; may be NULL. */
    void (*sync)(void *opaque);
} InputHandlerOps;

/* ---- For devices ---- */
/* Behind those that are there. */
InputHandler *input_handler_add(const InputHandlerOps *ops, void *opaque);
/* NULL allowed. */
void input_handler_remove(InputHandler *handler);
/* To the front. */
void input_handler_activate(InputHandler *handler);

/* ---- For user interfaces ---- */
/* False: no device takes such events. */
bool input_key(Key key, bool down);
bool input_button(InputButton button, bool down);
bool input_move(int dx, int dy);
bool input_position(unsigned axis, int value);
void input_sync(void);
/* A device takes events of this kind. */
bool input_takes(InputKind kind);
/* Pointers' events go to a device that wants positions. */
bool input_is_absolute(void);
/* Keys that are pressed together, held, and released in reverse, after those that were asked for
 * before. hold_ms 0: 100. False: too many wait. */
bool input_press_keys(const Key *keys, unsigned n, unsigned hold_ms, GError **errp);

/* ---- For monitors ---- */
typedef struct InputMouse {
    const char *name;
    int index;
    bool current, absolute;
} InputMouse;
/* Pointing devices, the current one first. Caller frees the array. */
GArray *input_mice(void);
/* "mouse_set": to the front. */
bool input_choose_mouse(int index, GError **errp);
/* "left", "wheel-up"...; N_INPUT_BUTTONS: unknown. */
InputButton input_button_by_name(const char *name);

#endif
