/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RTAS: dispatch and the basic calls (console character, time of day, power, processors, system
 * parameters, OS termination).  LoPAR chapter 7; token numbers are ours, in the order of enum below
 * so that they are those QEMU gives (a guest that was started there keeps them after a migration).
 */
#include <string.h>
#include <time.h>
#include "spapr-internal.h"
#include "spapr-tokens.h"
#include "hw/char/spapr-vty.h"
#include "system/rtc.h"
#include "system/runstate.h"

uint32_t rtas_arg(const SpaprRtasCall *call, unsigned index)
{
    return spapr_ldl(call->spapr, call->args + 4 * index);
}

uint64_t rtas_arg64(const SpaprRtasCall *call, unsigned index)
{
    return (uint64_t)rtas_arg(call, index) << 32 | rtas_arg(call, index + 1);
}

void rtas_ret(const SpaprRtasCall *call, unsigned index, uint32_t value)
{
    if (index < call->n_rets) {
        spapr_stl(call->spapr, call->rets + 4 * index, value);
    }
}

/* ---- Console, power ---- */

static void rtas_display_character(SpaprRtasCall *call)
{
    VioDevice *vty = spapr_vty_default(call->spapr);
    uint8_t c = rtas_arg(call, 0);

    if (!vty) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    if (spapr_vty_write(&vty->parent, &c, 1)) {
        rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    } else {
        call->again = true;
    }
}

