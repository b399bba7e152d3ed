/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a monitor says of itself: EDID, base block and a CEA extension with the modes of television.
 * VESA Enhanced Extended Display Identification Data Standard, release A revision 2 (EDID 1.4);
 * CEA-861-E, 7.5.
 */
#include <string.h>
#include "vga-core.h"

#define BLOCK 128
#define DPI 100
enum { STANDARD = 38, N_STANDARD = 8, DESCRIPTORS = 54, DESCRIPTOR = 18, N_EXTENSIONS = 126 };

typedef struct EdidMode {
    uint16_t width, height;
    uint8_t established, bit;   /* byte and bit of the established timings; 0: a standard timing */
    uint8_t vic;                /* number in CEA-861; 0: none */
} EdidMode;

static const EdidMode modes[] = {
    {640, 480, 35, 5, 0},   {800, 600, 35, 0, 0},   {1024, 768, 36, 3, 0},  {1920, 1080, 0, 0, 31},
    {1920, 1200, 0, 0, 0},  {1680, 1050, 0, 0, 0},  {1600, 1200, 0, 0, 0},  {1440, 900, 0, 0, 0},
    {1280, 1024, 0, 0, 0},  {1280, 960, 0, 0, 0},   {2048, 1152, 0, 0, 0},  {3840, 2160, 0, 0, 96},
    {4096, 2160, 0, 0, 101},
};

/* Two bytes of a standard timing at 60 Hz; false: its shape is none of the four. */
static bool standard_timing(uint8_t *out, unsigned width, unsigned height)
{
    static const struct { uint8_t x, y; } aspects[] = {{16, 10}, {4, 3}, {5, 4}, {16, 9}};

    for (unsigned i = 0; i < G_N_ELEMENTS(aspects); i++) {
        if (width * aspects[i].y == height * aspects[i].x && width / 8 - 31 <= 0xff) {
            out[0] = (uint8_t)(width / 8 - 31);
            out[1] = (uint8_t)(i << 6);
            return true;
        }
    }
    return false;
}

static void set_modes(uint8_t *edid, unsigned max_width, unsigned max_height)
{
    uint8_t *cea = edid + BLOCK;
    unsigned n = 0;

    memset(edid + STANDARD, 0x01, 2 * N_STANDARD);
    cea[0] = 0x02;
    cea[1] = 0x03;
    cea[4] = 0x40;                      /* video data block */
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        const EdidMode *mode = &modes[i];

        if ((max_width && mode->width > max_width) || (max_height && mode->height > max_height)) {
            continue;
        }
        if (mode->established) {
            edid[mode->established] |= (uint8_t)(1u << mode->bit);
        } else if (n < N_STANDARD &&
                   standard_timing(edid + STANDARD + 2 * n, mode->width, mode->height)) {
            n++;
        }
        if (mode->vic) {
            cea[5 + (cea[4] & 0x1f)] = mode->vic;
            cea[4]++;
        }
    }
    cea[2] = (uint8_t)(5 + (cea[4] & 0x1f));
}

/* The preferred mode: blanking of 35 % and 3.5 %, at 75 Hz. */
static void detailed_timing(uint8_t *d, unsigned width, unsigned height)
{
    unsigned x_blank = width * 35 / 100, x_front = width * 25 / 100, x_sync = width * 3 / 100;
    unsigned y_blank = height * 35 / 1000, y_front = height * 5 / 1000, y_sync = height * 5 / 1000;
    unsigned x_mm = width * 254 / DPI / 10, y_mm = height * 254 / DPI / 10;
    unsigned clock =
        (unsigned)MIN((uint64_t)75 * (width + x_blank) * (height + y_blank) / 10000, UINT16_MAX);

    d[0] = (uint8_t)clock;
    d[1] = (uint8_t)(clock >> 8);
    d[2] = (uint8_t)width;
    d[3] = (uint8_t)x_blank;
    d[4] = (uint8_t)((width >> 8 & 0xf) << 4 | (x_blank >> 8 & 0xf));
    d[5] = (uint8_t)height;
    d[6] = (uint8_t)y_blank;
    d[7] = (uint8_t)((height >> 8 & 0xf) << 4 | (y_blank >> 8 & 0xf));
    d[8] = (uint8_t)x_front;
    d[9] = (uint8_t)x_sync;
    d[10] = (uint8_t)((y_front & 0xf) << 4 | (y_sync & 0xf));
    d[11] = (uint8_t)((x_front >> 8 & 3) << 6 | (x_sync >> 8 & 3) << 4 | (y_front >> 4 & 3) << 2 |
                      (y_sync >> 4 & 3));
    d[12] = (uint8_t)x_mm;
    d[13] = (uint8_t)y_mm;
    d[14] = (uint8_t)((x_mm >> 8 & 0xf) << 4 | (y_mm >> 8 & 0xf));
    d[17] = 0x18;                       /* digital, separate synchronization */
}

static void descriptor(uint8_t *d, uint8_t type, const uint8_t *data, size_t size, uint8_t fill)
{
    memset(d, 0, 5);
    d[3] = type;
    memset(d + 5, fill, DESCRIPTOR - 5);
    if (size) {
        memcpy(d + 5, data, size);
    }
}

static void checksum(uint8_t *block)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < BLOCK - 1; i++) {
        sum = (uint8_t)(sum + block[i]);
    }
    block[BLOCK - 1] = (uint8_t)-sum;
}

void edid_make(uint8_t edid[EDID_SIZE], const char *name, unsigned width, unsigned height,
               unsigned max_width, unsigned max_height)
{
    static const uint8_t header[] = {
        0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
        0x49, 0x14, 0x34, 0x12, 0, 0, 0, 0, /* maker "RHT", model 0x1234, no serial number */
        42, 2014 - 1990, 1, 4,          /* week and year of making; EDID 1.4 */
        0xa5,                           /* digital, 8 bits a colour, DisplayPort */
    };
    /* sRGB: white and primaries in 1024ths. */
    static const uint8_t chromaticity[] = {0xee, 0x91, 0xa3, 0x54, 0x4c,
                                           0x99, 0x26, 0x0f, 0x50, 0x54};
    /* 50 to 125 Hz, 30 to 160 kHz, 1200 MHz; no further formula. */
    static const uint8_t ranges[] = {50, 125, 30, 160, 120, 0x01, '\n'};
    g_autofree char *text = g_strdup_printf("%.12s\n", name);

    memset(edid, 0, EDID_SIZE);
    memcpy(edid, header, sizeof(header));
    edid[21] = (uint8_t)MIN(width * 254 / DPI / 100, 0xff);     /* cm */
    edid[22] = (uint8_t)MIN(height * 254 / DPI / 100, 0xff);
    edid[23] = 220 - 100;               /* gamma */
    edid[24] = 0x06;                    /* sRGB; the first timing is preferred */
    memcpy(edid + 25, chromaticity, sizeof(chromaticity));
    detailed_timing(edid + DESCRIPTORS, MIN(width, 4095), MIN(height, 4095));
    descriptor(edid + DESCRIPTORS + DESCRIPTOR, 0xfd, ranges, sizeof(ranges), ' ');
    descriptor(edid + DESCRIPTORS + 2 * DESCRIPTOR, 0xfc, (const uint8_t *)text, strlen(text), ' ');
    descriptor(edid + DESCRIPTORS + 3 * DESCRIPTOR, 0x10, NULL, 0, 0);
    edid[N_EXTENSIONS] = 1;
    set_modes(edid, max_width, max_height);
    checksum(edid);
    checksum(edid + BLOCK);
}
