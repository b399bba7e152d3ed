/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point: Power ISA 3.0B book I chapter 4.
 *
 * Fast mode: guarded host arithmetic in the guest's rounding mode, and a record of
 * the last operation from which FI, FR and FPRF are made when FPSCR is looked at (fpu-status.c).
 * Exact mode (HF_FP_EXACT): one helper does the whole instruction, with its exceptions.  In between
 * (HF_FP_TRAPS), an instruction that finds an enabled exception due leaves its block, to come again
 * in exact mode.
 */
#include "fp.h"

/* ---- Shared with VSX ---- */

void gen_fp_record(DisasContext *ctx, uint32_t op, unsigned n, IRRef a, IRRef b, IRRef c)
{
    IRBuilder *ir = ctx->b;

    ir_set(ir, SLOT_FP_OP, ir_k32(ir, op | ctx->rn << FPOP_ROUND_SHIFT));
    ir_set(ir, SLOT_FP_A, a);
    if (n > 1) {
        ir_set(ir, SLOT_FP_B, b);
    }
    if (n > 2) {
        ir_set(ir, SLOT_FP_C, c);
    }
    if (fpop_attributes(op) & FPA_FPRF) {
        ir_set(ir, SLOT_FPCC, ir_k32(ir, 0));
    }
}

void gen_fp_check_redo(DisasContext *ctx)
{
    if (ctx->flags & HF_FP_TRAPS) {
        IRRef redo = ir_load_env(ctx->b, IR_I32, offsetof(CPUPPCState, fp_redo), 4, false);

        ir_exit_if(ctx->b, redo, ctx->pc, IREXIT_NOCHAIN);
    }
}

IRRef gen_fp_resolve(DisasContext *ctx)
{
    IRBuilder *b = ctx->b;

    IRRef fpscr = ir_callv(b, &helper_row_fp_resolve, ir_get(b, SLOT_FP_OP), ir_get(b, SLOT_FPCC),
                           ir_get(b, SLOT_FP_A), ir_get(b, SLOT_FP_B), ir_get(b, SLOT_FP_C));
    ir_set(b, SLOT_FP_OP, ir_k32(b, 0));
    ir_set(b, SLOT_FPCC, ir_k32(b, 0));
    return fpscr;
}

void gen_fp_cr1(DisasContext *ctx)
{
    set_crf(ctx, 1, ir_call0(ctx->b, &helper_row_fp_cr1));
}

/* The guarded IR op of a base operation; IR_NOP if there is none. */
static IROpcode guarded_op(FPBase base)
{
    switch (base) {
    case FPB_ADD:
        return IR_FADD;
    case FPB_SUB:
        return IR_FSUB;
    case FPB_MUL:
        return IR_FMUL;
    case FPB_DIV:
        return IR_FDIV;
    case FPB_SQRT:
        return IR_FSQRT;
    case FPB_MADD:
        return IR_FMADD;
    case FPB_RSP:
    case FPB_RSPV:
        return IR_FRSP;
    case FPB_CFID:
        return IR_FCFID;
    case FPB_CTI:
        return IR_FCTI;
    default:
        return IR_NOP;
    }
}

IRRef gen_fp_round_to_integral(DisasContext *ctx, IRRef a, unsigned mode)
{
    static const uint8_t modes[] = {
        [FLOAT_ROUND_NEAREST_EVEN] = IRROUND_NEAREST_EVEN,
        [FLOAT_ROUND_TO_ZERO] = IRROUND_ZERO,
        [FLOAT_ROUND_UP] = IRROUND_UP,
        [FLOAT_ROUND_DOWN] = IRROUND_DOWN,
        [FLOAT_ROUND_NEAREST_AWAY] = IRROUND_NEAREST_AWAY,
    };

    /* The rounding itself raises nothing: a compare with itself catches signalling NaNs. */
    ir_op2i(ctx->b, IR_FCMP, a, a, 0, 0);
    return ir_op1i(ctx->b, IR_FRIM, a, modes[mode], 0);
}

