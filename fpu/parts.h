/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one implementation of binary floating point behind all formats.
 *
 * A number is unpacked to a FloatParts, computed with to 128 bits (products of quads to 256) with
 * a sticky lowest bit, and rounded once on packing.  Everything is forced inline and takes its
 * FloatFormat as a constant, so that each public function is compiled for its format.
 *
 * Finite non-zero: frac has bit 127 set, the value is frac / 2^127 * 2^exp.  NaN: the fraction
 * field stands at the left of frac below bit 127, so bit 126 is the quiet bit.
 */
#ifndef FPU_PARTS_H
#define FPU_PARTS_H

#include "fpu/softfloat.h"
#include "wide.h"

#define PARTS_INLINE static inline __attribute__((always_inline))

typedef enum PartsClass {
    PARTS_ZERO,
    PARTS_NORMAL,
    PARTS_INF,
    PARTS_QNAN, /* NaNs last */
    PARTS_SNAN,
} PartsClass;

typedef struct FloatParts {
    U128 frac;
    int32_t exp;
    uint8_t cls; /* PartsClass */
    bool sign;
} FloatParts;

typedef struct FloatFormat {
    int exp_bits;
    int frac_bits;
} FloatFormat;

static const FloatFormat format_half = { 5, 10 };
static const FloatFormat format_single = { 8, 23 };
static const FloatFormat format_double = { 11, 52 };
static const FloatFormat format_quad = { 15, 112 };

#define PARTS_MSB ((U128)1 << 127)
#define PARTS_QUIET ((U128)1 << 126)

PARTS_INLINE int format_bias(const FloatFormat *f)
{
    return (1 << (f->exp_bits - 1)) - 1;
}

PARTS_INLINE int format_exp_max(const FloatFormat *f)
{
    return (1 << f->exp_bits) - 1;
}

/* What enabled overflow and underflow move the exponent by. */
PARTS_INLINE int format_wrap(const FloatFormat *f)
{
    return 3 << (f->exp_bits - 2);
}

PARTS_INLINE bool parts_is_nan(FloatParts p)
{
    return p.cls >= PARTS_QNAN;
}

PARTS_INLINE FloatParts parts_zero(bool sign)
{
    return (FloatParts){ .cls = PARTS_ZERO, .sign = sign };
}

PARTS_INLINE FloatParts parts_inf(bool sign)
{
    return (FloatParts){ .cls = PARTS_INF, .sign = sign };
}

/* An invalid operation: the default NaN. */
PARTS_INLINE FloatParts parts_invalid(FloatStatus *s, uint32_t kind)
{
    float_raise(s, kind);
    return (FloatParts){ .cls = PARTS_QNAN, .frac = PARTS_QUIET };
}

/* p quieted if it is a signalling NaN. */
PARTS_INLINE FloatParts parts_quiet(FloatParts p, FloatStatus *s)
{
    if (p.cls == PARTS_SNAN) {
        float_raise(s, FLOAT_FLAG_SNAN);
        p.frac |= PARTS_QUIET;
        p.cls = PARTS_QNAN;
    }
    return p;
}

/* The NaN to deliver when a or b is one. */
PARTS_INLINE FloatParts parts_pick_nan(FloatParts a, FloatParts b, FloatStatus *s)
{
    if (a.cls == PARTS_SNAN || b.cls == PARTS_SNAN) {
        float_raise(s, FLOAT_FLAG_SNAN);
    }
    if (!parts_is_nan(a)) {
        a = b;
    }
    a.frac |= PARTS_QUIET;
    a.cls = PARTS_QNAN;
    return a;
}

