/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point operations by number, in soft arithmetic: what one scalar instruction or one lane
 * of a vector instruction computes (Power ISA 3.0B book I 4.6 and 7.6).  No CPU state is touched.
 */
#include "helper-fp.h"

unsigned fpop_attributes(uint32_t op)
{
    switch (FPOP_BASE(op)) {
    case FPB_CVDPSP:
        return FPA_FPRF | FPA_FIFR | FPA_SINGLE_IN_WORD;
    case FPB_CVDPHP:
        return FPA_FPRF | FPA_FIFR | FPA_HALF;
    case FPB_NONE:
    case FPB_MAX:
    case FPB_MIN:
    case FPB_MAXC:
    case FPB_MINC:
    case FPB_MAXJ:
    case FPB_MINJ:
    case FPB_CMPEQ:
    case FPB_CMPGE:
    case FPB_CMPGT:
    case FPB_COUNT:
        return 0;
    default:
        return FPA_FPRF | FPA_FIFR;
    }
}

static unsigned muladd_variant(unsigned modifiers)
{
    return (modifiers & IRFP_SUBTRACT ? FLOAT_MULADD_SUB : 0) |
           (modifiers & IRFP_NEG ? FLOAT_MULADD_NEGATE : 0);
}

static uint64_t both_words(uint64_t word)
{
    return word << 32 | (uint32_t)word;
}

static uint64_t to_integer(uint64_t a, unsigned modifiers, FloatStatus *s)
{
    FloatRound round = modifiers & IRFP_TRUNC ? FLOAT_ROUND_TO_ZERO : (FloatRound)s->round;

    switch (modifiers & (IRFP_W32 | IRFP_UNSIGNED)) {
    case IRFP_W32:
        return (uint64_t)(int64_t)float64_to_int32(a, round, s);
    case IRFP_W32 | IRFP_UNSIGNED:
        return float64_to_uint32(a, round, s);
    case IRFP_UNSIGNED:
        return float64_to_uint64(a, round, s);
    default:
        return (uint64_t)float64_to_int64(a, round, s);
    }
}

static uint64_t from_integer(uint64_t a, unsigned modifiers, FloatStatus *s)
{
    if (modifiers & IRFP_SINGLE) {
        uint32_t single =
            modifiers & IRFP_UNSIGNED ? uint64_to_float32(a, s) : int64_to_float32((int64_t)a, s);
        return float32_widen_raw(single);
    }
    return modifiers & IRFP_UNSIGNED ? uint64_to_float64(a, s) : int64_to_float64((int64_t)a, s);
}

/* xsrsp: as frsp, but a NaN keeps its payload. */
static uint64_t round_single_keep(uint64_t a, FloatStatus *s)
{
    FloatClass class = float64_classify(a);

    if (class == FLOAT_CLASS_SNAN) {
        float_raise(s, FLOAT_FLAG_SNAN);
    }
    if (class == FLOAT_CLASS_SNAN || class == FLOAT_CLASS_QNAN) {
        return a | (uint64_t)1 << 51;
    }
    return float64_round_single(a, s);
}

static bool is_nan(FloatClass class)
{
    return class == FLOAT_CLASS_QNAN || class == FLOAT_CLASS_SNAN;
}

/* How MAX .. MINJ choose: the second operand or the first, quieted if it is an SNaN. */
typedef struct Choice {
    bool second, quiet;
} Choice;

/*
 * xsmaxdp and xsmindp: an SNaN beside a number is the result, of two NaNs the first is; a number
 * beats a QNaN; +0 is greater than -0.  The C forms take the second operand if either is a NaN or
 * if they do not differ by the relation; the Java forms take the first NaN.
 */
static Choice choose(FPBase base, FloatClass a, FloatClass b, bool a_negative, bool b_negative,
                     FloatRelation relation, FloatStatus *s)
{
    bool maximum = base == FPB_MAX || base == FPB_MAXC || base == FPB_MAXJ;
    bool zeros = a == FLOAT_CLASS_ZERO && b == FLOAT_CLASS_ZERO;
    bool first = relation == (maximum ? FLOAT_GREATER : FLOAT_LESS);

    if (a == FLOAT_CLASS_SNAN || b == FLOAT_CLASS_SNAN) {
        float_raise(s, FLOAT_FLAG_SNAN);
    }
    switch (base) {
    case FPB_MAXC:
    case FPB_MINC:
        return (Choice){.second = !first};
    case FPB_MAXJ:
    case FPB_MINJ:
        if (is_nan(a) || is_nan(b)) {
            return (Choice){.second = !is_nan(a)};
        }
        break;
    default:
        if (a == FLOAT_CLASS_SNAN) {
            return (Choice){.quiet = true};
        }
        if (is_nan(a)) {
            return (Choice){.second = !is_nan(b)};
        }
        if (is_nan(b)) {
            return (Choice){.second = b == FLOAT_CLASS_SNAN, .quiet = b == FLOAT_CLASS_SNAN};
        }
        break;
    }
    if (zeros) {
        return (Choice){.second = maximum ? a_negative && !b_negative : !a_negative && b_negative};
    }
    return (Choice){.second = !first};
}

static uint64_t choose64(FPBase base, uint64_t a, uint64_t b, FloatStatus *s)
{
    FloatStatus quiet = {0};
    Choice choice = choose(base, float64_classify(a), float64_classify(b), a >> 63, b >> 63,
                           float64_compare_quiet(a, b, &quiet), s);
    uint64_t result = choice.second ? b : a;

    return choice.quiet && is_nan(float64_classify(result)) ? result | (uint64_t)1 << 51 : result;
}

