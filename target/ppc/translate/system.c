/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of the supervisor chapter: system linkage, MSR, SPRs, segments, TLB, messages, power
 * saving, transactional memory.
 *
 * From Power ISA 3.0B book III (and II 5, 7).  Plain SPRs are read and written inline; what can
 * change modes or translation ends the block through the execution loop.
 */
#include "../helper-system.h"
#include "../internal.h"
#include "../translate.h"

/* ---- SPRs ---- */

static const PPCSpr *spr_row(const DisasContext *ctx, unsigned number)
{
    return POWERPC_CPU(ctx->fetch->cpu)->sprs[number & 1023];
}

/* True if the present state may make the access; else what it leads to is emitted. */
static bool spr_allowed(DisasContext *ctx, const PPCSpr *row, unsigned number, bool write)
{
    unsigned right = ctx->pr ? SPR_UR : ctx->hv || ctx->narrow ? SPR_HR : SPR_SR;

    /* In problem state PCR makes a number that the mode does not know like an undefined one. */
    if (row && row->access & (write ? right << 1 : right) && ppc_spr_in_compat(row, ctx->flags)) {
        return true;
    }
    /* Reserved for performance monitors: no operation on ISA 2.07 and later. */
    if (number >= 808 && number <= 811 && ctx->model->insns & ISA_2_07) {
        return false;
    }
    ir_callv(ctx->b, &helper_row_spr_undefined, ir_k32(ctx->b, number | (write ? 0x10000 : 0)));
    return false;
}

void gen_mfspr(DisasContext *ctx, unsigned number, unsigned rt)
{
    IRBuilder *b = ctx->b;
    const PPCSpr *row = spr_row(ctx, number);

    if (!spr_allowed(ctx, row, number, false)) {
        return;
    }
    switch (number) {
    case SPR_TAR:
        ir_callv(b, &helper_row_facility_check, ir_k32(b, FACILITY_TAR));
        set_gpr(ctx, rt, ir_get(b, SLOT_TAR));
        return;
    case SPR_CFAR:
        set_gpr(ctx, rt, ir_get(b, SLOT_CFAR));
        return;
    case SPR_TBL:
        set_gpr(ctx, rt, ir_call0(b, &helper_row_read_tb));
        return;
    default:
        break;
    }
    if (!row->read && row->facility < 0) {
        set_gpr(ctx, rt, ir_load_env(b, IR_I64, ppc_spr_offset(row), 8, false));
    } else {
        set_gpr(ctx, rt, ir_callv(b, &helper_row_mfspr, ir_k32(b, number)));
    }
}

void gen_mtspr(DisasContext *ctx, unsigned number, unsigned rs)
{
    IRBuilder *b = ctx->b;
    const PPCSpr *row = spr_row(ctx, number);
    IRRef value;

    if (!spr_allowed(ctx, row, number, true)) {
        return;
    }
    value = gpr(ctx, rs);
    if (number == SPR_TAR) {
        ir_callv(b, &helper_row_facility_check, ir_k32(b, FACILITY_TAR));
        ir_set(b, SLOT_TAR, value);
        return;
    }
    if (number == SPR_CFAR) {
        ir_set(b, SLOT_CFAR, value);
        return;
    }
    if (!row->write && row->facility < 0) {
        ir_store_env(b, ppc_spr_offset(row), 8,
                     row->mask == UINT64_MAX ? value : ir_andi(b, value, row->mask));
    } else {
        ir_callv(b, row->flags & SPR_FLUSHES_TLB ? &helper_row_mtspr : &helper_row_mtspr_keeps_tlb,
                 ir_k32(b, number), value);
    }
    if (row->flags & SPR_ENDS_BLOCK) {
        ctx->end = DISAS_LOOP;
    }
}

