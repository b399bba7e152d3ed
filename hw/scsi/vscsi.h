/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of spapr-vscsi. */
#ifndef HW_SCSI_VSCSI_H
#define HW_SCSI_VSCSI_H

#include "hw/scsi/spapr-vscsi.h"

#define VSCSI_SLOTS 24u
#define VSCSI_IU_SIZE 256u       /* longest information unit */
enum { VSCSI_FORMAT_SRP = 1, VSCSI_FORMAT_MAD = 2 };

/* An information unit from its arrival to its answer. */
typedef struct VscsiRequest {
    /* saved, in the section of the unit that has the command */
    uint8_t
        wire_crq[VIO_MESSAGE_SIZE]; /* the message, with its numbers in the order of QEMU's host */
    uint8_t iu[VSCSI_IU_SIZE];
    uint32_t tag;                /* index of the slot */
    bool active;
    uint32_t data_len;           /* that is not moved yet */
    bool writing;                /* to the unit */
    uint32_t sense_len;
    uint8_t sense[SCSI_SENSE_SIZE];
    uint8_t descriptor_format;   /* of the direction's data buffer */
    uint16_t local_descriptors, total_descriptors;
    uint16_t cdb_offset;         /* of the descriptors, behind the fixed part of the command */
    /* derived */
    uint64_t iu_address;
    uint64_t cursor;             /* position in the data of the descriptor that comes next */
    uint64_t moved;              /* bytes */
    uint32_t cursor_index;
    /* host-only */
    ScsiRequest *scsi;
} VscsiRequest;

typedef struct SpaprVscsi {
    VioDevice parent;            /* first */
    VscsiRequest requests[VSCSI_SLOTS];
    ScsiBus *bus;
} SpaprVscsi;

/* Ends a request without an answer. */
void vscsi_put(VscsiRequest *req);
/* Writes the first `length` bytes of the unit back and tells the guest. */
void vscsi_send_iu(SpaprVscsi *vscsi, VscsiRequest *req, uint32_t length, uint8_t format);
/* vscsi-srp.c */
extern const ScsiBusOps vscsi_bus_ops;
extern const VMStateDescription vmstate_vscsi_request;
void vscsi_set_message(VscsiRequest *req, const uint8_t message[VIO_MESSAGE_SIZE]);
/* Ends all commands; when it returns nothing of them is under way. */
void vscsi_abort_all(SpaprVscsi *vscsi);
/* True: the request is over. */
bool vscsi_handle_srp(SpaprVscsi *vscsi, VscsiRequest *req);

#endif
