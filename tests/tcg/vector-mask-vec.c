/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What need not be equal (vector-mask.c) of the vector facility's rows and of VSX moves and permutes.
 */
#include <string.h>
#include "vector-gen.h"

#define CR6_MASK 0xf0u

typedef struct VecMask {
    const char *pattern;
    void (*apply)(const VectorRecord *in, uint32_t insn, VectorRecord *want, const VectorRecord *got);
} VecMask;

static void everything(const VectorRecord *in, uint32_t insn, VectorRecord *want, const VectorRecord *got)
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
static void word_place(const VectorRecord *in, uint32_t insn, VectorRecord *want, const VectorRecord *got)
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

/*
 * The target of invalid operands is undefined, CR6 is 1: QEMU says so too, but not of every sum whose
 * operands' digits look equal to it.
 */
static void decimal(const VectorRecord *in, uint32_t insn, VectorRecord *want, const VectorRecord *got)
{
    const uint64_t *a = in->state.vsr[32 + insn_ra(insn)], *b = in->state.vsr[32 + insn_rb(insn)];
    uint64_t *target = want->state.vsr[32 + insn_rt(insn)];
    const uint64_t *ours = got->state.vsr[32 + insn_rt(insn)];
    bool is_sum = (insn & 0x5bf) == 0x401;

    if ((got->state.cr & CR6_MASK) == 0x10) {
        if ((want->state.cr & CR6_MASK) == 0x10 ||
            (is_sum && (!packed_valid(a, true) || !packed_valid(b, true)))) {
            target[0] = ours[0];
            target[1] = ours[1];
            want->state.cr = (want->state.cr & ~(uint64_t)CR6_MASK) | 0x10;
        }
    }
}

static const VecMask masks[] = {
    {"mtvsrd", low_doubleword}, {"mtvsrwa", low_doubleword}, {"mtvsrwz", low_doubleword},
    {"xxinsertw", word_place},
    {"vextuh?x", element_place}, {"vextuw?x", element_place},
    {"bcd*", decimal},
    /* Rotates and inserts under a mask; QEMU 7.2 clears what is outside the mask. */
    {"vrldmi", everything},
    /* An estimate to 1/16 of a unit; QEMU's series is far off. tests/unit/test-fpu.c checks ours. */
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
