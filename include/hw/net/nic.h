/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network devices: their classes, and how machines make those that -nic and -net ask for. */
#ifndef HW_NET_NIC_H
#define HW_NET_NIC_H

#include "hw/pci/pci.h"
#include "net/net.h"

#define NIC_ROM_SIZE (256u << 10)       /* of the option ROMs that QEMU's NICs have */

extern const PciDeviceClass ne2k_pci_class, rtl8139_class, sungem_class;
extern const DeviceClass *const hw_net_device_classes[];

/* For their realize and unrealize: nic_init() with the device's id, and its place in the boot
 * order. */
bool nic_realize(DeviceState *dev, NicConf *conf, const NetClientInfo *info, const char *model,
                 GError **errp);
void nic_unrealize(DeviceState *dev, NicConf *conf);

/* One of them on its bus: takes over the caller's reference to dev, which is not realized yet. */
bool nic_create(BusState *bus, DeviceState *dev, const NicInfo *nic, GError **errp);
/*
 * A NIC on the bus for each that was asked for and is not taken yet; default_model for those
 * without a model (NULL: they are not for this bus).  The first goes to slot first_slot, or to the
 * first that is free if that is negative.
 */
bool nic_create_pci(PciBus *bus, const char *default_model, int first_slot, GError **errp);

#endif
