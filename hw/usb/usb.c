/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB: control transfers and standard requests.  Universal Serial Bus Specification 1.1,
 * chapters 8.5.2 (control transfers) and 9 (device framework). Left out: other than low and full
 * speed; alternate settings; data toggles, which the host controller keeps.
 */
#include <string.h>
#include "hw/usb/usb.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

/* Numbers as in QEMU's streams. */
enum { STATE_NOT_ATTACHED = 0, STATE_ATTACHED = 1, STATE_DEFAULT = 3, STATE_SUSPENDED = 6 };
enum { SETUP_IDLE, SETUP_SETUP, SETUP_DATA, SETUP_ACK, SETUP_PARAMETER };
enum { FEATURE_ENDPOINT_HALT = 0, FEATURE_REMOTE_WAKEUP = 1 };
#define ATTRIBUTE_SELF_POWERED 0x40u    /* of a configuration */
#define MAX_ADDRESS 127u
#define REQUEST_IN 0x80u
#define LANGUAGE_ENGLISH 0x0409
#define MAX_STRING 126u
#define MAX_HUBS 5u                     /* one behind another (4.1.1) */

static const UsbDeviceClass *class_of(const UsbDevice *dev)
{
    return usb_device_get_class(dev);
}

UsbBus *usb_bus_of(UsbDevice *dev)
{
    return (UsbBus *)dev->parent.parent_bus;
}

/* ---- Descriptors ---- */

static int give(uint8_t *data, uint16_t length, const uint8_t *descriptor, unsigned size)
{
    unsigned n = MIN(length, size);

    memcpy(data, descriptor, n);
    return (int)n;
}

static int give_string(const UsbDevice *dev, unsigned index, uint8_t *data, uint16_t length)
{
    const UsbDeviceClass *class = class_of(dev);
    g_autofree char *serial = NULL;
    uint8_t descriptor[2 + 2 * MAX_STRING] = {4, USB_DESCRIPTOR_STRING, LANGUAGE_ENGLISH & 0xff,
                                              LANGUAGE_ENGLISH >> 8};
    const char *text = NULL;

    if (index == 0) {
        return give(data, length, descriptor, 4);
    }
    switch (index) {
    case USB_STRING_MANUFACTURER:
        text = "QEMU";
        break;
    case USB_STRING_PRODUCT:
        text = class->product_string ? class->product_string : class->product;
        break;
    case USB_STRING_SERIAL:
        serial = dev->serial ? g_strdup(dev->serial)
                             : g_strdup_printf("%s-%s", class->serial, dev->port->path);
        text = serial;
        break;
    case USB_STRING_CONFIGURATION:
        text = class->configuration_name;
        break;
    default:
        break;
    }
    if (!text) {
        return USB_STALL;
    }
    descriptor[0] = (uint8_t)(2 + 2 * MIN(strlen(text), MAX_STRING));
    for (unsigned i = 0; i < MAX_STRING && text[i]; i++) {
        descriptor[2 + 2 * i] = (uint8_t)text[i];
        descriptor[3 + 2 * i] = 0;
    }
    return give(data, length, descriptor, descriptor[0]);
}

static int give_descriptor(const UsbDevice *dev, uint16_t value, uint16_t length, uint8_t *data)
{
    const UsbDeviceClass *class = class_of(dev);

    switch (value >> 8) {
    case USB_DESCRIPTOR_DEVICE:
        return give(data, length, class->device_descriptor, class->device_descriptor[0]);
    case USB_DESCRIPTOR_CONFIGURATION:
        return value & 0xff
                   ? USB_STALL
                   : give(data, length, class->configuration, lduw_le_p(class->configuration + 2));
    case USB_DESCRIPTOR_STRING:
        return give_string(dev, value & 0xff, data, length);
    default:
        return USB_STALL;
    }
}

/* ---- Requests ---- */

static uint16_t endpoint_bit(uint16_t index)
{
    return (uint16_t)(1u << (index & 0xf));
}

static int set_configuration(UsbDevice *dev, uint16_t value)
{
    if (value > 1) {
        return USB_STALL;
    }
    dev->configuration = (uint8_t)value;
    dev->halted = 0;
    return 0;
}

