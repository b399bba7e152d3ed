/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's accesses to memory: allowed when it and the bridges above are bus masters, translated
 * by the owner of the root bus.  PCI Local Bus Specification 3.0, 6.2.2.
 */
#include <string.h>
#include "hw/pci/pci.h"
#include "util/log.h"

static bool is_master(const PciDevice *dev)
{
    for (; dev; dev = dev->bus->bridge) {
        if (!(pci_command(dev) & PCI_COMMAND_MASTER)) {
            return false;
        }
    }
    return true;
}

static bool transfer(PciDevice *dev, uint64_t address, void *buf, uint64_t length, bool is_write)
{
    const PciBus *root = pci_bus_root(dev->bus);
    uint8_t *at = buf;

    if (!is_master(dev)) {
        log_mask(LOG_GUEST_ERROR, "PCI: %s is no bus master and wants 0x%" PRIx64 "\n",
                 device_get_class(&dev->parent)->name, address);
        return false;
    }
    while (length) {
        uint64_t real = address, left = length;

        if (root->ops->translate &&
            !root->ops->translate(root->opaque, dev, address, is_write, &real, &left)) {
            log_mask(LOG_GUEST_ERROR, "PCI: %s: no DMA translation of 0x%" PRIx64 "\n",
                     device_get_class(&dev->parent)->name, address);
            return false;
        }
        left = MIN(left, length);
        if (address_space_rw(address_space_memory(), real, MEMTXATTRS_UNSPECIFIED, at, left,
                             is_write)) {
            log_mask(LOG_GUEST_ERROR, "PCI: %s: DMA to 0x%" PRIx64 " failed\n",
                     device_get_class(&dev->parent)->name, real);
            return false;
        }
        address += left;
        at += left;
        length -= left;
    }
    return true;
}

bool pci_dma_read(PciDevice *dev, uint64_t address, void *buf, uint64_t length)
{
    if (!transfer(dev, address, buf, length, false)) {
        memset(buf, 0xff, length);
        return false;
    }
    return true;
}

bool pci_dma_write(PciDevice *dev, uint64_t address, const void *buf, uint64_t length)
{
    return transfer(dev, address, (void *)buf, length, true);
}
