/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RTL8139, whose parts have files of their own: registers and state (rtl8139.c), frames and
 * rings (rtl8139-frames.c), its EEPROM and what it does to frames in C+ mode (rtl8139-offload.c).
 */
#ifndef HW_NET_RTL8139_H
#define HW_NET_RTL8139_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hw/net/nic.h"
#include "util/timer.h"

/* An EEPROM of 64 words of 16 bits, by four wires (93C46). */
#define EEPROM_WORDS 64
typedef struct RtlEeprom {
    uint16_t contents[EEPROM_WORDS];
    int32_t mode;
    uint32_t tick;                      /* bits of the command or word so far */
    uint8_t address;
    uint16_t input, output;
    uint8_t eecs, eesk, eedi, eedo;     /* the wires */
} RtlEeprom;
void rtl_eeprom_set_wires(RtlEeprom *eeprom, bool cs, bool sk, bool di);

/* What a descriptor of C+ mode asks for a frame. */
typedef struct RtlOffload {
    bool ip_sum, udp_sum, tcp_sum;
    unsigned segment;                   /* most bytes of TCP's data in a frame; 0: one frame */
} RtlOffload;
/* Fills in the checksums, or cuts the frame into segments, and sends what comes out. frame has room
 * for its size. */
void rtl_offload(const RtlOffload *offload, uint8_t *frame, size_t size,
                 void (*send)(void *opaque, const uint8_t *frame, size_t size), void *opaque);

#define RING_DESCRIPTORS 64u            /* of C+ mode, at most */
#define TX_BUFFER 0x10000u
#define N_TX 4
#define VLAN_TAG 4u

enum { CMD_EMPTY = 0x01, CMD_TX = 0x04, CMD_RX = 0x08, CMD_RESET = 0x10 };
enum { CP_TX = 0x01, CP_RX = 0x02, CP_RX_VLAN = 0x40 };
enum { INT_RX = 0x01, INT_TX = 0x04, INT_OVERFLOW = 0x10, INT_LINK = 0x20, INT_TIMEOUT = 0x4000 };
enum {
    TXS_SIZE = 0x1fff,
    TXS_OWN = 0x2000,
    TXS_UNDERRUN = 0x4000,
    TXS_OK = 0x8000,
    TXS_ABORTED = 0x40000000
};
enum { RXS_OK = 0x0001, RXS_BROADCAST = 0x2000, RXS_PHYSICAL = 0x4000, RXS_MULTICAST = 0x8000 };
enum {
    RCR_ALL = 0x01,
    RCR_MINE = 0x02,
    RCR_MULTICAST = 0x04,
    RCR_BROADCAST = 0x08,
    RCR_NO_WRAP = 0x80
};
#define TCR_LOOPBACK 0x60000u
#define TCR_VERSION 0x74800000u         /* RTL8139C+ */
#define TCR_FIXED 0xfcf0f80fu
/* Descriptors of C+ mode: four words of 32 bits, little-endian; the last two are the buffer's
 * address. */
#define CPD_OWN (1u << 31)
#define CPD_END (1u << 30)
#define CPD_FIRST (1u << 29)
#define CPD_LAST (1u << 28)
#define CPD_TX_LARGE (1u << 27)
#define MIN_SEGMENT 48u
#define CPD_TX_MSS(w) ((w) >> 16 & 0x7ff)
#define CPD_TX_IP (1u << 18)
#define CPD_TX_UDP (1u << 17)
#define CPD_TX_TCP (1u << 16)
#define CPD_TX_ERRORS 0x02f00000u
#define CPD_TX_TAG (1u << 17)           /* in the second word */
#define CPD_RX_SIZE 0x1fffu
#define CPD_RX_MULTICAST (1u << 26)
#define CPD_RX_PHYSICAL (1u << 25)
#define CPD_RX_BROADCAST (1u << 24)
#define CPD_RX_TAG (1u << 16)           /* in the second word */

typedef struct RtlCounters {
    uint64_t tx_ok, rx_ok, tx_error;
    uint32_t rx_error;
    uint16_t missed, alignment;
    uint32_t tx_one_collision, tx_collisions;
    uint64_t rx_physical, rx_broadcast;
    uint32_t rx_multicast;
    uint16_t tx_aborted, tx_underrun;
} RtlCounters;

typedef struct Rtl8139 {
    PciDevice pci;                      /* first */
    /* saved */
    uint8_t phys[NET_MAC_SIZE], mult[8];
    uint32_t tx_status[N_TX], tx_addr[N_TX]; /* C+ mode: counters' address; rings' addresses */
    uint32_t rx_buf, rx_size, rx_read,
        rx_write; /* the ring of bytes: place, size, the guest's and our end */
    uint16_t isr, imr;
    uint32_t tx_config, rx_config, rx_missed;
    uint16_t cscr;
    uint8_t cfg9346, config0, config1, config3, config4, config5, clock_enabled, cmd;
    uint16_t multi_int, bmcr, bmsr, anar, anlpar, aner, cp_cmd;
    uint8_t tx_thresh;
    NicConf conf;                       /* its mac */
    uint32_t tx_next, cp_rx_next, cp_tx_next; /* descriptors */
    uint32_t rx_ring, rx_ring_high;
    RtlEeprom eeprom;
    uint32_t timer_int;
    int64_t timer_base;                 /* virtual time at which the timer was 0 */
    RtlCounters counters;
    uint32_t cp_enabled;                /* C+ mode: its command register was written */
    uint32_t tx_size;                   /* of the frame in tx_data, whose descriptors still come */
    uint8_t tx_data[TX_BUFFER + VLAN_TAG];
    /* derived: for the section, and by post_load */
    uint32_t wire_timer;
    int64_t expires;                    /* virtual time; 0: never */
    /* immutable */
    MemoryRegion io, mmio;
    /* host-only */
    Timer timer;                        /* by post_load from what is saved */
    unsigned in_dma;                    /* our own accesses: registers take none of them */
} Rtl8139;

void rtl_raise_irq(Rtl8139 *s, uint16_t bits);

/* rtl8139-frames.c */
bool rtl_can_receive(NetClient *nc);
ssize_t rtl_receive(NetClient *nc, const uint8_t *frame, size_t size);
/* One of the four descriptors, in their order. */
void rtl_transmit(Rtl8139 *s);
/* C+ mode's ring of normal priority, at most once around. */
void rtl_poll_ring(Rtl8139 *s);
/* Counters to memory (DTCCR). */
void rtl_dump_counters(Rtl8139 *s);

#endif
