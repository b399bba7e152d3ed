/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device lock, and who may touch what.
 *
 * | what | who |
 * | device state, object tree, reset tree, interrupt lines | whoever holds the device lock |
 * | memory map: change | device lock; inside memory_region_transaction_begin()/commit() |
 * | memory map: read | a vCPU thread between safepoints without lock; everybody else with the lock
 * | | RAM contents | anybody (guest memory races as on hardware); writers mark pages dirty | |
 * dirty bitmaps | anybody, atomically | | clocks, arming and deleting timers | anybody | | CPU
 * registers | the CPU's thread; others only while it is stopped, or by run_on_cpu() | |
 * CPUState.interrupt_request, exit_request, work queue | anybody, through cpu.h's functions | | run
 * state: change | main thread with the lock; vCPU threads ask with vm_stop() / *_request() | | IRQ
 * lines of a CPU | device lock; the CPU's side is atomic |
 *
 * The main thread holds the lock except while it sleeps in poll.  vCPU threads take it for device
 * accesses.  It is not recursive: code that may be called either way tests device_lock_held().
 * Order: device lock, then clock, work-queue and log locks (leaves).  Nobody waits for a safepoint
 * (cpus.h, start_exclusive) while holding the device lock.
 */
#ifndef SYSTEM_LOCK_H
#define SYSTEM_LOCK_H

#include <stdbool.h>
#include "util/thread.h"

void device_lock(void);
void device_unlock(void);
bool device_lock_held(void);
/* Waits on cond, giving up the lock meanwhile. */
void device_lock_cond_wait(Cond *cond);
bool device_lock_cond_wait_timeout(Cond *cond, int64_t ns);

/* Takes the lock unless held; what it returns goes to device_lock_restore(). */
static inline bool device_lock_acquire(void)
{
    bool taken = !device_lock_held();

    if (taken) {
        device_lock();
    }
    return taken;
}

static inline void device_lock_restore(bool taken)
{
    if (taken) {
        device_unlock();
    }
}

#endif
