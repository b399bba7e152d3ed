/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit fields, rotation, counting, wide multiplication and division, plain and atomic bitmaps.
 * Bit 0 is the least significant, save in the PPC_BIT family, which numbers as the Power ISA does.
 */
#ifndef UTIL_BITOPS_H
#define UTIL_BITOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <glib.h>

#define BITS_PER_BYTE 8
#define BITS_PER_LONG ((unsigned)(sizeof(unsigned long) * 8))
#define BIT_ULL(n)    (1ull << (n))
#ifndef BIT
#define BIT(n) (1ul << (n))
#endif
#define BIT_MASK(n)      (1ul << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)      ((n) / BITS_PER_LONG)
#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
/* `length` bits from `shift` up. */
#define MAKE_64BIT_MASK(shift, length) ((~0ull >> (64 - (length))) << (shift))

/* Power ISA numbering: bit 0 is the most significant of a doubleword, word, byte. */
#define PPC_BIT(n)   (0x8000000000000000ull >> (n))
#define PPC_BIT32(n) (0x80000000u >> (n))
#define PPC_BIT8(n)  (0x80u >> (n))
/* Bits first..last inclusive, first <= last. */
#define PPC_BITMASK(first, last)   ((PPC_BIT(first) - PPC_BIT(last)) | PPC_BIT(first))
#define PPC_BITMASK32(first, last) ((PPC_BIT32(first) - PPC_BIT32(last)) | PPC_BIT32(first))
/* Shift that brings PPC_BITMASK(first, last) down to bit 0 of a doubleword. */
#define PPC_BITLSHIFT(last)  (63 - (last))
#define GETFIELD(mask, word) (((word) & (mask)) >> __builtin_ctzll(mask))
#define SETFIELD(mask, word, value)                                                                \
    (((word) & ~(typeof(word))(mask)) |                                                            \
     (((typeof(word))(value) << __builtin_ctzll(mask)) & (typeof(word))(mask)))

#define ROUND_UP(n, d)     (((n) + (d)-1) / (d) * (d))
#define ROUND_DOWN(n, d)   ((n) / (d) * (d))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define KiB                ((uint64_t)1 << 10)
#define MiB                ((uint64_t)1 << 20)
#define GiB                ((uint64_t)1 << 30)
#define TiB                ((uint64_t)1 << 40)

static inline uint32_t extract32(uint32_t value, unsigned start, unsigned length)
{
    return (value >> start) & (~0u >> (32 - length));
}

static inline uint64_t extract64(uint64_t value, unsigned start, unsigned length)
{
    return (value >> start) & (~0ull >> (64 - length));
}

static inline int32_t sextract32(uint32_t value, unsigned start, unsigned length)
{
    return (int32_t)(value << (32 - length - start)) >> (32 - length);
}

static inline int64_t sextract64(uint64_t value, unsigned start, unsigned length)
{
    return (int64_t)(value << (64 - length - start)) >> (64 - length);
}

static inline uint32_t deposit32(uint32_t value, unsigned start, unsigned length, uint32_t field)
{
    uint32_t mask = (~0u >> (32 - length)) << start;

    return (value & ~mask) | ((field << start) & mask);
}

static inline uint64_t deposit64(uint64_t value, unsigned start, unsigned length, uint64_t field)
{
    uint64_t mask = (~0ull >> (64 - length)) << start;

    return (value & ~mask) | ((field << start) & mask);
}

static inline uint8_t rol8(uint8_t v, unsigned n)
{
    return (uint8_t)(v << (n & 7) | v >> (-n & 7));
}

static inline uint16_t rol16(uint16_t v, unsigned n)
{
    return (uint16_t)(v << (n & 15) | v >> (-n & 15));
}

static inline uint32_t rol32(uint32_t v, unsigned n)
{
    return v << (n & 31) | v >> (-n & 31);
}

static inline uint32_t ror32(uint32_t v, unsigned n)
{
    return v >> (n & 31) | v << (-n & 31);
}

static inline uint64_t rol64(uint64_t v, unsigned n)
{
    return v << (n & 63) | v >> (-n & 63);
}

static inline uint64_t ror64(uint64_t v, unsigned n)
{
    return v >> (n & 63) | v << (-n & 63);
}

/* Counts; the count of a zero is the width. */
static inline int ctz32(uint32_t v)
{
    return v ? __builtin_ctz(v) : 32;
}

static inline int ctz64(uint64_t v)
{
    return v ? __builtin_ctzll(v) : 64;
}

static inline int clz32(uint32_t v)
{
    return v ? __builtin_clz(v) : 32;
}

static inline int clz64(uint64_t v)
{
    return v ? __builtin_clzll(v) : 64;
}

static inline int cto64(uint64_t v)
{
    return ctz64(~v);
}

static inline int clo64(uint64_t v)
{
    return clz64(~v);
}

static inline int ctpop32(uint32_t v)
{
    return __builtin_popcount(v);
}

