/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asynchronous interrupts: requests, which of them may be taken now, in which order, and what wakes
 * a halted thread.
 *
 * From Power ISA 3.0B book III 6.5, 6.9 (priorities) and 3.3.2 (power saving); book II 7
 * (event-based branches).  Levels: external, hypervisor virtualization and hypervisor decrementer
 * follow their source; the decrementer is a level (the sign of DEC) on ISA 2.06 and later and a
 * latch before; the performance monitor follows MMCR0.PMAO (a latch on 32-bit processors).  Reset,
 * machine check and doorbells are latches.
 */
#include "accel/tcg/accel.h"
#include "hw/core/cpus.h"
#include "internal.h"
#include "util/log.h"

#define PENDING(irq) ((uint64_t)1 << PPC_INTERRUPT_##irq)

bool ppc_set_pending(CPUPPCState *env, PPCInterrupt irq, bool level)
{
    uint64_t bit = (uint64_t)1 << irq, old;

    if (level) {
        old = __atomic_fetch_or(&env->pending_interrupts, bit, __ATOMIC_SEQ_CST);
    } else {
        old = __atomic_fetch_and(&env->pending_interrupts, ~bit, __ATOMIC_SEQ_CST);
    }
    return (old & bit) != (level ? bit : 0);
}

/*
 * Makes the CPU look.  Its own thread, and one that runs, only leave the block; a halted thread
 * must be woken.  The request is visible before `halted` is read, and the CPU stores `halted`
 * before it reads requests, so one of the two sees the other.
 */
static void notify(PowerPCCPU *cpu)
{
    CPUState *cs = &cpu->parent;

    if (cpu_is_self(cs) || (cpus_threading() == VCPU_THREADS_MULTI && cs->created &&
                            !__atomic_load_n(&cs->halted, __ATOMIC_SEQ_CST))) {
        tcg_cpu_kick(cs);
    } else {
        cpu_interrupt(cs, CPU_INTERRUPT_HARD);
    }
}

void ppc_set_interrupt(PowerPCCPU *cpu, PPCInterrupt irq, bool level)
{
    if (ppc_set_pending(&cpu->env, irq, level)) {
        if (level) {
            notify(cpu);
        }
        log_mask(LOG_IRQ, "cpu %d: request %d %s\n", cpu->vcpu_id, irq,
                 level ? "raised" : "lowered");
    }
}

static bool pece_allows(const PowerPCCPU *cpu, uint64_t pending)
{
    uint64_t lpcr = cpu->env.spr[SPR_LPCR];
    bool p7 = cpu_family(cpu) == FAMILY_POWER7;
    uint64_t external = p7 ? LPCR_P7_PECE0 : LPCR_EEE;
    uint64_t decrementer = p7 ? LPCR_P7_PECE1 : LPCR_DEE;
    uint64_t other = p7 ? LPCR_P7_PECE2 : LPCR_OEE;

    return (pending & PENDING(EXT) && lpcr & external) ||
           (pending & (PENDING(DECR) | PENDING(HDECR)) && lpcr & decrementer) ||
           (pending & (PENDING(MCK) | PENDING(HMI)) && lpcr & other) ||
           (!p7 && pending & PENDING(DOORBELL) && lpcr & LPCR_PDEE) ||
           (!p7 && pending & PENDING(HDOORBELL) && lpcr & LPCR_HDEE) ||
           (pending & PENDING(HVIRT) && lpcr & LPCR_HVEE) || pending & PENDING(RESET);
}

bool ppc_external_is_hypervisors(const PowerPCCPU *cpu)
{
    const CPUPPCState *env = &cpu->env;

    return ppc_msr_mask(cpu) & MSR_BIT(HV) &&
           !(cpu_is_2_06(cpu) ? env->spr[SPR_LPCR] & LPCR_LPES0 : env->spr[SPR_HID4] & HID4_LPES0);
}

/* Pending requests that can be taken with this MSR. */
static uint64_t enabled_requests(const PowerPCCPU *cpu, uint64_t pending)
{
    const CPUPPCState *env = &cpu->env;
    uint64_t lpcr = env->spr[SPR_LPCR];
    bool have_hv = ppc_msr_mask(cpu) & MSR_BIT(HV);
    bool ee = env->msr & MSR_BIT(EE), hv = env->msr & MSR_BIT(HV);
    uint64_t result = pending & (PENDING(RESET) | PENDING(MCK) | PENDING(PMU_CHECK));

    if (have_hv) {
        bool hv_enabled = ee || !hv;

        if (hv_enabled) {
            result |= pending & PENDING(HMI);
            result |= lpcr & LPCR_HDICE ? pending & PENDING(HDECR) : 0;
            result |=
                lpcr & LPCR_HVICE && cpu->model->insns & ISA_3_00 ? pending & PENDING(HVIRT) : 0;
            result |= pending & PENDING(HDOORBELL);
            if (ppc_external_is_hypervisors(cpu) && !(lpcr & LPCR_HEIC && hv)) {
                result |= pending & PENDING(EXT);
            }
        }
    }
    if (ee) {
        if (!(have_hv && lpcr & LPCR_HEIC && hv)) {
            result |= pending & PENDING(EXT);
        }
        result |= pending & (PENDING(DECR) | PENDING(DOORBELL) | PENDING(PERFM) | PENDING(SMI) |
                             PENDING(THERM));
    }
    if (pending & PENDING(EBB) && env->msr & MSR_BIT(PR) && env->spr[SPR_BESCR] & BESCR_GE) {
        result |= PENDING(EBB);
    }
    return result;
}

