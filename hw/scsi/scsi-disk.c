/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scsi-hd and scsi-cd: disks and optical drives, their properties, media and state.
 * Commands: scsi-disk-io.c (READ, WRITE), scsi-disk-command.c (all others), scsi-disk-pages.c and
 * scsi-disk-mmc.c (what they tell).
 */
#include <errno.h>
#include <string.h>
#include "scsi-disk.h"
#include "hw/core/boot.h"
#include "hw/scsi/spapr-vscsi.h"
#include "system/runtime.h"
#include "util/error.h"

#define DEFAULT_VERSION "2.5+"
#define DEFAULT_DISCARD_GRANULARITY 4096u
#define GRANULARITY_UNSET UINT32_MAX
#define BLOCK_SIZE_LIMIT (2u << 20)

/* ---- Medium ---- */

uint64_t scsi_disk_blocks(const ScsiDisk *disk)
{
    int64_t length = blk_length(disk->blk);

    return length > 0 ? (uint64_t)length / disk->dev.block_size : 0;
}

bool scsi_disk_range_good(const ScsiDisk *disk, uint64_t lba, uint64_t count)
{
    uint64_t blocks = scsi_disk_blocks(disk);

    return lba <= blocks && count <= blocks - lba;
}

void scsi_disk_set_tray(ScsiDisk *disk, bool open)
{
    if (disk->tray_open != open) {
        disk->tray_open = open;
        blk_tray_moved(disk->blk, open);
    }
}

void scsi_disk_set_write_cache(ScsiDisk *disk, bool on)
{
    disk->wce = on;
    blk_set_write_cache(disk->blk, on);
}

/* A new medium: the guest first hears of the loss of the old one, then of the new one. */
static void change_media(void *opaque, bool loaded)
{
    ScsiDisk *disk = opaque;

    disk->media_changed = loaded;
    scsi_disk_set_tray(disk, !loaded);
    scsi_device_set_attention(&disk->dev, SCSI_SENSE_UA_NO_MEDIUM);
    disk->media_event = true;
    disk->eject_request = false;
}

static void eject_request(void *opaque, bool force)
{
    ScsiDisk *disk = opaque;

    disk->eject_request = true;
    if (force) {
        disk->tray_locked = false;
    }
}

static bool is_tray_open(void *opaque)
{
    return ((ScsiDisk *)opaque)->tray_open;
}

static bool is_medium_locked(void *opaque)
{
    return ((ScsiDisk *)opaque)->tray_locked;
}

static void resized(void *opaque)
{
    ScsiDisk *disk = opaque;

    if (disk->dev.type == SCSI_TYPE_DISK) {
        scsi_device_set_attention(&disk->dev, SCSI_SENSE_CAPACITY_CHANGED);
    }
}

static const BlockDeviceOps removable_ops = {
    .change_media = change_media,
    .eject_request = eject_request,
    .is_tray_open = is_tray_open,
    .is_medium_locked = is_medium_locked,
    .resize = resized,
};
static const BlockDeviceOps fixed_ops = {.resize = resized};

static void attention_told(ScsiDevice *dev)
{
    ScsiDisk *disk = (ScsiDisk *)dev;

    if (disk->media_changed) {
        disk->media_changed = false;
        scsi_device_set_attention(dev, SCSI_SENSE_MEDIUM_CHANGED);
    }
}

/* ---- Requests ---- */

static const ScsiRequestOps *request_ops(ScsiDevice *dev, const ScsiCommand *command)
{
    return scsi_disk_io_direction(command->buf[0]) == SCSI_NO_DATA ? &scsi_disk_command_ops
                                                                   : &scsi_disk_io_ops;
}

static void disk_drain(ScsiDevice *dev)
{
    ScsiDisk *disk = (ScsiDisk *)dev;

    if (blk_in_flight(disk->blk)) {
        blk_drain(disk->blk);
    }
}

static void disk_reset(void *obj, ResetType type)
{
    ScsiDisk *disk = obj;

    scsi_device_purge(&disk->dev, SCSI_SENSE_RESET);
    disk->tray_locked = false;
    disk->tray_open = false;
    scsi_disk_set_write_cache(disk, disk->default_wce);
}

/* ---- Realize ---- */

static bool check_block_sizes(ScsiDisk *disk, GError **errp)
{
    const struct { const char *name; uint64_t size;
    } sizes[] = {
        {"logical_block_size", disk->logical_block_size},
        {"physical_block_size", disk->physical_block_size},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        uint64_t size = sizes[i].size;

        if (size && (size < SCSI_SECTOR || size > BLOCK_SIZE_LIMIT || (size & (size - 1)))) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "Property '%s.%s' takes a power of 2 from %u to %u, not '%" PRIu64 "'",
                      disk->dev.parent.object.class->name, sizes[i].name, SCSI_SECTOR,
                      BLOCK_SIZE_LIMIT, size);
            return false;
        }
    }
    return true;
}

