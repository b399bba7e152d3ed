/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test machine of test-ppc-machine.h. */
#include "test-ppc-machine.h"

static void vhyp_hypercall(PowerPCCPU *cpu, void *opaque)
{
    TestMachine *m = opaque;

    m->hypercalls++;
    m->stop_nip = cpu->env.nip - 4;
    /* Stopped: nothing but the test starts it again. */
    cpu->env.msr &= ~MSR_BIT(EE);
    ppc_update_hflags(&cpu->env);
    cpu_set_halted(&cpu->parent, true);
    cpu_exit(&cpu->parent);
}

static uint64_t *vhyp_hpt(void *opaque, uint64_t *n_ptegs_mask)
{
    TestMachine *m = opaque;

    *n_ptegs_mask = (1ull << (TEST_HPT_SHIFT - 7)) - 1;
    return m->hpt;
}

static void vhyp_set_r(void *opaque, uint64_t ptex, uint64_t pte1)
{
    ((uint8_t *)(((TestMachine *)opaque)->hpt + ptex * 2 + 1))[6] |= 1;
}

static void vhyp_set_c(void *opaque, uint64_t ptex, uint64_t pte1)
{
    ((uint8_t *)(((TestMachine *)opaque)->hpt + ptex * 2 + 1))[7] |= 0x80;
}

static bool vhyp_get_pate(void *opaque, PowerPCCPU *cpu, uint64_t lpid, uint64_t pate[2])
{
    memcpy(pate, ((TestMachine *)opaque)->pate, 16);
    return true;
}

static uint64_t vhyp_vrma_limit(void *opaque)
{
    return ((TestMachine *)opaque)->vrma_limit;
}

static const PPCVirtualHypervisorOps test_vhyp = {
    .hypercall = vhyp_hypercall,
    .hpt = vhyp_hpt,
    .hpte_set_r = vhyp_set_r,
    .hpte_set_c = vhyp_set_c,
    .get_pate = vhyp_get_pate,
    .vrma_limit = vhyp_vrma_limit,
};

void test_machine_setup(TestMachine *m, const char *model, const TCGBackend *backend)
{
    GError *error = NULL;
    TCGAccelConfig config;

    memset(m, 0, sizeof(*m));
    runtime_init();
    cpus_init(&tcg_accel_ops, VCPU_THREADS_MULTI);
    memory_region_init_ram(&m->ram, NULL, "ram", TEST_RAM_SIZE, &error);
    g_assert_no_error(error);
    memory_region_add_subregion(get_system_memory(), 0, &m->ram);
    m->host = memory_region_get_ram_ptr(&m->ram);
    tcg_accel_config_init(&config);
    config.backend = backend;
    config.verify_ir = true;
    m->accel = tcg_accel_new(&ppc_tcg_ops, &config, &error);
    g_assert_no_error(error);
    m->clock = clock_new(CLOCK_TYPE_MANUAL);
    m->hpt = g_malloc0(1ull << TEST_HPT_SHIFT);
    m->cpu = ppc_cpu_create(ppc_model_find(model), 0, &error);
    g_assert_no_error(error);
    m->cpu->vhyp = &test_vhyp;
    m->cpu->vhyp_opaque = m;
    m->cpu->clock = m->clock;
    ppc_time_init(m->cpu, 512000000);
    ppc_cpu_reset(m->cpu);
}

void test_machine_teardown(TestMachine *m)
{
    cpu_base_deinit(&m->cpu->parent);
    object_unref(OBJECT(m->cpu));
    tcg_accel_free(m->accel);
    clock_free(m->clock);
    g_free(m->hpt);
    memory_region_del_subregion(get_system_memory(), &m->ram);
    memory_region_destroy(&m->ram);
    runtime_cleanup();
}

void test_put_code(TestMachine *m, uint64_t at, const uint32_t *insns, unsigned n)
{
    bool le = m->cpu->env.msr & MSR_BIT(LE);

    for (unsigned i = 0; i < n; i++) {
        if (le) {
            stl_le_p(m->host + at + 4 * i, insns[i]);
        } else {
            stl_be_p(m->host + at + 4 * i, insns[i]);
        }
    }
    memory_region_set_dirty(&m->ram, at, 4 * n);
    tcg_flush_code(m->accel);
}

void test_put_stops(TestMachine *m)
{
    for (uint64_t at = 0x100; at < 0x2000; at += 0x20) {
        PUT(m, at, T_STOP);
        PUT(m, 0x18000 + at, T_STOP);
    }
    for (uint64_t at = 0x17000; at < 0x18000; at += 0x20) {
        PUT(m, at, T_STOP);
    }
}

uint64_t test_run(TestMachine *m, uint64_t pc)
{
    int r;

    m->cpu->env.nip = pc;
    m->stop_nip = UINT64_MAX;
    cpu_set_halted(&m->cpu->parent, false);
    device_unlock();
    do {
        cpu_exec_start(&m->cpu->parent);
        r = tcg_accel_ops.exec(&m->cpu->parent);
        cpu_exec_end(&m->cpu->parent);
    } while (r == EXCP_INTERRUPT && m->stop_nip == UINT64_MAX);
    device_lock();
    g_assert_cmpuint(m->stop_nip, !=, UINT64_MAX);
    return m->stop_nip;
}

void test_store64(TestMachine *m, uint64_t at, uint64_t value)
{
    stq_be_p(m->host + at, value);
}

uint64_t test_load64(TestMachine *m, uint64_t at)
{
    return ldq_be_p(m->host + at);
}
