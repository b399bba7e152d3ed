/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical memory: a tree of regions, flattened into an immutable view for each address
 * space.
 *
 * Regions are containers, RAM, ROM, I/O or aliases; among overlapping siblings the higher priority
 * wins, and of equal ones the one added last.  The tree changes with the device lock held, in a
 * transaction; commit publishes new flat views, tells listeners (software TLBs are flushed by one)
 * and frees old views once every vCPU has passed a safepoint (rcu.h).
 *
 * Left out for now: IOMMU regions, RAM resizing.
 */
#ifndef SYSTEM_MEMORY_H
#define SYSTEM_MEMORY_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

typedef uint64_t hwaddr;
typedef uint64_t vaddr;
typedef uint64_t ram_addr_t;
#define HWADDR_FMT "%016" PRIx64

#define MEMORY_PAGE_BITS 12
#define MEMORY_PAGE_SIZE ((uint64_t)1 << MEMORY_PAGE_BITS)
#define MEMORY_PAGE_MASK (~(MEMORY_PAGE_SIZE - 1))

/* Who asks. */
typedef struct MemTxAttrs {
    bool unspecified;
    bool user;  /* problem state */
    bool debug; /* a debugger or monitor: no side effects wanted */
    uint16_t requester_id;
} MemTxAttrs;
#define MEMTXATTRS_UNSPECIFIED ((MemTxAttrs){.unspecified = true})

/* How it went: bits. */
typedef uint32_t MemTxResult;
#define MEMTX_OK           0u
#define MEMTX_ERROR        1u /* the device refused */
#define MEMTX_DECODE_ERROR 2u /* nothing there */
#define MEMTX_ACCESS_ERROR 4u /* not allowed (writing ROM) */

typedef struct MemoryRegion MemoryRegion;
typedef struct MemoryRegionOps MemoryRegionOps;
typedef struct AddressSpace AddressSpace;
typedef struct FlatView FlatView;
typedef struct RAMBlock RAMBlock;

typedef enum DeviceEndian { DEVICE_BIG_ENDIAN, DEVICE_LITTLE_ENDIAN } DeviceEndian;

/*
 * A device's registers.  Callbacks run with the device lock held; addr counts from the region's
 * start, value is the register's number whatever the byte order of the access.  `valid` is what the
 * bus lets through (else the access fails), `impl` what the callbacks want: others are split or
 * widened.  Zero limits: the bus lets 1 to 8 bytes through, callbacks want 1 to 4.  Unaligned
 * accesses fail unless valid.unaligned; without impl.unaligned they are served by aligned calls.
 */
struct MemoryRegionOps {
    uint64_t (*read)(void *opaque, hwaddr addr, unsigned size);
    void (*write)(void *opaque, hwaddr addr, uint64_t value, unsigned size);
    MemTxResult (*read_with_attrs)(void *opaque, hwaddr addr, uint64_t *value, unsigned size,
                                   MemTxAttrs attrs);
    MemTxResult (*write_with_attrs)(void *opaque, hwaddr addr, uint64_t value, unsigned size,
                                    MemTxAttrs attrs);
    DeviceEndian endianness;
    struct {
        unsigned min_access_size, max_access_size;
        bool unaligned;
        bool (*accepts)(void *opaque, hwaddr addr, unsigned size, bool is_write, MemTxAttrs attrs);
    } valid;
    struct {
        unsigned min_access_size, max_access_size;
        bool unaligned;
    } impl;
    bool lockless; /* callbacks do their own locking: the device lock is not taken */
};

typedef enum MemoryRegionKind {
    MEMORY_CONTAINER,
    MEMORY_RAM,
    MEMORY_ROM,
    MEMORY_IO,
    MEMORY_ALIAS,
    MEMORY_ROM_DEVICE,
} MemoryRegionKind;

struct MemoryRegion {
    MemoryRegionKind kind;
    char *name;
    void *owner;   /* Object or NULL; only shown */
    uint64_t size; /* UINT64_MAX stands for 2^64 */
    hwaddr addr;   /* inside container */
    int priority;
    bool enabled, readonly, romd_mode, may_overlap;
    MemoryRegion *container;
    GPtrArray *subregions; /* highest priority first */
    MemoryRegion *alias;
    hwaddr alias_offset;
    const MemoryRegionOps *ops;
    void *opaque;
    RAMBlock *ram_block;
};

