/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI: a bus between a host adapter and logical units, and the requests that travel on it.  SAM-5
 * (tasks, sense, unit attention), SPC-4 and SBC-3 (commands), MMC-6 (optical media).
 *
 * An adapter makes a request, enqueues it, and moves data whenever the unit asks through
 * transfer_data(): it takes bytes from (puts them into) the request's buffer and calls
 * scsi_request_continue().  In the end complete() or cancelled() is called, once.  A unit keeps its
 * requests in a list from enqueueing to the end; those that wait for the machine to go on after an
 * I/O error are in it, and so in the unit's state.
 *
 * Lock: everything runs with the device lock held.
 */
#ifndef HW_SCSI_SCSI_H
#define HW_SCSI_SCSI_H

#include "block/backend.h"
#include "hw/core/device.h"
#include "migration/stream.h"
#include "system/runstate.h"

typedef struct ScsiBus ScsiBus;
typedef struct ScsiDevice ScsiDevice;
typedef struct ScsiRequest ScsiRequest;

/* Peripheral device types. */
enum { SCSI_TYPE_DISK = 0x00, SCSI_TYPE_ROM = 0x05 };

/* Operation codes that something here knows. */
enum {
    SCSI_TEST_UNIT_READY = 0x00,
    SCSI_REQUEST_SENSE = 0x03,
    SCSI_FORMAT_UNIT = 0x04,
    SCSI_READ_6 = 0x08,
    SCSI_WRITE_6 = 0x0a,
    SCSI_INQUIRY = 0x12,
    SCSI_MODE_SELECT_6 = 0x15,
    SCSI_RESERVE_6 = 0x16,
    SCSI_RELEASE_6 = 0x17,
    SCSI_MODE_SENSE_6 = 0x1a,
    SCSI_START_STOP_UNIT = 0x1b,
    SCSI_SEND_DIAGNOSTIC = 0x1d,
    SCSI_PREVENT_ALLOW = 0x1e,
    SCSI_READ_CAPACITY_10 = 0x25,
    SCSI_READ_10 = 0x28,
    SCSI_WRITE_10 = 0x2a,
    SCSI_SEEK_10 = 0x2b,
    SCSI_WRITE_VERIFY_10 = 0x2e,
    SCSI_VERIFY_10 = 0x2f,
    SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
    SCSI_WRITE_BUFFER = 0x3b,
    SCSI_READ_BUFFER = 0x3c,
    SCSI_WRITE_SAME_10 = 0x41,
    SCSI_UNMAP = 0x42,
    SCSI_READ_TOC = 0x43,
    SCSI_GET_CONFIGURATION = 0x46,
    SCSI_GET_EVENT_STATUS = 0x4a,
    SCSI_LOG_SELECT = 0x4c,
    SCSI_LOG_SENSE = 0x4d,
    SCSI_READ_DISC_INFORMATION = 0x51,
    SCSI_MODE_SELECT_10 = 0x55,
    SCSI_RESERVE_10 = 0x56,
    SCSI_RELEASE_10 = 0x57,
    SCSI_MODE_SENSE_10 = 0x5a,
    SCSI_PERSISTENT_RESERVE_IN = 0x5e,
    SCSI_PERSISTENT_RESERVE_OUT = 0x5f,
    SCSI_READ_16 = 0x88,
    SCSI_WRITE_16 = 0x8a,
    SCSI_WRITE_VERIFY_16 = 0x8e,
    SCSI_VERIFY_16 = 0x8f,
    SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
    SCSI_WRITE_SAME_16 = 0x93,
    SCSI_SERVICE_ACTION_IN_16 = 0x9e,
    SCSI_REPORT_LUNS = 0xa0,
    SCSI_MAINTENANCE_IN = 0xa3,
    SCSI_MAINTENANCE_OUT = 0xa4,
    SCSI_READ_12 = 0xa8,
    SCSI_WRITE_12 = 0xaa,
    SCSI_READ_DVD_STRUCTURE = 0xad,
    SCSI_WRITE_VERIFY_12 = 0xae,
    SCSI_VERIFY_12 = 0xaf,
    SCSI_MECHANISM_STATUS = 0xbd,
};

