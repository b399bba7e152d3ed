/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The execution engine (accel/tcg) run with a made-up target: blocks, chains, software TLB,
 * devices, page crossing, self-modifying code, invalidation, full code cache, flushes across CPUs,
 * debugging. Each case runs with every back end the host has.
 */
#include "test-accel-target.h"

#include <string.h>
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runtime.h"

#define RAM_SIZE (16u << 20)
#define DEVICE_AT 0x10000000u
#define CODE 0x1000u
#define DATA 0x100000u
#define EA_DEVICE 0x1f00000u          /* effective address mapped to the device */
#define EA_HOLE 0x1f10000u            /* mapped to nothing physical */
#define EA_READONLY 0x1f20000u
#define EA_UNMAPPED 0x1ff0000u

typedef struct Fixture {
    TCGAccel *accel;
    MemoryRegion ram, device;
    TestMap *map;
    TestCPU *cpu[2];
    uint8_t *host;
    uint64_t device_regs[512];
    unsigned device_writes, device_reads, last_size;
} Fixture;

typedef struct Setup {
    const TCGBackend *backend;
    uint64_t tb_size;
    unsigned cpus;
    VCPUThreading threading;
} Setup;

/* ---- A device: 64-bit registers, big-endian ---- */

static uint64_t device_read(void *opaque, hwaddr addr, unsigned size)
{
    Fixture *f = opaque;

    f->device_reads++;
    f->last_size = size;
    uint64_t reg = f->device_regs[addr / 8 % 512];
    return size == 8 ? reg : reg >> (64 - 8 * (addr % 8 + size)) & (((uint64_t)1 << size * 8) - 1);
}

static void device_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Fixture *f = opaque;
    uint64_t *reg = &f->device_regs[addr / 8 % 512];

    g_assert_true(device_lock_held());
    f->device_writes++;
    f->last_size = size;
    if (size == 8) {
        *reg = value;
    } else {
        unsigned shift = 64 - 8 * (addr % 8 + size);
        uint64_t mask = (((uint64_t)1 << size * 8) - 1) << shift;
        *reg = (*reg & ~mask) | (value << shift & mask);
    }
}

static const MemoryRegionOps device_ops = {
    .read = device_read, .write = device_write, .endianness = DEVICE_BIG_ENDIAN,
    .valid = {1, 8, .unaligned = true}, .impl = {1, 8},
};

/* ---- Set-up ---- */

static void map_page(Fixture *f, uint64_t ea, uint64_t physical, unsigned prot)
{
    f->map[ea >> 12].physical = (physical & TCG_PAGE_MASK) | prot;
}

static void setup(Fixture *f, const Setup *s)
{
    GError *error = NULL;
    TCGAccelConfig config;

    memset(f, 0, sizeof(*f));
    runtime_init();
    cpus_init(&tcg_accel_ops, s->threading);
    memory_region_init_ram(&f->ram, NULL, "ram", RAM_SIZE, &error);
    g_assert_no_error(error);
    memory_region_add_subregion(get_system_memory(), 0, &f->ram);
    memory_region_init_io(&f->device, NULL, &device_ops, f, "device", 0x1000);
    memory_region_add_subregion(get_system_memory(), DEVICE_AT, &f->device);
    f->host = memory_region_get_ram_ptr(&f->ram);

    tcg_accel_config_init(&config);
    config.backend = s->backend;
    config.tb_size = s->tb_size;
    config.verify_ir = true;
    f->accel = tcg_accel_new(&test_target_ops, &config, &error);
    g_assert_no_error(error);

    f->map = g_new0(TestMap, T_PAGES);
    for (uint64_t ea = 0; ea < RAM_SIZE; ea += TCG_PAGE_SIZE) {
        map_page(f, ea, ea, TCG_PROT_READ | TCG_PROT_WRITE | TCG_PROT_EXEC);
    }
    map_page(f, EA_DEVICE, DEVICE_AT, TCG_PROT_READ | TCG_PROT_WRITE);
    map_page(f, EA_HOLE, 0x20000000, TCG_PROT_READ | TCG_PROT_WRITE);
    map_page(f, EA_READONLY, DATA, TCG_PROT_READ);
    for (unsigned i = 0; i < MAX(s->cpus, 1); i++) {
        f->cpu[i] = test_cpu_new(i, f->map);
    }
}

static void teardown(Fixture *f)
{
    cpus_shutdown();
    for (unsigned i = 0; i < 2 && f->cpu[i]; i++) {
        cpu_base_deinit(&f->cpu[i]->parent);
        object_unref(OBJECT(f->cpu[i]));
    }
    tcg_accel_free(f->accel);
    memory_region_del_subregion(get_system_memory(), &f->ram);
    memory_region_del_subregion(get_system_memory(), &f->device);
    memory_region_destroy(&f->ram);
    memory_region_destroy(&f->device);
    g_free(f->map);
    runtime_cleanup();
}

