/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The performance monitor: counters, freeze conditions, overflow alerts, sampled addresses and
 * event-based branches.
 *
 * From Power ISA 3.0B book III chapter 9; event numbers from the processors' event lists (POWER7 to
 * POWER9, PowerPC 970; POWER5+ counts nothing).  Of the 32-bit processors (user's manuals of
 * MPC604e, MPC750, MPC7400 and MPC7450, chapters on the performance monitor), whose MMCR0 is the
 * ancestor of that one: counters, the freeze bits, overflow and time-base alerts.
 *
 * A cycle is one nanosecond of the virtual clock (the clock frequency that the device tree tells).
 * Completed and dispatched instructions, branches, loads and stores are counted by the code that
 * runs; what depends on pipelines and caches never happens.  The branch history is always empty,
 * the 604's sampled data address 0.
 *
 * Counters are brought up to date lazily (pmu_sync); a timer looks for overflows, since
 * instructions cannot be foreseen, so an alert of those comes somewhat late.
 */
#include <string.h>
#include "accel/tcg/accel.h"
#include "cpu-internal.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "util/timer.h"

typedef enum PMUEvent {
    PMU_NOTHING, PMU_CYCLES, PMU_INSTRUCTIONS, PMU_BRANCHES, PMU_LOADS, PMU_STORES, PMU_TIME_BASE,
    PMU_EVENTS,
} PMUEvent;

/* Where a processor has its registers. */
typedef struct PMULayout {
    uint16_t mmcr0, siar, pmc[8];
} PMULayout;

static const PMULayout layout_64 = {SPR_MMCR0, SPR_SIAR,
                                    {SPR_PMC1, SPR_PMC2, SPR_PMC3, SPR_PMC4, SPR_PMC5, SPR_PMC6,
                                     SPR_PMC7, SPR_PMC8}};
static const PMULayout layout_32 = {
    SPR_32_MMCR0,
    SPR_32_SIAR,
    {SPR_32_PMC1, SPR_32_PMC2, SPR_32_PMC3, SPR_32_PMC4, SPR_32_PMC5, SPR_32_PMC6}};

static const PMULayout *layout_of(const CPUPPCState *env)
{
    return cpu_is_64(env_cpu((CPUPPCState *)env)) ? &layout_64 : &layout_32;
}

static uint64_t mmcr0_of(const CPUPPCState *env)
{
    return env->spr[layout_of(env)->mmcr0];
}

/* Events that count only while CTRL.RUN is set have the bit as well. */
#define PMU_RUN_LATCH 0x10

/* Event selection of counters 1 to 4: MMCR1 has eight bits and the unit of each. */
static const struct PMUEventRow {
    uint16_t families;
    uint8_t counters;       /* bit n - 1: PMCn */
    uint8_t select;
    int8_t unit;            /* -1: any */
    uint8_t event;
} event_rows[] = {
    {PPC_FAM_P7_UP, 0xf, 0x1e, -1, PMU_CYCLES},
    {PPC_FAM_P7_UP, 0x1, 0xf0, -1, PMU_CYCLES},
    {PPC_FAM_P7_UP, 0x2, 0xf4, -1, PMU_CYCLES | PMU_RUN_LATCH},
    {PPC_FAM_P7_UP, 0xf, 0x02, -1, PMU_INSTRUCTIONS},
    {PPC_FAM_P7_UP, 0x1, 0xfe, -1, PMU_INSTRUCTIONS},
    {PPC_FAM_P7_UP, 0x6, 0xf2, -1, PMU_INSTRUCTIONS},           /* dispatched */
    {PPC_FAM_P7_UP, 0x8, 0xfa, -1, PMU_INSTRUCTIONS | PMU_RUN_LATCH},
    {PPC_FAM_P7 | PPC_FAM_P8, 0x1, 0x68, 0, PMU_BRANCHES},
    {PPC_FAM_P9_UP, 0x8, 0x5e, 0xd, PMU_BRANCHES},
    {PPC_FAM_P8, 0x1, 0xee, -1, PMU_LOADS},
    {PPC_FAM_P9_UP, 0x1, 0xfc, -1, PMU_LOADS},
    {PPC_FAM_P7_UP, 0x2, 0xf0, -1, PMU_STORES},
};

