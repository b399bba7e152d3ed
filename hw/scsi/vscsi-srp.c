/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SCSI RDMA protocol of spapr-vscsi: login, commands and their data descriptors, task
 * management, and requests in a stream.  SRP (INCITS 365) 5 and 6; SAM-5 4.7 (logical unit
 * numbers).
 *
 * Everything in an information unit is the guest's: descriptors may lie outside of the unit,
 * overlap, or lead nowhere.
 */
#include <string.h>
#include "vscsi.h"
#include "migration/vmstate.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

enum {
    SRP_LOGIN_REQ = 0x00,
    SRP_TASK_MANAGEMENT = 0x01,
    SRP_COMMAND = 0x02,
    SRP_LOGIN_RSP = 0xc0,
    SRP_RSP = 0xc1,
    SRP_LOGIN_REJ = 0xc2
};
/* All units have the operation code at 0 and the tag at 8. */
enum { IU_SOLICITED = 1, IU_TAG = 8, IU_LUN = 20 };
enum {
    CMD_FORMATS = 5,
    CMD_OUT_COUNT = 6,
    CMD_IN_COUNT = 7,
    CMD_EXTRA_CDB = 31,
    CMD_CDB = 32,
    CMD_SIZE = 48
};
enum {
    RSP_LIMIT_DELTA = 4,
    RSP_FLAGS = 18,
    RSP_STATUS = 19,
    RSP_OUT_RESIDUAL = 20,
    RSP_IN_RESIDUAL = 24,
    RSP_SENSE_LENGTH = 28,
    RSP_DATA_LENGTH = 32,
    RSP_SIZE = 36
};
enum {
    RSP_VALID = 1,
    RSP_SENSE_VALID = 2,
    RSP_OUT_OVER = 4,
    RSP_OUT_UNDER = 8,
    RSP_IN_OVER = 16,
    RSP_IN_UNDER = 32
};
enum { LOGIN_IU_LENGTH = 16, LOGIN_RSP_MAX_TO = 16, LOGIN_RSP_MAX_FROM = 20, LOGIN_RSP_FORMATS = 24,
       LOGIN_RSP_SIZE = 52, LOGIN_REJ_REASON = 4, LOGIN_REJ_FORMATS = 24, LOGIN_REJ_SIZE = 32 };
#define REJECT_IU_TOO_LONG 0x00010002u
#define FORMATS_DIRECT_INDIRECT 6u
/* Two slots are kept for task management and datagrams. */
#define REQUEST_LIMIT (VSCSI_SLOTS - 2)
enum { TM_FUNCTION = 30, TM_TASK_TAG = 32 };
enum {
    TM_ABORT_TASK = 1,
    TM_ABORT_TASK_SET = 2,
    TM_CLEAR_TASK_SET = 4,
    TM_LUN_RESET = 8,
    TM_CLEAR_ACA = 0x40
};
enum { TM_COMPLETE = 0, TM_FIELDS_INVALID = 2, TM_NOT_SUPPORTED = 4 };
enum { FORMAT_NONE = 0, FORMAT_DIRECT = 1, FORMAT_INDIRECT = 2 };
/* A descriptor: address, key, length.  A table of them: its own descriptor, total length, first
 * ones. */
enum { DESC_LENGTH = 12, DESC_SIZE = 16, TABLE_TOTAL = 16, TABLE_LIST = 20 };
#define WELL_KNOWN_REPORT_LUNS 0xc101000000000000ull
/* The same with a digit lost, as firmware that was written for QEMU may have it. */
#define WELL_KNOWN_REPORT_LUNS_SHORT 0x0c10100000000000ull
#define SENSE_AUTO 18u
#define SENSE_DATA_PHASE SCSI_SENSE(ABORTED_COMMAND, 0x4b, 0x00)
#define INQUIRY_SIZE 36u

static SpaprVscsi *adapter_of(const ScsiRequest *scsi)
{
    return (SpaprVscsi *)scsi->bus->parent.parent;
}

/* ---- Data descriptors ---- */

