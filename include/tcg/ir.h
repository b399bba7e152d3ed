/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator's intermediate representation: SSA values in a straight line with side exits.
 *
 * A block has one entry and any number of exits; there are no joins inside it (an op that needs a
 * slow case keeps it inside its own emitted code, out of line).  Guest state lives in numbered
 * slots.  The builder keeps the current SSA value of each slot, so that reading a guest register is
 * a look-up and writing one emits nothing: values reach memory only at exits, through snapshots.
 *
 * Contract between front end, passes and back ends:
 *  - `env` memory holds each slot's value as of block entry or of the last slot write-back; ops
 * that flush (CALL of a helper that reads slots) write dirty slots first.
 *  - A snapshot lists (slot, value) pairs that differ from memory plus the guest pc.  Every op with
 *    the EXIT flag and every CALL with IRH_RAISES owns one.  No hot code is emitted for it: the
 * back end records where each value lives, and restoring reads the saved host registers.
 *  - Memory ops keep program order.  An op with HOSTMAP depends on the software TLB, which only a
 *    CALL without IRH_KEEPS_TLB can change inside a block.
 */
#ifndef TCG_IR_H
#define TCG_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

typedef uint16_t IRRef;            /* index of an instruction; 0 is "none" */
#define IR_NONE ((IRRef)0)
#define IR_MAX_INSNS 8192
#define IR_MAX_SLOTS 256

typedef enum IRType { IR_VOID, IR_I32, IR_I64, IR_F64, IR_V128 } IRType;

typedef enum IROpcode {
    IR_NOP,
#define IROP(NAME, mnemonic, result, a, b, c, imm, flags) IR_##NAME,
#include "tcg/ir-ops.h.inc"
#undef IROP
    IR_OP_COUNT
} IROpcode;

typedef enum IRCond {
    IRC_EQ, IRC_NE,                     /* inversion is ^ 1 */
    IRC_LT, IRC_GE, IRC_LE, IRC_GT,     /* signed */
    IRC_LTU, IRC_GEU, IRC_LEU, IRC_GTU, /* unsigned */
    IRC_TSTZ, IRC_TSTNZ,                /* (a & b) == 0, != 0 */
} IRCond;

/* Memory operation descriptor (aux of QLD, QST, ULD, UST, QCAS). */
typedef enum IRMemOp {
    MO_8 = 0,
    MO_16 = 1,
    MO_32 = 2,
    MO_64 = 3,
    MO_128 = 4,
    MO_SIZE = 7,
    MO_SIGN = 8,    /* sign extend the loaded value to i64/i32 */
    MO_BSWAP = 16,  /* guest order differs from the host's for this access */
    MO_ALIGN = 32,  /* must be naturally aligned, else the target's alignment fault */
    MO_ATOMIC = 64, /* single-copy atomic where aligned (always true for <= 64 bits aligned) */
    MO_RESERVED_IDX_SHIFT = 8, /* bits 8..11: MMU index; the builder fills in its current one */
} IRMemOp;
#define MO_MMUIDX(m) (((m) >> MO_RESERVED_IDX_SHIFT) & 15)

/* LDENV: aux is the size in bytes, with this flag for sign extension. */
enum { IRENV_SIGN = 32 };

/* HOSTADDR: aux flag and the two halves of imm. */
enum { IRSPAN_WRITE = 1 };
#define IR_SPAN_LO(imm) ((int32_t)(uint64_t)(imm))
#define IR_SPAN_HI(imm) ((int32_t)((uint64_t)(imm) >> 32))
#define IR_SPAN(lo, hi) ((int64_t)((uint64_t)(uint32_t)(hi) << 32 | (uint32_t)(lo)))

/* A 128-bit access in memory order: MO_BSWAP reverses all 16 bytes. */

typedef enum IRFPFlags {
    IRFP_SINGLE = 1,       /* operands doubles, result rounded once to single, double format */
    IRFP_NEG = 2,          /* negate after rounding (not NaNs) */
    IRFP_SUBTRACT = 4,     /* FMADD: subtract the addend */
    IRFP_UNSIGNED = 8,
    IRFP_W32 = 16,         /* FCTI: 32-bit result (sign/zero extended per UNSIGNED) */
    IRFP_TRUNC = 32,       /* FCTI: round toward zero, else round to nearest even */
    IRFP_ORDERED = 64,     /* FCMP: QNaN signals too */
    IRFP_LANES_F32 = 128,  /* vector ops: 4 x single, else 2 x double */
    IRFP_VMX = 256,        /* AltiVec rules: no FPSCR effects */
    IRFP_USER_SHIFT = 12,  /* bits 12..19: target's own tag, passed to the fallback untouched */
} IRFPFlags;

