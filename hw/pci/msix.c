/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X: message interrupts whose addresses and numbers stand in a table inside one of the device's
 * BARs. PCI Local Bus Specification 3.0, 6.8.2.
 */
#include <string.h>
#include "hw/pci/pci.h"
#include "migration/vmstate.h"
#include "util/error.h"

#define ENTRY_SIZE 16u
#define ENTRY_DATA 8u
#define ENTRY_CONTROL 12u
#define ENTRY_MASKED 1u
#define CAPABILITY_SIZE 12u
#define MAX_VECTORS 2048u

static uint16_t flags_of(const PciDevice *dev)
{
    return pci_get16(dev->config + dev->msix.capability + PCI_MSIX_FLAGS);
}

bool pci_msix_masked(const PciDevice *dev)
{
    uint16_t flags = flags_of(dev);

    return !(flags & PCI_MSIX_FLAGS_ENABLE) || (flags & PCI_MSIX_FLAGS_MASK_ALL);
}

static uint8_t *entry(const PciDevice *dev, unsigned vector)
{
    return dev->msix.table + vector * ENTRY_SIZE;
}

static bool masked(const PciDevice *dev, unsigned vector)
{
    return pci_msix_masked(dev) || (entry(dev, vector)[ENTRY_CONTROL] & ENTRY_MASKED);
}

static void send(PciDevice *dev, unsigned vector)
{
    const PciBus *root = pci_bus_root(dev->bus);
    const uint8_t *at = entry(dev, vector);
    uint64_t address = pci_get32(at) | (uint64_t)pci_get32(at + 4) << 32;
    uint32_t data = pci_get32(at + ENTRY_DATA);

    if (root->ops->message) {
        root->ops->message(root->opaque, dev, address, data);
    } else {
        address_space_stn_le(address_space_memory(), address, 4, data, MEMTXATTRS_UNSPECIFIED,
                             NULL);
    }
}

/* What waited for the mask to go. */
static void deliver_pending(PciDevice *dev, unsigned vector)
{
    uint8_t *byte = &dev->msix.pending[vector / 8], bit = (uint8_t)(1u << vector % 8);

    if ((*byte & bit) && !masked(dev, vector)) {
        *byte &= (uint8_t)~bit;
        send(dev, vector);
    }
}

/* ---- Table and pending bits, as the guest sees them ---- */

static uint64_t table_read(void *opaque, hwaddr addr, unsigned size)
{
    PciDevice *dev = opaque;

    return pci_get32(dev->msix.table + addr) |
           (size == 8 ? (uint64_t)pci_get32(dev->msix.table + addr + 4) << 32 : 0);
}

static void table_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    PciDevice *dev = opaque;

    pci_set32(dev->msix.table + addr, (uint32_t)value);
    if (size == 8) {
        pci_set32(dev->msix.table + addr + 4, (uint32_t)(value >> 32));
    }
    deliver_pending(dev, (unsigned)(addr / ENTRY_SIZE));
}

static uint64_t pending_read(void *opaque, hwaddr addr, unsigned size)
{
    PciDevice *dev = opaque;
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= addr + i < (dev->msix.n_vectors + 7) / 8
                     ? (uint64_t)dev->msix.pending[addr + i] << 8 * i
                     : 0;
    }
    return value;
}

static void pending_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    /* Read only. */
}

static const MemoryRegionOps table_ops = {
    .read = table_read,
    .write = table_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4, .max_access_size = 8},
    .impl = {.min_access_size = 4, .max_access_size = 8},
};

static const MemoryRegionOps pending_ops = {
    .read = pending_read,
    .write = pending_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4, .max_access_size = 8},
    .impl = {.min_access_size = 4, .max_access_size = 8},
};

/* ---- Life ---- */

