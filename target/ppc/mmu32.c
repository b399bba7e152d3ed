/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation of 32-bit processors: block address translation, segments, the hashed page
 * table.
 *
 * From the 32-bit Programming Environments Manual, chapter 7 (BATs 7.4, segments 7.5, page
 * tables 7.6), and the MMU chapters of the MPC603e, MPC750, MPC755 and MPC7450 user's manuals for
 * what they leave to software (tlb6xx.c) and for their high BATs.  Not modelled: 36-bit physical
 * addresses of the 745x (HID0.XAEN), and caches' write-through and inhibit bits, which nothing here
 * depends on.
 */
#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "tlb6xx.h"

#define BAT_VS 0x2u
#define BAT_VP 0x1u
#define BAT_BLOCK 0xfffe0000u     /* BEPI, BRPN at the smallest size */
#define SR_T 0x80000000u
#define SR_KS 0x40000000u
#define SR_KP 0x20000000u
#define SR_N 0x10000000u
#define SR_VSID 0x00ffffffu
#define PTE0_V 0x80000000u
#define PTE0_H 0x40u
#define PTE1_RPN 0xfffff000u
#define PTE1_R 0x100u
#define PTE1_C 0x080u
#define PTE1_G 0x008u
#define PTE1_PP 0x003u
#define PTES_PER_GROUP 8

/* DSISR, and SRR1 for instructions. */
#define FAULT_NO_TRANSLATION 0x40000000u
#define FAULT_NO_EXECUTE 0x10000000u      /* SRR1 alone: N, guarded or direct-store */
#define FAULT_PROTECTION 0x08000000u
#define FAULT_DIRECT_STORE 0x04000000u
#define FAULT_STORE 0x02000000u

/* HID bits. */
#define HID0_745X_HIGH_BAT 0x00800000u
#define HID0_745X_STEN 0x00040000u
#define HID0_745X_XBSEN 0x00000100u
#define HID2_755_SWT_EN 0x00080000u
#define HID2_755_HIGH_BAT 0x00040000u
#define HID4_750CL_SBE 0x02000000u

static bool fail(PPCTranslation *out, PPCAccess access, uint32_t ea, uint32_t cause)
{
    if (access == ACCESS_FETCH) {
        return ppc_translation_fail(out, EXCP_ISI, cause, ea, 0);
    }
    return ppc_translation_fail(out, EXCP_DSI, 0, ea,
                                cause | (access == ACCESS_STORE ? FAULT_STORE : 0));
}

/* ---- What HID registers switch ---- */

uint32_t ppc_mmu32_hid_bits(const PowerPCCPU *cpu, unsigned spr)
{
    switch (spr) {
    case SPR_HID0:
        return cpu->model->mmu == MMU_74XX_SOFT
                   ? HID0_745X_HIGH_BAT | HID0_745X_STEN | HID0_745X_XBSEN
                   : 0;
    case SPR_755_HID2:                  /* the 750CL's HID4 has the same number */
        return cpu->model->mmu == MMU_755 ? HID2_755_SWT_EN | HID2_755_HIGH_BAT : HID4_750CL_SBE;
    default:
        return 0;
    }
}

static unsigned bats_in_use(const PowerPCCPU *cpu)
{
    const CPUPPCState *env = &cpu->env;
    bool high;

    if (cpu->model->n_bats <= 4) {
        return 4;
    }
    if (cpu->model->mmu == MMU_74XX_SOFT) {
        high = env->spr[SPR_HID0] & HID0_745X_HIGH_BAT;
    } else if (cpu->model->mmu == MMU_755) {
        high = env->spr[SPR_755_HID2] & HID2_755_HIGH_BAT;
    } else if (cpu->model->spr_sets & SPRS_750CL) {
        high = env->spr[SPR_750CL_HID4] & HID4_750CL_SBE;
    } else {
        high = true;                    /* 750FX, 750GX */
    }
    return high ? cpu->model->n_bats : 4;
}