/* Status bytes. */
enum { SCSI_GOOD = 0x00, SCSI_CHECK_CONDITION = 0x02, SCSI_BUSY = 0x08, SCSI_TASK_ABORTED = 0x40 };
#define SCSI_STATUS_NONE (-1) /* not complete yet */

/* ---- Sense ---- */
typedef struct ScsiSense {
    uint8_t key, asc, ascq;
} ScsiSense;
enum {
    SENSE_NO_SENSE = 0,
    SENSE_NOT_READY = 2,
    SENSE_MEDIUM_ERROR = 3,
    SENSE_HARDWARE_ERROR = 4,
    SENSE_ILLEGAL_REQUEST = 5,
    SENSE_UNIT_ATTENTION = 6,
    SENSE_DATA_PROTECT = 7,
    SENSE_ABORTED_COMMAND = 11,
};
#define SCSI_SENSE(k, c, q) ((ScsiSense){SENSE_##k, c, q})
#define SCSI_SENSE_NONE                SCSI_SENSE(NO_SENSE, 0x00, 0x00)
#define SCSI_SENSE_NO_MEDIUM           SCSI_SENSE(NOT_READY, 0x3a, 0x00)
#define SCSI_SENSE_LUN_NOT_READY       SCSI_SENSE(NOT_READY, 0x04, 0x03)
#define SCSI_SENSE_REMOVAL_PREVENTED_NR SCSI_SENSE(NOT_READY, 0x53, 0x02)
#define SCSI_SENSE_TARGET_FAILURE      SCSI_SENSE(HARDWARE_ERROR, 0x44, 0x00)
#define SCSI_SENSE_DMA_FAILURE         SCSI_SENSE(HARDWARE_ERROR, 0x00, 0x00)
#define SCSI_SENSE_INVALID_OPCODE      SCSI_SENSE(ILLEGAL_REQUEST, 0x20, 0x00)
#define SCSI_SENSE_LBA_OUT_OF_RANGE    SCSI_SENSE(ILLEGAL_REQUEST, 0x21, 0x00)
#define SCSI_SENSE_INVALID_FIELD       SCSI_SENSE(ILLEGAL_REQUEST, 0x24, 0x00)
#define SCSI_SENSE_INVALID_PARAM       SCSI_SENSE(ILLEGAL_REQUEST, 0x26, 0x00)
#define SCSI_SENSE_INVALID_PARAM_LEN   SCSI_SENSE(ILLEGAL_REQUEST, 0x1a, 0x00)
#define SCSI_SENSE_LUN_NOT_SUPPORTED   SCSI_SENSE(ILLEGAL_REQUEST, 0x25, 0x00)
#define SCSI_SENSE_SAVING_NOT_SUPPORTED SCSI_SENSE(ILLEGAL_REQUEST, 0x39, 0x00)
#define SCSI_SENSE_INCOMPATIBLE_FORMAT SCSI_SENSE(ILLEGAL_REQUEST, 0x30, 0x00)
#define SCSI_SENSE_REMOVAL_PREVENTED   SCSI_SENSE(ILLEGAL_REQUEST, 0x53, 0x02)
#define SCSI_SENSE_IO_ERROR            SCSI_SENSE(ABORTED_COMMAND, 0x00, 0x06)
#define SCSI_SENSE_RESET               SCSI_SENSE(UNIT_ATTENTION, 0x29, 0x00)
#define SCSI_SENSE_UA_NO_MEDIUM        SCSI_SENSE(UNIT_ATTENTION, 0x3a, 0x00)
#define SCSI_SENSE_MEDIUM_CHANGED      SCSI_SENSE(UNIT_ATTENTION, 0x28, 0x00)
#define SCSI_SENSE_CAPACITY_CHANGED    SCSI_SENSE(UNIT_ATTENTION, 0x2a, 0x09)
#define SCSI_SENSE_WRITE_PROTECTED     SCSI_SENSE(DATA_PROTECT, 0x27, 0x00)
#define SCSI_SENSE_SPACE_ALLOC_FAILED  SCSI_SENSE(DATA_PROTECT, 0x27, 0x07)

