/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUState: what every emulated CPU has, whatever its architecture: a thread, a run state,
 * interrupt requests, queued work, breakpoints.  The target's struct begins with it and gives a
 * CPUOps row; the accelerator gives an AccelOps row.
 */
#ifndef HW_CORE_CPU_H
#define HW_CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "hw/core/device.h"
#include "system/memory.h"
#include "system/rcu.h"
#include "util/thread.h"

typedef struct CPUState CPUState;
typedef struct CPUOps CPUOps;
typedef struct AccelOps AccelOps;

/* Bits of CPUState.interrupt_request: only what is common; targets keep their own sources. */
enum {
    CPU_INTERRUPT_HARD = 0x0002,   /* the target has an interrupt to look at */
    CPU_INTERRUPT_EXITTB = 0x0004, /* leave the block: something changed */
    CPU_INTERRUPT_HALT = 0x0020,
    CPU_INTERRUPT_DEBUG = 0x0080,
    CPU_INTERRUPT_RESET = 0x0400,
};

/* What AccelOps.exec returns. */
enum {
    EXCP_INTERRUPT = 0x10000, /* exit_request: nothing else happened */
    EXCP_HLT = 0x10001,       /* the CPU halted (waits for an interrupt) */
    EXCP_DEBUG = 0x10002,     /* breakpoint, watchpoint or step */
    EXCP_HALTED = 0x10003,    /* was halted already */
    EXCP_YIELD = 0x10004,     /* gives its turn (round robin) */
    EXCP_ATOMIC = 0x10005,    /* run one instruction with the others stopped */
};

/* Debugger breakpoints and watchpoints. */
enum {
    BP_MEM_READ = 1,
    BP_MEM_WRITE = 2,
    BP_MEM_ACCESS = 3,
    BP_STOP_BEFORE_ACCESS = 4,
    BP_GDB = 0x10,
    BP_CPU = 0x20,
    BP_ANY = 0x30,
    BP_HIT_READ = 0x40,
    BP_HIT_WRITE = 0x80,
};
typedef struct CPUBreakpoint {
    vaddr pc;
    int flags;
} CPUBreakpoint;
typedef struct CPUWatchpoint {
    vaddr addr, len;
    vaddr hit_addr;
    int flags;
} CPUWatchpoint;

/* Single step (CPUState.singlestep_enabled). */
enum { SSTEP_ENABLE = 1, SSTEP_NOIRQ = 2, SSTEP_NOTIMER = 4 };

typedef void CPUWorkFunc(CPUState *cpu, void *opaque);

/* A group of registers as gdb sees it: numbers first .. first + count - 1 in the order of the rows.
 */
typedef struct GDBFeature {
    const char *name; /* "power64-core.xml"; NULL ends */
    const char *xml;  /* the description's text */
    int count;
    /* Appends the register's bytes in target order; how many, 0 if there is no such register. */
    int (*read)(CPUState *cpu, GByteArray *buf, int n);
    /* Takes bytes in target order (size bytes at hand); how many were used, 0 if none. */
    int (*write)(CPUState *cpu, const uint8_t *buf, unsigned size, int n);
} GDBFeature;

enum { CPU_DUMP_FPU = 1, CPU_DUMP_VECTOR = 2, CPU_DUMP_SPR = 4, CPU_DUMP_ALL = 7 };

/* The architecture's side. Run on the CPU's thread or while it is stopped, unless said otherwise.
 */
