/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration's common part: blockers, status, the section that carries the run state.
 */
#include "migration-internal.h"

#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/ram-migration.h"
#include "system/runtime.h"
#include "util/error.h"

static const char *const status_names[MIGRATION_STATUS_COUNT] = {
    [MIGRATION_STATUS_NONE] = "none",
    [MIGRATION_STATUS_SETUP] = "setup",
    [MIGRATION_STATUS_CANCELLING] = "cancelling",
    [MIGRATION_STATUS_CANCELLED] = "cancelled",
    [MIGRATION_STATUS_ACTIVE] = "active",
    [MIGRATION_STATUS_PRE_SWITCHOVER] = "pre-switchover",
    [MIGRATION_STATUS_DEVICE] = "device",
    [MIGRATION_STATUS_POSTCOPY_ACTIVE] = "postcopy-active",
    [MIGRATION_STATUS_COMPLETED] = "completed",
    [MIGRATION_STATUS_FAILED] = "failed",
};

Migration *migration_get(void)
{
    return the_runtime->migration;
}

const char *migration_status_name(MigrationStatus status)
{
    return status_names[status];
}

/* ---- Status ---- */

typedef struct StatusNote {
    MigrationStatus status;
    unsigned pass;
} StatusNote;

static void tell_observer(void *opaque)
{
    g_autofree StatusNote *note = opaque;
    Migration *m = migration_get();

    if (m && m->observer) {
        m->observer(note->status, note->pass);
    }
}

void migration_set_status(Migration *m, MigrationStatus status)
{
    StatusNote *note = g_new0(StatusNote, 1);

    if (__atomic_exchange_n(&m->status, status, __ATOMIC_SEQ_CST) == status) {
        g_free(note);
        return;
    }
    note->status = status;
    run_on_main(tell_observer, note);
}

void migration_note_pass(Migration *m, unsigned pass)
{
    StatusNote *note = g_new0(StatusNote, 1);

    note->status = migration_status(m);
    note->pass = pass;
    run_on_main(tell_observer, note);
}

MigrationStatus migration_status(Migration *m)
{
    return __atomic_load_n(&m->status, __ATOMIC_SEQ_CST);
}

void migration_fail(Migration *m, GError *error)
{
    mutex_lock(&m->lock);
    g_free(m->error);
    m->error = g_strdup(error->message);
    mutex_unlock(&m->lock);
    g_error_free(error);
    migration_set_status(m, MIGRATION_STATUS_FAILED);
}

void migration_set_observer(void (*fn)(MigrationStatus status, unsigned pass))
{
    migration_get()->observer = fn;
}

void migration_set_wire_ops(const MigrationWireOps *ops, void *opaque)
{
    Migration *m = migration_get();

    if (m) {                       /* unit tests of a machine have no migration */
        m->wire_ops = ops;
        m->wire_opaque = opaque;
    }
}

/* ---- Blockers ---- */

bool migration_add_blocker(const char *reason, GError **errp)
{
    Migration *m = migration_get();

    if (m->only_migratable) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "disallowing migration blocker (--only-migratable) for: %s", reason);
        return false;
    }
    g_ptr_array_add(m->blockers, g_strdup(reason));
    return true;
}

void migration_remove_blocker(const char *reason)
{
    Migration *m = migration_get();
    unsigned at;

    if (g_ptr_array_find_with_equal_func(m->blockers, reason, g_str_equal, &at)) {
        g_ptr_array_remove_index(m->blockers, at);
    }
}

void migration_set_only_migratable(void)
{
    migration_get()->only_migratable = true;
}

bool migration_is_possible(GError **errp)
{
    Migration *m = migration_get();

    if (m->blockers->len) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "%s",
                  (char *)g_ptr_array_index(m->blockers, 0));
        return false;
    }
    return true;
}

/* ---- The run state in the stream ---- */

void migration_note_runstate(RunState was)
{
    GlobalState *g = &migration_get()->global;

    /* 7.2 has nothing but text there. */
    *g = (GlobalState){.has_vm_was_suspended = vmstate_wire() != VMSTATE_WIRE_QEMU_7_2};
    g_strlcpy(g->runstate, runstate_name(was), sizeof(g->runstate));
    g->size = (uint32_t)strlen(g->runstate) + 1;
}

