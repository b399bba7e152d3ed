/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet commands of optical drives: transport by PIO and DMA, sense, medium and tray.  ATA/ATAPI-7
 * volume 1, 6.24 and 7; MMC-6 6; SPC-4 6.  What the disc and the drive tell is hw/scsi/mmc.c's.
 * Left out: audio, writing, MODE SELECT; error correction codes of raw sectors (zeros).
 */
#include <errno.h>
#include <string.h>
#include "ide-internal.h"
#include "hw/scsi/mmc.h"
#include "hw/scsi/scsi.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/log.h"

#define CHUNK_BLOCKS 32u                /* also of raw ones in the buffer */
#define RAW_HEADER 16u
enum { READ_CD = 0xbe, SET_SPEED = 0xbb };
enum { PAGE_ERROR = 0x01, PAGE_AUDIO = 0x0e, PAGE_CAPABILITIES = 0x2a, PAGE_ALL = 0x3f };

/* What a command needs. */
enum {
    WITH_ATTENTION = 1,                 /* is carried out although a condition is pending */
    WITH_MEDIUM = 2,
};

typedef struct PacketRow {
    uint8_t opcode, flags;
    /* Fills the buffer, which is zeros; a length, 0: the command has ended in some way; or MMC_*.
     */
    int (*run)(IdeDrive *drive, const uint8_t *cdb);
    /* Where the packet says how much the host takes: offset and bytes. */
    uint8_t size_at, size_bytes;
} PacketRow;

/* ---- Ends ---- */

static void set_reason(IdeDrive *drive, uint8_t reason)
{
    drive->nsector = (drive->nsector & 0xff & ~(uint32_t)IDE_REASON_MASK) | reason;
}

static void packet_done(IdeDrive *drive)
{
    drive->error = 0;
    set_reason(drive, IDE_REASON_COMMAND | IDE_REASON_TO_HOST);
    ide_command_done(drive);
}

static void packet_failed(IdeDrive *drive, ScsiSense sense)
{
    drive->sense_key = sense.key;
    drive->asc = sense.asc;
    drive->ascq = sense.ascq;
    drive->packet_transfer_size = 0;
    set_reason(drive, IDE_REASON_COMMAND | IDE_REASON_TO_HOST);
    ide_command_failed(drive, (uint8_t)(sense.key << 4 | IDE_ABRT));
}

static uint64_t blocks(const IdeDrive *drive)
{
    int64_t length = blk_length(ide_blk(drive));

    return length > 0 ? (uint64_t)length / IDE_CD_BLOCK : 0;
}

static bool medium_present(const IdeDrive *drive)
{
    return !drive->tray_open && blk_is_inserted(ide_blk(drive)) && blocks(drive);
}

/* ---- Data for the host ---- */

static void set_up(IdeDrive *drive, uint32_t size, uint32_t lba, uint32_t block_size)
{
    drive->lba = lba;
    drive->block_size = block_size;
    drive->chunk_at = 0;
    drive->chunk_size = block_size ? 0 : size;
    drive->packet_transfer_size = (int32_t)size;
}

static void send(IdeDrive *drive, uint32_t size)
{
    uint16_t limit = drive->lcyl | (uint16_t)(drive->hcyl << 8);

    if (drive->feature & 1) {
        ide_dma_begin(drive, IDE_DMA_ATAPI, size);
        return;
    }
    if (!limit) {
        packet_failed(drive, SCSI_SENSE_INVALID_FIELD);
        return;
    }
    /* An odd number of bytes can only be the last. */
    drive->byte_limit = limit == 0xffff ? 0xfffe : limit > 1 ? limit & 0xfffe : 2;
    ide_packet_next(drive);
}

/* Size bytes of the buffer. */
static void send_reply(IdeDrive *drive, uint32_t size)
{
    set_up(drive, size, 0, 0);
    send(drive, size);
}

