/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots: noting where values are, writing dirty slots in exit code, and giving guest state back
 * from a restore point.
 *
 * A restore point's number is the offset (from the thunks) of a record in the code cache, behind
 * the block's code: {distance back to the block's header, index}.  The header holds the pointer to
 * the block's X86Meta.  So numbers need no allocation, no lock, and vanish with the block.
 *
 * Slots of one snapshot are a parallel assignment: a slot may take the old value of another slot.
 */
#include <string.h>
#include "x86-backend.h"

static unsigned type_size(unsigned type)
{
    return type == IR_V128 ? 16 : type == IR_I32 ? 4 : 8;
}

static X86Loc loc_in_memory(const X86Comp *c, IRRef ref)
{
    const X86Val *v = &c->vals[ref];
    X86Loc loc = x86_loc(c, ref);

    if (loc.kind == LOC_GPR || loc.kind == LOC_XMM) {
        if (v->spill >= 0) {
            loc.kind = LOC_SPILL;
            loc.at = v->spill;
        } else if (v->home == HOME_ENV) {
            loc.kind = LOC_ENV;
            loc.at = (int32_t)v->env;
        }
    }
    return loc;
}

void x86_capture(X86Comp *c, uint32_t snap, bool in_memory, uint32_t *first, uint32_t *count)
{
    const IRSnapshot *s = &g_array_index(c->block->snapshots, IRSnapshot, snap - 1);
    const IRSnapEntry *e = &g_array_index(c->block->snap_entries, IRSnapEntry, s->first);

    *first = c->caps->len;
    *count = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        X86SnapEntry cap = { .slot = e[i].slot, .ref = e[i].ref };

        cap.loc = in_memory ? loc_in_memory(c, e[i].ref) : x86_loc(c, e[i].ref);
        cap.possible = 14 & ~c->vals[e[i].ref].excluded;
        if (cap.loc.kind == LOC_SUNK) {
            const IRInsn *in = x86_insn(c, e[i].ref);
            IRRef refs[3] = { in->a, in->b, in->c };

            for (unsigned k = 0; k < 3; k++) {
                if (refs[k]) {
                    cap.ops[k] = in_memory ? loc_in_memory(c, refs[k]) : x86_loc(c, refs[k]);
                }
            }
        }
        g_array_append_val(c->caps, cap);
    }
}

/* ---- Writing slots ---- */

static uint32_t loc_reg(X86Loc loc)
{
    return loc.kind == LOC_GPR || loc.kind == LOC_XMM ? BIT(loc.at) : 0;
}

/* Up to two scratch GPRs outside `used`; those that hold something are saved in the frame. */
typedef struct Scratch { int reg[2]; bool saved[2]; } Scratch;

static void scratch_begin(X86Comp *c, Scratch *s, uint32_t used)
{
    uint32_t taken = used;

    for (unsigned i = 0; i < 2; i++) {
        uint32_t free = GPR_ALL & ~taken;

        s->saved[i] = !free;
        if (!free) {
            free = GPR_ALL & ~(i ? BIT(s->reg[0]) : 0);
        }
        s->reg[i] = __builtin_ctz(free);
        taken |= BIT(s->reg[i]);
        if (s->saved[i]) {
            x86_rm(&c->as, X_MOV_STORE | X86_W, s->reg[i], X86_MEM(RSP, 40 + 8 * i));
        }
    }
}

static void scratch_end(X86Comp *c, Scratch *s)
{
    for (unsigned i = 0; i < 2; i++) {
        if (s->saved[i]) {
            x86_rm(&c->as, X_MOV_LOAD | X86_W, s->reg[i], X86_MEM(RSP, 40 + 8 * i));
        }
    }
}

/* A register that `loc` lives in may be a saved scratch: then it is read from the frame. */
static X86Loc scratch_fix(const Scratch *s, X86Loc loc)
{
    for (unsigned i = 0; i < 2; i++) {
        if (s->saved[i] && loc.kind == LOC_GPR && loc.at == s->reg[i]) {
            loc.kind = LOC_SPILL;
            loc.at = 40 + 8 * (int)i;
        }
    }
    return loc;
}

