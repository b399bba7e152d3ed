/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ADB mouse with two buttons: relative motion of 7 bits a poll.  "Guide to the Macintosh Family
 * Hardware", 2nd edition, 8 ("Register 0 in an ADB mouse"); the second button is where other
 * makers' mice have it (Linux's drivers/macintosh/adbhid.c).
 */
#include "hw/input/adb.h"
#include "migration/vmstate.h"
#include "ui/input.h"

#define MAX_STEP 63
#define RELEASED 0x80u
#define BUTTON_LEFT 1
#define BUTTON_RIGHT 2
#define HANDLER_200_CPI 2

typedef struct AdbMouse {
    AdbDevice adb;                      /* first */
    /* saved */
    int32_t buttons, last_buttons;      /* now, and as the guest knows them */
    int32_t dx, dy, dz;                 /* not yet told; dz: never used */
    /* immutable */
    InputHandler *input;
} AdbMouse;

static const uint8_t handlers[] = {1, 2, 0};

static int32_t add(int32_t sum, int by)
{
    return CLAMP((int64_t)sum + by, INT32_MIN, INT32_MAX);
}

void adb_mouse_move(DeviceState *dev, int dx, int dy)
{
    AdbMouse *mouse = (AdbMouse *)dev;

    mouse->dx = add(mouse->dx, dx);
    mouse->dy = add(mouse->dy, dy);
}

void adb_mouse_button(DeviceState *dev, unsigned button, bool down)
{
    AdbMouse *mouse = (AdbMouse *)dev;
    int32_t bit = button == 0 ? BUTTON_LEFT : button == 1 ? BUTTON_RIGHT : 0;

    mouse->buttons = down ? mouse->buttons | bit : mouse->buttons & ~bit;
}

static uint8_t take_step(int32_t *distance)
{
    int32_t step = CLAMP(*distance, -MAX_STEP, MAX_STEP);

    *distance -= step;
    return step & 0x7f;
}

static int next_motion(AdbMouse *mouse, uint8_t *reply)
{
    if (mouse->buttons == mouse->last_buttons && !mouse->dx && !mouse->dy) {
        return 0;
    }
    mouse->last_buttons = mouse->buttons;
    reply[0] = (uint8_t)(take_step(&mouse->dy) | (mouse->buttons & BUTTON_LEFT ? 0 : RELEASED));
    reply[1] = (uint8_t)(take_step(&mouse->dx) | (mouse->buttons & BUTTON_RIGHT ? 0 : RELEASED));
    return 2;
}

static int mouse_request(AdbDevice *dev, uint8_t *reply, const uint8_t *packet, unsigned size)
{
    AdbMouse *mouse = (AdbMouse *)dev;
    unsigned reg = packet[0] & 3;

    if ((packet[0] & 0x0f) == ADB_FLUSH) {
        mouse->buttons = mouse->last_buttons;
        mouse->dx = mouse->dy = mouse->dz = 0;
        return 0;
    }
    switch (packet[0] & 0x0c) {
    case ADB_TALK:
        if (reg == 0) {
            return next_motion(mouse, reply);
        }
        if (reg == 3) {
            reply[0] = (uint8_t)dev->address;
            reply[1] = (uint8_t)dev->handler;
            return 2;
        }
        return 0;
    case ADB_LISTEN:
        if (reg == 3) {
            adb_device_listen3(dev, packet, size, handlers);
        }
        return 0;
    default:
        return 0;
    }
}

static const VMStateDescription vmstate_mouse = {
    .name = "adb_mouse",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(adb, AdbMouse, 0, vmstate_adb_device, AdbDevice),
        VMSTATE_INT32(buttons, AdbMouse),
        VMSTATE_INT32(last_buttons, AdbMouse),
        VMSTATE_INT32(dx, AdbMouse),
        VMSTATE_INT32(dy, AdbMouse),
        VMSTATE_INT32(dz, AdbMouse),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("input"),
    VMSTATE_STRUCT_AUDIT(AdbMouse),
};

static void mouse_move(void *opaque, int dx, int dy)
{
    adb_mouse_move(opaque, dx, dy);
}

static void mouse_button(void *opaque, InputButton button, bool down)
{
    if (button == INPUT_LEFT || button == INPUT_RIGHT) {
        adb_mouse_button(opaque, button == INPUT_RIGHT, down);
    }
}

static const InputHandlerOps mouse_input = {
    .name = "QEMU ADB Mouse",
    .kinds = INPUT_BUTTONS | INPUT_RELATIVE,
    .button = mouse_button,
    .move = mouse_move,
};

static bool mouse_realize(DeviceState *dev, GError **errp)
{
    ((AdbMouse *)dev)->input = input_handler_add(&mouse_input, dev);
    return true;
}

static void mouse_unrealize(DeviceState *dev)
{
    input_handler_remove(((AdbMouse *)dev)->input);
}

static void mouse_reset(void *obj, ResetType type)
{
    AdbMouse *mouse = obj;

    mouse->adb.address = ADB_ADDRESS_MOUSE;
    mouse->adb.handler = HANDLER_200_CPI;
    mouse->buttons = mouse->last_buttons = 0;
    mouse->dx = mouse->dy = mouse->dz = 0;
}

const AdbDeviceClass adb_mouse_class = {
    .device = {
        .name = "adb-mouse",
        .parent = &adb_device_class.object,
        .description = "ADB mouse",
        .instance_size = sizeof(AdbMouse),
        .category = DEVICE_CATEGORY_INPUT,
        .vmstate = &vmstate_mouse,
        .realize = mouse_realize,
        .unrealize = mouse_unrealize,
        .reset = {.hold = mouse_reset},
    },
    .request = mouse_request,
};