static IRRef convert_to_integer(DisasContext *ctx, IRRef a, unsigned modifiers)
{
    IRRef integer = ir_op1i(ctx->b, IR_FCTI, a, modifiers & ~FPCTI_BOTH, 0);

    if (modifiers & FPCTI_BOTH) {
        integer = ir_deposit(ctx->b, integer, integer, 32, 32);
    }
    return int_to_fp(ctx, integer);
}

/* a relation b ? if_true : if_false; bits of the compare's nibble.  The compare raises what is to
 * raise. */
static IRRef select_by(DisasContext *ctx, IRRef a, IRRef b, bool ordered, unsigned bits,
                       IRRef if_true, IRRef if_false)
{
    IRBuilder *ir = ctx->b;
    IRRef nibble = ir_op2i(ir, IR_FCMP, a, b, ordered ? IRFP_ORDERED : 0, 0);

    return int_to_fp(ctx, ir_select(ir, ir_andi(ir, nibble, bits), if_true, if_false));
}

static IRRef select_mask(DisasContext *ctx, IRRef a, IRRef b, bool ordered, unsigned bits)
{
    return select_by(ctx, a, b, ordered, bits, ir_k64(ctx->b, UINT64_MAX), ir_k64(ctx->b, 0));
}

/* Rounded to single, then in both words in single format. */
static IRRef convert_to_single(DisasContext *ctx, IRRef a)
{
    IRBuilder *ir = ctx->b;
    IRRef word = ir_extu(ir, ir_op1(ir, IR_D2S, ir_op1i(ir, IR_FRSP, a, 0, 0)));

    return int_to_fp(ctx, ir_deposit(ir, word, word, 32, 32));
}

/* Widened exactly; the multiplication by one quiets a signalling NaN and reports it. */
static IRRef convert_from_single(DisasContext *ctx, IRRef a)
{
    IRBuilder *ir = ctx->b;
    IRRef word = ir_trunc(ir, ir_shri(ir, fp_to_int(ctx, a), 32));
    IRRef one = int_to_fp(ctx, ir_k64(ir, UINT64_C(0x3ff0000000000000)));

    return ir_op2i(ir, IR_FMUL, ir_op1(ir, IR_S2D, word), one, 0, 0);
}

/* Operations that are short sequences of IR ops; IR_NONE if this is none of them. */
static IRRef gen_fp_sequence(DisasContext *ctx, uint32_t op, IRRef a, IRRef b)
{
    switch (FPOP_BASE(op)) {
    case FPB_RINT:
        return FPOP_MODIFIERS(op) == FPRINT_CURRENT
                   ? IR_NONE
                   : gen_fp_round_to_integral(ctx, a, FPOP_MODIFIERS(op));
    case FPB_CVDPSP:
        return convert_to_single(ctx, a);
    case FPB_CVSPDP:
        return convert_from_single(ctx, a);
    case FPB_MAXC:
        return select_by(ctx, a, b, false, 4, fp_to_int(ctx, a), fp_to_int(ctx, b));
    case FPB_MINC:
        return select_by(ctx, a, b, false, 8, fp_to_int(ctx, a), fp_to_int(ctx, b));
    case FPB_CMPEQ:
        return select_mask(ctx, a, b, false, 2);
    case FPB_CMPGE:
        return select_mask(ctx, a, b, true, 6);
    case FPB_CMPGT:
        return select_mask(ctx, a, b, true, 4);
    default:
        return IR_NONE;
    }
}

static IRRef gen_fp_fast(DisasContext *ctx, const FPInsn *in, IRRef a, IRRef b, IRRef c)
{
    IRBuilder *ir = ctx->b;
    FPBase base = FPOP_BASE(in->op);
    unsigned modifiers = FPOP_MODIFIERS(in->op);
    IROpcode op = guarded_op(base);

    switch (op) {
    case IR_NOP: {
        IRRef result = gen_fp_sequence(ctx, in->op, a, b);

        return result ? result : ir_callv(ir, &helper_row_fp_value, a, b, c, ir_k32(ir, in->op));
    }
    case IR_FCFID:
        return ir_op1i(ir, op, fp_to_int(ctx, a), modifiers, 0);
    case IR_FCTI:
        return convert_to_integer(ctx, a, modifiers);
    case IR_FRSP:
        return ir_op1i(ir, op, a, base == FPB_RSPV ? 1 << IRFP_USER_SHIFT : 0, 0);
    case IR_FSQRT:
        return ir_op1i(ir, op, a, modifiers, 0);
    case IR_FMADD:
        return ir_op3i(ir, op, a, b, c, modifiers, 0);
    default:
        return ir_op2i(ir, op, a, b, modifiers, 0);
    }
}

