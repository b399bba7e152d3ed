/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA: its registers and window, pictures of every mode pixel by pixel, what an update draws,
 * its state, and registers at random; then as a card of the beige G3, through the processor's
 * addresses.
 *
 * test-vga-VERSION.gz: the section of a QEMU on whose display Linux writes
 * (tests/migration/make-golden-mac.py).
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "accel/tcg/accel.h"
#include "chardev/char.h"
#include "hw/core/cpus.h"
#include "hw/core/machine.h"
#include "hw/display/vga-core.h"
#include "hw/display/vga.h"
#include "hw/input/adb.h"
#include "hw/pci/pci-host.h"
#include "hw/ppc/mac.h"
#include "migration/savevm.h"
#include "migration/wire.h"
#include "system/lock.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/cpu.h"
#include "util/bswap.h"


static char *firmware;
static VGAState vga;
static unsigned n_resized, n_changed, first_row, last_row;

/* ---- A VGA alone ---- */

static void fresh(void)
{
    GError *error = NULL;

    if (!vga.memory) {
        g_assert_true(vga_init(&vga, object_root(), "test.vram", 1, &error));
    }
    memset(vga.memory, 0, vga.memory_size);
    vga_reset(&vga);
}

static void sequencer(uint8_t index, uint8_t value)
{
    vga_port_write(&vga, 0x3c4, index);
    vga_port_write(&vga, 0x3c5, value);
}

static void graphics(uint8_t index, uint8_t value)
{
    vga_port_write(&vga, 0x3ce, index);
    vga_port_write(&vga, 0x3cf, value);
}

static void crtc(uint8_t index, uint8_t value)
{
    vga_port_write(&vga, 0x3d4, index);
    vga_port_write(&vga, 0x3d5, value);
}

static void attribute(uint8_t index, uint8_t value)
{
    vga_port_read(&vga, 0x3da);
    vga_port_write(&vga, 0x3c0, index);
    vga_port_write(&vga, 0x3c0, value);
}

static void color(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
    vga_port_write(&vga, 0x3c8, index);
    vga_port_write(&vga, 0x3c9, red);
    vga_port_write(&vga, 0x3c9, green);
    vga_port_write(&vga, 0x3c9, blue);
}

static void vbe(uint16_t index, uint16_t value)
{
    vga.vbe_index = index;
    vga_vbe_write(&vga, value);
}

static uint16_t vbe_get(uint16_t index)
{
    vga.vbe_index = index;
    return vga_vbe_read(&vga);
}

/* Sixteen colours, one after another in brightness; the picture on. */
static void begin(unsigned height)
{
    fresh();
    vga_port_write(&vga, 0x3c2, 0x01);
    for (uint8_t i = 0; i < 16; i++) {
        attribute(i, i);
        color(i, i, (uint8_t)(2 * i), (uint8_t)(3 * i));
    }
    attribute(ATTR_PLANES, 0x0f);
    vga_port_read(&vga, 0x3da);
    vga_port_write(&vga, 0x3c0, ATTR_INDEX_ON);
    crtc(CRTC_H_DISPLAY_END, 79);
    crtc(CRTC_V_DISPLAY_END, (uint8_t)(height - 1));
    crtc(CRTC_OVERFLOW, (uint8_t)(((height - 1) >> 7 & 0x02) | ((height - 1) >> 3 & 0x40) | 0x10));
    crtc(CRTC_LINE_COMPARE, 0xff);
    crtc(CRTC_MAX_SCAN, 0x40);
    crtc(CRTC_OFFSET, 40);
    crtc(CRTC_MODE, 0xa3);
}

static uint32_t expected(unsigned i)
{
    uint32_t pixel = 0;

    for (unsigned c = 1; c <= 3; c++) {
        unsigned v = c * i & 0x3f;

        pixel = pixel << 8 | v << 2 | (v & 1) * 3;
    }
    return pixel;
}

static uint32_t pixel(unsigned x, unsigned y)
{
    const DisplaySurface *surface = display_console_surface(vga.console);

    g_assert_cmpuint(x, <, surface->width);
    g_assert_cmpuint(y, <, surface->height);
    return surface->pixels[(size_t)y * surface->width + x];
}

static void draw(unsigned width, unsigned height)
{
    const DisplaySurface *surface = display_console_surface(vga.console);

    display_console_update(vga.console, true);
    g_assert_cmpuint(surface->width, ==, width);
    g_assert_cmpuint(surface->height, ==, height);
}

/* ---- Registers ---- */

