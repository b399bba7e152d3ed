/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PowerPC decode rows, decoder and disassembler.
 *
 * Rows are checked for themselves (operand tokens, overlaps for every model's facilities) and
 * against texts that binutils printed (test-ppc-decode.txt).  With GOSSAMER_LIVE=1 in the
 * environment random words are compared with an installed powerpc64le-linux-gnu-objdump;
 * GOSSAMER_LIVE=write makes the golden file anew.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "target/ppc/cpu.h"
#include "../../target/ppc/decode.h"

#define ISA_SERVER                                                                                \
    (ISA_BASE | ISA_64 | ISA_FP | ISA_FP_EXT | ISA_FSQRT | ISA_ALTIVEC | ISA_STRING | ISA_2_03 |  \
     ISA_2_04 | ISA_2_05 | ISA_DFP | ISA_2_06 | ISA_SLB | ISA_SEGMENT | ISA_MFTB)
#define ISA_POWER9 (ISA_SERVER | ISA_VSX | ISA_2_07 | ISA_TM | ISA_3_00)

static const struct {
    const char *name;
    uint32_t isa;
} families[] = {
    {"603", ISA_BASE | ISA_FP | ISA_FP_EXT | ISA_STRING | ISA_SEGMENT | ISA_603_TLB | ISA_MFTB |
                ISA_EXTERN | ISA_6XX_MISC},
    {"7450", ISA_BASE | ISA_FP | ISA_FP_EXT | ISA_STRING | ISA_SEGMENT | ISA_74XX_TLB | ISA_MFTB |
                 ISA_EXTERN | ISA_6XX_MISC | ISA_ALTIVEC},
    {"970", ISA_BASE | ISA_64 | ISA_FP | ISA_FP_EXT | ISA_FSQRT | ISA_STRING | ISA_SEGMENT |
                ISA_SLB | ISA_MFTB | ISA_ALTIVEC | ISA_970},
    {"power7", ISA_SERVER | ISA_VSX},
    {"power8", ISA_SERVER | ISA_VSX | ISA_2_07 | ISA_TM},
    {"power9", ISA_POWER9},
};

/* All bits that vary in words of a row. */
static uint32_t row_variable(const PPCInsnRow *row)
{
    return ~row->mask & ~ppc_insn_reserved(row);
}

static uint32_t random_word(const PPCInsnRow *row, GRand *rand)
{
    return row->opcode | (g_rand_int(rand) & row_variable(row));
}

static void test_rows(void)
{
    for (unsigned i = 0; i < ppc_n_insns; i++) {
        const PPCInsnRow *row = &ppc_insns[i];
        const char *text = row->operands;
        uint32_t seen = 0;

        if (row->opcode & ~row->mask) {
            g_error("row %s: opcode bits outside the mask", row->mnemonic);
        }
        if (!row->isa || !row->translate) {
            g_error("row %s: no facility or no function", row->mnemonic);
        }
        while (*text) {
            const PPCOperand *operand = ppc_operand_parse(&text);
            if (operand) {
                uint32_t mask = ppc_operand_mask(operand);
                if (mask & row->mask) {
                    g_error("row %s: operand %s overlaps the opcode", row->mnemonic,
                            operand->token);
                }
                if (mask & seen) {
                    g_error("row %s: operand %s overlaps another", row->mnemonic, operand->token);
                }
                seen |= mask;
            } else if (!strchr(",()", *text)) {
                g_error("row %s: unknown operand at \"%s\"", row->mnemonic, text);
            } else {
                text++;
            }
        }
    }
}

/* Two rows of one model with masks of the same size that both match some word. */
static void test_overlaps(void)
{
    for (size_t f = 0; f < G_N_ELEMENTS(families); f++) {
        for (unsigned i = 0; i < ppc_n_insns; i++) {
            const PPCInsnRow *a = &ppc_insns[i];
            if (!ppc_insn_available(a, families[f].isa)) {
                continue;
            }
            for (unsigned j = i + 1; j < ppc_n_insns; j++) {
                const PPCInsnRow *b = &ppc_insns[j];
                if (ppc_insn_available(b, families[f].isa) &&
                    __builtin_popcount(a->mask) == __builtin_popcount(b->mask) &&
                    ((a->opcode ^ b->opcode) & a->mask & b->mask) == 0) {
                    g_error("%s: rows %s and %s overlap", families[f].name, a->mnemonic,
                            b->mnemonic);
                }
            }
        }
    }
}

static void test_lookup(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (size_t f = 0; f < G_N_ELEMENTS(families); f++) {
        PPCDecoder *decoder = ppc_decoder_new(families[f].isa);
        for (unsigned i = 0; i < ppc_n_insns; i++) {
            const PPCInsnRow *row = &ppc_insns[i];
            if (!ppc_insn_available(row, families[f].isa)) {
                continue;
            }
            for (unsigned n = 0; n < 16; n++) {
                uint32_t word = row->opcode | (g_rand_int(rand) & ~row->mask);
                const PPCInsnRow *found = ppc_decode(decoder, word);
                g_assert_nonnull(found);
                g_assert_cmpuint(word & found->mask, ==, found->opcode);
                if (found != row &&
                    __builtin_popcount(found->mask) <= __builtin_popcount(row->mask)) {
                    g_error("%s: word %08x of %s decodes as %s", families[f].name, word,
                            row->mnemonic, found->mnemonic);
                }
            }
        }
        g_assert_null(ppc_decode(decoder, 0));
        ppc_decoder_free(decoder);
    }
}

static void test_facilities(void)
{
    PPCDecoder *base = ppc_decoder_new(families[0].isa), *power9 = ppc_decoder_new(ISA_POWER9);

    g_assert_null(ppc_decode(base, 0xe8610000));       /* ld r3,0(r1) */
    g_assert_cmpstr(ppc_decode(power9, 0xe8610000)->mnemonic, ==, "ld");
    g_assert_cmpstr(ppc_decode(base, 0x7c000400)->mnemonic, ==, "mcrxr");
    g_assert_null(ppc_decode(power9, 0x7c000400));
    /* Reserved fields are ignored. */
    g_assert_cmpstr(ppc_decode(power9, 0x7c1f04ac)->mnemonic, ==, "sync");
    ppc_decoder_free(base);
    ppc_decoder_free(power9);
}

/* ---- Texts ---- */

static char *disassemble(const PPCDecoder *decoder, uint32_t word)
{
    g_autoptr(GString) text = g_string_new(NULL);
    ppc_disas(ppc_decode(decoder, word), word, 0, text);
    return g_strdup(text->str);
}

/* One space between mnemonic and operands. */
static char *normalize(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    GString *out = g_string_new(NULL);

    for (char **word = words; *word; word++) {
        if (!**word) {
            continue;
        }
        if (out->len) {
            g_string_append_c(out, ' ');
        }
        g_string_append(out, *word);
    }
    return g_string_free(out, FALSE);
}

#define OBJDUMP "powerpc64le-linux-gnu-objdump"

/* What objdump prints for each word, addresses taken as zero-based, normalized; NULL if not
 * installed. */
static GPtrArray *objdump_texts(const uint32_t *words, unsigned n)
{
    g_autofree char *program = g_find_program_in_path(OBJDUMP);
    if (!program) {
        return NULL;
    }
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("gossamer-decode-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    FILE *file = fdopen(fd, "wb");
    for (unsigned i = 0; i < n; i++) {
        uint32_t word = GUINT32_TO_LE(words[i]);
        fwrite(&word, 4, 1, file);
    }
    fclose(file);
    char *argv[] = {program, "-M", "power9,raw", "-EL", "-D", "-z", "-b", "binary", "-m",
                    "powerpc:common64", path, NULL};
    g_autofree char *output = NULL;
    g_assert_true(
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, NULL, NULL));
    g_unlink(path);

    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *colon = strchr(*line, ':');
        if (!colon || colon[1] != '\t') {
            continue;
        }
        /* "   0:\t05 00 60 38 \taddi ..." */
        char *text = strchr(colon + 2, '\t');
        g_ptr_array_add(texts, normalize(text ? text + 1 : ""));
    }
    g_assert_cmpuint(texts->len, ==, n);
    return texts;
}

