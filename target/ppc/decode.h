/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction rows and the decoder built from them.
 *
 * One row per instruction stands in an insns-<facility>.h.inc file:
 *
 *   INSN("lwz", ENC_D(32), "RT,D(RA0)", ISA_BASE, IF_LOAD, tr_lwz)
 *
 * mnemonic  as binutils prints it, without the suffixes that the IF_RC/OE/LK/AA/VRC bits add
 * encoding  an ENC_* macro: it expands to "opcode value, mask"; mask covers the opcode fields only.
 *           Reserved fields are never in the mask: processors ignore them
 * operands  in assembler order, tokens of the table in operands.c, with literal punctuation; they
 *           drive the disassembler, the reserved-field computation and the random test generator
 * isa       ISA_* bits (cpu.h) that the model must all have, else the word is illegal
 * flags     IF_*
 * function  bool tr_xxx(DisasContext *ctx, uint32_t insn); false = invalid form -> illegal
 *
 * To add an instruction: one row in the facility's file, one translate function, test vectors.
 * A row with a more specific mask (more bits) wins over a less specific one; rows with equal masks
 * must not overlap for models that have both (tests/unit/test-ppc-decode.c checks).
 */
#ifndef TARGET_PPC_DECODE_H
#define TARGET_PPC_DECODE_H

#include "internal.h"

typedef struct DisasContext DisasContext;
typedef bool PPCTranslateFn(DisasContext *ctx, uint32_t insn);

/* Row flags. */
enum {
    IF_RC = 1u << 0,        /* bit 31 is Rc: "." */
    IF_OE = 1u << 1,        /* bit 21 is OE: "o" */
    IF_LK = 1u << 2,        /* bit 31 is LK: "l" */
    IF_AA = 1u << 3,        /* bit 30 is AA: "a" */
    IF_VRC = 1u << 4,       /* bit 21 is the vector Rc: "." */
    IF_PRIV = 1u << 5,      /* privileged: checked by the driver */
    IF_HV = 1u << 6,        /* hypervisor resource: checked by the driver */
    IF_FP = 1u << 7,        /* needs MSR.FP: unavailable interrupt by the driver */
    IF_VEC = 1u << 8,       /* needs MSR.VEC */
    IF_VSX = 1u << 9,       /* needs MSR.VSX */
    IF_VSX_TX = 1u << 10,   /* ISA 3.0 forms: bit 31 (TX/SX) clear needs VSX, set needs VEC */
    IF_TM = 1u << 11,       /* needs MSR.TM: facility unavailable */
    IF_END = 1u << 12,      /* the block ends behind it, through the execution loop */
    IF_BRANCH = 1u << 13,   /* changes the flow (branch trace) */
    IF_LOAD = 1u << 14,     /* reads guest memory */
    IF_STORE = 1u << 15,    /* writes guest memory */
    IF_NOGEN = 1u << 16,    /* not for the single-instruction vector generator */
    IF_FPSCR = 1u << 17,    /* the generator compares FPSCR and varies rounding modes */
    IF_INVALID3 = 1u << 18, /* withdrawn from ISA 3.0 on */
    IF_USER_2_06 =
        1u << 19, /* older, but problem state has it from ISA 2.06 on (PCR.v2.05 takes it) */
    IF_USER_2_07 = 1u << 20, /* the same for ISA 2.07 (PCR.v2.06) */
};

/* Encodings: "value, mask". Bit numbers in names are counted from the least significant. */
#define ENC_RAW(value, mask) (uint32_t)(value), (uint32_t)(mask)
#define ENC_FIELD(op, xo, shift, width)                                                           \
    ((uint32_t)(op) << 26 | (uint32_t)(xo) << (shift)),                                           \
        (0xfc000000u | (((1u << (width)) - 1) << (shift)))
#define ENC_D(op) ((uint32_t)(op) << 26), 0xfc000000u
#define ENC_DS(op, xo) ENC_FIELD(op, xo, 0, 2)
#define ENC_DQ(op, xo) ENC_FIELD(op, xo, 0, 3)
#define ENC_DX(op, xo) ENC_FIELD(op, xo, 1, 5)
#define ENC_X(op, xo) ENC_FIELD(op, xo, 1, 10)
/* X-form whose bit 0 belongs to the opcode (stwcx., and rows where it selects an instruction). */
#define ENC_XRC(op, xo, rc) ENC_FIELD(op, (uint32_t)(xo) << 1 | (rc), 0, 11)
#define ENC_XO(op, xo) ENC_FIELD(op, xo, 1, 9)
#define ENC_XS(op, xo) ENC_FIELD(op, xo, 2, 9)
#define ENC_XL(op, xo) ENC_FIELD(op, xo, 1, 10)
#define ENC_A(op, xo) ENC_FIELD(op, xo, 1, 5)
#define ENC_M(op) ENC_D(op)
#define ENC_MD(op, xo) ENC_FIELD(op, xo, 2, 3)
#define ENC_MDS(op, xo) ENC_FIELD(op, xo, 1, 4)
#define ENC_VA(op, xo) ENC_FIELD(op, xo, 0, 6)
#define ENC_VX(op, xo) ENC_FIELD(op, xo, 0, 11)
#define ENC_VXR(op, xo) ENC_FIELD(op, xo, 0, 10)   /* vector compares: bit 10 is Rc */
#define ENC_XX1(op, xo) ENC_FIELD(op, xo, 1, 10)
#define ENC_XX2(op, xo) ENC_FIELD(op, xo, 2, 9)
#define ENC_XX3(op, xo) ENC_FIELD(op, xo, 3, 8)
#define ENC_XX3C(op, xo) ENC_FIELD(op, xo, 3, 7)   /* bit 10 is Rc */
#define ENC_XX4(op, xo) ENC_FIELD(op, xo, 4, 2)
#define ENC_Z22(op, xo) ENC_FIELD(op, xo, 1, 9)
#define ENC_Z23(op, xo) ENC_FIELD(op, xo, 1, 8)
/* Adds a further opcode field to one of the above: ENC_SUB(ENC_X(60, 347), 16, 5, 1). */
#define ENC_SUB(...) ENC_SUB_(__VA_ARGS__)
#define ENC_SUB_(value, mask, shift, width, sub)                                                  \
    ((value) | (uint32_t)(sub) << (shift)), ((mask) | ((1u << (width)) - 1) << (shift))

