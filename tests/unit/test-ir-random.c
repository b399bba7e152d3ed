/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random programs through the builder, the passes and the interpreter, against direct evaluation.
 * IR_RANDOM_SEEDS=N in the environment runs N seeds instead of the default.
 */
#include <stdlib.h>
#include "ir-random.h"

static unsigned n_seeds(unsigned normal)
{
    const char *s = g_getenv("IR_RANDOM_SEEDS");

    return s ? (unsigned)strtoul(s, NULL, 0) : normal;
}

static void test_values(void)
{
    IRRandom *t = ir_random_new(&tcg_backend_interp, UINT64_MAX, NULL, NULL);

    for (unsigned seed = 0; seed < n_seeds(4000); seed++) {
        ir_random_check(t, seed, 1 + seed % 12, true);
    }
    ir_random_free(t);
}

static void test_everything(void)
{
    IRRandom *t = ir_random_new(&tcg_backend_interp, UINT64_MAX, NULL, NULL);
    unsigned n = n_seeds(6000);

    for (unsigned seed = 0; seed < n; seed++) {
        ir_random_check(t, UINT64_C(1000000) + seed, 1 + seed % 40, false);
    }
    const unsigned *outcomes = ir_random_outcomes(t);

    for (unsigned i = 0; i <= FAKE_NOGROUP; i++) {
        g_test_message("outcome %u: %u", i, outcomes[i]);
        g_assert_cmpuint(outcomes[i], >, n / 200);
    }
    ir_random_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/random/values", test_values);
    g_test_add_func("/ir/random/everything", test_everything);
    return g_test_run();
}
