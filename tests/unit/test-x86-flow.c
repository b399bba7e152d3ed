/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going from block to block in host code: chaining and unchaining, back edges and pending work, the
 * inline jump cache of cross-page and indirect exits, restore points.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ir-random.h"

enum { CODE_SIZE = 1 << 20, THUNKS = 64 << 10, A = 0x10000, B = 0x10100 };

static TCGCodeBuffer memory;
static size_t used;
static FakeEnv *env;
static IRBuilder *builder;

static void start(uint64_t features)
{
    if (!memory.write) {
        int fd = memfd_create("code", 0);

        g_assert_cmpint(ftruncate(fd, CODE_SIZE), ==, 0);
        memory.write = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        memory.exec = mmap(NULL, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
        close(fd);
        env = g_aligned_alloc0(1, sizeof(FakeEnv), 64);
        fake_env_init(env, 1);
        builder = ir_builder_new(&fake_target);
    }
    TCGCodeBuffer thunks = { memory.write, memory.exec, THUNKS };

    g_assert_true(tcg_backend_x86_64.init(&fake_target, &fake_runtime, &thunks, features, NULL));
    used = THUNKS;
    env->backend = &tcg_backend_x86_64;
    env->tcg.exit_request = 0;
    env->tcg.mxcsr_fp = env->tcg.mxcsr_vmx = 0x1f80;
}

static IRBuilder *block(uint64_t pc)
{
    ir_builder_reset(builder, pc, 0, 0);
    ir_insn_start(builder, pc, 0);
    return builder;
}

static TCGCompiled finish(void)
{
    TCGCodeBuffer code = { memory.write + used, memory.exec + used, CODE_SIZE - used };
    TCGCompiled out;

    ir_optimize(ir_builder_block(builder), false);
    g_assert_true(tcg_backend_x86_64.compile(ir_builder_block(builder), &code, &out));
    used += out.code_size;
    return out;
}

static void add_to_r0(IRBuilder *b, uint64_t k)
{
    ir_set(b, FAKE_R0, ir_addi(b, ir_get(b, FAKE_R0), (int64_t)k));
}

static void test_chain(const void *features)
{
    TCGExitSite *site = NULL;

    start(*(const uint64_t *)features);
    add_to_r0(block(A), 1);
    ir_exit(builder, B, 0);
    TCGCompiled a = finish();

    add_to_r0(block(B), 16);
    ir_exit_loop(builder, B + 4);
    TCGCompiled b = finish();

    g_assert_cmpuint(a.n_exits, ==, 1);
    for (unsigned round = 0; round < 3; round++) {
        env->r[0] = 0;
        g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_CHAIN);
        g_assert_true(site == &a.exits[0]);
        g_assert_cmpuint(site->dest, ==, B);
        g_assert_cmpuint(env->tcg.pc, ==, B);
        g_assert_cmpuint(env->r[0], ==, 1);

        tcg_backend_x86_64.chain(site, b.entry);
        env->r[0] = 0;
        g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_LOOP);
        g_assert_cmpuint(env->r[0], ==, 17);
        g_assert_cmpuint(env->tcg.pc, ==, B + 4);
        tcg_backend_x86_64.chain(&a.exits[0], NULL);
    }
    tcg_backend_x86_64.release(&a);
    tcg_backend_x86_64.release(&b);
}

static void test_back_edge(const void *features)
{
    TCGExitSite *site = NULL;
    unsigned n = g_test_perf() ? 1000000000 : 1000000;

    start(*(const uint64_t *)features);
    add_to_r0(block(A), 1);
    ir_exit_if(builder, ir_setcond(builder, IRC_LTU, ir_get(builder, FAKE_R0), ir_k64(builder, n)),
               A, IREXIT_BACK_EDGE);
    ir_exit_loop(builder, B);
    TCGCompiled a = finish();

    env->r[0] = 0;
    g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_CHAIN);
    tcg_backend_x86_64.chain(site, a.entry);
    g_test_timer_start();
    g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_LOOP);
    g_test_minimized_result(g_test_timer_elapsed(), "%u times round a chained block", n);
    g_assert_cmpuint(env->tcg.pc, ==, B);
    g_assert_cmpuint(env->r[0], ==, n);

    env->tcg.exit_request = 1;
    env->r[0] = 0;
    g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_LOOP);
    g_assert_cmpuint(env->tcg.pc, ==, A);
    g_assert_cmpuint(env->r[0], ==, 1);
    tcg_backend_x86_64.release(&a);
}

