/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder: turns the instruction rows into per-model look-up tables.
 *
 * Level one is the primary opcode.  A primary opcode with one candidate list for all words has just
 * that; the others index by the low 11 bits, where every extended opcode lies (fields outside, such
 * as the sub-opcodes of XX2 forms, are told apart by the candidates' masks).  Candidates of one
 * index are ordered from the most to the least specific mask, so that the first match is the row.
 */
#include "decode.h"
#include "translate.h"

#define INDEX_BITS 11
#define INDEX_SIZE (1u << INDEX_BITS)
#define INDEX_MASK (INDEX_SIZE - 1)

const PPCInsnRow ppc_insns[] = {
#define INSN(mnemonic, encoding, operands, isa, flags, function)                                  \
    {mnemonic, encoding, operands, isa, flags, function},
#include "insns-all.h.inc"
#undef INSN
};
const unsigned ppc_n_insns = G_N_ELEMENTS(ppc_insns);

struct PPCDecoder {
    struct {
        uint16_t list;      /* candidates of all words, when index is NULL */
        uint16_t *index;    /* INDEX_SIZE lists */
    } primary[64];
    GArray *lists;          /* uint16_t: row number + 1 ..., 0 ends a list; list 0 is empty */
};

bool ppc_insn_available(const PPCInsnRow *row, uint32_t isa)
{
    if (row->isa & ~isa) {
        return false;
    }
    return !((row->flags & IF_INVALID3) && (isa & ISA_3_00));
}

PPCUserLevel ppc_insn_level(const PPCInsnRow *row)
{
    if (row->isa & ISA_3_00) {
        return LEVEL_3_00;
    }
    if (row->isa & (ISA_2_07 | ISA_TM) || row->flags & IF_USER_2_07) {
        return LEVEL_2_07;
    }
    if (row->isa & (ISA_2_06 | ISA_VSX) || row->flags & IF_USER_2_06) {
        return LEVEL_2_06;
    }
    return LEVEL_2_05;
}

bool ppc_insn_in_compat(const PPCInsnRow *row, uint64_t hflags)
{
    if (!ppc_level_in_compat(ppc_insn_level(row), hflags)) {
        return false;
    }
    return !((hflags & HF_TM_DIS && row->isa & ISA_TM) ||
             (hflags & HF_VSX_DIS && row->isa & ISA_VSX) ||
             (hflags & HF_VEC_DIS && row->isa & (ISA_ALTIVEC | ISA_VSX)));
}

static int compare_specific(gconstpointer a, gconstpointer b)
{
    const PPCInsnRow *left = &ppc_insns[*(const uint16_t *)a - 1];
    const PPCInsnRow *right = &ppc_insns[*(const uint16_t *)b - 1];
    return __builtin_popcount(right->mask) - __builtin_popcount(left->mask);
}

/* Adds a list of row numbers, most specific first; shares an equal earlier one. */
static uint16_t add_list(PPCDecoder *decoder, GHashTable *known, GArray *numbers)
{
    uint16_t end = 0;

    if (!numbers->len) {
        return 0;
    }
    g_array_sort(numbers, compare_specific);
    g_array_append_val(numbers, end);
    g_autoptr(GBytes) key = g_bytes_new(numbers->data, numbers->len * sizeof(uint16_t));
    gpointer found = g_hash_table_lookup(known, key);
    if (found) {
        return GPOINTER_TO_UINT(found);
    }
    uint16_t at = decoder->lists->len;
    g_array_append_vals(decoder->lists, numbers->data, numbers->len);
    g_hash_table_insert(known, g_steal_pointer(&key), GUINT_TO_POINTER(at));
    return at;
}

/* Notes a row at every index that its mask admits. */
static void note_row(GArray **at_index, uint16_t number)
{
    const PPCInsnRow *row = &ppc_insns[number - 1];
    uint32_t free_bits = ~row->mask & INDEX_MASK, fixed = row->opcode & INDEX_MASK, variable = 0;

    do {
        GArray **list = &at_index[fixed | variable];
        if (!*list) {
            *list = g_array_new(FALSE, FALSE, sizeof(uint16_t));
        }
        g_array_append_val(*list, number);
        variable = (variable - free_bits) & free_bits;    /* the next subset */
    } while (variable);
}

PPCDecoder *ppc_decoder_new(uint32_t isa)
{
    PPCDecoder *decoder = g_new0(PPCDecoder, 1);
    g_autoptr(GHashTable) known =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    g_autofree GArray **at_index = g_new0(GArray *, INDEX_SIZE);
    uint16_t end = 0;

    decoder->lists = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    g_array_append_val(decoder->lists, end);
    for (unsigned op = 0; op < 64; op++) {
        g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(uint16_t));
        uint32_t used = 0;
        for (unsigned i = 0; i < ppc_n_insns; i++) {
            const PPCInsnRow *row = &ppc_insns[i];
            if (row->opcode >> 26 == op && ppc_insn_available(row, isa)) {
                uint16_t number = i + 1;
                g_array_append_val(numbers, number);
                used |= row->mask & INDEX_MASK;
            }
        }
        if (!used) {
            decoder->primary[op].list = add_list(decoder, known, numbers);
            continue;
        }
        for (unsigned i = 0; i < numbers->len; i++) {
            note_row(at_index, g_array_index(numbers, uint16_t, i));
        }
        decoder->primary[op].index = g_new0(uint16_t, INDEX_SIZE);
        for (unsigned low = 0; low < INDEX_SIZE; low++) {
            if (at_index[low]) {
                decoder->primary[op].index[low] = add_list(decoder, known, at_index[low]);
                g_array_unref(at_index[low]);
                at_index[low] = NULL;
            }
        }
    }
    return decoder;
}

void ppc_decoder_free(PPCDecoder *decoder)
{
    if (!decoder) {
        return;
    }
    for (unsigned op = 0; op < 64; op++) {
        g_free(decoder->primary[op].index);
    }
    g_array_unref(decoder->lists);
    g_free(decoder);
}

const PPCInsnRow *ppc_decode(const PPCDecoder *decoder, uint32_t insn)
{
    unsigned op = insn >> 26;
    unsigned list = decoder->primary[op].index ? decoder->primary[op].index[insn & INDEX_MASK]
                                               : decoder->primary[op].list;
    const uint16_t *candidate = &g_array_index(decoder->lists, uint16_t, list);

    for (; *candidate; candidate++) {
        const PPCInsnRow *row = &ppc_insns[*candidate - 1];
        if ((insn & row->mask) == row->opcode) {
            return row;
        }
    }
    return NULL;
}
