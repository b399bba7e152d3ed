/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector facility: integer arithmetic, compares, shifts, counts (Power ISA 3.0B book I 6.9 to 6.11
 * and 6.13 to 6.17).
 */
#include "../decode.h"
#include "../helper-vec.h"
#include "../translate.h"
#include "vmx.h"

/* Adds the i32 0/1 to VSCR.SAT. */
static void set_sat(DisasContext *ctx, IRRef sat)
{
    IRBuilder *b = ctx->b;
    IRRef vscr = ir_load_env(b, IR_I32, offsetof(CPUPPCState, vscr), 4, false);

    ir_store_env(b, offsetof(CPUPPCState, vscr), 4, ir_op2(b, IR_OR, vscr, sat));
}

void vmx_saturated(DisasContext *ctx, IRRef difference)
{
    set_sat(ctx, ir_xori(ctx->b, ir_op1(ctx->b, IR_VTESTZ, difference), 1));
}

void vmx_set_cr6(DisasContext *ctx, IRRef mask)
{
    IRBuilder *b = ctx->b;
    IRRef none = ir_op1(b, IR_VTESTZ, mask);
    IRRef all = ir_op1(b, IR_VTESTZ, ir_op1(b, IR_VNOT, mask));

    set_crf(ctx, 6, ir_op2(b, IR_OR, ir_shli(b, all, 3), ir_shli(b, none, 1)));
}

/* ---- Lane by lane, one IR op ---- */

static bool lanes2(DisasContext *ctx, uint32_t insn, IROpcode op)
{
    return set_vrt(ctx, insn,
                   ir_op2i(ctx->b, op, vra(ctx, insn), vrb(ctx, insn), vx_lane(insn), 0));
}

#define LANES2(name, op)                                                                          \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return lanes2(ctx, insn, op);                                                             \
    }
LANES2(vaddum, IR_VADD)
LANES2(vsubum, IR_VSUB)
LANES2(vmaxu, IR_VMAXU)
LANES2(vmaxs, IR_VMAXS)
LANES2(vminu, IR_VMINU)
LANES2(vmins, IR_VMINS)
LANES2(vavgu, IR_VAVGU)
LANES2(vavgs, IR_VAVGS)
LANES2(vabsdu, IR_VABSDU)
LANES2(vrl, IR_VROTLV)
LANES2(vslx, IR_VSHLV)
LANES2(vsrx, IR_VSHRV)
LANES2(vsrax, IR_VSARV)

static bool lanes1(DisasContext *ctx, uint32_t insn, IROpcode op, unsigned lane)
{
    return set_vrt(ctx, insn, ir_op1i(ctx->b, op, vrb(ctx, insn), lane, 0));
}

bool tr_vclz(DisasContext *ctx, uint32_t insn)
{
    return lanes1(ctx, insn, IR_VCLZ, vx_lane(insn));
}

bool tr_vpopcnt(DisasContext *ctx, uint32_t insn)
{
    return lanes1(ctx, insn, IR_VPOPCNT, vx_lane(insn));
}

/* Here the VRA field tells the size. */
bool tr_vctz(DisasContext *ctx, uint32_t insn)
{
    return lanes1(ctx, insn, IR_VCTZ, insn >> 16 & 3);
}

bool tr_vneg(DisasContext *ctx, uint32_t insn)
{
    return lanes1(ctx, insn, IR_VNEG, 2 + (insn >> 16 & 1));
}

static bool extend_sign(DisasContext *ctx, uint32_t insn, unsigned lane, unsigned from)
{
    IRRef v = ir_op1i(ctx->b, IR_VSHLI, vrb(ctx, insn), lane, (8u << lane) - (8u << from));

    return set_vrt(ctx, insn, ir_op1i(ctx->b, IR_VSARI, v, lane, (8u << lane) - (8u << from)));
}

bool tr_vexts2w(DisasContext *ctx, uint32_t insn)
{
    return extend_sign(ctx, insn, 2, insn >> 16 & 1);
}

