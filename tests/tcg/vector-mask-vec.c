/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What need not be equal (vector-mask.c) of the vector facility's rows and of VSX moves and
 * permutes.
 */
#include <string.h>
#include "vector-gen.h"

#define CR6_MASK 0xf0u

typedef struct VecMask {
    const char *pattern;
    void (*apply)(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                  const VectorRecord *got);
} VecMask;

static void everything(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                       const VectorRecord *got)
{
    *want = *got;
}

/* Doubleword 1 of the target is undefined. */
static void low_doubleword(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                           const VectorRecord *got)
{
    want->state.vsr[insn_xt(insn)][1] = got->state.vsr[insn_xt(insn)][1];
}

/* UIM above 12. */
static void word_place(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                       const VectorRecord *got)
{
    if ((insn >> 16 & 15) > 12) {
        *want = *got;
    }
}

/* An element that reaches beyond the register. */
static void element_place(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                          const VectorRecord *got)
{
    if ((in->state.gpr[insn_ra(insn)] & 15) > 16 - (1u << (insn >> 6 & 3))) {
        *want = *got;
    }
}

static bool packed_valid(const uint64_t v[2], bool has_sign)
{
    for (unsigned i = has_sign; i < 32; i++) {
        if ((v[1 - i / 16] >> 4 * (i % 16) & 15) > 9) {
            return false;
        }
    }
    return !has_sign || (v[1] & 15) > 9;
}

static void take_target(uint32_t insn, VectorRecord *want, const VectorRecord *got)
{
    memcpy(want->state.vsr[32 + insn_rt(insn)], got->state.vsr[32 + insn_rt(insn)], 16);
}

static void take_cr6(VectorRecord *want, const VectorRecord *got, unsigned nibble)
{
    uint64_t mask = (uint64_t)nibble << 4;
    want->state.cr = (want->state.cr & ~mask) | (got->state.cr & mask);
}

/* QEMU reads VRB after it has written VRT. */
static bool aliased(uint32_t insn)
{
    return insn_rt(insn) == insn_rb(insn);
}

/* Packed operands. The target of invalid ones is undefined, CR6 is 1; QEMU misses some. */
static void decimal(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                    const VectorRecord *got)
{
    if (aliased(insn)) {
        *want = *got;
    } else if ((got->state.cr & CR6_MASK) == 0x10 &&
               !packed_valid(in->state.vsr[32 + insn_rb(insn)], true)) {
        take_target(insn, want, got);
        take_cr6(want, got, 15);
    }
}

static void decimal_sum(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                        const VectorRecord *got)
{
    decimal(in, insn, want, got);
    if ((got->state.cr & CR6_MASK) == 0x10 &&
        !packed_valid(in->state.vsr[32 + insn_ra(insn)], true)) {
        take_target(insn, want, got);
        take_cr6(want, got, 15);
    }
    /* A zero sum is positive and nothing but zero in CR6; QEMU keeps a sign. */
    if ((got->state.cr & CR6_MASK) == 0x20) {
        want->state.vsr[32 + insn_rt(insn)][1] &= ~(uint64_t)15;
        want->state.vsr[32 + insn_rt(insn)][1] |= got->state.vsr[32 + insn_rt(insn)][1] & 15;
        take_cr6(want, got, 12);
    }
}

/* QEMU takes the last digit for a sign, and shifting out zeros for an overflow. */
static void decimal_unsigned(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                             const VectorRecord *got)
{
    if (aliased(insn)) {
        *want = *got;
    } else if (!packed_valid(in->state.vsr[32 + insn_rb(insn)], false)) {
        take_target(insn, want, got);
    } else {
        const uint64_t *b = in->state.vsr[32 + insn_rb(insn)];
        take_cr6(want, got, b[0] | b[1] ? 14 : 15);
    }
}

/* Zoned and national operands: undefined if invalid. Both agree what is. */
static void decimal_text(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                         const VectorRecord *got)
{
    if (aliased(insn)) {
        *want = *got;
    } else if (((got->state.cr & want->state.cr) & CR6_MASK) == 0x10) {
        take_target(insn, want, got);
    }
}

/* Undefined on overflow. */
static void decimal_binary(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                           const VectorRecord *got)
{
    decimal_text(in, insn, want, got);
    if ((got->state.cr & want->state.cr) & 0x10) {
        take_target(insn, want, got);
    }
}

/* Everything is shifted out and rounds to nothing; QEMU shifts by 31 at most. */
static void decimal_round(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                          const VectorRecord *got)
{
    decimal(in, insn, want, got);
    if ((int8_t)in->state.vsr[32 + insn_ra(insn)][0] < -31) {
        *want = *got;
    }
}

/* More digits than there are: nothing is truncated; QEMU clears doubleword 0. */
static void decimal_truncate(const VectorRecord *in, uint32_t insn, VectorRecord *want,
                             const VectorRecord *got)
{
    decimal(in, insn, want, got);
    if ((in->state.vsr[32 + insn_ra(insn)][0] & 0xffff) > 31) {
        *want = *got;
    }
}

static const VecMask masks[] = {
    {"mtvsrd", low_doubleword},
    {"mtvsrwa", low_doubleword},
    {"mtvsrwz", low_doubleword},
    {"xxinsertw", word_place},
    {"vextuh?x", element_place},
    {"vextuw?x", element_place},
    {"lxsdx", low_doubleword},
    {"lxsiw?x", low_doubleword},
    {"lxsibzx", low_doubleword},
    {"lxsihzx", low_doubleword},
    {"lxsspx", low_doubleword},
    {"bcdadd.", decimal_sum},
    {"bcdsub.", decimal_sum},
    {"bcdcpsgn.", decimal_sum},
    {"bcds.", decimal},
    {"bcdsr.", decimal_round},
    {"bcdtrunc.", decimal_truncate},
    {"bcdsetsgn.", decimal},
    {"bcdct?.", decimal},
    {"bcdctsq.", decimal},
    {"bcdus.", decimal_unsigned},
    {"bcdutrunc.", decimal_unsigned},
    {"bcdcfn.", decimal_text},
    {"bcdcfz.", decimal_text},
    {"bcdcfsq.", decimal_binary},
    /* Rotates and inserts under a mask; QEMU 7.2 clears what is outside the mask. */
    {"vrldmi", everything},
    /* An estimate; QEMU's series is far off. tests/unit/test-fpu-host.c checks ours. */
    {"vexptefp", everything},
};

void vector_mask_vec(const PPCInsnRow *row, const VectorRecord *in, VectorRecord *want,
                     const VectorRecord *got)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(masks); i++) {
        if (g_pattern_match_simple(masks[i].pattern, row->mnemonic)) {
            masks[i].apply(in, in->insn[0], want, got);
        }
    }
}