static bool search_by_software(const PowerPCCPU *cpu)
{
    switch (cpu->model->mmu) {
    case MMU_603_SOFT:
        return true;
    case MMU_755:
        return cpu->env.spr[SPR_755_HID2] & HID2_755_SWT_EN;
    case MMU_74XX_SOFT:
        return cpu->env.spr[SPR_HID0] & HID0_745X_STEN;
    default:
        return false;
    }
}

/* ---- Blocks ---- */

/* True if a BAT pair translates the address; *ok tells whether the access is allowed. */
static bool bat_translate(PowerPCCPU *cpu, uint32_t ea, PPCAccess access, bool user,
                          PPCTranslation *out, bool *ok)
{
    const PPCBAT *bats = access == ACCESS_FETCH ? cpu->env.ibat : cpu->env.dbat;
    uint32_t lengths =
        cpu->model->extended_bats && cpu->env.spr[SPR_HID0] & HID0_745X_XBSEN ? 0x1fffc : 0x1ffc;
    unsigned n = bats_in_use(cpu);

    for (unsigned i = 0; i < n; i++) {
        uint32_t upper = bats[i].upper, lower = bats[i].lower;
        uint32_t inside = (upper & lengths) << 15 | ~BAT_BLOCK;
        bool writable;

        if (!(upper & (user ? BAT_VP : BAT_VS)) ||
            (ea & ~inside) != (upper & BAT_BLOCK & ~inside)) {
            continue;
        }
        writable = (lower & PTE1_PP) == 2;
        *ok = writable || (lower & 1 && access != ACCESS_STORE);
        if (!*ok) {
            fail(out, access, ea, FAULT_PROTECTION);
            return true;
        }
        out->raddr = (lower & BAT_BLOCK & ~inside) | (ea & inside);
        out->page_shift = 12;
        out->readable = out->executable = true;
        out->writable = writable;
        out->dirty = true;
        return true;
    }
    return false;
}

/* ---- Page table ---- */

static bool pte_read(PowerPCCPU *cpu, uint64_t address, uint32_t pte[2])
{
    uint64_t both;

    if (!ppc_physical_ldq(cpu, address, &both)) {
        return false;
    }
    pte[0] = (uint32_t)(both >> 32);
    pte[1] = (uint32_t)both;
    return true;
}

uint32_t ppc_mmu32_pteg(const CPUPPCState *env, uint32_t sr, uint32_t ea, bool secondary)
{
    uint32_t sdr1 = (uint32_t)env->spr[SPR_SDR1];
    uint32_t hash = (sr & 0x7ffff) ^ (ea >> 12 & 0xffff);

    if (secondary) {
        hash = ~hash & 0x7ffff;
    }
    return (sdr1 & 0xffff0000) | (((sdr1 & 0x1ff) << 10 | 0x3ff) & hash) << 6;
}

uint32_t ppc_mmu32_pte0(uint32_t sr, uint32_t ea)
{
    return PTE0_V | (sr & SR_VSID) << 7 | (ea >> 22 & 0x3f);
}

/* False: there is none. */
static bool search_table(PowerPCCPU *cpu, uint32_t sr, uint32_t ea, uint64_t *at, uint32_t pte[2])
{
    for (unsigned secondary = 0; secondary < 2; secondary++) {
        uint64_t group = ppc_mmu32_pteg(&cpu->env, sr, ea, secondary);
        uint32_t wanted = ppc_mmu32_pte0(sr, ea) | (secondary ? PTE0_H : 0);

        for (unsigned i = 0; i < PTES_PER_GROUP; i++) {
            *at = group + 8 * i;
            if (!pte_read(cpu, *at, pte)) {
                return false;
            }
            if (pte[0] == wanted) {
                return true;
            }
        }
    }
    return false;
}

/* What key and PP allow: PEM table 7-13. */
static void pte_rights(PPCTranslation *out, uint32_t sr, uint32_t pte1, bool key)
{
    unsigned pp = pte1 & PTE1_PP;

    out->readable = !key || pp != 0;
    out->writable = key ? pp == 2 : pp != 3;
    out->executable = out->readable && !(sr & SR_N) && !(pte1 & PTE1_G);
}

