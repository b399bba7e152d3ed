/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory accesses that generated code does not do by itself: TLB misses, devices, accesses
 * that cross a page, pages whose writes somebody wants to see, watched pages, misalignment; and
 * every access of the target's helpers (access.h).
 *
 * Order of checks, as the architecture's priority has it: alignment where the instruction demands
 * it, translation of every page touched, watchpoints; only then does a byte move.  A write to RAM
 * that is tracked is stored first and reported after, so that a translation that raced with it read
 * either the new bytes or is dropped.
 */
#include "accel/tcg/internal.h"

#include <string.h>
#include "system/lock.h"
#include "util/log.h"

#define HOST_BIG_ENDIAN (G_BYTE_ORDER == G_BIG_ENDIAN)

static inline unsigned oi_size(uint32_t oi)
{
    return 1u << (oi & MO_SIZE);
}

/* True if the access wants the guest bytes most significant first. */
static inline bool oi_big_endian(uint32_t oi)
{
    return !!(oi & MO_BSWAP) != HOST_BIG_ENDIAN;
}

static G_NORETURN void raise_fault(TCGVCPU *v, uint64_t ea, TCGAccess access, unsigned mmu_idx,
                                   const TCGTranslation *fault)
{
    tcg_restore_state(v->cpu);
    v->accel->ops->raise_fault(v->cpu, ea, access, mmu_idx, fault);
    g_assert_not_reached();
}

static G_NORETURN void raise_alignment(TCGVCPU *v, uint64_t ea, TCGAccess access, unsigned mmu_idx)
{
    tcg_restore_state(v->cpu);
    v->accel->ops->alignment_fault(v->cpu, ea, access, mmu_idx);
    g_assert_not_reached();
}

static inline uint64_t entry_tag(const TCGTLBEntry *e, TCGAccess access)
{
    return access == TCG_ACCESS_LOAD ? e->read : access == TCG_ACCESS_STORE ? e->write : e->code;
}

bool tcg_look(TCGVCPU *v, uint64_t ea, unsigned size, TCGAccess access, unsigned mmu_idx,
              TCGLookMode mode, TCGSpan *s)
{
    TCGTLBEntry *e;
    TCGTLBFull *full;

    ea &= v->ea_mask;
    full = tcg_tlb_full(v, ea, mmu_idx, &e);
    uint64_t tag = __atomic_load_n(access == TCG_ACCESS_STORE ? &e->write
                                   : access == TCG_ACCESS_LOAD ? &e->read : &e->code,
                                   __ATOMIC_RELAXED);

    if (G_UNLIKELY((tag & (TCG_PAGE_MASK | TCG_TLB_INVALID)) != (ea & TCG_PAGE_MASK))) {
        /* Code that probes looks into the table again. */
        if (!tcg_tlb_victim(v, ea, access, mmu_idx, mode == LOOK_PROBE, &e, &full)) {
            TCGTranslation tr;
            if (!tcg_tlb_fill(v, ea, access, mmu_idx, mode == LOOK_PROBE, &tr)) {
                if (mode == LOOK_PROBE) {
                    return false;
                }
                raise_fault(v, ea, access, mmu_idx, &tr);
            }
            full = tcg_tlb_full(v, ea, mmu_idx, &e);
        }
        tag = entry_tag(e, access);
    }
    s->ea = ea;
    s->physical = full->physical + (ea & ~TCG_PAGE_MASK);
    s->host = full->host ? full->host + (ea & ~TCG_PAGE_MASK) : NULL;
    s->ram = full->ram;
    s->section = full->section;
    s->size = size;
    s->flags = tag & ~TCG_PAGE_MASK;
    return true;
}

/* ---- Watchpoints ---- */

