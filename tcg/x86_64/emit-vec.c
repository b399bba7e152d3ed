/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer vectors: instruction selection for SSE4.1, AVX, AVX2 and AVX-512VL.
 *
 * Ops that are one host instruction are rows of a table by lane size; the others have an emitter;
 * whatever the host's feature set lacks calls the portable function (tcg/vec-ops.h).
 */
#include "tcg/vec-ops.h"
#include "x86-backend.h"

/* ---- Portable functions ---- */

static bool is_vector(const X86Comp *c, IRRef ref)
{
    return x86_insn(c, ref)->type == IR_V128;
}

/* A scalar operand goes to the low half of a 16-byte slot. */
static void scalar_to_slot(X86Comp *c, IRRef ref, int32_t at)
{
    const IRInsn *in = x86_insn(c, ref);

    if (in->type == IR_F64) {
        x86_vst(c, X_MOVQ_ST, x86_use(c, ref, XMM_ALL), X86_MEM(RSP, at));
        return;
    }
    int r = x86_use(c, ref, GPR_ALL);

    if (in->type == IR_I32) {
        x86_mov_rr(&c->as, 0, r, r);
    }
    x86_rm(&c->as, X_MOV_STORE | X86_W, r, X86_MEM(RSP, at));
}

static void vec_call(X86Comp *c, const IRInsn *in)
{
    IRRef refs[3] = { in->a, in->b, in->c };
    X86Arg args[6];
    int32_t slots[3] = { -1, -1, -1 }, result = x86_spill_slot(c, IR_V128);

    args[0] = (X86Arg){ .kind = ARG_FRAME, .imm = (uint64_t)result };
    for (unsigned k = 0; k < 3; k++) {
        if (!refs[k]) {
            /* Never looked at, but a valid pointer. */
            args[k + 1] = args[0];
        } else if (is_vector(c, refs[k])) {
            args[k + 1] = (X86Arg){ .kind = ARG_VALUE, .ref = refs[k] };
        } else {
            slots[k] = x86_spill_slot(c, IR_V128);
            scalar_to_slot(c, refs[k], slots[k]);
            args[k + 1] = (X86Arg){ .kind = ARG_FRAME, .imm = (uint64_t)slots[k] };
        }
    }
    c->locked = 0;
    args[4] = (X86Arg){ .kind = ARG_IMM, .imm = (uint64_t)in->imm };
    args[5] = (X86Arg){ .kind = ARG_IMM, .imm = in->aux };
    x86_ccall(c, (const void *)ir_vec_fn[in->op], 6, args, IR_VOID, IRH_PURE, 0);
    for (unsigned k = 0; k < 3; k++) {
        if (slots[k] >= 0) {
            x86_free_slot(c, IR_V128, slots[k]);
        }
    }
    if (in->type == IR_V128) {
        x86_def_spilled(c, result);
        return;
    }
    if (in->type == IR_F64) {
        x86_v2m(c, X_MOVQ_LD, x86_def(c, XMM_ALL, -1), X86_MEM(RSP, result));
    } else {
        x86_rm(&c->as, X_MOV_LOAD | X86_W, x86_def(c, GPR_ALL, -1), X86_MEM(RSP, result));
    }
    x86_free_slot(c, IR_V128, result);
}

/* ---- One instruction per lane size ---- */

typedef struct VecRow { X86Op op[4]; uint64_t need[4]; uint8_t evex; } VecRow;
#define OPS(b, h, w, d) .op = { b, h, w, d }
#define NEED3(f) .need = { 0, 0, 0, f }