typedef enum IRFence { IRFENCE_FULL, IRFENCE_LW } IRFence;
typedef enum IRPack {
    IRPACK_MOD,
    IRPACK_SS,
    IRPACK_SU,
    IRPACK_UU
} IRPack; /* source sign, saturation */
typedef enum IRRound { IRROUND_NEAREST_EVEN, IRROUND_DOWN, IRROUND_UP, IRROUND_ZERO,
                       IRROUND_NEAREST_AWAY } IRRound;

typedef union V128 {
    uint8_t b[16];
    uint16_t h[8];
    uint32_t w[4];
    uint64_t d[2];         /* host order: d[0] low half, d[1] high half on little-endian hosts */
    int8_t sb[16];
    int16_t sh[8];
    int32_t sw[4];
    int64_t sd[2];
    float f[4];
    double df[2];
} __attribute__((aligned(16))) V128;

/* ---- What the target tells the translator (constant tables) ---- */

/* A guest-state slot: a piece of env. Slot numbers are the target's enum. */
typedef struct IRSlotDesc {
    const char *name;
    uint32_t offset;       /* in env */
    uint8_t type;          /* IRType; i32 slots occupy 4 bytes */
    uint32_t mask;         /* i32, i64: bits that can be non-zero (CR field 15, CA 1); 0 = any */
} IRSlotDesc;

enum {
    IRH_READS_SLOTS = 1,  /* dirty slots are written to env before the call */
    IRH_WRITES_SLOTS = 2, /* slot values are reread after the call */
    IRH_RAISES = 4,       /* may leave the block through its snapshot (cpu_exec_exit_restore) */
    IRH_NORETURN = 8,     /* always leaves */
    IRH_PURE = 16,        /* result depends on arguments only; no env access: foldable by CSE/DCE */
    IRH_KEEPS_TLB = 32,   /* cannot change address translation (needed to keep groups across it) */
};
#define IR_MAX_ARGS 6
typedef enum IRArgKind { IRA_NONE, IRA_ENV, IRA_I32, IRA_I64, IRA_F64, IRA_V128 } IRArgKind;

/*
 * A C function callable from generated code.  i32/i64/f64 pass by value (f64 as uint64_t bits in an
 * integer register); v128 arguments as `const V128 *`; a v128 result through a leading `V128 *`
 * before all arguments; f64 results as uint64_t.  IRA_ENV passes the env pointer.
 */
typedef struct IRHelper {
    const char *name;
    void *fn;
    uint8_t result;                 /* IRType */
    uint8_t args[IR_MAX_ARGS + 1];  /* IRArgKind, IRA_NONE ends; includes IRA_ENV */
    uint8_t flags;
} IRHelper;

/* Exact fallbacks of guarded FP ops, by IROpcode. env: CPU env; flags: the op's imm. */
typedef uint64_t IRFPFallback(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags);
typedef void IRVFPFallback(void *env, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                           uint32_t flags, uint32_t aux);

typedef struct IRTargetDesc {
    const char *name;
    const IRSlotDesc *slots;
    unsigned n_slots;
    uint32_t env_size;
    uint32_t tcg_offset;            /* of struct TCGCPUState (include/accel/tcg/tcg-cpu.h) in env */
    bool address32;                 /* effective addresses are sums modulo 2^32 */
    IRFPFallback *const *fp_fallback;   /* indexed by IROpcode; NULL where unused */
    IRVFPFallback *const *vfp_fallback;
} IRTargetDesc;

/* ---- The block ---- */

/* How a value is used (IRInsn.flags after ir_pass_dce).  A PURE value that is only IRI_SNAP_USE
 * need not be computed on the hot path: a back end may make it where the snapshot is written out
 * (all values before any slot is written: a GET of one slot may be another slot's new value). */
enum { IRI_USE = 1, IRI_SNAP_USE = 2 };

