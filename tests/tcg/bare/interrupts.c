/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts that one instruction provokes, and what SRR0 and SRR1 say of them (Power ISA 3.0B,
 * Book III chapter 6). Runs in 64-bit real mode as a guest of the hypervisor.
 */
#include "bare.h"

#define SRR1_ILLEGAL (1ull << 19)
#define SRR1_PRIVILEGED (1ull << 18)
#define SRR1_TRAP (1ull << 17)
#define SRR1_CAUSES (SRR1_ILLEGAL | SRR1_PRIVILEGED | SRR1_TRAP | 1ull << 20 | 1ull << 16)

/* Runs one instruction, with its address known. */
#define PROVOKE(instruction, address, ...) \
    __asm__ volatile("bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; nop; 2: " instruction \
                     : "=&b"(address) : __VA_ARGS__ : "lr", "memory", "r0", "cr0")

static void program(const char *name, uint64_t address, uint64_t cause)
{
    bool good = bare_took(0x700) && bare_interrupt.srr0 == address &&
                (bare_interrupt.srr1 & SRR1_CAUSES) == cause;
    bare_ok(good, name);
    if (!good) {
        bare_note("vector", bare_interrupt.vector);
        bare_note("address", address);
        bare_note("srr0", bare_interrupt.srr0);
        bare_note("srr1", bare_interrupt.srr1);
    }
}

static void unavailable(const char *name, uint64_t vector, uint64_t address)
{
    bool good = bare_took(vector) && bare_interrupt.srr0 == address;
    bare_ok(good, name);
    if (!good) {
        bare_note("vector", bare_interrupt.vector);
        bare_note("srr0", bare_interrupt.srr0);
    }
}

static void program_interrupts(void)
{
    uint64_t address, zero = 0, one = 1;

    bare_arm();
    PROVOKE(".long 0", address, "r"(zero));
    program("a word of zeros is illegal", address, SRR1_ILLEGAL);
    bare_arm();
    PROVOKE("tdeq %1, %1", address, "r"(zero));
    program("trap doubleword", address, SRR1_TRAP);
    bare_arm();
    PROVOKE("trap", address, "r"(zero));
    program("trap always", address, SRR1_TRAP);
    bare_arm();
    PROVOKE("tdi 4, %1, 0", address, "r"(zero));
    program("trap immediate, equal", address, SRR1_TRAP);
    bare_arm();
    PROVOKE("tdlgti %1, 0", address, "r"(one));
    program("trap immediate, unsigned greater", address, SRR1_TRAP);
    bare_arm();
    PROVOKE("tdlgti %1, 0", address, "r"(zero));
    bare_interrupt.expect = 0;
    bare_ok(bare_interrupt.count == 0, "a trap whose condition is false does nothing");
    bare_arm();
    PROVOKE("sc; nop", address, "r"(zero));
    bool good = bare_took(0xc00) && bare_interrupt.srr0 == address + 4;
    bare_ok(good, "system call");
    if (!good) {
        bare_note("vector", bare_interrupt.vector);
        bare_note("srr0", bare_interrupt.srr0);
    }
}

/* Problem state has translation and external interrupts on, whatever rfid's SRR1 says; without a
 * translation the first fetch fails, with what rfid made of the MSR in SRR1. */
static void problem_state(void)
{
    const uint64_t on = MSR_PR | MSR_EE | MSR_IR | MSR_DR;
    uint64_t address, msr = bare_mfmsr(), after;

    bare_arm();
    bare_interrupt.srr1_clear = on;
    __asm__ volatile(
        "bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; std %0, %3; mtsrr0 %0; mtsrr1 %2; rfid;"
        "2: mfmsr %1"
        : "=&b"(address), "=&r"(after), "+r"(msr), "=m"(bare_interrupt.resume)
        :
        : "lr", "memory");
    bare_ok(bare_interrupt.count == 0 && after == msr,
            "rfid to the next instruction changes nothing");

    bare_arm();
    bare_interrupt.srr1_clear = on;
    msr |= MSR_PR;
    __asm__ volatile(
        "bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; std %0, %2; mtsrr0 %0; mtsrr1 %1; rfid; 2:"
        : "=&b"(address)
        : "r"(msr), "m"(bare_interrupt.resume)
        : "lr", "memory");
    bool good = (bare_took(0x480) || bare_interrupt.vector == 0x400) && bare_interrupt.count == 1 &&
                bare_interrupt.srr0 == address && (bare_interrupt.srr1 & on) == on;
    bare_ok(good, "problem state fetches through translation");
    if (!good) {
        bare_note("count", bare_interrupt.count);
        bare_note("vector", bare_interrupt.vector);
        bare_note("srr0", bare_interrupt.srr0);
        bare_note("srr1", bare_interrupt.srr1);
    }
}

