/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA: registers and the window through which the processor sees its memory.  "IBM Personal
 * System/2 Hardware Interface Technical Reference", Video Subsystem; the extension for large modes
 * (DISPI) as Bochs has it, with the limits and identification of QEMU's standard adapter. Memory is
 * kept in groups of 4 bytes, one for each plane, so that a linear frame buffer is the same memory.
 * Left out: no interrupt at the vertical retrace, and status register 1 only alternates; overscan
 * and panning by pixels are not shown.
 */
#include <string.h>
#include "vga-core.h"
#include "util/bitops.h"
#include "util/error.h"
#include "util/log.h"

#define VBE_ID_FIRST 0xb0c0
#define VBE_ID_LAST 0xb0c5
#define STATUS1_RETRACE 0x09            /* vertical retrace, display disabled */
#define CRTC_PROTECT 0x80
#define N_PROTECTED 8
#define PLANE_BYTES 4

/* Bits that exist. */
static const uint8_t seq_mask[N_SEQ] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0xff};
static const uint8_t gfx_mask[N_GFX] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
static const uint8_t attr_mask[32] = {
    0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
    [ATTR_MODE] = 0xef, [ATTR_OVERSCAN] = 0xff, [ATTR_PLANES] = 0x3f, [ATTR_PANNING] = 0x0f,
    [ATTR_COLOR_SELECT] = 0x0f,
};

/* ---- Ports ---- */

static void attr_write(VGAState *vga, uint8_t value)
{
    unsigned index = vga->attr_index & 0x1f;

    if (!vga->attr_flip_flop) {
        vga->attr_index = value & 0x3f;
    } else if (index < N_ATTR) {
        vga->attr[index] = value & attr_mask[index];
    }
    vga->attr_flip_flop ^= 1;
}

static uint8_t dac_read(VGAState *vga)
{
    uint8_t value = vga->palette[vga->dac_read_index * 3 + vga->dac_component];

    if (++vga->dac_component == 3) {
        vga->dac_component = 0;
        vga->dac_read_index++;
    }
    return value;
}

static void dac_write(VGAState *vga, uint8_t value)
{
    vga->dac_cache[vga->dac_component] = value;
    if (++vga->dac_component == 3) {
        memcpy(vga->palette + vga->dac_write_index * 3, vga->dac_cache, 3);
        vga->dac_component = 0;
        vga->dac_write_index++;
    }
}

static void crtc_write(VGAState *vga, uint8_t value)
{
    uint8_t *reg = &vga->crtc[vga->crtc_index];

    if (vga->crtc_index < N_PROTECTED && (vga->crtc[CRTC_V_SYNC_END] & CRTC_PROTECT)) {
        /* Bit 4 of this one belongs to the line compare, which is not protected. */
        if (vga->crtc_index == CRTC_OVERFLOW) {
            *reg = (uint8_t)((*reg & ~0x10) | (value & 0x10));
        }
        return;
    }
    *reg = value;
}

/* The CRT controller's ports are at 0x3bx or 0x3dx: those at the other place are not there. */
static bool port_absent(const VGAState *vga, uint32_t port)
{
    return vga->misc & MISC_COLOR_PORTS ? port < 0x3c0 : port >= 0x3d0;
}

uint8_t vga_port_read(VGAState *vga, uint32_t port)
{
    if (port_absent(vga, port)) {
        return 0xff;
    }
    switch (port) {
    case 0x3c0:
        return vga->attr_flip_flop ? 0 : vga->attr_index;
    case 0x3c1:
        return (vga->attr_index & 0x1f) < N_ATTR ? vga->attr[vga->attr_index & 0x1f] : 0;
    case 0x3c2:
        return vga->status0;
    case 0x3c4:
        return vga->seq_index;
    case 0x3c5:
        return vga->seq[vga->seq_index];
    case 0x3c7:
        return vga->dac_state;
    case 0x3c8:
        return vga->dac_write_index;
    case 0x3c9:
        return dac_read(vga);
    case 0x3ca:
        return vga->feature;
    case 0x3cc:
        return vga->misc;
    case 0x3ce:
        return vga->gfx_index;
    case 0x3cf:
        return vga->gfx[vga->gfx_index];
    case 0x3b4:
    case 0x3d4:
        return vga->crtc_index;
    case 0x3b5:
    case 0x3d5:
        return vga->crtc[vga->crtc_index];
    case 0x3ba:
    case 0x3da:
        vga->attr_flip_flop = 0;
        vga->status1 ^= STATUS1_RETRACE;
        return vga->status1;
    default:
        log_mask(LOG_UNIMP, "vga: read of port 0x%x\n", port);
        return 0;
    }
}

