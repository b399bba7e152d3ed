/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random IR over a fake target, for testing back ends against a direct evaluation.
 *
 * A program is a list of steps, each a call a front end would make on the builder.  It can be
 * evaluated directly (every slot write goes to env at once: no SSA, no snapshots, no folding) and
 * it can be built into a block and run by any back end.  Both must leave the same guest state, the
 * same memory and the same way out.
 *
 *   IRRandom *t = ir_random_new(&tcg_backend_x86_64, features);
 *   for (seed ...) { ir_random_check(t, seed, size); }    // aborts with a dump on a difference
 *
 * Used like that, the test needs ir-random.c, ir-random-target.c and ir-random-eval.c beside
 * itself.
 */
#ifndef TESTS_UNIT_IR_RANDOM_H
#define TESTS_UNIT_IR_RANDOM_H

#include <setjmp.h>
#include "tcg/ir-backend.h"
#include "tcg/tcg-cpu.h"

/* ---- Random numbers: the same on every host ---- */

typedef struct IRRng { uint64_t state; } IRRng;

static inline uint64_t rng_next(IRRng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline unsigned rng_below(IRRng *r, unsigned n)
{
    return (unsigned)((rng_next(r) >> 32) * n >> 32);
}

static inline bool rng_chance(IRRng *r, unsigned percent)
{
    return rng_below(r, 100) < percent;
}

/* Numbers that find bugs: small, near powers of two, sign-extended, all ones, or anything. */
uint64_t rng_value(IRRng *r, IRType type);
/* Bits of a double: mostly ordinary, sometimes special. single: representable as a single. */
uint64_t rng_double(IRRng *r, bool single);

/* ---- The fake target ---- */

enum {
    FAKE_R0 = 0, FAKE_N_R = 12,                      /* i64; the last four mostly hold addresses */
    FAKE_PTR = 8,
    FAKE_W0 = 12, FAKE_N_W = 4,                      /* i32 */
    FAKE_CR = 16, FAKE_N_CR = 3,                     /* i32, 0..15 */
    FAKE_BIT = 19, FAKE_N_BIT = 3,                   /* i32, 0..1 */
    FAKE_V0 = 22, FAKE_N_V = 6,                      /* v128 */
    FAKE_N_SLOTS = 28,
};
enum { FAKE_PAGES = 6, FAKE_TLB_SIZE = 16, FAKE_MMU_MODES = 2 };
/* Page kinds: what makes fast paths fail. The last page is not mapped at all. */
enum { FAKE_PAGE_RAM, FAKE_PAGE_READ_ONLY_TAG, FAKE_PAGE_SLOW, FAKE_PAGE_NONE };
#define FAKE_BASE UINT64_C(0xc000000000010000)

typedef enum FakeOutcome {
    FAKE_CONST,
    FAKE_INDIRECT,
    FAKE_LOOP,
    FAKE_RAISED,
    FAKE_NOGROUP
} FakeOutcome;

typedef struct FakeEnv {
    /* Guest state. */
    uint64_t r[FAKE_N_R];
    uint32_t w[FAKE_N_W];
    uint32_t cr[FAKE_N_CR], bit[FAKE_N_BIT];
    uint64_t misc[4];                                /* env bytes that are no slots */
    V128 v[FAKE_N_V];
    uint64_t guest_end;
    /* Host side. */
    TCGCPUState tcg;
    TCGTLBEntry tlb[FAKE_MMU_MODES][FAKE_TLB_SIZE];
    TCGJumpEntry *jump_cache;
    uint8_t *memory;                                 /* FAKE_PAGES pages */
    uint8_t page_kind[FAKE_PAGES];
    const TCGBackend *backend;                       /* NULL while evaluated directly */
    sigjmp_buf *unwind;
    uint64_t raise_code;
    uint64_t direct_pc;                              /* pc of the step being evaluated directly */
} FakeEnv;

extern const IRTargetDesc fake_target;
extern const TCGRuntime fake_runtime;

enum { FAKE_N_HELPERS = 9 };
extern const IRHelper *const fake_helpers[FAKE_N_HELPERS];

/* Fills guest state, memory, page kinds and part of the TLB from the seed. */
void fake_env_init(FakeEnv *env, uint64_t seed);
void fake_env_free(FakeEnv *env);
/* Copies everything a guest can see. */
void fake_env_copy(FakeEnv *to, const FakeEnv *from);
/* NULL if equal in everything the guest can see, else a description to g_free. */
char *fake_env_difference(const FakeEnv *a, const FakeEnv *b);

/* ---- Programs ---- */

typedef enum StepKind {
    STEP_NONE, STEP_INSN, STEP_GET, STEP_SET, STEP_GETHI, STEP_SETHI, STEP_K, STEP_KV, STEP_OP,
    STEP_LOAD, STEP_STORE, STEP_CAS, STEP_CALL, STEP_LDENV, STEP_STENV, STEP_SYNC, STEP_FENCE,
    STEP_EXITIF, STEP_EXITIFNOT, STEP_EXIT, STEP_EXITIND, STEP_EXITLOOP, STEP_EXITLPI,
} StepKind;

typedef struct Step {
    uint8_t kind, op, type;
    uint8_t slot;
    uint16_t a, b, c;            /* operand steps; 0: none */
    uint16_t args[IR_MAX_ARGS];
    uint32_t aux;
    int64_t imm;
    V128 k;                      /* constants; STEP_INSN, exits: d[0] is a pc */
    const IRHelper *helper;
} Step;

enum { PROGRAM_MAX = 2000 };
typedef struct Program {
    Step steps[PROGRAM_MAX + 64];
    unsigned n;
    unsigned n_insns;
} Program;

/* only_values: integer, FP and vector ops on slots; no memory, no calls, no side exits. */
void ir_random_program(Program *p, uint64_t seed, unsigned n_insns, bool only_values);
/* Makes the builder calls; the block is left unoptimized. */
void ir_random_build(const Program *p, IRBuilder *b);
/* Evaluates directly, up to the guest instruction at stop_pc (0: none): then FAKE_NOGROUP. */
FakeOutcome ir_random_eval(const Program *p, FakeEnv *env, uint64_t stop_pc);
/* Value of one op on given operands, as the direct evaluation has it. */
V128 ir_random_eval_op(FakeEnv *env, const Step *s, const V128 *a, const V128 *b, const V128 *c);
GString *ir_random_describe(const Program *p);

/* ---- The whole check ---- */

typedef struct IRRandom IRRandom;
/* features: as in TCGBackend.init. code_size: bytes of host code a block may need. */
IRRandom *ir_random_new(const TCGBackend *backend, uint64_t features, TCGCodeBuffer *thunks,
                        TCGCodeBuffer *code);
void ir_random_free(IRRandom *t);
void ir_random_check(IRRandom *t, uint64_t seed, unsigned n_insns, bool only_values);
/* How often each outcome was seen, for the test to report that it tests something. */
const unsigned *ir_random_outcomes(const IRRandom *t);

#endif
