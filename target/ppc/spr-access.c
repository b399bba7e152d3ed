/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Special-purpose registers that are more than storage: what reading and writing them does.
 *
 * From Power ISA 3.0B book III chapters 2 (LPCR, PCR), 3 (control), 4 (AMR and friends), 5.4 and
 * book II (PPR, EBB).  Time registers are in time.c, the performance monitor's in pmu.c.
 */
#include "accel/tcg/accel.h"
#include "internal.h"
#include "util/log.h"

static inline CPUState *env_cs(CPUPPCState *env)
{
    return &env_cpu(env)->parent;
}
static inline bool env_pr(const CPUPPCState *env)
{
    return env->msr & MSR_BIT(PR);
}
static inline bool env_hv(const CPUPPCState *env)
{
    return env->msr & MSR_BIT(HV);
}

uint64_t spr_read_xer(CPUPPCState *env, unsigned number)
{
    return ppc_get_xer(env);
}

void spr_write_xer(CPUPPCState *env, unsigned number, uint64_t value)
{
    ppc_set_xer(env, value);
}

uint64_t spr_read_zero(CPUPPCState *env, unsigned number)
{
    return 0;
}

void spr_write_ignored(CPUPPCState *env, unsigned number, uint64_t value)
{
}

uint64_t spr_read_pvr(CPUPPCState *env, unsigned number)
{
    return env_cpu(env)->model->pvr;
}

uint64_t spr_read_pir(CPUPPCState *env, unsigned number)
{
    return (uint32_t)env_cpu(env)->vcpu_id;
}

/* Threads of a core have adjacent server numbers. */
uint64_t spr_read_tir(CPUPPCState *env, unsigned number)
{
    const PowerPCCPU *cpu = env_cpu(env);

    return (uint32_t)cpu->vcpu_id % MAX(cpu->threads_per_core, 1);
}

uint64_t spr_read_usprg3(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_SPRG3];
}

/* ---- Control ---- */

/* Bit 63 is this thread's run latch; bits 48:55 show the latches of the core's threads by number.
 */
uint64_t spr_read_ctrl(CPUPPCState *env, unsigned number)
{
    uint64_t run = env->spr[SPR_CTRL] & 1;

    return run | run << (15 - spr_read_tir(env, SPR_TIR) % 8);
}

void spr_write_ctrl(CPUPPCState *env, unsigned number, uint64_t value)
{
    pmu_sync(env);
    env->spr[SPR_CTRL] = value & 1;
    pmu_update(env);
}

uint64_t spr_read_dscr(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_DSCR];
}

void spr_write_dscr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_DSCR] = value & env_cpu(env)->sprs[SPR_DSCR]->mask;
}

/* Priorities that a state may set (book II 3.1); others leave PPR as it is. */
static bool ppr_priority_allowed(const CPUPPCState *env, unsigned priority)
{
    switch (priority) {
    case 1:
    case 6:
        return !env_pr(env) ||
               (priority == 1 && env_cpu((CPUPPCState *)env)->model->insns & ISA_2_07);
    case 2:
    case 3:
    case 4:
        return true;
    case 5:
        return !env_pr(env) || env->spr[SPR_PSPB];
    case 7:
        return env_hv(env) && !env_pr(env);
    default:
        return false;
    }
}

void spr_write_ppr(CPUPPCState *env, unsigned number, uint64_t value)
{
    unsigned priority = value >> 50 & 7;

    if (ppr_priority_allowed(env, priority)) {
        env->spr[SPR_PPR] = (uint64_t)priority << 50;
    }
}

uint64_t spr_read_ppr32(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_PPR] >> 32;
}

void spr_write_ppr32(CPUPPCState *env, unsigned number, uint64_t value)
{
    spr_write_ppr(env, SPR_PPR, value << 32);
}

/* What privileged software sees of PSSCR: not PLS, SD and PSLL, which are the hypervisor's. */
#define PSSCR_PRIVILEGED 0x00000000003003ffull

uint64_t spr_read_psscr_pr(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_PSSCR] & PSSCR_PRIVILEGED;
}

