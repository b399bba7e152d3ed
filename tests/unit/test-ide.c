/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDE and DBDMA of g3beige through the processor's addresses: registers, PIO, DMA by descriptors,
 * packet commands, state in the middle of them, QEMU's sections, and a guest that means no good.
 * Unit 0 of ide.0 is a disk of 1 MiB with the sector's number in each byte, unit 1 a CD of the
 * same.
 *
 * test-ide-VERSION.gz: sections of QEMU's (tests/migration/make-golden-ide.py).
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "block/blockdev.h"
#include "hw/ide/ide.h"
#include "hw/pci/pci-host.h"
#include "migration/savevm.h"
#include "migration/wire.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "test-mac-bench.h"
#include "util/bswap.h"

#define BAR 0x80800000u
#define MACIO_CONFIG (1u << 31 | 16u << 11)
enum { PIC = BAR, DBDMA = BAR + 0x8000 + 0x16 * 0x80, IDE = BAR + 0x20000 };
enum {
    ERROR = 1,
    FEATURE = 1,
    COUNT = 2,
    SECTOR = 3,
    LOW = 4,
    HIGH = 5,
    DEVICE = 6,
    STATUS = 7,
    COMMAND = 7,
    CONTROL = 8
};
enum { CTL = 0x00, STAT = 0x04, PTR = 0x0c, INTR_SEL = 0x10, BRANCH_SEL = 0x14, WAIT_SEL = 0x18 };
enum {
    RUN = 0x8000,
    PAUSE = 0x4000,
    FLUSH = 0x2000,
    WAKE = 0x1000,
    DEAD = 0x800,
    ACTIVE = 0x400,
    BT = 0x100
};
enum {
    OUTPUT_MORE = 0x0000,
    OUTPUT_LAST = 0x1000,
    INPUT_MORE = 0x2000,
    INPUT_LAST = 0x3000,
    STORE = 0x4600,
    LOAD = 0x5600,
    NOP = 0x6000,
    STOP = 0x7000,
    INTR = 0x30,
    BRANCH = 0x0c,
    BRANCH_IF = 0x04,
    WAIT_IF = 0x01
};
#define SECTORS 2048u
#define PROGRAM 0x10000u
#define DATA 0x20000u

static char *disk, *cd, *other_cd;

/* ---- Access ---- */

static void config_write(uint32_t address, uint32_t value)
{
    mac_store_le(0xfec00000u, address);
    mac_store_le(0xfee00000u, value);
}

static void setup(void)
{
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    config_write(MACIO_CONFIG | PCI_BASE_ADDRESS_0, BAR);
    config_write(MACIO_CONFIG | PCI_COMMAND, PCI_COMMAND_MEMORY);
}

static uint8_t get(unsigned reg)
{
    return (uint8_t)mac_load(IDE + reg * 0x10, 1);
}

static void set(unsigned reg, uint8_t value)
{
    mac_store(IDE + reg * 0x10, value, 1);
}

/* What is under way at the host ends, and what follows from that. */
static void settle(void)
{
    block_drain_all();
    g_assert_cmphex(get(CONTROL) & IDE_BSY, ==, 0);
}

static void command(uint8_t code, uint8_t device, uint32_t lba, uint8_t count)
{
    set(DEVICE, device | (lba >> 24 & 0xf));
    set(COUNT, count);
    set(SECTOR, (uint8_t)lba);
    set(LOW, (uint8_t)(lba >> 8));
    set(HIGH, (uint8_t)(lba >> 16));
    set(COMMAND, code);
    block_drain_all();
}

/* As a big-endian host has it in memory. */
static void read_data(uint8_t *out, unsigned n)
{
    for (unsigned i = 0; i < n; i += 2) {
        stw_be_p(out + i, (uint16_t)mac_load(IDE, 2));
        if (get(CONTROL) & IDE_BSY) {
            block_drain_all();
        }
    }
}

static void write_data(const uint8_t *in, unsigned n)
{
    for (unsigned i = 0; i < n; i += 4) {
        mac_store(IDE, ldl_be_p(in + i), 4);
        if (get(CONTROL) & IDE_BSY) {
            block_drain_all();
        }
    }
}

/* A drive's word. */
static unsigned word(const uint8_t *data, unsigned n)
{
    return lduw_le_p(data + 2 * n);
}

static void check_sector(const uint8_t *data, unsigned lba)
{
    for (unsigned i = 0; i < 512; i++) {
        g_assert_cmphex(data[i], ==, lba % 251);
    }
}

static void expect(uint8_t status, uint8_t error)
{
    g_assert_cmphex(get(STATUS), ==, status);
    if (status & IDE_ERR) {
        g_assert_cmphex(get(ERROR), ==, error);
    }
}

static uint8_t *memory(hwaddr addr)
{
    uint64_t size = 1;

    return address_space_map(address_space_memory(), addr, &size, true, MEMTXATTRS_UNSPECIFIED);
}

/* ---- DBDMA ---- */

static void reg_set(unsigned reg, uint32_t value)
{
    mac_store_le(DBDMA + reg, value);
}

static uint32_t reg_get(unsigned reg)
{
    return mac_load_le(DBDMA + reg);
}

static void put(unsigned n, uint16_t code, uint16_t count, uint32_t addr, uint32_t dep)
{
    uint8_t *p = memory(PROGRAM + 16 * n);

    stw_le_p(p, count);
    stw_le_p(p + 2, code);
    stl_le_p(p + 4, addr);
    stl_le_p(p + 8, dep);
    stl_le_p(p + 12, 0xeeeeeeee);
}

static unsigned left_of(unsigned n)
{
    return lduw_le_p(memory(PROGRAM + 16 * n + 12));
}

static unsigned status_of(unsigned n)
{
    return lduw_le_p(memory(PROGRAM + 16 * n + 14));
}

static void start_program(void)
{
    reg_set(CTL, (RUN | PAUSE | FLUSH | WAKE) << 16);
    reg_set(PTR, PROGRAM);
    reg_set(CTL, RUN << 16 | RUN);
    block_drain_all();
}

/* ---- Registers and PIO ---- */

