/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI buses and what all devices on them share: addresses, life, state, listing.  See hw/pci/pci.h.
 */
#include <string.h>
#include "hw/pci/pci.h"
#include "hw/pci/pci-bridge.h"
#include "migration/vmstate.h"
#include "util/error.h"
#include "util/log.h"

/* ---- Buses ---- */

PciBus *pci_bus_root(PciBus *bus)
{
    while (bus->bridge) {
        bus = bus->bridge->bus;
    }
    return bus;
}

uint8_t pci_bus_number(const PciBus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : 0;
}

PciBus *pci_bus_by_number(PciBus *bus, uint8_t number)
{
    if (pci_bus_number(bus) == number) {
        return bus;
    }
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        PciBus *below = pci_bridge_bus(bus->devices[devfn]);

        /* A bridge passes on what lies in its range of numbers, while that range makes sense. */
        if (below && pci_bus_number(below) && number >= pci_bus_number(below) &&
            number <= below->bridge->config[PCI_SUBORDINATE_BUS]) {
            return pci_bus_by_number(below, number);
        }
    }
    return NULL;
}

PciDevice *pci_bus_find(PciBus *root, uint8_t number, uint8_t devfn)
{
    PciBus *bus = pci_bus_by_number(root, number);

    return bus ? bus->devices[devfn] : NULL;
}

void pci_bus_foreach(PciBus *bus, void (*fn)(PciDevice *dev, void *opaque), void *opaque)
{
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        if (bus->devices[devfn]) {
            fn(bus->devices[devfn], opaque);
        }
    }
}

static int free_slot(const PciBus *bus)
{
    for (int devfn = bus->first_devfn; devfn < 256; devfn += 8) {
        if (!bus->devices[devfn]) {
            return devfn;
        }
    }
    return -1;
}

/* Function 0 says whether a slot has others. */
static bool check_functions(const PciBus *bus, const PciDevice *dev, int devfn, GError **errp)
{
    const PciDevice *first = bus->devices[devfn & ~7];

    if (PCI_FUNCTION(devfn)) {
        if (first && !first->multifunction) {
            error_setg(errp, "PCI: single function device can't be populated in function %02x.%x",
                       PCI_SLOT(devfn), PCI_FUNCTION(devfn));
            return false;
        }
        return true;
    }
    for (int other = devfn + 1; !dev->multifunction && other < devfn + 8; other++) {
        if (bus->devices[other]) {
            error_setg(errp,
                       "PCI: %02x.0 indicates single function, but %02x.%x is already populated",
                       PCI_SLOT(devfn), PCI_SLOT(devfn), PCI_FUNCTION(other));
            return false;
        }
    }
    return true;
}

static bool pci_bus_plug(BusState *state, DeviceState *device, GError **errp)
{
    PciBus *bus = (PciBus *)state;
    PciDevice *dev = (PciDevice *)device;
    int devfn = dev->devfn < 0 ? free_slot(bus) : dev->devfn;

    if (devfn < 0) {
        error_setg(errp, "PCI: no slot/function available for %s, all in use",
                   device_get_class(device)->name);
        return false;
    }
    if (bus->devices[devfn]) {
        error_setg(errp, "PCI: slot %d function %d not available for %s, in use by %s",
                   PCI_SLOT(devfn), PCI_FUNCTION(devfn), device_get_class(device)->name,
                   device_get_class(&bus->devices[devfn]->parent)->name);
        return false;
    }
    if (!check_functions(bus, dev, devfn, errp)) {
        return false;
    }
    dev->devfn = devfn;
    dev->bus = bus;
    bus->devices[devfn] = dev;
    return true;
}

static void pci_bus_unplug(BusState *state, DeviceState *device)
{
    PciDevice *dev = (PciDevice *)device;

    ((PciBus *)state)->devices[dev->devfn] = NULL;
    dev->bus = NULL;
}

/* "0000:00:02.0", behind bridges "...:02.0:01.0". */
static void append_path(GString *out, const PciDevice *dev)
{
    if (dev->bus->bridge) {
        append_path(out, dev->bus->bridge);
    }
    g_string_append_printf(out, ":%02x.%x", PCI_SLOT(dev->devfn), PCI_FUNCTION(dev->devfn));
}

