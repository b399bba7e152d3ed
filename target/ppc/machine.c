/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's state description: every member of PowerPCCPU is here, as saved, derived, immutable or
 * host-only.
 *
 * Levels are re-driven by their sources after loading (controllers, the decrementer from DEC);
 * latches that nobody can re-derive travel in a subsection with an encoding of their own, sent when one
 * is set.
 */
#include "accel/tcg/accel.h"
#include "cpu-internal.h"
#include "internal.h"
#include "migration/vmstate.h"
#include "util/error.h"

static const VMStateDescription vmstate_vsr = {
    .name = "cpu/vsr",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(d[1], V128),
        VMSTATE_UINT64(d[0], V128),
        VMSTATE_END_OF_LIST()
    },
};
/* d[1] is the architecture's doubleword 0. */
G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

static const VMStateDescription vmstate_slb_entry = {
    .name = "cpu/slb_entry",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(esid, PPCSLBEntry),
        VMSTATE_UINT64(vsid, PPCSLBEntry),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_bat = {
    .name = "cpu/bat",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(upper, PPCBAT),
        VMSTATE_UINT32(lower, PPCBAT),
        VMSTATE_END_OF_LIST()
    },
};

/* ---- Latches ---- */

/* Wire bits of latched conditions. */
static const struct {
    uint8_t bit, irq;
} latches[] = {
    {0, PPC_INTERRUPT_RESET}, {1, PPC_INTERRUPT_MCK}, {2, PPC_INTERRUPT_DECR},
    {3, PPC_INTERRUPT_DOORBELL}, {4, PPC_INTERRUPT_HDOORBELL}, {5, PPC_INTERRUPT_HMI},
    {6, PPC_INTERRUPT_EBB}, {7, PPC_INTERRUPT_SMI}, {8, PPC_INTERRUPT_THERM},
};

/* The decrementer is a latch only where it is not a level. */
static bool is_latch(const PowerPCCPU *cpu, unsigned irq)
{
    return irq != PPC_INTERRUPT_DECR || !cpu_is_2_06(cpu);
}

static uint32_t latches_now(PowerPCCPU *cpu)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(latches); i++) {
        if (is_latch(cpu, latches[i].irq) && ppc_is_pending(&cpu->env, latches[i].irq)) {
            value |= 1u << latches[i].bit;
        }
    }
    return value;
}

static bool latches_needed(void *opaque)
{
    PowerPCCPU *cpu = opaque;

    return latches_now(cpu) || cpu->power_wait || cpu->checkstopped || cpu->env.resume_as_sreset;
}

static bool latches_pre_save(void *opaque, GError **errp)
{
    PowerPCCPU *cpu = opaque;

    cpu->wire_latches = latches_now(cpu);
    return true;
}

static bool latches_post_load(void *opaque, int version_id, GError **errp)
{
    PowerPCCPU *cpu = opaque;

    if (cpu->power_wait > PPC_WAIT_PECE) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "cpu/latches: power_wait %u is no such state",
                  cpu->power_wait);
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(latches); i++) {
        if (is_latch(cpu, latches[i].irq)) {
            ppc_set_pending(&cpu->env, latches[i].irq, cpu->wire_latches >> latches[i].bit & 1);
        }
    }
    return true;
}

static const VMStateDescription vmstate_latches = {
    .name = "cpu/latches",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = latches_needed,
    .pre_save = latches_pre_save,
    .post_load = latches_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(wire_latches, PowerPCCPU),
        VMSTATE_UINT32(env.resume_as_sreset, PowerPCCPU),
        VMSTATE_UINT8(power_wait, PowerPCCPU),
        VMSTATE_BOOL(checkstopped, PowerPCCPU),
        VMSTATE_END_OF_LIST()
    },
};

/* ---- Compatibility mode ---- */

static bool compat_needed(void *opaque)
{
    return ((PowerPCCPU *)opaque)->compat_pvr != 0;
}

static bool compat_post_load(void *opaque, int version_id, GError **errp)
{
    PowerPCCPU *cpu = opaque;

    return ppc_set_compat(cpu, cpu->compat_pvr, errp);
}

static const VMStateDescription vmstate_compat = {
    .name = "cpu/compat",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = compat_needed,
    .post_load = compat_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(compat_pvr, PowerPCCPU),
        VMSTATE_END_OF_LIST()
    },
};

/* ---- The CPU ---- */

static bool cpu_pre_load(void *opaque, GError **errp)
{
    PowerPCCPU *cpu = opaque;

    /* What subsections that may be missing would set. */
    cpu->compat_pvr = 0;
    cpu->wire_latches = 0;
    cpu->power_wait = PPC_WAIT_NONE;
    cpu->checkstopped = false;
    cpu->env.resume_as_sreset = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(latches); i++) {
        ppc_set_pending(&cpu->env, latches[i].irq, false);
    }
    return true;
}

static bool cpu_pre_save(void *opaque, GError **errp)
{
    PowerPCCPU *cpu = opaque;

    fpscr_sync(&cpu->env);
    pmu_sync(&cpu->env);
    return true;
}

