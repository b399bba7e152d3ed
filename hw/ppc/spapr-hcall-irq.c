/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt hypercalls and RTAS calls: XICS presenters (H_XIRR …, LoPAR 14.5.4.7), XICS sources
 * (ibm,set-xive …, 7.3.10), XIVE exploitation (H_INT_*, 14.11.4.2).
 * A call of the controller that is not active gets H_FUNCTION.
 */
#include "spapr-internal.h"
#include "spapr-tokens.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"

/* ---- XICS ---- */

static XicsState *active_xics(SpaprMachine *spapr)
{
    return spapr->active_ic == 0 ? (XicsState *)spapr->xics : NULL;
}

static HCallResult h_cppr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XicsState *xics = active_xics(spapr);

    if (!xics) {
        return H_FUNCTION;
    }
    xics_set_cppr(xics, cpu->vcpu_id, args[0]);
    return H_SUCCESS;
}

static HCallResult h_ipi(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XicsState *xics = active_xics(spapr);

    if (!xics) {
        return H_FUNCTION;
    }
    if (!xics_server_valid(xics, args[0])) {
        return H_PARAMETER;
    }
    xics_set_mfrr(xics, args[0], args[1]);
    return H_SUCCESS;
}

static HCallResult h_xirr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XicsState *xics = active_xics(spapr);

    if (!xics) {
        return H_FUNCTION;
    }
    args[0] = xics_accept(xics, cpu->vcpu_id);
    return H_SUCCESS;
}

static HCallResult h_xirr_x(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XicsState *xics = active_xics(spapr);

    if (!xics) {
        return H_FUNCTION;
    }
    args[0] = xics_accept(xics, cpu->vcpu_id);
    args[1] = ppc_get_tb(&cpu->env);
    return H_SUCCESS;
}

static HCallResult h_eoi(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XicsState *xics = active_xics(spapr);

    if (!xics) {
        return H_FUNCTION;
    }
    xics_eoi(xics, cpu->vcpu_id, args[0]);
    return H_SUCCESS;
}

static HCallResult h_ipoll(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XicsState *xics = active_xics(spapr);
    uint32_t mfrr;

    if (!xics) {
        return H_FUNCTION;
    }
    if (!xics_server_valid(xics, args[0])) {
        return H_PARAMETER;
    }
    args[0] = xics_poll(xics, args[0], &mfrr);
    args[1] = mfrr;
    return H_SUCCESS;
}

const SpaprHCall spapr_hcalls_xics[] = {
    {0x64, "H_EOI", h_eoi},   {0x68, "H_CPPR", h_cppr}, {0x6c, "H_IPI", h_ipi},
    {0x70, "H_IPOLL", h_ipoll}, {0x74, "H_XIRR", h_xirr}, {0x2fc, "H_XIRR_X", h_xirr_x},
    {0},
};

static void rtas_set_xive(SpaprRtasCall *call)
{
    XicsState *xics = active_xics(call->spapr);
    bool good = xics && rtas_arg(call, 2) <= 0xff &&
                xics_set_xive(xics, rtas_arg(call, 0), rtas_arg(call, 1), rtas_arg(call, 2));

    rtas_ret(call, 0, good ? RTAS_OUT_SUCCESS : RTAS_OUT_PARAM_ERROR);
}

static void rtas_get_xive(SpaprRtasCall *call)
{
    XicsState *xics = active_xics(call->spapr);
    unsigned server;
    uint8_t priority;

    if (!xics || !xics_get_xive(xics, rtas_arg(call, 0), &server, &priority)) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    rtas_ret(call, 1, server);
    rtas_ret(call, 2, priority);
}

static void rtas_int_off(SpaprRtasCall *call)
{
    XicsState *xics = active_xics(call->spapr);
    bool good = xics && xics_int_off(xics, rtas_arg(call, 0));

    rtas_ret(call, 0, good ? RTAS_OUT_SUCCESS : RTAS_OUT_PARAM_ERROR);
}

static void rtas_int_on(SpaprRtasCall *call)
{
    XicsState *xics = active_xics(call->spapr);
    bool good = xics && xics_int_on(xics, rtas_arg(call, 0));

    rtas_ret(call, 0, good ? RTAS_OUT_SUCCESS : RTAS_OUT_PARAM_ERROR);
}

const SpaprRtasRow spapr_rtas_irq[] = {
    {RTAS_IBM_SET_XIVE, "ibm,set-xive", rtas_set_xive, 3, 1},
    {RTAS_IBM_GET_XIVE, "ibm,get-xive", rtas_get_xive, 1, 3},
    {RTAS_IBM_INT_OFF, "ibm,int-off", rtas_int_off, 1, 1},
    {RTAS_IBM_INT_ON, "ibm,int-on", rtas_int_on, 1, 1},
    {0},
};

