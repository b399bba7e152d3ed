/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden files: results of vectors, gzip-compressed.  A header line of text, then per row its name,
 * and per vector the numbers and memory words that the instruction changed.
 */
#ifndef TESTS_TCG_VECTOR_GOLDEN_H
#define TESTS_TCG_VECTOR_GOLDEN_H

#include "vector-gen.h"

typedef struct GoldenFile GoldenFile;

GoldenFile *golden_open(const char *path, GError **errp);
bool golden_big_endian(const GoldenFile *golden);
/* The next vector: the record before (made from its row) and after. False at the end. */
bool golden_next(GoldenFile *golden, VectorRecord *before, VectorRecord *after);
unsigned golden_skipped(const GoldenFile *golden);
void golden_close(GoldenFile *golden);

/* Packs the oracle's output for records that vector_gen made with params. */
bool golden_pack(const char *path, const VectorGenParams *params, const char *input,
                 const char *output, GError **errp);

#endif
