/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle's side of the instruction vectors: a PowerPC Linux program, built for 64-bit big- or
 * little-endian or 32-bit processors and run under qemu-ppc64, qemu-ppc64le or qemu-ppc (or on a
 * real processor).
 *
 *   ppc-oracle INPUT OUTPUT
 *
 * For each record it loads the whole register state, executes the instructions and stores the
 * state. State and code stand at low fixed addresses, so that loads and stores need no base
 * register.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "vectors.h"

#define STATE 0x6000u         /* VectorState, then the saved registers of the caller */
#define SAVED 0x7c00u
#define PROLOGUE 0x30000u
#define EPILOGUE (VECTOR_CODE + 4 * VECTOR_INSNS)
#define AT(member) (STATE + offsetof(VectorState, member))

static uint32_t *at;

static void emit(uint32_t insn)
{
    *at++ = insn;
}

/* Encoders */
static uint32_t d_form(unsigned op, unsigned rt, unsigned ra, unsigned d)
{
    return op << 26 | rt << 21 | ra << 16 | (d & 0xffff);
}

/* Whole registers; a 32-bit processor has the low words (big-endian). */
static void ld(unsigned rt, unsigned address)
{
#ifdef __powerpc64__
    emit(d_form(58, rt, 0, address));
#else
    emit(d_form(32, rt, 0, address + 4));
#endif
}

static void std(unsigned rs, unsigned address)
{
#ifdef __powerpc64__
    emit(d_form(62, rs, 0, address));
#else
    emit(d_form(36, rs, 0, address + 4));
#endif
}

static void x_form(unsigned rt, unsigned ra, unsigned rb, unsigned xo)
{
    emit(31u << 26 | rt << 21 | ra << 16 | rb << 11 | xo << 1);
}

static void spr(unsigned xo, unsigned reg, unsigned number)
{
    x_form(reg, number & 31, number >> 5, xo);
}

enum { MFSPR = 339, MTSPR = 467, XER = 1, LR = 8, CTR = 9 };
enum { LXVD2X = 844, STXVD2X = 972 };

/* VSR n from or to the address in r3; without VSX FPR n, which is the first doubleword, or VR n
 * - 32. */
static void vsr(unsigned xo, unsigned n)
{
#ifdef __powerpc64__
    emit(31u << 26 | (n & 31) << 21 | 3u << 11 | xo << 1 | n >> 5);
#else
    if (n < 32) {
        emit(d_form(xo == LXVD2X ? 50 : 54, n, 3, 0));
    } else {
        emit(31u << 26 | (n & 31) << 21 | 3u << 11 | (xo == LXVD2X ? 103u : 231u) << 1);
    }
#endif
}

/* mtfsf 255,f0, of all 64 bits where there are as many */
static void set_fpscr(void)
{
#ifdef __powerpc64__
    emit(0xfffe058e);
#else
    emit(0xfdfe058e);
#endif
}

static void li(unsigned rt, unsigned value)
{
    emit(d_form(14, rt, 0, value));
}

static void make_prologue(void)
{
    at = (uint32_t *)(uintptr_t)PROLOGUE;
    spr(MFSPR, 0, LR);
    std(0, SAVED);
    x_form(0, 0, 0, 19);                        /* mfcr r0 */
    std(0, SAVED + 8);
    for (unsigned i = 1; i < 32; i++) {
        std(i, SAVED + 8 + 8 * i);
    }
    emit(d_form(50, 0, 0, AT(fpscr)));          /* lfd f0 */
    set_fpscr();
    li(3, STATE + offsetof(VectorState, vscr) - 8);
    vsr(LXVD2X, 32);                      /* low doubleword: VSCR */
    emit(4u << 26 | 0u << 11 | 1604);           /* mtvscr v0 */
    for (unsigned i = 0; i < 64; i++) {
        li(3, AT(vsr) + 16 * i);
        vsr(LXVD2X, i);
    }
    ld(3, AT(lr));
    spr(MTSPR, 3, LR);
    ld(3, AT(ctr));
    spr(MTSPR, 3, CTR);
    ld(3, AT(cr));
    emit(31u << 26 | 3u << 21 | 0xffu << 12 | 144u << 1);  /* mtcrf 255,r3 */
    ld(3, AT(xer));
    spr(MTSPR, 3, XER);
    for (unsigned i = 0; i < 32; i++) {
        ld(i, AT(gpr) + 8 * i);
    }
    uint32_t here = (uint32_t)(uintptr_t)at;
    emit(18u << 26 | ((VECTOR_CODE - here) & 0x3fffffc));
}

