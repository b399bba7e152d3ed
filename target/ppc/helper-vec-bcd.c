/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal integers in vector registers (Power ISA 3.0B book I 6.17): packed (31 digits and a sign,
 * or 32 digits), zoned (16 digits) and national (7 UTF-16 digits and a sign).
 *
 * Results that the architecture leaves undefined, those of invalid operands, are all ones.
 */
#include "helper-vec.h"

typedef unsigned __int128 U128;
typedef __int128 S128;

enum { CR_NEGATIVE = 8, CR_POSITIVE = 4, CR_ZERO = 2, CR_OVERFLOW = 1 };

/* A number with its digits in nibbles, the last digit in the lowest one. */
typedef struct Decimal {
    U128 digits;
    bool negative;
    bool valid;
} Decimal;

static U128 whole(const V128 *v)
{
    return (U128)VEC_D(*v, 0) << 64 | VEC_D(*v, 1);
}

static V128 from_whole(U128 value)
{
    V128 v;

    VEC_D(v, 0) = (uint64_t)(value >> 64);
    VEC_D(v, 1) = (uint64_t)value;
    return v;
}

static U128 power_of_ten(unsigned n)
{
    U128 power = 1;

    while (n--) {
        power *= 10;
    }
    return power;
}

/* The low n digits alone. */
static U128 low_digits(U128 digits, unsigned n)
{
    return n >= 32 ? digits : digits & (((U128)1 << 4 * n) - 1);
}

static bool digits_valid(U128 digits)
{
    for (; digits; digits >>= 4) {
        if ((digits & 15) > 9) {
            return false;
        }
    }
    return true;
}

static U128 to_binary(U128 digits)
{
    U128 value = 0;

    for (unsigned i = 0; i < 32; i++) {
        value = value * 10 + (digits >> (124 - 4 * i) & 15);
    }
    return value;
}

static U128 to_digits(U128 value)
{
    U128 digits = 0;

    for (unsigned i = 0; i < 32; i++) {
        digits |= (value % 10) << 4 * i;
        value /= 10;
    }
    return digits;
}

static bool sign_negative(unsigned sign)
{
    return sign == 0xb || sign == 0xd;
}

static Decimal packed(const V128 *v)
{
    U128 value = whole(v);
    unsigned sign = value & 15;

    return (Decimal){value >> 4, sign_negative(sign), sign >= 10 && digits_valid(value >> 4)};
}

/* The preferred codes. */
static unsigned sign_code(bool negative, bool ps)
{
    return negative ? 0xd : ps ? 0xf : 0xc;
}

static uint32_t class_of(bool zero, bool negative)
{
    return zero ? CR_ZERO : negative ? CR_NEGATIVE : CR_POSITIVE;
}

static uint32_t invalid(V128 *d)
{
    *d = from_whole(~(U128)0);
    return CR_OVERFLOW;
}

/* ---- Arithmetic ---- */

static uint32_t add(V128 *d, Decimal a, Decimal b, bool ps)
{
    if (!a.valid || !b.valid) {
        return invalid(d);
    }
    S128 x = (S128)to_binary(a.digits), y = (S128)to_binary(b.digits);
    S128 sum = (a.negative ? -x : x) + (b.negative ? -y : y);
    U128 magnitude = (U128)(sum < 0 ? -sum : sum), limit = power_of_ten(31);

    *d = from_whole(to_digits(magnitude % limit) << 4 | sign_code(sum < 0, ps));
    return class_of(sum == 0, sum < 0) | (magnitude >= limit ? CR_OVERFLOW : 0);
}

static uint32_t copy_sign(V128 *d, const V128 *a, const V128 *b)
{
    Decimal x = packed(a), y = packed(b);

    if (!x.valid || !y.valid) {
        return invalid(d);
    }
    *d = from_whole(x.digits << 4 | (whole(b) & 15));
    return class_of(!x.digits, y.negative);
}

static uint32_t set_sign(V128 *d, Decimal b, bool ps)
{
    if (!b.valid) {
        return invalid(d);
    }
    *d = from_whole(b.digits << 4 | sign_code(b.negative, ps));
    return class_of(!b.digits, b.negative);
}