static const VecRow rows[IR_OP_COUNT] = {
    [IR_VAND] = { OPS(X_PAND, X_PAND, X_PAND, X_PAND) },
    [IR_VOR] = { OPS(X_POR, X_POR, X_POR, X_POR) },
    [IR_VXOR] = { OPS(X_PXOR, X_PXOR, X_PXOR, X_PXOR) },
    [IR_VADD] = { OPS(X_PADDB, X_PADDW, X_PADDD, X_PADDQ) },
    [IR_VSUB] = { OPS(X_PSUBB, X_PSUBW, X_PSUBD, X_PSUBQ) },
    [IR_VADDSS] = { OPS(X_PADDSB, X_PADDSW, 0, 0) },
    [IR_VADDUS] = { OPS(X_PADDUSB, X_PADDUSW, 0, 0) },
    [IR_VSUBSS] = { OPS(X_PSUBSB, X_PSUBSW, 0, 0) },
    [IR_VSUBUS] = { OPS(X_PSUBUSB, X_PSUBUSW, 0, 0) },
    [IR_VMINS] = { OPS(X_PMINSB, X_PMINSW, X_PMINSD, X_VPMINSQ), NEED3(X86_F_AVX512), 8 },
    [IR_VMAXS] = { OPS(X_PMAXSB, X_PMAXSW, X_PMAXSD, X_VPMAXSQ), NEED3(X86_F_AVX512), 8 },
    [IR_VMINU] = { OPS(X_PMINUB, X_PMINUW, X_PMINUD, X_VPMINUQ), NEED3(X86_F_AVX512), 8 },
    [IR_VMAXU] = { OPS(X_PMAXUB, X_PMAXUW, X_PMAXUD, X_VPMAXUQ), NEED3(X86_F_AVX512), 8 },
    [IR_VAVGU] = { OPS(X_PAVGB, X_PAVGW, 0, 0) },
    [IR_VMUL] = { OPS(0, X_PMULLW, X_PMULLD, X_VPMULLQ), NEED3(X86_F_AVX512), 8 },
    [IR_VCMPEQ] = { OPS(X_PCMPEQB, X_PCMPEQW, X_PCMPEQD, X_PCMPEQQ) },
    [IR_VCMPGTS] = { OPS(X_PCMPGTB, X_PCMPGTW, X_PCMPGTD, X_PCMPGTQ), NEED3(X86_F_SSE42) },
    [IR_VROTLV] = { OPS(0, 0, X_VPROLVD, X_VPROLVQ),
                    .need = { 0, 0, X86_F_AVX512, X86_F_AVX512 }, .evex = 12 },
    [IR_VAESE] = { OPS(X_AESENC, 0, 0, 0), .need = { X86_F_AES } },
    [IR_VAESEL] = { OPS(X_AESENCLAST, 0, 0, 0), .need = { X86_F_AES } },
    [IR_VAESD] = { OPS(X_AESDEC, 0, 0, 0), .need = { X86_F_AES } },
    [IR_VAESDL] = { OPS(X_AESDECLAST, 0, 0, 0), .need = { X86_F_AES } },
};

static int hint_of(const X86Comp *c, IRRef ref, int reg)
{
    return x86_lives_past(c, ref) ? -1 : reg;
}

/* Result register that may be a's but not b's (which SSE's two-operand forms could not stand). */
static int def3(X86Comp *c, const IRInsn *in, int ra, int rb)
{
    x86_release(c);
    return x86_def(c, ra == rb || x86_has(c, X86_F_AVX) ? XMM_ALL : XMM_ALL & ~BIT(rb),
                   hint_of(c, in->a, ra));
}

static bool emit_row(X86Comp *c, const IRInsn *in)
{
    const VecRow *row = &rows[in->op];
    unsigned lane = ir_op_info[in->op].imm_kind == IRK_NONE ? 0 : (unsigned)in->imm;
    X86Mem mem;

    if (lane > 3 || !row->op[lane] || !x86_has(c, row->need[lane])) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);

    if (row->evex & 1 << lane) {
        int rb = x86_use(c, in->b, XMM_ALL);

        x86_release(c);
        x86_err(&c->as, row->op[lane], X(x86_def(c, XMM_ALL, -1)), X(ra), X(rb));
        return true;
    }
    if (in->a != in->b && x86_has(c, X86_F_AVX) && x86_in_memory(c, in->b, &mem)) {
        x86_release(c);
        x86_v3m(c, row->op[lane], x86_def(c, XMM_ALL, hint_of(c, in->a, ra)), ra, mem);
        return true;
    }
    int rb = x86_use(c, in->b, XMM_ALL);
    int dst = def3(c, in, ra, rb);

    x86_v3(c, row->op[lane], dst, ra, rb);
    return true;
}

