/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the supervisor chapter: SPR access, mode changes, returns from interrupts, hypercalls,
 * power saving, doorbells, transactional memory, trace.
 *
 * From Power ISA 3.0B book III chapters 3, 4, 5.4, 6, 11 (messages); book II 5 (TM) and 7 (EBB).
 * Transactions always fail at tbegin. with a persistent cause, as an implementation may.
 */
#include "accel/tcg/access.h"
#include "accel/tcg/accel.h"
#include "decode.h"
#include "helper-system.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "tlb6xx.h"
#include "util/log.h"

#define HELPER(hname, ...) PPC_HELPER_ROW(hname, __VA_ARGS__);
#include "helper-system.h.inc"
#undef HELPER

/* ---- SPRs ---- */

/*
 * FSCR rules problem state; HFSCR rules everything below the hypervisor.  The machine as hypervisor
 * leaves every facility available, so HFSCR counts only without one.
 */
void helper_facility_check(CPUPPCState *env, uint32_t facility)
{
    PowerPCCPU *cpu = env_cpu(env);

    if (!cpu->vhyp && ppc_msr_mask(cpu) & MSR_BIT(HV) && !(env->msr & MSR_BIT(HV)) &&
        cpu->model->insns & ISA_2_07 && !(env->spr[SPR_HFSCR] >> facility & 1)) {
        ppc_raise(env, EXCP_HV_FU, facility);
    }
    switch (facility) {
    case FACILITY_DSCR:
    case FACILITY_EBB:
    case FACILITY_TAR:
    case FACILITY_SCV:
        if (env->msr & MSR_BIT(PR) && cpu->model->insns & ISA_2_07 &&
            !(env->spr[SPR_FSCR] >> facility & 1)) {
            ppc_raise_facility(env, facility);
        }
        break;
    case FACILITY_BHRB:
        if (env->msr & MSR_BIT(PR) && !(env->spr[SPR_MMCR0] & MMCR0_BHRBA)) {
            ppc_raise_facility(env, facility);
        }
        break;
    case FACILITY_TM:
        if (!(env->msr & MSR_BIT(TM))) {
            ppc_raise_facility(env, facility);
        }
        break;
    default:
        break;
    }
}

uint64_t helper_mfspr(CPUPPCState *env, uint32_t number)
{
    const PPCSpr *row = env_cpu(env)->sprs[number & 1023];

    if (row->facility >= 0) {
        helper_facility_check(env, (uint32_t)row->facility);
    }
    return row->read ? row->read(env, number) : *(uint64_t *)((char *)env + ppc_spr_offset(row));
}

void helper_mtspr(CPUPPCState *env, uint32_t number, uint64_t value)
{
    const PPCSpr *row = env_cpu(env)->sprs[number & 1023];

    if (row->facility >= 0) {
        helper_facility_check(env, (uint32_t)row->facility);
    }
    if (row->write) {
        row->write(env, number, value);
    } else {
        *(uint64_t *)((char *)env + ppc_spr_offset(row)) = value & row->mask;
    }
}

void helper_mtspr_keeps_tlb(CPUPPCState *env, uint32_t number, uint64_t value)
{
    helper_mtspr(env, number, value);
}

/*
 * Book III 5.4.4: problem state: privileged numbers (spr bit 0 of the field's high half) give a
 * privileged-instruction interrupt, others emulation assistance.  Privileged state: emulation
 * assistance with LPCR.EVIRT (below the hypervisor) and for 0, 4, 5, 6; else no operation.
 */
void helper_spr_undefined(CPUPPCState *env, uint32_t number_and_write)
{
    PowerPCCPU *cpu = env_cpu(env);
    unsigned number = number_and_write & 1023;
    const PPCSpr *row = cpu->sprs[number];
    bool exists = row && row->access & (number_and_write >> 16 ? SPR_HW : SPR_HR);

    log_mask(LOG_GUEST_ERROR, "cpu %d: %s of %s SPR %u, MSR %016" PRIx64 "\n", cpu->vcpu_id,
             number_and_write >> 16 ? "mtspr" : "mfspr", exists ? "forbidden" : "unknown", number,
             env->msr);
    if (env->msr & MSR_BIT(PR)) {
        if (number & 0x10) {
            ppc_raise(env, EXCP_PROGRAM, PROGRAM_PRIVILEGED);
        }
        ppc_raise(env, EXCP_HV_EMU, PROGRAM_ILLEGAL);
    }
    if (number == 0 || number == 4 || number == 5 || number == 6) {
        ppc_raise(env, EXCP_HV_EMU, PROGRAM_ILLEGAL);
    }
    if (!(env->msr & MSR_BIT(HV)) && env->spr[SPR_LPCR] & LPCR_EVIRT) {
        ppc_raise(env, EXCP_HV_EMU, PROGRAM_ILLEGAL);
    }
    if (exists) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_PRIVILEGED);
    }
}

