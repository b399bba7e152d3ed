/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of block backends: submission, completion, draining, counting. */
#include <errno.h>
#include <time.h>
#include "backend-private.h"

int64_t blk_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

/* ---- Statistics ---- */

void blk_account(BlockBackend *blk, BlockStatKind kind, int64_t offset, int64_t bytes, int64_t ns,
                 int ret)
{
    BlockStats *s = &blk->stats;

    mutex_lock(&blk->stats_lock);
    switch (kind) {
    case BLOCK_STAT_READ:
        s->rd_bytes += ret ? 0 : (uint64_t)bytes;
        s->rd_operations += !ret;
        s->rd_total_time_ns += (uint64_t)ns;
        s->failed_rd_operations += !!ret;
        break;
    case BLOCK_STAT_WRITE:
        s->wr_bytes += ret ? 0 : (uint64_t)bytes;
        s->wr_operations += !ret;
        s->wr_total_time_ns += (uint64_t)ns;
        s->failed_wr_operations += !!ret;
        if (!ret && s->wr_highest_offset < (uint64_t)(offset + bytes)) {
            s->wr_highest_offset = (uint64_t)(offset + bytes);
        }
        break;
    case BLOCK_STAT_FLUSH:
        s->flush_operations += !ret;
        s->flush_total_time_ns += (uint64_t)ns;
        s->failed_flush_operations += !!ret;
        break;
    case BLOCK_STAT_UNMAP:
        s->unmap_bytes += ret ? 0 : (uint64_t)bytes;
        s->unmap_operations += !ret;
        s->unmap_total_time_ns += (uint64_t)ns;
        s->failed_unmap_operations += !!ret;
        break;
    }
    s->idle_since_ns = blk_clock_ns();
    mutex_unlock(&blk->stats_lock);
}

void blk_get_stats(BlockBackend *blk, BlockStats *stats)
{
    mutex_lock(&blk->stats_lock);
    *stats = blk->stats;
    mutex_unlock(&blk->stats_lock);
}

void blk_count_invalid(BlockBackend *blk, BlockStatKind kind)
{
    uint64_t *counter[] = {&blk->stats.invalid_rd_operations, &blk->stats.invalid_wr_operations,
                           &blk->stats.invalid_flush_operations,
                           &blk->stats.invalid_unmap_operations};

    mutex_lock(&blk->stats_lock);
    ++*counter[kind];
    mutex_unlock(&blk->stats_lock);
}

/* ---- Requests that complete on the main loop ---- */

static unsigned write_flags(const BlockBackend *blk, unsigned flags)
{
    return blk_write_cache(blk) ? flags : flags | BLOCK_REQ_FUA;
}

int block_request_run(BlockRequest *r)
{
    switch (r->kind) {
    case REQUEST_READ:
        return block_preadv(r->node, r->offset, &r->v, r->flags);
    case REQUEST_WRITE:
        return block_pwritev(r->node, r->offset, &r->v, r->flags);
    case REQUEST_ZEROES:
        return block_pwrite_zeroes(r->node, r->offset, r->bytes, r->flags);
    case REQUEST_DISCARD:
        return block_pdiscard(r->node, r->offset, r->bytes);
    case REQUEST_FLUSH:
        return block_flush(r->node);
    case REQUEST_WORK:
        return r->fn(r->opaque);
    default:
        return r->ret;
    }
}

static BlockStatKind stat_kind(RequestKind kind)
{
    return kind == REQUEST_READ ? BLOCK_STAT_READ : kind == REQUEST_FLUSH ? BLOCK_STAT_FLUSH
           : kind == REQUEST_DISCARD ? BLOCK_STAT_UNMAP : BLOCK_STAT_WRITE;
}

