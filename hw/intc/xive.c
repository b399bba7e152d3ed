/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE exploitation mode for sPAPR.  From LoPAR 14.11.4.2 (H_INT_*) and the register layouts of the
 * POWER9 XIVE: ESB state machine (PQ bits), event notification descriptors, OS ring of the TIMA.
 *
 * Flow: a source event passes its P/Q bits, its routing names a queue (server, priority) and a datum;
 * the datum goes to the queue in guest memory, the priority's bit to the processor's IPB; the
 * processor's external interrupt is on while the most favoured pending priority beats its CPPR.
 * Left out: groups and escalation, pool and physical rings (nothing under an sPAPR guest uses them).
 */
#include <string.h>
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

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

/* ---- Thread contexts ---- */

static uint8_t ipb_bit(uint8_t priority)
{
    return priority > 7 ? 0 : 1 << (7 - priority);
}

static uint8_t ipb_to_pipr(uint8_t ipb)
{
    return ipb ? __builtin_clz((uint32_t)ipb << 24) : 0xff;
}

static void context_update(XiveContext *ctx)
{
    uint8_t *ring = ctx->os_ring;

    ring[TM_PIPR] = ipb_to_pipr(ring[TM_IPB]);
    if (ring[TM_PIPR] < ring[TM_CPPR]) {
        ring[TM_NSR] |= TM_NSR_EO;
        if (ctx->output) {
            irq_set(ctx->output, true);
        }
    }
}

static void context_drive(XiveContext *ctx)
{
    if (ctx->output) {
        irq_set(ctx->output, (ctx->os_ring[TM_NSR] & TM_NSR_EO) != 0);
    }
}

static uint16_t context_ack(XiveContext *ctx)
{
    uint8_t *ring = ctx->os_ring;
    uint8_t nsr = ring[TM_NSR];

    if (ctx->output) {
        irq_set(ctx->output, false);
    }
    if (nsr & TM_NSR_EO) {
        uint8_t priority = ring[TM_PIPR];

        ring[TM_CPPR] = priority;
        ring[TM_IPB] &= ~ipb_bit(priority);
        ring[TM_PIPR] = ipb_to_pipr(ring[TM_IPB]);
        ring[TM_NSR] &= ~TM_NSR_EO;
    }
    return (uint16_t)nsr << 8 | ring[TM_CPPR];
}

static void context_set_cppr(XiveContext *ctx, uint8_t cppr)
{
    uint8_t *ring = ctx->os_ring;

    ring[TM_CPPR] = cppr > 7 ? 0xff : cppr;
    ring[TM_PIPR] = ipb_to_pipr(ring[TM_IPB]);
    if (ring[TM_PIPR] >= ring[TM_CPPR]) {
        /* What was signalled is no longer favoured enough. */
        ring[TM_NSR] &= ~TM_NSR_EO;
        if (ctx->output) {
            irq_set(ctx->output, false);
        }
    }
    context_update(ctx);
}

static void context_notify(XiveContext *ctx, uint8_t priority)
{
    ctx->os_ring[TM_IPB] |= ipb_bit(priority);
    context_update(ctx);
}

/* ---- Queues ---- */

static XiveEnd *end_of(const XiveState *xive, unsigned server, uint8_t priority)
{
    return server < xive->n_servers && priority < XIVE_PRIORITIES
               ? &xive->ends[server * XIVE_PRIORITIES + priority]
               : NULL;
}

static void end_push(XiveState *xive, XiveEnd *end, uint32_t data)
{
    uint32_t entries = 1u << (end->size_shift - 2);
    uint64_t address = end->address + (uint64_t)end->index * 4;
    MemTxResult result;

    address_space_stl_be(xive->as, address, end->generation << 31 | (data & 0x7fffffff),
                         MEMTXATTRS_UNSPECIFIED, &result);
    if (result != MEMTX_OK) {
        log_mask(LOG_GUEST_ERROR, "XIVE: queue entry at 0x%" PRIx64 " is not memory\n", address);
        return;
    }
    end->index = (end->index + 1) & (entries - 1);
    if (end->index == 0) {
        end->generation ^= 1;
    }
}

static bool pq_trigger(uint8_t *pq)
{
    switch (*pq & PQ_MASK) {
    case PQ_RESET:
        *pq = (*pq & ~PQ_MASK) | PQ_PENDING;
        return true;
    case PQ_PENDING:
    case PQ_QUEUED:
        *pq = (*pq & ~PQ_MASK) | PQ_QUEUED;
        return false;
    default:
        return false;            /* OFF */
    }
}

