/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usb-storage: a disk or optical drive by the bulk-only transport.  USB Mass Storage Class,
 * "Bulk-Only Transport" 1.0 (5: command and status wrappers, 6: what device and host disagree
 * about); the commands are those of hw/scsi, to one unit on a bus of its own.
 *
 * Transactions are done at once: one that has to wait for the host is answered with NAK. When host
 * and unit disagree about the data, what is missing is sent as zeros, what is too much is dropped,
 * and the status says so.  Left out: endpoints halt only for what makes no sense, so no host has to
 * clear one for a short answer.
 */
#include <string.h>
#include "block/backend.h"
#include "hw/scsi/scsi.h"
#include "hw/usb/storage.h"
#include "migration/vmstate.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

#define PACKET 64
#define ENDPOINT_IN 1u
#define ENDPOINT_OUT 2u
enum { BULK_ONLY_RESET = 0x21ff, GET_MAX_LUN = 0xa1fe };
#define COMMAND_SIZE 31u
#define COMMAND_SIGNATURE 0x43425355u
#define STATUS_SIZE 13u
#define STATUS_SIGNATURE 0x53425355u
enum { AT_SIGNATURE = 0, AT_TAG = 4, AT_LENGTH = 8, AT_FLAGS = 12, AT_LUN = 13, AT_CDB_SIZE = 14,
       AT_CDB = 15, AT_STATUS = 12 };
enum { FLAG_IN = 0x80 };
/* Command status: passed, failed, phase error. */
enum { STATUS_GOOD, STATUS_FAILED, STATUS_PHASE };

typedef enum StorageMode { MODE_COMMAND, MODE_OUT, MODE_IN, MODE_STATUS, N_MODES } StorageMode;

/* Only residue is meant before a command has ended; it has ended with data to go if that is not 0.
 */
typedef struct StorageStatus {
    /* saved */
    uint32_t sig, tag, residue;
    uint8_t status;
} StorageStatus;

typedef struct UsbStorage {
    UsbDevice usb;
    /* saved */
    uint32_t mode;                      /* StorageMode: what the host's next packet is */
    uint32_t scsi_len, scsi_off;        /* of the unit's buffer: what is left, and from where */
    uint32_t data_len;                  /* that the host still wants to move */
    StorageStatus csw;
    ScsiRequest *req;                   /* under way; in the unit's state */
    /* derived */
    bool resumed;                       /* the unit starts a chunk again, scsi_off is in it */
    /* immutable */
    ScsiBus *bus;
    char *drive;                        /* properties: the unit gets them */
    bool removable;
    int32_t bootindex, on_read, on_write, write_cache;
    uint64_t logical_block_size, physical_block_size, min_io_size, opt_io_size,
        discard_granularity;
} UsbStorage;

static UsbStorage *storage_of(ScsiRequest *req)
{
    return (UsbStorage *)req->bus->parent.parent;
}

/* ---- The command ---- */

static void end(UsbStorage *s, uint8_t status)
{
    s->csw.sig = STATUS_SIGNATURE;
    s->csw.residue = s->data_len;
    s->csw.status = status;
    s->scsi_len = s->scsi_off = 0;
    s->resumed = false;
    if (!s->data_len) {
        s->mode = MODE_STATUS;
    }
}

static void forget(UsbStorage *s)
{
    ScsiRequest *req = g_steal_pointer(&s->req);

    if (req) {
        scsi_request_unref(req);
    }
}

/* What the command is and what the host expects do not fit. */
static void phase_error(UsbStorage *s)
{
    scsi_request_cancel(s->req);
    end(s, STATUS_PHASE);
}

static void storage_transfer(ScsiRequest *req, uint32_t size)
{
    UsbStorage *s = storage_of(req);

    if (!s->data_len) {
        phase_error(s);
        return;
    }
    s->scsi_off = s->resumed ? MIN(s->scsi_off, size) : 0;
    s->scsi_len = size - s->scsi_off;
    s->resumed = false;
    if (!s->scsi_len) {
        scsi_request_continue(req);
    }
}

static void storage_complete(ScsiRequest *req)
{
    UsbStorage *s = storage_of(req);

    if (req == s->req) {
        forget(s);
        end(s, req->status == SCSI_GOOD ? STATUS_GOOD : STATUS_FAILED);
    }
}