uint64_t helper_read_tb(CPUPPCState *env)
{
    return ppc_get_tb(env);
}

/* ---- MSR ---- */

/* MSR.POW with a mode selected in HID0: the processor stops until an interrupt that it can take. */
static void enter_power_saving(PowerPCCPU *cpu)
{
    if (cpu->model->pow_always || cpu->env.spr[SPR_HID0] & cpu->model->pow_mask) {
        cpu_set_halted(&cpu->parent, true);
        tcg_cpu_kick(&cpu->parent);
    }
}

/*
 * Turning FE0 or FE1 on with FPSCR.FEX set is an enabled exception at the next instruction: SRR1.47
 * tells that SRR0 is not the address of the instruction that caused it.
 */
static void check_deferred_fp(CPUPPCState *env, uint64_t old_msr, uint64_t nip)
{
    uint64_t enables = MSR_BIT(FE0) | MSR_BIT(FE1);

    if (!(old_msr & enables) && env->msr & enables && env->fpscr >> FPSCR_FEX & 1) {
        env->nip = nip;
        env->exception_index = EXCP_PROGRAM;
        env->error_code = PROGRAM_FP | 0x10000;
        tcg_cpu_kick(&env_cpu(env)->parent);
    }
}

void helper_mtmsr(CPUPPCState *env, uint64_t value, uint64_t mask, uint64_t next)
{
    uint64_t old = env->msr;

    ppc_store_msr(env, (old & ~mask) | (value & mask), false);
    check_deferred_fp(env, old, next);
    if (env->msr & MSR_BIT(POW)) {
        enter_power_saving(env_cpu(env));
    }
}

void helper_mtmsr_ee(CPUPPCState *env, uint64_t value)
{
    uint64_t mask = MSR_BIT(EE) | MSR_BIT(RI), old = env->msr;

    env->msr = (old & ~mask) | (value & mask);
    if (env->msr & ~old & MSR_BIT(EE) &&
        __atomic_load_n(&env->pending_interrupts, __ATOMIC_ACQUIRE)) {
        ppc_recheck_interrupts(env_cpu(env));
    }
}

static uint64_t return_from_interrupt(CPUPPCState *env, uint64_t nip, uint64_t msr, uint64_t keep)
{
    uint64_t old = env->msr;

    /* TM bits of the target state: transactional state does not exist, so it cannot be resumed. */
    if (msr & (MSR_BIT(TS0) | MSR_BIT(TS1)) && env_cpu(env)->model->insns & ISA_TM) {
        ppc_raise(env, EXCP_PROGRAM, 0x200000);
    }
    if (!(old & MSR_BIT(HV))) {
        keep |= MSR_BIT(HV);
    }
    msr = (msr & ~keep) | (old & keep);
    ppc_msr_assign(env, msr);
    nip &= env->msr & MSR_BIT(SF) ? ~3ull : 0xfffffffcull;
    env->nip = nip;
    check_deferred_fp(env, old, nip);
    return nip;
}

/* Fields of SRR1 that hold causes, not MSR bits, on 64-bit processors. */
#define SRR1_NOT_MSR 0x783f0000ull

uint64_t helper_rfid(CPUPPCState *env)
{
    bool hv = env->msr & MSR_BIT(HV) || cpu_has_no_hypervisor(env_cpu(env));
    uint64_t keep = SRR1_NOT_MSR | (hv ? 0 : MSR_BIT(ME));

    return return_from_interrupt(env, env->spr[SPR_SRR0], env->spr[SPR_SRR1], keep);
}

uint64_t helper_hrfid(CPUPPCState *env)
{
    return return_from_interrupt(env, env->spr[SPR_HSRR0], env->spr[SPR_HSRR1], SRR1_NOT_MSR);
}