static void copy_words(X86Comp *c, X86Mem to, X86Mem from, unsigned size, int t)
{
    for (unsigned at = 0; at < size; at += 8) {
        X86Op w = size == 4 ? 0 : X86_W;
        X86Mem f = from, d = to;

        f.disp += (int)at;
        d.disp += (int)at;
        x86_rm(&c->as, X_MOV_LOAD | w, t, f);
        x86_rm(&c->as, X_MOV_STORE | w, t, d);
    }
}

static void store_imm(X86Comp *c, X86Mem to, uint64_t k, unsigned size, int t)
{
    if (size == 4 || (int64_t)k == (int32_t)k) {
        x86_mov_mi(&c->as, size == 4 ? 0 : X86_W, to, (int32_t)k);
    } else {
        x86_mov_ri(&c->as, t, k);
        x86_rm(&c->as, X_MOV_STORE | X86_W, t, to);
    }
}

static void write_plain(X86Comp *c, const X86SnapEntry *e, X86Loc loc, int t)
{
    uint32_t offset = c->target->slots[e->slot].offset;
    unsigned size = type_size(loc.type);

    switch (loc.kind) {
    case LOC_GPR:
        x86_rm(&c->as, X_MOV_STORE | x86_w(loc.type), loc.at, x86_env(offset));
        break;
    case LOC_XMM:
        x86_vst(c, loc.type == IR_V128 ? X_MOVUPS_ST : X_MOVQ_ST, loc.at, x86_env(offset));
        break;
    case LOC_SPILL:
        copy_words(c, x86_env(offset), X86_MEM(RSP, loc.at), size, t);
        break;
    case LOC_ENV:
        copy_words(c, x86_env(offset), x86_env((uint32_t)loc.at), size, t);
        break;
    case LOC_CONST:
        store_imm(c, x86_env(offset), c->vals[loc.at].k, size, t);
        break;
    case LOC_VCONST: {
        const V128 *v = &g_array_index(c->block->v128_pool, V128, x86_insn(c, (IRRef)loc.at)->imm);

        store_imm(c, x86_env(offset), v->d[0], 8, t);
        store_imm(c, x86_env(offset + 8), v->d[1], 8, t);
        break;
    }
    default:
        g_assert_not_reached();
    }
}

/* dst |= SO. */
static void or_so(X86Comp *c, int dst, X86Loc so)
{
    if (so.kind == LOC_GPR) {
        x86_alu_rr(&c->as, 0, X_OR, dst, so.at);
    } else if (so.kind == LOC_CONST) {
        if (c->vals[so.at].k) {
            x86_alu_ri(&c->as, 0, X_OR, dst, 1);
        }
    } else {
        x86_alu_rm(&c->as, 0, X_OR, dst,
                   so.kind == LOC_SPILL ? X86_MEM(RSP, so.at) : x86_env((uint32_t)so.at));
    }
}

/* CR field of a comparison that can have only one outcome here. */
static void write_known_field(X86Comp *c, X86Mem to, unsigned field, X86Loc so, int t)
{
    if (so.kind == LOC_CONST) {
        x86_mov_mi(&c->as, 0, to, (int32_t)(field | (c->vals[so.at].k & 1)));
        return;
    }
    x86_mov_ri(&c->as, t, field);
    or_so(c, t, so);
    x86_rm(&c->as, X_MOV_STORE, t, to);
}

/* After a compare, when only two of the three outcomes are possible. */
static void choose_of_two(X86Comp *c, bool is_unsigned, unsigned possible, int dst, int temp)
{
    unsigned other = possible & 8 ? 8 : 4, first = possible & ~other;

    x86_mov_ri(&c->as, dst, first);
    x86_mov_ri(&c->as, temp, other);
    x86_rr(&c->as,
           X_CMOV + (other == 8 ? (is_unsigned ? CC_B : CC_L) : (is_unsigned ? CC_A : CC_G)), dst,
           temp);
}

