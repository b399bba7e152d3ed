/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs: guest instructions that read slots, compute, perhaps access memory or call a
 * helper, and set slots last, as a front end does.
 */
#include <string.h>
#include "ir-random.h"

typedef struct Gen {
    Program *p;
    IRRng rng;
    unsigned insn_first;     /* steps before it are other instructions' and not used again */
    unsigned depth;
} Gen;

static unsigned add_step(Gen *g, Step s)
{
    g_assert(g->p->n < PROGRAM_MAX + 60);
    g->p->steps[g->p->n] = s;
    return g->p->n++;
}

static unsigned below(Gen *g, unsigned n)
{
    return rng_below(&g->rng, n);
}

static bool chance(Gen *g, unsigned percent)
{
    return rng_chance(&g->rng, percent);
}

static unsigned add_op(Gen *g, IROpcode op, IRType type, unsigned a, unsigned b, unsigned c,
                       int64_t imm, uint32_t aux)
{
    return add_step(g, (Step){ .kind = STEP_OP, .op = op, .type = type, .a = a, .b = b, .c = c,
                               .imm = imm, .aux = aux });
}

static unsigned add_k(Gen *g, IRType type, uint64_t value)
{
    return add_step(g, (Step){ .kind = STEP_K, .type = type, .k.d[0] = value });
}

static bool has_value(const Step *s)
{
    switch ((StepKind)s->kind) {
    case STEP_GET:
    case STEP_GETHI:
    case STEP_K:
    case STEP_KV:
    case STEP_OP:
    case STEP_LOAD:
    case STEP_CAS:
    case STEP_LDENV: return true;
    case STEP_CALL: return s->helper->result != IR_VOID;
    default: return false;
    }
}

/* ---- Operands ---- */

static unsigned gen_op(Gen *g, IRType type);

static unsigned random_slot(Gen *g, IRType type)
{
    switch (type) {
    case IR_I64: return FAKE_R0 + below(g, FAKE_N_R);
    case IR_V128: return FAKE_V0 + below(g, FAKE_N_V);
    default: return FAKE_W0 + below(g, FAKE_N_W + FAKE_N_CR + FAKE_N_BIT);
    }
}

static unsigned get_slot(Gen *g, IRType type)
{
    if (type == IR_F64) {
        return add_step(g, (Step){ .kind = STEP_GETHI, .type = IR_F64,
                                   .slot = FAKE_V0 + below(g, FAKE_N_V) });
    }
    return add_step(g, (Step){ .kind = STEP_GET, .type = type, .slot = random_slot(g, type) });
}

static unsigned gen_constant(Gen *g, IRType type)
{
    switch (type) {
    case IR_V128: {
        V128 k = { .d = { rng_value(&g->rng, IR_I64), rng_value(&g->rng, IR_I64) } };

        if (chance(g, 25)) {
            k.d[0] = k.d[1] = chance(g, 50) ? 0 : UINT64_MAX;
        }
        return add_step(g, (Step){ .kind = STEP_KV, .type = type, .k = k });
    }
    case IR_F64:
        return add_op(g, IR_MOVQ_IF, IR_F64, add_k(g, IR_I64, rng_double(&g->rng, chance(g, 50))),
                      0, 0, 0, 0);
    default:
        return add_k(g, type, rng_value(&g->rng, type));
    }
}

static unsigned pick(Gen *g, IRType type)
{
    unsigned roll = below(g, 100);

    if (roll < 45) {
        /* A recent value of this instruction, the newest most often. */
        for (unsigned i = g->p->n; --i > g->insn_first;) {
            if (has_value(&g->p->steps[i]) && g->p->steps[i].type == type && chance(g, 60)) {
                return i;
            }
        }
    }
    if (roll < 60 && g->depth < 4 && g->p->n < PROGRAM_MAX) {
        return gen_op(g, type);
    }
    return roll < 80 ? get_slot(g, type) : gen_constant(g, type);
}

