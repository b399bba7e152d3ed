/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the 32-bit MMU's parts call on each other: mmu32.c (blocks, segments, tables searched by
 * hardware) and tlb6xx.c (TLBs that software loads).
 */
#ifndef TARGET_PPC_TLB6XX_H
#define TARGET_PPC_TLB6XX_H

#include "internal.h"

/* mmu32.c: address of the page table group of an effective address; its PTE's first word, primary
 * hash. */
uint32_t ppc_mmu32_pteg(const CPUPPCState *env, uint32_t sr, uint32_t ea, bool secondary);
uint32_t ppc_mmu32_pte0(uint32_t sr, uint32_t ea);
/* A segment register was written: what is cached goes at the next context synchronization. */
void ppc_mmu32_segments_changed(PowerPCCPU *cpu);
void ppc_mmu32_synchronize(PowerPCCPU *cpu);
void ppc_mmu32_tlbie(PowerPCCPU *cpu, uint32_t ea);

/* tlb6xx.c: the entry of a page, its second word; false: none.  A probe is no use that the next
 * miss's way follows from. */
bool ppc_tlb6xx_find(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, bool code, bool probe,
                     uint32_t *pte1);
/*
 * Fills `out` with the TLB miss interrupt of the access; not on a probe, also the registers that
 * tell software what to look for.  `changed`: the entry is there, but a store has to set C first.
 * Returns false.
 */
bool ppc_tlb6xx_miss(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, PPCAccess access, bool key,
                     bool changed, bool probe, PPCTranslation *out);
/* Drops the entries that tlbie of an address drops: its set, in all ways. */
void ppc_tlb6xx_invalidate(PowerPCCPU *cpu, uint32_t ea);
void ppc_tlb6xx_clear(PowerPCCPU *cpu);
/* tlbld, tlbli. */
void ppc_tlb6xx_load(PowerPCCPU *cpu, uint32_t ea, bool code);

#endif
