/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of interrupts: vectors, save/restore registers, the MSR of the handler.
 *
 * From Power ISA 3.0B book III chapter 6 (2.01 .. 2.07 for older families).  When the machine is
 * the hypervisor (vhyp), hypervisor interrupts do not exist in the CPU: what they would tell is
 * reflected to the guest as the interrupt that a hypervisor would hand it, at MSR.HV = 0.
 */
#include "accel/tcg/access.h"
#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "tlb6xx.h"
#include "util/log.h"

enum { XF_HV = 1, XF_NEXT = 2, XF_NO_AIL = 4, XF_DAR = 8 };

/* One row per exception kind: vector offset of the 64-bit families, of 6xx, and how it is taken. */
typedef struct ExceptionRow {
    const char *name;
    uint32_t vector64, vector6xx;
    uint8_t flags;
} ExceptionRow;

static const ExceptionRow exception_rows[EXCP_COUNT] = {
    [EXCP_RESET] = {"system reset", 0x100, 0x100, XF_HV | XF_NO_AIL},
    [EXCP_MCHECK] = {"machine check", 0x200, 0x200, XF_HV | XF_NO_AIL},
    [EXCP_DSI] = {"data storage", 0x300, 0x300, XF_DAR},
    [EXCP_DSEG] = {"data segment", 0x380, 0, XF_DAR},
    [EXCP_ISI] = {"instruction storage", 0x400, 0x400, 0},
    [EXCP_ISEG] = {"instruction segment", 0x480, 0, 0},
    [EXCP_EXTERNAL] = {"external", 0x500, 0x500, 0},
    [EXCP_ALIGN] = {"alignment", 0x600, 0x600, XF_DAR},
    [EXCP_PROGRAM] = {"program", 0x700, 0x700, 0},
    [EXCP_FPU] = {"floating-point unavailable", 0x800, 0x800, 0},
    [EXCP_DECR] = {"decrementer", 0x900, 0x900, 0},
    [EXCP_HDECR] = {"hypervisor decrementer", 0x980, 0, XF_HV},
    [EXCP_SDOOR] = {"directed privileged doorbell", 0xa00, 0, 0},
    [EXCP_SYSCALL] = {"system call", 0xc00, 0xc00, XF_NEXT},
    [EXCP_SYSCALL_VECTORED] = {"system call vectored", 0x17000, 0, XF_NEXT},
    [EXCP_TRACE] = {"trace", 0xd00, 0xd00, 0},
    [EXCP_HDSI] = {"hypervisor data storage", 0xe00, 0, XF_HV},
    [EXCP_HISI] = {"hypervisor instruction storage", 0xe20, 0, XF_HV},
    [EXCP_HV_EMU] = {"hypervisor emulation assistance", 0xe40, 0, XF_HV},
    [EXCP_HV_MAINT] = {"hypervisor maintenance", 0xe60, 0, XF_HV | XF_NO_AIL},
    [EXCP_SDOOR_HV] = {"directed hypervisor doorbell", 0xe80, 0, XF_HV},
    [EXCP_HVIRT] = {"hypervisor virtualization", 0xea0, 0, XF_HV},
    [EXCP_PERFM] = {"performance monitor", 0xf00, 0xf00, 0},
    [EXCP_VPU] = {"vector unavailable", 0xf20, 0xf20, 0},
    [EXCP_VSXU] = {"VSX unavailable", 0xf40, 0, 0},
    [EXCP_FU] = {"facility unavailable", 0xf60, 0, 0},
    [EXCP_HV_FU] = {"hypervisor facility unavailable", 0xf80, 0, XF_HV},
    [EXCP_VPUA] = {"vector assist", 0x1700, 0x1600, 0},
    [EXCP_SOFTP] = {"soft patch", 0x1500, 0, 0},
    [EXCP_IFTLB] = {"instruction TLB miss", 0, 0x1000, 0},
    [EXCP_DLTLB] = {"data load TLB miss", 0, 0x1100, 0},
    [EXCP_DSTLB] = {"data store TLB miss", 0, 0x1200, 0},
    [EXCP_SMI] = {"system management", 0x1400, 0x1400, 0},
    [EXCP_IABR] = {"instruction breakpoint", 0x1300, 0x1300, 0},
    [EXCP_THERM] = {"thermal", 0x1800, 0x1700, 0},
};

