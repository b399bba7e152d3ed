/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Software TLBs: one direct-mapped table per MMU index and vCPU, backed by a few victim entries.
 *
 * Tables belong to their vCPU's thread; it alone fills, moves and frees.  Other threads may only
 * take the fast write permission away (tcg_tlb_protect) and queue flushes, both under tlb_lock. A
 * table grows when it is nearly full or keeps evicting, and shrinks at a flush when a time window
 * showed that it was mostly empty.  Every entry covers 4 KiB; that larger guest pages exist is
 * remembered as ranges, so that a flush narrower than the page still finds all its pieces.
 */
#include "accel/tcg/internal.h"

#include <string.h>
#include "util/cutils.h"

#define TLB_MIN_ENTRIES 256u
#define TLB_MAX_ENTRIES (1u << 15)
#define WINDOW_NS (100 * 1000000ll)
/* Beyond this a table grows only if it is full: it may be that no size parts pages that collide. */
#define TLB_COLLISION_ENTRIES (1u << 13)
/* Where two pages of one slot are used in turn, one of them stays in the table for that long. */
#define VICTIM_HITS_A_SWAP 8
#define NO_PAGE UINT64_MAX

static unsigned tlb_entries(const TCGVCPU *v, unsigned mmu_idx)
{
    return (v->tcg->tlb[mmu_idx].mask >> 5) + 1;
}

static unsigned tlb_index(const TCGVCPU *v, uint64_t ea, unsigned mmu_idx)
{
    return (ea >> TCG_PAGE_BITS) & (v->tcg->tlb[mmu_idx].mask >> 5);
}

/*
 * What tcg_tlb_protect() goes through instead of whole tables: part of the host page's number, and
 * for devices any number.  It may be of an entry that is gone.
 */
static uint32_t host_hint(const void *host)
{
    return (uint32_t)((uintptr_t)host >> TCG_PAGE_BITS);
}

static int64_t now_ns(void)
{
    return g_get_monotonic_time() * 1000;
}

static void tlb_clear(TCGTLBEntry *table, TCGTLBFull *full, unsigned n)
{
    memset(table, 0xff, n * sizeof(*table));
    memset(full, 0xff, n * sizeof(*full));
}

static void tlb_alloc(TCGVCPU *v, unsigned mmu_idx, unsigned entries)
{
    TCGTLBFast *fast = &v->tcg->tlb[mmu_idx];
    TCGTLBSlow *slow = &v->tlb[mmu_idx];

    fast->table = g_new(TCGTLBEntry, entries);
    fast->mask = (uint64_t)(entries - 1) << 5;
    slow->full = g_new(TCGTLBFull, entries);
    slow->hint = g_new0(uint32_t, entries);
    tlb_clear(fast->table, slow->full, entries);
}

void tcg_tlb_init(TCGVCPU *v)
{
    for (unsigned i = 0; i < TCG_MMU_MODES; i++) {
        tlb_alloc(v, i, TLB_MIN_ENTRIES);
        tlb_clear(v->tlb[i].victim, v->tlb[i].victim_full, VICTIM_SIZE);
        v->tlb[i].window_start = now_ns();
    }
}

void tcg_tlb_destroy(TCGVCPU *v)
{
    for (unsigned i = 0; i < TCG_MMU_MODES; i++) {
        g_free(v->tcg->tlb[i].table);
        g_free(v->tlb[i].full);
        g_free(v->tlb[i].hint);
        v->tcg->tlb[i] = (TCGTLBFast){0};
        v->tlb[i].full = NULL;
        v->tlb[i].hint = NULL;
    }
}

/* ---- Growing and shrinking; own thread, tlb_lock held ---- */

/*
 * Nearly full, or pages in use at the same time share slots: a copy's source and target may push
 * each other out at every access.
 */
static bool wants_growth(const TCGVCPU *v, unsigned mmu_idx)
{
    const TCGTLBSlow *slow = &v->tlb[mmu_idx];
    unsigned n = tlb_entries(v, mmu_idx);

    return n < TLB_MAX_ENTRIES && (slow->used * 10 > n * 7 ||
                                   (slow->evictions > n && n < TLB_COLLISION_ENTRIES));
}

