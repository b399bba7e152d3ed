/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of disks that move or look at sectors: READ and WRITE by PIO and DMA, VERIFY, FLUSH
 * CACHE, DATA SET MANAGEMENT.  ATA/ATAPI-7 volume 1, 6; ACS-3 7.5.
 *
 * The registers have the next sector and the count of those that are left, as in streams.
 */
#include <string.h>
#include "ide-internal.h"
#include "util/bswap.h"

#define HEADS_BITS 0xf
#define TRIM_ROW 8u

/* ---- Addresses ---- */

uint64_t ide_sectors(const IdeDrive *drive)
{
    return blk_sectors(ide_blk(drive));
}

uint64_t ide_get_sector(const IdeDrive *d)
{
    uint32_t low = d->sector | (uint32_t)d->lcyl << 8 | (uint32_t)d->hcyl << 16;

    if (!d->device || ide_is_cd(d)) {
        return low;
    }
    if (!(d->select & IDE_DEVICE_LBA)) {
        uint32_t cylinder = d->lcyl | (uint32_t)d->hcyl << 8;

        /* Sectors count from 1; 0 is nowhere. */
        return ((uint64_t)cylinder * d->device->heads + (d->select & HEADS_BITS)) *
                   d->device->sectors +
               d->sector - 1;
    }
    if (!d->lba48) {
        return low | (uint32_t)(d->select & HEADS_BITS) << 24;
    }
    return low |
           (uint64_t)(d->hob_sector | (uint32_t)d->hob_lcyl << 8 | (uint32_t)d->hob_hcyl << 16)
               << 24;
}

void ide_set_sector(IdeDrive *d, uint64_t at)
{
    if (!(d->select & IDE_DEVICE_LBA)) {
        uint32_t track = (uint32_t)(at / d->device->sectors), cylinder = track / d->device->heads;

        d->sector = (uint8_t)(at % d->device->sectors + 1);
        d->lcyl = (uint8_t)cylinder;
        d->hcyl = (uint8_t)(cylinder >> 8);
        d->select = (uint8_t)((d->select & ~HEADS_BITS) | track % d->device->heads);
        return;
    }
    d->sector = (uint8_t)at;
    d->lcyl = (uint8_t)(at >> 8);
    d->hcyl = (uint8_t)(at >> 16);
    if (d->lba48) {
        d->hob_sector = (uint8_t)(at >> 24);
        d->hob_lcyl = (uint8_t)(at >> 32);
        d->hob_hcyl = (uint8_t)(at >> 40);
    } else {
        d->select = (uint8_t)((d->select & ~HEADS_BITS) | (at >> 24 & HEADS_BITS));
    }
}

/* The count of a command, 0 meaning the most; false: failed, as the sectors are not all there. */
static bool take_range(IdeDrive *drive, bool ext, BlockStatKind kind)
{
    uint64_t sector, sectors = ide_sectors(drive);

    drive->lba48 = ext;
    drive->nsector &= 0xff;
    if (ext) {
        drive->nsector |= (uint32_t)drive->hob_nsector << 8;
        drive->nsector = drive->nsector ? drive->nsector : 65536;
    } else {
        drive->nsector = drive->nsector ? drive->nsector : 256;
    }
    sector = ide_get_sector(drive);
    if ((!(drive->select & IDE_DEVICE_LBA) && !drive->sector) || sector > sectors ||
        drive->nsector > sectors - sector) {
        blk_count_invalid(ide_blk(drive), kind);
        ide_command_failed(drive, IDE_IDNF | IDE_ABRT);
        return false;
    }
    return true;
}

/* ---- PIO ---- */

static uint32_t block_sectors(const IdeDrive *drive)
{
    uint32_t block = (uint32_t)CLAMP(drive->req_nb_sectors, 1, (int32_t)IDE_CHUNK_SECTORS);

    return MIN(block, drive->nsector);
}

static void advance(IdeDrive *drive, uint32_t n)
{
    n = MIN(n, drive->nsector);
    ide_set_sector(drive, ide_get_sector(drive) + n);
    drive->nsector -= n;
}

/* Errors that are told: a read says that the medium is bad, a write that it did not happen. */
static bool pio_failed(IdeDrive *drive, int ret, bool is_read, int retry)
{
    bool report;

    if (!ide_io_failed(drive, ret, is_read, retry, &report)) {
        return false;
    }
    if (report) {
        ide_command_failed(drive, is_read ? IDE_UNC : IDE_ABRT);
    }
    return true;
}

