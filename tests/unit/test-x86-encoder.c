/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 encoder against golden data that GNU objdump agreed to.
 *
 * Every opcode constant is encoded in its shapes with registers and addresses that need each prefix
 * bit; the test writes the text it expects in objdump's syntax.  test-x86-encoder.txt holds bytes
 * and text.  With X86_ENCODER_GENERATE=1 in the environment the file is printed anew, after objdump
 * has read every instruction back as expected; without it, bytes and texts are compared with the
 * file.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../tcg/x86_64/encoder.h"

static GArray *code;        /* uint8_t */
static GPtrArray *texts;    /* expected text per instruction */
static GArray *ends;        /* uint32_t */

static const char *const r64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                  "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const r32[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
                                  "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
static const char *const r16[] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w",
                                   "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" };
static const char *const r8n[] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b",
                                   "r10b", "r11b", "r12b", "r13b", "r14b", "r15b" };

typedef enum Kind { K8, K16, K32, K64, KX } Kind;

static const char *reg_name(Kind kind, int r)
{
    static char names[8][12];
    static unsigned next;
    char *out = names[next++ % 8];

    switch (kind) {
    case K8: return r8n[r];
    case K16: return r16[r];
    case K32: return r32[r];
    case K64: return r64[r];
    default: g_snprintf(out, 12, "xmm%d", r); return out;
    }
}

static const char *mem_name(X86Mem m)
{
    static char names[4][64];
    static unsigned next;
    char *out = names[next++ % 4];
    char disp[24] = "", index[24] = "";

    if (m.base == X86_RIP) {
        g_snprintf(out, 64, "0x%x(%%rip)", m.disp);
        return out;
    }
    if (m.disp || m.base == X86_NO_REG || m.base % 8 == RBP) {
        g_snprintf(disp, sizeof(disp), "%s0x%x", m.disp < 0 ? "-" : "",
                   m.disp < 0 ? -m.disp : m.disp);
    }
    if (m.index != X86_NO_REG) {
        g_snprintf(index, sizeof(index), ",%%%s,%d", r64[m.index], 1 << m.scale);
    }
    g_snprintf(out, 64, "%s(%s%s%s)", disp, m.base >= 0 ? "%" : "", m.base >= 0 ? r64[m.base] : "",
               index);
    return out;
}

static X86Asm as;
static uint8_t buffer[64];

static void begin(void)
{
    x86_asm_init(&as, buffer, buffer, sizeof(buffer));
}

static void G_GNUC_PRINTF(1, 2) end(const char *format, ...)
{
    va_list ap;
    uint32_t at;

    g_assert_false(as.overflow);
    g_array_append_vals(code, buffer, x86_here(&as));
    at = code->len;
    g_array_append_val(ends, at);
    va_start(ap, format);
    g_ptr_array_add(texts, g_strdup_vprintf(format, ap));
    va_end(ap);
}

static const int regs[][3] = {{0, 1, 2}, {7, 8, 3}, {9, 5, 13}, {12, 15, 6}, {4, 10, 11}};
static const X86Mem mems[] = {
    { RAX, X86_NO_REG, 0, 0 }, { RBP, X86_NO_REG, 0, 0 }, { RSP, X86_NO_REG, 0, 0x40 },
    { R12, X86_NO_REG, 0, -0x80 }, { R13, X86_NO_REG, 0, 0x7f }, { RDI, X86_NO_REG, 0, 0x80 },
    { RBX, R9, 3, 0 }, { R14, RCX, 0, 0x12345 }, { X86_NO_REG, RAX, 3, 0x10 },
    { R13, R12, 2, 0 }, { X86_RIP, X86_NO_REG, 0, 0x1234 },
};

/* ---- Rows: opcode, mnemonic, kinds of reg and rm ---- */

typedef struct Row { const char *name; X86Op op; uint8_t reg, rm; } Row;

