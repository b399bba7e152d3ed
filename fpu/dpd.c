/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Densely packed decimal: the encoding of decimal floating point, and the operations that only
 * look at or rearrange the encoding.  IEEE 754-2008 section 3.5, Power ISA Book I chapter 5.
 *
 * A number is sign, five combination bits, exponent continuation and declets of ten bits for
 * three digits each.  The combination holds the two upper exponent bits and the leading digit.
 */
#include <glib.h>

#include "decimal.h"

const DecimalTraits decimal_traits[3] = {
    [DEC32] = { 7, 2, 6, -101, 90, 192 },
    [DEC64] = { 16, 5, 8, -398, 369, 576 },
    [DEC128] = { 34, 11, 12, -6176, 6111, 9216 },
};

G_STATIC_ASSERT(DEC32 == 0 && DEC64 == 1 && DEC128 == 2);

/* Combination field values of infinities and NaNs; a NaN signals by its next bit. */
enum {
    COMBINATION_INF = 0x1e,
    COMBINATION_NAN = 0x1f,
};

U128 decimal_power(int n)
{
    static const uint64_t powers[20] = {
        UINT64_C(1), UINT64_C(10), UINT64_C(100), UINT64_C(1000), UINT64_C(10000),
        UINT64_C(100000), UINT64_C(1000000), UINT64_C(10000000), UINT64_C(100000000),
        UINT64_C(1000000000), UINT64_C(10000000000), UINT64_C(100000000000),
        UINT64_C(1000000000000), UINT64_C(10000000000000), UINT64_C(100000000000000),
        UINT64_C(1000000000000000), UINT64_C(10000000000000000), UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000), UINT64_C(10000000000000000000),
    };

    g_assert(n >= 0 && n <= 38);
    return n < 20 ? powers[n] : (U128)powers[19] * powers[n - 19];
}

int decimal_count_digits(U128 a)
{
    int bits = 128 - u128_clz(a), digits = bits * 1233 >> 12; /* 1233 / 4096 is about log10(2) */

    return digits + (a >= decimal_power(digits));
}

/* Three digits as a number, from bits named p to y as the standard does (p = bit 9). */
static unsigned declet_decode(unsigned d)
{
    unsigned pqr = d >> 7 & 7, stu = d >> 4 & 7, wxy = d & 7;
    unsigned r8 = 8 + (pqr & 1), u8 = 8 + (stu & 1), y8 = 8 + (wxy & 1);
    unsigned pqu = (pqr & 6) | (stu & 1), pqy = (pqr & 6) | (wxy & 1);
    unsigned sty = (stu & 6) | (wxy & 1);
    unsigned digits[8][3] = {
        /* v = 1: by wx, and where that is 11, by st */
        { pqr, stu, y8 }, { pqr, u8, sty }, { r8, stu, pqy }, { 0, 0, 0 },
        { r8, u8, pqy }, { r8, pqu, y8 }, { pqr, u8, y8 }, { r8, u8, y8 },
    };
    unsigned row = wxy >> 1 != 3 ? wxy >> 1 : 4 + (stu >> 1);

    if (!(d & 8)) {
        return pqr * 100 + stu * 10 + wxy;
    }
    return digits[row][0] * 100 + digits[row][1] * 10 + digits[row][2];
}

/* The canonical declet of a number below 1000. */
static unsigned declet_encode(unsigned n)
{
    unsigned a = n / 100, e = n / 10 % 10, i = n % 10;
    unsigned d = a & 1, h = e & 1, m = i & 1, common = d << 7 | h << 4 | m;
    unsigned bc = a >> 1 & 3, fg = e >> 1 & 3, jk = i >> 1 & 3;

    switch ((a >> 3) << 2 | (e >> 3) << 1 | i >> 3) {
    case 0:
        return common | bc << 8 | fg << 5 | jk << 1;
    case 1:
        return common | bc << 8 | fg << 5 | 0x8;
    case 2:
        return common | bc << 8 | jk << 5 | 0xa;
    case 3:
        return common | bc << 8 | 2 << 5 | 0xe;
    case 4:
        return common | jk << 8 | fg << 5 | 0xc;
    case 5:
        return common | fg << 8 | 1 << 5 | 0xe;
    case 6:
        return common | jk << 8 | 0 << 5 | 0xe;
    default:
        return common | 3 << 5 | 0xe;
    }
}

/* A format's fields from a right-aligned 128-bit integer. */
typedef struct DecimalFields {
    bool sign;
    unsigned combination;
    unsigned exponent;
    U128 trailing;
} DecimalFields;