static void tlb_grow(TCGVCPU *v, unsigned mmu_idx)
{
    TCGTLBFast *fast = &v->tcg->tlb[mmu_idx];
    TCGTLBSlow *slow = &v->tlb[mmu_idx];
    unsigned n = tlb_entries(v, mmu_idx);
    TCGTLBEntry *old = fast->table;
    TCGTLBFull *old_full = slow->full;
    uint32_t *old_hint = slow->hint;

    tlb_alloc(v, mmu_idx, n * 2);
    for (unsigned i = 0; i < n; i++) {
        if (old_full[i].ea != NO_PAGE) {
            unsigned to = tlb_index(v, old_full[i].ea, mmu_idx);
            fast->table[to] = old[i];
            slow->full[to] = old_full[i];
            slow->hint[to] = old_hint[i];
        }
    }
    slow->evictions = 0;
    g_free(old);
    g_free(old_full);
    g_free(old_hint);
    v->stats.tlb_resizes++;
}

/* True if code may have been reached through what is gone now. */
static bool tlb_flush_mode(TCGVCPU *v, unsigned mmu_idx)
{
    TCGTLBFast *fast = &v->tcg->tlb[mmu_idx];
    TCGTLBSlow *slow = &v->tlb[mmu_idx];
    unsigned n = tlb_entries(v, mmu_idx);

    if (slow->used == 0 && slow->victim_next == 0) {
        return false;
    }
    slow->window_max = MAX(slow->window_max, slow->used);
    if (n > TLB_MIN_ENTRIES && slow->window_max < n / 4) {
        int64_t now = now_ns();
        if (now - slow->window_start > WINDOW_NS) {
            unsigned want = TLB_MIN_ENTRIES;
            while (want < slow->window_max * 2) {
                want *= 2;
            }
            g_free(fast->table);
            g_free(slow->full);
            g_free(slow->hint);
            tlb_alloc(v, mmu_idx, want);
            slow->used = 0;
            slow->window_max = 0;
            slow->window_start = now;
            v->stats.tlb_resizes++;
        }
    } else {
        slow->window_max = 0;
        slow->window_start = now_ns();
    }
    if (slow->used) {
        tlb_clear(fast->table, slow->full, tlb_entries(v, mmu_idx));
        slow->used = 0;
    }
    if (slow->victim_next) {
        tlb_clear(slow->victim, slow->victim_full, VICTIM_SIZE);
        slow->victim_next = 0;
    }
    slow->evictions = 0;
    slow->n_large = 0;
    slow->code_lost = false;
    return true;
}

/* ---- Filling ---- */

/* Pages of one size that lie farther apart than this have records of their own while there are
 * some. */
#define LARGE_GAP ((uint64_t)1 << 36)

static void large_note(TCGTLBSlow *slow, uint64_t ea, unsigned shift)
{
    uint64_t size = (uint64_t)1 << MIN(shift, 63);
    uint64_t first = ea & ~(size - 1), last = first + (size - 1);

    for (unsigned i = 0; i < slow->n_large; i++) {
        TCGLargeRange *r = &slow->large[i];
        bool near = (first <= r->last || first - r->last < LARGE_GAP) &&
                    (last >= r->first || r->first - last < LARGE_GAP);
        if (r->shift == shift && near) {
            r->first = MIN(r->first, first);
            r->last = MAX(r->last, last);
            return;
        }
    }
    if (slow->n_large < LARGE_RANGES) {
        slow->large[slow->n_large++] = (TCGLargeRange){first, last, shift};
        return;
    }
    /* More sizes than records: widen the last one and let it stand for the larger size. */
    TCGLargeRange *r = &slow->large[LARGE_RANGES - 1];
    r->first = MIN(r->first, first);
    r->last = MAX(r->last, last);
    r->shift = MAX(r->shift, shift);
}

static void victim_drop(TCGTLBSlow *slow, uint64_t page)
{
    for (unsigned i = 0; i < VICTIM_SIZE; i++) {
        if (slow->victim_full[i].ea == page) {
            memset(&slow->victim[i], 0xff, sizeof(slow->victim[i]));
            slow->victim_full[i].ea = NO_PAGE;
        }
    }
}

/* Brings a victim into the table, which holds another page in its slot. */
static void victim_swap(TCGVCPU *v, unsigned i, unsigned mmu_idx)
{
    TCGTLBSlow *slow = &v->tlb[mmu_idx];
    unsigned at = tlb_index(v, slow->victim_full[i].ea, mmu_idx);
    TCGTLBEntry *to = &v->tcg->tlb[mmu_idx].table[at];

    spin_lock(&v->tlb_lock);
    TCGTLBEntry entry = *to;
    TCGTLBFull full = slow->full[at];
    *to = slow->victim[i];
    slow->full[at] = slow->victim_full[i];
    slow->hint[at] = host_hint(slow->full[at].host);
    slow->victim[i] = entry;
    slow->victim_full[i] = full;
    if (full.ea == NO_PAGE) {
        slow->used++;
    }
    if (wants_growth(v, mmu_idx)) {
        tlb_grow(v, mmu_idx);
    }
    spin_unlock(&v->tlb_lock);
}

