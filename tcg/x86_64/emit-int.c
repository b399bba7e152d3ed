/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer ops: instruction selection.
 *
 * An i32 value's register may hold anything above bit 31 only when the value came from TRUNC
 * (dirty_upper); every other op leaves zeros there, which makes most EXTUs free.
 */
#include "x86-backend.h"

static bool later(const X86Comp *c, IRRef ref)
{
    return c->vals[ref].last_use > c->cur;
}

/* Register of ref if it dies here, as a hint for the result. */
static int hint_of(const X86Comp *c, IRRef ref, int reg)
{
    return later(c, ref) ? -1 : reg;
}

/* Result register for "dst = copy of a, then modified, while the registers of `avoid` are read". */
static int def_from(X86Comp *c, const IRInsn *in, IRRef a, int ra, uint32_t avoid)
{
    x86_release(c);
    int dst = x86_def(c, GPR_ALL & ~avoid, hint_of(c, a, ra));

    if (dst != ra) {
        x86_mov_rr(&c->as, x86_w(in->type), dst, ra);
    }
    return dst;
}

/* ---- Plain two-operand arithmetic ---- */

static void emit_and_const(X86Comp *c, const IRInsn *in, IRRef a, uint64_t k)
{
    X86Op w = x86_w(in->type);
    int ra = x86_use(c, a, GPR_ALL);

    if (k == UINT8_MAX || k == UINT16_MAX || k == UINT32_MAX) {
        x86_release(c);
        int dst = x86_def(c, GPR_ALL, hint_of(c, a, ra));

        x86_rr(&c->as, k == UINT8_MAX ? X_MOVZX8 | X86_B8 : k == UINT16_MAX ? X_MOVZX16
               : X_MOV_LOAD, dst, ra);
        return;
    }
    int dst = def_from(c, in, a, ra, 0);

    /* A mask without upper half needs no 64-bit operation. */
    x86_alu_ri(&c->as, k == (uint32_t)k ? 0 : w, X_AND, dst, (int32_t)k);
}

static void emit_add_const(X86Comp *c, const IRInsn *in, IRRef a, int32_t k)
{
    X86Op w = x86_w(in->type);
    int ra = x86_use(c, a, GPR_ALL);

    x86_release(c);
    int dst = x86_def(c, GPR_ALL, hint_of(c, a, ra));

    if (dst == ra) {
        x86_alu_ri(&c->as, w, X_ADD, dst, k);
    } else {
        x86_rm(&c->as, X_LEA | w, dst, X86_MEM(ra, k));
    }
}

static void emit_alu(X86Comp *c, const IRInsn *in, unsigned alu, bool comm)
{
    X86Op w = x86_w(in->type);
    IRRef a = in->a, b = in->b;
    int32_t k;
    uint64_t k64;
    X86Mem mem;

    if (comm && x86_const(c, a, &k64)) {
        IRRef t = a;

        a = b;
        b = t;
    }
    if (alu == X_AND && x86_const(c, b, &k64) &&
        (k64 == (uint32_t)k64 || (int64_t)k64 == (int32_t)k64)) {
        emit_and_const(c, in, a, k64);
        return;
    }
    if (x86_const_i32(c, b, &k)) {
        if (alu == X_ADD) {
            emit_add_const(c, in, a, k);
        } else if (alu == X_SUB && k != INT32_MIN) {
            emit_add_const(c, in, a, -k);
        } else {
            int dst = def_from(c, in, a, x86_use(c, a, GPR_ALL), 0);

            x86_alu_ri(&c->as, w, alu, dst, k);
        }
        return;
    }
    if (a != b && comm && x86_in_memory(c, a, &mem) && !x86_in_memory(c, b, &mem)) {
        IRRef t = a;

        a = b;
        b = t;
    }
    int ra = x86_use(c, a, GPR_ALL);

    if (a != b && x86_in_memory(c, b, &mem)) {
        int dst = def_from(c, in, a, ra, 0);

        x86_alu_rm(&c->as, w, alu, dst, mem);
        return;
    }
    int rb = x86_use(c, b, GPR_ALL);

    x86_release(c);
    if (!comm) {
        int dst = x86_def(c, ra == rb ? GPR_ALL : GPR_ALL & ~BIT(rb), hint_of(c, a, ra));

        if (dst != ra) {
            x86_mov_rr(&c->as, w, dst, ra);
            if (ra == rb) {
                rb = dst;
            }
        }
        x86_alu_rr(&c->as, w, alu, dst, rb);
        return;
    }
    int hint = hint_of(c, a, ra);
    int dst = x86_def(c, GPR_ALL, hint >= 0 ? hint : hint_of(c, b, rb));

    if (dst == ra) {
        x86_alu_rr(&c->as, w, alu, dst, rb);
    } else if (dst == rb) {
        x86_alu_rr(&c->as, w, alu, dst, ra);
    } else if (alu == X_ADD) {
        x86_rm(&c->as, X_LEA | w, dst, X86_MEMX(ra, rb, 0, 0));
    } else {
        x86_mov_rr(&c->as, w, dst, ra);
        x86_alu_rr(&c->as, w, alu, dst, rb);
    }
}

