/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modes of floating point: rounding modes, enabled exceptions with and without MSR.FE0/FE1,
 * interrupts that a change of MSR or FPSCR makes due, FPSCR.NI, VSCR.NJ (Power ISA 3.0B, Book I
 * chapter 4 and 6.6, Book III 6.5.9). Instructions stand among others, so that they are in the
 * middle of translated code.
 */
#include "bare.h"

#define MSR_FE0 (1ull << 11)
#define MSR_FE1 (1ull << 8)
#define SRR1_FP (1ull << 20)
#define SRR1_LATER (1ull << 16)         /* SRR0 is behind the instruction that caused it */

#define FPSCR_FX (1ull << 31)
#define FPSCR_FEX (1ull << 30)
#define FPSCR_VX (1ull << 29)
#define FPSCR_OX (1ull << 28)
#define FPSCR_UX (1ull << 27)
#define FPSCR_ZX (1ull << 26)
#define FPSCR_XX (1ull << 25)
#define FPSCR_VXZDZ (1ull << 21)
#define FPSCR_VXIMZ (1ull << 20)
#define FPSCR_VE (1ull << 7)
#define FPSCR_OE (1ull << 6)
#define FPSCR_UE (1ull << 5)
#define FPSCR_ZE (1ull << 4)
#define FPSCR_XE (1ull << 3)
#define FPSCR_NI (1ull << 2)

#define ONE 0x3ff0000000000000ull
#define THREE 0x4008000000000000ull
#define INFINITE 0x7ff0000000000000ull
#define HUGE 0x7fe0000000000000ull
#define TINY 0x0010000000000000ull
#define OLD 0x1234567890abcdefull
#define SIGN 0x8000000000000000ull

static void set_fpscr(uint64_t value)
{
    __asm__ volatile("lfd 0, 0(%0); mtfsf 255, 0" : : "b"(&value) : "fr0", "memory");
}

static uint64_t get_fpscr(void)
{
    uint64_t value;
    __asm__ volatile("mffs 0; stfd 0, 0(%0)" : : "b"(&value) : "fr0", "memory");
    return value;
}

/* What an operation on f1 = a, f2 = b leaves in f3, which held OLD, and where its instruction lies.
 */
typedef struct Result {
    uint64_t value, address;
} Result;