bool tcg_tlb_victim(TCGVCPU *v, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool to_table,
                    TCGTLBEntry **entry, TCGTLBFull **full)
{
    TCGTLBSlow *slow = &v->tlb[mmu_idx];
    uint64_t page = ea & TCG_PAGE_MASK;
    unsigned i = 0;

    if (!slow->victim_next) {
        return false;
    }
    while (i < VICTIM_SIZE && slow->victim_full[i].ea != page) {
        i++;
    }
    if (i == VICTIM_SIZE) {
        return false;
    }
    *entry = &slow->victim[i];
    *full = &slow->victim_full[i];
    uint64_t tag = access == TCG_ACCESS_LOAD    ? (*entry)->read
                   : access == TCG_ACCESS_STORE ? (*entry)->write
                                                : (*entry)->code;
    if (tag & TCG_TLB_INVALID) {
        return false;
    }
    slow->evictions++;
    if (v->stats.tlb_victim_hits++ % VICTIM_HITS_A_SWAP == 0 || to_table) {
        victim_swap(v, i, mmu_idx);
        *full = tcg_tlb_full(v, ea, mmu_idx, entry);
    }
    return true;
}

static bool watch_on_page(CPUState *cpu, uint64_t page)
{
    for (unsigned i = 0; i < cpu->watchpoints->len; i++) {
        const CPUWatchpoint *wp = g_ptr_array_index(cpu->watchpoints, i);
        if (wp->addr <= page + (TCG_PAGE_SIZE - 1) && wp->addr + (wp->len - 1) >= page) {
            return true;
        }
    }
    return false;
}

static void tlb_insert(TCGVCPU *v, uint64_t page, unsigned mmu_idx, TCGTLBEntry entry,
                       const TCGTLBFull *full)
{
    TCGTLBSlow *slow = &v->tlb[mmu_idx];

    if (wants_growth(v, mmu_idx)) {
        tlb_grow(v, mmu_idx);
    }
    unsigned at = tlb_index(v, page, mmu_idx);
    TCGTLBEntry *to = &v->tcg->tlb[mmu_idx].table[at];
    TCGTLBFull *to_full = &slow->full[at];
    if (slow->victim_next) {
        victim_drop(slow, page);
    }
    if (to_full->ea == NO_PAGE) {
        slow->used++;
    } else if (to_full->ea != page) {
        unsigned i = slow->victim_next++ % VICTIM_SIZE;
        if (!slow->victim_next) {
            slow->victim_next = VICTIM_SIZE;
        }
        if (!(slow->victim[i].code & TCG_TLB_INVALID)) {
            slow->code_lost = true;
        }
        slow->victim[i] = *to;
        slow->victim_full[i] = *to_full;
        slow->evictions++;
    }
    *to = entry;
    *to_full = *full;
    slow->hint[at] = host_hint(full->host);
}