static bool pq_eoi(uint8_t *pq)
{
    switch (*pq & PQ_MASK) {
    case PQ_QUEUED:
        *pq = (*pq & ~PQ_MASK) | PQ_PENDING;
        return true;
    case PQ_OFF:
        return false;
    default:
        *pq &= ~PQ_MASK;
        return false;
    }
}

static void route(XiveState *xive, XiveSource *source)
{
    XiveEnd *end;

    if (source->masked) {
        return;
    }
    end = end_of(xive, source->server, source->priority);
    if (!end || !end->enabled) {
        log_mask(LOG_GUEST_ERROR, "XIVE: no queue for server %u priority %u\n", source->server,
                 source->priority);
        return;
    }
    end_push(xive, end, source->data);
    if (!end->always_notify && !pq_trigger(&end->es_n)) {
        return;
    }
    if (xive->contexts[source->server].cpu) {
        context_notify(&xive->contexts[source->server], source->priority);
    }
}

/* ---- Sources ---- */

static void source_trigger(XiveState *xive, XiveSource *source)
{
    if (pq_trigger(&source->pq)) {
        route(xive, source);
    }
}

static bool source_eoi(XiveState *xive, XiveSource *source)
{
    bool notify = pq_eoi(&source->pq);

    /* A level that is still on makes a new event. */
    if (source->lsi && (source->pq & PQ_MASK) == PQ_RESET && (source->pq & SOURCE_ASSERTED)) {
        notify = pq_trigger(&source->pq);
    }
    return notify;
}

static uint8_t source_set_pq(XiveSource *source, uint8_t pq)
{
    uint8_t old = source->pq & PQ_MASK;

    source->pq = (source->pq & ~PQ_MASK) | pq;
    return old;
}

static XiveSource *source_find(const XiveState *xive, uint32_t lisn)
{
    return lisn < xive->n_sources && xive->sources[lisn].claimed ? &xive->sources[lisn] : NULL;
}

uint64_t xive_esb_load(XiveState *xive, uint32_t lisn, uint32_t offset)
{
    XiveSource *source = source_find(xive, lisn);
    uint64_t result = UINT64_MAX;

    if (!source) {
        return UINT64_MAX;
    }
    switch (offset & 0xf00) {
    case ESB_LOAD_EOI ... ESB_LOAD_EOI + 0x700:
        result = source_eoi(xive, source);
        if (result) {
            route(xive, source);
        }
        break;
    case ESB_GET ... ESB_GET + 0x300:
        result = source->pq & PQ_MASK;
        break;
    case ESB_SET_PQ_00:
    case ESB_SET_PQ_01:
    case ESB_SET_PQ_10:
    case ESB_SET_PQ_11:
        result = source_set_pq(source, (offset >> 8) & 3);
        break;
    default:
        log_mask(LOG_GUEST_ERROR, "XIVE: load at 0x%x of source 0x%x's page\n", offset, lisn);
    }
    return result;
}

void xive_esb_store(XiveState *xive, uint32_t lisn, uint32_t offset, uint64_t value)
{
    XiveSource *source = source_find(xive, lisn);

    if (!source) {
        return;
    }
    switch (offset & 0xf00) {
    case 0x000 ... 0x300:
        source_trigger(xive, source);
        break;
    case ESB_STORE_EOI ... ESB_STORE_EOI + 0x300:
        if (source_eoi(xive, source)) {
            route(xive, source);
        }
        break;
    case ESB_SET_PQ_00:
    case ESB_SET_PQ_01:
    case ESB_SET_PQ_10:
    case ESB_SET_PQ_11:
        source_set_pq(source, (offset >> 8) & 3);
        break;
    default:
        log_mask(LOG_GUEST_ERROR, "XIVE: store at 0x%x of source 0x%x's page\n", offset, lisn);
    }
}

uint64_t xive_end_esb(XiveState *xive, unsigned server, uint8_t priority, uint32_t offset)
{
    XiveEnd *end = end_of(xive, server, priority);

    if (!end) {
        return UINT64_MAX;
    }
    switch (offset & 0xf00) {
    case ESB_LOAD_EOI ... ESB_LOAD_EOI + 0x700: {
        bool notify = pq_eoi(&end->es_n);

        /* What came meanwhile is notified now. */
        if (notify && xive->contexts[server].cpu) {
            context_notify(&xive->contexts[server], priority);
        }
        return notify;
    }
    case ESB_GET ... ESB_GET + 0x300:
        return end->es_n & PQ_MASK;
    case ESB_SET_PQ_00 ... ESB_SET_PQ_11: {
        uint8_t old = end->es_n & PQ_MASK;

        end->es_n = (offset >> 8) & 3;
        return old;
    }
    default:
        return UINT64_MAX;
    }
}

