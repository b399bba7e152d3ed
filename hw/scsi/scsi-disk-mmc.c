/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scsi-cd: what optical drives tell (mmc.c), as replies to requests. */
#include "scsi-disk.h"
#include "hw/scsi/mmc.h"

static int reply(ScsiRequest *req, uint8_t *out,
                 int (*fill)(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out))
{
    ScsiDisk *disk = SCSI_DISK(req);
    MmcDrive drive = {scsi_disk_blocks(disk) * disk->dev.block_size,
                      disk->dev.block_size,
                      disk->tray_open,
                      blk_is_inserted(disk->blk),
                      &disk->media_event,
                      &disk->eject_request};
    int size = fill(&drive, req->cmd.buf, out);

    if (size == MMC_INCOMPATIBLE_FORMAT) {
        scsi_request_fail(req, SCSI_SENSE_INCOMPATIBLE_FORMAT);
        return 0;
    }
    return size;
}

int scsi_disk_read_toc(ScsiRequest *req, uint8_t *out)
{
    return reply(req, out, mmc_read_toc);
}

int scsi_disk_get_configuration(ScsiRequest *req, uint8_t *out)
{
    return reply(req, out, mmc_get_configuration);
}

int scsi_disk_get_event_status(ScsiRequest *req, uint8_t *out)
{
    return reply(req, out, mmc_get_event_status);
}

int scsi_disk_mechanism_status(ScsiRequest *req, uint8_t *out)
{
    return reply(req, out, mmc_mechanism_status);
}

int scsi_disk_read_disc_information(ScsiRequest *req, uint8_t *out)
{
    return reply(req, out, mmc_read_disc_information);
}

int scsi_disk_read_dvd_structure(ScsiRequest *req, uint8_t *out)
{
    return reply(req, out, mmc_read_dvd_structure);
}
