/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-vscsi: the virtual SCSI adapter of the sPAPR platform.  The guest sends messages through
 * its command queue (H_SEND_CRQ) that tell where an information unit lies: a SCSI RDMA protocol
 * unit or a management datagram. LoPAR 17.2.1 (command queues), 17.2.2 (virtual SCSI); SRP (INCITS
 * 365) 5 and 6. The SRP side, descriptors and their state: vscsi-srp.c. Left out: bidirectional
 * commands, asynchronous event reports, logging out.
 */
#include <libfdt.h>
#include <string.h>
#include "vscsi.h"
#include "util/bswap.h"
#include "util/log.h"

/* First bytes of messages. */
enum { MESSAGE_PAYLOAD = 0x80, MESSAGE_INIT = 0xc0, MESSAGE_TRANSPORT = 0xff };
enum { INIT_COMMAND = 1, INIT_COMPLETE = 2 };
enum { STATUS_OK = 0x00, STATUS_ADAPTER_FAIL = 0x10 };

/* Management datagrams: type, status, length and tag, then the address of a buffer. */
enum { MAD_TYPE = 0, MAD_STATUS = 4, MAD_LENGTH = 6, MAD_BUFFER = 16, MAD_SIZE = 24 };
enum { MAD_EMPTY_IU = 1, MAD_ERROR_LOG = 2, MAD_ADAPTER_INFO = 3, MAD_CAPABILITIES = 5 };
enum { MAD_SUCCESS = 0x00, MAD_NOT_SUPPORTED = 0xf1, MAD_FAILED = 0xf7 };
/* Reply to adapter information. */
enum {
    INFO_VERSION = 0,
    INFO_PARTITION = 8,
    INFO_MAD_VERSION = 108,
    INFO_OS = 112,
    INFO_MAX_TRANSFER = 116,
    INFO_SIZE = 148
};
#define OS_LINUX 2
#define MAX_TRANSFER (4096u << 9)
/* Capabilities: flags, name and location, then a row for migration and one for reservations. */
enum {
    CAPS_FLAGS = 0,
    CAPS_MIGRATION_SUPPORT = 74,
    CAPS_MIGRATION_ECL = 76,
    CAPS_RESERVE_SUPPORT = 86,
    CAPS_RESERVE_TYPE = 88,
    CAPS_SIZE = 92
};

/* ---- Requests ---- */

static VscsiRequest *take_slot(SpaprVscsi *vscsi)
{
    for (unsigned i = 0; i < VSCSI_SLOTS; i++) {
        VscsiRequest *req = &vscsi->requests[i];

        if (!req->active) {
            memset(req, 0, sizeof(*req));
            req->tag = i;
            req->active = true;
            return req;
        }
    }
    return NULL;
}

void vscsi_put(VscsiRequest *req)
{
    if (req->scsi) {
        req->scsi->hba = NULL;
        scsi_request_unref(g_steal_pointer(&req->scsi));
    }
    req->active = false;
}

void vscsi_send_iu(SpaprVscsi *vscsi, VscsiRequest *req, uint32_t length, uint8_t format)
{
    uint8_t message[VIO_MESSAGE_SIZE] = {MESSAGE_PAYLOAD, format};
    bool good = vio_dma_write(&vscsi->parent, req->iu_address, req->iu, length);

    message[3] = good ? STATUS_OK : STATUS_ADAPTER_FAIL;
    stw_be_p(message + 6, (uint16_t)length);
    memcpy(message + 8, req->iu + 8, 8);        /* the tag says which request this answers */
    if (!vio_crq_send(&vscsi->parent, message)) {
        log_mask(LOG_GUEST_ERROR, "vscsi@%x: no room for a response in the queue\n",
                 vscsi->parent.reg);
    }
}

/* ---- Management datagrams ---- */

static void send_mad(SpaprVscsi *vscsi, VscsiRequest *req, uint8_t status, uint32_t length)
{
    stw_be_p(req->iu + MAD_STATUS, status);
    vscsi_send_iu(vscsi, req, length, VSCSI_FORMAT_MAD);
}

