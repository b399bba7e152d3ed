/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal floating-point arithmetic; see include/fpu/decfloat.h.
 *
 * Coefficients are binary integers: at most 34 digits fit 128 bits, an exact product or a scaled
 * dividend (at most 77 digits) 256.  Every operation forms its exact result, or one with digits
 * to spare and a sticky bit, and the ideal exponent, and decimal_finish() rounds it.
 */
#include <glib.h>

#include "decimal.h"

/* Digits a U256 certainly holds. */
#define U256_DIGITS 77

/* An unrounded result: coef * 10^exp, plus a bit less than 10^exp if sticky is set. */
typedef struct Unrounded {
    U256 coef;
    int exp;
    bool sign;
    bool sticky;
} Unrounded;

static U256 power_wide(int n)
{
    g_assert(n <= 76);
    return n <= 38 ? (U256){ 0, decimal_power(n) } : u128_mul(decimal_power(38),
                                                              decimal_power(n - 38));
}

static int count_digits_wide(U256 a)
{
    int bits = 256 - u256_clz(a), digits = bits * 1233 >> 12;

    if (digits > 76) {
        return digits;
    }
    return digits + (u256_cmp(a, power_wide(digits)) >= 0);
}

static Decimal decimal_default_nan(DecStatus *s, uint32_t kind)
{
    s->flags |= kind;
    return (Decimal){ .cls = DECIMAL_QNAN };
}

static Decimal decimal_quiet(Decimal d, DecStatus *s)
{
    if (d.cls == DECIMAL_SNAN) {
        s->flags |= FLOAT_FLAG_SNAN;
        d.cls = DECIMAL_QNAN;
    }
    return d;
}

static bool decimal_is_nan(Decimal d)
{
    return d.cls >= DECIMAL_QNAN;
}

/* The NaN to deliver when a or b is one: unlike binary, a signalling one goes first. */
static Decimal decimal_pick_nan(Decimal a, Decimal b, DecStatus *s)
{
    bool second = a.cls != DECIMAL_SNAN && (b.cls == DECIMAL_SNAN || !decimal_is_nan(a));

    return decimal_quiet(second ? b : a, s);
}

static Decimal decimal_infinity(bool sign)
{
    return (Decimal){ .cls = DECIMAL_INF, .sign = sign };
}

/*
 * Whether to increase the magnitude.  place compares what is dropped with half a unit of the last
 * digit kept (-1 less, 0 equal, 1 more); it is not zero.
 */
static bool rounding_increments(unsigned round, bool sign, unsigned last_digit, int place)
{
    switch (round) {
    case DEC_ROUND_NEAREST_EVEN:
        return place > 0 || (place == 0 && (last_digit & 1));
    case DEC_ROUND_UP:
        return !sign;
    case DEC_ROUND_DOWN:
        return sign;
    case DEC_ROUND_NEAREST_AWAY:
        return place >= 0;
    case DEC_ROUND_NEAREST_ZERO:
        return place > 0;
    case DEC_ROUND_AWAY:
        return true;
    case DEC_ROUND_SHORTER:
        return last_digit == 0 || last_digit == 5;
    default:
        return false;
    }
}

/*
 * Drops the last n digits of u and rounds what remains by one unit at most.  Returns INEXACT and
 * ROUNDED_UP as they apply; u->sticky is clear afterwards.
 */
static uint32_t unrounded_drop(Unrounded *u, int n, unsigned round)
{
    U128 unit, rem, digit;
    bool inc;
    int place;

    u->exp += n;
    n = MIN(n, U256_DIGITS + 2);
    while (n > 38) {
        u->coef = u256_div(u->coef, decimal_power(38), &rem);
        u->sticky |= rem != 0;
        n -= 38;
    }
    unit = decimal_power(n);
    u->coef = u256_div(u->coef, unit, &rem);
    if (rem == 0 && !u->sticky) {
        return 0;
    }
    if (n == 0 || rem < unit / 2) {
        place = -1;
    } else {
        place = rem > unit / 2 || u->sticky;
    }
    u256_div(u->coef, 10, &digit);
    inc = rounding_increments(round, u->sign, digit, place);
    u->coef = u256_add(u->coef, (U256){ 0, inc });
    u->sticky = false;
    return FLOAT_FLAG_INEXACT | (inc ? FLOAT_FLAG_ROUNDED_UP : 0);
}

