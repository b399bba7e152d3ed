/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SCSI bus: addresses of units, the life of a request, unit attention and sense.  SAM-5 5
 * (tasks), 5.14 (unit attention). Left out: buses whose adapter is told of units that come and go
 * (hot-plugged units are found by the guest when it looks for them), deferred errors, ACA.
 */
#include <string.h>
#include "scsi-internal.h"
#include "util/error.h"

/* ---- Unit attention and sense ---- */

/* SAM-5 5.14, table 46: the smaller, the more important. */
static unsigned attention_rank(ScsiSense sense)
{
    if (sense.key != SENSE_UNIT_ATTENTION) {
        return UINT_MAX;
    }
    if (sense.asc == 0x29 && sense.ascq <= 0x07 && sense.ascq != 0x05 && sense.ascq != 0x06) {
        /* Kinds of reset; a device's internal one counts like a power-on that was noticed late. */
        return sense.ascq == 0x04 ? 1 : sense.ascq;
    }
    if (sense.asc == 0x3f && sense.ascq == 0x01) {
        return 2;
    }
    if (sense.asc == 0x2f && sense.ascq == 0x01) {
        return 8;
    }
    return (unsigned)sense.asc << 8 | sense.ascq;
}

void scsi_device_set_attention(ScsiDevice *dev, ScsiSense sense)
{
    if (sense.key == SENSE_UNIT_ATTENTION &&
        attention_rank(sense) < attention_rank(dev->unit_attention)) {
        dev->unit_attention = sense;
    }
}

unsigned scsi_device_tell_sense(const ScsiDevice *dev, uint8_t *out, unsigned size, bool fixed)
{
    uint8_t data[SCSI_SENSE_FIXED_SIZE];
    unsigned n = scsi_sense_build(data, scsi_sense_parse(dev->sense, dev->sense_len), fixed);

    n = MIN(n, size);
    memcpy(out, data, n);
    return n;
}

void scsi_device_sense_told(ScsiDevice *dev)
{
    if (dev->sense_is_ua) {
        const ScsiDeviceClass *class = scsi_device_get_class(dev);

        dev->sense_len = 0;
        dev->sense_is_ua = false;
        if (class->attention_told) {
            class->attention_told(dev);
        }
    }
}

unsigned scsi_device_take_sense(ScsiDevice *dev, uint8_t *out, unsigned size, bool fixed)
{
    unsigned n = scsi_device_tell_sense(dev, out, size, fixed);

    scsi_device_sense_told(dev);
    return n;
}

void scsi_device_drain(ScsiDevice *dev)
{
    const ScsiDeviceClass *class = scsi_device_get_class(dev);

    if (class->drain) {
        class->drain(dev);
    }
}

void scsi_device_purge(ScsiDevice *dev, ScsiSense attention)
{
    ScsiRequest *req;

    while ((req = g_queue_peek_head(&dev->requests))) {
        scsi_request_cancel(req);
    }
    scsi_device_drain(dev);
    scsi_device_set_attention(dev, attention);
}

/* ---- Requests ---- */

/* Commands that are carried out although a condition is pending (SPC-4 5.14). */
static bool passes_attention(const ScsiDevice *dev, uint8_t opcode)
{
    switch (opcode) {
    case SCSI_INQUIRY:
    case SCSI_REPORT_LUNS:
    case SCSI_GET_CONFIGURATION:
    case SCSI_GET_EVENT_STATUS:
        return true;
    case SCSI_REQUEST_SENSE:
        /* What was told and not yet fetched comes before the next. */
        return dev->sense_is_ua;
    default:
        return false;
    }
}

static ScsiRequest *allocate(const ScsiRequestOps *ops, ScsiDevice *dev, uint32_t tag, uint32_t lun,
                             void *hba)
{
    ScsiRequest *req = g_malloc0(ops->size);

    req->ops = ops;
    req->dev = dev;
    req->bus = scsi_device_bus(dev);
    req->hba = hba;
    req->tag = tag;
    req->lun = lun;
    req->references = 1;
    req->status = SCSI_STATUS_NONE;
    object_ref(OBJECT(dev));
    return req;
}

