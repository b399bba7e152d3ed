/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest: hypercalls and RTAS calls with random and chosen arguments. Whatever it asks,
 * the emulator must answer and go on; the last case shows that it does.
 *
 * Left out are calls that by their meaning end or suspend the guest, or restart it, and addresses
 * inside this program, which the hypervisor may rightly overwrite: it lies, with its stack, below
 * the scratch area, and no place that something is written to begins below that. Everything the
 * hypervisor writes goes upwards from there.
 */
#include "bare.h"

#ifndef FUZZ_CALLS
#define FUZZ_CALLS 300000
#endif
#ifndef FUZZ_SEED
#define FUZZ_SEED 1
#endif

#define H_PAGE_INIT 0x2c
#define H_PUT_TERM_CHAR 0x58
#define H_CEDE 0xe0
#define H_CONFER 0xe4
#define H_JOIN 0x298
#define H_SIGNAL_SYS_RESET 0x380
#define H_SET_MODE 0x31c
#define H_WATCHDOG 0x45c
#define H_RTAS 0xf000
#define H_LOGICAL_MEMOP 0xf001
#define H_CAS 0xf002
#define H_VOF_CLIENT 0xf005

#define SCRATCH 0x01000000ull
#define SCRATCH_SIZE 65536ull
#define scratch ((uint8_t *)SCRATCH)
static uint64_t state = FUZZ_SEED * 0x9e3779b97f4a7c15ull;
static uint32_t tokens[128], nvram_fetch, start_cpu;
static unsigned token_count;

static uint64_t pick(uint64_t limit)
{
    return bare_random(&state) % limit;
}

/* Processors that start-cpu let loose come here with their first interrupt, and can be started
 * again. */
extern char bare_park[];
static uint8_t stop_block[12] __attribute__((aligned(16), used));
__asm__(".pushsection .text\n"
        ".globl bare_park\n"
        "bare_park:\n"
        "  lis 3, 0\n"
        "  ori 3, 3, 0xf000\n"          /* H_RTAS */
        "  lis 4, stop_block@h\n"
        "  ori 4, 4, stop_block@l\n"
        "  sc 1\n"
        "  b bare_park\n"
        ".popsection\n");

/* Something that a careless implementation would trust. */
static uint64_t value(void)
{
    static const uint64_t chosen[] = {
        0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255,
        0x71000000, 0x71000001, 0x71000002, 0x1000, 0x1001, 0x1100, 0x1200, 0x12ff, 0x80000000,
        0x1ffffff8, 0x1fffffff, 0x20000000, 0x20000001, 0x7fffffff, 0xffffffff, 0x100000000ull,
        0x10000000000ull, 0x800000020000000ull, 0x7fffffffffffffffull, 0x8000000000000000ull,
        0x8000000000000001ull, 0xc000000000000000ull, 0xfffffffffffff000ull, 0xfffffffffffffff8ull,
        0xffffffffffffffffull,
    };
    switch (pick(6)) {
    case 0:
        return bare_random(&state);
    case 1:
        return 1ull << pick(64);
    case 2:
        return SCRATCH + pick(SCRATCH_SIZE);
    case 3:
        return SCRATCH + pick(SCRATCH_SIZE / 4096) * 4096;
    default:
        return chosen[pick(sizeof chosen / sizeof chosen[0])];
    }
}

/* Small numbers are arguments worth trying; as places that much is written to they reach this
 * program. Real addresses have 60 bits: the rest does not make another place of it. */
static bool is_below_scratch(uint64_t address)
{
    return (address & 0x0fffffffffffffffull) < SCRATCH;
}

static bool is_own_memory(uint64_t address)
{
    return is_below_scratch(address) && (address & 0x0fffffffffffffffull) >= 0x100;
}

static bool equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Collects the tokens of the node "rtas" from the flattened device tree. */
static void find_tokens(const uint8_t *tree)
{
    static const char *const avoided[] = {
        "power-off",
        "system-reboot",
        "ibm,power-off-ups",
        "ibm,os-term",
        "stop-self",
        "ibm,suspend-me",
        "rtas-size",
        "rtas-version",
        "rtas-event-scan-rate",
        "rtas-error-log-max",
        "linux,rtas-base",
        "linux,rtas-entry",
        "phandle",
        "ibm,max-associativity-domains",
        "ibm,extended-os-term",
        "display-character",
    };
    const uint8_t *at = tree + bare_be32(tree + 8);
    const char *strings = (const char *)tree + bare_be32(tree + 12);
    int depth = 0, inside = 0;

    for (;;) {
        uint32_t tag = bare_be32(at);
        at += 4;
        if (tag == 1) {
            depth++;
            if (depth == 2 && equal((const char *)at, "rtas")) {
                inside = depth;
            }
            while (*at) {
                at++;
            }
            at = (const uint8_t *)(((uint64_t)at + 4) & ~3ull);
        } else if (tag == 2) {
            if (depth-- == inside) {
                inside = 0;
            }
        } else if (tag == 3) {
            uint32_t length = bare_be32(at);
            const char *name = strings + bare_be32(at + 4);
            at += 8;
            bool wanted = inside == depth && inside && length == 4 && token_count < 128;
            for (unsigned i = 0; wanted && i < sizeof avoided / sizeof avoided[0]; i++) {
                wanted = !equal(name, avoided[i]);
            }
            if (inside == depth && equal(name, "stop-self")) {
                for (int i = 0; i < 4; i++) {
                    stop_block[i] = at[i];
                }
            }
            if (inside == depth && equal(name, "start-cpu")) {
                start_cpu = bare_be32(at);
            }
            if (wanted && equal(name, "nvram-fetch")) {
                nvram_fetch = bare_be32(at);
            }
            if (wanted) {
                tokens[token_count++] = bare_be32(at);
            }
            at += (length + 3) & ~3u;
        } else if (tag != 4) {
            return;
        }
    }
}

