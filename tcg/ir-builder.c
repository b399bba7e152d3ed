/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SSA builder: slots, constants, sharing of equal ops, snapshots, calls and exits.
 *
 * Slot rules.  cur[] is a slot's value now, mem[] the value env is known to hold; a slot is dirty
 * when they differ, and only dirty slots enter snapshots.  hi[] remembers a v128 slot's high
 * doubleword separately, since scalar floating point never needs the rest.  A slot set back to the
 * value env already holds is clean again.
 *
 * Sharing rules.  Equal PURE ops are one op.  STICKY ops are shared only as long as nothing stands
 * between that could look at or clear the sticky state (calls, env accesses, FPMODE).  Loads,
 * slot reads and effects are never shared through the hash.
 *
 * Overflow.  Once the block is too long, ops are no longer stored: emission returns a placeholder
 * of the right type and block->overflow tells the front end to build a shorter block.
 */
#include "ir-private.h"
#include "tcg/tcg-cpu.h"

IRBuilder *ir_builder_new(const IRTargetDesc *target)
{
    IRBuilder *b = g_new0(IRBuilder, 1);

    g_assert(target->n_slots <= IR_MAX_SLOTS);
    b->block.target = target;
    b->block.insns = g_new0(IRInsn, IR_ARRAY_SIZE);
    b->block.spare = g_new0(IRInsn, IR_ARRAY_SIZE);
    b->block.map = g_new0(IRRef, IR_ARRAY_SIZE);
    b->block.snapshots = g_array_new(false, false, sizeof(IRSnapshot));
    b->block.snap_entries = g_array_new(false, false, sizeof(IRSnapEntry));
    b->block.exits = g_array_new(false, false, sizeof(IRExit));
    b->block.calls = g_array_new(false, false, sizeof(IRCallSite));
    b->block.v128_pool = g_array_new(false, false, sizeof(V128));
    b->block.guest_insns = g_array_new(false, false, sizeof(IRGuestInsn));
    ir_builder_reset(b, 0, 0, 0);
    return b;
}

void ir_builder_free(IRBuilder *b)
{
    if (!b) {
        return;
    }
    g_free(b->block.insns);
    g_free(b->block.spare);
    g_free(b->block.map);
    g_array_unref(b->block.snapshots);
    g_array_unref(b->block.snap_entries);
    g_array_unref(b->block.exits);
    g_array_unref(b->block.calls);
    g_array_unref(b->block.v128_pool);
    g_array_unref(b->block.guest_insns);
    g_free(b);
}

void ir_builder_reset(IRBuilder *b, uint64_t pc, uint64_t key_flags, unsigned mmu_idx)
{
    IRBlock *block = &b->block;
    size_t slot_bytes = block->target->n_slots * sizeof(IRRef);

    block->pc = pc;
    block->key_flags = key_flags;
    block->mmu_idx = mmu_idx;
    block->n_insns = 1;
    block->page_relative = false;
    block->overflow = false;
    g_array_set_size(block->snapshots, 0);
    g_array_set_size(block->snap_entries, 0);
    g_array_set_size(block->exits, 0);
    g_array_set_size(block->calls, 0);
    g_array_set_size(block->v128_pool, 0);
    g_array_set_size(block->guest_insns, 0);
    memset(b->cur, 0, slot_bytes);
    memset(b->mem, 0, slot_bytes);
    memset(b->hi, 0, slot_bytes);
    memset(b->dirty, 0, sizeof(b->dirty));
    memset(b->hash, 0, sizeof(b->hash));
    b->insn_pc = pc;
    b->insn_count = 0;
    b->set_in_insn = false;
    b->snap_current = false;
    b->sticky_fence = IR_NONE;
    b->page_base = IR_NONE;
}

IRBlock *ir_builder_block(IRBuilder *b)
{
    return &b->block;
}

unsigned ir_builder_count(const IRBuilder *b)
{
    return b->block.n_insns;
}

IRType ir_type(const IRBuilder *b, IRRef ref)
{
    return (IRType)ir_insn(b, ref)->type;
}

bool ir_is_const(const IRBuilder *b, IRRef ref, uint64_t *value)
{
    uint64_t v;

    if (!ir_const(b, ref, &v)) {
        return false;
    }
    if (value) {
        *value = v;
    }
    return true;
}

/* ---- Storing ops ---- */

