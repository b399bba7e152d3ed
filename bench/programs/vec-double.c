/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectorised double precision: a three-point stencil. */
#include "bench.h"

enum { N = 4096 };
static double a[N + 2], b[N + 2];

int main(int argc, char **argv)
{
    for (int i = 0; i < N + 2; i++) {
        a[i] = (i * 37 % 101) * 0.125;
    }
    for (long n = bench_count(argc, argv) * 100; n > 0; n--) {
        for (int i = 1; i <= N; i++) {
            b[i] = 0.25 * a[i - 1] + 0.5 * a[i] + 0.25 * a[i + 1];
        }
        for (int i = 1; i <= N; i++) {
            a[i] = b[i] * 1.0001 - 0.0001;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < N; i++) {
        sum = bench_mix_double(sum, a[i]);
    }
    return bench_done(sum);
}
