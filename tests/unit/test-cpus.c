/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads with a fake accelerator: pausing, queued work, exclusive sections, sleeping and
 * waking, lock-free readers of the memory map.  Meant to be run under ThreadSanitizer too.
 */
#include <string.h>
#include "hw/core/cpus.h"
#include "hw/core/machine.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/error.h"

enum { CPUS = 4 };

typedef struct TestCPU {
    CPUState parent;
    uint64_t turns, steps; /* atomic */
    uint32_t in_guest;     /* atomic */
    uint32_t work;         /* atomic: what has_work says */
    uint32_t sleeps;       /* halts after each wake-up */
} TestCPU;

static uint32_t guests_inside; /* atomic */
static uint64_t alone_count;   /* plain: only touched in exclusive sections */
static AddressSpace *read_space;

static bool has_work(CPUState *cpu)
{
    return __atomic_load_n(&((TestCPU *)cpu)->work, __ATOMIC_SEQ_CST);
}

static const CPUOps test_ops = {.has_work = has_work};

static int fake_exec(CPUState *cs)
{
    TestCPU *cpu = (TestCPU *)cs;
    int result = EXCP_INTERRUPT;

    g_assert_false(device_lock_held());
    g_assert_true(current_cpu() == cs);
    __atomic_fetch_add(&guests_inside, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&cpu->turns, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&cs->halted, __ATOMIC_SEQ_CST)) {
        cpu_set_halted(cs, false);
    }
    if (cpu->sleeps) {
        if (__atomic_exchange_n(&cpu->work, 0, __ATOMIC_SEQ_CST)) {
            __atomic_fetch_add(&cpu->steps, 1, __ATOMIC_SEQ_CST);
        }
        cpu_set_halted(cs, true);
        result = EXCP_HLT;
    } else {
        while (!__atomic_exchange_n(&cs->exit_request, 0, __ATOMIC_SEQ_CST)) {
            if (read_space) {
                const MemorySection *s = address_space_find(read_space, 0x1000);

                g_assert_true(!s || s->size == 0x1000 || s->size == 0x2000);
            }
            __atomic_fetch_add(&cpu->steps, 1, __ATOMIC_RELAXED);
        }
    }
    __atomic_fetch_sub(&guests_inside, 1, __ATOMIC_SEQ_CST);
    return result;
}

static const AccelOps fake_accel = {.name = "fake", .exec = fake_exec};

static const DeviceClass test_cpu_class = {
    .name = "test-cpu",
    .parent = DEVICE_CLASS_PARENT(cpu_class),
    .instance_size = sizeof(TestCPU),
};

static TestCPU *cpus[CPUS];

static void start(VCPUThreading threading, bool sleeping)
{
    runtime_init();
    cpus_init(&fake_accel, threading);
    for (int i = 0; i < CPUS; i++) {
        cpus[i] = (TestCPU *)device_new_class(&test_cpu_class);
        cpus[i]->sleeps = sleeping;
        g_assert_true(cpu_base_init(&cpus[i]->parent, &test_ops, address_space_memory(), i, NULL));
        g_assert_true(cpu_start_thread(&cpus[i]->parent, NULL));
    }
    g_assert_cmpint(cpu_count(), ==, CPUS);
}

static void finish(void)
{
    vm_stop(RUN_STATE_PAUSED);
    cpus_shutdown();
    for (int i = 0; i < CPUS; i++) {
        object_unref(OBJECT(cpus[i]));
        cpu_base_deinit(&cpus[i]->parent);
    }
    g_assert_cmpint(cpu_count(), ==, 0);
    runtime_cleanup();
}

/* Gives the lock up for a while, as the main loop does. */
static void let_run(void)
{
    device_unlock();
    g_usleep(200);
    device_lock();
}

