/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The performance monitor as a guest's kernel uses it: counting, overflow alerts, what they leave
 * behind, the empty branch history (Power ISA 3.0B, Book III chapter 9).
 */
#include "bare.h"

#define MMCR0_FC (1ull << 31)
#define MMCR0_FCS (1ull << 30)
#define MMCR0_PMAE (1ull << 26)
#define MMCR0_FCECE (1ull << 25)
#define MMCR0_PMC1CE (1ull << 15)
#define MMCR0_PMCJCE (1ull << 14)
#define MMCR0_PMAO (1ull << 7)
#define SIER_SIAR_VALID (1ull << 22)

#define SPR_SIER 784
#define SPR_PMC1 787
#define SPR_PMC2 788
#define SPR_PMC5 791
#define SPR_PMC6 792
#define SPR_MMCR0 795
#define SPR_SIAR 796
#define SPR_MMCR1 798

#define GET(spr)                                                                                   \
    ({                                                                                             \
        uint64_t value;                                                                            \
        __asm__ volatile("mfspr %0, %1" : "=r"(value) : "i"(spr));                                 \
        value;                                                                                     \
    })
#define SET(spr, value)                                                                            \
    __asm__ volatile("mtspr %0, %1" : : "i"(spr), "r"((uint64_t)(value)) : "memory")

/* A loop of three instructions a turn. */
static void spin(uint64_t turns)
{
    __asm__ volatile("mtctr %0; 1: nop; nop; bdnz 1b" : : "r"(turns) : "ctr");
}

/* The same until an interrupt came. */
static void spin_until_interrupt(void)
{
    uint64_t tb, start;

    __asm__ volatile("mftb %0" : "=r"(start));
    do {
        spin(1000);
        __asm__ volatile("mftb %0" : "=r"(tb));
    } while (!bare_interrupt.count && tb - start < 512000000ul * 20);
}

static void counting(void)
{
    SET(SPR_MMCR0, MMCR0_FC);
    SET(SPR_MMCR1, 0x1e020000);         /* PMC1 cycles, PMC2 instructions */
    SET(SPR_PMC1, 0);
    SET(SPR_PMC2, 0);
    SET(SPR_PMC5, 0);
    SET(SPR_PMC6, 0);
    __asm__ volatile("mtspr 152, %0" : : "r"(1ul));     /* CTRL.RUN */
    spin(10);
    bare_ok(GET(SPR_PMC2) == 0 && GET(SPR_PMC1) == 0, "frozen counters stand still");
    SET(SPR_MMCR0, 0);
    spin(1000);
    SET(SPR_MMCR0, MMCR0_FC);
    uint64_t insns = GET(SPR_PMC2), run = GET(SPR_PMC5);
    bare_ok(insns >= 3001 && insns < 3020, "instructions are counted one by one");
    bare_ok(run == insns, "PMC5 counts the same while the thread runs");
    bare_ok(GET(SPR_PMC1) > 0 && GET(SPR_PMC1) == GET(SPR_PMC6), "cycles too");
    if (insns < 3001 || insns >= 3020 || run != insns) {
        bare_note("PMC2", insns);
        bare_note("PMC5", run);
    }
    SET(SPR_MMCR0, MMCR0_FCS);
    spin(1000);
    bare_ok(GET(SPR_PMC2) == insns, "frozen in privileged state");
    SET(SPR_MMCR0, MMCR0_FC);
}

static void alert(const char *name, uint64_t pmc, uint64_t enable, uint64_t msr,
                  uint64_t mmcr0_bits)
{
    bool good;

    SET(SPR_MMCR0, MMCR0_FC);
    SET(SPR_PMC1, pmc == SPR_PMC1 ? 0x7fff8000 : 0);
    SET(SPR_PMC5, pmc == SPR_PMC5 ? 0x7fff8000 : 0);
    SET(SPR_PMC6, 0);
    bare_arm();
    bare_interrupt.srr1_clear = MSR_EE;
    /* The handler goes on behind the instruction it came before: none of them matters here. */
    __asm__ volatile("mtmsrd %0, 1" : : "r"(msr | MSR_EE) : "memory");
    /* With EE on before the alert is allowed, the interrupt comes where the alert does. */
    SET(SPR_MMCR0, MMCR0_PMAE | enable | mmcr0_bits);
    spin_until_interrupt();
    __asm__ volatile("mtmsrd %0, 1" : : "r"(msr) : "memory");
    uint64_t mmcr0 = GET(SPR_MMCR0), siar = GET(SPR_SIAR), sier = GET(SPR_SIER);
    uint64_t count = pmc == SPR_PMC1 ? GET(SPR_PMC1) : GET(SPR_PMC5);
    SET(SPR_MMCR0, MMCR0_FC);
    good = bare_took(0xf00) && mmcr0 & MMCR0_PMAO && !(mmcr0 & MMCR0_PMAE) && count & 0x80000000 &&
           !(mmcr0 & MMCR0_FC) == !(mmcr0_bits & MMCR0_FCECE);
    bare_ok(good, name);
    bare_ok(sier & SIER_SIAR_VALID && siar == bare_interrupt.srr0, "SIAR is where it was");
    if (!good) {
        bare_note("interrupts", bare_interrupt.count);
        bare_note("vector", bare_interrupt.vector);
        bare_note("mmcr0", mmcr0);
        bare_note("count", count);
    }
}

static void no_alert(uint64_t msr)
{
    bare_arm();
    SET(SPR_PMC1, 0x80000000);
    SET(SPR_MMCR0, MMCR0_PMC1CE);
    __asm__ volatile("mtmsrd %0, 1" : : "r"(msr | MSR_EE) : "memory");
    spin(100000);
    __asm__ volatile("mtmsrd %0, 1" : : "r"(msr) : "memory");
    bare_interrupt.expect = 0;
    bare_ok(bare_interrupt.count == 0 && !(GET(SPR_MMCR0) & MMCR0_PMAO), "no alert without PMAE");
    /* Software may set PMAO itself. */
    bare_arm();
    bare_interrupt.srr1_clear = MSR_EE;
    SET(SPR_MMCR0, MMCR0_FC | MMCR0_PMAO);
    __asm__ volatile("mtmsrd %0, 1; nop; nop" : : "r"(msr | MSR_EE) : "memory");
    bare_ok(bare_took(0xf00), "PMAO written is an interrupt");
    SET(SPR_MMCR0, MMCR0_FC);
}

static void branch_history(void)
{
    uint64_t entry = 1;

    __asm__ volatile("clrbhrb; b 1f; 1: mfbhrbe %0, 0" : "=r"(entry));
    bare_ok(entry == 0, "the branch history is empty");
}

void bare_test(const void *device_tree)
{
    uint64_t msr = bare_mfmsr();

    __asm__ volatile("mtdec %0" : : "r"(0x7ffffffful));
    counting();
    alert("cycles overflow: alert and interrupt", SPR_PMC1, MMCR0_PMC1CE, msr, 0);
    alert("the same, freezing", SPR_PMC1, MMCR0_PMC1CE, msr, MMCR0_FCECE);
    alert("instructions overflow", SPR_PMC5, MMCR0_PMCJCE, msr, MMCR0_FCECE);
    no_alert(msr);
    branch_history();
}
