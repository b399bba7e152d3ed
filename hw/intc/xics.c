/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XICS: presentation and source controllers as sPAPR guests see them.  LoPAR chapter 6 (interrupt
 * controller) and 14.5.5 (hypercalls), 7.3.10 (RTAS).  A presenter holds one interrupt at a time,
 * the most favoured; what it cannot take is rejected back to its source, which sends it again when
 * the presenter's priority falls. Left out: presenter links, server queues of more than one
 * processor (a guest is told there are none).
 */
#include <string.h>
#include "hw/intc/xics.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/error.h"

#define XISR_MASK 0x00ffffffu
#define PRIORITY_MASKED 0xff
#define PRIORITY_OPEN 0xffu      /* a CPPR that lets everything in: what guests run with */

enum { SOURCE_ASSERTED = 1, SOURCE_SENT = 2, SOURCE_REJECTED = 4, SOURCE_MASKED_PENDING = 8 };
enum { SOURCE_FREE = 0, SOURCE_LSI = 1, SOURCE_MSI = 2 };

typedef struct XicsPresenter {
    /* saved */
    uint32_t xirr;               /* CPPR in the high byte, XISR below */
    uint8_t pending_priority, mfrr;
    /* host-only */
    IRQLine *output;
    XicsState *xics;
    bool loaded;                 /* its section came; else xics_load_complete() gives it a state */
} XicsPresenter;

typedef struct XicsSource {
    /* saved */
    uint32_t server;
    uint8_t priority, saved_priority, status;
    uint8_t flags;               /* SOURCE_LSI, SOURCE_MSI or free */
} XicsSource;

struct XicsState {
    DeviceState parent;
    /* immutable */
    uint32_t n_servers, base, n_sources;
    /* saved */
    XicsPresenter *servers;
    XicsSource *sources;
    /* host-only */
    bool active;                 /* the guest uses it (a dual machine has two controllers) */
};

static uint32_t xisr(const XicsPresenter *icp)
{
    return icp->xirr & XISR_MASK;
}

static uint8_t cppr(const XicsPresenter *icp)
{
    return icp->xirr >> 24;
}

static void set_xisr(XicsPresenter *icp, uint32_t number)
{
    icp->xirr = (icp->xirr & ~XISR_MASK) | number;
}

static void drive(XicsPresenter *icp)
{
    if (icp->output) {
        irq_set(icp->output, xisr(icp) != 0);
    }
}

static XicsSource *source_find(const XicsState *xics, uint32_t number)
{
    uint32_t i = number - xics->base;

    return number >= xics->base && i < xics->n_sources && xics->sources[i].flags ? &xics->sources[i]
                                                                               : NULL;
}

static void source_resend(XicsState *xics, uint32_t i);

/* The presenter gives an interrupt back: its source will have to send it again. */
static void source_reject(XicsState *xics, uint32_t number)
{
    XicsSource *source = source_find(xics, number);

    if (!source) {
        return;
    }
    if (source->flags & SOURCE_MSI) {
        source->status |= SOURCE_REJECTED;
    } else {
        source->status &= ~SOURCE_SENT;
    }
}

static void present(XicsState *xics, uint32_t server, uint32_t number, uint8_t priority)
{
    XicsPresenter *icp;

    if (server >= xics->n_servers) {
        source_reject(xics, number);
        return;
    }
    icp = &xics->servers[server];
    if (priority >= cppr(icp) || (xisr(icp) && icp->pending_priority <= priority)) {
        source_reject(xics, number);
        return;
    }
    if (xisr(icp) && xisr(icp) != XICS_IPI) {
        source_reject(xics, xisr(icp));
    }
    set_xisr(icp, number);
    icp->pending_priority = priority;
    drive(icp);
}

static void check_ipi(XicsState *xics, XicsPresenter *icp)
{
    if (xisr(icp) && icp->pending_priority <= icp->mfrr) {
        return;
    }
    if (xisr(icp) && xisr(icp) != XICS_IPI) {
        source_reject(xics, xisr(icp));
    }
    set_xisr(icp, XICS_IPI);
    icp->pending_priority = icp->mfrr;
    drive(icp);
}