static void pause_resume(VCPUThreading threading)
{
    start(threading, false);
    for (int i = 0; i < 300; i++) {
        uint64_t before;

        vm_start();
        let_run();
        vm_stop(RUN_STATE_PAUSED);
        g_assert_true(all_vcpus_paused());
        g_assert_cmpuint(__atomic_load_n(&guests_inside, __ATOMIC_SEQ_CST), ==, 0);
        before = __atomic_load_n(&cpus[0]->steps, __ATOMIC_SEQ_CST);
        if (i % 50 == 0) {
            let_run();
        }
        g_assert_cmpuint(__atomic_load_n(&cpus[0]->steps, __ATOMIC_SEQ_CST), ==, before);
    }
    for (int i = 0; i < CPUS; i++) {
        g_assert_cmpuint(cpus[i]->turns, >, 0);
    }
    finish();
}

static void test_pause_multi(void)
{
    pause_resume(VCPU_THREADS_MULTI);
}

static void test_pause_single(void)
{
    pause_resume(VCPU_THREADS_SINGLE);
}

/* Two that pause and let go at the same time: each finds the machine at rest. */
enum { PAUSES = 400 };

static void pause_and_go(void)
{
    pause_all_vcpus();
    g_assert_true(all_vcpus_paused());
    g_assert_cmpuint(__atomic_load_n(&guests_inside, __ATOMIC_SEQ_CST), ==, 0);
    resume_all_vcpus();
}

static void *pauser(void *opaque)
{
    for (int i = 0; i < PAUSES; i++) {
        device_lock();
        pause_and_go();
        device_unlock();
    }
    return NULL;
}

static void two_pausers(VCPUThreading threading)
{
    Thread *thread;

    start(threading, false);
    vm_start();
    thread = thread_create("pauser", pauser, NULL);
    for (int i = 0; i < PAUSES; i++) {
        pause_and_go();
        device_unlock();
        device_lock();
    }
    device_unlock();
    thread_join(thread);
    device_lock();
    finish();
}

static void test_two_pausers_multi(void)
{
    two_pausers(VCPU_THREADS_MULTI);
}

static void test_two_pausers_single(void)
{
    two_pausers(VCPU_THREADS_SINGLE);
}

static void count_work(CPUState *cpu, void *opaque)
{
    g_assert_true(device_lock_held());
    g_assert_true(current_cpu() == cpu);
    (*(unsigned *)opaque)++;
}

static void count_alone(CPUState *cpu, void *opaque)
{
    g_assert_false(device_lock_held());
    g_assert_true(cpu_in_exclusive());
    g_assert_cmpuint(__atomic_load_n(&guests_inside, __ATOMIC_SEQ_CST), ==, 0);
    alone_count++;
}

static void *be_alone(void *opaque)
{
    for (int i = 0; i < 200; i++) {
        start_exclusive();
        g_assert_cmpuint(__atomic_load_n(&guests_inside, __ATOMIC_SEQ_CST), ==, 0);
        alone_count++;
        end_exclusive();
    }
    return NULL;
}

static void work_and_exclusive(VCPUThreading threading)
{
    unsigned done = 0;
    Thread *threads[2];

    alone_count = 0;
    start(threading, false);
    vm_start();
    threads[0] = thread_create("alone 0", be_alone, NULL);
    threads[1] = thread_create("alone 1", be_alone, NULL);
    for (int i = 0; i < 200; i++) {
        run_on_cpu(&cpus[i % CPUS]->parent, count_work, &done);
        g_assert_cmpuint(done, ==, i + 1);
        async_safe_run_on_cpu(&cpus[(i + 1) % CPUS]->parent, count_alone, NULL);
        if (i % 20 == 0) {
            vm_stop(RUN_STATE_PAUSED);
            /* Work is done by stopped CPUs too. */
            async_run_on_cpu(&cpus[0]->parent, count_work, &done);
            run_on_cpu(&cpus[0]->parent, count_work, &done);
            done -= 2;
            vm_start();
        }
    }
    device_unlock();
    thread_join(threads[0]);
    thread_join(threads[1]);
    cpus_safepoint();
    device_lock();
    for (int i = 0; i < CPUS; i++) {
        run_on_cpu(&cpus[i]->parent, count_work, &done);
    }
    /* The queues are in order: every exclusive piece is done. */
    g_assert_cmpuint(alone_count, ==, 600);
    finish();
}

