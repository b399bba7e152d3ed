/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quicksort of 64-bit keys through a comparison function, then binary searches: calls, branches. */
#include "bench.h"

enum { KEYS = 100000 };
static uint64_t keys[KEYS];

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    uint64_t sum = 0;
    uint32_t state = 99;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        for (int i = 0; i < KEYS; i++) {
            keys[i] = (uint64_t)bench_random(&state) << 16 ^ bench_random(&state);
        }
        qsort(keys, KEYS, sizeof keys[0], compare);
        for (int i = 0; i < KEYS; i++) {
            uint64_t key = (uint64_t)bench_random(&state) << 16;
            int low = 0, high = KEYS;
            while (low < high) {
                int middle = (low + high) / 2;
                if (keys[middle] < key) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            sum = bench_mix(sum, low);
        }
    }
    return bench_done(sum);
}
