/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of scsi-hd and scsi-cd. */
#ifndef HW_SCSI_SCSI_DISK_H
#define HW_SCSI_SCSI_DISK_H

#include "hw/scsi/scsi.h"

typedef struct ScsiDisk {
    ScsiDevice dev;              /* first */
    /* saved */
    bool media_changed; /* a new medium is announced when the loss of the old one was told */
    bool media_event, eject_request;    /* for GET EVENT STATUS NOTIFICATION */
    bool tray_open, tray_locked;
    bool wce;                    /* the write cache is on: the guest may change it (MODE SELECT) */
    /* immutable: properties and what follows from them */
    BlockBackend *blk;
    char *serial, *vendor, *product, *version, *device_id;
    uint64_t wwn, port_wwn;
    uint16_t port_index, rotation_rate;
    bool removable, dpofua, default_wce;
    uint64_t logical_block_size, physical_block_size, min_io_size, opt_io_size, discard_granularity;
    uint64_t max_unmap_size, max_io_size;
    int32_t scsi_version, bootindex;
    uint32_t cylinders, heads, sectors;
    int32_t on_read, on_write, write_cache;
    /* host-only */
    bool attached;               /* the drive is ours */
} ScsiDisk;

#define SCSI_DISK(req) ((ScsiDisk *)(req)->dev)
/* Bytes that are moved at once; a stream's requests have buffers of this size. */
#define SCSI_CHUNK (128u << 10)
#define SCSI_SECTOR 512u

typedef struct DiskRequest {
    ScsiRequest req;             /* first */
    /* READ and WRITE: what is left, in sectors of 512 bytes. */
    uint64_t sector;
    uint32_t sector_count;
    uint32_t filled;             /* bytes of the chunk that is read or written */
    bool started, fua;
    /* Commands that work through something by themselves: bytes of the medium, or descriptors. */
    uint64_t at, left;
    uint32_t step;
    uint8_t *pattern;            /* what WRITE SAME writes */
} DiskRequest;

/* Whole blocks of the medium; 0 without one. */
uint64_t scsi_disk_blocks(const ScsiDisk *disk);
/* LBA and count lie inside of the medium. */
bool scsi_disk_range_good(const ScsiDisk *disk, uint64_t lba, uint64_t count);
void scsi_disk_set_tray(ScsiDisk *disk, bool open);
void scsi_disk_set_write_cache(ScsiDisk *disk, bool on);

/* scsi-disk-io.c */
extern const ScsiRequestOps scsi_disk_io_ops;
/* Of READ and WRITE of any size, even of no blocks at all; NO_DATA: another command. */
ScsiDirection scsi_disk_io_direction(uint8_t opcode);
/*
 * The host answered: false if there is nothing to complain about (or errors are to be ignored).
 * True: the request is over, or waits for the machine to go on.
 */
bool scsi_disk_failed(ScsiRequest *req, int ret, bool is_read);
void scsi_disk_aio_begin(ScsiRequest *req, BlockRequest *aio);
/* True if the request is still wanted. */
bool scsi_disk_aio_end(ScsiRequest *req);

/* scsi-disk-command.c */
extern const ScsiRequestOps scsi_disk_command_ops;

/* scsi-disk-pages.c, scsi-disk-mmc.c: data for the host; a length, or -1 with req failed or for an
 * invalid field in the CDB. out has SCSI_DISK_REPLY bytes of zeros. */
#define SCSI_DISK_REPLY 4096u
int scsi_disk_inquiry(ScsiRequest *req, uint8_t *out);
int scsi_disk_mode_sense(ScsiRequest *req, uint8_t *out);
int scsi_disk_read_capacity_10(ScsiRequest *req, uint8_t *out);
int scsi_disk_service_action_in(ScsiRequest *req, uint8_t *out);
int scsi_disk_request_sense(ScsiRequest *req, uint8_t *out);
/* Checks and applies the parameter list; false: failed. */
bool scsi_disk_mode_select(ScsiRequest *req, const uint8_t *list, uint32_t size);
int scsi_disk_read_toc(ScsiRequest *req, uint8_t *out);
int scsi_disk_get_configuration(ScsiRequest *req, uint8_t *out);
int scsi_disk_get_event_status(ScsiRequest *req, uint8_t *out);
int scsi_disk_mechanism_status(ScsiRequest *req, uint8_t *out);
int scsi_disk_read_disc_information(ScsiRequest *req, uint8_t *out);
int scsi_disk_read_dvd_structure(ScsiRequest *req, uint8_t *out);

/* scsi-state.c: a unit's requests in a stream. */
extern const VMStateInfo vmstate_info_scsi_requests;

#endif
