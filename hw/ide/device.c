/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ide-hd and ide-cd: their properties, and drives of -drive if=ide.  Commands: ata.c, atapi.c. */
#include <string.h>
#include "ide-internal.h"
#include "hw/core/boot.h"
#include "hw/ide/macio-ide.h"
#include "util/error.h"

#define DEFAULT_VERSION "2.5+"
#define BLOCK_SIZE_LIMIT (2u << 20)
#define ATA_HEADS 16u
#define ATA_SECTORS 63u
#define ATA_CYLINDERS 16383u

static IdeDrive *place_of(IdeDevice *device)
{
    return &((IdeBus *)device->parent.parent_bus)->drives[device->unit];
}

static const BlockDeviceOps disk_ops;

static bool fail(GError **errp, const char *text)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "%s", text);
    return false;
}

/* ---- Realize ---- */

static bool choose_sizes(IdeDevice *device, GError **errp)
{
    uint64_t physical = device->physical_block_size;

    if (device->logical_block_size && device->logical_block_size != IDE_SECTOR) {
        return fail(errp, "logical_block_size must be 512 for IDE");
    }
    device->logical_block_size = IDE_SECTOR;
    if (!physical) {
        physical = IDE_SECTOR;
    }
    if (physical < IDE_SECTOR || physical > BLOCK_SIZE_LIMIT || (physical & (physical - 1))) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "physical_block_size takes a power of 2 from %u to %u, not '%" PRIu64 "'",
                  IDE_SECTOR, BLOCK_SIZE_LIMIT, physical);
        return false;
    }
    device->physical_block_size = physical;
    return true;
}

static bool choose_geometry(IdeDevice *device, GError **errp)
{
    if (!device->cylinders && !device->heads && !device->sectors) {
        BlockGeometry geometry;

        blk_get_geometry(device->blk, &geometry);
        if (geometry.heads > ATA_HEADS) {
            /* A DOS table for a PC's firmware, which told heads that there are not. */
            uint64_t cylinders = blk_sectors(device->blk) / (ATA_HEADS * ATA_SECTORS);

            geometry = (BlockGeometry){(uint32_t)CLAMP(cylinders, 1, ATA_CYLINDERS), ATA_HEADS,
                                       ATA_SECTORS};
        }
        device->cylinders = geometry.cylinders;
        device->heads = geometry.heads;
        device->sectors = geometry.sectors;
    }
    if (device->cylinders < 1 || device->cylinders > 65535) {
        return fail(errp, "cyls must be between 1 and 65535");
    }
    if (device->heads < 1 || device->heads > ATA_HEADS) {
        return fail(errp, "heads must be between 1 and 16");
    }
    if (device->sectors < 1 || device->sectors > 255) {
        return fail(errp, "secs must be between 1 and 255");
    }
    return true;
}

/* Serial numbers count the places for drives, whether there are drives or not. */
static unsigned serial_number(IdeDevice *device)
{
    const BusState *bus = device->parent.parent_bus;
    const char *dot = strrchr(bus->name, '.');
    unsigned number = dot ? (unsigned)g_ascii_strtoull(dot + 1, NULL, 10) : 0;

    return number * IDE_UNITS + (unsigned)device->unit + 1;
}

static void choose_names(IdeDevice *device)
{
    const DriveInfo *drive = blk_drive_info(device->blk);

    if (!device->serial) {
        device->serial = drive && drive->serial ? g_strdup(drive->serial)
                                                : g_strdup_printf("QM%05u", serial_number(device));
    }
    if (!device->model) {
        device->model = g_strdup(device->is_cd ? "QEMU DVD-ROM" : "QEMU HARDDISK");
    }
    if (!device->version) {
        device->version = g_strdup(DEFAULT_VERSION);
    }
}

enum { OOA_AUTO, OOA_ON, OOA_OFF };

static void apply_policies(IdeDevice *device)
{
    BlockBackend *blk = device->blk;

    blk_set_error_policy(
        blk, device->on_read ? (BlockErrorPolicy)device->on_read : blk_error_policy(blk, true),
        device->on_write ? (BlockErrorPolicy)device->on_write : blk_error_policy(blk, false));
    if (device->write_cache != OOA_AUTO) {
        blk_set_write_cache(blk, device->write_cache == OOA_ON);
    }
    device->default_wce = blk_write_cache(blk);
    blk_set_guest_block_size(blk, device->is_cd ? IDE_CD_BLOCK : IDE_SECTOR);
}

