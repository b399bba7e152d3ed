/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard VGA as a PCI card ("VGA"). Device lock held. */
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include "hw/core/machine.h"
#include "hw/pci/pci.h"

extern const PciDeviceClass vga_pci_class;
/* NULL-terminated, for app. */
extern const DeviceClass *const hw_display_device_classes[];

/* The adapter of -vga (machine->vga), in the first free slot; by_default: when nothing was said.
 * True without one. *present, if not NULL: whether there is one. */
bool vga_create(MachineState *machine, PciBus *bus, bool by_default, bool *present, GError **errp);

#endif