static const Row legacy_rows[] = {
    { "movzbl", X_MOVZX8 | X86_B8, K32, K8 }, { "movzwl", X_MOVZX16, K32, K16 },
    { "movsbl", X_MOVSX8 | X86_B8, K32, K8 }, { "movsbq", X_MOVSX8 | X86_B8 | X86_W, K64, K8 },
    { "movswl", X_MOVSX16, K32, K16 }, { "movswq", X_MOVSX16 | X86_W, K64, K16 },
    { "movslq", X_MOVSXD | X86_W, K64, K32 }, { "mov", X_MOV_LOAD, K32, K32 },
    { "mov", X_MOV_LOAD | X86_W, K64, K64 }, { "imul", X_IMUL, K32, K32 },
    { "imul", X_IMUL | X86_W, K64, K64 }, { "cmove", X_CMOV + CC_E, K32, K32 },
    { "cmovg", (X_CMOV + CC_G) | X86_W, K64, K64 }, { "bsf", X_BSF, K32, K32 },
    { "bsr", X_BSR | X86_W, K64, K64 }, { "lzcnt", X_LZCNT | X86_W, K64, K64 },
    { "tzcnt", X_TZCNT, K32, K32 }, { "popcnt", X_POPCNT | X86_W, K64, K64 },
    { "add", X_ADD + 3, K32, K32 }, { "cmp", (X_CMP + 3) | X86_W, K64, K64 },
    { "xor", (X_XOR + 3) | X86_W, K64, K64 }, { "adc", X_ADC + 3, K32, K32 },
};
/* Only from memory, or only to it. */
static const Row load_rows[] = {
    { "movbe", X_MOVBE_LOAD, K32, 0 }, { "movbe", X_MOVBE_LOAD | X86_W, K64, 0 },
    { "lea", X_LEA | X86_W, K64, 0 }, { "lea", X_LEA, K32, 0 }, { "movzbl", X_MOVZX8, K32, 0 },
    { "movswq", X_MOVSX16 | X86_W, K64, 0 }, { "movups", X_MOVUPS, KX, 0 },
    { "movq", X_MOVQ_LD, KX, 0 }, { "movsd", X_MOVSD, KX, 0 }, { "movdqu", X_MOVDQU, KX, 0 },
};
static const Row store_rows[] = {
    { "mov", X_MOV_STORE, K32, 0 }, { "mov", X_MOV_STORE | X86_W, K64, 0 },
    { "mov", X_MOV_STORE | X86_66, K16, 0 }, { "mov", X_MOV_STORE8 | X86_B8, K8, 0 },
    { "movbe", X_MOVBE_STORE, K32, 0 }, { "movbe", X_MOVBE_STORE | X86_66, K16, 0 },
    { "movbe", X_MOVBE_STORE | X86_W, K64, 0 }, { "cmpxchg", X_CMPXCHG, K32, 0 },
    { "cmpxchg", X_CMPXCHG | X86_W, K64, 0 }, { "cmpxchg", X_CMPXCHG | X86_66, K16, 0 },
    { "cmpxchg", X_CMPXCHG8, K8, 0 }, { "movups", X_MOVUPS_ST, KX, 0 },
    { "movaps", X_MOVAPS_ST, KX, 0 }, { "movq", X_MOVQ_ST, KX, 0 },
};