static void test_registers(void)
{
    fresh();
    /* Ports of the other kind of monitor are not there. */
    g_assert_cmphex(vga_port_read(&vga, 0x3d4), ==, 0xff);
    vga_port_write(&vga, 0x3d4, 0x55);
    g_assert_cmphex(vga_port_read(&vga, 0x3b4), ==, 0);
    vga_port_write(&vga, 0x3c2, 0xff);
    g_assert_cmphex(vga_port_read(&vga, 0x3cc), ==, 0xef);
    g_assert_cmphex(vga_port_read(&vga, 0x3b4), ==, 0xff);
    /* Bits that are not there; indexes wrap. */
    sequencer(SEQ_CLOCKING, 0xff);
    g_assert_cmphex(vga_port_read(&vga, 0x3c5), ==, 0x3d);
    vga_port_write(&vga, 0x3c4, 0xfa);
    g_assert_cmphex(vga_port_read(&vga, 0x3c4), ==, 2);
    graphics(GFX_MODE, 0xff);
    g_assert_cmphex(vga_port_read(&vga, 0x3cf), ==, 0x7b);
    graphics(0xff, 0xff);
    g_assert_cmphex(vga_port_read(&vga, 0x3ce), ==, 0xf);
    g_assert_cmphex(vga_port_read(&vga, 0x3cf), ==, 0);
    /* Attributes: index and data in turn. */
    attribute(ATTR_MODE, 0xff);
    g_assert_cmphex(vga_port_read(&vga, 0x3c1), ==, 0xef);
    attribute(0x1f, 0xff);
    g_assert_cmphex(vga_port_read(&vga, 0x3c1), ==, 0);
    g_assert_cmphex(vga_port_read(&vga, 0x3da) ^ vga_port_read(&vga, 0x3da), ==, 0x09);
    /* Protected registers, but for one bit. */
    crtc(CRTC_H_DISPLAY_END, 79);
    crtc(CRTC_V_SYNC_END, 0x80);
    crtc(CRTC_H_DISPLAY_END, 3);
    crtc(CRTC_OVERFLOW, 0xff);
    g_assert_cmphex(vga.crtc[CRTC_H_DISPLAY_END], ==, 79);
    g_assert_cmphex(vga.crtc[CRTC_OVERFLOW], ==, 0x10);
    /* The palette, three bytes a time, going on by itself. */
    color(255, 1, 2, 3);
    vga_port_write(&vga, 0x3c9, 4);
    vga_port_write(&vga, 0x3c9, 5);
    vga_port_write(&vga, 0x3c9, 6);
    g_assert_cmphex(vga_port_read(&vga, 0x3c7), ==, 0);
    vga_port_write(&vga, 0x3c7, 255);
    for (uint8_t i = 1; i <= 6; i++) {
        g_assert_cmphex(vga_port_read(&vga, 0x3c9), ==, i);
    }
    g_assert_cmphex(vga_port_read(&vga, 0x3c7), ==, 3);
}

static void test_window(void)
{
    fresh();
    /* All planes: set/reset, bit mask, rotation. */
    sequencer(SEQ_MAP_MASK, 0x0f);
    graphics(GFX_BIT_MASK, 0xff);
    vga_window_write(&vga, 5, 0x81);
    g_assert_cmphex(ldl_le_p(vga.memory + 20), ==, 0x81818181);
    graphics(GFX_ENABLE_SET_RESET, 0x0c);
    graphics(GFX_SET_RESET, 0x04);
    graphics(GFX_ROTATE, 1);
    vga_window_write(&vga, 6, 0x81);
    g_assert_cmphex(ldl_le_p(vga.memory + 24), ==, 0x00ffc0c0);
    sequencer(SEQ_MAP_MASK, 0x02);
    graphics(GFX_ROTATE, 0);
    vga_window_write(&vga, 6, 0x0f);
    g_assert_cmphex(ldl_le_p(vga.memory + 24), ==, 0x00ff0fc0);
    /* Reading a plane; comparing colours. */
    graphics(GFX_READ_MAP, 2);
    g_assert_cmphex(vga_window_read(&vga, 6), ==, 0xff);
    g_assert_cmphex(vga.latch, ==, 0x00ff0fc0);
    graphics(GFX_MODE, GFX_MODE_COMPARE);
    graphics(GFX_COMPARE, 0x04);
    graphics(GFX_DONT_CARE, 0x0f);
    g_assert_cmphex(vga_window_read(&vga, 6), ==, 0x30);
    /* Write mode 1 copies latches, 2 takes the byte as a colour, 3 as a mask. */
    sequencer(SEQ_MAP_MASK, 0x0f);
    graphics(GFX_MODE, 1);
    vga_window_write(&vga, 7, 0x12);
    g_assert_cmphex(ldl_le_p(vga.memory + 28), ==, 0x00ff0fc0);
    graphics(GFX_MODE, 2);
    graphics(GFX_BIT_MASK, 0x0f);
    vga_window_write(&vga, 7, 0x09);
    g_assert_cmphex(ldl_le_p(vga.memory + 28), ==, 0x0ff000cf);
    graphics(GFX_MODE, 3);
    graphics(GFX_BIT_MASK, 0xff);
    vga_window_write(&vga, 7, 0xf0);
    g_assert_cmphex(ldl_le_p(vga.memory + 28), ==, 0x00ff0f00);
    /* Logical operations with the latches. */
    graphics(GFX_MODE, 0);
    graphics(GFX_ENABLE_SET_RESET, 0);
    graphics(GFX_ROTATE, 3 << 3);
    vga_window_write(&vga, 8, 0xff);
    g_assert_cmphex(ldl_le_p(vga.memory + 32), ==, 0xff00f03f);
    /* Odd and even; chained; a window that is somewhere else. */
    graphics(GFX_MODE, GFX_MODE_ODD_EVEN);
    graphics(GFX_READ_MAP, 0);
    graphics(GFX_MISC, 3 << 2);
    vga_window_write(&vga, 0x18002, 'A');
    vga_window_write(&vga, 0x18003, 7);
    g_assert_cmphex(lduw_le_p(vga.memory + 4), ==, 0x0741);
    g_assert_cmphex(vga_window_read(&vga, 0x18002), ==, 'A');
    g_assert_cmphex(vga_window_read(&vga, 2), ==, 0xff);
    sequencer(SEQ_MEMORY, SEQ_MEMORY_CHAIN4);
    graphics(GFX_MISC, 0);
    vga_window_write(&vga, 0x1ffff, 0x77);
    g_assert_cmphex(vga.memory[0x1ffff], ==, 0x77);
    g_assert_cmphex(vga_window_read(&vga, 0x1ffff), ==, 0x77);
}

