/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: flat views of random region trees against a walk of the tree for each address; device
 * accesses of every size and byte order against an array of bytes; dirty bits.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "system/lock.h"
#include "system/memory.h"
#include "system/rcu.h"
#include "system/runtime.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/thread.h"

/* ---- Random trees ---- */

#define SPACE       0x4000u
#define GRAIN       0x10u
#define MAX_REGIONS 24

typedef struct Node {
    MemoryRegion mr;
    struct Node *alias;
    uint64_t alias_offset;
    struct Node *parent;
    uint64_t offset, size;
    int priority;
    unsigned sequence;
    bool leaf, enabled, readonly;
} Node;

typedef struct Tree {
    Node nodes[MAX_REGIONS];
    unsigned count, sequence;
    AddressSpace as;
} Tree;

static uint64_t null_read(void *opaque, hwaddr addr, unsigned size)
{
    return addr;
}

static const MemoryRegionOps null_ops = {.read = null_read};

/* What the tree has at addr of node (addr counts from node's start). */
static const Node *resolve(const Tree *t, const Node *node, uint64_t addr, uint64_t *offset,
                           bool *readonly)
{
    const Node *best = NULL;
    uint64_t best_offset = 0;
    bool best_readonly = false;

    if (!node->enabled || addr >= node->size) {
        return NULL;
    }
    if (node->alias) {
        uint64_t inside = addr + node->alias_offset;
        const Node *found = resolve(t, node->alias, inside, offset, readonly);

        *readonly |= found && node->readonly;
        return found;
    }
    /* Highest priority first, of equal ones the youngest. */
    for (int priority = 3; priority >= -3 && !best; priority--) {
        for (unsigned sequence = t->sequence; sequence > 0 && !best; sequence--) {
            for (unsigned i = 0; i < t->count && !best; i++) {
                const Node *child = &t->nodes[i];

                if (child->parent == node && child->priority == priority &&
                    child->sequence == sequence && addr >= child->offset) {
                    best = resolve(t, child, addr - child->offset, &best_offset, &best_readonly);
                }
            }
        }
    }
    if (best) {
        *offset = best_offset;
        *readonly = best_readonly || node->readonly;
        return best;
    }
    if (!node->leaf) {
        return NULL;
    }
    *offset = addr;
    *readonly = node->readonly;
    return node;
}

static uint64_t grain(uint64_t limit)
{
    return (uint64_t)g_test_rand_int_range(0, (int)(limit / GRAIN)) * GRAIN;
}

static void compare(Tree *t)
{
    for (uint64_t addr = 0; addr < SPACE; addr += g_test_rand_bit() ? GRAIN : GRAIN - 1) {
        uint64_t offset = 0;
        bool readonly = false;
        const Node *node = resolve(t, &t->nodes[0], addr, &offset, &readonly);
        const MemorySection *s = address_space_find(&t->as, addr);

        if (!node) {
            g_assert_null(s);
            continue;
        }
        g_assert_nonnull(s);
        g_assert_true(s->mr == &node->mr);
        g_assert_cmphex(s->offset + (addr - s->addr), ==, offset);
        g_assert_true(s->readonly == readonly);
    }
}

static void check_sorted(const Tree *t)
{
    const FlatView *view = t->as.view;

    for (unsigned i = 1; i < view->n_sections; i++) {
        const MemorySection *a = &view->sections[i - 1], *b = &view->sections[i];

        g_assert_cmphex(a->addr + (a->size - 1), <, b->addr);
        /* Neighbours that continue each other are one. */
        g_assert_false(a->mr == b->mr && a->addr + a->size == b->addr &&
                       a->offset + a->size == b->offset && a->readonly == b->readonly);
    }
}

/* Is `to` below `from`, through children or aliases? */
static bool reaches(const Tree *t, const Node *from, const Node *to)
{
    if (from == to || (from->alias && reaches(t, from->alias, to))) {
        return true;
    }
    for (unsigned i = 0; i < t->count; i++) {
        if (t->nodes[i].parent == from && reaches(t, &t->nodes[i], to)) {
            return true;
        }
    }
    return false;
}