/* Before the access; returns when it may go on. */
static void check_watch(TCGVCPU *v, uint64_t ea, unsigned size, TCGAccess access)
{
    CPUWatchpoint *wp;

    if (v->watch_passing || !(wp = cpu_watchpoint_match(v->cpu, ea, size,
                                                        access == TCG_ACCESS_STORE))) {
        return;
    }
    if (wp->flags & BP_CPU) {
        if (v->accel->ops->watchpoint_hit) {
                v->accel->ops->watchpoint_hit(v->cpu, ea, size, access, wp);
        }
        return;
    }
    wp->hit_addr = MAX(ea, wp->addr);
    wp->flags |= access == TCG_ACCESS_STORE ? BP_HIT_WRITE : BP_HIT_READ;
    v->cpu->watchpoint_hit = wp;
    if (wp->flags & BP_STOP_BEFORE_ACCESS) {
        tcg_raise_debug(v->cpu);
    }
    /* Once more from the start of the instruction, alone, and then stop. */
    v->watch_passing = true;
    tcg_leave_again(v);
}

/* ---- Devices ---- */

static void report_unassigned(TCGVCPU *v, uint64_t physical, TCGAccess access, unsigned size)
{
    if (v->accel->ops->unassigned_access) {
        v->accel->ops->unassigned_access(v->cpu, physical, access, size);
    }
}

static uint64_t io_read(TCGVCPU *v, const TCGSpan *s, unsigned offset, unsigned size,
                        bool big_endian)
{
    uint64_t value = 0;
    MemTxResult r;

    if (s->section) {
        r = memory_io_read(s->section, s->physical + offset, &value, size, big_endian,
                           (MemTxAttrs){0});
    } else {
        r = address_space_io_read(v->as, s->physical + offset, &value, size, big_endian,
                                  (MemTxAttrs){0});
    }
    if (G_UNLIKELY(r != MEMTX_OK)) {
        report_unassigned(v, s->physical + offset, TCG_ACCESS_LOAD, size);
    }
    return value;
}

static void io_write(TCGVCPU *v, const TCGSpan *s, unsigned offset, uint64_t value, unsigned size,
                     bool big_endian)
{
    MemTxResult r;

    if (s->section) {
        r = memory_io_write(s->section, s->physical + offset, value, size, big_endian,
                            (MemTxAttrs){0});
    } else {
        r = address_space_io_write(v->as, s->physical + offset, value, size, big_endian,
                                   (MemTxAttrs){0});
    }
    /* Writing ROM is ignored, as the bus does; nothing there is the machine's business. */
    if (G_UNLIKELY(r & (MEMTX_DECODE_ERROR | MEMTX_ERROR))) {
        report_unassigned(v, s->physical + offset, TCG_ACCESS_STORE, size);
    }
}

/* ---- Bytes of one span, in memory order ---- */

static void span_read(TCGVCPU *v, const TCGSpan *s, uint8_t *buf)
{
    if (s->flags & TCG_TLB_MMIO) {
        for (unsigned i = 0; i < s->size; i++) {
            buf[i] = io_read(v, s, i, 1, true);
        }
    } else {
        memcpy(buf, s->host, s->size);
    }
}

/* After bytes of RAM changed through a slow path. */
static void span_written(TCGVCPU *v, const TCGSpan *s, unsigned mmu_idx)
{
    if (s->flags & TCG_TLB_NOTDIRTY) {
        ram_written(s->ram, s->host - s->ram->host, s->size);
        tcg_tlb_unprotect(v, s->ea, mmu_idx);
    }
}

static void span_write(TCGVCPU *v, const TCGSpan *s, const uint8_t *buf, unsigned mmu_idx)
{
    if (s->flags & TCG_TLB_MMIO) {
        for (unsigned i = 0; i < s->size; i++) {
            io_write(v, s, i, buf[i], 1, true);
        }
    } else {
        memcpy(s->host, buf, s->size);
        span_written(v, s, mmu_idx);
    }
}

