/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usb-storage: disks and optical drives by the bulk-only transport. */
#ifndef HW_USB_STORAGE_H
#define HW_USB_STORAGE_H

#include "hw/usb/usb.h"

extern const UsbDeviceClass usb_storage_class;

#endif
