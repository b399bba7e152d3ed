/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB keyboard.  Device Class Definition for Human Interface Devices 1.11, appendix B.1 (boot
 * protocol), E.6 (report descriptor), 7.2 (requests); HID Usage Tables, chapter 10. Keys of user
 * interfaces come by input_handler_add(); they wait as codes of PS/2's set 1, since QEMU's streams
 * have them so.
 */
#include <string.h>
#include "hw/usb/hid.h"
#include "hid-private.h"
#include "migration/vmstate.h"
#include "ui/input.h"
#include "util/error.h"

#define QUEUE_SIZE 16u
#define MAX_KEYS 16
#define KEYS_IN_REPORT 6
#define REPORT_SIZE 8u
#define ROLLOVER 0x01
#define EXTENDED 0xe0u
#define RELEASED 0x80u
#define NUM_LOCK_AFTER_E0 0xc5u
#define FIRST_MODIFIER 0xe0u
#define N_MODIFIERS 8u
/* Above the eight modifiers in `modifiers`: which prefix came. */
enum { PREFIX_E0 = 1 << 8, PREFIX_E1 = 1 << 9 };

typedef struct HidKeyboard {
    /* saved */
    uint32_t keycodes[QUEUE_SIZE], head, n;
    uint16_t modifiers;
    uint8_t leds, key[MAX_KEYS];
    int32_t keys;
    int32_t protocol;
    uint8_t idle;
} HidKeyboard;

typedef struct UsbKeyboard {
    UsbDevice usb;
    /* saved */
    HidKeyboard hid;
    /* derived, and host-only: hid-private.h */
    HidPoll poll;
} UsbKeyboard;

/* ---- Keys ---- */

static void push(HidKeyboard *hid, uint8_t code)
{
    hid->keycodes[(hid->head + hid->n) % QUEUE_SIZE] = code;
    hid->n++;
}

static void take_key(HidKeyboard *hid);

void usb_keyboard_key(DeviceState *dev, Key key, bool down)
{
    UsbKeyboard *kbd = (UsbKeyboard *)dev;
    uint8_t code = key_info[key].pc;

    if (code == KEY_NONE || key_info[key].usb == KEY_NONE) {
        return;
    }
    while (kbd->hid.n + 2 > QUEUE_SIZE) {
        take_key(&kbd->hid); /* its report is lost, what is pressed is not */
    }
    if (code & 0x80) {
        push(&kbd->hid, EXTENDED);
    }
    push(&kbd->hid, (uint8_t)((code & 0x7f) | (down ? 0 : RELEASED)));
    usb_wakeup(&kbd->usb);
}

static void press(HidKeyboard *hid, uint8_t usage)
{
    for (int i = 0; i < hid->keys; i++) {
        if (hid->key[i] == usage) {
            return;
        }
    }
    if (hid->keys < MAX_KEYS) {
        hid->key[hid->keys++] = usage;
    }
}

static void release(HidKeyboard *hid, uint8_t usage)
{
    for (int i = 0; i < hid->keys; i++) {
        if (hid->key[i] == usage) {
            hid->key[i] = hid->key[--hid->keys];
            hid->key[hid->keys] = 0;
            return;
        }
    }
}

