/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer loads and stores, reservations, atomic memory operations, cache and synchronization
 * instructions: Power ISA 3.0B books I 3.3.2-3.3.7 and II 4.
 *
 * A load-and-reserve remembers address, size and value; the conditional store compares the address
 * and swaps against the remembered value.  Where the address or size does not match, the block
 * leaves to a block that starts with the store, which does everything in a helper; the common case
 * stays inline. Instruction storage needs no care: stores to translated code invalidate it.
 */
#include "accel/tcg/access.h"
#include "../decode.h"
#include "../helper-int.h"
#include "../helper-system.h"
#include "../translate.h"

static unsigned mmu_idx(const DisasContext *ctx)
{
    return ctx->flags >> HF_MMUIDX_SHIFT & 7;
}

static IRRef oi_arg(DisasContext *ctx, unsigned op)
{
    return ir_k32(ctx->b, tcg_oi(memop_for(ctx, op), mmu_idx(ctx)));
}

static void raise_alignment(DisasContext *ctx, EA ea, bool is_store)
{
    ir_callv(ctx->b, &helper_row_alignment, gen_ea_value(ctx, ea), ir_k32(ctx->b, is_store));
    ir_unreachable(ctx->b);
    ctx->end = DISAS_ENDED;
}

/* ---- Loads and stores ---- */

static bool load_imm(DisasContext *ctx, uint32_t insn, unsigned op, int32_t disp)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), disp);
    set_gpr(ctx, insn_rt(insn), gen_load(ctx, IR_I64, op, ea));
    return true;
}

static bool load_imm_update(DisasContext *ctx, uint32_t insn, unsigned op, int32_t disp)
{
    unsigned ra = insn_ra(insn);

    if (ra == 0 || ra == insn_rt(insn)) {
        return false;
    }
    IRRef sum = gen_update_value(ctx, ra, ir_k64(ctx->b, disp));
    EA ea = gen_ea_imm(ctx, ra, disp);
    set_gpr(ctx, insn_rt(insn), gen_load(ctx, IR_I64, op, ea));
    set_gpr(ctx, ra, sum);
    return true;
}

static bool load_indexed(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    set_gpr(ctx, insn_rt(insn), gen_load(ctx, IR_I64, op, ea));
    return true;
}

static bool load_indexed_update(DisasContext *ctx, uint32_t insn, unsigned op)
{
    unsigned ra = insn_ra(insn);

    if (ra == 0 || ra == insn_rt(insn)) {
        return false;
    }
    IRRef sum = gen_update_value(ctx, ra, gpr(ctx, insn_rb(insn)));
    EA ea = gen_ea_indexed(ctx, ra, insn_rb(insn));
    set_gpr(ctx, insn_rt(insn), gen_load(ctx, IR_I64, op, ea));
    set_gpr(ctx, ra, sum);
    return true;
}

static bool store_imm(DisasContext *ctx, uint32_t insn, unsigned op, int32_t disp)
{
    gen_store(ctx, op, gen_ea_imm(ctx, insn_ra(insn), disp), gpr(ctx, insn_rt(insn)));
    return true;
}

static bool store_imm_update(DisasContext *ctx, uint32_t insn, unsigned op, int32_t disp)
{
    unsigned ra = insn_ra(insn);

    if (ra == 0) {
        return false;
    }
    IRRef sum = gen_update_value(ctx, ra, ir_k64(ctx->b, disp));
    gen_store(ctx, op, gen_ea_imm(ctx, ra, disp), gpr(ctx, insn_rt(insn)));
    set_gpr(ctx, ra, sum);
    return true;
}

static bool store_indexed(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    gen_store(ctx, op, ea, gpr(ctx, insn_rt(insn)));
    return true;
}

