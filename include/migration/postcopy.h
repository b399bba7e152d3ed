/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Postcopy's receiving side: a guest runs here while its memory still comes, page by page, through
 * Linux' userfaultfd.  A page that is touched before it is there is asked for.
 */
#ifndef MIGRATION_POSTCOPY_H
#define MIGRATION_POSTCOPY_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/ram-region.h"

/* Whether the host lets this process do so; errp says what is in the way. */
bool postcopy_is_supported(GError **errp);

/* Before any page comes: memory is empty, in small pages, so that each page can be missing. */
bool postcopy_prepare(const GArray *regions, GError **errp);
/* No page will be missing: large ones are welcome again. */
void postcopy_unprepare(const GArray *regions);
/* What came for these bytes is out of date. */
bool postcopy_discard(const RAMRegion *region, uint64_t start, uint64_t length, GError **errp);

typedef struct PostcopyIncoming PostcopyIncoming;
/*
 * From here on a thread that touches a missing page waits for it.  request is called for each, on a
 * thread of this library.  regions (RAMRegion) are copied.
 */
PostcopyIncoming *postcopy_incoming_new(const GArray *regions,
                                        bool (*request)(void *opaque, const RAMRegion *region,
                                                        uint64_t offset),
                                        void *opaque, GError **errp);
/* The page at host is there, whole, at once. data NULL: zeros. */
bool postcopy_place_page(PostcopyIncoming *p, uint8_t *host, const uint8_t *data, GError **errp);
/* Memory is as it was; nobody must wait for a page any more. NULL is fine. */
void postcopy_incoming_free(PostcopyIncoming *p);

#endif