static void put_code(Fixture *f, uint64_t at, const uint32_t *insns, unsigned n)
{
    memcpy(f->host + at, insns, n * 4);
}
#define PUT(f, at, ...)                                                                            \
    put_code(f, at, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* Runs CPU 0 from pc until it halts or stops for the debugger. */
static int run_cpu(TestCPU *cpu, uint64_t pc)
{
    int r;

    cpu->env.pc = pc;
    cpu->delivered = 0;
    cpu_set_halted(&cpu->parent, false);
    device_unlock();
    do {
        cpu_exec_start(&cpu->parent);
        r = tcg_accel_ops.exec(&cpu->parent);
        cpu_exec_end(&cpu->parent);
    } while (r == EXCP_INTERRUPT);
    device_lock();
    return r;
}

static void run(Fixture *f, uint64_t pc)
{
    g_assert_cmpint(run_cpu(f->cpu[0], pc), ==, EXCP_HLT);
}

static char *jit_info(Fixture *f)
{
    GString *s = g_string_new(NULL);
    tcg_info_jit(f->accel, s);
    return g_string_free(s, false);
}

static uint64_t jit_number(Fixture *f, const char *key)
{
    g_autofree char *text = jit_info(f);
    const char *at = strstr(text, key);
    g_assert_nonnull(at);
    return g_ascii_strtoull(at + strlen(key), NULL, 10);
}

/* ---- Cases ---- */

static void test_loop(Fixture *f)
{
    TestEnv *env = &f->cpu[0]->env;

    PUT(f, CODE, T_INSN(T_ADDI, 2, 2, 3), T_INSN(T_ADDI, 1, 1, -1), T_INSN(T_BNZ, 1, 0, -8),
        T_INSN(T_B, 0, 0, 0x100));
    PUT(f, CODE + 0x10c, T_INSN(T_ADDI, 3, 0, 0x2100), T_INSN(T_BR, 0, 3, 0));
    PUT(f, 0x2100, T_INSN(T_ADDI, 4, 0, 5), T_INSN(T_HALT, 0, 0, 0));
    env->r[1] = 100000;
    run(f, CODE);
    g_assert_cmpuint(env->r[1], ==, 0);
    g_assert_cmpuint(env->r[2], ==, 300000);
    g_assert_cmpuint(env->r[4], ==, 5);
    g_assert_cmpuint(env->pc, ==, 0x2108);
    g_assert_cmpuint(jit_number(f, "exits chained"), >=, 2);
    if (env->tcg.backend != &tcg_backend_interp) {
        /* 100,000 turns without the loop's help. */
        g_assert_cmpuint(jit_number(f, "loop exits "), <, 100);
    }
    g_assert_cmpuint(f->cpu[0]->blocks_built, <, 10);

    /* Blocks that end for the loop go on at once when it has nothing to do. */
    PUT(f, CODE + 0x200, T_INSN(T_ADDI, 1, 1, -1), T_INSN(T_LOOP, 0, 0, 0), T_INSN(T_BNZ, 1, 0, -8),
        T_INSN(T_HALT, 0, 0, 0));
    uint64_t exits = jit_number(f, "loop exits ");
    env->r[1] = 1000;
    run(f, CODE + 0x200);
    g_assert_cmpuint(env->r[1], ==, 0);
    if (env->tcg.backend != &tcg_backend_interp) {
        g_assert_cmpuint(jit_number(f, "reentries "), >, 900);
        g_assert_cmpuint(jit_number(f, "loop exits ") - exits, <, 100);
    }
}

static void test_access(Fixture *f)
{
    TestEnv *env = &f->cpu[0]->env;
    static const uint8_t bytes[16] = {0x80, 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7,
                                      0x08, 0x19, 0x2a, 0x3b, 0x4c, 0x5d, 0x6e, 0x7f};

    /* Every size, order and extension, inside a page and across two. */
    for (unsigned offset = 0xff0; offset <= 0x1000; offset++) {
        for (unsigned op = 0; op < 16; op++) {
            uint64_t ea = DATA + offset;
            unsigned size = 1u << (op & 3);
            uint64_t expect = 0;
            memcpy(f->host + ea, bytes, 16);
            for (unsigned i = 0; i < size; i++) {
                expect |= (uint64_t)bytes[i] << 8 * (op & T_SWAP ? size - 1 - i : i);
            }
            if (op & T_SIGN) {
                expect = (int64_t)(expect << (64 - size * 8)) >> (64 - size * 8);
            }
            PUT(f, CODE + op * 64, T_INSN(T_LOAD + op, 2, 1, 4),
                T_INSN(T_STORE + (op & 7), 2, 3, 8), T_INSN(T_HALT, 0, 0, 0));
            env->r[1] = ea - 4;
            env->r[3] = DATA + 0x4000 + offset - 8;
            memset(f->host + DATA + 0x4000, 0xee, 0x2000);
            run(f, CODE + op * 64);
            g_assert_cmphex(env->r[2], ==, expect);
            g_assert_cmpmem(f->host + DATA + 0x4000 + offset, size, bytes, size);
            g_assert_cmphex(f->host[DATA + 0x4000 + offset + size], ==, 0xee);
            g_assert_cmphex(f->host[DATA + 0x4000 + offset - 1], ==, 0xee);
        }
    }
}

static void test_faults(Fixture *f)
{
    TestCPU *cpu = f->cpu[0];
    TestEnv *env = &cpu->env;

    /* Registers are precise, the instruction did nothing, the rest was not run. */
    PUT(f, CODE, T_INSN(T_ADDI, 2, 2, 1), T_INSN(T_STORE + 3, 2, 1, 0), T_INSN(T_ADDI, 2, 2, 1),
        T_INSN(T_HALT, 0, 0, 0));
    env->r[1] = EA_UNMAPPED;
    env->r[2] = 10;
    run(f, CODE);
    g_assert_cmpint(cpu->delivered, ==, EXC_FAULT);
    g_assert_cmphex(cpu->fault_ea, ==, EA_UNMAPPED);
    g_assert_cmpint(cpu->fault_access, ==, TCG_ACCESS_STORE);
    g_assert_cmphex(cpu->fault_pc, ==, CODE + 4);
    g_assert_cmpuint(env->r[2], ==, 11);

    /* Across into an unmapped page: no byte of the first moves; the second page's address is told.
     */
    map_page(f, DATA + 0x1000, 0, 0);
    tcg_tlb_flush_page(&cpu->parent, DATA + 0x1000, TCG_ALL_MMU_IDX);
    memset(f->host + DATA, 0x55, 0x1000);
    env->r[1] = DATA + 0xffc;
    run(f, CODE);
    g_assert_cmpint(cpu->delivered, ==, EXC_FAULT);
    g_assert_cmphex(cpu->fault_ea, ==, DATA + 0x1000);
    g_assert_cmphex(f->host[DATA + 0xffc], ==, 0x55);
    map_page(f, DATA + 0x1000, DATA + 0x1000, 7);

    /* Read-only page: loads go, stores fault. */
    PUT(f, CODE + 0x40, T_INSN(T_LOAD + 3, 2, 1, 0), T_INSN(T_STORE + 3, 2, 1, 0));
    env->r[1] = EA_READONLY;
    run(f, CODE + 0x40);
    g_assert_cmpint(cpu->delivered, ==, EXC_FAULT);
    g_assert_cmphex(env->r[2], ==, 0x5555555555555555);
    g_assert_cmphex(cpu->fault_pc, ==, CODE + 0x44);

    /* Alignment where demanded. */
    PUT(f, CODE + 0x80, T_INSN(T_LOAD + 2 + T_STRICT, 2, 1, 0),
        T_INSN(T_LOAD + 2 + T_STRICT, 2, 1, 2));
    env->r[1] = DATA;
    run(f, CODE + 0x80);
    g_assert_cmpint(cpu->delivered, ==, EXC_ALIGN);
    g_assert_cmphex(cpu->fault_ea, ==, DATA + 2);
    g_assert_cmphex(cpu->fault_pc, ==, CODE + 0x84);

    /* Fetching. */
    PUT(f, CODE + 0xc0, T_INSN(T_BR, 0, 1, 0));
    env->r[1] = EA_UNMAPPED + 8;
    run(f, CODE + 0xc0);
    g_assert_cmpint(cpu->delivered, ==, EXC_FAULT);
    g_assert_cmpint(cpu->fault_access, ==, TCG_ACCESS_FETCH);
    g_assert_cmphex(cpu->fault_pc, ==, EA_UNMAPPED + 8);

    /* A helper's exception. */
    PUT(f, CODE + 0x100, T_INSN(T_ADDI, 2, 0, 9), T_INSN(T_TRAP, 0, 0, 0));
    run(f, CODE + 0x100);
    g_assert_cmpint(cpu->delivered, ==, EXC_TRAP);
    g_assert_cmphex(cpu->fault_pc, ==, CODE + 0x104);
    g_assert_cmpuint(env->r[2], ==, 9);
}

static void test_device(Fixture *f)
{
    TestCPU *cpu = f->cpu[0];
    TestEnv *env = &cpu->env;

    f->device_regs[1] = 0x0123456789abcdef;
    /* Big-endian device, swapped (big-endian) access: the register's number. */
    PUT(f, CODE, T_INSN(T_LOAD + 3 + T_SWAP, 2, 1, 8), T_INSN(T_LOAD + 3, 3, 1, 8),
        T_INSN(T_LOAD + 2 + T_SWAP, 4, 1, 12), T_INSN(T_LOAD + 1 + T_SWAP + T_SIGN, 5, 1, 12),
        T_INSN(T_STORE + 3 + T_SWAP, 6, 1, 16), T_INSN(T_STORE + 1, 6, 1, 24),
        T_INSN(T_LOAD + 0, 7, 1, 9), T_INSN(T_HALT, 0, 0, 0));
    env->r[1] = EA_DEVICE;
    env->r[6] = 0x1122334455667788;
    run(f, CODE);
    g_assert_cmphex(env->r[2], ==, 0x0123456789abcdef);
    g_assert_cmphex(env->r[3], ==, 0xefcdab8967452301);
    g_assert_cmphex(env->r[4], ==, 0x89abcdef);
    g_assert_cmphex(env->r[5], ==, 0xffffffffffff89ab);
    g_assert_cmphex(env->r[7], ==, 0x23);
    g_assert_cmphex(f->device_regs[2], ==, 0x1122334455667788);
    g_assert_cmphex(f->device_regs[3], ==, (uint64_t)0x8877 << 48);
    g_assert_cmpuint(f->device_writes, ==, 2);
    g_assert_false(device_lock_held() && f->device_reads == 0);

    /* Nothing there. */
    PUT(f, CODE + 0x100, T_INSN(T_ADDI, 2, 0, 1), T_INSN(T_LOAD + 2, 2, 1, 4));
    env->r[1] = EA_HOLE;
    run(f, CODE + 0x100);
    g_assert_cmpint(cpu->delivered, ==, EXC_UNASSIGNED);
    g_assert_cmphex(cpu->fault_ea, ==, 0x20000004);
    g_assert_cmphex(cpu->fault_pc, ==, CODE + 0x104);
    g_assert_cmpuint(env->r[2], ==, 1);
}

/* ---- access.h from a helper ---- */

static void hook_access(TestCPU *cpu)
{
    Fixture *f = cpu->hook_data;
    void *env = &cpu->env;
    uint32_t oi = tcg_oi(MO_128, 0), swapped = tcg_oi(MO_128 | MO_BSWAP, 0);
    V128 v = {.d = {0x0706050403020100, 0x0f0e0d0c0b0a0908}}, out, old;
    void *host;

    for (unsigned offset = 0xfe0; offset <= 0x1000; offset++) {
        tcg_store128(env, DATA + offset, oi, &v);
        g_assert_cmpmem(f->host + DATA + offset, 16, &v, 16);
        tcg_load128(env, DATA + offset, oi, &out);
        g_assert_cmpmem(&out, 16, &v, 16);
        tcg_store128(env, DATA + offset, swapped, &v);
        for (unsigned i = 0; i < 16; i++) {
            g_assert_cmpuint(f->host[DATA + offset + i], ==, 15 - i);
        }
        tcg_load128(env, DATA + offset, swapped, &out);
        g_assert_cmpmem(&out, 16, &v, 16);
    }
    tcg_store128_atomic(env, DATA, swapped, &v);
    g_assert_cmpuint(f->host[DATA], ==, 15);
    tcg_load128_atomic(env, DATA, swapped, &out);
    g_assert_cmpmem(&out, 16, &v, 16);
    out.d[0]++;
    g_assert_false(tcg_cas128(env, DATA, &out, &v, &old, swapped));
    g_assert_cmpmem(&old, 16, &v, 16);
    g_assert_true(tcg_cas128(env, DATA, &v, &out, &old, swapped));
    tcg_load128_atomic(env, DATA, swapped, &old);
    g_assert_cmpmem(&old, 16, &out, 16);

    /* A device takes doublewords. */
    tcg_store128(env, EA_DEVICE + 64, swapped, &v);
    g_assert_cmphex(f->device_regs[8], ==, v.d[1]);
    g_assert_cmphex(f->device_regs[9], ==, v.d[0]);
    tcg_load128(env, EA_DEVICE + 64, swapped, &out);
    g_assert_cmpmem(&out, 16, &v, 16);

    static const struct { TCGRmw op; uint64_t old, operand, expect; } rmw[] = {
        {TCG_RMW_ADD, 0xfe, 3, 0x01},     {TCG_RMW_XOR, 0xf0, 0x3c, 0xcc},
        {TCG_RMW_OR, 0xf0, 0x0c, 0xfc},   {TCG_RMW_AND, 0xf0, 0x3c, 0x30},
        {TCG_RMW_UMAX, 0x80, 0x7f, 0x80}, {TCG_RMW_SMAX, 0x80, 0x7f, 0x7f},
        {TCG_RMW_UMIN, 0x80, 0x7f, 0x7f}, {TCG_RMW_SMIN, 0x80, 0x7f, 0x80},
        {TCG_RMW_SWAP, 0x11, 0x22, 0x22},
    };
    for (unsigned size = 0; size < 4; size++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(rmw); i++) {
            unsigned up = (8u << size) - 8, swap = i & 1 ? MO_BSWAP : 0;
            uint32_t o = tcg_oi(size | swap, 0);
            tcg_store(env, DATA + 8, rmw[i].old << up, o);
            g_assert_cmphex(tcg_atomic_rmw(env, DATA + 8, rmw[i].op, rmw[i].operand << up, o), ==,
                            rmw[i].old << up);
            g_assert_cmphex(tcg_load(env, DATA + 8, o), ==, rmw[i].expect << up);
        }
        tcg_store(env, DATA + 16, 0x5a, tcg_oi(size, 0));
        g_assert_cmphex(tcg_cas(env, DATA + 16, 0x11, 0x22, tcg_oi(size, 0)), ==, 0x5a);
        g_assert_cmphex(tcg_cas(env, DATA + 16, 0x5a, 0x22, tcg_oi(size, 0)), ==, 0x5a);
        g_assert_cmphex(tcg_cas(env, DATA + 16, 0, 0, tcg_oi(size, 0)), ==, 0x22);
    }

    g_assert_true(tcg_probe_access(env, DATA + 8, 8, TCG_ACCESS_STORE, 0) == f->host + DATA + 8);
    g_assert_null(tcg_probe_access(env, EA_DEVICE, 8, TCG_ACCESS_LOAD, 0));
    g_assert_true(tcg_probe_nofault(env, EA_READONLY, 8, TCG_ACCESS_LOAD, 0, &host));
    g_assert_true(host == f->host + DATA);
    g_assert_false(tcg_probe_nofault(env, EA_READONLY, 8, TCG_ACCESS_STORE, 0, &host));
    g_assert_false(tcg_probe_nofault(env, EA_UNMAPPED, 1, TCG_ACCESS_LOAD, 0, &host));
    /* A page that holds code is not handed out for writing. */
    g_assert_null(tcg_probe_access(env, CODE + 0x800, 8, TCG_ACCESS_STORE, 0));

    memset(f->host + DATA + 0xf00, 0x77, 0x200);
    tcg_zero_range(env, DATA + 0xf80, 0x100, 0);
    g_assert_cmphex(f->host[DATA + 0xf7f], ==, 0x77);
    g_assert_cmphex(f->host[DATA + 0xf80], ==, 0);
    g_assert_cmphex(f->host[DATA + 0x107f], ==, 0);
    g_assert_cmphex(f->host[DATA + 0x1080], ==, 0x77);
    cpu->counted++;
}