/* Who answers a command without a fault: the unit, or the target in its place. */
static const ScsiRequestOps *ops_of(ScsiDevice *dev, uint32_t lun, const ScsiCommand *command)
{
    uint8_t opcode = command->buf[0];

    if (lun != (uint32_t)dev->lun || opcode == SCSI_REPORT_LUNS ||
        (opcode == SCSI_REQUEST_SENSE && dev->sense_len)) {
        return &scsi_ops_target;
    }
    return scsi_device_get_class(dev)->request_ops(dev, command);
}

ScsiRequest *scsi_request_new(ScsiDevice *dev, uint32_t tag, uint32_t lun, const uint8_t *cdb,
                              void *hba)
{
    const ScsiRequestOps *ops;
    bool attention = false;
    ScsiCommand command;
    ScsiRequest *req;
    bool good = scsi_command_parse(&command, cdb, dev->type, dev->block_size);

    if (!good) {
        ops = command.length ? &scsi_ops_invalid_field : &scsi_ops_invalid_opcode;
    } else if (dev->unit_attention.key == SENSE_UNIT_ATTENTION && !passes_attention(dev, cdb[0])) {
        ops = &scsi_ops_attention;
        attention = true;
    } else {
        ops = ops_of(dev, lun, &command);
    }
    req = allocate(ops, dev, tag, lun, hba);
    req->cmd = command;
    if (attention) {
        /* Taken now: the next command does not find it any more. */
        req->sense_len = scsi_sense_build(req->sense, dev->unit_attention, true);
        dev->unit_attention = SCSI_SENSE_NONE;
    }
    return req;
}

ScsiRequest *scsi_request_new_loaded(ScsiDevice *dev, uint32_t tag, uint32_t lun,
                                     const uint8_t *cdb)
{
    ScsiCommand command;
    ScsiRequest *req;

    if (!scsi_command_parse(&command, cdb, dev->type, dev->block_size)) {
        return NULL;
    }
    req = allocate(ops_of(dev, lun, &command), dev, tag, lun, NULL);
    req->cmd = command;
    return req;
}

void scsi_request_ref(ScsiRequest *req)
{
    req->references++;
}

void scsi_request_unref(ScsiRequest *req)
{
    ScsiDevice *dev = req->dev;

    g_assert(req->references > 0);
    if (--req->references) {
        return;
    }
    if (req->ops->release) {
        req->ops->release(req);
    }
    g_free(req->buffer);
    g_free(req);
    object_unref(OBJECT(dev));
}

void scsi_request_attach(ScsiRequest *req)
{
    req->enqueued = true;
    scsi_request_ref(req);
    g_queue_push_tail(&req->dev->requests, req);
}

static void detach(ScsiRequest *req)
{
    if (req->enqueued) {
        req->enqueued = false;
        req->retry = false;
        g_queue_remove(&req->dev->requests, req);
        scsi_request_unref(req);
    }
}

int64_t scsi_request_enqueue(ScsiRequest *req)
{
    int64_t size;

    scsi_request_ref(req);
    scsi_request_attach(req);
    size = req->ops->start(req);
    if (req->status != SCSI_STATUS_NONE) {
        size = 0;
    }
    scsi_request_unref(req);
    return size;
}

void scsi_request_continue(ScsiRequest *req)
{
    if (req->cancelled || req->status != SCSI_STATUS_NONE) {
        return;
    }
    scsi_request_ref(req);
    req->position += req->chunk;
    req->chunk = 0;
    req->ops->proceed(req);
    scsi_request_unref(req);
}

void scsi_request_data(ScsiRequest *req, uint32_t size)
{
    req->chunk = size;
    req->bus->ops->transfer_data(req, size);
}

void scsi_request_complete(ScsiRequest *req, int status)
{
    ScsiDevice *dev = req->dev;

    g_assert(req->status == SCSI_STATUS_NONE && !req->cancelled);
    req->status = status;
    memcpy(dev->sense, req->sense, req->sense_len);
    dev->sense_len = req->sense_len;
    dev->sense_is_ua = req->sense_len && req->ops == &scsi_ops_attention;
    scsi_request_ref(req);
    detach(req);
    req->bus->ops->complete(req);
    scsi_request_unref(req);
}

void scsi_request_fail(ScsiRequest *req, ScsiSense sense)
{
    if (req->status == SCSI_STATUS_NONE && !req->cancelled) {
        req->sense_len = scsi_sense_build(req->sense, sense, true);
        scsi_request_complete(req, SCSI_CHECK_CONDITION);
    }
}

