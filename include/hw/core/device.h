/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: a state struct that begins with DeviceState and a constant DeviceClass row.
 *
 * Each hw folder exports a NULL-terminated table `const DeviceClass *const
 * hw_<folder>_device_classes[]`; app joins them with device_classes_register().  Life of a device:
 * device_new(), properties set, device_realize() (which checks, allocates, registers VMState and
 * the reset node), use, device_unrealize().  Device lock held throughout.
 *
 * A row may stand on another row with `.parent = DEVICE_CLASS_PARENT(row)`; NULL stands for plain
 * device.
 */
#ifndef HW_CORE_DEVICE_H
#define HW_CORE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "hw/core/bus.h"
#include "migration/vmstate.h"
#include "object/object.h"
#include "system/irq.h"
#include "system/memory.h"
#include "system/reset.h"
#include "util/cutils.h"

typedef struct DeviceClass DeviceClass;
typedef struct DeviceState DeviceState;
typedef struct GPIOList GPIOList;

/* Groups of -device help. */
typedef enum DeviceCategory {
    DEVICE_CATEGORY_MISC,
    DEVICE_CATEGORY_BRIDGE,
    DEVICE_CATEGORY_USB,
    DEVICE_CATEGORY_STORAGE,
    DEVICE_CATEGORY_NETWORK,
    DEVICE_CATEGORY_INPUT,
    DEVICE_CATEGORY_DISPLAY,
    DEVICE_CATEGORY_SOUND,
    DEVICE_CATEGORY_CPU,
    DEVICE_CATEGORY_WATCHDOG,
    DEVICE_CATEGORY_COUNT
} DeviceCategory;

struct DeviceClass {
    union {
        ObjectClass object;
        struct {
            OBJECT_CLASS_FIELDS;
        };
    };
    const BusClass *bus; /* bus it sits on; NULL: none. Inherited when NULL */
    DeviceCategory category;
    bool user_creatable; /* -device NAME */
    bool hotpluggable;
    const VMStateDescription *vmstate; /* inherited when NULL */
    /*
     * Wire identity: the part before "/description" of the section's name (g_malloc; NULL or "":
     * none) and the instance id.  Without the function: the bus's address of the device
     * (BusClass.wire_name) and the next free number.
     */
    char *(*wire_name)(DeviceState *dev, uint32_t *instance_id);
    /* A class's realize calls its parent row's itself where it wants it; inherited when NULL. */
    bool (*realize)(DeviceState *dev, GError **errp);
    void (*unrealize)(DeviceState *dev);
    ResetPhases reset; /* obj is the device; the parent row's phases run before the row's own */
    const char *firmware_name; /* node name in device trees, where the bus uses it */
};
#define DEVICE_CLASS_PARENT(row) (&(row).object)
/* The row of plain "device": every DeviceClass descends from it. */
extern const DeviceClass device_class;

struct DeviceState {
    Object object; /* first */
    char *id;      /* -device id=, or NULL */
    BusState *parent_bus;
    GPtrArray *child_buses; /* BusState * */
    GPtrArray *gpios;       /* GPIOList * */
    ResetNode reset;
    bool realized, hotplugged, vmstate_registered;
    GError *pending_error; /* a -global value that did not fit: realize reports it */
    char *canonical_path;  /* while realized */
};
#define DEVICE(dev) ((DeviceState *)(dev))
static inline const DeviceClass *device_get_class(const DeviceState *dev)
{
    return container_of(dev->object.class, const DeviceClass, object);
}
static inline const char *device_id(const DeviceState *dev)
{
    return dev->id ? dev->id : "";
}
/* Checked cast to a device struct: DEVICE_CHECK(SpaprVty, dev, &spapr_vty_class). */
#define DEVICE_CHECK(type, dev, class_ptr) OBJECT_CHECK(type, dev, &(class_ptr)->object)

/* ---- Classes ---- */
void device_classes_register(const DeviceClass *const *table);
/* By name, NULL if unknown. */
const DeviceClass *device_class_by_name(const char *name);
/* Every registered class, sorted by name; caller frees the array. */
GPtrArray *device_class_list(void);
/* What a row inherits. */
const BusClass *device_class_bus(const DeviceClass *class);
const VMStateDescription *device_class_vmstate(const DeviceClass *class);

/* ---- Life ---- */
/* A device with its defaults, compat and -global values; not in the tree yet. One reference. */
DeviceState *device_new_class(const DeviceClass *class);
/* By name; unknown or abstract: error with the nearest name. */
DeviceState *device_new(const char *name, GError **errp);
/* The same in memory of the caller's (embedded). */
void device_init(DeviceState *dev, const DeviceClass *class);
/*
 * Makes it live on `bus` (NULL: none), with a place in the tree: its own if it has one,
 * /machine/peripheral/id if it has an id, else /machine/unattached/device[n].  False with errp:
 * nothing was left behind.
 */
bool device_realize(DeviceState *dev, BusState *bus, GError **errp);
/* ... and drops the caller's reference: the tree has one. */
bool device_realize_and_unref(DeviceState *dev, BusState *bus, GError **errp);
void device_unrealize(DeviceState *dev);
/* new, properties from "name=value" pairs (NULL-terminated; may be NULL), realize. NULL with errp.
 * The result is the tree's. */
DeviceState *device_create(BusState *bus, const char *class_name, const char *const *properties,
                           GError **errp);
/* -device: "NAME[,id=ID][,bus=BUS][,prop=value...]". */
DeviceState *device_add(const char *text, GError **errp);
/* device_del. */
bool device_remove(const char *id, GError **errp);
DeviceState *device_find(const char *id_or_path);
BusState *device_get_bus(DeviceState *dev, const char *name);
/* A child object of the device, with the device's own place in the tree. */
void device_add_child(DeviceState *dev, const char *name, Object *child);

static inline void device_cold_reset(DeviceState *dev)
{
    reset_node_reset(&dev->reset, RESET_TYPE_COLD);
}

/* ---- GPIO lines ---- */
/* `count` more inputs under a name (NULL: the unnamed ones); handler's n counts from 0 in that
 * list. */
void device_init_gpio_in(DeviceState *dev, const char *name, IRQHandler *handler, unsigned count);
/* `lines` is the device's own array of count pointers, filled when connected. */
void device_init_gpio_out(DeviceState *dev, const char *name, IRQLine **lines, unsigned count);
IRQLine *device_gpio_in(DeviceState *dev, const char *name, unsigned n);
void device_connect_gpio_out(DeviceState *dev, const char *name, unsigned n, IRQLine *line);

/* ---- Values from elsewhere: -global and machine versions ---- */
typedef struct GlobalProperty {
    const char *driver; /* class name, or that of an ancestor */
    const char *property;
    const char *value;
    bool optional; /* no complaint if the class has no such property */
} GlobalProperty;
/* "driver.property=value" or "driver=D,property=P,value=V". */
bool global_property_add_option(const char *text, GError **errp);
/* Rows ended by driver == NULL; applied before those of the command line. The rows stay the
 * caller's. */
void global_property_add_compat(const GlobalProperty *rows);
/* Sets obj's properties; false with errp if a value does not fit. */
bool global_properties_apply(Object *obj, GError **errp);
/* -global options that no device took: a warning each. */
void global_properties_warn_unused(void);

/* ---- Listings ---- */
/* -device help: user creatable classes by category. */
char *device_help_all(void);
/* -device NAME,help. NULL with errp. */
char *device_help_class(const char *name, GError **errp);
/* "info qtree". */
void device_print_qtree(GString *out);

#endif