static int device_status(const UsbDevice *dev, uint8_t *data)
{
    data[0] = (uint8_t)((class_of(dev)->configuration[7] & ATTRIBUTE_SELF_POWERED ? 1 : 0) |
                        (dev->remote_wakeup ? 2 : 0));
    data[1] = 0;
    return 2;
}

static int set_feature(UsbDevice *dev, uint16_t value, bool on)
{
    if (value != FEATURE_REMOTE_WAKEUP) {
        return USB_STALL;
    }
    dev->remote_wakeup = on;
    return 0;
}

static int set_halt(UsbDevice *dev, uint16_t value, uint16_t index, bool on)
{
    if (value != FEATURE_ENDPOINT_HALT) {
        return USB_STALL;
    }
    dev->halted =
        (uint16_t)(on ? dev->halted | endpoint_bit(index) : dev->halted & ~endpoint_bit(index));
    return 0;
}

static int standard_request(UsbDevice *dev, uint16_t request, uint16_t value, uint16_t index,
                            uint16_t length, uint8_t *data)
{
    switch (request) {
    case USB_GET_DESCRIPTOR:
        return give_descriptor(dev, value, length, data);
    case USB_SET_ADDRESS:
        if (value > MAX_ADDRESS) {
            return USB_STALL;
        }
        dev->addr = (uint8_t)value;
        return 0;
    case USB_GET_CONFIGURATION:
        data[0] = dev->configuration;
        return 1;
    case USB_SET_CONFIGURATION:
        return set_configuration(dev, value);
    case USB_GET_DEVICE_STATUS:
        return device_status(dev, data);
    case USB_SET_DEVICE_FEATURE:
    case USB_CLEAR_DEVICE_FEATURE:
        return set_feature(dev, value, request == USB_SET_DEVICE_FEATURE);
    case USB_GET_INTERFACE_STATUS:
        data[0] = data[1] = 0;
        return 2;
    case USB_GET_ENDPOINT_STATUS:
        data[0] = dev->halted & endpoint_bit(index) ? 1 : 0;
        data[1] = 0;
        return 2;
    case USB_SET_ENDPOINT_FEATURE:
    case USB_CLEAR_ENDPOINT_FEATURE:
        return set_halt(dev, value, index, request == USB_SET_ENDPOINT_FEATURE);
    case USB_GET_INTERFACE:
        data[0] = 0;
        return 1;
    case USB_SET_INTERFACE:
        return value ? USB_STALL : 0;
    default:
        return USB_STALL;
    }
}

/* The request in the setup packet: bytes of data, or USB_STALL. */
static int run_request(UsbDevice *dev)
{
    const uint8_t *s = dev->setup_buf;
    uint16_t request = (uint16_t)(s[0] << 8 | s[1]), value = (uint16_t)lduw_le_p(s + 2),
             index = (uint16_t)lduw_le_p(s + 4),
             length = (uint16_t)MIN(lduw_le_p(s + 6), USB_CONTROL_SIZE);
    int result = class_of(dev)->control
                     ? class_of(dev)->control(dev, request, value, index, length, dev->data)
                     : USB_STALL;

    if (result == USB_STALL) {
        result = standard_request(dev, request, value, index, length, dev->data);
    }
    if (result == USB_STALL) {
        log_mask(LOG_GUEST_ERROR, "%s: request 0x%04x, value 0x%04x, index 0x%04x is not known\n",
                 class_of(dev)->device.name, request, value, index);
    }
    return result < 0 ? result : MIN(result, (int)length);
}

/* ---- Control transfers ---- */

static int stall(UsbDevice *dev)
{
    dev->setup_state = SETUP_IDLE;
    return USB_STALL;
}

static bool is_in(const UsbDevice *dev)
{
    return dev->setup_buf[0] & REQUEST_IN;
}

/* A setup packet is always taken; what is wrong with it the next packet hears. */
static int setup_stage(UsbDevice *dev, const uint8_t *data, unsigned length)
{
    int size;

    if (length != USB_SETUP_SIZE) {
        return stall(dev);
    }
    memcpy(dev->setup_buf, data, USB_SETUP_SIZE);
    dev->setup_index = 0;
    dev->setup_len = (int32_t)lduw_le_p(data + 6);
    if (dev->setup_len > USB_CONTROL_SIZE) {
        log_mask(LOG_GUEST_ERROR, "%s: a control transfer of %d bytes\n",
                 class_of(dev)->device.name, dev->setup_len);
        dev->setup_state = SETUP_IDLE;
    } else if (is_in(dev)) {
        size = run_request(dev);
        dev->setup_state = size < 0 ? SETUP_IDLE : SETUP_DATA;
        dev->setup_len = MAX(size, 0);
    } else {
        dev->setup_state = dev->setup_len ? SETUP_DATA : SETUP_ACK;
    }
    return USB_SETUP_SIZE;
}