void xive_set_source(XiveState *xive, uint32_t lisn, bool level)
{
    XiveSource *source = source_find(xive, lisn);

    if (!source) {
        return;
    }
    if (source->lsi) {
        if (level) {
            bool was = source->pq & SOURCE_ASSERTED;

            source->pq |= SOURCE_ASSERTED;
            if (!was || (source->pq & PQ_MASK) == PQ_RESET) {
                if ((source->pq & PQ_MASK) == PQ_RESET) {
                    source_trigger(xive, source);
                }
            }
        } else {
            source->pq &= ~SOURCE_ASSERTED;
        }
    } else if (level) {
        source_trigger(xive, source);
    }
}

/* ---- MMIO ---- */

static uint64_t esb_read(void *opaque, hwaddr offset, unsigned size)
{
    XiveState *xive = opaque;
    uint32_t lisn = offset >> XIVE_ESB_SHIFT;

    if (!(offset & (1u << (XIVE_ESB_SHIFT - 1)))) {
        log_mask(LOG_GUEST_ERROR, "XIVE: load from the trigger page of source 0x%x\n", lisn);
        return UINT64_MAX;
    }
    return xive_esb_load(xive, lisn, offset & 0xfff);
}

static void esb_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    XiveState *xive = opaque;
    uint32_t lisn = offset >> XIVE_ESB_SHIFT;

    if (!(offset & (1u << (XIVE_ESB_SHIFT - 1)))) {
        XiveSource *source = source_find(xive, lisn);

        if (source) {
            source_trigger(xive, source);
        }
    } else {
        xive_esb_store(xive, lisn, offset & 0xfff, value);
    }
}

/* 64-bit accesses in the guest's memory order, as the pages are on the processor bus. */
static const MemoryRegionOps esb_ops = {
    .read = esb_read,
    .write = esb_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8},
    .impl = {.min_access_size = 1, .max_access_size = 8},
};

/* A pair of pages for each queue: the first has its notification bits, the second (escalation) nothing. */
static uint64_t end_read(void *opaque, hwaddr offset, unsigned size)
{
    uint32_t i = offset >> XIVE_ESB_SHIFT;

    if (offset & (1u << (XIVE_ESB_SHIFT - 1))) {
        log_mask(LOG_GUEST_ERROR, "XIVE: load from the escalation page of queue %u\n", i);
        return UINT64_MAX;
    }
    return xive_end_esb(opaque, i / XIVE_PRIORITIES, i % XIVE_PRIORITIES, offset & 0xfff);
}

static void end_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_mask(LOG_GUEST_ERROR, "XIVE: store to the pages of queue %u\n",
             (uint32_t)(offset >> XIVE_ESB_SHIFT));
}

static const MemoryRegionOps end_ops = {
    .read = end_read,
    .write = end_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8},
    .impl = {.min_access_size = 1, .max_access_size = 8},
};

uint64_t xive_end_page(const XiveState *xive, unsigned server, uint8_t priority)
{
    return XIVE_VC_BASE +
           ((uint64_t)(xive->n_sources + server * XIVE_PRIORITIES + priority) << XIVE_ESB_SHIFT);
}

static XiveContext *context_of_caller(XiveState *xive)
{
    CPUState *cpu = current_cpu();

    if (cpu) {
        for (uint32_t i = 0; i < xive->n_servers; i++) {
            if (xive->contexts[i].cpu == cpu) {
                return &xive->contexts[i];
            }
        }
    }
    return NULL;
}

static uint64_t tima_read(void *opaque, hwaddr offset, unsigned size)
{
    XiveState *xive = opaque;
    XiveContext *ctx = context_of_caller(xive);
    uint32_t page = offset >> XIVE_TM_SHIFT, reg = offset & 0xfff;
    uint64_t value = 0;

    if (!ctx) {
        log_mask(LOG_GUEST_ERROR, "XIVE: TIMA read that comes from no processor\n");
        return UINT64_MAX;
    }
    if (page != XIVE_TM_OS_PAGE && page != XIVE_TM_USER_PAGE) {
        log_mask(LOG_GUEST_ERROR, "XIVE: read of TIMA page %u\n", page);
        return UINT64_MAX;
    }
    if (reg == TM_SPECIAL_ACK_OS && size == 2 && page == XIVE_TM_OS_PAGE) {
        return context_ack(ctx);
    }
    if (reg >= 0x800) {
        log_mask(LOG_UNIMP, "XIVE: TIMA special load at 0x%x, size %u\n", reg, size);
        return UINT64_MAX;
    }
    /* The OS page shows the OS and user rings; the pool and physical rings read as zero there. */
    for (unsigned i = 0; i < size; i++) {
        uint32_t at = reg + i;
        uint8_t byte = 0;

        if (page == XIVE_TM_OS_PAGE && at >= TM_OS_RING && at < TM_OS_RING + TM_RING_SIZE) {
            byte = ctx->os_ring[at - TM_OS_RING];
        }
        value = value << 8 | byte;
    }
    return value;
}

