/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sieve of Eratosthenes: byte stores with strides, counting. */
#include "bench.h"

enum { LIMIT = 2000000 };
static unsigned char composite[LIMIT];

int main(int argc, char **argv)
{
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        memset(composite, 0, sizeof composite);
        for (unsigned i = 2; i * i < LIMIT; i++) {
            if (!composite[i]) {
                for (unsigned j = i * i; j < LIMIT; j += i) {
                    composite[j] = 1;
                }
            }
        }
        unsigned count = 0;
        for (unsigned i = 2; i < LIMIT; i++) {
            count += !composite[i];
        }
        sum = bench_mix(sum, count);
    }
    return bench_done(sum);
}
