/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI: a capability by which a device sends numbers to an address instead of raising a line.
 * PCI Local Bus Specification 3.0, 6.8.1.
 */
#include "hw/pci/pci.h"
#include "util/error.h"

/* Registers behind the flags: address (4 or 8), data (2, then 2 reserved), mask and pending bits (4
 * each). */
static unsigned data_offset(uint16_t flags)
{
    return PCI_MSI_ADDRESS + (flags & PCI_MSI_FLAGS_64 ? 8 : 4);
}

static unsigned capability_size(uint16_t flags)
{
    return data_offset(flags) + (flags & PCI_MSI_FLAGS_MASK ? 12 : 2);
}

static uint8_t *capability(const PciDevice *dev)
{
    return dev->config + dev->msi_capability;
}

static uint16_t flags_of(const PciDevice *dev)
{
    return pci_get16(capability(dev) + PCI_MSI_FLAGS);
}

static unsigned vectors_capable(uint16_t flags)
{
    return 1u << ((flags & PCI_MSI_FLAGS_CAPABLE) >> 1);
}

/* As many as the guest has allotted, at most those there are. */
static unsigned vectors_enabled(uint16_t flags)
{
    return MIN(1u << ((flags & PCI_MSI_FLAGS_ENABLED) >> 4), vectors_capable(flags));
}

bool pci_msi_init(PciDevice *dev, uint8_t offset, unsigned n_vectors, bool is_64bit, bool mask,
                  GError **errp)
{
    unsigned order = (unsigned)__builtin_ctz(n_vectors);
    uint16_t flags = (uint16_t)(order << 1 | (is_64bit ? PCI_MSI_FLAGS_64 : 0) |
                                (mask ? PCI_MSI_FLAGS_MASK : 0));
    unsigned data = data_offset(flags);
    uint8_t *writable;

    g_assert(n_vectors && n_vectors <= 32 && (n_vectors & (n_vectors - 1)) == 0);
    offset = pci_add_capability(dev, PCI_CAP_MSI, offset, (uint8_t)capability_size(flags), errp);
    if (!offset) {
        return false;
    }
    dev->msi_capability = offset;
    pci_set16(capability(dev) + PCI_MSI_FLAGS, flags);
    writable = dev->writable + offset;
    pci_set16(writable + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLED | PCI_MSI_FLAGS_ENABLE);
    pci_set32(writable + PCI_MSI_ADDRESS, 0xfffffffc);
    if (is_64bit) {
        pci_set32(writable + PCI_MSI_ADDRESS + 4, 0xffffffff);
    }
    pci_set16(writable + data, 0xffff);
    if (mask) {
        pci_set32(writable + data + 4, n_vectors == 32 ? UINT32_MAX : (1u << n_vectors) - 1);
        /* Pending bits: the device's to change, and state. */
        pci_set32(dev->must_match + offset + data + 8, 0);
    }
    return true;
}

bool pci_msi_enabled(const PciDevice *dev)
{
    return dev->msi_capability && (flags_of(dev) & PCI_MSI_FLAGS_ENABLE);
}

static void send(PciDevice *dev, unsigned vector)
{
    const uint8_t *at = capability(dev);
    const PciBus *root = pci_bus_root(dev->bus);
    uint16_t flags = flags_of(dev);
    uint64_t address = pci_get32(at + PCI_MSI_ADDRESS);
    uint32_t data = pci_get16(at + data_offset(flags));

    if (flags & PCI_MSI_FLAGS_64) {
        address |= (uint64_t)pci_get32(at + PCI_MSI_ADDRESS + 4) << 32;
    }
    /* The lowest bits of the data are the vector's number. */
    data = (data & ~(vectors_enabled(flags) - 1)) | vector;
    if (root->ops->message) {
        root->ops->message(root->opaque, dev, address, data);
    } else {
        address_space_stn_le(address_space_memory(), address, 4, data, MEMTXATTRS_UNSPECIFIED,
                             NULL);
    }
}

void pci_msi_notify(PciDevice *dev, unsigned vector)
{
    uint16_t flags;

    if (!pci_msi_enabled(dev)) {
        return;
    }
    flags = flags_of(dev);
    vector &= vectors_enabled(flags) - 1;
    if (flags & PCI_MSI_FLAGS_MASK) {
        uint8_t *mask = capability(dev) + data_offset(flags) + 4;

        if (pci_get32(mask) >> vector & 1) {
            pci_set32(mask + 4, pci_get32(mask + 4) | 1u << vector);
            return;
        }
    }
    send(dev, vector);
}

void pci_msi_config_written(PciDevice *dev)
{
    uint16_t flags = flags_of(dev);
    uint8_t *mask = capability(dev) + data_offset(flags) + 4;

    if (!(flags & PCI_MSI_FLAGS_ENABLE) || !(flags & PCI_MSI_FLAGS_MASK)) {
        return;
    }
    for (unsigned vector = 0; vector < vectors_enabled(flags); vector++) {
        uint32_t pending = pci_get32(mask + 4) & ~pci_get32(mask);

        if (pending >> vector & 1) {
            pci_set32(mask + 4, pci_get32(mask + 4) & ~(1u << vector));
            send(dev, vector);
        }
    }
}

void pci_msi_reset(PciDevice *dev)
{
    uint16_t flags;
    uint8_t *at;

    if (!dev->msi_capability) {
        return;
    }
    at = capability(dev);
    flags = (uint16_t)(flags_of(dev) & ~(PCI_MSI_FLAGS_ENABLED | PCI_MSI_FLAGS_ENABLE));
    pci_set16(at + PCI_MSI_FLAGS, flags);
    for (unsigned i = PCI_MSI_ADDRESS; i < capability_size(flags); i++) {
        at[i] = 0;
    }
}
