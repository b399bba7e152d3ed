/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RTL8139's frames on their way to and from memory: the filter, the ring of bytes and the four
 * descriptors, and the rings of descriptors of C+ mode (data sheets as in rtl8139.c).
 */
#include <string.h>
#include "rtl8139.h"
#include "util/bswap.h"

#define DESCRIPTOR_SIZE 16u
#define MIN_FRAME 60u
#define TYPE_VLAN 0x8100

static bool dma_read(Rtl8139 *s, uint64_t addr, void *buf, uint32_t size)
{
    bool good;

    s->in_dma++;
    good = pci_dma_read(&s->pci, addr, buf, size);
    s->in_dma--;
    return good;
}

static bool dma_write(Rtl8139 *s, uint64_t addr, const void *buf, uint32_t size)
{
    bool good;

    s->in_dma++;
    good = pci_dma_write(&s->pci, addr, buf, size);
    s->in_dma--;
    return good;
}

/* ---- Receiving ---- */

static uint32_t ring_free(const Rtl8139 *s)
{
    return (s->rx_size + s->rx_read - s->rx_write) & (s->rx_size - 1);
}

static bool cp_receives(const Rtl8139 *s)
{
    return (s->cp_cmd & CP_RX) && (s->rx_ring || s->rx_ring_high);
}

bool rtl_can_receive(NetClient *nc)
{
    const Rtl8139 *s = nc->opaque;
    uint32_t free = ring_free(s);

    /* Who does not listen drops; nobody tells when there is a descriptor in memory. */
    if (!s->clock_enabled || !(s->cmd & CMD_RX) || cp_receives(s)) {
        return true;
    }
    return !free || free >= 1514 || (s->imr & INT_OVERFLOW);
}

/* Its kind (RXS_*) if the filter lets it through; 0 with *drop. */
static uint16_t classify(Rtl8139 *s, const uint8_t *mac, bool *drop)
{
    *drop = false;
    if (s->rx_config & RCR_ALL) {
        return 0;
    }
    if (mac_is_broadcast(mac)) {
        if (s->rx_config & RCR_BROADCAST) {
            s->counters.rx_broadcast++;
            return RXS_BROADCAST;
        }
    } else if (mac_is_multicast(mac)) {
        uint32_t bit = net_crc32_be(mac, NET_MAC_SIZE) >> 26;

        if ((s->rx_config & RCR_MULTICAST) && (s->mult[bit >> 3] >> (bit & 7) & 1)) {
            s->counters.rx_multicast++;
            return RXS_MULTICAST;
        }
    } else if (!memcmp(mac, s->phys, NET_MAC_SIZE) && (s->rx_config & RCR_MINE)) {
        s->counters.rx_physical++;
        return RXS_PHYSICAL;
    }
    s->counters.rx_error++;
    *drop = true;
    return 0;
}

static void missed(Rtl8139 *s, bool counted)
{
    s->rx_missed++;
    if (counted) {
        s->counters.rx_error++;
        s->counters.missed++;
    }
    rtl_raise_irq(s, INT_OVERFLOW);
}

/* Behind the ring's end, if the guest has room there, or on at its start. */
static void put_ring(Rtl8139 *s, const uint8_t *bytes, uint32_t size)
{
    uint32_t to_end = s->rx_size - s->rx_write;

    if (size > to_end && !((s->rx_config & RCR_NO_WRAP) && s->rx_size < 65536)) {
        dma_write(s, s->rx_buf + s->rx_write, bytes, to_end);
        dma_write(s, s->rx_buf, bytes + to_end, size - to_end);
        s->rx_write = size - to_end;
    } else {
        dma_write(s, s->rx_buf + s->rx_write, bytes, size);
        s->rx_write += size;
    }
}

static void receive_ring(Rtl8139 *s, const uint8_t *frame, uint32_t size, uint16_t kind)
{
    uint32_t free = ring_free(s);
    uint8_t word[4];

    if (free && size + 8 >= free) {
        missed(s, false);
        return;
    }
    stl_le_p(word, (size + 4) << 16 | kind | RXS_OK);
    put_ring(s, word, sizeof(word));
    put_ring(s, frame, size);
    stl_le_p(word, ~net_crc32_le(frame, size));
    put_ring(s, word, sizeof(word));
    s->rx_write = ((s->rx_write + 3) & ~3u) & (s->rx_size - 1);
    rtl_raise_irq(s, INT_RX);
}

