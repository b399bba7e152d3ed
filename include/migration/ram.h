/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RAM section of a stream: pages while the guest runs, then what it changed since.
 *
 * What memory there is and which pages were written comes from the machine through operations, so
 * that this folder knows no machine.
 */
#ifndef MIGRATION_RAM_H
#define MIGRATION_RAM_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/multifd.h"
#include "migration/ram-region.h"
#include "migration/vmstate.h"

/* Bits of a page's header, beside its page-aligned offset. */
typedef enum RAMSaveFlag {
    RAM_SAVE_FLAG_ZERO = 0x02,     /* a byte that fills the page follows */
    RAM_SAVE_FLAG_MEM_SIZE = 0x04, /* the list of blocks; the offset is their total */
    RAM_SAVE_FLAG_PAGE = 0x08,     /* the page follows */
    RAM_SAVE_FLAG_EOS = 0x10,      /* end of this part */
    RAM_SAVE_FLAG_CONTINUE = 0x20, /* same block as before: no name follows */
    RAM_SAVE_FLAG_XBZRLE = 0x40,
    RAM_SAVE_FLAG_HOOK = 0x80,
    RAM_SAVE_FLAG_COMPRESS_PAGE = 0x100,
    RAM_SAVE_FLAG_MULTIFD_FLUSH = 0x200,
} RAMSaveFlag;

/* How the machine is asked. All but `regions` from any thread, without the device lock. */
typedef struct RAMOps {
    /* Blocks that belong to a stream, in a stable order. Device lock. The caller frees the array.
     */
    GArray *(*regions)(void *opaque);
    /* Moves "written since" of every page into bitmap (a bit each, ORed) and starts anew. */
    void (*harvest)(void *opaque, void *handle, unsigned long *bitmap);
    /* Returns when every store that began before the last harvest is in memory. */
    void (*settle)(void *opaque);
    /* Nobody asks any more: writes need not be noted. */
    void (*untrack)(void *opaque, void *handle);
    /* [offset, +size) has been loaded from a stream: forget code made from it. */
    void (*loaded)(void *opaque, void *handle, uint64_t offset, uint64_t size);
} RAMOps;

typedef struct RAMStats {
    uint64_t total;             /* bytes of all blocks */
    uint64_t remaining;         /* bytes not sent, as far as known */
    uint64_t transferred;       /* bytes of the section */
    uint64_t normal, duplicate; /* pages sent in full, pages of one byte */
    uint64_t dirty_sync_count;
    uint64_t dirty_pages_rate;  /* a second, between the last two collections */
    uint64_t dirtied;           /* pages that were written again, in all collections */
    uint64_t outside;           /* bytes that are not in the stream: multifd, mapped-ram */
    uint64_t multifd_bytes, postcopy_bytes, postcopy_requests;
    bool has_xbzrle;
    uint64_t xbzrle_cache_size, xbzrle_bytes, xbzrle_pages, xbzrle_misses, xbzrle_overflows;
} RAMStats;

/* How pages are sent. */
typedef struct RAMSaveOptions {
    bool no_zero_pages;          /* nobody looks for pages of zeros */
    bool xbzrle;
    uint64_t xbzrle_cache_size;
    MultifdSender *multifd;      /* pages go there; not owned. NULL: into the stream */
    bool multifd_zero_pages;     /* its channels look for zero pages */
    bool sync_each_section;      /* channels are waited for after each section, not each round */
    bool mapped;                 /* pages have places in the stream's file */
} RAMSaveOptions;
/* How they come. */
typedef struct RAMLoadOptions {
    bool xbzrle;
    MultifdReceiver *multifd;    /* not owned */
    bool sync_each_section;
    bool mapped;
} RAMLoadOptions;

typedef struct RAMState RAMState;
RAMState *ram_state_new(const RAMOps *ops, void *opaque);
void ram_state_free(RAMState *ram);
/* Registers the section "ram" (version 4). */
bool ram_state_register(RAMState *ram, StateRegistry *registry, GError **errp);
/* For saves and loads to come; plain ones when nothing is set. */
void ram_state_set_save_options(RAMState *ram, const RAMSaveOptions *options);
void ram_state_set_load_options(RAMState *ram, const RAMLoadOptions *options);
/* Of the save under way, or the last one. Any thread. */
void ram_state_stats(RAMState *ram, RAMStats *out);

/*
 * Background snapshot, between setup and the first round, with the guest at rest: from here on what
 * is saved is memory as it is now, whatever the guest does.
 */
bool ram_state_freeze(RAMState *ram, GError **errp);

/* ---- Postcopy ---- */
/*
 * Saving: the guest stands still here and will run there.  Calls discard for every run of bytes
 * that the other side has not, or not as it is now; from then on pages are sent once each.
 */
bool ram_state_begin_postcopy(RAMState *ram,
                              bool (*discard)(void *opaque, const char *block, uint64_t start,
                                              uint64_t length),
                              void *opaque, GError **errp);
/* The other side wants these bytes next; block NULL: of the block of the request before. Any
 * thread. */
bool ram_state_request(RAMState *ram, const char *block, uint64_t start, uint64_t length,
                       GError **errp);
/* Sizes of the host's pages, ORed. */
uint64_t ram_state_page_sizes(RAMState *ram);
/* Loading, in this order. */
bool ram_state_prepare_postcopy(RAMState *ram, GError **errp);
bool ram_state_discard(RAMState *ram, const char *block, uint64_t start, uint64_t length,
                       GError **errp);
bool ram_state_listen(RAMState *ram,
                      bool (*request)(void *opaque, const RAMRegion *region, uint64_t offset),
                      void *opaque, GError **errp);
/* All pages are there. */
void ram_state_end_postcopy(RAMState *ram);

#endif
