/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What need not be equal: results that the architecture leaves undefined, and results of the oracle
 * (QEMU 7.2) that the Power ISA 3.0B or real processors contradict.  Every entry of the second kind
 * says who is right.
 */
#include <string.h>
#include "vector-gen.h"

static bool is(const PPCInsnRow *row, const char *name)
{
    return strcmp(row->mnemonic, name) == 0;
}

/* A quotient that does not exist or does not fit: target and CR0 (but SO) are undefined. */
static bool quotient_undefined(const PPCInsnRow *row, uint64_t a, uint64_t b)
{
    bool word = strchr(row->mnemonic, 'w') != NULL,
         is_unsigned = strchr(row->mnemonic, 'u') != NULL;
    bool extended = strstr(row->mnemonic, "we") || strstr(row->mnemonic, "de");
    __int128 x, y;

    if (word) {
        x = is_unsigned ? (__int128)(uint32_t)a : (__int128)(int32_t)a;
        y = is_unsigned ? (__int128)(uint32_t)b : (__int128)(int32_t)b;
    } else {
        x = is_unsigned ? (__int128)a : (__int128)(int64_t)a;
        y = is_unsigned ? (__int128)b : (__int128)(int64_t)b;
    }
    if (y == 0) {
        return true;
    }
    if (!extended) {
        return !is_unsigned && y == -1 && x == (word ? (__int128)INT32_MIN : (__int128)INT64_MIN);
    }
    if (is_unsigned) {
        return (unsigned __int128)x >= (unsigned __int128)y;
    }
    if (word) {
        __int128 q = (x * ((__int128)1 << 32)) / y;
        return q != (int32_t)q;
    }
    unsigned __int128 dividend = (unsigned __int128)(x < 0 ? -x : x) << 64;
    unsigned __int128 q = dividend / (unsigned __int128)(y < 0 ? -y : y);
    bool negative = (x < 0) != (y < 0);
    return q > (negative ? (unsigned __int128)1 << 63 : ((unsigned __int128)1 << 63) - 1);
}

/* Vectors on which the oracle is wrong as a whole. */
static bool oracle_wrong(const PPCInsnRow *row, uint32_t insn)
{
    unsigned fc = insn_rb(insn);

    /* A touch: POWER processors do nothing; QEMU has it on embedded models only. */
    if (is(row, "icbt")) {
        return true;
    }
    /* Signed minimum and maximum compare words (ISA 3.0B book II 4.5); QEMU compares doublewords.
     */
    if ((is(row, "lwat") || is(row, "stwat")) && (fc == 5 || fc == 7)) {
        return true;
    }
    /* Pairs start with an even register; QEMU takes any. */
    if (strstr(row->mnemonic, "fdp") && vector_row_group(row) == GROUP_FP && (insn_rt(insn) & 1)) {
        return true;
    }
    /* W and L came with later versions; before, they are reserved and ignored, and QEMU refuses
     * them. */
    if (vector_is_32() &&
        ((is(row, "mtfsf") && insn & 0x02010000) || (is(row, "mtfsfi") && insn & 0x00010000))) {
        return true;
    }
    /* A bounded operation that does not store returns the lowest doubleword; QEMU shifts an int. */
    return (is(row, "ldat") || is(row, "lwat")) && (fc == 24 || fc == 25 || fc == 28);
}

/* The oracle stores the low words of registers, and FPRs have no second doubleword. */
static void mask_32(VectorRecord *want, VectorRecord *got)
{
    uint64_t *w = want->state.gpr, *g = got->state.gpr; /* lr, ctr, cr, xer, fpscr, vscr follow */

    for (unsigned i = 0; i < 38; i++) {
        w[i] = (uint32_t)w[i];
        g[i] = (uint32_t)g[i];
    }
    /* Bits that ISA 3.0 uses: QEMU forgets them, processors keep them. */
    want->state.xer = (want->state.xer & ~0xc0000u) | (got->state.xer & 0xc0000u);
    for (unsigned i = 0; i < 32; i++) {
        want->state.vsr[i][1] = got->state.vsr[i][1];
    }
}

/* ---- Floating point ---- */

#define FX 0x80000000u
#define FPSCR_EXCEPTIONS 0x1ff80700u /* OX UX ZX XX, VXSNAN ... VXCVI (VX and FEX are summaries)   \
                                      */
#define FPRF 0x1f000u
#define FPRF_C 0x10000u
#define FI 0x20000u
#define FR 0x40000u
#define XX 0x02000000u

