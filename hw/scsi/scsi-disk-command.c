/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of disks other than READ and WRITE: who knows which, and those that do something.  SPC-4
 * 6, SBC-3 5, MMC-6 6. Left out: persistent reservations, log pages, defect lists, protection
 * information, comparing VERIFY.
 */
#include <string.h>
#include "scsi-disk.h"
#include "util/bswap.h"

#define DISK (1u << SCSI_TYPE_DISK)
#define ROM  (1u << SCSI_TYPE_ROM)
/* More than any parameter list or reply that is meant. */
#define DATA_LIMIT 65536u
#define WRITE_SAME_STEP (512u << 10)
#define VERIFY_STEP     (1u << 20)
/* What one call of the block layer takes, in whole blocks of any size. */
#define ZEROES_STEP     (1u << 30)
#define UNMAP_HEADER    8u
#define UNMAP_ROW       16u

typedef struct CommandRow {
    uint8_t opcode;
    uint8_t types;
    bool without_medium;
    /* The reply, or NULL. */
    int (*reply)(ScsiRequest *req, uint8_t *out);
    /* After the parameter list has come, or at once if there is none. Completes the request in the
     * end. */
    void (*execute)(ScsiRequest *req);
} CommandRow;

/* ---- Short ones ---- */

static void do_nothing(ScsiRequest *req)
{
    scsi_request_complete(req, SCSI_GOOD);
}

/* Reservations of one initiator: it always has them.  No third parties, no extents. */
static void reserve_6(ScsiRequest *req)
{
    if (req->cmd.buf[1] & 1) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
    } else {
        scsi_request_complete(req, SCSI_GOOD);
    }
}

static void reserve_10(ScsiRequest *req)
{
    if (req->cmd.buf[1] & 3) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
    } else {
        scsi_request_complete(req, SCSI_GOOD);
    }
}

static void start_stop(ScsiRequest *req)
{
    ScsiDisk *disk = SCSI_DISK(req);
    uint8_t control = req->cmd.buf[4];
    bool start = control & 1, load_eject = control & 2;

    /* Power conditions other than 0 leave the medium alone. */
    if (!(control & 0xf0) && disk->removable && load_eject) {
        if (!start && !disk->tray_open && disk->tray_locked) {
            scsi_request_fail(req, blk_is_inserted(disk->blk) ? SCSI_SENSE_REMOVAL_PREVENTED
                                                              : SCSI_SENSE_REMOVAL_PREVENTED_NR);
            return;
        }
        scsi_disk_set_tray(disk, !start);
    }
    scsi_request_complete(req, SCSI_GOOD);
}

static void prevent_allow(ScsiRequest *req)
{
    SCSI_DISK(req)->tray_locked = req->cmd.buf[4] & 1;
    scsi_request_complete(req, SCSI_GOOD);
}

static void seek(ScsiRequest *req)
{
    if (scsi_disk_range_good(SCSI_DISK(req), req->cmd.lba, 1)) {
        scsi_request_complete(req, SCSI_GOOD);
    } else {
        scsi_request_fail(req, SCSI_SENSE_LBA_OUT_OF_RANGE);
    }
}

/* ---- On the host ---- */

static void flushed(void *opaque, int ret)
{
    ScsiRequest *req = opaque;

    if (scsi_disk_aio_end(req) && !scsi_disk_failed(req, ret, false)) {
        scsi_request_complete(req, SCSI_GOOD);
    }
    scsi_request_unref(req);
}

static void synchronize_cache(ScsiRequest *req)
{
    scsi_disk_aio_begin(req, blk_aio_flush(SCSI_DISK(req)->blk, flushed, req));
}

static void mode_select(ScsiRequest *req)
{
    BlockBackend *blk = SCSI_DISK(req)->blk;

    if (!scsi_disk_mode_select(req, req->buffer, (uint32_t)req->cmd.transfer)) {
        return;
    }
    if (!blk_write_cache(blk) && blk_is_available(blk)) {
        /* Whoever switches the cache off wants what is in it to be safe. */
        scsi_disk_aio_begin(req, blk_aio_flush(blk, flushed, req));
    } else {
        scsi_request_complete(req, SCSI_GOOD);
    }
}

static bool may_write(ScsiRequest *req, BlockStatKind kind)
{
    BlockBackend *blk = SCSI_DISK(req)->blk;

    if (!blk_is_writable(blk)) {
        blk_count_invalid(blk, kind);
        scsi_request_fail(req, SCSI_SENSE_WRITE_PROTECTED);
        return false;
    }
    return true;
}