static void take_code(HidKeyboard *hid, uint8_t code)
{
    bool extended = hid->modifiers & PREFIX_E0, up = code & RELEASED;
    unsigned pc = (code & 0x7fu) | (extended ? 0x80 : 0);
    uint8_t usage;
    Key key;

    if (code == EXTENDED || code == EXTENDED + 1) {
        hid->modifiers |= code == EXTENDED ? PREFIX_E0 : PREFIX_E1;
        return;
    }
    /* Pause is E1, control, number lock; as if it were E0, number lock. */
    if (hid->modifiers & PREFIX_E1) {
        hid->modifiers ^= PREFIX_E0 | PREFIX_E1;
        return;
    }
    hid->modifiers &= (uint16_t)~PREFIX_E0;
    key = pc == NUM_LOCK_AFTER_E0 ? KEY_PAUSE : key_by_pc(pc);
    usage = key == KEY_UNKNOWN ? KEY_NONE : key_info[key].usb;
    if (usage >= FIRST_MODIFIER && usage < FIRST_MODIFIER + N_MODIFIERS) {
        uint16_t bit = (uint16_t)(1u << (usage - FIRST_MODIFIER));

        hid->modifiers = (uint16_t)(up ? hid->modifiers & ~bit : hid->modifiers | bit);
    } else if (usage != KEY_NONE && up) {
        release(hid, usage);
    } else if (usage != KEY_NONE) {
        press(hid, usage);
    }
}

/* One key, with its prefix. */
static void take_key(HidKeyboard *hid)
{
    bool prefix = true;

    while (hid->n && prefix) {
        uint8_t code = (uint8_t)hid->keycodes[hid->head % QUEUE_SIZE];

        hid->head = (hid->head + 1) % QUEUE_SIZE;
        hid->n--;
        take_code(hid, code);
        prefix = hid->modifiers & (PREFIX_E0 | PREFIX_E1);
    }
}

static int report(HidKeyboard *hid, uint8_t *data, unsigned length)
{
    uint8_t bytes[REPORT_SIZE] = {0};

    take_key(hid);
    bytes[0] = (uint8_t)hid->modifiers;
    if (hid->keys > KEYS_IN_REPORT) {
        memset(bytes + 2, ROLLOVER, KEYS_IN_REPORT);
    } else {
        memcpy(bytes + 2, hid->key, (size_t)hid->keys);
    }
    length = MIN(length, REPORT_SIZE);
    memcpy(data, bytes, length);
    return (int)length;
}

/* ---- Requests ---- */

static const uint8_t report_descriptor[HID_KEYBOARD_REPORT_SIZE] = {
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01,             /* generic desktop, keyboard: application */
    0x75, 0x01, 0x95, 0x08, 0x05, 0x07, 0x19, 0xe0, /* 8 bits: keys 0xe0 */
    0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x81, 0x02, /* to 0xe7, on or off: input */
    0x95, 0x01, 0x75, 0x08, 0x81, 0x01,             /* a byte that says nothing */
    0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, /* 5 bits: lights 1 */
    0x29, 0x05, 0x91, 0x02,                         /* to 5: output */
    0x95, 0x01, 0x75, 0x03, 0x91, 0x01,             /* 3 bits that say nothing */
    0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0xff, /* 6 bytes: any */
    0x05, 0x07, 0x19, 0x00, 0x29, 0xff, 0x81, 0x00, /* key that is pressed: input */
    0xc0,
};

static int keyboard_control(UsbDevice *dev, uint16_t request, uint16_t value, uint16_t index,
                            uint16_t length, uint8_t *data)
{
    HidKeyboard *hid = &((UsbKeyboard *)dev)->hid;

    switch (request) {
    case USB_GET_INTERFACE_DESCRIPTOR:
        return hid_give_descriptor(dev, report_descriptor, sizeof(report_descriptor), value, length,
                                   data);
    case HID_GET_REPORT:
        return report(hid, data, length);
    case HID_SET_REPORT:
        if (length) {
            hid->leds = data[0];
        }
        return 0;
    default:
        return hid_control(request, value, &hid->protocol, &hid->idle, data);
    }
}

static int keyboard_transfer(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                             unsigned length)
{
    UsbKeyboard *kbd = (UsbKeyboard *)dev;
    int result = hid_poll(&kbd->poll, token, endpoint, kbd->hid.n, kbd->hid.idle);

    return result ? result : report(&kbd->hid, data, length);
}

uint8_t usb_keyboard_leds(DeviceState *dev)
{
    return ((UsbKeyboard *)dev)->hid.leds;
}