static IRRef ir_placeholder(IRBuilder *b, IRType type)
{
    IRRef ref = IR_MAX_INSNS + type;

    b->block.overflow = true;
    b->block.insns[ref] = (IRInsn){ .op = IR_NOP, .type = type };
    return ref;
}

static IRRef ir_append(IRBuilder *b, const IRInsn *in)
{
    if (G_UNLIKELY(b->block.n_insns >= IR_BUILD_LIMIT)) {
        return ir_placeholder(b, (IRType)in->type);
    }
    IRRef ref = b->block.n_insns++;

    b->block.insns[ref] = *in;
    return ref;
}

static unsigned ir_hash(const IRInsn *in)
{
    uint64_t h = (uint64_t)in->op | (uint64_t)in->a << 8 | (uint64_t)in->b << 24 |
                 (uint64_t)in->c << 40;

    h ^= (uint64_t)in->imm * 0x9e3779b97f4a7c15u + (uint64_t)in->aux * 0x2545f491;
    h *= 0xff51afd7ed558ccdu;
    return h >> (64 - IR_HASH_BITS);
}

static IRRef ir_share_or_append(IRBuilder *b, const IRInsn *in, bool sticky)
{
    unsigned h = ir_hash(in);
    IRRef fence = sticky ? b->sticky_fence : IR_NONE;

    for (IRRef r = b->hash[h]; r > fence; r = b->next[r]) {
        const IRInsn *other = ir_insn(b, r);

        if (other->op == in->op && other->type == in->type && other->a == in->a &&
            other->b == in->b && other->c == in->c && other->imm == in->imm &&
            other->aux == in->aux) {
            return r;
        }
    }
    IRRef ref = ir_append(b, in);

    if (G_LIKELY(ref < IR_MAX_INSNS)) {
        b->next[ref] = b->hash[h];
        b->hash[h] = ref;
    }
    return ref;
}

static void ir_check_operand(const IRBuilder *b, const IRInsn *in, IRRef ref, unsigned want,
                             IRType own)
{
    if (want == IRT_NONE) {
        g_assert(ref == IR_NONE);
        return;
    }
    IRType got = ir_type(b, ref);

    if (want == IRT_SAME) {
        want = own;
    }
    if (ref == IR_NONE || (want != IRT_ANY && got != want)) {
        g_error("IR: %s at guest pc 0x%" G_GINT64_MODIFIER "x: operand %%%u is %s, not %s",
                ir_op_info[in->op].mnemonic, b->insn_pc, ref, ir_type_names[got],
                want == IRT_ANY ? "a value" : ir_type_names[want]);
    }
}

IRRef ir_emit(IRBuilder *b, IROpcode op, IRType type, IRRef a, IRRef c_b, IRRef c, int64_t imm,
              uint32_t aux)
{
    const IROpInfo *info = &ir_op_info[op];
    IRInsn in = { .op = op, .type = type, .a = a, .b = c_b, .c = c, .aux = aux, .imm = imm };

    if (aux == 0 && (info->imm_kind == IRK_TYPE || info->imm_kind == IRK_COND ||
                     info->imm_kind == IRK_CRKIND)) {
        in.aux = ir_type(b, a);
    }
    IRType own = ir_operand_type(info, &in);

    ir_check_operand(b, &in, a, info->a, own);
    ir_check_operand(b, &in, c_b, info->b, own);
    ir_check_operand(b, &in, c, info->c, own);
    if (G_UNLIKELY(b->block.overflow)) {
        return ir_placeholder(b, type);
    }
    if (info->flags & IRF_PURE) {
        IRRef r = ir_fold(b, &in);

        if (r != IR_NONE) {
            return r;
        }
        return ir_share_or_append(b, &in, false);
    }
    if (info->flags & IRF_STICKY) {
        return ir_share_or_append(b, &in, true);
    }
    IRRef ref = ir_append(b, &in);

    if (info->flags & IRF_EFFECT && op != IR_FENCE && op != IR_PUT) {
        b->sticky_fence = b->block.n_insns - 1;
    }
    return ref;
}

/* ---- Constants ---- */