/* Raises at the second page; nothing of the first was cleared. */
static void hook_zero_fault(TestCPU *cpu)
{
    cpu->env.r[7] = 99;
    tcg_zero_range(&cpu->env, EA_UNMAPPED - 0x80, 0x100, 0);
    g_assert_not_reached();
}

static void test_helpers(Fixture *f)
{
    TestCPU *cpu = f->cpu[0];

    PUT(f, CODE, T_INSN(T_ADDI, 6, 0, 5), T_INSN(T_HOOK, 0, 0, 0), T_INSN(T_HALT, 0, 0, 0));
    cpu->hook = hook_access;
    cpu->hook_data = f;
    run(f, CODE);
    g_assert_cmpint(cpu->delivered, ==, 0);
    g_assert_cmpuint(cpu->counted, ==, 1);

    map_page(f, EA_UNMAPPED - 0x1000, DATA, 7);
    memset(f->host + DATA, 0x33, 0x1000);
    cpu->hook = hook_zero_fault;
    run(f, CODE);
    g_assert_cmpint(cpu->delivered, ==, EXC_FAULT);
    g_assert_cmphex(cpu->fault_ea, ==, EA_UNMAPPED);
    g_assert_cmphex(cpu->fault_pc, ==, CODE + 4);
    g_assert_cmphex(f->host[DATA + 0xfff], ==, 0x33);
    g_assert_cmpuint(cpu->env.r[6], ==, 5);
}

