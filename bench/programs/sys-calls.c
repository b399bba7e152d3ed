/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that do little: getppid, read of nothing, clock, lseek. */
#include "bench.h"
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
    char buffer[64];
    long bytes = 0;
    for (long n = bench_count(argc, argv) * 1000; n > 0; n--) {
        syscall(SYS_getppid);
        bytes += read(zero, buffer, sizeof buffer);
        bytes += write(null, buffer, 32);
        syscall(SYS_getuid);
    }
    return bench_done(bytes);
}
