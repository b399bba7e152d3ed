/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI-to-PCI bridges: a bus behind a device, and windows of three kinds through which its BARs are
 * seen. A bridge's row has `.is_bridge`, and its parent is pci_bridge_device_class. Device lock
 * held.
 */
#ifndef HW_PCI_PCI_BRIDGE_H
#define HW_PCI_PCI_BRIDGE_H

#include "hw/pci/pci.h"

typedef struct PciBridgeWindow {
    MemoryRegion alias;                 /* of a part of the secondary space, in the primary one */
    bool mapped;
} PciBridgeWindow;

typedef struct PciBridge {
    PciDevice parent;                   /* first */
    /* derived */
    PciBridgeWindow windows[3];         /* I/O, memory, prefetchable memory */
    /* host-only */
    MemoryRegion memory, io;            /* the secondary bus's spaces */
    PciBus *secondary;
} PciBridge;

/* Abstract parent of bridges. A row's realize and unrealize, config_write and reset are these or
 * call them. */
extern const DeviceClass pci_bridge_device_class;
bool pci_bridge_realize(PciDevice *dev, GError **errp);
void pci_bridge_unrealize(PciDevice *dev);
void pci_bridge_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size);
extern const VMStateDescription vmstate_pci_bridge;
/* For descriptions of their own. */
bool pci_bridge_post_load(void *opaque, int version, GError **errp);

/* "pci-bridge" and DEC's 21154 (pci-bridge.c). */
extern const PciDeviceClass pci_bridge_standard_class, dec_21154_class;

/* The bus behind a device; NULL if it is no bridge (or is NULL). */
PciBus *pci_bridge_bus(const PciDevice *dev);
/* Windows as the registers say; nothing if dev is no bridge. */
void pci_bridge_update(PciDevice *dev);
/* What the registers of a bridge say: n 0 I/O, 1 memory, 2 prefetchable memory. */
typedef struct PciRange { uint64_t base, last; } PciRange;
PciRange pci_bridge_range(const PciDevice *dev, unsigned n);

#endif