void block_request_complete(BlockRequest *r)
{
    BlockBackend *blk = r->blk;

    if (r->kind != REQUEST_WORK && r->kind != REQUEST_FAILED && r->ret != -ECANCELED) {
        blk_account(blk, stat_kind(r->kind), r->offset, r->bytes, blk_clock_ns() - r->started_ns,
                    r->ret);
    }
    /* No longer under way when the callback runs: it may drain. */
    blk->in_flight--;
    r->done(r->opaque, r->ret);
    block_unref(r->node);
    g_free((void *)r->v.iov);
    g_free(r);
    blk_unref(blk);
}

/* Outside the medium, or without one. */
static int refuse(BlockBackend *blk, RequestKind kind, int64_t offset, int64_t bytes)
{
    int64_t length;

    if (kind == REQUEST_WORK) {
        return 0;
    }
    if (!blk_is_available(blk)) {
        return -ENOMEDIUM;
    }
    if (kind == REQUEST_FLUSH) {
        return 0;
    }
    if (offset < 0 || bytes < 0 ||
        (kind != REQUEST_DISCARD && bytes > (int64_t)BLOCK_MAX_REQUEST)) {
        return -EIO;
    }
    length = block_length(blk->node);
    return length < 0 ? (int)length : offset > length || bytes > length - offset ? -EIO : 0;
}

static BlockRequest *submit(BlockBackend *blk, RequestKind kind, int64_t offset, const IOVector *v,
                            int64_t bytes, unsigned flags, int (*fn)(void *), BlockCompletion *done,
                            void *opaque)
{
    BlockRequest *r = g_new0(BlockRequest, 1);

    *r = (BlockRequest){.blk = blk,
                        .kind = kind,
                        .flags = flags,
                        .offset = offset,
                        .bytes = bytes,
                        .fn = fn,
                        .done = done,
                        .opaque = opaque,
                        .started_ns = blk_clock_ns()};
    if (v) {
        r->v = (IOVector){g_memdup2(v->iov, v->niov * sizeof(struct iovec)), v->niov, v->size};
    }
    blk_ref(blk);
    blk->in_flight++;
    r->ret = refuse(blk, kind, offset, bytes);
    if (r->ret) {
        r->kind = REQUEST_FAILED;
    } else if (blk->node) {
        r->node = blk->node;
        block_ref(r->node);
    }
    block_aio_submit(r);
    return r;
}

BlockRequest *blk_aio_preadv(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags,
                             BlockCompletion *done, void *opaque)
{
    return submit(blk, REQUEST_READ, offset, v, (int64_t)v->size, flags, NULL, done, opaque);
}

BlockRequest *blk_aio_pwritev(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags,
                              BlockCompletion *done, void *opaque)
{
    return submit(blk, REQUEST_WRITE, offset, v, (int64_t)v->size, write_flags(blk, flags), NULL,
                  done, opaque);
}

BlockRequest *blk_aio_pwrite_zeroes(BlockBackend *blk, int64_t offset, int64_t bytes,
                                    unsigned flags, BlockCompletion *done, void *opaque)
{
    return submit(blk, REQUEST_ZEROES, offset, NULL, bytes, write_flags(blk, flags), NULL, done,
                  opaque);
}

BlockRequest *blk_aio_pdiscard(BlockBackend *blk, int64_t offset, int64_t bytes,
                               BlockCompletion *done, void *opaque)
{
    return submit(blk, REQUEST_DISCARD, offset, NULL, bytes, 0, NULL, done, opaque);
}

BlockRequest *blk_aio_flush(BlockBackend *blk, BlockCompletion *done, void *opaque)
{
    return submit(blk, REQUEST_FLUSH, 0, NULL, 0, 0, NULL, done, opaque);
}

BlockRequest *blk_aio_work(BlockBackend *blk, int (*fn)(void *opaque), BlockCompletion *done,
                           void *opaque)
{
    return submit(blk, REQUEST_WORK, 0, NULL, 0, 0, fn, done, opaque);
}

void blk_aio_cancel(BlockRequest *request)
{
    __atomic_store_n(&request->cancelled, true, __ATOMIC_RELEASE);
}

unsigned blk_in_flight(const BlockBackend *blk)
{
    return blk->in_flight;
}

static void set_drained(BlockBackend *blk, bool begin)
{
    void (*fn)(void *) = !blk->ops ? NULL : begin ? blk->ops->drained_begin : blk->ops->drained_end;

    if (fn) {
        fn(blk->ops_opaque);
    }
}

void blk_drain(BlockBackend *blk)
{
    blk_ref(blk);
    set_drained(blk, true);
    while (blk->in_flight) {
        block_aio_reap(blk, true);
    }
    set_drained(blk, false);
    if (--blk->references == 0) {
        blk->references = 1;
        blk_unref(blk);
    }
}

void block_drain_all(void)
{
    bool busy;

    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        set_drained(blk, true);
    }
    do {
        busy = false;
        for (BlockBackend *blk = blk_next(NULL); blk && !busy; blk = blk_next(blk)) {
            busy = blk->in_flight > 0;
        }
        if (busy) {
            block_aio_reap(NULL, true);
        }
    } while (busy);
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        set_drained(blk, false);
    }
}

/* ---- Requests that block ---- */

int blk_preadv(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags)
{
    int64_t start = blk_clock_ns();
    int ret = refuse(blk, REQUEST_READ, offset, (int64_t)v->size);

    if (ret == 0) {
        ret = block_preadv(blk->node, offset, v, flags);
        blk_account(blk, BLOCK_STAT_READ, offset, (int64_t)v->size, blk_clock_ns() - start, ret);
    }
    return ret;
}

int blk_pwritev(BlockBackend *blk, int64_t offset, const IOVector *v, unsigned flags)
{
    int64_t start = blk_clock_ns();
    int ret = refuse(blk, REQUEST_WRITE, offset, (int64_t)v->size);

    if (ret == 0) {
        ret = block_pwritev(blk->node, offset, v, write_flags(blk, flags));
        blk_account(blk, BLOCK_STAT_WRITE, offset, (int64_t)v->size, blk_clock_ns() - start, ret);
    }
    return ret;
}

int blk_pread(BlockBackend *blk, int64_t offset, void *buf, int64_t bytes)
{
    struct iovec iov;
    IOVector v = iov_single(&iov, buf, (size_t)bytes);

    return bytes < 0 ? -EINVAL : blk_preadv(blk, offset, &v, 0);
}

int blk_pwrite(BlockBackend *blk, int64_t offset, const void *buf, int64_t bytes, unsigned flags)
{
    struct iovec iov;
    IOVector v = iov_single(&iov, (void *)buf, (size_t)bytes);

    return bytes < 0 ? -EINVAL : blk_pwritev(blk, offset, &v, flags);
}

int blk_pwrite_zeroes(BlockBackend *blk, int64_t offset, int64_t bytes, unsigned flags)
{
    int64_t start = blk_clock_ns();
    int ret = refuse(blk, REQUEST_ZEROES, offset, bytes);

    if (ret == 0) {
        ret = block_pwrite_zeroes(blk->node, offset, bytes, write_flags(blk, flags));
        blk_account(blk, BLOCK_STAT_WRITE, offset, bytes, blk_clock_ns() - start, ret);
    }
    return ret;
}

int blk_pdiscard(BlockBackend *blk, int64_t offset, int64_t bytes)
{
    int64_t start = blk_clock_ns();
    int ret = refuse(blk, REQUEST_DISCARD, offset, bytes);

    if (ret == 0) {
        ret = block_pdiscard(blk->node, offset, bytes);
        blk_account(blk, BLOCK_STAT_UNMAP, offset, bytes, blk_clock_ns() - start, ret);
    }
    return ret;
}

int blk_flush(BlockBackend *blk)
{
    int64_t start = blk_clock_ns();
    int ret = refuse(blk, REQUEST_FLUSH, 0, 0);

    if (ret == 0) {
        ret = block_flush(blk->node);
        blk_account(blk, BLOCK_STAT_FLUSH, 0, 0, blk_clock_ns() - start, ret);
    }
    return ret;
}
