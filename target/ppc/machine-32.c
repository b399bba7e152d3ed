/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's state description of the 32-bit personality: the section of machine.c with words of 32
 * bits, as qemu-system-ppc sends it.  All that the guest can see of its registers fits; the upper
 * halves of their slots are zero.
 */
#include "cpu-internal.h"
#include "internal.h"
#include "machine-private.h"

static bool get_narrow(StateStream *s, void *pv, size_t size, const VMStateField *field,
                       GError **errp)
{
    uint32_t value = state_get_be32(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    *(uint64_t *)pv = value;
    return true;
}

static bool put_narrow(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                       GError **errp)
{
    state_put_be32(s, (uint32_t)*(const uint64_t *)pv);
    return true;
}

static const VMStateInfo vmstate_info_narrow = {"uint32", get_narrow, put_narrow};

#define NARROW(f) VMSTATE_SINGLE(f, PowerPCCPU, 0, vmstate_info_narrow, uint64_t)
#define NARROW_ARRAY(f, n) VMSTATE_ARRAY(f, PowerPCCPU, n, 0, vmstate_info_narrow, uint64_t)

static const VMStateDescription vmstate_fpu_32 = {
    .name = "cpu/fpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vmstate_fpu_needed,
    .fields = (const VMStateField[]){
        VMSTATE_SUB_ARRAY(env.vsr, PowerPCCPU, 0, 32, 0, vmstate_info_fpr, V128),
        NARROW(env.fpscr),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_segments_32 = {
    .name = "cpu/sr",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_ARRAY(env.sr, PowerPCCPU, 16),
        VMSTATE_UNUSED(16 * 4),  /* QEMU has room for 32 */
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_tlb6xx_entry_32 = {
    .name = "cpu/tlb6xx_entry",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(pte0, PPCTLB6xx),
        VMSTATE_UINT32(pte1, PPCTLB6xx),
        VMSTATE_UINT32(epn, PPCTLB6xx),
        VMSTATE_END_OF_LIST()
    },
    VMSTATE_STRUCT_AUDIT(PPCTLB6xx),
};

static const VMStateDescription vmstate_tlb6xx_32 = {
    .name = "cpu/tlb6xx",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vmstate_tlb6xx_needed,
    .fields = (const VMStateField[]){VMSTATE_INT32_EQUAL(n_tlb6, PowerPCCPU, NULL),
                                     VMSTATE_STRUCT_ARRAY(env.tlb6, PowerPCCPU, PPC_TLB6XX_ENTRIES,
                                                          1, vmstate_tlb6xx_entry_32, PPCTLB6xx),
                                     NARROW_ARRAY(env.tgpr, 4), VMSTATE_END_OF_LIST()},
};

const VMStateDescription vmstate_ppc_cpu_32 = {
    .name = "cpu",
    .version_id = 5,
    .minimum_version_id = 5,
    .pre_load = vmstate_cpu_pre_load,
    .pre_save = vmstate_cpu_pre_save,
    .post_load = vmstate_cpu_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UNUSED(4),       /* once the PVR */
        NARROW_ARRAY(env.gpr, 32),
        VMSTATE_UNUSED(32 * 4),  /* upper halves of e500's registers */
        VMSTATE_UINT32_ARRAY(env.crf, PowerPCCPU, 8),
        NARROW(env.nip),
        NARROW_ARRAY(env.spr, 1024),
        VMSTATE_UNUSED(8),       /* the SPE accumulator of e500 */
        NARROW(wire_reserve),
        NARROW(env.msr),
        VMSTATE_UNUSED(4),       /* a 601's saved mode bits */
        VMSTATE_END_OF_LIST()
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_fpu_32, &vmstate_altivec, &vmstate_segments_32,
                                       &vmstate_tlb6xx_32, &vmstate_time, &vmstate_latches),
    CPU_LISTS,
    /* Of processors that this personality does not have. */
    .elsewhere = VMSTATE_NAMES("env.slb", "compat_pvr", "env.vsr"),
    VMSTATE_STRUCT_AUDIT(PowerPCCPU),
};
