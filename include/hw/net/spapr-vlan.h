/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spapr-vlan's side of the hypercalls of logical LANs (LoPAR 17.3.4); hw/ppc/ has the calls. */
#ifndef HW_NET_SPAPR_VLAN_H
#define HW_NET_SPAPR_VLAN_H

#include "hw/core/vio.h"

extern const VioDeviceClass spapr_vlan_vio_class;

typedef enum VlanResult {
    VLAN_SUCCESS, VLAN_PARAMETER, VLAN_RESOURCE, VLAN_DROPPED, VLAN_HARDWARE,
} VlanResult;

bool spapr_vlan_is(const DeviceState *dev);
/* Addresses are the window's. rec_queue: a buffer descriptor, as guests write them. */
VlanResult spapr_vlan_open(VioDevice *dev, uint64_t buf_list, uint64_t rec_queue,
                           uint64_t filter_list);
VlanResult spapr_vlan_close(VioDevice *dev);
VlanResult spapr_vlan_add_buffer(VioDevice *dev, uint64_t descriptor);
/* The first of the six descriptors that is not valid ends the list. */
VlanResult spapr_vlan_send(VioDevice *dev, const uint64_t descriptors[6]);
/* The last 6 bytes of the register. */
VlanResult spapr_vlan_set_mac(VioDevice *dev, uint64_t mac);

/* Adapters for -nic and -net that have that model or none. */
bool spapr_vlan_create_nics(BusState *bus, GError **errp);

#endif
