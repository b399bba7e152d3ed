/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact binary floating point: half, single, double and quad precision.
 *
 * IEEE 754-2008 arithmetic in integer code only, with the choices the Power ISA (Book I, chapters
 * 4, 6 and 7) makes where the standard leaves one: tininess is detected before rounding, the
 * default NaN is positive and quiet, the first NaN operand is propagated, enabled overflow and
 * underflow deliver a bias-adjusted result, and each invalid operation tells its kind.  Nothing
 * here knows a register: the caller maps FloatStatus to and from its own control word.
 *
 * Values travel as raw bits: uint16_t half, uint32_t single, uint64_t double, Float128 quad.
 * No function keeps state or takes a lock; all may run on any thread with its own FloatStatus.
 */
#ifndef FPU_SOFTFLOAT_H
#define FPU_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

/* Raw bits of a quad-precision number; hi holds sign, exponent and the top 48 fraction bits. */
typedef struct Float128 {
    uint64_t hi;
    uint64_t lo;
} Float128;

/* Rounding modes; the first four have the values of the two-bit RN field. */
typedef enum FloatRound {
    FLOAT_ROUND_NEAREST_EVEN = 0,
    FLOAT_ROUND_TO_ZERO = 1,
    FLOAT_ROUND_UP = 2,
    FLOAT_ROUND_DOWN = 3,
    FLOAT_ROUND_NEAREST_AWAY = 4,
    FLOAT_ROUND_TO_ODD = 5,
} FloatRound;

/* What an operation raised.  Flags accumulate: the caller clears FloatStatus.flags. */
typedef enum FloatFlag {
    FLOAT_FLAG_INEXACT = 1u << 0,        /* the delivered result is not exact (FI, XX) */
    FLOAT_FLAG_ROUNDED_UP = 1u << 1,     /* rounding increased the magnitude (FR) */
    FLOAT_FLAG_UNDERFLOW = 1u << 2,      /* UX */
    FLOAT_FLAG_OVERFLOW = 1u << 3,       /* OX */
    FLOAT_FLAG_DIVBYZERO = 1u << 4,      /* ZX */
    FLOAT_FLAG_SNAN = 1u << 5,           /* an operand was a signalling NaN (VXSNAN) */
    FLOAT_FLAG_INF_SUB_INF = 1u << 6,    /* VXISI */
    FLOAT_FLAG_INF_DIV_INF = 1u << 7,    /* VXIDI */
    FLOAT_FLAG_ZERO_DIV_ZERO = 1u << 8,  /* VXZDZ */
    FLOAT_FLAG_INF_MUL_ZERO = 1u << 9,   /* VXIMZ */
    FLOAT_FLAG_COMPARE = 1u << 10,       /* signalling compare of a NaN (VXVC) */
    FLOAT_FLAG_SQRT = 1u << 11,          /* root of a negative number (VXSQRT) */
    FLOAT_FLAG_INT_CONVERT = 1u << 12,   /* NaN or out of range to integer (VXCVI) */
} FloatFlag;

/* All kinds of invalid operation. */
#define FLOAT_FLAG_INVALID                                                                        \
    (FLOAT_FLAG_SNAN | FLOAT_FLAG_INF_SUB_INF | FLOAT_FLAG_INF_DIV_INF |                          \
     FLOAT_FLAG_ZERO_DIV_ZERO | FLOAT_FLAG_INF_MUL_ZERO | FLOAT_FLAG_COMPARE | FLOAT_FLAG_SQRT |  \
     FLOAT_FLAG_INT_CONVERT)

/*
 * Control and result state of binary operations.  All zero is the reset state: round to nearest
 * even, no traps, no flushing, nothing raised.
 */
typedef struct FloatStatus {
    uint32_t flags;          /* FloatFlag bits, accumulated by each operation */
    uint8_t round;           /* FloatRound */
    bool overflow_enabled;   /* deliver the wrapped result on overflow (OE) */
    bool underflow_enabled;  /* report every tiny result, deliver it wrapped (UE) */
    bool flush_inputs;       /* denormal operands count as zeros of their sign (AltiVec NJ) */
    bool flush_outputs;      /* tiny results become zeros of their sign, raising underflow */
} FloatStatus;

