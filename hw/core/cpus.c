/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads, pausing, and exclusive sections.
 *
 * A thread's loop clears CPUHalt.kicked, then looks at everything that could want attention;
 * whoever wants attention writes its reason, then sets kicked.  So the thread either sees the
 * reason or finds kicked set and does not sleep.  The device lock is taken only for stop requests,
 * queued work and debug stops; a halted CPU sleeps and wakes without it.
 *
 * Exclusive sections: a vCPU writes `running`, then reads core.exclusive; the one that wants to be
 * alone writes core.exclusive, then reads every `running` (both sequentially consistent), kicks
 * those that run and waits for them.
 */
#include "hw/core/cpus.h"

#include "internal.h"
#include "system/lock.h"
#include "system/runstate.h"
#include "system/runtime.h"

#define RR_SLICE_NS (10 * SCALE_MS)

static __thread bool in_exclusive;

#define flag(p)        __atomic_load_n(&(p), __ATOMIC_SEQ_CST)
#define set_flag(p, v) __atomic_store_n(&(p), (v), __ATOMIC_SEQ_CST)

/* ---- Exclusive sections ---- */

void cpu_exec_start(CPUState *cpu)
{
    set_flag(cpu->running, true);
    if (G_UNLIKELY(flag(core.exclusive))) {
        mutex_lock(&core.exclusive_lock);
        set_flag(cpu->running, false);
        cond_broadcast(&core.exclusive_cond);
        while (flag(core.exclusive)) {
            cond_wait(&core.exclusive_resume, &core.exclusive_lock);
        }
        set_flag(cpu->running, true);
        mutex_unlock(&core.exclusive_lock);
    }
}

void cpu_exec_end(CPUState *cpu)
{
    set_flag(cpu->running, false);
    if (G_UNLIKELY(flag(core.exclusive))) {
        mutex_lock(&core.exclusive_lock);
        cond_broadcast(&core.exclusive_cond);
        mutex_unlock(&core.exclusive_lock);
    }
}

static bool kick_running(void)
{
    CPUState *cpu;
    bool any = false;

    CPU_FOREACH(cpu)
    {
        if (flag(cpu->running)) {
            cpu_exit(cpu);
            any = true;
        }
    }
    return any;
}

void start_exclusive(void)
{
    g_assert(!device_lock_held() && !in_exclusive);
    g_assert(!current_cpu() || !flag(current_cpu()->running));
    mutex_lock(&core.exclusive_lock);
    while (flag(core.exclusive)) {
        cond_wait(&core.exclusive_resume, &core.exclusive_lock);
    }
    set_flag(core.exclusive, 1);
    while (kick_running()) {
        cond_wait(&core.exclusive_cond, &core.exclusive_lock);
    }
    mutex_unlock(&core.exclusive_lock);
    in_exclusive = true;
}

void end_exclusive(void)
{
    g_assert(in_exclusive);
    in_exclusive = false;
    mutex_lock(&core.exclusive_lock);
    set_flag(core.exclusive, 0);
    cond_broadcast(&core.exclusive_resume);
    mutex_unlock(&core.exclusive_lock);
}

bool cpu_in_exclusive(void)
{
    return in_exclusive;
}

void cpus_safepoint(void)
{
    start_exclusive();
    end_exclusive();
}

/* ---- A vCPU's turn ---- */

static void halt_init(CPUHalt *halt)
{
    mutex_init(&halt->lock);
    cond_init(&halt->cond);
}

/* Sleeps until kicked; nothing published is held meanwhile. */
static void halt_sleep(CPUHalt *halt, RcuReader *rcu)
{
    rcu_offline(rcu);
    mutex_lock(&halt->lock);
    while (!flag(halt->kicked)) {
        cond_wait(&halt->cond, &halt->lock);
    }
    mutex_unlock(&halt->lock);
    rcu_online(rcu);
}

static bool wants_attention(CPUState *cpu)
{
    return flag(cpu->stop) || flag(cpu->unplug) || cpu_work_pending(cpu);
}

static bool throttled_wants(void *opaque)
{
    return wants_attention(opaque);
}

static bool can_run(CPUState *cpu)
{
    return !flag(cpu->stopped) && (!flag(cpu->halted) || cpu_has_work(cpu));
}