static void test_identify(void)
{
    uint8_t data[512];

    setup();
    g_assert_cmphex(get(STATUS), ==, IDE_DRDY | IDE_DSC);
    mac_store_le(PIC + 0x24, 1u << 0x0d);
    command(0xec, 0xe0, 0, 0);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(IDE + 0x300), ==, 0x40000000);
    expect(IDE_DRDY | IDE_DSC | IDE_DRQ, 0);
    g_assert_cmphex(mac_load_le(IDE + 0x300), ==, 0);
    read_data(data, 512);
    expect(IDE_DRDY | IDE_DSC, 0);
    g_assert_cmphex(word(data, 0), ==, 0x40);
    g_assert_cmpuint(word(data, 60), ==, SECTORS);
    g_assert_cmpuint(word(data, 100), ==, SECTORS);
    g_assert_cmpmem(data + 20, 8, "MQ0000 1", 8);
    g_assert_cmpmem(data + 54, 8, "EQUMH RA", 8);
    /* The other drive is of another kind; nobody on the other channel. */
    command(0xec, 0xf0, 0, 0);
    expect(IDE_DRDY | IDE_ERR, 0x04);
    g_assert_cmphex(get(LOW), ==, 0x14);
    g_assert_cmphex(get(HIGH), ==, 0xeb);
    command(0xa1, 0xf0, 0, 0);
    read_data(data, 512);
    g_assert_cmphex(word(data, 0), ==, 0x85c0);
    for (unsigned reg = 1; reg <= CONTROL; reg++) {
        g_assert_cmphex(mac_load(IDE + 0x1000 + reg * 0x10, 1), ==, 0);
    }
    mac_store(IDE + 0x1070, 0xec, 1);
    g_assert_cmphex(mac_load(IDE + 0x1070, 1), ==, 0);
    /* Without interrupts; timing is kept. */
    set(CONTROL, IDE_NIEN);
    command(0xe5, 0xe0, 0, 0);
    g_assert_cmphex(mac_load_le(IDE + 0x300), ==, 0);
    g_assert_cmphex(get(COUNT), ==, 0xff);
    set(CONTROL, 0);
    mac_store_le(IDE + 0x200, 0x12345678);
    g_assert_cmphex(mac_load_le(IDE + 0x200), ==, 0x12345678);
}