void spr_write_psscr_pr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_PSSCR] = (env->spr[SPR_PSSCR] & ~PSSCR_PRIVILEGED) | (value & PSSCR_PRIVILEGED);
}

void ppc_store_lpcr(PowerPCCPU *cpu, uint64_t value)
{
    CPUPPCState *env = &cpu->env;
    uint64_t old = env->spr[SPR_LPCR];

    env->spr[SPR_LPCR] = value & cpu->model->lpcr_mask;
    if (old == env->spr[SPR_LPCR]) {
        return;
    }
    if ((old ^ env->spr[SPR_LPCR]) & (LPCR_VPM0 | LPCR_VPM1 | LPCR_ISL | LPCR_KBV | LPCR_VRMASD |
                                      LPCR_RMLS | LPCR_UPRT | LPCR_HR)) {
        ppc_tlb_flush_all(cpu);
    }
    ppc_decr_update(cpu);
    ppc_update_hflags(env);
    ppc_recheck_interrupts(cpu);
}

void spr_write_lpcr(CPUPPCState *env, unsigned number, uint64_t value)
{
    ppc_store_lpcr(env_cpu(env), value);
}

void ppc_store_pcr(CPUPPCState *env, uint64_t value)
{
    env->spr[SPR_PCR] = value & env_cpu(env)->model->pcr_mask;
    ppc_update_hflags(env);
}

void spr_write_pcr(CPUPPCState *env, unsigned number, uint64_t value)
{
    ppc_store_pcr(env, value);
}

void spr_write_hmer(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_HMER] &= value;
}

/* Of the logical-partitioning bits that live in HID4 only LPES0 has an effect, on POWER5. */
void spr_write_hid4(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_HID4] = value;
    ppc_tlb_flush_all(env_cpu(env));
}

/* ---- Facilities ---- */

void spr_write_fscr(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint64_t mask = FSCR_IC_MASK | 1u << FACILITY_DSCR | 1u << FACILITY_EBB | 1u << FACILITY_TAR;

    if (env_cpu(env)->model->insns & ISA_3_00) {
        mask |= 1u << FACILITY_SCV;
    }
    env->spr[SPR_FSCR] = value & mask;
    ppc_update_hflags(env);
}

void spr_write_hfscr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_HFSCR] = value;
    ppc_update_hflags(env);
}

/* Directed privileged doorbells of the core's threads; only this thread's can be seen here. */
uint64_t spr_read_dpdes(CPUPPCState *env, unsigned number)
{
    return (uint64_t)ppc_is_pending(env, PPC_INTERRUPT_DOORBELL) << spr_read_tir(env, SPR_TIR);
}

void spr_write_dpdes(CPUPPCState *env, unsigned number, uint64_t value)
{
    ppc_set_interrupt(env_cpu(env), PPC_INTERRUPT_DOORBELL,
                      value >> spr_read_tir(env, SPR_TIR) & 1);
}

/* ---- Event-based branches ---- */

static void bescr_store(CPUPPCState *env, uint64_t value)
{
    env->spr[SPR_BESCR] = value;
    ppc_recheck_interrupts(env_cpu(env));
}

uint64_t spr_read_bescr(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_BESCR];
}

uint64_t spr_read_bescru(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_BESCR] >> 32;
}

void spr_write_bescr(CPUPPCState *env, unsigned number, uint64_t value)
{
    bescr_store(env, value);
}

void spr_write_bescrs(CPUPPCState *env, unsigned number, uint64_t value)
{
    bescr_store(env, env->spr[SPR_BESCR] | value);
}

void spr_write_bescrsu(CPUPPCState *env, unsigned number, uint64_t value)
{
    bescr_store(env, env->spr[SPR_BESCR] | value << 32);
}

void spr_write_bescrr(CPUPPCState *env, unsigned number, uint64_t value)
{
    bescr_store(env, env->spr[SPR_BESCR] & ~value);
}

void spr_write_bescrru(CPUPPCState *env, unsigned number, uint64_t value)
{
    bescr_store(env, env->spr[SPR_BESCR] & ~(value << 32));
}

/* ---- Transactional memory ---- */

