/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64 instruction encoding, apart from the choice of instructions.
 *
 * An opcode is one constant: opcode byte, escape map, mandatory prefix, operand width and the few
 * facts the encoders need.  The functions differ only in operand shape (register, memory,
 * immediate) and in the prefix family (legacy, VEX, EVEX with 128-bit vectors and no masking). From
 * the Intel SDM volume 2, chapter 2.  Nothing here knows the IR; tests/unit/test-x86-encoder.c
 * checks it alone.
 */
#ifndef TCG_X86_64_ENCODER_H
#define TCG_X86_64_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum X86Reg {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15,
} X86Reg;

/* Condition codes as in jcc, setcc, cmovcc; inversion is ^ 1. */
typedef enum X86CC {
    CC_O,
    CC_NO,
    CC_B,
    CC_AE,
    CC_E,
    CC_NE,
    CC_BE,
    CC_A,
    CC_S,
    CC_NS,
    CC_P,
    CC_NP,
    CC_L,
    CC_GE,
    CC_LE,
    CC_G,
} X86CC;

/* base: a register, X86_NO_BASE, or X86_RIP (disp relative to the end of the instruction). */
enum { X86_NO_REG = -1, X86_RIP = -2 };
typedef struct X86Mem {
    int8_t base, index;    /* index X86_NO_REG: none */
    uint8_t scale;         /* log2 */
    int32_t disp;
} X86Mem;

#define X86_MEM(b, d) ((X86Mem){ (b), X86_NO_REG, 0, (int32_t)(d) })
#define X86_MEMX(b, i, s, d) ((X86Mem){ (b), (i), (s), (int32_t)(d) })

/*
 * Output: bytes go to p, at most up to end.  When room gets short `overflow` is set and writing
 * starts again at start: the result is useless then, but memory outside is never touched.
 * delta: executable address minus writable address of the same byte.
 */
typedef struct X86Asm {
    uint8_t *start, *p, *end;
    intptr_t delta;
    bool overflow;
} X86Asm;

/* Opcode constants. */
#define X86_0F   0x000100u
#define X86_0F38 0x000200u
#define X86_0F3A 0x000300u
#define X86_66   0x001000u
#define X86_F3   0x002000u
#define X86_F2   0x003000u
#define X86_W    0x004000u     /* 64-bit operand (REX.W, VEX.W) */
#define X86_B8   0x008000u     /* 8-bit register operands: REX needed for spl..dil */
#define X86_EW   0x010000u     /* EVEX.W only (VEX form ignores W) */
typedef uint32_t X86Op;

