/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM blocks: host memory with a name, and its dirty bitmaps.
 *
 * Private memory is anonymous, aligned and advised for huge pages (guest memory is what TLBs thrash
 * on); shared memory is a memfd or a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"
#include "system/lock.h"
#include "system/rcu.h"
#include "util/bitops.h"
#include "util/error.h"

#define HUGE_PAGE (2 * MiB)
#define GUARD (64 * KiB)

static MemoryState *state(void)
{
    return &the_runtime->memory;
}

static GPtrArray *published(void)
{
    return rcu_fetch(&state()->blocks);
}

static void free_array(gpointer data)
{
    g_ptr_array_unref(data);
}

static void publish(GPtrArray *blocks)
{
    GPtrArray *old = state()->blocks;

    rcu_publish(&state()->blocks, blocks);
    rcu_free_later(free_array, old);
}

static GPtrArray *copy_blocks(void)
{
    GPtrArray *old = state()->blocks, *copy = g_ptr_array_sized_new(old->len + 1);

    for (unsigned i = 0; i < old->len; i++) {
        g_ptr_array_add(copy, g_ptr_array_index(old, i));
    }
    return copy;
}

/*
 * Address space for size bytes at a multiple of align, still without memory, between two guards
 * that stay so: a device that moved data over an end of guest memory would fault, not change what
 * lies beside it.
 */
static void *reserve(uint64_t size, uint64_t align)
{
    uint64_t wanted = size + 2 * GUARD;
    uint8_t *p =
        mmap(NULL, wanted + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint8_t *begin, *end;

    if (p == MAP_FAILED) {
        return NULL;
    }
    end = p + wanted + align;
    begin = (uint8_t *)ROUND_UP((uintptr_t)p + GUARD, align) - GUARD;
    if (begin > p) {
        munmap(p, (size_t)(begin - p));
    }
    munmap(begin + wanted, (size_t)(end - begin - wanted));
    return begin + GUARD;
}

static void unreserve(uint8_t *at, uint64_t size)
{
    munmap(at - GUARD, size + 2 * GUARD);
}

static int open_backing(const char *name, const char *path, uint64_t size, GError **errp)
{
    struct stat st;
    int fd;

    if (!path) {
        fd = memfd_create(name, MFD_CLOEXEC);
    } else if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
        char *template = g_strdup_printf("%s/gossamer-%s.XXXXXX", path, name);

        fd = mkostemp(template, O_CLOEXEC);
        if (fd >= 0) {
            unlink(template);
        }
        g_free(template);
    } else {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    }
    if (fd < 0) {
        error_setg_errno(errp, errno, "cannot open memory backing '%s'", path ? path : name);
        return -1;
    }
    if (fstat(fd, &st) || ((uint64_t)st.st_size < size && ftruncate(fd, (off_t)size))) {
        error_setg_errno(errp, errno, "cannot make memory backing '%s' %" PRIu64 " bytes long",
                         path ? path : name, size);
        close(fd);
        return -1;
    }
    return fd;
}

static bool map_block(RAMBlock *block, bool share, const char *path, GError **errp)
{
    uint64_t align = block->max_length >= HUGE_PAGE ? HUGE_PAGE : (uint64_t)getpagesize();
    int flags = MAP_FIXED | MAP_NORESERVE | (share ? MAP_SHARED : MAP_PRIVATE);
    void *p, *at;

    if (share || path) {
        block->fd = open_backing(block->idstr, path, block->max_length, errp);
        if (block->fd < 0) {
            return false;
        }
    } else {
        flags |= MAP_ANONYMOUS;
    }
    at = reserve(block->max_length, align);
    p = at ? mmap(at, block->max_length, PROT_READ | PROT_WRITE, flags, block->fd, 0) : MAP_FAILED;
    if (p == MAP_FAILED) {
        error_setg_errno(errp, errno, "cannot set up guest memory '%s' (%" PRIu64 " bytes)",
                         block->idstr, block->max_length);
        if (at) {
            unreserve(at, block->max_length);
        }
        if (block->fd >= 0) {
            close(block->fd);
        }
        return false;
    }
    if (!share && align == HUGE_PAGE) {
        madvise(p, block->max_length, MADV_HUGEPAGE);
    }
    block->host = p;
    return true;
}