static void test_vbe(void)
{
    fresh();
    g_assert_cmphex(vbe_get(VBE_ID), ==, 0xb0c5);
    vbe(VBE_ID, 0xb0c6);
    g_assert_cmphex(vbe_get(VBE_ID), ==, 0xb0c5);
    vbe(VBE_ID, 0xb0c0);
    g_assert_cmphex(vbe_get(VBE_ID), ==, 0xb0c0);
    g_assert_cmphex(vbe_get(VBE_MEMORY), ==, 16);
    g_assert_cmphex(vbe_get(VBE_MEMORY + 1), ==, 0);
    g_assert_cmphex(vbe_get(0xffff), ==, 0);
    vbe(0xffff, 1);
    vbe(VBE_ENABLE, VBE_GET_LIMITS);
    g_assert_cmphex(vbe_get(VBE_WIDTH), ==, 16000);
    g_assert_cmphex(vbe_get(VBE_HEIGHT), ==, 12000);
    g_assert_cmphex(vbe_get(VBE_DEPTH), ==, 32);
    /* A mode that does not fit is made to. */
    vga.memory[0] = vga.memory[999] = 1;
    vbe(VBE_WIDTH, 643);
    vbe(VBE_HEIGHT, 60000);
    vbe(VBE_DEPTH, 17);
    vbe(VBE_ENABLE, VBE_ENABLED);
    g_assert_cmpuint(vbe_get(VBE_WIDTH), ==, 640);
    g_assert_cmpuint(vbe_get(VBE_HEIGHT), ==, (1 << 20) / 640);
    g_assert_cmpuint(vbe_get(VBE_VIRTUAL_HEIGHT), ==, (1 << 20) / 640);
    g_assert_cmpuint(vbe_get(VBE_DEPTH), ==, 8);
    g_assert_cmphex(vga.memory[0] | vga.memory[999], ==, 0);
    vbe(VBE_HEIGHT, 480);
    vbe(VBE_VIRTUAL_WIDTH, 800);
    vbe(VBE_Y, 100);
    vbe(VBE_X, 12);
    g_assert_cmphex(vga.vbe_start, ==, (100 * 800 + 12) / 4);
    g_assert_cmphex(vga.vbe_pitch, ==, 800);
    /* Past the end: back to the beginning. */
    vbe(VBE_Y, 5000);
    g_assert_cmpuint(vbe_get(VBE_Y), ==, 0);
    g_assert_cmpuint(vbe_get(VBE_X), ==, 12);
    vbe(VBE_BANK, 0xffff);
    g_assert_cmphex(vga.bank_offset, ==, 0xf0000);
    vbe(VBE_ENABLE, 0);
    g_assert_cmphex(vga.bank_offset, ==, 0);
    vga.memory[0] = 1;
    vbe(VBE_ENABLE, VBE_ENABLED | VBE_KEEP_MEMORY);
    g_assert_cmphex(vga.memory[0], ==, 1);
}

/* ---- Pictures ---- */

static void put_cell(unsigned column, unsigned row, uint8_t code, uint8_t attr)
{
    uint8_t *cell = vga.memory + (row * 80 + column) * 4;

    cell[0] = code;
    cell[1] = attr;
}

/* A glyph whose line n is first + n. */
static void put_glyph(unsigned font, uint8_t code, uint8_t first)
{
    for (unsigned y = 0; y < 16; y++) {
        vga.memory[font * 32768 + code * 128 + y * 4 + 2] = (uint8_t)(first + y);
    }
}

static void expect_glyph(unsigned x, unsigned y, unsigned width, uint8_t first, bool ninth,
                         unsigned front, unsigned back)
{
    for (unsigned line = 0; line < 16; line++) {
        uint8_t bits = (uint8_t)(first + line);

        for (unsigned i = 0; i < width; i++) {
            bool set = width == 16 ? bits >> (7 - i / 2) & 1
                       : i < 8     ? bits >> (7 - i) & 1
                                   : ninth && (bits & 1);

            g_assert_cmphex(pixel(x + i, y + line), ==, expected(set ? front : back));
        }
    }
}

