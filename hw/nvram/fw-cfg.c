/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fw_cfg behind memory: the interface between a QEMU-compatible machine and its firmware
 * (docs/specs/fw_cfg of QEMU).  Writing an item's number to the selector starts it from its first
 * byte; each read of the data register yields the next, zeros behind the end. Left out: DMA, which
 * the Macs' firmware does not use, and writing items.
 */
#include <string.h>
#include "hw/nvram/fw-cfg.h"
#include "migration/vmstate.h"
#include "util/bswap.h"
#include "util/error.h"

#define SELECTOR_SIZE 2u
#define ARCHITECTURE 0x8000u
#define WRITE_CHANNEL 0x4000u
#define N_ITEMS 0x30u                   /* of each kind */
#define FIRST_FILE 0x20u
#define MAX_FILES (N_ITEMS - FIRST_FILE)
#define NAME_SIZE 56u
#define INVALID 0xffffu
#define INTERFACE_VERSION 1u            /* no DMA */

typedef struct FwCfgItem {
    uint8_t *data;
    uint32_t size;
} FwCfgItem;

typedef struct FwCfg {
    DeviceState parent;
    /* immutable: set up before the guest runs */
    FwCfgItem items[2][N_ITEMS];        /* generic, of the architecture */
    unsigned n_files;
    MemoryRegion selector, data;
    /* saved */
    uint16_t cur_entry;
    uint32_t cur_offset;
} FwCfg;

static FwCfgItem *item_of(FwCfg *fw, uint16_t key)
{
    unsigned index = key & ~(ARCHITECTURE | WRITE_CHANNEL);

    return index < N_ITEMS ? &fw->items[!!(key & ARCHITECTURE)][index] : NULL;
}

static uint64_t selector_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void selector_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    FwCfg *fw = opaque;

    fw->cur_entry = item_of(fw, (uint16_t)value) ? (uint16_t)value : INVALID;
    fw->cur_offset = 0;
}

static uint64_t data_read(void *opaque, hwaddr addr, unsigned size)
{
    FwCfg *fw = opaque;
    const FwCfgItem *item = fw->cur_entry == INVALID ? NULL : item_of(fw, fw->cur_entry);

    if (!item || fw->cur_offset >= item->size) {
        return 0;
    }
    return item->data[fw->cur_offset++];
}

static void data_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    /* Items are read-only. */
}

static const MemoryRegionOps selector_ops = {
    .read = selector_read,
    .write = selector_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 2, .max_access_size = 2},
    .impl = {.min_access_size = 2, .max_access_size = 2},
};

static const MemoryRegionOps data_ops = {
    .read = data_read,
    .write = data_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
    .impl = {.min_access_size = 1, .max_access_size = 1},
};

/* ---- Items ---- */

void fw_cfg_set_bytes(DeviceState *dev, uint16_t key, const void *data, uint32_t size)
{
    FwCfgItem *item = item_of((FwCfg *)dev, key);

    g_assert(item && !(key & WRITE_CHANNEL));
    g_free(item->data);
    item->data = g_memdup2(data, size);
    item->size = size;
}

void fw_cfg_set16(DeviceState *dev, uint16_t key, uint16_t value)
{
    uint8_t bytes[2];

    stw_le_p(bytes, value);
    fw_cfg_set_bytes(dev, key, bytes, sizeof(bytes));
}

void fw_cfg_set32(DeviceState *dev, uint16_t key, uint32_t value)
{
    uint8_t bytes[4];

    stl_le_p(bytes, value);
    fw_cfg_set_bytes(dev, key, bytes, sizeof(bytes));
}

void fw_cfg_set64(DeviceState *dev, uint16_t key, uint64_t value)
{
    uint8_t bytes[8];

    stq_le_p(bytes, value);
    fw_cfg_set_bytes(dev, key, bytes, sizeof(bytes));
}

/* The directory: a count, then size, key, two bytes of nothing and name of each file; big-endian.
 */