bool tcg_tlb_fill(TCGVCPU *v, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool probe,
                  TCGTranslation *out)
{
    uint64_t page = ea & TCG_PAGE_MASK;

    *out = (TCGTranslation){.page_shift = TCG_PAGE_BITS};
    if (!v->accel->ops->translate(v->cpu, ea, access, mmu_idx, probe, out)) {
        return false;
    }
    if (probe && out->update) {
        return false;
    }
    v->stats.tlb_fills++;
    unsigned prot = out->prot | (access == TCG_ACCESS_LOAD    ? TCG_PROT_READ
                                 : access == TCG_ACCESS_STORE ? TCG_PROT_WRITE
                                                              : TCG_PROT_EXEC);
    MemoryPage mem;
    address_space_lookup_page(v->as, out->raddr & TCG_PAGE_MASK, &mem);

    bool ram = mem.kind == MEMORY_PAGE_RAM, rom = mem.kind == MEMORY_PAGE_ROM;
    TCGTLBFull full = {
        .ea = page, .physical = out->raddr & TCG_PAGE_MASK, .host = ram || rom ? mem.host : NULL,
        .ram = ram || rom ? mem.ram_block : NULL,
        .section = rom || mem.kind == MEMORY_PAGE_IO ? mem.section : NULL,
    };
    uint64_t slow_flags = full.host ? 0 : TCG_TLB_MMIO;
    if (cpu_has_watchpoints(v->cpu) && watch_on_page(v->cpu, page)) {
        slow_flags |= TCG_TLB_WATCH;
    }
    uint64_t write_flags = slow_flags | (ram ? 0 : TCG_TLB_MMIO);
    if (!(prot & TCG_PROT_READ)) {
        write_flags |= TLB_SLOW;       /* a plain write tag would allow reads */
    }
    TCGTLBEntry entry = {
        .read = prot & TCG_PROT_READ ? page | slow_flags : UINT64_MAX,
        .write = prot & TCG_PROT_WRITE ? page | write_flags : UINT64_MAX,
        .code = prot & TCG_PROT_EXEC ? page | (slow_flags & TCG_TLB_MMIO) : UINT64_MAX,
        .addend = full.host ? (uint64_t)(uintptr_t)full.host - page : 0,
    };
    /*
     * Whoever clears a dirty bit comes for our tlb_lock afterwards to take the write permission:
     * either the bit is seen here, or the entry is in the table by then.
     */
    spin_lock(&v->tlb_lock);
    if (ram && (prot & TCG_PROT_WRITE) && !ram_page_fully_dirty(mem.ram_block, mem.ram_offset)) {
        entry.write |= TCG_TLB_NOTDIRTY;
    }
    tlb_insert(v, page, mmu_idx, entry, &full);
    spin_unlock(&v->tlb_lock);
    if (out->page_shift > TCG_PAGE_BITS) {
        large_note(&v->tlb[mmu_idx], ea, out->page_shift);
    }
    return true;
}

TCGTLBFull *tcg_tlb_full(TCGVCPU *v, uint64_t ea, unsigned mmu_idx, TCGTLBEntry **entry)
{
    unsigned at = tlb_index(v, ea, mmu_idx);
    *entry = &v->tcg->tlb[mmu_idx].table[at];
    return &v->tlb[mmu_idx].full[at];
}

/* ---- Taking permissions away; any thread ---- */

#define HINTS_AT_ONCE 64u
G_STATIC_ASSERT(TLB_MIN_ENTRIES % HINTS_AT_ONCE == 0);

/* True if one of them, of HINTS_AT_ONCE, is the page's. */
static bool hints_have(const uint32_t *hint, uint32_t page)
{
    uint32_t any = 0;

    for (unsigned i = 0; i < HINTS_AT_ONCE; i++) {
        any |= hint[i] == page;
    }
    return any;
}

static bool protect_entry(TCGTLBEntry *entry, const TCGTLBFull *full, const uint8_t *host,
                          uint64_t size)
{
    if (full->ea != NO_PAGE && full->host && (uint64_t)(full->host - host) < size &&
        !(entry->write & (TCG_TLB_INVALID | TCG_TLB_NOTDIRTY))) {
        __atomic_fetch_or(&entry->write, TCG_TLB_NOTDIRTY, __ATOMIC_SEQ_CST);
        return true;
    }
    return false;
}

bool tcg_tlb_protect(TCGVCPU *v, const uint8_t *host, uint64_t size)
{
    bool any = false;

    host = (const uint8_t *)((uintptr_t)host & TCG_PAGE_MASK);
    uint32_t hint = host_hint(host);
    bool one = size <= TCG_PAGE_SIZE;
    spin_lock(&v->tlb_lock);
    for (unsigned idx = 0; idx < TCG_MMU_MODES; idx++) {
        TCGTLBSlow *slow = &v->tlb[idx];
        if (slow->used) {
            unsigned n = tlb_entries(v, idx);
            for (unsigned i = 0; i < n; i++) {
                if (one && i % HINTS_AT_ONCE == 0 && !hints_have(slow->hint + i, hint)) {
                    i += HINTS_AT_ONCE - 1;
                    continue;
                }
                any |= protect_entry(&v->tcg->tlb[idx].table[i], &slow->full[i], host, size);
            }
        }
        if (slow->victim_next) {
            for (unsigned i = 0; i < VICTIM_SIZE; i++) {
                any |= protect_entry(&slow->victim[i], &slow->victim_full[i], host, size);
            }
        }
    }
    spin_unlock(&v->tlb_lock);
    return any;
}

