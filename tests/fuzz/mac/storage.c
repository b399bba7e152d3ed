/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DBDMA programs on all channels, and IDE commands with and without them. */
#include "guest.h"

enum { N_CHANNELS = 32, CHANNEL_IDE0 = 0x16, CHANNEL_IDE1 = 0x1a };
enum {
    CH_CONTROL = 0x00,
    CH_STATUS = 0x04,
    CH_POINTER = 0x0c,
    CH_INTR_SEL = 0x10,
    CH_BRANCH_SEL = 0x14,
    CH_WAIT_SEL = 0x18
};
enum { RUN = 0x8000, PAUSE = 0x4000, FLUSH = 0x2000, WAKE = 0x1000, DEAD = 0x0800 };
enum { OUTPUT_MORE, OUTPUT_LAST, INPUT_MORE, INPUT_LAST, STORE_QUAD, LOAD_QUAD, NOP, STOP };
/* Registers of a drive, 16 bytes apart. */
enum {
    IDE_DATA,
    IDE_FEATURES,
    IDE_COUNT,
    IDE_LOW,
    IDE_MIDDLE,
    IDE_HIGH,
    IDE_SELECT,
    IDE_COMMAND,
    IDE_CONTROL = 0x16,
    IDE_TIMING = 0x20,
    IDE_INTERRUPTS = 0x30
};
enum { BSY = 0x80, DRQ = 0x08 };

static uint32_t channel_at(unsigned n)
{
    return guest.macio + 0x8000 + n * 0x80;
}

/* ---- DBDMA ---- */

static void control(unsigned channel, uint32_t set, uint32_t clear)
{
    out_le32(channel_at(channel) + CH_CONTROL, (set | clear) << 16 | set);
}

/* Where a quadlet goes: memory, or any register of the Mac, another channel's among them. */
static uint32_t quadlet_address(void)
{
    return one_in(3) ? channel_at(below(N_CHANNELS)) + (rnd() & 0x1c) : data_address();
}

/* A program of n commands at base; kind: 0 or 1 for a device's data, -1 for anything. */
static void make_program(uint32_t base, unsigned n, int direction)
{
    for (unsigned i = 0; i < n; i++) {
        uint32_t at = base + 16 * i, kind = below(8), length = any_length(),
                 address = data_address(),
                 target = one_in(2) ? base + 16 * below(n + 1) : desc_address(one_in(4) ? 1 : 16);

        if (direction >= 0 && !one_in(8)) {
            kind = (uint32_t)direction * 2 + one_in(3);
            length = one_in(3) ? any_length() : 512 * (1 + below(32));
        }
        if (i == n - 1) {
            kind = one_in(4) ? NOP : STOP;
        }
        if (kind == STORE_QUAD || kind == LOAD_QUAD) {
            address = quadlet_address();
            length = PICK(1, 2, 4, 4, 4, 0, 3, 8);
            target = one_in(2) ? any_word() : target;
        }
        put_le16(at, (uint16_t)length);
        put_le16(at + 2,
                 (uint16_t)(kind << 12 | (kind == STORE_QUAD || kind == LOAD_QUAD ? 0x600 : 0) |
                            PICK(0, 0, 0, 0x30, 0x3c, 0x0c, 0x04, 0x08, 0x03, 0x01, 0x10) |
                            (one_in(16) ? rnd() & 0xffff : 0)));
        put_le32(at + 4, address);
        put_le32(at + 8, target);
        put_le32(at + 12, any_word());
    }
}

static void start_channel(unsigned channel, uint32_t program)
{
    control(channel, 0, RUN | PAUSE | FLUSH | WAKE | DEAD);
    out_le32(channel_at(channel) + CH_POINTER, one_in(16) ? any_word() : program);
    if (one_in(4)) {
        out_le32(channel_at(channel) + CH_INTR_SEL, any_word());
        out_le32(channel_at(channel) + CH_BRANCH_SEL, any_word());
        out_le32(channel_at(channel) + CH_WAIT_SEL, any_word());
    }
    control(channel, RUN | (one_in(4) ? WAKE : 0), 0);
}