static bool choose_block_sizes(ScsiDisk *disk, GError **errp)
{
    if (!check_block_sizes(disk, errp)) {
        return false;
    }
    disk->dev.block_size =
        disk->logical_block_size ? (uint32_t)disk->logical_block_size : SCSI_SECTOR;
    if (disk->dev.type == SCSI_TYPE_ROM) {
        disk->dev.block_size =
            disk->physical_block_size ? (uint32_t)disk->physical_block_size : 2048;
    }
    disk->logical_block_size = disk->logical_block_size ? disk->logical_block_size : SCSI_SECTOR;
    disk->physical_block_size =
        disk->physical_block_size ? disk->physical_block_size : disk->logical_block_size;
    if (disk->logical_block_size > disk->physical_block_size) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "logical_block_size > physical_block_size not supported");
        return false;
    }
    if (disk->min_io_size % disk->logical_block_size ||
        disk->opt_io_size % disk->logical_block_size) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "%s must be a multiple of logical_block_size",
                  disk->min_io_size % disk->logical_block_size ? "min_io_size" : "opt_io_size");
        return false;
    }
    if (disk->discard_granularity == GRANULARITY_UNSET) {
        disk->discard_granularity = MAX(disk->logical_block_size, DEFAULT_DISCARD_GRANULARITY);
    }
    if (disk->discard_granularity % disk->logical_block_size) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "discard_granularity must be a multiple of logical_block_size");
        return false;
    }
    return true;
}

static bool choose_geometry(ScsiDisk *disk, GError **errp)
{
    BlockGeometry geometry;

    if (disk->dev.type == SCSI_TYPE_ROM) {
        return true;
    }
    if (!disk->cylinders && !disk->heads && !disk->sectors) {
        blk_get_geometry(disk->blk, &geometry);
        disk->cylinders = geometry.cylinders;
        disk->heads = geometry.heads;
        disk->sectors = geometry.sectors;
    }
    if (disk->cylinders < 1 || disk->cylinders > 65535) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "cyls must be between 1 and 65535");
    } else if (disk->heads < 1 || disk->heads > 255) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "heads must be between 1 and 255");
    } else if (disk->sectors < 1 || disk->sectors > 255) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "secs must be between 1 and 255");
    } else {
        return true;
    }
    return false;
}

static const char *const policy_names[] = {"auto", "report", "ignore", "enospc", "stop", NULL};
static const char *const on_off_auto_names[] = {"auto", "on", "off", NULL};
enum { OOA_AUTO, OOA_ON, OOA_OFF };

static bool check_policies(const ScsiDisk *disk, GError **errp)
{
    if (disk->on_read == BLOCK_ERROR_ENOSPC) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "rerror=enospc: reading does not run out of space");
        return false;
    }
    return true;
}

/* The drive is ours by then: what another device has must not change. */
static void apply_policies(ScsiDisk *disk)
{
    BlockErrorPolicy on_read = blk_error_policy(disk->blk, true),
                     on_write = blk_error_policy(disk->blk, false);

    blk_set_error_policy(disk->blk, disk->on_read ? (BlockErrorPolicy)disk->on_read : on_read,
                         disk->on_write ? (BlockErrorPolicy)disk->on_write : on_write);
    disk->default_wce =
        disk->write_cache == OOA_AUTO ? blk_write_cache(disk->blk) : disk->write_cache == OOA_ON;
    scsi_disk_set_write_cache(disk, disk->default_wce);
    blk_set_guest_block_size(disk->blk, disk->dev.block_size);
}

static void choose_names(ScsiDisk *disk)
{
    const DriveInfo *drive = blk_drive_info(disk->blk);

    if (!disk->serial && drive && drive->serial) {
        disk->serial = g_strdup(drive->serial);
    }
    if (!disk->vendor) {
        disk->vendor = g_strdup("QEMU");
    }
    if (!disk->product) {
        disk->product = g_strdup(disk->dev.type == SCSI_TYPE_ROM ? "QEMU CD-ROM" : "QEMU HARDDISK");
    }
    if (!disk->version) {
        disk->version = g_strdup(DEFAULT_VERSION);
    }
    if (!disk->device_id) {
        disk->device_id = disk->serial ? g_strndup(disk->serial, 20)
                          : *blk_name(disk->blk) ? g_strdup(blk_name(disk->blk)) : NULL;
    }
}

