/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What optical drives tell: table of contents, features, events, the disc.  MMC-6 5 and 6.
 * A medium is one session with one data track; it is a CD up to the size of one, else a DVD.
 */
#include "hw/scsi/mmc.h"
#include "hw/scsi/scsi.h"
#include "util/bswap.h"

#define LEAD_OUT 0xaa
#define CONTROL_DATA 0x14               /* data track, position in the Q channel */
#define CONTROL_LEAD_OUT 0x16
#define FRAMES_PER_SECOND 75u
#define PREGAP_FRAMES 150u
/* 80 minutes. */
#define CD_BLOCKS (80u * 60 * FRAMES_PER_SECOND)
enum { PROFILE_NONE = 0x0000, PROFILE_CD_ROM = 0x0008, PROFILE_DVD_ROM = 0x0010 };
enum { EVENT_CLASS_MEDIA = 4, EVENT_NO_CHANGE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW_MEDIA = 2 };
enum { MEDIA_TRAY_OPEN = 1, MEDIA_PRESENT = 2 };

static uint16_t profile(const MmcDrive *drive)
{
    if (drive->tray_open || !drive->present) {
        return PROFILE_NONE;
    }
    return drive->bytes > (uint64_t)CD_BLOCKS * 2048 ? PROFILE_DVD_ROM : PROFILE_CD_ROM;
}

static uint32_t blocks_of(const MmcDrive *drive)
{
    return (uint32_t)MIN(drive->bytes / drive->block_size, UINT32_MAX);
}

/* ---- READ TOC/PMA/ATIP ---- */

/* Four bytes: a block address, or minutes, seconds and frames from the start of the pregap. */
static void put_address(uint8_t *out, uint32_t block, bool msf)
{
    uint32_t frames = block + PREGAP_FRAMES;

    if (!msf) {
        stl_be_p(out, block);
        return;
    }
    out[0] = 0;
    out[1] = (uint8_t)(frames / FRAMES_PER_SECOND / 60);
    out[2] = frames / FRAMES_PER_SECOND % 60;
    out[3] = frames % FRAMES_PER_SECOND;
}

static int toc_tracks(uint32_t blocks, uint8_t first, bool msf, uint8_t *out)
{
    int n = 4;

    if (first > 1 && first != LEAD_OUT) {
        return -1;
    }
    out[2] = out[3] = 1;                        /* first and last track */
    if (first <= 1) {
        out[n + 1] = CONTROL_DATA;
        out[n + 2] = 1;
        put_address(out + n + 4, 0, msf);
        n += 8;
    }
    out[n + 1] = CONTROL_LEAD_OUT;
    out[n + 2] = LEAD_OUT;
    put_address(out + n + 4, blocks, msf);
    return n + 8;
}

static int toc_sessions(uint8_t *out)
{
    out[2] = out[3] = 1;
    out[5] = CONTROL_DATA;
    out[6] = 1;                                 /* first track of the last session, at block 0 */
    return 12;
}

static int toc_full(uint32_t blocks, uint8_t *out)
{
    static const uint8_t points[] = {0xa0, 0xa1, 0xa2, 1};
    int n = 4;

    out[2] = out[3] = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(points); i++) {
        uint8_t *p = out + n;

        p[0] = 1;
        p[1] = CONTROL_DATA;
        p[3] = points[i];
        if (points[i] == 0xa2) {
            put_address(p + 7, blocks, true);
        } else if (points[i] == 1) {
            put_address(p + 7, 0, true);
        } else {
            p[8] = 1;                           /* number of the first (last) track */
        }
        n += 11;
    }
    return n;
}

int mmc_read_toc(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out)
{
    uint32_t blocks = blocks_of(drive);
    int n;

    switch (cdb[2] & 0xf) {
    case 0:
        n = toc_tracks(blocks, cdb[6], cdb[1] & 2, out);
        break;
    case 1:
        n = toc_sessions(out);
        break;
    case 2:
        n = toc_full(blocks, out);
        break;
    default:
        return MMC_INVALID_FIELD;
    }
    if (n > 0) {
        stw_be_p(out, (uint16_t)(n - 2));
    }
    return n;
}

/* ---- Features and events ---- */

static uint8_t *put_feature(uint8_t *p, uint16_t code, uint8_t flags, uint8_t size)
{
    stw_be_p(p, code);
    p[2] = flags;
    p[3] = size;
    return p + 4;
}

