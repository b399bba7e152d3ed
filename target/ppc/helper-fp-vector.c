/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of VSX floating point: vector arithmetic and conversions in soft arithmetic, tests and
 * compares of exponents and classes (Power ISA 3.0B book I 7.6).
 *
 * Vector operations set the exception bits of FPSCR but neither FI, FR nor FPRF; an enabled
 * exception in any lane leaves the whole target as it was.
 */
#include "helper-fp.h"

/* ---- Lanes ---- */

static uint64_t convert_from_double(uint64_t a, FPVType to, FloatStatus *s)
{
    switch (to) {
    case FPV_SP:
        return float64_to_float32(a, s);
    case FPV_SD:
        return (uint64_t)float64_to_int64(a, FLOAT_ROUND_TO_ZERO, s);
    case FPV_UD:
        return float64_to_uint64(a, FLOAT_ROUND_TO_ZERO, s);
    case FPV_SW:
        return (uint32_t)float64_to_int32(a, FLOAT_ROUND_TO_ZERO, s);
    case FPV_UW:
        return float64_to_uint32(a, FLOAT_ROUND_TO_ZERO, s);
    default:
        g_assert_not_reached();
    }
}

static uint64_t convert_from_single(uint32_t a, FPVType to, FloatStatus *s)
{
    switch (to) {
    case FPV_DP:
        return float32_to_float64(a, s);
    case FPV_HP:
        return float32_to_float16(a, s);
    case FPV_SD:
        return (uint64_t)float32_to_int64(a, FLOAT_ROUND_TO_ZERO, s);
    case FPV_UD:
        return float32_to_uint64(a, FLOAT_ROUND_TO_ZERO, s);
    case FPV_SW:
        return (uint32_t)float32_to_int32(a, FLOAT_ROUND_TO_ZERO, s);
    case FPV_UW:
        return float32_to_uint32(a, FLOAT_ROUND_TO_ZERO, s);
    default:
        g_assert_not_reached();
    }
}

static uint64_t convert_lane(uint64_t a, FPVType from, FPVType to, FloatStatus *s)
{
    switch (from) {
    case FPV_DP:
        return convert_from_double(a, to, s);
    case FPV_SP:
        return convert_from_single((uint32_t)a, to, s);
    case FPV_HP:
        return float16_to_float32((uint16_t)a, s);
    case FPV_SW:
        a = (uint64_t)(int64_t)(int32_t)a; /* fall through */
    case FPV_SD:
        return to == FPV_DP ? int64_to_float64((int64_t)a, s) : int64_to_float32((int64_t)a, s);
    case FPV_UW:
        a = (uint32_t)a; /* fall through */
    case FPV_UD:
        return to == FPV_DP ? uint64_to_float64(a, s) : uint64_to_float32(a, s);
    }
    g_assert_not_reached();
}

static bool is_wide(FPVType type)
{
    return type == FPV_DP || type == FPV_SD || type == FPV_UD;
}

static void convert(V128 *out, uint32_t op, const V128 *a, FloatStatus *s)
{
    FPVType from = op >> FPV_FROM_SHIFT & 15, to = op >> FPV_TO_SHIFT & 15;

    if (is_wide(from) || is_wide(to)) {
        for (unsigned i = 0; i < 2; i++) {
            uint64_t lane = is_wide(from) ? VSR_D(*a, i) : VSR_W(*a, 2 * i);
            uint64_t result = convert_lane(lane, from, to, s);

            /* The right word of a narrow result is undefined: a copy. */
            VSR_D(*out, i) = is_wide(to) ? result : result << 32 | (uint32_t)result;
        }
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        VSR_W(*out, i) = (uint32_t)convert_lane(VSR_W(*a, i), from, to, s);
    }
}

static void compute(V128 *out, uint32_t op, const V128 *a, const V128 *b, const V128 *c,
                    FloatStatus *s)
{
    if (FPOP_BASE(op) == FPB_NONE) {
        convert(out, op, a, s);
    } else if (op & FPV_F32) {
        for (unsigned i = 0; i < 4; i++) {
            out->w[i] = fp_compute32(op, a->w[i], b->w[i], c->w[i], s);
        }
    } else {
        for (unsigned i = 0; i < 2; i++) {
            out->d[i] = fp_compute(op, a->d[i], b->d[i], c->d[i], s);
        }
    }
}

