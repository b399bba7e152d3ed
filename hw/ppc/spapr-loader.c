/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of the sPAPR machine: firmware (-bios), kernel (ELF of either class and endianness, among
 * them zImages, or a flat binary) and initial RAM disk.  They are copied into memory at every
 * reset.
 */
#include <libfdt.h>
#include <string.h>
#include "spapr-internal.h"
#include "hw/core/elf.h"
#include "util/error.h"

#define KERNEL_LOAD_ADDRESS 0x00400000ull
#define MAX_FILE (1ull << 31)

static bool fail(GError **errp, const char *file, const char *why)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "could not load kernel '%s': %s",
                file, why);
    return false;
}

/* Kernels are linked at a high virtual address: only its low 28 bits say where they want to lie. */
#define KERNEL_ADDRESS_MASK 0x0fffffffull

static bool load_elf(SpaprMachine *spapr, const char *file, const uint8_t *data, uint64_t size,
                     GError **errp)
{
    ElfProgram program;
    g_autoptr(GError) error = NULL;

    if (!elf_load(file, data, size, KERNEL_ADDRESS_MASK, spapr->kernel_addr, 0,
                  spapr->parent.ram_size - 1, &program, &error)) {
        return fail(errp, file, error->message);
    }
    spapr->kernel_size = program.high - program.low;
    spapr->kernel_addr = program.low;
    spapr->kernel_entry = program.entry;
    spapr->kernel_le = program.little;
    spapr->kernel_32bit = !program.elf64;
    return true;
}

static bool load_kernel(SpaprMachine *spapr, const char *file, GError **errp)
{
    g_autofree uint8_t *data = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t size;

    if (!image_read(file, MAX_FILE, &data, &size, &error)) {
        return fail(errp, file, error->message);
    }
    spapr->kernel_addr =
        spapr->kernel_addr_option ? spapr->kernel_addr_option : KERNEL_LOAD_ADDRESS;
    if (elf_is(data, size)) {
        return load_elf(spapr, file, data, size, errp);
    }
    /* A flat binary is entered at its first byte. */
    if (spapr->kernel_addr > spapr->parent.ram_size ||
        size > spapr->parent.ram_size - spapr->kernel_addr) {
        return fail(errp, file, "it does not fit in memory (-m)");
    }
    spapr->kernel_size = size;
    spapr->kernel_entry = spapr->kernel_addr;
    return rom_take_blob(file, g_steal_pointer(&data), size, spapr->kernel_addr, errp);
}

static bool load_initrd(SpaprMachine *spapr, const char *file, GError **errp)
{
    uint64_t base = (spapr->kernel_addr + spapr->kernel_size + 0x1ffff) & ~0xffffull;
    g_autofree uint8_t *data = NULL;
    uint64_t size;

    if (!image_read(file, MAX_FILE, &data, &size, errp)) {
        g_prefix_error(errp, "could not load initial ram disk '%s': ", file);
        return false;
    }
    if (base > spapr->rma_size || size > spapr->rma_size - base) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "could not load initial ram disk '%s': it does not fit in memory (-m)", file);
        return false;
    }
    spapr->initrd_base = base;
    spapr->initrd_size = size;
    return rom_take_blob(file, g_steal_pointer(&data), size, base, errp);
}

static bool load_dtb(SpaprMachine *spapr, const char *file, GError **errp)
{
    uint64_t size;

    if (!image_read(file, SPAPR_FDT_MAX_SIZE, &spapr->dtb, &size, errp)) {
        g_prefix_error(errp, "could not load device tree '%s': ", file);
        return false;
    }
    if (fdt_check_full(spapr->dtb, size)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "could not load device tree '%s': it is not a flattened device tree", file);
        return false;
    }
    return true;
}

/* The device tree is written over whatever lies at its place. */
static bool check_tree_place(SpaprMachine *spapr, GError **errp)
{
    const struct { const char *what, *file; uint64_t base, size; } images[] = {
        {"kernel", spapr->parent.kernel_filename, spapr->kernel_addr, spapr->kernel_size},
        {"initial ram disk", spapr->parent.initrd_filename, spapr->initrd_base, spapr->initrd_size},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(images); i++) {
        if (images[i].size && images[i].base < spapr->fdt_addr + SPAPR_FDT_MAX_SIZE &&
            spapr->fdt_addr < images[i].base + images[i].size) {
            g_set_error(
                errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                "could not load %s '%s': it does not fit in memory beside the device tree (-m)",
                images[i].what, images[i].file);
            return false;
        }
    }
    return true;
}

bool spapr_load_images(SpaprMachine *spapr, GError **errp)
{
    MachineState *machine = &spapr->parent;

    if (machine->dtb && !load_dtb(spapr, machine->dtb, errp)) {
        return false;
    }
    if (machine->kernel_filename && !load_kernel(spapr, machine->kernel_filename, errp)) {
        return false;
    }
    if (machine->initrd_filename) {
        if (!machine->kernel_filename) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "-initrd only allowed with -kernel option");
            return false;
        }
        if (!load_initrd(spapr, machine->initrd_filename, errp)) {
            return false;
        }
    }
    if (!check_tree_place(spapr, errp)) {
        return false;
    }
    if (!spapr->vof && (machine->firmware || !machine->kernel_filename)) {
        const char *name = machine->firmware ? machine->firmware : "slof.bin";
        g_autofree char *file = machine_find_file(name);

        if (!file) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND,
                        "Could not find LPAR firmware '%s'%s", name,
                        machine->firmware
                            ? ""
                            : " (Debian: package qemu-system-data), and there is no -kernel");
            return false;
        }
        if (!rom_add_file(file, 0, MIN(spapr->rma_size, 16u << 20), &spapr->firmware_size, errp)) {
            return false;
        }
    }
    return true;
}
