/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the execution engine asks of the target: block state, translation, faults, interrupts.
 *
 * From Power ISA 3.0B book III 6.5 (which interrupt an access raises) and 8 (DAWR; DABR of 2.06).
 */
#include "cpu-internal.h"
#include "internal.h"
#include "translate.h"
#include "util/log.h"

static void *op_env_of(CPUState *cs)
{
    return &POWERPC_CPU(cs)->env;
}

unsigned ppc_fetch_mmu_idx(const CPUPPCState *env)
{
    bool pr = env->msr & MSR_BIT(PR), hv = env->msr & MSR_BIT(HV);

    if (env->msr & MSR_BIT(IR)) {
        return pr ? MMU_IDX_VIRT_USER : hv ? MMU_IDX_HV_VIRT : MMU_IDX_VIRT_SUPER;
    }
    return pr ? MMU_IDX_REAL_USER : hv ? MMU_IDX_HV_REAL : MMU_IDX_REAL_SUPER;
}

void ppc_block_state(CPUState *cs, TCGBlockState *out)
{
    const CPUPPCState *env = &POWERPC_CPU(cs)->env;

    /* An entry that RTAS or a debugger set may have any low bits: the instruction address has none.
     */
    out->pc = env->nip & (env->hflags & HF_SF ? ~3ull : 0xfffffffcull);
    out->flags = env->hflags;
    out->fetch_mmu_idx = ppc_fetch_mmu_idx(env);
    out->data_mmu_idx = env->hflags >> HF_MMUIDX_SHIFT & 7;
}

static void op_set_pc(CPUState *cs, uint64_t pc)
{
    POWERPC_CPU(cs)->env.nip = pc;
}

static PPCAccess access_kind(TCGAccess access)
{
    return access == TCG_ACCESS_LOAD    ? ACCESS_LOAD
           : access == TCG_ACCESS_STORE ? ACCESS_STORE
                                        : ACCESS_FETCH;
}

static bool op_translate(CPUState *cs, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool probe,
                         TCGTranslation *out)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    PPCTranslation t;

    if (!ppc_translate(cpu, ea, access_kind(access), mmu_idx, probe, &t)) {
        out->exception = t.exception;
        out->error_code = t.error_code;
        out->dar = t.dar;
        out->dsisr = t.dsisr;
        out->asdr = t.asdr;
        log_mask(LOG_MMU,
                 "cpu %d mmu %016" PRIx64 " access %d idx %u: %s dsisr %08x srr1 %08" PRIx64 "\n",
                 cpu->vcpu_id, ea, access, mmu_idx, ppc_exception_name(t.exception), t.dsisr,
                 t.error_code);
        return false;
    }
    out->raddr = t.raddr;
    out->page_shift = t.page_shift;
    out->prot = (t.readable ? TCG_PROT_READ : 0) | (t.writable && t.dirty ? TCG_PROT_WRITE : 0) |
                (t.executable ? TCG_PROT_EXEC : 0);
    out->update = t.update;
    log_mask(LOG_MMU,
             "cpu %d mmu %016" PRIx64 " access %d idx %u -> %016" PRIx64 " prot %x shift %u\n",
             cpu->vcpu_id, ea, access, mmu_idx, t.raddr, out->prot, t.page_shift);
    return true;
}

static void op_raise_fault(CPUState *cs, uint64_t ea, TCGAccess access, unsigned mmu_idx,
                           const TCGTranslation *fault)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;

    env->fault_dar = fault->dar;
    env->fault_dsisr = fault->dsisr;
    env->fault_asdr = fault->asdr;
    ppc_raise(env, (PPCException)fault->exception, fault->error_code);
}

static void op_alignment_fault(CPUState *cs, uint64_t ea, TCGAccess access, unsigned mmu_idx)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;

    env->fault_dar = cpu_is_64(env_cpu(env)) ? ea : (uint32_t)ea;
    ppc_raise(env, EXCP_ALIGN, 0);
}

/* A partition's stray access: the hypervisor would hand the guest a machine check; loads read ones.
 */
static void op_unassigned_access(CPUState *cs, uint64_t physical, TCGAccess access, unsigned size)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    log_mask(LOG_GUEST_ERROR, "cpu %d: no device at %016" PRIx64 " (%s, %u bytes)\n", cpu->vcpu_id,
             physical,
             access == TCG_ACCESS_STORE  ? "store"
             : access == TCG_ACCESS_LOAD ? "load"
                                         : "fetch",
             size);
    if (access == TCG_ACCESS_FETCH) {
        ppc_raise(&cpu->env, EXCP_MCHECK, 0x40000);
    }
}

