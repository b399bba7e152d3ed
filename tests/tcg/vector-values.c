/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operand values for instruction vectors: edge cases of integers, every class of floating-point
 * numbers (and neighbours of the borders between them), decimal digits, plain noise.
 */
#include <string.h>
#include "vector-gen.h"

uint64_t vector_integer(VectorRand *r)
{
    static const uint64_t special[] = {
        0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000,
        0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
        0x8000000000000000, 0x8000000000000001, 0xffffffff80000000, 0xffffffff7fffffff,
        0xfffffffffffffffe, 0xffffffffffffffff, 0x0123456789abcdef, 0x5555555555555555,
        0xaaaaaaaaaaaaaaaa, 0x00ff00ff00ff00ff, 0x8080808080808080, 0x7f7f7f7f7f7f7f7f,
    };
    switch (vector_below(r, 8)) {
    case 0:
    case 1:
    case 2:
        return special[vector_below(r, G_N_ELEMENTS(special))];
    case 3:
        return (int64_t)(int32_t)vector_rand(r);
    case 4:
        return vector_rand(r) >> vector_below(r, 64);
    case 5:
        return (uint64_t)((int64_t)vector_rand(r) >> vector_below(r, 64));
    case 6:
        return (uint64_t)1 << vector_below(r, 64);
    default:
        return vector_rand(r);
    }
}

/* A number of the format from sign, exponent and fraction chosen one by one. */
static uint64_t float_bits(VectorRand *r, unsigned exponent_bits, unsigned fraction_bits)
{
    uint64_t max = ((uint64_t)1 << exponent_bits) - 1, bias = max >> 1;
    uint64_t ones = ((uint64_t)1 << fraction_bits) - 1;
    uint64_t sign = vector_rand(r) & 1, exponent, fraction;

    switch (vector_below(r, 12)) {
    case 0:
        exponent = 0;
        break;
    case 1:
        exponent = max;
        break;
    case 2:
        exponent = 1 + vector_below(r, 3);
        break;
    case 3:
        exponent = max - 1 - vector_below(r, 3);
        break;
    case 4:
    case 5:
    case 6:
        exponent = bias + vector_below(r, 8) - 4;
        break;
    case 7:
        exponent = bias + vector_below(r, fraction_bits + 12);
        break;
    case 8:
        exponent = bias - vector_below(r, fraction_bits + 12);
        break;
    case 9:                            /* around the range of the next smaller format */
        exponent = bias + (vector_below(r, 2) ? 1 : -1) * (int)(max / 16 - 4 + vector_below(r, 8));
        break;
    default:
        exponent = vector_rand(r) & max;
        break;
    }
    switch (vector_below(r, 8)) {
    case 0:
    case 1:
        fraction = 0;
        break;
    case 2:
        fraction = ones;
        break;
    case 3:
        fraction = (uint64_t)1 << vector_below(r, fraction_bits);
        break;
    case 4:                            /* few leading bits: exact in smaller formats */
        fraction = vector_rand(r) & ones & ~(ones >> (1 + vector_below(r, fraction_bits - 1)));
        break;
    case 5:                            /* ties and near ties when rounded to a smaller format */
        fraction = (vector_rand(r) & ones & ~(ones >> (fraction_bits * 23 / 52))) |
                   ((uint64_t)1 << (fraction_bits - fraction_bits * 23 / 52 - 1));
        fraction += vector_below(r, 3) - 1;
        fraction &= ones;
        break;
    default:
        fraction = vector_rand(r) & ones;
        break;
    }
    return (sign << exponent_bits | exponent) << fraction_bits | fraction;
}

uint64_t vector_double(VectorRand *r)
{
    if (vector_below(r, 6) == 0) {
        /* a small integer or a single precision number */
        union {
            double d;
            uint64_t u;
        } value;
        if (vector_below(r, 2)) {
            value.d = (double)((int64_t)vector_rand(r) >> (32 + vector_below(r, 31)));
        } else {
            union {
                float f;
                uint32_t u;
            } single = {.u = vector_single(r)};
            if ((single.u & 0x7f800000) == 0x7f800000) {
                return (uint64_t)(single.u & 0x80000000) << 32 | 0x7ff0000000000000 |
                       (uint64_t)(single.u & 0x7fffff) << 29;
            }
            value.d = (double)single.f;
        }
        return value.u;
    }
    return float_bits(r, 11, 52);
}

uint32_t vector_single(VectorRand *r)
{
    return (uint32_t)float_bits(r, 8, 23);
}

static uint64_t digits(VectorRand *r, bool with_sign)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 16; i++) {
        value = value << 4 | vector_below(r, 10);
    }
    if (with_sign) {
        value = (value & ~(uint64_t)15) | (10 + vector_below(r, 6));
    }
    if (vector_below(r, 4) == 0) {
        value >>= 4 * vector_below(r, 16) & (with_sign ? 0 : 63);
    }
    return value;
}

void vector_v128(VectorRand *r, VectorGroup group, uint64_t out[2])
{
    unsigned kind = vector_below(r, 10);

    if (group == GROUP_FP) {
        kind = vector_below(r, 8) ? 0 : kind;
    } else if (group == GROUP_DFP && vector_below(r, 2)) {
        /* Decimal: a random declet sequence with a plausible combination field. */
        out[0] = vector_rand(r);
        out[1] = vector_rand(r);
        if (vector_below(r, 2)) {
            out[0] = (out[0] & 0x8003ffffffffffff) | 0x2200000000000000 |
                     (uint64_t)vector_below(r, 64) << 50;
        }
        if (vector_below(r, 4) == 0) {
            out[1] = vector_integer(r);
        }
        return;
    }
    switch (kind) {
    case 0:
    case 1:
    case 2:
        out[0] = vector_double(r);
        out[1] = vector_double(r);
        break;
    case 3:
    case 4:
    case 5:
        out[0] = (uint64_t)vector_single(r) << 32 | vector_single(r);
        out[1] = (uint64_t)vector_single(r) << 32 | vector_single(r);
        break;
    case 6:
        out[0] = vector_integer(r);
        out[1] = vector_integer(r);
        break;
    case 7:
        out[0] = digits(r, false);
        out[1] = digits(r, true);
        break;
    case 8:                            /* quad precision */
        out[0] = float_bits(r, 15, 48);
        out[1] = vector_below(r, 2) ? vector_rand(r) : 0;
        break;
    default:
        out[0] = vector_rand(r);
        out[1] = vector_rand(r);
        break;
    }
}
