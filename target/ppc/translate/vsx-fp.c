/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector-scalar floating point: Power ISA 3.0B book I chapter 7, scalar, vector and quad precision.
 *
 * Scalars share fp.c's two modes.  Vectors in fast mode are guarded IR ops or a helper that
 * computes the lanes; they set sticky bits only, so nothing is pending behind them.  Quad precision
 * always goes to helpers.
 */
#include "fp.h"

#define SIGN64   UINT64_C(0x8000000000000000)
#define SIGN32X2 UINT64_C(0x8000000080000000)

/* ---- Scalar ---- */

#define XS1(name, op)                                                                              \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_xt(insn), insn_xb(insn), 0, 0, 1, false});                  \
        return true;                                                                               \
    }
#define XS2(name, op)                                                                              \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_xt(insn), insn_xa(insn), insn_xb(insn), 0, 2, false});      \
        return true;                                                                               \
    }
/* The A form adds the target, the M form multiplies by it. */
#define XS_MADD(name, suffix, op)                                                                  \
    bool tr_##name##a##suffix(DisasContext *ctx, uint32_t insn)                                    \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_xt(insn), insn_xa(insn), insn_xb(insn), insn_xt(insn), 3,   \
                              false});                                                             \
        return true;                                                                               \
    }                                                                                              \
    bool tr_##name##m##suffix(DisasContext *ctx, uint32_t insn)                                    \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_xt(insn), insn_xa(insn), insn_xt(insn), insn_xb(insn), 3,   \
                              false});                                                             \
        return true;                                                                               \
    }
