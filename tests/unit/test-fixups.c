/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What loading makes of a stream beside reading it: time that passed on the way, compatibility
 * modes, capabilities, latched interrupts, decrementers that were not sent, subsections that are
 * missing; and the program that a guest starts with on a QEMU.
 *
 * Each test fails when its fixup is taken out.
 */
#include <libfdt.h>
#include <string.h>
#include "test-spapr-bench.h"
#include "hw/core/internal.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "hw/ppc/spapr-resume.h"
#include "migration/wire.h"
#include "system/main-loop.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/cpu-internal.h"
#include "target/ppc/internal.h"
#include "target/ppc/spr.h"
#include "util/error.h"

#define MS(n) ((int64_t)(n) * SCALE_MS)

static GBytes *save(const VMStateDescription *vmsd, void *opaque)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = vmstate_save_to_bytes(vmsd, opaque, &error);

    g_assert_no_error(error);
    return bytes;
}

/* NULL: it was loaded; else why not. */
static char *load(const VMStateDescription *vmsd, void *opaque, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return vmstate_load_from_bytes(vmsd, opaque, data, size, vmsd->version_id, &error)
               ? NULL
               : g_strdup(error->message);
}

/* Loads and must succeed. */
static void load_well(const VMStateDescription *vmsd, void *opaque, GBytes *bytes)
{
    g_autofree char *why = load(vmsd, opaque, bytes);

    g_assert_cmpstr(why, ==, NULL);
}

/* The bytes without the subsection of that name, whose contents have that many bytes. */
static GBytes *without(GBytes *bytes, const char *name, gsize contents)
{
    gsize size, head = 1 + 1 + strlen(name) + 4;
    const uint8_t *data = g_bytes_get_data(bytes, &size),
                  *at = memmem(data, size, name, strlen(name));
    GByteArray *rest = g_byte_array_new();

    g_assert_nonnull(at);
    g_assert_cmpint(at[-2], ==, 5);
    g_assert_cmpint(at[-1], ==, strlen(name));
    at -= 2;
    g_byte_array_append(rest, data, (guint)(at - data));
    at += head + contents;
    g_byte_array_append(rest, at, (guint)(data + size - at));
    return g_byte_array_free_to_bytes(rest);
}

/* ---- Time ---- */

/* How far the guest's time base moves when the machine starts, after a wait, with a stream of that
 * age. */
static int64_t moves_after(int64_t age_ns, int64_t wait_ns, bool stopped)
{
    SpaprMachine *spapr = bench_machine();
    uint64_t before;

    runstate_set(stopped ? RUN_STATE_PAUSED : RUN_STATE_FINISH_MIGRATE);
    spapr_time_to_wire(spapr);
    g_assert_cmpint(spapr->tb.time_of_day_ns == 0, ==, stopped);
    g_assert_cmphex(spapr->tb.guest_timebase, <=, ppc_get_tb(&bench_cpu(0)->env));
    if (!stopped) {
        spapr->tb.time_of_day_ns -= age_ns;
    }
    spapr_time_from_wire(spapr);
    if (spapr->tb_left_ns) {
        spapr->tb_left_ns -= wait_ns;
    }
    before = ppc_get_tb(&bench_cpu(0)->env);
    runstate_set(RUN_STATE_PAUSED);
    vm_start();
    int64_t moved = (int64_t)(ppc_get_tb(&bench_cpu(1)->env) - before);
    vm_stop(RUN_STATE_PAUSED);
    return (int64_t)((__int128)moved * NANOSECONDS_PER_SECOND / SPAPR_TIMEBASE_FREQ);
}

/* It moves that far, and by what the host took to move it: once on the wire, once while it runs. */
static void assert_moves_after(int64_t age_ns, int64_t wait_ns, bool stopped, int64_t expected)
{
    int64_t begun = g_get_monotonic_time(), ns = moves_after(age_ns, wait_ns, stopped);
    int64_t elapsed = (g_get_monotonic_time() - begun) * SCALE_US;

    g_assert_cmpint(ns, >=, expected);
    g_assert_cmpint(ns, <, expected + 2 * elapsed + MS(1));
}