static void facilities(void)
{
    uint64_t address, msr = bare_mfmsr();

    bare_mtmsrd(msr & ~(MSR_FP | MSR_VEC | MSR_VSX));
    bare_arm();
    PROVOKE("fmr 1, 1", address, "r"(msr));
    unavailable("floating point unavailable", 0x800, address);
    bare_arm();
    PROVOKE("vxor 1, 1, 1", address, "r"(msr));
    unavailable("vector unavailable", 0xf20, address);
    bare_arm();
    PROVOKE("xxlxor 1, 1, 1", address, "r"(msr));
    unavailable("vector-scalar unavailable", 0xf40, address);
    bare_mtmsrd(msr | MSR_FP | MSR_VEC | MSR_VSX);
    bare_arm();
    PROVOKE("fmr 1, 1; vxor 1, 1, 1; xxlxor 1, 1, 1", address, "r"(msr));
    bare_interrupt.expect = 0;
    bare_ok(bare_interrupt.count == 0, "facilities that are on are available");
    bare_mtmsrd(msr);
}

static void trace(void)
{
    uint64_t msr = bare_mfmsr(), address;

    bare_arm();
    bare_interrupt.srr1_clear = MSR_SE;
    __asm__ volatile("bl 1f; 1: mflr %0; addi %0, %0, 2f-1b; mtsrr0 %0; mtsrr1 %1; addi %0, %0, 4;"
                     "rfid; 2: addi 0, 0, 1; nop; nop"
                     : "=&b"(address) : "r"(msr | MSR_SE) : "lr", "memory", "r0");
    /* The handler went on after the instruction that SRR0 names, which is the one after the traced
     * one. */
    bool good = bare_took(0xd00) && bare_interrupt.srr0 == address;
    bare_ok(good, "single step: one trace interrupt after one instruction");
    if (!good) {
        bare_note("count", bare_interrupt.count);
        bare_note("vector", bare_interrupt.vector);
        bare_note("srr0", bare_interrupt.srr0);
        bare_note("address", address);
    }
}

static void decrementer(void)
{
    uint64_t msr = bare_mfmsr(), first, last;

    bare_arm();
    bare_interrupt.resume = 0;
    bare_interrupt.srr1_clear = MSR_EE;
    __asm__ volatile("mtdec %0" : : "r"(5000ul));
    __asm__ volatile("mftb %0" : "=r"(first));
    __asm__ volatile("mtmsrd %0, 1" : : "r"(msr | MSR_EE) : "memory");
    do {
        __asm__ volatile("mftb %0; nop; nop" : "=r"(last) : : "memory");
    } while (!bare_interrupt.count && last - first < 512000000ul * 10);
    __asm__ volatile("mtmsrd %0, 1" : : "r"(msr & ~MSR_EE) : "memory");
    __asm__ volatile("mtdec %0" : : "r"(0x7ffffffful));
    bare_ok(bare_took(0x900), "the decrementer interrupts");
    bare_ok(last - first >= 5000, "and not before its time");
    bare_ok(bare_interrupt.srr1 & MSR_EE, "SRR1 has the MSR of before");

    uint64_t a, b;
    bool forward = true;
    __asm__ volatile("mftb %0" : "=r"(a));
    for (int i = 0; i < 10000; i++) {
        __asm__ volatile("mftb %0" : "=r"(b));
        forward &= b >= a;
        a = b;
    }
    bare_ok(forward, "the time base never goes back");
}

static void alignment(void)
{
    static uint64_t cells[4] __attribute__((aligned(16)));
    uint64_t address, at = (uint64_t)cells + 1;

    bare_arm();
    PROVOKE("lwarx 0, 0, %1", address, "r"(at));
    bool good = bare_took(0x600) && bare_interrupt.srr0 == address && bare_interrupt.dar == at;
    bare_ok(good, "lwarx at an odd address");
    if (!good) {
        bare_note("vector", bare_interrupt.vector);
        bare_note("dar", bare_interrupt.dar);
    }
    bare_arm();
    uint64_t value;
    __asm__ volatile("ld %0, 0(%1)" : "=r"(value) : "b"(at) : "memory");
    bare_interrupt.expect = 0;
    bare_ok(bare_interrupt.count == 0, "an ordinary load at an odd address");
}

void bare_test(const void *device_tree)
{
    bare_ok(bare_be32(device_tree) == 0xd00dfeed, "r3 has the device tree");
    bare_ok((bare_entry_msr & (MSR_EE | MSR_PR | MSR_IR | MSR_DR)) == 0,
            "entered in real mode, interrupts off, supervisor");
    program_interrupts();
    problem_state();
    facilities();
    trace();
    decrementer();
    alignment();
}
