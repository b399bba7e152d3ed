/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of test-spapr-bench.h. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "test-spapr-bench.h"
#include "accel/tcg/accel.h"
#include "chardev/char.h"
#include "hw/core/cpus.h"
#include "hw/core/internal.h"
#include "hw/core/machine.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"

#define SERVICE_NAME (BENCH_FREE + 0x1000)
#define ARRAY (BENCH_FREE + 0x2000)

static Chardev *console;
static const char *console_text = "ringbuf";
static const char *memory_text = "256M";
static bool with_migration;
static char *kernel_path;

static char *write_kernel(void)
{
    /* A flat image: one branch to itself. */
    static const uint8_t image[64] = {0x48, 0, 0, 0};
    char *path = NULL;
    int fd = g_file_open_tmp("gossamer-kernel-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, image, sizeof(image)), ==, sizeof(image));
    close(fd);
    return path;
}

void bench_set_console(const char *text)
{
    console_text = text;
}

void bench_set_memory(const char *text)
{
    memory_text = text;
}

void bench_with_migration(void)
{
    with_migration = true;
}

void bench_start(const char *options, const char *cpu, bool kernel)
{
    bench_start_smp(options, cpu, kernel, "2");
}

void bench_start_smp(const char *options, const char *cpu, bool kernel, const char *smp)
{
    GError *error = NULL;
    g_auto(GStrv) parts = g_strsplit(options ? options : "pseries", ",", 2);
    TCGAccelConfig config;
    TCGAccel *engine;
    MachineState *machine;

    runtime_init();
    machine_classes_register(spapr_machine_classes());
    tcg_accel_config_init(&config);
    engine = tcg_accel_new(&ppc_tcg_ops, &config, &error);
    g_assert_no_error(error);
    g_assert_nonnull(engine);
    cpus_init(&tcg_accel_ops, VCPU_THREADS_MULTI);
    if (with_migration) {
        g_assert_true(migration_init(&error));
    }
    console = chardev_new_from_short("console", console_text, false, &error);
    g_assert_no_error(error);
    machine = machine_create(machine_class_find(parts[0], &error), &error);
    g_assert_no_error(error);
    if (parts[1]) {
        machine_parse_properties(machine, parts[1], &error);
        g_assert_no_error(error);
    }
    machine_parse_smp(machine, smp, &error);
    machine_parse_memory(machine, memory_text, &error);
    g_assert_no_error(error);
    if (cpu) {
        g_free(machine->cpu_type);
        machine->cpu_type = g_strdup(cpu);
    }
    if (kernel) {
        kernel_path = write_kernel();
        machine->kernel_filename = g_strdup(kernel_path);
    }
    g_ptr_array_add(machine->serial, console);
    machine_run_init(machine, &error);
    g_assert_no_error(error);
    if (with_migration) {
        g_assert_true(migration_machine_created(machine->class->machine_name, &error));
    }
    system_reset(SHUTDOWN_CAUSE_NONE);
    cpu_set_current(&bench_cpu(0)->parent);
}

void bench_stop(void)
{
    cpu_set_current(NULL);
    cpus_shutdown();
    chardev_cleanup();
    if (kernel_path) {
        g_unlink(kernel_path);
        g_clear_pointer(&kernel_path, g_free);
    }
}

GBytes *bench_save_stream(GError **errp)
{
    StateStream *s = state_stream_new_writer();
    StateSaver *saver = state_saver_new(runtime_state_registry(), s, migration_config());
    GBytes *bytes = NULL;

    migration_note_runstate(runstate_get());
    if (state_saver_header(saver, errp) && state_saver_setup(saver, errp) &&
        state_saver_complete(saver, errp)) {
        bytes = state_stream_take_bytes(s);
    }
    state_saver_free(saver);
    state_stream_free(s);
    return bytes;
}

bool bench_load_stream(const void *data, gsize size, GError **errp)
{
    StateLoader loader = {.registry = runtime_state_registry(), .config = migration_config()};
    StateStream *s = state_stream_new_reader(data, size);
    bool ok = state_load(s, &loader, errp);

    state_stream_free(s);
    return ok;
}

SpaprMachine *bench_machine(void)
{
    return SPAPR_MACHINE(machine_current());
}

PowerPCCPU *bench_cpu(unsigned i)
{
    return g_ptr_array_index(bench_machine()->cpus, i);
}

Chardev *bench_console(void)
{
    return console;
}

Call bench_hcall(uint64_t opcode, const uint64_t *args, unsigned n)
{
    Call call = {0};

    g_assert_cmpuint(n, <=, G_N_ELEMENTS(call.r));
    memcpy(call.r, args, n * sizeof(uint64_t));
    /* The processor comes without the lock. */
    device_unlock();
    call.result = spapr_hypercall(bench_machine(), bench_cpu(0), opcode, call.r);
    device_lock();
    return call;
}

uint32_t bench_rtas(uint32_t token, uint32_t *rets, unsigned n_rets, const uint32_t *args,
                    unsigned n)
{
    SpaprMachine *spapr = bench_machine();
    uint64_t at = BENCH_FREE;
    uint32_t result;

    spapr_stl(spapr, at, token);
    spapr_stl(spapr, at + 4, n);
    spapr_stl(spapr, at + 8, n_rets);
    for (unsigned i = 0; i < n; i++) {
        spapr_stl(spapr, at + 12 + 4 * i, args[i]);
    }
    for (unsigned i = 0; i < n_rets; i++) {
        spapr_stl(spapr, at + 12 + 4 * (n + i), 0x5a5a5a5a);
    }
    HCALL(H_PRIVATE_RTAS, at);
    for (unsigned i = 0; rets && i < n_rets; i++) {
        rets[i] = spapr_ldl(spapr, at + 12 + 4 * (n + i));
    }
    result = spapr_ldl(spapr, at + 12 + 4 * n);
    return result;
}

uint32_t bench_text(uint32_t at, const char *text)
{
    g_assert_true(spapr_write(bench_machine(), at, text, strlen(text) + 1));
    return at;
}

uint32_t bench_client(const char *service, const uint32_t *args, unsigned n)
{
    SpaprMachine *spapr = bench_machine();

    spapr_stl(spapr, ARRAY, bench_text(SERVICE_NAME, service));
    spapr_stl(spapr, ARRAY + 4, n);
    spapr_stl(spapr, ARRAY + 8, 1);
    for (unsigned i = 0; i < n; i++) {
        spapr_stl(spapr, ARRAY + 12 + 4 * i, args[i]);
    }
    if (HRESULT(H_PRIVATE_CLIENT, ARRAY) != 0) {
        return UINT32_MAX;
    }
    return spapr_ldl(spapr, ARRAY + 12 + 4 * n);
}
