/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the SCSI bus. */
#ifndef HW_SCSI_SCSI_INTERNAL_H
#define HW_SCSI_SCSI_INTERNAL_H

#include "hw/scsi/scsi.h"

/* scsi-target.c: who answers in a unit's place. */
extern const ScsiRequestOps scsi_ops_invalid_opcode, scsi_ops_invalid_field, scsi_ops_attention,
    scsi_ops_target;

/* scsi-bus.c, for requests that come in a stream: NULL if no unit could have it. */
ScsiRequest *scsi_request_new_loaded(ScsiDevice *dev, uint32_t tag, uint32_t lun,
                                     const uint8_t *cdb);
/* Its chunk is saved with it, and so is the adapter's place in that. */
bool scsi_request_keeps_chunk(const ScsiRequest *req);
/* Into the unit's list, without starting. */
void scsi_request_attach(ScsiRequest *req);

#endif
