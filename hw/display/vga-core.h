/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VGA's registers and picture, shared by those who put it on a bus. */
#ifndef HW_DISPLAY_VGA_CORE_H
#define HW_DISPLAY_VGA_CORE_H

#include "migration/vmstate.h"
#include "system/memory.h"
#include "ui/display.h"

/* Numbers of registers: sequencer, graphics controller, attribute controller, CRT controller. */
enum { SEQ_CLOCKING = 1, SEQ_MAP_MASK = 2, SEQ_FONT = 3, SEQ_MEMORY = 4, N_SEQ = 8 };
enum {
    GFX_SET_RESET,
    GFX_ENABLE_SET_RESET,
    GFX_COMPARE,
    GFX_ROTATE,
    GFX_READ_MAP,
    GFX_MODE,
    GFX_MISC,
    GFX_DONT_CARE,
    GFX_BIT_MASK,
    N_GFX = 16
};
enum { ATTR_MODE = 16, ATTR_OVERSCAN, ATTR_PLANES, ATTR_PANNING, ATTR_COLOR_SELECT, N_ATTR };
enum {
    CRTC_H_DISPLAY_END = 0x01,
    CRTC_V_TOTAL = 0x06,
    CRTC_OVERFLOW = 0x07,
    CRTC_MAX_SCAN = 0x09,
    CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b,
    CRTC_START_HIGH = 0x0c,
    CRTC_START_LOW = 0x0d,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_CURSOR_LOW = 0x0f,
    CRTC_V_SYNC_END = 0x11,
    CRTC_V_DISPLAY_END = 0x12,
    CRTC_OFFSET = 0x13,
    CRTC_MODE = 0x17,
    CRTC_LINE_COMPARE = 0x18,
    N_CRTC = 256
};
enum {
    SEQ_CLOCKING_8_DOTS = 0x01,
    SEQ_CLOCKING_HALF = 0x08,
    SEQ_MEMORY_CHAIN4 = 0x08,
    GFX_MODE_ODD_EVEN = 0x10,
    GFX_MODE_COMPARE = 0x08,
    GFX_MISC_GRAPHICS = 0x01,
    ATTR_INDEX_ON = 0x20,       /* of the index register: the picture is shown */
    MISC_COLOR_PORTS = 0x01,
};

/* Bochs's extension ("DISPI"). */
enum {
    VBE_ID,
    VBE_WIDTH,
    VBE_HEIGHT,
    VBE_DEPTH,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRTUAL_WIDTH,
    VBE_VIRTUAL_HEIGHT,
    VBE_X,
    VBE_Y,
    N_VBE,
    VBE_MEMORY = N_VBE          /* reads: in units of 64 KiB */
};
enum { VBE_ENABLED = 0x01, VBE_GET_LIMITS = 0x02, VBE_DAC_8 = 0x20, VBE_KEEP_MEMORY = 0x80 };
#define VBE_MAX_WIDTH 16000
#define VBE_MAX_HEIGHT 12000
#define VBE_MAX_DEPTH 32

/* All that makes the picture, apart from what lies in memory. Zeroed before it is filled: compared
 * as bytes. */
typedef enum VGAMode {
    VGA_NOTHING_YET,
    VGA_BLANK,
    VGA_TEXT,
    VGA_PLANES,
    VGA_PAIRS,
    VGA_BYTES
} VGAMode;
typedef struct VGAView {
    VGAMode mode;
    unsigned width, height;     /* pixels */
    unsigned columns, rows, cell_width, cell_height; /* text */
    unsigned depth;             /* VGA_BYTES: 0 (256 colours, pixels doubled), 8, 15, 16, 24, 32 */
    bool big_endian, double_width;
    uint32_t start, pitch, line_compare; /* bytes; line */
    unsigned repeat;            /* each line is shown so often */
    uint8_t crtc_mode, plane_mask, attr_mode, font[2];
    uint32_t cursor;            /* byte address; UINT32_MAX: not shown */
    uint8_t cursor_first, cursor_last;
    uint32_t palette[256];
} VGAView;

typedef struct VGAState {
    /* saved */
    uint32_t latch;
    uint8_t seq_index, seq[N_SEQ], gfx_index, gfx[N_GFX], attr_index, attr[N_ATTR];
    int32_t attr_flip_flop;
    uint8_t crtc_index, crtc[N_CRTC];
    uint8_t misc, feature, status0, status1;
    uint8_t dac_state, dac_component, dac_read_index, dac_write_index, dac_cache[3], palette[768];
    int32_t bank_offset;
    uint8_t has_vbe;
    uint16_t vbe_index, vbe[N_VBE];
    uint32_t vbe_start;         /* in units of 4 bytes */
    uint32_t vbe_pitch;         /* bytes */
    uint32_t vbe_bank_mask;
    bool big_endian;            /* pixels in the frame buffer */
    /* immutable */
    bool default_big_endian;
    uint32_t memory_size;       /* a power of two */
    uint8_t *memory;
    MemoryRegion vram;
    DisplayConsole *console;
    /* host-only: what was drawn */
    VGAView view;
    unsigned long *dirty,
        *dirty_before;          /* pages; those of the last update once more: a store may be late */
    uint32_t *line;             /* a row of text */
    size_t line_size;
    bool cursor_phase;
} VGAState;

extern const VMStateDescription vmstate_vga;
/* The rows of a struct's audit for an embedded VGAState named f. */
#define VMSTATE_VGA(f, s) VMSTATE_STRUCT(f, s, 0, vmstate_vga, VGAState)

/* mebibytes: of memory; raised to a power of two from 1 to 512. name: the RAM block's. */
bool vga_init(VGAState *vga, Object *owner, const char *name, uint32_t mebibytes, GError **errp);
void vga_destroy(VGAState *vga);
void vga_reset(VGAState *vga);
/* I/O ports 0x3b0 to 0x3df. */
uint8_t vga_port_read(VGAState *vga, uint32_t port);
void vga_port_write(VGAState *vga, uint32_t port, uint8_t value);
/* DISPI's data register, for the register in vbe_index. */
uint16_t vga_vbe_read(VGAState *vga);
void vga_vbe_write(VGAState *vga, uint16_t value);
/* Bytes of the window at 0xa0000 (128 KiB). */
uint8_t vga_window_read(VGAState *vga, uint32_t address);
void vga_window_write(VGAState *vga, uint32_t address, uint8_t value);

/* vga-draw.c */
extern const DisplayConsoleOps vga_console_ops;
/* The picture as the registers have it. */
void vga_view(const VGAState *vga, VGAView *view);

/* edid.c: 256 bytes. width and height: what the monitor likes best. */
#define EDID_SIZE 256u
void edid_make(uint8_t edid[EDID_SIZE], const char *name, unsigned width, unsigned height,
               unsigned max_width, unsigned max_height);

#endif
