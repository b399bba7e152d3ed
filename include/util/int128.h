/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 128-bit integers: the compiler's own, with names, and halves.
 */
#ifndef UTIL_INT128_H
#define UTIL_INT128_H

#include <stdbool.h>
#include <stdint.h>

typedef __int128 Int128;
typedef unsigned __int128 UInt128;

static inline UInt128 uint128_make(uint64_t high, uint64_t low)
{
    return (UInt128)high << 64 | low;
}

static inline Int128 int128_make(uint64_t high, uint64_t low)
{
    return (Int128)uint128_make(high, low);
}

static inline uint64_t int128_low(UInt128 v)
{
    return (uint64_t)v;
}

static inline uint64_t int128_high(UInt128 v)
{
    return (uint64_t)(v >> 64);
}

static inline int clz128(UInt128 v)
{
    return int128_high(v)  ? __builtin_clzll(int128_high(v))
           : int128_low(v) ? 64 + __builtin_clzll(int128_low(v))
                           : 128;
}

#endif