static bool cpu_post_load(void *opaque, int version_id, GError **errp)
{
    PowerPCCPU *cpu = opaque;
    CPUPPCState *env = &cpu->env;

    if ((env->spr[SPR_PVR] ^ cpu->model->pvr) & cpu->model->pvr_mask) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "cpu: PVR 0x%08" PRIx64 " is not that of CPU %s",
                  env->spr[SPR_PVR], cpu->model->name);
        return false;
    }
    env->spr[SPR_PVR] = cpu->model->pvr;
    if (!ppc_slb_post_load(cpu)) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "cpu: an SLB entry is not possible on CPU %s",
                  cpu->model->name);
        return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        env->crf[i] &= 15;
    }
    env->so &= 1;
    env->ov &= 1;
    env->ca &= 1;
    env->ov32 &= 1;
    env->ca32 &= 1;
    env->xer_rest &= 0x1ff3ffffu;
    env->fp_op = 0;
    env->fpcc = 0;
    env->fp_a = env->fp_b = env->fp_c = 0;
    env->fp_redo = 0;
    env->tcg.mxcsr_fp = 0x1f80;
    env->exception_index = EXCP_NONE;
    env->error_code = 0;
    env->fault_dar = env->fault_asdr = 0;
    env->fault_dsisr = 0;
    env->spr[SPR_LPCR] &= cpu->model->lpcr_mask;
    env->spr[SPR_PTCR] &= PTCR_PATB | PTCR_PATS;
    env->spr[SPR_LPIDR] &= 0xfff;
    env->spr[SPR_PIDR] &= 0xffffffffu;
    cpu->last_tlbiel_set = 0;
    cpu->n_noted = 0;
    cpu->amr_is_kuap = true;
    env->msr &= ppc_msr_mask(cpu);
    pmu_reset(cpu);
    ppc_update_hflags(env);
    pmu_update(env);
    ppc_time_post_load(cpu);
    ppc_debug_update(cpu);
    if (env->tcg.cpu) {
        ppc_tlb_flush_all(cpu);
    }
    ppc_recheck_interrupts(cpu);
    return true;
}

const VMStateDescription vmstate_ppc_cpu = {
    .name = "cpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = cpu_pre_load,
    .pre_save = cpu_pre_save,
    .post_load = cpu_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64_ARRAY(env.gpr, PowerPCCPU, 32),
        VMSTATE_UINT32_ARRAY(env.crf, PowerPCCPU, 8),
        VMSTATE_UINT64(env.lr, PowerPCCPU),
        VMSTATE_UINT64(env.ctr, PowerPCCPU),
        VMSTATE_UINT32(env.so, PowerPCCPU),
        VMSTATE_UINT32(env.ov, PowerPCCPU),
        VMSTATE_UINT32(env.ca, PowerPCCPU),
        VMSTATE_UINT32(env.ov32, PowerPCCPU),
        VMSTATE_UINT32(env.ca32, PowerPCCPU),
        VMSTATE_UINT32(env.xer_rest, PowerPCCPU),
        VMSTATE_UINT64(env.reserve_addr, PowerPCCPU),
        VMSTATE_UINT64(env.reserve_val, PowerPCCPU),
        VMSTATE_UINT64(env.reserve_val2, PowerPCCPU),
        VMSTATE_UINT32(env.reserve_size, PowerPCCPU),
        VMSTATE_UINT64(env.tar, PowerPCCPU),
        VMSTATE_STRUCT_ARRAY(env.vsr, PowerPCCPU, 64, 1, vmstate_vsr, V128),
        VMSTATE_UINT64(env.fpscr, PowerPCCPU),
        VMSTATE_UINT32(env.vscr, PowerPCCPU),
        VMSTATE_UINT64(env.nip, PowerPCCPU),
        VMSTATE_UINT64(env.msr, PowerPCCPU),
        VMSTATE_UINT64_ARRAY(env.spr, PowerPCCPU, 1024),
        VMSTATE_STRUCT_ARRAY(env.slb, PowerPCCPU, SLB_MAX_ENTRIES, 1, vmstate_slb_entry, PPCSLBEntry),
        VMSTATE_UINT32_ARRAY(env.sr, PowerPCCPU, 16),
        VMSTATE_STRUCT_ARRAY(env.ibat, PowerPCCPU, 8, 1, vmstate_bat, PPCBAT),
        VMSTATE_STRUCT_ARRAY(env.dbat, PowerPCCPU, 8, 1, vmstate_bat, PPCBAT),
        VMSTATE_UINT64_ARRAY(env.tgpr, PowerPCCPU, 4),
        VMSTATE_INT64(env.tb_offset, PowerPCCPU),
        VMSTATE_INT64(env.atb_offset, PowerPCCPU),
        VMSTATE_INT64(env.vtb_offset, PowerPCCPU),
        VMSTATE_INT64(env.purr_offset, PowerPCCPU),
        VMSTATE_INT64(env.spurr_offset, PowerPCCPU),
        VMSTATE_INT64(env.decr_deadline_tb, PowerPCCPU),
        VMSTATE_INT64(env.hdecr_deadline_tb, PowerPCCPU),
        VMSTATE_END_OF_LIST()
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_latches, &vmstate_compat),
    .derived = VMSTATE_NAMES("env.fp_op", "env.fpcc", "env.fp_a", "env.fp_b", "env.fp_c",
                             "env.pending_interrupts", "env.hflags", "env.icount_base",
                             "env.pmu_base_ns", "env.exception_index", "env.error_code",
                             "env.fault_dar", "env.fault_dsisr", "env.fault_asdr", "env.slb.page_encoding",
                             "pmu_active", "amr_is_kuap", "last_tlbiel_set", "n_noted",
                             "noted", "watch_addr", "watch_len", "watch_flags", "wire_latches"),
    .immutable = VMSTATE_NAMES("parent", "model", "vcpu_id", "vhyp", "vhyp_opaque", "decode",
                               "machine_data", "tb_freq", "sprs", "clock", "threads_per_core"),
    .host_only = VMSTATE_NAMES("env.tcg", "decr_timer", "hdecr_timer", "pmu_timer", "time_lock"),
    VMSTATE_STRUCT_AUDIT(PowerPCCPU),
};
