/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What need not be equal (vector-mask.c) of VSX floating point, quad precision and decimal floating
 * point. In each case the Power ISA 3.0B is the judge; the comments say what QEMU 7.2 does instead.
 */
#include <string.h>
#include "vector-gen.h"

#define ENABLES    0xf8u
#define OE_UE      0x60u
#define FX         0x80000000u
#define FEX        0x40000000u
#define UX         0x08000000u
#define FPRF       0x1f000u
#define EXCEPTIONS 0x3ff80700u

typedef void MaskFn(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                    const VectorRecord *got);

static void everything(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                       const VectorRecord *got)
{
    *want = *got;
}

static void take(VectorRecord *want, const VectorRecord *got, uint32_t mask)
{
    want->state.fpscr = (want->state.fpscr & ~(uint64_t)mask) | (got->state.fpscr & mask);
}

/*
 * An enabled exception in any lane leaves the target as it was, and the other lanes still count:
 * QEMU stops at the first and writes the target for OE, UE and XE.
 */
static void enabled(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                    const VectorRecord *got)
{
    if (in->state.fpscr & ENABLES) {
        *want = *got;
    }
}

/* Underflow goes unnoticed behind another lane's overflow, and in conversions. */
static void vector_underflow(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                             const VectorRecord *got)
{
    if (got->state.fpscr & UX) {
        take(want, got, UX | FX);
    }
}

/* A NaN in one lane: QEMU gives its result to the lanes behind it, too. */
static void nan_lanes(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                      const VectorRecord *got)
{
    if (got->state.fpscr & 0x100) {
        *want = *got;
    }
}

/* The inexact result is delivered though XE is set; QEMU leaves the target. */
static void inexact_enabled(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                            const VectorRecord *got)
{
    if (in->state.fpscr & 8) {
        *want = *got;
    }
}

/* A signalling NaN behind another NaN, or added to infinity times zero, signals as well; not in
 * QEMU. */
static void second_snan(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                        const VectorRecord *got)
{
    if (got->state.fpscr & 0x01000000) {
        take(want, got, 0x01000000 | 0x20000000 | FX);
    }
}

/* Negated after rounding; QEMU negates before, which shows in the directed modes. */
static void directed(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                     const VectorRecord *got)
{
    if ((in->state.fpscr & 3) >= 2) {
        *want = *got;
    }
}

/* XX is undefined after estimates; QEMU does not raise ZX for all zeros. */
static void estimate(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                     const VectorRecord *got)
{
    take(want, got, FX | EXCEPTIONS);
}

/* QEMU rounds twice where results are tiny or exceptions wrap them, and cuts the payloads of NaNs.
 */
static void single(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                   const VectorRecord *got)
{
    uint64_t *w = &want->state.vsr[insn_xt(insn)][0], g = got->state.vsr[insn_xt(insn)][0];

    if (in->state.fpscr & OE_UE) {
        *want = *got;
    } else if ((g & 0x7fffffffffffffff) > 0x7ff0000000000000 && *w == (g & ~(uint64_t)0x1fffffff)) {
        *w = g;
    } else if ((g >> 52 & 0x7ff) < 897) {
        take(want, got, UX | FX | FPRF);
    }
}

/* Doubles below the range of singles count as denormals; QEMU takes them for NaNs. */
static void single_class(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                         const VectorRecord *got)
{
    unsigned exponent = in->state.vsr[insn_xb(insn)][0] >> 52 & 0x7ff;

    if (exponent && exponent < 0x381) {
        *want = *got;
    }
}

/* R = 0, RMC = 3 means FPSCR.RN, which QEMU misreads; 1 and 2 are reserved. */
static void quad_mode(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                      const VectorRecord *got)
{
    if (!(insn >> 16 & 1) && (insn >> 9 & 3)) {
        *want = *got;
    }
}

/* There is no underflow exception. */
static void no_underflow(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                         const VectorRecord *got)
{
    take(want, got, UX | FX);
}

/* ---- Decimal ---- */

