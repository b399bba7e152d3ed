/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake target of the random IR tests: slots, memory with a small software TLB, helpers that
 * read, write and raise, and exact fallbacks for the guarded FP ops (host arithmetic, rounding to
 * nearest, in quad precision where a single rounding is wanted).
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "ir-random.h"

uint64_t rng_value(IRRng *r, IRType type)
{
    static const uint64_t corners[] = {
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        15,
        16,
        31,
        32,
        63,
        64,
        0x7f,
        0x80,
        0xff,
        0x100,
        0x7fff,
        0x8000,
        0xffff,
        0x10000,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x100000000,
        0x7fffffffffffffff,
        0x8000000000000000,
        0xffffffff80000000,
        0xffffffffffffffff,
        0xfffffffffffffffe,
        0xffffffffffff8000,
        0x00ff00ff00ff00ff,
        0xff00,
        0xff0000,
    };
    uint64_t v;

    switch (rng_below(r, 6)) {
    case 0:
    case 1: v = corners[rng_below(r, G_N_ELEMENTS(corners))]; break;
    case 2: v = (uint64_t)1 << rng_below(r, 64); break;
    case 3: v = (UINT64_MAX >> rng_below(r, 64)) << rng_below(r, 64); break;
    case 4: v = (uint64_t)(int64_t)(int32_t)rng_next(r); break;
    default: v = rng_next(r); break;
    }
    return type == IR_I32 ? (uint32_t)v : v;
}

uint64_t rng_double(IRRng *r, bool single)
{
    static const uint64_t special[] = {
        0, 0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
        0xfff8000000000001, 0x7ff0000000000001, 0x7ff4000000000000, 1, 0x000fffffffffffff,
        0x0010000000000000, 0x7fefffffffffffff, 0x3ff0000000000000, 0xbff0000000000000,
        0x36a0000000000000, 0x380fffffc0000000, 0x3810000000000000, 0x47efffffe0000000,
        0x43e0000000000000, 0xc3e0000000000000, 0x41dfffffffc00000, 0x41e0000000000000,
        0x3fe0000000000000, 0x4004000000000000,
    };
    uint64_t v;

    if (rng_chance(r, 15)) {
        return special[rng_below(r, G_N_ELEMENTS(special))];
    }
    unsigned exponent = rng_chance(r, 80) ? 1023 - 20 + rng_below(r, 40)
                        : single         ? 1023 - 126 + rng_below(r, 253) : rng_below(r, 2047);

    v = (rng_next(r) & UINT64_C(0x800fffffffffffff)) | (uint64_t)exponent << 52;
    return single || rng_chance(r, 30) ? v & ~UINT64_C(0x1fffffff) : v;
}

/* ---- Slots ---- */

#define R(n) { "r" #n, offsetof(FakeEnv, r[n]), IR_I64, 0 }
#define W(n) { "w" #n, offsetof(FakeEnv, w[n]), IR_I32, 0 }
#define CR(n) { "cr" #n, offsetof(FakeEnv, cr[n]), IR_I32, 15 }
#define BIT(n) { "bit" #n, offsetof(FakeEnv, bit[n]), IR_I32, 1 }
#define V(n) { "v" #n, offsetof(FakeEnv, v[n]), IR_V128, 0 }
static const IRSlotDesc fake_slots[] = {
    R(0), R(1), R(2),  R(3),  R(4),  R(5),   R(6),   R(7),   R(8), R(9), R(10), R(11), W(0), W(1),
    W(2), W(3), CR(0), CR(1), CR(2), BIT(0), BIT(1), BIT(2), V(0), V(1), V(2),  V(3),  V(4), V(5),
};
_Static_assert(G_N_ELEMENTS(fake_slots) == FAKE_N_SLOTS, "one row per slot");

/* ---- Exact fallbacks ---- */

typedef union Bits { uint64_t u; double d; } Bits;

static double as_double(uint64_t u)
{
    return (Bits){ .u = u }.d;
}

static uint64_t as_bits(double d)
{
    return (Bits){ .d = d }.u;
}

static bool is_nan(uint64_t u)
{
    return (u & INT64_MAX) > UINT64_C(0x7ff0000000000000);
}

/* First NaN operand, quiet, else the default NaN: fixed here so that it does not depend on the
 * host. */
static uint64_t pick_nan(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t n = is_nan(a) ? a : is_nan(b) ? b : is_nan(c) ? c : UINT64_C(0x7ff8000000000000);

    return n | UINT64_C(0x0008000000000000);
}

