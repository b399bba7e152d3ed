/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal floating point: IEEE 754-2008 decimal32/64/128 in densely packed decimal encoding.
 *
 * The arithmetic of the Power ISA's chapter "Decimal Floating-Point" (Book I, chapter 5): operands
 * in any encoding (non-canonical declets, infinities and NaNs are accepted), results canonical and
 * with the ideal exponent, the first SNaN or else the first QNaN propagated, exceptions reported
 * with the FLOAT_FLAG_* bits of softfloat.h.  Nothing here knows a register; register pairs are
 * joined to a DecBits by the caller.
 *
 * One set of functions serves all formats: DecFormat says which, and a number is always a DecBits.
 * decimal32 exists for the conversions only, decimal_widen and decimal_narrow.
 * No function keeps state or takes a lock.
 */
#ifndef FPU_DECFLOAT_H
#define FPU_DECFLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include "fpu/softfloat.h"

typedef enum DecFormat {
    DEC32,
    DEC64,
    DEC128,
} DecFormat;

/* Raw bits of a decimal number, right-aligned: DEC64 is lo with hi = 0, DEC32 lo's low word. */
typedef struct DecBits {
    uint64_t hi;
    uint64_t lo;
} DecBits;

/* Rounding modes, with the values of the three-bit DRN field. */
typedef enum DecRound {
    DEC_ROUND_NEAREST_EVEN = 0,
    DEC_ROUND_TO_ZERO = 1,
    DEC_ROUND_UP = 2,           /* toward +infinity */
    DEC_ROUND_DOWN = 3,         /* toward -infinity */
    DEC_ROUND_NEAREST_AWAY = 4, /* ties away from zero */
    DEC_ROUND_NEAREST_ZERO = 5, /* ties toward zero */
    DEC_ROUND_AWAY = 6,         /* away from zero */
    DEC_ROUND_SHORTER = 7,      /* prepare for shorter precision: last digit 0 or 5 goes away */
} DecRound;

/* Control and result state of decimal operations; all zero is the reset state. */
typedef struct DecStatus {
    uint32_t flags;         /* FLOAT_FLAG_* bits, accumulated by each operation */
    uint8_t round;          /* DecRound */
    bool overflow_enabled;  /* deliver results wrapped by 10^192 / 10^576 / 10^9216 (OE) */
    bool underflow_enabled; /* likewise for underflow, reported whenever tiny (UE) */
} DecStatus;

/* Groups of the test-data-group instruction, in the order of its mask bits from the left. */
typedef enum DecGroup {
    DEC_GROUP_ZERO,            /* zero, exponent neither the least nor the greatest */
    DEC_GROUP_ZERO_EXTREME,    /* zero, extreme exponent */
    DEC_GROUP_NONZERO_EXTREME, /* subnormal, or normal with extreme exponent */
    DEC_GROUP_LEADING_ZERO,    /* normal, other exponent, leftmost digit zero */
    DEC_GROUP_FULL,            /* normal, other exponent, leftmost digit not zero */
    DEC_GROUP_SPECIAL,         /* infinity or NaN */
} DecGroup;

/* Arithmetic rounded by s->round (dadd, dsub, dmul, ddiv). */
DecBits decimal_add(DecFormat f, DecBits a, DecBits b, DecStatus *s);
DecBits decimal_sub(DecFormat f, DecBits a, DecBits b, DecStatus *s);
DecBits decimal_mul(DecFormat f, DecBits a, DecBits b, DecStatus *s);
DecBits decimal_div(DecFormat f, DecBits a, DecBits b, DecStatus *s);

/*
 * Compares (dcmpu, with signalling dcmpo): raises SNAN for signalling NaNs, and with signalling
 * also COMPARE for any NaN (a caller whose rules drop VXVC after an enabled VXSNAN masks it).
 */
FloatRelation decimal_compare(DecFormat f, DecBits a, DecBits b, bool signalling, DecStatus *s);