static inline int ctpop64(uint64_t v)
{
    return __builtin_popcountll(v);
}

static inline bool is_power_of_2(uint64_t v)
{
    return v && !(v & (v - 1));
}

/* Largest power of two not above v; 0 for 0. */
static inline uint64_t pow2floor(uint64_t v)
{
    return v ? 1ull << (63 - __builtin_clzll(v)) : 0;
}

/* Smallest power of two not below v; 0 when that is 2^64. */
static inline uint64_t pow2ceil(uint64_t v)
{
    int n = v > 1 ? 64 - __builtin_clzll(v - 1) : 0;

    return n == 64 ? 0 : 1ull << n;
}

static inline uint64_t revbit64(uint64_t v)
{
    v = (v >> 1 & 0x5555555555555555ull) | (v & 0x5555555555555555ull) << 1;
    v = (v >> 2 & 0x3333333333333333ull) | (v & 0x3333333333333333ull) << 2;
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0full) | (v & 0x0f0f0f0f0f0f0f0full) << 4;
    return __builtin_bswap64(v);
}

/* 64 x 64 -> 128. */
static inline void mulu64(uint64_t *low, uint64_t *high, uint64_t a, uint64_t b)
{
    unsigned __int128 r = (unsigned __int128)a * b;

    *low = (uint64_t)r;
    *high = (uint64_t)(r >> 64);
}

static inline void muls64(uint64_t *low, uint64_t *high, int64_t a, int64_t b)
{
    __int128 r = (__int128)a * b;

    *low = (uint64_t)r;
    *high = (uint64_t)(r >> 64);
}

/* a * b / c with a 128-bit product; c not 0; the quotient must fit. */
static inline uint64_t muldiv64(uint64_t a, uint64_t b, uint64_t c)
{
    return (uint64_t)((unsigned __int128)a * b / c);
}

/* The same rounded up. */
static inline uint64_t muldiv64_round_up(uint64_t a, uint64_t b, uint64_t c)
{
    return (uint64_t)(((unsigned __int128)a * b + c - 1) / c);
}

/* 128 / 64 -> 64: false when the divisor is 0 or the quotient does not fit. */
static inline bool divu128_64(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *quotient,
                              uint64_t *remainder)
{
    unsigned __int128 n = (unsigned __int128)high << 64 | low;

    if (!divisor || high >= divisor) {
        return false;
    }
    *quotient = (uint64_t)(n / divisor);
    *remainder = (uint64_t)(n % divisor);
    return true;
}

/* Bitmaps of unsigned long. */
static inline unsigned long *bitmap_new(size_t bits)
{
    return g_new0(unsigned long, BITS_TO_LONGS(bits));
}

static inline void set_bit(size_t n, unsigned long *map)
{
    map[BIT_WORD(n)] |= BIT_MASK(n);
}

static inline void clear_bit(size_t n, unsigned long *map)
{
    map[BIT_WORD(n)] &= ~BIT_MASK(n);
}

static inline bool test_bit(size_t n, const unsigned long *map)
{
    return map[BIT_WORD(n)] >> (n % BITS_PER_LONG) & 1;
}

static inline bool test_bit_atomic(size_t n, const unsigned long *map)
{
    return __atomic_load_n(&map[BIT_WORD(n)], __ATOMIC_RELAXED) >> (n % BITS_PER_LONG) & 1;
}

/* Sets without writing when the bit is set already. */
static inline void set_bit_atomic(size_t n, unsigned long *map)
{
    if (!test_bit_atomic(n, map)) {
        __atomic_fetch_or(&map[BIT_WORD(n)], BIT_MASK(n), __ATOMIC_SEQ_CST);
    }
}

static inline bool test_and_clear_bit_atomic(size_t n, unsigned long *map)
{
    return __atomic_fetch_and(&map[BIT_WORD(n)], ~BIT_MASK(n), __ATOMIC_SEQ_CST) & BIT_MASK(n);
}

/* Next set (clear) bit at or after start, or bits if there is none. */
size_t find_next_bit(const unsigned long *map, size_t bits, size_t start);
size_t find_next_zero_bit(const unsigned long *map, size_t bits, size_t start);
/* Ranges; the atomic ones touch whole words with one operation each. */
void bitmap_set(unsigned long *map, size_t start, size_t count);
void bitmap_clear(unsigned long *map, size_t start, size_t count);
void bitmap_set_atomic(unsigned long *map, size_t start, size_t count);
/* Clears; true if any bit was set. */
bool bitmap_test_and_clear_atomic(unsigned long *map, size_t start, size_t count);
/* True if every bit of the range is set. */
bool bitmap_all_set_atomic(const unsigned long *map, size_t start, size_t count);
size_t bitmap_count(const unsigned long *map, size_t bits);
/* The first set bit at or after `from`; `bits` if there is none. */
size_t bitmap_find_next(const unsigned long *map, size_t bits, size_t from);

#endif
