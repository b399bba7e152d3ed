/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers: order and times on a stepped clock against a plain list, the virtual clock
 * that stops, arming from other threads while the main loop runs.
 */
#include <string.h>
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runtime.h"
#include "system/rtc.h"
#include "util/thread.h"
#include "util/timer.h"

enum { TIMERS = 40 };

typedef struct Model {
    Clock *clock;
    Timer timers[TIMERS];
    int64_t deadline[TIMERS]; /* -1: not armed */
    int64_t last;
    unsigned fired;
} Model;

typedef struct Shot {
    Model *model;
    unsigned index;
} Shot;

static void fire(void *opaque)
{
    Shot *shot = opaque;
    Model *m = shot->model;
    int64_t now = clock_get_ns(m->clock);

    /* At its time, and no armed timer was due before it. */
    g_assert_cmpint(m->deadline[shot->index], >=, 0);
    g_assert_cmpint(now, >=, m->deadline[shot->index]);
    g_assert_cmpint(now, ==, MAX(m->deadline[shot->index], m->last));
    for (unsigned i = 0; i < TIMERS; i++) {
        g_assert_true(m->deadline[i] < 0 || m->deadline[i] >= m->deadline[shot->index] ||
                      m->deadline[i] >= now - 1 || m->deadline[i] <= m->last);
    }
    g_assert_false(timer_pending(&m->timers[shot->index]));
    m->deadline[shot->index] = -1;
    m->last = now;
    m->fired++;
    if (g_test_rand_int_range(0, 3) == 0) {
        m->deadline[shot->index] = now + g_test_rand_int_range(1, 50);
        timer_mod_ns(&m->timers[shot->index], m->deadline[shot->index]);
    }
}

static void test_model(void)
{
    Model m = {.clock = clock_new(CLOCK_TYPE_MANUAL)};
    Shot shots[TIMERS];

    for (unsigned i = 0; i < TIMERS; i++) {
        shots[i] = (Shot){&m, i};
        timer_init_full(&m.timers[i], m.clock, SCALE_NS, fire, &shots[i]);
        m.deadline[i] = -1;
    }
    for (int step = 0; step < 20000; step++) {
        unsigned i = (unsigned)g_test_rand_int_range(0, TIMERS);
        int64_t now = clock_get_ns(m.clock), at = now + g_test_rand_int_range(1, 200);

        switch (g_test_rand_int_range(0, 5)) {
        case 0:
        case 1:
            timer_mod_ns(&m.timers[i], at);
            m.deadline[i] = at;
            break;
        case 2:
            timer_mod_anticipate_ns(&m.timers[i], at);
            m.deadline[i] = m.deadline[i] < 0 ? at : MIN(m.deadline[i], at);
            break;
        case 3:
            timer_del(&m.timers[i]);
            m.deadline[i] = -1;
            break;
        default:
            m.last = now;
            clock_step(m.clock, g_test_rand_int_range(0, 60));
            now = clock_get_ns(m.clock);
            for (unsigned j = 0; j < TIMERS; j++) {
                /* Nothing that is due is left. */
                g_assert_true(m.deadline[j] < 0 || m.deadline[j] > now);
                g_assert_cmpint(timer_expire_time_ns(&m.timers[j]), ==, m.deadline[j]);
            }
            break;
        }
    }
    g_assert_cmpuint(m.fired, >, 1000);
    for (unsigned i = 0; i < TIMERS; i++) {
        timer_deinit(&m.timers[i]);
    }
    clock_free(m.clock);
}

static void count(void *opaque)
{
    __atomic_fetch_add((unsigned *)opaque, 1, __ATOMIC_SEQ_CST);
}

static void test_scales(void)
{
    Clock *clock = clock_new(CLOCK_TYPE_MANUAL);
    unsigned fired = 0;
    Timer *us = timer_new_us(clock, count, &fired), *ms = timer_new_ms(clock, count, &fired);

    timer_mod(us, 5);
    timer_mod(ms, 1);
    g_assert_cmpint(timer_expire_time_ns(us), ==, 5000);
    g_assert_cmpint(timer_expire_time_ns(ms), ==, 1000000);
    g_assert_cmpint(clock_next_deadline(clock), ==, 5000);
    clock_step(clock, 4999);
    g_assert_cmpuint(fired, ==, 0);
    clock_step(clock, 1);
    g_assert_cmpuint(fired, ==, 1);
    /* Beyond the clock's range: never, without overflow. */
    timer_mod(ms, INT64_MAX);
    g_assert_true(timer_pending(ms));
    clock_step(clock, 1000000000);
    g_assert_cmpuint(fired, ==, 1);
    /* The past: at the next step. */
    timer_mod(us, -7);
    clock_step(clock, 0);
    g_assert_cmpuint(fired, ==, 2);
    timer_free(us);
    timer_free(ms);
    timer_free(NULL);
    clock_free(clock);
}

