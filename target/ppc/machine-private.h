/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the CPU's two state descriptions share: machine.c (64-bit words) and machine-32.c (32-bit
 * words). */
#ifndef TARGET_PPC_MACHINE_PRIVATE_H
#define TARGET_PPC_MACHINE_PRIVATE_H

#include "migration/vmstate.h"
#include "target/ppc/cpu.h"

bool vmstate_cpu_pre_load(void *opaque, GError **errp);
bool vmstate_cpu_pre_save(void *opaque, GError **errp);
bool vmstate_cpu_post_load(void *opaque, int version_id, GError **errp);
bool vmstate_fpu_needed(void *opaque);
bool vmstate_altivec_needed(void *opaque);
bool vmstate_tlb6xx_needed(void *opaque);
extern const VMStateInfo vmstate_info_fpr;
extern const VMStateDescription vmstate_altivec, vmstate_time, vmstate_latches;

/* Members that are no fields: the same for both. */
#define CPU_LISTS                                                                                  \
    .derived = VMSTATE_NAMES(                                                                      \
        "env.lr", "env.ctr", "env.so", "env.ov", "env.ca", "env.ov32", "env.ca32", "env.xer_rest", \
        "env.tar", "env.ibat", "env.dbat", "env.decr_deadline_tb", "env.reserve_addr",             \
        "env.reserve_val", "env.reserve_val2", "env.reserve_size", "env.fp_op", "env.fpcc",        \
        "env.fp_a", "env.fp_b", "env.fp_c", "env.pending_interrupts", "env.hflags",                \
        "env.icount_base", "env.pmu_base_ns", "env.pmu_base_tb", "env.pmu_kinds", "env.fp_redo",   \
        "env.exception_index", "env.error_code", "env.fault_dar", "env.fault_dsisr",               \
        "env.fault_asdr", "env.slb.page_encoding", "env.tlb6_code", "env.tlb6_way",                \
        "segments_changed", "pmu_active", "amr_is_kuap", "last_tlbiel_set", "n_noted", "noted",    \
        "watch_addr", "watch_len", "watch_flags"),                                                 \
    .immutable = VMSTATE_NAMES("model", "vcpu_id", "vhyp", "vhyp_opaque", "firmware_trap",         \
                               "firmware_opaque", "decode", "machine_data", "tb_freq", "sprs",     \
                               "clock", "threads_per_core"),                                       \
    .host_only = VMSTATE_NAMES("env.tcg", "decr_timer", "hdecr_timer", "pmu_timer", "time_lock")

#endif
