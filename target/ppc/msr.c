/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine state register and what is derived from it: mode flags of blocks (hflags), and the
 * registers that are kept in pieces (CR, XER).
 *
 * From Power ISA 3.0B book III 3.2 and 3.3.1 (MSR, mtmsr, rfid), book I 2.3.1 (CR) and 3.2.2 (XER).
 */
#include "internal.h"

uint64_t ppc_msr_mask(const PowerPCCPU *cpu)
{
    uint64_t mask = cpu->model->msr_mask;

    return cpu->vhyp ? mask & ~MSR_BIT(HV) : mask;
}

/* Host control words: all exceptions masked, to nearest; flush-to-zero and denormals-are-zero. */
#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_FLUSH 0x8040u
/* Rounding control, and what it is for each FPSCR.RN: nearest, zero, up, down. */
#define MXCSR_ROUND 0x6000u
static const uint16_t mxcsr_round[] = {0x0000, 0x6000, 0x4000, 0x2000};

/*
 * Fast FP arithmetic sees all exceptions but inexact as results that need the fallback; with some
 * enabled, the instruction is done again in exact mode when one is due.  An enabled overflow or
 * underflow is inexact by its own rules, which the host's sticky flag does not follow: that matters
 * until XX is set.
 */
static uint64_t fp_mode(const CPUPPCState *env)
{
    uint32_t fpscr = (uint32_t)env->fpscr;

    if (!(fpscr & 0xf8)) {
        return 0;
    }
    if (env->fp_redo || fpscr & 1u << FPSCR_XE ||
        (fpscr & (1u << FPSCR_OE | 1u << FPSCR_UE) && !(fpscr & 1u << FPSCR_XX))) {
        return HF_FP_EXACT;
    }
    return HF_FP_TRAPS;
}

/* What PCR takes from problem state (book III 2.5). */
static uint64_t pcr_flags(uint64_t pcr)
{
    uint64_t levels = pcr & PCR_COMPAT_2_05   ? 3
                      : pcr & PCR_COMPAT_2_06 ? 2
                      : pcr & PCR_COMPAT_2_07 ? 1
                                              : 0;

    return levels << HF_COMPAT_SHIFT | (pcr & PCR_TM_DIS ? HF_TM_DIS : 0) |
           (pcr & PCR_VSX_DIS ? HF_VSX_DIS : 0) | (pcr & PCR_VEC_DIS ? HF_VEC_DIS : 0);
}

static bool msr_hv_possible(const PowerPCCPU *cpu)
{
    return ppc_msr_mask(cpu) & MSR_BIT(HV);
}

/* Facilities that a hypervisor keeps from what runs below it. */
static uint64_t hfscr_denies(uint64_t hfscr)
{
    return (hfscr >> FACILITY_FP & 1 ? 0 : HF_FP) |
           (hfscr >> FACILITY_VSX & 1 ? 0 : HF_VR | HF_VSX) |
           (hfscr >> FACILITY_TM & 1 ? 0 : HF_TM);
}

/*
 * Block identity.  Everything that translation looks at must be here; what only helpers look at
 * must not, because each new combination is a new block.
 */
void ppc_update_hflags(CPUPPCState *env)
{
    const PowerPCCPU *cpu = env_cpu(env);
    uint64_t msr = env->msr;
    bool pr = msr & MSR_BIT(PR), hv = msr & MSR_BIT(HV), dr = msr & MSR_BIT(DR);
    uint64_t flags = 0;
    unsigned idx;

    if (pr) {
        idx = dr ? MMU_IDX_VIRT_USER : MMU_IDX_REAL_USER;
    } else if (hv) {
        idx = dr ? MMU_IDX_HV_VIRT : MMU_IDX_HV_REAL;
    } else {
        idx = dr ? MMU_IDX_VIRT_SUPER : MMU_IDX_REAL_SUPER;
        if (dr && ppc_has_locked_indexes(cpu)) {
            static const uint8_t by_key0[] = {MMU_IDX_VIRT_SUPER, MMU_IDX_SUPER_NO_READ,
                                              MMU_IDX_SUPER_NO_WRITE, MMU_IDX_SUPER_LOCKED};

            idx = by_key0[env->spr[SPR_AMR] >> 62];
        }
    }
    flags |= (uint64_t)idx << HF_MMUIDX_SHIFT;
    flags |= msr & MSR_BIT(SF) && cpu_is_64(cpu) ? HF_SF : 0;
    flags |= msr & MSR_BIT(LE) ? HF_LE : 0;
    flags |= pr ? HF_PR : 0;
    flags |= hv || cpu_has_no_hypervisor(cpu) ? HF_HV : 0;
    flags |= msr & MSR_BIT(IR) ? HF_IR : 0;
    flags |= dr ? HF_DR : 0;
    flags |= msr & MSR_BIT(FP) ? HF_FP : 0;
    flags |= msr & MSR_BIT(VR) && cpu->model->insns & ISA_ALTIVEC ? HF_VR : 0;
    flags |= msr & MSR_BIT(VSX) && cpu->model->insns & ISA_VSX ? HF_VSX : 0;
    flags |= msr & MSR_BIT(TM) && cpu->model->insns & ISA_TM ? HF_TM : 0;
    if (!cpu->vhyp && !hv && msr_hv_possible(cpu) && cpu->model->insns & ISA_2_07) {
        flags &= ~hfscr_denies(env->spr[SPR_HFSCR]);
    }
    flags |= pr && env->spr[SPR_PCR] ? pcr_flags(env->spr[SPR_PCR]) : 0;
    flags |= fp_mode(env);
    flags |= (env->fpscr & 3) << HF_RN_SHIFT;
    flags |= env->vscr & 0x10000 ? HF_VMX_NJ : 0;
    flags |= msr & MSR_BIT(SE) ? HF_SE : 0;
    flags |= msr & MSR_BIT(BE) ? HF_BE : 0;
    if (env->spr[SPR_CIABR] & 3 && cpu->model->insns & ISA_2_07) {
        /* CIABR.PRIV: 1 problem, 2 privileged, 3 hypervisor state. */
        unsigned state = pr ? 1 : hv ? 3 : 2;

        flags |= (env->spr[SPR_CIABR] & 3) == state ? HF_SE : 0;
    }
    if (!cpu_is_64(cpu) && env->spr[SPR_IABR] & 2) {
        /* Bit 31, which the 603 does not have, compares with MSR.IR. */
        bool translated = msr & MSR_BIT(IR);

        flags |=
            cpu_family(cpu) == FAMILY_6XX || (env->spr[SPR_IABR] & 1) == translated ? HF_IABR : 0;
    }
    flags |= pmu_hflags(env);
    flags |= env->spr[SPR_FSCR] >> FACILITY_SCV & 1 ? HF_SCV : 0;
    flags |= env->spr[SPR_LPCR] & LPCR_GTSE ? HF_GTSE : 0;
    env->hflags = flags;
    /* AltiVec's host control word: non-Java mode flushes denormals, operands and results. */
    env->tcg.mxcsr_fp = (env->tcg.mxcsr_fp & ~MXCSR_ROUND) | mxcsr_round[env->fpscr & 3];
    env->tcg.mxcsr_vmx = env->vscr & 0x10000 ? MXCSR_DEFAULT | MXCSR_FLUSH : MXCSR_DEFAULT;
}

