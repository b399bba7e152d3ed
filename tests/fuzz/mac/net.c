/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SunGEM's rings; RTL8139's four descriptors and its C+ rings; NE2000's remote DMA. */
#include "guest.h"

/* ---- Frames that somebody answers ---- */

static uint32_t make_frame(uint32_t at)
{
    static const uint8_t arp[] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0,    0x12, 0x34, 0x56, 8,    6,
        0,    1,    8,    0,    6,    4,    0,    1,    0x52, 0x54, 0,    0x12, 0x34, 0x56,
        10,   0,    2,    15,   0,    0,    0,    0,    0,    0,    10,   0,    2,    2,
    };
    static const uint8_t ping[] = {
        0x52, 0x55, 10, 0,  2, 2, 0x52, 0x54, 0,    0x12, 0x34, 0x56, 8,  0,
        0x45, 0,    0,  84, 0, 1, 0,    0,    64,   1,    0x62, 0x97, 10, 0,
        2,    15,   10, 0,  2, 2, 8,    0,    0xf7, 0xfe, 0,    1,    0,  0,
    };
    /* A DNS question to 10.0.2.3, a TCP SYN to 10.0.2.2. */
    static const uint8_t udp[] = {
        0x52, 0x55, 10, 0, 2, 3, 0x52, 0x54, 0,  0x12, 0x34, 0x56, 8, 0, 0x45,
        0,    0,    45, 0, 1, 0, 0,    64,   17, 0x62, 0xad, 10,   0, 2, 15,
        10,   0,    2,  3, 4, 0, 0,    53,   0,  25,   0,    0,    0, 1, 1,
        0,    0,    1,  0, 0, 0, 0,    0,    0,  0,    0,    1,    0, 1,
    };
    static const uint8_t tcp[] = {
        0x52, 0x55, 10, 0, 2,  2, 0x52, 0x54, 0,  0x12, 0x34, 0x56, 8,  0, 0x45, 0, 0, 40,
        0,    1,    0,  0, 64, 6, 0x62, 0xbe, 10, 0,    2,    15,   10, 0, 2,    2, 4, 0,
        0,    9,    0,  0, 0,  1, 0,    0,    0,  0,    0x50, 2,    16, 0, 0,    0, 0, 0,
    };
    uint32_t size;

    switch (below(5)) {
    case 0:
        fill(at, ping, size = sizeof(ping));
        size = 98;
        break;
    case 1:
        fill(at, udp, size = sizeof(udp));
        break;
    case 2:
        fill(at, tcp, size = sizeof(tcp));
        break;
    default:
        fill(at, arp, size = sizeof(arp));
    }
    for (unsigned n = one_in(3) ? below(4) : 0; n; n--) {
        memory(at)[below(size)] = (uint8_t)rnd();
    }
    return one_in(3) ? any_length() : size;
}

/* A buffer with a frame, or none. */
static uint32_t frame_address(uint32_t *size)
{
    uint32_t at = DATA_AT + below(DATA_SIZE);

    if (one_in(6)) {
        *size = any_length();
        return data_address();
    }
    *size = make_frame(at);
    return at;
}

/* ---- SunGEM ---- */

enum {
    SWRST = 0x1010,
    TX_KICK = 0x2000,
    TX_CFG = 0x2004,
    TX_LOW = 0x2008,
    TX_HIGH = 0x200c,
    RX_CFG = 0x4000,
    RX_LOW = 0x4004,
    RX_HIGH = 0x4008,
    RX_KICK = 0x4100,
    MAC_TXCFG = 0x6030,
    MAC_RXCFG = 0x6034,
    MAC_XIFCFG = 0x603c,
    MAC_MAXFSZ = 0x6054,
    MIF_FRAME = 0x620c
};