void scsi_request_cancel(ScsiRequest *req)
{
    if (!req->enqueued) {
        return;
    }
    scsi_request_ref(req);
    req->cancelled = true;
    if (req->aio) {
        blk_aio_cancel(req->aio);
    }
    detach(req);
    req->bus->ops->cancelled(req);
    scsi_request_unref(req);
}

/* ---- The machine goes on ---- */

static void restart(ScsiRequest *req)
{
    req->retry = false;
    if (req->ops->restart_whole) {
        int64_t size;

        req->position = 0;
        req->chunk = 0;
        size = req->ops->start(req);
        if (size && req->status == SCSI_STATUS_NONE) {
            scsi_request_continue(req);
        }
    } else {
        req->ops->proceed(req);
    }
}

static void on_run_state(void *opaque, bool running, RunState state)
{
    ScsiDevice *dev = opaque;
    g_autoptr(GPtrArray) waiting = NULL;

    if (!running) {
        return;
    }
    waiting = g_ptr_array_new_with_free_func((GDestroyNotify)scsi_request_unref);
    for (GList *link = dev->requests.head; link; link = link->next) {
        ScsiRequest *req = link->data;

        if (req->retry) {
            scsi_request_ref(req);
            g_ptr_array_add(waiting, req);
        }
    }
    for (guint i = 0; i < waiting->len; i++) {
        ScsiRequest *req = g_ptr_array_index(waiting, i);

        /* One that went before may have ended it. */
        if (req->enqueued && req->retry) {
            restart(req);
        }
    }
}

void scsi_device_realize(ScsiDevice *dev)
{
    g_queue_init(&dev->requests);
    dev->state_entry = vm_change_state_add(on_run_state, dev, 0);
}

void scsi_device_unrealize(ScsiDevice *dev)
{
    vm_change_state_remove(dev->state_entry);
    dev->state_entry = NULL;
    scsi_device_purge(dev, SCSI_SENSE_NONE);
}

/* ---- Addresses ---- */

static ScsiDevice *unit_at(ScsiBus *bus, unsigned channel, unsigned id, unsigned lun)
{
    for (guint i = 0; i < bus->parent.devices->len; i++) {
        ScsiDevice *dev = g_ptr_array_index(bus->parent.devices, i);

        if (dev->channel == channel && (unsigned)dev->id == id && (unsigned)dev->lun == lun) {
            return dev;
        }
    }
    return NULL;
}

ScsiDevice *scsi_device_find(ScsiBus *bus, unsigned channel, unsigned id, unsigned lun)
{
    ScsiDevice *dev = unit_at(bus, channel, id, lun);

    for (guint i = 0; !dev && i < bus->parent.devices->len; i++) {
        ScsiDevice *other = g_ptr_array_index(bus->parent.devices, i);

        if (other->channel == channel && (unsigned)other->id == id) {
            dev = other;
        }
    }
    return dev && dev->parent.realized ? dev : NULL;
}

static bool bad_address(GError **errp, const char *what, int64_t value)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "bad scsi %s: %" PRId64, what, value);
    return false;
}

static bool scsi_bus_plug(BusState *state, DeviceState *device, GError **errp)
{
    ScsiBus *bus = (ScsiBus *)state;
    ScsiDevice *dev = (ScsiDevice *)device;
    const ScsiBusOps *ops = bus->ops;
    ScsiDevice *other;
    int n = 0;

    if (dev->channel > ops->max_channel) {
        return bad_address(errp, "channel id", dev->channel);
    }
    if (dev->id < -1 || dev->id > (int)ops->max_target) {
        return bad_address(errp, "device id", dev->id);
    }
    if (dev->lun < -1 || dev->lun > (int)ops->max_lun) {
        return bad_address(errp, "device lun", dev->lun);
    }
    if (dev->id < 0) {
        dev->lun = MAX(dev->lun, 0);
        while (n <= (int)ops->max_target && unit_at(bus, dev->channel, n, dev->lun)) {
            n++;
        }
        if (n > (int)ops->max_target) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED, "no free target");
            return false;
        }
        dev->id = n;
    } else if (dev->lun < 0) {
        while (n <= (int)ops->max_lun && unit_at(bus, dev->channel, dev->id, n)) {
            n++;
        }
        if (n > (int)ops->max_lun) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED, "no free lun");
            return false;
        }
        dev->lun = n;
    } else if ((other = unit_at(bus, dev->channel, dev->id, dev->lun))) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "lun already used by '%s'",
                    device_id(&other->parent));
        return false;
    }
    return true;
}

