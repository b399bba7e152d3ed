/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker pool: threads run requests to their end by the calls that block, and finished requests
 * wait in a list that a source of the main loop empties. Threads start with the first request.
 */
#include <errno.h>
#include "aio.h"
#include "block-private.h"

#define POOL_THREADS 16

typedef struct Aio {
    Mutex lock;
    Cond cond;                     /* something was finished */
    Cond work;                     /* something waits for a thread */
    GQueue waiting, finished;      /* BlockRequest * */
    Thread *threads[POOL_THREADS];
    unsigned started, idle;
    bool stop;
    GSource *source;
} Aio;

/* One pool a process, like its main loop. */
static Aio aio;

static void finish(BlockRequest *request)
{
    g_queue_push_tail(&aio.finished, request);
    cond_broadcast(&aio.cond);
    g_source_set_ready_time(aio.source, 0);
}

static void *worker(void *unused)
{
    mutex_lock(&aio.lock);
    while (!aio.stop) {
        BlockRequest *request = g_queue_pop_head(&aio.waiting);

        if (!request) {
            aio.idle++;
            cond_wait(&aio.work, &aio.lock);
            aio.idle--;
            continue;
        }
        mutex_unlock(&aio.lock);
        request->ret = __atomic_load_n(&request->cancelled, __ATOMIC_ACQUIRE)
                           ? -ECANCELED
                           : block_request_run(request);
        mutex_lock(&aio.lock);
        finish(request);
    }
    mutex_unlock(&aio.lock);
    return NULL;
}

static BlockRequest *take(BlockBackend *blk)
{
    for (GList *link = aio.finished.head; link; link = link->next) {
        BlockRequest *request = link->data;

        if (!blk || request->blk == blk) {
            g_queue_delete_link(&aio.finished, link);
            return request;
        }
    }
    return NULL;
}

void block_aio_reap(BlockBackend *blk, bool wait)
{
    BlockRequest *request;

    if (!aio.source) {
        return;
    }
    mutex_lock(&aio.lock);
    while (!(request = take(blk)) && wait) {
        cond_wait(&aio.cond, &aio.lock);
    }
    mutex_unlock(&aio.lock);
    if (request) {
        block_request_complete(request);
    }
}

/* What is there now, and not what callbacks add meanwhile: the loop has others to serve. */
static gboolean dispatch(GSource *source, GSourceFunc fn, gpointer data)
{
    guint count;

    g_source_set_ready_time(source, -1);
    mutex_lock(&aio.lock);
    count = aio.finished.length;
    mutex_unlock(&aio.lock);
    while (count--) {
        block_aio_reap(NULL, false);
    }
    mutex_lock(&aio.lock);
    count = aio.finished.length;
    mutex_unlock(&aio.lock);
    if (count) {
        g_source_set_ready_time(source, 0);
    }
    return G_SOURCE_CONTINUE;
}

static void start(void)
{
    static const GSourceFuncs functions = {.dispatch = dispatch};

    mutex_init(&aio.lock);
    cond_init(&aio.cond);
    cond_init(&aio.work);
    g_queue_init(&aio.waiting);
    g_queue_init(&aio.finished);
    aio.source = g_source_new((GSourceFuncs *)&functions, sizeof(GSource));
    g_source_set_name(aio.source, "block");
    g_source_attach(aio.source, NULL);
}

void block_aio_submit(BlockRequest *request)
{
    if (!aio.source) {
        start();
    }
    mutex_lock(&aio.lock);
    if (request->kind == REQUEST_FAILED) {
        finish(request);
    } else {
        g_queue_push_tail(&aio.waiting, request);
        /* A new thread unless enough of them sleep. */
        if (aio.idle < aio.waiting.length && aio.started < POOL_THREADS) {
            aio.threads[aio.started++] = thread_create("block", worker, NULL);
        }
        cond_signal(&aio.work);
    }
    mutex_unlock(&aio.lock);
}

void block_aio_cleanup(void)
{
    if (!aio.source) {
        return;
    }
    block_drain_all();
    mutex_lock(&aio.lock);
    aio.stop = true;
    cond_broadcast(&aio.work);
    mutex_unlock(&aio.lock);
    for (unsigned i = 0; i < aio.started; i++) {
        thread_join(aio.threads[i]);
    }
    g_source_destroy(aio.source);
    g_source_unref(aio.source);
    mutex_destroy(&aio.lock);
    cond_destroy(&aio.cond);
    cond_destroy(&aio.work);
    aio = (Aio){0};
}
