/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in memory: create, write, read back, stat, rename, remove. */
#include "bench.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char buffer[16384];
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv) * 10; n > 0; n--) {
        char name[40], other[40];
        snprintf(name, sizeof name, "file-%ld", n % 50);
        snprintf(other, sizeof other, "name-%ld", n % 30);
        int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
        memset(buffer, n, sizeof buffer);
        sum += write(file, buffer, sizeof buffer);
        sum += pread(file, buffer, 1000, 5000);
        struct stat status;
        fstat(file, &status);
        sum = bench_mix(sum, status.st_size + buffer[999]);
        close(file);
        rename(name, other);
        if (n % 3 == 0) {
            unlink(other);
        }
    }
    return bench_done(sum);
}