/* RUN_STATE_COUNT: no state that a machine could go on from. */
static RunState state_from_stream(const char *name)
{
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        if (!strcmp(runstate_name((RunState)i), name)) {
            return i == RUN_STATE_INMIGRATE || i == RUN_STATE_SAVE_VM || i == RUN_STATE_RESTORE_VM
                       ? RUN_STATE_COUNT
                       : (RunState)i;
        }
    }
    return RUN_STATE_COUNT;
}

static bool global_state_post_load(void *opaque, int version_id, GError **errp)
{
    GlobalState *g = opaque;

    if (!memchr(g->runstate, 0, sizeof(g->runstate))) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "the run state has no end");
        return false;
    }
    for (const char *p = g->runstate; *p; p++) {
        if (!g_ascii_isprint(*p)) {
            error_set(errp, GOSSAMER_ERROR_STREAM, "the run state contains byte 0x%02x",
                      (uint8_t)*p);
            return false;
        }
    }
    if (state_from_stream(g->runstate) == RUN_STATE_COUNT) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "a machine cannot arrive in run state '%s'",
                  g->runstate);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_global = {
    .name = "globalstate",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = global_state_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(size, GlobalState),
        VMSTATE_BUFFER(runstate, GlobalState),
        VMSTATE_UINT8(has_vm_was_suspended, GlobalState),
        VMSTATE_UINT8(vm_was_suspended, GlobalState),
        VMSTATE_UNUSED(66),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(GlobalState),
};

void migration_loaded(bool autostart)
{
    const char *name = migration_get()->global.runstate;
    /* A stream without the section comes from a machine that ran. */
    RunState was = *name ? state_from_stream(name) : RUN_STATE_RUNNING;

    if (was != RUN_STATE_RUNNING) {
        /* Nobody but a source at its end is in that state. */
        vm_stop_force_state(was == RUN_STATE_FINISH_MIGRATE ? RUN_STATE_PAUSED : was);
    } else if (autostart) {
        vm_start();
    } else {
        vm_stop_force_state(RUN_STATE_PAUSED);
    }
}

/* ---- Setting up ---- */

const SavevmConfig *migration_config(void)
{
    return &migration_get()->config;
}

bool migration_init(GError **errp)
{
    Migration *m = g_new0(Migration, 1);

    the_runtime->migration = m;
    mutex_init(&m->lock);
    cond_init(&m->changed);
    mutex_init(&m->in.back_lock);
    m->blockers = g_ptr_array_new_with_free_func(g_free);
    m->in.listener = -1;
    for (int i = 0; i < MIGRATION_PARAMETER_COUNT; i++) {
        m->parameters[i] = migration_parameters[i].initial;
    }
    m->ram = ram_state_new(&system_ram_ops, NULL);
    return ram_state_register(m->ram, runtime_state_registry(), errp);
}

bool migration_machine_created(const char *machine, GError **errp)
{
    Migration *m = migration_get();

    m->machine = g_strdup(machine);
    m->config.machine = m->machine;
    return vmstate_register(NULL, 0, &vmstate_global, &m->global, errp);
}

void migration_set_uuid(const uint8_t uuid[16])
{
    memcpy(migration_get()->uuid, uuid, sizeof(migration_get()->uuid));
}

void migration_set_tls_lookup(TlsCredentials *(*lookup)(const char *id, GError **errp))
{
    migration_get()->tls_lookup = lookup;
}

void migration_cleanup(void)
{
    Migration *m = migration_get();

    if (!m) {
        return;
    }
    the_runtime->migration = NULL;
    ram_state_free(m->ram);
    for (int i = 0; i < MIGRATION_PARAMETER_COUNT; i++) {
        g_free(m->texts[i]);
    }
    g_ptr_array_unref(m->blockers);
    g_free(m->machine);
    g_free(m->error);
    g_free(m->lost);
    g_clear_error(&m->out.refusal);
    g_free(m->in.uri);
    mutex_destroy(&m->in.back_lock);
    cond_destroy(&m->changed);
    mutex_destroy(&m->lock);
    g_free(m);
}