static void attach(Tree *t, Node *node)
{
    Node *parent;

    do {
        parent = &t->nodes[g_test_rand_int_range(0, (int)(node - t->nodes))];
    } while (parent->alias || reaches(t, node, parent));
    node->parent = parent;
    node->offset = grain(SPACE);
    node->priority = g_test_rand_int_range(-3, 4);
    node->sequence = ++t->sequence;
    memory_region_add_subregion_overlap(&parent->mr, node->offset, &node->mr, node->priority);
}

static void detach(Node *node)
{
    memory_region_del_subregion(&node->parent->mr, &node->mr);
    node->parent = NULL;
}

static void random_tree(void)
{
    Tree *t = g_new0(Tree, 1);

    t->count = (unsigned)g_test_rand_int_range(3, MAX_REGIONS);
    t->nodes[0] = (Node){.size = SPACE, .enabled = true};
    memory_region_init(&t->nodes[0].mr, NULL, "root", SPACE);
    address_space_init(&t->as, &t->nodes[0].mr, "test");
    for (unsigned i = 1; i < t->count; i++) {
        Node *node = &t->nodes[i];
        int kind = g_test_rand_int_range(0, 4);
        char name[16];

        g_snprintf(name, sizeof(name), "r%u", i);
        node->size = grain(SPACE / 2) + GRAIN;
        node->enabled = true;
        if (kind == 0) {
            memory_region_init(&node->mr, NULL, name, node->size);
        } else if (kind == 1 && i > 2) {
            /* Of an older region: no cycles. */
            node->alias = &t->nodes[g_test_rand_int_range(1, (int)i)];
            node->alias_offset = grain(SPACE / 4);
            memory_region_init_alias(&node->mr, NULL, name, &node->alias->mr, node->alias_offset,
                                     node->size);
        } else {
            node->leaf = true;
            memory_region_init_io(&node->mr, NULL, &null_ops, NULL, name, node->size);
        }
        attach(t, node);
    }
    compare(t);
    check_sorted(t);
    for (int step = 0; step < 12; step++) {
        Node *node = &t->nodes[g_test_rand_int_range(1, (int)t->count)];

        switch (g_test_rand_int_range(0, 6)) {
        case 0:
            node->enabled = !node->enabled;
            memory_region_set_enabled(&node->mr, node->enabled);
            break;
        case 1:
            node->offset = grain(SPACE);
            node->sequence = ++t->sequence;
            memory_region_set_address(&node->mr, node->offset + GRAIN * 2);
            node->offset += GRAIN * 2;
            break;
        case 2:
            node->size = grain(SPACE / 2) + GRAIN;
            memory_region_set_size(&node->mr, node->size);
            break;
        case 3:
            if (node->alias) {
                node->alias_offset = grain(SPACE / 4);
                memory_region_set_alias_offset(&node->mr, node->alias_offset);
            }
            break;
        case 4:
            node->readonly = !node->readonly;
            memory_region_set_readonly(&node->mr, node->readonly);
            break;
        default:
            detach(node);
            attach(t, node);
            break;
        }
        compare(t);
        check_sorted(t);
    }
    address_space_destroy(&t->as);
    for (unsigned i = t->count; i-- > 1;) {
        detach(&t->nodes[i]);
    }
    for (unsigned i = 0; i < t->count; i++) {
        memory_region_destroy(&t->nodes[i].mr);
    }
    while (rcu_reclaim()) {
    }
    g_free(t);
}

static void test_flatten(void)
{
    runtime_init();
    for (int i = 0; i < 60; i++) {
        random_tree();
    }
    runtime_cleanup();
}