static void adapter_info(SpaprVscsi *vscsi, VscsiRequest *req)
{
    uint8_t info[INFO_SIZE] = {0};
    uint32_t length = MIN(lduw_be_p(req->iu + MAD_LENGTH), INFO_SIZE);

    memcpy(info + INFO_VERSION, "16.a", 4);
    memcpy(info + INFO_PARTITION, "gossamer", 8);
    stl_be_p(info + INFO_MAD_VERSION, 1);
    stl_be_p(info + INFO_OS, OS_LINUX);
    stl_be_p(info + INFO_MAX_TRANSFER, MAX_TRANSFER);
    send_mad(vscsi, req,
             vio_dma_write(&vscsi->parent, ldq_be_p(req->iu + MAD_BUFFER), info, length)
                 ? MAD_SUCCESS
                 : MAD_FAILED,
             MAD_SIZE);
}

/* The guest says what it can; what we cannot is cleared. */
static void capabilities(SpaprVscsi *vscsi, VscsiRequest *req)
{
    uint8_t caps[CAPS_SIZE] = {0}, zero[64] = {0};
    uint32_t length = lduw_be_p(req->iu + MAD_LENGTH), known = MIN(length, CAPS_SIZE);
    uint64_t buffer = ldq_be_p(req->iu + MAD_BUFFER);
    bool good = vio_dma_read(&vscsi->parent, buffer, caps, known);

    stl_be_p(caps + CAPS_FLAGS, 0);
    stw_be_p(caps + CAPS_MIGRATION_SUPPORT, 0);
    stl_be_p(caps + CAPS_MIGRATION_ECL, 0);
    stw_be_p(caps + CAPS_RESERVE_SUPPORT, 0);
    stl_be_p(caps + CAPS_RESERVE_TYPE, 0);
    good = good && vio_dma_write(&vscsi->parent, buffer, caps, known);
    for (uint32_t at = known; good && at < length; at += sizeof(zero)) {
        good = vio_dma_write(&vscsi->parent, buffer + at, zero, MIN(length - at, sizeof(zero)));
    }
    send_mad(vscsi, req, good ? MAD_SUCCESS : MAD_FAILED, MAD_SIZE);
}

static void handle_mad(SpaprVscsi *vscsi, VscsiRequest *req)
{
    uint32_t type = ldl_be_p(req->iu + MAD_TYPE);

    switch (type) {
    case MAD_ADAPTER_INFO:
        adapter_info(vscsi, req);
        break;
    case MAD_CAPABILITIES:
        capabilities(vscsi, req);
        break;
    default:
        log_mask(LOG_UNIMP, "vscsi@%x: management datagram %u\n", vscsi->parent.reg, type);
        send_mad(vscsi, req, MAD_NOT_SUPPORTED, MAD_SIZE);
        break;
    }
}

/* ---- Messages ---- */

static bool handle_payload(SpaprVscsi *vscsi, const uint8_t *message)
{
    uint32_t length = lduw_be_p(message + 6);
    VscsiRequest *req;

    if (message[1] != VSCSI_FORMAT_SRP && message[1] != VSCSI_FORMAT_MAD) {
        log_mask(LOG_UNIMP, "vscsi@%x: payload of format 0x%x\n", vscsi->parent.reg, message[1]);
        return true;
    }
    if (length > VSCSI_IU_SIZE) {
        log_mask(LOG_GUEST_ERROR, "vscsi@%x: information unit of %u bytes\n", vscsi->parent.reg,
                 length);
        return true;
    }
    req = take_slot(vscsi);
    if (!req) {
        log_mask(LOG_GUEST_ERROR, "vscsi@%x: more requests than the login allows\n",
                 vscsi->parent.reg);
        return false;
    }
    vscsi_set_message(req, message);
    if (!vio_dma_read(&vscsi->parent, req->iu_address, req->iu, length)) {
        vscsi_put(req);
        return true;
    }
    if (message[1] == VSCSI_FORMAT_MAD) {
        handle_mad(vscsi, req);
        vscsi_put(req);
    } else if (vscsi_handle_srp(vscsi, req)) {
        vscsi_put(req);
    }
    return true;
}