/* Stop requests and queued work. Device lock held. */
static void attend(CPUState *cpu)
{
    if (flag(cpu->stop)) {
        set_flag(cpu->stop, false);
        set_flag(cpu->stopped, true);
        cond_broadcast(&core.pause_cond);
    }
    if (cpu_work_pending(cpu)) {
        cpu_process_work(cpu);
        cond_broadcast(&core.pause_cond);
    }
}

static void run_turn(CPUState *cpu)
{
    int result;

    rcu_quiescent(cpu->rcu);
    cpu_exec_start(cpu);
    result = cpu->accel->exec(cpu);
    cpu_exec_end(cpu);
    switch (result) {
    case EXCP_DEBUG:
        device_lock();
        cpu_stop_current();
        system_debug_request(cpu->cpu_index);
        device_unlock();
        break;
    case EXCP_ATOMIC:
        start_exclusive();
        cpu->accel->exec_step_atomic(cpu);
        end_exclusive();
        break;
    default:
        /* Interrupted, halted, yielded: the loop looks again. */
        break;
    }
}

static void thread_started(CPUState *cpu)
{
    cpu->thread_id = thread_get_id();
    cpu_set_current(cpu);
    if (cpu->accel->cpu_thread_start) {
        cpu->accel->cpu_thread_start(cpu);
    }
    cpu->created = true;
    cond_broadcast(&core.start_cond);
}

static void thread_stopping(CPUState *cpu)
{
    cpu_set_current(cpu);
    if (cpu->accel->cpu_thread_stop) {
        cpu->accel->cpu_thread_stop(cpu);
    }
    cpu_set_current(NULL);
    cpu->created = false;
    set_flag(cpu->stopped, true);
    cond_broadcast(&core.start_cond);
    cond_broadcast(&core.pause_cond);
}

static void *vcpu_thread(void *opaque)
{
    CPUState *cpu = opaque;
    CPUThrottle throttle = {.turn = flag(core.throttle_turn)};

    cpu->rcu = rcu_register_thread();
    rcu_online(cpu->rcu);
    device_lock();
    thread_started(cpu);
    device_unlock();
    for (;;) {
        set_flag(cpu->halt->kicked, 0);
        if (wants_attention(cpu)) {
            device_lock();
            attend(cpu);
            if (cpu->unplug) {
                break;
            }
            device_unlock();
        } else if (can_run(cpu)) {
            if (G_UNLIKELY(cpu_throttle_due(&throttle))) {
                cpu_throttle_wait(&throttle, cpu->halt, cpu->rcu, throttled_wants, cpu);
                continue;
            }
            run_turn(cpu);
        } else {
            halt_sleep(cpu->halt, cpu->rcu);
        }
    }
    thread_stopping(cpu);
    device_unlock();
    rcu_unregister_thread(cpu->rcu);
    cpu->rcu = NULL;
    return NULL;
}

/* ---- One thread for all ---- */

static void rr_slice_over(void *opaque)
{
    CPUState *cpu = flag(core.rr_current);

    if (cpu) {
        cpu_exit(cpu);
    }
    timer_mod_ns(core.rr_timer, clock_get_ns(clock_realtime()) + RR_SLICE_NS);
}

/* Device lock held: new CPUs come in, requests are served, CPUs that leave go. */
static void rr_attend(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        if (flag(cpu->queued_start)) {
            set_flag(cpu->queued_start, false);
            cpu->rcu = core.rr_rcu;
            thread_started(cpu);
        }
        if (cpu->created) {
            cpu_set_current(cpu);
            attend(cpu);
            if (cpu->unplug) {
                thread_stopping(cpu);
                cpu->rcu = NULL;
            }
        }
    }
}

static bool rr_wants_attention(void)
{
    CPUState *cpu;

    if (flag(core.rr_quit)) {
        return true;
    }
    CPU_FOREACH(cpu)
    {
        if (flag(cpu->queued_start) || (cpu->created && wants_attention(cpu))) {
            return true;
        }
    }
    return false;
}

/* Runs each CPU that can for a turn, from index *next on; false if none could. *next is where it
 * stopped: what interrupts a round does not favour the first CPUs. */
static bool rr_round(int *next)
{
    bool ran = false;

    for (int left = cpu_count(); left > 0; left--) {
        CPUState *cpu = cpu_first();

        while (cpu && cpu->cpu_index < *next) {
            cpu = cpu_next(cpu);
        }
        cpu = cpu ? cpu : cpu_first();
        *next = cpu->cpu_index + 1;
        if (!cpu->created || !can_run(cpu)) {
            continue;
        }
        cpu_set_current(cpu);
        /* Who wants attention writes the reason, then kicks rr_current. */
        set_flag(core.rr_current, cpu);
        ran = true;
        if (!rr_wants_attention()) {
            run_turn(cpu);
        }
        set_flag(core.rr_current, NULL);
        if (rr_wants_attention()) {
            break;
        }
    }
    cpu_set_current(NULL);
    return ran;
}