static void resend_all(XicsState *xics, XicsPresenter *icp)
{
    if (icp->mfrr < cppr(icp)) {
        check_ipi(xics, icp);
    }
    for (uint32_t i = 0; i < xics->n_sources; i++) {
        if (xics->sources[i].status) {
            source_resend(xics, i);
        }
    }
}

/* ---- Presenters ---- */

bool xics_server_valid(const XicsState *xics, uint64_t server)
{
    return server < xics->n_servers && xics->servers[server].output;
}

uint32_t xics_accept(XicsState *xics, unsigned server)
{
    XicsPresenter *icp = &xics->servers[server];
    uint32_t xirr = icp->xirr;

    if (!xisr(icp)) {
        return xirr;             /* nothing to accept: the CPPR stays */
    }
    icp->xirr = (uint32_t)icp->pending_priority << 24;
    icp->pending_priority = PRIORITY_MASKED;
    drive(icp);
    return xirr;
}

void xics_set_cppr(XicsState *xics, unsigned server, uint8_t priority)
{
    XicsPresenter *icp = &xics->servers[server];
    uint8_t old = cppr(icp);

    icp->xirr = (icp->xirr & XISR_MASK) | (uint32_t)priority << 24;
    if (priority < old) {
        if (xisr(icp) && priority <= icp->pending_priority) {
            uint32_t number = xisr(icp);

            set_xisr(icp, 0);
            icp->pending_priority = PRIORITY_MASKED;
            drive(icp);
            if (number != XICS_IPI) {
                source_reject(xics, number);
            }
        }
    } else if (!xisr(icp)) {
        resend_all(xics, icp);
    }
}

void xics_set_mfrr(XicsState *xics, unsigned server, uint8_t mfrr)
{
    XicsPresenter *icp = &xics->servers[server];

    icp->mfrr = mfrr;
    if (mfrr < cppr(icp)) {
        check_ipi(xics, icp);
    }
}

void xics_eoi(XicsState *xics, unsigned server, uint32_t xirr)
{
    XicsPresenter *icp = &xics->servers[server];
    XicsSource *source = source_find(xics, xirr & XISR_MASK);

    icp->xirr = (icp->xirr & XISR_MASK) | (xirr & ~XISR_MASK);
    if (source && (source->flags & SOURCE_LSI)) {
        source->status &= ~SOURCE_SENT;
    }
    if (!xisr(icp)) {
        resend_all(xics, icp);
    }
}

uint32_t xics_poll(const XicsState *xics, unsigned server, uint32_t *mfrr)
{
    *mfrr = xics->servers[server].mfrr;
    return xics->servers[server].xirr;
}

/* ---- Sources ---- */

static void source_resend(XicsState *xics, uint32_t i)
{
    XicsSource *source = &xics->sources[i];

    if (source->flags & SOURCE_MSI) {
        if (source->status & SOURCE_REJECTED) {
            source->status &= ~SOURCE_REJECTED;
            if (source->priority != PRIORITY_MASKED) {
                present(xics, source->server, xics->base + i, source->priority);
            } else {
                source->status |= SOURCE_MASKED_PENDING;
            }
        }
    } else if (source->flags & SOURCE_LSI) {
        if (source->priority != PRIORITY_MASKED && (source->status & SOURCE_ASSERTED) &&
            !(source->status & SOURCE_SENT)) {
            source->status |= SOURCE_SENT;
            present(xics, source->server, xics->base + i, source->priority);
        }
    }
}

void xics_set_source(XicsState *xics, uint32_t number, bool level)
{
    XicsSource *source = source_find(xics, number);

    if (!source) {
        return;
    }
    if (source->flags & SOURCE_LSI) {
        if (level) {
            source->status |= SOURCE_ASSERTED;
        } else {
            source->status &= ~SOURCE_ASSERTED;
        }
        source_resend(xics, number - xics->base);
    } else if (level) {
        if (source->priority == PRIORITY_MASKED) {
            source->status |= SOURCE_MASKED_PENDING;
        } else {
            present(xics, source->server, number, source->priority);
        }
    }
}