PARTS_INLINE FloatParts parts_unpack(const FloatFormat *f, U128 raw, bool flush_inputs)
{
    U128 field = raw & (((U128)1 << f->frac_bits) - 1);
    int exp = (int)(raw >> f->frac_bits) & format_exp_max(f);
    FloatParts p = { .sign = (raw >> (f->frac_bits + f->exp_bits)) & 1 };

    p.frac = field << (127 - f->frac_bits);
    if (__builtin_expect(exp != 0 && exp != format_exp_max(f), 1)) {
        p.cls = PARTS_NORMAL;
        p.frac |= PARTS_MSB;
        p.exp = exp - format_bias(f);
    } else if (exp != 0) {
        p.cls = field == 0 ? PARTS_INF : p.frac & PARTS_QUIET ? PARTS_QNAN : PARTS_SNAN;
    } else if (field != 0 && !flush_inputs) {
        int shift = u128_clz(p.frac);

        p.cls = PARTS_NORMAL;
        p.frac <<= shift;
        p.exp = 1 - format_bias(f) - shift;
    } else {
        p.frac = 0;
        p.cls = PARTS_ZERO;
    }
    return p;
}

/*
 * Whether rounding increases the magnitude: lsb is the last bit kept, half the first one dropped,
 * sticky says whether any later one is set.  To-odd sets the last bit, an increase if it is 0.
 */
PARTS_INLINE bool round_increments(unsigned mode, bool sign, bool lsb, bool half, bool sticky)
{
    switch (mode) {
    case FLOAT_ROUND_NEAREST_EVEN:
        return half && (sticky || lsb);
    case FLOAT_ROUND_NEAREST_AWAY:
        return half;
    case FLOAT_ROUND_UP:
        return !sign && (half || sticky);
    case FLOAT_ROUND_DOWN:
        return sign && (half || sticky);
    case FLOAT_ROUND_TO_ODD:
        return !lsb && (half || sticky);
    default:
        return false;
    }
}

/* Sign, biased exponent and fraction field put together; exponents out of range wrap around. */
PARTS_INLINE U128 format_join(const FloatFormat *f, bool sign, int biased, U128 field)
{
    return ((U128)sign << (f->frac_bits + f->exp_bits)) |
           ((U128)(biased & format_exp_max(f)) << f->frac_bits) |
           (field & (((U128)1 << f->frac_bits) - 1));
}

/*
 * Rounds p to the range and precision of f and packs it in format out, which is f or wider.
 * kept below holds the hidden bit and the fraction; its unit is 2^(biased - bias - frac_bits).
 */
PARTS_INLINE U128 parts_pack(const FloatFormat *f, const FloatFormat *out, FloatParts p,
                             FloatStatus *s)
{
    int drop = 127 - f->frac_bits, biased, exp;
    bool tiny, half, sticky, inc;
    uint32_t flags = 0;
    U128 kept;

    if (__builtin_expect(p.cls != PARTS_NORMAL, 0)) {
        bool special = p.cls != PARTS_ZERO;

        return format_join(out, p.sign, special ? format_exp_max(out) : 0,
                           p.frac >> (127 - out->frac_bits));
    }
    biased = p.exp + format_bias(f);
    tiny = biased < 1;
    if (__builtin_expect(tiny, 0)) {
        if (s->flush_outputs) {
            float_raise(s, FLOAT_FLAG_UNDERFLOW | FLOAT_FLAG_INEXACT);
            return format_join(out, p.sign, 0, 0);
        }
        if (s->underflow_enabled) {
            flags = FLOAT_FLAG_UNDERFLOW;
            biased += format_wrap(f);
        } else {
            p.frac = u128_shr_jam(p.frac, 1 - biased);
            biased = 1;
        }
    }
    kept = p.frac >> drop;
    half = (p.frac >> (drop - 1)) & 1;
    sticky = (p.frac & (((U128)1 << (drop - 1)) - 1)) != 0;
    if (half || sticky) {
        inc = round_increments(s->round, p.sign, kept & 1, half, sticky);
        flags |= FLOAT_FLAG_INEXACT | (inc ? FLOAT_FLAG_ROUNDED_UP : 0) |
                 (tiny ? FLOAT_FLAG_UNDERFLOW : 0);
        kept += inc;
        if (kept >> (f->frac_bits + 1)) {
            kept >>= 1;
            biased++;
        }
    }
    if (__builtin_expect(biased >= format_exp_max(f) && !tiny, 0)) {
        if (s->overflow_enabled) {
            flags |= FLOAT_FLAG_OVERFLOW;
            biased -= format_wrap(f);
        } else {
            inc = s->round == FLOAT_ROUND_NEAREST_EVEN || s->round == FLOAT_ROUND_NEAREST_AWAY ||
                  s->round == (p.sign ? FLOAT_ROUND_DOWN : FLOAT_ROUND_UP);
            flags = FLOAT_FLAG_OVERFLOW | FLOAT_FLAG_INEXACT | (inc ? FLOAT_FLAG_ROUNDED_UP : 0);
            if (inc) {
                float_raise(s, flags);
                return format_join(out, p.sign, format_exp_max(out), 0);
            }
            kept = ((U128)1 << (f->frac_bits + 1)) - 1;
            biased = format_exp_max(f) - 1;
        }
    }
    float_raise(s, flags);
    if (kept >> f->frac_bits) {
        exp = biased;
    } else if (f == out) {
        exp = 0;
    } else if (kept == 0) {
        return format_join(out, p.sign, 0, 0);
    } else {
        int shift = u128_clz(kept) - (127 - f->frac_bits);

        kept <<= shift;
        exp = biased - shift;
    }
    if (f != out) {
        exp += format_bias(out) - format_bias(f);
    }
    return format_join(out, p.sign, exp, kept << (out->frac_bits - f->frac_bits));
}

