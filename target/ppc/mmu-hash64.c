/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashed page table translation of 64-bit processors.
 *
 * From Power ISA 3.0B book III 5.7.7 (virtual addresses), 5.7.9 (page table search, with the
 * doubleword layout that partitions use: B and the whole AVA in doubleword 0), 5.7.12 (R and
 * C), 5.7.13 (protection), 5.7.3 (real mode: VRMA and limit).  The table belongs to the machine
 * (vhyp) or lies in memory at SDR1 or the partition table's doubleword 0.
 */
#include "internal.h"
#include "util/bswap.h"
#include "util/log.h"

#define HPTE_V_VALID 1ull
#define HPTE_V_SECONDARY 2ull
#define HPTE_V_LARGE 4ull
#define HPTE_V_AVPN 0x3fffffffffffff80ull
#define HPTE_V_COMPARE 0xffffffffffffff83ull  /* B, AVA, H, V: not software bits, L and LP's */

#define HPTE_R_PP0 0x8000000000000000ull
#define HPTE_R_KEY_HI 0x3000000000000000ull
#define HPTE_R_KEY_HI_SHIFT 57
#define HPTE_R_KEY_LO 0x0e00ull
#define HPTE_R_KEY_LO_SHIFT 9
#define HPTE_R_RPN 0x0ffffffffffff000ull
#define HPTE_R_RPN_SHIFT 12
#define HPTE_R_R 0x100ull
#define HPTE_R_C 0x080ull
#define HPTE_R_G 0x008ull
#define HPTE_R_N 0x004ull
#define HPTE_R_PP 0x003ull

#define FAULT_NO_TRANSLATION 0x40000000u
#define FAULT_NO_EXECUTE 0x10000000u
#define FAULT_PROTECTION 0x08000000u
#define FAULT_STORE 0x02000000u
#define FAULT_KEY 0x00200000u            /* virtual page class key protection */

#define PTES_PER_GROUP 8

/* Where the table is: host memory of the machine, or a guest physical address. */
typedef struct HashTable {
    uint64_t *host;
    uint64_t base;
    uint64_t group_mask;
} HashTable;

static bool hash_table(PowerPCCPU *cpu, HashTable *table)
{
    CPUPPCState *env = &cpu->env;
    uint64_t sdr1, size;

    table->host = NULL;
    if (cpu->vhyp) {
        table->host = cpu->vhyp->hpt ? cpu->vhyp->hpt(cpu->vhyp_opaque, &table->group_mask) : NULL;
        return table->host != NULL;
    }
    if (cpu->model->mmu == MMU_64_RADIX) {
        uint64_t ptcr = env->spr[SPR_PTCR];
        uint64_t lpid = env->spr[SPR_LPIDR];

        if (lpid >= 1ull << ((ptcr & PTCR_PATS) + 8) ||
            !ppc_physical_ldq(cpu, (ptcr & PTCR_PATB) + lpid * 16, &sdr1)) {
            return false;
        }
    } else {
        sdr1 = env->spr[SPR_SDR1];
    }
    size = sdr1 & 0x1f;
    if (size > 28) {
        return false;
    }
    table->base = sdr1 & 0x0ffffffffffc0000ull;
    table->group_mask = (1ull << (size + 18 - 7)) - 1;
    return true;
}

static bool hpte_read(PowerPCCPU *cpu, const HashTable *table, uint64_t ptex, uint64_t pte[2])
{
    if (table->host) {
        const uint64_t *p = table->host + ptex * 2;

        pte[0] = be64_to_cpu(__atomic_load_n(&p[0], __ATOMIC_ACQUIRE));
        pte[1] = be64_to_cpu(__atomic_load_n(&p[1], __ATOMIC_RELAXED));
        return true;
    }
    return ppc_physical_ldq(cpu, table->base + ptex * 16, &pte[0]) &&
           ppc_physical_ldq(cpu, table->base + ptex * 16 + 8, &pte[1]);
}

/* Sets R, and C for a store; the machine may want to do so itself in a table of its own. */
static void hpte_mark(PowerPCCPU *cpu, const HashTable *table, uint64_t ptex, uint64_t pte1,
                      bool store)
{
    uint8_t *host = (uint8_t *)(table->host + ptex * 2 + 1);

    if (!table->host) {
        ppc_physical_mark(cpu, table->base + ptex * 16 + 8, pte1, store);
        return;
    }
    if (!(pte1 & HPTE_R_R)) {
        if (cpu->vhyp->hpte_set_r) {
            cpu->vhyp->hpte_set_r(cpu->vhyp_opaque, ptex, pte1);
        } else {
            __atomic_fetch_or(&host[6], HPTE_R_R >> 8, __ATOMIC_RELAXED);
        }
    }
    if (store && !(pte1 & HPTE_R_C)) {
        if (cpu->vhyp->hpte_set_c) {
            cpu->vhyp->hpte_set_c(cpu->vhyp_opaque, ptex, pte1 | HPTE_R_R);
        } else {
            __atomic_fetch_or(&host[7], HPTE_R_C, __ATOMIC_RELAXED);
        }
    }
}