/* Double and single forms. */
#define XS1_BOTH(name, base)                                                                       \
    XS1(name##dp, FPOP(base, 0))                                                                   \
    XS1(name##sp, FPOP(base, IRFP_SINGLE))
#define XS2_BOTH(name, base)                                                                       \
    XS2(name##dp, FPOP(base, 0))                                                                   \
    XS2(name##sp, FPOP(base, IRFP_SINGLE))
#define XS_MADD_BOTH(name, modifiers)                                                              \
    XS_MADD(name, dp, FPOP(FPB_MADD, modifiers))                                                   \
    XS_MADD(name, sp, FPOP(FPB_MADD, (modifiers) | IRFP_SINGLE))

XS2_BOTH(xsadd, FPB_ADD)
XS2_BOTH(xssub, FPB_SUB)
XS2_BOTH(xsmul, FPB_MUL)
XS2_BOTH(xsdiv, FPB_DIV)
XS1_BOTH(xssqrt, FPB_SQRT)
XS1_BOTH(xsre, FPB_RE)
XS1_BOTH(xsrsqrte, FPB_RSQRTE)
XS_MADD_BOTH(xsmadd, 0)
XS_MADD_BOTH(xsmsub, IRFP_SUBTRACT)
XS_MADD_BOTH(xsnmadd, IRFP_NEG)
XS_MADD_BOTH(xsnmsub, IRFP_NEG | IRFP_SUBTRACT)

XS2(xsmaxdp, FPOP(FPB_MAX, 0))
XS2(xsmindp, FPOP(FPB_MIN, 0))
XS2(xsmaxcdp, FPOP(FPB_MAXC, 0))
XS2(xsmincdp, FPOP(FPB_MINC, 0))
XS2(xsmaxjdp, FPOP(FPB_MAXJ, 0))
XS2(xsminjdp, FPOP(FPB_MINJ, 0))
XS2(xscmpeqdp, FPOP(FPB_CMPEQ, 0))
XS2(xscmpgedp, FPOP(FPB_CMPGE, 0))
XS2(xscmpgtdp, FPOP(FPB_CMPGT, 0))

XS1(xsrsp, FPOP(FPB_RSPV, 0))
XS1(xsrdpi, FPOP(FPB_RINT, FLOAT_ROUND_NEAREST_AWAY))
XS1(xsrdpic, FPOP(FPB_RINT, FPRINT_CURRENT))
XS1(xsrdpim, FPOP(FPB_RINT, FLOAT_ROUND_DOWN))
XS1(xsrdpip, FPOP(FPB_RINT, FLOAT_ROUND_UP))
XS1(xsrdpiz, FPOP(FPB_RINT, FLOAT_ROUND_TO_ZERO))
XS1(xscvdpsxds, FPOP(FPB_CTI, IRFP_TRUNC))
XS1(xscvdpsxws, FPOP(FPB_CTI, IRFP_TRUNC | IRFP_W32 | FPCTI_BOTH))
XS1(xscvdpuxds, FPOP(FPB_CTI, IRFP_TRUNC | IRFP_UNSIGNED))
XS1(xscvdpuxws, FPOP(FPB_CTI, IRFP_TRUNC | IRFP_UNSIGNED | IRFP_W32 | FPCTI_BOTH))
XS1(xscvsxddp, FPOP(FPB_CFID, 0))
XS1(xscvuxddp, FPOP(FPB_CFID, IRFP_UNSIGNED))
XS1(xscvsxdsp, FPOP(FPB_CFID, IRFP_SINGLE))
XS1(xscvuxdsp, FPOP(FPB_CFID, IRFP_UNSIGNED | IRFP_SINGLE))
XS1(xscvdpsp, FPOP(FPB_CVDPSP, 0))
XS1(xscvspdp, FPOP(FPB_CVSPDP, 0))
XS1(xscvdphp, FPOP(FPB_CVDPHP, 0))
XS1(xscvhpdp, FPOP(FPB_CVHPDP, 0))

static bool set_scalar(DisasContext *ctx, uint32_t insn, IRRef f64)
{
    ir_set_hi(ctx->b, SLOT_VSR0 + insn_xt(insn), f64);
    return true;
}

/* The single in both words of the doubleword. */
bool tr_xscvdpspn(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef word = ir_extu(b, ir_op1(b, IR_D2S, get_vsr_hi(ctx, insn_xb(insn))));

    return set_scalar(ctx, insn, int_to_fp(ctx, ir_deposit(b, word, word, 32, 32)));
}

bool tr_xscvspdpn(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef word = ir_trunc(b, ir_shri(b, fp_to_int(ctx, get_vsr_hi(ctx, insn_xb(insn))), 32));

    return set_scalar(ctx, insn, ir_op1(b, IR_S2D, word));
}

bool tr_xsabsdp(DisasContext *ctx, uint32_t insn)
{
    return set_scalar(ctx, insn, ir_op1(ctx->b, IR_FABS, get_vsr_hi(ctx, insn_xb(insn))));
}

bool tr_xsnabsdp(DisasContext *ctx, uint32_t insn)
{
    return set_scalar(ctx, insn, ir_op1(ctx->b, IR_FNABS, get_vsr_hi(ctx, insn_xb(insn))));
}

bool tr_xsnegdp(DisasContext *ctx, uint32_t insn)
{
    return set_scalar(ctx, insn, ir_op1(ctx->b, IR_FNEG, get_vsr_hi(ctx, insn_xb(insn))));
}

bool tr_xscpsgndp(DisasContext *ctx, uint32_t insn)
{
    return set_scalar(
        ctx, insn,
        ir_op2(ctx->b, IR_FCPSGN, get_vsr_hi(ctx, insn_xa(insn)), get_vsr_hi(ctx, insn_xb(insn))));
}

bool tr_xscmpudp(DisasContext *ctx, uint32_t insn)
{
    gen_fp_compare(ctx, insn_bf(insn), insn_xa(insn), insn_xb(insn), false);
    return true;
}

bool tr_xscmpodp(DisasContext *ctx, uint32_t insn)
{
    gen_fp_compare(ctx, insn_bf(insn), insn_xa(insn), insn_xb(insn), true);
    return true;
}

/* A CR field that FPCC follows; the nibble may be zero. */
static bool set_crf_and_fpcc(DisasContext *ctx, uint32_t insn, IRRef nibble)
{
    set_crf(ctx, insn_bf(insn), nibble);
    ir_set(ctx->b, SLOT_FPCC, ir_ori(ctx->b, nibble, FPCC_SET));
    return true;
}

static IRRef scalar_bits(DisasContext *ctx, unsigned n)
{
    return fp_to_int(ctx, get_vsr_hi(ctx, n));
}

bool tr_xscmpexpdp(DisasContext *ctx, uint32_t insn)
{
    return set_crf_and_fpcc(ctx, insn,
                            ir_callv(ctx->b, &helper_row_xscmpexpdp,
                                     scalar_bits(ctx, insn_xa(insn)),
                                     scalar_bits(ctx, insn_xb(insn))));
}

static unsigned insn_dcmx(uint32_t insn)
{
    return insn >> 16 & 0x7f;
}

bool tr_xststdcdp(DisasContext *ctx, uint32_t insn)
{
    return set_crf_and_fpcc(ctx, insn,
                            ir_callv(ctx->b, &helper_row_xststdcdp, scalar_bits(ctx, insn_xb(insn)),
                                     ir_k32(ctx->b, insn_dcmx(insn))));
}

bool tr_xststdcsp(DisasContext *ctx, uint32_t insn)
{
    return set_crf_and_fpcc(ctx, insn,
                            ir_callv(ctx->b, &helper_row_xststdcsp, scalar_bits(ctx, insn_xb(insn)),
                                     ir_k32(ctx->b, insn_dcmx(insn))));
}

bool tr_xstdivdp(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_ftdiv, scalar_bits(ctx, insn_xa(insn)),
                     scalar_bits(ctx, insn_xb(insn))));
    return true;
}

bool tr_xstsqrtdp(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_ftsqrt, scalar_bits(ctx, insn_xb(insn))));
    return true;
}

