/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test target's front end, page table and exceptions (test-accel-target.h). An exception halts
 * the CPU and leaves its facts in TestCPU.
 */
#include "test-accel-target.h"

#include <string.h>

static TestCPU *env_cpu(void *env)
{
    return (TestCPU *)((char *)env - offsetof(TestCPU, env));
}

static void *env_of(CPUState *cpu)
{
    return &((TestCPU *)cpu)->env;
}

/* ---- Helpers ---- */

static void helper_halt(void *env, uint64_t pc)
{
    TestCPU *cpu = env_cpu(env);

    cpu->env.pc = pc;
    cpu_set_halted(&cpu->parent, true);
    tcg_exit_to_loop(&cpu->parent);
}

static void helper_trap(void *env)
{
    TestCPU *cpu = env_cpu(env);

    cpu->exception = EXC_TRAP;
    tcg_raise(&cpu->parent);
}

static void helper_remap(void *env, uint64_t ea, uint64_t physical)
{
    TestCPU *cpu = env_cpu(env);

    __atomic_store_n(&cpu->map[(ea >> 12) % T_PAGES].physical, physical, __ATOMIC_SEQ_CST);
    tcg_tlb_flush_range_all_cpus_synced(&cpu->parent, ea & TCG_PAGE_MASK, TCG_PAGE_SIZE, 64,
                                        TCG_ALL_MMU_IDX);
}

static uint64_t helper_rmw_add(void *env, uint64_t ea, uint64_t operand)
{
    return tcg_atomic_rmw(env, ea, TCG_RMW_ADD, operand, tcg_oi(MO_64, 0));
}

static void helper_zero(void *env, uint64_t ea, uint64_t size)
{
    tcg_zero_range(env, ea, size, 0);
}

static void helper_count(void *env)
{
    env_cpu(env)->counted++;
}

static void helper_hook(void *env)
{
    env_cpu(env)->hook(env_cpu(env));
}

#define ROW(n, res, fl, ...)                                                                       \
    static const IRHelper row_##n = {                                                              \
        .name = #n, .fn = (void *)helper_##n, .result = (res), .flags = (fl), .args = {__VA_ARGS__}}
ROW(halt, IR_VOID, IRH_READS_SLOTS | IRH_WRITES_SLOTS | IRH_RAISES | IRH_NORETURN, IRA_ENV,
    IRA_I64);
ROW(trap, IR_VOID, IRH_RAISES | IRH_NORETURN, IRA_ENV);
ROW(remap, IR_VOID, IRH_READS_SLOTS, IRA_ENV, IRA_I64, IRA_I64);
ROW(rmw_add, IR_I64, IRH_RAISES, IRA_ENV, IRA_I64, IRA_I64);
ROW(zero, IR_VOID, IRH_RAISES, IRA_ENV, IRA_I64, IRA_I64);
ROW(hook, IR_VOID, IRH_READS_SLOTS | IRH_WRITES_SLOTS | IRH_RAISES, IRA_ENV);
ROW(count, IR_VOID, IRH_KEEPS_TLB, IRA_ENV);

/* ---- Front end ---- */

static IRMemOp mem_op(unsigned op)
{
    return (op & 3) | (op & T_SWAP ? MO_BSWAP : 0) | (op & T_SIGN ? MO_SIGN : 0) |
           (op & T_STRICT ? MO_ALIGN : 0);
}