static void tima_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    XiveState *xive = opaque;
    XiveContext *ctx = context_of_caller(xive);
    uint32_t page = offset >> XIVE_TM_SHIFT, reg = offset & 0xfff;

    if (!ctx || page != XIVE_TM_OS_PAGE) {
        log_mask(LOG_GUEST_ERROR, "XIVE: write of TIMA page %u at 0x%x\n", page, reg);
        return;
    }
    if (reg == TM_OS_RING + TM_CPPR && size == 1) {
        context_set_cppr(ctx, value);
    } else if (reg == TM_SPECIAL_SET_OS_PENDING && size == 1) {
        context_notify(ctx, value);
    } else {
        log_mask(LOG_GUEST_ERROR, "XIVE: TIMA write at 0x%x, size %u\n", reg, size);
    }
}

static const MemoryRegionOps tima_ops = {
    .read = tima_read,
    .write = tima_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8},
    .impl = {.min_access_size = 1, .max_access_size = 8},
};

/* ---- Configuration by hypercall ---- */

bool xive_server_valid(const XiveState *xive, uint64_t server)
{
    return server < xive->n_servers && xive->contexts[server].cpu;
}

uint32_t xive_n_sources(const XiveState *xive)
{
    return xive->n_sources;
}

bool xive_source_is_lsi(const XiveState *xive, uint32_t lisn)
{
    return xive->sources[lisn].lsi;
}

void xive_set_routing(XiveState *xive, uint32_t lisn, const XiveRouting *routing)
{
    XiveSource *source = &xive->sources[lisn];

    source->masked = routing->masked;
    source->server = routing->server;
    source->priority = routing->priority;
    source->data = routing->data;
}

void xive_get_routing(const XiveState *xive, uint32_t lisn, XiveRouting *routing)
{
    const XiveSource *source = &xive->sources[lisn];

    *routing = (XiveRouting){source->masked, source->server, source->priority, source->data};
}

void xive_set_queue(XiveState *xive, unsigned server, uint8_t priority, const XiveQueue *queue)
{
    XiveEnd *end = end_of(xive, server, priority);

    memset(end, 0, sizeof(*end));
    if (queue->size_shift) {
        end->enabled = true;
        end->always_notify = queue->always_notify;
        end->address = queue->address;
        end->size_shift = queue->size_shift;
        end->generation = 1;
    }
}

void xive_get_queue(const XiveState *xive, unsigned server, uint8_t priority, XiveQueue *queue)
{
    const XiveEnd *end = end_of(xive, server, priority);

    *queue = (XiveQueue){end->address, end->size_shift, end->always_notify, end->enabled,
                         end->generation, end->index};
}

void xive_set_reporting_line(XiveState *xive, unsigned server, uint64_t address)
{
    xive->contexts[server].reporting_line = address;
}

uint64_t xive_get_reporting_line(const XiveState *xive, unsigned server)
{
    return xive->contexts[server].reporting_line;
}

uint8_t xive_cppr(const XiveState *xive, unsigned server, bool *signalled)
{
    const uint8_t *ring = xive->contexts[server].os_ring;

    *signalled = ring[TM_NSR] & TM_NSR_EO;
    return ring[TM_CPPR];
}

void xive_claim(XiveState *xive, uint32_t lisn, bool lsi)
{
    g_assert(lisn < xive->n_sources);
    xive->sources[lisn].claimed = true;
    xive->sources[lisn].lsi = lsi;
}

bool xive_claimed(const XiveState *xive, uint32_t lisn)
{
    return source_find(xive, lisn) != NULL;
}

static void source_reset(XiveSource *source)
{
    source->pq = PQ_OFF | (source->pq & SOURCE_ASSERTED);
    source->masked = true;
    source->server = 0;
    source->priority = 0;
    source->data = 0;
}