static void test_work_multi(void)
{
    work_and_exclusive(VCPU_THREADS_MULTI);
}

static void test_work_single(void)
{
    work_and_exclusive(VCPU_THREADS_SINGLE);
}

/* CPUs that ask each other, all at once. */
static unsigned answers, asked;

static void answer(CPUState *cpu, void *opaque)
{
    g_assert_true(current_cpu() == cpu && device_lock_held());
    answers++;
}

static void ask_all(CPUState *cpu, void *opaque)
{
    for (int i = 0; i < CPUS; i++) {
        run_on_cpu(&cpus[i]->parent, answer, NULL);
    }
    g_assert_true(current_cpu() == cpu);
    asked++;
}

static void ask_each_other(VCPUThreading threading)
{
    start(threading, false);
    vm_start();
    for (int round = 0; round < 100; round++) {
        answers = asked = 0;
        async_run_on_all_cpus(ask_all, NULL);
        for (int i = 0; i < CPUS; i++) {
            run_on_cpu(&cpus[i]->parent, answer, NULL);
        }
        while (asked < CPUS) {
            let_run();
        }
        g_assert_cmpuint(answers, ==, CPUS * CPUS + CPUS);
    }
    finish();
}

static void test_ask_multi(void)
{
    ask_each_other(VCPU_THREADS_MULTI);
}

static void test_ask_single(void)
{
    ask_each_other(VCPU_THREADS_SINGLE);
}

/* CPUs that sleep after each event: no wake-up may be lost. */
static void *waker(void *opaque)
{
    TestCPU *cpu = opaque;

    for (uint64_t i = 1; i <= 2000; i++) {
        __atomic_store_n(&cpu->work, 1, __ATOMIC_SEQ_CST);
        cpu_kick(&cpu->parent);
        for (int spin = 0; __atomic_load_n(&cpu->steps, __ATOMIC_SEQ_CST) < i; spin++) {
            if (spin > 100) {
                g_usleep(10);
            }
            g_assert_cmpint(spin, <, 1000000);
        }
    }
    return NULL;
}

static void sleep_and_wake(VCPUThreading threading)
{
    Thread *threads[CPUS];

    start(threading, true);
    vm_start();
    for (int i = 0; i < CPUS; i++) {
        threads[i] = thread_create("waker", waker, cpus[i]);
    }
    device_unlock();
    for (int i = 0; i < CPUS; i++) {
        thread_join(threads[i]);
    }
    device_lock();
    finish();
}

static void test_sleep_multi(void)
{
    sleep_and_wake(VCPU_THREADS_MULTI);
}

static void test_sleep_single(void)
{
    sleep_and_wake(VCPU_THREADS_SINGLE);
}

/* The map changes under running CPUs; views are freed while they read. */
static void test_map_changes(void)
{
    MemoryRegion *a = g_new0(MemoryRegion, 1);
    static const MemoryRegionOps ops = {0};

    start(VCPU_THREADS_MULTI, false);
    read_space = address_space_memory();
    memory_region_init_io(a, NULL, &ops, NULL, "moving", 0x1000);
    vm_start();
    for (int i = 0; i < 500; i++) {
        memory_region_add_subregion(get_system_memory(), 0x1000, a);
        memory_region_set_size(a, 0x2000);
        memory_region_del_subregion(get_system_memory(), a);
        memory_region_set_size(a, 0x1000);
        if (i % 10 == 0) {
            main_loop_iterate(false);
            let_run();
        }
    }
    vm_stop(RUN_STATE_PAUSED);
    read_space = NULL;
    memory_region_destroy(a);
    g_free(a);
    finish();
}

/* ---- Run state and main loop ---- */

typedef struct Log {
    GString *text;
    int resets;
} Log;

static void on_event(void *opaque, const VMEvent *event)
{
    static const char *const names[] = {"STOP",      "RESUME",  "RESET",  "SHUTDOWN",
                                        "POWERDOWN", "SUSPEND", "WAKEUP", "WATCHDOG",
                                        "PANIC",     "DEBUG",   "RTC"};

    g_assert_true(device_lock_held() && runtime_is_main_thread());
    g_string_append_printf(((Log *)opaque)->text, "%s ", names[event->kind]);
}

