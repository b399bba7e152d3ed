/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal floating point: Power ISA 3.0B book I chapter 5.  Every instruction is a helper call;
 * here are operands and the forms with register pairs, which must be even.
 */
#include "fp.h"

enum { PAIR_T = 1, PAIR_A = 2, PAIR_B = 4 };

static bool odd_pair(uint32_t insn, unsigned pairs)
{
    return (pairs & PAIR_T && insn_rt(insn) & 1) || (pairs & PAIR_A && insn_ra(insn) & 1) ||
           (pairs & PAIR_B && insn_rb(insn) & 1);
}

static bool gen_dfp(DisasContext *ctx, uint32_t insn, uint32_t op, unsigned pairs, uint32_t imm)
{
    unsigned regs = FPREGS(insn_rt(insn), insn_ra(insn), insn_rb(insn), 0, insn_rc(insn));

    if (odd_pair(insn, pairs)) {
        return false;
    }
    ir_callv(ctx->b, &helper_row_dfp, ir_k32(ctx->b, op), ir_k32(ctx->b, regs),
             ir_k32(ctx->b, imm));
    return true;
}

static bool gen_dfp_test(DisasContext *ctx, uint32_t insn, uint32_t op, unsigned pairs,
                         uint32_t imm)
{
    unsigned regs = FPREGS(insn_bf(insn), insn_ra(insn), insn_rb(insn), 0, 0);

    if (odd_pair(insn, pairs)) {
        return false;
    }
    ir_callv(ctx->b, &helper_row_dfp_test, ir_k32(ctx->b, op), ir_k32(ctx->b, regs),
             ir_k32(ctx->b, imm));
    return true;
}

/* name of the long and of the quad form, operation, pairs of the quad form, immediate */
#define DFP_(emit, name, quad_name, op, pairs, imm)                                                \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return emit(ctx, insn, op, 0, imm);                                                        \
    }                                                                                              \
    bool tr_##quad_name(DisasContext *ctx, uint32_t insn)                                          \
    {                                                                                              \
        return emit(ctx, insn, (op) | DFP_QUAD, pairs, imm);                                       \
    }
#define DFP(name, op, pairs, imm)      DFP_(gen_dfp, name, name##q, op, pairs, imm)
#define DFP_TEST(name, op, pairs, imm) DFP_(gen_dfp_test, name, name##q, op, pairs, imm)

#define RMC(insn)    ((insn) >> 9 & 3)
#define R_RMC(insn)  (((insn) >> 16 & 1) << 2 | RMC(insn))
#define DIGITS(insn) ((insn) >> 10 & 63)

DFP(dadd, DFP_ADD, PAIR_T | PAIR_A | PAIR_B, 0)
DFP(dsub, DFP_SUB, PAIR_T | PAIR_A | PAIR_B, 0)
DFP(dmul, DFP_MUL, PAIR_T | PAIR_A | PAIR_B, 0)
DFP(ddiv, DFP_DIV, PAIR_T | PAIR_A | PAIR_B, 0)
DFP(dqua, DFP_QUANTIZE, PAIR_T | PAIR_A | PAIR_B, RMC(insn))
/* TE is a signed field of five bits. */
DFP(dquai, DFP_QUANTIZE_IMM, PAIR_T | PAIR_B,
    RMC(insn) | ((((insn >> 16 & 31) ^ 16) - 16) & 0xff) << 8)
DFP(drrnd, DFP_REROUND, PAIR_T | PAIR_B, RMC(insn))
DFP(drintx, DFP_RINTX, PAIR_T | PAIR_B, R_RMC(insn))
DFP(drintn, DFP_RINTN, PAIR_T | PAIR_B, R_RMC(insn))
DFP_(gen_dfp, dctdp, dctqpq, DFP_WIDEN, PAIR_T, 0)
DFP_(gen_dfp, drsp, drdpq, DFP_NARROW, PAIR_T | PAIR_B, 0)
DFP(dcffix, DFP_FROM_INT, PAIR_T, 0)
DFP(dctfix, DFP_TO_INT, PAIR_B, 0)
DFP(ddedpd, DFP_TO_BCD, PAIR_T | PAIR_B, insn >> 19 & 3)
DFP(denbcd, DFP_FROM_BCD, PAIR_T | PAIR_B, insn >> 20 & 1)
DFP(dxex, DFP_XEX, PAIR_B, 0)
DFP(diex, DFP_IEX, PAIR_T | PAIR_B, 0)
DFP(dscli, DFP_SHIFT_LEFT, PAIR_T | PAIR_A, DIGITS(insn))
DFP(dscri, DFP_SHIFT_RIGHT, PAIR_T | PAIR_A, DIGITS(insn))

DFP_TEST(dcmpu, DFP_CMPU, PAIR_A | PAIR_B, 0)
DFP_TEST(dcmpo, DFP_CMPO, PAIR_A | PAIR_B, 0)
DFP_TEST(dtstex, DFP_TSTEX, PAIR_A | PAIR_B, 0)
DFP_TEST(dtstsf, DFP_TSTSF, PAIR_B, 0)
DFP_TEST(dtstsfi, DFP_TSTSFI, PAIR_B, insn >> 16 & 63)
DFP_TEST(dtstdc, DFP_TSTDC, PAIR_A, DIGITS(insn))
DFP_TEST(dtstdg, DFP_TSTDG, PAIR_A, DIGITS(insn))
