/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32 by table: loads that depend on loads, shifts, exclusive or. */
#include "bench.h"

static uint32_t table[256];
static unsigned char data[1 << 20];

int main(int argc, char **argv)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
        }
        table[i] = c;
    }
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = bench_random(&state) >> 24;
    }
    uint32_t crc = ~0u;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        for (size_t i = 0; i < sizeof data; i++) {
            crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
        }
    }
    return bench_done(crc);
}
