/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversions between binary formats and integers, and rounding to integral values; see
 * include/fpu/softfloat.h.
 */
#include "formats.h"

/* Any number to another format: quieting is all there is to do before it is packed. */
#define CONVERSION(from, from_type, to, to_type, unpack, pack)                                    \
    to_type from##_to_##to(from_type a, FloatStatus *s)                                           \
    {                                                                                             \
        return pack(parts_quiet(unpack(a, s), s), s);                                             \
    }

CONVERSION(float16, uint16_t, float32, uint32_t, unpack16, pack32)
CONVERSION(float16, uint16_t, float64, uint64_t, unpack16, pack64)
CONVERSION(float16, uint16_t, float128, Float128, unpack16, pack128)
CONVERSION(float32, uint32_t, float16, uint16_t, unpack32, pack16)
CONVERSION(float32, uint32_t, float64, uint64_t, unpack32, pack64)
CONVERSION(float32, uint32_t, float128, Float128, unpack32, pack128)
CONVERSION(float64, uint64_t, float16, uint16_t, unpack64, pack16)
CONVERSION(float64, uint64_t, float32, uint32_t, unpack64, pack32)
CONVERSION(float64, uint64_t, float128, Float128, unpack64, pack128)
CONVERSION(float128, Float128, float16, uint16_t, unpack128, pack16)
CONVERSION(float128, Float128, float32, uint32_t, unpack128, pack32)
CONVERSION(float128, Float128, float64, uint64_t, unpack128, pack64)

uint64_t float64_round_single(uint64_t a, FloatStatus *s)
{
    FloatParts p = parts_quiet(unpack64(a, s), s);

    if (parts_is_nan(p)) {
        p.frac &= ~(((U128)1 << (127 - format_single.frac_bits)) - 1);
    }
    return pack64_single(p, s);
}

uint64_t float32_widen_raw(uint32_t a)
{
    FloatStatus s = { 0 };
    FloatParts p = unpack32(a, &s);

    return pack64(p, &s);
}