bool fw_cfg_add_file(DeviceState *dev, const char *name, const void *data, uint32_t size,
                     GError **errp)
{
    FwCfg *fw = (FwCfg *)dev;
    FwCfgItem *directory = item_of(fw, FW_CFG_FILE_DIR);
    uint32_t old = MAX(directory->size, 4), entry_size = 8 + NAME_SIZE;
    uint8_t *entry;

    if (strlen(name) >= NAME_SIZE || fw->n_files == MAX_FILES) {
        error_setg(errp, "fw_cfg: no room for file '%s' (%u files, names of %u bytes)", name,
                   MAX_FILES, NAME_SIZE - 1);
        return false;
    }
    directory->data = g_realloc(directory->data, old + entry_size);
    directory->size = old + entry_size;
    entry = directory->data + old;
    memset(entry, 0, entry_size);
    stl_be_p(directory->data, fw->n_files + 1);
    stl_be_p(entry, size);
    stw_be_p(entry + 4, (uint16_t)(FIRST_FILE + fw->n_files));
    memcpy(entry + 8, name, strlen(name));
    fw_cfg_set_bytes(dev, (uint16_t)(FIRST_FILE + fw->n_files), data, size);
    fw->n_files++;
    return true;
}

/* ---- Life ---- */

static void fw_cfg_reset(void *obj, ResetType type)
{
    FwCfg *fw = obj;

    fw->cur_entry = FW_CFG_SIGNATURE;
    fw->cur_offset = 0;
}

/* Reading is checked at each byte, so that any offset will do; a number of no item is none. */
static bool fw_cfg_post_load(void *opaque, int version, GError **errp)
{
    FwCfg *fw = opaque;

    if (fw->cur_entry != INVALID && !item_of(fw, fw->cur_entry)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "fw_cfg: there is no item 0x%x",
                    fw->cur_entry);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_fw_cfg = {
    .name = "fw_cfg",
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = fw_cfg_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT16(cur_entry, FwCfg),
        VMSTATE_UINT32(cur_offset, FwCfg),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("items", "n_files", "selector", "data"),
    VMSTATE_STRUCT_AUDIT(FwCfg),
};

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *fw = (FwCfg *)obj;

    for (unsigned kind = 0; kind < 2; kind++) {
        for (unsigned i = 0; i < N_ITEMS; i++) {
            g_free(fw->items[kind][i].data);
        }
    }
}

static bool fw_cfg_realize(DeviceState *dev, GError **errp)
{
    FwCfg *fw = (FwCfg *)dev;

    memory_region_init_io(&fw->selector, dev, &selector_ops, dev, "fwcfg.ctl", SELECTOR_SIZE);
    memory_region_init_io(&fw->data, dev, &data_ops, dev, "fwcfg.data", 1);
    fw_cfg_set_bytes(dev, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_set32(dev, FW_CFG_ID, INTERFACE_VERSION);
    fw_cfg_set_bytes(dev, FW_CFG_FILE_DIR, "\0\0\0\0", 4);
    return true;
}

const DeviceClass fw_cfg_mem_class = {
    .name = "fw_cfg_mem",
    .parent = &device_class.object,
    .description = "firmware configuration",
    .instance_size = sizeof(FwCfg),
    .instance_finalize = fw_cfg_finalize,
    .bus = &system_bus_class,
    .vmstate = &vmstate_fw_cfg,
    .realize = fw_cfg_realize,
    .reset = {.hold = fw_cfg_reset},
};

DeviceState *fw_cfg_create(MemoryRegion *system_memory, uint64_t address, GError **errp)
{
    DeviceState *dev = device_new_class(&fw_cfg_mem_class);
    FwCfg *fw = (FwCfg *)dev;

    if (!device_realize_and_unref(dev, NULL, errp)) {
        return NULL;
    }
    /* Macs have it inside the window to PCI. */
    memory_region_add_subregion_overlap(system_memory, address, &fw->selector, 1);
    memory_region_add_subregion_overlap(system_memory, address + SELECTOR_SIZE, &fw->data, 1);
    return dev;
}