static void assert_moves(int64_t age_ns, bool stopped, int64_t expected)
{
    assert_moves_after(age_ns, 0, stopped, expected);
}

static void test_time_forward(void)
{
    assert_moves(MS(500), false, MS(500));
}

/* What comes after its section takes time, too: other devices, the hand-over. */
static void test_time_until_start(void)
{
    assert_moves_after(MS(200), MS(300), false, MS(500));
    assert_moves_after(MS(500), MS(5000), false, MS(1000));
    assert_moves_after(MS(-90000), MS(300), false, 0);
    assert_moves_after(MS(500), MS(300), true, 0);
}

static void test_time_skewed(void)
{
    /* The destination's clock is behind the source's: nothing has passed. */
    assert_moves(MS(-90000), false, 0);
    assert_moves(-(int64_t)86400 * NANOSECONDS_PER_SECOND, false, 0);
}

static void test_time_old(void)
{
    assert_moves((int64_t)86400 * NANOSECONDS_PER_SECOND, false, MS(1000));
}

static void test_time_stopped(void)
{
    assert_moves(MS(500), true, 0);
}

/* A decrementer that was on its way is on its way after the jump, or has passed. */
static void test_time_decrementer(void)
{
    PowerPCCPU *cpu = bench_cpu(0);

    ppc_set_decr(&cpu->env, SPAPR_TIMEBASE_FREQ / 4);
    g_assert_false(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR));
    assert_moves(MS(500), false, MS(500));
    g_assert_true(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR));
    ppc_set_decr(&cpu->env, 0x7fffffff);
}

/* ---- Processors ---- */

#define DECR_OFFSET (8 + 32 * 8 + 8 * 4 + 8 + 22 * 8)
#define PVR_OFFSET (8 + 32 * 8 + 8 * 4 + 8 + 287 * 8)

static GBytes *with_word(GBytes *bytes, gsize offset, uint64_t value)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    uint8_t *copy = g_memdup2(data, size);

    stq_be_p(copy + offset, value);
    return g_bytes_new_take(copy, size);
}

static void test_decrementer_not_sent(void)
{
    PowerPCCPU *cpu = bench_cpu(1);
    g_autoptr(GBytes) saved = NULL, zero = NULL, negative = NULL;

    ppc_set_decr(&cpu->env, 0x7fffffff);
    saved = save(&vmstate_ppc_cpu, cpu);
    load_well(&vmstate_ppc_cpu, cpu, saved);
    g_assert_false(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR));
    /* 7.2 sends none: one interrupt at once. */
    zero = with_word(saved, DECR_OFFSET, 0);
    load_well(&vmstate_ppc_cpu, cpu, zero);
    g_assert_true(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR));
    load_well(&vmstate_ppc_cpu, cpu, saved);
    g_assert_false(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR));
    /* The level follows from the sign. */
    negative = with_word(saved, DECR_OFFSET, (uint64_t)-5);
    load_well(&vmstate_ppc_cpu, cpu, negative);
    g_assert_true(ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR));
    load_well(&vmstate_ppc_cpu, cpu, saved);
}

static void test_latches(void)
{
    static const PPCInterrupt kinds[] = {PPC_INTERRUPT_DOORBELL, PPC_INTERRUPT_RESET,
                                         PPC_INTERRUPT_MCK};
    PowerPCCPU *cpu = bench_cpu(1);

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GBytes) plain = save(&vmstate_ppc_cpu, cpu), latched = NULL;

        g_assert_null(
            memmem(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain), "cpu/latches", 11));
        ppc_set_pending(&cpu->env, kinds[i], true);
        latched = save(&vmstate_ppc_cpu, cpu);
        load_well(&vmstate_ppc_cpu, cpu, plain);
        g_assert_false(ppc_is_pending(&cpu->env, kinds[i]));
        load_well(&vmstate_ppc_cpu, cpu, latched);
        g_assert_true(ppc_is_pending(&cpu->env, kinds[i]));
        load_well(&vmstate_ppc_cpu, cpu, plain);
    }
}

