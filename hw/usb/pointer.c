/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB mouse and tablet.  Device Class Definition for Human Interface Devices 1.11, appendix B.2
 * (boot protocol), E.10 (report descriptor).
 */
#include <string.h>
#include "hw/usb/hid.h"
#include "hid-private.h"
#include "migration/vmstate.h"
#include "ui/input.h"
#include "util/error.h"

#define QUEUE_SIZE 16u
#define MAX_POSITION 0x7fff
#define MAX_STEP 127
enum { MOUSE_PACKET = 4, TABLET_PACKET = 8, TABLET_REPORT = 6 };

/* Motion, or for a tablet the position, while the buttons were so. */
typedef struct HidPointerEvent {
    /* saved */
    int32_t xdx, ydy, dz, buttons_state;
} HidPointerEvent;

typedef struct HidPointer {
    /* saved */
    HidPointerEvent queue[QUEUE_SIZE];
    uint32_t head, n;
    int32_t protocol;
    uint8_t idle;
} HidPointer;

typedef struct UsbPointer {
    UsbDevice usb;
    /* saved */
    HidPointer hid;
    /* derived, and host-only: hid-private.h */
    HidPoll poll;
} UsbPointer;

static bool is_tablet(const UsbPointer *pointer)
{
    return usb_device_get_class(&pointer->usb) == &usb_tablet_class;
}

/* ---- Events ---- */

/* What was told last, if nothing waits. */
static HidPointerEvent *newest(HidPointer *hid)
{
    return &hid->queue[(hid->head + hid->n + QUEUE_SIZE - 1) % QUEUE_SIZE];
}

/* An event of its own, or, when all are taken, the newest. */
static HidPointerEvent *add(UsbPointer *pointer)
{
    HidPointer *hid = &pointer->hid;
    HidPointerEvent last = *newest(hid), *event;

    if (hid->n == QUEUE_SIZE) {
        return newest(hid);
    }
    hid->n++;
    event = newest(hid);
    *event = last;
    event->dz = 0;
    if (!is_tablet(pointer)) {
        event->xdx = event->ydy = 0;
    }
    return event;
}

/* The one that waits last, or a new one. */
static HidPointerEvent *current(UsbPointer *pointer)
{
    return pointer->hid.n ? newest(&pointer->hid) : add(pointer);
}

static int32_t sum(int32_t a, int b)
{
    return CLAMP(a + (int64_t)b, INT16_MIN, INT16_MAX);
}

void usb_mouse_move(DeviceState *dev, int dx, int dy, int wheel)
{
    UsbPointer *pointer = (UsbPointer *)dev;
    HidPointerEvent *event = current(pointer);

    event->xdx = sum(event->xdx, dx);
    event->ydy = sum(event->ydy, dy);
    event->dz = sum(event->dz, -wheel);
    usb_wakeup(&pointer->usb);
}

void usb_tablet_move(DeviceState *dev, int x, int y, int wheel)
{
    UsbPointer *pointer = (UsbPointer *)dev;
    HidPointerEvent *event = current(pointer);

    event->xdx = CLAMP(x, 0, MAX_POSITION);
    event->ydy = CLAMP(y, 0, MAX_POSITION);
    event->dz = sum(event->dz, -wheel);
    usb_wakeup(&pointer->usb);
}

void usb_pointer_button(DeviceState *dev, unsigned button, bool down)
{
    UsbPointer *pointer = (UsbPointer *)dev;
    int32_t bit = 1 << (button & 7), buttons = newest(&pointer->hid)->buttons_state;

    if (!!(buttons & bit) != down) {
        add(pointer)->buttons_state = buttons ^ bit;
        usb_wakeup(&pointer->usb);
    }
}

/* ---- Reports ---- */

static void done(HidPointer *hid)
{
    if (hid->n) {
        hid->head = (hid->head + 1) % QUEUE_SIZE;
        hid->n--;
    }
}

static int32_t step(int32_t *rest)
{
    int32_t part = CLAMP(*rest, -MAX_STEP, MAX_STEP);

    *rest -= part;
    return part;
}

