/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Platform events: the environment and power warning (EPOW) that a powerdown request becomes, the
 * queue behind check-exception and event-scan, and firmware-assisted NMI registration.  LoPAR 10.2
 * (RTAS error and event information), 10.3 (version 6 extended log), 7.3.3, 7.3.14.
 */
#include <string.h>
#include <time.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-tokens.h"
#include "system/rtc.h"
#include "util/bswap.h"

#define EVENT_CLASS_INTERNAL_ERRORS 0x80000000u
#define EVENT_CLASS_EPOW 0x40000000u

#define LOG_VERSION_6 0x06000000u
#define LOG_SEVERITY_EVENT 0x00200000u
#define LOG_NOT_RECOVERED 0x00100000u
#define LOG_EXTENDED_PRESENT 0x00080000u
#define LOG_TYPE_EPOW 0x00000040u

#define EPOW_SYSTEM_SHUTDOWN 3
#define EPOW_SHUTDOWN_NORMAL 1
#define MAX_PENDING_EVENTS 64

static void put_u16(GByteArray *a, uint16_t v)
{
    v = GUINT16_TO_BE(v);
    g_byte_array_append(a, (const guint8 *)&v, 2);
}

static void put_u32(GByteArray *a, uint32_t v)
{
    v = GUINT32_TO_BE(v);
    g_byte_array_append(a, (const guint8 *)&v, 4);
}

static void put_u8(GByteArray *a, uint8_t v)
{
    g_byte_array_append(a, &v, 1);
}

static void put_zeros(GByteArray *a, unsigned n)
{
    while (n--) {
        put_u8(a, 0);
    }
}

static uint8_t bcd(unsigned v)
{
    return v / 10 % 10 << 4 | v % 10;
}

static void put_section_header(GByteArray *a, const char *id, uint16_t length, uint8_t version)
{
    g_byte_array_append(a, (const guint8 *)id, 2);
    put_u16(a, length);
    put_u8(a, version);
    put_u8(a, 0);
    put_u16(a, 0);
}

/* Version 6 log: its own header, then the sections PH (platform), UH (user), EP (warning). */
static GByteArray *make_epow_log(void)
{
    GByteArray *a = g_byte_array_new();
    struct tm tm;
    unsigned year;

    rtc_get_date(&tm, 0);
    year = tm.tm_year + 1900;

    put_u8(a, 0x80 | 0x04 | 0x02);   /* valid, new, big-endian */
    put_u8(a, 0);
    put_u8(a, 0x80 | 0x0e);          /* PowerPC format, platform event log */
    put_zeros(a, 9);
    g_byte_array_append(a, (const guint8 *)"IBM", 4);

    put_section_header(a, "PH", 48, 1);
    put_u32(a, (uint32_t)bcd(year / 100) << 24 | bcd(year % 100) << 16 | bcd(tm.tm_mon + 1) << 8 |
                   bcd(tm.tm_mday));
    put_u32(a, (uint32_t)bcd(tm.tm_hour) << 24 | bcd(tm.tm_min) << 16 | bcd(tm.tm_sec) << 8);
    put_zeros(a, 8);
    put_u8(a, 'H');                  /* creator: the hypervisor */
    put_zeros(a, 2);
    put_u8(a, 3);                    /* sections */
    put_zeros(a, 20);

    put_section_header(a, "UH", 24, 1);
    put_u8(a, 0xa0);                 /* subsystem: external environment */
    put_u8(a, 0);
    put_u8(a, 0);                    /* severity: informational */
    put_u8(a, 0xb0);                 /* subtype: a shutdown request that is nobody's fault */
    put_zeros(a, 4);
    put_u16(a, 0x8800);              /* action: service and reporting */
    put_zeros(a, 6);

    put_section_header(a, "EP", 20, 2);
    put_u8(a, EPOW_SYSTEM_SHUTDOWN);
    put_u8(a, EPOW_SHUTDOWN_NORMAL);
    put_zeros(a, 10);
    return a;
}

static void event_clear(gpointer data)
{
    g_free(((SpaprEvent *)data)->extended);
}

void spapr_events_init(SpaprMachine *spapr)
{
    spapr->events = g_array_new(FALSE, TRUE, sizeof(SpaprEvent));
    g_array_set_clear_func(spapr->events, event_clear);
}

static void pulse(SpaprMachine *spapr)
{
    IRQLine *line = spapr_irq_line(spapr, SPAPR_IRQ_EPOW);

    if (line) {
        irq_pulse(line);
    }
}

void spapr_powerdown_request(SpaprMachine *spapr)
{
    SpaprEvent event = {0};
    gsize size;

    if (spapr->events->len >= MAX_PENDING_EVENTS) {
        return;                      /* the guest does not listen; it has the request already */
    }
    event.summary = LOG_VERSION_6 | LOG_SEVERITY_EVENT | LOG_NOT_RECOVERED | LOG_EXTENDED_PRESENT |
                    LOG_TYPE_EPOW;
    event.extended = g_byte_array_steal(make_epow_log(), &size);
    event.size = size;
    g_array_append_val(spapr->events, event);
    pulse(spapr);
}

