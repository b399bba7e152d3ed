/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest with four processors: all of them at once, and again and again, make the calls
 * that concern the others (modes, hash page table changes, flushes, prods, interrupts, long block
 * operations), change code that others execute, stop themselves and start each other.  None may
 * stand still, take an interrupt that it did not ask for, or end the emulator; processor 0 says so
 * when all have done their share.
 */
#include "bare.h"

#ifndef FUZZ_ROUNDS
#define FUZZ_ROUNDS 20000
#endif
#ifndef FUZZ_SEED
#define FUZZ_SEED 1
#endif
#define PROCESSORS 4

#define H_REMOVE 0x04
#define H_ENTER 0x08
#define H_PROTECT 0x18
#define H_CEDE 0xe0
#define H_IPI 0x6c
#define H_CONFER 0xe4
#define H_PROD 0xe8
#define H_SET_MODE 0x31c
#define H_RESIZE_HPT_PREPARE 0x36c
#define H_RESIZE_HPT_COMMIT 0x370
#define H_REGISTER_PROC_TBL 0x37c
#define H_INT_RESET 0x3d0
#define H_RTAS 0xf000
#define H_LOGICAL_MEMOP 0xf001

/* One for each processor, far from this program: what long operations write, and code that changes.
 */
#define AREA(n) (0x01000000ull + (n) * 0x100000ull)

typedef struct Failure { uint64_t vector, srr0, srr1; } Failure;

static uint8_t stacks[PROCESSORS][16384] __attribute__((aligned(16), used));
static volatile uint64_t done[PROCESSORS];
static volatile Failure failures[PROCESSORS];
static uint32_t start_cpu, stop_self, query_stopped;
static bool guest_tlbie;

/*
 * start-cpu enters at secondary_entry with the number in r3, reading big-endian. A little-endian
 * program switches by byte-swapped words: mfmsr 5; ori 5,5,1; mtsrr1 5; bcl 20,31,.+4; mflr 6; addi
 * 6,6,16; mtsrr0 6; rfid.
 */
__asm__(".pushsection .text\n"
        ".globl secondary_entry\n"
        ".balign 16\n"
        "secondary_entry:\n"
#ifdef __LITTLE_ENDIAN__
        "  .long 0xa600a07c, 0x0100a560, 0xa603bb7c, 0x05009f42, 0xa602c87c, 0x1000c638, "
        "0xa603da7c, 0x2400004c\n"
#endif
        "  lis 2, .TOC.@h\n"
        "  ori 2, 2, .TOC.@l\n"
        "  lis 1, stacks@h\n"
        "  ori 1, 1, stacks@l\n"
        "  addi 4, 3, 1\n"
        "  sldi 4, 4, 14\n"
        "  add 1, 1, 4\n"
        "  addi 1, 1, -512\n"
        "  b secondary_main\n"
        /* An interrupt of a processor other than 0: it writes down what came, and stays. */
        ".globl bare_park\n"
        "bare_park:\n"
        "  lis 4, failures@h\n"
        "  ori 4, 4, failures@l\n"
        "  mulli 3, 3, 24\n"
        "  add 4, 4, 3\n"
        "  mfsrr0 3\n"
        "  std 3, 8(4)\n"
        "  mfsrr1 3\n"
        "  std 3, 16(4)\n"
        "  sync\n"
        "  std 0, 0(4)\n"
        "1: b 1b\n"
        ".popsection\n");
extern char secondary_entry[];

static void store_be32(uint8_t *at, uint32_t word)
{
    for (int i = 0; i < 4; i++) {
        at[i] = word >> (24 - 8 * i);
    }
}

static long hcall(long number, long a, long b, long c, long d, long e)
{
    const long arguments[8] = { a, b, c, d, e };
    long results[8];

    return bare_hcall(number, arguments, results);
}

/* Up to three arguments; the first result. */
static uint32_t rtas(uint32_t token, unsigned n, uint32_t a, uint32_t b, uint32_t c)
{
    uint8_t block[64] __attribute__((aligned(64)));

    store_be32(block, token);
    store_be32(block + 4, n);
    store_be32(block + 8, 2);
    store_be32(block + 12, a);
    store_be32(block + 16, b);
    store_be32(block + 20, c);
    hcall(H_RTAS, (long)block, 0, 0, 0, 0);
    return bare_be32(block + 12 + 4 * n);
}

static bool start(unsigned number)
{
    return rtas(start_cpu, 3, number, (uint64_t)secondary_entry, number) == 0;
}

/* Harmless instructions, whoever executes them meanwhile. */
static void change_code(unsigned owner, uint64_t r)
{
    volatile uint32_t *code = (volatile uint32_t *)(AREA(owner) + 0x80000);

    code[64] = 0x4e800020;                               /* blr */
    for (unsigned k = 0; k < 64; k++) {
        code[k] = r >> k & 1 ? 0x60000000 : 0x60000000 | (k & 31) << 21 | (k & 31) << 16;
    }
    __asm__ volatile("dcbst 0,%0; sync; icbi 0,%0; isync" : : "r"(code) : "memory");
}

static void run_code(unsigned owner)
{
    __asm__ volatile("isync; mtctr %0; bctrl"
                     :
                     : "r"(AREA(owner) + 0x80000)
                     : "ctr", "lr", "memory");
}

