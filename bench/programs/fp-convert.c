/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions between integers and floating point, rounding, comparing, library functions. */
#include "bench.h"
#include <math.h>

int main(int argc, char **argv)
{
    uint64_t sum = 0;
    uint32_t state = 31;
    double x = 0.5;
    for (long n = bench_count(argc, argv) * 10000; n > 0; n--) {
        int32_t r = bench_random(&state);
        double d = r * 0.001 + x;
        int64_t i = (int64_t)d;
        uint32_t u = (uint32_t)fabs(d);
        float f = (float)d;
        x = (floor(d) + ceil(f) + (double)i) * 1e-7 + exp(-fabs(x)) + log1p(fabs(x));
        sum += i ^ u ^ (d < f) ^ (uint64_t)(d > x) << 8;
        sum = bench_mix_double(sum, x > 1e3 ? sin(x) : pow(fabs(x), 0.3));
    }
    return bench_done(sum);
}