/* Overflow that is not enabled: infinity or the greatest finite number. */
static Decimal decimal_overflow(const DecimalTraits *t, bool sign, DecStatus *s)
{
    bool finite;

    switch (s->round) {
    case DEC_ROUND_TO_ZERO:
    case DEC_ROUND_SHORTER:
        finite = true;
        break;
    case DEC_ROUND_UP:
        finite = sign;
        break;
    case DEC_ROUND_DOWN:
        finite = !sign;
        break;
    default:
        finite = false;
        break;
    }
    s->flags |= FLOAT_FLAG_OVERFLOW | FLOAT_FLAG_INEXACT | (finite ? 0 : FLOAT_FLAG_ROUNDED_UP);
    if (!finite) {
        return decimal_infinity(sign);
    }
    return (Decimal){ .cls = DECIMAL_FINITE, .sign = sign, .exp = t->exp_max,
                      .coef = decimal_power(t->digits) - 1 };
}

/*
 * Rounds u to format f.  An exact result gets the exponent nearest to `ideal` that can express
 * it.  Tininess is judged before rounding; enabled traps wrap the exponents.
 */
static Decimal decimal_finish(DecFormat f, Unrounded u, int ideal, DecStatus *s)
{
    const DecimalTraits *t = &decimal_traits[f];
    Decimal d = { .cls = DECIMAL_FINITE, .sign = u.sign };
    int digits = count_digits_wide(u.coef), room;
    uint32_t flags;
    bool tiny;
    U128 rem;

    if (digits == 0 && !u.sticky) {
        d.exp = CLAMP(ideal, t->exp_min, t->exp_max);
        return d;
    }
    tiny = u.exp + digits - 1 < decimal_normal_min(t);
    if (tiny && s->underflow_enabled) {
        s->flags |= FLOAT_FLAG_UNDERFLOW;
        u.exp += t->wrap;
        ideal += t->wrap;
    }
    while (!u.sticky && u.exp < ideal && digits > 1) {
        U256 q = u256_div(u.coef, 10, &rem);

        if (rem != 0) {
            break;
        }
        u.coef = q;
        u.exp++;
        digits--;
    }
    flags = unrounded_drop(&u, MAX(MAX(digits - t->digits, t->exp_min - u.exp), 0), s->round);
    s->flags |= flags;
    if (tiny && flags) {
        s->flags |= FLOAT_FLAG_UNDERFLOW;
    }
    d.coef = u.coef.lo;
    if (d.coef == decimal_power(t->digits)) {
        d.coef /= 10;
        u.exp++;
    }
    digits = decimal_count_digits(d.coef);
    if (u.exp + digits - 1 > t->exp_max + t->digits - 1) {
        if (!s->overflow_enabled) {
            s->flags &= ~flags;
            return decimal_overflow(t, u.sign, s);
        }
        s->flags |= FLOAT_FLAG_OVERFLOW;
        u.exp -= t->wrap;
        ideal -= t->wrap;
    }
    /* A wrapped result may still be out of range, when it came from a wider format. */
    if (u.exp + digits - 1 > t->exp_max + t->digits - 1) {
        return decimal_infinity(u.sign);
    }
    /* Zeros on the right bring the exponent down to the ideal one, or into range. */
    room = t->digits - digits;
    if (u.exp > ideal && !flags) {
        int n = MIN(u.exp - MAX(ideal, t->exp_min), room);

        n = MAX(n, 0);
        d.coef *= decimal_power(n);
        u.exp -= n;
        room -= n;
    }
    if (u.exp > t->exp_max) {
        d.coef *= decimal_power(u.exp - t->exp_max);
        u.exp = t->exp_max;
    }
    d.exp = d.coef == 0 ? CLAMP(u.exp, t->exp_min, t->exp_max) : u.exp;
    return d;
}