static void test_compat(void)
{
    PowerPCCPU *cpu = bench_cpu(1);
    g_autoptr(GBytes) plain = save(&vmstate_ppc_cpu, cpu), compat = NULL, other = NULL;
    g_autofree char *why = NULL, *why_pvr = NULL;
    gsize size;

    g_assert_true(ppc_set_compat(cpu, 0x0f000004, NULL));
    compat = save(&vmstate_ppc_cpu, cpu);
    load_well(&vmstate_ppc_cpu, cpu, plain);
    g_assert_cmphex(cpu->compat_pvr, ==, 0);
    g_assert_cmphex(cpu->env.spr[SPR_PCR], ==, 0);
    load_well(&vmstate_ppc_cpu, cpu, compat);
    g_assert_cmphex(cpu->compat_pvr, ==, 0x0f000004);
    g_assert_cmphex(cpu->env.spr[SPR_PCR], !=, 0);
    /* In such a mode the model does not matter; without it, it does. */
    other = with_word(compat, PVR_OFFSET, 0x00800200);
    load_well(&vmstate_ppc_cpu, cpu, other);
    g_clear_pointer(&other, g_bytes_unref);
    other = with_word(plain, PVR_OFFSET, 0x004d0200);
    why_pvr = load(&vmstate_ppc_cpu, cpu, other);
    g_assert_nonnull(strstr(why_pvr, "-cpu"));
    /* A mode that this processor does not have. */
    g_autofree uint8_t *copy = g_memdup2(g_bytes_get_data(compat, &size), g_bytes_get_size(compat));
    uint8_t *at = memmem(copy, size, "cpu/compat", 10);
    stl_be_p(at + 14, 0x0f000099);
    g_clear_pointer(&other, g_bytes_unref);
    other = g_bytes_new(copy, size);
    why = load(&vmstate_ppc_cpu, cpu, other);
    g_assert_nonnull(strstr(why, "compat"));
    load_well(&vmstate_ppc_cpu, cpu, plain);
}

/* ---- The machine ---- */

static void test_capabilities(void)
{
    static const uint8_t none[] = {0};
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GBytes) saved = NULL, missing = NULL;
    uint8_t *cfpc = &spapr->caps.value[SPAPR_CAP_CFPC], *sbbc = &spapr->caps.value[SPAPR_CAP_SBBC];
    uint8_t cfpc_was = *cfpc, sbbc_was = *sbbc;
    g_autofree char *higher = NULL, *page = NULL;

    /* The source has a higher one than its default, and says so. */
    spapr->cap_cmdline_set.value[SPAPR_CAP_CFPC] = 1;
    *cfpc = SPAPR_CAP_FIXED;
    saved = save(&vmstate_spapr, spapr);
    load_well(&vmstate_spapr, spapr, saved);
    *cfpc = cfpc_was;
    higher = load(&vmstate_spapr, spapr, saved);
    g_assert_nonnull(strstr(higher, "cap-cfpc"));
    g_assert_nonnull(strstr(higher, "fixed"));
    /* A lower one is a warning. */
    g_clear_pointer(&saved, g_bytes_unref);
    *cfpc = SPAPR_CAP_BROKEN;
    saved = save(&vmstate_spapr, spapr);
    *cfpc = cfpc_was;
    load_well(&vmstate_spapr, spapr, saved);
    /* One that is missing is the default: of which this machine has less. */
    missing = without(saved, "spapr/cap/cfpc", sizeof(none));
    load_well(&vmstate_spapr, spapr, missing);
    *cfpc = SPAPR_CAP_BROKEN;
    g_free(higher);
    higher = load(&vmstate_spapr, spapr, missing);
    g_assert_nonnull(strstr(higher, "cap-cfpc"));
    *cfpc = cfpc_was;
    spapr->cap_cmdline_set.value[SPAPR_CAP_CFPC] = 0;
    /* Versions of QEMU differ in the default of sbbc: that it is missing says nothing. */
    for (*sbbc = SPAPR_CAP_BROKEN; *sbbc <= SPAPR_CAP_FIXED; ++*sbbc) {
        load_well(&vmstate_spapr, spapr, missing);
    }
    *sbbc = sbbc_was;
    /* The page size is always sent. */
    g_clear_pointer(&missing, g_bytes_unref);
    spapr->caps.value[SPAPR_CAP_HPT_MAXPAGESIZE] = 24;
    g_clear_pointer(&saved, g_bytes_unref);
    saved = save(&vmstate_spapr, spapr);
    spapr->caps.value[SPAPR_CAP_HPT_MAXPAGESIZE] = 16;
    page = load(&vmstate_spapr, spapr, saved);
    g_assert_nonnull(strstr(page, "cap-hpt-max-page-size"));
}

