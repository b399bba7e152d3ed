/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The performance monitor: cycles and completed instructions are counted, with freeze conditions,
 * overflow alerts and event-based branches.
 *
 * From Power ISA 3.0B book III chapter 9 and the POWER7 to POWER9 event numbers for PM_CYC, PM_INST_CMPL
 * and their run-latch kinds.  A cycle is one nanosecond of the virtual clock (the clock frequency that
 * the device tree tells).  Other events never happen; the 970's own numbering is not known to it.
 *
 * Counters are brought up to date lazily (pmu_sync); a timer looks for overflows, since instructions
 * cannot be foreseen.
 */
#include "accel/tcg/accel.h"
#include "cpu-internal.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "util/timer.h"

typedef enum PMUEvent { PMU_NOTHING, PMU_CYCLES, PMU_INSTRUCTIONS } PMUEvent;

/* Events that count only while CTRL.RUN is set have the bit as well. */
#define PMU_RUN_LATCH 4

static unsigned counter_event(const CPUPPCState *env, unsigned n)
{
    const PowerPCCPU *cpu = env_cpu((CPUPPCState *)env);
    unsigned select;

    if (!cpu_is_2_06(cpu)) {
        return PMU_NOTHING;
    }
    if (n == 5) {
        return PMU_INSTRUCTIONS | PMU_RUN_LATCH;
    }
    if (n == 6) {
        return PMU_CYCLES | PMU_RUN_LATCH;
    }
    select = env->spr[SPR_MMCR1] >> (8 * (4 - n)) & 0xff;
    switch (select) {
    case 0x1e:
        return PMU_CYCLES;
    case 0x02:
        return PMU_INSTRUCTIONS;
    case 0xf0:
        return n == 1 ? PMU_CYCLES : PMU_NOTHING;
    case 0xfe:
        return n == 1 ? PMU_INSTRUCTIONS : PMU_NOTHING;
    case 0xf2:
        return n == 2 || n == 3 ? PMU_INSTRUCTIONS : PMU_NOTHING;
    case 0xf4:
        return n == 2 ? PMU_CYCLES | PMU_RUN_LATCH : PMU_NOTHING;
    case 0xfa:
        return n == 4 ? PMU_INSTRUCTIONS | PMU_RUN_LATCH : PMU_NOTHING;
    default:
        return PMU_NOTHING;
    }
}

/* What counter n counts in the present state; PMU_NOTHING if it is frozen. */
static unsigned counter_active(const CPUPPCState *env, unsigned n)
{
    uint64_t mmcr0 = env->spr[SPR_MMCR0], mmcr2 = env->spr[SPR_MMCR2];
    bool pr = env->msr & MSR_BIT(PR), hv = env->msr & MSR_BIT(HV), mark = env->msr & MSR_BIT(PMM);
    unsigned event = counter_event(env, n);
    uint64_t own = mmcr2 << (9 * (n - 1));       /* FCnS FCnP0 FCnP1 FCnM1 FCnM0 ... from the top */

    if (event == PMU_NOTHING || mmcr0 & MMCR0_FC || mmcr0 & (n <= 4 ? MMCR0_FC14 : MMCR0_FC56) ||
        (mmcr0 & MMCR0_FCS && !pr && !hv) || (mmcr0 & MMCR0_FCP && pr) || (mmcr0 & MMCR0_FCH && hv && !pr) ||
        (mmcr0 & MMCR0_FCM1 && mark) || (mmcr0 & MMCR0_FCM0 && !mark)) {
        return PMU_NOTHING;
    }
    if (env_cpu((CPUPPCState *)env)->model->insns & ISA_2_07 &&
        ((own >> 63 & 1 && !pr && !hv) || (own >> 62 & 1 && pr) || (own >> 60 & 1 && mark) ||
         (own >> 59 & 1 && !mark))) {
        return PMU_NOTHING;
    }
    if (event & PMU_RUN_LATCH && !(env->spr[SPR_CTRL] & 1)) {
        return PMU_NOTHING;
    }
    return event & ~PMU_RUN_LATCH;
}

bool pmu_counts_instructions(const CPUPPCState *env)
{
    if (env->spr[SPR_MMCR0] & MMCR0_FC) {
        return false;
    }
    for (unsigned n = 1; n <= 6; n++) {
        if (counter_active(env, n) == PMU_INSTRUCTIONS) {
            return true;
        }
    }
    return false;
}

