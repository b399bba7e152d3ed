/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Non-volatile memory of Power Macs: bytes 16 (property it_shift: 4) or 2 (1) apart. Device lock
 * held. */
#ifndef HW_NVRAM_MAC_NVRAM_H
#define HW_NVRAM_MAC_NVRAM_H

#include "hw/core/device.h"

#define MAC_NVRAM_SIZE 0x2000u

extern const DeviceClass mac_nvram_class;
MemoryRegion *mac_nvram_registers(DeviceState *dev);
/*
 * Open Firmware's partitions with those variables ("name=value", NULL-terminated; NULL: none), and
 * Mac OS X's.  After realize. False: they do not fit.
 */
bool mac_nvram_format(DeviceState *dev, const char *const *variables, GError **errp);

#endif