/* The frame around 2048 bytes of data: synchronization, address, mode 1. */
static void put_frame(uint8_t *p, uint32_t lba)
{
    uint32_t frames = lba + 150;
    uint8_t at[3] = {(uint8_t)(frames / 75 / 60), frames / 75 % 60, frames % 75};

    memset(p, 0xff, 12);
    p[0] = p[11] = 0;
    for (unsigned i = 0; i < 3; i++) {
        p[12 + i] = (uint8_t)(at[i] / 10 << 4 | at[i] % 10);
    }
    p[15] = 1;
    memset(p + RAW_HEADER + IDE_CD_BLOCK, 0, IDE_RAW_BLOCK - RAW_HEADER - IDE_CD_BLOCK);
}

static uint32_t chunk_blocks(const IdeDrive *drive)
{
    uint32_t left = drive->dma ? drive->dma_left : (uint32_t)drive->packet_transfer_size;

    return MIN(DIV_ROUND_UP(left, drive->block_size), CHUNK_BLOCKS);
}

static void blocks_read(IdeDrive *drive, int ret)
{
    uint32_t n = chunk_blocks(drive);
    bool report;

    if (ide_io_failed(drive, ret, true, IDE_RETRY_ATAPI, &report)) {
        if (report) {
            bool dma = drive->dma;

            if (dma) {
                ide_dma_end(drive);
            }
            packet_failed(drive, ret == -ENOMEDIUM ? SCSI_SENSE_NO_MEDIUM
                                                   : SCSI_SENSE(MEDIUM_ERROR, 0x11, 0x00));
            if (dma) {
                drive->bus->ops->dma_ready(drive->bus->opaque);
            }
        }
        return;
    }
    if (ret < 0) {
        /* Ignored: the guest gets something, and always the same. */
        memset(drive->buffer, 0, n * IDE_CD_BLOCK);
    }
    for (uint32_t i = n; drive->block_size == IDE_RAW_BLOCK && i-- > 0;) {
        uint8_t *frame = drive->buffer + i * IDE_RAW_BLOCK;

        memmove(frame + RAW_HEADER, drive->buffer + i * IDE_CD_BLOCK, IDE_CD_BLOCK);
        put_frame(frame, drive->lba + i);
    }
    drive->lba += n;
    drive->chunk_at = 0;
    drive->chunk_size = n * drive->block_size;
    if (drive->dma) {
        ide_dma_chunk(drive, drive->chunk_size);
        drive->bus->ops->dma_ready(drive->bus->opaque);
    } else {
        ide_packet_next(drive);
    }
}

static void read_blocks(IdeDrive *drive)
{
    ide_aio_read(drive, (uint64_t)drive->lba * IDE_CD_BLOCK, chunk_blocks(drive) * IDE_CD_BLOCK,
                 blocks_read);
}

void ide_packet_next(IdeDrive *drive)
{
    uint32_t left = (uint32_t)drive->packet_transfer_size, size;

    if (!left) {
        packet_done(drive);
        return;
    }
    if (drive->chunk_at == drive->chunk_size) {
        if (!drive->block_size) {
            /* From a stream that does not say where the rest is. */
            packet_failed(drive, SCSI_SENSE_IO_ERROR);
            return;
        }
        drive->status = IDE_DRDY | IDE_DSC | IDE_BSY;
        read_blocks(drive);
        return;
    }
    size = MIN(MIN(left, drive->chunk_size - drive->chunk_at), MAX(drive->byte_limit, 2u));
    set_reason(drive, IDE_REASON_TO_HOST);
    drive->lcyl = (uint8_t)size;
    drive->hcyl = (uint8_t)(size >> 8);
    drive->status = IDE_DRDY | IDE_DSC;
    ide_start_pio(drive, size, IDE_PHASE_REPLY);
    drive->data_at = (int32_t)drive->chunk_at;
    drive->chunk_at += size;
    drive->packet_transfer_size -= (int32_t)size;
    ide_raise_irq(drive);
}

