/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of the exact fallbacks of guarded floating-point IR ops, indexed by IROpcode.  A front end that
 * emits such an op has its entry here.
 */
#include "fp-fallback.h"

IRFPFallback *const ppc_fp_fallback[IR_OP_COUNT] = {NULL};

IRVFPFallback *const ppc_vfp_fallback[IR_OP_COUNT] = {NULL};