static void one_round(unsigned self, unsigned i, uint64_t r)
{
    unsigned other = r >> 8 & 3;
    uint8_t *area = (uint8_t *)AREA(self);

    switch (r % 20) {
    case 0:
        hcall(H_SET_MODE, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, 4, 0, 0, 0);
        break;
    case 1:
        hcall(H_SET_MODE, r >> 16 & 3, 3, 0, 0, 0);      /* interrupt location */
        break;
    case 2:
        hcall(H_REGISTER_PROC_TBL, 0x19 | (r >> 16 & 4), 0, 0, 0, 0);
        break;
    case 3:
        hcall(H_RESIZE_HPT_PREPARE, 0, 18 + (r >> 16 & 3), 0, 0, 0);
        hcall(H_RESIZE_HPT_COMMIT, 0, 18 + (r >> 16 & 3), 0, 0, 0);
        break;
    case 4:
        hcall(H_ENTER, 0, r >> 20 & 0x3ff, (r & 0x3fffffffffff00ull) | 1,
              0x190 | (r >> 40 & 0xf) << 12, 0);
        break;
    case 5:
        hcall(H_REMOVE, 0, r >> 20 & 0x3ff, 0, 0, 0);
        break;
    case 6:
        hcall(H_PROTECT, r >> 30 & 7, r >> 20 & 0x3ff, 0, 0, 0);
        break;
    case 7:
        if (guest_tlbie) {
            __asm__ volatile("ptesync; tlbie %0, %1; eieio; tlbsync; ptesync"
                             : : "r"(r & ~0xfffull), "r"(0L) : "memory");
        }
        break;
    case 8:
        hcall(H_PROD, other, 0, 0, 0, 0);
        break;
    case 9:
        hcall(H_CONFER, other, 0, 0, 0, 0);
        break;
    case 10:
        hcall(H_IPI, other, 0xff, 0, 0, 0);
        break;
    case 11:
        if (i % 64 == 0) {
            hcall(H_LOGICAL_MEMOP, (long)area, (long)area + 8, 0, 70000, r >> 20 & 1);
        }
        break;
    case 12:
        change_code(other, r);
        run_code(self);
        break;
    case 13:
        run_code(other);
        break;
    case 14:
        hcall(H_INT_RESET, 0, 0, 0, 0, 0);
        break;
    case 15:
        if ((r >> 16 & 0xfc) + 4 != H_CEDE) {            /* it would turn interrupts on */
            hcall(4 + (r >> 16 & 0xfc), r, r >> 8, r >> 16, r >> 24, 0);
        }
        break;
    case 16:
        rtas(query_stopped, 1, r >> 16 & 7, 0, 0);
        break;
    case 17:
        if (other) {
            start(other);                                /* mostly refused: it runs */
        }
        break;
    case 18:
        if (self && i % 16 == 0) {
            done[self] = i + 1;
            rtas(stop_self, 0, 0, 0, 0);
        }
        break;
    default:
        __asm__ volatile("ptesync; tlbiel %0; ptesync" : : "r"(r & ~0xfffull) : "memory");
    }
}

static void work(unsigned self)
{
    uint64_t state = (FUZZ_SEED + self * 0x9e3779b97f4a7c15ull) ^ (done[self] << 20) ^ 0x1234567;

    while (done[self] < FUZZ_ROUNDS) {
        uint64_t i = done[self];

        one_round(self, i, bare_random(&state));
        done[self] = i + 1;
    }
}

void secondary_main(uint64_t self);
void secondary_main(uint64_t self)
{
    work(self);
    for (;;) {
        hcall(H_PROD, 0, 0, 0, 0, 0);                    /* it may have conferred to itself */
    }
}

static bool equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static void find_tokens(const uint8_t *tree)
{
    const uint8_t *at = tree + bare_be32(tree + 8);
    const char *strings = (const char *)tree + bare_be32(tree + 12);

    for (;;) {
        uint32_t tag = bare_be32(at);
        at += 4;
        if (tag == 1) {
            while (*at) {
                at++;
            }
            at = (const uint8_t *)(((uint64_t)at + 4) & ~3ull);
        } else if (tag == 3) {
            uint32_t length = bare_be32(at), value = bare_be32(at + 8);
            const char *name = strings + bare_be32(at + 4);

            if (equal(name, "start-cpu")) {
                start_cpu = value;
            } else if (equal(name, "stop-self")) {
                stop_self = value;
            } else if (equal(name, "query-cpu-stopped-state")) {
                query_stopped = value;
            }
            at += 8 + ((length + 3) & ~3u);
        } else if (tag != 2 && tag != 4) {
            return;
        }
    }
}

void bare_test(const void *device_tree)
{
    uint32_t pvr;
    bool failed = false;

    __asm__ volatile("mfpvr %0" : "=r"(pvr));
    /* A POWER9 lets guests flush; it was given leave to (GTSE). */
    guest_tlbie = pvr >> 16 == 0x4e && hcall(H_REGISTER_PROC_TBL, 0x1d, 0, 0, 0, 0) == 0;
    find_tokens(device_tree);
    bare_note("seed", FUZZ_SEED);
    for (unsigned i = 0; i < PROCESSORS; i++) {
        change_code(i, 0);
    }
    for (unsigned i = 1; i < PROCESSORS; i++) {
        start(i);                                        /* unless one of the others was quicker */
    }
    work(0);
    for (unsigned i = 1; i < PROCESSORS; i++) {
        while (done[i] < FUZZ_ROUNDS && !failures[i].vector) {
            start(i);                                    /* in case it has stopped itself, */
            hcall(H_PROD, i, 0, 0, 0, 0);                /* or waits for a prod */
        }
    }
    for (unsigned i = 1; i < PROCESSORS; i++) {
        if (failures[i].vector) {
            failed = true;
            bare_note("processor", i);
            bare_note("vector", failures[i].vector);
            bare_note("srr0", failures[i].srr0);
            bare_note("srr1", failures[i].srr1);
        }
    }
    bare_ok(!failed, "no processor took an interrupt");
    bare_ok(true, "no processor stands still");
}