/* The sum of two numbers that are neither zero nor special; also used for products. */
PARTS_INLINE FloatParts parts_add_normal(FloatParts a, FloatParts b, FloatStatus *s)
{
    int diff = a.exp - b.exp, shift;

    if (diff < 0 || (diff == 0 && a.frac < b.frac)) {
        FloatParts t = a;

        a = b;
        b = t;
        diff = -diff;
    }
    b.frac = u128_shr_jam(b.frac, diff);
    if (a.sign == b.sign) {
        U128 sum = a.frac + b.frac;

        if (sum < a.frac) {
            sum = PARTS_MSB | (sum >> 1) | (sum & 1);
            a.exp++;
        }
        a.frac = sum;
        return a;
    }
    a.frac -= b.frac;
    if (a.frac == 0) {
        return parts_zero(s->round == FLOAT_ROUND_DOWN);
    }
    shift = u128_clz(a.frac);
    a.frac <<= shift;
    a.exp -= shift;
    return a;
}

/* a + b for operands of which neither is a NaN. */
PARTS_INLINE FloatParts parts_add_numbers(FloatParts a, FloatParts b, FloatStatus *s)
{
    if (__builtin_expect(a.cls == PARTS_NORMAL && b.cls == PARTS_NORMAL, 1)) {
        return parts_add_normal(a, b, s);
    }
    if (a.cls == PARTS_INF) {
        if (b.cls == PARTS_INF && a.sign != b.sign) {
            return parts_invalid(s, FLOAT_FLAG_INF_SUB_INF);
        }
        return a;
    }
    if (b.cls == PARTS_INF || a.cls == PARTS_NORMAL) {
        return b.cls == PARTS_INF ? b : a;
    }
    if (b.cls == PARTS_NORMAL || a.sign == b.sign) {
        return b;
    }
    return parts_zero(s->round == FLOAT_ROUND_DOWN);
}

PARTS_INLINE FloatParts parts_add(FloatParts a, FloatParts b, bool subtract, FloatStatus *s)
{
    if (__builtin_expect(parts_is_nan(a) || parts_is_nan(b), 0)) {
        return parts_pick_nan(a, b, s);
    }
    b.sign ^= subtract;
    return parts_add_numbers(a, b, s);
}

/* The product of two normal numbers; exact unless f is quad, whose low bits are jammed. */
PARTS_INLINE FloatParts parts_mul_normal(const FloatFormat *f, FloatParts a, FloatParts b)
{
    a.sign ^= b.sign;
    a.exp += b.exp + 1;
    if (f->frac_bits < 64) {
        a.frac = (U128)(uint64_t)(a.frac >> 64) * (uint64_t)(b.frac >> 64);
    } else {
        U256 r = u128_mul(a.frac, b.frac);

        a.frac = r.hi | (r.lo != 0);
    }
    if (!(a.frac & PARTS_MSB)) {
        a.frac <<= 1;
        a.exp--;
    }
    return a;
}

