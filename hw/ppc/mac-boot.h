/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Power Macs have in common: processor and memory, firmware, kernel, initial RAM disk, and
 * what fw_cfg tells of them.
 */
#ifndef HW_PPC_MAC_BOOT_H
#define HW_PPC_MAC_BOOT_H

#include "chardev/char.h"
#include "hw/core/machine.h"

extern const MachineClass g3beige_class, g3beige_default_class;

typedef struct MacBoot {
    uint32_t kernel_base, kernel_size, kernel_entry, initrd_base, initrd_size, cmdline_base;
    bool has_display;
} MacBoot;

/* -g, or what Macs start with. */
typedef struct MacDisplayMode { unsigned width, height, depth; } MacDisplayMode;
MacDisplayMode mac_display_mode(const MachineState *machine);
/* -kernel, -initrd, -append. True without. */
bool mac_load_kernel(MachineState *machine, MacBoot *boot, GError **errp);
/* The file that -bios or OpenBIOS is; g_malloc. NULL: it is not there. */
char *mac_firmware_file(const MachineState *machine);
/* It, into the ROM that lies at base. */
bool mac_load_firmware(MachineState *machine, uint32_t base, GError **errp);
/* A ROM at base, to the end of the first 4 GiB. */
bool mac_create_rom(MachineState *machine, MemoryRegion *rom, const char *name, uint32_t base,
                    GError **errp);
/* The machine's only processor, whose interrupt an input of its own drives. allow_64: a 970 too.
 * NULL with errp. */
struct PowerPCCPU *mac_create_cpu(MachineState *machine, uint64_t timebase_frequency, bool allow_64,
                                  GError **errp);
IRQLine *mac_cpu_interrupt(struct PowerPCCPU *cpu);
/* Memory from 0. */
bool mac_map_ram(MachineState *machine, uint64_t max, GError **errp);
/* Serial port n; NULL: none. */
Chardev *mac_serial(const MachineState *machine, unsigned n);
/* All devices, and the processor. */
void mac_reset(MachineState *machine, ShutdownCause cause, DeviceState *fw_cfg,
               struct PowerPCCPU *cpu);
/* Items that tell of the machine and of boot; machine_id as OpenBIOS knows it. */
void mac_describe(MachineState *machine, DeviceState *fw_cfg, const MacBoot *boot,
                  uint16_t machine_id, uint32_t timebase_frequency, uint32_t clock_frequency,
                  uint32_t bus_frequency);
/* Mac OS's driver for the display, where it is installed. */
bool mac_add_drivers(DeviceState *fw_cfg, GError **errp);
/* The drive to start from, for that many resets as -boot once= lasts. */
void mac_set_boot_device(MachineState *machine, DeviceState *fw_cfg);

#endif