enum {
    /* ALU group: op r, r/m is OP + 3; op r/m, r is OP + 1; /n of 81/83 is OP >> 3. */
    X_ADD = 0x00,
    X_OR = 0x08,
    X_ADC = 0x10,
    X_SBB = 0x18,
    X_AND = 0x20,
    X_SUB = 0x28,
    X_XOR = 0x30,
    X_CMP = 0x38,
    /* Shift group /n of C1, D3. */
    X_ROL = 0,
    X_ROR = 1,
    X_SHL = 4,
    X_SHR = 5,
    X_SAR = 7,
    X_MOV_LOAD = 0x8b,
    X_MOV_STORE = 0x89,
    X_MOV_STORE8 = 0x88,
    X_LEA = 0x8d,
    X_TEST = 0x85,
    X_XCHG = 0x87,
    X_MOVSXD = 0x63,
    X_MOVZX8 = 0xb6 | X86_0F,
    X_MOVZX16 = 0xb7 | X86_0F,
    X_MOVSX8 = 0xbe | X86_0F,
    X_MOVSX16 = 0xbf | X86_0F,
    X_IMUL = 0xaf | X86_0F,
    X_CMOV = 0x40 | X86_0F,
    X_SETCC = 0x90 | X86_0F,
    X_BSF = 0xbc | X86_0F,
    X_BSR = 0xbd | X86_0F,
    X_LZCNT = 0xbd | X86_0F | X86_F3,
    X_TZCNT = 0xbc | X86_0F | X86_F3,
    X_POPCNT = 0xb8 | X86_0F | X86_F3,
    X_BT_RI = 0xba | X86_0F,
    X_MOVBE_LOAD = 0xf0 | X86_0F38,
    X_MOVBE_STORE = 0xf1 | X86_0F38,
    X_CMPXCHG = 0xb1 | X86_0F,
    X_CMPXCHG8 = 0xb0 | X86_0F | X86_B8,
    /* BMI (VEX). */
    X_ANDN = 0xf2 | X86_0F38,
    X_SHLX = 0xf7 | X86_0F38 | X86_66,
    X_SHRX = 0xf7 | X86_0F38 | X86_F2,
    X_SARX = 0xf7 | X86_0F38 | X86_F3,
    X_RORX = 0xf0 | X86_0F3A | X86_F2,
    X_PDEP = 0xf5 | X86_0F38 | X86_F2,
    X_PEXT = 0xf5 | X86_0F38 | X86_F3,
    X_MULX = 0xf6 | X86_0F38 | X86_F2,
    /* SSE moves. */
    X_MOVAPS = 0x28 | X86_0F,
    X_MOVAPS_ST = 0x29 | X86_0F,
    X_MOVUPS = 0x10 | X86_0F,
    X_MOVUPS_ST = 0x11 | X86_0F,
    X_MOVDQU = 0x6f | X86_0F | X86_F3,
    X_MOVDQU_ST = 0x7f | X86_0F | X86_F3,
    X_MOVDQA = 0x6f | X86_0F | X86_66,
    X_MOVSD = 0x10 | X86_0F | X86_F2,
    X_MOVSD_ST = 0x11 | X86_0F | X86_F2,
    X_MOVSS = 0x10 | X86_0F | X86_F3,
    X_MOVQ_LD = 0x7e | X86_0F | X86_F3, /* xmm <- xmm/m64, zero upper */
    X_MOVQ_ST = 0xd6 | X86_0F | X86_66, /* m64 <- xmm */
    X_MOVD_XR = 0x6e | X86_0F | X86_66, /* xmm <- r/m (W: 64) */
    X_MOVD_RX = 0x7e | X86_0F | X86_66, /* r/m <- xmm (W: 64) */
    X_MOVHPS_LD = 0x16 | X86_0F,
    X_MOVHPS_ST = 0x17 | X86_0F,
    X_MOVHLPS = 0x12 | X86_0F,
    X_MOVLHPS = 0x16 | X86_0F,
    /* Scalar and packed FP. */
    X_ADDSD = 0x58 | X86_0F | X86_F2,
    X_SUBSD = 0x5c | X86_0F | X86_F2,
    X_MULSD = 0x59 | X86_0F | X86_F2,
    X_DIVSD = 0x5e | X86_0F | X86_F2,
    X_SQRTSD = 0x51 | X86_0F | X86_F2,
    X_UCOMISD = 0x2e | X86_0F | X86_66,
    X_CVTSD2SS = 0x5a | X86_0F | X86_F2,
    X_CVTSS2SD = 0x5a | X86_0F | X86_F3,
    X_CVTSI2SD = 0x2a | X86_0F | X86_F2,
    X_CVTTSD2SI = 0x2c | X86_0F | X86_F2,
    X_CVTSD2SI = 0x2d | X86_0F | X86_F2,
    X_ROUNDSD = 0x0b | X86_0F3A | X86_66,
    X_VCVTUSI2SD = 0x7b | X86_0F | X86_F2, /* EVEX */
    X_ADDPS = 0x58 | X86_0F,
    X_ADDPD = 0x58 | X86_0F | X86_66,
    X_SUBPS = 0x5c | X86_0F,
    X_SUBPD = 0x5c | X86_0F | X86_66,
    X_MULPS = 0x59 | X86_0F,
    X_MULPD = 0x59 | X86_0F | X86_66,
    X_DIVPS = 0x5e | X86_0F,
    X_DIVPD = 0x5e | X86_0F | X86_66,
    X_SQRTPS = 0x51 | X86_0F,
    X_SQRTPD = 0x51 | X86_0F | X86_66,
    X_CMPPS = 0xc2 | X86_0F,
    X_CMPPD = 0xc2 | X86_0F | X86_66,
    X_ANDPS = 0x54 | X86_0F,
    X_XORPS = 0x57 | X86_0F,
    X_ORPS = 0x56 | X86_0F,
    X_VFMADD231SD = 0xb9 | X86_0F38 | X86_66 | X86_W,
    X_VFMSUB231SD = 0xbb | X86_0F38 | X86_66 | X86_W,
    X_VFMADD213SD = 0xa9 | X86_0F38 | X86_66 | X86_W,
    X_VFMSUB213SD = 0xab | X86_0F38 | X86_66 | X86_W,
    X_VFMADD213PD = 0xa8 | X86_0F38 | X86_66 | X86_W,
    X_VFMSUB213PD = 0xaa | X86_0F38 | X86_66 | X86_W,
    X_VFMADD213PS = 0xa8 | X86_0F38 | X86_66,
    X_VFMSUB213PS = 0xaa | X86_0F38 | X86_66,
    /* Packed integer. */
    X_PAND = 0xdb | X86_0F | X86_66,
    X_PANDN = 0xdf | X86_0F | X86_66,
    X_POR = 0xeb | X86_0F | X86_66,
    X_PXOR = 0xef | X86_0F | X86_66,
    X_PADDB = 0xfc | X86_0F | X86_66,
    X_PADDW = 0xfd | X86_0F | X86_66,
    X_PADDD = 0xfe | X86_0F | X86_66,
    X_PADDQ = 0xd4 | X86_0F | X86_66,
    X_PSUBB = 0xf8 | X86_0F | X86_66,
    X_PSUBW = 0xf9 | X86_0F | X86_66,
    X_PSUBD = 0xfa | X86_0F | X86_66,
    X_PSUBQ = 0xfb | X86_0F | X86_66,
    X_PADDSB = 0xec | X86_0F | X86_66,
    X_PADDSW = 0xed | X86_0F | X86_66,
    X_PADDUSB = 0xdc | X86_0F | X86_66,
    X_PADDUSW = 0xdd | X86_0F | X86_66,
    X_PSUBSB = 0xe8 | X86_0F | X86_66,
    X_PSUBSW = 0xe9 | X86_0F | X86_66,
    X_PSUBUSB = 0xd8 | X86_0F | X86_66,
    X_PSUBUSW = 0xd9 | X86_0F | X86_66,
    X_PMINUB = 0xda | X86_0F | X86_66,
    X_PMINSW = 0xea | X86_0F | X86_66,
    X_PMAXUB = 0xde | X86_0F | X86_66,
    X_PMAXSW = 0xee | X86_0F | X86_66,
    X_PMINSB = 0x38 | X86_0F38 | X86_66,
    X_PMINSD = 0x39 | X86_0F38 | X86_66,
    X_PMINUW = 0x3a | X86_0F38 | X86_66,
    X_PMINUD = 0x3b | X86_0F38 | X86_66,
    X_PMAXSB = 0x3c | X86_0F38 | X86_66,
    X_PMAXSD = 0x3d | X86_0F38 | X86_66,
    X_PMAXUW = 0x3e | X86_0F38 | X86_66,
    X_PMAXUD = 0x3f | X86_0F38 | X86_66,
    X_PAVGB = 0xe0 | X86_0F | X86_66,
    X_PAVGW = 0xe3 | X86_0F | X86_66,
    X_PMULLW = 0xd5 | X86_0F | X86_66,
    X_PMULLD = 0x40 | X86_0F38 | X86_66,
    X_PMULUDQ = 0xf4 | X86_0F | X86_66,
    X_PMULDQ = 0x28 | X86_0F38 | X86_66,
    X_PMULHW = 0xe5 | X86_0F | X86_66,
    X_PMULHUW = 0xe4 | X86_0F | X86_66,
    X_PCMPEQB = 0x74 | X86_0F | X86_66,
    X_PCMPEQW = 0x75 | X86_0F | X86_66,
    X_PCMPEQD = 0x76 | X86_0F | X86_66,
    X_PCMPEQQ = 0x29 | X86_0F38 | X86_66,
    X_PCMPGTB = 0x64 | X86_0F | X86_66,
    X_PCMPGTW = 0x65 | X86_0F | X86_66,
    X_PCMPGTD = 0x66 | X86_0F | X86_66,
    X_PCMPGTQ = 0x37 | X86_0F38 | X86_66,
    X_PSHUFB = 0x00 | X86_0F38 | X86_66,
    X_PALIGNR = 0x0f | X86_0F3A | X86_66,
    X_PSHUFD = 0x70 | X86_0F | X86_66,
    X_PSHUFLW = 0x70 | X86_0F | X86_F2,
    X_PUNPCKLBW = 0x60 | X86_0F | X86_66,
    X_PUNPCKLWD = 0x61 | X86_0F | X86_66,
    X_PUNPCKLDQ = 0x62 | X86_0F | X86_66,
    X_PUNPCKLQDQ = 0x6c | X86_0F | X86_66,
    X_PUNPCKHBW = 0x68 | X86_0F | X86_66,
    X_PUNPCKHWD = 0x69 | X86_0F | X86_66,
    X_PUNPCKHDQ = 0x6a | X86_0F | X86_66,
    X_PUNPCKHQDQ = 0x6d | X86_0F | X86_66,
    X_PACKSSWB = 0x63 | X86_0F | X86_66,
    X_PACKSSDW = 0x6b | X86_0F | X86_66,
    X_PACKUSWB = 0x67 | X86_0F | X86_66,
    X_PACKUSDW = 0x2b | X86_0F38 | X86_66,
    X_PMOVSXBW = 0x20 | X86_0F38 | X86_66,
    X_PMOVSXWD = 0x23 | X86_0F38 | X86_66,
    X_PMOVSXDQ = 0x25 | X86_0F38 | X86_66,
    X_PMOVMSKB = 0xd7 | X86_0F | X86_66,
    X_MOVMSKPS = 0x50 | X86_0F,
    X_MOVMSKPD = 0x50 | X86_0F | X86_66,
    X_PTEST = 0x17 | X86_0F38 | X86_66,
    X_PBLENDVB = 0x10 | X86_0F38 | X86_66,
    X_VPBLENDVB = 0x4c | X86_0F3A | X86_66,
    X_PABSB = 0x1c | X86_0F38 | X86_66,
    X_PABSW = 0x1d | X86_0F38 | X86_66,
    X_PABSD = 0x1e | X86_0F38 | X86_66,
    X_PINSRB = 0x20 | X86_0F3A | X86_66,
    X_PINSRW = 0xc4 | X86_0F | X86_66,
    X_PINSRD = 0x22 | X86_0F3A | X86_66,
    X_PEXTRB = 0x14 | X86_0F3A | X86_66,
    X_PEXTRW = 0xc5 | X86_0F | X86_66,
    X_PEXTRD = 0x16 | X86_0F3A | X86_66,
    /* Shifts by immediate: /n of 71 (16), 72 (32), 73 (64, and whole register by bytes). */
    X_PSHIFTW_I = 0x71 | X86_0F | X86_66,
    X_PSHIFTD_I = 0x72 | X86_0F | X86_66,
    X_PSHIFTQ_I = 0x73 | X86_0F | X86_66,
    X_VPBROADCASTB = 0x78 | X86_0F38 | X86_66,
    X_VPBROADCASTW = 0x79 | X86_0F38 | X86_66,
    X_VPBROADCASTD = 0x58 | X86_0F38 | X86_66,
    X_VPBROADCASTQ = 0x59 | X86_0F38 | X86_66,
    X_VPSLLVD = 0x47 | X86_0F38 | X86_66,
    X_VPSLLVQ = 0x47 | X86_0F38 | X86_66 | X86_W,
    X_VPSRLVD = 0x45 | X86_0F38 | X86_66,
    X_VPSRLVQ = 0x45 | X86_0F38 | X86_66 | X86_W,
    X_VPSRAVD = 0x46 | X86_0F38 | X86_66,
    X_AESENC = 0xdc | X86_0F38 | X86_66,
    X_AESENCLAST = 0xdd | X86_0F38 | X86_66,
    X_AESDEC = 0xde | X86_0F38 | X86_66,
    X_AESDECLAST = 0xdf | X86_0F38 | X86_66,
    X_PCLMULQDQ = 0x44 | X86_0F3A | X86_66,
    /* EVEX only. */
    X_VPSRAVQ = 0x46 | X86_0F38 | X86_66 | X86_EW,
    X_VPSLLVW = 0x12 | X86_0F38 | X86_66 | X86_EW,
    X_VPSRLVW = 0x10 | X86_0F38 | X86_66 | X86_EW,
    X_VPSRAVW = 0x11 | X86_0F38 | X86_66 | X86_EW,
    X_VPROLVD = 0x15 | X86_0F38 | X86_66,
    X_VPROLVQ = 0x15 | X86_0F38 | X86_66 | X86_EW,
    X_VPMULLQ = 0x40 | X86_0F38 | X86_66 | X86_EW,
    X_VPMINSQ = 0x39 | X86_0F38 | X86_66 | X86_EW,
    X_VPMAXSQ = 0x3d | X86_0F38 | X86_66 | X86_EW,
    X_VPMINUQ = 0x3b | X86_0F38 | X86_66 | X86_EW,
    X_VPMAXUQ = 0x3f | X86_0F38 | X86_66 | X86_EW,
    X_VPABSQ = 0x1f | X86_0F38 | X86_66 | X86_EW,
    X_VPOPCNTB = 0x54 | X86_0F38 | X86_66,
    X_VPOPCNTW = 0x54 | X86_0F38 | X86_66 | X86_EW,
    X_VPOPCNTD = 0x55 | X86_0F38 | X86_66,
    X_VPOPCNTQ = 0x55 | X86_0F38 | X86_66 | X86_EW,
    X_VPLZCNTD = 0x44 | X86_0F38 | X86_66,
    X_VPLZCNTQ = 0x44 | X86_0F38 | X86_66 | X86_EW,
    X_VPTERNLOGQ = 0x25 | X86_0F3A | X86_66 | X86_EW,
    X_VPERMI2B = 0x75 | X86_0F38 | X86_66,
    X_VPERMT2B = 0x7d | X86_0F38 | X86_66,
};

