/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults: anonymous memory mapped, touched, protected, unmapped. */
#include "bench.h"
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    size_t page = sysconf(_SC_PAGESIZE), size = 64 * page;
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            return 1;
        }
        for (size_t i = 0; i < size; i += page) {
            memory[i] = i / page;
        }
        mprotect(memory, size / 2, PROT_READ);
        for (size_t i = 0; i < size; i += page) {
            sum += memory[i];
        }
        mprotect(memory, size / 2, PROT_READ | PROT_WRITE);
        memory[page] = 1;
        munmap(memory, size);
    }
    return bench_done(sum);
}