static DecimalFields fields_split(const DecimalTraits *t, DecBits bits)
{
    U128 raw = U128_MAKE(bits.hi, bits.lo);
    int trailing = t->declets * 10;

    return (DecimalFields){
        .sign = (raw >> (trailing + t->exp_bits + 5)) & 1,
        .combination = (raw >> (trailing + t->exp_bits)) & 0x1f,
        .exponent = (raw >> trailing) & ((1u << t->exp_bits) - 1),
        .trailing = raw & (((U128)1 << trailing) - 1),
    };
}

static DecBits fields_join(const DecimalTraits *t, DecimalFields x)
{
    int trailing = t->declets * 10;
    U128 raw = (U128)x.sign << (trailing + t->exp_bits + 5) |
               (U128)x.combination << (trailing + t->exp_bits) | (U128)x.exponent << trailing |
               x.trailing;

    return (DecBits){ raw >> 64, raw };
}

static U128 trailing_decode(const DecimalTraits *t, U128 trailing)
{
    U128 coef = 0;
    int i;

    for (i = t->declets - 1; i >= 0; i--) {
        coef = coef * 1000 + declet_decode((unsigned)(trailing >> (10 * i)) & 0x3ff);
    }
    return coef;
}

static U128 trailing_encode(const DecimalTraits *t, U128 coef)
{
    U128 trailing = 0;
    int i;

    for (i = 0; i < t->declets; i++) {
        trailing |= (U128)declet_encode(coef % 1000) << (10 * i);
        coef /= 1000;
    }
    return trailing;
}

Decimal decimal_unpack(DecFormat f, DecBits bits)
{
    const DecimalTraits *t = &decimal_traits[f];
    DecimalFields x = fields_split(t, bits);
    Decimal d = { .sign = x.sign, .coef = trailing_decode(t, x.trailing) };
    unsigned digit, high;

    if (x.combination == COMBINATION_NAN) {
        d.cls = x.exponent >> (t->exp_bits - 1) ? DECIMAL_SNAN : DECIMAL_QNAN;
    } else if (x.combination == COMBINATION_INF) {
        d.cls = DECIMAL_INF;
    } else {
        if (x.combination >> 3 == 3) {
            high = x.combination >> 1 & 3;
            digit = 8 + (x.combination & 1);
        } else {
            high = x.combination >> 3;
            digit = x.combination & 7;
        }
        d.cls = DECIMAL_FINITE;
        d.exp = (int)(high << t->exp_bits | x.exponent) + t->exp_min;
        d.coef += digit * decimal_power(t->digits - 1);
    }
    return d;
}

DecBits decimal_pack(DecFormat f, Decimal d)
{
    const DecimalTraits *t = &decimal_traits[f];
    U128 leading = decimal_power(t->digits - 1);
    DecimalFields x = { .sign = d.sign };
    unsigned biased, digit, high;

    x.trailing = trailing_encode(t, d.coef % leading);
    if (d.cls != DECIMAL_FINITE) {
        x.combination = d.cls == DECIMAL_INF ? COMBINATION_INF : COMBINATION_NAN;
        x.exponent = d.cls == DECIMAL_SNAN ? 1u << (t->exp_bits - 1) : 0;
        return fields_join(t, x);
    }
    g_assert(d.exp >= t->exp_min && d.exp <= t->exp_max && d.coef / leading <= 9);
    biased = d.exp - t->exp_min;
    digit = d.coef / leading;
    high = biased >> t->exp_bits;
    x.exponent = biased & ((1u << t->exp_bits) - 1);
    x.combination = digit < 8 ? high << 3 | digit : 0x18 | high << 1 | (digit & 1);
    return fields_join(t, x);
}

FloatClass decimal_classify(DecFormat f, DecBits a)
{
    Decimal d = decimal_unpack(f, a);

    switch (d.cls) {
    case DECIMAL_INF:
        return FLOAT_CLASS_INFINITY;
    case DECIMAL_QNAN:
        return FLOAT_CLASS_QNAN;
    case DECIMAL_SNAN:
        return FLOAT_CLASS_SNAN;
    }
    if (d.coef == 0) {
        return FLOAT_CLASS_ZERO;
    }
    return d.exp + decimal_count_digits(d.coef) - 1 < decimal_normal_min(&decimal_traits[f])
               ? FLOAT_CLASS_DENORMAL : FLOAT_CLASS_NORMAL;
}

DecGroup decimal_group(DecFormat f, DecBits a)
{
    const DecimalTraits *t = &decimal_traits[f];
    Decimal d = decimal_unpack(f, a);
    bool extreme = d.exp == t->exp_min || d.exp == t->exp_max;

    if (d.cls != DECIMAL_FINITE) {
        return DEC_GROUP_SPECIAL;
    }
    if (d.coef == 0) {
        return extreme ? DEC_GROUP_ZERO_EXTREME : DEC_GROUP_ZERO;
    }
    if (extreme || d.exp + decimal_count_digits(d.coef) - 1 < decimal_normal_min(t)) {
        return DEC_GROUP_NONZERO_EXTREME;
    }
    return d.coef < decimal_power(t->digits - 1) ? DEC_GROUP_LEADING_ZERO : DEC_GROUP_FULL;
}