#define OPERATION(name, instruction) \
    static Result name(uint64_t a, uint64_t b) \
    { \
        uint64_t in[3] = { a, b, OLD }; \
        Result r; \
        __asm__ volatile("lfd 1, 0(%1); lfd 2, 8(%1); lfd 3, 16(%1);" \
                         "bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; fmr 4, 1; fmr 5, 2;" \
                         "2: " instruction "; fmr 6, 3; stfd 3, 0(%2)" \
                         : "=&b"(r.address) : "b"(in), "b"(&r.value) \
                         : "lr", "memory", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6"); \
        return r; \
    }
OPERATION(add, "fadd 3, 1, 2")
OPERATION(mul, "fmul 3, 1, 2")
OPERATION(divide, "fdiv 3, 1, 2")
OPERATION(divide_single, "fdivs 3, 1, 2")
OPERATION(vector_divide, ".long 0xf06113c0 /* xvdivdp 3, 1, 2 */")

static void same(const char *name, uint64_t got, uint64_t want)
{
    bare_ok(got == want, name);
    if (got != want) {
        bare_note("got", got);
        bare_note("want", want);
    }
}

static void rounding(void)
{
    static const struct {
        uint64_t third, single, minus, sum, top, low;
    } rows[] = {
        {0x3fd5555555555555ull, 0x3fd5555560000000ull, SIGN | 0x3fd5555555555555ull, 0, INFINITE,
         0},
        {0x3fd5555555555555ull, 0x3fd5555540000000ull, SIGN | 0x3fd5555555555555ull, 0,
         0x7fefffffffffffffull, 0},
        {0x3fd5555555555556ull, 0x3fd5555560000000ull, SIGN | 0x3fd5555555555555ull, 0, INFINITE,
         1},
        {0x3fd5555555555555ull, 0x3fd5555540000000ull, SIGN | 0x3fd5555555555556ull, SIGN,
         0x7fefffffffffffffull, 0},
    };
    bool good = true;

    for (unsigned rn = 0; rn < 4; rn++) {
        set_fpscr(rn);
        good &= divide(ONE, THREE).value == rows[rn].third;
        good &= divide_single(ONE, THREE).value == rows[rn].single;
        good &= divide(SIGN | ONE, THREE).value == rows[rn].minus;
        good &= vector_divide(SIGN | ONE, THREE).value == rows[rn].minus;
        good &= add(ONE, SIGN | ONE).value == rows[rn].sum;
        good &= (get_fpscr() & 3) == rn;
        good &= mul(HUGE, HUGE).value == rows[rn].top;
        good &= mul(TINY, TINY).value == rows[rn].low;
        if (!good) {
            bare_note("RN", rn);
            bare_note("1/3", divide(ONE, THREE).value);
            bare_note("1/3 single", divide_single(ONE, THREE).value);
            bare_note("-1/3", divide(SIGN | ONE, THREE).value);
            bare_note("1-1", add(ONE, SIGN | ONE).value);
            bare_note("huge", mul(HUGE, HUGE).value);
            bare_note("tiny", mul(TINY, TINY).value);
            break;
        }
    }
    bare_ok(good, "all rounding modes");

    /* FI and FR of an operation that is looked at after the mode changed. */
    set_fpscr(2);
    uint64_t in[2] = { ONE, THREE }, fpscr;
    __asm__ volatile("lfd 1, 0(%0); lfd 2, 8(%0); fdiv 3, 1, 2; mtfsfi 7, 0; mffs 4; stfd 4, 0(%1)"
                     : : "b"(in), "b"(&fpscr) : "memory", "fr1", "fr2", "fr3", "fr4");
    same("a quotient rounded up is told so later", fpscr & 0x60003, 0x60000);
    set_fpscr(0);
}

/* Behind the interrupt FE0 and FE1 are off: with FEX still set, going back would make the next one
 * due. */
static void arm(void)
{
    bare_arm();
    bare_interrupt.srr1_clear = MSR_FE0 | MSR_FE1;
}

static bool interrupted(Result r)
{
    bool good = bare_took(0x700) && bare_interrupt.srr0 == r.address &&
                (bare_interrupt.srr1 & (SRR1_FP | SRR1_LATER)) == SRR1_FP;

    if (!good) {
        bare_note("count", bare_interrupt.count);
        bare_note("vector", bare_interrupt.vector);
        bare_note("srr0", bare_interrupt.srr0);
        bare_note("address", r.address);
        bare_note("srr1", bare_interrupt.srr1);
    }
    return good;
}

/* Each exception, first with interrupts, then with MSR.FE0 and FE1 off. */
static void exceptions(uint64_t msr)
{
    static const struct {
        const char *name;
        Result (*operation)(uint64_t, uint64_t);
        uint64_t a, b, before, bits, value;     /* value: OLD = the target is not written */
    } rows[] = {
        {"invalid operation", mul, INFINITE, 0, FPSCR_VE, FPSCR_VX | FPSCR_VXIMZ, OLD},
        {"division by zero", divide, ONE, 0, FPSCR_ZE, FPSCR_ZX, OLD},
        {"overflow", mul, HUGE, HUGE, FPSCR_OE, FPSCR_OX, 0x5fd0000000000000ull},
        {"overflow after inexact", mul, HUGE, HUGE, FPSCR_OE | FPSCR_XX, FPSCR_OX,
         0x5fd0000000000000ull},
        {"underflow", mul, TINY, TINY, FPSCR_UE, FPSCR_UX, 0x2030000000000000ull},
        {"underflow after inexact", mul, TINY, TINY, FPSCR_UE | FPSCR_XX, FPSCR_UX,
         0x2030000000000000ull},
        {"inexact", divide, ONE, THREE, FPSCR_XE, FPSCR_XX, 0x3fd5555555555555ull},
        {"division by zero in a vector", vector_divide, ONE, 0, FPSCR_ZE,
         FPSCR_ZX | FPSCR_VX | FPSCR_VXZDZ, OLD}, /* the other lane is 0 / 0 */
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned on = 0; on < 2; on++) {
            bool good = true;

            bare_mtmsrd(msr | (on ? MSR_FE0 | MSR_FE1 : 0));
            set_fpscr(rows[i].before);
            for (unsigned again = 0; again < 3; again++) {
                arm();
                Result r = rows[i].operation(rows[i].a, rows[i].b);
                uint64_t kept = bare_interrupt.count;
                good &= on ? interrupted(r) : kept == 0;
                bare_interrupt.expect = 0;
                bare_mtmsrd(msr);
                uint64_t fpscr = get_fpscr(),
                         want = rows[i].before | rows[i].bits | FPSCR_FX | FPSCR_FEX;
                good &= r.value == rows[i].value && (fpscr & 0xfff007ff) == want;
                if (!good) {
                    bare_note("value", r.value);
                    bare_note("fpscr", fpscr);
                }
                set_fpscr(rows[i].before);
                bare_mtmsrd(msr | (on ? MSR_FE0 | MSR_FE1 : 0));
                /* What raises nothing goes on as ever. */
                good &= rows[i].before & FPSCR_XE ||
                        divide(ONE, ONE + (1ull << 52)).value == 0x3fe0000000000000ull;
            }
            set_fpscr(0);
            bare_mtmsrd(msr);
            if (!good) {
                bare_puts(on ? "# with interrupts\n" : "# without interrupts\n");
            }
            bare_ok(good, rows[i].name);
        }
    }
}

/* MSR.FE turned on while FEX is set: due at the next instruction. FEX set while FE is on: due
 * there. */
static void summary_enabled(uint64_t msr)
{
    uint64_t address, value = FPSCR_VXIMZ | FPSCR_VE;

    for (unsigned bits = 1; bits < 4; bits++) {
        bare_mtmsrd(msr);
        set_fpscr(value);
        arm();
        uint64_t to = msr | (bits & 1 ? MSR_FE0 : 0) | (bits & 2 ? MSR_FE1 : 0);
        __asm__ volatile("bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; nop; mtmsrd %1; 2: nop"
                         : "=&b"(address) : "r"(to) : "lr", "memory");
        bool good = bare_took(0x700) && bare_interrupt.srr0 == address &&
                    (bare_interrupt.srr1 & (SRR1_FP | SRR1_LATER)) == (SRR1_FP | SRR1_LATER);
        bare_ok(good, "mtmsrd turns FE0/FE1 on with FEX set");
        arm();
        __asm__ volatile("bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; mtsrr0 %0; mtsrr1 %1; rfid; 2: nop"
                         : "=&b"(address) : "r"(to) : "lr", "memory");
        good = bare_took(0x700) && bare_interrupt.srr0 == address &&
               (bare_interrupt.srr1 & (SRR1_FP | SRR1_LATER)) == (SRR1_FP | SRR1_LATER);
        bare_ok(good, "rfid turns FE0/FE1 on with FEX set");
    }
    set_fpscr(0);
    bare_mtmsrd(msr | MSR_FE0 | MSR_FE1);
    arm();
    __asm__ volatile(
        "lfd 0, 0(%1); bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; nop; 2: mtfsf 255, 0; nop"
        : "=&b"(address)
        : "b"(&value)
        : "lr", "memory", "fr0");
    bare_ok(interrupted((Result){ 0, address }), "mtfsf sets FEX");
    bare_mtmsrd(msr);
    set_fpscr(FPSCR_VE);
    bare_mtmsrd(msr | MSR_FE0 | MSR_FE1);
    arm();
    __asm__ volatile("bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; nop; 2: mtfsb1 11; nop"
                     : "=&b"(address) : : "lr", "memory");
    bare_ok(interrupted((Result){ 0, address }), "mtfsb1 sets FEX");
    bare_mtmsrd(msr);
    set_fpscr(0);
}

static void no_denormals(void)
{
    static uint32_t in[4] __attribute__((aligned(16))) = { 1, 0x80000001, 0x00400000, 0x3f800000 };
    static uint32_t nj[4] __attribute__((aligned(16))) = { 0x10000, 0x10000, 0x10000, 0x10000 };
    static volatile uint32_t out[8] __attribute__((aligned(16)));

    set_fpscr(FPSCR_NI);
    same("NI leaves denormals alone", add(0x0000000000000001ull, 0x0000000000000002ull).value, 3);
    set_fpscr(0);
    /* vaddfp v3 = v1 + -0.0 (v2 = v1 - v1 is +0): with NJ and without. */
    __asm__ volatile(
        "lvx 1, 0, %0; lvx 4, 0, %1; vxor 2, 2, 2; mtvscr 2; vaddfp 3, 1, 2; stvx 3, 0, %2;"
        "mtvscr 4; vaddfp 3, 1, 1; stvx 3, 0, %3; mtvscr 2"
        :
        : "b"(in), "b"(nj), "b"(out), "b"(out + 4)
        : "memory");
    bool good = out[0] == in[0] && out[1] == in[1] && out[2] == in[2] && out[3] == in[3];
    bare_ok(good, "AltiVec has denormals without NJ");
    good = out[4] == 0 && out[5] == 0x80000000 && out[6] == 0 && out[7] == 0x40000000;
    bare_ok(good, "NJ takes them for zeros of their sign");
    if (!good) {
        for (unsigned i = 0; i < 8; i++) {
            bare_note("lane", out[i]);
        }
    }
}

void bare_test(const void *device_tree)
{
    uint64_t entry = bare_mfmsr(), msr = entry | MSR_FP | MSR_VEC | MSR_VSX;

    bare_mtmsrd(msr);
    rounding();
    exceptions(msr);
    summary_enabled(msr);
    no_denormals();
    bare_mtmsrd(entry);
}
