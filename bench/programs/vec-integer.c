/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectorised integers: 32-bit multiply and shift, 16-bit saturation, byte differences. */
#include "bench.h"

enum { N = 8192 };
static uint32_t words[N], other[N];
static int16_t halves[N];
static uint8_t bytes[N], more[N];

int main(int argc, char **argv)
{
    uint32_t state = 4;
    for (int i = 0; i < N; i++) {
        words[i] = bench_random(&state);
        other[i] = bench_random(&state);
        halves[i] = bench_random(&state);
        bytes[i] = bench_random(&state);
        more[i] = bench_random(&state);
    }
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv) * 100; n > 0; n--) {
        for (int i = 0; i < N; i++) {
            words[i] = words[i] * 2654435761u + (other[i] >> 3 ^ words[i] << 5);
        }
        for (int i = 0; i < N; i++) {
            int t = halves[i] + (int16_t)n;
            halves[i] = t > 32767 ? 32767 : t < -32768 ? -32768 : t;
        }
        uint32_t distance = 0;
        for (int i = 0; i < N; i++) {
            distance += bytes[i] > more[i] ? bytes[i] - more[i] : more[i] - bytes[i];
        }
        for (int i = 0; i < N; i++) {
            bytes[i] = (bytes[i] + more[i] + 1) >> 1 ^ (uint8_t)n;
        }
        sum = bench_mix(sum, distance + words[n % N] + halves[n % N]);
    }
    return bench_done(sum);
}