/* ---- Shapes used below: everything in fresh registers, operands left alone ---- */

static X86Mem pool_lanes(X86Comp *c, unsigned lane, uint64_t k)
{
    static const uint64_t repeat[] = { UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001),
                                       UINT64_C(0x0000000100000001), 1 };

    return x86_pool(c, k * repeat[lane], k * repeat[lane]);
}

static void shift_i(X86Comp *c, unsigned lane, unsigned n, int dst, int src, unsigned count)
{
    static const X86Op ops[] = { 0, X_PSHIFTW_I, X_PSHIFTD_I, X_PSHIFTQ_I };

    if (x86_has(c, X86_F_AVX)) {
        /* VEX: the destination is vvvv. */
        x86_vrr_i8(&c->as, ops[lane], (int)n, X(dst), X(src), count);
    } else {
        x86_v2(c, X_MOVAPS, dst, src);
        x86_rr_i8(&c->as, ops[lane], (int)n, X(dst), count);
    }
}
enum { SH_RIGHT = 2, SH_ARITH = 4, SH_LEFT = 6, SH_RIGHT_BYTES = 3, SH_LEFT_BYTES = 7 };

static void emit_andc(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3(c, X_PANDN, dst, rb, ra);
}

static void emit_not(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3(c, X_PCMPEQD, dst, dst, dst);
    x86_v3(c, X_PXOR, dst, dst, ra);
}

static void emit_sel(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int rc = x86_use(c, in->c, XMM_ALL);

    if (x86_has(c, X86_F_AVX512)) {
        int dst = x86_def(c, XMM_ALL, -1);

        /* Truth table of a ? b : c with a the destination (bit 2), b bit 1, c bit 0. */
        x86_v2(c, X_MOVAPS, dst, ra);
        x86_err_i8(&c->as, X_VPTERNLOGQ, X(dst), X(rb), X(rc), 0xca);
        return;
    }
    int t = x86_temp(c, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3(c, X_PAND, t, rb, ra);
    x86_v3(c, X_PANDN, dst, ra, rc);
    x86_v3(c, X_POR, dst, dst, t);
}

static bool emit_neg_abs(X86Comp *c, const IRInsn *in)
{
    static const X86Op sub[] = { X_PSUBB, X_PSUBW, X_PSUBD, X_PSUBQ };
    static const X86Op pabs[] = { X_PABSB, X_PABSW, X_PABSD };
    unsigned lane = (unsigned)in->imm;

    if (lane > 3 || (in->op == IR_VABS && lane == 3 && !x86_has(c, X86_F_AVX512))) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    if (in->op == IR_VNEG) {
        x86_vzero(c, dst);
        x86_v3(c, sub[lane], dst, dst, ra);
    } else if (lane == 3) {
        x86_err(&c->as, X_VPABSQ, X(dst), 0, X(ra));
    } else {
        x86_v2(c, pabs[lane], dst, ra);
    }
    return true;
}

/* Signed average: flip the sign bits around the unsigned one. */
static bool emit_avgs(X86Comp *c, const IRInsn *in)
{
    unsigned lane = (unsigned)in->imm;

    if (lane > 1) {
        return false;
    }
    uint64_t sign = lane ? 0x8000 : 0x80;
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, XMM_ALL), dst = x86_def(c, XMM_ALL, -1);

    x86_v3m(c, X_PXOR, t, rb, pool_lanes(c, lane, sign));
    x86_v3m(c, X_PXOR, dst, ra, pool_lanes(c, lane, sign));
    x86_v3(c, lane ? X_PAVGW : X_PAVGB, dst, dst, t);
    x86_v3m(c, X_PXOR, dst, dst, pool_lanes(c, lane, sign));
    return true;
}

