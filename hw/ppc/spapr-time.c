/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's time base across a migration: the field "tb" of the section "spapr".
 *
 * Our time base is the virtual clock at 512 MHz, and the section "timer" carries that clock.  QEMU's is the
 * same plus an offset that it does not send: it sends "host cycles at the moment of saving + offset", and
 * its loader takes its own host's cycles off.  So:
 *  - a stream from QEMU: the moment of saving is in the stream (time of day), so what the source's cycle
 *    counter stood at can be reckoned if both ran on one kind of host; the difference is the offset, and
 *    the virtual clock takes it in.  Where that gives nothing sensible the offset is taken as 0, which it
 *    is for a guest that never migrated before.
 *  - a stream for QEMU: the cycles are those of the moment at which the destination will presumably start
 *    the guest; from then on its time base goes on from ours.
 *    Should that be too short, the guest waits there until its time base is past where it was
 *    (spapr-resume.c).
 *  - the time that passes on the way counts, up to a second: the destination moves the virtual clock on
 *    when the guest starts, unless it was stopped when it was sent.
 */
#include "spapr-internal.h"
#include "migration/savevm.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "system/vmstate-clock.h"
#include "util/bitops.h"

#define ELAPSED_LIMIT NANOSECONDS_PER_SECOND
/* A file older than that tells nothing about the source's cycle counter. */
#define CYCLES_AGE_LIMIT (60 * NANOSECONDS_PER_SECOND)
/* Offsets within that many ns of nothing are errors of the reckoning, beyond that of the host. */
#define OFFSET_NOISE_NS (2 * SCALE_MS)
#define OFFSET_LIMIT_NS (100 * NANOSECONDS_PER_SECOND)
/* From our saving to a QEMU's starting: too much moves the guest's time on, too little moves it back. */
#define QEMU_START_NS (20 * SCALE_MS)

void spapr_time_to_wire(SpaprMachine *spapr)
{
    /* No time of day: time stands still until somebody starts the guest again. */
    spapr->tb.time_of_day_ns = runstate_check(RUN_STATE_RUNNING) || runstate_check(RUN_STATE_FINISH_MIGRATE)
                                   ? clock_get_ns(clock_host())
                                   : 0;
    spapr->tb.guest_timebase = host_ticks();
    if (!vmstate_wire_is_own()) {
        spapr->tb.guest_timebase +=
            muldiv64(host_ticks_per_second(), QEMU_START_NS, NANOSECONDS_PER_SECOND);
    }
}

/* The source's offset in ticks of the time base; 0 also if there is no telling. */
static int64_t source_offset(const SpaprMachine *spapr, int64_t age)
{
    uint64_t rate = host_ticks_per_second(), theirs = loaded_ticks_per_second();
    uint64_t then = host_ticks() - muldiv64((uint64_t)age, rate, NANOSECONDS_PER_SECOND);
    int64_t offset = (int64_t)(spapr->tb.guest_timebase - then);
    uint64_t size = offset < 0 ? -(uint64_t)offset : (uint64_t)offset;

    if (!rate || !theirs || (rate > theirs ? rate - theirs : theirs - rate) > rate / 1000) {
        return 0;
    }
    return size < muldiv64(rate, OFFSET_NOISE_NS, NANOSECONDS_PER_SECOND) ||
                   size > muldiv64(rate, OFFSET_LIMIT_NS, NANOSECONDS_PER_SECOND)
               ? 0
               : offset;
}

/* Moves the virtual clock, and so every time base. */
static void move_clock(int64_t ns)
{
    int64_t now = virtual_now();

    clock_set_ns(clock_virtual(), ns < 0 && -ns > now ? 0 : now + ns);
}

/* Ns since the last of the RAM, which the source sends when its guest has stopped, began to come. */
static int64_t since_stop(void)
{
    int64_t stopped = state_registry_source_stopped(runtime_state_registry());

    return stopped ? (g_get_monotonic_time() - stopped) * 1000 : 0;
}

void spapr_time_from_wire(SpaprMachine *spapr)
{
    int64_t age = (int64_t)((uint64_t)clock_get_ns(clock_host()) - (uint64_t)spapr->tb.time_of_day_ns);
    PowerPCCPU *first = g_ptr_array_index(spapr->cpus, 0);
    int64_t offset = age >= 0 && age <= CYCLES_AGE_LIMIT ? source_offset(spapr, age) : 0;
    uint64_t before = ppc_get_tb(&first->env);

    if (!spapr->tb.time_of_day_ns) {
        spapr->tb_elapsed_ns = 0;
        return;
    }
    /* Time that went by at the source counts from its saving, or from its stopping, as far as that can be
     * seen from here; a skewed clock counts for nothing. */
    spapr->tb_elapsed_ns = CLAMP(MAX(age, since_stop()), 0, ELAPSED_LIMIT);
    if (!offset) {
        return;
    }
    move_clock((int64_t)((__int128)offset * NANOSECONDS_PER_SECOND / SPAPR_TIMEBASE_FREQ));
    for (guint i = 0; i < spapr->cpus->len; i++) {
        ppc_decr_shift(g_ptr_array_index(spapr->cpus, i),
                       (int64_t)(ppc_get_tb(&first->env) - before));
    }
}

/* The first change of the run state after loading decides: a guest that was sent while it ran starts at
 * once; any other stop has to be ended by somebody, and time stood still meanwhile. */
static void state_changed(void *opaque, bool running, RunState state)
{
    SpaprMachine *spapr = opaque;
    int64_t elapsed = spapr->tb_elapsed_ns;

    spapr->tb_elapsed_ns = 0;
    if (running && elapsed) {
        move_clock(elapsed);
        for (guint i = 0; i < spapr->cpus->len; i++) {
            ppc_decr_update(g_ptr_array_index(spapr->cpus, i));
        }
    }
}

void spapr_time_init(SpaprMachine *spapr)
{
    vm_change_state_add(state_changed, spapr, 100);
}