/* An alert: PMAO, freezing if asked for, and the interrupt or the event-based branch. */
static void pmu_alert(CPUPPCState *env)
{
    if (!(env->spr[SPR_MMCR0] & MMCR0_PMAE)) {
        return;
    }
    env->spr[SPR_MMCR0] &= ~MMCR0_PMAE;
    env->spr[SPR_MMCR0] |= MMCR0_PMAO;
    if (env->spr[SPR_MMCR0] & MMCR0_FCECE) {
        env->spr[SPR_MMCR0] |= MMCR0_FC;
    }
    if (env->spr[SPR_MMCR0] & MMCR0_EBE && env->spr[SPR_BESCR] & BESCR_PME) {
        env->spr[SPR_BESCR] |= BESCR_PMEO;
        env->spr[SPR_BESCR] &= ~BESCR_PME;
        ppc_set_interrupt(env_cpu(env), PPC_INTERRUPT_EBB, true);
    }
}

static bool overflow_enabled(const CPUPPCState *env, unsigned n)
{
    return env->spr[SPR_MMCR0] & (n == 1 ? MMCR0_PMC1CE : MMCR0_PMCJCE);
}

void pmu_sync(CPUPPCState *env)
{
    PowerPCCPU *cpu = env_cpu(env);
    int64_t now = cpu->clock ? clock_get_ns(cpu->clock) : 0;
    uint64_t instructions = cpu->env.tcg.icount;
    uint64_t cycles_passed = (uint64_t)(now - env->pmu_base_ns);
    uint64_t instructions_passed = instructions - env->icount_base;
    bool alert = false;

    env->pmu_base_ns = now;
    env->icount_base = instructions;
    env->spr[SPR_IC] += instructions_passed;
    if (!cpu->pmu_active) {
        return;
    }
    for (unsigned n = 1; n <= 6; n++) {
        uint64_t *pmc = &env->spr[SPR_PMC1 + n - 1];
        uint64_t sum = *pmc;

        switch (counter_active(env, n)) {
        case PMU_CYCLES:
            sum += cycles_passed;
            break;
        case PMU_INSTRUCTIONS:
            sum += instructions_passed;
            break;
        default:
            continue;
        }
        if (sum & ~0x7fffffffull && overflow_enabled(env, n)) {
            alert = true;
        }
        *pmc = (uint32_t)sum;
    }
    if (alert) {
        pmu_alert(env);
    }
}

static void pmu_timer_fired(void *opaque)
{
    PowerPCCPU *cpu = opaque;

    ppc_set_interrupt(cpu, PPC_INTERRUPT_PMU_CHECK, true);
}

/* Nanoseconds until a counter may reach the top: exact for cycles, a guess for instructions. */
static int64_t next_overflow(const CPUPPCState *env)
{
    int64_t best = INT64_MAX;

    if (!(env->spr[SPR_MMCR0] & MMCR0_PMAE)) {
        return best;
    }
    for (unsigned n = 1; n <= 6; n++) {
        unsigned event = counter_active(env, n);
        uint64_t pmc = env->spr[SPR_PMC1 + n - 1];
        int64_t left;

        if (event == PMU_NOTHING || !overflow_enabled(env, n)) {
            continue;
        }
        left = pmc & 0x80000000u ? 0 : (int64_t)(0x80000000u - pmc);
        if (event == PMU_INSTRUCTIONS) {
            left = MAX(left / 4, 20000);
        }
        best = MIN(best, left);
    }
    return best;
}

void pmu_update(CPUPPCState *env)
{
    PowerPCCPU *cpu = env_cpu(env);
    uint64_t old_flags = env->hflags;
    int64_t left;

    cpu->pmu_active = false;
    for (unsigned n = 1; n <= 6 && !cpu->pmu_active; n++) {
        /* Frozen by state alone still counts as active: MSR changes must be watched. */
        cpu->pmu_active = !(env->spr[SPR_MMCR0] & MMCR0_FC) && counter_event(env, n) != PMU_NOTHING;
    }
    ppc_set_interrupt(cpu, PPC_INTERRUPT_PERFM,
                      env->spr[SPR_MMCR0] & MMCR0_PMAO && !(env->spr[SPR_MMCR0] & MMCR0_EBE));
    ppc_update_hflags(env);
    if (old_flags != env->hflags) {
        tcg_cpu_kick(&cpu->parent);
    }
    left = next_overflow(env);
    if (left == INT64_MAX) {
        if (cpu->pmu_timer) {
            timer_del(cpu->pmu_timer);
        }
        return;
    }
    if (!cpu->pmu_timer && cpu->clock) {
        cpu->pmu_timer = timer_new_ns(cpu->clock, pmu_timer_fired, cpu);
    }
    if (cpu->pmu_timer) {
        timer_mod_ns(cpu->pmu_timer, clock_get_ns(cpu->clock) + left);
    }
}

