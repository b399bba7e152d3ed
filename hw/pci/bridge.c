/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI-to-PCI bridges.  PCI-to-PCI Bridge Architecture 1.2, chapter 3.
 * Left out: VGA palette snooping, the secondary bus's error bits, I/O of 32 bits, hot-plug (SHPC).
 */
#include <string.h>
#include "hw/pci/pci-bridge.h"
#include "migration/vmstate.h"
#include "util/error.h"

enum { WINDOW_IO, WINDOW_MEMORY, WINDOW_PREFETCH };

PciBus *pci_bridge_bus(const PciDevice *dev)
{
    return dev && object_is_a(OBJECT(dev), &pci_bridge_device_class.object)
               ? ((const PciBridge *)dev)->secondary
               : NULL;
}

/* ---- Windows ---- */

static PciRange io_range(const PciDevice *dev)
{
    const uint8_t *c = dev->config;

    return (PciRange){(uint64_t)(c[PCI_IO_BASE] & 0xf0) << 8,
                      (uint64_t)(c[PCI_IO_LIMIT] & 0xf0) << 8 | 0xfff};
}

static PciRange memory_range(const PciDevice *dev)
{
    const uint8_t *c = dev->config;

    return (PciRange){(uint64_t)(pci_get16(c + PCI_MEMORY_BASE) & 0xfff0) << 16,
                   (uint64_t)(pci_get16(c + PCI_MEMORY_LIMIT) & 0xfff0) << 16 | 0xfffff};
}

static PciRange prefetch_range(const PciDevice *dev)
{
    const uint8_t *c = dev->config;
    PciRange r = {(uint64_t)(pci_get16(c + PCI_PREFETCH_BASE) & 0xfff0) << 16,
               (uint64_t)(pci_get16(c + PCI_PREFETCH_LIMIT) & 0xfff0) << 16 | 0xfffff};

    if ((c[PCI_PREFETCH_BASE] & 0xf) == 1) {
        r.base |= (uint64_t)pci_get32(c + PCI_PREFETCH_BASE_UPPER) << 32;
        r.last |= (uint64_t)pci_get32(c + PCI_PREFETCH_LIMIT_UPPER) << 32;
    }
    return r;
}

PciRange pci_bridge_range(const PciDevice *dev, unsigned n)
{
    return n == WINDOW_IO       ? io_range(dev)
           : n == WINDOW_MEMORY ? memory_range(dev)
                                : prefetch_range(dev);
}

static void unmap(PciBridgeWindow *window)
{
    if (window->mapped) {
        memory_region_del_subregion(window->alias.container, &window->alias);
        memory_region_destroy(&window->alias);
        window->mapped = false;
    }
}

static void map(PciBridge *bridge, unsigned n, MemoryRegion *outside, MemoryRegion *inside,
                bool decoded)
{
    static const char *const names[] = {"pci-bridge-io", "pci-bridge-mem", "pci-bridge-prefetch"};
    PciBridgeWindow *window = &bridge->windows[n];
    PciRange r = pci_bridge_range(&bridge->parent, n);
    bool shown = decoded && r.base <= r.last && r.last - r.base != UINT64_MAX &&
                 r.base < memory_region_size(outside);

    /* Most writes to the configuration space change no window. */
    if (shown == window->mapped &&
        (!shown || (window->alias.addr == r.base &&
                    memory_region_size(&window->alias) == r.last - r.base + 1))) {
        return;
    }
    unmap(window);
    if (!shown) {
        return;
    }
    memory_region_init_alias(&window->alias, bridge, names[n], inside, r.base, r.last - r.base + 1);
    memory_region_add_subregion_overlap(outside, r.base, &window->alias, 1);
    window->mapped = true;
}

