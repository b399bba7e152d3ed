/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of the IDE bus and its drives, as parts of a controller's section.
 *
 * QEMU's streams do not have all of a command that is in the middle of its data; what is missing is
 * in a subsection of our own ones.  From QEMU's, DMA of a disk begins anew, and packet commands
 * fail, which hosts repeat.
 */
#include <string.h>
#include "ide-internal.h"
#include "util/bswap.h"
#include "system/runtime.h"
#include "util/error.h"

#define MAX_SECTORS 65536u              /* of a command */

static bool failed(GError **errp, const char *what, int64_t value)
{
    error_set(errp, GOSSAMER_ERROR_STREAM, "ide_drive: %s is %" PRId64, what, value);
    return false;
}

/* ---- A drive ---- */

static bool pio_needed(void *opaque)
{
    const IdeDrive *drive = opaque;

    /* A packet command that waits to read more of its data has no DRQ. */
    return (drive->status & IDE_DRQ) || (drive->bus->error_status & IDE_RETRY_PIO) ||
           (vmstate_wire_is_own() && drive->packet_transfer_size);
}

static const VMStateDescription vmstate_pio = {
    .name = "ide_drive/pio_state",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = pio_needed,
    .fields = (const VMStateField[]){
        VMSTATE_INT32(req_nb_sectors, IdeDrive),
        VMSTATE_BUFFER_POINTER_UNSAFE(buffer, IdeDrive, 0, IDE_BUFFER_SIZE),
        VMSTATE_INT32(data_at, IdeDrive),
        VMSTATE_INT32(data_left, IdeDrive),
        VMSTATE_UINT8(phase, IdeDrive),
        VMSTATE_INT32(elementary_transfer_size, IdeDrive),
        VMSTATE_INT32(packet_transfer_size, IdeDrive),
        VMSTATE_END_OF_LIST(),
    },
};

static bool tray_needed(void *opaque)
{
    const IdeDrive *drive = opaque;

    return drive->tray_open || drive->tray_locked;
}

static const VMStateDescription vmstate_tray = {
    .name = "ide_drive/tray_state",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = tray_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(tray_open, IdeDrive),
        VMSTATE_BOOL(tray_locked, IdeDrive),
        VMSTATE_END_OF_LIST(),
    },
};

static bool events_needed(void *opaque)
{
    const IdeDrive *drive = opaque;

    return drive->new_media || drive->eject_request;
}

static const VMStateDescription vmstate_events = {
    .name = "ide_drive/atapi/gesn_state",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = events_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(new_media, IdeDrive),
        VMSTATE_BOOL(eject_request, IdeDrive),
        VMSTATE_END_OF_LIST(),
    },
};

static bool extra_needed(void *opaque)
{
    const IdeDrive *drive = opaque;
    const IdeBus *bus = drive->bus;

    return vmstate_wire_is_own() &&
           (drive->dma || drive->packet_transfer_size || drive->ascq || !drive->smart_enabled ||
            !drive->smart_autosave || drive->smart_selftests ||
            (bus->error_status && bus->retry_unit == drive - bus->drives));
}

static const VMStateDescription vmstate_extra = {
    .name = "ide_drive/extra",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extra_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(dma, IdeDrive),
        VMSTATE_UINT8(dma_command, IdeDrive),
        VMSTATE_UINT32(dma_left, IdeDrive),
        VMSTATE_UINT32(chunk_at, IdeDrive),
        VMSTATE_UINT32(chunk_size, IdeDrive),
        VMSTATE_UINT32(lba, IdeDrive),
        VMSTATE_UINT32(block_size, IdeDrive),
        VMSTATE_UINT16(byte_limit, IdeDrive),
        VMSTATE_UINT8(ascq, IdeDrive),
        VMSTATE_UINT8(smart_enabled, IdeDrive),
        VMSTATE_UINT8(smart_autosave, IdeDrive),
        VMSTATE_UINT8(smart_selftests, IdeDrive),
        VMSTATE_END_OF_LIST(),
    },
};