static void emit_andc(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->type);
    int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);

    if (x86_has(c, X86_F_BMI1)) {
        x86_release(c);
        x86_vrr(&c->as, X_ANDN | w, x86_def(c, GPR_ALL, -1), rb, ra);
        return;
    }
    x86_release(c);
    int dst = x86_def(c, GPR_ALL & ~BIT(ra), hint_of(c, in->b, rb));

    x86_mov_rr(&c->as, w, dst, rb);
    x86_unary(&c->as, w, 2, dst);
    x86_alu_rr(&c->as, w, X_AND, dst, ra);
}

static void emit_unary(X86Comp *c, const IRInsn *in, unsigned n)
{
    int dst = def_from(c, in, in->a, x86_use(c, in->a, GPR_ALL), 0);

    x86_unary(&c->as, x86_w(in->type), n, dst);
}

static void emit_mul(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->type);
    IRRef a = in->a, b = in->b;
    int32_t k;
    X86Mem mem;

    if (x86_const_i32(c, a, &k)) {
        a = in->b;
        b = in->a;
    }
    int ra = x86_use(c, a, GPR_ALL);

    if (x86_const_i32(c, b, &k)) {
        x86_release(c);
        x86_imul_rri(&c->as, w, x86_def(c, GPR_ALL, hint_of(c, a, ra)), ra, k);
        return;
    }
    if (a != b && x86_in_memory(c, b, &mem)) {
        int dst = def_from(c, in, a, ra, 0);

        x86_rm(&c->as, X_IMUL | w, dst, mem);
        return;
    }
    int rb = x86_use(c, b, GPR_ALL);

    x86_release(c);
    int hint = hint_of(c, a, ra);
    int dst = x86_def(c, GPR_ALL, hint >= 0 ? hint : hint_of(c, b, rb));

    if (dst == rb) {
        rb = ra;
    } else if (dst != ra) {
        x86_mov_rr(&c->as, w, dst, ra);
    }
    x86_rr(&c->as, X_IMUL | w, dst, rb);
}

static void emit_mulh(X86Comp *c, const IRInsn *in, bool is_signed)
{
    if (in->type == IR_I32) {
        int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);
        int t = x86_temp(c, GPR_ALL);
        X86Op ext = is_signed ? X_MOVSXD | X86_W : X_MOV_LOAD;

        x86_rr(&c->as, ext, t, rb);
        x86_release(c);
        int dst = x86_def(c, GPR_ALL, hint_of(c, in->a, ra));

        x86_rr(&c->as, ext, dst, ra);
        x86_rr(&c->as, X_IMUL | X86_W, dst, t);
        x86_shift_ri(&c->as, X86_W, X_SHR, dst, 32);
        return;
    }
    if (!is_signed && x86_has(c, X86_F_BMI2)) {
        int rb = x86_use(c, in->b, GPR_ALL & ~BIT(RDX));
        int ra = x86_use(c, in->a, BIT(RDX));
        (void)ra;
        x86_release(c);
        int dst = x86_def(c, GPR_ALL, -1);

        /* Both halves to one register: the high half stays. */
        x86_vrr(&c->as, X_MULX | X86_W, dst, dst, rb);
        return;
    }
    int rb = x86_use(c, in->b, GPR_ALL & ~BIT(RAX) & ~BIT(RDX));

    x86_take(c, in->a, RAX);
    x86_clobber(c, RDX);
    x86_unary(&c->as, X86_W, is_signed ? 5 : 4, rb);
    x86_release(c);
    x86_def_at(c, RDX);
}

