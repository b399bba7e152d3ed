/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * READ, WRITE and WRITE AND VERIFY of disks: chunk by chunk through a buffer, asynchronously, with
 * the policies for errors of the host, and their form in a stream.  SBC-3 5.
 *
 * A request that failed with policy "stop" keeps its buffer and its place, and goes on from there.
 */
#include <errno.h>
#include <string.h>
#include "scsi-disk.h"
#include "scsi-internal.h"
#include "util/error.h"

/* ---- The host's answers ---- */

void scsi_disk_aio_begin(ScsiRequest *req, BlockRequest *aio)
{
    g_assert(!req->aio);
    scsi_request_ref(req);
    req->aio = aio;
}

bool scsi_disk_aio_end(ScsiRequest *req)
{
    bool wanted = !req->cancelled;

    req->aio = NULL;
    return wanted;
}

static ScsiSense sense_of_errno(int error)
{
    switch (error) {
    case ENOMEDIUM:
        return SCSI_SENSE_NO_MEDIUM;
    case ENOMEM:
        return SCSI_SENSE_TARGET_FAILURE;
    case EINVAL:
        return SCSI_SENSE_INVALID_FIELD;
    case ENOSPC:
        return SCSI_SENSE_SPACE_ALLOC_FAILED;
    default:
        return SCSI_SENSE_IO_ERROR;
    }
}

bool scsi_disk_failed(ScsiRequest *req, int ret, bool is_read)
{
    BlockBackend *blk = SCSI_DISK(req)->blk;
    BlockErrorAction action;

    if (ret >= 0) {
        return false;
    }
    /* A tray that was opened meanwhile is the guest's own doing, no error of the host. */
    action = ret == -ENOMEDIUM ? BLOCK_ACTION_REPORT : blk_error_action(blk, is_read, -ret);
    if (ret != -ENOMEDIUM) {
        blk_apply_error_action(blk, action, is_read, -ret);
    }
    switch (action) {
    case BLOCK_ACTION_IGNORE:
        return false;
    case BLOCK_ACTION_STOP:
        req->retry = true;
        return true;
    default:
        scsi_request_fail(req, sense_of_errno(-ret));
        return true;
    }
}

/* ---- Chunks ---- */

static uint32_t next_chunk(DiskRequest *r)
{
    r->filled = (uint32_t)MIN((uint64_t)r->sector_count * SCSI_SECTOR, SCSI_CHUNK);
    if (!r->req.buffer) {
        /* The first chunk is the largest. */
        r->req.buffer = g_malloc0(r->filled);
    }
    return r->filled;
}

static void advance(DiskRequest *r)
{
    r->sector += r->filled / SCSI_SECTOR;
    r->sector_count -= r->filled / SCSI_SECTOR;
}

static void read_done(void *opaque, int ret)
{
    DiskRequest *r = opaque;
    ScsiRequest *req = &r->req;

    if (scsi_disk_aio_end(req) && !scsi_disk_failed(req, ret, true)) {
        if (ret < 0) {
            /* Ignored: the guest gets something, and always the same. */
            memset(req->buffer, 0, r->filled);
        }
        advance(r);
        scsi_request_data(req, r->filled);
    }
    scsi_request_unref(req);
}

static void submit_read(DiskRequest *r)
{
    ScsiRequest *req = &r->req;
    struct iovec iov;
    IOVector v;

    next_chunk(r);
    v = iov_single(&iov, req->buffer, r->filled);
    scsi_disk_aio_begin(req, blk_aio_preadv(SCSI_DISK(req)->blk, (int64_t)(r->sector * SCSI_SECTOR),
                                            &v, 0, read_done, r));
}

/* FUA: what the cache holds is on the medium before it is read. */
static void flushed_for_read(void *opaque, int ret)
{
    DiskRequest *r = opaque;
    ScsiRequest *req = &r->req;

    if (scsi_disk_aio_end(req) && !scsi_disk_failed(req, ret, false)) {
        r->started = true;
        submit_read(r);
    }
    scsi_request_unref(req);
}

static void proceed_read(DiskRequest *r)
{
    ScsiRequest *req = &r->req;

    if (r->sector_count == 0) {
        scsi_request_complete(req, SCSI_GOOD);
    } else if (!r->started && r->fua) {
        scsi_disk_aio_begin(req, blk_aio_flush(SCSI_DISK(req)->blk, flushed_for_read, r));
    } else {
        r->started = true;
        submit_read(r);
    }
}