static bool identify_is_set(void *opaque, int version)
{
    return ((IdeDrive *)opaque)->identify_set != 0;
}

static bool drive_pre_load(void *opaque, GError **errp)
{
    IdeDrive *drive = opaque;

    memset(drive->identify_data, 0, sizeof(drive->identify_data));
    memset(drive->buffer, 0, IDE_BUFFER_SIZE);
    drive->req_nb_sectors = drive->data_at = drive->data_left = 0;
    drive->elementary_transfer_size = drive->packet_transfer_size = 0;
    drive->phase = IDE_PHASE_NONE;
    drive->tray_open = drive->tray_locked = drive->new_media = drive->eject_request = false;
    drive->dma = false;
    drive->dma_command = IDE_DMA_READ;
    drive->dma_left = drive->chunk_at = drive->chunk_size = drive->lba = drive->block_size =
        drive->byte_limit = 0;
    drive->ascq = drive->smart_selftests = 0;
    drive->smart_enabled = drive->smart_autosave = 1;
    return true;
}

/* Whose data these are: not every kind of drive can be everywhere. */
static bool phase_fits(const IdeDrive *drive)
{
    switch (drive->phase) {
    case IDE_PHASE_READ:
    case IDE_PHASE_WRITE:
        return drive->device && !ide_is_cd(drive);
    case IDE_PHASE_REPLY:
    case IDE_PHASE_PACKET:
        return ide_is_cd(drive);
    default:
        return true;
    }
}

static bool drive_post_load(void *opaque, int version, GError **errp)
{
    IdeDrive *drive = opaque;
    bool cd = ide_is_cd(drive);

    if (drive->phase >= IDE_PHASE_COUNT) {
        return failed(errp, "phase", drive->phase);
    }
    if (drive->data_at < 0 || drive->data_left < 0 || drive->data_at > (int32_t)IDE_BUFFER_SIZE ||
        drive->data_left > (int32_t)IDE_BUFFER_SIZE - drive->data_at) {
        return failed(errp, "data_left", drive->data_left);
    }
    if (drive->chunk_size > IDE_CHUNK || drive->chunk_at > drive->chunk_size) {
        return failed(errp, "chunk_size", drive->chunk_size);
    }
    if (drive->block_size && drive->block_size != IDE_CD_BLOCK &&
        drive->block_size != IDE_RAW_BLOCK) {
        return failed(errp, "block_size", drive->block_size);
    }
    if (drive->packet_transfer_size < 0) {
        return failed(errp, "packet_transfer_size", drive->packet_transfer_size);
    }
    if (drive->dma && (drive->dma_left < drive->chunk_size - drive->chunk_at ||
                       drive->dma_left > (cd ? (uint32_t)INT32_MAX : MAX_SECTORS * IDE_SECTOR))) {
        return failed(errp, "dma_left", drive->dma_left);
    }
    if (drive->dma_command >= IDE_DMA_COUNT ||
        (drive->dma && (!drive->device || cd != (drive->dma_command == IDE_DMA_ATAPI)))) {
        return failed(errp, "dma_command", drive->dma_command);
    }
    /* A disk's, which moves nothing to or from the host. */
    if (drive->dma_command == IDE_DMA_VERIFY && (!drive->device || cd || drive->dma)) {
        return failed(errp, "dma_command", drive->dma_command);
    }
    if (!phase_fits(drive)) {
        ide_stop_transfer(drive);
    }
    if (drive->dma) {
        drive->data_left = 0;
    }
    if (drive->device && !cd) {
        /* Word 85, if the guest has asked for it. */
        blk_set_write_cache(ide_blk(drive), drive->identify_set ? drive->identify_data[170] & 0x20
                                                                : drive->device->default_wce);
    }
    return true;
}

