/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests on the worker pool; see aio.c. */
#ifndef BLOCK_AIO_H
#define BLOCK_AIO_H

#include "block/backend.h"

typedef enum RequestKind {
    REQUEST_READ, REQUEST_WRITE, REQUEST_ZEROES, REQUEST_DISCARD, REQUEST_FLUSH, REQUEST_WORK,
    REQUEST_FAILED,                /* completes with `ret` without any work */
} RequestKind;

struct BlockRequest {
    BlockBackend *blk;
    BlockNode *node;               /* a reference until completion */
    RequestKind kind;
    unsigned flags;
    int64_t offset, bytes;
    IOVector v;                    /* elements are ours */
    int (*fn)(void *opaque);
    BlockCompletion *done;
    void *opaque;
    int ret;
    bool cancelled;                /* atomic */
    int64_t started_ns;
};

void block_aio_submit(BlockRequest *request);
/* Takes requests that are over, of blk or (NULL) all, and hands each to `complete`. With wait it
 * sleeps for one if there is none. */
void block_aio_reap(BlockBackend *blk, bool wait);
/* Lives in backend.c: statistics, callback, freeing. */
void block_request_complete(BlockRequest *request);
int block_request_run(BlockRequest *request);

#endif
