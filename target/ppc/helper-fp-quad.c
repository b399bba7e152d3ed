/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of quad-precision floating point (Power ISA 3.0B book I 7.6, xs...qp): every instruction
 * with all its effects.
 */
#include "helper-fp.h"

static Float128 get_quad(const V128 *v)
{
    return (Float128){VSR_HI(*v), VSR_LO(*v)};
}

static FloatRound quad_round(unsigned modifiers, const FloatStatus *s)
{
    static const uint8_t modes[] = {
        FLOAT_ROUND_NEAREST_EVEN,
        FLOAT_ROUND_TO_ZERO,
        FLOAT_ROUND_UP,
        FLOAT_ROUND_DOWN,
    };

    if (modifiers & 4) {
        return (FloatRound)modes[modifiers & 3];
    }
    return modifiers & 3 ? (FloatRound)s->round : FLOAT_ROUND_NEAREST_AWAY;
}

/*
 * Rounds to the 64-bit significand of double-extended precision, by adding at the rounding position
 * of the number taken as an integer: a carry out of the fraction steps the exponent as it should.
 */
static Float128 round_extended(Float128 a, FloatRound round, FloatStatus *s)
{
    const uint64_t half = UINT64_C(1) << 48, rest_mask = (half << 1) - 1;
    FloatClass class = float128_classify(a);
    bool negative = a.hi >> 63, up = false;
    uint64_t rest = a.lo & rest_mask;

    if (class >= FLOAT_CLASS_INFINITY) {
        if (class == FLOAT_CLASS_SNAN) {
            float_raise(s, FLOAT_FLAG_SNAN);
            a.hi |= UINT64_C(1) << 47;
        }
        a.lo &= ~rest_mask;
        return a;
    }
    if (rest == 0) {
        return a;
    }
    switch (round) {
    case FLOAT_ROUND_NEAREST_EVEN:
        up = rest > half || (rest == half && a.lo & half << 1);
        break;
    case FLOAT_ROUND_NEAREST_AWAY:
        up = rest >= half;
        break;
    case FLOAT_ROUND_UP:
        up = !negative;
        break;
    case FLOAT_ROUND_DOWN:
        up = negative;
        break;
    default:
        break;
    }
    float_raise(s, FLOAT_FLAG_INEXACT | (up ? FLOAT_FLAG_ROUNDED_UP : 0));
    a.lo &= ~rest_mask;
    if (up) {
        a.lo += half << 1;
        a.hi += a.lo == 0;
    }
    if ((a.hi >> 48 & 0x7fff) == 0x7fff) {
        float_raise(s, FLOAT_FLAG_OVERFLOW);
        if (s->overflow_enabled) {
            a.hi -= (uint64_t)24576 << 48;
        }
    }
    return a;
}

static V128 from_quad(Float128 q)
{
    V128 v;

    VSR_HI(v) = q.hi;
    VSR_LO(v) = q.lo;
    return v;
}

static V128 from_double(uint64_t d)
{
    return from_quad((Float128){d, 0});
}

static V128 quad_compute(uint32_t op, const V128 *va, const V128 *vb, const V128 *vc,
                         FloatStatus *s)
{
    Float128 a = get_quad(va), b = get_quad(vb), c = get_quad(vc);
    unsigned variant =
        (op & IRFP_SUBTRACT ? FLOAT_MULADD_SUB : 0) | (op & IRFP_NEG ? FLOAT_MULADD_NEGATE : 0);

    switch ((FPQuad)(op >> 8)) {
    case FPQ_ADD:
        return from_quad(float128_add(a, b, s));
    case FPQ_SUB:
        return from_quad(float128_sub(a, b, s));
    case FPQ_MUL:
        return from_quad(float128_mul(a, b, s));
    case FPQ_DIV:
        return from_quad(float128_div(a, b, s));
    case FPQ_SQRT:
        return from_quad(float128_sqrt(a, s));
    case FPQ_MADD:
        return from_quad(float128_muladd(a, b, c, variant, s));
    case FPQ_RINT:
        return from_quad(float128_round_to_int(a, quad_round(op, s), op & 8, s));
    case FPQ_RXP:
        return from_quad(round_extended(a, quad_round(op, s), s));
    case FPQ_FROM_DP:
        return from_quad(float64_to_float128(a.hi, s));
    case FPQ_FROM_SD:
        return from_quad(int64_to_float128((int64_t)a.hi, s));
    case FPQ_FROM_UD:
        return from_quad(uint64_to_float128(a.hi, s));
    case FPQ_TO_DP:
        return from_double(float128_to_float64(a, s));
    case FPQ_TO_SD:
        return from_double((uint64_t)float128_to_int64(a, FLOAT_ROUND_TO_ZERO, s));
    case FPQ_TO_SW:
        return from_double((uint64_t)(int64_t)float128_to_int32(a, FLOAT_ROUND_TO_ZERO, s));
    case FPQ_TO_UD:
        return from_double(float128_to_uint64(a, FLOAT_ROUND_TO_ZERO, s));
    case FPQ_TO_UW:
        return from_double(float128_to_uint32(a, FLOAT_ROUND_TO_ZERO, s));
    }
    g_assert_not_reached();
}

