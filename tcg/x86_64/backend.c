/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 back end: set-up, compilation of one block, chaining, entering.
 *
 * Layout of a block in the code cache: header (pointer to its X86Meta), straight code, stubs,
 * constants, restore records.  Exit sites' patch and unchained offsets count from the thunks, which
 * lie in the same double mapping.
 *
 * x86_state is written once by init() and constant afterwards (but for the spare workspace): the
 * back end is a singleton because its thunks are.
 */
#include <cpuid.h>
#include <stdlib.h>
#include <string.h>
#include "util/error.h"
#include "disas.h"
#include "x86-backend.h"

X86State x86_state;

/* ---- Host features ---- */

bool x86_host_features(uint64_t *features)
{
    unsigned a, b, c, d, b7 = 0, c7 = 0, d7, lo, hi;
    uint64_t f = 0;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1)) {
        return false;
    }
    bool os_avx = false, os_avx512 = false;

    if (c & bit_OSXSAVE) {
        __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
        os_avx = (lo & 6) == 6;
        os_avx512 = (lo & 0xe6) == 0xe6;
    }
    f |= c & bit_SSE4_2 ? X86_F_SSE42 : 0;
    f |= c & bit_POPCNT ? X86_F_POPCNT : 0;
    f |= c & bit_MOVBE ? X86_F_MOVBE : 0;
    f |= c & bit_AES ? X86_F_AES : 0;
    f |= c & bit_PCLMUL ? X86_F_PCLMUL : 0;
    if (os_avx) {
        f |= c & bit_AVX ? X86_F_AVX : 0;
        f |= c & bit_FMA ? X86_F_FMA : 0;
    }
    if (__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) {
        if (os_avx) {
            f |= b7 & bit_AVX2 ? X86_F_AVX2 : 0;
            f |= b7 & bit_BMI ? X86_F_BMI1 : 0;
            f |= b7 & bit_BMI2 ? X86_F_BMI2 : 0;
        }
        unsigned need = bit_AVX512F | bit_AVX512VL | bit_AVX512BW | bit_AVX512DQ;

        if (os_avx512 && (b7 & need) == need) {
            f |= X86_F_AVX512;
            f |= b7 & bit_AVX512CD ? X86_F_AVX512CD : 0;
            f |= c7 & bit_AVX512VBMI ? X86_F_VBMI : 0;
            f |= c7 & bit_AVX512BITALG ? X86_F_BITALG : 0;
            f |= c7 & bit_AVX512VPOPCNTDQ ? X86_F_VPOPCNTDQ : 0;
        }
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        f |= c & bit_LZCNT ? X86_F_LZCNT : 0;
    }
    *features = f;
    return true;
}

/* A mask may ask for impossible sets; what builds on a missing feature goes too. */
static uint64_t features_consistent(uint64_t f)
{
    if (!(f & X86_F_AVX)) {
        f &= ~(uint64_t)(X86_F_AVX2 | X86_F_FMA | X86_F_BMI1 | X86_F_BMI2);
    }
    if (!(f & X86_F_AVX2)) {
        f &= ~(uint64_t)X86_F_AVX512;
    }
    if (!(f & X86_F_AVX512)) {
        f &= ~(uint64_t)(X86_F_BITALG | X86_F_VPOPCNTDQ | X86_F_VBMI | X86_F_AVX512CD);
    }
    return f;
}

/* Test hook: GOSSAMER_X86_RANDOM_REGS=seed makes the allocator choose at random. */
static uint32_t random_seed(void)
{
    const char *s = getenv("GOSSAMER_X86_RANDOM_REGS");

    return s ? (uint32_t)strtoul(s, NULL, 0) | 1 : 0;
}

static bool x86_init(const IRTargetDesc *target, const TCGRuntime *runtime, TCGCodeBuffer *buf,
                     uint64_t features, GError **errp)
{
    uint64_t host;

    if (!x86_host_features(&host)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "this processor has no SSE4.1");
        return false;
    }
    x86_state = (X86State){
        .target = target, .runtime = *runtime, .features = features_consistent(host & features),
        .spare = x86_state.spare, .chunk = x86_state.chunk, .random_seed = random_seed(),
    };
    return x86_make_thunks(&x86_state, buf, errp);
}

/* ---- Stubs ---- */

X86Stub *x86_stub(X86Comp *c, void (*emit)(X86Comp *c, X86Stub *stub))
{
    X86Stub *stub;

    if (c->n_stubs == c->stubs->len) {
        g_ptr_array_add(c->stubs, g_new(X86Stub, 1));
    }
    stub = g_ptr_array_index(c->stubs, c->n_stubs++);
    memset(stub, 0, sizeof(*stub));
    stub->emit = emit;
    stub->vmx = c->vmx;
    stub->xmm_live = (c->occupied & XMM_ALL) != 0;
    stub->insn = c->cur;
    return stub;
}

