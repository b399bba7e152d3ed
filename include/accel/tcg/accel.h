/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The execution engine: what a target gives it, and how helpers and machines talk to it.
 *
 * The engine never sees target structures.  A target gives one constant TCGTargetOps; its env holds
 * a TCGCPUState (include/tcg/tcg-cpu.h) at IRTargetDesc.tcg_offset.  The process has one TCGAccel;
 * one TCGVCPU per CPU hangs from it and is CPUState.accel_data.  Threads, exclusive sections and
 * queued work are hw/core's (cpus.h): app makes the engine with tcg_accel_new() and then calls
 * cpus_init(&tcg_accel_ops, ...).
 *
 * The guest pc.  While generated code runs, only the code knows it.  Between blocks and in the
 * target's callbacks the target's own register (env's nip) holds it: the engine calls set_pc()
 * before any callback that could look, and block_state() reads it back.
 *
 * Leaving generated code from a helper:
 *   tcg_restore_state  brings slots and pc in env up to date (precise state before the
 * instruction); the helper may then change env tcg_raise          the same, then leaves for the
 * loop, which calls do_interrupts() tcg_exit_to_loop   leaves with env as it stands (the helper has
 * set slots and pc itself) None of them may be called with the device lock held.  A helper may go
 * back to its block after tcg_restore_state() only if it has IRH_READS_SLOTS and IRH_WRITES_SLOTS.
 */
#ifndef ACCEL_TCG_ACCEL_H
#define ACCEL_TCG_ACCEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "hw/core/cpu.h"
#include "tcg/ir.h"
#include "tcg/ir-backend.h"
#include "tcg/tcg-cpu.h"

typedef struct TCGAccel TCGAccel;
typedef struct TCGVCPU TCGVCPU;

typedef enum TCGAccess { TCG_ACCESS_LOAD, TCG_ACCESS_STORE, TCG_ACCESS_FETCH } TCGAccess;
enum { TCG_PROT_READ = 1, TCG_PROT_WRITE = 2, TCG_PROT_EXEC = 4 };

/* Result of the target's address translation. */
typedef struct TCGTranslation {
    uint64_t raddr;          /* guest physical address of the byte asked for */
    uint8_t page_shift; /* size of the guest page, log2; at least 12 unless sub-page rules apply */
    uint8_t prot;            /* TCG_PROT_*: what may be done without asking again */
    bool update;             /* probe only: a real access would have to set R or C first */
    /* on failure: the target's own description of the fault, handed back to raise_fault() */
    int32_t exception;
    uint64_t error_code, dar, asdr;
    uint32_t dsisr;
} TCGTranslation;

/* Where the next block starts and which modes it is translated for. */
typedef struct TCGBlockState {
    uint64_t pc;             /* guest effective address, masked as the mode has it */
    uint64_t flags;          /* mode bits, within the low 30: bits 30 and 31 are the engine's */
    unsigned fetch_mmu_idx;  /* translation of instruction fetches */
    unsigned data_mmu_idx;   /* of the block's loads and stores; follows from flags */
} TCGBlockState;
#define TCG_KEY_NOGROUP ((uint64_t)1 << 30)

/* The block being translated: what the front end may fetch and how far it may go. */
typedef struct TCGFetch {
    CPUState *cpu;
    uint64_t pc;             /* start of the block */
    uint64_t flags;          /* mode bits with the engine's */
    unsigned fetch_mmu_idx;
    unsigned max_insns;      /* 1 when stepping */
    const uint8_t *page;     /* bytes of the 4 KiB guest page, or of what was fetched of it */
    uint32_t page_first, page_end;  /* offsets in the page that can be fetched */
    bool
        page_relative; /* the block may be made page-relative: good for all addresses of its page */
    uint64_t end;            /* out: address after the last instruction fetched */
} TCGFetch;

/* True if `size` bytes at ea can be fetched (same page as the block's start). A block ends before
 * it needs anything else. The first instruction word can always be fetched. */
static inline bool tcg_fetch_possible(const TCGFetch *f, uint64_t ea, unsigned size)
{
    uint32_t offset = ea & ~TCG_PAGE_MASK;
    return ((ea ^ f->pc) & TCG_PAGE_MASK) == 0 && offset >= f->page_first &&
           offset + size <= f->page_end;
}

/* Instruction word in guest order `big_endian`, ea a multiple of 4. The caller has checked
 * tcg_fetch_possible(). One host load: another CPU may be writing there. */
static inline uint32_t tcg_fetch32(TCGFetch *f, uint64_t ea, bool big_endian)
{
    uint32_t word = __atomic_load_n((const uint32_t *)(f->page + (ea & ~TCG_PAGE_MASK)),
                                    __ATOMIC_RELAXED);
    if (ea + 4 > f->end || f->end == 0) {
        f->end = ea + 4;
    }
    return big_endian ? GUINT32_FROM_BE(word) : GUINT32_FROM_LE(word);
}

/* Filled in by a target, constant. All are called in the CPU's own thread without the device lock.
 */
typedef struct TCGTargetOps {
    const IRTargetDesc *ir;
    void *(*env_of)(CPUState *cpu);

    void (*block_state)(CPUState *cpu, TCGBlockState *out);
    void (*set_pc)(CPUState *cpu, uint64_t pc);

    /* Builds the IR of the block at f->pc into b (already reset for it) and ends it with an exit.
     */
    void (*translate_block)(CPUState *cpu, IRBuilder *b, TCGFetch *f);
    /* One line of text without newline for -d in_asm; the caller frees. */
    char *(*disassemble)(CPUState *cpu, uint64_t pc, uint32_t insn, uint64_t flags);

    /* Translates ea. With `probe` nothing is changed (no R or C update) and nothing is recorded.
     * Returns false on a fault, described in out. Never raises. */
    bool (*translate)(CPUState *cpu, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool probe,
                      TCGTranslation *out);
    /* Raise the fault that translate() described; state is precise already. They never return: they
     * end with tcg_raise(). */
    void (*raise_fault)(CPUState *cpu, uint64_t ea, TCGAccess access, unsigned mmu_idx,
                        const TCGTranslation *fault);
    void (*alignment_fault)(CPUState *cpu, uint64_t ea, TCGAccess access, unsigned mmu_idx);
    /* No device answered at this guest physical address. Returns if the machine ignores the cycle
     * (loads then read what the bus left), else raises with tcg_raise(): only that makes env's
     * slots and pc precise, the block may go on. May be NULL. */
    void (*unassigned_access)(CPUState *cpu, uint64_t physical, TCGAccess access, unsigned size);
    /* A watchpoint of the target's own debug facility (BP_CPU) matched. Raises, or returns to let
     * the access go on, with the same rule. May be NULL. */
    void (*watchpoint_hit)(CPUState *cpu, uint64_t ea, unsigned size, TCGAccess access,
                           CPUWatchpoint *watchpoint);

    /* Delivers the exception a helper left in env, else the most favoured enabled interrupt, if
     * any. */
    void (*do_interrupts)(CPUState *cpu);
    /* True if do_interrupts() has nothing to do now. May be NULL: never. */
    bool (*is_calm)(CPUState *cpu);
    /* A CPU comes into or leaves the loop (virtual hypervisor's accounting). May be NULL. */
    void (*exec_enter)(CPUState *cpu);
    void (*exec_exit)(CPUState *cpu);
    /* After the back end restored slots and pc: anything else derived that must be redone. May be
     * NULL. */
    void (*exit_restore)(CPUState *cpu);
    /* Registers as text for -d cpu; may be NULL. */
    void (*dump_state)(CPUState *cpu, GString *out);
} TCGTargetOps;

/* ---- Life ---- */

typedef struct TCGAccelConfig {
    bool single_thread;      /* round robin instead of a thread per vCPU */
    bool one_insn_per_tb;
    bool verify_ir;          /* check every block's IR as built and after the passes */
    const TCGBackend *backend;
    uint64_t tb_size;        /* bytes of code memory; 0 = default */
    uint64_t host_features;  /* mask over what the host has, for tests; all ones = all */
} TCGAccelConfig;

void tcg_accel_config_init(TCGAccelConfig *config);
/* Parses the properties of "-accel tcg,..." (what follows "tcg,"; may be empty). */
bool tcg_accel_config_parse(TCGAccelConfig *config, const char *properties, GError **errp);

/* Makes the process's engine. Before cpus_init(). */
TCGAccel *tcg_accel_new(const TCGTargetOps *ops, const TCGAccelConfig *config, GError **errp);
/* All CPUs must be gone. */
void tcg_accel_free(TCGAccel *accel);

/* The row for cpus_init(). Its exec runs a CPU in the calling thread and returns EXCP_*. */
extern const AccelOps tcg_accel_ops;

/* ---- From helpers ---- */

void tcg_restore_state(CPUState *cpu);
G_NORETURN void tcg_raise(CPUState *cpu);
G_NORETURN void tcg_exit_to_loop(CPUState *cpu);
/* Leaves the loop with EXCP_DEBUG, state precise before the instruction. */
G_NORETURN void tcg_raise_debug(CPUState *cpu);
/* Makes a running CPU come back to its loop soon (do_interrupts is called again). Any thread. The
 * reason must be visible before. cpu_kick() wakes a halted CPU too. */
void tcg_cpu_kick(CPUState *cpu);

/* ---- Address translation has changed ---- */
/*
 * ea ranges are effective addresses; mmu_idx_mask has a bit per MMU index.  For the CPU's own
 * thread the flush has happened on return; another CPU flushes before it runs its next block. A
 * block that calls these goes on with its grouped addresses: the front end ends it (ir_exit_loop).
 */
#define TCG_ALL_MMU_IDX ((1u << TCG_MMU_MODES) - 1)
void tcg_tlb_flush_all(CPUState *cpu, uint32_t mmu_idx_mask);
void tcg_tlb_flush_page(CPUState *cpu, uint64_t ea, uint32_t mmu_idx_mask);
/* [ea, ea + size); the low `address_bits` bits of addresses are compared (64 = all). */
void tcg_tlb_flush_range(CPUState *cpu, uint64_t ea, uint64_t size, unsigned address_bits,
                         uint32_t mmu_idx_mask);
/*
 * The same on every CPU: when the calling CPU starts its next block, no CPU uses an old entry any
 * more. From a helper of `cpu`, whose block ends right after the call with ir_exit_loop.
 */
void tcg_tlb_flush_all_cpus_synced(CPUState *cpu, uint32_t mmu_idx_mask);
void tcg_tlb_flush_range_all_cpus_synced(CPUState *cpu, uint64_t ea, uint64_t size,
                                         unsigned address_bits, uint32_t mmu_idx_mask);
/* The two halves of "synced": queue on every CPU (the caller's own happens at once), and wait,
 * before the next block starts, for all that was queued so far (tlbie ... ptesync). */
void tcg_tlb_flush_range_all_cpus(CPUState *cpu, uint64_t ea, uint64_t size, unsigned address_bits,
                                  uint32_t mmu_idx_mask);
void tcg_tlb_sync(CPUState *cpu);
/* Fetch translation changed but data entries stay right (nothing else to flush): jump caches only.
 */
void tcg_jump_cache_flush(CPUState *cpu);

/* ---- Translated code ---- */

/* Drops every block before guest code goes on (debug state or translation options changed). Any
 * thread. */
void tcg_flush_code(TCGAccel *accel);

/* ---- Facts for monitors ---- */
/* "info jit"; appended. */
void tcg_info_jit(TCGAccel *accel, GString *out);

/* -perfmap: writes /tmp/perf-PID.map lines for blocks translated from now on. */
bool tcg_perfmap_enable(TCGAccel *accel, GError **errp);

#endif