static void test_text(void)
{
    static const struct { uint8_t clocking; unsigned width; } widths[] = {{0, 9}, {1, 8}, {8, 16}};

    for (unsigned w = 0; w < G_N_ELEMENTS(widths); w++) {
        unsigned width = widths[w].width;

        begin(400);
        crtc(CRTC_MAX_SCAN, 0x4f);
        crtc(CRTC_CURSOR_START, 0x20);
        sequencer(SEQ_CLOCKING, widths[w].clocking);
        sequencer(SEQ_FONT, 0x04);      /* attribute bit 3 chooses font 2 */
        attribute(ATTR_MODE, 0x04);
        vga_port_read(&vga, 0x3da);
        vga_port_write(&vga, 0x3c0, ATTR_INDEX_ON);
        put_glyph(0, 'A', 0x31);
        put_glyph(0, 0xc4, 0x80);
        put_glyph(2, 'A', 0xc1);
        put_cell(0, 0, 'A', 0x17);
        put_cell(1, 0, 0xc4, 0x52);
        put_cell(79, 24, 'A', 0x2e);
        draw(80 * width, 400);
        expect_glyph(0, 0, width, 0x31, false, 7, 1);
        expect_glyph(width, 0, width, 0x80, true, 2, 5);
        expect_glyph(79 * width, 24 * 16, width, 0xc1, false, 14, 2);
        /* The cursor: two lines in the colour of the character, while it is lit. */
        crtc(CRTC_CURSOR_START, 13);
        crtc(CRTC_CURSOR_END, 14);
        crtc(CRTC_CURSOR_LOW, 1);
        clock_set_ns(clock_virtual(), 0);
        draw(80 * width, 400);
        g_assert_cmphex(pixel(width + 3, 13), ==, expected(2));
        g_assert_cmphex(pixel(2 * width - 1, 14), ==, expected(2));
        clock_set_ns(clock_virtual(), 300 * SCALE_MS);
        draw(80 * width, 400);
        g_assert_cmphex(pixel(width + 3, 13), ==, expected(5));
    }
    /* From the top of memory in the lower part of the screen. */
    crtc(CRTC_START_LOW, 80);
    crtc(CRTC_LINE_COMPARE, 160);
    crtc(CRTC_OVERFLOW, 0x02);
    crtc(CRTC_MAX_SCAN, 0x0f);
    draw(80 * 16, 400);
    expect_glyph(0, 160, 16, 0x31, false, 7, 1);
}

static void test_planes(void)
{
    begin(480);
    graphics(GFX_MISC, GFX_MISC_GRAPHICS);
    for (unsigned i = 0; i < 16; i++) {
        /* Pixel i of line 3 has colour i. */
        for (unsigned plane = 0; plane < 4; plane++) {
            vga.memory[3 * 320 + i / 8 * 4 + plane] |= (uint8_t)((i >> plane & 1) << (7 - i % 8));
        }
    }
    draw(640, 480);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(pixel(i, 3), ==, expected(i));
        g_assert_cmphex(pixel(i, 2), ==, 0);
    }
    attribute(ATTR_PLANES | ATTR_INDEX_ON, 0x05);
    draw(640, 480);
    g_assert_cmphex(pixel(15, 3), ==, expected(5));
    /* Twice as wide, each line twice. */
    attribute(ATTR_PLANES | ATTR_INDEX_ON, 0x0f);
    sequencer(SEQ_CLOCKING, SEQ_CLOCKING_HALF);
    crtc(CRTC_MAX_SCAN, 0xc0);
    draw(1280, 480);
    for (unsigned i = 0; i < 32; i++) {
        g_assert_cmphex(pixel(i, 6), ==, expected(i / 2));
        g_assert_cmphex(pixel(i, 7), ==, expected(i / 2));
    }
    /* Blank. */
    vga_port_read(&vga, 0x3da);
    vga_port_write(&vga, 0x3c0, 0);
    draw(1280, 480);
    g_assert_cmphex(pixel(30, 7), ==, 0);
}

static void test_pairs(void)
{
    begin(200);
    graphics(GFX_MISC, GFX_MISC_GRAPHICS);
    graphics(GFX_MODE, 1 << 5);
    crtc(CRTC_MODE, 0xa2);              /* odd lines 8 KiB of CGA's memory further */
    crtc(CRTC_OFFSET, 40);
    vga.memory[0] = 0x1b;               /* 0 1 2 3 */
    vga.memory[1] = 0xe4;
    vga.memory[2] = 0x55;               /* and 4 times that */
    vga.memory[0x4000] = 0xff;
    draw(640, 200);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(pixel(i, 0), ==, expected(i | 4));
        g_assert_cmphex(pixel(4 + i, 0), ==, expected(3 - i));
        g_assert_cmphex(pixel(i, 1), ==, expected(3));
    }
}

static void test_bytes(void)
{
    begin(400);
    graphics(GFX_MISC, GFX_MISC_GRAPHICS);
    graphics(GFX_MODE, 2 << 5);
    crtc(CRTC_MAX_SCAN, 0x41);
    for (unsigned i = 0; i < 16; i++) {
        vga.memory[320 + i] = (uint8_t)i;
    }
    draw(640, 400);
    for (unsigned i = 0; i < 32; i++) {
        g_assert_cmphex(pixel(i, 2), ==, expected(i / 2));
        g_assert_cmphex(pixel(i, 3), ==, expected(i / 2));
        g_assert_cmphex(pixel(i, 4), ==, 0);
    }
}

