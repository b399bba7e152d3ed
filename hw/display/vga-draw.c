/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA's picture: registers into a VGAView, then memory into pixels, by lines of graphics or
 * rows of text. Addresses wrap at the end of memory.  A full picture is drawn when the view is
 * another one; else lines (in text: rows that look different) of pages that were written.
 */
#include <string.h>
#include "vga-core.h"
#include "system/runtime.h"
#include "util/bitops.h"
#include "util/clock.h"

#define BLINK_NS (266 * SCALE_MS)       /* half a period: 16 frames at 60 Hz */
#define TEXT_HALF_LIMIT (160 * 100)     /* cells; more come from registers that are being set */
#define GLYPH_ROWS 32
#define FONT_SIZE (8192 * 4)
#define FONT_PLANE 2
enum { CURSOR_OFF = 0x20, ATTR_MODE_LINE_GRAPHICS = 0x04, ATTR_MODE_COLOR_SELECT = 0x80 };
enum { CRTC_MODE_ROW0 = 0x01, CRTC_MODE_ROW1 = 0x02, CRTC_MODE_WRAP = 0x40 };
#define CGA_SHIFT 1

/* ---- Registers ---- */

static uint32_t color_6(const uint8_t *rgb)
{
    uint32_t pixel = 0;

    for (unsigned i = 0; i < 3; i++) {
        unsigned c = rgb[i] & 0x3f;

        /* The low bits repeat the lowest. */
        pixel = pixel << 8 | c << 2 | (c & 1) << 1 | (c & 1);
    }
    return pixel;
}