static bool emit_absdu(X86Comp *c, const IRInsn *in)
{
    unsigned lane = (unsigned)in->imm;

    if (lane > 2) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, XMM_ALL), dst = x86_def(c, XMM_ALL, -1);

    x86_v3(c, rows[IR_VMINU].op[lane], t, ra, rb);
    x86_v3(c, rows[IR_VMAXU].op[lane], dst, ra, rb);
    x86_v3(c, rows[IR_VSUB].op[lane], dst, dst, t);
    return true;
}

/* Unsigned greater-than: signed with the sign bits flipped. */
static bool emit_cmpgtu(X86Comp *c, const IRInsn *in)
{
    unsigned lane = (unsigned)in->imm;

    if (lane > 3 || (lane == 3 && !x86_has(c, X86_F_SSE42))) {
        return false;
    }
    uint64_t sign = UINT64_C(1) << ((8u << lane) - 1);
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, XMM_ALL), dst = x86_def(c, XMM_ALL, -1);

    x86_v3m(c, X_PXOR, t, rb, pool_lanes(c, lane, sign));
    x86_v3m(c, X_PXOR, dst, ra, pool_lanes(c, lane, sign));
    x86_v3(c, rows[IR_VCMPGTS].op[lane], dst, dst, t);
    return true;
}

static bool emit_mulw(X86Comp *c, const IRInsn *in, bool is_signed)
{
    unsigned lane = (unsigned)in->imm;
    bool odd = in->aux & 1;

    if (lane > 2) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, XMM_ALL), dst = x86_def(c, XMM_ALL, -1);

    if (lane == 2) {
        if (odd) {
            shift_i(c, 3, SH_RIGHT, t, rb, 32);
            shift_i(c, 3, SH_RIGHT, dst, ra, 32);
            x86_v3(c, is_signed ? X_PMULDQ : X_PMULUDQ, dst, dst, t);
        } else {
            x86_v3(c, is_signed ? X_PMULDQ : X_PMULUDQ, dst, ra, rb);
        }
    } else if (lane == 1) {
        x86_v3(c, X_PMULLW, t, ra, rb);
        x86_v3(c, is_signed ? X_PMULHW : X_PMULHUW, dst, ra, rb);
        if (odd) {
            shift_i(c, 2, SH_RIGHT, t, t, 16);
            x86_v3m(c, X_PAND, dst, dst, pool_lanes(c, 2, 0xffff0000));
        } else {
            shift_i(c, 2, SH_LEFT, dst, dst, 16);
            x86_v3m(c, X_PAND, t, t, pool_lanes(c, 2, 0xffff));
        }
        x86_v3(c, X_POR, dst, dst, t);
    } else {
        if (odd) {
            shift_i(c, 1, is_signed ? SH_ARITH : SH_RIGHT, t, rb, 8);
            shift_i(c, 1, is_signed ? SH_ARITH : SH_RIGHT, dst, ra, 8);
        } else if (is_signed) {
            shift_i(c, 1, SH_LEFT, t, rb, 8);
            shift_i(c, 1, SH_LEFT, dst, ra, 8);
            shift_i(c, 1, SH_ARITH, t, t, 8);
            shift_i(c, 1, SH_ARITH, dst, dst, 8);
        } else {
            x86_v3m(c, X_PAND, t, rb, pool_lanes(c, 1, 0xff));
            x86_v3m(c, X_PAND, dst, ra, pool_lanes(c, 1, 0xff));
        }
        x86_v3(c, X_PMULLW, dst, dst, t);
    }
    return true;
}

/* ---- Shifts ---- */