/* A child whose set_address() is a no-op keeps its place among its siblings. */
static void test_whole_space(void)
{
    MemoryRegion root, all, hole;
    AddressSpace as;
    MemoryPage page;

    runtime_init();
    memory_region_init(&root, NULL, "root", UINT64_MAX);
    memory_region_init_io(&all, NULL, &null_ops, NULL, "all", UINT64_MAX);
    memory_region_init_io(&hole, NULL, &null_ops, NULL, "hole", 0x1000);
    memory_region_add_subregion(&root, 0, &all);
    address_space_init(&as, &root, "whole");
    g_assert_true(address_space_find(&as, 0)->mr == &all);
    g_assert_true(address_space_find(&as, UINT64_MAX)->mr == &all);
    address_space_lookup_page(&as, UINT64_MAX & MEMORY_PAGE_MASK, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_IO);
    memory_region_add_subregion_overlap(&root, UINT64_MAX - 0xfff, &hole, 1);
    g_assert_true(address_space_find(&as, UINT64_MAX)->mr == &hole);
    g_assert_true(address_space_find(&as, UINT64_MAX - 0x1000)->mr == &all);
    address_space_destroy(&as);
    memory_region_destroy(&root);
    memory_region_destroy(&all);
    memory_region_destroy(&hole);
    runtime_cleanup();
}

/* ---- Devices ---- */

typedef struct Bytes {
    uint8_t bytes[64];
    bool big;
    unsigned min, max;
} Bytes;

static uint64_t bytes_read(void *opaque, hwaddr addr, unsigned size)
{
    Bytes *d = opaque;

    g_assert_true(device_lock_held());
    g_assert_true(size >= d->min && size <= d->max && addr + size <= sizeof(d->bytes));
    return d->big ? ldn_be_p(d->bytes + addr, size) : ldn_le_p(d->bytes + addr, size);
}

static void bytes_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Bytes *d = opaque;

    g_assert_true(size >= d->min && size <= d->max && addr + size <= sizeof(d->bytes));
    if (d->big) {
        stn_be_p(d->bytes + addr, size, value);
    } else {
        stn_le_p(d->bytes + addr, size, value);
    }
}

static void device_accesses(bool big, unsigned min, unsigned max, bool unaligned)
{
    MemoryRegionOps ops = {
        .read = bytes_read,
        .write = bytes_write,
        .endianness = big ? DEVICE_BIG_ENDIAN : DEVICE_LITTLE_ENDIAN,
        .valid = {.min_access_size = 1, .max_access_size = 8, .unaligned = unaligned},
        .impl = {.min_access_size = min, .max_access_size = max},
    };
    Bytes d = {.big = big, .min = min, .max = max};
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
    MemoryRegion mr;

    memory_region_init_io(&mr, NULL, &ops, &d, "bytes", sizeof(d.bytes));
    memory_region_add_subregion(get_system_memory(), 0x1000, &mr);
    for (unsigned i = 0; i < sizeof(d.bytes); i++) {
        d.bytes[i] = (uint8_t)(i * 7 + 3);
    }
    for (unsigned size = 1; size <= 8; size *= 2) {
        for (unsigned at = 0; at + size <= sizeof(d.bytes); at += unaligned ? 1 : size) {
            for (int order = 0; order < 2; order++) {
                const MemorySection *s = address_space_find(address_space_memory(), 0x1000 + at);
                uint8_t before[64];
                uint64_t value, expected;

                expected = order ? ldn_be_p(d.bytes + at, size) : ldn_le_p(d.bytes + at, size);
                g_assert_cmpuint(memory_io_read(s, 0x1000 + at, &value, size, order, attrs), ==,
                                 MEMTX_OK);
                g_assert_cmphex(value, ==, expected);
                if (size < min || at % min) {
                    continue;
                }
                memcpy(before, d.bytes, sizeof(before));
                value = ~expected & (UINT64_MAX >> (64 - 8 * size));
                g_assert_cmpuint(memory_io_write(s, 0x1000 + at, value, size, order, attrs), ==,
                                 MEMTX_OK);
                for (unsigned i = 0; i < sizeof(before); i++) {
                    g_assert_cmphex(d.bytes[i], ==,
                                    i >= at && i < at + size ? (uint8_t)~before[i] : before[i]);
                }
            }
        }
    }
    /* Any length: bytes come out in address order. */
    uint8_t buf[37];
    g_assert_cmpuint(address_space_read(address_space_memory(), 0x1003, attrs, buf, sizeof(buf)),
                     ==, MEMTX_OK);
    g_assert_cmpmem(buf, sizeof(buf), d.bytes + 3, sizeof(buf));
    /* Past the end. */
    uint64_t value;
    g_assert_cmpuint(memory_io_read(address_space_find(address_space_memory(), 0x1000), 0x103e,
                                    &value, 4, true, attrs),
                     ==, MEMTX_DECODE_ERROR);
    memory_region_del_subregion(get_system_memory(), &mr);
    memory_region_destroy(&mr);
}

