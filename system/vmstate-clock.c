/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The section "timer": the virtual clock, and the host cycles that the machine has run for.
 *
 * The cycles mean nothing to our guests, but QEMU's loader wants them.
 */
#include <inttypes.h>
#include "internal.h"
#include "system/migration.h"
#include "util/bitops.h"
#include "util/error.h"

/* 2^62 ns: guests' times can still be added to it. */
#define VIRTUAL_LIMIT (INT64_MAX / 2)
/* From our saving to a QEMU's starting. */
#define QEMU_START_NS (20 * SCALE_MS)

void clock_state_init(ClockState *state)
{
    state->base_ticks = host_ticks();
    state->base_ns = g_get_monotonic_time() * 1000;
}

static uint64_t host_ticks_per_second(void)
{
    const ClockState *state = &the_runtime->clock_state;
    int64_t ns = g_get_monotonic_time() * 1000 - state->base_ns;
    uint64_t ticks = host_ticks() - state->base_ticks;

    return ns > 0 ? muldiv64(ticks, NANOSECONDS_PER_SECOND, (uint64_t)ns) : 0;
}

/*
 * A QEMU goes on from the clock that it loads, whatever time has passed: so it gets the time at
 * which it will presumably start the guest.
 */
static int64_t ahead_for_qemu(void)
{
    int64_t passed = vmstate_wire_is_own() ? 0 : migration_time_since_stop_ns();

    return passed ? MIN(passed, NANOSECONDS_PER_SECOND) + QEMU_START_NS : 0;
}

static bool clock_pre_save(void *opaque, GError **errp)
{
    ClockState *state = opaque;

    state->virtual_ns = clock_get_ns(clock_virtual()) + ahead_for_qemu();
    state->ticks = (int64_t)muldiv64((uint64_t)state->virtual_ns, host_ticks_per_second(),
                                     NANOSECONDS_PER_SECOND);
    return true;
}

static bool clock_post_load(void *opaque, int version_id, GError **errp)
{
    ClockState *state = opaque;

    if (state->virtual_ns < 0 || state->virtual_ns > VIRTUAL_LIMIT) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "the machine cannot have run for %" PRId64 " ns",
                  state->virtual_ns);
        return false;
    }
    clock_set_ns(clock_virtual(), state->virtual_ns);
    return true;
}

const VMStateDescription vmstate_clock = {
    .name = "timer",
    .version_id = 2,
    .minimum_version_id = 2,
    .pre_save = clock_pre_save,
    .post_load = clock_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_INT64(ticks, ClockState),
            VMSTATE_UNUSED(8),
            VMSTATE_INT64(virtual_ns, ClockState),
            VMSTATE_END_OF_LIST(),
        },
    .host_only = VMSTATE_NAMES("base_ticks", "base_ns"),
    VMSTATE_STRUCT_AUDIT(ClockState),
};
