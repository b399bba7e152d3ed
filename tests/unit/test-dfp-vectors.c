/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decimal floating point against recorded results of a PowerPC emulator.
 *
 * Each line of test-dfp-vectors.txt is an instruction with operands, result, FPSCR and CR field
 * (test-dfp-generate.py and test-dfp-run.c say how it was made, and what the columns are).  The
 * instructions are executed here by calls of the library, which also shows that its interface
 * serves them all.  `test-dfp-vectors FILE` checks another recording.
 *
 * Where the recording emulator departs from the Power ISA, what it says is not looked at (see
 * known_differences()); FR, which it never sets, is checked by test-dfp against exact arithmetic.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fpu/decfloat.h"

/* FPSCR bits. */
enum {
    FPSCR_FX = 1u << 31,
    FPSCR_VX = 1u << 29,
    FPSCR_FR = 1u << 18,
    FPSCR_FI = 1u << 17,
    FPSCR_FPRF = 0x1fu << 12,
};

typedef struct Outcome {
    DecBits result;
    uint32_t fpscr;
    unsigned cr;
} Outcome;

static uint32_t fpscr_flags(uint32_t flags)
{
    static const struct {
        uint32_t flag, bits;
    } map[] = {
        { FLOAT_FLAG_INEXACT, 1u << 25 | FPSCR_FI },
        { FLOAT_FLAG_ROUNDED_UP, FPSCR_FR },
        { FLOAT_FLAG_UNDERFLOW, 1u << 27 },
        { FLOAT_FLAG_OVERFLOW, 1u << 28 },
        { FLOAT_FLAG_DIVBYZERO, 1u << 26 },
        { FLOAT_FLAG_SNAN, FPSCR_VX | 1u << 24 },
        { FLOAT_FLAG_INF_SUB_INF, FPSCR_VX | 1u << 23 },
        { FLOAT_FLAG_INF_DIV_INF, FPSCR_VX | 1u << 22 },
        { FLOAT_FLAG_ZERO_DIV_ZERO, FPSCR_VX | 1u << 21 },
        { FLOAT_FLAG_INF_MUL_ZERO, FPSCR_VX | 1u << 20 },
        { FLOAT_FLAG_COMPARE, FPSCR_VX | 1u << 19 },
        { FLOAT_FLAG_INT_CONVERT, FPSCR_VX | 1u << 8 },
    };
    uint32_t bits = 0;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(map); i++) {
        if (flags & map[i].flag) {
            bits |= map[i].bits;
        }
    }
    return bits ? bits | FPSCR_FX : 0;
}

static uint32_t fpscr_class(DecFormat f, DecBits r)
{
    static const uint8_t positive[] = {
        [FLOAT_CLASS_ZERO] = 0x02, [FLOAT_CLASS_DENORMAL] = 0x14, [FLOAT_CLASS_NORMAL] = 0x04,
        [FLOAT_CLASS_INFINITY] = 0x05, [FLOAT_CLASS_QNAN] = 0x11, [FLOAT_CLASS_SNAN] = 0x11,
    };
    static const uint8_t negative[] = {
        [FLOAT_CLASS_ZERO] = 0x12, [FLOAT_CLASS_DENORMAL] = 0x18, [FLOAT_CLASS_NORMAL] = 0x08,
        [FLOAT_CLASS_INFINITY] = 0x09, [FLOAT_CLASS_QNAN] = 0x11, [FLOAT_CLASS_SNAN] = 0x11,
    };
    FloatClass c = decimal_classify(f, r);

    return (uint32_t)(decimal_is_negative(f, r) ? negative : positive)[c] << 12;
}

static unsigned relation_cr(FloatRelation r)
{
    return r == FLOAT_LESS ? 8 : r == FLOAT_GREATER ? 4 : r == FLOAT_EQUAL ? 2 : 1;
}

/* The rounding mode of an instruction's R and RMC fields. */
static DecRound immediate_round(unsigned r, unsigned rmc, unsigned drn)
{
    static const uint8_t modes[2][4] = {
        { DEC_ROUND_NEAREST_EVEN, DEC_ROUND_TO_ZERO, DEC_ROUND_NEAREST_AWAY, 0 },
        { DEC_ROUND_UP, DEC_ROUND_DOWN, DEC_ROUND_AWAY, DEC_ROUND_NEAREST_ZERO },
    };

    return r == 0 && rmc == 3 ? drn : modes[r][rmc];
}

