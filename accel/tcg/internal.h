/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's own structures and the calls between its files.
 *
 * Locks, outermost first; none is ever held while the device lock is waited for:
 *   TCGAccel.code_lock    blocks, pages with code, chains, the code region, the list of vCPUs
 *   TCGAccel.run_lock     waiting for safepoints
 *   TCGVCPU.tlb_lock      a vCPU's TLB tables and its queue of flushes (spin, a few hundred ns)
 *
 * Safepoints and lifetime.  A vCPU is `running` while it may hold pointers to blocks or use TLB
 * entries it looked up earlier.  It notes the epoch it has seen whenever it holds none; a block
 * retired in epoch E is freed once every running vCPU has seen E.
 */
#ifndef ACCEL_TCG_INTERNAL_H
#define ACCEL_TCG_INTERNAL_H

#include <setjmp.h>
#include <stdio.h>
#include "accel/tcg/accel.h"
#include "accel/tcg/access.h"
#include "accel/tcg/code-cache.h"
#include "hw/core/cpu.h"
#include "system/memory.h"
#include "util/thread.h"

#define JUMP_CACHE_SIZE (1u << TCG_JUMP_CACHE_BITS)
#define GENERATION ((uint64_t)1 << 32)       /* one step of a jump key's generation */
#define KEY_FLAGS_MASK ((uint64_t)0xffffffff)
/* Key bit of blocks that never enter the jump cache, and of a jump key that must not hit. */
#define TCG_KEY_ALONE ((uint64_t)1 << 31)

typedef struct TCGBlock TCGBlock;
typedef struct TCGPage TCGPage;

/*
 * Blocks' memory is only ever used for blocks again, so that a jump cache may keep pointers past a
 * block's end: tcg_block_check() tells whether one still is what it was.
 */
struct TCGBlock {
    /* What look-ups read: one cache line. */
    uint32_t serial;         /* atomic; odd while the memory is nobody's or being filled in */
    bool invalid;            /* atomic; set before the block is unlinked */
    bool uncached;           /* for one run only: in no page's list, retired by the loop */
    bool page_relative;      /* pc is only one of the addresses that it is good for */
    uint64_t pc, flags;      /* identity, with host */
    const uint8_t *host;     /* host address of the first guest byte */
    TCGBlock *hash_next;     /* published */
    const void *entry;

    uint32_t size;           /* guest bytes */
    uint16_t n_insns;
    uint8_t fetch_mmu_idx;
    TCGPage *page;
    TCGBlock *page_next;
    TCGExitSite *incoming;   /* sites chained to this block */
    TCGCompiled compiled;
    TCGBlock *retired_next;
    uint64_t retire_epoch;
} __attribute__((aligned(64)));

/* A 4 KiB page of guest RAM that blocks were made from; keyed by its host address. */
struct TCGPage {
    const uint8_t *host;
    RAMBlock *ram;
    ram_addr_t ram_offset;
    TCGBlock *blocks;
    uint64_t lines;          /* bit per 64 bytes that some block covers */
    bool writers;            /* a block that runs may still write it unseen: wait for a safepoint */
    uint32_t translating;    /* translations under way */
    uint32_t version;        /* counts writes while one is */
};

typedef struct TCGHashTable {
    size_t mask;
    TCGBlock *buckets[];
} TCGHashTable;

/* What a TLB entry stands for, beside the tags that generated code sees. */
typedef struct TCGTLBFull {
    uint64_t ea;             /* page, all ones when the slot is empty */
    uint64_t physical;       /* guest physical page */
    uint8_t *host;           /* host page, NULL for devices */
    RAMBlock *ram;           /* of host, RAM and ROM */
    const MemorySection *section;  /* where the page lies in one; else accesses look it up */
} TCGTLBFull;

#define TLB_SLOW 16          /* tag flag: take the slow path for no other reason */
#define VICTIM_SIZE 8
#define LARGE_RANGES 8
typedef struct TCGLargeRange { uint64_t first, last; uint8_t shift; } TCGLargeRange;