static uint64_t round_result(__float128 exact, double rounded, uint32_t flags, uint64_t a,
                             uint64_t b, uint64_t c)
{
    double d = flags & IRFP_SINGLE ? (double)(float)exact : rounded;

    if (is_nan(as_bits(d))) {
        return pick_nan(a, b, c);
    }
    return as_bits(flags & IRFP_NEG ? -d : d);
}

static uint64_t fake_fadd(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    return round_result((__float128)as_double(a) + as_double(b), as_double(a) + as_double(b), flags,
                        a, b, 0);
}

static uint64_t fake_fsub(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    return round_result((__float128)as_double(a) - as_double(b), as_double(a) - as_double(b), flags,
                        a, b, 0);
}

static uint64_t fake_fmul(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    return round_result((__float128)as_double(a) * as_double(b), as_double(a) * as_double(b), flags,
                        a, b, 0);
}

static uint64_t fake_fdiv(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    return round_result((__float128)as_double(a) / as_double(b), as_double(a) / as_double(b), flags,
                        a, b, 0);
}

static uint64_t fake_fsqrt(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    /* A single's root rounds the same through the double's root. */
    double root = sqrt(as_double(a));

    return round_result(root, root, flags, a, 0, 0);
}

static uint64_t fake_fmadd(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    double x = as_double(a), y = as_double(b), z = as_double(c);

    if (flags & IRFP_SUBTRACT && !is_nan(c)) {
        z = -z;
    }
    return round_result((__float128)x * y + z, fma(x, y, z), flags, a, b, c);
}

static uint64_t fake_frsp(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    return round_result(as_double(a), as_double(a), flags | IRFP_SINGLE, a, 0, 0);
}

static uint64_t fake_fcfid(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    if (flags & IRFP_UNSIGNED) {
        return as_bits(flags & IRFP_SINGLE ? (double)(float)a : (double)a);
    }
    return as_bits(flags & IRFP_SINGLE ? (double)(float)(int64_t)a : (double)(int64_t)a);
}

static uint64_t fake_fcti(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    bool uns = flags & IRFP_UNSIGNED, w32 = flags & IRFP_W32;
    double d = flags & IRFP_TRUNC ? trunc(as_double(a)) : rint(as_double(a));
    double low = uns ? 0 : w32 ? -0x1p31 : -0x1p63;
    double high = w32 ? (uns ? 0x1p32 : 0x1p31) : uns ? 0x1p64 : 0x1p63;

    if (is_nan(a) || d < low) {
        return uns ? 0 : w32 ? (uint64_t)(int64_t)INT32_MIN : (uint64_t)INT64_MIN;
    }
    if (d >= high) {
        return w32 ? (uns ? UINT32_MAX : INT32_MAX) : uns ? UINT64_MAX : INT64_MAX;
    }
    return uns ? (uint64_t)d : (uint64_t)(int64_t)d;
}

static uint64_t fake_fcmp(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t flags)
{
    if (is_nan(a) || is_nan(b)) {
        return 1;
    }
    return as_double(a) < as_double(b) ? 8 : as_double(a) > as_double(b) ? 4 : 2;
}

static uint64_t fake_frim(void *env, uint64_t a, uint64_t b, uint64_t c, uint32_t mode)
{
    double d = as_double(a);

    if (is_nan(a)) {
        return pick_nan(a, 0, 0);
    }
    switch ((IRRound)mode) {
    case IRROUND_DOWN: return as_bits(floor(d));
    case IRROUND_UP: return as_bits(ceil(d));
    case IRROUND_ZERO: return as_bits(trunc(d));
    case IRROUND_NEAREST_AWAY: return as_bits(round(d));
    default: return as_bits(rint(d));
    }
}

static IRFPFallback *const fake_fp[IR_OP_COUNT] = {
    [IR_FADD] = fake_fadd, [IR_FSUB] = fake_fsub, [IR_FMUL] = fake_fmul, [IR_FDIV] = fake_fdiv,
    [IR_FSQRT] = fake_fsqrt, [IR_FMADD] = fake_fmadd, [IR_FRSP] = fake_frsp,
    [IR_FCFID] = fake_fcfid, [IR_FCTI] = fake_fcti, [IR_FCMP] = fake_fcmp, [IR_FRIM] = fake_frim,
};

