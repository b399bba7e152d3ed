/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes vector records from decode rows (vector-gen.c) and knows what may differ (vector-mask.c).
 */
#ifndef TESTS_TCG_VECTOR_GEN_H
#define TESTS_TCG_VECTOR_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <glib.h>
#include "vectors.h"
#include "../../target/ppc/decode.h"

typedef enum VectorGroup {
    GROUP_INT, GROUP_FP, GROUP_DFP, GROUP_VMX, GROUP_VSX, GROUP_SEQ, GROUP_ALL
} VectorGroup;

typedef struct VectorGenParams {
    VectorGroup group;
    const char *pattern;   /* mnemonic glob or NULL */
    unsigned count;        /* per row; 0 = the group's default */
    int64_t seed;
    bool big_endian;       /* memory rows only make sense to differ, but all are made */
} VectorGenParams;

typedef struct VectorGen {
    VectorGroup group;
    GPatternSpec *pattern;
    unsigned count, row, n;
    int64_t seed;
    bool big_endian;
} VectorGen;

bool vector_group_parse(const char *name, VectorGroup *group);
const char *vector_group_name(VectorGroup group);
VectorGroup vector_row_group(const PPCInsnRow *row);
/* True if single-instruction vectors can be made of the row. */
bool vector_row_usable(const PPCInsnRow *row);
unsigned vector_group_count(VectorGroup group);

void vector_gen_init(VectorGen *gen, VectorGroup group, const char *pattern, unsigned count,
                     int64_t seed, bool big_endian);
bool vector_gen_next(VectorGen *gen, VectorRecord *record);
void vector_gen_list(VectorGroup group);
/* The n-th record of a row; of the sequences if row is NULL. */
void vector_make(const PPCInsnRow *row, unsigned n, int64_t seed, bool big_endian,
                 VectorRecord *record);

/*
 * The model that vectors are for: POWER9, or a 7447A when vector_mode_32() was called before
 * anything else.  Vectors of both are made alike.
 */
void vector_mode_32(void);
bool vector_is_32(void);
uint32_t vector_isa(void);
#define VECTOR_ISA_POWER9                                                                          \
    (ISA_BASE | ISA_64 | ISA_FP | ISA_FP_EXT | ISA_FSQRT | ISA_ALTIVEC | ISA_STRING | ISA_2_03 |   \
     ISA_2_04 | ISA_2_05 | ISA_DFP | ISA_2_06 | ISA_SLB | ISA_SEGMENT | ISA_MFTB | ISA_VSX |       \
     ISA_2_07 | ISA_TM | ISA_3_00)
#define VECTOR_ISA_7447A                                                                          \
    (ISA_BASE | ISA_FP | ISA_FP_EXT | ISA_STRING | ISA_SEGMENT | ISA_MFTB | ISA_74XX_TLB |         \
     ISA_EXTERN | ISA_6XX_MISC | ISA_ALTIVEC)
const PPCDecoder *vector_decoder(void);

/* Texts for reports. */
char *vector_insns_text(const VectorRecord *record);
const char *vector_record_name(const VectorRecord *record);
void vector_word_name(unsigned index, char name[16]);
void vector_print_operands(const VectorRecord *record);

/* Makes equal in both what the architecture leaves undefined or where the oracle is known to be
 * wrong. */
void vector_mask(const VectorRecord *in, VectorRecord *want, VectorRecord *got);

/* The same for rows of the vector facility, and VSX moves (vector-mask-vec.c). */
void vector_mask_vec(const PPCInsnRow *row, const VectorRecord *in, VectorRecord *want,
                     const VectorRecord *got);
void vector_mask_fp(const PPCInsnRow *row, const VectorRecord *in, VectorRecord *want,
                    const VectorRecord *got);

/* splitmix64 */
typedef struct VectorRand { uint64_t state; } VectorRand;
static inline uint64_t vector_rand(VectorRand *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
static inline unsigned vector_below(VectorRand *r, unsigned limit)
{
    return vector_rand(r) % limit;
}
/* vector-values.c: interesting operands. */
uint64_t vector_integer(VectorRand *r);
uint64_t vector_double(VectorRand *r);
uint32_t vector_single(VectorRand *r);
void vector_v128(VectorRand *r, VectorGroup group, uint64_t out[2]);
/* vector-decimal.c: numbers for the registers that a bcd instruction names. */
void vector_decimal_operands(VectorRand *r, const PPCInsnRow *row, uint32_t insn,
                             VectorState *state);

#endif
