/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI-to-PCI bridges that "-device" makes: "pci-bridge", a bridge without a maker, and DEC's 21154.
 * PCI-to-PCI Bridge Architecture 1.2, chapters 3 and 13 (slot numbering); DC2115x data sheets.
 * Left out: the standard hot-plug controller (shpc=on), the 21154's own registers (optional).
 */
#include "hw/pci/pci-bridge.h"
#include "migration/vmstate.h"
#include "util/error.h"

#define DEVICE_REDHAT_BRIDGE 0x0001
#define VENDOR_DEC           0x1011
#define DEVICE_DEC_21154     0x0026

/* The capability of slot numbering: slots behind the bridge, and whether it begins its chassis. */
#define SLOT_SIZE      4
#define SLOT_EXPANSION 2
#define SLOT_CHASSIS   3
#define SLOT_FIRST     0x20

typedef struct PciBridgeDevice {
    PciBridge bridge;
    /* immutable */
    uint8_t chassis_number; /* property */
    bool shpc;              /* property */
} PciBridgeDevice;

static bool bridge_device_realize(PciDevice *dev, GError **errp)
{
    PciBridgeDevice *bridge = (PciBridgeDevice *)dev;
    uint8_t slots;

    if (bridge->shpc) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "pci-bridge: a hot-plug controller (shpc=on) is not available");
        return false;
    }
    if (!bridge->chassis_number) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "pci-bridge: chassis_nr must be a number above 0 that no other bridge has");
        return false;
    }
    slots = pci_add_capability(dev, PCI_CAP_SLOT_NUMBERING, 0, SLOT_SIZE, errp);
    if (!slots) {
        return false;
    }
    dev->config[slots + SLOT_EXPANSION] = SLOT_FIRST;
    dev->config[slots + SLOT_CHASSIS] = bridge->chassis_number;
    dev->writable[slots + SLOT_CHASSIS] = 0xff;
    return pci_bridge_realize(dev, errp);
}

/* The guest may number chassis anew; a reset gives back what the property says. */
static void bridge_device_reset(void *obj, ResetType type)
{
    PciDevice *dev = obj;
    uint8_t slots = pci_find_capability(dev, PCI_CAP_SLOT_NUMBERING);

    dev->config[slots + SLOT_CHASSIS] = ((PciBridgeDevice *)dev)->chassis_number;
}

static const Property bridge_device_properties[] = {
    DEFINE_PROP_UINT8("chassis_nr", PciBridgeDevice, chassis_number, 0,
                      "Number of the chassis, which no other bridge has"),
    DEFINE_PROP_BOOL("shpc", PciBridgeDevice, shpc, false, "Standard hot-plug controller"),
    DEFINE_PROP_END_OF_LIST(),
};

static const VMStateDescription vmstate_bridge_device = {
    .name = "pci_bridge",
    .priority = MIG_PRI_PCI_BUS,
    .post_load = pci_bridge_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_PCI_DEVICE(bridge.parent, PciBridgeDevice),
            VMSTATE_END_OF_LIST(),
        },
    .derived = VMSTATE_NAMES("bridge.windows"),
    .immutable = VMSTATE_NAMES("bridge.memory", "bridge.io", "chassis_number", "shpc"),
    .elsewhere = VMSTATE_NAMES("bridge.secondary"),
    VMSTATE_STRUCT_AUDIT(PciBridgeDevice),
};

const PciDeviceClass pci_bridge_standard_class = {
    .device =
        {
            .name = "pci-bridge",
            .parent = &pci_bridge_device_class.object,
            .description = "standard PCI bridge",
            .instance_size = sizeof(PciBridgeDevice),
            .user_creatable = true,
            .category = DEVICE_CATEGORY_BRIDGE,
            .properties = bridge_device_properties,
            .vmstate = &vmstate_bridge_device,
            .reset = {.hold = bridge_device_reset},
        },
    .vendor_id = PCI_VENDOR_REDHAT,
    .device_id = DEVICE_REDHAT_BRIDGE,
    .class_id = PCI_CLASS_BRIDGE_PCI,
    .is_bridge = true,
    .realize = bridge_device_realize,
    .unrealize = pci_bridge_unrealize,
    .config_write = pci_bridge_config_write,
};

typedef struct Dec21154 {
    PciBridge bridge;
} Dec21154;

/* As QEMU has it: the section of any device. */
static const VMStateDescription vmstate_dec_21154 = {
    .name = "PCIDevice",
    .version_id = 2,
    .minimum_version_id = 1,
    .pre_load = pci_device_pre_load,
    .post_load = pci_device_post_load,
    .fields = pci_device_fields,
    .derived = VMSTATE_NAMES("bridge.parent.bars", "bridge.windows"),
    .immutable =
        VMSTATE_NAMES("bridge.parent.devfn", "bridge.parent.multifunction", "bridge.parent.romfile",
                      "bridge.parent.rombar", "bridge.parent.config_size", "bridge.parent.writable",
                      "bridge.parent.write_clears", "bridge.parent.must_match",
                      "bridge.parent.used", "bridge.parent.bus", "bridge.parent.msi_capability",
                      "bridge.parent.has_rom", "bridge.memory", "bridge.io"),
    .elsewhere = VMSTATE_NAMES("bridge.parent.parent", "bridge.parent.msix", "bridge.parent.rom",
                               "bridge.secondary"),
    VMSTATE_STRUCT_AUDIT(Dec21154),
};

static bool dec_21154_realize(PciDevice *dev, GError **errp)
{
    Dec21154 *dec = (Dec21154 *)dev;

    return pci_bridge_realize(&dec->bridge.parent, errp);
}

const PciDeviceClass dec_21154_class = {
    .device =
        {
            .name = "dec-21154-p2p-bridge",
            .parent = &pci_bridge_device_class.object,
            .description = "DEC 21154 PCI-PCI bridge",
            .instance_size = sizeof(Dec21154),
            .user_creatable = true,
            .category = DEVICE_CATEGORY_BRIDGE,
            .vmstate = &vmstate_dec_21154,
        },
    .vendor_id = VENDOR_DEC,
    .device_id = DEVICE_DEC_21154,
    .class_id = PCI_CLASS_BRIDGE_PCI,
    .is_bridge = true,
    .realize = dec_21154_realize,
    .unrealize = pci_bridge_unrealize,
    .config_write = pci_bridge_config_write,
};
