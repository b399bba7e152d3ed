/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 back end's guarded floating point against the exact library: results to the bit, and
 * the inexact flag (the host's sticky bit, or what the fallback raised) on every operation.
 *
 * One block per operation and flags reads three f64 slots and writes one; it runs on special values
 * in all pairs and on random ones of every exponent range.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fpu/softfloat.h"
#include "tcg/ir-backend.h"
#include "tcg/tcg-cpu.h"

typedef struct FPEnv {
    uint64_t a, b, c, r;
    V128 va, vb, vc, vr;
    uint32_t word;
    unsigned fallbacks;
    bool inexact;
    TCGCPUState tcg;
} FPEnv;

enum { SLOT_A, SLOT_B, SLOT_C, SLOT_R, SLOT_VA, SLOT_VB, SLOT_VC, SLOT_VR };
static const IRSlotDesc slots[] = {
    { "a", offsetof(FPEnv, a), IR_F64 },    { "b", offsetof(FPEnv, b), IR_F64 },
    { "c", offsetof(FPEnv, c), IR_F64 },    { "r", offsetof(FPEnv, r), IR_F64 },
    { "va", offsetof(FPEnv, va), IR_V128 }, { "vb", offsetof(FPEnv, vb), IR_V128 },
    { "vc", offsetof(FPEnv, vc), IR_V128 }, { "vr", offsetof(FPEnv, vr), IR_V128 },
};

/* ---- The exact operations, IR operand order ---- */

static uint64_t exact(IROpcode op, uint32_t flags, uint64_t a, uint64_t b, uint64_t c,
                      FloatStatus *s)
{
    bool single = flags & IRFP_SINGLE;
    unsigned variant = (flags & IRFP_SUBTRACT ? FLOAT_MULADD_SUB : 0) |
                       (flags & IRFP_NEG ? FLOAT_MULADD_NEGATE : 0);
    FloatRound round = flags & IRFP_TRUNC ? FLOAT_ROUND_TO_ZERO : FLOAT_ROUND_NEAREST_EVEN;

    switch (op) {
    case IR_FADD: return single ? float64_add_single(a, b, s) : float64_add(a, b, s);
    case IR_FSUB: return single ? float64_sub_single(a, b, s) : float64_sub(a, b, s);
    case IR_FMUL: return single ? float64_mul_single(a, b, s) : float64_mul(a, b, s);
    case IR_FDIV: return single ? float64_div_single(a, b, s) : float64_div(a, b, s);
    case IR_FSQRT: return single ? float64_sqrt_single(a, s) : float64_sqrt(a, s);
    case IR_FMADD:
        return single ? float64_muladd_single(a, b, c, variant, s)
                      : float64_muladd(a, b, c, variant, s);
    case IR_FRSP: return float64_round_single(a, s);
    case IR_FCFID: {
        uint64_t d =
            flags & IRFP_UNSIGNED ? uint64_to_float64(a, s) : int64_to_float64((int64_t)a, s);

        if (single) {
            /* One rounding: through single directly. */
            FloatStatus t = { 0 };
            uint32_t w = flags & IRFP_UNSIGNED ? uint64_to_float32(a, &t)
                                               : int64_to_float32((int64_t)a, &t);

            s->flags = t.flags;
            return float32_widen_raw(w);
        }
        return d;
    }
    case IR_FCTI:
        if (flags & IRFP_W32) {
            return flags & IRFP_UNSIGNED ? float64_to_uint32(a, round, s)
                                         : (uint64_t)(int64_t)float64_to_int32(a, round, s);
        }
        return flags & IRFP_UNSIGNED ? float64_to_uint64(a, round, s)
                                     : (uint64_t)float64_to_int64(a, round, s);
    case IR_FCMP: {
        FloatRelation r = float64_compare_quiet(a, b, s);

        return r == FLOAT_LESS ? 8 : r == FLOAT_GREATER ? 4 : r == FLOAT_EQUAL ? 2 : 1;
    }
    case IR_FRIM: {
        static const FloatRound modes[] = {
            [IRROUND_NEAREST_EVEN] = FLOAT_ROUND_NEAREST_EVEN, [IRROUND_DOWN] = FLOAT_ROUND_DOWN,
            [IRROUND_UP] = FLOAT_ROUND_UP, [IRROUND_ZERO] = FLOAT_ROUND_TO_ZERO,
            [IRROUND_NEAREST_AWAY] = FLOAT_ROUND_NEAREST_AWAY,
        };
        return float64_round_to_int(a, modes[flags], false, s);
    }
    default: g_assert_not_reached();
    }
}

static uint64_t fallback(IROpcode op, void *opaque, uint64_t a, uint64_t b, uint64_t c,
                         uint32_t flags)
{
    FPEnv *env = opaque;
    FloatStatus s = { 0 };
    uint64_t r = exact(op, flags, a, b, c, &s);

    env->fallbacks++;
    env->inexact |= (s.flags & FLOAT_FLAG_INEXACT) != 0;
    return r;
}

#define FALLBACK(OP)                                                                             \
    static uint64_t fb_##OP(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)       \
    {                                                                                            \
        return fallback(IR_##OP, env, a, b, c, flags);                                           \
    }
FALLBACK(FADD)
FALLBACK(FSUB)
FALLBACK(FMUL)
FALLBACK(FDIV)
FALLBACK(FSQRT)
FALLBACK(FMADD)
FALLBACK(FRSP)
FALLBACK(FCFID)
FALLBACK(FCTI)
FALLBACK(FCMP)
FALLBACK(FRIM)
static IRFPFallback *const fp_table[IR_OP_COUNT] = {
    [IR_FADD] = fb_FADD, [IR_FSUB] = fb_FSUB, [IR_FMUL] = fb_FMUL, [IR_FDIV] = fb_FDIV,
    [IR_FSQRT] = fb_FSQRT, [IR_FMADD] = fb_FMADD, [IR_FRSP] = fb_FRSP, [IR_FCFID] = fb_FCFID,
    [IR_FCTI] = fb_FCTI, [IR_FCMP] = fb_FCMP, [IR_FRIM] = fb_FRIM,
};

static V128 exact_lanes(IROpcode op, uint32_t flags, const V128 *a, const V128 *b, const V128 *c,
                        uint32_t aux, FloatStatus *s)
{
    unsigned variant = (flags & IRFP_SUBTRACT ? FLOAT_MULADD_SUB : 0) |
                       (flags & IRFP_NEG ? FLOAT_MULADD_NEGATE : 0);
    V128 r = { .d = { 0, 0 } };

    for (unsigned i = 0; i < 4 && flags & IRFP_LANES_F32; i++) {
        uint32_t x = a->w[i], y = b->w[i], z = c->w[i];

        switch (op) {
        case IR_VFADD: r.w[i] = float32_add(x, y, s); break;
        case IR_VFSUB: r.w[i] = float32_sub(x, y, s); break;
        case IR_VFMUL: r.w[i] = float32_mul(x, y, s); break;
        case IR_VFDIV: r.w[i] = float32_div(x, y, s); break;
        case IR_VFSQRT: r.w[i] = float32_sqrt(x, s); break;
        case IR_VFMADD: r.w[i] = float32_muladd(x, y, z, variant, s); break;
        default: {
            FloatRelation q = float32_compare_quiet(x, y, s);
            bool eq = q == FLOAT_EQUAL, gt = q == FLOAT_GREATER;

            r.w[i] = (aux == 0 ? eq : aux == 1 ? eq || gt : gt) ? UINT32_MAX : 0;
        }
        }
    }
    for (unsigned i = 0; i < 2 && !(flags & IRFP_LANES_F32); i++) {
        uint64_t x = a->d[i], y = b->d[i], z = c->d[i];

        switch (op) {
        case IR_VFADD: r.d[i] = float64_add(x, y, s); break;
        case IR_VFSUB: r.d[i] = float64_sub(x, y, s); break;
        case IR_VFMUL: r.d[i] = float64_mul(x, y, s); break;
        case IR_VFDIV: r.d[i] = float64_div(x, y, s); break;
        case IR_VFSQRT: r.d[i] = float64_sqrt(x, s); break;
        case IR_VFMADD: r.d[i] = float64_muladd(x, y, z, variant, s); break;
        default: {
            FloatRelation q = float64_compare_quiet(x, y, s);
            bool eq = q == FLOAT_EQUAL, gt = q == FLOAT_GREATER;

            r.d[i] = (aux == 0 ? eq : aux == 1 ? eq || gt : gt) ? UINT64_MAX : 0;
        }
        }
    }
    return r;
}

#define VFALLBACK(OP)                                                                            \
    static void fb_##OP(void *opaque, V128 *d, const V128 *a, const V128 *b, const V128 *c,      \
                        uint32_t flags, uint32_t aux)                                            \
    {                                                                                            \
        FPEnv *env = opaque;                                                                     \
        FloatStatus s = { 0 };                                                                   \
                                                                                                 \
        *d = exact_lanes(IR_##OP, flags, a, b, c, aux, &s);                                      \
        env->fallbacks++;                                                                        \
        env->inexact |= (s.flags & FLOAT_FLAG_INEXACT) != 0;                                     \
    }
VFALLBACK(VFADD)
VFALLBACK(VFSUB)
VFALLBACK(VFMUL)
VFALLBACK(VFDIV)
VFALLBACK(VFSQRT)
VFALLBACK(VFMADD)
VFALLBACK(VFCMP)
static IRVFPFallback *const vfp_table[IR_OP_COUNT] = {
    [IR_VFADD] = fb_VFADD, [IR_VFSUB] = fb_VFSUB, [IR_VFMUL] = fb_VFMUL, [IR_VFDIV] = fb_VFDIV,
    [IR_VFSQRT] = fb_VFSQRT, [IR_VFMADD] = fb_VFMADD, [IR_VFCMP] = fb_VFCMP,
};

static const IRTargetDesc target = {
    .name = "fp", .slots = slots, .n_slots = G_N_ELEMENTS(slots), .env_size = sizeof(FPEnv),
    .tcg_offset = offsetof(FPEnv, tcg), .fp_fallback = fp_table, .vfp_fallback = vfp_table,
};

/* ---- Values ---- */

static uint64_t rng_state = 88172645463325252u;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state;
}

static const uint64_t special[] = {
    0, 0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
    0xfff8000000000123, 0x7ff0000000000001, 0xfff4000000000000, 1, 0x8000000000000001,
    0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x0010000000000001,
    0x0020000000000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7fe0000000000000,
    0x3ff0000000000000, 0xbff0000000000000, 0x3fe0000000000000, 0x3fdfffffffffffff,
    0xbfe0000000000000, 0x3ff8000000000000, 0x4004000000000000, 0x4330000000000001,
    0x36a0000000000000, 0x380fffffffffffff, 0x3810000000000000, 0x47efffffe0000000,
    0x47efffffefffffff, 0x47effffff0000000, 0x3ff0000010000000, 0x3ff0000030000000,
    0x3ff0000010000001, 0x3ff000000fffffff, 0x43e0000000000000, 0xc3e0000000000000,
    0x43efffffffffffff, 0x43f0000000000000, 0x41dfffffffc00000, 0x41dfffffffdfffff,
    0x41dfffffffe00000, 0x41e0000000000000, 0xc1e0000000000000, 0xc1e0000000200000,
    0x41efffffffe00000, 0x41efffffffefffff, 0x41effffffff00000, 0x41f0000000000000,
    0x3cb0000000000000, 0x0170000000000000, 0x5fe0000000000000, 0x1ff0000000000000,
};

static uint64_t random_double(void)
{
    uint64_t v = rng(), how = rng() % 8;
    unsigned e = how < 4 ? 1003 + rng() % 40 : how == 4 ? rng() % 8 : how == 5 ? 2040 + rng() % 8
                 : how == 6 ? 860 + rng() % 320 : rng() % 2048;

    v = (v & 0x800fffffffffffff) | (uint64_t)e << 52;
    switch (rng() % 5) {
    case 0: return v & ~UINT64_C(0x1fffffff);            /* a single */
    case 1: return v & ~UINT64_C(0xffffffffff);          /* a short one: exact results, ties */
    case 2: return special[rng() % G_N_ELEMENTS(special)];
    default: return v;
    }
}

static uint32_t random_single(void)
{
    static const uint32_t few[] = {0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001,
                                   1, 0x007fffff, 0x00800000, 0x01000000, 0x7f7fffff, 0x3f800000};
    uint32_t v = (uint32_t)rng();

    switch (rng() % 6) {
    case 0: return few[rng() % G_N_ELEMENTS(few)];
    case 1: return v;
    case 2: return (v & 0x80f00000) | 0x3f000000;
    default: return (v & 0x807fffff) | (uint32_t)(117 + rng() % 20) << 23;
    }
}

/* ---- Running one op ---- */

static TCGCodeBuffer memory;
enum { CODE_SIZE = 1 << 18, THUNKS = 1 << 15 };

static void start(uint64_t features)
{
    static const TCGRuntime runtime;
    TCGCodeBuffer thunks;

    if (!memory.write) {
        int fd = memfd_create("code", 0);

        g_assert_cmpint(ftruncate(fd, CODE_SIZE), ==, 0);
        memory.write = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        memory.exec = mmap(NULL, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
        close(fd);
    }
    thunks = (TCGCodeBuffer){ memory.write, memory.exec, THUNKS };
    g_assert_true(tcg_backend_x86_64.init(&target, &runtime, &thunks, features, NULL));
}

typedef struct Case { IROpcode op; uint32_t flags, aux; } Case;

static void compile(const Case *k, IRBuilder *b, TCGCompiled *out)
{
    TCGCodeBuffer code = { memory.write + THUNKS, memory.exec + THUNKS, CODE_SIZE - THUNKS };
    bool vector = k->op >= IR_VFADD && k->op <= IR_VFCMP;
    const IROpInfo *info = &ir_op_info[k->op];
    IRRef a, r, b2 = IR_NONE, c = IR_NONE;

    ir_builder_reset(b, 0x1000, 0, 0);
    ir_insn_start(b, 0x1000, 0);
    a = ir_get(b, vector ? SLOT_VA : SLOT_A);
    if (k->op == IR_FCFID) {
        a = ir_op1(b, IR_MOVQ_FI, a);
    }
    if (info->b != IRT_NONE) {
        b2 = ir_get(b, vector ? SLOT_VB : SLOT_B);
    }
    if (info->c != IRT_NONE) {
        c = ir_get(b, vector ? SLOT_VC : SLOT_C);
    }
    if (k->flags & IRFP_VMX) {
        ir_emit(b, IR_FPMODE, IR_VOID, IR_NONE, IR_NONE, IR_NONE, 1, 0);
    }
    r = ir_emit(b, k->op, (IRType)info->result, a, b2, c, k->flags, k->aux);
    if (k->flags & IRFP_VMX) {
        ir_emit(b, IR_FPMODE, IR_VOID, IR_NONE, IR_NONE, IR_NONE, 0, 0);
    }
    if (k->op == IR_FCMP) {
        r = ir_extu(b, r);
    }
    if (ir_type(b, r) == IR_I64) {
        r = ir_op1(b, IR_MOVQ_IF, r);
    }
    ir_set(b, vector ? SLOT_VR : SLOT_R, r);
    ir_exit(b, 0x2000, IREXIT_NOCHAIN);
    ir_optimize(ir_builder_block(b), true);
    g_assert_true(tcg_backend_x86_64.compile(ir_builder_block(b), &code, out));
}

static unsigned run_scalar(const Case *k, FPEnv *env, const void *entry, uint64_t a, uint64_t b,
                           uint64_t c)
{
    TCGExitSite *site;
    FloatStatus s = { 0 };
    uint64_t want = exact(k->op, k->flags, a, b, c, &s);
    unsigned before = env->fallbacks;

    env->a = a;
    env->b = b;
    env->c = c;
    env->inexact = false;
    env->tcg.mxcsr_fp = 0x1f80;
    tcg_backend_x86_64.enter(env, entry, &site);
    bool xx = env->inexact || (env->tcg.mxcsr_fp & 0x20);

    if (env->r != want || xx != ((s.flags & FLOAT_FLAG_INEXACT) != 0)) {
        g_error("%s flags 0x%x (%016" G_GINT64_MODIFIER "x, %016" G_GINT64_MODIFIER
                "x, %016" G_GINT64_MODIFIER "x): %016" G_GINT64_MODIFIER "x inexact %d, not %016"
                G_GINT64_MODIFIER "x inexact %d", ir_op_info[k->op].mnemonic, k->flags, a, b, c,
                env->r, xx, want, (s.flags & FLOAT_FLAG_INEXACT) != 0);
    }
    return env->fallbacks - before;
}

static void run_case(const Case *k, IRBuilder *b, unsigned n)
{
    FPEnv *env = g_aligned_alloc0(1, sizeof(FPEnv), 64);
    TCGCompiled compiled;
    unsigned slow = 0;

    compile(k, b, &compiled);
    for (unsigned i = 0; i < G_N_ELEMENTS(special); i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(special); j++) {
            run_scalar(k, env, compiled.entry, special[i], special[j],
                       special[rng() % G_N_ELEMENTS(special)]);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t a = k->op == IR_FCFID ? (uint64_t)((int64_t)rng() >> rng() % 64) : random_double();

        run_scalar(k, env, compiled.entry, a, random_double(), random_double());
    }
    for (unsigned i = 0; i < 1000; i++) {
        /* Ordinary numbers stay on the fast path. */
        uint64_t m = k->flags & IRFP_SINGLE ? 0x000fffffe0000000 : 0x000fffffffffffff;

        slow += run_scalar(k, env, compiled.entry, 0x3ff0000000000000 | (rng() & m),
                           0x4010000000000000 | (rng() & m), 0x4000000000000000 | (rng() & m));
    }
    if (k->op != IR_FMADD && k->op != IR_FCFID) {
        g_assert_cmpuint(slow, <, 10);
    }
    tcg_backend_x86_64.release(&compiled);
    g_aligned_free(env);
}

static void run_vector_case(const Case *k, IRBuilder *b, unsigned n)
{
    FPEnv *env = g_aligned_alloc0(1, sizeof(FPEnv), 64);
    TCGCompiled compiled;

    compile(k, b, &compiled);
    for (unsigned i = 0; i < n; i++) {
        TCGExitSite *site;
        FloatStatus s = { 0 };
        V128 *v[3] = { &env->va, &env->vb, &env->vc };

        for (unsigned j = 0; j < 3; j++) {
            for (unsigned lane = 0; lane < 4; lane++) {
                v[j]->w[lane] = random_single();
            }
            if (!(k->flags & IRFP_LANES_F32)) {
                v[j]->d[0] = random_double();
                v[j]->d[1] = random_double();
            }
        }
        env->inexact = false;
        env->tcg.mxcsr_fp = env->tcg.mxcsr_vmx = 0x1f80;
        V128 want = exact_lanes(k->op, k->flags, &env->va, &env->vb, &env->vc, k->aux, &s);

        tcg_backend_x86_64.enter(env, compiled.entry, &site);
        bool xx = env->inexact || (env->tcg.mxcsr_fp & 0x20);

        if (k->flags & IRFP_VMX) {
            /* Nothing that AltiVec does shows in the FPSCR's control word. */
            g_assert_cmphex(env->tcg.mxcsr_fp, ==, 0x1f80);
        }
        if (memcmp(&want, &env->vr, 16) != 0 ||
            (!(k->flags & IRFP_VMX) && xx != ((s.flags & FLOAT_FLAG_INEXACT) != 0))) {
            g_error("%s flags 0x%x aux %u: a %016" G_GINT64_MODIFIER "x_%016" G_GINT64_MODIFIER
                    "x b %016" G_GINT64_MODIFIER "x_%016" G_GINT64_MODIFIER
                    "x: %016" G_GINT64_MODIFIER "x_%016" G_GINT64_MODIFIER
                    "x, not %016" G_GINT64_MODIFIER "x_%016" G_GINT64_MODIFIER "x; inexact %d",
                    ir_op_info[k->op].mnemonic, k->flags, k->aux, env->va.d[1], env->va.d[0],
                    env->vb.d[1], env->vb.d[0], env->vr.d[1], env->vr.d[0], want.d[1], want.d[0],
                    xx);
        }
    }
    tcg_backend_x86_64.release(&compiled);
    g_aligned_free(env);
}

static void test_scalar(const void *features)
{
    static const Case cases[] = {
        {IR_FADD, 0},
        {IR_FSUB, 0},
        {IR_FMUL, 0},
        {IR_FDIV, 0},
        {IR_FSQRT, 0},
        {IR_FADD, IRFP_SINGLE},
        {IR_FSUB, IRFP_SINGLE},
        {IR_FMUL, IRFP_SINGLE},
        {IR_FDIV, IRFP_SINGLE},
        {IR_FSQRT, IRFP_SINGLE},
        {IR_FMADD, 0},
        {IR_FMADD, IRFP_SUBTRACT},
        {IR_FMADD, IRFP_NEG},
        {IR_FMADD, IRFP_NEG | IRFP_SUBTRACT},
        {IR_FMADD, IRFP_SINGLE},
        {IR_FMADD, IRFP_SINGLE | IRFP_SUBTRACT},
        {IR_FMADD, IRFP_SINGLE | IRFP_NEG},
        {IR_FMADD, IRFP_SINGLE | IRFP_NEG | IRFP_SUBTRACT},
        {IR_FRSP, IRFP_SINGLE},
        {IR_FCFID, 0},
        {IR_FCFID, IRFP_UNSIGNED},
        {IR_FCFID, IRFP_SINGLE},
        {IR_FCFID, IRFP_SINGLE | IRFP_UNSIGNED},
        {IR_FCTI, 0},
        {IR_FCTI, IRFP_TRUNC},
        {IR_FCTI, IRFP_W32},
        {IR_FCTI, IRFP_W32 | IRFP_TRUNC},
        {IR_FCTI, IRFP_UNSIGNED},
        {IR_FCTI, IRFP_UNSIGNED | IRFP_TRUNC},
        {IR_FCTI, IRFP_UNSIGNED | IRFP_W32},
        {IR_FCTI, IRFP_UNSIGNED | IRFP_W32 | IRFP_TRUNC},
        {IR_FCMP, 0},
        {IR_FCMP, IRFP_ORDERED},
        {IR_FRIM, IRROUND_NEAREST_EVEN},
        {IR_FRIM, IRROUND_DOWN},
        {IR_FRIM, IRROUND_UP},
        {IR_FRIM, IRROUND_ZERO},
        {IR_FRIM, IRROUND_NEAREST_AWAY},
    };
    IRBuilder *b = ir_builder_new(&target);

    start(*(const uint64_t *)features);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        run_case(&cases[i], b, 30000);
    }
    ir_builder_free(b);
}

static void test_vector(const void *features)
{
    static const IROpcode ops[] = { IR_VFADD, IR_VFSUB, IR_VFMUL, IR_VFDIV, IR_VFSQRT, IR_VFMADD,
                                    IR_VFCMP };
    IRBuilder *b = ir_builder_new(&target);

    start(*(const uint64_t *)features);
    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        for (uint32_t f = 0; f < 16; f++) {
            Case k = { ops[i], (f & 1 ? IRFP_LANES_F32 : 0) | (f & 2 ? IRFP_NEG : 0) |
                       (f & 4 ? IRFP_SUBTRACT : 0) | (f & 8 ? IRFP_VMX : 0), 0 };

            if (ops[i] != IR_VFMADD && f & 6) {
                continue;
            }
            for (k.aux = 0; k.aux < (ops[i] == IR_VFCMP ? 3u : 1u); k.aux++) {
                run_vector_case(&k, b, 20000);
            }
        }
    }
    ir_builder_free(b);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; uint64_t features; } sets[] = {
        { "all", UINT64_MAX }, { "avx2", 0x7ff }, { "sse4.1", 0 },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *scalar = g_strdup_printf("/x86/fp/scalar/%s", sets[i].name);
        g_autofree char *vector = g_strdup_printf("/x86/fp/vector/%s", sets[i].name);

        g_test_add_data_func(scalar, &sets[i].features, test_scalar);
        g_test_add_data_func(vector, &sets[i].features, test_vector);
    }
    return g_test_run();
}
