/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the RAM section share.
 */
#ifndef MIGRATION_RAM_INTERNAL_H
#define MIGRATION_RAM_INTERNAL_H

#include "migration/freeze.h"
#include "migration/multifd.h"
#include "migration/postcopy.h"
#include "migration/ram.h"
#include "migration/xbzrle.h"
#include "util/thread.h"

#define RAM_SECTION_VERSION 4
#define FLAG_BITS (RAM_PAGE_SIZE - 1)
#define XBZRLE_ENCODING 1   /* the byte before a difference */

typedef struct SaveBlock {
    RAMRegion region;
    unsigned long *bitmap; /* pages to be sent */
    uint64_t pages, dirty; /* dirty: bits set in bitmap */
    uint64_t first_key;    /* of its page 0 in the XBZRLE cache */
    unsigned long *touched; /* first round: the others are zero. NULL: not known */
    /* mapped-ram */
    unsigned long *in_file;
    uint64_t bitmap_offset, pages_offset;
} SaveBlock;

typedef struct PageRequest {
    unsigned block;
    uint64_t page, count;
} PageRequest;

struct RAMState {
    const RAMOps *ops;
    void *opaque;
    /* Saving. */
    RAMSaveOptions save;
    GArray *blocks;       /* SaveBlock; NULL: no save is set up */
    unsigned at_block;    /* where the next page is looked for */
    uint64_t at_page;
    bool unsettled;       /* stores from before tracking may be on their way */
    bool in_postcopy;     /* the guest runs on the other side */
    Freeze *frozen;       /* pages as they were at one moment; NULL: as they are */
    bool wrapped;         /* a round has ended since the channels were last waited for */
    int sent_block;       /* of the last page in this part; -1: none */
    int64_t last_sync;    /* us */
    XBZRLECache *cache;   /* from the second round on */
    uint8_t *page_copy, *page_packed;
    Mutex stats_lock;     /* stats, requests */
    RAMStats stats;
    GQueue requests;      /* PageRequest */
    int request_block;    /* of the last request; -1: none yet */
    /* Loading. */
    RAMLoadOptions load;
    GArray *load_regions; /* RAMRegion */
    const RAMRegion *load_region;
    GPtrArray *touched;   /* by region: bitmaps, or NULL; pages that are not set are zero */
    bool small_pages;     /* postcopy may come: the kernel makes no large pages */
    PostcopyIncoming *postcopy;
};

G_GNUC_PRINTF(2, 3)
bool ram_stream_error(GError **errp, const char *format, ...);

/* A bit for each page that may be other than zero; NULL if it cannot be known. */
unsigned long *ram_touched_pages(const RAMRegion *region);

/* mapped-ram: the block's head in a stream whose file it lies in, and a page's place there. */
bool ram_mapped_put_block(StateStream *s, SaveBlock *b, GError **errp);
bool ram_mapped_write_page(StateStream *s, SaveBlock *b, uint64_t page, const uint8_t *data,
                           GError **errp);
bool ram_mapped_put_bitmaps(StateStream *s, GArray *blocks, GError **errp);
bool ram_mapped_load_block(StateStream *s, const RAMRegion *region, GError **errp);

/* ram-load.c */
bool ram_load_setup(void *opaque, GError **errp);
bool ram_load(StateStream *s, void *opaque, int version_id, GError **errp);
void ram_load_cleanup(void *opaque);
bool ram_check(StateStream *s, void *opaque, int version_id, GError **errp);

#endif