bool tr_vexts2d(DisasContext *ctx, uint32_t insn)
{
    return extend_sign(ctx, insn, 3, insn >> 16 & 3);
}

/* Parity of the low bits of each element's bytes. */
bool tr_vprtyb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    unsigned lane = 2 + (insn >> 16 & 3);
    uint64_t ones = UINT64_C(0x0101010101010101);
    IRRef count =
        ir_op1i(b, IR_VPOPCNT, ir_op2(b, IR_VAND, vrb(ctx, insn), ir_kv128(b, ones, ones)),
                MIN(lane, 3), 0);
    uint64_t low = lane == 2 ? UINT64_C(0x0000000100000001) : 1;

    if (lane == 4) {
        count = ir_op2(b, IR_VXOR, count, ir_op2i(b, IR_VALIGN, count, count, 0, 8));
    }
    return set_vrt(ctx, insn, ir_op2(b, IR_VAND, count, ir_kv128(b, lane == 4 ? 0 : low, low)));
}

/* ---- Saturating ---- */

static bool saturating(DisasContext *ctx, uint32_t insn, IROpcode op, IROpcode modulo)
{
    IRRef a = vra(ctx, insn), b = vrb(ctx, insn);
    IRRef result = ir_op2i(ctx->b, op, a, b, vx_lane(insn), 0);
    IRRef wrapped = ir_op2i(ctx->b, modulo, a, b, vx_lane(insn), 0);

    vmx_saturated(ctx, ir_op2(ctx->b, IR_VXOR, result, wrapped));
    return set_vrt(ctx, insn, result);
}

bool tr_vaddus(DisasContext *ctx, uint32_t insn)
{
    return saturating(ctx, insn, IR_VADDUS, IR_VADD);
}

bool tr_vaddss(DisasContext *ctx, uint32_t insn)
{
    return saturating(ctx, insn, IR_VADDSS, IR_VADD);
}

bool tr_vsubus(DisasContext *ctx, uint32_t insn)
{
    return saturating(ctx, insn, IR_VSUBUS, IR_VSUB);
}

bool tr_vsubss(DisasContext *ctx, uint32_t insn)
{
    return saturating(ctx, insn, IR_VSUBSS, IR_VSUB);
}

/* ---- Carries and quadwords ---- */

static IRRef words_of_one(DisasContext *ctx)
{
    uint64_t ones = UINT64_C(0x0000000100000001);
    return ir_kv128(ctx->b, ones, ones);
}

bool tr_vaddcuw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef a = vra(ctx, insn), sum = ir_op2i(b, IR_VADD, a, vrb(ctx, insn), 2, 0);
    IRRef carry = ir_op2i(b, IR_VCMPGTU, a, sum, 2, 0);

    return set_vrt(ctx, insn, ir_op2(b, IR_VAND, carry, words_of_one(ctx)));
}

/* The carry of a subtraction is the absence of a borrow. */
bool tr_vsubcuw(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef borrow = ir_op2i(b, IR_VCMPGTU, vrb(ctx, insn), vra(ctx, insn), 2, 0);

    return set_vrt(ctx, insn, ir_op2(b, IR_VANDC, words_of_one(ctx), borrow));
}

enum { QUAD_SUB = 1, QUAD_EXTEND = 2, QUAD_CARRY = 4 };

