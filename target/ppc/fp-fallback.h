/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact fallbacks of the guarded floating-point IR ops, indexed by IROpcode (fp-fallback.c).
 */
#ifndef TARGET_PPC_FP_FALLBACK_H
#define TARGET_PPC_FP_FALLBACK_H

#include "tcg/ir.h"

extern IRFPFallback *const ppc_fp_fallback[IR_OP_COUNT];
extern IRVFPFallback *const ppc_vfp_fallback[IR_OP_COUNT];

#endif