/* SSE name; the VEX form has a "v" in front and, for the first table, a second source. */
#define V(n, op) { n, op, KX, KX }
static const Row vector3_rows[] = {
    V("addsd", X_ADDSD), V("subsd", X_SUBSD), V("mulsd", X_MULSD), V("divsd", X_DIVSD),
    V("cvtsd2ss", X_CVTSD2SS), V("cvtss2sd", X_CVTSS2SD), V("sqrtsd", X_SQRTSD),
    V("addps", X_ADDPS), V("addpd", X_ADDPD), V("subps", X_SUBPS), V("subpd", X_SUBPD),
    V("mulps", X_MULPS), V("mulpd", X_MULPD), V("divps", X_DIVPS), V("divpd", X_DIVPD),
    V("andps", X_ANDPS), V("xorps", X_XORPS), V("orps", X_ORPS),
    V("pand", X_PAND), V("pandn", X_PANDN), V("por", X_POR), V("pxor", X_PXOR),
    V("paddb", X_PADDB), V("paddw", X_PADDW), V("paddd", X_PADDD), V("paddq", X_PADDQ),
    V("psubb", X_PSUBB), V("psubw", X_PSUBW), V("psubd", X_PSUBD), V("psubq", X_PSUBQ),
    V("paddsb", X_PADDSB), V("paddsw", X_PADDSW), V("paddusb", X_PADDUSB), V("paddusw", X_PADDUSW),
    V("psubsb", X_PSUBSB), V("psubsw", X_PSUBSW), V("psubusb", X_PSUBUSB), V("psubusw", X_PSUBUSW),
    V("pminub", X_PMINUB), V("pminsw", X_PMINSW), V("pmaxub", X_PMAXUB), V("pmaxsw", X_PMAXSW),
    V("pminsb", X_PMINSB), V("pminsd", X_PMINSD), V("pminuw", X_PMINUW), V("pminud", X_PMINUD),
    V("pmaxsb", X_PMAXSB), V("pmaxsd", X_PMAXSD), V("pmaxuw", X_PMAXUW), V("pmaxud", X_PMAXUD),
    V("pavgb", X_PAVGB), V("pavgw", X_PAVGW), V("pmullw", X_PMULLW), V("pmulld", X_PMULLD),
    V("pmuludq", X_PMULUDQ), V("pmuldq", X_PMULDQ), V("pmulhw", X_PMULHW), V("pmulhuw", X_PMULHUW),
    V("pcmpeqb", X_PCMPEQB), V("pcmpeqw", X_PCMPEQW), V("pcmpeqd", X_PCMPEQD),
    V("pcmpeqq", X_PCMPEQQ), V("pcmpgtb", X_PCMPGTB), V("pcmpgtw", X_PCMPGTW),
    V("pcmpgtd", X_PCMPGTD), V("pcmpgtq", X_PCMPGTQ), V("pshufb", X_PSHUFB),
    V("punpcklbw", X_PUNPCKLBW), V("punpcklwd", X_PUNPCKLWD), V("punpckldq", X_PUNPCKLDQ),
    V("punpcklqdq", X_PUNPCKLQDQ), V("punpckhbw", X_PUNPCKHBW), V("punpckhwd", X_PUNPCKHWD),
    V("punpckhdq", X_PUNPCKHDQ), V("punpckhqdq", X_PUNPCKHQDQ), V("packsswb", X_PACKSSWB),
    V("packssdw", X_PACKSSDW), V("packuswb", X_PACKUSWB), V("packusdw", X_PACKUSDW),
    V("aesenc", X_AESENC), V("aesenclast", X_AESENCLAST), V("aesdec", X_AESDEC),
    V("aesdeclast", X_AESDECLAST),
};
static const Row vector2_rows[] = {
    V("movaps", X_MOVAPS), V("ucomisd", X_UCOMISD), V("sqrtps", X_SQRTPS), V("sqrtpd", X_SQRTPD),
    V("pmovsxbw", X_PMOVSXBW), V("pmovsxwd", X_PMOVSXWD), V("pmovsxdq", X_PMOVSXDQ),
    V("ptest", X_PTEST), V("pabsb", X_PABSB), V("pabsw", X_PABSW), V("pabsd", X_PABSD),
    V("movmskps", X_MOVMSKPS), V("movmskpd", X_MOVMSKPD), V("pmovmskb", X_PMOVMSKB),
};
static const Row vector3_imm_rows[] = {
    V("palignr", X_PALIGNR), V("roundsd", X_ROUNDSD), V("pclmulqdq", X_PCLMULQDQ),
};
static const Row vex_rows[] = {
    { "vfmadd213sd", X_VFMADD213SD, KX, KX }, { "vfmsub213sd", X_VFMSUB213SD, KX, KX },
    { "vfmadd213ps", X_VFMADD213PS, KX, KX }, { "vfmsub213pd", X_VFMSUB213PD, KX, KX },
    { "vpsllvd", X_VPSLLVD, KX, KX }, { "vpsllvq", X_VPSLLVQ, KX, KX },
    { "vpsrlvd", X_VPSRLVD, KX, KX }, { "vpsrlvq", X_VPSRLVQ, KX, KX },
    { "vpsravd", X_VPSRAVD, KX, KX }, { "andn", X_ANDN | X86_W, K64, K64 },
    { "pdep", X_PDEP | X86_W, K64, K64 }, { "pext", X_PEXT | X86_W, K64, K64 },
    { "mulx", X_MULX | X86_W, K64, K64 },
};
/* The count is vvvv: written first. */
static const Row shift_rows[] = {
    { "shlx", X_SHLX, K32, K32 }, { "shrx", X_SHRX | X86_W, K64, K64 },
    { "sarx", X_SARX | X86_W, K64, K64 },
};
static const Row evex_rows[] = {
    V("vpsravq", X_VPSRAVQ), V("vpsllvw", X_VPSLLVW), V("vpsrlvw", X_VPSRLVW),
    V("vpsravw", X_VPSRAVW), V("vprolvd", X_VPROLVD), V("vprolvq", X_VPROLVQ),
    V("vpmullq", X_VPMULLQ), V("vpminsq", X_VPMINSQ), V("vpmaxsq", X_VPMAXSQ),
    V("vpminuq", X_VPMINUQ), V("vpmaxuq", X_VPMAXUQ), V("vpermi2b", X_VPERMI2B),
};
static const Row evex2_rows[] = {
    V("vpabsq", X_VPABSQ), V("vpopcntb", X_VPOPCNTB), V("vpopcntw", X_VPOPCNTW),
    V("vpopcntd", X_VPOPCNTD), V("vpopcntq", X_VPOPCNTQ), V("vplzcntd", X_VPLZCNTD),
    V("vplzcntq", X_VPLZCNTQ),
};