/* FORMAT UNIT: there are no defects, and data are kept, as the standard allows. */
static void format_unit(ScsiRequest *req)
{
    if (may_write(req, BLOCK_STAT_WRITE)) {
        scsi_request_complete(req, SCSI_GOOD);
    }
}

static bool take_range(ScsiRequest *req, uint64_t blocks)
{
    DiskRequest *r = (DiskRequest *)req;

    if (!scsi_disk_range_good(SCSI_DISK(req), req->cmd.lba, blocks)) {
        scsi_request_fail(req, SCSI_SENSE_LBA_OUT_OF_RANGE);
        return false;
    }
    r->at = req->cmd.lba * req->dev->block_size;
    r->left = blocks * req->dev->block_size;
    return true;
}

static void next_verify(DiskRequest *r);

static void verified(void *opaque, int ret)
{
    DiskRequest *r = opaque;

    if (scsi_disk_aio_end(&r->req) && !scsi_disk_failed(&r->req, ret, true)) {
        r->at += r->step;
        r->left -= r->step;
        next_verify(r);
    }
    scsi_request_unref(&r->req);
}

/* Reading shows that it can be read. */
static void next_verify(DiskRequest *r)
{
    struct iovec iov;
    IOVector v;

    if (!r->left) {
        scsi_request_complete(&r->req, SCSI_GOOD);
        return;
    }
    if (!r->pattern) {
        r->pattern = g_malloc(VERIFY_STEP);
    }
    r->step = (uint32_t)MIN(r->left, VERIFY_STEP);
    v = iov_single(&iov, r->pattern, r->step);
    scsi_disk_aio_begin(
        &r->req, blk_aio_preadv(SCSI_DISK(&r->req)->blk, (int64_t)r->at, &v, 0, verified, r));
}

static void verify(ScsiRequest *req)
{
    /* BYTCHK: data to compare with. */
    if (req->cmd.buf[1] & 6) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
    } else if (take_range(req, scsi_command_blocks(&req->cmd))) {
        next_verify((DiskRequest *)req);
    }
}

static void next_write_same(DiskRequest *r);

static void written_same(void *opaque, int ret)
{
    DiskRequest *r = opaque;

    if (scsi_disk_aio_end(&r->req) && !scsi_disk_failed(&r->req, ret, false)) {
        r->at += r->step;
        r->left -= r->step;
        next_write_same(r);
    }
    scsi_request_unref(&r->req);
}

static void next_write_same(DiskRequest *r)
{
    BlockBackend *blk = SCSI_DISK(&r->req)->blk;
    struct iovec iov;
    BlockRequest *aio;
    IOVector v;

    if (!r->left) {
        scsi_request_complete(&r->req, SCSI_GOOD);
        return;
    }
    if (r->pattern) {
        r->step = (uint32_t)MIN(r->left, WRITE_SAME_STEP);
        v = iov_single(&iov, r->pattern, r->step);
        aio = blk_aio_pwritev(blk, (int64_t)r->at, &v, 0, written_same, r);
    } else {
        unsigned flags = r->req.cmd.buf[1] & 8 ? BLOCK_REQ_MAY_UNMAP : 0;

        r->step = (uint32_t)MIN(r->left, ZEROES_STEP);
        aio = blk_aio_pwrite_zeroes(blk, (int64_t)r->at, r->step, flags, written_same, r);
    }
    scsi_disk_aio_begin(&r->req, aio);
}

static bool is_zero(const uint8_t *data, uint32_t size)
{
    return !data[0] && !memcmp(data, data + 1, size - 1);
}

static void write_same(ScsiRequest *req)
{
    DiskRequest *r = (DiskRequest *)req;
    uint32_t size = req->dev->block_size, blocks = scsi_command_blocks(&req->cmd);

    /* WSNZ: a count of 0 is refused; so are addresses in the blocks (PBDATA, LBDATA) and ANCHOR. */
    if (!blocks || (req->cmd.buf[1] & 0x16)) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return;
    }
    if (!may_write(req, BLOCK_STAT_WRITE) || !take_range(req, blocks)) {
        return;
    }
    g_clear_pointer(&r->pattern, g_free);
    if (req->cmd.transfer && !is_zero(req->buffer, size)) {
        uint32_t step = (uint32_t)MIN(r->left, WRITE_SAME_STEP);

        r->pattern = g_malloc(step);
        for (uint32_t i = 0; i < step; i += size) {
            memcpy(r->pattern + i, req->buffer, size);
        }
    }
    next_write_same(r);
}

