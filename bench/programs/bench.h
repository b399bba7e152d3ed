/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the benchmark programs share: a repeat count from the command line, a small random
 * generator, a checksum. Each program prints one line that depends on all it computed, the same on
 * every machine. */
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline long bench_count(int argc, char **argv)
{
    return argc > 1 ? strtol(argv[1], NULL, 10) : 1;
}

static inline uint32_t bench_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline uint64_t bench_mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * 0x9e3779b97f4a7c15ull + 1;
}

static inline uint64_t bench_mix_double(uint64_t sum, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bench_mix(sum, bits);
}

static inline int bench_done(uint64_t sum)
{
    printf("%016" PRIx64 "\n", sum);
    return 0;
}

/* Keeps the compiler from seeing through a value. */
#define BENCH_HIDE(x) __asm__ volatile("" : "+r"(x) : : "memory")

#endif
