/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IR interpreter: the back end for any host, and the oracle the host back ends are tested
 * against.
 *
 * Compiling copies the block; entering walks it with one V128 per op as the value array.  Scalars
 * lie in d[0], an i32 zero extended.  Guarded floating point always goes to the target's exact
 * fallback, so results do not depend on the host FPU.  Blocks are not chained: every constant exit
 * returns to the execution loop.  Restoring reads the value array of the running block, which
 * TCGCPUState.interp points to; a restore point is a snapshot's index.
 */
#include <string.h>
#include "tcg/ir-backend.h"
#include "tcg/tcg-cpu.h"
#include "tcg/vec-ops.h"
#include "tcg/ir-eval.h"

typedef struct InterpBlock {
    uint32_t n_insns;
    const IRInsn *insns;
    const IRSnapshot *snapshots;
    const IRSnapEntry *entries;
    const IRCallSite *calls;
    const IRExit *exits;
    TCGExitSite **sites;        /* by exit index; NULL for exits without a constant destination */
    const V128 *pool;
} InterpBlock;

typedef struct InterpFrame {
    const InterpBlock *block;
    const V128 *values;
} InterpFrame;

/* Set once by init(), before any block is compiled; constant afterwards. */
static struct {
    const IRTargetDesc *target;
    const TCGRuntime *runtime;
} interp_setup;

static TCGCPUState *interp_state(void *env)
{
    return (TCGCPUState *)(void *)((uint8_t *)env + interp_setup.target->tcg_offset);
}

static bool interp_init(const IRTargetDesc *target, const TCGRuntime *runtime, TCGCodeBuffer *buf,
                        uint64_t features, GError **errp)
{
    interp_setup.target = target;
    interp_setup.runtime = runtime;
    if (buf) {
        buf->size = 0;
    }
    return true;
}

/* ---- Compiling ---- */

static bool interp_needs_fallback(const IRInsn *in)
{
    return ir_op_info[in->op].flags & IRF_STICKY || in->op == IR_FRIM;
}

static void interp_check_fallbacks(const IRBlock *block)
{
    for (uint32_t i = 1; i < block->n_insns; i++) {
        const IRInsn *in = &block->insns[i];

        if (interp_needs_fallback(in)) {
            bool vector = ir_op_info[in->op].a == IR_V128;

            g_assert(
                vector
                    ? interp_setup.target->vfp_fallback && interp_setup.target->vfp_fallback[in->op]
                    : interp_setup.target->fp_fallback && interp_setup.target->fp_fallback[in->op]);
        }
    }
}

static bool interp_compile(const IRBlock *block, TCGCodeBuffer *buf, TCGCompiled *out)
{
    InterpBlock *ib = g_new0(InterpBlock, 1);
    V128 *pool = g_aligned_alloc0(MAX(block->v128_pool->len, 1), sizeof(V128), sizeof(V128));
    unsigned n_sites = 0;

    interp_check_fallbacks(block);
    ib->n_insns = block->n_insns;
    ib->insns = g_memdup2(block->insns, block->n_insns * sizeof(IRInsn));
    ib->snapshots = g_memdup2(block->snapshots->data, block->snapshots->len * sizeof(IRSnapshot));
    ib->entries =
        g_memdup2(block->snap_entries->data, block->snap_entries->len * sizeof(IRSnapEntry));
    ib->calls = g_memdup2(block->calls->data, block->calls->len * sizeof(IRCallSite));
    ib->exits = g_memdup2(block->exits->data, block->exits->len * sizeof(IRExit));
    if (block->v128_pool->len) {
        memcpy(pool, block->v128_pool->data, block->v128_pool->len * sizeof(V128));
    }
    ib->pool = pool;
    ib->sites = g_new0(TCGExitSite *, block->exits->len + 1);

    TCGExitSite *sites = g_new0(TCGExitSite, block->exits->len + 1);

    for (uint32_t i = 1; i < block->n_insns; i++) {
        const IRInsn *in = &block->insns[i];

        if (in->op == IR_EXIT || in->op == IR_EXITIF) {
            const IRExit *ex = &ib->exits[in->imm];
            TCGExitSite *site = &sites[n_sites++];

            site->dest = ex->dest;
            site->hints = ex->hints;
            ib->sites[in->imm] = site;
        }
    }
    *out = (TCGCompiled){ .entry = ib, .exits = sites, .n_exits = n_sites, .meta = ib };
    if (buf) {
        buf->size = 0;
    }
    return true;
}

