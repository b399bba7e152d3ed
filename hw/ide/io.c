/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between drives and the host's disks: requests, errors and their policies, and DMA in chunks of
 * the buffer.
 *
 * A drive has one request under way.  When state is saved it has none: what failed and waits for
 * the machine to go on is in error_status of the bus, and is done again from its chunk.
 */
#include <errno.h>
#include <string.h>
#include "ide-internal.h"

/* ---- Requests ---- */

static void aio_done(void *opaque, int ret)
{
    IdeDrive *drive = opaque;
    void (*done)(IdeDrive *drive, int ret) = drive->aio_done;

    drive->aio = NULL;
    drive->aio_done = NULL;
    if (done) {
        done(drive, ret);
    }
}

static IOVector buffer_vector(IdeDrive *drive, struct iovec *iov, uint32_t size)
{
    return iov_single(iov, drive->buffer, size);
}

/* False: the drive has one already, which only state that makes no sense brings about. */
static bool may_begin(IdeDrive *drive, void (*done)(IdeDrive *drive, int ret))
{
    if (drive->aio) {
        return false;
    }
    drive->aio_done = done;
    return true;
}

void ide_aio_read(IdeDrive *drive, uint64_t at, uint32_t size,
                  void (*done)(IdeDrive *drive, int ret))
{
    struct iovec iov;
    IOVector v = buffer_vector(drive, &iov, size);

    if (may_begin(drive, done)) {
        drive->aio = blk_aio_preadv(ide_blk(drive), (int64_t)at, &v, 0, aio_done, drive);
    }
}

void ide_aio_write(IdeDrive *drive, uint64_t at, uint32_t size,
                   void (*done)(IdeDrive *drive, int ret))
{
    struct iovec iov;
    IOVector v = buffer_vector(drive, &iov, size);

    if (may_begin(drive, done)) {
        drive->aio = blk_aio_pwritev(ide_blk(drive), (int64_t)at, &v, 0, aio_done, drive);
    }
}

void ide_aio_discard(IdeDrive *drive, uint64_t at, uint64_t size,
                     void (*done)(IdeDrive *drive, int ret))
{
    if (may_begin(drive, done)) {
        drive->aio = blk_aio_pdiscard(ide_blk(drive), (int64_t)at, (int64_t)size, aio_done, drive);
    }
}

void ide_aio_flush(IdeDrive *drive, void (*done)(IdeDrive *drive, int ret))
{
    if (may_begin(drive, done)) {
        drive->aio = blk_aio_flush(ide_blk(drive), aio_done, drive);
    }
}

bool ide_io_failed(IdeDrive *drive, int ret, bool is_read, int retry, bool *report)
{
    BlockBackend *blk = ide_blk(drive);
    IdeBus *bus = drive->bus;
    BlockErrorAction action;

    *report = false;
    if (ret >= 0) {
        return false;
    }
    /* A medium that was taken out is no error of the host. */
    action = ret == -ENOMEDIUM ? BLOCK_ACTION_REPORT : blk_error_action(blk, is_read, -ret);
    if (ret != -ENOMEDIUM) {
        blk_apply_error_action(blk, action, is_read, -ret);
    }
    switch (action) {
    case BLOCK_ACTION_IGNORE:
        return false;
    case BLOCK_ACTION_STOP:
        bus->error_status = retry;
        bus->retry_unit = (uint8_t)(drive - bus->drives);
        bus->retry_sector_num = (int64_t)ide_get_sector(drive);
        bus->retry_nsector = drive->nsector;
        return true;
    default:
        *report = true;
        return true;
    }
}

