/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State that a QEMU's format has no place for, and what is made ready for such a format (parameter
 * x-wire).
 */
#include "migration-internal.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"

/*
 * For so long the guest may run on until there is none, in moments that grow: where the host is
 * busy its processor does not get to run in short ones.
 */
#define DRAIN_US (500 * 1000)
#define FIRST_MOMENT_US 500
#define LONGEST_MOMENT_US (32 * 1000)

static void make_ready(Migration *m, VMStateWire wire, bool running, GPtrArray *lost)
{
    g_ptr_array_set_size(lost, 0);
    if (m->wire_ops) {
        m->wire_ops->prepare(m->wire_opaque, wire, running, lost);
    }
    state_registry_losses(runtime_state_registry(), lost);
}

void migration_wire_undo(Migration *m)
{
    if (m->wire_ops && state_registry_wire(runtime_state_registry()) != VMSTATE_WIRE_OWN) {
        m->wire_ops->undo(m->wire_opaque);
    }
}

/* Warns; the text (g_malloc). */
static char *tell_losses(VMStateWire wire, GPtrArray *lost)
{
    g_ptr_array_add(lost, NULL);
    char *text = g_strjoinv("; ", (char **)lost->pdata);

    warn_report("x-wire=%s has no place for: %s", vmstate_wire_name(wire), text);
    return text;
}

static void report_losses(Migration *m, VMStateWire wire, GPtrArray *lost)
{
    g_autofree char *text = tell_losses(wire, lost);

    mutex_lock(&m->lock);
    g_free(m->lost);
    m->lost = g_steal_pointer(&text);
    mutex_unlock(&m->lock);
}

/*
 * The guest stands still.  What the format cannot carry the guest itself may get rid of: an
 * interrupt that it takes is no longer pending.  So it runs on for moments until nothing is lost,
 * or the patience is. The state that it goes on in comes back: it may have been stopped meanwhile.
 */
static RunState drain(Migration *m, VMStateWire wire, RunState was, RunState rest, GPtrArray *lost)
{
    int64_t end = g_get_monotonic_time() + DRAIN_US;
    gulong moment = FIRST_MOMENT_US;

    for (;;) {
        bool running = was == RUN_STATE_RUNNING;
        make_ready(m, wire, running, lost);
        if (!lost->len || !running || g_get_monotonic_time() >= end ||
            /* A cancel was for a migration; to a snapshot it says nothing. */
            (rest == RUN_STATE_FINISH_MIGRATE &&
             __atomic_load_n(&m->out.cancel, __ATOMIC_SEQ_CST))) {
            return was;
        }
        migration_wire_undo(m);
        vm_start();
        device_unlock();
        g_usleep(moment);
        moment = MIN(2 * moment, LONGEST_MOMENT_US);
        device_lock();
        if (rest == RUN_STATE_FINISH_MIGRATE) {
            __atomic_store_n(&m->out.stopped, g_get_monotonic_time(), __ATOMIC_RELAXED);
        }
        was = vm_stop_force_state(rest);
        migration_note_runstate(was);
    }
}

RunState migration_wire_carry(Migration *m, RunState was)
{
    VMStateWire wire = state_registry_wire(runtime_state_registry());
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);

    if (wire == VMSTATE_WIRE_OWN) {
        return was;
    }
    was = drain(m, wire, was, RUN_STATE_FINISH_MIGRATE, lost);
    if (lost->len) {
        report_losses(m, wire, lost);
    }
    return was;
}

RunState migration_wire_begin(RunState was, RunState rest)
{
    Migration *m = migration_get();
    VMStateWire wire = (VMStateWire)migration_parameter_get(MIGRATION_PARAMETER_X_WIRE);
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);

    state_registry_set_wire(runtime_state_registry(), wire);
    migration_note_runstate(was);
    if (wire != VMSTATE_WIRE_OWN) {
        was = drain(m, wire, was, rest, lost);
        if (lost->len) {
            g_free(tell_losses(wire, lost));
        }
    }
    return was;
}

void migration_wire_end(void)
{
    migration_wire_undo(migration_get());
    state_registry_set_wire(runtime_state_registry(), VMSTATE_WIRE_OWN);
}
