/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where input goes, and keys that a monitor presses: see ui/input.h. */
#include <string.h>
#include "ui/input.h"
#include "util/error.h"

#define DEFAULT_HOLD_MS 100
#define MAX_WAITING 1024

struct InputHandler {
    const InputHandlerOps *ops;
    void *opaque;
    int index;
    bool events;                        /* since the last sync */
};

/* A key that a monitor presses or releases, and how long to wait after it. */
typedef struct Waiting {
    Key key;
    bool down;
    unsigned wait_ms;
} Waiting;

typedef struct InputState {
    GPtrArray *handlers;                /* InputHandler *, in the order in which they are asked */
    int last_index;
    GQueue waiting;                     /* Waiting * */
    guint timer;
} InputState;

static InputState input;

/* ---- Devices ---- */

InputHandler *input_handler_add(const InputHandlerOps *ops, void *opaque)
{
    InputHandler *handler = g_new0(InputHandler, 1);

    handler->ops = ops;
    handler->opaque = opaque;
    handler->index = ++input.last_index;
    if (!input.handlers) {
        input.handlers = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(input.handlers, handler);
    return handler;
}

void input_handler_remove(InputHandler *handler)
{
    if (handler) {
        g_ptr_array_remove(input.handlers, handler);
    }
}

void input_handler_activate(InputHandler *handler)
{
    guint at;

    if (g_ptr_array_find(input.handlers, handler, &at)) {
        g_ptr_array_steal_index(input.handlers, at);
        g_ptr_array_insert(input.handlers, 0, handler);
    }
}

static InputHandler *taker(unsigned kinds)
{
    for (guint i = 0; input.handlers && i < input.handlers->len; i++) {
        InputHandler *handler = g_ptr_array_index(input.handlers, i);

        if (handler->ops->kinds & kinds) {
            return handler;
        }
    }
    return NULL;
}

/* ---- Events ---- */

bool input_takes(InputKind kind)
{
    return taker(kind) != NULL;
}

bool input_key(Key key, bool down)
{
    InputHandler *handler = taker(INPUT_KEYS);

    if (!handler || key >= N_KEYS) {
        return false;
    }
    handler->ops->key(handler->opaque, key, down);
    handler->events = true;
    return true;
}

bool input_button(InputButton button, bool down)
{
    InputHandler *handler = taker(INPUT_BUTTONS);

    if (!handler || button >= N_INPUT_BUTTONS) {
        return false;
    }
    handler->ops->button(handler->opaque, button, down);
    handler->events = true;
    return true;
}

bool input_move(int dx, int dy)
{
    InputHandler *handler = taker(INPUT_RELATIVE);

    if (!handler) {
        return false;
    }
    handler->ops->move(handler->opaque, dx, dy);
    handler->events = true;
    return true;
}

bool input_position(unsigned axis, int value)
{
    InputHandler *handler = taker(INPUT_ABSOLUTE);

    if (!handler) {
        return false;
    }
    handler->ops->position(handler->opaque, axis, CLAMP(value, 0, INPUT_RANGE));
    handler->events = true;
    return true;
}

void input_sync(void)
{
    for (guint i = 0; input.handlers && i < input.handlers->len; i++) {
        InputHandler *handler = g_ptr_array_index(input.handlers, i);

        if (handler->events && handler->ops->sync) {
            handler->ops->sync(handler->opaque);
        }
        handler->events = false;
    }
}

bool input_is_absolute(void)
{
    InputHandler *handler = taker(INPUT_RELATIVE | INPUT_ABSOLUTE);

    return handler && (handler->ops->kinds & INPUT_ABSOLUTE);
}

/* ---- Keys of monitors ---- */

static gboolean press_waiting(gpointer data)
{
    Waiting *key;

    input.timer = 0;
    while ((key = g_queue_pop_head(&input.waiting))) {
        unsigned wait = key->wait_ms;

        input_key(key->key, key->down);
        input_sync();
        g_free(key);
        if (wait) {
            input.timer = g_timeout_add(wait, press_waiting, NULL);
            break;
        }
    }
    return G_SOURCE_REMOVE;
}

static void wait_in_line(Key key, bool down, unsigned wait_ms)
{
    Waiting *waiting = g_new(Waiting, 1);

    *waiting = (Waiting){key, down, wait_ms};
    g_queue_push_tail(&input.waiting, waiting);
}

bool input_press_keys(const Key *keys, unsigned n, unsigned hold_ms, GError **errp)
{
    unsigned hold = hold_ms ? hold_ms : DEFAULT_HOLD_MS;

    if (n > MAX_WAITING / 2 || g_queue_get_length(&input.waiting) + 2 * n > MAX_WAITING) {
        error_setg(errp, "too many keys wait to be pressed");
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        wait_in_line(keys[i], true, i == n - 1 ? hold : 0);
    }
    for (unsigned i = n; i-- > 0;) {
        wait_in_line(keys[i], false, i == 0 ? hold : 0);
    }
    if (!input.timer) {
        press_waiting(NULL);
    }
    return true;
}

/* ---- Monitors ---- */

GArray *input_mice(void)
{
    GArray *mice = g_array_new(false, false, sizeof(InputMouse));
    const InputHandler *current = taker(INPUT_RELATIVE | INPUT_ABSOLUTE);

    for (guint i = 0; input.handlers && i < input.handlers->len; i++) {
        const InputHandler *handler = g_ptr_array_index(input.handlers, i);
        InputMouse mouse = {handler->ops->name, handler->index, handler == current,
                            handler->ops->kinds & INPUT_ABSOLUTE};

        if (handler->ops->kinds & (INPUT_RELATIVE | INPUT_ABSOLUTE)) {
            g_array_append_val(mice, mouse);
        }
    }
    return mice;
}

bool input_choose_mouse(int index, GError **errp)
{
    for (guint i = 0; input.handlers && i < input.handlers->len; i++) {
        InputHandler *handler = g_ptr_array_index(input.handlers, i);

        if (handler->index == index) {
            if (handler->ops->kinds & (INPUT_RELATIVE | INPUT_ABSOLUTE)) {
                input_handler_activate(handler);
                return true;
            }
            error_setg(errp, "Input device '%s' is not a mouse", handler->ops->name);
            return false;
        }
    }
    error_setg(errp, "Mouse at index '%d' not found", index);
    return false;
}

InputButton input_button_by_name(const char *name)
{
    static const char *const names[N_INPUT_BUTTONS] = {"left",       "middle", "right", "wheel-up",
                                                       "wheel-down", "side",   "extra"};

    for (unsigned i = 0; i < N_INPUT_BUTTONS; i++) {
        if (!strcmp(names[i], name)) {
            return (InputButton)i;
        }
    }
    return N_INPUT_BUTTONS;
}
