/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of units: pending conditions, sense data, and the requests that wait for the machine to go
 * on.
 *
 * Requests in a stream: 1 (waits for a retry) or 2 (was under way), the command's 16 bytes, tag,
 * LUN, then the adapter's part and the unit's; 0 ends the list.
 */
#include <string.h>
#include "scsi-disk.h"
#include "scsi-internal.h"
#include "util/error.h"

enum { REQUEST_END = 0, REQUEST_RETRY = 1, REQUEST_UNDER_WAY = 2 };

bool scsi_request_keeps_chunk(const ScsiRequest *req)
{
    return req->bus->ops->keeps_place && req->chunk && !req->retry && !req->ops->restart_whole;
}

static bool put_requests(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                         GError **errp)
{
    const GQueue *requests = pv;

    for (GList *link = requests->head; link; link = link->next) {
        ScsiRequest *req = link->data;
        const ScsiBusOps *ops = req->bus->ops;

        if (!ops->save_request) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                      "requests of adapter '%s' cannot be saved",
                      device_get_class(req->bus->parent.parent)->name);
            return false;
        }
        if (req->aio) {
            error_set(errp, GOSSAMER_ERROR_BUSY, "request %u is still under way", req->tag);
            return false;
        }
        req->saved_position = req->position;
        if (req->ops->prepare_save) {
            req->ops->prepare_save(req);
        }
        state_put_byte(s, scsi_request_keeps_chunk(req) ? REQUEST_UNDER_WAY : REQUEST_RETRY);
        state_put_buffer(s, req->cmd.buf, SCSI_CDB_SIZE);
        state_put_be32(s, req->tag);
        state_put_be32(s, req->lun);
        if (!ops->save_request(s, req, errp) || (req->ops->save && !req->ops->save(s, req, errp))) {
            return false;
        }
    }
    state_put_byte(s, REQUEST_END);
    return true;
}

static bool get_request(StateStream *s, ScsiDevice *dev, uint8_t kind, GError **errp)
{
    const ScsiBusOps *ops = scsi_device_bus(dev)->ops;
    uint8_t cdb[SCSI_CDB_SIZE];
    uint32_t tag, lun;
    ScsiRequest *req;
    bool good;

    state_get_buffer(s, cdb, sizeof(cdb));
    tag = state_get_be32(s);
    lun = state_get_be32(s);
    if (state_stream_has_error(s)) {
        return false;
    }
    req = ops->load_request ? scsi_request_new_loaded(dev, tag, lun, cdb) : NULL;
    if (!req) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "request %u (command 0x%02x, LUN %u) is none of this unit", tag, cdb[0], lun);
        return false;
    }
    req->retry = kind == REQUEST_RETRY;
    good = ops->load_request(s, req, errp);
    if (good) {
        scsi_request_attach(req);
        good = !req->ops->load || req->ops->load(s, req, errp);
        if (!good) {
            scsi_request_cancel(req);
        }
    }
    /* Whatever it was doing: it goes on with the machine, or when the adapter has moved its chunk.
     */
    req->retry = good && !req->chunk;
    scsi_request_unref(req);
    return good;
}

static bool get_requests(StateStream *s, void *pv, size_t size, const VMStateField *field,
                         GError **errp)
{
    ScsiDevice *dev = container_of(pv, ScsiDevice, requests);
    uint8_t kind;

    while ((kind = state_get_byte(s)) != REQUEST_END) {
        if (kind != REQUEST_RETRY && kind != REQUEST_UNDER_WAY) {
            error_set(errp, GOSSAMER_ERROR_STREAM, "a request of kind %u", kind);
            return false;
        }
        if (!get_request(s, dev, kind, errp)) {
            return false;
        }
    }
    return !state_stream_has_error(s);
}

const VMStateInfo vmstate_info_scsi_requests = {"scsi-requests", get_requests, put_requests};

static bool long_sense_needed(void *opaque)
{
    return ((ScsiDevice *)opaque)->sense_len > SCSI_SENSE_WIRE_SIZE;
}

static const VMStateDescription vmstate_long_sense = {
    .name = "SCSIDevice/sense",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = long_sense_needed,
    .fields =
        (const VMStateField[]){
            VMSTATE_SUB_ARRAY(sense, ScsiDevice, SCSI_SENSE_WIRE_SIZE,
                              SCSI_SENSE_SIZE - SCSI_SENSE_WIRE_SIZE, 0, vmstate_info_uint8,
                              uint8_t),
            VMSTATE_END_OF_LIST(),
        },
};

static bool device_pre_load(void *opaque, GError **errp)
{
    ScsiDevice *dev = opaque;

    scsi_device_purge(dev, SCSI_SENSE_NONE);
    memset(dev->sense, 0, sizeof(dev->sense));
    return true;
}

static bool device_post_load(void *opaque, int version, GError **errp)
{
    ScsiDevice *dev = opaque;

    if (dev->sense_len > SCSI_SENSE_SIZE) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "SCSIDevice: %u bytes of sense data in %u",
                  dev->sense_len, SCSI_SENSE_SIZE);
        dev->sense_len = 0;
        return false;
    }
    return true;
}

const VMStateDescription vmstate_scsi_device = {
    .name = "SCSIDevice",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = device_pre_load,
    .post_load = device_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT8(unit_attention.key, ScsiDevice),
            VMSTATE_UINT8(unit_attention.asc, ScsiDevice),
            VMSTATE_UINT8(unit_attention.ascq, ScsiDevice),
            VMSTATE_BOOL(sense_is_ua, ScsiDevice),
            VMSTATE_SUB_ARRAY(sense, ScsiDevice, 0, SCSI_SENSE_WIRE_SIZE, 0, vmstate_info_uint8,
                              uint8_t),
            VMSTATE_UINT32(sense_len, ScsiDevice),
            {.name = "requests",
             .info = &vmstate_info_scsi_requests,
             .flags = VMS_SINGLE,
             .size = sizeof(GQueue),
             .offset = offsetof(ScsiDevice, requests)},
            VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_long_sense),
    .immutable = VMSTATE_NAMES("channel", "id", "lun", "type", "block_size"),
    .host_only = VMSTATE_NAMES("state_entry"),
    VMSTATE_STRUCT_AUDIT(ScsiDevice),
};