typedef struct IRInsn {
    uint8_t op;            /* IROpcode */
    uint8_t type;          /* IRType of the result (for QST/STENV: of the stored value) */
    uint16_t flags;        /* IRI_*, set by the dead-code pass */
    IRRef a, b, c;
    uint16_t aux2;
    uint32_t aux;
    uint32_t snap;         /* index of the snapshot + 1, or 0 */
    int64_t imm;           /* SPAN: lo in the low 32 bits (signed), hi in the high 32 */
} IRInsn;

typedef struct IRSnapEntry { uint16_t slot; IRRef ref; } IRSnapEntry;
typedef struct IRSnapshot {
    uint64_t pc;           /* guest pc to resume at */
    uint32_t first, count; /* in block->snap_entries */
    uint16_t insn_index;   /* number of guest instructions completed before this point */
    bool partial;          /* the guest instruction had set slots before an op that may fault */
} IRSnapshot;

typedef struct IRCallSite {
    const IRHelper *helper;
    IRRef args[IR_MAX_ARGS];  /* without env */
    uint8_t n_args;
} IRCallSite;

enum {
    IREXIT_CALL = 1,
    IREXIT_RETURN = 2,
    IREXIT_BACK_EDGE = 4,
    IREXIT_CROSS_PAGE = 8,
    IREXIT_NOCHAIN = 16,
    IREXIT_LOOP = 32 /* the mode has changed: through the execution loop */
};
typedef struct IRExit {
    uint64_t dest;         /* guest effective address for constant exits */
    uint64_t return_pc;    /* with IREXIT_CALL: where the callee will return to */
    uint32_t hints;        /* IREXIT_*: BACK_EDGE and indirect exits check for pending work */
} IRExit;

typedef struct IRGuestInsn { uint64_t pc; uint32_t opcode; IRRef first; } IRGuestInsn;

typedef struct IRBlock {
    const IRTargetDesc *target;
    uint64_t pc;           /* guest effective address of the first instruction */
    uint64_t key_flags;    /* mode bits of the block's identity */
    uint8_t mmu_idx;
    uint32_t n_insns;
    IRInsn *insns;         /* [0] unused (IR_NONE) */
    GArray *snapshots;     /* IRSnapshot */
    GArray *snap_entries;  /* IRSnapEntry */
    GArray *exits;         /* IRExit */
    GArray *calls;         /* IRCallSite */
    GArray *v128_pool;     /* V128 */
    GArray *guest_insns;   /* IRGuestInsn */
    IRInsn *spare;         /* second array of the same size, for passes that renumber */
    IRRef *map;            /* scratch of the same length */
    /* Made for every effective address of its page: no constant in it depends on the page's address
     * but exits, snapshots and what ir_page_base() gave. TCGCPUState.pc holds an address in the
     * page. */
    bool page_relative;
    bool overflow;         /* too many ops: the front end must end the block earlier and rebuild */
} IRBlock;

/* Row of generated op facts. */
enum { IRF_PURE = 1, IRF_COMM = 2, IRF_STICKY = 4, IRF_LOAD = 8, IRF_STORE = 16, IRF_EXIT = 32,
       IRF_END = 64, IRF_CALL = 128, IRF_EFFECT = 256, IRF_HOSTMAP = 512 };
/* What imm (and aux) of an op hold; the values are described at the rows. */
typedef enum IRImmKind {
    IRK_NONE, IRK_VALUE, IRK_POOL, IRK_SLOT, IRK_ENVOFF, IRK_FIELD, IRK_TYPE, IRK_COND, IRK_CRKIND,
    IRK_MEM, IRK_SPAN, IRK_FENCE, IRK_FPFLAGS, IRK_ROUND, IRK_LANE, IRK_LANEIDX, IRK_CALL, IRK_EXIT,
    IRK_EXITC,
} IRImmKind;
typedef struct IROpInfo {
    const char *mnemonic;
    uint8_t result, a, b, c;   /* IRType, or IRT_SAME / IRT_ANY / IRT_NONE */
    uint8_t imm_kind;          /* IRImmKind */
    uint16_t flags;
} IROpInfo;
enum { IRT_NONE = 0, IRT_SAME = 16, IRT_ANY = 17 };
extern const IROpInfo ir_op_info[IR_OP_COUNT];

/* ---- Builder ---- */

typedef struct IRBuilder IRBuilder;

