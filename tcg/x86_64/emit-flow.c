/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest state, calls and exits.
 *
 * A constant exit is a jmp whose 32-bit displacement is aligned, so that chaining is one store;
 * until chained it goes to a stub that hands the exit's TCGExitSite to the loop.  Indirect exits
 * look into the jump cache inline.
 */
#include "x86-backend.h"

#define CALLER_SAVED (GPR_ALL & ~GPR_CALL_SAVED)

/* ---- Slots and env ---- */

static void emit_get(X86Comp *c, const IRInsn *in)
{
    uint32_t offset = c->target->slots[in->imm].offset;

    x86_set_env_home(c, c->cur, in->op == IR_GETHI ? offset + 8 : offset);
}

static void emit_store_env(X86Comp *c, const IRInsn *in, uint32_t offset, unsigned size)
{
    X86Asm *as = &c->as;
    X86Mem mem = x86_env(offset);
    uint64_t k;

    if (in->type == IR_V128) {
        x86_vst(c, X_MOVUPS_ST, x86_use(c, in->a, XMM_ALL), mem);
        return;
    }
    if (in->type == IR_F64) {
        x86_vst(c, X_MOVQ_ST, x86_use(c, in->a, XMM_ALL), mem);
        return;
    }
    if (x86_const(c, in->a, &k) && (size < 8 || (int64_t)k == (int32_t)k)) {
        switch (size) {
        case 1: x86_mov_mi8(as, mem, (uint8_t)k); break;
        case 2: x86_mov_mi16(as, mem, (uint16_t)k); break;
        case 4: x86_mov_mi(as, 0, mem, (int32_t)k); break;
        default: x86_mov_mi(as, X86_W, mem, (int32_t)k); break;
        }
        return;
    }
    int reg = x86_use(c, in->a, GPR_ALL);

    switch (size) {
    case 1: x86_rm(as, X_MOV_STORE8 | X86_B8, reg, mem); break;
    case 2: x86_rm(as, X_MOV_STORE | X86_66, reg, mem); break;
    case 4: x86_rm(as, X_MOV_STORE, reg, mem); break;
    default:
        if (in->type == IR_I32) {
            x86_mov_rr(as, 0, reg, reg);
        }
        x86_rm(as, X_MOV_STORE | X86_W, reg, mem);
        break;
    }
}

static void emit_put(X86Comp *c, const IRInsn *in)
{
    const IRSlotDesc *slot = &c->target->slots[in->imm];
    unsigned size = slot->type == IR_V128 ? 16 : slot->type == IR_I32 ? 4 : 8;

    x86_env_clobber(c, slot->offset, size);
    emit_store_env(c, in, slot->offset, size);
    if (c->vals[in->a].home == HOME_NONE && !c->vals[in->a].sunk) {
        x86_set_env_home(c, in->a, slot->offset);
    }
}

static void emit_ldenv(X86Comp *c, const IRInsn *in)
{
    unsigned size = in->aux & ~IRENV_SIGN;
    bool sign = in->aux & IRENV_SIGN;
    X86Mem mem = x86_env((uint32_t)in->imm);
    X86Op w = x86_w(in->type);

    if (in->type == IR_V128 || in->type == IR_F64) {
        x86_v2m(c, in->type == IR_V128 ? X_MOVUPS : X_MOVQ_LD, x86_def(c, XMM_ALL, -1), mem);
        return;
    }
    int dst = x86_def(c, GPR_ALL, -1);

    switch (size) {
    case 1: x86_rm(&c->as, sign ? X_MOVSX8 | w : X_MOVZX8, dst, mem); break;
    case 2: x86_rm(&c->as, sign ? X_MOVSX16 | w : X_MOVZX16, dst, mem); break;
    case 4: x86_rm(&c->as, sign && w ? X_MOVSXD | X86_W : X_MOV_LOAD, dst, mem); break;
    default: x86_rm(&c->as, X_MOV_LOAD | w, dst, mem); break;
    }
}