void spapr_events_reset(SpaprMachine *spapr)
{
    g_array_set_size(spapr->events, 0);
    spapr->fwnmi_registered = false;
    spapr->fwnmi_sreset_addr = spapr->fwnmi_mce_addr = 0;
    spapr->fwnmi_interlock_cpu = -1;
}

/* Hands the oldest event out to a guest buffer; a short buffer gets what fits. */
static uint32_t deliver(SpaprRtasCall *call, uint32_t mask, uint64_t buffer, uint32_t room)
{
    SpaprMachine *spapr = call->spapr;
    SpaprEvent *event;

    if (!(mask & EVENT_CLASS_EPOW) || !spapr->events->len) {
        return RTAS_OUT_NO_ERRORS_FOUND;
    }
    if (room < 8 || !spapr_is_ram(spapr, buffer, room)) {
        return RTAS_OUT_PARAM_ERROR;
    }
    event = &g_array_index(spapr->events, SpaprEvent, 0);
    spapr_stl(spapr, buffer, event->summary);
    spapr_stl(spapr, buffer + 4, event->size);
    spapr_write(spapr, buffer + 8, event->extended, MIN(event->size, room - 8));
    g_array_remove_index(spapr->events, 0);
    if (spapr->events->len) {
        pulse(spapr);                /* one interrupt per event, as the guest takes one at a time */
    }
    return RTAS_OUT_SUCCESS;
}

static void rtas_check_exception(SpaprRtasCall *call)
{
    rtas_ret(call, 0, deliver(call, rtas_arg(call, 2), rtas_arg(call, 4), rtas_arg(call, 5)));
}

static void rtas_event_scan(SpaprRtasCall *call)
{
    rtas_ret(call, 0, deliver(call, rtas_arg(call, 0), rtas_arg(call, 2), rtas_arg(call, 3)));
}

static void rtas_nmi_register(SpaprRtasCall *call)
{
    SpaprMachine *spapr = call->spapr;
    uint64_t sreset = rtas_arg(call, 0), mce = rtas_arg(call, 1);

    if (!spapr_cap(spapr, SPAPR_CAP_FWNMI)) {
        rtas_ret(call, 0, RTAS_OUT_NOT_SUPPORTED);
        return;
    }
    /* Both vectors must lie in the first 32 MiB. */
    if (sreset >= 32u << 20 || mce >= 32u << 20) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    spapr->fwnmi_sreset_addr = sreset;
    spapr->fwnmi_mce_addr = mce;
    spapr->fwnmi_registered = true;
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

static void rtas_nmi_interlock(SpaprRtasCall *call)
{
    SpaprMachine *spapr = call->spapr;

    if (!spapr_cap(spapr, SPAPR_CAP_FWNMI) || !spapr->fwnmi_registered) {
        rtas_ret(call, 0, RTAS_OUT_NOT_SUPPORTED);
        return;
    }
    if (spapr->fwnmi_interlock_cpu >= 0 && spapr->fwnmi_interlock_cpu != call->cpu->vcpu_id) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    spapr->fwnmi_interlock_cpu = -1;
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

const SpaprRtasRow spapr_rtas_event[] = {
    {RTAS_CHECK_EXCEPTION, "check-exception", rtas_check_exception, 6, 1},
    {RTAS_EVENT_SCAN, "event-scan", rtas_event_scan, 4, 1},
    {RTAS_IBM_NMI_REGISTER, "ibm,nmi-register", rtas_nmi_register, 2, 1},
    {RTAS_IBM_NMI_INTERLOCK, "ibm,nmi-interlock", rtas_nmi_interlock, 0, 1},
    {0},
};

void spapr_events_fdt(SpaprMachine *spapr, void *fdt, uint32_t intc_phandle)
{
    int node = fdt_add_subnode(fdt, 0, "event-sources"), epow;
    fdt32_t ranges[2] = {cpu_to_fdt32(SPAPR_IRQ_EPOW), cpu_to_fdt32(1)};
    fdt32_t irq[2] = {cpu_to_fdt32(SPAPR_IRQ_EPOW), 0};

    spapr_fdt_note(fdt, node);
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "interrupt-controller", NULL, 0));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "#interrupt-cells", 2));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "interrupt-parent", intc_phandle));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "interrupt-ranges", ranges, sizeof(ranges)));
    epow = fdt_add_subnode(fdt, node, "epow-events");
    spapr_fdt_note(fdt, epow);
    spapr_fdt_note(fdt, fdt_setprop(fdt, epow, "interrupts", irq, sizeof(irq)));
}
