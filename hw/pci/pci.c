/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI buses and configuration space.  See hw/pci/pci.h.
 */
#include <string.h>
#include "hw/pci/pci.h"
#include "migration/vmstate.h"
#include "util/error.h"

PciDevice *pci_bus_find(PciBus *bus, uint8_t number, uint8_t devfn)
{
    return number == 0 ? bus->devices[devfn] : NULL;
}

/* ---- Configuration space: little-endian ---- */

uint32_t pci_config_read(const PciDevice *dev, uint32_t address, unsigned size)
{
    uint32_t value = 0;

    g_assert(address + size <= dev->config_size);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)dev->config[address + i] << 8 * i;
    }
    return value;
}

void pci_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size)
{
    g_assert(address + size <= dev->config_size);
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = value >> 8 * i, *at = &dev->config[address + i];
        uint8_t writable = dev->writable[address + i];

        *at = ((*at & ~writable) | (byte & writable)) & ~(byte & dev->write_clears[address + i]);
    }
}

/* ---- The bus ---- */

static int free_slot(const PciBus *bus)
{
    for (int devfn = 0; devfn < 256; devfn += 8) {
        if (!bus->devices[devfn]) {
            return devfn;
        }
    }
    return -1;
}

static bool pci_bus_plug(BusState *state, DeviceState *device, GError **errp)
{
    PciBus *bus = (PciBus *)state;
    PciDevice *dev = (PciDevice *)device;
    int devfn = dev->devfn < 0 ? free_slot(bus) : dev->devfn;

    if (devfn < 0 || devfn > 255) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "PCI: no slot/function available for %s, all in use or not of this bus",
                    device_get_class(device)->name);
        return false;
    }
    if (bus->devices[devfn]) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "PCI: slot %d function %d not available for %s, in use by %s", PCI_SLOT(devfn), devfn & 7,
                    device_get_class(device)->name,
                    device_get_class(&bus->devices[devfn]->parent)->name);
        return false;
    }
    dev->devfn = devfn;
    bus->devices[devfn] = dev;
    dev->config_size = dev->config_size ? dev->config_size : PCI_CONFIG_SIZE;
    dev->config = g_malloc0(dev->config_size);
    dev->writable = g_malloc0(dev->config_size);
    dev->write_clears = g_malloc0(dev->config_size);
    return true;
}

static void pci_bus_unplug(BusState *state, DeviceState *device)
{
    PciDevice *dev = (PciDevice *)device;

    ((PciBus *)state)->devices[dev->devfn] = NULL;
    g_clear_pointer(&dev->config, g_free);
    g_clear_pointer(&dev->writable, g_free);
    g_clear_pointer(&dev->write_clears, g_free);
}

static void pci_print_device(DeviceState *device, GString *out, unsigned indent)
{
    int devfn = ((PciDevice *)device)->devfn;

    g_string_append_printf(out, "%*saddr %02x.%x\n", indent, "", PCI_SLOT(devfn), devfn & 7);
}

static const VMStateDescription vmstate_pci_bus = {
    .name = "PCIBUS",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_INT32_EQUAL(n_irq, PciBus, NULL),
        VMSTATE_INT32_ARRAY(irq_count, PciBus, PCI_N_PINS),
        VMSTATE_END_OF_LIST(),
    },
    .elsewhere = VMSTATE_NAMES("devices"),
    VMSTATE_STRUCT_AUDIT(PciBus),
};

const BusClass pci_bus_class = {
    .name = "PCI",
    .parent = &bus_class.object,
    .description = "PCI bus",
    .instance_size = sizeof(PciBus),
    .vmstate = &vmstate_pci_bus,
    .plug = pci_bus_plug,
    .unplug = pci_bus_unplug,
    .print_device = pci_print_device,
};

void pci_bus_reset(PciBus *bus)
{
    memset(bus->irq_count, 0, sizeof(bus->irq_count));
}

PciBus *pci_bus_create(DeviceState *bridge, const char *name)
{
    PciBus *bus = (PciBus *)bus_new(&pci_bus_class, bridge, name);

    bus->n_irq = PCI_N_PINS;
    return bus;
}

/* ---- Devices ---- */

static const Property pci_properties[] = {
    DEFINE_PROP_INT32("addr", PciDevice, devfn, -1, "Slot and optional function number"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass pci_device_class = {
    .name = "pci-device",
    .parent = &device_class.object,
    .description = "device on a PCI bus",
    .instance_size = sizeof(PciDevice),
    .properties = pci_properties,
    .abstract = true,
    .bus = &pci_bus_class,
};
