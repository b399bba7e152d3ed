/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What optical drives tell by MMC's commands, whatever bus they are on (SCSI, ATAPI).
 */
#ifndef HW_SCSI_MMC_H
#define HW_SCSI_MMC_H

#include <stdbool.h>
#include <stdint.h>

/* The drive as it is now. */
typedef struct MmcDrive {
    uint64_t bytes;                     /* of the medium */
    uint32_t block_size;
    bool tray_open, present;
    bool *media_event, *eject_request;  /* to be told once */
} MmcDrive;

/* Instead of a length: what is wrong. */
enum { MMC_INVALID_FIELD = -1, MMC_INCOMPATIBLE_FORMAT = -2 };

/* Bytes of the reply; out has MMC_REPLY bytes of zeros. The medium's commands need one. */
#define MMC_REPLY 4096u
int mmc_read_toc(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out);
int mmc_get_configuration(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out);
int mmc_get_event_status(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out);
int mmc_mechanism_status(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out);
int mmc_read_disc_information(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out);
int mmc_read_dvd_structure(const MmcDrive *drive, const uint8_t *cdb, uint8_t *out);
/* The 20 bytes of mode page 0x2a behind its header; p holds zeros. */
void mmc_fill_capabilities(bool locked, uint8_t *p);

#endif