static bool store_indexed_update(DisasContext *ctx, uint32_t insn, unsigned op)
{
    unsigned ra = insn_ra(insn);

    if (ra == 0) {
        return false;
    }
    IRRef sum = gen_update_value(ctx, ra, gpr(ctx, insn_rb(insn)));
    gen_store(ctx, op, gen_ea_indexed(ctx, ra, insn_rb(insn)), gpr(ctx, insn_rt(insn)));
    set_gpr(ctx, ra, sum);
    return true;
}

/* name, operation size; the four addressing modes of each */
#define LOADS(name, op, disp)                                                                     \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return load_imm(ctx, insn, op, disp(insn));                                               \
    }                                                                                             \
    bool tr_##name##x(DisasContext *ctx, uint32_t insn)                                           \
    {                                                                                             \
        return load_indexed(ctx, insn, op);                                                       \
    }                                                                                             \
    bool tr_##name##ux(DisasContext *ctx, uint32_t insn)                                          \
    {                                                                                             \
        return load_indexed_update(ctx, insn, op);                                                \
    }
#define LOAD_UPDATE(name, op, disp)                                                               \
    bool tr_##name##u(DisasContext *ctx, uint32_t insn)                                           \
    {                                                                                             \
        return load_imm_update(ctx, insn, op, disp(insn));                                        \
    }
#define STORES(name, op, disp)                                                                    \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return store_imm(ctx, insn, op, disp(insn));                                              \
    }                                                                                             \
    bool tr_##name##u(DisasContext *ctx, uint32_t insn)                                           \
    {                                                                                             \
        return store_imm_update(ctx, insn, op, disp(insn));                                       \
    }                                                                                             \
    bool tr_##name##x(DisasContext *ctx, uint32_t insn)                                           \
    {                                                                                             \
        return store_indexed(ctx, insn, op);                                                      \
    }                                                                                             \
    bool tr_##name##ux(DisasContext *ctx, uint32_t insn)                                          \
    {                                                                                             \
        return store_indexed_update(ctx, insn, op);                                               \
    }

LOADS(lbz, MO_8, insn_si)
LOAD_UPDATE(lbz, MO_8, insn_si)
LOADS(lhz, MO_16, insn_si)
LOAD_UPDATE(lhz, MO_16, insn_si)
LOADS(lha, MO_16 | MO_SIGN, insn_si)
LOAD_UPDATE(lha, MO_16 | MO_SIGN, insn_si)
LOADS(lwz, MO_32, insn_si)
LOAD_UPDATE(lwz, MO_32, insn_si)
LOADS(lwa, MO_32 | MO_SIGN, insn_ds)
LOADS(ld, MO_64, insn_ds)
LOAD_UPDATE(ld, MO_64, insn_ds)
STORES(stb, MO_8, insn_si)
STORES(sth, MO_16, insn_si)
STORES(stw, MO_32, insn_si)
STORES(std, MO_64, insn_ds)

/* Byte-reversed: the other endianness. */
static bool load_reversed(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRMemOp mop = (IRMemOp)(memop_for(ctx, op) ^ MO_BSWAP);

    set_gpr(ctx, insn_rt(insn), ir_load(ctx->b, IR_I64, mop, ea.base, ea.disp));
    return true;
}

static bool store_reversed(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRMemOp mop = (IRMemOp)(memop_for(ctx, op) ^ MO_BSWAP);

    ir_store(ctx->b, mop, ea.base, ea.disp, gpr(ctx, insn_rt(insn)));
    return true;
}

bool tr_lhbrx(DisasContext *ctx, uint32_t insn)
{
    return load_reversed(ctx, insn, MO_16);
}

bool tr_lwbrx(DisasContext *ctx, uint32_t insn)
{
    return load_reversed(ctx, insn, MO_32);
}

bool tr_ldbrx(DisasContext *ctx, uint32_t insn)
{
    return load_reversed(ctx, insn, MO_64);
}

bool tr_sthbrx(DisasContext *ctx, uint32_t insn)
{
    return store_reversed(ctx, insn, MO_16);
}

