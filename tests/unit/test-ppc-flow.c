/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branches inside a block: loops that are repeated in it and branches that became selections leave
 * what the same instructions leave one by one, where the test takes the branches.  Registers and
 * exceptions are compared; the instructions are made from the decode rows as for tests/tcg, whose
 * harness runs them.
 *
 *   test-ppc-flow BACKEND
 */
#include <string.h>
#include "../tcg/vector-run.h"

#define NOP 0x60000000u

static const char *backend_name = "interp";

/* Fixed-point instructions that touch neither memory nor the flow. */
static GPtrArray *usable_rows(void)
{
    GPtrArray *rows = g_ptr_array_new();

    for (unsigned i = 0; i < ppc_n_insns; i++) {
        const PPCInsnRow *row = &ppc_insns[i];

        if (vector_row_usable(row) && vector_row_group(row) == GROUP_INT &&
            !(row->flags & (IF_LOAD | IF_STORE | IF_BRANCH | IF_END)) &&
            strcmp(row->mnemonic, "addpcis") != 0) {    /* stepping is done at another address */
            g_ptr_array_add(rows, (gpointer)row);
        }
    }
    return rows;
}

static uint32_t random_insn(VectorRand *r, GPtrArray *rows)
{
    static const char *const plain[] = {"addi",   "add",    "subf", "xori", "or",
                                        "rlwinm", "rldicl", "srw",  "isel"};
    const PPCInsnRow *row;
    VectorRecord made;

    do {
        row = g_ptr_array_index(rows, vector_below(r, rows->len));
        for (unsigned i = 0; i < G_N_ELEMENTS(plain) && vector_below(r, 8); i++) {
            if (strcmp(row->mnemonic, plain[i]) == 0) {
                goto out;
            }
        }
    } while (vector_below(r, 8));
out:
    vector_make(row, vector_below(r, 1u << 30), 1, false, &made);
    /* Few registers, so that results are operands of what follows; records seldom. */
    uint32_t insn = made.insn[0] & ~0x03180000u & ~0x1800u;
    return (row->flags & IF_RC) && vector_below(r, 4) ? insn & ~1u : insn;
}

/* A conditional branch by `words`; bit 0 to 2 of the CR field that most instructions set. */
static uint32_t make_branch(VectorRand *r, int words, bool counts)
{
    static const uint8_t bo[] = {4, 12, 12, 4, 16, 18, 0, 2, 8, 10};
    unsigned first = counts ? 4 : 0;

    return 16u << 26 | (uint32_t)bo[first + vector_below(r, G_N_ELEMENTS(bo) - first)] << 21 |
           vector_below(r, 8) << 16 | ((uint32_t)(4 * words) & 0xfffc);
}

/* Whether the branch is taken; counts down. */
static bool take_branch(VectorState *s, uint32_t insn)
{
    unsigned bo = insn >> 21 & 31, bi = insn >> 16 & 31;
    bool taken = true;

    if (!(bo & 4)) {
        s->ctr--;
        taken = (s->ctr != 0) == !(bo & 2);
    }
    if (!(bo & 16)) {
        taken = taken && (s->cr >> (31 - bi) & 1) == (bo >> 3 & 1);
    }
    return taken;
}

static void step(VectorState *s, const uint32_t insns[VECTOR_INSNS])
{
    for (int at = 0; at < VECTOR_INSNS && !s->signal;) {
        uint32_t insn = insns[at];

        if (insn >> 26 == 16) {
            at += take_branch(s, insn) ? (int16_t)(insn & 0xfffc) / 4 : 1;
        } else {
            uint32_t one[VECTOR_INSNS] = {insn, NOP, NOP, NOP};
            vector_run(s, one, false);
            at++;
        }
    }
}

static void report(const VectorRecord *record, const VectorState *block, const VectorState *steps)
{
    const uint64_t *in = (const uint64_t *)&record->state, *a = (const uint64_t *)block;
    const uint64_t *b = (const uint64_t *)steps;
    g_autofree char *text = vector_insns_text(record);

    g_test_message("%s", text);
    for (unsigned i = 0; i < VECTOR_WORDS; i++) {
        if (a[i] != b[i]) {
            char name[16];
            vector_word_name(i, name);
            g_test_message("%s before %016" G_GINT64_MODIFIER "x, block %016" G_GINT64_MODIFIER
                           "x, steps %016" G_GINT64_MODIFIER "x",
                           name, in[i], a[i], b[i]);
        }
    }
}

static void compare_many(bool loops)
{
    g_autoptr(GPtrArray) rows = usable_rows();
    VectorRand r = {g_test_rand_int()};
    unsigned failed = 0;

    for (unsigned i = 0; i < 20000 && failed < 5; i++) {
        VectorRecord record;
        VectorState block, steps;

        vector_make(g_ptr_array_index(rows, vector_below(&r, rows->len)),
                    vector_below(&r, 1u << 30), 2, false, &record);
        for (unsigned k = 0; k < VECTOR_INSNS; k++) {
            record.insn[k] = random_insn(&r, rows);
        }
        if (loops) {
            /* Back to any instruction, most often to the first. */
            unsigned at = vector_below(&r, VECTOR_INSNS);
            int back = vector_below(&r, 4) ? (int)at : (int)vector_below(&r, at + 1);

            record.insn[at] = make_branch(&r, -back, true);
            record.state.ctr = 1 + vector_below(&r, 6);
        } else {
            unsigned at = vector_below(&r, 2);

            record.insn[at] = make_branch(&r, 2 + (at == 0 && vector_below(&r, 2)), false);
            record.state.ctr = vector_below(&r, 3);
        }
        record.state.signal = 0;
        block = steps = record.state;
        vector_run(&block, record.insn, false);
        step(&steps, record.insn);
        if (memcmp(&block, &steps, sizeof(block)) != 0) {
            report(&record, &block, &steps);
            failed++;
        }
    }
    g_assert_cmpuint(failed, ==, 0);
}

static void test_loops(void)
{
    compare_many(true);
}

static void test_selections(void)
{
    compare_many(false);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (argc > 1) {
        backend_name = argv[1];
    }
    if (!vector_run_init(backend_name, false, &error)) {
        g_printerr("test-ppc-flow: %s\n", error->message);
        return 1;
    }
    g_test_add_func("/ppc-flow/loops", test_loops);
    g_test_add_func("/ppc-flow/selections", test_selections);
    return g_test_run();
}
