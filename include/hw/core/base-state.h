/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The structs that devices, buses and machines begin with, described once for the audit of state:
 * none of them has anything that travels.
 */
#ifndef HW_CORE_BASE_STATE_H
#define HW_CORE_BASE_STATE_H

#include "migration/vmstate.h"

/* Object, DeviceState, BusState, MachineState. They are no sections. */
extern const VMStateDescription vmstate_object_base, vmstate_device_base, vmstate_bus_base,
    vmstate_machine_base;

#endif
