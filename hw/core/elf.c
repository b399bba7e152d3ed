/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF programs into memory.  System V gABI chapters 4 (header) and 5 (program header).
 * Files are not trusted: every offset and size is checked.
 */
#include "hw/core/elf.h"
#include <elf.h>
#include <string.h>
#include "util/bswap.h"
#include "util/error.h"

#define MAX_SEGMENT (1ull << 32)
#define MAX_CLEARED (1ull << 24)

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

#define ELF_FIELD(e, base, S, field)                                                               \
    ((e)->elf64                                                                                    \
         ? elf_get(e, (base) + offsetof(Elf64_##S, field), sizeof(((Elf64_##S *)0)->field))        \
         : elf_get(e, (base) + offsetof(Elf32_##S, field), sizeof(((Elf32_##S *)0)->field)))

static bool fail(GError **errp, const char *why)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "%s", why);
    return false;
}

bool elf_is(const uint8_t *data, uint64_t size)
{
    return size >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG);
}

bool elf_load(const char *name, const uint8_t *data, uint64_t size, uint64_t mask, uint64_t base,
              uint64_t first, uint64_t last, ElfProgram *out, GError **errp)
{
    ElfImage image = {data, size, size > EI_CLASS && data[EI_CLASS] == ELFCLASS64,
                      size > EI_DATA && data[EI_DATA] == ELFDATA2LSB};
    const ElfImage *e = &image;
    uint64_t phoff, entry;
    unsigned phnum, phentsize, machine, type;

    if (size < (e->elf64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
        return fail(errp, "its ELF header is damaged");
    }
    phoff = ELF_FIELD(e, 0, Ehdr, e_phoff);
    phnum = (unsigned)ELF_FIELD(e, 0, Ehdr, e_phnum);
    phentsize = (unsigned)ELF_FIELD(e, 0, Ehdr, e_phentsize);
    machine = (unsigned)ELF_FIELD(e, 0, Ehdr, e_machine);
    type = (unsigned)ELF_FIELD(e, 0, Ehdr, e_type);
    entry = ELF_FIELD(e, 0, Ehdr, e_entry);
    if (machine != EM_PPC && machine != EM_PPC64) {
        return fail(errp, "it is an ELF file for another architecture");
    }
    if (type != ET_EXEC && type != ET_DYN) {
        return fail(errp, "it is an ELF file, but no program");
    }
    if (phentsize < (e->elf64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || !phnum ||
        phoff > e->size || (uint64_t)phnum * phentsize > e->size - phoff) {
        return fail(errp, "its ELF program headers are damaged");
    }
    /* An entry point in no segment is an address like theirs. */
    *out = (ElfProgram){
        .low = UINT64_MAX, .entry = (entry & mask) + base, .elf64 = e->elf64, .little = e->little};
    for (unsigned i = 0; i < phnum; i++) {
        size_t ph = phoff + (size_t)i * phentsize;
        uint64_t offset, filesz, memsz, vaddr, at;
        g_autofree uint8_t *copy = NULL;

        if (ELF_FIELD(e, ph, Phdr, p_type) != PT_LOAD) {
            continue;
        }
        offset = ELF_FIELD(e, ph, Phdr, p_offset);
        filesz = ELF_FIELD(e, ph, Phdr, p_filesz);
        memsz = ELF_FIELD(e, ph, Phdr, p_memsz);
        vaddr = ELF_FIELD(e, ph, Phdr, p_vaddr);
        if (offset > e->size || filesz > e->size - offset || memsz < filesz ||
            memsz > MAX_SEGMENT) {
            return fail(errp, "an ELF segment lies outside the file or is too large");
        }
        if (!memsz) {
            continue;
        }
        at = (ELF_FIELD(e, ph, Phdr, p_paddr) & mask) + base;
        if (at < first || at > last || memsz - 1 > last - at) {
            return fail(errp, "it does not fit in memory (-m)");
        }
        /* What is cleared but not in the file costs memory only when it is touched. */
        bool touch = memsz - filesz < MAX_CLEARED;
        copy = touch ? image_alloc(memsz) : g_try_malloc0(memsz);
        if (!copy) {
            return fail(errp, "a segment is too large");
        }
        memcpy(copy, e->data + offset, filesz);
        if (touch) {
            memset(copy + filesz, 0, memsz - filesz);
        }
        if (!rom_take_blob(name, g_steal_pointer(&copy), memsz, at, errp)) {
            return false;
        }
        if (entry >= vaddr && entry - vaddr < memsz) {
            out->entry = at + (entry - vaddr);
        }
        out->low = MIN(out->low, at);
        out->high = MAX(out->high, at + memsz);
    }
    return out->high ? true : fail(errp, "it has nothing to load");
}