IRRef ir_k(IRBuilder *b, IRType type, uint64_t value)
{
    g_assert(type == IR_I32 || type == IR_I64);
    IRInsn in = { .op = type == IR_I32 ? IR_KI32 : IR_KI64, .type = type,
                  .imm = (int64_t)(value & ir_width_mask(type)) };

    if (G_UNLIKELY(b->block.overflow)) {
        return ir_placeholder(b, type);
    }
    return ir_share_or_append(b, &in, false);
}

IRRef ir_k32(IRBuilder *b, uint32_t value)
{
    return ir_k(b, IR_I32, value);
}

IRRef ir_k64(IRBuilder *b, uint64_t value)
{
    return ir_k(b, IR_I64, value);
}

IRRef ir_kv128(IRBuilder *b, uint64_t high, uint64_t low)
{
    GArray *pool = b->block.v128_pool;
    guint i;
    IRInsn in = { .op = IR_KV128, .type = IR_V128 };

    if (G_UNLIKELY(b->block.overflow)) {
        return ir_placeholder(b, IR_V128);
    }
    for (i = 0; i < pool->len; i++) {
        const V128 *v = &g_array_index(pool, V128, i);

        if (v->d[0] == low && v->d[1] == high) {
            break;
        }
    }
    if (i == pool->len) {
        V128 v = { .d = { low, high } };

        g_array_append_val(pool, v);
    }
    in.imm = i;
    return ir_share_or_append(b, &in, false);
}

/* ---- Page-relative blocks ---- */

void ir_set_page_relative(IRBuilder *b)
{
    g_assert(b->block.n_insns == 1);
    b->block.page_relative = true;
}

IRRef ir_page_base(IRBuilder *b)
{
    g_assert(b->block.page_relative);
    if (b->page_base == IR_NONE) {
        IRRef pc = ir_load_env(b, IR_I64, b->block.target->tcg_offset + offsetof(TCGCPUState, pc),
                               8, false);

        b->page_base = ir_andi(b, pc, TCG_PAGE_MASK);
    }
    return b->page_base;
}

/* ---- Slots ---- */

static void ir_slot_check(const IRBuilder *b, unsigned slot, IRType type)
{
    const IRTargetDesc *target = b->block.target;

    if (slot >= target->n_slots || target->slots[slot].type != type) {
        g_error("IR: guest pc 0x%" G_GINT64_MODIFIER "x: slot %u (%s) is no %s slot", b->insn_pc,
                slot, slot < target->n_slots ? target->slots[slot].name : "?", ir_type_names[type]);
    }
}

static void ir_slot_note_dirty(IRBuilder *b, unsigned slot)
{
    uint64_t bit = (uint64_t)1 << (slot % 64);

    if (b->cur[slot] != b->mem[slot]) {
        b->dirty[slot / 64] |= bit;
    } else {
        b->dirty[slot / 64] &= ~bit;
    }
    b->snap_current = false;
}

IRRef ir_get(IRBuilder *b, unsigned slot)
{
    g_assert(slot < b->block.target->n_slots);
    if (b->cur[slot] == IR_NONE) {
        IRType type = (IRType)b->block.target->slots[slot].type;
        IRInsn in = { .op = IR_GET, .type = type, .imm = slot };

        b->cur[slot] = b->mem[slot] = ir_append(b, &in);
    }
    return b->cur[slot];
}

void ir_set(IRBuilder *b, unsigned slot, IRRef value)
{
    ir_slot_check(b, slot, ir_type(b, value));
    b->set_in_insn = true;
    if (b->cur[slot] == value) {
        return;
    }
    b->cur[slot] = value;
    b->hi[slot] = IR_NONE;
    ir_slot_note_dirty(b, slot);
}

IRRef ir_get_hi(IRBuilder *b, unsigned slot)
{
    ir_slot_check(b, slot, IR_V128);
    if (b->hi[slot] == IR_NONE) {
        if (b->cur[slot] != IR_NONE) {
            b->hi[slot] = ir_op1(b, IR_VHI, b->cur[slot]);
        } else {
            IRInsn in = { .op = IR_GETHI, .type = IR_F64, .imm = slot };

            b->hi[slot] = ir_append(b, &in);
        }
    }
    return b->hi[slot];
}

void ir_set_hi(IRBuilder *b, unsigned slot, IRRef f64)
{
    ir_set(b, slot, ir_op1(b, IR_MKHI, f64));
    b->hi[slot] = f64;
}

