/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot order: devices that were given a bootindex, for firmware to try from the smallest on.
 * Device lock.
 */
#ifndef HW_CORE_BOOT_H
#define HW_CORE_BOOT_H

#include "hw/core/device.h"

/* False if another device has that index. */
bool boot_device_add(DeviceState *dev, int32_t bootindex, GError **errp);
void boot_device_remove(DeviceState *dev);
/* Open Firmware's path of a device (g_malloc); NULL: its buses have none. */
char *device_firmware_path(DeviceState *dev);
/* The paths in boot order, separated by `separator` (g_malloc); NULL: no device has an index. */
char *boot_device_list(char separator);

#endif