void xive_free(XiveState *xive, uint32_t lisn)
{
    if (source_find(xive, lisn)) {
        source_reset(&xive->sources[lisn]);
        xive->sources[lisn].claimed = false;
    }
}

void xive_reset(XiveState *xive)
{
    for (uint32_t i = 0; i < xive->n_sources; i++) {
        source_reset(&xive->sources[i]);
    }
    memset(xive->ends, 0, sizeof(XiveEnd) * xive->n_ends);
    for (uint32_t i = 0; i < xive->n_servers; i++) {
        XiveContext *ctx = &xive->contexts[i];

        memset(ctx->os_ring, 0, sizeof(ctx->os_ring));
        ctx->os_ring[TM_LSMFB] = 0xff;
        ctx->os_ring[TM_ACK_CNT] = 0xff;
        ctx->os_ring[TM_AGE] = 0xff;
        ctx->os_ring[TM_PIPR] = 0xff;
        /* The guest finds its context dispatched: valid, with its server number. */
        stl_be_p(&ctx->os_ring[TM_WORD2], TM_WORD2_VALID | (0x400 + i));
        ctx->reporting_line = 0;
        if (ctx->output) {
            irq_set(ctx->output, false);
        }
    }
}

void xive_connect_cpu(XiveState *xive, unsigned server, CPUState *cpu, IRQLine *output)
{
    g_assert(server < xive->n_servers);
    xive->contexts[server].cpu = cpu;
    xive->contexts[server].output = output;
}

void xive_drive_outputs(XiveState *xive)
{
    for (uint32_t i = 0; i < xive->n_servers; i++) {
        context_drive(&xive->contexts[i]);
    }
}

void xive_set_mapped(XiveState *xive, bool mapped)
{
    if (xive->mapped != mapped) {
        xive->mapped = mapped;
        memory_region_set_enabled(&xive->esb_region, mapped);
        memory_region_set_enabled(&xive->end_region, mapped);
        memory_region_set_enabled(&xive->tima_region, mapped);
    }
}

void xive_print(const XiveState *xive, GString *out)
{
    static const char pq_names[4][3] = {"--", "-Q", "P-", "PQ"};

    for (uint32_t i = 0; i < xive->n_servers; i++) {
        const uint8_t *ring = xive->contexts[i].os_ring;

        if (xive->contexts[i].cpu) {
            g_string_append_printf(out,
                                   "CPU[%04x]: QW1[OS] NSR=%02x CPPR=%02x IPB=%02x LSMFB=%02x PIPR=%02x "
                                   "W2=%08x\n",
                                   i, ring[TM_NSR], ring[TM_CPPR], ring[TM_IPB], ring[TM_LSMFB],
                                   ring[TM_PIPR], ldl_be_p(&ring[TM_WORD2]));
        }
    }
    g_string_append(out, "  LISN         PQ    EISN     CPU/PRIO EQ\n");
    for (uint32_t i = 0; i < xive->n_sources; i++) {
        const XiveSource *source = &xive->sources[i];

        if (!source->claimed) {
            continue;
        }
        g_string_append_printf(out, "  %08x %s %s%c %c %08x", i, source->lsi ? "LSI" : "MSI",
                               pq_names[source->pq & PQ_MASK],
                               source->pq & SOURCE_ASSERTED ? 'A' : ' ', source->masked ? 'M' : ' ',
                               source->data);
        if (!source->masked) {
            const XiveEnd *end = end_of(xive, source->server, source->priority);

            g_string_append_printf(out, " %3u/%u   %6u/%6u @%" PRIx64 " ^%u", source->server,
                                   source->priority, end->index,
                                   end->enabled ? 1u << (end->size_shift - 2) : 0, end->address,
                                   end->generation);
        }
        g_string_append_c(out, '\n');
    }
}

/* ---- Life ---- */

static void xive_device_reset(void *obj, ResetType type)
{
    xive_reset(obj);
}

/*
 * State is saved in three kinds of sections: "xive-source" (PQ bits), "spapr-xive" (routing and queues in
 * the forms the hardware's tables have) and "xive-tctx" (one a processor).  A source's kind, level or
 * edge, is not sent: it follows from the devices.  The table words are big-endian in QEMU's memory, yet
 * each is sent as a number of its little-endian host: the bytes come out reversed.
 */
enum { EAS_WORD_BLOCK_SHIFT = 56, EAS_WORD_INDEX_SHIFT = 32 };
#define EAS_VALID (1ull << 63)
#define EAS_INDEX_MASK 0xffffffull
#define EAS_BLOCK_MASK 0xfull
#define EAS_MASKED (1ull << 31)
#define EAS_DATA_MASK 0x7fffffffull

