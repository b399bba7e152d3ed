/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host code as text for -d out_asm, by libcapstone where the build has it.
 */
#include "disas.h"
#ifdef CONFIG_CAPSTONE
#include <capstone/capstone.h>
#endif

GString *x86_disassemble(const TCGCompiled *compiled)
{
    const uint8_t *code = compiled->entry;
    GString *out = g_string_new(NULL);

#ifdef CONFIG_CAPSTONE
    csh handle;
    cs_insn *insn;

    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) == CS_ERR_OK) {
        cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
        size_t n = cs_disasm(handle, code, compiled->code_size, (uintptr_t)code, 0, &insn);

        for (size_t i = 0; i < n; i++) {
            g_string_append_printf(out, "0x%016" G_GINT64_MODIFIER "x: %s %s\n", insn[i].address,
                                   insn[i].mnemonic, insn[i].op_str);
        }
        if (n) {
            cs_free(insn, n);
        }
        cs_close(&handle);
        return out;
    }
#endif
    for (size_t i = 0; i < compiled->code_size; i++) {
        g_string_append_printf(out, "%02x%s", code[i], i % 32 == 31 ? "\n" : "");
    }
    g_string_append_c(out, '\n');
    return out;
}