bool tr_xsxexpdp(DisasContext *ctx, uint32_t insn)
{
    set_gpr(ctx, insn_rt(insn), ir_extract(ctx->b, scalar_bits(ctx, insn_xb(insn)), 52, 11));
    return true;
}

/* The hidden bit is there if the exponent is neither 0 nor 2047. */
bool tr_xsxsigdp(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef bits = scalar_bits(ctx, insn_xb(insn));
    IRRef exponent = ir_trunc(b, ir_extract(b, bits, 52, 11));
    IRRef normal = ir_setcond(b, IRC_LTU, ir_addi(b, exponent, -1), ir_k32(b, 0x7fe));

    set_gpr(ctx, insn_rt(insn),
            ir_deposit(b, ir_extract(b, bits, 0, 52), ir_extu(b, normal), 52, 1));
    return true;
}

bool tr_xsiexpdp(DisasContext *ctx, uint32_t insn)
{
    IRRef bits = ir_deposit(ctx->b, gpr(ctx, insn_ra(insn)), gpr(ctx, insn_rb(insn)), 52, 11);

    return set_scalar(ctx, insn, int_to_fp(ctx, bits));
}

/* ---- Vector ---- */

/* The guarded IR op of a base operation; IR_NOP if there is none. */
static IROpcode vector_op(FPBase base)
{
    switch (base) {
    case FPB_ADD:
        return IR_VFADD;
    case FPB_SUB:
        return IR_VFSUB;
    case FPB_MUL:
        return IR_VFMUL;
    case FPB_DIV:
        return IR_VFDIV;
    case FPB_SQRT:
        return IR_VFSQRT;
    case FPB_MADD:
        return IR_VFMADD;
    case FPB_CMPEQ:
    case FPB_CMPGE:
    case FPB_CMPGT:
        return IR_VFCMP;
    default:
        return IR_NOP;
    }
}

static IRRef gen_vfp_fast(DisasContext *ctx, uint32_t op, IRRef a, IRRef b, IRRef c)
{
    IRBuilder *ir = ctx->b;
    FPBase base = FPOP_BASE(op);
    unsigned flags = FPOP_MODIFIERS(op) | (op & FPV_F32 ? IRFP_LANES_F32 : 0);

    switch (vector_op(base)) {
    case IR_NOP: {
        IRRef result = gen_vfp_lanes(ctx, op, a);

        return result ? result : ir_callv(ir, &helper_row_vfp_value, a, b, c, ir_k32(ir, op));
    }
    case IR_VFSQRT:
        return ir_op1i(ir, IR_VFSQRT, a, flags, 0);
    case IR_VFMADD:
        return ir_op3i(ir, IR_VFMADD, a, b, c, flags, 0);
    case IR_VFCMP:
        return ir_op2i(ir, IR_VFCMP, a, b, flags, base - FPB_CMPEQ);
    default:
        return ir_op2i(ir, vector_op(base), a, b, flags, 0);
    }
}

