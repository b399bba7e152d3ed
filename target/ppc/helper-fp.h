/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point operations by number, FPSCR bookkeeping, and the helpers of the floating-point
 * chapters.  Private to target/ppc.
 *
 * An operation is FPOP(base, modifiers).  The same numbers serve the exact fallbacks, the pending
 * record (SLOT_FP_OP, from which FI, FR and FPRF are made when somebody looks) and the helpers of
 * exact mode.
 */
#ifndef TARGET_PPC_HELPER_FP_H
#define TARGET_PPC_HELPER_FP_H

#include "fpu/softfloat.h"
#include "target/ppc/helper.h"

/* Scalar operations on doublewords. */
typedef enum FPBase {
    FPB_NONE,
    FPB_ADD,
    FPB_SUB,
    FPB_MUL,
    FPB_DIV,  /* SINGLE */
    FPB_SQRT, /* SINGLE */
    FPB_MADD, /* a * b + c; SINGLE, SUBTRACT, NEG */
    FPB_RSP,  /* round to single, NaN payload cut (frsp) */
    FPB_RSPV, /* the same, payload kept (xsrsp) */
    FPB_RE,
    FPB_RSQRTE, /* SINGLE */
    FPB_CFID,   /* from integer; UNSIGNED, SINGLE */
    FPB_CTI,    /* to integer; UNSIGNED, W32, TRUNC */
    FPB_RINT,   /* to integral value; modifier: FPRoundOp */
    FPB_CVDPSP,
    FPB_CVSPDP, /* single in the upper word */
    FPB_CVDPHP,
    FPB_CVHPDP, /* half in the low halfword */
    FPB_MAX,
    FPB_MIN, /* IEEE maxNum/minNum as VSX has it */
    FPB_MAXC,
    FPB_MINC,
    FPB_MAXJ,
    FPB_MINJ, /* ISA 3.0: C and Java rules */
    FPB_CMPEQ,
    FPB_CMPGE,
    FPB_CMPGT, /* all ones or zero */
    FPB_COUNT,
} FPBase;
/* Modifiers are the IRFP_* flags below 256. */
#define FPOP(base, modifiers) ((uint32_t)(base) << 8 | (modifiers))
#define FPOP_BASE(op)         ((FPBase)((op) >> 8 & 0xff))
#define FPOP_MODIFIERS(op)    ((op)&0xff)
/* In a pending record: the FPSCR.RN that the operation rounded by. */
enum { FPOP_ROUND_SHIFT = 30 };

/* Modifier of FPB_RINT: a FloatRound, or the current mode with inexact reported. */
enum { FPRINT_CURRENT = 8 };
/* Modifier of FPB_CTI: a word result stands in both words, as VSX processors leave it. */
enum { FPCTI_BOTH = 64 };

/* What an operation does to FPSCR beside the exception bits. */
enum {
    FPA_FPRF = 1,           /* sets FPRF from the result */
    FPA_FIFR = 2,           /* sets FI and FR */
    FPA_SINGLE_IN_WORD = 4, /* FPRF is that of the single in the upper word */
    FPA_HALF = 8,           /* FPRF is that of the half in the low halfword */
};
unsigned fpop_attributes(uint32_t op);

/* Computes any of them; flags accumulate in s. */
uint64_t fp_compute(uint32_t op, uint64_t a, uint64_t b, uint64_t c, FloatStatus *s);
/* The same for one lane in single-precision format (ADD .. MADD, RE, RSQRTE, RINT, MAX .. CMPGT).
 */
uint32_t fp_compute32(uint32_t op, uint32_t a, uint32_t b, uint32_t c, FloatStatus *s);

/* ---- FPSCR (fpu-status.c) ---- */

#define FPSCR_BIT(name) ((uint64_t)1 << FPSCR_##name)
#define FPSCR_VX_ALL                                                                               \
    (FPSCR_BIT(VXCVI) | FPSCR_BIT(VXSQRT) | FPSCR_BIT(VXSOFT) | FPSCR_BIT(VXVC) |                  \
     FPSCR_BIT(VXIMZ) | FPSCR_BIT(VXZDZ) | FPSCR_BIT(VXIDI) | FPSCR_BIT(VXISI) |                   \
     FPSCR_BIT(VXSNAN))
#define FPSCR_ENABLES                                                                              \
    (FPSCR_BIT(VE) | FPSCR_BIT(OE) | FPSCR_BIT(UE) | FPSCR_BIT(ZE) | FPSCR_BIT(XE))
#define FPSCR_EXCEPTIONS                                                                           \
    (FPSCR_VX_ALL | FPSCR_BIT(OX) | FPSCR_BIT(UX) | FPSCR_BIT(ZX) | FPSCR_BIT(XX))
/* What can be written at all; VX and FEX are derived. */
#define FPSCR_WRITABLE UINT64_C(0x7fffff7ff)