/* DAWR, DABR: before the access, DSISR bit 41 and the address. */
static void op_watchpoint_hit(CPUState *cs, uint64_t ea, unsigned size, TCGAccess access,
                              CPUWatchpoint *watchpoint)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    CPUPPCState *env = &cpu->env;
    bool pr = env->msr & MSR_BIT(PR), hv = env->msr & MSR_BIT(HV);
    uint64_t control;

    if (cpu->model->insns & ISA_2_07) {
        /* DAWRX0: PRIVM 61:63 (hypervisor, privileged, problem), WTI 60, WT 59, DR 58, DW 57. */
        bool translated = env->msr & MSR_BIT(DR);

        control = env->spr[SPR_DAWRX0];
        if (!(control & (pr   ? 1
                         : hv ? 4
                              : 2)) ||
            (!(control & 8) && ((control >> 4 & 1) != translated))) {
            return;
        }
    } else if (!cpu_is_64(cpu)) {
        if ((env->spr[SPR_DABR] >> 2 & 1) != ((env->msr & MSR_BIT(DR)) != 0)) {
            return;
        }
    } else {
        control = env->spr[SPR_DABRX];
        if (!(control & (pr   ? 1
                         : hv ? 4
                              : 2)) ||
            (!(control & 8) &&
             ((env->spr[SPR_DABR] >> 2 & 1) != ((env->msr & MSR_BIT(DR)) != 0)))) {
            return;
        }
    }
    env->fault_dar = MAX(ea, watchpoint->addr);
    env->fault_dsisr = 0x00400000 | (access == TCG_ACCESS_STORE ? 0x02000000 : 0);
    ppc_raise(env, EXCP_DSI, 0);
}

void ppc_debug_update(PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;
    CPUState *cs = &cpu->parent;
    uint64_t addr = 0, len = 0;
    int flags = 0;

    if (cpu->model->insns & ISA_2_07) {
        uint64_t control = env->spr[SPR_DAWRX0];

        if (control & 7) {
            addr = env->spr[SPR_DAWR0] & ~7ull;
            len = ((control >> 10 & 63) + 1) * 8;       /* MRD 48:53 */
            flags = (control >> 5 & 1 ? BP_MEM_READ : 0) | (control >> 6 & 1 ? BP_MEM_WRITE : 0);
        }
    } else if (cpu_is_64(cpu) ? env->spr[SPR_DABRX] & 7 : cpu->model->spr_sets & SPRS_DABR) {
        addr = env->spr[SPR_DABR] & ~7ull;
        len = 8;
        flags = (env->spr[SPR_DABR] & 1 ? BP_MEM_READ : 0) |
                (env->spr[SPR_DABR] & 2 ? BP_MEM_WRITE : 0);
    }
    if (!flags) {
        len = 0;
    }
    if (addr == cpu->watch_addr && len == cpu->watch_len && flags == cpu->watch_flags) {
        return;
    }
    if (cpu->watch_len) {
        cpu_watchpoint_remove(cs, cpu->watch_addr, cpu->watch_len,
                              cpu->watch_flags | BP_CPU | BP_STOP_BEFORE_ACCESS);
    }
    cpu->watch_len = 0;
    if (len && cpu_watchpoint_insert(cs, addr, len, flags | BP_CPU | BP_STOP_BEFORE_ACCESS)) {
        cpu->watch_addr = addr;
        cpu->watch_len = len;
        cpu->watch_flags = flags;
    }
}

static void op_do_interrupts(CPUState *cs)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    CPUPPCState *env = &cpu->env;

    cpu_reset_interrupt(cs, CPU_INTERRUPT_HARD);
    if (env->exception_index != EXCP_NONE) {
        ppc_deliver_exception(cpu, (PPCException)env->exception_index, env->error_code);
    } else if (__atomic_load_n(&env->pending_interrupts, __ATOMIC_ACQUIRE) || cpu->power_wait) {
        ppc_cpu_exec_interrupt(cs);
    }
}

static bool op_is_calm(CPUState *cs)
{
    const PowerPCCPU *cpu = POWERPC_CPU(cs);

    return cpu->env.exception_index == EXCP_NONE && !cpu->power_wait &&
           !__atomic_load_n(&cpu->env.pending_interrupts, __ATOMIC_ACQUIRE);
}

static void op_exec_enter(CPUState *cs)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    if (cpu->vhyp && cpu->vhyp->cpu_exec_enter) {
        cpu->vhyp->cpu_exec_enter(cpu->vhyp_opaque, cpu);
    }
}

static void op_exec_exit(CPUState *cs)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    if (cpu->vhyp && cpu->vhyp->cpu_exec_exit) {
        cpu->vhyp->cpu_exec_exit(cpu->vhyp_opaque, cpu);
    }
}

const TCGTargetOps ppc_tcg_ops = {
    .ir = &ppc_ir_target,
    .env_of = op_env_of,
    .block_state = ppc_block_state,
    .set_pc = op_set_pc,
    .translate_block = ppc_translate_block,
    .disassemble = ppc_disassemble,
    .translate = op_translate,
    .raise_fault = op_raise_fault,
    .alignment_fault = op_alignment_fault,
    .unassigned_access = op_unassigned_access,
    .watchpoint_hit = op_watchpoint_hit,
    .do_interrupts = op_do_interrupts,
    .is_calm = op_is_calm,
    .exec_enter = op_exec_enter,
    .exec_exit = op_exec_exit,
};
