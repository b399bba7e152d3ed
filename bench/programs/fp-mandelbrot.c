/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mandelbrot's set: multiply-add chains and compares in double precision. */
#include "bench.h"

int main(int argc, char **argv)
{
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        for (int py = 0; py < 96; py++) {
            for (int px = 0; px < 128; px++) {
                double cx = px / 48.0 - 2.0, cy = py / 48.0 - 1.0, x = 0, y = 0;
                int i;
                for (i = 0; i < 200 && x * x + y * y <= 4.0; i++) {
                    double t = x * x - y * y + cx;
                    y = 2.0 * x * y + cy;
                    x = t;
                }
                sum = bench_mix_double(sum + i, x);
            }
        }
    }
    return bench_done(sum);
}
