/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the floating-point chapters (fp.c, vsx-fp.c, dfp.c) share in translation. */
#ifndef TARGET_PPC_TRANSLATE_FP_H
#define TARGET_PPC_TRANSLATE_FP_H

#include "../decode.h"
#include "../helper-fp.h"
#include "../translate.h"

/* A scalar operation on VSRs: t = op(a, b, c); n operands are used.  Everything but Rc. */
typedef struct FPInsn {
    uint32_t op;        /* FPOP() */
    uint8_t t, a, b, c; /* VSR numbers */
    uint8_t n;
    bool rc;
} FPInsn;

/* Emits one scalar operation with its effects on FPSCR, and CR1 if rc. */
void gen_fp(DisasContext *ctx, const FPInsn *in);
/* Compare of doublewords into CR field bf and FPCC. */
void gen_fp_compare(DisasContext *ctx, unsigned bf, unsigned a, unsigned b, bool ordered);
/* The instruction's operation for SLOT_FP_*: FI, FR, FPRF are made from it on demand. */
void gen_fp_record(DisasContext *ctx, uint32_t op, unsigned n, IRRef a, IRRef b, IRRef c);
/* Behind arithmetic in fast mode, before its instruction changes anything. */
void gen_fp_check_redo(DisasContext *ctx);
/* Applies the pending record, so that helpers may look at env->fpscr; FPSCR as i64. */
IRRef gen_fp_resolve(DisasContext *ctx);
/* A double rounded to an integral value by a FloatRound; a signalling NaN is reported. */
IRRef gen_fp_round_to_integral(DisasContext *ctx, IRRef a, unsigned mode);
/* A vector operation in fast mode made of scalar ones (vsx-fp-lanes.c); IR_NONE if it has no such
 * form. */
IRRef gen_vfp_lanes(DisasContext *ctx, uint32_t op, IRRef a);
/* CR1 of a record form. */
void gen_fp_cr1(DisasContext *ctx);
/* FRT = value, and CR1 of a record form; true. */
bool gen_fp_finish_move(DisasContext *ctx, uint32_t insn, IRRef value);

static inline bool fp_exact(const DisasContext *ctx)
{
    return ctx->flags & HF_FP_EXACT;
}
/* FPR or VSR doubleword 0 of VSR n as f64. */
static inline IRRef get_vsr_hi(DisasContext *ctx, unsigned n)
{
    return ir_get_hi(ctx->b, SLOT_VSR0 + n);
}
static inline IRRef fp_to_int(DisasContext *ctx, IRRef f64)
{
    return ir_op1(ctx->b, IR_MOVQ_FI, f64);
}
static inline IRRef int_to_fp(DisasContext *ctx, IRRef i64)
{
    return ir_op1(ctx->b, IR_MOVQ_IF, i64);
}

#endif
