/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE exploitation mode for sPAPR.  From LoPAR 14.11.4.2 (H_INT_*) and the register layouts of the
 * POWER9 XIVE: ESB state machine (PQ bits), event notification descriptors, OS ring of the TIMA.
 *
 * Flow: a source event passes its P/Q bits, its routing names a queue (server, priority) and a
 * datum; the datum goes to the queue in guest memory, the priority's bit to the processor's IPB;
 * the processor's external interrupt is on while the most favoured pending priority beats its CPPR.
 * Left out: groups and escalation, pool and physical rings (nothing under an sPAPR guest uses
 * them).
 */
#include <string.h>
#include "xive-internal.h"
#include "hw/intc/heathrow.h"
#include "hw/intc/openpic.h"
#include "hw/intc/xics.h"
#include "system/runtime.h"
#include "util/bswap.h"

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
    XiveEnd *end = xive_end_of(xive, server, priority);

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
    const XiveEnd *end = xive_end_of(xive, server, priority);

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
    return xive_source_find(xive, lisn) != NULL;
}

void xive_source_reset(XiveSource *source)
{
    source->pq = PQ_OFF | (source->pq & SOURCE_ASSERTED);
    source->masked = true;
    source->server = 0;
    source->priority = 0;
    source->data = 0;
}

void xive_free(XiveState *xive, uint32_t lisn)
{
    if (xive_source_find(xive, lisn)) {
        xive_source_reset(&xive->sources[lisn]);
        xive->sources[lisn].claimed = false;
    }
}

void xive_reset(XiveState *xive)
{
    for (uint32_t i = 0; i < xive->n_sources; i++) {
        xive_source_reset(&xive->sources[i]);
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
        xive_context_drive(&xive->contexts[i]);
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
            g_string_append_printf(
                out,
                "CPU[%04x]: QW1[OS] NSR=%02x CPPR=%02x IPB=%02x LSMFB=%02x PIPR=%02x "
                "W2=%08x\n",
                i, ring[TM_NSR], ring[TM_CPPR], ring[TM_IPB], ring[TM_LSMFB], ring[TM_PIPR],
                ldl_be_p(&ring[TM_WORD2]));
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
            const XiveEnd *end = xive_end_of(xive, source->server, source->priority);

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
        vmstate_unregister(&vmstate_xive_context, &xive->contexts[i]);
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

XiveState *xive_create(unsigned n_servers, uint32_t n_sources, MemoryRegion *memory,
                       AddressSpace *as, GError **errp)
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
    memory_region_init_io(&xive->esb_region, xive, &xive_esb_ops, xive, "xive.esb",
                          (uint64_t)n_sources << XIVE_ESB_SHIFT);
    memory_region_init_io(&xive->end_region, xive, &xive_end_ops, xive, "xive.end",
                          (uint64_t)xive->n_ends << XIVE_ESB_SHIFT);
    memory_region_init_io(&xive->tima_region, xive, &xive_tima_ops, xive, "xive.tima",
                          4ull << XIVE_TM_SHIFT);
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

const DeviceClass *const hw_intc_device_classes[] = {&heathrow_class, &openpic_class, &xics_class,
                                                     &xive_class, NULL};
