/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register allocation: one forward pass over a straight line of SSA values.
 *
 * A backward walk first links the uses of each value (next-use distances) and finds its last use,
 * counting the snapshots that name it; it also decides which ops are never computed on the straight
 * path: those that only snapshots name ("sunk": a CR field nobody reads, {hi, 0} vectors) and
 * conditions that only SELECTs test.  The forward pass evicts the value used farthest ahead; a
 * value whose slot in env is unchanged, or a constant, is forgotten instead of stored.
 *
 * Left out: splitting of live ranges beyond that, and anything across blocks.
 */
#include <string.h>
#include "x86-backend.h"

enum { NEVER = 0xffff };

bool x86_const(const X86Comp *c, IRRef ref, uint64_t *value)
{
    const IRInsn *in = x86_insn(c, ref);

    if (in->op != IR_KI32 && in->op != IR_KI64) {
        return false;
    }
    *value = in->op == IR_KI32 ? (uint32_t)in->imm : (uint64_t)in->imm;
    return true;
}

bool x86_const_i32(const X86Comp *c, IRRef ref, int32_t *value)
{
    uint64_t k;

    if (!x86_const(c, ref, &k)) {
        return false;
    }
    *value = (int32_t)k;
    return x86_insn(c, ref)->op == IR_KI32 || (int64_t)k == (int32_t)k;
}

/* ---- Liveness ---- */

static void ra_note_use(X86Comp *c, IRRef ref, IRRef at)
{
    X86Val *v = &c->vals[ref];

    if (c->n_uses == c->max_uses) {
        c->max_uses *= 2;
        c->uses = g_renew(X86Use, c->uses, c->max_uses);
    }
    c->uses[c->n_uses] = (X86Use){ at, v->uses };
    v->uses = c->n_uses++;
    if (v->last_use < at) {
        v->last_use = at;
    }
}

static void ra_extend(X86Comp *c, IRRef ref, IRRef at)
{
    if (ref && c->vals[ref].last_use < at) {
        c->vals[ref].last_use = at;
    }
}

static void ra_count(X86Comp *c, IRRef ref, bool plain)
{
    if (ref) {
        c->vals[ref].hard_uses++;
        c->vals[ref].plain_uses += plain;
    }
}

static bool ra_is_snapshot_only_op(unsigned op)
{
    return op == IR_CRCMP || op == IR_MKHI || op == IR_SETCOND;
}

/* Fused into SELECT j: the condition's operands are used there instead. */
static bool ra_is_fused_condition(const X86Comp *c, IRRef ref)
{
    return x86_insn(c, ref)->op == IR_SETCOND && c->vals[ref].plain_uses == 0;
}

static void ra_analyse(X86Comp *c)
{
    const IRBlock *block = c->block;
    IRRef next_call = NEVER;

    for (IRRef i = 1; i < block->n_insns; i++) {
        const IRInsn *in = x86_insn(c, i);

        ra_count(c, in->a, in->op != IR_SELECT);
        ra_count(c, in->b, true);
        ra_count(c, in->c, true);
        if (in->op == IR_CALL) {
            const IRCallSite *site = &g_array_index(block->calls, IRCallSite, in->imm);

            for (unsigned k = 0; k < site->n_args; k++) {
                ra_count(c, site->args[k], true);
            }
        }
    }
    for (IRRef i = block->n_insns - 1; i >= 1; i--) {
        const IRInsn *in = x86_insn(c, i);
        X86Val *v = &c->vals[i];

        if (in->op == IR_CALL) {
            next_call = i;
        }
        c->next_call[i] = next_call;
        if (in->snap) {
            const IRSnapshot *snap = &g_array_index(block->snapshots, IRSnapshot, in->snap - 1);
            const IRSnapEntry *e = &g_array_index(block->snap_entries, IRSnapEntry, snap->first);

            for (uint32_t k = 0; k < snap->count; k++) {
                ra_extend(c, e[k].ref, i);
            }
        }
        if (ra_is_snapshot_only_op(in->op) && v->plain_uses == 0 &&
            (v->hard_uses == 0 || ra_is_fused_condition(c, i))) {
            /* Its operands must last as long as it does, and be computed themselves. */
            v->sunk = true;
            for (unsigned k = 0; k < 3; k++) {
                IRRef ref = k == 0 ? in->a : k == 1 ? in->b : in->c;

                ra_extend(c, ref, v->last_use ? v->last_use : i);
            }
            continue;
        }
        if (in->op == IR_SELECT && ra_is_fused_condition(c, in->a)) {
            const IRInsn *cond = x86_insn(c, in->a);

            ra_extend(c, in->a, i);
            ra_note_use(c, cond->a, i);
            ra_note_use(c, cond->b, i);
        } else if (in->a) {
            ra_note_use(c, in->a, i);
        }
        if (in->b) {
            ra_note_use(c, in->b, i);
        }
        if (in->c) {
            ra_note_use(c, in->c, i);
        }
        if (in->op == IR_CALL) {
            const IRCallSite *site = &g_array_index(block->calls, IRCallSite, in->imm);

            for (unsigned k = 0; k < site->n_args; k++) {
                ra_note_use(c, site->args[k], i);
            }
        }
    }
    for (IRRef i = 1; i < block->n_insns; i++) {
        X86Val *v = &c->vals[i];

        if (v->last_use) {
            v->next_death = c->deaths[v->last_use];
            c->deaths[v->last_use] = i;
        }
    }
}