/* ---- Building ---- */
void memory_region_init(MemoryRegion *mr, void *owner, const char *name, uint64_t size);
void memory_region_init_io(MemoryRegion *mr, void *owner, const MemoryRegionOps *ops, void *opaque,
                           const char *name, uint64_t size);
/* RAM of its own; `name` is the RAM block's name in streams. */
bool memory_region_init_ram(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                            GError **errp);
/* RAM the guest cannot write. */
bool memory_region_init_rom(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                            GError **errp);
/* RAM from a file or a directory (-mem-path): shared or private mapping. */
bool memory_region_init_ram_from_file(MemoryRegion *mr, void *owner, const char *name,
                                      uint64_t size, bool share, const char *path, GError **errp);
/* Host memory that the caller keeps: a whole number of pages. */
void memory_region_init_ram_ptr(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                                void *ptr);
void memory_region_init_alias(MemoryRegion *mr, void *owner, const char *name, MemoryRegion *orig,
                              hwaddr offset, uint64_t size);
/* Reads come from memory, writes go to ops (flash); see memory_region_rom_device_set_romd(). */
bool memory_region_init_rom_device(MemoryRegion *mr, void *owner, const MemoryRegionOps *ops,
                                   void *opaque, const char *name, uint64_t size, GError **errp);
/* Frees what the region holds; it must be in no container. */
void memory_region_destroy(MemoryRegion *mr);

/* Overlap between siblings added without priority is an error of the machine's wiring (asserts). */
void memory_region_add_subregion(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub);
void memory_region_add_subregion_overlap(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub,
                                         int priority);
void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub);
void memory_region_set_enabled(MemoryRegion *mr, bool enabled);
void memory_region_set_address(MemoryRegion *mr, hwaddr addr);
void memory_region_set_size(MemoryRegion *mr, uint64_t size);
void memory_region_set_alias_offset(MemoryRegion *mr, hwaddr offset);
void memory_region_set_readonly(MemoryRegion *mr, bool readonly);
void memory_region_rom_device_set_romd(MemoryRegion *mr, bool romd_mode);
/* Nested; the outermost commit rebuilds the views. Device lock held. */
void memory_region_transaction_begin(void);
void memory_region_transaction_commit(void);

static inline uint64_t memory_region_size(const MemoryRegion *mr)
{
    return mr->size;
}
bool memory_region_is_ram(const MemoryRegion *mr);
/* Host address of the region's memory (through aliases); NULL if it has none. */
void *memory_region_get_ram_ptr(MemoryRegion *mr);
ram_addr_t memory_region_get_ram_addr(MemoryRegion *mr);
/* After writing [offset, offset + size) through the host pointer. */
void memory_region_set_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size);

/* ---- RAM blocks ---- */
/*
 * Dirty bits, one for each client and page.  A page with every bit set may be written without
 * telling anybody; a client that wants to know clears the bit first (and makes vCPUs drop write
 * permission). All bits start set.  CODE: clear while translated code of the page exists.
 */
typedef enum DirtyClient {
    DIRTY_MEMORY_CODE,
    DIRTY_MEMORY_MIGRATION,
    DIRTY_MEMORY_VGA,
    DIRTY_MEMORY_NUM
} DirtyClient;
#define DIRTY_CLIENTS_ALL    ((1u << DIRTY_MEMORY_NUM) - 1)
#define DIRTY_CLIENTS_NOCODE (DIRTY_CLIENTS_ALL & ~(1u << DIRTY_MEMORY_CODE))

struct RAMBlock {
    /* immutable */
    char *idstr; /* name in streams: "ppc_spapr.ram" */
    uint8_t *host;
    ram_addr_t offset; /* in the ram_addr_t space, page aligned, never reused while it lives */
    uint64_t used_length, max_length;
    uint64_t page_size; /* of the host memory */
    int fd;             /* -1: none */
    bool shared, caller_owned, migratable;
    MemoryRegion *mr;
    unsigned long *dirty[DIRTY_MEMORY_NUM]; /* atomic */
};

RAMBlock *ram_block_by_name(const char *idstr);
/* GPtrArray of RAMBlock, largest first; owned by the runtime. */
const GPtrArray *ram_blocks(void);
/* The block and offset of a host address inside guest RAM; NULL if it is in none. */
RAMBlock *ram_block_from_host(const void *host, ram_addr_t *offset);
RAMBlock *ram_block_from_ram_addr(ram_addr_t addr, ram_addr_t *offset);

