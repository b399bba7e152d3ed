/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every part of the front end (translate/<chapter>.c) shares: the context of the block being
 * translated and the small emitters for registers, addresses and exceptions.
 *
 * A translate function emits IR for one instruction and returns true; false means that the form is
 * invalid, and the driver raises an illegal-instruction program interrupt.  Nothing may have been
 * emitted (no op with an effect, no slot set) before returning false.  Privilege and facility bits
 * in the row are checked by the driver beforehand.
 *
 * Order matters: what may fault comes before the slot writes of the same instruction, because the
 * snapshot of a faulting op must show the state before the instruction.
 */
#ifndef TARGET_PPC_TRANSLATE_H
#define TARGET_PPC_TRANSLATE_H

#include "accel/tcg/accel.h"
#include "tcg/ir.h"
#include "target/ppc/cpu.h"
#include "target/ppc/helper.h"
#include "decode.h"

/* How the block goes on behind the current instruction. */
typedef enum DisasEnd {
    DISAS_NEXT,         /* with the next instruction */
    DISAS_CHAIN,        /* ends: constant exit to next_pc (which a translate function may change) */
    DISAS_LOOP,         /* ends: to next_pc through the execution loop (mode may have changed) */
    DISAS_ENDED,        /* the exit is emitted already */
} DisasEnd;

struct DisasContext {
    IRBuilder *b;
    const PowerPCCPUClass *model;
    const PPCDecoder *decoder;
    uint64_t pc;            /* the current instruction */
    uint64_t next_pc;       /* pc + 4, truncated in 32-bit mode; where DISAS_NEXT/CHAIN/LOOP go */
    uint64_t first_pc;      /* of the block */
    uint32_t insn;
    const PPCInsnRow *row;
    DisasEnd end;
    uint64_t flags;         /* HF_* key */
    unsigned rn;            /* FPSCR.RN */
    bool sf, le, pr, hv;
    bool fp, vr, vsx;
    bool isa300;            /* ISA 3.0 model: CA32, OV32 exist */
    /*
     * A 32-bit processor.  GPRs, LR and CTR are zero above bit 31 in their slots at all times:
     * set_gpr() narrows what the translate functions, written for 64 bits, yield.  Addresses are a
     * register and a displacement as in 64-bit mode; what runs out of 32 bits misses the TLB and is
     * cut in the slow path.
     */
    bool narrow;
    bool single;            /* one instruction, then helper_trace_step */
    unsigned n_insns;       /* translated before the current one */
    unsigned n_side_exits;
    unsigned n_copies;      /* of a loop's body, after the first */
    TCGFetch *fetch;
    bool page_relative;     /* no constant may depend on the page's address: gen_pc() */
    /* Host FP/AltiVec control-word state of the block; owned by fp.c and vmx.c. */
    unsigned fp_mode;
};

/* ---- Registers ---- */

static inline IRRef gpr(DisasContext *ctx, unsigned n)
{
    return ir_get(ctx->b, SLOT_GPR0 + n);
}
static inline void set_gpr(DisasContext *ctx, unsigned n, IRRef i64)
{
    ir_set(ctx->b, SLOT_GPR0 + n, ctx->narrow ? ir_to_word(ctx->b, i64) : i64);
}
/* GPR n, or zero for n = 0 (base registers). */
static inline IRRef gpr_or_0(DisasContext *ctx, unsigned n)
{
    return n ? gpr(ctx, n) : ir_k64(ctx->b, 0);
}
/* GPR n truncated to i32. */
static inline IRRef gpr32(DisasContext *ctx, unsigned n)
{
    return ir_trunc(ctx->b, gpr(ctx, n));
}
static inline IRRef get_vsr(DisasContext *ctx, unsigned n)
{
    return ir_get(ctx->b, SLOT_VSR0 + n);
}
static inline void set_vsr(DisasContext *ctx, unsigned n, IRRef v128)
{
    ir_set(ctx->b, SLOT_VSR0 + n, v128);
}
static inline IRRef get_vr(DisasContext *ctx, unsigned n)
{
    return ir_get(ctx->b, SLOT_VSR0 + 32 + n);
}
static inline void set_vr(DisasContext *ctx, unsigned n, IRRef v128)
{
    ir_set(ctx->b, SLOT_VSR0 + 32 + n, v128);
}
/* FPR n as f64: the high doubleword of VSR n.  Writing one clears the low doubleword. */
static inline IRRef get_fpr(DisasContext *ctx, unsigned n)
{
    return ir_get_hi(ctx->b, SLOT_VSR0 + n);
}
static inline void set_fpr(DisasContext *ctx, unsigned n, IRRef f64)
{
    ir_set_hi(ctx->b, SLOT_VSR0 + n, f64);
}
static inline IRRef get_crf(DisasContext *ctx, unsigned field)
{
    return ir_get(ctx->b, SLOT_CRF0 + field);
}
static inline void set_crf(DisasContext *ctx, unsigned field, IRRef nibble)
{
    ir_set(ctx->b, SLOT_CRF0 + field, nibble);
}
/* CR bit 0..31 as the architecture numbers them, as i32 0/1. */
IRRef gen_cr_bit(DisasContext *ctx, unsigned bit);
void gen_set_cr_bit(DisasContext *ctx, unsigned bit, IRRef value);
/* CR as one i32, CR0 in the high nibble; and back for the fields of mask (0x80 = CR0). */
IRRef gen_cr(DisasContext *ctx);
void gen_set_cr(DisasContext *ctx, IRRef i32, unsigned mask);
/* CR0 from a signed compare of an i64 result with zero (its low 32 bits in 32-bit mode), and SO. */
void gen_set_cr0(DisasContext *ctx, IRRef value);
/* XER as i64, and back. */
IRRef gen_xer(DisasContext *ctx);
void gen_set_xer(DisasContext *ctx, IRRef i64);

