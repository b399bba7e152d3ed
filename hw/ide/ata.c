/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of ATA and who knows which.  ATA/ATAPI-7 volume 1, 6; ATA-3 for the older numbers of
 * power management. Left out: host protected areas, security, streaming, overlap and queues, NCQ,
 * CompactFlash, READ and WRITE BUFFER, logs other than SMART's; drives that stand still spin up by
 * themselves and at once.
 */
#include "ide-internal.h"
#include "util/log.h"

enum { HD = 1, CD = 2 };

typedef struct CommandRow {
    uint8_t first, last;
    uint8_t kinds;
    void (*run)(IdeDrive *drive, uint8_t command);
} CommandRow;

static void do_nothing(IdeDrive *drive, uint8_t command)
{
    ide_command_done(drive);
}

static void refuse(IdeDrive *drive, uint8_t command)
{
    ide_command_failed(drive, IDE_ABRT);
}

/* ---- Data ---- */

static void read_sectors(IdeDrive *drive, uint8_t command)
{
    ide_start_pio_read(drive, command == 0x24, 1);
}

static void write_sectors(IdeDrive *drive, uint8_t command)
{
    ide_start_pio_write(drive, command == 0x34, 1);
}

static void read_multiple(IdeDrive *drive, uint8_t command)
{
    if (drive->mult_sectors <= 0) {
        refuse(drive, command);
    } else {
        ide_start_pio_read(drive, command == 0x29, (uint32_t)drive->mult_sectors);
    }
}

static void write_multiple(IdeDrive *drive, uint8_t command)
{
    if (drive->mult_sectors <= 0) {
        refuse(drive, command);
    } else {
        ide_start_pio_write(drive, command == 0x39, (uint32_t)drive->mult_sectors);
    }
}

static void set_multiple(IdeDrive *drive, uint8_t command)
{
    uint8_t n = (uint8_t)drive->nsector;

    if (n > IDE_MULTIPLE || (n & (n - 1))) {
        refuse(drive, command);
        return;
    }
    drive->mult_sectors = n;
    if (drive->identify_set) {
        /* Word 59. */
        drive->identify_data[118] = n;
        drive->identify_data[119] = n != 0;
    }
    ide_command_done(drive);
}

static void read_dma(IdeDrive *drive, uint8_t command)
{
    ide_start_dma(drive, command == 0x25, IDE_DMA_READ);
}

static void write_dma(IdeDrive *drive, uint8_t command)
{
    ide_start_dma(drive, command == 0x35, IDE_DMA_WRITE);
}

static void verify(IdeDrive *drive, uint8_t command)
{
    ide_start_verify(drive, command == 0x42);
}

static void flush(IdeDrive *drive, uint8_t command)
{
    ide_start_flush(drive);
}

static void trim(IdeDrive *drive, uint8_t command)
{
    ide_start_trim(drive);
}

static void seek(IdeDrive *drive, uint8_t command)
{
    drive->lba48 = 0;
    if (ide_get_sector(drive) >= ide_sectors(drive)) {
        ide_command_failed(drive, IDE_IDNF | IDE_ABRT);
    } else {
        ide_command_done(drive);
    }
}

static void native_max(IdeDrive *drive, uint8_t command)
{
    uint64_t sectors = ide_sectors(drive), last = sectors ? sectors - 1 : 0;

    drive->lba48 = command == 0x27;
    if (!drive->lba48) {
        last = MIN(last, 0xfffffff);
    }
    ide_set_sector(drive, last);
    ide_command_done(drive);
}

/* ---- What the drive is ---- */

static void identify(IdeDrive *drive, uint8_t command)
{
    memcpy(drive->buffer, ide_identify(drive), IDE_SECTOR);
    drive->status = IDE_DRDY | IDE_DSC;
    ide_start_pio(drive, IDE_SECTOR, IDE_PHASE_STOP);
    ide_raise_irq(drive);
}

/* The geometry that is assumed for addresses by cylinder: only the drive's own. */
static void set_geometry(IdeDrive *drive, uint8_t command)
{
    if ((uint8_t)drive->nsector != drive->device->sectors ||
        (drive->select & IDE_DEVICE_HEAD) + 1u != drive->device->heads) {
        log_mask(LOG_UNIMP, "ide: a geometry of %u heads, %u sectors\n",
                 (drive->select & IDE_DEVICE_HEAD) + 1u, (uint8_t)drive->nsector);
        refuse(drive, command);
    } else {
        ide_command_done(drive);
    }
}

static void features(IdeDrive *drive, uint8_t command)
{
    bool cache_off = drive->feature == 0x82 && !ide_is_cd(drive);

    if (!ide_set_features(drive)) {
        refuse(drive, command);
    } else if (cache_off) {
        /* Whoever switches the cache off wants what is in it to be safe. */
        ide_start_flush(drive);
    } else {
        ide_command_done(drive);
    }
}

static void smart(IdeDrive *drive, uint8_t command)
{
    if (!ide_smart(drive)) {
        refuse(drive, command);
    }
}

