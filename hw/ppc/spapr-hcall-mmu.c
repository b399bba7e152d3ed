/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory-management hypercalls: the hash page table (H_ENTER and its family, resizing), radix
 * process tables and page initialisation.  LoPAR 14.5.4.1 (page frame table), 14.5.4.3; Power
 * ISA 3.0B III 5.7.
 *
 * The hash page table is the machine's own memory, outside the guest's: big-endian doublewords, as
 * the processor would see it.  Doubleword 0 is made valid last and invalid first, so that a
 * processor that walks the table at the same time sees either the old or the new entry. Left out:
 * H_RESIZE_HPT keeps no background thread; the new table is allocated at PREPARE and filled at
 * COMMIT.
 */
#include <string.h>
#include <sys/mman.h>
#include "spapr-internal.h"
#include "system/rcu.h"
#include "target/ppc/spr.h"
#include "util/error.h"

#define HPTE_SIZE 16u
#define HPTES_PER_GROUP 8u

#define HPTE_V_SSIZE 0xc000000000000000ull
#define HPTE_V_AVPN_MASK 0x3fffffffffffff80ull
#define HPTE_V_BOLTED 0x10ull
#define HPTE_V_LARGE 0x4ull
#define HPTE_V_SECONDARY 0x2ull
#define HPTE_V_VALID 0x1ull
#define HPTE_R_PP0 0x8000000000000000ull
#define HPTE_R_KEY_HI 0x3000000000000000ull
#define HPTE_R_RPN 0x0ffffffffffff000ull
#define HPTE_R_KEY_LO 0xe00ull
#define HPTE_R_R 0x100ull
#define HPTE_R_C 0x80ull
#define HPTE_R_WIMG 0x78ull
#define HPTE_R_M 0x10ull
#define HPTE_R_I 0x20ull
#define HPTE_R_N 0x4ull
#define HPTE_R_PP 0x3ull

#define PAPR_BIT(n) (1ull << (63 - (n)))
#define H_FLAG_EXACT PAPR_BIT(24)
#define H_FLAG_READ_4 PAPR_BIT(26)
#define H_FLAG_AVPN PAPR_BIT(32)
#define H_FLAG_ANDCOND PAPR_BIT(33)
#define H_FLAG_ICACHE_INVALIDATE PAPR_BIT(40)
#define H_FLAG_ICACHE_SYNCHRONIZE PAPR_BIT(41)
#define H_FLAG_ZERO_PAGE PAPR_BIT(48)
#define H_FLAG_COPY_PAGE PAPR_BIT(49)

static uint64_t htab_hptes(const SpaprMachine *spapr)
{
    return spapr->htab ? 1ull << (spapr->htab_shift - 4) : 0;
}

static bool ptex_valid(const SpaprMachine *spapr, uint64_t ptex)
{
    return ptex < htab_hptes(spapr);
}

static uint64_t hpte_load(const SpaprMachine *spapr, uint64_t ptex, unsigned doubleword)
{
    return GUINT64_FROM_BE(__atomic_load_n(&spapr->htab[ptex * 2 + doubleword], __ATOMIC_ACQUIRE));
}

static void hpte_store(SpaprMachine *spapr, uint64_t ptex, uint64_t v, uint64_t r)
{
    uint64_t *hpte = &spapr->htab[ptex * 2];

    if (v & HPTE_V_VALID) {
        __atomic_store_n(&hpte[1], GUINT64_TO_BE(r), __ATOMIC_RELEASE);
        __atomic_store_n(&hpte[0], GUINT64_TO_BE(v), __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(&hpte[0], GUINT64_TO_BE(v), __ATOMIC_RELEASE);
        __atomic_store_n(&hpte[1], GUINT64_TO_BE(r), __ATOMIC_RELEASE);
    }
}

uint32_t spapr_htab_shift_for_ram(uint64_t ram)
{
    /* LoPAR: 1/64th of memory, rounded up to a power of two; 2^18 to 2^46 bytes. */
    uint32_t shift = 0;

    while (shift < 63 && (1ull << shift) < ram) {
        shift++;
    }
    return CLAMP((int)shift - 7, 18, 46);
}

static void htab_unmap(uint64_t *htab, uint32_t shift)
{
    if (htab) {
        munmap(htab, 1ull << shift);
    }
}

static uint64_t *htab_map(uint32_t shift, GError **errp)
{
    void *p = mmap(NULL, 1ull << shift, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED,
                    "cannot allocate a hash page table of 2^%u bytes: %s", shift,
                    g_strerror(errno));
        return NULL;
    }
    return p;
}