static bool disk_realize(ScsiDisk *disk, GError **errp)
{
    DeviceState *dev = &disk->dev.parent;

    if (!disk->removable && !blk_is_inserted(disk->blk)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Device needs media, but drive is empty");
        return false;
    }
    if (!choose_block_sizes(disk, errp) || !choose_geometry(disk, errp) ||
        !check_policies(disk, errp)) {
        return false;
    }
    if (!blk_attach_device(disk->blk, OBJECT(dev), errp)) {
        return false;
    }
    choose_names(disk);
    if (disk->bootindex >= 0 && !boot_device_add(dev, disk->bootindex, errp)) {
        blk_detach_device(disk->blk, OBJECT(dev));
        return false;
    }
    disk->attached = true;
    apply_policies(disk);
    blk_set_device_ops(disk->blk, disk->removable ? &removable_ops : &fixed_ops, disk);
    scsi_device_realize(&disk->dev);
    return true;
}

static bool hd_realize(DeviceState *dev, GError **errp)
{
    ScsiDisk *disk = (ScsiDisk *)dev;

    disk->dev.type = SCSI_TYPE_DISK;
    if (!disk->blk) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "drive property not set");
        return false;
    }
    return disk_realize(disk, errp);
}

static bool cd_realize(DeviceState *dev, GError **errp)
{
    ScsiDisk *disk = (ScsiDisk *)dev;

    disk->dev.type = SCSI_TYPE_ROM;
    disk->removable = true;
    if (!disk->blk) {
        /* An empty drive, whose medium comes later. */
        disk->blk = blk_new(NULL, errp);
        if (!disk->blk) {
            return false;
        }
    }
    return disk_realize(disk, errp);
}

static void disk_unrealize(DeviceState *dev)
{
    ScsiDisk *disk = (ScsiDisk *)dev;

    scsi_device_unrealize(&disk->dev);
    boot_device_remove(dev);
    if (disk->attached) {
        disk->attached = false;
        blk_detach_device(disk->blk, OBJECT(dev));
    }
}

/* ---- State ---- */

static bool write_cache_needed(void *opaque)
{
    const ScsiDisk *disk = opaque;

    return vmstate_wire_is_own() && disk->wce != disk->default_wce;
}

/* Ours: in QEMU the choice of the guest is lost. */
static const VMStateDescription vmstate_write_cache = {
    .name = "scsi-disk/write-cache",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = write_cache_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(wce, ScsiDisk),
        VMSTATE_END_OF_LIST(),
    },
};

static bool disk_pre_load(void *opaque, GError **errp)
{
    ScsiDisk *disk = opaque;

    disk->wce = disk->default_wce;
    return true;
}

static bool disk_post_load(void *opaque, int version, GError **errp)
{
    ScsiDisk *disk = opaque;

    blk_set_write_cache(disk->blk, disk->wce);
    return true;
}

static const VMStateDescription vmstate_scsi_disk = {
    .name = "scsi-disk",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = disk_pre_load,
    .post_load = disk_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_STRUCT(dev, ScsiDisk, 0, vmstate_scsi_device, ScsiDevice),
            VMSTATE_BOOL(media_changed, ScsiDisk),
            VMSTATE_BOOL(media_event, ScsiDisk),
            VMSTATE_BOOL(eject_request, ScsiDisk),
            VMSTATE_BOOL(tray_open, ScsiDisk),
            VMSTATE_BOOL(tray_locked, ScsiDisk),
            VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_write_cache),
    .immutable = VMSTATE_NAMES(
        "blk", "serial", "vendor", "product", "version", "device_id", "wwn", "port_wwn",
        "port_index", "rotation_rate", "removable", "dpofua", "default_wce", "logical_block_size",
        "physical_block_size", "min_io_size", "opt_io_size", "discard_granularity",
        "max_unmap_size", "max_io_size", "scsi_version", "bootindex", "cylinders", "heads",
        "sectors", "on_read", "on_write", "write_cache"),
    .host_only = VMSTATE_NAMES("attached"),
    VMSTATE_STRUCT_AUDIT(ScsiDisk),
};

/* ---- Properties and classes ---- */

