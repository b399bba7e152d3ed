/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions on FPSCR: Power ISA 3.0B book I 4.6.10.
 */
#include "fp.h"

/* Bits that translation depends on. */
#define FPSCR_MODE (FPSCR_ENABLES | FPSCR_BIT(XX) | 3u << FPSCR_RN)
/* What mffscrn and its kin give back: DRN, enables, NI, RN; mffsl adds FR, FI, FPRF. */
#define FPSCR_CONTROL (UINT64_C(7) << FPSCR_DRN | 0xff)
#define FPSCR_STATUS  (FPSCR_BIT(FR) | FPSCR_BIT(FI) | UINT64_C(31) << FPSCR_FPRF)

static IRRef read_fpscr(DisasContext *ctx)
{
    return gen_fp_resolve(ctx);
}

/*
 * In fast mode a change of FPSCR that leaves the mode alone goes on in the block: the helper tells.
 * Elsewhere, and for record forms, whose
 * CR1 comes before a possible interrupt, one helper does everything and the block ends where modes
 * are concerned.
 */
static bool writes_inline(const DisasContext *ctx, bool rc)
{
    return !fp_exact(ctx) && !ctx->single && !rc;
}

/* The last thing of its instruction: leaves if the mode changed. */
static void leave_if(DisasContext *ctx, IRRef changed)
{
    ir_exit_if(ctx->b, changed, ctx->next_pc, IREXIT_LOOP);
}

/* Returns what leave_if takes, or IR_NONE. */
static IRRef write_fpscr(DisasContext *ctx, IRRef value, uint64_t mask, bool rc)
{
    IRBuilder *b = ctx->b;

    if (writes_inline(ctx, rc)) {
        if ((uint32_t)mask == UINT32_MAX) {
            /* Nothing is left of what is pending; the helper drops what the host has noted. */
            ir_set(b, SLOT_FP_OP, ir_k32(b, 0));
            ir_set(b, SLOT_FPCC, ir_k32(b, 0));
        } else {
            gen_fp_resolve(ctx);
        }
        IRRef changed = ir_callv(b, &helper_row_fp_write_inline, value, ir_k64(b, mask));
        return mask & FPSCR_MODE ? changed : IR_NONE;
    }
    ir_callv(b, &helper_row_fp_write_fpscr, value, ir_k64(b, mask), ir_k32(b, rc));
    if (mask & FPSCR_MODE) {
        ctx->end = DISAS_LOOP;
    }
    return IR_NONE;
}

static bool write_and_leave(DisasContext *ctx, IRRef value, uint64_t mask, bool rc)
{
    IRRef changed = write_fpscr(ctx, value, mask, rc);

    if (changed) {
        leave_if(ctx, changed);
    }
    return true;
}

bool tr_mffs(DisasContext *ctx, uint32_t insn)
{
    return gen_fp_finish_move(ctx, insn, int_to_fp(ctx, read_fpscr(ctx)));
}

bool tr_mffsl(DisasContext *ctx, uint32_t insn)
{
    IRRef value = ir_andi(ctx->b, read_fpscr(ctx), FPSCR_CONTROL | FPSCR_STATUS);

    set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, value));
    return true;
}

/* FRT gets the bits of shown; then the bits of mask are replaced. */
static bool exchange_fpscr(DisasContext *ctx, uint32_t insn, uint64_t shown, IRRef value,
                           uint64_t mask)
{
    IRRef old = ir_andi(ctx->b, read_fpscr(ctx), shown);
    IRRef changed = write_fpscr(ctx, value, mask, false);

    set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, old));
    if (changed) {
        leave_if(ctx, changed);
    }
    return true;
}

bool tr_mffsce(DisasContext *ctx, uint32_t insn)
{
    return exchange_fpscr(ctx, insn, UINT64_MAX, ir_k64(ctx->b, 0), FPSCR_ENABLES);
}

/*
 * Library functions call this at each entry and exit.  In fast mode the control bits are known but
 * for DRN and NI, nothing that is pending shows, and the rounding mode of the block is no change.
 */
static bool exchange_rounding(DisasContext *ctx, uint32_t insn, IRRef value)
{
    IRBuilder *b = ctx->b;
    uint64_t known;

    if (!writes_inline(ctx, false) || ctx->flags & HF_FP_TRAPS) {
        return exchange_fpscr(ctx, insn, FPSCR_CONTROL, value, 3);
    }
    IRRef old = ir_andi(b, ir_load_env(b, IR_I64, offsetof(CPUPPCState, fpscr), 8, false),
                        UINT64_C(7) << FPSCR_DRN | FPSCR_BIT(NI));
    old = ctx->rn ? ir_ori(b, old, ctx->rn) : old;
    if (ir_is_const(b, value, &known) && (known & 3) == ctx->rn) {
        set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, old));
        return true;
    }
    IRRef changed = ir_callv(b, &helper_row_fp_set_rounding, value);
    set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, old));
    leave_if(ctx, changed);
    return true;
}