static bool vscsi_receive(VioDevice *dev, const uint8_t *message)
{
    static const uint8_t init_complete[VIO_MESSAGE_SIZE] = {MESSAGE_INIT, INIT_COMPLETE};

    switch (message[0]) {
    case MESSAGE_INIT:
        if (message[1] == INIT_COMMAND) {
            vio_crq_send(dev, init_complete);
        }
        return true;
    case MESSAGE_PAYLOAD:
        return handle_payload((SpaprVscsi *)dev, message);
    case MESSAGE_TRANSPORT:
        return true;
    default:
        log_mask(LOG_GUEST_ERROR, "vscsi@%x: message 0x%02x 0x%02x\n", dev->reg, message[0],
                 message[1]);
        return true;
    }
}

/* The guest has closed the queue, perhaps to open another: its commands end with it. */
static void vscsi_closed(VioDevice *dev)
{
    vscsi_abort_all((SpaprVscsi *)dev);
}

/* ---- Device ---- */

/* The units have given up their requests: they are reset first. */
static void vscsi_reset(void *obj, ResetType type)
{
    SpaprVscsi *vscsi = obj;

    for (unsigned i = 0; i < VSCSI_SLOTS; i++) {
        vscsi_put(&vscsi->requests[i]);
        memset(&vscsi->requests[i], 0, sizeof(vscsi->requests[i]));
        vscsi->requests[i].tag = i;
    }
}

static bool vscsi_realize(DeviceState *dev, GError **errp)
{
    SpaprVscsi *vscsi = (SpaprVscsi *)dev;

    /* Without an id the address names it: "v-scsi@71000002.0". */
    g_autofree char *name = dev->id ? NULL : g_strdup_printf("v-scsi@%x.0", vscsi->parent.reg);

    vscsi->bus = scsi_bus_create(dev, &vscsi_bus_ops, name);
    return true;
}

static void vscsi_unrealize(DeviceState *dev)
{
    SpaprVscsi *vscsi = (SpaprVscsi *)dev;

    bus_unparent(&vscsi->bus->parent);
    vscsi->bus = NULL;
}

static bool vscsi_fdt(VioDevice *dev, void *fdt, int node)
{
    return fdt_setprop_cell(fdt, node, "#address-cells", 2) >= 0 &&
           fdt_setprop_cell(fdt, node, "#size-cells", 0) >= 0;
}

/* Requests are in the sections of the units that have them, and nothing else of ours outlives a
 * message. */
static const VMStateDescription vmstate_vscsi = {
    .name = "spapr_vscsi",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(parent, SpaprVscsi, 0, vmstate_vio_device, VioDevice),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("bus"),
    .elsewhere = VMSTATE_NAMES("requests"),
    .parts = VMSTATE_SUBSECTIONS(&vmstate_vscsi_request),
    VMSTATE_STRUCT_AUDIT(SpaprVscsi),
};

ScsiBus *spapr_vscsi_bus(DeviceState *dev)
{
    return ((SpaprVscsi *)dev)->bus;
}

const VioDeviceClass spapr_vscsi_vio_class = {
    .device = {
        .name = "spapr-vscsi",
        .parent = &vio_device_class.object,
        .description = "sPAPR virtual SCSI adapter",
        .instance_size = sizeof(SpaprVscsi),
        .category = DEVICE_CATEGORY_STORAGE,
        .user_creatable = true,
        .vmstate = &vmstate_vscsi,
        .realize = vscsi_realize,
        .unrealize = vscsi_unrealize,
        .reset = {.hold = vscsi_reset},
    },
    .dt_name = "v-scsi",
    .dt_type = "vscsi",
    .dt_compatible = "IBM,v-scsi",
    .dma_window = 0x10000000,
    .fdt = vscsi_fdt,
    .receive = vscsi_receive,
    .closed = vscsi_closed,
};
