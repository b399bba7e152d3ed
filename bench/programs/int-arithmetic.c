/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiply, divide, high halves, rotates, counts of bits, carries. */
#include "bench.h"

int main(int argc, char **argv)
{
    uint64_t a = 0x123456789abcdef1ull, b = 0xfedcba987654321full, sum = 0;
    for (long n = bench_count(argc, argv) * 100000; n > 0; n--) {
        unsigned __int128 product = (unsigned __int128)a * b;
        unsigned __int128 total = product + ((unsigned __int128)b << 64 | a);
        a = (uint64_t)total ^ (uint64_t)(product >> 64);
        b = (b << 13 | b >> 51) + a / (n | 1) + (uint32_t)b % ((uint32_t)a | 1);
        sum += __builtin_popcountll(a) + __builtin_clzll(b | 1) + __builtin_ctzll(a | 1ull << 63);
        sum ^= __builtin_bswap64(a) + ((int64_t)b >> 7) * (int32_t)a;
    }
    return bench_done(sum);
}
