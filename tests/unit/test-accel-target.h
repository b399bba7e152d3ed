/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target made for testing the execution engine: sixteen 64-bit registers, a dozen instructions, a
 * page table that the test writes directly.  Instruction words are little-endian:
 *
 *   op << 24 | rd << 20 | ra << 16 | imm16
 */
#ifndef TEST_ACCEL_TARGET_H
#define TEST_ACCEL_TARGET_H

#include "accel/tcg/access.h"
#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "hw/core/cpus.h"

enum {
    T_ADDI = 1,     /* rd = ra + imm */
    T_ADD,          /* rd += ra */
    T_BNZ,          /* if (rd != 0) goto pc + imm */
    T_B,            /* goto pc + imm */
    T_BR,           /* goto ra */
    T_HALT,
    T_TRAP,         /* exception 7, raised by a helper */
    T_REMAP,        /* page of ea ra -> physical page rd, then synced flush of it on every CPU */
    T_RMW_ADD,      /* rd = old of atomic 64-bit (ra) += imm */
    T_PROBE_ZERO,   /* zero imm bytes at ra */
    T_COUNT,        /* helper that counts calls */
    T_HOOK,         /* calls TestCPU.hook */
    T_LOOP,         /* nothing, but the block ends in the execution loop */
    T_LOAD = 0x20,  /* + size log2 | T_SWAP | T_SIGN | T_STRICT: rd = (ra + imm) */
    T_STORE = 0x40, /* likewise */
    T_SWAP = 4, T_SIGN = 8, T_STRICT = 16,
};
#define T_INSN(op, rd, ra, imm)                                                                    \
    ((uint32_t)(op) << 24 | (uint32_t)(rd) << 20 | (uint32_t)(ra) << 16 | (uint16_t)(imm))

#define T_PAGES 8192

typedef struct TestEnv {
    uint64_t r[16];
    uint64_t pc;
    TCGCPUState tcg;
} TestEnv;

typedef struct TestMap {
    uint64_t physical;      /* page | TCG_PROT_* (0: not mapped) */
} TestMap;

typedef struct TestCPU {
    CPUState parent;
    TestEnv env;
    TestMap *map;           /* T_PAGES entries, shared between CPUs */
    /* the exception in delivery and the last delivered */
    int exception, delivered;
    uint64_t fault_ea, fault_pc;
    int fault_access;
    void (*hook)(struct TestCPU *cpu);   /* may raise */
    void *hook_data;
    uint64_t counted, translations, blocks_built;
    uint8_t page_shift;
} TestCPU;

extern const TCGTargetOps test_target_ops;
TestCPU *test_cpu_new(int index, TestMap *map);
enum { EXC_FAULT = 1, EXC_ALIGN = 2, EXC_UNASSIGNED = 3, EXC_TRAP = 7 };

#endif