static void test_devices(void)
{
    runtime_init();
    for (unsigned min = 1; min <= 8; min *= 2) {
        for (unsigned max = min; max <= 8; max *= 2) {
            for (int i = 0; i < 4; i++) {
                device_accesses(i & 1, min, max, i & 2);
            }
        }
    }
    runtime_cleanup();
}

static bool accepts_none(void *opaque, hwaddr addr, unsigned size, bool is_write, MemTxAttrs attrs)
{
    return false;
}

static void test_refused(void)
{
    static const MemoryRegionOps words = {.read = null_read,
                                          .valid = {.min_access_size = 4, .max_access_size = 4}};
    static const MemoryRegionOps none = {.read = null_read, .valid = {.accepts = accepts_none}};
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
    MemoryRegion a, b;
    MemTxResult r;

    runtime_init();
    memory_region_init_io(&a, NULL, &words, NULL, "words", 0x100);
    memory_region_init_io(&b, NULL, &none, NULL, "none", 0x100);
    memory_region_add_subregion(get_system_memory(), 0x1000, &a);
    memory_region_add_subregion(get_system_memory(), 0x2000, &b);
    address_space_ldl_be(address_space_memory(), 0x1000, attrs, &r);
    g_assert_cmpuint(r, ==, MEMTX_OK);
    address_space_ldl_be(address_space_memory(), 0x1002, attrs, &r);
    g_assert_cmpuint(r, ==, MEMTX_DECODE_ERROR);
    address_space_ldub(address_space_memory(), 0x1000, attrs, &r);
    g_assert_cmpuint(r, ==, MEMTX_DECODE_ERROR);
    address_space_ldq_be(address_space_memory(), 0x1000, attrs, &r);
    g_assert_cmpuint(r, ==, MEMTX_DECODE_ERROR);
    /* No write function. */
    address_space_stl_be(address_space_memory(), 0x1000, 1, attrs, &r);
    g_assert_cmpuint(r, ==, MEMTX_ERROR);
    g_assert_cmphex(address_space_ldl_be(address_space_memory(), 0x2000, attrs, &r), ==, 0);
    g_assert_cmpuint(r, ==, MEMTX_DECODE_ERROR);
    /* Nothing there. */
    g_assert_cmphex(address_space_ldq_le(address_space_memory(), 0x9000, attrs, &r), ==, 0);
    g_assert_cmpuint(r, ==, MEMTX_DECODE_ERROR);
    memory_region_del_subregion(get_system_memory(), &a);
    memory_region_del_subregion(get_system_memory(), &b);
    memory_region_destroy(&a);
    memory_region_destroy(&b);
    runtime_cleanup();
}

/* ---- RAM ---- */

static unsigned invalidations;

static void invalidate(void *opaque, RAMBlock *block, ram_addr_t offset, uint64_t size)
{
    invalidations++;
    ram_dirty_set(block, offset, size, 1u << DIRTY_MEMORY_CODE);
}