static unsigned descriptors_size(unsigned format, unsigned count)
{
    return format == FORMAT_DIRECT     ? DESC_SIZE
           : format == FORMAT_INDIRECT ? TABLE_LIST + DESC_SIZE * count
                                       : 0;
}

/* size bytes of the unit at an offset from the descriptors' start; NULL: outside. */
static const uint8_t *in_unit(const VscsiRequest *req, uint64_t offset, unsigned size)
{
    uint64_t at = CMD_SIZE + (uint64_t)req->cdb_offset + offset;

    return at + size <= VSCSI_IU_SIZE ? req->iu + at : NULL;
}

static bool find_descriptors(VscsiRequest *req)
{
    uint8_t formats = req->iu[CMD_FORMATS];
    const uint8_t *table;

    req->cdb_offset = req->iu[CMD_EXTRA_CDB] & ~3u;
    req->descriptor_format = formats >> 4;
    if (!req->writing) {
        req->cdb_offset += (uint16_t)descriptors_size(formats >> 4, req->iu[CMD_OUT_COUNT]);
        req->descriptor_format = formats & 0xf;
    }
    req->cursor = req->cursor_index = 0;
    switch (req->descriptor_format) {
    case FORMAT_NONE:
        return true;
    case FORMAT_DIRECT:
        req->local_descriptors = req->total_descriptors = 1;
        return true;
    case FORMAT_INDIRECT:
        table = in_unit(req, 0, TABLE_LIST);
        req->total_descriptors =
            table ? (uint16_t)MIN(ldl_be_p(table + DESC_LENGTH) / DESC_SIZE, UINT16_MAX) : 0;
        req->local_descriptors = req->iu[req->writing ? CMD_OUT_COUNT : CMD_IN_COUNT];
        return table != NULL;
    default:
        log_mask(LOG_GUEST_ERROR, "vscsi: data buffers of format %u\n", req->descriptor_format);
        return false;
    }
}

/* The n-th descriptor: 1, 0 if there is none, -1 if it cannot be had. */
static int fetch_descriptor(SpaprVscsi *vscsi, const VscsiRequest *req, uint32_t n,
                            uint64_t *address, uint32_t *size)
{
    uint8_t fetched[DESC_SIZE];
    const uint8_t *p = NULL, *table;

    switch (req->descriptor_format) {
    case FORMAT_DIRECT:
        if (n) {
            return 0;
        }
        p = in_unit(req, 0, DESC_SIZE);
        break;
    case FORMAT_INDIRECT:
        if (n < req->local_descriptors) {
            p = in_unit(req, TABLE_LIST + (uint64_t)n * DESC_SIZE, DESC_SIZE);
        } else if (n < req->total_descriptors) {
            table = in_unit(req, 0, TABLE_LIST);
            if (table && ((uint64_t)n + 1) * DESC_SIZE <= ldl_be_p(table + DESC_LENGTH) &&
                vio_dma_read(&vscsi->parent, ldq_be_p(table) + (uint64_t)n * DESC_SIZE, fetched,
                             DESC_SIZE)) {
                p = fetched;
            }
        } else {
            return 0;
        }
        break;
    default:
        return 0;
    }
    if (!p) {
        return -1;
    }
    *address = ldq_be_p(p);
    *size = ldl_be_p(p + DESC_LENGTH);
    return *size != 0;
}

/* Length of the guest's buffer, as it says. */
static uint64_t buffer_length(const VscsiRequest *req)
{
    const uint8_t *p;

    switch (req->descriptor_format) {
    case FORMAT_DIRECT:
        p = in_unit(req, 0, DESC_SIZE);
        return p ? ldl_be_p(p + DESC_LENGTH) : 0;
    case FORMAT_INDIRECT:
        p = in_unit(req, 0, TABLE_LIST);
        return p ? ldl_be_p(p + TABLE_TOTAL) : 0;
    default:
        return 0;
    }
}

/*
 * Moves bytes between buf and the guest's buffer from `position` on.  How many: fewer than size
 * when the buffer ends; -1 when DMA failed.
 */