static void write_xive(XicsState *xics, uint32_t number, unsigned server, uint8_t priority,
                       uint8_t saved)
{
    XicsSource *source = source_find(xics, number);

    source->server = server;
    source->priority = priority;
    source->saved_priority = saved;
    if (source->flags & SOURCE_LSI) {
        source_resend(xics, number - xics->base);
    } else if ((source->status & (SOURCE_MASKED_PENDING | SOURCE_REJECTED)) &&
               priority != PRIORITY_MASKED) {
        /* Also one that its old server gave back: the new one may take it now. */
        source->status &= ~(SOURCE_MASKED_PENDING | SOURCE_REJECTED);
        present(xics, server, number, priority);
    }
}

bool xics_set_xive(XicsState *xics, uint32_t number, unsigned server, uint8_t priority)
{
    if (!source_find(xics, number) || !xics_server_valid(xics, server)) {
        return false;
    }
    write_xive(xics, number, server, priority, priority);
    return true;
}

bool xics_get_xive(const XicsState *xics, uint32_t number, unsigned *server, uint8_t *priority)
{
    XicsSource *source = source_find(xics, number);

    if (!source) {
        return false;
    }
    *server = source->server;
    *priority = source->priority;
    return true;
}

bool xics_int_off(XicsState *xics, uint32_t number)
{
    XicsSource *source = source_find(xics, number);

    if (!source) {
        return false;
    }
    /* Off twice: what int-on gives back is still the priority of before. */
    write_xive(xics, number, source->server, PRIORITY_MASKED,
               source->priority == PRIORITY_MASKED ? source->saved_priority : source->priority);
    return true;
}

bool xics_int_on(XicsState *xics, uint32_t number)
{
    XicsSource *source = source_find(xics, number);

    if (!source) {
        return false;
    }
    write_xive(xics, number, source->server, source->saved_priority, source->saved_priority);
    return true;
}

void xics_claim(XicsState *xics, uint32_t number, bool lsi)
{
    g_assert(number >= xics->base && number - xics->base < xics->n_sources);
    xics->sources[number - xics->base].flags = lsi ? SOURCE_LSI : SOURCE_MSI;
}

void xics_free(XicsState *xics, uint32_t number)
{
    XicsSource *source = source_find(xics, number);

    if (source) {
        memset(source, 0, sizeof(*source));
        source->priority = source->saved_priority = PRIORITY_MASKED;
    }
}

bool xics_claimed(const XicsState *xics, uint32_t number)
{
    return source_find(xics, number) != NULL;
}

void xics_print(const XicsState *xics, GString *out)
{
    for (uint32_t i = 0; i < xics->n_servers; i++) {
        const XicsPresenter *icp = &xics->servers[i];

        if (icp->output) {
            g_string_append_printf(out, "CPU %u XIRR=%08x PP=%02x MFRR=%02x\n", i, icp->xirr,
                                   icp->pending_priority, icp->mfrr);
        }
    }
    g_string_append_printf(out, "ICS %4x..%4x\n", xics->base, xics->base + xics->n_sources - 1);
    for (uint32_t i = 0; i < xics->n_sources; i++) {
        const XicsSource *source = &xics->sources[i];

        if (source->flags) {
            g_string_append_printf(out, "  %4x %s server=%u prio=%02x saved=%02x status=%02x\n",
                                   xics->base + i, source->flags & SOURCE_LSI ? "LSI" : "MSI",
                                   source->server, source->priority, source->saved_priority,
                                   source->status);
        }
    }
}

/* ---- Life ---- */