static void storage_cancelled(ScsiRequest *req)
{
    UsbStorage *s = storage_of(req);

    /* Who cancels by the host's word says afterwards what it comes to. */
    if (req == s->req) {
        forget(s);
        end(s, STATUS_FAILED);
    }
}

static bool save_request(StateStream *stream, ScsiRequest *req, GError **errp)
{
    return true;
}

static bool load_request(StateStream *stream, ScsiRequest *req, GError **errp)
{
    UsbStorage *s = storage_of(req);

    if (s->req) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "usb-storage: more than one command");
        return false;
    }
    scsi_request_ref(req);
    s->req = req;
    return true;
}

static const ScsiBusOps bus_ops = {
    .transfer_data = storage_transfer,
    .complete = storage_complete,
    .cancelled = storage_cancelled,
    .save_request = save_request,
    .load_request = load_request,
    .keeps_place = true,
};

static int refuse(UsbStorage *s, unsigned endpoint, const char *why)
{
    log_mask(LOG_GUEST_ERROR, "usb-storage: %s\n", why);
    s->usb.halted |= (uint16_t)(1u << endpoint);
    return USB_STALL;
}

static void start_command(UsbStorage *s, const uint8_t *packet, ScsiDevice *dev)
{
    uint8_t cdb[SCSI_CDB_SIZE] = {0};
    int64_t size;
    ScsiRequest *req;

    memcpy(cdb, packet + AT_CDB, packet[AT_CDB_SIZE]);
    s->data_len = (uint32_t)ldl_le_p(packet + AT_LENGTH);
    s->mode = !s->data_len ? MODE_STATUS : packet[AT_FLAGS] & FLAG_IN ? MODE_IN : MODE_OUT;
    s->csw = (StorageStatus){.tag = (uint32_t)ldl_le_p(packet + AT_TAG)};
    s->scsi_len = s->scsi_off = 0;
    s->resumed = false;
    req = s->req = scsi_request_new(dev, s->csw.tag, packet[AT_LUN], cdb, s);
    scsi_request_ref(req);
    size = scsi_request_enqueue(req);
    if (size && s->req == req) {
        if (s->mode == (size > 0 ? MODE_IN : MODE_OUT)) {
            scsi_request_continue(req);
        } else {
            log_mask(LOG_GUEST_ERROR, "usb-storage: command 0x%02x moves data the other way\n",
                     cdb[0]);
            phase_error(s);
        }
    }
    scsi_request_unref(req);
}

static int take_command(UsbStorage *s, const uint8_t *packet, unsigned length)
{
    ScsiDevice *dev;

    if (length != COMMAND_SIZE || ldl_le_p(packet) != (int)COMMAND_SIGNATURE) {
        return refuse(s, ENDPOINT_OUT, "that is no command");
    }
    if (packet[AT_CDB_SIZE] < 1 || packet[AT_CDB_SIZE] > SCSI_CDB_SIZE || packet[AT_LUN] > 15) {
        return refuse(s, ENDPOINT_OUT, "a command makes no sense");
    }
    dev = scsi_device_find(s->bus, 0, 0, packet[AT_LUN]);
    if (!dev) {
        return refuse(s, ENDPOINT_OUT, "there is no unit");
    }
    start_command(s, packet, dev);
    return (int)length;
}

/* ---- Packets ---- */

/* To or from the unit's buffer; the bytes. */
static unsigned move(UsbStorage *s, uint8_t *data, unsigned length)
{
    unsigned n = MIN(MIN(length, s->scsi_len), s->data_len);
    uint8_t *place = s->req->buffer + s->scsi_off;

    if (s->mode == MODE_IN) {
        memcpy(data, place, n);
    } else {
        memcpy(place, data, n);
    }
    s->scsi_off += n;
    s->scsi_len -= n;
    s->data_len -= n;
    if (!s->scsi_len || (!s->data_len && s->mode == MODE_IN)) {
        s->scsi_len = 0;
        scsi_request_continue(s->req);
    } else if (!s->data_len) {
        phase_error(s);                 /* the unit wants more than the host has */
    }
    return n;
}