static void test_tlb(Fixture *f)
{
    TestCPU *cpu = f->cpu[0];
    TestEnv *env = &cpu->env;
    enum { N = 2000 };

    /* Touches N pages, r4 times over, summing. */
    PUT(f, CODE, T_INSN(T_LOAD + 3, 5, 1, 0), T_INSN(T_ADD, 6, 5, 0), T_INSN(T_ADDI, 1, 1, 0x1000),
        T_INSN(T_ADDI, 2, 2, -1), T_INSN(T_BNZ, 2, 0, -16), T_INSN(T_HALT, 0, 0, 0));
    for (unsigned i = 0; i < N; i++) {
        *(uint64_t *)(f->host + DATA + i * 0x1000) = i;
    }
    for (unsigned turn = 0; turn < 8; turn++) {
        env->r[1] = DATA;
        env->r[2] = N;
        env->r[6] = 0;
        run(f, CODE);
        g_assert_cmpuint(env->r[6], ==, (uint64_t)N * (N - 1) / 2);
    }
    /* The table has grown so that the last turns hit. */
    uint64_t before = cpu->translations;
    env->r[1] = DATA;
    env->r[2] = N;
    run(f, CODE);
    g_assert_cmpuint(cpu->translations - before, <, N / 10);

    /* A changed mapping is seen after its flush, and only its. */
    map_page(f, DATA, DATA + 0x1000, 7);
    before = cpu->translations;
    tcg_tlb_flush_page(&cpu->parent, DATA, 1);
    env->r[1] = DATA;
    env->r[2] = 1;
    env->r[6] = 0;
    run(f, CODE);
    g_assert_cmpuint(env->r[6], ==, 1);
    g_assert_cmpuint(cpu->translations - before, <=, 2);
    map_page(f, DATA, DATA, 7);
    tcg_tlb_flush_range(&cpu->parent, DATA - 0x100000, 0x200000, 64, 1);
    env->r[1] = DATA;
    env->r[2] = 1;
    env->r[6] = 0;
    run(f, CODE);
    g_assert_cmpuint(env->r[6], ==, 0);

    /* A flush narrower than the guest's page takes all of the page's pieces. */
    cpu->page_shift = 16;
    tcg_tlb_flush_all(&cpu->parent, TCG_ALL_MMU_IDX);
    env->r[1] = DATA;
    env->r[2] = 16;
    run(f, CODE);
    map_page(f, DATA + 0x5000, DATA, 7);
    tcg_tlb_flush_page(&cpu->parent, DATA, TCG_ALL_MMU_IDX);
    env->r[1] = DATA + 0x5000;
    env->r[2] = 1;
    env->r[6] = 0;
    run(f, CODE);
    g_assert_cmpuint(env->r[6], ==, 0);
    map_page(f, DATA + 0x5000, DATA + 0x5000, 7);

    /* Pages of a size are remembered apart when they lie far apart (the page table repeats itself):
     * a flush between them leaves both alone, one of a piece takes that page. */
    tcg_tlb_flush_all(&cpu->parent, TCG_ALL_MMU_IDX);
    for (uint64_t n = 0; n < 20; n++) {
        env->r[1] = DATA + (n << 44);
        env->r[2] = 16;
        run(f, CODE);
    }
    for (uint64_t n = 0; n < 20; n++) {
        uint64_t far = n << 44;

        map_page(f, DATA + 0x5000, DATA + 0x1000 * n, 7);
        tcg_tlb_flush_page(&cpu->parent, DATA + far, TCG_ALL_MMU_IDX);
        env->r[1] = DATA + far + 0x5000;
        env->r[2] = 1;
        env->r[6] = 0;
        run(f, CODE);
        g_assert_cmpuint(env->r[6], ==, n);
    }
    map_page(f, DATA + 0x5000, DATA + 0x5000, 7);
    tcg_tlb_flush_all(&cpu->parent, TCG_ALL_MMU_IDX);
    for (uint64_t n = 0; n < 2; n++) {
        env->r[1] = DATA + (n << 44);
        env->r[2] = 1;
        run(f, CODE);
    }
    before = cpu->translations;
    tcg_tlb_flush_page(&cpu->parent, DATA + ((uint64_t)1 << 43), TCG_ALL_MMU_IDX);
    env->r[1] = DATA;
    env->r[2] = 1;
    run(f, CODE);
    g_assert_cmpuint(cpu->translations, ==, before);
    cpu->page_shift = 12;

    /* Idle tables shrink again. */
    for (unsigned i = 0; i < 3; i++) {
        tcg_tlb_flush_all(&cpu->parent, TCG_ALL_MMU_IDX);
        env->r[1] = DATA;
        env->r[2] = 1;
        run(f, CODE);
        g_usleep(110000);
    }
    tcg_tlb_flush_all(&cpu->parent, TCG_ALL_MMU_IDX);
    g_autofree char *text = jit_info(f);
    g_assert_nonnull(strstr(text, "TLB entries        0/256"));
}