/* ---- C calls ---- */

typedef struct Move { int dst, src; unsigned type; } Move;

/* Registers to registers, all at once; RAX breaks cycles. */
static void parallel_moves(X86Comp *c, Move *m, unsigned n)
{
    while (n > 0) {
        bool moved = false;

        for (unsigned i = 0; i < n; i++) {
            bool blocked = false;

            for (unsigned k = 0; k < n; k++) {
                blocked |= k != i && m[k].src == m[i].dst;
            }
            if (!blocked) {
                if (m[i].src >= XMM0) {
                    x86_movq_rx(c, m[i].dst, m[i].src);
                } else if (m[i].src != m[i].dst || m[i].type == IR_I32) {
                    x86_mov_rr(&c->as, x86_w(m[i].type), m[i].dst, m[i].src);
                }
                m[i] = m[--n];
                moved = true;
                break;
            }
        }
        if (!moved) {
            int from = m[0].src;

            x86_mov_rr(&c->as, X86_W, RAX, from);
            for (unsigned k = 0; k < n; k++) {
                if (m[k].src == from) {
                    m[k].src = RAX;
                }
            }
        }
    }
}

static void load_args(X86Comp *c, unsigned n, const X86Arg *args, int32_t result_slot)
{
    static const uint8_t regs[6] = { RDI, RSI, RDX, RCX, R8, R9 };
    Move moves[X86_MAX_CARGS];
    unsigned n_moves = 0;

    /* Arguments past the sixth lie at the bottom of the frame: done first, through RAX. */
    for (unsigned i = 6; i < n; i++) {
        X86Mem to = X86_MEM(RSP, 8 * (i - 6));

        switch (args[i].kind) {
        case ARG_VALUE:
            if (x86_insn(c, args[i].ref)->type == IR_V128) {
                x86_rm(&c->as, X_LEA | X86_W, RAX, x86_spill_mem(c, args[i].ref));
            } else {
                X86Loc loc = x86_loc(c, args[i].ref);

                if (loc.kind == LOC_GPR && loc.at == RAX) {
                    x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, to);
                    continue;
                }
                /* RAX may hold another argument. */
                x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, X86_MEM(RSP, 32));
                x86_load_loc(c, loc, RAX);
                x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, to);
                x86_rm(&c->as, X_MOV_LOAD | X86_W, RAX, X86_MEM(RSP, 32));
                continue;
            }
            break;
        case ARG_IMM:
            x86_mov_mi(&c->as, X86_W, to, (int32_t)args[i].imm);
            continue;
        default:
            g_assert_not_reached();
        }
        x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, to);
    }
    n = MIN(n, 6u);
    for (unsigned i = 0; i < n; i++) {
        if (args[i].kind == ARG_VALUE && x86_insn(c, args[i].ref)->type != IR_V128) {
            X86Loc loc = x86_loc(c, args[i].ref);

            if (loc.kind == LOC_GPR || loc.kind == LOC_XMM) {
                moves[n_moves++] = (Move){ regs[i], loc.at, loc.type };
            }
        }
    }
    parallel_moves(c, moves, n_moves);
    for (unsigned i = 0; i < n; i++) {
        switch (args[i].kind) {
        case ARG_ENV:
            x86_rm(&c->as, X_LEA | X86_W, regs[i], X86_MEM(RBP, -X86_ENV_BIAS));
            break;
        case ARG_IMM:
            x86_mov_ri(&c->as, regs[i], args[i].imm);
            break;
        case ARG_FRAME:
            x86_rm(&c->as, X_LEA | X86_W, regs[i], X86_MEM(RSP, args[i].imm));
            break;
        case ARG_RESULT:
            x86_rm(&c->as, X_LEA | X86_W, regs[i], X86_MEM(RSP, result_slot));
            break;
        case ARG_VALUE:
            if (x86_insn(c, args[i].ref)->type == IR_V128) {
                x86_rm(&c->as, X_LEA | X86_W, regs[i], x86_spill_mem(c, args[i].ref));
            } else {
                X86Loc loc = x86_loc(c, args[i].ref);

                if (loc.kind != LOC_GPR && loc.kind != LOC_XMM) {
                    x86_load_loc(c, loc, regs[i]);
                }
            }
            break;
        }
    }
}

