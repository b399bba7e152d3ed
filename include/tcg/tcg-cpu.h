/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator's part of a CPU's env: what generated code touches besides guest registers.
 * Everything here is host-only state, rebuilt after loading; nothing of it goes on the wire.
 *
 * Software TLB: per MMU index a power-of-two table of TCGTLBEntry.  Generated code compares
 * (address & TCG_PAGE_MASK [| low bits for alignment checks]) with the tag for the access kind; any
 * flag in the tag's low bits (below the page size) makes the comparison fail and takes the slow
 * path. A `write` tag without flags implies that reads are allowed as well, so that one check
 * serves a group with loads and stores.
 *
 * Jump cache: direct mapped by guest pc; an entry hits when pc and key are equal.  key = mode flags
 * of the block in the low half, the CPU's translation generation in the high half, so that emptying
 * it is one increment.  Generated code compares with `jump_key` in this struct.
 */
#ifndef TCG_TCG_CPU_H
#define TCG_TCG_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tcg/ir.h"

#define TCG_PAGE_BITS 12
#define TCG_PAGE_SIZE ((uint64_t)1 << TCG_PAGE_BITS)
#define TCG_PAGE_MASK (~(TCG_PAGE_SIZE - 1))
#define TCG_MMU_MODES 8

/* Flags in a tag, below the page size: any of them sends the access to the slow path.  They stand
 * above the bits that alignment checks keep in the comparison, else a misaligned address could
 * match. */
enum {
    TCG_TLB_INVALID = 0x100, TCG_TLB_MMIO = 0x200, TCG_TLB_NOTDIRTY = 0x400, TCG_TLB_WATCH = 0x800,
};

typedef struct TCGTLBEntry {
    uint64_t read, write;     /* tags */
    uint64_t code;            /* tag of an executable page (slow path and fetch only) */
    uint64_t addend;          /* host address = guest effective address + addend */
} TCGTLBEntry;
_Static_assert(sizeof(TCGTLBEntry) == 32, "generated code scales the index by 32");

typedef struct TCGTLBFast {
    uint64_t mask;            /* (entries - 1) << 5: byte offset mask of an entry */
    TCGTLBEntry *table;
} TCGTLBFast;
/* entry = table + ((address >> (TCG_PAGE_BITS - 5)) & mask) */

#define TCG_JUMP_CACHE_BITS 15
typedef struct TCGJumpEntry {
    uint64_t pc;
    uint64_t key;
    const void *entry;        /* exec address of the block's code */
    void *block;
} TCGJumpEntry;
_Static_assert(sizeof(TCGJumpEntry) == 32, "generated code scales the index by 32");
/* index = (pc >> 2) & (size - 1) */

typedef struct TCGCPUState {
    TCGTLBFast tlb[TCG_MMU_MODES];
    TCGJumpEntry *jump_cache;
    uint64_t jump_key;
    /* Guest pc where generated code left or was restored to; while it runs, where the last jump
     * through the jump cache, or the loop, entered: an address in the running block's page. */
    uint64_t pc;
    /* Non-zero: leave at the next check (interrupts, work, stop). Written by any thread. */
    uint32_t exit_request;
    uint32_t restore_point;   /* set by generated code before anything that may raise */
    uint64_t icount;
    uint32_t mxcsr_fp, mxcsr_vmx;  /* host FP control words: FPSCR's world, AltiVec's world */
    /* Host registers as saved by the slow-path thunk; the interpreter points values at its own
     * array. */
    uint64_t save_gpr[16];
    V128 save_xmm[16] __attribute__((aligned(64)));
    void *frame;              /* spill area of the running block */
    void *interp;             /* interpreter's value array while it runs */
    const struct TCGBackend *backend;
    void *cpu;                /* CPUState */
    void *vcpu;               /* TCGVCPU: accel/tcg's own part */
} TCGCPUState;

#endif
