/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UniNorth, the memory controller of Power Macs from 1999 on, with its three PCI host bridges (AGP,
 * internal, slots and I/O), and the AGP bridge of its successor U3.  Places and the two forms of
 * configuration addresses as in Linux's arch/powerpc/platforms/powermac/pci.c and
 * include/asm/uninorth.h.
 *
 * The address register (little-endian) holds, for a device on the bridge's own bus, one bit for its
 * slot (11 and up), function and register; with bit 0 set, bus, device, function and register as
 * elsewhere.  OpenBIOS writes addresses of mechanism 1, with bit 31.  The data register has eight
 * bytes. Left out: of UniNorth's own registers only the revision is there; no AGP transfers, no
 * GART.
 */
#include "hw/pci/pci-host.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/error.h"

#define CONFIG_SIZE 0x1000u
#define CONFIG_ADDRESS 0x00800000u      /* from the bridge's base */
#define CONFIG_DATA 0x00c00000u
#define MEMORY_BASE 0x80000000u
#define IO_SIZE 0x800000u
#define FIRST_SLOT 11
#define SLOT_INTERNAL 14
#define DIRECT_FORM 1u                  /* bit 0: the form that names a bus */

enum {
    DEVICE_UNI_N_PCI = 0x001f,
    DEVICE_UNI_N_AGP = 0x0020,
    DEVICE_UNI_N_INTERNAL = 0x001e,
    DEVICE_U3_AGP = 0x004b
};

typedef struct UniNorth {
    PciHost host;
    /* immutable */
    IRQLine *lines[PCI_N_PINS];
    MemoryRegion memory_window, io_window;
} UniNorth;

typedef struct UniNorthClass {
    DeviceClass device;                 /* first */
    const char *function;               /* class of the bridge's own function on its bus */
    uint8_t slot;                       /* ... and where it is */
    uint32_t base;                      /* of its registers */
    uint32_t memory_size, io_base;      /* windows to its bus; 0: none */
} UniNorthClass;

static const UniNorthClass *get_class(const UniNorth *bridge)
{
    return (const UniNorthClass *)device_get_class(&bridge->host.parent);
}

/* ---- Configuration ---- */

/* Bus << 16 | devfn << 8 | register; false: no slot, or more than one, is addressed. */
static bool decode(uint32_t reg, hwaddr addr, uint32_t *target)
{
    uint32_t slots = reg & ~0x7ffu, low = (reg & 0x7f8) | (uint32_t)(addr & 7);

    if (reg & PCI_HOST_ADDRESS_ENABLE) {
        *target = (reg & 0x00fffffc) | (uint32_t)(addr & 3);
        return true;
    }
    if (reg & DIRECT_FORM) {
        *target = (reg & 0x00fffff8) | (uint32_t)(addr & 7);
        return true;
    }
    if (!slots || (slots & (slots - 1))) {
        return false;
    }
    *target = low | (uint32_t)__builtin_ctz(slots) << 11;
    return true;
}

static uint64_t data_read(void *opaque, hwaddr addr, unsigned size)
{
    PciHost *host = opaque;
    uint32_t target;

    return decode(host->config_reg, addr, &target) ? pci_data_read(host->bus, target, size)
                                                   : UINT32_MAX >> (32 - 8 * size);
}

static void data_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    PciHost *host = opaque;
    uint32_t target;

    if (decode(host->config_reg, addr, &target)) {
        pci_data_write(host->bus, target, (uint32_t)value, size);
    }
}

static const MemoryRegionOps data_ops = {
    .read = data_read,
    .write = data_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
    .impl = {.min_access_size = 1, .max_access_size = 4},
};

/* ---- Life ---- */

static void uninorth_set_irq(void *opaque, int line, int level)
{
    irq_set(((UniNorth *)opaque)->lines[line], level);
}

static const PciBusOps uninorth_bus_ops = {.set_irq = uninorth_set_irq};

static bool uninorth_realize(DeviceState *dev, GError **errp)
{
    UniNorth *bridge = (UniNorth *)dev;
    const UniNorthClass *class = get_class(bridge);

    pci_host_init_registers(&bridge->host, &pci_host_address_ops, &data_ops, CONFIG_SIZE);
    pci_host_init_bus(&bridge->host, &uninorth_bus_ops, bridge, 1ull << 32, IO_SIZE);
    bridge->host.bus->first_devfn = PCI_DEVFN(FIRST_SLOT, 0);
    device_init_gpio_out(dev, NULL, bridge->lines, PCI_N_PINS);
    return pci_create(bridge->host.bus, PCI_DEVFN(class->slot, 0), class->function, errp) != NULL;
}

void uninorth_map(DeviceState *dev, MemoryRegion *system_memory)
{
    UniNorth *bridge = (UniNorth *)dev;
    const UniNorthClass *class = get_class(bridge);
    PciHost *host = &bridge->host;

    memory_region_add_subregion(system_memory, class->base + CONFIG_ADDRESS, &host->address_region);
    memory_region_add_subregion(system_memory, class->base + CONFIG_DATA, &host->data_region);
    if (class->memory_size) {
        memory_region_init_alias(&bridge->memory_window, dev, "unin-pci-hole", &host->memory,
                                 MEMORY_BASE, class->memory_size);
        memory_region_init_alias(&bridge->io_window, dev, "unin-pci-isa-mmio", &host->io, 0,
                                 IO_SIZE);
        /* It lies over memory of more than 2 GiB. */
        memory_region_add_subregion_overlap(system_memory, MEMORY_BASE, &bridge->memory_window, 1);
        memory_region_add_subregion(system_memory, class->io_base, &bridge->io_window);
    }
}

