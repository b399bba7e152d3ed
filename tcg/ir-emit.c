/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shorthands over ir_emit: result types taken from the op table, immediates made into constants.
 */
#include "ir-private.h"

static IRType ir_result_type(const IRBuilder *b, IROpcode op, IRRef a, IRRef b2)
{
    const IROpInfo *info = &ir_op_info[op];

    switch (info->result) {
    case IRT_SAME:
        /* SELECT's first operand is its condition. */
        return ir_type(b, info->a == IRT_SAME ? a : b2);
    case IRT_NONE:
        return info->a == IRT_ANY ? ir_type(b, a) : IR_VOID;
    case IRT_ANY:
        g_error("IR: %s has no result type of its own", info->mnemonic);
    default:
        return (IRType)info->result;
    }
}

IRRef ir_op1i(IRBuilder *b, IROpcode op, IRRef a, int64_t imm, uint32_t aux)
{
    return ir_emit(b, op, ir_result_type(b, op, a, IR_NONE), a, IR_NONE, IR_NONE, imm, aux);
}

IRRef ir_op2i(IRBuilder *b, IROpcode op, IRRef a, IRRef b2, int64_t imm, uint32_t aux)
{
    return ir_emit(b, op, ir_result_type(b, op, a, b2), a, b2, IR_NONE, imm, aux);
}

IRRef ir_op3i(IRBuilder *b, IROpcode op, IRRef a, IRRef b2, IRRef c, int64_t imm, uint32_t aux)
{
    return ir_emit(b, op, ir_result_type(b, op, a, b2), a, b2, c, imm, aux);
}

IRRef ir_op1(IRBuilder *b, IROpcode op, IRRef a)
{
    return ir_op1i(b, op, a, 0, 0);
}

IRRef ir_op2(IRBuilder *b, IROpcode op, IRRef a, IRRef b2)
{
    return ir_op2i(b, op, a, b2, 0, 0);
}

IRRef ir_op3(IRBuilder *b, IROpcode op, IRRef a, IRRef b2, IRRef c)
{
    return ir_op3i(b, op, a, b2, c, 0, 0);
}

IRRef ir_addi(IRBuilder *b, IRRef a, int64_t imm)
{
    return ir_op2(b, IR_ADD, a, ir_k(b, ir_type(b, a), (uint64_t)imm));
}

IRRef ir_andi(IRBuilder *b, IRRef a, uint64_t imm)
{
    return ir_op2(b, IR_AND, a, ir_k(b, ir_type(b, a), imm));
}

IRRef ir_ori(IRBuilder *b, IRRef a, uint64_t imm)
{
    return ir_op2(b, IR_OR, a, ir_k(b, ir_type(b, a), imm));
}

IRRef ir_xori(IRBuilder *b, IRRef a, uint64_t imm)
{
    return ir_op2(b, IR_XOR, a, ir_k(b, ir_type(b, a), imm));
}

IRRef ir_shli(IRBuilder *b, IRRef a, unsigned count)
{
    return ir_op2(b, IR_SHL, a, ir_k32(b, count));
}

IRRef ir_shri(IRBuilder *b, IRRef a, unsigned count)
{
    return ir_op2(b, IR_SHR, a, ir_k32(b, count));
}

IRRef ir_sari(IRBuilder *b, IRRef a, unsigned count)
{
    return ir_op2(b, IR_SAR, a, ir_k32(b, count));
}

IRRef ir_rotli(IRBuilder *b, IRRef a, unsigned count)
{
    return ir_op2(b, IR_ROTL, a, ir_k32(b, count));
}

IRRef ir_extract(IRBuilder *b, IRRef a, unsigned low_bit, unsigned width)
{
    return ir_op1i(b, IR_EXTRACT, a, low_bit, width);
}

IRRef ir_sextract(IRBuilder *b, IRRef a, unsigned low_bit, unsigned width)
{
    return ir_op1i(b, IR_SEXTRACT, a, low_bit, width);
}

IRRef ir_deposit(IRBuilder *b, IRRef into, IRRef field, unsigned low_bit, unsigned width)
{
    return ir_op2i(b, IR_DEPOSIT, into, field, low_bit, width);
}

IRRef ir_setcond(IRBuilder *b, IRCond cond, IRRef a, IRRef b2)
{
    return ir_op2i(b, IR_SETCOND, a, b2, cond, ir_type(b, a));
}

IRRef ir_select(IRBuilder *b, IRRef cond_i32, IRRef if_true, IRRef if_false)
{
    return ir_op3(b, IR_SELECT, cond_i32, if_true, if_false);
}

IRRef ir_trunc(IRBuilder *b, IRRef i64)
{
    return ir_op1(b, IR_TRUNC, i64);
}

IRRef ir_extu(IRBuilder *b, IRRef i32)
{
    return ir_op1(b, IR_EXTU, i32);
}

IRRef ir_exts(IRBuilder *b, IRRef i32)
{
    return ir_op1(b, IR_EXTS, i32);
}

IRRef ir_carry(IRBuilder *b, IRRef a, IRRef b2, IRRef carry_in_i32)
{
    return ir_op3(b, IR_CARRY, a, b2, carry_in_i32);
}

IRRef ir_overflow_add(IRBuilder *b, IRRef a, IRRef b2, IRRef carry_in_i32)
{
    return ir_op3(b, IR_OVFADD, a, b2, carry_in_i32);
}

IRRef ir_addc(IRBuilder *b, IRRef a, IRRef b2, IRRef carry_in_i32)
{
    return ir_op3(b, IR_ADDC, a, b2, carry_in_i32);
}

IRRef ir_cr_compare(IRBuilder *b, bool is_unsigned, IRRef a, IRRef b2, IRRef so)
{
    return ir_op3i(b, IR_CRCMP, a, b2, so, is_unsigned, ir_type(b, a));
}

IRRef ir_cr_bit(IRBuilder *b, IRRef crf, unsigned mask)
{
    g_assert(mask == 8 || mask == 4 || mask == 2 || mask == 1);
    return ir_extract(b, crf, (unsigned)__builtin_ctz(mask), 1);
}

void ir_fence(IRBuilder *b, IRFence kind)
{
    ir_emit(b, IR_FENCE, IR_VOID, IR_NONE, IR_NONE, IR_NONE, kind, 0);
}

IRRef ir_load_env(IRBuilder *b, IRType type, uint32_t offset, unsigned size, bool sign)
{
    g_assert(offset + size <= b->block.target->env_size);
    return ir_emit(b, IR_LDENV, type, IR_NONE, IR_NONE, IR_NONE, offset,
                   size | (sign ? IRENV_SIGN : 0));
}

void ir_store_env(IRBuilder *b, uint32_t offset, unsigned size, IRRef value)
{
    g_assert(offset + size <= b->block.target->env_size);
    ir_emit(b, IR_STENV, ir_type(b, value), value, IR_NONE, IR_NONE, offset, size);
}