static void test_left_out(void)
{
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GBytes) saved = NULL, missing = NULL;

    spapr->fwnmi_registered = true;
    spapr->fwnmi_mce_addr = 0x1990;
    saved = save(&vmstate_spapr, spapr);
    missing = without(saved, "spapr_fwnmi", 8 + 8 + 4);
    load_well(&vmstate_spapr, spapr, missing);
    g_assert_false(spapr->fwnmi_registered);
    load_well(&vmstate_spapr, spapr, saved);
    g_assert_true(spapr->fwnmi_registered);
    g_assert_cmphex(spapr->fwnmi_mce_addr, ==, 0x1990);
    load_well(&vmstate_spapr, spapr, missing);
}

/* ---- The program for a QEMU ---- */

#define RTAS_BASE 0x0b000000u

static void ready(unsigned cpu, uint64_t nip)
{
    CPUPPCState *env = &bench_cpu(cpu)->env;

    env->nip = nip;
    env->msr = MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(EE) | MSR_BIT(RI);
    env->spr[SPR_LPCR] |= bench_cpu(cpu)->model->lpcr_pm;
    bench_cpu(cpu)->parent.halted = 0;
}

static void give_rtas(void)
{
    void *fdt = bench_machine()->fdt;
    int node = fdt_path_offset(fdt, "/rtas");

    g_assert_cmpint(node, >=, 0);
    bench_machine()->fdt = g_realloc(fdt, 1 << 20);
    fdt = bench_machine()->fdt;
    g_assert_cmpint(fdt_open_into(fdt, fdt, 1 << 20), ==, 0);
    g_assert_cmpint(fdt_setprop_u32(fdt, node, "linux,rtas-base", RTAS_BASE), ==, 0);
}

static GPtrArray *prepare(VMStateWire wire)
{
    GPtrArray *lost = g_ptr_array_new_with_free_func(g_free);

    spapr_resume_prepare(bench_machine(), wire, true, lost);
    return lost;
}

static bool names(GPtrArray *lost, const char *text)
{
    for (unsigned i = 0; i < lost->len; i++) {
        if (strstr(g_ptr_array_index(lost, i), text)) {
            return true;
        }
    }
    return false;
}

static void test_resume_impossible(void)
{
    g_autoptr(GPtrArray) lost = NULL;

    system_reset(SHUTDOWN_CAUSE_NONE);
    ready(0, 0x1000);
    ready(1, 0x2000);
    lost = prepare(VMSTATE_WIRE_QEMU_10_0);
    g_assert_true(names(lost, "processor 1, which stays stopped"));
    g_assert_true(names(lost, "no RTAS"));
    g_assert_null(bench_machine()->resume);
    give_rtas();
    bench_cpu(1)->env.msr &= ~MSR_BIT(EE);
    g_clear_pointer(&lost, g_ptr_array_unref);
    lost = prepare(VMSTATE_WIRE_QEMU_10_0);
    g_assert_true(names(lost, "processor 1 has interrupts disabled"));
}