void vga_port_write(VGAState *vga, uint32_t port, uint8_t value)
{
    if (port_absent(vga, port)) {
        return;
    }
    switch (port) {
    case 0x3c0:
        attr_write(vga, value);
        break;
    case 0x3c2:
        vga->misc = value & 0xef;
        break;
    case 0x3c4:
        vga->seq_index = value & 7;
        break;
    case 0x3c5:
        vga->seq[vga->seq_index] = value & seq_mask[vga->seq_index];
        break;
    case 0x3c7:
        vga->dac_read_index = value;
        vga->dac_component = 0;
        vga->dac_state = 3;
        break;
    case 0x3c8:
        vga->dac_write_index = value;
        vga->dac_component = 0;
        vga->dac_state = 0;
        break;
    case 0x3c9:
        dac_write(vga, value);
        break;
    case 0x3ce:
        vga->gfx_index = value & 0xf;
        break;
    case 0x3cf:
        vga->gfx[vga->gfx_index] = value & gfx_mask[vga->gfx_index];
        break;
    case 0x3b4:
    case 0x3d4:
        vga->crtc_index = value;
        break;
    case 0x3b5:
    case 0x3d5:
        crtc_write(vga, value);
        break;
    case 0x3ba:
    case 0x3da:
        vga->feature = value & 0x10;
        break;
    default:
        log_mask(LOG_UNIMP, "vga: write of 0x%x to port 0x%x\n", value, port);
        break;
    }
}

/* ---- DISPI ---- */

static uint32_t depth_bits(uint16_t depth)
{
    return depth == 15 ? 16 : depth;
}

/*
 * A mode that fits: the interface cannot refuse, so the guest reads back what it got.  Lines are
 * whole groups of 8 pixels; the height is what memory has room for; a start that shows more than
 * there is moves to the beginning.
 */
static void vbe_settle(VGAState *vga)
{
    static const uint8_t depths[] = {4, 8, 15, 16, 24, 32};
    uint16_t *r = vga->vbe;
    uint32_t bits, pitch, lines, start;

    if (!(r[VBE_ENABLE] & VBE_ENABLED)) {
        return;
    }
    if (r[VBE_DEPTH] > VBE_MAX_DEPTH || !memchr(depths, r[VBE_DEPTH], sizeof(depths))) {
        r[VBE_DEPTH] = 8;
    }
    bits = depth_bits(r[VBE_DEPTH]);
    r[VBE_WIDTH] = (uint16_t)CLAMP(r[VBE_WIDTH] & ~7, 8, VBE_MAX_WIDTH);
    r[VBE_VIRTUAL_WIDTH] = (uint16_t)CLAMP(r[VBE_VIRTUAL_WIDTH] & ~7, r[VBE_WIDTH], VBE_MAX_WIDTH);
    pitch = r[VBE_VIRTUAL_WIDTH] * bits / 8;
    lines = vga->memory_size / pitch;
    r[VBE_HEIGHT] = (uint16_t)CLAMP(r[VBE_HEIGHT], 1, MIN(lines, VBE_MAX_HEIGHT));
    r[VBE_X] = MIN(r[VBE_X], VBE_MAX_WIDTH);
    r[VBE_Y] = MIN(r[VBE_Y], VBE_MAX_HEIGHT);
    start = r[VBE_X] * bits / 8;
    if ((uint64_t)start + ((uint64_t)r[VBE_Y] + r[VBE_HEIGHT]) * pitch > vga->memory_size) {
        r[VBE_Y] = 0;
        if ((uint64_t)start + (uint64_t)r[VBE_HEIGHT] * pitch > vga->memory_size) {
            r[VBE_X] = 0;
            start = 0;
        }
    }
    r[VBE_VIRTUAL_HEIGHT] = (uint16_t)MIN(lines, UINT16_MAX);
    vga->vbe_pitch = pitch;
    vga->vbe_start = (start + r[VBE_Y] * pitch) / 4;
}