/* Translates [ea, ea + size), size <= 16: one or two spans. */
static unsigned look_spans(TCGVCPU *v, uint64_t ea, unsigned size, TCGAccess access,
                           unsigned mmu_idx, TCGSpan s[2])
{
    unsigned first = TCG_PAGE_SIZE - (ea & ~TCG_PAGE_MASK), n = 1;

    ea &= v->ea_mask;
    if (first >= size) {
        tcg_look(v, ea, size, access, mmu_idx, LOOK_RAISE, &s[0]);
    } else {
        tcg_look(v, ea, first, access, mmu_idx, LOOK_RAISE, &s[0]);
        tcg_look(v, ea + first, size - first, access, mmu_idx, LOOK_RAISE, &s[1]);
        n = 2;
    }
    if (G_UNLIKELY((s[0].flags | s[n - 1].flags) & TCG_TLB_WATCH)) {
        check_watch(v, ea, size, access);
    }
    return n;
}

static void check_alignment(TCGVCPU *v, uint64_t ea, uint32_t oi, TCGAccess access)
{
    if ((oi & MO_ALIGN) && (ea & (oi_size(oi) - 1))) {
        raise_alignment(v, ea, access, MO_MMUIDX(oi));
    }
}

/* ---- Up to 8 bytes ---- */

static inline uint64_t host_load(const uint8_t *p, unsigned size)
{
    switch (size) {
    case 1:
        return __atomic_load_n(p, __ATOMIC_RELAXED);
    case 2: {
        uint16_t h;
        if (!((uintptr_t)p & 1)) {
            return __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
        }
        memcpy(&h, p, 2);
        return h;
    }
    case 4: {
        uint32_t w;
        if (!((uintptr_t)p & 3)) {
            return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
        }
        memcpy(&w, p, 4);
        return w;
    }
    default: {
        uint64_t d;
        if (!((uintptr_t)p & 7)) {
            return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
        }
        memcpy(&d, p, 8);
        return d;
    }
    }
}

static inline void host_store(uint8_t *p, uint64_t value, unsigned size)
{
    switch (size) {
    case 1:
        __atomic_store_n(p, (uint8_t)value, __ATOMIC_RELAXED);
        return;
    case 2: {
        uint16_t h = value;
        if (!((uintptr_t)p & 1)) {
            __atomic_store_n((uint16_t *)p, h, __ATOMIC_RELAXED);
        } else {
            memcpy(p, &h, 2);
        }
        return;
    }
    case 4: {
        uint32_t w = value;
        if (!((uintptr_t)p & 3)) {
            __atomic_store_n((uint32_t *)p, w, __ATOMIC_RELAXED);
        } else {
            memcpy(p, &w, 4);
        }
        return;
    }
    default:
        if (!((uintptr_t)p & 7)) {
            __atomic_store_n((uint64_t *)p, value, __ATOMIC_RELAXED);
        } else {
            memcpy(p, &value, 8);
        }
    }
}

static inline uint64_t swap_bytes(uint64_t value, unsigned size)
{
    return size == 1 ? value & 0xff : __builtin_bswap64(value) >> (64 - size * 8);
}

static inline uint64_t extend(uint64_t value, uint32_t oi)
{
    unsigned unused = 64 - oi_size(oi) * 8;

    if (oi & MO_SIGN) {
        return (int64_t)(value << unused) >> unused;
    }
    return value << unused >> unused;
}

uint64_t tcg_load(void *env, uint64_t ea, uint32_t oi)
{
    TCGVCPU *v = tcg_current;
    unsigned size = oi_size(oi);
    TCGSpan s[2];
    uint64_t value;

    check_alignment(v, ea, oi, TCG_ACCESS_LOAD);
    if (G_UNLIKELY(look_spans(v, ea, size, TCG_ACCESS_LOAD, MO_MMUIDX(oi), s) == 2)) {
        uint8_t buf[8];
        span_read(v, &s[0], buf);
        span_read(v, &s[1], buf + s[0].size);
        value = host_load(buf, size);
    } else if (G_LIKELY(!(s[0].flags & TCG_TLB_MMIO))) {
        value = host_load(s[0].host, size);
    } else {
        return extend(io_read(v, &s[0], 0, size, oi_big_endian(oi)), oi);
    }
    if (oi & MO_BSWAP) {
        value = swap_bytes(value, size);
    }
    return extend(value, oi);
}

