/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reciprocal, reciprocal root, exponential and logarithm estimates; see include/fpu/softfloat.h.
 *
 * The Power ISA bounds the error of the estimates and leaves the rest to the implementation; ours
 * are as good as the format allows, so that they do not depend on the host.
 */
#include "formats.h"

/* Estimates never say that they are inexact. */
static void estimate_finish(FloatStatus *s, const FloatStatus *local)
{
    float_raise(s, local->flags & ~(FLOAT_FLAG_INEXACT | FLOAT_FLAG_ROUNDED_UP));
}

#define ESTIMATES(prefix, suffix, type, one)                                                      \
    type prefix##_recip_estimate##suffix(type a, FloatStatus *s)                                  \
    {                                                                                             \
        FloatStatus local = *s;                                                                   \
        type r;                                                                                   \
                                                                                                  \
        local.flags = 0;                                                                          \
        r = prefix##_div##suffix(one, a, &local);                                                 \
        estimate_finish(s, &local);                                                               \
        return r;                                                                                 \
    }                                                                                             \
    type prefix##_rsqrt_estimate##suffix(type a, FloatStatus *s)                                  \
    {                                                                                             \
        FloatStatus local = *s;                                                                   \
        type r;                                                                                   \
                                                                                                  \
        local.flags = 0;                                                                          \
        r = prefix##_div##suffix(one, prefix##_sqrt(a, &local), &local);                          \
        estimate_finish(s, &local);                                                               \
        return r;                                                                                 \
    }

ESTIMATES(float32, , uint32_t, UINT32_C(0x3f800000))
ESTIMATES(float64, , uint64_t, UINT64_C(0x3ff0000000000000))
ESTIMATES(float64, _single, uint64_t, UINT64_C(0x3ff0000000000000))

/* Upper half of a product of two 64-bit fractions. */
static uint64_t fraction_mul(uint64_t a, uint64_t b)
{
    return (U128)a * b >> 64;
}

/* 2^x - 1 for x = f / 2^64, in units of 2^-64: the exponential series of x * ln 2. */
static uint64_t fraction_exp2m1(uint64_t f)
{
    const uint64_t ln2 = UINT64_C(0xb17217f7d1cf79ac); /* ln 2 * 2^64, rounded */
    uint64_t y = fraction_mul(f, ln2), sum = 0;
    int k;

    /* Horner from y^20/20!: sum = y/k * (1 + sum). */
    for (k = 20; k > 0; k--) {
        sum = (y + fraction_mul(y, sum)) / k;
    }
    return sum;
}

uint32_t float32_exp2_estimate(uint32_t a, FloatStatus *s)
{
    FloatStatus local = *s;
    FloatParts p = unpack32(a, s);
    uint64_t f = 0;
    U128 fixed;
    int n;

    local.flags = 0;
    if (parts_is_nan(p)) {
        return pack32(parts_quiet(p, s), s);
    }
    if (p.cls == PARTS_INF) {
        return pack32(p.sign ? parts_zero(false) : p, s);
    }
    if (p.cls == PARTS_ZERO) {
        return 0x3f800000u;
    }
    if (p.exp > 8) {
        n = 1000; /* past any exponent in either direction */
    } else {
        /* |x| < 512 in units of 2^-64; what is below them cannot matter. */
        fixed = u128_shr_jam(p.frac, 63 - p.exp);
        n = fixed >> 64;
        f = fixed;
    }
    if (p.sign) {
        n = f ? -n - 1 : -n;
        f = -f;
    }
    f = fraction_exp2m1(f);
    p = (FloatParts){ .cls = PARTS_NORMAL, .exp = n, .frac = PARTS_MSB | (U128)f << 63 };
    a = pack32(p, &local);
    estimate_finish(s, &local);
    return a;
}

uint32_t float32_log2_estimate(uint32_t a, FloatStatus *s)
{
    FloatStatus local = *s;
    FloatParts p = unpack32(a, s);
    U128 fraction = 0;
    bool sign;
    int i, exp;

    local.flags = 0;
    if (parts_is_nan(p)) {
        return pack32(parts_quiet(p, s), s);
    }
    if (p.cls == PARTS_ZERO) {
        return 0xff800000u;
    }
    if (p.sign) {
        return FLOAT32_DEFAULT_NAN;
    }
    if (p.cls == PARTS_INF) {
        return a;
    }
    /* Squaring the significand brings the logarithm's bits out one by one. */
    exp = p.exp;
    for (i = 0; i < 62 && p.frac != PARTS_MSB; i++) {
        U256 square = u128_mul(p.frac, p.frac);
        bool carry = square.hi >> 127;

        p.frac = carry ? square.hi : square.hi << 1 | square.lo >> 127;
        fraction |= (U128)carry << (63 - i);
    }
    sign = exp < 0;
    fraction += (U128)(__int128)exp << 64;
    if (sign) {
        fraction = -fraction;
    }
    if (fraction == 0) {
        return 0;
    }
    i = u128_clz(fraction);
    p = (FloatParts){ .cls = PARTS_NORMAL, .sign = sign, .frac = fraction << i, .exp = 63 - i };
    a = pack32(p, &local);
    estimate_finish(s, &local);
    return a;
}
