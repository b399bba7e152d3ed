/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Background snapshot: the machine as it was when it was asked for, while the guest goes on.
 *
 * The guest stands still for its devices, which wait in memory; then it runs, and RAM is saved as
 * it was.  The stream is like any other.  Disks are not part of it.
 */
#include "migration-internal.h"
#include "system/lock.h"
#include "system/runtime.h"

/* Device lock held; the guest stands still meanwhile. Its devices, or NULL with errp. */
static GBytes *take_devices(Migration *m, StateSaver *saver, GError **errp)
{
    StateStream *devices = state_stream_new_writer();
    GBytes *bytes = NULL;

    state_saver_set_stream(saver, devices);
    if (state_saver_complete_before_postcopy(saver, errp) &&
        state_saver_put_devices(saver, devices, errp) && !state_stream_check(devices, errp) &&
        ram_state_freeze(m->ram, errp)) {
        bytes = state_stream_take_bytes(devices);
    }
    state_saver_set_stream(saver, m->out.stream);
    state_stream_free(devices);
    return bytes;
}

GBytes *migration_background_begin(Migration *m, StateSaver *saver, GError **errp)
{
    RunState was = vm_stop_force_state(RUN_STATE_SAVE_VM);

    migration_note_runstate(was);
    GBytes *bytes = take_devices(m, saver, errp);
    if (was == RUN_STATE_RUNNING) {
        vm_start();
    } else {
        vm_stop_force_state(was);
    }
    return bytes;
}
