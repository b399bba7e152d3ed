/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: inline TLB look-up, grouped accesses, compare-and-swap, and their slow paths.
 *
 * The look-up indexes by the first byte's page and compares the tag with the page of the last byte,
 * so that an access which crosses a page misses; aligned accesses keep the low address bits in the
 * comparison instead, so that misaligned ones miss.  Order within an op: operands, temporaries,
 * stub and capture, release, result register, and only then code that branches (an eviction on one
 * side of a branch would be missing on the other).
 */
#include "x86-backend.h"

enum { MO_IS_WRITE = 1u << 31 };

static unsigned mo_bytes(unsigned mop)
{
    return 1u << (mop & MO_SIZE);
}

/*
 * t0 = TLB entry of ra + disp (ra holds `base`); jumps to the stub on a miss.  last: distance of
 * the last byte; align: low bits that must be clear.
 */
static void emit_tlb(X86Comp *c, IRRef base, int ra, int32_t disp, int64_t last, unsigned align,
                     unsigned mmu, bool write, int t0, int t1, X86Stub *stub)
{
    X86Asm *as = &c->as;
    size_t fast = offsetof(TCGCPUState, tlb) + mmu * sizeof(TCGTLBFast);
    uint64_t k = 0;
    bool known = x86_const(c, base, &k);

    k += (uint64_t)(int64_t)disp;
    if (known) {
        x86_mov_ri(as, t0, k >> (TCG_PAGE_BITS - 5));
    } else if (disp) {
        x86_rm(as, X_LEA | X86_W, t0, X86_MEM(ra, disp));
        x86_shift_ri(as, X86_W, X_SHR, t0, TCG_PAGE_BITS - 5);
    } else if (x86_has(c, X86_F_BMI2)) {
        x86_vrr_i8(as, X_RORX | X86_W, t0, 0, ra, TCG_PAGE_BITS - 5);
    } else {
        x86_mov_rr(as, X86_W, t0, ra);
        x86_shift_ri(as, X86_W, X_SHR, t0, TCG_PAGE_BITS - 5);
    }
    if (align) {
        last = 0;
    }
    if (known) {
        x86_mov_ri(as, t1, (k + (uint64_t)last) & (TCG_PAGE_MASK | align));
    } else if (disp + last) {
        x86_rm(as, X_LEA | X86_W, t1, X86_MEM(ra, disp + last));
    } else {
        x86_mov_rr(as, X86_W, t1, ra);
    }
    x86_alu_rm(as, X86_W, X_AND, t0, x86_tcg(c, fast + offsetof(TCGTLBFast, mask)));
    if (!known) {
        x86_alu_ri(as, X86_W, X_AND, t1, (int32_t)(TCG_PAGE_MASK | align));
    }
    x86_alu_rm(as, X86_W, X_ADD, t0, x86_tcg(c, fast + offsetof(TCGTLBFast, table)));
    x86_alu_rm(as, X86_W, X_CMP, t1,
               X86_MEM(t0, write ? offsetof(TCGTLBEntry, write) : offsetof(TCGTLBEntry, read)));
    x86_stub_from(stub, x86_jcc(as, CC_NE));
}

static void emit_addend(X86Comp *c, int dst, int t0)
{
    x86_rm(&c->as, X_MOV_LOAD | X86_W, dst, X86_MEM(t0, offsetof(TCGTLBEntry, addend)));
}

/* ---- The host access itself ---- */

static X86Mem pool_reverse16(X86Comp *c)
{
    return x86_pool(c, UINT64_C(0x0001020304050607), UINT64_C(0x08090a0b0c0d0e0f));
}

static void rol16_by_8(X86Asm *as, int reg)
{
    x86_rr_i8(as, 0xc1 | X86_66, X_ROL, reg, 8);
}