/* Result of a comparison. */
typedef enum FloatRelation {
    FLOAT_LESS = -1,
    FLOAT_EQUAL = 0,
    FLOAT_GREATER = 1,
    FLOAT_UNORDERED = 2,
} FloatRelation;

/* Class of a value; the sign is apart (the top bit of the raw value). */
typedef enum FloatClass {
    FLOAT_CLASS_ZERO,
    FLOAT_CLASS_DENORMAL,
    FLOAT_CLASS_NORMAL,
    FLOAT_CLASS_INFINITY,
    FLOAT_CLASS_QNAN,
    FLOAT_CLASS_SNAN,
} FloatClass;

/* Variants of the fused multiply-add, or-ed together. */
typedef enum FloatMuladd {
    FLOAT_MULADD_SUB = 1,    /* a * c - b */
    FLOAT_MULADD_NEGATE = 2, /* negate the rounded result, unless it is a NaN */
} FloatMuladd;

#define FLOAT32_DEFAULT_NAN UINT32_C(0x7fc00000)
#define FLOAT64_DEFAULT_NAN UINT64_C(0x7ff8000000000000)
#define FLOAT128_DEFAULT_NAN ((Float128){ UINT64_C(0x7fff800000000000), 0 })

/* Adds flags to those already raised. */
static inline void float_raise(FloatStatus *s, uint32_t flags)
{
    s->flags |= flags;
}

/*
 * Arithmetic, rounded once to the format by s->round.
 *
 * A NaN operand decides the result: the first one in argument order, quieted, its payload kept
 * (for muladd the order is a, then the addend b, then c).  inf * 0 in muladd raises
 * INF_MUL_ZERO also when the addend is a NaN, and the addend's NaN is then the result.
 * muladd computes a * c + b; its parameters stand in the order of the assembler's operands
 * (fmadd FRT,FRA,FRC,FRB).  x / 0 raises DIVBYZERO and gives infinity.
 *
 * Overflow not enabled: OVERFLOW and INEXACT, infinity or the largest finite number by the
 * rounding mode (to-odd: the largest finite number).  Enabled: OVERFLOW, the rounded result with
 * 3 * 2^(w-2) taken from its exponent (w exponent bits: 192 single, 1536 double, 24576 quad).
 * Underflow not enabled: UNDERFLOW when tiny and inexact.  Enabled: UNDERFLOW when tiny, the
 * normalised rounded result with the same amount added to its exponent.
 */
uint32_t float32_add(uint32_t a, uint32_t b, FloatStatus *s);
uint32_t float32_sub(uint32_t a, uint32_t b, FloatStatus *s);
uint32_t float32_mul(uint32_t a, uint32_t b, FloatStatus *s);
uint32_t float32_div(uint32_t a, uint32_t b, FloatStatus *s);
uint32_t float32_sqrt(uint32_t a, FloatStatus *s);
uint32_t float32_muladd(uint32_t a, uint32_t c, uint32_t b, unsigned variant, FloatStatus *s);