/* Actual page size of an entry in a segment of the given base size; 0: none that the model knows.
 */
static unsigned actual_page_shift(const PPCSegmentPageSizes *sizes, uint64_t pte0, uint64_t pte1)
{
    if (!(pte0 & HPTE_V_LARGE)) {
        return sizes->shift == 12 ? 12 : 0;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes->enc) && sizes->enc[i].shift; i++) {
        const PPCPageSize *size = &sizes->enc[i];
        uint64_t mask = ((1ull << size->shift) - 1) & HPTE_R_RPN;

        if (size->shift == 12) {
            continue;           /* L is clear for those */
        }
        if ((pte1 & mask) == (uint64_t)size->pte_enc << HPTE_R_RPN_SHIFT) {
            return size->shift;
        }
    }
    return 0;
}

/* One group. The index of the matching entry, or -1. */
static int64_t search_group(PowerPCCPU *cpu, const HashTable *table,
                            const PPCSegmentPageSizes *sizes, uint64_t group, uint64_t wanted,
                            uint64_t pte[2], unsigned *shift)
{
    uint64_t first = (group & table->group_mask) * PTES_PER_GROUP;

    for (unsigned i = 0; i < PTES_PER_GROUP; i++) {
        if (!hpte_read(cpu, table, first + i, pte)) {
            return -1;
        }
        if ((pte[0] ^ wanted) & HPTE_V_COMPARE) {
            continue;
        }
        *shift = actual_page_shift(sizes, pte[0], pte[1]);
        if (*shift) {
            return (int64_t)(first + i);
        }
    }
    return -1;
}

static int64_t search_table(PowerPCCPU *cpu, const HashTable *table, const PPCSLBEntry *slb,
                            uint64_t ea, uint64_t pte[2], unsigned *shift)
{
    const PPCSegmentPageSizes *sizes = &cpu->model->page_sizes[slb->page_encoding];
    uint64_t vsid, epn, hash, wanted;
    bool one_tb = (slb->vsid & SLB_VSID_B) == SLB_VSID_B_1T;
    int64_t ptex;

    epn = ea & ((1ull << (one_tb ? SEGMENT_SHIFT_1T : SEGMENT_SHIFT_256M)) - 1);
    epn &= ~((1ull << sizes->shift) - 1);
    if (one_tb) {
        vsid = (slb->vsid & SLB_VSID_VSID) >> 24;
        hash = vsid ^ (vsid << 25) ^ (epn >> sizes->shift);
    } else {
        vsid = (slb->vsid & SLB_VSID_VSID) >> 12;
        hash = vsid ^ (epn >> sizes->shift);
    }
    wanted = (slb->vsid & (SLB_VSID_B | SLB_VSID_VSID)) | (epn >> 16 & HPTE_V_AVPN) | HPTE_V_VALID;
    ptex = search_group(cpu, table, sizes, hash, wanted, pte, shift);
    if (ptex < 0 && !(cpu->env.spr[SPR_LPCR] & LPCR_TC)) {
        ptex = search_group(cpu, table, sizes, ~hash, wanted | HPTE_V_SECONDARY, pte, shift);
    }
    return ptex;
}

/* Page protection (figure "PP bit protection states"): key from the segment. */
static void page_protection(unsigned pp, bool key, bool *readable, bool *writable)
{
    if (!key) {
        *readable = pp < 4 || pp == 6;
        *writable = pp < 3;
    } else {
        *readable = pp == 1 || pp == 2 || pp == 3;
        *writable = pp == 2;
    }
}

static bool fault(PPCTranslation *out, PPCAccess access, uint64_t ea, uint32_t cause)
{
    if (access == ACCESS_FETCH) {
        return ppc_translation_fail(out, EXCP_ISI, cause, ea, 0);
    }
    return ppc_translation_fail(out, EXCP_DSI, 0, ea,
                                cause | (access == ACCESS_STORE ? FAULT_STORE : 0));
}

