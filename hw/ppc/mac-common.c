/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor, memory and ROM of Power Macs.
 */
#include "mac-boot.h"
#include "hw/core/elf.h"
#include "target/ppc/cpu.h"
#include "util/error.h"

#define FIRMWARE "openbios-ppc"
#define TOP (1ull << 32)

struct PowerPCCPU *mac_create_cpu(MachineState *machine, uint64_t timebase_frequency, bool allow_64,
                                  GError **errp)
{
    const PowerPCCPUClass *model = ppc_model_find(machine->cpu_type);
    PowerPCCPU *cpu;

    if (!model) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND, "unable to find CPU model '%s'",
                    machine->cpu_type);
        return NULL;
    }
    if ((model->insns & ISA_64) && !(allow_64 && g_str_has_prefix(model->name, "970"))) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "Only %s supported on this machine: '%s' is another",
                    allow_64 ? "6xx and 970 buses are" : "6xx bus is", model->name);
        return NULL;
    }
    cpu = ppc_cpu_create(model, 0, errp);
    if (cpu) {
        ppc_time_init(cpu, timebase_frequency);
    }
    return cpu;
}

static void external_interrupt(void *opaque, int n, int level)
{
    ppc_set_interrupt(opaque, PPC_INTERRUPT_EXT, level);
}

IRQLine *mac_cpu_interrupt(struct PowerPCCPU *cpu)
{
    return irq_new(external_interrupt, cpu, 0);
}

bool mac_map_ram(MachineState *machine, uint64_t max, GError **errp)
{
    if (machine->ram_size > max) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "Too much memory for this machine: %" PRIu64 " MB, maximum %" PRIu64 " MB",
                    machine->ram_size >> 20, max >> 20);
        return false;
    }
    memory_region_add_subregion(machine->system_memory, 0, machine->ram);
    return true;
}

Chardev *mac_serial(const MachineState *machine, unsigned n)
{
    return n < machine->serial->len ? g_ptr_array_index(machine->serial, n) : NULL;
}

static bool fail(GError **errp, const char *file, const char *why)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "could not load firmware '%s': %s",
                file, why);
    return false;
}

static const char *firmware_name(const MachineState *machine)
{
    return machine->firmware ? machine->firmware : FIRMWARE;
}

char *mac_firmware_file(const MachineState *machine)
{
    return machine_find_file(firmware_name(machine));
}

bool mac_load_firmware(MachineState *machine, uint32_t base, GError **errp)
{
    uint64_t max = TOP - base, size;
    g_autofree char *file = mac_firmware_file(machine);
    g_autofree uint8_t *data = NULL;
    g_autoptr(GError) error = NULL;
    ElfProgram program;

    if (!file) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND,
                    "Could not find the firmware '%s'%s", firmware_name(machine),
                    machine->firmware ? "" : " (Debian: package qemu-system-data)");
        return false;
    }
    if (!image_read(file, max * 16, &data, &size, &error)) {
        return fail(errp, file, error->message);
    }
    if (elf_is(data, size)) {
        return elf_load(file, data, size, UINT32_MAX, 0, base, TOP - 1, &program, &error) ||
               fail(errp, file, error->message);
    }
    if (size > max) {
        g_autofree char *why = g_strdup_printf("it is larger than %" PRIu64 " MiB", max >> 20);

        return fail(errp, file, why);
    }
    return rom_add_blob(file, data, size, base, errp);
}

bool mac_create_rom(MachineState *machine, MemoryRegion *rom, const char *name, uint32_t base,
                    GError **errp)
{
    if (!memory_region_init_rom(rom, machine, name, TOP - base, errp)) {
        return false;
    }
    memory_region_add_subregion(machine->system_memory, base, rom);
    return true;
}

void mac_reset(MachineState *machine, ShutdownCause cause, DeviceState *fw_cfg,
               struct PowerPCCPU *cpu)
{
    reset_run_all(cause == SHUTDOWN_CAUSE_SNAPSHOT_LOAD ? RESET_TYPE_SNAPSHOT_LOAD
                                                        : RESET_TYPE_COLD);
    if (cause != SHUTDOWN_CAUSE_NONE) {
        g_clear_pointer(&machine->boot_once, g_free);
    }
    mac_set_boot_device(machine, fw_cfg);
    cpu_reset(&cpu->parent);
}
