/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scatter/gather lists of host memory. The list belongs to whoever made it; the memory behind it is
 * only borrowed. No locks.
 */
#ifndef BLOCK_IOV_H
#define BLOCK_IOV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

typedef struct IOVector {
    const struct iovec *iov;
    unsigned niov;
    size_t size; /* sum of the elements */
} IOVector;

/* One buffer as a list; `iov` gives the room for its element. */
static inline IOVector iov_single(struct iovec *iov, void *buf, size_t size)
{
    *iov = (struct iovec){buf, size};
    return (IOVector){iov, 1, size};
}

size_t iov_size(const struct iovec *iov, unsigned niov);
/*
 * Elements for `bytes` bytes from `offset` on into out[0..max-1]; their number. The bytes that fit
 * come back in *got (fewer than asked for when `max` elements do not suffice).
 */
unsigned iov_slice(struct iovec *out, unsigned max, const IOVector *v, size_t offset, size_t bytes,
                   size_t *got);
/* Copies; all of it must lie inside the list. */
void iov_to_buf(const IOVector *v, size_t offset, void *buf, size_t bytes);
void iov_from_buf(const IOVector *v, size_t offset, const void *buf, size_t bytes);
void iov_fill(const IOVector *v, size_t offset, int byte, size_t bytes);
bool iov_is_zero(const IOVector *v, size_t offset, size_t bytes);

#endif
