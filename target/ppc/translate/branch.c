/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches and condition-register logic: Power ISA 3.0B book I chapter 2.
 *
 * A conditional branch is a side exit: the block goes on with the fall-through path, up to a limit.
 * BO hints ("a", "t" bits) and BH are predictions only and are not used.
 */
#include "../decode.h"
#include "target/ppc/spr.h"
#include "../helper-system.h"
#include "../translate.h"

#define SIDE_EXITS_LIMIT 3

/* A loop that is one block is repeated in it: so many copies more, if they have so many
 * instructions together. */
#define COPIES_LIMIT 3
#define COPIES_INSNS_LIMIT 36

#define INSN_AA 2

/* BO bits */
enum { BO_NO_COND = 16, BO_COND_TRUE = 8, BO_NO_CTR = 4, BO_CTR_ZERO = 2 };

/*
 * CFAR holds the address of the last taken branch.  Only 64-bit processors from ISA 2.05 on have
 * it.
 */
void gen_cfar(DisasContext *ctx)
{
    if ((ctx->model->insns & (ISA_64 | ISA_2_05)) == (ISA_64 | ISA_2_05)) {
        ir_set(ctx->b, SLOT_CFAR, gen_pc(ctx, ctx->pc));
    }
}

/*
 * For I- and B-form branches to the same, previous or next instruction cache block the architecture
 * leaves it open whether CFAR is set: loops save the store.
 */
static bool cfar_needed(const DisasContext *ctx, uint64_t dest)
{
    unsigned line = ctx->model->icache_line ? ctx->model->icache_line : 32;
    int64_t lines = (int64_t)(dest / line) - (int64_t)(ctx->pc / line);

    return lines < -1 || lines > 1;
}

/*
 * A branch back to the block's own start, where it may go on with another copy of the loop: values
 * stay in registers and accesses off one base share their look-up from one turn to the next.
 */
static bool unroll_possible(const DisasContext *ctx, uint64_t dest)
{
    unsigned body = (ctx->n_insns + 1) / (ctx->n_copies + 1);

    return dest == ctx->first_pc && dest <= ctx->pc && !ctx->single &&
           ctx->n_copies < COPIES_LIMIT && ctx->n_insns + 1 + body <= COPIES_INSNS_LIMIT &&
           ctx->fetch->max_insns > ctx->n_insns + 1;
}

/* ---- Short forward branches as selections ---- */

/* Instructions that without Rc and OE only compute a general register: a branch may skip so many.
 */
#define SKIPPED_LIMIT 2

static PPCTranslateFn *const plain_functions[] = {
    tr_addi,  tr_addis,  tr_add,   tr_subf,  tr_neg,    tr_ori,    tr_oris,   tr_xori,
    tr_xoris, tr_and,    tr_andc,  tr_or,    tr_orc,    tr_nor,    tr_nand,   tr_xor,
    tr_eqv,   tr_extsb,  tr_extsh, tr_extsw, tr_rlwinm, tr_rlwimi, tr_rldicl, tr_rldicr,
    tr_rldic, tr_rldimi, tr_slw,   tr_srw,   tr_sld,    tr_srd,    tr_isel,
};

/* The register that an instruction of the table above sets, -1 for all others. */
static int plain_result(const PPCInsnRow *row, uint32_t insn)
{
    if (!row || ((row->flags & IF_RC) && (insn & 1)) || ((row->flags & IF_OE) && (insn & 0x400))) {
        return -1;
    }
    if (row->translate == tr_or && insn_rt(insn) == insn_ra(insn) &&
        insn_rt(insn) == insn_rb(insn)) {
        return -1;      /* a hint */
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(plain_functions); i++) {
        if (row->translate == plain_functions[i]) {
            return (int)(row->operands[1] == 'T' ? insn_rt(insn) : insn_ra(insn));
        }
    }
    return -1;
}

/*
 * A branch over one or two plain instructions: they are carried out, and each result is chosen by
 * the condition.  Neither way leaves the block, and the host has nothing to predict.
 */