bool tr_stwbrx(DisasContext *ctx, uint32_t insn)
{
    return store_reversed(ctx, insn, MO_32);
}

bool tr_stdbrx(DisasContext *ctx, uint32_t insn)
{
    return store_reversed(ctx, insn, MO_64);
}

/*
 * Quadwords.  The even register is the more significant half.  Before ISA 2.07 they are privileged
 * and big-endian only.
 */
static bool quad_allowed(DisasContext *ctx, EA ea, bool is_store)
{
    if (ctx->model->insns & ISA_2_07) {
        return true;
    }
    if (!gen_priv_check(ctx)) {
        return false;
    }
    if (ctx->le) {
        raise_alignment(ctx, ea, is_store);
        return false;
    }
    return true;
}

static void set_gpr_pair(DisasContext *ctx, unsigned rt, IRRef v128)
{
    set_gpr(ctx, rt, ir_op2i(ctx->b, IR_VEXT, v128, IR_NONE, 3, 1));
    set_gpr(ctx, rt + 1, ir_op2i(ctx->b, IR_VEXT, v128, IR_NONE, 3, 0));
}

bool tr_lq(DisasContext *ctx, uint32_t insn)
{
    unsigned rt = insn_rt(insn);

    if ((rt & 1) || rt == insn_ra(insn)) {
        return false;
    }
    EA ea = gen_ea_imm(ctx, insn_ra(insn), insn_dq(insn));
    if (quad_allowed(ctx, ea, false)) {
        set_gpr_pair(ctx, rt, ir_callv(ctx->b, &helper_row_load_quad, gen_ea_value(ctx, ea),
                                       oi_arg(ctx, MO_128 | MO_ALIGN)));
    }
    return true;
}

bool tr_stq(DisasContext *ctx, uint32_t insn)
{
    unsigned rs = insn_rt(insn);

    if (rs & 1) {
        return false;
    }
    EA ea = gen_ea_imm(ctx, insn_ra(insn), insn_ds(insn));
    if (quad_allowed(ctx, ea, true)) {
        ir_callv(ctx->b, &helper_row_store_quad, gen_ea_value(ctx, ea), gpr(ctx, rs),
                 gpr(ctx, rs + 1), oi_arg(ctx, MO_128 | MO_ALIGN));
    }
    return true;
}

/* ---- Multiple and string: not in little-endian mode ---- */

bool tr_lmw(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), insn_si(insn));
    unsigned rt = insn_rt(insn);
    IRRef values[32];

    if (ctx->le) {
        raise_alignment(ctx, ea, false);
        return true;
    }
    for (unsigned reg = rt; reg < 32; reg++) {
        values[reg] = gen_load(ctx, IR_I64, MO_32, gen_ea_offset(ctx, ea, 4 * (reg - rt)));
    }
    for (unsigned reg = rt; reg < 32; reg++) {
        set_gpr(ctx, reg, values[reg]);
    }
    return true;
}

bool tr_stmw(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), insn_si(insn));
    unsigned rs = insn_rt(insn);

    if (ctx->le) {
        raise_alignment(ctx, ea, true);
        return true;
    }
    for (unsigned reg = rs; reg < 32; reg++) {
        gen_store(ctx, MO_32, gen_ea_offset(ctx, ea, 4 * (reg - rs)), gpr(ctx, reg));
    }
    return true;
}

static EA string_ea(DisasContext *ctx, uint32_t insn, bool indexed)
{
    return indexed ? gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn))
                   : gen_ea_imm(ctx, insn_ra(insn), 0);
}

static bool string_imm(DisasContext *ctx, uint32_t insn, const IRHelper *helper, bool is_store)
{
    unsigned bytes = insn_rb(insn) ? insn_rb(insn) : 32;
    unsigned regs = (bytes + 3) / 4;
    EA ea = string_ea(ctx, insn, false);

    /* RA among the loaded registers is an invalid form. */
    if (!is_store && ((insn_ra(insn) - insn_rt(insn)) & 31) < regs) {
        return false;
    }
    if (ctx->le) {
        raise_alignment(ctx, ea, is_store);
        return true;
    }
    ir_callv(ctx->b, helper, gen_ea_value(ctx, ea), ir_k32(ctx->b, insn_rt(insn) | bytes << 8),
             ir_k32(ctx->b, mmu_idx(ctx)));
    return true;
}