static void poke_channel(unsigned channel)
{
    switch (below(8)) {
    case 0:
        control(channel, PAUSE, 0);
        break;
    case 1:
        control(channel, WAKE, PAUSE);
        break;
    case 2:
        control(channel, FLUSH, 0);
        in_le32(channel_at(channel) + CH_STATUS);
        break;
    case 3:
        control(channel, 0, RUN);
        break;
    case 4:
        out_le32(channel_at(channel) + CH_CONTROL, rnd());
        break;
    case 5:
        out_le32(channel_at(channel) + CH_POINTER, desc_address(one_in(4) ? 1 : 16));
        break;
    case 6:
        out_le32(channel_at(channel) + CH_CONTROL, rnd() << 16 | (rnd() & 0xff)); /* status bits */
        break;
    default:
        any_access(channel_at(channel), 0x80);
    }
}

/* ---- IDE ---- */

static uint32_t ide_base(void)
{
    return guest.macio + 0x20000 + (one_in(2) ? 0x1000 : 0);
}

static void ide_out(uint32_t base, unsigned reg, uint8_t value)
{
    out8(base + (reg << 4), value);
}

static bool ide_wait(uint32_t base, uint8_t mask, uint8_t value)
{
    for (unsigned i = 0; i < 500; i++) {
        if ((in8(base + (IDE_COMMAND << 4)) & mask) == value) {
            return true;
        }
    }
    return false;
}

static void ide_place(uint32_t base, bool packet)
{
    /* High bytes of 48-bit commands first. */
    for (unsigned twice = one_in(2) ? 2 : 1; twice; twice--) {
        ide_out(base, IDE_FEATURES, (uint8_t)(packet ? below(4) : one_in(2) ? 0 : rnd()));
        ide_out(base, IDE_COUNT, (uint8_t)(one_in(3) ? rnd() : below(17)));
        ide_out(base, IDE_LOW, (uint8_t)(one_in(3) ? rnd() : below(64)));
        ide_out(base, IDE_MIDDLE, (uint8_t)(one_in(3) ? rnd() : below(64)));
        ide_out(base, IDE_HIGH, (uint8_t)(one_in(2) ? rnd() : 0));
    }
}

static uint8_t ide_command(void)
{
    if (one_in(12)) {
        return (uint8_t)rnd();
    }
    return (uint8_t)PICK(0x20, 0x24, 0x29, 0x30, 0x34, 0x39, 0xc4, 0xc5, 0xc8, 0xca, 0x25, 0x35,
                         0x25, 0x35, 0xc8, 0xca, 0xce, 0x40, 0x42, 0x70, 0x90, 0x08, 0xa0, 0xa0,
                         0xa0, 0xa1, 0xec, 0xee, 0xef, 0xc6, 0xe0, 0xe1, 0xe2, 0xe5, 0xe6, 0xe7,
                         0xea, 0xb0, 0xf8, 0x27, 0xf5, 0x10, 0x91, 0x00, 0xc0, 0xd1, 0x06, 0x3d);
}

static void pio(uint32_t base, unsigned n)
{
    bool write = one_in(2);

    while (n--) {
        if (write) {
            if (one_in(2)) {
                out32(base, rnd() | 0xf8000000); /* no address of memory */
            } else {
                out16(base, (uint16_t)rnd());
            }
        } else if (one_in(2)) {
            in16(base);
        } else {
            in32(base);
        }
    }
}

static void send_packet(uint32_t base)
{
    uint8_t cdb[12];
    uint32_t at = one_in(4) ? any_word() : below(600), n = one_in(4) ? any_length() : below(40);

    for (unsigned i = 0; i < 12; i++) {
        cdb[i] = one_in(4) ? (uint8_t)rnd() : 0;
    }
    cdb[0] = (uint8_t)(one_in(12) ? rnd()
                                  : PICK(0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x25, 0x28, 0x28, 0x28,
                                         0xa8, 0xa8, 0xbe, 0xbe, 0xb9, 0x42, 0x43, 0x43, 0x44, 0x45,
                                         0x46, 0x4a, 0x4b, 0x51, 0x52, 0x55, 0x5a, 0x5c, 0xa4, 0xad,
                                         0xbb, 0xbd, 0x2b, 0x15, 0xa0, 0x5b, 0xac, 0x23));
    if (!one_in(4)) {
        cdb[2] = (uint8_t)(at >> 24);
        cdb[3] = (uint8_t)(at >> 16);
        cdb[4] = (uint8_t)(at >> 8);
        cdb[5] = (uint8_t)at;
        cdb[cdb[0] == 0xa8 ? 8 : 7] = (uint8_t)(n >> 8);
        cdb[cdb[0] == 0xa8 ? 9 : 8] = (uint8_t)n;
        if (cdb[0] == 0xbe) {
            cdb[9] = (uint8_t)PICK(0x10, 0xf8, 0x00, 0x08, 0xff);
        }
    }
    if (cdb[0] == 0x1b && !one_in(6)) {
        cdb[4] = 3; /* the tray is closed, or nothing more would be read */
    }
    ide_wait(base, BSY | DRQ, DRQ);
    for (unsigned i = 0; i < 12; i += 2) {
        out16(base, (uint16_t)(cdb[i] << 8 | cdb[i + 1]));
    }
}

