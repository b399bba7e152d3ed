/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What disks tell about themselves: INQUIRY with its pages, capacity, mode pages.
 * SPC-4 6.6, 7.5, 7.8; SBC-3 5.16, 5.17, 6.5, 6.6; MMC-6 7.
 */
#include <string.h>
#include "scsi-disk.h"
#include "hw/scsi/mmc.h"
#include "util/bitops.h"
#include "util/bswap.h"

#define INQUIRY_SIZE 36u
#define SERIAL_LIMIT 36u
#define UNMAP_ROWS   255u
enum {
    PAGE_GEOMETRY = 0x04,
    PAGE_FLEXIBLE = 0x05,
    PAGE_RW_ERROR = 0x01,
    PAGE_CACHING = 0x08,
    PAGE_AUDIO = 0x0e,
    PAGE_CAPABILITIES = 0x2a,
    PAGE_ALL = 0x3f
};
enum { CONTROL_CURRENT, CONTROL_CHANGEABLE, CONTROL_DEFAULT, CONTROL_SAVED };
#define CACHING_WCE 4

/* ---- INQUIRY ---- */

static uint32_t in_blocks(const ScsiDisk *disk, uint64_t bytes)
{
    return (uint32_t)MIN(bytes / disk->dev.block_size, UINT32_MAX);
}

static int page_supported(const ScsiDisk *disk, uint8_t *out)
{
    int n = 0;

    out[n++] = 0x00;
    if (disk->serial) {
        out[n++] = 0x80;
    }
    out[n++] = 0x83;
    if (disk->dev.type == SCSI_TYPE_DISK) {
        out[n++] = 0xb0;
        out[n++] = 0xb1;
        out[n++] = 0xb2;
    }
    return n;
}

static int page_serial(const ScsiDisk *disk, uint8_t *out)
{
    size_t n = disk->serial ? MIN(strlen(disk->serial), SERIAL_LIMIT) : 0;

    if (!disk->serial) {
        return -1;
    }
    memcpy(out, disk->serial, n);
    return (int)n;
}

/* A designation descriptor's header and room for n bytes. */
static uint8_t *designator(uint8_t *out, int *at, uint8_t code_set, uint8_t kind, uint8_t n)
{
    uint8_t *p = out + *at;

    p[0] = code_set;
    p[1] = kind;
    p[3] = n;
    *at += 4 + n;
    return p + 4;
}

static int page_identification(const ScsiDisk *disk, uint8_t *out)
{
    size_t n = disk->device_id ? MIN(strlen(disk->device_id), 255u - 8) : 0;
    int at = 0;

    if (n) {
        memcpy(designator(out, &at, 0x02, 0x00, (uint8_t)n), disk->device_id,
               n); /* ASCII, vendor's own */
    }
    if (disk->wwn) {
        stq_be_p(designator(out, &at, 0x01, 0x03, 8), disk->wwn); /* binary, NAA */
    }
    if (disk->port_wwn) {
        stq_be_p(designator(out, &at, 0x61, 0x93, 8), disk->port_wwn); /* SAS, of the port */
    }
    if (disk->port_index) {
        stw_be_p(designator(out, &at, 0x61, 0x94, 4) + 2, disk->port_index); /* relative port */
    }
    return at;
}

static int page_limits(const ScsiDisk *disk, uint8_t *out)
{
    uint32_t most = in_blocks(disk, MIN(disk->max_io_size, (uint64_t)BLOCK_MAX_REQUEST));

    if (disk->dev.type != SCSI_TYPE_DISK) {
        return -1;
    }
    out[0] = 1;                                                         /* WSNZ */
    stw_be_p(out + 2, (uint16_t)MIN(in_blocks(disk, disk->min_io_size), most));
    stl_be_p(out + 4, most);
    stl_be_p(out + 8, MIN(in_blocks(disk, disk->opt_io_size), most));
    stl_be_p(out + 16, in_blocks(disk, disk->max_unmap_size));
    stl_be_p(out + 20, UNMAP_ROWS);
    stl_be_p(out + 24, in_blocks(disk, disk->discard_granularity));
    stl_be_p(out + 36, most); /* WRITE SAME; upper half before it is 0 */
    return 0x3c;
}

