/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sPAPR virtual I/O bus: devices known by a unit address ("reg"), with one interrupt each, that
 * are reached by hypercalls.  LoPAR chapter 16.  The machine that owns the bus gives interrupts and
 * answers hypercalls; devices see only this header.
 */
#ifndef HW_CORE_VIO_H
#define HW_CORE_VIO_H

#include "hw/core/device.h"

typedef struct VioBus VioBus;
typedef struct VioDevice VioDevice;

#define VIO_REG_UNSET UINT32_MAX
#define VIO_REG_BASE 0x71000000u
#define VIO_MESSAGE_SIZE 16u           /* of command queues */

/* How a class shows in the device tree. */
typedef struct VioDeviceClass {
    DeviceClass device;                 /* first */
    const char *dt_name, *dt_type, *dt_compatible;
    /* Further properties of its node; fdt is libfdt's tree. NULL: none. */
    bool (*fdt)(VioDevice *dev, void *fdt, int node);
    /* Bytes of its DMA window; 0: it makes no DMA. */
    uint32_t dma_window;
    /* A message of the guest (H_SEND_CRQ); false: dropped. NULL: the device has no command queue.
     */
    bool (*receive)(VioDevice *dev, const uint8_t message[VIO_MESSAGE_SIZE]);
    /* The queue is gone: what came through it must neither be answered nor make DMA. NULL: nothing
     * outlives receive. */
    void (*closed)(VioDevice *dev);
} VioDeviceClass;

struct VioDevice {
    DeviceState parent;                 /* first */
    /* immutable */
    uint32_t reg;                       /* property */
    uint32_t irq;                       /* number in the device tree */
    /* saved */
    uint64_t signal_state; /* 1: interrupts of the command queue enabled (H_VIO_SIGNAL) */
    /* Command/response queue of devices that have one: address, size, next entry; size 0: none. */
    struct { uint64_t qladdr; uint32_t qsize, qnext; } crq;
    bool muted; /* H_VIO_SIGNAL has switched the device's own interrupts off */
    /* host-only */
    IRQLine *line;
};

/* The owner's side: gives a device its interrupt when it is plugged. */
typedef struct VioBusOps {
    bool (*assign_irq)(void *opaque, uint32_t reg, uint32_t *number, IRQLine **line, GError **errp);
    /* Devices with DMA: the window, known by the unit address; all its entries invalid, and no
     * bypass. */
    bool (*open_window)(void *opaque, VioDevice *dev, uint32_t size, GError **errp);
    void (*reset_window)(void *opaque, VioDevice *dev);
    void (*close_window)(void *opaque, VioDevice *dev);
    /* Moves bytes between buf and memory; false: a part of it is not mapped for that, or no memory.
     */
    bool (*dma)(void *opaque, VioDevice *dev, uint64_t address, void *buf, uint64_t size,
                bool to_memory);
    /* Is all of it mapped for reading and writing? */
    bool (*mapped)(void *opaque, VioDevice *dev, uint64_t address, uint64_t size);
} VioBusOps;
struct VioBus {
    BusState parent;                    /* first */
    const VioBusOps *ops;
    void *opaque;
    uint32_t next_reg;
};

extern const BusClass vio_bus_class;
extern const DeviceClass vio_device_class;      /* abstract parent of devices on the bus */
extern const VMStateDescription vmstate_vio_device;

VioBus *vio_bus_create(const VioBusOps *ops, void *opaque);
/* NULL if none has that unit address. */
VioDevice *vio_bus_find(VioBus *bus, uint32_t reg);
/* Calls fn for each device in order of unit address. */
void vio_bus_foreach(VioBus *bus, void (*fn)(VioDevice *dev, void *opaque), void *opaque);
static inline const VioDeviceClass *vio_device_get_class(const VioDevice *dev)
{
    return (const VioDeviceClass *)device_get_class(&dev->parent);
}
/* An interrupt of a device without command queue, unless the guest has switched it off. */
void vio_device_signal(VioDevice *dev);
/* H_VIO_SIGNAL. */
void vio_device_set_signals(VioDevice *dev, bool on);
/* For an event of the command queue: an interrupt if the guest has enabled it. */
void vio_device_signal_crq(VioDevice *dev);
/* DMA. False: a part of the range is not mapped for it, or is no memory; what lies before may have
 * been moved. */
bool vio_dma_read(VioDevice *dev, uint64_t address, void *buf, uint64_t size);
bool vio_dma_write(VioDevice *dev, uint64_t address, const void *buf, uint64_t size);
bool vio_dma_mapped(VioDevice *dev, uint64_t address, uint64_t size);
/* Puts a message into the guest's queue and signals it. False: no queue, not mapped, or no free
 * entry. */
bool vio_crq_send(VioDevice *dev, const uint8_t message[VIO_MESSAGE_SIZE]);
/* The queue is no more, and what came through it ends; the device itself is not touched. */
void vio_crq_free(VioDevice *dev);
/* The queue is gone and the window empty: what a reset does, and RTAS's quiesce. */
void vio_device_quiesce(VioDevice *dev);

#endif