/* ---- Division ---- */

static void stub_div(X86Comp *c, X86Stub *stub)
{
    X86Op w = (X86Op)stub->aux;
    int rb = stub->r[0];
    bool is_signed = stub->r[1];

    if (is_signed) {
        /* The divisor is 0 or -1: the quotient is 0 or -a, 0 on overflow. */
        x86_rr(&c->as, X_TEST | w, rb, rb);
        uint32_t zero = x86_jcc(&c->as, CC_E);

        x86_unary(&c->as, w, 3, RAX);
        uint32_t fits = x86_jcc(&c->as, CC_NO);

        x86_patch_here(&c->as, zero);
        x86_alu_rr(&c->as, 0, X_XOR, RAX, RAX);
        x86_patch_here(&c->as, fits);
    } else {
        x86_alu_rr(&c->as, 0, X_XOR, RAX, RAX);
    }
    x86_alu_rr(&c->as, 0, X_XOR, RDX, RDX);
    x86_jmp_to(&c->as, stub->back);
}

static void emit_div(X86Comp *c, const IRInsn *in, bool is_signed, bool remainder)
{
    X86Op w = x86_w(in->type);
    uint64_t k;
    bool check = true, has_const = x86_const(c, in->b, &k);
    X86Stub *stub = NULL;

    if (has_const) {
        int64_t sk = in->type == IR_I32 ? (int32_t)k : (int64_t)k;

        check = sk == 0 || (is_signed && sk == -1);
    }
    int rb = x86_use(c, in->b, GPR_ALL & ~BIT(RAX) & ~BIT(RDX));

    x86_take(c, in->a, RAX);
    x86_clobber(c, RDX);
    if (check) {
        stub = x86_stub(c, stub_div);
        stub->aux = w;
        stub->r[0] = rb;
        stub->r[1] = is_signed;
        if (is_signed) {
            x86_rm(&c->as, X_LEA | w, RDX, X86_MEM(rb, 1));
            x86_alu_ri(&c->as, w, X_CMP, RDX, 1);
            x86_stub_from(stub, x86_jcc(&c->as, CC_BE));
        } else {
            x86_rr(&c->as, X_TEST | w, rb, rb);
            x86_stub_from(stub, x86_jcc(&c->as, CC_E));
        }
    }
    if (is_signed) {
        if (w) {
            x86_byte(&c->as, 0x48);
        }
        x86_byte(&c->as, 0x99);   /* cdq, cqo */
    } else {
        x86_alu_rr(&c->as, 0, X_XOR, RDX, RDX);
    }
    x86_unary(&c->as, w, is_signed ? 7 : 6, rb);
    if (stub) {
        stub->back = x86_here(&c->as);
    }
    x86_release(c);
    x86_def_at(c, remainder ? RDX : RAX);
}

/* ---- Shifts and bit counting ---- */

static void emit_shift(X86Comp *c, const IRInsn *in, unsigned shift)
{
    X86Op w = x86_w(in->type);
    unsigned width = in->type == IR_I32 ? 32 : 64;
    uint64_t k;

    if (x86_const(c, in->b, &k)) {
        int ra = x86_use(c, in->a, GPR_ALL);
        unsigned n = (unsigned)k & (width - 1);

        if (shift == X_ROL && n && later(c, in->a) && x86_has(c, X86_F_BMI2)) {
            x86_release(c);
            int dst = x86_def(c, GPR_ALL, -1);

            if (dst != ra) {
                /* rorx takes W from VEX.W. */
                x86_vrr_i8(&c->as, X_RORX | w, dst, 0, ra, width - n);
                return;
            }
            x86_shift_ri(&c->as, w, X_ROL, dst, n);
            return;
        }
        int dst = def_from(c, in, in->a, ra, 0);

        if (n) {
            x86_shift_ri(&c->as, w, shift, dst, n);
        } else if (in->type == IR_I32) {
            x86_mov_rr(&c->as, 0, dst, dst);
        }
        return;
    }
    if (shift != X_ROL && x86_has(c, X86_F_BMI2)) {
        int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);

        x86_release(c);
        x86_vrr(&c->as, (shift == X_SHL ? X_SHLX : shift == X_SHR ? X_SHRX : X_SARX) | w,
                x86_def(c, GPR_ALL, -1), rb, ra);
        return;
    }
    int ra = x86_use(c, in->a, GPR_ALL & ~BIT(RCX));

    x86_use(c, in->b, BIT(RCX));
    int dst = def_from(c, in, in->a, ra, BIT(RCX));

    x86_shift_rcl(&c->as, w, shift, dst);
    if (in->type == IR_I32) {
        /* A count of zero would leave the upper half as it was. */
        x86_mov_rr(&c->as, 0, dst, dst);
    }
}