static int page_characteristics(const ScsiDisk *disk, uint8_t *out)
{
    if (disk->dev.type != SCSI_TYPE_DISK) {
        return -1;
    }
    stw_be_p(out, disk->rotation_rate);
    return 0x3c;
}

static int page_provisioning(const ScsiDisk *disk, uint8_t *out)
{
    if (disk->dev.type != SCSI_TYPE_DISK) {
        return -1;
    }
    out[1] = 0xe0;                              /* UNMAP, WRITE SAME(16) and (10) with it */
    out[2] = disk->discard_granularity ? 2 : 1; /* thin, or only with resources */
    return 4;
}

static int vital_product_data(const ScsiDisk *disk, uint8_t page, uint8_t *out)
{
    static const struct {
        uint8_t page;
        int (*fill)(const ScsiDisk *disk, uint8_t *out);
    } pages[] = {
        {0x00, page_supported}, {0x80, page_serial}, {0x83, page_identification},
        {0xb0, page_limits}, {0xb1, page_characteristics}, {0xb2, page_provisioning},
    };
    int n = -1;

    for (unsigned i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (pages[i].page == page) {
            n = pages[i].fill(disk, out + 4);
        }
    }
    if (n < 0) {
        return -1;
    }
    out[0] = disk->dev.type;
    out[1] = page;
    stw_be_p(out + 2, (uint16_t)n);
    return 4 + n;
}

static void put_text(uint8_t *out, size_t size, const char *text, char fill)
{
    size_t n = MIN(strlen(text), size);

    memset(out, fill, size);
    memcpy(out, text, n);
}

int scsi_disk_inquiry(ScsiRequest *req, uint8_t *out)
{
    const ScsiDisk *disk = SCSI_DISK(req);

    if (req->cmd.buf[1] & 1) {
        return vital_product_data(disk, req->cmd.buf[2], out);
    }
    if (req->cmd.buf[2] != 0) {
        return -1;
    }
    out[0] = disk->dev.type;
    out[1] = disk->removable ? 0x80 : 0;
    out[2] = (uint8_t)disk->scsi_version;
    out[3] = 0x12; /* hierarchical LUNs, format 2 */
    out[4] = INQUIRY_SIZE - 5;
    out[7] = 0x10 | (req->bus->ops->tagged_queue ? 2 : 0);
    put_text(out + 8, 8, disk->vendor, ' ');
    put_text(out + 16, 16, disk->product, ' ');
    put_text(out + 32, 4, disk->version, 0);
    return INQUIRY_SIZE;
}

int scsi_disk_request_sense(ScsiRequest *req, uint8_t *out)
{
    return (int)scsi_sense_build(out, SCSI_SENSE_NONE, !(req->cmd.buf[1] & 1));
}

/* ---- Capacity ---- */

int scsi_disk_read_capacity_10(ScsiRequest *req, uint8_t *out)
{
    const ScsiDisk *disk = SCSI_DISK(req);
    uint64_t blocks = scsi_disk_blocks(disk);

    if (!blocks) {
        scsi_request_fail(req, SCSI_SENSE_LUN_NOT_READY);
        return 0;
    }
    /* Without PMI the address must be 0. */
    if (!(req->cmd.buf[8] & 1) && req->cmd.lba) {
        return -1;
    }
    stl_be_p(out, (uint32_t)MIN(blocks - 1, UINT32_MAX));
    stl_be_p(out + 4, disk->dev.block_size);
    return 8;
}

static unsigned physical_exponent(const ScsiDisk *disk)
{
    return disk->physical_block_size > disk->logical_block_size
               ? (unsigned)__builtin_ctzll(disk->physical_block_size / disk->logical_block_size)
               : 0;
}

int scsi_disk_service_action_in(ScsiRequest *req, uint8_t *out)
{
    const ScsiDisk *disk = SCSI_DISK(req);
    uint64_t blocks = scsi_disk_blocks(disk);

    if ((req->cmd.buf[1] & 0x1f) != 0x10) {
        return -1;
    }
    if (!blocks) {
        scsi_request_fail(req, SCSI_SENSE_LUN_NOT_READY);
        return 0;
    }
    if (!(req->cmd.buf[14] & 1) && req->cmd.lba) {
        return -1;
    }
    stq_be_p(out, blocks - 1);
    stl_be_p(out + 8, disk->dev.block_size);
    out[13] = (uint8_t)physical_exponent(disk);
    out[14] = disk->discard_granularity ? 0x80 : 0;                     /* LBPME */
    return 32;
}

