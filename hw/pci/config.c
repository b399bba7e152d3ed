/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space: four masks stand beside its bytes, and decide what a write changes
 * (writable, write_clears), what a loaded state must agree in (must_match) and what is taken by
 * capabilities (used). PCI Local Bus Specification 3.0, 6.1 and 6.2 (header), 6.7 (capabilities).
 */
#include <string.h>
#include "hw/pci/pci.h"
#include "util/error.h"
#include "util/log.h"

#define SUBSYSTEM_VENDOR_DEFAULT 0x1af4
#define SUBSYSTEM_DEFAULT 0x1100
#define FIRST_FREE 0x40u

/* ---- Access ---- */

uint32_t pci_config_read_default(PciDevice *dev, uint32_t address, unsigned size)
{
    uint32_t value = 0;

    g_assert(address + size <= dev->config_size);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)dev->config[address + i] << 8 * i;
    }
    return value;
}

void pci_config_write_default(PciDevice *dev, uint32_t address, uint32_t value, unsigned size)
{
    bool intx_disabled = pci_command(dev) & PCI_COMMAND_INTX_DISABLE;

    g_assert(address + size <= dev->config_size);
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * i), *at = &dev->config[address + i];
        uint8_t writable = dev->writable[address + i];

        *at = (uint8_t)(((*at & ~writable) | (byte & writable)) &
                        ~(byte & dev->write_clears[address + i]));
    }
    pci_update_bars(dev);
    pci_update_irq_disabled(dev, intx_disabled);
    if (dev->msi_capability) {
        pci_msi_config_written(dev);
    }
}

uint32_t pci_config_read(PciDevice *dev, uint32_t address, unsigned size)
{
    const PciDeviceClass *class = pci_device_get_class(dev);

    return class->config_read ? class->config_read(dev, address, size)
                              : pci_config_read_default(dev, address, size);
}

void pci_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size)
{
    const PciDeviceClass *class = pci_device_get_class(dev);
    bool masked = dev->msix.capability && pci_msix_masked(dev);

    if (class->config_write) {
        class->config_write(dev, address, value, size);
    } else {
        pci_config_write_default(dev, address, value, size);
    }
    if (dev->msix.capability) {
        pci_msix_config_written(dev, masked);
    }
}

static uint32_t ones(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
}

/* The device of an address, and how many bytes of the access lie in its space. */
static PciDevice *device_of(PciBus *root, uint32_t address, unsigned *size)
{
    PciDevice *dev = pci_bus_find(root, address >> 16 & 0xff, address >> 8 & 0xff);
    uint32_t offset = address & 0xff;

    *size = MIN(*size, PCI_CONFIG_SIZE - offset);
    return dev;
}

uint32_t pci_data_read(PciBus *root, uint32_t address, unsigned size)
{
    unsigned within = size;
    PciDevice *dev = device_of(root, address, &within);

    if (!dev) {
        return ones(size);
    }
    return pci_config_read(dev, address & 0xff, within);
}

void pci_data_write(PciBus *root, uint32_t address, uint32_t value, unsigned size)
{
    PciDevice *dev = device_of(root, address, &size);

    if (dev) {
        pci_config_write(dev, address & 0xff, value, size);
    }
}

/* ---- Header and masks ---- */