static unsigned counters(const PowerPCCPU *cpu)
{
    uint64_t sets = cpu->model->spr_sets;

    if (!cpu_is_64(cpu)) {
        return sets & SPRS_7450                   ? 6
               : sets & (SPRS_PMU | SPRS_PMU604E) ? 4
               : sets & SPRS_PMU604               ? 2
                                                  : 0;
    }
    return cpu->model->insns & ISA_970 ? 8 : cpu_is_2_06(cpu) ? 6 : 0;
}

/* Of 32-bit processors MMCR0 selects for the first two counters, MMCR1 for the others. */
static unsigned event_32(const CPUPPCState *env, unsigned n)
{
    static const struct {
        uint8_t shift, mask;
    } fields[] = {{6, 0x7f}, {0, 0x3f}, {27, 0x1f}, {22, 0x1f}, {17, 0x1f}, {11, 0x3f}};
    uint64_t control = env->spr[n <= 2 ? SPR_32_MMCR0 : SPR_32_MMCR1];
    unsigned select = control >> fields[n - 1].shift & fields[n - 1].mask;

    if (select == 1) {
        return PMU_CYCLES;
    }
    if (select == 0x22 && n == 1 && env_cpu((CPUPPCState *)env)->model->spr_sets & SPRS_7450) {
        return PMU_BRANCHES;
    }
    /* 2 completed, 4 dispatched. */
    return n > 4 ? PMU_NOTHING
                 : select == 2 || select == 4 ? PMU_INSTRUCTIONS
                                              : select == 3 ? PMU_TIME_BASE : PMU_NOTHING;
}

/* The 970's direct events: MMCR0 selects for counters 1 and 2, MMCR1 for the others. */
static unsigned event_970(const CPUPPCState *env, unsigned n)
{
    unsigned select =
        n <= 2 ? env->spr[SPR_MMCR0] >> (n == 1 ? 8 : 1) : env->spr[SPR_MMCR1] >> (42 - 5 * n);

    switch (select & 0xf) {
    case 7:
        return PMU_CYCLES;
    case 1:
        return PMU_INSTRUCTIONS;
    default:
        return PMU_NOTHING;
    }
}

static unsigned counter_event(const CPUPPCState *env, unsigned n)
{
    const PowerPCCPU *cpu = env_cpu((CPUPPCState *)env);
    uint64_t mmcr0 = env->spr[SPR_MMCR0], mmcr1 = env->spr[SPR_MMCR1];
    unsigned select, unit;

    if (!cpu_is_64(cpu)) {
        return event_32(env, n);
    }
    if (cpu->model->insns & ISA_970) {
        return event_970(env, n);
    }
    if (n >= 5) {
        bool always = cpu->model->insns & ISA_2_07 && mmcr0 & MMCR0_CC56RUN;

        return (n == 5 ? PMU_INSTRUCTIONS : PMU_CYCLES) | (always ? 0 : PMU_RUN_LATCH);
    }
    select = mmcr1 >> (8 * (4 - n)) & 0xff;
    unit = mmcr1 >> (64 - 4 * n) & 0xf;
    for (unsigned i = 0; select && i < G_N_ELEMENTS(event_rows); i++) {
        const struct PMUEventRow *row = &event_rows[i];

        if (row->select == select && row->counters >> (n - 1) & 1 &&
            row->families >> cpu_family(cpu) & 1 &&
            (row->unit < 0 || (unsigned)row->unit == unit)) {
            return row->event;
        }
    }
    return PMU_NOTHING;
}

