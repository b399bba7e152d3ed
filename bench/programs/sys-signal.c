/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: sent to oneself, and raised by faults that the handler mends. */
#include "bench.h"
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t taken;
static char *volatile guarded;
static size_t page;

static void on_user(int number)
{
    taken += number;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    taken += number;
    mprotect(guarded, page, PROT_READ | PROT_WRITE);
}

int main(int argc, char **argv)
{
    page = sysconf(_SC_PAGESIZE);
    guarded = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &fault, NULL);
    signal(SIGUSR1, on_user);
    for (long n = bench_count(argc, argv) * 100; n > 0; n--) {
        kill(getpid(), SIGUSR1);
        mprotect(guarded, page, PROT_NONE);
        guarded[n % page]++;
    }
    return bench_done(taken);
}
