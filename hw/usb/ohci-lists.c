/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OHCI's lists of endpoints and transfers in memory.  OpenHCI Specification 1.0a, chapter 4
 * (descriptors), 6.4 (lists), 4.3 (transfers) and 6.5 (done queue). Each frame serves all that is
 * there, at most MAX_DESCRIPTORS; an endpoint of the periodic list once.
 */
#include <string.h>
#include "ohci.h"
#include "util/bswap.h"
#include "util/log.h"

#define MAX_DESCRIPTORS 512u            /* read in a frame: lists may be rings */
#define POINTER_MASK 0xfffffff0u
#define PAGE_MASK 0xfffff000u
#define OFFSET_MASK 0xfffu
#define ITD_OFFSET_MASK 0x1fffu

/* Endpoint descriptors. */
enum { ED_FLAGS, ED_TAIL, ED_HEAD, ED_NEXT, ED_WORDS };
#define ED_SKIP (1u << 14)
#define ED_ISOCHRONOUS (1u << 15)
#define ED_HALTED 1u                    /* in ED_HEAD */
#define ED_TOGGLE 2u
/* Transfer descriptors. */
enum { TD_FLAGS, TD_BUFFER, TD_NEXT, TD_END, TD_WORDS };
#define TD_ROUNDING (1u << 18)
#define TD_TOGGLE (1u << 24)
#define TD_TOGGLE_HERE (1u << 25)
#define TD_ERRORS (3u << 26)
#define TD_CODE_SHIFT 28
#define TD_NO_DELAY 7u
#define ITD_FRAMES 8u
enum { CODE_OK = 0, CODE_STALL = 4, CODE_NO_DEVICE = 5, CODE_OVERRUN = 8, CODE_UNDERRUN = 9 };
enum { DIRECTION_SETUP, DIRECTION_OUT, DIRECTION_IN, DIRECTION_NONE };
enum { HCCA_FRAME = 0x80, HCCA_INTERRUPTS = 32 };

typedef struct Frame {
    OhciCore *ohci;
    unsigned left;                      /* descriptors */
} Frame;

/* ---- Memory ---- */

static bool read_words(OhciCore *ohci, uint32_t at, uint32_t *words, unsigned n)
{
    if (!pci_dma_read(ohci->pci, at, words, 4 * n)) {
        ohci_die(ohci, "a descriptor is not in memory");
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        words[i] = GUINT32_FROM_LE(words[i]);
    }
    return true;
}

static bool write_words(OhciCore *ohci, uint32_t at, const uint32_t *words, unsigned n)
{
    uint32_t raw[TD_WORDS + ITD_FRAMES / 2];

    for (unsigned i = 0; i < n; i++) {
        raw[i] = GUINT32_TO_LE(words[i]);
    }
    if (!pci_dma_write(ohci->pci, at, raw, 4 * n)) {
        ohci_die(ohci, "a descriptor is not in memory");
        return false;
    }
    return true;
}

static bool take_descriptor(Frame *frame)
{
    if (!frame->left) {
        ohci_interrupt(frame->ohci, INTR_SO);
        return false;
    }
    frame->left--;
    return true;
}

/* A buffer lies in up to two pages, that of its first and that of its last byte. */
static bool copy(OhciCore *ohci, uint32_t start, uint32_t end, uint8_t *data, uint32_t length,
                 bool to_memory)
{
    uint32_t first = MIN(length, OFFSET_MASK + 1 - (start & OFFSET_MASK));
    bool ok;

    if (to_memory) {
        ok = pci_dma_write(ohci->pci, start, data, first) &&
             (first == length ||
              pci_dma_write(ohci->pci, end & PAGE_MASK, data + first, length - first));
    } else {
        ok = pci_dma_read(ohci->pci, start, data, first) &&
             (first == length ||
              pci_dma_read(ohci->pci, end & PAGE_MASK, data + first, length - first));
    }
    if (!ok) {
        ohci_die(ohci, "a buffer is not in memory");
    }
    return ok;
}

/* ---- Transactions ---- */

static unsigned direction_of(const uint32_t *ed, uint32_t td_flags)
{
    unsigned direction = ed[ED_FLAGS] >> 11 & 3;

    if (direction != DIRECTION_OUT && direction != DIRECTION_IN) {
        direction = td_flags >> 19 & 3;
    }
    return direction;
}

