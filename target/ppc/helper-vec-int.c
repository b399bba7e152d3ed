/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the vector facility's integer instructions that no IR op fits (Power ISA 3.0B book
 * I 6.9 to 6.13): sums of products, sums across, rotates with masks, bit permutes.
 *
 * Where lanes are independent the loops run over host lanes: the order does not matter.
 */
#include "helper-vec.h"

typedef unsigned __int128 U128;

static U128 whole(const V128 *v)
{
    return (U128)VEC_D(*v, 0) << 64 | VEC_D(*v, 1);
}

static V128 from_whole(U128 value)
{
    V128 v;

    VEC_D(v, 0) = (uint64_t)(value >> 64);
    VEC_D(v, 1) = (uint64_t)value;
    return v;
}

static int64_t clamp(CPUPPCState *env, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high) {
        env->vscr |= VSCR_SAT;
        return value < low ? low : high;
    }
    return value;
}

static uint32_t clamp_word(CPUPPCState *env, int64_t value)
{
    return (uint32_t)clamp(env, value, INT32_MIN, INT32_MAX);
}

/* ---- Sums of products ---- */

static void helper_vmhaddshs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out;

    for (unsigned i = 0; i < 8; i++) {
        int32_t product = a->sh[i] * b->sh[i];
        out.h[i] = (uint16_t)clamp(env, (product >> 15) + c->sh[i], INT16_MIN, INT16_MAX);
    }
    *d = out;
}

static void helper_vmhraddshs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b,
                              const V128 *c)
{
    V128 out;

    for (unsigned i = 0; i < 8; i++) {
        int32_t product = a->sh[i] * b->sh[i] + 0x4000;
        out.h[i] = (uint16_t)clamp(env, (product >> 15) + c->sh[i], INT16_MIN, INT16_MAX);
    }
    *d = out;
}

static void helper_vmsumubm(V128 *d, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out = *c;

    for (unsigned i = 0; i < 16; i++) {
        out.w[i / 4] += (uint32_t)a->b[i] * b->b[i];
    }
    *d = out;
}

/* Signed times unsigned. */
static void helper_vmsummbm(V128 *d, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out = *c;

    for (unsigned i = 0; i < 16; i++) {
        out.w[i / 4] += (uint32_t)(a->sb[i] * b->b[i]);
    }
    *d = out;
}

static void helper_vmsumuhm(V128 *d, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out = *c;

    for (unsigned i = 0; i < 8; i++) {
        out.w[i / 2] += (uint32_t)a->h[i] * b->h[i];
    }
    *d = out;
}

static void helper_vmsumshm(V128 *d, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out = *c;

    for (unsigned i = 0; i < 8; i++) {
        out.w[i / 2] += (uint32_t)(a->sh[i] * b->sh[i]);
    }
    *d = out;
}

static void helper_vmsumuhs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        uint64_t sum = c->w[i];
        for (unsigned k = 2 * i; k < 2 * i + 2; k++) {
            sum += (uint32_t)a->h[k] * b->h[k];
        }
        out.w[i] = (uint32_t)clamp(env, (int64_t)sum, 0, UINT32_MAX);
    }
    *d = out;
}

static void helper_vmsumshs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b, const V128 *c)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        int64_t sum = c->sw[i];
        for (unsigned k = 2 * i; k < 2 * i + 2; k++) {
            sum += a->sh[k] * b->sh[k];
        }
        out.w[i] = clamp_word(env, sum);
    }
    *d = out;
}

static void helper_vmsumudm(V128 *d, const V128 *a, const V128 *b, const V128 *c)
{
    *d = from_whole(whole(c) + (U128)a->d[0] * b->d[0] + (U128)a->d[1] * b->d[1]);
}

/* ---- Sums across ---- */

static void helper_vsum4ubs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        uint64_t sum = b->w[i];
        for (unsigned k = 4 * i; k < 4 * i + 4; k++) {
            sum += a->b[k];
        }
        out.w[i] = (uint32_t)clamp(env, (int64_t)sum, 0, UINT32_MAX);
    }
    *d = out;
}

static void helper_vsum4sbs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        int64_t sum = b->sw[i];
        for (unsigned k = 4 * i; k < 4 * i + 4; k++) {
            sum += a->sb[k];
        }
        out.w[i] = clamp_word(env, sum);
    }
    *d = out;
}

static void helper_vsum4shs(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        out.w[i] = clamp_word(env, (int64_t)b->sw[i] + a->sh[2 * i] + a->sh[2 * i + 1]);
    }
    *d = out;
}

/* Into the right word of each doubleword. */
static void helper_vsum2sws(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b)
{
    V128 out = {{0}};

    for (unsigned i = 0; i < 4; i += 2) {
        int64_t sum = (int64_t)(int32_t)VEC_W(*a, i) + (int32_t)VEC_W(*a, i + 1);
        VEC_W(out, i + 1) = clamp_word(env, sum + (int32_t)VEC_W(*b, i + 1));
    }
    *d = out;
}

static void helper_vsumsws(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b)
{
    V128 out = {{0}};
    int64_t sum = (int32_t)VEC_W(*b, 3);

    for (unsigned i = 0; i < 4; i++) {
        sum += a->sw[i];
    }
    VEC_W(out, 3) = clamp_word(env, sum);
    *d = out;
}

/* ---- Decimal shifts of binary quadwords ---- */

