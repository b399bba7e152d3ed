/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectorised single precision: scaled sums and a dot product over arrays that fit a cache. */
#include "bench.h"

enum { N = 4096 };
static float a[N], b[N], c[N];

int main(int argc, char **argv)
{
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) {
        a[i] = i * 0.25f;
        b[i] = 1.0f / (i + 1);
    }
    for (long n = bench_count(argc, argv) * 100; n > 0; n--) {
        float k = n * 0.001f;
        for (int i = 0; i < N; i++) {
            c[i] = a[i] * k + b[i];
        }
        for (int i = 0; i < N; i++) {
            b[i] = c[i] > 100.0f ? c[i] * 0.001f : c[i];
        }
        sum = bench_mix_double(sum, b[n % N]);
    }
    return bench_done(sum);
}
