/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's run state: QEMU's states and names, starting and stopping, and requests from any
 * thread (reset, shutdown, powerdown, wakeup, stop) that the main loop carries out in order.
 */
#ifndef SYSTEM_RUNSTATE_H
#define SYSTEM_RUNSTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

typedef enum RunState {
    RUN_STATE_DEBUG,
    RUN_STATE_INMIGRATE,
    RUN_STATE_INTERNAL_ERROR,
    RUN_STATE_IO_ERROR,
    RUN_STATE_PAUSED,
    RUN_STATE_POSTMIGRATE,
    RUN_STATE_PRELAUNCH,
    RUN_STATE_FINISH_MIGRATE,
    RUN_STATE_RESTORE_VM,
    RUN_STATE_RUNNING,
    RUN_STATE_SAVE_VM,
    RUN_STATE_SHUTDOWN,
    RUN_STATE_SUSPENDED,
    RUN_STATE_WATCHDOG,
    RUN_STATE_GUEST_PANICKED,
    RUN_STATE_COUNT
} RunState;

/* Why a reset or the end: index of shutdown_cause_name(), QEMU's words. */
typedef enum ShutdownCause {
    SHUTDOWN_CAUSE_NONE,
    SHUTDOWN_CAUSE_HOST_ERROR,
    SHUTDOWN_CAUSE_HOST_QMP_QUIT,
    SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET,
    SHUTDOWN_CAUSE_HOST_SIGNAL,
    SHUTDOWN_CAUSE_HOST_UI,
    SHUTDOWN_CAUSE_GUEST_SHUTDOWN,
    SHUTDOWN_CAUSE_GUEST_RESET,
    SHUTDOWN_CAUSE_GUEST_PANIC,
    SHUTDOWN_CAUSE_SUBSYSTEM_RESET,
    SHUTDOWN_CAUSE_SNAPSHOT_LOAD,
    SHUTDOWN_CAUSE_COUNT
} ShutdownCause;
static inline bool shutdown_cause_is_guest(ShutdownCause c)
{
    return c >= SHUTDOWN_CAUSE_GUEST_SHUTDOWN && c <= SHUTDOWN_CAUSE_GUEST_PANIC;
}

const char *runstate_name(RunState state);
const char *shutdown_cause_name(ShutdownCause cause);

RunState runstate_get(void);
bool runstate_check(RunState state);
bool runstate_is_running(void);
/* A transition that the table does not have is a bug (asserts). Device lock. */
void runstate_set(RunState state);
/* States in which a cont needs a reset first. */
bool runstate_needs_reset(void);

/* Starts: virtual clock, then vCPUs. No-op while running. Device lock. False with an error, and
 * nothing done, if the machine must not run now. */
bool vm_try_start(GError **errp);
/* The same for those who have nobody to tell: the error is reported, and the machine is left in
 * state paused. */
void vm_start(void);
/* Asked before each start. */
void runstate_set_start_check(bool (*fn)(GError **errp));
/* Stops vCPUs, then the clock. From a vCPU thread it only asks, and the vCPU leaves its loop. */
void vm_stop(RunState state);
/*
 * Stops if running, and sets the state in any case; handlers are told of the new state either way.
 * What comes back is the state to go on in: the one before, or what a vCPU asked for meanwhile. Not
 * on a vCPU's thread.
 */
RunState vm_stop_force_state(RunState state);

/* What app/ wants done: -no-reboot, -no-shutdown, -action, -S. */
typedef enum RebootAction { REBOOT_ACTION_RESET, REBOOT_ACTION_SHUTDOWN } RebootAction;
typedef enum ShutdownAction { SHUTDOWN_ACTION_POWEROFF, SHUTDOWN_ACTION_PAUSE } ShutdownAction;
typedef enum PanicAction {
    PANIC_ACTION_PAUSE,
    PANIC_ACTION_SHUTDOWN,
    PANIC_ACTION_EXIT_FAILURE,
    PANIC_ACTION_NONE
} PanicAction;
typedef enum WatchdogAction {
    WATCHDOG_ACTION_RESET,
    WATCHDOG_ACTION_SHUTDOWN,
    WATCHDOG_ACTION_POWEROFF,
    WATCHDOG_ACTION_PAUSE,
    WATCHDOG_ACTION_DEBUG,
    WATCHDOG_ACTION_NONE,
    WATCHDOG_ACTION_INJECT_NMI,
} WatchdogAction;
typedef struct RunPolicy {
    RebootAction reboot;
    ShutdownAction shutdown;
    PanicAction panic;
    WatchdogAction watchdog;
} RunPolicy;
/* Changed in place by option parsing and set-action. Device lock. */
RunPolicy *runstate_policy(void);

