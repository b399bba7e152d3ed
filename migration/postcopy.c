/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Postcopy's receiving side, on Linux' userfaultfd(2).
 *
 * Every block is registered for missing pages.  Whoever touches one (a vCPU, a device, this
 * process' own copying) sleeps in the kernel, and the fault thread asks the source for the page;
 * whoever reads the stream places pages with UFFDIO_COPY and UFFDIO_ZEROPAGE, which wake the
 * sleepers.
 *
 * Left out: memory that is shared or of large pages.
 */
#include "migration/postcopy.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "userfault.h"
#include "util/error.h"

struct PostcopyIncoming {
    GArray *regions;       /* RAMRegion */
    Userfault *faults;
    bool (*request)(void *opaque, const RAMRegion *region, uint64_t offset);
    void *opaque;
};

bool postcopy_is_supported(GError **errp)
{
    return userfault_is_supported(USERFAULT_MISSING, errp);
}

bool postcopy_prepare(const GArray *regions, GError **errp)
{
    for (unsigned i = 0; i < regions->len; i++) {
        const RAMRegion *region = &g_array_index(regions, RAMRegion, i);
        if (region->shared || region->page_size != RAM_PAGE_SIZE) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                      "postcopy needs private memory in small pages, which "
                      "RAM block '%s' is not",
                      region->name);
            return false;
        }
        /* A large page would come and go as a whole. */
        madvise(region->host, region->used_length, MADV_NOHUGEPAGE);
        if (!postcopy_discard(region, 0, region->used_length, errp)) {
            return false;
        }
    }
    return postcopy_is_supported(errp);
}

void postcopy_unprepare(const GArray *regions)
{
    for (unsigned i = 0; i < regions->len; i++) {
        const RAMRegion *region = &g_array_index(regions, RAMRegion, i);
        madvise(region->host, region->used_length, MADV_HUGEPAGE);
    }
}

bool postcopy_discard(const RAMRegion *region, uint64_t start, uint64_t length, GError **errp)
{
    if ((start | length) % RAM_PAGE_SIZE || madvise(region->host + start, length, MADV_DONTNEED)) {
        error_setg_errno(errp, (start | length) % RAM_PAGE_SIZE ? EINVAL : errno,
                         "cannot drop pages of RAM block '%s'", region->name);
        return false;
    }
    return true;
}

static const RAMRegion *find_region(PostcopyIncoming *p, const uint8_t *host)
{
    for (unsigned i = 0; i < p->regions->len; i++) {
        const RAMRegion *region = &g_array_index(p->regions, RAMRegion, i);
        if (host >= region->host && (uint64_t)(host - region->host) < region->used_length) {
            return region;
        }
    }
    return NULL;
}

static bool request_page(void *opaque, uint8_t *host)
{
    PostcopyIncoming *p = opaque;
    const RAMRegion *region = find_region(p, host);

    return !region || p->request(p->opaque, region, (uint64_t)(host - region->host));
}

PostcopyIncoming *postcopy_incoming_new(const GArray *regions,
                                        bool (*request)(void *opaque, const RAMRegion *region,
                                                        uint64_t offset),
                                        void *opaque, GError **errp)
{
    PostcopyIncoming *p = g_new0(PostcopyIncoming, 1);

    p->regions = g_array_new(false, false, sizeof(RAMRegion));
    g_array_append_vals(p->regions, regions->data, regions->len);
    p->request = request;
    p->opaque = opaque;
    p->faults = userfault_new(USERFAULT_MISSING, errp);
    bool ok = p->faults != NULL;
    for (unsigned i = 0; ok && i < regions->len; i++) {
        ok = userfault_register(p->faults, &g_array_index(regions, RAMRegion, i), errp);
    }
    if (!ok || !userfault_start(p->faults, "postcopy-fault", request_page, p, errp)) {
        postcopy_incoming_free(p);
        return NULL;
    }
    return p;
}

bool postcopy_place_page(PostcopyIncoming *p, uint8_t *host, const uint8_t *data, GError **errp)
{
    struct uffdio_copy copy = {
        .dst = (uintptr_t)host, .src = (uintptr_t)data, .len = RAM_PAGE_SIZE};
    struct uffdio_zeropage zero = {.range = {(uintptr_t)host, RAM_PAGE_SIZE}};
    int fd = userfault_fd(p->faults), result;

    do {
        result = data ? ioctl(fd, UFFDIO_COPY, &copy) : ioctl(fd, UFFDIO_ZEROPAGE, &zero);
    } while (result && errno == EAGAIN);
    /* It is there already: nothing of the guest's may be overwritten. */
    if (result && errno != EEXIST) {
        error_setg_errno(errp, errno, "cannot place a page of guest memory");
        return false;
    }
    return true;
}

void postcopy_incoming_free(PostcopyIncoming *p)
{
    if (!p) {
        return;
    }
    /* What is still missing is zero then. */
    userfault_free(p->faults);
    postcopy_unprepare(p->regions);
    g_array_unref(p->regions);
    g_free(p);
}
