/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run states: the table of transitions, starting and stopping, and the requests that the main loop
 * carries out.
 */
#include "system/runstate.h"

#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "util/error.h"

static const char *const state_names[RUN_STATE_COUNT] = {
    [RUN_STATE_DEBUG] = "debug",
    [RUN_STATE_INMIGRATE] = "inmigrate",
    [RUN_STATE_INTERNAL_ERROR] = "internal-error",
    [RUN_STATE_IO_ERROR] = "io-error",
    [RUN_STATE_PAUSED] = "paused",
    [RUN_STATE_POSTMIGRATE] = "postmigrate",
    [RUN_STATE_PRELAUNCH] = "prelaunch",
    [RUN_STATE_FINISH_MIGRATE] = "finish-migrate",
    [RUN_STATE_RESTORE_VM] = "restore-vm",
    [RUN_STATE_RUNNING] = "running",
    [RUN_STATE_SAVE_VM] = "save-vm",
    [RUN_STATE_SHUTDOWN] = "shutdown",
    [RUN_STATE_SUSPENDED] = "suspended",
    [RUN_STATE_WATCHDOG] = "watchdog",
    [RUN_STATE_GUEST_PANICKED] = "guest-panicked",
};

static const char *const cause_names[SHUTDOWN_CAUSE_COUNT] = {
    [SHUTDOWN_CAUSE_NONE] = "none",
    [SHUTDOWN_CAUSE_HOST_ERROR] = "host-error",
    [SHUTDOWN_CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
    [SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET] = "host-qmp-system-reset",
    [SHUTDOWN_CAUSE_HOST_SIGNAL] = "host-signal",
    [SHUTDOWN_CAUSE_HOST_UI] = "host-ui",
    [SHUTDOWN_CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
    [SHUTDOWN_CAUSE_GUEST_RESET] = "guest-reset",
    [SHUTDOWN_CAUSE_GUEST_PANIC] = "guest-panic",
    [SHUTDOWN_CAUSE_SUBSYSTEM_RESET] = "subsystem-reset",
    [SHUTDOWN_CAUSE_SNAPSHOT_LOAD] = "snapshot-load",
};

#define S(name) (1u << RUN_STATE_##name)
/* Any stopped state that the machine goes on from. */
#define STOPPED                                                                                    \
    (S(DEBUG) | S(INTERNAL_ERROR) | S(IO_ERROR) | S(PAUSED) | S(SHUTDOWN) | S(WATCHDOG) |          \
     S(GUEST_PANICKED) | S(SUSPENDED) | S(SAVE_VM) | S(RESTORE_VM) | S(FINISH_MIGRATE))
/* Where each state may go. */
static const uint32_t transitions[RUN_STATE_COUNT] = {
    [RUN_STATE_DEBUG] = S(RUNNING) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(SUSPENDED) | S(PAUSED) |
                        S(SAVE_VM) | S(RESTORE_VM),
    [RUN_STATE_INMIGRATE] = S(RUNNING) | S(PAUSED) | S(INTERNAL_ERROR) | S(IO_ERROR) | S(SHUTDOWN) |
                            S(SUSPENDED) | S(WATCHDOG) | S(GUEST_PANICKED) | S(FINISH_MIGRATE) |
                            S(PRELAUNCH) | S(POSTMIGRATE) | S(DEBUG),
    [RUN_STATE_INTERNAL_ERROR] =
        S(PAUSED) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(SAVE_VM) | S(RESTORE_VM),
    [RUN_STATE_IO_ERROR] =
        S(RUNNING) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(SAVE_VM) | S(RESTORE_VM) | S(PAUSED),
    [RUN_STATE_PAUSED] = S(RUNNING) | S(FINISH_MIGRATE) | S(POSTMIGRATE) | S(PRELAUNCH) |
                         S(SAVE_VM) | S(RESTORE_VM) | S(DEBUG) | S(SHUTDOWN) | S(GUEST_PANICKED) |
                         S(INTERNAL_ERROR) | S(IO_ERROR) | S(WATCHDOG) | S(SUSPENDED),
    [RUN_STATE_POSTMIGRATE] =
        S(RUNNING) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(PAUSED) | S(SAVE_VM),
    [RUN_STATE_PRELAUNCH] = S(RUNNING) | S(FINISH_MIGRATE) | S(INMIGRATE) | S(SUSPENDED) |
                            S(PAUSED) | S(SAVE_VM) | S(RESTORE_VM) | S(DEBUG) | S(INTERNAL_ERROR) |
                            S(SHUTDOWN) | S(GUEST_PANICKED) | S(IO_ERROR) | S(WATCHDOG),
    [RUN_STATE_FINISH_MIGRATE] = S(RUNNING) | S(PAUSED) | S(POSTMIGRATE) | S(PRELAUNCH) |
                                 S(INTERNAL_ERROR) | S(IO_ERROR) | S(SHUTDOWN) | S(SUSPENDED) |
                                 S(WATCHDOG) | S(GUEST_PANICKED) | S(DEBUG),
    [RUN_STATE_RESTORE_VM] = STOPPED | S(RUNNING) | S(PRELAUNCH) | S(POSTMIGRATE),
    [RUN_STATE_RUNNING] = STOPPED | S(PRELAUNCH),
    [RUN_STATE_SAVE_VM] = STOPPED | S(RUNNING) | S(PRELAUNCH) | S(POSTMIGRATE),
    [RUN_STATE_SHUTDOWN] =
        S(PAUSED) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(SAVE_VM) | S(RESTORE_VM),
    [RUN_STATE_SUSPENDED] = S(RUNNING) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(PAUSED) | S(SAVE_VM) |
                            S(RESTORE_VM) | S(SHUTDOWN) | S(DEBUG) | S(GUEST_PANICKED),
    [RUN_STATE_WATCHDOG] =
        S(RUNNING) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(PAUSED) | S(SAVE_VM) | S(RESTORE_VM),
    [RUN_STATE_GUEST_PANICKED] = S(RUNNING) | S(FINISH_MIGRATE) | S(PRELAUNCH) | S(PAUSED) |
                                 S(SAVE_VM) | S(RESTORE_VM) | S(SHUTDOWN),
};

struct VMChangeStateEntry {
    VMChangeStateHandler *fn;
    void *opaque;
    int priority;
};

typedef struct EventHandler {
    VMEventHandler *fn;
    void *opaque;
} EventHandler;

static RunStateData *data(void)
{
    return &the_runtime->run;
}

void runstate_data_init(RunStateData *run)
{
    run->state = RUN_STATE_PRELAUNCH;
    run->policy = (RunPolicy){REBOOT_ACTION_RESET, SHUTDOWN_ACTION_POWEROFF, PANIC_ACTION_SHUTDOWN,
                              WATCHDOG_ACTION_RESET};
    run->debug_cpu = -1;
    run->change_handlers = g_ptr_array_new_with_free_func(g_free);
    run->event_handlers = g_array_new(false, false, sizeof(EventHandler));
}

void runstate_data_cleanup(RunStateData *run)
{
    g_ptr_array_unref(run->change_handlers);
    g_array_unref(run->event_handlers);
}

const char *runstate_name(RunState state)
{
    g_assert(state < RUN_STATE_COUNT);
    return state_names[state];
}

const char *shutdown_cause_name(ShutdownCause cause)
{
    g_assert(cause < SHUTDOWN_CAUSE_COUNT);
    return cause_names[cause];
}

RunState runstate_get(void)
{
    return __atomic_load_n(&data()->state, __ATOMIC_ACQUIRE);
}

bool runstate_check(RunState state)
{
    return runstate_get() == state;
}

bool runstate_is_running(void)
{
    return runstate_check(RUN_STATE_RUNNING);
}

void runstate_set(RunState state)
{
    RunState now = runstate_get();

    g_assert(device_lock_held());
    if (state == now) {
        return;
    }
    if (!(transitions[now] >> state & 1)) {
        g_error("run state cannot go from %s to %s", state_names[now], state_names[state]);
    }
    __atomic_store_n(&data()->state, state, __ATOMIC_RELEASE);
}

bool runstate_needs_reset(void)
{
    return runstate_check(RUN_STATE_INTERNAL_ERROR) || runstate_check(RUN_STATE_SHUTDOWN);
}

RunPolicy *runstate_policy(void)
{
    return &data()->policy;
}

/* ---- Handlers ---- */

VMChangeStateEntry *vm_change_state_add(VMChangeStateHandler *fn, void *opaque, int priority)
{
    GPtrArray *handlers = data()->change_handlers;
    VMChangeStateEntry *entry = g_new(VMChangeStateEntry, 1);
    unsigned at = 0;

    *entry = (VMChangeStateEntry){fn, opaque, priority};
    while (at < handlers->len &&
           ((VMChangeStateEntry *)g_ptr_array_index(handlers, at))->priority <= priority) {
        at++;
    }
    g_ptr_array_insert(handlers, (gint)at, entry);
    return entry;
}

void vm_change_state_remove(VMChangeStateEntry *entry)
{
    if (entry) {
        g_ptr_array_remove(data()->change_handlers, entry);
    }
}

static void notify_change(bool running, RunState state)
{
    GPtrArray *handlers = data()->change_handlers;

    /* Highest priority first on start, last on stop. */
    for (unsigned i = 0; i < handlers->len; i++) {
        VMChangeStateEntry *entry =
            g_ptr_array_index(handlers, running ? handlers->len - 1 - i : i);

        entry->fn(entry->opaque, running, state);
    }
}

void vm_event_add_handler(VMEventHandler *fn, void *opaque)
{
    EventHandler handler = {fn, opaque};

    g_array_append_val(data()->event_handlers, handler);
}

void vm_event_remove_handler(VMEventHandler *fn, void *opaque)
{
    GArray *handlers = data()->event_handlers;

    for (unsigned i = 0; i < handlers->len; i++) {
        EventHandler *handler = &g_array_index(handlers, EventHandler, i);

        if (handler->fn == fn && handler->opaque == opaque) {
            g_array_remove_index(handlers, i);
            return;
        }
    }
}

static void deliver(const VMEvent *event)
{
    GArray *handlers = data()->event_handlers;

    for (unsigned i = 0; i < handlers->len; i++) {
        EventHandler *handler = &g_array_index(handlers, EventHandler, i);

        handler->fn(handler->opaque, event);
    }
}

static void deliver_later(void *opaque)
{
    VMEvent *event = opaque;

    deliver(event);
    g_free((char *)event->info);
    g_free(event);
}

void vm_event_send(const VMEvent *event)
{
    if (runtime_is_main_thread()) {
        deliver(event);
    } else {
        VMEvent *copy = g_memdup2(event, sizeof(*event));

        copy->info = g_strdup(event->info);
        run_on_main(deliver_later, copy);
    }
}

static void send(VMEventKind kind)
{
    VMEvent event = {.kind = kind};

    vm_event_send(&event);
}

/* ---- Start and stop ---- */

void runstate_set_control(const VMControlOps *ops)
{
    data()->control = ops;
}

void vm_throttle(unsigned percent)
{
    if (data()->control && data()->control->throttle) {
        data()->control->throttle(percent);
    }
}

void runstate_set_start_check(bool (*fn)(GError **errp))
{
    data()->start_check = fn;
}

bool vm_try_start(GError **errp)
{
    RunStateData *run = data();

    g_assert(device_lock_held());
    if (runstate_is_running()) {
        return true;
    }
    if (run->start_check && !run->start_check(errp)) {
        return false;
    }
    /* A stop that was asked for before counts no more. */
    __atomic_store_n(&run->vmstop, 0, __ATOMIC_SEQ_CST);
    send(VM_EVENT_RESUME);
    clock_start(clock_virtual());
    runstate_set(RUN_STATE_RUNNING);
    notify_change(true, RUN_STATE_RUNNING);
    if (run->control) {
        run->control->resume_all();
    }
    return true;
}

void vm_start(void)
{
    GError *error = NULL;

    if (!vm_try_start(&error)) {
        error_prepend(&error, "the machine waits in state paused, for it cannot run: ");
        error_report_err(error);
        vm_stop_force_state(RUN_STATE_PAUSED);
    }
}

/* False: it stands still already. */
static bool stop_now(RunState state)
{
    RunStateData *run = data();

    if (!runstate_is_running()) {
        return false;
    }
    if (run->control) {
        run->control->pause_all();
    }
    /* While it waited, another thread may have stopped the machine. */
    if (!runstate_is_running()) {
        return false;
    }
    clock_stop(clock_virtual());
    runstate_set(state);
    notify_change(false, state);
    send(VM_EVENT_STOP);
    return true;
}

void vm_stop_request(RunState state)
{
    __atomic_store_n(&data()->vmstop, (uint32_t)state + 1, __ATOMIC_SEQ_CST);
    loop_work_ready();
}

void vm_stop(RunState state)
{
    RunStateData *run = data();

    if (run->control && run->control->on_vcpu()) {
        vm_stop_request(state);
        run->control->stop_current();
        return;
    }
    g_assert(device_lock_held());
    stop_now(state);
}

static uint32_t take(uint32_t *request)
{
    return __atomic_exchange_n(request, 0, __ATOMIC_SEQ_CST);
}

RunState vm_stop_force_state(RunState state)
{
    RunState was;

    g_assert(device_lock_held());
    if (stop_now(state)) {
        /* A vCPU has asked for a stop that was not carried out yet. */
        uint32_t asked = take(&data()->vmstop);

        return asked ? (RunState)(asked - 1) : RUN_STATE_RUNNING;
    }
    was = runstate_get();
    if (was != state) {
        runstate_set(state);
        /* Whoever hands something over (disks to another host) does it also when nothing ran. */
        notify_change(false, state);
    }
    return was;
}

/* ---- Requests ---- */

static void leave_guest(void)
{
    RunStateData *run = data();

    if (run->control && run->control->on_vcpu()) {
        run->control->stop_current();
    }
}

void system_shutdown_request_with_code(ShutdownCause cause, int exit_code)
{
    data()->exit_code = exit_code;
    __atomic_store_n(&data()->shutdown, cause, __ATOMIC_SEQ_CST);
    leave_guest();
    loop_work_ready();
}

void system_shutdown_request(ShutdownCause cause)
{
    system_shutdown_request_with_code(cause, 0);
}

void system_reset_request(ShutdownCause cause)
{
    if (data()->policy.reboot == REBOOT_ACTION_SHUTDOWN &&
        cause != SHUTDOWN_CAUSE_SUBSYSTEM_RESET) {
        system_shutdown_request(cause);
        return;
    }
    __atomic_store_n(&data()->reset, cause, __ATOMIC_SEQ_CST);
    leave_guest();
    loop_work_ready();
}

void system_powerdown_request(void)
{
    __atomic_store_n(&data()->powerdown, 1, __ATOMIC_SEQ_CST);
    loop_work_ready();
}

void system_wakeup_request(void)
{
    __atomic_store_n(&data()->wakeup, 1, __ATOMIC_SEQ_CST);
    loop_work_ready();
}

void system_suspend_request(void)
{
    __atomic_store_n(&data()->suspend, 1, __ATOMIC_SEQ_CST);
    leave_guest();
    loop_work_ready();
}

void system_debug_request(int cpu_index)
{
    __atomic_store_n(&data()->debug_cpu, cpu_index, __ATOMIC_SEQ_CST);
    loop_work_ready();
}

ShutdownCause system_reset_pending(void)
{
    return __atomic_load_n(&data()->reset, __ATOMIC_SEQ_CST);
}

ShutdownCause system_shutdown_pending(void)
{
    return __atomic_load_n(&data()->shutdown, __ATOMIC_SEQ_CST);
}

void system_guest_panicked(const char *what)
{
    static const char *const actions[] = {[PANIC_ACTION_PAUSE] = "pause",
                                          [PANIC_ACTION_SHUTDOWN] = "poweroff",
                                          [PANIC_ACTION_EXIT_FAILURE] = "poweroff",
                                          [PANIC_ACTION_NONE] = "run"};
    PanicAction panic = data()->policy.panic;
    VMEvent event = {.kind = VM_EVENT_GUEST_PANICKED, .action = actions[panic], .info = what};

    /* A machine that would stay after its shutdown stays after its panic. */
    if (panic == PANIC_ACTION_PAUSE ||
        (panic == PANIC_ACTION_SHUTDOWN && data()->policy.shutdown == SHUTDOWN_ACTION_PAUSE)) {
        event.action = "pause";
        vm_event_send(&event);
        vm_stop(RUN_STATE_GUEST_PANICKED);
    } else if (panic == PANIC_ACTION_SHUTDOWN || panic == PANIC_ACTION_EXIT_FAILURE) {
        vm_event_send(&event);
        vm_stop(RUN_STATE_GUEST_PANICKED);
        system_shutdown_request_with_code(SHUTDOWN_CAUSE_GUEST_PANIC,
                                          panic == PANIC_ACTION_EXIT_FAILURE ? 1 : 0);
    } else {
        vm_event_send(&event);
    }
}

void system_watchdog_expired(void)
{
    static const char *const actions[] = {
        [WATCHDOG_ACTION_RESET] = "reset",          [WATCHDOG_ACTION_SHUTDOWN] = "shutdown",
        [WATCHDOG_ACTION_POWEROFF] = "poweroff",    [WATCHDOG_ACTION_PAUSE] = "pause",
        [WATCHDOG_ACTION_DEBUG] = "debug",          [WATCHDOG_ACTION_NONE] = "none",
        [WATCHDOG_ACTION_INJECT_NMI] = "inject-nmi"};
    WatchdogAction action = data()->policy.watchdog;
    VMEvent event = {.kind = VM_EVENT_WATCHDOG, .action = actions[action]};

    vm_event_send(&event);
    switch (action) {
    case WATCHDOG_ACTION_RESET:
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
        break;
    case WATCHDOG_ACTION_SHUTDOWN:
        system_powerdown_request();
        break;
    case WATCHDOG_ACTION_POWEROFF:
        system_shutdown_request(SHUTDOWN_CAUSE_HOST_ERROR);
        break;
    case WATCHDOG_ACTION_PAUSE:
        vm_stop(RUN_STATE_WATCHDOG);
        break;
    default:
        break;
    }
}

void runstate_forget_requests(void)
{
    RunStateData *run = data();

    if (shutdown_cause_is_guest(system_reset_pending())) {
        take(&run->reset);
    }
    if (shutdown_cause_is_guest(system_shutdown_pending())) {
        take(&run->shutdown);
    }
    take(&run->suspend);
    take(&run->wakeup);
}

void runstate_set_reset_handler(void (*fn)(void *opaque, ShutdownCause cause), void *opaque)
{
    data()->reset_handler = fn;
    data()->reset_opaque = opaque;
}

void runstate_set_powerdown_handler(void (*fn)(void *opaque), void *opaque)
{
    data()->powerdown_handler = fn;
    data()->powerdown_opaque = opaque;
}

void runstate_set_wakeup_handler(void (*fn)(void *opaque), void *opaque)
{
    data()->wakeup_handler = fn;
    data()->wakeup_opaque = opaque;
}

void system_reset(ShutdownCause cause)
{
    RunStateData *run = data();
    VMEvent event = {
        .kind = VM_EVENT_RESET, .guest = shutdown_cause_is_guest(cause), .cause = cause};

    if (run->reset_handler) {
        run->reset_handler(run->reset_opaque, cause);
    } else {
        reset_run_all(RESET_TYPE_COLD);
    }
    if (cause != SHUTDOWN_CAUSE_NONE && cause != SHUTDOWN_CAUSE_SUBSYSTEM_RESET &&
        cause != SHUTDOWN_CAUSE_SNAPSHOT_LOAD) {
        vm_event_send(&event);
    }
}

bool runstate_requests_pending(void)
{
    RunStateData *run = data();

    return __atomic_load_n(&run->debug_cpu, __ATOMIC_SEQ_CST) >= 0 ||
           __atomic_load_n(&run->suspend, __ATOMIC_SEQ_CST) || system_shutdown_pending() ||
           system_reset_pending() || __atomic_load_n(&run->wakeup, __ATOMIC_SEQ_CST) ||
           __atomic_load_n(&run->powerdown, __ATOMIC_SEQ_CST) ||
           __atomic_load_n(&run->vmstop, __ATOMIC_SEQ_CST);
}

static void process_shutdown(ShutdownCause cause)
{
    RunStateData *run = data();
    VMEvent event = {
        .kind = VM_EVENT_SHUTDOWN, .guest = shutdown_cause_is_guest(cause), .cause = cause};

    vm_event_send(&event);
    if (run->policy.shutdown == SHUTDOWN_ACTION_PAUSE && cause != SHUTDOWN_CAUSE_HOST_QMP_QUIT &&
        cause != SHUTDOWN_CAUSE_HOST_SIGNAL && cause != SHUTDOWN_CAUSE_HOST_UI) {
        vm_stop(RUN_STATE_SHUTDOWN);
        return;
    }
    stop_now(RUN_STATE_SHUTDOWN);
    main_loop_quit(run->exit_code);
}

static void process_reset(ShutdownCause cause)
{
    RunStateData *run = data();
    bool running = runstate_is_running();

    if (running && run->control) {
        run->control->pause_all();
    }
    system_reset(cause);
    /* Meanwhile another thread may have stopped the machine, to hand it over. */
    if (running && runstate_is_running() && run->control) {
        run->control->resume_all();
    }
    /* A machine that stood still for a reason that the reset removes waits at its start. */
    if (!running && !runstate_check(RUN_STATE_INMIGRATE) &&
        !runstate_check(RUN_STATE_FINISH_MIGRATE) && !runstate_check(RUN_STATE_PAUSED) &&
        !runstate_check(RUN_STATE_POSTMIGRATE)) {
        runstate_set(RUN_STATE_PRELAUNCH);
    }
}

void runstate_process_requests(void)
{
    RunStateData *run = data();
    int debug_cpu = __atomic_exchange_n(&run->debug_cpu, -1, __ATOMIC_SEQ_CST);
    uint32_t request;

    if (debug_cpu >= 0) {
        VMEvent event = {.kind = VM_EVENT_DEBUG, .cpu_index = debug_cpu};

        vm_stop(RUN_STATE_DEBUG);
        vm_event_send(&event);
    }
    if (take(&run->suspend)) {
        stop_now(RUN_STATE_SUSPENDED);
        send(VM_EVENT_SUSPEND);
    }
    request = take(&run->shutdown);
    if (request) {
        process_shutdown(request);
        return;
    }
    request = take(&run->reset);
    if (request) {
        process_reset(request);
    }
    if (take(&run->wakeup)) {
        if (runstate_check(RUN_STATE_SUSPENDED)) {
            if (run->wakeup_handler) {
                run->wakeup_handler(run->wakeup_opaque);
            }
            send(VM_EVENT_WAKEUP);
            vm_start();
        }
    }
    if (take(&run->powerdown)) {
        send(VM_EVENT_POWERDOWN);
        if (run->powerdown_handler) {
            run->powerdown_handler(run->powerdown_opaque);
        }
    }
    request = take(&run->vmstop);
    if (request) {
        vm_stop((RunState)(request - 1));
    }
}