uint64_t helper_rfscv(CPUPPCState *env, uint64_t lr, uint64_t ctr)
{
    return return_from_interrupt(env, lr, ctr, SRR1_NOT_MSR | MSR_BIT(ME));
}

/* Return from an event-based branch: BESCR.GE = S. */
uint64_t helper_rfebb(CPUPPCState *env, uint32_t s)
{
    uint64_t nip;

    helper_facility_check(env, FACILITY_EBB);
    env->spr[SPR_BESCR] = (env->spr[SPR_BESCR] & ~BESCR_GE) | (s ? BESCR_GE : 0);
    nip = env->spr[SPR_EBBRR] & (env->msr & MSR_BIT(SF) ? ~3ull : 0xfffffffcull);
    if (s) {
        ppc_recheck_interrupts(env_cpu(env));
    }
    return nip;
}

/* ---- 32-bit processors ---- */

void helper_mtmsr_32(CPUPPCState *env, uint64_t value, uint64_t next)
{
    uint64_t old = env->msr;

    /* TGPR is an interrupt's to set and rfi's to clear, but mtmsr may do either. */
    ppc_msr_assign(env, value);
    check_deferred_fp(env, old, next);
    if (env->msr & MSR_BIT(POW)) {
        enter_power_saving(env_cpu(env));
    }
}

/* MSR 0, 5:9 and 16:31 come from SRR1; POW and TGPR are cleared, ILE stays (PEM 8.2, rfi). */
uint64_t helper_rfi(CPUPPCState *env)
{
    uint64_t old = env->msr, nip = env->spr[SPR_SRR0] & 0xfffffffc;
    uint64_t taken = 0x87c0ffff;

    ppc_mmu32_synchronize(env_cpu(env));
    ppc_msr_assign(env, (env->spr[SPR_SRR1] & taken) | (old & MSR_BIT(ILE)));
    env->nip = nip;
    check_deferred_fp(env, old, nip);
    return nip;
}

void helper_synchronize(CPUPPCState *env)
{
    ppc_mmu32_synchronize(env_cpu(env));
}

G_NORETURN static void raise_external(CPUPPCState *env, uint64_t ea, bool store)
{
    env->fault_dar = ea;
    env->fault_dsisr = 0x00100000 | (store ? 0x02000000 : 0);
    ppc_raise(env, EXCP_DSI, 0);
}

/* External control: the resource number goes out with the address; no device here looks at it. */
#define EAR_E 0x80000000u

static uint32_t external_oi(const CPUPPCState *env)
{
    bool swap = ((env->msr & MSR_BIT(LE)) != 0) != (G_BYTE_ORDER == G_LITTLE_ENDIAN);

    return tcg_oi(MO_32 | MO_ALIGN | (swap ? MO_BSWAP : 0), env->hflags & 7);
}

uint64_t helper_eciwx(CPUPPCState *env, uint64_t ea)
{
    if (!(env->spr[SPR_EAR] & EAR_E)) {
        raise_external(env, ea, false);
    }
    return tcg_load(env, ea, external_oi(env));
}

void helper_ecowx(CPUPPCState *env, uint64_t ea, uint64_t value)
{
    if (!(env->spr[SPR_EAR] & EAR_E)) {
        raise_external(env, ea, true);
    }
    tcg_store(env, ea, value, external_oi(env));
}

/* Before the instruction at pc, in blocks with HF_IABR. */
void helper_iabr_check(CPUPPCState *env, uint64_t pc)
{
    if ((env->spr[SPR_IABR] & ~3ull) == pc) {
        ppc_raise(env, EXCP_IABR, 0);
    }
}

/* ---- System calls ---- */

uint64_t helper_hypercall(CPUPPCState *env, uint64_t next)
{
    PowerPCCPU *cpu = env_cpu(env);

    env->nip = next;
    log_mask(LOG_INT,
             "cpu %d hypercall r3=%016" PRIx64 " r4=%016" PRIx64 " r5=%016" PRIx64 " r6=%016" PRIx64
             " r7=%016" PRIx64 " r8=%016" PRIx64 " nip=%016" PRIx64 "\n",
             cpu->vcpu_id, env->gpr[3], env->gpr[4], env->gpr[5], env->gpr[6], env->gpr[7],
             env->gpr[8], next);
    cpu->vhyp->hypercall(cpu, cpu->vhyp_opaque);
    return env->nip;
}

