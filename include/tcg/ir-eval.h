/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the integer ops mean, in C: the folder computes constants with it and the interpreter runs
 * it. Tests use it as well.  Values travel as uint64_t; an i32 is kept zero extended.
 */
#ifndef TCG_IR_EVAL_H
#define TCG_IR_EVAL_H

#include "tcg/ir.h"

/* a op b for SETCOND and EXITIF; type: of the operands. */
static inline bool ir_eval_cond(IRCond cond, IRType type, uint64_t a, uint64_t b)
{
    int64_t sa = type == IR_I32 ? (int32_t)a : (int64_t)a;
    int64_t sb = type == IR_I32 ? (int32_t)b : (int64_t)b;

    switch (cond) {
    case IRC_EQ: return a == b;
    case IRC_NE: return a != b;
    case IRC_LT: return sa < sb;
    case IRC_GE: return sa >= sb;
    case IRC_LE: return sa <= sb;
    case IRC_GT: return sa > sb;
    case IRC_LTU: return a < b;
    case IRC_GEU: return a >= b;
    case IRC_LEU: return a <= b;
    case IRC_GTU: return a > b;
    case IRC_TSTZ: return (a & b) == 0;
    case IRC_TSTNZ: return (a & b) != 0;
    }
    g_assert_not_reached();
}

static inline uint32_t ir_eval_crcmp(bool is_unsigned, IRType type, uint64_t a, uint64_t b,
                                     uint64_t so)
{
    if (a == b) {
        return 2 | so;
    }
    return (ir_eval_cond(is_unsigned ? IRC_LTU : IRC_LT, type, a, b) ? 8 : 4) | so;
}

static inline uint64_t ir_eval_pdep(uint64_t a, uint64_t mask)
{
    uint64_t out = 0;

    for (; mask; mask &= mask - 1, a >>= 1) {
        if (a & 1) {
            out |= mask & -mask;
        }
    }
    return out;
}

static inline uint64_t ir_eval_pext(uint64_t a, uint64_t mask)
{
    uint64_t out = 0;

    for (unsigned i = 0; mask; mask &= mask - 1, i++) {
        if (a & mask & -mask) {
            out |= (uint64_t)1 << i;
        }
    }
    return out;
}

/*
 * Any op whose operands are integers and whose result depends on nothing else.  False: not such an
 * op. type: the op's own type; operand types of CARRY and comparisons come in aux as in the row.
 */
