/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 32-bit processors run random instructions with random registers, translations and interrupts:
 * nothing ends the program, and no register ever has more than 32 bits, on which translated code
 * relies.
 *
 * GOSSAMER_ROUNDS=N: so many programs for each model.
 */
#include <stdlib.h>
#include "target/ppc/decode.h"
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

#define PROGRAM_BYTES 0x14000u    /* vectors and what lies behind them */

typedef struct Kicker {
    CPUState *cs;
    bool stop;
} Kicker;

/* Programs may run in circles. */
static gpointer kick(gpointer opaque)
{
    Kicker *kicker = opaque;

    while (!__atomic_load_n(&kicker->stop, __ATOMIC_ACQUIRE)) {
        g_usleep(1000);
        cpu_exit(kicker->cs);
    }
    return NULL;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static uint32_t random_word(const PowerPCCPU *cpu, uint64_t *state)
{
    static const uint16_t sprs[] = {
        SPR_SDR1,   SPR_SRR0,       SPR_SRR1,   SPR_DECR,   SPR_IBAT0U, SPR_IBAT0U + 1,
        SPR_DBAT0U, SPR_DBAT0U + 1, SPR_IBAT4U, SPR_DBAT4U, SPR_HID0,   SPR_IABR,
        SPR_DABR,   SPR_755_HID2,   SPR_DCMP,   SPR_IMISS,  SPR_ICMP,   SPR_RPA,
        SPR_EAR,    SPR_L2CR,       SPR_THRM1,  SPR_THRM3,
    };
    const PPCInsnRow *row;
    uint32_t word;

    if (next_random(state) % 8 == 0) {
        return (uint32_t)next_random(state);
    }
    do {
        row = &ppc_insns[next_random(state) % ppc_n_insns];
    } while (!ppc_insn_available(row, cpu->model->insns));
    word = row->opcode | ((uint32_t)next_random(state) & ~row->mask);
    if (!strcmp(row->mnemonic, "mtspr") && next_random(state) % 4) {
        word = T_MTSPR((uint32_t)sprs[next_random(state) % G_N_ELEMENTS(sprs)],
                       next_random(state) % 32);
    }
    return word;
}

/* Small numbers, addresses in memory, negative ones, anything. */
static uint32_t random_value(uint64_t *state)
{
    uint32_t value = (uint32_t)next_random(state);

    switch (next_random(state) % 4) {
    case 0:
        return value;
    case 1:
        return value & (TEST_RAM_SIZE - 1);
    case 2:
        return -(value & 0xff);
    default:
        return value & 0xffff;
    }
}

static void randomize(TestMachine *m, uint64_t *state)
{
    CPUPPCState *env = &m->cpu->env;
    uint64_t msr = (uint32_t)next_random(state);

    for (uint32_t at = 0; at < PROGRAM_BYTES; at += 4) {
        stl_be_p(m->host + at, random_word(m->cpu, state));
    }
    memory_region_set_dirty(&m->ram, 0, PROGRAM_BYTES);
    tcg_flush_code(m->accel);
    for (unsigned i = 0; i < 32; i++) {
        env->gpr[i] = random_value(state);
    }
    for (unsigned i = 0; i < 16; i++) {
        env->sr[i] =
            (uint32_t)next_random(state) & (next_random(state) % 4 ? 0x60ffffff : UINT32_MAX);
    }
    if (next_random(state) % 2) {
        ppc_spr_write_raw(env, SPR_IBAT0U, 0x1fff);
        ppc_spr_write_raw(env, SPR_IBAT0U + 1, 2);
        ppc_spr_write_raw(env, SPR_DBAT0U, 0x1fff);
        ppc_spr_write_raw(env, SPR_DBAT0U + 1, 2);
    } else {
        ppc_spr_write_raw(env, SPR_SDR1, next_random(state));
    }
    /* Seldom the modes in which little runs. */
    msr &= next_random(state) % 8 ? ~MSR_BIT(IP) : UINT64_MAX;
    msr &= next_random(state) % 4 ? ~(MSR_BIT(LE) | MSR_BIT(ILE)) : UINT64_MAX;
    msr &= next_random(state) % 4 ? ~(MSR_BIT(SE) | MSR_BIT(BE) | MSR_BIT(POW)) : UINT64_MAX;
    ppc_store_msr(env, msr, false);
    env->nip = TEST_CODE + (next_random(state) & 0x3ffc);
    m->cpu->checkstopped = false;
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_EXT, next_random(state) & 1);
}

static void check_widths(const CPUPPCState *env)
{
    for (unsigned i = 0; i < 32; i++) {
        g_assert_cmphex(env->gpr[i], <=, UINT32_MAX);
    }
    g_assert_cmphex(env->lr, <=, UINT32_MAX);
    g_assert_cmphex(env->ctr, <=, UINT32_MAX);
    g_assert_cmphex(env->nip, <=, UINT32_MAX);
    g_assert_cmphex(env->msr, <=, UINT32_MAX);
    for (unsigned i = 0; i < 1024; i++) {
        const PPCSpr *row = env_cpu((CPUPPCState *)env)->sprs[i];

        g_assert_true(!row || env->spr[i] <= UINT32_MAX);
    }
}

static void run_model(gconstpointer opaque)
{
    const char *model = opaque, *rounds = g_getenv("GOSSAMER_ROUNDS");
    unsigned n = rounds ? (unsigned)atoi(rounds) : 12;
    uint64_t state = 0x9e3779b97f4a7c15ull ^ g_str_hash(model);
    TestMachine machine, *m = &machine;
    Kicker kicker = {0};
    GThread *thread;

#if defined(__x86_64__)
    test_machine_setup(m, model, &tcg_backend_x86_64);
#else
    test_machine_setup(m, model, &tcg_backend_interp);
#endif
    kicker.cs = &m->cpu->parent;
    thread = g_thread_new("kick", kick, &kicker);
    for (unsigned i = 0; i < n; i++) {
        if (i % 16 == 0) {
            ppc_cpu_reset(m->cpu);
        }
        randomize(m, &state);
        device_unlock();
        for (unsigned again = 0; again < 4; again++) {
            cpu_set_halted(&m->cpu->parent, false);
            cpu_exec_start(&m->cpu->parent);
            tcg_accel_ops.exec(&m->cpu->parent);
            cpu_exec_end(&m->cpu->parent);
            check_widths(&m->cpu->env);
        }
        device_lock();
    }
    __atomic_store_n(&kicker.stop, true, __ATOMIC_RELEASE);
    g_thread_join(thread);
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    static const char *const models[] = {"603",   "604e", "750",  "755",  "750fx",
                                         "750cl", "7400", "7450", "7455", "7448"};

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        g_autofree char *path = g_strdup_printf("/ppc-32-random/%s", models[i]);

        g_test_add_data_func(path, models[i], run_model);
    }
    return g_test_run();
}