/* ---- XIVE ---- */

#define PAPR_BIT(n) (1ull << (63 - (n)))
#define SRC_H_INT_ESB PAPR_BIT(60)
#define SRC_LSI PAPR_BIT(61)
#define SRC_TRIGGER PAPR_BIT(62)
#define SRC_STORE_EOI PAPR_BIT(63)
#define SET_EISN PAPR_BIT(62)
#define SET_MASK PAPR_BIT(63)
#define QUEUE_ALWAYS_NOTIFY PAPR_BIT(63)
#define QUEUE_DEBUG PAPR_BIT(63)
#define ESB_STORE PAPR_BIT(63)

static XiveState *active_xive(SpaprMachine *spapr)
{
    return spapr->active_ic == 1 ? (XiveState *)spapr->xive : NULL;
}

/* Priority 7 is the hypervisor's (escalations); others are the guest's. */
static bool priority_usable(uint64_t priority)
{
    return priority < 7;
}

static HCallResult h_int_get_source_info(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                         uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], lisn = args[1], page;

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags) {
        return H_PARAMETER;
    }
    if (lisn >= xive_n_sources(xive) || !xive_claimed(xive, lisn)) {
        return H_P2;
    }
    page = XIVE_VC_BASE + (lisn << XIVE_ESB_SHIFT);
    args[0] = xive_source_is_lsi(xive, lisn) ? SRC_LSI : 0;
    args[1] = page + (1u << (XIVE_ESB_SHIFT - 1));
    args[2] = (args[0] & SRC_LSI) ? UINT64_MAX : page;
    args[3] = XIVE_ESB_SHIFT - 1;
    return H_SUCCESS;
}

static HCallResult h_int_set_source_config(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                           uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], lisn = args[1], target = args[2], priority = args[3], eisn = args[4];
    XiveRouting routing;

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags & ~(SET_EISN | SET_MASK)) {
        return H_PARAMETER;
    }
    if (lisn >= xive_n_sources(xive) || !xive_claimed(xive, lisn)) {
        return H_P2;
    }
    xive_get_routing(xive, lisn, &routing);
    if (priority == 0xff) {
        routing.masked = true;
        xive_set_routing(xive, lisn, &routing);
        return H_SUCCESS;
    }
    if (flags & SET_MASK) {
        routing.masked = true;
    } else {
        routing.masked = false;
    }
    if (!priority_usable(priority)) {
        return H_P4;
    }
    if (!xive_server_valid(xive, target)) {
        return H_P3;
    }
    routing.server = target;
    routing.priority = priority;
    if (flags & SET_EISN) {
        routing.data = eisn;
    }
    xive_set_routing(xive, lisn, &routing);
    return H_SUCCESS;
}

static HCallResult h_int_get_source_config(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                           uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], lisn = args[1];
    XiveRouting routing;

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags) {
        return H_PARAMETER;
    }
    if (lisn >= xive_n_sources(xive) || !xive_claimed(xive, lisn)) {
        return H_P2;
    }
    xive_get_routing(xive, lisn, &routing);
    args[0] = routing.server;
    args[1] = routing.masked ? 0xff : routing.priority;
    args[2] = routing.data;
    return H_SUCCESS;
}

static HCallResult h_int_get_queue_info(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                        uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], target = args[1], priority = args[2];
    XiveQueue queue;

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags) {
        return H_PARAMETER;
    }
    if (!xive_server_valid(xive, target)) {
        return H_P2;
    }
    if (!priority_usable(priority)) {
        return H_P3;
    }
    xive_get_queue(xive, target, priority, &queue);
    args[0] = xive_end_page(xive, target, priority);
    args[1] = queue.enabled ? queue.size_shift : 0;
    return H_SUCCESS;
}

static HCallResult h_int_set_queue_config(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                          uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], target = args[1], priority = args[2], page = args[3], size = args[4];
    XiveQueue queue = {0};

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags & ~QUEUE_ALWAYS_NOTIFY) {
        return H_PARAMETER;
    }
    if (!xive_server_valid(xive, target)) {
        return H_P2;
    }
    if (!priority_usable(priority)) {
        return H_P3;
    }
    switch (size) {
    case 12:
    case 16:
    case 21:
    case 24:
        if ((page & ((1ull << size) - 1)) || !spapr_is_ram(spapr, page, 1ull << size)) {
            return H_P4;
        }
        queue.address = page;
        queue.size_shift = size;
        queue.always_notify = flags & QUEUE_ALWAYS_NOTIFY;
        break;
    case 0:
        break;
    default:
        return H_P5;
    }
    xive_set_queue(xive, target, priority, &queue);
    return H_SUCCESS;
}

