/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single precision: a ray through spheres, with float arithmetic, square roots, conversions. */
#include "bench.h"
#include <math.h>

int main(int argc, char **argv)
{
    static float spheres[16][4];
    uint32_t state = 77;
    for (int i = 0; i < 16; i++) {
        for (int k = 0; k < 3; k++) {
            spheres[i][k] = (int)(bench_random(&state) % 2000 - 1000) / 100.0f;
        }
        spheres[i][2] += 20.0f;
        spheres[i][3] = 1.0f + bench_random(&state) % 100 / 50.0f;
    }
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        for (int py = 0; py < 64; py++) {
            for (int px = 0; px < 64; px++) {
                float dx = (px - 32) / 40.0f, dy = (py - 32) / 40.0f, dz = 1.0f;
                float scale = 1.0f / sqrtf(dx * dx + dy * dy + dz * dz), nearest = 1e9f;
                dx *= scale;
                dy *= scale;
                dz *= scale;
                for (int i = 0; i < 16; i++) {
                    const float *s = spheres[i];
                    float along = dx * s[0] + dy * s[1] + dz * s[2];
                    float square = s[0] * s[0] + s[1] * s[1] + s[2] * s[2] - along * along;
                    float inside = s[3] * s[3] - square;
                    if (inside > 0.0f) {
                        float distance = along - sqrtf(inside);
                        nearest = distance < nearest ? distance : nearest;
                    }
                }
                sum += (int64_t)(nearest * 16.0f) & 0xffff;
            }
        }
        spheres[n % 16][0] += 0.01f;
    }
    return bench_done(sum);
}