static bool realize(IdeDevice *device, GError **errp)
{
    DeviceState *dev = &device->parent;
    IdeDrive *place = place_of(device);

    if (device->on_read == BLOCK_ERROR_ENOSPC) {
        return fail(errp, "rerror=enospc: reading does not run out of space");
    }
    if (!choose_sizes(device, errp) || (!device->is_cd && !choose_geometry(device, errp)) ||
        !blk_attach_device(device->blk, OBJECT(dev), errp)) {
        return false;
    }
    choose_names(device);
    if (device->bootindex >= 0 && !boot_device_add(dev, device->bootindex, errp)) {
        blk_detach_device(device->blk, OBJECT(dev));
        return false;
    }
    device->attached = true;
    apply_policies(device);
    blk_set_device_ops(device->blk, device->is_cd ? &ide_cd_block_ops : &disk_ops, device);
    place->device = device;
    ide_reset_drive(place);
    return true;
}

static bool hd_realize(DeviceState *dev, GError **errp)
{
    IdeDevice *device = (IdeDevice *)dev;

    device->is_cd = false;
    if (!device->blk) {
        return fail(errp, "No drive specified");
    }
    if (!blk_is_inserted(device->blk)) {
        return fail(errp, "Device needs media, but drive is empty");
    }
    return realize(device, errp);
}

static bool cd_realize(DeviceState *dev, GError **errp)
{
    IdeDevice *device = (IdeDevice *)dev;

    device->is_cd = true;
    if (!device->blk) {
        /* An empty drive, whose medium comes later. */
        device->blk = blk_new(NULL, errp);
        if (!device->blk) {
            return false;
        }
    }
    return realize(device, errp);
}

static void unrealize(DeviceState *dev)
{
    IdeDevice *device = (IdeDevice *)dev;
    IdeDrive *place = place_of(device);

    boot_device_remove(dev);
    if (device->attached) {
        ide_reset_drive(place);
        place->device = NULL;
        ide_set_signature(place);
        device->attached = false;
        blk_detach_device(device->blk, OBJECT(dev));
    }
}

/* ---- State: the bus's ---- */

static bool never(void *opaque)
{
    return false;
}

static const VMStateDescription vmstate_ide_device = {
    .name = "ide-device",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = never,
    .fields =
        (const VMStateField[]){
            VMSTATE_END_OF_LIST(),
        },
    .immutable =
        VMSTATE_NAMES("unit", "blk", "serial", "model", "version", "wwn", "logical_block_size",
                      "physical_block_size", "min_io_size", "opt_io_size", "discard_granularity",
                      "cylinders", "heads", "sectors", "bios_translation", "on_read", "on_write",
                      "write_cache", "bootindex", "rotation_rate", "default_wce",
                      "is_cd"),
    .host_only = VMSTATE_NAMES("attached"),
    VMSTATE_STRUCT_AUDIT(IdeDevice),
};

/* ---- Properties and classes ---- */

static const char *const policy_names[] = {"auto", "report", "ignore", "enospc", "stop", NULL};
static const char *const on_off_auto_names[] = {"auto", "on", "off", NULL};
static const char *const translation_names[] = {"auto", "none", "lba", "large", "rechs", NULL};

