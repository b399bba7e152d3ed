/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the CPU model (everything but the front end) share: SPR access functions, MMU
 * pieces, flushing, time and PMU hooks.  Private to target/ppc.
 */
#ifndef TARGET_PPC_INTERNAL_H
#define TARGET_PPC_INTERNAL_H

#include "target/ppc/cpu.h"
#include "target/ppc/spr.h"

/* ---- Classes of models ---- */

static inline PPCFamily cpu_family(const PowerPCCPU *cpu)
{
    return (PPCFamily)cpu->model->exception_family;
}
/* A server processor of ISA 2.06 or later: level-sensitive decrementer, LPCR.AIL and so on. */
static inline bool cpu_is_2_06(const PowerPCCPU *cpu)
{
    return cpu->model->insns & ISA_2_06;
}
static inline bool cpu_is_64(const PowerPCCPU *cpu)
{
    return cpu->model->insns & ISA_64;
}

/* A 64-bit processor that no hypervisor is above, the machine neither: supervisor state is all. */
static inline bool cpu_has_no_hypervisor(const PowerPCCPU *cpu)
{
    return cpu_is_64(cpu) && !cpu->vhyp && !(cpu->model->msr_mask & MSR_BIT(HV));
}

/* ---- Compatibility: what PCR takes from problem state (book III 2.5) ---- */

/*
 * Versions of the architecture that PCR tells apart: what came with one is taken from problem state
 * by PCR's bit of the version before.  The block key has the number of levels taken.
 */
typedef enum PPCUserLevel { LEVEL_2_05, LEVEL_2_06, LEVEL_2_07, LEVEL_3_00 } PPCUserLevel;

static inline bool ppc_level_in_compat(PPCUserLevel level, uint64_t hflags)
{
    return level + ((hflags & HF_COMPAT) >> HF_COMPAT_SHIFT) <= LEVEL_3_00;
}
/* The level of a register that problem state may reach, and whether PCR leaves it there (compat.c).
 */
PPCUserLevel ppc_spr_level(const PPCSpr *row);
bool ppc_spr_in_compat(const PPCSpr *row, uint64_t hflags);

/* MSR bits that can be set: the model's, less HV when the machine is the hypervisor. */
uint64_t ppc_msr_mask(const PowerPCCPU *cpu);
/*
 * The rules that every way into a new MSR obeys: PR forces EE, IR and DR on 64-bit models; unknown
 * bits read zero.  Stores it and updates everything that depends on it.
 */
void ppc_msr_assign(CPUPPCState *env, uint64_t value);

/* ---- SPR functions (spr-access.c, time.c, pmu.c), used by the table ---- */

PPCSprRead spr_read_xer, spr_read_tb, spr_read_tbu, spr_read_decr, spr_read_hdecr, spr_read_purr,
    spr_read_spurr, spr_read_vtb, spr_read_ic, spr_read_amr, spr_read_ctrl, spr_read_pir,
    spr_read_tir, spr_read_ppr, spr_read_ppr32, spr_read_dpdes, spr_read_bescr, spr_read_bescru,
    spr_read_psscr_pr, spr_read_texasru, spr_read_pvr, spr_read_pmc, spr_read_pmu_user,
    spr_read_usprg3, spr_read_sdr1, spr_read_zero, spr_read_dscr, spr_read_tscr, spr_read_bat,
    spr_read_thrm;
PPCSprWrite spr_write_xer, spr_write_tbl, spr_write_tbu, spr_write_tbu40, spr_write_decr,
    spr_write_hdecr, spr_write_purr, spr_write_spurr, spr_write_vtb, spr_write_ic, spr_write_uamr,
    spr_write_amr, spr_write_iamr, spr_write_uamor, spr_write_amor, spr_write_ctrl, spr_write_pidr,
    spr_write_lpidr, spr_write_ptcr, spr_write_sdr1, spr_write_lpcr, spr_write_pcr, spr_write_ppr,
    spr_write_ppr32, spr_write_dpdes, spr_write_bescrs, spr_write_bescrsu, spr_write_bescrr,
    spr_write_bescrru, spr_write_bescr, spr_write_psscr_pr, spr_write_texasru, spr_write_fscr,
    spr_write_hfscr, spr_write_ciabr, spr_write_dawr, spr_write_dabr, spr_write_hmer,
    spr_write_dscr, spr_write_pmc, spr_write_pmu_control, spr_write_pmu_user, spr_write_ignored,
    spr_write_hid4, spr_write_bat, spr_write_sdr1_32, spr_write_hid_32, spr_write_l2cr,
    spr_write_iabr_32;