bool tr_mffscrn(DisasContext *ctx, uint32_t insn)
{
    return exchange_rounding(ctx, insn, fp_to_int(ctx, get_fpr(ctx, insn_rb(insn))));
}

bool tr_mffscrni(DisasContext *ctx, uint32_t insn)
{
    return exchange_rounding(ctx, insn, ir_k64(ctx->b, insn >> 11 & 3));
}

bool tr_mffscdrn(DisasContext *ctx, uint32_t insn)
{
    return exchange_fpscr(ctx, insn, FPSCR_CONTROL, fp_to_int(ctx, get_fpr(ctx, insn_rb(insn))),
                          UINT64_C(7) << FPSCR_DRN);
}

bool tr_mffscdrni(DisasContext *ctx, uint32_t insn)
{
    return exchange_fpscr(ctx, insn, FPSCR_CONTROL,
                          ir_k64(ctx->b, (uint64_t)(insn >> 11 & 7) << FPSCR_DRN),
                          UINT64_C(7) << FPSCR_DRN);
}

bool tr_mcrfs(DisasContext *ctx, uint32_t insn)
{
    gen_fp_resolve(ctx);
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_fp_mcrfs, ir_k32(ctx->b, insn_bfa(insn))));
    if (ctx->flags & HF_FP_TRAPS) {
        ctx->end = DISAS_LOOP;      /* XX may have gone */
    }
    return true;
}

/* W selects the upper word (decimal rounding mode) on models that have it. */
static bool upper_word(const DisasContext *ctx, uint32_t insn)
{
    return insn >> 16 & 1 && ctx->model->insns & ISA_DFP;
}

bool tr_mtfsf(DisasContext *ctx, uint32_t insn)
{
    IRRef value = fp_to_int(ctx, get_fpr(ctx, insn_rb(insn)));
    uint64_t mask = 0;

    for (unsigned field = 0; field < 8; field++) {
        if (insn >> 17 & 0x80 >> field) {
            mask |= UINT64_C(0xf0000000) >> 4 * field;
        }
    }
    if (upper_word(ctx, insn)) {
        mask <<= 32;
    }
    if (insn >> 25 & 1 && ctx->model->insns & ISA_DFP) {
        mask = UINT64_MAX;
    }
    return write_and_leave(ctx, value, mask, insn_rc(insn));
}

/*
 * XE, NI and RN: libraries change rounding like this.  In fast mode XE is off; if it stays so, what
 * is pending shows nothing of it.
 */
static bool write_rounding(DisasContext *ctx, unsigned value)
{
    IRBuilder *b = ctx->b;
    IRRef fpscr = ir_load_env(b, IR_I64, offsetof(CPUPPCState, fpscr), 8, false);

    fpscr = ir_andi(b, fpscr, ~(uint64_t)FPSCR_BIT(NI));
    fpscr = value & FPSCR_BIT(NI) ? ir_ori(b, fpscr, FPSCR_BIT(NI)) : fpscr;
    ir_store_env(b, offsetof(CPUPPCState, fpscr), 8, fpscr);
    if ((value & 3) != ctx->rn) {
        leave_if(ctx, ir_callv(b, &helper_row_fp_set_rounding, ir_k64(b, value & 3)));
    }
    return true;
}

bool tr_mtfsfi(DisasContext *ctx, uint32_t insn)
{
    unsigned value = insn >> 12 & 15;

    if (insn_bf(insn) == 7 && !upper_word(ctx, insn) && !(value & FPSCR_BIT(XE)) &&
        writes_inline(ctx, insn_rc(insn)) && !(ctx->flags & HF_FP_TRAPS)) {
        return write_rounding(ctx, value);
    }
    unsigned shift = 28 - 4 * insn_bf(insn) + (upper_word(ctx, insn) ? 32 : 0);

    return write_and_leave(ctx, ir_k64(ctx->b, (uint64_t)(insn >> 12 & 15) << shift),
                           UINT64_C(15) << shift, insn_rc(insn));
}

bool tr_mtfsb0(DisasContext *ctx, uint32_t insn)
{
    return write_and_leave(ctx, ir_k64(ctx->b, 0), UINT64_C(1) << (31 - insn_rt(insn)),
                           insn_rc(insn));
}

bool tr_mtfsb1(DisasContext *ctx, uint32_t insn)
{
    unsigned bit = 31 - insn_rt(insn);

    ir_callv(ctx->b, &helper_row_fp_set_bit, ir_k32(ctx->b, bit), ir_k32(ctx->b, insn_rc(insn)));
    if (FPSCR_MODE >> bit & 1) {
        ctx->end = DISAS_LOOP;
    }
    return true;
}
