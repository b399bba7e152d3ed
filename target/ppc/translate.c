/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translation driver: fetches, decodes and translates the instructions of one block.
 *
 * A block starts at any instruction and stays inside its 4 KiB page.  It ends at a taken branch,
 * where the mode may change, at the page's end or at a limit; not-taken conditional branches and
 * forward unconditional branches inside the page go on in the same block.
 *
 * Exceptions in the middle of a block take their state from snapshots; this file only raises those
 * that are known when translating (illegal, privileged, facility unavailable).
 */
#include "decode.h"
#include "translate.h"
#include "helper-int.h"
#include "helper-system.h"

/* A block ends when it has this many ops: the longest instruction stays far below the difference.
 */
#define OPS_LIMIT (IR_MAX_INSNS / 4)
#define INSNS_LIMIT 40

/* Facility-unavailable cause (FSCR interrupt cause) of transactional memory. */
#define FSCR_IC_TM 5

/* ---- Exceptions ---- */

void gen_exception(DisasContext *ctx, PPCException kind, uint64_t error)
{
    ir_callv(ctx->b, &helper_row_raise, ir_k32(ctx->b, kind), ir_k64(ctx->b, error));
    ir_unreachable(ctx->b);
    ctx->end = DISAS_ENDED;
}

void gen_program(DisasContext *ctx, uint32_t reason)
{
    gen_exception(ctx, EXCP_PROGRAM, reason);
}

bool gen_priv_check(DisasContext *ctx)
{
    if (ctx->pr) {
        gen_program(ctx, PROGRAM_PRIVILEGED);
        return false;
    }
    return true;
}

bool gen_hv_check(DisasContext *ctx)
{
    if (ctx->pr || !ctx->hv) {
        gen_program(ctx, PROGRAM_PRIVILEGED);
        return false;
    }
    return true;
}

bool gen_need_fp(DisasContext *ctx)
{
    if (!ctx->fp) {
        gen_exception(ctx, EXCP_FPU, 0);
    }
    return ctx->fp;
}

bool gen_need_vec(DisasContext *ctx)
{
    if (!ctx->vr) {
        gen_exception(ctx, EXCP_VPU, 0);
    }
    return ctx->vr;
}

bool gen_need_vsx(DisasContext *ctx)
{
    if (!ctx->vsx) {
        gen_exception(ctx, EXCP_VSXU, 0);
    }
    return ctx->vsx;
}

/*
 * A trap that is not the first instruction of its block leaves to a block that starts with it: the
 * hot path pays only for the compare, and the state at the exit is what the interrupt needs.
 */
void gen_trap_if(DisasContext *ctx, IRRef cond)
{
    uint64_t known;

    if (ir_is_const(ctx->b, cond, &known)) {
        if (known) {
            gen_program(ctx, PROGRAM_TRAP);
        }
    } else if (ctx->pc == ctx->first_pc) {
        ir_callv(ctx->b, &helper_row_trap_if, cond);
    } else {
        ir_exit_if(ctx->b, cond, ctx->pc, IREXIT_NOCHAIN);
    }
}

/* ---- Condition register and XER ---- */

IRRef gen_cr_bit(DisasContext *ctx, unsigned bit)
{
    return ir_cr_bit(ctx->b, get_crf(ctx, bit >> 2), 8 >> (bit & 3));
}

void gen_set_cr_bit(DisasContext *ctx, unsigned bit, IRRef value)
{
    set_crf(ctx, bit >> 2, ir_deposit(ctx->b, get_crf(ctx, bit >> 2), value, 3 - (bit & 3), 1));
}

IRRef gen_cr(DisasContext *ctx)
{
    IRRef cr = get_crf(ctx, 7);
    for (unsigned field = 0; field < 7; field++) {
        cr = ir_op2(ctx->b, IR_OR, cr, ir_shli(ctx->b, get_crf(ctx, field), 4 * (7 - field)));
    }
    return cr;
}

