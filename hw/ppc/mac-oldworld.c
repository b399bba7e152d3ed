/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * g3beige: the Power Macintosh G3 (beige; its board is "Gossamer").  One 32-bit processor on a 6xx
 * bus, the Grackle host bridge, and the Heathrow I/O chip in PCI slot 16.  Apple's "Power Macintosh
 * G3 Computers Developer Note" (1998); places and numbers where OpenBIOS and QEMU's machine of that
 * name have them. Left out: the second processor that no such Mac had.
 */
#include "hw/ppc/mac.h"
#include "mac-boot.h"
#include "mac-firmware.h"
#include "mac-resume.h"
#include "macio.h"
#include "hw/display/vga.h"
#include "hw/intc/heathrow.h"
#include "hw/net/nic.h"
#include "hw/nvram/fw-cfg.h"
#include "hw/pci/pci-host.h"
#include "target/ppc/cpu.h"
#include "util/error.h"

#define TIMEBASE_FREQUENCY 16600000u
#define CLOCK_FREQUENCY 266000000u
#define BUS_FREQUENCY 66000000u
#define FW_CFG_ADDRESS 0xf0000510u
#define MACHINE_HEATHROW 2              /* OpenBIOS's number */
#define MAX_RAM (2047ull << 20)
#define MACIO_SLOT 16
#define FIRST_PCI_IRQ 0x15
#define ROM_BASE 0xffc00000u

typedef struct MacOldWorld {
    MachineState parent;
    /* immutable */
    PowerPCCPU *cpu;
    DeviceState *grackle, *macio, *fw_cfg;
    MemoryRegion rom;
    MacBoot boot;
    /* saved by itself */
    MacFirmware firmware;
    /* host-only */
    MacResume resume;
} MacOldWorld;

static bool create_devices(MacOldWorld *mac, GError **errp)
{
    MachineState *machine = &mac->parent;
    MacIOConfig config = {TIMEBASE_FREQUENCY, {mac_serial(machine, 0), mac_serial(machine, 1)},
                          (const char *const *)machine->prom_env->pdata, false, true};
    DeviceState *pic;

    mac->grackle = device_new_class(&grackle_class);
    if (!device_realize_and_unref(mac->grackle, NULL, errp)) {
        return false;
    }
    grackle_map(mac->grackle, machine->system_memory);
    mac->macio = device_new_class(&macio_oldworld_class.device);
    PCI_DEVICE(mac->macio)->devfn = PCI_DEVFN(MACIO_SLOT, 0);
    macio_configure(mac->macio, &config);
    if (!device_realize_and_unref(mac->macio, &pci_host(mac->grackle)->bus->parent, errp)) {
        return false;
    }
    pic = macio_pic(mac->macio);
    device_connect_gpio_out(mac->macio, NULL, 0, mac_cpu_interrupt(mac->cpu));
    for (unsigned i = 0; i < PCI_N_PINS; i++) {
        device_connect_gpio_out(mac->grackle, NULL, i,
                                device_gpio_in(pic, NULL, FIRST_PCI_IRQ + i));
    }
    if (!vga_create(machine, pci_host(mac->grackle)->bus, true, &mac->boot.has_display, errp)) {
        return false;
    }
    /* Behind the display, as QEMU has them: slots are given in this order. */
    if (!nic_create_pci(pci_host(mac->grackle)->bus, "ne2k_pci", -1, errp)) {
        return false;
    }
    mac->fw_cfg = fw_cfg_create(machine->system_memory, FW_CFG_ADDRESS, errp);
    return mac->fw_cfg != NULL;
}

/* Kernel, and what starts it. */
static bool load(MacOldWorld *mac, GError **errp)
{
    const MacBoard board = {
        .rows = &mac_oldworld_rows,
        .features = MAC_HAS_CUDA | MAC_HAS_ADB,
        .machine = &mac->parent,
        .cpu = mac->cpu,
        .pci = pci_host(mac->grackle)->bus,
        .rom_base = ROM_BASE,
        .timebase_frequency = TIMEBASE_FREQUENCY,
        .clock_frequency = CLOCK_FREQUENCY,
        .bus_frequency = BUS_FREQUENCY,
    };

    return mac_firmware_init(&mac->firmware, &board, &mac->boot, errp);
}

static bool oldworld_init(MachineState *machine, GError **errp)
{
    MacOldWorld *mac = (MacOldWorld *)machine;

    mac->cpu = mac_create_cpu(machine, TIMEBASE_FREQUENCY, false, errp);
    if (!mac->cpu || !mac_map_ram(machine, MAX_RAM, errp) ||
        !mac_create_rom(machine, &mac->rom, "ppc_heathrow.bios", ROM_BASE, errp) ||
        !create_devices(mac, errp) || !load(mac, errp)) {
        return false;
    }
    mac_describe(machine, mac->fw_cfg, &mac->boot, MACHINE_HEATHROW, TIMEBASE_FREQUENCY,
                 CLOCK_FREQUENCY, BUS_FREQUENCY);
    if (mac->boot.has_display && !mac_add_drivers(mac->fw_cfg, errp)) {
        return false;
    }
    mac_resume_init(&mac->resume, mac->cpu, false);
    return cpu_start_thread(&mac->cpu->parent, errp);
}

static void oldworld_reset(MachineState *machine, ShutdownCause cause)
{
    MacOldWorld *mac = (MacOldWorld *)machine;

    mac->resume.active = false;
    mac_reset(machine, cause, mac->fw_cfg, mac->cpu);
    mac_firmware_reset(&mac->firmware, cause);
}

static void oldworld_print_pic(MachineState *machine, GString *out)
{
    heathrow_print(macio_pic(((MacOldWorld *)machine)->macio), out);
}

static void oldworld_print_irq(MachineState *machine, GString *out)
{
    heathrow_print_counts(macio_pic(((MacOldWorld *)machine)->macio), out);
}

static const Property oldworld_properties[] = {
    DEFINE_PROP_MAC_FIRMWARE(MacOldWorld),
    DEFINE_PROP_END_OF_LIST(),
};

#define G3BEIGE                                                                                    \
    .object = {.name = "g3beige-machine",                                                          \
               .parent = &machine_class.object,                                                    \
               .description = "Heathrow based PowerMAC",                                           \
               .instance_size = sizeof(MacOldWorld),                                               \
               .properties = oldworld_properties},                                                 \
    .machine_name = "g3beige", .desc = "Heathrow based PowerMAC", .default_cpu = "750_v3.1",       \
    .default_ram_size = 128u << 20, .default_ram_id = "ppc_heathrow.ram", .max_cpus = 1,           \
    .min_cpus = 1, .default_cpus = 1, .ide_drives = true, .init = oldworld_init,                   \
    .reset = oldworld_reset, .print_pic = oldworld_print_pic, .print_irq = oldworld_print_irq

const MachineClass g3beige_class = {G3BEIGE}, g3beige_default_class = {G3BEIGE, .is_default = true};
