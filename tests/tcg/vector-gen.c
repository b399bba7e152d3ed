/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector records from decode rows: a word with random operands and a random state in which memory
 * operands lie in the vectors' memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "vector-gen.h"

#define NOP 0x60000000u

static const struct {
    const char *name;
    unsigned count;        /* vectors per row in golden files */
} groups[] = {
    [GROUP_INT] = {"int", 24}, [GROUP_FP] = {"fp", 48}, [GROUP_DFP] = {"dfp", 32},
    [GROUP_VMX] = {"vmx", 12}, [GROUP_VSX] = {"vsx", 24}, [GROUP_SEQ] = {"seq", 600},
    [GROUP_ALL] = {"all", 16},
};

static bool mode_32;

void vector_mode_32(void)
{
    mode_32 = true;
}

bool vector_is_32(void)
{
    return mode_32;
}

uint32_t vector_isa(void)
{
    return mode_32 ? VECTOR_ISA_7447A : VECTOR_ISA_POWER9;
}

bool vector_group_parse(const char *name, VectorGroup *group)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (strcmp(groups[i].name, name) == 0) {
            *group = (VectorGroup)i;
            return true;
        }
    }
    return false;
}

const char *vector_group_name(VectorGroup group)
{
    return groups[group].name;
}

unsigned vector_group_count(VectorGroup group)
{
    return groups[group].count;
}

VectorGroup vector_row_group(const PPCInsnRow *row)
{
    if (row->isa & ISA_DFP) {
        return GROUP_DFP;
    }
    if ((row->flags & (IF_VSX | IF_VSX_TX)) || (row->isa & ISA_VSX)) {
        return GROUP_VSX;
    }
    if (row->flags & IF_VEC) {
        return GROUP_VMX;
    }
    return row->flags & IF_FP ? GROUP_FP : GROUP_INT;
}