/* MMCR0: frozen in problem state; FCPC turns the two states that have PR set around. */
static bool frozen_in_problem(uint64_t mmcr0, bool hv)
{
    bool fcp = mmcr0 & MMCR0_FCP;

    return mmcr0 & MMCR0_FCPC ? fcp != hv : fcp;
}

/* What counter n counts in the present state; PMU_NOTHING if it is frozen. */
static unsigned counter_active(const CPUPPCState *env, unsigned n)
{
    const PowerPCCPU *cpu = env_cpu((CPUPPCState *)env);
    bool isa207 = cpu->model->insns & ISA_2_07;
    uint64_t mmcr0 = mmcr0_of(env), mmcr2 = env->spr[SPR_MMCR2];
    bool pr = env->msr & MSR_BIT(PR), hv = cpu_is_64(cpu) && env->msr & MSR_BIT(HV),
         mark = env->msr & MSR_BIT(PMM);
    bool run = env->spr[SPR_CTRL] & 1;
    unsigned event = counter_event(env, n);

    if (event == PMU_NOTHING || mmcr0 & MMCR0_FC ||
        (cpu_is_2_06(cpu) && mmcr0 & (n <= 4 ? MMCR0_FC14 : MMCR0_FC56)) ||
        (mmcr0 & MMCR0_FCS && !pr && !hv) ||
        (pr && frozen_in_problem(isa207 ? mmcr0 : mmcr0 & MMCR0_FCP, hv)) ||
        (cpu_is_64(cpu) && mmcr0 & MMCR0_FCH && hv && !pr) || (mmcr0 & MMCR0_FCM1 && mark) ||
        (mmcr0 & MMCR0_FCM0 && !mark) || (n > 1 && mmcr0 & MMCR0_TRIGGER) ||
        (event & PMU_RUN_LATCH && !run)) {
        return PMU_NOTHING;
    }
    if (isa207) {
        uint64_t own = mmcr2 << (9 * (n - 1));      /* FCnS P0 P1 M1 M0 WAIT H - - from the top */

        if ((n <= 4 && mmcr0 & MMCR0_FCWAIT && !run) || (own >> 63 & 1 && !pr && !hv) ||
            (own >> 62 & 1 && pr && !hv) || (own >> 61 & 1 && pr && hv) ||
            (own >> 60 & 1 && mark) || (own >> 59 & 1 && !mark) || (own >> 58 & 1 && !run) ||
            (own >> 57 & 1 && hv && !pr)) {
            return PMU_NOTHING;
        }
    }
    return event & ~PMU_RUN_LATCH;
}

uint64_t pmu_hflags(const CPUPPCState *env)
{
    uint64_t flags = 0;
    unsigned n_counters = counters(env_cpu((CPUPPCState *)env));

    if (!env_cpu((CPUPPCState *)env)->pmu_active) {
        return 0;
    }
    for (unsigned n = 1; n <= n_counters; n++) {
        switch (counter_active(env, n)) {
        case PMU_INSTRUCTIONS:
            flags |= HF_PMU;
            break;
        case PMU_BRANCHES:
        case PMU_LOADS:
        case PMU_STORES:
            flags |= HF_PMU_KINDS;
            break;
        default:
            break;
        }
    }
    return flags;
}

/* Where the alert finds the processor: SIAR, and SIER's (POWER7: MMCRA's) bits that tell its state.
 */
static void sample(CPUPPCState *env)
{
    bool pr = env->msr & MSR_BIT(PR), hv = env->msr & MSR_BIT(HV);

    env->spr[layout_of(env)->siar] = env->nip;
    if (!cpu_is_64(env_cpu(env))) {
        return;
    }
    env->spr[SPR_SDAR] = 0;
    if (env_cpu(env)->model->insns & ISA_2_07) {
        env->spr[SPR_SIER] = SIER_SIAR_VALID | (pr ? SIER_SIPR : 0) | (hv ? SIER_SIHV : 0);
    } else if (cpu_is_2_06(env_cpu(env))) {
        env->spr[SPR_MMCRA] &= ~(MMCRA_SIPR | MMCRA_SIHV);
        env->spr[SPR_MMCRA] |= MMCRA_SIAR_VALID | (pr ? MMCRA_SIPR : 0) | (hv ? MMCRA_SIHV : 0);
    }
}