static bool page_translate(PowerPCCPU *cpu, uint32_t ea, PPCAccess access, bool user, bool probe,
                           PPCTranslation *out)
{
    uint32_t sr = cpu->env.sr[ea >> 28], pte[2] = {0, 0};
    bool key = sr & (user ? SR_KP : SR_KS), soft = search_by_software(cpu);
    uint64_t at = 0;

    if (sr & SR_T) {
        return fail(out, access, ea,
                    access == ACCESS_FETCH ? FAULT_NO_EXECUTE : FAULT_DIRECT_STORE);
    }
    if (access == ACCESS_FETCH && sr & SR_N) {
        return fail(out, access, ea, FAULT_NO_EXECUTE);
    }
    if (soft) {
        if (!ppc_tlb6xx_find(cpu, sr, ea, access == ACCESS_FETCH, probe, &pte[1])) {
            return ppc_tlb6xx_miss(cpu, sr, ea, access, key, false, probe, out);
        }
    } else if (!search_table(cpu, sr, ea, &at, pte)) {
        return fail(out, access, ea, FAULT_NO_TRANSLATION);
    }
    pte_rights(out, sr, pte[1], key);
    if (access == ACCESS_FETCH && pte[1] & PTE1_G) {
        return fail(out, access, ea, FAULT_NO_EXECUTE);
    }
    if (access == ACCESS_STORE ? !out->writable : !out->readable) {
        return fail(out, access, ea, FAULT_PROTECTION);
    }
    out->dirty = pte[1] & PTE1_C;
    if (soft) {
        if (access == ACCESS_STORE && !out->dirty) {
            return ppc_tlb6xx_miss(cpu, sr, ea, access, key, true, probe, out);
        }
    } else if (probe) {
        out->update = !(pte[1] & PTE1_R) || (access == ACCESS_STORE && !out->dirty);
    } else {
        ppc_physical_mark(cpu, at, pte[1], access == ACCESS_STORE);
        out->dirty = out->dirty || access == ACCESS_STORE;
    }
    out->raddr = (pte[1] & PTE1_RPN) | (ea & ~PTE1_RPN);
    out->page_shift = 12;
    return true;
}

bool ppc_mmu32_translate(PowerPCCPU *cpu, uint64_t ea64, PPCAccess access, unsigned mmu_idx,
                         bool probe, PPCTranslation *out)
{
    uint32_t ea = (uint32_t)ea64;
    bool ok = false;

    if (mmu_idx_is_real(mmu_idx)) {
        out->raddr = ea;
        out->page_shift = 12;
        out->readable = out->writable = out->executable = out->dirty = true;
        return true;
    }
    if (bat_translate(cpu, ea, access, mmu_idx_is_user(mmu_idx), out, &ok)) {
        return ok;
    }
    return page_translate(cpu, ea, access, mmu_idx_is_user(mmu_idx), probe, out);
}

/* ---- Dropping translations: real mode has none to drop ---- */

#define IDX_VIRTUAL (1u << MMU_IDX_VIRT_USER | 1u << MMU_IDX_VIRT_SUPER)

void ppc_mmu32_segments_changed(PowerPCCPU *cpu)
{
    cpu->segments_changed = true;
}

/* Context synchronization: isync, rfi, sc and interrupts. */
void ppc_mmu32_synchronize(PowerPCCPU *cpu)
{
    if (cpu->segments_changed) {
        cpu->segments_changed = false;
        tcg_tlb_flush_all(&cpu->parent, IDX_VIRTUAL);
    }
}

/*
 * tlbie: the pages with this index in every segment.  Machines with these processors have one
 * (g3beige: max_cpus); with more of them it would have to reach all.
 */
void ppc_mmu32_tlbie(PowerPCCPU *cpu, uint32_t ea)
{
    for (uint32_t segment = 0; segment < 16; segment++) {
        tcg_tlb_flush_page(&cpu->parent, (ea & 0x0ffff000) | segment << 28, IDX_VIRTUAL);
    }
    ppc_tlb6xx_invalidate(cpu, ea);
}