static bool string_indexed(DisasContext *ctx, uint32_t insn, const IRHelper *helper, bool is_store)
{
    EA ea = string_ea(ctx, insn, true);
    uint32_t regs = insn_rt(insn) | insn_ra(insn) << 8 | insn_rb(insn) << 16;

    if (ctx->le) {
        raise_alignment(ctx, ea, is_store);
        return true;
    }
    ir_callv(ctx->b, helper, gen_ea_value(ctx, ea), ir_k32(ctx->b, regs),
             ir_k32(ctx->b, mmu_idx(ctx)));
    return true;
}

bool tr_lswi(DisasContext *ctx, uint32_t insn)
{
    return string_imm(ctx, insn, &helper_row_lswi, false);
}

bool tr_stswi(DisasContext *ctx, uint32_t insn)
{
    return string_imm(ctx, insn, &helper_row_stswi, true);
}

bool tr_lswx(DisasContext *ctx, uint32_t insn)
{
    return string_indexed(ctx, insn, &helper_row_lswx, false);
}

bool tr_stswx(DisasContext *ctx, uint32_t insn)
{
    return string_indexed(ctx, insn, &helper_row_stswx, true);
}

/* ---- Reservations ---- */

static bool load_reserve(DisasContext *ctx, uint32_t insn, unsigned op)
{
    IRBuilder *b = ctx->b;
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRRef address = gen_ea_value(ctx, ea);
    IRRef value = gen_load(ctx, IR_I64, op | MO_ALIGN | MO_ATOMIC, ea);

    ir_set(b, SLOT_RESERVE_ADDR, address);
    ir_set(b, SLOT_RESERVE_VAL, value);
    ir_set(b, SLOT_RESERVE_SIZE, ir_k32(b, 1u << op));
    set_gpr(ctx, insn_rt(insn), value);
    return true;
}

/* CR0 of a conditional store, and the reservation is gone. */
static void finish_conditional(DisasContext *ctx, IRRef success)
{
    IRBuilder *b = ctx->b;

    set_crf(ctx, 0, ir_op2(b, IR_OR, ir_shli(b, success, 1), ir_get(b, SLOT_SO)));
    ir_set(b, SLOT_RESERVE_ADDR, ir_k64(b, RESERVE_NONE));
}

static bool store_conditional(DisasContext *ctx, uint32_t insn, unsigned op)
{
    IRBuilder *b = ctx->b;
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    IRRef address = gen_ea_value(ctx, ea), value = gpr(ctx, insn_rt(insn));
    unsigned size = 1u << op;

    if (ctx->pc == ctx->first_pc) {
        IRRef success = ir_callv(b, &helper_row_stcx, address, value,
                                 oi_arg(ctx, op | MO_ALIGN | MO_ATOMIC));
        finish_conditional(ctx, success);
        return true;
    }
    IRRef other = ir_setcond(b, IRC_NE, ir_get(b, SLOT_RESERVE_ADDR), address);
    IRRef wrong_size = ir_setcond(b, IRC_NE, ir_get(b, SLOT_RESERVE_SIZE), ir_k32(b, size));
    ir_exit_if(b, ir_op2(b, IR_OR, other, wrong_size), ctx->pc, IREXIT_NOCHAIN);

    IRRef expected = ir_get(b, SLOT_RESERVE_VAL);
    if (op < MO_64) {
        value = ir_extract(b, value, 0, 8 * size);
    }
    IRRef old = ir_cas(b, memop_for(ctx, op | MO_ALIGN | MO_ATOMIC), address, expected, value);
    finish_conditional(ctx, ir_setcond(b, IRC_EQ, old, expected));
    return true;
}