static uint64_t pending_now(const PowerPCCPU *cpu)
{
    return __atomic_load_n(&cpu->env.pending_interrupts, __ATOMIC_ACQUIRE);
}

bool ppc_interrupt_deliverable(PowerPCCPU *cpu)
{
    uint64_t pending = pending_now(cpu);

    return pending && enabled_requests(cpu, pending);
}

void ppc_recheck_interrupts(PowerPCCPU *cpu)
{
    if (ppc_interrupt_deliverable(cpu)) {
        notify(cpu);
    }
}

bool ppc_cpu_has_work(CPUState *cs)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    uint64_t pending = pending_now(cpu);

    if (cpu->checkstopped || !pending) {
        return false;
    }
    switch (cpu->power_wait) {
    case PPC_WAIT_ANY:
        return true;
    case PPC_WAIT_PECE:
        return pece_allows(cpu, pending);
    default:
        return enabled_requests(cpu, pending) & ~PENDING(PMU_CHECK);
    }
}

/* SRR1 of the system reset that ends a power-saving mode: 42:45 why, 46:47 state was kept. */
static uint64_t wake_cause(uint64_t pending)
{
    uint64_t cause = 0;

    if (pending & PENDING(RESET)) {
        cause = 0x4;
    } else if (pending & PENDING(HMI)) {
        cause = 0xa;
    } else if (pending & PENDING(HVIRT)) {
        cause = 0x9;
    } else if (pending & PENDING(EXT)) {
        cause = 0x8;
    } else if (pending & (PENDING(DECR) | PENDING(HDECR))) {
        cause = 0x6;
    } else if (pending & PENDING(DOORBELL)) {
        cause = 0x5;
    } else if (pending & PENDING(HDOORBELL)) {
        cause = 0x3;
    }
    return cause << 18 | 1ull << 17;
}

static bool deliver_ebb(CPUPPCState *env)
{
    log_mask(LOG_INT, "cpu %d event-based branch at %016" PRIx64 " to %016" PRIx64 "\n",
             env_cpu(env)->vcpu_id, env->nip, env->spr[SPR_EBBHR]);
    ppc_set_pending(env, PPC_INTERRUPT_EBB, false);
    env->spr[SPR_BESCR] &= ~BESCR_GE;
    env->spr[SPR_EBBRR] = env->nip;
    env->nip = env->spr[SPR_EBBHR] & (env->msr & MSR_BIT(SF) ? ~3ull : 0xfffffffcull);
    return true;
}

typedef struct InterruptRow {
    uint8_t irq;
    int8_t kind;
    bool latch;                 /* taking it clears it */
} InterruptRow;

/* Most favoured first. */
static const InterruptRow interrupt_rows[] = {
    {PPC_INTERRUPT_RESET, EXCP_RESET, true},
    {PPC_INTERRUPT_MCK, EXCP_MCHECK, true},
    {PPC_INTERRUPT_HMI, EXCP_HV_MAINT, true},
    {PPC_INTERRUPT_HDECR, EXCP_HDECR, false},
    {PPC_INTERRUPT_HVIRT, EXCP_HVIRT, false},
    {PPC_INTERRUPT_EXT, EXCP_EXTERNAL, false},
    {PPC_INTERRUPT_SMI, EXCP_SMI, false},
    {PPC_INTERRUPT_DECR, EXCP_DECR, false},
    {PPC_INTERRUPT_DOORBELL, EXCP_SDOOR, true},
    {PPC_INTERRUPT_HDOORBELL, EXCP_SDOOR_HV, true},
    {PPC_INTERRUPT_PERFM, EXCP_PERFM, false},
    {PPC_INTERRUPT_THERM, EXCP_THERM, false},
};

bool ppc_cpu_exec_interrupt(CPUState *cs)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    CPUPPCState *env = &cpu->env;
    uint64_t enabled;

    if (pending_now(cpu) & PENDING(PMU_CHECK)) {
        ppc_set_pending(env, PPC_INTERRUPT_PMU_CHECK, false);
        pmu_sync(env);
        pmu_update(env);
    }
    if (cpu->power_wait != PPC_WAIT_NONE) {
        cpu->power_wait = PPC_WAIT_NONE;
        if (env->resume_as_sreset) {
            uint64_t pending = pending_now(cpu);

            ppc_set_pending(env, PPC_INTERRUPT_RESET, false);
            ppc_deliver_exception(cpu, EXCP_RESET, wake_cause(pending));
            return true;
        }
    }
    /* A debugger that steps wants the next instruction, not the timer's handler. */
    if (cs->singlestep_enabled & SSTEP_NOIRQ) {
        return false;
    }
    enabled = enabled_requests(cpu, pending_now(cpu));
    for (unsigned i = 0; enabled && i < G_N_ELEMENTS(interrupt_rows); i++) {
        const InterruptRow *row = &interrupt_rows[i];

        if (!(enabled >> row->irq & 1)) {
            continue;
        }
        /* The 32-bit processors' performance monitor signals once, the others' stays on until it is
         * told. */
        if (row->latch || (row->irq == PPC_INTERRUPT_DECR && !cpu_is_2_06(cpu)) ||
            (row->irq == PPC_INTERRUPT_PERFM && !cpu_is_64(cpu))) {
            ppc_set_pending(env, row->irq, false);
        }
        ppc_deliver_exception(cpu, (PPCException)row->kind, 0);
        return true;
    }
    return enabled & PENDING(EBB) ? deliver_ebb(env) : false;
}