static void test_jump_cache(const void *features)
{
    TCGExitSite *site = NULL;
    const uint64_t far = UINT64_C(0xc000000000123458);

    start(*(const uint64_t *)features);
    for (unsigned kind = 0; kind < 2; kind++) {
        block(A);
        if (kind == 0) {
            ir_exit(builder, far, IREXIT_CROSS_PAGE);
        } else {
            ir_exit_indirect(builder, ir_get(builder, FAKE_R0 + 1), 0);
        }
        TCGCompiled a = finish();

        add_to_r0(block(far), 7);
        ir_exit_loop(builder, B);
        TCGCompiled b = finish();
        TCGJumpEntry *e = &env->tcg.jump_cache[(far >> 2) & ((1 << TCG_JUMP_CACHE_BITS) - 1)];

        env->r[0] = 0;
        env->r[1] = far;
        env->tcg.jump_key = UINT64_C(0x500000003);
        *e = (TCGJumpEntry){ .pc = far, .key = env->tcg.jump_key, .entry = b.entry };
        g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_LOOP);
        g_assert_cmpuint(env->r[0], ==, 7);
        g_assert_cmpuint(env->tcg.pc, ==, B);
        /* Another key, another pc: the fake target's look-up finds nothing. */
        env->tcg.jump_key++;
        g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_INDIRECT);
        g_assert_cmpuint(env->tcg.pc, ==, far);
        env->tcg.jump_key--;
        e->pc ^= UINT64_C(1) << 40;
        g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_INDIRECT);
        g_assert_cmpuint(env->r[0], ==, 7);
        e->pc = far;
        if (kind == 1) {
            env->tcg.exit_request = 1;
            g_assert_cmpint(tcg_backend_x86_64.enter(env, a.entry, &site), ==, TCG_EXIT_LOOP);
            g_assert_cmpuint(env->tcg.pc, ==, far);
            env->tcg.exit_request = 0;
        }
        e->pc = 0;
        tcg_backend_x86_64.release(&a);
        tcg_backend_x86_64.release(&b);
    }
}

/* The third of five guest instructions faults: state, pc and count are those before it. */
static void test_restore(const void *features)
{
    TCGExitSite *site = NULL;
    sigjmp_buf unwind;

    start(*(const uint64_t *)features);
    block(A);
    for (unsigned i = 0; i < 5; i++) {
        ir_insn_start(builder, A + 4 * i, 0);
        add_to_r0(builder, 1);
        if (i == 2) {
            ir_insn_start(builder, A + 0x80, 0);
            ir_set(builder, FAKE_R0 + 2,
                   ir_load(builder, IR_I64, MO_64, ir_get(builder, FAKE_PTR), 0));
        }
    }
    ir_exit_loop(builder, B);
    TCGCompiled a = finish();

    env->r[0] = 100;
    env->r[FAKE_PTR] = 0;   /* nothing is mapped there */
    env->unwind = &unwind;
    if (sigsetjmp(unwind, 0) == 0) {
        tcg_backend_x86_64.enter(env, a.entry, &site);
        g_assert_not_reached();
    }
    g_assert_cmpuint(env->tcg.pc, ==, A + 0x80);
    g_assert_cmpuint(env->r[0], ==, 103);
    g_assert_cmpuint(tcg_backend_x86_64.restore_insn_index(env, env->tcg.restore_point), ==, 4);
    tcg_backend_x86_64.release(&a);
}

/* A block that does not fit is refused without a byte outside the room. */
static void test_full(const void *features)
{
    start(*(const uint64_t *)features);
    for (size_t room = 0; room < 600; room += 7) {
        TCGCodeBuffer code = { memory.write + used, memory.exec + used, room };
        TCGCompiled out;

        block(A);
        for (unsigned i = 0; i < 8; i++) {
            ir_set(builder, FAKE_R0 + i,
                   ir_load(builder, IR_I64, MO_64, ir_get(builder, FAKE_PTR), 8 * (int)i));
        }
        ir_exit(builder, B, 0);
        memset(memory.write + used, 0xee, 2048);
        bool fits = tcg_backend_x86_64.compile(ir_builder_block(builder), &code, &out);

        for (size_t k = room; k < 2048; k++) {
            g_assert_cmpuint(memory.write[used + k], ==, 0xee);
        }
        if (fits) {
            tcg_backend_x86_64.release(&out);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct { const char *name; uint64_t features; } sets[] = {
        { "all", UINT64_MAX }, { "sse4.1", 0 },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        static const struct { const char *name; GTestDataFunc fn; } tests[] = {
            { "chain", test_chain }, { "back-edge", test_back_edge },
            { "jump-cache", test_jump_cache }, { "restore", test_restore }, { "full", test_full },
        };

        for (unsigned k = 0; k < G_N_ELEMENTS(tests); k++) {
            g_autofree char *name = g_strdup_printf("/x86/%s/%s", tests[k].name, sets[i].name);

            g_test_add_data_func(name, &sets[i].features, tests[k].fn);
        }
    }
    return g_test_run();
}
