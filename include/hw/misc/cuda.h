/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CUDA: the microcontroller of Power Macs for ADB, time of day, parameter RAM and power, behind a
 * VIA 6522. GPIO output 0 is its interrupt.  Its ADB bus is its first bus.  Device lock held.
 */
#ifndef HW_MISC_CUDA_H
#define HW_MISC_CUDA_H

#include "hw/core/device.h"

#define CUDA_SIZE 0x2000u

extern const DeviceClass cuda_class;
/* NULL-terminated, for app. */
extern const DeviceClass *const hw_misc_device_classes[];

/* Before it is realized: Hz of the time base, which its timers' state counts with. */
void cuda_set_timebase_frequency(DeviceState *dev, uint64_t frequency);
/* Registers 0x200 bytes apart. */
MemoryRegion *cuda_registers(DeviceState *dev);
/* The ADB bus. */
BusState *cuda_adb_bus(DeviceState *dev);

#endif
