/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a back end is to the execution loop: it turns an IRBlock into something that can be entered,
 * and gives guest state back from the middle of it.  Two exist: x86_64 (host code) and interp.
 *
 * Leaving generated code.  enter() returns why and where:
 *   TCG_EXIT_CHAIN     a constant exit that is not chained yet: *exit_out identifies it; the loop
 *                      finds or makes the target block and may call chain()
 *   TCG_EXIT_INDIRECT  the jump cache missed; env's pc is set
 *   TCG_EXIT_LOOP      mode may have changed or pending work was seen; env's pc is set
 *   TCG_EXIT_NOGROUP   a grouped access had no fast mapping; env's pc is set to the access; the
 *                      next block must be made with the no-group key
 * In all cases the slots in env are current and the pc (TCGCPUState.pc) is set. A helper that
 * raises calls tcg_restore_state(), then siglongjmps to the loop: enter() never returns.
 */
#ifndef TCG_IR_BACKEND_H
#define TCG_IR_BACKEND_H

#include "tcg/ir.h"

typedef enum TCGExitReason {
    TCG_EXIT_CHAIN, TCG_EXIT_INDIRECT, TCG_EXIT_LOOP, TCG_EXIT_NOGROUP
} TCGExitReason;

typedef struct TCGCodeRegion TCGCodeRegion;  /* W^X code memory, include/accel/tcg/code-cache.h's */

/* Memory handed out by the code cache for one block. write is the writable view of exec. */
typedef struct TCGCodeBuffer {
    uint8_t *write;
    const uint8_t *exec;
    size_t size;          /* in: room; compile returns the size used */
} TCGCodeBuffer;

/* One constant exit of compiled code that can be chained to another block. */
typedef struct TCGExitSite {
    uint64_t dest;        /* guest pc */
    uint32_t hints;       /* IREXIT_* */
    uint32_t patch;       /* back end's: offset of the jump to patch in the block's code */
    uint32_t unchained;   /* back end's: offset the jump has while not chained */
    void *owner;          /* the block the site is in (accel's) */
    void *target;         /* chained block or NULL (accel's) */
    struct TCGExitSite *next_incoming; /* list of sites chained to one target (accel's) */
} TCGExitSite;

/* Result of compiling. All memory belongs to the caller's arena (g_malloc) unless said. */
typedef struct TCGCompiled {
    const void *entry;        /* exec view; for interp an opaque pointer */
    size_t code_size;
    TCGExitSite *exits;       /* n_exits of them, freed by release(); their addresses are in code */
    unsigned n_exits;
    void *meta;               /* back end's: restore tables; freed by release() */
} TCGCompiled;

/* Host-side runtime functions and facts the back ends need; filled in by accel/tcg, constant.
 * All access functions are called with env's TCGCPUState.restore_point set; they raise guest faults
 * by tcg_restore_state + siglongjmp.  oi: IRMemOp with MMU index. */
typedef struct TCGRuntime {
    uint64_t (*load)(void *env, uint64_t address, uint32_t oi); /* <= 8 bytes, extended as told */
    void (*store)(void *env, uint64_t address, uint64_t value, uint32_t oi);
    void (*load128)(void *env, uint64_t address, uint32_t oi, V128 *out);
    void (*store128)(void *env, uint64_t address, uint32_t oi, const V128 *value);
    uint64_t (*cas)(void *env, uint64_t address, uint64_t expected, uint64_t desired, uint32_t oi);
    /* Non-raising: true if [address, address + span) has a fast mapping now (TLB refilled). */
    bool (*probe_span)(void *env, uint64_t address, uint32_t span, uint32_t oi, bool is_write);
    /* Jump cache miss in generated code: returns an exec entry or NULL. */
    const void *(*lookup)(void *env, uint64_t pc);
    /* The same for a block without groups, after a grouped access had no fast mapping. May be NULL.
     */
    const void *(*lookup_nogroup)(void *env, uint64_t pc);
    /* For a block that ends for the loop (TCG_EXIT_LOOP): the next one's exec entry, or NULL to
     * leave. May be NULL. */
    const void *(*reenter)(void *env, uint64_t pc);
} TCGRuntime;

typedef struct TCGBackend {
    const char *name;
    bool page_relative;   /* it can compile page-relative blocks */
    /* One-time set-up of thunks in the given code buffer (size in, used out). features: CPUID mask
     * override for tests (all ones = use what the host has). */
    bool (*init)(const IRTargetDesc *target, const TCGRuntime *runtime, TCGCodeBuffer *buf,
                 uint64_t features, GError **errp);
    /* Compiles a verified, optimized block. Returns false when buf is too small (code cache full).
     */
    bool (*compile)(const IRBlock *block, TCGCodeBuffer *buf, TCGCompiled *out);
    TCGExitReason (*enter)(void *env, const void *entry, TCGExitSite **exit_out);
    /* Writes the slots and the pc of the given restore point (TCGCPUState.restore_point) into env.
     */
    void (*restore)(void *env, uint32_t restore_point);
    /* Number of guest instructions begun before the restore point (icount, tracing). */
    uint32_t (*restore_insn_index)(void *env, uint32_t restore_point);
    /* Patches site to jump to entry, or back to unchained (entry NULL). Safe while other threads
     * run the code (one aligned 32-bit store). write/exec: the code cache's views. */
    void (*chain)(TCGExitSite *site, const void *entry);
    void (*release)(TCGCompiled *compiled);
    GString *(*disassemble)(const TCGCompiled *compiled);  /* for -d out_asm; may return NULL */
} TCGBackend;

extern const TCGBackend tcg_backend_x86_64;
extern const TCGBackend tcg_backend_interp;

#endif