/* Class (dtstdc, and the result class of FPRF), group (dtstdg) and sign of a raw value. */
FloatClass decimal_classify(DecFormat f, DecBits a);
DecGroup decimal_group(DecFormat f, DecBits a);
bool decimal_is_negative(DecFormat f, DecBits a);

/* Compares exponents (dtstex): two infinities or two NaNs are equal, other mixes unordered. */
FloatRelation decimal_compare_exponent(DecFormat f, DecBits a, DecBits b);

/*
 * Compares k with b's number of significant digits (dtstsf, dtstsfi): FLOAT_LESS when k is less.
 * k = 0 and b = zero give FLOAT_GREATER, infinities and NaNs FLOAT_UNORDERED.
 */
FloatRelation decimal_test_significance(DecFormat f, unsigned k, DecBits b);

/*
 * Quantize: b with a's exponent (dqua) or with exponent `exponent` (dquai), rounded by `round`.
 * One operand infinite but not the other, or too many digits: INT_CONVERT and the default NaN.
 */
DecBits decimal_quantize(DecFormat f, DecBits a, DecBits b, DecRound round, DecStatus *s);
DecBits decimal_quantize_to(DecFormat f, int exponent, DecBits b, DecRound round, DecStatus *s);

/* Reround: b rounded to k significant digits (drrnd); k = 0 leaves it as it is. */
DecBits decimal_reround(DecFormat f, unsigned k, DecBits b, DecRound round, DecStatus *s);

/* Rounds to an integral value; with signal_inexact (drintx) a changed value raises INEXACT. */
DecBits decimal_round_to_int(DecFormat f, DecBits b, DecRound round, bool signal_inexact,
                             DecStatus *s);

/*
 * To the next wider (DEC32 -> DEC64 dctdp, DEC64 -> DEC128 dctqpq) and the next narrower format
 * (DEC64 -> DEC32 drsp, DEC128 -> DEC64 drdpq); f is the operand's format.  Between DEC32 and
 * DEC64 an SNaN stays one and raises nothing; otherwise it raises SNAN and is quieted.  A NaN's
 * payload loses digits on its left when narrowed.
 */
DecBits decimal_widen(DecFormat f, DecBits b, DecStatus *s);
DecBits decimal_narrow(DecFormat f, DecBits b, DecStatus *s);

/* From integers, rounded by s->round (dcffix, dcffixq, dcffixqq); 64-bit ones come widened. */
DecBits decimal_from_int(DecFormat f, __int128 a, DecStatus *s);

/*
 * To 64- and 128-bit integers, rounded by s->round (dctfix, dctfixq, dctfixqq).  Out of range
 * saturates and raises INT_CONVERT; a NaN gives the most negative number and raises INT_CONVERT
 * (an SNaN also SNAN).
 */
int64_t decimal_to_int64(DecFormat f, DecBits b, DecStatus *s);
__int128 decimal_to_int128(DecFormat f, DecBits b, DecStatus *s);

/*
 * Coefficient to packed BCD (ddedpd): the rightmost 16 (DEC64) or 32 (DEC128) digits, or with
 * is_signed one digit fewer and a sign nibble: minus 13, plus 15 if plus_is_f, else 12.
 */
DecBits decimal_to_bcd(DecFormat f, bool is_signed, bool plus_is_f, DecBits b);

/* Packed BCD to a number with exponent 0 (denbcd); a bad digit or sign raises INT_CONVERT. */
DecBits decimal_from_bcd(DecFormat f, bool is_signed, DecBits b, DecStatus *s);

/* Biased exponent (dxex); -1 for an infinity, -2 for a QNaN, -3 for an SNaN. */
int64_t decimal_extract_exponent(DecFormat f, DecBits b);

/* b's sign and coefficient with the given biased exponent or special code (diex). */
DecBits decimal_insert_exponent(DecFormat f, int64_t exponent, DecBits b);

/* Coefficient shifted by n decimal digits, digits falling off are lost (dscli, dscri). */
DecBits decimal_shift_left(DecFormat f, DecBits a, unsigned n);
DecBits decimal_shift_right(DecFormat f, DecBits a, unsigned n);

#endif
