/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Apple Desktop Bus: up to 16 devices, each known by an address that can be changed, with four
 * registers; keyboard and mouse.  "Guide to the Macintosh Family Hardware", 2nd edition, chapter 8.
 * Device lock held.
 */
#ifndef HW_INPUT_ADB_H
#define HW_INPUT_ADB_H

#include "hw/core/device.h"
#include "util/timer.h"

#define ADB_MAX_DATA 8u                 /* bytes of a register */
#define ADB_MAX_PACKET (1 + ADB_MAX_DATA)
#define ADB_ABSENT (-2)                 /* no device answered */

/* A command byte: address << 4, command, register. */
enum { ADB_RESET = 0x00, ADB_FLUSH = 0x01, ADB_LISTEN = 0x08, ADB_TALK = 0x0c };
enum { ADB_ADDRESS_KEYBOARD = 2, ADB_ADDRESS_MOUSE = 3 };

typedef struct AdbBus AdbBus;
typedef struct AdbDevice AdbDevice;

typedef struct AdbDeviceClass {
    DeviceClass device;                 /* first */
    /* Answers a command (packet[0] and, for Listen, data): bytes put in reply, at most
     * ADB_MAX_DATA. */
    int (*request)(AdbDevice *dev, uint8_t *reply, const uint8_t *packet, unsigned size);
} AdbDeviceClass;

struct AdbDevice {
    DeviceState parent;                 /* first */
    /* saved */
    int32_t address, handler;
};

struct AdbBus {
    BusState parent;                    /* first */
    /* saved */
    Timer autopoll_timer;
    bool autopoll_enabled;
    uint8_t autopoll_rate_ms;
    uint16_t autopoll_mask;             /* by address */
    bool autopoll_blocked;              /* the controller is busy */
    /* immutable: the controller's, called when it is time to poll */
    void (*autopoll)(void *opaque);
    void *opaque;
    /* host-only: whose turn it is */
    unsigned next;
};

extern const BusClass adb_bus_class;
extern const DeviceClass adb_device_class;      /* abstract parent */
extern const AdbDeviceClass adb_keyboard_class, adb_mouse_class;
extern const VMStateDescription vmstate_adb_device, vmstate_adb_bus;
/* NULL-terminated, for app. */
extern const DeviceClass *const hw_input_device_classes[];

AdbBus *adb_bus_create(DeviceState *controller, void (*autopoll)(void *opaque), void *opaque);
/* Before the controller goes away. */
void adb_bus_destroy(AdbBus *bus);
/* Sends a command; bytes of the answer, 0, or ADB_ABSENT. */
int adb_request(AdbBus *bus, uint8_t reply[ADB_MAX_DATA], const uint8_t *packet, unsigned size);
/* Asks the devices in turn for register 0, those whose address is in autopoll_mask: the command
 * byte and the answer of the first that has something to say; 0: none has. */
int adb_poll(AdbBus *bus, uint8_t reply[ADB_MAX_PACKET]);
void adb_autopoll_enable(AdbBus *bus, bool on);
/* rate_ms: 1 .. 255. */
void adb_autopoll_set_rate(AdbBus *bus, uint8_t rate_ms);
void adb_autopoll_block(AdbBus *bus, bool on);
/* Listen to register 3 as all devices understand it; handlers: those the device has, ended by 0. */
void adb_device_listen3(AdbDevice *dev, const uint8_t *packet, unsigned size,
                        const uint8_t *handlers);

/* ---- What user interfaces call ---- */

#define ADB_KEY_POWER 0x7f
/* A key by its ADB code (0 .. 0x7f). Lost if the guest has not asked for the last 128. */
void adb_keyboard_key(DeviceState *dev, uint8_t code, bool down);
/* Right and down are positive. */
void adb_mouse_move(DeviceState *dev, int dx, int dy);
/* 0 left, 1 right. */
void adb_mouse_button(DeviceState *dev, unsigned button, bool down);

#endif
