/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operand tokens that instruction rows use: where each lies in the word and what it means.
 * Field names follow the Power ISA where one name has one place.  Add a row for a new kind of
 * field.
 */
#include <string.h>
#include "decode.h"

/* token, kind, low shift, width, high shift, width, scale, bias, flags */
static const PPCOperand operands[] = {
    /* General registers */
    {"RT", OPK_GPR, 21, 5, .flags = OPF_DEST},
    {"RS", OPK_GPR, 21, 5, .flags = OPF_SOURCE},
    {"RTP", OPK_GPR, 21, 5, .flags = OPF_DEST | OPF_PAIR},
    {"RSP", OPK_GPR, 21, 5, .flags = OPF_SOURCE | OPF_PAIR},
    {"RA", OPK_GPR, 16, 5, .flags = OPF_SOURCE},
    {"RA0", OPK_GPR0, 16, 5, .flags = OPF_SOURCE},
    {"RB", OPK_GPR, 11, 5, .flags = OPF_SOURCE},
    {"RC", OPK_GPR, 6, 5, .flags = OPF_SOURCE},
    /* Floating-point and vector registers */
    {"FRT", OPK_FPR, 21, 5, .flags = OPF_DEST},
    {"FRS", OPK_FPR, 21, 5, .flags = OPF_SOURCE},
    {"FRTP", OPK_FPR, 21, 5, .flags = OPF_DEST | OPF_PAIR},
    {"FRSP", OPK_FPR, 21, 5, .flags = OPF_SOURCE | OPF_PAIR},
    {"FRA", OPK_FPR, 16, 5, .flags = OPF_SOURCE},
    {"FRAP", OPK_FPR, 16, 5, .flags = OPF_SOURCE | OPF_PAIR},
    {"FRB", OPK_FPR, 11, 5, .flags = OPF_SOURCE},
    {"FRBP", OPK_FPR, 11, 5, .flags = OPF_SOURCE | OPF_PAIR},
    {"FRC", OPK_FPR, 6, 5, .flags = OPF_SOURCE},
    {"VRT", OPK_VR, 21, 5, .flags = OPF_DEST},
    {"VRS", OPK_VR, 21, 5, .flags = OPF_SOURCE},
    {"VRA", OPK_VR, 16, 5, .flags = OPF_SOURCE},
    {"VRB", OPK_VR, 11, 5, .flags = OPF_SOURCE},
    {"VRC", OPK_VR, 6, 5, .flags = OPF_SOURCE},
    {"XT", OPK_VSR, 21, 5, 0, 1, .flags = OPF_DEST},
    {"XS", OPK_VSR, 21, 5, 0, 1, .flags = OPF_SOURCE},
    {"XA", OPK_VSR, 16, 5, 2, 1, .flags = OPF_SOURCE},
    {"XB", OPK_VSR, 11, 5, 1, 1, .flags = OPF_SOURCE},
    {"XC", OPK_VSR, 6, 5, 3, 1, .flags = OPF_SOURCE},
    {"XTQ", OPK_VSR, 21, 5, 3, 1, .flags = OPF_DEST},   /* lxv: TX is bit 28 */
    {"XSQ", OPK_VSR, 21, 5, 3, 1, .flags = OPF_SOURCE},
    /* Condition register */
    {"BF", OPK_CRF, 23, 3, .flags = OPF_DEST},
    {"BFA", OPK_CRF, 18, 3, .flags = OPF_SOURCE},
    {"BT", OPK_CRBIT, 21, 5, .flags = OPF_DEST},
    {"BA", OPK_CRBIT, 16, 5, .flags = OPF_SOURCE},
    {"BB", OPK_CRBIT, 11, 5, .flags = OPF_SOURCE},
    {"BI", OPK_CRBIT, 16, 5, .flags = OPF_SOURCE},
    {"BC", OPK_CRBIT, 6, 5, .flags = OPF_SOURCE},
    {"BFF", OPK_UINT, 23, 3, .flags = OPF_DEST},        /* FPSCR field */
    {"BFFA", OPK_UINT, 18, 3},
    {"BTF", OPK_UINT, 21, 5, .flags = OPF_DEST},        /* FPSCR bit */
    /* Immediates */
    {"SI", OPK_SINT, 0, 16},
    {"SIS", OPK_SINT, 0, 16},
    {"UI", OPK_UINT, 0, 16},
    {"D", OPK_SINT, 0, 16},
    {"DS", OPK_SINT, 2, 14, .scale = 2},
    {"DQ", OPK_SINT, 4, 12, .scale = 4},
    {"LI", OPK_REL, 2, 24, .scale = 2},
    {"BD", OPK_REL, 2, 14, .scale = 2},
    {"BO", OPK_UINT, 21, 5},
    {"BH", OPK_UINT, 11, 2},
    {"TO", OPK_UINT, 21, 5},
    {"L", OPK_UINT, 21, 1},
    {"SH", OPK_UINT, 11, 5},
    {"MB", OPK_UINT, 6, 5},
    {"ME", OPK_UINT, 1, 5},
    {"SH6", OPK_UINT, 11, 5, 1, 1},
    {"MB6", OPK_UINT, 6, 5, 5, 1},
    {"ME6", OPK_UINT, 6, 5, 5, 1},
    {"NB", OPK_UINT, 11, 5},         /* 0 means 32: ppc_operand_value knows */
    {"FXM", OPK_UINT, 12, 8},
    {"SPR", OPK_SPR, 16, 5, 11, 5},
    {"TBR", OPK_SPR, 16, 5, 11, 5},
    {"SR", OPK_UINT, 16, 4},
    {"CY", OPK_UINT, 9, 2},
    {"DXD", OPK_SINT, 16, 5},       /* d0 || d1 || d2: ppc_operand_value knows */
    {"LDARN", OPK_UINT, 16, 2},
    {"EH", OPK_UINT, 0, 1},
    {"FC", OPK_UINT, 11, 5},
    {"SI5", OPK_SINT, 11, 5},
    {"BHRBE", OPK_UINT, 11, 10},
    {"TH", OPK_UINT, 21, 5},
    {"CT", OPK_UINT, 21, 5},
    {"LDCBF", OPK_UINT, 21, 2},
    {"LSYNC", OPK_UINT, 21, 2},
    {"WC", OPK_UINT, 21, 2},
    {"L16", OPK_UINT, 16, 1},       /* mtmsr, tlbie ... */
    {"L1", OPK_UINT, 16, 1},
    {"LEV", OPK_UINT, 5, 7},
    {"RIC", OPK_UINT, 18, 2},
    {"PRS", OPK_UINT, 17, 1},
    {"RO", OPK_UINT, 16, 1},
    {"IH", OPK_UINT, 21, 3},
    {"LTLB", OPK_UINT, 21, 1, .flags = OPF_OPTIONAL0},
    {"S", OPK_UINT, 11, 1},
    /* Floating point, decimal */
    {"FLM", OPK_UINT, 17, 8},
    {"W", OPK_UINT, 16, 1},
    {"LF", OPK_UINT, 25, 1},
    {"U", OPK_UINT, 12, 4},
    {"RMC", OPK_UINT, 9, 2},
    {"R", OPK_UINT, 16, 1},
    {"TE", OPK_SINT, 16, 5},
    {"SP", OPK_UINT, 19, 2},
    {"SBIT", OPK_UINT, 20, 1},
    {"SHD", OPK_UINT, 10, 6},
    {"DCM", OPK_UINT, 10, 6},
    {"DGM", OPK_UINT, 10, 6},
    {"UIMD", OPK_UINT, 16, 6},      /* dtstsfi */
    {"DRM", OPK_UINT, 11, 3},
    {"RM", OPK_UINT, 11, 2},
    {"EX", OPK_UINT, 0, 1},
    /* Vector */
    {"UIM5", OPK_UINT, 16, 5},
    {"UIM4", OPK_UINT, 16, 4},
    {"UIM3", OPK_UINT, 16, 3},
    {"UIM2", OPK_UINT, 16, 2},
    {"UIM1", OPK_UINT, 16, 1},
    {"SIM", OPK_SINT, 16, 5},
    {"IMM8", OPK_UINT, 11, 8},
    {"SHB", OPK_UINT, 6, 4},
    {"SHW", OPK_UINT, 8, 2},
    {"DM", OPK_UINT, 8, 2},
    {"DCMX", OPK_UINT, 16, 7},
    {"DCMXV", OPK_UINT, 16, 5, 6, 1},   /* dc || dm || dx: ppc_operand_value knows */
    {"PS", OPK_UINT, 9, 1},
    {"ST", OPK_UINT, 15, 1},
    {"SIX", OPK_UINT, 11, 4},
    {"STRM", OPK_UINT, 21, 2},
};

