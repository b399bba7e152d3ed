/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the x86-64 back end: host features, the state of one compilation, register allocation,
 * snapshots and the emitters' entry points.
 *
 * Conventions of generated code.  rbp = env + X86_ENV_BIAS, so that env offsets 0..255 have
 * one-byte displacements.  rsp points to the frame that enter() made: X86_FRAME_SCRATCH bytes of
 * scratch, then spill slots.  All other registers belong to the allocator.  A block starts with
 * nothing in registers, and every value it defines lives until the last op or snapshot that names
 * it.
 *
 * Code is emitted forward in one pass; what is unlikely goes to a list of stubs, emitted after the
 * straight path.  A stub sees the registers as they were where it was made (SnapEntry records it).
 */
#ifndef TCG_X86_64_BACKEND_H
#define TCG_X86_64_BACKEND_H

#include <glib.h>
#include "encoder.h"
#include "tcg/ir.h"
#include "tcg/ir-backend.h"
#include "tcg/tcg-cpu.h"

#define X86_ENV_BIAS 128
#define X86_FRAME_SCRATCH 64
/* Room for one 16-byte spill slot per op, so that spilling cannot fail. */
#define X86_FRAME_SIZE (X86_FRAME_SCRATCH + 16 * IR_MAX_INSNS + 16 * IR_MAX_SLOTS)

/* Host features; also the bits of TCGBackend.init's mask. */
enum {
    X86_F_AVX = 1 << 0,
    X86_F_AVX2 = 1 << 1,
    X86_F_FMA = 1 << 2,
    X86_F_BMI1 = 1 << 3,
    X86_F_BMI2 = 1 << 4,
    X86_F_LZCNT = 1 << 5,
    X86_F_POPCNT = 1 << 6,
    X86_F_MOVBE = 1 << 7,
    X86_F_AES = 1 << 8,
    X86_F_PCLMUL = 1 << 9,
    X86_F_SSE42 = 1 << 10,
    X86_F_AVX512 = 1 << 11, /* F + VL + BW + DQ */
    X86_F_BITALG = 1 << 12,
    X86_F_VPOPCNTDQ = 1 << 13,
    X86_F_VBMI = 1 << 14,
    X86_F_AVX512CD = 1 << 15,
};
/* Features of this host; false if it lacks SSE4.1. */
bool x86_host_features(uint64_t *features);

/* ---- Thunks shared by all blocks ---- */

typedef enum X86Thunk {
    X86_THUNK_LOAD, X86_THUNK_STORE, X86_THUNK_LOAD128, X86_THUNK_STORE128, X86_THUNK_CAS,
    X86_THUNK_PROBE, X86_THUNK_FP, X86_THUNK_VFP, X86_THUNK_COUNT,
} X86Thunk;
/* Variants of a thunk: vector registers are live; the AltiVec control word is loaded. */
enum { X86_THUNK_XMM = 1, X86_THUNK_VMX = 2, X86_THUNK_VARIANTS = 4 };

typedef struct X86Chunk X86Chunk;
typedef struct X86State {
    const IRTargetDesc *target;
    TCGRuntime runtime;
    uint64_t features;
    uint8_t *write;                  /* of the thunks; offsets of restore points count from here */
    const uint8_t *exec;
    const uint8_t *thunk[X86_THUNK_COUNT][X86_THUNK_VARIANTS];
    const uint8_t *enter;            /* reason = enter(env, entry, &site) */
    const uint8_t *leave_chain;      /* rax = site */
    const uint8_t *leave_chain_relative;
    const uint8_t *leave_loop;       /* pc set: reason LOOP */
    const uint8_t *leave_indirect;
    const uint8_t *leave_nogroup;
    const uint8_t *lookup;           /* pc set: jump cache miss */
    struct X86Comp *spare; /* a workspace for the next compilation; exchanged atomically */
    X86Chunk *chunk;                 /* of which pieces are cut; under chunk_lock (spin) */
    uint32_t chunk_lock;
    uint32_t random_seed;            /* 0: registers are chosen as is best */
} X86State;
extern X86State x86_state;

bool x86_make_thunks(X86State *s, TCGCodeBuffer *buf, GError **errp);

/* ---- Values and locations ---- */

typedef enum X86LocKind {
    LOC_NONE, LOC_GPR, LOC_XMM, LOC_SPILL, LOC_ENV, LOC_CONST, LOC_VCONST, LOC_SUNK,
} X86LocKind;
typedef struct X86Loc {
    uint8_t kind, type;     /* X86LocKind, IRType */
    int32_t at;             /* register, frame offset, env offset, or insn index */
} X86Loc;