int mmc_get_configuration(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out)
{
    uint16_t current = profile(drive);
    uint8_t *p;

    stl_be_p(out, 36);
    stw_be_p(out + 6, current);
    p = put_feature(out + 8, 0, 0x03, 8);       /* profile list: persistent, current */
    stw_be_p(p, PROFILE_DVD_ROM);
    p[2] = current == PROFILE_DVD_ROM;
    stw_be_p(p + 4, PROFILE_CD_ROM);
    p[6] = current == PROFILE_CD_ROM;
    p = put_feature(p + 8, 1, 0x0b, 8);         /* core: SCSI family */
    stl_be_p(p, 1);
    p[4] = 1;
    p = put_feature(p + 8, 3, 0x0b, 4);         /* removable medium: tray, loads, ejects, locks */
    p[0] = 0x39;
    return 40;
}

int mmc_get_event_status(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out)
{
    uint8_t event = EVENT_NO_CHANGE, status = drive->tray_open ? MEDIA_TRAY_OPEN
                                              : drive->present ? MEDIA_PRESENT
                                                               : 0;

    /* Asynchronous notification: no. */
    if (!(cdb[1] & 1)) {
        return MMC_INVALID_FIELD;
    }
    out[3] = 1 << EVENT_CLASS_MEDIA;
    if (!(cdb[4] & 1 << EVENT_CLASS_MEDIA)) {
        out[2] = 0x80;                          /* none of the classes asked for */
        return 4;
    }
    if (status != MEDIA_TRAY_OPEN) {
        if (*drive->media_event) {
            event = EVENT_NEW_MEDIA;
            *drive->media_event = false;
        } else if (*drive->eject_request) {
            event = EVENT_EJECT_REQUEST;
            *drive->eject_request = false;
        }
    }
    stw_be_p(out, 4);
    out[2] = EVENT_CLASS_MEDIA;
    out[4] = event;
    out[5] = status;
    return 8;
}

int mmc_mechanism_status(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out)
{
    out[5] = 1;
    return 8;
}

/* ---- The disc ---- */

int mmc_read_disc_information(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out)
{
    if (cdb[1] & 7) {
        return MMC_INVALID_FIELD;
    }
    out[1] = 32;
    out[2] = 0x0e;                              /* last session complete, finalized */
    out[3] = out[4] = out[5] = out[6] =
        1; /* first track; sessions; first and last track of the last one */
    out[7] = 0x20;                              /* unrestricted use */
    return 34;
}

int mmc_read_dvd_structure(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out)
{
    static const uint16_t sizes[] = {[0] = 2048 + 4, [1] = 4 + 4, [3] = 188 + 4, [4] = 2048 + 4};
    uint8_t format = cdb[7];
    int size = 4;

    if (cdb[1] & 0xf) {
        return MMC_INVALID_FIELD;
    }
    if (format == 0xff) {
        for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
            if (sizes[i]) {
                out[size] = (uint8_t)i;
                out[size + 1] = 0x40;           /* readable, not writable */
                stw_be_p(out + size + 2, sizes[i]);
                size += 4;
            }
        }
        stw_be_p(out, (uint16_t)(size - 2));
        return size;
    }
    if (profile(drive) == PROFILE_CD_ROM) {
        return MMC_INCOMPATIBLE_FORMAT;
    }
    /* There is no burst cutting area. */
    if (format >= G_N_ELEMENTS(sizes) || !sizes[format] || format == 3 || (format == 0 && cdb[6])) {
        return MMC_INVALID_FIELD;
    }
    size = sizes[format];
    stw_be_p(out, (uint16_t)(size - 2));
    if (format == 0) {
        uint32_t last = blocks_of(drive) - 1;

        out[4] = 1;                             /* DVD-ROM, version 1 */
        out[5] = 0x0f;                          /* 120 mm */
        out[6] = 1;                             /* one layer, read-only */
        stl_be_p(out + 12, last);
        stl_be_p(out + 16, last);
    }
    return size;
}

/* ---- Mode pages ---- */

void mmc_fill_capabilities(bool locked, uint8_t *p)
{
    p[0] = 0x3b;                                                        /* reads CD-R, CD-RW, DVD */
    p[2] = 0x7f; /* audio, mode 2, multiple sessions */
    p[3] = 0xff;
    p[4] = 0x2d | (locked ? 2 : 0);                          /* tray, ejects, locks */
    stw_be_p(p + 6, 50 * 176);                                          /* kB/s */
    stw_be_p(p + 8, 2);                                                 /* volume levels */
    stw_be_p(p + 10, 2048);                                             /* buffer, kB */
    stw_be_p(p + 12, 16 * 176);
    stw_be_p(p + 16, 16 * 176);
    stw_be_p(p + 18, 16 * 176);
}