/* A single lane through the scalar function in double and back. */
static uint32_t lane_f32(IRFPFallback *fn, uint32_t a, uint32_t b, uint32_t c, uint32_t flags)
{
    union { uint32_t u; float f; } x = { a }, y = { b }, z = { c }, d;
    uint64_t r = fn(NULL, as_bits(x.f), as_bits(y.f), as_bits(z.f), flags | IRFP_SINGLE);

    d.f = (float)as_double(r);
    return d.u;
}

static void fake_lanes(IRFPFallback *fn, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                       uint32_t flags)
{
    V128 out;

    if (flags & IRFP_LANES_F32) {
        for (unsigned i = 0; i < 4; i++) {
            out.w[i] = lane_f32(fn, a->w[i], b->w[i], c->w[i], flags);
        }
    } else {
        for (unsigned i = 0; i < 2; i++) {
            out.d[i] = fn(NULL, a->d[i], b->d[i], c->d[i], flags);
        }
    }
    *d = out;
}

#define VFP(name, scalar)                                                                        \
    static void name(void *env, V128 *d, const V128 *a, const V128 *b, const V128 *c,            \
                     uint32_t flags, uint32_t aux)                                               \
    {                                                                                            \
        fake_lanes(scalar, d, a, b, c, flags & (IRFP_LANES_F32 | IRFP_NEG | IRFP_SUBTRACT));     \
    }
VFP(fake_vfadd, fake_fadd)
VFP(fake_vfsub, fake_fsub)
VFP(fake_vfmul, fake_fmul)
VFP(fake_vfdiv, fake_fdiv)
VFP(fake_vfsqrt, fake_fsqrt)
VFP(fake_vfmadd, fake_fmadd)

static void fake_vfcmp(void *env, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                       uint32_t flags, uint32_t aux)
{
    V128 out;
    unsigned lanes = flags & IRFP_LANES_F32 ? 4 : 2;

    for (unsigned i = 0; i < lanes; i++) {
        double x = lanes == 4 ? a->f[i] : a->df[i], y = lanes == 4 ? b->f[i] : b->df[i];
        bool hit = aux == 0 ? x == y : aux == 1 ? x >= y : x > y;

        if (lanes == 4) {
            out.w[i] = hit ? UINT32_MAX : 0;
        } else {
            out.d[i] = hit ? UINT64_MAX : 0;
        }
    }
    *d = out;
}

static IRVFPFallback *const fake_vfp[IR_OP_COUNT] = {
    [IR_VFADD] = fake_vfadd, [IR_VFSUB] = fake_vfsub, [IR_VFMUL] = fake_vfmul,
    [IR_VFDIV] = fake_vfdiv, [IR_VFSQRT] = fake_vfsqrt, [IR_VFMADD] = fake_vfmadd,
    [IR_VFCMP] = fake_vfcmp,
};

const IRTargetDesc fake_target = {
    .name = "fake", .slots = fake_slots, .n_slots = FAKE_N_SLOTS, .env_size = sizeof(FakeEnv),
    .tcg_offset = offsetof(FakeEnv, tcg), .fp_fallback = fake_fp, .vfp_fallback = fake_vfp,
};

/* ---- Raising, memory ---- */

static G_NORETURN void fake_raise(FakeEnv *env, uint64_t code)
{
    env->raise_code = code;
    if (env->backend) {
        env->backend->restore(env, env->tcg.restore_point);
    } else {
        env->tcg.pc = env->direct_pc;
    }
    siglongjmp(*env->unwind, 1);
}

static unsigned fake_page(uint64_t address)
{
    uint64_t page = (address - FAKE_BASE) >> TCG_PAGE_BITS;

    return page < FAKE_PAGES ? (unsigned)page : FAKE_PAGES;
}

static bool fake_fill_tlb(FakeEnv *env, uint64_t address, unsigned mmu_idx)
{
    unsigned page = fake_page(address);

    if (page >= FAKE_PAGES || env->page_kind[page] == FAKE_PAGE_NONE) {
        return false;
    }
    uint64_t tag = address & TCG_PAGE_MASK;
    uint8_t kind = env->page_kind[page];

    env->tlb[mmu_idx][(address >> TCG_PAGE_BITS) % FAKE_TLB_SIZE] = (TCGTLBEntry){
        .read = tag | (kind == FAKE_PAGE_SLOW ? TCG_TLB_MMIO : 0),
        .write = tag | (kind == FAKE_PAGE_SLOW            ? TCG_TLB_MMIO
                        : kind == FAKE_PAGE_READ_ONLY_TAG ? TCG_TLB_NOTDIRTY : 0),
        .code = TCG_TLB_INVALID,
        .addend = (uint64_t)(uintptr_t)(env->memory + page * TCG_PAGE_SIZE) - tag,
    };
    return true;
}