typedef struct X86SnapEntry {
    uint16_t slot;
    IRRef ref;
    uint8_t possible;       /* CRCMP: outcomes (8, 4, 2) the path here has left */
    X86Loc loc;
    X86Loc ops[3];          /* LOC_SUNK: of the operands */
} X86SnapEntry;

typedef enum X86Home { HOME_NONE, HOME_CONST, HOME_ENV } X86Home;
typedef struct X86Val {
    int8_t reg;             /* 0..15 GPR, 16..31 XMM, -1 none */
    uint8_t home;           /* X86Home: where it can be had from again for free */
    bool dirty_upper;       /* i32 whose register has other bits above */
    bool sunk;              /* computed only in snapshots or fused into its users */
    bool dead;
    uint8_t excluded;       /* CRCMP: outcomes that side exits have taken away */
    int32_t spill;          /* frame offset, -1 none */
    uint32_t env;           /* HOME_ENV: offset in env */
    uint64_t k;             /* HOME_CONST */
    uint32_t uses;          /* head of the list of uses, 0 none */
    IRRef last_use;         /* last op that names it, in operands or snapshots */
    IRRef next_death;
    IRRef hard_uses;
    IRRef plain_uses;       /* hard uses other than as SELECT's condition */
} X86Val;

typedef struct X86Use { IRRef at; uint32_t next; } X86Use;

#define BIT(n) (1u << (n))
#define GPR_ALL (0xffffu & ~BIT(RSP) & ~BIT(RBP))
#define XMM_ALL 0xffff0000u
#define XMM0 16
#define GPR_CALL_SAVED (BIT(RBX) | BIT(R12) | BIT(R13) | BIT(R14) | BIT(R15))
#define X(reg) ((reg) - XMM0)

struct X86Comp;
typedef struct X86Stub X86Stub;
struct X86Stub {
    void (*emit)(struct X86Comp *c, X86Stub *stub);
    uint32_t from[4];       /* displacements of jumps here */
    uint32_t n_from;
    uint32_t back;          /* offset to go on at */
    uint32_t retry;
    int r[8];
    int64_t imm;
    uint32_t aux;
    IRRef insn;
    uint32_t cap_first, cap_count, point;
    bool vmx, xmm_live;
};

typedef struct X86RestorePoint {
    uint64_t pc;
    uint32_t first, count;  /* in entries */
    uint32_t insn_index;
} X86RestorePoint;

typedef struct X86RestoreEntry {
    uint8_t slot;
    uint8_t kind, type;     /* as in X86Loc */
    int32_t at;             /* as in X86Loc; LOC_SUNK, constants: index in sunk, consts */
} X86RestoreEntry;

typedef struct X86SunkOp {
    uint8_t op, cond, type; /* IROpcode; IRCond or unsignedness; operand type */
    X86RestoreEntry ops[3];
} X86SunkOp;

/* One allocation; the arrays follow the struct. */
typedef struct X86Meta {
    V128 *consts;
    X86RestorePoint *points;
    X86RestoreEntry *entries;
    X86SunkOp *sunk;
    unsigned n_points;
    bool page_relative;
} X86Meta;

typedef struct X86PoolFix { uint32_t at; V128 value; uint8_t imm_bytes; } X86PoolFix;
typedef struct X86PointFix { uint32_t at; uint32_t point; } X86PointFix;

/* The state of a compilation; the arrays' memory is kept from one to the next. */
typedef struct X86Comp {
    X86Asm as;
    const IRBlock *block;
    const IRTargetDesc *target;
    uint64_t f;             /* features */
    X86Val *vals;
    X86Use *uses;
    uint32_t n_uses, max_uses, max_insns;
    IRRef *deaths;          /* per op: list of values that die there */
    IRRef *next_call;       /* per op: next call at or after it */
    IRRef owner[32];
    uint32_t occupied, locked;
    IRRef cur;              /* op being emitted */
    bool released;
    bool vmx;               /* the AltiVec control word is loaded */
    uint32_t rng;           /* non-zero: random register choice */
    int32_t spill_top;
    GArray *free8, *free16; /* int32_t frame offsets */
    GArray *free_later;     /* X86Loc: spill slots free after the current op */
    GPtrArray *stubs;       /* X86Stub; the first n_stubs are in use */
    guint n_stubs;
    GArray *caps;           /* X86SnapEntry */
    GArray *pool;           /* X86PoolFix */
    V128 pool_pending;
    GArray *point_fixes;    /* X86PointFix */
    GArray *points, *entries, *sunk, *consts;
    GArray *env_values;     /* IRRef: values with HOME_ENV */
    TCGExitSite *exits;
    unsigned n_exits;
    uint32_t meta_at;       /* offset of the meta pointer in the code */
} X86Comp;

