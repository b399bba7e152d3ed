/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork, exec of itself, wait. */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc > 2) {
        return 5;
    }
    long sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        pid_t child = fork();
        if (child == 0) {
            if (n % 4 == 0) {
                execl("/proc/self/exe", argv[0], "1", "child", (char *)NULL);
            }
            _exit(3);
        }
        int status;
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return bench_done(sum);
}