/* dst: result register by type; t: scratch GPR (f64 with byte swap). */
static void emit_host_load(X86Comp *c, unsigned type, unsigned mop, int dst, X86Mem mem, int t)
{
    X86Asm *as = &c->as;
    bool swap = mop & MO_BSWAP, sign = mop & MO_SIGN, movbe = x86_has(c, X86_F_MOVBE);
    X86Op w = x86_w(type);

    switch (mop & MO_SIZE) {
    case MO_8:
        x86_rm(as, sign ? X_MOVSX8 | w : X_MOVZX8, dst, mem);
        break;
    case MO_16:
        if (!swap) {
            x86_rm(as, sign ? X_MOVSX16 | w : X_MOVZX16, dst, mem);
            break;
        }
        x86_rm(as, X_MOVZX16, dst, mem);
        rol16_by_8(as, dst);
        if (sign) {
            x86_rr(as, X_MOVSX16 | w, dst, dst);
        }
        break;
    case MO_32:
        if (!swap) {
            x86_rm(as, sign && w ? X_MOVSXD | X86_W : X_MOV_LOAD, dst, mem);
            break;
        }
        if (movbe) {
            x86_rm(as, X_MOVBE_LOAD, dst, mem);
        } else {
            x86_rm(as, X_MOV_LOAD, dst, mem);
            x86_bswap(as, 0, dst);
        }
        if (sign && w) {
            x86_rr(as, X_MOVSXD | X86_W, dst, dst);
        }
        break;
    case MO_64: {
        int gpr = type == IR_F64 ? t : dst;

        if (type == IR_F64 && !swap) {
            x86_v2m(c, X_MOVQ_LD, dst, mem);
            break;
        }
        if (swap && movbe) {
            x86_rm(as, X_MOVBE_LOAD | X86_W, gpr, mem);
        } else {
            x86_rm(as, X_MOV_LOAD | X86_W, gpr, mem);
            if (swap) {
                x86_bswap(as, X86_W, gpr);
            }
        }
        if (type == IR_F64) {
            x86_movq_xr(c, dst, gpr);
        }
        break;
    }
    default:
        x86_v2m(c, X_MOVUPS, dst, mem);
        if (swap) {
            x86_v3m(c, X_PSHUFB, dst, dst, pool_reverse16(c));
        }
        break;
    }
}

/* A value to be stored: a register, or a constant (reg -1). */
typedef struct StoreValue { int reg; uint64_t k; } StoreValue;

static uint64_t swap_const(uint64_t k, unsigned mop)
{
    switch (mop & (MO_SIZE | MO_BSWAP)) {
    case MO_16 | MO_BSWAP: return __builtin_bswap16((uint16_t)k);
    case MO_32 | MO_BSWAP: return __builtin_bswap32((uint32_t)k);
    case MO_64 | MO_BSWAP: return __builtin_bswap64(k);
    default: return k;
    }
}

static void emit_store_const(X86Comp *c, unsigned mop, uint64_t k, X86Mem mem, int t)
{
    X86Asm *as = &c->as;

    k = swap_const(k, mop);
    switch (mop & MO_SIZE) {
    case MO_8:
        x86_mov_mi8(as, mem, (uint8_t)k);
        break;
    case MO_16:
        x86_mov_mi16(as, mem, (uint16_t)k);
        break;
    case MO_32:
        x86_mov_mi(as, 0, mem, (int32_t)k);
        break;
    default:
        if ((int64_t)k == (int32_t)k) {
            x86_mov_mi(as, X86_W, mem, (int32_t)k);
        } else {
            x86_mov_ri(as, t, k);
            x86_rm(as, X_MOV_STORE | X86_W, t, mem);
        }
        break;
    }
}

/* t: scratch GPR; tx: scratch XMM (128-bit with byte swap). */
static void emit_host_store(X86Comp *c, unsigned type, unsigned mop, StoreValue value, X86Mem mem,
                            int t, int tx)
{
    X86Asm *as = &c->as;
    bool swap = mop & MO_BSWAP, movbe = x86_has(c, X86_F_MOVBE);
    unsigned size = mop & MO_SIZE;
    int reg = value.reg;

    if (reg < 0) {
        emit_store_const(c, mop, value.k, mem, t);
        return;
    }
    if (type == IR_V128) {
        if (swap) {
            x86_v3m(c, X_PSHUFB, tx, reg, pool_reverse16(c));
            reg = tx;
        }
        x86_vst(c, X_MOVUPS_ST, reg, mem);
        return;
    }
    if (type == IR_F64) {
        if (!swap) {
            x86_vst(c, X_MOVQ_ST, reg, mem);
            return;
        }
        x86_movq_rx(c, t, reg);
        reg = t;
    }
    X86Op w = size == MO_64 ? X86_W : size == MO_16 ? X86_66 : 0;

    if (size == MO_8) {
        x86_rm(as, X_MOV_STORE8 | X86_B8, reg, mem);
    } else if (!swap) {
        x86_rm(as, X_MOV_STORE | w, reg, mem);
    } else if (movbe) {
        x86_rm(as, X_MOVBE_STORE | w, reg, mem);
    } else {
        if (reg != t) {
            x86_mov_rr(as, X86_W, t, reg);
        }
        if (size == MO_16) {
            rol16_by_8(as, t);
        } else {
            x86_bswap(as, w, t);
        }
        x86_rm(as, X_MOV_STORE | w, t, mem);
    }
}

