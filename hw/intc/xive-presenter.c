/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE's presentation layer: a thread context for each processor, and the pages (TIMA) by which the
 * processor reaches its own.  Register layout of the POWER9 XIVE; an sPAPR guest sees the OS ring.
 * Left out: groups, and the pool and physical rings, which nothing under an sPAPR guest uses.
 */
#include "xive-internal.h"
#include "util/log.h"

/* ---- Contexts ---- */

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

void xive_context_drive(XiveContext *ctx)
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

void xive_context_notify(XiveContext *ctx, uint8_t priority)
{
    ctx->os_ring[TM_IPB] |= ipb_bit(priority);
    context_update(ctx);
}

/* ---- TIMA ---- */

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
        xive_context_notify(ctx, value);
    } else {
        log_mask(LOG_GUEST_ERROR, "XIVE: TIMA write at 0x%x, size %u\n", reg, size);
    }
}

const MemoryRegionOps xive_tima_ops = {
    .read = tima_read,
    .write = tima_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8},
    .impl = {.min_access_size = 1, .max_access_size = 8},
};