bool tr_lbarx(DisasContext *ctx, uint32_t insn)
{
    return load_reserve(ctx, insn, MO_8);
}

bool tr_lharx(DisasContext *ctx, uint32_t insn)
{
    return load_reserve(ctx, insn, MO_16);
}

bool tr_lwarx(DisasContext *ctx, uint32_t insn)
{
    return load_reserve(ctx, insn, MO_32);
}

bool tr_ldarx(DisasContext *ctx, uint32_t insn)
{
    return load_reserve(ctx, insn, MO_64);
}

bool tr_stbcx(DisasContext *ctx, uint32_t insn)
{
    return store_conditional(ctx, insn, MO_8);
}

bool tr_sthcx(DisasContext *ctx, uint32_t insn)
{
    return store_conditional(ctx, insn, MO_16);
}

bool tr_stwcx(DisasContext *ctx, uint32_t insn)
{
    return store_conditional(ctx, insn, MO_32);
}

bool tr_stdcx(DisasContext *ctx, uint32_t insn)
{
    return store_conditional(ctx, insn, MO_64);
}

bool tr_lqarx(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned rt = insn_rt(insn);

    if ((rt & 1) || rt == insn_ra(insn) || rt == insn_rb(insn)) {
        return false;
    }
    IRRef address = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));
    IRRef value = ir_callv(b, &helper_row_load_quad, address, oi_arg(ctx, MO_128 | MO_ALIGN));
    set_gpr_pair(ctx, rt, value);
    ir_set(b, SLOT_RESERVE_ADDR, address);
    ir_set(b, SLOT_RESERVE_VAL, gpr(ctx, rt + 1));
    ir_set(b, SLOT_RESERVE_VAL2, gpr(ctx, rt));
    ir_set(b, SLOT_RESERVE_SIZE, ir_k32(b, 16));
    return true;
}

bool tr_stqcx(DisasContext *ctx, uint32_t insn)
{
    unsigned rs = insn_rt(insn);

    if (rs & 1) {
        return false;
    }
    IRRef address = gen_ea_value(ctx, gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn)));
    IRRef success = ir_callv(ctx->b, &helper_row_stqcx, address, gpr(ctx, rs), gpr(ctx, rs + 1),
                             oi_arg(ctx, MO_128 | MO_ALIGN));
    finish_conditional(ctx, success);
    return true;
}

/* ---- Atomic memory operations: EA is RA alone ---- */

static bool amo_load(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), 0);
    IRRef what = ir_k32(ctx->b, insn_rt(insn) | insn_rb(insn) << 8);
    IRRef old = ir_callv(ctx->b, &helper_row_amo_load, gen_ea_value(ctx, ea), what,
                         oi_arg(ctx, op | MO_ALIGN | MO_ATOMIC));

    set_gpr(ctx, insn_rt(insn), old);
    return true;
}

static bool amo_store(DisasContext *ctx, uint32_t insn, unsigned op)
{
    EA ea = gen_ea_imm(ctx, insn_ra(insn), 0);

    ir_callv(ctx->b, &helper_row_amo_store, gen_ea_value(ctx, ea), gpr(ctx, insn_rt(insn)),
             ir_k32(ctx->b, insn_rb(insn)), oi_arg(ctx, op | MO_ALIGN | MO_ATOMIC));
    return true;
}

bool tr_lwat(DisasContext *ctx, uint32_t insn)
{
    return amo_load(ctx, insn, MO_32);
}

bool tr_ldat(DisasContext *ctx, uint32_t insn)
{
    return amo_load(ctx, insn, MO_64);
}

bool tr_stwat(DisasContext *ctx, uint32_t insn)
{
    return amo_store(ctx, insn, MO_32);
}

bool tr_stdat(DisasContext *ctx, uint32_t insn)
{
    return amo_store(ctx, insn, MO_64);
}

