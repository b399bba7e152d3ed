/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU object's private tables and what its parts call on each other. */
#ifndef TARGET_PPC_CPU_INTERNAL_H
#define TARGET_PPC_CPU_INTERNAL_H

#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "target/ppc/cpu.h"

/* gdb.c */
extern const GDBFeature ppc_gdb_features_32[], ppc_gdb_features_74xx[], ppc_gdb_features_power5[],
    ppc_gdb_features_970[], ppc_gdb_features_p7[], ppc_gdb_features_p8[], ppc_gdb_features_p9[];
extern const VMStateDescription vmstate_ppc_cpu, vmstate_ppc_cpu_32;

/* accel-ops.c */
void ppc_block_state(CPUState *cs, TCGBlockState *out);
unsigned ppc_fetch_mmu_idx(const CPUPPCState *env);

void ppc_dump_state(CPUState *cs, GString *out, int flags);
void ppc_time_finalize(PowerPCCPU *cpu);
void pmu_finalize(PowerPCCPU *cpu);

#endif