void x86_asm_init(X86Asm *as, uint8_t *write, const uint8_t *exec, size_t size);
/* Bytes emitted so far (an offset from the start). */
static inline uint32_t x86_here(const X86Asm *as)
{
    return (uint32_t)(as->p - as->start);
}
void x86_byte(X86Asm *as, unsigned value);
void x86_u32(X86Asm *as, uint32_t value);
void x86_u64(X86Asm *as, uint64_t value);
void x86_align(X86Asm *as, unsigned to);       /* pads with multi-byte NOPs */
void x86_nops(X86Asm *as, unsigned count);

/* Legacy encodings.  reg goes to ModRM.reg, rm to ModRM.rm. */
void x86_rr(X86Asm *as, X86Op op, int reg, int rm);
void x86_rm(X86Asm *as, X86Op op, int reg, X86Mem mem);
/* The same for instructions followed by `imm_bytes` of immediate (needed for rip-relative). */
void x86_rr_i8(X86Asm *as, X86Op op, int reg, int rm, unsigned imm);
void x86_rm_i8(X86Asm *as, X86Op op, int reg, X86Mem mem, unsigned imm);
/* VEX: reg, vvvv (0 if unused), rm. */
void x86_vrr(X86Asm *as, X86Op op, int reg, int v, int rm);
void x86_vrm(X86Asm *as, X86Op op, int reg, int v, X86Mem mem);
void x86_vrr_i8(X86Asm *as, X86Op op, int reg, int v, int rm, unsigned imm);
void x86_vrm_i8(X86Asm *as, X86Op op, int reg, int v, X86Mem mem, unsigned imm);
/* EVEX.128, no mask. */
void x86_err(X86Asm *as, X86Op op, int reg, int v, int rm);
void x86_err_i8(X86Asm *as, X86Op op, int reg, int v, int rm, unsigned imm);