uint32_t float64_narrow_raw(uint64_t a)
{
    int exp = (a >> 52) & 0x7ff;
    uint32_t sign = (a >> 32) & 0x80000000u;

    if (exp > 896 || (a << 1) == 0) {
        return ((a >> 32) & 0xc0000000u) | ((a >> 29) & 0x3fffffffu);
    }
    if (exp < 874) {
        return sign;
    }
    return sign | (((a & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52) >> (29 + 897 - exp));
}

/*
 * The integer nearest to |p| in the given rounding mode; p is normal with exp <= 127.  *flags
 * gets INEXACT and ROUNDED_UP.
 */
static U128 parts_to_magnitude(FloatParts p, FloatRound round, uint32_t *flags)
{
    U128 whole = 0, rest;
    bool half, sticky, inc;

    /* rest: the bits after the point, the first one at the top. */
    if (p.exp >= 0) {
        whole = p.frac >> (127 - p.exp);
        rest = p.exp == 127 ? 0 : p.frac << (p.exp + 1);
    } else {
        rest = u128_shr_jam(p.frac, -1 - p.exp);
    }
    half = rest >> 127;
    sticky = (rest << 1) != 0;
    *flags = 0;
    if (half || sticky) {
        inc = round_increments(round, p.sign, whole & 1, half, sticky);
        whole += inc;
        *flags = FLOAT_FLAG_INEXACT | (inc ? FLOAT_FLAG_ROUNDED_UP : 0);
    }
    return whole;
}

static FloatParts parts_from_magnitude(bool sign, U128 magnitude)
{
    FloatParts p = parts_zero(sign);

    if (magnitude != 0) {
        int shift = u128_clz(magnitude);

        p.cls = PARTS_NORMAL;
        p.frac = magnitude << shift;
        p.exp = 127 - shift;
    }
    return p;
}

static FloatParts parts_round_to_int(const FloatFormat *f, FloatParts p, FloatRound round,
                                     bool signal_inexact, FloatStatus *s)
{
    uint32_t flags;

    if (parts_is_nan(p)) {
        return parts_quiet(p, s);
    }
    if (p.cls != PARTS_NORMAL || p.exp >= f->frac_bits) {
        return p;
    }
    p = parts_from_magnitude(p.sign, parts_to_magnitude(p, round, &flags));
    if (signal_inexact) {
        float_raise(s, flags);
    }
    return p;
}

uint32_t float32_round_to_int(uint32_t a, FloatRound round, bool signal_inexact, FloatStatus *s)
{
    return pack32(parts_round_to_int(&format_single, unpack32(a, s), round, signal_inexact, s), s);
}

uint64_t float64_round_to_int(uint64_t a, FloatRound round, bool signal_inexact, FloatStatus *s)
{
    return pack64(parts_round_to_int(&format_double, unpack64(a, s), round, signal_inexact, s), s);
}

Float128 float128_round_to_int(Float128 a, FloatRound round, bool signal_inexact, FloatStatus *s)
{
    return pack128(parts_round_to_int(&format_quad, unpack128(a, s), round, signal_inexact, s), s);
}

/* To an integer of the given width, in two's complement; see softfloat.h for what saturates. */
static U128 parts_to_int(FloatParts p, int bits, bool is_signed, FloatRound round, FloatStatus *s)
{
    U128 max = (~(U128)0 >> (128 - bits)) >> is_signed;
    U128 min = is_signed ? -max - 1 : 0, magnitude;
    uint32_t flags;

    switch (p.cls) {
    case PARTS_ZERO:
        return 0;
    case PARTS_NORMAL:
        if (p.exp > 127) {
            break;
        }
        magnitude = parts_to_magnitude(p, round, &flags);
        if (p.sign ? magnitude > -min : magnitude > max) {
            break;
        }
        float_raise(s, flags);
        return p.sign ? -magnitude : magnitude;
    case PARTS_SNAN:
        float_raise(s, FLOAT_FLAG_SNAN);
        /* fall through */
    case PARTS_QNAN:
        p.sign = true;
        break;
    }
    float_raise(s, FLOAT_FLAG_INT_CONVERT);
    return p.sign ? min : max;
}

#define TO_INTEGERS(prefix, type, unpack)                                                         \
    int32_t prefix##_to_int32(type a, FloatRound round, FloatStatus *s)                           \
    {                                                                                             \
        return parts_to_int(unpack(a, s), 32, true, round, s);                                    \
    }                                                                                             \
    uint32_t prefix##_to_uint32(type a, FloatRound round, FloatStatus *s)                         \
    {                                                                                             \
        return parts_to_int(unpack(a, s), 32, false, round, s);                                   \
    }                                                                                             \
    int64_t prefix##_to_int64(type a, FloatRound round, FloatStatus *s)                           \
    {                                                                                             \
        return parts_to_int(unpack(a, s), 64, true, round, s);                                    \
    }                                                                                             \
    uint64_t prefix##_to_uint64(type a, FloatRound round, FloatStatus *s)                         \
    {                                                                                             \
        return parts_to_int(unpack(a, s), 64, false, round, s);                                   \
    }

TO_INTEGERS(float32, uint32_t, unpack32)
TO_INTEGERS(float64, uint64_t, unpack64)
TO_INTEGERS(float128, Float128, unpack128)

__int128 float128_to_int128(Float128 a, FloatRound round, FloatStatus *s)
{
    return parts_to_int(unpack128(a, s), 128, true, round, s);
}

unsigned __int128 float128_to_uint128(Float128 a, FloatRound round, FloatStatus *s)
{
    return parts_to_int(unpack128(a, s), 128, false, round, s);
}

static FloatParts parts_from_signed(__int128 a)
{
    return parts_from_magnitude(a < 0, a < 0 ? -(U128)a : (U128)a);
}

static FloatParts parts_from_unsigned(U128 a)
{
    return parts_from_magnitude(false, a);
}

#define FROM_INTEGER(from, from_type, to, to_type, parts_from, pack)                              \
    to_type from##_to_##to(from_type a, FloatStatus *s)                                           \
    {                                                                                             \
        return pack(parts_from(a), s);                                                            \
    }

FROM_INTEGER(int64, int64_t, float32, uint32_t, parts_from_signed, pack32)
FROM_INTEGER(int64, int64_t, float64, uint64_t, parts_from_signed, pack64)
FROM_INTEGER(int64, int64_t, float128, Float128, parts_from_signed, pack128)
FROM_INTEGER(uint64, uint64_t, float32, uint32_t, parts_from_unsigned, pack32)
FROM_INTEGER(uint64, uint64_t, float64, uint64_t, parts_from_unsigned, pack64)
FROM_INTEGER(uint64, uint64_t, float128, Float128, parts_from_unsigned, pack128)
FROM_INTEGER(int128, __int128, float128, Float128, parts_from_signed, pack128)
FROM_INTEGER(uint128, unsigned __int128, float128, Float128, parts_from_unsigned, pack128)
