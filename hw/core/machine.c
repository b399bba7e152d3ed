/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines: classes by name, the object, its properties, creation and reset.
 */
#include "hw/core/machine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "internal.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"
#include "util/options.h"

/* What was said, on or off, is more than its value: a machine has its own default. */
static const Property usb_storage = DEFINE_PROP_BOOL("usb", MachineState, usb, false, NULL);

static bool set_usb(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    if (!property_type_bool.set(obj, &usb_storage, value, errp)) {
        return false;
    }
    MACHINE(obj)->usb_disabled = !MACHINE(obj)->usb;
    return true;
}

static bool get_usb(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    return property_type_bool.get(obj, &usb_storage, value, errp);
}

static const Property machine_properties[] = {
    DEFINE_PROP_STRING("kernel", MachineState, kernel_filename, NULL, "Linux kernel image file"),
    DEFINE_PROP_STRING("initrd", MachineState, initrd_filename, NULL, "Linux initial ramdisk file"),
    DEFINE_PROP_STRING("append", MachineState, kernel_cmdline, NULL, "Linux kernel command line"),
    DEFINE_PROP_STRING("dtb", MachineState, dtb, NULL, "Linux kernel device tree file"),
    DEFINE_PROP_STRING("dumpdtb", MachineState, dumpdtb, NULL,
                       "dump current dtb to a file and quit"),
    DEFINE_PROP_STRING("firmware", MachineState, firmware, NULL, "firmware image"),
    DEFINE_PROP_STRING("memory-backend", MachineState, memory_backend, NULL,
                       "ID of memory backend object"),
    DEFINE_PROP_CUSTOM("usb", property_type_bool, set_usb, get_usb,
                       "set on/off to enable/disable usb"),
    DEFINE_PROP_BOOL("graphics", MachineState, graphics, true,
                     "set on/off to enable/disable graphics emulation"),
    DEFINE_PROP_BOOL("dump-guest-core", MachineState, dump_guest_core, true,
                     "include guest memory in a core dump"),
    DEFINE_PROP_BOOL("mem-merge", MachineState, mem_merge, true,
                     "enable/disable memory merge support"),
    DEFINE_PROP_BOOL("suppress-vmdesc", MachineState, suppress_vmdesc, false,
                     "set on to disable self-describing migration"),
    DEFINE_PROP_END_OF_LIST(),
};

static void clear_node(NumaNode *node)
{
    g_clear_pointer(&node->memdev, g_free);
}

static void init_instance(Object *obj)
{
    MachineState *machine = MACHINE(obj);
    const int none = -1;

    machine->class = (const MachineClass *)obj->class;
    machine->memory = address_space_memory();
    machine->system_memory = get_system_memory();
    machine->smp = (CpuTopology){1, 1, 1, 1, 1, 1};
    machine->numa = g_new0(NumaState, 1);
    machine->numa->cpu_node = g_array_new(false, false, sizeof(int));
    g_array_append_val(machine->numa->cpu_node, none);
    machine->serial = g_ptr_array_new();
    machine->boot_options = g_ptr_array_new_with_free_func(g_free);
    machine->prom_env = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(machine->prom_env, NULL);
    machine->firmware_dirs = core.firmware_dirs;
    machine->cpus = g_ptr_array_new();
    machine->cpu_type = g_strdup(machine->class->default_cpu);
    machine->ram_size = machine->maxram_size = machine->class->default_ram_size;
}

static void finalize(Object *obj)
{
    MachineState *machine = MACHINE(obj);

    for (unsigned i = 0; i < MAX_NODES; i++) {
        clear_node(&machine->numa->nodes[i]);
    }
    g_array_unref(machine->numa->cpu_node);
    g_free(machine->numa);
    g_ptr_array_unref(machine->serial);
    g_ptr_array_unref(machine->boot_options);
    g_ptr_array_unref(machine->prom_env);
    g_ptr_array_unref(machine->cpus);
    g_free(machine->cpu_type);
    g_free(machine->memory_path);
    g_free(machine->name);
    g_free(machine->boot_order);
    g_free(machine->vga);
    g_free(machine->fdt);
}