static bool emit_shift_v(X86Comp *c, const IRInsn *in)
{
    static const X86Op ops[3][4] = {
        { 0, X_VPSLLVW, X_VPSLLVD, X_VPSLLVQ },
        { 0, X_VPSRLVW, X_VPSRLVD, X_VPSRLVQ },
        { 0, X_VPSRAVW, X_VPSRAVD, X_VPSRAVQ },
    };
    unsigned lane = (unsigned)in->imm;
    unsigned kind = in->op - IR_VSHLV;
    bool evex = lane == 1 || (lane == 3 && in->op == IR_VSARV);

    _Static_assert(IR_VSHRV == IR_VSHLV + 1 && IR_VSARV == IR_VSHLV + 2, "rows of ops[]");
    if (lane < 1 || lane > 3 || !x86_has(c, evex ? X86_F_AVX512 : X86_F_AVX2)) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3m(c, X_PAND, dst, rb, pool_lanes(c, lane, (8u << lane) - 1));
    if (evex) {
        x86_err(&c->as, ops[kind][lane], X(dst), X(ra), X(dst));
    } else {
        x86_vrr(&c->as, ops[kind][lane], X(dst), X(ra), X(dst));
    }
    return true;
}

static bool emit_shift_i(X86Comp *c, const IRInsn *in)
{
    unsigned lane = (unsigned)in->imm, count = in->aux;
    unsigned n = in->op == IR_VSHLI ? SH_LEFT : in->op == IR_VSHRI ? SH_RIGHT : SH_ARITH;

    if ((lane == 0 && n == SH_ARITH) || (lane == 3 && n == SH_ARITH && !x86_has(c, X86_F_AVX512)) ||
        (lane == 4 && (n == SH_ARITH || (count & 7)))) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    if (lane == 4) {
        shift_i(c, 3, n == SH_LEFT ? SH_LEFT_BYTES : SH_RIGHT_BYTES, dst, ra, count / 8);
    } else if (lane == 3 && n == SH_ARITH) {
        x86_err_i8(&c->as, 0x72 | X86_0F | X86_66 | X86_EW, SH_ARITH, X(dst), X(ra), count);
    } else if (lane == 0) {
        shift_i(c, 1, n, dst, ra, count);
        x86_v3m(c, X_PAND, dst, dst,
                pool_lanes(c, 0, n == SH_LEFT ? (0xffu << count) & 0xff : 0xffu >> count));
    } else {
        shift_i(c, lane, n, dst, ra, count);
    }
    return true;
}

/* ---- Rearranging ---- */

static bool emit_zip(X86Comp *c, const IRInsn *in, bool high)
{
    static const X86Op ops[2][4] = {
        { X_PUNPCKLBW, X_PUNPCKLWD, X_PUNPCKLDQ, X_PUNPCKLQDQ },
        { X_PUNPCKHBW, X_PUNPCKHWD, X_PUNPCKHDQ, X_PUNPCKHQDQ },
    };

    if (in->imm > 3) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3(c, ops[high][in->imm], dst, rb, ra);
    return true;
}

static void emit_align(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3_i8(c, X_PALIGNR, dst, ra, rb, in->aux);
}

