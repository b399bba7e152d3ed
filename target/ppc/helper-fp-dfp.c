/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of decimal floating point (Power ISA 3.0B book I chapter 5): every instruction with all
 * its effects.  Arithmetic is fpu/decfloat.h's; here are registers, pairs, rounding mode fields and
 * FPSCR.
 */
#include "fpu/decfloat.h"
#include "helper-fp.h"

/* What an operation takes, gives and does to FPSCR. */
enum {
    D_A_QUAD = 1,
    D_B_QUAD = 2,
    D_T_QUAD = 4, /* in the quad form: a pair of FPRs, else one */
    D_FPRF = 8,   /* sets FPRF from the result's class */
    D_FIFR = 16,  /* sets FI and FR */
};

typedef struct DFPInfo {
    uint8_t flags;
    int8_t result_step; /* format of the result relative to the operand's, for FPRF */
} DFPInfo;

#define D_ALL_QUAD (D_A_QUAD | D_B_QUAD | D_T_QUAD)
static const DFPInfo infos[] = {
    [DFP_ADD] = {D_ALL_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_SUB] = {D_ALL_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_MUL] = {D_ALL_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_DIV] = {D_ALL_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_QUANTIZE] = {D_ALL_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_QUANTIZE_IMM] = {D_B_QUAD | D_T_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_REROUND] = {D_B_QUAD | D_T_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_RINTX] = {D_B_QUAD | D_T_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_RINTN] = {D_B_QUAD | D_T_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_WIDEN] = {D_T_QUAD | D_FPRF | D_FIFR, 1},
    [DFP_NARROW] = {D_B_QUAD | D_T_QUAD | D_FPRF | D_FIFR, -1},
    [DFP_FROM_INT] = {D_T_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_TO_INT] = {D_B_QUAD | D_FIFR, 0},
    [DFP_TO_BCD] = {D_B_QUAD | D_T_QUAD, 0},
    [DFP_FROM_BCD] = {D_B_QUAD | D_T_QUAD | D_FPRF | D_FIFR, 0},
    [DFP_XEX] = {D_B_QUAD, 0},
    [DFP_IEX] = {D_B_QUAD | D_T_QUAD, 0},
    [DFP_SHIFT_LEFT] = {D_A_QUAD | D_T_QUAD, 0},
    [DFP_SHIFT_RIGHT] = {D_A_QUAD | D_T_QUAD, 0},
};

static DecBits get_operand(const CPUPPCState *env, unsigned n, bool pair)
{
    uint64_t first = VSR_HI(env->vsr[n]);

    return pair ? (DecBits){first, VSR_HI(env->vsr[(n + 1) & 31])} : (DecBits){0, first};
}

static void set_fpr(CPUPPCState *env, unsigned n, uint64_t value)
{
    VSR_HI(env->vsr[n & 31]) = value;
    VSR_LO(env->vsr[n & 31]) = 0;
}

static DecRound fpscr_drn(const CPUPPCState *env)
{
    return (DecRound)(env->fpscr >> FPSCR_DRN & 7);
}

/* RMC of the quantize family and of the rounding instructions with R = 0; with R = 1. */
static DecRound rmc_round(const CPUPPCState *env, unsigned r, unsigned rmc)
{
    static const uint8_t modes[2][4] = {
        {DEC_ROUND_NEAREST_EVEN, DEC_ROUND_TO_ZERO, DEC_ROUND_NEAREST_AWAY, 0},
        {DEC_ROUND_UP, DEC_ROUND_DOWN, DEC_ROUND_AWAY, DEC_ROUND_NEAREST_ZERO},
    };

    return r == 0 && rmc == 3 ? fpscr_drn(env) : (DecRound)modes[r & 1][rmc & 3];
}

static DecBits int_bits(int64_t value)
{
    return (DecBits){0, (uint64_t)value};
}

static DecBits dfp_compute(const CPUPPCState *env, DFPOp op, DecFormat f, DecBits a, DecBits b,
                           uint32_t imm, DecStatus *s)
{
    DecRound round = rmc_round(env, imm >> 2 & 1, imm & 3);

    switch (op) {
    case DFP_ADD:
        return decimal_add(f, a, b, s);
    case DFP_SUB:
        return decimal_sub(f, a, b, s);
    case DFP_MUL:
        return decimal_mul(f, a, b, s);
    case DFP_DIV:
        return decimal_div(f, a, b, s);
    case DFP_QUANTIZE:
        return decimal_quantize(f, a, b, round, s);
    case DFP_QUANTIZE_IMM:
        return decimal_quantize_to(f, (int8_t)(imm >> 8), b, round, s);
    case DFP_REROUND:
        return decimal_reround(f, a.lo & 63, b, round, s);
    case DFP_RINTX:
        return decimal_round_to_int(f, b, round, true, s);
    case DFP_RINTN:
        return decimal_round_to_int(f, b, round, false, s);
    case DFP_WIDEN:
        return decimal_widen(f, b, s);
    case DFP_NARROW:
        return decimal_narrow(f, b, s);
    case DFP_FROM_INT:
        return decimal_from_int(f, (int64_t)b.lo, s);
    case DFP_TO_INT:
        return int_bits(decimal_to_int64(f, b, s));
    case DFP_TO_BCD:
        return decimal_to_bcd(f, imm >> 1 & 1, imm & 1, b);
    case DFP_FROM_BCD:
        return decimal_from_bcd(f, imm & 1, b, s);
    case DFP_XEX:
        return int_bits(decimal_extract_exponent(f, b));
    case DFP_IEX:
        return decimal_insert_exponent(f, (int64_t)a.lo, b);
    case DFP_SHIFT_LEFT:
        return decimal_shift_left(f, a, imm);
    case DFP_SHIFT_RIGHT:
        return decimal_shift_right(f, a, imm);
    default:
        g_assert_not_reached();
    }
}

