/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the load/store chapter (Power ISA 3.0B books I 3.3, II 4): strings, quadwords,
 * conditional stores whose reservation has to be looked at, atomic memory operations, copy and
 * paste.
 *
 * Accesses fault by leaving the helper; nothing of the guest's state is changed before the last
 * one.
 */
#include "accel/tcg/access.h"
#include "helper-int.h"

#define DSISR_STORE 0x02000000u
#define DSISR_BAD_COPY_PASTE 0x8u
#define DSISR_BAD_AMO 0x4u
#define COPY_BLOCK 128

G_NORETURN static void raise_alignment(CPUPPCState *env, uint64_t ea, uint32_t is_store)
{
    env->fault_dar = ea;
    env->fault_dsisr = is_store ? DSISR_STORE : 0;
    ppc_raise(env, EXCP_ALIGN, 0);
}

G_NORETURN static void raise_dsi(CPUPPCState *env, uint64_t ea, uint32_t dsisr)
{
    env->fault_dar = ea;
    env->fault_dsisr = dsisr;
    ppc_raise(env, EXCP_DSI, 0);
}

G_NORETURN static void helper_alignment(CPUPPCState *env, uint64_t ea, uint32_t is_store)
{
    raise_alignment(env, ea, is_store);
}

/* ---- Strings: big-endian only; the bytes of each word from the left, the rest of the last is zero
 * ---- */

static uint64_t string_address(const CPUPPCState *env, uint64_t ea, unsigned offset)
{
    ea += offset;
    return env->hflags & HF_SF ? ea : (uint32_t)ea;
}

static void load_string(CPUPPCState *env, uint64_t ea, unsigned rt, unsigned bytes, unsigned idx)
{
    uint32_t words[32];
    unsigned n = (bytes + 3) / 4;

    for (unsigned i = 0; i < n; i++) {
        words[i] = 0;
        for (unsigned byte = 0; byte < 4 && 4 * i + byte < bytes; byte++) {
            uint64_t at = string_address(env, ea, 4 * i + byte);
            words[i] |= (uint32_t)tcg_load(env, at, tcg_oi(MO_8, idx)) << (24 - 8 * byte);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        env->gpr[(rt + i) & 31] = words[i];
    }
}

static void store_string(CPUPPCState *env, uint64_t ea, unsigned rs, unsigned bytes, unsigned idx)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint64_t word = env->gpr[(rs + i / 4) & 31];
        tcg_store(env, string_address(env, ea, i), word >> (24 - 8 * (i & 3)) & 0xff,
                  tcg_oi(MO_8, idx));
    }
}

static void helper_lswi(CPUPPCState *env, uint64_t ea, uint32_t what, uint32_t idx)
{
    load_string(env, ea, what & 31, what >> 8, idx);
}

static void helper_stswi(CPUPPCState *env, uint64_t ea, uint32_t what, uint32_t idx)
{
    store_string(env, ea, what & 31, what >> 8, idx);
}

static bool register_in_range(unsigned reg, unsigned first, unsigned count)
{
    return ((reg - first) & 31) < count;
}

static void helper_lswx(CPUPPCState *env, uint64_t ea, uint32_t what, uint32_t idx)
{
    unsigned rt = what & 31, ra = what >> 8 & 31, rb = what >> 16 & 31;
    unsigned bytes = env->xer_rest & 0x7f, count = (bytes + 3) / 4;

    /* A source register among the targets is an invalid form. */
    if (count && ((ra && register_in_range(ra, rt, count)) || register_in_range(rb, rt, count))) {
        ppc_raise(env, EXCP_PROGRAM, PROGRAM_ILLEGAL);
    }
    load_string(env, ea, rt, bytes, idx);
}

static void helper_stswx(CPUPPCState *env, uint64_t ea, uint32_t what, uint32_t idx)
{
    store_string(env, ea, what & 31, env->xer_rest & 0x7f, idx);
}

/* ---- Quadwords ---- */

static void helper_load_quad(V128 *result, CPUPPCState *env, uint64_t ea, uint32_t oi)
{
    tcg_load128_atomic(env, ea, oi, result);
}

static void helper_store_quad(CPUPPCState *env, uint64_t ea, uint64_t high, uint64_t low,
                              uint32_t oi)
{
    V128 value = {.d = {low, high}};
    tcg_store128_atomic(env, ea, oi, &value);
}