/* True when the block ended. */
static bool translate_insn(IRBuilder *b, uint64_t pc, uint32_t insn)
{
    unsigned op = insn >> 24, rd = insn >> 20 & 15, ra = insn >> 16 & 15;
    int64_t imm = (int16_t)insn;
    uint64_t dest = pc + imm;
    uint32_t hints = ((dest ^ pc) & TCG_PAGE_MASK ? IREXIT_CROSS_PAGE : 0) |
                     (dest <= pc ? IREXIT_BACK_EDGE : 0);

    if (op & T_STORE) {
        ir_store(b, mem_op(op), ir_get(b, ra), imm, ir_get(b, rd));
        return false;
    }
    if (op & T_LOAD) {
        ir_set(b, rd, ir_load(b, IR_I64, mem_op(op), ir_get(b, ra), imm));
        return false;
    }
    switch (op) {
    case T_ADDI:
        ir_set(b, rd, ir_addi(b, ir_get(b, ra), imm));
        return false;
    case T_ADD:
        ir_set(b, rd, ir_op2(b, IR_ADD, ir_get(b, rd), ir_get(b, ra)));
        return false;
    case T_BNZ:
        ir_exit_if(b, ir_setcond(b, IRC_NE, ir_get(b, rd), ir_k64(b, 0)), dest, hints);
        ir_exit(b, pc + 4, ((pc + 4) ^ pc) & TCG_PAGE_MASK ? IREXIT_CROSS_PAGE : 0);
        return true;
    case T_B:
        ir_exit(b, dest, hints);
        return true;
    case T_BR:
        ir_exit_indirect(b, ir_get(b, ra), 0);
        return true;
    case T_HALT:
        ir_callv(b, &row_halt, ir_k64(b, pc + 4));
        ir_unreachable(b);
        return true;
    case T_REMAP:
        ir_callv(b, &row_remap, ir_get(b, ra), ir_get(b, rd));
        ir_exit_loop(b, pc + 4);
        return true;
    case T_RMW_ADD:
        ir_set(b, rd, ir_callv(b, &row_rmw_add, ir_get(b, ra), ir_k64(b, imm)));
        return false;
    case T_PROBE_ZERO:
        ir_callv(b, &row_zero, ir_get(b, ra), ir_k64(b, (uint16_t)insn));
        return false;
    case T_COUNT:
        ir_call0(b, &row_count);
        return false;
    case T_HOOK:
        ir_call0(b, &row_hook);
        return false;
    case T_LOOP:
        ir_exit_loop(b, pc + 4);
        return true;
    default:
        ir_call0(b, &row_trap);
        ir_unreachable(b);
        return true;
    }
}

static void translate_block(CPUState *cs, IRBuilder *b, TCGFetch *f)
{
    uint64_t pc = f->pc;

    ((TestCPU *)cs)->blocks_built++;
    for (unsigned n = 0;; n++) {
        if (n == f->max_insns || (n && !tcg_fetch_possible(f, pc, 4))) {
            ir_exit(b, pc, (pc ^ f->pc) & TCG_PAGE_MASK ? IREXIT_CROSS_PAGE : 0);
            return;
        }
        uint32_t insn = tcg_fetch32(f, pc, false);
        ir_insn_start(b, pc, insn);
        if (translate_insn(b, pc, insn)) {
            return;
        }
        pc += 4;
    }
}

static char *disassemble(CPUState *cpu, uint64_t pc, uint32_t insn, uint64_t flags)
{
    return g_strdup_printf("op %02x", insn >> 24);
}

/* ---- Translation, faults ---- */

static bool translate(CPUState *cs, uint64_t ea, TCGAccess access, unsigned mmu_idx, bool probe,
                      TCGTranslation *out)
{
    static const uint8_t need[] = {TCG_PROT_READ, TCG_PROT_WRITE, TCG_PROT_EXEC};
    TestCPU *cpu = (TestCPU *)cs;

    cpu->translations++;
    uint64_t low = ea & 0xfffffffffff;      /* repeats itself above */
    uint64_t entry = low >> 12 < T_PAGES
                         ? __atomic_load_n(&cpu->map[low >> 12].physical, __ATOMIC_SEQ_CST) : 0;
    if (!(entry & need[access])) {
        out->exception = EXC_FAULT;
        return false;
    }
    out->raddr = (entry & TCG_PAGE_MASK) | (ea & ~TCG_PAGE_MASK);
    out->prot = entry & 7;
    out->page_shift = cpu->page_shift;
    return true;
}

static void raise_exception(TestCPU *cpu, int exception, uint64_t ea, TCGAccess access)
{
    cpu->exception = exception;
    cpu->fault_ea = ea;
    cpu->fault_access = access;
    tcg_raise(&cpu->parent);
}

