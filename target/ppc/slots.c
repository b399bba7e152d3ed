/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest-state slots: where in CPUPPCState the translator keeps what it treats as SSA values,
 * and the description of the PowerPC target for the IR.
 *
 * Numbers are those of the SLOT_* enum; gaps have no name.  CFAR lives in spr[] because it is an
 * SPR like others, but taken branches write it, so it is a slot as well.
 */
#include "target/ppc/cpu.h"
#include "fp-fallback.h"

#define SPR_CFAR 28

#define SLOT(number, label, member, kind)                                                         \
    [number] = {.name = (label), .offset = offsetof(CPUPPCState, member), .type = (kind)}

/* A slot of which only the bits of possible can be set. */
#define SLOT_BITS(number, label, member, possible)                                                \
    [number] = {.name = (label), .offset = offsetof(CPUPPCState, member), .type = IR_I32,         \
                .mask = (possible)}

#define GPR(n) SLOT_WIDE(SLOT_GPR0 + n, "r" #n, gpr[n])
#define CRF(n) SLOT_BITS(SLOT_CRF0 + n, "cr" #n, crf[n], 15)
#define VSR(n) SLOT(SLOT_VSR0 + n, "vs" #n, vsr[n], IR_V128)

#define SLOTS                                                                                     \
    GPR(0), GPR(1), GPR(2), GPR(3), GPR(4), GPR(5), GPR(6), GPR(7), GPR(8), GPR(9), GPR(10),      \
    GPR(11), GPR(12), GPR(13), GPR(14), GPR(15), GPR(16), GPR(17), GPR(18), GPR(19), GPR(20),     \
    GPR(21), GPR(22), GPR(23), GPR(24), GPR(25), GPR(26), GPR(27), GPR(28), GPR(29), GPR(30),     \
    GPR(31), CRF(0), CRF(1), CRF(2), CRF(3), CRF(4), CRF(5), CRF(6), CRF(7),                      \
    SLOT_WIDE(SLOT_LR, "lr", lr),                                                                 \
    SLOT_WIDE(SLOT_CTR, "ctr", ctr),                                                              \
    SLOT_BITS(SLOT_SO, "so", so, 1),                                                              \
    SLOT_BITS(SLOT_OV, "ov", ov, 1),                                                              \
    SLOT_BITS(SLOT_CA, "ca", ca, 1),                                                              \
    SLOT_BITS(SLOT_OV32, "ov32", ov32, 1),                                                        \
    SLOT_BITS(SLOT_CA32, "ca32", ca32, 1),                                                        \
    SLOT(SLOT_RESERVE_ADDR, "reserve_addr", reserve_addr, IR_I64),                                \
    SLOT(SLOT_RESERVE_VAL, "reserve_val", reserve_val, IR_I64),                                   \
    SLOT(SLOT_RESERVE_VAL2, "reserve_val2", reserve_val2, IR_I64),                                \
    SLOT(SLOT_RESERVE_SIZE, "reserve_size", reserve_size, IR_I32),                                \
    SLOT(SLOT_FP_OP, "fp_op", fp_op, IR_I32),                                                     \
    SLOT(SLOT_FP_A, "fp_a", fp_a, IR_F64),                                                        \
    SLOT(SLOT_FP_B, "fp_b", fp_b, IR_F64),                                                        \
    SLOT(SLOT_FP_C, "fp_c", fp_c, IR_F64),                                                        \
    SLOT(SLOT_FPCC, "fpcc", fpcc, IR_I32),                                                        \
    SLOT(SLOT_TAR, "tar", tar, IR_I64),                                                           \
    SLOT(SLOT_CFAR, "cfar", spr[SPR_CFAR], IR_I64),                                               \
    VSR(0), VSR(1), VSR(2), VSR(3), VSR(4), VSR(5), VSR(6), VSR(7), VSR(8), VSR(9), VSR(10),      \
    VSR(11), VSR(12), VSR(13), VSR(14), VSR(15), VSR(16), VSR(17), VSR(18), VSR(19), VSR(20),     \
    VSR(21), VSR(22), VSR(23), VSR(24), VSR(25), VSR(26), VSR(27), VSR(28), VSR(29), VSR(30),     \
    VSR(31), VSR(32), VSR(33), VSR(34), VSR(35), VSR(36), VSR(37), VSR(38), VSR(39), VSR(40),     \
    VSR(41), VSR(42), VSR(43), VSR(44), VSR(45), VSR(46), VSR(47), VSR(48), VSR(49), VSR(50),     \
    VSR(51), VSR(52), VSR(53), VSR(54), VSR(55), VSR(56), VSR(57), VSR(58), VSR(59), VSR(60),     \
    VSR(61), VSR(62), VSR(63)

/* 64-bit processors: registers may hold anything. */
#define SLOT_WIDE(number, label, member) SLOT(number, label, member, IR_I64)
const IRSlotDesc ppc_slots[SLOT_COUNT] = {SLOTS};
#undef SLOT_WIDE

/* 32-bit processors: the upper halves of their registers' slots are zero, and code is made of that.
 */
#define SLOT_WIDE(number, label, member)                                                          \
    [number] = {.name = (label), .offset = offsetof(CPUPPCState, member), .type = IR_I64,         \
                .mask = UINT32_MAX}
static const IRSlotDesc ppc32_slots[SLOT_COUNT] = {SLOTS};
#undef SLOT_WIDE

/* Generated code reaches GPRs with one-byte displacements only while they stand first. */
_Static_assert(offsetof(CPUPPCState, gpr) == 0, "GPRs stand first in CPUPPCState");
_Static_assert(SLOT_CFAR < SLOT_VSR0, "scalar slots stand below the vector slots");
_Static_assert(SLOT_VSR0 + 64 == SLOT_COUNT, "vector slots are the last");
_Static_assert(SLOT_COUNT <= IR_MAX_SLOTS, "slot numbers fit the IR");

#define TARGET_DESC(slots_of, ...)                                                                \
    {                                                                                             \
        .name = "ppc", .slots = (slots_of), .n_slots = SLOT_COUNT,                                \
        .env_size = sizeof(CPUPPCState), .tcg_offset = offsetof(CPUPPCState, tcg),                \
        .fp_fallback = ppc_fp_fallback, .vfp_fallback = ppc_vfp_fallback, __VA_ARGS__             \
    }

const IRTargetDesc ppc_ir_target = TARGET_DESC(ppc_slots);
const IRTargetDesc ppc32_ir_target = TARGET_DESC(ppc32_slots, .address32 = true);