const char *ppc_exception_name(PPCException kind)
{
    return kind >= 0 && kind < EXCP_COUNT ? exception_rows[kind].name : "none";
}

void ppc_raise(CPUPPCState *env, PPCException kind, uint64_t error_code)
{
    env->exception_index = kind;
    env->error_code = error_code;
    tcg_raise(&env_cpu(env)->parent);
}

void ppc_raise_facility(CPUPPCState *env, unsigned facility)
{
    ppc_raise(env, EXCP_FU, facility);
}

bool ppc_fetch_insn(PowerPCCPU *cpu, uint64_t ea, uint32_t *insn)
{
    CPUPPCState *env = &cpu->env;
    PPCTranslation t;
    bool pr = env->msr & MSR_BIT(PR), hv = env->msr & MSR_BIT(HV), ir = env->msr & MSR_BIT(IR);
    unsigned idx = pr   ? (ir ? MMU_IDX_VIRT_USER : MMU_IDX_REAL_USER)
                   : hv ? (ir ? MMU_IDX_HV_VIRT : MMU_IDX_HV_REAL)
                        : (ir ? MMU_IDX_VIRT_SUPER : MMU_IDX_REAL_SUPER);
    uint8_t bytes[4];

    if (!ppc_translate(cpu, ea, ACCESS_FETCH, idx, true, &t) ||
        !ppc_physical_read(cpu, t.raddr, bytes, sizeof(bytes))) {
        return false;
    }
    *insn = env->msr & MSR_BIT(LE)
                ? (uint32_t)bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0]
                : (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    return true;
}

/*
 * Bits 12:13 hold the extended opcode of DS forms, 15:21 identify the operation (from the extended
 * opcode of X forms, the primary opcode of the others), 22:26 RT and 27:31 RA.
 */
uint32_t ppc_alignment_dsisr(uint32_t insn)
{
    unsigned op = insn >> 26;
    uint32_t dsisr = insn >> 16 & 0x3ff;

    if (op == 31) {
        unsigned xo = insn >> 1 & 0x3ff;       /* bits 21:30 */

        dsisr |= (xo & 3) << 15;               /* 29:30 -> 15:16 */
        dsisr |= (xo >> 5 & 1) << 14;          /* 25 -> 17 */
        dsisr |= (xo >> 6 & 0xf) << 10;        /* 21:24 -> 18:21 */
    } else {
        if (op == 58 || op == 62) {
            dsisr |= (insn & 3) << 18;         /* 30:31 -> 12:13 */
        }
        dsisr |= (op & 1) << 14;               /* 5 -> 17 */
        dsisr |= (op >> 1 & 0xf) << 10;        /* 1:4 -> 18:21 */
    }
    return dsisr;
}

/* What the guest of a machine that is its hypervisor sees in place of a hypervisor interrupt. */
static PPCException reflect(PPCException kind, uint64_t *error_code)
{
    switch (kind) {
    case EXCP_HV_EMU:
        *error_code = *error_code ? *error_code : PROGRAM_ILLEGAL;
        return EXCP_PROGRAM;
    case EXCP_HV_FU:
        *error_code = PROGRAM_ILLEGAL;
        return EXCP_PROGRAM;
    case EXCP_HDSI:
        return EXCP_DSI;
    case EXCP_HISI:
        return EXCP_ISI;
    default:
        return kind;
    }
}

/* Alternate interrupt location: translated handlers (book III 6.5, LPCR.AIL). */
static uint64_t apply_ail(PowerPCCPU *cpu, PPCException kind, uint64_t old_msr, bool to_hv,
                          uint64_t vector, uint64_t *new_msr)
{
    const CPUPPCState *env = &cpu->env;
    unsigned ail = (env->spr[SPR_LPCR] & LPCR_AIL) >> LPCR_AIL_SHIFT;
    uint64_t both = MSR_BIT(IR) | MSR_BIT(DR);

    if (exception_rows[kind].flags & XF_NO_AIL || !(cpu->model->lpcr_mask & LPCR_AIL) || ail < 2 ||
        (old_msr & both) != both ||
        (to_hv && !(old_msr & MSR_BIT(HV)) && !(env->spr[SPR_LPCR] & LPCR_HR))) {
        return vector;
    }
    *new_msr |= both;
    if (kind == EXCP_SYSCALL_VECTORED) {
        return ail == 3 ? vector - 0x17000 + 0xc000000000003000ull : vector;
    }
    return vector | (ail == 3 ? 0xc000000000004000ull : 0x18000);
}

