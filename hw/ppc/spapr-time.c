/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's time base across a migration: the field "tb" of the section "spapr".
 *
 * The time base is the virtual clock at 512 MHz, here and in QEMU's translator, and the section
 * "timer" carries that clock: a time base that went on from anything else could go back.  (What
 * QEMU's translator sends as guest time base is a count of its host's cycles, and nothing that it
 * loads there matters to it; measured, tests/migration/crossing.py.)  So "tb" tells two things:
 * whether the guest ran when it was sent, and when its clock stopped.
 *  - The time that passes from there until the guest starts counts, up to a second: the destination
 * moves the virtual clock on.  Where the hosts' clocks say less, it is reckoned from the stopping
 * as it shows in the stream's arrival; a skewed clock counts for nothing.
 *  - A machine that was stopped, or that is saved as a snapshot, goes on from where it stood.
 *  - A QEMU does not do that: a stream for one has a clock that is ahead already
 * (system/vmstate-clock.c).
 */
#include "spapr-internal.h"
#include "migration/savevm.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"

#define ELAPSED_LIMIT NANOSECONDS_PER_SECOND

void spapr_time_to_wire(SpaprMachine *spapr)
{
    PowerPCCPU *first = g_ptr_array_index(spapr->cpus, 0);

    /* Of a machine that was stopped by hand before it was sent, the moment of saving. */
    int64_t since = migration_time_since_stop_ns() ? clock_stopped_ns(clock_virtual()) : 0;

    /* No time of day: time stands still until somebody starts the guest again. */
    spapr->tb.time_of_day_ns =
        runstate_check(RUN_STATE_RUNNING) || runstate_check(RUN_STATE_FINISH_MIGRATE)
            ? clock_get_ns(clock_host()) - since
            : 0;
    spapr->tb.guest_timebase = ppc_get_tb(&first->env);
}

static int64_t monotonic_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

/* Moves the virtual clock, and so every time base. */
static void move_clock(int64_t ns)
{
    clock_set_ns(clock_virtual(), virtual_now() + ns);
}

/* Ns since the last of the RAM, which the source sends when its guest has stopped, began to come.
 */
static int64_t since_stop(void)
{
    int64_t stopped = state_registry_source_stopped(runtime_state_registry());

    return stopped ? (g_get_monotonic_time() - stopped) * 1000 : 0;
}

void spapr_time_from_wire(SpaprMachine *spapr)
{
    int64_t age =
        (int64_t)((uint64_t)clock_get_ns(clock_host()) - (uint64_t)spapr->tb.time_of_day_ns);

    age = MAX(age, since_stop());
    spapr->tb_left_ns =
        spapr->tb.time_of_day_ns && age > 0 ? monotonic_ns() - MIN(age, ELAPSED_LIMIT) : 0;
}

/* The first change of the run state after loading decides: a guest that was sent while it ran
 * starts at once; any other stop has to be ended by somebody, and time stood still meanwhile. */
static void state_changed(void *opaque, bool running, RunState state)
{
    SpaprMachine *spapr = opaque;
    int64_t left = spapr->tb_left_ns;

    spapr->tb_left_ns = 0;
    if (running && left) {
        move_clock(CLAMP(monotonic_ns() - left, 0, ELAPSED_LIMIT));
        for (guint i = 0; i < spapr->cpus->len; i++) {
            ppc_decr_update(g_ptr_array_index(spapr->cpus, i));
        }
    }
}

void spapr_time_init(SpaprMachine *spapr)
{
    vm_change_state_add(state_changed, spapr, 100);
}