void x86_call_thunk(X86Comp *c, X86Thunk thunk, const X86Stub *stub)
{
    unsigned variant = (stub->xmm_live ? X86_THUNK_XMM : 0) | (stub->vmx ? X86_THUNK_VMX : 0);

    x86_call_abs(&c->as, x86_state.thunk[thunk][variant]);
}

void x86_push_point(X86Comp *c, uint32_t point)
{
    x86_byte(&c->as, 0x68);
    x86_u32(&c->as, 0);
    X86PointFix fix = { x86_here(&c->as) - 4, point };

    g_array_append_val(c->point_fixes, fix);
}

/* ---- Compilation ---- */

static void emit_op(X86Comp *c, const IRInsn *in)
{
    if (!x86_emit_flow(c, in) && !x86_emit_int(c, in) && !x86_emit_mem(c, in) &&
        !x86_emit_fp(c, in) && !x86_emit_vec(c, in) && !x86_emit_vec_fp(c, in)) {
        g_error("x86: no emitter for %s", ir_op_info[in->op].mnemonic);
    }
}

static void emit_pool(X86Comp *c)
{
    GArray *done = g_array_new(false, false, sizeof(X86PoolFix));

    if (c->pool->len) {
        while (((uintptr_t)c->as.p & 15) && !c->as.overflow) {
            x86_byte(&c->as, 0xcc);
        }
    }
    for (guint i = 0; i < c->pool->len; i++) {
        X86PoolFix *fix = &g_array_index(c->pool, X86PoolFix, i);
        uint32_t at = 0;

        for (guint k = 0; k < done->len && !at; k++) {
            X86PoolFix *d = &g_array_index(done, X86PoolFix, k);

            if (d->value.d[0] == fix->value.d[0] && d->value.d[1] == fix->value.d[1]) {
                at = d->at;
            }
        }
        if (!at) {
            X86PoolFix d = { .at = x86_here(&c->as), .value = fix->value };

            at = d.at;
            x86_u64(&c->as, fix->value.d[0]);
            x86_u64(&c->as, fix->value.d[1]);
            g_array_append_val(done, d);
        }
        x86_patch(&c->as, fix->at, at - fix->imm_bytes);
    }
    g_array_unref(done);
}

static void emit_restore_records(X86Comp *c)
{
    uint32_t *at;

    while (((uintptr_t)c->as.p & 3) && !c->as.overflow) {
        x86_byte(&c->as, 0xcc);
    }
    at = g_new(uint32_t, c->points->len + 1);
    for (guint i = 0; i < c->points->len; i++) {
        at[i] = x86_here(&c->as);
        x86_u32(&c->as, at[i] - c->meta_at);
        x86_u32(&c->as, i);
    }
    for (guint i = 0; i < c->point_fixes->len && !c->as.overflow; i++) {
        X86PointFix *fix = &g_array_index(c->point_fixes, X86PointFix, i);
        uint32_t id = (uint32_t)(at[fix->point] + (c->as.start + c->as.delta - x86_state.exec));

        memcpy(c->as.start + fix->at, &id, 4);
    }
    g_free(at);
}

static X86Comp *comp_new(void)
{
    X86Comp *c = g_new0(X86Comp, 1);

    x86_ra_new(c);
    c->stubs = g_ptr_array_new_with_free_func(g_free);
    c->caps = g_array_new(false, false, sizeof(X86SnapEntry));
    c->pool = g_array_new(false, false, sizeof(X86PoolFix));
    c->point_fixes = g_array_new(false, false, sizeof(X86PointFix));
    c->points = g_array_new(false, false, sizeof(X86RestorePoint));
    c->entries = g_array_new(false, false, sizeof(X86RestoreEntry));
    c->sunk = g_array_new(false, false, sizeof(X86SunkOp));
    c->consts = g_array_new(false, false, sizeof(V128));
    return c;
}

static void comp_free(X86Comp *c)
{
    x86_ra_free(c);
    g_ptr_array_unref(c->stubs);
    g_array_unref(c->caps);
    g_array_unref(c->pool);
    g_array_unref(c->point_fixes);
    g_array_unref(c->points);
    g_array_unref(c->entries);
    g_array_unref(c->sunk);
    g_array_unref(c->consts);
    g_free(c);
}