struct CPUOps {
    const char *gdb_arch;               /* "powerpc:common64" */
    const GDBFeature *gdb_features;     /* core first */
    bool (*has_work)(CPUState *cpu);    /* any thread: would a halted CPU run? */
    void (*synchronize)(CPUState *cpu); /* brings lazily kept state up to date */
    void (*set_pc)(CPUState *cpu, vaddr pc);
    vaddr (*get_pc)(CPUState *cpu);
    void (*reset)(CPUState *cpu);
    void (*dump_state)(CPUState *cpu, GString *out, int flags);
    void (*dump_mmu)(CPUState *cpu, GString *out); /* info tlb; NULL: none */
    /* Effective to physical for a debugger: no side effects, ignores protection. */
    bool (*translate_debug)(CPUState *cpu, vaddr addr, hwaddr *phys, MemTxAttrs *attrs);
    bool (*is_big_endian)(CPUState *cpu); /* data, now */
    unsigned (*address_bits)(CPUState *cpu);
    /* Text of the instruction at pc whose bytes are given; its length, 0 if undecodable. */
    unsigned (*disassemble)(CPUState *cpu, vaddr pc, const uint8_t *bytes, unsigned size,
                            GString *out);
    /* A register by name for expressions of the monitor ($pc, $r1). */
    bool (*get_register)(CPUState *cpu, const char *name, uint64_t *value);
    bool (*nmi)(CPUState *cpu, GError **errp);
    /* Physical memory was changed behind its back, debug registers changed, ... : NULL unless
     * needed. */
    void (*debug_check_watchpoint)(CPUState *cpu, CPUWatchpoint *wp);
};

/* The accelerator's side. */
struct AccelOps {
    const char *name;                               /* "tcg" */
    bool (*cpu_init)(CPUState *cpu, GError **errp); /* device lock, before the thread starts */
    void (*cpu_deinit)(CPUState *cpu);
    void (*cpu_thread_start)(CPUState *cpu); /* on the thread, device lock held */
    void (*cpu_thread_stop)(CPUState *cpu);
    /* Runs guest code until something is to be done; lock not held; EXCP_*. Between
     * cpu_exec_start() and cpu_exec_end(), which the caller has done. */
    int (*exec)(CPUState *cpu);
    /* One instruction, alone (EXCP_ATOMIC). */
    void (*exec_step_atomic)(CPUState *cpu);
    /* Makes exec return soon. Any thread, async. */
    void (*kick)(CPUState *cpu);
    void (*tlb_flush)(CPUState *cpu); /* any thread; takes effect before guest code goes on */
    void (*breakpoints_changed)(CPUState *cpu); /* also watchpoints, single step */
    void (*memory_changed)(CPUState *cpu);      /* the flat view was replaced */
    void (*reset)(CPUState *cpu);
    void (*print_info)(GString *out); /* info jit */
};

typedef struct CPUWork CPUWork;

struct CPUState {
    DeviceState parent; /* first */
    /* ---- immutable after cpu_init() ---- */
    const CPUOps *ops;
    const AccelOps *accel;
    AddressSpace *as;
    int cpu_index;
    int cluster_index, nr_threads, nr_cores;
    int numa_node;
    /* ---- saved ("cpu_common") ---- */
    uint32_t halted;            /* atomic; waits for an interrupt (or start_powered_off) */
    uint32_t interrupt_request; /* atomic */
    uint32_t wire_interrupts;   /* what of it a stream has */
    /* ---- host-only ---- */
    uint32_t exit_request; /* atomic */
    CPUState *next;        /* in the list of CPUs; atomic */
    bool start_powered_off;
    bool created, stop, stopped, unplug, queued_start;
    bool running;  /* in guest code; atomic (cpus.c) */
    int thread_id; /* host's */
    Thread *thread;
    struct CPUHalt *halt; /* where its thread sleeps; shared in round robin */
    RcuReader *rcu;       /* of its thread */
    Mutex work_lock;
    GQueue work;           /* CPUWork */
    uint32_t work_pending; /* atomic: the queue is not empty */
    int singlestep_enabled;
    GArray *breakpoints;    /* CPUBreakpoint */
    GPtrArray *watchpoints; /* CPUWatchpoint * */
    CPUWatchpoint *watchpoint_hit;
    int exception_index; /* free for the accelerator */
    vaddr mem_io_pc;     /* free for the accelerator */
    bool crash_occurred;
    void *accel_data;    /* the accelerator's own */
    const void *tcg_ops; /* TCGCPUOps of the target (accel/tcg) */
};
#define CPU(cpu) ((CPUState *)(cpu))

/* The row under all CPU rows. */
extern const DeviceClass cpu_class;
extern const VMStateDescription vmstate_cpu_common;

/* Sets up the base part (the object was made with a row below cpu_class); adds it to the CPU list.
 */