/* What a BIOS would have put in the VGA's own registers for such a mode. */
static void vbe_set_vga(VGAState *vga)
{
    unsigned last = vga->vbe[VBE_HEIGHT] - 1u;
    uint8_t shift = vga->vbe[VBE_DEPTH] == 4 ? 0 : 0x40;

    vga->gfx[GFX_MISC] = (uint8_t)((vga->gfx[GFX_MISC] & ~0x0c) | 0x04 | GFX_MISC_GRAPHICS);
    vga->gfx[GFX_MODE] = (uint8_t)((vga->gfx[GFX_MODE] & ~0x60) | shift);
    vga->crtc[CRTC_MODE] |= 3;
    vga->crtc[CRTC_OFFSET] = (uint8_t)(vga->vbe_pitch >> 3);
    vga->crtc[CRTC_H_DISPLAY_END] = (uint8_t)((vga->vbe[VBE_WIDTH] >> 3) - 1);
    vga->crtc[CRTC_V_DISPLAY_END] = (uint8_t)last;
    vga->crtc[CRTC_OVERFLOW] = (uint8_t)((vga->crtc[CRTC_OVERFLOW] & ~0x42) | (last >> 7 & 0x02) |
                                         (last >> 3 & 0x40) | 0x10);
    vga->crtc[CRTC_LINE_COMPARE] = 0xff;
    vga->crtc[CRTC_MAX_SCAN] = (uint8_t)((vga->crtc[CRTC_MAX_SCAN] | 0x40) & ~0x9f);
    if (shift) {
        vga->seq[SEQ_MEMORY] |= SEQ_MEMORY_CHAIN4;
        vga->seq[SEQ_MAP_MASK] |= 0x0f;
    } else {
        vga->seq[SEQ_CLOCKING] &= (uint8_t)~SEQ_CLOCKING_HALF;
    }
}

static void vbe_enable(VGAState *vga, uint16_t value)
{
    if ((value & VBE_ENABLED) && !(vga->vbe[VBE_ENABLE] & VBE_ENABLED)) {
        vga->vbe[VBE_VIRTUAL_WIDTH] = vga->vbe[VBE_X] = vga->vbe[VBE_Y] = 0;
        vga->vbe[VBE_ENABLE] |= VBE_ENABLED;
        vbe_settle(vga);
        if (!(value & VBE_KEEP_MEMORY)) {
            uint64_t size = (uint64_t)vga->vbe[VBE_HEIGHT] * vga->vbe_pitch;

            memset(vga->memory, 0, size);
            memory_region_set_dirty(&vga->vram, 0, size);
        }
        vbe_set_vga(vga);
    } else {
        vga->bank_offset = 0;
    }
    vga->vbe[VBE_ENABLE] = value;
}

uint16_t vga_vbe_read(VGAState *vga)
{
    static const uint16_t limits[] = {[VBE_WIDTH] = VBE_MAX_WIDTH, [VBE_HEIGHT] = VBE_MAX_HEIGHT,
                                      [VBE_DEPTH] = VBE_MAX_DEPTH};
    unsigned index = vga->vbe_index;

    if (index == VBE_MEMORY) {
        return (uint16_t)(vga->memory_size >> 16);
    }
    if (index >= N_VBE) {
        return 0;
    }
    if ((vga->vbe[VBE_ENABLE] & VBE_GET_LIMITS) && index >= VBE_WIDTH && index <= VBE_DEPTH) {
        return limits[index];
    }
    return vga->vbe[index];
}

void vga_vbe_write(VGAState *vga, uint16_t value)
{
    switch (vga->vbe_index) {
    case VBE_ID:
        if (value >= VBE_ID_FIRST && value <= VBE_ID_LAST) {
            vga->vbe[VBE_ID] = value;
        }
        break;
    case VBE_WIDTH:
    case VBE_HEIGHT:
    case VBE_DEPTH:
    case VBE_VIRTUAL_WIDTH:
    case VBE_X:
    case VBE_Y:
        vga->vbe[vga->vbe_index] = value;
        vbe_settle(vga);
        break;
    case VBE_BANK:
        value &=
            (uint16_t)(vga->vbe[VBE_DEPTH] == 4 ? vga->vbe_bank_mask >> 2 : vga->vbe_bank_mask);
        vga->vbe[VBE_BANK] = value;
        vga->bank_offset = value << 16;
        break;
    case VBE_ENABLE:
        vbe_enable(vga, value);
        break;
    default:
        log_mask(LOG_GUEST_ERROR, "vga: write of 0x%x to DISPI register %u\n", value,
                 vga->vbe_index);
        break;
    }
}