void tcg_store(void *env, uint64_t ea, uint64_t value, uint32_t oi)
{
    TCGVCPU *v = tcg_current;
    unsigned size = oi_size(oi);
    TCGSpan s[2];

    check_alignment(v, ea, oi, TCG_ACCESS_STORE);
    unsigned n = look_spans(v, ea, size, TCG_ACCESS_STORE, MO_MMUIDX(oi), s);
    if (G_UNLIKELY(n == 1 && (s[0].flags & TCG_TLB_MMIO))) {
        io_write(v, &s[0], 0, extend(value, oi & ~MO_SIGN), size, oi_big_endian(oi));
        return;
    }
    if (oi & MO_BSWAP) {
        value = swap_bytes(value, size);
    }
    if (G_LIKELY(n == 1)) {
        host_store(s[0].host, value, size);
        span_written(v, &s[0], MO_MMUIDX(oi));
    } else {
        uint8_t buf[8];
        host_store(buf, value, size);
        span_write(v, &s[0], buf, MO_MMUIDX(oi));
        span_write(v, &s[1], buf + s[0].size, MO_MMUIDX(oi));
    }
}

/* ---- 16 bytes ---- */

static inline void v128_reverse(V128 *v)
{
    uint64_t low = v->d[0];
    v->d[0] = __builtin_bswap64(v->d[1]);
    v->d[1] = __builtin_bswap64(low);
}

/* Doubleword accesses to a device, in address order. */
static void io_read128(TCGVCPU *v, const TCGSpan *s, V128 *out)
{
    for (unsigned i = 0; i < 2; i++) {
        out->d[i] = io_read(v, s, i * 8, 8, HOST_BIG_ENDIAN);
    }
}

static void io_write128(TCGVCPU *v, const TCGSpan *s, const V128 *value)
{
    for (unsigned i = 0; i < 2; i++) {
        io_write(v, s, i * 8, value->d[i], 8, HOST_BIG_ENDIAN);
    }
}

void tcg_load128(void *env, uint64_t ea, uint32_t oi, V128 *out)
{
    TCGVCPU *v = tcg_current;
    TCGSpan s[2];

    check_alignment(v, ea, (oi & ~MO_SIZE) | MO_128, TCG_ACCESS_LOAD);
    unsigned n = look_spans(v, ea, 16, TCG_ACCESS_LOAD, MO_MMUIDX(oi), s);
    if (n == 2) {
        span_read(v, &s[0], out->b);
        span_read(v, &s[1], out->b + s[0].size);
    } else if (s[0].flags & TCG_TLB_MMIO) {
        io_read128(v, &s[0], out);
    } else {
        memcpy(out, s[0].host, 16);
    }
    if (oi & MO_BSWAP) {
        v128_reverse(out);
    }
}

void tcg_store128(void *env, uint64_t ea, uint32_t oi, const V128 *value)
{
    TCGVCPU *v = tcg_current;
    TCGSpan s[2];
    V128 bytes = *value;

    check_alignment(v, ea, (oi & ~MO_SIZE) | MO_128, TCG_ACCESS_STORE);
    unsigned n = look_spans(v, ea, 16, TCG_ACCESS_STORE, MO_MMUIDX(oi), s);
    if (oi & MO_BSWAP) {
        v128_reverse(&bytes);
    }
    if (n == 2) {
        span_write(v, &s[0], bytes.b, MO_MMUIDX(oi));
        span_write(v, &s[1], bytes.b + s[0].size, MO_MMUIDX(oi));
    } else if (s[0].flags & TCG_TLB_MMIO) {
        io_write128(v, &s[0], &bytes);
    } else {
        memcpy(s[0].host, &bytes, 16);
        span_written(v, &s[0], MO_MMUIDX(oi));
    }
}

/* ---- Atomics ---- */

