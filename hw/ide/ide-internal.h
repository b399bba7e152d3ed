/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the IDE bus and its drives. */
#ifndef HW_IDE_IDE_INTERNAL_H
#define HW_IDE_IDE_INTERNAL_H

#include "hw/ide/ide.h"

/* Bits of the error register. */
enum { IDE_ICRC = 0x80, IDE_UNC = 0x40, IDE_IDNF = 0x10, IDE_ABRT = 0x04 };
/* The device register. */
enum {
    IDE_DEVICE_ONES = 0xa0,
    IDE_DEVICE_LBA = 0x40,
    IDE_DEVICE_UNIT = 0x10,
    IDE_DEVICE_HEAD = 0x0f
};
/* Reasons of an interrupt, in the count register of packet commands. */
enum { IDE_REASON_COMMAND = 1, IDE_REASON_TO_HOST = 2, IDE_REASON_MASK = 7 };
/* error_status of a bus: what is done again. ATAPI has READ alone, as only it can. */
enum {
    IDE_RETRY_DMA = 0x08,
    IDE_RETRY_PIO = 0x10,
    IDE_RETRY_READ = 0x20,
    IDE_RETRY_FLUSH = 0x40,
    IDE_RETRY_TRIM = 0x80,
    IDE_RETRY_ATAPI = IDE_RETRY_READ
};

#define IDE_MULTIPLE 16u                /* most sectors of a DRQ block */
#define IDE_PACKET_SIZE 12u
#define IDE_CD_BLOCK 2048u
#define IDE_RAW_BLOCK 2352u
#define IDE_SERIAL_SIZE 20u
#define IDE_MODEL_SIZE 40u
#define IDE_VERSION_SIZE 8u

/* ide-hd and ide-cd. */
struct IdeDevice {
    DeviceState parent;                 /* first */
    /* immutable: properties and what follows from them */
    int32_t unit;
    BlockBackend *blk;
    char *serial, *model, *version;
    uint64_t wwn;
    uint64_t logical_block_size, physical_block_size, min_io_size, opt_io_size, discard_granularity;
    uint32_t cylinders, heads, sectors;
    int32_t bios_translation, on_read, on_write, write_cache, bootindex;
    uint16_t rotation_rate;
    bool default_wce;                   /* before the guest has said anything */
    bool is_cd;
    /* host-only */
    bool attached;
};

static inline bool ide_is_cd(const IdeDrive *drive)
{
    return drive->device && drive->device->is_cd;
}
static inline BlockBackend *ide_blk(const IdeDrive *drive)
{
    return drive->device->blk;
}
static inline IdeDrive *ide_selected(IdeBus *bus)
{
    return &bus->drives[bus->unit];
}

/* ---- bus.c ---- */
/* The drive's interrupt, unless the host has switched it off. */
void ide_raise_irq(IdeDrive *drive);
/* The data register gets size bytes of the buffer, and the host is told by DRQ. */
void ide_start_pio(IdeDrive *drive, uint32_t size, IdePhase phase);
/* No more data. */
void ide_stop_transfer(IdeDrive *drive);
/* The command is over: well; or with bits of the error register. With the interrupt. */
void ide_command_done(IdeDrive *drive);
void ide_command_failed(IdeDrive *drive, uint8_t error);
/* What tells disks and packet devices apart. */
void ide_set_signature(IdeDrive *drive);
/* Nothing is under way any more; waits for the host. */
void ide_cancel(IdeDrive *drive);
/* The registers of a drive after a reset, by hardware or software. */
void ide_reset_drive(IdeDrive *drive);

/* ---- io.c: the host's side ---- */
/* Bytes [at, at + size) of the medium into (out of) the drive's buffer, from its start. */
void ide_aio_read(IdeDrive *drive, uint64_t at, uint32_t size,
                  void (*done)(IdeDrive *drive, int ret));
void ide_aio_write(IdeDrive *drive, uint64_t at, uint32_t size,
                   void (*done)(IdeDrive *drive, int ret));
void ide_aio_discard(IdeDrive *drive, uint64_t at, uint64_t size,
                     void (*done)(IdeDrive *drive, int ret));
void ide_aio_flush(IdeDrive *drive, void (*done)(IdeDrive *drive, int ret));
/*
 * The host answered: false if there is nothing to complain about (or errors are to be ignored).
 * True: the machine has stopped, and does what `retry` says when it goes on; or *report is set: the
 * command fails.
 */
bool ide_io_failed(IdeDrive *drive, int ret, bool is_read, int retry, bool *report);
/* Starts the DMA of a command with that many bytes. */
void ide_dma_begin(IdeDrive *drive, IdeDmaCommand command, uint32_t size);
/* For those who fill (empty) the buffer: size bytes can be moved. */
void ide_dma_chunk(IdeDrive *drive, uint32_t size);
/* The command is over, well or not. */
void ide_dma_end(IdeDrive *drive);
/* The machine goes on: what waits for that is done again. */
void ide_retry(IdeBus *bus);

/* ---- ata.c, ata-io.c ---- */
void ide_execute(IdeDrive *drive, uint8_t command);
uint64_t ide_sectors(const IdeDrive *drive);
uint64_t ide_get_sector(const IdeDrive *drive);
void ide_set_sector(IdeDrive *drive, uint64_t sector);
/* Phases of PIO. */
void ide_pio_read_next(IdeDrive *drive);
void ide_pio_write_done(IdeDrive *drive);
/* The chunk of a disk's DMA command: filled; written. */
void ide_disk_dma_fill(IdeDrive *drive);
void ide_disk_dma_drain(IdeDrive *drive);
/* Commands. */
void ide_start_pio_read(IdeDrive *drive, bool ext, uint32_t block);
void ide_start_pio_write(IdeDrive *drive, bool ext, uint32_t block);
void ide_start_dma(IdeDrive *drive, bool ext, IdeDmaCommand command);
void ide_start_verify(IdeDrive *drive, bool ext);
void ide_start_flush(IdeDrive *drive);
void ide_start_trim(IdeDrive *drive);

/* ---- identify.c ---- */
/* Makes what the guest is told of the drive, unless it was told already. */
const uint8_t *ide_identify(IdeDrive *drive);
/* SET FEATURES: false: not known. */
bool ide_set_features(IdeDrive *drive);
/* SMART: false: refused. Else over, or data to read. */
bool ide_smart(IdeDrive *drive);

/* ---- atapi.c ---- */
void ide_packet_command(IdeDrive *drive);       /* PACKET: the drive wants one */
void ide_packet_execute(IdeDrive *drive);       /* it is in the buffer */
void ide_packet_next(IdeDrive *drive);          /* the host has read what it could */
void ide_packet_dma_fill(IdeDrive *drive);
void ide_packet_dma_done(IdeDrive *drive);
void ide_packet_retry(IdeDrive *drive);
/* A command that a stream does not tell all about: it fails. */
void ide_packet_lost(IdeDrive *drive);
extern const BlockDeviceOps ide_cd_block_ops;

#endif