bool cpu_base_init(CPUState *cpu, const CPUOps *ops, AddressSpace *as, int cpu_index,
                   GError **errp);
/* Starts its thread (stopped until the VM runs). Device lock. */
bool cpu_start_thread(CPUState *cpu, GError **errp);
/* Takes it down: thread joined, off the list. Device lock held (given up meanwhile). */
void cpu_base_deinit(CPUState *cpu);
/* Resets through ops and accelerator: clears requests, halted = start_powered_off. */
void cpu_reset(CPUState *cpu);

/* The CPU whose thread this is; NULL on others. */
CPUState *current_cpu(void);
/* CPUs in order of index. Changes with the device lock and vCPUs at a safepoint. */
CPUState *cpu_first(void);
CPUState *cpu_next(CPUState *cpu);
CPUState *cpu_get(int index);
int cpu_count(void);
#define CPU_FOREACH(cpu) for ((cpu) = cpu_first(); (cpu); (cpu) = cpu_next(cpu))

/* ---- Any thread ---- */
static inline bool cpu_is_self(CPUState *cpu)
{
    return current_cpu() == cpu;
}
/* Leaves guest code soon; does not wake a halted CPU. */
void cpu_exit(CPUState *cpu);
/* Leaves guest code, or wakes its thread, to look at its state again. */
void cpu_kick(CPUState *cpu);
/* Sets bits of interrupt_request and kicks. */
void cpu_interrupt(CPUState *cpu, uint32_t mask);
void cpu_reset_interrupt(CPUState *cpu, uint32_t mask);
static inline uint32_t cpu_interrupts(const CPUState *cpu)
{
    return __atomic_load_n(&cpu->interrupt_request, __ATOMIC_ACQUIRE);
}
bool cpu_has_work(CPUState *cpu);
void cpu_set_halted(CPUState *cpu, bool halted);

/* ---- Queued work: runs on the CPU's thread between blocks ---- */
/* Waits for it; the device lock must be held and is given up meanwhile (fn runs with it held). On
 * the CPU's own thread it runs at once. */
void run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque);
/* Does not wait; fn runs with the device lock held. */
void async_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque);
/* Does not wait; fn runs while every vCPU is out of guest code, device lock not held. */
void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque);
/* The same for each CPU. */
void async_run_on_all_cpus(CPUWorkFunc *fn, void *opaque);
/* For the accelerator's loop: is anything queued, or an exit asked for? */
static inline bool cpu_work_pending(const CPUState *cpu)
{
    return __atomic_load_n(&cpu->work_pending, __ATOMIC_ACQUIRE);
}

/* ---- Debugging. Device lock, CPU stopped or own thread ---- */
void cpu_breakpoint_insert(CPUState *cpu, vaddr pc, int flags);
bool cpu_breakpoint_remove(CPUState *cpu, vaddr pc, int flags);
void cpu_breakpoint_remove_all(CPUState *cpu, int mask);
bool cpu_breakpoint_test(const CPUState *cpu, vaddr pc, int mask);
/* False if len is 0 or the range wraps. */
bool cpu_watchpoint_insert(CPUState *cpu, vaddr addr, vaddr len, int flags);
bool cpu_watchpoint_remove(CPUState *cpu, vaddr addr, vaddr len, int flags);
void cpu_watchpoint_remove_all(CPUState *cpu, int mask);
/* A watchpoint that the access would hit, NULL if none. */
CPUWatchpoint *cpu_watchpoint_match(CPUState *cpu, vaddr addr, vaddr len, bool is_write);
static inline bool cpu_has_watchpoints(const CPUState *cpu)
{
    return cpu->watchpoints && cpu->watchpoints->len;
}
void cpu_single_step(CPUState *cpu, int flags);
/* Through the CPU's translation, without side effects; writes reach ROM too and drop translated
 * code. False at the first page that does not translate. */
bool cpu_memory_rw_debug(CPUState *cpu, vaddr addr, void *buf, uint64_t len, bool is_write);
void cpu_dump_state(CPUState *cpu, GString *out, int flags);
static inline void cpu_synchronize(CPUState *cpu)
{
    if (cpu->ops->synchronize) {
        cpu->ops->synchronize(cpu);
    }
}

#endif