/* ---- Exceptions (exceptions.c, interrupts.c) ---- */

/* Sets or clears a pending bit without kicking: from the CPU's own thread. True if it changed. */
bool ppc_set_pending(CPUPPCState *env, PPCInterrupt irq, bool level);
static inline bool ppc_is_pending(const CPUPPCState *env, PPCInterrupt irq)
{
    return __atomic_load_n(&env->pending_interrupts, __ATOMIC_ACQUIRE) >> irq & 1;
}
/* Makes the CPU look at pending work at the next check if there is deliverable work. Own thread. */
void ppc_recheck_interrupts(PowerPCCPU *cpu);
/* True if an interrupt would be taken with the present MSR and LPCR. */
bool ppc_interrupt_deliverable(PowerPCCPU *cpu);
/* External interrupts set MSR.HV, and are taken whatever MSR.EE is while it is clear (LPES). */
bool ppc_external_is_hypervisors(const PowerPCCPU *cpu);
/* Short names for -d int. */
const char *ppc_exception_name(PPCException kind);
/* Raises a facility-unavailable interrupt (FSCR.IC = cause). */
G_NORETURN void ppc_raise_facility(CPUPPCState *env, unsigned facility);
/* The instruction word at an effective address, read as the CPU would fetch it; false if it cannot.
 */
bool ppc_fetch_insn(PowerPCCPU *cpu, uint64_t ea, uint32_t *insn);
/* DSISR of an alignment interrupt, from the instruction (book III 6.5.8). */
uint32_t ppc_alignment_dsisr(uint32_t insn);

/* ---- MMU ---- */

bool ppc_hash64_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                          bool probe, PPCTranslation *out);
bool ppc_radix64_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                           bool probe, PPCTranslation *out);
bool ppc_hash64_real_mode(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                          bool probe, PPCTranslation *out);
bool ppc_mmu32_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                         bool probe, PPCTranslation *out);
/* Bits of HID0, HID2 or HID4 that change what translations are. */
uint32_t ppc_mmu32_hid_bits(const PowerPCCPU *cpu, unsigned spr);
/* Fills in the failure half of `out`; false. */
bool ppc_translation_fail(PPCTranslation *out, PPCException kind, uint64_t error, uint64_t dar,
                          uint32_t dsisr);
/* Real-mode effective address to real address: the upper four bits are ignored. */
#define PPC_REAL_ADDRESS_MASK 0x0fffffffffffffffull
/* The MMU_IDX_SUPER_* of radix guests are in use. */
static inline bool ppc_has_locked_indexes(const PowerPCCPU *cpu)
{
    return cpu->vhyp && cpu->env.spr[SPR_LPCR] & LPCR_HR;
}
/* What AMR key 0 forbids for an index, in the register's place: bit 63 writes, bit 62 reads. */
static inline uint64_t ppc_mmu_idx_amr(const PowerPCCPU *cpu, unsigned *idx)
{
    uint64_t amr = cpu->env.spr[SPR_AMR];

    if (ppc_has_locked_indexes(cpu)) {
        amr = *idx == MMU_IDX_SUPER_LOCKED ? 3 : *idx == MMU_IDX_SUPER_NO_READ ? 1
              : *idx == MMU_IDX_SUPER_NO_WRITE ? 2 : 0;
        if (amr) {
            *idx = MMU_IDX_VIRT_SUPER;
        }
        amr <<= 62;
    }
    return amr;
}
static inline bool mmu_idx_is_user(unsigned idx)
{
    return idx == MMU_IDX_VIRT_USER || idx == MMU_IDX_REAL_USER;
}
static inline bool mmu_idx_is_real(unsigned idx)
{
    return idx == MMU_IDX_REAL_SUPER || idx == MMU_IDX_REAL_USER || idx == MMU_IDX_HV_REAL;
}
static inline bool mmu_idx_is_hv(unsigned idx)
{
    return idx == MMU_IDX_HV_REAL || idx == MMU_IDX_HV_VIRT;
}
/*
 * Privileged translations of user pages (radix) and of the lower half of the address space depend
 * on AMR, PIDR and user segments, which change often: they are remembered, so that such a change
 * need not throw away the kernel's translations.
 */