const MachineClass machine_class = {
    .name = "machine",
    .description = "a whole computer",
    .instance_size = sizeof(MachineState),
    .properties = machine_properties,
    .abstract = true,
    .instance_init = init_instance,
    .instance_finalize = finalize,
};

/* ---- Classes ---- */

void machine_classes_register(const MachineClass *const *table)
{
    if (!core.machine_classes) {
        core.machine_classes = g_ptr_array_new();
    }
    for (; *table; table++) {
        if (!g_ptr_array_find(core.machine_classes, *table, NULL)) {
            g_ptr_array_add(core.machine_classes, (gpointer)*table);
        }
    }
}

static int compare_classes(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MachineClass *const *)a)->machine_name,
                  (*(const MachineClass *const *)b)->machine_name);
}

GPtrArray *machine_class_list(void)
{
    GPtrArray *list = g_ptr_array_new();

    for (unsigned i = 0; core.machine_classes && i < core.machine_classes->len; i++) {
        g_ptr_array_add(list, g_ptr_array_index(core.machine_classes, i));
    }
    g_ptr_array_sort(list, compare_classes);
    return list;
}

const MachineClass *machine_class_find(const char *name, GError **errp)
{
    GPtrArray *classes = machine_class_list(), *names = g_ptr_array_new();
    const MachineClass *found = NULL;
    const char *near;

    for (unsigned i = 0; i < classes->len && !found; i++) {
        const MachineClass *class = g_ptr_array_index(classes, i);

        if (!strcmp(class->machine_name, name) || !g_strcmp0(class->alias, name)) {
            found = class;
        }
        g_ptr_array_add(names, (gpointer) class->machine_name);
        if (class->alias) {
            g_ptr_array_add(names, (gpointer) class->alias);
        }
    }
    if (!found) {
        g_ptr_array_add(names, NULL);
        near = nearest_name(name, (const char *const *)names->pdata);
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "unsupported machine type '%s'%s%s%s (-M help lists them)", name,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    g_ptr_array_unref(names);
    g_ptr_array_unref(classes);
    return found;
}

const MachineClass *machine_class_default(void)
{
    for (unsigned i = 0; core.machine_classes && i < core.machine_classes->len; i++) {
        const MachineClass *class = g_ptr_array_index(core.machine_classes, i);

        if (class->is_default) {
            return class;
        }
    }
    return NULL;
}

char *machine_help(void)
{
    GString *out = g_string_new("Supported machines are:\n");
    GPtrArray *classes = machine_class_list();

    for (unsigned i = 0; i < classes->len; i++) {
        const MachineClass *class = g_ptr_array_index(classes, i);

        if (class->alias) {
            g_string_append_printf(out, "%-20s %s (alias of %s)\n", class->alias, class->desc,
                                   class->machine_name);
        }
        g_string_append_printf(out, "%-20s %s%s%s\n", class->machine_name, class->desc,
                               class->is_default ? " (default)" : "",
                               class->deprecated ? " (deprecated)" : "");
    }
    g_ptr_array_unref(classes);
    return g_string_free(out, false);
}

static void collect(const Property *prop, void *opaque)
{
    g_ptr_array_add(opaque, (gpointer)prop);
}

static int compare_properties(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const Property *const *)a)->name, (*(const Property *const *)b)->name);
}

char *machine_help_properties(const MachineClass *class)
{
    GString *out = g_string_new(NULL);
    GPtrArray *properties = g_ptr_array_new();

    g_string_append_printf(out, "%s options:\n", class->name);
    object_class_foreach_property(&class->object, collect, properties);
    g_ptr_array_sort(properties, compare_properties);
    for (unsigned i = 0; i < properties->len; i++) {
        const Property *prop = g_ptr_array_index(properties, i);
        char *value = property_default_text(prop);
        char *head = g_strdup_printf("  %s=<%s>", prop->name, prop->type->name);

        g_string_append_printf(out, "%-31s - %s", head, prop->help ? prop->help : "");
        if (value) {
            g_string_append_printf(out, " (default: %s)", value);
        }
        g_string_append_c(out, '\n');
        g_free(value);
        g_free(head);
    }
    g_ptr_array_unref(properties);
    return g_string_free(out, false);
}