static void interp_release(TCGCompiled *compiled)
{
    InterpBlock *ib = compiled->meta;

    if (!ib) {
        return;
    }
    g_free((void *)ib->insns);
    g_free((void *)ib->snapshots);
    g_free((void *)ib->entries);
    g_free((void *)ib->calls);
    g_free((void *)ib->exits);
    g_free(ib->sites);
    g_aligned_free((void *)ib->pool);
    g_free(ib);
    g_free(compiled->exits);
    compiled->exits = NULL;
    compiled->meta = NULL;
    compiled->entry = NULL;
}

/* ---- Guest state ---- */

static void interp_write_slot(void *env, unsigned slot, const V128 *value)
{
    const IRSlotDesc *desc = &interp_setup.target->slots[slot];
    uint8_t *at = (uint8_t *)env + desc->offset;

    switch ((IRType)desc->type) {
    case IR_I32: memcpy(at, &value->w[0], 4); break;
    case IR_V128: memcpy(at, value, 16); break;
    default: memcpy(at, &value->d[0], 8); break;
    }
}

static void interp_read_slot(const void *env, unsigned slot, V128 *value)
{
    const IRSlotDesc *desc = &interp_setup.target->slots[slot];
    const uint8_t *at = (const uint8_t *)env + desc->offset;

    value->d[0] = 0;
    switch ((IRType)desc->type) {
    case IR_I32: memcpy(&value->w[0], at, 4); break;
    case IR_V128: memcpy(value, at, 16); break;
    default: memcpy(&value->d[0], at, 8); break;
    }
}

static void interp_write_back(void *env, const InterpFrame *frame, uint32_t index)
{
    const IRSnapshot *snap = &frame->block->snapshots[index];

    for (uint32_t i = 0; i < snap->count; i++) {
        const IRSnapEntry *e = &frame->block->entries[snap->first + i];

        interp_write_slot(env, e->slot, &frame->values[e->ref]);
    }
    interp_state(env)->pc = snap->pc;
}

static void interp_restore(void *env, uint32_t restore_point)
{
    interp_write_back(env, interp_state(env)->interp, restore_point);
}

static uint32_t interp_restore_insn_index(void *env, uint32_t restore_point)
{
    const InterpFrame *frame = interp_state(env)->interp;

    return frame->block->snapshots[restore_point].insn_index;
}

static uint64_t interp_load_env(const void *env, const IRInsn *in)
{
    const uint8_t *at = (const uint8_t *)env + in->imm;
    bool sign = in->aux & IRENV_SIGN;
    uint64_t value = 0;

    switch (in->aux & 31) {
    case 1: value = sign ? (uint64_t)*(const int8_t *)at : *at; break;
    case 2: {
        uint16_t v;
        memcpy(&v, at, 2);
        value = sign ? (uint64_t)(int16_t)v : v;
        break;
    }
    case 4: {
        uint32_t v;
        memcpy(&v, at, 4);
        value = sign ? (uint64_t)(int32_t)v : v;
        break;
    }
    default: memcpy(&value, at, 8); break;
    }
    return in->type == IR_I32 ? (uint32_t)value : value;
}

/* ---- Guest memory ---- */

static uint64_t interp_swap(uint64_t value, unsigned size)
{
    switch (size) {
    case 1: return __builtin_bswap16(value);
    case 2: return __builtin_bswap32(value);
    case 3: return __builtin_bswap64(value);
    default: return value;
    }
}