static void emit_count(X86Comp *c, const IRInsn *in, bool leading)
{
    X86Op w = x86_w(in->type);
    int ra = x86_use(c, in->a, GPR_ALL);
    int width = in->type == IR_I32 ? 32 : 64;

    if (leading ? x86_has(c, X86_F_LZCNT) : x86_has(c, X86_F_BMI1)) {
        x86_release(c);
        x86_rr(&c->as, (leading ? X_LZCNT : X_TZCNT) | w,
               x86_def(c, GPR_ALL, hint_of(c, in->a, ra)), ra);
        return;
    }
    int t = x86_temp(c, GPR_ALL);

    x86_release(c);
    int dst = x86_def(c, GPR_ALL, hint_of(c, in->a, ra));

    x86_mov_ri(&c->as, t, leading ? 2 * width - 1 : width);
    x86_rr(&c->as, (leading ? X_BSR : X_BSF) | w, dst, ra);
    x86_rr(&c->as, (X_CMOV + CC_E) | w, dst, t);
    if (leading) {
        x86_alu_ri(&c->as, 0, X_XOR, dst, width - 1);
    }
}

static uint64_t c_popcount(uint64_t a)
{
    return (uint64_t)__builtin_popcountll(a);
}

static uint64_t c_pdep(uint64_t a, uint64_t mask)
{
    uint64_t out = 0;

    for (; mask; mask &= mask - 1, a >>= 1) {
        out |= a & 1 ? mask & -mask : 0;
    }
    return out;
}

static uint64_t c_pext(uint64_t a, uint64_t mask)
{
    uint64_t out = 0;

    for (unsigned i = 0; mask; mask &= mask - 1, i++) {
        out |= (uint64_t)((a & mask & -mask) != 0) << i;
    }
    return out;
}

static void emit_popcnt(X86Comp *c, const IRInsn *in)
{
    if (!x86_has(c, X86_F_POPCNT)) {
        x86_ccall_values(c, (const void *)c_popcount, 1, &in->a, in->type);
        return;
    }
    int ra = x86_use(c, in->a, GPR_ALL);

    x86_release(c);
    x86_rr(&c->as, X_POPCNT | x86_w(in->type), x86_def(c, GPR_ALL, hint_of(c, in->a, ra)), ra);
}

static void emit_pdep(X86Comp *c, const IRInsn *in, bool extract)
{
    if (!x86_has(c, X86_F_BMI2)) {
        IRRef args[2] = { in->a, in->b };

        x86_ccall_values(c, extract ? (const void *)c_pext : (const void *)c_pdep, 2, args, IR_I64);
        return;
    }
    int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);

    x86_release(c);
    x86_vrr(&c->as, (extract ? X_PEXT : X_PDEP) | X86_W, x86_def(c, GPR_ALL, -1), ra, rb);
}

/* ---- Bit fields ---- */

static void emit_extract(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->type);
    unsigned width = in->type == IR_I32 ? 32 : 64;
    unsigned pos = (unsigned)in->imm, len = in->aux;
    int ra = x86_use(c, in->a, GPR_ALL);

    if (pos == 0 && (len == 8 || len == 16 || len == 32)) {
        x86_release(c);
        x86_rr(&c->as, len == 8 ? X_MOVZX8 | X86_B8 : len == 16 ? X_MOVZX16 : X_MOV_LOAD,
               x86_def(c, GPR_ALL, hint_of(c, in->a, ra)), ra);
        return;
    }
    if (pos + len <= 32) {
        w = 0;
        width = 32;
    }
    x86_release(c);
    int dst = x86_def(c, GPR_ALL, hint_of(c, in->a, ra));

    if (dst != ra) {
        x86_mov_rr(&c->as, w, dst, ra);
    }
    if (pos + len < width && len >= 32) {
        x86_shift_ri(&c->as, w, X_SHL, dst, width - pos - len);
        x86_shift_ri(&c->as, w, X_SHR, dst, width - len);
        return;
    }
    if (pos) {
        x86_shift_ri(&c->as, w, X_SHR, dst, pos);
    } else if (dst == ra && len == width && in->type == IR_I32) {
        x86_mov_rr(&c->as, 0, dst, dst);
    }
    if (pos + len < width) {
        if (len == 8 || len == 16) {
            x86_rr(&c->as, len == 8 ? X_MOVZX8 | X86_B8 : X_MOVZX16, dst, dst);
        } else {
            x86_alu_ri(&c->as, 0, X_AND, dst, (int32_t)(((uint64_t)1 << len) - 1));
        }
    }
}