RAMBlock *ram_block_create(MemoryRegion *mr, const char *name, uint64_t size, void *host,
                           bool share, const char *path, bool readonly, GError **errp)
{
    uint64_t page = (uint64_t)getpagesize(), pages;
    RAMBlock *block;
    GPtrArray *blocks;
    unsigned at = 0;

    if (!size || size > (1ull << 60)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "memory '%s' cannot be %" PRIu64 " bytes long",
                  name, size);
        return NULL;
    }
    if (host && size % page) {
        /* Streams carry whole pages. */
        error_set(errp, GOSSAMER_ERROR_INVALID, "memory '%s' has no whole number of pages", name);
        return NULL;
    }
    if (ram_block_by_name(name)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "there already is a memory block named '%s'", name);
        return NULL;
    }
    block = g_new0(RAMBlock, 1);
    block->idstr = g_strdup(name);
    block->used_length = block->max_length = ROUND_UP(size, page);
    block->page_size = page;
    block->fd = -1;
    block->shared = share;
    block->caller_owned = host != NULL;
    block->migratable = true;
    block->mr = mr;
    block->host = host;
    if (!host && !map_block(block, share, path, errp)) {
        g_free(block->idstr);
        g_free(block);
        return NULL;
    }
    pages = DIV_ROUND_UP(block->max_length, MEMORY_PAGE_SIZE);
    for (int i = 0; i < DIRTY_MEMORY_NUM; i++) {
        block->dirty[i] = bitmap_new(pages);
        bitmap_set(block->dirty[i], 0, pages);
    }
    block->offset = state()->next_offset;
    state()->next_offset += ROUND_UP(block->max_length, 256 * KiB);
    blocks = copy_blocks();
    while (at < blocks->len &&
           ((RAMBlock *)g_ptr_array_index(blocks, at))->max_length >= block->max_length) {
        at++;
    }
    g_ptr_array_insert(blocks, (gint)at, block);
    publish(blocks);
    return block;
}

static void release(gpointer data)
{
    RAMBlock *block = data;

    if (!block->caller_owned) {
        unreserve(block->host, block->max_length);
    }
    if (block->fd >= 0) {
        close(block->fd);
    }
    for (int i = 0; i < DIRTY_MEMORY_NUM; i++) {
        g_free(block->dirty[i]);
    }
    g_free(block->idstr);
    g_free(block);
}

void ram_block_free(RAMBlock *block)
{
    GPtrArray *blocks = copy_blocks();

    g_ptr_array_remove(blocks, block);
    publish(blocks);
    rcu_free_later(release, block);
}

RAMBlock *ram_block_by_name(const char *idstr)
{
    const GPtrArray *blocks = published();

    for (unsigned i = 0; i < blocks->len; i++) {
        RAMBlock *block = g_ptr_array_index(blocks, i);

        if (!strcmp(block->idstr, idstr)) {
            return block;
        }
    }
    return NULL;
}

const GPtrArray *ram_blocks(void)
{
    return published();
}

RAMBlock *ram_block_from_host(const void *host, ram_addr_t *offset)
{
    const GPtrArray *blocks = published();

    for (unsigned i = 0; i < blocks->len; i++) {
        RAMBlock *block = g_ptr_array_index(blocks, i);
        uintptr_t delta = (uintptr_t)host - (uintptr_t)block->host;

        if ((uintptr_t)host >= (uintptr_t)block->host && delta < block->max_length) {
            *offset = delta;
            return block;
        }
    }
    return NULL;
}

