/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The info commands of the human monitor, as QEMU prints them. */
#include <string.h>
#include "monitor-private.h"
#include "hw/core/bus.h"
#include "hw/core/cpus.h"
#include "hw/core/machine.h"
#include "system/runstate.h"
#include "util/error.h"

static void no_cpu(HMPContext *context)
{
    g_string_append(context->out, "No CPU available\n");
}

static void info_version(HMPContext *context, const char *args)
{
    g_string_append(context->out, MONITOR_VERSION_TEXT " (" MONITOR_PACKAGE ")\n");
}

static void info_status(HMPContext *context, const char *args)
{
    RunState state = runstate_get();
    bool running = runstate_is_running();

    g_string_append_printf(context->out, "VM status: %s", running ? "running" : "paused");
    if (!running && state != RUN_STATE_PAUSED) {
        g_string_append_printf(context->out, " (%s)", runstate_name(state));
    }
    g_string_append_c(context->out, '\n');
}

static void info_name(HMPContext *context, const char *args)
{
    MachineState *machine = machine_current();

    if (machine && machine->name) {
        g_string_append_printf(context->out, "%s\n", machine->name);
    }
}

static void info_uuid(HMPContext *context, const char *args)
{
    g_autofree char *uuid = monitor_uuid();

    g_string_append_printf(context->out, "%s\n", uuid);
}

static void info_kvm(HMPContext *context, const char *args)
{
    g_string_append(context->out, "kvm support: not compiled\n");
}

static void dump_registers(CPUState *cpu, void *opaque)
{
    cpu_dump_state(cpu, opaque, CPU_DUMP_FPU | CPU_DUMP_SPR);
}

/* A CPU that runs is asked on its own thread: only there its registers are whole. */
static void one_cpu(HMPContext *context, CPUState *cpu)
{
    g_string_append_printf(context->out, "\nCPU#%d\n", cpu->cpu_index);
    run_on_cpu(cpu, dump_registers, context->out);
}

static void info_registers(HMPContext *context, const char *args)
{
    CPUState *cpu = cpu_get(context->cpu_index);

    if (!strcmp(args, "-a")) {
        CPU_FOREACH (cpu) {
            one_cpu(context, cpu);
        }
        return;
    }
    if (*args) {
        uint64_t index;
        g_autoptr(GError) error = NULL;

        if (!monitor_expression(&args, context->cpu_index, &index, &error)) {
            g_string_append_printf(context->out, "%s\n", error->message);
            return;
        }
        cpu = index > G_MAXINT || *args ? NULL : cpu_get((int)index);
        if (!cpu) {
            g_string_append_printf(context->out, "CPU#%" PRIu64 " not available\n", index);
            return;
        }
    }
    if (cpu) {
        one_cpu(context, cpu);
    } else {
        no_cpu(context);
    }
}

static void info_cpus(HMPContext *context, const char *args)
{
    CPUState *cpu;

    CPU_FOREACH (cpu) {
        g_string_append_printf(context->out, "%c CPU #%d: thread_id=%d\n",
                               cpu->cpu_index == context->cpu_index ? '*' : ' ', cpu->cpu_index,
                               cpu->thread_id);
    }
}

static void info_mtree(HMPContext *context, const char *args)
{
    bool flat = false, disabled = false;

    while (*args) {
        g_autofree char *word = monitor_word(&args);

        if (!strcmp(word, "-f")) {
            flat = true;
        } else if (!strcmp(word, "-D")) {
            disabled = true;
        } else if (strcmp(word, "-d") && strcmp(word, "-o")) {
            g_string_append_printf(context->out, "mtree: unsupported option %s\n", word);
            return;
        }
    }
    memory_print_tree(context->out, flat, disabled);
}

static void info_qtree(HMPContext *context, const char *args)
{
    device_print_qtree(context->out);
}

static void print_bus(BusState *bus, void *opaque)
{
    bus_get_class(bus)->print(bus, opaque);
}

static void info_pci(HMPContext *context, const char *args)
{
    bus_foreach_top("PCI", print_bus, context->out);
}

static void info_qdm(HMPContext *context, const char *args)
{
    g_autofree char *text = device_help_all();

    g_string_append(context->out, text);
}

static void info_pic(HMPContext *context, const char *args)
{
    MachineState *machine = machine_current();

    if (machine && machine->class->print_pic) {
        machine->class->print_pic(machine, context->out);
    }
}

static void info_irq(HMPContext *context, const char *args)
{
    MachineState *machine = machine_current();

    if (machine && machine->class->print_irq) {
        machine->class->print_irq(machine, context->out);
    }
}

static void dump_mmu(CPUState *cpu, void *opaque)
{
    cpu_synchronize(cpu);
    cpu->ops->dump_mmu(cpu, opaque);
}

static void info_tlb(HMPContext *context, const char *args)
{
    CPUState *cpu = cpu_get(context->cpu_index);

    if (!cpu) {
        no_cpu(context);
    } else if (cpu->ops->dump_mmu) {
        run_on_cpu(cpu, dump_mmu, context->out);
    }
}

static void info_jit(HMPContext *context, const char *args)
{
    const AccelOps *accel = cpus_accel();

    if (accel && accel->print_info) {
        accel->print_info(context->out);
    }
}

static void info_roms(HMPContext *context, const char *args)
{
    rom_print(context->out);
}

static void print_chardev(Chardev *chr, void *opaque)
{
    g_string_append_printf(opaque, "%s: filename=%s\n", chardev_id(chr), chardev_filename(chr));
}

static void info_chardev(HMPContext *context, const char *args)
{
    chardev_foreach(print_chardev, context->out);
}