/* An alert: PMAO (32-bit: the interrupt at once), freezing if asked for, or the event-based branch.
 */
static void pmu_alert(CPUPPCState *env)
{
    PowerPCCPU *cpu = env_cpu(env);
    uint64_t *mmcr0 = &env->spr[layout_of(env)->mmcr0];

    if (!(*mmcr0 & MMCR0_PMAE)) {
        return;
    }
    *mmcr0 &= ~(MMCR0_PMAE | MMCR0_TRIGGER);
    if (*mmcr0 & MMCR0_FCECE) {
        *mmcr0 |= MMCR0_FC;
    }
    sample(env);
    if (!cpu_is_64(cpu)) {
        ppc_set_interrupt(cpu, PPC_INTERRUPT_PERFM, true);
        return;
    }
    *mmcr0 |= MMCR0_PMAO;
    if (*mmcr0 & MMCR0_EBE && env->spr[SPR_BESCR] & BESCR_PME) {
        env->spr[SPR_BESCR] |= BESCR_PMEO;
        env->spr[SPR_BESCR] &= ~BESCR_PME;
        ppc_set_interrupt(cpu, PPC_INTERRUPT_EBB, true);
    }
}

/* Time-base events: the selected bit of the time base goes from 0 to 1, this often so far. */
static uint64_t tb_rises(const CPUPPCState *env, uint64_t tb, unsigned *bit)
{
    static const uint8_t bits[] = {0, 8, 12, 16};

    *bit = bits[(mmcr0_of(env) & MMCR0_TBSEL) >> MMCR0_TBSEL_SHIFT];
    return (tb + (1ull << *bit)) >> (*bit + 1);
}

static int64_t next_tb_event(const CPUPPCState *env)
{
    PowerPCCPU *cpu = env_cpu((CPUPPCState *)env);
    uint64_t tb = ppc_get_tb(&cpu->env), rises;
    unsigned bit;

    if (!(mmcr0_of(env) & MMCR0_TBEE) || !cpu->tb_freq) {
        return INT64_MAX;
    }
    rises = tb_rises(env, tb, &bit);
    rises = ((rises + 1) << (bit + 1)) - (1ull << bit);
    return (int64_t)((rises - tb) * NANOSECONDS_PER_SECOND / cpu->tb_freq + 1);
}

static bool overflow_enabled(const CPUPPCState *env, unsigned n)
{
    return mmcr0_of(env) & (n == 1 ? MMCR0_PMC1CE : MMCR0_PMCJCE);
}