void gen_set_cr(DisasContext *ctx, IRRef i32, unsigned mask)
{
    for (unsigned field = 0; field < 8; field++) {
        if (mask & 0x80 >> field) {
            set_crf(ctx, field, ir_extract(ctx->b, i32, 4 * (7 - field), 4));
        }
    }
}

void gen_set_cr0(DisasContext *ctx, IRRef value)
{
    IRBuilder *b = ctx->b;
    IRRef so = ir_get(b, SLOT_SO);

    if (ctx->sf) {
        set_crf(ctx, 0, ir_cr_compare(b, false, value, ir_k64(b, 0), so));
    } else if (ctx->narrow) {
        /* The word that set_gpr() stores, so that the wide operation is not wanted. */
        set_crf(ctx, 0,
                ir_cr_compare(b, false, ir_trunc(b, ir_to_word(b, value)), ir_k32(b, 0), so));
    } else {
        set_crf(ctx, 0, ir_cr_compare(b, false, ir_trunc(b, value), ir_k32(b, 0), so));
    }
}

static const struct {
    uint8_t slot, shift;
} xer_bits[] = {
    {SLOT_SO, XER_SO}, {SLOT_OV, XER_OV}, {SLOT_CA, XER_CA}, {SLOT_OV32, XER_OV32},
    {SLOT_CA32, XER_CA32},
};
#define XER_SPLIT_BITS                                                                             \
    (1u << XER_SO | 1u << XER_OV | 1u << XER_CA | 1u << XER_OV32 | 1u << XER_CA32)

IRRef gen_xer(DisasContext *ctx)
{
    IRBuilder *b = ctx->b;
    IRRef xer = ir_load_env(b, IR_I32, offsetof(CPUPPCState, xer_rest), 4, false);

    for (unsigned i = 0; i < G_N_ELEMENTS(xer_bits); i++) {
        if (ctx->isa300 || xer_bits[i].shift >= XER_CA) {
            IRRef bit = ir_get(b, xer_bits[i].slot);
            xer = ir_op2(b, IR_OR, xer, ir_shli(b, bit, xer_bits[i].shift));
        }
    }
    return ir_extu(b, xer);
}

void gen_set_xer(DisasContext *ctx, IRRef i64)
{
    IRBuilder *b = ctx->b;
    IRRef xer = ir_trunc(b, i64);
    uint32_t split = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(xer_bits); i++) {
        if (ctx->isa300 || xer_bits[i].shift >= XER_CA) {
            ir_set(b, xer_bits[i].slot, ir_extract(b, xer, xer_bits[i].shift, 1));
            split |= 1u << xer_bits[i].shift;
        }
    }
    ir_store_env(b, offsetof(CPUPPCState, xer_rest), 4, ir_andi(b, xer, (uint32_t)~split));
}

/* ---- Addresses ---- */

EA gen_ea_imm(DisasContext *ctx, unsigned ra, int32_t disp)
{
    IRBuilder *b = ctx->b;

    if (!ra) {
        return (EA){ir_k64(b, addr_mask(ctx, (int64_t)disp)), 0};
    }
    if (ctx->sf || ctx->narrow) {
        return (EA){gpr(ctx, ra), disp};
    }
    IRRef sum = ir_addi(b, gpr32(ctx, ra), disp);
    return (EA){ir_extu(b, sum), 0};
}

EA gen_ea_indexed(DisasContext *ctx, unsigned ra, unsigned rb)
{
    IRBuilder *b = ctx->b;
    IRRef sum = ra ? ir_op2(b, IR_ADD, gpr(ctx, ra), gpr(ctx, rb)) : gpr(ctx, rb);

    return (EA){ctx->sf ? sum : ctx->narrow ? ir_to_word(b, sum) : ir_extu(b, ir_trunc(b, sum)), 0};
}

