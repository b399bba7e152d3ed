/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random IR on the x86-64 back end against direct evaluation, with every feature of the host, with
 * masked ones, and with random register choice.  IR_RANDOM_SEEDS=N runs N seeds instead of the
 * default.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include "ir-random.h"

enum { CODE_SIZE = 1 << 20, THUNK_SIZE = 64 << 10 };

/* Bits as in tcg/x86_64/x86-backend.h; beyond SSE4.1. */
#define F_ALL UINT64_MAX
#define F_SSE UINT64_C(0)
#define F_AVX2 UINT64_C(0x7ff)        /* everything below AVX-512 */
#define F_AVX_ONLY UINT64_C(0x481)

static TCGCodeBuffer map_code(void)
{
    int fd = memfd_create("code", 0);
    TCGCodeBuffer buf = { .size = CODE_SIZE };

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, CODE_SIZE), ==, 0);
    buf.write = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    buf.exec = mmap(NULL, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    g_assert(buf.write != MAP_FAILED && buf.exec != MAP_FAILED);
    close(fd);
    return buf;
}

static unsigned n_seeds(unsigned normal)
{
    const char *s = g_getenv("IR_RANDOM_SEEDS");

    return s ? (unsigned)strtoul(s, NULL, 0) : normal;
}

static uint64_t first_seed(void)
{
    const char *s = g_getenv("IR_RANDOM_FIRST");

    return s ? strtoull(s, NULL, 0) : 0;
}

static void run(uint64_t features, bool only_values, unsigned n, unsigned max_insns)
{
    TCGCodeBuffer all = map_code();
    TCGCodeBuffer thunks = { all.write, all.exec, THUNK_SIZE };
    TCGCodeBuffer code = { all.write + THUNK_SIZE, all.exec + THUNK_SIZE, CODE_SIZE - THUNK_SIZE };
    IRRandom *t = ir_random_new(&tcg_backend_x86_64, features, &thunks, &code);
    uint64_t first = first_seed();

    for (uint64_t seed = first; seed < first + n; seed++) {
        ir_random_check(t, (only_values ? 0 : UINT64_C(1000000)) + seed,
                        1 + (unsigned)(seed % max_insns), only_values);
    }
    ir_random_free(t);
    munmap(all.write, CODE_SIZE);
    munmap((void *)all.exec, CODE_SIZE);
}

static void test_values(const void *features)
{
    run(*(const uint64_t *)features, true, n_seeds(3000), 12);
    run(*(const uint64_t *)features, true, n_seeds(300) / 3, 150);
}

static void test_everything(const void *features)
{
    run(*(const uint64_t *)features, false, n_seeds(3000), 40);
    run(*(const uint64_t *)features, false, n_seeds(300) / 3, 150);
}

static void test_random_registers(const void *features)
{
    for (unsigned i = 1; i <= 4; i++) {
        char text[16];

        g_snprintf(text, sizeof(text), "%u", i * 12345);
        g_setenv("GOSSAMER_X86_RANDOM_REGS", text, true);
        run(*(const uint64_t *)features, false, n_seeds(1000), 40);
    }
    g_unsetenv("GOSSAMER_X86_RANDOM_REGS");
}

int main(int argc, char **argv)
{
    static const struct { const char *name; uint64_t features; } sets[] = {
        { "all", F_ALL }, { "avx2", F_AVX2 }, { "avx", F_AVX_ONLY }, { "sse4.1", F_SSE },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *values = g_strdup_printf("/x86/values/%s", sets[i].name);
        g_autofree char *every = g_strdup_printf("/x86/everything/%s", sets[i].name);
        g_autofree char *regs = g_strdup_printf("/x86/random-registers/%s", sets[i].name);

        g_test_add_data_func(values, &sets[i].features, test_values);
        g_test_add_data_func(every, &sets[i].features, test_everything);
        g_test_add_data_func(regs, &sets[i].features, test_random_registers);
    }
    return g_test_run();
}
