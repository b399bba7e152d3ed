/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that answer facts about machine, CPUs, memory and back ends. */
#include <string.h>
#include "monitor-private.h"
#include "hw/core/bus.h"
#include "hw/core/machine.h"
#include "system/runstate.h"
#include "ui/window.h"
#include "util/error.h"

/* The personality, by the program's name. */
static bool is_ppc64(void)
{
    const char *name = g_get_prgname();

    return !name || !g_str_has_suffix(name, "-ppc");
}

static const char *target(void)
{
    return is_ppc64() ? "ppc64" : "ppc";
}

json_t *qmp_version(void)
{
    return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "micro", 0, "minor", 2, "major", 8,
                     "package", MONITOR_PACKAGE);
}

static json_t *query_version(json_t *arguments, GError **errp)
{
    return qmp_version();
}

static json_t *query_status(json_t *arguments, GError **errp)
{
    return json_pack("{s:s, s:b, s:b}", "status", runstate_name(runstate_get()), "singlestep", 0,
                     "running", runstate_is_running());
}

static json_t *query_name(json_t *arguments, GError **errp)
{
    MachineState *machine = machine_current();
    json_t *result = json_object();

    if (machine && machine->name) {
        json_object_set_new(result, "name", monitor_text(machine->name));
    }
    return result;
}

static json_t *query_uuid(json_t *arguments, GError **errp)
{
    g_autofree char *uuid = monitor_uuid();

    return json_pack("{s:s}", "UUID", uuid);
}

static json_t *query_target(json_t *arguments, GError **errp)
{
    return json_pack("{s:s}", "arch", target());
}

static json_t *query_kvm(json_t *arguments, GError **errp)
{
    return json_pack("{s:b, s:b}", "enabled", 0, "present", 0);
}

static json_t *query_machines(json_t *arguments, GError **errp)
{
    g_autoptr(GPtrArray) classes = machine_class_list();
    json_t *result = json_array();

    for (guint i = 0; i < classes->len; i++) {
        const MachineClass *class = g_ptr_array_index(classes, i);
        json_t *entry =
            json_pack("{s:s, s:I, s:b, s:b, s:b}", "name", class->machine_name, "cpu-max",
                      (json_int_t)MAX(class->max_cpus, 1u), "hotpluggable-cpus", 0,
                      "numa-mem-supported", class->numa_supported, "deprecated", class->deprecated);

        if (class->alias) {
            json_object_set_new(entry, "alias", json_string(class->alias));
        }
        if (class->is_default) {
            json_object_set_new(entry, "is-default", json_true());
        }
        if (class->default_cpu) {
            g_autofree char *type = g_strdup_printf("%s-%s-cpu", class->default_cpu,
                                                    is_ppc64() ? "powerpc64" : "powerpc");

            json_object_set_new(entry, "default-cpu-type", json_string(type));
        }
        if (class->default_ram_id) {
            json_object_set_new(entry, "default-ram-id", json_string(class->default_ram_id));
        }
        json_array_append_new(result, entry);
    }
    return result;
}

static json_t *cpu_props(const CPUState *cpu)
{
    json_t *props = json_pack("{s:I}", "core-id", (json_int_t)monitor_core_id(cpu));

    if (machine_current()->numa->num_nodes) {
        json_object_set_new(
            props, "node-id",
            json_integer(machine_cpu_node(machine_current(), (unsigned)cpu->cpu_index)));
    }
    return props;
}

static json_t *query_cpus_fast(json_t *arguments, GError **errp)
{
    json_t *result = json_array();
    CPUState *cpu;

    CPU_FOREACH (cpu) {
        g_autofree char *path = object_path(OBJECT(cpu));

        json_array_append_new(result,
                              json_pack("{s:i, s:o, s:i, s:o, s:s}", "cpu-index", cpu->cpu_index,
                                        "qom-path", monitor_text(path), "thread-id", cpu->thread_id,
                                        "props", cpu_props(cpu), "target", target()));
    }
    return result;
}

static json_t *query_hotpluggable_cpus(json_t *arguments, GError **errp)
{
    MachineState *machine = machine_current();
    json_t *result = json_array();
    unsigned threads = machine ? MAX(machine->smp.threads, 1u) : 1;
    CPUState *cpu;

    CPU_FOREACH (cpu) {
        g_autofree char *path = object_path(OBJECT(cpu));
        g_autofree char *type =
            g_strdup_printf("%s-spapr-cpu-core", machine->cpu_type ? machine->cpu_type : "");

        /* One entry for each core. */
        if ((unsigned)cpu->cpu_index % threads == 0) {
            type[0] = g_ascii_tolower(type[0]);
            json_array_append_new(result,
                                  json_pack("{s:o, s:I, s:o, s:o}", "props", cpu_props(cpu),
                                            "vcpus-count", (json_int_t)threads, "qom-path",
                                            monitor_text(path), "type", monitor_text(type)));
        }
    }
    return result;
}