void gen_fp(DisasContext *ctx, const FPInsn *in)
{
    IRBuilder *ir = ctx->b;

    if (fp_exact(ctx)) {
        ir_callv(ir, &helper_row_fp_exact, ir_k32(ir, in->op),
                 ir_k32(ir, FPREGS(in->t, in->a, in->b, in->c, in->rc)));
        return;
    }
    IRRef a = get_vsr_hi(ctx, in->a);
    IRRef b = in->n > 1 ? get_vsr_hi(ctx, in->b) : a;
    IRRef c = in->n > 2 ? get_vsr_hi(ctx, in->c) : a;
    IRRef result = gen_fp_fast(ctx, in, a, b, c);

    gen_fp_check_redo(ctx);
    ir_set_hi(ir, SLOT_VSR0 + in->t, result);
    if (fpop_attributes(in->op)) {
        gen_fp_record(ctx, in->op, in->n, a, b, c);
    }
    if (in->rc) {
        gen_fp_cr1(ctx);
    }
}

void gen_fp_compare(DisasContext *ctx, unsigned bf, unsigned a, unsigned b, bool ordered)
{
    IRBuilder *ir = ctx->b;

    if (fp_exact(ctx)) {
        ir_callv(ir, &helper_row_fp_compare_exact, ir_k32(ir, FPREGS(bf, a, b, 0, 0)),
                 ir_k32(ir, ordered));
        return;
    }
    IRRef nibble =
        ir_op2i(ir, IR_FCMP, get_vsr_hi(ctx, a), get_vsr_hi(ctx, b), ordered ? IRFP_ORDERED : 0, 0);
    gen_fp_check_redo(ctx);
    set_crf(ctx, bf, nibble);
    ir_set(ir, SLOT_FPCC, nibble);
}

/* ---- Arithmetic, rounding, conversion ---- */

#define FP1(name, op)                                                                              \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_rt(insn), insn_rb(insn), 0, 0, 1, insn_rc(insn)});          \
        return true;                                                                               \
    }
#define FP_AB(name, op)                                                                            \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        gen_fp(ctx,                                                                                \
               &(FPInsn){op, insn_rt(insn), insn_ra(insn), insn_rb(insn), 0, 2, insn_rc(insn)});   \
        return true;                                                                               \
    }
#define FP_AC(name, op)                                                                            \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_rt(insn), insn_ra(insn), insn_rc_reg(insn), 0, 2,           \
                              insn_rc(insn)});                                                     \
        return true;                                                                               \
    }
#define FP_ACB(name, op)                                                                           \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        gen_fp(ctx, &(FPInsn){op, insn_rt(insn), insn_ra(insn), insn_rc_reg(insn), insn_rb(insn),  \
                              3, insn_rc(insn)});                                                  \
        return true;                                                                               \
    }