/* Bytes transferred or USB_*; data of IN are in usb_buf. */
static int transact(OhciCore *ohci, const uint32_t *ed, unsigned direction, uint32_t length)
{
    static const UsbToken tokens[] = {USB_SETUP, USB_OUT, USB_IN};
    UsbDevice *dev = NULL;

    for (unsigned i = 0; i < ohci->num_ports && !dev; i++) {
        if (ohci->rhport[i].ctrl & PORT_PES) {
            dev = usb_find(ohci->rhport[i].port.dev, ed[ED_FLAGS] & 0x7f);
        }
    }
    if (!dev) {
        return USB_NO_DEVICE;
    }
    return usb_transaction(dev, tokens[direction], ed[ED_FLAGS] >> 7 & 0xf, ohci->usb_buf, length);
}

static unsigned code_of(int result)
{
    return result == USB_STALL ? CODE_STALL : CODE_NO_DEVICE;
}

/* To the done queue, and off the endpoint. */
static void retire(OhciCore *ohci, uint32_t *ed, uint32_t *td, uint32_t at, unsigned code)
{
    unsigned delay = td[TD_FLAGS] >> 21 & 7;

    td[TD_FLAGS] = (td[TD_FLAGS] & 0x0fffffff) | code << TD_CODE_SHIFT;
    ed[ED_HEAD] = (ed[ED_HEAD] & ED_TOGGLE) | (td[TD_NEXT] & POINTER_MASK) |
                  (code == CODE_OK ? 0 : ED_HALTED);
    td[TD_NEXT] = ohci->done;
    ohci->done = at;
    ohci->done_count = MIN(ohci->done_count, code == CODE_OK ? (int)delay : 0);
}

/* Of what is left: cbp == 0 is nothing. False: senseless. */
static bool buffer_length(const uint32_t *td, uint32_t *length)
{
    uint32_t start = td[TD_BUFFER], end = td[TD_END];

    *length = 0;
    if (!start) {
        return true;
    }
    if ((start & PAGE_MASK) == (end & PAGE_MASK)) {
        /* One byte past its end it is empty, too. */
        *length = end - start + 1;
        return *length <= OFFSET_MASK + 1;
    }
    *length = (end & OFFSET_MASK) + 1 + (OFFSET_MASK + 1) - (start & OFFSET_MASK);
    return true;
}

static void advance(uint32_t *td, uint32_t by, uint32_t length)
{
    uint32_t start = td[TD_BUFFER];

    if (by == length) {
        td[TD_BUFFER] = 0;
    } else if ((start & OFFSET_MASK) + by > OFFSET_MASK) {
        td[TD_BUFFER] = (td[TD_END] & PAGE_MASK) | ((start + by) & OFFSET_MASK);
    } else {
        td[TD_BUFFER] = start + by;
    }
}

static void flip_toggle(uint32_t *ed, uint32_t *td)
{
    bool toggle =
        td[TD_FLAGS] & TD_TOGGLE_HERE ? td[TD_FLAGS] & TD_TOGGLE : ed[ED_HEAD] & ED_TOGGLE;

    td[TD_FLAGS] =
        (td[TD_FLAGS] & ~(TD_TOGGLE | TD_ERRORS)) | TD_TOGGLE_HERE | (toggle ? 0 : TD_TOGGLE);
    ed[ED_HEAD] = (ed[ED_HEAD] & ~ED_TOGGLE) | (toggle ? 0 : ED_TOGGLE);
}

