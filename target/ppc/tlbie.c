/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlbie and tlbiel: which translations an operand pair means, on this CPU or on all.
 *
 * From Power ISA 3.0B book III 5.9.3.3 (and 2.03 .. 2.07 for the forms without RIC, PRS, R).  The
 * software TLB is by effective address: what selects less than that drops more than it must.  The
 * block ends behind either instruction.
 */
#include "accel/tcg/accel.h"
#include "helper-system.h"
#include "internal.h"
#include "tlb6xx.h"
#include "util/log.h"

enum { RIC_TLB = 0, RIC_PWC = 1, RIC_ALL = 2, RIC_CLUSTER = 3 };
enum { IS_PAGE = 0, IS_PID = 1, IS_LPID = 2, IS_ALL = 3 };
#define TLBIE_RIC(op) ((op) & 3)
#define TLBIE_PRS(op) ((op) >> 2 & 1)
#define TLBIE_R(op) ((op) >> 3 & 1)
#define TLBIE_LOCAL(op) ((op) >> 4 & 1)

/* Actual page size of a radix translation by its AP encoding; 0: reserved. */
static uint64_t radix_page_size(unsigned ap)
{
    switch (ap) {
    case 0:
        return 4ull << 10;
    case 1:
        return 2ull << 20;
    case 2:
        return 1ull << 30;
    case 5:
        return 64ull << 10;
    default:
        return 0;
    }
}

/*
 * A loop over congruence classes is how software drops everything: the flush is done for the first
 * set and for any that does not follow the one before.
 */
static bool set_loop_covered(PowerPCCPU *cpu, uint64_t rb)
{
    unsigned set = rb >> 12 & 0xfff;
    bool covered = set && cpu->last_tlbiel_set + 1u == set;

    cpu->last_tlbiel_set = set;
    return covered;
}

static void flush_range(PowerPCCPU *cpu, bool local, uint64_t ea, uint64_t size)
{
    CPUState *cs = &cpu->parent;

    if (local) {
        tcg_tlb_flush_range(cs, ea, size, 64, TCG_ALL_MMU_IDX);
    } else {
        tcg_tlb_flush_range_all_cpus_synced(cs, ea, size, 64, TCG_ALL_MMU_IDX);
    }
}

static void flush_everything(PowerPCCPU *cpu, bool local)
{
    if (local) {
        ppc_tlb_flush_all(cpu);
    } else {
        ppc_tlb_flush_all_cpus(cpu);
    }
}

static void radix_flush(PowerPCCPU *cpu, uint64_t rb, uint64_t rs, uint32_t op)
{
    bool local = TLBIE_LOCAL(op);
    unsigned ric = TLBIE_RIC(op), is = rb >> 10 & 3;
    uint64_t pid = rs >> 32, size, ea;

    switch (is) {
    case IS_PAGE:
        if (ric == RIC_PWC) {
            return;
        }
        size = ric == RIC_CLUSTER ? 64ull << 10 : radix_page_size(rb >> 5 & 7);
        if (!size || !TLBIE_PRS(op)) {
            flush_everything(cpu, local);   /* partition-scoped: any effective address */
            return;
        }
        ea = rb & ~0xfffull & ~(size - 1);
        flush_range(cpu, local, ea & 0x3fffffffffffffffull, size);
        if (pid == 0) {
            flush_range(cpu, local, ea | 0xc000000000000000ull, size);
        }
        return;
    default:
        if (ric == RIC_PWC || (local && set_loop_covered(cpu, rb))) {
            return;   /* walks are not cached */
        }
        if (is == IS_PID && TLBIE_PRS(op) && pid != 0 && local) {
            if (pid == cpu->env.spr[SPR_PIDR] || cpu->env.msr & MSR_BIT(HV)) {
                ppc_tlb_flush_user(cpu);
            }
            return;
        }
        flush_everything(cpu, local);
        return;
    }
}

void helper_tlbie(CPUPPCState *env, uint64_t rb, uint64_t rs, uint32_t op)
{
    PowerPCCPU *cpu = env_cpu(env);
    bool hv = env->msr & MSR_BIT(HV), local = TLBIE_LOCAL(op);

    if (env->msr & MSR_BIT(PR)) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_PRIVILEGED);
    }
    if (cpu->model->insns & ISA_3_00) {
        unsigned ric = TLBIE_RIC(op), is = rb >> 10 & 3;

        /*
         * A guest may drop its own process-scoped translations: tlbie only if LPCR.GTSE says so,
         * and nothing partition-scoped (PRS = 0 for radix), not by LPID or all of the machine.
         */
        if (!hv && ((!local && !(env->spr[SPR_LPCR] & LPCR_GTSE)) ||
                    (TLBIE_R(op) && !TLBIE_PRS(op)))) {
            ppc_raise(env, EXCP_HV_EMU, PROGRAM_PRIVILEGED);
        }
        if ((ric == RIC_CLUSTER && (!TLBIE_R(op) || is != IS_PAGE || local)) ||
            (ric == RIC_PWC && TLBIE_R(op) && is == IS_PAGE)) {
            log_mask(LOG_GUEST_ERROR, "cpu %d: tlbie%s RIC=%u IS=%u R=%u is an invalid form\n",
                     cpu->vcpu_id, local ? "l" : "", ric, is, (unsigned)TLBIE_R(op));
            ppc_raise(env, EXCP_PROGRAM, PROGRAM_ILLEGAL);
        }
        if (TLBIE_R(op)) {
            radix_flush(cpu, rb, rs, op);
            return;
        }
    } else if (!hv && !cpu_has_no_hypervisor(cpu)) {
        /* tlbie is the hypervisor's on these processors; tlbiel is privileged. */
        if (!local) {
            ppc_raise(env, EXCP_PROGRAM, PROGRAM_PRIVILEGED);
        }
    }
    /* Hash: virtual addresses. No effective address can be told from one. */
    if (local && rb & 0xc00 && set_loop_covered(cpu, rb)) {
        return;
    }
    flush_everything(cpu, local);
}

/* 32-bit processors. */
void helper_tlbie_32(CPUPPCState *env, uint64_t rb)
{
    ppc_mmu32_tlbie(env_cpu(env), (uint32_t)rb);
}

/* tlbia: of this processor. */
void helper_tlbia(CPUPPCState *env)
{
    ppc_tlb_flush_all(env_cpu(env));
}