static uint32_t color_8(const uint8_t *rgb)
{
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

/* Through the attribute controller's 16 registers. */
static void palette_16(const VGAState *vga, VGAView *view)
{
    unsigned select = vga->attr[ATTR_COLOR_SELECT];

    for (unsigned i = 0; i < 16; i++) {
        unsigned color = vga->attr[i];

        color = vga->attr[ATTR_MODE] & ATTR_MODE_COLOR_SELECT
                    ? (select & 0xf) << 4 | (color & 0xf)
                    : (select & 0xc) << 4 | (color & 0x3f);
        view->palette[i] = color_6(vga->palette + color * 3);
    }
}

static void palette_256(const VGAState *vga, VGAView *view)
{
    bool wide = vga->vbe[VBE_ENABLE] & VBE_DAC_8;

    for (unsigned i = 0; i < 256; i++) {
        view->palette[i] = (wide ? color_8 : color_6)(vga->palette + i * 3);
    }
}

static unsigned crtc_height(const VGAState *vga)
{
    return (vga->crtc[CRTC_V_DISPLAY_END] | (vga->crtc[CRTC_OVERFLOW] & 0x02) << 7 |
            (vga->crtc[CRTC_OVERFLOW] & 0x40) << 3) + 1u;
}

/* Where lines begin. */
static void view_addresses(const VGAState *vga, VGAView *view)
{
    if (vga->vbe[VBE_ENABLE] & VBE_ENABLED) {
        view->pitch = vga->vbe_pitch;
        view->start = vga->vbe_start * 4;
        view->line_compare = UINT16_MAX;
        return;
    }
    view->pitch = (uint32_t)vga->crtc[CRTC_OFFSET] << 3;
    view->start = (uint32_t)(vga->crtc[CRTC_START_LOW] | vga->crtc[CRTC_START_HIGH] << 8) * 4;
    view->line_compare =
        (uint32_t)(vga->crtc[CRTC_LINE_COMPARE] | (vga->crtc[CRTC_OVERFLOW] & 0x10) << 4 |
                   (vga->crtc[CRTC_MAX_SCAN] & 0x40) << 3);
}

static void view_text(const VGAState *vga, VGAView *view)
{
    uint8_t font = vga->seq[SEQ_FONT];
    unsigned cursor = (unsigned)(vga->crtc[CRTC_CURSOR_HIGH] << 8 | vga->crtc[CRTC_CURSOR_LOW]);

    view->mode = VGA_TEXT;
    view->cell_height = (vga->crtc[CRTC_MAX_SCAN] & 0x1f) + 1u;
    view->cell_width = vga->seq[SEQ_CLOCKING] & SEQ_CLOCKING_HALF     ? 16
                       : vga->seq[SEQ_CLOCKING] & SEQ_CLOCKING_8_DOTS ? 8
                                                                      : 9;
    view->columns = vga->crtc[CRTC_H_DISPLAY_END] + 1u;
    /* A vertical total of 100: a trick by which CGA has 160 by 100 points. */
    view->rows = vga->crtc[CRTC_V_TOTAL] == 100 ? 100 : crtc_height(vga) / view->cell_height;
    view->width = view->columns * view->cell_width;
    view->height = view->rows * view->cell_height;
    view->font[0] = (uint8_t)((font >> 4 & 1) | (font << 1 & 6));
    view->font[1] = (uint8_t)((font >> 5 & 1) | (font >> 1 & 6));
    view->attr_mode = vga->attr[ATTR_MODE];
    view->cursor = UINT32_MAX;
    if (!(vga->crtc[CRTC_CURSOR_START] & CURSOR_OFF) && vga->cursor_phase) {
        view->cursor = cursor * 4;
        view->cursor_first = vga->crtc[CRTC_CURSOR_START] & 0x1f;
        view->cursor_last =
            MIN(vga->crtc[CRTC_CURSOR_END] & 0x1f, (uint8_t)(view->cell_height - 1));
    }
    palette_16(vga, view);
}

static void view_graphics(const VGAState *vga, VGAView *view)
{
    unsigned shift = vga->gfx[GFX_MODE] >> 5 & 3, doubled = vga->crtc[CRTC_MAX_SCAN] >> 7;
    bool vbe = vga->vbe[VBE_ENABLE] & VBE_ENABLED;

    view->width = vbe ? vga->vbe[VBE_WIDTH] : (vga->crtc[CRTC_H_DISPLAY_END] + 1u) * 8;
    view->height = vbe ? vga->vbe[VBE_HEIGHT] : crtc_height(vga);
    view->repeat =
        shift == CGA_SHIFT ? 1u << doubled : ((vga->crtc[CRTC_MAX_SCAN] & 0x1f) + 1u) << doubled;
    view->crtc_mode = vga->crtc[CRTC_MODE] & (CRTC_MODE_ROW0 | CRTC_MODE_ROW1 | CRTC_MODE_WRAP);
    if (shift <= CGA_SHIFT) {
        view->mode = shift == CGA_SHIFT ? VGA_PAIRS : VGA_PLANES;
        view->plane_mask = vga->attr[ATTR_PLANES] & 0xf;
        /* The extensions' width is that of the screen. */
        view->double_width = !vbe && (vga->seq[SEQ_CLOCKING] & SEQ_CLOCKING_HALF);
        view->width <<= view->double_width;
        palette_16(vga, view);
        return;
    }
    view->mode = VGA_BYTES;
    view->depth = vbe && vga->vbe[VBE_DEPTH] >= 8 ? vga->vbe[VBE_DEPTH] : 0;
    if (view->depth <= 8) {
        palette_256(vga, view);
    } else {
        view->big_endian = vga->big_endian;
    }
}

void vga_view(const VGAState *vga, VGAView *view)
{
    memset(view, 0, sizeof(*view));
    if (!(vga->attr_index & ATTR_INDEX_ON)) {
        view->mode = VGA_BLANK;
        return;
    }
    view_addresses(vga, view);
    if (vga->gfx[GFX_MISC] & GFX_MISC_GRAPHICS) {
        view_graphics(vga, view);
    } else {
        view_text(vga, view);
    }
}

/* ---- Memory ---- */

static uint8_t byte_at(const VGAState *vga, uint32_t address)
{
    return vga->memory[address & (vga->memory_size - 1)];
}

static bool page_dirty(const VGAState *vga, uint32_t page)
{
    return (vga->dirty[page / 64] | vga->dirty_before[page / 64]) >> (page % 64) & 1;
}

static bool range_dirty(const VGAState *vga, uint32_t address, uint32_t size)
{
    uint32_t mask = (uint32_t)(vga->memory_size / MEMORY_PAGE_SIZE) - 1;
    uint32_t first = address >> MEMORY_PAGE_BITS,
             last = (uint32_t)(((uint64_t)address + size - 1) >> MEMORY_PAGE_BITS);

    for (uint32_t page = first; page <= last; page++) {
        if (page_dirty(vga, page & mask)) {
            return true;
        }
    }
    return false;
}

static bool any_dirty(const VGAState *vga)
{
    for (size_t i = 0; i < BITS_TO_LONGS(vga->memory_size / MEMORY_PAGE_SIZE); i++) {
        if (vga->dirty[i] | vga->dirty_before[i]) {
            return true;
        }
    }
    return false;
}

/* What was written since the last update; a store that was under way then shows in this one. */
static void harvest(VGAState *vga)
{
    unsigned long *fresh = vga->dirty_before;

    vga->dirty_before = vga->dirty;
    vga->dirty = fresh;
    memset(fresh, 0, BITS_TO_LONGS(vga->memory_size / MEMORY_PAGE_SIZE) * sizeof(*fresh));
    ram_dirty_harvest(vga->vram.ram_block, DIRTY_MEMORY_VGA, fresh);
}

/* ---- Lines of graphics ---- */

static uint32_t *emit(uint32_t *out, const uint32_t *end, uint32_t pixel, bool twice)
{
    for (unsigned i = 0; i <= twice && out < end; i++) {
        *out++ = pixel;
    }
    return out;
}

/* Groups of 4 bytes, 8 pixels each: a bit of each plane, or pairs of bits of planes 0 and 2, then
 * of 1 and 3. */
static void line_planes(const VGAState *vga, const VGAView *view, uint32_t address, uint32_t *out)
{
    const uint32_t *end = out + view->width;

    for (; out < end; address += 4) {
        uint8_t plane[4];

        for (unsigned p = 0; p < 4; p++) {
            plane[p] = view->plane_mask >> p & 1 ? byte_at(vga, address + p) : 0;
        }
        for (int bit = 7; bit >= 0; bit--) {
            unsigned color;

            if (view->mode == VGA_PLANES) {
                color = (plane[0] >> bit & 1) | (plane[1] >> bit & 1) << 1 |
                        (plane[2] >> bit & 1) << 2 | (plane[3] >> bit & 1) << 3;
            } else {
                unsigned pair = 2 * (bit & 3), odd = bit < 4;

                color = (plane[odd] >> pair & 3) | (plane[odd + 2] >> pair & 3) << 2;
            }
            out = emit(out, end, view->palette[color], view->double_width);
        }
    }
}

static uint32_t pixel_at(const VGAState *vga, const VGAView *view, uint32_t address)
{
    uint32_t a = byte_at(vga, address), b, c, d, half;

    switch (view->depth) {
    case 8:
        return view->palette[a];
    case 15:
    case 16:
        b = byte_at(vga, address + 1);
        half = view->big_endian ? a << 8 | b : b << 8 | a;
        return view->depth == 15
                   ? (half & 0x7c00) << 9 | (half & 0x03e0) << 6 | (half & 0x001f) << 3
                   : (half & 0xf800) << 8 | (half & 0x07e0) << 5 | (half & 0x001f) << 3;
    case 24:
        b = byte_at(vga, address + 1);
        c = byte_at(vga, address + 2);
        return view->big_endian ? a << 16 | b << 8 | c : c << 16 | b << 8 | a;
    default:
        b = byte_at(vga, address + 1);
        c = byte_at(vga, address + 2);
        d = byte_at(vga, address + 3);
        return view->big_endian ? b << 16 | c << 8 | d : c << 16 | b << 8 | a;
    }
}

static unsigned bytes_per_pixel(const VGAView *view)
{
    return (view->depth + 1) / 8;
}

/* The usual case, in one piece of memory. */
static void line_32(const VGAState *vga, const VGAView *view, uint32_t address, uint32_t *out)
{
    for (unsigned x = 0; x < view->width; x++) {
        uint32_t value;

        memcpy(&value, vga->memory + address + 4 * (size_t)x, sizeof(value));
        out[x] = (view->big_endian ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value)) & 0xffffff;
    }
}