static void write_done(void *opaque, int ret)
{
    DiskRequest *r = opaque;
    ScsiRequest *req = &r->req;

    if (scsi_disk_aio_end(req) && !scsi_disk_failed(req, ret, false)) {
        advance(r);
        if (r->sector_count) {
            scsi_request_data(req, next_chunk(r));
        } else {
            scsi_request_complete(req, SCSI_GOOD);
        }
    }
    scsi_request_unref(req);
}

static void proceed_write(DiskRequest *r)
{
    ScsiRequest *req = &r->req;
    struct iovec iov;
    IOVector v;

    if (!r->started) {
        r->started = true;
        scsi_request_data(req, next_chunk(r));
        return;
    }
    v = iov_single(&iov, req->buffer, r->filled);
    scsi_disk_aio_begin(req,
                        blk_aio_pwritev(SCSI_DISK(req)->blk, (int64_t)(r->sector * SCSI_SECTOR), &v,
                                        r->fua ? BLOCK_REQ_FUA : 0, write_done, r));
}

/* ---- Commands ---- */

ScsiDirection scsi_disk_io_direction(uint8_t opcode)
{
    switch (opcode) {
    case SCSI_READ_6:
    case SCSI_READ_10:
    case SCSI_READ_12:
    case SCSI_READ_16:
        return SCSI_FROM_DEVICE;
    case SCSI_WRITE_6:
    case SCSI_WRITE_10:
    case SCSI_WRITE_12:
    case SCSI_WRITE_16:
    case SCSI_WRITE_VERIFY_10:
    case SCSI_WRITE_VERIFY_12:
    case SCSI_WRITE_VERIFY_16:
        return SCSI_TO_DEVICE;
    default:
        return SCSI_NO_DATA;
    }
}

static bool wants_fua(const ScsiCommand *cmd)
{
    switch (cmd->buf[0]) {
    case SCSI_READ_6:
    case SCSI_WRITE_6:
        return false;
    case SCSI_WRITE_VERIFY_10:
    case SCSI_WRITE_VERIFY_12:
    case SCSI_WRITE_VERIFY_16:
        return true;
    default:
        return cmd->buf[1] & 8;
    }
}

static uint32_t sectors_per_block(const ScsiRequest *req)
{
    return req->dev->block_size / SCSI_SECTOR;
}

static int64_t io_start(ScsiRequest *req)
{
    DiskRequest *r = (DiskRequest *)req;
    ScsiDisk *disk = SCSI_DISK(req);
    uint32_t blocks = scsi_command_blocks(&req->cmd);
    bool write = scsi_disk_io_direction(req->cmd.buf[0]) == SCSI_TO_DEVICE;

    if (!blk_is_available(disk->blk)) {
        scsi_request_fail(req, SCSI_SENSE_NO_MEDIUM);
        return 0;
    }
    if (write && (disk->dev.type == SCSI_TYPE_ROM || !blk_is_writable(disk->blk))) {
        blk_count_invalid(disk->blk, BLOCK_STAT_WRITE);
        scsi_request_fail(req, SCSI_SENSE_WRITE_PROTECTED);
        return 0;
    }
    /* No protection information; in six bytes and before SPC-3 the bits mean other things. */
    if (req->cmd.length > 6 && disk->scsi_version > 2 && (req->cmd.buf[1] & 0xe0)) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return 0;
    }
    if (!scsi_disk_range_good(disk, req->cmd.lba, blocks)) {
        blk_count_invalid(disk->blk, write ? BLOCK_STAT_WRITE : BLOCK_STAT_READ);
        scsi_request_fail(req, SCSI_SENSE_LBA_OUT_OF_RANGE);
        return 0;
    }
    r->sector = req->cmd.lba * sectors_per_block(req);
    r->sector_count = blocks * sectors_per_block(req);
    r->fua = wants_fua(&req->cmd);
    if (!blocks) {
        scsi_request_complete(req, SCSI_GOOD);
        return 0;
    }
    return write ? -(int64_t)req->cmd.transfer : (int64_t)req->cmd.transfer;
}

static void io_proceed(ScsiRequest *req)
{
    DiskRequest *r = (DiskRequest *)req;

    if (req->cmd.direction == SCSI_TO_DEVICE) {
        proceed_write(r);
    } else {
        proceed_read(r);
    }
}

/* ---- State ---- */

/*
 * In a stream a request is as it is if its adapter keeps its place.  If not, it is either as it is
 * in its first chunk, or as it was before it began: other forms exist, but the adapter of a QEMU
 * that loads them moves the rest of the data to (from) the wrong place, since what it has moved
 * already is not in the stream.  Doing all of a request again changes nothing.
 */
