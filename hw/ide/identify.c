/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What drives tell of themselves: IDENTIFY (PACKET) DEVICE, SET FEATURES, SMART.  ATA/ATAPI-7
 * volume 1, 6.16, 6.17, 6.47, 6.52; ACS-3 7.12 for TRIM, sector sizes, rotation.
 */
#include <string.h>
#include "ide-internal.h"
#include "util/bswap.h"

enum { WORD_SWDMA = 62, WORD_MWDMA = 63, WORD_ENABLED = 85, WORD_UDMA = 88 };
#define WRITE_CACHE (1u << 5)
#define VALID       (1u << 14) /* of words that must have this bit set and the one above clear */

static void put(IdeDrive *drive, unsigned word, uint32_t value)
{
    stw_le_p(drive->identify_data + 2 * word, (uint16_t)value);
}

/* Two characters a word, the first one in the upper byte. */
static void put_text(IdeDrive *drive, unsigned word, const char *text, unsigned size)
{
    size_t n = strnlen(text, size);

    for (unsigned i = 0; i < size; i++) {
        drive->identify_data[2 * word + (i ^ 1)] = i < n ? (uint8_t)text[i] : ' ';
    }
}

static void put_names(IdeDrive *drive)
{
    const IdeDevice *device = drive->device;

    put_text(drive, 10, device->serial, IDE_SERIAL_SIZE);
    put(drive, 20, 3);
    put(drive, 21, 512);                        /* buffer, in sectors */
    put(drive, 22, 4);
    put_text(drive, 23, device->version, IDE_VERSION_SIZE);
    put_text(drive, 27, device->model, IDE_MODEL_SIZE);
    put(drive, 48, 1);
    put(drive, 53, 7);                          /* words 54 to 58, 64 to 70, 88 are valid */
}

static void put_size(IdeDrive *drive)
{
    const IdeDevice *device = drive->device;
    uint64_t sectors = ide_sectors(drive),
             chs = (uint64_t)device->cylinders * device->heads * device->sectors;

    put(drive, 1, device->cylinders);
    put(drive, 3, device->heads);
    put(drive, 4, IDE_SECTOR * device->sectors);
    put(drive, 5, IDE_SECTOR);
    put(drive, 6, device->sectors);
    put(drive, 54, device->cylinders);
    put(drive, 55, device->heads);
    put(drive, 56, device->sectors);
    put(drive, 57, (uint32_t)chs & 0xffff);
    put(drive, 58, (uint32_t)(chs >> 16));
    put(drive, 60, (uint32_t)MIN(sectors, 0xfffffff) & 0xffff);
    put(drive, 61, (uint32_t)MIN(sectors, 0xfffffff) >> 16);
    for (unsigned i = 0; i < 4; i++) {
        put(drive, 100 + i, (uint32_t)(sectors >> 16 * i) & 0xffff);
    }
}

static void identify_disk(IdeDrive *drive)
{
    const IdeDevice *device = drive->device;
    unsigned exponent =
        (unsigned)__builtin_ctzll(device->physical_block_size / device->logical_block_size);
    uint32_t wwn = device->wwn ? 1u << 8 : 0;

    put(drive, 0, 0x0040);                      /* fixed medium */
    put_names(drive);
    put_size(drive);
    put(drive, 47, 0x8000 | IDE_MULTIPLE);
    put(drive, 49, 1u << 11 | 1u << 9 | 1u << 8); /* IORDY, LBA, DMA */
    put(drive, 50, VALID);
    put(drive, 51, 0x200);
    put(drive, 52, 0x200);
    put(drive, 59, (drive->mult_sectors ? 0x100u : 0) | (uint32_t)drive->mult_sectors);
    put(drive, WORD_SWDMA, 0x07);
    put(drive, WORD_MWDMA, 0x07);
    put(drive, 64, 0x03);
    for (unsigned i = 65; i <= 68; i++) {
        put(drive, i, 120);                     /* cycle times, ns */
    }
    put(drive, 80, 0xf0);                       /* ATA-4 to 7 */
    put(drive, 81, 0x16);
    put(drive, 82, WRITE_CACHE | 1);            /* SMART */
    put(drive, 83,
        VALID | 1u << 13 | 1u << 12 | 1u << 10); /* FLUSH CACHE EXT, FLUSH CACHE, LBA48 */
    put(drive, 84, VALID | wwn);
    put(drive, WORD_ENABLED,
        (blk_write_cache(device->blk) ? WRITE_CACHE : 0) | (drive->smart_enabled ? 1 : 0));
    put(drive, 86, 1u << 13 | 1u << 12 | 1u << 10);
    put(drive, 87, VALID | wwn);
    put(drive, WORD_UDMA, 0x3f | 1u << 13);
    put(drive, 93, VALID | 1u << 13 | 1);       /* 80 wires */
    put(drive, 106, VALID | (exponent ? 1u << 13 | exponent : 0));
    for (unsigned i = 0; device->wwn && i < 4; i++) {
        put(drive, 108 + i, (uint32_t)(device->wwn >> 16 * (3 - i)) & 0xffff);
    }
    put(drive, 169, device->discard_granularity ? 1 : 0); /* TRIM */
    put(drive, 217, device->rotation_rate);
}