static bool interrupts_little_endian(const PowerPCCPU *cpu, bool to_hv)
{
    const CPUPPCState *env = &cpu->env;

    if (cpu->model->big_endian_interrupts_fixed) {
        return false;
    }
    if (to_hv) {
        switch (cpu_family(cpu)) {
        case FAMILY_POWER8:
            return env->spr[SPR_HID0] >> (63 - 19) & 1;
        case FAMILY_POWER9:
            return env->spr[SPR_HID0] >> (63 - 4) & 1;
        default:
            break;
        }
    }
    return env->spr[SPR_LPCR] & LPCR_ILE;
}

static void log_delivery(const PowerPCCPU *cpu, PPCException kind, uint64_t error_code,
                         uint64_t vector)
{
    const CPUPPCState *env = &cpu->env;

    if (kind == EXCP_SYSCALL) {
        log_mask(LOG_INT,
                 "cpu %d syscall r0=%016" PRIx64 " r3=%016" PRIx64 " r4=%016" PRIx64
                 " r5=%016" PRIx64 " r6=%016" PRIx64 " r7=%016" PRIx64 " r8=%016" PRIx64
                 " nip=%016" PRIx64 "\n",
                 cpu->vcpu_id, env->gpr[0], env->gpr[3], env->gpr[4], env->gpr[5], env->gpr[6],
                 env->gpr[7], env->gpr[8], env->nip);
    } else {
        log_mask(LOG_INT,
                 "cpu %d Raise exception at %016" PRIx64 " => %08" PRIx64
                 " %s (%02x) error=%02" PRIx64 " msr=%016" PRIx64 " dar=%016" PRIx64
                 " dsisr=%08x\n",
                 cpu->vcpu_id, env->nip, vector, ppc_exception_name(kind), kind, error_code,
                 env->msr, env->fault_dar, env->fault_dsisr);
    }
}

/* Machine check with MSR.ME = 0: the thread stops for good. */
static void checkstop(PowerPCCPU *cpu)
{
    log_mask(LOG_GUEST_ERROR, "cpu %d: machine check with MSR.ME = 0, checkstop\n", cpu->vcpu_id);
    cpu->checkstopped = true;
    cpu->parent.halted = 1;
}