static const VMStateDescription vmstate_uninorth = {
    .name = "PCIHost",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32(host.config_reg, UniNorth),
            VMSTATE_END_OF_LIST(),
        },
    .immutable = VMSTATE_NAMES("host.parent", "host.address_region", "host.data_region",
                               "host.memory", "host.io", "lines", "memory_window", "io_window"),
    .elsewhere = VMSTATE_NAMES("host.bus"),
    VMSTATE_STRUCT_AUDIT(UniNorth),
};

#define HOST(host_name, text)                                                                      \
    .device = {.name = host_name,                                                                  \
               .parent = &pci_host_class.object,                                                   \
               .description = text,                                                                \
               .instance_size = sizeof(UniNorth),                                                  \
               .vmstate = &vmstate_uninorth,                                                       \
               .realize = uninorth_realize}

static const UniNorthClass agp_class =
                               {
                                   HOST("uni-north-agp-pcihost", "UniNorth AGP host bridge"),
                                   .function = "uni-north-agp",
                                   .slot = FIRST_SLOT,
                                   .base = 0xf0000000u,
},
                           internal_class =
                               {
                                   HOST("uni-north-internal-pci-pcihost",
                                        "UniNorth internal PCI host bridge"),
                                   .function = "uni-north-internal-pci",
                                   .slot = SLOT_INTERNAL,
                                   .base = 0xf4000000u,
},
                           pci_class =
                               {
                                   HOST("uni-north-pci-pcihost", "UniNorth PCI host bridge"),
                                   .function = "uni-north-pci",
                                   .slot = FIRST_SLOT,
                                   .base = 0xf2000000u,
                                   .memory_size = 0x10000000u,
                                   .io_base = 0xf2000000u,
},
                           u3_class = {
                               HOST("u3-agp-pcihost", "U3 AGP host bridge"),
                               .function = "u3-agp",
                               .slot = FIRST_SLOT,
                               .base = 0xf0000000u,
                               .memory_size = 0x70000000u,
                               .io_base = 0xf2000000u,
};

const DeviceClass *const uninorth_agp_class = &agp_class.device,
                         *const uninorth_internal_class = &internal_class.device,
                         *const uninorth_pci_class = &pci_class.device,
                         *const u3_agp_class = &u3_class.device;

/* ---- Each bridge's own function, which QEMU's streams do not have ---- */

typedef struct UniNorthFunction {
    PciDevice pci;
} UniNorthFunction;

static bool function_needed(void *opaque)
{
    return vmstate_wire_is_own();
}

static const VMStateDescription vmstate_function = {
    .name = "uni-north",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = function_needed,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(pci, UniNorthFunction),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(UniNorthFunction),
};

static void function_reset(void *obj, ResetType type)
{
    PciDevice *dev = obj;

    dev->config[PCI_CACHE_LINE_SIZE] = 0x08;
    dev->config[PCI_LATENCY_TIMER] = 0x10;
}

static bool function_realize(PciDevice *dev, GError **errp)
{
    function_reset(dev, RESET_TYPE_COLD);
    return true;
}

#define FUNCTION(function_name, text, id)                                                          \
    {                                                                                              \
        .device = {.name = function_name,                                                          \
                   .parent = &pci_device_class.object,                                             \
                   .description = text,                                                            \
                   .instance_size = sizeof(UniNorthFunction),                                      \
                   .category = DEVICE_CATEGORY_BRIDGE,                                             \
                   .vmstate = &vmstate_function,                                                   \
                   .reset = {.hold = function_reset}},                                             \
        .vendor_id = PCI_VENDOR_APPLE, .device_id = (id), .class_id = PCI_CLASS_BRIDGE_HOST,       \
        .realize = function_realize,                                                               \
    }

static const PciDeviceClass functions[] = {
    FUNCTION("uni-north-agp", "UniNorth AGP host bridge, its own function", DEVICE_UNI_N_AGP),
    FUNCTION("uni-north-internal-pci", "UniNorth internal PCI host bridge, its own function",
             DEVICE_UNI_N_INTERNAL),
    FUNCTION("uni-north-pci", "UniNorth PCI host bridge, its own function", DEVICE_UNI_N_PCI),
    FUNCTION("u3-agp", "U3 AGP host bridge, its own function", DEVICE_U3_AGP),
};

const DeviceClass *const uninorth_device_classes[] = {
    &agp_class.device,    &internal_class.device, &pci_class.device,
    &u3_class.device,     &functions[0].device,   &functions[1].device,
    &functions[2].device, &functions[3].device,   NULL,
};

/* ---- The memory controller's registers ---- */

#define CONTROL_BASE 0xf8000000u
#define REVISION 7u

static uint64_t control_read(void *opaque, hwaddr addr, unsigned size)
{
    return addr == 0 ? REVISION : 0;
}

static void control_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    /* Clock gating and the like: nothing follows from it. */
}

static const MemoryRegionOps control_ops = {
    .read = control_read,
    .write = control_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

void uninorth_map_control(MemoryRegion *region, void *owner, MemoryRegion *system_memory)
{
    memory_region_init_io(region, owner, &control_ops, NULL, "unin", CONFIG_SIZE);
    memory_region_add_subregion(system_memory, CONTROL_BASE, region);
}