static HCallResult h_int_get_queue_config(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                          uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], target = args[1], priority = args[2];
    XiveQueue queue;

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags & ~QUEUE_DEBUG) {
        return H_PARAMETER;
    }
    if (!xive_server_valid(xive, target)) {
        return H_P2;
    }
    if (!priority_usable(priority)) {
        return H_P3;
    }
    xive_get_queue(xive, target, priority, &queue);
    args[0] = queue.always_notify ? QUEUE_ALWAYS_NOTIFY : 0;
    args[1] = queue.enabled ? queue.address : 0;
    args[2] = queue.enabled ? queue.size_shift : 0;
    if (flags & QUEUE_DEBUG) {
        args[0] |= (uint64_t)queue.generation << 62;
        args[3] = queue.index;
    } else {
        args[3] = 0;
    }
    return H_SUCCESS;
}

static HCallResult h_int_set_os_reporting_line(SpaprMachine *spapr, PowerPCCPU *cpu,
                                               uint64_t opcode, uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t address = args[1];

    if (!xive) {
        return H_FUNCTION;
    }
    /* Bit 63: the caller's own line; else a target, which nobody may set for another. */
    if (args[0] & ~PAPR_BIT(63)) {
        return H_PARAMETER;
    }
    if (address != UINT64_MAX && ((address & 0x7f) || !spapr_is_ram(spapr, address, 256))) {
        return H_P2;
    }
    xive_set_reporting_line(xive, cpu->vcpu_id, address == UINT64_MAX ? 0 : address);
    return H_SUCCESS;
}

static HCallResult h_int_get_os_reporting_line(SpaprMachine *spapr, PowerPCCPU *cpu,
                                               uint64_t opcode, uint64_t *args)
{
    XiveState *xive = active_xive(spapr);

    if (!xive) {
        return H_FUNCTION;
    }
    if (args[0]) {
        return H_PARAMETER;
    }
    if (!xive_server_valid(xive, args[1])) {
        return H_P2;
    }
    args[0] = xive_get_reporting_line(xive, args[1]);
    return H_SUCCESS;
}

static HCallResult h_int_esb(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XiveState *xive = active_xive(spapr);
    uint64_t flags = args[0], lisn = args[1], offset = args[2], data = args[3];

    if (!xive) {
        return H_FUNCTION;
    }
    if (flags & ~ESB_STORE) {
        return H_PARAMETER;
    }
    if (lisn >= xive_n_sources(xive) || !xive_claimed(xive, lisn)) {
        return H_P2;
    }
    if (offset > (1u << (XIVE_ESB_SHIFT - 1))) {
        return H_P3;
    }
    if (flags & ESB_STORE) {
        xive_esb_store(xive, lisn, offset & 0xfff, data);
        args[0] = UINT64_MAX;
    } else {
        args[0] = xive_esb_load(xive, lisn, offset & 0xfff);
    }
    return H_SUCCESS;
}

static HCallResult h_int_sync(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    XiveState *xive = active_xive(spapr);

    if (!xive) {
        return H_FUNCTION;
    }
    if (args[0]) {
        return H_PARAMETER;
    }
    if (args[1] >= xive_n_sources(xive) || !xive_claimed(xive, args[1])) {
        return H_P2;
    }
    return H_SUCCESS;            /* events reach their queue at once: nothing is in flight */
}

static HCallResult h_int_reset(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    XiveState *xive = active_xive(spapr);

    if (!xive) {
        return H_FUNCTION;
    }
    if (args[0]) {
        return H_PARAMETER;
    }
    xive_reset(xive);
    return H_SUCCESS;
}

const SpaprHCall spapr_hcalls_xive[] = {
    {0x3a8, "H_INT_GET_SOURCE_INFO", h_int_get_source_info},
    {0x3ac, "H_INT_SET_SOURCE_CONFIG", h_int_set_source_config},
    {0x3b0, "H_INT_GET_SOURCE_CONFIG", h_int_get_source_config},
    {0x3b4, "H_INT_GET_QUEUE_INFO", h_int_get_queue_info},
    {0x3b8, "H_INT_SET_QUEUE_CONFIG", h_int_set_queue_config},
    {0x3bc, "H_INT_GET_QUEUE_CONFIG", h_int_get_queue_config},
    {0x3c0, "H_INT_SET_OS_REPORTING_LINE", h_int_set_os_reporting_line},
    {0x3c4, "H_INT_GET_OS_REPORTING_LINE", h_int_get_os_reporting_line},
    {0x3c8, "H_INT_ESB", h_int_esb},
    {0x3cc, "H_INT_SYNC", h_int_sync},
    {0x3d0, "H_INT_RESET", h_int_reset},
    {0},
};