static void emit_sextract(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->type);
    unsigned width = in->type == IR_I32 ? 32 : 64;
    unsigned pos = (unsigned)in->imm, len = in->aux;
    int ra = x86_use(c, in->a, GPR_ALL);

    x86_release(c);
    int dst = x86_def(c, GPR_ALL, hint_of(c, in->a, ra));

    if (pos == 0 && len == 8) {
        x86_rr(&c->as, X_MOVSX8 | X86_B8 | w, dst, ra);
    } else if (pos == 0 && len == 16) {
        x86_rr(&c->as, X_MOVSX16 | w, dst, ra);
    } else if (pos == 0 && len == 32 && w) {
        x86_rr(&c->as, X_MOVSXD | w, dst, ra);
    } else {
        if (dst != ra || len == 32) {
            x86_mov_rr(&c->as, w, dst, ra);
        }
        if (pos + len < width) {
            x86_shift_ri(&c->as, w, X_SHL, dst, width - pos - len);
        }
        if (len < width) {
            x86_shift_ri(&c->as, w, X_SAR, dst, width - len);
        }
    }
}

/* The field is merged by xor: ((b << pos ^ a) & mask) ^ a. */
static void emit_deposit(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->type);
    unsigned width = in->type == IR_I32 ? 32 : 64;
    unsigned pos = (unsigned)in->imm, len = in->aux;
    uint64_t mask = (len >= 64 ? UINT64_MAX : ((uint64_t)1 << len) - 1) << pos;
    int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);
    int t = x86_temp(c, GPR_ALL), m = -1;

    if (width == 64 && mask != (uint32_t)mask && (int64_t)mask != (int32_t)mask) {
        m = x86_temp(c, GPR_ALL);
        x86_mov_ri(&c->as, m, mask);
    }
    x86_mov_rr(&c->as, w, t, rb);
    if (pos) {
        x86_shift_ri(&c->as, w, X_SHL, t, pos);
    }
    x86_alu_rr(&c->as, w, X_XOR, t, ra);
    if (m >= 0) {
        x86_alu_rr(&c->as, w, X_AND, t, m);
    } else if (mask == (uint32_t)mask) {
        x86_alu_ri(&c->as, 0, X_AND, t, (int32_t)mask);
    } else {
        x86_alu_ri(&c->as, w, X_AND, t, (int32_t)mask);
    }
    x86_release(c);
    int dst = x86_def(c, GPR_ALL & ~BIT(t), hint_of(c, in->a, ra));

    if (dst != ra) {
        x86_mov_rr(&c->as, w, dst, ra);
    }
    x86_alu_rr(&c->as, w, X_XOR, dst, t);
}

/* ---- Carry chain ---- */

/* Leaves the host carry equal to the 0/1 value c. */
static void emit_carry_in(X86Comp *c, IRRef ref, int reg)
{
    uint64_t k;

    if (x86_const(c, ref, &k)) {
        x86_byte(&c->as, k & 1 ? 0xf9 : 0xf8);   /* stc, clc */
    } else {
        x86_rr_i8(&c->as, X_BT_RI, 4, reg, 0);
    }
}