/* ---- Shifts: the count is the signed byte element 7 of VRA, positive to the left ---- */

/* Shifts within `width` digits; reports digits lost on the left, rounds those lost on the right. */
static U128 shift_digits(U128 digits, int count, unsigned width, bool round, bool *lost)
{
    if (count >= 0) {
        unsigned kept = (unsigned)count >= width ? 0 : width - (unsigned)count;
        *lost = low_digits(digits, kept) != digits;
        return kept ? low_digits(digits, kept) << 4 * count : 0;
    }
    unsigned n = (unsigned)-count;
    *lost = false;
    if (n > width) {
        return 0;
    }
    bool up = round && (digits >> 4 * (n - 1) & 15) >= 5;
    digits = n >= 32 ? 0 : digits >> 4 * n;
    return up ? to_digits(to_binary(digits) + 1) : digits;
}

static uint32_t shift(V128 *d, const V128 *a, const V128 *b, bool ps, bool round)
{
    Decimal x = packed(b);
    bool lost;

    if (!x.valid) {
        return invalid(d);
    }
    U128 digits = shift_digits(x.digits, (int8_t)VEC_B(*a, 7), 31, round, &lost);
    *d = from_whole(digits << 4 | sign_code(x.negative, ps));
    return class_of(!digits, x.negative) | (lost ? CR_OVERFLOW : 0);
}

static uint32_t shift_unsigned(V128 *d, const V128 *a, const V128 *b)
{
    U128 digits = whole(b);
    bool lost;

    if (!digits_valid(digits)) {
        return invalid(d);
    }
    digits = shift_digits(digits, (int8_t)VEC_B(*a, 7), 32, false, &lost);
    *d = from_whole(digits);
    return class_of(!digits, false) | (lost ? CR_OVERFLOW : 0);
}

/* ---- Truncation to as many digits as halfword element 3 of VRA says ---- */

static uint32_t truncate_packed(V128 *d, const V128 *a, const V128 *b, bool ps)
{
    Decimal x = packed(b);

    if (!x.valid) {
        return invalid(d);
    }
    U128 digits = low_digits(x.digits, MIN(VEC_H(*a, 3), 31));
    *d = from_whole(digits << 4 | sign_code(x.negative, ps));
    return class_of(!digits, x.negative) | (digits != x.digits ? CR_OVERFLOW : 0);
}

static uint32_t truncate_unsigned(V128 *d, const V128 *a, const V128 *b)
{
    U128 all = whole(b);

    if (!digits_valid(all)) {
        return invalid(d);
    }
    U128 digits = low_digits(all, MIN(VEC_H(*a, 3), 32));
    *d = from_whole(digits);
    return class_of(!digits, false) | (digits != all ? CR_OVERFLOW : 0);
}

/* ---- National decimals: UTF-16 digits, '+' or '-' last ---- */

static uint32_t from_national(V128 *d, const V128 *b, bool ps)
{
    unsigned sign = VEC_H(*b, 7);
    U128 digits = 0;
    bool ok = sign == '+' || sign == '-';

    for (unsigned i = 0; i < 7; i++) {
        unsigned digit = VEC_H(*b, i) - '0';
        ok = ok && digit <= 9;
        digits = digits << 4 | (digit & 15);
    }
    if (!ok) {
        return invalid(d);
    }
    *d = from_whole(digits << 4 | sign_code(sign == '-', ps));
    return class_of(!digits, sign == '-');
}

static uint32_t to_national(V128 *d, Decimal b)
{
    V128 out;

    if (!b.valid) {
        return invalid(d);
    }
    for (unsigned i = 0; i < 7; i++) {
        VEC_H(out, i) = '0' + (unsigned)(b.digits >> 4 * (6 - i) & 15);
    }
    VEC_H(out, 7) = b.negative ? '-' : '+';
    *d = out;
    return class_of(!b.digits, b.negative) | (b.digits >> 28 ? CR_OVERFLOW : 0);
}

/* ---- Zoned decimals: zones 3, bit 2 of the last is minus (PS = 0); F and a sign (PS = 1) ---- */

