/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buses: where devices sit.  A bus struct begins with BusState; its class row says how a device's
 * address on it is written.  The main system bus of a machine holds devices that are on no other.
 */
#ifndef HW_CORE_BUS_H
#define HW_CORE_BUS_H

#include <stdbool.h>
#include <glib.h>
#include "migration/vmstate.h"
#include "object/object.h"
#include "system/reset.h"

typedef struct BusState BusState;
typedef struct BusClass BusClass;
struct DeviceState;

struct BusClass {
    union {
        ObjectClass object;
        struct {
            OBJECT_CLASS_FIELDS;
        };
    };
    unsigned max_devices; /* 0: any number */
    /* State of the bus itself; its section follows that of the device it belongs to. NULL: none. */
    const VMStateDescription *vmstate;
    /* Takes a device in (assigns or checks its address) before it is realized; gives it up after.
     */
    bool (*plug)(BusState *bus, struct DeviceState *dev, GError **errp);
    void (*unplug)(BusState *bus, struct DeviceState *dev);
    /* The device's address for section names ("vty@71000000"): g_malloc, NULL: none. */
    char *(*wire_name)(struct DeviceState *dev);
    /* Its address for people ("addr 02.0"), appended for info qtree. */
    void (*print_device)(struct DeviceState *dev, GString *out, unsigned indent);
    /* Its node in Open Firmware's paths, below that of the bus's own device
     * ("disk@8000000000000000"): g_malloc, NULL: none. */
    char *(*firmware_node)(struct DeviceState *dev);
    /* A bus with all below it, for monitor commands of the bus's kind ("info pci", query-pci). */
    void (*print)(BusState *bus, GString *out);
    json_t *(*query)(BusState *bus);
};
/* Plain bus: the root of bus rows. */
extern const BusClass bus_class;

struct BusState {
    Object object; /* first */
    char *name;
    struct DeviceState *parent; /* NULL: the main system bus */
    GPtrArray *devices;         /* DeviceState *, in the order plugged */
    ResetNode reset;
};
#define BUS(bus) ((BusState *)(bus))

/* In memory of its own, or embedded. name NULL: "id.0" after the parent's id, or "class.n". */
BusState *bus_new(const BusClass *class, struct DeviceState *parent, const char *name);
void bus_init(BusState *bus, const BusClass *class, struct DeviceState *parent, const char *name);
void bus_unparent(BusState *bus);
static inline const BusClass *bus_get_class(const BusState *bus)
{
    return (const BusClass *)bus->object.class;
}
/* "main-system-bus", made on first use. */
BusState *system_bus(void);
extern const BusClass system_bus_class;
/* First bus below the system bus (or any root) of that class with room. */
BusState *bus_find_by_class(const BusClass *class);
/* Calls fn for each bus of that class name that is not below another such. */
void bus_foreach_top(const char *class_name, void (*fn)(BusState *bus, void *opaque), void *opaque);
/* By name or path. */
BusState *bus_find(const char *name);
/* A root bus without parent device joins the machine's tree and listing. */
void bus_register_root(BusState *bus);

#endif