/* Host pointers of the bytes of an access, which may cross a page; raises. */
static void fake_access(FakeEnv *env, uint64_t address, uint32_t oi, uint8_t *bytes[16])
{
    unsigned size = 1u << (oi & MO_SIZE);

    if (oi & MO_ALIGN && address & (size - 1)) {
        fake_raise(env, address ^ 0xa110000);
    }
    for (unsigned i = 0; i < size; i++) {
        unsigned page = fake_page(address + i);

        if (page >= FAKE_PAGES || env->page_kind[page] == FAKE_PAGE_NONE) {
            fake_raise(env, address + i);
        }
        bytes[i] = env->memory + (address + i - FAKE_BASE);
    }
    fake_fill_tlb(env, address, MO_MMUIDX(oi));
}

static uint64_t fake_load(void *opaque, uint64_t address, uint32_t oi)
{
    FakeEnv *env = opaque;
    unsigned size = 1u << (oi & MO_SIZE);
    uint8_t *bytes[16];
    uint64_t v = 0;

    fake_access(env, address, oi, bytes);
    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)*bytes[i] << 8 * (oi & MO_BSWAP ? size - 1 - i : i);
    }
    if (oi & MO_SIGN && size < 8) {
        v = (uint64_t)((int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size));
    }
    return v;
}

static void fake_store(void *opaque, uint64_t address, uint64_t value, uint32_t oi)
{
    unsigned size = 1u << (oi & MO_SIZE);
    uint8_t *bytes[16];

    fake_access(opaque, address, oi, bytes);
    for (unsigned i = 0; i < size; i++) {
        *bytes[i] = (uint8_t)(value >> 8 * (oi & MO_BSWAP ? size - 1 - i : i));
    }
}

static void fake_load128(void *opaque, uint64_t address, uint32_t oi, V128 *out)
{
    uint8_t *bytes[16];

    fake_access(opaque, address, oi, bytes);
    for (unsigned i = 0; i < 16; i++) {
        out->b[oi & MO_BSWAP ? 15 - i : i] = *bytes[i];
    }
}

static void fake_store128(void *opaque, uint64_t address, uint32_t oi, const V128 *value)
{
    uint8_t *bytes[16];

    fake_access(opaque, address, oi, bytes);
    for (unsigned i = 0; i < 16; i++) {
        *bytes[i] = value->b[oi & MO_BSWAP ? 15 - i : i];
    }
}

static uint64_t fake_cas(void *opaque, uint64_t address, uint64_t expected, uint64_t desired,
                         uint32_t oi)
{
    unsigned size = 1u << (oi & MO_SIZE);
    uint64_t mask = size == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * size) - 1;
    uint64_t old = fake_load(opaque, address, oi & ~(uint32_t)MO_SIGN);

    if (old == (expected & mask)) {
        fake_store(opaque, address, desired, oi);
    }
    return old;
}

static bool fake_probe_span(void *opaque, uint64_t address, uint32_t span, uint32_t oi,
                            bool is_write)
{
    FakeEnv *env = opaque;
    unsigned page = fake_page(address);

    if ((address ^ (address + span - 1)) & TCG_PAGE_MASK ||
        !fake_fill_tlb(env, address, MO_MMUIDX(oi))) {
        return false;
    }
    return env->page_kind[page] == FAKE_PAGE_RAM ||
           (env->page_kind[page] == FAKE_PAGE_READ_ONLY_TAG && !is_write);
}

static const void *fake_lookup(void *env, uint64_t pc)
{
    return NULL;
}

const TCGRuntime fake_runtime = {
    .load = fake_load, .store = fake_store, .load128 = fake_load128, .store128 = fake_store128,
    .cas = fake_cas, .probe_span = fake_probe_span, .lookup = fake_lookup,
};

