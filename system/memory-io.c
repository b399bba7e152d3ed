/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses: to device registers by their size and byte-order rules, and to address spaces of any
 * length.
 */
#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/rcu.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/log.h"

const MemorySection *address_space_find(AddressSpace *as, hwaddr addr)
{
    const FlatView *view = rcu_fetch(&as->view);
    unsigned low = 0, high = view->n_sections;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const MemorySection *s = &view->sections[middle];

        if (addr < s->addr) {
            high = middle;
        } else if (addr - s->addr <= s->size - 1) {
            return s;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* First section that ends after addr: the one that holds it, or the next one; NULL: none. */
static const MemorySection *find_at_or_after(AddressSpace *as, hwaddr addr)
{
    const FlatView *view = rcu_fetch(&as->view);
    unsigned low = 0, high = view->n_sections;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        const MemorySection *s = &view->sections[middle];

        if (addr >= s->addr && addr - s->addr > s->size - 1) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < view->n_sections ? &view->sections[low] : NULL;
}

void address_space_lookup_page(AddressSpace *as, hwaddr page, MemoryPage *out)
{
    const MemorySection *s;
    hwaddr last;

    page &= MEMORY_PAGE_MASK;
    last = page | ~MEMORY_PAGE_MASK;
    s = find_at_or_after(as, page);
    *out = (MemoryPage){.kind = MEMORY_PAGE_UNASSIGNED};
    if (!s || s->addr > last) {
        return;
    }
    if (s->addr > page || last - s->addr > s->size - 1) {
        out->kind = MEMORY_PAGE_MIXED;
        return;
    }
    if (!s->host) {
        out->kind = MEMORY_PAGE_IO;
        out->section = s;
        return;
    }
    if ((s->ram_offset + (page - s->addr)) & ~MEMORY_PAGE_MASK) {
        /* Guest pages across two pages of the block: dirty bits could not be kept by page. */
        out->kind = MEMORY_PAGE_MIXED;
        return;
    }
    out->kind = s->readonly ? MEMORY_PAGE_ROM : MEMORY_PAGE_RAM;
    out->section = s;
    out->host = s->host + (page - s->addr);
    out->ram_block = s->ram_block;
    out->ram_offset = s->ram_offset + (page - s->addr);
}

/* ---- Host memory; single-copy atomic where aligned ---- */

static uint64_t load_host(const uint8_t *p, unsigned size, bool big_endian)
{
    uint64_t v;

    if ((uintptr_t)p & (size - 1)) {
        return big_endian ? ldn_be_p(p, size) : ldn_le_p(p, size);
    }
    switch (size) {
    case 1:
        return __atomic_load_n(p, __ATOMIC_RELAXED);
    case 2:
        v = __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
        break;
    case 4:
        v = __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
        break;
    case 8:
        v = __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
        break;
    default:
        return big_endian ? ldn_be_p(p, size) : ldn_le_p(p, size);
    }
    return big_endian != HOST_BIG_ENDIAN ? bswap_n(v, size) : v;
}

static void store_host(uint8_t *p, unsigned size, uint64_t v, bool big_endian)
{
    uint64_t swapped = big_endian != HOST_BIG_ENDIAN && is_power_of_2(size) ? bswap_n(v, size) : v;

    if (!is_power_of_2(size) || ((uintptr_t)p & (size - 1))) {
        if (big_endian) {
            stn_be_p(p, size, v);
        } else {
            stn_le_p(p, size, v);
        }
        return;
    }
    switch (size) {
    case 1:
        __atomic_store_n(p, (uint8_t)swapped, __ATOMIC_RELAXED);
        break;
    case 2:
        __atomic_store_n((uint16_t *)p, (uint16_t)swapped, __ATOMIC_RELAXED);
        break;
    case 4:
        __atomic_store_n((uint32_t *)p, (uint32_t)swapped, __ATOMIC_RELAXED);
        break;
    default:
        __atomic_store_n((uint64_t *)p, swapped, __ATOMIC_RELAXED);
        break;
    }
}

/* ---- Device registers ---- */

/*
 * Bytes of the call that serves what is left of an access: as wide as the callbacks take and the
 * access wants; narrower, down to what they take, where that keeps it aligned.
 */
static unsigned unit_size(const MemoryRegionOps *ops, hwaddr at, unsigned size, unsigned left)
{
    unsigned min = ops->impl.min_access_size ? ops->impl.min_access_size : 1;
    unsigned max = ops->impl.max_access_size ? ops->impl.max_access_size : 4;
    unsigned unit = CLAMP(size, min, max);

    while (unit > min && (unit > left || (!ops->impl.unaligned && (at & (unit - 1))))) {
        unit /= 2;
    }
    return unit;
}

static bool access_valid(const MemoryRegion *mr, hwaddr offset, unsigned size, bool is_write,
                         MemTxAttrs attrs)
{
    const MemoryRegionOps *ops = mr->ops;

    if (size < ops->valid.min_access_size ||
        (ops->valid.max_access_size && size > ops->valid.max_access_size) ||
        (!ops->valid.unaligned && (offset & (size - 1)))) {
        return false;
    }
    return !ops->valid.accepts || ops->valid.accepts(mr->opaque, offset, size, is_write, attrs);
}

static MemTxResult call_read(const MemoryRegion *mr, hwaddr offset, uint64_t *value, unsigned size,
                             MemTxAttrs attrs)
{
    if (mr->ops->read_with_attrs) {
        return mr->ops->read_with_attrs(mr->opaque, offset, value, size, attrs);
    }
    if (!mr->ops->read) {
        *value = 0;
        return MEMTX_ERROR;
    }
    *value = mr->ops->read(mr->opaque, offset, size);
    return MEMTX_OK;
}

static MemTxResult call_write(const MemoryRegion *mr, hwaddr offset, uint64_t value, unsigned size,
                              MemTxAttrs attrs)
{
    if (mr->ops->write_with_attrs) {
        return mr->ops->write_with_attrs(mr->opaque, offset, value, size, attrs);
    }
    if (!mr->ops->write) {
        return MEMTX_ERROR;
    }
    mr->ops->write(mr->opaque, offset, value, size);
    return MEMTX_OK;
}

static uint64_t low_bytes(unsigned n)
{
    return n >= 8 ? UINT64_MAX : (1ull << (8 * n)) - 1;
}

/*
 * Reads or writes `size` bytes at offset.  A call covers `n` bytes of the access, `lane` bytes into
 * the device's unit; value is a number in the device's byte order.
 */
static MemTxResult access_units(const MemoryRegion *mr, hwaddr offset, uint64_t *value,
                                unsigned size, bool is_write, MemTxAttrs attrs)
{
    bool big = mr->ops->endianness == DEVICE_BIG_ENDIAN;
    MemTxResult result = MEMTX_OK;
    uint64_t whole = is_write ? *value : 0;
    unsigned n;

    for (unsigned done = 0; done < size; done += n) {
        hwaddr at = offset + done;
        unsigned unit = unit_size(mr->ops, at, size, size - done);
        unsigned lane = mr->ops->impl.unaligned && size >= unit ? 0 : at & (unit - 1);
        unsigned in_value, in_unit;
        uint64_t v = 0;

        n = MIN(unit - lane, size - done);
        in_value = 8 * (big ? size - done - n : done);
        in_unit = 8 * (big ? unit - lane - n : lane);
        if (is_write) {
            v = (whole >> in_value & low_bytes(n)) << in_unit;
            result |= call_write(mr, at - lane, v, unit, attrs);
        } else {
            result |= call_read(mr, at - lane, &v, unit, attrs);
            whole |= (v >> in_unit & low_bytes(n)) << in_value;
        }
    }
    if (!is_write) {
        *value = whole;
    }
    return result;
}

static MemTxResult access_device(const MemorySection *s, hwaddr offset, uint64_t *value,
                                 unsigned size, bool is_write, bool big_endian, MemTxAttrs attrs)
{
    const MemoryRegion *mr = s->mr;
    bool swap = (mr->ops->endianness == DEVICE_BIG_ENDIAN) != big_endian;
    uint64_t v = is_write ? (swap ? bswap_n(*value, size) : *value) : 0;
    MemTxResult result;
    bool locked = false;

    if (!access_valid(mr, offset, size, is_write, attrs)) {
        log_mask(LOG_GUEST_ERROR,
                 "%s of %u bytes at %s+0x%" PRIx64 " refused: not a valid access\n",
                 is_write ? "write" : "read", size, mr->name, offset);
        if (!is_write) {
            *value = 0;
        }
        return MEMTX_DECODE_ERROR;
    }
    if (!mr->ops->lockless) {
        locked = device_lock_acquire();
    }
    result = access_units(mr, offset, &v, size, is_write, attrs);
    device_lock_restore(locked);
    if (!is_write) {
        *value = swap ? bswap_n(v, size) : v;
    }
    log_mask(LOG_DEVICE, "%s %s+0x%" PRIx64 " size %u value 0x%" PRIx64 "%s\n",
             is_write ? "write" : "read", mr->name, offset, size, *value, result ? " failed" : "");
    return result;
}

static MemTxResult access_section(const MemorySection *s, hwaddr addr, uint64_t *value,
                                  unsigned size, bool is_write, bool big_endian, MemTxAttrs attrs)
{
    hwaddr delta = addr - s->addr;

    if (s->size && (s->size < size || delta > s->size - size)) {
        return MEMTX_DECODE_ERROR;
    }
    if (s->host && !is_write) {
        *value = load_host(s->host + delta, size, big_endian);
        return MEMTX_OK;
    }
    if (s->host && !s->readonly) {
        store_host(s->host + delta, size, *value, big_endian);
        ram_written(s->ram_block, s->ram_offset + delta, size);
        return MEMTX_OK;
    }
    if (!s->mr->ops) {
        log_mask(LOG_GUEST_ERROR, "write of %u bytes to read-only memory %s+0x%" PRIx64 "\n", size,
                 s->mr->name, s->offset + delta);
        return MEMTX_ACCESS_ERROR;
    }
    return access_device(s, s->offset + delta, value, size, is_write, big_endian, attrs);
}

MemTxResult memory_io_read(const MemorySection *s, hwaddr addr, uint64_t *value, unsigned size,
                           bool big_endian, MemTxAttrs attrs)
{
    *value = 0;
    return access_section(s, addr, value, size, false, big_endian, attrs);
}

MemTxResult memory_io_write(const MemorySection *s, hwaddr addr, uint64_t value, unsigned size,
                            bool big_endian, MemTxAttrs attrs)
{
    return access_section(s, addr, &value, size, true, big_endian, attrs);
}

static MemTxResult unassigned(const AddressSpace *as, hwaddr addr, uint64_t size, bool is_write)
{
    log_mask(LOG_GUEST_ERROR, "%s of %" PRIu64 " bytes at unassigned address 0x%" PRIx64 " of %s\n",
             is_write ? "write" : "read", size, addr, as->name);
    return MEMTX_DECODE_ERROR;
}

/* A number that lies in two sections, or beside one: byte by byte. */
static MemTxResult access_bytes(AddressSpace *as, hwaddr addr, uint64_t *value, unsigned size,
                                bool is_write, bool big_endian, MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;
    uint64_t whole = is_write ? *value : 0;

    for (unsigned i = 0; i < size; i++) {
        unsigned shift = 8 * (big_endian ? size - 1 - i : i);
        const MemorySection *s = address_space_find(as, addr + i);
        uint64_t byte = whole >> shift & 0xff;

        if (!s) {
            result |= unassigned(as, addr + i, 1, is_write);
        } else {
            if (!is_write) {
                byte = 0;
            }
            result |= access_section(s, addr + i, &byte, 1, is_write, big_endian, attrs);
            if (!is_write) {
                whole |= (byte & 0xff) << shift;
            }
        }
    }
    if (!is_write) {
        *value = whole;
    }
    return result;
}

static MemTxResult access_number(AddressSpace *as, hwaddr addr, uint64_t *value, unsigned size,
                                 bool is_write, bool big_endian, MemTxAttrs attrs)
{
    const MemorySection *s = address_space_find(as, addr);

    if (!is_write) {
        *value = 0;
    }
    if (G_UNLIKELY(!s)) {
        s = find_at_or_after(as, addr);
        if (!s || addr + (size - 1) < addr || s->addr > addr + (size - 1)) {
            return unassigned(as, addr, size, is_write);
        }
        return access_bytes(as, addr, value, size, is_write, big_endian, attrs);
    }
    if (G_UNLIKELY(s->size && (s->size < size || addr - s->addr > s->size - size)) ||
        G_UNLIKELY(!is_power_of_2(size) && !s->host)) {
        return access_bytes(as, addr, value, size, is_write, big_endian, attrs);
    }
    return access_section(s, addr, value, size, is_write, big_endian, attrs);
}

MemTxResult address_space_io_read(AddressSpace *as, hwaddr addr, uint64_t *value, unsigned size,
                                  bool big_endian, MemTxAttrs attrs)
{
    return access_number(as, addr, value, size, false, big_endian, attrs);
}

MemTxResult address_space_io_write(AddressSpace *as, hwaddr addr, uint64_t value, unsigned size,
                                   bool big_endian, MemTxAttrs attrs)
{
    return access_number(as, addr, &value, size, true, big_endian, attrs);
}

static uint64_t load_number(AddressSpace *as, hwaddr addr, unsigned size, bool big_endian,
                            MemTxAttrs attrs, MemTxResult *result)
{
    uint64_t value;
    MemTxResult r = access_number(as, addr, &value, size, false, big_endian, attrs);

    if (result) {
        *result = r;
    }
    return value;
}

static void store_number(AddressSpace *as, hwaddr addr, unsigned size, uint64_t value,
                         bool big_endian, MemTxAttrs attrs, MemTxResult *result)
{
    MemTxResult r = access_number(as, addr, &value, size, true, big_endian, attrs);

    if (result) {
        *result = r;
    }
}

uint64_t address_space_ldn_be(AddressSpace *as, hwaddr addr, unsigned size, MemTxAttrs attrs,
                              MemTxResult *result)
{
    return load_number(as, addr, size, true, attrs, result);
}

uint64_t address_space_ldn_le(AddressSpace *as, hwaddr addr, unsigned size, MemTxAttrs attrs,
                              MemTxResult *result)
{
    return load_number(as, addr, size, false, attrs, result);
}

void address_space_stn_be(AddressSpace *as, hwaddr addr, unsigned size, uint64_t v,
                          MemTxAttrs attrs, MemTxResult *result)
{
    store_number(as, addr, size, v, true, attrs, result);
}

void address_space_stn_le(AddressSpace *as, hwaddr addr, unsigned size, uint64_t v,
                          MemTxAttrs attrs, MemTxResult *result)
{
    store_number(as, addr, size, v, false, attrs, result);
}

/* ---- Any length ---- */

/* Bytes of one access to a device for `len` bytes at offset: as wide as it takes and alignment
 * lets. */
static unsigned device_step(const MemoryRegion *mr, hwaddr offset, uint64_t len)
{
    unsigned max = mr->ops->valid.max_access_size ? mr->ops->valid.max_access_size : 4;
    uint64_t step = MIN(len, MIN(max, 8));

    if (!mr->ops->valid.unaligned && offset) {
        step = MIN(step, offset & -offset);
    }
    return (unsigned)pow2floor(step);
}

/* The part of [addr, addr + len) that one section, or one hole, covers. */
static const MemorySection *next_part(AddressSpace *as, hwaddr addr, uint64_t len, uint64_t *part)
{
    const MemorySection *s = find_at_or_after(as, addr);

    if (s && addr >= s->addr) {
        *part = s->size ? MIN(len, s->size - (addr - s->addr)) : len;
        return s;
    }
    *part = s ? MIN(len, s->addr - addr) : len;
    return NULL;
}

MemTxResult address_space_read(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf,
                               uint64_t len)
{
    MemTxResult result = MEMTX_OK;
    uint8_t *p = buf;
    uint64_t part;

    for (; len; addr += part, p += part, len -= part) {
        const MemorySection *s = next_part(as, addr, len, &part);

        if (!s) {
            memset(p, 0, part);
            result |= unassigned(as, addr, part, false);
        } else if (s->host) {
            memcpy(p, s->host + (addr - s->addr), part);
        } else {
            uint64_t value;

            part = device_step(s->mr, s->offset + (addr - s->addr), part);
            result |= memory_io_read(s, addr, &value, (unsigned)part, true, attrs);
            stn_be_p(p, (unsigned)part, value);
        }
    }
    return result;
}

MemTxResult address_space_write(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, const void *buf,
                                uint64_t len)
{
    MemTxResult result = MEMTX_OK;
    const uint8_t *p = buf;
    uint64_t part;

    for (; len; addr += part, p += part, len -= part) {
        const MemorySection *s = next_part(as, addr, len, &part);

        if (!s) {
            result |= unassigned(as, addr, part, true);
        } else if (s->host && !s->readonly) {
            memcpy(s->host + (addr - s->addr), p, part);
            ram_written(s->ram_block, s->ram_offset + (addr - s->addr), part);
        } else if (!s->mr->ops) {
            log_mask(LOG_GUEST_ERROR,
                     "write of %" PRIu64 " bytes to read-only memory at 0x%" PRIx64 "\n", part,
                     addr);
            result |= MEMTX_ACCESS_ERROR;
        } else {
            part = device_step(s->mr, s->offset + (addr - s->addr), part);
            result |=
                memory_io_write(s, addr, ldn_be_p(p, (unsigned)part), (unsigned)part, true, attrs);
        }
    }
    return result;
}

MemTxResult address_space_rw(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf,
                             uint64_t len, bool is_write)
{
    return is_write ? address_space_write(as, addr, attrs, buf, len)
                    : address_space_read(as, addr, attrs, buf, len);
}

MemTxResult address_space_set(AddressSpace *as, hwaddr addr, uint8_t byte, uint64_t len,
                              MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;
    uint8_t block[512];
    uint64_t part;

    memset(block, byte, sizeof(block));
    for (; len; addr += part, len -= part) {
        const MemorySection *s = next_part(as, addr, len, &part);

        if (s && s->host && !s->readonly) {
            memset(s->host + (addr - s->addr), byte, part);
            ram_written(s->ram_block, s->ram_offset + (addr - s->addr), part);
        } else if (!s) {
            result |= unassigned(as, addr, part, true);
        } else {
            part = MIN(part, sizeof(block));
            result |= address_space_write(as, addr, attrs, block, part);
        }
    }
    return result;
}

MemTxResult address_space_write_rom(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                                    const void *buf, uint64_t len)
{
    MemTxResult result = MEMTX_OK;
    const uint8_t *p = buf;
    uint64_t part;

    for (; len; addr += part, p += part, len -= part) {
        const MemorySection *s = next_part(as, addr, len, &part);
        RAMBlock *block = s ? s->mr->ram_block : NULL;

        if (block) {
            hwaddr offset = s->offset + (addr - s->addr);

            memcpy(block->host + offset, p, part);
            ram_written(block, offset, part);
        } else {
            result |= s ? MEMTX_OK : unassigned(as, addr, part, true);
        }
    }
    return result;
}

bool address_space_access_valid(AddressSpace *as, hwaddr addr, uint64_t len, bool is_write,
                                MemTxAttrs attrs)
{
    uint64_t part;

    if (len && addr + (len - 1) < addr) {
        return false;
    }
    for (; len; addr += part, len -= part) {
        const MemorySection *s = next_part(as, addr, len, &part);

        if (!s || (is_write && s->readonly && !s->mr->ops)) {
            return false;
        }
        if (!s->host) {
            part = device_step(s->mr, s->offset + (addr - s->addr), part);
            if (!access_valid(s->mr, s->offset + (addr - s->addr), (unsigned)part, is_write,
                              attrs)) {
                return false;
            }
        }
    }
    return true;
}

bool address_space_is_ram(AddressSpace *as, hwaddr addr, uint64_t len)
{
    uint64_t part;

    if (len && addr + (len - 1) < addr) {
        return false;
    }
    for (; len; addr += part, len -= part) {
        const MemorySection *s = next_part(as, addr, len, &part);

        if (!s || !s->host || s->readonly) {
            return false;
        }
    }
    return true;
}

void *address_space_map(AddressSpace *as, hwaddr addr, uint64_t *len, bool is_write,
                        MemTxAttrs attrs)
{
    const MemorySection *s = address_space_find(as, addr);

    if (!s || !s->host || (is_write && s->readonly)) {
        *len = 0;
        return NULL;
    }
    if (s->size) {
        *len = MIN(*len, s->size - (addr - s->addr));
    }
    return s->host + (addr - s->addr);
}

void address_space_unmap(AddressSpace *as, void *host, uint64_t len, bool is_write,
                         uint64_t written)
{
    ram_addr_t offset;
    RAMBlock *block = is_write && written ? ram_block_from_host(host, &offset) : NULL;

    if (block) {
        ram_written(block, offset, MIN(len, written));
    }
}
