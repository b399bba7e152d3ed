/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB keyboard, mouse and tablet: what ui/input.h and tests call. Device lock held. */
#ifndef HW_USB_HID_H
#define HW_USB_HID_H

#include "hw/usb/usb.h"
#include "ui/keys.h"

extern const UsbDeviceClass usb_keyboard_class, usb_mouse_class, usb_tablet_class;

/* Lost if the guest has not asked for the last ones. */
void usb_keyboard_key(DeviceState *dev, Key key, bool down);
/* Bits: 0 number, 1 capitals, 2 scroll lock. */
uint8_t usb_keyboard_leds(DeviceState *dev);
/* Right, down and away from the user are positive. */
void usb_mouse_move(DeviceState *dev, int dx, int dy, int wheel);
/* Where a tablet's pen is, 0 .. 0x7fff from the upper left corner. */
void usb_tablet_move(DeviceState *dev, int x, int y, int wheel);
/* 0 left, 1 right, 2 middle; of mouse and tablet. */
void usb_pointer_button(DeviceState *dev, unsigned button, bool down);

#endif
