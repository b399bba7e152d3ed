/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mac99: a Power Macintosh of 1999 and later (Core99).  One processor, the memory controller and
 * PCI bridges UniNorth (with a 970: U3), and the I/O chip KeyLargo in the first slot behind the
 * bridge of its bus.  Places as in Linux's arch/powerpc/platforms/powermac and OpenBIOS's
 * arch/ppc/qemu. With via=cuda (the default) keyboard and mouse are ADB's behind CUDA, which no
 * such Mac had; with via=pmu they are on USB, with via=pmu-adb ADB's behind the PMU.
 */
#include <string.h>
#include "hw/ppc/mac.h"
#include "mac-boot.h"
#include "mac-firmware.h"
#include "mac-resume.h"
#include "macio.h"
#include "hw/display/vga.h"
#include "hw/intc/openpic.h"
#include "hw/net/nic.h"
#include "hw/nvram/fw-cfg.h"
#include "hw/nvram/mac-nvram.h"
#include "hw/pci/pci-host.h"
#include "hw/usb/hid.h"
#include "target/ppc/cpu.h"
#include "util/error.h"

#define TIMEBASE_FREQUENCY 25000000u    /* QEMU 7.2: 100 MHz */
#define CLOCK_FREQUENCY 900000000u
#define BUS_FREQUENCY 100000000u
#define FW_CFG_ADDRESS 0xf0000510u
#define MACHINE_MAC99 1                 /* OpenBIOS's numbers */
#define MACHINE_MAC99_U3 3
#define MAX_RAM (2048ull << 20)
#define ROM_BASE 0xfff00000u
#define RESET_VECTOR 0x100u
#define NVRAM_BASE 0xfff04000u
#define NVRAM_SHIFT 1
#define MACIO_SLOT 12
#define FIRST_PCI_IRQ 0x1b

/* OpenBIOS's numbers. */
typedef enum ViaKind { VIA_CUDA, VIA_PMU, VIA_PMU_ADB, N_VIA_KINDS } ViaKind;
static const char *const via_names[N_VIA_KINDS] = {"cuda", "pmu", "pmu-adb"};

typedef struct MacNewWorld {
    MachineState parent;
    /* immutable */
    ViaKind via;                        /* property */
    uint32_t timebase_frequency;        /* property */
    PowerPCCPU *cpu;
    DeviceState *macio, *fw_cfg, *nvram;
    PciBus *bus;                        /* that KeyLargo is on */
    MemoryRegion rom, control;
    MacBoot boot;
    /* saved by itself */
    MacFirmware firmware;
    /* host-only */
    MacResume resume;
} MacNewWorld;

static bool is_u3(const MacNewWorld *mac)
{
    return ppc_model_find(mac->parent.cpu_type)->insns & ISA_64;
}

/* ---- Creation ---- */

/* All bridges share the four lines. */
static DeviceState *create_bridge(MacNewWorld *mac, const DeviceClass *class, GError **errp)
{
    DeviceState *dev = device_new_class(class);

    if (!device_realize_and_unref(dev, NULL, errp)) {
        return NULL;
    }
    uninorth_map(dev, mac->parent.system_memory);
    return dev;
}

static bool create_macio(MacNewWorld *mac, DeviceState *const *bridges, GError **errp)
{
    MachineState *machine = &mac->parent;
    MacIOConfig config = {
        .timebase_frequency = mac->timebase_frequency,
        .serial = {mac_serial(machine, 0), mac_serial(machine, 1)},
        .has_pmu = mac->via != VIA_CUDA,
        .has_adb = mac->via != VIA_PMU,
    };
    DeviceState *pic;

    mac->macio = device_new_class(&macio_newworld_class.device);
    PCI_DEVICE(mac->macio)->devfn = PCI_DEVFN(MACIO_SLOT, 0);
    macio_newworld_configure(mac->macio, &config);
    if (!device_realize_and_unref(mac->macio, &mac->bus->parent, errp)) {
        return false;
    }
    pic = macio_newworld_pic(mac->macio);
    device_connect_gpio_out(mac->macio, NULL, 0, mac_cpu_interrupt(mac->cpu));
    for (; *bridges; bridges++) {
        for (unsigned i = 0; i < PCI_N_PINS; i++) {
            device_connect_gpio_out(*bridges, NULL, i,
                                    device_gpio_in(pic, NULL, FIRST_PCI_IRQ + i));
        }
    }
    return true;
}