/* ---- Mode pages ---- */

static void put_cylinders(uint8_t *p, uint32_t cylinders, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        p[i] = (uint8_t)(cylinders >> 8 * (size - 1 - i));
    }
}

static void fill_geometry(const ScsiDisk *disk, uint8_t *p)
{
    put_cylinders(p, disk->cylinders, 3);
    p[3] = (uint8_t)disk->heads;
    put_cylinders(p + 4, disk->cylinders, 3); /* no write precompensation */
    put_cylinders(p + 7, disk->cylinders, 3); /* no reduced write current */
    stw_be_p(p + 10, 200);                                              /* step rate, ns */
    memset(p + 12, 0xff, 3);                                            /* landing zone */
    stw_be_p(p + 18, 5400);                                             /* rotations a minute */
}

static void fill_flexible(const ScsiDisk *disk, uint8_t *p)
{
    stw_be_p(p, 5000);                                                  /* kbit/s */
    p[2] = (uint8_t)disk->heads;
    p[3] = (uint8_t)disk->sectors;
    stw_be_p(p + 4, (uint16_t)disk->dev.block_size);
    put_cylinders(p + 6, disk->cylinders, 2);
    put_cylinders(p + 8, disk->cylinders, 2);
    put_cylinders(p + 10, disk->cylinders, 2);
    p[13] = p[14] = p[16] = p[17] = p[18] = 1; /* step, head settle and motor times */
    stw_be_p(p + 26, 5400);
}

/* Values behind the page's two bytes of header. */
static void fill_page(const ScsiDisk *disk, int page, int control, uint8_t *p)
{
    bool rom = disk->dev.type == SCSI_TYPE_ROM, changeable = control == CONTROL_CHANGEABLE;

    switch (page) {
    case PAGE_GEOMETRY:
        if (!changeable) {
            fill_geometry(disk, p);
        }
        break;
    case PAGE_FLEXIBLE:
        if (!changeable) {
            fill_flexible(disk, p);
        }
        break;
    case PAGE_CACHING:
        p[0] = changeable || blk_write_cache(disk->blk) ? CACHING_WCE : 0;
        break;
    case PAGE_RW_ERROR:
        p[0] = !changeable || rom ? 0x80 : 0;                           /* AWRE */
        p[1] = !changeable && rom ? 0x20 : 0;                           /* read retries */
        break;
    case PAGE_CAPABILITIES:
        if (!changeable) {
            mmc_fill_capabilities(disk->tray_locked, p);
        }
        break;
    default:
        break;
    }
}

/* Length of a page's values; -1: the unit has no such page. */
static int page_length(const ScsiDisk *disk, int page)
{
    static const struct { uint8_t page, length, types; } pages[] = {
        {PAGE_RW_ERROR, 10, 1u << SCSI_TYPE_DISK | 1u << SCSI_TYPE_ROM},
        {PAGE_GEOMETRY, 22, 1u << SCSI_TYPE_DISK},
        {PAGE_FLEXIBLE, 30, 1u << SCSI_TYPE_DISK},
        {PAGE_CACHING, 18, 1u << SCSI_TYPE_DISK | 1u << SCSI_TYPE_ROM},
        {PAGE_AUDIO, 14, 1u << SCSI_TYPE_ROM},
        {PAGE_CAPABILITIES, 20, 1u << SCSI_TYPE_ROM},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (pages[i].page == page && (pages[i].types & 1u << disk->dev.type)) {
            return pages[i].length;
        }
    }
    return -1;
}

static int put_page(const ScsiDisk *disk, int page, int control, uint8_t *out)
{
    int length = page_length(disk, page);

    if (length < 0) {
        return 0;
    }
    out[0] = (uint8_t)page;
    out[1] = (uint8_t)length;
    fill_page(disk, page, control, out + 2);
    return 2 + length;
}