/* ---- Addresses and memory ---- */

/* An effective address: what ir_load and ir_store take. */
typedef struct EA {
    IRRef base;
    int32_t disp;
} EA;

/* (RA|0) + disp. Truncated to 32 bits in 32-bit mode. */
EA gen_ea_imm(DisasContext *ctx, unsigned ra, int32_t disp);
/* (RA|0) + RB. */
EA gen_ea_indexed(DisasContext *ctx, unsigned ra, unsigned rb);
/* The same address plus a small offset (second half of a pair). */
EA gen_ea_offset(DisasContext *ctx, EA ea, int32_t offset);
/* The address as one i64 value. */
IRRef gen_ea_value(DisasContext *ctx, EA ea);
/* Value for the base register of an update form: the 64-bit sum, not truncated in a 64-bit
 * processor's 32-bit mode. */
IRRef gen_update_value(DisasContext *ctx, unsigned ra, IRRef addend);

/* Size (MO_8..MO_128, with MO_SIGN etc.) plus byte swapping by the guest's endianness. */
static inline IRMemOp memop_for(const DisasContext *ctx, unsigned op)
{
    return (IRMemOp)(op | (ctx->le == (G_BYTE_ORDER == G_LITTLE_ENDIAN) ? 0 : MO_BSWAP));
}
static inline IRRef gen_load(DisasContext *ctx, IRType type, unsigned op, EA ea)
{
    return ir_load(ctx->b, type, memop_for(ctx, op), ea.base, ea.disp);
}
static inline void gen_store(DisasContext *ctx, unsigned op, EA ea, IRRef value)
{
    ir_store(ctx->b, memop_for(ctx, op), ea.base, ea.disp, value);
}

/* ---- Exceptions: all end the block ---- */

void gen_exception(DisasContext *ctx, PPCException kind, uint64_t error);
/* Program interrupt; reason is PROGRAM_ILLEGAL, PROGRAM_PRIVILEGED, ... */
void gen_program(DisasContext *ctx, uint32_t reason);
/* Problem state: raises the privileged-instruction interrupt and returns false. */
bool gen_priv_check(DisasContext *ctx);
/* The same for hypervisor resources. */
bool gen_hv_check(DisasContext *ctx);
/* Facility checks: raise the unavailable interrupt and return false if it is off. */
bool gen_need_fp(DisasContext *ctx);
bool gen_need_vec(DisasContext *ctx);
bool gen_need_vsx(DisasContext *ctx);
/* Raises a conditional program interrupt of the trap type if cond (i32) is non-zero. */
void gen_trap_if(DisasContext *ctx, IRRef cond);

/* ---- Flow ---- */

/* Sets the come-from address register for a taken branch (models that have it). */
void gen_cfar(DisasContext *ctx);
/* i64: a guest address known from the block's own. */
IRRef gen_pc(DisasContext *ctx, uint64_t pc);
/* Ends the block with a constant exit, with the right hints. */
void gen_goto(DisasContext *ctx, uint64_t dest);
uint32_t gen_exit_hints(const DisasContext *ctx, uint64_t dest);
/* Ends the block of a stepped or traced instruction: execution goes on at nip (i64). */
void gen_trace_step(DisasContext *ctx, IRRef nip);

/* Truncates an address constant in 32-bit mode. */
static inline uint64_t addr_mask(const DisasContext *ctx, uint64_t address)
{
    return ctx->sf ? address : (uint32_t)address;
}

/* ---- Hooks of the system chapter (translate/system.c) ---- */

/* mfspr/mtspr of anything but LR, CTR, XER, TAR: checks access by model and privilege, raises. */
void gen_mfspr(DisasContext *ctx, unsigned spr, unsigned rt);
void gen_mtspr(DisasContext *ctx, unsigned spr, unsigned rs);
/* Counts the instruction that begins (blocks with HF_PMU). */
/* A word without a row: false unless it calls firmware that the machine has (cpu.h). */
bool gen_firmware_trap(DisasContext *ctx);
void gen_count_insn(DisasContext *ctx);
/*
 * helper_trace_step(env, nip): called with current slots behind a completed instruction when the
 * key has HF_SE, HF_BE (branches) or HF_SINGLESTEP; nip is where execution goes on.  Raises the
 * trace interrupt or stops for the debugger; never returns.
 */
extern const IRHelper helper_row_trace_step;

/* ---- The driver (translate.c): TCGTargetOps callbacks ---- */

void ppc_translate_block(CPUState *cpu, IRBuilder *b, TCGFetch *f);
char *ppc_disassemble(CPUState *cpu, uint64_t pc, uint32_t insn, uint64_t flags);

/* Prototypes of all translate functions, from the rows. */
#define INSN(mnemonic, encoding, operands, isa, flags, function) PPCTranslateFn function;
#include "insns-all.h.inc"
#undef INSN

#endif