typedef struct PPCInsnRow {
    const char *mnemonic;
    uint32_t opcode, mask;
    const char *operands;
    uint32_t isa;
    uint32_t flags;
    PPCTranslateFn *translate;
} PPCInsnRow;

extern const PPCInsnRow ppc_insns[];
extern const unsigned ppc_n_insns;

/* Decode tables of one model. */
typedef struct PPCDecoder PPCDecoder;
/* Builds the tables of the rows legal on a model with these ISA_* bits; the caller frees. */
PPCDecoder *ppc_decoder_new(uint32_t isa);
void ppc_decoder_free(PPCDecoder *decoder);
/* The row of a word, or NULL if it is illegal on the model. */
const PPCInsnRow *ppc_decode(const PPCDecoder *decoder, uint32_t insn);
/* True if a model with these ISA_* bits has the row. */
bool ppc_insn_available(const PPCInsnRow *row, uint32_t isa);
/* The architecture version that brought the row to problem state. */
PPCUserLevel ppc_insn_level(const PPCInsnRow *row);
/* False if PCR, as the block key tells it, makes the row illegal (always true in privileged state).
 */
bool ppc_insn_in_compat(const PPCInsnRow *row, uint64_t hflags);

/* ---- Operands (operands.c) ---- */

typedef enum PPCOperandKind {
    OPK_GPR,        /* r3 */
    OPK_GPR0,       /* r3, or 0: a base register */
    OPK_FPR, OPK_VR, OPK_VSR,
    OPK_CRF,        /* cr1 */
    OPK_CRBIT,      /* 4*cr1+lt */
    OPK_UINT, OPK_SINT,
    OPK_REL,        /* displacement from the instruction: printed as an address */
    OPK_ABS,        /* absolute displacement */
    OPK_SPR, OPK_MASK32, OPK_SR,
} PPCOperandKind;

/* value = (low field | high field << low width), sign extended for SINT, REL, ABS, << scale, + bias
 */
typedef struct PPCOperand {
    const char *token;
    uint8_t kind;       /* PPCOperandKind */
    uint8_t low_shift, low_width, high_shift, high_width;
    uint8_t scale;
    int8_t bias;
    uint8_t flags;      /* OPF_* */
} PPCOperand;
enum { OPF_DEST = 1, OPF_SOURCE = 2, OPF_PAIR = 4, OPF_OPTIONAL0 = 8 /* not printed when zero */ };

/* The operand whose token starts at *text; advances *text behind it. NULL: literal character. */
const PPCOperand *ppc_operand_parse(const char **text);
int64_t ppc_operand_value(const PPCOperand *operand, uint32_t insn);
uint32_t ppc_operand_mask(const PPCOperand *operand);
/* Bits of the row that are neither opcode nor operand nor modifier: reserved. */
uint32_t ppc_insn_reserved(const PPCInsnRow *row);

/* ---- Disassembler (disas.c) ---- */

/* Text of one word ("addi    r3,r1,16"), or ".long 0x..."; row NULL = illegal. */
void ppc_disas(const PPCInsnRow *row, uint32_t insn, uint64_t pc, GString *out);

/* ---- Fields ---- */

static inline unsigned insn_rt(uint32_t insn)
{
    return insn >> 21 & 31;
}
static inline unsigned insn_ra(uint32_t insn)
{
    return insn >> 16 & 31;
}
static inline unsigned insn_rb(uint32_t insn)
{
    return insn >> 11 & 31;
}
static inline unsigned insn_rc_reg(uint32_t insn) /* fourth register: RC, FRC, VRC */
{
    return insn >> 6 & 31;
}
static inline bool insn_rc(uint32_t insn) /* record bit */
{
    return insn & 1;
}
static inline bool insn_oe(uint32_t insn)
{
    return insn >> 10 & 1;
}
static inline unsigned insn_bf(uint32_t insn)
{
    return insn >> 23 & 7;
}
static inline unsigned insn_bfa(uint32_t insn)
{
    return insn >> 18 & 7;
}
static inline int32_t insn_si(uint32_t insn)
{
    return (int16_t)insn;
}
static inline uint32_t insn_ui(uint32_t insn)
{
    return insn & 0xffff;
}
static inline int32_t insn_ds(uint32_t insn)
{
    return (int16_t)(insn & 0xfffc);
}
static inline int32_t insn_dq(uint32_t insn)
{
    return (int16_t)(insn & 0xfff0);
}
static inline unsigned insn_spr(uint32_t insn)
{
    return (insn >> 16 & 31) | (insn >> 6 & 0x3e0);
}
static inline unsigned insn_xt(uint32_t insn) /* VSR numbers */
{
    return insn_rt(insn) | (insn & 1) << 5;
}
static inline unsigned insn_xa(uint32_t insn)
{
    return insn_ra(insn) | (insn >> 2 & 1) << 5;
}
static inline unsigned insn_xb(uint32_t insn)
{
    return insn_rb(insn) | (insn >> 1 & 1) << 5;
}
static inline unsigned insn_xc(uint32_t insn)
{
    return insn_rc_reg(insn) | (insn >> 3 & 1) << 5;
}

#endif
