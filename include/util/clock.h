/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks, in nanoseconds.
 *
 * VIRTUAL stops with the machine and is what guest time derives from; REALTIME is the host's
 * monotonic clock; HOST is the host's time of day; MANUAL is stepped by tests.  Reading a clock
 * takes no lock. The machine's clocks come from system/runtime.h: clock_virtual(),
 * clock_realtime(), clock_host().
 */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#define NANOSECONDS_PER_SECOND 1000000000ll
#define SCALE_NS               1
#define SCALE_US               1000
#define SCALE_MS               1000000

typedef struct Clock Clock;

typedef enum ClockType {
    CLOCK_TYPE_VIRTUAL,
    CLOCK_TYPE_REALTIME,
    CLOCK_TYPE_HOST,
    CLOCK_TYPE_MANUAL
} ClockType;

/* A virtual clock starts stopped at 0, a manual one at 0. */
Clock *clock_new(ClockType type);
/* No timer may be left on it. */
void clock_free(Clock *clock);
ClockType clock_type(const Clock *clock);

/* The time now. Any thread, no lock. */
int64_t clock_get_ns(Clock *clock);
static inline int64_t clock_get_us(Clock *clock)
{
    return clock_get_ns(clock) / SCALE_US;
}
static inline int64_t clock_get_ms(Clock *clock)
{
    return clock_get_ns(clock) / SCALE_MS;
}

/* Virtual clock only: runs or holds it. Callers are serialised (device lock). */
void clock_start(Clock *clock);
void clock_stop(Clock *clock);
/* Ns of the host's monotonic clock since it was stopped; 0 while it runs, and before it ever did.
 */
int64_t clock_stopped_ns(Clock *clock);
bool clock_is_running(const Clock *clock);
/* Virtual or manual clock: sets the time (loading state). Timers keep their deadlines. */
void clock_set_ns(Clock *clock, int64_t now);

/* Manual clock: moves on, firing timers in order of their deadlines on the way. */
void clock_step(Clock *clock, int64_t ns);

/* The host's cycle counter (its monotonic clock in ns where there is none): streams carry it. */
static inline uint64_t host_ticks(void)
{
#ifdef __x86_64__
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)g_get_monotonic_time() * 1000;
#endif
}

/*
 * For the main loop: a descriptor that becomes readable when a timer is due, and the call that
 * fires what is due (true if anything was).  Device lock held. A manual clock has no descriptor
 * (-1).
 */
int clock_get_fd(const Clock *clock);
bool clock_run_timers(Clock *clock);
/* Earliest deadline on the clock, or -1; later than the truth never, earlier perhaps. */
int64_t clock_next_deadline(Clock *clock);

#endif