/* Makes the FPSCR bits in mask, and what CR1 shows of them, equal. */
static void take_fpscr(VectorRecord *want, const VectorRecord *got, const PPCInsnRow *row,
                       uint32_t insn, uint32_t mask)
{
    want->state.fpscr = (want->state.fpscr & ~(uint64_t)mask) | (got->state.fpscr & mask);
    if ((mask & FX) && (row->flags & IF_RC) && insn_rc(insn)) {
        want->state.cr = (want->state.cr & ~(uint64_t)0x08000000) | (got->state.cr & 0x08000000);
    }
}

static bool has_prefix(const PPCInsnRow *row, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (g_str_has_prefix(row->mnemonic, *prefixes)) {
            return true;
        }
    }
    return false;
}

static bool is_nan(uint64_t bits)
{
    return (bits & 0x7fffffffffffffff) > 0x7ff0000000000000;
}

static void mask_fp(const PPCInsnRow *row, const VectorRecord *in, VectorRecord *want,
                    VectorRecord *got)
{
    static const char *const to_integer[] = {"fcti", "xscvdpsx", "xscvdpux", NULL};
    static const char *const estimates[] = {"fre",  "frsqrte",  "xsre", "xsrsqrte",
                                            "xvre", "xvrsqrte", NULL};
    static const char *const from_integer[] = {"fcfids", "fcfidu", NULL};
    static const char *const singles[] = {
        "fadds",   "fsubs",      "fmuls",    "fdivs",    "fsqrts", "fmadds",  "fmsubs",
        "fnmadds", "fnmsubs",    "fres",     "frsqrtes", "frsp",   "xsaddsp", "xssubsp",
        "xsmulsp", "xsdivsp",    "xssqrtsp", "xsmadd",   "xsmsub", "xsnmadd", "xsnmsub",
        "xsresp",  "xsrsqrtesp", "xsrsp",    NULL};
    uint32_t insn = in->insn[0], before = (uint32_t)in->state.fpscr;

    /* FR: QEMU never sets it; processors do when rounding increased the magnitude. */
    take_fpscr(want, got, row, insn, FR);
    if (has_prefix(row, estimates)) {
        /* XX, FI and FR are undefined after estimates. */
        take_fpscr(want, got, row, insn, XX | FI);
        bool zero = (row->flags & IF_FP) && in->state.vsr[insn_rb(insn)][0] << 1 == 0;

        /* The estimate for zero is infinity; QEMU has 0.5. */
        if (zero || (before & (1u << FPSCR_XE))) {
            *want = *got;
            return;
        }
    }
    if (g_str_has_prefix(row->mnemonic, "fcfid") && (before & (1u << FPSCR_XE))) {
        /* An enabled inexact exception delivers the result; QEMU leaves the target. */
        *want = *got;
        return;
    }
    if (!((uint32_t)got->state.fpscr & ~before & FPSCR_EXCEPTIONS)) {
        /* FX is set when an exception bit goes from 0 to 1 (4.2.2); QEMU sets it whenever one is
         * set. */
        take_fpscr(want, got, row, insn, FX);
    }
    if ((row->flags & IF_FP) && (row->flags & IF_RC) && insn_rc(insn) &&
        (got->state.cr >> 24 & 15) == (got->state.fpscr >> 28 & 15)) {
        /* CR1 is FPSCR's first field as the instruction leaves it; QEMU copies before FEX is set.
         */
        want->state.cr = (want->state.cr & ~(uint64_t)0x0f000000) | (got->state.cr & 0x0f000000);
    }
    if (g_str_has_prefix(row->mnemonic, "fctiw")) {
        want->state.vsr[insn_rt(insn)][0] =          /* upper word undefined */
            (uint32_t)want->state.vsr[insn_rt(insn)][0] |
            (got->state.vsr[insn_rt(insn)][0] & ~(uint64_t)UINT32_MAX);
    }
    if ((g_str_has_prefix(row->mnemonic, "fnm") || strstr(row->mnemonic, "snm")) &&
        (before & 3) >= 2) {
        /* Negated after rounding, which shows in the directed modes; QEMU negates before. */
        *want = *got;
        return;
    }
    if (is(row, "mtfsb1")) {
        /* It is no exception from that rule; NI can be set. */
        take_fpscr(want, got, row, insn, FX | 1u << FPSCR_NI);
    }
    if (has_prefix(row, to_integer)) {
        take_fpscr(want, got, row, insn, FPRF);      /* undefined */
    }
    if (has_prefix(row, from_integer)) {
        take_fpscr(want, got, row, insn, FPRF);      /* QEMU forgets it */
    }
    if (is(row, "fcmpo") || is(row, "xscmpodp")) {
        take_fpscr(want, got, row, insn, FPRF_C);    /* compares set FPCC alone */
        if (before & (1u << FPSCR_VE)) {
            /* With VE set a signaling NaN is VXSNAN alone (book I 4.6.8). */
            take_fpscr(want, got, row, insn, 1u << FPSCR_VXVC);
        }
    }
    if (has_prefix(row, singles)) {
        uint64_t *w = want->state.vsr[insn_rt(insn)], *g = got->state.vsr[insn_rt(insn)];

        /* Enabled overflow and underflow of singles change the exponent by 192; QEMU by 1536. */
        if (before & (1u << FPSCR_OE | 1u << FPSCR_UE)) {
            w[0] = g[0];
            take_fpscr(want, got, row, insn, FPRF | FI | FX | XX);
        }
        /* A denormal single has the class of denormals on processors; QEMU looks at the double. */
        take_fpscr(want, got, row, insn, FPRF_C);
        /* NaN operands that are no singles: only frsp truncates in the architecture's text. */
        if ((row->flags & IF_FP) && !is(row, "frsp") && is_nan(w[0]) && is_nan(g[0]) &&
            w[0] == (g[0] & ~(uint64_t)0x1fffffff)) {
            w[0] = g[0];
        }
    }
}