static int status_stage(UsbDevice *dev)
{
    int result = is_in(dev) ? 0 : run_request(dev);

    dev->setup_state = SETUP_IDLE;
    return result < 0 ? result : 0;
}

/* Bytes that go the way of the data stage. */
static int data_stage(UsbDevice *dev, bool in, uint8_t *data, unsigned length)
{
    unsigned n = MIN(length, (unsigned)(dev->setup_len - dev->setup_index));

    if (in) {
        memcpy(data, dev->data + dev->setup_index, n);
    } else {
        memcpy(dev->data + dev->setup_index, data, n);
    }
    dev->setup_index += (int32_t)n;
    if (dev->setup_index >= dev->setup_len) {
        dev->setup_state = SETUP_ACK;
    }
    return (int)n;
}

static int control_transaction(UsbDevice *dev, UsbToken token, uint8_t *data, unsigned length)
{
    bool in = token == USB_IN;

    if (token == USB_SETUP) {
        return setup_stage(dev, data, length);
    }
    if (dev->setup_state == SETUP_DATA && in == is_in(dev)) {
        return data_stage(dev, in, data, length);
    }
    /* The host may end the data stage early. */
    if ((dev->setup_state == SETUP_ACK || (dev->setup_state == SETUP_DATA && is_in(dev))) &&
        in != is_in(dev)) {
        return status_stage(dev);
    }
    if (dev->setup_state == SETUP_ACK && in && is_in(dev)) {
        return 0;
    }
    return stall(dev);
}

int usb_transaction(UsbDevice *dev, UsbToken token, unsigned endpoint, uint8_t *data,
                    unsigned length)
{
    const UsbDeviceClass *class = class_of(dev);

    if (dev->state != STATE_DEFAULT) {
        return USB_NO_DEVICE;
    }
    if (endpoint == 0) {
        return control_transaction(dev, token, data, length);
    }
    if (!dev->configuration || token == USB_SETUP || (dev->halted >> endpoint & 1) ||
        !class->transfer) {
        return USB_STALL;
    }
    return class->transfer(dev, token, endpoint, data, length);
}

/* ---- Ports ---- */

UsbDevice *usb_find(UsbDevice *dev, uint8_t address)
{
    const UsbDeviceClass *class = dev ? class_of(dev) : NULL;

    if (!dev || dev->state != STATE_DEFAULT) {
        return NULL;
    }
    return dev->addr == address ? dev : class->find ? class->find(dev, address) : NULL;
}

void usb_wakeup(UsbDevice *dev)
{
    if (dev->port && dev->remote_wakeup && dev->port->ops->wakeup) {
        dev->port->ops->wakeup(dev->port);
    }
}

static void bus_reset_device(UsbDevice *dev)
{
    dev->addr = 0;
    dev->state = STATE_DEFAULT;
    dev->remote_wakeup = 0;
    dev->setup_state = SETUP_IDLE;
    dev->configuration = 0;
    dev->halted = 0;
    if (class_of(dev)->reset) {
        class_of(dev)->reset(dev);
    }
}

void usb_port_reset(UsbPort *port)
{
    if (port->dev && port->dev->state != STATE_NOT_ATTACHED) {
        bus_reset_device(port->dev);
    }
}

void usb_port_add(UsbBus *bus, UsbPort *port, const char *prefix, unsigned number,
                  const UsbPortOps *ops, void *opaque)
{
    g_snprintf(port->path, sizeof(port->path), "%s%s%u", prefix ? prefix : "", prefix ? "." : "",
               number);
    port->dev = NULL;
    port->ops = ops;
    port->opaque = opaque;
    g_ptr_array_add(bus->ports, port);
}

void usb_port_remove(UsbBus *bus, UsbPort *port)
{
    g_ptr_array_remove(bus->ports, port);
}

/* ---- Buses ---- */