/* ---- The object ---- */

MachineState *machine_current(void)
{
    return core.machine;
}

MachineState *machine_create(const MachineClass *class, GError **errp)
{
    Object *before = object_child(object_root(), "machine");
    MachineState *machine;

    g_assert(device_lock_held() && !core.machine);
    global_property_add_compat(class->compat);
    if (!core.firmware_dirs) {
        core.firmware_dirs = g_ptr_array_new_with_free_func(g_free);
    }
    machine = MACHINE(object_new(&class->object));
    if (!global_properties_apply(OBJECT(machine), errp)) {
        object_unref(OBJECT(machine));
        return NULL;
    }
    /* Something may have found its place before the machine had one: it moves along. */
    if (before) {
        object_ref(before);
        object_unparent(before);
    }
    object_add_child(object_root(), "machine", OBJECT(machine), NULL);
    while (before && before->children && before->children->len) {
        Object *child = g_ptr_array_index(before->children, 0);
        char *name = g_strdup(child->name);

        object_ref(child);
        object_unparent(child);
        object_add_child(OBJECT(machine), name, child, NULL);
        g_free(name);
    }
    object_unref(before);
    object_container(OBJECT(machine), "peripheral");
    object_container(OBJECT(machine), "peripheral-anon");
    object_container(OBJECT(machine), "unattached");
    core.machine = machine;
    return machine;
}

static bool set_property(void *opaque, const char *name, const char *value, GError **errp)
{
    /* Handled before there is a machine. */
    if (!strcmp(name, "type") || !strcmp(name, "accel")) {
        return true;
    }
    return object_property_parse(opaque, name, value, errp);
}

bool machine_parse_properties(MachineState *machine, const char *text, GError **errp)
{
    static const OptionDesc any[] = {{NULL}};
    static const OptionListDesc list = {"machine", NULL, true, any};
    Options *options = options_parse(&list, text, errp);
    bool ok = options && options_foreach(options, set_property, machine, errp);

    options_free(options);
    return ok;
}

/* ---- Creation ---- */

static bool complete_numa(MachineState *machine, GError **errp)
{
    NumaState *numa = machine->numa;
    uint64_t total = 0;
    unsigned with_memory = 0;

    if (!numa->num_nodes) {
        if (machine->class->auto_numa_one_node) {
            numa->num_nodes = 1;
            numa->nodes[0].present = true;
            numa->nodes[0].mem = machine->ram_size;
        }
        return true;
    }
    if (!machine->class->numa_supported) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "NUMA is not supported by machine '%s'",
                  machine->class->machine_name);
        return false;
    }
    for (unsigned i = 0; i < numa->num_nodes; i++) {
        if (!numa->nodes[i].present) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "numa: Node ID missing: %u", i);
            return false;
        }
        total += numa->nodes[i].mem;
        with_memory += numa->nodes[i].mem != 0;
    }
    if (!with_memory) {
        /* Shared out evenly in steps of 256 MiB, the last takes the rest. */
        uint64_t step = 256ull << 20, share = machine->ram_size / numa->num_nodes / step * step;

        for (unsigned i = 0; i < numa->num_nodes; i++) {
            numa->nodes[i].mem =
                i + 1 < numa->num_nodes ? share : machine->ram_size - share * (numa->num_nodes - 1);
        }
        total = machine->ram_size;
    }
    if (total != machine->ram_size) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "total memory for NUMA nodes (0x%" PRIx64 ") should equal RAM size (0x%" PRIx64
                  ")",
                  total, machine->ram_size);
        return false;
    }
    for (unsigned i = 0; numa->have_distance && i < numa->num_nodes; i++) {
        for (unsigned j = 0; j < numa->num_nodes; j++) {
            uint8_t *distance = &numa->nodes[i].distance[j];

            if (i == j) {
                *distance = NUMA_DISTANCE_MIN;
            } else if (!*distance) {
                *distance = numa->nodes[j].distance[i];
            }
            if (!*distance) {
                error_set(
                    errp, GOSSAMER_ERROR_INVALID,
                    "The distance between node %u and %u is missing, at least one distance value "
                    "between each nodes should be provided",
                    i, j);
                return false;
            }
        }
    }
    return true;
}

