/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ADB keyboard, Apple Extended Keyboard.  "Guide to the Macintosh Family Hardware", 2nd edition, 8
 * ("Register 0 in an ADB keyboard"), key codes as in "Inside Macintosh: Macintosh Toolbox
 * Essentials". Keys of user interfaces come by input_handler_add(). Left out: register 2 tells of
 * no pressed modifier and of no light.
 */
#include <string.h>
#include "hw/input/adb.h"
#include "migration/vmstate.h"
#include "ui/input.h"
#include "util/error.h"

#define QUEUE_SIZE 128
#define RELEASED 0x80u
#define NO_KEY 0xffu
#define HANDLER_STANDARD 1

typedef struct AdbKeyboard {
    AdbDevice adb;                      /* first */
    /* saved */
    uint8_t data[QUEUE_SIZE];           /* keys that the guest has not asked for */
    int32_t rptr, wptr, count;
    /* immutable */
    InputHandler *input;
} AdbKeyboard;

static const uint8_t handlers[] = {1, 2, 3, 0};

void adb_keyboard_key(DeviceState *dev, uint8_t code, bool down)
{
    AdbKeyboard *kbd = (AdbKeyboard *)dev;

    if (kbd->count < QUEUE_SIZE) {
        kbd->data[kbd->wptr] = (uint8_t)((code & 0x7f) | (down ? 0 : RELEASED));
        kbd->wptr = (kbd->wptr + 1) % QUEUE_SIZE;
        kbd->count++;
    }
}

/* Two keys a time have room; only the power key, which is two bytes by itself, uses it. */
static int next_key(AdbKeyboard *kbd, uint8_t *reply)
{
    if (!kbd->count) {
        return 0;
    }
    reply[0] = kbd->data[kbd->rptr];
    reply[1] = reply[0] == ADB_KEY_POWER ? ADB_KEY_POWER : NO_KEY;
    kbd->rptr = (kbd->rptr + 1) % QUEUE_SIZE;
    kbd->count--;
    return 2;
}

static int talk(AdbKeyboard *kbd, unsigned reg, uint8_t *reply)
{
    switch (reg) {
    case 0:
        return next_key(kbd, reply);
    case 2:
        reply[0] = reply[1] = 0xff;
        return 2;
    case 3:
        reply[0] = (uint8_t)kbd->adb.address;
        reply[1] = (uint8_t)kbd->adb.handler;
        return 2;
    default:
        return 0;
    }
}

static int keyboard_request(AdbDevice *dev, uint8_t *reply, const uint8_t *packet, unsigned size)
{
    AdbKeyboard *kbd = (AdbKeyboard *)dev;
    unsigned reg = packet[0] & 3;

    if ((packet[0] & 0x0f) == ADB_FLUSH) {
        kbd->rptr = kbd->wptr = kbd->count = 0;
        return 0;
    }
    switch (packet[0] & 0x0c) {
    case ADB_TALK:
        return talk(kbd, reg, reply);
    case ADB_LISTEN:
        if (reg == 3) {
            adb_device_listen3(dev, packet, size, handlers);
        }
        return 0;
    default:
        return 0;
    }
}

static bool keyboard_post_load(void *opaque, int version, GError **errp)
{
    AdbKeyboard *kbd = opaque;

    if (kbd->count < 0 || kbd->count > QUEUE_SIZE || kbd->rptr < 0 || kbd->rptr >= QUEUE_SIZE ||
        kbd->wptr < 0 || kbd->wptr >= QUEUE_SIZE ||
        (kbd->rptr + kbd->count) % QUEUE_SIZE != kbd->wptr) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "adb_kbd: %d keys from %d to %d cannot be in a queue of %d", kbd->count,
                    kbd->rptr, kbd->wptr, QUEUE_SIZE);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_keyboard = {
    .name = "adb_kbd",
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = keyboard_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(adb, AdbKeyboard, 0, vmstate_adb_device, AdbDevice),
        VMSTATE_BUFFER(data, AdbKeyboard),
        VMSTATE_INT32(rptr, AdbKeyboard),
        VMSTATE_INT32(wptr, AdbKeyboard),
        VMSTATE_INT32(count, AdbKeyboard),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("input"),
    VMSTATE_STRUCT_AUDIT(AdbKeyboard),
};

static void keyboard_key(void *opaque, Key key, bool down)
{
    uint8_t code = key_info[key].adb;

    if (code != KEY_NONE) {
        adb_keyboard_key(opaque, code, down);
    }
}

static const InputHandlerOps keyboard_input = {
    .name = "QEMU ADB Keyboard",
    .kinds = INPUT_KEYS,
    .key = keyboard_key,
};

static bool keyboard_realize(DeviceState *dev, GError **errp)
{
    ((AdbKeyboard *)dev)->input = input_handler_add(&keyboard_input, dev);
    return true;
}

static void keyboard_unrealize(DeviceState *dev)
{
    input_handler_remove(((AdbKeyboard *)dev)->input);
}

static void keyboard_reset(void *obj, ResetType type)
{
    AdbKeyboard *kbd = obj;

    kbd->adb.address = ADB_ADDRESS_KEYBOARD;
    kbd->adb.handler = HANDLER_STANDARD;
    memset(kbd->data, 0, sizeof(kbd->data));
    kbd->rptr = kbd->wptr = kbd->count = 0;
}

const AdbDeviceClass adb_keyboard_class = {
    .device = {
        .name = "adb-keyboard",
        .parent = &adb_device_class.object,
        .description = "ADB keyboard",
        .instance_size = sizeof(AdbKeyboard),
        .category = DEVICE_CATEGORY_INPUT,
        .vmstate = &vmstate_keyboard,
        .realize = keyboard_realize,
        .unrealize = keyboard_unrealize,
        .reset = {.hold = keyboard_reset},
    },
    .request = keyboard_request,
};