void gen_count_insn(DisasContext *ctx)
{
    uint32_t offset = offsetof(CPUPPCState, tcg) + offsetof(TCGCPUState, icount);
    IRRef count = ir_load_env(ctx->b, IR_I64, offset, 8, false);

    ir_store_env(ctx->b, offset, 8, ir_addi(ctx->b, count, 1));
}

/* ---- System linkage ---- */

static void leave_indirect(DisasContext *ctx, IRRef pc)
{
    ir_exit_loop_indirect(ctx->b, pc);
    ctx->end = DISAS_ENDED;
}

bool tr_sc(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned lev = insn >> 5 & 0x7f;

    if (lev == 1 && POWERPC_CPU(ctx->fetch->cpu)->vhyp) {
        IRRef pc = ir_callv(b, &helper_row_hypercall, gen_pc(ctx, ctx->next_pc));

        if (ctx->single) {
            gen_trace_step(ctx, pc);
        } else {
            leave_indirect(ctx, pc);
        }
        return true;
    }
    leave_indirect(ctx, ir_callv(b, &helper_row_syscall, gen_pc(ctx, ctx->pc), ir_k32(b, lev)));
    return true;
}

bool gen_firmware_trap(DisasContext *ctx)
{
    IRRef pc;

    if (ctx->pr || (ctx->insn & ~PPC_FIRMWARE_TRAP_NUMBER) != PPC_FIRMWARE_TRAP ||
        !POWERPC_CPU(ctx->fetch->cpu)->firmware_trap) {
        return false;
    }
    pc = ir_callv(ctx->b, &helper_row_firmware_trap, gen_pc(ctx, ctx->pc),
                  ir_k32(ctx->b, ctx->insn & PPC_FIRMWARE_TRAP_NUMBER));
    if (ctx->single) {
        gen_trace_step(ctx, pc);
    } else {
        leave_indirect(ctx, pc);
    }
    return true;
}

bool tr_scv(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;

    ir_callv(b, &helper_row_facility_check, ir_k32(b, FACILITY_SCV));
    leave_indirect(ctx, ir_callv(b, &helper_row_syscall_vectored, gen_pc(ctx, ctx->pc),
                                 ir_k32(b, insn >> 5 & 0x7f)));
    return true;
}

bool tr_rfid(DisasContext *ctx, uint32_t insn)
{
    gen_cfar(ctx);
    leave_indirect(ctx, ir_call0(ctx->b, &helper_row_rfid));
    return true;
}

bool tr_rfi(DisasContext *ctx, uint32_t insn)
{
    leave_indirect(ctx, ir_call0(ctx->b, &helper_row_rfi));
    return true;
}

bool tr_hrfid(DisasContext *ctx, uint32_t insn)
{
    gen_cfar(ctx);
    leave_indirect(ctx, ir_call0(ctx->b, &helper_row_hrfid));
    return true;
}

bool tr_rfscv(DisasContext *ctx, uint32_t insn)
{
    gen_cfar(ctx);
    leave_indirect(ctx, ir_callv(ctx->b, &helper_row_rfscv, ir_get(ctx->b, SLOT_LR),
                                 ir_get(ctx->b, SLOT_CTR)));
    return true;
}

bool tr_rfebb(DisasContext *ctx, uint32_t insn)
{
    IRRef pc = ir_callv(ctx->b, &helper_row_rfebb, ir_k32(ctx->b, insn >> 11 & 1));

    if (ctx->single) {
        gen_trace_step(ctx, pc);
    } else {
        leave_indirect(ctx, pc);
    }
    return true;
}

/* Support processor attention: illegal while HID does not enable it, which no partition can do. */
bool tr_attn(DisasContext *ctx, uint32_t insn)
{
    return false;
}

/* ---- Machine state register ---- */

bool tr_mfmsr(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_load_env(ctx->b, IR_I64, offsetof(CPUPPCState, msr), 8, false));
    return true;
}