#define END0_VALID (1u << 31)
#define END0_ENQUEUE (1u << 30)
#define END0_UCOND_NOTIFY (1u << 29)
#define END0_QSIZE_SHIFT 16
#define END1_ESN_SHIFT 30
#define END1_ESE_SHIFT 28
#define END1_GENERATION (1u << 22)
#define END1_OFFSET_MASK 0x3fffffu
#define END2_ADDRESS_HIGH 0x0fffffffu
#define END6_NVT_MASK 0x7ffffu
#define END7_PRIORITY_SHIFT 16
#define END_WORDS 8
#define NVT_BASE 0x400u

static void end_to_wire(const XiveEnd *end, uint32_t i, uint32_t *words)
{
    uint32_t w[END_WORDS] = {0};

    if (end->enabled) {
        w[0] = END0_VALID | END0_ENQUEUE | (end->always_notify ? END0_UCOND_NOTIFY : 0) |
               (end->size_shift - 12) << END0_QSIZE_SHIFT;
        w[1] = (uint32_t)end->es_n << END1_ESN_SHIFT | (end->generation ? END1_GENERATION : 0) | end->index;
        w[2] = end->address >> 32 & END2_ADDRESS_HIGH;
        w[3] = (uint32_t)end->address;
        w[6] = NVT_BASE + i / XIVE_PRIORITIES;
        w[7] = i % XIVE_PRIORITIES << END7_PRIORITY_SHIFT;
    } else {
        w[1] = (uint32_t)PQ_OFF << END1_ESN_SHIFT | (uint32_t)PQ_OFF << END1_ESE_SHIFT;
    }
    for (unsigned k = 0; k < END_WORDS; k++) {
        words[k] = GUINT32_SWAP_LE_BE(w[k]);
    }
}

static bool end_from_wire(XiveEnd *end, uint32_t i, const uint32_t *words, GError **errp)
{
    uint32_t w[END_WORDS];

    for (unsigned k = 0; k < END_WORDS; k++) {
        w[k] = GUINT32_SWAP_LE_BE(words[k]);
    }
    memset(end, 0, sizeof(*end));
    if (!(w[0] & END0_VALID)) {
        return true;
    }
    end->enabled = true;
    end->always_notify = w[0] & END0_UCOND_NOTIFY;
    end->size_shift = (w[0] >> END0_QSIZE_SHIFT & 15) + 12;
    end->es_n = w[1] >> END1_ESN_SHIFT & PQ_MASK;
    end->generation = w[1] & END1_GENERATION ? 1 : 0;
    end->index = w[1] & END1_OFFSET_MASK;
    end->address = (uint64_t)(w[2] & END2_ADDRESS_HIGH) << 32 | w[3];
    if (end->size_shift > 24 || end->index >= 1u << (end->size_shift - 2) ||
        (w[6] & END6_NVT_MASK) != NVT_BASE + i / XIVE_PRIORITIES ||
        (w[7] >> END7_PRIORITY_SHIFT & 0xff) != i % XIVE_PRIORITIES) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "xive: queue %u is impossible", i);
        return false;
    }
    return true;
}

static uint64_t eas_to_wire(const XiveSource *source)
{
    uint64_t w = 0;

    if (source->claimed) {
        w = EAS_VALID | (source->masked ? EAS_MASKED : 0) | (source->data & EAS_DATA_MASK) |
            (uint64_t)(source->server * XIVE_PRIORITIES + source->priority) << EAS_WORD_INDEX_SHIFT;
    }
    return GUINT64_SWAP_LE_BE(w);
}

static bool eas_from_wire(XiveState *xive, uint32_t i, uint64_t word, GError **errp)
{
    uint64_t w = GUINT64_SWAP_LE_BE(word), index = w >> EAS_WORD_INDEX_SHIFT & EAS_INDEX_MASK;
    XiveSource *source = &xive->sources[i];

    source->claimed = w & EAS_VALID;
    if (!source->claimed) {
        source_reset(source);
        return true;
    }
    if (index >= xive->n_ends || w >> EAS_WORD_BLOCK_SHIFT & EAS_BLOCK_MASK) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "xive: source 0x%x goes to queue %" PRIu64,
                    i, index);
        return false;
    }
    source->masked = w & EAS_MASKED;
    source->server = index / XIVE_PRIORITIES;
    source->priority = index % XIVE_PRIORITIES;
    source->data = w & EAS_DATA_MASK;
    return true;
}