/* ---- Conditional stores ---- */

static void check_alignment(CPUPPCState *env, uint64_t ea, unsigned size)
{
    if (ea & (size - 1)) {
        raise_alignment(env, ea, true);
    }
}

static uint32_t helper_stcx(CPUPPCState *env, uint64_t ea, uint64_t value, uint32_t oi)
{
    unsigned size = 1u << (oi & MO_SIZE);

    check_alignment(env, ea, size);
    if (env->reserve_addr != ea || env->reserve_size != size) {
        return 0;
    }
    uint64_t mask = size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;
    return tcg_cas(env, ea, env->reserve_val, value & mask, oi) == env->reserve_val;
}

static uint32_t helper_stqcx(CPUPPCState *env, uint64_t ea, uint64_t high, uint64_t low,
                             uint32_t oi)
{
    check_alignment(env, ea, 16);
    if (env->reserve_addr != ea || env->reserve_size != 16) {
        return 0;
    }
    V128 expected = {.d = {env->reserve_val, env->reserve_val2}}, desired = {.d = {low, high}}, old;
    return tcg_cas128(env, ea, &expected, &desired, &old, oi);
}

/* ---- Atomic memory operations (book II 4.5) ---- */

enum {
    AMO_LAST_RMW = 8, AMO_SWAP_NOT_EQUAL = 16, AMO_INCREMENT_BOUNDED = 24, AMO_INCREMENT_EQUAL = 25,
    AMO_DECREMENT_BOUNDED = 28, AMO_STORE_LAST_RMW = 7, AMO_STORE_TWIN = 24,
};

static const uint8_t amo_rmw[] = {
    TCG_RMW_ADD, TCG_RMW_XOR, TCG_RMW_OR, TCG_RMW_AND, TCG_RMW_UMAX, TCG_RMW_SMAX, TCG_RMW_UMIN,
    TCG_RMW_SMIN, TCG_RMW_SWAP,
};

static uint64_t amo_mask(unsigned size)
{
    return size == 4 ? UINT32_MAX : UINT64_MAX;
}

static uint64_t helper_amo_load(CPUPPCState *env, uint64_t ea, uint32_t what, uint32_t oi)
{
    unsigned rt = what & 31, fc = what >> 8 & 31, size = 1u << (oi & MO_SIZE);
    uint64_t mask = amo_mask(size), lowest = (mask >> 1) + 1;
    uint64_t first = env->gpr[(rt + 1) & 31] & mask, second = env->gpr[(rt + 2) & 31] & mask;
    uint64_t old, other;

    check_alignment(env, ea, size);
    if (fc <= AMO_LAST_RMW) {
        return tcg_atomic_rmw(env, ea, (TCGRmw)amo_rmw[fc], first, oi);
    }
    switch (fc) {
    case AMO_SWAP_NOT_EQUAL:
        for (;;) {
            old = tcg_load(env, ea, oi);
            if (old == first || tcg_cas(env, ea, old, second, oi) == old) {
                return old;
            }
        }
    case AMO_INCREMENT_BOUNDED:
    case AMO_INCREMENT_EQUAL:
        for (;;) {
            old = tcg_load(env, ea, oi);
            other = tcg_load(env, ea + size, oi);
            if ((old == other) != (fc == AMO_INCREMENT_EQUAL)) {
                return lowest;
            }
            if (tcg_cas(env, ea, old, (old + 1) & mask, oi) == old) {
                return old;
            }
        }
    case AMO_DECREMENT_BOUNDED:
        for (;;) {
            old = tcg_load(env, ea, oi);
            other = tcg_load(env, ea - size, oi);
            if (old == other) {
                return lowest;
            }
            if (tcg_cas(env, ea, old, (old - 1) & mask, oi) == old) {
                return old;
            }
        }
    default:
        raise_dsi(env, ea, DSISR_BAD_AMO);
    }
}

