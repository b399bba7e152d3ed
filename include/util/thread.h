/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads with names, mutexes and condition variables over pthreads, an auto-reset event and a
 * sequence lock for small read-mostly values.
 */
#ifndef UTIL_THREAD_H
#define UTIL_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

typedef struct Mutex {
    pthread_mutex_t lock;
} Mutex;
typedef struct Cond {
    pthread_cond_t cond;
} Cond;
typedef struct Thread Thread;

void mutex_init(Mutex *m);
void mutex_destroy(Mutex *m);
void mutex_lock(Mutex *m);
bool mutex_trylock(Mutex *m);
void mutex_unlock(Mutex *m);

void cond_init(Cond *c);
void cond_destroy(Cond *c);
void cond_signal(Cond *c);
void cond_broadcast(Cond *c);
void cond_wait(Cond *c, Mutex *m);
/* False when `ns` passed without a signal. */
bool cond_wait_timeout(Cond *c, Mutex *m, int64_t ns);

/* Starts a thread that other tools show as `name` (cut to 15 bytes). */
Thread *thread_create(const char *name, void *(*start)(void *), void *arg);
/* Waits for its end, frees the handle, returns what start returned. */
void *thread_join(Thread *t);
bool thread_is_self(const Thread *t);
/* Names the calling thread. */
void thread_set_name(const char *name);
/* The host's number of the calling thread (gettid). */
int thread_get_id(void);

/*
 * Sequence lock: one writer at a time (the writer's own lock), readers never wait for a lock and
 * repeat when a write came between.  Values guarded by it are read and written with relaxed
 * atomics.
 */
typedef struct SeqLock {
    unsigned sequence;
} SeqLock;

static inline void seqlock_write_begin(SeqLock *s)
{
    __atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void seqlock_write_end(SeqLock *s)
{
    __atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELEASE);
}

static inline unsigned seqlock_read_begin(const SeqLock *s)
{
    return __atomic_load_n(&s->sequence, __ATOMIC_ACQUIRE) & ~1u;
}

/* True: what was read between may be torn; read again. */
static inline bool seqlock_read_retry(const SeqLock *s, unsigned start)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return G_UNLIKELY(__atomic_load_n(&s->sequence, __ATOMIC_RELAXED) != start);
}

#endif
