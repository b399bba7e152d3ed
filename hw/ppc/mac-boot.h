/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Power Macs start with: firmware, kernel, initial RAM disk, and what fw_cfg tells of them. */
#ifndef HW_PPC_MAC_BOOT_H
#define HW_PPC_MAC_BOOT_H

#include "hw/core/machine.h"

#define MAC_ROM_BASE 0xffc00000u
#define MAC_ROM_SIZE 0x400000u

typedef struct MacBoot {
    uint32_t kernel_base, kernel_size, initrd_base, initrd_size, cmdline_base;
    bool has_display;
} MacBoot;

/* -kernel, -initrd, -append. True without. */
bool mac_load_kernel(MachineState *machine, MacBoot *boot, GError **errp);
/* -bios, or OpenBIOS. */
bool mac_load_firmware(MachineState *machine, GError **errp);
/* Items that tell of the machine and of boot; machine_id as OpenBIOS knows it. */
void mac_describe(MachineState *machine, DeviceState *fw_cfg, const MacBoot *boot, uint16_t machine_id,
                  uint32_t timebase_frequency, uint32_t clock_frequency, uint32_t bus_frequency);
/* Mac OS's driver for the display, where it is installed. */
bool mac_add_drivers(DeviceState *fw_cfg, GError **errp);
/* The drive to start from, for that many resets as -boot once= lasts. */
void mac_set_boot_device(MachineState *machine, DeviceState *fw_cfg);

#endif