/* A copy between pages that share a slot: the table grows until they do not. */
static void test_tlb_conflict(Fixture *f)
{
    TestEnv *env = &f->cpu[0]->env;
    enum { N = 60000, APART = 0x800000 };

    PUT(f, CODE, T_INSN(T_LOAD + 3, 5, 1, 0), T_INSN(T_STORE + 3, 5, 3, 0),
        T_INSN(T_ADDI, 1, 1, 8), T_INSN(T_ADDI, 3, 3, 8), T_INSN(T_ADDI, 2, 2, -1),
        T_INSN(T_BNZ, 2, 0, -20), T_INSN(T_HALT, 0, 0, 0));
    for (uint64_t i = 0; i < N; i++) {
        memcpy(f->host + DATA + i * 8, &(uint64_t){i * 3}, 8);
    }
    env->r[1] = DATA;
    env->r[2] = N;
    env->r[3] = DATA + APART;
    run(f, CODE);
    g_assert_cmpint(memcmp(f->host + DATA, f->host + DATA + APART, N * 8), ==, 0);
    g_assert_cmpuint(jit_number(f, "victim hits "), <, N / 4);

    /* Writes to pages with code are seen in a table of that size too. */
    uint64_t page = DATA + APART + 0x3000;
    for (unsigned i = 0; i < 4; i++) {
        PUT(f, CODE + 0x80, T_INSN(T_STORE + 2, 5, 6, 0), T_INSN(T_BR, 0, 6, 0));
        memcpy(f->host + page + 4, &(uint32_t){T_INSN(T_HALT, 0, 0, 0)}, 4);
        env->r[1] = 0;
        env->r[5] = T_INSN(T_ADDI, 1, 1, 5 + i);
        env->r[6] = page;
        run(f, CODE + 0x80);
        g_assert_cmpuint(env->r[1], ==, 5 + i);
    }
}

static void test_self_modifying(Fixture *f)
{
    TestEnv *env = &f->cpu[0]->env;

    /* The callee on another page is rewritten by a store, then called again. */
    PUT(f, CODE, T_INSN(T_BR, 0, 10, 0));
    PUT(f, CODE + 0x20, T_INSN(T_STORE + 2, 5, 6, 0), T_INSN(T_B, 0, 0, 4),
        T_INSN(T_ADDI, 11, 12, 0), T_INSN(T_BR, 0, 10, 0));
    PUT(f, CODE + 0x60, T_INSN(T_HALT, 0, 0, 0));
    PUT(f, 0x3000, T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_BR, 0, 11, 0));
    env->r[1] = 0;
    env->r[5] = T_INSN(T_ADDI, 1, 1, 100);
    env->r[6] = 0x3000;
    env->r[10] = 0x3000;
    env->r[11] = CODE + 0x20;
    env->r[12] = CODE + 0x60;
    run(f, CODE);
    g_assert_cmpuint(env->r[1], ==, 101);
    g_assert_cmpuint(jit_number(f, "blocks invalidated"), ==, 1);

    /* On the page that runs, chained: each pass patches the next block's constant. */
    PUT(f, 0x4000, T_INSN(T_STORE + 2, 5, 6, 0), T_INSN(T_ADDI, 5, 5, 1), T_INSN(T_B, 0, 0, 8));
    PUT(f, 0x4010, T_INSN(T_ADDI, 3, 0, 0), T_INSN(T_ADD, 4, 3, 0), T_INSN(T_ADDI, 2, 2, -1),
        T_INSN(T_BNZ, 2, 0, -0x1c), T_INSN(T_HALT, 0, 0, 0));
    env->r[0] = 0;
    env->r[2] = 50;
    env->r[4] = 0;
    env->r[5] = T_INSN(T_ADDI, 3, 0, 0);
    env->r[6] = 0x4010;
    run(f, 0x4000);
    g_assert_cmpuint(env->r[4], ==, 49 * 50 / 2);

    /* Written by a device or debugger. */
    uint32_t insn = T_INSN(T_ADDI, 1, 1, 7);
    env->r[1] = 0;
    env->r[11] = CODE + 0x60;
    run(f, CODE);
    g_assert_cmpuint(env->r[1], ==, 100);
    address_space_write(address_space_memory(), 0x3000, MEMTXATTRS_UNSPECIFIED, &insn, 4);
    run(f, CODE);
    g_assert_cmpuint(env->r[1], ==, 107);

    /* Data beside code on one page: a write outside every block drops none. */
    uint64_t before = jit_number(f, "blocks invalidated");
    PUT(f, CODE + 0xa0, T_INSN(T_STORE + 3, 1, 6, 0), T_INSN(T_HALT, 0, 0, 0));
    env->r[6] = 0x3800;
    run(f, CODE + 0xa0);
    g_assert_cmpuint(*(uint64_t *)(f->host + 0x3800), ==, 107);
    g_assert_cmpuint(jit_number(f, "blocks invalidated"), ==, before);
}

