/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OHCI: what registers (ohci.c) and lists (ohci-lists.c) share. */
#ifndef HW_USB_OHCI_H
#define HW_USB_OHCI_H

#include "hw/pci/pci.h"
#include "hw/usb/usb.h"
#include "util/timer.h"

#define OHCI_BUFFER_SIZE 8192

/* HcControl, HcCommandStatus, HcInterruptStatus. */
enum {
    CTL_PLE = 1 << 2,
    CTL_IE = 1 << 3,
    CTL_CLE = 1 << 4,
    CTL_BLE = 1 << 5,
    CTL_HCFS = 3 << 6,
    CTL_IR = 1 << 8,
    HCFS_RESET = 0 << 6,
    HCFS_RESUME = 1 << 6,
    HCFS_OPERATIONAL = 2 << 6,
    HCFS_SUSPEND = 3 << 6,
    STATUS_HCR = 1 << 0,
    STATUS_CLF = 1 << 1,
    STATUS_BLF = 1 << 2,
    STATUS_OCR = 1 << 3,
};
#define INTR_SO (1u << 0)
#define INTR_WD (1u << 1)
#define INTR_SF (1u << 2)
#define INTR_RD (1u << 3)
#define INTR_UE (1u << 4)
#define INTR_FNO (1u << 5)
#define INTR_RHSC (1u << 6)
#define INTR_OC (1u << 30)
#define INTR_MIE (1u << 31)
/* HcRhPortStatus. */
enum {
    PORT_CCS = 1 << 0,
    PORT_PES = 1 << 1,
    PORT_PSS = 1 << 2,
    PORT_POCI = 1 << 3,
    PORT_PRS = 1 << 4,
    PORT_PPS = 1 << 8,
    PORT_LSDA = 1 << 9,
    PORT_CSC = 1 << 16,
    PORT_PESC = 1 << 17,
    PORT_PSSC = 1 << 18,
    PORT_OCIC = 1 << 19,
    PORT_PRSC = 1 << 20,
    PORT_CHANGES = 0x1f << 16,
};

typedef struct OhciPort {
    /* saved */
    uint32_t ctrl;
    /* host-only */
    UsbPort port;
} OhciPort;

typedef struct OhciCore {
    /* saved: registers */
    int64_t sof_time;                   /* when this frame began, ns */
    uint32_t ctl, status, intr_status, intr, hcca, ctrl_head, ctrl_cur, bulk_head, bulk_cur,
        per_cur, done;
    int32_t done_count;                 /* frames until done is told; 7: not by itself */
    uint16_t fsmps, fi, frame_number, padding;
    uint8_t fit, frt;
    uint32_t pstart, lst, rhdesc_a, rhdesc_b, rhstatus;
    OhciPort rhport[USB_MAX_PORTS];
    uint32_t hstatus, hmask, hreset, htest; /* of a controller that is not on PCI: always 0 */
    uint32_t old_ctl;                   /* ctl at the last frame */
    uint8_t usb_buf[OHCI_BUFFER_SIZE];  /* of the transaction under way */
    uint32_t async_td;                  /* always 0, as is this: transactions are done at once */
    bool async_complete;
    Timer eof_timer;
    /* immutable */
    uint32_t num_ports;                 /* property */
    PciDevice *pci;
    UsbBus *bus;
    MemoryRegion registers;
} OhciCore;

/* Bits of INTR_*. */
void ohci_interrupt(OhciCore *ohci, uint32_t bits);
/* The guest has led it astray: stops and says UE. */
void ohci_die(OhciCore *ohci, const char *why);
/* What a frame does (timer callback). */
void ohci_frame(OhciCore *ohci);

#endif
