/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg: what a machine tells its firmware, as numbered items that are read byte by byte.  The
 * interface is QEMU's (its docs/specs/fw_cfg): OpenBIOS expects it.  Device lock held.
 */
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include "hw/core/device.h"

/* Items. Numbers in them are little-endian. */
enum {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_MACHINE_ID = 0x06,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_KERNEL_CMDLINE = 0x09,
    FW_CFG_INITRD_ADDR = 0x0a,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_FILE_DIR = 0x19,
    /* Of the architecture. */
    FW_CFG_PPC_WIDTH = 0x8000,
    FW_CFG_PPC_HEIGHT,
    FW_CFG_PPC_DEPTH,
    FW_CFG_PPC_TBFREQ,
    FW_CFG_PPC_CLOCKFREQ,
    FW_CFG_PPC_IS_KVM,
    FW_CFG_PPC_KVM_HC,
    FW_CFG_PPC_KVM_PID,
    FW_CFG_PPC_NVRAM_ADDR,
    FW_CFG_PPC_BUSFREQ,
    FW_CFG_PPC_NVRAM_FLAT,
    FW_CFG_PPC_VIACONFIG,
};

extern const DeviceClass fw_cfg_mem_class;

/* Makes the device with the items every machine has; its registers are two: selector (2 bytes,
 * big-endian) at address, data (1 byte) right behind. */
DeviceState *fw_cfg_create(MemoryRegion *system_memory, uint64_t address, GError **errp);
/* A copy of data becomes the item; one that is there is replaced. */
void fw_cfg_set_bytes(DeviceState *dev, uint16_t key, const void *data, uint32_t size);
void fw_cfg_set16(DeviceState *dev, uint16_t key, uint16_t value);
void fw_cfg_set32(DeviceState *dev, uint16_t key, uint32_t value);
void fw_cfg_set64(DeviceState *dev, uint16_t key, uint64_t value);
/* A named file, in the directory too. name: at most 55 bytes, not there yet. */
bool fw_cfg_add_file(DeviceState *dev, const char *name, const void *data, uint32_t size,
                     GError **errp);

#endif