static bool rr_throttled_wants(void *opaque)
{
    return rr_wants_attention();
}

static void *rr_thread(void *opaque)
{
    CPUThrottle throttle = {.turn = flag(core.throttle_turn)};
    int next = 0;

    core.rr_rcu = rcu_register_thread();
    rcu_online(core.rr_rcu);
    for (;;) {
        set_flag(core.rr_halt.kicked, 0);
        if (rr_wants_attention()) {
            device_lock();
            rr_attend();
            device_unlock();
            cpu_set_current(NULL);
            if (flag(core.rr_quit)) {
                break;
            }
        } else if (G_UNLIKELY(cpu_throttle_due(&throttle))) {
            cpu_throttle_wait(&throttle, &core.rr_halt, core.rr_rcu, rr_throttled_wants, NULL);
        } else if (!rr_round(&next) && !rr_wants_attention()) {
            halt_sleep(&core.rr_halt, core.rr_rcu);
        }
    }
    rcu_unregister_thread(core.rr_rcu);
    core.rr_rcu = NULL;
    return NULL;
}

static void rr_start(CPUState *cpu)
{
    __atomic_store_n(&cpu->halt, &core.rr_halt, __ATOMIC_RELEASE);
    set_flag(cpu->queued_start, true);
    if (!core.rr_thread) {
        core.rr_quit = false;
        core.rr_thread = thread_create("CPUs/RR", rr_thread, NULL);
    }
    if (cpu_count() > 1 && !core.rr_timer) {
        core.rr_timer = timer_new_ns(clock_realtime(), rr_slice_over, NULL);
        rr_slice_over(NULL);
    }
    cpu_kick(cpu);
}

/* ---- Life ---- */

bool cpu_start_thread(CPUState *cpu, GError **errp)
{
    char *name;

    g_assert(device_lock_held() && core.cpus_ready);
    if (core.threading == VCPU_THREADS_SINGLE) {
        rr_start(cpu);
    } else {
        CPUHalt *halt = g_new0(CPUHalt, 1);

        halt_init(halt);
        __atomic_store_n(&cpu->halt, halt, __ATOMIC_RELEASE);
        name = g_strdup_printf("CPU %d/TCG", cpu->cpu_index);
        cpu->thread = thread_create(name, vcpu_thread, cpu);
        g_free(name);
    }
    while (!cpu->created) {
        device_lock_cond_wait(&core.start_cond);
    }
    return true;
}

static void end_thread(CPUState *cpu)
{
    if (!cpu->created) {
        return;
    }
    set_flag(cpu->unplug, true);
    cpu_kick(cpu);
    while (cpu->created) {
        device_lock_cond_wait(&core.start_cond);
    }
    if (cpu->thread) {
        CPUHalt *halt = cpu->halt;

        device_unlock();
        thread_join(cpu->thread);
        device_lock();
        cpu->thread = NULL;
        /* Others may be inside cpu_kick(): the place stays as long as the CPU. */
        g_assert(halt);
    }
}

void cpu_base_deinit(CPUState *cpu)
{
    const VMStateDescription *vmsd = device_class_vmstate(device_get_class(&cpu->parent));

    end_thread(cpu);
    cpu_list_remove(cpu);
    vmstate_unregister(&vmstate_cpu_common, cpu);
    if (vmsd) {
        vmstate_unregister(vmsd, cpu);
    }
    if (cpu->accel && cpu->accel->cpu_deinit) {
        cpu->accel->cpu_deinit(cpu);
    }
    if (cpu->halt && cpu->halt != &core.rr_halt) {
        cond_destroy(&cpu->halt->cond);
        mutex_destroy(&cpu->halt->lock);
        g_free(cpu->halt);
    }
    cpu->halt = NULL;
    g_queue_clear_full(&cpu->work, g_free);
    mutex_destroy(&cpu->work_lock);
    g_array_unref(cpu->breakpoints);
    g_ptr_array_unref(cpu->watchpoints);
    cpu->parent.realized = false;
    object_unparent(OBJECT(cpu));
}