static void check_power(IdeDrive *drive, uint8_t command)
{
    drive->nsector = 0xff;                      /* active or idle */
    ide_command_done(drive);
}

/* Both drives do it, and answer together. */
static void diagnose(IdeDrive *drive, uint8_t command)
{
    IdeBus *bus = drive->bus;

    for (unsigned i = 0; i < IDE_UNITS; i++) {
        IdeDrive *one = &bus->drives[i];

        ide_stop_transfer(one);
        ide_set_signature(one);
        one->select &= (uint8_t)~IDE_DEVICE_UNIT;
        one->status = ide_is_cd(one) ? 0 : IDE_DRDY | IDE_DSC;
        one->error = 1;
    }
    bus->unit = 0;
    ide_raise_irq(drive);
}

/* ---- Packet devices ---- */

static void device_reset(IdeDrive *drive, uint8_t command)
{
    uint8_t select = drive->select, changed = drive->cdrom_changed;

    ide_reset_drive(drive);
    drive->select = select;
    drive->cdrom_changed = changed;
    ide_set_signature(drive);
    drive->status = 0;
    drive->error = 1;
}

static void packet(IdeDrive *drive, uint8_t command)
{
    if (drive->feature & 2) {
        refuse(drive, command);                 /* overlapped */
    } else {
        ide_packet_command(drive);
    }
}

static const CommandRow rows[] = {
    {0x06, 0x06, HD, trim},
    {0x08, 0x08, CD, device_reset},
    {0x10, 0x1f, HD, do_nothing},               /* RECALIBRATE */
    {0x20, 0x21, HD, read_sectors},
    {0x24, 0x24, HD, read_sectors},
    {0x25, 0x25, HD, read_dma},
    {0x27, 0x27, HD, native_max},
    {0x29, 0x29, HD, read_multiple},
    {0x30, 0x31, HD, write_sectors},
    {0x34, 0x34, HD, write_sectors},
    {0x35, 0x35, HD, write_dma},
    {0x39, 0x39, HD, write_multiple},
    {0x3c, 0x3c, HD, write_sectors},            /* and verify */
    {0x40, 0x42, HD, verify},
    {0x70, 0x7f, HD, seek},
    {0x90, 0x90, HD | CD, diagnose},
    {0x91, 0x91, HD, set_geometry},
    {0x94, 0x97, HD | CD, do_nothing},          /* STANDBY, IDLE */
    {0x98, 0x98, HD | CD, check_power},
    {0x99, 0x99, HD | CD, do_nothing},          /* SLEEP */
    {0xa0, 0xa0, CD, packet},
    {0xa1, 0xa1, CD, identify},
    {0xb0, 0xb0, HD, smart},
    {0xc4, 0xc4, HD, read_multiple},
    {0xc5, 0xc5, HD, write_multiple},
    {0xc6, 0xc6, HD, set_multiple},
    {0xc8, 0xc9, HD, read_dma},
    {0xca, 0xcb, HD, write_dma},
    {0xe0, 0xe3, HD | CD, do_nothing},
    {0xe5, 0xe5, HD | CD, check_power},
    {0xe6, 0xe6, HD | CD, do_nothing},
    {0xe7, 0xe7, HD | CD, flush},
    {0xea, 0xea, HD, flush},
    {0xec, 0xec, HD, identify},
    {0xef, 0xef, HD | CD, features},
    {0xf8, 0xf8, HD, native_max},
};

static const CommandRow *row_of(const IdeDrive *drive, uint8_t command)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (command >= rows[i].first && command <= rows[i].last) {
            return rows[i].kinds & (ide_is_cd(drive) ? CD : HD) ? &rows[i] : NULL;
        }
    }
    return NULL;
}

void ide_execute(IdeDrive *drive, uint8_t command)
{
    const CommandRow *row = row_of(drive, command);

    if ((drive->status & (IDE_BSY | IDE_DRQ)) && !(row && row->run == device_reset)) {
        log_mask(LOG_GUEST_ERROR, "ide: command 0x%02x while another one is under way\n", command);
        return;
    }
    log_mask(LOG_DEVICE,
             "ide: unit %u, command 0x%02x, feature 0x%02x, count %u, sector %" PRIu64 "\n",
             drive->bus->unit, command, drive->feature, drive->nsector, ide_get_sector(drive));
    /* A reset or a stream may have left a transfer of the command before. */
    ide_cancel(drive);
    drive->status = IDE_DRDY | IDE_BSY;
    drive->error = 0;
    drive->dma_command = IDE_DMA_READ;
    if (row) {
        row->run(drive, command);
        return;
    }
    /* IDENTIFY DEVICE and READ are how hosts find out that this is another kind of device. */
    if (ide_is_cd(drive) && (command == 0xec || command == 0x20)) {
        ide_set_signature(drive);
    }
    if (command) {
        log_mask(LOG_UNIMP, "ide: command 0x%02x\n", command);
    }
    refuse(drive, command);
}
