/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of PCI's configuration space.  PCI Local Bus Specification 3.0, chapter 6 and appendices
 * D and H; PCI-to-PCI Bridge Architecture 1.2, chapter 3; PCI Code and ID Assignment.
 */
#ifndef HW_PCI_PCI_REGS_H
#define HW_PCI_PCI_REGS_H

/* Offsets, for all headers. */
enum {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION_ID = 0x08,
    PCI_CLASS_PROGRAM = 0x09,
    PCI_CLASS_DEVICE = 0x0a,
    PCI_CACHE_LINE_SIZE = 0x0c,
    PCI_LATENCY_TIMER = 0x0d,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BIST = 0x0f,
    PCI_BASE_ADDRESS_0 = 0x10,
    PCI_CAPABILITY_LIST = 0x34,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
};
/* Header type 0. */
enum {
    PCI_CARDBUS_CIS = 0x28,
    PCI_SUBSYSTEM_VENDOR_ID = 0x2c,
    PCI_SUBSYSTEM_ID = 0x2e,
    PCI_ROM_ADDRESS = 0x30,
    PCI_MIN_GNT = 0x3e,
    PCI_MAX_LAT = 0x3f,
};
/* Header type 1, bridges. */
enum {
    PCI_PRIMARY_BUS = 0x18,
    PCI_SECONDARY_BUS = 0x19,
    PCI_SUBORDINATE_BUS = 0x1a,
    PCI_SECONDARY_LATENCY_TIMER = 0x1b,
    PCI_IO_BASE = 0x1c,
    PCI_IO_LIMIT = 0x1d,
    PCI_SECONDARY_STATUS = 0x1e,
    PCI_MEMORY_BASE = 0x20,
    PCI_MEMORY_LIMIT = 0x22,
    PCI_PREFETCH_BASE = 0x24,
    PCI_PREFETCH_LIMIT = 0x26,
    PCI_PREFETCH_BASE_UPPER = 0x28,
    PCI_PREFETCH_LIMIT_UPPER = 0x2c,
    PCI_IO_BASE_UPPER = 0x30,
    PCI_IO_LIMIT_UPPER = 0x32,
    PCI_BRIDGE_ROM_ADDRESS = 0x38,
    PCI_BRIDGE_CONTROL = 0x3e,
};
/* Bits. */
enum {
    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_MASTER = 1 << 2,
    PCI_COMMAND_PARITY = 1 << 6,
    PCI_COMMAND_SERR = 1 << 8,
    PCI_COMMAND_INTX_DISABLE = 1 << 10,

    PCI_STATUS_INTERRUPT = 1 << 3,
    PCI_STATUS_CAP_LIST = 1 << 4,
    PCI_STATUS_66MHZ = 1 << 5,
    PCI_STATUS_FAST_BACK = 1 << 7,
    PCI_STATUS_DEVSEL_MEDIUM = 1 << 9,
    /* Parity, target abort (signalled, received), master abort, system error, parity again. */
    PCI_STATUS_ERRORS = 0xf900,

    PCI_HEADER_TYPE_NORMAL = 0,
    PCI_HEADER_TYPE_BRIDGE = 1,
    PCI_HEADER_TYPE_MULTI_FUNCTION = 0x80,

    PCI_BAR_IO = 1 << 0,
    PCI_BAR_MEMORY_64 = 2 << 1,
    PCI_BAR_MEMORY_PREFETCH = 1 << 3,
    PCI_ROM_ADDRESS_ENABLE = 1,

    PCI_BRIDGE_CONTROL_BUS_RESET = 1 << 6,
};
/* Capabilities. */
enum {
    PCI_CAP_POWER_MANAGEMENT = 0x01,
    PCI_CAP_MSI = 0x05,
    PCI_CAP_VENDOR = 0x09,
    PCI_CAP_EXPRESS = 0x10,
    PCI_CAP_MSIX = 0x11,

    PCI_MSI_FLAGS = 2,
    PCI_MSI_ADDRESS = 4,
    PCI_MSI_FLAGS_ENABLE = 1 << 0,
    PCI_MSI_FLAGS_CAPABLE = 7 << 1,
    PCI_MSI_FLAGS_ENABLED = 7 << 4,
    PCI_MSI_FLAGS_64 = 1 << 7,
    PCI_MSI_FLAGS_MASK = 1 << 8,

    PCI_MSIX_FLAGS = 2,
    PCI_MSIX_TABLE = 4,
    PCI_MSIX_PBA = 8,
    PCI_MSIX_FLAGS_SIZE = 0x7ff,
    PCI_MSIX_FLAGS_MASK_ALL = 1 << 14,
    PCI_MSIX_FLAGS_ENABLE = 1 << 15,
};
/* Classes, as in the word at PCI_CLASS_DEVICE. */
enum {
    PCI_CLASS_STORAGE_SCSI = 0x0100,
    PCI_CLASS_STORAGE_IDE = 0x0101,
    PCI_CLASS_STORAGE_OTHER = 0x0180,
    PCI_CLASS_NETWORK_ETHERNET = 0x0200,
    PCI_CLASS_DISPLAY_VGA = 0x0300,
    PCI_CLASS_DISPLAY_OTHER = 0x0380,
    PCI_CLASS_BRIDGE_HOST = 0x0600,
    PCI_CLASS_BRIDGE_PCI = 0x0604,
    PCI_CLASS_SYSTEM_OTHER = 0x0880,
    PCI_CLASS_SERIAL_USB = 0x0c03,
    PCI_CLASS_OTHERS = 0x00ff,
};
enum {
    PCI_VENDOR_APPLE = 0x106b,
    PCI_VENDOR_MOTOROLA = 0x1057,
    PCI_VENDOR_REALTEK = 0x10ec,
    PCI_VENDOR_REDHAT = 0x1b36,
    PCI_VENDOR_REDHAT_VIRTIO = 0x1af4,
    PCI_VENDOR_QEMU = 0x1234,
};

#endif
