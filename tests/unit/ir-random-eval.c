/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a random program means: its direct evaluation, its construction through the builder, and the
 * comparison of the two through a back end.
 */
#include <inttypes.h>
#include <string.h>
#include "ir-random.h"
#include "tcg/vec-ops.h"
#include "tcg/ir-eval.h"

#define SIGN_BIT ((uint64_t)1 << 63)

V128 ir_random_eval_op(FakeEnv *env, const Step *s, const V128 *a, const V128 *b, const V128 *c)
{
    V128 d = { 0 };
    uint64_t r;

    switch (s->op) {
    case IR_MOVQ_IF:
    case IR_MOVQ_FI: d.d[0] = a->d[0]; return d;
    case IR_FNEG: d.d[0] = a->d[0] ^ SIGN_BIT; return d;
    case IR_FABS: d.d[0] = a->d[0] & ~SIGN_BIT; return d;
    case IR_FNABS: d.d[0] = a->d[0] | SIGN_BIT; return d;
    case IR_FCPSGN: d.d[0] = (a->d[0] & SIGN_BIT) | (b->d[0] & ~SIGN_BIT); return d;
    case IR_S2D: d.d[0] = ir_eval_s2d((uint32_t)a->d[0]); return d;
    case IR_D2S: d.d[0] = ir_eval_d2s(a->d[0]); return d;
    default: break;
    }
    if (ir_vec_fn[s->op]) {
        ir_vec_fn[s->op](&d, a, b, c, (uint32_t)s->imm, s->aux);
    } else if (fake_target.vfp_fallback[s->op]) {
        fake_target.vfp_fallback[s->op](env, &d, a, b, c, (uint32_t)s->imm, s->aux);
    } else if (fake_target.fp_fallback[s->op]) {
        r = fake_target.fp_fallback[s->op](env, a->d[0], b->d[0], c->d[0], (uint32_t)s->imm);
        d.d[0] = s->type == IR_I32 ? (uint32_t)r : r;
    } else {
        g_assert(ir_eval_int((IROpcode)s->op, (IRType)s->type, a->d[0], b->d[0], c->d[0], s->imm,
                             s->aux, &r));
        d.d[0] = r;
    }
    return d;
}

/* ---- Direct evaluation ---- */

static void *slot_at(FakeEnv *env, unsigned slot)
{
    return (uint8_t *)env + fake_target.slots[slot].offset;
}

static unsigned slot_size(unsigned slot)
{
    unsigned type = fake_target.slots[slot].type;

    return type == IR_I32 ? 4 : type == IR_V128 ? 16 : 8;
}

typedef uint64_t WordFn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t);

static void eval_call(FakeEnv *env, const Step *s, V128 *val, V128 *out)
{
    uint64_t w[8] = { 0 };
    unsigned n = 0, arg = 0;

    if (s->helper->result == IR_V128) {
        w[n++] = (uint64_t)(uintptr_t)out;
    }
    for (unsigned i = 0; i <= IR_MAX_ARGS && s->helper->args[i]; i++) {
        switch ((IRArgKind)s->helper->args[i]) {
        case IRA_ENV: w[n++] = (uint64_t)(uintptr_t)env; break;
        case IRA_V128: w[n++] = (uint64_t)(uintptr_t)&val[s->args[arg++]]; break;
        default: w[n++] = val[s->args[arg++]].d[0]; break;
        }
    }
    uint64_t r = ((WordFn *)s->helper->fn)(w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);

    if (s->helper->result == IR_I32) {
        out->d[0] = (uint32_t)r;
    } else if (s->helper->result != IR_V128) {
        out->d[0] = r;
    }
}