/* L = 1: EE and RI alone; no mode changes, so the next block may be chained to. */
static bool gen_mtmsr_ee(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_mtmsr_ee, gpr(ctx, insn_rt(insn)));
    if (ctx->single) {
        ctx->end = DISAS_LOOP;
    } else {
        ir_exit(ctx->b, ctx->next_pc, gen_exit_hints(ctx, ctx->next_pc) | IREXIT_BACK_EDGE);
        ctx->end = DISAS_ENDED;
    }
    return true;
}

static bool gen_mtmsr_full(DisasContext *ctx, uint32_t insn, uint64_t mask)
{
    IRBuilder *b = ctx->b;

    ir_callv(b, &helper_row_mtmsr, gpr(ctx, insn_rt(insn)), ir_k64(b, mask),
             gen_pc(ctx, ctx->next_pc));
    ctx->end = DISAS_LOOP;
    return true;
}

/*
 * 32-bit processors have only the full form, and use it for EE all the time.  If nothing but EE and
 * RI changes, the next block may be chained to; else a block that begins with the instruction does
 * everything.  So it does when POW is written, which may stop the processor although the bit was
 * set already.
 */
static bool gen_mtmsr_32(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef value = gpr(ctx, insn_rt(insn));

    if (ctx->pc == ctx->first_pc || ctx->single) {
        ir_callv(b, &helper_row_mtmsr_32, value, gen_pc(ctx, ctx->next_pc));
        ctx->end = DISAS_LOOP;
        return true;
    }
    IRRef msr = ir_load_env(b, IR_I64, offsetof(CPUPPCState, msr), 8, false);
    IRRef changed = ir_andi(b, ir_op2(b, IR_XOR, msr, value),
                            ctx->model->msr_mask & ~(MSR_BIT(EE) | MSR_BIT(RI)));

    changed = ir_op2(b, IR_OR, changed, ir_andi(b, value, ctx->model->msr_mask & MSR_BIT(POW)));
    ir_exit_if(b, ir_setcond(b, IRC_NE, changed, ir_k64(b, 0)), ctx->pc, IREXIT_NOCHAIN);
    return gen_mtmsr_ee(ctx, insn);
}

/* Bits that mtmsr and mtmsrd leave alone on 64-bit processors. */
#define MTMSR_KEEPS (MSR_BIT(HV) | MSR_BIT(S) | MSR_BIT(ME) | MSR_BIT(LE))

bool tr_mtmsr(DisasContext *ctx, uint32_t insn)
{
    if (!(ctx->model->insns & ISA_64)) {
        return gen_mtmsr_32(ctx, insn);
    }
    if (insn & 0x00010000) {
        return gen_mtmsr_ee(ctx, insn);
    }
    return gen_mtmsr_full(ctx, insn, 0xffffffff & ~MTMSR_KEEPS);
}

bool tr_mtmsrd(DisasContext *ctx, uint32_t insn)
{
    if (insn & 0x00010000) {
        return gen_mtmsr_ee(ctx, insn);
    }
    return gen_mtmsr_full(ctx, insn, ~MTMSR_KEEPS);
}

/* ---- Power saving ---- */

static bool gen_power_save(DisasContext *ctx, unsigned kind)
{
    ir_callv(ctx->b, &helper_row_power_save, ir_k32(ctx->b, kind));
    ctx->end = DISAS_LOOP;
    return true;
}

bool tr_stop(DisasContext *ctx, uint32_t insn)
{
    return gen_power_save(ctx, POWER_SAVE_STOP);
}

bool tr_doze(DisasContext *ctx, uint32_t insn)
{
    return gen_power_save(ctx, POWER_SAVE_DOZE);
}

bool tr_nap(DisasContext *ctx, uint32_t insn)
{
    return gen_power_save(ctx, POWER_SAVE_NAP);
}

bool tr_sleep(DisasContext *ctx, uint32_t insn)
{
    return gen_power_save(ctx, POWER_SAVE_SLEEP);
}