/* Integer shorthands; w: X86_W for 64 bits or 0. */
void x86_mov_rr(X86Asm *as, X86Op w, int dst, int src);
void x86_mov_ri(X86Asm *as, int dst, uint64_t value);     /* shortest form; flags untouched */
void x86_mov_mi(X86Asm *as, X86Op w, X86Mem mem, int32_t value);
void x86_mov_mi8(X86Asm *as, X86Mem mem, uint8_t value);
void x86_mov_mi16(X86Asm *as, X86Mem mem, uint16_t value);
void x86_alu_rr(X86Asm *as, X86Op w, unsigned alu, int dst, int src);
void x86_alu_rm(X86Asm *as, X86Op w, unsigned alu, int dst, X86Mem mem);
void x86_alu_mr(X86Asm *as, X86Op w, unsigned alu, X86Mem mem, int src);
void x86_alu_ri(X86Asm *as, X86Op w, unsigned alu, int dst, int32_t value);
void x86_alu_mi(X86Asm *as, X86Op w, unsigned alu, X86Mem mem, int32_t value);
void x86_test_ri(X86Asm *as, X86Op w, int reg, int32_t value);
void x86_shift_ri(X86Asm *as, X86Op w, unsigned shift, int reg, unsigned count);
void x86_shift_rcl(X86Asm *as, X86Op w, unsigned shift, int reg);
void x86_imul_rri(X86Asm *as, X86Op w, int dst, int src, int32_t value);
void x86_unary(X86Asm *as, X86Op w, unsigned n,
               int reg); /* F7 /n: 2 not 3 neg 4 mul 5 imul 6 div 7 idiv */