static int64_t move_data(SpaprVscsi *vscsi, VscsiRequest *req, uint8_t *buf, uint32_t size,
                         uint64_t position)
{
    uint32_t done = 0;

    if (position < req->cursor) {
        req->cursor = req->cursor_index = 0;
    }
    while (done < size) {
        uint64_t address, skip = position + done - req->cursor;
        uint32_t length, n;
        int found = fetch_descriptor(vscsi, req, req->cursor_index, &address, &length);

        if (found < 0) {
            return -1;
        }
        if (!found) {
            break;
        }
        if (skip >= length) {
            req->cursor += length;
            req->cursor_index++;
            continue;
        }
        n = (uint32_t)MIN(length - skip, size - done);
        if (!(req->writing ? vio_dma_read(&vscsi->parent, address + skip, buf + done, n)
                           : vio_dma_write(&vscsi->parent, address + skip, buf + done, n))) {
            return -1;
        }
        done += n;
    }
    req->moved = position + done;
    return done;
}

/* ---- Responses ---- */

static void set_sense(VscsiRequest *req, ScsiSense sense)
{
    req->sense_len = scsi_sense_build(req->sense, sense, true);
    req->sense[0] |= 0x80;
}

/* Bytes that the guest's buffer lacked, or that were not needed of it. */
static uint32_t residual(const VscsiRequest *req, uint64_t wanted, uint8_t *flags)
{
    uint64_t room = buffer_length(req);

    if (wanted > req->moved) {
        *flags = req->writing ? RSP_OUT_OVER : RSP_IN_OVER;
        return (uint32_t)MIN(wanted - req->moved, UINT32_MAX);
    }
    if (room > req->moved) {
        *flags = req->writing ? RSP_OUT_UNDER : RSP_IN_UNDER;
        return (uint32_t)(room - req->moved);
    }
    return 0;
}

/* wanted: bytes that the command had to move. */
static void send_response(SpaprVscsi *vscsi, VscsiRequest *req, uint8_t status, uint64_t wanted)
{
    uint8_t out[RSP_SIZE] = {SRP_RSP}, solicited = req->iu[IU_SOLICITED];
    uint32_t length = RSP_SIZE;

    memcpy(out + IU_TAG, req->iu + IU_TAG, 8);
    stl_be_p(out + RSP_LIMIT_DELTA, 1);
    out[RSP_STATUS] = status;
    if (status == SCSI_GOOD) {
        uint32_t count = residual(req, wanted, &out[RSP_FLAGS]);

        out[IU_SOLICITED] = solicited >> 1 & 1;
        stl_be_p(out + (req->writing ? RSP_OUT_RESIDUAL : RSP_IN_RESIDUAL), count);
    } else {
        out[IU_SOLICITED] = solicited >> 2 & 1;
        if (req->sense_len) {
            out[RSP_FLAGS] = RSP_SENSE_VALID;
            stl_be_p(out + RSP_SENSE_LENGTH, req->sense_len);
            memcpy(req->iu + RSP_SIZE, req->sense, req->sense_len);
            length += req->sense_len;
        }
    }
    memcpy(req->iu, out, RSP_SIZE);
    vscsi_send_iu(vscsi, req, length, VSCSI_FORMAT_SRP);
}

static void send_failure(SpaprVscsi *vscsi, VscsiRequest *req, ScsiSense sense)
{
    set_sense(req, sense);
    send_response(vscsi, req, SCSI_CHECK_CONDITION, 0);
}

/* A reply that the adapter itself gives. */
static void send_data(SpaprVscsi *vscsi, VscsiRequest *req, uint8_t *data, uint32_t size)
{
    req->writing = false;
    if (!find_descriptors(req) || move_data(vscsi, req, data, size, 0) < 0) {
        send_failure(vscsi, req, SCSI_SENSE_DMA_FAILURE);
    } else {
        send_response(vscsi, req, SCSI_GOOD, size);
    }
}

/* ---- What the units say ---- */

