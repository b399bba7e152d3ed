/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the RTL8139 that have files of their own: its EEPROM, and what it does to frames in C+
 * mode. */
#ifndef HW_NET_RTL8139_H
#define HW_NET_RTL8139_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