static void on_reset(void *opaque, ShutdownCause cause)
{
    g_assert_true(all_vcpus_paused());
    ((Log *)opaque)->resets++;
}

static void *guest_asks(void *opaque)
{
    system_powerdown_request();
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    g_usleep(20000);
    system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    return NULL;
}

static void test_requests(void)
{
    Log log = {g_string_new(NULL), 0};
    Thread *thread;

    start(VCPU_THREADS_MULTI, false);
    vm_event_add_handler(on_event, &log);
    runstate_set_reset_handler(on_reset, &log);
    vm_start();
    thread = thread_create("guest", guest_asks, NULL);
    g_assert_cmpint(main_loop_run(), ==, 0);
    thread_join(thread);
    g_assert_cmpint(log.resets, ==, 1);
    g_assert_true(runstate_check(RUN_STATE_SHUTDOWN));
    g_assert_nonnull(strstr(log.text->str, "RESUME "));
    g_assert_nonnull(strstr(log.text->str, "POWERDOWN "));
    g_assert_nonnull(strstr(log.text->str, "RESET "));
    g_assert_true(g_str_has_suffix(log.text->str, "SHUTDOWN STOP "));
    g_string_free(log.text, true);
    runstate_set_reset_handler(NULL, NULL);
    finish();
}

static void panic_on_cpu(CPUState *cpu, void *opaque)
{
    system_guest_panicked("out of tea");
}

static void test_panic(void)
{
    Log log = {g_string_new(NULL), 0};

    start(VCPU_THREADS_MULTI, false);
    vm_event_add_handler(on_event, &log);
    runstate_policy()->panic = PANIC_ACTION_PAUSE;
    vm_start();
    run_on_cpu(&cpus[1]->parent, panic_on_cpu, NULL);
    while (runstate_is_running()) {
        main_loop_iterate(true);
    }
    g_assert_true(runstate_check(RUN_STATE_GUEST_PANICKED));
    g_assert_cmpstr(log.text->str, ==, "RESUME PANIC STOP ");
    /* It can go on. */
    vm_start();
    g_assert_true(runstate_is_running());
    finish();
    g_string_free(log.text, true);
}

/* A stop that a vCPU has asked for is not lost when another comes first. */
static void test_stop_asked(void)
{
    start(VCPU_THREADS_MULTI, false);
    runstate_policy()->panic = PANIC_ACTION_PAUSE;
    vm_start();
    g_assert_cmpint(vm_stop_force_state(RUN_STATE_FINISH_MIGRATE), ==, RUN_STATE_RUNNING);
    vm_start();
    run_on_cpu(&cpus[1]->parent, panic_on_cpu, NULL);
    g_assert_true(runstate_is_running());
    g_assert_cmpint(vm_stop_force_state(RUN_STATE_FINISH_MIGRATE), ==, RUN_STATE_GUEST_PANICKED);
    g_assert_true(runstate_check(RUN_STATE_FINISH_MIGRATE));
    g_assert_cmpint(vm_stop_force_state(RUN_STATE_GUEST_PANICKED), ==, RUN_STATE_FINISH_MIGRATE);
    while (main_loop_iterate(false)) {
    }
    g_assert_true(runstate_check(RUN_STATE_GUEST_PANICKED));
    finish();
}

static bool may_start;

static bool start_check(GError **errp)
{
    if (!may_start) {
        error_setg(errp, "not now");
    }
    return may_start;
}