static void helper_vfp_value(V128 *d, CPUPPCState *env, const V128 *a, const V128 *b, const V128 *c,
                             uint32_t op)
{
    FloatStatus s;
    V128 out;

    fp_status_init(env, &s);
    compute(&out, op, a, b, c, &s);
    fp_note_fast(env, s.flags);
    *d = out;
}

/*
 * Lanes are computed one by one here, because an enabled SNaN exception hides the invalid compare
 * of its own lane only.
 */
static uint64_t lane_exceptions(CPUPPCState *env, uint32_t flags)
{
    fp_note_exceptions(env, flags);
    return fpscr_enabled(env, fp_exceptions(flags));
}

static void helper_vfp_exact(CPUPPCState *env, uint32_t op, uint32_t regs)
{
    const V128 *a = &env->vsr[FPREGS_A(regs)], *b = &env->vsr[FPREGS_B(regs)];
    const V128 *c = &env->vsr[FPREGS_C(regs)];
    uint64_t enabled = 0;
    FloatStatus s;
    V128 out;

    fp_redo_done(env);
    fpscr_sync(env);
    fp_status_init(env, &s);
    if (FPOP_BASE(op) == FPB_NONE) {
        convert(&out, op, a, &s);
        enabled = lane_exceptions(env, s.flags);
    } else {
        unsigned n = op & FPV_F32 ? 4 : 2;
        for (unsigned i = 0; i < n; i++) {
            s.flags = 0;
            if (op & FPV_F32) {
                out.w[i] = fp_compute32(op, a->w[i], b->w[i], c->w[i], &s);
            } else {
                out.d[i] = fp_compute(op, a->d[i], b->d[i], c->d[i], &s);
            }
            enabled |= lane_exceptions(env, s.flags);
        }
    }
    if (enabled) {
        fp_interrupt(env);
        return;
    }
    env->vsr[FPREGS_T(regs)] = out;
    if (FPREGS_RC(regs)) {
        bool all = (out.d[0] & out.d[1]) == UINT64_MAX, none = (out.d[0] | out.d[1]) == 0;
        env->crf[6] = (all ? 8 : 0) | (none ? 2 : 0);
    }
}

/* ---- Classes, exponents, significands ---- */

bool fp_test_class(FloatClass class, bool negative, unsigned dcmx)
{
    switch (class) {
    case FLOAT_CLASS_QNAN:
    case FLOAT_CLASS_SNAN:
        return dcmx & 0x40;
    case FLOAT_CLASS_INFINITY:
        return dcmx & (negative ? 0x10 : 0x20);
    case FLOAT_CLASS_ZERO:
        return dcmx & (negative ? 4 : 8);
    case FLOAT_CLASS_DENORMAL:
        return dcmx & (negative ? 1 : 2);
    case FLOAT_CLASS_NORMAL:
        break;
    }
    return false;
}

static uint64_t bits64(uint64_t a, uint64_t b, uint32_t op)
{
    uint64_t fraction = a & ((UINT64_C(1) << 52) - 1), exponent = a >> 52 & 0x7ff;

    switch ((FPVBits)(op & 0xff)) {
    case FPVB_XEXPDP:
        return exponent;
    case FPVB_XSIGDP:
        return fraction | (exponent != 0 && exponent != 0x7ff ? UINT64_C(1) << 52 : 0);
    case FPVB_IEXPDP:
        return (a & ~(UINT64_C(0x7ff) << 52)) | (b & 0x7ff) << 52;
    default:
        return fp_test_class(float64_classify(a), a >> 63, op >> 8) ? UINT64_MAX : 0;
    }
}

static uint32_t bits32(uint32_t a, uint32_t b, uint32_t op)
{
    uint32_t fraction = a & 0x7fffff, exponent = a >> 23 & 0xff;

    switch ((FPVBits)(op & 0xff)) {
    case FPVB_XEXPSP:
        return exponent;
    case FPVB_XSIGSP:
        return fraction | (exponent != 0 && exponent != 0xff ? 0x800000 : 0);
    case FPVB_IEXPSP:
        return (a & 0x807fffff) | (b & 0xff) << 23;
    default:
        return fp_test_class(float32_classify(a), a >> 31, op >> 8) ? UINT32_MAX : 0;
    }
}

