/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction vectors: single PowerPC instructions and short sequences, made from the decode rows
 * and random states, run through the front end and an IR back end in this process, and compared
 * with what another implementation left (tests/tcg/README.md).
 *
 * Records are made from a seed that depends only on the row's mnemonic and the vector's number, so
 * golden files hold results alone and stay right when rows come and go.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <glib.h>
#include "vector-gen.h"
#include "vector-golden.h"
#include "vector-run.h"

static char *group_name, *rows_pattern, *backend_name, *write_path, *compare_in, *compare_out;
static char *golden_path, *pack_path;
static int count = 0, verbose = 10;
static gboolean big_endian, list_rows, masked_features, show, mode_32;
static gint64 seed;

static const GOptionEntry options[] = {
    {"group", 'g', 0, G_OPTION_ARG_STRING, &group_name,
     "Rows of one group (int, fp, dfp, vmx, vsx, seq)", "NAME"},
    {"rows", 'r', 0, G_OPTION_ARG_STRING, &rows_pattern, "Rows whose mnemonic matches", "GLOB"},
    {"count", 'n', 0, G_OPTION_ARG_INT, &count, "Vectors per row", "N"},
    {"seed", 's', 0, G_OPTION_ARG_INT64, &seed, "Further seed (0: that of the golden files)", "N"},
    {"big-endian", 'b', 0, G_OPTION_ARG_NONE, &big_endian, "Big-endian mode", NULL},
    {"32", 0, 0, G_OPTION_ARG_NONE, &mode_32, "A 32-bit processor (with --big-endian)", NULL},
    {"backend", 0, 0, G_OPTION_ARG_STRING, &backend_name, "interp or x86_64", "NAME"},
    {"baseline", 0, 0, G_OPTION_ARG_NONE, &masked_features, "Mask all optional host features",
     NULL},
    {"write-input", 'w', 0, G_OPTION_ARG_FILENAME, &write_path, "Write records for the oracle",
     "FILE"},
    {"input", 'i', 0, G_OPTION_ARG_FILENAME, &compare_in, "Records as given to the oracle", "FILE"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &compare_out, "Records as the oracle left them",
     "FILE"},
    {"pack", 'p', 0, G_OPTION_ARG_FILENAME, &pack_path, "Make a golden file of --input, --output",
     "FILE"},
    {"golden", 'G', 0, G_OPTION_ARG_FILENAME, &golden_path, "Compare with a golden file", "FILE"},
    {"list", 'l', 0, G_OPTION_ARG_NONE, &list_rows, "List the rows of the group", NULL},
    {"show", 'S', 0, G_OPTION_ARG_NONE, &show,
     "Show IR and host code of words given in hexadecimal", NULL},
    {"verbose", 'v', 0, G_OPTION_ARG_INT, &verbose, "Differences to print in full", "N"},
    {NULL},
};

/* One line per number that differs. */
static void print_difference(const VectorRecord *in, const VectorRecord *want,
                             const VectorRecord *got)
{
    const uint64_t *a = (const uint64_t *)&in->state, *w = (const uint64_t *)&want->state,
                   *g = (const uint64_t *)&got->state;
    g_autofree char *text = vector_insns_text(in);

    printf("# %s\n", text);
    vector_print_operands(in);
    for (unsigned i = 0; i < VECTOR_WORDS; i++) {
        if (w[i] != g[i]) {
            char name[16];
            vector_word_name(i, name);
            printf("#   %-8s before %016" PRIx64 "  oracle %016" PRIx64 "  ours %016" PRIx64 "\n",
                   name, a[i], w[i], g[i]);
        }
    }
    for (unsigned i = 0; i < VECTOR_MEM_SIZE; i++) {
        if (want->state.mem[i] != got->state.mem[i]) {
            printf("#   mem+%03x  before %02x  oracle %02x  ours %02x\n", i, in->state.mem[i],
                   want->state.mem[i], got->state.mem[i]);
        }
    }
}

/* Runs one record and compares; oracle's undefined and known wrong parts do not count. */
static bool check_record(const VectorRecord *in, const VectorRecord *oracle, GHashTable *failures)
{
    VectorRecord want = *oracle, got = *in;

    vector_run(&got.state, in->insn, big_endian);
    vector_mask(in, &want, &got);
    if (memcmp(&want.state, &got.state, sizeof(want.state)) == 0) {
        return true;
    }
    const char *name = vector_record_name(in);
    unsigned seen = GPOINTER_TO_UINT(g_hash_table_lookup(failures, name));
    g_hash_table_replace(failures, (gpointer)name, GUINT_TO_POINTER(seen + 1));
    if (seen < 2 && verbose-- > 0) {
        print_difference(in, &want, &got);
    }
    return false;
}

