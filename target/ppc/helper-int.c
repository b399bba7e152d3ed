/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the fixed-point chapter (Power ISA 3.0B book I 3.3) and the raising of exceptions that
 * are known when translating.
 */
#include <errno.h>
#include <sys/random.h>
#include "helper-int.h"

G_NORETURN static void helper_raise(CPUPPCState *env, uint32_t kind, uint64_t error)
{
    ppc_raise(env, (PPCException)kind, error);
}

static void helper_trap_if(CPUPPCState *env, uint32_t cond)
{
    if (cond) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_TRAP);
    }
}

/* ---- Extended division: (ra << 64) / rb ---- */

static bool divide_extended(int64_t ra, int64_t rb, int64_t *quotient)
{
    *quotient = 0;
    if (rb == 0) {
        return false;
    }
    /* Magnitudes: the quotient fits exactly when the unsigned one is small enough. */
    bool negative = (ra < 0) != (rb < 0);
    uint64_t dividend = ra < 0 ? -(uint64_t)ra : (uint64_t)ra;
    uint64_t divisor = rb < 0 ? -(uint64_t)rb : (uint64_t)rb;
    if (dividend >= divisor) {
        return false;
    }
    uint64_t magnitude = (unsigned __int128)dividend << 64 > 0
                             ? (uint64_t)(((unsigned __int128)dividend << 64) / divisor)
                             : 0;
    if (magnitude > (negative ? (uint64_t)1 << 63 : INT64_MAX)) {
        return false;
    }
    *quotient = negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

static uint64_t helper_divde(uint64_t ra, uint64_t rb)
{
    int64_t quotient;
    divide_extended((int64_t)ra, (int64_t)rb, &quotient);
    return (uint64_t)quotient;
}

static uint32_t helper_divde_ov(uint64_t ra, uint64_t rb)
{
    int64_t quotient;
    return !divide_extended((int64_t)ra, (int64_t)rb, &quotient);
}

static uint64_t helper_divdeu(uint64_t ra, uint64_t rb)
{
    return ra < rb ? (uint64_t)(((unsigned __int128)ra << 64) / rb) : 0;
}

/* ---- Bit permute and decimal assistance ---- */

static uint64_t helper_bpermd(uint64_t rs, uint64_t rb)
{
    uint64_t result = 0;

    for (unsigned i = 0; i < 8; i++) {
        unsigned index = rs >> (8 * i) & 0xff;
        if (index < 64 && (rb >> (63 - index) & 1)) {
            result |= (uint64_t)1 << i;
        }
    }
    return result;
}

/*
 * One declet of densely packed decimal (IEEE 754-2008 3.5.2) to three digits.  Bits from the left
 * are p q r s t u v w x y.
 */
static unsigned declet_to_bcd(unsigned declet)
{
    unsigned pqr = declet >> 7 & 7, stu = declet >> 4 & 7, wxy = declet & 7;
    unsigned r = pqr & 1, u = stu & 1, y = wxy & 1;
    unsigned pq = pqr & 6, st = stu & 6;
    unsigned a, b, c;

    if (!(declet & 8)) {
        return pqr << 8 | stu << 4 | wxy;
    }
    switch (wxy >> 1) {
    case 0:
        a = pqr, b = stu, c = 8 | y;
        break;
    case 1:
        a = pqr, b = 8 | u, c = st | y;
        break;
    case 2:
        a = 8 | r, b = stu, c = pq | y;
        break;
    default:
        switch (st >> 1) {
        case 0:
            a = 8 | r, b = 8 | u, c = pq | y;
            break;
        case 1:
            a = 8 | r, b = pq | u, c = 8 | y;
            break;
        case 2:
            a = pqr, b = 8 | u, c = 8 | y;
            break;
        default:
            a = 8 | r, b = 8 | u, c = 8 | y;
            break;
        }
        break;
    }
    return a << 8 | b << 4 | c;
}

static unsigned bcd_to_declet(unsigned bcd)
{
    unsigned a = bcd >> 8 & 15, b = bcd >> 4 & 15, c = bcd & 15;
    unsigned large = (a >> 3) << 2 | (b >> 3) << 1 | c >> 3;
    unsigned r = a & 1, u = b & 1, y = c & 1;
    unsigned a6 = a & 6, b6 = b & 6, c6 = c & 6;
    /* the three digits' upper bits by which of them are 8 or 9 */
    switch (large) {
    case 0:
        return (a & 7) << 7 | (b & 7) << 4 | (c & 7);
    case 1:
        return (a & 7) << 7 | (b & 7) << 4 | 8 | y;
    case 2:
        return (a & 7) << 7 | (c6 | u) << 4 | 10 | y;
    case 4:
        return (c6 | r) << 7 | (b & 7) << 4 | 12 | y;
    case 6:
        return (c6 | r) << 7 | u << 4 | 14 | y;
    case 5:
        return (b6 | r) << 7 | (2 | u) << 4 | 14 | y;
    case 3:
        return (a6 | r) << 7 | (4 | u) << 4 | 14 | y;
    default:
        return r << 7 | (6 | u) << 4 | 14 | y;
    }
}

/* Two declets in the low 20 bits of each word to six digits. */
static uint64_t helper_cdtbcd(uint64_t rs)
{
    uint64_t result = 0;

    for (unsigned word = 0; word < 64; word += 32) {
        uint64_t high = declet_to_bcd(rs >> (word + 10) & 0x3ff);
        uint64_t low = declet_to_bcd(rs >> word & 0x3ff);
        result |= (high << 12 | low) << word;
    }
    return result;
}

static uint64_t helper_cbcdtd(uint64_t rs)
{
    uint64_t result = 0;

    for (unsigned word = 0; word < 64; word += 32) {
        uint64_t high = bcd_to_declet(rs >> (word + 12) & 0xfff);
        uint64_t low = bcd_to_declet(rs >> word & 0xfff);
        result |= (high << 10 | low) << word;
    }
    return result;
}

/* A six in every digit position whose addition yields no carry. */
static uint64_t helper_addg6s(uint64_t ra, uint64_t rb)
{
    unsigned __int128 sum = (unsigned __int128)ra + rb;
    unsigned __int128 carries = sum ^ ra ^ rb;      /* bit 4n: carry into digit n */
    uint64_t out = (uint64_t)(carries >> 4) & 0x1111111111111111u;

    return (out ^ 0x1111111111111111u) * 6;
}

/* Reserved L values and a host without entropy give all ones: the error value. */
static uint64_t helper_darn(uint32_t l)
{
    uint64_t value;
    ssize_t got;

    if (l == 3) {
        return UINT64_MAX;
    }
    do {
        got = getrandom(&value, sizeof(value), 0);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof(value)) {
        return UINT64_MAX;
    }
    if (l == 0) {
        return (uint32_t)value;
    }
    /* All ones is the error value, so it is never a random number. */
    return value == UINT64_MAX ? 0 : value;
}

PPC_HELPER_ROW(raise, IR_VOID, IRH_RAISES | IRH_NORETURN, IRA_ENV, IRA_I32, IRA_I64);
PPC_HELPER_ROW(trap_if, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I32);
PPC_HELPER_ROW(divde, IR_I64, IRH_PURE | IRH_KEEPS_TLB, IRA_I64, IRA_I64);
PPC_HELPER_ROW(divde_ov, IR_I32, IRH_PURE | IRH_KEEPS_TLB, IRA_I64, IRA_I64);
PPC_HELPER_ROW(divdeu, IR_I64, IRH_PURE | IRH_KEEPS_TLB, IRA_I64, IRA_I64);
PPC_HELPER_ROW(bpermd, IR_I64, IRH_PURE | IRH_KEEPS_TLB, IRA_I64, IRA_I64);
PPC_HELPER_ROW(cdtbcd, IR_I64, IRH_PURE | IRH_KEEPS_TLB, IRA_I64);
PPC_HELPER_ROW(cbcdtd, IR_I64, IRH_PURE | IRH_KEEPS_TLB, IRA_I64);
PPC_HELPER_ROW(addg6s, IR_I64, IRH_PURE | IRH_KEEPS_TLB, IRA_I64, IRA_I64);
PPC_HELPER_ROW(darn, IR_I64, IRH_KEEPS_TLB, IRA_I32);
