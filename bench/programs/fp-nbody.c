/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gravity between five bodies: double precision, square root, divide. */
#include "bench.h"
#include <math.h>

static struct Body {
    double x[3], v[3], mass;
} bodies[5] = {
    { { 0, 0, 0 }, { 0, 0, 0 }, 39.5 },
    { { 4.84, -1.16, -0.10 }, { 0.606, 2.81, -0.02 }, 0.0377 },
    { { 8.34, 4.12, -0.40 }, { -1.01, 1.82, 0.008 }, 0.0113 },
    { { 12.9, -15.1, -0.22 }, { 1.08, 0.868, -0.010 }, 0.0017 },
    { { 15.4, -25.9, 0.179 }, { 0.979, 0.594, -0.034 }, 0.0020 },
};

int main(int argc, char **argv)
{
    for (long n = bench_count(argc, argv) * 10000; n > 0; n--) {
        for (int i = 0; i < 5; i++) {
            for (int j = i + 1; j < 5; j++) {
                struct Body *a = &bodies[i], *b = &bodies[j];
                double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1], dz = a->x[2] - b->x[2];
                double square = dx * dx + dy * dy + dz * dz;
                double pull = 0.01 / (square * sqrt(square));
                a->v[0] -= dx * b->mass * pull;
                a->v[1] -= dy * b->mass * pull;
                a->v[2] -= dz * b->mass * pull;
                b->v[0] += dx * a->mass * pull;
                b->v[1] += dy * a->mass * pull;
                b->v[2] += dz * a->mass * pull;
            }
        }
        for (int i = 0; i < 5; i++) {
            for (int k = 0; k < 3; k++) {
                bodies[i].x[k] += 0.01 * bodies[i].v[k];
            }
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 3; k++) {
            sum = bench_mix_double(sum, bodies[i].x[k]);
        }
    }
    return bench_done(sum);
}