void ppc_msr_assign(CPUPPCState *env, uint64_t value)
{
    PowerPCCPU *cpu = env_cpu(env);
    uint64_t changed;

    value &= ppc_msr_mask(cpu);
    if (value & MSR_BIT(PR) && cpu_is_64(cpu)) {
        value |= MSR_BIT(EE) | MSR_BIT(IR) | MSR_BIT(DR);
    }
    changed = value ^ env->msr;
    if (changed & MSR_BIT(TGPR) && !cpu_is_64(cpu)) {
        for (unsigned i = 0; i < G_N_ELEMENTS(env->tgpr); i++) {
            uint64_t other = env->tgpr[i];

            env->tgpr[i] = env->gpr[i];
            env->gpr[i] = other;
        }
    }
    if (changed & (MSR_BIT(PR) | MSR_BIT(HV) | MSR_BIT(PMM)) && cpu->pmu_active) {
        pmu_sync(env);
        env->msr = value;
        pmu_update(env);
    }
    env->msr = value;
    ppc_update_hflags(env);
    if (changed & value & MSR_BIT(EE)) {
        ppc_recheck_interrupts(cpu);
    } else if (env->spr[SPR_BESCR] & BESCR_GE && changed & value & MSR_BIT(PR)) {
        ppc_recheck_interrupts(cpu);
    }
}

void ppc_store_msr(CPUPPCState *env, uint64_t value, bool alter_hv)
{
    if (!alter_hv || !(env->msr & MSR_BIT(HV))) {
        value = (value & ~MSR_BIT(HV)) | (env->msr & MSR_BIT(HV));
    }
    ppc_msr_assign(env, value);
}

uint64_t ppc_get_xer(const CPUPPCState *env)
{
    return (uint64_t)env->xer_rest | (uint64_t)env->so << XER_SO | (uint64_t)env->ov << XER_OV |
           (uint64_t)env->ca << XER_CA | (uint64_t)env->ov32 << XER_OV32 |
           (uint64_t)env->ca32 << XER_CA32;
}

#define XER_SPLIT (1u << XER_SO | 1u << XER_OV | 1u << XER_CA | 1u << XER_OV32 | 1u << XER_CA32)

/*
 * Bits 0:31 read as zero.  Of the low word processors keep what no field owns (POWER5 to POWER9
 * keep bits 35:43 and the string count); OV32 and CA32 exist from ISA 3.0 on and are kept before it
 * too.
 */
void ppc_set_xer(CPUPPCState *env, uint64_t value)
{
    env->so = value >> XER_SO & 1;
    env->ov = value >> XER_OV & 1;
    env->ca = value >> XER_CA & 1;
    env->ov32 = value >> XER_OV32 & 1;
    env->ca32 = value >> XER_CA32 & 1;
    env->xer_rest = (uint32_t)value & ~XER_SPLIT;
}

uint32_t ppc_get_cr(const CPUPPCState *env)
{
    uint32_t cr = 0;

    for (unsigned i = 0; i < 8; i++) {
        cr = cr << 4 | (env->crf[i] & 15);
    }
    return cr;
}

void ppc_set_cr(CPUPPCState *env, uint32_t value, uint32_t field_mask)
{
    for (unsigned i = 0; i < 8; i++) {
        if (field_mask & 0x80 >> i) {
            env->crf[i] = value >> (28 - 4 * i) & 15;
        }
    }
}
