/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random values, access, PCI configuration for the hostile Mac guest. */
#include "guest.h"

#define GRACKLE_ADDRESS           0xfec00000u
#define GRACKLE_IO                0xfe000000u
#define UNINORTH_AGP              0xf0800000u
#define UNINORTH_PCI              0xf2800000u
#define UNINORTH_INTERNAL         0xf4800000u
#define UNINORTH_IO               0xf2000000u
#define DATA_FROM_ADDRESS(bridge) ((bridge) == GRACKLE_ADDRESS ? 0xfee00000u : (bridge) + 0x400000u)
enum { PCI_COMMAND = 0x04, PCI_BAR = 0x10, PCI_CLASS = 0x08, COMMAND_ALL = 7 };

void seed_random(uint32_t seed);
void pci_scan(void);

/* ---- Random ---- */

static uint32_t state[2];

void seed_random(uint32_t seed)
{
    state[0] = seed * 2654435761u + 0x9e3779b9u;
    state[1] = seed ^ 0x6a09e667u;
    for (unsigned i = 0; i < 20; i++) {
        rnd();
    }
}

/* A multiply-with-carry generator. */
uint32_t rnd(void)
{
    uint64_t next = (uint64_t)state[0] * 4294957665u + state[1];

    state[0] = (uint32_t)next;
    state[1] = (uint32_t)(next >> 32);
    return state[0] ^ state[1];
}

uint32_t below(uint32_t n)
{
    return (uint32_t)((uint64_t)rnd() * n >> 32);
}

bool one_in(uint32_t n)
{
    return below(n) == 0;
}

uint32_t any_word(void)
{
    uint32_t word = PICK(0, 1, 2, 3, 4, 5, 6, 7);

    switch (word) {
    case 0:
        return PICK(0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0xffff, 0x10000, 0xff);
    case 1:
        word = 1u << below(32);
        return word == RECORD_AT || word == PROGRAM_AT ? 2 : word;
    case 2:
        return ~(1u << below(32));
    case 3:
        return below(256);
    default:
        word = rnd();
    }
    /* Not where it would end this program, or what the guards are for. */
    return word < RAM_SIZE ? DESC_AT + word % DESC_SIZE : word;
}

uint32_t any_length(void)
{
    switch (below(4)) {
    case 0:
        return PICK(0, 1, 2, 3, 4, 7, 8, 12, 13, 15, 16, 17, 18, 36, 60, 64);
    case 1:
        return PICK(511, 512, 513, 1023, 1024, 1500, 1514, 1518, 2048, 2352, 4095, 4096, 4097, 8191,
                    8192, 16384, 32767, 32768, 65534, 65535);
    case 2:
        return below(4096);
    default:
        return below(65536);
    }
}

static uint32_t register_address(void)
{
    const PciFunction *f = &guest.functions[below(guest.n_functions ? guest.n_functions : 1)];
    unsigned bar = below(6);

    if (one_in(3)) {
        return guest.macio +
               PICK(0, 0x8000, 0x8b00, 0x8d00, 0x13000, 0x16000, 0x20000, 0x40000, 0x60000) +
               (rnd() & 0x3c);
    }
    if (f->bars[bar] && f->sizes[bar]) {
        return f->bars[bar] + below(f->sizes[bar] < 0x10000 ? f->sizes[bar] : 0x10000);
    }
    return 0xfff00000u + (rnd() & 0xffffc);
}

uint32_t data_address(void)
{
    uint32_t at = DATA_AT + below(DATA_SIZE);

    switch (below(16)) {
    case 0:
        return RAM_SIZE - below(one_in(2) ? 64 : 70000);
    case 1:
        return register_address();
    case 2:
        return any_word();
    case 3:
        return at;
    default:
        return at & ~15u;
    }
}

uint32_t desc_address(uint32_t align)
{
    return DESC_AT + (below(DESC_SIZE) & ~(align - 1));
}

/* ---- Memory and registers ---- */

void put_le32(uint32_t address, uint32_t value)
{
    __asm__ volatile("stwbrx %0,0,%1" : : "r"(value), "r"(address) : "memory");
}

uint32_t get_le32(uint32_t address)
{
    uint32_t value;

    __asm__ volatile("lwbrx %0,0,%1" : "=r"(value) : "r"(address) : "memory");
    return value;
}

void put_le16(uint32_t address, uint16_t value)
{
    __asm__ volatile("sthbrx %0,0,%1" : : "r"(value), "r"(address) : "memory");
}