static void line_bytes(const VGAState *vga, const VGAView *view, uint32_t address, uint32_t *out)
{
    const uint32_t *end = out + view->width;

    if (!view->depth) {
        for (; out < end; address++) {
            out = emit(out, end, view->palette[byte_at(vga, address)], true);
        }
        return;
    }
    address &= vga->memory_size - 1;
    if (view->depth == 32 && (uint64_t)address + 4ull * view->width <= vga->memory_size) {
        line_32(vga, view, address, out);
        return;
    }
    for (unsigned x = 0; x < view->width; x++) {
        out[x] = pixel_at(vga, view, address + x * bytes_per_pixel(view));
    }
}

/* Memory that a line shows. */
static uint32_t line_bytes_shown(const VGAView *view)
{
    unsigned width = view->width >> view->double_width;

    return view->mode == VGA_BYTES && view->depth ? width * bytes_per_pixel(view) : (width + 1) / 2;
}

/* CGA and Hercules interleave lines: bits of the line's number become bits of the address. */
static uint32_t line_address(const VGAView *view, uint32_t address, unsigned row)
{
    if (!(view->crtc_mode & CRTC_MODE_ROW0)) {
        unsigned bit = view->crtc_mode & CRTC_MODE_WRAP ? 15 : 14;

        address = (address & ~(1u << bit)) | (row & 1) << bit;
    }
    if (!(view->crtc_mode & CRTC_MODE_ROW1)) {
        address = (address & ~0x8000u) | (row & 2) << 14;
    }
    return address;
}