bool decimal_is_negative(DecFormat f, DecBits a)
{
    return fields_split(&decimal_traits[f], a).sign;
}

FloatRelation decimal_compare_exponent(DecFormat f, DecBits a, DecBits b)
{
    Decimal x = decimal_unpack(f, a), y = decimal_unpack(f, b);

    if (x.cls != DECIMAL_FINITE || y.cls != DECIMAL_FINITE) {
        bool same = x.cls == y.cls || (x.cls >= DECIMAL_QNAN && y.cls >= DECIMAL_QNAN);

        return same ? FLOAT_EQUAL : FLOAT_UNORDERED;
    }
    return x.exp < y.exp ? FLOAT_LESS : x.exp > y.exp ? FLOAT_GREATER : FLOAT_EQUAL;
}

FloatRelation decimal_test_significance(DecFormat f, unsigned k, DecBits b)
{
    Decimal d = decimal_unpack(f, b);
    unsigned digits;

    if (d.cls != DECIMAL_FINITE) {
        return FLOAT_UNORDERED;
    }
    digits = decimal_count_digits(d.coef);
    if (k == 0 || digits == 0 || k > digits) {
        return FLOAT_GREATER;
    }
    return k < digits ? FLOAT_LESS : FLOAT_EQUAL;
}

DecBits decimal_to_bcd(DecFormat f, bool is_signed, bool plus_is_f, DecBits b)
{
    Decimal d = decimal_unpack(f, b);
    int width = f == DEC128 ? 128 : 64, shift = 0;
    U128 bcd = 0;

    if (is_signed) {
        bcd = d.sign ? 0xd : plus_is_f ? 0xf : 0xc;
        shift = 4;
    }
    for (; shift < width; shift += 4) {
        bcd |= d.coef % 10 << shift;
        d.coef /= 10;
    }
    return (DecBits){ bcd >> 64, bcd };
}

DecBits decimal_from_bcd(DecFormat f, bool is_signed, DecBits b, DecStatus *s)
{
    U128 bcd = U128_MAKE(b.hi, b.lo);
    int shift = f == DEC128 ? 128 : 64, end = is_signed ? 4 : 0;
    Decimal d = { .cls = DECIMAL_FINITE };
    bool valid = true;

    while (shift > end) {
        unsigned digit;

        shift -= 4;
        digit = (unsigned)(bcd >> shift) & 0xf;
        valid &= digit <= 9;
        d.coef = d.coef * 10 + digit;
    }
    if (is_signed) {
        unsigned code = bcd & 0xf;

        valid &= code >= 0xa;
        d.sign = code == 0xb || code == 0xd;
    }
    if (!valid) {
        s->flags |= FLOAT_FLAG_INT_CONVERT;
        d = (Decimal){ .cls = DECIMAL_QNAN };
    }
    return decimal_pack(f, d);
}

int64_t decimal_extract_exponent(DecFormat f, DecBits b)
{
    Decimal d = decimal_unpack(f, b);

    switch (d.cls) {
    case DECIMAL_INF:
        return -1;
    case DECIMAL_QNAN:
        return -2;
    case DECIMAL_SNAN:
        return -3;
    }
    return d.exp - decimal_traits[f].exp_min;
}

DecBits decimal_insert_exponent(DecFormat f, int64_t exponent, DecBits b)
{
    const DecimalTraits *t = &decimal_traits[f];
    Decimal d = decimal_unpack(f, b);

    if (exponent >= 0 && exponent <= t->exp_max - t->exp_min) {
        d.cls = DECIMAL_FINITE;
        d.exp = exponent + t->exp_min;
    } else {
        d.cls = exponent == -1 ? DECIMAL_INF : exponent == -3 ? DECIMAL_SNAN : DECIMAL_QNAN;
    }
    return decimal_pack(f, d);
}

/* Digits a shift works on: a NaN or infinity has no leading digit. */
static int shift_digits(DecFormat f, Decimal d)
{
    return decimal_traits[f].digits - (d.cls != DECIMAL_FINITE);
}

DecBits decimal_shift_left(DecFormat f, DecBits a, unsigned n)
{
    Decimal d = decimal_unpack(f, a);
    int digits = shift_digits(f, d);

    if ((int)n >= digits) {
        d.coef = 0;
    } else {
        d.coef = d.coef % decimal_power(digits - n) * decimal_power(n);
    }
    return decimal_pack(f, d);
}

DecBits decimal_shift_right(DecFormat f, DecBits a, unsigned n)
{
    Decimal d = decimal_unpack(f, a);

    d.coef = (int)n >= shift_digits(f, d) ? 0 : d.coef / decimal_power(n);
    return decimal_pack(f, d);
}