/* 64-bit families. */
static void deliver_64(PowerPCCPU *cpu, PPCException kind, uint64_t error_code)
{
    CPUPPCState *env = &cpu->env;
    uint64_t msr = env->msr;
    uint64_t srr0 = env->nip, srr1 = msr & ~0x783f0000ull;
    uint64_t new_msr = MSR_BIT(SF) | (msr & MSR_BIT(ME));
    uint64_t vector = exception_rows[kind].vector64;
    bool have_hv = ppc_msr_mask(cpu) & MSR_BIT(HV);
    bool to_hv = have_hv && exception_rows[kind].flags & XF_HV;
    bool use_hsrr = to_hv && kind != EXCP_RESET && kind != EXCP_MCHECK;

    if (exception_rows[kind].flags & XF_NEXT) {
        srr0 = msr & MSR_BIT(SF) ? srr0 + 4 : (uint32_t)(srr0 + 4);
    }
    switch (kind) {
    case EXCP_RESET:
        if (env->resume_as_sreset) {
            /* Woken from a power-saving mode: SRR1 42:45 the cause, 46:47 what was kept. */
            srr1 |= error_code;
            env->resume_as_sreset = 0;
        }
        break;
    case EXCP_MCHECK:
        if (!(msr & MSR_BIT(ME))) {
            checkstop(cpu);
            return;
        }
        new_msr &= ~MSR_BIT(ME);
        srr1 |= error_code;
        break;
    case EXCP_DSI:
        env->spr[SPR_DAR] = env->fault_dar;
        env->spr[SPR_DSISR] = env->fault_dsisr;
        break;
    case EXCP_HDSI:
        env->spr[SPR_HDAR] = env->fault_dar;
        env->spr[SPR_HDSISR] = env->fault_dsisr;
        env->spr[SPR_ASDR] = env->fault_asdr;
        break;
    case EXCP_HISI:
        env->spr[SPR_ASDR] = env->fault_asdr;
        srr1 |= error_code;
        break;
    case EXCP_DSEG:
        env->spr[SPR_DAR] = env->fault_dar;
        break;
    case EXCP_ALIGN: {
        uint32_t insn;

        env->spr[SPR_DAR] = env->fault_dar;
        env->spr[SPR_DSISR] = ppc_fetch_insn(cpu, env->nip, &insn) ? ppc_alignment_dsisr(insn) : 0;
        break;
    }
    case EXCP_ISI:
    case EXCP_PROGRAM:
        srr1 |= error_code;
        break;
    case EXCP_TRACE:
        /* SRR1 33:36, 42:47 tell what was traced. */
        srr1 |= error_code;
        env->spr[SPR_SIAR] = env->fault_dar;
        break;
    case EXCP_EXTERNAL:
        /* Before ISA 2.06 in SRR0 and SRR1 like all others. */
        to_hv = ppc_external_is_hypervisors(cpu);
        use_hsrr = to_hv && cpu_is_2_06(cpu);
        break;
    case EXCP_SYSCALL:
        to_hv = have_hv && error_code == 1;
        break;
    case EXCP_SYSCALL_VECTORED:
        env->lr = srr0;
        env->ctr = srr1;
        new_msr |= msr & (MSR_BIT(EE) | MSR_BIT(RI));
        vector += (error_code & 0x7f) * 0x20;
        break;
    case EXCP_FU:
        env->spr[SPR_FSCR] =
            (env->spr[SPR_FSCR] & ~FSCR_IC_MASK) | error_code << FSCR_IC_SHIFT;
        break;
    case EXCP_HV_FU:
        env->spr[SPR_HFSCR] =
            (env->spr[SPR_HFSCR] & ~FSCR_IC_MASK) | error_code << FSCR_IC_SHIFT;
        break;
    case EXCP_HV_EMU: {
        uint32_t insn;

        env->spr[SPR_HEIR] = ppc_fetch_insn(cpu, env->nip, &insn) ? insn : 0;
        break;
    }
    default:
        break;
    }
    if (have_hv) {
        new_msr |= to_hv ? MSR_BIT(HV) : msr & MSR_BIT(HV);
    }
    if (interrupts_little_endian(cpu, have_hv && new_msr & MSR_BIT(HV))) {
        new_msr |= MSR_BIT(LE);
    }
    if (cpu->model->insns & ISA_970 && cpu_has_no_hypervisor(cpu)) {
        vector |= env->spr[SPR_HIOR];
    }
    vector = apply_ail(cpu, kind, msr, to_hv, vector, &new_msr);
    log_delivery(cpu, kind, error_code, vector);
    if (kind == EXCP_SYSCALL_VECTORED) {
        /* LR and CTR have taken the return address and the MSR. */
    } else if (use_hsrr) {
        env->spr[SPR_HSRR0] = srr0;
        env->spr[SPR_HSRR1] = srr1;
    } else {
        env->spr[SPR_SRR0] = srr0;
        env->spr[SPR_SRR1] = srr1;
    }
    env->nip = vector;
    ppc_msr_assign(env, new_msr);
}