static void hpt_free(void *opaque)
{
    SpaprHpt *hpt = opaque;

    htab_unmap(hpt->base, hpt->shift);
    g_free(hpt);
}

/* Puts another table, or none, in the place of the one there is; processors may still walk that
 * one. */
static void htab_install(SpaprMachine *spapr, uint64_t *htab, uint32_t shift)
{
    SpaprHpt *old = spapr->hpt, *hpt = NULL;

    if (htab) {
        hpt = g_new(SpaprHpt, 1);
        *hpt = (SpaprHpt){htab, shift};
    }
    spapr->htab = htab;
    spapr->htab_shift = shift;
    rcu_publish(&spapr->hpt, hpt);
    if (old) {
        rcu_free_later(hpt_free, old);
    }
}

/* What H_RESIZE_HPT_PREPARE made for a table that is gone. */
static void drop_pending(SpaprMachine *spapr)
{
    htab_unmap(spapr->pending_htab, spapr->pending_htab_shift);
    spapr->pending_htab = NULL;
    spapr->pending_htab_shift = 0;
}

bool spapr_htab_allocate(SpaprMachine *spapr, uint32_t shift, GError **errp)
{
    uint64_t *htab = NULL;

    if (shift) {
        htab = htab_map(shift, errp);
        if (!htab) {
            return false;
        }
    }
    htab_install(spapr, htab, shift);
    drop_pending(spapr);
    return true;
}

/* Actual page size of an entry from its L and LP fields alone; 0: no such encoding on this model.
 */
static unsigned hpte_page_shift(const PowerPCCPU *cpu, uint64_t v, uint64_t r)
{
    const PPCSegmentPageSizes *segment;

    if (!(v & HPTE_V_LARGE)) {
        return 12;
    }
    for (segment = cpu->model->page_sizes; segment && segment->shift; segment++) {
        if (segment->shift == 12) {
            continue;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(segment->enc) && segment->enc[i].shift; i++) {
            unsigned shift = segment->enc[i].shift;
            uint64_t mask = ((1ull << shift) - 1) & HPTE_R_RPN;

            if ((r & mask) == (uint64_t)segment->enc[i].pte_enc << 12) {
                return shift;
            }
        }
    }
    /* 64K pages in a 4K segment. */
    segment = cpu->model->page_sizes;
    for (; segment && segment->shift; segment++) {
        if (segment->shift != 12) {
            continue;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(segment->enc) && segment->enc[i].shift; i++) {
            unsigned shift = segment->enc[i].shift;
            uint64_t mask = ((1ull << shift) - 1) & HPTE_R_RPN;

            if (shift > 12 && (r & mask) == (uint64_t)segment->enc[i].pte_enc << 12) {
                return shift;
            }
        }
    }
    return 0;
}

static HCallResult h_enter(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t flags = args[0], ptex = args[1], v = args[2], r = args[3];
    unsigned shift = hpte_page_shift(cpu, v, r);
    uint64_t raddr;

    if (!shift || shift > spapr_cap(spapr, SPAPR_CAP_HPT_MAXPAGESIZE)) {
        return H_PARAMETER;
    }
    raddr = r & HPTE_R_RPN & ~((1ull << shift) - 1);
    if (spapr_is_ram(spapr, raddr, 1)) {
        if ((r & HPTE_R_WIMG) != HPTE_R_M) {
            return H_PARAMETER;
        }
    } else if (!(r & HPTE_R_I) || (r & HPTE_R_WIMG & ~(HPTE_R_I | 0x8ull))) {
        /* I/O: caching inhibited, guarded or not. */
        return H_PARAMETER;
    }
    v &= ~0x60ull;
    if (!ptex_valid(spapr, ptex)) {
        return H_PARAMETER;
    }
    if (flags & H_FLAG_EXACT) {
        if (hpte_load(spapr, ptex, 0) & HPTE_V_VALID) {
            return H_PTEG_FULL;
        }
    } else {
        unsigned slot = 0;

        ptex &= ~(uint64_t)(HPTES_PER_GROUP - 1);
        while (slot < HPTES_PER_GROUP && (hpte_load(spapr, ptex + slot, 0) & HPTE_V_VALID)) {
            slot++;
        }
        if (slot == HPTES_PER_GROUP) {
            return H_PTEG_FULL;
        }
        ptex += slot;
    }
    hpte_store(spapr, ptex, v, r);
    args[0] = ptex;
    return H_SUCCESS;
}

