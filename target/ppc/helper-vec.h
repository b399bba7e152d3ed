/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the vector facility (Power ISA 3.0B book I chapter 6) and of the VSX loads and stores
 * with length.  Those without env are pure.  Private to target/ppc.
 */
#ifndef TARGET_PPC_HELPER_VEC_H
#define TARGET_PPC_HELPER_VEC_H

#include "target/ppc/helper.h"

#define VSCR_NJ 0x10000u
#define VSCR_SAT 1u

/* Architecture element n (0 is the leftmost) of a V128. */
#define VEC_LITTLE (G_BYTE_ORDER == G_LITTLE_ENDIAN)
#define VEC_B(v, n) ((v).b[VEC_LITTLE ? 15 - (n) : (n)])
#define VEC_H(v, n) ((v).h[VEC_LITTLE ? 7 - (n) : (n)])
#define VEC_W(v, n) ((v).w[VEC_LITTLE ? 3 - (n) : (n)])
#define VEC_D(v, n) ((v).d[VEC_LITTLE ? 1 - (n) : (n)])

/* Descriptor of an access with length: MMU index, and the guest's byte order for lxvl and stxvl. */
enum { VEC_LENGTH_LE = 1, VEC_LENGTH_IDX_SHIFT = 1 };

/* helper-vec.c: memory, control, permutes */
extern const IRHelper helper_row_lxvl;          /* v128 (env, i64 ea, i64 rb, i32 descriptor) */
extern const IRHelper helper_row_stxvl;         /* (env, i64 ea, i64 rb, i32 descriptor, v128) */
extern const IRHelper helper_row_mtvscr;        /* (env, v128) */

/* helper-vec-int.c: v128 (v128 a, v128 b, v128 c or target); those that saturate take env first */
#define VEC_HELPERS_INT(_)                                                                        \
    _(vmhaddshs) _(vmhraddshs) _(vmsumubm) _(vmsummbm) _(vmsumuhm) _(vmsumuhs) _(vmsumshm)         \
    _(vmsumshs) _(vmsumudm) _(vsum4ubs) _(vsum4sbs) _(vsum4shs) _(vsum2sws) _(vsumsws)             \
    _(vmul10euq) _(vmul10ecuq) _(vslv) _(vsrv) _(vrlwmi) _(vrldmi) _(vrlwnm) _(vrldnm) _(vgbbd)    \
    _(vbpermq) _(vbpermd)
#define VEC_HELPER_EXTERN(name) extern const IRHelper helper_row_##name;
VEC_HELPERS_INT(VEC_HELPER_EXTERN)

/* helper-vec-float.c. nj: i32 0 or 1, denormals count as zeros */
typedef enum VecFloatOp {
    VEC_FLOAT_RECIP, VEC_FLOAT_RSQRT, VEC_FLOAT_EXP2, VEC_FLOAT_LOG2, VEC_FLOAT_ROUND_NEAREST,
    VEC_FLOAT_ROUND_ZERO, VEC_FLOAT_ROUND_UP, VEC_FLOAT_ROUND_DOWN,
} VecFloatOp;
extern const IRHelper helper_row_vec_float1;    /* v128 (v128 b, i32 VecFloatOp, i32 nj) */
extern const IRHelper helper_row_vmaxfp;        /* v128 (v128 a, v128 b, i32 nj) */
extern const IRHelper helper_row_vminfp;
extern const IRHelper helper_row_vcmpbfp;
extern const IRHelper helper_row_vcfsx;         /* v128 (v128 b, i32 fraction bits) */
extern const IRHelper helper_row_vcfux;
extern const IRHelper helper_row_vctsxs;        /* v128 (env, v128 b, i32 fraction bits) */
extern const IRHelper helper_row_vctuxs;

/* helper-vec-crypto.c */
extern const IRHelper helper_row_vshasigmaw;    /* v128 (v128 a, i32 ST || SIX) */
extern const IRHelper helper_row_vshasigmad;
extern const IRHelper helper_row_vpmsum;        /* v128 (v128 a, v128 b, i32 lane 0..2) */

/* helper-vec-bcd.c. i32 how: BCDOp << 1 | PS. Operands that an operation lacks are ignored. */
typedef enum BCDOp {
    BCD_ADD, BCD_SUB, BCD_COPY_SIGN, BCD_SHIFT, BCD_SHIFT_UNSIGNED, BCD_SHIFT_ROUND, BCD_TRUNCATE,
    BCD_TRUNCATE_UNSIGNED, BCD_FROM_NATIONAL, BCD_TO_NATIONAL, BCD_FROM_ZONED, BCD_TO_ZONED,
    BCD_FROM_BINARY, BCD_TO_BINARY, BCD_SET_SIGN,
} BCDOp;
extern const IRHelper helper_row_bcd;           /* v128 (v128 a, v128 b, i32 how) */
extern const IRHelper helper_row_bcd_cr;        /* i32 CR6 nibble (the same) */

/* The SHA-2 sigma functions: rotate counts to the right; the third of the small ones is a shift. */
typedef struct Sigma {
    uint8_t first, second, third;
    bool shift;
} Sigma;
/* [0 words, 1 doublewords][ST << 1 | SIX bit] */
extern const Sigma ppc_sigma[2][4];

#endif