FP_AB(fadd, FPOP(FPB_ADD, 0))
FP_AB(fadds, FPOP(FPB_ADD, IRFP_SINGLE))
FP_AB(fsub, FPOP(FPB_SUB, 0))
FP_AB(fsubs, FPOP(FPB_SUB, IRFP_SINGLE))
FP_AC(fmul, FPOP(FPB_MUL, 0))
FP_AC(fmuls, FPOP(FPB_MUL, IRFP_SINGLE))
FP_AB(fdiv, FPOP(FPB_DIV, 0))
FP_AB(fdivs, FPOP(FPB_DIV, IRFP_SINGLE))
FP1(fsqrt, FPOP(FPB_SQRT, 0))
FP1(fsqrts, FPOP(FPB_SQRT, IRFP_SINGLE))
FP1(fre, FPOP(FPB_RE, 0))
FP1(fres, FPOP(FPB_RE, IRFP_SINGLE))
FP1(frsqrte, FPOP(FPB_RSQRTE, 0))
FP1(frsqrtes, FPOP(FPB_RSQRTE, IRFP_SINGLE))
FP_ACB(fmadd, FPOP(FPB_MADD, 0))
FP_ACB(fmadds, FPOP(FPB_MADD, IRFP_SINGLE))
FP_ACB(fmsub, FPOP(FPB_MADD, IRFP_SUBTRACT))
FP_ACB(fmsubs, FPOP(FPB_MADD, IRFP_SUBTRACT | IRFP_SINGLE))
FP_ACB(fnmadd, FPOP(FPB_MADD, IRFP_NEG))
FP_ACB(fnmadds, FPOP(FPB_MADD, IRFP_NEG | IRFP_SINGLE))
FP_ACB(fnmsub, FPOP(FPB_MADD, IRFP_NEG | IRFP_SUBTRACT))
FP_ACB(fnmsubs, FPOP(FPB_MADD, IRFP_NEG | IRFP_SUBTRACT | IRFP_SINGLE))

FP1(frsp, FPOP(FPB_RSP, 0))
FP1(fctid, FPOP(FPB_CTI, 0))
FP1(fctidz, FPOP(FPB_CTI, IRFP_TRUNC))
FP1(fctidu, FPOP(FPB_CTI, IRFP_UNSIGNED))
FP1(fctiduz, FPOP(FPB_CTI, IRFP_UNSIGNED | IRFP_TRUNC))
FP1(fctiw, FPOP(FPB_CTI, IRFP_W32))
FP1(fctiwz, FPOP(FPB_CTI, IRFP_W32 | IRFP_TRUNC))
FP1(fctiwu, FPOP(FPB_CTI, IRFP_W32 | IRFP_UNSIGNED))
FP1(fctiwuz, FPOP(FPB_CTI, IRFP_W32 | IRFP_UNSIGNED | IRFP_TRUNC))
FP1(fcfid, FPOP(FPB_CFID, 0))
FP1(fcfidu, FPOP(FPB_CFID, IRFP_UNSIGNED))
FP1(fcfids, FPOP(FPB_CFID, IRFP_SINGLE))
FP1(fcfidus, FPOP(FPB_CFID, IRFP_UNSIGNED | IRFP_SINGLE))
FP1(frin, FPOP(FPB_RINT, FLOAT_ROUND_NEAREST_AWAY))
FP1(friz, FPOP(FPB_RINT, FLOAT_ROUND_TO_ZERO))
FP1(frip, FPOP(FPB_RINT, FLOAT_ROUND_UP))
FP1(frim, FPOP(FPB_RINT, FLOAT_ROUND_DOWN))

/* FRA >= 0.0 (either zero) ? FRC : FRB.  As integers: not above +infinity, or minus zero. */
bool tr_fsel(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef a = fp_to_int(ctx, get_fpr(ctx, insn_ra(insn)));
    IRRef positive = ir_setcond(b, IRC_LEU, a, ir_k64(b, UINT64_C(0x7ff0000000000000)));
    IRRef minus_zero = ir_setcond(b, IRC_EQ, a, ir_k64(b, (uint64_t)1 << 63));
    IRRef result = ir_select(b, ir_op2(b, IR_OR, positive, minus_zero),
                             fp_to_int(ctx, get_fpr(ctx, insn_rc_reg(insn))),
                             fp_to_int(ctx, get_fpr(ctx, insn_rb(insn))));

    set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, result));
    if (insn_rc(insn)) {
        gen_fp_cr1(ctx);
    }
    return true;
}

bool tr_ftdiv(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_ftdiv, fp_to_int(ctx, get_fpr(ctx, insn_ra(insn))),
                     fp_to_int(ctx, get_fpr(ctx, insn_rb(insn)))));
    return true;
}

bool tr_ftsqrt(DisasContext *ctx, uint32_t insn)
{
    set_crf(ctx, insn_bf(insn),
            ir_callv(ctx->b, &helper_row_ftsqrt, fp_to_int(ctx, get_fpr(ctx, insn_rb(insn)))));
    return true;
}

bool tr_fcmpu(DisasContext *ctx, uint32_t insn)
{
    gen_fp_compare(ctx, insn_bf(insn), insn_ra(insn), insn_rb(insn), false);
    return true;
}