/* Requests: any thread, with or without the lock. */
void system_reset_request(ShutdownCause cause);
void system_shutdown_request(ShutdownCause cause);
void system_shutdown_request_with_code(ShutdownCause cause, int exit_code);
void system_powerdown_request(void);
void system_wakeup_request(void);
void system_suspend_request(void);
void vm_stop_request(RunState state);
/* A debugger stop (breakpoint, watchpoint, step) of the CPU with that index. */
void system_debug_request(int cpu_index);
/* `what` may be NULL; acts by policy, sends GUEST_PANICKED. */
void system_guest_panicked(const char *what);
void system_watchdog_expired(void);
/* The machine has become another one (a snapshot): what its old self asked for counts no more. */
void runstate_forget_requests(void);
ShutdownCause system_reset_pending(void);
ShutdownCause system_shutdown_pending(void);

/* Resets the machine now: vCPUs must be stopped. Main thread, device lock. */
void system_reset(ShutdownCause cause);
/* How the machine resets (hw/core sets it); default: reset_node_reset(reset_root(), cold) and the
 * registered functions. */
void runstate_set_reset_handler(void (*fn)(void *opaque, ShutdownCause cause), void *opaque);
/* Powerdown button: called on the main thread for each request. */
void runstate_set_powerdown_handler(void (*fn)(void *opaque), void *opaque);
void runstate_set_wakeup_handler(void (*fn)(void *opaque), void *opaque);

/* vCPU control, set by hw/core: called from vm_start/vm_stop. */
typedef struct VMControlOps {
    void (*pause_all)(void);
    void (*resume_all)(void);
    /* True on a vCPU thread; then stop_current() makes it leave guest code. */
    bool (*on_vcpu)(void);
    void (*stop_current)(void);
    /* Lets vCPUs run for less of the time, by that percentage. Any thread. */
    void (*throttle)(unsigned percent);
} VMControlOps;
void runstate_set_control(const VMControlOps *ops);
/* 0 to 99 percent less time for the guest. Any thread. */
void vm_throttle(unsigned percent);

/* Handlers told of every start and stop: running, new state. Higher priority first on start, last
 * on stop. Device lock. */
typedef void VMChangeStateHandler(void *opaque, bool running, RunState state);
typedef struct VMChangeStateEntry VMChangeStateEntry;
VMChangeStateEntry *vm_change_state_add(VMChangeStateHandler *fn, void *opaque, int priority);
void vm_change_state_remove(VMChangeStateEntry *entry);

/* Events for monitors and others. Delivered on the main thread, device lock held. */
typedef enum VMEventKind {
    VM_EVENT_STOP,
    VM_EVENT_RESUME,
    VM_EVENT_RESET,
    VM_EVENT_SHUTDOWN,
    VM_EVENT_POWERDOWN,
    VM_EVENT_SUSPEND,
    VM_EVENT_WAKEUP,
    VM_EVENT_WATCHDOG,
    VM_EVENT_GUEST_PANICKED,
    VM_EVENT_DEBUG,
    VM_EVENT_RTC_CHANGE,
} VMEventKind;
typedef struct VMEvent {
    VMEventKind kind;
    bool guest;          /* RESET, SHUTDOWN */
    ShutdownCause cause; /* RESET, SHUTDOWN */
    const char *action;  /* GUEST_PANICKED, WATCHDOG: "pause", "poweroff", ... */
    const char *info;    /* GUEST_PANICKED: text or NULL */
    int cpu_index;       /* DEBUG */
    int64_t offset;      /* RTC_CHANGE, seconds */
} VMEvent;
typedef void VMEventHandler(void *opaque, const VMEvent *event);
void vm_event_add_handler(VMEventHandler *fn, void *opaque);
void vm_event_remove_handler(VMEventHandler *fn, void *opaque);
void vm_event_send(const VMEvent *event);

#endif