static void tell(VGAState *vga, unsigned from, unsigned to)
{
    if (to > from) {
        display_console_changed(vga->console, 0, from, vga->view.width, to - from);
    }
}

static void draw_graphics(VGAState *vga, const DisplaySurface *surface, bool everything)
{
    const VGAView *view = &vga->view;
    uint32_t address = view->start, shown = line_bytes_shown(view);
    unsigned row = 0, left = view->repeat, pending = 0, y;
    unsigned mask = (view->crtc_mode & 3) ^ 3;

    for (y = 0; y < view->height; y++) {
        uint32_t at = line_address(view, address, row),
                 *out = surface->pixels + (size_t)y * view->width;

        if (everything || range_dirty(vga, at, shown)) {
            if (view->mode == VGA_BYTES) {
                line_bytes(vga, view, at, out);
            } else {
                line_planes(vga, view, at, out);
            }
        } else {
            tell(vga, pending, y);
            pending = y + 1;
        }
        if (!--left) {
            left = view->repeat;
            address += (row & mask) == mask ? view->pitch : 0;
            row++;
        }
        if (y == view->line_compare) {
            address = 0;
        }
    }
    tell(vga, pending, y);
}

/* ---- Rows of text ---- */

/* A line of a glyph into cell_width pixels. */
static void glyph_line(const VGAView *view, uint32_t *out, uint8_t bits, bool join, uint32_t front,
                       uint32_t back)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t pixel = bits >> (7 - i) & 1 ? front : back;

        if (view->cell_width == 16) {
            *out++ = pixel;
        }
        *out++ = pixel;
    }
    if (view->cell_width == 9) {
        *out = join && (bits & 1) ? front : back;
    }
}