static bool xive_pre_save(void *opaque, GError **errp)
{
    XiveState *xive = opaque;

    for (uint32_t i = 0; i < xive->n_sources; i++) {
        xive->wire_status[i] = xive->sources[i].pq;
        xive->wire_eas[i] = eas_to_wire(&xive->sources[i]);
    }
    for (uint32_t i = 0; i < xive->n_ends; i++) {
        end_to_wire(&xive->ends[i], i, &xive->wire_ends[i * END_WORDS]);
    }
    return true;
}

static bool xive_post_load(void *opaque, int version, GError **errp)
{
    XiveState *xive = opaque;

    for (uint32_t i = 0; i < xive->n_sources; i++) {
        if (!eas_from_wire(xive, i, xive->wire_eas[i], errp)) {
            return false;
        }
        /* Its section came before this one; sources nobody claimed keep the state of a reset. */
        xive->sources[i].pq = xive->wire_status[i] & (PQ_MASK | SOURCE_ASSERTED);
    }
    for (uint32_t i = 0; i < xive->n_ends; i++) {
        if (!end_from_wire(&xive->ends[i], i, &xive->wire_ends[i * END_WORDS], errp)) {
            return false;
        }
    }
    return true;
}

static bool context_pre_save(void *opaque, GError **errp)
{
    XiveContext *ctx = opaque;

    memset(ctx->wire, 0, sizeof(ctx->wire));
    memcpy(ctx->wire + TM_OS_RING, ctx->os_ring, TM_RING_SIZE);
    ctx->wire[TM_PHYS_RING + TM_PIPR] = 0xff;
    return true;
}

static bool context_pre_load(void *opaque, GError **errp)
{
    ((XiveContext *)opaque)->reporting_line = 0;
    return true;
}

static bool context_post_load(void *opaque, int version, GError **errp)
{
    XiveContext *ctx = opaque;

    memcpy(ctx->os_ring, ctx->wire + TM_OS_RING, TM_RING_SIZE);
    context_drive(ctx);
    return true;
}

static bool reporting_line_needed(void *opaque)
{
    return vmstate_wire_is_own() && ((XiveContext *)opaque)->reporting_line;
}

/* Ours: QEMU answers that there are no reporting lines. */
static const VMStateDescription vmstate_reporting_line = {
    .name = "xive-tctx/reporting-line",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = reporting_line_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(reporting_line, XiveContext),
        VMSTATE_END_OF_LIST(),
    },
};

/* Both travel as the words of the hardware's tables. */
static const VMStateDescription vmstate_source_parts = {
    .name = "spapr-xive/source",
    .version_id = 1,
    .minimum_version_id = 1,
    /* Kind and level follow from the devices; the level also travels with PQ. */
    .immutable = VMSTATE_NAMES("lsi"),
    .elsewhere = VMSTATE_NAMES("pq", "claimed", "masked", "server", "priority", "data"),
    VMSTATE_STRUCT_AUDIT(XiveSource),
};

static const VMStateDescription vmstate_end_parts = {
    .name = "spapr-xive/end",
    .version_id = 1,
    .minimum_version_id = 1,
    .elsewhere = VMSTATE_NAMES("enabled", "always_notify", "es_n", "address", "size_shift", "index", "generation"),
    VMSTATE_STRUCT_AUDIT(XiveEnd),
};

static const VMStateDescription vmstate_context = {
    .name = "xive-tctx",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = context_pre_save,
    .pre_load = context_pre_load,
    .post_load = context_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(wire, XiveContext),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_reporting_line),
    .derived = VMSTATE_NAMES("os_ring"),
    .host_only = VMSTATE_NAMES("cpu", "output"),
    VMSTATE_STRUCT_AUDIT(XiveContext),
};

bool xive_register_server(XiveState *xive, unsigned server, uint32_t instance, GError **errp)
{
    g_assert(server < xive->n_servers);
    return vmstate_register(NULL, instance, &vmstate_context, &xive->contexts[server], errp);
}

static const VMStateDescription vmstate_xive_source = {
    .name = "xive-source",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = xive_pre_save,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_EQUAL(n_sources, XiveState, "use the same machine version"),
        VMSTATE_VBUFFER_UINT32(wire_status, XiveState, 0, NULL, n_sources),
        VMSTATE_END_OF_LIST(),
    },
    .aliases = VMSTATE_NAMES("n_sources"),
    VMSTATE_STRUCT_AUDIT(XiveState),
};

