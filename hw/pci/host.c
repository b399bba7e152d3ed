/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address and data registers of PCI host bridges: configuration mechanism 1.  PCI Local Bus
 * Specification 3.0, 3.2.2.3.2.
 */
#include "hw/pci/pci-host.h"

static uint64_t address_read(void *opaque, hwaddr addr, unsigned size)
{
    return ((PciHost *)opaque)->config_reg;
}

static void address_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    if (size == 4 && addr % 4 == 0) {
        ((PciHost *)opaque)->config_reg = (uint32_t)value;
    }
}

const MemoryRegionOps pci_host_address_ops = {
    .read = address_read,
    .write = address_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

/* Bus, device and function, and the register with the byte of the word that the access is at. */
static uint32_t target(const PciHost *host, hwaddr addr)
{
    return (host->config_reg & 0x00fffffc) | (uint32_t)(addr & 3);
}

static uint64_t data_read(void *opaque, hwaddr addr, unsigned size)
{
    PciHost *host = opaque;

    if (!(host->config_reg & PCI_HOST_ADDRESS_ENABLE)) {
        return UINT32_MAX >> (32 - 8 * size);
    }
    return pci_data_read(host->bus, target(host, addr), size);
}

static void data_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    PciHost *host = opaque;

    if (host->config_reg & PCI_HOST_ADDRESS_ENABLE) {
        pci_data_write(host->bus, target(host, addr), (uint32_t)value, size);
    }
}

const MemoryRegionOps pci_host_data_ops = {
    .read = data_read,
    .write = data_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
    .impl = {.min_access_size = 1, .max_access_size = 4},
};

void pci_host_init_registers(PciHost *host, const MemoryRegionOps *address_ops,
                             const MemoryRegionOps *data_ops, uint64_t size)
{
    memory_region_init_io(&host->address_region, host, address_ops, host, "pci-conf-idx", size);
    memory_region_init_io(&host->data_region, host, data_ops, host, "pci-conf-data", size);
}

void pci_host_init_bus(PciHost *host, const PciBusOps *ops, void *opaque, uint64_t memory_size,
                       uint64_t io_size)
{
    memory_region_init(&host->memory, host, "pci-memory", memory_size);
    memory_region_init(&host->io, host, "pci-io", io_size);
    host->bus = pci_bus_create(&host->parent, NULL, ops, opaque, &host->memory, &host->io);
}

PciHost *pci_host(DeviceState *dev)
{
    return (PciHost *)dev;
}

static void host_reset(void *obj, ResetType type)
{
    PciHost *host = obj;

    host->config_reg = 0;
    pci_bus_reset(host->bus);
}

const DeviceClass pci_host_class = {
    .name = "pci-host-bridge",
    .parent = &device_class.object,
    .description = "PCI host bridge",
    .instance_size = sizeof(PciHost),
    .abstract = true,
    .bus = &system_bus_class,
    .category = DEVICE_CATEGORY_BRIDGE,
    .reset = {.hold = host_reset},
};
