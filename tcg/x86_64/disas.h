/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host code as text; apart from x86-backend.h, whose names clash with the disassembler library's.
 */
#ifndef TCG_X86_64_DISAS_H
#define TCG_X86_64_DISAS_H

#include "tcg/ir-backend.h"

/* One instruction a line, or hexadecimal in a build without a disassembler; the caller frees. */
GString *x86_disassemble(const TCGCompiled *compiled);

#endif