static void test_dirty(Fixture *f)
{
    TestEnv *env = &f->cpu[0]->env;
    ram_addr_t offset;
    RAMBlock *block = ram_block_from_host(f->host + DATA, &offset);

    PUT(f, CODE, T_INSN(T_STORE + 3, 1, 2, 0), T_INSN(T_HALT, 0, 0, 0));
    env->r[1] = 42;
    env->r[2] = DATA;
    run(f, CODE);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(ram_dirty_test_and_clear(block, offset, 0x1000, DIRTY_MEMORY_MIGRATION));
        g_assert_false(ram_dirty_get(block, offset, DIRTY_MEMORY_MIGRATION));
        run(f, CODE);
        g_assert_true(ram_dirty_get(block, offset, DIRTY_MEMORY_MIGRATION));
    }
    PUT(f, CODE + 0x40, T_INSN(T_RMW_ADD, 3, 2, 1), T_INSN(T_PROBE_ZERO, 0, 4, 128),
        T_INSN(T_HALT, 0, 0, 0));
    memset(f->host + DATA + 0x1000, 1, 0x1000);
    ram_dirty_test_and_clear(block, offset, 0x2000, DIRTY_MEMORY_MIGRATION);
    env->r[4] = DATA + 0x1000;
    run(f, CODE + 0x40);
    g_assert_cmpuint(env->r[3], ==, 42);
    g_assert_cmpuint(*(uint64_t *)(f->host + DATA), ==, 43);
    g_assert_true(ram_dirty_get(block, offset, DIRTY_MEMORY_MIGRATION));
    g_assert_true(ram_dirty_get(block, offset + 0x1000, DIRTY_MEMORY_MIGRATION));
    g_assert_cmphex(f->host[DATA + 0x1000 + 127], ==, 0);
    g_assert_cmphex(f->host[DATA + 0x1000 + 128], ==, 1);
}

static void test_full_cache(Fixture *f)
{
    TestEnv *env = &f->cpu[0]->env;
    enum { N = 3000 };

    /* N blocks in a ring over several pages, many times what the cache holds. */
    for (unsigned i = 0; i < N; i++) {
        PUT(f, 0x10000 + i * 16, T_INSN(T_ADDI, 2, 2, 1), T_INSN(T_STORE + 3, 2, 3, 0),
            T_INSN(T_ADDI, 4, 4, 2), T_INSN(T_B, 0, 0, 4));
    }
    PUT(f, 0x10000 + N * 16, T_INSN(T_ADDI, 1, 1, -1), T_INSN(T_ADDI, 5, 0, 0x7ff0),
        T_INSN(T_ADDI, 5, 5, 0x7ff0), T_INSN(T_ADDI, 5, 5, 0x20), T_INSN(T_BNZ, 1, 0, 8),
        T_INSN(T_HALT, 0, 0, 0), T_INSN(T_BR, 0, 5, 0));
    env->r[0] = 0;
    env->r[1] = 3;
    env->r[2] = 0;
    env->r[3] = DATA;
    run(f, 0x10000);
    g_assert_cmpuint(env->r[2], ==, 3 * N);
    g_assert_cmpuint(*(uint64_t *)(f->host + DATA), ==, 3 * N);
    if (f->cpu[0]->env.tcg.backend != &tcg_backend_interp) {
        g_assert_cmpuint(jit_number(f, "code flushes"), >=, 2);
    }
    tcg_flush_code(f->accel);
    g_assert_cmpuint(jit_number(f, "blocks now"), ==, 0);
    env->r[1] = 1;
    run(f, 0x10000);
    g_assert_cmpuint(env->r[2], ==, 4 * N);
}

static void test_debug(Fixture *f)
{
    TestCPU *cpu = f->cpu[0];
    TestEnv *env = &cpu->env;

    PUT(f, CODE, T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_STORE + 3, 1, 2, 4),
        T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_HALT, 0, 0, 0));
    env->r[1] = 0;
    env->r[2] = DATA;
    run(f, CODE);
    g_assert_cmpuint(env->r[1], ==, 3);

    cpu_breakpoint_insert(&cpu->parent, CODE + 4, BP_GDB);
    env->r[1] = 0;
    g_assert_cmpint(run_cpu(cpu, CODE), ==, EXCP_DEBUG);
    g_assert_cmphex(env->pc, ==, CODE + 4);
    g_assert_cmpuint(env->r[1], ==, 1);
    /* Stepping passes the breakpoint and runs one instruction at a time. */
    cpu_single_step(&cpu->parent, SSTEP_ENABLE);
    g_assert_cmpint(run_cpu(cpu, env->pc), ==, EXCP_DEBUG);
    g_assert_cmphex(env->pc, ==, CODE + 8);
    g_assert_cmpuint(env->r[1], ==, 2);
    g_assert_cmpint(run_cpu(cpu, env->pc), ==, EXCP_DEBUG);
    g_assert_cmphex(env->pc, ==, CODE + 12);
    cpu_single_step(&cpu->parent, 0);
    cpu_breakpoint_remove(&cpu->parent, CODE + 4, BP_GDB);
    run(f, env->pc);
    g_assert_cmpuint(env->r[1], ==, 3);

    /* A watchpoint stops after the access, with its address; other bytes of the page do not count.
     */
    g_assert_true(cpu_watchpoint_insert(&cpu->parent, DATA + 6, 1, BP_GDB | BP_MEM_WRITE));
    env->r[1] = 0;
    g_assert_cmpint(run_cpu(cpu, CODE), ==, EXCP_DEBUG);
    g_assert_cmphex(env->pc, ==, CODE + 12);
    g_assert_cmpuint(*(uint64_t *)(f->host + DATA + 4), ==, 2);
    g_assert_nonnull(cpu->parent.watchpoint_hit);
    g_assert_cmphex(cpu->parent.watchpoint_hit->hit_addr, ==, DATA + 6);
    cpu->parent.watchpoint_hit = NULL;
    env->r[2] = DATA + 8;
    run(f, CODE);
    g_assert_true(cpu_watchpoint_remove(&cpu->parent, DATA + 6, 1, BP_GDB | BP_MEM_WRITE));
    env->r[2] = DATA;
    run(f, CODE);
    g_assert_cmphex(env->pc, ==, CODE + 20);
}

/* ---- Two CPUs ---- */

typedef struct Runner { TestCPU *cpu; uint64_t pc; int result; bool done; } Runner;

static void *runner_main(void *opaque)
{
    Runner *r = opaque;
    CPUState *cpu = &r->cpu->parent;
    int result;

    device_lock();
    tcg_accel_ops.cpu_thread_start(cpu);
    device_unlock();
    do {
        cpu_exec_start(cpu);
        result = tcg_accel_ops.exec(cpu);
        cpu_exec_end(cpu);
    } while (result == EXCP_INTERRUPT);
    r->result = result;
    device_lock();
    tcg_accel_ops.cpu_thread_stop(cpu);
    device_unlock();
    __atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
    return NULL;
}

static void run_both(Fixture *f, uint64_t pc0, uint64_t pc1)
{
    Runner r[2] = {{f->cpu[0]}, {f->cpu[1]}};
    Thread *t[2];

    f->cpu[0]->env.pc = pc0;
    f->cpu[1]->env.pc = pc1;
    for (unsigned i = 0; i < 2; i++) {
        f->cpu[i]->delivered = 0;
        cpu_set_halted(&f->cpu[i]->parent, false);
        t[i] = thread_create("cpu", runner_main, &r[i]);
    }
    device_unlock();
    thread_join(t[0]);
    thread_join(t[1]);
    device_lock();
    g_assert_cmpint(r[0].result, ==, EXCP_HLT);
    g_assert_cmpint(r[1].result, ==, EXCP_HLT);
}

