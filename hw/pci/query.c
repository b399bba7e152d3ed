/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people and programs are told about PCI buses: "info pci" and query-pci, in QEMU's form.
 */
#include "hw/pci/pci-bridge.h"

static const struct { uint16_t class_id; const char *name;
} class_names[] = {
    {0x0001, "VGA controller"},
    {0x0100, "SCSI controller"},
    {0x0101, "IDE controller"},
    {0x0102, "Floppy controller"},
    {0x0103, "IPI controller"},
    {0x0104, "RAID controller"},
    {0x0106, "SATA controller"},
    {0x0107, "SAS controller"},
    {0x0180, "Storage controller"},
    {0x0200, "Ethernet controller"},
    {0x0201, "Token Ring controller"},
    {0x0202, "FDDI controller"},
    {0x0203, "ATM controller"},
    {0x0280, "Network controller"},
    {0x0300, "VGA controller"},
    {0x0301, "XGA controller"},
    {0x0302, "3D controller"},
    {0x0380, "Display controller"},
    {0x0400, "Video controller"},
    {0x0401, "Audio controller"},
    {0x0402, "Phone"},
    {0x0403, "Audio controller"},
    {0x0480, "Multimedia controller"},
    {0x0500, "RAM controller"},
    {0x0501, "Flash controller"},
    {0x0580, "Memory controller"},
    {0x0600, "Host bridge"},
    {0x0601, "ISA bridge"},
    {0x0602, "EISA bridge"},
    {0x0603, "MC bridge"},
    {0x0604, "PCI bridge"},
    {0x0605, "PCMCIA bridge"},
    {0x0606, "NUBUS bridge"},
    {0x0607, "CARDBUS bridge"},
    {0x0608, "RACEWAY bridge"},
    {0x0680, "Bridge"},
    {0x0700, "Serial port"},
    {0x0701, "Parallel port"},
    {0x0800, "Interrupt controller"},
    {0x0801, "DMA controller"},
    {0x0802, "Timer"},
    {0x0803, "RTC"},
    {0x0900, "Keyboard"},
    {0x0901, "Pen"},
    {0x0902, "Mouse"},
    {0x0a00, "Dock station"},
    {0x0b00, "i386 cpu"},
    {0x0c00, "Firewire controller"},
    {0x0c01, "Access bus controller"},
    {0x0c02, "SSA controller"},
    {0x0c03, "USB controller"},
    {0x0c04, "Fibre channel controller"},
    {0x0c05, "SMBus"},
};

static const char *class_name(uint16_t class_id)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(class_names); i++) {
        if (class_names[i].class_id == class_id) {
            return class_names[i].name;
        }
    }
    return NULL;
}

/* ---- info pci ---- */

static void print_bridge(const PciDevice *dev, GString *out)
{
    static const char *const names[] = {"IO", "memory", "prefetchable memory"};
    const uint8_t *c = dev->config;

    g_string_append_printf(out,
                           "      BUS %u.\n      secondary bus %u.\n      subordinate bus %u.\n",
                           c[PCI_PRIMARY_BUS], c[PCI_SECONDARY_BUS], c[PCI_SUBORDINATE_BUS]);
    for (unsigned n = 0; n < G_N_ELEMENTS(names); n++) {
        PciRange r = pci_bridge_range(dev, n);

        g_string_append_printf(out, "      %s range [0x%0*" PRIx64 ", 0x%0*" PRIx64 "]\n", names[n],
                               n ? 8 : 4, r.base, n ? 8 : 4, r.last);
    }
}

static void print_bar(const PciBar *bar, unsigned n, GString *out)
{
    uint64_t last = bar->address == PCI_UNMAPPED ? bar->size - 1 : bar->address + bar->size - 1;

    g_string_append_printf(out, "      BAR%u: ", n);
    if (bar->type & PCI_BAR_IO) {
        g_string_append_printf(out, "I/O at 0x%04" PRIx64 " [0x%04" PRIx64 "].\n", bar->address,
                               last);
    } else {
        g_string_append_printf(out, "%d bit%s memory at 0x%08" PRIx64 " [0x%08" PRIx64 "].\n",
                               bar->type & PCI_BAR_MEMORY_64 ? 64 : 32,
                               bar->type & PCI_BAR_MEMORY_PREFETCH ? " prefetchable" : "",
                               bar->address, last);
    }
}

