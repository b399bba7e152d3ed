/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IDE bus: registers of the command block that both drives hear, the data register, device
 * control, resets. ATA/ATAPI-7 volume 1, 5.6 to 6, volume 2, 9.
 */
#include <string.h>
#include "ide-internal.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

static bool anybody(const IdeBus *bus)
{
    return bus->drives[0].device || bus->drives[1].device;
}

/* ---- Ends of commands ---- */

void ide_raise_irq(IdeDrive *drive)
{
    IdeBus *bus = drive->bus;

    if (!(bus->cmd & IDE_NIEN)) {
        bus->ops->set_irq(bus->opaque, 1);
    }
}

void ide_start_pio(IdeDrive *drive, uint32_t size, IdePhase phase)
{
    drive->data_at = 0;
    drive->data_left = (int32_t)size;
    drive->phase = phase;
    drive->status |= IDE_DRQ;
}

void ide_stop_transfer(IdeDrive *drive)
{
    drive->data_at = drive->data_left = 0;
    drive->phase = IDE_PHASE_STOP;
    drive->status &= (uint8_t)~IDE_DRQ;
}

void ide_command_done(IdeDrive *drive)
{
    ide_stop_transfer(drive);
    drive->status = IDE_DRDY | IDE_DSC;
    ide_raise_irq(drive);
}

void ide_command_failed(IdeDrive *drive, uint8_t error)
{
    ide_stop_transfer(drive);
    drive->status = IDE_DRDY | IDE_ERR;
    drive->error = error;
    ide_raise_irq(drive);
}

/* ---- Resets ---- */

void ide_set_signature(IdeDrive *drive)
{
    drive->select &= (uint8_t)~IDE_DEVICE_HEAD;
    drive->nsector = drive->sector = 1;
    drive->lcyl = !drive->device ? 0xff : ide_is_cd(drive) ? 0x14 : 0;
    drive->hcyl = !drive->device ? 0xff : ide_is_cd(drive) ? 0xeb : 0;
}

void ide_cancel(IdeDrive *drive)
{
    IdeBus *bus = drive->bus;

    drive->aio_done = NULL;
    if (drive->aio) {
        blk_aio_cancel(drive->aio);
        blk_drain(ide_blk(drive));
    }
    if (drive->dma) {
        drive->dma = false;
        bus->ops->dma_done(bus->opaque);
    }
    if (bus->error_status && bus->retry_unit == drive - bus->drives) {
        bus->error_status = 0;
    }
}

void ide_reset_drive(IdeDrive *drive)
{
    ide_cancel(drive);
    drive->mult_sectors = IDE_MULTIPLE;
    drive->feature = drive->error = drive->sense_key = drive->asc = drive->ascq = drive->lba48 = 0;
    drive->hob_feature = drive->hob_sector = drive->hob_nsector = drive->hob_lcyl =
        drive->hob_hcyl = 0;
    drive->select = IDE_DEVICE_ONES;
    drive->status = IDE_DRDY | IDE_DSC;
    drive->cdrom_changed = 0;
    drive->req_nb_sectors = drive->elementary_transfer_size = drive->packet_transfer_size = 0;
    drive->data_at = drive->data_left = 0;
    drive->phase = IDE_PHASE_NONE;
    drive->dma_command = IDE_DMA_READ;
    drive->dma_left = drive->chunk_at = drive->chunk_size = drive->lba = drive->block_size =
        drive->byte_limit = 0;
    ide_set_signature(drive);
}

void ide_bus_reset(IdeBus *bus)
{
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        IdeDrive *drive = &bus->drives[i];

        ide_reset_drive(drive);
        drive->identify_set = 0;
        if (drive->device && !ide_is_cd(drive)) {
            blk_set_write_cache(ide_blk(drive), drive->device->default_wce);
        }
        drive->tray_open = drive->tray_locked = drive->new_media = drive->eject_request = false;
        drive->smart_enabled = drive->smart_autosave = 1;
        drive->smart_selftests = 0;
    }
    bus->cmd = bus->unit = bus->retry_unit = 0;
    bus->error_status = 0;
    bus->retry_sector_num = bus->retry_nsector = 0;
    bus->ops->set_irq(bus->opaque, 0);
}