static inline bool ram_dirty_get(const RAMBlock *block, ram_addr_t offset, DirtyClient client)
{
    uint64_t page = offset >> MEMORY_PAGE_BITS;

    return __atomic_load_n(&block->dirty[client][page / 64], __ATOMIC_RELAXED) >> (page % 64) & 1;
}
/* True if a write to the page needs no bookkeeping at all. */
static inline bool ram_page_fully_dirty(const RAMBlock *block, ram_addr_t offset)
{
    return ram_dirty_get(block, offset, DIRTY_MEMORY_CODE) &&
           ram_dirty_get(block, offset, DIRTY_MEMORY_MIGRATION) &&
           ram_dirty_get(block, offset, DIRTY_MEMORY_VGA);
}
/* Sets bits of the clients in the mask, (1 << DirtyClient), over pages that [offset, +size)
 * touches. */
void ram_dirty_set(RAMBlock *block, ram_addr_t offset, uint64_t size, unsigned clients);
/* Clears one client's bits; true if any was set. The caller sees to the vCPUs' write permissions.
 */
bool ram_dirty_test_and_clear(RAMBlock *block, ram_addr_t offset, uint64_t size,
                              DirtyClient client);
/*
 * ORs one client's bits of the whole block into bitmap, clears them and takes fast writes away.  A
 * store that was under way may still come without a bit: ram_dirty_settle() waits for it.  Any
 * thread.
 */
void ram_dirty_harvest(RAMBlock *block, DirtyClient client, unsigned long *bitmap);
/* Returns when stores that began before are in memory. Not with the device lock, but when no vCPU
 * runs. */
void ram_dirty_settle(void);
/*
 * What every writer other than generated code calls after writing: drops translated code that the
 * range held and sets the other clients' bits.  Any thread.
 */
void ram_written(RAMBlock *block, ram_addr_t offset, uint64_t size);
/* accel/tcg: called when a range with the CODE bit clear was written; sets the bit itself. NULL:
 * none. */
typedef void RamCodeInvalidate(void *opaque, RAMBlock *block, ram_addr_t offset, uint64_t size);
void ram_set_code_invalidate(RamCodeInvalidate *fn, void *opaque);

/* ---- Address spaces ---- */
/* A stretch of a flat view: one region's part. Lives as long as its view. */
typedef struct MemorySection {
    hwaddr addr;   /* in the address space */
    uint64_t size; /* last = addr + size - 1; 0 stands for 2^64 */
    MemoryRegion *mr;
    hwaddr offset; /* in mr */
    uint8_t *host; /* RAM, ROM: host address of `addr`; NULL: dispatch */
    RAMBlock *ram_block;
    ram_addr_t ram_offset; /* of `addr`, in ram_block */
    bool readonly;         /* writes are dispatched (and refused or handled) */
    bool romd;             /* ROM device in ROM mode */
} MemorySection;

struct FlatView {
    unsigned n_sections;
    const MemorySection *sections; /* ascending, not overlapping */
    uint64_t generation;
    unsigned references;
};

struct AddressSpace {
    char *name;
    MemoryRegion *root;
    FlatView *view; /* published; rcu_fetch() */
};

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name);
void address_space_destroy(AddressSpace *as);
/* The machine's own, made by memory_system_init() under machine creation. */
AddressSpace *address_space_memory(void);
MemoryRegion *get_system_memory(void);

/* The section that holds addr, NULL if nothing is there. Reader rules as in lock.h. */
const MemorySection *address_space_find(AddressSpace *as, hwaddr addr);
static inline FlatView *address_space_view(AddressSpace *as)
{
    return __atomic_load_n(&as->view, __ATOMIC_ACQUIRE);
}

