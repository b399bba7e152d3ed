/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slower vCPUs, so that a migration keeps up with what the guest writes.
 *
 * Time goes in periods of RUN_NS of running and as much of sleep as the percentage asks for.  A
 * timer starts each by sending every vCPU out of guest code; its thread sleeps there, and wakes
 * early for a stop or work.
 */
#include "hw/core/cpus.h"
#include "internal.h"
#include "system/main-loop.h"
#include "system/runtime.h"

#define RUN_NS (10 * SCALE_MS)

static int64_t sleep_ns(unsigned percent)
{
    return RUN_NS * percent / (100 - percent);
}

static void next_period(void *opaque)
{
    unsigned percent = __atomic_load_n(&core.throttle, __ATOMIC_SEQ_CST);
    CPUState *cpu;

    if (!percent) {
        return;
    }
    __atomic_fetch_add(&core.throttle_turn, 1, __ATOMIC_SEQ_CST);
    CPU_FOREACH(cpu)
    {
        cpu_exit(cpu);
    }
    timer_mod_ns(core.throttle_timer, clock_get_ns(clock_realtime()) + RUN_NS + sleep_ns(percent));
}

static void start_periods(void *opaque)
{
    if (!core.throttle_timer) {
        core.throttle_timer = timer_new_ns(clock_realtime(), next_period, NULL);
    }
    next_period(NULL);
}

void cpus_throttle(unsigned percent)
{
    g_assert(percent < 100);
    if (!__atomic_exchange_n(&core.throttle, percent, __ATOMIC_SEQ_CST) && percent) {
        run_on_main(start_periods, NULL);
    }
}

void cpu_throttle_wait(CPUThrottle *t, CPUHalt *halt, RcuReader *rcu, bool (*wanted)(void *opaque),
                       void *opaque)
{
    uint32_t turn = __atomic_load_n(&core.throttle_turn, __ATOMIC_SEQ_CST);
    int64_t now = clock_get_ns(clock_realtime());

    if (turn != t->turn) {
        t->turn = turn;
        t->until = now + sleep_ns(__atomic_load_n(&core.throttle, __ATOMIC_SEQ_CST));
    }
    rcu_offline(rcu);
    mutex_lock(&halt->lock);
    while (now < t->until && __atomic_load_n(&core.throttle, __ATOMIC_SEQ_CST)) {
        /* Whoever wants something writes that, then sets kicked. */
        __atomic_store_n(&halt->kicked, 0, __ATOMIC_SEQ_CST);
        if (wanted(opaque)) {
            break;
        }
        cond_wait_timeout(&halt->cond, &halt->lock, t->until - now);
        now = clock_get_ns(clock_realtime());
    }
    if (now >= t->until || !__atomic_load_n(&core.throttle, __ATOMIC_SEQ_CST)) {
        t->until = 0;
    }
    mutex_unlock(&halt->lock);
    rcu_online(rcu);
}
