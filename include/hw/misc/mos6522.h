/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VIA 6522: two ports, two timers, a shift register.  A device of its own that CUDA and PMU, which
 * speak through its shift register and port B, have inside.  GPIO output 0 is its interrupt. Device
 * lock held.
 */
#ifndef HW_MISC_MOS6522_H
#define HW_MISC_MOS6522_H

#include "hw/core/device.h"
#include "util/timer.h"

/* Registers. */
enum {
    VIA_B,
    VIA_A,
    VIA_DIRB,
    VIA_DIRA,
    VIA_T1CL,
    VIA_T1CH,
    VIA_T1LL,
    VIA_T1LH,
    VIA_T2CL,
    VIA_T2CH,
    VIA_SR,
    VIA_ACR,
    VIA_PCR,
    VIA_IFR,
    VIA_IER,
    VIA_ANH,
    VIA_N_REGISTERS
};
/* ACR. */
#define VIA_ACR_SHIFT_OUT 0x10u
#define VIA_ACR_T1_FREE_RUN 0x40u
/* IFR and IER. */
enum {
    VIA_INT_CA2 = 1 << 0,
    VIA_INT_CA1 = 1 << 1,
    VIA_INT_SR = 1 << 2,
    VIA_INT_CB2 = 1 << 3,
    VIA_INT_CB1 = 1 << 4,
    VIA_INT_T2 = 1 << 5,
    VIA_INT_T1 = 1 << 6
};

typedef struct Mos6522 Mos6522;

typedef struct Mos6522Timer {
    /* saved */
    uint16_t latch, counter_value;      /* counter_value: what was in the counter at load_time */
    int64_t load_time;                  /* loaded_at in ticks of load_frequency */
    int64_t next_irq_time;              /* ns of the virtual clock; INT64_MAX: it does not come */
    Timer timer;                        /* armed while somebody waits for that interrupt */
    /* derived */
    int64_t loaded_at;                  /* ns of the virtual clock */
    /* immutable: set by the owner before it is realized; 0: ns */
    uint64_t load_frequency;
} Mos6522Timer;

typedef struct Mos6522Ops {
    /* The guest has written port B. NULL: nothing is there. */
    void (*port_b_written)(void *opaque);
} Mos6522Ops;

struct Mos6522 {
    DeviceState parent;                 /* first */
    /* saved */
    uint8_t a, b, dira, dirb, sr, acr, pcr, ifr, ier;
    uint8_t last_irq_levels;            /* of CA1, CA2, CB1, CB2, at their bits of IFR */
    Mos6522Timer timers[2];
    /* immutable: set by the owner before it is realized */
    const Mos6522Ops *ops;
    void *opaque;
    IRQLine *irq;
};

extern const DeviceClass mos6522_class;
extern const VMStateDescription vmstate_mos6522;

uint8_t mos6522_read(Mos6522 *via, unsigned reg);
void mos6522_write(Mos6522 *via, unsigned reg, uint8_t value);
/* A byte was shifted in or out. */
void mos6522_shifted(Mos6522 *via);

#endif
