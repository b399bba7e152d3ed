/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base address registers: where a device's regions appear in its bus's memory and I/O spaces.
 * PCI Local Bus Specification 3.0, 6.2.5.  A BAR whose size bits are read back (all ones written)
 * is an address like any other: it is only not decoded when it would reach past the space's end.
 */
#include <string.h>
#include "hw/core/machine.h"
#include "hw/pci/pci.h"
#include "util/error.h"
#include "util/log.h"

#define ROM_LIMIT (16u << 20)

uint32_t pci_bar_offset(const PciDevice *dev, unsigned n)
{
    if (n != PCI_ROM_BAR) {
        return PCI_BASE_ADDRESS_0 + 4 * n;
    }
    return pci_device_get_class(dev)->is_bridge ? PCI_BRIDGE_ROM_ADDRESS : PCI_ROM_ADDRESS;
}

void pci_register_bar(PciDevice *dev, unsigned n, uint8_t type, MemoryRegion *region)
{
    uint64_t size = memory_region_size(region), mask = ~(size - 1);
    uint32_t at = pci_bar_offset(dev, n);
    bool wide = !(type & PCI_BAR_IO) && (type & PCI_BAR_MEMORY_64);

    g_assert(n < PCI_N_BARS && !dev->bars[n].region && (size & (size - 1)) == 0 &&
             size >= (type & PCI_BAR_IO ? 4 : 16) && (!wide || n < 5));
    dev->bars[n] = (PciBar){.region = region, .size = size, .type = type, .address = PCI_UNMAPPED};
    if (n == PCI_ROM_BAR) {
        mask |= PCI_ROM_ADDRESS_ENABLE;
    }
    pci_set32(dev->config + at, type);
    pci_set32(dev->writable + at, (uint32_t)mask);
    pci_set32(dev->must_match + at, n == PCI_ROM_BAR ? 0 : 0xf & ~(uint32_t)mask);
    if (wide) {
        pci_set32(dev->writable + at + 4, (uint32_t)(mask >> 32));
    }
}

/* Where the BAR's registers put it, or PCI_UNMAPPED. */
static uint64_t address_of(const PciDevice *dev, unsigned n)
{
    const PciBar *bar = &dev->bars[n];
    const uint8_t *at = dev->config + pci_bar_offset(dev, n);
    uint64_t address = pci_get32(at), last, limit;

    if (bar->type & PCI_BAR_IO) {
        limit = UINT32_MAX;
        if (!(pci_command(dev) & PCI_COMMAND_IO)) {
            return PCI_UNMAPPED;
        }
    } else {
        if (!(pci_command(dev) & PCI_COMMAND_MEMORY) ||
            (n == PCI_ROM_BAR && !(address & PCI_ROM_ADDRESS_ENABLE))) {
            return PCI_UNMAPPED;
        }
        limit = UINT32_MAX;
        if (bar->type & PCI_BAR_MEMORY_64) {
            address |= (uint64_t)pci_get32(at + 4) << 32;
            limit = UINT64_MAX;
        }
    }
    address &= ~(bar->size - 1);
    last = address + bar->size - 1;
    /* All ones (a size is asked for) ends at the limit, and is no place to be. */
    if (last < address || last >= limit ||
        (address == 0 && !pci_bus_root(dev->bus)->address_zero)) {
        return PCI_UNMAPPED;
    }
    return address;
}

static void map(PciDevice *dev, unsigned n, uint64_t address)
{
    PciBar *bar = &dev->bars[n];
    MemoryRegion *space = bar->type & PCI_BAR_IO ? dev->bus->io : dev->bus->memory;

    if (bar->address == address) {
        return;
    }
    if (bar->address != PCI_UNMAPPED) {
        memory_region_del_subregion(space, bar->region);
    }
    bar->address = address;
    if (address != PCI_UNMAPPED) {
        memory_region_add_subregion_overlap(space, address, bar->region, 1);
    }
}

void pci_update_bars(PciDevice *dev)
{
    memory_region_transaction_begin();
    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        if (dev->bars[n].region) {
            map(dev, n, address_of(dev, n));
        }
    }
    memory_region_transaction_commit();
}

void pci_unmap_bars(PciDevice *dev)
{
    memory_region_transaction_begin();
    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        if (dev->bars[n].region) {
            map(dev, n, PCI_UNMAPPED);
        }
    }
    memory_region_transaction_commit();
}

bool pci_load_rom(PciDevice *dev, GError **errp)
{
    g_autofree char *path = NULL, *file = NULL, *name = NULL;
    g_autofree uint8_t *data = NULL;
    const PciDeviceClass *class = pci_device_get_class(dev);
    const VMStateDescription *vmsd = device_class_vmstate(&class->device);
    uint64_t length, size = 2048;

    if (!dev->romfile || !*dev->romfile || !dev->rombar) {
        return true;
    }
    path = machine_find_file(dev->romfile);
    if (path) {
        if (!image_read(path, ROM_LIMIT, &data, &length, errp)) {
            error_prepend(errp, "failed to load romfile \"%s\": ", dev->romfile);
            return false;
        }
    } else if (class->rom_size && !g_strcmp0(dev->romfile, class->romfile)) {
        /* Code for another processor, which nothing here runs; but its place is part of the
         * machine's state. */
        length = class->rom_size;
        data = g_malloc0(length);
    } else {
        error_setg(errp, "failed to find romfile \"%s\"", dev->romfile);
        return false;
    }
    while (size < length) {
        size *= 2;
    }
    file = g_strdup_printf("%s.rom", vmsd ? vmsd->name : class->device.name);
    name = pci_block_name(dev, file);
    if (!memory_region_init_rom(&dev->rom, dev, name, size, errp)) {
        return false;
    }
    memcpy(memory_region_get_ram_ptr(&dev->rom), data, length);
    dev->has_rom = true;
    pci_register_bar(dev, PCI_ROM_BAR, 0, &dev->rom);
    return true;
}