static void make_epilogue(void)
{
    at = (uint32_t *)(uintptr_t)EPILOGUE;
    for (unsigned i = 0; i < 32; i++) {
        std(i, AT(gpr) + 8 * i);
    }
    spr(MFSPR, 3, LR);
    std(3, AT(lr));
    spr(MFSPR, 3, CTR);
    std(3, AT(ctr));
    x_form(3, 0, 0, 19);
    std(3, AT(cr));
    spr(MFSPR, 3, XER);
    std(3, AT(xer));
    for (unsigned i = 0; i < 64; i++) {
        li(3, AT(vsr) + 16 * i);
        vsr(STXVD2X, i);
    }
    emit(63u << 26 | 583u << 1);                /* mffs f0 */
    emit(d_form(54, 0, 0, AT(fpscr)));          /* stfd f0 */
    emit(4u << 26 | 0u << 21 | 1540);           /* mfvscr v0 */
    li(3, SAVED + 0x180);
    vsr(STXVD2X, 32);
    ld(3, SAVED + 0x188);
    std(3, AT(vscr));
    /* A calm FPSCR for the C code. */
    emit(d_form(50, 0, 0, SAVED + 0x190));      /* lfd f0: zero */
    set_fpscr();
    ld(0, SAVED);
    spr(MTSPR, 0, LR);
    ld(0, SAVED + 8);
    emit(31u << 26 | 0u << 21 | 0xffu << 12 | 144u << 1);
    for (unsigned i = 1; i < 32; i++) {
        ld(i, SAVED + 8 + 8 * i);
    }
    emit(0x4e800020);                           /* blr */
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)info;
    ((volatile VectorState *)(uintptr_t)STATE)->signal = number;
#ifdef __powerpc64__
    uc->uc_mcontext.gp_regs[32] = EPILOGUE;     /* nip */
#else
    uc->uc_mcontext.uc_regs->gregs[32] = EPILOGUE;
#endif
}

static void map(uintptr_t address, size_t size, int prot)
{
    void *p = mmap((void *)address, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (p != (void *)address) {
        perror("ppc-oracle: mmap");
        exit(1);
    }
}

static void swap_numbers(VectorRecord *record)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    uint64_t *word = (uint64_t *)&record->state;
    for (unsigned i = 0; i < VECTOR_INSNS; i++) {
        record->insn[i] = __builtin_bswap32(record->insn[i]);
    }
    for (unsigned i = 0; i < VECTOR_WORDS; i++) {
        word[i] = __builtin_bswap64(word[i]);
    }
#else
    (void)record;
#endif
}

static void call_code(void)
{
    /* Calls the prologue; everything it does not save is clobbered. */
    register uintptr_t target asm("r12") = PROLOGUE;
    asm volatile("mtctr %0\n\tbctrl"
                 : "+r"(target)
                 :
                 : "memory", "lr", "ctr", "cr0", "cr1", "cr5", "cr6", "cr7", "xer");
}

int main(int argc, char **argv)
{
    static char stack[65536];
    static VectorRecord record;
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    static const int numbers[] = {SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP};

    if (argc != 3) {
        fprintf(stderr, "usage: ppc-oracle INPUT OUTPUT\n");
        return 1;
    }
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    if (!in || !out) {
        perror("ppc-oracle");
        return 1;
    }
    map(STATE & ~0xffffu, 0x10000, PROT_READ | PROT_WRITE);
    map(VECTOR_MEM, 0x10000, PROT_READ | PROT_WRITE);
    map(PROLOGUE, 0x10000, PROT_READ | PROT_WRITE | PROT_EXEC);
    make_prologue();
    make_epilogue();
    __builtin___clear_cache((char *)(uintptr_t)PROLOGUE, (char *)(uintptr_t)at);
    sigaltstack(&alternative, NULL);
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
    }
    while (fread(&record, sizeof(record), 1, in) == 1) {
        uint32_t *code = (uint32_t *)(uintptr_t)VECTOR_CODE;
        swap_numbers(&record);
        memcpy(code, record.insn, sizeof(record.insn));
        __builtin___clear_cache((char *)code, (char *)(code + VECTOR_INSNS));
        memcpy((void *)(uintptr_t)STATE, &record.state, offsetof(VectorState, mem));
        memcpy((void *)(uintptr_t)VECTOR_MEM, record.state.mem, VECTOR_MEM_SIZE);
        call_code();
        memcpy(&record.state, (void *)(uintptr_t)STATE, offsetof(VectorState, mem));
        memcpy(record.state.mem, (void *)(uintptr_t)VECTOR_MEM, VECTOR_MEM_SIZE);
        swap_numbers(&record);
        if (fwrite(&record, sizeof(record), 1, out) != 1) {
            perror("ppc-oracle: write");
            return 1;
        }
    }
    return fclose(out) == 0 ? 0 : 1;
}
