/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector facility: single-precision floating point (Power ISA 3.0B book I 6.6 and 6.18).
 *
 * AltiVec arithmetic rounds to nearest, raises nothing and, with VSCR.NJ, takes denormals for
 * zeros. Arithmetic and compares run on the host's vector unit between two FPMODE ops, which swap
 * its control word; the rest are helpers that get NJ as an operand, so that they are pure.
 */
#include "../decode.h"
#include "../helper-vec.h"
#include "../translate.h"
#include "vmx.h"

static void fp_mode(DisasContext *ctx, bool enter)
{
    ir_emit(ctx->b, IR_FPMODE, IR_VOID, IR_NONE, IR_NONE, IR_NONE, enter, 0);
}

static IRRef arithmetic(DisasContext *ctx, IROpcode op, IRRef a, IRRef b, IRRef c, unsigned flags,
                        unsigned relation)
{
    fp_mode(ctx, true);
    IRRef result =
        ir_emit(ctx->b, op, IR_V128, a, b, c, IRFP_VMX | IRFP_LANES_F32 | flags, relation);
    fp_mode(ctx, false);
    return result;
}

bool tr_vaddfp(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn,
                   arithmetic(ctx, IR_VFADD, vra(ctx, insn), vrb(ctx, insn), IR_NONE, 0, 0));
}

bool tr_vsubfp(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn,
                   arithmetic(ctx, IR_VFSUB, vra(ctx, insn), vrb(ctx, insn), IR_NONE, 0, 0));
}

/* VRA * VRC + VRB */
bool tr_vmaddfp(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, arithmetic(ctx, IR_VFMADD, vra(ctx, insn), vrc(ctx, insn),
                                         vrb(ctx, insn), 0, 0));
}

/* -(VRA * VRC - VRB) */
bool tr_vnmsubfp(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, arithmetic(ctx, IR_VFMADD, vra(ctx, insn), vrc(ctx, insn),
                                         vrb(ctx, insn), IRFP_SUBTRACT | IRFP_NEG, 0));
}

enum { RELATION_EQ, RELATION_GE, RELATION_GT };

static bool compare_float(DisasContext *ctx, uint32_t insn, unsigned relation)
{
    IRRef mask = arithmetic(ctx, IR_VFCMP, vra(ctx, insn), vrb(ctx, insn), IR_NONE, 0, relation);

    set_vrt(ctx, insn, mask);
    if (insn & 0x400) {
        vmx_set_cr6(ctx, mask);
    }
    return true;
}

bool tr_vcmpeqfp(DisasContext *ctx, uint32_t insn)
{
    return compare_float(ctx, insn, RELATION_EQ);
}

bool tr_vcmpgefp(DisasContext *ctx, uint32_t insn)
{
    return compare_float(ctx, insn, RELATION_GE);
}

bool tr_vcmpgtfp(DisasContext *ctx, uint32_t insn)
{
    return compare_float(ctx, insn, RELATION_GT);
}

/* ---- Helpers ---- */

static IRRef nj(DisasContext *ctx)
{
    return ir_k32(ctx->b, ctx->flags & HF_VMX_NJ ? 1 : 0);
}

/* CR6.EQ: all elements within bounds. */
bool tr_vcmpbfp(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef result = ir_callv(b, &helper_row_vcmpbfp, vra(ctx, insn), vrb(ctx, insn), nj(ctx));

    set_vrt(ctx, insn, result);
    if (insn & 0x400) {
        set_crf(ctx, 6, ir_shli(b, ir_op1(b, IR_VTESTZ, result), 1));
    }
    return true;
}

bool tr_vmaxfp(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, &helper_row_vmaxfp, vra(ctx, insn), vrb(ctx, insn),
                                       nj(ctx)));
}

bool tr_vminfp(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, &helper_row_vminfp, vra(ctx, insn), vrb(ctx, insn),
                                       nj(ctx)));
}

static bool unary(DisasContext *ctx, uint32_t insn, VecFloatOp op)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, &helper_row_vec_float1, vrb(ctx, insn),
                                       ir_k32(ctx->b, op), nj(ctx)));
}

#define UNARY(name, op)                                                                           \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return unary(ctx, insn, op);                                                              \
    }
UNARY(vrefp, VEC_FLOAT_RECIP)
UNARY(vrsqrtefp, VEC_FLOAT_RSQRT)
UNARY(vexptefp, VEC_FLOAT_EXP2)
UNARY(vlogefp, VEC_FLOAT_LOG2)
UNARY(vrfin, VEC_FLOAT_ROUND_NEAREST)
UNARY(vrfiz, VEC_FLOAT_ROUND_ZERO)
UNARY(vrfip, VEC_FLOAT_ROUND_UP)
UNARY(vrfim, VEC_FLOAT_ROUND_DOWN)

/* From and to fixed point with UIM fraction bits. */
static bool from_fixed(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, helper, vrb(ctx, insn),
                                       ir_k32(ctx->b, insn >> 16 & 31)));
}

bool tr_vcfux(DisasContext *ctx, uint32_t insn)
{
    return from_fixed(ctx, insn, &helper_row_vcfux);
}

bool tr_vcfsx(DisasContext *ctx, uint32_t insn)
{
    return from_fixed(ctx, insn, &helper_row_vcfsx);
}

bool tr_vctuxs(DisasContext *ctx, uint32_t insn)
{
    return from_fixed(ctx, insn, &helper_row_vctuxs);
}

bool tr_vctsxs(DisasContext *ctx, uint32_t insn)
{
    return from_fixed(ctx, insn, &helper_row_vctsxs);
}