void ir_sync_slots(IRBuilder *b)
{
    for (unsigned word = 0; word < IR_MAX_SLOTS / 64; word++) {
        for (uint64_t bits = b->dirty[word]; bits; bits &= bits - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
            IRInsn in = { .op = IR_PUT, .type = b->block.target->slots[slot].type,
                          .a = b->cur[slot], .imm = slot };

            ir_append(b, &in);
            b->mem[slot] = b->cur[slot];
        }
        b->dirty[word] = 0;
    }
    b->snap_current = false;
}

/* A helper changed slots behind the builder's back. */
static void ir_forget_slots(IRBuilder *b)
{
    size_t slot_bytes = b->block.target->n_slots * sizeof(IRRef);

    memset(b->cur, 0, slot_bytes);
    memset(b->mem, 0, slot_bytes);
    memset(b->hi, 0, slot_bytes);
}

/* ---- Snapshots ---- */

/* Index + 1 of a snapshot of the dirty slots that resumes at pc. */
static uint32_t ir_snapshot(IRBuilder *b, uint64_t pc, unsigned completed, bool partial)
{
    GArray *snapshots = b->block.snapshots, *entries = b->block.snap_entries;

    if (G_UNLIKELY(b->block.overflow)) {
        return snapshots->len;
    }
    if (b->snap_current) {
        const IRSnapshot *last = &g_array_index(snapshots, IRSnapshot, snapshots->len - 1);

        if (last->pc == pc && last->insn_index == completed) {
            return snapshots->len;
        }
    }
    IRSnapshot snap = { .pc = pc, .first = entries->len, .insn_index = completed,
                        .partial = partial };
    unsigned count = 0;

    for (unsigned word = 0; word < IR_MAX_SLOTS / 64; word++) {
        count += (unsigned)__builtin_popcountll(b->dirty[word]);
    }
    g_array_set_size(entries, entries->len + count);
    IRSnapEntry *out = &g_array_index(entries, IRSnapEntry, snap.first);

    for (unsigned word = 0; word < IR_MAX_SLOTS / 64; word++) {
        for (uint64_t bits = b->dirty[word]; bits; bits &= bits - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);

            *out++ = (IRSnapEntry){ .slot = slot, .ref = b->cur[slot] };
        }
    }
    snap.count = count;
    g_array_append_val(snapshots, snap);
    b->snap_current = true;
    return snapshots->len;
}

/* Before the current guest instruction: for ops that fault. */
static uint32_t ir_snapshot_here(IRBuilder *b)
{
    unsigned completed = b->insn_count ? b->insn_count - 1 : 0;

    return ir_snapshot(b, b->insn_pc, completed, b->set_in_insn);
}

void ir_insn_start(IRBuilder *b, uint64_t pc, uint32_t opcode)
{
    IRGuestInsn gi = { .pc = pc, .opcode = opcode, .first = b->block.n_insns };

    g_array_append_val(b->block.guest_insns, gi);
    b->insn_pc = pc;
    b->insn_count++;
    b->set_in_insn = false;
}

/* ---- Guest memory ---- */

/* A base that is a sum with a constant gives the constant to the displacement. */
static IRRef ir_split_base(IRBuilder *b, IRRef base, int64_t *disp)
{
    const IRInsn *in = ir_insn(b, base);
    uint64_t k;

    if (in->op == IR_ADD && ir_const(b, in->b, &k)) {
        int64_t sum = *disp + (int64_t)k;

        if (sum == (int32_t)sum) {
            *disp = sum;
            return in->a;
        }
    }
    return base;
}

static IRInsn ir_memory_op(IRBuilder *b, IROpcode op, IRType type, IRMemOp mop, IRRef base,
                           int64_t disp)
{
    unsigned size = mop & MO_SIZE;

    g_assert(ir_type(b, base) == IR_I64);
    g_assert(size <= MO_128 && (size == MO_128) == (type == IR_V128) &&
             (type != IR_F64 || size == MO_64) && (type != IR_I32 || size <= MO_32));
    base = ir_split_base(b, base, &disp);
    return (IRInsn){
        .op = op, .type = type, .a = base, .imm = disp, .snap = ir_snapshot_here(b),
        .aux = (uint32_t)mop | (uint32_t)b->block.mmu_idx << MO_RESERVED_IDX_SHIFT,
    };
}