static void write_sunk(X86Comp *c, const X86SnapEntry *e, const X86Loc *ops, const int *t)
{
    const IRInsn *in = x86_insn(c, e->ref);
    X86Mem to = x86_env(c->target->slots[e->slot].offset);
    unsigned n_possible = (unsigned)__builtin_popcount(e->possible);

    if (in->op == IR_CRCMP && n_possible == 1) {
        write_known_field(c, to, e->possible, ops[2], t[0]);
        return;
    }

    if (in->op == IR_MKHI) {
        X86Mem hi = to;

        hi.disp += 8;
        if (ops[0].kind == LOC_XMM) {
            x86_vst(c, X_MOVQ_ST, ops[0].at, hi);
        } else {
            x86_load_loc(c, ops[0], t[0]);
            x86_rm(&c->as, X_MOV_STORE | X86_W, t[0], hi);
        }
        x86_mov_mi(&c->as, X86_W, to, 0);
        return;
    }

    X86Op w = x86_w(in->aux & 0xff);
    int a = t[0], b = t[1];
    int32_t k;

    if (ops[0].kind == LOC_GPR) {
        a = ops[0].at;
    } else {
        x86_load_loc(c, ops[0], a);
    }
    bool b_imm = x86_const_i32(c, in->b, &k);
    bool test = in->op == IR_SETCOND && (in->imm == IRC_TSTZ || in->imm == IRC_TSTNZ);

    if (ops[1].kind == LOC_GPR) {
        b = ops[1].at;
    } else if (!b_imm) {
        x86_load_loc(c, ops[1], b);
    }
    if (test) {
        if (b_imm) {
            x86_test_ri(&c->as, w, a, k);
        } else {
            x86_rr(&c->as, X_TEST | w, b, a);
        }
    } else if (b_imm) {
        x86_alu_ri(&c->as, w, X_CMP, a, k);
    } else {
        x86_alu_rr(&c->as, w, X_CMP, a, b);
    }
    if (in->op == IR_SETCOND) {
        x86_setcc(&c->as, x86_cc((IRCond)in->imm), t[0]);
        x86_rr(&c->as, X_MOVZX8 | X86_B8, t[0], t[0]);
    } else {
        if (n_possible == 2) {
            choose_of_two(c, in->imm != 0, e->possible, t[0], t[1]);
        } else {
            x86_crcmp_bits(&c->as, in->imm != 0, t[0], t[1]);
        }
        or_so(c, t[0], ops[2]);
    }
    x86_rm(&c->as, X_MOV_STORE, t[0], to);
}

/* Is that part of env written by one of the entries? */
static bool is_written(const X86Comp *c, const X86SnapEntry *e, uint32_t count, X86Loc loc)
{
    if (loc.kind != LOC_ENV) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const IRSlotDesc *slot = &c->target->slots[e[i].slot];

        if ((uint32_t)loc.at < slot->offset + type_size(slot->type) &&
            slot->offset < (uint32_t)loc.at + type_size(loc.type)) {
            return true;
        }
    }
    return false;
}

/* Old values that are being moved out of the way of slots, and the registers that hold them. */
typedef struct Moved { int32_t at; uint8_t type, reg; } Moved;

/* A free register with the value that lies in env at loc, or -1. */
static int move_to_register(X86Comp *c, X86Loc loc, Moved *moved, unsigned *n_moved, uint32_t *used)
{
    for (unsigned i = 0; i < *n_moved; i++) {
        if (moved[i].at == loc.at && moved[i].type == loc.type) {
            return moved[i].reg;
        }
    }
    uint32_t free = GPR_ALL & ~*used;

    if (!free || loc.type == IR_V128) {
        return -1;
    }
    int reg = __builtin_ctz(free);

    x86_rm(&c->as, X_MOV_LOAD | x86_w(loc.type), reg, x86_env((uint32_t)loc.at));
    *used |= BIT(reg);
    moved[(*n_moved)++] = (Moved){ loc.at, loc.type, (uint8_t)reg };
    return reg;
}

