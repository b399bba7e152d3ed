/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads: starting, pausing, and sections in which no vCPU runs guest code.
 *
 * A vCPU thread's turn: wait (lock held) while stopped or idle, run queued work, give up the lock,
 * cpu_exec_start(), AccelOps.exec, cpu_exec_end(), take the lock, deal with the result.
 */
#ifndef HW_CORE_CPUS_H
#define HW_CORE_CPUS_H

#include "hw/core/cpu.h"

typedef enum VCPUThreading {
    VCPU_THREADS_MULTI,  /* one thread a CPU */
    VCPU_THREADS_SINGLE, /* one thread for all, in turn */
} VCPUThreading;

/* Before the first CPU: the accelerator and the way of threading. Also joins run state, reclaiming
 * and memory listener to the vCPUs. */
void cpus_init(const AccelOps *accel, VCPUThreading threading);
const AccelOps *cpus_accel(void);
VCPUThreading cpus_threading(void);

/* All vCPUs out of guest code and waiting / running again. Device lock held. */
void pause_all_vcpus(void);
void resume_all_vcpus(void);
void cpu_pause(CPUState *cpu);
void cpu_resume(CPUState *cpu);
bool all_vcpus_paused(void);
/* Ends all threads (at exit). Device lock held. */
void cpus_shutdown(void);
/* From a vCPU: stop at the next turn. */
void cpu_stop_current(void);

/* Around guest code; the accelerator's loop does not call them (the thread's turn does), but a long
 * look at shared translated code outside exec may. Not with the device lock. */
void cpu_exec_start(CPUState *cpu);
void cpu_exec_end(CPUState *cpu);
/* Waits until no other vCPU runs guest code and keeps it so. Device lock not held; may be called by
 * a vCPU thread (out of guest code: after cpu_exec_end) or another. */
void start_exclusive(void);
void end_exclusive(void);
bool cpu_in_exclusive(void);
/* A full safepoint: returns after each vCPU has been out of guest code once. Device lock not held.
 */
void cpus_safepoint(void);

/* system_reset's part: every CPU that is not powered off is reset by the machine; this resumes
 * none. */
void cpus_synchronize_all(void);

/* "info cpus". */
void cpus_print(GString *out);

#endif