static void test_vbe_depths(void)
{
    /* Memory, and what it looks like: big-endian, little-endian. */
    static const struct { uint16_t depth; uint8_t memory[4]; uint32_t big, little; } rows[] = {
        {8, {9}, 0x090807, 0x090807},
        {15, {0x7d, 0x43}, 0xf85018, 0x80d8e8}, {15, {0x83, 0xe0}, 0x00f800, 0xc02018},
        {16, {0xfb, 0x43}, 0xf86818, 0x407cd8}, {16, {0x07, 0xe0}, 0x00fc00, 0xe00038},
        {24, {0x12, 0x34, 0x56}, 0x123456, 0x563412},
        {32, {0xff, 0x12, 0x34, 0x56}, 0x123456, 0x3412ff},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned bytes = (rows[i].depth + 1u) / 8;

        begin(480);
        vbe(VBE_WIDTH, 320);
        vbe(VBE_HEIGHT, 200);
        vbe(VBE_DEPTH, rows[i].depth);
        vbe(VBE_ENABLE, VBE_ENABLED | VBE_DAC_8);
        color(9, 9, 8, 7);
        memcpy(vga.memory + (320 * 7 + 5) * bytes, rows[i].memory, bytes);
        draw(320, 200);
        g_assert_cmphex(pixel(5, 7), ==, rows[i].big);
        g_assert_cmphex(pixel(6, 7), ==, 0);
        vga.big_endian = false;
        draw(320, 200);
        g_assert_cmphex(pixel(5, 7), ==, rows[i].little);
        /* Scrolled; and past the end of memory it goes on at the beginning. */
        vbe(VBE_Y, 7);
        draw(320, 200);
        g_assert_cmphex(pixel(5, 0), ==, rows[i].little);
        vga.vbe_start = vga.memory_size / 4;
        draw(320, 200);
        g_assert_cmphex(pixel(5, 7), ==, rows[i].little);
    }
    /* Four bits a pixel: half of the clock does not double the width. */
    begin(480);
    vbe(VBE_WIDTH, 320);
    vbe(VBE_HEIGHT, 200);
    vbe(VBE_DEPTH, 4);
    vbe(VBE_ENABLE, VBE_ENABLED);
    sequencer(SEQ_CLOCKING, SEQ_CLOCKING_HALF);
    draw(320, 200);
    /* Six bits a colour without the wide DAC. */
    begin(480);
    vbe(VBE_WIDTH, 8);
    vbe(VBE_HEIGHT, 1);
    vbe(VBE_DEPTH, 8);
    vbe(VBE_ENABLE, VBE_ENABLED);
    vga.memory[3] = 13;
    draw(8, 1);
    g_assert_cmphex(pixel(3, 0), ==, expected(13));
    /* Sixteen colours in planes. */
    begin(480);
    vbe(VBE_WIDTH, 16);
    vbe(VBE_HEIGHT, 2);
    vbe(VBE_DEPTH, 4);
    vbe(VBE_ENABLE, VBE_ENABLED);
    vga.memory[8 + 1] = 0x80;
    draw(16, 2);
    g_assert_cmphex(pixel(0, 1), ==, expected(2));
}

/* ---- What an update draws ---- */

static void count_resized(DisplayListener *listener, const DisplaySurface *surface)
{
    n_resized++;
}

static void count_changed(DisplayListener *listener, const DisplaySurface *surface,
                          const DisplayRect *rect)
{
    n_changed++;
    g_assert_cmpuint(rect->width, ==, surface->width);
    first_row = MIN(first_row, rect->y);
    last_row = MAX(last_row, rect->y + rect->height - 1);
}

static void update(void)
{
    n_changed = last_row = 0;
    first_row = UINT_MAX;
    display_console_update(vga.console, false);
}

static void write_vram(uint32_t offset, uint32_t value)
{
    stl_be_p(vga.memory + offset, value);
    memory_region_set_dirty(&vga.vram, offset, 4);
}

static void test_update(void)
{
    DisplayListener listener = {.resized = count_resized, .changed = count_changed};

    begin(480);
    vbe(VBE_WIDTH, 256);
    vbe(VBE_HEIGHT, 256);
    vbe(VBE_DEPTH, 32);
    vbe(VBE_ENABLE, VBE_ENABLED);
    display_listener_add(&listener);
    g_assert_true(listener.console == display_console_first());
    listener.console = vga.console;
    n_resized = 0;
    update();
    g_assert_cmpuint(n_resized, ==, 1);
    update();
    update();
    g_assert_cmpuint(n_changed, ==, 0);
    /* A line has 1 KiB, a page four of them. */
    write_vram(100 * 1024 + 40, 0x123456);
    update();
    g_assert_cmpuint(n_changed, ==, 1);
    g_assert_cmpuint(first_row, ==, 100);
    g_assert_cmpuint(last_row, ==, 103);
    g_assert_cmphex(pixel(10, 100), ==, 0x123456);
    /* Once more, for a store that was late; then no more. */
    update();
    g_assert_cmpuint(n_changed, ==, 1);
    update();
    g_assert_cmpuint(n_changed, ==, 0);
    write_vram(0, 1);
    write_vram(1023 * 256, 2);
    update();
    g_assert_cmpuint(n_changed, ==, 2);
    g_assert_cmpuint(first_row, ==, 0);
    g_assert_cmpuint(last_row, ==, 255);
    update();
    /* Not shown. */
    write_vram(1 << 19, 3);
    update();
    g_assert_cmpuint(n_changed, ==, 0);
    /* Another start: all of it. */
    vbe(VBE_Y, 1);
    update();
    g_assert_cmpuint(last_row - first_row, ==, 255);
    update();
    update();
    g_assert_cmpuint(n_changed, ==, 0);
    g_assert_cmpuint(n_resized, ==, 1);
    /* Text: rows that look different. */
    begin(400);
    crtc(CRTC_MAX_SCAN, 0x4f);
    crtc(CRTC_CURSOR_START, 0x20);
    put_glyph(0, 'A', 0x31);
    update();
    update();
    update();
    g_assert_cmpuint(n_changed, ==, 0);
    put_cell(3, 5, 'A', 7);
    memory_region_set_dirty(&vga.vram, 0, 4096);
    update();
    g_assert_cmpuint(n_changed, ==, 1);
    g_assert_cmpuint(first_row, ==, 80);
    g_assert_cmpuint(last_row, ==, 95);
    display_listener_remove(&listener);
    g_assert_null(listener.console);
}