/* Snapshot values must be findable while C runs: not in registers. */
static void spill_snapshot(X86Comp *c, uint32_t snap)
{
    const IRSnapshot *s = &g_array_index(c->block->snapshots, IRSnapshot, snap - 1);
    const IRSnapEntry *e = &g_array_index(c->block->snap_entries, IRSnapEntry, s->first);

    for (uint32_t i = 0; i < s->count; i++) {
        if (c->vals[e[i].ref].sunk) {
            const IRInsn *in = x86_insn(c, e[i].ref);
            IRRef refs[3] = { in->a, in->b, in->c };

            for (unsigned k = 0; k < 3; k++) {
                if (refs[k]) {
                    x86_ensure_spilled(c, refs[k]);
                }
            }
        } else {
            x86_ensure_spilled(c, e[i].ref);
        }
    }
}

void x86_ccall(X86Comp *c, const void *fn, unsigned n, const X86Arg *args, unsigned result,
               unsigned flags, uint32_t snap)
{
    X86Asm *as = &c->as;
    int32_t result_slot = -1;
    bool control_word = !(flags & IRH_PURE) && !c->vmx;

    g_assert(n <= X86_MAX_CARGS);
    if (flags & IRH_WRITES_SLOTS) {
        x86_env_clobber(c, 0, c->target->env_size);
    }
    for (unsigned i = 0; i < n; i++) {
        if (args[i].kind == ARG_VALUE && x86_insn(c, args[i].ref)->type == IR_V128) {
            x86_force_spill(c, args[i].ref);
        }
    }
    if (snap) {
        spill_snapshot(c, snap);
    }
    if (result == IR_V128) {
        result_slot = x86_spill_slot(c, IR_V128);
    }
    x86_secure_all(c, CALLER_SAVED | XMM_ALL);
    load_args(c, n, args, result_slot);
    if (snap) {
        uint32_t first, count;

        x86_capture(c, snap, true, &first, &count);
        uint32_t point = x86_restore_point(c, snap, first, count);

        x86_mov_mi(as, 0, TCGF(c, restore_point), 0);
        X86PointFix fix = { x86_here(as) - 4, point };

        g_array_append_val(c->point_fixes, fix);
    }
    if (control_word) {
        x86_stmxcsr(as, TCGF(c, mxcsr_fp));
    }
    if (x86_reaches(as, fn)) {
        x86_call_abs(as, fn);
    } else {
        x86_mov_ri(as, RAX, (uint64_t)(uintptr_t)fn);
        x86_call_r(as, RAX);
    }
    if (control_word) {
        x86_ldmxcsr(as, TCGF(c, mxcsr_fp));
    }
    x86_evict_all(c, CALLER_SAVED | XMM_ALL);
    x86_release(c);
    switch (result) {
    case IR_I32:
        /* The ABI says nothing of the upper half. */
        x86_def_at(c, RAX);
        c->vals[c->cur].dirty_upper = true;
        break;
    case IR_I64:
        x86_def_at(c, RAX);
        break;
    case IR_F64:
        x86_movq_xr(c, x86_def(c, XMM_ALL, -1), RAX);
        break;
    case IR_V128:
        x86_def_spilled(c, result_slot);
        break;
    default:
        break;
    }
}

void x86_ccall_values(X86Comp *c, const void *fn, unsigned n, const IRRef *refs, unsigned result)
{
    X86Arg args[X86_MAX_CARGS];
    unsigned k = 0;

    if (result == IR_V128) {
        args[k++] = (X86Arg){ .kind = ARG_RESULT };
    }
    for (unsigned i = 0; i < n; i++) {
        args[k++] = (X86Arg){ .kind = ARG_VALUE, .ref = refs[i] };
    }
    x86_ccall(c, fn, k, args, result, IRH_PURE, 0);
}

