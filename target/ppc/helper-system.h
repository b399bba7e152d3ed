/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prototypes and rows of the supervisor chapter's helpers (helper-system.c, slb.c, tlbie.c). */
#ifndef TARGET_PPC_HELPER_SYSTEM_H
#define TARGET_PPC_HELPER_SYSTEM_H

#include "target/ppc/helper.h"

/* Registers by number; access rights have been checked at translation, facilities are checked here.
 */
uint64_t helper_mfspr(CPUPPCState *env, uint32_t number);
void helper_mtspr(CPUPPCState *env, uint32_t number, uint64_t value);
void helper_mtspr_keeps_tlb(CPUPPCState *env, uint32_t number, uint64_t value);
void helper_facility_check(CPUPPCState *env, uint32_t facility);
/* An SPR that the model lacks or the state may not touch; bit 16 of number: a write. */
void helper_spr_undefined(CPUPPCState *env, uint32_t number);
uint64_t helper_read_tb(CPUPPCState *env);

/* mask: the bits that the form changes; next: the following instruction. */
void helper_mtmsr(CPUPPCState *env, uint64_t value, uint64_t mask, uint64_t next);
/* mtmsr[d] L=1: EE and RI. */
void helper_mtmsr_ee(CPUPPCState *env, uint64_t value);
/* Return from interrupt: the new pc. */
uint64_t helper_rfid(CPUPPCState *env);
uint64_t helper_hrfid(CPUPPCState *env);
uint64_t helper_rfscv(CPUPPCState *env, uint64_t lr, uint64_t ctr);
uint64_t helper_rfebb(CPUPPCState *env, uint32_t s);
/* sc 1 under a virtual hypervisor; next: behind the sc. Where to go on. */
uint64_t helper_hypercall(CPUPPCState *env, uint64_t next);
uint64_t helper_firmware_trap(CPUPPCState *env, uint64_t pc, uint32_t number);
/* sc and scv at pc: delivered at once; where the handler starts. */
uint64_t helper_syscall(CPUPPCState *env, uint64_t pc, uint32_t lev);
uint64_t helper_syscall_vectored(CPUPPCState *env, uint64_t pc, uint32_t lev);
void helper_power_save(CPUPPCState *env, uint32_t kind);
void helper_msgsnd(CPUPPCState *env, uint64_t rb);
void helper_msgclr(CPUPPCState *env, uint64_t rb);
void helper_msgsndp(CPUPPCState *env, uint64_t rb);
void helper_msgclrp(CPUPPCState *env, uint64_t rb);
void helper_tbegin(CPUPPCState *env, uint64_t pc);
G_NORETURN void helper_trace_step(CPUPPCState *env, uint64_t nip);
/* Caching-inhibited accesses by real address; size: MO_8 .. MO_64. */
uint64_t helper_load_cix(CPUPPCState *env, uint64_t ea, uint32_t size);
void helper_store_cix(CPUPPCState *env, uint64_t ea, uint64_t value, uint32_t size);

void helper_slbmte(CPUPPCState *env, uint64_t rb, uint64_t rs);
uint64_t helper_slbmfee(CPUPPCState *env, uint64_t rb);
uint64_t helper_slbmfev(CPUPPCState *env, uint64_t rb);
uint64_t helper_slbfee(CPUPPCState *env, uint64_t rb);
void helper_slbie(CPUPPCState *env, uint64_t rb);
void helper_slbieg(CPUPPCState *env, uint64_t rb, uint64_t rs);
void helper_slbiag(CPUPPCState *env, uint64_t rs);
void helper_slbsync(CPUPPCState *env);
void helper_slbia(CPUPPCState *env, uint32_t ih);
void helper_mtsr(CPUPPCState *env, uint32_t n, uint64_t rs);
uint64_t helper_mfsr(CPUPPCState *env, uint32_t n);
/* op: RIC | PRS << 2 | R << 3 | local << 4. */
void helper_tlbie(CPUPPCState *env, uint64_t rb, uint64_t rs, uint32_t op);
void helper_tlbia(CPUPPCState *env);

/* 32-bit processors; next: the following instruction. */
void helper_mtmsr_32(CPUPPCState *env, uint64_t value, uint64_t next);
uint64_t helper_rfi(CPUPPCState *env);
/* Context synchronization: what mtsr left for it. */
void helper_synchronize(CPUPPCState *env);
uint64_t helper_eciwx(CPUPPCState *env, uint64_t ea);
void helper_ecowx(CPUPPCState *env, uint64_t ea, uint64_t value);
void helper_iabr_check(CPUPPCState *env, uint64_t pc);
void helper_tlbie_32(CPUPPCState *env, uint64_t rb);
void helper_tlbld(CPUPPCState *env, uint64_t rb);
void helper_tlbli(CPUPPCState *env, uint64_t rb);

/* helper_power_save's argument. */
enum { POWER_SAVE_DOZE, POWER_SAVE_NAP, POWER_SAVE_SLEEP, POWER_SAVE_RVWINKLE, POWER_SAVE_STOP };

#define HELPER(name, ...) extern const IRHelper helper_row_##name;
#include "helper-system.h.inc"
#undef HELPER

#endif