static void test_ram(void)
{
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
    AddressSpace *as;
    MemoryRegion ram, rom;
    MemTxResult r;
    MemoryPage page;
    uint8_t buf[0x3000];
    uint64_t len;
    ram_addr_t offset;
    GError *error = NULL;
    uint8_t *p;

    runtime_init();
    as = address_space_memory();
    g_assert_true(memory_region_init_ram(&ram, NULL, "test.ram", 0x10000, NULL));
    g_assert_true(memory_region_init_rom(&rom, NULL, "test.rom", 0x1000, NULL));
    memory_region_add_subregion(get_system_memory(), 0x10000, &ram);
    memory_region_add_subregion(get_system_memory(), 0x20000, &rom);
    g_assert_false(memory_region_init_ram(&(MemoryRegion){0}, NULL, "test.ram", 0x1000, &error));
    g_assert_nonnull(strstr(error->message, "test.ram"));
    g_clear_error(&error);

    for (unsigned size = 1; size <= 8; size++) {
        for (unsigned at = 0; at < 9; at++) {
            uint64_t v = 0x1122334455667788ull >> (64 - 8 * size);

            address_space_stn_be(as, 0x10ffb + at, size, v, attrs, &r);
            g_assert_cmpuint(r, ==, MEMTX_OK);
            g_assert_cmphex(address_space_ldn_be(as, 0x10ffb + at, size, attrs, &r), ==, v);
            g_assert_cmphex(ldn_be_p(ram.ram_block->host + 0xffb + at, size), ==, v);
            address_space_stn_le(as, 0x10ffb + at, size, v, attrs, &r);
            g_assert_cmphex(address_space_ldn_le(as, 0x10ffb + at, size, attrs, &r), ==, v);
        }
    }
    /* Across RAM into ROM: the RAM part is written. */
    address_space_stq_be(as, 0x1fffc, 0x0102030405060708ull, attrs, &r);
    g_assert_cmpuint(r, ==, MEMTX_ACCESS_ERROR);
    g_assert_cmphex(address_space_ldq_be(as, 0x1fffc, attrs, &r), ==, 0x0102030400000000ull);
    g_assert_cmpuint(r, ==, MEMTX_OK);
    /* Into nothing. */
    memset(buf, 0xaa, sizeof(buf));
    g_assert_cmpuint(address_space_read(as, 0x20ff0, attrs, buf, 0x20), ==, MEMTX_DECODE_ERROR);
    g_assert_cmphex(buf[0x1f], ==, 0);
    g_assert_cmpuint(address_space_write_rom(as, 0x1fff8, attrs, "0123456789abcdef", 16), ==,
                     MEMTX_OK);
    g_assert_cmpmem(rom.ram_block->host, 8, "89abcdef", 8);

    address_space_lookup_page(as, 0x12345, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_RAM);
    g_assert_true(page.host == ram.ram_block->host + 0x2000 && page.ram_offset == 0x2000);
    address_space_lookup_page(as, 0x20000, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_ROM);
    address_space_lookup_page(as, 0x21000, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_UNASSIGNED);

    len = 0x100000;
    p = address_space_map(as, 0x11000, &len, true, attrs);
    g_assert_true(p == ram.ram_block->host + 0x1000);
    g_assert_cmphex(len, ==, 0xf000);
    g_assert_true(ram_block_from_host(p + 5, &offset) == ram.ram_block);
    g_assert_cmphex(offset, ==, 0x1005);
    g_assert_null(address_space_map(as, 0x20000, &(uint64_t){8}, true, attrs));
    g_assert_true(address_space_is_ram(as, 0x10000, 0x10000));
    g_assert_false(address_space_is_ram(as, 0x10000, 0x10001));
    g_assert_false(address_space_is_ram(as, 0x10000, UINT64_MAX));
    g_assert_true(address_space_access_valid(as, 0x1f000, 0x2000, false, attrs));
    g_assert_false(address_space_access_valid(as, 0x1f000, 0x2000, true, attrs));

    /* Dirty bits: all set at first; code invalidation only where a bit is clear. */
    RAMBlock *block = ram.ram_block;
    g_assert_true(ram_page_fully_dirty(block, 0));
    ram_set_code_invalidate(invalidate, NULL);
    address_space_stl_be(as, 0x12000, 1, attrs, NULL);
    g_assert_cmpuint(invalidations, ==, 0);
    g_assert_true(ram_dirty_test_and_clear(block, 0x2000, 0x1000, DIRTY_MEMORY_CODE));
    g_assert_false(ram_dirty_test_and_clear(block, 0x2000, 0x1000, DIRTY_MEMORY_CODE));
    g_assert_false(ram_page_fully_dirty(block, 0x2fff));
    address_space_stl_be(as, 0x13000, 1, attrs, NULL);
    g_assert_cmpuint(invalidations, ==, 0);
    address_space_write(as, 0x11800, attrs, buf, 0x1000);
    g_assert_cmpuint(invalidations, ==, 1);
    g_assert_true(ram_page_fully_dirty(block, 0x2000));
    g_assert_true(ram_dirty_test_and_clear(block, 0, 0x10000, DIRTY_MEMORY_MIGRATION));
    address_space_set(as, 0x14fff, 0x55, 2, attrs);
    address_space_unmap(as, p, len, true, 1);
    for (unsigned i = 0; i < 16; i++) {
        bool expected = i == 1 || i == 4 || i == 5;

        g_assert_true(ram_dirty_get(block, i * 0x1000, DIRTY_MEMORY_MIGRATION) == expected);
    }
    ram_set_code_invalidate(NULL, NULL);
    memory_region_del_subregion(get_system_memory(), &ram);
    memory_region_del_subregion(get_system_memory(), &rom);
    memory_region_destroy(&ram);
    memory_region_destroy(&rom);
    runtime_cleanup();
}