const VMStateDescription vmstate_ide_drive = {
    .name = "ide_drive",
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_load = drive_pre_load,
    .post_load = drive_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_INT32(mult_sectors, IdeDrive),
            VMSTATE_INT32(identify_set, IdeDrive),
            VMSTATE_BUFFER_TEST(identify_data, IdeDrive, identify_is_set),
            VMSTATE_UINT8(feature, IdeDrive),
            VMSTATE_UINT8(error, IdeDrive),
            VMSTATE_UINT32(nsector, IdeDrive),
            VMSTATE_UINT8(sector, IdeDrive),
            VMSTATE_UINT8(lcyl, IdeDrive),
            VMSTATE_UINT8(hcyl, IdeDrive),
            VMSTATE_UINT8(hob_feature, IdeDrive),
            VMSTATE_UINT8(hob_sector, IdeDrive),
            VMSTATE_UINT8(hob_nsector, IdeDrive),
            VMSTATE_UINT8(hob_lcyl, IdeDrive),
            VMSTATE_UINT8(hob_hcyl, IdeDrive),
            VMSTATE_UINT8(select, IdeDrive),
            VMSTATE_UINT8(status, IdeDrive),
            VMSTATE_UINT8(lba48, IdeDrive),
            VMSTATE_UINT8(sense_key, IdeDrive),
            VMSTATE_UINT8(asc, IdeDrive),
            VMSTATE_UINT8(cdrom_changed, IdeDrive),
            VMSTATE_END_OF_LIST(),
        },
    .subsections =
        VMSTATE_SUBSECTIONS(&vmstate_pio, &vmstate_tray, &vmstate_events, &vmstate_extra),
    .immutable = VMSTATE_NAMES("bus", "device"),
    .host_only = VMSTATE_NAMES("aio", "aio_done"),
    VMSTATE_STRUCT_AUDIT(IdeDrive),
};

/* ---- The bus ---- */

static bool error_needed(void *opaque)
{
    return ((IdeBus *)opaque)->error_status != 0;
}

static const VMStateDescription vmstate_error = {
    .name = "ide_bus/error",
    .version_id = 2,
    .minimum_version_id = 1,
    .needed = error_needed,
    .fields = (const VMStateField[]){
        VMSTATE_INT32(error_status, IdeBus),
        VMSTATE_INT64_V(retry_sector_num, IdeBus, 2),
        VMSTATE_UINT32_V(retry_nsector, IdeBus, 2),
        VMSTATE_UINT8_V(retry_unit, IdeBus, 2),
        VMSTATE_END_OF_LIST(),
    },
};

static bool bus_pre_load(void *opaque, GError **errp)
{
    IdeBus *bus = opaque;

    /* The bus comes before its drives. */
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        ide_cancel(&bus->drives[i]);
    }
    bus->error_status = 0;
    bus->retry_sector_num = bus->retry_nsector = bus->retry_unit = 0;
    return true;
}

static bool bus_post_load(void *opaque, int version, GError **errp)
{
    const IdeBus *bus = opaque;

    if (bus->unit >= IDE_UNITS || bus->retry_unit >= IDE_UNITS) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "ide_bus: unit %u is selected, unit %u repeats",
                  bus->unit, bus->retry_unit);
        return false;
    }
    return true;
}

const VMStateDescription vmstate_ide_bus = {
    .name = "ide_bus",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = bus_pre_load,
    .post_load = bus_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8(cmd, IdeBus),
        VMSTATE_UINT8(unit, IdeBus),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_error),
    .elsewhere = VMSTATE_NAMES("drives"),
    .immutable = VMSTATE_NAMES("ops", "opaque"),
    .host_only = VMSTATE_NAMES("state_entry"),
    VMSTATE_STRUCT_AUDIT(IdeBus),
};

void ide_bus_post_load(IdeBus *bus, bool dma)
{
    IdeDrive *drive = ide_selected(bus);

    if (!dma || drive->dma || !drive->device || !(drive->status & IDE_DRQ)) {
        return;
    }
    if (ide_is_cd(drive)) {
        ide_packet_lost(drive);
        return;
    }
    drive->dma = true;
    drive->dma_command = IDE_DMA_UNKNOWN;
    drive->dma_left = MIN(drive->nsector, MAX_SECTORS) * IDE_SECTOR;
    drive->data_left = 0;
    drive->chunk_at = drive->chunk_size = 0;
}
