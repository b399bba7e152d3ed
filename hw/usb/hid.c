/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What USB keyboard and pointers have in common.  Device Class Definition for Human Interface
 * Devices 1.11, 7.1 (descriptors) and 7.2 (requests).
 */
#include <string.h>
#include "hw/usb/hid.h"
#include "hid-private.h"
#include "system/runtime.h"

#define IDLE_UNIT_NS (4 * SCALE_MS)
enum {
    DESCRIPTOR_HID = 0x21,
    DESCRIPTOR_REPORT = 0x22,
    HID_DESCRIPTOR_SIZE = 9,
    HID_DESCRIPTOR_AT = 18
};

const uint8_t hid_device_descriptor[18] = {
    18, USB_DESCRIPTOR_DEVICE, 0x00, 0x01, 0, 0, 0, 8, 0x27, 0x06, 0x01, 0x00, 0, 0,
    USB_STRING_MANUFACTURER, USB_STRING_PRODUCT, USB_STRING_SERIAL, 1,
};

int hid_give_descriptor(const UsbDevice *dev, const uint8_t *report, unsigned size, uint16_t value,
                        uint16_t length, uint8_t *data)
{
    const uint8_t *from = report;

    if (value >> 8 == DESCRIPTOR_HID) {
        from = usb_device_get_class(dev)->configuration + HID_DESCRIPTOR_AT;
        size = HID_DESCRIPTOR_SIZE;
    } else if (value >> 8 != DESCRIPTOR_REPORT) {
        return USB_STALL;
    }
    size = MIN(size, length);
    memcpy(data, from, size);
    return (int)size;
}

int hid_control(uint16_t request, uint16_t value, int32_t *protocol, uint8_t *idle, uint8_t *data)
{
    switch (request) {
    case HID_GET_IDLE:
        data[0] = *idle;
        return 1;
    case HID_SET_IDLE:
        *idle = (uint8_t)(value >> 8);
        return 0;
    case HID_GET_PROTOCOL:
        data[0] = (uint8_t)*protocol;
        return 1;
    case HID_SET_PROTOCOL:
        if (value > HID_PROTOCOL_REPORT) {
            return USB_STALL;
        }
        *protocol = value;
        return 0;
    default:
        return USB_STALL;
    }
}

void hid_poll_start(HidPoll *poll, uint8_t idle)
{
    poll->next_idle = clock_get_ns(clock_virtual()) + idle * IDLE_UNIT_NS;
}

int hid_poll(HidPoll *poll, UsbToken token, unsigned endpoint, bool waits, uint8_t idle)
{
    if (token != USB_IN || endpoint != 1) {
        return USB_STALL;
    }
    if (!poll->in_use) {
        poll->in_use = true;
        input_handler_activate(poll->input);
    }
    if (!waits && (!idle || clock_get_ns(clock_virtual()) < poll->next_idle)) {
        return USB_NAK;
    }
    hid_poll_start(poll, idle);
    return 0;
}