/* Returns true when the program left; *outcome says how. */
static bool eval_step(FakeEnv *env, const Step *s, V128 *val, V128 *out, FakeOutcome *outcome)
{
    uint64_t a = val[s->a].d[0];
    uint32_t oi = s->aux;

    switch ((StepKind)s->kind) {
    case STEP_GET: memcpy(out, slot_at(env, s->slot), slot_size(s->slot)); break;
    case STEP_SET: memcpy(slot_at(env, s->slot), &val[s->a], slot_size(s->slot)); break;
    case STEP_GETHI: out->d[0] = ((V128 *)slot_at(env, s->slot))->d[1]; break;
    case STEP_SETHI: *(V128 *)slot_at(env, s->slot) = (V128){ .d = { 0, a } }; break;
    case STEP_K:
    case STEP_KV: *out = s->k; break;
    case STEP_OP: *out = ir_random_eval_op(env, s, &val[s->a], &val[s->b], &val[s->c]); break;
    case STEP_LOAD:
        if ((oi & MO_SIZE) == MO_128) {
            fake_runtime.load128(env, a + (uint64_t)s->imm, oi, out);
        } else {
            out->d[0] = fake_runtime.load(env, a + (uint64_t)s->imm, oi);
            if (s->type == IR_I32) {
                out->d[0] = (uint32_t)out->d[0];
            }
        }
        break;
    case STEP_STORE:
        if ((oi & MO_SIZE) == MO_128) {
            fake_runtime.store128(env, a + (uint64_t)s->imm, oi, &val[s->b]);
        } else {
            fake_runtime.store(env, a + (uint64_t)s->imm, val[s->b].d[0], oi);
        }
        break;
    case STEP_CAS:
        out->d[0] = fake_runtime.cas(env, a, val[s->b].d[0], val[s->c].d[0], oi);
        break;
    case STEP_CALL: eval_call(env, s, val, out); break;
    case STEP_LDENV:
        memcpy(out, (uint8_t *)env + s->imm, s->aux & 31);
        if (s->aux & IRENV_SIGN && (s->aux & 31) < 8) {
            unsigned shift = 64 - 8 * (s->aux & 31);
            out->d[0] = (uint64_t)((int64_t)(out->d[0] << shift) >> shift);
        }
        if (s->type == IR_I32) {
            out->d[0] = (uint32_t)out->d[0];
        }
        break;
    case STEP_STENV: memcpy((uint8_t *)env + s->imm, &val[s->a], s->aux); break;
    case STEP_EXITIF:
    case STEP_EXITIFNOT:
        if (((uint32_t)a != 0) != (s->kind == STEP_EXITIF)) {
            break;
        }
        /* fall through */
    case STEP_EXIT:
        env->tcg.pc = s->k.d[0];
        *outcome = FAKE_CONST;
        return true;
    case STEP_EXITIND:
        env->tcg.pc = a;
        *outcome = FAKE_INDIRECT;
        return true;
    case STEP_EXITLOOP:
        env->tcg.pc = s->k.d[0];
        *outcome = FAKE_LOOP;
        return true;
    case STEP_EXITLPI:
        env->tcg.pc = a;
        *outcome = FAKE_LOOP;
        return true;
    default:
        break;
    }
    return false;
}

FakeOutcome ir_random_eval(const Program *p, FakeEnv *env, uint64_t stop_pc)
{
    V128 *val = g_aligned_alloc0(p->n + 1, sizeof(V128), sizeof(V128));
    FakeOutcome outcome = FAKE_RAISED;
    sigjmp_buf unwind;

    env->backend = NULL;
    env->unwind = &unwind;
    if (sigsetjmp(unwind, 0) == 0) {
        for (unsigned i = 1; i < p->n; i++) {
            if (p->steps[i].kind == STEP_INSN) {
                env->direct_pc = p->steps[i].k.d[0];
                if (stop_pc && env->direct_pc == stop_pc) {
                    env->tcg.pc = stop_pc;
                    outcome = FAKE_NOGROUP;
                    break;
                }
            } else if (eval_step(env, &p->steps[i], val, &val[i], &outcome)) {
                break;
            }
        }
    }
    g_aligned_free(val);
    return outcome;
}

/* ---- Building ---- */