static const Property device_properties[] = {
    DEFINE_PROP_INT32("unit", IdeDevice, unit, -1, "0: master, 1: slave (-1: the first free one)"),
    DEFINE_PROP_DRIVE("drive", IdeDevice, blk, "drive or node of the medium"),
    DEFINE_PROP_STRING("serial", IdeDevice, serial, NULL, "serial number (20 characters)"),
    DEFINE_PROP_STRING("model", IdeDevice, model, NULL, "model (40 characters)"),
    DEFINE_PROP_STRING("ver", IdeDevice, version, NULL,
                       "version of the drive's firmware (8 characters)"),
    DEFINE_PROP_UINT64("wwn", IdeDevice, wwn, 0, "world-wide name"),
    DEFINE_PROP_SIZE("logical_block_size", IdeDevice, logical_block_size, 0,
                     "bytes of a sector: 512"),
    DEFINE_PROP_SIZE("physical_block_size", IdeDevice, physical_block_size, 0,
                     "bytes that are best written together (0: a sector)"),
    DEFINE_PROP_SIZE("min_io_size", IdeDevice, min_io_size, 0, "not told by ATA"),
    DEFINE_PROP_SIZE("opt_io_size", IdeDevice, opt_io_size, 0, "not told by ATA"),
    DEFINE_PROP_SIZE("discard_granularity", IdeDevice, discard_granularity, IDE_SECTOR,
                     "granularity of TRIM (0: none)"),
    DEFINE_PROP_INT32("bootindex", IdeDevice, bootindex, -1, "place in the boot order"),
    DEFINE_PROP_ENUM("write-cache", IdeDevice, write_cache, on_off_auto_names, OOA_AUTO,
                     "write cache (on, off, auto: as the drive has it)"),
    DEFINE_PROP_ENUM("rerror", IdeDevice, on_read, policy_names, 0, "policy for errors of reading"),
    DEFINE_PROP_ENUM("werror", IdeDevice, on_write, policy_names, 0,
                     "policy for errors of writing"),
    DEFINE_PROP_END_OF_LIST(),
};

static const Property hd_properties[] = {
    DEFINE_PROP_UINT32("cyls", IdeDevice, cylinders, 0, "cylinders (0: guessed)"),
    DEFINE_PROP_UINT32("heads", IdeDevice, heads, 0, "heads"),
    DEFINE_PROP_UINT32("secs", IdeDevice, sectors, 0, "sectors of a track"),
    DEFINE_PROP_ENUM("bios-chs-trans", IdeDevice, bios_translation, translation_names, 0,
                     "for PC firmware only"),
    DEFINE_PROP_UINT16("rotation_rate", IdeDevice, rotation_rate, 0,
                       "rotations a minute (1: none, 0: not told)"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass ide_device_class = {
    .name = "ide-device",
    .parent = &device_class.object,
    .description = "drive on an IDE bus",
    .instance_size = sizeof(IdeDevice),
    .properties = device_properties,
    .abstract = true,
    .bus = &ide_bus_class,
    .category = DEVICE_CATEGORY_STORAGE,
};

static const DeviceClass ide_hd_class = {
    .name = "ide-hd",
    .parent = &ide_device_class.object,
    .description = "virtual IDE disk",
    .instance_size = sizeof(IdeDevice),
    .properties = hd_properties,
    .category = DEVICE_CATEGORY_STORAGE,
    .user_creatable = true,
    .vmstate = &vmstate_ide_device,
    .realize = hd_realize,
    .unrealize = unrealize,
};

static const DeviceClass ide_cd_class = {
    .name = "ide-cd",
    .parent = &ide_device_class.object,
    .description = "virtual IDE CD-ROM",
    .instance_size = sizeof(IdeDevice),
    .category = DEVICE_CATEGORY_STORAGE,
    .user_creatable = true,
    .vmstate = &vmstate_ide_device,
    .realize = cd_realize,
    .unrealize = unrealize,
};

const DeviceClass *const hw_ide_device_classes[] = {&ide_cd_class, &ide_hd_class, &macio_ide_class,
                                                    NULL};

/* ---- -drive if=ide ---- */

bool ide_bus_claim_drives(IdeBus *bus, int number, GError **errp)
{
    for (int unit = 0; unit < IDE_UNITS; unit++) {
        BlockBackend *blk = drive_get(BLOCK_IF_IDE, number, unit);
        const DriveInfo *drive = blk ? blk_drive_info(blk) : NULL;
        DeviceState *dev;
        bool good;

        if (!drive) {
            continue;
        }
        dev = device_new_class(drive->is_cdrom ? &ide_cd_class : &ide_hd_class);
        object_ref(OBJECT(dev));
        good = object_property_set_int(OBJECT(dev), "unit", unit, errp) &&
               (!drive->serial ||
                object_property_set_str(OBJECT(dev), "serial", drive->serial, errp)) &&
               object_property_set_str(OBJECT(dev), "drive", blk_name(blk), errp) &&
               device_realize_and_unref(dev, &bus->parent, errp);
        if (!good) {
            error_prepend(errp, "-drive %s: ", blk_name(blk));
        }
        object_unref(OBJECT(dev));
        if (!good) {
            return false;
        }
    }
    return true;
}