int scsi_disk_mode_sense(ScsiRequest *req, uint8_t *out)
{
    const ScsiDisk *disk = SCSI_DISK(req);
    bool six = req->cmd.buf[0] == SCSI_MODE_SENSE_6, rom = disk->dev.type == SCSI_TYPE_ROM;
    int page = req->cmd.buf[2] & 0x3f, control = req->cmd.buf[2] >> 6, at = six ? 4 : 8, first = 0,
        last = PAGE_ALL - 1;
    uint64_t blocks = scsi_disk_blocks(disk);
    uint8_t *specific = out + (six ? 2 : 3), *descriptor_length = out + (six ? 3 : 7);

    if (!rom) {
        *specific = (disk->dpofua ? 0x10 : 0) | (blk_is_writable(disk->blk) ? 0 : 0x80);
    }
    /* Block descriptors are for disks (MMC-6 7.1), and only if they are not switched off. */
    if (!rom && !(req->cmd.buf[1] & 8) && blocks) {
        *descriptor_length = 8;
        stl_be_p(out + at, blocks > 0xffffff ? 0 : (uint32_t)blocks);
        stl_be_p(out + at + 4, disk->dev.block_size);
        at += 8;
    }
    if (control == CONTROL_SAVED) {
        scsi_request_fail(req, SCSI_SENSE_SAVING_NOT_SUPPORTED);
        return 0;
    }
    if (page != PAGE_ALL) {
        if (page_length(disk, page) < 0) {
            return -1;
        }
        first = last = page;
    }
    for (page = first; page <= last; page++) {
        at += put_page(disk, page, control, out + at);
    }
    if (six) {
        out[0] = (uint8_t)(at - 1);
    } else {
        stw_be_p(out, (uint16_t)(at - 2));
    }
    return at;
}

/* The values of a page in a parameter list: only what can be changed may differ. */
static bool page_acceptable(const ScsiDisk *disk, int page, const uint8_t *values, unsigned size)
{
    uint8_t current[256] = {0}, changeable[256] = {0};

    if (page_length(disk, page) != (int)size) {
        return false;
    }
    fill_page(disk, page, CONTROL_CURRENT, current);
    fill_page(disk, page, CONTROL_CHANGEABLE, changeable);
    for (unsigned i = 0; i < size; i++) {
        if ((current[i] ^ values[i]) & ~changeable[i]) {
            return false;
        }
    }
    return true;
}

/* All pages of the list: checked, or applied. */
static bool walk_pages(ScsiRequest *req, const uint8_t *p, uint32_t size, bool apply)
{
    ScsiDisk *disk = SCSI_DISK(req);

    while (size) {
        bool sub = p[0] & 0x40;
        uint32_t header = sub ? 4 : 2, length;
        int page = p[0] & 0x3f;

        if (size < header) {
            scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM_LEN);
            return false;
        }
        if (sub && p[1]) {
            scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM);
            return false;
        }
        length = sub ? lduw_be_p(p + 2) : p[1];
        if (length > size - header) {
            scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM_LEN);
            return false;
        }
        if (!apply && !page_acceptable(disk, page, p + header, length)) {
            scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM);
            return false;
        }
        if (apply && page == PAGE_CACHING) {
            scsi_disk_set_write_cache(disk, p[header] & CACHING_WCE);
        }
        p += header + length;
        size -= header + length;
    }
    return true;
}

bool scsi_disk_mode_select(ScsiRequest *req, const uint8_t *list, uint32_t size)
{
    bool six = req->cmd.buf[0] == SCSI_MODE_SELECT_6;
    uint32_t header = six ? 4 : 8, descriptors;

    /* Pages in their standard format, and nothing is saved. */
    if ((req->cmd.buf[1] & 0x11) != 0x10) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return false;
    }
    if (!size) {
        return true;
    }
    if (size < header) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM_LEN);
        return false;
    }
    descriptors = six ? list[3] : lduw_be_p(list + 6);
    if (size - header < descriptors) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM_LEN);
        return false;
    }
    if (descriptors && descriptors != 8) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM);
        return false;
    }
    if (descriptors) {
        uint32_t block_size = ldl_be_p(list + header + 4) & 0xffffff;

        if (block_size && block_size != req->dev->block_size) {
            scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM);
            return false;
        }
    }
    list += header + descriptors;
    size -= header + descriptors;
    /* Nothing changes unless all of it is right. */
    return walk_pages(req, list, size, false) && walk_pages(req, list, size, true);
}