static void test_dumps(void)
{
    GError *error = NULL;
    g_autofree char *file = NULL, *contents = NULL;
    gsize size;
    int fd = g_file_open_tmp("gossamer-dump-XXXXXX", &file, NULL);

    close(fd);
    begin(480);
    vbe(VBE_WIDTH, 16);
    vbe(VBE_HEIGHT, 2);
    vbe(VBE_DEPTH, 32);
    vbe(VBE_ENABLE, VBE_ENABLED);
    write_vram(4, 0x010203);
    g_assert_true(display_screendump(vga.console, file, NULL, &error));
    g_assert_true(g_file_get_contents(file, &contents, &size, NULL));
    g_assert_cmpuint(size, ==, 12 + 96);
    g_assert_cmpmem(contents, 18, "P6\n16 2\n255\n\0\0\0\1\2\3", 18);
    g_free(contents);
    g_assert_true(display_screendump(vga.console, file, "png", &error));
    g_assert_true(g_file_get_contents(file, &contents, &size, NULL));
    g_assert_cmpmem(contents, 24, "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\020\0\0\0\002", 24);
    g_assert_false(display_screendump(vga.console, file, "jpeg", &error));
    g_assert_cmpstr(error->message, ==, "invalid image format 'jpeg' (ppm or png)");
    g_clear_error(&error);
    g_assert_false(display_screendump(vga.console, "/nowhere/file", NULL, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_false(display_screendump(vga.console, "/dev/full", "png", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_unlink(file);
}

/* ---- Registers at random ---- */

/* Memory between pages that cannot be touched. */
static uint8_t *guarded(size_t size)
{
    uint8_t *all = mmap(NULL, size + 2 * 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(all != MAP_FAILED);
    g_assert_cmpint(mprotect(all + 65536, size, PROT_READ | PROT_WRITE), ==, 0);
    return all + 65536;
}

static void step(GRand *rand)
{
    uint32_t value = g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 8)) {
    case 0:
    case 1:
        vga_port_write(&vga, 0x3b0 + value % 0x30, (uint8_t)(value >> 8));
        break;
    case 2:
        crtc((uint8_t)(value % 0x20), (uint8_t)(value >> 8));
        break;
    case 3:
        (value & 1 ? graphics : sequencer)((uint8_t)(value >> 1 & 15), (uint8_t)(value >> 8));
        break;
    case 4:
        vbe((uint16_t)(value % 12),
            value & 1u << 30 ? (uint16_t)(value >> 16) : (uint16_t)(value >> 16 & 0x3ff));
        break;
    case 5:
        vga_port_read(&vga, 0x3b0 + value % 0x30);
        break;
    case 6:
        vga_window_write(&vga, value, (uint8_t)(value >> 24));
        break;
    default:
        vga_window_read(&vga, value);
        break;
    }
}

static void test_random(void)
{
    GRand *rand = g_rand_new_with_seed(g_test_rand_int());
    uint8_t *own;

    fresh();
    own = vga.memory;
    vga.memory = guarded(vga.memory_size);
    for (unsigned round = 0; round < 300; round++) {
        if (round % 8 == 0) {
            vga_reset(&vga);
            vga_port_write(&vga, 0x3c2, 0x01);
        }
        for (unsigned i = 0; i < 200; i++) {
            step(rand);
        }
        vga_port_read(&vga, 0x3da);
        vga_port_read(&vga, 0x3ba);
        vga_port_write(&vga, 0x3c0, (uint8_t)(g_rand_int(rand) | ATTR_INDEX_ON));
        memory_region_set_dirty(&vga.vram, 0, vga.memory_size);
        display_console_update(vga.console, round & 1);
    }
    vga.memory = own;
    g_rand_free(rand);
}

/* ---- State ---- */

static void test_state(void)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL, again = NULL;
    GRand *rand = g_rand_new_with_seed(g_test_rand_int());
    const uint8_t *bytes;
    gsize size;

    begin(480);
    for (unsigned i = 0; i < 2000; i++) {
        step(rand);
    }
    vga_port_read(&vga, 0x3da);         /* one of them is there */
    vga_port_read(&vga, 0x3ba);
    vga_port_write(&vga, 0x3c0, 3);     /* in the middle of an attribute and of a colour */
    vga_port_write(&vga, 0x3c8, 7);
    vga_port_write(&vga, 0x3c9, 1);
    vga.big_endian = false;
    saved = vmstate_save_to_bytes(&vmstate_vga, &vga, &error);
    g_assert_no_error(error);
    bytes = g_bytes_get_data(saved, &size);
    vga_reset(&vga);
    g_assert_true(vmstate_load_from_bytes(&vmstate_vga, &vga, bytes, size, 2, &error));
    g_assert_no_error(error);
    g_assert_false(vga.big_endian);
    again = vmstate_save_to_bytes(&vmstate_vga, &vga, &error);
    g_assert_true(g_bytes_equal(saved, again));
    vga_port_write(&vga, 0x3c0, 0x2a);
    g_assert_cmphex(vga.attr[3], ==, 0x2a);
    vga_port_write(&vga, 0x3c9, 2);
    vga_port_write(&vga, 0x3c9, 3);
    g_assert_cmphex(vga.palette[21] | vga.palette[22] << 8 | vga.palette[23] << 16, ==, 0x030201);
    /* Every bit turned: refused, or a machine that stands. */
    for (gsize bit = 0; bit < size * 8; bit += 3) {
        g_autofree uint8_t *broken = g_memdup2(bytes, size);

        broken[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (vmstate_load_from_bytes(&vmstate_vga, &vga, broken, size, 2, &error)) {
            if (bit % 16 < 3) {
                display_console_update(vga.console, true);
            }
            vga_port_write(&vga, 0x3c5, 1);
            vga_port_write(&vga, 0x3cf, 1);
            vga_port_read(&vga, 0x3c9);
            vga_window_write(&vga, 0x123, 4);
        }
        g_clear_error(&error);
    }
    g_rand_free(rand);
}

/* ---- As a card ---- */

#define CONFIG_ADDRESS 0xfec00000u
#define CONFIG_DATA 0xfee00000u
#define IO 0xfe000000u
#define FRAME_BUFFER 0x82000000u
#define REGISTERS 0x83000000u
#define CARD (1u << 31 | 1u << 11)

static uint32_t load(hwaddr addr, unsigned size)
{
    return (uint32_t)address_space_ldn_le(address_space_memory(), addr, size,
                                          MEMTXATTRS_UNSPECIFIED, NULL);
}

static void store(hwaddr addr, uint32_t value, unsigned size)
{
    address_space_stn_le(address_space_memory(), addr, size, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static uint32_t config(uint32_t reg)
{
    store(CONFIG_ADDRESS, CARD | reg, 4);
    return load(CONFIG_DATA, 4);
}

static void config_set(uint32_t reg, uint32_t value)
{
    store(CONFIG_ADDRESS, CARD | reg, 4);
    store(CONFIG_DATA, value, 4);
}

static int match(Object *obj, void *opaque)
{
    if (object_is_a(obj, &vga_pci_class.device.object)) {
        *(Object **)opaque = obj;
        return 1;
    }
    return 0;
}

static DeviceState *card(void)
{
    Object *found = NULL;

    object_foreach_child(object_root(), match, &found, true);
    g_assert_nonnull(found);
    return (DeviceState *)found;
}

static void setup_card(void)
{
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    config_set(PCI_BASE_ADDRESS_0, FRAME_BUFFER);
    config_set(PCI_BASE_ADDRESS_0 + 8, REGISTERS);
    config_set(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
}

static void test_card(void)
{
    uint8_t sum[2] = {0, 0};

    setup_card();
    g_assert_cmphex(config(PCI_VENDOR_ID), ==, 0x11111234);
    g_assert_cmphex(config(PCI_REVISION_ID), ==, 0x03000002);
    g_assert_cmphex(config(PCI_BASE_ADDRESS_0), ==, FRAME_BUFFER | 8);
    config_set(PCI_BASE_ADDRESS_0, UINT32_MAX);
    g_assert_cmphex(config(PCI_BASE_ADDRESS_0), ==, 0xff000008);
    config_set(PCI_BASE_ADDRESS_0, FRAME_BUFFER);
    /* Streams know the blocks by these names. */
    g_assert_cmpuint(ram_block_by_name("pci.0:01.0/vga.vram")->used_length, ==, 16 << 20);
    g_assert_cmpuint(ram_block_by_name("pci.0:01.0/vga.rom")->used_length, ==, 64 << 10);
    /* DISPI by port and by BAR. */
    store(IO + 0x1ce, VBE_WIDTH, 2);
    store(IO + 0x1d0, 640, 2);
    g_assert_cmphex(load(IO + 0x1d0, 2), ==, 640);
    g_assert_cmphex(load(REGISTERS + 0x502, 2), ==, 640);
    store(REGISTERS + 0x506, 32, 2);
    g_assert_cmphex(load(REGISTERS + 0x514, 2), ==, 256);
    /* VGA by port and by BAR: a half-word is index and data. */
    store(IO + 0x3c4, 0x0302, 2);
    g_assert_cmphex(load(REGISTERS + 0x405, 1), ==, 3);
    store(REGISTERS + 0x40e, 0x5508, 2);
    g_assert_cmphex(load(IO + 0x3cf, 1), ==, 0x55);
    /* Byte order. */
    g_assert_cmphex(load(REGISTERS + 0x600, 4), ==, 8);
    g_assert_cmphex(load(REGISTERS + 0x604, 4), ==, 0xbebebebe);
    store(REGISTERS + 0x604, 0x12345678, 4);
    g_assert_cmphex(load(REGISTERS + 0x604, 4), ==, 0xbebebebe);
    store(REGISTERS + 0x604, 0x1e1e1e1e, 4);
    g_assert_cmphex(load(REGISTERS + 0x604, 4), ==, 0x1e1e1e1e);
    store(REGISTERS + 0x604, 0xbebebebe, 4);
    g_assert_cmphex(load(REGISTERS + 0x604, 4), ==, 0xbebebebe);
    /* What the monitor says of itself. */
    g_assert_cmphex(load(REGISTERS, 4), ==, 0xffffff00);
    for (unsigned i = 0; i < 256; i++) {
        sum[i / 128] = (uint8_t)(sum[i / 128] + load(REGISTERS + i, 1));
    }
    g_assert_cmphex(sum[0] | sum[1], ==, 0);
    g_assert_cmphex(load(REGISTERS + 0x300, 4), ==, 0);
    store(REGISTERS + 8, 0, 4);
    g_assert_cmphex(load(REGISTERS + 8, 4), ==, 0x12341449);
    /* The frame buffer is memory. */
    store(FRAME_BUFFER + 0x12340, 0xaabbccdd, 4);
    g_assert_cmphex(load(FRAME_BUFFER + 0x12341, 1), ==, 0xcc);
    g_assert_cmphex(load(FRAME_BUFFER + (16 << 20) - 4, 4), ==, 0);
}

static void check_golden(const char *name, const char *dialect)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    GError *error = NULL;
    g_autoptr(GInputStream) raw = G_INPUT_STREAM(g_file_read(file, NULL, &error)), in = NULL;
    g_autoptr(GConverter) gunzip =
        G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GBytes) golden = NULL, again = NULL;
    StateEntry *entry = state_registry_find(runtime_state_registry(), "pci.0:01.0/vga", 0);
    const uint8_t *p;
    VMStateWire wire, own;
    gsize size, start;

    g_assert_no_error(error);
    g_assert_nonnull(entry);
    in = g_converter_input_stream_new(raw, gunzip);
    golden = g_input_stream_read_bytes(in, 65536, NULL, &error);
    g_assert_no_error(error);
    p = g_bytes_get_data(golden, &size);
    start = 1 + p[0] + 8;
    g_assert_cmpuint(ldl_be_p(p + 1 + p[0]), ==, entry->version_id);
    g_assert_true(vmstate_wire_parse("own", &own, &error));
    g_assert_true(vmstate_wire_parse(dialect, &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    setup_card();
    g_assert_true(
        vmstate_load_from_bytes(entry->vmsd, entry->opaque, p + start, size - start, 2, &error));
    g_assert_no_error(error);
    again = vmstate_save_to_bytes(entry->vmsd, entry->opaque, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(again, NULL), g_bytes_get_size(again), p + start,
                    size - start);
    state_registry_set_wire(runtime_state_registry(), own);
    /* Its picture has QEMU's size. */
    display_console_update(display_console_first(), true);
    g_assert_cmpuint(display_console_surface(display_console_first())->width, ==, 800);
    g_assert_cmpuint(display_console_surface(display_console_first())->height, ==, 600);
}

static void test_golden_7_2(void)
{
    check_golden("test-vga-7.2.gz", "qemu-7.2");
}

static void test_golden_10_0(void)
{
    check_golden("test-vga-10.0.gz", "qemu-10.0");
}

static void test_options(void)
{
    GError *error = NULL;
    DeviceState *other;

    g_assert_true(display_console_find(NULL, 0, &error) == display_console_first());
    g_assert_null(display_console_find("nothing", 0, &error));
    g_clear_error(&error);
    g_assert_null(display_console_find(NULL, 1, &error));
    g_clear_error(&error);
    other = device_add("VGA,id=second,vgamem_mb=3,addr=5", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(ram_block_by_name("pci.0:05.0/vga.vram")->used_length, ==, 4 << 20);
    g_assert_nonnull(display_console_find("second", 0, &error));
    g_assert_true(display_console_find("/machine/peripheral/second", 0, &error) ==
                  display_console_find("second", 0, &error));
    device_unrealize(other);
    g_assert_null(display_console_find("second", 0, &error));
    g_clear_error(&error);
    g_assert_null(ram_block_by_name("pci.0:05.0/vga.vram"));
    g_assert_nonnull(card());
}

static void start(void)
{
    static const uint8_t image[64] = {0x48, 0, 0, 0};
    GError *error = NULL;
    TCGAccelConfig config;
    MachineState *machine;
    int fd = g_file_open_tmp("gossamer-firmware-XXXXXX", &firmware, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, image, sizeof(image)), ==, sizeof(image));
    close(fd);
    runtime_init();
    device_classes_register(hw_display_device_classes);
    device_classes_register(hw_input_device_classes);
    device_classes_register(hw_pci_device_classes);
    machine_classes_register(mac_machine_classes(true));
    tcg_accel_config_init(&config);
    g_assert_nonnull(tcg_accel_new(&ppc_tcg_ops, &config, &error));
    cpus_init(&tcg_accel_ops, VCPU_THREADS_MULTI);
    machine = machine_create(machine_class_find("g3beige", &error), &error);
    g_assert_no_error(error);
    g_assert_true(machine_parse_smp(machine, NULL, &error));
    g_assert_true(machine_parse_memory(machine, "64M", &error));
    machine->firmware = g_strdup(firmware);
    machine_run_init(machine, &error);
    g_assert_no_error(error);
    system_reset(SHUTDOWN_CAUSE_NONE);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    start();
    g_test_add_func("/vga/registers", test_registers);
    g_test_add_func("/vga/window", test_window);
    g_test_add_func("/vga/vbe", test_vbe);
    g_test_add_func("/vga/picture/text", test_text);
    g_test_add_func("/vga/picture/planes", test_planes);
    g_test_add_func("/vga/picture/pairs", test_pairs);
    g_test_add_func("/vga/picture/bytes", test_bytes);
    g_test_add_func("/vga/picture/vbe", test_vbe_depths);
    g_test_add_func("/vga/update", test_update);
    g_test_add_func("/vga/dumps", test_dumps);
    g_test_add_func("/vga/random", test_random);
    g_test_add_func("/vga/state", test_state);
    g_test_add_func("/vga/card", test_card);
    g_test_add_func("/vga/options", test_options);
    g_test_add_func("/vga/golden/7.2", test_golden_7_2);
    g_test_add_func("/vga/golden/10.0", test_golden_10_0);
    status = g_test_run();
    cpus_shutdown();
    g_unlink(firmware);
    g_free(firmware);
    return status;
}