/* Register or constant of the value an op stores. */
static StoreValue use_store_value(X86Comp *c, unsigned type, IRRef ref)
{
    StoreValue v = { .reg = -1 };

    if (type == IR_F64 || type == IR_V128) {
        v.reg = x86_use(c, ref, XMM_ALL);
    } else if (!x86_const(c, ref, &v.k)) {
        v.reg = x86_use(c, ref, GPR_ALL);
    }
    return v;
}

/* ---- Slow paths ---- */

enum { S_BASE, S_T0, S_T1, S_VALUE };

static void push_address(X86Comp *c, const X86Stub *stub)
{
    if (stub->imm) {
        x86_rm(&c->as, X_LEA | X86_W, stub->r[S_T0], X86_MEM(stub->r[S_BASE], stub->imm));
        x86_push(&c->as, stub->r[S_T0]);
    } else {
        x86_push(&c->as, stub->r[S_BASE]);
    }
}

static void drop_args(X86Comp *c, unsigned bytes)
{
    x86_rm(&c->as, X_LEA | X86_W, RSP, X86_MEM(RSP, bytes));
}

static void stub_load(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    int dst = stub->r[S_VALUE];

    if (in->type == IR_V128) {
        drop_args(c, (unsigned)-16);
        push_address(c, stub);
        x86_push_i(&c->as, (int32_t)stub->aux);
        x86_push_point(c, stub->point);
        x86_call_thunk(c, X86_THUNK_LOAD128, stub);
        x86_v2m(c, X_MOVUPS, dst, X86_MEM(RSP, 24));
        drop_args(c, 40);
    } else {
        int gpr = in->type == IR_F64 ? stub->r[S_T0] : dst;

        push_address(c, stub);
        x86_push_i(&c->as, (int32_t)stub->aux);
        x86_push_point(c, stub->point);
        x86_call_thunk(c, X86_THUNK_LOAD, stub);
        drop_args(c, 16);
        x86_pop(&c->as, gpr);
        if (in->type == IR_F64) {
            x86_movq_xr(c, dst, gpr);
        } else if (in->type == IR_I32) {
            x86_mov_rr(&c->as, 0, gpr, gpr);
        }
    }
    x86_jmp_to(&c->as, stub->back);
}

static void stub_store(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    int value = stub->r[S_VALUE], t1 = stub->r[S_T1];
    uint64_t k;

    if (in->type == IR_V128) {
        drop_args(c, (unsigned)-16);
        x86_vst(c, X_MOVUPS_ST, value, X86_MEM(RSP, 0));
    } else if (value < 0) {
        g_assert(x86_const(c, in->b, &k));
        if ((int64_t)k == (int32_t)k) {
            x86_push_i(&c->as, (int32_t)k);
        } else {
            x86_mov_ri(&c->as, t1, k);
            x86_push(&c->as, t1);
        }
    } else if (value >= XMM0) {
        x86_movq_rx(c, t1, value);
        x86_push(&c->as, t1);
    } else {
        x86_push(&c->as, value);
    }
    push_address(c, stub);
    x86_push_i(&c->as, (int32_t)stub->aux);
    x86_push_point(c, stub->point);
    x86_call_thunk(c, in->type == IR_V128 ? X86_THUNK_STORE128 : X86_THUNK_STORE, stub);
    drop_args(c, in->type == IR_V128 ? 40 : 32);
    x86_jmp_to(&c->as, stub->back);
}

/* The stub's snapshot becomes a restore point. */
static void stub_snapshot(X86Comp *c, X86Stub *stub, const IRInsn *in)
{
    x86_capture(c, in->snap, false, &stub->cap_first, &stub->cap_count);
    stub->point = x86_restore_point(c, in->snap, stub->cap_first, stub->cap_count);
    stub->insn = c->cur;
    stub->aux = in->aux;
    stub->imm = in->imm;
}

static unsigned align_bits(unsigned mop)
{
    return mop & MO_ALIGN ? mo_bytes(mop) - 1 : 0;
}

/* 16-byte accesses are single-copy atomic where the host has AVX; elsewhere C does them. */
static bool always_slow(const X86Comp *c, unsigned mop)
{
    return (mop & MO_SIZE) == MO_128 && (mop & MO_ATOMIC) && !x86_has(c, X86_F_AVX);
}