/* Branch targets are printed relative to address zero: take the word's own address off objdump's
 * text. */
static char *own_text(const PPCDecoder *decoder, uint32_t word, uint64_t pc)
{
    g_autoptr(GString) text = g_string_new(NULL);
    ppc_disas(ppc_decode(decoder, word), word, pc, text);
    return normalize(text->str);
}

static char *golden_path(void)
{
    return g_test_build_filename(G_TEST_DIST, "test-ppc-decode.txt", NULL);
}

static void test_golden(void)
{
    g_autofree char *path = golden_path();
    g_autofree char *contents = NULL;
    PPCDecoder *decoder = ppc_decoder_new(ISA_POWER9);
    unsigned count = 0;

    g_assert_true(g_file_get_contents(path, &contents, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (**line == '#' || !**line) {
            continue;
        }
        char *rest;
        uint32_t word = strtoul(*line, &rest, 16);
        g_autofree char *plain = disassemble(decoder, word);
        g_autofree char *ours = normalize(plain);
        if (strcmp(ours, rest + 1) != 0) {
            g_test_message("%08x: \"%s\", binutils prints \"%s\"", word, ours, rest + 1);
            g_test_fail();
        }
        count++;
    }
    g_assert_cmpuint(count, >, 100);
    ppc_decoder_free(decoder);
}

/* Where binutils differs for a known reason. */
static bool known_difference(const PPCInsnRow *row, const char *theirs, uint32_t word)
{
    /* Operand values that the assembler refuses do not make the word illegal. */
    if (g_str_has_prefix(theirs, ".long")) {
        return true;
    }
    /* Absolute addresses are printed with 32 bits; mfcr with the mask it does not have. */
    if (((row->flags & IF_AA) && (word & 2)) || strcmp(row->mnemonic, "mfcr") == 0) {
        return true;
    }
    /* Pairs with an odd register, an invalid form: printed as it stands here, as the even one
     * there. */
    for (const char *text = row->operands; *text;) {
        const PPCOperand *operand = ppc_operand_parse(&text);

        if (!operand) {
            text++;
        } else if (operand->flags & OPF_PAIR && ppc_operand_value(operand, word) & 1) {
            return true;
        }
    }
    /* slbiag got an operand more with ISA 3.1. */
    if (strcmp(row->mnemonic, "slbiag") == 0) {
        return true;
    }
    /* Data stream touches have a base register; tend. with A has a name of its own. */
    if (g_str_has_prefix(row->mnemonic, "dst") || strcmp(row->mnemonic, "tend.") == 0) {
        return true;
    }
    /* The 970's dcbzl: the bit is reserved elsewhere. */
    return strcmp(row->mnemonic, "dcbz") == 0 && (word & 0x200000);
}

/* Words that binutils knows for POWER9 and this table does not: none of them is in Power ISA 3.0B.
 */
static bool known_missing(const char *mnemonic)
{
    static const char *const names[] = {
        "dcbi",   "eciwx",   "ecowx",   "rfi",      "tlbia",
        "tlbld",  "tlbli",                                   /* 32-bit processors */
        "mtsrd",  "mtsrdin",                                 /* a bridge that no model here has */
        "icswx",  "icswx.",  "pbt.",                         /* coprocessors before ISA 3.0 */
        "mtsle",  "msgsndu", "msgclru", "urfid",    "rmieg", /* ultravisor, PowerNV firmware */
        "hashst", "hashchk", "hashstp", "hashchkp",          /* ISA 3.1 */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(mnemonic, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void write_golden(const PPCDecoder *decoder)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20);
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_autofree char *path = golden_path();

    for (unsigned i = 0; i < ppc_n_insns; i++) {
        for (unsigned n = 0; n < 3 && ppc_insn_available(&ppc_insns[i], ISA_POWER9); n++) {
            uint32_t word = random_word(&ppc_insns[i], rand);
            g_array_append_val(words, word);
        }
    }
    g_autoptr(GPtrArray) texts = objdump_texts((const uint32_t *)words->data, words->len);
    g_assert_nonnull(texts);
    FILE *file = fopen(path, "w");
    g_assert_nonnull(file);
    fprintf(file, "# Made by GOSSAMER_LIVE=write test-ppc-decode with " OBJDUMP " -M power9,raw\n");
    for (unsigned i = 0; i < words->len; i++) {
        const char *text = g_ptr_array_index(texts, i);
        uint32_t word = g_array_index(words, uint32_t, i);
        const PPCInsnRow *row = ppc_decode(decoder, word);
        if (!known_difference(row, text, word) && !(row->flags & IF_BRANCH)) {
            fprintf(file, "%08x %s\n", word, text);
        }
    }
    fclose(file);
}

static void test_live(void)
{
    const char *live = g_getenv("GOSSAMER_LIVE");
    if (!live) {
        g_test_skip("set GOSSAMER_LIVE=1 to compare with binutils");
        return;
    }
    PPCDecoder *decoder = ppc_decoder_new(ISA_POWER9);
    if (strcmp(live, "write") == 0) {
        write_golden(decoder);
    }
    enum { PER_ROW = 40, RANDOM = 200000 };
    g_autoptr(GRand) rand = g_rand_new_with_seed(g_get_monotonic_time());
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (unsigned i = 0; i < ppc_n_insns; i++) {
        for (unsigned n = 0; n < PER_ROW; n++) {
            uint32_t word = random_word(&ppc_insns[i], rand);
            if (ppc_decode(decoder, word)) {
                g_array_append_val(words, word);
            }
        }
    }
    unsigned from_rows = words->len;
    for (unsigned n = 0; n < RANDOM; n++) {
        static const uint8_t busy[] = {4, 19, 30, 31, 57, 58, 59, 60, 61, 62, 63};
        uint32_t word = g_rand_int(rand);
        if (n & 1) {
            word = (word & 0x03ffffff) | (uint32_t)busy[g_rand_int_range(rand, 0, sizeof(busy))]
                                             << 26;
        }
        g_array_append_val(words, word);
    }
    g_autoptr(GPtrArray) texts = objdump_texts((const uint32_t *)words->data, words->len);
    if (!texts) {
        g_test_skip(OBJDUMP " is not installed");
        ppc_decoder_free(decoder);
        return;
    }
    g_autoptr(GHashTable) missing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) reported = g_hash_table_new(g_direct_hash, g_direct_equal);
    unsigned same = 0, refused = 0;
    for (unsigned i = 0; i < words->len; i++) {
        uint32_t word = g_array_index(words, uint32_t, i);
        const char *theirs = g_ptr_array_index(texts, i);
        const PPCInsnRow *row = ppc_decode(decoder, word);
        g_autofree char *ours = own_text(decoder, word, 4 * (uint64_t)i);
        if (strcmp(ours, theirs) == 0) {
            same++;
        } else if (!row) {
            char *mnemonic = g_strndup(theirs, strcspn(theirs, " "));
            g_hash_table_replace(missing, mnemonic, GUINT_TO_POINTER(word));
        } else if ((i >= from_rows && (word & ppc_insn_reserved(row))) ||
                   known_difference(row, theirs, word)) {
            refused++;
        } else if (GPOINTER_TO_UINT(g_hash_table_lookup(reported, row)) < 3) {
            g_test_message("%08x: \"%s\", binutils prints \"%s\"", word, ours, theirs);
            g_hash_table_insert(
                reported, (gpointer)row,
                GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(reported, row)) + 1));
            g_test_fail();
        }
    }
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, missing);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!known_missing(key)) {
            g_test_message("no row: %s (%08x)", (char *)key, GPOINTER_TO_UINT(value));
            g_test_fail();
        }
    }
    g_test_message(
        "%u words alike, %u with reserved bits or refused operands, %u mnemonics without row", same,
        refused, g_hash_table_size(missing));
    ppc_decoder_free(decoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc/decode/rows", test_rows);
    g_test_add_func("/ppc/decode/overlaps", test_overlaps);
    g_test_add_func("/ppc/decode/lookup", test_lookup);
    g_test_add_func("/ppc/decode/facilities", test_facilities);
    g_test_add_func("/ppc/decode/live", test_live);
    g_test_add_func("/ppc/decode/golden", test_golden);
    return g_test_run();
}