/* Sum into a fresh register: ADDC's result, or a scratch whose flags matter. */
static void emit_adc(X86Comp *c, const IRInsn *in)
{
    unsigned type = in->op == IR_ADDC ? in->type : in->aux & 0xff;
    X86Op w = x86_w(type);
    uint64_t k;
    bool no_carry = x86_const(c, in->c, &k) && k == 0;
    bool carry_const = x86_const(c, in->c, &k);
    int32_t kb;
    bool b_imm = x86_const_i32(c, in->b, &kb);
    int ra = x86_use(c, in->a, GPR_ALL);
    int rb = b_imm ? -1 : x86_use(c, in->b, GPR_ALL);
    int rc = carry_const ? -1 : x86_use(c, in->c, GPR_ALL);
    int t;

    if (in->op == IR_ADDC) {
        uint32_t avoid = (rb >= 0 && rb != ra ? BIT(rb) : 0) | (rc >= 0 ? BIT(rc) : 0);

        x86_release(c);
        t = x86_def(c, GPR_ALL & ~avoid, (avoid & BIT(ra)) ? -1 : hint_of(c, in->a, ra));
    } else {
        t = x86_temp(c, GPR_ALL);
    }
    if (!no_carry) {
        emit_carry_in(c, in->c, rc);
    }
    if (rb == ra) {
        rb = t;
    }
    x86_mov_rr(&c->as, w, t, ra);
    if (b_imm) {
        x86_alu_ri(&c->as, w, no_carry ? X_ADD : X_ADC, t, kb);
    } else {
        x86_alu_rr(&c->as, w, no_carry ? X_ADD : X_ADC, t, rb);
    }
    if (in->op != IR_ADDC) {
        x86_release(c);
        int dst = x86_def(c, GPR_ALL, -1);

        x86_setcc(&c->as, in->op == IR_CARRY ? CC_B : CC_O, dst);
        x86_rr(&c->as, X_MOVZX8 | X86_B8, dst, dst);
    }
}

static void emit_ovfmul(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->aux & 0xff);
    int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);
    int t = x86_temp(c, GPR_ALL);

    x86_mov_rr(&c->as, w, t, ra);
    x86_rr(&c->as, X_IMUL | w, t, rb);
    x86_release(c);
    int dst = x86_def(c, GPR_ALL, -1);

    x86_setcc(&c->as, CC_O, dst);
    x86_rr(&c->as, X_MOVZX8 | X86_B8, dst, dst);
}

/* ---- Conditions ---- */

X86CC x86_cc(IRCond cond)
{
    static const uint8_t cc[] = {
        [IRC_EQ] = CC_E, [IRC_NE] = CC_NE, [IRC_LT] = CC_L, [IRC_GE] = CC_GE, [IRC_LE] = CC_LE,
        [IRC_GT] = CC_G, [IRC_LTU] = CC_B, [IRC_GEU] = CC_AE, [IRC_LEU] = CC_BE, [IRC_GTU] = CC_A,
        [IRC_TSTZ] = CC_E, [IRC_TSTNZ] = CC_NE,
    };

    return (X86CC)cc[cond];
}

static IRCond swap_operands(IRCond cond)
{
    static const uint8_t swapped[] = {
        [IRC_EQ] = IRC_EQ, [IRC_NE] = IRC_NE, [IRC_LT] = IRC_GT, [IRC_GE] = IRC_LE,
        [IRC_LE] = IRC_GE, [IRC_GT] = IRC_LT, [IRC_LTU] = IRC_GTU, [IRC_GEU] = IRC_LEU,
        [IRC_LEU] = IRC_GEU, [IRC_GTU] = IRC_LTU, [IRC_TSTZ] = IRC_TSTZ, [IRC_TSTNZ] = IRC_TSTNZ,
    };

    return (IRCond)swapped[cond];
}