/* Does flags' AVPN/ANDCOND condition hold for doubleword 0? */
static bool hpte_condition(uint64_t flags, uint64_t avpn, uint64_t v)
{
    return !((flags & H_FLAG_AVPN) && (v & ~0x7full) != avpn) &&
           !((flags & H_FLAG_ANDCOND) && (v & avpn) != 0);
}

static HCallResult remove_hpte(SpaprMachine *spapr, uint64_t ptex, uint64_t avpn, uint64_t flags,
                               uint64_t *v_out, uint64_t *r_out)
{
    uint64_t v, r;

    if (!ptex_valid(spapr, ptex)) {
        return H_PARAMETER;
    }
    v = hpte_load(spapr, ptex, 0);
    if (!(v & HPTE_V_VALID) || !hpte_condition(flags, avpn, v)) {
        return H_NOT_FOUND;
    }
    /* Invalidate first: R and C set by a walker up to now must be in what we return. */
    __atomic_store_n(&spapr->htab[ptex * 2], GUINT64_TO_BE((uint64_t)0), __ATOMIC_SEQ_CST);
    r = hpte_load(spapr, ptex, 1);
    *v_out = v;
    *r_out = r;
    return H_SUCCESS;
}

static HCallResult h_remove(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t v, r;
    HCallResult result = remove_hpte(spapr, args[1], args[2], args[0], &v, &r);

    if (result == H_SUCCESS) {
        spapr_tlb_flush_all_cpus(spapr, cpu);
        args[0] = v;
        /* A processor that ran with the old translation until the flush may have set R or C. */
        args[1] = r | (hpte_load(spapr, args[1], 1) & (HPTE_R_R | HPTE_R_C));
    }
    return result;
}

#define BULK_TYPE 0xc000000000000000ull
#define BULK_REQUEST 0x4000000000000000ull
#define BULK_RESPONSE 0x8000000000000000ull
#define BULK_END 0xc000000000000000ull
#define BULK_CODE_SHIFT 60
#define BULK_RC_SHIFT 51         /* R and C below the code */
#define BULK_FLAGS 0x0300000000000000ull
#define BULK_ANDCOND 0x0100000000000000ull
#define BULK_AVPN 0x0200000000000000ull
#define BULK_PTEX 0x00ffffffffffffffull
#define BULK_MAX 4

static HCallResult h_bulk_remove(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                 uint64_t *args)
{
    HCallResult result = H_SUCCESS;
    bool flush = false;

    for (unsigned i = 0; i < BULK_MAX; i++) {
        uint64_t *high = &args[i * 2], *low = &args[i * 2 + 1];
        uint64_t flags = 0, v, r = 0;
        HCallResult one;

        if ((*high & BULK_TYPE) == BULK_END) {
            break;
        }
        if ((*high & BULK_TYPE) != BULK_REQUEST) {
            result = H_PARAMETER;
            break;
        }
        if (*high & BULK_AVPN) {
            flags |= H_FLAG_AVPN;
        }
        if (*high & BULK_ANDCOND) {
            flags |= H_FLAG_ANDCOND;
        }
        /* One condition or the other: both at once is no request. */
        one = (*high & BULK_FLAGS) == BULK_FLAGS
                  ? H_PARAMETER
                  : remove_hpte(spapr, *high & BULK_PTEX, *low, flags, &v, &r);
        *high &= BULK_PTEX | BULK_FLAGS;
        *high |= BULK_RESPONSE;
        switch (one) {
        case H_SUCCESS:
            *high |= (r & (HPTE_R_C | HPTE_R_R)) << BULK_RC_SHIFT;
            flush = true;
            break;
        case H_NOT_FOUND:
            *high |= 1ull << BULK_CODE_SHIFT;
            break;
        default:
            *high |= 2ull << BULK_CODE_SHIFT;
            result = H_PARAMETER;
            break;
        }
        if (result != H_SUCCESS) {
            break;
        }
    }
    if (flush) {
        spapr_tlb_flush_all_cpus(spapr, cpu);
    }
    return result;
}

