/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an RTL8139C+ does to frames before it sends them: checksums of IP, TCP and UDP (RFC 791,
 * 793, 768) and segments of TCP; and the EEPROM beside the chip (Microchip 93C46B data sheet, 2).
 * Realtek "RTL8139C+" data sheet, 6. Left out: the EEPROM takes no writes; large frames of IPv6.
 */
#include <string.h>
#include "rtl8139.h"
#include "util/bswap.h"

#define ETHERNET_HEADER 14u
#define IP_MINIMUM 20u
#define TCP_MINIMUM 20u
#define UDP_HEADER 8u
#define MAX_SEGMENT 1600u
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, TCP_FIN = 0x01, TCP_PUSH = 0x08, TYPE_IP = 0x0800 };

/* ---- EEPROM ---- */

/* As QEMU's streams have them. */
enum { MODE_NONE, MODE_START, MODE_COMMAND, MODE_READ };

static void clock_edge(RtlEeprom *e)
{
    e->tick++;
    switch (e->mode) {
    case MODE_START:
        if (e->eedi) {
            e->mode = MODE_COMMAND;
            e->tick = 0;
            e->input = 0;
        }
        break;
    case MODE_COMMAND:
        e->input = (uint16_t)(e->input << 1 | (e->eedi & 1));
        if (e->tick == 8) {
            e->mode = MODE_NONE;
            /* 10AAAAAA reads; the others write, or have to do with writing. */
            if ((e->input & 0xc0) == 0x80) {
                e->address = e->input & (EEPROM_WORDS - 1);
                e->output = e->contents[e->address];
                e->eedo = 0;
                e->tick = 0;
                e->mode = MODE_READ;
            }
        }
        break;
    case MODE_READ:
        e->eedo = e->output >> 15;
        e->output = (uint16_t)(e->output << 1);
        if (e->tick == 16) {
            e->mode = MODE_START;
            e->input = 0;
            e->tick = 0;
        }
        break;
    }
}

void rtl_eeprom_set_wires(RtlEeprom *e, bool cs, bool sk, bool di)
{
    bool selected = cs && !e->eecs, edge = sk && !e->eesk;

    e->eecs = cs;
    e->eesk = sk;
    e->eedi = di;
    if (selected) {
        e->tick = 0;
        e->input = e->output = 0;
        e->mode = MODE_START;
    }
    if (cs && edge) {
        clock_edge(e);
    }
}

/* ---- Checksums ---- */

/* Adds to a sum of 16-bit words. */
static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void put_ip_sum(uint8_t *ip, size_t header)
{
    stw_be_p(ip + 10, 0);
    stw_be_p(ip + 10, (uint16_t)~add_words(0, ip, header));
}

/* Of TCP or UDP, whose checksum is at `at`; `size` bytes follow the IP header. */
static void put_sum(const uint8_t *ip, uint8_t *payload, size_t size, size_t at)
{
    uint32_t sum = add_words(ip[9] + (uint32_t)size, ip + 12, 8);

    stw_be_p(payload + at, 0);
    stw_be_p(payload + at, (uint16_t)~add_words(sum, payload, size));
}

/* ---- Segments ---- */

static void send_segments(const RtlOffload *offload, const uint8_t *frame, size_t header,
                          size_t tcp_header, size_t data,
                          void (*send)(void *opaque, const uint8_t *frame, size_t size),
                          void *opaque)
{
    size_t headers = ETHERNET_HEADER + header + tcp_header, most = offload->segment;
    uint8_t out[MAX_SEGMENT];
    uint8_t *ip = out + ETHERNET_HEADER, *tcp = ip + header;
    uint16_t id = lduw_be_p(frame + ETHERNET_HEADER + 4);
    uint32_t sequence = ldl_be_p(frame + ETHERNET_HEADER + header + 4);

    most = headers + most > sizeof(out) ? sizeof(out) - headers : most;
    for (size_t at = 0; at < data; at += most) {
        size_t n = data - at < most ? data - at : most;

        memcpy(out, frame, headers);
        memcpy(out + headers, frame + headers + at, n);
        stw_be_p(ip + 2, (uint16_t)(header + tcp_header + n));
        stw_be_p(ip + 4, id++);
        stl_be_p(tcp + 4, sequence + (uint32_t)at);
        if (at + n < data) {
            tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PUSH);
        }
        put_ip_sum(ip, header);
        put_sum(ip, tcp, tcp_header + n, 16);
        send(opaque, out, headers + n);
    }
}

void rtl_offload(const RtlOffload *offload, uint8_t *frame, size_t size,
                 void (*send)(void *opaque, const uint8_t *frame, size_t size), void *opaque)
{
    uint8_t *ip = frame + ETHERNET_HEADER, *payload;
    size_t header, total, left, tcp_header;

    if (size < ETHERNET_HEADER + IP_MINIMUM || lduw_be_p(frame + 12) != TYPE_IP ||
        ip[0] >> 4 != 4) {
        send(opaque, frame, size);
        return;
    }
    header = (ip[0] & 0xfu) * 4;
    total = lduw_be_p(ip + 2);
    if (header < IP_MINIMUM || total < header || total > size - ETHERNET_HEADER) {
        send(opaque, frame, size);
        return;
    }
    payload = ip + header;
    left = total - header;
    if (offload->segment && ip[9] == PROTOCOL_TCP && left >= TCP_MINIMUM) {
        tcp_header = (payload[12] >> 4) * 4u;
        if (tcp_header >= TCP_MINIMUM && tcp_header < left) {
            send_segments(offload, frame, header, tcp_header, left - tcp_header, send, opaque);
            return;
        }
    }
    if (offload->ip_sum) {
        put_ip_sum(ip, header);
    }
    if (offload->tcp_sum && ip[9] == PROTOCOL_TCP && left >= TCP_MINIMUM) {
        put_sum(ip, payload, left, 16);
    } else if (offload->udp_sum && ip[9] == PROTOCOL_UDP && left >= UDP_HEADER) {
        put_sum(ip, payload, left, 6);
    }
    send(opaque, frame, size);
}