void xics_reset(XicsState *xics)
{
    for (uint32_t i = 0; i < xics->n_servers; i++) {
        XicsPresenter *icp = &xics->servers[i];

        icp->xirr = 0;
        icp->pending_priority = PRIORITY_MASKED;
        icp->mfrr = PRIORITY_MASKED;
        drive(icp);
    }
    for (uint32_t i = 0; i < xics->n_sources; i++) {
        XicsSource *source = &xics->sources[i];

        source->server = 0;
        source->status = 0;
        source->priority = source->saved_priority = PRIORITY_MASKED;
    }
}

void xics_connect_cpu(XicsState *xics, unsigned server, IRQLine *output)
{
    g_assert(server < xics->n_servers);
    xics->servers[server].output = output;
}

static void xics_device_reset(void *obj, ResetType type)
{
    xics_reset(obj);
}

/* ---- State: sections "ics" (all sources) and "icp/server" (one a processor) ---- */

static bool presenter_is(const XicsPresenter *icp, uint32_t xirr)
{
    return icp->xirr == xirr && icp->pending_priority == PRIORITY_MASKED &&
           icp->mfrr == PRIORITY_MASKED;
}

/*
 * QEMU 10.0 sends no presenter, whatever its state; 7.2 always does.  Our own streams have it if it
 * is not what xics_load_complete() would make of a presenter that is missing.
 */
static bool presenter_needed(void *opaque)
{
    const XicsPresenter *icp = opaque;

    switch (vmstate_wire()) {
    case VMSTATE_WIRE_QEMU_7_2:
        return true;
    case VMSTATE_WIRE_QEMU_10_0:
        return false;
    default:
        return !presenter_is(icp, icp->xics->active ? PRIORITY_OPEN << 24 : 0);
    }
}

static bool presenter_post_load(void *opaque, int version, GError **errp)
{
    XicsPresenter *icp = opaque;

    icp->loaded = true;
    drive(icp);
    return true;
}

static const VMStateDescription vmstate_presenter = {
    .name = "icp/server",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = presenter_needed,
    .post_load = presenter_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(xirr, XicsPresenter),
        VMSTATE_UINT8(pending_priority, XicsPresenter),
        VMSTATE_UINT8(mfrr, XicsPresenter),
        VMSTATE_END_OF_LIST(),
    },
    .host_only = VMSTATE_NAMES("output", "xics", "loaded"),
    VMSTATE_STRUCT_AUDIT(XicsPresenter),
};

bool xics_register_server(XicsState *xics, unsigned server, uint32_t instance, GError **errp)
{
    g_assert(server < xics->n_servers);
    return vmstate_register(NULL, instance, &vmstate_presenter, &xics->servers[server], errp);
}

void xics_set_active(XicsState *xics, bool active)
{
    xics->active = active;
}

void xics_drive_outputs(XicsState *xics)
{
    for (uint32_t i = 0; i < xics->n_servers; i++) {
        drive(&xics->servers[i]);
    }
}

void xics_load_complete(XicsState *xics)
{
    for (uint32_t i = 0; i < xics->n_servers; i++) {
        XicsPresenter *icp = &xics->servers[i];

        if (icp->output && !icp->loaded) {
            icp->xirr = xics->active ? PRIORITY_OPEN << 24 : 0;
            icp->pending_priority = icp->mfrr = PRIORITY_MASKED;
            drive(icp);
            if (xics->active) {
                resend_all(xics, icp);
            }
        }
        icp->loaded = false;
    }
}

struct XicsRecalled {
    XicsPresenter *servers;
    XicsSource *sources;
};

XicsRecalled *xics_recall(XicsState *xics)
{
    XicsRecalled *recalled = g_new0(XicsRecalled, 1);

    recalled->servers = g_memdup2(xics->servers, sizeof(XicsPresenter) * xics->n_servers);
    recalled->sources = g_memdup2(xics->sources, sizeof(XicsSource) * xics->n_sources);
    for (uint32_t i = 0; i < xics->n_servers; i++) {
        XicsPresenter *icp = &xics->servers[i];

        if (xisr(icp) && xisr(icp) != XICS_IPI) {
            source_reject(xics, xisr(icp));
        }
        set_xisr(icp, 0);
        icp->pending_priority = PRIORITY_MASKED;
    }
    return recalled;
}

