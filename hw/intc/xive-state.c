/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE's state is saved in three kinds of sections: "xive-source" (PQ bits), "spapr-xive" (routing
 * and queues in the forms the hardware's tables have) and "xive-tctx" (one a processor).  A
 * source's kind, level or edge, is not sent: it follows from the devices.  The table words are
 * big-endian in QEMU's memory, yet each is sent as a number of its little-endian host: the bytes
 * come out reversed.
 */
#include <string.h>
#include "xive-internal.h"
#include "migration/wire.h"
#include "system/runtime.h"
#include "util/error.h"

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
#define NVT_BASE 0x400u

static void end_to_wire(const XiveEnd *end, uint32_t i, uint32_t *words)
{
    uint32_t w[END_WORDS] = {0};

    if (end->enabled) {
        w[0] = END0_VALID | END0_ENQUEUE | (end->always_notify ? END0_UCOND_NOTIFY : 0) |
               (end->size_shift - 12) << END0_QSIZE_SHIFT;
        w[1] = (uint32_t)end->es_n << END1_ESN_SHIFT | (end->generation ? END1_GENERATION : 0) |
               end->index;
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
        xive_source_reset(source);
        return true;
    }
    if (index >= xive->n_ends || w >> EAS_WORD_BLOCK_SHIFT & EAS_BLOCK_MASK) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "xive: source 0x%x goes to queue %" PRIu64, i, index);
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
    xive_context_drive(ctx);
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
    .elsewhere = VMSTATE_NAMES("enabled", "always_notify", "es_n", "address", "size_shift", "index",
                               "generation"),
    VMSTATE_STRUCT_AUDIT(XiveEnd),
};

const VMStateDescription vmstate_xive_context = {
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
    return vmstate_register(NULL, instance, &vmstate_xive_context, &xive->contexts[server], errp);
}

const VMStateDescription vmstate_xive_source = {
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
const VMStateDescription vmstate_xive = {
    .name = "spapr-xive",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = xive_pre_save,
    .post_load = xive_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32_EQUAL(n_sources, XiveState, "use the same machine version"),
            VMSTATE_VARRAY_UINT32(wire_eas, XiveState, n_sources, 0, vmstate_info_uint64, uint64_t),
            VMSTATE_VARRAY_UINT32(wire_ends, XiveState, n_wire_words, 0, vmstate_info_uint32,
                                  uint32_t),
            VMSTATE_END_OF_LIST(),
        },
    /* mapped: the machine's own post_load sets which controller is in use. */
    .derived = VMSTATE_NAMES("sources", "ends", "mapped"),
    .immutable = VMSTATE_NAMES("as", "memory", "esb_region", "end_region", "tima_region",
                               "n_servers", "n_ends", "n_wire_words"),
    .elsewhere = VMSTATE_NAMES("contexts"),
    .parts = VMSTATE_SUBSECTIONS(&vmstate_source_parts, &vmstate_end_parts),
    VMSTATE_STRUCT_AUDIT(XiveState),
};