/* t = op(a, b, c) by VSR numbers; rc: CR6. */
static bool gen_vfp(DisasContext *ctx, uint32_t op, unsigned t, unsigned a, unsigned b, unsigned c,
                    bool rc)
{
    IRBuilder *ir = ctx->b;

    if (fp_exact(ctx)) {
        ir_callv(ir, &helper_row_vfp_exact, ir_k32(ir, op), ir_k32(ir, FPREGS(t, a, b, c, rc)));
        return true;
    }
    IRRef result = gen_vfp_fast(ctx, op, get_vsr(ctx, a), get_vsr(ctx, b), get_vsr(ctx, c));
    gen_fp_check_redo(ctx);
    set_vsr(ctx, t, result);
    if (rc) {
        IRRef all = ir_op1(ir, IR_VTESTZ, ir_op1(ir, IR_VNOT, result));
        IRRef none = ir_op1(ir, IR_VTESTZ, result);

        set_crf(ctx, 6, ir_op2(ir, IR_OR, ir_shli(ir, all, 3), ir_shli(ir, none, 1)));
    }
    return true;
}

#define XV1(name, op)                                                                              \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        unsigned b = insn_xb(insn);                                                                \
        return gen_vfp(ctx, op, insn_xt(insn), b, b, b, false);                                    \
    }
#define XV2(name, op)                                                                              \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        unsigned b = insn_xb(insn);                                                                \
        return gen_vfp(ctx, op, insn_xt(insn), insn_xa(insn), b, b, false);                        \
    }
#define XV_CMP(name, op)                                                                           \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        unsigned b = insn_xb(insn);                                                                \
        return gen_vfp(ctx, op, insn_xt(insn), insn_xa(insn), b, b, insn >> 10 & 1);               \
    }
#define XV_MADD(name, suffix, op)                                                                  \
    bool tr_##name##a##suffix(DisasContext *ctx, uint32_t insn)                                    \
    {                                                                                              \
        unsigned t = insn_xt(insn);                                                                \
        return gen_vfp(ctx, op, t, insn_xa(insn), insn_xb(insn), t, false);                        \
    }                                                                                              \
    bool tr_##name##m##suffix(DisasContext *ctx, uint32_t insn)                                    \
    {                                                                                              \
        unsigned t = insn_xt(insn);                                                                \
        return gen_vfp(ctx, op, t, insn_xa(insn), t, insn_xb(insn), false);                        \
    }
