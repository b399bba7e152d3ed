/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE's sources and queues: the state machine of a source's P and Q bits with its pages (ESB),
 * routing, and event queues (ENDs) in guest memory.  LoPAR 14.11.4.2 and the register layouts of
 * the POWER9 XIVE. Left out: escalation.
 */
#include "xive-internal.h"
#include "util/log.h"

/* ---- Queues ---- */

XiveEnd *xive_end_of(const XiveState *xive, unsigned server, uint8_t priority)
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
    end = xive_end_of(xive, source->server, source->priority);
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
        xive_context_notify(&xive->contexts[source->server], source->priority);
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

XiveSource *xive_source_find(const XiveState *xive, uint32_t lisn)
{
    return lisn < xive->n_sources && xive->sources[lisn].claimed ? &xive->sources[lisn] : NULL;
}

uint64_t xive_esb_load(XiveState *xive, uint32_t lisn, uint32_t offset)
{
    XiveSource *source = xive_source_find(xive, lisn);
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
    XiveSource *source = xive_source_find(xive, lisn);

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
    XiveEnd *end = xive_end_of(xive, server, priority);

    if (!end) {
        return UINT64_MAX;
    }
    switch (offset & 0xf00) {
    case ESB_LOAD_EOI ... ESB_LOAD_EOI + 0x700: {
        bool notify = pq_eoi(&end->es_n);

        /* What came meanwhile is notified now. */
        if (notify && xive->contexts[server].cpu) {
            xive_context_notify(&xive->contexts[server], priority);
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
    XiveSource *source = xive_source_find(xive, lisn);

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
        XiveSource *source = xive_source_find(xive, lisn);

        if (source) {
            source_trigger(xive, source);
        }
    } else {
        xive_esb_store(xive, lisn, offset & 0xfff, value);
    }
}

/* 64-bit accesses in the guest's memory order, as the pages are on the processor bus. */
const MemoryRegionOps xive_esb_ops = {
    .read = esb_read,
    .write = esb_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8},
    .impl = {.min_access_size = 1, .max_access_size = 8},
};

/* A pair of pages for each queue: the first has its notification bits, the second (escalation)
 * nothing. */
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

const MemoryRegionOps xive_end_ops = {
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