/* RAM windows that are not on page boundaries are never given to a TLB whole. */
static void test_pages(void)
{
    MemoryRegion ram, alias;
    AddressSpace *as;
    MemoryPage page;

    runtime_init();
    as = address_space_memory();
    g_assert_true(memory_region_init_ram(&ram, NULL, "odd.ram", 0x7fff, NULL));
    g_assert_cmphex(ram.ram_block->used_length, ==, 0x8000);
    memory_region_destroy(&ram);
    g_assert_true(memory_region_init_ram(&ram, NULL, "odd.ram", 0x8000, NULL));
    memory_region_init_alias(&alias, NULL, "window", &ram, 0x800, 0x4000);
    memory_region_add_subregion(get_system_memory(), 0x10000, &alias);
    address_space_lookup_page(as, 0x11000, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_MIXED);
    memory_region_set_alias_offset(&alias, 0x1000);
    address_space_lookup_page(as, 0x11000, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_RAM);
    g_assert_cmphex(page.ram_offset, ==, 0x2000);
    g_assert_true(memory_region_get_ram_ptr(&alias) == ram.ram_block->host + 0x1000);
    memory_region_set_size(&alias, 0x1800);
    address_space_lookup_page(as, 0x11000, &page);
    g_assert_cmpint(page.kind, ==, MEMORY_PAGE_MIXED);
    memory_region_del_subregion(get_system_memory(), &alias);
    memory_region_destroy(&alias);
    memory_region_destroy(&ram);
    runtime_cleanup();
}

/* Many threads set bits while one harvests: none is lost. */
enum { DIRTY_PAGES = 512, DIRTY_ROUNDS = 20000 };
static unsigned seen[DIRTY_PAGES], written[2][DIRTY_PAGES];

typedef struct Writer {
    RAMBlock *block;
    unsigned index, done;
} Writer;

