/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as it was at one moment, while the guest goes on writing to it: Linux' userfaultfd(2) with
 * write protection.  Whoever writes to a page for the first time waits until it has been copied.
 */
#ifndef MIGRATION_FREEZE_H
#define MIGRATION_FREEZE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/ram-region.h"

/* Whether the host can; errp says what is in the way. */
bool freeze_is_supported(GError **errp);

typedef struct Freeze Freeze;
/* Nobody may write while this runs. regions (RAMRegion) are copied. NULL with errp. */
Freeze *freeze_begin(const GArray *regions, GError **errp);
/* The page at region `index` as it was then; once for each page: it may be written to afterwards.
 */
bool freeze_take(Freeze *freeze, unsigned index, uint64_t page, uint8_t *out, GError **errp);
/* Everything may be written again. NULL is fine. */
void freeze_end(Freeze *freeze);

#endif