static void rtas_power_off(SpaprRtasCall *call)
{
    system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    cpu_set_halted(&call->cpu->parent, true);
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

static void rtas_system_reboot(SpaprRtasCall *call)
{
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

/* ---- Time of day ---- */

static void rtas_get_time_of_day(SpaprRtasCall *call)
{
    int64_t ns = rtc_now_ns() + call->spapr->rtc_offset_ns;
    /* Before 1970 too, the nanoseconds count up. */
    int64_t fraction = (ns % 1000000000 + 1000000000) % 1000000000;
    time_t seconds = (ns - fraction) / 1000000000;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm)) {
        rtas_ret(call, 0, RTAS_OUT_HW_ERROR);
        return;
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    rtas_ret(call, 1, tm.tm_year + 1900);
    rtas_ret(call, 2, tm.tm_mon + 1);
    rtas_ret(call, 3, tm.tm_mday);
    rtas_ret(call, 4, tm.tm_hour);
    rtas_ret(call, 5, tm.tm_min);
    rtas_ret(call, 6, tm.tm_sec);
    rtas_ret(call, 7, fraction);
}

static void rtas_set_time_of_day(SpaprRtasCall *call)
{
    uint32_t year = rtas_arg(call, 0), month = rtas_arg(call, 1), day = rtas_arg(call, 2);
    uint32_t hour = rtas_arg(call, 3), minute = rtas_arg(call, 4), second = rtas_arg(call, 5);
    struct tm tm;

    /* Years whose nanoseconds since 1970 are a 64-bit number, with room for the clock to go on. */
    if (year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 60) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    tm = (struct tm){.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day,
                     .tm_hour = (int)hour, .tm_min = (int)minute, .tm_sec = (int)second};
    call->spapr->rtc_offset_ns = (int64_t)timegm(&tm) * 1000000000 - rtc_now_ns();
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

/* ---- Processors ---- */

static void rtas_query_cpu_stopped_state(SpaprRtasCall *call)
{
    PowerPCCPU *target = spapr_find_cpu(call->spapr, rtas_arg(call, 0));

    if (!target) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    /* 0: stopped, 2: running */
    rtas_ret(call, 1, spapr_cpu_is_stopped(target) ? 0 : 2);
}

static void rtas_start_cpu(SpaprRtasCall *call)
{
    PowerPCCPU *target = spapr_find_cpu(call->spapr, rtas_arg(call, 0));

    if (!target) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    if (!spapr_cpu_is_stopped(target)) {
        rtas_ret(call, 0, RTAS_OUT_HW_ERROR);
        return;
    }
    spapr_cpu_start_from(call->spapr, call->cpu, target, rtas_arg(call, 1), rtas_arg(call, 2));
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

static void rtas_stop_self(SpaprRtasCall *call)
{
    spapr_cpu_stop_self(call->spapr, call->cpu);
}

static void rtas_suspend_me(SpaprRtasCall *call)
{
    log_mask(LOG_UNIMP, "RTAS: ibm,suspend-me\n");
    rtas_ret(call, 0, RTAS_OUT_NOT_SUPPORTED);
}

/* ---- System parameters ---- */

enum { SYSPARM_SPLPAR_CHARACTERISTICS = 20, SYSPARM_DIAGNOSTICS_RUN_MODE = 42, SYSPARM_UUID = 48 };

/* Result: 2-byte length, then the value. */
static uint32_t sysparm_store(SpaprRtasCall *call, uint64_t buffer, uint32_t room,
                              const void *value, uint16_t size)
{
    if (room < 2) {
        return RTAS_OUT_SYSPARM_PARAM_ERROR;
    }
    if (!spapr_is_ram(call->spapr, buffer, room)) {
        return RTAS_OUT_PARAM_ERROR;
    }
    spapr_stw(call->spapr, buffer, size);
    spapr_write(call->spapr, buffer + 2, value, MIN(size, room - 2));
    return RTAS_OUT_SUCCESS;
}

static void rtas_get_system_parameter(SpaprRtasCall *call)
{
    uint32_t parameter = rtas_arg(call, 0), room = rtas_arg(call, 2);
    uint64_t buffer = rtas_arg(call, 1);
    SpaprMachine *spapr = call->spapr;
    uint32_t result;

    switch (parameter) {
    case SYSPARM_SPLPAR_CHARACTERISTICS: {
        MachineState *machine = &spapr->parent;
        g_autofree char *text = g_strdup_printf(
            "MaxEntCap=%u,DesMem=%" PRIu64 ",DesProcs=%u,MaxPlatProcs=%u", machine->smp.max_cpus,
            machine->ram_size >> 20, machine->smp.cpus, machine->smp.max_cpus);

        result = sysparm_store(call, buffer, room, text, strlen(text) + 1);
        break;
    }
    case SYSPARM_DIAGNOSTICS_RUN_MODE: {
        uint8_t disabled = 0;

        result = sysparm_store(call, buffer, room, &disabled, 1);
        break;
    }
    case SYSPARM_UUID:
        result = sysparm_store(call, buffer, room, spapr->parent.uuid,
                               spapr->parent.uuid_set ? 16 : 0);
        break;
    default:
        result = RTAS_OUT_NOT_SUPPORTED;
    }
    rtas_ret(call, 0, result);
}

static void rtas_set_system_parameter(SpaprRtasCall *call)
{
    switch (rtas_arg(call, 0)) {
    case SYSPARM_SPLPAR_CHARACTERISTICS:
    case SYSPARM_DIAGNOSTICS_RUN_MODE:
    case SYSPARM_UUID:
        rtas_ret(call, 0, RTAS_OUT_NOT_AUTHORIZED);
        break;
    default:
        rtas_ret(call, 0, RTAS_OUT_NOT_SUPPORTED);
    }
}

static void rtas_os_term(SpaprRtasCall *call)
{
    g_autofree char *message = spapr_read_string(call->spapr, rtas_arg(call, 0), 512);

    log_mask(LOG_GUEST_ERROR, "OS terminated: %s\n", message ? message : "(no message)");
    system_guest_panicked(message);
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

static void rtas_set_power_level(SpaprRtasCall *call)
{
    uint32_t domain = rtas_arg(call, 0);

    /* There is one live-insertion domain, whose power cannot be switched. */
    if (domain == UINT32_MAX) {
        rtas_ret(call, 0, RTAS_OUT_SUCCESS);
        rtas_ret(call, 1, 100);
    } else {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
    }
}

static void rtas_get_power_level(SpaprRtasCall *call)
{
    rtas_set_power_level(call);
}

/* No hot-plug connectors exist on this machine yet: every index is unknown. */
static void rtas_set_indicator(SpaprRtasCall *call)
{
    rtas_ret(call, 0, RTAS_OUT_NO_SUCH_INDICATOR);
}

static void rtas_get_sensor_state(SpaprRtasCall *call)
{
    rtas_ret(call, 0, RTAS_OUT_NO_SUCH_INDICATOR);
}

static void rtas_configure_connector(SpaprRtasCall *call)
{
    rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
}

static void rtas_quiesce(SpaprRtasCall *call)
{
    spapr_vio_quiesce(call->spapr);
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

const SpaprRtasRow spapr_rtas_basic[] = {
    {RTAS_DISPLAY_CHARACTER, "display-character", rtas_display_character, 1, 1},
    {RTAS_GET_TIME_OF_DAY, "get-time-of-day", rtas_get_time_of_day, 0, 8},
    {RTAS_SET_TIME_OF_DAY, "set-time-of-day", rtas_set_time_of_day, 7, 1},
    {RTAS_POWER_OFF, "power-off", rtas_power_off, 2, 1},
    {RTAS_SYSTEM_REBOOT, "system-reboot", rtas_system_reboot, 0, 1},
    {RTAS_QUERY_CPU_STOPPED_STATE, "query-cpu-stopped-state", rtas_query_cpu_stopped_state, 1, 2},
    {RTAS_START_CPU, "start-cpu", rtas_start_cpu, 3, 1},
    {RTAS_STOP_SELF, "stop-self", rtas_stop_self, 0, 0},
    {RTAS_IBM_GET_SYSTEM_PARAMETER, "ibm,get-system-parameter", rtas_get_system_parameter, 3, 1},
    {RTAS_IBM_SET_SYSTEM_PARAMETER, "ibm,set-system-parameter", rtas_set_system_parameter, 2, 1},
    {RTAS_QUIESCE, "quiesce", rtas_quiesce, 0, 0},
    {RTAS_SET_INDICATOR, "set-indicator", rtas_set_indicator, 3, 1},
    {RTAS_SET_POWER_LEVEL, "set-power-level", rtas_set_power_level, 2, 2},
    {RTAS_GET_POWER_LEVEL, "get-power-level", rtas_get_power_level, 1, 2},
    {RTAS_GET_SENSOR_STATE, "get-sensor-state", rtas_get_sensor_state, 2, 2},
    {RTAS_IBM_CONFIGURE_CONNECTOR, "ibm,configure-connector", rtas_configure_connector, 2, 1},
    {RTAS_IBM_OS_TERM, "ibm,os-term", rtas_os_term, 1, 1},
    {RTAS_IBM_SUSPEND_ME, "ibm,suspend-me", rtas_suspend_me, 0, 1},
    {0},
};

bool spapr_rtas_row_hidden(const SpaprMachine *spapr, const SpaprRtasRow *row)
{
    switch (row->token) {
    case RTAS_IBM_SET_XIVE ... RTAS_IBM_INT_ON:
        return !spapr->xics;
    default:
        return false;
    }
}

/* ---- Dispatch ---- */

static const SpaprRtasRow *const rtas_tables[] = {
    spapr_rtas_basic, spapr_rtas_irq, spapr_rtas_nvram, spapr_rtas_event, spapr_rtas_pci};

static const SpaprRtasRow *find_row(uint32_t token)
{
    for (unsigned t = 0; t < G_N_ELEMENTS(rtas_tables); t++) {
        for (const SpaprRtasRow *row = rtas_tables[t]; row->fn; row++) {
            if (row->token == token) {
                return row;
            }
        }
    }
    return NULL;
}

void spapr_rtas_foreach(void (*fn)(const SpaprRtasRow *row, void *opaque), void *opaque)
{
    for (uint32_t token = SPAPR_RTAS_TOKEN_BASE; token < RTAS_TOKEN_END; token++) {
        const SpaprRtasRow *row = find_row(token);

        if (row) {
            fn(row, opaque);
        }
    }
}

HCallResult spapr_rtas_call(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t address)
{
    SpaprRtasCall call = {.spapr = spapr, .cpu = cpu};
    const SpaprRtasRow *row;

    if (!spapr_is_ram(spapr, address, 12)) {
        return H_PARAMETER;
    }
    call.token = spapr_ldl(spapr, address);
    call.n_args = spapr_ldl(spapr, address + 4);
    call.n_rets = spapr_ldl(spapr, address + 8);
    if (call.n_args > 16 || call.n_rets > 16 ||
        !spapr_is_ram(spapr, address, 12 + 4 * (uint64_t)(call.n_args + call.n_rets))) {
        log_mask(LOG_GUEST_ERROR, "RTAS: malformed call at 0x%" PRIx64 "\n", address);
        return H_PARAMETER;
    }
    call.args = address + 12;
    call.rets = call.args + 4 * call.n_args;
    row = find_row(call.token);
    if (!row) {
        log_mask(LOG_UNIMP, "RTAS: unknown token 0x%x\n", call.token);
        if (call.n_rets) {
            rtas_ret(&call, 0, RTAS_OUT_PARAM_ERROR);
        }
        return H_PARAMETER;
    }
    if ((int)call.n_args < row->n_args || (int)call.n_rets < row->n_rets) {
        log_mask(LOG_GUEST_ERROR, "RTAS: %s called with %u arguments and %u results\n", row->name,
                 call.n_args, call.n_rets);
        if (call.n_rets) {
            rtas_ret(&call, 0, RTAS_OUT_PARAM_ERROR);
        }
        return H_SUCCESS;
    }
    row->fn(&call);
    return call.again ? H_COME_AGAIN : H_SUCCESS;
}
