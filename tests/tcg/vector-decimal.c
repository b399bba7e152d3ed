/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operands for vectors of the decimal integer instructions: noise is hardly ever a valid number, so
 * the registers that the word names get numbers of the kind it takes, some of them with a fault.
 */
#include <string.h>
#include "vector-gen.h"

typedef unsigned __int128 U128;

static U128 random_digits(VectorRand *r, unsigned n)
{
    unsigned kind = vector_below(r, 8), length = vector_below(r, 3) ? n : vector_below(r, n + 1);
    U128 value = 0;

    for (unsigned i = 0; i < length; i++) {
        unsigned digit = kind == 0 ? 9 : kind == 1 ? 0 : vector_below(r, 10);
        value = value << 4 | digit;
    }
    if (vector_below(r, 24) == 0) {
        value |= (U128)15 << 4 * vector_below(r, n);        /* no digit */
    }
    return value;
}

static void put(uint64_t out[2], U128 value)
{
    out[0] = (uint64_t)(value >> 64);
    out[1] = (uint64_t)value;
}

static void packed(VectorRand *r, uint64_t out[2])
{
    unsigned sign = vector_below(r, 24) ? 10 + vector_below(r, 6) : vector_below(r, 16);

    put(out, random_digits(r, 31) << 4 | sign);
}

static void zoned(VectorRand *r, bool ebcdic, uint64_t out[2])
{
    U128 digits = random_digits(r, 16), value = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned zone = i == 15 ? vector_below(r, 16) : ebcdic ? 15 : 3;
        value = value << 8 | zone << 4 | (unsigned)(digits >> 4 * (15 - i) & 15);
    }
    if (vector_below(r, 24) == 0) {
        value ^= (U128)1 << vector_below(r, 128);
    }
    put(out, value);
}

static void national(VectorRand *r, uint64_t out[2])
{
    U128 digits = random_digits(r, 7), value = 0;

    for (unsigned i = 0; i < 7; i++) {
        value = value << 16 | (unsigned)('0' + (digits >> 4 * (6 - i) & 15));
    }
    value = value << 16 | (vector_below(r, 2) ? '+' : '-');
    if (vector_below(r, 24) == 0) {
        value ^= (U128)1 << vector_below(r, 128);
    }
    put(out, value);
}

/* Around +-10^31, and anything below. */
static void binary(VectorRand *r, uint64_t out[2])
{
    U128 value = 1;

    for (unsigned i = 0; i < 31; i++) {
        value *= 10;
    }
    switch (vector_below(r, 4)) {
    case 0:
        value += vector_below(r, 3) - (U128)1;
        break;
    case 1:
        value = vector_integer(r);
        break;
    default:
        value = ((U128)vector_rand(r) << 64 | vector_rand(r)) >> (24 + vector_below(r, 40));
        break;
    }
    put(out, vector_below(r, 2) ? -value : value);
}

void vector_decimal_operands(VectorRand *r, const PPCInsnRow *row, uint32_t insn,
                             VectorState *state)
{
    const char *name = row->mnemonic;
    uint64_t *a = state->vsr[32 + insn_ra(insn)], *b = state->vsr[32 + insn_rb(insn)];
    bool counts = g_str_has_prefix(name, "bcds") || g_str_has_prefix(name, "bcdu") ||
                  g_str_has_prefix(name, "bcdt");

    if (strcmp(name, "bcdcfn.") == 0) {
        national(r, b);
    } else if (strcmp(name, "bcdcfz.") == 0) {
        zoned(r, insn >> 9 & 1, b);
    } else if (strcmp(name, "bcdcfsq.") == 0) {
        binary(r, b);
    } else if (strcmp(name, "bcdus.") == 0 || strcmp(name, "bcdutrunc.") == 0) {
        put(b, random_digits(r, 32));
    } else {
        packed(r, b);
    }
    if (strcmp(name, "bcdsub.") == 0 || strcmp(name, "bcdadd.") == 0 ||
        strcmp(name, "bcdcpsgn.") == 0) {
        packed(r, a);
        if (vector_below(r, 4) == 0) {
            a[0] = b[0];                                    /* equal or nearly so */
            a[1] = b[1] ^ (vector_below(r, 2) ? 6 : 0);
        }
    } else if (counts && strstr(row->operands, "VRA") && a != b) {
        a[0] = vector_below(r, 4) ? vector_below(r, 34) : vector_rand(r);
        if (vector_below(r, 2)) {
            a[0] = (uint64_t)-(int64_t)a[0];
        }
    }
}