void x86_ra_new(X86Comp *c)
{
    c->free8 = g_array_new(false, false, sizeof(int32_t));
    c->free16 = g_array_new(false, false, sizeof(int32_t));
    c->free_later = g_array_new(false, false, sizeof(X86Loc));
    c->env_values = g_array_new(false, false, sizeof(IRRef));
}

void x86_ra_init(X86Comp *c)
{
    unsigned n = c->block->n_insns;

    if (n > c->max_insns) {
        c->max_insns = MAX(n, 1024);
        c->vals = g_renew(X86Val, c->vals, c->max_insns);
        c->deaths = g_renew(IRRef, c->deaths, c->max_insns);
        c->next_call = g_renew(IRRef, c->next_call, c->max_insns);
    }
    if (!c->max_uses) {
        c->max_uses = 4096;
        c->uses = g_new(X86Use, c->max_uses);
    }
    memset(c->vals, 0, n * sizeof(c->vals[0]));
    memset(c->deaths, 0, n * sizeof(c->deaths[0]));
    c->n_uses = 1;
    memset(c->owner, 0, sizeof(c->owner));
    c->occupied = c->locked = 0;
    c->spill_top = X86_FRAME_SCRATCH;
    g_array_set_size(c->free8, 0);
    g_array_set_size(c->free16, 0);
    g_array_set_size(c->free_later, 0);
    g_array_set_size(c->env_values, 0);
    for (unsigned i = 0; i < n; i++) {
        X86Val *v = &c->vals[i];
        const IRInsn *in = x86_insn(c, i);
        uint64_t k;

        v->reg = -1;
        v->spill = -1;
        switch (in->op) {
        case IR_KI32:
        case IR_KI64:
            v->home = HOME_CONST;
            v->k = in->op == IR_KI32 ? (uint32_t)in->imm : (uint64_t)in->imm;
            break;
        case IR_KV128:
            v->home = HOME_CONST;
            break;
        case IR_MOVQ_IF:
            if (x86_const(c, in->a, &k)) {
                v->home = HOME_CONST;
                v->k = k;
            }
            break;
        default:
            break;
        }
    }
    ra_analyse(c);
}

void x86_ra_free(X86Comp *c)
{
    g_free(c->vals);
    g_free(c->deaths);
    g_free(c->next_call);
    g_free(c->uses);
    g_array_unref(c->free8);
    g_array_unref(c->free16);
    g_array_unref(c->free_later);
    g_array_unref(c->env_values);
}

/* ---- Moves ---- */

static unsigned val_type(const X86Comp *c, IRRef ref)
{
    return x86_insn(c, ref)->type;
}

int32_t x86_spill_slot(X86Comp *c, unsigned type)
{
    GArray *list = type == IR_V128 ? c->free16 : c->free8;
    int32_t at;

    if (list->len) {
        at = g_array_index(list, int32_t, list->len - 1);
        g_array_set_size(list, list->len - 1);
        return at;
    }
    if (type == IR_V128 && (c->spill_top & 15)) {
        g_array_append_val(c->free8, c->spill_top);
        c->spill_top += 8;
    }
    at = c->spill_top;
    c->spill_top += type == IR_V128 ? 16 : 8;
    g_assert(c->spill_top <= X86_FRAME_SIZE);
    return at;
}