/* ---- Copy and paste: no storage here is an accelerator, so a paste is refused ---- */

bool tr_copy(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    ir_callv(ctx->b, &helper_row_copy, gen_ea_value(ctx, ea), ir_k32(ctx->b, mmu_idx(ctx)));
    return true;
}

bool tr_paste(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    ir_callv(ctx->b, &helper_row_paste, gen_ea_value(ctx, ea));
    ir_unreachable(ctx->b);
    ctx->end = DISAS_ENDED;
    return true;
}

bool tr_cpabort(DisasContext *ctx, uint32_t insn)
{
    return true;
}

/* ---- Cache ---- */

static bool zero_block(DisasContext *ctx, uint32_t insn, unsigned line)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    EA block = {ir_andi(ctx->b, gen_ea_value(ctx, ea), ~(uint64_t)(line - 1)), 0};
    IRRef zero = ir_kv128(ctx->b, 0, 0);

    for (unsigned offset = 0; offset < line; offset += 16) {
        ir_store(ctx->b, MO_128, block.base, offset, zero);
    }
    return true;
}

bool tr_dcbz(DisasContext *ctx, uint32_t insn)
{
    if (ctx->model->insns & ISA_970) {
        EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
        ir_callv(ctx->b, &helper_row_dcbz_970, gen_ea_value(ctx, ea),
                 ir_k32(ctx->b, ctx->model->dcache_line), ir_k32(ctx->b, mmu_idx(ctx)));
        return true;
    }
    return zero_block(ctx, insn, ctx->model->dcache_line);
}

/* The 970's form that always clears a whole cache line. */
bool tr_dcbzl(DisasContext *ctx, uint32_t insn)
{
    return zero_block(ctx, insn, ctx->model->dcache_line);
}

/* dcbt, dcbtst, icbt: hints. */
bool tr_touch(DisasContext *ctx, uint32_t insn)
{
    return true;
}

/* dcbst, dcbf, icbi are checked as loads and move nothing: memory is always coherent here. */
bool tr_cache_load(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    ir_callv(ctx->b, &helper_row_cache_touch, gen_ea_value(ctx, ea), ir_k32(ctx->b, mmu_idx(ctx)));
    return true;
}

/* Memory is coherent, so nothing is lost by not invalidating; checked as a store. */
bool tr_dcbi(DisasContext *ctx, uint32_t insn)
{
    EA ea = gen_ea_indexed(ctx, insn_ra(insn), insn_rb(insn));
    ir_callv(ctx->b, &helper_row_cache_store, gen_ea_value(ctx, ea), ir_k32(ctx->b, mmu_idx(ctx)));
    return true;
}

bool tr_icbi(DisasContext *ctx, uint32_t insn)
{
    return tr_cache_load(ctx, insn);
}

/* ---- Synchronization ---- */

/* What was stored before must be seen by the instructions behind: they are in another block. */
bool tr_isync(DisasContext *ctx, uint32_t insn)
{
    ir_fence(ctx->b, IRFENCE_LW);
    if (ctx->narrow) {
        ir_call0(ctx->b, &helper_row_synchronize);
    }
    ctx->end = DISAS_CHAIN;
    return true;
}

bool tr_sync(DisasContext *ctx, uint32_t insn)
{
    unsigned l = insn >> 21 & 3;

    ir_fence(ctx->b, l == 1 ? IRFENCE_LW : IRFENCE_FULL);
    if (l == 2) {
        ctx->end = DISAS_LOOP;
    }
    return true;
}

bool tr_eieio(DisasContext *ctx, uint32_t insn)
{
    ir_fence(ctx->b, IRFENCE_LW);
    return true;
}

/* Waiting may end at any time: give the loop a chance to deliver interrupts and go on. */
bool tr_wait(DisasContext *ctx, uint32_t insn)
{
    ctx->end = DISAS_LOOP;
    return true;
}
