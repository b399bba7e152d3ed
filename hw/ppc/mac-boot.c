/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware and kernels of Power Macs.  OpenBIOS (arch/ppc/qemu/init.c and kernel.c of its sources)
 * reads from fw_cfg where the machine has put a kernel; without one it looks for a drive.
 */
#include <string.h>
#include "mac-boot.h"
#include "hw/core/elf.h"
#include "hw/nvram/fw-cfg.h"
#include "util/error.h"

#define KERNEL_BASE 0x01000000u
#define KERNEL_ADDRESS_MASK 0x0fffffffull
#define GAP                 0x00100000u /* behind a kernel, which uses memory there at first */
#define PAGE 0x1000u
#define MAX_FILE (1ull << 31)
#define NDRV "qemu_vga.ndrv"
#define NDRV_LIMIT (1u << 20)
#define BOOT_KERNEL 'm'
#define DEFAULT_WIDTH 800
#define DEFAULT_HEIGHT 600
#define DEFAULT_DEPTH 32
#define THOUSANDS 15                    /* of colours */

static uint32_t page_align(uint64_t address)
{
    return (uint32_t)((address + PAGE - 1) & ~(uint64_t)(PAGE - 1));
}

static bool fail(GError **errp, const char *what, const char *file, const char *why)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "could not load %s '%s': %s", what,
                file, why);
    return false;
}

/* At base, in memory. Takes data. */
static bool load_flat(MachineState *machine, const char *what, const char *file, uint8_t *data,
                      uint64_t size, uint64_t base, GError **errp)
{
    if (base > machine->ram_size || size > machine->ram_size - base) {
        g_free(data);
        return fail(errp, what, file, "it does not fit in memory (-m)");
    }
    return rom_take_blob(file, data, size, base, errp);
}

static bool load_kernel_image(MachineState *machine, MacBoot *boot, GError **errp)
{
    const char *file = machine->kernel_filename;
    g_autofree uint8_t *data = NULL;
    g_autoptr(GError) error = NULL;
    ElfProgram program;
    uint64_t size;

    if (!image_read(file, MAX_FILE, &data, &size, &error)) {
        return fail(errp, "kernel", file, error->message);
    }
    boot->kernel_base = KERNEL_BASE;
    if (!elf_is(data, size)) {
        boot->kernel_size = (uint32_t)size;
        boot->kernel_entry = KERNEL_BASE;
        return load_flat(machine, "kernel", file, g_steal_pointer(&data), size, KERNEL_BASE, errp);
    }
    if (!elf_load(file, data, size, KERNEL_ADDRESS_MASK, KERNEL_BASE, KERNEL_BASE,
                  machine->ram_size - 1, &program, &error)) {
        return fail(errp, "kernel", file, error->message);
    }
    boot->kernel_size = (uint32_t)(program.high - KERNEL_BASE);
    boot->kernel_entry = (uint32_t)program.entry;
    return true;
}

static bool load_initrd(MachineState *machine, MacBoot *boot, GError **errp)
{
    const char *file = machine->initrd_filename;
    g_autofree uint8_t *data = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t size;

    if (!image_read(file, MAX_FILE, &data, &size, &error)) {
        return fail(errp, "initial ram disk", file, error->message);
    }
    boot->initrd_base = page_align((uint64_t)boot->kernel_base + boot->kernel_size + GAP);
    boot->initrd_size = (uint32_t)size;
    return load_flat(machine, "initial ram disk", file, g_steal_pointer(&data), size,
                     boot->initrd_base, errp);
}

bool mac_load_kernel(MachineState *machine, MacBoot *boot, GError **errp)
{
    const char *text = machine->kernel_cmdline;

    boot->kernel_base = boot->kernel_size = boot->kernel_entry = boot->initrd_base =
        boot->initrd_size = boot->cmdline_base = 0;
    if (!machine->kernel_filename) {
        if (machine->initrd_filename) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "-initrd only allowed with -kernel option");
        }
        return !machine->initrd_filename;
    }
    if (!load_kernel_image(machine, boot, errp) ||
        (machine->initrd_filename && !load_initrd(machine, boot, errp))) {
        return false;
    }
    if (!text) {
        return true;
    }
    boot->cmdline_base = boot->initrd_size
                             ? page_align((uint64_t)boot->initrd_base + boot->initrd_size)
                             : page_align((uint64_t)boot->kernel_base + boot->kernel_size + GAP);
    if (strlen(text) >= PAGE) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "the kernel's command line (-append) has more than %u bytes", PAGE - 1);
        return false;
    }
    return load_flat(machine, "command line", "-append", (uint8_t *)g_strdup(text),
                     strlen(text) + 1, boot->cmdline_base, errp);
}