static void vscsi_transfer(ScsiRequest *scsi, uint32_t size)
{
    VscsiRequest *req = scsi->hba;
    int64_t n = move_data(adapter_of(scsi), req, scsi->buffer, size, scsi->position);

    if (n < 0) {
        scsi_request_fail(scsi, SCSI_SENSE_DMA_FAILURE);
    } else if (req->writing && n < size) {
        log_mask(LOG_GUEST_ERROR,
                 "vscsi: a command writes %" PRIu64 " bytes and sends %" PRIu64 "\n",
                 scsi->cmd.transfer, req->moved);
        scsi_request_fail(scsi, SENSE_DATA_PHASE);
    } else {
        scsi_request_continue(scsi);
    }
}

static void vscsi_complete(ScsiRequest *scsi)
{
    VscsiRequest *req = scsi->hba;

    if (scsi->status == SCSI_CHECK_CONDITION) {
        req->sense_len = scsi_device_take_sense(scsi->dev, req->sense, SENSE_AUTO, true);
    }
    send_response(adapter_of(scsi), req, (uint8_t)scsi->status, req->data_len);
    vscsi_put(req);
}

static void vscsi_cancelled(ScsiRequest *scsi)
{
    if (scsi->hba) {
        vscsi_put(scsi->hba);
    }
}

/* "disk@8000000000000000": the unit's address as SRP has it. */
static char *vscsi_firmware_node(const ScsiDevice *dev)
{
    uint64_t lun = 0x8000u | (unsigned)dev->id << 8 | dev->channel << 5 | (unsigned)dev->lun;

    return g_strdup_printf("disk@%" PRIX64, lun << 48);
}

/* ---- Commands ---- */

/* SAM-5 4.7.7: peripheral device, flat, or logical unit addressing; NULL: no such target. */
static ScsiDevice *find_unit(ScsiBus *bus, uint64_t address, unsigned *lun)
{
    unsigned channel = 0, id = 0;

    for (unsigned level = 0; level < 4; level++) {
        unsigned word = address >> 48;

        switch (word >> 14) {
        case 0:
            if (word >> 8) {
                /* A bus of the target: the next level has the unit. */
                channel = word >> 8 & 0x3f;
                id = word & 0xff;
                address <<= 16;
                continue;
            }
            *lun = word & 0xff;
            break;
        case 1:
            *lun = word & 0x3fff;
            break;
        case 2:
            id = word >> 8 & 0x3f;
            channel = word >> 5 & 7;
            *lun = word & 0x1f;
            break;
        default:
            return NULL;
        }
        return scsi_device_find(bus, channel, id, *lun);
    }
    return NULL;
}

static void inquiry_no_target(SpaprVscsi *vscsi, VscsiRequest *req)
{
    const uint8_t *cdb = req->iu + CMD_CDB;
    uint8_t data[INQUIRY_SIZE] = {0x7f, 0, 6, 2, INQUIRY_SIZE - 5, 0, 0, 0x10};

    if ((cdb[1] & 1) || cdb[2]) {
        send_failure(vscsi, req, SCSI_SENSE_INVALID_FIELD);
        return;
    }
    memcpy(data + 8, "QEMU    QEMU EMPTY      ", 24);
    send_data(vscsi, req, data, MIN(lduw_be_p(cdb + 3), INQUIRY_SIZE));
}

static gint compare_addresses(gconstpointer a, gconstpointer b)
{
    const ScsiDevice *x = *(ScsiDevice *const *)a, *y = *(ScsiDevice *const *)b;
    unsigned m = (unsigned)x->id << 8 | x->channel << 5 | (unsigned)x->lun;
    unsigned n = (unsigned)y->id << 8 | y->channel << 5 | (unsigned)y->lun;

    return m < n ? -1 : m > n;
}

