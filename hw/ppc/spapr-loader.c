/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of the sPAPR machine: firmware (-bios), kernel (ELF of either class and endianness, among them
 * zImages, or a flat binary) and initial RAM disk.  They are copied into memory at every reset.
 * ELF: System V gABI chapter 5 (program header).
 */
#include <elf.h>
#include <libfdt.h>
#include <string.h>
#include "spapr-internal.h"
#include "util/bswap.h"
#include "util/error.h"

#define KERNEL_LOAD_ADDRESS 0x00400000ull
#define MAX_SEGMENT (1ull << 32)
#define MAX_FILE (1ull << 31)

typedef struct ElfImage {
    const uint8_t *data;
    size_t size;
    bool elf64, little;
} ElfImage;

static uint64_t elf_get(const ElfImage *e, size_t offset, unsigned size)
{
    const uint8_t *p = e->data + offset;

    if (offset > e->size || size > e->size - offset) {
        return 0;
    }
    switch (size) {
    case 2:
        return e->little ? lduw_le_p(p) : lduw_be_p(p);
    case 4:
        return e->little ? (uint32_t)ldl_le_p(p) : (uint32_t)ldl_be_p(p);
    default:
        return e->little ? ldq_le_p(p) : ldq_be_p(p);
    }
}

#define ELF_FIELD(e, base, S, field)                                                                    \
    ((e)->elf64 ? elf_get(e, (base) + offsetof(Elf64_##S, field), sizeof(((Elf64_##S *)0)->field))      \
                : elf_get(e, (base) + offsetof(Elf32_##S, field), sizeof(((Elf32_##S *)0)->field)))

static bool fail(GError **errp, const char *file, const char *why)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "could not load kernel '%s': %s", file, why);
    return false;
}

/* Kernels are linked at a high virtual address: only its low 28 bits say where they want to lie. */
static uint64_t translate(SpaprMachine *spapr, uint64_t address)
{
    return (address & 0x0fffffff) + spapr->kernel_addr;
}

static bool load_elf(SpaprMachine *spapr, const char *file, const ElfImage *e, GError **errp)
{
    uint64_t phoff = ELF_FIELD(e, 0, Ehdr, e_phoff);
    unsigned phnum = ELF_FIELD(e, 0, Ehdr, e_phnum), phentsize = ELF_FIELD(e, 0, Ehdr, e_phentsize);
    unsigned machine = ELF_FIELD(e, 0, Ehdr, e_machine), type = ELF_FIELD(e, 0, Ehdr, e_type);
    uint64_t entry = ELF_FIELD(e, 0, Ehdr, e_entry), low = UINT64_MAX, high = 0;
    uint64_t entry_offset = 0;
    bool found = false;

    if (machine != EM_PPC && machine != EM_PPC64) {
        return fail(errp, file, "it is an ELF file for another architecture");
    }
    if (type != ET_EXEC && type != ET_DYN) {
        return fail(errp, file, "it is an ELF file, but no program");
    }
    if (phentsize < (e->elf64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || !phnum || phoff > e->size ||
        (uint64_t)phnum * phentsize > e->size - phoff) {
        return fail(errp, file, "its ELF program headers are damaged");
    }
    for (unsigned i = 0; i < phnum; i++) {
        size_t ph = phoff + (size_t)i * phentsize;
        uint64_t offset, filesz, memsz, paddr, vaddr, at;
        g_autofree uint8_t *copy = NULL;

        if (ELF_FIELD(e, ph, Phdr, p_type) != PT_LOAD) {
            continue;
        }
        offset = ELF_FIELD(e, ph, Phdr, p_offset);
        filesz = ELF_FIELD(e, ph, Phdr, p_filesz);
        memsz = ELF_FIELD(e, ph, Phdr, p_memsz);
        paddr = ELF_FIELD(e, ph, Phdr, p_paddr);
        vaddr = ELF_FIELD(e, ph, Phdr, p_vaddr);
        if (offset > e->size || filesz > e->size - offset || memsz < filesz || memsz > MAX_SEGMENT) {
            return fail(errp, file, "an ELF segment lies outside the file or is too large");
        }
        if (!memsz) {
            continue;
        }
        at = translate(spapr, paddr);
        if (at > spapr->parent.ram_size || memsz > spapr->parent.ram_size - at) {
            return fail(errp, file, "it does not fit in memory (-m)");
        }
        copy = g_try_malloc0(memsz);
        if (!copy) {
            return fail(errp, file, "a segment is too large");
        }
        memcpy(copy, e->data + offset, filesz);
        if (!rom_add_blob(file, copy, memsz, at, errp)) {
            return false;
        }
        if (entry >= vaddr && entry - vaddr < memsz) {
            entry_offset = at + (entry - vaddr);
            found = true;
        }
        low = MIN(low, at);
        high = MAX(high, at + memsz);
    }
    if (high == 0) {
        return fail(errp, file, "it has nothing to load");
    }
    spapr->kernel_size = high - low;
    spapr->kernel_addr = low;
    spapr->kernel_entry = found ? entry_offset : translate(spapr, entry);
    spapr->kernel_le = e->little;
    spapr->kernel_32bit = !e->elf64;
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
    spapr->kernel_addr = spapr->kernel_addr_option ? spapr->kernel_addr_option : KERNEL_LOAD_ADDRESS;
    if (size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG)) {
        ElfImage e = {data, size, size > EI_CLASS && data[EI_CLASS] == ELFCLASS64,
                      size > EI_DATA && data[EI_DATA] == ELFDATA2LSB};

        if (size < (e.elf64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
            return fail(errp, file, "its ELF header is damaged");
        }
        return load_elf(spapr, file, &e, errp);
    }
    /* A flat binary is entered at its first byte. */
    if (spapr->kernel_addr > spapr->parent.ram_size || size > spapr->parent.ram_size - spapr->kernel_addr) {
        return fail(errp, file, "it does not fit in memory (-m)");
    }
    spapr->kernel_size = size;
    spapr->kernel_entry = spapr->kernel_addr;
    return rom_add_blob(file, data, size, spapr->kernel_addr, errp);
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
    return rom_add_blob(file, data, size, base, errp);
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
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
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
                        machine->firmware ? "" : " (Debian: package qemu-system-data), and there is no -kernel");
            return false;
        }
        if (!rom_add_file(file, 0, MIN(spapr->rma_size, 16u << 20), &spapr->firmware_size, errp)) {
            return false;
        }
    }
    return true;
}