static void emit_call(X86Comp *c, const IRInsn *in)
{
    const IRCallSite *site = &g_array_index(c->block->calls, IRCallSite, in->imm);
    const IRHelper *h = site->helper;
    X86Arg args[X86_MAX_CARGS];
    unsigned n = 0, next = 0;

    if (h->result == IR_V128) {
        args[n++] = (X86Arg){ .kind = ARG_RESULT };
    }
    for (unsigned i = 0; i <= IR_MAX_ARGS && h->args[i] != IRA_NONE; i++) {
        if (h->args[i] == IRA_ENV) {
            args[n++] = (X86Arg){ .kind = ARG_ENV };
        } else {
            args[n++] = (X86Arg){ .kind = ARG_VALUE, .ref = site->args[next++] };
        }
    }
    x86_ccall(c, h->fn, n, args, h->result, h->flags, h->flags & IRH_RAISES ? in->snap : 0);
}

/* ---- Exits ---- */

/* Slots are written and all registers free from here on. */

void x86_guest_pc(X86Comp *c, int reg, uint64_t pc)
{
    if (!c->block->page_relative) {
        x86_mov_ri(&c->as, reg, pc);
        return;
    }
    int64_t distance = (int64_t)(pc - (c->block->pc & TCG_PAGE_MASK));

    g_assert(distance == (int32_t)distance);
    x86_rm(&c->as, X_MOV_LOAD | X86_W, reg, TCGF(c, pc));
    x86_alu_ri(&c->as, X86_W, X_AND, reg, (int32_t)TCG_PAGE_MASK);
    if (distance) {
        x86_alu_ri(&c->as, X86_W, X_ADD, reg, (int32_t)distance);
    }
}

static void leave_with_pc(X86Comp *c, uint64_t pc, const uint8_t *leave)
{
    if ((int64_t)pc == (int32_t)pc && !c->block->page_relative) {
        x86_mov_mi(&c->as, X86_W, TCGF(c, pc), (int32_t)pc);
    } else {
        x86_guest_pc(c, RAX, pc);
        x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, TCGF(c, pc));
    }
    x86_jmp_abs(&c->as, leave);
}

static void stub_pending_const(X86Comp *c, X86Stub *stub)
{
    leave_with_pc(c, (uint64_t)stub->imm, x86_state.leave_loop);
}

static void stub_pending_rax(X86Comp *c, X86Stub *stub)
{
    x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, TCGF(c, pc));
    x86_jmp_abs(&c->as, x86_state.leave_loop);
}

static void stub_unchained(X86Comp *c, X86Stub *stub)
{
    TCGExitSite *site = &c->exits[stub->imm];

    site->unchained = (uint32_t)(x86_here(&c->as) + (c->as.start + c->as.delta - x86_state.exec));
    x86_mov_ri(&c->as, RAX, (uint64_t)(uintptr_t)site);
    x86_jmp_abs(&c->as, c->block->page_relative ? x86_state.leave_chain_relative
                                                : x86_state.leave_chain);
}

static void emit_pending_check(X86Comp *c, X86Stub *stub)
{
    x86_alu_mi(&c->as, 0, X_CMP, TCGF(c, exit_request), 0);
    x86_stub_from(stub, x86_jcc(&c->as, CC_NE));
}

/* Leaves for the thunk that looks the pc up in C. */
static void lookup_unless_equal(X86Asm *as)
{
    uint32_t at = x86_jcc(as, CC_NE);

    if (!as->overflow) {
        uint32_t rel = (uint32_t)(x86_state.lookup - (as->start + as->delta + at + 4));

        memcpy(as->start + at, &rel, sizeof(rel));
    }
}