uint64_t helper_firmware_trap(CPUPPCState *env, uint64_t pc, uint32_t number)
{
    PowerPCCPU *cpu = env_cpu(env);

    env->nip = pc;
    if (!cpu->firmware_trap(cpu, number, cpu->firmware_opaque)) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_ILLEGAL);
    }
    return env->nip;
}

uint64_t helper_syscall(CPUPPCState *env, uint64_t pc, uint32_t lev)
{
    env->nip = pc;
    ppc_deliver_exception(env_cpu(env), EXCP_SYSCALL, lev);
    return env->nip;
}

uint64_t helper_syscall_vectored(CPUPPCState *env, uint64_t pc, uint32_t lev)
{
    env->nip = pc;
    ppc_deliver_exception(env_cpu(env), EXCP_SYSCALL_VECTORED, lev);
    return env->nip;
}

/* ---- Power saving ---- */

/*
 * The thread stops until an exception of the kinds that LPCR.PECE allows comes.  nap and deeper,
 * and stop with PSSCR.EC, resume with a system reset; stop without EC goes on with the next
 * instruction.
 */
void helper_power_save(CPUPPCState *env, uint32_t kind)
{
    PowerPCCPU *cpu = env_cpu(env);
    bool hv = env->msr & MSR_BIT(HV);
    uint64_t psscr = env->spr[SPR_PSSCR];

    if (kind == POWER_SAVE_STOP) {
        /* Below the hypervisor only levels that lose no state and need no help (book III 3.3.2). */
        if (!hv && psscr & 0x30000f) {
            ppc_raise(env, cpu->vhyp ? EXCP_PROGRAM : EXCP_HV_FU,
                      cpu->vhyp ? PROGRAM_PRIVILEGED : FACILITY_STOP);
        }
        env->resume_as_sreset = psscr >> 20 & 1;
        cpu->power_wait = env->resume_as_sreset ? PPC_WAIT_PECE : PPC_WAIT_ANY;
    } else {
        env->resume_as_sreset = kind != POWER_SAVE_DOZE;
        cpu->power_wait = PPC_WAIT_PECE;
    }
    cpu_set_halted(&cpu->parent, true);
    tcg_cpu_kick(&cpu->parent);
}

/* ---- Messages ---- */

#define MESSAGE_TYPE(rb) ((rb) >> 27 & 31)
#define MESSAGE_DOORBELL_SERVER 5u
#define MESSAGE_BROADCAST(rb) ((rb) >> 25 & 3)
#define MESSAGE_PIR_TAG 0xfffffull
#define MESSAGE_TIR_TAG 0x7full

void helper_msgsnd(CPUPPCState *env, uint64_t rb)
{
    CPUState *cs;

    if (MESSAGE_TYPE(rb) != MESSAGE_DOORBELL_SERVER) {
        return;
    }
    CPU_FOREACH(cs) {
        PowerPCCPU *cpu = POWERPC_CPU(cs);
        uint64_t core = MAX(cpu->threads_per_core, 1);
        bool hit = (uint64_t)cpu->vcpu_id == (rb & MESSAGE_PIR_TAG);

        if (MESSAGE_BROADCAST(rb) == 1) {
            hit = (uint64_t)cpu->vcpu_id / core == (rb & MESSAGE_PIR_TAG) / core;
        }
        if (hit) {
            ppc_set_interrupt(cpu, PPC_INTERRUPT_HDOORBELL, true);
        }
    }
}

void helper_msgclr(CPUPPCState *env, uint64_t rb)
{
    if (MESSAGE_TYPE(rb) == MESSAGE_DOORBELL_SERVER) {
        ppc_set_pending(env, PPC_INTERRUPT_HDOORBELL, false);
    }
}

/* Directed privileged doorbell to a thread of the same core. */
void helper_msgsndp(CPUPPCState *env, uint64_t rb)
{
    PowerPCCPU *self = env_cpu(env);
    unsigned core = MAX(self->threads_per_core, 1);
    CPUState *cs;

    helper_facility_check(env, FACILITY_MSGP);
    if (MESSAGE_TYPE(rb) != MESSAGE_DOORBELL_SERVER) {
        return;
    }
    CPU_FOREACH(cs) {
        PowerPCCPU *cpu = POWERPC_CPU(cs);

        if ((unsigned)cpu->vcpu_id / core == (unsigned)self->vcpu_id / core &&
            (unsigned)cpu->vcpu_id % core == (rb & MESSAGE_TIR_TAG)) {
            ppc_set_interrupt(cpu, PPC_INTERRUPT_DOORBELL, true);
        }
    }
}