static inline const IRInsn *x86_insn(const X86Comp *c, IRRef ref)
{
    return &c->block->insns[ref];
}
static inline bool x86_has(const X86Comp *c, uint64_t feature)
{
    return (c->f & feature) == feature;
}
static inline X86Mem x86_env(uint32_t offset)
{
    return X86_MEM(RBP, (int32_t)offset - X86_ENV_BIAS);
}
static inline X86Mem x86_tcg(const X86Comp *c, size_t member)
{
    return x86_env(c->target->tcg_offset + (uint32_t)member);
}
#define TCGF(c, member) x86_tcg(c, offsetof(TCGCPUState, member))
static inline X86Op x86_w(unsigned type)
{
    return type == IR_I64 || type == IR_F64 ? X86_W : 0;
}
/* The value of a constant that fits a sign-extended 32-bit immediate of an op of that width. */
bool x86_const(const X86Comp *c, IRRef ref, uint64_t *value);
bool x86_const_i32(const X86Comp *c, IRRef ref, int32_t *value);

/* ---- regalloc.c ---- */

void x86_ra_new(X86Comp *c);
void x86_ra_init(X86Comp *c);
void x86_ra_free(X86Comp *c);
/* Value of ref in a register of mask, locked until the op's end. */
int x86_use(X86Comp *c, IRRef ref, uint32_t mask);
/* Copy of ref in exactly that register, which the op may destroy. */
void x86_take(X86Comp *c, IRRef ref, int reg);
/* Empties that register for the op's own use. */
void x86_clobber(X86Comp *c, int reg);
int x86_temp(X86Comp *c, uint32_t mask);
/* Frees operands that die here: their registers may be chosen by x86_def from now on. */
void x86_release(X86Comp *c);
/* Register for the result; hint: preferred if free (or -1). */
int x86_def(X86Comp *c, uint32_t mask, int hint);
void x86_def_at(X86Comp *c, int reg);
/* The op is over: dead values go, locks go. */
void x86_op_end(X86Comp *c);
/* True if ref is in no register and is used no more after this op: use it from memory. */
bool x86_in_memory(X86Comp *c, IRRef ref, X86Mem *mem);
X86Mem x86_spill_mem(const X86Comp *c, IRRef ref);
/* Makes sure that ref has a spill slot (or is a constant or unchanged slot: returns false). */
bool x86_ensure_spilled(X86Comp *c, IRRef ref);
void x86_force_spill(X86Comp *c, IRRef ref);
/* env bytes are about to change: values that were to be reread from there are secured. */
void x86_env_clobber(X86Comp *c, uint32_t offset, uint32_t size);
/* Everything in the registers of mask that lives past this op is moved to memory. */
void x86_evict_all(X86Comp *c, uint32_t mask);
void x86_load_to(X86Comp *c, IRRef ref, int reg);
void x86_copy(X86Comp *c, unsigned type, int dst, int src);
int32_t x86_spill_slot(X86Comp *c, unsigned type);
/* Gives back a slot that no value owns, from the next op on. */
void x86_free_slot(X86Comp *c, unsigned type, int32_t at);
X86Loc x86_loc(const X86Comp *c, IRRef ref);
void x86_load_loc(X86Comp *c, X86Loc loc, int reg);
bool x86_lives_past(const X86Comp *c, IRRef ref);
/* Stores what lives past this op in the registers of mask, if it is nowhere else. */
void x86_secure_all(X86Comp *c, uint32_t mask);
/* A v128 result that was written to memory: the current op's value is the spill slot. */
void x86_def_spilled(X86Comp *c, int32_t slot);
/* Operand for a 16-byte constant behind the code.  The x86_v..m wrappers settle it; whoever encodes
 * by other means calls x86_pool_settle right after the instruction. */
X86Mem x86_pool(X86Comp *c, uint64_t high, uint64_t low);
void x86_pool_settle(X86Comp *c, X86Mem mem, unsigned imm_bytes);
void x86_set_env_home(X86Comp *c, IRRef ref, uint32_t offset);

/* ---- snapshot.c ---- */