static Decimal decimal_add_unpacked(DecFormat f, Decimal a, Decimal b, DecStatus *s)
{
    Unrounded u = { 0 };
    U256 x, y;
    U128 rem = 0;
    int ideal, diff;

    if (decimal_is_nan(a) || decimal_is_nan(b)) {
        return decimal_pick_nan(a, b, s);
    }
    if (a.cls == DECIMAL_INF || b.cls == DECIMAL_INF) {
        if (a.cls == b.cls && a.sign != b.sign) {
            return decimal_default_nan(s, FLOAT_FLAG_INF_SUB_INF);
        }
        return decimal_infinity(a.cls == DECIMAL_INF ? a.sign : b.sign);
    }
    ideal = MIN(a.exp, b.exp);
    if (a.coef == 0 && b.coef == 0) {
        u.sign = a.sign == b.sign ? a.sign : s->round == DEC_ROUND_DOWN;
        return decimal_finish(f, u, ideal, s);
    }
    if (a.coef == 0 || b.coef == 0) {
        Decimal n = a.coef == 0 ? b : a;

        u = (Unrounded){ .coef = { 0, n.coef }, .exp = n.exp, .sign = n.sign };
        return decimal_finish(f, u, ideal, s);
    }
    if (a.exp < b.exp) {
        Decimal swap = a;

        a = b;
        b = swap;
    }
    /* a is scaled by 40 digits at most: then b lies below all the digits that can be kept. */
    diff = MIN(a.exp - b.exp, 40);
    x = u256_mul_u128(u128_mul(a.coef, decimal_power(MIN(diff, 38))),
                      decimal_power(diff - MIN(diff, 38)));
    u.exp = a.exp - diff;
    y = (U256){ 0, b.coef };
    if (u.exp > b.exp) {
        y = u256_div(y, decimal_power(MIN(u.exp - b.exp, 38)), &rem);
        u.sticky = rem != 0;
    }
    u.sign = a.sign;
    if (a.sign == b.sign) {
        u.coef = u256_add(x, y);
    } else if (u256_cmp(x, y) > 0) {
        u.coef = u256_sub(u256_sub(x, y), (U256){ 0, u.sticky });
    } else if (u256_cmp(x, y) == 0) {
        u.coef = (U256){ 0, 0 };
        u.sign = s->round == DEC_ROUND_DOWN;
    } else {
        u.coef = u256_sub(y, x);
        u.sign = b.sign;
    }
    return decimal_finish(f, u, ideal, s);
}

DecBits decimal_add(DecFormat f, DecBits a, DecBits b, DecStatus *s)
{
    return decimal_pack(f, decimal_add_unpacked(f, decimal_unpack(f, a), decimal_unpack(f, b), s));
}

DecBits decimal_sub(DecFormat f, DecBits a, DecBits b, DecStatus *s)
{
    Decimal y = decimal_unpack(f, b);

    y.sign ^= !decimal_is_nan(y);
    return decimal_pack(f, decimal_add_unpacked(f, decimal_unpack(f, a), y, s));
}

DecBits decimal_mul(DecFormat f, DecBits a, DecBits b, DecStatus *s)
{
    Decimal x = decimal_unpack(f, a), y = decimal_unpack(f, b);
    bool sign = x.sign ^ y.sign;
    Unrounded u;

    if (decimal_is_nan(x) || decimal_is_nan(y)) {
        return decimal_pack(f, decimal_pick_nan(x, y, s));
    }
    if (x.cls == DECIMAL_INF || y.cls == DECIMAL_INF) {
        if ((x.cls == DECIMAL_FINITE && x.coef == 0) || (y.cls == DECIMAL_FINITE && y.coef == 0)) {
            return decimal_pack(f, decimal_default_nan(s, FLOAT_FLAG_INF_MUL_ZERO));
        }
        return decimal_pack(f, decimal_infinity(sign));
    }
    u = (Unrounded){ .coef = u128_mul(x.coef, y.coef), .exp = x.exp + y.exp, .sign = sign };
    return decimal_pack(f, decimal_finish(f, u, u.exp, s));
}

DecBits decimal_div(DecFormat f, DecBits a, DecBits b, DecStatus *s)
{
    Decimal x = decimal_unpack(f, a), y = decimal_unpack(f, b);
    Unrounded u = { .sign = x.sign ^ y.sign };
    int scale, ideal = x.exp - y.exp;
    U256 dividend;
    U128 rem;

    if (decimal_is_nan(x) || decimal_is_nan(y)) {
        return decimal_pack(f, decimal_pick_nan(x, y, s));
    }
    if (x.cls == DECIMAL_INF) {
        return decimal_pack(f, y.cls == DECIMAL_INF
                                   ? decimal_default_nan(s, FLOAT_FLAG_INF_DIV_INF)
                                   : decimal_infinity(u.sign));
    }
    if (y.cls == DECIMAL_INF) {
        /* Zero with the least exponent. */
        return decimal_pack(f, decimal_finish(f, u, decimal_traits[f].exp_min, s));
    }
    if (y.coef == 0) {
        if (x.coef == 0) {
            return decimal_pack(f, decimal_default_nan(s, FLOAT_FLAG_ZERO_DIV_ZERO));
        }
        s->flags |= FLOAT_FLAG_DIVBYZERO;
        return decimal_pack(f, decimal_infinity(u.sign));
    }
    if (x.coef == 0) {
        return decimal_pack(f, decimal_finish(f, u, ideal, s));
    }
    /* Scaled so that the quotient has at least one digit more than the format. */
    scale = decimal_traits[f].digits + 2 + decimal_count_digits(y.coef) -
            decimal_count_digits(x.coef);
    scale = MAX(scale, 0);
    dividend = u256_mul_u128(u128_mul(x.coef, decimal_power(MIN(scale, 38))),
                             decimal_power(scale - MIN(scale, 38)));
    u.coef = u256_div(dividend, y.coef, &rem);
    u.sticky = rem != 0;
    u.exp = ideal - scale;
    return decimal_pack(f, decimal_finish(f, u, ideal, s));
}