static void print_one(PciDevice *dev, void *opaque)
{
    GString *out = opaque;
    const uint8_t *c = dev->config;
    uint16_t class_id = pci_get16(c + PCI_CLASS_DEVICE);
    const char *name = class_name(class_id);
    PciBus *below = pci_bridge_bus(dev);

    g_string_append_printf(out, "  Bus %2u, device %3d, function %d:\n    ",
                           pci_bus_number(dev->bus), PCI_SLOT(dev->devfn),
                           PCI_FUNCTION(dev->devfn));
    if (name) {
        g_string_append(out, name);
    } else {
        g_string_append_printf(out, "Class %04x", class_id);
    }
    g_string_append_printf(out, ": PCI device %04x:%04x\n", pci_get16(c + PCI_VENDOR_ID),
                           pci_get16(c + PCI_DEVICE_ID));
    if (!below) {
        g_string_append_printf(out, "      PCI subsystem %04x:%04x\n",
                               pci_get16(c + PCI_SUBSYSTEM_VENDOR_ID),
                               pci_get16(c + PCI_SUBSYSTEM_ID));
    }
    if (c[PCI_INTERRUPT_PIN]) {
        g_string_append_printf(out, "      IRQ %u, pin %c\n", c[PCI_INTERRUPT_LINE],
                               '@' + c[PCI_INTERRUPT_PIN]);
    }
    if (below) {
        print_bridge(dev, out);
    }
    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        if (dev->bars[n].region) {
            print_bar(&dev->bars[n], n, out);
        }
    }
    g_string_append_printf(out, "      id \"%s\"\n", device_id(&dev->parent));
    if (below) {
        pci_bus_print(&below->parent, out);
    }
}

void pci_bus_print(BusState *bus, GString *out)
{
    pci_bus_foreach((PciBus *)bus, print_one, out);
}

/* ---- query-pci ---- */

static json_t *query_devices(PciBus *bus);

static json_t *query_bridge(const PciDevice *dev, PciBus *below)
{
    static const char *const names[] = {"io_range", "memory_range", "prefetchable_range"};
    const uint8_t *c = dev->config;
    json_t *bus = json_pack("{s:i, s:i, s:i}", "number", c[PCI_PRIMARY_BUS], "secondary",
                            c[PCI_SECONDARY_BUS], "subordinate", c[PCI_SUBORDINATE_BUS]);

    for (unsigned n = 0; n < G_N_ELEMENTS(names); n++) {
        PciRange r = pci_bridge_range(dev, n);

        json_object_set_new(
            bus, names[n],
            json_pack("{s:I, s:I}", "base", (json_int_t)r.base, "limit", (json_int_t)r.last));
    }
    return json_pack("{s:o, s:o}", "bus", bus, "devices", query_devices(below));
}

static json_t *query_bars(const PciDevice *dev)
{
    json_t *list = json_array();

    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        const PciBar *bar = &dev->bars[n];
        json_t *region;

        if (!bar->region) {
            continue;
        }
        region = json_pack("{s:i, s:I, s:I}", "bar", (int)n, "size", (json_int_t)bar->size,
                           "address", (json_int_t)bar->address);
        if (bar->type & PCI_BAR_IO) {
            json_object_set_new(region, "type", json_string("io"));
        } else {
            json_object_set_new(region, "type", json_string("memory"));
            json_object_set_new(region, "prefetch",
                                json_boolean(bar->type & PCI_BAR_MEMORY_PREFETCH));
            json_object_set_new(region, "mem_type_64", json_boolean(bar->type & PCI_BAR_MEMORY_64));
        }
        json_array_append_new(list, region);
    }
    return list;
}

static void query_one(PciDevice *dev, void *opaque)
{
    const uint8_t *c = dev->config;
    uint16_t class_id = pci_get16(c + PCI_CLASS_DEVICE);
    PciBus *below = pci_bridge_bus(dev);
    json_t *id = json_pack("{s:i, s:i}", "device", pci_get16(c + PCI_DEVICE_ID), "vendor",
                           pci_get16(c + PCI_VENDOR_ID));
    json_t *info = json_pack("{s:i}", "class", class_id), *row;

    if (class_name(class_id)) {
        json_object_set_new(info, "desc", json_string(class_name(class_id)));
    }
    if (!below) {
        json_object_set_new(id, "subsystem", json_integer(pci_get16(c + PCI_SUBSYSTEM_ID)));
        json_object_set_new(id, "subsystem-vendor",
                            json_integer(pci_get16(c + PCI_SUBSYSTEM_VENDOR_ID)));
    }
    row = json_pack("{s:i, s:i, s:i, s:o, s:o, s:s, s:o, s:i}", "bus", pci_bus_number(dev->bus),
                    "slot", PCI_SLOT(dev->devfn), "function", PCI_FUNCTION(dev->devfn),
                    "class_info", info, "id", id, "qdev_id", device_id(&dev->parent), "regions",
                    query_bars(dev), "irq_pin", c[PCI_INTERRUPT_PIN]);
    if (c[PCI_INTERRUPT_PIN]) {
        json_object_set_new(row, "irq", json_integer(c[PCI_INTERRUPT_LINE]));
    }
    if (below) {
        json_object_set_new(row, "pci_bridge", query_bridge(dev, below));
    }
    json_array_append_new(opaque, row);
}

static json_t *query_devices(PciBus *bus)
{
    json_t *devices = json_array();

    pci_bus_foreach(bus, query_one, devices);
    return devices;
}

json_t *pci_bus_query(BusState *bus)
{
    return json_pack("{s:i, s:o}", "bus", pci_bus_number((PciBus *)bus), "devices",
                     query_devices((PciBus *)bus));
}
