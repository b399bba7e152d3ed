/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PMU: the power manager of Power Macs, behind a VIA 6522.  GPIO output 0 is the VIA's interrupt;
 * GPIO output "attention" is low while the PMU has something to say.  Device lock held.
 */
#ifndef HW_MISC_PMU_H
#define HW_MISC_PMU_H

#include "hw/core/device.h"

#define PMU_SIZE 0x2000u

extern const DeviceClass pmu_class;
/* Before it is realized: an ADB bus hangs on it. */
void pmu_set_has_adb(DeviceState *dev, bool has_adb);
/* Registers 0x200 bytes apart. */
MemoryRegion *pmu_registers(DeviceState *dev);
/* NULL: it has none. */
BusState *pmu_adb_bus(DeviceState *dev);

#endif