void pmu_reset(PowerPCCPU *cpu)
{
    cpu->pmu_active = false;
    cpu->env.pmu_base_ns = cpu->clock ? clock_get_ns(cpu->clock) : 0;
    cpu->env.icount_base = cpu->env.tcg.icount;
    if (cpu->pmu_timer) {
        timer_del(cpu->pmu_timer);
    }
}

void pmu_finalize(PowerPCCPU *cpu)
{
    timer_free(cpu->pmu_timer);
    cpu->pmu_timer = NULL;
}

/* ---- Registers ---- */

uint64_t spr_read_ic(CPUPPCState *env, unsigned number)
{
    pmu_sync(env);
    return env->spr[SPR_IC];
}

void spr_write_ic(CPUPPCState *env, unsigned number, uint64_t value)
{
    pmu_sync(env);
    env->spr[SPR_IC] = value;
}

uint64_t spr_read_pmc(CPUPPCState *env, unsigned number)
{
    if (env_cpu(env)->pmu_active) {
        pmu_sync(env);
        pmu_update(env);
    }
    return env->spr[number];
}

void spr_write_pmc(CPUPPCState *env, unsigned number, uint64_t value)
{
    pmu_sync(env);
    env->spr[number] = (uint32_t)value;
    pmu_update(env);
}

void spr_write_pmu_control(CPUPPCState *env, unsigned number, uint64_t value)
{
    pmu_sync(env);
    env->spr[number] = value;
    pmu_update(env);
}

/* Number of the privileged register that a problem-state one shows. */
static unsigned privileged_number(unsigned number)
{
    return number + 16;
}

/*
 * MMCR0.PMCC: who may do what in problem state.  0: reads of all, no writes; 1: nothing; 2: reads
 * and writes of the counters, MMCR0, MMCR2, MMCRA; 3: the same without PMC5 and PMC6.  A refusal is a
 * facility-unavailable interrupt (PMCC 1, or the counters 5 and 6 with 3), else a privileged or
 * emulation-assistance one.
 */
static void check_pmcc(CPUPPCState *env, unsigned number, bool write)
{
    unsigned pmcc = (env->spr[SPR_MMCR0] & MMCR0_PMCC) >> MMCR0_PMCC_SHIFT;
    unsigned priv = privileged_number(number);

    if (!(env->msr & MSR_BIT(PR)) || !(env_cpu(env)->model->insns & ISA_2_07)) {
        return;
    }
    if (pmcc == 1 || (pmcc == 3 && (priv == SPR_PMC5 || priv == SPR_PMC6))) {
        ppc_raise_facility(env, FACILITY_PMU);
    }
    if (write && pmcc == 0) {
        ppc_raise(env, EXCP_HV_EMU, PROGRAM_ILLEGAL);
    }
}

#define MMCR0_USER (MMCR0_FC | MMCR0_PMAO | MMCR0_PMAE)
/* FCnP0 of the six counters, and of the last two. */
#define MMCR2_USER 0x4020100804020000ull
#define MMCR2_USER_56 0x0000000004020000ull

uint64_t spr_read_pmu_user(CPUPPCState *env, unsigned number)
{
    unsigned priv = privileged_number(number);

    check_pmcc(env, number, false);
    if (priv >= SPR_PMC1 && priv <= SPR_PMC8) {
        return spr_read_pmc(env, priv);
    }
    if (env->msr & MSR_BIT(PR) && env_cpu(env)->model->insns & ISA_2_07) {
        if (priv == SPR_MMCR0) {
            return env->spr[SPR_MMCR0] & MMCR0_USER;
        }
        if (priv == SPR_MMCR2) {
            unsigned pmcc = (env->spr[SPR_MMCR0] & MMCR0_PMCC) >> MMCR0_PMCC_SHIFT;

            return env->spr[SPR_MMCR2] & (pmcc == 3 ? MMCR2_USER & ~MMCR2_USER_56 : MMCR2_USER);
        }
    }
    return env->spr[priv];
}

void spr_write_pmu_user(CPUPPCState *env, unsigned number, uint64_t value)
{
    unsigned priv = privileged_number(number);
    uint64_t mask = UINT64_MAX;

    check_pmcc(env, number, true);
    if (priv >= SPR_PMC1 && priv <= SPR_PMC8) {
        spr_write_pmc(env, priv, value);
        return;
    }
    if (priv == SPR_MMCR0) {
        mask = MMCR0_USER;
    } else if (priv == SPR_MMCR2) {
        mask = MMCR2_USER;
    }
    if (priv == SPR_MMCRA) {
        env->spr[priv] = value;
        return;
    }
    spr_write_pmu_control(env, priv, (env->spr[priv] & ~mask) | (value & mask));
}