/* Everything is as it was when it is over, and in between is what a QEMU needs. */
static void test_resume(gconstpointer data)
{
    VMStateWire wire = GPOINTER_TO_INT(data);
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GPtrArray) lost = NULL;
    GBytes *before[2];
    uint8_t memory[4096], again[4096];

    ready(0, 0x1000);
    ready(1, 0x2000);
    spapr_cpu_state(bench_cpu(1))->prod = true;
    memset(memory, 0x5a, sizeof(memory));
    g_assert_true(spapr_write(spapr, RTAS_BASE, memory, sizeof(memory)));
    for (unsigned i = 0; i < 2; i++) {
        before[i] = save(&vmstate_ppc_cpu, bench_cpu(i));
    }
    lost = prepare(wire);
    g_assert_cmpuint(lost->len, ==, 0);
    g_assert_nonnull(spapr->resume);
    g_assert_cmphex(bench_cpu(0)->env.nip, >=, RTAS_BASE + 0x100);
    g_assert_cmphex(bench_cpu(0)->env.nip, <, RTAS_BASE + 0x1000);
    g_assert_cmphex(bench_cpu(0)->env.msr & (MSR_BIT(EE) | MSR_BIT(IR) | MSR_BIT(DR)), ==, 0);
    /* RTAS's own entry stays. */
    g_assert_true(spapr_read(spapr, RTAS_BASE, again, sizeof(again)));
    g_assert_cmpmem(memory, 0x100, again, 0x100);
    g_assert_false(spapr_cpu_state(bench_cpu(1))->prod);
    g_assert_cmpint(spapr_cpu_is_stopped(bench_cpu(1)), ==, wire == VMSTATE_WIRE_QEMU_10_0);
    spapr_resume_undo(spapr);
    g_assert_null(spapr->resume);
    g_assert_true(spapr_read(spapr, RTAS_BASE, again, sizeof(again)));
    g_assert_cmpmem(memory, sizeof(memory), again, sizeof(again));
    g_assert_true(spapr_cpu_state(bench_cpu(1))->prod);
    g_assert_false(bench_cpu(1)->parent.halted);
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GBytes) after = save(&vmstate_ppc_cpu, bench_cpu(i));

        /* But for the decrementer, which runs. */
        g_assert_cmpmem(g_bytes_get_data(before[i], NULL), DECR_OFFSET,
                        g_bytes_get_data(after, NULL), DECR_OFFSET);
        g_bytes_unref(before[i]);
        g_assert_cmphex(bench_cpu(i)->env.nip, ==, 0x1000u * (i + 1));
    }
    spapr_cpu_state(bench_cpu(1))->prod = false;
}

/* An interrupt that a presenter has goes back to its source, and is there again afterwards. */
static void test_resume_xics(void)
{
    SpaprMachine *spapr = bench_machine();
    XicsState *xics = (XicsState *)spapr->xics;
    g_autoptr(GPtrArray) lost = NULL;
    uint32_t mfrr, xirr;

    ready(0, 0x1000);
    ready(1, 0x2000);
    xics_set_cppr(xics, 1, 0xff);
    g_assert_true(xics_set_xive(xics, SPAPR_IRQ_EPOW, 1, 5));
    xics_set_source(xics, SPAPR_IRQ_EPOW, true);
    xirr = xics_poll(xics, 1, &mfrr);
    g_assert_cmphex(xirr, ==, 0xff000000u | SPAPR_IRQ_EPOW);
    lost = prepare(VMSTATE_WIRE_QEMU_7_2);
    g_assert_cmpuint(lost->len, ==, 0);
    g_assert_cmphex(xics_poll(xics, 1, &mfrr), ==, 0xff000000u);
    g_assert_false(xics_presents(xics, 1));
    /* What the program does over there. */
    xics_set_cppr(xics, 1, 0xff);
    g_assert_cmphex(xics_poll(xics, 1, &mfrr), ==, xirr);
    spapr_resume_undo(spapr);
    g_assert_cmphex(xics_poll(xics, 1, &mfrr), ==, xirr);
    g_assert_cmphex(xics_accept(xics, 1), ==, xirr);
    xics_eoi(xics, 1, 0xff000000u | SPAPR_IRQ_EPOW);
    g_assert_cmphex(xics_poll(xics, 1, &mfrr), ==, 0xff000000u);
}