#define SCSI_SENSE_SIZE 252u           /* most bytes of sense that a unit keeps */
#define SCSI_SENSE_FIXED_SIZE 18u
#define SCSI_SENSE_WIRE_SIZE 96u       /* in the unit's section; the rest is a subsection */
/* Fixed (18 bytes) or descriptor (8 bytes) format; the number of bytes written. */
unsigned scsi_sense_build(uint8_t *out, ScsiSense sense, bool fixed);
/* Key and codes of sense data in either format; NONE when there is none. */
ScsiSense scsi_sense_parse(const uint8_t *data, unsigned size);

/* ---- Commands ---- */
typedef enum ScsiDirection { SCSI_NO_DATA, SCSI_FROM_DEVICE, SCSI_TO_DEVICE } ScsiDirection;
#define SCSI_CDB_SIZE 16u
typedef struct ScsiCommand {
    uint8_t buf[SCSI_CDB_SIZE];
    unsigned length;             /* of the CDB */
    ScsiDirection direction;
    uint64_t transfer; /* bytes of data: an allocation length, or what the blocks make up */
    uint64_t lba;                /* as far as the group's format has one */
} ScsiCommand;
/* False: an operation code of a group without a known length, or more data than a request can have.
 */
bool scsi_command_parse(ScsiCommand *command, const uint8_t *cdb, unsigned type,
                        uint32_t block_size);
/* The transfer length field of a command on blocks, in blocks (READ(6) and WRITE(6): 0 means 256).
 */
uint32_t scsi_command_blocks(const ScsiCommand *command);

/* ---- Requests ---- */
typedef struct ScsiRequestOps {
    size_t size;                 /* of the struct that begins with ScsiRequest */
    /* Begins; bytes of data that follow: > 0 to the host, < 0 from it, 0: none, complete or under
     * way. */
    int64_t (*start)(ScsiRequest *req);
    /* The adapter took the buffer's bytes (or put them there): go on. First call: nothing was
     * moved. */
    void (*proceed)(ScsiRequest *req);
    void (*release)(ScsiRequest *req);
    /* For requests in a stream beyond tag and command; first, what position the stream will have.
     */
    void (*prepare_save)(ScsiRequest *req);
    bool (*save)(StateStream *s, ScsiRequest *req, GError **errp);
    bool (*load)(StateStream *s, ScsiRequest *req, GError **errp);
    /* The request starts anew after an error or a load, instead of proceeding. */
    bool restart_whole;
} ScsiRequestOps;

struct ScsiRequest {
    const ScsiRequestOps *ops;
    ScsiDevice *dev;
    ScsiBus *bus;
    void *hba;                   /* the adapter's own */
    uint32_t tag, lun;
    unsigned references;
    ScsiCommand cmd;
    int status;
    bool enqueued, cancelled;
    bool retry;                  /* waits for the machine to go on */
    uint8_t sense[SCSI_SENSE_SIZE];
    unsigned sense_len;
    uint8_t *buffer;             /* data of the present chunk */
    uint64_t position;           /* of the chunk in the request's data */
    uint32_t chunk;              /* its bytes, while the adapter moves them */
    uint64_t
        saved_position; /* of a request that is being saved: it may start anew on the other side */
    BlockRequest *aio;           /* under way, NULL: none */
};

/* Parses, and chooses who answers: the unit, or the target in its place (unit attention, other
 * LUNs). */
ScsiRequest *scsi_request_new(ScsiDevice *dev, uint32_t tag, uint32_t lun, const uint8_t *cdb,
                              void *hba);
void scsi_request_ref(ScsiRequest *req);
void scsi_request_unref(ScsiRequest *req);
/* Starts; the sign of the result is the direction as in ScsiRequestOps.start. When it is not 0, the
 * adapter calls scsi_request_continue() once it is ready to move data. */
int64_t scsi_request_enqueue(ScsiRequest *req);
void scsi_request_continue(ScsiRequest *req);
/* For units: the next chunk is in the buffer, or room for it. */
void scsi_request_data(ScsiRequest *req, uint32_t size);
void scsi_request_complete(ScsiRequest *req, int status);
/* CHECK CONDITION with that sense. */
void scsi_request_fail(ScsiRequest *req, ScsiSense sense);
/* Ends it without status. What is under way on the host goes on until scsi_device_drain(). */
void scsi_request_cancel(ScsiRequest *req);

