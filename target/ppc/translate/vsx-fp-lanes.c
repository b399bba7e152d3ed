/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VSX vector conversions and rounding in fast mode, lane by lane with the guarded scalar ops: Power
 * ISA 3.0B book I 7.6.  Exceptions are those of the scalar operations; FI, FR and FPRF are left
 * alone.
 */
#include "fp.h"

/* 64-bit lane i (0 is the leftmost), or 32-bit lane i, as i64. */
static IRRef get_lane64(DisasContext *ctx, IRRef v, unsigned i)
{
    return ir_emit(ctx->b, IR_VEXT, IR_I64, v, IR_NONE, IR_NONE, 3, 1 - i);
}

static IRRef get_lane32(DisasContext *ctx, IRRef v, unsigned i)
{
    return ir_emit(ctx->b, IR_VEXT, IR_I64, v, IR_NONE, IR_NONE, 2, 3 - i);
}

/* Four words (low halves of i64 values), from the left. */
static IRRef join_words(DisasContext *ctx, const IRRef w[4])
{
    IRBuilder *b = ctx->b;

    return ir_op2(b, IR_MKV, ir_deposit(b, w[1], w[0], 32, 32), ir_deposit(b, w[3], w[2], 32, 32));
}

static bool is_wide(FPVType type)
{
    return type == FPV_DP || type == FPV_SD || type == FPV_UD;
}

static unsigned integer_flags(FPVType type)
{
    return (type == FPV_UD || type == FPV_UW ? IRFP_UNSIGNED : 0) |
           (type == FPV_SW || type == FPV_UW ? IRFP_W32 : 0);
}

static bool is_integer(FPVType type)
{
    return type >= FPV_SD;
}

static IRRef from_integer(DisasContext *ctx, IRRef lane, FPVType from, FPVType to)
{
    IRBuilder *b = ctx->b;
    unsigned flags = (integer_flags(from) & IRFP_UNSIGNED) | (to == FPV_SP ? IRFP_SINGLE : 0);

    if (from == FPV_SW) {
        lane = ir_exts(b, ir_trunc(b, lane));
    }
    return ir_op1i(b, IR_FCFID, lane, flags, 0);
}

/* One lane; values of 32 bits travel in the low half of an i64. */
static IRRef convert_lane(DisasContext *ctx, IRRef lane, FPVType from, FPVType to)
{
    IRBuilder *b = ctx->b;
    IRRef f;

    if (is_integer(from)) {
        f = from_integer(ctx, lane, from, to);
    } else if (from == FPV_SP) {
        f = ir_op1(b, IR_S2D, ir_trunc(b, lane));
        if (to == FPV_DP) {
            /* Quiets a signalling NaN and reports it. */
            f = ir_op2i(b, IR_FMUL, f, int_to_fp(ctx, ir_k64(b, UINT64_C(0x3ff0000000000000))), 0,
                        0);
        }
    } else {
        f = int_to_fp(ctx, lane);
        if (to == FPV_SP) {
            f = ir_op1i(b, IR_FRSP, f, 0, 0);
        }
    }
    if (is_integer(to)) {
        return ir_op1i(b, IR_FCTI, f, integer_flags(to) | IRFP_TRUNC, 0);
    }
    return to == FPV_SP ? ir_extu(b, ir_op1(b, IR_D2S, f)) : fp_to_int(ctx, f);
}

static IRRef gen_convert(DisasContext *ctx, FPVType from, FPVType to, IRRef a)
{
    IRBuilder *b = ctx->b;
    IRRef lanes[4];

    if (is_wide(from) || is_wide(to)) {
        for (unsigned i = 0; i < 2; i++) {
            IRRef lane = is_wide(from) ? get_lane64(ctx, a, i) : get_lane32(ctx, a, 2 * i);

            lanes[i] = convert_lane(ctx, lane, from, to);
            if (!is_wide(to)) {
                lanes[i] = ir_deposit(b, lanes[i], lanes[i], 32, 32);
            }
        }
        return ir_op2(b, IR_MKV, lanes[0], lanes[1]);
    }
    for (unsigned i = 0; i < 4; i++) {
        lanes[i] = convert_lane(ctx, get_lane32(ctx, a, i), from, to);
    }
    return join_words(ctx, lanes);
}

static IRRef gen_round(DisasContext *ctx, bool single, unsigned mode, IRRef a)
{
    IRBuilder *b = ctx->b;
    IRRef lanes[4];

    if (!single) {
        for (unsigned i = 0; i < 2; i++) {
            IRRef f = int_to_fp(ctx, get_lane64(ctx, a, i));

            lanes[i] = fp_to_int(ctx, gen_fp_round_to_integral(ctx, f, mode));
        }
        return ir_op2(b, IR_MKV, lanes[0], lanes[1]);
    }
    for (unsigned i = 0; i < 4; i++) {
        IRRef f = ir_op1(b, IR_S2D, ir_trunc(b, get_lane32(ctx, a, i)));

        f = gen_fp_round_to_integral(ctx, f, mode);
        lanes[i] = ir_extu(b, ir_op1(b, IR_D2S, f));
    }
    return join_words(ctx, lanes);
}

IRRef gen_vfp_lanes(DisasContext *ctx, uint32_t op, IRRef a)
{
    FPVType from = op >> FPV_FROM_SHIFT & 15, to = op >> FPV_TO_SHIFT & 15;
    unsigned mode = FPOP_MODIFIERS(op);

    switch (FPOP_BASE(op)) {
    case FPB_NONE:
        return from == FPV_HP || to == FPV_HP ? IR_NONE : gen_convert(ctx, from, to, a);
    case FPB_RINT:
        return mode == FPRINT_CURRENT ? IR_NONE : gen_round(ctx, op & FPV_F32, mode, a);
    default:
        return IR_NONE;
    }
}
