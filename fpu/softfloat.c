/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic and comparison of single, double and quad precision; see include/fpu/softfloat.h.
 *
 * parts.h holds the algorithms; here they are compiled once for each format and for double
 * operands rounded to single.
 */
#include "formats.h"

/* The operations of a format whose values unpack and pack convert. */
#define ARITHMETIC(prefix, suffix, type, format, unpack, pack)                                    \
    type prefix##_add##suffix(type a, type b, FloatStatus *s)                                     \
    {                                                                                             \
        return pack(parts_add(unpack(a, s), unpack(b, s), false, s), s);                          \
    }                                                                                             \
    type prefix##_sub##suffix(type a, type b, FloatStatus *s)                                     \
    {                                                                                             \
        return pack(parts_add(unpack(a, s), unpack(b, s), true, s), s);                           \
    }                                                                                             \
    type prefix##_mul##suffix(type a, type b, FloatStatus *s)                                     \
    {                                                                                             \
        return pack(parts_mul(format, unpack(a, s), unpack(b, s), s), s);                         \
    }                                                                                             \
    type prefix##_div##suffix(type a, type b, FloatStatus *s)                                     \
    {                                                                                             \
        return pack(parts_div(format, unpack(a, s), unpack(b, s), s), s);                         \
    }                                                                                             \
    type prefix##_sqrt##suffix(type a, FloatStatus *s)                                            \
    {                                                                                             \
        return pack(parts_sqrt(format, unpack(a, s), s), s);                                      \
    }

ARITHMETIC(float32, , uint32_t, &format_single, unpack32, pack32)
ARITHMETIC(float64, , uint64_t, &format_double, unpack64, pack64)
ARITHMETIC(float64, _single, uint64_t, &format_double, unpack64, pack64_single)
ARITHMETIC(float128, , Float128, &format_quad, unpack128, pack128)

/* Whether the rounded result r of a multiply-add is to be negated. */
PARTS_INLINE bool muladd_negates(FloatParts r, unsigned variant)
{
    return (variant & FLOAT_MULADD_NEGATE) && !parts_is_nan(r);
}

uint32_t float32_muladd(uint32_t a, uint32_t c, uint32_t b, unsigned variant, FloatStatus *s)
{
    FloatParts r = parts_muladd(&format_single, unpack32(a, s), unpack32(c, s), unpack32(b, s),
                                variant, s);

    return pack32(r, s) ^ (uint32_t)muladd_negates(r, variant) << 31;
}

uint64_t float64_muladd(uint64_t a, uint64_t c, uint64_t b, unsigned variant, FloatStatus *s)
{
    FloatParts r = parts_muladd(&format_double, unpack64(a, s), unpack64(c, s), unpack64(b, s),
                                variant, s);

    return pack64(r, s) ^ (uint64_t)muladd_negates(r, variant) << 63;
}

uint64_t float64_muladd_single(uint64_t a, uint64_t c, uint64_t b, unsigned variant,
                               FloatStatus *s)
{
    FloatParts r = parts_muladd(&format_double, unpack64(a, s), unpack64(c, s), unpack64(b, s),
                                variant, s);

    return pack64_single(r, s) ^ (uint64_t)muladd_negates(r, variant) << 63;
}

Float128 float128_muladd(Float128 a, Float128 c, Float128 b, unsigned variant, FloatStatus *s)
{
    FloatParts r = parts_muladd(&format_quad, unpack128(a, s), unpack128(c, s), unpack128(b, s),
                                variant, s);
    Float128 d = pack128(r, s);

    d.hi ^= (uint64_t)muladd_negates(r, variant) << 63;
    return d;
}

static FloatRelation parts_compare(FloatParts a, FloatParts b, bool signalling, FloatStatus *s)
{
    int magnitude;

    if (parts_is_nan(a) || parts_is_nan(b)) {
        if (a.cls == PARTS_SNAN || b.cls == PARTS_SNAN) {
            float_raise(s, FLOAT_FLAG_SNAN);
        }
        if (signalling) {
            float_raise(s, FLOAT_FLAG_COMPARE);
        }
        return FLOAT_UNORDERED;
    }
    if (a.cls == PARTS_ZERO && b.cls == PARTS_ZERO) {
        return FLOAT_EQUAL;
    }
    if (a.cls == PARTS_ZERO || b.cls == PARTS_ZERO || a.sign != b.sign) {
        bool negative = a.cls == PARTS_ZERO ? !b.sign : a.sign;

        return negative ? FLOAT_LESS : FLOAT_GREATER;
    }
    if (a.cls != b.cls) {
        magnitude = a.cls == PARTS_INF ? 1 : -1;
    } else if (a.exp != b.exp) {
        magnitude = a.exp < b.exp ? -1 : 1;
    } else {
        magnitude = a.frac < b.frac ? -1 : a.frac > b.frac;
    }
    return a.sign ? -magnitude : magnitude;
}

#define COMPARISON(prefix, type, unpack)                                                          \
    FloatRelation prefix##_compare(type a, type b, FloatStatus *s)                                \
    {                                                                                             \
        return parts_compare(unpack(a, s), unpack(b, s), true, s);                                \
    }                                                                                             \
    FloatRelation prefix##_compare_quiet(type a, type b, FloatStatus *s)                          \
    {                                                                                             \
        return parts_compare(unpack(a, s), unpack(b, s), false, s);                               \
    }

COMPARISON(float32, uint32_t, unpack32)
COMPARISON(float64, uint64_t, unpack64)
COMPARISON(float128, Float128, unpack128)

PARTS_INLINE FloatClass raw_classify(const FloatFormat *f, U128 raw)
{
    switch (parts_unpack(f, raw, false).cls) {
    case PARTS_NORMAL:
        return (raw >> f->frac_bits) & format_exp_max(f) ? FLOAT_CLASS_NORMAL
                                                         : FLOAT_CLASS_DENORMAL;
    case PARTS_INF:
        return FLOAT_CLASS_INFINITY;
    case PARTS_QNAN:
        return FLOAT_CLASS_QNAN;
    case PARTS_SNAN:
        return FLOAT_CLASS_SNAN;
    default:
        return FLOAT_CLASS_ZERO;
    }
}

FloatClass float16_classify(uint16_t a)
{
    return raw_classify(&format_half, a);
}

FloatClass float32_classify(uint32_t a)
{
    return raw_classify(&format_single, a);
}

FloatClass float64_classify(uint64_t a)
{
    return raw_classify(&format_double, a);
}

FloatClass float128_classify(Float128 a)
{
    return raw_classify(&format_quad, float128_raw(a));
}

/* a * 2^n; n is first brought to where every result already over- or underflows. */
PARTS_INLINE FloatParts parts_scalbn(FloatParts a, int n, FloatStatus *s)
{
    if (parts_is_nan(a)) {
        return parts_quiet(a, s);
    }
    a.exp += n > 100000 ? 100000 : n < -100000 ? -100000 : n;
    return a;
}

uint32_t float32_scalbn(uint32_t a, int n, FloatStatus *s)
{
    return pack32(parts_scalbn(unpack32(a, s), n, s), s);
}

uint64_t float64_scalbn(uint64_t a, int n, FloatStatus *s)
{
    return pack64(parts_scalbn(unpack64(a, s), n, s), s);
}

Float128 float128_scalbn(Float128 a, int n, FloatStatus *s)
{
    return pack128(parts_scalbn(unpack128(a, s), n, s), s);
}