#define EACH(row, table) \
    for (const Row *row = (table); row < (table) + G_N_ELEMENTS(table); row++)
#define EACH_REGS(k) for (unsigned k = 0; k < G_N_ELEMENTS(regs); k++)
#define EACH_MEM(m) for (unsigned m = 0; m < G_N_ELEMENTS(mems); m++)

static void add_vectors(void)
{
    EACH(row, vector3_rows) {
        EACH_REGS(k) {
            int a = regs[k][0], b = regs[k][1], c = regs[k][2];

            begin();
            x86_rr(&as, row->op, a, b);
            end("%s %%xmm%d,%%xmm%d", row->name, b, a);
            begin();
            x86_vrr(&as, row->op, a, b, c);
            end("v%s %%xmm%d,%%xmm%d,%%xmm%d", row->name, c, b, a);
        }
    }
    EACH(row, vector2_rows) {
        bool to_gpr = strstr(row->name, "msk") != NULL;

        EACH_REGS(k) {
            int a = regs[k][0], b = regs[k][1];
            const char *dst = to_gpr ? r32[a] : reg_name(KX, a);

            begin();
            x86_rr(&as, row->op, a, b);
            end("%s %%xmm%d,%%%s", row->name, b, dst);
            begin();
            x86_vrr(&as, row->op, a, 0, b);
            end("v%s %%xmm%d,%%%s", row->name, b, dst);
        }
    }
    EACH(row, vector3_imm_rows) {
        EACH_REGS(k) {
            int a = regs[k][0], b = regs[k][1], c = regs[k][2];

            begin();
            x86_rr_i8(&as, row->op, a, b, 5);
            end("%s $0x5,%%xmm%d,%%xmm%d", row->name, b, a);
            begin();
            x86_vrr_i8(&as, row->op, a, b, c, 5);
            end("v%s $0x5,%%xmm%d,%%xmm%d,%%xmm%d", row->name, c, b, a);
        }
    }
    EACH(row, vex_rows) {
        EACH_REGS(k) {
            begin();
            x86_vrr(&as, row->op, regs[k][0], regs[k][1], regs[k][2]);
            end("%s %%%s,%%%s,%%%s", row->name, reg_name(row->rm, regs[k][2]),
                reg_name(row->rm, regs[k][1]), reg_name(row->reg, regs[k][0]));
        }
    }
    EACH(row, shift_rows) {
        EACH_REGS(k) {
            begin();
            x86_vrr(&as, row->op, regs[k][0], regs[k][1], regs[k][2]);
            end("%s %%%s,%%%s,%%%s", row->name, reg_name(row->rm, regs[k][1]),
                reg_name(row->rm, regs[k][2]), reg_name(row->reg, regs[k][0]));
        }
    }
    EACH(row, evex_rows) {
        EACH_REGS(k) {
            begin();
            x86_err(&as, row->op, regs[k][0], regs[k][1], regs[k][2]);
            end("%s %%xmm%d,%%xmm%d,%%xmm%d", row->name, regs[k][2], regs[k][1], regs[k][0]);
        }
    }
    EACH(row, evex2_rows) {
        EACH_REGS(k) {
            begin();
            x86_err(&as, row->op, regs[k][0], 0, regs[k][1]);
            end("%s %%xmm%d,%%xmm%d", row->name, regs[k][1], regs[k][0]);
        }
    }
    EACH_REGS(k) {
        int a = regs[k][0], b = regs[k][1], c = regs[k][2];

        begin();
        x86_err_i8(&as, X_VPTERNLOGQ, a, b, c, 0xca);
        end("vpternlogq $0xca,%%xmm%d,%%xmm%d,%%xmm%d", c, b, a);
        begin();
        x86_err(&as, X_VCVTUSI2SD | X86_W, a, b, c);
        end("vcvtusi2sd %%%s,%%xmm%d,%%xmm%d", r64[c], b, a);
        begin();
        x86_vrr_i8(&as, X_PSHIFTQ_I, 2, a, b, 7);
        end("vpsrlq $0x7,%%xmm%d,%%xmm%d", b, a);
        begin();
        x86_rr_i8(&as, X_PSHIFTD_I, 6, a, 7);
        end("pslld $0x7,%%xmm%d", a);
        begin();
        x86_rr(&as, X_MOVD_XR | X86_W, a, b);
        end("movq %%%s,%%xmm%d", r64[b], a);
        begin();
        x86_vrr(&as, X_MOVD_RX | X86_W, a, 0, b);
        end("vmovq %%xmm%d,%%%s", a, r64[b]);
        begin();
        x86_vrr(&as, X_CVTTSD2SI | X86_W, a, 0, b);
        end("vcvttsd2si %%xmm%d,%%%s", b, r64[a]);
        begin();
        x86_rr(&as, X_CVTSD2SI, a, b);
        end("cvtsd2si %%xmm%d,%%%s", b, r32[a]);
        begin();
        x86_vrr_i8(&as, X_PEXTRW, a, 0, b, 3);
        end("vpextrw $0x3,%%xmm%d,%%%s", b, r32[a]);
        begin();
        x86_rr_i8(&as, X_PEXTRD | X86_W, a, b, 1);
        end("pextrq $0x1,%%xmm%d,%%%s", a, r64[b]);
        begin();
        x86_vrr_i8(&as, X_PINSRD | X86_W, a, b, c, 1);
        end("vpinsrq $0x1,%%%s,%%xmm%d,%%xmm%d", r64[c], b, a);
        begin();
        x86_vrr_i8(&as, X_RORX | X86_W, a, 0, b, 7);
        end("rorx $0x7,%%%s,%%%s", r64[b], r64[a]);
    }
    EACH_MEM(m) {
        EACH_REGS(k) {
            begin();
            x86_vrm(&as, X_PADDD, regs[k][0], regs[k][1], mems[m]);
            end("vpaddd %s,%%xmm%d,%%xmm%d", mem_name(mems[m]), regs[k][1], regs[k][0]);
            begin();
            x86_rm(&as, X_PSHUFB, regs[k][0], mems[m]);
            end("pshufb %s,%%xmm%d", mem_name(mems[m]), regs[k][0]);
        }
    }
}

