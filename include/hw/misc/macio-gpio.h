/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KeyLargo's general purpose lines.  GPIO outputs 0 .. MACIO_N_GPIOS - 1 are the interrupts of
 * external lines that are connected: 1 (the PMU's, active low) and 9 (the programmer's switch).
 * Device lock held.
 */
#ifndef HW_MISC_MACIO_GPIO_H
#define HW_MISC_MACIO_GPIO_H

#include "hw/core/device.h"

#define MACIO_GPIO_SIZE 0x30u
#define MACIO_N_GPIOS 10u
#define MACIO_GPIO_PMU 1
#define MACIO_GPIO_SWITCH 9

extern const DeviceClass macio_gpio_class;
MemoryRegion *macio_gpio_registers(DeviceState *dev);
/* Drives an external line from outside. */
void macio_gpio_set(DeviceState *dev, unsigned n, bool level);

#endif