static bool translate_by_slb(PowerPCCPU *cpu, const PPCSLBEntry *slb, uint64_t ea, PPCAccess access,
                             unsigned mmu_idx, bool probe, PPCTranslation *out)
{
    CPUPPCState *env = &cpu->env;
    bool user = mmu_idx_is_user(mmu_idx), store = access == ACCESS_STORE;
    bool page_read, page_write, key_read = true, key_write = true, key_exec = true, no_execute;
    uint64_t pte[2], mask;
    uint32_t cause = 0;
    HashTable table;
    unsigned shift, key;
    int64_t ptex;

    if (access == ACCESS_FETCH && slb->vsid & SLB_VSID_N) {
        return fault(out, access, ea, FAULT_NO_EXECUTE);
    }
    if (!hash_table(cpu, &table)) {
        return fault(out, access, ea, FAULT_NO_TRANSLATION);
    }
    ptex = search_table(cpu, &table, slb, ea, pte, &shift);
    if (ptex < 0) {
        return fault(out, access, ea, FAULT_NO_TRANSLATION);
    }
    page_protection((pte[1] & HPTE_R_PP) | (pte[1] & HPTE_R_PP0 ? 4 : 0),
                    slb->vsid & (user ? SLB_VSID_KP : SLB_VSID_KS), &page_read, &page_write);
    no_execute = pte[1] & (HPTE_R_N | HPTE_R_G) || slb->vsid & SLB_VSID_N;
    if (cpu_is_2_06(cpu)) {
        key = (pte[1] & HPTE_R_KEY_HI) >> HPTE_R_KEY_HI_SHIFT |
              (pte[1] & HPTE_R_KEY_LO) >> HPTE_R_KEY_LO_SHIFT;
        key_write = !(env->spr[SPR_AMR] >> (63 - 2 * key) & 1);
        key_read = !(env->spr[SPR_AMR] >> (62 - 2 * key) & 1);
        if (cpu->model->insns & ISA_2_07) {
            key_exec = !(env->spr[SPR_IAMR] >> (62 - 2 * key) & 1);
        }
    }
    if (access == ACCESS_FETCH) {
        if (no_execute) {
            cause |= FAULT_NO_EXECUTE;
        } else if (!page_read) {
            cause |= FAULT_PROTECTION;
        } else if (!key_exec) {
            cause |= FAULT_KEY;
        }
    } else {
        if (store ? !page_write : !page_read) {
            cause |= FAULT_PROTECTION;
        }
        if (store ? !key_write : !key_read) {
            cause |= FAULT_KEY;
        }
    }
    if (cause) {
        return fault(out, access, ea, cause);
    }
    out->dirty = pte[1] & HPTE_R_C || (store && !probe);
    out->update = !(pte[1] & HPTE_R_R) || (store && !(pte[1] & HPTE_R_C));
    if (!probe && out->update) {
        hpte_mark(cpu, &table, (uint64_t)ptex, pte[1], store);
    }
    /* The engine may keep what a probe found. */
    cpu->amr_is_kuap = false;
    if (!user && !(ea >> 63)) {
        ppc_note_user_page(cpu, ea);
    }
    mask = (1ull << shift) - 1;
    out->raddr = (pte[1] & HPTE_R_RPN & ~mask) | (ea & mask);
    out->page_shift = shift;
    out->readable = page_read && key_read;
    out->writable = page_write && key_write;
    out->executable = page_read && !no_execute && key_exec;
    return true;
}

bool ppc_hash64_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                          bool probe, PPCTranslation *out)
{
    const PPCSLBEntry *slb = ppc_slb_lookup(cpu, ea);

    if (!slb) {
        return ppc_translation_fail(out, access == ACCESS_FETCH ? EXCP_ISEG : EXCP_DSEG, 0, ea, 0);
    }
    return translate_by_slb(cpu, slb, ea, access, mmu_idx, probe, out);
}

/* Real-mode limit sizes by LPCR.RMLS (2.06, 2.07); 0: not a size. */
static uint64_t rmls_limit(const CPUPPCState *env)
{
    static const uint64_t sizes[16] = {
        0, 16ull << 30, 1ull << 30, 64ull << 20, 256ull << 20, 0, 0, 128ull << 20, 32ull << 20,
    };

    return sizes[(env->spr[SPR_LPCR] & LPCR_RMLS) >> LPCR_RMLS_SHIFT];
}

/* Real mode without a virtual hypervisor: hypervisor real, virtual real mode area, offset real. */
bool ppc_hash64_real_mode(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                          bool probe, PPCTranslation *out)
{
    CPUPPCState *env = &cpu->env;
    uint64_t address = ea & PPC_REAL_ADDRESS_MASK, limit;

    if (mmu_idx == MMU_IDX_HV_REAL || !(cpu->model->msr_mask & MSR_BIT(HV))) {
        if (!(ea >> 63)) {
            address |= env->spr[SPR_HRMOR];
        }
    } else if (env->spr[SPR_LPCR] & LPCR_VPM0 || cpu->model->mmu == MMU_64_RADIX) {
        uint64_t vrmasd = (env->spr[SPR_LPCR] & LPCR_VRMASD) >> LPCR_VRMASD_SHIFT;
        uint64_t llp = (vrmasd << 4) & SLB_VSID_LLP;
        PPCSLBEntry vrma = {.esid = SLB_ESID_V,
                            .vsid = SLB_VSID_B_1T | SLB_VSID_KS | llp | 0x1ffffffull << 24};

        for (unsigned i = 0; cpu->model->page_sizes[i].shift; i++) {
            if (cpu->model->page_sizes[i].slb_enc == llp) {
                vrma.page_encoding = i;
                return translate_by_slb(cpu, &vrma, address, access, mmu_idx, probe, out);
            }
        }
        return fault(out, access, ea, FAULT_NO_TRANSLATION);
    } else {
        limit = rmls_limit(env);
        if (address >= limit) {
            return fault(out, access, ea, FAULT_PROTECTION);
        }
        address |= env->spr[SPR_RMOR];
    }
    out->raddr = address;
    out->page_shift = 12;
    out->readable = out->writable = out->executable = out->dirty = true;
    return true;
}