/* One aligned span that may be written. */
static void look_atomic(TCGVCPU *v, uint64_t ea, unsigned size, unsigned mmu_idx, TCGSpan *s)
{
    if (ea & (size - 1)) {
        raise_alignment(v, ea, TCG_ACCESS_STORE, mmu_idx);
    }
    TCGSpan both[2];
    look_spans(v, ea, size, TCG_ACCESS_STORE, mmu_idx, both);
    *s = both[0];
}

static uint64_t host_cas(uint8_t *p, uint64_t expected, uint64_t desired, unsigned size)
{
#define CAS(type)                                                                                  \
    ({                                                                                             \
        type old = expected;                                                                       \
        __atomic_compare_exchange_n((type *)p, &old, (type)desired, false, __ATOMIC_SEQ_CST,       \
                                    __ATOMIC_SEQ_CST);                                             \
        old;                                                                                       \
    })
    switch (size) {
    case 1:
        return CAS(uint8_t);
    case 2:
        return CAS(uint16_t);
    case 4:
        return CAS(uint32_t);
    default:
        return CAS(uint64_t);
    }
#undef CAS
}

uint64_t tcg_cas(void *env, uint64_t ea, uint64_t expected, uint64_t desired, uint32_t oi)
{
    TCGVCPU *v = tcg_current;
    unsigned size = oi_size(oi);
    TCGSpan s;
    uint64_t old;

    oi &= ~MO_SIGN;
    expected = extend(expected, oi);
    look_atomic(v, ea, size, MO_MMUIDX(oi), &s);
    if (s.flags & TCG_TLB_MMIO) {
        /* Devices know no atomics; the lock keeps it whole among CPUs. */
        bool taken = device_lock_acquire();
        uint64_t value = 0;
        MemTxResult r = address_space_io_read(v->as, s.physical, &value, size, oi_big_endian(oi),
                                              (MemTxAttrs){0});
        if (r == MEMTX_OK && value == expected) {
            r = address_space_io_write(v->as, s.physical, desired, size, oi_big_endian(oi),
                                       (MemTxAttrs){0});
        }
        device_lock_restore(taken);
        if (r != MEMTX_OK) {
            report_unassigned(v, s.physical, TCG_ACCESS_STORE, size);
        }
        return value;
    }
    if (oi & MO_BSWAP) {
        expected = swap_bytes(expected, size);
        desired = swap_bytes(desired, size);
    }
    old = host_cas(s.host, expected, desired, size);
    span_written(v, &s, MO_MMUIDX(oi));
    return oi & MO_BSWAP ? swap_bytes(old, size) : old;
}

uint64_t tcg_atomic_rmw(void *env, uint64_t ea, TCGRmw op, uint64_t operand, uint32_t oi)
{
    TCGVCPU *v = tcg_current;
    unsigned size = oi_size(oi), unused = 64 - size * 8;
    TCGSpan s;

    oi &= ~MO_SIGN;
    operand = extend(operand, oi);
    look_atomic(v, ea, size, MO_MMUIDX(oi), &s);
    for (;;) {
        uint64_t old, new;
        int64_t sold, soperand = (int64_t)(operand << unused) >> unused;
        if (s.flags & TCG_TLB_MMIO) {
            old = io_read(v, &s, 0, size, oi_big_endian(oi));
        } else {
            old = host_load(s.host, size);
            if (oi & MO_BSWAP) {
                old = swap_bytes(old, size);
            }
        }
        sold = (int64_t)(old << unused) >> unused;
        switch (op) {
        case TCG_RMW_ADD:
            new = old + operand;
            break;
        case TCG_RMW_XOR:
            new = old ^ operand;
            break;
        case TCG_RMW_OR:
            new = old | operand;
            break;
        case TCG_RMW_AND:
            new = old & operand;
            break;
        case TCG_RMW_UMAX:
            new = MAX(old, operand);
            break;
        case TCG_RMW_SMAX:
            new = MAX(sold, soperand);
            break;
        case TCG_RMW_UMIN:
            new = MIN(old, operand);
            break;
        case TCG_RMW_SMIN:
            new = MIN(sold, soperand);
            break;
        case TCG_RMW_SWAP:
        default:
            new = operand;
            break;
        }
        new = extend(new, oi);
        if (tcg_cas(env, ea, old, new, oi) == old) {
            return old;
        }
    }
}

