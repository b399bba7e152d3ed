/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keyboard and pointers have in common. */
#ifndef HW_USB_HID_PRIVATE_H
#define HW_USB_HID_PRIVATE_H

#include "hw/usb/usb.h"
#include "ui/input.h"

enum {
    HID_GET_REPORT = 0xa101,
    HID_GET_IDLE = 0xa102,
    HID_GET_PROTOCOL = 0xa103,
    HID_SET_REPORT = 0x2109,
    HID_SET_IDLE = 0x210a,
    HID_SET_PROTOCOL = 0x210b,
};
enum { HID_PROTOCOL_BOOT, HID_PROTOCOL_REPORT };
enum { HID_KEYBOARD_REPORT_SIZE = 63, HID_MOUSE_REPORT_SIZE = 52, HID_TABLET_REPORT_SIZE = 74 };

/*
 * A configuration with one interface and one interrupt endpoint, every 10 ms: subclass (1: boot),
 * protocol (1 keyboard, 2 mouse), bytes of the report descriptor, HID's version (low, high), bytes
 * of a packet.
 */
#define HID_CONFIGURATION(subclass, protocol, report, low, high, packet)                           \
    9, USB_DESCRIPTOR_CONFIGURATION, 34, 0, 1, 1, USB_STRING_CONFIGURATION, 0xa0, 50, 9, 4, 0, 0,  \
        1, 3, (subclass), (protocol), 0, 9, 0x21, (low), (high), 0, 1, 0x22, (report), 0, 7, 5,    \
        0x81, 3, (packet), 0, 10

/* USB 1.0, packets of 8 bytes, one configuration. */
extern const uint8_t hid_device_descriptor[18];
/* The HID descriptor in the configuration, or the report descriptor. */
int hid_give_descriptor(const UsbDevice *dev, const uint8_t *report, unsigned size, uint16_t value,
                        uint16_t length, uint8_t *data);
/* Idle rate and protocol. */
int hid_control(uint16_t request, uint16_t value, int32_t *protocol, uint8_t *idle, uint8_t *data);
typedef struct HidPoll {
    /* derived */
    int64_t next_idle;                  /* ns of the virtual clock */
    /* host-only */
    InputHandler *input;
    bool in_use;                        /* the guest has asked since it was reset */
} HidPoll;
/* The start of an IN of the interrupt endpoint: 0 if a report is to be given, else USB_NAK or
 * USB_STALL. waits: there is something to tell. */
int hid_poll(HidPoll *poll, UsbToken token, unsigned endpoint, bool waits, uint8_t idle);
/* A report is due though nothing changed, after so long: idle is in units of 4 ms, 0 is never. */
void hid_poll_start(HidPoll *poll, uint8_t idle);

#endif