/* An i32 that is 0 or 1. */
static unsigned pick_bit(Gen *g)
{
    switch (below(g, 4)) {
    case 0: return add_k(g, IR_I32, below(g, 2));
    case 1:
        return add_op(g, IR_AND, IR_I32, pick(g, IR_I32), add_k(g, IR_I32, 1), 0, 0, 0);
    case 2: {
        IRType type = chance(g, 50) ? IR_I32 : IR_I64;
        unsigned a = pick(g, type);

        return add_op(g, IR_SETCOND, IR_I32, a, pick(g, type), 0, below(g, IRC_TSTNZ + 1), type);
    }
    default:
        return add_step(g, (Step){ .kind = STEP_GET, .type = IR_I32,
                                   .slot = FAKE_BIT + below(g, FAKE_N_BIT) });
    }
}

static unsigned pick_shift(Gen *g, IRType type)
{
    unsigned width = type == IR_I32 ? 32 : 64;

    if (chance(g, 75)) {
        return add_k(g, IR_I32, below(g, width));
    }
    return add_op(g, IR_AND, IR_I32, pick(g, IR_I32), add_k(g, IR_I32, width - 1), 0, 0, 0);
}

/* A double that single-precision arithmetic is defined on. */
static unsigned pick_single(Gen *g)
{
    if (chance(g, 30)) {
        return add_op(g, IR_S2D, IR_F64, pick(g, IR_I32), 0, 0, 0, 0);
    }
    if (chance(g, 30)) {
        return add_op(g, IR_MOVQ_IF, IR_F64, add_k(g, IR_I64, rng_double(&g->rng, true)), 0, 0, 0,
                      0);
    }
    return add_op(g, IR_FRSP, IR_F64, pick(g, IR_F64), 0, 0, IRFP_SINGLE, 0);
}

static bool is_shift(IROpcode op)
{
    return op == IR_SHL || op == IR_SHR || op == IR_SAR || op == IR_ROTL;
}

static unsigned pick_operand(Gen *g, IROpcode op, unsigned want, IRType own, char which,
                             int64_t imm)
{
    if (want == IRT_NONE) {
        return 0;
    }
    if (which == 'b' && is_shift(op)) {
        return pick_shift(g, own);
    }
    if (which == 'c' && want == IR_I32) {
        return pick_bit(g);
    }
    if (which == 'a' && op == IR_SELECT) {
        return chance(g, 70) ? pick_bit(g) : pick(g, IR_I32);
    }
    if (want == IR_F64 && ir_op_info[op].flags & IRF_STICKY && imm & IRFP_SINGLE) {
        return pick_single(g);
    }
    return pick(g, want == IRT_SAME ? own : (IRType)want);
}

/* ---- Immediates ---- */

static unsigned lane_limit(IROpcode op)
{
    switch (op) {
    case IR_VADD:
    case IR_VSUB:
    case IR_VREVB: return 4;
    case IR_VUNPKS: return 2;
    case IR_VMULWU:
    case IR_VMULWS: return 2;
    default: return 3;
    }
}

static int64_t gen_fp_flags(Gen *g, IROpcode op)
{
    int64_t flags = 0;

    switch (op) {
    case IR_FCFID: return (chance(g, 50) ? IRFP_UNSIGNED : 0) | (chance(g, 50) ? IRFP_SINGLE : 0);
    case IR_FCTI:
        return (chance(g, 50) ? IRFP_UNSIGNED : 0) | (chance(g, 50) ? IRFP_W32 : 0) |
               (chance(g, 50) ? IRFP_TRUNC : 0);
    case IR_FCMP: return chance(g, 50) ? IRFP_ORDERED : 0;
    case IR_FRSP: return IRFP_SINGLE;
    case IR_FMADD:
        return (chance(g, 40) ? IRFP_SINGLE : 0) | (chance(g, 50) ? IRFP_SUBTRACT : 0) |
               (chance(g, 50) ? IRFP_NEG : 0);
    case IR_VFMADD:
        flags = (chance(g, 50) ? IRFP_SUBTRACT : 0) | (chance(g, 50) ? IRFP_NEG : 0);
        return flags | (chance(g, 50) ? IRFP_LANES_F32 : 0);
    case IR_VFADD:
    case IR_VFSUB:
    case IR_VFMUL:
    case IR_VFDIV:
    case IR_VFSQRT:
    case IR_VFCMP: return chance(g, 50) ? IRFP_LANES_F32 : 0;
    default: return chance(g, 40) ? IRFP_SINGLE : 0;
    }
}