void tcg_tlb_unprotect(TCGVCPU *v, uint64_t ea, unsigned mmu_idx)
{
    spin_lock(&v->tlb_lock);
    TCGTLBEntry *entry;
    TCGTLBFull *full = tcg_tlb_full(v, ea, mmu_idx, &entry);
    if (full->ea == (ea & TCG_PAGE_MASK) && full->ram && !(entry->write & TCG_TLB_INVALID) &&
        ram_page_fully_dirty(full->ram, full->host - full->ram->host)) {
        __atomic_fetch_and(&entry->write, ~(uint64_t)TCG_TLB_NOTDIRTY, __ATOMIC_SEQ_CST);
    }
    spin_unlock(&v->tlb_lock);
}

/* ---- Flushing ---- */

typedef struct FlushMatch { uint64_t first, size, mask; } FlushMatch;

static bool flush_matches(const FlushMatch *m, uint64_t page)
{
    return page != NO_PAGE && ((page - m->first) & m->mask) < m->size;
}

static bool flush_slot(TCGTLBEntry *entry, TCGTLBFull *full)
{
    bool code = !(entry->code & TCG_TLB_INVALID);

    memset(entry, 0xff, sizeof(*entry));
    full->ea = NO_PAGE;
    full->host = NULL;
    return code;
}

static bool tlb_flush_mode_range(TCGVCPU *v, unsigned mmu_idx, const FlushMatch *m)
{
    TCGTLBFast *fast = &v->tcg->tlb[mmu_idx];
    TCGTLBSlow *slow = &v->tlb[mmu_idx];
    unsigned n = tlb_entries(v, mmu_idx);
    uint64_t last = m->first + (m->size - 1);
    bool code = slow->code_lost;

    if (slow->used == 0 && slow->victim_next == 0) {
        return code;
    }
    for (unsigned i = 0; i < slow->n_large; i++) {
        const TCGLargeRange *r = &slow->large[i];
        if (((uint64_t)1 << MIN(r->shift, 63)) > m->size &&
            (m->mask != UINT64_MAX || (m->first <= r->last && last >= r->first))) {
            return tlb_flush_mode(v, mmu_idx) || code;
        }
    }
    if (m->size >> TCG_PAGE_BITS < n && m->mask == UINT64_MAX) {
        for (uint64_t i = 0; i < m->size >> TCG_PAGE_BITS; i++) {
            uint64_t page = m->first + (i << TCG_PAGE_BITS);
            unsigned at = tlb_index(v, page, mmu_idx);
            if (slow->full[at].ea == page) {
                code |= flush_slot(&fast->table[at], &slow->full[at]);
                slow->used--;
            }
        }
    } else {
        for (unsigned at = 0; at < n; at++) {
            if (flush_matches(m, slow->full[at].ea)) {
                code |= flush_slot(&fast->table[at], &slow->full[at]);
                slow->used--;
            }
        }
    }
    if (slow->victim_next) {
        for (unsigned i = 0; i < VICTIM_SIZE; i++) {
            if (flush_matches(m, slow->victim_full[i].ea)) {
                code |= flush_slot(&slow->victim[i], &slow->victim_full[i]);
            }
        }
    }
    return code;
}

/* Own thread (or nobody's), tlb_lock held. Indexes whose part of the jump cache may hold what is no
 * longer so. */
static uint32_t flush_now(TCGVCPU *v, const TCGFlush *f)
{
    FlushMatch m = {0};
    uint32_t code = 0;

    if (f->size) {
        m.first = f->ea & TCG_PAGE_MASK;
        m.size = (f->ea + f->size - 1 - m.first + TCG_PAGE_SIZE) & TCG_PAGE_MASK;
        m.mask = f->address_bits >= 64 ? UINT64_MAX : ((uint64_t)1 << f->address_bits) - 1;
        if (f->address_bits < 64) {
            m.first &= m.mask;
        }
        v->stats.tlb_page_flushes++;
    } else {
        v->stats.tlb_flushes++;
    }
    for (unsigned idx = 0; idx < TCG_MMU_MODES; idx++) {
        if (f->mmu_idx_mask & (1u << idx)) {
            if (m.size) {
                code |= (uint32_t)tlb_flush_mode_range(v, idx, &m) << idx;
            } else {
                code |= (uint32_t)tlb_flush_mode(v, idx) << idx;
            }
        }
    }
    return code;
}

static bool is_own(const TCGVCPU *v)
{
    return tcg_current == v || !__atomic_load_n(&v->started, __ATOMIC_ACQUIRE);
}

