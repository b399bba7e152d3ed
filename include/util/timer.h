/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a callback at a deadline on a clock.
 *
 * Callbacks run on the main thread with the device lock held (or inside clock_step()).  Arming and
 * deleting are allowed on any thread, with or without the lock; moving a pending deadline to a
 * later time is one atomic store, so that a register that is rewritten all the time (a decrementer)
 * costs nothing: the main loop finds the new deadline when the old one comes.  A deadline in the
 * past fires at once, in the main loop.
 */
#ifndef UTIL_TIMER_H
#define UTIL_TIMER_H

#include "util/clock.h"

typedef void TimerFunc(void *opaque);

typedef struct Timer {
    Clock *clock;
    TimerFunc *callback;
    void *opaque;
    int64_t scale;     /* ns per unit of timer_mod() */
    int64_t deadline;  /* ns, atomic; -1: not armed */
    int64_t queued_at; /* atomic: where the heap has it; INT64_MAX: nowhere */
    size_t heap_index; /* under the clock's lock */
} Timer;

/* An embedded timer. The device that owns it calls timer_deinit() before it goes away (lock held).
 */
void timer_init_full(Timer *t, Clock *clock, int64_t scale, TimerFunc *callback, void *opaque);
void timer_deinit(Timer *t);

Timer *timer_new_full(Clock *clock, int64_t scale, TimerFunc *callback, void *opaque);
static inline Timer *timer_new_ns(Clock *clock, TimerFunc *callback, void *opaque)
{
    return timer_new_full(clock, SCALE_NS, callback, opaque);
}
static inline Timer *timer_new_us(Clock *clock, TimerFunc *callback, void *opaque)
{
    return timer_new_full(clock, SCALE_US, callback, opaque);
}
static inline Timer *timer_new_ms(Clock *clock, TimerFunc *callback, void *opaque)
{
    return timer_new_full(clock, SCALE_MS, callback, opaque);
}
/* Deletes and frees; NULL allowed. Device lock held (its callback may not be running). */
void timer_free(Timer *t);

/* Arms for an absolute time on its clock; a negative time counts as 0. */
void timer_mod_ns(Timer *t, int64_t deadline_ns);
/* The same in the timer's unit. */
void timer_mod(Timer *t, int64_t deadline);
/* Arms only if not armed for an earlier time. */
void timer_mod_anticipate_ns(Timer *t, int64_t deadline_ns);
void timer_del(Timer *t);
bool timer_pending(const Timer *t);
/* Deadline in ns, -1 if not armed. */
int64_t timer_expire_time_ns(const Timer *t);
bool timer_expired(const Timer *t, int64_t now_ns);

#endif