static void gem_ring(uint32_t base, bool receive)
{
    uint32_t code = one_in(8) ? below(16) : below(4), ring = desc_address(one_in(8) ? 16 : 2048);
    unsigned n = 32u << (code < 8 ? code : 8), filled = one_in(8) ? n : below(n < 64 ? n : 64);

    n = n > 2048 ? 2048 : n;
    filled = filled > n ? n : filled;
    for (unsigned i = 0; i < filled; i++) {
        uint32_t at = ring + 16 * i, size, buffer;

        if (receive) {
            size = one_in(3) ? any_length() : 1536;
            buffer = data_address();
            put_le32(at + 4, any_word());
            put_le32(at, (size & 0x7fff) << 16 | (one_in(6) ? 0 : 1u << 31));
        } else {
            buffer = frame_address(&size);
            put_le32(at, (size & 0x7fff) | PICK(3, 3, 3, 2, 1, 0) << 30 |
                             (one_in(3) ? 1u << 29 | below(64) << 15 | below(256) << 21 : 0));
            put_le32(at + 4, one_in(4) ? any_word() : below(4));
        }
        put_le32(at + 8, buffer);
        put_le32(at + 12, one_in(32) ? any_word() : 0);
    }
    out_le32(base + (receive ? RX_HIGH : TX_HIGH), one_in(32) ? any_word() : 0);
    out_le32(base + (receive ? RX_LOW : TX_LOW), one_in(32) ? any_word() : ring);
    out_le32(base + (receive ? RX_CFG : TX_CFG),
             1 | code << 1 |
                 (receive ? (rnd() & 7) << 10 | (rnd() & 0x7f) << 13 | below(4) << 24 : 0));
    out_le32(base + (receive ? RX_KICK : TX_KICK), one_in(4) ? any_word() : filled);
}

void fuzz_gem(void)
{
    const PciFunction *f = pci_find(0x106b, 0x0021);
    uint32_t base;

    if (!f) {
        record->skipped++;
        return;
    }
    base = f->bars[0];
    if (one_in(8)) {
        out_le32(base + SWRST, 1 + below(3));
    }
    gem_ring(base, true);
    out_le32(base + MAC_RXCFG, one_in(4) ? any_word() : 1 | PICK(0, 8, 0x10, 0x20, 4));
    out_le32(base + MAC_TXCFG, one_in(8) ? any_word() : 1);
    out_le32(base + MAC_XIFCFG, one_in(2) ? 1 : one_in(2) ? 3 : any_word());
    if (one_in(4)) {
        out_le32(base + MAC_MAXFSZ, one_in(2) ? 0x200005ee : any_word());
    }
    for (unsigned n = 1 + below(4); n; n--) {
        gem_ring(base, false);
        if (one_in(4)) {
            out_le32(base + MIF_FRAME, 0x50020000 | rnd());
        }
        for (unsigned k = below(4); k; k--) {
            any_access(base + PICK(0, 0x1000, 0x2000, 0x3000, 0x4000, 0x6000, 0x6200, 0x9000),
                       0x200);
        }
        if (one_in(3)) {
            wait_us(below(2000));
        }
    }
    if (one_in(16)) {
        any_access(base, 0x200000);
        pci_disturb(f);
    }
}

/* ---- RTL8139 ---- */

enum {
    TSD0 = 0x10,
    TSAD0 = 0x20,
    RBSTART = 0x30,
    CR = 0x37,
    CAPR = 0x38,
    IMR = 0x3c,
    TCR = 0x40,
    RCR = 0x44,
    CONFIG_93C46 = 0x50,
    TPPOLL = 0xd9,
    CPCR = 0xe0,
    RDSAR = 0xe4
};

static void rtl_cplus_ring(uint32_t base, bool receive)
{
    uint32_t ring = desc_address(one_in(8) ? 16 : 256);
    unsigned n = 1 + below(64);

    for (unsigned i = 0; i < n; i++) {
        uint32_t at = ring + 16 * i, size = 1536, buffer, flags = 1u << 31;

        if (receive) {
            buffer = data_address();
            size = one_in(3) ? any_length() & 0x1fff : size;
        } else {
            buffer = frame_address(&size);
            flags |= PICK(3, 3, 3, 1, 2, 0) << 28 | (one_in(3) ? 1u << 27 | below(2048) << 16 : 0) |
                     (one_in(3) ? below(8) << 16 : 0);
        }
        if (i == n - 1 && !one_in(8)) {
            flags |= 1u << 30;
        }
        put_le32(at, one_in(12) ? any_word() : flags | (size & 0xffff));
        put_le32(at + 4, one_in(4) ? any_word() : 0);
        put_le32(at + 8, buffer);
        put_le32(at + 12, one_in(32) ? any_word() : 0);
    }
    if (receive) {
        out_le32(base + RDSAR, one_in(32) ? any_word() : ring);
        out_le32(base + RDSAR + 4, one_in(32) ? any_word() : 0);
    } else {
        uint32_t at = base + (one_in(4) ? 0x28 : 0x20);

        out_le32(at, one_in(32) ? any_word() : ring);
        out_le32(at + 4, one_in(32) ? any_word() : 0);
        out8(base + TPPOLL, (uint8_t)PICK(0x40, 0x40, 0x80, 0xc1, 0xff));
    }
}

