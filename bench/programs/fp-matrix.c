/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matrix product, scalar double precision. */
#include "bench.h"

enum { N = 96 };
static double a[N][N], b[N][N], c[N][N];

int main(int argc, char **argv)
{
    uint32_t state = 8;
    for (int i = 0; i < N * N; i++) {
        a[i / N][i % N] = (int32_t)bench_random(&state) * 1e-10;
        b[i / N][i % N] = (int32_t)bench_random(&state) * 1e-10;
    }
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double total = 0;
                for (int k = 0; k < N; k++) {
                    total += a[i][k] * b[k][j];
                }
                c[i][j] = total;
            }
        }
        a[n % N][(n * 7) % N] += c[n % N][n % 5] * 1e-3;
        sum = bench_mix_double(sum, c[5][6]);
    }
    return bench_done(sum);
}