static void ide_episode(void)
{
    uint32_t base = ide_base(), program = desc_address(16);
    unsigned channel = base & 0x1000 ? CHANNEL_IDE1 : CHANNEL_IDE0;
    uint8_t command = ide_command();
    uint8_t select = (uint8_t)(0xa0 | (rnd() & 0x50) | (one_in(4) ? rnd() & 0x4f : 0));
    bool dma = one_in(2), early = one_in(2);

    if (!one_in(4)) {
        ide_wait(base, BSY | DRQ, 0);
    }
    if (select & 0x10 && !one_in(3)) {
        command = 0xa0; /* the second drives are optical */
    }
    ide_out(base, IDE_SELECT, select);
    if (dma) {
        make_program(program, 1 + below(one_in(4) ? 64 : 6), one_in(6) ? -1 : (int)below(2));
        if (early) {
            start_channel(channel, program);
        }
    }
    ide_place(base, command == 0xa0);
    ide_out(base, IDE_COMMAND, command);
    if (command == 0xa0 && !one_in(8)) {
        send_packet(base);
    }
    if (dma && !early) {
        start_channel(channel, program);
    }
    if (!dma && one_in(4)) {
        ide_wait(base, BSY | DRQ, DRQ);
    }
    if (!dma || one_in(8)) {
        pio(base, one_in(4) ? below(4000) : below(300));
    }
}

static void ide_disturb(void)
{
    uint32_t base = ide_base();

    switch (below(8)) {
    case 0: /* reset of both drives, perhaps in the middle */
        ide_out(base, IDE_CONTROL, 0x04);
        if (!one_in(4)) {
            ide_out(base, IDE_CONTROL, (uint8_t)(rnd() & 0x02));
        }
        break;
    case 1:
        ide_out(base, IDE_CONTROL, (uint8_t)(rnd() & 0x82));
        break;
    case 2:
        ide_out(base, IDE_COMMAND, 0x08);
        break;
    case 3:
        out_le32(base + (IDE_INTERRUPTS << 4), any_word());
        in_le32(base + (IDE_INTERRUPTS << 4));
        break;
    case 4:
        out_le32(base + (IDE_TIMING << 4), any_word());
        break;
    case 5:
        poke_channel(base & 0x1000 ? CHANNEL_IDE1 : CHANNEL_IDE0);
        break;
    default:
        any_access(base, 0x1000);
    }
}

void fuzz_ide(void)
{
    for (unsigned n = below(6); n; n--) {
        ide_episode();
    }
    for (unsigned n = below(4); n; n--) {
        ide_disturb();
    }
    if (one_in(16)) {
        pci_disturb(pci_find(0x106b, guest.keylargo ? 0x0022 : 0x0010));
    }
    if (one_in(4)) {
        wait_us(below(3000));
    }
}

void fuzz_dbdma(void)
{
    /* Something for the drives to move now and then. */
    if (one_in(3)) {
        ide_episode();
    }
    for (unsigned n = 1 + below(4); n; n--) {
        unsigned channel = one_in(2) ? PICK(CHANNEL_IDE0, CHANNEL_IDE1) : below(N_CHANNELS);
        uint32_t program = desc_address(one_in(8) ? 1 : 16);

        make_program(program, 1 + below(one_in(8) ? 1000 : 16), one_in(2) ? -1 : (int)below(2));
        start_channel(channel, program);
        for (unsigned k = below(6); k; k--) {
            poke_channel(one_in(3) ? below(N_CHANNELS) : channel);
        }
    }
    if (one_in(8)) {
        any_access(guest.macio + 0x8000, 0x1000);
    }
    if (one_in(4)) {
        wait_us(below(2000));
    }
    /* Endless ones end. */
    if (one_in(8)) {
        for (unsigned i = 0; i < N_CHANNELS; i++) {
            control(i, 0, RUN);
        }
    }
}