static HCallResult h_protect(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t flags = args[0], ptex = args[1], avpn = args[2], v, r;

    if (!ptex_valid(spapr, ptex)) {
        return H_PARAMETER;
    }
    v = hpte_load(spapr, ptex, 0);
    if (!(v & HPTE_V_VALID) || !hpte_condition(flags & ~H_FLAG_ANDCOND, avpn, v)) {
        return H_NOT_FOUND;
    }
    r = hpte_load(spapr, ptex, 1);
    r &= ~(HPTE_R_PP0 | HPTE_R_PP | HPTE_R_N | HPTE_R_KEY_HI | HPTE_R_KEY_LO);
    r |= (flags << 55) & HPTE_R_PP0;
    r |= (flags << 48) & HPTE_R_KEY_HI;
    r |= flags & (HPTE_R_PP | HPTE_R_N | HPTE_R_KEY_LO);
    __atomic_store_n(&spapr->htab[ptex * 2], GUINT64_TO_BE(v & ~HPTE_V_VALID), __ATOMIC_SEQ_CST);
    spapr_tlb_flush_all_cpus(spapr, cpu);
    /* What processors noted until the flush stays. */
    r |= hpte_load(spapr, ptex, 1) & (HPTE_R_R | HPTE_R_C);
    hpte_store(spapr, ptex, v, r);
    return H_SUCCESS;
}

static HCallResult h_read(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t flags = args[0], ptex = args[1];
    unsigned count = 1;

    if (!ptex_valid(spapr, ptex)) {
        return H_PARAMETER;
    }
    if (flags & H_FLAG_READ_4) {
        ptex &= ~3ull;
        count = 4;
    }
    for (unsigned i = 0; i < count; i++) {
        args[i * 2] = hpte_load(spapr, ptex + i, 0);
        args[i * 2 + 1] = hpte_load(spapr, ptex + i, 1);
    }
    return H_SUCCESS;
}

/* ---- Resizing the hash page table ---- */

static HCallResult h_resize_hpt_prepare(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                        uint64_t *args)
{
    uint64_t flags = args[0], shift = args[1];
    uint64_t *table;

    if (!spapr->resize_hpt_enabled) {
        return H_AUTHORITY;
    }
    if (!spapr->htab_shift) {
        return H_NOT_AVAILABLE;
    }
    if (flags) {
        return H_PARAMETER;
    }
    if (shift && (shift < 18 || shift > 46)) {
        return H_PARAMETER;
    }
    if (shift && shift > spapr_htab_shift_for_ram(spapr->parent.maxram_size) + 1u) {
        return H_RESOURCE;
    }
    if (spapr->pending_htab && spapr->pending_htab_shift == shift) {
        return H_SUCCESS;
    }
    drop_pending(spapr);
    if (!shift) {
        return H_SUCCESS;
    }
    table = htab_map(shift, NULL);
    if (!table) {
        return H_NO_MEM;
    }
    spapr->pending_htab = table;
    spapr->pending_htab_shift = shift;
    return H_SUCCESS;
}

/* Hash of the virtual page number an entry stands for; the entry's own slot supplies the low bits.
 */