static void helper_qfp(CPUPPCState *env, uint32_t op, uint32_t regs)
{
    FPQuad base = op >> 8;
    FloatStatus s;
    V128 result;

    fpscr_sync(env);
    fp_status_init(env, &s);
    if (op & FPQ_ODD) {
        s.round = FLOAT_ROUND_TO_ODD;
    }
    result = quad_compute(op, &env->vsr[FPREGS_A(regs)], &env->vsr[FPREGS_B(regs)],
                          &env->vsr[FPREGS_C(regs)], &s);
    if (fp_note_exceptions(env, s.flags)) {
        env->vsr[FPREGS_T(regs)] = result;
        if (base < FPQ_TO_DP) {
            fpscr_set_fprf(env,
                           fprf_class(float128_classify(get_quad(&result)), VSR_HI(result) >> 63));
        } else if (base == FPQ_TO_DP) {
            fpscr_set_fprf(env, fprf_double(VSR_HI(result)));
        }
        fpscr_set_fi_fr(env, s.flags);
    } else {
        fpscr_set_fi_fr(env, 0);
    }
    fp_check_enabled(env, s.flags);
}

static unsigned exponent_of(Float128 q)
{
    return q.hi >> 48 & 0x7fff;
}

static bool is_nan(Float128 q)
{
    return float128_classify(q) >= FLOAT_CLASS_QNAN;
}

static void helper_qfp_test(CPUPPCState *env, uint32_t what, uint32_t regs)
{
    Float128 a = get_quad(&env->vsr[FPREGS_A(regs)]), b = get_quad(&env->vsr[FPREGS_B(regs)]);
    FloatStatus s = {0};
    unsigned nibble;

    fpscr_sync(env);
    switch (what & 0xff) {
    case FPQT_COMPARE:
        nibble = fp_relation_nibble(float128_compare_quiet(a, b, &s));
        break;
    case FPQT_COMPARE_ORDERED:
        nibble = fp_relation_nibble(float128_compare(a, b, &s));
        break;
    case FPQT_EXPONENTS:
        nibble = is_nan(a) || is_nan(b)            ? 1
                 : exponent_of(a) < exponent_of(b) ? 8
                 : exponent_of(a) > exponent_of(b) ? 4
                                                   : 2;
        break;
    default:
        nibble = (b.hi >> 63 ? 8 : 0) |
                 (fp_test_class(float128_classify(b), b.hi >> 63, what >> 8) ? 2 : 0);
        break;
    }
    fpscr_set_fpcc(env, nibble);
    env->crf[FPREGS_T(regs)] = nibble;
    fp_note_exceptions(env, s.flags);
    fp_check_enabled(env, s.flags);
}

static void helper_qfp_bits(V128 *d, const V128 *va, const V128 *vb, uint32_t what)
{
    const uint64_t fraction = (UINT64_C(1) << 48) - 1;
    Float128 a = get_quad(va), b = get_quad(vb);

    switch (what) {
    case FPQB_EXPONENT:
        *d = from_double(exponent_of(a));
        break;
    case FPQB_SIGNIFICAND:
        a.hi = (a.hi & fraction) |
               (exponent_of(a) != 0 && exponent_of(a) != 0x7fff ? fraction + 1 : 0);
        *d = from_quad(a);
        break;
    default:
        a.hi = (a.hi & (fraction | UINT64_C(1) << 63)) | (b.hi & 0x7fff) << 48;
        *d = from_quad(a);
        break;
    }
}

#undef HELPER
#define HELPER(name, ...) PPC_HELPER_ROW(name, __VA_ARGS__);
#include "helper-fp-quad.h.inc"