static void test_virtual(void)
{
    unsigned fired = 0;
    Timer *t;
    int64_t before;

    runtime_init();
    g_assert_cmpint(virtual_now(), ==, 0);
    g_assert_cmpint(clock_stopped_ns(clock_virtual()), ==, 0);
    t = timer_new_ns(clock_virtual(), count, &fired);
    timer_mod_ns(t, 2 * SCALE_MS);
    g_usleep(5000);
    main_loop_iterate(false);
    g_assert_cmpuint(fired, ==, 0);
    clock_start(clock_virtual());
    while (!fired) {
        main_loop_iterate(true);
    }
    g_assert_cmpint(virtual_now(), >=, 2 * SCALE_MS);
    g_assert_cmpint(clock_stopped_ns(clock_virtual()), ==, 0);
    clock_stop(clock_virtual());
    before = virtual_now();
    g_usleep(2000);
    g_assert_cmpint(virtual_now(), ==, before);
    g_assert_cmpint(clock_stopped_ns(clock_virtual()), >=, 2 * SCALE_MS);
    /* Loading state moves it; it goes on from there. */
    clock_set_ns(clock_virtual(), 1000000000000);
    g_assert_cmpint(virtual_now(), ==, 1000000000000);
    timer_mod_ns(t, 1000000000001);
    clock_start(clock_virtual());
    g_assert_cmpint(clock_stopped_ns(clock_virtual()), ==, 0);
    while (fired < 2) {
        main_loop_iterate(true);
    }
    g_assert_cmpint(virtual_now(), <, 1100000000000);
    timer_free(t);
    runtime_cleanup();
}

/* A thread re-arms a timer all the time, as a guest does its decrementer: each deadline that is let
 * pass fires. */
typedef struct Decrementer {
    Timer *timer;
    unsigned fired, expected;
    bool done;
} Decrementer;

static void *rearm(void *opaque)
{
    Decrementer *d = opaque;

    for (unsigned round = 0; round < 50; round++) {
        unsigned before = __atomic_load_n(&d->fired, __ATOMIC_SEQ_CST);

        for (int i = 0; i < 5000; i++) {
            timer_mod_ns(d->timer, clock_get_ns(clock_realtime()) + 1000000000);
        }
        timer_mod_ns(d->timer, clock_get_ns(clock_realtime()) + 20000);
        while (__atomic_load_n(&d->fired, __ATOMIC_SEQ_CST) == before) {
            g_usleep(10);
        }
    }
    __atomic_store_n(&d->done, true, __ATOMIC_SEQ_CST);
    main_loop_notify();
    return NULL;
}

static void test_threads(void)
{
    Decrementer d[2] = {{0}};
    Thread *threads[2];

    runtime_init();
    for (int i = 0; i < 2; i++) {
        d[i].timer = timer_new_ns(clock_realtime(), count, &d[i].fired);
        threads[i] = thread_create("rearm", rearm, &d[i]);
    }
    while (!__atomic_load_n(&d[0].done, __ATOMIC_SEQ_CST) ||
           !__atomic_load_n(&d[1].done, __ATOMIC_SEQ_CST)) {
        main_loop_iterate(true);
    }
    for (int i = 0; i < 2; i++) {
        thread_join(threads[i]);
        g_assert_cmpuint(d[i].fired, ==, 50);
        timer_free(d[i].timer);
    }
    runtime_cleanup();
}

/* A timer that arms itself for the past does not keep the loop from other work. */
static Timer *hasty;

static void run_again(void *opaque)
{
    (*(unsigned *)opaque)++;
    timer_mod_ns(hasty, 0);
}

static void test_hasty(void)
{
    unsigned fired = 0;

    runtime_init();
    hasty = timer_new_ns(clock_realtime(), run_again, &fired);
    timer_mod_ns(hasty, 0);
    main_loop_iterate(true);
    main_loop_iterate(true);
    g_assert_cmpuint(fired, >, 0);
    g_assert_cmpuint(fired, <, 1000);
    timer_free(hasty);
    runtime_cleanup();
}

static void test_rtc(void)
{
    GError *error = NULL;
    struct tm tm;

    runtime_init();
    g_assert_true(rtc_configure("base=2006-06-17T16:01:21,clock=vm", NULL));
    rtc_get_date(&tm, 0);
    g_assert_cmpint(tm.tm_year, ==, 106);
    g_assert_cmpint(tm.tm_mon, ==, 5);
    g_assert_cmpint(tm.tm_mday, ==, 17);
    g_assert_cmpint(tm.tm_hour, ==, 16);
    g_assert_cmpint(rtc_date_diff(&tm), ==, 0);
    tm.tm_hour++;
    g_assert_cmpint(rtc_date_diff(&tm), ==, 3600);
    g_assert_true(rtc_configure("utc", NULL));
    g_assert_cmpint(ABS(rtc_now_ns() / NANOSECONDS_PER_SECOND - (int64_t)time(NULL)), <=, 2);
    g_assert_false(rtc_configure("base=tomorrow", &error));
    g_assert_nonnull(strstr(error->message, "tomorrow"));
    g_clear_error(&error);
    g_assert_false(rtc_configure("bse=utc", &error));
    g_assert_nonnull(strstr(error->message, "did you mean 'base'"));
    g_clear_error(&error);
    /* The calendar, against the host's. */
    for (int i = 0; i < 2000; i++) {
        time_t t = (time_t)g_test_rand_int_range(-2000000000, 2000000000) * (i & 1 ? 1 : 7);

        gmtime_r(&t, &tm);
        g_assert_cmpint(rtc_mktime(&tm), ==, t);
    }
    runtime_cleanup();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timer/model", test_model);
    g_test_add_func("/timer/scales", test_scales);
    g_test_add_func("/timer/virtual", test_virtual);
    g_test_add_func("/timer/threads", test_threads);
    g_test_add_func("/timer/hasty", test_hasty);
    g_test_add_func("/timer/rtc", test_rtc);
    return g_test_run();
}