static void add_integers(void)
{
    EACH(row, legacy_rows) {
        EACH_REGS(k) {
            begin();
            x86_rr(&as, row->op, regs[k][0], regs[k][1]);
            end("%s %%%s,%%%s", row->name, reg_name(row->rm, regs[k][1]),
                reg_name(row->reg, regs[k][0]));
        }
    }
    EACH(row, load_rows) {
        EACH_MEM(m) {
            int r = regs[m % G_N_ELEMENTS(regs)][1];

            begin();
            x86_rm(&as, row->op, r, mems[m]);
            end("%s %s,%%%s", row->name, mem_name(mems[m]), reg_name(row->reg, r));
        }
    }
    EACH(row, store_rows) {
        EACH_MEM(m) {
            int r = regs[m % G_N_ELEMENTS(regs)][0];

            begin();
            x86_rm(&as, row->op, r, mems[m]);
            end("%s %%%s,%s", row->name, reg_name(row->reg, r), mem_name(mems[m]));
        }
    }
    for (int r = 0; r < 16; r++) {
        begin();
        x86_mov_ri(&as, r, 0x12345678);
        end("mov $0x12345678,%%%s", r32[r]);
        begin();
        x86_mov_ri(&as, r, 0xffffffff80000000);
        end("mov $0xffffffff80000000,%%%s", r64[r]);
        begin();
        x86_mov_ri(&as, r, 0x123456789abcdef0);
        end("movabs $0x123456789abcdef0,%%%s", r64[r]);
        begin();
        x86_alu_ri(&as, X86_W, X_AND, r, -4096);
        end("and $0xfffffffffffff000,%%%s", r64[r]);
        begin();
        x86_alu_ri(&as, 0, X_SUB, r, 5);
        end("sub $0x5,%%%s", r32[r]);
        begin();
        x86_test_ri(&as, X86_W, r, 0x40);
        end("test $0x40,%%%s", r8n[r]);
        begin();
        x86_test_ri(&as, X86_W, r, 0x7fc0);
        end("test $0x7fc0,%%%s", r32[r]);
        begin();
        x86_test_ri(&as, X86_W, r, -256);
        end("test $0xffffffffffffff00,%%%s", r64[r]);
        begin();
        x86_shift_ri(&as, X86_W, X_SHR, r, 7);
        end("shr $0x7,%%%s", r64[r]);
        begin();
        x86_shift_ri(&as, 0, X_SAR, r, 1);
        end("sar %%%s", r32[r]);
        begin();
        x86_shift_rcl(&as, X86_W, X_ROL, r);
        end("rol %%cl,%%%s", r64[r]);
        begin();
        x86_rr_i8(&as, 0xc1 | X86_66, X_ROL, r, 8);
        end("rol $0x8,%%%s", r16[r]);
        begin();
        x86_unary(&as, X86_W, 3, r);
        end("neg %%%s", r64[r]);
        begin();
        x86_unary(&as, 0, 7, r);
        end("idiv %%%s", r32[r]);
        begin();
        x86_bswap(&as, X86_W, r);
        end("bswap %%%s", r64[r]);
        begin();
        x86_setcc(&as, CC_LE, r);
        end("setle %%%s", r8n[r]);
        begin();
        x86_push(&as, r);
        end("push %%%s", r64[r]);
        begin();
        x86_pop(&as, r);
        end("pop %%%s", r64[r]);
        begin();
        x86_imul_rri(&as, X86_W, r, 15 - r, 1000);
        end("imul $0x3e8,%%%s,%%%s", r64[15 - r], r64[r]);
        begin();
        x86_jmp_r(&as, r);
        end("jmp *%%%s", r64[r]);
        begin();
        x86_call_r(&as, r);
        end("call *%%%s", r64[r]);
        begin();
        x86_rr_i8(&as, X_BT_RI, 4, r, 0);
        end("bt $0x0,%%%s", r32[r]);
    }
    EACH_MEM(m) {
        if (mems[m].base == X86_RIP) {
            continue;   /* the displacement counts from before the immediate */
        }
        begin();
        x86_mov_mi(&as, X86_W, mems[m], -2);
        end("movq $0xfffffffffffffffe,%s", mem_name(mems[m]));
        begin();
        x86_mov_mi16(&as, mems[m], 0x1234);
        end("movw $0x1234,%s", mem_name(mems[m]));
        begin();
        x86_mov_mi8(&as, mems[m], 0x12);
        end("movb $0x12,%s", mem_name(mems[m]));
        begin();
        x86_alu_mi(&as, 0, X_CMP, mems[m], 0);
        end("cmpl $0x0,%s", mem_name(mems[m]));
        begin();
        x86_alu_mi(&as, X86_W, X_ADD, mems[m], 0x12345);
        end("addq $0x12345,%s", mem_name(mems[m]));
        begin();
        x86_setcc_m(&as, CC_B, mems[m]);
        end("setb %s", mem_name(mems[m]));
        begin();
        x86_jmp_m(&as, mems[m]);
        end("jmp *%s", mem_name(mems[m]));
        begin();
        x86_ldmxcsr(&as, mems[m]);
        end("ldmxcsr %s", mem_name(mems[m]));
        begin();
        x86_stmxcsr(&as, mems[m]);
        end("stmxcsr %s", mem_name(mems[m]));
    }
    begin();
    x86_push_i(&as, -5);
    end("push $0xfffffffffffffffb");
    begin();
    x86_push_i(&as, 0x12345);
    end("push $0x12345");
    begin();
    x86_ret(&as);
    end("ret");
    begin();
    x86_mfence(&as);
    end("mfence");
}