static void next_unmap(DiskRequest *r);

static void unmapped(void *opaque, int ret)
{
    DiskRequest *r = opaque;

    if (scsi_disk_aio_end(&r->req) && !scsi_disk_failed(&r->req, ret, false)) {
        next_unmap(r);
    }
    scsi_request_unref(&r->req);
}

/* at: offset of the next row in the parameter list; left: rows that follow. */
static void next_unmap(DiskRequest *r)
{
    ScsiRequest *req = &r->req;
    BlockBackend *blk = SCSI_DISK(req)->blk;
    uint64_t lba;
    uint32_t blocks;

    do {
        if (!r->left) {
            scsi_request_complete(req, SCSI_GOOD);
            return;
        }
        lba = ldq_be_p(req->buffer + r->at);
        blocks = ldl_be_p(req->buffer + r->at + 8);
        r->at += UNMAP_ROW;
        r->left--;
        if (!scsi_disk_range_good(SCSI_DISK(req), lba, blocks)) {
            blk_count_invalid(blk, BLOCK_STAT_UNMAP);
            scsi_request_fail(req, SCSI_SENSE_LBA_OUT_OF_RANGE);
            return;
        }
    } while (!blocks);
    scsi_disk_aio_begin(req, blk_aio_pdiscard(blk, (int64_t)(lba * req->dev->block_size),
                                              (int64_t)blocks * req->dev->block_size, unmapped, r));
}

/* SBC-3 5.28: all rows together have at most what the block limits page tells. */
static bool within_unmap_limit(const ScsiRequest *req, uint32_t rows)
{
    uint64_t blocks = 0;

    for (uint32_t i = 0; i < rows; i++) {
        blocks += ldl_be_p(req->buffer + UNMAP_HEADER + i * UNMAP_ROW + 8);
    }
    return blocks <= SCSI_DISK(req)->max_unmap_size / req->dev->block_size;
}

static void unmap(ScsiRequest *req)
{
    DiskRequest *r = (DiskRequest *)req;
    uint32_t size = (uint32_t)req->cmd.transfer, rows;

    if (req->cmd.buf[1] & 1) {
        blk_count_invalid(SCSI_DISK(req)->blk, BLOCK_STAT_UNMAP);
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return;
    }
    if (!size) {
        /* No list is no error. */
        scsi_request_complete(req, SCSI_GOOD);
        return;
    }
    if (size < UNMAP_HEADER || size < lduw_be_p(req->buffer) + 2u ||
        size < lduw_be_p(req->buffer + 2) + UNMAP_HEADER ||
        lduw_be_p(req->buffer + 2) % UNMAP_ROW) {
        blk_count_invalid(SCSI_DISK(req)->blk, BLOCK_STAT_UNMAP);
        scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM_LEN);
        return;
    }
    if (!may_write(req, BLOCK_STAT_UNMAP)) {
        return;
    }
    rows = lduw_be_p(req->buffer + 2) / UNMAP_ROW;
    if (!within_unmap_limit(req, rows)) {
        blk_count_invalid(SCSI_DISK(req)->blk, BLOCK_STAT_UNMAP);
        scsi_request_fail(req, SCSI_SENSE_INVALID_PARAM);
        return;
    }
    r->at = UNMAP_HEADER;
    r->left = rows;
    next_unmap(r);
}

/* ---- Table ---- */