static void flush_request(TCGVCPU *v, const TCGFlush *f)
{
    spin_lock(&v->tlb_lock);
    if (is_own(v)) {
        uint32_t code = flush_now(v, f);
        spin_unlock(&v->tlb_lock);
        tcg_jump_key_step(v, code);
        return;
    }
    unsigned i = 0;
    while (i < v->n_flushes &&
           !(v->flushes[i].size == 0 &&
             (v->flushes[i].mmu_idx_mask & f->mmu_idx_mask) == f->mmu_idx_mask)) {
        i++;
    }
    if (i == v->n_flushes) {
        if (i == FLUSH_QUEUE) {
            uint32_t all = f->mmu_idx_mask;
            for (i = 0; i < FLUSH_QUEUE; i++) {
                all |= v->flushes[i].mmu_idx_mask;
            }
            v->flushes[0] = (TCGFlush){.mmu_idx_mask = all};
            v->n_flushes = 1;
        } else {
            v->flushes[v->n_flushes++] = *f;
        }
    }
    __atomic_store_n(&v->flush_pending, true, __ATOMIC_SEQ_CST);
    spin_unlock(&v->tlb_lock);
    tcg_exec_kick(v);
}

void tcg_tlb_run_flushes(TCGVCPU *v)
{
    if (G_LIKELY(!__atomic_load_n(&v->flush_pending, __ATOMIC_SEQ_CST))) {
        return;
    }
    uint32_t code = 0;
    spin_lock(&v->tlb_lock);
    for (unsigned i = 0; i < v->n_flushes; i++) {
        code |= flush_now(v, &v->flushes[i]);
    }
    v->n_flushes = 0;
    __atomic_store_n(&v->flush_pending, false, __ATOMIC_SEQ_CST);
    spin_unlock(&v->tlb_lock);
    tcg_jump_key_step(v, code);
}

/* ---- Interface ---- */

void tcg_tlb_flush_all(CPUState *cpu, uint32_t mmu_idx_mask)
{
    flush_request(tcg_vcpu(cpu), &(TCGFlush){.mmu_idx_mask = mmu_idx_mask});
}

void tcg_tlb_flush_range(CPUState *cpu, uint64_t ea, uint64_t size, unsigned address_bits,
                         uint32_t mmu_idx_mask)
{
    flush_request(tcg_vcpu(cpu), &(TCGFlush){.ea = ea, .size = size, .mmu_idx_mask = mmu_idx_mask,
                                             .address_bits = address_bits});
}

void tcg_tlb_flush_page(CPUState *cpu, uint64_t ea, uint32_t mmu_idx_mask)
{
    tcg_tlb_flush_range(cpu, ea & TCG_PAGE_MASK, TCG_PAGE_SIZE, 64, mmu_idx_mask);
}

static void flush_all_cpus(CPUState *cpu, const TCGFlush *f)
{
    TCGVCPU *self = tcg_vcpu(cpu);
    TCGAccel *accel = self->accel;

    mutex_lock(&accel->run_lock);
    for (unsigned i = 0; i < accel->vcpus->len; i++) {
        flush_request(g_ptr_array_index(accel->vcpus, i), f);
    }
    mutex_unlock(&accel->run_lock);
}

void tcg_tlb_flush_range_all_cpus(CPUState *cpu, uint64_t ea, uint64_t size, unsigned address_bits,
                                  uint32_t mmu_idx_mask)
{
    flush_all_cpus(cpu, &(TCGFlush){.ea = ea, .size = size, .mmu_idx_mask = mmu_idx_mask,
                                    .address_bits = address_bits});
}

void tcg_tlb_sync(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);

    if (v->accel->vcpus->len > 1) {
        v->want_sync = true;
        __atomic_store_n(&v->tcg->exit_request, 1, __ATOMIC_RELEASE);
    }
}

void tcg_tlb_flush_all_cpus_synced(CPUState *cpu, uint32_t mmu_idx_mask)
{
    flush_all_cpus(cpu, &(TCGFlush){.mmu_idx_mask = mmu_idx_mask});
    tcg_tlb_sync(cpu);
}

void tcg_tlb_flush_range_all_cpus_synced(CPUState *cpu, uint64_t ea, uint64_t size,
                                         unsigned address_bits, uint32_t mmu_idx_mask)
{
    tcg_tlb_flush_range_all_cpus(cpu, ea, size, address_bits, mmu_idx_mask);
    tcg_tlb_sync(cpu);
}

void tcg_jump_cache_flush(CPUState *cpu)
{
    tcg_jump_key_step(tcg_vcpu(cpu), TCG_ALL_MMU_IDX);
}