static uint64_t interp_extend(uint64_t value, uint32_t aux, IRType type)
{
    unsigned bits = 8u << (aux & MO_SIZE);

    if (aux & MO_SIGN && bits < 64) {
        value = (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
    }
    return type == IR_I32 ? (uint32_t)value : value;
}

static void interp_checked_load(void *env, const IRInsn *in, uint64_t address, V128 *out)
{
    interp_state(env)->restore_point = in->snap - 1;
    if ((in->aux & MO_SIZE) == MO_128) {
        interp_setup.runtime->load128(env, address, in->aux, out);
        return;
    }
    out->d[0] =
        interp_extend(interp_setup.runtime->load(env, address, in->aux), in->aux, (IRType)in->type);
}

static void interp_checked_store(void *env, const IRInsn *in, uint64_t address, const V128 *value)
{
    interp_state(env)->restore_point = in->snap - 1;
    if ((in->aux & MO_SIZE) == MO_128) {
        interp_setup.runtime->store128(env, address, in->aux, value);
    } else {
        interp_setup.runtime->store(env, address, value->d[0], in->aux);
    }
}

/* False: no fast mapping of the whole span. */
static bool interp_host_address(void *env, const IRInsn *in, uint64_t base, uint64_t *addend)
{
    uint64_t address = base + (uint64_t)(int64_t)IR_SPAN_LO(in->imm);
    uint32_t span = (uint32_t)(IR_SPAN_HI(in->imm) - IR_SPAN_LO(in->imm));
    const TCGTLBFast *tlb = &interp_state(env)->tlb[MO_MMUIDX(in->aux)];

    if (!interp_setup.runtime->probe_span(env, address, span, in->aux & ~(uint32_t)IRSPAN_WRITE,
                                    in->aux & IRSPAN_WRITE)) {
        return false;
    }
    const TCGTLBEntry *entry = (const TCGTLBEntry *)(const void *)
        ((const uint8_t *)tlb->table + ((address >> (TCG_PAGE_BITS - 5)) & tlb->mask));

    *addend = entry->addend;
    return true;
}

/* Aligned accesses are single-copy atomic; the others need not be. */
static uint64_t interp_fast_load(const IRInsn *in, uint64_t host)
{
    const void *at = (const void *)(uintptr_t)host;
    unsigned size = in->aux & MO_SIZE;
    uint64_t value = 0;

    if (host & ((1u << size) - 1)) {
        memcpy(&value, at, (size_t)1 << size);
    } else {
        switch (size) {
        case 0: value = *(const uint8_t *)at; break;
        case 1: value = __atomic_load_n((const uint16_t *)at, __ATOMIC_RELAXED); break;
        case 2: value = __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED); break;
        default: value = __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED); break;
        }
    }
    if (in->aux & MO_BSWAP) {
        value = interp_swap(value, size);
    }
    return interp_extend(value, in->aux, (IRType)in->type);
}

static void interp_fast_store(const IRInsn *in, uint64_t host, uint64_t value)
{
    void *at = (void *)(uintptr_t)host;
    unsigned size = in->aux & MO_SIZE;

    if (in->aux & MO_BSWAP) {
        value = interp_swap(value, size);
    }
    if (host & ((1u << size) - 1)) {
        memcpy(at, &value, (size_t)1 << size);
        return;
    }
    switch (size) {
    case 0: *(uint8_t *)at = (uint8_t)value; break;
    case 1: __atomic_store_n((uint16_t *)at, (uint16_t)value, __ATOMIC_RELAXED); break;
    case 2: __atomic_store_n((uint32_t *)at, (uint32_t)value, __ATOMIC_RELAXED); break;
    default: __atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED); break;
    }
}

/* ---- Calls ---- */

/*
 * Every argument is an integer or a pointer, so one prototype of machine words serves all helpers
 * (at most the result pointer, env and IR_MAX_ARGS values).
 */
typedef uint64_t InterpWordFn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                              uint64_t);

static void interp_call(void *env, const InterpBlock *ib, const IRInsn *in, V128 *values, V128 *out)
{
    const IRCallSite *site = &ib->calls[in->imm];
    const IRHelper *helper = site->helper;
    uint64_t w[IR_MAX_ARGS + 2] = { 0 };
    unsigned n = 0, arg = 0;

    if (helper->result == IR_V128) {
        w[n++] = (uint64_t)(uintptr_t)out;
    }
    for (unsigned i = 0; i <= IR_MAX_ARGS && helper->args[i] != IRA_NONE; i++) {
        switch ((IRArgKind)helper->args[i]) {
        case IRA_ENV: w[n++] = (uint64_t)(uintptr_t)env; break;
        case IRA_V128: w[n++] = (uint64_t)(uintptr_t)&values[site->args[arg++]]; break;
        default: w[n++] = values[site->args[arg++]].d[0]; break;
        }
    }
    if (in->snap) {
        interp_state(env)->restore_point = in->snap - 1;
    }
    uint64_t result = ((InterpWordFn *)helper->fn)(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);

    switch ((IRType)helper->result) {
    case IR_I32: out->d[0] = (uint32_t)result; break;
    case IR_I64:
    case IR_F64: out->d[0] = result; break;
    default: break;
    }
}