/* a + b (or a + ~b + 1), with the low bit of VRC as carry in: the sum or its carry. */
static bool add_quad(DisasContext *ctx, uint32_t insn, unsigned what)
{
    IRBuilder *b = ctx->b;
    IRRef x = vra(ctx, insn), y = vrb(ctx, insn), one = ir_kv128(b, 0, 1);
    IRRef carry_in = what & QUAD_EXTEND ? ir_op2(b, IR_VAND, vrc(ctx, insn), one)
                     : what & QUAD_SUB ? one : IR_NONE;

    if (what & QUAD_SUB) {
        y = ir_op1(b, IR_VNOT, y);
    }
    IRRef sum = ir_op2i(b, IR_VADD, x, y, 4, 0), result = sum;
    if (carry_in) {
        result = ir_op2i(b, IR_VADD, sum, carry_in, 4, 0);
    }
    if (what & QUAD_CARRY) {
        IRRef carry = ir_op2i(b, IR_VCMPGTU, x, sum, 4, 0);
        if (carry_in) {
            carry = ir_op2(b, IR_VOR, carry, ir_op2i(b, IR_VCMPGTU, sum, result, 4, 0));
        }
        result = ir_op2(b, IR_VAND, carry, one);
    }
    return set_vrt(ctx, insn, result);
}

bool tr_vadduqm(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, 0);
}

bool tr_vaddcuq(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, QUAD_CARRY);
}

bool tr_vaddeuqm(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, QUAD_EXTEND);
}

bool tr_vaddecuq(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, QUAD_EXTEND | QUAD_CARRY);
}

bool tr_vsubuqm(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, IR_VSUB, vra(ctx, insn), vrb(ctx, insn), 4, 0));
}

bool tr_vsubcuq(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, QUAD_SUB | QUAD_CARRY);
}

bool tr_vsubeuqm(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, QUAD_SUB | QUAD_EXTEND);
}

bool tr_vsubecuq(DisasContext *ctx, uint32_t insn)
{
    return add_quad(ctx, insn, QUAD_SUB | QUAD_EXTEND | QUAD_CARRY);
}

/* ---- Multiply ---- */

/* Even elements from the left are odd lanes from the right. */
bool tr_vmulx(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, insn & 0x100 ? IR_VMULWS : IR_VMULWU, vra(ctx, insn),
                                      vrb(ctx, insn), vx_lane(insn), insn & 0x200 ? 1 : 0));
}

bool tr_vmuluwm(DisasContext *ctx, uint32_t insn)
{
    return set_vrt(ctx, insn, ir_op2i(ctx->b, IR_VMUL, vra(ctx, insn), vrb(ctx, insn), 2, 0));
}

bool tr_vmladduhm(DisasContext *ctx, uint32_t insn)
{
    IRRef product = ir_op2i(ctx->b, IR_VMUL, vra(ctx, insn), vrb(ctx, insn), 1, 0);

    return set_vrt(ctx, insn, ir_op2i(ctx->b, IR_VADD, product, vrc(ctx, insn), 1, 0));
}

/* ---- Compare ---- */

static bool compared(DisasContext *ctx, uint32_t insn, IRRef mask)
{
    set_vrt(ctx, insn, mask);
    if (insn & 0x400) {
        vmx_set_cr6(ctx, mask);
    }
    return true;
}

static bool compare(DisasContext *ctx, uint32_t insn, IROpcode op)
{
    return compared(ctx, insn,
                    ir_op2i(ctx->b, op, vra(ctx, insn), vrb(ctx, insn), vx_lane(insn), 0));
}

bool tr_vcmpequ(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, IR_VCMPEQ);
}

bool tr_vcmpgtu(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, IR_VCMPGTU);
}

bool tr_vcmpgts(DisasContext *ctx, uint32_t insn)
{
    return compare(ctx, insn, IR_VCMPGTS);
}

/* Not equal, or (vcmpnez) either is zero. */
bool tr_vcmpne(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef x = vra(ctx, insn), y = vrb(ctx, insn);
    unsigned lane = vx_lane(insn);
    IRRef mask = ir_op1(b, IR_VNOT, ir_op2i(b, IR_VCMPEQ, x, y, lane, 0));

    if (insn & 0x100) {
        IRRef zero = ir_kv128(b, 0, 0);
        mask = ir_op2(b, IR_VOR, mask, ir_op2i(b, IR_VCMPEQ, x, zero, lane, 0));
        mask = ir_op2(b, IR_VOR, mask, ir_op2i(b, IR_VCMPEQ, y, zero, lane, 0));
    }
    return compared(ctx, insn, mask);
}