static void test_flush_sync(Fixture *f)
{
    TestEnv *e0 = &f->cpu[0]->env, *e1 = &f->cpu[1]->env;
    uint64_t ea = 0x1e00000, a = DATA | 7, b = (DATA + 0x1000) | 7, flag = DATA + 0x2000;
    enum { ROUNDS = 3000 };

    /*
     * CPU 0, each round: number n into the page not mapped, map it at ea, flag = n.
     * CPU 1: m = flag, v = (ea); v < m would mean an old translation was used.
     */
    map_page(f, ea, DATA, 7);
    PUT(f, CODE - 16, T_INSN(T_LOAD + 3, 10, 8, 16), T_INSN(T_BNZ, 10, 0, 12),
        T_INSN(T_B, 0, 0, -8));
    PUT(f, CODE,
        T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_STORE + 3, 1, 4, 0), T_INSN(T_REMAP, 6, 3, 0),
        T_INSN(T_STORE + 3, 1, 8, 0),
        T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_STORE + 3, 1, 5, 0), T_INSN(T_REMAP, 7, 3, 0),
        T_INSN(T_STORE + 3, 1, 8, 0),
        T_INSN(T_ADDI, 2, 2, -1), T_INSN(T_BNZ, 2, 0, -36), T_INSN(T_STORE + 3, 9, 8, 8),
        T_INSN(T_HALT, 0, 0, 0));
    e0->r[1] = 0;
    e0->r[2] = ROUNDS;
    e0->r[3] = ea;
    e0->r[4] = b & TCG_PAGE_MASK;
    e0->r[5] = a & TCG_PAGE_MASK;
    e0->r[6] = b;
    e0->r[7] = a;
    e0->r[8] = flag;
    e0->r[9] = 1;
    PUT(f, 0x2000,
        /* Gets the translation, goes a long way without a look at pending work, then the two loads.
         */
        T_INSN(T_LOAD + 3, 2, 3, 0), T_INSN(T_RMW_ADD, 4, 10, 1), T_INSN(T_RMW_ADD, 4, 10, 1),
        T_INSN(T_RMW_ADD, 4, 10, 1), T_INSN(T_RMW_ADD, 4, 10, 1), T_INSN(T_RMW_ADD, 4, 10, 1),
        T_INSN(T_RMW_ADD, 4, 10, 1), T_INSN(T_RMW_ADD, 4, 10, 1), T_INSN(T_RMW_ADD, 4, 10, 1),
        T_INSN(T_RMW_ADD, 4, 10, 1), T_INSN(T_LOAD + 3, 1, 8, 0), T_INSN(T_LOAD + 3, 2, 3, 0),
        T_INSN(T_STORE + 3, 1, 9, 0), T_INSN(T_STORE + 3, 2, 9, 8), T_INSN(T_COUNT, 0, 0, 0),
        T_INSN(T_LOAD + 3, 4, 8, 8), T_INSN(T_STORE + 3, 3, 8, 16), T_INSN(T_BNZ, 4, 0, 8),
        T_INSN(T_B, 0, 0, -72), T_INSN(T_HALT, 0, 0, 0));
    e1->r[10] = DATA + 0x5000;
    e1->r[3] = ea;
    e1->r[8] = flag;
    e1->r[9] = DATA + 0x3000;
    memset(f->host + DATA, 0, 0x4000);
    run_both(f, CODE - 16, 0x2000);
    g_assert_cmpuint(f->cpu[1]->counted, >, 0);
    g_assert_cmpuint(*(uint64_t *)(f->host + flag), ==, 2 * ROUNDS);
}

/* The check of test_flush_sync as guest code cannot compare: done by a device that both values go
 * to. */
static void sync_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Fixture *f = opaque;

    if (addr == 0) {
        f->device_regs[0] = value;
    } else {
        g_assert_cmpuint(value, >=, f->device_regs[0]);
        f->device_writes++;
    }
}

static const MemoryRegionOps sync_ops = {
    .read = device_read, .write = sync_write, .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {8, 8}, .impl = {8, 8},
};

static void test_flush_sync_checked(Fixture *f)
{
    memory_region_del_subregion(get_system_memory(), &f->device);
    memory_region_destroy(&f->device);
    memory_region_init_io(&f->device, NULL, &sync_ops, f, "device", 0x1000);
    memory_region_add_subregion(get_system_memory(), DEVICE_AT, &f->device);
    map_page(f, DATA + 0x3000, DEVICE_AT, 7);
    test_flush_sync(f);
    g_assert_cmpuint(f->device_writes, >, 0);
}

static void test_atomics(Fixture *f)
{
    enum { ROUNDS = 20000 };

    PUT(f, CODE, T_INSN(T_RMW_ADD, 1, 3, 3), T_INSN(T_ADDI, 2, 2, -1), T_INSN(T_BNZ, 2, 0, -8),
        T_INSN(T_HALT, 0, 0, 0));
    for (unsigned i = 0; i < 2; i++) {
        f->cpu[i]->env.r[2] = ROUNDS;
        f->cpu[i]->env.r[3] = DATA;
    }
    *(uint64_t *)(f->host + DATA) = 0;
    run_both(f, CODE, CODE);
    g_assert_cmpuint(*(uint64_t *)(f->host + DATA), ==, 2 * 3 * ROUNDS);
}

/* One CPU rewrites the function that the other calls all the time; full cache on top. */
static void test_cross_modifying(Fixture *f)
{
    TestEnv *e0 = &f->cpu[0]->env, *e1 = &f->cpu[1]->env;
    enum { ROUNDS = 20000 };

    PUT(f, CODE, T_INSN(T_STORE + 2, 5, 6, 0), T_INSN(T_STORE + 2, 7, 6, 0),
        T_INSN(T_ADDI, 2, 2, -1), T_INSN(T_BNZ, 2, 0, -12), T_INSN(T_STORE + 3, 9, 8, 0),
        T_INSN(T_HALT, 0, 0, 0));
    PUT(f, 0x2000, T_INSN(T_BR, 0, 6, 0));
    PUT(f, 0x2008, T_INSN(T_LOAD + 3, 4, 8, 0), T_INSN(T_BNZ, 4, 0, 8), T_INSN(T_BR, 0, 6, 0),
        T_INSN(T_HALT, 0, 0, 0));
    PUT(f, 0x3000, T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_BR, 0, 11, 0));
    *(uint64_t *)(f->host + DATA) = 0;
    e0->r[2] = ROUNDS;
    e0->r[5] = T_INSN(T_ADDI, 1, 1, 2);
    e0->r[7] = T_INSN(T_ADDI, 1, 1, 1);
    e0->r[6] = e1->r[6] = 0x3000;
    e0->r[8] = e1->r[8] = DATA;
    e0->r[9] = 1;
    e1->r[1] = 0;
    e1->r[11] = 0x2008;
    run_both(f, CODE, 0x2000);
    g_assert_cmpuint(e1->r[1], >, 0);
    /* What stands there now is what runs. */
    e1->r[1] = 0;
    g_assert_cmpint(run_cpu(f->cpu[1], 0x2000), ==, EXCP_HLT);
    g_assert_cmpuint(e1->r[1], ==, 1);
}