void x86_bswap(X86Asm *as, X86Op w, int reg);
void x86_setcc(X86Asm *as, X86CC cc, int reg);
void x86_setcc_m(X86Asm *as, X86CC cc, X86Mem mem);
void x86_push(X86Asm *as, int reg);
void x86_pop(X86Asm *as, int reg);
void x86_push_i(X86Asm *as, int32_t value);
void x86_ret(X86Asm *as);
void x86_jmp_m(X86Asm *as, X86Mem mem);
void x86_jmp_r(X86Asm *as, int reg);
void x86_call_r(X86Asm *as, int reg);
void x86_ldmxcsr(X86Asm *as, X86Mem mem);
void x86_stmxcsr(X86Asm *as, X86Mem mem);
void x86_mfence(X86Asm *as);

/* Jumps.  Forward ones return the offset of their 32-bit displacement for x86_patch_here. */
uint32_t x86_jcc(X86Asm *as, X86CC cc);
uint32_t x86_jmp(X86Asm *as);
void x86_patch(X86Asm *as, uint32_t at, uint32_t target_offset);
void x86_patch_here(X86Asm *as, uint32_t at);
void x86_jcc_to(X86Asm *as, X86CC cc, uint32_t target_offset); /* known target; short if it fits */
void x86_jmp_to(X86Asm *as, uint32_t target_offset);
/* To an address outside the buffer (executable view), within 2 GiB. */
void x86_jmp_abs(X86Asm *as, const void *target);
void x86_jcc_abs(X86Asm *as, X86CC cc, const void *target);
void x86_call_abs(X86Asm *as, const void *target);
bool x86_reaches(const X86Asm *as, const void *target);

#endif
