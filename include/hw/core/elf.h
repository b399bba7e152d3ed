/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of PowerPC in ELF format, of either class and byte order, as images of the machine's
 * memory.
 */
#ifndef HW_CORE_ELF_H
#define HW_CORE_ELF_H

#include "hw/core/machine.h"

typedef struct ElfProgram {
    uint64_t low, high;                 /* what it covers: [low, high) */
    uint64_t entry;                     /* where it was put */
    bool elf64, little;
} ElfProgram;

/* Does it begin as an ELF file does? */
bool elf_is(const uint8_t *data, uint64_t size);
/*
 * Puts the program's segments at (physical address & mask) + base, where they must lie in [first,
 * last]; at every reset (rom_take_blob()). False: the error is the reason alone.
 */
bool elf_load(const char *name, const uint8_t *data, uint64_t size, uint64_t mask, uint64_t base,
              uint64_t first, uint64_t last, ElfProgram *out, GError **errp);

#endif