/* ---- The window at 0xa0000 ---- */

/* Bits of a nibble as bytes of ones. */
static uint32_t spread(unsigned planes)
{
    return (planes & 1 ? 0xffu : 0) | (planes & 2 ? 0xff00u : 0) | (planes & 4 ? 0xff0000u : 0) |
           (planes & 8 ? 0xff000000u : 0);
}

/* Where in a plane (or in memory) the window's byte lies; UINT32_MAX: nowhere. */
static uint32_t window_offset(const VGAState *vga, uint32_t address)
{
    address &= 0x1ffff;
    switch (vga->gfx[GFX_MISC] >> 2 & 3) {
    case 0:
        return address;
    case 1:
        return address < 0x10000 ? address + (uint32_t)vga->bank_offset : UINT32_MAX;
    case 2:
        return address >= 0x10000 && address < 0x18000 ? address - 0x10000 : UINT32_MAX;
    default:
        return address >= 0x18000 ? address - 0x18000 : UINT32_MAX;
    }
}

/* Chained and odd/even addressing: the byte of memory and its plane. */
static bool chained(const VGAState *vga, uint32_t *offset, unsigned *plane)
{
    if (vga->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        *plane = *offset & 3;
        return true;
    }
    if (vga->gfx[GFX_MODE] & GFX_MODE_ODD_EVEN) {
        *plane = (vga->gfx[GFX_READ_MAP] & 2u) | (*offset & 1);
        *offset = (*offset & ~1u) << 1 | *plane;
        return true;
    }
    return false;
}

static uint32_t load_group(const VGAState *vga, uint32_t offset)
{
    uint32_t value;

    memcpy(&value, vga->memory + (size_t)offset * PLANE_BYTES, sizeof(value));
    return GUINT32_FROM_LE(value);
}

uint8_t vga_window_read(VGAState *vga, uint32_t address)
{
    uint32_t offset = window_offset(vga, address), differ;
    unsigned plane;

    if (offset == UINT32_MAX) {
        return 0xff;
    }
    if (chained(vga, &offset, &plane)) {
        return offset < vga->memory_size ? vga->memory[offset] : 0xff;
    }
    if (offset >= vga->memory_size / PLANE_BYTES) {
        return 0xff;
    }
    vga->latch = load_group(vga, offset);
    if (!(vga->gfx[GFX_MODE] & GFX_MODE_COMPARE)) {
        return (uint8_t)(vga->latch >> 8 * vga->gfx[GFX_READ_MAP]);
    }
    differ = (vga->latch ^ spread(vga->gfx[GFX_COMPARE])) & spread(vga->gfx[GFX_DONT_CARE]);
    differ |= differ >> 16;
    return (uint8_t)~(differ | differ >> 8);
}

/* What the write mode makes of a byte, for all planes. */
static uint32_t planar_value(const VGAState *vga, uint8_t byte)
{
    unsigned rotate = vga->gfx[GFX_ROTATE] & 7;
    uint8_t rotated = (uint8_t)(byte >> rotate | byte << (8 - rotate));
    uint32_t value, bits = vga->gfx[GFX_BIT_MASK], from;

    switch (vga->gfx[GFX_MODE] & 3) {
    case 0:
        from = spread(vga->gfx[GFX_ENABLE_SET_RESET]);
        value = (rotated * 0x01010101u & ~from) | (spread(vga->gfx[GFX_SET_RESET]) & from);
        break;
    case 1:
        return vga->latch;
    case 2:
        value = spread(byte);
        break;
    default:
        value = spread(vga->gfx[GFX_SET_RESET]);
        bits &= rotated;
        break;
    }
    switch (vga->gfx[GFX_ROTATE] >> 3) {
    case 1:
        value &= vga->latch;
        break;
    case 2:
        value |= vga->latch;
        break;
    case 3:
        value ^= vga->latch;
        break;
    }
    bits *= 0x01010101u;
    return (value & bits) | (vga->latch & ~bits);
}

