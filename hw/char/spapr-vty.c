/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-vty: a terminal reached by H_GET_TERM_CHAR and H_PUT_TERM_CHAR.  LoPAR 16.3.1.
 * Input waits in a 16-byte buffer, which is what one call can fetch; its interrupt says that the
 * buffer is no longer empty.
 */
#include <string.h>
#include "hw/char/escc.h"
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
    uint8_t rest[SPAPR_VTY_BUFFER];     /* of a put that the host took a part of */
    unsigned n_rest;
    guint watch;
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

static bool send_rest(SpaprVty *vty);

static gboolean writable(void *opaque)
{
    SpaprVty *vty = opaque;

    vty->watch = 0;
    send_rest(vty);
    return G_SOURCE_REMOVE;
}

/* True when nothing is left of earlier puts. The host sees what is left as soon as it takes it,
 * also when the guest has nothing more to say. */
static bool send_rest(SpaprVty *vty)
{
    while (vty->n_rest) {
        int n = char_frontend_write(&vty->frontend, vty->rest, vty->n_rest);

        if (n < 0) {
            n = vty->n_rest;     /* nobody will ever take it */
        }
        if (n == 0) {
            if (!vty->watch) {
                vty->watch = char_frontend_add_watch(&vty->frontend, writable, vty);
            }
            return false;
        }
        vty->n_rest -= n;
        memmove(vty->rest, vty->rest + n, vty->n_rest);
    }
    return true;
}

unsigned spapr_vty_write(DeviceState *dev, const uint8_t *data, unsigned size)
{
    SpaprVty *vty = (SpaprVty *)dev;
    int n;

    if (!size || !send_rest(vty)) {
        return 0;
    }
    n = char_frontend_write(&vty->frontend, data, size);
    return n < 0 ? size : (unsigned)n;
}

bool spapr_vty_put(DeviceState *dev, const uint8_t *data, unsigned size)
{
    SpaprVty *vty = (SpaprVty *)dev;
    unsigned n = spapr_vty_write(dev, data, size);

    g_assert(size <= sizeof(vty->rest));
    if (!n) {
        return !size;
    }
    vty->n_rest = size - n;
    memcpy(vty->rest, data + n, vty->n_rest);
    send_rest(vty);
    return true;
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
    SpaprVty *vty = (SpaprVty *)dev;

    if (vty->watch) {
        g_source_remove(vty->watch);
    }
    char_frontend_deinit(&vty->frontend);
}

static bool vty_post_load(void *opaque, int version, GError **errp)
{
    SpaprVty *vty = opaque;

    /* Only the distance of the counts means anything: more than the buffer holds is damage. */
    if (vty->in - vty->out > SPAPR_VTY_BUFFER) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr_vty: %u characters in a buffer of %u", vty->in - vty->out,
                    SPAPR_VTY_BUFFER);
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
    .host_only = VMSTATE_NAMES("frontend", "rest", "n_rest", "watch"),
    VMSTATE_STRUCT_AUDIT(SpaprVty),
};

static bool vty_set_chardev(Object *obj, const Property *prop, const PropertyValue *value,
                            GError **errp)
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

const DeviceClass *const hw_char_device_classes[] = {&escc_class, &spapr_vty_vio_class.device,
                                                     NULL};
