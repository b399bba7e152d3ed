/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for tests of the processor: RAM, one CPU of any model, and a hypervisor whose only call
 * stops the CPU.  Programs are lists of instruction words that end with T_STOP.
 */
#ifndef TEST_PPC_MACHINE_H
#define TEST_PPC_MACHINE_H

#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "hw/core/cpus.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "target/ppc/cpu.h"
#include "target/ppc/spr.h"
#include "util/bswap.h"

#define TEST_RAM_SIZE ((uint64_t)64 << 20)
#define TEST_HPT_SHIFT 18
#define TEST_CODE 0x10000ull      /* where test programs lie, real and effective */

typedef struct TestMachine {
    MemoryRegion ram;
    uint8_t *host;
    TCGAccel *accel;
    PowerPCCPU *cpu;
    Clock *clock;                 /* manual */
    /* The hypervisor's side. */
    uint64_t *hpt;
    uint64_t pate[2];
    uint64_t vrma_limit;
    unsigned hypercalls;
    uint64_t stop_nip;
} TestMachine;

void test_machine_setup(TestMachine *m, const char *model, const TCGBackend *backend);
void test_machine_teardown(TestMachine *m);

/* Words in the CPU's present byte order. */
void test_put_code(TestMachine *m, uint64_t at, const uint32_t *insns, unsigned n);
#define PUT(m, at, ...)                                                                            \
    test_put_code(m, at, (const uint32_t[]){__VA_ARGS__},                                          \
                  sizeof((const uint32_t[]){__VA_ARGS__}) / 4)
/* Puts a stop at every vector (0x100 .. 0x2000, 0x17000), real and AIL 0x18000. */
void test_put_stops(TestMachine *m);
/* Runs from pc until T_STOP; the address of the stop. */
uint64_t test_run(TestMachine *m, uint64_t pc);
void test_store64(TestMachine *m, uint64_t at, uint64_t value);
uint64_t test_load64(TestMachine *m, uint64_t at);

/* Instruction words. */
#define T_STOP 0x44000022u                                   /* sc 1 */
#define T_NOP 0x60000000u
#define T_MFSPR(rt, spr) (0x7c0002a6u | (rt) << 21 | ((spr) & 31) << 16 | ((spr) >> 5) << 11)
#define T_MTSPR(spr, rs) (0x7c0003a6u | (rs) << 21 | ((spr) & 31) << 16 | ((spr) >> 5) << 11)
#define T_X(xo, rt, ra, rb) (0x7c000000u | (rt) << 21 | (ra) << 16 | (rb) << 11 | (xo) << 1)
#define T_XL(xo) (0x4c000000u | (xo) << 1)
#define T_LI(rt, si) (0x38000000u | (rt) << 21 | ((si) & 0xffff))
#define T_ADDI(rt, ra, si) (0x38000000u | (rt) << 21 | (ra) << 16 | ((si) & 0xffff))
#define T_LD(rt, ra, ds) (0xe8000000u | (rt) << 21 | (ra) << 16 | ((ds) & 0xfffc))
#define T_STD(rs, ra, ds) (0xf8000000u | (rs) << 21 | (ra) << 16 | ((ds) & 0xfffc))
#define T_LWZ(rt, ra, d) (0x80000000u | (rt) << 21 | (ra) << 16 | ((d) & 0xffff))
#define T_SC(lev) (0x44000002u | (lev) << 5)
#define T_SCV(lev) (0x44000001u | (lev) << 5)
#define T_RFID T_XL(18)
#define T_MTMSRD(rs, l) (0x7c000164u | (rs) << 21 | (l) << 16)
#define T_MFMSR(rt) (0x7c0000a6u | (rt) << 21)

#endif
