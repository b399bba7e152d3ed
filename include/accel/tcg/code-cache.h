/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * W^X code memory: one memory file mapped twice, a writable view that is never executable and an
 * executable view that is never writable.  Pages come into being some at a time, before they are
 * needed: a page fault in each view for every 4 KiB costs more than what is written there.
 * Handing out is a bump pointer; the only way back is to reset to a mark.  The caller serialises.
 */
#ifndef ACCEL_TCG_CODE_CACHE_H
#define ACCEL_TCG_CODE_CACHE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tcg/ir-backend.h"

struct TCGCodeRegion {
    uint8_t *write;
    const uint8_t *exec;
    size_t size, used;
    size_t ready;            /* bytes whose pages have been asked for */
    int fd;
};

#define TCG_CODE_ALIGN 32

bool tcg_region_init(TCGCodeRegion *region, size_t size, GError **errp);
void tcg_region_destroy(TCGCodeRegion *region);
/* The free rest as a buffer; size 0 when full. */
TCGCodeBuffer tcg_region_rest(const TCGCodeRegion *region);
/* Takes the first `size` bytes of what tcg_region_rest() gave. */
void tcg_region_take(TCGCodeRegion *region, size_t size);
/* Gives back everything past `used`; its memory returns to the host. Nobody may run code there. */
void tcg_region_reset(TCGCodeRegion *region, size_t used);
static inline bool tcg_region_contains(const TCGCodeRegion *region, const void *exec)
{
    return (uintptr_t)exec - (uintptr_t)region->exec < region->size;
}

#endif