/* One packet of the transfer at the head. True: there may be more to do at once. */
static bool serve_transfer(OhciCore *ohci, uint32_t *ed)
{
    uint32_t td[TD_WORDS], at = ed[ED_HEAD] & POINTER_MASK, length, packet,
                           max = ed[ED_FLAGS] >> 16 & 0x7ff;
    unsigned direction;
    int result;

    if (!read_words(ohci, at, td, TD_WORDS)) {
        return false;
    }
    direction = direction_of(ed, td[TD_FLAGS]);
    if (direction == DIRECTION_NONE || !buffer_length(td, &length) || (length && !max)) {
        log_mask(LOG_GUEST_ERROR, "ohci: transfer at 0x%x makes no sense: 0x%x 0x%x 0x%x\n", at,
                 td[TD_FLAGS], td[TD_BUFFER], td[TD_END]);
        ohci_die(ohci, "a transfer makes no sense");
        return false;
    }
    packet = MIN(length, max);
    if (direction != DIRECTION_IN && packet &&
        !copy(ohci, td[TD_BUFFER], td[TD_END], ohci->usb_buf, packet, false)) {
        return false;
    }
    result = transact(ohci, ed, direction, packet);
    if (result == USB_NAK) {
        return false;
    }
    if (result < 0) {
        retire(ohci, ed, td, at, code_of(result));
        return write_words(ohci, at, td, TD_WORDS) && false;
    }
    if (direction == DIRECTION_IN && result &&
        !copy(ohci, td[TD_BUFFER], td[TD_END], ohci->usb_buf, (uint32_t)result, true)) {
        return false;
    }
    flip_toggle(ed, td);
    advance(td, (uint32_t)result, length);
    if ((uint32_t)result == length) {
        retire(ohci, ed, td, at, CODE_OK);
    } else if ((uint32_t)result < packet) {
        retire(ohci, ed, td, at, td[TD_FLAGS] & TD_ROUNDING ? CODE_OK : CODE_UNDERRUN);
    }
    return write_words(ohci, at, td, TD_WORDS) && !(ed[ED_HEAD] & ED_HALTED);
}

/* ---- Isochronous transfers ---- */

/*
 * Bounds of packet n of up to eight. Offsets have 13 bits: in which of the two pages (the end's for
 * the second), and where in it. False: senseless.
 */
static bool packet_bounds(const uint32_t *td, const uint16_t *offsets, unsigned n, unsigned last,
                          uint32_t *start, uint32_t *length)
{
    const uint32_t pages[2] = {td[TD_BUFFER] & PAGE_MASK, td[TD_END] & PAGE_MASK};
    uint32_t first = offsets[n] & ITD_OFFSET_MASK, past;

    *start = pages[first >> 12] | (first & OFFSET_MASK);
    if (n == last) {
        /* In a buffer of one page, that is the page of whatever offset the packet has. */
        past = (td[TD_END] & OFFSET_MASK) + 1 +
               (pages[0] == pages[1] ? first & ~OFFSET_MASK : OFFSET_MASK + 1);
    } else {
        past = offsets[n + 1] & ITD_OFFSET_MASK;
    }
    *length = past - first;
    return past >= first;
}

/* This frame's packet of the transfer at the head. */
static bool serve_isochronous(OhciCore *ohci, uint32_t *ed)
{
    uint32_t td[TD_WORDS + ITD_FRAMES / 2], at = ed[ED_HEAD] & POINTER_MASK, start, length;
    uint16_t offsets[ITD_FRAMES];
    unsigned last, direction = ed[ED_FLAGS] >> 11 & 3;
    int16_t n;
    int result;

    if (!read_words(ohci, at, td, G_N_ELEMENTS(td))) {
        return false;
    }
    n = (int16_t)(ohci->frame_number - (td[TD_FLAGS] & 0xffff));
    last = td[TD_FLAGS] >> 24 & 7;
    if (n < 0) {
        return false;
    }
    if ((unsigned)n > last) {
        /* Too late for all of it; the endpoint goes on. */
        retire(ohci, ed, td, at, CODE_OVERRUN);
        ed[ED_HEAD] &= ~ED_HALTED;
        return write_words(ohci, at, td, TD_WORDS);
    }
    for (unsigned i = 0; i < ITD_FRAMES; i++) {
        offsets[i] = (uint16_t)(td[TD_WORDS + i / 2] >> 16 * (i % 2));
    }
    if ((direction != DIRECTION_OUT && direction != DIRECTION_IN) ||
        !packet_bounds(td, offsets, (unsigned)n, last, &start, &length)) {
        ohci_die(ohci, "an isochronous transfer makes no sense");
        return false;
    }
    if (direction == DIRECTION_OUT && length &&
        !copy(ohci, start, td[TD_END], ohci->usb_buf, length, false)) {
        return false;
    }
    result = transact(ohci, ed, direction, length);
    if (direction == DIRECTION_IN && result > 0 &&
        !copy(ohci, start, td[TD_END], ohci->usb_buf, (uint32_t)result, true)) {
        return false;
    }
    offsets[n] = result >= 0
                     ? (uint16_t)(direction == DIRECTION_IN ? result : 0)
                     : (uint16_t)((result == USB_NAK ? CODE_UNDERRUN : code_of(result)) << 12);
    td[TD_WORDS + n / 2] = n % 2 ? (td[TD_WORDS + n / 2] & 0xffff) | (uint32_t)offsets[n] << 16
                                 : (td[TD_WORDS + n / 2] & 0xffff0000) | offsets[n];
    if ((unsigned)n == last) {
        retire(ohci, ed, td, at, CODE_OK);
    }
    return write_words(ohci, at, td, G_N_ELEMENTS(td)) && false;
}