#define XV1_BOTH(name, base)                                                                       \
    XV1(name##dp, FPOP(base, 0))                                                                   \
    XV1(name##sp, FPOP(base, 0) | FPV_F32)
#define XV2_BOTH(name, base)                                                                       \
    XV2(name##dp, FPOP(base, 0))                                                                   \
    XV2(name##sp, FPOP(base, 0) | FPV_F32)
#define XV_CMP_BOTH(name, base)                                                                    \
    XV_CMP(name##dp, FPOP(base, 0))                                                                \
    XV_CMP(name##sp, FPOP(base, 0) | FPV_F32)
#define XV_MADD_BOTH(name, modifiers)                                                              \
    XV_MADD(name, dp, FPOP(FPB_MADD, modifiers))                                                   \
    XV_MADD(name, sp, FPOP(FPB_MADD, modifiers) | FPV_F32)
#define XV_RINT(suffix, mode)                                                                      \
    XV1(xvrdp##suffix, FPOP(FPB_RINT, mode))                                                       \
    XV1(xvrsp##suffix, FPOP(FPB_RINT, mode) | FPV_F32)

XV2_BOTH(xvadd, FPB_ADD)
XV2_BOTH(xvsub, FPB_SUB)
XV2_BOTH(xvmul, FPB_MUL)
XV2_BOTH(xvdiv, FPB_DIV)
XV1_BOTH(xvsqrt, FPB_SQRT)
XV1_BOTH(xvre, FPB_RE)
XV1_BOTH(xvrsqrte, FPB_RSQRTE)
XV2_BOTH(xvmax, FPB_MAX)
XV2_BOTH(xvmin, FPB_MIN)
XV_CMP_BOTH(xvcmpeq, FPB_CMPEQ)
XV_CMP_BOTH(xvcmpge, FPB_CMPGE)
XV_CMP_BOTH(xvcmpgt, FPB_CMPGT)
XV_MADD_BOTH(xvmadd, 0)
XV_MADD_BOTH(xvmsub, IRFP_SUBTRACT)
XV_MADD_BOTH(xvnmadd, IRFP_NEG)
XV_MADD_BOTH(xvnmsub, IRFP_NEG | IRFP_SUBTRACT)
XV_RINT(i, FLOAT_ROUND_NEAREST_AWAY)
XV_RINT(ic, FPRINT_CURRENT)
XV_RINT(im, FLOAT_ROUND_DOWN)
XV_RINT(ip, FLOAT_ROUND_UP)
XV_RINT(iz, FLOAT_ROUND_TO_ZERO)

XV1(xvcvdpsp, FPV_CONVERT(FPV_DP, FPV_SP))
XV1(xvcvspdp, FPV_CONVERT(FPV_SP, FPV_DP))
XV1(xvcvhpsp, FPV_CONVERT(FPV_HP, FPV_SP))
XV1(xvcvsphp, FPV_CONVERT(FPV_SP, FPV_HP))
XV1(xvcvdpsxds, FPV_CONVERT(FPV_DP, FPV_SD))
XV1(xvcvdpsxws, FPV_CONVERT(FPV_DP, FPV_SW))
XV1(xvcvdpuxds, FPV_CONVERT(FPV_DP, FPV_UD))
XV1(xvcvdpuxws, FPV_CONVERT(FPV_DP, FPV_UW))
XV1(xvcvspsxds, FPV_CONVERT(FPV_SP, FPV_SD))
XV1(xvcvspsxws, FPV_CONVERT(FPV_SP, FPV_SW))
XV1(xvcvspuxds, FPV_CONVERT(FPV_SP, FPV_UD))
XV1(xvcvspuxws, FPV_CONVERT(FPV_SP, FPV_UW))
XV1(xvcvsxddp, FPV_CONVERT(FPV_SD, FPV_DP))
XV1(xvcvsxdsp, FPV_CONVERT(FPV_SD, FPV_SP))
XV1(xvcvsxwdp, FPV_CONVERT(FPV_SW, FPV_DP))
XV1(xvcvsxwsp, FPV_CONVERT(FPV_SW, FPV_SP))
XV1(xvcvuxddp, FPV_CONVERT(FPV_UD, FPV_DP))
XV1(xvcvuxdsp, FPV_CONVERT(FPV_UD, FPV_SP))
XV1(xvcvuxwdp, FPV_CONVERT(FPV_UW, FPV_DP))
XV1(xvcvuxwsp, FPV_CONVERT(FPV_UW, FPV_SP))

/* ---- Vector moves, bit operations, tests ---- */

static IRRef both(DisasContext *ctx, uint64_t k)
{
    return ir_kv128(ctx->b, k, k);
}

static bool vector_sign_op(DisasContext *ctx, uint32_t insn, IROpcode op, uint64_t mask)
{
    set_vsr(ctx, insn_xt(insn), ir_op2(ctx->b, op, get_vsr(ctx, insn_xb(insn)), both(ctx, mask)));
    return true;
}

static bool vector_copy_sign(DisasContext *ctx, uint32_t insn, uint64_t mask)
{
    set_vsr(ctx, insn_xt(insn),
            ir_op3(ctx->b, IR_VSEL, both(ctx, mask), get_vsr(ctx, insn_xa(insn)),
                   get_vsr(ctx, insn_xb(insn))));
    return true;
}

#define XV_SIGN(name, op, mask)                                                                    \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return vector_sign_op(ctx, insn, op, mask);                                                \
    }
XV_SIGN(xvabsdp, IR_VAND, ~SIGN64)
XV_SIGN(xvabssp, IR_VAND, ~SIGN32X2)
XV_SIGN(xvnabsdp, IR_VOR, SIGN64)
XV_SIGN(xvnabssp, IR_VOR, SIGN32X2)
XV_SIGN(xvnegdp, IR_VXOR, SIGN64)
XV_SIGN(xvnegsp, IR_VXOR, SIGN32X2)

bool tr_xvcpsgndp(DisasContext *ctx, uint32_t insn)
{
    return vector_copy_sign(ctx, insn, SIGN64);
}

bool tr_xvcpsgnsp(DisasContext *ctx, uint32_t insn)
{
    return vector_copy_sign(ctx, insn, SIGN32X2);
}

static bool vector_bits(DisasContext *ctx, uint32_t insn, unsigned a, uint32_t op)
{
    set_vsr(ctx, insn_xt(insn),
            ir_callv(ctx->b, &helper_row_vfp_bits, get_vsr(ctx, a), get_vsr(ctx, insn_xb(insn)),
                     ir_k32(ctx->b, op)));
    return true;
}

#define XV_BITS(name, source, op)                                                                  \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return vector_bits(ctx, insn, source(insn), op);                                           \
    }
XV_BITS(xvxexpdp, insn_xb, FPVB_XEXPDP)
XV_BITS(xvxexpsp, insn_xb, FPVB_XEXPSP)
XV_BITS(xvxsigdp, insn_xb, FPVB_XSIGDP)
XV_BITS(xvxsigsp, insn_xb, FPVB_XSIGSP)
XV_BITS(xviexpdp, insn_xa, FPVB_IEXPDP)
XV_BITS(xviexpsp, insn_xa, FPVB_IEXPSP)

static unsigned insn_dcmx_split(uint32_t insn)
{
    return (insn >> 6 & 1) << 6 | (insn >> 2 & 1) << 5 | (insn >> 16 & 31);
}

bool tr_xvtstdcdp(DisasContext *ctx, uint32_t insn)
{
    return vector_bits(ctx, insn, insn_xb(insn), FPVB_TSTDCDP | insn_dcmx_split(insn) << 8);
}

bool tr_xvtstdcsp(DisasContext *ctx, uint32_t insn)
{
    return vector_bits(ctx, insn, insn_xb(insn), FPVB_TSTDCSP | insn_dcmx_split(insn) << 8);
}

static bool vector_test_divide(DisasContext *ctx, uint32_t insn, bool single)
{
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_vfp_test_divide, get_vsr(ctx, insn_xa(insn)),
                     get_vsr(ctx, insn_xb(insn)), ir_k32(ctx->b, single)));
    return true;
}

static bool vector_test_sqrt(DisasContext *ctx, uint32_t insn, bool single)
{
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_vfp_test_sqrt, get_vsr(ctx, insn_xb(insn)),
                     ir_k32(ctx->b, single)));
    return true;
}

bool tr_xvtdivdp(DisasContext *ctx, uint32_t insn)
{
    return vector_test_divide(ctx, insn, false);
}

bool tr_xvtdivsp(DisasContext *ctx, uint32_t insn)
{
    return vector_test_divide(ctx, insn, true);
}

bool tr_xvtsqrtdp(DisasContext *ctx, uint32_t insn)
{
    return vector_test_sqrt(ctx, insn, false);
}

bool tr_xvtsqrtsp(DisasContext *ctx, uint32_t insn)
{
    return vector_test_sqrt(ctx, insn, true);
}

/* ---- Quad precision: VRs are VSRs 32 to 63 ---- */

static bool gen_quad(DisasContext *ctx, uint32_t op, unsigned t, unsigned a, unsigned b, unsigned c)
{
    ir_callv(ctx->b, &helper_row_qfp, ir_k32(ctx->b, op),
             ir_k32(ctx->b, FPREGS(32 + t, 32 + a, 32 + b, 32 + c, 0)));
    return true;
}

#define ODD(insn) ((insn)&1 ? FPQ_ODD : 0)
#define QP2(name, base)                                                                            \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return gen_quad(ctx, FPQOP(base, ODD(insn)), insn_rt(insn), insn_ra(insn), insn_rb(insn),  \
                        0);                                                                        \
    }