X86CC x86_compare(X86Comp *c, IRCond cond, unsigned type, IRRef a, IRRef b)
{
    X86Op w = x86_w(type);
    uint64_t k64;
    int32_t k;
    X86Mem mem;

    if (x86_const(c, a, &k64) && !x86_const(c, b, &k64)) {
        IRRef t = a;

        a = b;
        b = t;
        cond = swap_operands(cond);
    }
    if (cond == IRC_TSTZ || cond == IRC_TSTNZ) {
        int ra = x86_use(c, a, GPR_ALL);

        if (x86_const(c, b, &k64) && k64 == (uint32_t)k64 && (type == IR_I32 || k64 <= INT32_MAX)) {
            x86_test_ri(&c->as, type == IR_I32 ? 0 : w, ra, (int32_t)k64);
        } else if (x86_const_i32(c, b, &k)) {
            x86_test_ri(&c->as, w, ra, k);
        } else {
            x86_rr(&c->as, X_TEST | w, x86_use(c, b, GPR_ALL), ra);
        }
        return x86_cc(cond);
    }
    if (x86_const_i32(c, b, &k)) {
        if (x86_in_memory(c, a, &mem)) {
            x86_alu_mi(&c->as, w, X_CMP, mem, k);
            return x86_cc(cond);
        }
        int ra = x86_use(c, a, GPR_ALL);

        if (k == 0) {
            x86_rr(&c->as, X_TEST | w, ra, ra);
        } else {
            x86_alu_ri(&c->as, w, X_CMP, ra, k);
        }
        return x86_cc(cond);
    }
    int ra = x86_use(c, a, GPR_ALL);

    if (a != b && x86_in_memory(c, b, &mem)) {
        x86_alu_rm(&c->as, w, X_CMP, ra, mem);
    } else {
        x86_alu_rr(&c->as, w, X_CMP, ra, x86_use(c, b, GPR_ALL));
    }
    return x86_cc(cond);
}

static void emit_setcond(X86Comp *c, const IRInsn *in)
{
    X86CC cc = x86_compare(c, (IRCond)in->imm, in->aux & 0xff, in->a, in->b);

    x86_release(c);
    int dst = x86_def(c, GPR_ALL, -1);

    x86_setcc(&c->as, cc, dst);
    x86_rr(&c->as, X_MOVZX8 | X86_B8, dst, dst);
}

static void emit_select(X86Comp *c, const IRInsn *in)
{
    X86Op w = x86_w(in->type);
    int rb = x86_use(c, in->b, GPR_ALL), rc = x86_use(c, in->c, GPR_ALL);
    X86CC cc;

    if (c->vals[in->a].sunk) {
        const IRInsn *cond = x86_insn(c, in->a);

        cc = x86_compare(c, (IRCond)cond->imm, cond->aux & 0xff, cond->a, cond->b);
    } else {
        int ra = x86_use(c, in->a, GPR_ALL);

        x86_rr(&c->as, X_TEST, ra, ra);
        cc = CC_NE;
    }
    x86_release(c);
    int hint = hint_of(c, in->c, rc);
    int dst = x86_def(c, GPR_ALL, hint >= 0 ? hint : hint_of(c, in->b, rb));

    if (dst == rb) {
        x86_rr(&c->as, (X_CMOV + (cc ^ 1)) | w, dst, rc);
    } else {
        if (dst != rc) {
            x86_mov_rr(&c->as, w, dst, rc);
        }
        x86_rr(&c->as, (X_CMOV + cc) | w, dst, rb);
    }
}

void x86_crcmp_bits(X86Asm *as, bool is_unsigned, int dst, int temp)
{
    x86_mov_ri(as, dst, 2);
    x86_mov_ri(as, temp, 8);
    x86_rr(as, X_CMOV + (is_unsigned ? CC_B : CC_L), dst, temp);
    x86_mov_ri(as, temp, 4);
    x86_rr(as, X_CMOV + (is_unsigned ? CC_A : CC_G), dst, temp);
}

static void emit_crcmp(X86Comp *c, const IRInsn *in)
{
    uint64_t k;
    bool so_const = x86_const(c, in->c, &k);
    int so = so_const ? -1 : x86_use(c, in->c, GPR_ALL);
    int t = x86_temp(c, GPR_ALL);
    uint64_t ka, kb;
    IRRef a = in->a, b = in->b;

    if (x86_const(c, a, &ka) && !x86_const(c, b, &kb)) {
        /* x86_compare would swap the operands. */
        x86_use(c, a, GPR_ALL);
        x86_alu_rr(&c->as, x86_w(in->aux & 0xff), X_CMP, x86_use(c, a, GPR_ALL),
                   x86_use(c, b, GPR_ALL));
    } else {
        x86_compare(c, IRC_EQ, in->aux & 0xff, a, b);
    }
    x86_release(c);
    int dst = x86_def(c, so >= 0 ? GPR_ALL & ~BIT(so) : GPR_ALL, -1);

    x86_crcmp_bits(&c->as, in->imm != 0, dst, t);
    if (so_const) {
        if (k) {
            x86_alu_ri(&c->as, 0, X_OR, dst, 1);
        }
    } else {
        x86_alu_rr(&c->as, 0, X_OR, dst, so);
    }
}