void cpus_shutdown(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        end_thread(cpu);
    }
    if (core.rr_thread) {
        set_flag(core.rr_quit, true);
        mutex_lock(&core.rr_halt.lock);
        set_flag(core.rr_halt.kicked, 1);
        cond_broadcast(&core.rr_halt.cond);
        mutex_unlock(&core.rr_halt.lock);
        device_unlock();
        thread_join(core.rr_thread);
        device_lock();
        core.rr_thread = NULL;
    }
    g_clear_pointer(&core.rr_timer, timer_free);
    set_flag(core.throttle, 0);
    g_clear_pointer(&core.throttle_timer, timer_free);
}

/* ---- Pausing ---- */

/* Not stopped yet: it has to leave guest code first, which writes to its state. */
void cpu_stop_current(void)
{
    CPUState *cpu = current_cpu();

    if (cpu) {
        set_flag(cpu->stop, true);
        cpu_exit(cpu);
    }
}

void cpu_pause(CPUState *cpu)
{
    if (cpu_is_self(cpu)) {
        set_flag(cpu->stop, false);
        set_flag(cpu->stopped, true);
        cpu_exit(cpu);
        cond_broadcast(&core.pause_cond);
    } else {
        set_flag(cpu->stop, true);
        cpu_kick(cpu);
    }
}

void cpu_resume(CPUState *cpu)
{
    set_flag(cpu->stop, false);
    set_flag(cpu->stopped, false);
    cpu_kick(cpu);
}

/* Nor has one work left: what a CPU asked of another before it stopped is done (a start before a
 * reset). */
bool all_vcpus_paused(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        if (!flag(cpu->stopped) || flag(cpu->stop) ||
            (cpu->created && !cpu_is_self(cpu) && cpu_work_pending(cpu))) {
            return false;
        }
    }
    return true;
}

static void ask_to_pause(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        if (flag(cpu->stopped) || flag(cpu->stop)) {
            continue;
        }
        if (cpu->created) {
            cpu_pause(cpu);
        } else {
            set_flag(cpu->stopped, true);
        }
    }
}

void pause_all_vcpus(void)
{
    g_assert(device_lock_held());
    ask_to_pause();
    while (!all_vcpus_paused()) {
        device_lock_cond_wait(&core.pause_cond);
        /* Another thread that waited too may have let them run again. */
        ask_to_pause();
    }
}

void resume_all_vcpus(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        cpu_resume(cpu);
    }
    cond_broadcast(&core.pause_cond);
}

static bool on_vcpu(void)
{
    return current_cpu() != NULL;
}

static const VMControlOps control_ops = {
    .pause_all = pause_all_vcpus,
    .resume_all = resume_all_vcpus,
    .on_vcpu = on_vcpu,
    .stop_current = cpu_stop_current,
    .throttle = cpus_throttle,
};

static void exit_all(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        cpu_exit(cpu);
    }
}

static void memory_changed(MemoryListener *listener, AddressSpace *as)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        if (cpu->as == as && cpu->accel && cpu->accel->memory_changed) {
            cpu->accel->memory_changed(cpu);
        }
    }
}

void cpus_init(const AccelOps *accel, VCPUThreading threading)
{
    core.accel = accel;
    core.threading = threading;
    if (!core.cpus_ready) {
        core.cpus_ready = true;
        cond_init(&core.pause_cond);
        cond_init(&core.work_cond);
        cond_init(&core.start_cond);
        mutex_init(&core.exclusive_lock);
        cond_init(&core.exclusive_cond);
        cond_init(&core.exclusive_resume);
        halt_init(&core.rr_halt);
    }
    runstate_set_control(&control_ops);
    rcu_set_kick(exit_all);
    memory_listener_unregister(&core.listener);
    core.listener = (MemoryListener){.changed = memory_changed};
    memory_listener_register(&core.listener);
}

const AccelOps *cpus_accel(void)
{
    return core.accel;
}

VCPUThreading cpus_threading(void)
{
    return core.threading;
}

static void synchronize(CPUState *cpu, void *opaque)
{
    cpu_synchronize(cpu);
}

void cpus_synchronize_all(void)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        run_on_cpu(cpu, synchronize, NULL);
    }
}

void cpus_print(GString *out)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        g_string_append_printf(out, "%c CPU #%d: thread_id=%d%s\n", cpu == cpu_first() ? '*' : ' ',
                               cpu->cpu_index, cpu->thread_id,
                               flag(cpu->halted) ? " (halted)" : "");
    }
}
