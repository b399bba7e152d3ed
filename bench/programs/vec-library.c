/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's vector code: memcpy, memset, memcmp, strlen, memchr over short and long pieces.
 */
#include "bench.h"

static char a[1 << 16], b[1 << 16];

int main(int argc, char **argv)
{
    uint64_t sum = 0;
    uint32_t state = 6;
    for (long n = bench_count(argc, argv) * 1000; n > 0; n--) {
        size_t length = n % 16 ? bench_random(&state) % 200 + 1 : sizeof a - 64;
        size_t from = bench_random(&state) % 48, to = bench_random(&state) % 48;
        memset(a + from, 'a' + n % 20, length);
        a[from + length] = 0;
        memcpy(b + to, a + from, length + 1);
        sum += strlen(b + to) + (memcmp(b + to, a + from, length) == 0);
        char *found = memchr(b + to, 0, length + 1);
        sum = bench_mix(sum, found - b);
    }
    return bench_done(sum);
}
