/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads, mutexes and conditions over pthreads.  A failure of one of these calls is our own bug
 * (or the end of the host's resources at thread creation): it ends the process with a message.
 */
#include "util/thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct Thread {
    pthread_t handle;
    void *(*start)(void *);
    void *arg;
    char name[16];
};

static void check(int error, const char *what)
{
    if (G_UNLIKELY(error)) {
        g_error("%s: %s", what, g_strerror(error));
    }
}

void mutex_init(Mutex *m)
{
    check(pthread_mutex_init(&m->lock, NULL), "pthread_mutex_init");
}

void mutex_destroy(Mutex *m)
{
    check(pthread_mutex_destroy(&m->lock), "pthread_mutex_destroy");
}

void mutex_lock(Mutex *m)
{
    check(pthread_mutex_lock(&m->lock), "pthread_mutex_lock");
}

bool mutex_trylock(Mutex *m)
{
    int error = pthread_mutex_trylock(&m->lock);

    if (error == EBUSY) {
        return false;
    }
    check(error, "pthread_mutex_trylock");
    return true;
}

void mutex_unlock(Mutex *m)
{
    check(pthread_mutex_unlock(&m->lock), "pthread_mutex_unlock");
}

void cond_init(Cond *c)
{
    pthread_condattr_t attr;

    check(pthread_condattr_init(&attr), "pthread_condattr_init");
    check(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC), "pthread_condattr_setclock");
    check(pthread_cond_init(&c->cond, &attr), "pthread_cond_init");
    pthread_condattr_destroy(&attr);
}

void cond_destroy(Cond *c)
{
    check(pthread_cond_destroy(&c->cond), "pthread_cond_destroy");
}

void cond_signal(Cond *c)
{
    check(pthread_cond_signal(&c->cond), "pthread_cond_signal");
}

void cond_broadcast(Cond *c)
{
    check(pthread_cond_broadcast(&c->cond), "pthread_cond_broadcast");
}

void cond_wait(Cond *c, Mutex *m)
{
    check(pthread_cond_wait(&c->cond, &m->lock), "pthread_cond_wait");
}

bool cond_wait_timeout(Cond *c, Mutex *m, int64_t ns)
{
    struct timespec until;
    int error;

    clock_gettime(CLOCK_MONOTONIC, &until);
    ns = CLAMP(ns, 0, INT64_C(1) << 60);
    until.tv_sec += ns / 1000000000;
    until.tv_nsec += ns % 1000000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    error = pthread_cond_timedwait(&c->cond, &m->lock, &until);
    if (error == ETIMEDOUT) {
        return false;
    }
    check(error, "pthread_cond_timedwait");
    return true;
}

static void *run(void *data)
{
    Thread *t = data;

    thread_set_name(t->name);
    return t->start(t->arg);
}

Thread *thread_create(const char *name, void *(*start)(void *), void *arg)
{
    Thread *t = g_new0(Thread, 1);
    sigset_t all, old;

    t->start = start;
    t->arg = arg;
    g_strlcpy(t->name, name, sizeof(t->name));
    /* Signals are the main thread's. */
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGTRAP);
    sigdelset(&all, SIGABRT);
    sigdelset(&all, SIGPROF);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    check(pthread_create(&t->handle, NULL, run, t), "pthread_create");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return t;
}

void *thread_join(Thread *t)
{
    void *result;

    check(pthread_join(t->handle, &result), "pthread_join");
    g_free(t);
    return result;
}

bool thread_is_self(const Thread *t)
{
    return pthread_equal(pthread_self(), t->handle);
}

void thread_set_name(const char *name)
{
    char cut[16];

    g_strlcpy(cut, name, sizeof(cut));
    pthread_setname_np(pthread_self(), cut);
}

int thread_get_id(void)
{
    return (int)syscall(SYS_gettid);
}
