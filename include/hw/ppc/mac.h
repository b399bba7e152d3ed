/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power Macs. */
#ifndef HW_PPC_MAC_H
#define HW_PPC_MAC_H

#include "hw/core/machine.h"

/* NULL-terminated. ppc64: in the 64-bit personality, where none of them is the default. */
const MachineClass *const *mac_machine_classes(bool ppc64);

#endif