static uint32_t choose32(FPBase base, uint32_t a, uint32_t b, FloatStatus *s)
{
    FloatStatus quiet = {0};
    Choice choice = choose(base, float32_classify(a), float32_classify(b), a >> 31, b >> 31,
                           float32_compare_quiet(a, b, &quiet), s);
    uint32_t result = choice.second ? b : a;

    return choice.quiet && is_nan(float32_classify(result)) ? result | (uint32_t)1 << 22 : result;
}

/* Equality signals for SNaNs only, the others for any NaN. */
static bool holds(FPBase base, FloatRelation relation)
{
    switch (base) {
    case FPB_CMPEQ:
        return relation == FLOAT_EQUAL;
    case FPB_CMPGE:
        return relation == FLOAT_EQUAL || relation == FLOAT_GREATER;
    default:
        return relation == FLOAT_GREATER;
    }
}

uint64_t fp_compute(uint32_t op, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s)
{
    FPBase base = FPOP_BASE(op);
    unsigned modifiers = FPOP_MODIFIERS(op);
    bool single = modifiers & IRFP_SINGLE;

    switch (base) {
    case FPB_ADD:
        return single ? float64_add_single(a, b, s) : float64_add(a, b, s);
    case FPB_SUB:
        return single ? float64_sub_single(a, b, s) : float64_sub(a, b, s);
    case FPB_MUL:
        return single ? float64_mul_single(a, b, s) : float64_mul(a, b, s);
    case FPB_DIV:
        return single ? float64_div_single(a, b, s) : float64_div(a, b, s);
    case FPB_SQRT:
        return single ? float64_sqrt_single(a, s) : float64_sqrt(a, s);
    case FPB_MADD:
        return single ? float64_muladd_single(a, b, c, muladd_variant(modifiers), s)
                      : float64_muladd(a, b, c, muladd_variant(modifiers), s);
    case FPB_RSP:
        return float64_round_single(a, s);
    case FPB_RSPV:
        return round_single_keep(a, s);
    case FPB_RE:
        return single ? float64_recip_estimate_single(a, s) : float64_recip_estimate(a, s);
    case FPB_RSQRTE:
        return single ? float64_rsqrt_estimate_single(a, s) : float64_rsqrt_estimate(a, s);
    case FPB_CFID:
        return from_integer(a, modifiers, s);
    case FPB_CTI: {
        uint64_t result = to_integer(a, modifiers, s);
        return modifiers & FPCTI_BOTH ? both_words(result) : result;
    }
    case FPB_RINT:
        return modifiers & FPRINT_CURRENT
                   ? float64_round_to_int(a, (FloatRound)s->round, true, s)
                   : float64_round_to_int(a, (FloatRound)modifiers, false, s);
    case FPB_CVDPSP:
        return both_words(float64_to_float32(a, s));
    case FPB_CVSPDP:
        return float32_to_float64((uint32_t)(a >> 32), s);
    case FPB_CVDPHP:
        return float64_to_float16(a, s);
    case FPB_CVHPDP:
        return float16_to_float64((uint16_t)a, s);
    case FPB_MAX:
    case FPB_MIN:
    case FPB_MAXC:
    case FPB_MINC:
    case FPB_MAXJ:
    case FPB_MINJ:
        return choose64(base, a, b, s);
    case FPB_CMPEQ:
        return holds(base, float64_compare_quiet(a, b, s)) ? UINT64_MAX : 0;
    case FPB_CMPGE:
    case FPB_CMPGT:
        return holds(base, float64_compare(a, b, s)) ? UINT64_MAX : 0;
    case FPB_NONE:
    case FPB_COUNT:
        break;
    }
    g_assert_not_reached();
}

uint32_t fp_compute32(uint32_t op, uint32_t a, uint32_t b, uint32_t c, FloatStatus *s)
{
    FPBase base = FPOP_BASE(op);
    unsigned modifiers = FPOP_MODIFIERS(op);

    switch (base) {
    case FPB_ADD:
        return float32_add(a, b, s);
    case FPB_SUB:
        return float32_sub(a, b, s);
    case FPB_MUL:
        return float32_mul(a, b, s);
    case FPB_DIV:
        return float32_div(a, b, s);
    case FPB_SQRT:
        return float32_sqrt(a, s);
    case FPB_MADD:
        return float32_muladd(a, b, c, muladd_variant(modifiers), s);
    case FPB_RE:
        return float32_recip_estimate(a, s);
    case FPB_RSQRTE:
        return float32_rsqrt_estimate(a, s);
    case FPB_RINT:
        return modifiers & FPRINT_CURRENT
                   ? float32_round_to_int(a, (FloatRound)s->round, true, s)
                   : float32_round_to_int(a, (FloatRound)modifiers, false, s);
    case FPB_MAX:
    case FPB_MIN:
    case FPB_MAXC:
    case FPB_MINC:
    case FPB_MAXJ:
    case FPB_MINJ:
        return choose32(base, a, b, s);
    case FPB_CMPEQ:
        return holds(base, float32_compare_quiet(a, b, s)) ? UINT32_MAX : 0;
    case FPB_CMPGE:
    case FPB_CMPGT:
        return holds(base, float32_compare(a, b, s)) ? UINT32_MAX : 0;
    default:
        break;
    }
    g_assert_not_reached();
}