FloatRelation decimal_compare(DecFormat f, DecBits a, DecBits b, bool signalling, DecStatus *s)
{
    Decimal x = decimal_unpack(f, a), y = decimal_unpack(f, b);
    int magnitude, top_x, top_y;

    if (decimal_is_nan(x) || decimal_is_nan(y)) {
        if (x.cls == DECIMAL_SNAN || y.cls == DECIMAL_SNAN) {
            s->flags |= FLOAT_FLAG_SNAN;
        }
        if (signalling) {
            s->flags |= FLOAT_FLAG_COMPARE;
        }
        return FLOAT_UNORDERED;
    }
    /* Infinities are greater than any finite number, zeros less than any other. */
    top_x = x.cls == DECIMAL_INF ? 100000
            : x.coef == 0        ? -100000
                                 : x.exp + decimal_count_digits(x.coef);
    top_y = y.cls == DECIMAL_INF ? 100000
            : y.coef == 0        ? -100000
                                 : y.exp + decimal_count_digits(y.coef);
    if (top_x == -100000 && top_y == -100000) {
        return FLOAT_EQUAL;
    }
    if (x.sign != y.sign) {
        return (top_x == -100000 ? !y.sign : x.sign) ? FLOAT_LESS : FLOAT_GREATER;
    }
    if (top_x != top_y) {
        magnitude = top_x < top_y ? -1 : 1;
    } else if (x.cls == DECIMAL_INF) {
        magnitude = 0;
    } else {
        if (x.exp > y.exp) {
            x.coef *= decimal_power(x.exp - y.exp);
        } else {
            y.coef *= decimal_power(y.exp - x.exp);
        }
        magnitude = x.coef < y.coef ? -1 : x.coef > y.coef;
    }
    return x.sign ? -magnitude : magnitude;
}

/* A finite d with exponent exp, if the format has room for the digits. */
static Decimal decimal_requantize(DecFormat f, Decimal d, int exp, DecRound round, DecStatus *s)
{
    const DecimalTraits *t = &decimal_traits[f];
    Unrounded u = { .coef = { 0, d.coef }, .exp = d.exp, .sign = d.sign };

    if (exp > d.exp) {
        s->flags |= unrounded_drop(&u, exp - d.exp, round);
        d.coef = u.coef.lo;
    } else if (d.coef != 0) {
        if (decimal_count_digits(d.coef) + d.exp - exp > t->digits) {
            return decimal_default_nan(s, FLOAT_FLAG_INT_CONVERT);
        }
        d.coef *= decimal_power(d.exp - exp);
    }
    d.exp = exp;
    return d;
}

DecBits decimal_quantize(DecFormat f, DecBits a, DecBits b, DecRound round, DecStatus *s)
{
    Decimal x = decimal_unpack(f, a), y = decimal_unpack(f, b);

    if (decimal_is_nan(x) || decimal_is_nan(y)) {
        return decimal_pack(f, decimal_pick_nan(x, y, s));
    }
    if (x.cls != y.cls) {
        return decimal_pack(f, decimal_default_nan(s, FLOAT_FLAG_INT_CONVERT));
    }
    if (y.cls == DECIMAL_INF) {
        return decimal_pack(f, decimal_infinity(y.sign));
    }
    return decimal_pack(f, decimal_requantize(f, y, x.exp, round, s));
}

DecBits decimal_quantize_to(DecFormat f, int exponent, DecBits b, DecRound round, DecStatus *s)
{
    Decimal d = decimal_unpack(f, b);

    if (decimal_is_nan(d)) {
        return decimal_pack(f, decimal_quiet(d, s));
    }
    if (d.cls == DECIMAL_INF) {
        return decimal_pack(f, decimal_default_nan(s, FLOAT_FLAG_INT_CONVERT));
    }
    return decimal_pack(f, decimal_requantize(f, d, exponent, round, s));
}

