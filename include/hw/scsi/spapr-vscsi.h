/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spapr-vscsi: the virtual SCSI adapter of the sPAPR platform. Device lock for everything. */
#ifndef HW_SCSI_SPAPR_VSCSI_H
#define HW_SCSI_SPAPR_VSCSI_H

#include "hw/core/vio.h"
#include "hw/scsi/scsi.h"

extern const VioDeviceClass spapr_vscsi_vio_class;

ScsiBus *spapr_vscsi_bus(DeviceState *dev);

#endif