/* The command has ended: zeros, or nowhere. */
static unsigned fill(UsbStorage *s, uint8_t *data, unsigned length)
{
    unsigned n = MIN(length, s->data_len);

    if (s->mode == MODE_IN) {
        memset(data, 0, n);
    }
    s->data_len -= n;
    if (!s->data_len) {
        s->mode = MODE_STATUS;
    }
    return n;
}

/* The unit's buffer has data, or room for them. */
static bool is_ready(const UsbStorage *s)
{
    return s->req && s->scsi_len && !s->resumed;
}

static bool has_ended(const UsbStorage *s)
{
    return !s->req;
}

static int take_data(UsbStorage *s, uint8_t *data, unsigned length)
{
    unsigned n;

    if (length > s->data_len) {
        return refuse(s, ENDPOINT_OUT, "more data than the command said");
    }
    if (is_ready(s)) {
        n = move(s, data, length);
        if (n < length && !has_ended(s)) {
            return refuse(s, ENDPOINT_OUT, "a packet that is not whole in a block");
        }
        return (int)(n + (n < length ? fill(s, data + n, length - n) : 0));
    }
    return has_ended(s) ? (int)fill(s, data, length) : USB_NAK;
}

static int give_data(UsbStorage *s, uint8_t *data, unsigned length)
{
    unsigned n = 0;

    if (s->req && !is_ready(s)) {
        return USB_NAK;
    }
    if (s->req) {
        n = move(s, data, length);
    }
    if (n < length && has_ended(s) && s->mode == MODE_IN) {
        n += fill(s, data + n, length - n);
    }
    return (int)n;
}

static int give_status(UsbStorage *s, uint8_t *data, unsigned length)
{
    if (length < STATUS_SIZE) {
        return refuse(s, ENDPOINT_IN, "no room for the status");
    }
    if (!has_ended(s)) {
        return USB_NAK;
    }
    stl_le_p(data, STATUS_SIGNATURE);
    stl_le_p(data + AT_TAG, s->csw.tag);
    stl_le_p(data + AT_LENGTH, s->csw.residue);
    data[AT_STATUS] = s->csw.status;
    s->csw = (StorageStatus){0};
    s->mode = MODE_COMMAND;
    return STATUS_SIZE;
}

static int storage_transaction(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                               unsigned length)
{
    UsbStorage *s = (UsbStorage *)dev;

    if (token == USB_OUT && endpoint == ENDPOINT_OUT) {
        return s->mode == MODE_COMMAND ? take_command(s, data, length)
               : s->mode == MODE_OUT ? take_data(s, data, length)
                                     : refuse(s, endpoint, "data that nobody wants");
    }
    if (token == USB_IN && endpoint == ENDPOINT_IN) {
        /* The status of what is still written comes when it is. */
        return s->mode == MODE_IN ? give_data(s, data, length)
               : s->mode == MODE_STATUS ? give_status(s, data, length)
               : s->mode == MODE_OUT && !s->data_len
                   ? USB_NAK
                   : refuse(s, endpoint, "there is nothing to read");
    }
    return USB_STALL;
}

/* ---- Requests ---- */

static void storage_reset(UsbDevice *dev)
{
    UsbStorage *s = (UsbStorage *)dev;

    if (s->req) {
        scsi_request_cancel(s->req);
    }
    s->mode = MODE_COMMAND;
    s->data_len = s->scsi_len = s->scsi_off = 0;
    s->resumed = false;
    s->csw = (StorageStatus){0};
}

static int storage_control(UsbDevice *dev, uint16_t request, uint16_t value, uint16_t index,
                           uint16_t length, uint8_t *data)
{
    switch (request) {
    case BULK_ONLY_RESET:
        storage_reset(dev);
        return 0;
    case GET_MAX_LUN:
        data[0] = 0;
        return 1;
    default:
        return USB_STALL;
    }
}

static const uint8_t device_descriptor[18] = {
    18, USB_DESCRIPTOR_DEVICE, 0x00, 0x02, 0, 0, 0, 8, 0xf4, 0x46, 0x01, 0x00, 0, 0,
    USB_STRING_MANUFACTURER, USB_STRING_PRODUCT, USB_STRING_SERIAL, 1,
}, configuration[] = {
    9, USB_DESCRIPTOR_CONFIGURATION, 32, 0, 1, 1, USB_STRING_CONFIGURATION, 0xc0, 0,
    9, 4, 0, 0, 2, 8, 6, 0x50, 0,       /* mass storage, SCSI, bulk-only */
    7, 5, 0x80 | ENDPOINT_IN, 2, PACKET, 0, 0,
    7, 5, ENDPOINT_OUT, 2, PACKET, 0, 0,
};

