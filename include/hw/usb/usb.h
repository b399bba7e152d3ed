/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB 1.1: buses, ports and devices.  A host controller owns a bus and its root ports; a hub brings
 * more ports of the same bus.  A device is a row (UsbDeviceClass) with its descriptors and a struct
 * that begins with UsbDevice; the core answers the standard requests.  Transfers are done at once.
 * Device lock held.
 */
#ifndef HW_USB_USB_H
#define HW_USB_USB_H

#include "hw/core/device.h"

typedef struct UsbBus UsbBus;
typedef struct UsbDevice UsbDevice;
typedef struct UsbPort UsbPort;

/* Token packets. */
typedef enum UsbToken { USB_OUT, USB_IN, USB_SETUP } UsbToken;
/* What a transaction yields, if not the number of bytes. */
enum { USB_NO_DEVICE = -1, USB_NAK = -2, USB_STALL = -3 };

#define USB_SETUP_SIZE 8
#define USB_CONTROL_SIZE 4096           /* data of a control transfer */
#define USB_MAX_PORTS 15
#define USB_PATH_SIZE 16

/* A request as in the first two bytes of a setup packet: type << 8 | request. */
enum {
    USB_GET_DEVICE_STATUS = 0x8000,
    USB_CLEAR_DEVICE_FEATURE = 0x0001,
    USB_SET_DEVICE_FEATURE = 0x0003,
    USB_SET_ADDRESS = 0x0005,
    USB_GET_DESCRIPTOR = 0x8006,
    USB_GET_CONFIGURATION = 0x8008,
    USB_SET_CONFIGURATION = 0x0009,
    USB_GET_INTERFACE_STATUS = 0x8100,
    USB_GET_INTERFACE = 0x810a,
    USB_SET_INTERFACE = 0x010b,
    USB_GET_ENDPOINT_STATUS = 0x8200,
    USB_CLEAR_ENDPOINT_FEATURE = 0x0201,
    USB_SET_ENDPOINT_FEATURE = 0x0203,
    USB_GET_INTERFACE_DESCRIPTOR = 0x8106,
};
enum { USB_DESCRIPTOR_DEVICE = 1, USB_DESCRIPTOR_CONFIGURATION, USB_DESCRIPTOR_STRING };
/* Of string descriptors, as all our devices number them. */
enum {
    USB_STRING_MANUFACTURER = 1,
    USB_STRING_PRODUCT,
    USB_STRING_SERIAL,
    USB_STRING_CONFIGURATION
};

typedef struct UsbDeviceClass {
    DeviceClass device;                 /* first */
    const char *product, *configuration_name;
    const char *product_string;         /* what the guest reads; NULL: product */
    const char *serial;                 /* where it is follows */
    const uint8_t *device_descriptor;   /* 18 bytes */
    const uint8_t *configuration;       /* with all that belongs to it; its length is in it */
    bool (*realize)(UsbDevice *dev, GError **errp);
    void (*unrealize)(UsbDevice *dev);
    /* By the bus. NULL: nothing to do. */
    void (*reset)(UsbDevice *dev);
    /* A request that is not standard: bytes of the answer in data (at most length), or USB_STALL.
     */
    int (*control)(UsbDevice *dev, uint16_t request, uint16_t value, uint16_t index,
                   uint16_t length, uint8_t *data);
    /* Another endpoint than 0. Bytes transferred, USB_NAK or USB_STALL. */
    int (*transfer)(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                    unsigned length);
    /* A device behind this hub; NULL: it is no hub. */
    UsbDevice *(*find)(UsbDevice *dev, uint8_t address);
} UsbDeviceClass;

struct UsbDevice {
    DeviceState parent;                 /* first */
    /* saved */
    uint8_t addr;
    int32_t state;                      /* USB_STATE_* (usb.c) */
    int32_t remote_wakeup;
    int32_t setup_state, setup_len, setup_index;
    uint8_t setup_buf[USB_SETUP_SIZE];
    uint8_t data[USB_CONTROL_SIZE];     /* of the control transfer that is under way */
    uint8_t configuration;
    uint16_t halted;                    /* endpoints in */
    /* immutable */
    char *port_path;                    /* property port; NULL: the first that is free */
    char *serial;                       /* property; NULL: the class's */
    UsbPort *port;
};

/* What the owner of a port does when its device comes or wakes up. */
typedef struct UsbPortOps {
    void (*attach)(UsbPort *port);
    void (*detach)(UsbPort *port);
    void (*wakeup)(UsbPort *port);
} UsbPortOps;

struct UsbPort {
    UsbDevice *dev;                     /* NULL: nothing is plugged in */
    char path[USB_PATH_SIZE];           /* "1", behind hubs "1.2" */
    const UsbPortOps *ops;
    void *opaque;
};

struct UsbBus {
    BusState parent;                    /* first */
    GPtrArray *ports;                   /* all, of hubs too, in the order they came */
};

extern const BusClass usb_bus_class;
extern const DeviceClass usb_device_class;      /* abstract parent */
extern const UsbDeviceClass usb_hub_class;
extern const VMStateDescription vmstate_usb_device;
/* The state of an embedded UsbDevice: the first field of a device's description. */
#define VMSTATE_USB_DEVICE(f, s) VMSTATE_STRUCT(f, s, 1, vmstate_usb_device, UsbDevice)
/* NULL-terminated, for app. */
extern const DeviceClass *const hw_usb_device_classes[];

static inline const UsbDeviceClass *usb_device_get_class(const UsbDevice *dev)
{
    return (const UsbDeviceClass *)device_get_class(&dev->parent);
}

/* ---- For host controllers and hubs ---- */
UsbBus *usb_bus_create(DeviceState *controller);
void usb_bus_destroy(UsbBus *bus);
/* prefix: path of the hub, or NULL. number counts from 1. */
void usb_port_add(UsbBus *bus, UsbPort *port, const char *prefix, unsigned number,
                  const UsbPortOps *ops, void *opaque);
void usb_port_remove(UsbBus *bus, UsbPort *port);
/* The bus's reset of what is plugged in. */
void usb_port_reset(UsbPort *port);
/* The device itself, or one behind it. NULL: nobody has that address. */
UsbDevice *usb_find(UsbDevice *dev, uint8_t address);
/* One transaction. */
int usb_transaction(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                    unsigned length);

/* ---- For devices ---- */
/* It has something to say: a suspended port wakes up, if the host allows. */
void usb_wakeup(UsbDevice *dev);
UsbBus *usb_bus_of(UsbDevice *dev);

#endif