void ppc_note_user_page(PowerPCCPU *cpu, uint64_t ea);
/* Drops what belongs to the user's address space: the user index and the noted pages. */
void ppc_tlb_flush_user(PowerPCCPU *cpu);
/* Drops the noted pages only (AMR became stricter). */
void ppc_tlb_flush_noted(PowerPCCPU *cpu);
/* Drops one effective page of this CPU. */
void ppc_tlb_flush_page(PowerPCCPU *cpu, uint64_t ea);
/* The same on every CPU; returns when no CPU can still use an old translation. */
void ppc_tlb_flush_all_cpus(PowerPCCPU *cpu);

/*
 * Tables in guest physical memory.  A pointer to plain memory (NULL: none there, or it cannot be
 * written); reads of big-endian doublewords; replacing one if it is still `expected`.
 */
void *ppc_physical_pointer(PowerPCCPU *cpu, uint64_t address, unsigned size, bool write);
bool ppc_physical_read(PowerPCCPU *cpu, uint64_t address, void *buf, unsigned size);
bool ppc_physical_ldq(PowerPCCPU *cpu, uint64_t address, uint64_t *value);
typedef enum PPCTableUpdate { PPC_TABLE_DONE, PPC_TABLE_CHANGED, PPC_TABLE_FAULT } PPCTableUpdate;
PPCTableUpdate ppc_physical_update(PowerPCCPU *cpu, uint64_t address, uint64_t expected,
                                   uint64_t value);
/* Sets R, and C for a store, in the doubleword at address that ends a hashed page table's entry and
 * was pte1. */
void ppc_physical_mark(PowerPCCPU *cpu, uint64_t address, uint64_t pte1, bool store);

/* slb.c */
PPCSLBEntry *ppc_slb_lookup(PowerPCCPU *cpu, uint64_t ea);
bool ppc_slb_store(PowerPCCPU *cpu, unsigned slot, uint64_t esid, uint64_t vsid);
void ppc_slb_clear(PowerPCCPU *cpu);
/* After loading: derives page encodings; false if an entry is none that the model could hold. */
bool ppc_slb_post_load(PowerPCCPU *cpu);

/* Field layout of an SLB entry (book III 5.7.8.1). */
#define SLB_ESID_ESID 0xfffffffff0000000ull
#define SLB_ESID_V 0x0000000008000000ull
#define SLB_VSID_B 0xc000000000000000ull
#define SLB_VSID_B_SHIFT 62
#define SLB_VSID_B_1T 0x4000000000000000ull
#define SLB_VSID_VSID 0x3ffffffffffff000ull
#define SLB_VSID_KS 0x0000000000000800ull
#define SLB_VSID_KP 0x0000000000000400ull
#define SLB_VSID_N 0x0000000000000200ull
#define SLB_VSID_L 0x0000000000000100ull
#define SLB_VSID_C 0x0000000000000080ull
#define SLB_VSID_LP 0x0000000000000030ull
#define SLB_VSID_LLP (SLB_VSID_L | SLB_VSID_LP)
#define SLB_VSID_ATTR 0xffffull
#define SEGMENT_SHIFT_256M 28
#define SEGMENT_SHIFT_1T 40

/* ---- Time and PMU ---- */

/* Derives the decrementer's level (or edge) from the deadline and arms its timer. */
/* DEC as the stream has it (slot 22 of its SPRs; 0: not sent), and back. */
uint64_t ppc_decr_to_wire(PowerPCCPU *cpu);
void ppc_decr_from_wire(PowerPCCPU *cpu, uint64_t value, bool latch_known);
bool ppc_decr_latch_in_doubt(PowerPCCPU *cpu);
void ppc_time_reset(PowerPCCPU *cpu);
/* Registers that count: brings them up to date after loading state. */
void ppc_time_post_load(PowerPCCPU *cpu);
void pmu_reset(PowerPCCPU *cpu);
/* Brings counters up to the present; call before anything that changes what is counted. */
void pmu_sync(CPUPPCState *env);
/* Behind a change of MSR, MMCRn or PMCn: what counts now, next overflow, HF_PMU. */
void pmu_update(CPUPPCState *env);
/* HF_PMU, HF_PMU_KINDS: what code has to count. */
uint64_t pmu_hflags(const CPUPPCState *env);

#endif