static void test_pio(void)
{
    uint8_t data[32 * 512], pattern[32 * 512];

    setup();
    for (unsigned i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)(i * 7 + i / 512);
    }
    command(0x20, 0xe0, 5, 3);
    for (unsigned i = 0; i < 3; i++) {
        expect(IDE_DRDY | IDE_DSC | IDE_DRQ, 0);
        read_data(data, 512);
        check_sector(data, 5 + i);
    }
    expect(IDE_DRDY | IDE_DSC, 0);
    /* By cylinder, head and sector. */
    command(0x20, 0xa0, 2, 1);
    read_data(data, 512);
    check_sector(data, 1);
    command(0x20, 0xa1, 1, 1);
    read_data(data, 512);
    check_sector(data, 63);
    /* 48 bits. */
    set(COUNT, 0);
    set(SECTOR, 0);
    set(LOW, 0);
    set(HIGH, 0);
    command(0x24, 0xe0, 1000, 2);
    read_data(data, 1024);
    check_sector(data, 1000);
    check_sector(data + 512, 1001);
    set(CONTROL, IDE_HOB);
    g_assert_cmphex(get(SECTOR), ==, 0);
    set(CONTROL, 0);
    g_assert_cmphex(get(SECTOR), ==, 1002 & 0xff);
    /* Many sectors at a time, written and read. */
    command(0xc6, 0xe0, 0, 3);
    expect(IDE_DRDY | IDE_ERR, 0x04);
    command(0xc6, 0xe0, 0, 8);
    expect(IDE_DRDY | IDE_DSC, 0);
    command(0xc5, 0xe0, 100, 20);
    write_data(pattern, 20 * 512);
    expect(IDE_DRDY | IDE_DSC, 0);
    command(0xc4, 0xe0, 99, 22);
    read_data(data, 22 * 512);
    check_sector(data, 99);
    g_assert_cmpmem(data + 512, 20 * 512, pattern, 20 * 512);
    check_sector(data + 21 * 512, 120);
    command(0x30, 0xe0, 2047, 1);
    write_data(pattern, 512);
    command(0xe7, 0xe0, 0, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    command(0x40, 0xe0, 0, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    /* Beyond the end, sector 0 of a track, no such command. */
    command(0x20, 0xe0, 2047, 2);
    expect(IDE_DRDY | IDE_ERR, 0x14);
    command(0x40, 0xe0, 2048, 1);
    expect(IDE_DRDY | IDE_ERR, 0x14);
    command(0x20, 0xa0, 0, 1);
    expect(IDE_DRDY | IDE_ERR, 0x14);
    command(0x00, 0xe0, 0, 0);
    expect(IDE_DRDY | IDE_ERR, 0x04);
    command(0xf1, 0xe0, 0, 0);
    expect(IDE_DRDY | IDE_ERR, 0x04);
    command(0xf8, 0xe0, 0, 0);
    g_assert_cmphex(get(SECTOR) | get(LOW) << 8, ==, 2047);
    /* Out of turn. */
    g_assert_cmphex(mac_load(IDE, 2), ==, 0);
    command(0x20, 0xe0, 7, 1);
    mac_store(IDE, 0x5555, 2);
    set(SECTOR, 0x55);
    set(COMMAND, 0xe7);
    read_data(data, 512);
    check_sector(data, 7);
    g_assert_cmphex(get(SECTOR), ==, 8);
    command(0x90, 0xe0, 0, 0);
    g_assert_cmphex(get(ERROR), ==, 1);
}

static void test_reset(void)
{
    setup();
    command(0x20, 0xe0, 7, 4);
    set(CONTROL, IDE_SRST);
    g_assert_cmphex(get(CONTROL), ==, IDE_BSY | IDE_DSC);
    set(CONTROL, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    g_assert_cmphex(get(COUNT), ==, 1);
    g_assert_cmphex(get(LOW) | get(HIGH), ==, 0);
    set(DEVICE, 0xb0);
    g_assert_cmphex(get(STATUS), ==, 0);
    g_assert_cmphex(get(HIGH), ==, 0xeb);
    /* While the host works. */
    set(DEVICE, 0xe0);
    for (unsigned i = 0; i < 20; i++) {
        set(DEVICE, 0xe0);
        set(COUNT, 255);
        set(COMMAND, i & 1 ? 0x40 : 0x20);
        set(CONTROL, IDE_SRST);
        set(CONTROL, 0);
        expect(IDE_DRDY | IDE_DSC, 0);
    }
    settle();
}

static void test_features(void)
{
    uint8_t data[512];

    setup();
    set(FEATURE, 0x03);
    command(0xef, 0xe0, 0, 0x22);
    expect(IDE_DRDY | IDE_DSC, 0);
    command(0xec, 0xe0, 0, 0);
    read_data(data, 512);
    g_assert_cmphex(word(data, 63), ==, 0x407);
    g_assert_cmphex(word(data, 88), ==, 0x3f);
    set(FEATURE, 0x82);
    command(0xef, 0xe0, 0, 0);
    g_assert_false(blk_write_cache(blk_find("ide0-hd0")));
    mac_check_state("macio-ide");
    g_assert_false(blk_write_cache(blk_find("ide0-hd0")));
    setup();
    g_assert_true(blk_write_cache(blk_find("ide0-hd0")));
    set(FEATURE, 0x82);
    command(0xef, 0xe0, 0, 0);
    set(FEATURE, 0x02);
    command(0xef, 0xe0, 0, 0);
    g_assert_true(blk_write_cache(blk_find("ide0-hd0")));
    set(FEATURE, 0x03);
    command(0xef, 0xe0, 0, 0x27);
    expect(IDE_DRDY | IDE_ERR, 0x04);
    set(FEATURE, 0x77);
    command(0xef, 0xe0, 0, 0);
    expect(IDE_DRDY | IDE_ERR, 0x04);
    /* SMART: well; data with a checksum; off. */
    set(FEATURE, 0xda);
    command(0xb0, 0xe0, 0xc24f00, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    g_assert_cmphex(get(LOW) | get(HIGH) << 8, ==, 0xc24f);
    set(FEATURE, 0xd4);
    command(0xb0, 0xe0, 0xc24f01, 0);
    set(FEATURE, 0xd5);
    command(0xb0, 0xe0, 0xc24f06, 1);
    read_data(data, 512);
    g_assert_cmpuint(data[508], ==, 1);
    set(FEATURE, 0xd0);
    command(0xb0, 0xe0, 0xc24f00, 1);
    read_data(data, 512);
    for (unsigned i = 1; i < 512; i++) {
        data[0] = (uint8_t)(data[0] + data[i]);
    }
    g_assert_cmphex(data[0], ==, 0);
    set(FEATURE, 0xd9);
    command(0xb0, 0xe0, 0xc24f00, 0);
    mac_check_state("macio-ide");
    set(FEATURE, 0xda);
    command(0xb0, 0xe0, 0xc24f00, 0);
    expect(IDE_DRDY | IDE_ERR, 0x04);
}

/* ---- DMA ---- */

static void test_dma(void)
{
    uint8_t pattern[8 * 512];

    setup();
    mac_store_le(PIC + 0x24, 1u << 0x0d | 1u << 0x02);
    /* Pieces of all kinds, the command first. */
    put(0, INPUT_MORE, 1, DATA, 0);
    put(1, INPUT_MORE, 1000, DATA + 1, 0);
    put(2, INPUT_MORE, 0, DATA, 0);
    put(3, INPUT_LAST | INTR, 1047, DATA + 1001, 0);
    put(4, STOP, 0, 0, 0);
    command(0xc8, 0xe0, 200, 4);
    g_assert_cmphex(get(CONTROL), ==, IDE_DRDY | IDE_DSC | IDE_DRQ);
    g_assert_false(mac_cpu_interrupted());
    start_program();
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(IDE + 0x300), ==, 0xc0000000);
    mac_store_le(IDE + 0x300, 0x80000000);
    g_assert_cmphex(mac_load_le(IDE + 0x300), ==, 0x40000000);
    expect(IDE_DRDY | IDE_DSC, 0);
    for (unsigned i = 0; i < 4; i++) {
        check_sector(memory(DATA) + 512 * i, 200 + i);
        g_assert_cmpuint(left_of(i), ==, 0);
        g_assert_cmphex(status_of(i), ==, RUN | ACTIVE);
    }
    g_assert_cmphex(reg_get(STAT), ==, RUN);
    g_assert_cmphex(reg_get(PTR), ==, PROGRAM + 0x40);
    /* The channel first; a descriptor that is longer than the command; its count of 0 is 256
     * sectors. */
    put(0, INPUT_MORE, 60000, DATA, 0);
    put(1, INPUT_MORE, 60000, DATA + 60000, 0);
    put(2, INPUT_LAST, 60000, DATA + 120000, 0);
    put(3, STOP, 0, 0, 0);
    start_program();
    g_assert_cmphex(reg_get(STAT), ==, RUN | ACTIVE);
    g_assert_cmphex(status_of(0), ==, 0xeeee);
    command(0xc8, 0xe0, 1000, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    g_assert_cmpuint(left_of(2), ==, 180000 - 131072);
    for (unsigned i = 0; i < 256; i++) {
        check_sector(memory(DATA) + 512 * i, 1000 + i);
    }
    g_assert_cmphex(memory(DATA)[131072], ==, 0);
    /* Writing. */
    for (unsigned i = 0; i < sizeof(pattern); i++) {
        pattern[i] = (uint8_t)(i * 3 + i / 512);
    }
    memcpy(memory(DATA), pattern, sizeof(pattern));
    put(0, OUTPUT_MORE, 333, DATA, 0);
    put(1, OUTPUT_LAST, 8 * 512 - 333, DATA + 333, 0);
    put(2, STOP, 0, 0, 0);
    command(0xca, 0xe0, 300, 8);
    start_program();
    expect(IDE_DRDY | IDE_DSC, 0);
    put(0, INPUT_LAST, 9 * 512, DATA + 0x10000, 0);
    put(1, STOP, 0, 0, 0);
    command(0xc8, 0xe0, 300, 9);
    start_program();
    g_assert_cmpmem(memory(DATA + 0x10000), sizeof(pattern), pattern, sizeof(pattern));
    check_sector(memory(DATA + 0x10000) + 8 * 512, 308);
    /* TRIM: two ranges, one of them empty; then one that is not on the disk. */
    memset(memory(DATA), 0, 512);
    stq_le_p(memory(DATA), 4ull << 48 | 301);
    put(0, OUTPUT_LAST, 512, DATA, 0);
    set(FEATURE, 1);
    set(COUNT, 0);
    command(0x06, 0xe0, 0, 1);
    start_program();
    expect(IDE_DRDY | IDE_DSC, 0);
    stq_le_p(memory(DATA), 4ull << 48 | 2047);
    set(COUNT, 0);
    command(0x06, 0xe0, 0, 1);
    start_program();
    expect(IDE_DRDY | IDE_ERR, 0x14);
    /* The wrong direction; no memory there. */
    put(0, OUTPUT_LAST, 512, DATA, 0);
    command(0xc8, 0xe0, 0, 1);
    start_program();
    g_assert_cmphex(reg_get(STAT), ==, RUN | DEAD);
    set(CONTROL, IDE_SRST);
    set(CONTROL, 0);
    put(0, INPUT_LAST, 512, BAR, 0);
    command(0xc8, 0xe0, 0, 1);
    start_program();
    g_assert_cmphex(reg_get(STAT), ==, RUN | DEAD);
    reg_set(CTL, RUN << 16);
    g_assert_cmphex(reg_get(STAT), ==, 0);
}

static void test_programs(void)
{
    setup();
    mac_store_le(PIC + 0x24, 1u << 0x02);
    /* Quadlets, branches, conditions on the bits that the host sets. */
    stl_le_p(memory(DATA), 0xdeadbeef);
    reg_set(BRANCH_SEL, 0x00010001);
    reg_set(INTR_SEL, 0x00020002);
    reg_set(WAIT_SEL, 0x00040000);
    reg_set(CTL, 0xff << 16);
    put(0, LOAD, 4, DATA, 0);
    put(1, STORE, 2, DATA + 8, 0x12345678);
    put(2, NOP | BRANCH_IF, 0, 0, PROGRAM + 0x60);      /* not yet */
    put(3, NOP | 0x10, 0, 0, 0);                        /* no interrupt */
    put(4, NOP | BRANCH, 0, 0, PROGRAM + 0x60);
    put(5, STOP, 0, 0, 0);
    put(6, NOP | WAIT_IF | INTR, 0, 0, 0);              /* as long as bit 2 is clear */
    put(7, STOP, 0, 0, 0);
    start_program();
    g_assert_cmphex(ldl_le_p(memory(PROGRAM + 8)), ==, 0xdeadbeef);
    g_assert_cmphex(ldl_le_p(memory(DATA + 8)), ==, 0x5678);
    g_assert_cmphex(status_of(3), ==, RUN | ACTIVE);
    g_assert_cmphex(status_of(4), ==, RUN | ACTIVE | BT);
    g_assert_cmphex(reg_get(PTR), ==, PROGRAM + 0x60);
    g_assert_false(mac_cpu_interrupted());
    mac_check_state("mac-dbdma");
    g_assert_cmphex(reg_get(PTR), ==, PROGRAM + 0x60);
    reg_set(CTL, 0x0004 << 16 | 0x0004);
    g_assert_cmphex(reg_get(STAT), ==, RUN | 0x0004);
    g_assert_true(mac_cpu_interrupted());
    /* More at the end, after a wake-up; a pause. */
    put(7, NOP, 0, 0, 0);
    put(8, STOP, 0, 0, 0);
    reg_set(CTL, PAUSE << 16 | PAUSE);
    reg_set(CTL, WAKE << 16 | WAKE);
    g_assert_cmphex(reg_get(PTR), ==, PROGRAM + 0x70);
    reg_set(CTL, PAUSE << 16);
    g_assert_cmphex(reg_get(PTR), ==, PROGRAM + 0x80);
    /* The pointer stands while a program runs. */
    reg_set(CTL, 0xff << 16);
    put(0, NOP | BRANCH, 0, 0, PROGRAM);
    start_program();
    reg_set(PTR, 0);
    g_assert_cmphex(reg_get(PTR), ==, PROGRAM);
    /* Endless: the machine goes on, and so does the program. */
    mac_pass(SCALE_MS);
    g_assert_cmphex(reg_get(STAT), ==, RUN | ACTIVE | BT);
    mac_check_state("mac-dbdma");
    mac_pass(SCALE_MS);
    g_assert_cmphex(reg_get(STAT), ==, RUN | ACTIVE | BT);
    put(0, STOP, 0, 0, 0);
    mac_pass(SCALE_MS);
    g_assert_cmphex(reg_get(STAT), ==, RUN | BT);
    /* A program that starts its own channel. */
    put(0, STORE, 4, DBDMA + CTL, (uint32_t)RUN << 16 | RUN);
    put(1, NOP | BRANCH, 0, 0, PROGRAM);
    start_program();
    mac_pass(SCALE_MS);
    g_assert_cmphex(reg_get(STAT) & (RUN | ACTIVE), ==, RUN | ACTIVE);
    /* Not a command, not a key, not in memory. */
    static const uint16_t bad[] = {0x8000, 0xf000, 0x4000, 0x2600, 0x3700, 0x0400};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        put(0, bad[i], 4, DATA, 0);
        start_program();
        g_assert_cmphex(reg_get(STAT) & (RUN | DEAD | ACTIVE), ==, RUN | DEAD);
    }
    reg_set(CTL, RUN << 16);
    reg_set(PTR, 0x7ffffff0);
    reg_set(CTL, RUN << 16 | RUN);
    g_assert_cmphex(reg_get(STAT) & (RUN | DEAD | ACTIVE), ==, RUN | DEAD);
    put(0, STORE, 4, 0xf8000000, 0);
    start_program();
    g_assert_cmphex(reg_get(STAT) & (RUN | DEAD | ACTIVE), ==, RUN | DEAD);
}

/* ---- Packets ---- */

static void packet(const char *cdb, unsigned size, unsigned limit)
{
    uint8_t bytes[12] = {0};

    memcpy(bytes, cdb, size);
    set(DEVICE, 0xf0);
    set(LOW, (uint8_t)limit);
    set(HIGH, (uint8_t)(limit >> 8));
    set(COMMAND, 0xa0);
    g_assert_cmphex(get(COUNT) & 7, ==, 1);
    write_data(bytes, 12);
}

#define PACKET(limit, ...)                                                                         \
    packet((const char[]){__VA_ARGS__}, sizeof((const char[]){__VA_ARGS__}), limit)

static void expect_sense(uint8_t key, uint8_t asc)
{
    uint8_t data[18];

    g_assert_cmphex(get(STATUS), ==, IDE_DRDY | IDE_ERR);
    g_assert_cmphex(get(ERROR) >> 4, ==, key);
    PACKET(18, 3, 0, 0, 0, 18);
    read_data(data, 18);
    g_assert_cmphex(data[2], ==, key);
    g_assert_cmphex(data[12], ==, asc);
    expect(IDE_DRDY | IDE_DSC, 0);
}

/* All channels, each of which wakes the next one for ever: none of them runs in the middle of
 * another's command. */
static void test_ring(void)
{
    enum { CHANNELS = 32, SIZE = 0x40 };
    hwaddr base = BAR + 0x8000;

    setup();
    memset(memory(DATA), 0, 4 * CHANNELS);
    for (unsigned i = 0; i < CHANNELS; i++) {
        uint32_t next = (uint32_t)base + (i + 1) % CHANNELS * 0x80 + CTL;

        put(4 * i, STORE, 4, DATA + 4 * i, 1);
        put(4 * i + 1, STORE, 4, next, (uint32_t)(RUN | WAKE) << 16 | RUN | WAKE);
        put(4 * i + 2, NOP | BRANCH, 0, 0, PROGRAM + SIZE * i);
        mac_store_le(base + i * 0x80 + PTR, PROGRAM + SIZE * i);
    }
    mac_store_le(base + CTL, (uint32_t)RUN << 16 | RUN);
    g_assert_cmpuint(ldl_le_p(memory(DATA)), ==, 1);
    g_assert_cmpuint(ldl_le_p(memory(DATA + 4)), ==, 0);
    for (unsigned i = 0; i < CHANNELS; i++) {
        mac_pass(SCALE_MS);
    }
    for (unsigned i = 0; i < CHANNELS; i++) {
        g_assert_cmpuint(ldl_le_p(memory(DATA + 4 * i)), ==, 1);
        g_assert_cmphex(mac_load_le(base + i * 0x80 + STAT) & (RUN | ACTIVE | DEAD), ==,
                        RUN | ACTIVE);
    }
    setup();
}

static void test_packets(void)
{
    uint8_t data[4096 + 2352];

    setup();
    PACKET(36, 0x12, 0, 0, 0, 36);
    g_assert_cmphex(get(COUNT) & 7, ==, 2);
    g_assert_cmphex(get(LOW) | get(HIGH) << 8, ==, 36);
    read_data(data, 36);
    g_assert_cmphex(get(COUNT) & 7, ==, 3);
    g_assert_cmphex(data[0], ==, 5);
    g_assert_cmpmem(data + 8, 12, "QEMU    QEMU", 12);
    PACKET(0xfffe, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    PACKET(8, 0x25);
    read_data(data, 8);
    g_assert_cmpuint(ldl_be_p(data), ==, 511);
    /* Two blocks in pieces of 1000 bytes. */
    PACKET(1000, 0x28, 0, 0, 0, 0, 3, 0, 0, 2);
    for (unsigned at = 0; at < 4096;) {
        unsigned n = get(LOW) | get(HIGH) << 8;

        g_assert_cmpuint(n, <=, 1000);
        expect(IDE_DRDY | IDE_DSC | IDE_DRQ, 0);
        read_data(data + at, n);
        at += n;
        if (at == 1000) {
            mac_check_state("macio-ide");
        }
    }
    expect(IDE_DRDY | IDE_DSC, 0);
    for (unsigned i = 0; i < 8; i++) {
        check_sector(data + 512 * i, 12 + i);
    }
    /* Table of contents, features, mode pages, a raw sector. */
    PACKET(0xfffe, 0x43, 0, 0, 0, 0, 0, 0, 0, 20);
    read_data(data, 20);
    g_assert_cmpuint(ldl_be_p(data + 16), ==, 512);
    PACKET(0xfffe, 0x46, 0, 0, 0, 0, 0, 0, 0, 8);
    read_data(data, 8);
    g_assert_cmphex(lduw_be_p(data + 6), ==, 8);
    PACKET(0xfffe, 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 30);
    read_data(data, 30);
    g_assert_cmphex(data[8], ==, 0x2a);
    PACKET(0xfffe, (char)0xbe, 0, 0, 0, 0, 3, 0, 0, 1, (char)0xf8);
    read_data(data, 2352);
    g_assert_cmpmem(data, 16, "\0\377\377\377\377\377\377\377\377\377\377\0\0\2\3\1", 16);
    check_sector(data + 16, 12);
    /* Errors. */
    PACKET(0xfffe, 0x28, 0, 0, 0, 2, 0, 0, 0, 1);
    expect_sense(5, 0x21);
    PACKET(0xfffe, 0x2a);
    expect_sense(5, 0x20);
    PACKET(0, 0x12, 0, 0, 0, 36);
    expect_sense(5, 0x24);
    /* By DMA: blocks, and a reply that is shorter than its descriptor. */
    put(0, INPUT_MORE, 5000, DATA, 0);
    put(1, INPUT_LAST, 3192, DATA + 5000, 0);
    put(2, STOP, 0, 0, 0);
    set(DEVICE, 0xf0);
    set(FEATURE, 1);
    PACKET(0, 0x28, 0, 0, 0, 0, 0, 0, 0, 4);
    start_program();
    expect(IDE_DRDY | IDE_DSC, 0);
    for (unsigned i = 0; i < 16; i++) {
        check_sector(memory(DATA) + 512 * i, i);
    }
    put(0, INPUT_LAST, 100, DATA, 0);
    put(1, STOP, 0, 0, 0);
    PACKET(0, 0x12, 0, 0, 0, 36);
    start_program();
    g_assert_cmpuint(left_of(0), ==, 64);
    g_assert_cmphex(memory(DATA)[0], ==, 5);
    set(FEATURE, 0);
}

static void test_media(void)
{
    BlockBackend *blk = blk_find("ide0-cd1");
    GError *error = NULL;
    uint8_t data[8];

    setup();
    PACKET(0xfffe, 0x1e, 0, 0, 0, 1);
    mac_check_state("macio-ide");
    PACKET(0xfffe, 0x1b, 0, 0, 0, 2);
    expect_sense(5, 0x53);
    g_assert_false(blk_eject(blk, false, &error));
    g_clear_error(&error);
    PACKET(0xfffe, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8);
    read_data(data, 8);
    g_assert_cmphex(data[4], ==, 1);
    PACKET(0xfffe, 0x1e, 0, 0, 0, 0);
    PACKET(0xfffe, 0x1b, 0, 0, 0, 2);
    expect(IDE_DRDY | IDE_DSC, 0);
    mac_check_state("macio-ide");
    PACKET(0xfffe, 0);
    expect_sense(2, 0x3a);
    g_assert_true(blk_change_medium(blk, other_cd, "raw", true, false, &error));
    g_assert_no_error(error);
    mac_check_state("macio-ide");
    PACKET(0xfffe, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8);
    read_data(data, 8);
    g_assert_cmphex(data[4] | data[5] << 8, ==, 0x202);
    PACKET(0xfffe, 0);
    expect_sense(2, 0x3a);
    PACKET(0xfffe, 0);
    expect_sense(6, 0x28);
    PACKET(0xfffe, 0);
    expect(IDE_DRDY | IDE_DSC, 0);
    g_assert_true(blk_change_medium(blk, cd, "raw", true, false, &error));
}

/* ---- State ---- */

static void test_state(void)
{
    uint8_t data[4 * 512], pattern[2 * 512];

    setup();
    memset(pattern, 0xa5, sizeof(pattern));
    command(0x20, 0xe0, 600, 2);
    read_data(data, 100);
    mac_check_state("macio-ide");
    read_data(data + 100, 924);
    check_sector(data, 600);
    check_sector(data + 512, 601);
    command(0x30, 0xe0, 700, 2);
    write_data(pattern, 600);
    mac_check_state("macio-ide");
    write_data(pattern + 600, 424);
    expect(IDE_DRDY | IDE_DSC, 0);
    /* DMA whose program ends early, and goes on after loading. */
    put(0, INPUT_MORE, 700, DATA, 0);
    put(1, STOP, 0, 0, 0);
    command(0xc8, 0xe0, 699, 4);
    start_program();
    mac_check_state("macio-ide");
    mac_check_state("mac-dbdma");
    put(1, INPUT_LAST, 2048 - 700, DATA + 700, 0);
    put(2, STOP, 0, 0, 0);
    reg_set(CTL, WAKE << 16 | WAKE);
    block_drain_all();
    expect(IDE_DRDY | IDE_DSC, 0);
    check_sector(memory(DATA), 699);
    g_assert_cmpmem(memory(DATA) + 512, 1024, pattern, 1024);
    check_sector(memory(DATA) + 1536, 702);
    /* Written in two goes. */
    memcpy(memory(DATA), pattern, 1024);
    put(0, OUTPUT_MORE, 300, DATA, 0);
    put(1, STOP, 0, 0, 0);
    command(0xca, 0xe0, 800, 2);
    start_program();
    mac_check_state("macio-ide");
    put(1, OUTPUT_LAST, 724, DATA + 300, 0);
    put(2, STOP, 0, 0, 0);
    reg_set(CTL, WAKE << 16 | WAKE);
    block_drain_all();
    command(0x20, 0xe0, 800, 2);
    read_data(data, 1024);
    g_assert_cmpmem(data, 1024, pattern, 1024);
    /* A descriptor in its middle. */
    put(0, INPUT_LAST, 1024, DATA, 0);
    put(1, STOP, 0, 0, 0);
    start_program();
    mac_check_state("mac-dbdma");
    mac_pass(SCALE_MS);
    command(0xc8, 0xe0, 50, 1);
    expect(IDE_DRDY | IDE_DSC, 0);
    g_assert_cmpuint(left_of(0), ==, 512);
    check_sector(memory(DATA), 50);
}

static void refuse_state(DeviceState *dev, const char *what)
{
    const VMStateDescription *vmsd = device_class_vmstate(device_get_class(dev));
    GError *error = NULL;
    g_autoptr(GBytes) bytes = vmstate_save_to_bytes(vmsd, dev, &error);

    g_assert_no_error(error);
    g_assert_false(vmstate_load_from_bytes(vmsd, dev, g_bytes_get_data(bytes, NULL),
                                           g_bytes_get_size(bytes), vmsd->version_id, &error));
    g_assert_nonnull(strstr(error->message, what));
    g_clear_error(&error);
    setup();
}

/* Commands that no drive can be in the middle of. */
static void test_refused(void)
{
    DeviceState *dev = mac_find("macio-ide");
    IdeBus *bus = (IdeBus *)device_get_bus(dev, "ide.0");

    setup();
    g_assert_nonnull(bus);
    /* VERIFY is a disk's, and moves nothing. */
    bus->error_status = 0x08;
    bus->retry_unit = 1;
    bus->drives[1].dma_command = IDE_DMA_VERIFY;
    refuse_state(dev, "dma_command");
    bus->drives[0].dma = true;
    bus->drives[0].dma_command = IDE_DMA_VERIFY;
    refuse_state(dev, "dma_command");
    /* More than a command can move. */
    bus->drives[0].dma = true;
    bus->drives[0].dma_left = 65537u * 512;
    refuse_state(dev, "dma_left");
    bus->drives[1].dma = true;
    bus->drives[1].dma_command = IDE_DMA_ATAPI;
    bus->drives[1].dma_left = 0xfffffff0;
    refuse_state(dev, "dma_left");
    bus->drives[0].dma_command = IDE_DMA_READ;
    setup();
}

/* A transfer that a reset or a stream has left is over when the next command comes. */
static void test_leftover(void)
{
    IdeBus *bus = (IdeBus *)device_get_bus(mac_find("macio-ide"), "ide.0");

    setup();
    set(DEVICE, 0xb0);
    bus->drives[1].dma = true;
    bus->drives[1].dma_command = IDE_DMA_ATAPI;
    bus->drives[1].dma_left = 36;
    command(0xe5, 0xb0, 0, 0);
    g_assert_false(bus->drives[1].dma);
    put(0, INPUT_LAST, 36, DATA, 0);
    put(1, STOP, 0, 0, 0);
    start_program();
    block_drain_all();
    setup();
}

/* One that waits for its DMA: test_waits(). */
static void *owner(const char *name, unsigned n, const VMStateDescription **vmsd)
{
    DeviceState *dev = mac_find(g_str_has_suffix(name, "/ide") ? "macio-ide" : "mac-dbdma");

    if (!strcmp(name, "waits/ide")) {
        return NULL;
    }
    *vmsd = device_class_vmstate(device_get_class(dev));
    return dev;
}

static void test_golden(gconstpointer dialect)
{
    g_autofree char *file =
        g_strdup_printf("test-ide-%s.gz", (const char *)dialect + strlen("qemu-"));

    setup();
    mac_check_golden(file, dialect, 24, owner);
}

/* A command that waits for its DMA in a stream of QEMU's is done here. */
static void test_waits(void)
{
    DeviceState *dev;
    const VMStateDescription *vmsd;
    VMStateWire wire, own;
    GError *error = NULL;
    g_autoptr(GBytes) ours = NULL, theirs = NULL;
    g_autofree uint8_t *bytes = NULL;
    gsize size;

    setup();
    dev = mac_find("macio-ide");
    vmsd = device_class_vmstate(device_get_class(dev));
    command(0xc8, 0xe0, 3, 2);
    ours = vmstate_save_to_bytes(vmsd, dev, &error);
    g_assert_true(vmstate_wire_parse("own", &own, &error));
    g_assert_true(vmstate_wire_parse("qemu-10.0", &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    theirs = vmstate_save_to_bytes(vmsd, dev, &error);
    /* QEMU is told that nothing waits; a stream of its own says that something does. */
    bytes = g_memdup2(g_bytes_get_data(theirs, &size), g_bytes_get_size(theirs));
    g_assert_cmpuint(bytes[size - 9], ==, 0);
    bytes[size - 9] = 1;
    device_cold_reset(dev);
    g_assert_true(vmstate_load_from_bytes(vmsd, dev, bytes, size, vmsd->version_id, &error));
    state_registry_set_wire(runtime_state_registry(), own);
    put(0, INPUT_LAST, 1024, DATA, 0);
    put(1, STOP, 0, 0, 0);
    start_program();
    expect(IDE_DRDY | IDE_DSC, 0);
    check_sector(memory(DATA), 3);
    check_sector(memory(DATA) + 512, 4);
    g_assert_cmpuint(g_bytes_get_size(ours), >, size);
}

/* ---- Devices ---- */

static void refuse(BusState *bus, const char *name, const char *const *properties)
{
    GError *error = NULL;

    g_assert_null(device_create(bus, name, properties, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_clear_error(&error);
}

#define REFUSE(name, ...) refuse(bus, name, (const char *const[]){__VA_ARGS__, NULL})

static void test_devices(void)
{
    BusState *bus = bus_find("ide.1");
    GError *error = NULL;
    uint8_t table[512] = {0};
    DeviceState *dev;
    uint8_t data[512];
    int fd = open(other_cd, O_RDWR);

    /* A disk that a PC took for one of 255 heads. */
    memcpy(table + 446, "\x80\1\1\0\x83\xfe\x3f\0\1\0\0\0\0\4\0\0", 16);
    memcpy(table + 510, "\x55\xaa", 2);
    g_assert_cmpint(pwrite(fd, table, 512, 0), ==, 512);
    close(fd);
    drive_add("if=none,id=empty", BLOCK_IF_NONE, false, &error);
    g_assert_no_error(error);
    dev = device_create(bus, "ide-cd", (const char *const[]){"unit=1", NULL}, &error);
    g_assert_no_error(error);
    REFUSE("ide-cd", "unit=2");
    REFUSE("ide-cd", "unit=1");
    REFUSE("ide-cd", "logical_block_size=4096");
    REFUSE("ide-cd", "rerror=enospc");
    REFUSE("ide-hd", "unit=0");
    REFUSE("ide-hd", "drive=empty");
    REFUSE("ide-hd", "drive=ide0-hd0");
    device_unrealize(dev);
    g_autofree char *text = g_strdup_printf("if=none,id=pc,format=raw,file=%s", other_cd);
    drive_add(text, BLOCK_IF_NONE, false, &error);
    g_assert_no_error(error);
    REFUSE("ide-hd", "drive=pc", "cyls=1", "heads=17", "secs=63");
    dev = device_create(bus, "ide-hd",
                        (const char *const[]){"drive=pc", "wwn=0x5000123456789abc", NULL}, &error);
    g_assert_no_error(error);
    setup();
    mac_store(IDE + 0x1070, 0xec, 1);
    for (unsigned i = 0; i < 512; i += 2) {
        stw_be_p(data + i, (uint16_t)mac_load(IDE + 0x1000, 2));
    }
    g_assert_cmpuint(word(data, 1), ==, 2);
    g_assert_cmpuint(word(data, 3), ==, 16);
    g_assert_cmphex(word(data, 108), ==, 0x5000);
    device_unrealize(dev);
    g_assert_cmphex(mac_load(IDE + 0x1070, 1), ==, 0);
}

/* ---- A guest that means no good ---- */

static void random_register(GRand *rand)
{
    static const uint8_t commands[] = {0x06, 0x08, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35,
                                       0x39, 0x40, 0x42, 0x90, 0xa0, 0xa1, 0xb0, 0xc4, 0xc5,
                                       0xc6, 0xc8, 0xca, 0xe7, 0xec, 0xef, 0xf8};
    unsigned reg = (unsigned)g_rand_int_range(rand, 0, 10);
    hwaddr base = IDE + (g_rand_int_range(rand, 0, 16) ? 0 : 0x1000);

    switch (reg) {
    case COMMAND:
        mac_store(base + 0x70,
                  g_rand_boolean(rand) ? commands[g_rand_int_range(rand, 0, sizeof(commands))]
                                       : g_rand_int(rand) & 0xff,
                  1);
        break;
    case CONTROL:
        mac_store(base + 0x80,
                  g_rand_int_range(rand, 0, 8) ? g_rand_int(rand) & 0x82 : g_rand_int(rand) & 0xff,
                  1);
        break;
    case 9:
        for (int i = g_rand_int_range(rand, 0, 600); i > 0; i--) {
            if (g_rand_boolean(rand)) {
                mac_load(base, g_rand_boolean(rand) ? 2 : 4);
            } else {
                mac_store(base, g_rand_int(rand), g_rand_boolean(rand) ? 2 : 4);
            }
        }
        break;
    case 0:
        mac_load(base + (g_rand_int(rand) & 0xfff), 1u << g_rand_int_range(rand, 0, 3));
        mac_store(base + (g_rand_int(rand) & 0xfff), g_rand_int(rand),
                  1u << g_rand_int_range(rand, 0, 3));
        break;
    default:
        mac_store(base + reg * 0x10,
                  g_rand_int_range(rand, 0, 4) ? g_rand_int(rand) & 0x07 : g_rand_int(rand) & 0xff,
                  1);
        break;
    }
}

static void random_program(GRand *rand)
{
    static const uint32_t places[] = {DATA, 0x3fffff0,  0x4000000,  BAR + 0x8b00,
                                      IDE,  IDE + 0x70, 0xffffff00, PROGRAM};

    for (unsigned i = 0; i < 16; i++) {
        uint16_t code = (uint16_t)(g_rand_int_range(rand, 0, 8) << 12 | (g_rand_int(rand) & 0x3f));

        if (!g_rand_int_range(rand, 0, 4)) {
            code = (uint16_t)g_rand_int(rand);
        } else if ((code >> 12 & 6) == 4) {
            code |= 0x600;
        }
        put(i, code, (uint16_t)g_rand_int(rand),
            places[g_rand_int_range(rand, 0, G_N_ELEMENTS(places))],
            g_rand_boolean(rand) ? PROGRAM + 16 * (unsigned)g_rand_int_range(rand, 0, 18)
                                 : g_rand_int(rand));
    }
    for (unsigned reg = INTR_SEL; reg <= WAIT_SEL; reg += 4) {
        reg_set(reg, g_rand_int(rand));
    }
    reg_set(CTL, RUN << 16);
    reg_set(PTR, g_rand_int_range(rand, 0, 8) ? PROGRAM : g_rand_int(rand));
    reg_set(CTL, g_rand_int_range(rand, 0, 4) ? RUN << 16 | RUN : g_rand_int(rand));
}

static void test_hostile(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261126);
    unsigned rounds = g_test_slow() ? 200000 : 4000;

    setup();
    for (unsigned i = 0; i < rounds; i++) {
        random_register(rand);
        if (!g_rand_int_range(rand, 0, 8)) {
            random_program(rand);
        }
        if (!g_rand_int_range(rand, 0, 16)) {
            block_drain_all();
        }
        if (!g_rand_int_range(rand, 0, 64)) {
            mac_pass(SCALE_MS);
        }
        if (!g_rand_int_range(rand, 0, 256)) {
            block_drain_all();
            mac_check_state("macio-ide");
            mac_check_state("mac-dbdma");
        }
        if (!g_rand_int_range(rand, 0, 128)) {
            config_write(MACIO_CONFIG | PCI_BASE_ADDRESS_0, BAR);
            set(CONTROL, IDE_SRST);
            set(CONTROL, 0);
        }
    }
    /* It is still a drive. */
    setup();
    command(0xec, 0xe0, 0, 0);
    expect(IDE_DRDY | IDE_DSC | IDE_DRQ, 0);
}

/* ---- The machine ---- */

static char *make_image(void)
{
    char *name;
    int fd = g_file_open_tmp("gossamer-ide-XXXXXX", &name, NULL);

    for (unsigned i = 0; i < SECTORS; i++) {
        uint8_t sector[512];

        memset(sector, (int)(i % 251), sizeof(sector));
        g_assert_cmpint(write(fd, sector, sizeof(sector)), ==, sizeof(sector));
    }
    close(fd);
    return name;
}

static void add_drive(const char *file, const char *more)
{
    g_autofree char *text = g_strdup_printf("if=ide,format=raw,file=%s,%s", file, more);
    GError *error = NULL;

    drive_add(text, BLOCK_IF_IDE, false, &error);
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    char **files[] = {&disk, &cd, &other_cd};
    Chardev *console;
    int status;

    g_test_init(&argc, &argv, NULL);
    runtime_init();
    device_classes_register(hw_ide_device_classes);
    disk = make_image();
    cd = make_image();
    other_cd = make_image();
    add_drive(disk, "index=0,discard=unmap");
    add_drive(cd, "index=1,media=cdrom");
    console = chardev_new_from_short("console", "ringbuf", false, NULL);
    mac_start("g3beige", NULL, console, true);
    g_test_add_func("/ide/identify", test_identify);
    g_test_add_func("/ide/pio", test_pio);
    g_test_add_func("/ide/reset", test_reset);
    g_test_add_func("/ide/features", test_features);
    g_test_add_func("/ide/dma", test_dma);
    g_test_add_func("/ide/programs", test_programs);
    g_test_add_func("/ide/ring", test_ring);
    g_test_add_func("/ide/packets", test_packets);
    g_test_add_func("/ide/media", test_media);
    g_test_add_func("/ide/state", test_state);
    g_test_add_func("/ide/refused", test_refused);
    g_test_add_func("/ide/leftover", test_leftover);
    g_test_add_func("/ide/waits", test_waits);
    g_test_add_data_func("/ide/golden/7.2", "qemu-7.2", test_golden);
    g_test_add_data_func("/ide/golden/10.0", "qemu-10.0", test_golden);
    g_test_add_func("/ide/devices", test_devices);
    g_test_add_func("/ide/hostile", test_hostile);
    status = g_test_run();
    mac_stop();
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_unlink(*files[i]);
        g_free(*files[i]);
    }
    return status;
}
