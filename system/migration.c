/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration's common part: parameters, capabilities, blockers, status, the section that carries the run
 * state.
 */
#include "migration-internal.h"

#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/ram-migration.h"
#include "system/runtime.h"
#include "util/cutils.h"
#include "util/error.h"

static const char *const status_names[MIGRATION_STATUS_COUNT] = {
    [MIGRATION_STATUS_NONE] = "none",
    [MIGRATION_STATUS_SETUP] = "setup",
    [MIGRATION_STATUS_CANCELLING] = "cancelling",
    [MIGRATION_STATUS_CANCELLED] = "cancelled",
    [MIGRATION_STATUS_ACTIVE] = "active",
    [MIGRATION_STATUS_PRE_SWITCHOVER] = "pre-switchover",
    [MIGRATION_STATUS_DEVICE] = "device",
    [MIGRATION_STATUS_COMPLETED] = "completed",
    [MIGRATION_STATUS_FAILED] = "failed",
};

const MigrationParameterRow migration_parameters[MIGRATION_PARAMETER_COUNT] = {
    [MIGRATION_PARAMETER_THROTTLE_TRIGGER_THRESHOLD] = {"throttle-trigger-threshold", 50, 1, 100, "percent"},
    [MIGRATION_PARAMETER_CPU_THROTTLE_INITIAL] = {"cpu-throttle-initial", 20, 1, 99, "percent"},
    [MIGRATION_PARAMETER_CPU_THROTTLE_INCREMENT] = {"cpu-throttle-increment", 10, 1, 99, "percent"},
    [MIGRATION_PARAMETER_MAX_CPU_THROTTLE] = {"max-cpu-throttle", 99, 1, 99, "percent"},
    [MIGRATION_PARAMETER_MAX_BANDWIDTH] = {"max-bandwidth", 128ull << 20, 0, INT64_MAX, "bytes/second",
                                           MIGRATION_PARAMETER_SIZE},
    [MIGRATION_PARAMETER_AVAIL_SWITCHOVER_BANDWIDTH] = {"avail-switchover-bandwidth", 0, 0, INT64_MAX,
                                                        "bytes/second", MIGRATION_PARAMETER_SIZE},
    [MIGRATION_PARAMETER_DOWNTIME_LIMIT] = {"downtime-limit", 300, 0, 2000000, "milliseconds"},
    [MIGRATION_PARAMETER_X_WIRE] = {"x-wire", VMSTATE_WIRE_OWN, .kind = MIGRATION_PARAMETER_CHOICE,
                                    .choices = vmstate_wire_names},
};

const MigrationCapabilityRow migration_capabilities[MIGRATION_CAPABILITY_COUNT] = {
    [MIGRATION_CAPABILITY_XBZRLE] = {"xbzrle"},
    [MIGRATION_CAPABILITY_RDMA_PIN_ALL] = {"rdma-pin-all"},
    [MIGRATION_CAPABILITY_AUTO_CONVERGE] = {"auto-converge"},
    [MIGRATION_CAPABILITY_ZERO_BLOCKS] = {"zero-blocks"},
    [MIGRATION_CAPABILITY_EVENTS] = {"events", true},
    [MIGRATION_CAPABILITY_POSTCOPY_RAM] = {"postcopy-ram"},
    [MIGRATION_CAPABILITY_X_COLO] = {"x-colo"},
    [MIGRATION_CAPABILITY_RELEASE_RAM] = {"release-ram"},
    [MIGRATION_CAPABILITY_RETURN_PATH] = {"return-path"},
    [MIGRATION_CAPABILITY_PAUSE_BEFORE_SWITCHOVER] = {"pause-before-switchover", true},
    [MIGRATION_CAPABILITY_MULTIFD] = {"multifd"},
    [MIGRATION_CAPABILITY_DIRTY_BITMAPS] = {"dirty-bitmaps"},
    [MIGRATION_CAPABILITY_POSTCOPY_BLOCKTIME] = {"postcopy-blocktime"},
    [MIGRATION_CAPABILITY_LATE_BLOCK_ACTIVATE] = {"late-block-activate", true},
    [MIGRATION_CAPABILITY_X_IGNORE_SHARED] = {"x-ignore-shared"},
    [MIGRATION_CAPABILITY_VALIDATE_UUID] = {"validate-uuid"},
    [MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT] = {"background-snapshot"},
    [MIGRATION_CAPABILITY_ZERO_COPY_SEND] = {"zero-copy-send"},
    [MIGRATION_CAPABILITY_POSTCOPY_PREEMPT] = {"postcopy-preempt"},
    [MIGRATION_CAPABILITY_SWITCHOVER_ACK] = {"switchover-ack"},
    [MIGRATION_CAPABILITY_DIRTY_LIMIT] = {"dirty-limit"},
    [MIGRATION_CAPABILITY_MAPPED_RAM] = {"mapped-ram"},
};

Migration *migration_get(void)
{
    return the_runtime->migration;
}

const char *migration_status_name(MigrationStatus status)
{
    return status_names[status];
}

/* ---- Parameters and capabilities ---- */

uint64_t migration_parameter_get(MigrationParameter parameter)
{
    return __atomic_load_n(&migration_get()->parameters[parameter], __ATOMIC_RELAXED);
}

