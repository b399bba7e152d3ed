/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RAM section of a stream: pages while the guest runs, then what it changed since.
 *
 * What memory there is and which pages were written comes from the machine through operations, so that
 * this folder knows no machine.
 */
#ifndef MIGRATION_RAM_H
#define MIGRATION_RAM_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/vmstate.h"

#define RAM_PAGE_BITS 12
#define RAM_PAGE_SIZE ((uint64_t)1 << RAM_PAGE_BITS)

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

typedef struct RAMRegion {
    const char *name;      /* in streams: "ppc_spapr.ram" */
    uint8_t *host;
    uint64_t used_length;
    uint64_t page_size;    /* of the host memory */
    void *handle;          /* the machine's */
} RAMRegion;

/* How the machine is asked. All but `regions` from any thread, without the device lock. */
typedef struct RAMOps {
    /* Blocks that belong to a stream, in a stable order. Device lock. The caller frees the array. */
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
} RAMStats;

typedef struct RAMState RAMState;
RAMState *ram_state_new(const RAMOps *ops, void *opaque);
void ram_state_free(RAMState *ram);
/* Registers the section "ram" (version 4). */
bool ram_state_register(RAMState *ram, StateRegistry *registry, GError **errp);
/* Of the save under way, or the last one. Any thread. */
void ram_state_stats(RAMState *ram, RAMStats *out);

#endif