static void raise_fault(CPUState *cs, uint64_t ea, TCGAccess access, unsigned mmu_idx,
                        const TCGTranslation *fault)
{
    raise_exception((TestCPU *)cs, fault->exception, ea, access);
}

static void alignment_fault(CPUState *cs, uint64_t ea, TCGAccess access, unsigned mmu_idx)
{
    raise_exception((TestCPU *)cs, EXC_ALIGN, ea, access);
}

static void unassigned(CPUState *cs, uint64_t physical, TCGAccess access, unsigned size)
{
    raise_exception((TestCPU *)cs, EXC_UNASSIGNED, physical, access);
}

static bool is_calm(CPUState *cs)
{
    return ((TestCPU *)cs)->exception == 0;
}

static void do_interrupts(CPUState *cs)
{
    TestCPU *cpu = (TestCPU *)cs;

    if (cpu->exception) {
        cpu->delivered = cpu->exception;
        cpu->exception = 0;
        cpu->fault_pc = cpu->env.pc;
        cpu_set_halted(cs, true);
    }
}

static void block_state(CPUState *cs, TCGBlockState *out)
{
    *out = (TCGBlockState){.pc = ((TestCPU *)cs)->env.pc, .flags = 0x11};
}

static void set_pc(CPUState *cs, uint64_t pc)
{
    ((TestCPU *)cs)->env.pc = pc;
}

#define SLOT(n) {.name = "r" #n, .offset = offsetof(TestEnv, r) + 8 * n, .type = IR_I64}
static const IRSlotDesc slots[16] = {
    SLOT(0), SLOT(1), SLOT(2), SLOT(3), SLOT(4), SLOT(5), SLOT(6), SLOT(7),
    SLOT(8), SLOT(9), SLOT(10), SLOT(11), SLOT(12), SLOT(13), SLOT(14), SLOT(15),
};

static IRFPFallback *const no_fp[IR_OP_COUNT];
static IRVFPFallback *const no_vfp[IR_OP_COUNT];

static const IRTargetDesc ir_target = {
    .name = "test", .slots = slots, .n_slots = 16, .env_size = sizeof(TestEnv),
    .tcg_offset = offsetof(TestEnv, tcg), .fp_fallback = no_fp, .vfp_fallback = no_vfp,
};

const TCGTargetOps test_target_ops = {
    .ir = &ir_target,
    .env_of = env_of,
    .block_state = block_state,
    .set_pc = set_pc,
    .translate_block = translate_block,
    .disassemble = disassemble,
    .translate = translate,
    .raise_fault = raise_fault,
    .alignment_fault = alignment_fault,
    .unassigned_access = unassigned,
    .do_interrupts = do_interrupts,
    .is_calm = is_calm,
};

/* ---- The CPU object ---- */

static bool has_work(CPUState *cpu)
{
    return false;
}

static void cpu_set_pc(CPUState *cpu, vaddr pc)
{
    set_pc(cpu, pc);
}

static vaddr cpu_get_pc(CPUState *cpu)
{
    return ((TestCPU *)cpu)->env.pc;
}

static void cpu_no_reset(CPUState *cpu)
{
}

static void dump_state(CPUState *cpu, GString *out, int flags)
{
}

static const CPUOps cpu_ops = {
    .has_work = has_work, .set_pc = cpu_set_pc, .get_pc = cpu_get_pc, .reset = cpu_no_reset,
    .dump_state = dump_state,
};

static const DeviceClass test_cpu_class = {
    .name = "test-accel-cpu", .parent = DEVICE_CLASS_PARENT(cpu_class),
    .instance_size = sizeof(TestCPU),
};

TestCPU *test_cpu_new(int index, TestMap *map)
{
    TestCPU *cpu = (TestCPU *)device_new_class(&test_cpu_class);
    GError *error = NULL;

    cpu->map = map;
    cpu->page_shift = TCG_PAGE_BITS;
    cpu->env.tcg.mxcsr_fp = cpu->env.tcg.mxcsr_vmx = 0x1f80;
    cpu_base_init(&cpu->parent, &cpu_ops, address_space_memory(), index, &error);
    g_assert_no_error(error);
    return cpu;
}