void x86_free_slot(X86Comp *c, unsigned type, int32_t at)
{
    X86Loc loc = { .type = type, .at = at };

    g_array_append_val(c->free_later, loc);
}

X86Mem x86_spill_mem(const X86Comp *c, IRRef ref)
{
    g_assert(c->vals[ref].spill >= 0);
    return X86_MEM(RSP, c->vals[ref].spill);
}

void x86_copy(X86Comp *c, unsigned type, int dst, int src)
{
    if (dst == src) {
        return;
    }
    if (dst < XMM0) {
        if (src < XMM0) {
            x86_mov_rr(&c->as, x86_w(type), dst, src);
        } else {
            x86_movq_rx(c, dst, src);
        }
    } else if (src < XMM0) {
        x86_movq_xr(c, dst, src);
    } else {
        x86_v2(c, X_MOVAPS, dst, src);
    }
}

static void store_reg(X86Comp *c, unsigned type, int reg, X86Mem mem)
{
    switch (type) {
    case IR_I32:
        x86_rm(&c->as, X_MOV_STORE, reg, mem);
        break;
    case IR_I64:
        x86_rm(&c->as, X_MOV_STORE | X86_W, reg, mem);
        break;
    case IR_F64:
        x86_vst(c, X_MOVQ_ST, reg, mem);
        break;
    default:
        x86_vst(c, X_MOVAPS_ST, reg, mem);
        break;
    }
}

static void load_mem(X86Comp *c, unsigned type, int reg, X86Mem mem)
{
    switch (type) {
    case IR_I32:
        x86_rm(&c->as, X_MOV_LOAD, reg, mem);
        break;
    case IR_I64:
        x86_rm(&c->as, X_MOV_LOAD | X86_W, reg, mem);
        break;
    case IR_F64:
        if (reg < XMM0) {
            x86_rm(&c->as, X_MOV_LOAD | X86_W, reg, mem);
        } else {
            x86_v2m(c, X_MOVQ_LD, reg, mem);
        }
        break;
    default:
        x86_v2m(c, X_MOVUPS, reg, mem);
        break;
    }
}

static void load_const(X86Comp *c, unsigned type, int reg, uint64_t k, const V128 *v)
{
    if (type == IR_V128) {
        if (v->d[0] == 0 && v->d[1] == 0) {
            x86_vzero(c, reg);
        } else if (~v->d[0] == 0 && ~v->d[1] == 0) {
            x86_v3(c, X_PCMPEQD, reg, reg, reg);
        } else {
            x86_v2m(c, X_MOVAPS, reg, x86_pool(c, v->d[1], v->d[0]));
        }
    } else if (reg < XMM0) {
        x86_mov_ri(&c->as, reg, k);
    } else if (k == 0) {
        x86_vzero(c, reg);
    } else {
        x86_v2m(c, X_MOVQ_LD, reg, x86_pool(c, 0, k));
    }
}

static const V128 *vconst(const X86Comp *c, IRRef ref)
{
    return &g_array_index(c->block->v128_pool, V128, x86_insn(c, ref)->imm);
}

X86Loc x86_loc(const X86Comp *c, IRRef ref)
{
    const X86Val *v = &c->vals[ref];
    X86Loc loc = { .type = val_type(c, ref) };

    if (v->sunk) {
        loc.kind = LOC_SUNK;
        loc.at = ref;
    } else if (v->home == HOME_CONST) {
        loc.kind = loc.type == IR_V128 ? LOC_VCONST : LOC_CONST;
        loc.at = ref;
    } else if (v->reg >= 0) {
        loc.kind = v->reg < XMM0 ? LOC_GPR : LOC_XMM;
        loc.at = v->reg;
    } else if (v->spill >= 0) {
        loc.kind = LOC_SPILL;
        loc.at = v->spill;
    } else if (v->home == HOME_ENV) {
        loc.kind = LOC_ENV;
        loc.at = (int32_t)v->env;
    } else {
        g_error("x86: %%%u has no location at op %%%u", ref, c->cur);
    }
    return loc;
}