static uint64_t descriptor_address(uint32_t low, uint32_t high, uint32_t n)
{
    return ((uint64_t)high << 32 | low) + n * DESCRIPTOR_SIZE;
}

static void receive_descriptor(Rtl8139 *s, const uint8_t *frame, uint32_t size, uint16_t kind)
{
    uint64_t at = descriptor_address(s->rx_ring, s->rx_ring_high, s->cp_rx_next), buffer;
    uint8_t d[DESCRIPTOR_SIZE], sum[4];
    uint32_t status, tag, moved = size;
    bool tagged = (s->cp_cmd & CP_RX_VLAN) && lduw_be_p(frame + 12) == TYPE_VLAN;

    if (!dma_read(s, at, d, sizeof(d)) || !((status = ldl_le_p(d)) & CPD_OWN)) {
        missed(s, true);
        return;
    }
    tag = ldl_le_p(d + 4) & ~CPD_RX_TAG;
    if (tagged) {
        moved = MAX(size - VLAN_TAG, MIN_FRAME);
        tag = (tag & 0xffff0000) | CPD_RX_TAG | lduw_le_p(frame + 14);
    }
    if (moved + 4 > (status & CPD_RX_SIZE)) {
        missed(s, true);
        return;
    }
    buffer = ldq_le_p(d + 8);
    if (tagged) {
        /* A frame that was short has zeros behind it. */
        dma_write(s, buffer, frame, 12);
        dma_write(s, buffer + 12, frame + 12 + VLAN_TAG, moved - 12);
    } else {
        dma_write(s, buffer, frame, moved);
    }
    stl_le_p(sum, ~net_crc32_le(frame, size));
    dma_write(s, buffer + moved, sum, sizeof(sum));
    status = (status & ~(CPD_OWN | CPD_RX_SIZE)) | CPD_FIRST | CPD_LAST | (moved + 4) |
             (kind == RXS_BROADCAST ? CPD_RX_BROADCAST : kind == RXS_MULTICAST ? CPD_RX_MULTICAST
              : kind == RXS_PHYSICAL ? CPD_RX_PHYSICAL : 0);
    stl_le_p(d + 4, tag);
    dma_write(s, at + 4, d + 4, 4);
    stl_le_p(d, status);
    dma_write(s, at, d, 4);
    s->counters.rx_ok++;
    s->cp_rx_next = status & CPD_END ? 0 : (s->cp_rx_next + 1) % RING_DESCRIPTORS;
    rtl_raise_irq(s, INT_RX);
}

static void receive(Rtl8139 *s, const uint8_t *frame, uint32_t size)
{
    uint8_t padded[MIN_FRAME + VLAN_TAG] = {0};
    uint16_t kind;
    bool drop;

    if (!s->clock_enabled || !(s->cmd & CMD_RX) || size < NET_MAC_SIZE || size > CPD_RX_SIZE) {
        return;
    }
    kind = classify(s, frame, &drop);
    if (drop) {
        return;
    }
    if (size < sizeof(padded)) {
        memcpy(padded, frame, size);
        frame = padded;
        size = MAX(size, MIN_FRAME);
    }
    if (!(s->cp_cmd & CP_RX)) {
        receive_ring(s, frame, size, kind);
    } else if (cp_receives(s)) {
        receive_descriptor(s, frame, size, kind);
    }
}

ssize_t rtl_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    receive(nc->opaque, frame, (uint32_t)size);
    return (ssize_t)size;
}

/* ---- Transmitting ---- */

static void send_frame(void *opaque, const uint8_t *frame, size_t size)
{
    Rtl8139 *s = opaque;

    if ((s->tx_config & TCR_LOOPBACK) == TCR_LOOPBACK) {
        receive(s, frame, (uint32_t)size);
    } else {
        net_send(s->conf.client, frame, size);
    }
}