static void gen_lane_index(Gen *g, IROpcode op, int64_t *imm, uint32_t *aux)
{
    *imm = below(g, lane_limit(op) + 1);
    switch (op) {
    case IR_VINS:
    case IR_VEXT: *aux = below(g, 16u >> *imm); break;
    case IR_VMULWU:
    case IR_VMULWS:
    case IR_VUNPKS: *aux = below(g, 2); break;
    case IR_VALIGN: *imm = 0; *aux = below(g, 17); break;
    case IR_VPACK: *imm = 1 + below(g, 3); *aux = below(g, IRPACK_UU + 1); break;
    case IR_VPMULL: *imm = 3; *aux = below(g, 2) | below(g, 2) << 4; break;
    default: *aux = below(g, 8u << *imm); break;          /* shifts */
    }
}

static void gen_immediate(Gen *g, IROpcode op, IRType type, IRType operand, int64_t *imm,
                          uint32_t *aux)
{
    unsigned width = type == IR_I32 ? 32 : 64;

    switch ((IRImmKind)ir_op_info[op].imm_kind) {
    case IRK_FIELD:
        *aux = chance(g, 40) ? 8u << below(g, type == IR_I32 ? 3 : 4) : 1 + below(g, width);
        *aux = MIN(*aux, width);
        *imm = chance(g, 40) ? 0 : below(g, width - *aux + 1);
        break;
    case IRK_TYPE: *aux = operand; break;
    case IRK_COND: *imm = below(g, IRC_TSTNZ + 1); *aux = operand; break;
    case IRK_CRKIND: *imm = below(g, 2); *aux = operand; break;
    case IRK_FPFLAGS:
        *imm = gen_fp_flags(g, op);
        *aux = op == IR_VFCMP ? below(g, 3) : 0;
        break;
    case IRK_ROUND: *imm = below(g, IRROUND_NEAREST_AWAY + 1); break;
    case IRK_LANE: *imm = below(g, lane_limit(op) + 1); break;
    case IRK_LANEIDX: gen_lane_index(g, op, imm, aux); break;
    default: break;
    }
}

/* A value op (PURE or STICKY) with a result of the type. */
static bool op_is_candidate(IROpcode op, IRType type)
{
    const IROpInfo *info = &ir_op_info[op];

    if (!(info->flags & (IRF_PURE | IRF_STICKY)) || info->a == IRT_NONE) {
        return false;
    }
    return info->result == type || (info->result == IRT_SAME && (type == IR_I32 || type == IR_I64));
}

static unsigned gen_op(Gen *g, IRType type)
{
    IROpcode op;

    do {
        op = (IROpcode)(1 + below(g, IR_OP_COUNT - 1));
    } while (!op_is_candidate(op, type));

    const IROpInfo *info = &ir_op_info[op];
    bool typed = info->imm_kind == IRK_TYPE || info->imm_kind == IRK_COND ||
                 info->imm_kind == IRK_CRKIND;
    IRType operand = typed ? (chance(g, 50) ? IR_I32 : IR_I64) : type;
    int64_t imm = 0;
    uint32_t aux = 0;

    g->depth++;
    gen_immediate(g, op, type, operand, &imm, &aux);
    unsigned a = pick_operand(g, op, info->a, operand, 'a', imm);
    unsigned b = pick_operand(g, op, info->b, operand, 'b', imm);
    unsigned c = pick_operand(g, op, info->c, operand, 'c', imm);

    g->depth--;
    return add_op(g, op, type, a, b, c, imm, aux);
}