void pci_bridge_update(PciDevice *dev)
{
    PciBridge *bridge = (PciBridge *)dev;
    uint16_t command;

    if (!pci_bridge_bus(dev)) {
        return;
    }
    command = pci_command(dev);
    memory_region_transaction_begin();
    map(bridge, WINDOW_IO, dev->bus->io, &bridge->io, command & PCI_COMMAND_IO);
    map(bridge, WINDOW_MEMORY, dev->bus->memory, &bridge->memory, command & PCI_COMMAND_MEMORY);
    map(bridge, WINDOW_PREFETCH, dev->bus->memory, &bridge->memory, command & PCI_COMMAND_MEMORY);
    memory_region_transaction_commit();
}

void pci_bridge_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size)
{
    uint16_t control = pci_get16(dev->config + PCI_BRIDGE_CONTROL), now;

    pci_config_write_default(dev, address, value, size);
    pci_bridge_update(dev);
    now = pci_get16(dev->config + PCI_BRIDGE_CONTROL);
    if (now & ~control & PCI_BRIDGE_CONTROL_BUS_RESET) {
        reset_node_reset(&((PciBridge *)dev)->secondary->parent.reset, RESET_TYPE_COLD);
    }
}

/* ---- Life ---- */

bool pci_bridge_realize(PciDevice *dev, GError **errp)
{
    PciBridge *bridge = (PciBridge *)dev;
    uint16_t able = PCI_STATUS_66MHZ | PCI_STATUS_FAST_BACK;

    pci_set16(dev->config + PCI_STATUS, pci_get16(dev->config + PCI_STATUS) | able);
    pci_set16(dev->config + PCI_SECONDARY_STATUS, able);
    memory_region_init(&bridge->memory, dev, "pci-bridge-pci", UINT64_MAX);
    memory_region_init(&bridge->io, dev, "pci-bridge-io", 1ull << 32);
    bridge->secondary = pci_bus_create(&dev->parent, dev->parent.id ? dev->parent.id : NULL, NULL,
                                       NULL, &bridge->memory, &bridge->io);
    bridge->secondary->bridge = dev;
    return true;
}

void pci_bridge_unrealize(PciDevice *dev)
{
    PciBridge *bridge = (PciBridge *)dev;

    for (unsigned n = 0; n < G_N_ELEMENTS(bridge->windows); n++) {
        unmap(&bridge->windows[n]);
    }
    bus_unparent(&bridge->secondary->parent);
    bridge->secondary = NULL;
    memory_region_destroy(&bridge->memory);
    memory_region_destroy(&bridge->io);
}

static void bridge_reset(void *obj, ResetType type)
{
    PciDevice *dev = obj;
    uint8_t *c = dev->config;

    memset(c + PCI_PRIMARY_BUS, 0, 4);
    memset(c + PCI_IO_BASE, 0, 2);
    memset(c + PCI_MEMORY_BASE, 0, 4);
    c[PCI_PREFETCH_BASE] &= 0xf;
    c[PCI_PREFETCH_BASE + 1] = 0;
    c[PCI_PREFETCH_LIMIT] &= 0xf;
    c[PCI_PREFETCH_LIMIT + 1] = 0;
    memset(c + PCI_PREFETCH_BASE_UPPER, 0, 12);
    pci_set16(c + PCI_BRIDGE_CONTROL, 0);
    pci_bridge_update(dev);
}

const DeviceClass pci_bridge_device_class = {
    .name = "base-pci-bridge",
    .parent = &pci_device_class.object,
    .description = "PCI-to-PCI bridge",
    .instance_size = sizeof(PciBridge),
    .abstract = true,
    .category = DEVICE_CATEGORY_BRIDGE,
    .reset = {.hold = bridge_reset},
};

bool pci_bridge_post_load(void *opaque, int version, GError **errp)
{
    pci_bridge_update(opaque);
    return true;
}

const VMStateDescription vmstate_pci_bridge = {
    .name = "pci_bridge",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = pci_bridge_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(parent, PciBridge),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("windows"),
    .immutable = VMSTATE_NAMES("memory", "io"),
    .elsewhere = VMSTATE_NAMES("secondary"),
    VMSTATE_STRUCT_AUDIT(PciBridge),
};