bool tr_fcmpo(DisasContext *ctx, uint32_t insn)
{
    gen_fp_compare(ctx, insn_bf(insn), insn_ra(insn), insn_rb(insn), true);
    return true;
}

/* ---- Moves ---- */

bool gen_fp_finish_move(DisasContext *ctx, uint32_t insn, IRRef value)
{
    set_fpr(ctx, insn_rt(insn), value);
    if (insn_rc(insn)) {
        gen_fp_cr1(ctx);
    }
    return true;
}

bool tr_fmr(DisasContext *ctx, uint32_t insn)
{
    return gen_fp_finish_move(ctx, insn, get_fpr(ctx, insn_rb(insn)));
}

bool tr_fneg(DisasContext *ctx, uint32_t insn)
{
    return gen_fp_finish_move(ctx, insn, ir_op1(ctx->b, IR_FNEG, get_fpr(ctx, insn_rb(insn))));
}

bool tr_fabs(DisasContext *ctx, uint32_t insn)
{
    return gen_fp_finish_move(ctx, insn, ir_op1(ctx->b, IR_FABS, get_fpr(ctx, insn_rb(insn))));
}

bool tr_fnabs(DisasContext *ctx, uint32_t insn)
{
    return gen_fp_finish_move(ctx, insn, ir_op1(ctx->b, IR_FNABS, get_fpr(ctx, insn_rb(insn))));
}

bool tr_fcpsgn(DisasContext *ctx, uint32_t insn)
{
    return gen_fp_finish_move(
        ctx, insn,
        ir_op2(ctx->b, IR_FCPSGN, get_fpr(ctx, insn_ra(insn)), get_fpr(ctx, insn_rb(insn))));
}

bool tr_fmrgew(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef high = ir_shri(b, fp_to_int(ctx, get_fpr(ctx, insn_ra(insn))), 32);
    IRRef low = ir_shri(b, fp_to_int(ctx, get_fpr(ctx, insn_rb(insn))), 32);

    set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, ir_deposit(b, low, high, 32, 32)));
    return true;
}

bool tr_fmrgow(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef high = fp_to_int(ctx, get_fpr(ctx, insn_ra(insn)));
    IRRef low = fp_to_int(ctx, get_fpr(ctx, insn_rb(insn)));

    set_fpr(ctx, insn_rt(insn), int_to_fp(ctx, ir_deposit(b, low, high, 32, 32)));
    return true;
}

/* ---- Loads and stores ---- */

static IRRef load_double(DisasContext *ctx, EA ea)
{
    return gen_load(ctx, IR_F64, MO_64, ea);
}

static IRRef load_single(DisasContext *ctx, EA ea)
{
    return ir_op1(ctx->b, IR_S2D, gen_load(ctx, IR_I32, MO_32, ea));
}

static void store_double(DisasContext *ctx, EA ea, IRRef value)
{
    gen_store(ctx, MO_64, ea, value);
}

static void store_single(DisasContext *ctx, EA ea, IRRef value)
{
    gen_store(ctx, MO_32, ea, ir_op1(ctx->b, IR_D2S, value));
}

typedef struct FPAddress {
    EA ea;
    IRRef update; /* IR_NONE: not an update form */
} FPAddress;

/* Displacement and indexed forms, with and without update; false: invalid form. */
static bool make_address(DisasContext *ctx, uint32_t insn, bool indexed, bool update,
                         FPAddress *out)
{
    unsigned ra = insn_ra(insn);

    if (update && ra == 0) {
        return false;
    }
    out->update = IR_NONE;
    if (update) {
        out->update = gen_update_value(
            ctx, ra, indexed ? gpr(ctx, insn_rb(insn)) : ir_k64(ctx->b, insn_si(insn)));
    }
    out->ea = indexed ? gen_ea_indexed(ctx, ra, insn_rb(insn)) : gen_ea_imm(ctx, ra, insn_si(insn));
    return true;
}