DecBits decimal_reround(DecFormat f, unsigned k, DecBits b, DecRound round, DecStatus *s)
{
    Decimal d = decimal_unpack(f, b);
    Unrounded u = { .coef = { 0, d.coef }, .exp = d.exp, .sign = d.sign };
    int excess;

    if (decimal_is_nan(d)) {
        return decimal_pack(f, decimal_quiet(d, s));
    }
    if (d.cls == DECIMAL_INF) {
        return decimal_pack(f, decimal_infinity(d.sign));
    }
    excess = decimal_count_digits(d.coef) - (int)k;
    if (k != 0 && excess > 0) {
        uint32_t flags = unrounded_drop(&u, excess, round);

        if (u.coef.lo == decimal_power(k)) {
            u.coef.lo /= 10;
            u.exp++;
        }
        if (u.exp > decimal_traits[f].exp_max) {
            return decimal_pack(f, decimal_default_nan(s, FLOAT_FLAG_INT_CONVERT));
        }
        s->flags |= flags;
        d.coef = u.coef.lo;
        d.exp = u.exp;
    }
    return decimal_pack(f, d);
}

DecBits decimal_round_to_int(DecFormat f, DecBits b, DecRound round, bool signal_inexact,
                             DecStatus *s)
{
    Decimal d = decimal_unpack(f, b);
    DecStatus local = { 0 };

    if (decimal_is_nan(d)) {
        return decimal_pack(f, decimal_quiet(d, s));
    }
    if (d.cls == DECIMAL_INF) {
        return decimal_pack(f, decimal_infinity(d.sign));
    }
    if (d.exp < 0) {
        d = decimal_requantize(f, d, 0, round, &local);
        if (signal_inexact) {
            s->flags |= local.flags;
        }
    }
    return decimal_pack(f, d);
}

DecBits decimal_widen(DecFormat f, DecBits b, DecStatus *s)
{
    Decimal d = decimal_unpack(f, b);

    g_assert(f != DEC128);
    if (d.cls == DECIMAL_INF) {
        d = decimal_infinity(d.sign);
    } else if (f != DEC32) {
        d = decimal_quiet(d, s);
    }
    return decimal_pack(f + 1, d);
}

DecBits decimal_narrow(DecFormat f, DecBits b, DecStatus *s)
{
    Decimal d = decimal_unpack(f, b);

    g_assert(f != DEC32);
    if (d.cls == DECIMAL_INF) {
        d = decimal_infinity(d.sign);
    } else if (decimal_is_nan(d)) {
        if (f != DEC64) {
            d = decimal_quiet(d, s);
        }
    } else {
        Unrounded u = { .coef = { 0, d.coef }, .exp = d.exp, .sign = d.sign };

        d = decimal_finish(f - 1, u, d.exp, s);
    }
    return decimal_pack(f - 1, d);
}

DecBits decimal_from_int(DecFormat f, __int128 a, DecStatus *s)
{
    Unrounded u = { .coef = { 0, a < 0 ? -(U128)a : (U128)a }, .sign = a < 0 };

    return decimal_pack(f, decimal_finish(f, u, 0, s));
}

/* To an integer of 64 or 128 bits. */
static __int128 decimal_to_int(DecFormat f, DecBits b, int bits, DecStatus *s)
{
    Decimal d = decimal_unpack(f, b);
    U128 max = ~(U128)0 >> (129 - bits), limit = max + d.sign;
    Unrounded u = { .coef = { 0, d.coef }, .exp = d.exp, .sign = d.sign };
    uint32_t flags = 0;

    if (decimal_is_nan(d)) {
        s->flags |= FLOAT_FLAG_INT_CONVERT | (d.cls == DECIMAL_SNAN ? FLOAT_FLAG_SNAN : 0);
        return -max - 1;
    }
    if (d.cls == DECIMAL_FINITE) {
        if (d.coef == 0) {
            return 0;
        }
        if (d.exp < 0) {
            flags = unrounded_drop(&u, -d.exp, s->round);
        } else if (d.exp <= 38) {
            u.coef = u128_mul(d.coef, decimal_power(d.exp));
        }
        if (d.exp <= 38 && u.coef.hi == 0 && u.coef.lo <= limit) {
            s->flags |= flags;
            return d.sign ? -u.coef.lo : u.coef.lo;
        }
    }
    s->flags |= FLOAT_FLAG_INT_CONVERT;
    return d.sign ? -max - 1 : max;
}

int64_t decimal_to_int64(DecFormat f, DecBits b, DecStatus *s)
{
    return decimal_to_int(f, b, 64, s);
}

__int128 decimal_to_int128(DecFormat f, DecBits b, DecStatus *s)
{
    return decimal_to_int(f, b, 128, s);
}