#define COMMON_PROPERTIES                                                                          \
    DEFINE_PROP_DRIVE("drive", ScsiDisk, blk, "drive or node of the medium"),                      \
        DEFINE_PROP_STRING("serial", ScsiDisk, serial, NULL, "serial number"),                     \
        DEFINE_PROP_STRING("vendor", ScsiDisk, vendor, NULL, "vendor of INQUIRY"),                 \
        DEFINE_PROP_STRING("product", ScsiDisk, product, NULL, "product of INQUIRY"),              \
        DEFINE_PROP_STRING("ver", ScsiDisk, version, NULL, "revision of INQUIRY"),                 \
        DEFINE_PROP_STRING("device_id", ScsiDisk, device_id, NULL, "identification in page 0x83"), \
        DEFINE_PROP_UINT64("wwn", ScsiDisk, wwn, 0, "world-wide name"),                            \
        DEFINE_PROP_UINT64("port_wwn", ScsiDisk, port_wwn, 0, "world-wide name of the port"),      \
        DEFINE_PROP_UINT16("port_index", ScsiDisk, port_index, 0, "relative port"),                \
        DEFINE_PROP_SIZE("logical_block_size", ScsiDisk, logical_block_size, 0,                    \
                         "bytes of a block (0: 512)"),                                             \
        DEFINE_PROP_SIZE("physical_block_size", ScsiDisk, physical_block_size, 0,                  \
                         "bytes that are best written together (0: a block)"),                     \
        DEFINE_PROP_SIZE("min_io_size", ScsiDisk, min_io_size, 0,                                  \
                         "granularity of the best transfers"),                                     \
        DEFINE_PROP_SIZE("opt_io_size", ScsiDisk, opt_io_size, 0, "size of the best transfers"),   \
        DEFINE_PROP_SIZE("discard_granularity", ScsiDisk, discard_granularity, GRANULARITY_UNSET,  \
                         "granularity of UNMAP (0: none)"),                                        \
        DEFINE_PROP_SIZE("max_io_size", ScsiDisk, max_io_size, INT32_MAX,                          \
                         "most bytes of a transfer"),                                              \
        DEFINE_PROP_INT32("scsi_version", ScsiDisk, scsi_version, 5, "version of INQUIRY"),        \
        DEFINE_PROP_BOOL("dpofua", ScsiDisk, dpofua, false,                                        \
                         "tell that DPO and FUA are supported"),                                   \
        DEFINE_PROP_INT32("bootindex", ScsiDisk, bootindex, -1, "place in the boot order"),        \
        DEFINE_PROP_ENUM("write-cache", ScsiDisk, write_cache, on_off_auto_names, OOA_AUTO,        \
                         "write cache (on, off, auto: as the drive has it)"),                      \
        DEFINE_PROP_ENUM("rerror", ScsiDisk, on_read, policy_names, 0,                             \
                         "policy for errors of reading"),                                          \
        DEFINE_PROP_ENUM("werror", ScsiDisk, on_write, policy_names, 0,                            \
                         "policy for errors of writing")

static const Property hd_properties[] = {
    COMMON_PROPERTIES,
    DEFINE_PROP_BOOL("removable", ScsiDisk, removable, false, "the medium can be taken out"),
    DEFINE_PROP_SIZE("max_unmap_size", ScsiDisk, max_unmap_size, 1u << 30,
                     "most bytes of an UNMAP"),
    DEFINE_PROP_UINT16("rotation_rate", ScsiDisk, rotation_rate, 0,
                       "rotations a minute (1: none, 0: not told)"),
    DEFINE_PROP_UINT32("cyls", ScsiDisk, cylinders, 0, "cylinders (0: guessed)"),
    DEFINE_PROP_UINT32("heads", ScsiDisk, heads, 0, "heads"),
    DEFINE_PROP_UINT32("secs", ScsiDisk, sectors, 0, "sectors of a track"),
    DEFINE_PROP_END_OF_LIST(),
};

static const Property cd_properties[] = {
    COMMON_PROPERTIES,
    DEFINE_PROP_END_OF_LIST(),
};

#define SCSI_DISK_CLASS(class_name, text, rows, realize_fn)                                        \
    {                                                                                              \
        .device =                                                                                  \
            {                                                                                      \
                .name = class_name,                                                                \
                .parent = &scsi_device_class.object,                                               \
                .description = text,                                                               \
                .instance_size = sizeof(ScsiDisk),                                                 \
                .properties = rows,                                                                \
                .category = DEVICE_CATEGORY_STORAGE,                                               \
                .user_creatable = true,                                                            \
                .hotpluggable = true,                                                              \
                .vmstate = &vmstate_scsi_disk,                                                     \
                .realize = realize_fn,                                                             \
                .unrealize = disk_unrealize,                                                       \
                .reset = {.hold = disk_reset},                                                     \
            },                                                                                     \
        .request_ops = request_ops, .drain = disk_drain, .attention_told = attention_told,         \
    }

static const ScsiDeviceClass scsi_hd_class =
    SCSI_DISK_CLASS("scsi-hd", "virtual SCSI disk", hd_properties, hd_realize);
static const ScsiDeviceClass scsi_cd_class =
    SCSI_DISK_CLASS("scsi-cd", "virtual SCSI CD-ROM", cd_properties, cd_realize);

const DeviceClass *const hw_scsi_device_classes[] = {
    &scsi_hd_class.device, &scsi_cd_class.device, &spapr_vscsi_vio_class.device, NULL,
};
