/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of this process nobody has touched, from /proc/self/pagemap: reading them would only
 * make the kernel map its page of zeros, a gigabyte of which takes as long to look at as any other
 * gigabyte.
 */
#include <fcntl.h>
#include <unistd.h>
#include "ram-internal.h"
#include "util/bitops.h"

#define PIECE 8192u          /* pages looked up at once */
#define PRESENT (3ull << 62) /* in memory, or swapped out */

unsigned long *ram_touched_pages(const RAMRegion *region)
{
    uint64_t pages = region->used_length >> RAM_PAGE_BITS;
    uint64_t first = (uintptr_t)region->host >> RAM_PAGE_BITS;
    int fd = region->shared || getpagesize() != (int)RAM_PAGE_SIZE
                 ? -1
                 : open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    g_autofree uint64_t *entries = g_new(uint64_t, PIECE);
    unsigned long *touched = fd < 0 ? NULL : bitmap_new(pages);

    for (uint64_t page = 0; touched && page < pages;) {
        uint64_t n = MIN(pages - page, PIECE);
        ssize_t size =
            pread(fd, entries, n * sizeof(*entries), (off_t)((first + page) * sizeof(*entries)));
        if (size != (ssize_t)(n * sizeof(*entries))) {
            g_clear_pointer(&touched, g_free);
            break;
        }
        for (uint64_t i = 0; i < n; i++) {
            if (entries[i] & PRESENT) {
                bitmap_set(touched, page + i, 1);
            }
        }
        page += n;
    }
    if (fd >= 0) {
        close(fd);
    }
    return touched;
}
