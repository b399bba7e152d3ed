/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and the timers on them.
 *
 * Each clock keeps a binary heap ordered by Timer.queued_at.  Timer.deadline is what was asked for;
 * as long as it is not before queued_at the heap is left alone, and a timer that comes up early is
 * put back where its deadline says.  Arming writes deadline, then reads queued_at; taking a timer
 * off the heap writes queued_at, then reads deadline: sequentially consistent, so one of the two
 * sees the other's write and no deadline is lost.
 *
 * The heap's head is set in a timerfd in absolute time, from whatever thread arms it: nobody has to
 * be woken to go back to sleep for less.
 */
#include "util/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "util/thread.h"
#include "util/timer.h"

#define NOT_QUEUED INT64_MAX

struct Clock {
    ClockType type;
    int fd;
    /* Virtual: offset to the monotonic clock while running, else the time itself. Manual: the time.
     */
    SeqLock sequence;
    int64_t offset;
    bool running;
    int64_t stopped;             /* virtual: monotonic time of the last stop */
    /* Under the lock. */
    Mutex lock;
    GPtrArray *heap; /* Timer * */
};

static int64_t host_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * NANOSECONDS_PER_SECOND + ts.tv_nsec;
}

Clock *clock_new(ClockType type)
{
    Clock *clock = g_new0(Clock, 1);

    clock->type = type;
    clock->fd = -1;
    mutex_init(&clock->lock);
    clock->heap = g_ptr_array_new();
    if (type != CLOCK_TYPE_MANUAL) {
        clock->fd = timerfd_create(type == CLOCK_TYPE_HOST ? CLOCK_REALTIME : CLOCK_MONOTONIC,
                                   TFD_NONBLOCK | TFD_CLOEXEC);
        if (clock->fd < 0) {
            g_error("timerfd_create: %s", g_strerror(errno));
        }
    }
    clock->running = type == CLOCK_TYPE_REALTIME || type == CLOCK_TYPE_HOST;
    return clock;
}

void clock_free(Clock *clock)
{
    g_assert(clock->heap->len == 0);
    g_ptr_array_unref(clock->heap);
    if (clock->fd >= 0) {
        close(clock->fd);
    }
    mutex_destroy(&clock->lock);
    g_free(clock);
}

ClockType clock_type(const Clock *clock)
{
    return clock->type;
}

int clock_get_fd(const Clock *clock)
{
    return clock->fd;
}

int64_t clock_get_ns(Clock *clock)
{
    unsigned start;
    int64_t now;

    switch (clock->type) {
    case CLOCK_TYPE_REALTIME:
        return host_ns(CLOCK_MONOTONIC);
    case CLOCK_TYPE_HOST:
        return host_ns(CLOCK_REALTIME);
    case CLOCK_TYPE_MANUAL:
        return __atomic_load_n(&clock->offset, __ATOMIC_ACQUIRE);
    default:
        break;
    }
    do {
        start = seqlock_read_begin(&clock->sequence);
        now = __atomic_load_n(&clock->offset, __ATOMIC_RELAXED);
        if (__atomic_load_n(&clock->running, __ATOMIC_RELAXED)) {
            now += host_ns(CLOCK_MONOTONIC);
        }
    } while (seqlock_read_retry(&clock->sequence, start));
    return now;
}

bool clock_is_running(const Clock *clock)
{
    return __atomic_load_n(&clock->running, __ATOMIC_RELAXED);
}

/* ---- The heap; lock held ---- */

static Timer *heap_at(Clock *clock, size_t index)
{
    return g_ptr_array_index(clock->heap, index);
}

static void heap_put(Clock *clock, size_t index, Timer *t)
{
    g_ptr_array_index(clock->heap, index) = t;
    t->heap_index = index;
}

static int64_t queued_at(const Timer *t)
{
    return __atomic_load_n(&t->queued_at, __ATOMIC_RELAXED);
}

static void heap_sift(Clock *clock, size_t index)
{
    Timer *t = heap_at(clock, index);
    int64_t key = queued_at(t);
    size_t count = clock->heap->len;

    while (index > 0 && key < queued_at(heap_at(clock, (index - 1) / 2))) {
        heap_put(clock, index, heap_at(clock, (index - 1) / 2));
        index = (index - 1) / 2;
    }
    while (2 * index + 1 < count) {
        size_t child = 2 * index + 1;

        if (child + 1 < count &&
            queued_at(heap_at(clock, child + 1)) < queued_at(heap_at(clock, child))) {
            child++;
        }
        if (key <= queued_at(heap_at(clock, child))) {
            break;
        }
        heap_put(clock, index, heap_at(clock, child));
        index = child;
    }
    heap_put(clock, index, t);
}