/* What is ours and has no place in a QEMU's stream is named. */
static void test_losses(void)
{
    StateRegistry *registry = runtime_state_registry();
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);

    state_registry_set_wire(registry, VMSTATE_WIRE_QEMU_10_0);
    state_registry_losses(registry, lost);
    g_assert_cmpuint(lost->len, ==, 0);
    ppc_set_pending(&bench_cpu(1)->env, PPC_INTERRUPT_DOORBELL, true);
    spapr_cpu_state(bench_cpu(0))->prod = true;
    state_registry_losses(registry, lost);
    g_assert_cmpuint(lost->len, ==, 2);
    g_assert_nonnull(strstr(g_ptr_array_index(lost, 0), "spapr_cpu/prod"));
    g_assert_nonnull(strstr(g_ptr_array_index(lost, 1), "cpu/latches"));
    g_assert_nonnull(strstr(g_ptr_array_index(lost, 1), "number 1"));
    g_assert_cmpint(state_registry_wire(registry), ==, VMSTATE_WIRE_QEMU_10_0);
    ppc_set_pending(&bench_cpu(1)->env, PPC_INTERRUPT_DOORBELL, false);
    spapr_cpu_state(bench_cpu(0))->prod = false;
    state_registry_set_wire(registry, VMSTATE_WIRE_OWN);
}

/* ---- A guest that runs on until nothing is lost ---- */

static unsigned moments;           /* that it still needs */
static RunState interruption; /* what a processor asks for meanwhile; RUN_STATE_COUNT: nothing */

static void lose_for_moments(void *opaque, VMStateWire wire, bool running, GPtrArray *lost)
{
    g_assert_false(runstate_is_running());
    if (moments) {
        g_ptr_array_add(lost, g_strdup("patience"));
    }
}

static void moment_over(void *opaque)
{
    moments -= moments != 0;
}

static void interrupt_moment(void *opaque, bool running, RunState state)
{
    if (running && interruption != RUN_STATE_COUNT) {
        vm_stop_request(interruption);
    }
}

static void test_drain(void)
{
    static const MigrationWireOps ops = {.prepare = lose_for_moments, .undo = moment_over};
    VMChangeStateEntry *entry = vm_change_state_add(interrupt_moment, NULL, 0);

    migration_set_wire_ops(&ops, NULL);
    g_assert_true(
        migration_parameter_set(MIGRATION_PARAMETER_X_WIRE, VMSTATE_WIRE_QEMU_10_0, NULL));
    interruption = RUN_STATE_COUNT;
    moments = 3;
    runstate_set(RUN_STATE_SAVE_VM);
    g_assert_cmpint(migration_wire_begin(RUN_STATE_RUNNING, RUN_STATE_SAVE_VM), ==,
                    RUN_STATE_RUNNING);
    g_assert_true(runstate_check(RUN_STATE_SAVE_VM));
    g_assert_cmpuint(moments, ==, 0);
    /* No migration: a snapshot's clock is its own. */
    g_assert_cmpint(migration_time_since_stop_ns(), ==, 0);
    migration_wire_end();
    /* One moment comes to an end of another kind. */
    interruption = RUN_STATE_GUEST_PANICKED;
    moments = 3;
    g_assert_cmpint(migration_wire_begin(RUN_STATE_RUNNING, RUN_STATE_SAVE_VM), ==,
                    RUN_STATE_GUEST_PANICKED);
    g_assert_true(runstate_check(RUN_STATE_SAVE_VM));
    g_assert_cmpuint(moments, ==, 2);
    migration_wire_end();
    runstate_set(RUN_STATE_PAUSED);
    vm_change_state_remove(entry);
    migration_set_wire_ops(NULL, NULL);
    migration_parameter_set(MIGRATION_PARAMETER_X_WIRE, VMSTATE_WIRE_OWN, NULL);
}