/* Jumps through the jump cache entry that rcx points to; the pc is in RAX. */
static void emit_cache_jump(X86Comp *c, X86Mem entry)
{
    X86Asm *as = &c->as;
    X86Mem m = entry;

    /* For the look-up, and for the block that is found should it be page-relative. */
    x86_rm(as, X_MOV_STORE | X86_W, RAX, TCGF(c, pc));
    m.disp = entry.disp + (int)offsetof(TCGJumpEntry, pc);
    x86_alu_rm(as, X86_W, X_CMP, RAX, m);
    lookup_unless_equal(as);
    x86_rm(as, X_MOV_LOAD | X86_W, RDX, TCGF(c, jump_key));
    m.disp = entry.disp + (int)offsetof(TCGJumpEntry, key);
    x86_alu_rm(as, X86_W, X_CMP, RDX, m);
    lookup_unless_equal(as);
    m.disp = entry.disp + (int)offsetof(TCGJumpEntry, entry);
    x86_jmp_m(as, m);
}

/* The same for the entry of the pc in RAX. */
static void emit_indexed_cache_jump(X86Comp *c)
{
    x86_rm(&c->as, X_LEA, RCX, X86_MEMX(X86_NO_REG, RAX, 3, 0));
    x86_alu_ri(&c->as, 0, X_AND, RCX, ((1 << TCG_JUMP_CACHE_BITS) - 1) << 5);
    x86_alu_rm(&c->as, X86_W, X_ADD, RCX, TCGF(c, jump_cache));
    emit_cache_jump(c, X86_MEM(RCX, 0));
}

static void leave_vmx(X86Comp *c, bool vmx)
{
    if (vmx) {
        x86_ldmxcsr(&c->as, TCGF(c, mxcsr_fp));
    }
}

static void emit_const_exit(X86Comp *c, const IRExit *ex)
{
    X86Asm *as = &c->as;

    if (ex->hints & IREXIT_BACK_EDGE) {
        X86Stub *pending = x86_stub(c, stub_pending_const);

        pending->imm = (int64_t)ex->dest;
        emit_pending_check(c, pending);
    }
    if (ex->hints & (IREXIT_NOCHAIN | IREXIT_LOOP)) {
        leave_with_pc(c, ex->dest,
                      ex->hints & IREXIT_LOOP ? x86_state.leave_loop : x86_state.leave_indirect);
        return;
    }
    if ((ex->hints & IREXIT_CROSS_PAGE) && c->block->page_relative) {
        x86_guest_pc(c, RAX, ex->dest);
        emit_indexed_cache_jump(c);
        return;
    }
    if (ex->hints & IREXIT_CROSS_PAGE) {
        uint32_t index = (uint32_t)(ex->dest >> 2) & ((1u << TCG_JUMP_CACHE_BITS) - 1);

        x86_rm(as, X_MOV_LOAD | X86_W, RCX, TCGF(c, jump_cache));
        x86_mov_ri(as, RAX, ex->dest);
        emit_cache_jump(c, X86_MEM(RCX, index * sizeof(TCGJumpEntry)));
        return;
    }
    TCGExitSite *site = &c->exits[c->n_exits];
    X86Stub *stub = x86_stub(c, stub_unchained);

    stub->imm = c->n_exits++;
    site->dest = ex->dest;
    site->hints = ex->hints;
    x86_nops(as, (unsigned)(-((uintptr_t)as->p + 1) & 3));
    uint32_t at = x86_jmp(as);

    site->patch = (uint32_t)(at + (as->start + as->delta - x86_state.exec));
    x86_stub_from(stub, at);
}

static void stub_exitif(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);

    x86_write_slots(c, stub->cap_first, stub->cap_count, 0);
    leave_vmx(c, stub->vmx);
    emit_const_exit(c, &g_array_index(c->block->exits, IRExit, in->imm));
}