static void helper_amo_store(CPUPPCState *env, uint64_t ea, uint64_t value, uint32_t fc,
                             uint32_t oi)
{
    unsigned size = 1u << (oi & MO_SIZE);
    uint64_t mask = amo_mask(size);

    value &= mask;
    check_alignment(env, ea, size);
    if (fc <= AMO_STORE_LAST_RMW) {
        tcg_atomic_rmw(env, ea, (TCGRmw)amo_rmw[fc], value, oi);
    } else if (fc == AMO_STORE_TWIN) {
        tcg_probe_range(env, ea, 2 * size, TCG_ACCESS_STORE, oi >> MO_RESERVED_IDX_SHIFT & 15);
        if (tcg_load(env, ea, oi) == tcg_load(env, ea + size, oi)) {
            tcg_store(env, ea, value, oi);
            tcg_store(env, ea + size, value, oi);
        }
    } else {
        raise_dsi(env, ea, DSISR_BAD_AMO | DSISR_STORE);
    }
}

/* ---- Copy, paste, cache ---- */

static void helper_cache_touch(CPUPPCState *env, uint64_t ea, uint32_t idx)
{
    tcg_probe_access(env, ea, 1, TCG_ACCESS_LOAD, idx);
}

static void helper_cache_store(CPUPPCState *env, uint64_t ea, uint32_t idx)
{
    tcg_probe_access(env, ea, 1, TCG_ACCESS_STORE, idx);
}

static void helper_copy(CPUPPCState *env, uint64_t ea, uint32_t idx)
{
    if (ea & (COPY_BLOCK - 1)) {
        raise_alignment(env, ea, false);
    }
    tcg_probe_access(env, ea, COPY_BLOCK, TCG_ACCESS_LOAD, idx);
}

G_NORETURN static void helper_paste(CPUPPCState *env, uint64_t ea)
{
    if (ea & (COPY_BLOCK - 1)) {
        raise_alignment(env, ea, true);
    }
    raise_dsi(env, ea, DSISR_BAD_COPY_PASTE | DSISR_STORE);
}

#define SPR_HID5 1014

/* dcbz of a 970, which HID5 can make clear 32 bytes to run 32-bit programs. */
static void helper_dcbz_970(CPUPPCState *env, uint64_t ea, uint32_t line, uint32_t idx)
{
    if ((env->spr[SPR_HID5] >> 7 & 3) == 1) {
        line = 32;
    }
    tcg_zero_range(env, ea & ~(uint64_t)(line - 1), line, idx);
}

/* What a helper that reads and writes GPRs needs; its faults come before it writes. */
#define STRING_FLAGS (IRH_READS_SLOTS | IRH_WRITES_SLOTS | IRH_RAISES | IRH_KEEPS_TLB)

PPC_HELPER_ROW(alignment, IR_VOID, IRH_RAISES | IRH_NORETURN, IRA_ENV, IRA_I64, IRA_I32);
PPC_HELPER_ROW(lswi, IR_VOID, STRING_FLAGS, IRA_ENV, IRA_I64, IRA_I32, IRA_I32);
PPC_HELPER_ROW(stswi, IR_VOID, IRH_READS_SLOTS | IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64,
               IRA_I32, IRA_I32);
PPC_HELPER_ROW(lswx, IR_VOID, STRING_FLAGS, IRA_ENV, IRA_I64, IRA_I32, IRA_I32);
PPC_HELPER_ROW(stswx, IR_VOID, IRH_READS_SLOTS | IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64,
               IRA_I32, IRA_I32);
PPC_HELPER_ROW(load_quad, IR_V128, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I32);
PPC_HELPER_ROW(store_quad, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I64, IRA_I64,
               IRA_I32);
PPC_HELPER_ROW(stcx, IR_I32, IRH_READS_SLOTS | IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64,
               IRA_I64, IRA_I32);
PPC_HELPER_ROW(stqcx, IR_I32, IRH_READS_SLOTS | IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64,
               IRA_I64, IRA_I64, IRA_I32);
PPC_HELPER_ROW(amo_load, IR_I64, IRH_READS_SLOTS | IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64,
               IRA_I32, IRA_I32);
PPC_HELPER_ROW(amo_store, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I64, IRA_I32,
               IRA_I32);
PPC_HELPER_ROW(cache_touch, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I32);
PPC_HELPER_ROW(cache_store, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I32);
PPC_HELPER_ROW(copy, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I32);
PPC_HELPER_ROW(paste, IR_VOID, IRH_RAISES | IRH_NORETURN, IRA_ENV, IRA_I64);
PPC_HELPER_ROW(dcbz_970, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I32, IRA_I32);
