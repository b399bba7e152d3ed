/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ESCC: the Zilog 85C30 serial controller with two channels, as Power Macs have it.  GPIO outputs
 * "a" and "b" are the interrupts of the channels.  Device lock held.
 */
#ifndef HW_CHAR_ESCC_H
#define HW_CHAR_ESCC_H

#include "chardev/char.h"
#include "hw/core/device.h"

enum { ESCC_CHANNEL_B, ESCC_CHANNEL_A, ESCC_N_CHANNELS };

extern const DeviceClass escc_class;
/* Before realize. NULL: nothing is attached. */
void escc_set_chardev(DeviceState *dev, unsigned channel, Chardev *chr);
/* Registers 16 bytes apart: control B, data B, control A, data A. */
MemoryRegion *escc_registers(DeviceState *dev);
#define ESCC_SIZE 0x40u

#endif