static HCallResult rehash_one(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t old_ptex, uint64_t v,
                              uint64_t r)
{
    uint64_t old_mask = (1ull << (spapr->htab_shift - 7)) - 1;
    uint64_t new_mask = (1ull << (spapr->pending_htab_shift - 7)) - 1;
    unsigned page_shift = hpte_page_shift(cpu, v, r);
    unsigned base_shift;
    uint64_t pteg = old_ptex / HPTES_PER_GROUP, avpn, hash, new_pteg, *slot;
    bool segment_1t = (v & HPTE_V_SSIZE) >> 62 == 1;

    if (!page_shift) {
        return H_PARAMETER;
    }
    /* The base page size is the segment's: the smallest whose encoding the LP field carries. */
    base_shift = (v & HPTE_V_LARGE) ? MIN(page_shift, 16u) : 12;
    if ((v & HPTE_V_LARGE) && page_shift == 24 && (r & 0xff000) == 0) {
        base_shift = 24;
    }
    avpn = v & HPTE_V_AVPN_MASK & ~(((1ull << base_shift) - 1) >> 23);
    if (v & HPTE_V_SECONDARY) {
        pteg = ~pteg;
    }
    if (!segment_1t) {
        uint64_t offset = (avpn & 0x1f) << 23, vsid = avpn >> 5;

        if (base_shift < 23) {
            offset |= ((vsid ^ pteg) & old_mask) << base_shift;
        }
        hash = vsid ^ (offset >> base_shift);
    } else {
        uint64_t offset = (avpn & 0x1ffff) << 23, vsid = avpn >> 17;

        if (base_shift < 23) {
            offset |= ((vsid ^ (vsid << 25) ^ pteg) & old_mask) << base_shift;
        }
        hash = vsid ^ (vsid << 25) ^ (offset >> base_shift);
    }
    new_pteg = ((v & HPTE_V_SECONDARY) ? ~hash : hash) & new_mask;
    slot = &spapr->pending_htab[new_pteg * HPTES_PER_GROUP * 2];
    for (unsigned i = 0; i < HPTES_PER_GROUP; i++, slot += 2) {
        uint64_t old = GUINT64_FROM_BE(slot[0]);

        if (!(old & HPTE_V_VALID) || (i == HPTES_PER_GROUP - 1 && !(old & HPTE_V_BOLTED))) {
            slot[1] = GUINT64_TO_BE(r);
            slot[0] = GUINT64_TO_BE(v);
            return H_SUCCESS;
        }
    }
    /* Only bolted entries matter: the guest refaults the others in. */
    return (v & HPTE_V_BOLTED) ? H_PTEG_FULL : H_SUCCESS;
}

static HCallResult h_resize_hpt_commit(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                       uint64_t *args)
{
    uint64_t flags = args[0], shift = args[1], n = htab_hptes(spapr);

    if (!spapr->resize_hpt_enabled) {
        return H_AUTHORITY;
    }
    if (flags || !spapr->htab_shift) {
        return H_PARAMETER;
    }
    if (!spapr->pending_htab || spapr->pending_htab_shift != shift) {
        return H_CLOSED;
    }
    /* The guest guarantees (LoPAR) that every other processor waits in stop-machine meanwhile. */
    memset(spapr->pending_htab, 0, 1ull << spapr->pending_htab_shift);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t v = hpte_load(spapr, i, 0);
        HCallResult result;

        if (!(v & HPTE_V_VALID) || !(v & HPTE_V_BOLTED)) {
            continue;
        }
        result = rehash_one(spapr, cpu, i, v, hpte_load(spapr, i, 1));
        if (result != H_SUCCESS) {
            return result;
        }
    }
    htab_install(spapr, spapr->pending_htab, spapr->pending_htab_shift);
    spapr->pending_htab = NULL;
    spapr->pending_htab_shift = 0;
    spapr_tlb_flush_all_cpus(spapr, cpu);
    return H_SUCCESS;
}

/* ---- Radix ---- */

#define PROC_TBL_MODIFY 0x10ull
#define PROC_TBL_REGISTER 0x08ull
#define PROC_TBL_RADIX 0x04ull
#define PROC_TBL_GTSE 0x01ull
#define PROC_TBL_FLAGS 0x1full
#define PATE1_RADIX (1ull << 63)     /* as the wire has it: GR bit of the guest's entry */
#define LPCR_UPRT_BIT (1ull << 22)
#define LPCR_GTSE_BIT (1ull << 10)
#define LPCR_HR_BIT (1ull << 20)

static void set_mmu_lpcr(CPUState *cs, const void *data)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    uint64_t bits = *(const uint64_t *)data;

    cpu->env.spr[SPR_LPCR] =
        (cpu->env.spr[SPR_LPCR] & ~(LPCR_UPRT_BIT | LPCR_GTSE_BIT | LPCR_HR_BIT)) | bits;
    ppc_update_hflags(&cpu->env);
    ppc_tlb_flush_all(cpu);
}