void helper_msgclrp(CPUPPCState *env, uint64_t rb)
{
    helper_facility_check(env, FACILITY_MSGP);
    if (MESSAGE_TYPE(rb) == MESSAGE_DOORBELL_SERVER) {
        ppc_set_pending(env, PPC_INTERRUPT_DOORBELL, false);
    }
}

/* ---- Transactional memory ---- */

#define TEXASR_PERSISTENT (1ull << (63 - 7))
#define TEXASR_NESTING_OVERFLOW (1ull << (63 - 9))
#define TEXASR_PRIVILEGE_HV (1ull << (63 - 34))
#define TEXASR_PRIVILEGE_PR (1ull << (63 - 35))
#define TEXASR_SUMMARY (1ull << (63 - 36))
#define TEXASR_TFIAR_EXACT (1ull << (63 - 37))

void helper_tbegin(CPUPPCState *env, uint64_t pc)
{
    bool hv = env->msr & MSR_BIT(HV), pr = env->msr & MSR_BIT(PR);

    env->spr[SPR_TEXASR] = TEXASR_PERSISTENT | TEXASR_NESTING_OVERFLOW | TEXASR_SUMMARY |
                           TEXASR_TFIAR_EXACT | (hv ? TEXASR_PRIVILEGE_HV : 0) |
                           (pr ? TEXASR_PRIVILEGE_PR : 0);
    env->spr[SPR_TFIAR] = pc | (uint64_t)hv << 1 | pr;
    env->spr[SPR_TFHAR] = pc + 4;
}

/* ---- Trace ---- */

void helper_trace_step(CPUPPCState *env, uint64_t nip)
{
    PowerPCCPU *cpu = env_cpu(env);
    uint64_t pc, cause = 0;
    uint32_t insn;

    tcg_restore_state(&cpu->parent);
    pc = env->nip;
    if (env->msr & (MSR_BIT(SE) | MSR_BIT(BE))) {
        const PPCInsnRow *row =
            ppc_fetch_insn(cpu, pc, &insn) ? ppc_decode(cpu->decode, insn) : NULL;

        if (env->msr & MSR_BIT(SE) || (row && row->flags & IF_BRANCH)) {
            cause = 0x40000000;
            if (row && row->flags & IF_LOAD) {
                cause |= 0x10000000;
            }
            if (row && row->flags & IF_STORE) {
                cause |= 0x08000000;
            }
        }
    }
    if (env->spr[SPR_CIABR] & 3 && (env->spr[SPR_CIABR] & ~3ull) == (pc & ~3ull)) {
        unsigned state = env->msr & MSR_BIT(PR) ? 1 : env->msr & MSR_BIT(HV) ? 3 : 2;

        if ((env->spr[SPR_CIABR] & 3) == state) {
            cause |= 0x40100000;
        }
    }
    env->nip = nip;
    if (cause) {
        env->exception_index = EXCP_TRACE;
        env->error_code = cause;
        env->fault_dar = pc;
        tcg_cpu_kick(&cpu->parent);
    }
    tcg_exit_to_loop(&cpu->parent);
}

/* ---- Caching-inhibited accesses (hypervisor, real mode) ---- */

static uint32_t cix_oi(const CPUPPCState *env, uint32_t size)
{
    bool swap = ((env->msr & MSR_BIT(LE)) != 0) != (G_BYTE_ORDER == G_LITTLE_ENDIAN);

    return tcg_oi(size | (swap ? MO_BSWAP : 0), MMU_IDX_HV_REAL);
}

uint64_t helper_load_cix(CPUPPCState *env, uint64_t ea, uint32_t size)
{
    return tcg_load(env, ea, cix_oi(env, size));
}

void helper_store_cix(CPUPPCState *env, uint64_t ea, uint64_t value, uint32_t size)
{
    tcg_store(env, ea, value, cix_oi(env, size));
}