static void dfp_init(const CPUPPCState *env, DecStatus *s)
{
    *s = (DecStatus){
        .round = fpscr_drn(env),
        .overflow_enabled = env->fpscr & FPSCR_BIT(OE),
        .underflow_enabled = env->fpscr & FPSCR_BIT(UE),
    };
}

/* The operand's format: conversions between formats name themselves after the longer one. */
static DecFormat operand_format(DFPOp op, bool quad)
{
    if (op == DFP_WIDEN) {
        return quad ? DEC64 : DEC32;
    }
    return quad ? DEC128 : DEC64;
}

static void helper_dfp(CPUPPCState *env, uint32_t code, uint32_t regs, uint32_t imm)
{
    DFPOp op = code & 0xff;
    bool quad = code & DFP_QUAD;
    const DFPInfo *info = &infos[op];
    DecFormat f = operand_format(op, quad);
    unsigned t = FPREGS_T(regs);
    DecStatus s;

    fpscr_sync(env);
    dfp_init(env, &s);
    DecBits a = get_operand(env, FPREGS_A(regs), quad && info->flags & D_A_QUAD);
    DecBits b = get_operand(env, FPREGS_B(regs), quad && info->flags & D_B_QUAD);
    DecBits result = dfp_compute(env, op, f, a, b, imm, &s);

    if (fp_note_exceptions(env, s.flags)) {
        if (info->flags & D_FPRF) {
            DecFormat rf = (DecFormat)((int)f + info->result_step);
            fpscr_set_fprf(
                env, fprf_class(decimal_classify(rf, result), decimal_is_negative(rf, result)));
        }
        if (info->flags & D_FIFR) {
            fpscr_set_fi_fr(env, s.flags);
        }
        if (op == DFP_NARROW && quad) {
            result = (DecBits){result.lo, 0};
        }
        if (quad && info->flags & D_T_QUAD) {
            set_fpr(env, t, result.hi);
            set_fpr(env, t + 1, result.lo);
        } else {
            set_fpr(env, t, result.lo);
        }
    } else if (info->flags & D_FIFR) {
        fpscr_set_fi_fr(env, 0);
    }
    if (FPREGS_RC(regs)) {
        env->crf[1] = fpscr_cr1(env);
    }
    fp_check_enabled(env, s.flags);
}

/* ---- Compares and tests ---- */

/* DCM: zero, subnormal, normal, infinity, QNaN, SNaN from the left. */
static bool in_data_class(DecFormat f, DecBits a, unsigned dcm)
{
    static const uint8_t bits[] = {
        [FLOAT_CLASS_ZERO] = 0x20,     [FLOAT_CLASS_DENORMAL] = 0x10, [FLOAT_CLASS_NORMAL] = 0x08,
        [FLOAT_CLASS_INFINITY] = 0x04, [FLOAT_CLASS_QNAN] = 0x02,     [FLOAT_CLASS_SNAN] = 0x01,
    };

    return dcm & bits[decimal_classify(f, a)];
}

static void helper_dfp_test(CPUPPCState *env, uint32_t code, uint32_t regs, uint32_t imm)
{
    DFPOp op = code & 0xff;
    bool quad = code & DFP_QUAD;
    DecFormat f = quad ? DEC128 : DEC64;
    DecStatus s;
    unsigned nibble;

    fpscr_sync(env);
    dfp_init(env, &s);
    DecBits a = get_operand(env, FPREGS_A(regs), quad && op != DFP_TSTSF);
    DecBits b = get_operand(env, FPREGS_B(regs), quad);

    switch (op) {
    case DFP_CMPU:
    case DFP_CMPO:
        nibble = fp_relation_nibble(decimal_compare(f, a, b, op == DFP_CMPO, &s));
        break;
    case DFP_TSTEX:
        nibble = fp_relation_nibble(decimal_compare_exponent(f, a, b));
        break;
    case DFP_TSTSF:
        nibble = fp_relation_nibble(decimal_test_significance(f, a.lo & 63, b));
        break;
    case DFP_TSTSFI:
        nibble = fp_relation_nibble(decimal_test_significance(f, imm, b));
        break;
    case DFP_TSTDC:
    case DFP_TSTDG: {
        bool match = op == DFP_TSTDC ? in_data_class(f, a, imm) : imm & 0x20 >> decimal_group(f, a);
        nibble = (decimal_is_negative(f, a) ? 8 : 0) | (match ? 2 : 0);
        break;
    }
    default:
        g_assert_not_reached();
    }
    fpscr_set_fpcc(env, nibble);
    env->crf[FPREGS_T(regs)] = nibble;
    fp_note_exceptions(env, s.flags);
    fp_check_enabled(env, s.flags);
}

#undef HELPER
#define HELPER(name, ...) PPC_HELPER_ROW(name, __VA_ARGS__);
#include "helper-fp-dfp.h.inc"