static void touch_memory(MemoryRegion *mr)
{
    volatile uint8_t *p = memory_region_get_ram_ptr(mr);
    size_t page = (size_t)getpagesize();

    for (uint64_t at = 0; at < mr->size; at += page) {
        p[at] = p[at];
    }
}

static bool init_ram(MemoryRegion *mr, MachineState *machine, const char *name, uint64_t size,
                     bool shared, const char *path, bool prealloc, GError **errp)
{
    bool ok = path || shared
                  ? memory_region_init_ram_from_file(mr, machine, name, size, shared, path, errp)
                  : memory_region_init_ram(mr, machine, name, size, errp);

    if (ok && prealloc) {
        touch_memory(mr);
    }
    return ok;
}

static void destroy_ram(MachineState *machine)
{
    NumaState *numa = machine->numa;

    for (unsigned i = 0; numa && i < numa->num_nodes; i++) {
        if (numa->nodes[i].ram) {
            memory_region_del_subregion(machine->ram, numa->nodes[i].ram);
            memory_region_destroy(numa->nodes[i].ram);
            g_clear_pointer(&numa->nodes[i].ram, g_free);
        }
    }
    memory_region_destroy(machine->ram);
    g_clear_pointer(&machine->ram, g_free);
}

/* The backends of the nodes one after another: -numa node,memdev=. */
static bool make_node_ram(MachineState *machine, GError **errp)
{
    NumaState *numa = machine->numa;
    uint64_t at = 0;

    memory_region_init(machine->ram, machine, machine->class->default_ram_id, machine->ram_size);
    for (unsigned i = 0; i < numa->num_nodes; i++) {
        NumaNode *node = &numa->nodes[i];
        MemoryRegion *mr;

        if (!node->memdev) {
            continue;
        }
        mr = g_new0(MemoryRegion, 1);
        if (!init_ram(mr, machine, node->memdev, node->mem, node->shared, node->path,
                      node->prealloc, errp)) {
            g_free(mr);
            destroy_ram(machine);
            return false;
        }
        node->ram = mr;
        memory_region_add_subregion(machine->ram, at, mr);
        at += node->mem;
    }
    return true;
}

static bool make_ram(MachineState *machine, GError **errp)
{
    const char *id = machine->class->default_ram_id;
    bool nodes = false;

    if (!id || machine->ram) {
        return true;
    }
    for (unsigned i = 0; i < machine->numa->num_nodes; i++) {
        nodes |= machine->numa->nodes[i].memdev != NULL;
    }
    machine->ram = g_new0(MemoryRegion, 1);
    if (nodes) {
        return make_node_ram(machine, errp);
    }
    if (!init_ram(machine->ram, machine, id, machine->ram_size, machine->memory_shared,
                  machine->memory_path, machine->memory_prealloc, errp)) {
        g_clear_pointer(&machine->ram, g_free);
        return false;
    }
    return true;
}

static void reset(void *opaque, ShutdownCause cause)
{
    MachineState *machine = opaque;
    CPUState *cpu;

    if (machine->class->reset) {
        machine->class->reset(machine, cause);
        return;
    }
    reset_run_all(cause == SHUTDOWN_CAUSE_SNAPSHOT_LOAD ? RESET_TYPE_SNAPSHOT_LOAD
                                                        : RESET_TYPE_COLD);
    CPU_FOREACH(cpu)
    {
        cpu_reset(cpu);
    }
}

static void powerdown(void *opaque)
{
    MachineState *machine = opaque;

    if (machine->class->powerdown) {
        machine->class->powerdown(machine);
    }
}

static void wakeup(void *opaque)
{
    MachineState *machine = opaque;

    if (machine->class->wakeup) {
        machine->class->wakeup(machine);
    }
}