/* SRST: both drives are busy as long as it is set, and then what they are after a reset. */
static void soft_reset(IdeBus *bus, bool on)
{
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        IdeDrive *drive = &bus->drives[i];

        if (on) {
            uint8_t changed = drive->cdrom_changed;

            ide_reset_drive(drive);
            drive->cdrom_changed = changed;
            drive->status = IDE_BSY | IDE_DSC;
        } else {
            ide_set_signature(drive);
            drive->status = ide_is_cd(drive) ? 0 : IDE_DRDY | IDE_DSC;
        }
        drive->error = 1;                       /* no fault found */
    }
    bus->unit = 0;
    bus->ops->set_irq(bus->opaque, 0);
}

/* ---- Command block and device control ---- */

static uint8_t status(const IdeBus *bus)
{
    const IdeDrive *drive = &bus->drives[bus->unit];

    return drive->device ? drive->status : 0;
}

uint8_t ide_read(IdeBus *bus, unsigned reg)
{
    const IdeDrive *drive = ide_selected(bus);
    bool previous = bus->cmd & IDE_HOB;

    if (!anybody(bus)) {
        return 0;
    }
    switch (reg) {
    case IDE_REG_ERROR:
        return !drive->device ? 0 : previous ? drive->hob_feature : drive->error;
    case IDE_REG_COUNT:
        return previous ? drive->hob_nsector : (uint8_t)drive->nsector;
    case IDE_REG_SECTOR:
        return previous ? drive->hob_sector : drive->sector;
    case IDE_REG_CYL_LOW:
        return previous ? drive->hob_lcyl : drive->lcyl;
    case IDE_REG_CYL_HIGH:
        return previous ? drive->hob_hcyl : drive->hcyl;
    case IDE_REG_DEVICE:
        return drive->select;
    default:
        bus->ops->set_irq(bus->opaque, 0);
        return status(bus);
    }
}

uint8_t ide_alternate_status(IdeBus *bus)
{
    return status(bus);
}

static void write_one(IdeDrive *drive, unsigned reg, uint8_t value)
{
    switch (reg) {
    case IDE_REG_FEATURE:
        drive->hob_feature = drive->feature;
        drive->feature = value;
        break;
    case IDE_REG_COUNT:
        drive->hob_nsector = (uint8_t)drive->nsector;
        drive->nsector = value;
        break;
    case IDE_REG_SECTOR:
        drive->hob_sector = drive->sector;
        drive->sector = value;
        break;
    case IDE_REG_CYL_LOW:
        drive->hob_lcyl = drive->lcyl;
        drive->lcyl = value;
        break;
    case IDE_REG_CYL_HIGH:
        drive->hob_hcyl = drive->hcyl;
        drive->hcyl = value;
        break;
    default:
        drive->select = value | IDE_DEVICE_ONES;
        break;
    }
}

void ide_write(IdeBus *bus, unsigned reg, uint8_t value)
{
    IdeDrive *drive = ide_selected(bus);

    bus->cmd &= (uint8_t)~IDE_HOB;
    if (reg == IDE_REG_COMMAND) {
        if (drive->device) {
            bus->ops->set_irq(bus->opaque, 0);
            ide_execute(drive, value);
        }
        return;
    }
    if (status(bus) & (IDE_BSY | IDE_DRQ)) {
        log_mask(LOG_GUEST_ERROR, "ide: register %u written while a command is under way\n", reg);
        return;
    }
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        write_one(&bus->drives[i], reg, value);
    }
    if (reg == IDE_REG_DEVICE) {
        bus->unit = (value & IDE_DEVICE_UNIT) != 0;
    }
}

void ide_control_write(IdeBus *bus, uint8_t value)
{
    if ((bus->cmd ^ value) & IDE_SRST) {
        soft_reset(bus, value & IDE_SRST);
    }
    bus->cmd = value;
}

/* ---- Data register ---- */

static void data_through(IdeDrive *drive)
{
    drive->status &= (uint8_t)~IDE_DRQ;
    switch (drive->phase) {
    case IDE_PHASE_READ:
        ide_pio_read_next(drive);
        break;
    case IDE_PHASE_WRITE:
        ide_pio_write_done(drive);
        break;
    case IDE_PHASE_STOP:
        ide_stop_transfer(drive);
        break;
    case IDE_PHASE_REPLY:
        ide_packet_next(drive);
        break;
    case IDE_PHASE_PACKET:
        ide_packet_execute(drive);
        break;
    default:
        break;
    }
}