static void heap_remove(Clock *clock, Timer *t)
{
    size_t index = t->heap_index;
    Timer *last = heap_at(clock, clock->heap->len - 1);

    g_ptr_array_set_size(clock->heap, clock->heap->len - 1);
    if (last != t) {
        heap_put(clock, index, last);
        heap_sift(clock, index);
    }
    __atomic_store_n(&t->queued_at, NOT_QUEUED, __ATOMIC_SEQ_CST);
}

static void heap_insert(Clock *clock, Timer *t, int64_t at)
{
    bool queued = queued_at(t) != NOT_QUEUED;

    __atomic_store_n(&t->queued_at, at, __ATOMIC_SEQ_CST);
    if (!queued) {
        g_ptr_array_add(clock->heap, t);
        t->heap_index = clock->heap->len - 1;
    }
    heap_sift(clock, t->heap_index);
}

/* Sets the descriptor for the heap's head, or for never. */
static void set_alarm(Clock *clock)
{
    struct itimerspec spec = {0};
    int64_t at;

    if (clock->fd < 0) {
        return;
    }
    if (clock->heap->len && clock->running) {
        at = queued_at(heap_at(clock, 0));
        if (clock->type == CLOCK_TYPE_VIRTUAL) {
            at -= clock->offset;
        }
        at = MAX(at, 1);
        spec.it_value.tv_sec = at / NANOSECONDS_PER_SECOND;
        spec.it_value.tv_nsec = at % NANOSECONDS_PER_SECOND;
    }
    timerfd_settime(clock->fd,
                    TFD_TIMER_ABSTIME |
                        (clock->type == CLOCK_TYPE_HOST ? TFD_TIMER_CANCEL_ON_SET : 0),
                    &spec, NULL);
}

static void set_virtual(Clock *clock, bool running, int64_t offset)
{
    mutex_lock(&clock->lock);
    seqlock_write_begin(&clock->sequence);
    __atomic_store_n(&clock->running, running, __ATOMIC_RELAXED);
    __atomic_store_n(&clock->offset, offset, __ATOMIC_RELAXED);
    seqlock_write_end(&clock->sequence);
    set_alarm(clock);
    mutex_unlock(&clock->lock);
}

void clock_start(Clock *clock)
{
    g_assert(clock->type == CLOCK_TYPE_VIRTUAL);
    if (!clock->running) {
        set_virtual(clock, true, clock->offset - host_ns(CLOCK_MONOTONIC));
    }
}

void clock_stop(Clock *clock)
{
    g_assert(clock->type == CLOCK_TYPE_VIRTUAL);
    if (clock->running) {
        int64_t now = host_ns(CLOCK_MONOTONIC);

        __atomic_store_n(&clock->stopped, now, __ATOMIC_RELAXED);
        set_virtual(clock, false, clock->offset + now);
    }
}

int64_t clock_stopped_ns(Clock *clock)
{
    int64_t stopped = __atomic_load_n(&clock->stopped, __ATOMIC_RELAXED);

    return stopped && !clock_is_running(clock) ? host_ns(CLOCK_MONOTONIC) - stopped : 0;
}

void clock_set_ns(Clock *clock, int64_t now)
{
    if (clock->type == CLOCK_TYPE_MANUAL) {
        __atomic_store_n(&clock->offset, now, __ATOMIC_RELEASE);
    } else {
        g_assert(clock->type == CLOCK_TYPE_VIRTUAL);
        set_virtual(clock, clock->running, clock->running ? now - host_ns(CLOCK_MONOTONIC) : now);
    }
}

int64_t clock_next_deadline(Clock *clock)
{
    int64_t at;

    mutex_lock(&clock->lock);
    at = clock->heap->len ? queued_at(heap_at(clock, 0)) : -1;
    mutex_unlock(&clock->lock);
    return at;
}

/* Takes the next timer that is due at `now`, disarmed; NULL if none. */
static Timer *take_due(Clock *clock, int64_t now)
{
    Timer *due = NULL;

    mutex_lock(&clock->lock);
    while (!due && clock->heap->len && queued_at(heap_at(clock, 0)) <= now) {
        Timer *t = heap_at(clock, 0);
        int64_t deadline;

        heap_remove(clock, t);
        deadline = __atomic_load_n(&t->deadline, __ATOMIC_SEQ_CST);
        while (deadline >= 0 && deadline <= now &&
               !__atomic_compare_exchange_n(&t->deadline, &deadline, -1, false, __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST)) {
        }
        if (deadline > now) {
            heap_insert(clock, t, deadline);
        } else if (deadline >= 0) {
            due = t;
        }
    }
    if (!due) {
        set_alarm(clock);
    }
    mutex_unlock(&clock->lock);
    return due;
}

