/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Portable vector functions, one per vector op of ir-ops.h.inc (include/tcg/vec-ops.h has the
 * calling rules).  Lanes are counted from the low end of the 128-bit value; the host is
 * little-endian, so lane i of a size is element i of the union member of that size.
 *
 * Functions that work lane by lane are made from one expression for all lane sizes.
 */
#include "tcg/vec-ops.h"
#include "vec-aes.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lane i is element i of the union");

typedef unsigned __int128 u128;
typedef __int128 s128;

/* Lane i of size 2^size bytes. */
static inline uint64_t lane_get(const V128 *v, unsigned size, unsigned i)
{
    switch (size) {
    case 0: return v->b[i & 15];
    case 1: return v->h[i & 7];
    case 2: return v->w[i & 3];
    default: return v->d[i & 1];
    }
}

static inline int64_t lane_get_signed(const V128 *v, unsigned size, unsigned i)
{
    switch (size) {
    case 0: return v->sb[i & 15];
    case 1: return v->sh[i & 7];
    case 2: return v->sw[i & 3];
    default: return v->sd[i & 1];
    }
}

static inline void lane_set(V128 *v, unsigned size, unsigned i, uint64_t value)
{
    switch (size) {
    case 0: v->b[i & 15] = (uint8_t)value; break;
    case 1: v->h[i & 7] = (uint16_t)value; break;
    case 2: v->w[i & 3] = (uint32_t)value; break;
    default: v->d[i & 1] = value; break;
    }
}

static inline u128 whole_get(const V128 *v)
{
    return (u128)v->d[1] << 64 | v->d[0];
}

static inline void whole_set(V128 *v, u128 value)
{
    v->d[0] = (uint64_t)value;
    v->d[1] = (uint64_t)(value >> 64);
}

static inline unsigned lane_bits(unsigned size)
{
    return 8u << size;
}

static inline uint64_t lane_mask(unsigned size)
{
    return size >= 3 ? UINT64_MAX : ((uint64_t)1 << lane_bits(size)) - 1;
}

#define VEC_FN(name)                                                                               \
    static void name(V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t imm,           \
                     uint32_t aux)

/*
 * A lane-wise function: x, y are the zero-extended lanes, sx, sy the sign-extended ones, bits the
 * lane's width; the expression's low bits are the result.  The 128-bit variant, where there is one,
 * sees x, y as u128.
 */
#define LANES_64(expression)                                                                    \
    V128 out;                                                                                   \
    unsigned bits = lane_bits(imm);                                                             \
                                                                                                \
    for (unsigned i = 0; i < 16u >> imm; i++) {                                                 \
        uint64_t x = lane_get(a, imm, i), y = lane_get(b, imm, i);                              \
        int64_t sx = lane_get_signed(a, imm, i), sy = lane_get_signed(b, imm, i);               \
                                                                                                \
        (void)x, (void)y, (void)sx, (void)sy, (void)bits;                                       \
        lane_set(&out, imm, i, (uint64_t)(expression));                                         \
    }                                                                                           \
    *d = out
#define LANES(name, expression)                                                                 \
    VEC_FN(name) { LANES_64(expression); }
#define LANES_128(name, expression, whole)                                                      \
    VEC_FN(name)                                                                                \
    {                                                                                           \
        if (imm == 4) {                                                                         \
            u128 x = whole_get(a), y = whole_get(b);                                            \
                                                                                                \
            (void)y;                                                                            \
            whole_set(d, (u128)(whole));                                                        \
            return;                                                                             \
        }                                                                                       \
        LANES_64(expression);                                                                   \
    }

static uint64_t clamp_signed(s128 v, unsigned bits)
{
    s128 max = ((s128)1 << (bits - 1)) - 1;

    return (uint64_t)(v > max ? max : v < -max - 1 ? -max - 1 : v);
}

static uint64_t clamp_unsigned(s128 v, unsigned bits)
{
    s128 max = ((s128)1 << bits) - 1;

    return (uint64_t)(v > max ? max : v < 0 ? 0 : v);
}

static uint64_t rotate_lane(uint64_t x, unsigned count, unsigned bits)
{
    return count ? x << count | x >> (bits - count) : x;
}

static u128 rotate_whole(u128 x, unsigned count)
{
    return count ? x << count | x >> (128 - count) : x;
}

/* ---- Moving between scalars and vectors ---- */

VEC_FN(vec_mkhi)
{
    *d = (V128){ .d = { 0, a->d[0] } };
}

