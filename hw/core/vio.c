/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sPAPR virtual I/O bus (LoPAR chapter 16): unit addresses, interrupts, look-up. */
#include "hw/core/vio.h"
#include "system/runtime.h"
#include "util/error.h"

VioDevice *vio_bus_find(VioBus *bus, uint32_t reg)
{
    for (guint i = 0; i < bus->parent.devices->len; i++) {
        VioDevice *dev = g_ptr_array_index(bus->parent.devices, i);

        if (dev->reg == reg) {
            return dev;
        }
    }
    return NULL;
}

static bool vio_bus_plug(BusState *state, DeviceState *device, GError **errp)
{
    VioBus *bus = (VioBus *)state;
    VioDevice *dev = (VioDevice *)device;
    VioDevice *other;

    if (dev->reg == VIO_REG_UNSET) {
        do {
            dev->reg = bus->next_reg++;
            other = vio_bus_find(bus, dev->reg);
        } while (other && other != dev);
    } else {
        for (guint i = 0; i < state->devices->len; i++) {
            other = g_ptr_array_index(state->devices, i);
            if (other != dev && other->reg == dev->reg) {
                g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                            "%s and %s devices conflict at address 0x%x", device_get_class(device)->name,
                            device_get_class(&other->parent)->name, dev->reg);
                return false;
            }
        }
    }
    return bus->ops->assign_irq(bus->opaque, dev->reg, &dev->irq, &dev->line, errp);
}

static char *vio_wire_name(DeviceState *device)
{
    VioDevice *dev = (VioDevice *)device;
    const VioDeviceClass *class = vio_device_get_class(dev);

    return g_strdup_printf("%s@%x", class->dt_name, dev->reg);
}

static void vio_print_device(DeviceState *device, GString *out, unsigned indent)
{
    VioDevice *dev = (VioDevice *)device;

    g_string_append_printf(out, "%*sirq = %u (0x%x)\n", indent, "", dev->irq, dev->irq);
}

const BusClass vio_bus_class = {
    .name = "spapr-vio-bus",
    .parent = &bus_class.object,
    .description = "sPAPR virtual I/O bus",
    .instance_size = sizeof(VioBus),
    .plug = vio_bus_plug,
    .wire_name = vio_wire_name,
    .print_device = vio_print_device,
};

VioBus *vio_bus_create(const VioBusOps *ops, void *opaque)
{
    VioBus *bus = (VioBus *)bus_new(&vio_bus_class, NULL, "spapr-vio");

    bus->ops = ops;
    bus->opaque = opaque;
    bus->next_reg = VIO_REG_BASE;
    bus_register_root(&bus->parent);
    return bus;
}

static gint compare_reg(gconstpointer a, gconstpointer b)
{
    const VioDevice *x = *(VioDevice *const *)a, *y = *(VioDevice *const *)b;

    return x->reg < y->reg ? -1 : x->reg > y->reg;
}

void vio_bus_foreach(VioBus *bus, void (*fn)(VioDevice *dev, void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    for (guint i = 0; i < bus->parent.devices->len; i++) {
        g_ptr_array_add(sorted, g_ptr_array_index(bus->parent.devices, i));
    }
    g_ptr_array_sort(sorted, compare_reg);
    for (guint i = 0; i < sorted->len; i++) {
        fn(g_ptr_array_index(sorted, i), opaque);
    }
}

void vio_device_signal(VioDevice *dev)
{
    if (!dev->muted) {
        irq_pulse(dev->line);
    }
}

void vio_device_set_signals(VioDevice *dev, bool on)
{
    dev->signal_state = on;
    dev->muted = !on;
}

void vio_device_signal_crq(VioDevice *dev)
{
    if (dev->signal_state & 1) {
        irq_pulse(dev->line);
    }
}

static void vio_reset(void *obj, ResetType type)
{
    VioDevice *dev = obj;

    dev->signal_state = 0;
    dev->muted = false;
    dev->crq.qladdr = 0;
    dev->crq.qsize = dev->crq.qnext = 0;
}

static const Property vio_properties[] = {
    DEFINE_PROP_UINT32("reg", VioDevice, reg, VIO_REG_UNSET, "unit address"),
    DEFINE_PROP_END_OF_LIST(),
};

static bool muted_needed(void *opaque)
{
    return vmstate_wire_is_own() && ((VioDevice *)opaque)->muted;
}

/* Ours: QEMU's terminals always interrupt. */
static const VMStateDescription vmstate_muted = {
    .name = "spapr_vio/muted",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = muted_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(muted, VioDevice),
        VMSTATE_END_OF_LIST(),
    },
};

static bool vio_pre_load(void *opaque, GError **errp)
{
    ((VioDevice *)opaque)->muted = false;
    return true;
}

const VMStateDescription vmstate_vio_device = {
    .name = "spapr_vio",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = vio_pre_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_EQUAL(reg, VioDevice, "give the device the same reg="),
        VMSTATE_UINT32_EQUAL(irq, VioDevice, "give the device the same reg="),
        VMSTATE_UINT64(signal_state, VioDevice),
        VMSTATE_UINT64(crq.qladdr, VioDevice),
        VMSTATE_UINT32(crq.qsize, VioDevice),
        VMSTATE_UINT32(crq.qnext, VioDevice),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_muted),
    .host_only = VMSTATE_NAMES("line"),
    VMSTATE_STRUCT_AUDIT(VioDevice),
};

const DeviceClass vio_device_class = {
    .name = "vio-spapr-device",
    .parent = &device_class.object,
    .description = "device on the sPAPR virtual I/O bus",
    .instance_size = sizeof(VioDevice),
    .properties = vio_properties,
    .abstract = true,
    .bus = &vio_bus_class,
    .reset = {.hold = vio_reset},
};