bool tr_rvwinkle(DisasContext *ctx, uint32_t insn)
{
    return gen_power_save(ctx, POWER_SAVE_RVWINKLE);
}

/* ---- Segments ---- */

bool tr_slbie(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_slbie, gpr(ctx, insn_rb(insn)));
    return true;
}

bool tr_slbieg(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_slbieg, gpr(ctx, insn_rb(insn)), gpr(ctx, insn_rt(insn)));
    return true;
}

bool tr_slbia(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_slbia, ir_k32(ctx->b, insn >> 21 & 7));
    return true;
}

bool tr_slbmte(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_slbmte, gpr(ctx, insn_rb(insn)), gpr(ctx, insn_rt(insn)));
    return true;
}

bool tr_slbmfev(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_slbmfev, gpr(ctx, insn_rb(insn))));
    return true;
}

bool tr_slbmfee(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_slbmfee, gpr(ctx, insn_rb(insn))));
    return true;
}

bool tr_slbfee(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_slbfee, gpr(ctx, insn_rb(insn))));
    return true;
}

bool tr_slbiag(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_slbiag, gpr(ctx, insn_rt(insn)));
    return true;
}

bool tr_slbsync(DisasContext *ctx, uint32_t insn)
{
    ir_call0(ctx->b, &helper_row_slbsync);
    return true;
}

bool tr_mtsr(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_mtsr, ir_k32(ctx->b, insn >> 16 & 15), gpr(ctx, insn_rt(insn)));
    return true;
}

/* The segment register that an effective address selects: bits 32:35. */
static IRRef gen_sr_number(DisasContext *ctx, uint32_t insn)
{
    return ir_extract(ctx->b, gpr32(ctx, insn_rb(insn)), 28, 4);
}

bool tr_mtsrin(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_mtsr, gen_sr_number(ctx, insn), gpr(ctx, insn_rt(insn)));
    return true;
}

bool tr_mfsr(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn),
            ir_callv(ctx->b, &helper_row_mfsr, ir_k32(ctx->b, insn >> 16 & 15)));
    return true;
}

bool tr_mfsrin(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_mfsr, gen_sr_number(ctx, insn)));
    return true;
}

/* ---- TLB ---- */

static bool gen_tlbie(DisasContext *ctx, uint32_t insn, bool local)
{
    uint32_t op = local ? 16 : 0;
    IRRef rs = ir_k64(ctx->b, 0);

    if (ctx->model->insns & ISA_3_00) {
        op |= (insn >> 18 & 3) | (insn >> 17 & 1) << 2 | (insn >> 16 & 1) << 3;
        rs = gpr(ctx, insn_rt(insn));
    }
    ir_callv(ctx->b, &helper_row_tlbie, gpr(ctx, insn_rb(insn)), rs, ir_k32(ctx->b, op));
    return true;
}

bool tr_tlbie(DisasContext *ctx, uint32_t insn)
{
    if (ctx->narrow) {
        ir_callv(ctx->b, &helper_row_tlbie_32, gpr(ctx, insn_rb(insn)));
        return true;
    }
    return gen_tlbie(ctx, insn, false);
}

bool tr_tlbiel(DisasContext *ctx, uint32_t insn)
{
    return gen_tlbie(ctx, insn, true);
}

/* tlbie waits for the other processors itself. */
bool tr_tlbsync(DisasContext *ctx, uint32_t insn)
{
    ir_fence(ctx->b, IRFENCE_FULL);
    return true;
}

bool tr_tlbld(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_tlbld, gpr(ctx, insn_rb(insn)));
    return true;
}

bool tr_tlbli(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_tlbli, gpr(ctx, insn_rb(insn)));
    return true;
}

/* ---- External control ---- */

bool tr_eciwx(DisasContext *ctx, uint32_t insn)
{
    IRRef ea = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_eciwx, ea));
    return true;
}