/* For the software TLB: what stands behind one page (MEMORY_PAGE_SIZE). */
typedef enum MemoryPageKind {
    MEMORY_PAGE_RAM,   /* host valid; read and write there (write: see ram_page_fully_dirty) */
    MEMORY_PAGE_ROM,   /* host valid for reads; writes: memory_io_write on the section */
    MEMORY_PAGE_IO,    /* one I/O section covers the page */
    MEMORY_PAGE_MIXED, /* several sections, or a hole beside one: look each access up by address */
    MEMORY_PAGE_UNASSIGNED, /* nothing */
} MemoryPageKind;
typedef struct MemoryPage {
    MemoryPageKind kind;
    uint8_t *host; /* of the page's first byte */
    RAMBlock *ram_block;
    ram_addr_t ram_offset;        /* of the page's first byte */
    const MemorySection *section; /* RAM, ROM, IO */
} MemoryPage;
void address_space_lookup_page(AddressSpace *as, hwaddr page, MemoryPage *out);

/*
 * One access of size 1, 2, 4 or 8 to an I/O (or read-only) section at address addr of the address
 * space. big_endian is the byte order of the access: value is what a load of that order yields.
 * Takes the device lock if the region wants it and the caller does not hold it.  An access that
 * runs past the section's end fails with MEMTX_DECODE_ERROR.
 */
MemTxResult memory_io_read(const MemorySection *section, hwaddr addr, uint64_t *value,
                           unsigned size, bool big_endian, MemTxAttrs attrs);
MemTxResult memory_io_write(const MemorySection *section, hwaddr addr, uint64_t value,
                            unsigned size, bool big_endian, MemTxAttrs attrs);
/* The same with the look-up (MIXED and UNASSIGNED pages; RAM is fine too). Unassigned: *value = 0,
 * MEMTX_DECODE_ERROR, logged. */
MemTxResult address_space_io_read(AddressSpace *as, hwaddr addr, uint64_t *value, unsigned size,
                                  bool big_endian, MemTxAttrs attrs);
MemTxResult address_space_io_write(AddressSpace *as, hwaddr addr, uint64_t value, unsigned size,
                                   bool big_endian, MemTxAttrs attrs);
/* The name memory_io_read/write pairs go by in one call. */
static inline MemTxResult memory_io_dispatch(const MemorySection *section, hwaddr addr,
                                             unsigned size, uint64_t *value, bool is_write,
                                             bool big_endian, MemTxAttrs attrs)
{
    return is_write ? memory_io_write(section, addr, *value, size, big_endian, attrs)
                    : memory_io_read(section, addr, value, size, big_endian, attrs);
}

/* Any length, any mix of RAM and devices; the worst result of the parts. Writes mark pages dirty.
 */
MemTxResult address_space_read(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf,
                               uint64_t len);
MemTxResult address_space_write(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, const void *buf,
                                uint64_t len);
/* The same by direction: QEMU's address_space_rw(). */
MemTxResult address_space_rw(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf,
                             uint64_t len, bool is_write);
MemTxResult address_space_set(AddressSpace *as, hwaddr addr, uint8_t byte, uint64_t len,
                              MemTxAttrs attrs);
/* Writes RAM and ROM alike (loading images); devices are skipped. */
MemTxResult address_space_write_rom(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                                    const void *buf, uint64_t len);
/* True if every byte of the range answers (RAM, ROM if reading, or a device that accepts). */
bool address_space_access_valid(AddressSpace *as, hwaddr addr, uint64_t len, bool is_write,
                                MemTxAttrs attrs);
/* True if the whole range is plain RAM (writable). */
bool address_space_is_ram(AddressSpace *as, hwaddr addr, uint64_t len);

/* Numbers of 1 to 8 bytes; *result (may be NULL) tells; a failed load yields 0. */
uint64_t address_space_ldn_be(AddressSpace *as, hwaddr addr, unsigned size, MemTxAttrs attrs,
                              MemTxResult *result);
uint64_t address_space_ldn_le(AddressSpace *as, hwaddr addr, unsigned size, MemTxAttrs attrs,
                              MemTxResult *result);
void address_space_stn_be(AddressSpace *as, hwaddr addr, unsigned size, uint64_t v,
                          MemTxAttrs attrs, MemTxResult *result);
void address_space_stn_le(AddressSpace *as, hwaddr addr, unsigned size, uint64_t v,
                          MemTxAttrs attrs, MemTxResult *result);
