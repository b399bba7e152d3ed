/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VIA with CUDA or PMU and ADB behind, interrupt controllers, VGA, PCI configuration, the rest. */
#include "guest.h"

/* ---- VIA ---- */

enum {
    VIA_B = 0,
    VIA_A = 1,
    VIA_DIRB = 2,
    VIA_DIRA = 3,
    VIA_T1CL = 4,
    VIA_T1CH = 5,
    VIA_SR = 10,
    VIA_ACR = 11,
    VIA_PCR = 12,
    VIA_IFR = 13,
    VIA_IER = 14,
    VIA_ANH = 15
};
enum { SR_INT = 0x04, SR_OUT = 0x1c, SR_IN = 0x0c };

static uint32_t via_at(unsigned reg)
{
    return guest.macio + 0x16000 + reg * 0x200;
}

static void via_out(unsigned reg, uint8_t value)
{
    out8(via_at(reg), value);
}

static uint8_t via_in(unsigned reg)
{
    return in8(via_at(reg));
}

static void wait_shift(void)
{
    for (unsigned i = 0; i < 400 && !(via_in(VIA_IFR) & SR_INT); i++) {
        wait_us(2);
    }
}

/* A packet to CUDA: type, command, arguments. */
static unsigned make_cuda_packet(uint8_t *packet)
{
    unsigned n = one_in(8) ? below(140) : below(5);

    for (unsigned i = 0; i < n; i++) {
        packet[i] = (uint8_t)(one_in(2) ? rnd() : below(16));
    }
    packet[0] = (uint8_t)(one_in(12) ? rnd() : below(2));
    if (packet[0] == 0 && !one_in(8)) { /* ADB: to the keyboard, the mouse, anybody */
        packet[1] = (uint8_t)(PICK(2, 3, 8, 9, 0, 15) << 4 | PICK(0, 1, 8, 9, 10, 11, 12, 15, 14));
    } else if (packet[0] == 1 && !one_in(8)) {
        packet[1] =
            (uint8_t)(one_in(2) ? below(0x40)
                                : PICK(0x01, 0x01, 0x02, 0x03, 0x07, 0x08, 0x09, 0x0a, 0x0c, 0x11,
                                       0x13, 0x14, 0x16, 0x19, 0x1a, 0x1b, 0x21, 0x22, 0x25));
    }
    return n + 2;
}

static void cuda_packet(void)
{
    enum { TREQ = 0x08, TACK = 0x10, TIP = 0x20 };
    uint8_t packet[160];
    unsigned n = make_cuda_packet(packet);
    bool patient = !one_in(4);

    via_out(VIA_DIRB, 0x30);
    via_out(VIA_ACR, SR_OUT);
    via_out(VIA_SR, packet[0]);
    via_out(VIA_B, TACK); /* TIP */
    for (unsigned i = 1; i < n; i++) {
        if (patient) {
            wait_shift();
        }
        via_out(VIA_SR, packet[i]);
        via_out(VIA_B, i & 1 ? 0 : TACK);
        if (one_in(64)) {
            via_out(VIA_B, (uint8_t)rnd());
        }
    }
    if (patient) {
        wait_shift();
    }
    if (!one_in(6)) {
        via_out(VIA_ACR, SR_IN);
        via_in(VIA_SR);
        via_out(VIA_B, TACK | TIP);
    }
    /* Its answer. */
    for (unsigned i = 0; i < 20 && patient && !one_in(16); i++) {
        wait_shift();
        via_in(VIA_SR);
        if (i && via_in(VIA_B) & TREQ) {
            break;
        }
        via_out(VIA_B, i & 1 ? TACK : 0);
    }
    if (!one_in(6)) {
        via_out(VIA_B, TACK | TIP);
    }
}

static void pmu_byte(bool out, uint8_t value)
{
    enum { TACK = 0x08, TREQ = 0x10 };

    via_out(VIA_ACR, out ? SR_OUT : SR_IN);
    if (out) {
        via_out(VIA_SR, value);
    } else {
        via_in(VIA_SR);
    }
    via_out(VIA_B, (uint8_t)(via_in(VIA_B) & ~TREQ));
    for (unsigned i = 0; i < 20 && via_in(VIA_B) & TACK; i++) {
    }
    via_out(VIA_B, via_in(VIA_B) | TREQ);
}