static void *write_pages(void *opaque)
{
    Writer *w = opaque;
    uint32_t state = 1 + w->index;

    for (unsigned i = 0; i < DIRTY_ROUNDS; i++) {
        unsigned page;

        state = state * 1664525 + 1013904223;
        page = (state >> 8) % DIRTY_PAGES;
        /* First the data, then the bit, as a store through a TLB does. */
        __atomic_store_n(&written[w->index][page], i + 1, __ATOMIC_SEQ_CST);
        ram_written(w->block, (ram_addr_t)page * MEMORY_PAGE_SIZE, 8);
    }
    __atomic_store_n(&w->done, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void test_dirty_threads(void)
{
    MemoryRegion ram;
    Thread *threads[2];
    Writer writers[2];
    unsigned copied[2][DIRTY_PAGES] = {{0}};
    bool done;

    runtime_init();
    g_assert_true(
        memory_region_init_ram(&ram, NULL, "busy.ram", DIRTY_PAGES * MEMORY_PAGE_SIZE, NULL));
    ram_dirty_test_and_clear(ram.ram_block, 0, ram.size, DIRTY_MEMORY_MIGRATION);
    for (unsigned i = 0; i < 2; i++) {
        writers[i] = (Writer){ram.ram_block, i, 0};
        threads[i] = thread_create("writer", write_pages, &writers[i]);
    }
    do {
        done = __atomic_load_n(&writers[0].done, __ATOMIC_SEQ_CST) &&
               __atomic_load_n(&writers[1].done, __ATOMIC_SEQ_CST);
        for (unsigned page = 0; page < DIRTY_PAGES; page++) {
            if (ram_dirty_test_and_clear(ram.ram_block, page * MEMORY_PAGE_SIZE, MEMORY_PAGE_SIZE,
                                         DIRTY_MEMORY_MIGRATION)) {
                seen[page]++;
                for (unsigned i = 0; i < 2; i++) {
                    copied[i][page] = __atomic_load_n(&written[i][page], __ATOMIC_SEQ_CST);
                }
            }
        }
    } while (!done);
    for (unsigned i = 0; i < 2; i++) {
        thread_join(threads[i]);
        g_assert_cmpmem(copied[i], sizeof(copied[i]), written[i], sizeof(written[i]));
    }
    memory_region_destroy(&ram);
    runtime_cleanup();
}

static void test_print(void)
{
    MemoryRegion ram, alias;
    GString *out = g_string_new(NULL);

    runtime_init();
    g_assert_true(memory_region_init_ram(&ram, NULL, "main.ram", 0x100000, NULL));
    memory_region_init_alias(&alias, NULL, "low", &ram, 0x1000, 0x1000);
    memory_region_add_subregion(get_system_memory(), 0, &ram);
    memory_region_add_subregion_overlap(get_system_memory(), 0x80000000, &alias, 2);
    memory_print_tree(out, false, false);
    g_assert_cmpstr(out->str, ==,
                    "address-space: memory\n"
                    "  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n"
                    "    0000000000000000-00000000000fffff (prio 0, ram): main.ram\n"
                    "    0000000080000000-0000000080000fff (prio 2, i/o): alias low @main.ram "
                    "0000000000001000-0000000000001fff\n"
                    "\n"
                    "memory-region: main.ram\n"
                    "  0000000000000000-00000000000fffff (prio 0, ram): main.ram\n"
                    "\n");
    g_string_truncate(out, 0);
    memory_print_tree(out, true, false);
    g_assert_nonnull(strstr(out->str, "0000000080000000-0000000080000fff (prio 0, ram): main.ram "
                                      "@0000000000001000\n"));
    g_string_free(out, true);
    memory_region_del_subregion(get_system_memory(), &ram);
    memory_region_del_subregion(get_system_memory(), &alias);
    memory_region_destroy(&ram);
    memory_region_destroy(&alias);
    runtime_cleanup();
}

/* What lies beside guest memory cannot be touched, whatever else the process has mapped there. */
static void test_guards(void)
{
    static const uint64_t sizes[] = {0x1000, 0x3000, 0x200000, 0x601000};
    const ssize_t guard = 64 * 1024;
    int pair[2];

    runtime_init();
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        MemoryRegion mr;
        uint8_t *begin, *end;

        g_assert_true(memory_region_init_ram(&mr, NULL, "guarded", sizes[i], NULL));
        begin = mr.ram_block->host;
        end = begin + sizes[i];
        g_assert_cmpint(write(pair[0], begin, 1), ==, 1);
        g_assert_cmpint(write(pair[0], end - 1, 1), ==, 1);
        for (ssize_t at = 0; at < guard; at += 0x1000) {
            g_assert_cmpint(write(pair[0], begin - 1 - at, 1), ==, -1);
            g_assert_cmpint(errno, ==, EFAULT);
            g_assert_cmpint(write(pair[0], end + at, 1), ==, -1);
            g_assert_cmpint(errno, ==, EFAULT);
        }
        memory_region_destroy(&mr);
    }
    close(pair[0]);
    close(pair[1]);
    runtime_cleanup();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/flatten", test_flatten);
    g_test_add_func("/memory/whole-space", test_whole_space);
    g_test_add_func("/memory/devices", test_devices);
    g_test_add_func("/memory/refused", test_refused);
    g_test_add_func("/memory/ram", test_ram);
    g_test_add_func("/memory/guards", test_guards);
    g_test_add_func("/memory/pages", test_pages);
    g_test_add_func("/memory/dirty-threads", test_dirty_threads);
    g_test_add_func("/memory/print", test_print);
    return g_test_run();
}
