/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publish and free: structures that vCPU threads read without a lock are replaced whole, and the
 * old one is freed after every reader thread has passed a quiescent point (a place where it holds
 * no pointer).
 *
 * A reader thread registers itself; it is "online" while it may hold pointers and calls
 * rcu_quiescent() at its safepoints, after it has run its queued work (so that "flush your TLB" has
 * happened); while it sleeps it is offline and holds nothing up.  Threads that are not registered
 * read with the device lock.
 */
#ifndef SYSTEM_RCU_H
#define SYSTEM_RCU_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

#define rcu_publish(pp, value) __atomic_store_n(pp, value, __ATOMIC_RELEASE)
#define rcu_fetch(pp)          __atomic_load_n(pp, __ATOMIC_ACQUIRE)

typedef struct RcuReader RcuReader;

/* The calling thread becomes a reader, offline. */
RcuReader *rcu_register_thread(void);
void rcu_unregister_thread(RcuReader *reader);
void rcu_online(RcuReader *reader);
void rcu_offline(RcuReader *reader);
/* "I hold no pointer": one store. */
void rcu_quiescent(RcuReader *reader);

/* Calls free_fn(data) on the main thread, device lock held, once every reader has passed. Any
 * thread. */
void rcu_free_later(GDestroyNotify free_fn, void *data);
/* Frees what can be freed now; how many wait. Main loop. */
unsigned rcu_reclaim(void);
/* Called when something waits for readers: kicks vCPUs. Set by hw/core. */
void rcu_set_kick(void (*kick)(void));

#endif
