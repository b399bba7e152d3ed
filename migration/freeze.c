/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frozen memory: all pages are write-protected; the fault thread copies a page that is about to be
 * written and lets the writer go on; whoever takes a page gets the copy if there is one.
 *
 * The lock is between copying and taking a page: neither sees the other half done.
 */
#include "migration/freeze.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include "userfault.h"
#include "util/bitops.h"
#include "util/error.h"
#include "util/thread.h"

typedef struct FrozenRegion {
    RAMRegion region;
    unsigned long *taken;   /* pages that may be written */
    uint64_t key;           /* of its page 0 in `copies` */
} FrozenRegion;

struct Freeze {
    GArray *regions;        /* FrozenRegion */
    GHashTable *copies;     /* page's key -> its bytes */
    Mutex lock;
    Userfault *faults;
};

bool freeze_is_supported(GError **errp)
{
    return userfault_is_supported(USERFAULT_WRITE, errp);
}

static bool protect(Freeze *f, uint8_t *host, uint64_t size, bool on)
{
    struct uffdio_writeprotect wp = {.range = {(uintptr_t)host, size},
                                     .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0};
    int result;

    do {
        result = ioctl(userfault_fd(f->faults), UFFDIO_WRITEPROTECT, &wp);
    } while (result && errno == EAGAIN);
    return !result;
}

/* Somebody is about to write there. */
static bool save_copy(void *opaque, uint8_t *host)
{
    Freeze *f = opaque;

    for (unsigned i = 0; i < f->regions->len; i++) {
        FrozenRegion *r = &g_array_index(f->regions, FrozenRegion, i);
        if (host < r->region.host || (uint64_t)(host - r->region.host) >= r->region.used_length) {
            continue;
        }
        uint64_t page = (uint64_t)(host - r->region.host) >> RAM_PAGE_BITS;
        mutex_lock(&f->lock);
        if (!test_bit(page, r->taken)) {
            bitmap_set(r->taken, page, 1);
            g_hash_table_insert(f->copies, GSIZE_TO_POINTER(r->key + page),
                                g_memdup2(host, RAM_PAGE_SIZE));
        }
        protect(f, host, RAM_PAGE_SIZE, false);
        mutex_unlock(&f->lock);
        break;
    }
    return true;
}

Freeze *freeze_begin(const GArray *regions, GError **errp)
{
    Freeze *f = g_new0(Freeze, 1);
    uint64_t key = 1;

    mutex_init(&f->lock);
    f->copies = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    f->regions = g_array_new(false, false, sizeof(FrozenRegion));
    for (unsigned i = 0; i < regions->len; i++) {
        FrozenRegion r = {.region = g_array_index(regions, RAMRegion, i), .key = key};
        uint64_t pages = r.region.used_length >> RAM_PAGE_BITS;
        r.taken = bitmap_new(pages);
        key += pages;
        g_array_append_val(f->regions, r);
    }
    f->faults = userfault_new(USERFAULT_WRITE, errp);
    bool ok = f->faults != NULL;
    for (unsigned i = 0; ok && i < f->regions->len; i++) {
        const RAMRegion *region = &g_array_index(f->regions, FrozenRegion, i).region;
        ok = userfault_register(f->faults, region, errp);
        if (ok && !protect(f, region->host, region->used_length, true)) {
            error_setg_errno(errp, errno, "RAM block '%s' cannot be write-protected", region->name);
            ok = false;
        }
    }
    ok = ok && userfault_start(f->faults, "freeze", save_copy, f, errp);
    if (!ok) {
        freeze_end(f);
        return NULL;
    }
    return f;
}

bool freeze_take(Freeze *f, unsigned index, uint64_t page, uint8_t *out, GError **errp)
{
    FrozenRegion *r = &g_array_index(f->regions, FrozenRegion, index);
    uint8_t *host = r->region.host + (page << RAM_PAGE_BITS);
    gpointer key = GSIZE_TO_POINTER(r->key + page);
    bool ok = true;

    mutex_lock(&f->lock);
    const uint8_t *copy = g_hash_table_lookup(f->copies, key);
    memcpy(out, copy ? copy : host, RAM_PAGE_SIZE);
    if (copy) {
        g_hash_table_remove(f->copies, key);
    } else {
        bitmap_set(r->taken, page, 1);
        ok = protect(f, host, RAM_PAGE_SIZE, false);
    }
    mutex_unlock(&f->lock);
    if (!ok) {
        error_setg_errno(errp, errno, "a page of RAM block '%s' stays write-protected",
                         r->region.name);
    }
    return ok;
}

void freeze_end(Freeze *f)
{
    if (!f) {
        return;
    }
    if (f->faults) {
        /* Whoever still waits for the fault thread goes on. */
        for (unsigned i = 0; i < f->regions->len; i++) {
            const RAMRegion *region = &g_array_index(f->regions, FrozenRegion, i).region;
            protect(f, region->host, region->used_length, false);
        }
    }
    userfault_free(f->faults);
    for (unsigned i = 0; i < f->regions->len; i++) {
        g_free(g_array_index(f->regions, FrozenRegion, i).taken);
    }
    g_array_unref(f->regions);
    g_hash_table_unref(f->copies);
    mutex_destroy(&f->lock);
    g_free(f);
}