static void draw_cell(const VGAState *vga, const VGAView *view, uint32_t address, uint32_t *out)
{
    uint8_t code = byte_at(vga, address), attr = byte_at(vga, address + 1);
    uint32_t font =
        view->font[attr >> 3 & 1] * FONT_SIZE + (uint32_t)code * GLYPH_ROWS * 4 + FONT_PLANE;
    uint32_t front = view->palette[attr & 0xf], back = view->palette[attr >> 4];
    /* Characters that draw lines have a ninth column like the eighth. */
    bool join = code >= 0xb0 && code <= 0xdf && (view->attr_mode & ATTR_MODE_LINE_GRAPHICS);

    for (unsigned y = 0; y < view->cell_height; y++, out += view->width) {
        bool cursor = address == view->cursor && y >= view->cursor_first && y <= view->cursor_last;

        glyph_line(view, out, cursor ? 0xff : byte_at(vga, font + 4 * y), cursor || join, front,
                   back);
    }
}

static void draw_text(VGAState *vga, const DisplaySurface *surface, bool everything)
{
    const VGAView *view = &vga->view;
    size_t row_size = (size_t)view->width * view->cell_height;
    uint32_t address = view->start, line = 0;

    if (vga->line_size < row_size) {
        vga->line = g_renew(uint32_t, vga->line, row_size);
        vga->line_size = row_size;
    }
    for (unsigned row = 0; row < view->rows; row++) {
        uint32_t *there = surface->pixels + row * row_size, before = line;

        for (unsigned column = 0; column < view->columns; column++) {
            draw_cell(vga, view, address + column * 4, vga->line + column * view->cell_width);
        }
        if (everything || memcmp(there, vga->line, row_size * sizeof(uint32_t))) {
            memcpy(there, vga->line, row_size * sizeof(uint32_t));
            display_console_changed(vga->console, 0, row * view->cell_height, view->width,
                                    view->cell_height);
        }
        address += view->pitch;
        line += view->cell_height;
        if (before < view->line_compare && line >= view->line_compare) {
            address = 0;
        }
    }
}

/* ---- Updates ---- */

static void draw_blank(VGAState *vga, const DisplaySurface *surface)
{
    memset(surface->pixels, 0, (size_t)surface->width * surface->height * sizeof(uint32_t));
    display_console_changed(vga->console, 0, 0, surface->width, surface->height);
}

/* Cells that the registers describe only while they are being set. */
static bool in_between(const VGAView *view)
{
    return view->mode == VGA_TEXT &&
           (view->rows * view->columns <= 1 || view->rows * view->columns > TEXT_HALF_LIMIT);
}

static void update(void *opaque, bool everything)
{
    VGAState *vga = opaque;
    DisplaySurface *surface = display_console_surface(vga->console);
    VGAView view;

    vga->cursor_phase = clock_get_ns(clock_virtual()) / BLINK_NS % 2 == 0;
    vga_view(vga, &view);
    if (in_between(&view)) {
        return;
    }
    harvest(vga);
    if (memcmp(&view, &vga->view, sizeof(view))) {
        /* A cursor that blinks is no reason to draw rows that look the same. */
        everything = everything || view.mode != VGA_TEXT || vga->view.mode != VGA_TEXT;
        if (view.mode == VGA_TEXT) {
            vga->dirty[0] |= 1;
        }
        vga->view = view;
    }
    if (view.mode == VGA_BLANK) {
        if (everything) {
            draw_blank(vga, surface);
        }
        return;
    }
    if (surface->width != view.width || surface->height != view.height) {
        surface = display_console_resize(vga->console, view.width, view.height);
        if (!surface) {
            vga->view.mode = VGA_NOTHING_YET;
            return;
        }
        everything = true;
    }
    if (!everything && !any_dirty(vga)) {
        return;
    }
    if (view.mode == VGA_TEXT) {
        draw_text(vga, surface, everything);
    } else {
        draw_graphics(vga, surface, everything);
    }
}

const DisplayConsoleOps vga_console_ops = {.update = update};
