/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenPIC (MPIC), the interrupt controller inside KeyLargo and its kin.  Inputs: unnamed GPIO 0 ..
 * 63; outputs: GPIO n, the external interrupt of processor n.  Device lock held.
 */
#ifndef HW_INTC_OPENPIC_H
#define HW_INTC_OPENPIC_H

#include "hw/core/device.h"

#define OPENPIC_N_INPUTS 64u
#define OPENPIC_SIZE 0x40000u
#define OPENPIC_MAX_CPUS 4u

extern const DeviceClass openpic_class;
/* Its registers, for the I/O chip to map. */
MemoryRegion *openpic_registers(DeviceState *dev);
/* Drives the outputs again, for whoever looks at them anew. */
void openpic_update(DeviceState *dev);
/* For "info pic". */
void openpic_print(const DeviceState *dev, GString *out);
/* How often each input has risen, for "info irq". */
void openpic_print_counts(const DeviceState *dev, GString *out);

#endif