VEC_FN(vec_mkv)
{
    *d = (V128){ .d = { b->d[0], a->d[0] } };
}

VEC_FN(vec_vhi)
{
    *d = (V128){ .d = { a->d[1], 0 } };
}

VEC_FN(vec_vlo)
{
    *d = (V128){ .d = { a->d[0], 0 } };
}

VEC_FN(vec_vins)
{
    V128 out = *a;

    lane_set(&out, imm, aux, b->d[0]);
    *d = out;
}

VEC_FN(vec_vext)
{
    *d = (V128){ .d = { lane_get(a, imm, aux), 0 } };
}

VEC_FN(vec_vdup)
{
    V128 out;

    for (unsigned i = 0; i < 16u >> imm; i++) {
        lane_set(&out, imm, i, a->d[0]);
    }
    *d = out;
}

/* ---- Logic ---- */

#define LOGIC(name, expression)                                                                 \
    VEC_FN(name)                                                                                \
    {                                                                                           \
        V128 out;                                                                               \
                                                                                                \
        for (unsigned i = 0; i < 2; i++) {                                                      \
            out.d[i] = (expression);                                                            \
        }                                                                                       \
        *d = out;                                                                               \
    }
LOGIC(vec_vand, a->d[i] & b->d[i])
LOGIC(vec_vor, a->d[i] | b->d[i])
LOGIC(vec_vxor, a->d[i] ^ b->d[i])
LOGIC(vec_vandc, a->d[i] & ~b->d[i])
LOGIC(vec_vnot, ~a->d[i])
LOGIC(vec_vsel, (b->d[i] & a->d[i]) | (c->d[i] & ~a->d[i]))

/* ---- Lane arithmetic ---- */

LANES_128(vec_vadd, x + y, x + y)
LANES_128(vec_vsub, x - y, x - y)
VEC_FN(vec_vneg)
{
    V128 zero = { 0 };

    vec_vsub(d, &zero, a, c, imm, aux);
}
VEC_FN(vec_vabs)
{
    V128 out;

    for (unsigned i = 0; i < 16u >> imm; i++) {
        int64_t x = lane_get_signed(a, imm, i);

        lane_set(&out, imm, i, x < 0 ? -(uint64_t)x : (uint64_t)x);
    }
    *d = out;
}
LANES(vec_vaddss, clamp_signed((s128)sx + sy, bits))
LANES(vec_vaddus, clamp_unsigned((s128)x + y, bits))
LANES(vec_vsubss, clamp_signed((s128)sx - sy, bits))
LANES(vec_vsubus, clamp_unsigned((s128)x - y, bits))
LANES(vec_vmins, sx < sy ? sx : sy)
LANES(vec_vmaxs, sx > sy ? sx : sy)
LANES(vec_vminu, x < y ? x : y)
LANES(vec_vmaxu, x > y ? x : y)
LANES(vec_vavgu, ((u128)x + y + 1) >> 1)
LANES(vec_vavgs, ((s128)sx + sy + 1) >> 1)
LANES(vec_vabsdu, x > y ? x - y : y - x)
LANES(vec_vmul, x * y)
LANES_128(vec_vcmpeq, x == y ? UINT64_MAX : 0, x == y ? ~(u128)0 : 0)
LANES_128(vec_vcmpgts, sx > sy ? UINT64_MAX : 0, (s128)x > (s128)y ? ~(u128)0 : 0)
LANES_128(vec_vcmpgtu, x > y ? UINT64_MAX : 0, x > y ? ~(u128)0 : 0)

/* Products of every second lane, twice as wide. */
VEC_FN(vec_vmulwu)
{
    V128 out;

    if (imm == 3) {
        whole_set(d, (u128)a->d[aux & 1] * b->d[aux & 1]);
        return;
    }
    for (unsigned i = 0; i < 8u >> imm; i++) {
        lane_set(&out, imm + 1, i,
                 lane_get(a, imm, 2 * i + (aux & 1)) * lane_get(b, imm, 2 * i + (aux & 1)));
    }
    *d = out;
}

VEC_FN(vec_vmulws)
{
    V128 out;

    if (imm == 3) {
        whole_set(d, (u128)((s128)a->sd[aux & 1] * b->sd[aux & 1]));
        return;
    }
    for (unsigned i = 0; i < 8u >> imm; i++) {
        lane_set(&out, imm + 1, i,
                 (uint64_t)(lane_get_signed(a, imm, 2 * i + (aux & 1)) *
                            lane_get_signed(b, imm, 2 * i + (aux & 1))));
    }
    *d = out;
}