void ir_random_build(const Program *p, IRBuilder *b)
{
    g_autofree IRRef *ref = g_new0(IRRef, p->n + 1);

    ir_builder_reset(b, p->steps[1].k.d[0], 0, 1);
    for (unsigned i = 1; i < p->n; i++) {
        const Step *s = &p->steps[i];
        IRRef a = ref[s->a], b2 = ref[s->b], c = ref[s->c], args[IR_MAX_ARGS];
        unsigned n_args = 0;

        switch ((StepKind)s->kind) {
        case STEP_INSN: ir_insn_start(b, s->k.d[0], i); break;
        case STEP_GET: ref[i] = ir_get(b, s->slot); break;
        case STEP_SET: ir_set(b, s->slot, a); break;
        case STEP_GETHI: ref[i] = ir_get_hi(b, s->slot); break;
        case STEP_SETHI: ir_set_hi(b, s->slot, a); break;
        case STEP_K: ref[i] = ir_k(b, (IRType)s->type, s->k.d[0]); break;
        case STEP_KV: ref[i] = ir_kv128(b, s->k.d[1], s->k.d[0]); break;
        case STEP_OP:
            ref[i] = ir_emit(b, (IROpcode)s->op, (IRType)s->type, a, b2, c, s->imm, s->aux);
            break;
        case STEP_LOAD:
            ref[i] = ir_load(b, (IRType)s->type, (IRMemOp)(s->aux & 0xff), a, (int32_t)s->imm);
            break;
        case STEP_STORE: ir_store(b, (IRMemOp)(s->aux & 0xff), a, (int32_t)s->imm, b2); break;
        case STEP_CAS: ref[i] = ir_cas(b, (IRMemOp)(s->aux & 0xff), a, b2, c); break;
        case STEP_CALL:
            for (unsigned k = 0; k <= IR_MAX_ARGS && s->helper->args[k]; k++) {
                if (s->helper->args[k] != IRA_ENV) {
                    args[n_args] = ref[s->args[n_args]];
                    n_args++;
                }
            }
            ref[i] = ir_call(b, s->helper, n_args, args);
            break;
        case STEP_LDENV:
            ref[i] = ir_load_env(b, (IRType)s->type, (uint32_t)s->imm, s->aux & 31,
                                 s->aux & IRENV_SIGN);
            break;
        case STEP_STENV: ir_store_env(b, (uint32_t)s->imm, s->aux, a); break;
        case STEP_SYNC: ir_sync_slots(b); break;
        case STEP_FENCE: ir_fence(b, IRFENCE_FULL); break;
        case STEP_EXITIF: ir_exit_if(b, a, s->k.d[0], (uint32_t)s->imm); break;
        case STEP_EXITIFNOT: ir_exit_if_not(b, a, s->k.d[0], (uint32_t)s->imm); break;
        case STEP_EXIT: ir_exit(b, s->k.d[0], (uint32_t)s->imm); break;
        case STEP_EXITIND: ir_exit_indirect(b, a, 0); break;
        case STEP_EXITLOOP: ir_exit_loop(b, s->k.d[0]); break;
        case STEP_EXITLPI: ir_exit_loop_indirect(b, a); break;
        case STEP_NONE: break;
        }
    }
}

GString *ir_random_describe(const Program *p)
{
    static const char *const names[] = {
        "none",  "insn",   "get",       "set",  "gethi",   "sethi",    "k",       "kv",
        "op",    "load",   "store",     "cas",  "call",    "ldenv",    "stenv",   "sync",
        "fence", "exitif", "exitifnot", "exit", "exitind", "exitloop", "exitlpi",
    };
    GString *s = g_string_new(NULL);

    for (unsigned i = 1; i < p->n; i++) {
        const Step *st = &p->steps[i];

        g_string_append_printf(s, "s%u: %s", i, names[st->kind]);
        if (st->kind == STEP_OP) {
            g_string_append_printf(s, " %s.%u", ir_op_info[st->op].mnemonic, st->type);
        }
        if (st->kind == STEP_GET || st->kind == STEP_SET || st->kind == STEP_GETHI ||
            st->kind == STEP_SETHI) {
            g_string_append_printf(s, " %s", fake_target.slots[st->slot].name);
        }
        if (st->kind == STEP_CALL) {
            g_string_append_printf(s, " %s(s%u s%u s%u s%u s%u s%u)", st->helper->name, st->args[0],
                                   st->args[1], st->args[2], st->args[3], st->args[4], st->args[5]);
        }
        g_string_append_printf(
            s, " s%u s%u s%u imm %" PRId64 " aux 0x%x k 0x%" PRIx64 "_%" PRIx64 "\n", st->a, st->b,
            st->c, st->imm, st->aux, st->k.d[1], st->k.d[0]);
    }
    return s;
}

/* ---- The whole check ---- */

struct IRRandom {
    const TCGBackend *backend;
    TCGCodeBuffer code;
    IRBuilder *builder;
    Program program;
    FakeEnv direct, run, start;
    unsigned outcomes[FAKE_NOGROUP + 1];
};