static void identify_packet_device(IdeDrive *drive)
{
    /* ATAPI, an optical drive, removable, packets of 12 bytes without delay and interrupt. */
    put(drive, 0, 2u << 14 | 5u << 8 | 1u << 7 | 2u << 5);
    put_names(drive);
    put(drive, 49, 1u << 11 | 1u << 9 | 1u << 8);
    put(drive, WORD_SWDMA, 0x07);
    put(drive, WORD_MWDMA, 0x07);
    put(drive, 64, 0x03);
    put(drive, 65, 180);
    put(drive, 66, 180);
    put(drive, 67, 300);
    put(drive, 68, 180);
    put(drive, 71, 30);
    put(drive, 72, 30);
    put(drive, 80, 0x1e);
    put(drive, 82, 1u << 9 | 1u << 4);          /* DEVICE RESET, PACKET */
    put(drive, 83, VALID);
    put(drive, 84, VALID);
    put(drive, WORD_ENABLED, 1u << 9 | 1u << 4);
    put(drive, 87, VALID);
    put(drive, WORD_UDMA, 0x3f | 1u << 13);
    put(drive, 93, VALID | 1u << 13 | 1);
}

const uint8_t *ide_identify(IdeDrive *drive)
{
    if (!drive->identify_set) {
        memset(drive->identify_data, 0, sizeof(drive->identify_data));
        if (ide_is_cd(drive)) {
            identify_packet_device(drive);
        } else {
            identify_disk(drive);
        }
        drive->identify_set = 1;
    }
    return drive->identify_data;
}

/* ---- SET FEATURES ---- */

/* The mode that is in use shows in the upper bytes of the words for the kinds of DMA. */
static bool set_transfer_mode(IdeDrive *drive)
{
    unsigned kind = (uint8_t)drive->nsector >> 3, mode = drive->nsector & 7;
    uint32_t swdma = 0x07, mwdma = 0x07, udma = 0x3f;

    switch (kind) {
    case 0:
    case 1:
        break;                                  /* PIO */
    case 2:
        swdma |= 1u << (mode + 8);
        break;
    case 4:
        mwdma |= 1u << (mode + 8);
        break;
    case 8:
        udma |= 1u << (mode + 8);
        break;
    default:
        return false;
    }
    if ((kind == 8 && mode > 5) || (kind < 8 && kind > 1 && mode > 2)) {
        return false;
    }
    put(drive, WORD_SWDMA, swdma);
    put(drive, WORD_MWDMA, mwdma);
    put(drive, WORD_UDMA, udma);
    return true;
}

static void set_write_cache(IdeDrive *drive, bool on)
{
    uint16_t enabled = lduw_le_p(drive->identify_data + 2 * WORD_ENABLED);

    blk_set_write_cache(ide_blk(drive), on);
    put(drive, WORD_ENABLED, on ? enabled | WRITE_CACHE : enabled & ~WRITE_CACHE);
}

bool ide_set_features(IdeDrive *drive)
{
    bool disk = !ide_is_cd(drive);

    ide_identify(drive);
    switch (drive->feature) {
    case 0x02:
    case 0x82:
        if (disk) {
            set_write_cache(drive, drive->feature == 0x02);
        }
        return disk;
    case 0x03:
        return set_transfer_mode(drive);
    case 0x05: /* advanced power management on, off */
    case 0x85:
    case 0x42: /* acoustic management */
    case 0xc2:
    case 0x55: /* read look-ahead */
    case 0xaa:
        return disk;
    case 0x66: /* what a reset leaves, what it takes back */
    case 0xcc:
        return true;
    default:
        return false;
    }
}

/* ---- SMART ---- */

enum {
    SMART_READ_DATA = 0xd0,
    SMART_READ_THRESHOLDS = 0xd1,
    SMART_AUTOSAVE = 0xd2,
    SMART_SAVE = 0xd3,
    SMART_OFFLINE = 0xd4,
    SMART_READ_LOG = 0xd5,
    SMART_ENABLE = 0xd8,
    SMART_DISABLE = 0xd9,
    SMART_STATUS = 0xda
};
enum { LOG_ERRORS = 0x01, LOG_SELF_TESTS = 0x06 };
#define SELF_TEST_ROWS 21u

