/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-vty: a terminal reached by H_GET_TERM_CHAR and H_PUT_TERM_CHAR.  LoPAR 16.3.1.
 * Input waits in a 16-byte buffer, which is what one call can fetch; its interrupt says that the buffer
 * is no longer empty.
 */
#include <string.h>
#include "hw/char/spapr-vty.h"
#include "hw/core/vio.h"
#include "chardev/char.h"
#include "migration/vmstate.h"
#include "system/irq.h"
#include "util/error.h"

typedef struct SpaprVty {
    VioDevice parent;
    /* immutable: property */
    Chardev *chardev;
    /* host-only */
    CharFrontend frontend;
    /* saved */
    uint32_t in, out;            /* free-running counts */
    uint8_t buffer[SPAPR_VTY_BUFFER];
} SpaprVty;

static int vty_can_read(void *opaque)
{
    SpaprVty *vty = opaque;

    return SPAPR_VTY_BUFFER - (vty->in - vty->out);
}

static void vty_input(void *opaque, const uint8_t *data, int size)
{
    SpaprVty *vty = opaque;
    bool was_empty = vty->in == vty->out;

    for (int i = 0; i < size && vty->in - vty->out < SPAPR_VTY_BUFFER; i++) {
        vty->buffer[vty->in++ % SPAPR_VTY_BUFFER] = data[i];
    }
    if (was_empty && size > 0) {
        vio_device_signal(&vty->parent);
    }
}

unsigned spapr_vty_read(DeviceState *dev, uint8_t *data, unsigned max)
{
    SpaprVty *vty = (SpaprVty *)dev;
    unsigned n = 0;

    while (n < max && vty->in != vty->out) {
        data[n++] = vty->buffer[vty->out++ % SPAPR_VTY_BUFFER];
    }
    if (n) {
        char_frontend_accept_input(&vty->frontend);
    }
    return n;
}

bool spapr_vty_try_write(DeviceState *dev, const uint8_t *data, unsigned size)
{
    SpaprVty *vty = (SpaprVty *)dev;
    int n = size ? char_frontend_write(&vty->frontend, data, size) : 0;

    if (!n && size) {
        return false;
    }
    if (n > 0 && (unsigned)n < size) {
        char_frontend_write_all(&vty->frontend, data + n, size - n);
    }
    return true;
}

void spapr_vty_write(DeviceState *dev, const uint8_t *data, unsigned size)
{
    SpaprVty *vty = (SpaprVty *)dev;

    char_frontend_write_all(&vty->frontend, data, size);
}

static void vty_reset(void *obj, ResetType type)
{
    SpaprVty *vty = obj;

    vio_device_class.reset.hold(obj, type);
    vty->in = vty->out = 0;
    memset(vty->buffer, 0, sizeof(vty->buffer));
}

static bool vty_realize(DeviceState *dev, GError **errp)
{
    SpaprVty *vty = (SpaprVty *)dev;

    if (!char_frontend_init(&vty->frontend, vty->chardev, errp)) {
        return false;
    }
    char_frontend_set_handlers(&vty->frontend, vty_can_read, vty_input, NULL, vty);
    return true;
}

static void vty_unrealize(DeviceState *dev)
{
    char_frontend_deinit(&((SpaprVty *)dev)->frontend);
}

static bool vty_post_load(void *opaque, int version, GError **errp)
{
    SpaprVty *vty = opaque;

    /* Only the distance of the counts means anything: more than the buffer holds is damage. */
    if (vty->in - vty->out > SPAPR_VTY_BUFFER) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr_vty: %u characters in a buffer of %u", vty->in - vty->out, SPAPR_VTY_BUFFER);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_vty = {
    .name = "spapr_vty",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = vty_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(parent, SpaprVty, 0, vmstate_vio_device, VioDevice),
        VMSTATE_UINT32(in, SpaprVty),
        VMSTATE_UINT32(out, SpaprVty),
        VMSTATE_BUFFER(buffer, SpaprVty),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("chardev"),
    .host_only = VMSTATE_NAMES("frontend"),
    VMSTATE_STRUCT_AUDIT(SpaprVty),
};

static bool vty_set_chardev(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    SpaprVty *vty = (SpaprVty *)obj;
    Chardev *chr = value->kind == PROPERTY_STRING && value->s ? chardev_find(value->s) : NULL;

    if (!chr) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND,
                    "Property 'spapr-vty.chardev' can't find value '%s'",
                    value->kind == PROPERTY_STRING && value->s ? value->s : "");
        return false;
    }
    vty->chardev = chr;
    return true;
}

static bool vty_get_chardev(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    SpaprVty *vty = (SpaprVty *)obj;

    value->kind = PROPERTY_STRING;
    value->s = g_strdup(vty->chardev ? chardev_id(vty->chardev) : "");
    return true;
}

void spapr_vty_set_chardev(DeviceState *dev, Chardev *chr)
{
    ((SpaprVty *)dev)->chardev = chr;
}

static const Property vty_properties[] = {
    DEFINE_PROP_CUSTOM("chardev", property_type_string, vty_set_chardev, vty_get_chardev,
                       "character back end (id)"),
    DEFINE_PROP_END_OF_LIST(),
};

const VioDeviceClass spapr_vty_vio_class = {
    .device = {
        .name = "spapr-vty",
        .parent = &vio_device_class.object,
        .description = "sPAPR paravirtual terminal",
        .instance_size = sizeof(SpaprVty),
        .properties = vty_properties,
        .category = DEVICE_CATEGORY_INPUT,
        .user_creatable = true,
        .vmstate = &vmstate_vty,
        .realize = vty_realize,
        .unrealize = vty_unrealize,
        .reset = {.hold = vty_reset},
    },
    .dt_name = "vty",
    .dt_type = "serial",
    .dt_compatible = "hvterm1",
};

bool spapr_vty_is(const DeviceState *dev)
{
    return device_get_class(dev) == &spapr_vty_vio_class.device;
}

const DeviceClass *const hw_char_device_classes[] = {&spapr_vty_vio_class.device, NULL};