static void emit_perm2(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int rc = x86_use(c, in->c, XMM_ALL);

    if (x86_has(c, X86_F_VBMI)) {
        int dst = x86_def(c, XMM_ALL, -1);

        x86_v2(c, X_MOVAPS, dst, rc);
        x86_err(&c->as, X_VPERMI2B, X(dst), X(ra), X(rb));
        return;
    }
    int t = x86_temp(c, XMM_ALL), u = x86_temp(c, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    /* Indices of the other table get the top bit, for which PSHUFB gives zero. */
    x86_v3m(c, X_PAND, t, rc, pool_lanes(c, 0, 0x1f));
    x86_v3m(c, X_PADDB, u, t, pool_lanes(c, 0, 0x70));
    x86_v3m(c, X_PADDB, t, t, pool_lanes(c, 0, 0xf0));
    x86_v3(c, X_PSHUFB, dst, ra, u);
    x86_v3(c, X_PSHUFB, u, rb, t == u ? u : t);
    x86_v3(c, X_POR, dst, dst, u);
}

static bool emit_pack(X86Comp *c, const IRInsn *in)
{
    unsigned lane = (unsigned)in->imm;
    IRPack kind = (IRPack)in->aux;
    X86Op op;

    if (lane == 3) {
        if (kind != IRPACK_MOD) {
            return false;
        }
        int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
        int dst = x86_def(c, XMM_ALL, -1);

        x86_v3_i8(c, 0xc6 | X86_0F, dst, rb, ra, 0x88);   /* shufps */
        return true;
    }
    if (lane < 1 || lane > 2) {
        return false;
    }
    if (kind == IRPACK_SS) {
        op = lane == 1 ? X_PACKSSWB : X_PACKSSDW;
    } else {
        op = lane == 1 ? X_PACKUSWB : X_PACKUSDW;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int t = x86_temp(c, XMM_ALL), dst = x86_def(c, XMM_ALL, -1);
    uint64_t max = lane == 1 ? 0xff : 0xffff;

    if (kind == IRPACK_SS || kind == IRPACK_SU) {
        x86_v3(c, op, dst, rb, ra);
    } else if (kind == IRPACK_UU) {
        x86_v2m(c, X_MOVAPS, t, pool_lanes(c, lane, max));
        x86_v3(c, rows[IR_VMINU].op[lane], dst, rb, t);
        x86_v3(c, rows[IR_VMINU].op[lane], t, t, ra);
        x86_v3(c, op, dst, dst, t);
    } else {
        x86_v3m(c, X_PAND, dst, rb, pool_lanes(c, lane, max));
        x86_v3m(c, X_PAND, t, ra, pool_lanes(c, lane, max));
        x86_v3(c, op, dst, dst, t);
    }
    return true;
}

static bool emit_unpks(X86Comp *c, const IRInsn *in)
{
    static const X86Op ops[] = { X_PMOVSXBW, X_PMOVSXWD, X_PMOVSXDQ };

    if (in->imm > 2) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    if (in->aux) {
        x86_v2_i8(c, X_PSHUFD, dst, ra, 0xee);
        ra = dst;
    }
    x86_v2(c, ops[in->imm], dst, ra);
    return true;
}

static bool emit_revb(X86Comp *c, const IRInsn *in)
{
    static const uint64_t low[] = { 0x0706050403020100, 0x0607040502030001, 0x0405060700010203,
                                    0x0001020304050607, 0x08090a0b0c0d0e0f };
    static const uint64_t high[] = { 0x0f0e0d0c0b0a0908, 0x0e0f0c0d0a0b0809, 0x0c0d0e0f08090a0b,
                                     0x08090a0b0c0d0e0f, 0x0001020304050607 };
    int ra = x86_use(c, in->a, XMM_ALL);

    x86_release(c);
    x86_v3m(c, X_PSHUFB, x86_def(c, XMM_ALL, hint_of(c, in->a, ra)), ra,
            x86_pool(c, high[in->imm], low[in->imm]));
    return true;
}

/* ---- Scalars in and out ---- */

static void emit_mkhi(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    shift_i(c, 3, SH_LEFT_BYTES, dst, ra, 8);
}

static void pinsr(X86Comp *c, X86Op op, int dst, int a, int gpr, unsigned lane)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr_i8(&c->as, op, X(dst), X(a), gpr, lane);
    } else {
        x86_v2(c, X_MOVAPS, dst, a);
        x86_rr_i8(&c->as, op, X(dst), gpr, lane);
    }
}

static void emit_mkv(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, GPR_ALL), rb = x86_use(c, in->b, GPR_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_movq_xr(c, dst, rb);
    pinsr(c, X_PINSRD | X86_W, dst, dst, ra, 1);
}

static void emit_half(X86Comp *c, const IRInsn *in, bool high)
{
    X86Mem mem;

    if (x86_in_memory(c, in->a, &mem)) {
        mem.disp += high ? 8 : 0;
        x86_release(c);
        x86_v2m(c, X_MOVQ_LD, x86_def(c, XMM_ALL, -1), mem);
        return;
    }
    int ra = x86_use(c, in->a, XMM_ALL);

    x86_release(c);
    int dst = x86_def(c, XMM_ALL, high ? -1 : hint_of(c, in->a, ra));

    if (high) {
        x86_v2_i8(c, X_PSHUFD, dst, ra, 0xee);
    } else {
        x86_v2(c, X_MOVAPS, dst, ra);
    }
}

