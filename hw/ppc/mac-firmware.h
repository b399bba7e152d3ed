/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware of ours on Power Macs: starts -kernel by Open Firmware's client interface, which the
 * emulator itself answers (client.c), on a machine without OpenBIOS.  Device lock held, except
 * where a guest comes in.
 */
#ifndef HW_PPC_MAC_FIRMWARE_H
#define HW_PPC_MAC_FIRMWARE_H

#include "hw/core/device.h"
#include "hw/ppc/client.h"
#include "mac-tree.h"

typedef struct MacFirmware {
    /* saved */
    Client client;
    uint8_t *fdt;
    uint32_t fdt_size;
    /* immutable */
    int32_t option;                     /* property x-vof */
    bool chosen;                        /* instead of OpenBIOS */
    MacBoard board;
} MacFirmware;

/* The section "mac-firmware", sent while the guest uses it. */
struct VMStateDescription;
extern const struct VMStateDescription vmstate_mac_firmware;

/* A property of the machine, whose member `firmware` is the struct. */
enum { MAC_FIRMWARE_OFF, MAC_FIRMWARE_ON, MAC_FIRMWARE_AUTO };
extern const char *const mac_firmware_names[];
#define DEFINE_PROP_MAC_FIRMWARE(type)                                                             \
    DEFINE_PROP_ENUM(                                                                              \
        "x-vof", type, firmware.option, mac_firmware_names, MAC_FIRMWARE_AUTO,                     \
        "Start -kernel with the built-in firmware (on, off, auto: where OpenBIOS cannot)")

/*
 * After the devices were made: loads -kernel and what runs first, OpenBIOS, -bios, or firmware of
 * ours as the property says.  board->boot is filled in.
 */
bool mac_firmware_init(MacFirmware *firmware, const MacBoard *board, MacBoot *boot, GError **errp);
/* After devices and processor were reset: configures PCI, makes the tree, enters the kernel. */
void mac_firmware_reset(MacFirmware *firmware, ShutdownCause cause);

#endif
