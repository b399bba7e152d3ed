/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw values of each format to and from the 128-bit integers parts.h unpacks and packs.
 */
#ifndef FPU_FORMATS_H
#define FPU_FORMATS_H

#include "parts.h"

PARTS_INLINE Float128 float128_from_raw(U128 raw)
{
    return (Float128){ raw >> 64, raw };
}

PARTS_INLINE U128 float128_raw(Float128 a)
{
    return U128_MAKE(a.hi, a.lo);
}

PARTS_INLINE FloatParts unpack16(uint16_t a, const FloatStatus *s)
{
    return parts_unpack(&format_half, a, s->flush_inputs);
}

PARTS_INLINE FloatParts unpack32(uint32_t a, const FloatStatus *s)
{
    return parts_unpack(&format_single, a, s->flush_inputs);
}

PARTS_INLINE FloatParts unpack64(uint64_t a, const FloatStatus *s)
{
    return parts_unpack(&format_double, a, s->flush_inputs);
}

PARTS_INLINE FloatParts unpack128(Float128 a, const FloatStatus *s)
{
    return parts_unpack(&format_quad, float128_raw(a), s->flush_inputs);
}

PARTS_INLINE uint16_t pack16(FloatParts p, FloatStatus *s)
{
    return parts_pack(&format_half, &format_half, p, s);
}

PARTS_INLINE uint32_t pack32(FloatParts p, FloatStatus *s)
{
    return parts_pack(&format_single, &format_single, p, s);
}

PARTS_INLINE uint64_t pack64(FloatParts p, FloatStatus *s)
{
    return parts_pack(&format_double, &format_double, p, s);
}

/* Rounded to single, in double format. */
PARTS_INLINE uint64_t pack64_single(FloatParts p, FloatStatus *s)
{
    return parts_pack(&format_single, &format_double, p, s);
}

PARTS_INLINE Float128 pack128(FloatParts p, FloatStatus *s)
{
    return float128_from_raw(parts_pack(&format_quad, &format_quad, p, s));
}

#endif