/* ---- State ---- */

static void keyboard_reset(UsbDevice *dev)
{
    UsbKeyboard *kbd = (UsbKeyboard *)dev;

    memset(&kbd->hid, 0, sizeof(kbd->hid));
    kbd->hid.protocol = HID_PROTOCOL_REPORT;
    kbd->poll.next_idle = 0;
    kbd->poll.in_use = false;
}

static bool hid_post_load(void *opaque, int version, GError **errp)
{
    const HidKeyboard *hid = opaque;

    if (hid->head >= QUEUE_SIZE || hid->n > QUEUE_SIZE || hid->keys < 0 || hid->keys > MAX_KEYS ||
        hid->protocol < 0 || hid->protocol > 1) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "usb-kbd: %u codes from %u on, %d keys, protocol %d", hid->n, hid->head,
                    hid->keys, hid->protocol);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_hid = {
    .name = "HIDKeyboardDevice",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = hid_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_ARRAY(keycodes, HidKeyboard, QUEUE_SIZE),
        VMSTATE_UINT32(head, HidKeyboard),
        VMSTATE_UINT32(n, HidKeyboard),
        VMSTATE_UINT16(modifiers, HidKeyboard),
        VMSTATE_UINT8(leds, HidKeyboard),
        VMSTATE_UINT8_ARRAY(key, HidKeyboard, MAX_KEYS),
        VMSTATE_INT32(keys, HidKeyboard),
        VMSTATE_INT32(protocol, HidKeyboard),
        VMSTATE_UINT8(idle, HidKeyboard),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(HidKeyboard),
};

static bool keyboard_post_load(void *opaque, int version, GError **errp)
{
    UsbKeyboard *kbd = opaque;

    hid_poll_start(&kbd->poll, kbd->hid.idle);
    return true;
}

static const VMStateDescription vmstate_keyboard = {
    .name = "usb-kbd",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = keyboard_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_USB_DEVICE(usb, UsbKeyboard),
        VMSTATE_STRUCT(hid, UsbKeyboard, 0, vmstate_hid, HidKeyboard),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("poll.next_idle"),
    .host_only = VMSTATE_NAMES("poll.input", "poll.in_use"),
    VMSTATE_STRUCT_AUDIT(UsbKeyboard),
};

static void keyboard_key(void *opaque, Key key, bool down)
{
    usb_keyboard_key(opaque, key, down);
}

static const InputHandlerOps keyboard_input = {
    .name = "QEMU HID Keyboard",
    .kinds = INPUT_KEYS,
    .key = keyboard_key,
};

static bool keyboard_realize(UsbDevice *dev, GError **errp)
{
    ((UsbKeyboard *)dev)->poll.input = input_handler_add(&keyboard_input, dev);
    return true;
}

static void keyboard_unrealize(UsbDevice *dev)
{
    input_handler_remove(((UsbKeyboard *)dev)->poll.input);
}

static const uint8_t configuration[] = {
    HID_CONFIGURATION(1, 1, HID_KEYBOARD_REPORT_SIZE, 0x11, 0x01, REPORT_SIZE),
};

const UsbDeviceClass usb_keyboard_class = {
    .device = {
        .name = "usb-kbd",
        .parent = &usb_device_class.object,
        .description = "USB keyboard",
        .instance_size = sizeof(UsbKeyboard),
        .category = DEVICE_CATEGORY_INPUT,
        .user_creatable = true,
        .hotpluggable = true,
        .vmstate = &vmstate_keyboard,
    },
    .product = "QEMU USB Keyboard",
    .configuration_name = "HID Keyboard",
    .serial = "68284",
    .device_descriptor = hid_device_descriptor,
    .configuration = configuration,
    .realize = keyboard_realize,
    .unrealize = keyboard_unrealize,
    .reset = keyboard_reset,
    .control = keyboard_control,
    .transfer = keyboard_transfer,
};