static HCallResult h_register_process_table(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                            uint64_t *args)
{
    uint64_t flags = args[0], table = args[1], page_size = args[2], table_size = args[3];
    uint64_t entry, lpcr = 0;
    bool was_radix = spapr->patb_entry & PATE1_RADIX;

    if (cpu->model->mmu != MMU_64_RADIX) {
        return H_FUNCTION;
    }
    if (flags & ~PROC_TBL_FLAGS) {
        return H_PARAMETER;
    }
    if (flags & PROC_TBL_MODIFY) {
        if (flags & PROC_TBL_REGISTER) {
            if (flags & PROC_TBL_RADIX) {
                if ((table & 0xfff) || (table >> 60) || page_size) {
                    return H_P2;
                }
                if (table_size > 24) {
                    return H_P4;
                }
                entry = PATE1_RADIX | table | table_size;
            } else {
                if (table >> 38) {
                    return H_P2;
                }
                if (page_size & ~7ull) {
                    return H_P3;
                }
                if (table_size > 24) {
                    return H_P4;
                }
                entry = (table << 25) | (page_size << 5) | table_size;
            }
        } else {
            entry = (flags & PROC_TBL_RADIX) ? PATE1_RADIX : 0;
        }
    } else {
        entry = spapr->patb_entry;
        if (!!(flags & PROC_TBL_RADIX) != was_radix) {
            return H_PARAMETER;
        }
    }
    if (!(entry & PATE1_RADIX) && was_radix) {
        if (!spapr->htab && !spapr_htab_allocate(
                                spapr, spapr_htab_shift_for_ram(spapr->parent.maxram_size), NULL)) {
            return H_NO_MEM;
        }
    } else if ((entry & PATE1_RADIX) && !was_radix) {
        spapr_htab_allocate(spapr, 0, NULL);
    }
    spapr->patb_entry = entry;
    if ((flags & PROC_TBL_REGISTER) || (flags & PROC_TBL_RADIX)) {
        lpcr |= LPCR_UPRT_BIT;
    }
    if (flags & PROC_TBL_RADIX) {
        lpcr |= LPCR_HR_BIT;
    } else {
        lpcr &= ~LPCR_UPRT_BIT;
    }
    if (flags & PROC_TBL_GTSE) {
        lpcr |= LPCR_GTSE_BIT;
    }
    spapr_run_on_all_cpus(spapr, cpu, set_mmu_lpcr, &lpcr, sizeof(lpcr));
    return H_SUCCESS;
}

/* ---- Page initialisation, cache ---- */

static HCallResult h_page_init(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    uint64_t flags = args[0], dst = args[1], src = args[2];

    if (flags & ~(H_FLAG_ICACHE_SYNCHRONIZE | H_FLAG_ICACHE_INVALIDATE | H_FLAG_ZERO_PAGE |
                  H_FLAG_COPY_PAGE)) {
        log_mask(LOG_UNIMP, "H_PAGE_INIT: flags 0x%" PRIx64 " unknown\n", flags);
        return H_PARAMETER;
    }
    if ((dst & 0xfff) || !spapr_is_ram(spapr, dst, 4096)) {
        return H_PARAMETER;
    }
    if (flags & H_FLAG_COPY_PAGE) {
        uint8_t page[4096];

        if ((src & 0xfff) || !spapr_is_ram(spapr, src, 4096)) {
            return H_PARAMETER;
        }
        spapr_read(spapr, src, page, sizeof(page));
        spapr_write(spapr, dst, page, sizeof(page));
    } else if (flags & H_FLAG_ZERO_PAGE) {
        spapr_zero(spapr, dst, 4096);
    }
    return H_SUCCESS;
}

static HCallResult h_clean_slb(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    log_mask(LOG_UNIMP, "hypercall 0x%" PRIx64 " (radix segment clean-up) is not provided\n",
             opcode);
    return H_FUNCTION;
}

const SpaprHCall spapr_hcalls_mmu[] = {
    {0x04, "H_REMOVE", h_remove},
    {0x08, "H_ENTER", h_enter},
    {0x0c, "H_READ", h_read},
    {0x18, "H_PROTECT", h_protect},
    {0x2c, "H_PAGE_INIT", h_page_init},
    {0x124, "H_BULK_REMOVE", h_bulk_remove},
    {0x36c, "H_RESIZE_HPT_PREPARE", h_resize_hpt_prepare},
    {0x370, "H_RESIZE_HPT_COMMIT", h_resize_hpt_commit},
    {0x374, "H_CLEAN_SLB", h_clean_slb},
    {0x378, "H_INVALIDATE_PID", h_clean_slb},
    {0x37c, "H_REGISTER_PROC_TBL", h_register_process_table},
    {0},
};