const PPCOperand *ppc_operand_parse(const char **text)
{
    const PPCOperand *best = NULL;
    size_t best_length = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(operands); i++) {
        size_t length = strlen(operands[i].token);
        if (length > best_length && strncmp(*text, operands[i].token, length) == 0) {
            best = &operands[i];
            best_length = length;
        }
    }
    *text += best_length;
    return best;
}

int64_t ppc_operand_value(const PPCOperand *operand, uint32_t insn)
{
    if (strcmp(operand->token, "DXD") == 0) {
        return (int16_t)((insn & 0xffc0) | (insn >> 15 & 0x3e) | (insn & 1));
    }
    if (strcmp(operand->token, "DCMXV") == 0) {
        return (insn >> 6 & 1) << 6 | (insn >> 2 & 1) << 5 | (insn >> 16 & 31);
    }
    if (strcmp(operand->token, "NB") == 0) {
        return (insn >> 11 & 31) ? (insn >> 11 & 31) : 32;
    }
    unsigned width = operand->low_width + operand->high_width;
    int64_t value = insn >> operand->low_shift & ((1u << operand->low_width) - 1);
    if (operand->high_width) {
        value |= (int64_t)(insn >> operand->high_shift & ((1u << operand->high_width) - 1))
                 << operand->low_width;
    }
    if (operand->kind == OPK_SINT || operand->kind == OPK_REL || operand->kind == OPK_ABS) {
        value = (int64_t)((uint64_t)value << (64 - width)) >> (64 - width);
    }
    return (int64_t)((uint64_t)value << operand->scale) + operand->bias;
}

uint32_t ppc_operand_mask(const PPCOperand *operand)
{
    if (strcmp(operand->token, "DXD") == 0) {
        return 0x001fffc1;
    }
    if (strcmp(operand->token, "DCMXV") == 0) {
        return 0x001f0044;
    }
    return ((1u << operand->low_width) - 1) << operand->low_shift |
           ((1u << operand->high_width) - 1) << operand->high_shift;
}

uint32_t ppc_insn_reserved(const PPCInsnRow *row)
{
    uint32_t used = row->mask;
    const char *text = row->operands;

    while (*text) {
        const PPCOperand *operand = ppc_operand_parse(&text);
        if (operand) {
            used |= ppc_operand_mask(operand);
        } else {
            text++;
        }
    }
    used |= (row->flags & (IF_RC | IF_LK)) ? 1 : 0;
    used |= (row->flags & IF_AA) ? 2 : 0;
    used |= (row->flags & (IF_OE | IF_VRC)) ? 0x400 : 0;
    return ~used;
}