static uint32_t from_zoned(V128 *d, const V128 *b, bool ps)
{
    unsigned sign = VEC_B(*b, 15) >> 4;
    bool negative = ps ? sign_negative(sign) : sign & 4;
    bool ok = !ps || sign >= 10;
    U128 digits = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned zone = VEC_B(*b, i) >> 4, digit = VEC_B(*b, i) & 15;
        ok = ok && digit <= 9 && (i == 15 || zone == (ps ? 15 : 3));
        digits = digits << 4 | digit;
    }
    if (!ok) {
        return invalid(d);
    }
    *d = from_whole(digits << 4 | sign_code(negative, false));
    return class_of(!digits, negative);
}

static uint32_t to_zoned(V128 *d, Decimal b, bool ps)
{
    unsigned zone = ps ? 15 : 3, sign = ps ? sign_code(b.negative, false) : b.negative ? 7 : 3;
    V128 out;

    if (!b.valid) {
        return invalid(d);
    }
    for (unsigned i = 0; i < 16; i++) {
        VEC_B(out, i) = (uint8_t)((i == 15 ? sign : zone) << 4 |
                                  (unsigned)(b.digits >> 4 * (15 - i) & 15));
    }
    *d = out;
    return class_of(!b.digits, b.negative) | (b.digits >> 64 ? CR_OVERFLOW : 0);
}

/* ---- Binary quadwords ---- */

static uint32_t from_binary(V128 *d, const V128 *b, bool ps)
{
    S128 value = (S128)whole(b);
    U128 magnitude = value < 0 ? -(U128)value : (U128)value, limit = power_of_ten(31);

    *d = from_whole(to_digits(magnitude % limit) << 4 | sign_code(value < 0, ps));
    return class_of(!value, value < 0) | (magnitude >= limit ? CR_OVERFLOW : 0);
}

static uint32_t to_quadword(V128 *d, Decimal b)
{
    if (!b.valid) {
        return invalid(d);
    }
    U128 value = to_binary(b.digits);
    *d = from_whole(b.negative ? -value : value);
    return class_of(!value, b.negative);
}

static uint32_t run(V128 *d, const V128 *a, const V128 *b, uint32_t how)
{
    bool ps = how & 1;
    Decimal second;

    switch ((BCDOp)(how >> 1)) {
    case BCD_ADD: return add(d, packed(a), packed(b), ps);
    case BCD_SUB:
        second = packed(b);
        second.negative = !second.negative;
        return add(d, packed(a), second, ps);
    case BCD_COPY_SIGN: return copy_sign(d, a, b);
    case BCD_SHIFT: return shift(d, a, b, ps, false);
    case BCD_SHIFT_ROUND: return shift(d, a, b, ps, true);
    case BCD_SHIFT_UNSIGNED: return shift_unsigned(d, a, b);
    case BCD_TRUNCATE: return truncate_packed(d, a, b, ps);
    case BCD_TRUNCATE_UNSIGNED: return truncate_unsigned(d, a, b);
    case BCD_FROM_NATIONAL: return from_national(d, b, ps);
    case BCD_TO_NATIONAL: return to_national(d, packed(b));
    case BCD_FROM_ZONED: return from_zoned(d, b, ps);
    case BCD_TO_ZONED: return to_zoned(d, packed(b), ps);
    case BCD_FROM_BINARY: return from_binary(d, b, ps);
    case BCD_TO_BINARY: return to_quadword(d, packed(b));
    case BCD_SET_SIGN: return set_sign(d, packed(b), ps);
    }
    g_assert_not_reached();
}

static void helper_bcd(V128 *d, const V128 *a, const V128 *b, uint32_t how)
{
    V128 out;

    run(&out, a, b, how);
    *d = out;
}

static uint32_t helper_bcd_cr(const V128 *a, const V128 *b, uint32_t how)
{
    V128 out;

    return run(&out, a, b, how);
}

#define PURE (IRH_PURE | IRH_KEEPS_TLB)
PPC_HELPER_ROW(bcd, IR_V128, PURE, IRA_V128, IRA_V128, IRA_I32);
PPC_HELPER_ROW(bcd_cr, IR_I32, PURE, IRA_V128, IRA_V128, IRA_I32);
