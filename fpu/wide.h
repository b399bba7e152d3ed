/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 128- and 256-bit unsigned integers for the floating-point code: just the operations it needs.
 */
#ifndef FPU_WIDE_H
#define FPU_WIDE_H

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 U128;

typedef struct U256 {
    U128 hi;
    U128 lo;
} U256;

#define U128_MAKE(h, l) (((U128)(uint64_t)(h) << 64) | (uint64_t)(l))

/* Number of leading zero bits; 128 for zero. */
static inline int u128_clz(U128 a)
{
    uint64_t hi = a >> 64, lo = a;

    return hi ? __builtin_clzll(hi) : lo ? 64 + __builtin_clzll(lo) : 128;
}

/* a >> n, with the bits that fall off or-ed into the lowest one ("jam"); any n >= 0. */
static inline U128 u128_shr_jam(U128 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    if (n >= 128) {
        return a != 0;
    }
    return (a >> n) | ((a << (128 - n)) != 0);
}

static inline U256 u256_add(U256 a, U256 b)
{
    U256 r = { a.hi + b.hi, a.lo + b.lo };

    r.hi += r.lo < a.lo;
    return r;
}

static inline U256 u256_sub(U256 a, U256 b)
{
    U256 r = { a.hi - b.hi, a.lo - b.lo };

    r.hi -= a.lo < b.lo;
    return r;
}

static inline int u256_cmp(U256 a, U256 b)
{
    if (a.hi != b.hi) {
        return a.hi < b.hi ? -1 : 1;
    }
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}

static inline bool u256_is_zero(U256 a)
{
    return (a.hi | a.lo) == 0;
}

/* a << n, 0 <= n < 256. */
static inline U256 u256_shl(U256 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    if (n >= 128) {
        return (U256){ a.lo << (n - 128), 0 };
    }
    return (U256){ (a.hi << n) | (a.lo >> (128 - n)), a.lo << n };
}

/* a >> n with jam; any n >= 0. */
static inline U256 u256_shr_jam(U256 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    if (n >= 256) {
        return (U256){ 0, !u256_is_zero(a) };
    }
    if (n >= 128) {
        return (U256){ 0, u128_shr_jam(a.hi, n - 128) | (a.lo != 0) };
    }
    return (U256){ a.hi >> n, (a.hi << (128 - n)) | u128_shr_jam(a.lo, n) };
}

static inline int u256_clz(U256 a)
{
    return a.hi ? u128_clz(a.hi) : 128 + u128_clz(a.lo);
}

/* The full product. */
static inline U256 u128_mul(U128 a, U128 b)
{
    uint64_t a1 = a >> 64, a0 = a, b1 = b >> 64, b0 = b;
    U128 low = (U128)a0 * b0;
    U128 mid1 = (U128)a1 * b0 + (uint64_t)(low >> 64);
    U128 mid2 = (U128)a0 * b1 + (uint64_t)mid1;

    return (U256){ (U128)a1 * b1 + (uint64_t)(mid1 >> 64) + (uint64_t)(mid2 >> 64),
                   (mid2 << 64) | (uint64_t)low };
}

/* a * b, the caller knowing that the product fits. */
static inline U256 u256_mul_u128(U256 a, U128 b)
{
    U256 r = u128_mul(a.lo, b);

    r.hi += a.hi * b;
    return r;
}

/* One quotient digit: (u21 : u0) / d for a normalised d, u21 < d; *rem gets the remainder. */
static inline uint64_t u128_div_step(U128 u21, uint64_t u0, U128 d, U128 *rem)
{
    uint64_t d1 = d >> 64, d0 = d, u2 = u21 >> 64;
    U128 q, r, p;

    if (u2 >= d1) {
        q = UINT64_MAX;
        r = u21 - q * d1;
    } else {
        q = u21 / d1;
        r = u21 - q * d1;
    }
    p = q * d0;
    while (r >> 64 == 0 && p > U128_MAKE(r, u0)) {
        q--;
        r += d1;
        p -= d0;
    }
    *rem = (r << 64 | u0) - p;
    return q;
}

/* n / d for a normalised d (top bit set) and n.hi < d; *rem gets the remainder. */
static inline U128 u256_div_normalised(U256 n, U128 d, U128 *rem)
{
    uint64_t q1 = u128_div_step(n.hi, n.lo >> 64, d, rem);
    uint64_t q0 = u128_div_step(*rem, n.lo, d, rem);

    return U128_MAKE(q1, q0);
}

/* n / d for any d != 0; *rem gets the remainder. */
static inline U256 u256_div(U256 n, U128 d, U128 *rem)
{
    int shift = u128_clz(d);
    U128 top, q1, q0;
    U256 low;

    d <<= shift;
    top = shift ? n.hi >> (128 - shift) : 0;
    low = u256_shl(n, shift);
    q1 = u256_div_normalised((U256){ top, low.hi }, d, rem);
    q0 = u256_div_normalised((U256){ *rem, low.lo }, d, rem);
    *rem >>= shift;
    return (U256){ q1, q0 };
}

#endif