static void emit_qld(X86Comp *c, const IRInsn *in)
{
    uint32_t class = in->type == IR_F64 || in->type == IR_V128 ? XMM_ALL : GPR_ALL;
    int ra = x86_use(c, in->a, GPR_ALL);
    int t0 = x86_temp(c, GPR_ALL), t1 = x86_temp(c, GPR_ALL);
    X86Stub *stub = x86_stub(c, stub_load);

    stub_snapshot(c, stub, in);
    x86_release(c);
    int dst = x86_def(c, class, class == GPR_ALL && !x86_lives_past(c, in->a) ? ra : -1);

    stub->r[S_BASE] = ra;
    stub->r[S_T0] = t0;
    stub->r[S_T1] = t1;
    stub->r[S_VALUE] = dst;
    if (always_slow(c, in->aux)) {
        x86_stub_from(stub, x86_jmp(&c->as));
    } else {
        emit_tlb(c, in->a, ra, (int32_t)in->imm, mo_bytes(in->aux) - 1, align_bits(in->aux),
                 MO_MMUIDX(in->aux), false, t0, t1, stub);
        emit_addend(c, t1, t0);
        emit_host_load(c, in->type, in->aux, dst, X86_MEMX(ra, t1, 0, in->imm), t0);
    }
    stub->back = x86_here(&c->as);
}

static void emit_qst(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, GPR_ALL);
    StoreValue value = use_store_value(c, in->type, in->b);
    int t0 = x86_temp(c, GPR_ALL), t1 = x86_temp(c, GPR_ALL);
    int tx = in->type == IR_V128 && (in->aux & MO_BSWAP) ? x86_temp(c, XMM_ALL) : -1;
    X86Stub *stub = x86_stub(c, stub_store);

    stub_snapshot(c, stub, in);
    stub->r[S_BASE] = ra;
    stub->r[S_T0] = t0;
    stub->r[S_T1] = t1;
    stub->r[S_VALUE] = value.reg;
    if (always_slow(c, in->aux)) {
        x86_stub_from(stub, x86_jmp(&c->as));
    } else {
        emit_tlb(c, in->a, ra, (int32_t)in->imm, mo_bytes(in->aux) - 1, align_bits(in->aux),
                 MO_MMUIDX(in->aux), true, t0, t1, stub);
        emit_addend(c, t1, t0);
        emit_host_store(c, in->type, in->aux, value, X86_MEMX(ra, t1, 0, in->imm), t0, tx);
    }
    stub->back = x86_here(&c->as);
}

/* ---- Grouped accesses ---- */

static void stub_hostaddr(X86Comp *c, X86Stub *stub)
{
    const IRInsn *in = x86_insn(c, stub->insn);
    const IRSnapshot *snap = &g_array_index(c->block->snapshots, IRSnapshot, in->snap - 1);
    int32_t lo = (int32_t)in->imm, hi = (int32_t)(in->imm >> 32);
    int t0 = stub->r[S_T0];

    stub->imm = lo;
    push_address(c, stub);
    x86_push_i(&c->as, (hi - lo) << 1 | (in->aux & IRSPAN_WRITE));
    x86_push_i(&c->as, (int32_t)(in->aux & ~IRSPAN_WRITE));
    x86_call_thunk(c, X86_THUNK_PROBE, stub);
    drop_args(c, 16);
    x86_pop(&c->as, t0);
    x86_rr(&c->as, X_TEST, t0, t0);
    x86_jcc_to(&c->as, CC_NE, stub->retry);
    x86_write_slots(c, stub->cap_first, stub->cap_count, 0);
    if (stub->vmx) {
        x86_ldmxcsr(&c->as, TCGF(c, mxcsr_fp));
    }
    x86_guest_pc(c, RAX, snap->pc);
    x86_rm(&c->as, X_MOV_STORE | X86_W, RAX, TCGF(c, pc));
    x86_jmp_abs(&c->as, x86_state.leave_nogroup);
}

static void emit_hostaddr(X86Comp *c, const IRInsn *in)
{
    int32_t lo = (int32_t)in->imm, hi = (int32_t)(in->imm >> 32);
    int ra = x86_use(c, in->a, GPR_ALL);
    int t0 = x86_temp(c, GPR_ALL), t1 = x86_temp(c, GPR_ALL);
    X86Stub *stub = x86_stub(c, stub_hostaddr);

    x86_capture(c, in->snap, false, &stub->cap_first, &stub->cap_count);
    stub->insn = c->cur;
    stub->r[S_BASE] = ra;
    stub->r[S_T0] = t0;
    x86_release(c);
    int dst = x86_def(c, GPR_ALL, -1);

    stub->retry = x86_here(&c->as);
    emit_tlb(c, in->a, ra, lo, (int64_t)hi - lo - 1, 0, MO_MMUIDX(in->aux), in->aux & IRSPAN_WRITE,
             t0, t1, stub);
    emit_addend(c, dst, t0);
}