/* Hubs between the port and the controller. */
static unsigned hubs_above(const UsbPort *port)
{
    unsigned n = 0;

    for (const char *p = port->path; *p; p++) {
        n += *p == '.';
    }
    return n;
}

static bool fits(const UsbDevice *dev, const UsbPort *port)
{
    return !class_of(dev)->find || hubs_above(port) < MAX_HUBS;
}

static unsigned free_ports(const UsbBus *bus)
{
    unsigned n = 0;

    for (guint i = 0; i < bus->ports->len; i++) {
        n += !((UsbPort *)g_ptr_array_index(bus->ports, i))->dev;
    }
    return n;
}

/* The last port that is free gets a hub before anything else: there is always one for the next. */
static bool usb_plug(BusState *state, DeviceState *device, GError **errp)
{
    UsbBus *bus = (UsbBus *)state;
    UsbDevice *dev = (UsbDevice *)device;

    if (!dev->port_path && !class_of(dev)->find && free_ports(bus) == 1 &&
        !device_create(state, usb_hub_class.device.name, NULL, errp)) {
        return false;
    }
    for (guint i = 0; i < bus->ports->len; i++) {
        UsbPort *port = g_ptr_array_index(bus->ports, i);

        if (port->dev || (dev->port_path && strcmp(dev->port_path, port->path))) {
            continue;
        }
        if (fits(dev, port)) {
            port->dev = dev;
            dev->port = port;
            return true;
        }
        if (dev->port_path) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "usb hub chain too deep: %u hubs at most",
                      MAX_HUBS);
            return false;
        }
    }
    if (dev->port_path) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "usb port %s (bus %s) not found (in use?)",
                  dev->port_path, state->name);
    } else {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "tried to attach usb device %s to bus %s, which has no free port: add a usb-hub",
                  device_get_class(device)->name, state->name);
    }
    return false;
}

static void usb_unplug(BusState *state, DeviceState *device)
{
    UsbDevice *dev = (UsbDevice *)device;

    dev->port->dev = NULL;
    dev->port = NULL;
}

/* "pci.0:0d.0/1". */
static char *usb_wire_name(DeviceState *device)
{
    DeviceState *controller = device->parent_bus->parent;
    const BusClass *above = controller->parent_bus ? bus_get_class(controller->parent_bus) : NULL;
    g_autofree char *start = above && above->wire_name ? above->wire_name(controller) : NULL;

    return g_strdup_printf("%s%s%s", start ? start : "", start ? "/" : "",
                           ((UsbDevice *)device)->port->path);
}

static void usb_print_device(DeviceState *device, GString *out, unsigned indent)
{
    const UsbDevice *dev = (const UsbDevice *)device;

    g_string_append_printf(out, "%*saddr 0.%d, port %s, speed 12, name %s, attached\n", indent, "",
                           dev->addr, dev->port->path, class_of(dev)->product);
}

static void usb_print(BusState *state, GString *out)
{
    UsbBus *bus = (UsbBus *)state;

    for (guint i = 0; i < bus->ports->len; i++) {
        const UsbPort *port = g_ptr_array_index(bus->ports, i);

        if (port->dev) {
            g_string_append_printf(out, "  Device 0.%d, Port %s, Speed 12 Mb/s, Product %s%s%s\n",
                                   port->dev->addr, port->path, class_of(port->dev)->product,
                                   port->dev->parent.id ? ", ID: " : "",
                                   device_id(&port->dev->parent));
        }
    }
}

const BusClass usb_bus_class = {
    .name = "usb-bus",
    .parent = &bus_class.object,
    .description = "USB",
    .instance_size = sizeof(UsbBus),
    .plug = usb_plug,
    .unplug = usb_unplug,
    .wire_name = usb_wire_name,
    .print_device = usb_print_device,
    .print = usb_print,
};

UsbBus *usb_bus_create(DeviceState *controller)
{
    UsbBus *bus = (UsbBus *)bus_new(&usb_bus_class, controller, NULL);

    bus->ports = g_ptr_array_new();
    return bus;
}

void usb_bus_destroy(UsbBus *bus)
{
    g_ptr_array_free(bus->ports, TRUE);
    bus_unparent(&bus->parent);
}

/* ---- State ---- */