static inline bool ir_eval_int(IROpcode op, IRType type, uint64_t a, uint64_t b, uint64_t c,
                               int64_t imm, uint32_t aux, uint64_t *out)
{
    bool is32 = type == IR_I32;
    unsigned width = is32 ? 32 : 64;
    uint64_t mask = is32 ? UINT32_MAX : UINT64_MAX;
    int64_t sa = is32 ? (int32_t)a : (int64_t)a;
    int64_t sb = is32 ? (int32_t)b : (int64_t)b;
    unsigned count = b & (width - 1);
    bool op32 = (aux & 0xff) == IR_I32;   /* operand type of CARRY and friends */
    uint64_t field;

    switch (op) {
    case IR_ADD: *out = (a + b) & mask; return true;
    case IR_SUB: *out = (a - b) & mask; return true;
    case IR_MUL: *out = (a * b) & mask; return true;
    case IR_MULHS:
        *out = (uint64_t)(is32 ? (sa * sb) >> 32 : (int64_t)(((__int128)sa * sb) >> 64)) & mask;
        return true;
    case IR_MULHU:
        *out = is32 ? (a * b) >> 32 : (uint64_t)(((unsigned __int128)a * b) >> 64);
        return true;
    case IR_DIVS:
    case IR_REMS:
        if (sb == 0 || (sb == -1 && sa == (is32 ? INT32_MIN : INT64_MIN))) {
            *out = 0;
        } else {
            *out = (uint64_t)(op == IR_DIVS ? sa / sb : sa % sb) & mask;
        }
        return true;
    case IR_DIVU: *out = b ? a / b : 0; return true;
    case IR_REMU: *out = b ? a % b : 0; return true;
    case IR_AND: *out = a & b; return true;
    case IR_OR: *out = a | b; return true;
    case IR_XOR: *out = a ^ b; return true;
    case IR_ANDC: *out = a & ~b; return true;
    case IR_NOT: *out = ~a & mask; return true;
    case IR_NEG: *out = -a & mask; return true;
    case IR_SHL: *out = (a << count) & mask; return true;
    case IR_SHR: *out = a >> count; return true;
    case IR_SAR: *out = (uint64_t)(sa >> count) & mask; return true;
    case IR_ROTL: *out = count ? ((a << count) | (a >> (width - count))) & mask : a; return true;
    case IR_CLZ: *out = a ? (unsigned)__builtin_clzll(a) - (64 - width) : width; return true;
    case IR_CTZ: *out = a ? (unsigned)__builtin_ctzll(a) : width; return true;
    case IR_POPCNT: *out = (unsigned)__builtin_popcountll(a); return true;
    case IR_BSWAP: *out = is32 ? __builtin_bswap32(a) : __builtin_bswap64(a); return true;
    case IR_PDEP: *out = ir_eval_pdep(a, b); return true;
    case IR_PEXT: *out = ir_eval_pext(a, b); return true;
    case IR_EXTRACT:
        field = aux >= 64 ? UINT64_MAX : ((uint64_t)1 << aux) - 1;
        *out = (a >> imm) & field;
        return true;
    case IR_SEXTRACT:
        *out = (uint64_t)((int64_t)(a << (64 - aux - imm)) >> (64 - aux)) & mask;
        return true;
    case IR_DEPOSIT:
        field = (aux >= 64 ? UINT64_MAX : ((uint64_t)1 << aux) - 1) << imm;
        *out = (a & ~field) | ((b << imm) & field);
        return true;
    case IR_ADDC: *out = (a + b + c) & mask; return true;
    case IR_CARRY:
        *out = op32 ? (a + b + c) >> 32
                    : (uint64_t)(((unsigned __int128)a + b + c) >> 64);
        return true;
    case IR_OVFADD: {
        uint64_t sum = a + b + c;
        *out = ((a ^ sum) & (b ^ sum)) >> (op32 ? 31 : 63) & 1;
        return true;
    }
    case IR_OVFMUL:
        if (op32) {
            int64_t product = (int64_t)(int32_t)a * (int32_t)b;
            *out = product != (int32_t)product;
        } else {
            int64_t product;
            *out = __builtin_mul_overflow((int64_t)a, (int64_t)b, &product);
        }
        return true;
    case IR_TRUNC: *out = (uint32_t)a; return true;
    case IR_EXTU: *out = a; return true;
    case IR_EXTS: *out = (uint64_t)(int64_t)(int32_t)a; return true;
    case IR_SETCOND: *out = ir_eval_cond((IRCond)imm, (IRType)aux, a, b); return true;
    case IR_SELECT: *out = a ? b : c; return true;
    case IR_CRCMP: *out = ir_eval_crcmp(imm != 0, (IRType)aux, a, b, c); return true;
    default: return false;
    }
}

/* lfs: a single's bits as a double, exactly; NaN payloads and signalling bits kept. */
static inline uint64_t ir_eval_s2d(uint32_t word)
{
    uint64_t sign = (uint64_t)(word >> 31) << 63;
    uint32_t exponent = word >> 23 & 0xff, fraction = word & 0x7fffff;

    if (exponent == 0) {
        if (fraction == 0) {
            return sign;
        }
        unsigned top = 31 - (unsigned)__builtin_clz(fraction);
        uint64_t rest = ((uint64_t)fraction << (52 - top)) & (((uint64_t)1 << 52) - 1);
        return sign | (uint64_t)(top + 874) << 52 | rest;
    }
    return sign | (uint64_t)(exponent == 255 ? 2047 : exponent + 896) << 52 |
           (uint64_t)fraction << 29;
}

/* stfs: the single that a double in a register holds, without rounding (Power ISA, 4.6.3). */
static inline uint32_t ir_eval_d2s(uint64_t d)
{
    uint32_t exponent = d >> 52 & 0x7ff;
    uint64_t fraction = d & (((uint64_t)1 << 52) - 1);

    if (exponent > 896) {
        return (uint32_t)(d >> 32 & 0xc0000000u) | (uint32_t)(d >> 29 & 0x3fffffffu);
    }
    uint32_t sign = (uint32_t)(d >> 63) << 31;
    if (exponent >= 874) {
        return sign | (uint32_t)((fraction | (uint64_t)1 << 52) >> (926 - exponent));
    }
    return sign;
}

#endif