#define QP_MADD(name, modifiers)                                                                   \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return gen_quad(ctx, FPQOP(FPQ_MADD, (modifiers) | ODD(insn)), insn_rt(insn),              \
                        insn_ra(insn), insn_rb(insn), insn_rt(insn));                              \
    }
#define QP1(name, base, odd)                                                                       \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return gen_quad(ctx, FPQOP(base, odd), insn_rt(insn), insn_rb(insn), 0, 0);                \
    }

QP2(xsaddqp, FPQ_ADD)
QP2(xssubqp, FPQ_SUB)
QP2(xsmulqp, FPQ_MUL)
QP2(xsdivqp, FPQ_DIV)
QP_MADD(xsmaddqp, 0)
QP_MADD(xsmsubqp, IRFP_SUBTRACT)
QP_MADD(xsnmaddqp, IRFP_NEG)
QP_MADD(xsnmsubqp, IRFP_NEG | IRFP_SUBTRACT)
QP1(xssqrtqp, FPQ_SQRT, ODD(insn))
QP1(xscvqpdp, FPQ_TO_DP, ODD(insn))
QP1(xscvdpqp, FPQ_FROM_DP, 0)
QP1(xscvsdqp, FPQ_FROM_SD, 0)
QP1(xscvudqp, FPQ_FROM_UD, 0)
QP1(xscvqpsdz, FPQ_TO_SD, 0)
QP1(xscvqpswz, FPQ_TO_SW, 0)
QP1(xscvqpudz, FPQ_TO_UD, 0)
QP1(xscvqpuwz, FPQ_TO_UW, 0)
QP1(xsrqpi, FPQ_RINT, FPQ_ROUND(insn >> 16 & 1, insn >> 9 & 3, insn & 1))
QP1(xsrqpxp, FPQ_RXP, FPQ_ROUND(insn >> 16 & 1, insn >> 9 & 3, 0))

