/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointers through 8 MB in random order: address translation, not arithmetic. */
#include "bench.h"

enum { CELLS = 1 << 17 };

static struct Cell {
    struct Cell *next;
    uint64_t value[7];
} cells[CELLS];

int main(int argc, char **argv)
{
    static uint32_t order[CELLS];
    uint32_t state = 3;
    for (uint32_t i = 0; i < CELLS; i++) {
        order[i] = i;
    }
    for (uint32_t i = CELLS - 1; i > 0; i--) {
        uint32_t j = bench_random(&state) % (i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (uint32_t i = 0; i < CELLS; i++) {
        cells[order[i]].next = &cells[order[(i + 1) % CELLS]];
        cells[i].value[i % 7] = i;
    }
    uint64_t sum = 0;
    struct Cell *at = cells;
    for (long n = bench_count(argc, argv) * CELLS; n > 0; n--) {
        sum += at->value[n % 7];
        at->value[0]++;
        at = at->next;
    }
    return bench_done(sum);
}