/* One MMU index's slow half. */
typedef struct TCGTLBSlow {
    TCGTLBFull *full;        /* parallel to the fast table */
    uint32_t *hint;          /* parallel too: host_hint() of the entry that was put there last */
    uint32_t used;           /* slots in use */
    bool code_lost;          /* an executable page fell out without a flush */
    uint32_t evictions;      /* since the table was cleared or grew */
    uint32_t window_max;
    int64_t window_start;
    unsigned victim_next;
    unsigned n_large;
    TCGLargeRange large[LARGE_RANGES];
    TCGTLBEntry victim[VICTIM_SIZE];
    TCGTLBFull victim_full[VICTIM_SIZE];
} TCGTLBSlow;

typedef struct TCGFlush {
    uint64_t ea, size;       /* size 0: everything */
    uint32_t mmu_idx_mask;
    uint8_t address_bits;
} TCGFlush;
#define FLUSH_QUEUE 16

typedef struct TCGVCPUStats {
    uint64_t tlb_fills, tlb_victim_hits, tlb_flushes, tlb_page_flushes, tlb_resizes;
    uint64_t lookups, exits, nogroup, reentries;
} TCGVCPUStats;

struct TCGVCPU {
    TCGAccel *accel;
    CPUState *cpu;
    TCGCPUState *tcg;
    void *env;
    IRBuilder *builder;

    sigjmp_buf jump;
    bool started;            /* atomic; a thread runs it: others queue their flushes */
    bool in_code;            /* restore_point is valid */
    AddressSpace *as;
    /* Bits of an effective address. Generated code of 32-bit processors may compute more (a base
     * and a displacement, not truncated): no TLB entry matches then, and the slow paths cut it. */
    uint64_t ea_mask;
    bool debug_exit;         /* leave with EXCP_DEBUG */
    bool watch_passing;      /* a watchpoint hit: finish the instruction, then EXCP_DEBUG */
    bool running;            /* atomic */
    uint32_t safepoints;     /* atomic; steps whenever it stops running */
    uint64_t seen_epoch;     /* atomic */
    bool want_sync;          /* wait for the other CPUs' flushes before the next block */
    TCGBlock *uncached;      /* to be retired when its run has ended */
    bool waited;             /* blocks known before tcg_find_or_translate() may be gone */
    bool left;               /* a helper left the block by longjmp */
    TCGBlockState state;     /* of the blocks that run now; pc is only where they were entered */
    /* Generations of the jump key (tcg_jump_key_step), under tlb_lock: of all entries, and of those
     * whose code is fetched through an MMU index. A key has the low half of their sum. */
    uint64_t generation, generation_idx[TCG_MMU_MODES];
    uint32_t wraps; /* of such sums, counted when the jump cache was last cleared for them */
    uint32_t fp_word;        /* the host's FP control word while the loop runs */
    GArray *breakpoints;     /* copy of the CPU's, as the blocks have them */
    unsigned n_watches;

    uint32_t tlb_lock;
    bool flush_pending;      /* atomic; queue under tlb_lock */
    unsigned n_flushes;
    TCGFlush flushes[FLUSH_QUEUE];
    TCGTLBSlow tlb[TCG_MMU_MODES];

    uint8_t fetch_bytes[TCG_PAGE_SIZE] __attribute__((aligned(8)));  /* code outside RAM */
    TCGVCPUStats stats;
};

typedef struct TCGAccelStats {
    uint64_t blocks_made, blocks_invalidated, flushes, chains, retranslations;
    uint64_t code_bytes, guest_bytes, guest_insns, page_protects;
} TCGAccelStats;

struct TCGAccel {
    const TCGTargetOps *ops;
    TCGAccelConfig config;
    const TCGBackend *backend;