/* All units of the bus: the adapter is one target whose LUNs they are. */
static void report_luns(SpaprVscsi *vscsi, VscsiRequest *req)
{
    const GPtrArray *all = vscsi->bus->parent.devices;
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    g_autofree uint8_t *data = NULL;
    uint32_t size, at = 16;

    for (guint i = 0; i < all->len; i++) {
        ScsiDevice *dev = g_ptr_array_index(all, i);

        if (dev->parent.realized) {
            g_ptr_array_add(units, dev);
        }
    }
    g_ptr_array_sort(units, compare_addresses);
    data = g_malloc0(16 + 8 * (gsize)units->len);
    for (guint i = 0; i < units->len; i++) {
        const ScsiDevice *dev = g_ptr_array_index(units, i);

        if (dev->channel == 0 && dev->id == 0) {
            /* LUN 0 comes first, and is there in any case. */
            if (dev->lun == 0) {
                continue;
            }
            data[at] = 0;
        } else {
            data[at] = 0x80 | (uint8_t)dev->id;
        }
        data[at + 1] = (uint8_t)(dev->channel << 5 | (unsigned)dev->lun);
        at += 8;
    }
    stl_be_p(data, at - 8);
    size = ldl_be_p(req->iu + CMD_CDB + 6);
    send_data(vscsi, req, data, MIN(size, at));
}

/* True: the request is over. */
static bool start_command(SpaprVscsi *vscsi, VscsiRequest *req)
{
    uint64_t address = ldq_be_p(req->iu + IU_LUN);
    const uint8_t *cdb = req->iu + CMD_CDB;
    unsigned lun = 0;
    ScsiDevice *dev;
    ScsiRequest *scsi;
    int64_t size;

    if (cdb[0] == SCSI_REPORT_LUNS && (address == 0 || address == WELL_KNOWN_REPORT_LUNS ||
                                       address == WELL_KNOWN_REPORT_LUNS_SHORT)) {
        report_luns(vscsi, req);
        return true;
    }
    dev = find_unit(vscsi->bus, address, &lun);
    if (!dev) {
        if (cdb[0] == SCSI_INQUIRY) {
            inquiry_no_target(vscsi, req);
        } else {
            send_failure(vscsi, req, SCSI_SENSE_INVALID_FIELD);
        }
        return true;
    }
    scsi = req->scsi = scsi_request_new(dev, req->tag, lun, cdb, req);
    scsi_request_ref(scsi);
    size = scsi_request_enqueue(scsi);
    if (size) {
        req->writing = size < 0;
        req->data_len = (uint32_t)(size < 0 ? -size : size);
        if (find_descriptors(req)) {
            scsi_request_continue(scsi);
        } else {
            scsi_request_fail(scsi, SCSI_SENSE_INVALID_FIELD);
        }
    }
    /* The request may be another one's by now. */
    scsi_request_unref(scsi);
    return false;
}

/* ---- Login and task management ---- */

static void login(SpaprVscsi *vscsi, VscsiRequest *req)
{
    uint8_t tag[8];
    bool too_long = ldl_be_p(req->iu + LOGIN_IU_LENGTH) > VSCSI_IU_SIZE;

    memcpy(tag, req->iu + IU_TAG, 8);
    memset(req->iu, 0, LOGIN_RSP_SIZE);
    memcpy(req->iu + IU_TAG, tag, 8);
    if (too_long) {
        req->iu[0] = SRP_LOGIN_REJ;
        stl_be_p(req->iu + LOGIN_REJ_REASON, REJECT_IU_TOO_LONG);
        stw_be_p(req->iu + LOGIN_REJ_FORMATS, FORMATS_DIRECT_INDIRECT);
        vscsi_send_iu(vscsi, req, LOGIN_REJ_SIZE, VSCSI_FORMAT_SRP);
        return;
    }
    req->iu[0] = SRP_LOGIN_RSP;
    stl_be_p(req->iu + RSP_LIMIT_DELTA, REQUEST_LIMIT);
    stl_be_p(req->iu + LOGIN_RSP_MAX_TO, VSCSI_IU_SIZE);
    stl_be_p(req->iu + LOGIN_RSP_MAX_FROM, VSCSI_IU_SIZE);
    stw_be_p(req->iu + LOGIN_RSP_FORMATS, FORMATS_DIRECT_INDIRECT);
    vscsi_send_iu(vscsi, req, LOGIN_RSP_SIZE, VSCSI_FORMAT_SRP);
}