static char *pci_wire_name(DeviceState *device)
{
    PciDevice *dev = (PciDevice *)device;
    PciBus *root = pci_bus_root(dev->bus);
    g_autofree char *start =
        root->ops->path ? root->ops->path(root->opaque) : g_strdup(root->parent.name);
    GString *out = g_string_new(start);

    append_path(out, dev);
    return g_string_free(out, FALSE);
}

char *pci_block_name(PciDevice *dev, const char *what)
{
    g_autofree char *path = pci_wire_name(&dev->parent);

    return g_strdup_printf("%s/%s", path, what);
}

static void pci_print_device(DeviceState *device, GString *out, unsigned indent)
{
    PciDevice *dev = (PciDevice *)device;
    const uint8_t *c = dev->config;

    g_string_append_printf(
        out, "%*sclass %04x, addr %02x:%02x.%x, pci id %04x:%04x (sub %04x:%04x)\n", indent, "",
        pci_get16(c + PCI_CLASS_DEVICE), pci_bus_number(dev->bus), PCI_SLOT(dev->devfn),
        PCI_FUNCTION(dev->devfn), pci_get16(c + PCI_VENDOR_ID), pci_get16(c + PCI_DEVICE_ID),
        pci_get16(c + PCI_SUBSYSTEM_VENDOR_ID), pci_get16(c + PCI_SUBSYSTEM_ID));
    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        const PciBar *bar = &dev->bars[n];

        if (bar->region) {
            uint64_t address = bar->address;

            g_string_append_printf(out, "%*sbar %u: %s at 0x%" PRIx64 " [0x%" PRIx64 "]\n", indent,
                                   "", n, bar->type & PCI_BAR_IO ? "i/o" : "mem", address,
                                   address == PCI_UNMAPPED ? bar->size - 1
                                                           : address + bar->size - 1);
        }
    }
}

static bool pci_bus_post_load(void *opaque, int version, GError **errp)
{
    const PciBus *bus = opaque;

    for (int line = 0; line < PCI_N_PINS; line++) {
        if (bus->irq_count[line] < 0 || bus->irq_count[line] > 256 * PCI_N_PINS) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "PCIBUS: interrupt line %d is asserted %d times", line,
                        bus->irq_count[line]);
            return false;
        }
    }
    /* The controllers behind carry the levels of their inputs themselves. */
    return true;
}

static const VMStateDescription vmstate_pci_bus = {
    .name = "PCIBUS",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = pci_bus_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_INT32_EQUAL(n_irq, PciBus, NULL),
            VMSTATE_VARRAY_IN(irq_count, PciBus, n_irq, int32_t, VMS_VARRAY_INT32, 0,
                              vmstate_info_int32, int32_t),
            VMSTATE_END_OF_LIST(),
        },
    .immutable =
        VMSTATE_NAMES("ops", "opaque", "memory", "io", "bridge", "address_zero", "first_devfn"),
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
    .wire_name = pci_wire_name,
    .print_device = pci_print_device,
    .print = pci_bus_print,
    .query = pci_bus_query,
};

void pci_bus_reset(PciBus *bus)
{
    pci_bus_clear_lines(bus);
}

PciBus *pci_bus_create(DeviceState *bridge, const char *name, const PciBusOps *ops, void *opaque,
                       MemoryRegion *memory, MemoryRegion *io)
{
    PciBus *bus = (PciBus *)bus_new(&pci_bus_class, bridge, name);

    bus->n_irq = ops ? PCI_N_PINS : 0;
    bus->ops = ops;
    bus->opaque = opaque;
    bus->memory = memory;
    bus->io = io;
    return bus;
}

/* ---- The property addr ---- */

static bool set_devfn(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    PciDevice *dev = (PciDevice *)obj;
    uint64_t slot, function = 0;
    const char *end = NULL;
    char *rest;

    if (value->kind == PROPERTY_STRING && value->s && g_ascii_isxdigit(*value->s)) {
        slot = g_ascii_strtoull(value->s, &rest, 16);
        end = rest;
        if (*end == '.' && g_ascii_isxdigit(end[1])) {
            function = g_ascii_strtoull(end + 1, &rest, 16);
            end = rest;
        }
    }
    if (!end || *end || slot > 31 || function > 7) {
        error_setg(errp, "Property '%s.addr': '%s' is no slot and function (00.0 to 1f.7)",
                   obj->class->name, value->kind == PROPERTY_STRING && value->s ? value->s : "");
        return false;
    }
    dev->devfn = (int32_t)PCI_DEVFN(slot, function);
    return true;
}