typedef struct SmartRow {
    uint8_t id, flags, threshold;
    uint8_t raw;
} SmartRow;

/* Rows of a drive that is always well; value and worst are 100. */
static const SmartRow attributes[] = {
    {1, 0x03, 6, 0},        /* read errors */
    {3, 0x03, 0, 16},       /* spin-up time */
    {4, 0x02, 20, 100},     /* starts */
    {5, 0x03, 36, 0},       /* sectors replaced */
    {9, 0x03, 0, 1},        /* hours */
    {12, 0x03, 0, 0},       /* power cycles */
    {190, 0x03, 0, 31},     /* temperature */
};

static void checksum(uint8_t *data)
{
    uint8_t sum = 0;

    for (unsigned i = 0; i < IDE_SECTOR - 1; i++) {
        sum += data[i];
    }
    data[IDE_SECTOR - 1] = (uint8_t)-sum;
}

static void fill_data(const IdeDrive *drive, uint8_t *out, bool thresholds)
{
    out[0] = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++) {
        uint8_t *p = out + 2 + 12 * i;

        p[0] = attributes[i].id;
        if (thresholds) {
            p[1] = attributes[i].threshold;
        } else {
            p[1] = attributes[i].flags;
            p[3] = p[4] = 100;
            p[5] = attributes[i].raw;
        }
    }
    if (!thresholds) {
        out[362] = drive->smart_autosave ? 0x82 : 0x02; /* off-line collection: done */
        stw_le_p(out + 364, 0x0120);            /* seconds it takes */
        out[367] = 0x19;                        /* self-tests, off-line collection at once */
        out[368] = 3;
        out[370] = 1;                           /* error log */
        out[372] = 2;                           /* minutes of self-tests */
        out[373] = 54;
        out[374] = 1;
    }
    checksum(out);
}

static bool fill_log(const IdeDrive *drive, uint8_t *out)
{
    switch (drive->sector) {
    case LOG_ERRORS:
        out[0] = 1;
        break;
    case LOG_SELF_TESTS:
        out[0] = 1;
        for (unsigned i = 0; i < drive->smart_selftests && i < SELF_TEST_ROWS; i++) {
            uint8_t *p = out + 2 + 24 * i;

            p[0] = 1;                           /* short, without error */
            stw_le_p(p + 2, 1);                 /* hours */
        }
        out[508] = drive->smart_selftests;
        break;
    default:
        return false;
    }
    checksum(out);
    return true;
}

static bool send_data(IdeDrive *drive)
{
    uint8_t *out = drive->buffer;

    memset(out, 0, IDE_SECTOR);
    if (drive->feature == SMART_READ_LOG) {
        if (!fill_log(drive, out)) {
            return false;
        }
    } else {
        fill_data(drive, out, drive->feature == SMART_READ_THRESHOLDS);
    }
    drive->status = IDE_DRDY | IDE_DSC;
    ide_start_pio(drive, IDE_SECTOR, IDE_PHASE_STOP);
    ide_raise_irq(drive);
    return true;
}

static void set_smart(IdeDrive *drive, bool on)
{
    uint16_t enabled = lduw_le_p(ide_identify(drive) + 2 * WORD_ENABLED);

    drive->smart_enabled = on;
    put(drive, WORD_ENABLED, on ? enabled | 1u : enabled & ~1u);
}

bool ide_smart(IdeDrive *drive)
{
    if (drive->lcyl != 0x4f || drive->hcyl != 0xc2 ||
        (!drive->smart_enabled && drive->feature != SMART_ENABLE)) {
        return false;
    }
    switch (drive->feature) {
    case SMART_READ_DATA:
    case SMART_READ_THRESHOLDS:
    case SMART_READ_LOG:
        return send_data(drive);
    case SMART_AUTOSAVE:
        if (drive->nsector != 0 && drive->nsector != 0xf1) {
            return false;
        }
        drive->smart_autosave = drive->nsector != 0;
        break;
    case SMART_OFFLINE:
        /* Off-line collection, short and extended self-test: done, and nothing was found. */
        if (drive->sector > 2) {
            return false;
        }
        if (drive->sector) {
            drive->smart_selftests = (uint8_t)(drive->smart_selftests % SELF_TEST_ROWS + 1);
        }
        break;
    case SMART_ENABLE:
    case SMART_DISABLE:
        set_smart(drive, drive->feature == SMART_ENABLE);
        break;
    case SMART_SAVE:
    case SMART_STATUS:
        break; /* the registers say by not changing that all is well */
    default:
        return false;
    }
    ide_command_done(drive);
    return true;
}