/* ---- Shifts ---- */

LANES_128(vec_vshlv, x << (y & (bits - 1)), x << (unsigned)(y & 127))
LANES_128(vec_vshrv, x >> (y & (bits - 1)), x >> (unsigned)(y & 127))
LANES_128(vec_vsarv, sx >> (y & (bits - 1)), (s128)x >> (unsigned)(y & 127))
LANES_128(vec_vrotlv, rotate_lane(x, y & (bits - 1), bits), rotate_whole(x, (unsigned)(y & 127)))

/* By a count for all lanes, below the lane width. */
#define SHIFT_BY_AUX(name, by_vector)                                                           \
    VEC_FN(name)                                                                                \
    {                                                                                           \
        V128 count = { 0 };                                                                     \
                                                                                                \
        for (unsigned i = 0; i < 16u >> imm; i++) {                                             \
            lane_set(&count, imm, i, aux);                                                      \
        }                                                                                       \
        by_vector(d, a, &count, c, imm, aux);                                                   \
    }
SHIFT_BY_AUX(vec_vshli, vec_vshlv)
SHIFT_BY_AUX(vec_vshri, vec_vshrv)
SHIFT_BY_AUX(vec_vsari, vec_vsarv)

/* ---- Rearranging ---- */

VEC_FN(vec_valign)
{
    V128 out;

    for (unsigned i = 0; i < 16; i++) {
        unsigned from = i + aux;

        out.b[i] = from < 16 ? b->b[from] : from < 32 ? a->b[from - 16] : 0;
    }
    *d = out;
}

static void zip(V128 *d, const V128 *a, const V128 *b, unsigned size, unsigned first)
{
    V128 out;

    for (unsigned i = 0; i < 8u >> size; i++) {
        lane_set(&out, size, 2 * i, lane_get(b, size, first + i));
        lane_set(&out, size, 2 * i + 1, lane_get(a, size, first + i));
    }
    *d = out;
}

VEC_FN(vec_vzipl)
{
    zip(d, a, b, imm, 0);
}

VEC_FN(vec_vziph)
{
    zip(d, a, b, imm, 8u >> imm);
}

VEC_FN(vec_vperm2)
{
    V128 out;

    for (unsigned i = 0; i < 16; i++) {
        unsigned from = c->b[i] & 31;

        out.b[i] = from < 16 ? a->b[from] : b->b[from - 16];
    }
    *d = out;
}

VEC_FN(vec_vpack)
{
    V128 out;
    unsigned bits = lane_bits(imm - 1), half = 16u >> imm;

    for (unsigned i = 0; i < 2 * half; i++) {
        const V128 *from = i < half ? b : a;
        uint64_t u = lane_get(from, imm, i % half);
        int64_t s = lane_get_signed(from, imm, i % half);
        uint64_t v;

        switch ((IRPack)aux) {
        case IRPACK_SS: v = clamp_signed(s, bits); break;
        case IRPACK_SU: v = clamp_unsigned(s, bits); break;
        case IRPACK_UU: v = clamp_unsigned((s128)u, bits); break;
        default: v = u; break;
        }
        lane_set(&out, imm - 1, i, v);
    }
    *d = out;
}

VEC_FN(vec_vunpks)
{
    V128 out;

    for (unsigned i = 0; i < 8u >> imm; i++) {
        lane_set(&out, imm + 1, i,
                 (uint64_t)lane_get_signed(a, imm, i + (aux ? 8u >> imm : 0)));
    }
    *d = out;
}

VEC_FN(vec_vrevb)
{
    V128 out;
    unsigned flip = (1u << imm) - 1;

    for (unsigned i = 0; i < 16; i++) {
        out.b[i] = a->b[i ^ flip];
    }
    *d = out;
}

/* ---- Counting and testing ---- */

#define COUNT(name, expression)                                                                 \
    VEC_FN(name)                                                                                \
    {                                                                                           \
        V128 out;                                                                               \
        unsigned bits = lane_bits(imm);                                                         \
                                                                                                \
        for (unsigned i = 0; i < 16u >> imm; i++) {                                             \
            uint64_t x = lane_get(a, imm, i);                                                   \
                                                                                                \
            (void)bits;                                                                         \
            lane_set(&out, imm, i, (unsigned)(expression));                                     \
        }                                                                                       \
        *d = out;                                                                               \
    }
