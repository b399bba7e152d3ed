/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The disassembler: prints a word from its row's operand string, in the syntax binutils has with
 * extended mnemonics off.
 */
#include <string.h>
#include "decode.h"

static void print_operand(const PPCOperand *operand, uint32_t insn, uint64_t pc, bool absolute,
                          GString *out)
{
    static const char *const bit_names[] = {"lt", "gt", "eq", "so"};
    int64_t value = ppc_operand_value(operand, insn);

    switch ((PPCOperandKind)operand->kind) {
    case OPK_GPR0:
        if (value == 0) {
            g_string_append_c(out, '0');
            break;
        }
        /* fall through */
    case OPK_GPR:
        g_string_append_printf(out, "r%d", (int)value);
        break;
    case OPK_FPR:
        g_string_append_printf(out, "f%d", (int)value);
        break;
    case OPK_VR:
        g_string_append_printf(out, "v%d", (int)value);
        break;
    case OPK_VSR:
        g_string_append_printf(out, "vs%d", (int)value);
        break;
    case OPK_CRF:
        g_string_append_printf(out, "cr%d", (int)value);
        break;
    case OPK_CRBIT:
        if (value >= 4) {
            g_string_append_printf(out, "4*cr%d+", (int)value / 4);
        }
        g_string_append(out, bit_names[value & 3]);
        break;
    case OPK_REL:
        if (!absolute) {
            value += pc;
        }
        g_string_append_printf(out, "0x%" G_GINT64_MODIFIER "x", value);
        break;
    case OPK_ABS:
        g_string_append_printf(out, "0x%" G_GINT64_MODIFIER "x", value);
        break;
    case OPK_SR:
    case OPK_MASK32:
    case OPK_SPR:
    case OPK_UINT:
    case OPK_SINT:
        g_string_append_printf(out, "%d", (int)value);
        break;
    }
}

void ppc_disas(const PPCInsnRow *row, uint32_t insn, uint64_t pc, GString *out)
{
    if (!row) {
        g_string_append_printf(out, ".long 0x%x", insn);
        return;
    }
    size_t start = out->len;
    g_string_append(out, row->mnemonic);
    if ((row->flags & IF_OE) && insn_oe(insn)) {
        g_string_append_c(out, 'o');
    }
    if ((row->flags & IF_LK) && (insn & 1)) {
        g_string_append_c(out, 'l');
    }
    if ((row->flags & IF_AA) && (insn & 2)) {
        g_string_append_c(out, 'a');
    }
    if (((row->flags & IF_RC) && insn_rc(insn)) || ((row->flags & IF_VRC) && (insn & 0x400))) {
        g_string_append_c(out, '.');
    }
    const char *text = row->operands;
    bool first = true;
    while (*text) {
        const char *at = text;
        bool comma = *at == ',';
        if (comma) {
            at++;
        }
        const PPCOperand *operand = ppc_operand_parse(&at);
        if (!operand) {
            g_string_append_c(out, *text++);
            continue;
        }
        text = at;
        if ((operand->flags & OPF_OPTIONAL0) && ppc_operand_value(operand, insn) == 0) {
            continue;
        }
        if (first) {
            while (out->len - start < 8) {
                g_string_append_c(out, ' ');
            }
            if (out->str[out->len - 1] != ' ') {
                g_string_append_c(out, ' ');
            }
        } else if (comma) {
            g_string_append_c(out, ',');
        }
        first = false;
        print_operand(operand, insn, pc, (row->flags & IF_AA) && (insn & 2), out);
    }
}