static bool get_devfn(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    int devfn = ((PciDevice *)obj)->devfn;

    value->kind = PROPERTY_STRING;
    value->s = devfn < 0 ? g_strdup("<unset>")
                         : g_strdup_printf("%02x.%x", PCI_SLOT(devfn), PCI_FUNCTION(devfn));
    return true;
}

/* ---- Devices ---- */

static void pci_init(Object *obj)
{
    ((PciDevice *)obj)->devfn = PCI_DEVFN_ANY;
}

/* BARs are off the bus before the device gives up their regions. */
static void unrealize_class(PciDevice *dev)
{
    const PciDeviceClass *class = pci_device_get_class(dev);

    pci_unmap_bars(dev);
    if (class->unrealize) {
        class->unrealize(dev);
    }
}

static void release(PciDevice *dev)
{
    pci_unmap_bars(dev);
    memset(dev->bars, 0, sizeof(dev->bars));
    if (dev->has_rom) {
        memory_region_destroy(&dev->rom);
        dev->has_rom = false;
    }
    dev->msi_capability = 0;
    pci_config_free(dev);
}

static bool pci_realize(DeviceState *device, GError **errp)
{
    PciDevice *dev = (PciDevice *)device;
    const PciDeviceClass *class = pci_device_get_class(dev);

    if (!dev->romfile && class->romfile) {
        dev->romfile = g_strdup(class->romfile);
    }
    pci_config_init(dev);
    if (class->realize && !class->realize(dev, errp)) {
        release(dev);
        return false;
    }
    if (!pci_load_rom(dev, errp)) {
        unrealize_class(dev);
        release(dev);
        return false;
    }
    return true;
}

static void pci_unrealize(DeviceState *device)
{
    PciDevice *dev = (PciDevice *)device;

    pci_irq_reset(dev);
    unrealize_class(dev);
    release(dev);
}

static void pci_reset(void *obj, ResetType type)
{
    PciDevice *dev = obj;

    pci_irq_reset(dev);
    pci_config_reset(dev);
    pci_msi_reset(dev);
    pci_msix_reset(dev);
}

static const Property pci_properties[] = {
    DEFINE_PROP_CUSTOM("addr", property_type_string, set_devfn, get_devfn,
                       "Slot and optional function number, example: 06.0 or 06"),
    DEFINE_PROP_BOOL("multifunction", PciDevice, multifunction, false,
                     "The slot has further functions"),
    DEFINE_PROP_STRING("romfile", PciDevice, romfile, NULL, "Expansion ROM; empty: none"),
    DEFINE_PROP_BOOL("rombar", PciDevice, rombar, true,
                     "The expansion ROM has a base address register"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass pci_device_class = {
    .name = "pci-device",
    .parent = &device_class.object,
    .description = "device on a PCI bus",
    .instance_size = sizeof(PciDevice),
    .instance_init = pci_init,
    .properties = pci_properties,
    .abstract = true,
    .bus = &pci_bus_class,
    .realize = pci_realize,
    .unrealize = pci_unrealize,
    .reset = {.hold = pci_reset},
};

PciDevice *pci_create(PciBus *bus, int devfn, const char *class_name, GError **errp)
{
    DeviceState *dev = device_new(class_name, errp);

    if (!dev) {
        return NULL;
    }
    ((PciDevice *)dev)->devfn = devfn;
    return device_realize_and_unref(dev, &bus->parent, errp) ? (PciDevice *)dev : NULL;
}

/* ---- State of a device ---- */

static bool get_config(StateStream *s, void *pv, size_t size, const VMStateField *field,
                       GError **errp)
{
    PciDevice *dev = container_of(pv, PciDevice, config);
    uint8_t loaded[PCI_EXPRESS_CONFIG_SIZE];

    if (!state_get_buffer(s, loaded, dev->config_size)) {
        return !state_stream_check(s, errp);
    }
    for (unsigned i = 0; i < dev->config_size; i++) {
        if ((loaded[i] ^ dev->config[i]) & dev->must_match[i] & ~dev->writable[i] &
            ~dev->write_clears[i]) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "%s at %02x.%x: byte 0x%x of the configuration space is 0x%02x in the "
                        "stream, 0x%02x here",
                        device_get_class(&dev->parent)->name, PCI_SLOT(dev->devfn),
                        PCI_FUNCTION(dev->devfn), i, loaded[i], dev->config[i]);
            return false;
        }
    }
    memcpy(dev->config, loaded, dev->config_size);
    return true;
}

