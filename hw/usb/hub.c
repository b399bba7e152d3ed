/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB hub with eight ports.  Universal Serial Bus Specification 1.1, chapter 11 (11.15
 * descriptors, 11.16 requests). Left out: power switching and overcurrent: the ports have power.
 */
#include <string.h>
#include "hw/usb/usb.h"
#include "migration/vmstate.h"
#include "util/log.h"

#define N_PORTS 8

enum {
    HUB_GET_STATUS = 0xa000,
    HUB_GET_DESCRIPTOR = 0xa006,
    HUB_CLEAR_FEATURE = 0x2001,
    HUB_SET_FEATURE = 0x2003,
    PORT_GET_STATUS = 0xa300,
    PORT_CLEAR_FEATURE = 0x2301,
    PORT_SET_FEATURE = 0x2303,
};
/* Bits of a port's status, which features are numbered by; those of its changes are at their bits.
 */
enum {
    PORT_CONNECTION = 1 << 0,
    PORT_ENABLE = 1 << 1,
    PORT_SUSPEND = 1 << 2,
    PORT_RESET = 1 << 4,
    PORT_POWER = 1 << 8
};
enum {
    FEATURE_ENABLE = 1,
    FEATURE_SUSPEND = 2,
    FEATURE_RESET = 4,
    FEATURE_POWER = 8,
    FEATURE_FIRST_CHANGE = 16,
    FEATURE_LAST_CHANGE = 20
};

typedef struct UsbHubPort {
    /* saved */
    uint16_t wPortStatus, wPortChange;
    /* host-only */
    UsbPort port;
} UsbHubPort;

typedef struct UsbHub {
    UsbDevice usb;
    /* saved */
    UsbHubPort ports[N_PORTS];
} UsbHub;

/* ---- Ports ---- */

static UsbHubPort *port_of(UsbPort *port)
{
    return container_of(port, UsbHubPort, port);
}

static void attach(UsbPort *port)
{
    UsbHubPort *p = port_of(port);

    p->wPortStatus |= PORT_CONNECTION;
    p->wPortChange |= PORT_CONNECTION;
    usb_wakeup(port->opaque);
}

static void detach(UsbPort *port)
{
    UsbHubPort *p = port_of(port);

    p->wPortChange |= PORT_CONNECTION;
    if (p->wPortStatus & PORT_ENABLE) {
        p->wPortChange |= PORT_ENABLE;
    }
    p->wPortStatus &= (uint16_t)~(PORT_CONNECTION | PORT_ENABLE | PORT_SUSPEND);
    usb_wakeup(port->opaque);
}

static void wakeup(UsbPort *port)
{
    UsbHubPort *p = port_of(port);

    if (p->wPortStatus & PORT_SUSPEND) {
        p->wPortStatus &= (uint16_t)~PORT_SUSPEND;
        p->wPortChange |= PORT_SUSPEND;
    }
    usb_wakeup(port->opaque);
}

static const UsbPortOps port_ops = {.attach = attach, .detach = detach, .wakeup = wakeup};

static UsbDevice *find_behind(UsbDevice *dev, uint8_t address)
{
    UsbHub *hub = (UsbHub *)dev;
    UsbDevice *found = NULL;

    for (unsigned i = 0; i < N_PORTS && !found; i++) {
        if (hub->ports[i].wPortStatus & PORT_ENABLE) {
            found = usb_find(hub->ports[i].port.dev, address);
        }
    }
    return found;
}

static int set_port_feature(UsbHubPort *port, uint16_t feature)
{
    switch (feature) {
    case FEATURE_SUSPEND:
        port->wPortStatus |= PORT_SUSPEND;
        return 0;
    case FEATURE_RESET:
        if (port->port.dev) {
            usb_port_reset(&port->port);
            port->wPortStatus |= PORT_ENABLE;
            port->wPortChange |= PORT_RESET;
        }
        return 0;
    case FEATURE_POWER:
        return 0;
    default:
        return USB_STALL;
    }
}

static int clear_port_feature(UsbHubPort *port, uint16_t feature)
{
    switch (feature) {
    case FEATURE_ENABLE:
        port->wPortStatus &= (uint16_t)~PORT_ENABLE;
        return 0;
    case FEATURE_SUSPEND:
        if (port->wPortStatus & PORT_SUSPEND) {
            port->wPortStatus &= (uint16_t)~PORT_SUSPEND;
            port->wPortChange |= PORT_SUSPEND;
        }
        return 0;
    case FEATURE_POWER:
        return 0;
    default:
        if (feature < FEATURE_FIRST_CHANGE || feature > FEATURE_LAST_CHANGE) {
            return USB_STALL;
        }
        port->wPortChange &= (uint16_t)~(1u << (feature - FEATURE_FIRST_CHANGE));
        return 0;
    }
}

/* ---- Requests ---- */