RAMBlock *ram_block_from_ram_addr(ram_addr_t addr, ram_addr_t *offset)
{
    const GPtrArray *blocks = published();

    for (unsigned i = 0; i < blocks->len; i++) {
        RAMBlock *block = g_ptr_array_index(blocks, i);

        if (addr >= block->offset && addr - block->offset < block->max_length) {
            *offset = addr - block->offset;
            return block;
        }
    }
    return NULL;
}

/* ---- Dirty bits ---- */

static void page_range(ram_addr_t offset, uint64_t size, size_t *first, size_t *count)
{
    *first = offset >> MEMORY_PAGE_BITS;
    *count = ((offset + size - 1) >> MEMORY_PAGE_BITS) - *first + 1;
}

void ram_dirty_set(RAMBlock *block, ram_addr_t offset, uint64_t size, unsigned clients)
{
    size_t first, count;

    if (!size) {
        return;
    }
    page_range(offset, size, &first, &count);
    for (int i = 0; i < DIRTY_MEMORY_NUM; i++) {
        if (clients >> i & 1) {
            bitmap_set_atomic(block->dirty[i], first, count);
        }
    }
}

bool ram_dirty_test_and_clear(RAMBlock *block, ram_addr_t offset, uint64_t size, DirtyClient client)
{
    MemoryState *memory = state();
    size_t first, count;
    bool was;

    if (!size) {
        return false;
    }
    page_range(offset, size, &first, &count);
    was = bitmap_test_and_clear_atomic(block->dirty[client], first, count);
    for (unsigned i = 0; was && client != DIRTY_MEMORY_CODE && i < memory->listeners->len; i++) {
        MemoryListener *listener = g_ptr_array_index(memory->listeners, i);

        if (listener->dirty_cleared) {
            listener->dirty_cleared(listener, block, offset, size);
        }
    }
    return was;
}

void ram_dirty_harvest(RAMBlock *block, DirtyClient client, unsigned long *bitmap)
{
    MemoryState *memory = state();
    uint64_t pages = DIV_ROUND_UP(block->used_length, MEMORY_PAGE_SIZE);
    bool any = false;

    for (size_t i = 0; i < BITS_TO_LONGS(pages); i++) {
        unsigned long *word = &block->dirty[client][i];
        if (__atomic_load_n(word, __ATOMIC_RELAXED)) {
            bitmap[i] |= __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
            any = true;
        }
    }
    for (unsigned i = 0; any && i < memory->listeners->len; i++) {
        MemoryListener *listener = g_ptr_array_index(memory->listeners, i);

        if (listener->dirty_cleared) {
            listener->dirty_cleared(listener, block, 0, block->used_length);
        }
    }
}

void ram_dirty_settle(void)
{
    MemoryState *memory = state();

    for (unsigned i = 0; i < memory->listeners->len; i++) {
        MemoryListener *listener = g_ptr_array_index(memory->listeners, i);

        if (listener->settle) {
            listener->settle(listener);
        }
    }
}

void ram_written(RAMBlock *block, ram_addr_t offset, uint64_t size)
{
    MemoryState *memory = state();
    size_t first, count;

    if (!size) {
        return;
    }
    page_range(offset, size, &first, &count);
    /* The bytes first, then the bit: a translator clears the bit before it reads the bytes. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!bitmap_all_set_atomic(block->dirty[DIRTY_MEMORY_CODE], first, count)) {
        if (memory->code_invalidate) {
            memory->code_invalidate(memory->code_opaque, block, offset, size);
        } else {
            bitmap_set_atomic(block->dirty[DIRTY_MEMORY_CODE], first, count);
        }
    }
    bitmap_set_atomic(block->dirty[DIRTY_MEMORY_MIGRATION], first, count);
    bitmap_set_atomic(block->dirty[DIRTY_MEMORY_VGA], first, count);
}

void ram_set_code_invalidate(RamCodeInvalidate *fn, void *opaque)
{
    state()->code_opaque = opaque;
    state()->code_invalidate = fn;
}