/* ---- State ---- */

static bool storage_post_load(void *opaque, int version, GError **errp)
{
    UsbStorage *s = opaque;
    const ScsiRequest *req = s->req;
    bool fits = s->mode < N_MODES;

    if (!req) {
        /* Without a command there is its status, or nothing. */
        fits = fits && (s->mode == MODE_COMMAND || s->mode == MODE_STATUS || s->data_len);
        s->scsi_len = s->scsi_off = 0;
    } else if (req->chunk) {
        fits = fits && s->data_len && s->scsi_len && s->scsi_off <= req->chunk &&
               s->scsi_len <= req->chunk - s->scsi_off &&
               s->mode == (req->cmd.direction == SCSI_TO_DEVICE ? MODE_OUT : MODE_IN);
    } else {
        fits = fits && s->mode != MODE_COMMAND;
    }
    if (!fits) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "usb-storage: %u bytes at %u of a buffer, %u to go in mode %u", s->scsi_len,
                  s->scsi_off, s->data_len, s->mode);
        storage_reset(&s->usb);
        return false;
    }
    /* A command that begins again makes the same data; what a host has sent it is gone. */
    s->resumed = req && !req->chunk && s->scsi_len && s->mode == MODE_IN;
    if (req && !req->chunk && !s->resumed) {
        s->scsi_len = s->scsi_off = 0;
    }
    return true;
}

static const VMStateDescription vmstate_storage = {
    .name = "usb-storage",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = storage_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_USB_DEVICE(usb, UsbStorage),
        VMSTATE_UINT32(mode, UsbStorage),
        VMSTATE_UINT32(scsi_len, UsbStorage),
        VMSTATE_UINT32(scsi_off, UsbStorage),
        VMSTATE_UINT32(data_len, UsbStorage),
        VMSTATE_UINT32(csw.sig, UsbStorage),
        VMSTATE_UINT32(csw.tag, UsbStorage),
        VMSTATE_UINT32(csw.residue, UsbStorage),
        VMSTATE_UINT8(csw.status, UsbStorage),
        VMSTATE_END_OF_LIST(),
    },
    .elsewhere = VMSTATE_NAMES("req"),
    .derived = VMSTATE_NAMES("resumed"),
    .immutable = VMSTATE_NAMES("bus", "drive", "removable", "bootindex", "on_read", "on_write",
                               "write_cache", "logical_block_size", "physical_block_size",
                               "min_io_size", "opt_io_size", "discard_granularity"),
    VMSTATE_STRUCT_AUDIT(UsbStorage),
};

/* ---- Life ---- */

static const char *const policy_names[] = {"auto", "report", "ignore", "enospc", "stop", NULL};
static const char *const on_off_auto_names[] = {"auto", "on", "off", NULL};

static bool hand_on(UsbStorage *s, Object *unit, bool optical, GError **errp)
{
    const struct { const char *name; uint64_t value, unset;
    } sizes[] = {
        {"logical_block_size", s->logical_block_size, 0},
        {"physical_block_size", s->physical_block_size, 0},
        {"min_io_size", s->min_io_size, 0},
        {"opt_io_size", s->opt_io_size, 0},
        {"discard_granularity", s->discard_granularity, UINT32_MAX},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *text = g_strdup_printf("%" PRIu64, sizes[i].value);

        if (sizes[i].value != sizes[i].unset &&
            !object_property_parse(unit, sizes[i].name, text, errp)) {
            return false;
        }
    }
    return object_property_set_int(unit, "scsi-id", 0, errp) &&
           object_property_set_int(unit, "lun", 0, errp) &&
           object_property_set_int(unit, "bootindex", s->bootindex, errp) &&
           object_property_parse(unit, "rerror", policy_names[s->on_read], errp) &&
           object_property_parse(unit, "werror", policy_names[s->on_write], errp) &&
           object_property_parse(unit, "write-cache", on_off_auto_names[s->write_cache], errp) &&
           (optical || object_property_parse(unit, "removable", s->removable ? "on" : "off",
                                             errp)) &&
           (!s->usb.serial || object_property_set_str(unit, "serial", s->usb.serial, errp)) &&
           object_property_set_str(unit, "drive", s->drive, errp);
}