bool tr_ecowx(DisasContext *ctx, uint32_t insn)
{
    IRRef ea = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    ir_callv(ctx->b, &helper_row_ecowx, ea, gpr(ctx, insn_rt(insn)));
    return true;
}

/* ---- Messages ---- */

bool tr_msgsnd(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_msgsnd, gpr(ctx, insn_rb(insn)));
    ctx->end = DISAS_LOOP;
    return true;
}

bool tr_msgclr(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_msgclr, gpr(ctx, insn_rb(insn)));
    return true;
}

bool tr_msgsndp(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_msgsndp, gpr(ctx, insn_rb(insn)));
    ctx->end = DISAS_LOOP;
    return true;
}

bool tr_msgclrp(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_msgclrp, gpr(ctx, insn_rb(insn)));
    return true;
}

bool tr_msgsync(DisasContext *ctx, uint32_t insn)
{
    ir_fence(ctx->b, IRFENCE_FULL);
    return true;
}

/* ---- Caching-inhibited accesses ---- */

static bool gen_load_cix(DisasContext *ctx, uint32_t insn, unsigned size)
{
    IRRef ea = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    set_gpr(ctx, insn_rt(insn), ir_callv(ctx->b, &helper_row_load_cix, ea, ir_k32(ctx->b, size)));
    return true;
}

static bool gen_store_cix(DisasContext *ctx, uint32_t insn, unsigned size)
{
    IRRef ea = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));

    ir_callv(ctx->b, &helper_row_store_cix, ea, gpr(ctx, insn_rt(insn)), ir_k32(ctx->b, size));
    return true;
}

bool tr_lbzcix(DisasContext *ctx, uint32_t insn)
{
    return gen_load_cix(ctx, insn, MO_8);
}

bool tr_lhzcix(DisasContext *ctx, uint32_t insn)
{
    return gen_load_cix(ctx, insn, MO_16);
}

bool tr_lwzcix(DisasContext *ctx, uint32_t insn)
{
    return gen_load_cix(ctx, insn, MO_32);
}

bool tr_ldcix(DisasContext *ctx, uint32_t insn)
{
    return gen_load_cix(ctx, insn, MO_64);
}

bool tr_stbcix(DisasContext *ctx, uint32_t insn)
{
    return gen_store_cix(ctx, insn, MO_8);
}

bool tr_sthcix(DisasContext *ctx, uint32_t insn)
{
    return gen_store_cix(ctx, insn, MO_16);
}

bool tr_stwcix(DisasContext *ctx, uint32_t insn)
{
    return gen_store_cix(ctx, insn, MO_32);
}

bool tr_stdcix(DisasContext *ctx, uint32_t insn)
{
    return gen_store_cix(ctx, insn, MO_64);
}

/* ---- Transactional memory: begin always fails, so the state is always non-transactional ---- */

bool tr_tbegin(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_tbegin, gen_pc(ctx, ctx->pc));
    set_crf(ctx, 0, ir_k32(ctx->b, 0xa));
    return true;
}

/* tend., tabort*., tsr.: no operation but CR0 = 0 || MSR.TS || 0. */
bool tr_tm_nothing(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, 0, ir_k32(ctx->b, 0));
    return true;
}

bool tr_tcheck(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, insn_bf(insn), ir_k32(ctx->b, 0));
    return true;
}

/* treclaim. outside a transaction, trechkpt. without a failed one: TM Bad Thing. */
bool tr_tm_bad(DisasContext *ctx, uint32_t insn)
{
    gen_program(ctx, 0x200000);
    return true;
}

/* ---- Branch history ---- */

bool tr_clrbhrb(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_facility_check, ir_k32(ctx->b, FACILITY_BHRB));
    return true;
}

bool tr_mfbhrbe(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_facility_check, ir_k32(ctx->b, FACILITY_BHRB));
    set_gpr(ctx, insn_rt(insn), ir_k64(ctx->b, 0));
    return true;
}