static bool quad_test(DisasContext *ctx, uint32_t insn, uint32_t what)
{
    unsigned regs = FPREGS(insn_bf(insn), 32 + insn_ra(insn), 32 + insn_rb(insn), 0, 0);

    ir_callv(ctx->b, &helper_row_qfp_test, ir_k32(ctx->b, what), ir_k32(ctx->b, regs));
    return true;
}

bool tr_xscmpuqp(DisasContext *ctx, uint32_t insn)
{
    return quad_test(ctx, insn, FPQT_COMPARE);
}

bool tr_xscmpoqp(DisasContext *ctx, uint32_t insn)
{
    return quad_test(ctx, insn, FPQT_COMPARE_ORDERED);
}

bool tr_xscmpexpqp(DisasContext *ctx, uint32_t insn)
{
    return quad_test(ctx, insn, FPQT_EXPONENTS);
}

bool tr_xststdcqp(DisasContext *ctx, uint32_t insn)
{
    return quad_test(ctx, insn, FPQT_CLASS | insn_dcmx(insn) << 8);
}

static bool quad_bits(DisasContext *ctx, uint32_t insn, unsigned a, uint32_t what)
{
    set_vr(ctx, insn_rt(insn),
           ir_callv(ctx->b, &helper_row_qfp_bits, get_vr(ctx, a), get_vr(ctx, insn_rb(insn)),
                    ir_k32(ctx->b, what)));
    return true;
}

bool tr_xsxexpqp(DisasContext *ctx, uint32_t insn)
{
    return quad_bits(ctx, insn, insn_rb(insn), FPQB_EXPONENT);
}

bool tr_xsxsigqp(DisasContext *ctx, uint32_t insn)
{
    return quad_bits(ctx, insn, insn_rb(insn), FPQB_SIGNIFICAND);
}

bool tr_xsiexpqp(DisasContext *ctx, uint32_t insn)
{
    return quad_bits(ctx, insn, insn_ra(insn), FPQB_INSERT);
}

static bool quad_sign_op(DisasContext *ctx, uint32_t insn, IROpcode op, uint64_t high, uint64_t low)
{
    set_vr(ctx, insn_rt(insn),
           ir_op2(ctx->b, op, get_vr(ctx, insn_rb(insn)), ir_kv128(ctx->b, high, low)));
    return true;
}

bool tr_xsabsqp(DisasContext *ctx, uint32_t insn)
{
    return quad_sign_op(ctx, insn, IR_VAND, ~SIGN64, UINT64_MAX);
}

bool tr_xsnabsqp(DisasContext *ctx, uint32_t insn)
{
    return quad_sign_op(ctx, insn, IR_VOR, SIGN64, 0);
}

bool tr_xsnegqp(DisasContext *ctx, uint32_t insn)
{
    return quad_sign_op(ctx, insn, IR_VXOR, SIGN64, 0);
}

bool tr_xscpsgnqp(DisasContext *ctx, uint32_t insn)
{
    set_vr(ctx, insn_rt(insn),
           ir_op3(ctx->b, IR_VSEL, ir_kv128(ctx->b, SIGN64, 0), get_vr(ctx, insn_ra(insn)),
                  get_vr(ctx, insn_rb(insn))));
    return true;
}