    Mutex code_lock;
    TCGCodeRegion region;
    size_t thunks_end;
    TCGHashTable *hash;      /* published */
    size_t n_blocks;
    GHashTable *pages;       /* host page -> TCGPage */
    TCGBlock *retired, **retired_tail;
    TCGBlock *free_blocks;   /* by retired_next */
    GPtrArray *block_chunks;
    GPtrArray *old_tables;   /* replaced hash tables, freed at the next flush */
    uint64_t epoch;          /* atomic */
    GPtrArray *vcpus;        /* changed with code_lock and run_lock held */
    FILE *perfmap;
    TCGAccelStats stats;

    Mutex run_lock;
    Cond run_cond;
    unsigned waiters;        /* atomic */
    MemoryListener listener;
};

/* The vCPU whose code or loop runs in this thread. */
extern __thread TCGVCPU *tcg_current;

static inline TCGVCPU *tcg_vcpu(CPUState *cpu)
{
    return cpu->accel_data;
}

/* exec.c */
int tcg_cpu_exec(CPUState *cpu);
/* Runs fn while no CPU holds a block, from inside the loop of v (which holds none). */
void tcg_exec_exclusive(TCGVCPU *v, void (*fn)(TCGAccel *accel));
/* The jump key for the blocks of a state, and v->state. Own thread. */
void tcg_set_jump_key(TCGVCPU *v, const TCGBlockState *state, uint64_t engine_flags);
/* Any thread: forgets at once every entry of v's jump cache whose code is fetched through these
 * indexes. */
void tcg_jump_key_step(TCGVCPU *v, uint32_t mmu_idx_mask);
/* From inside the loop of v: returns when no other CPU uses an address looked up before. v holds no
 * block meanwhile, so that the loop must drop its site (TCGVCPU.waited). */
void tcg_exec_wait(TCGVCPU *v);
/* From outside: returns when every vCPU that runs has been at a safepoint. No device lock. */
void tcg_exec_wait_all(TCGAccel *accel);
/* Back to the loop to run the instruction again. */
G_NORETURN void tcg_leave_again(TCGVCPU *v);
static inline void tcg_exec_kick(TCGVCPU *v)
{
    __atomic_store_n(&v->tcg->exit_request, 1, __ATOMIC_SEQ_CST);
}

/* blocks.c. lock: code_lock held. */
void tcg_blocks_init(TCGAccel *accel);
void tcg_blocks_destroy(TCGAccel *accel);
TCGBlock *tcg_block_find(TCGAccel *accel, const uint8_t *host, uint64_t pc, uint64_t flags);
/* Zeroed; nobody sees it before tcg_block_publish(). */
TCGBlock *tcg_block_new(TCGAccel *accel);                                             /* lock */
void tcg_block_publish(TCGBlock *block);
void tcg_block_insert(TCGAccel *accel, TCGBlock *block, TCGPage *page);              /* lock */
void tcg_block_chain(TCGAccel *accel, TCGExitSite *site, TCGBlock *target);
TCGPage *tcg_page_get(TCGAccel *accel, const uint8_t *host, RAMBlock *ram,
                      ram_addr_t offset);                                             /* lock */
void tcg_page_put(TCGAccel *accel, TCGPage *page);                                    /* lock */
/* RAM [host, host + size) has been written. */
void tcg_invalidate_host(TCGAccel *accel, const uint8_t *host, size_t size);
void tcg_block_retire_uncached(TCGAccel *accel, TCGBlock *block);
/* Frees retired blocks that nobody can be running. */
void tcg_blocks_reclaim(TCGAccel *accel);                                             /* lock */
/* Nobody runs code. */
void tcg_blocks_flush(TCGAccel *accel);                                               /* lock */

/* translate.c */
/*
 * The block at state->pc for these flags (mode flags with the engine's): found, or made.  May raise
 * the fetch's fault.  NULL: the code cache was full and has been emptied; start over.  `key` is the
 * jump key as it was before anything was looked at: what the jump cache's entry gets.
 */