void vga_window_write(VGAState *vga, uint32_t address, uint8_t byte)
{
    uint32_t offset = window_offset(vga, address), value, planes;
    unsigned plane;

    if (offset == UINT32_MAX) {
        return;
    }
    if (chained(vga, &offset, &plane)) {
        if ((vga->seq[SEQ_MAP_MASK] >> plane & 1) && offset < vga->memory_size) {
            vga->memory[offset] = byte;
            memory_region_set_dirty(&vga->vram, offset, 1);
        }
        return;
    }
    if (offset >= vga->memory_size / PLANE_BYTES) {
        return;
    }
    planes = spread(vga->seq[SEQ_MAP_MASK]);
    value = GUINT32_TO_LE((load_group(vga, offset) & ~planes) | (planar_value(vga, byte) & planes));
    memcpy(vga->memory + (size_t)offset * PLANE_BYTES, &value, sizeof(value));
    memory_region_set_dirty(&vga->vram, (uint64_t)offset * PLANE_BYTES, PLANE_BYTES);
}

/* ---- Life ---- */

void vga_reset(VGAState *vga)
{
    vga->latch = 0;
    vga->seq_index = vga->gfx_index = vga->attr_index = vga->crtc_index = 0;
    memset(vga->seq, 0, sizeof(vga->seq));
    memset(vga->gfx, 0, sizeof(vga->gfx));
    memset(vga->attr, 0, sizeof(vga->attr));
    memset(vga->crtc, 0, sizeof(vga->crtc));
    vga->attr_flip_flop = 0;
    vga->misc = vga->feature = vga->status0 = vga->status1 = 0;
    vga->dac_state = vga->dac_component = vga->dac_read_index = vga->dac_write_index = 0;
    memset(vga->dac_cache, 0, sizeof(vga->dac_cache));
    memset(vga->palette, 0, sizeof(vga->palette));
    vga->bank_offset = 0;
    vga->vbe_index = 0;
    memset(vga->vbe, 0, sizeof(vga->vbe));
    vga->vbe[VBE_ID] = VBE_ID_LAST;
    vga->vbe_start = vga->vbe_pitch = 0;
    vga->vbe_bank_mask = (vga->memory_size >> 16) - 1;
    vga->big_endian = vga->default_big_endian;
    vga->view.mode = VGA_NOTHING_YET;
}

bool vga_init(VGAState *vga, Object *owner, const char *name, uint32_t mebibytes, GError **errp)
{
    uint32_t size = 1;

    while (size < mebibytes && size < 512) {
        size *= 2;
    }
    if (!memory_region_init_ram(&vga->vram, owner, name, (uint64_t)size << 20, errp)) {
        return false;
    }
    vga->memory = memory_region_get_ram_ptr(&vga->vram);
    vga->memory_size = size << 20;
    vga->has_vbe = 1;
    /* As the processors of these machines start. */
    vga->default_big_endian = true;
    vga->dirty = bitmap_new(vga->memory_size / MEMORY_PAGE_SIZE);
    vga->dirty_before = bitmap_new(vga->memory_size / MEMORY_PAGE_SIZE);
    vga_reset(vga);
    vga->console = display_console_new(owner, &vga_console_ops, vga);
    return true;
}

void vga_destroy(VGAState *vga)
{
    display_console_free(vga->console);
    vga->console = NULL;
    g_clear_pointer(&vga->dirty, g_free);
    g_clear_pointer(&vga->dirty_before, g_free);
    g_clear_pointer(&vga->line, g_free);
    vga->line_size = 0;
    memory_region_destroy(&vga->vram);
}

/* ---- State ---- */

static bool endian_needed(void *opaque)
{
    const VGAState *vga = opaque;

    return vga->big_endian != vga->default_big_endian;
}

static const VMStateDescription vmstate_endian = {
    .name = "vga.endian",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = endian_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(big_endian, VGAState),
        VMSTATE_END_OF_LIST(),
    },
};

static bool vga_pre_load(void *opaque, GError **errp)
{
    VGAState *vga = opaque;

    vga->big_endian = vga->default_big_endian;
    return true;
}

static bool depth_possible(const VGAState *vga)
{
    static const uint8_t depths[] = {0, 4, 8, 15, 16, 24, 32};
    uint16_t depth = vga->vbe[VBE_DEPTH];

    return !(vga->vbe[VBE_ENABLE] & VBE_ENABLED) ||
           (depth <= VBE_MAX_DEPTH && memchr(depths, depth, sizeof(depths)));
}

static bool vga_post_load(void *opaque, int version, GError **errp)
{
    VGAState *vga = opaque;
    const char *what = vga->seq_index >= N_SEQ             ? "sr_index"
                       : vga->gfx_index >= N_GFX           ? "gr_index"
                       : vga->attr_index > 0x3f            ? "ar_index"
                       : vga->attr_flip_flop & ~1          ? "ar_flip_flop"
                       : vga->dac_component > 2            ? "dac_sub_index"
                       : vga->gfx[GFX_READ_MAP] > 3        ? "gr"
                       : vga->bank_offset < 0              ? "bank_offset"
                       : !depth_possible(vga)              ? "vbe_regs"
                                                           : NULL;

    if (what) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "vga: %s has an impossible value", what);
        return false;
    }
    if ((vga->vbe[VBE_ENABLE] & VBE_ENABLED) &&
        (!vga->vbe[VBE_WIDTH] || vga->vbe[VBE_WIDTH] > VBE_MAX_WIDTH || !vga->vbe[VBE_HEIGHT] ||
         vga->vbe[VBE_HEIGHT] > VBE_MAX_HEIGHT ||
         (uint64_t)vga->vbe[VBE_WIDTH] * vga->vbe[VBE_HEIGHT] > (uint64_t)vga->memory_size * 2)) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "vga: a mode of %u by %u pixels does not fit in %u MiB (vgamem_mb)",
                  vga->vbe[VBE_WIDTH], vga->vbe[VBE_HEIGHT], vga->memory_size >> 20);
        return false;
    }
    vga->view.mode = VGA_NOTHING_YET;
    return true;
}

const VMStateDescription vmstate_vga = {
    .name = "vga",
    .version_id = 2,
    .minimum_version_id = 2,
    .pre_load = vga_pre_load,
    .post_load = vga_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32(latch, VGAState),         VMSTATE_UINT8(seq_index, VGAState),
            VMSTATE_BUFFER(seq, VGAState),           VMSTATE_UINT8(gfx_index, VGAState),
            VMSTATE_BUFFER(gfx, VGAState),           VMSTATE_UINT8(attr_index, VGAState),
            VMSTATE_BUFFER(attr, VGAState),          VMSTATE_INT32(attr_flip_flop, VGAState),
            VMSTATE_UINT8(crtc_index, VGAState),     VMSTATE_BUFFER(crtc, VGAState),
            VMSTATE_UINT8(misc, VGAState),           VMSTATE_UINT8(feature, VGAState),
            VMSTATE_UINT8(status0, VGAState),        VMSTATE_UINT8(status1, VGAState),
            VMSTATE_UINT8(dac_state, VGAState),      VMSTATE_UINT8(dac_component, VGAState),
            VMSTATE_UINT8(dac_read_index, VGAState), VMSTATE_UINT8(dac_write_index, VGAState),
            VMSTATE_BUFFER(dac_cache, VGAState),     VMSTATE_BUFFER(palette, VGAState),
            VMSTATE_INT32(bank_offset, VGAState),    VMSTATE_UINT8_EQUAL(has_vbe, VGAState, NULL),
            VMSTATE_UINT16(vbe_index, VGAState),     VMSTATE_UINT16_ARRAY(vbe, VGAState, N_VBE),
            VMSTATE_UINT32(vbe_start, VGAState),     VMSTATE_UINT32(vbe_pitch, VGAState),
            VMSTATE_UINT32(vbe_bank_mask, VGAState), VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_endian),
    .immutable = VMSTATE_NAMES("default_big_endian", "memory_size", "memory", "vram", "console"),
    .host_only =
        VMSTATE_NAMES("view", "dirty", "dirty_before", "line", "line_size", "cursor_phase"),
    VMSTATE_STRUCT_AUDIT(VGAState),
};
