/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the hostile Mac guest share: random values that are mostly sensible, register
 * access, the machine's PCI devices.
 *
 * Memory (64 MiB):
 *   0x00800000 Record        0x01000000 this program    0x02000000 descriptors   0x02100000 guard
 *   0x02200000 data buffers  0x02600000 guard           0x04000000 the end
 */
#ifndef HOSTILE_GUEST_H
#define HOSTILE_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAM_SIZE     0x04000000u
#define RECORD_AT    0x00800000u
#define PROGRAM_AT   0x01000000u
#define PROGRAM_END  0x01300000u /* with the command line behind it */
#define DESC_AT      0x02000000u
#define DESC_SIZE    0x00080000u /* what begins there may be as long again */
#define GUARD_LOW    0x02100000u
#define DATA_AT      0x02200000u
#define DATA_SIZE    0x003c0000u /* likewise */
#define GUARD_HIGH   0x02600000u
#define GUARD_SIZE   0x00010000u
#define RECORD_MAGIC 0x484f5354u

/* What the driver reads, at RECORD_AT. */
typedef struct Record {
    uint32_t magic, starts, seed, subject, episodes, accesses, address, value;
    uint32_t guards_checked, guards_broken, broken_at, strict, n_devices, skipped;
    uint32_t runs[16]; /* episodes of each subject */
} Record;

#define record ((volatile Record *)RECORD_AT)

typedef struct PciFunction {
    uint32_t bridge; /* where its address register is */
    uint8_t slot;
    uint16_t vendor, device, class;
    uint32_t bars[6], sizes[6];
} PciFunction;

enum { MAX_FUNCTIONS = 24 };

typedef struct Guest {
    PciFunction functions[MAX_FUNCTIONS];
    unsigned n_functions;
    uint32_t macio; /* BAR, 0: not found */
    bool keylargo, pmu, strict;
    uint32_t io;     /* PCI I/O space as the processor sees it */
    uint32_t client; /* entry of the firmware's client interface */
} Guest;

extern Guest guest;

/* ---- Random ---- */

uint32_t rnd(void);
uint32_t below(uint32_t n);
bool one_in(uint32_t n);
/* One of the arguments. */
#define PICK(...)                                                                                  \
    ({                                                                                             \
        static const uint32_t pick_[] = {__VA_ARGS__};                                             \
        pick_[below(sizeof(pick_) / sizeof(*pick_))];                                              \
    })
/* An address for data, mostly in memory; one for descriptors. align: a power of two. */
uint32_t data_address(void);
uint32_t desc_address(uint32_t align);
/* Any 32 bits, but no address of the guards or of this program. */
uint32_t any_word(void);
/* A length: often a border of something. */
uint32_t any_length(void);

/* ---- Memory and registers ---- */

static inline uint8_t *memory(uint32_t address)
{
    return (uint8_t *)address;
}

void put_le32(uint32_t address, uint32_t value);
uint32_t get_le32(uint32_t address);
void put_le16(uint32_t address, uint16_t value);
void put_be32(uint32_t address, uint32_t value);
void fill(uint32_t address, const void *from, uint32_t size);

/* Registers; each is noted in the record. The big-endian ones by size. */
void out8(uint32_t address, uint8_t value);
void out16(uint32_t address, uint16_t value);
void out32(uint32_t address, uint32_t value);
void out_le16(uint32_t address, uint16_t value);
void out_le32(uint32_t address, uint32_t value);
uint8_t in8(uint32_t address);
uint16_t in16(uint32_t address);
uint32_t in32(uint32_t address);
uint32_t in_le32(uint32_t address);
/* One access, of random kind and size, somewhere in size bytes from base. */
void any_access(uint32_t base, uint32_t size);
/* Executes what is there; with luck it comes back. */
void call(uint32_t address);
void wait_us(uint32_t us);

/* ---- PCI ---- */

uint32_t pci_read(const PciFunction *f, uint32_t reg);
void pci_write(const PciFunction *f, uint32_t reg, uint32_t value);
const PciFunction *pci_find(uint16_t vendor, uint16_t device);
/* Every BAR and command register as it was. */
void pci_restore(void);
/* Bus mastering or decoding switched off, a BAR moved, of the function f or of any (NULL). */
void pci_disturb(const PciFunction *f);

/* ---- Subjects: one episode each ---- */

void fuzz_dbdma(void);
void fuzz_ide(void);
void fuzz_ohci(void);
void fuzz_gem(void);
void fuzz_nic(void);
void fuzz_via(void);
void fuzz_pic(void);
void fuzz_vga(void);
void fuzz_pci(void);
void fuzz_misc(void);
void fuzz_firmware(void);

#endif