char *migration_parameter_text(MigrationParameter parameter)
{
    Migration *m = migration_get();
    const MigrationParameterRow *row = &migration_parameters[parameter];
    uint64_t value = migration_parameter_get(parameter);

    switch (row->kind) {
    case MIGRATION_PARAMETER_SWITCH:
        return g_strdup(value ? "on" : "off");
    case MIGRATION_PARAMETER_CHOICE:
        return g_strdup(row->choices[value]);
    case MIGRATION_PARAMETER_TEXT: {
        mutex_lock(&m->lock);
        char *text = g_strdup(m->texts[parameter] ? m->texts[parameter] : "");
        mutex_unlock(&m->lock);
        return text;
    }
    default:
        return g_strdup_printf("%" G_GUINT64_FORMAT, value);
    }
}

int migration_parameter_find(const char *name)
{
    for (int i = 0; i < MIGRATION_PARAMETER_COUNT; i++) {
        if (!strcmp(migration_parameters[i].name, name)) {
            return i;
        }
    }
    return -1;
}

bool migration_parameter_set(MigrationParameter parameter, uint64_t value, GError **errp)
{
    const MigrationParameterRow *row = &migration_parameters[parameter];
    uint64_t most = row->kind == MIGRATION_PARAMETER_SWITCH   ? 1
                    : row->kind == MIGRATION_PARAMETER_CHOICE ? g_strv_length((char **)row->choices) - 1
                                                              : row->most;

    if (value < row->least || value > most) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter '%s' expects a value between %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT " %s",
                  row->name, row->least, most, row->unit ? row->unit : "");
        return false;
    }
    __atomic_store_n(&migration_get()->parameters[parameter], value, __ATOMIC_RELAXED);
    return true;
}

static bool parse_choice(const MigrationParameterRow *row, const char *text, uint64_t *value, GError **errp)
{
    for (unsigned i = 0; row->choices[i]; i++) {
        if (!strcmp(row->choices[i], text)) {
            *value = i;
            return true;
        }
    }
    g_autofree char *list = g_strjoinv(", ", (char **)row->choices);
    error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' does not accept value '%s' (%s)", row->name, text,
              list);
    return false;
}

bool migration_parameter_parse(MigrationParameter parameter, const char *text, GError **errp)
{
    Migration *m = migration_get();
    const MigrationParameterRow *row = &migration_parameters[parameter];
    const char *expected = "number";
    uint64_t value = 0;
    bool good, on = false;

    switch (row->kind) {
    case MIGRATION_PARAMETER_TEXT:
        mutex_lock(&m->lock);
        g_free(m->texts[parameter]);
        m->texts[parameter] = g_strdup(text);
        mutex_unlock(&m->lock);
        return true;
    case MIGRATION_PARAMETER_CHOICE:
        return parse_choice(row, text, &value, errp) && migration_parameter_set(parameter, value, errp);
    case MIGRATION_PARAMETER_SWITCH:
        expected = "switch (on or off)";
        good = parse_bool(text, &on);
        value = on;
        break;
    case MIGRATION_PARAMETER_SIZE:
        expected = "size";
        good = parse_size(text, 'M', &value, NULL);
        break;
    default:
        good = parse_uint64(text, 0, &value);
    }
    if (!good) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' expects a %s", row->name, expected);
        return false;
    }
    return migration_parameter_set(parameter, value, errp);
}

bool migration_capability_get(MigrationCapability capability)
{
    return migration_get()->capabilities[capability];
}

int migration_capability_find(const char *name)
{
    for (int i = 0; i < MIGRATION_CAPABILITY_COUNT; i++) {
        if (!strcmp(migration_capabilities[i].name, name)) {
            return i;
        }
    }
    return -1;
}

bool migration_capability_set(MigrationCapability capability, bool on, GError **errp)
{
    Migration *m = migration_get();
    const MigrationCapabilityRow *row = &migration_capabilities[capability];

    if (migration_status_is_busy(migration_status(m))) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "There's a migration process in progress");
        return false;
    }
    if (on && !row->supported) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "Capability '%s' is not supported", row->name);
        return false;
    }
    m->capabilities[capability] = on;
    return true;
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

/* ---- Blockers ---- */

bool migration_add_blocker(const char *reason, GError **errp)
{
    Migration *m = migration_get();

    if (m->only_migratable) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "disallowing migration blocker (--only-migratable) for: %s",
                  reason);
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
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "%s", (char *)g_ptr_array_index(m->blockers, 0));
        return false;
    }
    return true;
}

/* ---- The run state in the stream ---- */

void migration_note_runstate(void)
{
    GlobalState *g = &migration_get()->global;

    /* 7.2 has nothing but text there. */
    *g = (GlobalState){.has_vm_was_suspended = vmstate_wire() != VMSTATE_WIRE_QEMU_7_2};
    g_strlcpy(g->runstate, runstate_name(runstate_get()), sizeof(g->runstate));
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
            error_set(errp, GOSSAMER_ERROR_STREAM, "the run state contains byte 0x%02x", (uint8_t)*p);
            return false;
        }
    }
    if (state_from_stream(g->runstate) == RUN_STATE_COUNT) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "a machine cannot arrive in run state '%s'", g->runstate);
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
    g_free(m->in.uri);
    cond_destroy(&m->changed);
    mutex_destroy(&m->lock);
    g_free(m);
}