#if defined(__x86_64__)
static bool host_cas128(uint8_t *p, const V128 *expected, const V128 *desired, V128 *old)
{
    uint64_t low = expected->d[0], high = expected->d[1];
    bool done;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*(V128 *)p), "+a"(low), "+d"(high)
                     : "b"(desired->d[0]), "c"(desired->d[1])
                     : "memory");
    old->d[0] = low;
    old->d[1] = high;
    return done;
}
#else
static bool host_cas128(uint8_t *p, const V128 *expected, const V128 *desired, V128 *old)
{
    /* No double-width compare and swap: the device lock stands in among helpers. */
    bool taken = device_lock_acquire(), same;

    memcpy(old, p, 16);
    same = old->d[0] == expected->d[0] && old->d[1] == expected->d[1];
    if (same) {
        memcpy(p, desired, 16);
    }
    device_lock_restore(taken);
    return same;
}
#endif

bool tcg_cas128(void *env, uint64_t ea, const V128 *expected, const V128 *desired, V128 *old,
                uint32_t oi)
{
    TCGVCPU *v = tcg_current;
    V128 e = *expected, d = *desired;
    TCGSpan s;
    bool done;

    look_atomic(v, ea, 16, MO_MMUIDX(oi), &s);
    if (oi & MO_BSWAP) {
        v128_reverse(&e);
        v128_reverse(&d);
    }
    if (s.flags & TCG_TLB_MMIO) {
        bool taken = device_lock_acquire();
        io_read128(v, &s, old);
        done = old->d[0] == e.d[0] && old->d[1] == e.d[1];
        if (done) {
            io_write128(v, &s, &d);
        }
        device_lock_restore(taken);
    } else {
        done = host_cas128(s.host, &e, &d, old);
        if (done) {
            span_written(v, &s, MO_MMUIDX(oi));
        }
    }
    if (oi & MO_BSWAP) {
        v128_reverse(old);
    }
    return done;
}

void tcg_load128_atomic(void *env, uint64_t ea, uint32_t oi, V128 *out)
{
    TCGVCPU *v = tcg_current;
    TCGSpan s;

    if (ea & 15) {
        raise_alignment(v, ea, TCG_ACCESS_LOAD, MO_MMUIDX(oi));
    }
    tcg_look(v, ea, 16, TCG_ACCESS_LOAD, MO_MMUIDX(oi), LOOK_RAISE, &s);
    if (s.flags) {
        tcg_load128(env, ea, oi, out);
        return;
    }
#if defined(__x86_64__) && defined(__SSE2__)
    /* One 16-byte load, aligned: atomic on every processor with AVX; else still two halves at worst
     * torn by a store of another CPU, so ask for the same bytes twice. */
    V128 again;
    do {
        __asm__ volatile("movdqa %2, %%xmm0\n\tmovdqa %2, %%xmm1\n\tmovdqu %%xmm0, %0\n\t"
                         "movdqu %%xmm1, %1"
                         : "=m"(*out), "=m"(again)
                         : "m"(*(const V128 *)s.host)
                         : "xmm0", "xmm1");
    } while (out->d[0] != again.d[0] || out->d[1] != again.d[1]);
#else
    memcpy(out, s.host, 16);
#endif
    if (oi & MO_BSWAP) {
        v128_reverse(out);
    }
}

void tcg_store128_atomic(void *env, uint64_t ea, uint32_t oi, const V128 *value)
{
    TCGVCPU *v = tcg_current;
    V128 d = *value, old;
    TCGSpan s;

    look_atomic(v, ea, 16, MO_MMUIDX(oi), &s);
    if (s.flags & TCG_TLB_MMIO) {
        tcg_store128(env, ea, oi, value);
        return;
    }
    if (oi & MO_BSWAP) {
        v128_reverse(&d);
    }
    memcpy(&old, s.host, 16);
    for (V128 seen; !host_cas128(s.host, &old, &d, &seen); old = seen) {
    }
    span_written(v, &s, MO_MMUIDX(oi));
}