/* The shapes that rotate-and-mask and compare instructions make, so that folding has work. */
static unsigned gen_shape(Gen *g)
{
    IRType type = chance(g, 50) ? IR_I32 : IR_I64;
    unsigned width = type == IR_I32 ? 32 : 64, x = pick(g, type);

    switch (below(g, 7)) {
    case 0:
        x = add_op(g, IR_ROTL, type, x, add_k(g, IR_I32, below(g, width)), 0, 0, 0);
        return add_op(g, IR_AND, type, x, add_k(g, type, rng_value(&g->rng, type)), 0, 0, 0);
    case 1:
        x = add_op(g, IR_TRUNC, IR_I32, pick(g, IR_I64), 0, 0, 0, 0);
        x = add_op(g, IR_EXTRACT, IR_I32, x, 0, 0, below(g, 24), 1 + below(g, 8));
        return add_op(g, IR_EXTU, IR_I64, x, 0, 0, 0, 0);
    case 2: {
        unsigned crf =
            add_op(g, IR_CRCMP, IR_I32, x, pick(g, type), pick_bit(g), below(g, 2), type);

        x = add_op(g, IR_EXTRACT, IR_I32, crf, 0, 0, below(g, 4), 1);
        return add_op(g, IR_SELECT, IR_I64, x, pick(g, IR_I64), pick(g, IR_I64), 0, 0);
    }
    case 3:
        x = add_op(g, IR_CLZ, type, x, 0, 0, 0, 0);
        return add_op(g, IR_SHR, type, x, add_k(g, IR_I32, type == IR_I32 ? 5 : 6), 0, 0, 0);
    case 4:
        x = add_op(g, IR_NOT, type, x, 0, 0, 0, 0);
        return add_op(g, IR_CARRY, IR_I32, x, pick(g, type), add_k(g, IR_I32, below(g, 2)), 0,
                      type);
    case 5:
        x = add_op(g, IR_AND, type, x, add_k(g, type, rng_value(&g->rng, type)), 0, 0, 0);
        return add_op(g, IR_SETCOND, IR_I32, x, add_k(g, type, below(g, 2)), 0, below(g, 2), type);
    default: {
        unsigned w = 1 + below(g, width), p = below(g, width - w + 1);

        x = add_op(g, IR_DEPOSIT, type, x, pick(g, type), 0, p, w);
        w = 1 + below(g, width);
        p = below(g, width - w + 1);
        return add_op(g, chance(g, 50) ? IR_EXTRACT : IR_SEXTRACT, type, x, 0, 0, p, w);
    }
    }
}

/* ---- Guest instructions ---- */

static IRType random_type(Gen *g)
{
    static const uint8_t types[] = { IR_I64, IR_I64, IR_I64, IR_I32, IR_I32, IR_F64, IR_V128 };

    return (IRType)types[below(g, G_N_ELEMENTS(types))];
}

/* A CR field or a bit may only hold what its mask allows. */
static void set_slot(Gen *g, unsigned value)
{
    IRType type = (IRType)g->p->steps[value].type;

    if (type == IR_F64) {
        add_step(g, (Step){ .kind = STEP_SETHI, .slot = FAKE_V0 + below(g, FAKE_N_V), .a = value });
        return;
    }
    unsigned slot = random_slot(g, type);

    if (slot >= FAKE_PTR && slot < FAKE_N_R && chance(g, 85)) {
        slot = below(g, FAKE_PTR);
    }
    if (slot >= FAKE_CR && slot < FAKE_V0) {
        uint32_t mask = fake_target.slots[slot].mask;

        value = add_op(g, IR_AND, IR_I32, value, add_k(g, IR_I32, mask), 0, 0, 0);
    }
    add_step(g, (Step){ .kind = STEP_SET, .slot = slot, .a = value });
}