static bool gen_fp_load(DisasContext *ctx, uint32_t insn, bool indexed, bool update,
                        IRRef (*load)(DisasContext *, EA))
{
    FPAddress at;

    if (!make_address(ctx, insn, indexed, update, &at)) {
        return false;
    }
    set_fpr(ctx, insn_rt(insn), load(ctx, at.ea));
    if (at.update) {
        set_gpr(ctx, insn_ra(insn), at.update);
    }
    return true;
}

static bool gen_fp_store(DisasContext *ctx, uint32_t insn, bool indexed, bool update,
                         void (*store)(DisasContext *, EA, IRRef))
{
    FPAddress at;

    if (!make_address(ctx, insn, indexed, update, &at)) {
        return false;
    }
    store(ctx, at.ea, get_fpr(ctx, insn_rt(insn)));
    if (at.update) {
        set_gpr(ctx, insn_ra(insn), at.update);
    }
    return true;
}

#define FP_MEMORY(name, emit, access, indexed, update)                                             \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                               \
    {                                                                                              \
        return emit(ctx, insn, indexed, update, access);                                           \
    }
#define FP_LOADS(name, access)                                                                     \
    FP_MEMORY(name, gen_fp_load, access, false, false)                                             \
    FP_MEMORY(name##u, gen_fp_load, access, false, true)                                           \
    FP_MEMORY(name##x, gen_fp_load, access, true, false)                                           \
    FP_MEMORY(name##ux, gen_fp_load, access, true, true)
#define FP_STORES(name, access)                                                                    \
    FP_MEMORY(name, gen_fp_store, access, false, false)                                            \
    FP_MEMORY(name##u, gen_fp_store, access, false, true)                                          \
    FP_MEMORY(name##x, gen_fp_store, access, true, false)                                          \
    FP_MEMORY(name##ux, gen_fp_store, access, true, true)

FP_LOADS(lfs, load_single)
FP_LOADS(lfd, load_double)
FP_STORES(stfs, store_single)
FP_STORES(stfd, store_double)

static IRRef load_word_signed(DisasContext *ctx, EA ea)
{
    return int_to_fp(ctx, gen_load(ctx, IR_I64, MO_32 | MO_SIGN, ea));
}

static IRRef load_word_zero(DisasContext *ctx, EA ea)
{
    return int_to_fp(ctx, gen_load(ctx, IR_I64, MO_32, ea));
}

static void store_word(DisasContext *ctx, EA ea, IRRef value)
{
    gen_store(ctx, MO_32, ea, ir_trunc(ctx->b, fp_to_int(ctx, value)));
}

FP_MEMORY(lfiwax, gen_fp_load, load_word_signed, true, false)
FP_MEMORY(lfiwzx, gen_fp_load, load_word_zero, true, false)
FP_MEMORY(stfiwx, gen_fp_store, store_word, true, false)

/* A pair is one quadword in memory: the even register lies first in big-endian mode. */
static bool load_pair(DisasContext *ctx, uint32_t insn, EA ea)
{
    unsigned t = insn_rt(insn);
    IRRef first, second;

    if (t & 1) {
        return false;
    }
    first = load_double(ctx, ea);
    second = load_double(ctx, gen_ea_offset(ctx, ea, 8));
    set_fpr(ctx, t, ctx->le ? second : first);
    set_fpr(ctx, t + 1, ctx->le ? first : second);
    return true;
}

static bool store_pair(DisasContext *ctx, uint32_t insn, EA ea)
{
    unsigned s = insn_rt(insn);

    if (s & 1) {
        return false;
    }
    store_double(ctx, ea, get_fpr(ctx, s + ctx->le));
    store_double(ctx, gen_ea_offset(ctx, ea, 8), get_fpr(ctx, s + !ctx->le));
    return true;
}

bool tr_lfdp(DisasContext *ctx, uint32_t insn)
{
    return load_pair(ctx, insn, gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn)));
}

bool tr_lfdpx(DisasContext *ctx, uint32_t insn)
{
    return load_pair(ctx, insn, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));
}

bool tr_stfdp(DisasContext *ctx, uint32_t insn)
{
    return store_pair(ctx, insn, gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn)));
}

bool tr_stfdpx(DisasContext *ctx, uint32_t insn)
{
    return store_pair(ctx, insn, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));
}