/* A builder may be reused for many blocks; reset forgets everything but keeps its memory. */
IRBuilder *ir_builder_new(const IRTargetDesc *target);
void ir_builder_free(IRBuilder *b);
void ir_builder_reset(IRBuilder *b, uint64_t pc, uint64_t key_flags, unsigned mmu_idx);
/* The finished block (owned by the builder, valid until the next reset). */
IRBlock *ir_builder_block(IRBuilder *b);
/* Number of ops emitted so far; front ends end a block well before IR_MAX_INSNS. */
unsigned ir_builder_count(const IRBuilder *b);

/* Starts a guest instruction: snapshots taken from here on resume at pc. */
void ir_insn_start(IRBuilder *b, uint64_t pc, uint32_t opcode);

/* Slots. The type is the slot's. */
IRRef ir_get(IRBuilder *b, unsigned slot);
void ir_set(IRBuilder *b, unsigned slot, IRRef value);
IRRef ir_get_hi(IRBuilder *b, unsigned slot);            /* f64: high doubleword of a v128 slot */
void ir_set_hi(IRBuilder *b, unsigned slot, IRRef f64);  /* {hi = f64, lo = 0} */
/* Writes dirty slots back here (helpers with IRH_READS_SLOTS do it by themselves). */
void ir_sync_slots(IRBuilder *b);

/*
 * What is known of slots in the blocks that follow: another target description of the same slots,
 * with masks of its own (32-bit processors, whose registers' upper halves are zero).
 */
void ir_use_slots(IRBuilder *b, const IRTargetDesc *target);
/* The low word of an i64, zero extended (i64), computed in 32 bits where that is possible. */
IRRef ir_to_word(IRBuilder *b, IRRef ref);

/* Makes the block page-relative; before anything is emitted, and only if the engine allows it. */
void ir_set_page_relative(IRBuilder *b);
/* i64: the effective address of the page that a page-relative block runs in. */
IRRef ir_page_base(IRBuilder *b);

/* Constants. */
IRRef ir_k32(IRBuilder *b, uint32_t value);
IRRef ir_k64(IRBuilder *b, uint64_t value);
IRRef ir_k(IRBuilder *b, IRType type, uint64_t value);
IRRef ir_kv128(IRBuilder *b, uint64_t high, uint64_t low);
bool ir_is_const(const IRBuilder *b, IRRef ref, uint64_t *value); /* i32 (zero extended) or i64 */
IRType ir_type(const IRBuilder *b, IRRef ref);

/* Generic emission: folds, shares, checks types in debug builds. imm and aux as the op's row says.
 */
IRRef ir_emit(IRBuilder *b, IROpcode op, IRType type, IRRef a, IRRef c_b, IRRef c, int64_t imm,
              uint32_t aux);

/* One- to three-operand ops whose result type is the first operand's type (or the row's own). */
IRRef ir_op1(IRBuilder *b, IROpcode op, IRRef a);
IRRef ir_op2(IRBuilder *b, IROpcode op, IRRef a, IRRef b2);
IRRef ir_op3(IRBuilder *b, IROpcode op, IRRef a, IRRef b2, IRRef c);
/* The same with imm/aux: vector lane ops, FP flags, fields. */
IRRef ir_op1i(IRBuilder *b, IROpcode op, IRRef a, int64_t imm, uint32_t aux);
IRRef ir_op2i(IRBuilder *b, IROpcode op, IRRef a, IRRef b2, int64_t imm, uint32_t aux);
IRRef ir_op3i(IRBuilder *b, IROpcode op, IRRef a, IRRef b2, IRRef c, int64_t imm, uint32_t aux);