static unsigned memory_base(Gen *g)
{
    unsigned base = add_step(g, (Step){ .kind = STEP_GET, .type = IR_I64,
                                        .slot = FAKE_PTR + below(g, 2 + 2 * chance(g, 30)) });

    if (chance(g, 15)) {
        base = add_op(g, IR_ADD, IR_I64, base, add_k(g, IR_I64, (uint64_t)below(g, 256)), 0, 0, 0);
    }
    return chance(g, 1) ? pick(g, IR_I64) : base;
}

static uint32_t memory_op(Gen *g, IRType type)
{
    unsigned size = type == IR_V128  ? MO_128
                    : type == IR_F64 ? MO_64
                                     : below(g, type == IR_I32 ? 3 : 4);
    uint32_t op = size | (chance(g, 40) ? MO_BSWAP : 0) | (chance(g, 4) ? MO_ALIGN : 0) |
                  (chance(g, 5) ? MO_ATOMIC : 0);

    return op | 1 << MO_RESERVED_IDX_SHIFT;
}

static int64_t displacement(Gen *g)
{
    return chance(g, 80) ? (int64_t)below(g, 32) * 8 - 64 : (int64_t)below(g, 600) - 300;
}

static unsigned gen_load(Gen *g)
{
    IRType type = random_type(g);
    uint32_t op = memory_op(g, type);

    if ((type == IR_I32 || type == IR_I64) && chance(g, 30)) {
        op |= MO_SIGN;
    }
    unsigned base = memory_base(g);

    return add_step(g, (Step){ .kind = STEP_LOAD, .type = type, .a = base, .imm = displacement(g),
                               .aux = op });
}

static void gen_store(Gen *g)
{
    IRType type = random_type(g);
    uint32_t op = memory_op(g, type);
    unsigned value = pick(g, type), base = memory_base(g);

    add_step(g, (Step){ .kind = STEP_STORE, .type = type, .a = base, .b = value, .aux = op,
                        .imm = displacement(g) });
}

static unsigned gen_cas(Gen *g)
{
    IRType type = chance(g, 50) ? IR_I32 : IR_I64;
    uint32_t op = (memory_op(g, type) & ~(uint32_t)MO_SIZE) | (type == IR_I32 ? MO_32 : MO_64);
    unsigned base = memory_base(g), expected = pick(g, type);

    if (chance(g, 50)) {                        /* make it succeed */
        expected = add_step(g, (Step){ .kind = STEP_LOAD, .type = type, .a = base,
                                       .aux = op & ~(uint32_t)MO_ALIGN });
    }
    return add_step(g, (Step){ .kind = STEP_CAS, .type = type, .a = base, .b = expected,
                               .c = pick(g, type), .aux = op });
}

static unsigned gen_call(Gen *g)
{
    static const uint8_t types[] = {
        [IRA_I32] = IR_I32, [IRA_I64] = IR_I64, [IRA_F64] = IR_F64, [IRA_V128] = IR_V128,
    };
    const IRHelper *helper = fake_helpers[below(g, FAKE_N_HELPERS)];
    Step s = { .kind = STEP_CALL, .helper = helper, .type = helper->result };
    unsigned n = 0;

    for (unsigned i = 0; i <= IR_MAX_ARGS && helper->args[i]; i++) {
        if (helper->args[i] != IRA_ENV) {
            s.args[n++] = pick(g, (IRType)types[helper->args[i]]);
        }
    }
    return add_step(g, s);
}

static unsigned gen_env_access(Gen *g)
{
    unsigned size = 1u << below(g, 4);
    int64_t offset = offsetof(FakeEnv, misc) + below(g, 4) * 8 + (8 - size);

    if (chance(g, 50)) {
        IRType type = size < 8 && chance(g, 50) ? IR_I32 : IR_I64;

        return add_step(g, (Step){ .kind = STEP_LDENV, .type = type, .imm = offset,
                                   .aux = size | (chance(g, 30) ? IRENV_SIGN : 0) });
    }
    unsigned value = pick(g, size < 8 && chance(g, 50) ? IR_I32 : IR_I64);

    add_step(g, (Step){.kind = STEP_STENV,
                       .type = g->p->steps[value].type,
                       .a = value,
                       .imm = offset,
                       .aux = size});
    return value;
}