static Outcome execute(uint32_t insn, uint64_t fpscr, DecBits a_pair, DecBits b_pair)
{
    bool quad = insn >> 26 == 63;
    DecFormat f = quad ? DEC128 : DEC64, result_format = f;
    DecBits a = quad ? a_pair : (DecBits){ 0, a_pair.hi };
    DecBits b = quad ? b_pair : (DecBits){ 0, b_pair.hi };
    DecStatus s = { .round = fpscr >> 32 & 7 };
    DecRound rmc = immediate_round(0, insn >> 9 & 3, s.round);
    unsigned fra = insn >> 16 & 0x1f, six = insn >> 10 & 0x3f, k = a_pair.hi & 0x3f;
    bool has_class = true, is_integer = false, compares = false;
    Outcome out = { { 0, 0 }, 0, 0 };
    FloatRelation relation = FLOAT_EQUAL;
    DecBits r = { 0, 0 };
    __int128 n;

    switch (insn >> 1 & 0x3ff) {
    case 2:
        r = decimal_add(f, a, b, &s);
        break;
    case 514:
        r = decimal_sub(f, a, b, &s);
        break;
    case 34:
        r = decimal_mul(f, a, b, &s);
        break;
    case 546:
        r = decimal_div(f, a, b, &s);
        break;
    case 642:
    case 130:
        relation = decimal_compare(f, a, b, (insn >> 1 & 0x3ff) == 130, &s);
        compares = true;
        break;
    case 162:
        relation = decimal_compare_exponent(f, a, b);
        compares = true;
        break;
    case 674:
        relation = decimal_test_significance(f, k, b);
        compares = true;
        break;
    case 675:
        relation = decimal_test_significance(f, insn >> 16 & 0x3f, b);
        compares = true;
        break;
    case 290: /* dctfix */
        n = decimal_to_int64(f, b, &s);
        r = (DecBits){ 0, n };
        is_integer = true;
        break;
    case 322: /* ddedpd */
        r = decimal_to_bcd(f, fra >> 4, fra >> 3 & 1, b);
        has_class = false;
        break;
    case 834: /* denbcd */
        r = decimal_from_bcd(f, fra >> 4, b, &s);
        break;
    case 354: /* dxex */
        r = (DecBits){ 0, decimal_extract_exponent(f, b) };
        has_class = false;
        is_integer = true;
        break;
    case 866: /* diex */
        r = decimal_insert_exponent(f, a_pair.hi, b);
        has_class = false;
        break;
    case 802: /* dcffix */
        r = decimal_from_int(f, (int64_t)b_pair.hi, &s);
        break;
    case 258: /* dctdp, dctqpq */
        r = quad ? decimal_widen(DEC64, (DecBits){ 0, b_pair.hi }, &s)
                 : decimal_widen(DEC32, (DecBits){ 0, (uint32_t)b_pair.hi }, &s);
        break;
    case 770: /* drsp, drdpq */
        r = decimal_narrow(f, b, &s);
        result_format = f - 1;
        is_integer = true; /* in the first register */
        break;
    case 994:
        if (fra == 0) {
            r = decimal_from_int(f, (__int128)((unsigned __int128)b.hi << 64 | b.lo), &s);
        } else {
            n = decimal_to_int128(f, b, &s);
            r = (DecBits){ n >> 64, n };
            has_class = false;
        }
        break;
    default:
        switch (insn >> 1 & 0x1ff) {
        case 194: /* dtstdc */
        case 226: { /* dtstdg */
            unsigned which = (insn >> 1 & 0x1ff) == 194 ? decimal_classify(f, a)
                                                        : decimal_group(f, a);
            out.cr = (decimal_is_negative(f, a) ? 8 : 0) | (six >> (5 - which) & 1 ? 2 : 0);
            out.fpscr = out.cr << 12;
            return out;
        }
        case 66:
            r = decimal_shift_left(f, a, six);
            has_class = false;
            break;
        case 98:
            r = decimal_shift_right(f, a, six);
            has_class = false;
            break;
        default:
            switch (insn >> 1 & 0xff) {
            case 3:
                r = decimal_quantize(f, a, b, rmc, &s);
                break;
            case 67:
                r = decimal_quantize_to(f, (int)(fra ^ 0x10) - 0x10, b, rmc, &s);
                break;
            case 35:
                r = decimal_reround(f, k, b, rmc, &s);
                break;
            default: /* drintx 99, drintn 227 */
                r = decimal_round_to_int(f, b,
                                         immediate_round(fra & 1, insn >> 9 & 3, s.round),
                                         (insn >> 1 & 0xff) == 99, &s);
                break;
            }
        }
    }
    out.fpscr = fpscr_flags(s.flags);
    if (compares) {
        out.cr = relation_cr(relation);
        out.fpscr |= out.cr << 12;
        return out;
    }
    if (has_class && !(is_integer && result_format == f)) {
        out.fpscr |= fpscr_class(result_format, r);
    }
    out.result = quad && !is_integer ? r : (DecBits){ r.lo, 0 };
    return out;
}