/* 32-bit families (603, 604, 7xx, 74xx). */
static void deliver_6xx(PowerPCCPU *cpu, PPCException kind, uint64_t error_code)
{
    CPUPPCState *env = &cpu->env;
    uint64_t msr = env->msr;
    uint64_t new_msr = msr & (MSR_BIT(ME) | MSR_BIT(IP) | MSR_BIT(ILE)), cause = 0;
    uint64_t vector = exception_rows[kind].vector6xx;
    uint32_t insn;

    switch (kind) {
    case EXCP_MCHECK:
        if (!(msr & MSR_BIT(ME))) {
            checkstop(cpu);
            return;
        }
        new_msr &= ~MSR_BIT(ME);
        cause = error_code;
        break;
    case EXCP_DSI:
        env->spr[SPR_DAR] = env->fault_dar;
        env->spr[SPR_DSISR] = env->fault_dsisr;
        break;
    case EXCP_ALIGN:
        env->spr[SPR_DAR] = env->fault_dar;
        env->spr[SPR_DSISR] = ppc_fetch_insn(cpu, env->nip, &insn) ? ppc_alignment_dsisr(insn) : 0;
        break;
    case EXCP_ISI:
    case EXCP_PROGRAM:
        cause = error_code;
        break;
    case EXCP_IFTLB:
    case EXCP_DLTLB:
    case EXCP_DSTLB:
        /* SRR1 0:3 has CR0, so that the handler may use it; the 603's handler has GPR0-3 of its
         * own. */
        cause = error_code | (cpu->model->mmu == MMU_74XX_SOFT ? 0 : (uint64_t)env->crf[0] << 28);
        new_msr |= cpu->model->msr_mask & MSR_BIT(TGPR);
        break;
    default:
        break;
    }
    ppc_mmu32_synchronize(cpu);
    env->spr[SPR_SRR0] =
        (uint32_t)(env->nip + (exception_rows[kind].flags & XF_NEXT ? 4 : 0));
    /* MSR 0, 5:9, 16:31, and causes in the others. */
    env->spr[SPR_SRR1] = (msr & ~0x783f0000ull) | cause;
    if (msr & MSR_BIT(ILE)) {
        new_msr |= MSR_BIT(LE);
    }
    log_delivery(cpu, kind, error_code, vector);
    env->nip = (msr & MSR_BIT(IP) ? 0xfff00000u : 0) | vector;
    ppc_msr_assign(env, new_msr);
}

/*
 * What a hypervisor in the CPU takes instead: illegal instructions, and facilities that MSR allows
 * but HFSCR does not.
 */
static PPCException to_hypervisor(const PowerPCCPU *cpu, PPCException kind, uint64_t *error_code)
{
    const CPUPPCState *env = &cpu->env;
    uint64_t allowed = env->msr & MSR_BIT(HV) || !(cpu->model->insns & ISA_2_07)
                           ? UINT64_MAX
                           : env->spr[SPR_HFSCR];
    unsigned facility;

    switch (kind) {
    case EXCP_PROGRAM:
        return *error_code == PROGRAM_ILLEGAL ? EXCP_HV_EMU : kind;
    case EXCP_FPU:
        facility = env->msr & MSR_BIT(FP) ? FACILITY_FP : UINT_MAX;
        break;
    case EXCP_VPU:
        facility = env->msr & MSR_BIT(VR) ? FACILITY_VSX : UINT_MAX;
        break;
    case EXCP_VSXU:
        facility = env->msr & MSR_BIT(VSX) ? FACILITY_VSX : UINT_MAX;
        break;
    case EXCP_FU:
        facility = *error_code == FACILITY_TM && env->msr & MSR_BIT(TM) ? FACILITY_TM : UINT_MAX;
        break;
    default:
        return kind;
    }
    if (facility == UINT_MAX || allowed >> facility & 1) {
        return kind;
    }
    *error_code = facility;
    return EXCP_HV_FU;
}

void ppc_deliver_exception(PowerPCCPU *cpu, PPCException kind, uint64_t error_code)
{
    CPUPPCState *env = &cpu->env;

    env->exception_index = EXCP_NONE;
    env->error_code = 0;
    if (!(ppc_msr_mask(cpu) & MSR_BIT(HV)) || !cpu_is_2_06(cpu)) {
        kind = reflect(kind, &error_code);
    } else {
        kind = to_hypervisor(cpu, kind, &error_code);
    }
    g_assert(kind >= 0 && kind < EXCP_COUNT);
    if (cpu_is_64(cpu)) {
        deliver_64(cpu, kind, error_code);
    } else {
        deliver_6xx(cpu, kind, error_code);
    }
}

void ppc_system_reset_nmi(PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;

    if (env->exception_index != EXCP_NONE) {
        ppc_deliver_exception(cpu, (PPCException)env->exception_index, env->error_code);
    }
    cpu->power_wait = PPC_WAIT_NONE;
    cpu_set_halted(&cpu->parent, false);
    /* A power-saving mode ended by it: what it is (0b0100 = system reset) and that state was kept.
     */
    ppc_deliver_exception(cpu, EXCP_RESET, env->resume_as_sreset ? 0x4ull << 18 | 1ull << 17 : 0);
}