static void pio_read(IdeDrive *drive, int ret)
{
    uint32_t n = block_sectors(drive);

    if (pio_failed(drive, ret, true, IDE_RETRY_PIO | IDE_RETRY_READ)) {
        return;
    }
    if (ret < 0) {
        /* Ignored: the guest gets something, and always the same. */
        memset(drive->buffer, 0, n * IDE_SECTOR);
    }
    advance(drive, n);
    drive->status = IDE_DRDY | IDE_DSC;
    ide_start_pio(drive, n * IDE_SECTOR, IDE_PHASE_READ);
    ide_raise_irq(drive);
}

void ide_pio_read_next(IdeDrive *drive)
{
    uint32_t n = block_sectors(drive);

    if (!n) {
        ide_stop_transfer(drive);
        drive->status = IDE_DRDY | IDE_DSC;
        return;
    }
    drive->status = IDE_DRDY | IDE_DSC | IDE_BSY;
    drive->error = 0;
    ide_aio_read(drive, ide_get_sector(drive) * IDE_SECTOR, n * IDE_SECTOR, pio_read);
}

void ide_start_pio_read(IdeDrive *drive, bool ext, uint32_t block)
{
    if (take_range(drive, ext, BLOCK_STAT_READ)) {
        drive->req_nb_sectors = (int32_t)block;
        ide_pio_read_next(drive);
    }
}

static void pio_written(IdeDrive *drive, int ret)
{
    if (pio_failed(drive, ret, false, IDE_RETRY_PIO)) {
        return;
    }
    advance(drive, block_sectors(drive));
    if (!drive->nsector) {
        ide_command_done(drive);
        return;
    }
    drive->status = IDE_DRDY | IDE_DSC;
    ide_start_pio(drive, block_sectors(drive) * IDE_SECTOR, IDE_PHASE_WRITE);
    ide_raise_irq(drive);
}

void ide_pio_write_done(IdeDrive *drive)
{
    uint32_t n = block_sectors(drive);

    if (!n) {
        ide_command_done(drive);
        return;
    }
    drive->status = IDE_DRDY | IDE_DSC | IDE_BSY;
    ide_aio_write(drive, ide_get_sector(drive) * IDE_SECTOR, n * IDE_SECTOR, pio_written);
}

static bool may_write(IdeDrive *drive, BlockStatKind kind)
{
    if (blk_is_writable(ide_blk(drive))) {
        return true;
    }
    blk_count_invalid(ide_blk(drive), kind);
    ide_command_failed(drive, IDE_ABRT);
    return false;
}

void ide_start_pio_write(IdeDrive *drive, bool ext, uint32_t block)
{
    if (may_write(drive, BLOCK_STAT_WRITE) && take_range(drive, ext, BLOCK_STAT_WRITE)) {
        drive->req_nb_sectors = (int32_t)block;
        drive->status = IDE_DRDY | IDE_DSC;
        /* Without an interrupt: the host is expected to look. */
        ide_start_pio(drive, block_sectors(drive) * IDE_SECTOR, IDE_PHASE_WRITE);
    }
}

/* ---- DMA ---- */

static bool dma_failed(IdeDrive *drive, int ret, bool is_read, int retry)
{
    bool report;

    if (!ide_io_failed(drive, ret, is_read, retry | IDE_RETRY_DMA, &report)) {
        return false;
    }
    if (report) {
        ide_dma_end(drive);
        ide_command_failed(drive, is_read ? IDE_UNC : IDE_ABRT);
        drive->bus->ops->dma_ready(drive->bus->opaque);
    }
    return true;
}

static uint32_t chunk_sectors(const IdeDrive *drive)
{
    return MIN(drive->nsector, IDE_CHUNK_SECTORS);
}

static void dma_filled(IdeDrive *drive, int ret)
{
    uint32_t n = chunk_sectors(drive);

    if (dma_failed(drive, ret, true, IDE_RETRY_READ)) {
        return;
    }
    if (ret < 0) {
        memset(drive->buffer, 0, n * IDE_SECTOR);
    }
    advance(drive, n);
    ide_dma_chunk(drive, n * IDE_SECTOR);
    drive->bus->ops->dma_ready(drive->bus->opaque);
}

void ide_disk_dma_fill(IdeDrive *drive)
{
    if (!drive->nsector || !drive->dma_left) {
        ide_dma_end(drive);
        ide_command_done(drive);
        return;
    }
    ide_aio_read(drive, ide_get_sector(drive) * IDE_SECTOR, chunk_sectors(drive) * IDE_SECTOR,
                 dma_filled);
}

static void dma_next(IdeDrive *drive)
{
    if (!drive->dma_left) {
        ide_dma_end(drive);
        ide_command_done(drive);
    } else {
        drive->chunk_at = drive->chunk_size = 0;
    }
    drive->bus->ops->dma_ready(drive->bus->opaque);
}