/* Exception bits of FPSCR for FloatFlag bits. */
uint64_t fp_exceptions(uint32_t flags);
/* Sets exception bits: FX on a change from 0 to 1, VX and FEX derived. */
void fpscr_raise(CPUPPCState *env, uint64_t exceptions);
/* Those among the given exceptions that FPSCR enables. */
uint64_t fpscr_enabled(const CPUPPCState *env, uint64_t exceptions);
/* Sets up arithmetic as FPSCR says: rounding mode, enabled overflow and underflow. */
void fp_status_init(const CPUPPCState *env, FloatStatus *s);
/*
 * Behind arithmetic in fast mode: sets exceptions and is true; or, if one of them is enabled, has
 * the instruction done again in exact mode (generated code looks at env->fp_redo) and is false.
 */
bool fp_note_fast(CPUPPCState *env, uint32_t flags);
/* At the start of an instruction in exact mode: what has been asked for is about to happen. */
void fp_redo_done(CPUPPCState *env);
/* FPRF codes. */
unsigned fprf_double(uint64_t value);
unsigned fprf_single_range(uint64_t value); /* a single in double format */
unsigned fprf_class(FloatClass class, bool negative);
unsigned fprf_result(uint32_t op, uint64_t result);
static inline void fpscr_set_fprf(CPUPPCState *env, unsigned fprf)
{
    env->fpscr = (env->fpscr & ~((uint64_t)31 << FPSCR_FPRF)) | (uint64_t)fprf << FPSCR_FPRF;
}
static inline void fpscr_set_fpcc(CPUPPCState *env, unsigned fpcc)
{
    env->fpscr = (env->fpscr & ~((uint64_t)15 << FPSCR_FPCC)) | (uint64_t)fpcc << FPSCR_FPCC;
}
static inline void fpscr_set_fi_fr(CPUPPCState *env, uint32_t flags)
{
    env->fpscr &= ~(FPSCR_BIT(FI) | FPSCR_BIT(FR));
    env->fpscr |= flags & FLOAT_FLAG_INEXACT ? FPSCR_BIT(FI) : 0;
    env->fpscr |= flags & FLOAT_FLAG_ROUNDED_UP ? FPSCR_BIT(FR) : 0;
}
/* Moves the host's sticky inexact flag into XX. */
void fpscr_harvest(CPUPPCState *env);
/* Drops it: all of FPSCR is about to be written. */
void fpscr_forget(CPUPPCState *env);
/* In SLOT_FPCC beside a nibble that may be zero: there is one. */
enum { FPCC_SET = 16 };
/* Applies a pending record; op 0 is none, fpcc 0 is none. */
void fpscr_resolve(CPUPPCState *env, uint32_t op, uint32_t fpcc, uint64_t a, uint64_t b,
                   uint64_t c);
/* Sets the bits of mask that can be written, without a sync; mode flags follow. */
void fpscr_assign(CPUPPCState *env, uint64_t value, uint64_t mask);
/* FX, FEX, VX, OX as CR1's nibble; FPSCR must be up to date as far as these go. */
static inline unsigned fpscr_cr1(const CPUPPCState *env)
{
    return env->fpscr >> 28 & 15;
}
/* LT 8, GT 4, EQ 2, unordered 1. */
static inline unsigned fp_relation_nibble(FloatRelation relation)
{
    return relation == FLOAT_LESS      ? 8
           : relation == FLOAT_GREATER ? 4
           : relation == FLOAT_EQUAL   ? 2
                                       : 1;
}
/* Test data class: the classes that DCMX names. */
bool fp_test_class(FloatClass class, bool negative, unsigned dcmx);
/* CR nibbles of the tests for software divide and square root. */
uint32_t fp_test_divide(uint64_t a, uint64_t b);
uint32_t fp_test_sqrt(uint64_t b);
/* Raises the program interrupt if MSR.FE0 or FE1 is set; env must be up to date. */
void fp_interrupt(CPUPPCState *env);
/*
 * Behind an operation with env up to date: sets exceptions; true if the result may be written,
 * which an enabled invalid operation or division by zero forbids.
 */
bool fp_note_exceptions(CPUPPCState *env, uint32_t flags);
/* The program interrupt of an operation whose exceptions are enabled. */
void fp_check_enabled(CPUPPCState *env, uint32_t flags);

/* ---- Operand descriptors of the exact helpers ---- */

/* VSR numbers of target, a, b, c; Rc. */
#define FPREGS(t, a, b, c, rc)                                                                     \
    ((uint32_t)(t) | (uint32_t)(a) << 6 | (uint32_t)(b) << 12 | (uint32_t)(c) << 18 |              \
     (uint32_t)(rc) << 24)
#define FPREGS_T(r)  ((r)&63)
#define FPREGS_A(r)  ((r) >> 6 & 63)
#define FPREGS_B(r)  ((r) >> 12 & 63)
#define FPREGS_C(r)  ((r) >> 18 & 63)
#define FPREGS_RC(r) ((r) >> 24 & 1)