/* QEMU's user mode stops at an alignment interrupt, which these raise in little-endian mode. */
static bool big_endian_only(const PPCInsnRow *row)
{
    static const char *const names[] = {"lmw", "stmw", "lswi", "lswx", "stswi", "stswx"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(row->mnemonic, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool vector_row_usable(const PPCInsnRow *row)
{
    return ppc_insn_available(row, vector_isa()) &&
           !(row->flags & (IF_NOGEN | IF_PRIV | IF_HV | IF_BRANCH | IF_END | IF_TM));
}

const PPCDecoder *vector_decoder(void)
{
    static PPCDecoder *decoder;
    if (!decoder) {
        decoder = ppc_decoder_new(vector_isa());
    }
    return decoder;
}

static uint64_t name_hash(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) {
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    }
    return hash;
}

/* ---- The state ---- */

static void random_state(VectorRand *r, VectorGroup group, bool fpscr_varies, VectorState *state)
{
    memset(state, 0, sizeof(*state));
    for (unsigned i = 0; i < 32; i++) {
        state->gpr[i] = vector_integer(r);
    }
    state->lr = vector_rand(r) & ~(uint64_t)3;
    state->ctr = vector_integer(r);
    state->cr = vector_rand(r) & 0xffffffff;
    /* SO OV CA, OV32 CA32, and the string count */
    state->xer = (vector_rand(r) & 0xe00c0000) | vector_below(r, 32);
    for (unsigned i = 0; i < 64; i++) {
        vector_v128(r, group, state->vsr[i]);
    }
    state->vscr = vector_below(r, 4) == 0 ? 0x10000 : 0;
    state->vscr |= vector_below(r, 4) == 0;
    if (fpscr_varies && vector_below(r, 2)) {
        state->fpscr = vector_below(r, 4);                       /* RN */
        state->fpscr |= (uint64_t)vector_below(r, 8) << 32;      /* DRN */
        if (vector_below(r, 4) == 0) {
            state->fpscr |= vector_rand(r) & 0x1f000;            /* FPRF */
        }
        if (vector_below(r, 4) == 0) {
            state->fpscr |= vector_rand(r) & 0x1ff80700 & ~(uint64_t)0x1f000;   /* sticky bits */
        }
        if (vector_below(r, 4) == 0) {
            state->fpscr |= vector_rand(r) & 0xf8;               /* enables */
        }
        /* Nothing that is enabled has happened; VX sums up. */
        if (state->fpscr & 0x1f80700) {
            state->fpscr = (state->fpscr & ~(uint64_t)0x80) | 0x20000000;
        }
        state->fpscr &= ~(state->fpscr >> 22 & 0x78);
    }
    for (unsigned i = 0; i < VECTOR_MEM_SIZE; i += 8) {
        uint64_t value = i % 16 ? vector_integer(r)
                                : vector_below(r, 2) ? vector_double(r) : vector_rand(r);
        memcpy(&state->mem[i], &value, 8);
    }
}

/* ---- Memory operands ---- */

/* Makes base plus the rest of the address fall into the memory; false if the form cannot. */
static void place_address(VectorRand *r, const PPCInsnRow *row, uint32_t *insn, VectorState *state)
{
    unsigned ra = insn_ra(*insn), rb = insn_rb(*insn);
    bool aligned = strstr(row->mnemonic, "arx") || strstr(row->mnemonic, "cx.") ||
                   strstr(row->mnemonic, "dat") || strstr(row->mnemonic, "wat") ||
                   strcmp(row->mnemonic, "lq") == 0 || strcmp(row->mnemonic, "stq") == 0;
    uint64_t address = VECTOR_MEM + 160 + vector_below(r, 160);
    const char *paren = strchr(row->operands, '(');

    if (aligned || vector_below(r, 3) == 0) {
        address &= ~(uint64_t)15;
    }
    if (paren || strstr(row->operands, "RA0,FC") || strstr(row->operands, "RA0,NB")) {
        int64_t disp = 0;
        if (paren) {
            disp = strstr(row->operands, "DQ(") ? insn_dq(*insn)
                   : strstr(row->operands, "DS(") ? insn_ds(*insn) : insn_si(*insn);
        }
        if (!ra) {
            ra = 1 + vector_below(r, 31);
            *insn |= ra << 16;
        }
        state->gpr[ra] = address - disp;
        return;
    }
    if (!ra && strstr(row->operands, "RA0")) {
        state->gpr[rb] = address;
    } else if (!ra) {
        state->gpr[0] = 16;
        state->gpr[rb] = rb ? address - 16 : address;
    } else if (ra == rb) {
        state->gpr[ra] = (address & ~(uint64_t)1) / 2;
    } else {
        if (vector_below(r, 2)) {
            state->gpr[rb] = vector_below(r, 64) & ~(uint64_t)15;
        }
        state->gpr[ra] = address - state->gpr[rb];
    }
}

static bool touches_memory(const PPCInsnRow *row)
{
    return row->flags & (IF_LOAD | IF_STORE);
}

static uint32_t random_word(VectorRand *r, const PPCInsnRow *row)
{
    return row->opcode | ((uint32_t)vector_rand(r) & ~row->mask & ~ppc_insn_reserved(row));
}

/* ---- Sequences: how instructions work together in one block ---- */

/* Register fields are squeezed into r3..r10, so that results are used. */
static uint32_t squeeze(const PPCInsnRow *row, uint32_t insn)
{
    const char *text = row->operands;
    while (*text) {
        const PPCOperand *operand = ppc_operand_parse(&text);
        if (!operand) {
            text++;
        } else if (operand->kind == OPK_GPR || operand->kind == OPK_GPR0) {
            unsigned reg = insn >> operand->low_shift & 31;
            insn &= ~(31u << operand->low_shift);
            insn |= (3 + reg % 8) << operand->low_shift;
        } else if (operand->kind == OPK_CRF) {
            insn &= ~(6u << operand->low_shift);
        }
    }
    return insn;
}

static const PPCInsnRow *row_by_name(const char *name)
{
    for (unsigned i = 0; i < ppc_n_insns; i++) {
        if (strcmp(ppc_insns[i].mnemonic, name) == 0) {
            return &ppc_insns[i];
        }
    }
    g_error("no row %s", name);
}

/* By name: sequences must not change when rows are added. */
static const PPCInsnRow *random_integer_row(VectorRand *r)
{
    static const char *const names[] = {
        "addi",   "addis",  "addic",    "addic.", "subfic",  "mulli",   "add",     "addc",
        "adde",   "addme",  "addze",    "addex",  "subf",    "subfc",   "subfe",   "subfme",
        "subfze", "neg",    "mullw",    "mulld",  "mulhd",   "mulhdu",  "maddhd",  "maddld",
        "cmpi",   "cmp",    "cmpli",    "cmpl",   "cmprb",   "cmpeqb",  "setb",    "isel",
        "andi.",  "andis.", "ori",      "xoris",  "and",     "andc",    "or",      "orc",
        "nor",    "nand",   "xor",      "eqv",    "extsb",   "extsh",   "extsw",   "cntlzw",
        "cnttzw", "cntlzd", "cnttzd",   "cmpb",   "popcntb", "popcntw", "popcntd", "prtyw",
        "prtyd",  "bpermd", "rlwinm",   "rlwnm",  "rlwimi",  "rldicl",  "rldicr",  "rldic",
        "rldimi", "rldcl",  "slw",      "srw",    "srawi",   "sraw",    "sld",     "srd",
        "sradi",  "srad",   "extswsli", "mfcr",   "mtcrf",   "mcrxrx",  "crand",   "crandc",
        "creqv",  "crnand", "crnor",    "cror",   "crorc",   "crxor",   "mcrf",    "twi",
        "td",
    };
    return row_by_name(names[vector_below(r, G_N_ELEMENTS(names))]);
}

static void make_sequence(VectorRand *r, VectorRecord *record)
{
    static const struct {
        uint32_t load, store;
    } reserve[] = {
        {0x7c000068, 0x7c00056d}, {0x7c0000e8, 0x7c0005ad}, {0x7c000028, 0x7c00012d},
        {0x7c0000a8, 0x7c0001ad}, {0x7c000228, 0x7c00016d},
    };

    for (unsigned i = 0; i < VECTOR_INSNS; i++) {
        const PPCInsnRow *row = random_integer_row(r);
        record->insn[i] = squeeze(row, random_word(r, row));
    }
    switch (vector_below(r, 7)) {
    case 0: {   /* a branch over one instruction */
        unsigned at = vector_below(r, 3);
        record->insn[at] = 16u << 26 | vector_below(r, 32) << 21 | vector_below(r, 12) << 16 | 8 |
                           vector_below(r, 2);
        if (at == 2) {
            record->insn[at] = (record->insn[at] & ~0xfffcu) | 4;
        }
        break;
    }
    case 3: {   /* to an address in a register; bcctr does not decrement */
        unsigned at = vector_below(r, 3), to_ctr = vector_below(r, 2);
        unsigned bo = vector_below(r, 32) | (to_ctr ? 4 : 0);
        uint64_t dest =
            VECTOR_CODE + 4 * (at + 1 + vector_below(r, VECTOR_INSNS - at)) + vector_below(r, 4);
        record->insn[at] = 19u << 26 | bo << 21 | vector_below(r, 32) << 16 |
                           (to_ctr ? 528u : 16u) << 1 | vector_below(r, 2);
        record->state.lr = to_ctr ? record->state.lr : dest;
        record->state.ctr = to_ctr ? dest : 1 + vector_below(r, 2);
        break;
    }
    case 4:     /* unconditional, forward */
        record->insn[1] = 18u << 26 | (vector_below(r, 3) + 1) << 2 | vector_below(r, 2);
        break;
    case 1: {   /* a reservation: the same address or not (QEMU does not compare sizes) */
        unsigned a = vector_below(r, 5);
        record->state.gpr[11] = VECTOR_MEM + 160 + 16 * vector_below(r, 4);
        record->state.gpr[12] = vector_below(r, 4) ? record->state.gpr[11] : VECTOR_MEM + 256;
        record->insn[0] = reserve[a].load | 4u << 21 | 11u << 11;
        record->insn[2] = reserve[a].store | 6u << 21 | 12u << 11;
        break;
    }
    case 2:     /* record form and branch: fused compare */
        record->insn[1] = 0x7c632a15;                     /* add. r3,r3,r5 */
        record->insn[2] = 16u << 26 | (vector_below(r, 2) ? 12u : 4u) << 21 |
                          vector_below(r, 4) << 16 | 8;
        record->insn[3] = NOP;
        break;
    default:
        break;
    }
}

void vector_make(const PPCInsnRow *row, unsigned n, int64_t seed, bool big_endian,
                 VectorRecord *record)
{
    VectorRand r = {name_hash(row ? row->mnemonic : "sequence") + (uint64_t)seed * 0x1000003 + n};
    VectorGroup group = row ? vector_row_group(row) : GROUP_SEQ;
    bool fp = group == GROUP_FP || group == GROUP_DFP || group == GROUP_VSX;

    memset(record, 0, sizeof(*record));
    random_state(&r, group, fp, &record->state);
    for (unsigned i = 0; i < VECTOR_INSNS; i++) {
        record->insn[i] = NOP;
    }
    if (!row) {
        make_sequence(&r, record);
        return;
    }
    record->insn[0] = random_word(&r, row);
    /* A word may decode as a more specific row: that one has vectors of its own. */
    for (unsigned tries = 0; ppc_decode(vector_decoder(), record->insn[0]) != row && tries < 100;
         tries++) {
        record->insn[0] = random_word(&r, row);
    }
    if (strcmp(row->mnemonic, "mtocrf") == 0 || strcmp(row->mnemonic, "mfocrf") == 0) {
        /* Undefined unless exactly one field is named. */
        record->insn[0] = (record->insn[0] & ~0xff000u) | 0x1000u << vector_below(&r, 8);
    }
    if (touches_memory(row)) {
        place_address(&r, row, &record->insn[0], &record->state);
    }
    if (g_str_has_prefix(row->mnemonic, "bcd")) {
        vector_decimal_operands(&r, row, record->insn[0], &record->state);
    }
}

/* ---- Iteration ---- */

void vector_gen_init(VectorGen *gen, VectorGroup group, const char *pattern, unsigned count,
                     int64_t seed, bool big_endian)
{
    *gen = (VectorGen){
        .group = group,
        .pattern = pattern ? g_pattern_spec_new(pattern) : NULL,
        .count = count ? count : vector_group_count(group),
        .seed = seed,
        .big_endian = big_endian,
    };
}

static bool row_wanted(const VectorGen *gen, const PPCInsnRow *row)
{
    if (big_endian_only(row) && !gen->big_endian) {
        return false;
    }
    if (!vector_row_usable(row) ||
        (gen->group != GROUP_ALL && vector_row_group(row) != gen->group)) {
        return false;
    }
    return !gen->pattern || g_pattern_spec_match_string(gen->pattern, row->mnemonic);
}

bool vector_gen_next(VectorGen *gen, VectorRecord *record)
{
    if (gen->group == GROUP_SEQ) {
        if (gen->n >= gen->count) {
            return false;
        }
        vector_make(NULL, gen->n++, gen->seed, gen->big_endian, record);
        return true;
    }
    while (gen->row < ppc_n_insns &&
           (gen->n >= gen->count || !row_wanted(gen, &ppc_insns[gen->row]))) {
        gen->row++;
        gen->n = 0;
    }
    if (gen->row >= ppc_n_insns) {
        if (gen->pattern) {
            g_pattern_spec_free(gen->pattern);
            gen->pattern = NULL;
        }
        return false;
    }
    vector_make(&ppc_insns[gen->row], gen->n++, gen->seed, gen->big_endian, record);
    return true;
}

void vector_gen_list(VectorGroup group)
{
    VectorGen gen;
    vector_gen_init(&gen, group, NULL, 0, 0, false);
    for (unsigned i = 0; i < ppc_n_insns; i++) {
        if (row_wanted(&gen, &ppc_insns[i])) {
            printf("%s\n", ppc_insns[i].mnemonic);
        }
    }
}

/* ---- Texts ---- */

char *vector_insns_text(const VectorRecord *record)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < VECTOR_INSNS; i++) {
        if (i && record->insn[i] == NOP) {
            continue;
        }
        if (i) {
            g_string_append(text, "; ");
        }
        g_string_append_printf(text, "%08x ", record->insn[i]);
        ppc_disas(ppc_decode(vector_decoder(), record->insn[i]), record->insn[i],
                  VECTOR_CODE + 4 * i, text);
    }
    return g_string_free(text, FALSE);
}