void ide_packet_retry(IdeDrive *drive)
{
    if (drive->block_size && drive->packet_transfer_size > 0) {
        ide_packet_next(drive);
    } else {
        packet_failed(drive, SCSI_SENSE_IO_ERROR);
    }
}

void ide_packet_dma_fill(IdeDrive *drive)
{
    if (!drive->dma_left) {
        ide_packet_dma_done(drive);
    } else if (!drive->block_size) {
        ide_dma_chunk(drive, (uint32_t)MIN((uint32_t)drive->packet_transfer_size, IDE_CHUNK));
        drive->packet_transfer_size = 0;
        if (!drive->chunk_size) {
            ide_dma_end(drive);
            packet_failed(drive, SCSI_SENSE_IO_ERROR);
        }
    } else {
        read_blocks(drive);
    }
}

void ide_packet_dma_done(IdeDrive *drive)
{
    ide_dma_end(drive);
    drive->packet_transfer_size = 0;
    packet_done(drive);
}

void ide_packet_lost(IdeDrive *drive)
{
    packet_failed(drive, SCSI_SENSE_IO_ERROR);
}

/* ---- Commands ---- */

static int done(IdeDrive *drive)
{
    packet_done(drive);
    return 0;
}

static int fail(IdeDrive *drive, ScsiSense sense)
{
    packet_failed(drive, sense);
    return 0;
}

static int test_unit_ready(IdeDrive *drive, const uint8_t *cdb)
{
    return done(drive);
}

static int request_sense(IdeDrive *drive, const uint8_t *cdb)
{
    int size = (int)scsi_sense_build(drive->buffer,
                                     (ScsiSense){drive->sense_key, drive->asc, drive->ascq}, true);

    drive->sense_key = drive->asc = drive->ascq = 0;
    return size;
}

static void put_text(uint8_t *out, unsigned size, const char *text)
{
    size_t n = strnlen(text, size);

    memset(out, ' ', size);
    memcpy(out, text, n);
}

/* Vital product data: the list of pages, and identification by the serial number. */
static int inquiry_page(IdeDrive *drive, uint8_t page)
{
    uint8_t *out = drive->buffer;
    size_t n = strlen(drive->device->serial);

    out[0] = SCSI_TYPE_ROM;
    out[1] = page;
    switch (page) {
    case 0x00:
        out[3] = 2;
        out[5] = 0x83;
        return 6;
    case 0x83:
        n = MIN(n, IDE_SERIAL_SIZE);
        out[3] = (uint8_t)(4 + n);
        out[4] = 2;                             /* ASCII, vendor's own */
        out[7] = (uint8_t)n;
        memcpy(out + 8, drive->device->serial, n);
        return 8 + (int)n;
    default:
        return MMC_INVALID_FIELD;
    }
}

static int inquiry(IdeDrive *drive, const uint8_t *cdb)
{
    uint8_t *out = drive->buffer;

    if (cdb[1] & 1) {
        return inquiry_page(drive, cdb[2]);
    }
    if (cdb[2]) {
        return MMC_INVALID_FIELD;
    }
    out[0] = SCSI_TYPE_ROM;
    out[1] = 0x80;                              /* removable */
    out[3] = 0x21;                              /* ATAPI */
    out[4] = 31;
    put_text(out + 8, 8, "QEMU");
    put_text(out + 16, 16, drive->device->model);
    put_text(out + 32, 4, drive->device->version);
    return 36;
}

static void fill_page(const IdeDrive *drive, int page, uint8_t *p)
{
    if (page == PAGE_ERROR) {
        p[1] = 5;                               /* retries */
    } else if (page == PAGE_CAPABILITIES) {
        mmc_fill_capabilities(drive->tray_locked, p);
    }
}