/* A machine that must not run does not, whoever starts it, and can when the reason is gone. */
static void test_start_refused(void)
{
    Log log = {g_string_new(NULL), 0};
    GError *error = NULL;

    start(VCPU_THREADS_MULTI, false);
    vm_event_add_handler(on_event, &log);
    runstate_set_start_check(start_check);
    may_start = false;
    g_assert_false(vm_try_start(&error));
    g_assert_cmpstr(error->message, ==, "not now");
    g_error_free(error);
    g_assert_true(runstate_check(RUN_STATE_PRELAUNCH));
    vm_start();
    g_assert_true(runstate_check(RUN_STATE_PAUSED));
    g_assert_true(all_vcpus_paused());
    g_assert_cmpstr(log.text->str, ==, "");
    may_start = true;
    vm_start();
    g_assert_true(runstate_is_running());
    g_assert_cmpstr(log.text->str, ==, "RESUME ");
    finish();
    g_string_free(log.text, true);
}

/* A machine that is handed over while a reset waits for its vCPUs stands still after the reset. */
static void *hand_over(void *opaque)
{
    device_lock();
    vm_stop_force_state(RUN_STATE_FINISH_MIGRATE);
    g_assert_true(all_vcpus_paused());
    device_unlock();
    return NULL;
}

static void test_reset_hand_over(void)
{
    Log log = {NULL, 0};

    start(VCPU_THREADS_MULTI, false);
    runstate_set_reset_handler(on_reset, &log);
    for (int i = 0; i < 200; i++) {
        Thread *thread;

        vm_start();
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
        thread = thread_create("migration", hand_over, NULL);
        main_loop_iterate(false);
        device_unlock();
        thread_join(thread);
        device_lock();
        g_assert_true(runstate_check(RUN_STATE_FINISH_MIGRATE));
        g_assert_true(all_vcpus_paused());
    }
    g_assert_cmpint(log.resets, ==, 200);
    runstate_set_reset_handler(NULL, NULL);
    /* Events that the other threads sent. */
    while (main_loop_iterate(false)) {
    }
    finish();
}

static void bump(void *opaque)
{
    g_assert_true(device_lock_held() && runtime_is_main_thread());
    (*(unsigned *)opaque)++;
}

static void *schedule(void *opaque)
{
    for (int i = 0; i < 1000; i++) {
        bh_schedule(opaque);
    }
    return NULL;
}

static void test_bottom_halves(void)
{
    unsigned bh_runs = 0, calls = 0;
    BottomHalf *bh;
    Thread *thread;

    runtime_init();
    bh = bh_new(bump, &bh_runs);
    bh_schedule(bh);
    bh_schedule(bh);
    run_on_main(bump, &calls);
    g_assert_cmpuint(bh_runs + calls, ==, 0);
    main_loop_iterate(false);
    g_assert_cmpuint(bh_runs, ==, 1);
    g_assert_cmpuint(calls, ==, 1);
    bh_schedule(bh);
    bh_cancel(bh);
    main_loop_iterate(false);
    g_assert_cmpuint(bh_runs, ==, 1);
    thread = thread_create("scheduler", schedule, bh);
    thread_join(thread);
    while (main_loop_iterate(false)) {
    }
    g_assert_cmpuint(bh_runs, >, 1);
    bh_delete(bh);
    runtime_cleanup();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpus/pause/multi", test_pause_multi);
    g_test_add_func("/cpus/pause/single", test_pause_single);
    g_test_add_func("/cpus/two-pausers/multi", test_two_pausers_multi);
    g_test_add_func("/cpus/two-pausers/single", test_two_pausers_single);
    g_test_add_func("/cpus/work/multi", test_work_multi);
    g_test_add_func("/cpus/work/single", test_work_single);
    g_test_add_func("/cpus/ask/multi", test_ask_multi);
    g_test_add_func("/cpus/ask/single", test_ask_single);
    g_test_add_func("/cpus/sleep/multi", test_sleep_multi);
    g_test_add_func("/cpus/sleep/single", test_sleep_single);
    g_test_add_func("/cpus/map-changes", test_map_changes);
    g_test_add_func("/runstate/requests", test_requests);
    g_test_add_func("/runstate/panic", test_panic);
    g_test_add_func("/runstate/stop-asked", test_stop_asked);
    g_test_add_func("/runstate/start-refused", test_start_refused);
    g_test_add_func("/runstate/reset-hand-over", test_reset_hand_over);
    g_test_add_func("/main-loop/bottom-halves", test_bottom_halves);
    return g_test_run();
}
