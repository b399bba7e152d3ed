/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the fixed-point, branch and load/store chapters, and those every chapter needs
 * (helper-int.c, helper-mem.c).
 */
#ifndef TARGET_PPC_HELPER_INT_H
#define TARGET_PPC_HELPER_INT_H

#include "target/ppc/helper.h"

/* Raises an exception, state as before the instruction; never returns. */
extern const IRHelper helper_row_raise;         /* (env, i32 kind, i64 error) */
/* Raises the trap-type program interrupt if cond is set. */
extern const IRHelper helper_row_trap_if;       /* (env, i32 cond) */

/* Pure arithmetic */
extern const IRHelper helper_row_divde;         /* i64 (i64 ra, i64 rb): quotient, 0 on overflow */
extern const IRHelper helper_row_divde_ov;      /* i32: 1 on overflow */
extern const IRHelper helper_row_divdeu;
extern const IRHelper helper_row_bpermd;        /* i64 (i64 rs, i64 rb) */
extern const IRHelper helper_row_cdtbcd;        /* i64 (i64) */
extern const IRHelper helper_row_cbcdtd;
extern const IRHelper helper_row_addg6s;        /* i64 (i64, i64) */
extern const IRHelper helper_row_darn;          /* i64 (i32 l) */

/* Memory. oi is a tcg_oi() value, idx an MMU index, ea the effective address. */
extern const IRHelper helper_row_lswi;          /* (env, i64 ea, i32 rt | bytes << 8, i32 idx) */
extern const IRHelper helper_row_stswi;
extern const IRHelper helper_row_lswx; /* (env, i64 ea, i32 rt | ra << 8 | rb << 16, i32 idx) */
extern const IRHelper helper_row_stswx;
extern const IRHelper helper_row_load_quad;     /* v128 (env, i64 ea, i32 oi) */
extern const IRHelper helper_row_store_quad;    /* (env, i64 ea, i64 high, i64 low, i32 oi) */
extern const IRHelper helper_row_stcx;          /* i32 success (env, i64 ea, i64 value, i32 oi) */
extern const IRHelper helper_row_stqcx; /* i32 success (env, i64 ea, i64 high, i64 low, i32 oi) */
extern const IRHelper helper_row_amo_load;      /* i64 (env, i64 ea, i32 rt | fc << 8, i32 oi) */
extern const IRHelper helper_row_amo_store;     /* (env, i64 ea, i64 value, i32 fc, i32 oi) */
extern const IRHelper helper_row_cache_touch;   /* (env, i64 ea, i32 idx): checked as a load */
extern const IRHelper helper_row_cache_store;   /* (env, i64 ea, i32 idx): checked as a store */
extern const IRHelper helper_row_dcbz_970;      /* (env, i64 ea, i32 line size, i32 idx) */
extern const IRHelper helper_row_alignment;     /* (env, i64 ea, i32 is_store); never returns */
extern const IRHelper helper_row_copy;          /* (env, i64 ea, i32 idx) */
extern const IRHelper helper_row_paste;         /* (env, i64 ea); never returns */

#endif
