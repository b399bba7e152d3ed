/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory for a target's C helpers: checked accesses through the CPU's software TLB, with the
 * same rules as accesses of generated code.  A fault leaves the helper: tcg_restore_state() and the
 * target's exception, so a helper that uses these has IRH_RAISES.
 *
 * oi is an IRMemOp with the MMU index: tcg_oi(MO_32 | MO_BSWAP, idx).  Accesses that cross a page
 * check both pages before the first byte moves.  Called in the CPU's own thread, device lock not
 * held.
 */
#ifndef ACCEL_TCG_ACCESS_H
#define ACCEL_TCG_ACCESS_H

#include "accel/tcg/accel.h"

static inline uint32_t tcg_oi(uint32_t memop, unsigned mmu_idx)
{
    return (memop & 0xff) | mmu_idx << MO_RESERVED_IDX_SHIFT;
}

/* Up to 8 bytes; zero extended, or sign extended to 64 bits with MO_SIGN. */
uint64_t tcg_load(void *env, uint64_t ea, uint32_t oi);
void tcg_store(void *env, uint64_t ea, uint64_t value, uint32_t oi);
void tcg_load128(void *env, uint64_t ea, uint32_t oi, V128 *out);
void tcg_store128(void *env, uint64_t ea, uint32_t oi, const V128 *value);

/* Atomic where aligned. Old value, zero extended. */
uint64_t tcg_cas(void *env, uint64_t ea, uint64_t expected, uint64_t desired, uint32_t oi);
/* 16 bytes, must be aligned (alignment fault otherwise). True if stored; *old is what was there. */
bool tcg_cas128(void *env, uint64_t ea, const V128 *expected, const V128 *desired, V128 *old,
                uint32_t oi);
/* Single-copy atomic 16-byte load and store, aligned (lq, stq, lqarx). */
void tcg_load128_atomic(void *env, uint64_t ea, uint32_t oi, V128 *out);
void tcg_store128_atomic(void *env, uint64_t ea, uint32_t oi, const V128 *value);

typedef enum TCGRmw {
    TCG_RMW_ADD, TCG_RMW_XOR, TCG_RMW_OR, TCG_RMW_AND, TCG_RMW_UMAX, TCG_RMW_SMAX, TCG_RMW_UMIN,
    TCG_RMW_SMIN, TCG_RMW_SWAP,
} TCGRmw;
/* Atomic read-modify-write of 1 to 8 aligned bytes; the old value, zero extended. */
uint64_t tcg_atomic_rmw(void *env, uint64_t ea, TCGRmw op, uint64_t operand, uint32_t oi);

/*
 * Checks an access to [ea, ea + size), which lies within one 4 KiB page, as if it were made: raises
 * what the access would raise.  Returns the host address if the bytes are plain RAM that may be
 * accessed directly, NULL if they need tcg_load/tcg_store (devices; tracked or watched pages).
 */
void *tcg_probe_access(void *env, uint64_t ea, unsigned size, TCGAccess access, unsigned mmu_idx);
/* Checks any range, page by page, raising like the access would. */
void tcg_probe_range(void *env, uint64_t ea, uint64_t size, TCGAccess access, unsigned mmu_idx);
/* Never raises; false if the access would fault. *host as above. */
bool tcg_probe_nofault(void *env, uint64_t ea, unsigned size, TCGAccess access, unsigned mmu_idx,
                       void **host);

/* Writes zeros (dcbz); all pages are checked first. */
void tcg_zero_range(void *env, uint64_t ea, uint64_t size, unsigned mmu_idx);

#endif