static void helper_vmul10euq(V128 *d, const V128 *a, const V128 *b)
{
    *d = from_whole(whole(a) * 10 + (VEC_B(*b, 15) & 15));
}

/* What does not fit 128 bits. */
static void helper_vmul10ecuq(V128 *d, const V128 *a, const V128 *b)
{
    U128 low = (U128)VEC_D(*a, 1) * 10 + (VEC_B(*b, 15) & 15);
    U128 high = (U128)VEC_D(*a, 0) * 10 + (uint64_t)(low >> 64);

    *d = from_whole(high >> 64);
}

/* ---- Shifts and rotates ---- */

/* Each byte and its right neighbour, shifted left; the last one's neighbour is 0. */
static void helper_vslv(V128 *d, const V128 *a, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 16; i++) {
        unsigned pair = VEC_B(*a, i) << 8 | (i < 15 ? VEC_B(*a, i + 1) : 0);
        VEC_B(out, i) = (uint8_t)(pair << (VEC_B(*b, i) & 7) >> 8);
    }
    *d = out;
}

static void helper_vsrv(V128 *d, const V128 *a, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 16; i++) {
        unsigned pair = VEC_B(*a, i) | (i ? VEC_B(*a, i - 1) << 8 : 0);
        VEC_B(out, i) = (uint8_t)(pair >> (VEC_B(*b, i) & 7));
    }
    *d = out;
}

/* Ones from bit mb to bit me, numbered from the left, wrapping around. */
static uint64_t rotate_mask(unsigned bits, unsigned mb, unsigned me)
{
    uint64_t all = UINT64_MAX >> (64 - bits);
    uint64_t from = all >> mb, to = all << (bits - 1 - me) & all;

    return mb <= me ? from & to : from | to;
}

static uint32_t rotated_word(uint32_t value, uint32_t how, uint32_t *mask)
{
    unsigned n = how & 31;

    *mask = (uint32_t)rotate_mask(32, how >> 16 & 31, how >> 8 & 31);
    return n ? value << n | value >> (32 - n) : value;
}

static uint64_t rotated_doubleword(uint64_t value, uint64_t how, uint64_t *mask)
{
    unsigned n = how & 63;

    *mask = rotate_mask(64, how >> 16 & 63, how >> 8 & 63);
    return n ? value << n | value >> (64 - n) : value;
}

static void helper_vrlwmi(V128 *d, const V128 *a, const V128 *b, const V128 *t)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t mask, value = rotated_word(a->w[i], b->w[i], &mask);
        out.w[i] = (value & mask) | (t->w[i] & ~mask);
    }
    *d = out;
}

static void helper_vrldmi(V128 *d, const V128 *a, const V128 *b, const V128 *t)
{
    V128 out;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t mask, value = rotated_doubleword(a->d[i], b->d[i], &mask);
        out.d[i] = (value & mask) | (t->d[i] & ~mask);
    }
    *d = out;
}

static void helper_vrlwnm(V128 *d, const V128 *a, const V128 *b)
{
    static const V128 zero;
    helper_vrlwmi(d, a, b, &zero);
}

static void helper_vrldnm(V128 *d, const V128 *a, const V128 *b)
{
    static const V128 zero;
    helper_vrldmi(d, a, b, &zero);
}

/* ---- Bit permutes ---- */

/* Transposes the 8 x 8 bits of each doubleword. */
static void helper_vgbbd(V128 *d, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t value = 0;
        for (unsigned bit = 0; bit < 64; bit++) {
            value |= (b->d[i] >> bit & 1) << ((bit & 7) << 3 | bit >> 3);
        }
        out.d[i] = value;
    }
    *d = out;
}

/* Sixteen bits of VRA that the bytes of VRB number, to the right end of doubleword 0. */
static void helper_vbpermq(V128 *d, const V128 *a, const V128 *b)
{
    U128 source = whole(a);
    uint64_t bits = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned index = VEC_B(*b, i);
        bits = bits << 1 | (index < 128 ? (unsigned)(source >> (127 - index)) & 1 : 0);
    }
    *d = from_whole((U128)bits << 64);
}

/* The same for each doubleword, with eight bits. */
static void helper_vbpermd(V128 *d, const V128 *a, const V128 *b)
{
    V128 out;

    for (unsigned i = 0; i < 2; i++) {
        uint64_t bits = 0;
        for (unsigned k = 0; k < 8; k++) {
            unsigned index = VEC_B(*b, 8 * i + k);
            bits = bits << 1 | (index < 64 ? VEC_D(*a, i) >> (63 - index) & 1 : 0);
        }
        VEC_D(out, i) = bits;
    }
    *d = out;
}

#define PURE (IRH_PURE | IRH_KEEPS_TLB)
PPC_HELPER_ROW(vmhaddshs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmhraddshs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsumuhs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsumshs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsumubm, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsummbm, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsumuhm, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsumshm, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmsumudm, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vsum4ubs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vsum4sbs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vsum4shs, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vsum2sws, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vsumsws, IR_V128, IRH_KEEPS_TLB, IRA_ENV, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmul10euq, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vmul10ecuq, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vslv, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vsrv, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vrlwmi, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vrldmi, IR_V128, PURE, IRA_V128, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vrlwnm, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vrldnm, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vgbbd, IR_V128, PURE, IRA_V128);
PPC_HELPER_ROW(vbpermq, IR_V128, PURE, IRA_V128, IRA_V128);
PPC_HELPER_ROW(vbpermd, IR_V128, PURE, IRA_V128, IRA_V128);