void pmu_sync(CPUPPCState *env)
{
    PowerPCCPU *cpu = env_cpu(env);
    int64_t now = cpu->clock ? clock_get_ns(cpu->clock) : 0;
    uint64_t passed[PMU_EVENTS] = {
        [PMU_CYCLES] = (uint64_t)(now - env->pmu_base_ns),
        [PMU_INSTRUCTIONS] = cpu->env.tcg.icount - env->icount_base,
        [PMU_BRANCHES] = env->pmu_kinds[0],
        [PMU_LOADS] = env->pmu_kinds[1],
        [PMU_STORES] = env->pmu_kinds[2],
    };
    const PMULayout *layout = layout_of(env);
    uint64_t *mmcr0 = &env->spr[layout->mmcr0], tb = ppc_get_tb(env);
    unsigned n_counters = counters(cpu), bit;
    bool alert;

    passed[PMU_TIME_BASE] = tb_rises(env, tb, &bit) - tb_rises(env, env->pmu_base_tb, &bit);
    alert = *mmcr0 & MMCR0_TBEE && passed[PMU_TIME_BASE];
    env->pmu_base_tb = tb;
    env->pmu_base_ns = now;
    env->icount_base = cpu->env.tcg.icount;
    memset(env->pmu_kinds, 0, sizeof(env->pmu_kinds));
    if (cpu_is_64(cpu)) {
        env->spr[SPR_IC] += passed[PMU_INSTRUCTIONS];
    }
    for (unsigned n = 1; cpu->pmu_active && n <= n_counters; n++) {
        uint64_t *pmc = &env->spr[layout->pmc[n - 1]];
        uint64_t sum = *pmc + passed[counter_active(env, n)];

        if (sum & ~0x7fffffffull && overflow_enabled(env, n) &&
            counter_active(env, n) != PMU_NOTHING) {
            alert = true;
        }
        *pmc = (uint32_t)sum;
    }
    if (alert) {
        pmu_alert(env);
    }
    if (cpu->pmu_active && env->spr[layout->pmc[0]] & 0x80000000u) {
        *mmcr0 &= ~MMCR0_TRIGGER;
    }
}

static void pmu_timer_fired(void *opaque)
{
    PowerPCCPU *cpu = opaque;

    ppc_set_interrupt(cpu, PPC_INTERRUPT_PMU_CHECK, true);
}

/* Nanoseconds until a counter may reach the top: exact for cycles, a guess for the others. */
static int64_t next_overflow(const CPUPPCState *env)
{
    int64_t best = INT64_MAX;
    unsigned n_counters = counters(env_cpu((CPUPPCState *)env));

    if (!(mmcr0_of(env) & MMCR0_PMAE)) {
        return best;
    }
    best = next_tb_event(env);
    for (unsigned n = 1; n <= n_counters; n++) {
        unsigned event = counter_active(env, n);
        uint64_t pmc = env->spr[layout_of(env)->pmc[n - 1]];
        int64_t left;

        if (event == PMU_NOTHING || !overflow_enabled(env, n)) {
            continue;
        }
        left = pmc & 0x80000000u ? 0 : (int64_t)(0x80000000u - pmc);
        if (event != PMU_CYCLES) {
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
    for (unsigned n = 1; n <= counters(cpu) && !cpu->pmu_active; n++) {
        /* Frozen by state alone still counts as active: MSR changes must be watched. */
        cpu->pmu_active = !(mmcr0_of(env) & MMCR0_FC) && counter_event(env, n) != PMU_NOTHING;
    }
    if (cpu_is_64(cpu)) {
        ppc_set_interrupt(cpu, PPC_INTERRUPT_PERFM,
                          env->spr[SPR_MMCR0] & MMCR0_PMAO && !(env->spr[SPR_MMCR0] & MMCR0_EBE));
    }
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
    cpu->env.pmu_base_tb = ppc_get_tb(&cpu->env);
    memset(cpu->env.pmu_kinds, 0, sizeof(cpu->env.pmu_kinds));
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
    env->spr[number] = number == SPR_MMCR0 || !cpu_is_64(env_cpu(env)) ? (uint32_t)value : value;
    env->pmu_base_tb = ppc_get_tb(env);
    pmu_update(env);
}

/* Number of the privileged register that a problem-state one shows. */
static unsigned privileged_number(unsigned number)
{
    return number + 16;
}

/*
 * MMCR0.PMCC: who may do what in problem state.  0: reads of all, no writes; 1: nothing; 2: reads
 * and writes of the counters, MMCR0, MMCR2, MMCRA; 3: the same without PMC5 and PMC6.  A refusal is
 * a facility-unavailable interrupt (PMCC 1, or the counters 5 and 6 with 3), else a privileged or
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

    if (!cpu_is_64(env_cpu(env))) {
        return spr_read_pmc(env, priv);
    }
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
