/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden files: see vector-golden.h.  Numbers are little-endian. */
#include <stdio.h>
#include <string.h>
#include <gio/gio.h>
#include "vector-golden.h"

#define MAGIC "gossamer vectors 1\n"
#define MEM_WORDS (VECTOR_MEM_SIZE / 8)
#define ALL_WORDS (VECTOR_WORDS + MEM_WORDS)
#define MASK_BYTES ((ALL_WORDS + 7) / 8)

struct GoldenFile {
    GByteArray *data;
    size_t at;
    bool big_endian;
    int64_t seed;
    const PPCInsnRow *row;
    bool sequence, known;
    unsigned n, count, skipped;
};

static GByteArray *convert(GConverter *converter, const void *data, size_t size, GError **errp)
{
    g_autoptr(GInputStream) memory = g_memory_input_stream_new_from_data(data, size, NULL);
    g_autoptr(GInputStream) stream = g_converter_input_stream_new(memory, converter);
    GByteArray *out = g_byte_array_new();
    uint8_t buffer[65536];

    for (;;) {
        gssize n = g_input_stream_read(stream, buffer, sizeof(buffer), NULL, errp);
        if (n < 0) {
            g_byte_array_unref(out);
            return NULL;
        }
        if (n == 0) {
            return out;
        }
        g_byte_array_append(out, buffer, n);
    }
}

static bool take(GoldenFile *golden, void *to, size_t size)
{
    if (golden->data->len - golden->at < size) {
        return false;
    }
    memcpy(to, golden->data->data + golden->at, size);
    golden->at += size;
    return true;
}