IRRandom *ir_random_new(const TCGBackend *backend, uint64_t features, TCGCodeBuffer *thunks,
                        TCGCodeBuffer *code)
{
    IRRandom *t = g_aligned_alloc0(1, sizeof(IRRandom), 64);
    GError *error = NULL;

    t->backend = backend;
    if (code) {
        t->code = *code;
    }
    t->builder = ir_builder_new(&fake_target);
    if (!backend->init(&fake_target, &fake_runtime, thunks, features, &error)) {
        g_error("%s", error->message);
    }
    return t;
}

void ir_random_free(IRRandom *t)
{
    ir_builder_free(t->builder);
    g_aligned_free(t);
}

const unsigned *ir_random_outcomes(const IRRandom *t)
{
    return t->outcomes;
}

static FakeOutcome run_block(IRRandom *t, const IRBlock *block)
{
    TCGCodeBuffer buf = t->code;
    TCGCompiled compiled;
    TCGExitSite *volatile site = NULL;
    sigjmp_buf unwind;
    volatile FakeOutcome outcome = FAKE_RAISED;
    FakeEnv *env = &t->run;

    g_assert(t->backend->compile(block, &buf, &compiled));
    env->backend = t->backend;
    env->tcg.backend = t->backend;
    env->unwind = &unwind;
    if (sigsetjmp(unwind, 0) == 0) {
        TCGExitSite *out = NULL;

        switch (t->backend->enter(env, compiled.entry, &out)) {
        case TCG_EXIT_CHAIN:
            g_assert(out && out->dest == env->tcg.pc);
            outcome = FAKE_CONST;
            break;
        case TCG_EXIT_INDIRECT: outcome = FAKE_INDIRECT; break;
        case TCG_EXIT_LOOP: outcome = FAKE_LOOP; break;
        case TCG_EXIT_NOGROUP: outcome = FAKE_NOGROUP; break;
        }
        site = out;
    }
    (void)site;
    t->backend->release(&compiled);
    return outcome;
}

static void check_same(IRRandom *t, uint64_t seed, const IRBlock *block, FakeOutcome want,
                       FakeOutcome got)
{
    g_autofree char *difference = fake_env_difference(&t->direct, &t->run);

    /* A constant exit that is not to be chained comes back as an indirect one. */
    if (want == FAKE_CONST && got == FAKE_INDIRECT) {
        got = FAKE_CONST;
    }
    if (difference || want != got) {
        GString *program = ir_random_describe(&t->program), *dump = ir_dump(block);

        g_printerr("# seed %" PRIu64 "\n%s\n%s\n", seed, program->str, dump->str);
        g_error("seed %" PRIu64 ": outcome %d and %d; %s", seed, want, got,
                difference ? difference : "state is equal");
    }
}

static void verify(IRRandom *t, uint64_t seed, const IRBlock *block)
{
    GError *error = NULL;

    if (!ir_verify(block, &error)) {
        GString *dump = ir_dump(block);

        g_printerr("%s\n", dump->str);
        g_error("seed %" PRIu64 ": %s", seed, error->message);
    }
}

void ir_random_check(IRRandom *t, uint64_t seed, unsigned n_insns, bool only_values)
{
    IRBlock *block = ir_builder_block(t->builder);

    ir_random_program(&t->program, seed, n_insns, only_values);
    fake_env_init(&t->start, seed);
    fake_env_init(&t->direct, seed);
    FakeOutcome want = ir_random_eval(&t->program, &t->direct, 0);

    /* As built, optimized without groups, and with groups. */
    for (unsigned mode = 0; mode < 3; mode++) {
        fake_env_init(&t->run, seed);
        ir_random_build(&t->program, t->builder);
        block = ir_builder_block(t->builder);
        g_assert(!block->overflow);
        verify(t, seed, block);
        if (mode) {
            ir_optimize(block, mode == 1);
            verify(t, seed, block);
        }
        FakeOutcome got = run_block(t, block);

        if (mode == 2) {
            t->outcomes[got]++;
        }
        if (got == FAKE_NOGROUP) {
            /* Nothing of the current guest instruction may have happened. */
            fake_env_free(&t->direct);
            fake_env_init(&t->direct, seed);
            want = ir_random_eval(&t->program, &t->direct, t->run.tcg.pc);
        }
        check_same(t, seed, block, want, got);
        fake_env_free(&t->run);
    }
    fake_env_free(&t->start);
    fake_env_free(&t->direct);
}