static bool save_anew(const ScsiRequest *req)
{
    const DiskRequest *r = (const DiskRequest *)req;

    if (req->bus->ops->keeps_place) {
        return false;
    }
    if (req->cmd.direction == SCSI_TO_DEVICE) {
        return req->cmd.transfer > SCSI_CHUNK;
    }
    return (uint64_t)r->sector_count * SCSI_SECTOR != req->cmd.transfer;
}

static void io_prepare_save(ScsiRequest *req)
{
    req->saved_position = save_anew(req) ? 0 : req->position;
}

static bool io_save(StateStream *s, ScsiRequest *req, GError **errp)
{
    const DiskRequest *r = (const DiskRequest *)req;

    if (save_anew(req)) {
        state_put_be64(s, req->cmd.lba * sectors_per_block(req));
        state_put_be32(s, (uint32_t)(req->cmd.transfer / SCSI_SECTOR));
        state_put_be32(s, 0);
        return true;
    }
    state_put_be64(s, r->sector);
    state_put_be32(s, r->sector_count);
    state_put_be32(s, req->buffer ? SCSI_CHUNK : 0);
    if (req->buffer && req->cmd.direction == SCSI_TO_DEVICE) {
        state_put_buffer(s, req->buffer, r->filled);
    } else if (req->buffer && scsi_request_keeps_chunk(req)) {
        state_put_be32(s, r->filled);
        state_put_buffer(s, req->buffer, r->filled);
    }
    return true;
}

/* What was read, of which the adapter has moved some. */
static bool load_chunk(StateStream *s, DiskRequest *r, uint64_t moved, GError **errp)
{
    ScsiRequest *req = &r->req;
    uint32_t size = state_get_be32(s);

    if (!size || size > SCSI_CHUNK || size % SCSI_SECTOR || size > moved) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "request %u has read %u bytes of %" PRIu64,
                  req->tag, size, moved);
        return false;
    }
    g_free(req->buffer);
    req->buffer = g_malloc0(SCSI_CHUNK);
    r->filled = req->chunk = size;
    req->position = moved - size;
    return state_get_buffer(s, req->buffer, size);
}

static bool io_load(StateStream *s, ScsiRequest *req, GError **errp)
{
    DiskRequest *r = (DiskRequest *)req;
    uint64_t start = req->cmd.lba * sectors_per_block(req), total = req->cmd.transfer / SCSI_SECTOR;
    bool kept = !req->retry && req->bus->ops->keeps_place;
    uint32_t size, skip;

    r->sector = state_get_be64(s);
    r->sector_count = state_get_be32(s);
    size = state_get_be32(s);
    if (state_stream_has_error(s)) {
        return false;
    }
    if (r->sector_count > total ||
        (r->sector_count == 0 && !(kept && req->cmd.direction == SCSI_FROM_DEVICE)) ||
        r->sector != start + (total - r->sector_count) || size > SCSI_CHUNK || size % SCSI_SECTOR) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "request %u is at sector %" PRIu64 " with %u left and a buffer of %u", req->tag,
                  r->sector, r->sector_count, size);
        return false;
    }
    r->fua = wants_fua(&req->cmd);
    req->position = (total - r->sector_count) * SCSI_SECTOR;
    if (!size) {
        /* Not begun. */
        r->started = req->position != 0 && req->cmd.direction == SCSI_FROM_DEVICE;
        return true;
    }
    r->started = true;
    if (kept && req->cmd.direction == SCSI_FROM_DEVICE) {
        return load_chunk(s, r, req->position, errp);
    }
    next_chunk(r);
    if (req->cmd.direction == SCSI_TO_DEVICE) {
        r->filled = MIN(r->filled, size);
        if (kept) {
            req->chunk = r->filled;
        } else {
            req->position += r->filled;
        }
        return state_get_buffer(s, req->buffer, r->filled);
    }
    if (!req->retry) {
        /* Data of a read that was under way: it is made again. */
        skip = state_get_be32(s);
        if (skip > size) {
            error_set(errp, GOSSAMER_ERROR_STREAM, "request %u has %u bytes in a buffer of %u",
                      req->tag, skip, size);
            return false;
        }
        return state_skip(s, skip);
    }
    return !state_stream_has_error(s);
}

const ScsiRequestOps scsi_disk_io_ops = {
    .size = sizeof(DiskRequest),
    .start = io_start,
    .proceed = io_proceed,
    .prepare_save = io_prepare_save,
    .save = io_save,
    .load = io_load,
};
