/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The segment lookaside buffer and the instructions that manage it.
 *
 * From Power ISA 3.0B book III 5.7.8 and 5.9.3.2; the segment-register bridge of book III 5.9.3.3.
 */
#include "helper-system.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "tlb6xx.h"
#include "util/log.h"

#define ENCODING_NONE UINT32_MAX

PPCSLBEntry *ppc_slb_lookup(PowerPCCPU *cpu, uint64_t ea)
{
    CPUPPCState *env = &cpu->env;
    uint64_t esid_256m = (ea & ~((1ull << SEGMENT_SHIFT_256M) - 1)) | SLB_ESID_V;
    uint64_t esid_1t = (ea & ~((1ull << SEGMENT_SHIFT_1T) - 1)) | SLB_ESID_V;

    for (unsigned i = 0; i < cpu->model->slb_size; i++) {
        PPCSLBEntry *slb = &env->slb[i];
        bool one_tb = (slb->vsid & SLB_VSID_B) == SLB_VSID_B_1T;

        if (slb->esid == (one_tb ? esid_1t : esid_256m)) {
            return slb;
        }
    }
    return NULL;
}

static uint32_t page_encoding(const PowerPCCPU *cpu, uint64_t vsid)
{
    const PPCSegmentPageSizes *sizes = cpu->model->page_sizes;

    for (uint32_t i = 0; sizes && sizes[i].shift; i++) {
        if (sizes[i].slb_enc == (vsid & SLB_VSID_LLP)) {
            return i;
        }
    }
    return ENCODING_NONE;
}

/* A segment's translations, now out of date, leave this CPU. */
static void flush_segment(PowerPCCPU *cpu, const PPCSLBEntry *slb)
{
    if (slb->esid >> 63) {
        ppc_tlb_flush_all(cpu);
    } else {
        ppc_tlb_flush_user(cpu);
    }
}

bool ppc_slb_store(PowerPCCPU *cpu, unsigned slot, uint64_t esid, uint64_t vsid)
{
    PPCSLBEntry *slb = &cpu->env.slb[MIN(slot, SLB_MAX_ENTRIES - 1)];
    uint32_t encoding = page_encoding(cpu, vsid);
    bool one_tb = (vsid & SLB_VSID_B) == SLB_VSID_B_1T;

    if (slot >= cpu->model->slb_size || vsid & SLB_VSID_B & ~SLB_VSID_B_1T ||
        (one_tb && !cpu->model->one_tb_segments)) {
        log_mask(LOG_GUEST_ERROR,
                 "cpu %d: slbmte of slot %u esid %016" PRIx64 " vsid %016" PRIx64 " refused\n",
                 cpu->vcpu_id, slot, esid, vsid);
        return false;
    }
    if (encoding == ENCODING_NONE && esid & SLB_ESID_V) {
        log_mask(LOG_GUEST_ERROR, "cpu %d: slbmte: no page size for vsid %016" PRIx64 "\n",
                 cpu->vcpu_id, vsid);
        return false;
    }
    if (slb->esid & SLB_ESID_V && (slb->esid != esid || slb->vsid != vsid)) {
        flush_segment(cpu, slb);
    }
    if (one_tb) {
        esid &= ~((1ull << SEGMENT_SHIFT_1T) - 1) | SLB_ESID_V;
    }
    slb->esid = esid & (SLB_ESID_ESID | SLB_ESID_V);
    slb->vsid = vsid & ~0xfull;
    slb->page_encoding = encoding == ENCODING_NONE ? 0 : encoding;
    return true;
}

void ppc_slb_clear(PowerPCCPU *cpu)
{
    memset(cpu->env.slb, 0, sizeof(cpu->env.slb));
}

bool ppc_slb_post_load(PowerPCCPU *cpu)
{
    for (unsigned i = 0; i < SLB_MAX_ENTRIES; i++) {
        PPCSLBEntry *slb = &cpu->env.slb[i];

        if (!(slb->esid & SLB_ESID_V)) {
            slb->page_encoding = 0;
            continue;
        }
        if (i >= cpu->model->slb_size || page_encoding(cpu, slb->vsid) == ENCODING_NONE ||
            slb->vsid & SLB_VSID_B & ~SLB_VSID_B_1T) {
            return false;
        }
        slb->page_encoding = page_encoding(cpu, slb->vsid);
    }
    return true;
}

/* ---- Instructions ---- */

void helper_slbmte(CPUPPCState *env, uint64_t rb, uint64_t rs)
{
    PowerPCCPU *cpu = env_cpu(env);

    if (!ppc_slb_store(cpu, rb & 0xfff, rb & ~0xfffull, rs)) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_ILLEGAL);
    }
}

uint64_t helper_slbmfee(CPUPPCState *env, uint64_t rb)
{
    unsigned slot = rb & 0xfff;

    return slot < env_cpu(env)->model->slb_size ? env->slb[slot].esid : 0;
}

uint64_t helper_slbmfev(CPUPPCState *env, uint64_t rb)
{
    unsigned slot = rb & 0xfff;

    return slot < env_cpu(env)->model->slb_size ? env->slb[slot].vsid : 0;
}

