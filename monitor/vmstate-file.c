/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VM state as a stream: a ring of pieces between the stream and a thread that does the input or
 * output.
 */
#include "vmstate-file.h"

#include <errno.h>
#include <string.h>
#include "util/error.h"
#include "util/thread.h"

/* Small enough for the processor's cache, and for the host to serve from the pages it has at hand.
 */
#define PIECE_SIZE (128u << 10)
#define N_PIECES   64u
/* Who waits is woken when there is some work to be done at a time: pieces that are full, or empty
 * again. */
#define BATCH      8u
#define WRITEBACK_SIZE (16 << 20)

typedef struct Piece {
    uint8_t *data;
    size_t size;                   /* bytes that are there */
} Piece;

typedef struct VMStateFile {
    BlockNode *node;
    char *snapshot_id;             /* reading */
    uint64_t size;                 /* reading: of all */
    Thread *thread;
    /* The stream's side only. */
    size_t used;                   /* of the piece it works on: filled, or taken */
    Mutex lock;
    Cond changed;
    /* Under lock: full pieces are those from `first` on; whoever fills owns the one behind them,
     * whoever empties owns the first. */
    Piece pieces[N_PIECES];
    unsigned first, full;
    bool filler_waits, taker_waits;
    bool end;                      /* nothing more is put in (or wanted) */
    int error;                     /* errno of the thread, 0: none */
} VMStateFile;

static VMStateFile *file_new(BlockNode *node)
{
    VMStateFile *f = g_new0(VMStateFile, 1);

    block_ref(node);
    f->node = node;
    mutex_init(&f->lock);
    cond_init(&f->changed);
    for (unsigned i = 0; i < N_PIECES; i++) {
        f->pieces[i].data = g_malloc(PIECE_SIZE);
    }
    return f;
}

/* The piece to be filled next; NULL: no more are wanted. */
static Piece *wait_empty(VMStateFile *f)
{
    Piece *piece;

    mutex_lock(&f->lock);
    f->filler_waits = f->full == N_PIECES;
    while (f->filler_waits && !f->end && !f->error) {
        cond_wait(&f->changed, &f->lock);
    }
    piece = f->end || f->error ? NULL : &f->pieces[(f->first + f->full) % N_PIECES];
    mutex_unlock(&f->lock);
    return piece;
}

static void put_full(VMStateFile *f)
{
    mutex_lock(&f->lock);
    f->full++;
    if (f->taker_waits && f->full >= BATCH) {
        f->taker_waits = false;
        cond_broadcast(&f->changed);
    }
    mutex_unlock(&f->lock);
}

/* The oldest full piece; NULL: none comes any more. */
static Piece *wait_full(VMStateFile *f)
{
    Piece *piece;

    mutex_lock(&f->lock);
    f->taker_waits = !f->full;
    while (f->taker_waits && !f->end && !f->error) {
        cond_wait(&f->changed, &f->lock);
    }
    piece = f->full ? &f->pieces[f->first] : NULL;
    mutex_unlock(&f->lock);
    return piece;
}

static void take_full(VMStateFile *f)
{
    mutex_lock(&f->lock);
    f->first = (f->first + 1) % N_PIECES;
    f->full--;
    if (f->filler_waits && f->full <= N_PIECES - BATCH) {
        f->filler_waits = false;
        cond_broadcast(&f->changed);
    }
    mutex_unlock(&f->lock);
}

static void stop(VMStateFile *f, int error)
{
    mutex_lock(&f->lock);
    f->end = true;
    f->error = f->error ? f->error : error;
    cond_broadcast(&f->changed);
    mutex_unlock(&f->lock);
}

static bool failed(VMStateFile *f, const char *what, GError **errp)
{
    int error;

    mutex_lock(&f->lock);
    error = f->error;
    mutex_unlock(&f->lock);
    if (error) {
        error_setg_errno(errp, error, "cannot %s the VM state in '%s'", what,
                         block_filename(f->node));
    }
    return error;
}