static int mode_sense(IdeDrive *drive, const uint8_t *cdb)
{
    static const struct { uint8_t page, length; } pages[] = {
        {PAGE_ERROR, 6}, {PAGE_AUDIO, 14}, {PAGE_CAPABILITIES, 20},
    };
    uint8_t *out = drive->buffer;
    int page = cdb[2] & 0x3f, control = cdb[2] >> 6, at = 8;

    if (control == 3) {
        return fail(drive, SCSI_SENSE_SAVING_NOT_SUPPORTED);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pages); i++) {
        if (page == PAGE_ALL || page == pages[i].page) {
            out[at] = pages[i].page;
            out[at + 1] = pages[i].length;
            if (control != 1) {                 /* nothing can be changed */
                fill_page(drive, pages[i].page, out + at + 2);
            }
            at += 2 + pages[i].length;
        }
    }
    if (at == 8) {
        return MMC_INVALID_FIELD;
    }
    stw_be_p(out, (uint16_t)(at - 2));
    out[2] = !medium_present(drive) ? 0x70 : 0x01; /* no medium; data of 120 mm */
    return at;
}

static void set_tray(IdeDrive *drive, bool open)
{
    if (drive->tray_open != open) {
        drive->tray_open = open;
        blk_tray_moved(ide_blk(drive), open);
    }
}

static int start_stop(IdeDrive *drive, const uint8_t *cdb)
{
    bool start = cdb[4] & 1, load_eject = cdb[4] & 2;

    /* Power conditions other than 0 leave the medium alone. */
    if (!(cdb[4] & 0xf0) && load_eject) {
        if (!start && !drive->tray_open && drive->tray_locked) {
            return fail(drive, blk_is_inserted(ide_blk(drive)) ? SCSI_SENSE_REMOVAL_PREVENTED
                                                               : SCSI_SENSE_REMOVAL_PREVENTED_NR);
        }
        set_tray(drive, !start);
    }
    return done(drive);
}

static int prevent_allow(IdeDrive *drive, const uint8_t *cdb)
{
    drive->tray_locked = cdb[4] & 1;
    return done(drive);
}

static int read_capacity(IdeDrive *drive, const uint8_t *cdb)
{
    stl_be_p(drive->buffer, (uint32_t)(MIN(blocks(drive), UINT32_MAX) - 1));
    stl_be_p(drive->buffer + 4, IDE_CD_BLOCK);
    return 8;
}

static int seek(IdeDrive *drive, const uint8_t *cdb)
{
    return ldl_be_p(cdb + 2) < blocks(drive) ? done(drive)
                                             : fail(drive, SCSI_SENSE_LBA_OUT_OF_RANGE);
}

static int read_range(IdeDrive *drive, uint32_t lba, uint32_t count, uint32_t block_size)
{
    uint64_t all = blocks(drive);

    if (!count) {
        return done(drive);
    }
    if (lba >= all || count > all - lba) {
        blk_count_invalid(ide_blk(drive), BLOCK_STAT_READ);
        return fail(drive, SCSI_SENSE_LBA_OUT_OF_RANGE);
    }
    if ((uint64_t)count * block_size > INT32_MAX) {
        return MMC_INVALID_FIELD;
    }
    set_up(drive, count * block_size, lba, block_size);
    send(drive, count * block_size);
    return 0;
}

static int read_10(IdeDrive *drive, const uint8_t *cdb)
{
    return read_range(drive, ldl_be_p(cdb + 2), lduw_be_p(cdb + 7), IDE_CD_BLOCK);
}

static int read_12(IdeDrive *drive, const uint8_t *cdb)
{
    return read_range(drive, ldl_be_p(cdb + 2), ldl_be_p(cdb + 6), IDE_CD_BLOCK);
}

