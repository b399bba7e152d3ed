/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runtime's insides, for this folder's files: each part's state hangs from one struct.
 */
#ifndef SYSTEM_INTERNAL_H
#define SYSTEM_INTERNAL_H

#include <glib.h>
#include "system/job.h"
#include "system/memory.h"
#include "system/reset.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/thread.h"
#include "util/timer.h"

typedef struct RcuState {
    Mutex lock;
    uint64_t epoch;     /* atomic */
    GPtrArray *readers; /* RcuReader */
    GQueue waiting;     /* RcuItem, oldest first */
    Timer timer;
    void (*kick)(void);
} RcuState;

typedef struct LoopState {
    GSource *work, *clocks[3];
    Mutex lock;
    GQueue queue;          /* LoopItem */
    uint32_t work_pending; /* atomic: queue or requests */
    bool quit;
    int exit_status;
    int depth;
} LoopState;

typedef struct RunStateData {
    RunState state;
    RunPolicy policy;
    /* Requests: atomic. */
    uint32_t reset, shutdown, powerdown, wakeup, suspend;
    int exit_code;
    int debug_cpu;   /* -1: none */
    uint32_t vmstop; /* RunState + 1; 0: none */
    void (*reset_handler)(void *opaque, ShutdownCause cause);
    void *reset_opaque;
    void (*powerdown_handler)(void *opaque);
    void *powerdown_opaque;
    void (*wakeup_handler)(void *opaque);
    void *wakeup_opaque;
    bool (*start_check)(GError **errp);
    const VMControlOps *control;
    GPtrArray *change_handlers; /* VMChangeStateEntry, ascending priority */
    GArray *event_handlers;
} RunStateData;

typedef struct MemoryState {
    GPtrArray *spaces;    /* AddressSpace */
    GPtrArray *blocks;    /* RAMBlock; published, replaced whole */
    GPtrArray *listeners; /* MemoryListener */
    MemoryRegion system;
    AddressSpace memory;
    unsigned depth;
    bool changed;
    uint64_t generation; /* atomic */
    ram_addr_t next_offset;
    RamCodeInvalidate *code_invalidate;
    void *code_opaque;
} MemoryState;

typedef struct RtcState {
    Clock *clock;
    bool localtime, fixed;
    int64_t fixed_base_ns, fixed_start_ns;
} RtcState;

/* The section "timer" (vmstate-clock.c). */
typedef struct ClockState {
    /* saved */
    int64_t ticks, virtual_ns;
    /* host-only */
    uint64_t base_ticks;
    int64_t base_ns;
} ClockState;

struct Runtime {
    Mutex lock; /* the device lock */
    pthread_t main_thread;
    Clock *clocks[3];
    StateRegistry *registry;
    RcuState rcu;
    LoopState loop;
    RunStateData run;
    MemoryState memory;
    RtcState rtc;
    ClockState clock_state;
    ResetNode reset_root;
    GArray *reset_functions; /* ResetFunction */
    struct Migration *migration; /* NULL: a machine without (tests) */
    GPtrArray *jobs;                       /* Job; NULL: there was none */
    void (*job_observer)(const Job *job);
};

/* The one global (runtime.h). */
extern Runtime *the_runtime;

void rcu_state_init(RcuState *rcu);
void rcu_state_cleanup(RcuState *rcu);
void loop_state_init(LoopState *loop);
void loop_state_cleanup(LoopState *loop);
void runstate_data_init(RunStateData *run);
void runstate_data_cleanup(RunStateData *run);
bool runstate_requests_pending(void);
/* Main thread: carries requests out; a shutdown may quit the loop. */
void runstate_process_requests(void);
/* Something is waiting for the main loop's work source. Any thread. */
void loop_work_ready(void);
/* Frees what is left; before the loop goes. */
void jobs_cleanup(void);
void memory_state_init(MemoryState *memory);
void memory_state_cleanup(MemoryState *memory);
void rtc_state_init(RtcState *rtc);
void clock_state_init(ClockState *state);
extern const VMStateDescription vmstate_clock;

RAMBlock *ram_block_create(MemoryRegion *mr, const char *name, uint64_t size, void *host,
                           bool share, const char *path, bool readonly, GError **errp);
void ram_block_free(RAMBlock *block);

#endif