/* Enabled exceptions neither interrupt nor keep the target in QEMU. */
static void decimal_enabled(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                            const VectorRecord *got)
{
    if (in->state.fpscr & ENABLES) {
        *want = *got;
    }
    take(want, got, FEX);
}

/* Invalid digits give the default NaN and its class; QEMU leaves FPRF. */
static void bad_digits(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                       const VectorRecord *got)
{
    if (got->state.fpscr & 0x100 && (got->state.fpscr & FPRF) == 0x11000) {
        take(want, got, FPRF);
    }
}

static bool special(uint64_t decimal)
{
    return (decimal >> 58 & 0x1e) == 0x1e;
}

/* Infinities and NaNs with bits in fields that canonical ones have clear: QEMU keeps them. */
static void special_a(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                      const VectorRecord *got)
{
    if (special(in->state.vsr[insn_ra(insn)][0])) {
        *want = *got;
    }
}

static void special_b(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                      const VectorRecord *got)
{
    if (special(in->state.vsr[insn_rb(insn)][0])) {
        *want = *got;
    }
}

/* An exponent that makes an infinity or NaN: likewise. */
static void special_exponent(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                             const VectorRecord *got)
{
    bool quad = insn >> 26 == 63;

    if (in->state.vsr[insn_ra(insn)][0] > (quad ? 12287 : 767)) {
        *want = *got;
    }
}

/* The long result stands in the even register, zeros in the odd one; QEMU has them the other way.
 */
static void narrow_pair(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                        const VectorRecord *got)
{
    unsigned t = insn_rt(insn) & 30;

    if (got->state.vsr[t + 1][0] == 0 && want->state.vsr[t][0] == 0 &&
        want->state.vsr[t + 1][0] == got->state.vsr[t][0]) {
        memcpy(want->state.vsr[t], got->state.vsr[t], 32);
    }
    special_b(in, insn, want, got);
}

typedef struct FPMask {
    const char *pattern;
    MaskFn *apply;
} FPMask;

static const FPMask masks[] = {
    {"xv*", enabled},
    {"xv*", vector_underflow},
    {"xvnm*", directed},
    {"xvcv?p?x?s", nan_lanes},
    {"xsrsp", inexact_enabled},
    {"xsrqpix", inexact_enabled},
    {"xvre?p", estimate},
    {"xvrsqrte?p", estimate},
    {"xsre?p", estimate},
    {"xsrsqrte?p", estimate},
    {"xs???sp", single},
    {"xs?????sp", single},
    {"xs??????sp", single},
    {"xssqrtsp", single},
    {"xsresp", single},
    {"xsrsqrtesp", single},
    {"xsrsp", single},
    {"xststdcsp", single_class},
    {"xsrqpi*", quad_mode},
    {"xsrqpxp", quad_mode},
    {"xsrqpxp", no_underflow},
    /* QEMU rounds to nearest. */
    {"xsnmsubqpo", everything},
    /* QEMU takes maxima with enabled underflow for underflows. */
    {"xsmaxdp", enabled},
    {"xsmindp", enabled},
    {"xsrqpxp", enabled},
    {"xsre?p", enabled},
    {"xsrsqrte?p", enabled},
    /* An enabled invalid operation leaves the target. */
    {"xscmp??dp", enabled},
    {"xsm??jdp", second_snan},
    {"xs*m???dp", second_snan},
    {"xs*m???sp", second_snan},
    {"d*", decimal_enabled},
    {"denbcd*", bad_digits},
    {"drsp", special_b},
    {"dctdp", special_b},
    {"ddedpd*", special_b},
    {"diex*", special_b},
    {"diex*", special_exponent},
    {"dsc?i*", special_a},
    {"drdpq", narrow_pair},
};

void vector_mask_fp(const PPCInsnRow *row, const VectorRecord *in, VectorRecord *want,
                    const VectorRecord *got)
{
    VectorGroup group = vector_row_group(row);

    for (unsigned i = 0; i < G_N_ELEMENTS(masks) && (group == GROUP_VSX || group == GROUP_DFP);
         i++) {
        if (g_pattern_match_simple(masks[i].pattern, row->mnemonic)) {
            masks[i].apply(in, in->insn[0], want, got);
        }
    }
}
