/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Apple Desktop Bus: commands, addresses, polling.  "Guide to the Macintosh Family Hardware", 2nd
 * edition, chapter 8; Linux's drivers/macintosh/adb.c for what controllers do by themselves. Left
 * out: service requests: a device that has something to say waits until it is polled.
 */
#include "hw/input/adb.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/error.h"
#include "util/log.h"

#define N_ADDRESSES 16
#define DEFAULT_RATE_MS 20
#define COMMAND 0x0f
#define OPERATION 0x0c

int adb_request(AdbBus *bus, uint8_t reply[ADB_MAX_DATA], const uint8_t *packet, unsigned size)
{
    GPtrArray *devices = bus->parent.devices;

    if (!size) {
        return ADB_ABSENT;
    }
    if ((packet[0] & COMMAND) == ADB_RESET) {
        for (guint i = 0; i < devices->len; i++) {
            device_cold_reset(g_ptr_array_index(devices, i));
        }
        return 0;
    }
    for (guint i = 0; i < devices->len; i++) {
        AdbDevice *dev = g_ptr_array_index(devices, i);

        if (dev->address == packet[0] >> 4) {
            return ((const AdbDeviceClass *)device_get_class(&dev->parent))
                ->request(dev, reply, packet, size);
        }
    }
    return ADB_ABSENT;
}

int adb_poll(AdbBus *bus, uint8_t reply[ADB_MAX_PACKET])
{
    GPtrArray *devices = bus->parent.devices;

    for (guint i = 0; i < devices->len; i++, bus->next++) {
        AdbDevice *dev = g_ptr_array_index(devices, bus->next % devices->len);
        int size;

        if (!(bus->autopoll_mask >> dev->address & 1)) {
            continue;
        }
        reply[0] = (uint8_t)(dev->address << 4 | ADB_TALK);
        size = adb_request(bus, reply + 1, reply, 1);
        if (size > 0) {
            return size + 1;
        }
    }
    return 0;
}

void adb_device_listen3(AdbDevice *dev, const uint8_t *packet, unsigned size,
                        const uint8_t *handlers)
{
    enum { SELF_TEST = 0xff };

    /* Mac OS 9 sends a third byte too many, and means nothing by it. */
    if (size != 3 || packet[2] == SELF_TEST) {
        return;
    }
    dev->address = packet[1] & 0xf;
    for (; *handlers; handlers++) {
        if (packet[2] == *handlers) {
            dev->handler = packet[2];
        }
    }
}

/* ---- Polling ---- */

static void rearm(AdbBus *bus)
{
    if (bus->autopoll_enabled && !bus->autopoll_blocked) {
        timer_mod_ns(&bus->autopoll_timer,
                     clock_get_ns(clock_virtual()) + (int64_t)bus->autopoll_rate_ms * SCALE_MS);
    } else {
        timer_del(&bus->autopoll_timer);
    }
}

static void autopoll_due(void *opaque)
{
    AdbBus *bus = opaque;

    rearm(bus);
    if (!bus->autopoll_blocked) {
        bus->autopoll(bus->opaque);
    }
}

void adb_autopoll_enable(AdbBus *bus, bool on)
{
    if (bus->autopoll_enabled != on) {
        bus->autopoll_enabled = on;
        rearm(bus);
    }
}

void adb_autopoll_set_rate(AdbBus *bus, uint8_t rate_ms)
{
    bus->autopoll_rate_ms = MAX(rate_ms, 1);
    rearm(bus);
}

void adb_autopoll_block(AdbBus *bus, bool on)
{
    if (bus->autopoll_blocked != on) {
        bus->autopoll_blocked = on;
        rearm(bus);
    }
}

/* ---- State ---- */

static bool bus_post_load(void *opaque, int version, GError **errp)
{
    AdbBus *bus = opaque;

    if (!bus->autopoll_rate_ms) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "adb_bus: autopoll_rate_ms is 0");
        return false;
    }
    return true;
}

const VMStateDescription vmstate_adb_bus = {
    .name = "adb_bus",
    .version_id = 0,
    .minimum_version_id = 0,
    .post_load = bus_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_TIMER(autopoll_timer, AdbBus),
        VMSTATE_BOOL(autopoll_enabled, AdbBus),
        VMSTATE_UINT8(autopoll_rate_ms, AdbBus),
        VMSTATE_UINT16(autopoll_mask, AdbBus),
        VMSTATE_BOOL(autopoll_blocked, AdbBus),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("autopoll", "opaque"),
    .host_only = VMSTATE_NAMES("next"),
    VMSTATE_STRUCT_AUDIT(AdbBus),
};

static bool device_post_load(void *opaque, int version, GError **errp)
{
    AdbDevice *dev = opaque;

    if (dev->address < 0 || dev->address >= N_ADDRESSES) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "adb_device: address %d",
                    dev->address);
        return false;
    }
    return true;
}

const VMStateDescription vmstate_adb_device = {
    .name = "adb_device",
    .version_id = 0,
    .minimum_version_id = 0,
    .post_load = device_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_INT32(address, AdbDevice),
        VMSTATE_INT32(handler, AdbDevice),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(AdbDevice),
};

/* ---- Life ---- */

static void bus_reset(void *obj, ResetType type)
{
    AdbBus *bus = obj;

    bus->autopoll_enabled = bus->autopoll_blocked = false;
    bus->autopoll_rate_ms = DEFAULT_RATE_MS;
    bus->autopoll_mask = UINT16_MAX;
    bus->next = 0;
    timer_del(&bus->autopoll_timer);
}

const BusClass adb_bus_class = {
    .name = "apple-desktop-bus",
    .parent = &bus_class.object,
    .description = "Apple Desktop Bus",
    .instance_size = sizeof(AdbBus),
    .max_devices = N_ADDRESSES,
    .vmstate = &vmstate_adb_bus,
};

AdbBus *adb_bus_create(DeviceState *controller, void (*autopoll)(void *opaque), void *opaque)
{
    static const ResetPhases phases = {.hold = bus_reset};
    AdbBus *bus = (AdbBus *)bus_new(&adb_bus_class, controller, "adb.0");

    bus->autopoll = autopoll;
    bus->opaque = opaque;
    timer_init_full(&bus->autopoll_timer, clock_virtual(), SCALE_NS, autopoll_due, bus);
    bus->parent.reset.phases = &phases;
    bus->parent.reset.opaque = bus;
    bus_reset(bus, RESET_TYPE_COLD);
    return bus;
}

void adb_bus_destroy(AdbBus *bus)
{
    timer_deinit(&bus->autopoll_timer);
    bus_unparent(&bus->parent);
}

const DeviceClass adb_device_class = {
    .name = "adb-device",
    .parent = &device_class.object,
    .description = "device on the Apple Desktop Bus",
    .instance_size = sizeof(AdbDevice),
    .abstract = true,
    .bus = &adb_bus_class,
    .category = DEVICE_CATEGORY_INPUT,
};

const DeviceClass *const hw_input_device_classes[] = {&adb_keyboard_class.device,
                                                      &adb_mouse_class.device, NULL};