static int read_cd(IdeDrive *drive, const uint8_t *cdb)
{
    uint32_t count = ldl_be_p(cdb + 5) & 0xffffff;
    uint8_t type = cdb[1] >> 2 & 7;

    if (type != 0 && type != 2) {
        return fail(drive,
                    SCSI_SENSE(ILLEGAL_REQUEST, 0x64, 0x00)); /* not the mode of this track */
    }
    switch (count ? cdb[9] & 0xf8 : 0) {
    case 0x00:
        return done(drive);
    case 0x10:
        return read_range(drive, ldl_be_p(cdb + 2), count, IDE_CD_BLOCK);
    case 0xf8:
        return read_range(drive, ldl_be_p(cdb + 2), count, IDE_RAW_BLOCK);
    default:
        return MMC_INVALID_FIELD;
    }
}

/* ---- What hw/scsi/mmc.c knows ---- */

static int ask(IdeDrive *drive, const uint8_t *cdb,
               int (*fill)(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out))
{
    MmcDrive mmc = {blocks(drive) * IDE_CD_BLOCK,    IDE_CD_BLOCK,      drive->tray_open,
                    blk_is_inserted(ide_blk(drive)), &drive->new_media, &drive->eject_request};

    return fill(&mmc, cdb, drive->buffer);
}

static int read_toc(IdeDrive *drive, const uint8_t *cdb)
{
    return ask(drive, cdb, mmc_read_toc);
}

static int get_configuration(IdeDrive *drive, const uint8_t *cdb)
{
    return ask(drive, cdb, mmc_get_configuration);
}

static int get_event_status(IdeDrive *drive, const uint8_t *cdb)
{
    return ask(drive, cdb, mmc_get_event_status);
}

static int read_disc_information(IdeDrive *drive, const uint8_t *cdb)
{
    return ask(drive, cdb, mmc_read_disc_information);
}

static int read_dvd_structure(IdeDrive *drive, const uint8_t *cdb)
{
    return ask(drive, cdb, mmc_read_dvd_structure);
}

static int mechanism_status(IdeDrive *drive, const uint8_t *cdb)
{
    return ask(drive, cdb, mmc_mechanism_status);
}

/* ---- Table ---- */

static const PacketRow rows[] = {
    {SCSI_TEST_UNIT_READY, WITH_MEDIUM, test_unit_ready, 0, 0},
    {SCSI_REQUEST_SENSE, WITH_ATTENTION, request_sense, 4, 1},
    {SCSI_INQUIRY, WITH_ATTENTION, inquiry, 3, 2},
    {SCSI_START_STOP_UNIT, 0, start_stop, 0, 0},
    {SCSI_PREVENT_ALLOW, 0, prevent_allow, 0, 0},
    {SCSI_READ_CAPACITY_10, WITH_MEDIUM, read_capacity, 0, 0},
    {SCSI_READ_10, WITH_MEDIUM, read_10, 0, 0},
    {SCSI_SEEK_10, WITH_MEDIUM, seek, 0, 0},
    {SCSI_READ_TOC, WITH_MEDIUM, read_toc, 7, 2},
    {SCSI_GET_CONFIGURATION, WITH_ATTENTION, get_configuration, 7, 2},
    {SCSI_GET_EVENT_STATUS, WITH_ATTENTION, get_event_status, 7, 2},
    {SCSI_READ_DISC_INFORMATION, WITH_MEDIUM, read_disc_information, 7, 2},
    {SCSI_MODE_SENSE_10, 0, mode_sense, 7, 2},
    {SCSI_READ_12, WITH_MEDIUM, read_12, 0, 0},
    {SCSI_READ_DVD_STRUCTURE, WITH_MEDIUM, read_dvd_structure, 8, 2},
    {SET_SPEED, 0, test_unit_ready, 0, 0},
    {SCSI_MECHANISM_STATUS, 0, mechanism_status, 8, 2},
    {READ_CD, WITH_MEDIUM, read_cd, 0, 0},
};

void ide_packet_command(IdeDrive *drive)
{
    set_reason(drive, IDE_REASON_COMMAND);
    drive->status = IDE_DRDY | IDE_DSC;
    drive->packet_transfer_size = 0;
    ide_start_pio(drive, IDE_PACKET_SIZE, IDE_PHASE_PACKET);
}