/* ---- Running ---- */

static TCGExitReason interp_take_exit(void *env, const InterpFrame *frame, const IRInsn *in,
                                      TCGExitSite **exit_out)
{
    const IRExit *ex = &frame->block->exits[in->imm];
    TCGCPUState *tcg = interp_state(env);

    interp_write_back(env, frame, in->snap - 1);
    if (ex->hints & IREXIT_LOOP ||
        (ex->hints & IREXIT_BACK_EDGE && __atomic_load_n(&tcg->exit_request, __ATOMIC_RELAXED))) {
        return TCG_EXIT_LOOP;
    }
    if (ex->hints & (IREXIT_CROSS_PAGE | IREXIT_NOCHAIN)) {
        return TCG_EXIT_INDIRECT;
    }
    *exit_out = frame->block->sites[in->imm];
    return TCG_EXIT_CHAIN;
}

/* Ops that neither touch env nor leave: everything outside interp_enter's own list. */
static void interp_value_op(void *env, const IRInsn *in, V128 *v, V128 *out)
{
    const V128 *a = &v[in->a], *b = &v[in->b], *c = &v[in->c];

    switch (in->op) {
    case IR_MOVQ_IF:
    case IR_MOVQ_FI: out->d[0] = a->d[0]; return;
    case IR_FNEG: out->d[0] = a->d[0] ^ (uint64_t)1 << 63; return;
    case IR_FABS: out->d[0] = a->d[0] & ~((uint64_t)1 << 63); return;
    case IR_FNABS: out->d[0] = a->d[0] | (uint64_t)1 << 63; return;
    case IR_FCPSGN:
        out->d[0] = (a->d[0] & (uint64_t)1 << 63) | (b->d[0] & ~((uint64_t)1 << 63));
        return;
    case IR_S2D: out->d[0] = ir_eval_s2d((uint32_t)a->d[0]); return;
    case IR_D2S: out->d[0] = ir_eval_d2s(a->d[0]); return;
    default: break;
    }
    if (ir_vec_fn[in->op]) {
        ir_vec_fn[in->op](out, a, b, c, (uint32_t)in->imm, in->aux);
        return;
    }
    if (interp_needs_fallback(in)) {
        if (ir_op_info[in->op].a == IR_V128) {
            V128 d;

            interp_setup.target->vfp_fallback[in->op](env, &d, a, b, c, (uint32_t)in->imm, in->aux);
            *out = d;
        } else {
            uint64_t r = interp_setup.target->fp_fallback[in->op](env, a->d[0], b->d[0], c->d[0],
                                                            (uint32_t)in->imm);
            out->d[0] = in->type == IR_I32 ? (uint32_t)r : r;
        }
        return;
    }
    uint64_t r;

    if (!ir_eval_int((IROpcode)in->op, (IRType)in->type, a->d[0], b->d[0], c->d[0], in->imm,
                     in->aux, &r)) {
        g_error("interp: no such op: %s", ir_op_info[in->op].mnemonic);
    }
    out->d[0] = r;
}