static bool extra_needed(void *opaque)
{
    const UsbDevice *dev = opaque;
    bool usual = dev->configuration == (dev->addr ? 1 : 0) && !dev->halted;

    return vmstate_wire_is_own() && (!usual || dev->setup_state != SETUP_IDLE);
}

static bool usb_pre_load(void *opaque, GError **errp)
{
    UsbDevice *dev = opaque;

    memset(dev->data, 0, sizeof(dev->data));
    dev->configuration = UINT8_MAX;
    dev->halted = 0;
    return true;
}

static bool usb_post_load(void *opaque, int version, GError **errp)
{
    UsbDevice *dev = opaque;

    /* QEMU does not say: a host that has given an address has configured it. */
    if (dev->configuration == UINT8_MAX) {
        dev->configuration = dev->addr ? 1 : 0;
    }
    if (dev->addr > MAX_ADDRESS || dev->state < STATE_NOT_ATTACHED ||
        dev->state > STATE_SUSPENDED || dev->setup_state < SETUP_IDLE ||
        dev->setup_state > SETUP_PARAMETER || dev->setup_len < 0 || dev->setup_len > UINT16_MAX ||
        dev->setup_index < 0 || dev->setup_index > dev->setup_len ||
        (dev->setup_state != SETUP_IDLE && dev->setup_len > USB_CONTROL_SIZE) ||
        dev->configuration > 1) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "USBDevice: address %u, state %d, configuration %u, byte %d of %d of a control "
                    "transfer in state %d",
                    dev->addr, dev->state, dev->configuration, dev->setup_index, dev->setup_len,
                    dev->setup_state);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_extra = {
    .name = "USBDevice/extra",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extra_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(data, UsbDevice),
        VMSTATE_UINT8(configuration, UsbDevice),
        VMSTATE_UINT16(halted, UsbDevice),
        VMSTATE_END_OF_LIST(),
    },
};

const VMStateDescription vmstate_usb_device = {
    .name = "USBDevice",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = usb_pre_load,
    .post_load = usb_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8(addr, UsbDevice),
        VMSTATE_INT32(state, UsbDevice),
        VMSTATE_INT32(remote_wakeup, UsbDevice),
        VMSTATE_INT32(setup_state, UsbDevice),
        VMSTATE_INT32(setup_len, UsbDevice),
        VMSTATE_INT32(setup_index, UsbDevice),
        VMSTATE_UINT8_ARRAY(setup_buf, UsbDevice, USB_SETUP_SIZE),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_extra),
    .immutable = VMSTATE_NAMES("port_path", "serial", "port"),
    VMSTATE_STRUCT_AUDIT(UsbDevice),
};

/* ---- Life ---- */

static void usb_reset(void *obj, ResetType type)
{
    UsbDevice *dev = obj;

    bus_reset_device(dev);
    dev->setup_len = dev->setup_index = 0;
    memset(dev->setup_buf, 0, sizeof(dev->setup_buf));
    memset(dev->data, 0, sizeof(dev->data));
}

static bool usb_realize(DeviceState *device, GError **errp)
{
    UsbDevice *dev = (UsbDevice *)device;

    if (class_of(dev)->realize && !class_of(dev)->realize(dev, errp)) {
        return false;
    }
    dev->state = STATE_ATTACHED;
    bus_reset_device(dev);
    dev->port->ops->attach(dev->port);
    return true;
}

static void usb_unrealize(DeviceState *device)
{
    UsbDevice *dev = (UsbDevice *)device;

    dev->state = STATE_NOT_ATTACHED;
    dev->port->ops->detach(dev->port);
    if (class_of(dev)->unrealize) {
        class_of(dev)->unrealize(dev);
    }
}

static const Property usb_properties[] = {
    DEFINE_PROP_STRING("port", UsbDevice, port_path, NULL, "Port, as 1 or, behind a hub, 1.2"),
    DEFINE_PROP_STRING("serial", UsbDevice, serial, NULL, "Serial number"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass usb_device_class = {
    .name = "usb-device",
    .parent = &device_class.object,
    .description = "USB device",
    .instance_size = sizeof(UsbDevice),
    .abstract = true,
    .bus = &usb_bus_class,
    .properties = usb_properties,
    .category = DEVICE_CATEGORY_USB,
    .realize = usb_realize,
    .unrealize = usb_unrealize,
    .reset = {.hold = usb_reset},
};