IRRef ir_load(IRBuilder *b, IRType type, IRMemOp op, IRRef base, int32_t disp)
{
    IRInsn in = ir_memory_op(b, IR_QLD, type, op, base, disp);

    return ir_append(b, &in);
}

void ir_store(IRBuilder *b, IRMemOp op, IRRef base, int32_t disp, IRRef value)
{
    IRInsn in = ir_memory_op(b, IR_QST, ir_type(b, value), op, base, disp);

    in.b = value;
    ir_append(b, &in);
}

IRRef ir_cas(IRBuilder *b, IRMemOp op, IRRef address, IRRef expected, IRRef desired)
{
    IRInsn in = ir_memory_op(b, IR_QCAS, ir_type(b, expected), op, address, 0);

    g_assert(ir_type(b, desired) == ir_type(b, expected));
    in.b = expected;
    in.c = desired;
    return ir_append(b, &in);
}

/* ---- Calls ---- */

static const uint8_t ir_arg_types[] = {
    [IRA_I32] = IR_I32, [IRA_I64] = IR_I64, [IRA_F64] = IR_F64, [IRA_V128] = IR_V128,
};

static void ir_call_check(const IRBuilder *b, const IRHelper *helper, unsigned n_args,
                          const IRRef *args)
{
    unsigned n = 0;

    for (unsigned i = 0; i <= IR_MAX_ARGS && helper->args[i] != IRA_NONE; i++) {
        if (helper->args[i] == IRA_ENV) {
            continue;
        }
        if (n >= n_args || ir_type(b, args[n]) != ir_arg_types[helper->args[i]]) {
            g_error("IR: guest pc 0x%" G_GINT64_MODIFIER "x: argument %u of helper %s is %s",
                    b->insn_pc, n, helper->name,
                    n >= n_args ? "missing" : ir_type_names[ir_type(b, args[n])]);
        }
        n++;
    }
    if (n != n_args) {
        g_error("IR: helper %s takes %u arguments, not %u", helper->name, n, n_args);
    }
}

static bool ir_same_call(const IRBuilder *b, IRRef ref, const IRCallSite *site)
{
    const IRInsn *in = ir_insn(b, ref);

    if (in->op != IR_CALL) {
        return false;
    }
    const IRCallSite *other = &g_array_index(b->block.calls, IRCallSite, in->imm);

    return other->helper == site->helper &&
           memcmp(other->args, site->args, sizeof(other->args)) == 0;
}

IRRef ir_call(IRBuilder *b, const IRHelper *helper, unsigned n_args, const IRRef *args)
{
    IRCallSite site = { .helper = helper, .n_args = n_args };
    bool pure = helper->flags & IRH_PURE;
    IRInsn in = { .op = IR_CALL, .type = helper->result };
    unsigned h = 0;

    g_assert(n_args <= IR_MAX_ARGS);
    ir_call_check(b, helper, n_args, args);
    if (G_UNLIKELY(b->block.overflow)) {
        return helper->result == IR_VOID ? IR_NONE : ir_placeholder(b, (IRType)helper->result);
    }
    if (n_args) {
        memcpy(site.args, args, n_args * sizeof(args[0]));
    }
    if (pure) {
        IRInsn key = { .op = IR_CALL, .imm = (int64_t)(uintptr_t)helper, .a = site.args[0],
                       .b = site.args[1], .c = site.args[2] };

        h = ir_hash(&key);
        for (IRRef r = b->hash[h]; r; r = b->next[r]) {
            if (ir_same_call(b, r, &site)) {
                return r;
            }
        }
    }
    if (helper->flags & (IRH_READS_SLOTS | IRH_WRITES_SLOTS)) {
        ir_sync_slots(b);
    }
    if (helper->flags & IRH_RAISES) {
        in.snap = ir_snapshot_here(b);
    }
    in.imm = b->block.calls->len;
    IRRef ref = ir_append(b, &in);

    if (ref >= IR_MAX_INSNS) {
        return helper->result == IR_VOID ? IR_NONE : ref;
    }
    g_array_append_val(b->block.calls, site);
    if (pure) {
        b->next[ref] = b->hash[h];
        b->hash[h] = ref;
    } else {
        b->sticky_fence = ref;
    }
    if (helper->flags & IRH_WRITES_SLOTS) {
        ir_forget_slots(b);
    }
    return helper->result == IR_VOID ? IR_NONE : ref;
}

/* ---- Exits ---- */