static uint32_t random_hints(Gen *g)
{
    static const uint8_t hints[] = { 0, 0, IREXIT_BACK_EDGE, IREXIT_CROSS_PAGE, IREXIT_NOCHAIN };

    return hints[below(g, G_N_ELEMENTS(hints))];
}

static void gen_side_exit(Gen *g, uint64_t pc)
{
    unsigned bit = chance(g, 50) ? pick_bit(g) : pick(g, IR_I32);

    /* Mostly fall through: compare with something unlikely. */
    if (chance(g, 60)) {
        unsigned v = pick(g, IR_I64);

        bit = add_op(g, IR_SETCOND, IR_I32, v, add_k(g, IR_I64, rng_next(&g->rng)), 0, IRC_EQ,
                     IR_I64);
    }
    add_step(g, (Step){ .kind = chance(g, 80) ? STEP_EXITIF : STEP_EXITIFNOT, .a = bit,
                        .k.d[0] = pc + 0x100, .imm = random_hints(g) });
}

static void gen_insn(Gen *g, uint64_t pc, bool only_values)
{
    unsigned roll = below(g, 100), values[3], n = 0;

    g->insn_first = add_step(g, (Step){ .kind = STEP_INSN, .k.d[0] = pc });
    g->p->n_insns++;
    if (only_values || roll < 45) {
        values[n++] = chance(g, 30) ? gen_shape(g) : gen_op(g, random_type(g));
        if (chance(g, 30)) {
            values[n++] = gen_op(g, random_type(g));
        }
    } else if (roll < 65) {
        values[n++] = gen_load(g);
        if (chance(g, 20)) {
            values[n++] = gen_load(g);
        }
    } else if (roll < 82) {
        gen_store(g);
        if (chance(g, 30)) {
            gen_store(g);
        }
    } else if (roll < 85) {
        values[n++] = gen_cas(g);
    } else if (roll < 90) {
        unsigned v = gen_call(g);

        if (has_value(&g->p->steps[v])) {
            values[n++] = v;
        }
    } else if (roll < 94) {
        values[n++] = gen_env_access(g);
    } else if (roll < 96) {
        add_step(g, (Step){ .kind = chance(g, 50) ? STEP_SYNC : STEP_FENCE });
    }
    for (unsigned i = 0; i < n; i++) {
        set_slot(g, values[i]);
    }
    if (!only_values && chance(g, 6)) {
        gen_side_exit(g, pc);
    }
}

static void gen_end(Gen *g, uint64_t pc)
{
    static const uint8_t kinds[] = {STEP_EXIT, STEP_EXIT, STEP_EXITIND, STEP_EXITLOOP,
                                    STEP_EXITLPI};
    Step s = { .kind = kinds[below(g, G_N_ELEMENTS(kinds))], .k.d[0] = pc };

    if (s.kind == STEP_EXITIND || s.kind == STEP_EXITLPI) {
        s.a = pick(g, IR_I64);
    }
    if (s.kind == STEP_EXIT) {
        s.imm = random_hints(g);
    }
    add_step(g, s);
}

void ir_random_program(Program *p, uint64_t seed, unsigned n_insns, bool only_values)
{
    Gen g = { .p = p, .rng = { seed * UINT64_C(0x2545f4914f6cdd1d) + 1 } };
    uint64_t pc = 0x10000;

    p->n = 1;
    p->n_insns = 0;
    p->steps[0] = (Step){ 0 };
    for (unsigned i = 0; i < n_insns && p->n < PROGRAM_MAX - 200; i++, pc += 4) {
        gen_insn(&g, pc, only_values);
    }
    g.insn_first = p->n - 1;
    gen_end(&g, pc);
}