/* Any thread may compile: whoever finds the spare workspace takes it. */
static X86Comp *comp_take(void)
{
    X86Comp *c = __atomic_exchange_n(&x86_state.spare, NULL, __ATOMIC_ACQUIRE);

    return c ? c : comp_new();
}

static void comp_give_back(X86Comp *c)
{
    c = __atomic_exchange_n(&x86_state.spare, c, __ATOMIC_ACQ_REL);
    if (c) {
        comp_free(c);
    }
}

static void comp_begin(X86Comp *c, const IRBlock *block, uint32_t rng)
{
    c->block = block;
    c->target = block->target;
    c->f = x86_state.features;
    c->rng = rng;
    c->cur = 0;
    c->released = c->vmx = false;
    c->n_stubs = 0;
    c->n_exits = 0;
    g_array_set_size(c->caps, 0);
    g_array_set_size(c->pool, 0);
    g_array_set_size(c->point_fixes, 0);
    g_array_set_size(c->points, 0);
    g_array_set_size(c->entries, 0);
    g_array_set_size(c->sunk, 0);
    g_array_set_size(c->consts, 0);
    c->exits = block->exits->len ? x86_piece_new(block->exits->len * sizeof(TCGExitSite)) : NULL;
    x86_ra_init(c);
}

static bool x86_compile(const IRBlock *block, TCGCodeBuffer *buf, TCGCompiled *out)
{
    X86Comp *c = comp_take();
    X86Meta *meta = NULL;
    uint32_t entry;

    comp_begin(c, block, x86_state.random_seed);
    x86_asm_init(&c->as, buf->write, buf->exec, buf->size);
    while (((uintptr_t)c->as.p & 7) && !c->as.overflow) {
        x86_byte(&c->as, 0xcc);
    }
    c->meta_at = x86_here(&c->as);
    x86_u64(&c->as, 0);
    x86_align(&c->as, 16);
    entry = x86_here(&c->as);
    for (IRRef i = 1; i < block->n_insns && !c->as.overflow; i++) {
        c->cur = i;
        if (!c->vals[i].sunk) {
            emit_op(c, x86_insn(c, i));
        } else if (x86_insn(c, i)->op == IR_CRCMP) {
            x86_note_cr_field(c, i);
        }
        x86_op_end(c);
    }
    /* Stubs may make more stubs. */
    for (guint i = 0; i < c->n_stubs && !c->as.overflow; i++) {
        X86Stub *stub = g_ptr_array_index(c->stubs, i);

        for (uint32_t k = 0; k < stub->n_from; k++) {
            x86_patch_here(&c->as, stub->from[k]);
        }
        stub->emit(c, stub);
    }
    emit_pool(c);
    emit_restore_records(c);
    if (!c->as.overflow) {
        meta = x86_meta_new(c);
        memcpy(c->as.start + c->meta_at, &meta, sizeof(meta));
        x86_align(&c->as, 16);
    }
    if (c->as.overflow) {
        x86_piece_free(c->exits);
        comp_give_back(c);
        x86_meta_free(meta);
        return false;
    }
    *out = (TCGCompiled){
        .entry = buf->exec + entry, .code_size = x86_here(&c->as), .exits = c->exits,
        .n_exits = c->n_exits, .meta = meta,
    };
    buf->size = out->code_size;
    comp_give_back(c);
    return true;
}

/* ---- Running ---- */

static TCGExitReason x86_enter(void *env, const void *entry, TCGExitSite **exit_out)
{
    typedef uint32_t Enter(void *env, const void *entry, TCGExitSite **exit_out);

    return (TCGExitReason)((Enter *)(uintptr_t)x86_state.enter)(env, entry, exit_out);
}

static void x86_chain(TCGExitSite *site, const void *entry)
{
    const uint8_t *after = x86_state.exec + (int32_t)site->patch + 4;
    const uint8_t *target = entry ? entry : x86_state.exec + (int32_t)site->unchained;
    uint32_t rel = (uint32_t)(target - after);

    __atomic_store_n((uint32_t *)(x86_state.write + (int32_t)site->patch), rel, __ATOMIC_RELEASE);
}

static void x86_release_block(TCGCompiled *compiled)
{
    x86_meta_free(compiled->meta);
    x86_piece_free(compiled->exits);
    compiled->meta = NULL;
    compiled->exits = NULL;
    compiled->n_exits = 0;
}

const TCGBackend tcg_backend_x86_64 = {
    .name = "x86_64",
    .page_relative = true,
    .init = x86_init,
    .compile = x86_compile,
    .enter = x86_enter,
    .restore = x86_restore,
    .restore_insn_index = x86_restore_insn_index,
    .chain = x86_chain,
    .release = x86_release_block,
    .disassemble = x86_disassemble,
};