static GString *as_file(void)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < texts->len; i++) {
        uint32_t from = i ? g_array_index(ends, uint32_t, i - 1) : 0;

        for (uint32_t k = from; k < g_array_index(ends, uint32_t, i); k++) {
            g_string_append_printf(out, "%02x", g_array_index(code, uint8_t, k));
        }
        g_string_append_printf(out, " %s\n", (char *)g_ptr_array_index(texts, i));
    }
    return out;
}

/* objdump's words for the whole buffer, one per expected text; aborts at the first difference. */
static void check_with_objdump(void)
{
    const char *argv[] = { "objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-w",
                           "--no-show-raw-insn", "code.bin", NULL };
    g_autofree char *dir = g_dir_make_tmp("encoder-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "code.bin", NULL);
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    guint n = 0;

    g_assert_true(g_file_set_contents(path, code->data, code->len, NULL));
    if (!g_spawn_sync(dir, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL,
                      &error)) {
        g_error("objdump: %s", error->message);
    }
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        const char *tab = strchr(lines[i], '\t');

        if (!tab || !strchr(lines[i], ':')) {
            continue;
        }
        g_autofree char *text = g_strdup(tab + 1);
        GString *plain = g_string_new(NULL);
        char *comment = strstr(text, " #");

        if (comment) {
            *comment = 0;
        }
        for (const char *p = g_strstrip(text); *p; p++) {
            if (*p != ' ' || p[1] != ' ') {
                g_string_append_c(plain, *p);
            }
        }
        g_assert_cmpuint(n, <, texts->len);
        if (strcmp(plain->str, g_ptr_array_index(texts, n)) != 0) {
            g_error("instruction %u: objdump reads \"%s\", not \"%s\"", n, plain->str,
                    (char *)g_ptr_array_index(texts, n));
        }
        n++;
        g_string_free(plain, true);
    }
    g_assert_cmpuint(n, ==, texts->len);
    g_unlink(path);
    g_rmdir(dir);
}