static void rtl_send(uint32_t base)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t size, at = frame_address(&size);

        out_le32(base + TSAD0 + 4 * i, at);
        out_le32(base + TSD0 + 4 * i,
                 one_in(6) ? any_word() : (size & 0x1fff) | (rnd() & 0x3f0000));
    }
}

static void fuzz_rtl8139(const PciFunction *f)
{
    uint32_t base = one_in(4) ? f->bars[0] : f->bars[1];

    if (one_in(8)) {
        out8(base + CR, 0x10);
    }
    out8(base + CONFIG_93C46, (uint8_t)(one_in(2) ? 0xc0 : rnd()));
    out_le16(base + CPCR, (uint16_t)(one_in(3) ? 0 : one_in(3) ? rnd() : 0x2b));
    out8(base + CR, (uint8_t)(one_in(8) ? rnd() : 0x0c));
    out_le32(base + TCR, one_in(2) ? PICK(0, 0x60000, 0x20000, 0x700) : any_word());
    out_le32(base + RCR, one_in(2) ? 0x3f | below(4) << 11 | (one_in(2) ? 0x80 : 0) : any_word());
    out_le32(base + RBSTART, data_address());
    out_le16(base + CAPR, (uint16_t)(one_in(4) ? rnd() : 0xfff0));
    out_le16(base + IMR, (uint16_t)rnd());
    rtl_cplus_ring(base, true);
    for (unsigned n = 1 + below(4); n; n--) {
        if (one_in(2)) {
            rtl_cplus_ring(base, false);
        } else {
            rtl_send(base);
        }
        for (unsigned k = below(4); k; k--) {
            any_access(base, 0x100);
        }
        if (one_in(3)) {
            wait_us(below(2000));
        }
    }
}

/* ---- NE2000 ---- */

static void ne_remote(uint32_t base, uint32_t at, uint32_t n, uint8_t command)
{
    out8(base + 0x0a, (uint8_t)n);
    out8(base + 0x0b, (uint8_t)(n >> 8));
    out8(base + 0x08, (uint8_t)at);
    out8(base + 0x09, (uint8_t)(at >> 8));
    out8(base, command);
}

static void fuzz_ne2000(const PciFunction *f)
{
    uint32_t base = f->bars[0], n, frame = DATA_AT;

    if (one_in(8)) {
        in8(base + 0x1f);
    }
    out8(base, 0x21);
    out8(base + 0x0e, (uint8_t)PICK(0x48, 0x49, 0x4b, 0x00, 0xff));
    out8(base + 0x0c, (uint8_t)(one_in(2) ? 0x1c : rnd()));
    out8(base + 0x0d, (uint8_t)(one_in(2) ? 0 : rnd()));
    out8(base + 0x01, (uint8_t)(one_in(3) ? rnd() : 0x46)); /* first page, last, boundary */
    out8(base + 0x02, (uint8_t)(one_in(3) ? rnd() : 0x80));
    out8(base + 0x03, (uint8_t)(one_in(3) ? rnd() : 0x46));
    out8(base, 0x61);
    for (unsigned i = 0; i < 6; i++) {
        out8(base + 1 + i, "\x52\x54\x00\x12\x34\x56"[i]);
    }
    out8(base + 7, (uint8_t)(one_in(3) ? rnd() : 0x47));
    out8(base, 0x22);
    n = make_frame(frame) & 0xffff;
    ne_remote(base, one_in(3) ? rnd() : 0x4000, n, 0x12);
    for (unsigned i = 0; i < n && i < 2000; i += 4) {
        out_le32(base + 0x10, *(uint32_t *)(frame + i));
    }
    out8(base + 0x04, (uint8_t)(one_in(3) ? rnd() : 0x40));
    out8(base + 0x05, (uint8_t)n);
    out8(base + 0x06, (uint8_t)(n >> 8));
    out8(base, 0x26);
    if (one_in(2)) {
        ne_remote(base, rnd(), any_length(), 0x0a);
        for (unsigned i = below(500); i; i--) {
            any_access(base + 0x10, 8);
        }
    }
    for (unsigned k = below(8); k; k--) {
        any_access(base, one_in(2) ? 0x20 : 0x100);
    }
}

void fuzz_nic(void)
{
    const PciFunction *rtl = pci_find(0x10ec, 0x8139), *ne = pci_find(0x10ec, 0x8029);

    if (rtl && (!ne || one_in(2))) {
        fuzz_rtl8139(rtl);
    } else if (ne) {
        fuzz_ne2000(ne);
    } else {
        record->skipped++;
        return;
    }
    if (one_in(16)) {
        pci_disturb(rtl && one_in(2) ? rtl : ne);
    }
}