/* ---- Conversions ---- */

static void emit_trunc(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, GPR_ALL);

    if (!later(c, in->a)) {
        x86_release(c);
        x86_def_at(c, ra);
        c->vals[c->cur].dirty_upper = true;
        return;
    }
    x86_release(c);
    x86_mov_rr(&c->as, 0, x86_def(c, GPR_ALL, -1), ra);
}

static void emit_extu(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, GPR_ALL);
    bool dirty = c->vals[in->a].dirty_upper;

    if (!later(c, in->a)) {
        x86_release(c);
        x86_def_at(c, ra);
        if (dirty) {
            x86_mov_rr(&c->as, 0, ra, ra);
        }
        return;
    }
    x86_release(c);
    x86_mov_rr(&c->as, 0, x86_def(c, GPR_ALL, -1), ra);
}

static void emit_exts(X86Comp *c, const IRInsn *in)
{
    X86Mem mem;

    if (x86_in_memory(c, in->a, &mem)) {
        x86_release(c);
        x86_rm(&c->as, X_MOVSXD | X86_W, x86_def(c, GPR_ALL, -1), mem);
        return;
    }
    int ra = x86_use(c, in->a, GPR_ALL);

    x86_release(c);
    x86_rr(&c->as, X_MOVSXD | X86_W, x86_def(c, GPR_ALL, hint_of(c, in->a, ra)), ra);
}

static void emit_bswap(X86Comp *c, const IRInsn *in)
{
    int dst = def_from(c, in, in->a, x86_use(c, in->a, GPR_ALL), 0);

    x86_bswap(&c->as, x86_w(in->type), dst);
}

bool x86_emit_int(X86Comp *c, const IRInsn *in)
{
    switch (in->op) {
    case IR_ADD: emit_alu(c, in, X_ADD, true); return true;
    case IR_SUB: emit_alu(c, in, X_SUB, false); return true;
    case IR_AND: emit_alu(c, in, X_AND, true); return true;
    case IR_OR: emit_alu(c, in, X_OR, true); return true;
    case IR_XOR: emit_alu(c, in, X_XOR, true); return true;
    case IR_ANDC: emit_andc(c, in); return true;
    case IR_NOT: emit_unary(c, in, 2); return true;
    case IR_NEG: emit_unary(c, in, 3); return true;
    case IR_MUL: emit_mul(c, in); return true;
    case IR_MULHS: emit_mulh(c, in, true); return true;
    case IR_MULHU: emit_mulh(c, in, false); return true;
    case IR_DIVS: emit_div(c, in, true, false); return true;
    case IR_DIVU: emit_div(c, in, false, false); return true;
    case IR_REMS: emit_div(c, in, true, true); return true;
    case IR_REMU: emit_div(c, in, false, true); return true;
    case IR_SHL: emit_shift(c, in, X_SHL); return true;
    case IR_SHR: emit_shift(c, in, X_SHR); return true;
    case IR_SAR: emit_shift(c, in, X_SAR); return true;
    case IR_ROTL: emit_shift(c, in, X_ROL); return true;
    case IR_CLZ: emit_count(c, in, true); return true;
    case IR_CTZ: emit_count(c, in, false); return true;
    case IR_POPCNT: emit_popcnt(c, in); return true;
    case IR_BSWAP: emit_bswap(c, in); return true;
    case IR_PDEP: emit_pdep(c, in, false); return true;
    case IR_PEXT: emit_pdep(c, in, true); return true;
    case IR_EXTRACT: emit_extract(c, in); return true;
    case IR_SEXTRACT: emit_sextract(c, in); return true;
    case IR_DEPOSIT: emit_deposit(c, in); return true;
    case IR_ADDC:
    case IR_CARRY:
    case IR_OVFADD: emit_adc(c, in); return true;
    case IR_OVFMUL: emit_ovfmul(c, in); return true;
    case IR_TRUNC: emit_trunc(c, in); return true;
    case IR_EXTU: emit_extu(c, in); return true;
    case IR_EXTS: emit_exts(c, in); return true;
    case IR_SETCOND: emit_setcond(c, in); return true;
    case IR_SELECT: emit_select(c, in); return true;
    case IR_CRCMP: emit_crcmp(c, in); return true;
    default: return false;
    }
}