static void init_identity(PciDevice *dev)
{
    const PciDeviceClass *class = pci_device_get_class(dev);
    uint8_t *c = dev->config;

    pci_set16(c + PCI_VENDOR_ID, class->vendor_id);
    pci_set16(c + PCI_DEVICE_ID, class->device_id);
    c[PCI_REVISION_ID] = class->revision;
    c[PCI_CLASS_PROGRAM] = class->program_interface;
    pci_set16(c + PCI_CLASS_DEVICE, class->class_id);
    if (class->is_bridge) {
        c[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
    } else if (class->subsystem_vendor_id || class->subsystem_id) {
        pci_set16(c + PCI_SUBSYSTEM_VENDOR_ID, class->subsystem_vendor_id);
        pci_set16(c + PCI_SUBSYSTEM_ID, class->subsystem_id);
    } else {
        pci_set16(c + PCI_SUBSYSTEM_VENDOR_ID, SUBSYSTEM_VENDOR_DEFAULT);
        pci_set16(c + PCI_SUBSYSTEM_ID, SUBSYSTEM_DEFAULT);
    }
    if (dev->multifunction) {
        c[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_MULTI_FUNCTION;
    }
}

static void init_masks(PciDevice *dev)
{
    pci_set16(dev->writable + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
                                               PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
                                               PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
    dev->writable[PCI_CACHE_LINE_SIZE] = 0xff;
    dev->writable[PCI_INTERRUPT_LINE] = 0xff;
    memset(dev->writable + FIRST_FREE, 0xff, dev->config_size - FIRST_FREE);
    pci_set16(dev->write_clears + PCI_STATUS, PCI_STATUS_ERRORS);

    pci_set16(dev->must_match + PCI_VENDOR_ID, 0xffff);
    pci_set16(dev->must_match + PCI_DEVICE_ID, 0xffff);
    pci_set16(dev->must_match + PCI_STATUS, PCI_STATUS_CAP_LIST);
    dev->must_match[PCI_REVISION_ID] = 0xff;
    dev->must_match[PCI_CLASS_PROGRAM] = 0xff;
    pci_set16(dev->must_match + PCI_CLASS_DEVICE, 0xffff);
    dev->must_match[PCI_HEADER_TYPE] = 0xff;
    dev->must_match[PCI_CAPABILITY_LIST] = 0xff;
}

/* A bridge's windows; which parts of them are numbers and which say what kind of window it is. */
static void init_bridge_masks(PciDevice *dev)
{
    uint8_t *w = dev->writable;

    memset(w + PCI_PRIMARY_BUS, 0xff, 4);
    w[PCI_IO_BASE] = w[PCI_IO_LIMIT] = 0xf0;
    pci_set16(w + PCI_MEMORY_BASE, 0xfff0);
    pci_set16(w + PCI_MEMORY_LIMIT, 0xfff0);
    pci_set16(w + PCI_PREFETCH_BASE, 0xfff0);
    pci_set16(w + PCI_PREFETCH_LIMIT, 0xfff0);
    memset(w + PCI_PREFETCH_BASE_UPPER, 0xff, 8);
    pci_set16(w + PCI_BRIDGE_CONTROL, 0x0fff);
    pci_set16(dev->write_clears + PCI_BRIDGE_CONTROL, 1 << 10); /* discard timer status */
    pci_set16(w + PCI_BRIDGE_CONTROL, 0x0fff & ~(1 << 10));
    /* 16-bit I/O and 64-bit prefetchable windows. */
    dev->config[PCI_PREFETCH_BASE] = dev->config[PCI_PREFETCH_LIMIT] = 1;
    pci_set16(dev->write_clears + PCI_SECONDARY_STATUS, PCI_STATUS_ERRORS);
}

void pci_config_init(PciDevice *dev)
{
    const PciDeviceClass *class = pci_device_get_class(dev);

    dev->config_size = class->express ? PCI_EXPRESS_CONFIG_SIZE : PCI_CONFIG_SIZE;
    dev->config = g_malloc0(dev->config_size);
    dev->writable = g_malloc0(dev->config_size);
    dev->write_clears = g_malloc0(dev->config_size);
    dev->must_match = g_malloc0(dev->config_size);
    dev->used = g_malloc0(dev->config_size);
    init_identity(dev);
    init_masks(dev);
    if (class->is_bridge) {
        init_bridge_masks(dev);
    }
}

void pci_config_free(PciDevice *dev)
{
    g_clear_pointer(&dev->config, g_free);
    g_clear_pointer(&dev->writable, g_free);
    g_clear_pointer(&dev->write_clears, g_free);
    g_clear_pointer(&dev->must_match, g_free);
    g_clear_pointer(&dev->used, g_free);
}

void pci_config_reset(PciDevice *dev)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned command = PCI_COMMAND + i, status = PCI_STATUS + i;

        dev->config[command] &= ~dev->writable[command];
        dev->config[status] &= ~(dev->writable[status] | dev->write_clears[status]);
    }
    dev->config[PCI_CACHE_LINE_SIZE] = 0;
    dev->config[PCI_INTERRUPT_LINE] &= ~dev->writable[PCI_INTERRUPT_LINE];
    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        uint8_t *at = dev->config + pci_bar_offset(dev, n);

        if (dev->bars[n].region) {
            pci_set32(at, n == PCI_ROM_BAR ? 0 : dev->bars[n].type);
            if (dev->bars[n].type & PCI_BAR_MEMORY_64) {
                pci_set32(at + 4, 0);
            }
        }
    }
    pci_update_bars(dev);
}

/* ---- Capabilities ---- */

uint8_t pci_find_capability(const PciDevice *dev, uint8_t id)
{
    uint8_t at = dev->config[PCI_CAPABILITY_LIST];

    /* As many as there is room for: the list is our own, but devices may let guests write to it. */
    for (unsigned n = 0; at >= FIRST_FREE && n < (PCI_CONFIG_SIZE - FIRST_FREE) / 4; n++) {
        if (dev->config[at] == id) {
            return at;
        }
        at = dev->config[at + 1];
    }
    return 0;
}

static uint8_t find_room(const PciDevice *dev, uint8_t size)
{
    unsigned at = FIRST_FREE;

    for (unsigned i = at; i < PCI_CONFIG_SIZE && at + size <= PCI_CONFIG_SIZE; i++) {
        if (dev->used[i]) {
            at = (i / 4 + 1) * 4;
        } else if (i + 1 >= at + size) {
            return (uint8_t)at;
        }
    }
    return 0;
}

uint8_t pci_add_capability(PciDevice *dev, uint8_t id, uint8_t offset, uint8_t size, GError **errp)
{
    offset = offset ? offset : find_room(dev, size);
    if (!offset || offset < FIRST_FREE || offset + size > PCI_CONFIG_SIZE) {
        error_setg(errp, "PCI: no room for capability 0x%x of %u bytes", id, size);
        return 0;
    }
    for (unsigned i = offset; i < offset + (unsigned)size; i++) {
        if (dev->used[i]) {
            error_setg(errp, "PCI: capability 0x%x at 0x%x overlaps another", id, offset);
            return 0;
        }
    }
    dev->config[offset] = id;
    dev->config[offset + 1] = dev->config[PCI_CAPABILITY_LIST];
    dev->config[PCI_CAPABILITY_LIST] = offset;
    dev->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
    memset(dev->used + offset, 0xff, size);
    memset(dev->writable + offset, 0, size);
    memset(dev->must_match + offset, 0xff, size);
    return offset;
}