PARTS_INLINE FloatParts parts_mul(const FloatFormat *f, FloatParts a, FloatParts b,
                                  FloatStatus *s)
{
    bool sign = a.sign ^ b.sign;

    if (__builtin_expect(a.cls == PARTS_NORMAL && b.cls == PARTS_NORMAL, 1)) {
        return parts_mul_normal(f, a, b);
    }
    if (parts_is_nan(a) || parts_is_nan(b)) {
        return parts_pick_nan(a, b, s);
    }
    if (a.cls != PARTS_INF && b.cls != PARTS_INF) {
        return parts_zero(sign);
    }
    if (a.cls == PARTS_ZERO || b.cls == PARTS_ZERO) {
        return parts_invalid(s, FLOAT_FLAG_INF_MUL_ZERO);
    }
    return parts_inf(sign);
}

PARTS_INLINE FloatParts parts_div(const FloatFormat *f, FloatParts a, FloatParts b,
                                  FloatStatus *s)
{
    bool sign = a.sign ^ b.sign;

    if (__builtin_expect(a.cls == PARTS_NORMAL && b.cls == PARTS_NORMAL, 1)) {
        bool less = a.frac < b.frac;

        a.sign = sign;
        a.exp -= b.exp + less;
        if (f->frac_bits < 64) {
            U128 n = less ? a.frac : a.frac >> 1;
            uint64_t d = b.frac >> 64, q = n / d;

            a.frac = U128_MAKE(q, (n - (U128)q * d) != 0);
        } else {
            U256 n = { a.frac >> !less, less ? 0 : a.frac << 127 };
            U128 rem;

            a.frac = u256_div_normalised(n, b.frac, &rem);
            a.frac |= rem != 0;
        }
        return a;
    }
    if (parts_is_nan(a) || parts_is_nan(b)) {
        return parts_pick_nan(a, b, s);
    }
    if (a.cls == b.cls) {
        return parts_invalid(s, a.cls == PARTS_INF ? FLOAT_FLAG_INF_DIV_INF
                                                   : FLOAT_FLAG_ZERO_DIV_ZERO);
    }
    if (a.cls == PARTS_INF) {
        return parts_inf(sign);
    }
    if (b.cls == PARTS_ZERO) {
        float_raise(s, FLOAT_FLAG_DIVBYZERO);
        return parts_inf(sign);
    }
    return parts_zero(sign);
}