/* -usb, or by default; keyboard and mouse if ADB has none, or, with a 970, if Linux has no driver
 * for it. */
static bool create_usb(MacNewWorld *mac, GError **errp)
{
    MachineState *machine = &mac->parent;
    PciDevice *controller;
    BusState *bus;

    if (!machine->usb && (machine->usb_disabled || machine->nodefaults)) {
        return true;
    }
    controller = pci_create(mac->bus, PCI_DEVFN_ANY, "pci-ohci", errp);
    if (!controller) {
        return false;
    }
    bus = device_get_bus(&controller->parent, NULL);
    return (mac->via != VIA_PMU && !is_u3(mac)) ||
           (device_create(bus, usb_keyboard_class.device.name, NULL, errp) &&
            device_create(bus, usb_mouse_class.device.name, NULL, errp));
}

static bool create_nvram(MacNewWorld *mac, GError **errp)
{
    MachineState *machine = &mac->parent;

    mac->nvram = device_new_class(&mac_nvram_class);
    if (!object_property_set_uint(OBJECT(mac->nvram), "it_shift", NVRAM_SHIFT, errp) ||
        !device_realize_and_unref(mac->nvram, NULL, errp)) {
        return false;
    }
    memory_region_add_subregion_overlap(machine->system_memory, NVRAM_BASE,
                                        mac_nvram_registers(mac->nvram), 1);
    return mac_nvram_format(mac->nvram, (const char *const *)machine->prom_env->pdata, errp);
}

static bool create_devices(MacNewWorld *mac, GError **errp)
{
    const DeviceClass
        *const uninorth[] = {uninorth_agp_class, uninorth_internal_class, uninorth_pci_class, NULL},
               *const u3[] = {u3_agp_class, NULL}, *const *classes = is_u3(mac) ? u3 : uninorth;
    DeviceState *bridges[G_N_ELEMENTS(uninorth)] = {NULL};

    uninorth_map_control(&mac->control, mac, mac->parent.system_memory);
    for (unsigned i = 0; classes[i]; i++) {
        bridges[i] = create_bridge(mac, classes[i], errp);
        if (!bridges[i]) {
            return false;
        }
        mac->bus = pci_host(bridges[i])->bus;
    }
    if (!create_macio(mac, bridges, errp) || !create_usb(mac, errp) ||
        !vga_create(&mac->parent, mac->bus, true, &mac->boot.has_display, errp) ||
        !nic_create_pci(mac->bus, "sungem", -1, errp) || !create_nvram(mac, errp)) {
        return false;
    }
    mac->fw_cfg = fw_cfg_create(mac->parent.system_memory, FW_CFG_ADDRESS, errp);
    return mac->fw_cfg != NULL;
}

/* Kernel, and what starts it. */
static bool load(MacNewWorld *mac, GError **errp)
{
    static const uint32_t features[N_VIA_KINDS] = {
        [VIA_CUDA] = MAC_HAS_CUDA | MAC_HAS_ADB,
        [VIA_PMU] = MAC_HAS_PMU,
        [VIA_PMU_ADB] = MAC_HAS_PMU | MAC_HAS_ADB,
    };
    const MacBoard board = {
        .rows = is_u3(mac) ? &mac_u3_rows : &mac_newworld_rows,
        .features = features[mac->via],
        .machine = &mac->parent,
        .cpu = mac->cpu,
        .pci = mac->bus,
        .rom_base = ROM_BASE,
        .timebase_frequency = mac->timebase_frequency,
        .clock_frequency = CLOCK_FREQUENCY,
        .bus_frequency = BUS_FREQUENCY,
    };

    return mac_firmware_init(&mac->firmware, &board, &mac->boot, errp);
}

static bool newworld_init(MachineState *machine, GError **errp)
{
    MacNewWorld *mac = (MacNewWorld *)machine;

    if (!mac->timebase_frequency || mac->timebase_frequency > CLOCK_FREQUENCY) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "timebase-frequency is %u Hz, not 1 to %u",
                  mac->timebase_frequency, CLOCK_FREQUENCY);
        return false;
    }
    mac->cpu = mac_create_cpu(machine, mac->timebase_frequency, true, errp);
    if (!mac->cpu || !mac_map_ram(machine, MAX_RAM, errp) ||
        !mac_create_rom(machine, &mac->rom, "ppc_core99.bios", ROM_BASE, errp) ||
        !create_devices(mac, errp) || !load(mac, errp)) {
        return false;
    }
    mac_describe(machine, mac->fw_cfg, &mac->boot, is_u3(mac) ? MACHINE_MAC99_U3 : MACHINE_MAC99,
                 mac->timebase_frequency, CLOCK_FREQUENCY, BUS_FREQUENCY);
    fw_cfg_set32(mac->fw_cfg, FW_CFG_PPC_NVRAM_ADDR, NVRAM_BASE);
    fw_cfg_set16(mac->fw_cfg, FW_CFG_PPC_VIACONFIG, (uint16_t)mac->via);
    if (mac->boot.has_display && !mac_add_drivers(mac->fw_cfg, errp)) {
        return false;
    }
    mac_resume_init(&mac->resume, mac->cpu, true);
    return cpu_start_thread(&mac->cpu->parent, errp);
}