static bool emit_ins(X86Comp *c, const IRInsn *in)
{
    static const X86Op ops[] = { X_PINSRB, X_PINSRW, X_PINSRD, X_PINSRD | X86_W };

    if (in->imm > 3) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, GPR_ALL);

    x86_release(c);
    pinsr(c, ops[in->imm], x86_def(c, XMM_ALL, hint_of(c, in->a, ra)), ra, rb, in->aux);
    return true;
}

static bool emit_ext(X86Comp *c, const IRInsn *in)
{
    unsigned lane = (unsigned)in->imm;

    if (lane > 3) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, GPR_ALL, -1);

    if (lane == 1) {
        x86_pextrw(c, dst, ra, in->aux);
        return true;
    }
    if (lane == 3 && in->aux == 0) {
        x86_movq_rx(c, dst, ra);
        return true;
    }
    X86Op op = lane == 0 ? X_PEXTRB : lane == 2 ? X_PEXTRD : X_PEXTRD | X86_W;

    if (x86_has(c, X86_F_AVX)) {
        x86_vrr_i8(&c->as, op, X(ra), 0, dst, in->aux);
    } else {
        x86_rr_i8(&c->as, op, X(ra), dst, in->aux);
    }
    return true;
}

static bool emit_dup(X86Comp *c, const IRInsn *in)
{
    static const X86Op broadcast[] = { X_VPBROADCASTB, X_VPBROADCASTW, X_VPBROADCASTD,
                                       X_VPBROADCASTQ };
    unsigned lane = (unsigned)in->imm;

    if (lane > 3) {
        return false;
    }
    int ra = x86_use(c, in->a, GPR_ALL);
    int t = x86_temp(c, XMM_ALL), dst = x86_def(c, XMM_ALL, -1);

    x86_movq_xr(c, dst, ra);
    if (x86_has(c, X86_F_AVX2)) {
        x86_v2(c, broadcast[lane], dst, dst);
    } else if (lane == 0) {
        x86_vzero(c, t);
        x86_v3(c, X_PSHUFB, dst, dst, t);
    } else if (lane == 1) {
        x86_v2_i8(c, X_PSHUFLW, dst, dst, 0);
        x86_v2_i8(c, X_PSHUFD, dst, dst, 0);
    } else {
        x86_v2_i8(c, X_PSHUFD, dst, dst, lane == 2 ? 0 : 0x44);
    }
    return true;
}

/* ---- Counting and testing ---- */

static bool emit_count(X86Comp *c, const IRInsn *in)
{
    static const X86Op popcnt[] = { X_VPOPCNTB, X_VPOPCNTW, X_VPOPCNTD, X_VPOPCNTQ };
    unsigned lane = (unsigned)in->imm;
    X86Op op;

    if (lane > 3) {
        return false;
    }
    if (in->op == IR_VPOPCNT) {
        if (!x86_has(c, lane < 2 ? X86_F_BITALG : X86_F_VPOPCNTDQ)) {
            return false;
        }
        op = popcnt[lane];
    } else {
        if (lane < 2 || !x86_has(c, X86_F_AVX512CD)) {
            return false;
        }
        op = lane == 2 ? X_VPLZCNTD : X_VPLZCNTQ;
    }
    int ra = x86_use(c, in->a, XMM_ALL);

    x86_release(c);
    x86_err(&c->as, op, X(x86_def(c, XMM_ALL, -1)), 0, X(ra));
    return true;
}

static void movmsk(X86Comp *c, X86Op op, int dst, int src)
{
    if (x86_has(c, X86_F_AVX)) {
        x86_vrr(&c->as, op, dst, 0, X(src));
    } else {
        x86_rr(&c->as, op, dst, X(src));
    }
}