void x86_load_loc(X86Comp *c, X86Loc loc, int reg)
{
    switch (loc.kind) {
    case LOC_GPR:
    case LOC_XMM:
        x86_copy(c, loc.type, reg, loc.at);
        break;
    case LOC_SPILL:
        load_mem(c, loc.type, reg, X86_MEM(RSP, loc.at));
        break;
    case LOC_ENV:
        load_mem(c, loc.type, reg, x86_env((uint32_t)loc.at));
        break;
    case LOC_CONST:
        load_const(c, loc.type, reg, c->vals[loc.at].k, NULL);
        break;
    case LOC_VCONST:
        load_const(c, loc.type, reg, 0, vconst(c, (IRRef)loc.at));
        break;
    default:
        g_assert_not_reached();
    }
}

void x86_load_to(X86Comp *c, IRRef ref, int reg)
{
    x86_load_loc(c, x86_loc(c, ref), reg);
}

/* ---- Registers ---- */

static IRRef ra_next_use(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];

    while (v->uses && c->uses[v->uses].at < c->cur) {
        v->uses = c->uses[v->uses].next;
    }
    return v->uses ? c->uses[v->uses].at : NEVER;
}

/* The next use after the current op. */
static IRRef ra_later_use(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];
    uint32_t u;

    ra_next_use(c, ref);
    for (u = v->uses; u && c->uses[u].at <= c->cur; u = c->uses[u].next) {
    }
    return u ? c->uses[u].at : NEVER;
}

bool x86_lives_past(const X86Comp *c, IRRef ref)
{
    return c->vals[ref].last_use > c->cur;
}

static void ra_drop(X86Comp *c, int reg)
{
    IRRef ref = c->owner[reg];

    if (ref) {
        c->vals[ref].reg = -1;
        c->owner[reg] = 0;
    }
    c->occupied &= ~BIT(reg);
}

static void ra_own(X86Comp *c, int reg, IRRef ref)
{
    c->owner[reg] = ref;
    c->vals[ref].reg = reg;
    c->occupied |= BIT(reg);
}

static void ra_store_spill(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];

    v->spill = x86_spill_slot(c, val_type(c, ref));
    store_reg(c, val_type(c, ref), v->reg, x86_spill_mem(c, ref));
}

static void ra_secure(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];

    if (v->home == HOME_NONE && v->spill < 0) {
        ra_store_spill(c, ref);
    }
}

static uint32_t ra_random(X86Comp *c, uint32_t mask)
{
    unsigned n = (unsigned)__builtin_popcount(mask), k;

    c->rng = c->rng * 1664525u + 1013904223u;
    for (k = (c->rng >> 16) % n; k > 0; k--) {
        mask &= mask - 1;
    }
    return (uint32_t)__builtin_ctz(mask);
}

static int ra_pick_free(X86Comp *c, uint32_t free, bool across_call, int hint)
{
    if (c->rng) {
        return (int)ra_random(c, free);
    }
    if (hint >= 0 && (free & BIT(hint))) {
        return hint;
    }
    if (across_call && (free & GPR_CALL_SAVED)) {
        free &= GPR_CALL_SAVED;
    } else if (free & ~GPR_CALL_SAVED) {
        free &= ~GPR_CALL_SAVED;
    }
    return __builtin_ctz(free);
}

static void ra_evict(X86Comp *c, int reg);

static int ra_alloc(X86Comp *c, uint32_t mask, bool across_call, int hint)
{
    uint32_t avail = mask & ~c->locked;
    uint32_t free = avail & ~c->occupied;
    int best = -1;
    unsigned best_score = 0;

    if (free && !(c->rng && (c->rng & 0x70000) == 0)) {
        return ra_pick_free(c, free, across_call, hint);
    }
    if (!avail) {
        g_error("x86: no register for op %%%u %s", c->cur,
                ir_op_info[x86_insn(c, c->cur)->op].mnemonic);
    }
    if (c->rng) {
        best = (int)ra_random(c, avail);
    } else {
        for (uint32_t m = avail; m; m &= m - 1) {
            int r = __builtin_ctz(m);
            IRRef ref = c->owner[r];
            X86Val *v = &c->vals[ref];
            unsigned score = 2u * ra_next_use(c, ref) + (v->home != HOME_NONE || v->spill >= 0) + 1;

            if (score > best_score) {
                best_score = score;
                best = r;
            }
        }
    }
    ra_evict(c, best);
    return best;
}