static void ir_append_exit(IRBuilder *b, IRInsn *in, uint64_t dest, uint64_t return_pc,
                           uint32_t hints)
{
    IRExit ex = { .dest = dest, .return_pc = return_pc, .hints = hints };

    in->imm = b->block.exits->len;
    in->snap = ir_snapshot(b, dest, b->insn_count, false);
    if (ir_append(b, in) < IR_MAX_INSNS) {
        g_array_append_val(b->block.exits, ex);
    }
}

/* Leaves for dest when cond is non-zero (or zero): the comparison goes into the exit itself. */
static void ir_exit_cond(IRBuilder *b, IRRef cond, bool if_zero, uint64_t dest, uint32_t hints)
{
    IRInsn in = { .op = IR_EXITIF };
    uint64_t k;

    cond = ir_setcond(b, if_zero ? IRC_EQ : IRC_NE, cond, ir_k32(b, 0));
    if (ir_const(b, cond, &k) && k == 0) {
        return;
    }
    if_zero = false;
    const IRInsn *set = ir_insn(b, cond);

    if (set->op == IR_XOR && ir_const(b, set->b, &k) && k == 1) {
        if_zero = true;
        cond = set->a;
        set = ir_insn(b, cond);
    }
    if (set->op == IR_SETCOND) {
        in.a = set->a;
        in.b = set->b;
        in.aux = (uint32_t)(set->imm ^ if_zero) | set->aux << 8;
    } else if (set->op == IR_EXTRACT) {
        in.a = set->a;
        in.b = ir_k(b, (IRType)set->type, ir_low_mask(set->aux) << set->imm);
        in.aux = (if_zero ? IRC_TSTZ : IRC_TSTNZ) | (uint32_t)set->type << 8;
    } else if (set->op == IR_AND) {
        in.a = set->a;
        in.b = set->b;
        in.aux = (if_zero ? IRC_TSTZ : IRC_TSTNZ) | (uint32_t)set->type << 8;
    } else {
        in.a = cond;
        in.b = ir_k32(b, 0);
        in.aux = (if_zero ? IRC_EQ : IRC_NE) | IR_I32 << 8;
    }
    ir_append_exit(b, &in, dest, 0, hints);
}

void ir_exit_if(IRBuilder *b, IRRef cond_i32, uint64_t dest, uint32_t hints)
{
    ir_exit_cond(b, cond_i32, false, dest, hints);
}

void ir_exit_if_not(IRBuilder *b, IRRef cond_i32, uint64_t dest, uint32_t hints)
{
    ir_exit_cond(b, cond_i32, true, dest, hints);
}

void ir_exit(IRBuilder *b, uint64_t dest, uint32_t hints)
{
    IRInsn in = { .op = IR_EXIT };

    ir_append_exit(b, &in, dest, 0, hints);
}

void ir_exit_call(IRBuilder *b, uint64_t dest, uint64_t return_pc, uint32_t hints)
{
    IRInsn in = { .op = IR_EXIT };

    ir_append_exit(b, &in, dest, return_pc, hints | IREXIT_CALL);
}

void ir_exit_indirect(IRBuilder *b, IRRef address, uint32_t hints)
{
    IRInsn in = { .op = IR_EXITIND, .a = address };

    g_assert(ir_type(b, address) == IR_I64);
    ir_append_exit(b, &in, 0, 0, hints);
}

void ir_exit_indirect_call(IRBuilder *b, IRRef address, uint64_t return_pc, uint32_t hints)
{
    IRInsn in = { .op = IR_EXITIND, .a = address };

    g_assert(ir_type(b, address) == IR_I64);
    ir_append_exit(b, &in, 0, return_pc, hints | IREXIT_CALL);
}

void ir_exit_loop(IRBuilder *b, uint64_t pc)
{
    IRInsn in = { .op = IR_EXITLOOP };

    ir_append_exit(b, &in, pc, 0, 0);
}

void ir_exit_loop_indirect(IRBuilder *b, IRRef pc)
{
    IRInsn in = { .op = IR_EXITLPI, .a = pc };

    g_assert(ir_type(b, pc) == IR_I64);
    ir_append_exit(b, &in, 0, 0, 0);
}

void ir_unreachable(IRBuilder *b)
{
    IRInsn in = { .op = IR_UNREACH };

    ir_append(b, &in);
}
