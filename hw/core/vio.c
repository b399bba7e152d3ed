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
                            "%s and %s devices conflict at address 0x%x",
                            device_get_class(device)->name, device_get_class(&other->parent)->name,
                            dev->reg);
                return false;
            }
        }
    }
    return bus->ops->assign_irq(bus->opaque, dev->reg, &dev->irq, &dev->line, errp) &&
           (!vio_device_get_class(dev)->dma_window ||
            bus->ops->open_window(bus->opaque, dev, vio_device_get_class(dev)->dma_window, errp));
}

static void vio_bus_unplug(BusState *state, DeviceState *device)
{
    VioBus *bus = (VioBus *)state;
    VioDevice *dev = (VioDevice *)device;

    if (vio_device_get_class(dev)->dma_window) {
        bus->ops->close_window(bus->opaque, dev);
    }
}

static char *vio_wire_name(DeviceState *device)
{
    VioDevice *dev = (VioDevice *)device;
    const VioDeviceClass *class = vio_device_get_class(dev);

    return g_strdup_printf("%s@%x", class->dt_name, dev->reg);
}

static char *vio_firmware_node(DeviceState *device)
{
    g_autofree char *name = vio_wire_name(device);

    return g_strdup_printf("vdevice/%s", name);
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
    .unplug = vio_bus_unplug,
    .wire_name = vio_wire_name,
    .print_device = vio_print_device,
    .firmware_node = vio_firmware_node,
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
    /* A device with a command queue has no other interrupts. */
    dev->muted = !on && !vio_device_get_class(dev)->receive;
}

void vio_device_signal_crq(VioDevice *dev)
{
    if (dev->signal_state & 1) {
        irq_pulse(dev->line);
    }
}

/* ---- DMA and command queues (LoPAR 17.2) ---- */

static VioBus *bus_of(const VioDevice *dev)
{
    return (VioBus *)dev->parent.parent_bus;
}

bool vio_dma_read(VioDevice *dev, uint64_t address, void *buf, uint64_t size)
{
    return !size || bus_of(dev)->ops->dma(bus_of(dev)->opaque, dev, address, buf, size, false);
}

bool vio_dma_write(VioDevice *dev, uint64_t address, const void *buf, uint64_t size)
{
    return !size ||
           bus_of(dev)->ops->dma(bus_of(dev)->opaque, dev, address, (void *)buf, size, true);
}

bool vio_dma_mapped(VioDevice *dev, uint64_t address, uint64_t size)
{
    return bus_of(dev)->ops->mapped(bus_of(dev)->opaque, dev, address, size);
}

bool vio_crq_send(VioDevice *dev, const uint8_t message[VIO_MESSAGE_SIZE])
{
    uint64_t at = dev->crq.qladdr + dev->crq.qnext;
    uint8_t valid;

    /* An entry is free while its first byte is 0; that byte is written last. */
    if (!dev->crq.qsize || !vio_dma_read(dev, at, &valid, 1) || valid ||
        !vio_dma_write(dev, at + 8, message + 8, VIO_MESSAGE_SIZE - 8)) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (!vio_dma_write(dev, at + 1, message + 1, 7)) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (!vio_dma_write(dev, at, message, 1)) {
        return false;
    }
    dev->crq.qnext = (dev->crq.qnext + VIO_MESSAGE_SIZE) % dev->crq.qsize;
    vio_device_signal_crq(dev);
    return true;
}

void vio_crq_free(VioDevice *dev)
{
    dev->crq.qladdr = 0;
    dev->crq.qsize = dev->crq.qnext = 0;
    if (vio_device_get_class(dev)->closed) {
        vio_device_get_class(dev)->closed(dev);
    }
}

void vio_device_quiesce(VioDevice *dev)
{
    vio_crq_free(dev);
    if (vio_device_get_class(dev)->dma_window) {
        bus_of(dev)->ops->reset_window(bus_of(dev)->opaque, dev);
    }
}

static void vio_reset(void *obj, ResetType type)
{
    VioDevice *dev = obj;

    dev->signal_state = 0;
    dev->muted = false;
    vio_device_quiesce(dev);
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
    .own = true,
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
