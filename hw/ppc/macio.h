/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO: the I/O chip of Power Macs, a PCI device with everything slow behind one BAR.  Device lock
 * held.
 */
#ifndef HW_PPC_MACIO_H
#define HW_PPC_MACIO_H

#include "chardev/char.h"
#include "hw/pci/pci.h"

extern const PciDeviceClass macio_oldworld_class, macio_newworld_class;

/* What the machine has for it: before it is realized, and until it is gone. */
typedef struct MacIOConfig {
    uint64_t timebase_frequency;
    Chardev *serial[2];                 /* channels A and B; NULL: nothing is attached */
    const char *const *prom_env;        /* NULL-terminated, or NULL */
    bool has_pmu, has_adb;              /* the newer chip's: PMU, not CUDA; ADB bus on the PMU */
} MacIOConfig;
void macio_configure(DeviceState *dev, const MacIOConfig *config);
/* Its interrupt controller (hw/intc/heathrow.h). */
DeviceState *macio_pic(DeviceState *dev);

/* The same of the newer chip, whose interrupt controller is another (hw/intc/openpic.h). */
void macio_newworld_configure(DeviceState *dev, const MacIOConfig *config);
DeviceState *macio_newworld_pic(DeviceState *dev);
/* The programmer's switch (the monitor's nmi). */
void macio_newworld_nmi(DeviceState *dev);

/* ---- Parts (macio-common.c); macio is the chip ---- */

#define MACIO_BAR_SIZE 0x80000u
#define MACIO_N_LEGACY_PORTS 4

/* The serial ports, with their registers a second time, close together. */
typedef struct MacIOSerial {
    DeviceState *escc;
    MemoryRegion legacy, ports[MACIO_N_LEGACY_PORTS];
} MacIOSerial;
bool macio_serial_create(MacIOSerial *serial, const MacIOConfig *config, GError **errp);
void macio_serial_map(MacIOSerial *serial, DeviceState *macio, MemoryRegion *bar);
void macio_serial_unmap(MacIOSerial *serial, MemoryRegion *bar);
/* Descriptor-based DMA, and channels of IDE with the drives of -drive if=ide. */
#define MACIO_N_IDE 2
typedef struct MacIODisks {
    DeviceState *dbdma, *ide[MACIO_N_IDE];
} MacIODisks;
bool macio_dma_create(MacIODisks *disks, GError **errp);
bool macio_disks_create(MacIODisks *disks, GError **errp);
/* Where the channels' registers are, and which inputs of pic they and their DMA have. */
void macio_disks_map(MacIODisks *disks, MemoryRegion *bar, const uint32_t places[MACIO_N_IDE],
                     DeviceState *pic, const uint8_t irqs[MACIO_N_IDE][2]);
void macio_disks_destroy(MacIODisks *disks);
/*
 * The way of the interrupt controller's output to the processor, which ends while the chip does not
 * decode its registers: nobody could ask the controller then, and a guest that lets the processor
 * take interrupts would take the same one for ever. Linux does so for the time in which it asks for
 * the BAR's size, and a busy host makes that time long.
 */
typedef struct MacIOGate {
    PciDevice *macio;
    IRQLine *output;                    /* the chip's GPIO 0 */
    void (*update)(DeviceState *pic);   /* drives the controller's output again */
} MacIOGate;
void macio_gate_init(MacIOGate *gate, DeviceState *macio, DeviceState *pic,
                     void (*update)(DeviceState *pic));
/* A chip's config_write. */
void macio_gate_config_write(MacIOGate *gate, DeviceState *pic, uint32_t address, uint32_t value,
                             unsigned size);
/* Realizes a part, which stays the tree's. NULL with errp. */
DeviceState *macio_part(DeviceState *dev, GError **errp);
/* Takes what is mapped off the BAR, and the BAR away. */
void macio_destroy_bar(MemoryRegion *bar);
DeviceState *macio_create_cuda(const MacIOConfig *config, GError **errp);
/* Keyboard and mouse. */
bool macio_create_adb_devices(BusState *adb, GError **errp);

#endif