/* True: the command is not carried out, because of what has to be told first. */
static bool told_first(IdeDrive *drive, const PacketRow *row)
{
    if (row->flags & WITH_ATTENTION) {
        return false;
    }
    if (drive->sense_key == SENSE_UNIT_ATTENTION) {
        packet_failed(drive, (ScsiSense){drive->sense_key, drive->asc, drive->ascq});
        return true;
    }
    /* A new medium: the guest first hears of the loss of the old one, then of the new one. */
    if (drive->cdrom_changed && !drive->tray_open && blk_is_inserted(ide_blk(drive))) {
        bool lost = drive->cdrom_changed == 1;

        drive->cdrom_changed = lost ? 2 : 0;
        packet_failed(drive, lost ? SCSI_SENSE_NO_MEDIUM : SCSI_SENSE_MEDIUM_CHANGED);
        return true;
    }
    if ((row->flags & WITH_MEDIUM) && !medium_present(drive)) {
        packet_failed(drive, SCSI_SENSE_NO_MEDIUM);
        return true;
    }
    return false;
}

void ide_packet_execute(IdeDrive *drive)
{
    const PacketRow *row = NULL;
    uint8_t cdb[SCSI_CDB_SIZE] = {0};
    uint32_t room = UINT32_MAX;
    int size;

    memcpy(cdb, drive->buffer, IDE_PACKET_SIZE);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].opcode == cdb[0]) {
            row = &rows[i];
        }
    }
    log_mask(LOG_DEVICE, "ide: packet command 0x%02x\n", cdb[0]);
    if (!row) {
        log_mask(LOG_UNIMP, "ide: packet command 0x%02x\n", cdb[0]);
        packet_failed(drive, SCSI_SENSE_INVALID_OPCODE);
        return;
    }
    if (told_first(drive, row)) {
        return;
    }
    if (row->opcode != SCSI_REQUEST_SENSE && drive->sense_key != SENSE_UNIT_ATTENTION) {
        drive->sense_key = drive->asc = drive->ascq = 0;
    }
    memset(drive->buffer, 0, MMC_REPLY);
    set_up(drive, 0, 0, 0);
    size = row->run(drive, cdb);
    if (row->size_bytes) {
        room = row->size_bytes == 1 ? cdb[row->size_at] : lduw_be_p(cdb + row->size_at);
    }
    if (size < 0) {
        packet_failed(drive, size == MMC_INCOMPATIBLE_FORMAT ? SCSI_SENSE_INCOMPATIBLE_FORMAT
                                                             : SCSI_SENSE_INVALID_FIELD);
    } else if (size > 0 && !room) {
        packet_done(drive);
    } else if (size > 0) {
        send_reply(drive, MIN((uint32_t)size, room));
    }
}

/* ---- Media ---- */

static IdeDrive *drive_of(void *opaque)
{
    const IdeDevice *device = opaque;
    IdeBus *bus = (IdeBus *)device->parent.parent_bus;

    return &bus->drives[device->unit];
}

static void change_media(void *opaque, bool loaded)
{
    IdeDrive *drive = drive_of(opaque);

    set_tray(drive, !loaded);
    drive->cdrom_changed = 1;
    drive->new_media = true;
    drive->eject_request = false;
}

static void eject_request(void *opaque, bool force)
{
    IdeDrive *drive = drive_of(opaque);

    drive->eject_request = true;
    if (force) {
        drive->tray_locked = false;
    }
}

static bool is_tray_open(void *opaque)
{
    return drive_of(opaque)->tray_open;
}

static bool is_medium_locked(void *opaque)
{
    return drive_of(opaque)->tray_locked;
}

const BlockDeviceOps ide_cd_block_ops = {
    .change_media = change_media,
    .eject_request = eject_request,
    .is_tray_open = is_tray_open,
    .is_medium_locked = is_medium_locked,
};
