/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scatter/gather lists: slices and copies. */
#include <string.h>
#include <glib.h>
#include "block/iov.h"
#include "util/cutils.h"

size_t iov_size(const struct iovec *iov, unsigned niov)
{
    size_t size = 0;

    for (unsigned i = 0; i < niov; i++) {
        size += iov[i].iov_len;
    }
    return size;
}

unsigned iov_slice(struct iovec *out, unsigned max, const IOVector *v, size_t offset, size_t bytes,
                   size_t *got)
{
    unsigned n = 0;

    *got = 0;
    for (unsigned i = 0; i < v->niov && bytes && n < max; i++) {
        size_t length = v->iov[i].iov_len;

        if (offset >= length) {
            offset -= length;
            continue;
        }
        length = MIN(length - offset, bytes);
        out[n].iov_base = (char *)v->iov[i].iov_base + offset;
        out[n++].iov_len = length;
        offset = 0;
        bytes -= length;
        *got += length;
    }
    return n;
}

/* Calls fn for each piece of the range with the bytes done before it. */
static void walk(const IOVector *v, size_t offset, size_t bytes,
                 void (*fn)(void *piece, size_t size, size_t done, void *opaque), void *opaque)
{
    size_t done = 0;

    for (unsigned i = 0; i < v->niov && bytes; i++) {
        size_t length = v->iov[i].iov_len;

        if (offset >= length) {
            offset -= length;
            continue;
        }
        length = MIN(length - offset, bytes);
        fn((char *)v->iov[i].iov_base + offset, length, done, opaque);
        offset = 0;
        bytes -= length;
        done += length;
    }
    g_assert(bytes == 0);
}

static void piece_out(void *piece, size_t size, size_t done, void *opaque)
{
    memcpy((char *)opaque + done, piece, size);
}

static void piece_in(void *piece, size_t size, size_t done, void *opaque)
{
    memcpy(piece, (const char *)opaque + done, size);
}

static void piece_fill(void *piece, size_t size, size_t done, void *opaque)
{
    memset(piece, *(const int *)opaque, size);
}

static void piece_zero(void *piece, size_t size, size_t done, void *opaque)
{
    bool *zero = opaque;

    *zero = *zero && buffer_is_zero(piece, size);
}

void iov_to_buf(const IOVector *v, size_t offset, void *buf, size_t bytes)
{
    walk(v, offset, bytes, piece_out, buf);
}

void iov_from_buf(const IOVector *v, size_t offset, const void *buf, size_t bytes)
{
    walk(v, offset, bytes, piece_in, (void *)buf);
}

void iov_fill(const IOVector *v, size_t offset, int byte, size_t bytes)
{
    walk(v, offset, bytes, piece_fill, &byte);
}

bool iov_is_zero(const IOVector *v, size_t offset, size_t bytes)
{
    bool zero = true;

    walk(v, offset, bytes, piece_zero, &zero);
    return zero;
}