/* VSR doublewords as the architecture numbers them. */
#define VSR_HI(v) ((v).d[G_BYTE_ORDER == G_LITTLE_ENDIAN])
#define VSR_LO(v) ((v).d[G_BYTE_ORDER != G_LITTLE_ENDIAN])
/* Word element n (0 is the leftmost). */
#define VSR_W(v, n) ((v).w[G_BYTE_ORDER == G_LITTLE_ENDIAN ? 3 - (n) : (n)])
#define VSR_D(v, n) ((v).d[G_BYTE_ORDER == G_LITTLE_ENDIAN ? 1 - (n) : (n)])
#define VSR_H(v, n) ((v).h[G_BYTE_ORDER == G_LITTLE_ENDIAN ? 7 - (n) : (n)])

/*
 * Vector operations: FPOP() for each lane, of single precision with FPV_F32; or a conversion with
 * FPB_NONE and the types of source and result.  Of a word that holds one of two lanes the left one
 * counts.
 */
enum { FPV_F32 = 1 << 16, FPV_FROM_SHIFT = 20, FPV_TO_SHIFT = 24 };
typedef enum FPVType { FPV_DP, FPV_SP, FPV_HP, FPV_SD, FPV_UD, FPV_SW, FPV_UW } FPVType;
#define FPV_CONVERT(from, to) ((uint32_t)(from) << FPV_FROM_SHIFT | (uint32_t)(to) << FPV_TO_SHIFT)

/* Pure lane operations (helper_vfp_bits). */
typedef enum FPVBits {
    FPVB_XEXPDP,
    FPVB_XEXPSP,
    FPVB_XSIGDP,
    FPVB_XSIGSP,
    FPVB_IEXPDP,
    FPVB_IEXPSP,
    FPVB_TSTDCDP,
    FPVB_TSTDCSP, /* DCMX << 8 */
} FPVBits;

/* Quad-precision operations (helper_qfp): FPQ << 8 | modifiers. */
typedef enum FPQuad {
    FPQ_ADD,
    FPQ_SUB,
    FPQ_MUL,
    FPQ_DIV,
    FPQ_SQRT,
    FPQ_MADD, /* a * b + c; IRFP_SUBTRACT, IRFP_NEG */
    FPQ_RINT,
    FPQ_RXP, /* modifiers: FPQ_ROUND() */
    FPQ_FROM_DP,
    FPQ_FROM_SD,
    FPQ_FROM_UD,
    FPQ_TO_DP,
    FPQ_TO_SD,
    FPQ_TO_SW,
    FPQ_TO_UD,
    FPQ_TO_UW,
} FPQuad;
enum { FPQ_ODD = 0x80 }; /* round to odd */
#define FPQOP(base, modifiers) ((uint32_t)(base) << 8 | (modifiers))
#define FPQ_ROUND(r, rmc, ex)  ((r) << 2 | (rmc) | (ex) << 3)
/* Compares and tests of quads (helper_qfp_test): CR field and FPCC. */
enum { FPQT_COMPARE, FPQT_COMPARE_ORDERED, FPQT_EXPONENTS, FPQT_CLASS /* DCMX << 8 */ };
/* Bit operations on quads (helper_qfp_bits). */
enum { FPQB_EXPONENT, FPQB_SIGNIFICAND, FPQB_INSERT };

/* Decimal operations (helper_dfp, helper_dfp_test): op, DFP_QUAD for the quad form. */
typedef enum DFPOp {
    DFP_ADD,
    DFP_SUB,
    DFP_MUL,
    DFP_DIV,
    DFP_QUANTIZE,     /* immediate: RMC */
    DFP_QUANTIZE_IMM, /* RMC | TE << 8 */
    DFP_REROUND,      /* RMC */
    DFP_RINTX,
    DFP_RINTN, /* RMC | R << 2 */
    DFP_WIDEN,
    DFP_NARROW,
    DFP_FROM_INT,
    DFP_TO_INT,
    DFP_TO_BCD,
    DFP_FROM_BCD, /* SP; S */
    DFP_XEX,
    DFP_IEX,
    DFP_SHIFT_LEFT,
    DFP_SHIFT_RIGHT, /* digits */
    DFP_CMPU,
    DFP_CMPO,
    DFP_TSTEX,
    DFP_TSTSF,
    DFP_TSTSFI, /* digits */
    DFP_TSTDC,
    DFP_TSTDG, /* DCM; DGM */
} DFPOp;
enum { DFP_QUAD = 0x100 };

/* Flags of helpers that look at and change whole registers and may raise. */
#define FP_ALL_STATE (IRH_READS_SLOTS | IRH_WRITES_SLOTS | IRH_RAISES | IRH_KEEPS_TLB)

#define HELPER(name, ...) extern const IRHelper helper_row_##name;
#include "helper-fp.h.inc"
#include "helper-fp-vector.h.inc"
#include "helper-fp-quad.h.inc"
#include "helper-fp-dfp.h.inc"
#undef HELPER

#endif
