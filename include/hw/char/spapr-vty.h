/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-vty: the paravirtual terminal (hvterm1).  Device lock for everything.
 */
#ifndef HW_CHAR_SPAPR_VTY_H
#define HW_CHAR_SPAPR_VTY_H

#include "hw/core/vio.h"
#include "chardev/char.h"

#define SPAPR_VTY_BUFFER 16

extern const VioDeviceClass spapr_vty_vio_class;
extern const DeviceClass *const hw_char_device_classes[];   /* NULL-terminated */

bool spapr_vty_is(const DeviceState *dev);
/* Before it is realized. */
void spapr_vty_set_chardev(DeviceState *vty, Chardev *chr);

/* To the terminal, without waiting. As many bytes as the host takes now; 0: it is full. */
unsigned spapr_vty_write(DeviceState *vty, const uint8_t *data, unsigned size);
/* All of it (at most SPAPR_VTY_BUFFER bytes) or, if the host is full, nothing and false. */
bool spapr_vty_put(DeviceState *vty, const uint8_t *data, unsigned size);
/* Takes at most max bytes of typed input. */
unsigned spapr_vty_read(DeviceState *vty, uint8_t *data, unsigned max);

#endif