/* Where the next bytes are, and how many of size; NULL: there is nothing to move in that direction.
 */
static uint8_t *data_place(IdeDrive *drive, bool to_drive, unsigned *size)
{
    bool wants = drive->phase == IDE_PHASE_WRITE || drive->phase == IDE_PHASE_PACKET;
    uint8_t *place = drive->buffer + drive->data_at;

    if (!drive->device || !(drive->status & IDE_DRQ) || drive->dma || drive->aio ||
        !drive->data_left || wants != to_drive) {
        log_mask(LOG_GUEST_ERROR, "ide: data register %s out of turn\n",
                 to_drive ? "written" : "read");
        return NULL;
    }
    *size = MIN(*size, (unsigned)drive->data_left);
    drive->data_at += (int32_t)*size;
    drive->data_left -= (int32_t)*size;
    return place;
}

uint32_t ide_data_read(IdeBus *bus, unsigned size)
{
    IdeDrive *drive = ide_selected(bus);
    const uint8_t *place = data_place(drive, false, &size);
    uint8_t bytes[4] = {0};

    if (!place) {
        return 0;
    }
    memcpy(bytes, place, size);
    if (!drive->data_left) {
        data_through(drive);
    }
    return ldl_le_p(bytes);
}

void ide_data_write(IdeBus *bus, uint32_t value, unsigned size)
{
    IdeDrive *drive = ide_selected(bus);
    uint8_t *place = data_place(drive, true, &size), bytes[4];

    if (!place) {
        return;
    }
    stl_le_p(bytes, value);
    memcpy(place, bytes, size);
    if (!drive->data_left) {
        data_through(drive);
    }
}

/* ---- Life ---- */

static void on_run_state(void *opaque, bool running, RunState state)
{
    IdeBus *bus = opaque;

    if (running && bus->error_status) {
        ide_retry(bus);
    }
}

static bool bus_plug(BusState *state, DeviceState *dev, GError **errp)
{
    IdeBus *bus = (IdeBus *)state;
    IdeDevice *device = (IdeDevice *)dev;

    if (device->unit < -1 || device->unit >= IDE_UNITS) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Can't create IDE unit %d, bus supports only %u units", device->unit, IDE_UNITS);
        return false;
    }
    if (device->unit < 0) {
        device->unit = bus->drives[0].device && !bus->drives[1].device;
    }
    if (bus->drives[device->unit].device) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "IDE unit %d is in use", device->unit);
        return false;
    }
    return true;
}

/* "disk@1" below the controller's node. */
static char *bus_firmware_node(DeviceState *dev)
{
    const IdeDevice *device = (IdeDevice *)dev;

    return g_strdup_printf("%s@%d", device->is_cd ? "cdrom" : "disk", device->unit);
}

const BusClass ide_bus_class = {
    .name = "IDE",
    .parent = &bus_class.object,
    .description = "IDE bus",
    .instance_size = sizeof(IdeBus),
    .max_devices = IDE_UNITS,
    .plug = bus_plug,
    .firmware_node = bus_firmware_node,
};

void ide_bus_init(IdeBus *bus, IdeDrive drives[IDE_UNITS], DeviceState *controller,
                  const IdeBusOps *ops, void *opaque)
{
    bus_init(&bus->parent, &ide_bus_class, controller, NULL);
    bus->ops = ops;
    bus->opaque = opaque;
    bus->drives = drives;
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        bus->drives[i].bus = bus;
        bus->drives[i].buffer = g_malloc0(IDE_BUFFER_SIZE);
    }
    bus->state_entry = vm_change_state_add(on_run_state, bus, 0);
    ide_bus_reset(bus);
}

void ide_bus_cleanup(IdeBus *bus)
{
    vm_change_state_remove(bus->state_entry);
    bus_unparent(&bus->parent);
    for (unsigned i = 0; i < IDE_UNITS; i++) {
        g_clear_pointer(&bus->drives[i].buffer, g_free);
    }
}