/* Ends commands of a unit: all, or the one with that tag. */
static void abort_commands(SpaprVscsi *vscsi, ScsiDevice *dev, const uint64_t *tag)
{
    for (unsigned i = 0; i < VSCSI_SLOTS; i++) {
        VscsiRequest *other = &vscsi->requests[i];

        if (other->active && other->scsi && other->scsi->dev == dev &&
            (!tag || ldq_be_p(other->iu + IU_TAG) == *tag)) {
            scsi_request_cancel(other->scsi);
        }
    }
    /* What is aborted must not write any more when the guest hears of it. */
    scsi_device_drain(dev);
}

void vscsi_abort_all(SpaprVscsi *vscsi)
{
    const GPtrArray *units = vscsi->bus->parent.devices;

    for (guint i = 0; i < units->len; i++) {
        ScsiDevice *dev = g_ptr_array_index(units, i);

        if (dev->parent.realized) {
            abort_commands(vscsi, dev, NULL);
        }
    }
}

static uint8_t manage_task(SpaprVscsi *vscsi, const VscsiRequest *req)
{
    uint64_t task = ldq_be_p(req->iu + TM_TASK_TAG);
    unsigned lun = 0;
    ScsiDevice *dev = find_unit(vscsi->bus, ldq_be_p(req->iu + IU_LUN), &lun);
    uint8_t function = req->iu[TM_FUNCTION];

    if (!dev || (unsigned)dev->lun != lun) {
        return TM_FIELDS_INVALID;
    }
    switch (function) {
    case TM_ABORT_TASK:
        abort_commands(vscsi, dev, &task);
        return TM_COMPLETE;
    case TM_ABORT_TASK_SET:
    case TM_CLEAR_TASK_SET:
        abort_commands(vscsi, dev, NULL);
        return TM_COMPLETE;
    case TM_LUN_RESET:
        device_cold_reset(&dev->parent);
        return TM_COMPLETE;
    case TM_CLEAR_ACA:
        return TM_NOT_SUPPORTED;
    default:
        return TM_FIELDS_INVALID;
    }
}

static void task_management(SpaprVscsi *vscsi, VscsiRequest *req)
{
    uint8_t solicited = req->iu[IU_SOLICITED], tag[8], result = manage_task(vscsi, req);

    memcpy(tag, req->iu + IU_TAG, 8);
    memset(req->iu, 0, RSP_SIZE + 4);
    req->iu[0] = SRP_RSP;
    req->iu[IU_SOLICITED] = solicited >> (result ? 2 : 1) & 1;
    stl_be_p(req->iu + RSP_LIMIT_DELTA, 1);
    memcpy(req->iu + IU_TAG, tag, 8);
    req->iu[RSP_FLAGS] = RSP_VALID;
    stl_be_p(req->iu + RSP_DATA_LENGTH, 4);
    req->iu[RSP_SIZE + 3] = result;
    vscsi_send_iu(vscsi, req, RSP_SIZE + 4, VSCSI_FORMAT_SRP);
}

bool vscsi_handle_srp(SpaprVscsi *vscsi, VscsiRequest *req)
{
    switch (req->iu[0]) {
    case SRP_LOGIN_REQ:
        login(vscsi, req);
        return true;
    case SRP_TASK_MANAGEMENT:
        task_management(vscsi, req);
        return true;
    case SRP_COMMAND:
        return start_command(vscsi, req);
    default:
        log_mask(LOG_GUEST_ERROR, "vscsi@%x: information unit of type 0x%02x\n", vscsi->parent.reg,
                 req->iu[0]);
        return true;
    }
}

/* ---- State ---- */

/* The message as QEMU has it in memory: its numbers are in the order of the host, which is
 * little-endian. */
static void swap_message(uint8_t *crq)
{
    stw_le_p(crq + 4, lduw_be_p(crq + 4));
    stw_le_p(crq + 6, lduw_be_p(crq + 6));
    stq_le_p(crq + 8, ldq_be_p(crq + 8));
}