/* Outcomes (as CR bits) for which a condition holds. */
static unsigned outcomes(IRCond cond)
{
    static const uint8_t holds[] = {
        [IRC_EQ] = 2, [IRC_NE] = 12, [IRC_LT] = 8, [IRC_GE] = 6, [IRC_LE] = 10, [IRC_GT] = 4,
        [IRC_LTU] = 8, [IRC_GEU] = 6, [IRC_LEU] = 10, [IRC_GTU] = 4,
    };

    return holds[cond];
}

/* Is a value of that type, as a signed number, surely not negative? */
static bool never_negative(const X86Comp *c, IRRef ref, unsigned type)
{
    const IRInsn *in = x86_insn(c, ref);
    uint64_t k;

    switch (in->op) {
    case IR_AND:
        return x86_const(c, in->b, &k) && !(type == IR_I32 ? k >> 31 & 1 : k >> 63);
    case IR_EXTRACT:
        return in->aux < (type == IR_I32 ? 32 : 64);
    case IR_EXTU:
    case IR_SETCOND:
        return true;
    case IR_QLD:
    case IR_ULD:
        return !(in->aux & MO_SIGN) && 8u << (in->aux & MO_SIZE) < (type == IR_I32 ? 32 : 64);
    default:
        return false;
    }
}

void x86_note_cr_field(X86Comp *c, IRRef ref)
{
    const IRInsn *cr = x86_insn(c, ref);
    uint64_t zero;

    if (x86_const(c, cr->b, &zero) && zero == 0 &&
        (cr->imm || never_negative(c, cr->a, cr->aux & 0xff))) {
        c->vals[ref].excluded = 8;
    }
}

/*
 * The outcomes (as CR bits) of the comparison cr that make this exit leave, if it tests the same
 * thing; 0 if that cannot be told.
 */
static unsigned exit_outcomes(const X86Comp *c, const IRInsn *in, const IRInsn *cr)
{
    IRCond cond = (IRCond)(in->aux & 0xff);
    unsigned type = in->aux >> 8;
    uint64_t zero, k, k2;

    if (cr->op != IR_CRCMP) {
        return 0;
    }
    if (cond <= IRC_GTU) {
        bool same = cr->a == in->a && cr->b == in->b && (cr->aux & 0xff) == type &&
                    (cond <= IRC_NE || (cond >= IRC_LTU) == (cr->imm != 0));

        return same ? outcomes(cond) : 0;
    }
    /* A test of bits whose AND is compared with zero. */
    const IRInsn *x = x86_insn(c, cr->a);
    bool same = false;

    if ((cr->aux & 0xff) == type && x86_const(c, cr->b, &zero) && zero == 0) {
        if (x->op == IR_AND) {
            same =
                x->a == in->a &&
                (x->b == in->b || (x86_const(c, x->b, &k) && x86_const(c, in->b, &k2) && k == k2));
        } else if (x->op == IR_EXTRACT && x->a == in->a && x86_const(c, in->b, &k)) {
            same = k == (x->aux == 64 ? UINT64_MAX : (UINT64_C(1) << x->aux) - 1) << x->imm;
        }
    }
    return same ? outcomes(cond == IRC_TSTZ ? IRC_EQ : IRC_NE) : 0;
}

/* A CR field set by the comparison that this exit tests: each side knows something of it. */
static void narrow_cr_fields(X86Comp *c, const IRInsn *in, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        X86SnapEntry *e = &g_array_index(c->caps, X86SnapEntry, i);
        if (e->loc.kind != LOC_SUNK) {
            continue;
        }
        unsigned leaves = exit_outcomes(c, in, x86_insn(c, e->ref));

        if (!leaves) {
            continue;
        }
        unsigned taken = e->possible & leaves, left = e->possible & ~leaves;

        /* Nothing left: that side cannot be reached, and any code will do. */
        if (left) {
            c->vals[e->ref].excluded = 14 & ~left;
        }
        if (taken) {
            e->possible = taken;
        }
    }
}