uint64_t float64_add(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_sub(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_mul(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_div(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_sqrt(uint64_t a, FloatStatus *s);
uint64_t float64_muladd(uint64_t a, uint64_t c, uint64_t b, unsigned variant, FloatStatus *s);

Float128 float128_add(Float128 a, Float128 b, FloatStatus *s);
Float128 float128_sub(Float128 a, Float128 b, FloatStatus *s);
Float128 float128_mul(Float128 a, Float128 b, FloatStatus *s);
Float128 float128_div(Float128 a, Float128 b, FloatStatus *s);
Float128 float128_sqrt(Float128 a, FloatStatus *s);
Float128 float128_muladd(Float128 a, Float128 c, Float128 b, unsigned variant, FloatStatus *s);

/*
 * Double operands, the exact result rounded once to single range and precision, delivered in
 * double format (fadds and its like).  The operands need not be single-precision numbers.  A
 * wrapped result (overflow or underflow enabled) is adjusted by 192 and may lie outside single
 * range.  NaN payloads keep all their bits, except that float64_round_single (frsp) clears the
 * 29 bits that single precision has no room for.
 */
uint64_t float64_add_single(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_sub_single(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_mul_single(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_div_single(uint64_t a, uint64_t b, FloatStatus *s);
uint64_t float64_sqrt_single(uint64_t a, FloatStatus *s);
uint64_t float64_muladd_single(uint64_t a, uint64_t c, uint64_t b, unsigned variant,
                               FloatStatus *s);
uint64_t float64_round_single(uint64_t a, FloatStatus *s);

/*
 * Comparison.  _quiet raises SNAN for signalling NaNs only; the other also raises COMPARE for
 * any NaN (a caller whose rules drop VXVC after an enabled VXSNAN masks it).
 */
FloatRelation float32_compare(uint32_t a, uint32_t b, FloatStatus *s);
FloatRelation float32_compare_quiet(uint32_t a, uint32_t b, FloatStatus *s);
FloatRelation float64_compare(uint64_t a, uint64_t b, FloatStatus *s);
FloatRelation float64_compare_quiet(uint64_t a, uint64_t b, FloatStatus *s);
FloatRelation float128_compare(Float128 a, Float128 b, FloatStatus *s);
FloatRelation float128_compare_quiet(Float128 a, Float128 b, FloatStatus *s);

/* Class of a raw value. */
FloatClass float16_classify(uint16_t a);
FloatClass float32_classify(uint32_t a);
FloatClass float64_classify(uint64_t a);
FloatClass float128_classify(Float128 a);

/*
 * Rounds to an integral value in the same format by the given mode (s->round is not looked at).
 * With signal_inexact a changed value raises INEXACT (and ROUNDED_UP); without it neither is
 * raised.  A zero result keeps the operand's sign.
 */
uint32_t float32_round_to_int(uint32_t a, FloatRound round, bool signal_inexact, FloatStatus *s);
uint64_t float64_round_to_int(uint64_t a, FloatRound round, bool signal_inexact, FloatStatus *s);
Float128 float128_round_to_int(Float128 a, FloatRound round, bool signal_inexact, FloatStatus *s);

/* a * 2^n, rounded once; n may be any int. */
uint32_t float32_scalbn(uint32_t a, int n, FloatStatus *s);
uint64_t float64_scalbn(uint64_t a, int n, FloatStatus *s);
Float128 float128_scalbn(Float128 a, int n, FloatStatus *s);

/*
 * Conversion between formats, rounded by s->round.  SNaNs raise SNAN and are quieted; a payload
 * keeps its leading bits.  A wrapped result that the narrower exponent field cannot hold
 * (overflow or underflow enabled) has its biased exponent reduced modulo the field's size.
 */
uint32_t float16_to_float32(uint16_t a, FloatStatus *s);
uint64_t float16_to_float64(uint16_t a, FloatStatus *s);
Float128 float16_to_float128(uint16_t a, FloatStatus *s);
uint16_t float32_to_float16(uint32_t a, FloatStatus *s);
uint64_t float32_to_float64(uint32_t a, FloatStatus *s);
Float128 float32_to_float128(uint32_t a, FloatStatus *s);
uint16_t float64_to_float16(uint64_t a, FloatStatus *s);
uint32_t float64_to_float32(uint64_t a, FloatStatus *s);
Float128 float64_to_float128(uint64_t a, FloatStatus *s);
uint16_t float128_to_float16(Float128 a, FloatStatus *s);
uint32_t float128_to_float32(Float128 a, FloatStatus *s);
uint64_t float128_to_float64(Float128 a, FloatStatus *s);

/*
 * Format changes of loads and stores (lfs, stfs, xscvspdpn, xscvdpspn): no exceptions, SNaNs stay
 * signalling.  Narrowing drops the bits single precision has no room for, as the Power ISA's
 * SINGLE() does; below the single denormal range it gives a zero of the operand's sign.
 */
uint64_t float32_widen_raw(uint32_t a);
uint32_t float64_narrow_raw(uint64_t a);

/*
 * To integers, rounding by the given mode.  Out of range raises INT_CONVERT (and nothing else)
 * and saturates; a NaN raises INT_CONVERT (an SNaN also SNAN) and gives the most negative number
 * (signed) or 0 (unsigned).  A value in range after rounding raises INEXACT if it changed, and
 * ROUNDED_UP if its magnitude grew.
 */
int32_t float32_to_int32(uint32_t a, FloatRound round, FloatStatus *s);
uint32_t float32_to_uint32(uint32_t a, FloatRound round, FloatStatus *s);
int64_t float32_to_int64(uint32_t a, FloatRound round, FloatStatus *s);
uint64_t float32_to_uint64(uint32_t a, FloatRound round, FloatStatus *s);
int32_t float64_to_int32(uint64_t a, FloatRound round, FloatStatus *s);
uint32_t float64_to_uint32(uint64_t a, FloatRound round, FloatStatus *s);
int64_t float64_to_int64(uint64_t a, FloatRound round, FloatStatus *s);
uint64_t float64_to_uint64(uint64_t a, FloatRound round, FloatStatus *s);
int32_t float128_to_int32(Float128 a, FloatRound round, FloatStatus *s);
uint32_t float128_to_uint32(Float128 a, FloatRound round, FloatStatus *s);
int64_t float128_to_int64(Float128 a, FloatRound round, FloatStatus *s);
uint64_t float128_to_uint64(Float128 a, FloatRound round, FloatStatus *s);
__int128 float128_to_int128(Float128 a, FloatRound round, FloatStatus *s);
unsigned __int128 float128_to_uint128(Float128 a, FloatRound round, FloatStatus *s);

/* From integers, rounded by s->round; 32-bit integers are passed widened. */
uint32_t int64_to_float32(int64_t a, FloatStatus *s);
uint64_t int64_to_float64(int64_t a, FloatStatus *s);
Float128 int64_to_float128(int64_t a, FloatStatus *s);
uint32_t uint64_to_float32(uint64_t a, FloatStatus *s);
uint64_t uint64_to_float64(uint64_t a, FloatStatus *s);
Float128 uint64_to_float128(uint64_t a, FloatStatus *s);
Float128 int128_to_float128(__int128 a, FloatStatus *s);
Float128 uint128_to_float128(unsigned __int128 a, FloatStatus *s);

/*
 * Estimates.  The reciprocal is 1 / x correctly rounded, the reciprocal root is 1 / sqrt(x) with
 * the root rounded first (both far more precise than the Power ISA asks, the same on every
 * host).  A zero raises DIVBYZERO and gives an infinity of its sign; the root of a negative
 * number raises SQRT.  INEXACT and ROUNDED_UP are never raised.  _single (fres, frsqrtes)
 * delivers single range and precision in double format.
 */
uint32_t float32_recip_estimate(uint32_t a, FloatStatus *s);
uint32_t float32_rsqrt_estimate(uint32_t a, FloatStatus *s);
uint64_t float64_recip_estimate(uint64_t a, FloatStatus *s);
uint64_t float64_rsqrt_estimate(uint64_t a, FloatStatus *s);
uint64_t float64_recip_estimate_single(uint64_t a, FloatStatus *s);
uint64_t float64_rsqrt_estimate_single(uint64_t a, FloatStatus *s);

/*
 * 2^x and log2(x) in single precision (vexptefp, vlogefp), within one unit in the last place and
 * exact where the result is.  log2 of a negative number gives the default NaN, of a zero
 * -infinity.  They raise nothing but SNAN.
 */
uint32_t float32_exp2_estimate(uint32_t a, FloatStatus *s);
uint32_t float32_log2_estimate(uint32_t a, FloatStatus *s);

#endif