EA gen_ea_offset(DisasContext *ctx, EA ea, int32_t offset)
{
    if (ctx->sf || ctx->narrow) {
        return (EA){ea.base, ea.disp + offset};
    }
    IRRef sum = ir_addi(ctx->b, ir_trunc(ctx->b, ea.base), ea.disp + offset);
    return (EA){ir_extu(ctx->b, sum), 0};
}

IRRef gen_ea_value(DisasContext *ctx, EA ea)
{
    IRRef value = ea.disp ? ir_addi(ctx->b, ea.base, ea.disp) : ea.base;

    return ctx->narrow ? ir_to_word(ctx->b, value) : value;
}

IRRef gen_update_value(DisasContext *ctx, unsigned ra, IRRef addend)
{
    IRRef sum = ir_op2(ctx->b, IR_ADD, gpr(ctx, ra), addend);

    return ctx->narrow ? ir_to_word(ctx->b, sum) : sum;
}

/* ---- Flow ---- */

IRRef gen_pc(DisasContext *ctx, uint64_t pc)
{
    return ctx->page_relative ? ir_addi(ctx->b, ir_page_base(ctx->b),
                                        (int64_t)(pc - (ctx->first_pc & TCG_PAGE_MASK)))
                              : ir_k64(ctx->b, pc);
}

uint32_t gen_exit_hints(const DisasContext *ctx, uint64_t dest)
{
    uint32_t hints = 0;

    if ((dest ^ ctx->first_pc) & TCG_PAGE_MASK) {
        hints |= IREXIT_CROSS_PAGE;
    }
    if (dest <= ctx->pc) {
        hints |= IREXIT_BACK_EDGE;
    }
    return hints;
}

void gen_goto(DisasContext *ctx, uint64_t dest)
{
    ir_exit(ctx->b, dest, gen_exit_hints(ctx, dest));
    ctx->end = DISAS_ENDED;
}

void gen_trace_step(DisasContext *ctx, IRRef nip)
{
    ir_callv(ctx->b, &helper_row_trace_step, nip);
    ir_unreachable(ctx->b);
    ctx->end = DISAS_ENDED;
}

/* ---- The block ---- */

static bool check_access(DisasContext *ctx, const PPCInsnRow *row, uint32_t insn)
{
    uint32_t flags = row->flags;

    if ((flags & IF_HV) && !gen_hv_check(ctx)) {
        return false;
    }
    if ((flags & IF_PRIV) && !gen_priv_check(ctx)) {
        return false;
    }
    if ((flags & IF_FP) && !gen_need_fp(ctx)) {
        return false;
    }
    if ((flags & IF_VEC) && !gen_need_vec(ctx)) {
        return false;
    }
    if ((flags & IF_VSX) && !gen_need_vsx(ctx)) {
        return false;
    }
    if ((flags & IF_VSX_TX) && !((insn & 1) ? gen_need_vec(ctx) : gen_need_vsx(ctx))) {
        return false;
    }
    if ((flags & IF_TM) && !(ctx->flags & HF_TM)) {
        gen_exception(ctx, EXCP_FU, FSCR_IC_TM);
        return false;
    }
    return true;
}

/* Events of the performance monitor that are kinds of instructions (blocks with HF_PMU_KINDS). */
static void count_kinds(DisasContext *ctx, uint32_t row_flags)
{
    static const uint32_t kinds[] = {IF_BRANCH, IF_LOAD, IF_STORE};

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (row_flags & kinds[i]) {
            uint32_t offset = offsetof(CPUPPCState, pmu_kinds) + i * sizeof(uint64_t);
            IRRef count = ir_load_env(ctx->b, IR_I64, offset, 8, false);

            ir_store_env(ctx->b, offset, 8, ir_addi(ctx->b, count, 1));
        }
    }
}