static void store_be32(uint8_t *at, uint32_t word)
{
    for (int i = 0; i < 4; i++) {
        at[i] = word >> (24 - 8 * i);
    }
}

static void call(long number, long arguments[8])
{
    long results[8];

    for (int i = 0; i < 8; i++) {
        if (is_own_memory(arguments[i])) {
            arguments[i] = SCRATCH;
        }
    }
    if (number == H_LOGICAL_MEMOP && is_below_scratch(arguments[0])) {
        arguments[0] = SCRATCH;
    }
    if (number == H_PAGE_INIT && is_below_scratch(arguments[1])) {
        arguments[1] = SCRATCH;
    }
    if (number == H_CEDE || number == H_JOIN || number == H_SIGNAL_SYS_RESET || number == H_CAS ||
        number == H_VOF_CLIENT || number == H_CONFER ||
        (number == H_PUT_TERM_CHAR && (unsigned long)arguments[1] <= 16)) {
        return;
    }
    bare_hcall(number, arguments, results);
    if (number == H_WATCHDOG) {
        static const long stop_all[8] = { 0x200, -1 };
        bare_hcall(number, stop_all, results);
    }
    if (number == H_SET_MODE) {
        /* Breakpoints off, interrupts in this program's byte order. */
        static const long off[][8] = { { 0, 1 }, { 0, 2 }, { 0, 5 }, { 0, 3 },
            { __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, 4 } };
        for (unsigned i = 0; i < sizeof off / sizeof off[0]; i++) {
            bare_hcall(number, off[i], results);
        }
    }
}

static void random_hypercall(void)
{
    long arguments[8], number = pick(0x500) * 4;

    switch (pick(16)) {
    case 0:
        number = bare_random(&state);
        break;
    case 1:
        number = 0xf000 + pick(16);
        if (number == H_RTAS) {
            number = 0xf00f;
        }
        break;
    case 2:
        number += pick(4);
        break;
    }
    for (int i = 0; i < 8; i++) {
        arguments[i] = value();
    }
    call(number, arguments);
}

static void random_rtas(void)
{
    uint8_t *block = scratch + pick(SCRATCH_SIZE - 256) / 4 * 4;
    uint32_t count = pick(12), returns = pick(6);
    uint64_t where = (uint64_t)block;

    if (token_count == 0) {
        return;
    }
    store_be32(block, pick(20) ? tokens[pick(token_count)] : value());
    store_be32(block + 4, pick(20) ? count : value());
    store_be32(block + 8, pick(20) ? returns : value());
    for (int i = 0; i < 16; i++) {
        uint64_t word = value();
        bool buffer = i == 1 && bare_be32(block) == nvram_fetch;

        if (buffer ? is_below_scratch((uint32_t)word) : is_own_memory((uint32_t)word)) {
            word = 0x20000000;
        }
        /* Random words as instructions of another processor would end this program, not the
         * emulator. */
        if (i == 1 && bare_be32(block) == start_cpu && (uint32_t)word < 0x20000000) {
            word = (uint64_t)bare_park | (word & 3);
        }
        store_be32(block + 12 + 4 * i, word);
    }
    if (pick(40) == 0) {
        where = value();
    }
    long arguments[8] = { where };
    call(H_RTAS, arguments);
}

void bare_test(const void *device_tree)
{
    find_tokens(device_tree);
    bare_note("RTAS tokens", token_count);
    bare_note("seed", FUZZ_SEED);
    for (unsigned i = 0; i < FUZZ_CALLS; i++) {
        if (i % 10000 == 0) {
            bare_note("calls", i);
        }
        if (i % 64 == 0) {
            for (unsigned k = 0; k < 256; k++) {
                scratch[pick(SCRATCH_SIZE)] = bare_random(&state);
            }
        }
        if (pick(4) == 0) {
            random_rtas();
        } else {
            random_hypercall();
        }
    }
    bare_ok(true, "the emulator answers after all calls");
}