/* ---- hw/core's threads ---- */

/* What the main thread does: timers (the time slices of round robin), and sleeping without the
 * lock. */
static void idle_a_little(void)
{
    device_unlock();
    g_usleep(1000);
    device_lock();
    main_loop_iterate(false);
}

static void wait_halted(TestCPU *cpu)
{
    while (!__atomic_load_n(&cpu->parent.halted, __ATOMIC_SEQ_CST)) {
        idle_a_little();
    }
}

static void note_register(CPUState *cpu, void *opaque)
{
    *(uint64_t *)opaque = ((TestCPU *)cpu)->env.r[1];
}

static void test_threads(Fixture *f)
{
    GError *error = NULL;
    uint64_t before[2], after[2];

    /* r1 counts for ever until the word at r8 is set: only the back edge lets anybody in. */
    PUT(f, CODE, T_INSN(T_ADDI, 1, 1, 1), T_INSN(T_LOAD + 3, 4, 8, 0), T_INSN(T_BNZ, 4, 0, 8),
        T_INSN(T_B, 0, 0, -12), T_INSN(T_HALT, 0, 0, 0));
    *(uint64_t *)(f->host + DATA) = 0;
    for (unsigned i = 0; i < 2; i++) {
        f->cpu[i]->env.pc = CODE;
        f->cpu[i]->env.r[8] = DATA;
        cpu_start_thread(&f->cpu[i]->parent, &error);
        g_assert_no_error(error);
    }
    for (unsigned turn = 0; turn < 20; turn++) {
        resume_all_vcpus();
        for (unsigned i = 0; i < 2; i++) {
            /* Both get on, in turn or at once. */
            run_on_cpu(&f->cpu[i]->parent, note_register, &before[i]);
            do {
                idle_a_little();
                run_on_cpu(&f->cpu[i]->parent, note_register, &after[i]);
            } while (before[i] == after[i]);
        }
        if (turn % 4 == 1) {
            tcg_flush_code(f->accel);
        }
        if (turn % 4 == 2) {
            tcg_accel_ops.tlb_flush(&f->cpu[turn / 4 % 2]->parent);
        }
        pause_all_vcpus();
        g_assert_true(all_vcpus_paused());
    }
    g_assert_cmpuint(jit_number(f, "code flushes"), >=, 1);
    *(uint64_t *)(f->host + DATA) = 1;
    resume_all_vcpus();
    wait_halted(f->cpu[0]);
    wait_halted(f->cpu[1]);
    pause_all_vcpus();
    g_assert_cmphex(f->cpu[0]->env.pc, ==, CODE + 20);
    g_assert_cmphex(f->cpu[1]->env.pc, ==, CODE + 20);
}

/* ---- Options ---- */

static void test_options(void)
{
    TCGAccelConfig c;
    GError *error = NULL;

    tcg_accel_config_init(&c);
    g_assert_true(tcg_accel_config_parse(&c, "thread=single,backend=interp,tb-size=64", &error));
    g_assert_no_error(error);
    g_assert_true(c.single_thread);
    g_assert_true(c.backend == &tcg_backend_interp);
    g_assert_cmpuint(c.tb_size, ==, 64 << 20);
    g_assert_true(tcg_accel_config_parse(&c, "one-insn-per-tb=on", &error));
    g_assert_true(c.one_insn_per_tb);
    g_assert_false(tcg_accel_config_parse(&c, "thread=sinlge", &error));
    g_assert_nonnull(strstr(error->message, "single"));
    g_clear_error(&error);
    g_assert_false(tcg_accel_config_parse(&c, "backend=llvm", &error));
    g_clear_error(&error);
    g_assert_false(tcg_accel_config_parse(&c, "tb-size=9999999", &error));
    g_clear_error(&error);
    g_assert_false(tcg_accel_config_parse(&c, "tb-sise=1", &error));
    g_clear_error(&error);
}

static const struct {
    const char *name;
    void (*fn)(Fixture *f);
    uint64_t tb_size;
    unsigned cpus;
    VCPUThreading threading;
} cases[] = {
    {"loop", test_loop, 0, 1},
    {"access", test_access, 0, 1},
    {"faults", test_faults, 0, 1},
    {"device", test_device, 0, 1},
    {"helpers", test_helpers, 0, 1},
    {"tlb", test_tlb, 0, 1},
    {"tlb-conflict", test_tlb_conflict, 0, 1},
    {"self-modifying", test_self_modifying, 0, 1},
    {"dirty", test_dirty, 0, 1},
    {"full-cache", test_full_cache, 128 << 10, 1},
    {"debug", test_debug, 0, 1},
    {"flush-sync", test_flush_sync, 0, 2},
    {"flush-sync-checked", test_flush_sync_checked, 0, 2},
    {"atomics", test_atomics, 0, 2},
    {"cross-modifying", test_cross_modifying, 0, 2},
    {"cross-modifying-full", test_cross_modifying, 128 << 10, 2},
    {"threads-multi", test_threads, 0, 2, VCPU_THREADS_MULTI},
    {"threads-single", test_threads, 0, 2, VCPU_THREADS_SINGLE},
};

typedef struct Case { unsigned index; const TCGBackend *backend; } Case;

static void run_case(gconstpointer data)
{
    const Case *c = data;
    Fixture *f = g_new0(Fixture, 1);

    setup(f, &(Setup){c->backend, cases[c->index].tb_size, cases[c->index].cpus,
                      cases[c->index].threading});
    cases[c->index].fn(f);
    teardown(f);
    g_free(f);
}

int main(int argc, char **argv)
{
    const TCGBackend *backends[] = {
        &tcg_backend_interp,
#if defined(__x86_64__)
        &tcg_backend_x86_64,
#endif
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/options", test_options);
    for (unsigned b = 0; b < G_N_ELEMENTS(backends); b++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_autofree char *path =
                g_strdup_printf("/accel/%s/%s", backends[b]->name, cases[i].name);
            Case *c = g_new(Case, 1);
            *c = (Case){i, backends[b]};
            g_test_add_data_func_full(path, c, run_case, g_free);
        }
    }
    return g_test_run();
}
