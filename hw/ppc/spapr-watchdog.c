/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H_WATCHDOG: up to four watchdogs of the partition, each with an action of its own.  LoPAR 14.16
 * as Linux's pseries-wdt driver describes it. Left out: dump-and-restart makes no dump; it
 * restarts, as it does on a platform without dump support.
 */
#include "spapr-internal.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/error.h"

#define OPERATION(flags) ((flags) >> 8 & 0xff)
#define ACTION(flags) ((flags) & 0xff)
enum { OP_START = 1, OP_STOP = 2, OP_QUERY = 3, OP_QUERY_LPM = 4 };
enum { ACTION_HARD_POWER_OFF = 1, ACTION_HARD_RESTART = 2, ACTION_DUMP_RESTART = 3 };
#define MIN_TIMEOUT_MS 500ull
/* 2^62 ns: what the virtual clock can still add up. */
#define MAX_TIMEOUT_MS (1ull << 42)

static void expired(void *opaque)
{
    SpaprWatchdog *w = opaque;

    log_mask(LOG_GUEST_ERROR, "spapr: watchdog expired, action %u\n", w->action);
    vm_event_send(&(VMEvent){.kind = VM_EVENT_WATCHDOG,
                             .action = w->action == ACTION_HARD_POWER_OFF ? "poweroff" : "reset"});
    switch (w->action) {
    case ACTION_HARD_POWER_OFF:
        system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
        break;
    default:
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

void spapr_watchdog_init(SpaprMachine *spapr)
{
    for (unsigned i = 0; i < SPAPR_N_WATCHDOGS; i++) {
        timer_init_full(&spapr->watchdogs[i].timer, clock_virtual(), SCALE_MS, expired,
                        &spapr->watchdogs[i]);
    }
}

void spapr_watchdog_reset(SpaprMachine *spapr)
{
    for (unsigned i = 0; i < SPAPR_N_WATCHDOGS; i++) {
        timer_del(&spapr->watchdogs[i].timer);
        spapr->watchdogs[i].action = 0;
    }
}

static HCallResult start(SpaprMachine *spapr, uint64_t action, uint64_t number, uint64_t timeout)
{
    SpaprWatchdog *w;

    if (number < 1 || number > SPAPR_N_WATCHDOGS) {
        return H_P2;
    }
    if (timeout < MIN_TIMEOUT_MS || timeout > MAX_TIMEOUT_MS) {
        return H_P3;
    }
    if (action < ACTION_HARD_POWER_OFF || action > ACTION_DUMP_RESTART) {
        return H_PARAMETER;
    }
    w = &spapr->watchdogs[number - 1];
    w->action = action;
    timer_mod(&w->timer, virtual_now() / SCALE_MS + timeout);
    return H_SUCCESS;
}

static HCallResult stop(SpaprMachine *spapr, uint64_t number)
{
    bool any = false;

    if (number != UINT64_MAX && (number < 1 || number > SPAPR_N_WATCHDOGS)) {
        return H_P2;
    }
    for (unsigned i = 0; i < SPAPR_N_WATCHDOGS; i++) {
        if (number == UINT64_MAX || number == i + 1) {
            any = any || timer_pending(&spapr->watchdogs[i].timer);
            timer_del(&spapr->watchdogs[i].timer);
        }
    }
    return any ? H_SUCCESS : H_NOOP;
}

static HCallResult h_watchdog(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t flags = args[0];

    if (flags >> 16) {
        return H_PARAMETER;
    }
    switch (OPERATION(flags)) {
    case OP_START:
        return start(spapr, ACTION(flags), args[1], args[2]);
    case OP_STOP:
        return ACTION(flags) ? H_PARAMETER : stop(spapr, args[1]);
    case OP_QUERY:
        args[0] = MIN_TIMEOUT_MS << 48 | (uint64_t)SPAPR_N_WATCHDOGS << 32;
        return ACTION(flags) ? H_PARAMETER : H_SUCCESS;
    case OP_QUERY_LPM:
        args[0] = 2;             /* no need to stop them for a migration */
        return ACTION(flags) ? H_PARAMETER : H_SUCCESS;
    default:
        return H_PARAMETER;
    }
}

const SpaprHCall spapr_hcalls_watchdog[] = {
    {0x45c, "H_WATCHDOG", h_watchdog},
    {0},
};

static bool watchdog_post_load(void *opaque, int version, GError **errp)
{
    SpaprWatchdog *w = opaque;

    if (w->action > ACTION_DUMP_RESTART) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "spapr watchdog: action %u",
                    w->action);
        return false;
    }
    return true;
}

const VMStateDescription vmstate_spapr_watchdog = {
    .name = "spapr_watchdog",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = watchdog_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8(action, SpaprWatchdog),
        VMSTATE_TIMER(timer, SpaprWatchdog),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprWatchdog),
};