/* Integer root of n >= 2^30, bit by bit. */
static inline uint64_t isqrt32(uint32_t n)
{
    uint32_t root = 0, bit = 1u << 30;

    for (; bit; bit >>= 2) {
        if (n >= root + bit) {
            n -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}

/*
 * Integer root of n >= 2^62 by Zimmermann's method: the root of the upper half, one division for
 * the lower half of the root, and a correction by at most one.
 */
static inline uint64_t isqrt64(uint64_t n)
{
    uint64_t s1 = isqrt32(n >> 32), r1 = (n >> 32) - s1 * s1;
    uint64_t num = r1 << 16 | (uint16_t)(n >> 16), q = num / (2 * s1), u = num % (2 * s1);

    return (s1 << 16) + q - ((u << 16 | (uint16_t)n) < q * q);
}

/* Likewise of n >= 2^126, with the remainder. */
static inline uint64_t isqrt128(U128 n, U128 *rem)
{
    uint64_t top = n >> 64, low = n, s1 = isqrt64(top), r1 = top - s1 * s1;
    U128 num = (U128)r1 << 32 | low >> 32, q = num / (2 * s1), u = num % (2 * s1);
    U128 root = ((U128)s1 << 32) + q, r = u << 32 | (uint32_t)low;

    if (r < q * q) {
        root--;
        r += 2 * root + 1;
    }
    *rem = r - q * q;
    return root;
}

/* Integer root of n >= 2^254; *exact says whether n is its square. */
static inline U128 isqrt256(U256 n, bool *exact)
{
    U128 r1, half, root;
    uint64_t s1 = isqrt128(n.hi, &r1);
    U256 square;

    /* r1 * 2^64 + the next limb, divided by 2 * s1; r1 may have 65 bits, hence the halving. */
    half = (r1 << 63) | (n.lo >> 65);
    root = ((U128)s1 << 64) + half / s1;
    if (root < (U128)s1 << 64) {
        root = ~(U128)0;
    }
    square = u128_mul(root, root);
    while (u256_cmp(square, n) > 0) {
        root--;
        square = u128_mul(root, root);
    }
    *exact = u256_cmp(square, n) == 0;
    return root;
}

PARTS_INLINE FloatParts parts_sqrt(const FloatFormat *f, FloatParts a, FloatStatus *s)
{
    bool odd = a.exp & 1;

    if (parts_is_nan(a)) {
        return parts_quiet(a, s);
    }
    if (a.cls == PARTS_ZERO || (a.cls == PARTS_INF && !a.sign)) {
        return a;
    }
    if (a.sign) {
        return parts_invalid(s, FLOAT_FLAG_SQRT);
    }
    a.exp = (a.exp - odd) / 2;
    if (f->frac_bits < 64) {
        U128 rem;
        uint64_t root = isqrt128(a.frac >> !odd, &rem);

        a.frac = U128_MAKE(root, rem != 0);
    } else {
        bool exact;

        a.frac = isqrt256((U256){ a.frac >> !odd, odd ? 0 : a.frac << 127 }, &exact);
        a.frac |= !exact;
    }
    return a;
}

/* a * c + b for normal quads: the product is kept to all its 226 bits. */
static inline FloatParts parts_muladd_wide(FloatParts a, FloatParts c, FloatParts b,
                                           FloatStatus *s)
{
    U256 p = u128_mul(a.frac, c.frac), q = { b.frac, 0 };
    FloatParts r = { .cls = PARTS_NORMAL, .exp = a.exp + c.exp + 1, .sign = a.sign ^ c.sign };
    int diff, shift = u256_clz(p);

    /* Both normalised, then one place down for a carry; the product's low 30 bits are zero. */
    p = u256_shr_jam(u256_shl(p, shift), 1);
    r.exp -= shift - 1;
    q = u256_shr_jam(q, 1);
    diff = r.exp - (b.exp + 1);
    if (diff >= 0) {
        q = u256_shr_jam(q, diff);
    } else {
        p = u256_shr_jam(p, -diff);
        r.exp = b.exp + 1;
    }
    if (r.sign == b.sign) {
        p = u256_add(p, q);
    } else if (u256_cmp(p, q) >= 0) {
        p = u256_sub(p, q);
    } else {
        p = u256_sub(q, p);
        r.sign = b.sign;
    }
    if (u256_is_zero(p)) {
        return parts_zero(s->round == FLOAT_ROUND_DOWN);
    }
    shift = u256_clz(p);
    p = u256_shl(p, shift);
    r.exp -= shift;
    r.frac = p.hi | (p.lo != 0);
    return r;
}

/* a * c + b or a * c - b; the negated variants are negated by the caller, after rounding. */
PARTS_INLINE FloatParts parts_muladd(const FloatFormat *f, FloatParts a, FloatParts c,
                                     FloatParts b, unsigned variant, FloatStatus *s)
{
    FloatParts r;

    if (__builtin_expect(parts_is_nan(a) || parts_is_nan(b) || parts_is_nan(c), 0)) {
        if ((a.cls == PARTS_INF && c.cls == PARTS_ZERO) ||
            (a.cls == PARTS_ZERO && c.cls == PARTS_INF)) {
            float_raise(s, FLOAT_FLAG_INF_MUL_ZERO);
        }
        if (c.cls == PARTS_SNAN) {
            float_raise(s, FLOAT_FLAG_SNAN);
        }
        return parts_is_nan(a) || parts_is_nan(b) ? parts_pick_nan(a, b, s) : parts_quiet(c, s);
    }
    b.sign ^= (variant & FLOAT_MULADD_SUB) != 0;
    if (f->frac_bits >= 64 && a.cls == PARTS_NORMAL && c.cls == PARTS_NORMAL &&
        b.cls == PARTS_NORMAL) {
        r = parts_muladd_wide(a, c, b, s);
    } else {
        r = parts_mul(f, a, c, s);
        if (!parts_is_nan(r)) {
            r = parts_add_numbers(r, b, s);
        }
    }
    return r;
}

#endif
