/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO: the I/O chip of Power Macs, a PCI device with everything slow behind one BAR.  Device lock held.
 */
#ifndef HW_PPC_MACIO_H
#define HW_PPC_MACIO_H

#include "chardev/char.h"
#include "hw/pci/pci.h"

extern const PciDeviceClass macio_oldworld_class;

/* What the machine has for it: before it is realized, and until it is gone. */
typedef struct MacIOConfig {
    uint64_t timebase_frequency;
    Chardev *serial[2];                 /* channels A and B; NULL: nothing is attached */
    const char *const *prom_env;        /* NULL-terminated, or NULL */
} MacIOConfig;
void macio_configure(DeviceState *dev, const MacIOConfig *config);
/* Its interrupt controller (hw/intc/heathrow.h). */
DeviceState *macio_pic(DeviceState *dev);

#endif