/* Frees reg; its value goes to another free register if there is one and it is needed soon. */
static void ra_evict(X86Comp *c, int reg)
{
    IRRef ref = c->owner[reg];

    if (!ref) {
        c->occupied &= ~BIT(reg);
        return;
    }
    X86Val *v = &c->vals[ref];

    if (!v->dead) {
        ra_secure(c, ref);
    }
    ra_drop(c, reg);
}

/* As ra_evict, but prefers to keep the value in some other free register. */
static void ra_relocate(X86Comp *c, int reg)
{
    IRRef ref = c->owner[reg];
    uint32_t class = reg < XMM0 ? GPR_ALL : XMM_ALL;
    uint32_t free = class & ~c->occupied & ~c->locked & ~BIT(reg);

    if (ref && !c->vals[ref].dead && free && ra_next_use(c, ref) != NEVER) {
        int to = ra_pick_free(c, free, false, -1);

        x86_copy(c, val_type(c, ref), to, reg);
        c->vals[ref].dirty_upper = false;
        ra_drop(c, reg);
        ra_own(c, to, ref);
        return;
    }
    ra_evict(c, reg);
}

static bool ra_across_call(X86Comp *c, IRRef ref)
{
    return c->vals[ref].last_use > c->next_call[c->cur];
}

int x86_use(X86Comp *c, IRRef ref, uint32_t mask)
{
    X86Val *v = &c->vals[ref];

    g_assert(!v->sunk && !v->dead);
    if (v->reg >= 0 && (mask & BIT(v->reg))) {
        c->locked |= BIT(v->reg);
        return v->reg;
    }
    if ((mask & (mask - 1)) == 0) {
        /* One register will do only: its present value moves away. */
        int want = __builtin_ctz(mask);

        g_assert(!(c->locked & mask) || c->owner[want] == ref);
        if (c->owner[want]) {
            ra_relocate(c, want);
        }
    }
    int reg = ra_alloc(c, mask, ra_across_call(c, ref), -1);

    if (v->reg >= 0) {
        int old = v->reg;

        x86_copy(c, val_type(c, ref), reg, old);
        ra_drop(c, old);
    } else {
        x86_load_to(c, ref, reg);
    }
    v->dirty_upper = false;
    ra_own(c, reg, ref);
    c->locked |= BIT(reg);
    return reg;
}

void x86_clobber(X86Comp *c, int reg)
{
    g_assert(!(c->locked & BIT(reg)));
    ra_relocate(c, reg);
    c->locked |= BIT(reg);
    c->occupied |= BIT(reg);
}

void x86_take(X86Comp *c, IRRef ref, int reg)
{
    X86Val *v = &c->vals[ref];

    g_assert(!(c->locked & BIT(reg)));
    if (v->reg == reg) {
        if (v->last_use > c->cur || c->block->insns[c->cur].snap) {
            ra_relocate(c, reg);
        } else {
            ra_drop(c, reg);
        }
        /* The register still holds the value; it is the op's own now. */
    } else {
        ra_relocate(c, reg);
        x86_load_to(c, ref, reg);
    }
    c->locked |= BIT(reg);
    c->occupied |= BIT(reg);
}

int x86_temp(X86Comp *c, uint32_t mask)
{
    int reg = ra_alloc(c, mask, false, -1);

    c->locked |= BIT(reg);
    c->occupied |= BIT(reg);
    return reg;
}

static void ra_kill(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];

    if (v->dead) {
        return;
    }
    v->dead = true;
    if (v->reg >= 0) {
        c->locked &= ~BIT(v->reg);
        ra_drop(c, v->reg);
    }
    if (v->spill >= 0) {
        /* A stub of this op may still read the slot: it is free from the next op on. */
        x86_free_slot(c, val_type(c, ref), v->spill);
        v->spill = -1;
    }
}

void x86_release(X86Comp *c)
{
    for (IRRef r = c->deaths[c->cur]; r; r = c->vals[r].next_death) {
        if (r != c->cur) {
            ra_kill(c, r);
        }
    }
    c->released = true;
}

int x86_def(X86Comp *c, uint32_t mask, int hint)
{
    int reg = ra_alloc(c, mask, ra_across_call(c, c->cur), hint);

    x86_def_at(c, reg);
    return reg;
}

void x86_def_at(X86Comp *c, int reg)
{
    ra_own(c, reg, c->cur);
    c->locked |= BIT(reg);
}