static void dma_written(IdeDrive *drive, int ret)
{
    if (!dma_failed(drive, ret, false, 0)) {
        advance(drive, chunk_sectors(drive));
        dma_next(drive);
    }
}

/* ---- TRIM ---- */

/* Ranges of the chunk: 48 bits of a sector's number, 16 bits of a count. at: of the next one. */
static void trim_next(IdeDrive *drive);

static void trimmed(IdeDrive *drive, int ret)
{
    if (!dma_failed(drive, ret, false, IDE_RETRY_TRIM)) {
        trim_next(drive);
    }
}

static void trim_failed(IdeDrive *drive)
{
    blk_count_invalid(ide_blk(drive), BLOCK_STAT_UNMAP);
    ide_dma_end(drive);
    ide_command_failed(drive, IDE_IDNF | IDE_ABRT);
    drive->bus->ops->dma_ready(drive->bus->opaque);
}

static void trim_next(IdeDrive *drive)
{
    uint64_t sectors = ide_sectors(drive), row, sector;
    uint32_t count;

    do {
        if (drive->lba + TRIM_ROW > drive->chunk_size) {
            advance(drive, drive->chunk_size / IDE_SECTOR);
            dma_next(drive);
            return;
        }
        row = ldq_le_p(drive->buffer + drive->lba);
        sector = row & 0xffffffffffffull;
        count = (uint32_t)(row >> 48);
        drive->lba += TRIM_ROW;
    } while (!count);
    if (sector > sectors || count > sectors - sector) {
        trim_failed(drive);
        return;
    }
    ide_aio_discard(drive, sector * IDE_SECTOR, (uint64_t)count * IDE_SECTOR, trimmed);
}

void ide_disk_dma_drain(IdeDrive *drive)
{
    if (drive->dma_command == IDE_DMA_TRIM) {
        drive->lba = 0;
        trim_next(drive);
    } else {
        ide_aio_write(drive, ide_get_sector(drive) * IDE_SECTOR,
                      drive->chunk_size & ~(IDE_SECTOR - 1), dma_written);
    }
}

void ide_start_dma(IdeDrive *drive, bool ext, IdeDmaCommand command)
{
    bool write = command == IDE_DMA_WRITE;
    BlockStatKind kind = write ? BLOCK_STAT_WRITE : BLOCK_STAT_READ;

    if ((!write || may_write(drive, kind)) && take_range(drive, ext, kind)) {
        ide_dma_begin(drive, command, drive->nsector * IDE_SECTOR);
    }
}

void ide_start_trim(IdeDrive *drive)
{
    if (!(drive->feature & 1) || !drive->device->discard_granularity) {
        ide_command_failed(drive, IDE_ABRT);
        return;
    }
    if (!may_write(drive, BLOCK_STAT_UNMAP)) {
        return;
    }
    drive->lba48 = 1;
    drive->nsector = (drive->nsector & 0xff) | (uint32_t)drive->hob_nsector << 8;
    if (!drive->nsector) {
        ide_command_failed(drive, IDE_ABRT);
        return;
    }
    ide_dma_begin(drive, IDE_DMA_TRIM, drive->nsector * IDE_SECTOR);
}

/* ---- Nothing for the host to move ---- */

static void verify_next(IdeDrive *drive);

static void verified(IdeDrive *drive, int ret)
{
    if (!pio_failed(drive, ret, true, IDE_RETRY_DMA | IDE_RETRY_READ)) {
        advance(drive, chunk_sectors(drive));
        verify_next(drive);
    }
}

static void verify_next(IdeDrive *drive)
{
    if (!drive->nsector) {
        drive->dma_command = IDE_DMA_READ;
        ide_command_done(drive);
        return;
    }
    drive->status = IDE_DRDY | IDE_DSC | IDE_BSY;
    ide_aio_read(drive, ide_get_sector(drive) * IDE_SECTOR, chunk_sectors(drive) * IDE_SECTOR,
                 verified);
}

void ide_start_verify(IdeDrive *drive, bool ext)
{
    if (drive->dma_command == IDE_DMA_VERIFY) {
        verify_next(drive);                     /* once more */
    } else if (take_range(drive, ext, BLOCK_STAT_READ)) {
        drive->dma_command = IDE_DMA_VERIFY;
        verify_next(drive);
    }
}

static void flushed(IdeDrive *drive, int ret)
{
    if (!pio_failed(drive, ret, false, IDE_RETRY_FLUSH)) {
        ide_command_done(drive);
    }
}

void ide_start_flush(IdeDrive *drive)
{
    drive->status = IDE_DRDY | IDE_DSC | IDE_BSY;
    ide_aio_flush(drive, flushed);
}