/* Number of bytes, from the left or from the right, whose lowest bit is 0. */
static IRRef low_bits(DisasContext *ctx, uint32_t insn)
{
    return ir_op1i(ctx->b, IR_VMSK, ir_op1i(ctx->b, IR_VSHLI, vrb(ctx, insn), 0, 7), 0, 0);
}

bool tr_vclzlsbb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef bits = ir_ori(b, ir_shli(b, low_bits(ctx, insn), 16), 0x8000);

    set_gpr(ctx, insn_rt(insn), ir_extu(b, ir_op1(b, IR_CLZ, bits)));
    return true;
}

bool tr_vctzlsbb(DisasContext *ctx, uint32_t insn)
{
    IRBuilder *b = ctx->b;
    IRRef bits = ir_ori(b, low_bits(ctx, insn), 0x10000);

    set_gpr(ctx, insn_rt(insn), ir_extu(b, ir_op1(b, IR_CTZ, bits)));
    return true;
}

/* ---- Helpers ---- */

static bool by_helper1(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, helper, vrb(ctx, insn)));
}

static bool by_helper2(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, helper, vra(ctx, insn), vrb(ctx, insn)));
}

static bool by_helper3(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn,
                   ir_callv(ctx->b, helper, vra(ctx, insn), vrb(ctx, insn), vrc(ctx, insn)));
}

#define BY_HELPER(n, name)                                                                        \
    bool tr_##name(DisasContext *ctx, uint32_t insn)                                              \
    {                                                                                             \
        return by_helper##n(ctx, insn, &helper_row_##name);                                       \
    }
BY_HELPER(1, vgbbd)
BY_HELPER(2, vbpermq)
BY_HELPER(2, vbpermd)
BY_HELPER(2, vslv)
BY_HELPER(2, vsrv)
BY_HELPER(2, vrlwnm)
BY_HELPER(2, vrldnm)
BY_HELPER(2, vmul10euq)
BY_HELPER(2, vmul10ecuq)
BY_HELPER(3, vmhaddshs)
BY_HELPER(3, vmhraddshs)
BY_HELPER(3, vmsumubm)
BY_HELPER(3, vmsummbm)
BY_HELPER(3, vmsumuhm)
BY_HELPER(3, vmsumuhs)
BY_HELPER(3, vmsumshm)
BY_HELPER(3, vmsumshs)
BY_HELPER(3, vmsumudm)
BY_HELPER(2, vsum4ubs)
BY_HELPER(2, vsum4sbs)
BY_HELPER(2, vsum4shs)
BY_HELPER(2, vsum2sws)
BY_HELPER(2, vsumsws)

/* Without a digit to add. */
static bool times_ten(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, helper, vra(ctx, insn), ir_kv128(ctx->b, 0, 0)));
}

bool tr_vmul10uq(DisasContext *ctx, uint32_t insn)
{
    return times_ten(ctx, insn, &helper_row_vmul10euq);
}

bool tr_vmul10cuq(DisasContext *ctx, uint32_t insn)
{
    return times_ten(ctx, insn, &helper_row_vmul10ecuq);
}

static bool insert_rotated(DisasContext *ctx, uint32_t insn, const IRHelper *helper)
{
    return set_vrt(ctx, insn, ir_callv(ctx->b, helper, vra(ctx, insn), vrb(ctx, insn),
                                       get_vr(ctx, insn_rt(insn))));
}

bool tr_vrlwmi(DisasContext *ctx, uint32_t insn)
{
    return insert_rotated(ctx, insn, &helper_row_vrlwmi);
}

bool tr_vrldmi(DisasContext *ctx, uint32_t insn)
{
    return insert_rotated(ctx, insn, &helper_row_vrldmi);
}