/* ---- Lists ---- */

static bool is_dead(const OhciCore *ohci)
{
    return (ohci->ctl & CTL_HCFS) != HCFS_OPERATIONAL || (ohci->intr_status & INTR_UE);
}

static bool has_work(const uint32_t *ed)
{
    return !(ed[ED_FLAGS] & ED_SKIP) && !(ed[ED_HEAD] & ED_HALTED) &&
           (ed[ED_HEAD] & POINTER_MASK) != (ed[ED_TAIL] & POINTER_MASK);
}

/* True: an endpoint of it had work. */
static bool serve_list(Frame *frame, uint32_t at, bool periodic)
{
    OhciCore *ohci = frame->ohci;
    bool active = false;

    for (at &= POINTER_MASK; at && take_descriptor(frame);) {
        uint32_t ed[ED_WORDS], head;
        bool isochronous, more;

        if (!read_words(ohci, at, ed, ED_WORDS)) {
            return active;
        }
        isochronous = ed[ED_FLAGS] & ED_ISOCHRONOUS;
        head = ed[ED_HEAD];
        more = has_work(ed) && !(isochronous && !(ohci->ctl & CTL_IE));
        active = active || has_work(ed);
        while (more && has_work(ed) && take_descriptor(frame)) {
            more =
                isochronous ? serve_isochronous(ohci, ed) : serve_transfer(ohci, ed) && !periodic;
            if (is_dead(ohci)) {
                return active;
            }
        }
        if (ed[ED_HEAD] != head && !write_words(ohci, at + 4 * ED_HEAD, &ed[ED_HEAD], 1)) {
            return active;
        }
        at = ed[ED_NEXT] & POINTER_MASK;
    }
    return active;
}

static void serve_control_and_bulk(Frame *frame)
{
    OhciCore *ohci = frame->ohci;

    if ((ohci->ctl & CTL_CLE) && (ohci->status & STATUS_CLF) &&
        !serve_list(frame, ohci->ctrl_head, false)) {
        ohci->ctrl_cur = 0;
        ohci->status &= ~(uint32_t)STATUS_CLF;
    }
    if (!is_dead(ohci) && (ohci->ctl & CTL_BLE) && (ohci->status & STATUS_BLF) &&
        !serve_list(frame, ohci->bulk_head, false)) {
        ohci->bulk_cur = 0;
        ohci->status &= ~(uint32_t)STATUS_BLF;
    }
}

/* Frame number and, when it is due, the done queue. */
static void write_back(OhciCore *ohci)
{
    uint32_t words[2] = {ohci->frame_number, 0};
    bool tell = ohci->done_count == 0 && !(ohci->intr_status & INTR_WD) && ohci->done;

    if (tell) {
        words[1] = ohci->done | (ohci->intr & ohci->intr_status & ~INTR_MIE ? 1 : 0);
        ohci->done = 0;
        ohci->done_count = (int32_t)TD_NO_DELAY;
    } else if (ohci->done_count > 0 && ohci->done_count != (int32_t)TD_NO_DELAY) {
        ohci->done_count--;
    }
    if (write_words(ohci, ohci->hcca + HCCA_FRAME, words, tell ? 2 : 1) && tell) {
        ohci_interrupt(ohci, INTR_WD);
    }
}

void ohci_frame(OhciCore *ohci)
{
    Frame frame = {ohci, MAX_DESCRIPTORS};

    if (ohci->ctl & CTL_PLE) {
        uint32_t head;

        if (!read_words(ohci, ohci->hcca + 4 * (ohci->frame_number % HCCA_INTERRUPTS), &head, 1)) {
            return;
        }
        serve_list(&frame, head, true);
    }
    if (!is_dead(ohci)) {
        serve_control_and_bulk(&frame);
    }
    if (is_dead(ohci)) {
        return;
    }
    ohci->old_ctl = ohci->ctl;
    ohci->frt = ohci->fit;
    ohci->frame_number++;
    if (!(ohci->frame_number & 0x7fff)) {
        ohci_interrupt(ohci, INTR_FNO);
    }
    write_back(ohci);
}