/* Commands and how many bytes follow; 255: a length and as many. */
static void pmu_packet(void)
{
    static const uint8_t lengths[][2] = {
        {0x10, 1},   {0x11, 1},   {0x20, 255}, {0x20, 255}, {0x21, 0}, {0x30, 4}, {0x31, 20},
        {0x33, 3},   {0x32, 255}, {0x38, 0},   {0x39, 0},   {0x3a, 2}, {0x3b, 2}, {0x68, 0},
        {0x6b, 0},   {0x70, 1},   {0x78, 0},   {0x78, 0},   {0x7e, 4}, {0xd0, 0}, {0xdf, 0},
        {0xe2, 255}, {0xea, 0},   {0xec, 0},   {0xef, 0},
    };
    const uint8_t *row = lengths[below(sizeof(lengths) / sizeof(*lengths))];
    uint8_t bytes[4] = {'M', 'A', 'T', 'T'};
    unsigned n = row[1];

    via_out(VIA_DIRB, 0x10);
    pmu_byte(true, (uint8_t)(one_in(8) ? rnd() : row[0]));
    if (n == 255) {
        n = one_in(6) ? below(256) : 3 + below(6);
        pmu_byte(true, (uint8_t)n);
    }
    if (one_in(8)) {
        n = below(300);
    }
    if (row[0] == 0x20 && !one_in(8)) { /* ADB: a command, how much data; or its polling */
        bytes[0] = (uint8_t)(PICK(2, 3, 8, 9, 0, 15) << 4 | PICK(0, 1, 8, 9, 10, 11, 12, 15, 14));
        bytes[1] = (uint8_t)below(6);
        bytes[2] = (uint8_t)(one_in(4) ? rnd() : n - 3);
        if (one_in(4)) {
            bytes[0] = 0;
            bytes[1] = 0x86;
            bytes[2] = bytes[3] = 0xff;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        pmu_byte(true, i < 4 && row[1] >= 4 && !one_in(16) ? bytes[i] : (uint8_t)rnd());
    }
    for (unsigned i = one_in(4) ? below(24) : 4 + below(8); i; i--) {
        pmu_byte(false, 0);
    }
}

void fuzz_via(void)
{
    switch (below(6)) {
    case 0:
    case 1:
        cuda_packet();
        break;
    case 2:
    case 3:
        pmu_packet();
        break;
    case 4: /* timers, with values that soon end */
        via_out(4 + below(6), (uint8_t)(one_in(2) ? below(3) : rnd()));
        via_out(VIA_IER, (uint8_t)rnd());
        via_out(VIA_ACR, (uint8_t)rnd());
        wait_us(below(100));
        break;
    default:
        for (unsigned n = below(20); n; n--) {
            any_access(guest.macio + 0x16000, 0x2000);
        }
    }
    for (unsigned n = below(3); n; n--) {
        via_out(below(16), (uint8_t)rnd());
        via_in(below(16));
    }
    if (one_in(8)) {
        any_access(guest.macio + 0x50, 0x30);
    }
}

/* ---- Interrupt controllers ---- */

static void fuzz_openpic(uint32_t base)
{
    uint32_t source = base + 0x10000 + below(one_in(8) ? 256 : 72) * 0x20;

    switch (below(8)) {
    case 0: /* everything on */
        out_le32(base + 0x20080, 0);
        for (unsigned i = 0; i < 64; i++) {
            out_le32(base + 0x10000 + i * 0x20, i | below(16) << 16 | (one_in(2) ? 1u << 22 : 0));
            out_le32(base + 0x10010 + i * 0x20, 1);
        }
        break;
    case 1:
        out_le32(source, any_word());
        out_le32(source + 0x10, one_in(2) ? 1 : any_word());
        break;
    case 2: /* between processors */
        out_le32(base + 0x10a0 + 0x10 * below(4), any_word());
        out_le32(base + 0x20040 + 0x10 * below(4), any_word());
        break;
    case 3: /* timers */
        out_le32(base + 0x10f0, any_word());
        out_le32(base + 0x1100 + 0x40 * below(4) + 0x10 * below(4),
                 one_in(2) ? below(100) : any_word());
        break;
    case 4:
        in_le32(base + 0x200a0);
        in_le32(base + 0xa0);
        if (!one_in(4)) {
            out_le32(base + 0x200b0, 0);
        }
        break;
    case 5:
        out_le32(base + 0x1020, one_in(8) ? 0x80000000 : any_word());
        break;
    case 6:
        any_access(base + 0x20000, 0x20000);
        break;
    default:
        any_access(base + below(0x40000), 16);
    }
}

void fuzz_pic(void)
{
    for (unsigned n = 1 + below(8); n; n--) {
        if (guest.keylargo) {
            fuzz_openpic(guest.macio + 0x40000);
        } else {
            any_access(guest.macio + (one_in(2) ? 0x10 : 0), one_in(8) ? 0x80 : 0x30);
        }
    }
    /* Somebody who asks for interrupts. */
    if (one_in(4)) {
        via_out(VIA_IER, 0xff);
        via_out(VIA_T1CL, (uint8_t)rnd());
        via_out(VIA_T1CH, (uint8_t)below(2));
    }
}

/* ---- VGA ---- */

static void vga_port(const PciFunction *f, unsigned port, uint8_t value)
{
    if (one_in(3)) {
        out8(guest.io + port, value);
    } else {
        out8(f->bars[2] + 0x400 + port - 0x3c0, value);
    }
}

static void vga_indexed(const PciFunction *f, unsigned port, uint8_t index, uint8_t value)
{
    vga_port(f, port, index);
    vga_port(f, port + 1, value);
}

static void vga_mode(const PciFunction *f)
{
    static const uint16_t text_crtc[] = {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
                                         0x4f, 0x0d, 0x0e, 0,    0,    0,    0,    0x9c, 0x8e,
                                         0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff};

    vga_port(f, 0x3c2, (uint8_t)(one_in(3) ? rnd() : 0x67));
    for (unsigned i = 0; i < 5; i++) {
        vga_indexed(f, 0x3c4, (uint8_t)i, (uint8_t)(one_in(3) ? rnd() : "\x03\x00\x03\x00\x02"[i]));
    }
    vga_indexed(f, 0x3d4, 0x11, 0x0e);
    for (unsigned i = 0; i < 25; i++) {
        vga_indexed(f, 0x3d4, (uint8_t)i, (uint8_t)(one_in(6) ? rnd() : text_crtc[i]));
    }
    for (unsigned i = 0; i < 9; i++) {
        vga_indexed(f, 0x3ce, (uint8_t)i,
                    (uint8_t)(one_in(2) ? rnd() : "\0\0\0\0\0\x10\x0e\0\xff"[i]));
    }
    for (unsigned i = 0; i < 21; i++) {
        vga_port(f, 0x3c0, (uint8_t)i);
        vga_port(f, 0x3c0, (uint8_t)(one_in(2) ? rnd() : i));
    }
    vga_port(f, 0x3c0, 0x20);
}

static void dispi(const PciFunction *f, unsigned index, uint16_t value)
{
    if (one_in(4)) {
        out_le16(guest.io + 0x1ce, (uint16_t)index);
        out_le16(guest.io + 0x1d0, value);
    } else {
        out_le16(f->bars[2] + 0x500 + 2 * index, value);
    }
}

static void vga_graphics(const PciFunction *f)
{
    dispi(f, 4, 0);
    dispi(f, 1, (uint16_t)(one_in(12) ? rnd() : PICK(640, 800, 1024, 1, 8, 320)));
    dispi(f, 2, (uint16_t)(one_in(12) ? rnd() : PICK(480, 600, 768, 1, 200)));
    dispi(f, 3, (uint16_t)(one_in(8) ? rnd() : PICK(4, 8, 15, 16, 24, 32, 0)));
    dispi(f, 4, (uint16_t)(one_in(4) ? rnd() : 0x41 | (one_in(2) ? 0x80 : 0)));
    for (unsigned n = below(4); n; n--) {
        dispi(f, below(11), (uint16_t)rnd());
    }
    if (one_in(2)) {
        out_le32(f->bars[2] + 0x604, PICK(0xbebebebe, 0x1e1e1e1e, 0, 0xffffffff));
    }
}

void fuzz_vga(void)
{
    const PciFunction *f = pci_find(0x1234, 0x1111);

    if (!f) {
        record->skipped++;
        return;
    }
    switch (below(4)) {
    case 0:
        vga_mode(f);
        break;
    case 1:
        vga_graphics(f);
        break;
    default:
        for (unsigned n = below(16); n; n--) {
            any_access(one_in(3) ? guest.io + 0x3b0 : f->bars[2] + PICK(0, 0x400, 0x500, 0x600),
                       one_in(4) ? 0x100 : 0x30);
        }
    }
    for (unsigned n = below(64); n; n--) {
        any_access(f->bars[0] + (one_in(2) ? 0 : below(0xffff00)), 256);
        if (!guest.keylargo) {
            any_access(0xfd0a0000u + below(0x1ff00), 256); /* planes, as a PC sees them */
        }
    }
    if (one_in(8)) {
        wait_us(below(20000));
    }
    if (one_in(32)) {
        pci_disturb(f);
    }
}

/* ---- PCI ---- */

void fuzz_pci(void)
{
    const PciFunction *f = &guest.functions[below(guest.n_functions)];

    switch (below(8)) {
    case 0:
        pci_disturb(f);
        pci_disturb(NULL);
        break;
    case 1: /* the address register, any form; then data */
        out_le32(f->bridge, any_word());
        any_access(f->bridge + (f->bridge == 0xfec00000u ? 0x200000 : 0x400000), 8);
        break;
    case 2:
        any_access(f->bridge, one_in(2) ? 8 : 0x1000);
        break;
    case 3: /* all BARs on one place */
        for (unsigned i = 0; i < guest.n_functions; i++) {
            pci_write(&guest.functions[i], 0x10 + 4 * below(7),
                      one_in(2) ? 0x80000000 : any_word());
        }
        break;
    case 4:
        any_access(0xf8000000u, one_in(4) ? 0x1000000 : 0x100);
        break;
    case 5: /* windows of the bridges, where nothing or something is */
        any_access(PICK(0x80000000, 0xf2000000, 0xfe000000, 0xfd000000, 0xf0000000, 0xf4000000,
                        0xf1000000),
                   0x10000);
        break;
    default:
        for (unsigned n = below(8); n; n--) {
            pci_write(f, one_in(2) ? 0x04 + 4 * below(15) : below(256), any_word());
            pci_read(f, below(256));
        }
    }
    /* Devices at work meanwhile. */
    if (one_in(4)) {
        PICK(0, 1) ? fuzz_gem() : fuzz_ohci();
    }
    if (one_in(4)) {
        fuzz_ide();
    }
    if (one_in(2)) {
        pci_restore();
    }
}

/* ---- The rest ---- */

static void fuzz_escc(void)
{
    uint32_t base = guest.macio + (one_in(2) ? 0x13000 : 0x12000);
    unsigned step = base & 0x1000 ? 0x10 : 2;

    for (unsigned n = below(24); n; n--) {
        uint32_t port = base + step * below(4);

        if (one_in(3)) {
            in8(port);
        } else if (one_in(2)) {
            out8(port, (uint8_t)below(16)); /* a register, then its value */
            out8(port, (uint8_t)rnd());
        } else {
            out8(port, (uint8_t)rnd());
        }
    }
    any_access(base, 0x100);
}

static void fuzz_fw_cfg(void)
{
    out16(0xf0000510u,
          (uint16_t)(one_in(2) ? PICK(0, 1, 2, 3, 5, 7, 9, 0x19, 0x20, 0x21, 0x8000, 0x8009)
                               : rnd()));
    for (unsigned n = below(40); n; n--) {
        if (one_in(4)) {
            any_access(0xf0000500u, 0x30);
        } else {
            in8(0xf0000512u);
        }
    }
}

void fuzz_misc(void)
{
    switch (below(6)) {
    case 0:
    case 1:
        fuzz_escc();
        break;
    case 2:
        fuzz_fw_cfg();
        break;
    case 3: /* NVRAM */
        for (unsigned n = below(32); n; n--) {
            any_access(guest.keylargo ? 0xfff04000u : guest.macio + 0x60000, 0x20000);
        }
        break;
    case 4: /* GPIO, timer, and what is between */
        for (unsigned n = below(16); n; n--) {
            any_access(guest.macio + PICK(0x50, 0x15000, 0, 0x15000, 0x50), 0x40);
        }
        break;
    default:
        if (one_in(16)) { /* executes registers, or what is in the frame buffer */
            const PciFunction *vga = pci_find(0x1234, 0x1111);
            uint32_t at = guest.macio + below(0x80000);

            if (vga && one_in(2)) {
                at = vga->bars[0] + (below(0x100000) & ~3u);
                out32(at, 0x4e800020); /* blr */
                __asm__ volatile("dcbst 0,%0; sync; icbi 0,%0; isync" : : "r"(at) : "memory");
            }
            call(at & ~3u);
        }
        any_access(guest.macio, 0x80000);
        any_access(one_in(2) ? 0xff000000u : 0xfff00000u, 0x100000); /* ROM */
    }
}