void xics_undo_recall(XicsState *xics, XicsRecalled *recalled)
{
    memcpy(xics->servers, recalled->servers, sizeof(XicsPresenter) * xics->n_servers);
    memcpy(xics->sources, recalled->sources, sizeof(XicsSource) * xics->n_sources);
    xics_forget_recall(recalled);
}

void xics_forget_recall(XicsRecalled *recalled)
{
    if (recalled) {
        g_free(recalled->servers);
        g_free(recalled->sources);
        g_free(recalled);
    }
}

bool xics_presents(const XicsState *xics, unsigned server)
{
    const XicsPresenter *icp = &xics->servers[server];

    return xisr(icp) || icp->mfrr < cppr(icp);
}

static bool ics_pre_load(void *opaque, GError **errp)
{
    XicsState *xics = opaque;

    for (uint32_t i = 0; i < xics->n_servers; i++) {
        xics->servers[i].loaded = false;
    }
    return true;
}

static bool ics_post_load(void *opaque, int version, GError **errp)
{
    XicsState *xics = opaque;

    for (uint32_t i = 0; i < xics->n_sources; i++) {
        if (xics->sources[i].flags > SOURCE_MSI || xics->sources[i].server >= xics->n_servers) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "xics: source 0x%x has server %u, flags %u", xics->base + i,
                        xics->sources[i].server, xics->sources[i].flags);
            return false;
        }
    }
    return true;
}

static const VMStateDescription vmstate_source = {
    .name = "ics/irq",
    .version_id = 2,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(server, XicsSource),
        VMSTATE_UINT8(priority, XicsSource),
        VMSTATE_UINT8(saved_priority, XicsSource),
        VMSTATE_UINT8(status, XicsSource),
        VMSTATE_UINT8(flags, XicsSource),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(XicsSource),
};

static const VMStateDescription vmstate_ics = {
    .name = "ics",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = ics_pre_load,
    .post_load = ics_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32_EQUAL(n_sources, XicsState, "use the same machine version"),
            VMSTATE_STRUCT_VARRAY_POINTER_UINT32(sources, XicsState, n_sources, vmstate_source,
                                                 XicsSource),
            VMSTATE_END_OF_LIST(),
        },
    /* The machine's own post_load sets which controller is in use. */
    .derived = VMSTATE_NAMES("active"),
    .immutable = VMSTATE_NAMES("n_servers", "base"),
    .elsewhere = VMSTATE_NAMES("servers"),
    VMSTATE_STRUCT_AUDIT(XicsState),
};

static void xics_finalize(Object *obj)
{
    XicsState *xics = (XicsState *)obj;

    for (uint32_t i = 0; i < xics->n_servers; i++) {
        vmstate_unregister(&vmstate_presenter, &xics->servers[i]);
    }
    g_free(xics->servers);
    g_free(xics->sources);
}

const DeviceClass xics_class = {
    .name = "xics-spapr",
    .parent = &device_class.object,
    .description = "sPAPR XICS interrupt controller",
    .instance_size = sizeof(XicsState),
    .instance_finalize = xics_finalize,
    .vmstate = &vmstate_ics,
    .reset = {.hold = xics_device_reset},
};

XicsState *xics_create(unsigned n_servers, uint32_t base, unsigned n_sources, GError **errp)
{
    XicsState *xics = (XicsState *)device_new_class(&xics_class);

    xics->n_servers = n_servers;
    xics->base = base;
    xics->n_sources = n_sources;
    xics->servers = g_new0(XicsPresenter, n_servers);
    xics->sources = g_new0(XicsSource, n_sources);
    for (uint32_t i = 0; i < n_servers; i++) {
        xics->servers[i].xics = xics;
    }
    return device_realize_and_unref(&xics->parent, NULL, errp) ? xics : NULL;
}