static bool emit_msk(X86Comp *c, const IRInsn *in)
{
    static const X86Op ops[] = { X_PMOVMSKB, 0, X_MOVMSKPS, X_MOVMSKPD };
    unsigned lane = (unsigned)in->imm;

    if (lane > 3) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL);

    if (lane == 1) {
        int t = x86_temp(c, XMM_ALL);
        int dst = x86_def(c, GPR_ALL, -1);

        x86_vzero(c, t);
        x86_v3(c, X_PACKSSWB, t, t, ra);
        movmsk(c, X_PMOVMSKB, dst, t);
        x86_shift_ri(&c->as, 0, X_SHR, dst, 8);
        return true;
    }
    movmsk(c, ops[lane], x86_def(c, GPR_ALL, -1), ra);
    return true;
}

static void emit_testz(X86Comp *c, const IRInsn *in)
{
    int ra = x86_use(c, in->a, XMM_ALL);
    int dst = x86_def(c, GPR_ALL, -1);

    x86_v2(c, X_PTEST, ra, ra);
    x86_setcc(&c->as, CC_E, dst);
    x86_rr(&c->as, X_MOVZX8 | X86_B8, dst, dst);
}

static bool emit_pmull(X86Comp *c, const IRInsn *in)
{
    if (!x86_has(c, X86_F_PCLMUL)) {
        return false;
    }
    int ra = x86_use(c, in->a, XMM_ALL), rb = x86_use(c, in->b, XMM_ALL);
    int dst = x86_def(c, XMM_ALL, -1);

    x86_v3_i8(c, X_PCLMULQDQ, dst, ra, rb, in->aux & 0x11);
    return true;
}

static bool emit_inline(X86Comp *c, const IRInsn *in)
{
    switch (in->op) {
    case IR_VANDC: emit_andc(c, in); return true;
    case IR_VNOT: emit_not(c, in); return true;
    case IR_VSEL: emit_sel(c, in); return true;
    case IR_VNEG:
    case IR_VABS: return emit_neg_abs(c, in);
    case IR_VAVGS: return emit_avgs(c, in);
    case IR_VABSDU: return emit_absdu(c, in);
    case IR_VCMPGTU: return emit_cmpgtu(c, in);
    case IR_VMULWU: return emit_mulw(c, in, false);
    case IR_VMULWS: return emit_mulw(c, in, true);
    case IR_VSHLV:
    case IR_VSHRV:
    case IR_VSARV: return emit_shift_v(c, in);
    case IR_VSHLI:
    case IR_VSHRI:
    case IR_VSARI: return emit_shift_i(c, in);
    case IR_VZIPL: return emit_zip(c, in, false);
    case IR_VZIPH: return emit_zip(c, in, true);
    case IR_VALIGN: emit_align(c, in); return true;
    case IR_VPERM2: emit_perm2(c, in); return true;
    case IR_VPACK: return emit_pack(c, in);
    case IR_VUNPKS: return emit_unpks(c, in);
    case IR_VREVB: return emit_revb(c, in);
    case IR_MKHI: emit_mkhi(c, in); return true;
    case IR_MKV: emit_mkv(c, in); return true;
    case IR_VHI: emit_half(c, in, true); return true;
    case IR_VLO: emit_half(c, in, false); return true;
    case IR_VINS: return emit_ins(c, in);
    case IR_VEXT: return emit_ext(c, in);
    case IR_VDUP: return emit_dup(c, in);
    case IR_VPOPCNT:
    case IR_VCLZ: return emit_count(c, in);
    case IR_VMSK: return emit_msk(c, in);
    case IR_VTESTZ: emit_testz(c, in); return true;
    case IR_VPMULL: return emit_pmull(c, in);
    default: return emit_row(c, in);
    }
}

bool x86_emit_vec(X86Comp *c, const IRInsn *in)
{
    if (!ir_vec_fn[in->op]) {
        return false;
    }
    if (!emit_inline(c, in)) {
        vec_call(c, in);
    }
    return true;
}