static bool put_config(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                       GError **errp)
{
    const PciDevice *dev = container_of(pv, const PciDevice, config);

    state_put_buffer(s, dev->config, dev->config_size);
    return true;
}

/* A word for each pin. */
static bool get_irq_state(StateStream *s, void *pv, size_t size, const VMStateField *field,
                          GError **errp)
{
    uint32_t *irq_state = pv, bits = 0;

    for (unsigned pin = 0; pin < PCI_N_PINS; pin++) {
        uint32_t level = state_get_be32(s);

        if (level > 1) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "PCIDevice: level %u of interrupt pin %u", level, pin);
            return false;
        }
        bits |= level << pin;
    }
    *irq_state = bits;
    return !state_stream_check(s, errp);
}

static bool put_irq_state(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                          GError **errp)
{
    uint32_t bits = *(const uint32_t *)pv;

    for (unsigned pin = 0; pin < PCI_N_PINS; pin++) {
        state_put_be32(s, bits >> pin & 1);
    }
    return true;
}

static const VMStateInfo vmstate_info_config = {"pci config", get_config, put_config, 0,
                                                sizeof(uint8_t *)};
static const VMStateInfo vmstate_info_irq_state = {"pci irq state", get_irq_state, put_irq_state, 0,
                                                   sizeof(uint32_t)};

bool pci_device_pre_load(void *opaque, GError **errp)
{
    pci_unmap_bars(opaque);
    return true;
}

bool pci_device_post_load(void *opaque, int version, GError **errp)
{
    PciDevice *dev = opaque;

    /* The lines' counts came with the bus: only the status bit follows. */
    if (dev->irq_state) {
        dev->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
    } else {
        dev->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
    }
    pci_update_bars(dev);
    pci_bridge_update(dev);
    return true;
}

/* The version of the header's description travels as a number with the sign of an old format. */
static bool get_version(StateStream *s, void *pv, size_t size, const VMStateField *field,
                        GError **errp)
{
    uint32_t version = state_get_be32(s);

    if (version < 1 || version > 2) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "PCIDevice: version_id %u is not known", version);
        return false;
    }
    return !state_stream_check(s, errp);
}

static bool put_version(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                        GError **errp)
{
    state_put_be32(s, 2);
    return true;
}

static const VMStateInfo vmstate_info_version = {"int32 le", get_version, put_version, 0,
                                                 VMSTATE_NO_PART};

const VMStateField pci_device_fields[] = {
    {.name = "version_id", .size = 4, .info = &vmstate_info_version, .flags = VMS_SINGLE},
    {.name = "config",
     .size = PCI_CONFIG_SIZE,
     .info = &vmstate_info_config,
     .flags = VMS_BUFFER,
     .offset = offsetof(PciDevice, config)},
    {.name = "irq_state",
     .version_id = 2,
     .size = 16,
     .info = &vmstate_info_irq_state,
     .flags = VMS_BUFFER,
     .offset = offsetof(PciDevice, irq_state)},
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_pci_device = {
    .name = "PCIDevice",
    .version_id = 2,
    .minimum_version_id = 1,
    .pre_load = pci_device_pre_load,
    .post_load = pci_device_post_load,
    .fields = pci_device_fields,
    .derived = VMSTATE_NAMES("bars"),
    .immutable =
        VMSTATE_NAMES("devfn", "multifunction", "romfile", "rombar", "config_size", "writable",
                      "write_clears", "must_match", "used", "bus", "msi_capability", "has_rom"),
    .elsewhere = VMSTATE_NAMES("msix", "rom"),
    VMSTATE_STRUCT_AUDIT(PciDevice),
};