/* ---- Bus ---- */
typedef struct ScsiBusOps {
    bool tagged_queue;
    unsigned max_channel, max_target, max_lun;
    void (*transfer_data)(ScsiRequest *req, uint32_t size);
    void (*complete)(ScsiRequest *req);
    void (*cancelled)(ScsiRequest *req);
    /* The adapter's part of a request in a stream; load sets req->hba. NULL: requests cannot be
     * saved. */
    bool (*save_request)(StateStream *s, ScsiRequest *req, GError **errp);
    bool (*load_request)(StateStream *s, ScsiRequest *req, GError **errp);
    /* The adapter's own state tells how much of a chunk it has moved: requests are saved with the
     * chunk. */
    bool keeps_place;
    /* Node of a unit in Open Firmware's paths (g_malloc). NULL: none. */
    char *(*firmware_node)(const ScsiDevice *dev);
} ScsiBusOps;

struct ScsiBus {
    BusState parent;             /* first */
    const ScsiBusOps *ops;
};
extern const BusClass scsi_bus_class;
/* name NULL: "ID.0", or "scsi.N" for an adapter without id. */
ScsiBus *scsi_bus_create(DeviceState *adapter, const ScsiBusOps *ops, const char *name);
/* The unit there; if the target has no such LUN any other of its units (whose lun differs); NULL:
 * no target. */
ScsiDevice *scsi_device_find(ScsiBus *bus, unsigned channel, unsigned id, unsigned lun);
/* Makes a unit for every -drive if=scsi with that bus number. */
bool scsi_bus_claim_drives(ScsiBus *bus, int number, GError **errp);
/* Highest bus number of -drive if=scsi, -1: none. */
int scsi_drives_last_bus(void);

/* ---- Units ---- */
typedef struct ScsiDeviceClass {
    DeviceClass device;          /* first */
    /* Who answers that command; never NULL. */
    const ScsiRequestOps *(*request_ops)(ScsiDevice *dev, const ScsiCommand *command);
    /* Waits until nothing of the unit is under way on the host. NULL: never anything. */
    void (*drain)(ScsiDevice *dev);
    /* A unit attention condition was told. */
    void (*attention_told)(ScsiDevice *dev);
} ScsiDeviceClass;

struct ScsiDevice {
    DeviceState parent;          /* first */
    /* saved */
    ScsiSense unit_attention;    /* pending; key 0: none */
    bool sense_is_ua;
    uint8_t sense[SCSI_SENSE_SIZE];
    uint32_t sense_len;
    GQueue requests;             /* ScsiRequest *, in the order they came */
    /* immutable: properties and what follows from them */
    uint32_t channel;
    int32_t id, lun;             /* -1: the first free */
    uint8_t type;
    uint32_t block_size;
    /* host-only */
    VMChangeStateEntry *state_entry;
};
extern const DeviceClass scsi_device_class; /* abstract */
extern const VMStateDescription vmstate_scsi_device;
static inline const ScsiDeviceClass *scsi_device_get_class(const ScsiDevice *dev)
{
    return (const ScsiDeviceClass *)device_get_class(&dev->parent);
}
static inline ScsiBus *scsi_device_bus(const ScsiDevice *dev)
{
    return (ScsiBus *)dev->parent.parent_bus;
}
/* Called by the realize and unrealize of units. */
void scsi_device_realize(ScsiDevice *dev);
void scsi_device_unrealize(ScsiDevice *dev);
/* Cancels all requests, waits for the host, and makes the condition pending. */
void scsi_device_purge(ScsiDevice *dev, ScsiSense attention);
void scsi_device_drain(ScsiDevice *dev);
/* A pending condition stays if it is more important. */
void scsi_device_set_attention(ScsiDevice *dev, ScsiSense sense);
/* Its sense data, for requests without autosense; forgets them. */
unsigned scsi_device_take_sense(ScsiDevice *dev, uint8_t *out, unsigned size, bool fixed);
/* The same in two steps: the condition stays until it has been told. */
unsigned scsi_device_tell_sense(const ScsiDevice *dev, uint8_t *out, unsigned size, bool fixed);
void scsi_device_sense_told(ScsiDevice *dev);

extern const DeviceClass *const hw_scsi_device_classes[];

#endif