static void newworld_reset(MachineState *machine, ShutdownCause cause)
{
    MacNewWorld *mac = (MacNewWorld *)machine;

    mac->resume.active = false;
    mac_reset(machine, cause, mac->fw_cfg, mac->cpu);
    /* A 970 does not begin in the ROM by itself: the board's service processor tells it where. */
    if (is_u3(mac)) {
        mac->cpu->env.nip = ROM_BASE + RESET_VECTOR;
    }
    mac_firmware_reset(&mac->firmware, cause);
}

static void newworld_print_pic(MachineState *machine, GString *out)
{
    openpic_print(macio_newworld_pic(((MacNewWorld *)machine)->macio), out);
}

static void newworld_print_irq(MachineState *machine, GString *out)
{
    openpic_print_counts(macio_newworld_pic(((MacNewWorld *)machine)->macio), out);
}

static bool newworld_nmi(MachineState *machine, int cpu_index, GError **errp)
{
    MacNewWorld *mac = (MacNewWorld *)machine;

    if (mac->via == VIA_CUDA) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "the programmer's switch is there with via=pmu and via=pmu-adb");
        return false;
    }
    macio_newworld_nmi(mac->macio);
    return true;
}

/* ---- The property via ---- */

static bool set_via(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    for (unsigned i = 0; value->kind == PROPERTY_STRING && i < N_VIA_KINDS; i++) {
        if (!g_strcmp0(value->s, via_names[i])) {
            ((MacNewWorld *)obj)->via = (ViaKind)i;
            return true;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID,
              "Invalid VIA type (via=): valid values are cuda, pmu and pmu-adb");
    return false;
}

static bool get_via(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    value->kind = PROPERTY_STRING;
    value->s = g_strdup(via_names[((MacNewWorld *)obj)->via]);
    return true;
}

static const Property newworld_properties[] = {
    DEFINE_PROP_CUSTOM("via", property_type_string, set_via, get_via,
                       "Set VIA configuration. Valid values are cuda, pmu and pmu-adb"),
    DEFINE_PROP_MAC_FIRMWARE(MacNewWorld),
    DEFINE_PROP_UINT32("timebase-frequency", MacNewWorld, timebase_frequency, TIMEBASE_FREQUENCY,
                       "Hz of the time base; a guest that began on QEMU 7.2 needs 100000000"),
    DEFINE_PROP_END_OF_LIST(),
};

#define MAC99(cpu)                                                                                 \
    .object = {.name = "mac99-machine",                                                            \
               .parent = &machine_class.object,                                                    \
               .description = "Mac99 based PowerMAC",                                              \
               .instance_size = sizeof(MacNewWorld),                                               \
               .properties = newworld_properties},                                                 \
    .machine_name = "mac99", .desc = "Mac99 based PowerMAC", .default_cpu = (cpu),                 \
    .default_ram_size = 128u << 20, .default_ram_id = "ppc_core99.ram", .max_cpus = 1,             \
    .min_cpus = 1, .default_cpus = 1, .ide_drives = true, .init = newworld_init,                   \
    .reset = newworld_reset, .print_pic = newworld_print_pic, .print_irq = newworld_print_irq,     \
    .nmi = newworld_nmi

static const MachineClass mac99_class = {MAC99("7400_v2.9")},
                          mac99_ppc64_class = {MAC99("970fx_v3.1")};

const MachineClass *const *mac_machine_classes(bool ppc64)
{
    static const MachineClass *const with_others[] = {&g3beige_class, &mac99_ppc64_class, NULL},
                                     *const by_default[] = {&g3beige_default_class, &mac99_class,
                                                            NULL};

    return ppc64 ? with_others : by_default;
}
