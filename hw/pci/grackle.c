/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grackle, the memory controller and PCI host bridge MPC106 as the beige Power Mac G3 has it
 * (address map B).  MPC106 PCI Bridge/Memory Controller User's Manual, 3.1 (maps) and 3.2
 * (configuration registers). Left out: the memory controller's registers do nothing.
 */
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci-host.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/error.h"

#define CONFIG_ADDRESS 0xfec00000u
#define CONFIG_DATA 0xfee00000u
#define CONFIG_SIZE 0x1000u
#define MEMORY_BASE 0x80000000u
#define MEMORY_SIZE 0x7e000000u
#define IO_BASE 0xfe000000u
#define IO_SIZE 0x200000u
#define DEVICE_MPC106 0x0002

typedef struct Grackle {
    PciHost host;
    /* immutable */
    IRQLine *lines[PCI_N_PINS];
    MemoryRegion memory_window, io_window;
} Grackle;

static void grackle_set_irq(void *opaque, int line, int level)
{
    irq_set(((Grackle *)opaque)->lines[line], level);
}

static const PciBusOps grackle_bus_ops = {.set_irq = grackle_set_irq};

static bool grackle_realize(DeviceState *dev, GError **errp)
{
    Grackle *grackle = (Grackle *)dev;

    pci_host_init_registers(&grackle->host, &pci_host_address_ops, &pci_host_data_ops, CONFIG_SIZE);
    pci_host_init_bus(&grackle->host, &grackle_bus_ops, grackle, 1ull << 32, IO_SIZE);
    device_init_gpio_out(dev, NULL, grackle->lines, PCI_N_PINS);
    return pci_create(grackle->host.bus, PCI_DEVFN(0, 0), "grackle", errp) != NULL;
}

void grackle_map(DeviceState *dev, MemoryRegion *system_memory)
{
    Grackle *grackle = (Grackle *)dev;
    PciHost *host = &grackle->host;

    memory_region_init_alias(&grackle->memory_window, dev, "pci-hole", &host->memory, MEMORY_BASE,
                             MEMORY_SIZE);
    memory_region_init_alias(&grackle->io_window, dev, "pci-isa-mmio", &host->io, 0, IO_SIZE);
    memory_region_add_subregion(system_memory, MEMORY_BASE, &grackle->memory_window);
    memory_region_add_subregion(system_memory, IO_BASE, &grackle->io_window);
    memory_region_add_subregion(system_memory, CONFIG_ADDRESS, &host->address_region);
    memory_region_add_subregion(system_memory, CONFIG_DATA, &host->data_region);
}

static const VMStateDescription vmstate_grackle = {
    .name = "PCIHost",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32(host.config_reg, Grackle),
            VMSTATE_END_OF_LIST(),
        },
    .immutable = VMSTATE_NAMES("host.parent", "host.address_region", "host.data_region",
                               "host.memory", "host.io", "lines", "memory_window", "io_window"),
    .elsewhere = VMSTATE_NAMES("host.bus"),
    VMSTATE_STRUCT_AUDIT(Grackle),
};

const DeviceClass grackle_class = {
    .name = "grackle-pcihost",
    .parent = &pci_host_class.object,
    .description = "Grackle PCI host bridge",
    .instance_size = sizeof(Grackle),
    .vmstate = &vmstate_grackle,
    .realize = grackle_realize,
};

/* The bridge's own function on its bus, which QEMU's streams do not have. */
typedef struct GrackleFunction {
    PciDevice pci;
} GrackleFunction;

static bool function_needed(void *opaque)
{
    return vmstate_wire_is_own();
}

static const VMStateDescription vmstate_function = {
    .name = "grackle",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = function_needed,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(pci, GrackleFunction),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(GrackleFunction),
};

static bool function_realize(PciDevice *dev, GError **errp)
{
    dev->config[PCI_CLASS_PROGRAM] = 1;
    return true;
}

static const PciDeviceClass grackle_function_class = {
    .device = {
        .name = "grackle",
        .parent = &pci_device_class.object,
        .description = "Grackle PCI host bridge, its own function",
        .instance_size = sizeof(GrackleFunction),
        .category = DEVICE_CATEGORY_BRIDGE,
        .vmstate = &vmstate_function,
    },
    .vendor_id = PCI_VENDOR_MOTOROLA,
    .device_id = DEVICE_MPC106,
    .class_id = PCI_CLASS_BRIDGE_HOST,
    .realize = function_realize,
};

const DeviceClass *const hw_pci_device_classes[] = {
    &grackle_class,          &grackle_function_class.device, &pci_bridge_standard_class.device,
    &dec_21154_class.device, NULL,
};