static void emit_uld(X86Comp *c, const IRInsn *in)
{
    uint32_t class = in->type == IR_F64 || in->type == IR_V128 ? XMM_ALL : GPR_ALL;
    int ra = x86_use(c, in->a, GPR_ALL), rc = x86_use(c, in->c, GPR_ALL), t = -1;

    if (in->type == IR_F64 && (in->aux & MO_BSWAP)) {
        t = x86_temp(c, GPR_ALL);
    }
    x86_release(c);
    int dst = x86_def(c, class, class == GPR_ALL && !x86_lives_past(c, in->a) ? ra : -1);

    emit_host_load(c, in->type, in->aux, dst, X86_MEMX(ra, rc, 0, in->imm), t);
}

static void emit_ust(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, GPR_ALL), rc = x86_use(c, in->c, GPR_ALL);
    StoreValue value = use_store_value(c, in->type, in->b);
    bool swap = in->aux & MO_BSWAP;
    int t = -1, tx = -1;

    if (in->type == IR_V128) {
        tx = swap ? x86_temp(c, XMM_ALL) : -1;
    } else if (value.reg < 0 || (swap && (in->type == IR_F64 || !x86_has(c, X86_F_MOVBE)))) {
        t = x86_temp(c, GPR_ALL);
    }
    emit_host_store(c, in->type, in->aux, value, X86_MEMX(ra, rc, 0, in->imm), t, tx);
}

/* ---- Compare and swap ---- */

static void stub_cas(X86Comp *c, X86Stub *stub)
{
    x86_push(&c->as, stub->r[S_VALUE]);
    x86_push(&c->as, RAX);
    push_address(c, stub);
    x86_push_i(&c->as, (int32_t)stub->aux);
    x86_push_point(c, stub->point);
    x86_call_thunk(c, X86_THUNK_CAS, stub);
    drop_args(c, 16);
    x86_pop(&c->as, RAX);
    drop_args(c, 16);
    x86_jmp_to(&c->as, stub->back);
}

static void swap_reg(X86Asm *as, unsigned size, int reg)
{
    if (size == MO_16) {
        rol16_by_8(as, reg);
    } else if (size != MO_8) {
        x86_bswap(as, size == MO_64 ? X86_W : 0, reg);
    }
}

static void emit_qcas(X86Comp *c, const IRInsn *in)
{
    X86Asm *as = &c->as;
    unsigned size = in->aux & MO_SIZE;
    bool swap = in->aux & MO_BSWAP;
    uint32_t mask = GPR_ALL & ~BIT(RAX);
    int ra = x86_use(c, in->a, mask), rc = x86_use(c, in->c, mask);

    x86_take(c, in->b, RAX);
    int t0 = x86_temp(c, mask), t1 = x86_temp(c, mask);
    X86Stub *stub = x86_stub(c, stub_cas);

    stub_snapshot(c, stub, in);
    stub->r[S_BASE] = ra;
    stub->r[S_T0] = t0;
    stub->r[S_VALUE] = rc;
    emit_tlb(c, in->a, ra, (int32_t)in->imm, 0, mo_bytes(in->aux) - 1, MO_MMUIDX(in->aux), true, t0,
             t1, stub);
    emit_addend(c, t1, t0);
    if (swap) {
        x86_mov_rr(as, X86_W, t0, rc);
        swap_reg(as, size, t0);
        swap_reg(as, size, RAX);
        rc = t0;
    }
    x86_byte(as, 0xf0);
    x86_rm(as, size == MO_8 ? X_CMPXCHG8 : X_CMPXCHG | (size == MO_64 ? X86_W : size == MO_16
           ? X86_66 : 0), rc, X86_MEMX(ra, t1, 0, in->imm));
    if (swap) {
        swap_reg(as, size, RAX);
    }
    stub->back = x86_here(as);
    switch (size) {
    case MO_8: x86_rr(as, X_MOVZX8 | X86_B8, RAX, RAX); break;
    case MO_16: x86_rr(as, X_MOVZX16, RAX, RAX); break;
    case MO_32: x86_mov_rr(as, 0, RAX, RAX); break;
    default: break;
    }
    x86_release(c);
    x86_def_at(c, RAX);
}

bool x86_emit_mem(X86Comp *c, const IRInsn *in)
{
    switch (in->op) {
    case IR_QLD: emit_qld(c, in); return true;
    case IR_QST: emit_qst(c, in); return true;
    case IR_HOSTADDR: emit_hostaddr(c, in); return true;
    case IR_ULD: emit_uld(c, in); return true;
    case IR_UST: emit_ust(c, in); return true;
    case IR_QCAS: emit_qcas(c, in); return true;
    default: return false;
    }
}
