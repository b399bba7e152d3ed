/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Portable C functions for the vector ops of ir-ops.h.inc: what the interpreter runs, what the
 * folder computes constants with, and what a host back end calls for an op its CPU lacks.
 *
 * Scalar operands come in d[0] of their V128 (i32 zero extended); scalar results go to d->d[0] with
 * d->d[1] zero.  d may be the same object as any operand.  imm and aux are the op's.  Guarded
 * floating-point ops (VFADD ... VFCMP) have no entry: they are the target's
 * (IRTargetDesc.vfp_fallback).
 */
#ifndef TCG_VEC_OPS_H
#define TCG_VEC_OPS_H

#include "tcg/ir.h"

typedef void IRVecFn(V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t imm,
                     uint32_t aux);

/* Indexed by IROpcode; NULL for ops that are none of the above. */
extern IRVecFn *const ir_vec_fn[IR_OP_COUNT];

#endif