void put_be32(uint32_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

void fill(uint32_t address, const void *from, uint32_t size)
{
    volatile uint8_t *to = (volatile uint8_t *)address;

    for (uint32_t i = 0; i < size; i++) {
        to[i] = ((const uint8_t *)from)[i];
    }
}

/* The compiler makes calls of these. */
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

void *memset(void *to, int byte, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((volatile uint8_t *)to)[i] = (uint8_t)byte;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    fill((uint32_t)to, from, size);
    return to;
}

static void note(uint32_t address, uint32_t value)
{
    record->address = address;
    record->value = value;
    record->accesses++;
}

void out8(uint32_t address, uint8_t value)
{
    note(address, value);
    *(volatile uint8_t *)address = value;
}

void out16(uint32_t address, uint16_t value)
{
    note(address, value);
    *(volatile uint16_t *)address = value;
}

void out32(uint32_t address, uint32_t value)
{
    note(address, value);
    *(volatile uint32_t *)address = value;
}

void out_le16(uint32_t address, uint16_t value)
{
    note(address, value);
    put_le16(address, value);
}

void out_le32(uint32_t address, uint32_t value)
{
    note(address, value);
    put_le32(address, value);
}

uint8_t in8(uint32_t address)
{
    note(address, 8);
    return *(volatile uint8_t *)address;
}

uint16_t in16(uint32_t address)
{
    note(address, 16);
    return *(volatile uint16_t *)address;
}

uint32_t in32(uint32_t address)
{
    note(address, 32);
    return *(volatile uint32_t *)address;
}

uint32_t in_le32(uint32_t address)
{
    note(address, 32);
    return get_le32(address);
}

/* Eight bytes at once, by the floating-point unit. */
static void access64(uint32_t address, bool write)
{
    static uint64_t value;

    note(address, 64);
    if (write) {
        value = (uint64_t)any_word() << 32 | any_word();
        __asm__ volatile("lfd 0,0(%0); stfd 0,0(%1)"
                         :
                         : "b"(&value), "b"(address)
                         : "fr0", "memory");
    } else {
        __asm__ volatile("lfd 0,0(%0)" : : "b"(address) : "fr0", "memory");
    }
}

/* What nobody does with registers: several at once, in pieces, by the cache's line, with a
 * reservation. */
static void odd_access(uint32_t address, uint32_t word)
{
    note(address, word);
    switch (below(8)) {
    case 0:
        __asm__ volatile("stmw 28,0(%0)" : : "b"(address & ~3u) : "memory");
        break;
    case 1:
        __asm__ volatile("lmw 28,0(%0)"
                         :
                         : "b"(address & ~3u)
                         : "r28", "r29", "r30", "r31", "memory");
        break;
    case 2:
        __asm__ volatile("stswi %0,%1,13" : : "r"(word), "b"(address) : "memory");
        break;
    case 3:
        __asm__ volatile("dcbz 0,%0" : : "r"(address) : "memory");
        break;
    case 4:
        __asm__ volatile("1: lwarx 0,0,%0; stwcx. %1,0,%0"
                         :
                         : "r"(address & ~3u), "r"(word)
                         : "r0", "cr0", "memory");
        break;
    case 5:
        __asm__ volatile("dcbf 0,%0; dcbst 0,%0; icbi 0,%0; dcbt 0,%0" : : "r"(address) : "memory");
        break;
    case 6:
        __asm__ volatile("sthu %1,2(%0)" : "+b"(address) : "r"(word) : "memory");
        break;
    default:
        __asm__ volatile("lhau 0,-2(%0)" : "+b"(address) : : "r0", "memory");
    }
}

void call(uint32_t address)
{
    note(address, 0);
    __asm__ volatile("mtctr %0; bctrl"
                     :
                     : "r"(address)
                     : "ctr", "lr", "r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11",
                       "r12", "cr0", "cr1", "cr5", "cr6", "cr7", "xer", "memory");
}

void any_access(uint32_t base, uint32_t size)
{
    uint32_t at = base + below(size), word = any_word();

    switch (below(17)) {
    case 16:
        odd_access(at, word);
        break;
    case 0:
        in8(at);
        break;
    case 1:
        in16(at & ~1u);
        break;
    case 2:
        in_le32(at & ~3u);
        break;
    case 3:
        in32(at); /* perhaps across a border */
        break;
    case 4:
        access64(at & ~7u, one_in(2));
        break;
    case 5:
        out32(at, word);
        break;
    case 6:
    case 7:
    case 8:
        out8(at, (uint8_t)word);
        break;
    case 9:
        out16(at & ~1u, (uint16_t)word);
        break;
    case 10:
        out_le16(at & ~1u, (uint16_t)word);
        break;
    case 11:
        out32(at & ~3u, word);
        break;
    default:
        out_le32(at & ~3u, word);
    }
}

static uint32_t ticks(void)
{
    uint32_t value;

    __asm__ volatile("mftb %0" : "=r"(value));
    return value;
}

void wait_us(uint32_t us)
{
    uint32_t begin = ticks(), length = us * 25;

    while (ticks() - begin < length) {
    }
}

/* ---- PCI ---- */

static void select(const PciFunction *f, uint32_t reg)
{
    out_le32(f->bridge, 0x80000000u | (uint32_t)f->slot << 11 | (reg & 0xfc));
}

uint32_t pci_read(const PciFunction *f, uint32_t reg)
{
    select(f, reg);
    return in_le32(DATA_FROM_ADDRESS(f->bridge));
}

void pci_write(const PciFunction *f, uint32_t reg, uint32_t value)
{
    select(f, reg);
    out_le32(DATA_FROM_ADDRESS(f->bridge), value);
}

const PciFunction *pci_find(uint16_t vendor, uint16_t device)
{
    for (unsigned i = 0; i < guest.n_functions; i++) {
        if (guest.functions[i].vendor == vendor && guest.functions[i].device == device) {
            return &guest.functions[i];
        }
    }
    return NULL;
}

/* What firmware has given it; sizes by writing ones. */
static void describe(PciFunction *f)
{
    pci_write(f, PCI_COMMAND, 0);
    for (unsigned i = 0; i < 6; i++) {
        uint32_t was = pci_read(f, PCI_BAR + 4 * i), mask;

        pci_write(f, PCI_BAR + 4 * i, 0xffffffffu);
        mask = pci_read(f, PCI_BAR + 4 * i);
        pci_write(f, PCI_BAR + 4 * i, was);
        if (!mask || mask == 0xffffffffu) {
            continue;
        }
        if (was & 1) {
            f->bars[i] = guest.io + (was & ~3u);
            f->sizes[i] = ~(mask & ~3u) + 1;
        } else {
            f->bars[i] = was & ~15u;
            f->sizes[i] = ~(mask & ~15u) + 1;
        }
    }
    pci_write(f, PCI_COMMAND, COMMAND_ALL);
}

static void scan_bridge(uint32_t bridge)
{
    for (unsigned slot = 0; slot < 32 && guest.n_functions < MAX_FUNCTIONS; slot++) {
        PciFunction *f = &guest.functions[guest.n_functions];
        uint32_t id;

        *f = (PciFunction){.bridge = bridge, .slot = (uint8_t)slot};
        id = pci_read(f, 0);
        if (id == 0xffffffffu || !id) {
            continue;
        }
        f->vendor = (uint16_t)id;
        f->device = (uint16_t)(id >> 16);
        f->class = (uint16_t)(pci_read(f, PCI_CLASS) >> 16);
        guest.n_functions++;
        if (f->class != 0x0600) {
            describe(f);
        }
    }
}

void pci_scan(void)
{
    const PciFunction heathrow = {.bridge = GRACKLE_ADDRESS};
    const PciFunction *macio;

    guest.n_functions = 0;
    guest.io = GRACKLE_IO;
    if ((pci_read(&heathrow, 0) & 0xffff) == 0x1057) {
        scan_bridge(GRACKLE_ADDRESS);
    } else {
        guest.io = UNINORTH_IO;
        scan_bridge(UNINORTH_PCI);
        scan_bridge(UNINORTH_AGP);
        scan_bridge(UNINORTH_INTERNAL);
    }
    macio = pci_find(0x106b, 0x0010);
    if (!macio) {
        macio = pci_find(0x106b, 0x0022);
        guest.keylargo = true;
    }
    guest.macio = macio ? macio->bars[0] : 0;
}

void pci_restore(void)
{
    for (unsigned i = 0; i < guest.n_functions; i++) {
        const PciFunction *f = &guest.functions[i];

        if (f->class == 0x0600) {
            continue;
        }
        for (unsigned bar = 0; bar < 6; bar++) {
            uint32_t at = f->bars[bar];

            if (at) {
                pci_write(f, PCI_BAR + 4 * bar, at >= 0xf0000000u ? (at - guest.io) | 1 : at);
            }
        }
        pci_write(f, PCI_COMMAND, COMMAND_ALL);
    }
}

void pci_disturb(const PciFunction *f)
{
    uint32_t at = 0x80000000u + (rnd() & 0x0ffff000);

    if (!f) {
        f = &guest.functions[below(guest.n_functions ? guest.n_functions : 1)];
    }
    switch (below(4)) {
    case 0: /* no bus master */
        pci_write(f, PCI_COMMAND, 3);
        break;
    case 1: /* no decoding, for a while */
        pci_write(f, PCI_COMMAND, PICK(0, 4));
        if (one_in(2)) {
            pci_write(f, PCI_COMMAND, COMMAND_ALL);
        }
        break;
    case 2: /* away, and perhaps on something else */
        if (guest.strict) {
            at = 0x88000000u + (rnd() & 0x07fff000);
        } else if (one_in(3)) {
            at = guest.functions[below(guest.n_functions)].bars[below(6)];
        }
        pci_write(f, PCI_BAR + 4 * below(6), at);
        break;
    default:
        pci_write(f, PCI_COMMAND, rnd() & 0x7ff);
        pci_write(f, PCI_COMMAND, COMMAND_ALL);
    }
}