/* "v-scsi@71000002/0:1:0", behind the adapter's own address. */
static char *scsi_wire_name(DeviceState *device)
{
    const ScsiDevice *dev = (ScsiDevice *)device;
    DeviceState *adapter = device->parent_bus->parent;
    const BusState *above = adapter ? adapter->parent_bus : NULL;
    g_autofree char *path =
        above && bus_get_class(above)->wire_name ? bus_get_class(above)->wire_name(adapter) : NULL;

    return g_strdup_printf("%s%s%u:%d:%d", path ? path : "", path ? "/" : "", dev->channel, dev->id,
                           dev->lun);
}

static char *scsi_firmware_node(DeviceState *device)
{
    const ScsiBus *bus = (ScsiBus *)device->parent_bus;

    return bus->ops->firmware_node ? bus->ops->firmware_node((ScsiDevice *)device) : NULL;
}

const BusClass scsi_bus_class = {
    .name = "SCSI",
    .parent = &bus_class.object,
    .description = "SCSI bus",
    .instance_size = sizeof(ScsiBus),
    .plug = scsi_bus_plug,
    .wire_name = scsi_wire_name,
    .firmware_node = scsi_firmware_node,
};

ScsiBus *scsi_bus_create(DeviceState *adapter, const ScsiBusOps *ops, const char *name)
{
    ScsiBus *bus = (ScsiBus *)bus_new(&scsi_bus_class, adapter, name);

    bus->ops = ops;
    return bus;
}

static const Property scsi_device_properties[] = {
    DEFINE_PROP_UINT32("channel", ScsiDevice, channel, 0, "channel of the bus"),
    DEFINE_PROP_INT32("scsi-id", ScsiDevice, id, -1, "target (-1: the first free one)"),
    DEFINE_PROP_INT32("lun", ScsiDevice, lun, -1, "logical unit (-1: the first free one)"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass scsi_device_class = {
    .name = "scsi-device",
    .parent = &device_class.object,
    .description = "unit on a SCSI bus",
    .instance_size = sizeof(ScsiDevice),
    .properties = scsi_device_properties,
    .abstract = true,
    .bus = &scsi_bus_class,
};

/* ---- -drive if=scsi ---- */

int scsi_drives_last_bus(void)
{
    int last = -1;

    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        const DriveInfo *drive = blk_drive_info(blk);

        if (drive && drive->interface == BLOCK_IF_SCSI) {
            last = MAX(last, drive->bus);
        }
    }
    return last;
}

bool scsi_bus_claim_drives(ScsiBus *bus, int number, GError **errp)
{
    for (unsigned unit = 0; unit <= bus->ops->max_target; unit++) {
        BlockBackend *blk = drive_get(BLOCK_IF_SCSI, number, (int)unit);
        const DriveInfo *drive = blk ? blk_drive_info(blk) : NULL;
        g_autofree char *name = g_strdup_printf("legacy[%u]", unit);
        DeviceState *dev;
        bool good;

        if (!drive) {
            continue;
        }
        dev = device_new(drive->is_cdrom ? "scsi-cd" : "scsi-hd", errp);
        if (!dev) {
            return false;
        }
        object_ref(OBJECT(dev));
        good = object_add_child(OBJECT(bus), name, OBJECT(dev), errp) &&
               object_property_set_int(OBJECT(dev), "scsi-id", (int)unit, errp) &&
               (!drive->serial ||
                object_property_set_str(OBJECT(dev), "serial", drive->serial, errp)) &&
               object_property_set_str(OBJECT(dev), "drive", blk_name(blk), errp) &&
               device_realize(dev, &bus->parent, errp);
        if (!good) {
            error_prepend(errp, "-drive %s: ", blk_name(blk));
            object_unparent(OBJECT(dev));
        }
        object_unref(OBJECT(dev));
        if (!good) {
            return false;
        }
    }
    return true;
}
