/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLBs that software loads: misses, and the instructions that fill and empty them.
 *
 * From the MPC603e user's manual 5.5.2 (software table search) and 4.5.17 to 4.5.19 (its
 * interrupts), the MPC755's supplement and the MPC7450 user's manual 5.5.5 (TLBMISS, PTEHI, PTELO).
 * Each TLB has 32 sets of two ways, as the 603's; the larger ones of the others cannot be told from
 * it by software that reloads what it misses.
 */
#include "accel/tcg/accel.h"
#include "helper-system.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "tlb6xx.h"

#define SETS 32u
#define WAYS 2u
#define ENTRY_V 0x80000000u
#define PAGE_MASK 0xfffff000u

G_STATIC_ASSERT(SETS * WAYS == PPC_TLB6XX_ENTRIES);

/* SRR1 of a miss. */
#define MISS_KEY 0x00080000u
#define MISS_CODE 0x00040000u
#define MISS_WAY 0x00020000u
#define MISS_STORE 0x00010000u

static PPCTLB6xx *entry_of(PowerPCCPU *cpu, uint32_t ea, unsigned way, bool code)
{
    PPCTLB6xx *table = code ? cpu->env.tlb6_code : cpu->env.tlb6;

    return &table[way * SETS + (ea >> 12 & (SETS - 1))];
}

static int find_way(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, bool code)
{
    uint32_t wanted = ppc_mmu32_pte0(sr, ea);

    for (unsigned way = 0; way < WAYS; way++) {
        const PPCTLB6xx *e = entry_of(cpu, ea, way, code);

        /* H says where the entry was in the table: nothing about what it translates. */
        if ((e->pte0 & ~0x40u) == wanted && e->epn == (ea & PAGE_MASK)) {
            return (int)way;
        }
    }
    return -1;
}

bool ppc_tlb6xx_find(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, bool code, bool probe,
                     uint32_t *pte1)
{
    int way = find_way(cpu, sr, ea, code);

    if (way < 0) {
        return false;
    }
    *pte1 = entry_of(cpu, ea, (unsigned)way, code)->pte1;
    if (!probe && cpu->env.tlb6_way != (uint32_t)way) {
        cpu->env.tlb6_way = (uint32_t)way;
    }
    return true;
}

/* 603, 755: where software finds what to look for. */
static void tell_603(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, bool code)
{
    CPUPPCState *env = &cpu->env;

    env->spr[code ? SPR_IMISS : SPR_DMISS] = ea;
    env->spr[code ? SPR_ICMP : SPR_DCMP] = ppc_mmu32_pte0(sr, ea);
    env->spr[SPR_HASH1] = ppc_mmu32_pteg(env, sr, ea, false);
    env->spr[SPR_HASH2] = ppc_mmu32_pteg(env, sr, ea, true);
}

bool ppc_tlb6xx_miss(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, PPCAccess access, bool key,
                     bool changed, bool probe, PPCTranslation *out)
{
    CPUPPCState *env = &cpu->env;
    bool code = access == ACCESS_FETCH, store = access == ACCESS_STORE;
    /* The way to replace: the other than the last one used; for a change of C the entry's own. */
    unsigned way = changed ? (unsigned)find_way(cpu, sr, ea, code) : env->tlb6_way ^ 1;
    uint32_t srr1 = (key ? MISS_KEY : 0) | (code ? MISS_CODE : 0) | (store ? MISS_STORE : 0);

    if (!probe) {
        if (cpu->model->mmu == MMU_74XX_SOFT) {
            env->spr[SPR_TLBMISS] = (ea & ~1u) | way;
            env->spr[SPR_PTEHI] = ppc_mmu32_pte0(sr, ea);
        } else {
            tell_603(cpu, sr, ea, code);
            srr1 |= way ? MISS_WAY : 0;
        }
    }
    return ppc_translation_fail(out,
                                code    ? EXCP_IFTLB
                                : store ? EXCP_DSTLB
                                        : EXCP_DLTLB,
                                srr1, ea, 0);
}

/* ---- Filling and emptying ---- */

/* Drops an entry, and what was cached of it. */
static void drop(PowerPCCPU *cpu, PPCTLB6xx *e)
{
    if (e->pte0 & ENTRY_V) {
        ppc_tlb_flush_page(cpu, e->epn);
        e->pte0 &= ~ENTRY_V;
    }
}

void ppc_tlb6xx_invalidate(PowerPCCPU *cpu, uint32_t ea)
{
    for (unsigned way = 0; way < WAYS; way++) {
        drop(cpu, entry_of(cpu, ea, way, false));
        drop(cpu, entry_of(cpu, ea, way, true));
    }
}

void ppc_tlb6xx_clear(PowerPCCPU *cpu)
{
    memset(cpu->env.tlb6, 0, sizeof(cpu->env.tlb6));
    memset(cpu->env.tlb6_code, 0, sizeof(cpu->env.tlb6_code));
    cpu->env.tlb6_way = 0;
}

void ppc_tlb6xx_load(PowerPCCPU *cpu, uint32_t ea, bool code)
{
    CPUPPCState *env = &cpu->env;
    bool is_74xx = cpu->model->mmu == MMU_74XX_SOFT;
    unsigned way = is_74xx ? ea & 1 : env->spr[SPR_SRR1] & MISS_WAY ? 1 : 0;
    PPCTLB6xx *e = entry_of(cpu, ea, way, code);

    drop(cpu, e);
    e->pte0 = (uint32_t)env->spr[is_74xx ? SPR_PTEHI : code ? SPR_ICMP : SPR_DCMP];
    e->pte1 = (uint32_t)env->spr[is_74xx ? SPR_PTELO : SPR_RPA];
    e->epn = ea & PAGE_MASK;
    env->tlb6_way = way;
    ppc_tlb_flush_page(cpu, e->epn);
}

void helper_tlbld(CPUPPCState *env, uint64_t rb)
{
    ppc_tlb6xx_load(env_cpu(env), (uint32_t)rb, false);
}

void helper_tlbli(CPUPPCState *env, uint64_t rb)
{
    ppc_tlb6xx_load(env_cpu(env), (uint32_t)rb, true);
}