static void info_qom_tree(HMPContext *context, const char *args)
{
    g_autofree char *path = monitor_word(&args);
    GError *error = NULL;
    Object *obj = path ? monitor_object(path, &error)
                       : machine_current() ? OBJECT(machine_current()) : object_root();

    if (obj) {
        object_print_tree(obj, context->out, 0);
    } else {
        g_string_append_printf(context->out, "Path '%s' could not be resolved.\n", path);
        g_clear_error(&error);
    }
}

static void print_capability(const Property *prop, void *opaque)
{
    g_autofree char *text = NULL;

    if (g_str_has_prefix(prop->name, "cap-")) {
        text = object_property_get_text(OBJECT(machine_current()), prop->name, NULL);
        g_string_append_printf(opaque, "%s: %s\n", prop->name, text ? text : "");
    }
}

static void info_capabilities(HMPContext *context, const char *args)
{
    if (machine_current()) {
        object_foreach_property(OBJECT(machine_current()), print_capability, context->out);
    }
}

static void info_numa(HMPContext *context, const char *args)
{
    MachineState *machine = machine_current();
    unsigned nodes = machine ? machine->numa->num_nodes : 0;

    g_string_append_printf(context->out, "%u nodes\n", nodes);
    for (unsigned n = 0; n < nodes; n++) {
        CPUState *cpu;

        g_string_append_printf(context->out, "node %u cpus:", n);
        CPU_FOREACH (cpu) {
            if (machine_cpu_node(machine, (unsigned)cpu->cpu_index) == n) {
                g_string_append_printf(context->out, " %d", cpu->cpu_index);
            }
        }
        g_string_append_printf(context->out,
                               "\nnode %u size: %" PRIu64 " MB\nnode %u plugged: 0 MB\n", n,
                               machine->numa->nodes[n].mem >> 20, n);
    }
}

static void info_history(HMPContext *context, const char *args)
{
    Monitor *mon = context->monitor;
    const GPtrArray *lines = mon && mon->editor ? line_editor_history(mon->editor) : NULL;

    for (guint i = 0; lines && i < lines->len; i++) {
        g_string_append_printf(context->out, "%u: '%s'\n", i, (char *)g_ptr_array_index(lines, i));
    }
}

static void info_memory_size(HMPContext *context, const char *args)
{
    MachineState *machine = machine_current();

    g_string_append_printf(context->out, "base memory: %" PRIu64 "\n",
                           machine ? machine->ram_size : 0);
    g_string_append(context->out, "plugged memory: 0\n");
}

static void info_hotpluggable(HMPContext *context, const char *args)
{
    g_string_append(context->out, "Error: machine does not support hot-plugging CPUs\n");
}

static void info_balloon(HMPContext *context, const char *args)
{
    g_string_append(context->out, "Error: No balloon device has been activated\n");
}

static void note_bus(BusState *bus, void *opaque)
{
    *(bool *)opaque = true;
}

static void info_usb(HMPContext *context, const char *args)
{
    bool found = false;

    bus_foreach_top("usb-bus", note_bus, &found);
    if (!found) {
        g_string_append(context->out, "USB support not enabled\n");
        return;
    }
    bus_foreach_top("usb-bus", print_bus, context->out);
}

/* The machines have none of these yet: an empty list, as QEMU shows it. */
static void info_nothing(HMPContext *context, const char *args)
{
}

const HMPCommand monitor_hmp_info_commands[] = {
    {"info version", NULL, "show the version of QEMU", info_version, NULL},
    {"info status", NULL, "show the current VM status (running|paused)", info_status, NULL},
    {"info name", NULL, "show the current VM name", info_name, NULL},
    {"info uuid", NULL, "show the current VM UUID", info_uuid, NULL},
    {"info kvm", NULL, "show KVM information", info_kvm, NULL},
    {"info registers", "[-a|vcpu]", "show the cpu registers (-a: show register info for all cpus)",
     info_registers, NULL},
    {"info cpus", NULL, "show infos for each CPU", info_cpus, NULL},
    {"info mtree", "[-f][-d][-o][-D]",
     "show memory tree (-f: dump flat view for address spaces; -D: dump disabled regions)",
     info_mtree, NULL},
    {"info qtree", NULL, "show device tree", info_qtree, NULL},
    {"info pci", NULL, "show PCI info", info_pci, NULL},
    {"info qdm", NULL, "show qdev device model list", info_qdm, NULL},
    {"info pic", NULL, "show PIC state", info_pic, NULL},
    {"info irq", NULL, "show the interrupts statistics (if available)", info_irq, NULL},
    {"info tlb", NULL, "show virtual to physical memory mappings", info_tlb, NULL},
    {"info jit", NULL, "show dynamic compiler info", info_jit, NULL},
    {"info roms", NULL, "show roms", info_roms, NULL},
    {"info chardev", NULL, "show the character devices", info_chardev, NULL},
    {"info qom-tree", "[path]", "show QOM composition tree", info_qom_tree, NULL},
    {"info capabilities", NULL, "show the machine's capabilities", info_capabilities, NULL},
    {"info numa", NULL, "show NUMA information", info_numa, NULL},
    {"info history", NULL, "show the command line history", info_history, NULL},
    {"info memory_size_summary", NULL,
     "show the amount of initially allocated and present hotpluggable (if enabled) memory in "
     "bytes.",
     info_memory_size, NULL},
    {"info hotpluggable-cpus", NULL, "show information about hotpluggable CPUs", info_hotpluggable,
     NULL},
    {"info balloon", NULL, "show balloon information", info_balloon, NULL},
    {"info usb", NULL, "show guest USB devices", info_usb, NULL},
    {"info memory-devices", NULL, "show memory devices", info_nothing, NULL},
    {"info memdev", NULL, "show memory backends", info_nothing, NULL},
    {"info iothreads", NULL, "show iothreads", info_nothing, NULL},
    {0},
};