bool clock_run_timers(Clock *clock)
{
    int64_t now = clock_get_ns(clock);
    unsigned budget;
    uint64_t expirations;
    bool ran = false;
    Timer *t;

    if (clock->fd >= 0) {
        G_GNUC_UNUSED ssize_t n = read(clock->fd, &expirations, sizeof(expirations));
    }
    if (!clock_is_running(clock) && clock->type == CLOCK_TYPE_VIRTUAL) {
        return false;
    }
    mutex_lock(&clock->lock);
    budget = clock->heap->len + 16;
    mutex_unlock(&clock->lock);
    /* A timer that arms itself for the past must not keep the main loop here for ever. */
    while (budget-- && (t = take_due(clock, now))) {
        t->callback(t->opaque);
        ran = true;
    }
    mutex_lock(&clock->lock);
    set_alarm(clock);
    mutex_unlock(&clock->lock);
    return ran;
}

void clock_step(Clock *clock, int64_t ns)
{
    int64_t target = clock_get_ns(clock) + ns;

    g_assert(clock->type == CLOCK_TYPE_MANUAL);
    for (;;) {
        int64_t next = clock_next_deadline(clock);
        Timer *t;

        if (next < 0 || next > target) {
            break;
        }
        if (next > clock_get_ns(clock)) {
            clock_set_ns(clock, next);
        }
        t = take_due(clock, clock_get_ns(clock));
        if (t) {
            t->callback(t->opaque);
        }
    }
    clock_set_ns(clock, target);
}

/* ---- Timers ---- */

void timer_init_full(Timer *t, Clock *clock, int64_t scale, TimerFunc *callback, void *opaque)
{
    *t = (Timer){
        .clock = clock,
        .callback = callback,
        .opaque = opaque,
        .scale = scale,
        .deadline = -1,
        .queued_at = NOT_QUEUED,
    };
}

Timer *timer_new_full(Clock *clock, int64_t scale, TimerFunc *callback, void *opaque)
{
    Timer *t = g_new(Timer, 1);

    timer_init_full(t, clock, scale, callback, opaque);
    return t;
}

void timer_deinit(Timer *t)
{
    __atomic_store_n(&t->deadline, -1, __ATOMIC_SEQ_CST);
    if (!t->clock) {
        return;
    }
    mutex_lock(&t->clock->lock);
    if (queued_at(t) != NOT_QUEUED) {
        heap_remove(t->clock, t);
    }
    mutex_unlock(&t->clock->lock);
}

void timer_free(Timer *t)
{
    if (t) {
        timer_deinit(t);
        g_free(t);
    }
}

/* The heap has the timer too late, or not at all. */
static void queue_timer(Timer *t)
{
    Clock *clock = t->clock;
    int64_t deadline;

    mutex_lock(&clock->lock);
    deadline = __atomic_load_n(&t->deadline, __ATOMIC_SEQ_CST);
    if (deadline >= 0 && deadline < queued_at(t)) {
        heap_insert(clock, t, deadline);
        if (t->heap_index == 0) {
            set_alarm(clock);
        }
    }
    mutex_unlock(&clock->lock);
}

void timer_mod_ns(Timer *t, int64_t deadline_ns)
{
    deadline_ns = CLAMP(deadline_ns, 0, NOT_QUEUED - 1);
    __atomic_store_n(&t->deadline, deadline_ns, __ATOMIC_SEQ_CST);
    if (deadline_ns < __atomic_load_n(&t->queued_at, __ATOMIC_SEQ_CST)) {
        queue_timer(t);
    }
}

void timer_mod(Timer *t, int64_t deadline)
{
    int64_t ns;

    if (__builtin_mul_overflow(deadline, t->scale, &ns)) {
        ns = deadline < 0 ? 0 : NOT_QUEUED - 1;
    }
    timer_mod_ns(t, ns);
}

void timer_mod_anticipate_ns(Timer *t, int64_t deadline_ns)
{
    int64_t old = __atomic_load_n(&t->deadline, __ATOMIC_SEQ_CST);

    deadline_ns = CLAMP(deadline_ns, 0, NOT_QUEUED - 1);
    do {
        if (old >= 0 && old <= deadline_ns) {
            return;
        }
    } while (!__atomic_compare_exchange_n(&t->deadline, &old, deadline_ns, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    if (deadline_ns < __atomic_load_n(&t->queued_at, __ATOMIC_SEQ_CST)) {
        queue_timer(t);
    }
}

void timer_del(Timer *t)
{
    __atomic_store_n(&t->deadline, -1, __ATOMIC_SEQ_CST);
}

int64_t timer_expire_time_ns(const Timer *t)
{
    return __atomic_load_n(&t->deadline, __ATOMIC_SEQ_CST);
}

bool timer_pending(const Timer *t)
{
    return timer_expire_time_ns(t) >= 0;
}

bool timer_expired(const Timer *t, int64_t now_ns)
{
    int64_t deadline = timer_expire_time_ns(t);

    return deadline >= 0 && deadline <= now_ns;
}