GoldenFile *golden_open(const char *path, GError **errp)
{
    g_autofree char *contents = NULL;
    size_t size;
    uint8_t header[sizeof(MAGIC) - 1 + 9];

    if (!g_file_get_contents(path, &contents, &size, errp)) {
        return NULL;
    }
    g_autoptr(GZlibDecompressor) unzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    GoldenFile *golden = g_new0(GoldenFile, 1);
    golden->data = convert(G_CONVERTER(unzip), contents, size, errp);
    if (!golden->data) {
        g_free(golden);
        return NULL;
    }
    if (!take(golden, header, sizeof(header)) || memcmp(header, MAGIC, sizeof(MAGIC) - 1) != 0) {
        g_set_error(errp, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is no golden file", path);
        golden_close(golden);
        return NULL;
    }
    golden->big_endian = header[sizeof(MAGIC) - 1];
    memcpy(&golden->seed, header + sizeof(MAGIC), 8);
    golden->seed = GINT64_FROM_LE(golden->seed);
    return golden;
}

bool golden_big_endian(const GoldenFile *golden)
{
    return golden->big_endian;
}

unsigned golden_skipped(const GoldenFile *golden)
{
    return golden->skipped;
}

void golden_close(GoldenFile *golden)
{
    g_byte_array_unref(golden->data);
    g_free(golden);
}

/* The usable row with this mnemonic. */
static const PPCInsnRow *find_row(const char *name)
{
    for (unsigned i = 0; i < ppc_n_insns; i++) {
        if (strcmp(ppc_insns[i].mnemonic, name) == 0 && vector_row_usable(&ppc_insns[i])) {
            return &ppc_insns[i];
        }
    }
    return NULL;
}

static bool next_row(GoldenFile *golden)
{
    char name[64];
    uint8_t length;
    uint32_t count;

    if (!take(golden, &length, 1) || length >= sizeof(name) || !take(golden, name, length) ||
        !take(golden, &count, 4)) {
        return false;
    }
    name[length] = 0;
    golden->sequence = strcmp(name, "sequence") == 0;
    golden->row = golden->sequence ? NULL : find_row(name);
    golden->known = golden->sequence || golden->row;
    golden->n = 0;
    golden->count = GUINT32_FROM_LE(count);
    return true;
}

static uint64_t *word_of(VectorState *state, unsigned index)
{
    return (uint64_t *)(void *)state + index;    /* mem follows the numbers */
}

/* Stands for the instructions of a record. */
static uint32_t words_check(const VectorRecord *record)
{
    uint32_t hash = 0x811c9dc5;
    for (unsigned i = 0; i < VECTOR_INSNS; i++) {
        hash = (hash ^ record->insn[i]) * 0x01000193;
    }
    return hash;
}

bool golden_next(GoldenFile *golden, VectorRecord *before, VectorRecord *after)
{
    for (;;) {
        uint8_t mask[MASK_BYTES];
        uint32_t check;

        while (golden->n >= golden->count) {
            if (!next_row(golden)) {
                return false;
            }
        }
        if (!take(golden, &check, 4) || !take(golden, mask, sizeof(mask))) {
            return false;
        }
        if (golden->known) {
            vector_make(golden->row, golden->n, golden->seed, golden->big_endian, before);
            *after = *before;
        }
        for (unsigned i = 0; i < ALL_WORDS; i++) {
            if (mask[i / 8] >> (i % 8) & 1) {
                uint64_t value;
                if (!take(golden, &value, 8)) {
                    return false;
                }
                *word_of(&after->state, i) = i < VECTOR_WORDS ? GUINT64_FROM_LE(value) : value;
            }
        }
        golden->n++;
        /* A row whose encoding or operands changed makes other words: its results say nothing. */
        if (golden->known && words_check(before) == GUINT32_FROM_LE(check)) {
            return true;
        }
        golden->skipped++;
    }
}

static void put(GByteArray *out, const void *data, size_t size)
{
    g_byte_array_append(out, data, size);
}

static void put_vector(GByteArray *out, VectorRecord *before, VectorRecord *after)
{
    uint8_t mask[MASK_BYTES] = {0};
    uint32_t check = GUINT32_TO_LE(words_check(before));
    size_t at;

    put(out, &check, 4);
    at = out->len;
    put(out, mask, sizeof(mask));
    for (unsigned i = 0; i < ALL_WORDS; i++) {
        uint64_t value = *word_of(&after->state, i);
        if (value != *word_of(&before->state, i)) {
            mask[i / 8] |= 1 << (i % 8);
            value = i < VECTOR_WORDS ? GUINT64_TO_LE(value) : value;
            put(out, &value, 8);
        }
    }
    memcpy(out->data + at, mask, sizeof(mask));
}

bool golden_pack(const char *path, const VectorGenParams *params, const char *input,
                 const char *output, GError **errp)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    FILE *in_file = fopen(input, "rb"), *out_file = fopen(output, "rb");
    uint8_t endian = params->big_endian;
    int64_t seed = GINT64_TO_LE(params->seed);
    const char *last = "";
    size_t count_at = 0;
    uint32_t count = 0;
    VectorRecord before, after, expected;
    VectorGen gen;
    bool ok = true;

    if (!in_file || !out_file) {
        g_set_error(errp, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "cannot open %s",
                    in_file ? output : input);
        return false;
    }
    put(out, MAGIC, sizeof(MAGIC) - 1);
    put(out, &endian, 1);
    put(out, &seed, 8);
    vector_gen_init(&gen, params->group, params->pattern, params->count, params->seed,
                    params->big_endian);
    while (vector_gen_next(&gen, &expected)) {
        if (fread(&before, sizeof(before), 1, in_file) != 1 ||
            fread(&after, sizeof(after), 1, out_file) != 1 ||
            memcmp(&before, &expected, sizeof(before)) != 0) {
            g_set_error(errp, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is not what the rows make",
                        input);
            ok = false;
            break;
        }
        const char *name = params->group == GROUP_SEQ ? "sequence" : ppc_insns[gen.row].mnemonic;
        if (strcmp(name, last) != 0) {
            uint8_t length = strlen(name);
            put(out, &length, 1);
            put(out, name, length);
            count = 0;
            count_at = out->len;
            put(out, &count, 4);
            last = name;
        }
        put_vector(out, &before, &after);
        uint32_t stored = GUINT32_TO_LE(++count);
        memcpy(out->data + count_at, &stored, 4);
    }
    fclose(in_file);
    fclose(out_file);
    if (!ok) {
        return false;
    }
    g_autoptr(GZlibCompressor) zip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_autoptr(GByteArray) packed = convert(G_CONVERTER(zip), out->data, out->len, errp);
    return packed && g_file_set_contents(path, (const char *)packed->data, packed->len, errp);
}