static int report(UsbPointer *pointer, uint8_t *data, unsigned length)
{
    HidPointer *hid = &pointer->hid;
    HidPointerEvent *event = hid->n ? &hid->queue[hid->head % QUEUE_SIZE] : newest(hid);
    uint8_t bytes[TABLET_PACKET] = {(uint8_t)event->buttons_state};
    unsigned size;

    if (is_tablet(pointer)) {
        bytes[1] = (uint8_t)event->xdx;
        bytes[2] = (uint8_t)(event->xdx >> 8);
        bytes[3] = (uint8_t)event->ydy;
        bytes[4] = (uint8_t)(event->ydy >> 8);
        bytes[5] = (uint8_t)-step(&event->dz);
        size = TABLET_REPORT;
    } else {
        bytes[1] = (uint8_t)step(&event->xdx);
        bytes[2] = (uint8_t)step(&event->ydy);
        bytes[3] = (uint8_t)-step(&event->dz);
        size = MOUSE_PACKET;
    }
    if (!event->dz && (is_tablet(pointer) || (!event->xdx && !event->ydy))) {
        done(hid);
    }
    length = MIN(length, size);
    memcpy(data, bytes, length);
    return (int)length;
}

static const uint8_t mouse_descriptor[HID_MOUSE_REPORT_SIZE] = {
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01,
    0xa1, 0x00, /* generic desktop, mouse, pointer */
    0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00,
    0x25, 0x01,                                     /* buttons 1 to 3, on or off */
    0x95, 0x03, 0x75, 0x01, 0x81, 0x02,             /* 3 bits: input */
    0x95, 0x01, 0x75, 0x05, 0x81, 0x01,             /* 5 bits that say nothing */
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x09, 0x38, /* x, y, wheel */
    0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95, 0x03,
    0x81, 0x06, /* 3 bytes, relative: input */
    0xc0, 0xc0,
};

static const uint8_t tablet_descriptor[HID_TABLET_REPORT_SIZE] = {
    0x05, 0x01, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, /* generic desktop, pointer */
    0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25, 0x01, /* buttons as above */
    0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x01,
    0x05, 0x01, 0x09, 0x30, 0x09, 0x31,                         /* x, y */
    0x15, 0x00, 0x26, 0xff, 0x7f, 0x35, 0x00, 0x46, 0xff, 0x7f, /* 0 to 0x7fff */
    0x75, 0x10, 0x95, 0x02, 0x81, 0x02,                         /* 2 of 16 bits, absolute: input */
    0x05, 0x01, 0x09, 0x38, 0x15, 0x81, 0x25, 0x7f, 0x35, 0x00, /* wheel */
    0x45, 0x00, 0x75, 0x08, 0x95, 0x01, 0x81, 0x06,             /* a byte, relative: input */
    0xc0, 0xc0,
};

static int pointer_control(UsbDevice *dev, uint16_t request, uint16_t value, uint16_t index,
                           uint16_t length, uint8_t *data)
{
    UsbPointer *pointer = (UsbPointer *)dev;
    bool tablet = is_tablet(pointer);

    switch (request) {
    case USB_GET_INTERFACE_DESCRIPTOR:
        return hid_give_descriptor(dev, tablet ? tablet_descriptor : mouse_descriptor,
                                   tablet ? sizeof(tablet_descriptor) : sizeof(mouse_descriptor),
                                   value, length, data);
    case HID_GET_REPORT:
        return report(pointer, data, length);
    default:
        return hid_control(request, value, &pointer->hid.protocol, &pointer->hid.idle, data);
    }
}

static int pointer_transfer(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                            unsigned length)
{
    UsbPointer *pointer = (UsbPointer *)dev;
    int result = hid_poll(&pointer->poll, token, endpoint, pointer->hid.n, pointer->hid.idle);

    return result ? result : report(pointer, data, length);
}

/* ---- State ---- */

static void pointer_reset(UsbDevice *dev)
{
    UsbPointer *pointer = (UsbPointer *)dev;

    memset(&pointer->hid, 0, sizeof(pointer->hid));
    pointer->hid.protocol = HID_PROTOCOL_REPORT;
    pointer->poll.next_idle = 0;
    pointer->poll.in_use = false;
}

static const VMStateDescription vmstate_event = {
    .name = "HIDPointerEventQueue",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_INT32(xdx, HidPointerEvent),
        VMSTATE_INT32(ydy, HidPointerEvent),
        VMSTATE_INT32(dz, HidPointerEvent),
        VMSTATE_INT32(buttons_state, HidPointerEvent),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(HidPointerEvent),
};

static bool hid_post_load(void *opaque, int version, GError **errp)
{
    const HidPointer *hid = opaque;

    if (hid->head >= QUEUE_SIZE || hid->n > QUEUE_SIZE || hid->protocol < 0 || hid->protocol > 1) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "usb-ptr: %u events from %u on, protocol %d", hid->n, hid->head, hid->protocol);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_hid = {
    .name = "HIDPointerDevice",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = hid_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT_ARRAY(queue, HidPointer, QUEUE_SIZE, 0, vmstate_event, HidPointerEvent),
        VMSTATE_UINT32(head, HidPointer),
        VMSTATE_UINT32(n, HidPointer),
        VMSTATE_INT32(protocol, HidPointer),
        VMSTATE_UINT8(idle, HidPointer),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(HidPointer),
};

