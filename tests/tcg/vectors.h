/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction vectors: what the in-process harness (ppc-vectors.c) and the oracle program
 * (ppc-oracle.c, run by qemu-ppc64 or qemu-ppc64le) exchange.  Files hold records one after the
 * other; all numbers in them are little-endian, guest memory is plain bytes.
 */
#ifndef TESTS_TCG_VECTORS_H
#define TESTS_TCG_VECTORS_H

#include <stdint.h>

/* Guest addresses that both sides use. */
#define VECTOR_CODE 0x31000u      /* the instructions */
#define VECTOR_INSNS 4            /* padded with nops; execution ends behind them */
#define VECTOR_MEM 0x20000u       /* memory the instructions may touch */
#define VECTOR_MEM_SIZE 512u

typedef struct VectorState {
    uint64_t gpr[32];
    uint64_t lr, ctr, cr, xer;
    uint64_t fpscr, vscr;
    uint64_t vsr[64][2];          /* doubleword 0, doubleword 1 */
    uint64_t signal;              /* out: signal number, 0 = none */
    uint8_t mem[VECTOR_MEM_SIZE];
} VectorState;

typedef struct VectorRecord {
    uint32_t insn[VECTOR_INSNS];
    VectorState state;            /* in: before; out: after */
} VectorRecord;

/* The numbers of a state, for byte swapping and comparing: everything before mem. */
#define VECTOR_WORDS (offsetof(VectorState, mem) / 8)

#endif