/* ---- What cannot be handed over ---- */

static void refuse(void *opaque, bool running, RunState state)
{
    if (state == RUN_STATE_FINISH_MIGRATE && *(bool *)opaque) {
        GError *error = NULL;

        error_setg(&error, "the disk stays here");
        migration_refuse(error);
    }
}

static MigrationStatus migrate_to_nowhere(MigrationInfo *info)
{
    GError *error = NULL;

    migration_start("exec:cat >/dev/null", &error);
    g_assert_no_error(error);
    do {
        main_loop_iterate(true);
        migration_info(info);
    } while (migration_status_is_busy(info->status));
    migration_shutdown();
    while (main_loop_iterate(false)) {
    }
    return info->status;
}

static void test_refused(void)
{
    bool refusing = true;
    VMChangeStateEntry *entry = vm_change_state_add(refuse, &refusing, 0);
    MigrationInfo info;

    vm_stop_force_state(RUN_STATE_PAUSED);
    g_assert_cmpint(migrate_to_nowhere(&info), ==, MIGRATION_STATUS_FAILED);
    g_assert_cmpstr(info.error, ==, "the disk stays here");
    g_assert_true(runstate_check(RUN_STATE_PAUSED));
    refusing = false;
    g_assert_cmpint(migrate_to_nowhere(&info), ==, MIGRATION_STATUS_COMPLETED);
    g_assert_true(runstate_check(RUN_STATE_POSTMIGRATE));
    vm_change_state_remove(entry);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    bench_with_migration();
    bench_start("pseries-7.2,ic-mode=xics", "power9_v2.0", false);
    /* Processors run here: this thread must not pass for one of theirs, or a stop would not wait
     * for that one. */
    cpu_set_current(NULL);
    g_test_add_func("/fixups/time/forward", test_time_forward);
    g_test_add_func("/fixups/time/until-start", test_time_until_start);
    g_test_add_func("/fixups/time/skewed", test_time_skewed);
    g_test_add_func("/fixups/time/old", test_time_old);
    g_test_add_func("/fixups/time/stopped", test_time_stopped);
    g_test_add_func("/fixups/time/decrementer", test_time_decrementer);
    g_test_add_func("/fixups/decrementer-not-sent", test_decrementer_not_sent);
    g_test_add_func("/fixups/latches", test_latches);
    g_test_add_func("/fixups/compat", test_compat);
    g_test_add_func("/fixups/capabilities", test_capabilities);
    g_test_add_func("/fixups/left-out", test_left_out);
    g_test_add_func("/fixups/losses", test_losses);
    g_test_add_func("/fixups/resume/impossible", test_resume_impossible);
    g_test_add_data_func("/fixups/resume/10.0", GINT_TO_POINTER(VMSTATE_WIRE_QEMU_10_0),
                         test_resume);
    g_test_add_data_func("/fixups/resume/7.2", GINT_TO_POINTER(VMSTATE_WIRE_QEMU_7_2), test_resume);
    g_test_add_func("/fixups/resume/xics", test_resume_xics);
    g_test_add_func("/fixups/drain/moments", test_drain);
    g_test_add_func("/fixups/hand-over/refused", test_refused);
    result = g_test_run();
    bench_stop();
    return result;
}