/* Describes all of XiveState; "xive-source" is a second section of it. */
static const VMStateDescription vmstate_xive = {
    .name = "spapr-xive",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = xive_pre_save,
    .post_load = xive_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_EQUAL(n_sources, XiveState, "use the same machine version"),
        VMSTATE_VARRAY_UINT32(wire_eas, XiveState, n_sources, 0, vmstate_info_uint64, uint64_t),
        VMSTATE_VARRAY_UINT32(wire_ends, XiveState, n_wire_words, 0, vmstate_info_uint32, uint32_t),
        VMSTATE_END_OF_LIST(),
    },
    /* mapped: the machine's own post_load sets which controller is in use. */
    .derived = VMSTATE_NAMES("sources", "ends", "mapped"),
    .immutable = VMSTATE_NAMES("as", "memory", "esb_region", "end_region", "tima_region", "n_servers", "n_ends",
                               "n_wire_words"),
    .elsewhere = VMSTATE_NAMES("contexts"),
    .parts = VMSTATE_SUBSECTIONS(&vmstate_source_parts, &vmstate_end_parts),
    VMSTATE_STRUCT_AUDIT(XiveState),
};

static void xive_unrealize(DeviceState *dev)
{
    XiveState *xive = (XiveState *)dev;
    MemoryRegion *regions[] = {&xive->esb_region, &xive->end_region, &xive->tima_region};

    for (unsigned i = 0; i < G_N_ELEMENTS(regions); i++) {
        memory_region_del_subregion(xive->memory, regions[i]);
        memory_region_destroy(regions[i]);
    }
}

static void xive_finalize(Object *obj)
{
    XiveState *xive = (XiveState *)obj;

    vmstate_unregister(&vmstate_xive_source, xive);
    for (uint32_t i = 0; i < xive->n_servers; i++) {
        vmstate_unregister(&vmstate_context, &xive->contexts[i]);
    }
    g_free(xive->wire_status);
    g_free(xive->wire_eas);
    g_free(xive->wire_ends);
    g_free(xive->sources);
    g_free(xive->ends);
    g_free(xive->contexts);
}

const DeviceClass xive_class = {
    .name = "spapr-xive",
    .parent = &device_class.object,
    .description = "sPAPR XIVE interrupt controller",
    .instance_size = sizeof(XiveState),
    .instance_finalize = xive_finalize,
    .vmstate = &vmstate_xive,
    .unrealize = xive_unrealize,
    .reset = {.hold = xive_device_reset},
};

XiveState *xive_create(unsigned n_servers, uint32_t n_sources, MemoryRegion *memory, AddressSpace *as,
                       GError **errp)
{
    XiveState *xive = (XiveState *)device_new_class(&xive_class);

    xive->n_servers = n_servers;
    xive->n_ends = n_servers * XIVE_PRIORITIES;
    xive->n_sources = n_sources;
    xive->as = as;
    xive->memory = memory;
    xive->sources = g_new0(XiveSource, n_sources);
    xive->ends = g_new0(XiveEnd, xive->n_ends);
    xive->contexts = g_new0(XiveContext, n_servers);
    xive->wire_status = g_new0(uint8_t, n_sources);
    xive->wire_eas = g_new0(uint64_t, n_sources);
    xive->n_wire_words = xive->n_ends * END_WORDS;
    xive->wire_ends = g_new0(uint32_t, xive->n_wire_words);
    memory_region_init_io(&xive->esb_region, xive, &esb_ops, xive, "xive.esb",
                          (uint64_t)n_sources << XIVE_ESB_SHIFT);
    memory_region_init_io(&xive->end_region, xive, &end_ops, xive, "xive.end",
                          (uint64_t)xive->n_ends << XIVE_ESB_SHIFT);
    memory_region_init_io(&xive->tima_region, xive, &tima_ops, xive, "xive.tima", 4ull << XIVE_TM_SHIFT);
    memory_region_set_enabled(&xive->esb_region, false);
    memory_region_set_enabled(&xive->end_region, false);
    memory_region_set_enabled(&xive->tima_region, false);
    memory_region_add_subregion(memory, XIVE_VC_BASE, &xive->esb_region);
    memory_region_add_subregion(memory, xive_end_page(xive, 0, 0), &xive->end_region);
    memory_region_add_subregion(memory, XIVE_TM_BASE, &xive->tima_region);
    return vmstate_register(NULL, 0, &vmstate_xive_source, xive, errp) &&
                   device_realize_and_unref(&xive->parent, NULL, errp)
               ? xive
               : NULL;
}

const DeviceClass *const hw_intc_device_classes[] = {&xics_class, &xive_class, NULL};
