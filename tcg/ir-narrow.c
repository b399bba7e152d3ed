/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Narrowing: the low word of an i64 value, zero extended, computed in 32 bits where the operation
 * allows.
 *
 * Front ends of processors with 32-bit registers keep those in i64 slots whose upper half is zero.
 * The translate functions are those of the 64-bit processors, so what they write is narrowed here:
 * the low word of a sum depends on the low words of its operands only, and hosts clear the upper
 * half of a register with every 32-bit operation, so that the narrow form costs no more than the
 * wide one, which dies unused.
 */
#include "ir-private.h"

#define DEPTH_LIMIT 3

/* The i32 value of the low half of ref (i64), if it can be had without a TRUNC of ref itself; else
 * IR_NONE. */
static IRRef low_word(IRBuilder *b, IRRef ref, unsigned depth)
{
    IRInsn in = *ir_insn(b, ref);   /* building moves nothing, but keep to values */
    uint64_t k;

    switch (in.op) {
    case IR_KI64:
        return ir_k32(b, (uint32_t)in.imm);
    case IR_EXTU:
    case IR_EXTS:
        return in.a;
    case IR_ADD:
    case IR_SUB:
    case IR_MUL:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
    case IR_ANDC:
        return ir_op2(b, in.op, ir_low_word(b, in.a, depth), ir_low_word(b, in.b, depth));
    case IR_ADDC:
        return ir_addc(b, ir_low_word(b, in.a, depth), ir_low_word(b, in.b, depth), in.c);
    case IR_NOT:
    case IR_NEG:
        return ir_op1(b, in.op, ir_low_word(b, in.a, depth));
    case IR_SHL:
        return ir_const(b, in.b, &k) && k < 32
                   ? ir_op2(b, IR_SHL, ir_low_word(b, in.a, depth), in.b)
                   : IR_NONE;
    case IR_SAR: {
        IRInsn from = *ir_insn(b, in.a);

        /* Of a sign extended word: what comes in at the top is the word's sign. */
        return from.op == IR_EXTS && ir_const(b, in.b, &k)
                   ? ir_op2(b, IR_SAR, from.a, ir_k32(b, k < 31 ? k : 31))
                   : IR_NONE;
    }
    case IR_SEXTRACT:
        return in.imm + in.aux <= 32
                   ? ir_sextract(b, ir_low_word(b, in.a, depth), (unsigned)in.imm, in.aux)
                   : IR_NONE;
    default:
        return IR_NONE;
    }
}

IRRef ir_low_word(IRBuilder *b, IRRef ref, unsigned depth)
{
    IRRef low = depth ? low_word(b, ref, depth - 1) : IR_NONE;

    return low ? low : ir_trunc(b, ref);
}

IRRef ir_to_word(IRBuilder *b, IRRef ref)
{
    if (!(ir_known(b, ref, IR_KNOWN_DEPTH) >> 32)) {
        return ref;
    }
    return ir_extu(b, ir_low_word(b, ref, DEPTH_LIMIT));
}

void ir_use_slots(IRBuilder *b, const IRTargetDesc *target)
{
    const IRTargetDesc *own = b->block.target;

    g_assert(target->n_slots == own->n_slots && target->env_size == own->env_size &&
             target->tcg_offset == own->tcg_offset);
    b->block.target = target;
}
