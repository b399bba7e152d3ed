/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating-point sequences: four instructions in one block, where the status of all but the last
 * may never have been computed, leave what the same instructions leave one by one, with FPSCR made
 * up to date behind each.  Registers, FPSCR, memory and faults are compared; the instructions are
 * made from the decode rows as for tests/tcg, whose harness runs them.
 *
 *   test-ppc-fp-lazy BACKEND
 */
#include <string.h>
#include "../tcg/vector-run.h"

#define NOP 0x60000000u

static const char *backend_name = "interp";

/* Rows of scalar and vector floating point, and of what moves its operands. */
static GPtrArray *usable_rows(void)
{
    GPtrArray *rows = g_ptr_array_new();

    for (unsigned i = 0; i < ppc_n_insns; i++) {
        const PPCInsnRow *row = &ppc_insns[i];
        VectorGroup group = vector_row_group(row);

        if (vector_row_usable(row) && (row->flags & IF_FPSCR || group == GROUP_FP) &&
            group != GROUP_DFP) {
            g_ptr_array_add(rows, (gpointer)row);
        }
    }
    return rows;
}

static bool is_memory(const PPCInsnRow *row)
{
    return row->flags & (IF_LOAD | IF_STORE);
}

/*
 * Instructions that change modes are rarer than in the rows, lest everything runs in exact mode;
 * there is at most one memory access, because the harness does not retranslate when a group of them
 * fails.
 */
static const PPCInsnRow *random_row(VectorRand *r, GPtrArray *rows, bool *memory_seen)
{
    const PPCInsnRow *row;

    do {
        row = g_ptr_array_index(rows, vector_below(r, rows->len));
    } while (
        ((g_str_has_prefix(row->mnemonic, "mtfs") || g_str_has_prefix(row->mnemonic, "mffs")) &&
         vector_below(r, 4)) ||
        (is_memory(row) && *memory_seen) || strstr(row->mnemonic, "fdp"));
    *memory_seen |= is_memory(row);
    return row;
}

/* Few registers, so that results are operands of what follows. */
static uint32_t squeeze_registers(VectorRand *r, uint32_t insn)
{
    return vector_below(r, 2) ? insn & ~0x03180000u & ~0x1800u : insn;
}

static void step(VectorState *state, const uint32_t insns[VECTOR_INSNS])
{
    for (unsigned i = 0; i < VECTOR_INSNS && !state->signal; i++) {
        uint32_t one[VECTOR_INSNS] = {insns[i], NOP, NOP, NOP};
        vector_run(state, one, false);
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

static void test_sequences(void)
{
    g_autoptr(GPtrArray) rows = usable_rows();
    VectorRand r = {g_test_rand_int()};
    unsigned failed = 0, completed = 0;

    for (unsigned i = 0; i < 30000 && failed < 5; i++) {
        VectorRecord record;
        VectorState block, steps;

        vector_make(g_ptr_array_index(rows, vector_below(&r, rows->len)),
                    vector_below(&r, 1u << 30), 2, false, &record);
        bool memory_seen = false;
        for (unsigned k = 0; k < VECTOR_INSNS; k++) {
            const PPCInsnRow *row = random_row(&r, rows, &memory_seen);
            VectorRecord made;

            vector_make(row, vector_below(&r, 1u << 30), 1, false, &made);
            record.insn[k] = is_memory(row) ? made.insn[0] : squeeze_registers(&r, made.insn[0]);
            if (is_memory(row)) {
                memcpy(record.state.gpr, made.state.gpr, sizeof(made.state.gpr));
            }
        }
        /* Mostly fast mode: nothing enabled, any rounding. */
        if (vector_below(&r, 4)) {
            record.state.fpscr &= ~(uint64_t)0xf8;
            record.state.fpscr ^= vector_below(&r, 4);
        }
        block = steps = record.state;
        vector_run(&block, record.insn, false);
        step(&steps, record.insn);
        completed += !block.signal;
        if (memcmp(&block, &steps, sizeof(block)) != 0) {
            report(&record, &block, &steps);
            failed++;
        }
    }
    g_assert_cmpuint(failed, ==, 0);
    /* A harness that lets nothing run would pass the comparison. */
    g_assert_cmpuint(completed, >, 10000);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (argc > 1) {
        backend_name = argv[1];
    }
    if (!vector_run_init(backend_name, false, &error)) {
        g_printerr("test-ppc-fp-lazy: %s\n", error->message);
        return 1;
    }
    g_test_add_func("/ppc-fp-lazy/sequences", test_sequences);
    return g_test_run();
}
