/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the builder, the folder and the passes share; nothing here is for front ends or back ends.
 */
#ifndef TCG_IR_PRIVATE_H
#define TCG_IR_PRIVATE_H

#include "tcg/ir.h"

#define IR_HASH_BITS 10
/* Past IR_MAX_INSNS the array has a placeholder per type, which an overflowing builder returns. */
#define IR_ARRAY_SIZE (IR_MAX_INSNS + 8)
/* A dump, a hash chain and a renumbering pass may add a few ops to what the builder accepted. */
#define IR_BUILD_LIMIT (IR_MAX_INSNS - 512)

struct IRBuilder {
    IRBlock block;
    /* Per slot: current value, value known to be in env, current high doubleword (v128 slots). */
    IRRef cur[IR_MAX_SLOTS], mem[IR_MAX_SLOTS], hi[IR_MAX_SLOTS];
    uint64_t dirty[IR_MAX_SLOTS / 64];   /* cur differs from mem */
    uint64_t insn_pc;
    unsigned insn_count;                 /* guest instructions begun */
    bool set_in_insn;                    /* a slot was set since ir_insn_start */
    bool snap_current;                   /* the last snapshot still lists the dirty slots */
    IRRef page_base;                     /* of a page-relative block, once it was asked for */
    IRRef sticky_fence;                  /* STICKY ops at or before this one are not shared */
    IRRef hash[1 << IR_HASH_BITS];       /* newest shareable op of each chain */
    IRRef next[IR_ARRAY_SIZE];
};

extern const char *const ir_cond_names[];
extern const char *const ir_type_names[];

static inline IRInsn *ir_insn(const IRBuilder *b, IRRef ref)
{
    return &b->block.insns[ref];
}

static inline uint64_t ir_width_mask(IRType type)
{
    return type == IR_I32 ? UINT32_MAX : UINT64_MAX;
}

/* Low `width` bits set; width 0..64. */
static inline uint64_t ir_low_mask(unsigned width)
{
    return width >= 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
}

static inline bool ir_const(const IRBuilder *b, IRRef ref, uint64_t *value)
{
    const IRInsn *in = ir_insn(b, ref);

    *value = (uint64_t)in->imm;
    return in->op == IR_KI32 || in->op == IR_KI64;
}

/* Type that an op's T operands have. */
static inline IRType ir_operand_type(const IROpInfo *info, const IRInsn *in)
{
    switch (info->imm_kind) {
    case IRK_TYPE:
    case IRK_COND:
    case IRK_CRKIND:
        return (IRType)(in->aux & 0xff);
    default:
        return (IRType)in->type;
    }
}

/*
 * Folds one candidate op.  Returns the value that replaces it, or IR_NONE, in which case the
 * candidate may have been rewritten into a cheaper or canonical equal one and goes into the block.
 */
IRRef ir_fold(IRBuilder *b, IRInsn *in);
/* The families that ir_fold dispatches to. */
IRRef ir_fold_and(IRBuilder *b, IRInsn *in);
IRRef ir_fold_or(IRBuilder *b, IRInsn *in);
IRRef ir_fold_xor(IRBuilder *b, IRInsn *in);
IRRef ir_fold_andc(IRBuilder *b, IRInsn *in);
IRRef ir_fold_shift(IRBuilder *b, IRInsn *in);
IRRef ir_fold_extract(IRBuilder *b, IRInsn *in);
IRRef ir_fold_sextract(IRBuilder *b, IRInsn *in);
IRRef ir_fold_deposit(IRBuilder *b, IRInsn *in);
IRRef ir_fold_setcond(IRBuilder *b, IRInsn *in);
IRRef ir_fold_select(IRBuilder *b, IRInsn *in);
IRRef ir_fold_crcmp(IRBuilder *b, IRInsn *in);
/* Bit (0 = SO .. 3 = LT) of the field that a CRCMP yields. */
IRRef ir_fold_cr_bit(IRBuilder *b, const IRInsn *cmp, unsigned bit);

/* Bits of an integer value that can be non-zero. */
uint64_t ir_known(const IRBuilder *b, IRRef ref, unsigned depth);
#define IR_KNOWN_DEPTH 4

/* The low word of an i64 as i32; depth: how many operations it looks through. */
IRRef ir_low_word(IRBuilder *b, IRRef ref, unsigned depth);

/* Rows past the builder: shared by the passes. Renumbers every reference outside insns. */
void ir_block_remap(IRBlock *block, const IRRef *map, uint32_t old_n);

#endif