static bool branch_as_selection(DisasContext *ctx, IRRef cond, uint64_t dest)
{
    IRBuilder *b = ctx->b;
    unsigned n = (unsigned)(dest - ctx->pc) / 4 - 1;
    struct {
        const PPCInsnRow *row;
        uint32_t insn;
        int reg;
    } skipped[SKIPPED_LIMIT];

    if (dest <= ctx->pc + 4 || dest - ctx->pc > 4 + 4 * SKIPPED_LIMIT || ctx->single ||
        (ctx->flags & HF_PMU) || ctx->fetch->max_insns <= ctx->n_insns + n + 1 ||
        !tcg_fetch_possible(ctx->fetch, dest, 4) || cfar_needed(ctx, dest)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        skipped[i].insn = tcg_fetch32(ctx->fetch, ctx->pc + 4 + 4 * i, !ctx->le);
        skipped[i].row = ppc_decode(ctx->decoder, skipped[i].insn);
        skipped[i].reg = plain_result(skipped[i].row, skipped[i].insn);
        if (skipped[i].reg < 0) {
            return false;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        IRRef old = gpr(ctx, skipped[i].reg);

        ctx->pc += 4;
        ir_insn_start(b, ctx->pc, skipped[i].insn);
        ctx->n_insns++;
        ctx->row = skipped[i].row;
        ctx->insn = skipped[i].insn;
        skipped[i].row->translate(ctx, skipped[i].insn);
        IRRef computed = gpr(ctx, skipped[i].reg);

        set_gpr(ctx, skipped[i].reg, ir_select(b, cond, old, computed));
    }
    ctx->next_pc = dest;
    return true;
}

static void set_lr(DisasContext *ctx)
{
    ir_set(ctx->b, SLOT_LR, gen_pc(ctx, addr_mask(ctx, ctx->pc + 4)));
}

/* An unconditional branch to a constant address, LR not yet set. */
static void branch_always(DisasContext *ctx, uint64_t dest, bool link)
{
    if (cfar_needed(ctx, dest)) {
        gen_cfar(ctx);
    }
    if (link) {
        set_lr(ctx);
    }
    if (!link && unroll_possible(ctx, dest)) {
        ctx->n_copies++;
        ctx->next_pc = dest;
        return;
    }
    if (ctx->single || (!link && dest > ctx->pc && tcg_fetch_possible(ctx->fetch, dest, 4)) ||
        (link && dest == ctx->next_pc)) {
        ctx->next_pc = dest;    /* the block goes on there; stepping stops there */
        return;
    }
    if (link) {
        ir_exit_call(ctx->b, dest, ctx->next_pc, gen_exit_hints(ctx, dest));
        ctx->end = DISAS_ENDED;
    } else {
        gen_goto(ctx, dest);
    }
}

static void branch_register(DisasContext *ctx, IRRef cond, bool link, IRRef target, bool is_return);

bool tr_b(DisasContext *ctx, uint32_t insn)
{
    int64_t disp = (int64_t)((uint64_t)(insn & 0x03fffffc) << 38) >> 38;

    if ((insn & INSN_AA) && ctx->page_relative) {
        branch_register(ctx, IR_NONE, insn & 1, ir_k64(ctx->b, addr_mask(ctx, disp)), false);
        return true;
    }
    branch_always(ctx, addr_mask(ctx, insn & 2 ? disp : ctx->pc + disp), insn & 1);
    return true;
}

/*
 * Emits the counter's decrement and returns the branch condition as i32, IR_NONE if the branch is
 * always taken.
 */
static IRRef branch_condition(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned bo = insn >> 21 & 31, bi = insn >> 16 & 31;
    IRRef cond = IR_NONE;

    if (!(bo & BO_NO_CTR)) {
        IRRef ctr = ir_addi(b, ir_get(b, SLOT_CTR), -1);
        IRCond test = bo & BO_CTR_ZERO ? IRC_EQ : IRC_NE;

        if (ctx->narrow) {
            ctr = ir_to_word(b, ctr);
        }
        ir_set(b, SLOT_CTR, ctr);
        cond = ctx->sf ? ir_setcond(b, test, ctr, ir_k64(b, 0))
                       : ir_setcond(b, test, ir_trunc(b, ctr), ir_k32(b, 0));
    }
    if (!(bo & BO_NO_COND)) {
        IRRef bit = gen_cr_bit(ctx, bi);

        if (!(bo & BO_COND_TRUE)) {
            bit = ir_xori(b, bit, 1);
        }
        cond = cond ? ir_op2(b, IR_AND, cond, bit) : bit;
    }
    return cond;
}

bool tr_bc(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    int64_t disp = (int16_t)(insn & 0xfffc);
    uint64_t dest = addr_mask(ctx, insn & 2 ? disp : ctx->pc + disp);
    IRRef cond = branch_condition(ctx, insn);

    if ((insn & INSN_AA) && ctx->page_relative) {
        branch_register(ctx, cond, insn & 1, ir_k64(b, dest), false);
        return true;
    }
    if (!cond) {
        branch_always(ctx, dest, insn & 1);
        return true;
    }
    if (!(insn & 1) && unroll_possible(ctx, dest)) {
        ir_exit_if_not(b, cond, ctx->next_pc, gen_exit_hints(ctx, ctx->next_pc));
        if (cfar_needed(ctx, dest)) {
            gen_cfar(ctx);
        }
        ctx->n_copies++;
        ctx->next_pc = dest;
        return true;
    }
    if (!(insn & 1) && branch_as_selection(ctx, cond, dest)) {
        return true;
    }
    if (insn & 1) {
        set_lr(ctx);
    }
    IRRef old_cfar = IR_NONE;
    if (cfar_needed(ctx, dest)) {
        old_cfar = ir_get(b, SLOT_CFAR);
        gen_cfar(ctx);
    }
    if (ctx->single) {
        IRRef nip = ir_select(b, cond, ir_k64(b, dest), ir_k64(b, ctx->next_pc));

        if (old_cfar) {
            ir_set(b, SLOT_CFAR, ir_select(b, cond, ir_get(b, SLOT_CFAR), old_cfar));
        }
        gen_trace_step(ctx, nip);
        return true;
    }
    ir_exit_if(b, cond, dest, gen_exit_hints(ctx, dest));
    if (old_cfar) {
        ir_set(b, SLOT_CFAR, old_cfar);
    }
    if (++ctx->n_side_exits >= SIDE_EXITS_LIMIT * (1 + ctx->n_copies)) {
        ctx->end = DISAS_CHAIN;
    }
    return true;
}

/* bclr, bcctr, bctar: target is the register's value before LR is set. */
static void branch_register(DisasContext *ctx, IRRef cond, bool link, IRRef target, bool is_return)
{
    IRBuilder *b = ctx->b;
    IRRef old_cfar = ctx->single ? ir_get(b, SLOT_CFAR) : IR_NONE;

    target = ir_andi(b, target, ctx->sf ? ~(uint64_t)3 : 0xfffffffc);
    if (link) {
        set_lr(ctx);
    }
    if (ctx->single) {
        gen_cfar(ctx);
        if (cond) {
            ir_set(b, SLOT_CFAR, ir_select(b, cond, ir_get(b, SLOT_CFAR), old_cfar));
            target = ir_select(b, cond, target, ir_k64(b, ctx->next_pc));
        }
        gen_trace_step(ctx, target);
        return;
    }
    if (cond) {
        ir_exit_if_not(b, cond, ctx->next_pc, gen_exit_hints(ctx, ctx->next_pc));
    }
    gen_cfar(ctx);
    if (link) {
        ir_exit_indirect_call(b, target, ctx->next_pc, 0);
    } else {
        ir_exit_indirect(b, target, is_return ? IREXIT_RETURN : 0);
    }
    ctx->end = DISAS_ENDED;
}

bool tr_bclr(DisasContext *ctx, uint32_t insn)
{
    IRRef target = ir_get(ctx->b, SLOT_LR);
    branch_register(ctx, branch_condition(ctx, insn), insn & 1, target, true);
    return true;
}

/*
 * With "decrement" the form is invalid by the architecture; server processors decrement, test and
 * branch to the old value.
 */
bool tr_bcctr(DisasContext *ctx, uint32_t insn)
{
    IRRef target = ir_get(ctx->b, SLOT_CTR);
    branch_register(ctx, branch_condition(ctx, insn), insn & 1, target, false);
    return true;
}

bool tr_bctar(DisasContext *ctx, uint32_t insn)
{
    ir_callv(ctx->b, &helper_row_facility_check, ir_k32(ctx->b, FACILITY_TAR));
    IRRef target = ir_get(ctx->b, SLOT_TAR);
    branch_register(ctx, branch_condition(ctx, insn), insn & 1, target, false);
    return true;
}

/* ---- Condition-register logic ---- */

static void cr_logic(DisasContext *ctx, uint32_t insn, IROpcode op, bool invert_b,
                     bool invert_result)
{
    IRBuilder *b = ctx->b;
    IRRef left = gen_cr_bit(ctx, insn >> 16 & 31), right = gen_cr_bit(ctx, insn >> 11 & 31);

    if (invert_b) {
        right = ir_xori(b, right, 1);
    }
    IRRef result = ir_op2(b, op, left, right);
    if (invert_result) {
        result = ir_xori(b, result, 1);
    }
    gen_set_cr_bit(ctx, insn >> 21 & 31, result);
}

bool tr_crand(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_AND, false, false);
    return true;
}

bool tr_crandc(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_AND, true, false);
    return true;
}

bool tr_creqv(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_XOR, false, true);
    return true;
}

bool tr_crnand(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_AND, false, true);
    return true;
}

bool tr_crnor(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_OR, false, true);
    return true;
}

bool tr_cror(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_OR, false, false);
    return true;
}

bool tr_crorc(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_OR, true, false);
    return true;
}

bool tr_crxor(DisasContext *ctx, uint32_t insn)
{
    cr_logic(ctx, insn, IR_XOR, false, false);
    return true;
}

bool tr_mcrf(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, insn_bf(insn), get_crf(ctx, insn_bfa(insn)));
    return true;
}