static const CommandRow commands[] = {
    {SCSI_TEST_UNIT_READY, DISK | ROM, false, NULL, do_nothing},
    {SCSI_REQUEST_SENSE, DISK | ROM, true, scsi_disk_request_sense, NULL},
    {SCSI_FORMAT_UNIT, DISK, false, NULL, format_unit},
    {SCSI_INQUIRY, DISK | ROM, true, scsi_disk_inquiry, NULL},
    {SCSI_MODE_SELECT_6, DISK | ROM, false, NULL, mode_select},
    {SCSI_MODE_SELECT_10, DISK | ROM, false, NULL, mode_select},
    {SCSI_RESERVE_6, DISK | ROM, true, NULL, reserve_6},
    {SCSI_RELEASE_6, DISK | ROM, true, NULL, reserve_6},
    {SCSI_RESERVE_10, DISK | ROM, true, NULL, reserve_10},
    {SCSI_RELEASE_10, DISK | ROM, true, NULL, reserve_10},
    {SCSI_MODE_SENSE_6, DISK | ROM, true, scsi_disk_mode_sense, NULL},
    {SCSI_MODE_SENSE_10, DISK | ROM, true, scsi_disk_mode_sense, NULL},
    {SCSI_START_STOP_UNIT, DISK | ROM, true, NULL, start_stop},
    {SCSI_PREVENT_ALLOW, DISK | ROM, true, NULL, prevent_allow},
    {SCSI_READ_CAPACITY_10, DISK | ROM, false, scsi_disk_read_capacity_10, NULL},
    {SCSI_SEEK_10, DISK | ROM, false, NULL, seek},
    {SCSI_VERIFY_10, DISK | ROM, false, NULL, verify},
    {SCSI_VERIFY_12, DISK | ROM, false, NULL, verify},
    {SCSI_VERIFY_16, DISK | ROM, false, NULL, verify},
    {SCSI_SYNCHRONIZE_CACHE_10, DISK | ROM, false, NULL, synchronize_cache},
    {SCSI_SYNCHRONIZE_CACHE_16, DISK, false, NULL, synchronize_cache},
    {SCSI_WRITE_SAME_10, DISK, false, NULL, write_same},
    {SCSI_WRITE_SAME_16, DISK, false, NULL, write_same},
    {SCSI_UNMAP, DISK, false, NULL, unmap},
    {SCSI_SERVICE_ACTION_IN_16, DISK | ROM, false, scsi_disk_service_action_in, NULL},
    {SCSI_READ_TOC, ROM, false, scsi_disk_read_toc, NULL},
    {SCSI_GET_CONFIGURATION, ROM, true, scsi_disk_get_configuration, NULL},
    {SCSI_GET_EVENT_STATUS, ROM, true, scsi_disk_get_event_status, NULL},
    {SCSI_READ_DISC_INFORMATION, ROM, false, scsi_disk_read_disc_information, NULL},
    {SCSI_READ_DVD_STRUCTURE, ROM, false, scsi_disk_read_dvd_structure, NULL},
    {SCSI_MECHANISM_STATUS, ROM, true, scsi_disk_mechanism_status, NULL},
};

static const CommandRow *row_of(const ScsiRequest *req)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].opcode == req->cmd.buf[0]) {
            return commands[i].types & 1u << req->dev->type ? &commands[i] : NULL;
        }
    }
    return NULL;
}

static int64_t command_start(ScsiRequest *req)
{
    DiskRequest *r = (DiskRequest *)req;
    const CommandRow *row = row_of(req);
    int size;

    r->started = false;
    if (!row) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_OPCODE);
        return 0;
    }
    if (!row->without_medium && !blk_is_available(SCSI_DISK(req)->blk)) {
        scsi_request_fail(req, SCSI_SENSE_NO_MEDIUM);
        return 0;
    }
    if (req->cmd.transfer > DATA_LIMIT) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return 0;
    }
    if (!row->reply) {
        if (req->cmd.direction == SCSI_TO_DEVICE) {
            if (!req->buffer) {
                req->buffer = g_malloc0(req->cmd.transfer);
            }
            return -(int64_t)req->cmd.transfer;
        }
        row->execute(req);
        return 0;
    }
    if (!req->buffer) {
        req->buffer = g_malloc0(SCSI_DISK_REPLY);
    }
    size = row->reply(req, req->buffer);
    if (size < 0) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return 0;
    }
    if (req->status != SCSI_STATUS_NONE) {
        return 0;
    }
    r->filled = (uint32_t)MIN((uint64_t)size, req->cmd.transfer);
    if (!r->filled) {
        scsi_request_complete(req, SCSI_GOOD);
    }
    return r->filled;
}

static void command_proceed(ScsiRequest *req)
{
    DiskRequest *r = (DiskRequest *)req;

    if (!r->started) {
        r->started = true;
        scsi_request_data(req, req->cmd.direction == SCSI_TO_DEVICE ? (uint32_t)req->cmd.transfer
                                                                    : r->filled);
    } else if (req->cmd.direction == SCSI_TO_DEVICE) {
        row_of(req)->execute(req);
    } else {
        scsi_request_complete(req, SCSI_GOOD);
    }
}

static void command_release(ScsiRequest *req)
{
    g_free(((DiskRequest *)req)->pattern);
}

/* A stream has no more of them than the command: they are done again from the start. */
static void command_prepare_save(ScsiRequest *req)
{
    req->saved_position = 0;
}

const ScsiRequestOps scsi_disk_command_ops = {
    .size = sizeof(DiskRequest),
    .start = command_start,
    .proceed = command_proceed,
    .release = command_release,
    .prepare_save = command_prepare_save,
    .restart_whole = true,
};
