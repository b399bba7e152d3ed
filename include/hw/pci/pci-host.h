/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What PCI host bridges with an address and a data register share: the address register is state of
 * its own (section "PCIHost"), the bus hangs below.  A bridge's struct begins with PciHost.  Device
 * lock held.
 */
#ifndef HW_PCI_PCI_HOST_H
#define HW_PCI_PCI_HOST_H

#include "hw/pci/pci.h"

#define PCI_HOST_ADDRESS_ENABLE 0x80000000u

typedef struct PciHost {
    DeviceState parent;                 /* first */
    /* saved */
    uint32_t config_reg;
    /* host-only */
    PciBus *bus;
    MemoryRegion address_region, data_region;
    MemoryRegion memory, io;            /* the bus's spaces */
} PciHost;

/* Abstract parent of host bridges. A row has a description of its own, "PCIHost" with config_reg.
 */
extern const DeviceClass pci_host_class;

/* The address register as it is on most bridges, little-endian, whole words. */
extern const MemoryRegionOps pci_host_address_ops;
/* The data register, four bytes that are a window to the word addressed; opaque is the PciHost. */
extern const MemoryRegionOps pci_host_data_ops;

/* Sets up both regions (each may be wider than its register: it repeats) and the bus. */
void pci_host_init_bus(PciHost *host, const PciBusOps *ops, void *opaque, uint64_t memory_size,
                       uint64_t io_size);
void pci_host_init_registers(PciHost *host, const MemoryRegionOps *address_ops,
                             const MemoryRegionOps *data_ops, uint64_t size);

/* Grackle (MPC106) of the beige G3; its bus's lines go to GPIO outputs 0 .. 3. */
extern const DeviceClass grackle_class;
/* Maps registers, memory and I/O windows where the board has them. */
void grackle_map(DeviceState *dev, MemoryRegion *system_memory);
PciHost *pci_host(DeviceState *dev);

/* UniNorth's bridges and U3's; their buses' lines as Grackle's. */
extern const DeviceClass *const uninorth_agp_class,
    *const uninorth_internal_class, *const uninorth_pci_class, *const u3_agp_class;
void uninorth_map(DeviceState *dev, MemoryRegion *system_memory);
/* Sets up the region of the memory controller's own registers, where the board has it. */
void uninorth_map_control(MemoryRegion *region, void *owner, MemoryRegion *system_memory);
extern const DeviceClass *const uninorth_device_classes[];

/* NULL-terminated, for app. */
extern const DeviceClass *const hw_pci_device_classes[];

#endif
