/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NICs of machines, as the command line asks for them. */
#include "hw/net/nic.h"
#include "hw/core/boot.h"
#include "hw/net/spapr-vlan.h"
#include "util/error.h"

const DeviceClass *const hw_net_device_classes[] = {&ne2k_pci_class.device, &rtl8139_class.device,
                                                    &sungem_class.device,
                                                    &spapr_vlan_vio_class.device, NULL};

bool nic_realize(DeviceState *dev, NicConf *conf, const NetClientInfo *info, const char *model,
                 GError **errp)
{
    if (!nic_init(conf, info, model, dev->id, dev, errp)) {
        return false;
    }
    if (conf->bootindex >= 0 && !boot_device_add(dev, conf->bootindex, errp)) {
        nic_deinit(conf);
        return false;
    }
    return true;
}

void nic_unrealize(DeviceState *dev, NicConf *conf)
{
    boot_device_remove(dev);
    nic_deinit(conf);
}

bool nic_create(BusState *bus, DeviceState *dev, const NicInfo *nic, GError **errp)
{
    g_autofree char *mac = g_strdup_printf(MAC_FMT, MAC_ARGS(nic->mac));

    if (object_property_set_str(OBJECT(dev), "mac", mac, errp) &&
        (!nic->netdev || object_property_set_str(OBJECT(dev), "netdev", nic->netdev, errp))) {
        dev->id = g_strdup(nic->name);
        return device_realize_and_unref(dev, bus, errp);
    }
    object_unref(OBJECT(dev));
    return false;
}

static bool create(PciBus *bus, int slot, const NicInfo *nic, const char *model, GError **errp)
{
    DeviceState *dev = device_new(model, errp);

    if (!dev) {
        return false;
    }
    if (device_get_class(dev)->category != DEVICE_CATEGORY_NETWORK ||
        device_class_bus(device_get_class(dev)) != &pci_bus_class) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Unsupported NIC model: %s", model);
        object_unref(OBJECT(dev));
        return false;
    }
    if (slot >= 0) {
        PCI_DEVICE(dev)->devfn = PCI_DEVFN(slot, 0);
    }
    return nic_create(&bus->parent, dev, nic, errp);
}

bool nic_create_pci(PciBus *bus, const char *default_model, int first_slot, GError **errp)
{
    NicInfo *nic;

    while ((nic = net_take_nic(NULL, default_model != NULL, NULL))) {
        const char *model = nic->model ? nic->model : default_model;

        if (!create(bus, first_slot, nic, model, errp)) {
            return false;
        }
        first_slot = -1;
    }
    return true;
}