bool mac_add_drivers(DeviceState *fw_cfg, GError **errp)
{
    g_autofree char *path = machine_find_file(NDRV);
    g_autofree uint8_t *data = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t size;

    if (!path) {
        return true;
    }
    if (!image_read(path, NDRV_LIMIT, &data, &size, &error)) {
        return fail(errp, "driver", path, error->message);
    }
    return fw_cfg_add_file(fw_cfg, "ndrv/" NDRV, data, (uint32_t)size, errp);
}

void mac_set_boot_device(MachineState *machine, DeviceState *fw_cfg)
{
    const char *order = machine->boot_once    ? machine->boot_once
                        : machine->boot_order ? machine->boot_order
                                              : "cd";
    uint16_t device = 0;

    /* OpenBIOS knows floppies, disks, CDs and the network by letters. */
    for (; *order && !device; order++) {
        device = *order >= 'a' && *order <= 'f' ? (uint16_t)*order : 0;
    }
    fw_cfg_set16(fw_cfg, FW_CFG_BOOT_DEVICE, machine->kernel_filename ? BOOT_KERNEL : device);
}

/* Macs know 256, thousands and millions of colours. */
static bool is_mac_depth(unsigned depth)
{
    return depth == 8 || depth == THOUSANDS || depth == 32;
}

MacDisplayMode mac_display_mode(const MachineState *machine)
{
    return (MacDisplayMode){
        .width = machine->graphic_width ? machine->graphic_width : DEFAULT_WIDTH,
        .height = machine->graphic_height ? machine->graphic_height : DEFAULT_HEIGHT,
        .depth = is_mac_depth(machine->graphic_depth) ? machine->graphic_depth
                 : machine->graphic_depth             ? THOUSANDS
                                                      : DEFAULT_DEPTH,
    };
}

void mac_describe(MachineState *machine, DeviceState *fw_cfg, const MacBoot *boot,
                  uint16_t machine_id, uint32_t timebase_frequency, uint32_t clock_frequency,
                  uint32_t bus_frequency)
{
    const MacDisplayMode mode = mac_display_mode(machine);

    fw_cfg_set16(fw_cfg, FW_CFG_NB_CPUS, (uint16_t)machine->smp.cpus);
    fw_cfg_set16(fw_cfg, FW_CFG_MAX_CPUS, (uint16_t)machine->smp.max_cpus);
    fw_cfg_set64(fw_cfg, FW_CFG_RAM_SIZE, machine->ram_size);
    fw_cfg_set16(fw_cfg, FW_CFG_MACHINE_ID, machine_id);
    fw_cfg_set16(fw_cfg, FW_CFG_BOOT_MENU, machine->boot_menu);
    fw_cfg_set_bytes(fw_cfg, FW_CFG_UUID, machine->uuid, sizeof(machine->uuid));
    /* The firmware's console is the display, or else the first serial port. */
    fw_cfg_set16(fw_cfg, FW_CFG_NOGRAPHIC, !machine->graphics || !boot->has_display);
    fw_cfg_set32(fw_cfg, FW_CFG_KERNEL_ADDR, boot->kernel_base);
    fw_cfg_set32(fw_cfg, FW_CFG_KERNEL_SIZE, boot->kernel_size);
    fw_cfg_set32(fw_cfg, FW_CFG_KERNEL_CMDLINE, boot->cmdline_base);
    fw_cfg_set32(fw_cfg, FW_CFG_INITRD_ADDR, boot->initrd_base);
    fw_cfg_set32(fw_cfg, FW_CFG_INITRD_SIZE, boot->initrd_size);
    fw_cfg_set16(fw_cfg, FW_CFG_PPC_WIDTH, (uint16_t)mode.width);
    fw_cfg_set16(fw_cfg, FW_CFG_PPC_HEIGHT, (uint16_t)mode.height);
    fw_cfg_set16(fw_cfg, FW_CFG_PPC_DEPTH, (uint16_t)mode.depth);
    fw_cfg_set32(fw_cfg, FW_CFG_PPC_IS_KVM, 0);
    fw_cfg_set32(fw_cfg, FW_CFG_PPC_TBFREQ, timebase_frequency);
    fw_cfg_set32(fw_cfg, FW_CFG_PPC_CLOCKFREQ, clock_frequency);
    fw_cfg_set32(fw_cfg, FW_CFG_PPC_BUSFREQ, bus_frequency);
    mac_set_boot_device(machine, fw_cfg);
}