/* The VSID of the entry that translates RB, with CR0.EQ telling whether there is one. */
uint64_t helper_slbfee(CPUPPCState *env, uint64_t rb)
{
    PPCSLBEntry *slb = ppc_slb_lookup(env_cpu(env), rb);

    env->crf[0] = (slb ? 2 : 0) | (env->so & 1);
    return slb ? slb->vsid & ~SLB_VSID_ATTR : 0;
}

void helper_slbie(CPUPPCState *env, uint64_t rb)
{
    PowerPCCPU *cpu = env_cpu(env);
    PPCSLBEntry *slb = ppc_slb_lookup(cpu, rb);

    if (slb) {
        slb->esid &= ~SLB_ESID_V;
        flush_segment(cpu, slb);
    }
}

/* ---- Of all threads of a partition: slbieg, slbiag ---- */

typedef struct GlobalInvalidate {
    uint64_t rb;
    uint32_t pid, lpid;
    bool all;               /* every entry, whatever the process */
} GlobalInvalidate;

static void invalidate_if_theirs(CPUState *cs, const GlobalInvalidate *what)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    CPUPPCState *env = &cpu->env;

    if (env->spr[SPR_LPIDR] != what->lpid) {
        return;
    }
    if (what->all) {
        for (unsigned i = 0; i < cpu->model->slb_size; i++) {
            env->slb[i].esid &= ~SLB_ESID_V;
        }
        ppc_tlb_flush_all(cpu);
    } else if (env->spr[SPR_PIDR] == what->pid) {
        helper_slbie(env, what->rb);
    }
}

static void invalidate_work(CPUState *cs, void *opaque)
{
    invalidate_if_theirs(cs, opaque);
    g_free(opaque);
}

/* RS: process and partition; below the hypervisor the partition is one's own. */
static void invalidate_everywhere(CPUPPCState *env, uint64_t rb, uint64_t rs, bool all)
{
    CPUState *self = &env_cpu(env)->parent, *cs;
    GlobalInvalidate what = {
        .rb = rb, .pid = rs >> 32, .all = all,
        .lpid = env->msr & MSR_BIT(HV) ? (uint32_t)rs : (uint32_t)env->spr[SPR_LPIDR],
    };

    CPU_FOREACH(cs) {
        if (cs != self) {
            async_run_on_cpu(cs, invalidate_work, g_memdup2(&what, sizeof(what)));
        }
    }
    invalidate_if_theirs(self, &what);
}

void helper_slbieg(CPUPPCState *env, uint64_t rb, uint64_t rs)
{
    invalidate_everywhere(env, rb, rs, false);
}

void helper_slbiag(CPUPPCState *env, uint64_t rs)
{
    invalidate_everywhere(env, 0, rs, true);
}

static void nothing(CPUState *cs, void *opaque)
{
}

/* Once the others have left guest code, they do what slbieg and slbiag asked for before they go on.
 */
void helper_slbsync(CPUPPCState *env)
{
    async_safe_run_on_cpu(&env_cpu(env)->parent, nothing, NULL);
}

void helper_slbia(CPUPPCState *env, uint32_t ih)
{
    PowerPCCPU *cpu = env_cpu(env);
    bool kernel = false, any = false;

    for (unsigned i = ih == 4 || ih == 7 || ih == 3 ? 0 : 1; i < cpu->model->slb_size; i++) {
        PPCSLBEntry *slb = &env->slb[i];

        if (!(slb->esid & SLB_ESID_V) || (ih == 3 && !(slb->vsid & SLB_VSID_C))) {
            continue;
        }
        slb->esid &= ~SLB_ESID_V;
        any = true;
        kernel = kernel || slb->esid >> 63;
    }
    if (kernel) {
        ppc_tlb_flush_all(cpu);
    } else if (any) {
        ppc_tlb_flush_user(cpu);
    }
}

/* Segment register n stands for the 256 MiB segment at n << 28, in SLB slot n. */
void helper_mtsr(CPUPPCState *env, uint32_t n, uint64_t rs)
{
    PowerPCCPU *cpu = env_cpu(env);
    uint64_t esid = (uint64_t)(n & 15) << 28 | SLB_ESID_V;
    uint64_t vsid = (rs & 0xfffffff) << 12 | (rs >> 27 & 0xf) << 8;

    if (!cpu_is_64(cpu)) {
        if (env->sr[n & 15] != (uint32_t)rs) {
            env->sr[n & 15] = (uint32_t)rs;
            ppc_mmu32_segments_changed(cpu);
        }
        return;
    }
    if (!ppc_slb_store(cpu, n & 15, esid, vsid)) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_ILLEGAL);
    }
}

uint64_t helper_mfsr(CPUPPCState *env, uint32_t n)
{
    PowerPCCPU *cpu = env_cpu(env);
    PPCSLBEntry *slb;

    if (!cpu_is_64(cpu)) {
        return env->sr[n & 15];
    }
    slb = ppc_slb_lookup(cpu, (uint64_t)(n & 15) << 28);
    return slb ? (slb->vsid >> 12 & 0xfffffff) | (slb->vsid >> 8 & 0xf) << 27 : 0;
}