/* ---- Helpers ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    return (a ^ (b << 7 | b >> 57)) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t slots_sum(const FakeEnv *env)
{
    uint64_t sum = 0;

    for (const uint8_t *p = (const uint8_t *)env; p < (const uint8_t *)&env->guest_end; p++) {
        sum = mix(sum, *p);
    }
    return sum;
}

static uint64_t helper_pure(uint64_t a, uint32_t b)
{
    return mix(a, b);
}

static void helper_pure_vector(V128 *d, const V128 *a, uint64_t f64)
{
    V128 out = { .d = { mix(a->d[0], f64), a->d[1] ^ f64 } };

    *d = out;
}

static uint64_t helper_many(FakeEnv *env, uint64_t a, uint32_t b, uint64_t f64, const V128 *v,
                            uint64_t e, uint32_t f)
{
    return mix(mix(a, b), mix(f64, v->d[0])) ^ mix(v->d[1], e) ^ f ^ env->misc[0];
}

static void helper_misc(FakeEnv *env, uint64_t a)
{
    env->misc[1] = mix(env->misc[1], a);
}

static uint32_t helper_raise_some(FakeEnv *env, uint64_t a)
{
    if (mix(a, 1) >> 61 == 0) {
        fake_raise(env, a);
    }
    return (uint32_t)a;
}

static uint64_t helper_read(FakeEnv *env, uint64_t a)
{
    uint64_t sum = slots_sum(env);

    if (mix(a, 2) >> 61 == 0) {
        fake_raise(env, sum);
    }
    return sum;
}

static void helper_write(FakeEnv *env, uint64_t a)
{
    env->r[a & 7] += a;
    env->w[1] ^= (uint32_t)a;
    env->cr[0] = a >> 8 & 15;
    env->bit[2] = a >> 3 & 1;
    env->v[a & 1].d[1] ^= a;
}

static uint64_t helper_read_write(FakeEnv *env, uint64_t f64)
{
    uint64_t sum = slots_sum(env);

    env->v[2].d[0] = sum;
    env->r[3] = f64;
    return sum;
}

static uint64_t helper_f64(FakeEnv *env, uint64_t f64, const V128 *v)
{
    return (f64 & INT64_MAX) ^ (v->d[0] & 0xffff);
}

#define HELPER(name, result_, flags_, ...)                                                         \
    static const IRHelper row_##name = {                                                           \
        #name, (void *)helper_##name, result_, {__VA_ARGS__}, flags_}
HELPER(pure, IR_I64, IRH_PURE, IRA_I64, IRA_I32);
HELPER(pure_vector, IR_V128, IRH_PURE, IRA_V128, IRA_F64);
HELPER(many, IR_I64, IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I32, IRA_F64, IRA_V128, IRA_I64, IRA_I32);
HELPER(misc, IR_VOID, IRH_KEEPS_TLB, IRA_ENV, IRA_I64);
HELPER(raise_some, IR_I32, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64);
HELPER(read, IR_I64, IRH_RAISES | IRH_READS_SLOTS, IRA_ENV, IRA_I64);
HELPER(write, IR_VOID, IRH_WRITES_SLOTS, IRA_ENV, IRA_I64);
HELPER(read_write, IR_I64, IRH_READS_SLOTS | IRH_WRITES_SLOTS, IRA_ENV, IRA_F64);
HELPER(f64, IR_F64, IRH_KEEPS_TLB, IRA_ENV, IRA_F64, IRA_V128);

const IRHelper *const fake_helpers[FAKE_N_HELPERS] = {
    &row_pure, &row_pure_vector, &row_many, &row_misc, &row_raise_some, &row_read, &row_write,
    &row_read_write, &row_f64,
};

/* ---- Env ---- */