void vector_mask(const VectorRecord *in, VectorRecord *want, VectorRecord *got)
{
    const PPCInsnRow *row = ppc_decode(vector_decoder(), in->insn[0]);
    uint32_t insn = in->insn[0];

    if (want->state.signal) {
        /* QEMU's signal frames have 32 bits of FPSCR. */
        want->state.fpscr =
            (uint32_t)want->state.fpscr | (got->state.fpscr & ~(uint64_t)UINT32_MAX);
    }
    if (vector_is_32()) {
        mask_32(want, got);
    }
    if (!row) {
        return;
    }
    /* A pair of lqarx and stqcx. never succeeds in QEMU 7.2's user mode. */
    bool quad_pair = is(row, "lqarx") && (in->insn[2] & 0xfc0007ff) == 0x7c00016d;
    if (quad_pair || oracle_wrong(row, insn)) {
        *want = *got;
        return;
    }
    if (row->flags & (IF_FP | IF_VSX)) {
        mask_fp(row, in, want, got);
    }
    vector_mask_vec(row, in, want, got);
    vector_mask_fp(row, in, want, got);
    if (g_str_has_prefix(row->mnemonic, "div") && vector_row_group(row) == GROUP_INT &&
        quotient_undefined(row, in->state.gpr[insn_ra(insn)], in->state.gpr[insn_rb(insn)])) {
        want->state.gpr[insn_rt(insn)] = got->state.gpr[insn_rt(insn)];
        if (insn_rc(insn)) {
            want->state.cr = (want->state.cr & 0x1fffffff) | (got->state.cr & 0xe0000000);
        }
        if (strstr(row->mnemonic, "de")) {
            /* Overflow of extended division: real processors report every one, QEMU not all. */
            want->state.xer = got->state.xer;
            want->state.cr = (want->state.cr & 0x0fffffff) | (got->state.cr & 0xf0000000);
        }
    }
    if (g_str_has_prefix(row->mnemonic, "mod")) {
        uint64_t a = in->state.gpr[insn_ra(insn)], b = in->state.gpr[insn_rb(insn)];
        bool word = strchr(row->mnemonic, 'w');
        bool lowest = word ? (uint32_t)a == 0x80000000 && (uint32_t)b == UINT32_MAX
                           : a == (uint64_t)1 << 63 && b == UINT64_MAX;
        if ((word ? (uint32_t)b : b) == 0 || (lowest && row->mnemonic[3] == 's')) {
            want->state.gpr[insn_rt(insn)] = got->state.gpr[insn_rt(insn)];
        }
    }
    if (in->insn[1] == 0x60000000 &&
        (g_str_has_prefix(row->mnemonic, "mulhw") || g_str_has_prefix(row->mnemonic, "divw"))) {
        /* The upper half of the target is undefined, and so is CR0 in 64-bit mode. */
        want->state.gpr[insn_rt(insn)] = (uint32_t)want->state.gpr[insn_rt(insn)];
        got->state.gpr[insn_rt(insn)] = (uint32_t)got->state.gpr[insn_rt(insn)];
        if (insn_rc(insn)) {
            want->state.cr = (want->state.cr & 0x1fffffff) | (got->state.cr & 0xe0000000);
        }
    }
}
