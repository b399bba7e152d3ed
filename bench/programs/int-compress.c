/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An LZ77 with hash chains and its inverse. */
#include "bench.h"

enum { SIZE = 300000, HASH = 1 << 14 };
static unsigned char data[SIZE], packed[SIZE * 2], back[SIZE];
static int head[HASH], chain[SIZE];

static size_t pack(void)
{
    size_t out = 0;
    for (int i = 0; i < HASH; i++) {
        head[i] = -1;
    }
    for (int i = 0; i < SIZE;) {
        int best = 0, where = 0;
        if (i + 4 < SIZE) {
            unsigned h = (data[i] | data[i + 1] << 8 | data[i + 2] << 16) * 2654435761u >> 18;
            int tries = 16;
            for (int j = head[h]; j >= 0 && i - j < 65536 && tries-- > 0; j = chain[j]) {
                int length = 0;
                while (length < 255 && i + length < SIZE && data[j + length] == data[i + length]) {
                    length++;
                }
                if (length > best) {
                    best = length;
                    where = i - j;
                }
            }
            chain[i] = head[h];
            head[h] = i;
        }
        if (best > 4) {
            packed[out++] = best;
            packed[out++] = where & 0xff;
            packed[out++] = where >> 8;
            i += best;
        } else {
            packed[out++] = 0;
            packed[out++] = data[i++];
        }
    }
    return out;
}

int main(int argc, char **argv)
{
    uint32_t state = 11;
    for (int i = 0; i < SIZE; i++) {
        data[i] =
            i > 1000 && bench_random(&state) % 8 ? data[i - 1 - state % 40] : bench_random(&state);
    }
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        size_t length = pack();
        unsigned char *to = back;
        for (size_t i = 0; i < length;) {
            int count = packed[i];
            if (count) {
                const unsigned char *from = to - (packed[i + 1] | packed[i + 2] << 8);
                while (count-- > 0) {
                    *to++ = *from++;
                }
                i += 3;
            } else {
                *to++ = packed[i + 1];
                i += 2;
            }
        }
        sum = bench_mix(sum, length * 2 + (memcmp(back, data, SIZE) == 0));
        data[n % SIZE] ^= 1;
    }
    return bench_done(sum);
}
