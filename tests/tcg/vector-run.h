/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs vectors through the front end and a back end (vector-run.c). */
#ifndef TESTS_TCG_VECTOR_RUN_H
#define TESTS_TCG_VECTOR_RUN_H

#include "vector-gen.h"

/* backend: "interp" or "x86_64". baseline: without optional host features. */
bool vector_run_init(const char *backend, bool baseline, GError **errp);
/* Executes the instructions at VECTOR_CODE on the state. */
void vector_run(VectorState *state, const uint32_t insn[VECTOR_INSNS], bool big_endian);

/* Prints the IR and the host code of a piece of code. */
void vector_show(const uint32_t *insns, unsigned n, bool big_endian);

#endif
