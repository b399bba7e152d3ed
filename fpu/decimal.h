/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacked decimal numbers, shared by the encoding (dpd.c) and the arithmetic (decfloat.c).
 */
#ifndef FPU_DECIMAL_H
#define FPU_DECIMAL_H

#include "fpu/decfloat.h"
#include "wide.h"

typedef enum DecimalClass {
    DECIMAL_FINITE,
    DECIMAL_INF,
    DECIMAL_QNAN, /* NaNs last */
    DECIMAL_SNAN,
} DecimalClass;

/*
 * A finite number is coef * 10^exp, coef of at most the format's digits; an infinity or NaN has
 * its trailing digits in coef.
 */
typedef struct Decimal {
    U128 coef;
    int32_t exp;
    uint8_t cls; /* DecimalClass */
    bool sign;
} Decimal;

/* What distinguishes the formats. */
typedef struct DecimalTraits {
    int digits;     /* precision */
    int declets;    /* of three digits in the trailing significand */
    int exp_bits;   /* in the exponent continuation */
    int exp_min;    /* least exponent: minus the bias */
    int exp_max;    /* greatest exponent */
    int wrap;       /* what enabled overflow and underflow move the exponent by */
} DecimalTraits;

extern const DecimalTraits decimal_traits[3];

/* Exponent of the least normal number, scaled to one digit before the point. */
static inline int decimal_normal_min(const DecimalTraits *t)
{
    return t->exp_min + t->digits - 1;
}

/* 10^n, 0 <= n <= 38. */
U128 decimal_power(int n);

/* Number of digits of a; 0 for zero. */
int decimal_count_digits(U128 a);

Decimal decimal_unpack(DecFormat f, DecBits bits);

/* Packs canonically; a finite d must fit the format. */
DecBits decimal_pack(DecFormat f, Decimal d);

#endif
