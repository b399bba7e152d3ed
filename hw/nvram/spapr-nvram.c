/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-nvram: 64 KiB that RTAS nvram-fetch and nvram-store read and write (LoPAR 7.3.1).  New
 * memory holds one empty partition, as its format (LoPAR 8, CHRP 8.4.1) demands: header of 16 bytes
 * with signature, checksum, length in 16-byte units and a name. Left out: a drive behind it;
 * contents last as long as the process, and through snapshots.
 */
#include <string.h>
#include "hw/nvram/fw-cfg.h"
#include "hw/nvram/mac-nvram.h"
#include "hw/nvram/spapr-nvram.h"
#include "migration/vmstate.h"

#define PARTITION_FREE 0x7f
#define PARTITION_SYSTEM 0x70
#define SYSTEM_PARTITION_SIZE 4096u

typedef struct SpaprNvram {
    VioDevice parent;
    /* immutable */
    uint32_t size;
    /* saved */
    uint8_t bytes[SPAPR_NVRAM_SIZE];
} SpaprNvram;

uint8_t *spapr_nvram_bytes(DeviceState *dev, uint32_t *size)
{
    SpaprNvram *nvram = (SpaprNvram *)dev;

    *size = sizeof(nvram->bytes);
    return nvram->bytes;
}

/* The checksum is the ones' complement style sum of the other header bytes. */
static void put_partition(uint8_t *at, uint8_t signature, uint32_t size, const char *name)
{
    unsigned sum;

    at[0] = signature;
    at[2] = size / 16 >> 8;
    at[3] = size / 16;
    memset(&at[4], 0, 12);
    memcpy(&at[4], name, MIN(strlen(name), 12));
    sum = at[0];
    for (unsigned i = 2; i < 16; i++) {
        sum += at[i];
        sum = (sum + (sum >> 8)) & 0xff;
    }
    at[1] = sum;
}

static bool nvram_realize(DeviceState *dev, GError **errp)
{
    SpaprNvram *nvram = (SpaprNvram *)dev;

    nvram->size = sizeof(nvram->bytes);
    put_partition(nvram->bytes, PARTITION_SYSTEM, SYSTEM_PARTITION_SIZE, "common");
    put_partition(nvram->bytes + SYSTEM_PARTITION_SIZE, PARTITION_FREE,
                  SPAPR_NVRAM_SIZE - SYSTEM_PARTITION_SIZE, "wwwwwwwwwwww");
    return true;
}

static const VMStateDescription vmstate_nvram = {
    .name = "spapr_nvram",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_EQUAL(size, SpaprNvram, "the NVRAM of both sides must have one size"),
        VMSTATE_BUFFER(bytes, SpaprNvram),
        VMSTATE_END_OF_LIST(),
    },
    /* QEMU's section has no bus part, and an NVRAM has no use for its signals and queue. */
    .immutable = VMSTATE_NAMES("parent"),
    VMSTATE_STRUCT_AUDIT(SpaprNvram),
};

const VioDeviceClass spapr_nvram_vio_class = {
    .device = {
        .name = "spapr-nvram",
        .parent = &vio_device_class.object,
        .description = "sPAPR non-volatile memory",
        .instance_size = sizeof(SpaprNvram),
        .category = DEVICE_CATEGORY_MISC,
        .user_creatable = true,
        .vmstate = &vmstate_nvram,
        .realize = nvram_realize,
    },
    .dt_name = "nvram",
    .dt_type = "nvram",
    .dt_compatible = "qemu,spapr-nvram",
};

bool spapr_nvram_is(const DeviceState *dev)
{
    return device_get_class(dev) == &spapr_nvram_vio_class.device;
}

const DeviceClass *const hw_nvram_device_classes[] = {&fw_cfg_mem_class, &mac_nvram_class,
                                                      &spapr_nvram_vio_class.device, NULL};