void fake_env_init(FakeEnv *env, uint64_t seed)
{
    IRRng rng = { seed ^ 0x5eed };

    memset(env, 0, sizeof(*env));
    env->memory = g_aligned_alloc0(FAKE_PAGES, TCG_PAGE_SIZE, TCG_PAGE_SIZE);
    for (unsigned i = 0; i < FAKE_PAGES * TCG_PAGE_SIZE; i += 8) {
        uint64_t v = rng_next(&rng);

        memcpy(env->memory + i, &v, 8);
    }
    for (unsigned i = 0; i < FAKE_PAGES; i++) {
        unsigned roll = rng_below(&rng, 10);

        env->page_kind[i] = i == FAKE_PAGES - 1 ? FAKE_PAGE_NONE
                            : roll < 7          ? FAKE_PAGE_RAM
                            : roll < 9          ? FAKE_PAGE_READ_ONLY_TAG : FAKE_PAGE_SLOW;
    }
    for (unsigned i = 0; i < FAKE_N_R; i++) {
        env->r[i] = rng_value(&rng, IR_I64);
    }
    for (unsigned i = FAKE_PTR; i < FAKE_N_R; i++) {
        unsigned page = rng_chance(&rng, 90) ? rng_below(&rng, FAKE_PAGES - 1) : FAKE_PAGES - 1;
        unsigned offset =
            rng_chance(&rng, 80) ? 512 + rng_below(&rng, 3000) : rng_below(&rng, 4096);

        env->r[i] =
            FAKE_BASE + page * TCG_PAGE_SIZE + (rng_chance(&rng, 70) ? offset & ~7u : offset);
    }
    for (unsigned i = 0; i < FAKE_N_W; i++) {
        env->w[i] = (uint32_t)rng_value(&rng, IR_I32);
    }
    for (unsigned i = 0; i < FAKE_N_CR; i++) {
        env->cr[i] = rng_below(&rng, 16);
        env->bit[i] = rng_below(&rng, 2);
    }
    for (unsigned i = 0; i < FAKE_N_V; i++) {
        for (unsigned k = 0; k < 2; k++) {
            env->v[i].d[k] = i < 4 ? rng_double(&rng, i & 1) : rng_value(&rng, IR_I64);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        env->misc[i] = rng_value(&rng, IR_I64);
    }
    env->jump_cache = g_new0(TCGJumpEntry, 1 << TCG_JUMP_CACHE_BITS);
    env->tcg.jump_cache = env->jump_cache;
    env->tcg.jump_key = 1;
    env->tcg.mxcsr_fp = env->tcg.mxcsr_vmx = 0x1f80;
    for (unsigned m = 0; m < TCG_MMU_MODES; m++) {
        unsigned row = m % FAKE_MMU_MODES;

        env->tcg.tlb[m] = (TCGTLBFast){ .mask = (FAKE_TLB_SIZE - 1) << 5, .table = env->tlb[row] };
    }
    for (unsigned m = 0; m < FAKE_MMU_MODES; m++) {
        for (unsigned i = 0; i < FAKE_TLB_SIZE; i++) {
            env->tlb[m][i].read = env->tlb[m][i].write = env->tlb[m][i].code = TCG_TLB_INVALID;
        }
        for (unsigned i = 0; i < FAKE_PAGES; i++) {
            if (rng_chance(&rng, 70)) {
                fake_fill_tlb(env, FAKE_BASE + i * TCG_PAGE_SIZE, m);
            }
        }
    }
}

void fake_env_free(FakeEnv *env)
{
    g_aligned_free(env->memory);
    g_free(env->jump_cache);
}

void fake_env_copy(FakeEnv *to, const FakeEnv *from)
{
    memcpy(to, from, offsetof(FakeEnv, guest_end));
    memcpy(to->memory, from->memory, FAKE_PAGES * TCG_PAGE_SIZE);
    memcpy(to->page_kind, from->page_kind, sizeof(to->page_kind));
    to->tcg.pc = from->tcg.pc;
    to->raise_code = from->raise_code;
}

char *fake_env_difference(const FakeEnv *a, const FakeEnv *b)
{
    for (unsigned i = 0; i < FAKE_N_SLOTS; i++) {
        const IRSlotDesc *slot = &fake_slots[i];
        const uint8_t *x = (const uint8_t *)a + slot->offset,
                      *y = (const uint8_t *)b + slot->offset;
        unsigned size = slot->type == IR_I32 ? 4 : slot->type == IR_V128 ? 16 : 8;
        uint64_t v[4] = { 0 };

        if (memcmp(x, y, size) != 0) {
            memcpy(&v[0], x, size);
            memcpy(&v[2], y, size);
            return g_strdup_printf("slot %s: 0x%016" PRIx64 "_%016" PRIx64 " and 0x%016" PRIx64
                                   "_%016" PRIx64, slot->name, v[1], v[0], v[3], v[2]);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        if (a->misc[i] != b->misc[i]) {
            return g_strdup_printf("misc %u: 0x%" PRIx64 " and 0x%" PRIx64, i, a->misc[i],
                                   b->misc[i]);
        }
    }
    for (unsigned i = 0; i < FAKE_PAGES * TCG_PAGE_SIZE; i++) {
        if (a->memory[i] != b->memory[i]) {
            return g_strdup_printf("memory at 0x%" PRIx64 ": 0x%02x and 0x%02x", FAKE_BASE + i,
                                   a->memory[i], b->memory[i]);
        }
    }
    if (a->tcg.pc != b->tcg.pc) {
        return g_strdup_printf("pc: 0x%" PRIx64 " and 0x%" PRIx64, a->tcg.pc, b->tcg.pc);
    }
    if (a->raise_code != b->raise_code) {
        return g_strdup_printf("raised: 0x%" PRIx64 " and 0x%" PRIx64, a->raise_code,
                               b->raise_code);
    }
    return NULL;
}
