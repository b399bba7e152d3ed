/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fast Fourier transform there and back, double precision, with its twiddle factors from sin and
 * cos. */
#include "bench.h"
#include <math.h>

enum { BITS = 12, POINTS = 1 << BITS };
static double re[POINTS], im[POINTS], cosine[POINTS / 2], sine[POINTS / 2];

static void transform(double sign)
{
    for (unsigned i = 1, j = 0; i < POINTS; i++) {
        unsigned bit = POINTS >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j ^= bit;
        if (i < j) {
            double t = re[i];
            re[i] = re[j];
            re[j] = t;
            t = im[i];
            im[i] = im[j];
            im[j] = t;
        }
    }
    for (unsigned length = 2; length <= POINTS; length <<= 1) {
        unsigned step = POINTS / length;
        for (unsigned start = 0; start < POINTS; start += length) {
            for (unsigned k = 0; k < length / 2; k++) {
                unsigned a = start + k, b = a + length / 2;
                double wr = cosine[k * step], wi = sign * sine[k * step];
                double tr = re[b] * wr - im[b] * wi, ti = re[b] * wi + im[b] * wr;
                re[b] = re[a] - tr;
                im[b] = im[a] - ti;
                re[a] += tr;
                im[a] += ti;
            }
        }
    }
}

int main(int argc, char **argv)
{
    for (int i = 0; i < POINTS / 2; i++) {
        cosine[i] = cos(2 * M_PI * i / POINTS);
        sine[i] = sin(2 * M_PI * i / POINTS);
    }
    uint32_t state = 21;
    for (int i = 0; i < POINTS; i++) {
        re[i] = (int32_t)bench_random(&state) * 1e-9;
    }
    for (long n = bench_count(argc, argv); n > 0; n--) {
        transform(1.0);
        transform(-1.0);
        for (int i = 0; i < POINTS; i++) {
            re[i] /= POINTS;
            im[i] /= POINTS;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < POINTS; i++) {
        sum = bench_mix_double(bench_mix_double(sum, re[i]), im[i]);
    }
    return bench_done(sum);
}