void x86_op_end(X86Comp *c)
{
    X86Val *v = &c->vals[c->cur];

    x86_release(c);
    if (v->last_use <= c->cur) {
        /* A result nobody wants. */
        ra_kill(c, c->cur);
    }
    for (guint i = 0; i < c->free_later->len; i++) {
        X86Loc loc = g_array_index(c->free_later, X86Loc, i);

        g_array_append_val(loc.type == IR_V128 ? c->free16 : c->free8, loc.at);
    }
    g_array_set_size(c->free_later, 0);
    for (uint32_t m = c->locked; m; m &= m - 1) {
        int r = __builtin_ctz(m);

        if (!c->owner[r]) {
            c->occupied &= ~BIT(r);
        }
    }
    c->locked = 0;
    c->released = false;
}

bool x86_in_memory(X86Comp *c, IRRef ref, X86Mem *mem)
{
    X86Val *v = &c->vals[ref];

    if (v->reg >= 0 || v->sunk || v->home == HOME_CONST || ra_later_use(c, ref) != NEVER) {
        return false;
    }
    if (v->spill >= 0) {
        *mem = x86_spill_mem(c, ref);
        return true;
    }
    if (v->home == HOME_ENV) {
        *mem = x86_env(v->env);
        return true;
    }
    return false;
}

void x86_force_spill(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];
    uint32_t class = val_type(c, ref) < IR_F64 ? GPR_ALL : XMM_ALL;

    if (v->spill >= 0) {
        return;
    }
    if (v->reg >= 0) {
        ra_store_spill(c, ref);
        return;
    }
    uint32_t free = class & ~c->occupied & ~c->locked;
    uint32_t saved = c->locked;
    int reg = x86_use(c, ref, free ? free : class);

    c->locked = saved | (c->locked & ~BIT(reg));
    ra_store_spill(c, ref);
}

bool x86_ensure_spilled(X86Comp *c, IRRef ref)
{
    X86Val *v = &c->vals[ref];

    if (v->home != HOME_NONE) {
        return false;
    }
    x86_force_spill(c, ref);
    return true;
}

void x86_env_clobber(X86Comp *c, uint32_t offset, uint32_t size)
{
    guint keep = 0;

    for (guint i = 0; i < c->env_values->len; i++) {
        IRRef ref = g_array_index(c->env_values, IRRef, i);
        X86Val *v = &c->vals[ref];

        if (v->dead) {
            continue;
        }
        if (v->env < offset + size && offset < v->env + 16) {
            if (v->last_use >= c->cur && v->reg < 0 && v->spill < 0) {
                x86_force_spill(c, ref);
            }
            v->home = HOME_NONE;
            continue;
        }
        g_array_index(c->env_values, IRRef, keep++) = ref;
    }
    g_array_set_size(c->env_values, keep);
}

void x86_secure_all(X86Comp *c, uint32_t mask)
{
    for (uint32_t m = mask & c->occupied; m; m &= m - 1) {
        IRRef ref = c->owner[__builtin_ctz(m)];

        if (ref && x86_lives_past(c, ref)) {
            ra_secure(c, ref);
        }
    }
}

void x86_def_spilled(X86Comp *c, int32_t slot)
{
    c->vals[c->cur].spill = slot;
}

void x86_set_env_home(X86Comp *c, IRRef ref, uint32_t offset)
{
    c->vals[ref].home = HOME_ENV;
    c->vals[ref].env = offset;
    g_array_append_val(c->env_values, ref);
}

void x86_evict_all(X86Comp *c, uint32_t mask)
{
    for (uint32_t m = mask & c->occupied; m; m &= m - 1) {
        int r = __builtin_ctz(m);
        IRRef ref = c->owner[r];

        if (ref) {
            if (x86_lives_past(c, ref)) {
                ra_secure(c, ref);
            }
            ra_drop(c, r);
        }
    }
}

/* ---- Constants behind the code ---- */

X86Mem x86_pool(X86Comp *c, uint64_t high, uint64_t low)
{
    c->pool_pending = (V128){ .d = { low, high } };
    return X86_MEM(X86_RIP, 0);
}

void x86_pool_settle(X86Comp *c, X86Mem mem, unsigned imm_bytes)
{
    if (mem.base == X86_RIP) {
        X86PoolFix fix = { x86_here(&c->as) - 4 - imm_bytes, c->pool_pending, imm_bytes };

        g_array_append_val(c->pool, fix);
    }
}
