/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO IDE: a channel of IDE in MacIO chips (Heathrow, KeyLargo), with a channel of DBDMA.  Device
 * lock held. GPIO outputs: 0, the drives' interrupt; 1, that of the DMA channel (an edge).
 */
#ifndef HW_IDE_MACIO_IDE_H
#define HW_IDE_MACIO_IDE_H

#include "hw/core/device.h"

#define MACIO_IDE_SIZE 0x1000u

extern const DeviceClass macio_ide_class;

/* Before it is realized: its DBDMA controller (hw/misc/dbdma.h), which outlives it, and the channel
 * of that. */
void macio_ide_configure(DeviceState *dev, DeviceState *dbdma, unsigned channel);
/* Makes a drive of each -drive if=ide with that bus number; once it is realized. */
bool macio_ide_claim_drives(DeviceState *dev, int number, GError **errp);
/* Registers 0x10 bytes apart. */
MemoryRegion *macio_ide_registers(DeviceState *dev);

#endif