/* Shorthands used everywhere (T = i32 or i64). */
IRRef ir_addi(IRBuilder *b, IRRef a, int64_t imm);
IRRef ir_andi(IRBuilder *b, IRRef a, uint64_t imm);
IRRef ir_ori(IRBuilder *b, IRRef a, uint64_t imm);
IRRef ir_xori(IRBuilder *b, IRRef a, uint64_t imm);
IRRef ir_shli(IRBuilder *b, IRRef a, unsigned count);
IRRef ir_shri(IRBuilder *b, IRRef a, unsigned count);
IRRef ir_sari(IRBuilder *b, IRRef a, unsigned count);
IRRef ir_rotli(IRBuilder *b, IRRef a, unsigned count);
IRRef ir_extract(IRBuilder *b, IRRef a, unsigned low_bit, unsigned width);
IRRef ir_sextract(IRBuilder *b, IRRef a, unsigned low_bit, unsigned width);
IRRef ir_deposit(IRBuilder *b, IRRef into, IRRef field, unsigned low_bit, unsigned width);
IRRef ir_setcond(IRBuilder *b, IRCond cond, IRRef a, IRRef b2);          /* i32 0/1 */
IRRef ir_select(IRBuilder *b, IRRef cond_i32, IRRef if_true, IRRef if_false);
IRRef ir_trunc(IRBuilder *b, IRRef i64);
IRRef ir_extu(IRBuilder *b, IRRef i32);
IRRef ir_exts(IRBuilder *b, IRRef i32);
IRRef ir_carry(IRBuilder *b, IRRef a, IRRef b2, IRRef carry_in_i32);     /* i32 0/1 */
IRRef ir_overflow_add(IRBuilder *b, IRRef a, IRRef b2, IRRef carry_in_i32);
IRRef ir_addc(IRBuilder *b, IRRef a, IRRef b2, IRRef carry_in_i32);

/* CR fields are i32 nibbles: LT 8, GT 4, EQ 2, SO 1. so: i32 0/1. */
IRRef ir_cr_compare(IRBuilder *b, bool is_unsigned, IRRef a, IRRef b2, IRRef so);
/* One bit as i32 0/1. mask: 8, 4, 2 or 1. Folds to SETCOND when the field came from a compare. */
IRRef ir_cr_bit(IRBuilder *b, IRRef crf, unsigned mask);

/* Guest memory. The effective address is base + disp, not truncated: 32-bit modes pass a base
 * already truncated and disp 0.  Loads of type i32/i64 zero or sign extend; f64 (MO_64) and v128
 * (MO_128). */
IRRef ir_load(IRBuilder *b, IRType type, IRMemOp op, IRRef base, int32_t disp);
void ir_store(IRBuilder *b, IRMemOp op, IRRef base, int32_t disp, IRRef value);
IRRef ir_cas(IRBuilder *b, IRMemOp op, IRRef address, IRRef expected, IRRef desired);
void ir_fence(IRBuilder *b, IRFence kind);

/* Env bytes that are not slots (rarely used registers). size 1, 2, 4, 8. */
IRRef ir_load_env(IRBuilder *b, IRType type, uint32_t offset, unsigned size, bool sign);
void ir_store_env(IRBuilder *b, uint32_t offset, unsigned size, IRRef value);

/* Calls; args without env. Returns IR_NONE for void helpers. */
IRRef ir_call(IRBuilder *b, const IRHelper *helper, unsigned n_args, const IRRef *args);
#define ir_callv(b, helper, ...) \
    ir_call(b, helper, sizeof((IRRef[]){__VA_ARGS__}) / sizeof(IRRef), (IRRef[]){__VA_ARGS__})
#define ir_call0(b, helper) ir_call(b, helper, 0, NULL)

/* Exits. exit_if leaves for dest when cond (i32) is non-zero and goes on otherwise. */
void ir_exit_if(IRBuilder *b, IRRef cond_i32, uint64_t dest, uint32_t hints);
void ir_exit_if_not(IRBuilder *b, IRRef cond_i32, uint64_t dest, uint32_t hints);
void ir_exit(IRBuilder *b, uint64_t dest, uint32_t hints);
void ir_exit_call(IRBuilder *b, uint64_t dest, uint64_t return_pc, uint32_t hints);
void ir_exit_indirect(IRBuilder *b, IRRef address, uint32_t hints);
void ir_exit_indirect_call(IRBuilder *b, IRRef address, uint64_t return_pc, uint32_t hints);
void ir_exit_loop(IRBuilder *b, uint64_t pc); /* mode may have changed: re-enter the loop */
void ir_exit_loop_indirect(IRBuilder *b, IRRef pc);
void ir_unreachable(IRBuilder *b);                       /* after an IRH_NORETURN helper */

/* ---- Passes, dump, verifier ---- */

/* Runs all passes in order: dead code, address grouping (unless no_group), final dead code. */
void ir_optimize(IRBlock *block, bool no_group);
void ir_pass_dce(IRBlock *block);
void ir_pass_group_addresses(IRBlock *block);
/* Checks types, operand order, snapshots, exits. On failure returns false and a message. */
bool ir_verify(const IRBlock *block, GError **errp);
/* Readable text; the caller frees. slots by name. */
GString *ir_dump(const IRBlock *block);

#endif