static void report(GHashTable *failures, unsigned total, unsigned failed)
{
    GList *names = g_list_sort(g_hash_table_get_keys(failures), (GCompareFunc)strcmp);

    for (GList *item = names; item; item = item->next) {
        printf("# %s: %u differ\n", (char *)item->data,
               GPOINTER_TO_UINT(g_hash_table_lookup(failures, item->data)));
    }
    g_list_free(names);
    printf("# %u vectors, %u differ\n", total, failed);
}

static bool compare_files(void)
{
    FILE *in = fopen(compare_in, "rb"), *out = fopen(compare_out, "rb");
    g_autoptr(GHashTable) failures = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned total = 0, failed = 0;
    VectorRecord before, after;

    if (!in || !out) {
        perror("ppc-vectors");
        return false;
    }
    while (fread(&before, sizeof(before), 1, in) == 1 &&
           fread(&after, sizeof(after), 1, out) == 1) {
        total++;
        failed += !check_record(&before, &after, failures);
    }
    fclose(in);
    fclose(out);
    report(failures, total, failed);
    return total && !failed;
}

static bool compare_golden(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) failures = g_hash_table_new(g_str_hash, g_str_equal);
    GoldenFile *golden = golden_open(golden_path, &error);
    unsigned total = 0, failed = 0;
    VectorRecord before, after;

    if (!golden) {
        fprintf(stderr, "ppc-vectors: %s\n", error->message);
        return false;
    }
    big_endian = golden_big_endian(golden);
    while (golden_next(golden, &before, &after)) {
        total++;
        failed += !check_record(&before, &after, failures);
    }
    if (golden_skipped(golden)) {
        printf("# %u vectors of rows that no longer exist skipped\n", golden_skipped(golden));
    }
    golden_close(golden);
    report(failures, total, failed);
    return total && !failed;
}

static bool write_input(VectorGroup group)
{
    FILE *file = fopen(write_path, "wb");
    VectorGen gen;
    VectorRecord record;

    if (!file) {
        perror(write_path);
        return false;
    }
    vector_gen_init(&gen, group, rows_pattern, count, seed, big_endian);
    while (vector_gen_next(&gen, &record)) {
        fwrite(&record, sizeof(record), 1, file);
    }
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    VectorGroup group = GROUP_ALL;
    bool ok;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "ppc-vectors: %s\n", error->message);
        return 1;
    }
    if (mode_32) {
        vector_mode_32();
    }
    if (group_name && !vector_group_parse(group_name, &group)) {
        fprintf(stderr, "ppc-vectors: no group '%s'\n", group_name);
        return 1;
    }
    if (list_rows) {
        vector_gen_list(group);
        return 0;
    }
    if (write_path) {
        return write_input(group) ? 0 : 1;
    }
    if (pack_path && compare_in && compare_out) {
        VectorGenParams params = {group, rows_pattern, count, seed, big_endian};
        if (!golden_pack(pack_path, &params, compare_in, compare_out, &error)) {
            fprintf(stderr, "ppc-vectors: %s\n", error->message);
            return 1;
        }
        return 0;
    }
    if (!vector_run_init(backend_name ? backend_name : "interp", masked_features, &error)) {
        fprintf(stderr, "ppc-vectors: %s\n", error->message);
        return 1;
    }
    if (show) {
        g_autofree uint32_t *words = g_new0(uint32_t, argc);
        for (int i = 1; i < argc; i++) {
            words[i - 1] = strtoul(argv[i], NULL, 16);
        }
        vector_show(words, argc - 1, big_endian);
        return 0;
    }
    printf("1..1\n");
    if (golden_path) {
        ok = compare_golden();
    } else if (compare_in && compare_out) {
        ok = compare_files();
    } else {
        fprintf(stderr, "ppc-vectors: nothing to do (see --help)\n");
        return 1;
    }
    printf("%sok 1 %s\n", ok ? "" : "not ", golden_path ? golden_path : compare_in);
    return ok ? 0 : 1;
}