void x86_write_slots(X86Comp *c, uint32_t first, uint32_t count, uint32_t busy)
{
    if (count == 0) {
        return;
    }
    X86SnapEntry e[IR_MAX_SLOTS];
    uint32_t used = busy, sunk_used = busy;
    int32_t spill_top = c->spill_top;
    unsigned n_sunk = 0, n_moved = 0;
    Moved moved[16];
    Scratch s;

    g_assert(count <= IR_MAX_SLOTS);
    memcpy(e, &g_array_index(c->caps, X86SnapEntry, first), count * sizeof(*e));
    for (uint32_t i = 0; i < count; i++) {
        used |= loc_reg(e[i].loc);
        if (e[i].loc.kind == LOC_SUNK) {
            n_sunk++;
            for (unsigned k = 0; k < 3; k++) {
                sunk_used |= loc_reg(e[i].ops[k]);
            }
        }
    }
    used |= sunk_used;
    scratch_begin(c, &s, used);
    used |= BIT(s.reg[0]) | BIT(s.reg[1]);
    /* Old values of slots that are about to be written go to free registers or the frame first. */
    for (uint32_t i = 0; i < count; i++) {
        X86Loc *locs[4] = { &e[i].loc, &e[i].ops[0], &e[i].ops[1], &e[i].ops[2] };

        for (unsigned k = 0; k < 4; k++) {
            X86Loc *loc = locs[k];

            int reg = -1;

            if (is_written(c, e, count, *loc) &&
                (reg = move_to_register(c, *loc, moved, &n_moved, &used)) >= 0) {
                loc->kind = LOC_GPR;
                loc->at = reg;
                continue;
            }
            if (is_written(c, e, count, *loc)) {
                int32_t at = (spill_top + 15) & ~15;

                spill_top = at + 16;
                g_assert(spill_top <= X86_FRAME_SIZE);
                copy_words(c, X86_MEM(RSP, at), x86_env((uint32_t)loc->at), type_size(loc->type),
                           s.reg[0]);
                loc->kind = LOC_SPILL;
                loc->at = at;
            }
            *loc = scratch_fix(&s, *loc);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (e[i].loc.kind != LOC_SUNK) {
            write_plain(c, &e[i], e[i].loc, s.reg[0]);
        }
    }
    for (uint32_t i = 0; i < count && n_sunk; i++) {
        if (e[i].loc.kind == LOC_SUNK) {
            write_sunk(c, &e[i], e[i].ops, s.reg);
        }
    }
    scratch_end(c, &s);
}

/* ---- Restore points ---- */

static X86RestoreEntry restore_entry(X86Comp *c, uint16_t slot, X86Loc loc)
{
    X86RestoreEntry r = { .slot = (uint8_t)slot, .kind = loc.kind, .type = loc.type, .at = loc.at };

    _Static_assert(IR_MAX_SLOTS <= 256, "slots are bytes here");
    if (loc.kind == LOC_CONST || loc.kind == LOC_VCONST) {
        V128 v = { .d = { c->vals[loc.at].k, 0 } };

        if (loc.kind == LOC_VCONST) {
            v = g_array_index(c->block->v128_pool, V128, x86_insn(c, (IRRef)loc.at)->imm);
        }
        r.at = (int32_t)c->consts->len;
        g_array_append_val(c->consts, v);
    }
    return r;
}

uint32_t x86_restore_point(X86Comp *c, uint32_t snap, uint32_t first, uint32_t count)
{
    const IRSnapshot *s = &g_array_index(c->block->snapshots, IRSnapshot, snap - 1);
    X86RestorePoint p = { .pc = s->pc, .first = c->entries->len, .count = count,
                          .insn_index = s->insn_index };

    for (uint32_t i = 0; i < count; i++) {
        const X86SnapEntry *e = &g_array_index(c->caps, X86SnapEntry, first + i);
        X86RestoreEntry r = restore_entry(c, e->slot, e->loc);

        if (e->loc.kind == LOC_SUNK) {
            const IRInsn *in = x86_insn(c, e->ref);
            X86SunkOp op = { .op = in->op, .cond = (uint8_t)in->imm, .type = in->aux & 0xff };

            for (unsigned k = 0; k < 3; k++) {
                op.ops[k] = restore_entry(c, 0, e->ops[k]);
            }
            r.at = (int32_t)c->sunk->len;
            g_array_append_val(c->sunk, op);
        }
        g_array_append_val(c->entries, r);
    }
    g_array_append_val(c->points, p);
    return c->points->len - 1;
}

/* Copies an array behind the struct; the most aligned come first. */
static void *meta_place(uint8_t **at, const GArray *array)
{
    void *to = *at;
    size_t size = array->len * g_array_get_element_size((GArray *)array);

    if (size) {
        memcpy(to, array->data, size);
    }
    *at += size;
    return to;
}

X86Meta *x86_meta_new(X86Comp *c)
{
    size_t head = (sizeof(X86Meta) + 15) & ~(size_t)15;
    uint8_t *at = x86_piece_new(head + c->consts->len * sizeof(V128) +
                                c->points->len * sizeof(X86RestorePoint) +
                                c->sunk->len * sizeof(X86SunkOp) +
                                c->entries->len * sizeof(X86RestoreEntry));
    X86Meta *m = (X86Meta *)at;

    _Static_assert(_Alignof(X86RestorePoint) >= _Alignof(X86SunkOp) &&
                   _Alignof(X86SunkOp) >= _Alignof(X86RestoreEntry), "order of meta_place calls");
    at += head;
    m->n_points = c->points->len;
    m->page_relative = c->block->page_relative;
    m->consts = meta_place(&at, c->consts);
    m->points = meta_place(&at, c->points);
    m->sunk = meta_place(&at, c->sunk);
    m->entries = meta_place(&at, c->entries);
    return m;
}

void x86_meta_free(X86Meta *m)
{
    x86_piece_free(m);
}

static TCGCPUState *env_tcg(void *env)
{
    return (TCGCPUState *)((char *)env + x86_state.target->tcg_offset);
}

static V128 restore_value(char *env, const TCGCPUState *t, const X86Meta *m,
                          const X86RestoreEntry *r)
{
    V128 v = { .d = { 0, 0 } };

    switch (r->kind) {
    case LOC_GPR:
        v.d[0] = t->save_gpr[r->at];
        break;
    case LOC_XMM:
        v = t->save_xmm[r->at - XMM0];
        break;
    case LOC_SPILL:
        memcpy(&v, (char *)t->frame + r->at, type_size(r->type));
        break;
    case LOC_ENV:
        memcpy(&v, env + r->at, type_size(r->type));
        break;
    case LOC_CONST:
    case LOC_VCONST:
        v = m->consts[r->at];
        break;
    case LOC_SUNK: {
        const X86SunkOp *op = &m->sunk[r->at];
        uint64_t k[3];

        for (unsigned i = 0; i < 3; i++) {
            k[i] = op->ops[i].kind ? restore_value(env, t, m, &op->ops[i]).d[0] : 0;
        }
        if (op->op == IR_MKHI) {
            v.d[1] = k[0];
            break;
        }
        int64_t sa = (int64_t)k[0], sb = (int64_t)k[1];

        if (op->type == IR_I32) {
            k[0] = (uint32_t)k[0];
            k[1] = (uint32_t)k[1];
            sa = (int32_t)sa;
            sb = (int32_t)sb;
        }
        if (op->op == IR_CRCMP) {
            bool less = op->cond ? k[0] < k[1] : sa < sb;

            v.d[0] = (k[0] == k[1] ? 2u : less ? 8u : 4u) | (k[2] & 1);
            break;
        }
        bool on = false;

        switch (op->cond & ~1) {
        case IRC_EQ: on = k[0] == k[1]; break;
        case IRC_LT: on = sa < sb; break;
        case IRC_LE: on = sa <= sb; break;
        case IRC_LTU: on = k[0] < k[1]; break;
        case IRC_LEU: on = k[0] <= k[1]; break;
        case IRC_TSTZ: on = (k[0] & k[1]) == 0; break;
        }
        v.d[0] = on ^ (op->cond & 1);
        break;
    }
    default:
        break;
    }
    return v;
}

static const X86RestorePoint *find_point(uint32_t restore_point, const X86Meta **meta)
{
    const uint8_t *record = x86_state.exec + (int32_t)restore_point;
    uint32_t back, index;

    memcpy(&back, record, 4);
    memcpy(&index, record + 4, 4);
    memcpy(meta, record - back, sizeof(*meta));
    g_assert(index < (*meta)->n_points);
    return &(*meta)->points[index];
}

void x86_restore(void *env, uint32_t restore_point)
{
    const X86Meta *m;
    const X86RestorePoint *p = find_point(restore_point, &m);
    TCGCPUState *t = env_tcg(env);
    V128 values[IR_MAX_SLOTS];

    g_assert(p->count <= IR_MAX_SLOTS);
    for (uint32_t i = 0; i < p->count; i++) {
        values[i] = restore_value(env, t, m, &m->entries[p->first + i]);
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const IRSlotDesc *slot = &x86_state.target->slots[m->entries[p->first + i].slot];

        memcpy((char *)env + slot->offset, &values[i], type_size(slot->type));
    }
    t->pc = m->page_relative ? (t->pc & TCG_PAGE_MASK) | (p->pc & ~TCG_PAGE_MASK) : p->pc;
}

uint32_t x86_restore_insn_index(void *env, uint32_t restore_point)
{
    const X86Meta *m;

    return find_point(restore_point, &m)->insn_index;
}
