/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDE: a bus with up to two drives, as a controller sees it.  ATA/ATAPI-7 volume 2 (registers, PIO,
 * DMA).
 *
 * The controller embeds an IdeBus and its drives' places, passes on accesses to registers, and has
 * the drives' interrupt line.  When a command moves data by DMA, it is told (dma_ready) and takes
 * or gives them in stretches, when it likes: ide_dma_span(), ide_dma_advance().  Device lock held.
 */
#ifndef HW_IDE_IDE_H
#define HW_IDE_IDE_H

#include "block/backend.h"
#include "hw/core/device.h"
#include "migration/vmstate.h"
#include "system/runstate.h"

#define IDE_UNITS 2
#define IDE_SECTOR 512u
#define IDE_CHUNK_SECTORS 256u
#define IDE_CHUNK (IDE_CHUNK_SECTORS * IDE_SECTOR)
#define IDE_BUFFER_SIZE (IDE_CHUNK + 4)     /* as streams have it */

/* Register numbers of the command block; 0 is the data register. */
enum {
    IDE_REG_ERROR = 1,
    IDE_REG_FEATURE = 1,
    IDE_REG_COUNT = 2,
    IDE_REG_SECTOR = 3,
    IDE_REG_CYL_LOW = 4,
    IDE_REG_CYL_HIGH = 5,
    IDE_REG_DEVICE = 6,
    IDE_REG_STATUS = 7,
    IDE_REG_COMMAND = 7
};
enum {
    IDE_BSY = 0x80,
    IDE_DRDY = 0x40,
    IDE_DF = 0x20,
    IDE_DSC = 0x10,
    IDE_DRQ = 0x08,
    IDE_ERR = 0x01
};
/* Device control. */
enum { IDE_NIEN = 0x02, IDE_SRST = 0x04, IDE_HOB = 0x80 };

typedef struct IdeBus IdeBus;
typedef struct IdeDrive IdeDrive;
typedef struct IdeDevice IdeDevice;

/* Who has the data register, and what comes when it is through; the numbers are those of streams.
 */
typedef enum IdePhase {
    IDE_PHASE_READ,             /* the next sectors are read */
    IDE_PHASE_WRITE,            /* what came is written */
    IDE_PHASE_STOP,             /* the command is over */
    IDE_PHASE_REPLY,            /* more data of a packet command */
    IDE_PHASE_PACKET,           /* a packet command has come */
    IDE_PHASE_NONE,
    IDE_PHASE_COUNT
} IdePhase;

typedef enum IdeDmaCommand {
    IDE_DMA_READ,
    IDE_DMA_WRITE,
    IDE_DMA_TRIM,
    IDE_DMA_ATAPI,
    IDE_DMA_UNKNOWN, /* from a stream that does not say; the controller's direction tells */
    IDE_DMA_VERIFY,  /* reads for itself */
    IDE_DMA_COUNT
} IdeDmaCommand;

/* A place for a drive, with or without one. */
struct IdeDrive {
    /* saved */
    int32_t mult_sectors;
    int32_t identify_set;       /* identify_data are what the guest was told */
    uint8_t identify_data[IDE_SECTOR];
    uint8_t feature, error, sector, lcyl, hcyl;
    uint8_t hob_feature, hob_sector, hob_nsector, hob_lcyl, hob_hcyl;
    uint8_t select, status, lba48, sense_key, asc, cdrom_changed;
    uint32_t nsector;
    bool tray_open, tray_locked, new_media, eject_request;
    /* ... while there is data to move */
    int32_t req_nb_sectors;     /* sectors of a DRQ block */
    uint8_t *buffer;            /* IDE_BUFFER_SIZE */
    int32_t data_at, data_left; /* what the data register has of the buffer */
    uint8_t phase;
    int32_t elementary_transfer_size, packet_transfer_size;
    /* ... that QEMU's streams do not have */
    bool dma;                   /* the command moves data by DMA */
    uint8_t dma_command;        /* IdeDmaCommand */
    uint32_t dma_left;          /* bytes of the command that are still to be moved */
    uint32_t chunk_at, chunk_size; /* bytes of the buffer that were moved, of those that can be */
    uint32_t lba,
        block_size; /* packet commands: the next block to read; 0: the data are in the buffer */
    uint16_t byte_limit;        /* packet commands: most bytes of a DRQ block */
    uint8_t ascq;
    uint8_t smart_enabled, smart_autosave, smart_selftests;
    /* immutable */
    IdeBus *bus;
    IdeDevice *device;          /* NULL: no drive */
    /* host-only: nothing is under way when state is saved */
    BlockRequest *aio;
    void (*aio_done)(IdeDrive *drive, int ret);
};

typedef struct IdeBusOps {
    /* The unit that is selected has a command whose data move by DMA; or the host has answered. */
    void (*dma_ready)(void *opaque);
    /* That command is over, or was given up. */
    void (*dma_done)(void *opaque);
    void (*set_irq)(void *opaque, int level);
} IdeBusOps;

struct IdeBus {
    BusState parent;            /* first */
    /* saved */
    uint8_t cmd, unit;
    int32_t error_status;       /* IDE_RETRY_*: a request waits for the machine to go on */
    int64_t retry_sector_num;
    uint32_t retry_nsector;
    uint8_t retry_unit;
    /* immutable */
    IdeDrive *drives;           /* IDE_UNITS of them, the controller's */
    const IdeBusOps *ops;
    void *opaque;
    /* host-only */
    VMChangeStateEntry *state_entry;
};

extern const BusClass ide_bus_class;
extern const VMStateDescription vmstate_ide_bus, vmstate_ide_drive;
extern const DeviceClass ide_device_class;  /* abstract */
extern const DeviceClass *const hw_ide_device_classes[];

/* The controller's: in its realize and unrealize. */
void ide_bus_init(IdeBus *bus, IdeDrive drives[IDE_UNITS], DeviceState *controller,
                  const IdeBusOps *ops, void *opaque);
void ide_bus_cleanup(IdeBus *bus);
/* A reset of the hardware. */
void ide_bus_reset(IdeBus *bus);
/* After state was loaded; dma: the controller's stream says that a command moves data by DMA. */
void ide_bus_post_load(IdeBus *bus, bool dma);
/* Makes a drive of each -drive if=ide with that bus number. */
bool ide_bus_claim_drives(IdeBus *bus, int number, GError **errp);

/* ---- Registers ---- */
uint8_t ide_read(IdeBus *bus, unsigned reg);            /* 1 to 7 */
void ide_write(IdeBus *bus, unsigned reg, uint8_t value);
uint32_t ide_data_read(IdeBus *bus, unsigned size);     /* 2 or 4; little-endian */
void ide_data_write(IdeBus *bus, uint32_t value, unsigned size);
uint8_t ide_alternate_status(IdeBus *bus);
void ide_control_write(IdeBus *bus, uint8_t value);

/* ---- DMA ---- */
/* True while a command of the selected unit wants it. */
bool ide_dma_wanted(const IdeBus *bus);
/*
 * The next stretch of data: its place, and *size. NULL: not yet, dma_ready() tells.  to_memory is
 * the controller's direction; where it is not the command's, *size is 0 and the result not NULL.
 */
uint8_t *ide_dma_span(IdeBus *bus, bool to_memory, uint32_t *size);
/* n bytes of it were moved; the command may end thereby. */
void ide_dma_advance(IdeBus *bus, uint32_t n);

#endif