/* Notes where the snapshot's values are now.  in_memory: prefer memory to registers. */
void x86_capture(X86Comp *c, uint32_t snap, bool in_memory, uint32_t *first, uint32_t *count);
/* Records a restore point of the current op's snapshot; returns its number in the block. */
uint32_t x86_restore_point(X86Comp *c, uint32_t snap, uint32_t first, uint32_t count);
/* Writes the captured slots to env. busy: registers that must survive. */
void x86_write_slots(X86Comp *c, uint32_t first, uint32_t count, uint32_t busy);
X86Meta *x86_meta_new(X86Comp *c);
void x86_meta_free(X86Meta *meta);
void x86_restore(void *env, uint32_t restore_point);
uint32_t x86_restore_insn_index(void *env, uint32_t restore_point);

/* reg = a guest pc near the block: in page-relative blocks, as seen from the page it runs in. */
void x86_guest_pc(X86Comp *c, int reg, uint64_t pc);

/* ---- stubs ---- */

X86Stub *x86_stub(X86Comp *c, void (*emit)(X86Comp *c, X86Stub *stub));
static inline void x86_stub_from(X86Stub *stub, uint32_t at)
{
    stub->from[stub->n_from++] = at;
}
void x86_call_thunk(X86Comp *c, X86Thunk thunk, const X86Stub *stub);
/* push imm32 of a restore point, filled in when the code is complete. */
void x86_push_point(X86Comp *c, uint32_t point);

/* ---- chunks.c ---- */

/* Zeroed memory for what lives as long as a block; any thread. */
void *x86_piece_new(size_t size);
void x86_piece_free(void *piece);

/* ---- Emitters: true if the op is theirs ---- */

bool x86_emit_int(X86Comp *c, const IRInsn *in);
bool x86_emit_mem(X86Comp *c, const IRInsn *in);
bool x86_emit_flow(X86Comp *c, const IRInsn *in);
bool x86_emit_fp(X86Comp *c, const IRInsn *in);
bool x86_emit_vec(X86Comp *c, const IRInsn *in);
bool x86_emit_vec_fp(X86Comp *c, const IRInsn *in);

/* Compare for a condition; returns the condition code to test. */
X86CC x86_compare(X86Comp *c, IRCond cond, unsigned type, IRRef a, IRRef b);
/* After a compare: CR nibble without SO into dst; temp is destroyed.  No flags are changed. */
void x86_crcmp_bits(X86Asm *as, bool is_unsigned, int dst, int temp);
X86CC x86_cc(IRCond cond);
/* Notes which outcomes a CRCMP that only snapshots name can never have. */
void x86_note_cr_field(X86Comp *c, IRRef ref);
/* A C call's arguments, in the callee's order. */
/* ARG_FRAME: the address of frame offset imm. */
typedef enum X86ArgKind { ARG_VALUE, ARG_ENV, ARG_IMM, ARG_RESULT, ARG_FRAME } X86ArgKind;
typedef struct X86Arg { X86ArgKind kind; IRRef ref; uint64_t imm; } X86Arg;
#define X86_MAX_CARGS 8
/* Calls a C function; its result (type `result`, or IR_VOID) is the current op's.  v128 values go
 * by pointer, a v128 result through ARG_RESULT.  flags: IRH_*; snap: with IRH_RAISES. */
void x86_ccall(X86Comp *c, const void *fn, unsigned n, const X86Arg *args, unsigned result,
               unsigned flags, uint32_t snap);
/* The same for a function of values only. */
void x86_ccall_values(X86Comp *c, const void *fn, unsigned n, const IRRef *refs, unsigned result);

/* Vector moves and three-operand forms over SSE and AVX. */
void x86_v2(X86Comp *c, X86Op op, int dst, int src);              /* dst = op src */
void x86_v2m(X86Comp *c, X86Op op, int dst, X86Mem mem);
void x86_v3(X86Comp *c, X86Op op, int dst, int a, int b);         /* SSE: dst != b or dst == a */
void x86_v3m(X86Comp *c, X86Op op, int dst, int a, X86Mem mem);
void x86_v3_i8(X86Comp *c, X86Op op, int dst, int a, int b, unsigned imm);
void x86_v2_i8(X86Comp *c, X86Op op, int dst, int src, unsigned imm);
void x86_vst(X86Comp *c, X86Op op, int src, X86Mem mem);
void x86_movq_xr(X86Comp *c, int xmm, int gpr);
void x86_movq_rx(X86Comp *c, int gpr, int xmm);
void x86_vzero(X86Comp *c, int xmm);
void x86_pextrw(X86Comp *c, int gpr, int xmm, unsigned lane);

#endif