static bool file_close(void *opaque, GError **errp)
{
    VMStateFile *f = opaque;
    bool good = true;

    if (!f->snapshot_id && f->used) {
        /* The one that is being filled; none, after an error. */
        Piece *piece = wait_empty(f);

        if (piece) {
            piece->size = f->used;
            put_full(f);
        }
    }
    stop(f, 0);
    thread_join(f->thread);
    if (!f->snapshot_id) {
        good = !failed(f, "write", errp);
    }
    for (unsigned i = 0; i < N_PIECES; i++) {
        g_free(f->pieces[i].data);
    }
    cond_destroy(&f->changed);
    mutex_destroy(&f->lock);
    block_unref(f->node);
    g_free(f->snapshot_id);
    g_free(f);
    return good;
}

/* ---- Writing ---- */

static void *write_thread(void *opaque)
{
    VMStateFile *f = opaque;
    int64_t position = 0;
    Piece *piece;

    while ((piece = wait_full(f))) {
        int ret = block_write_vmstate_buf(f->node, position, piece->data, piece->size);

        if (ret < 0) {
            stop(f, -ret);
            return NULL;
        }
        position += (int64_t)piece->size;
        take_full(f);
        /* The flush at the end has less to wait for. */
        if (position % WRITEBACK_SIZE == 0) {
            block_begin_writeback(f->node);
        }
    }
    return NULL;
}

static bool file_write(void *opaque, const void *buf, size_t size, GError **errp)
{
    VMStateFile *f = opaque;
    const uint8_t *from = buf;

    while (size) {
        Piece *piece = wait_empty(f);
        size_t n = MIN(size, PIECE_SIZE - f->used);

        if (!piece) {
            return !failed(f, "write", errp);
        }
        memcpy(piece->data + f->used, from, n);
        from += n;
        size -= n;
        f->used += n;
        if (f->used == PIECE_SIZE) {
            piece->size = PIECE_SIZE;
            f->used = 0;
            put_full(f);
        }
    }
    return true;
}

StateStream *vmstate_file_writer(BlockNode *node)
{
    static const StateStreamOps ops = {.write = file_write, .close = file_close};
    VMStateFile *f = file_new(node);

    f->thread = thread_create("vmstate", write_thread, f);
    return state_stream_new(&ops, f);
}

/* ---- Reading ---- */

static void *read_thread(void *opaque)
{
    VMStateFile *f = opaque;
    Piece *piece;

    for (uint64_t position = 0; position < f->size && (piece = wait_empty(f));
         position += piece->size) {
        int ret;

        piece->size = MIN(f->size - position, PIECE_SIZE);
        ret = block_read_vmstate(f->node, f->snapshot_id, (int64_t)position, piece->data,
                                 piece->size);
        if (ret < 0) {
            stop(f, -ret);
            return NULL;
        }
        put_full(f);
    }
    stop(f, 0);
    return NULL;
}

static ssize_t file_read(void *opaque, void *buf, size_t size, GError **errp)
{
    VMStateFile *f = opaque;
    const Piece *piece = wait_full(f);
    size_t n;

    if (!piece) {
        return failed(f, "read", errp) ? -1 : 0;
    }
    n = MIN(size, piece->size - f->used);
    memcpy(buf, piece->data + f->used, n);
    f->used += n;
    if (f->used == piece->size) {
        f->used = 0;
        take_full(f);
    }
    return (ssize_t)n;
}

StateStream *vmstate_file_reader(BlockNode *node, const char *snapshot_id, uint64_t size)
{
    static const StateStreamOps ops = {.read = file_read, .close = file_close};
    VMStateFile *f = file_new(node);

    f->snapshot_id = g_strdup(snapshot_id);
    f->size = size;
    f->thread = thread_create("vmstate", read_thread, f);
    return state_stream_new(&ops, f);
}
