/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share: the one struct that holds classes, CPUs and the machine.
 *
 * It is a writable global (tests/structure/globals-allowed.txt): a process has one machine, and
 * classes are registered before there is one.
 */
#ifndef HW_CORE_INTERNAL_H
#define HW_CORE_INTERNAL_H

#include "hw/core/cpus.h"
#include "hw/core/machine.h"
#include "util/timer.h"

/* Where a vCPU thread sleeps. kicked: atomic; set by who wants attention, cleared by the sleeper
 * before it looks whether there is anything to do. */
typedef struct CPUHalt {
    Mutex lock;
    Cond cond;
    uint32_t kicked;
} CPUHalt;

/* A device with a bootindex. */
typedef struct BootDevice {
    DeviceState *dev;
    int32_t index;
} BootDevice;

typedef struct CoreState {
    /* Classes: constant rows, registered by app. */
    GPtrArray *device_classes;
    GPtrArray *machine_classes;
    /* Values from elsewhere. */
    GPtrArray *compat;  /* const GlobalProperty * */
    GPtrArray *globals; /* CommandGlobal * */
    GPtrArray *firmware_dirs;
    /* Buses. */
    BusState *system_bus;
    GPtrArray *root_buses;
    GHashTable *bus_numbers; /* class name -> next number */
    GArray *boot_devices;    /* BootDevice, by index */
    MachineState *machine;
    GPtrArray *roms; /* RomBlob * */
    bool rom_reset_registered;
    /* CPUs. */
    CPUState *first_cpu; /* atomic; list by CPUState.next */
    const AccelOps *accel;
    VCPUThreading threading;
    bool cpus_ready;
    MemoryListener listener;
    Cond pause_cond, work_cond, start_cond;
    /* Exclusive sections. */
    Mutex exclusive_lock;
    Cond exclusive_cond, exclusive_resume;
    uint32_t exclusive; /* atomic: somebody wants to be, or is, alone */
    /* Round robin. */
    Thread *rr_thread;
    CPUHalt rr_halt;
    RcuReader *rr_rcu;
    CPUState *rr_current; /* atomic */
    bool rr_quit;
    Timer *rr_timer;
    /* Throttling (cpu-throttle.c). */
    Timer *throttle_timer;
    unsigned throttle;      /* percent; atomic */
    uint32_t throttle_turn; /* atomic: how often vCPUs were asked to pause */
} CoreState;

extern CoreState core;

/* Gives obj a place in the tree unless it has one; takes a reference. */
void core_place_object(Object *obj, const char *id);

/* Runs what is queued; device lock held, on the CPU's thread. */
void cpu_process_work(CPUState *cpu);
/* Drops the images and their reset function (the machine goes). */
void rom_forget_all(void);
/* A vCPU thread's: which period it has slept in, and until when it still has to. */
typedef struct CPUThrottle {
    uint32_t turn;
    int64_t until; /* 0: not at all */
} CPUThrottle;
static inline bool cpu_throttle_due(const CPUThrottle *t)
{
    return t->until || t->turn != __atomic_load_n(&core.throttle_turn, __ATOMIC_SEQ_CST);
}
/* Out of guest code, when it is due: sleeps; not to the end if wanted() says that there is
 * something to do. */
void cpu_throttle_wait(CPUThrottle *t, CPUHalt *halt, RcuReader *rcu, bool (*wanted)(void *opaque),
                       void *opaque);
/* VMControlOps.throttle. */
void cpus_throttle(unsigned percent);
void cpu_set_current(CPUState *cpu);
void cpu_list_add(CPUState *cpu);
void cpu_list_remove(CPUState *cpu);

#endif