/* One of the four descriptors, in their order. */
void rtl_transmit(Rtl8139 *s)
{
    uint32_t *status = &s->tx_status[s->tx_next], size = *status & TXS_SIZE;

    if (!(s->cmd & CMD_TX) || (*status & TXS_OWN)) {
        return;
    }
    if (dma_read(s, s->tx_addr[s->tx_next], s->tx_data, size)) {
        send_frame(s, s->tx_data, size);
    }
    *status |= TXS_OWN | TXS_OK;
    s->tx_next = (s->tx_next + 1) % N_TX;
    rtl_raise_irq(s, INT_TX);
}

static void finish_frame(Rtl8139 *s, uint32_t control, uint32_t tag)
{
    RtlOffload offload = {0};
    uint32_t size = s->tx_size;

    s->tx_size = 0;
    s->counters.tx_ok++;
    if (control & CPD_TX_LARGE) {
        /* One descriptor becomes so many frames at once: no system asks for smaller ones. */
        offload.segment = CPD_TX_MSS(control) ? MAX(CPD_TX_MSS(control), MIN_SEGMENT) : 0;
    } else {
        offload.ip_sum = control & CPD_TX_IP;
        offload.udp_sum = control & CPD_TX_UDP;
        offload.tcp_sum = control & CPD_TX_TCP;
    }
    if ((tag & CPD_TX_TAG) && size >= 12) {
        /* Checksums first: they know of no tag. Tagged frames are not cut. */
        memmove(s->tx_data + 12 + VLAN_TAG, s->tx_data + 12, size - 12);
        stw_be_p(s->tx_data + 12, TYPE_VLAN);
        stw_le_p(s->tx_data + 14, (uint16_t)tag);
        size += VLAN_TAG;
        send_frame(s, s->tx_data, size);
        return;
    }
    rtl_offload(&offload, s->tx_data, size, send_frame, s);
}

/* False: nothing to do. */
static bool transmit_descriptor(Rtl8139 *s)
{
    uint64_t at = descriptor_address(s->tx_addr[0], s->tx_addr[1], s->cp_tx_next);
    uint8_t d[DESCRIPTOR_SIZE];
    uint32_t control, size;

    if (!dma_read(s, at, d, sizeof(d)) || !((control = ldl_le_p(d)) & CPD_OWN)) {
        return false;
    }
    if (control & CPD_FIRST) {
        s->tx_size = 0;
    }
    size = MIN(control & 0xffff, TX_BUFFER - s->tx_size);
    dma_read(s, ldq_le_p(d + 8), s->tx_data + s->tx_size, size);
    s->tx_size += size;
    s->cp_tx_next = control & CPD_END ? 0 : (s->cp_tx_next + 1) % RING_DESCRIPTORS;
    stl_le_p(d, control & ~(CPD_OWN | CPD_TX_ERRORS));
    if (!dma_write(s, at, d, 4)) {
        return false;
    }
    if (control & CPD_LAST) {
        finish_frame(s, control, ldl_le_p(d + 4));
    }
    return true;
}

/* The ring of normal priority, at most once around. */
void rtl_poll_ring(Rtl8139 *s)
{
    unsigned n = 0;

    if (!(s->cmd & CMD_TX) || !(s->cp_cmd & CP_TX)) {
        return;
    }
    while (n < RING_DESCRIPTORS && transmit_descriptor(s)) {
        n++;
    }
    if (n) {
        rtl_raise_irq(s, INT_TX);
    }
}

/* ---- Counters in memory (DTCCR) ---- */

void rtl_dump_counters(Rtl8139 *s)
{
    const RtlCounters *c = &s->counters;
    uint8_t out[64];

    stq_le_p(out, c->tx_ok);
    stq_le_p(out + 8, c->rx_ok);
    stq_le_p(out + 16, c->tx_error);
    stl_le_p(out + 24, c->rx_error);
    stw_le_p(out + 28, c->missed);
    stw_le_p(out + 30, c->alignment);
    stl_le_p(out + 32, c->tx_one_collision);
    stl_le_p(out + 36, c->tx_collisions);
    stq_le_p(out + 40, c->rx_physical);
    stq_le_p(out + 48, c->rx_broadcast);
    stl_le_p(out + 56, c->rx_multicast);
    stw_le_p(out + 60, c->tx_aborted);
    stw_le_p(out + 62, c->tx_underrun);
    dma_write(s, (uint64_t)s->tx_status[1] << 32 | (s->tx_status[0] & ~63u), out, sizeof(out));
}