void ide_retry(IdeBus *bus)
{
    IdeDrive *drive = &bus->drives[bus->retry_unit % IDE_UNITS];
    int what = bus->error_status;

    bus->error_status = 0;
    if (!drive->device || drive->aio) {
        return;
    }
    if (what & IDE_RETRY_DMA) {
        if (drive->dma_command == IDE_DMA_VERIFY && !ide_is_cd(drive)) {
            ide_start_verify(drive, drive->lba48);
        } else if (drive->dma && drive->dma_command != IDE_DMA_ATAPI && drive->chunk_size &&
                   drive->chunk_at == drive->chunk_size && !(what & IDE_RETRY_READ)) {
            ide_disk_dma_drain(drive);
        } else if (drive->dma) {
            bus->ops->dma_ready(bus->opaque);
        }
    } else if (drive->dma) {
        if (ide_is_cd(drive)) {
            bus->ops->dma_ready(bus->opaque);
        }
    } else if (ide_is_cd(drive)) {
        ide_packet_retry(drive);
    } else if (what & IDE_RETRY_PIO) {
        if (what & IDE_RETRY_READ) {
            ide_pio_read_next(drive);
        } else {
            ide_pio_write_done(drive);
        }
    } else if (what & IDE_RETRY_FLUSH) {
        ide_start_flush(drive);
    }
}

/* ---- DMA ---- */

void ide_dma_begin(IdeDrive *drive, IdeDmaCommand command, uint32_t size)
{
    ide_stop_transfer(drive);
    drive->dma = true;
    drive->dma_command = command;
    drive->dma_left = size;
    drive->chunk_at = drive->chunk_size = 0;
    drive->status = IDE_DRDY | IDE_DSC | IDE_DRQ;
    drive->bus->ops->dma_ready(drive->bus->opaque);
}

void ide_dma_chunk(IdeDrive *drive, uint32_t size)
{
    drive->chunk_at = 0;
    drive->chunk_size = MIN(size, drive->dma_left);
}

void ide_dma_end(IdeDrive *drive)
{
    drive->dma = false;
    drive->dma_left = drive->chunk_at = drive->chunk_size = 0;
    drive->bus->ops->dma_done(drive->bus->opaque);
}

bool ide_dma_wanted(const IdeBus *bus)
{
    return bus->drives[bus->unit].dma;
}

static bool to_memory_command(const IdeDrive *drive)
{
    return drive->dma_command == IDE_DMA_READ || drive->dma_command == IDE_DMA_ATAPI;
}

uint8_t *ide_dma_span(IdeBus *bus, bool to_memory, uint32_t *size)
{
    IdeDrive *drive = ide_selected(bus);

    *size = 0;
    if (!drive->dma || drive->aio || bus->error_status) {
        return NULL;
    }
    if (drive->dma_command == IDE_DMA_UNKNOWN) {
        drive->dma_command = to_memory ? IDE_DMA_READ : IDE_DMA_WRITE;
    }
    if (to_memory_command(drive) != to_memory) {
        return drive->buffer;
    }
    if (drive->chunk_at == drive->chunk_size) {
        if (drive->dma_command == IDE_DMA_ATAPI) {
            ide_packet_dma_fill(drive);
        } else if (to_memory) {
            ide_disk_dma_fill(drive);
        } else {
            ide_dma_chunk(drive, IDE_CHUNK);
        }
        if (!drive->dma || drive->aio || drive->chunk_at == drive->chunk_size) {
            return NULL;
        }
    }
    *size = drive->chunk_size - drive->chunk_at;
    return drive->buffer + drive->chunk_at;
}

void ide_dma_advance(IdeBus *bus, uint32_t n)
{
    IdeDrive *drive = ide_selected(bus);

    g_assert(n <= drive->chunk_size - drive->chunk_at && n <= drive->dma_left);
    drive->chunk_at += n;
    drive->dma_left -= n;
    if (!to_memory_command(drive)) {
        if (drive->chunk_at == drive->chunk_size) {
            ide_disk_dma_drain(drive);
        }
    } else if (!drive->dma_left) {
        if (drive->dma_command == IDE_DMA_ATAPI) {
            ide_packet_dma_done(drive);
        } else {
            ide_dma_end(drive);
            ide_command_done(drive);
        }
    }
}