static bool create_unit(UsbStorage *s, GError **errp)
{
    BlockBackend *blk = blk_find(s->drive);
    const DriveInfo *drive = blk ? blk_drive_info(blk) : NULL;
    bool optical = drive && drive->is_cdrom, good;
    DeviceState *unit = device_new(optical ? "scsi-cd" : "scsi-hd", errp);

    if (!unit) {
        return false;
    }
    object_ref(OBJECT(unit));
    good = object_add_child(OBJECT(s->bus), "legacy[0]", OBJECT(unit), errp) &&
           hand_on(s, OBJECT(unit), optical, errp) && device_realize(unit, &s->bus->parent, errp);
    if (!good) {
        object_unparent(OBJECT(unit));
    }
    object_unref(OBJECT(unit));
    return good;
}

static bool storage_realize(UsbDevice *dev, GError **errp)
{
    UsbStorage *s = (UsbStorage *)dev;

    if (!s->drive) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "drive property not set");
        return false;
    }
    s->bus = scsi_bus_create(&dev->parent, &bus_ops, NULL);
    if (!create_unit(s, errp)) {
        bus_unparent(&s->bus->parent);
        s->bus = NULL;
        return false;
    }
    return true;
}

static void storage_unrealize(UsbDevice *dev)
{
    UsbStorage *s = (UsbStorage *)dev;

    bus_unparent(&s->bus->parent);
    s->bus = NULL;
}

static const Property storage_properties[] = {
    DEFINE_PROP_STRING("drive", UsbStorage, drive, NULL, "drive or node of the medium"),
    DEFINE_PROP_BOOL("removable", UsbStorage, removable, false, "the medium can be taken out"),
    DEFINE_PROP_INT32("bootindex", UsbStorage, bootindex, -1, "place in the boot order"),
    DEFINE_PROP_SIZE("logical_block_size", UsbStorage, logical_block_size, 0,
                     "bytes of a block (0: 512)"),
    DEFINE_PROP_SIZE("physical_block_size", UsbStorage, physical_block_size, 0,
                     "bytes that are best written together (0: a block)"),
    DEFINE_PROP_SIZE("min_io_size", UsbStorage, min_io_size, 0,
                     "granularity of the best transfers"),
    DEFINE_PROP_SIZE("opt_io_size", UsbStorage, opt_io_size, 0, "size of the best transfers"),
    DEFINE_PROP_SIZE("discard_granularity", UsbStorage, discard_granularity, UINT32_MAX,
                     "granularity of UNMAP (0: none)"),
    DEFINE_PROP_ENUM("write-cache", UsbStorage, write_cache, on_off_auto_names, 0,
                     "write cache (on, off, auto: as the drive has it)"),
    DEFINE_PROP_ENUM("rerror", UsbStorage, on_read, policy_names, 0,
                     "policy for errors of reading"),
    DEFINE_PROP_ENUM("werror", UsbStorage, on_write, policy_names, 0,
                     "policy for errors of writing"),
    DEFINE_PROP_END_OF_LIST(),
};

const UsbDeviceClass usb_storage_class = {
    .device = {
        .name = "usb-storage",
        .parent = &usb_device_class.object,
        .description = "USB disk or optical drive",
        .instance_size = sizeof(UsbStorage),
        .properties = storage_properties,
        .category = DEVICE_CATEGORY_STORAGE,
        .user_creatable = true,
        .hotpluggable = true,
        .vmstate = &vmstate_storage,
        .firmware_name = "storage",
    },
    .product = "QEMU USB MSD",
    .product_string = "QEMU USB HARDDRIVE",
    .configuration_name = "Full speed config (usb 1.1)",
    .serial = "1",
    .device_descriptor = device_descriptor,
    .configuration = configuration,
    .realize = storage_realize,
    .unrealize = storage_unrealize,
    .reset = storage_reset,
    .control = storage_control,
    .transfer = storage_transaction,
};
