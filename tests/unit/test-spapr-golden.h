/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of test-spapr-bench.h for a QEMU's stream that tests/migration/split-golden.py took
 * apart. */
#ifndef TEST_SPAPR_GOLDEN_H
#define TEST_SPAPR_GOLDEN_H

#include "test-spapr-bench.h"

typedef struct GoldenFile {
    char *machine, *cpu, *smp, *dialect;   /* its first line */
    const uint8_t *body;                   /* what follows */
    gsize size;
} GoldenFile;

/* Reads the file and makes its machine, with the disks that the stream has. What it says stays to
 * the end. */
void bench_start_golden(GoldenFile *golden, const char *path);

#endif