bool machine_run_init(MachineState *machine, GError **errp)
{
    g_assert(device_lock_held() && !machine->init_done);
    if (!machine->class->init) {
        error_setg(errp, "machine '%s' cannot be made", machine->class->machine_name);
        return false;
    }
    if (!complete_numa(machine, errp) || !make_ram(machine, errp)) {
        return false;
    }
    if (!machine->kernel_cmdline) {
        machine->kernel_cmdline = g_strdup("");
    }
    system_bus();
    if (!machine->class->init(machine, errp)) {
        return false;
    }
    g_ptr_array_set_size(machine->cpus, 0);
    for (CPUState *cpu = cpu_first(); cpu; cpu = cpu_next(cpu)) {
        if (cpu->cpu_index >= (int)machine->cpus->len) {
            g_ptr_array_set_size(machine->cpus, cpu->cpu_index + 1);
        }
        machine->cpus->pdata[cpu->cpu_index] = cpu;
    }
    runstate_set_reset_handler(reset, machine);
    runstate_set_powerdown_handler(powerdown, machine);
    runstate_set_wakeup_handler(wakeup, machine);
    machine->init_done = true;
    return true;
}

unsigned machine_cpu_node(const MachineState *machine, unsigned cpu_index)
{
    const NumaState *numa = machine->numa;
    int node = cpu_index < numa->cpu_node->len ? g_array_index(numa->cpu_node, int, cpu_index) : -1;

    if (node >= 0) {
        return (unsigned)node;
    }
    if (numa->num_nodes < 2) {
        return 0;
    }
    return machine->class->default_numa_node ? machine->class->default_numa_node(machine, cpu_index)
                                             : cpu_index % numa->num_nodes;
}

void machine_destroy(MachineState *machine)
{
    cpus_shutdown();
    while (cpu_first()) {
        cpu_base_deinit(cpu_first());
    }
    for (unsigned i = core.root_buses ? core.root_buses->len : 0; i-- > 0;) {
        BusState *bus = g_ptr_array_index(core.root_buses, i);

        while (bus->devices->len) {
            device_unrealize(g_ptr_array_index(bus->devices, bus->devices->len - 1));
        }
    }
    runstate_set_reset_handler(NULL, NULL);
    runstate_set_powerdown_handler(NULL, NULL);
    runstate_set_wakeup_handler(NULL, NULL);
    if (machine->ram) {
        if (machine->ram->container) {
            memory_region_del_subregion(machine->ram->container, machine->ram);
        }
        destroy_ram(machine);
    }
    if (core.rom_reset_registered) {
        rom_forget_all();
    }
    core.machine = NULL;
    object_unparent(OBJECT(machine));
}

/* ---- Files ---- */

void machine_add_firmware_dir(const char *dir)
{
    if (!core.firmware_dirs) {
        core.firmware_dirs = g_ptr_array_new_with_free_func(g_free);
    }
    for (unsigned i = 0; i < core.firmware_dirs->len; i++) {
        if (!strcmp(g_ptr_array_index(core.firmware_dirs, i), dir)) {
            return;
        }
    }
    g_ptr_array_add(core.firmware_dirs, g_strdup(dir));
}

char *machine_find_file(const char *name)
{
    /* Where distributions put firmware for emulators. */
    static const char *const system_dirs[] = {
        "/usr/share/gossamer", "/usr/share/qemu",     "/usr/share/slof",
        "/usr/lib/openbios",   "/usr/share/openbios", "/usr/share/seabios",
        "/usr/lib/ipxe/qemu",
    };

    if (!access(name, R_OK)) {
        return g_strdup(name);
    }
    if (strchr(name, '/')) {
        return NULL;
    }
    for (unsigned i = 0; core.firmware_dirs && i < core.firmware_dirs->len; i++) {
        char *path = g_build_filename(g_ptr_array_index(core.firmware_dirs, i), name, NULL);

        if (!access(path, R_OK)) {
            return path;
        }
        g_free(path);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(system_dirs); i++) {
        char *path = g_build_filename(system_dirs[i], name, NULL);

        if (!access(path, R_OK)) {
            return path;
        }
        g_free(path);
    }
    return NULL;
}