static void emit_exitif(X86Comp *c, const IRInsn *in)
{
    X86CC cc = x86_compare(c, (IRCond)(in->aux & 0xff), in->aux >> 8, in->a, in->b);
    X86Stub *stub = x86_stub(c, stub_exitif);

    stub->insn = c->cur;
    x86_capture(c, in->snap, false, &stub->cap_first, &stub->cap_count);
    narrow_cr_fields(c, in, stub->cap_first, stub->cap_count);
    x86_stub_from(stub, x86_jcc(&c->as, cc));
}

static void write_snapshot(X86Comp *c, const IRInsn *in, uint32_t busy)
{
    uint32_t first, count;

    x86_capture(c, in->snap, false, &first, &count);
    x86_write_slots(c, first, count, busy);
}

static void emit_exitind(X86Comp *c, const IRInsn *in)
{
    X86Asm *as = &c->as;
    const IRExit *ex = &g_array_index(c->block->exits, IRExit, in->imm);
    int ra = x86_use(c, in->a, GPR_ALL);

    write_snapshot(c, in, BIT(ra));
    leave_vmx(c, c->vmx);
    if (ra != RAX) {
        x86_mov_rr(as, X86_W, RAX, ra);
    }
    if (in->op == IR_EXITLPI) {
        x86_rm(as, X_MOV_STORE | X86_W, RAX, TCGF(c, pc));
        x86_jmp_abs(as, x86_state.leave_loop);
        return;
    }
    emit_pending_check(c, x86_stub(c, stub_pending_rax));
    if (ex->hints & IREXIT_NOCHAIN) {
        x86_rm(as, X_MOV_STORE | X86_W, RAX, TCGF(c, pc));
        x86_jmp_abs(as, x86_state.leave_indirect);
        return;
    }
    emit_indexed_cache_jump(c);
}

static void emit_fpmode(X86Comp *c, const IRInsn *in)
{
    bool enter = in->imm != 0;

    if (enter && !c->vmx) {
        x86_stmxcsr(&c->as, TCGF(c, mxcsr_fp));
        x86_ldmxcsr(&c->as, TCGF(c, mxcsr_vmx));
    } else if (!enter && c->vmx) {
        x86_ldmxcsr(&c->as, TCGF(c, mxcsr_fp));
    }
    c->vmx = enter;
}

bool x86_emit_flow(X86Comp *c, const IRInsn *in)
{
    switch (in->op) {
    case IR_NOP:
    case IR_KI32:
    case IR_KI64:
    case IR_KV128:
        return true;
    case IR_GET:
    case IR_GETHI: emit_get(c, in); return true;
    case IR_PUT: emit_put(c, in); return true;
    case IR_LDENV: emit_ldenv(c, in); return true;
    case IR_STENV: emit_store_env(c, in, (uint32_t)in->imm, in->aux); return true;
    case IR_CALL: emit_call(c, in); return true;
    case IR_FENCE:
        if (in->imm == IRFENCE_FULL) {
            /* lock addl $0, (%rsp): cheaper than mfence, same order for ordinary memory. */
            x86_byte(&c->as, 0xf0);
            x86_alu_mi(&c->as, 0, X_ADD, X86_MEM(RSP, 0), 0);
        }
        return true;
    case IR_FPMODE: emit_fpmode(c, in); return true;
    case IR_EXITIF: emit_exitif(c, in); return true;
    case IR_EXIT:
        write_snapshot(c, in, 0);
        leave_vmx(c, c->vmx);
        emit_const_exit(c, &g_array_index(c->block->exits, IRExit, in->imm));
        return true;
    case IR_EXITIND:
    case IR_EXITLPI: emit_exitind(c, in); return true;
    case IR_EXITLOOP:
        write_snapshot(c, in, 0);
        leave_vmx(c, c->vmx);
        leave_with_pc(c, g_array_index(c->block->exits, IRExit, in->imm).dest,
                      x86_state.leave_loop);
        return true;
    case IR_UNREACH:
        x86_byte(&c->as, 0x0f);   /* ud2 */
        x86_byte(&c->as, 0x0b);
        return true;
    default:
        return false;
    }
}
