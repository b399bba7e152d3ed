/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE's parts among themselves: xive.c creates and configures, xive-router.c has sources and
 * queues, xive-presenter.c the processors' contexts, xive-state.c what is saved.
 */
#ifndef HW_INTC_XIVE_INTERNAL_H
#define HW_INTC_XIVE_INTERNAL_H

#include "hw/intc/xive.h"
#include "migration/vmstate.h"

/* PQ state: RESET, OFF (masked), PENDING (presented), QUEUED (presented, another waits). */
enum { PQ_RESET = 0, PQ_OFF = 1, PQ_PENDING = 2, PQ_QUEUED = 3, PQ_MASK = 3, SOURCE_ASSERTED = 4 };

/* Offsets in a management page. */
enum { ESB_STORE_EOI = 0x400, ESB_LOAD_EOI = 0x000, ESB_GET = 0x800, ESB_SET_PQ_00 = 0xc00,
       ESB_SET_PQ_01 = 0xd00, ESB_SET_PQ_10 = 0xe00, ESB_SET_PQ_11 = 0xf00 };

/* OS ring: bytes at 0x10 in each page of the TIMA. */
#define TM_OS_RING 0x10
enum { TM_NSR = 0, TM_CPPR = 1, TM_IPB = 2, TM_LSMFB = 3, TM_ACK_CNT = 4, TM_INC = 5, TM_AGE = 6,
       TM_PIPR = 7, TM_WORD2 = 8, TM_RING_SIZE = 16 };
#define TM_NSR_EO 0x80
#define TM_PHYS_RING 0x30
#define TM_RINGS_SIZE 0x40
#define TM_WORD2_VALID 0x80000000u
#define TM_SPECIAL_ACK_OS 0x810
#define TM_SPECIAL_SET_OS_PENDING 0x812
#define TM_SPECIAL_PULL_OS 0x818

typedef struct XiveSource {
    /* saved */
    uint8_t pq;                  /* PQ bits and SOURCE_ASSERTED */
    bool claimed, lsi, masked;
    uint32_t server;
    uint8_t priority;
    uint32_t data;
} XiveSource;

typedef struct XiveEnd {
    /* saved */
    bool enabled, always_notify;
    uint8_t es_n;                /* PQ of the queue's own notification */
    uint64_t address;
    uint32_t size_shift;
    uint32_t index, generation;
} XiveEnd;

typedef struct XiveContext {
    /* saved */
    uint8_t os_ring[TM_RING_SIZE];
    uint64_t reporting_line;
    /* derived: the section's form */
    uint8_t wire[TM_RINGS_SIZE];
    /* host-only */
    CPUState *cpu;
    IRQLine *output;
} XiveContext;

struct XiveState {
    DeviceState parent;
    /* immutable */
    uint32_t n_servers, n_sources, n_ends;
    AddressSpace *as;
    MemoryRegion *memory;        /* which has the pages */
    MemoryRegion esb_region, end_region, tima_region;
    /* saved */
    XiveSource *sources;
    XiveEnd *ends;               /* server * XIVE_PRIORITIES + priority */
    XiveContext *contexts;
    /* host-only */
    bool mapped;
    /* derived: the sections' form */
    uint8_t *wire_status;
    uint64_t *wire_eas;
    uint32_t *wire_ends;         /* 8 words each */
    uint32_t n_wire_words;
};

/* Words of a queue in the hardware's table. */
#define END_WORDS 8

/* xive-router.c */
extern const MemoryRegionOps xive_esb_ops, xive_end_ops;
/* NULL: there is no such queue; no such source, or nobody has claimed it. */
XiveEnd *xive_end_of(const XiveState *xive, unsigned server, uint8_t priority);
XiveSource *xive_source_find(const XiveState *xive, uint32_t lisn);
/* xive-presenter.c */
extern const MemoryRegionOps xive_tima_ops;
/* An event of that priority for the processor. */
void xive_context_notify(XiveContext *ctx, uint8_t priority);
/* The processor's input as the context has it. */
void xive_context_drive(XiveContext *ctx);
/* xive.c */
void xive_source_reset(XiveSource *source);
/* xive-state.c */
extern const VMStateDescription vmstate_xive, vmstate_xive_source, vmstate_xive_context;

#endif