COUNT(vec_vpopcnt, __builtin_popcountll(x))
COUNT(vec_vclz, x ? (unsigned)__builtin_clzll(x) - (64 - bits) : bits)
COUNT(vec_vctz, x ? (unsigned)__builtin_ctzll(x) : bits)

VEC_FN(vec_vmsk)
{
    uint64_t out = 0;

    for (unsigned i = 0; i < 16u >> imm; i++) {
        out |= (uint64_t)(lane_get_signed(a, imm, i) < 0) << i;
    }
    *d = (V128){ .d = { out, 0 } };
}

VEC_FN(vec_vtestz)
{
    *d = (V128){ .d = { (a->d[0] | a->d[1]) == 0, 0 } };
}

/* ---- Cryptography ---- */

VEC_FN(vec_vaese)
{
    vec_aes_round(d, a, b, false, false);
}

VEC_FN(vec_vaesel)
{
    vec_aes_round(d, a, b, false, true);
}

VEC_FN(vec_vaesd)
{
    vec_aes_round(d, a, b, true, false);
}

VEC_FN(vec_vaesdl)
{
    vec_aes_round(d, a, b, true, true);
}

VEC_FN(vec_vpmull)
{
    uint64_t x = a->d[aux & 1], y = b->d[aux >> 4 & 1];
    u128 out = 0;

    for (unsigned i = 0; i < 64; i++) {
        if (y >> i & 1) {
            out ^= (u128)x << i;
        }
    }
    whole_set(d, out);
}

IRVecFn *const ir_vec_fn[IR_OP_COUNT] = {
    [IR_MKHI] = vec_mkhi, [IR_MKV] = vec_mkv, [IR_VHI] = vec_vhi, [IR_VLO] = vec_vlo,
    [IR_VINS] = vec_vins, [IR_VEXT] = vec_vext, [IR_VDUP] = vec_vdup,
    [IR_VAND] = vec_vand, [IR_VOR] = vec_vor, [IR_VXOR] = vec_vxor, [IR_VANDC] = vec_vandc,
    [IR_VNOT] = vec_vnot, [IR_VSEL] = vec_vsel,
    [IR_VADD] = vec_vadd, [IR_VSUB] = vec_vsub, [IR_VNEG] = vec_vneg, [IR_VABS] = vec_vabs,
    [IR_VADDSS] = vec_vaddss, [IR_VADDUS] = vec_vaddus, [IR_VSUBSS] = vec_vsubss,
    [IR_VSUBUS] = vec_vsubus, [IR_VMINS] = vec_vmins, [IR_VMAXS] = vec_vmaxs,
    [IR_VMINU] = vec_vminu, [IR_VMAXU] = vec_vmaxu, [IR_VAVGU] = vec_vavgu,
    [IR_VAVGS] = vec_vavgs, [IR_VABSDU] = vec_vabsdu, [IR_VMUL] = vec_vmul,
    [IR_VMULWU] = vec_vmulwu, [IR_VMULWS] = vec_vmulws, [IR_VCMPEQ] = vec_vcmpeq,
    [IR_VCMPGTS] = vec_vcmpgts, [IR_VCMPGTU] = vec_vcmpgtu,
    [IR_VSHLV] = vec_vshlv, [IR_VSHRV] = vec_vshrv, [IR_VSARV] = vec_vsarv,
    [IR_VROTLV] = vec_vrotlv, [IR_VSHLI] = vec_vshli, [IR_VSHRI] = vec_vshri,
    [IR_VSARI] = vec_vsari, [IR_VALIGN] = vec_valign, [IR_VZIPL] = vec_vzipl,
    [IR_VZIPH] = vec_vziph, [IR_VPERM2] = vec_vperm2, [IR_VPACK] = vec_vpack,
    [IR_VUNPKS] = vec_vunpks, [IR_VPOPCNT] = vec_vpopcnt, [IR_VCLZ] = vec_vclz,
    [IR_VCTZ] = vec_vctz, [IR_VREVB] = vec_vrevb, [IR_VMSK] = vec_vmsk,
    [IR_VTESTZ] = vec_vtestz, [IR_VAESE] = vec_vaese, [IR_VAESEL] = vec_vaesel,
    [IR_VAESD] = vec_vaesd, [IR_VAESDL] = vec_vaesdl, [IR_VPMULL] = vec_vpmull,
};