static const uint8_t device_descriptor[18] = {
    18, USB_DESCRIPTOR_DEVICE, 0x10, 0x01, 9, 0, 0, 8, 0x09, 0x04, 0xaa, 0x55, 0x01, 0x01,
    USB_STRING_MANUFACTURER, USB_STRING_PRODUCT, USB_STRING_SERIAL, 1,
}, configuration[] = {
    9, USB_DESCRIPTOR_CONFIGURATION, 25, 0, 1, 1, 0, 0xe0, 0,
    9, 4, 0, 0, 1, 9, 0, 0, 0,
    7, 5, 0x81, 3, 1 + (N_PORTS + 7) / 8, 0, 0xff,
}, hub_descriptor[] = {
    /* No power switching, no overcurrent; all ports removable and powered. */
    9 + N_PORTS / 8, 0x29, N_PORTS, 0x0a, 0x00, 0x01, 0x00, 0x00, 0x00, 0xff,
};

static int hub_control(UsbDevice *dev, uint16_t request, uint16_t value, uint16_t index,
                       uint16_t length, uint8_t *data)
{
    UsbHub *hub = (UsbHub *)dev;
    UsbHubPort *port = index >= 1 && index <= N_PORTS ? &hub->ports[index - 1] : NULL;

    switch (request) {
    case HUB_GET_STATUS:
        memset(data, 0, 4);
        return 4;
    case HUB_SET_FEATURE:
    case HUB_CLEAR_FEATURE:
        return value <= 1 ? 0 : USB_STALL;
    case HUB_GET_DESCRIPTOR:
        memcpy(data, hub_descriptor, sizeof(hub_descriptor));
        return (int)sizeof(hub_descriptor);
    case PORT_GET_STATUS:
        if (!port) {
            return USB_STALL;
        }
        data[0] = (uint8_t)port->wPortStatus;
        data[1] = port->wPortStatus >> 8;
        data[2] = (uint8_t)port->wPortChange;
        data[3] = port->wPortChange >> 8;
        return 4;
    case PORT_SET_FEATURE:
        return port ? set_port_feature(port, value) : USB_STALL;
    case PORT_CLEAR_FEATURE:
        return port ? clear_port_feature(port, value) : USB_STALL;
    default:
        return USB_STALL;
    }
}

/* A bit for each port that has changed; bit 0 would be the hub. */
static int hub_transfer(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                        unsigned length)
{
    const UsbHub *hub = (const UsbHub *)dev;
    unsigned changed = 0, size = MIN(length, 1u + (N_PORTS + 7) / 8);

    if (token != USB_IN || endpoint != 1) {
        return USB_STALL;
    }
    for (unsigned i = 0; i < N_PORTS; i++) {
        changed |= (unsigned)(hub->ports[i].wPortChange != 0) << (i + 1);
    }
    if (!changed) {
        return USB_NAK;
    }
    for (unsigned i = 0; i < size; i++) {
        data[i] = (uint8_t)(changed >> 8 * i);
    }
    return (int)size;
}

/* ---- State and life ---- */

static void hub_reset(UsbDevice *dev)
{
    UsbHub *hub = (UsbHub *)dev;

    for (unsigned i = 0; i < N_PORTS; i++) {
        bool there = hub->ports[i].port.dev != NULL;

        hub->ports[i].wPortStatus = (uint16_t)(PORT_POWER | (there ? PORT_CONNECTION : 0));
        hub->ports[i].wPortChange = there ? PORT_CONNECTION : 0;
    }
}

static const VMStateDescription vmstate_port = {
    .name = "usb-hub-port",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT16(wPortStatus, UsbHubPort),
        VMSTATE_UINT16(wPortChange, UsbHubPort),
        VMSTATE_END_OF_LIST(),
    },
    .host_only = VMSTATE_NAMES("port"),
    VMSTATE_STRUCT_AUDIT(UsbHubPort),
};

static const VMStateDescription vmstate_hub = {
    .name = "usb-hub",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_USB_DEVICE(usb, UsbHub),
        VMSTATE_STRUCT_ARRAY(ports, UsbHub, N_PORTS, 0, vmstate_port, UsbHubPort),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(UsbHub),
};

static bool hub_realize(UsbDevice *dev, GError **errp)
{
    UsbHub *hub = (UsbHub *)dev;

    for (unsigned i = 0; i < N_PORTS; i++) {
        usb_port_add(usb_bus_of(dev), &hub->ports[i].port, dev->port->path, i + 1, &port_ops, dev);
    }
    return true;
}

static void hub_unrealize(UsbDevice *dev)
{
    UsbHub *hub = (UsbHub *)dev;

    for (unsigned i = 0; i < N_PORTS; i++) {
        if (hub->ports[i].port.dev) {
            device_unrealize(&hub->ports[i].port.dev->parent);
        }
        usb_port_remove(usb_bus_of(dev), &hub->ports[i].port);
    }
}

const UsbDeviceClass usb_hub_class = {
    .device = {
        .name = "usb-hub",
        .parent = &usb_device_class.object,
        .description = "USB hub",
        .instance_size = sizeof(UsbHub),
        .category = DEVICE_CATEGORY_USB,
        .user_creatable = true,
        .hotpluggable = true,
        .vmstate = &vmstate_hub,
    },
    .product = "QEMU USB Hub",
    .serial = "314159",
    .device_descriptor = device_descriptor,
    .configuration = configuration,
    .realize = hub_realize,
    .unrealize = hub_unrealize,
    .reset = hub_reset,
    .control = hub_control,
    .transfer = hub_transfer,
    .find = find_behind,
};