static void helper_vfp_bits(V128 *d, const V128 *a, const V128 *b, uint32_t op)
{
    bool single = (op & 0xff) == FPVB_XEXPSP || (op & 0xff) == FPVB_XSIGSP ||
                  (op & 0xff) == FPVB_IEXPSP || (op & 0xff) == FPVB_TSTDCSP;
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        if (single) {
            out.w[i] = bits32(a->w[i], b->w[i], op);
        } else if (i < 2) {
            out.d[i] = bits64(a->d[i], b->d[i], op);
        }
    }
    *d = out;
}

static bool is_nan64(uint64_t a)
{
    return float64_classify(a) >= FLOAT_CLASS_QNAN;
}

static uint32_t helper_xscmpexpdp(uint64_t a, uint64_t b)
{
    uint64_t ea = a >> 52 & 0x7ff, eb = b >> 52 & 0x7ff;

    if (is_nan64(a) || is_nan64(b)) {
        return 1;
    }
    return ea < eb ? 8 : ea > eb ? 4 : 2;
}

static uint32_t helper_xststdcdp(uint64_t b, uint32_t dcmx)
{
    return (b >> 63 ? 8 : 0) | (fp_test_class(float64_classify(b), b >> 63, dcmx) ? 2 : 0);
}

/* A single in double format; the last bit tells that it is none. */
static uint32_t helper_xststdcsp(uint64_t b, uint32_t dcmx)
{
    FloatClass class = float64_classify(b);
    unsigned exponent = b >> 52 & 0x7ff;
    bool single = float32_widen_raw(float64_narrow_raw(b)) == b;

    if (class == FLOAT_CLASS_NORMAL && exponent <= 0x380) {
        class = FLOAT_CLASS_DENORMAL;
    }
    return (b >> 63 ? 8 : 0) | (fp_test_class(class, b >> 63, dcmx) ? 2 : 0) | !single;
}

/* ---- Tests for software divide and square root ---- */

static uint32_t test_divide32(uint32_t a, uint32_t b)
{
    FloatClass ca = float32_classify(a), cb = float32_classify(b);
    int ea = (int)(a >> 23 & 0xff) - 127, eb = (int)(b >> 23 & 0xff) - 127;
    bool fg = ca == FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO ||
              cb == FLOAT_CLASS_DENORMAL;
    bool fe = ca >= FLOAT_CLASS_INFINITY || cb >= FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO ||
              eb <= -126 || eb >= 125 ||
              (ca != FLOAT_CLASS_ZERO && (ea - eb >= 127 || ea - eb <= -125 || ea <= -103));

    return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}

static uint32_t test_sqrt32(uint32_t b)
{
    FloatClass cb = float32_classify(b);
    bool fg = cb == FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO || cb == FLOAT_CLASS_DENORMAL;
    bool fe = cb >= FLOAT_CLASS_INFINITY || cb == FLOAT_CLASS_ZERO || b >> 31 ||
              (int)(b >> 23 & 0xff) - 127 <= -103;

    return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}

static uint32_t helper_vfp_test_divide(const V128 *a, const V128 *b, uint32_t single)
{
    uint32_t nibble = 0;

    for (unsigned i = 0; i < (single ? 4 : 2); i++) {
        nibble |= single ? test_divide32(a->w[i], b->w[i]) : fp_test_divide(a->d[i], b->d[i]);
    }
    return nibble;
}

static uint32_t helper_vfp_test_sqrt(const V128 *b, uint32_t single)
{
    uint32_t nibble = 0;

    for (unsigned i = 0; i < (single ? 4 : 2); i++) {
        nibble |= single ? test_sqrt32(b->w[i]) : fp_test_sqrt(b->d[i]);
    }
    return nibble;
}

#undef HELPER
#define HELPER(name, ...) PPC_HELPER_ROW(name, __VA_ARGS__);
#include "helper-fp-vector.h.inc"
