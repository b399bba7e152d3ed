/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bare-metal test program has: a console, hypercalls, interrupts that it provokes, TAP
 * lines. */
#ifndef BARE_H
#define BARE_H

#include <stdbool.h>
#include <stdint.h>

/* Filled in by the vectors (start.S knows the offsets). */
typedef struct BareInterrupt {
    uint64_t vector, srr0, srr1, dar, dsisr;
    uint64_t saved_r4;
    uint64_t count;         /* interrupts so far */
    uint64_t expect;        /* not 0: go on after an interrupt */
    uint64_t resume;        /* where, or 0 for the next instruction */
    uint64_t srr1_clear;    /* bits to clear in SRR1 before going back */
} BareInterrupt;

extern volatile BareInterrupt bare_interrupt;

/* The MSR as the program was entered (with LE set in a little-endian program). */
extern uint64_t bare_entry_msr;

/* The program: called once, with the device tree the machine passed. */
void bare_test(const void *device_tree);

/* One hypercall: r3 = number, r4… = arguments; returns r3, leaves r4… in results. */
long bare_hcall(long number, const long arguments[8], long results[8]);

void bare_puts(const char *text);
void bare_put_hex(uint64_t value);
void bare_put_decimal(uint64_t value);

/* One TAP case; a failed one may be followed by bare_note lines. */
void bare_ok(bool good, const char *name);
void bare_note(const char *what, uint64_t value);

/* Forgets the last interrupt and expects one more. */
void bare_arm(void);

/* True if exactly one interrupt came since bare_arm(), at that vector; ends the expectation. */
bool bare_took(uint64_t vector);

/* A 32-bit or 64-bit big-endian property cell. */
uint32_t bare_be32(const void *at);

/* Pseudo-random 64 bits from a state that is not 0. */
uint64_t bare_random(uint64_t *state);

static inline uint64_t bare_mfmsr(void)
{
    uint64_t value;
    __asm__ volatile("mfmsr %0" : "=r"(value));
    return value;
}

static inline void bare_mtmsrd(uint64_t value)
{
    __asm__ volatile("mtmsrd %0; isync" : : "r"(value) : "memory");
}

#define MSR_SF (1ull << 63)
#define MSR_EE (1ull << 15)
#define MSR_PR (1ull << 14)
#define MSR_FP (1ull << 13)
#define MSR_IR (1ull << 5)
#define MSR_DR (1ull << 4)
#define MSR_SE (1ull << 10)
#define MSR_VEC (1ull << 25)
#define MSR_VSX (1ull << 23)

#endif
