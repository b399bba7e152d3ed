/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt controller inside the Heathrow (and Grand Central, Paddington) I/O chip of Power
 * Macs. Inputs: unnamed GPIO 0 .. 63; output: GPIO 0, the processor's external interrupt.  Device
 * lock held.
 */
#ifndef HW_INTC_HEATHROW_H
#define HW_INTC_HEATHROW_H

#include "hw/core/device.h"

#define HEATHROW_N_IRQS 64u
#define HEATHROW_SIZE 0x1000u

extern const DeviceClass heathrow_class;
/* Its registers, for the I/O chip to map. */
MemoryRegion *heathrow_registers(DeviceState *dev);
/* Drives the output again, for whoever looks at it anew. */
void heathrow_update(DeviceState *dev);
/* For "info pic". */
void heathrow_print(const DeviceState *dev, GString *out);
/* How often each input has risen, for "info irq". */
void heathrow_print_counts(const DeviceState *dev, GString *out);

#endif