static inline uint8_t address_space_ldub(AddressSpace *as, hwaddr a, MemTxAttrs t, MemTxResult *r)
{
    return (uint8_t)address_space_ldn_be(as, a, 1, t, r);
}
static inline uint16_t address_space_lduw_be(AddressSpace *as, hwaddr a, MemTxAttrs t,
                                             MemTxResult *r)
{
    return (uint16_t)address_space_ldn_be(as, a, 2, t, r);
}
static inline uint32_t address_space_ldl_be(AddressSpace *as, hwaddr a, MemTxAttrs t,
                                            MemTxResult *r)
{
    return (uint32_t)address_space_ldn_be(as, a, 4, t, r);
}
static inline uint64_t address_space_ldq_be(AddressSpace *as, hwaddr a, MemTxAttrs t,
                                            MemTxResult *r)
{
    return address_space_ldn_be(as, a, 8, t, r);
}
static inline uint16_t address_space_lduw_le(AddressSpace *as, hwaddr a, MemTxAttrs t,
                                             MemTxResult *r)
{
    return (uint16_t)address_space_ldn_le(as, a, 2, t, r);
}
static inline uint32_t address_space_ldl_le(AddressSpace *as, hwaddr a, MemTxAttrs t,
                                            MemTxResult *r)
{
    return (uint32_t)address_space_ldn_le(as, a, 4, t, r);
}
static inline uint64_t address_space_ldq_le(AddressSpace *as, hwaddr a, MemTxAttrs t,
                                            MemTxResult *r)
{
    return address_space_ldn_le(as, a, 8, t, r);
}
static inline void address_space_stb(AddressSpace *as, hwaddr a, uint8_t v, MemTxAttrs t,
                                     MemTxResult *r)
{
    address_space_stn_be(as, a, 1, v, t, r);
}
static inline void address_space_stw_be(AddressSpace *as, hwaddr a, uint16_t v, MemTxAttrs t,
                                        MemTxResult *r)
{
    address_space_stn_be(as, a, 2, v, t, r);
}
static inline void address_space_stl_be(AddressSpace *as, hwaddr a, uint32_t v, MemTxAttrs t,
                                        MemTxResult *r)
{
    address_space_stn_be(as, a, 4, v, t, r);
}
static inline void address_space_stq_be(AddressSpace *as, hwaddr a, uint64_t v, MemTxAttrs t,
                                        MemTxResult *r)
{
    address_space_stn_be(as, a, 8, v, t, r);
}
static inline void address_space_stw_le(AddressSpace *as, hwaddr a, uint16_t v, MemTxAttrs t,
                                        MemTxResult *r)
{
    address_space_stn_le(as, a, 2, v, t, r);
}
static inline void address_space_stl_le(AddressSpace *as, hwaddr a, uint32_t v, MemTxAttrs t,
                                        MemTxResult *r)
{
    address_space_stn_le(as, a, 4, v, t, r);
}
static inline void address_space_stq_le(AddressSpace *as, hwaddr a, uint64_t v, MemTxAttrs t,
                                        MemTxResult *r)
{
    address_space_stn_le(as, a, 8, v, t, r);
}

/*
 * A host pointer to guest RAM (or readable ROM) at addr.  *len in: wanted, out: how much of it is
 * contiguous.  NULL if it is not memory.  After writing through it call address_space_unmap() with
 * is_write and the bytes written: that marks them dirty.  Good until the map changes (lock.h's
 * reader rules): not across a safepoint unless the RAM stays.
 */
void *address_space_map(AddressSpace *as, hwaddr addr, uint64_t *len, bool is_write,
                        MemTxAttrs attrs);
void address_space_unmap(AddressSpace *as, void *host, uint64_t len, bool is_write,
                         uint64_t written);

/* ---- Listeners ---- */
typedef struct MemoryListener {
    /* The view of `as` has been replaced (already published). Device lock held. */
    void (*changed)(struct MemoryListener *listener, AddressSpace *as);
    /* A client's dirty bits in the range were cleared or are about to be harvested: vCPUs must lose
     * write permission there. May be NULL. */
    void (*dirty_cleared)(struct MemoryListener *listener, RAMBlock *block, ram_addr_t offset,
                          uint64_t size);
    /* ram_dirty_settle(). May be NULL. */
    void (*settle)(struct MemoryListener *listener);
    void *opaque;
} MemoryListener;
void memory_listener_register(MemoryListener *listener);
void memory_listener_unregister(MemoryListener *listener);
/* Counts map changes of all address spaces; any thread. */
uint64_t memory_map_generation(void);

/* "info mtree" (flat: -f): appended. Device lock. */
void memory_print_tree(GString *out, bool flat, bool show_disabled);

#endif