/* ---- Ranges ---- */

static void *span_plain(const TCGSpan *s, TCGAccess access)
{
    return s->flags & ~(access == TCG_ACCESS_LOAD ? TCG_TLB_NOTDIRTY : 0u) ? NULL : s->host;
}

void *tcg_probe_access(void *env, uint64_t ea, unsigned size, TCGAccess access, unsigned mmu_idx)
{
    TCGVCPU *v = tcg_current;
    TCGSpan s;

    g_assert(size <= TCG_PAGE_SIZE - (ea & ~TCG_PAGE_MASK));
    tcg_look(v, ea, size, access, mmu_idx, LOOK_RAISE, &s);
    if (s.flags & TCG_TLB_WATCH) {
        check_watch(v, s.ea, size, access);
    }
    return span_plain(&s, access);
}

bool tcg_probe_nofault(void *env, uint64_t ea, unsigned size, TCGAccess access, unsigned mmu_idx,
                       void **host)
{
    TCGSpan s;

    *host = NULL;
    if (!tcg_look(tcg_current, ea, size, access, mmu_idx, LOOK_PROBE, &s)) {
        return false;
    }
    *host = span_plain(&s, access);
    return true;
}

void tcg_probe_range(void *env, uint64_t ea, uint64_t size, TCGAccess access, unsigned mmu_idx)
{
    while (size) {
        unsigned part = MIN(size, TCG_PAGE_SIZE - (ea & ~TCG_PAGE_MASK));
        tcg_probe_access(env, ea, part, access, mmu_idx);
        ea += part;
        size -= part;
    }
}

void tcg_zero_range(void *env, uint64_t ea, uint64_t size, unsigned mmu_idx)
{
    TCGVCPU *v = tcg_current;

    if (size <= TCG_PAGE_SIZE - (ea & ~TCG_PAGE_MASK)) {
        void *host = tcg_probe_access(env, ea, size, TCG_ACCESS_STORE, mmu_idx);
        if (G_LIKELY(host)) {
            memset(host, 0, size);
            return;
        }
    } else {
        tcg_probe_range(env, ea, size, TCG_ACCESS_STORE, mmu_idx);
    }
    while (size) {
        unsigned part = MIN(size, TCG_PAGE_SIZE - (ea & ~TCG_PAGE_MASK));
        TCGSpan s;
        tcg_look(v, ea, part, TCG_ACCESS_STORE, mmu_idx, LOOK_RAISE, &s);
        if (s.flags & TCG_TLB_MMIO) {
            unsigned step = ((ea | part) & 7) ? 1 : 8;
            for (unsigned i = 0; i < part; i += step) {
                io_write(v, &s, i, 0, step, true);
            }
        } else {
            memset(s.host, 0, part);
            span_written(v, &s, mmu_idx);
        }
        ea += part;
        size -= part;
    }
}

/* ---- For generated code ---- */

static bool runtime_probe_span(void *env, uint64_t ea, uint32_t span, uint32_t oi, bool is_write)
{
    TCGSpan s;
    TCGAccess access = is_write ? TCG_ACCESS_STORE : TCG_ACCESS_LOAD;

    if (span > TCG_PAGE_SIZE - (ea & ~TCG_PAGE_MASK) || ea & ~tcg_current->ea_mask ||
        !tcg_look(tcg_current, ea, span, access, MO_MMUIDX(oi), LOOK_PROBE, &s)) {
        return false;
    }
    return s.flags == 0;
}

const TCGRuntime tcg_runtime = {
    .load = tcg_load,
    .store = tcg_store,
    .load128 = tcg_load128,
    .store128 = tcg_store128,
    .cas = tcg_cas,
    .probe_span = runtime_probe_span,
    .lookup = tcg_runtime_lookup,
    .lookup_nogroup = tcg_runtime_lookup_nogroup,
    .reenter = tcg_runtime_reenter,
};