static void translate_insn(DisasContext *ctx)
{
    const PPCInsnRow *row = ppc_decode(ctx->decoder, ctx->insn);

    ctx->row = row;
    ctx->end = DISAS_NEXT;
    ctx->next_pc = addr_mask(ctx, ctx->pc + 4);
    ctx->single = (ctx->flags & (HF_SE | HF_SINGLESTEP)) ||
                  ((ctx->flags & HF_BE) && row && (row->flags & IF_BRANCH));
    if (!row) {
        if (!gen_firmware_trap(ctx)) {
            gen_program(ctx, PROGRAM_ILLEGAL);
        }
        return;
    }
    /* PCR comes before facilities: a word that the mode does not know is illegal, whatever is
     * enabled. */
    if (!ppc_insn_in_compat(row, ctx->flags)) {
        gen_program(ctx, PROGRAM_ILLEGAL);
        return;
    }
    if (ctx->narrow && ctx->flags & HF_IABR) {
        ir_callv(ctx->b, &helper_row_iabr_check, ir_k64(ctx->b, ctx->pc));
    }
    if (!check_access(ctx, row, ctx->insn)) {
        return;
    }
    if (ctx->flags & HF_PMU_KINDS) {
        count_kinds(ctx, row->flags);
    }
    if (!row->translate(ctx, ctx->insn)) {
        gen_program(ctx, PROGRAM_ILLEGAL);
        return;
    }
    if ((row->flags & IF_END) && (ctx->end == DISAS_NEXT || ctx->end == DISAS_CHAIN)) {
        ctx->end = DISAS_LOOP;
    }
    if (ctx->single && ctx->end != DISAS_ENDED) {
        gen_trace_step(ctx, ir_k64(ctx->b, ctx->next_pc));
    }
}

void ppc_translate_block(CPUState *cs, IRBuilder *b, TCGFetch *f)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    DisasContext ctx = {
        .b = b,
        .model = cpu->model,
        .decoder = cpu->decode,
        .pc = f->pc,
        .first_pc = f->pc,
        .flags = f->flags,
        .sf = f->flags & HF_SF,
        .le = f->flags & HF_LE,
        .pr = f->flags & HF_PR,
        .hv = f->flags & HF_HV,
        .fp = f->flags & HF_FP,
        .vr = f->flags & HF_VR,
        .vsx = f->flags & HF_VSX,
        .rn = f->flags >> HF_RN_SHIFT & 3,
        .isa300 = cpu->model->insns & ISA_3_00,
        .narrow = !(cpu->model->insns & ISA_64),
        .fetch = f,
        /* Programs' libraries lie at other addresses in every process; the kernel lies still. */
        .page_relative = f->page_relative && (f->flags & HF_PR) && (f->flags & HF_SF) &&
                         !(f->flags & (HF_SE | HF_BE | HF_SINGLESTEP)),
    };
    unsigned max = MIN(f->max_insns, INSNS_LIMIT);

    if (ctx.narrow) {
        ir_use_slots(b, &ppc32_ir_target);
    }
    if (ctx.page_relative) {
        ir_set_page_relative(b);
    }
    for (;;) {
        ctx.insn = tcg_fetch32(f, ctx.pc, !ctx.le);
        ir_insn_start(b, ctx.pc, ctx.insn);
        if (ctx.flags & HF_PMU) {
            gen_count_insn(&ctx);
        }
        translate_insn(&ctx);
        if (ctx.end != DISAS_NEXT) {
            break;
        }
        if (++ctx.n_insns >= max || ir_builder_count(b) >= OPS_LIMIT ||
            !tcg_fetch_possible(f, ctx.next_pc, 4)) {
            ctx.end = DISAS_CHAIN;
            break;
        }
        ctx.pc = ctx.next_pc;
    }
    if (ctx.end == DISAS_CHAIN) {
        gen_goto(&ctx, ctx.next_pc);
    } else if (ctx.end == DISAS_LOOP) {
        ir_exit_loop(b, ctx.next_pc);
    }
}

char *ppc_disassemble(CPUState *cs, uint64_t pc, uint32_t insn, uint64_t flags)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    GString *text = g_string_new(NULL);

    ppc_disas(ppc_decode(cpu->decode, insn), insn, pc, text);
    return g_string_free(text, FALSE);
}
