/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searches and ranges on bitmaps of unsigned long, plain and atomic.
 */
#include "util/bitops.h"

static size_t find_bit(const unsigned long *map, size_t bits, size_t start, unsigned long invert)
{
    for (size_t n = start; n < bits;) {
        unsigned long word = (map[BIT_WORD(n)] ^ invert) >> (n % BITS_PER_LONG);

        if (word) {
            n += __builtin_ctzl(word);
            return MIN(n, bits);
        }
        n = (n / BITS_PER_LONG + 1) * BITS_PER_LONG;
    }
    return bits;
}

size_t find_next_bit(const unsigned long *map, size_t bits, size_t start)
{
    return find_bit(map, bits, start, 0);
}

size_t find_next_zero_bit(const unsigned long *map, size_t bits, size_t start)
{
    return find_bit(map, bits, start, ~0ul);
}

/* The bits of [start, start + count) that lie in start's word; *n is how many. */
static unsigned long first_mask(size_t start, size_t count, size_t *n)
{
    size_t shift = start % BITS_PER_LONG;

    *n = MIN(count, BITS_PER_LONG - shift);
    return (~0ul >> (BITS_PER_LONG - *n)) << shift;
}

void bitmap_set(unsigned long *map, size_t start, size_t count)
{
    size_t n;

    for (; count; start += n, count -= n) {
        unsigned long mask = first_mask(start, count, &n);

        map[BIT_WORD(start)] |= mask;
    }
}

void bitmap_clear(unsigned long *map, size_t start, size_t count)
{
    size_t n;

    for (; count; start += n, count -= n) {
        unsigned long mask = first_mask(start, count, &n);

        map[BIT_WORD(start)] &= ~mask;
    }
}

void bitmap_set_atomic(unsigned long *map, size_t start, size_t count)
{
    size_t n;

    for (; count; start += n, count -= n) {
        unsigned long mask = first_mask(start, count, &n);
        unsigned long *word = &map[BIT_WORD(start)];

        if (~__atomic_load_n(word, __ATOMIC_RELAXED) & mask) {
            __atomic_fetch_or(word, mask, __ATOMIC_SEQ_CST);
        }
    }
}

bool bitmap_test_and_clear_atomic(unsigned long *map, size_t start, size_t count)
{
    unsigned long seen = 0;
    size_t n;

    for (; count; start += n, count -= n) {
        unsigned long mask = first_mask(start, count, &n);
        unsigned long *word = &map[BIT_WORD(start)];

        if (__atomic_load_n(word, __ATOMIC_RELAXED) & mask) {
            seen |= __atomic_fetch_and(word, ~mask, __ATOMIC_SEQ_CST) & mask;
        }
    }
    return seen;
}

bool bitmap_all_set_atomic(const unsigned long *map, size_t start, size_t count)
{
    size_t n;

    for (; count; start += n, count -= n) {
        unsigned long mask = first_mask(start, count, &n);

        if (~__atomic_load_n(&map[BIT_WORD(start)], __ATOMIC_RELAXED) & mask) {
            return false;
        }
    }
    return true;
}

size_t bitmap_count(const unsigned long *map, size_t bits)
{
    size_t count = 0;

    for (size_t i = 0; i < bits / BITS_PER_LONG; i++) {
        count += __builtin_popcountl(map[i]);
    }
    if (bits % BITS_PER_LONG) {
        count += __builtin_popcountl(map[bits / BITS_PER_LONG] &
                                     (~0ul >> (BITS_PER_LONG - bits % BITS_PER_LONG)));
    }
    return count;
}

size_t bitmap_find_next(const unsigned long *map, size_t bits, size_t from)
{
    if (from >= bits) {
        return bits;
    }
    size_t at = BIT_WORD(from);
    unsigned long word = map[at] & (~0ul << (from % BITS_PER_LONG));

    while (!word) {
        if (++at >= BITS_TO_LONGS(bits)) {
            return bits;
        }
        word = map[at];
    }
    return MIN(at * BITS_PER_LONG + (size_t)__builtin_ctzl(word), bits);
}