const char *vector_record_name(const VectorRecord *record)
{
    const PPCInsnRow *row = ppc_decode(vector_decoder(), record->insn[0]);
    if (record->insn[1] != NOP) {
        return "sequence";
    }
    return row ? row->mnemonic : "illegal";
}

void vector_word_name(unsigned index, char name[16])
{
    static const char *const others[] = {"lr", "ctr", "cr", "xer", "fpscr", "vscr"};

    if (index < 32) {
        g_snprintf(name, 16, "r%u", index);
    } else if (index < 38) {
        g_strlcpy(name, others[index - 32], 16);
    } else if (index < 38 + 128) {
        g_snprintf(name, 16, "vs%u.%u", (index - 38) / 2, (index - 38) % 2);
    } else {
        g_strlcpy(name, "signal", 16);
    }
}

void vector_print_operands(const VectorRecord *record)
{
    const PPCInsnRow *row = ppc_decode(vector_decoder(), record->insn[0]);
    const char *text = row ? row->operands : "";

    printf("#   xer %08" PRIx64 " cr %08" PRIx64 " fpscr %" PRIx64 " vscr %" PRIx64 "\n",
           record->state.xer, record->state.cr, record->state.fpscr, record->state.vscr);
    while (*text) {
        const PPCOperand *operand = ppc_operand_parse(&text);
        if (!operand) {
            text++;
            continue;
        }
        unsigned n = ppc_operand_value(operand, record->insn[0]) & 63;
        if (operand->kind == OPK_GPR || operand->kind == OPK_GPR0) {
            printf("#   %s r%u = %016" PRIx64 "\n", operand->token, n, record->state.gpr[n & 31]);
        } else if (operand->kind == OPK_FPR || operand->kind == OPK_VSR ||
                   operand->kind == OPK_VR) {
            unsigned v = operand->kind == OPK_VR ? n + 32 : n;
            printf("#   %s vs%u = %016" PRIx64 " %016" PRIx64 "\n", operand->token, v,
                   record->state.vsr[v][0], record->state.vsr[v][1]);
        }
    }
}