/*
 * What to compare of a recording, or in which way to read it:
 * - drdpq's result stands in the first register of the pair, not the second;
 * - a NaN's payload survives drsp and drdpq as far as it fits, an SNaN stays one in drsp and
 *   raises VXSNAN in drdpq whatever its payload;
 * - FPRF is set for an invalid denbcd, and SNaNs have QNaNs' FPRF;
 * - dscli, dscri and diex clear the exponent continuation of infinities and NaNs, and like all
 *   others give canonical declets;
 * - ddedpd and diex take the digits of an infinity from where those of a NaN are;
 * - dctfixqq saturates all numbers out of range, also those that have only 39 digits.
 */
static void known_differences(uint32_t insn, DecBits b, const Outcome *ours, DecBits *recorded,
                              uint32_t *mask)
{
    unsigned xo = insn >> 1 & 0x3ff, xo9 = xo & 0x1ff;
    bool quad = insn >> 26 == 63;
    DecFormat f = quad ? DEC128 : DEC64;
    DecBits value = quad ? b : (DecBits){ 0, b.hi };

    switch (xo) {
    case 770:
        if (quad) {
            *recorded = (DecBits){ recorded->lo, 0 };
        }
        if (decimal_classify(f, value) >= FLOAT_CLASS_QNAN) {
            *recorded = ours->result;
            *mask &= quad ? 0 : ~FPSCR_FPRF;
        }
        return;
    case 258:
        *mask &= ~FPSCR_FPRF;
        return;
    case 834:
        *mask &= ours->fpscr & FPSCR_VX ? ~FPSCR_FPRF : ~0u;
        return;
    case 994:
        if (ours->fpscr & FPSCR_VX) {
            *recorded = ours->result;
            *mask = 0;
        }
        return;
    case 322:
        if (decimal_classify(f, value) == FLOAT_CLASS_INFINITY) {
            *recorded = ours->result;
        }
        return;
    }
    if (xo == 866 || xo9 == 66 || xo9 == 98) {
        DecBits result = quad ? ours->result : (DecBits){ 0, ours->result.hi };

        if (decimal_classify(f, result) >= FLOAT_CLASS_INFINITY &&
            ours->result.hi >> 58 == recorded->hi >> 58) {
            *recorded = ours->result;
        }
        if (xo == 866 && decimal_classify(f, value) == FLOAT_CLASS_INFINITY) {
            *recorded = ours->result;
        }
    }
}

static char *vectors_path;

static void test_vectors(void)
{
    g_autofree char *path = vectors_path ? g_strdup(vectors_path)
                                         : g_test_build_filename(G_TEST_DIST,
                                                                 "test-dfp-vectors.txt", NULL);
    FILE *file = fopen(path, "r");
    unsigned long long ctl, ah, al, bh, bl, rh, rl, fpscr;
    unsigned insn, cr, count = 0, bad = 0;

    g_assert_nonnull(file);
    while (fscanf(file, "%x %llx %llx %llx %llx %llx %llx %llx %llx %x", &insn, &ctl, &ah, &al,
                  &bh, &bl, &rh, &rl, &fpscr, &cr) == 10) {
        Outcome o = execute(insn, ctl, (DecBits){ ah, al }, (DecBits){ bh, bl });
        DecBits recorded = { rh, rl };
        uint32_t mask = ~(uint32_t)FPSCR_FR;
        bool same;

        known_differences(insn, (DecBits){ bh, bl }, &o, &recorded, &mask);
        same = o.result.hi == recorded.hi && o.result.lo == recorded.lo && o.cr == cr;
        count++;
        if (!same || (o.fpscr & mask) != ((uint32_t)fpscr & mask)) {
            if (bad++ < 40) {
                g_test_message("%08x %llx a %016llx%016llx b %016llx%016llx: got %016llx%016llx "
                               "%08x %x, recorded %016llx%016llx %08x %x", insn, ctl, ah, al, bh,
                               bl, (long long)o.result.hi, (long long)o.result.lo, o.fpscr, o.cr,
                               rh, rl, (uint32_t)fpscr, cr);
            }
        }
    }
    fclose(file);
    g_assert_cmpuint(count, >, 1000);
    g_assert_cmpuint(bad, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vectors_path = argc > 1 ? argv[1] : NULL;
    g_test_add_func("/dfp/vectors", test_vectors);
    return g_test_run();
}