bool pci_msix_init(PciDevice *dev, unsigned n_vectors, MemoryRegion *bar, unsigned n,
                   uint32_t table, uint32_t pending, uint8_t offset, GError **errp)
{
    PciMsix *msix = &dev->msix;
    uint8_t *at;

    if (n_vectors == 0 || n_vectors > MAX_VECTORS) {
        error_setg(errp, "MSI-X: %u vectors (1 to %u are possible)", n_vectors, MAX_VECTORS);
        return false;
    }
    offset = pci_add_capability(dev, PCI_CAP_MSIX, offset, CAPABILITY_SIZE, errp);
    if (!offset) {
        return false;
    }
    at = dev->config + offset;
    pci_set16(at + PCI_MSIX_FLAGS, (uint16_t)(n_vectors - 1));
    pci_set32(at + PCI_MSIX_TABLE, table | n);
    pci_set32(at + PCI_MSIX_PBA, pending | n);
    pci_set16(dev->writable + offset + PCI_MSIX_FLAGS,
              PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASK_ALL);
    msix->capability = offset;
    msix->n_vectors = n_vectors;
    msix->table = g_malloc0(n_vectors * ENTRY_SIZE);
    msix->pending = g_malloc0((n_vectors + 7) / 8);
    memory_region_init_io(&msix->table_region, dev, &table_ops, dev, "msix-table",
                          n_vectors * ENTRY_SIZE);
    memory_region_init_io(&msix->pending_region, dev, &pending_ops, dev, "msix-pba",
                          (n_vectors + 63) / 64 * 8);
    memory_region_add_subregion(bar, table, &msix->table_region);
    memory_region_add_subregion(bar, pending, &msix->pending_region);
    pci_msix_reset(dev);
    return true;
}

void pci_msix_uninit(PciDevice *dev, MemoryRegion *bar)
{
    PciMsix *msix = &dev->msix;

    if (msix->capability) {
        memory_region_del_subregion(bar, &msix->table_region);
        memory_region_del_subregion(bar, &msix->pending_region);
        memory_region_destroy(&msix->table_region);
        memory_region_destroy(&msix->pending_region);
        g_clear_pointer(&msix->table, g_free);
        g_clear_pointer(&msix->pending, g_free);
        msix->capability = 0;
    }
}

bool pci_msix_enabled(const PciDevice *dev)
{
    return dev->msix.capability && (flags_of(dev) & PCI_MSIX_FLAGS_ENABLE);
}

void pci_msix_notify(PciDevice *dev, unsigned vector)
{
    if (!pci_msix_enabled(dev) || vector >= dev->msix.n_vectors) {
        return;
    }
    if (masked(dev, vector)) {
        dev->msix.pending[vector / 8] |= (uint8_t)(1u << vector % 8);
    } else {
        send(dev, vector);
    }
}

void pci_msix_config_written(PciDevice *dev, bool was_masked)
{
    if (was_masked && !pci_msix_masked(dev)) {
        for (unsigned vector = 0; vector < dev->msix.n_vectors; vector++) {
            deliver_pending(dev, vector);
        }
    }
}

void pci_msix_reset(PciDevice *dev)
{
    PciMsix *msix = &dev->msix;
    uint8_t *flags = dev->config + msix->capability + PCI_MSIX_FLAGS;

    if (!msix->capability) {
        return;
    }
    pci_set16(flags, pci_get16(flags) & PCI_MSIX_FLAGS_SIZE);
    memset(msix->table, 0, msix->n_vectors * ENTRY_SIZE);
    memset(msix->pending, 0, (msix->n_vectors + 7) / 8);
    for (unsigned vector = 0; vector < msix->n_vectors; vector++) {
        entry(dev, vector)[ENTRY_CONTROL] = ENTRY_MASKED;
    }
}

/* ---- State: table, then pending bits ---- */

static bool get_msix(StateStream *s, void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    PciMsix *msix = &((PciDevice *)pv)->msix;

    if (msix->capability) {
        state_get_buffer(s, msix->table, msix->n_vectors * ENTRY_SIZE);
        state_get_buffer(s, msix->pending, (msix->n_vectors + 7) / 8);
    }
    return !state_stream_check(s, errp);
}

static bool put_msix(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    const PciMsix *msix = &((const PciDevice *)pv)->msix;

    if (msix->capability) {
        state_put_buffer(s, msix->table, msix->n_vectors * ENTRY_SIZE);
        state_put_buffer(s, msix->pending, (msix->n_vectors + 7) / 8);
    }
    return true;
}

static const VMStateInfo vmstate_info_msix = {"msix state", get_msix, put_msix};

const VMStateDescription vmstate_pci_msix = {
    .name = "msix",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        {.name = "msix", .info = &vmstate_info_msix, .flags = VMS_SINGLE},
        VMSTATE_END_OF_LIST(),
    },
};
