/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two processes pass a byte back and forth: context switches. */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv) * 100;
    int there[2], back[2];
    if (pipe(there) || pipe(back)) {
        return 1;
    }
    unsigned char byte = 0;
    if (fork() == 0) {
        for (long n = 0; n < count && read(there[0], &byte, 1) == 1; n++) {
            byte++;
            if (write(back[1], &byte, 1) != 1) {
                return 1;
            }
        }
        return 0;
    }
    uint64_t sum = 0;
    for (long n = 0; n < count; n++) {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) {
            return 1;
        }
        sum += byte;
    }
    wait(NULL);
    return bench_done(sum);
}