static TCGExitReason interp_run(void *env, const InterpBlock *ib, V128 *v, TCGExitSite **exit_out)
{
    InterpFrame frame = { .block = ib, .values = v };
    TCGCPUState *tcg = interp_state(env);

    tcg->interp = &frame;
    v[0] = (V128){ 0 };
    for (uint32_t i = 1; i < ib->n_insns; i++) {
        const IRInsn *in = &ib->insns[i];
        V128 *out = &v[i];

        switch (in->op) {
        case IR_NOP:
        case IR_FPMODE:
            break;
        case IR_KI32:
        case IR_KI64:
            out->d[0] = (uint64_t)in->imm;
            break;
        case IR_KV128:
            *out = ib->pool[in->imm];
            break;
        case IR_GET:
            interp_read_slot(env, (unsigned)in->imm, out);
            break;
        case IR_GETHI:
            memcpy(&out->d[0], (uint8_t *)env + interp_setup.target->slots[in->imm].offset + 8, 8);
            break;
        case IR_PUT:
            interp_write_slot(env, (unsigned)in->imm, &v[in->a]);
            break;
        case IR_LDENV:
            if ((in->aux & 31) == 16) {
                memcpy(out, (uint8_t *)env + in->imm, 16);
            } else {
                out->d[0] = interp_load_env(env, in);
            }
            break;
        case IR_STENV:
            memcpy((uint8_t *)env + in->imm, &v[in->a], in->aux & 31);
            break;
        case IR_ADD:
            out->d[0] = v[in->a].d[0] + v[in->b].d[0];
            if (in->type == IR_I32) {
                out->d[0] = (uint32_t)out->d[0];
            }
            break;
        case IR_AND:
            out->d[0] = v[in->a].d[0] & v[in->b].d[0];
            break;
        case IR_OR:
            out->d[0] = v[in->a].d[0] | v[in->b].d[0];
            break;
        case IR_QLD:
            interp_checked_load(env, in, v[in->a].d[0] + (uint64_t)in->imm, out);
            break;
        case IR_QST:
            interp_checked_store(env, in, v[in->a].d[0] + (uint64_t)in->imm, &v[in->b]);
            break;
        case IR_HOSTADDR:
            if (!interp_host_address(env, in, v[in->a].d[0], &out->d[0])) {
                interp_write_back(env, &frame, in->snap - 1);
                return TCG_EXIT_NOGROUP;
            }
            break;
        case IR_ULD:
            out->d[0] = interp_fast_load(in, v[in->a].d[0] + (uint64_t)in->imm + v[in->c].d[0]);
            break;
        case IR_UST:
            interp_fast_store(in, v[in->a].d[0] + (uint64_t)in->imm + v[in->c].d[0], v[in->b].d[0]);
            break;
        case IR_QCAS:
            tcg->restore_point = in->snap - 1;
            out->d[0] = interp_setup.runtime->cas(env, v[in->a].d[0] + (uint64_t)in->imm,
                                                  v[in->b].d[0], v[in->c].d[0], in->aux);
            break;
        case IR_FENCE:
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            break;
        case IR_CALL:
            interp_call(env, ib, in, v, out);
            break;
        case IR_EXITIF:
            if (ir_eval_cond((IRCond)(in->aux & 0xff), (IRType)(in->aux >> 8), v[in->a].d[0],
                             v[in->b].d[0])) {
                return interp_take_exit(env, &frame, in, exit_out);
            }
            break;
        case IR_EXIT:
            return interp_take_exit(env, &frame, in, exit_out);
        case IR_EXITIND:
            interp_write_back(env, &frame, in->snap - 1);
            tcg->pc = v[in->a].d[0];
            return __atomic_load_n(&tcg->exit_request, __ATOMIC_RELAXED) ? TCG_EXIT_LOOP
                                                                         : TCG_EXIT_INDIRECT;
        case IR_EXITLOOP:
            interp_write_back(env, &frame, in->snap - 1);
            return TCG_EXIT_LOOP;
        case IR_EXITLPI:
            interp_write_back(env, &frame, in->snap - 1);
            tcg->pc = v[in->a].d[0];
            return TCG_EXIT_LOOP;
        case IR_UNREACH:
            g_error("interp: block ran past a helper that never returns");
        default:
            interp_value_op(env, in, v, out);
            break;
        }
    }
    g_error("interp: block without an end");
}

static TCGExitReason interp_enter(void *env, const void *entry, TCGExitSite **exit_out)
{
    const InterpBlock *ib = entry;
    V128 *values = __builtin_alloca_with_align(ib->n_insns * sizeof(V128), 8 * sizeof(V128));

    return interp_run(env, ib, values, exit_out);
}

static void interp_chain(TCGExitSite *site, const void *entry)
{
    /* Constant exits always return to the loop, which knows the target. */
}

static GString *interp_disassemble(const TCGCompiled *compiled)
{
    return NULL;
}

const TCGBackend tcg_backend_interp = {
    .name = "interp",
    .init = interp_init,
    .compile = interp_compile,
    .enter = interp_enter,
    .restore = interp_restore,
    .restore_insn_index = interp_restore_insn_index,
    .chain = interp_chain,
    .release = interp_release,
    .disassemble = interp_disassemble,
};
