/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's state description: every member of PowerPCCPU is here, as saved, derived, immutable or
 * host-only.
 *
 * The layout is QEMU's: all 1024 SPR slots, the registers that have homes of their own (LR, CTR,
 * XER, TAR, DEC, BATs) in their slots too, FP and vector registers in subsections by facility.
 *
 * Levels are re-driven by their sources after loading (controllers, the decrementer from DEC);
 * latches that nobody can re-derive travel in a subsection with an encoding of their own, sent when
 * one is set.
 */
#include "accel/tcg/accel.h"
#include "cpu-internal.h"
#include "internal.h"
#include "machine-private.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "tlb6xx.h"
#include "util/error.h"

/* ---- Element types ---- */

/* FPR n is the first doubleword (d[1] here) of VSR n, VR n is VSR 32 + n. */
G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

static bool get_half(StateStream *s, uint64_t *at)
{
    uint64_t value = state_get_be64(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    *at = value;
    return true;
}

static bool get_fpr(StateStream *s, void *pv, size_t size, const VMStateField *field, GError **errp)
{
    return get_half(s, &((V128 *)pv)->d[1]);
}

static bool put_fpr(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                    GError **errp)
{
    state_put_be64(s, ((const V128 *)pv)->d[1]);
    return true;
}

static bool get_vsr(StateStream *s, void *pv, size_t size, const VMStateField *field, GError **errp)
{
    return get_half(s, &((V128 *)pv)->d[0]);
}

static bool put_vsr(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                    GError **errp)
{
    state_put_be64(s, ((const V128 *)pv)->d[0]);
    return true;
}

static bool get_avr(StateStream *s, void *pv, size_t size, const VMStateField *field, GError **errp)
{
    return get_fpr(s, pv, size, field, errp) && get_vsr(s, pv, size, field, errp);
}

static bool put_avr(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                    GError **errp)
{
    return put_fpr(s, pv, size, field, errp) && put_vsr(s, pv, size, field, errp);
}

static bool get_slbe(StateStream *s, void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    PPCSLBEntry *slb = pv;

    return get_half(s, &slb->esid) && get_half(s, &slb->vsid);
}

static bool put_slbe(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    const PPCSLBEntry *slb = pv;

    state_put_be64(s, slb->esid);
    state_put_be64(s, slb->vsid);
    return true;
}

/* Registers of 32 bits that travel as words of the 64-bit program. */
static bool get_wide(StateStream *s, void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    uint64_t value = 0;

    if (!get_half(s, &value)) {
        return false;
    }
    *(uint32_t *)pv = (uint32_t)value;
    return true;
}

static bool put_wide(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    state_put_be64(s, *(const uint32_t *)pv);
    return true;
}

const VMStateInfo vmstate_info_fpr = {"fpr", get_fpr, put_fpr, offsetof(V128, d[1]), 8};
static const VMStateInfo vmstate_info_vsr = {"vsr", get_vsr, put_vsr, offsetof(V128, d[0]), 8};
static const VMStateInfo vmstate_info_avr = {"avr", get_avr, put_avr};
static const VMStateInfo vmstate_info_slbe = {"slbe", get_slbe, put_slbe, 0,
                                              offsetof(PPCSLBEntry, page_encoding)};
static const VMStateInfo vmstate_info_wide = {"uint64", get_wide, put_wide};

/* ---- Facilities ---- */

static bool has(void *opaque, uint32_t insns)
{
    return ((PowerPCCPU *)opaque)->model->insns & insns;
}

bool vmstate_fpu_needed(void *opaque)
{
    return has(opaque, ISA_FP);
}

bool vmstate_altivec_needed(void *opaque)
{
    return has(opaque, ISA_ALTIVEC);
}

static bool vsx_needed(void *opaque)
{
    return has(opaque, ISA_VSX);
}

static bool segments_needed(void *opaque)
{
    return !cpu_is_64(opaque);
}

static bool slb_needed(void *opaque)
{
    return cpu_is_64(opaque) && vmstate_wire() != VMSTATE_WIRE_QEMU_7_2;
}

static bool slb_v1_needed(void *opaque)
{
    return cpu_is_64(opaque) && vmstate_wire() == VMSTATE_WIRE_QEMU_7_2;
}

/* Models that have such a TLB; 74xx keep theirs to themselves, as QEMU does not have it. */
bool vmstate_tlb6xx_needed(void *opaque)
{
    PPCMMUModel mmu = ((PowerPCCPU *)opaque)->model->mmu;

    return mmu == MMU_603_SOFT || mmu == MMU_755;
}

static const VMStateDescription vmstate_fpu = {
    .name = "cpu/fpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vmstate_fpu_needed,
    .fields = (const VMStateField[]){
        VMSTATE_SUB_ARRAY(env.vsr, PowerPCCPU, 0, 32, 0, vmstate_info_fpr, V128),
        VMSTATE_UINT64(env.fpscr, PowerPCCPU),
        VMSTATE_END_OF_LIST()
    },
};

const VMStateDescription vmstate_altivec = {
    .name = "cpu/altivec",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vmstate_altivec_needed,
    .fields = (const VMStateField[]){
        VMSTATE_SUB_ARRAY(env.vsr, PowerPCCPU, 32, 32, 0, vmstate_info_avr, V128),
        VMSTATE_UINT32(env.vscr, PowerPCCPU),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_vsx = {
    .name = "cpu/vsx",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vsx_needed,
    .fields = (const VMStateField[]){
        VMSTATE_SUB_ARRAY(env.vsr, PowerPCCPU, 0, 32, 0, vmstate_info_vsr, V128),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_segments = {
    .name = "cpu/sr",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = segments_needed,
    .fields = (const VMStateField[]){
        VMSTATE_ARRAY(env.sr, PowerPCCPU, 16, 0, vmstate_info_wide, uint32_t),
        VMSTATE_UNUSED(16 * 8),  /* QEMU has room for 32 */
        VMSTATE_END_OF_LIST()
    },
};

#define SLB_FIELDS                                                                                 \
    (const VMStateField[])                                                                         \
    {                                                                                              \
        VMSTATE_ARRAY(env.slb, PowerPCCPU, SLB_MAX_ENTRIES, 0, vmstate_info_slbe, PPCSLBEntry),    \
            VMSTATE_END_OF_LIST()                                                                  \
    }
/* One content, two numbers: 10.0 says 2 and loads nothing else, 7.2 says 1. */
static const VMStateDescription vmstate_slb = {
    .name = "cpu/slb",
    .version_id = 2,
    .minimum_version_id = 1,
    .needed = slb_needed,
    .fields = SLB_FIELDS,
};

static const VMStateDescription vmstate_slb_v1 = {
    .name = "cpu/slb",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = slb_v1_needed,
    .fields = SLB_FIELDS,
    .aliases = VMSTATE_NAMES("env.slb"),
};

/*
 * The data TLB that software loads, and the 603's other GPR0-3.  QEMU sends only that half of its
 * TLB; what is not sent, software loads again when it misses.
 */
static const VMStateDescription vmstate_tlb6xx_entry = {
    .name = "cpu/tlb6xx_entry",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_SINGLE(pte0, PPCTLB6xx, 0, vmstate_info_wide, uint32_t),
        VMSTATE_SINGLE(pte1, PPCTLB6xx, 0, vmstate_info_wide, uint32_t),
        VMSTATE_SINGLE(epn, PPCTLB6xx, 0, vmstate_info_wide, uint32_t),
        VMSTATE_END_OF_LIST()
    },
    VMSTATE_STRUCT_AUDIT(PPCTLB6xx),
};

static const VMStateDescription vmstate_tlb6xx = {
    .name = "cpu/tlb6xx",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vmstate_tlb6xx_needed,
    .fields = (const VMStateField[]){VMSTATE_INT32_EQUAL(n_tlb6, PowerPCCPU, NULL),
                                     VMSTATE_STRUCT_ARRAY(env.tlb6, PowerPCCPU, PPC_TLB6XX_ENTRIES,
                                                          1, vmstate_tlb6xx_entry, PPCTLB6xx),
                                     VMSTATE_UINT64_ARRAY(env.tgpr, PowerPCCPU, 4),
                                     VMSTATE_END_OF_LIST()},
};

/* ---- Time ---- */

static bool time_needed(void *opaque)
{
    PowerPCCPU *cpu = opaque;
    const CPUPPCState *env = &cpu->env;

    return vmstate_wire_is_own() && (env->tb_offset | env->atb_offset | env->vtb_offset |
                                         env->purr_offset | env->spurr_offset ||
                                     ppc_msr_mask(cpu) & MSR_BIT(HV));
}

/* Ours: what counts with the time base from another start, and a hypervisor's decrementer. */
const VMStateDescription vmstate_time = {
    .name = "cpu/time",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = time_needed,
    .fields = (const VMStateField[]){
        VMSTATE_INT64(env.tb_offset, PowerPCCPU),
        VMSTATE_INT64(env.atb_offset, PowerPCCPU),
        VMSTATE_INT64(env.vtb_offset, PowerPCCPU),
        VMSTATE_INT64(env.purr_offset, PowerPCCPU),
        VMSTATE_INT64(env.spurr_offset, PowerPCCPU),
        VMSTATE_INT64(env.hdecr_deadline_tb, PowerPCCPU),
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
    {9, PPC_INTERRUPT_PERFM},
};

/* No subsection came. */
#define LATCHES_NOT_SAID UINT32_MAX

/* The decrementer and the performance monitor are latches only where they are not levels. */
static bool is_latch(const PowerPCCPU *cpu, unsigned irq)
{
    return irq == PPC_INTERRUPT_DECR ? !cpu_is_2_06(cpu)
                                     : irq != PPC_INTERRUPT_PERFM || !cpu_is_64(cpu);
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

    return vmstate_wire_is_own() &&
           (latches_now(cpu) || cpu->power_wait || cpu->checkstopped || cpu->env.resume_as_sreset ||
            ppc_decr_latch_in_doubt(cpu));
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

const VMStateDescription vmstate_latches = {
    .name = "cpu/latches",
    .own = true,
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

/* Slots of spr[] whose registers have their homes elsewhere: filled for the stream, emptied after
 * loading. */
enum { WIRE_DECR = 22, WIRE_IBAT0U = 528, WIRE_DBAT0U = 536, WIRE_IBAT4U = 560, WIRE_DBAT4U = 568 };

static void bats_to_wire(CPUPPCState *env)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned k = 2 * (i % 4);

        env->spr[(i < 4 ? WIRE_IBAT0U : WIRE_IBAT4U) + k] = env->ibat[i].upper;
        env->spr[(i < 4 ? WIRE_IBAT0U : WIRE_IBAT4U) + k + 1] = env->ibat[i].lower;
        env->spr[(i < 4 ? WIRE_DBAT0U : WIRE_DBAT4U) + k] = env->dbat[i].upper;
        env->spr[(i < 4 ? WIRE_DBAT0U : WIRE_DBAT4U) + k + 1] = env->dbat[i].lower;
    }
}

static void bats_from_wire(CPUPPCState *env)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned k = 2 * (i % 4);

        env->ibat[i].upper = (uint32_t)env->spr[(i < 4 ? WIRE_IBAT0U : WIRE_IBAT4U) + k];
        env->ibat[i].lower = (uint32_t)env->spr[(i < 4 ? WIRE_IBAT0U : WIRE_IBAT4U) + k + 1];
        env->dbat[i].upper = (uint32_t)env->spr[(i < 4 ? WIRE_DBAT0U : WIRE_DBAT4U) + k];
        env->dbat[i].lower = (uint32_t)env->spr[(i < 4 ? WIRE_DBAT0U : WIRE_DBAT4U) + k + 1];
    }
}

bool vmstate_cpu_pre_load(void *opaque, GError **errp)
{
    PowerPCCPU *cpu = opaque;
    CPUPPCState *env = &cpu->env;

    /* What subsections that may be missing would set. */
    cpu->compat_pvr = 0;
    cpu->wire_latches = LATCHES_NOT_SAID;
    cpu->power_wait = PPC_WAIT_NONE;
    cpu->checkstopped = false;
    env->resume_as_sreset = 0;
    memset(env->tgpr, 0, sizeof(env->tgpr));
    ppc_tlb6xx_clear(cpu);
    env->tb_offset = env->atb_offset = env->vtb_offset = env->purr_offset = env->spurr_offset = 0;
    /* Also levels: their sources drive them again, after this section. */
    __atomic_store_n(&env->pending_interrupts, 0, __ATOMIC_SEQ_CST);
    return true;
}

bool vmstate_cpu_pre_save(void *opaque, GError **errp)
{
    PowerPCCPU *cpu = opaque;
    CPUPPCState *env = &cpu->env;

    fpscr_sync(env);
    pmu_sync(env);
    if (!cpu_is_2_06(cpu)) {
        ppc_decr_update(cpu);
    }
    env->spr[SPR_LR] = env->lr;
    env->spr[SPR_CTR] = env->ctr;
    env->spr[SPR_XER] = ppc_get_xer(env);
    env->spr[SPR_TAR] = env->tar;
    env->spr[WIRE_DECR] = ppc_decr_to_wire(cpu);
    if (!cpu_is_64(cpu)) {
        bats_to_wire(env);
    }
    /* A reservation is lost on the way; 7.2 says so, 10.0 has zeros there. */
    cpu->wire_reserve = vmstate_wire() == VMSTATE_WIRE_QEMU_7_2 ? RESERVE_NONE : 0;
    return true;
}

static bool cpu_check_pvr(PowerPCCPU *cpu, GError **errp)
{
    CPUPPCState *env = &cpu->env;

    /* In a compatibility mode the processors are what their mode says. */
    if (!cpu->compat_pvr && (env->spr[SPR_PVR] ^ cpu->model->pvr) & cpu->model->pvr_mask) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "cpu: PVR 0x%08" PRIx64 " is not that of CPU %s; start with the source's -cpu",
                  env->spr[SPR_PVR], cpu->model->name);
        return false;
    }
    env->spr[SPR_PVR] = cpu->model->pvr;
    return true;
}

/*
 * The wide section of a 32-bit processor: programs for 64 bits send signs and leftovers with its
 * registers, while blocks are made for upper halves of zero.
 */
static void cut_to_32_bits(CPUPPCState *env)
{
    for (unsigned i = 0; i < 32; i++) {
        env->gpr[i] = (uint32_t)env->gpr[i];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(env->tgpr); i++) {
        env->tgpr[i] = (uint32_t)env->tgpr[i];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(env->spr); i++) {
        env->spr[i] = (uint32_t)env->spr[i];
    }
    env->nip = (uint32_t)env->nip;
}

bool vmstate_cpu_post_load(void *opaque, int version_id, GError **errp)
{
    PowerPCCPU *cpu = opaque;
    CPUPPCState *env = &cpu->env;

    if (!cpu_is_64(cpu)) {
        cut_to_32_bits(env);
    }
    if (!cpu_check_pvr(cpu, errp)) {
        return false;
    }
    if (!ppc_slb_post_load(cpu)) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "cpu: an SLB entry is not possible on CPU %s",
                  cpu->model->name);
        return false;
    }
    env->lr = env->spr[SPR_LR];
    env->ctr = env->spr[SPR_CTR];
    ppc_set_xer(env, env->spr[SPR_XER]);
    env->tar = env->spr[SPR_TAR];
    env->spr[SPR_LR] = env->spr[SPR_CTR] = env->spr[SPR_XER] = env->spr[SPR_TAR] = 0;
    if (!cpu_is_64(cpu)) {
        bats_from_wire(env);
    }
    env->spr[SPR_VRSAVE] &= 0xffffffffu;    /* 7.2 sends a sign with it */
    for (unsigned i = 0; i < 8; i++) {
        env->crf[i] &= 15;
    }
    env->xer_rest &= 0x1ff3ffffu;
    env->reserve_addr = RESERVE_NONE;
    env->reserve_val = env->reserve_val2 = 0;
    env->reserve_size = 0;
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
    cpu->segments_changed = false;
    cpu->last_tlbiel_set = 0;
    cpu->n_noted = 0;
    cpu->amr_is_kuap = true;
    env->msr &= ppc_msr_mask(cpu);
    pmu_reset(cpu);
    ppc_update_hflags(env);
    pmu_update(env);
    ppc_decr_from_wire(cpu, env->spr[WIRE_DECR], cpu->wire_latches != LATCHES_NOT_SAID);
    env->spr[WIRE_DECR] = 0;
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
    .version_id = 5,
    .minimum_version_id = 5,
    .pre_load = vmstate_cpu_pre_load,
    .pre_save = vmstate_cpu_pre_save,
    .post_load = vmstate_cpu_post_load,
    .fields = (const VMStateField[]){VMSTATE_UNUSED(8), /* once the PVR */
                                     VMSTATE_UINT64_ARRAY(env.gpr, PowerPCCPU, 32),
                                     VMSTATE_UINT32_ARRAY(env.crf, PowerPCCPU, 8),
                                     VMSTATE_UINT64(env.nip, PowerPCCPU),
                                     VMSTATE_UINT64_ARRAY(env.spr, PowerPCCPU, 1024),
                                     VMSTATE_UNUSED(8), /* the SPE accumulator of e500 */
                                     VMSTATE_UINT64(wire_reserve, PowerPCCPU),
                                     VMSTATE_UINT64(env.msr, PowerPCCPU),
                                     VMSTATE_UNUSED(8), /* a 601's saved mode bits */
                                     VMSTATE_END_OF_LIST()},
    .subsections = VMSTATE_SUBSECTIONS(
        &vmstate_fpu, &vmstate_altivec, &vmstate_vsx, &vmstate_segments, &vmstate_slb,
        &vmstate_slb_v1, &vmstate_compat, &vmstate_time, &vmstate_tlb6xx, &vmstate_latches),
    CPU_LISTS,
    VMSTATE_STRUCT_AUDIT(PowerPCCPU),
};
