/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop over GLib's default context: a source for each clock's descriptor, one for bottom
 * halves and requests, and a poll function that gives up the device lock while it sleeps.
 */
#include "system/main-loop.h"

#include <glib-unix.h>
#include "internal.h"
#include "system/lock.h"

typedef struct LoopItem {
    BottomHalf *bh;
    void (*fn)(void *opaque);
    void *opaque;
} LoopItem;

struct BottomHalf {
    void (*fn)(void *opaque);
    void *opaque;
    uint32_t scheduled; /* atomic */
};

void loop_work_ready(void)
{
    __atomic_store_n(&the_runtime->loop.work_pending, 1, __ATOMIC_SEQ_CST);
    g_main_context_wakeup(NULL);
}

void main_loop_notify(void)
{
    g_main_context_wakeup(NULL);
}

static void push(LoopItem item)
{
    LoopState *loop = &the_runtime->loop;

    mutex_lock(&loop->lock);
    g_queue_push_tail(&loop->queue, g_memdup2(&item, sizeof(item)));
    mutex_unlock(&loop->lock);
    loop_work_ready();
}

void run_on_main(void (*fn)(void *opaque), void *opaque)
{
    push((LoopItem){.fn = fn, .opaque = opaque});
}

BottomHalf *bh_new(void (*fn)(void *opaque), void *opaque)
{
    BottomHalf *bh = g_new0(BottomHalf, 1);

    bh->fn = fn;
    bh->opaque = opaque;
    return bh;
}

void bh_schedule(BottomHalf *bh)
{
    if (!__atomic_exchange_n(&bh->scheduled, 1, __ATOMIC_SEQ_CST)) {
        push((LoopItem){.bh = bh});
    }
}

static void drop_from_queue(BottomHalf *bh)
{
    LoopState *loop = &the_runtime->loop;

    mutex_lock(&loop->lock);
    for (GList *link = loop->queue.head, *next; link; link = next) {
        LoopItem *item = link->data;

        next = link->next;
        if (item->bh == bh) {
            g_free(item);
            g_queue_delete_link(&loop->queue, link);
        }
    }
    __atomic_store_n(&bh->scheduled, 0, __ATOMIC_SEQ_CST);
    mutex_unlock(&loop->lock);
}

void bh_cancel(BottomHalf *bh)
{
    drop_from_queue(bh);
}

void bh_delete(BottomHalf *bh)
{
    if (bh) {
        drop_from_queue(bh);
        g_free(bh);
    }
}

static bool run_one(void)
{
    LoopState *loop = &the_runtime->loop;
    LoopItem *item;

    mutex_lock(&loop->lock);
    item = g_queue_pop_head(&loop->queue);
    if (item && item->bh) {
        item->fn = item->bh->fn;
        item->opaque = item->bh->opaque;
        __atomic_store_n(&item->bh->scheduled, 0, __ATOMIC_SEQ_CST);
    }
    mutex_unlock(&loop->lock);
    if (!item) {
        return false;
    }
    item->fn(item->opaque);
    g_free(item);
    return true;
}

/* ---- Sources ---- */

static gboolean work_ready(GSource *source)
{
    return __atomic_load_n(&the_runtime->loop.work_pending, __ATOMIC_SEQ_CST) != 0;
}

static gboolean work_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return work_ready(source);
}

static gboolean work_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    LoopState *loop = &the_runtime->loop;
    unsigned budget;

    __atomic_store_n(&loop->work_pending, 0, __ATOMIC_SEQ_CST);
    mutex_lock(&loop->lock);
    budget = g_queue_get_length(&loop->queue);
    mutex_unlock(&loop->lock);
    while (budget-- && run_one()) {
    }
    if (runstate_requests_pending()) {
        runstate_process_requests();
    }
    return G_SOURCE_CONTINUE;
}

static const GSourceFuncs work_funcs_template = {
    .prepare = work_prepare, .check = work_ready, .dispatch = work_dispatch};

typedef struct ClockSource {
    GSource source;
    Clock *clock;
} ClockSource;

static gboolean clock_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    clock_run_timers(((ClockSource *)source)->clock);
    return G_SOURCE_CONTINUE;
}

static const GSourceFuncs clock_funcs_template = {.dispatch = clock_dispatch};

static gint poll_unlocked(GPollFD *fds, guint count, gint timeout)
{
    gint result;

    if (!device_lock_held()) {
        return g_poll(fds, count, timeout);
    }
    device_unlock();
    result = g_poll(fds, count, timeout);
    device_lock();
    return result;
}

void loop_state_init(LoopState *loop)
{
    GMainContext *context = g_main_context_default();

    mutex_init(&loop->lock);
    g_queue_init(&loop->queue);
    g_main_context_set_poll_func(context, poll_unlocked);
    loop->work = g_source_new((GSourceFuncs *)&work_funcs_template, sizeof(GSource));
    g_source_set_name(loop->work, "work");
    g_source_set_can_recurse(loop->work, true);
    g_source_attach(loop->work, context);
    for (int i = 0; i < 3; i++) {
        GSource *source = g_source_new((GSourceFuncs *)&clock_funcs_template, sizeof(ClockSource));

        ((ClockSource *)source)->clock = the_runtime->clocks[i];
        g_source_add_unix_fd(source, clock_get_fd(the_runtime->clocks[i]), G_IO_IN);
        g_source_set_name(source, "clock");
        g_source_set_can_recurse(source, true);
        g_source_attach(source, context);
        loop->clocks[i] = source;
    }
}

void loop_state_cleanup(LoopState *loop)
{
    g_source_destroy(loop->work);
    g_source_unref(loop->work);
    for (int i = 0; i < 3; i++) {
        g_source_destroy(loop->clocks[i]);
        g_source_unref(loop->clocks[i]);
    }
    g_queue_clear_full(&loop->queue, g_free);
    g_main_context_set_poll_func(g_main_context_default(), g_poll);
    mutex_destroy(&loop->lock);
}

bool main_loop_iterate(bool may_block)
{
    return g_main_context_iteration(NULL, may_block);
}

int main_loop_run(void)
{
    LoopState *loop = &the_runtime->loop;

    g_assert(runtime_is_main_thread() && device_lock_held());
    loop->depth++;
    while (!__atomic_load_n(&loop->quit, __ATOMIC_SEQ_CST)) {
        main_loop_iterate(true);
    }
    loop->depth--;
    return loop->exit_status;
}

void main_loop_quit(int exit_status)
{
    LoopState *loop = &the_runtime->loop;

    loop->exit_status = exit_status;
    __atomic_store_n(&loop->quit, true, __ATOMIC_SEQ_CST);
    main_loop_notify();
}

bool main_loop_is_running(void)
{
    return the_runtime->loop.depth > 0;
}

bool main_loop_is_quitting(void)
{
    return __atomic_load_n(&the_runtime->loop.quit, __ATOMIC_SEQ_CST);
}