void vscsi_set_message(VscsiRequest *req, const uint8_t message[VIO_MESSAGE_SIZE])
{
    memcpy(req->wire_crq, message, VIO_MESSAGE_SIZE);
    swap_message(req->wire_crq);
    req->iu_address = ldq_be_p(message + 8);
}

static bool request_post_load(void *opaque, int version, GError **errp)
{
    VscsiRequest *req = opaque;

    /* A response has to hold them. */
    if (req->sense_len > VSCSI_IU_SIZE - RSP_SIZE || !req->active) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "spapr_vscsi_req: %u bytes of sense data, %sactive",
                  req->sense_len, req->active ? "" : "not ");
        return false;
    }
    req->iu_address = ldq_le_p(req->wire_crq + 8);
    req->cursor = req->cursor_index = 0;
    req->moved = 0;
    return true;
}

const VMStateDescription vmstate_vscsi_request = {
    .name = "spapr_vscsi_req",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = request_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(wire_crq, VscsiRequest),
        VMSTATE_BUFFER(iu, VscsiRequest),
        VMSTATE_UINT32(tag, VscsiRequest),
        VMSTATE_BOOL(active, VscsiRequest),
        VMSTATE_UINT32(data_len, VscsiRequest),
        VMSTATE_BOOL(writing, VscsiRequest),
        VMSTATE_UINT32(sense_len, VscsiRequest),
        VMSTATE_BUFFER(sense, VscsiRequest),
        VMSTATE_UINT8(descriptor_format, VscsiRequest),
        VMSTATE_UINT16(local_descriptors, VscsiRequest),
        VMSTATE_UINT16(total_descriptors, VscsiRequest),
        VMSTATE_UINT16(cdb_offset, VscsiRequest),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("iu_address", "cursor", "moved", "cursor_index"),
    .host_only = VMSTATE_NAMES("scsi"),
    VMSTATE_STRUCT_AUDIT(VscsiRequest),
};

/* In a stream data_len is what is left; here it stays the whole. */
static bool save_request(StateStream *s, ScsiRequest *scsi, GError **errp)
{
    VscsiRequest copy = *(VscsiRequest *)scsi->hba;

    copy.data_len -= (uint32_t)MIN(scsi->saved_position, copy.data_len);
    return vmstate_save(s, &vmstate_vscsi_request, &copy, errp);
}

/* What the stream says twice must agree: a direction of its own would move what nobody has put
 * there. */
static bool request_fits(const VscsiRequest *req, const ScsiRequest *scsi, GError **errp)
{
    if (req->tag != scsi->tag) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "spapr_vscsi: request %u says that it is request %u",
                  scsi->tag, req->tag);
        return false;
    }
    if (req->writing != (scsi->cmd.direction == SCSI_TO_DEVICE)) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "spapr_vscsi: request %u moves data the wrong way",
                  scsi->tag);
        return false;
    }
    return true;
}

static bool load_request(StateStream *s, ScsiRequest *scsi, GError **errp)
{
    SpaprVscsi *vscsi = adapter_of(scsi);
    uint32_t tag = scsi->tag;
    VscsiRequest *req = tag < VSCSI_SLOTS ? &vscsi->requests[tag] : NULL;

    if (!req || req->active) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "spapr_vscsi: request %u is %s", tag,
                  req ? "there twice" : "beyond the queue");
        return false;
    }
    if (!vmstate_load(s, &vmstate_vscsi_request, req, 1, errp) || !request_fits(req, scsi, errp)) {
        memset(req, 0, sizeof(*req));
        req->tag = tag;
        return false;
    }
    req->data_len = (uint32_t)scsi->cmd.transfer;
    scsi->hba = req;
    req->scsi = scsi;
    scsi_request_ref(scsi);
    return true;
}

const ScsiBusOps vscsi_bus_ops = {
    .tagged_queue = true,
    .max_channel = 7,
    .max_target = 63,
    .max_lun = 31,
    .transfer_data = vscsi_transfer,
    .complete = vscsi_complete,
    .cancelled = vscsi_cancelled,
    .save_request = save_request,
    .load_request = load_request,
    .firmware_node = vscsi_firmware_node,
};