static bool pointer_post_load(void *opaque, int version, GError **errp)
{
    UsbPointer *pointer = opaque;

    hid_poll_start(&pointer->poll, pointer->hid.idle);
    return true;
}

static const VMStateDescription vmstate_pointer = {
    .name = "usb-ptr",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = pointer_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_USB_DEVICE(usb, UsbPointer),
        VMSTATE_STRUCT(hid, UsbPointer, 0, vmstate_hid, HidPointer),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("poll.next_idle"),
    .host_only = VMSTATE_NAMES("poll.input", "poll.in_use"),
    VMSTATE_STRUCT_AUDIT(UsbPointer),
};

/* ---- User interfaces ---- */

static void ui_button(void *opaque, InputButton button, bool down)
{
    static const int8_t bits[N_INPUT_BUTTONS] = {[INPUT_LEFT] = 0,
                                                 [INPUT_RIGHT] = 1,
                                                 [INPUT_MIDDLE] = 2,
                                                 [INPUT_SIDE] = -1,
                                                 [INPUT_EXTRA] = -1};
    UsbPointer *pointer = opaque;

    if (button == INPUT_WHEEL_UP || button == INPUT_WHEEL_DOWN) {
        HidPointerEvent *event = down ? current(pointer) : NULL;

        if (event) {
            event->dz = sum(event->dz, button == INPUT_WHEEL_UP ? -1 : 1);
            usb_wakeup(&pointer->usb);
        }
    } else if (bits[button] >= 0) {
        usb_pointer_button(opaque, (unsigned)bits[button], down);
    }
}

static void ui_move(void *opaque, int dx, int dy)
{
    usb_mouse_move(opaque, dx, dy, 0);
}

static void ui_position(void *opaque, unsigned axis, int value)
{
    UsbPointer *pointer = opaque;
    HidPointerEvent *event = current(pointer);

    *(axis ? &event->ydy : &event->xdx) = CLAMP(value, 0, MAX_POSITION);
    usb_wakeup(&pointer->usb);
}

static const InputHandlerOps mouse_input = {
    .name = "QEMU HID Mouse",
    .kinds = INPUT_BUTTONS | INPUT_RELATIVE,
    .button = ui_button,
    .move = ui_move,
}, tablet_input = {
    .name = "QEMU HID Tablet",
    .kinds = INPUT_BUTTONS | INPUT_ABSOLUTE,
    .button = ui_button,
    .position = ui_position,
};

static bool pointer_realize(UsbDevice *dev, GError **errp)
{
    UsbPointer *pointer = (UsbPointer *)dev;

    pointer->poll.input = input_handler_add(is_tablet(pointer) ? &tablet_input : &mouse_input, dev);
    return true;
}

static void pointer_unrealize(UsbDevice *dev)
{
    input_handler_remove(((UsbPointer *)dev)->poll.input);
}

static const uint8_t mouse_configuration[] = {
    HID_CONFIGURATION(1, 2, HID_MOUSE_REPORT_SIZE, 0x01, 0x00, MOUSE_PACKET),
}, tablet_configuration[] = {
    HID_CONFIGURATION(0, 2, HID_TABLET_REPORT_SIZE, 0x01, 0x00, TABLET_PACKET),
};

#define POINTER(class_name, text)                                                                  \
    .device = {.name = class_name,                                                                 \
               .parent = &usb_device_class.object,                                                 \
               .description = text,                                                                \
               .instance_size = sizeof(UsbPointer),                                                \
               .category = DEVICE_CATEGORY_INPUT,                                                  \
               .user_creatable = true,                                                             \
               .hotpluggable = true,                                                             \
               .vmstate = &vmstate_pointer},                                                       \
    .device_descriptor = hid_device_descriptor, .realize = pointer_realize,                        \
    .unrealize = pointer_unrealize, .reset = pointer_reset, .control = pointer_control,            \
    .transfer = pointer_transfer

const UsbDeviceClass usb_mouse_class = {
    POINTER("usb-mouse", "USB mouse"),
    .product = "QEMU USB Mouse",
    .configuration_name = "HID Mouse",
    .serial = "89126",
    .configuration = mouse_configuration,
}, usb_tablet_class = {
    POINTER("usb-tablet", "USB tablet"),
    .product = "QEMU USB Tablet",
    .configuration_name = "HID Tablet",
    .serial = "28754",
    .configuration = tablet_configuration,
};
