/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI: a bus of up to 256 functions, each with a configuration space whose writable bits are a mask.
 * From the PCI Local Bus Specification 3.0, chapter 6, and PCI Express Base 3.0, 7.2 (4096 bytes).
 * Left out so far: base address registers and interrupts of devices (there are no devices yet).
 * All functions need the device lock.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/device.h"

#define PCI_CONFIG_SIZE 256u
#define PCI_EXPRESS_CONFIG_SIZE 4096u
#define PCI_N_PINS 4
#define PCI_DEVFN(slot, function) ((slot) << 3 | (function))
#define PCI_SLOT(devfn) ((devfn) >> 3)

typedef struct PciBus PciBus;
typedef struct PciDevice PciDevice;

struct PciDevice {
    DeviceState parent;                 /* first */
    /* immutable */
    int32_t devfn;                      /* property; -1: the next free slot */
    uint32_t config_size;               /* PCI_CONFIG_SIZE or PCI_EXPRESS_CONFIG_SIZE */
    uint8_t *writable, *write_clears;   /* masks of the size of config */
    /* saved */
    uint8_t *config;
};

struct PciBus {
    BusState parent;                    /* first */
    /* saved */
    int32_t n_irq;
    int32_t irq_count[PCI_N_PINS];      /* devices that assert the bus's line */
    /* host-only */
    PciDevice *devices[256];            /* by devfn */
};

extern const BusClass pci_bus_class;
extern const DeviceClass pci_device_class;  /* abstract parent */

/* A root bus below a host bridge; name NULL: after the bridge's id, else "pci.0". */
PciBus *pci_bus_create(DeviceState *bridge, const char *name);
void pci_bus_reset(PciBus *bus);
/* NULL if there is none. Buses below bridges do not exist yet: only number 0 is found. */
PciDevice *pci_bus_find(PciBus *bus, uint8_t number, uint8_t devfn);
/* size 1, 2 or 4, within the space and aligned: the caller checks. */
uint32_t pci_config_read(const PciDevice *dev, uint32_t address, unsigned size);
void pci_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size);

#endif