uint64_t spr_read_texasru(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_TEXASR] >> 32;
}

void spr_write_texasru(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_TEXASR] = (uint32_t)env->spr[SPR_TEXASR] | value << 32;
}

/* ---- Translation and protection ---- */

uint64_t spr_read_sdr1(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_SDR1];
}

void spr_write_sdr1(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_SDR1] = value & (0x0ffffffffffc0000ull | 0x1f);
    ppc_tlb_flush_all(env_cpu(env));
}

void spr_write_ptcr(CPUPPCState *env, unsigned number, uint64_t value)
{
    if ((value & PTCR_PATS) > 24) {
        log_mask(LOG_GUEST_ERROR, "PTCR 0x%" PRIx64 ": partition table size out of range\n", value);
        value = (value & ~PTCR_PATS) | 24;
    }
    env->spr[SPR_PTCR] = value & (PTCR_PATB | PTCR_PATS);
    ppc_tlb_flush_all(env_cpu(env));
}

void spr_write_pidr(CPUPPCState *env, unsigned number, uint64_t value)
{
    value &= 0xffffffffu;
    if (env->spr[SPR_PIDR] != value) {
        env->spr[SPR_PIDR] = value;
        ppc_tlb_flush_user(env_cpu(env));
    }
}

void spr_write_lpidr(CPUPPCState *env, unsigned number, uint64_t value)
{
    value &= 0xfff;
    if (env->spr[SPR_LPIDR] != value) {
        env->spr[SPR_LPIDR] = value;
        ppc_tlb_flush_all(env_cpu(env));
    }
}

/*
 * Two bits for each of 32 keys.  Translations filled while a key allowed an access must go when it
 * no longer does; a key that becomes freer leaves nothing wrong behind (a denied access was never
 * filled).
 */
static void amr_store(CPUPPCState *env, uint64_t value)
{
    PowerPCCPU *cpu = env_cpu(env);
    uint64_t stricter = value & ~env->spr[SPR_AMR];

    env->spr[SPR_AMR] = value;
    if (ppc_has_locked_indexes(cpu)) {
        ppc_update_hflags(env);     /* the MMU index follows key 0 */
        return;
    }
    if (!stricter) {
        return;
    }
    if (cpu->amr_is_kuap && !(stricter << 2)) {
        ppc_tlb_flush_noted(cpu);   /* radix: only key 0, only privileged accesses to user pages */
    } else {
        ppc_tlb_flush_all(cpu);
    }
}

uint64_t spr_read_amr(CPUPPCState *env, unsigned number)
{
    return env->spr[SPR_AMR];
}

void spr_write_uamr(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint64_t mask = env->spr[SPR_UAMOR];

    amr_store(env, (env->spr[SPR_AMR] & ~mask) | (value & mask));
}

static uint64_t amor_mask(const CPUPPCState *env)
{
    return env_hv(env) ? UINT64_MAX : env->spr[SPR_AMOR];
}

void spr_write_amr(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint64_t mask = amor_mask(env);

    amr_store(env, (env->spr[SPR_AMR] & ~mask) | (value & mask));
}

void spr_write_iamr(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint64_t mask = amor_mask(env) & 0x5555555555555555ull;
    uint64_t result = (env->spr[SPR_IAMR] & ~mask) | (value & mask);

    if (result != env->spr[SPR_IAMR]) {
        env->spr[SPR_IAMR] = result;
        ppc_tlb_flush_all(env_cpu(env));
    }
}

void spr_write_uamor(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint64_t mask = amor_mask(env);

    env->spr[SPR_UAMOR] = (env->spr[SPR_UAMOR] & ~mask) | (value & mask);
}

void spr_write_amor(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_AMOR] = value;
}

/* ---- Debug ---- */

void spr_write_ciabr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_CIABR] = value;
    ppc_update_hflags(env);
}

void spr_write_dawr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[number] = value & env_cpu(env)->sprs[number]->mask;
    ppc_debug_update(env_cpu(env));
}

void spr_write_dabr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[number] = value & env_cpu(env)->sprs[number]->mask;
    ppc_debug_update(env_cpu(env));
}
