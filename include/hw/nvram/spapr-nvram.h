/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spapr-nvram: the partition's non-volatile memory. Device lock for everything. */
#ifndef HW_NVRAM_SPAPR_NVRAM_H
#define HW_NVRAM_SPAPR_NVRAM_H

#include "hw/core/vio.h"

#define SPAPR_NVRAM_SIZE 65536u

extern const VioDeviceClass spapr_nvram_vio_class;
extern const DeviceClass *const hw_nvram_device_classes[];

bool spapr_nvram_is(const DeviceState *dev);
uint8_t *spapr_nvram_bytes(DeviceState *nvram, uint32_t *size);

#endif