static void test_golden(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "test-x86-encoder.txt", NULL);
    g_autofree char *golden = NULL;
    GString *now = as_file();

    g_assert_true(g_file_get_contents(path, &golden, NULL, NULL));
    g_auto(GStrv) want = g_strsplit(golden, "\n", -1), got = g_strsplit(now->str, "\n", -1);

    for (unsigned i = 0; want[i] && got[i]; i++) {
        g_assert_cmpstr(got[i], ==, want[i]);
    }
    g_assert_cmpuint(g_strv_length(got), ==, g_strv_length(want));
    g_string_free(now, true);
}

/* Writing past the end is refused and remembered. */
static void test_overflow(void)
{
    uint8_t room[128];

    memset(room, 0xee, sizeof(room));
    x86_asm_init(&as, room, room, 64);
    for (unsigned i = 0; i < 100; i++) {
        x86_mov_ri(&as, R9, UINT64_MAX / 3);
    }
    g_assert_true(as.overflow);
    for (unsigned i = 64; i < sizeof(room); i++) {
        g_assert_cmpuint(room[i], ==, 0xee);
    }
}

/* Forward and backward jumps, short and long; alignment padding. */
static void test_jumps(void)
{
    uint8_t room[512] = { 0 };
    uint32_t rel;

    x86_asm_init(&as, room, room, sizeof(room));
    uint32_t start = x86_here(&as), forward = x86_jcc(&as, CC_E);

    x86_nops(&as, 20);
    x86_jmp_to(&as, start);
    g_assert_cmpuint(room[x86_here(&as) - 2], ==, 0xeb);
    g_assert_cmpuint(room[x86_here(&as) - 1], ==, 0x100 - x86_here(&as));
    x86_patch_here(&as, forward);
    memcpy(&rel, room + forward, 4);
    g_assert_cmpuint(forward + 4 + rel, ==, x86_here(&as));
    x86_nops(&as, 200);
    x86_jcc_to(&as, CC_NE, start);
    memcpy(&rel, as.p - 4, 4);
    g_assert_cmpuint(x86_here(&as) + rel, ==, start);
    x86_align(&as, 16);
    g_assert_cmpuint((uintptr_t)as.p % 16, ==, 0);
    x86_call_abs(&as, room + 3);
    memcpy(&rel, as.p - 4, 4);
    g_assert_true(as.p + (int32_t)rel == room + 3);
}

int main(int argc, char **argv)
{
    code = g_array_new(false, false, 1);
    texts = g_ptr_array_new_with_free_func(g_free);
    ends = g_array_new(false, false, sizeof(uint32_t));
    add_integers();
    add_vectors();
    if (g_getenv("X86_ENCODER_GENERATE")) {
        check_with_objdump();
        GString *text = as_file();

        fputs(text->str, stdout);
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x86/encoder/golden", test_golden);
    g_test_add_func("/x86/encoder/overflow", test_overflow);
    g_test_add_func("/x86/encoder/jumps", test_jumps);
    return g_test_run();
}
