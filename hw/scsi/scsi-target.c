/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a target answers in place of a unit: commands that nobody knows, pending unit attention
 * conditions, REPORT LUNS, sense data that were not fetched, and logical units that do not exist.
 * SPC-4 6.6, 6.33, 6.39.
 */
#include <string.h>
#include "scsi-internal.h"
#include "util/bswap.h"

#define INQUIRY_SIZE 36u
/* Peripheral qualifiers: 1, no device there now; 3, there cannot be one. */
#define NOT_CONNECTED 0x20
#define NO_TYPE       0x1f
#define NO_LUN        0x7f

static int64_t invalid_opcode(ScsiRequest *req)
{
    scsi_request_fail(req, SCSI_SENSE_INVALID_OPCODE);
    return 0;
}

static int64_t invalid_field(ScsiRequest *req)
{
    scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
    return 0;
}

/* The sense data came with the request. */
static int64_t tell_attention(ScsiRequest *req)
{
    scsi_request_complete(req, SCSI_CHECK_CONDITION);
    return 0;
}

static void nothing_to_do(ScsiRequest *req)
{
}

const ScsiRequestOps scsi_ops_invalid_opcode = {sizeof(ScsiRequest), invalid_opcode, nothing_to_do};
const ScsiRequestOps scsi_ops_invalid_field = {sizeof(ScsiRequest), invalid_field, nothing_to_do};
const ScsiRequestOps scsi_ops_attention = {sizeof(ScsiRequest), tell_attention, nothing_to_do};

/* ---- Commands ---- */

typedef struct TargetRequest {
    ScsiRequest req;
    uint32_t size;               /* bytes for the host */
    bool moved;
} TargetRequest;

static gint compare_luns(gconstpointer a, gconstpointer b)
{
    const ScsiDevice *x = *(ScsiDevice *const *)a, *y = *(ScsiDevice *const *)b;

    return x->lun < y->lun ? -1 : x->lun > y->lun;
}

/* All units of the target, and LUN 0 in any case: it answers. */
static bool report_luns(ScsiRequest *req, uint32_t *size)
{
    const GPtrArray *all = req->bus->parent.devices;
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    uint8_t *out;

    if (req->cmd.transfer < 16 || req->cmd.buf[2] > 2) {
        return false;
    }
    for (guint i = 0; i < all->len; i++) {
        ScsiDevice *dev = g_ptr_array_index(all, i);

        if (dev->channel == req->dev->channel && dev->id == req->dev->id && dev->lun != 0 &&
            dev->parent.realized) {
            g_ptr_array_add(units, dev);
        }
    }
    g_ptr_array_sort(units, compare_luns);
    *size = 16 + 8 * units->len;
    out = req->buffer = g_malloc0(*size);
    stl_be_p(out, *size - 8);
    for (guint i = 0; i < units->len; i++) {
        int lun = ((ScsiDevice *)g_ptr_array_index(units, i))->lun;

        /* Peripheral device addressing below 256, flat addressing above. */
        stw_be_p(out + 16 + 8 * i, lun < 256 ? lun : 0x4000 | lun);
    }
    return true;
}

/* Of a unit that is not there. */
static bool inquiry(ScsiRequest *req, uint32_t *size)
{
    const uint8_t *cdb = req->cmd.buf;
    uint8_t *out = req->buffer = g_malloc0(INQUIRY_SIZE);

    if (cdb[1] & 2) {
        return false;
    }
    if (cdb[1] & 1) {
        /* Page 0, the list of pages: itself. */
        if (cdb[2]) {
            return false;
        }
        out[0] = req->lun ? NO_LUN : NOT_CONNECTED | NO_TYPE;
        out[3] = 1;
        *size = 5;
        return true;
    }
    if (cdb[2]) {
        return false;
    }
    *size = INQUIRY_SIZE;
    if (req->lun != 0) {
        out[0] = NO_LUN;
        return true;
    }
    out[0] = NOT_CONNECTED | NO_TYPE;
    out[2] = 5;
    out[3] = 0x12;
    out[4] = INQUIRY_SIZE - 5;
    out[7] = 0x10 | (req->bus->ops->tagged_queue ? 2 : 0);
    memcpy(out + 8, "QEMU    QEMU TARGET     2.5+", 28);
    return true;
}

static void request_sense(ScsiRequest *req, uint32_t *size)
{
    bool fixed = !(req->cmd.buf[1] & 1);

    req->buffer = g_malloc0(SCSI_SENSE_FIXED_SIZE);
    if (req->lun != 0 && req->lun != (uint32_t)req->dev->lun) {
        *size = scsi_sense_build(req->buffer, SCSI_SENSE_LUN_NOT_SUPPORTED, fixed);
    } else {
        *size = scsi_device_tell_sense(req->dev, req->buffer, SCSI_SENSE_FIXED_SIZE, fixed);
    }
}

/* The sense data are the unit's until the host has them: a request that is saved begins again. */
static void target_done(ScsiRequest *req)
{
    if (req->cmd.buf[0] == SCSI_REQUEST_SENSE &&
        (req->lun == 0 || req->lun == (uint32_t)req->dev->lun)) {
        scsi_device_sense_told(req->dev);
    }
    scsi_request_complete(req, SCSI_GOOD);
}

static int64_t target_start(ScsiRequest *req)
{
    TargetRequest *r = (TargetRequest *)req;
    uint8_t opcode = req->cmd.buf[0];
    bool good = true;

    r->moved = false;
    if (req->lun != 0 && req->lun != (uint32_t)req->dev->lun && opcode != SCSI_INQUIRY &&
        opcode != SCSI_REQUEST_SENSE) {
        scsi_request_fail(req, SCSI_SENSE_LUN_NOT_SUPPORTED);
        return 0;
    }
    switch (opcode) {
    case SCSI_REPORT_LUNS:
        good = report_luns(req, &r->size);
        break;
    case SCSI_INQUIRY:
        good = inquiry(req, &r->size);
        break;
    case SCSI_REQUEST_SENSE:
        request_sense(req, &r->size);
        break;
    case SCSI_TEST_UNIT_READY:
        break;
    default:
        scsi_request_fail(req, SCSI_SENSE_INVALID_OPCODE);
        return 0;
    }
    if (!good) {
        scsi_request_fail(req, SCSI_SENSE_INVALID_FIELD);
        return 0;
    }
    r->size = (uint32_t)MIN(r->size, req->cmd.transfer);
    if (!r->size) {
        target_done(req);
        return 0;
    }
    return r->size;
}

static void target_proceed(ScsiRequest *req)
{
    TargetRequest *r = (TargetRequest *)req;

    if (!r->moved) {
        r->moved = true;
        scsi_request_data(req, r->size);
    } else {
        target_done(req);
    }
}

const ScsiRequestOps scsi_ops_target = {
    .size = sizeof(TargetRequest),
    .start = target_start,
    .proceed = target_proceed,
    .restart_whole = true,
};
