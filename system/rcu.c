/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publish and free.  Each thing that waits carries the epoch at which it was taken out of view;
 * each reader remembers the epoch of its last quiescent point (or "offline").  What is older than
 * every reader's epoch can be freed.
 */
#include "system/rcu.h"

#include "internal.h"
#include "system/lock.h"

#define OFFLINE  UINT64_MAX
#define RETRY_NS (10 * SCALE_MS)

struct RcuReader {
    uint64_t seen; /* atomic */
};

typedef struct RcuItem {
    GDestroyNotify free_fn;
    void *data;
    uint64_t epoch;
} RcuItem;

static void retry(void *opaque)
{
    RcuState *rcu = opaque;

    if (rcu_reclaim()) {
        if (rcu->kick) {
            rcu->kick();
        }
        timer_mod_ns(&rcu->timer, clock_get_ns(clock_realtime()) + RETRY_NS);
    }
}

void rcu_state_init(RcuState *rcu)
{
    mutex_init(&rcu->lock);
    rcu->epoch = 1;
    rcu->readers = g_ptr_array_new();
    g_queue_init(&rcu->waiting);
    timer_init_full(&rcu->timer, clock_realtime(), SCALE_NS, retry, rcu);
}

void rcu_state_cleanup(RcuState *rcu)
{
    g_assert(rcu->readers->len == 0);
    while (rcu_reclaim()) {
    }
    timer_deinit(&rcu->timer);
    g_ptr_array_unref(rcu->readers);
    mutex_destroy(&rcu->lock);
}

RcuReader *rcu_register_thread(void)
{
    RcuState *rcu = &the_runtime->rcu;
    RcuReader *reader = g_new0(RcuReader, 1);

    reader->seen = OFFLINE;
    mutex_lock(&rcu->lock);
    g_ptr_array_add(rcu->readers, reader);
    mutex_unlock(&rcu->lock);
    return reader;
}

void rcu_unregister_thread(RcuReader *reader)
{
    RcuState *rcu = &the_runtime->rcu;

    mutex_lock(&rcu->lock);
    g_ptr_array_remove_fast(rcu->readers, reader);
    mutex_unlock(&rcu->lock);
    g_free(reader);
}

void rcu_online(RcuReader *reader)
{
    uint64_t epoch = __atomic_load_n(&the_runtime->rcu.epoch, __ATOMIC_SEQ_CST);

    /* A full barrier between telling and the first look at a published pointer. */
    __atomic_exchange_n(&reader->seen, epoch, __ATOMIC_SEQ_CST);
}

void rcu_offline(RcuReader *reader)
{
    __atomic_store_n(&reader->seen, OFFLINE, __ATOMIC_RELEASE);
}

void rcu_quiescent(RcuReader *reader)
{
    uint64_t epoch = __atomic_load_n(&the_runtime->rcu.epoch, __ATOMIC_ACQUIRE);

    if (__atomic_load_n(&reader->seen, __ATOMIC_RELAXED) != epoch) {
        __atomic_store_n(&reader->seen, epoch, __ATOMIC_RELEASE);
    }
}

void rcu_free_later(GDestroyNotify free_fn, void *data)
{
    RcuState *rcu = &the_runtime->rcu;
    RcuItem *item = g_new(RcuItem, 1);

    item->free_fn = free_fn;
    item->data = data;
    mutex_lock(&rcu->lock);
    item->epoch = __atomic_add_fetch(&rcu->epoch, 1, __ATOMIC_SEQ_CST);
    g_queue_push_tail(&rcu->waiting, item);
    mutex_unlock(&rcu->lock);
    timer_mod_anticipate_ns(&rcu->timer, 0);
}

unsigned rcu_reclaim(void)
{
    RcuState *rcu = &the_runtime->rcu;
    GQueue ready = G_QUEUE_INIT;
    uint64_t oldest = OFFLINE;
    RcuItem *item;
    unsigned left;

    g_assert(device_lock_held());
    mutex_lock(&rcu->lock);
    for (unsigned i = 0; i < rcu->readers->len; i++) {
        const RcuReader *reader = g_ptr_array_index(rcu->readers, i);

        oldest = MIN(oldest, __atomic_load_n(&reader->seen, __ATOMIC_SEQ_CST));
    }
    while ((item = g_queue_peek_head(&rcu->waiting)) && item->epoch <= oldest) {
        g_queue_push_tail(&ready, g_queue_pop_head(&rcu->waiting));
    }
    left = g_queue_get_length(&rcu->waiting);
    mutex_unlock(&rcu->lock);
    while ((item = g_queue_pop_head(&ready))) {
        item->free_fn(item->data);
        g_free(item);
    }
    return left;
}

void rcu_set_kick(void (*kick)(void))
{
    the_runtime->rcu.kick = kick;
}