TCGBlock *tcg_find_or_translate(TCGVCPU *v, const TCGBlockState *state, uint64_t flags,
                                uint64_t key);
/* Forgets every entry outright. Nobody else uses the cache. */
void tcg_jump_cache_clear(TCGVCPU *v);
const void *tcg_runtime_lookup(void *env, uint64_t pc);
const void *tcg_runtime_lookup_nogroup(void *env, uint64_t pc);
const void *tcg_runtime_reenter(void *env, uint64_t pc);

/* tlb.c */
void tcg_tlb_init(TCGVCPU *v);
void tcg_tlb_destroy(TCGVCPU *v);
void tcg_tlb_run_flushes(TCGVCPU *v);
/* True if a victim serves: its place now, in the table if `to_table` or every few times. */
bool tcg_tlb_victim(TCGVCPU *v, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool to_table,
                    TCGTLBEntry **entry, TCGTLBFull **full);
/* Fills the entry for ea; false on a fault (described in out) or, probing, if nothing may be
 * entered. */
bool tcg_tlb_fill(TCGVCPU *v, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool probe,
                  TCGTranslation *out);
/* Any thread: from now on v's writes to RAM in [host, host + size) take the slow path, but for what
 * a running block has looked up already. True if some could go fast. */
bool tcg_tlb_protect(TCGVCPU *v, const uint8_t *host, uint64_t size);
/* After a slow write: makes later ones fast if nobody wants to be told of them any more. */
void tcg_tlb_unprotect(TCGVCPU *v, uint64_t ea, unsigned mmu_idx);
TCGTLBFull *tcg_tlb_full(TCGVCPU *v, uint64_t ea, unsigned mmu_idx, TCGTLBEntry **entry);

/* softmmu.c */
extern const TCGRuntime tcg_runtime;
/* The part of an access that lies in one page, translated. */
typedef struct TCGSpan {
    uint64_t ea, physical;
    uint8_t *host;           /* of the first byte; NULL: device */
    RAMBlock *ram;
    const MemorySection *section;
    uint32_t size;
    uint32_t flags;          /* the tag's flags */
} TCGSpan;
typedef enum TCGLookMode { LOOK_RAISE, LOOK_PROBE } TCGLookMode;
/* False only when probing. Raising restores state first. */
bool tcg_look(TCGVCPU *v, uint64_t ea, unsigned size, TCGAccess access, unsigned mmu_idx,
              TCGLookMode mode, TCGSpan *s);

/* perfmap.c */
void tcg_perfmap_add(TCGAccel *accel, const TCGBlock *block);
void tcg_perfmap_close(TCGAccel *accel);

/*
 * Entry of a block that a jump cache remembers, if it still is the valid block at host for pc and
 * flags; else NULL.  No lock: the block cannot go away before the vCPU's next new epoch.
 */
static inline const void *tcg_block_check(const TCGBlock *b, const uint8_t *host, uint64_t pc,
                                          uint64_t flags)
{
    uint32_t serial = __atomic_load_n(&b->serial, __ATOMIC_ACQUIRE);
    bool same = __atomic_load_n(&b->host, __ATOMIC_RELAXED) == host &&
                (__atomic_load_n(&b->page_relative, __ATOMIC_RELAXED) ||
                 __atomic_load_n(&b->pc, __ATOMIC_RELAXED) == pc) &&
                __atomic_load_n(&b->flags, __ATOMIC_RELAXED) == flags &&
                !__atomic_load_n(&b->uncached, __ATOMIC_RELAXED) &&
                !__atomic_load_n(&b->invalid, __ATOMIC_RELAXED);
    const void *entry = __atomic_load_n(&b->entry, __ATOMIC_RELAXED);

    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return same && !(serial & 1) && __atomic_load_n(&b->serial, __ATOMIC_RELAXED) == serial ? entry
                                                                                            : NULL;
}

static inline void spin_lock(uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    }
}

static inline void spin_unlock(uint32_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif
