/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code memory with two views (code-cache.h says what they are).
 */
#include "accel/tcg/code-cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "util/error.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

/* Pages that are made at once, and how far from the end of what is ready the next ones are. */
#define STEP ((size_t)256 << 10)
#define AHEAD ((size_t)64 << 10)

/* A kernel that knows no MADV_POPULATE makes pages when they are touched. */
static void make_ready(TCGCodeRegion *region)
{
    size_t size = MIN(STEP, region->size - region->ready);

    if (size && madvise(region->write + region->ready, size, MADV_POPULATE_WRITE) == 0) {
        madvise((void *)(region->exec + region->ready), size, MADV_POPULATE_READ);
    }
    region->ready += size;
}

bool tcg_region_init(TCGCodeRegion *region, size_t size, GError **errp)
{
    size_t page = sysconf(_SC_PAGESIZE);

    *region = (TCGCodeRegion){.fd = -1};
    size = (size + page - 1) & ~(page - 1);
    region->fd = memfd_create("gossamer-code", MFD_CLOEXEC);
    if (region->fd < 0) {
        error_setg_errno(errp, errno, "cannot create the file of the code cache");
        return false;
    }
    if (ftruncate(region->fd, size) < 0) {
        error_setg_errno(errp, errno, "cannot size the code cache to %zu bytes", size);
        goto fail;
    }
    void *write =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, region->fd, 0);
    if (write == MAP_FAILED) {
        error_setg_errno(errp, errno, "cannot map the code cache for writing");
        goto fail;
    }
    region->write = write;
    region->size = size;
    void *exec = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, region->fd, 0);
    if (exec == MAP_FAILED) {
        error_setg_errno(errp, errno, "cannot map the code cache for execution");
        goto fail;
    }
    region->exec = exec;
    /* What a guest's memory image is to a core file, generated code is not. */
    madvise(write, size, MADV_DONTDUMP);
    return true;
fail:
    tcg_region_destroy(region);
    return false;
}

void tcg_region_destroy(TCGCodeRegion *region)
{
    if (region->write) {
        munmap(region->write, region->size);
    }
    if (region->exec) {
        munmap((void *)region->exec, region->size);
    }
    if (region->fd >= 0) {
        close(region->fd);
    }
    *region = (TCGCodeRegion){.fd = -1};
}

TCGCodeBuffer tcg_region_rest(const TCGCodeRegion *region)
{
    return (TCGCodeBuffer){.write = region->write + region->used,
                           .exec = region->exec + region->used,
                           .size = region->size - region->used};
}

void tcg_region_take(TCGCodeRegion *region, size_t size)
{
    size = (size + TCG_CODE_ALIGN - 1) & ~(size_t)(TCG_CODE_ALIGN - 1);
    region->used = MIN(region->used + size, region->size);
    while (region->ready < region->size && region->used + AHEAD > region->ready) {
        make_ready(region);
    }
}

void tcg_region_reset(TCGCodeRegion *region, size_t used)
{
    size_t page = sysconf(_SC_PAGESIZE);
    size_t first = (used + page - 1) & ~(page - 1);

    g_assert(used <= region->used);
    if (first < region->ready) {
        fallocate(region->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first,
                  region->ready - first);
    }
    region->used = used;
    region->ready = first;
}