static json_t *query_memory_size_summary(json_t *arguments, GError **errp)
{
    MachineState *machine = machine_current();

    return json_pack("{s:I, s:I}", "base-memory", (json_int_t)(machine ? machine->ram_size : 0),
                     "plugged-memory", (json_int_t)0);
}

static json_t *query_current_machine(json_t *arguments, GError **errp)
{
    MachineState *machine = machine_current();

    return json_pack("{s:b}", "wakeup-suspend-support", machine && machine->class->wakeup);
}

static void add_chardev(Chardev *chr, void *opaque)
{
    json_array_append_new(opaque, json_pack("{s:b, s:o, s:o}", "frontend-open", chardev_in_use(chr),
                                            "filename", monitor_text(chardev_filename(chr)),
                                            "label", monitor_text(chardev_id(chr))));
}

static json_t *query_chardev(json_t *arguments, GError **errp)
{
    json_t *result = json_array();

    chardev_foreach(add_chardev, result);
    return result;
}

static void add_pci_bus(BusState *bus, void *opaque)
{
    json_array_append_new(opaque, bus_get_class(bus)->query(bus));
}

static json_t *query_pci(json_t *arguments, GError **errp)
{
    json_t *result = json_array();

    bus_foreach_top("PCI", add_pci_bus, result);
    return result;
}

static json_t *query_chardev_backends(json_t *arguments, GError **errp)
{
    static const char *const names[] = {"stdio", "null",   "file",   "pipe",
                                        "pty",   "socket", "ringbuf"};
    json_t *result = json_array();

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        json_array_append_new(result, json_pack("{s:s}", "name", names[i]));
    }
    return result;
}

static json_t *query_dump(json_t *arguments, GError **errp)
{
    return json_pack("{s:s, s:i, s:i}", "status", "none", "completed", 0, "total", 0);
}

static json_t *query_display_options(json_t *arguments, GError **errp)
{
    return json_pack("{s:s}", "type", window_kind() ? window_kind() : "none");
}

/* Things the machines have none of. */
static json_t *empty_list(json_t *arguments, GError **errp)
{
    return json_array();
}

static json_t *human_text(const char *line)
{
    g_autoptr(GString) out = g_string_new(NULL);

    monitor_run_hmp(line, 0, out);
    return json_pack("{s:o}", "human-readable-text", monitor_text(out->str));
}

static json_t *x_query_jit(json_t *arguments, GError **errp)
{
    return human_text("info jit");
}

static json_t *x_query_numa(json_t *arguments, GError **errp)
{
    return human_text("info numa");
}

static json_t *x_query_roms(json_t *arguments, GError **errp)
{
    return human_text("info roms");
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_query_commands[] = {
    {"query-version", query_version, .preconfig = true},
    {"query-status", query_status, .preconfig = true},
    {"query-name", query_name, .preconfig = true},
    {"query-uuid", query_uuid, .preconfig = true},
    {"query-target", query_target, .preconfig = true},
    {"query-kvm", query_kvm},
    {"query-machines", query_machines},
    {"query-current-machine", query_current_machine},
    {"query-cpus-fast", query_cpus_fast},
    {"query-hotpluggable-cpus", query_hotpluggable_cpus, .preconfig = true},
    {"query-memory-size-summary", query_memory_size_summary},
    {"query-chardev", query_chardev, .preconfig = true},
    {"query-chardev-backends", query_chardev_backends, .preconfig = true},
    {"query-dump", query_dump},
    {"query-display-options", query_display_options},
    {"query-block-jobs", empty_list},
    {"query-iothreads", empty_list, .preconfig = true},
    {"query-memory-devices", empty_list},
    {"query-pci", query_pci},
    {"query-tpm", empty_list},
    {"query-tpm-models", empty_list},
    {"query-tpm-types", empty_list},
    {"query-stats", empty_list, .arguments = ARGS("target:s", "vcpus:a?", "providers:a?")},
    {"query-stats-schemas", empty_list, .arguments = ARGS("provider:s?")},
    {"query-yank", empty_list},
    {"query-fdsets", empty_list},
    {"x-query-jit", x_query_jit},
    {"x-query-numa", x_query_numa},
    {"x-query-roms", x_query_roms},
    {0},
};
