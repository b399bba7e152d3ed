/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's options with a grammar of their own: -smp, -m, -numa.
 */
#include <inttypes.h>
#include <string.h>
#include "internal.h"
#include "util/bitops.h"
#include "util/error.h"
#include "util/options.h"

/* ---- -smp ---- */

static const OptionDesc smp_options[] = {
    {"cpus", OPTION_NUMBER, "initial number of CPUs"},
    {"sockets", OPTION_NUMBER, "sockets"},
    {"dies", OPTION_NUMBER, "dies in each socket (only 1)"},
    {"clusters", OPTION_NUMBER, "clusters in each die (only 1)"},
    {"cores", OPTION_NUMBER, "cores in each socket"},
    {"threads", OPTION_NUMBER, "threads in each core"},
    {"maxcpus", OPTION_NUMBER, "most CPUs, with those plugged later"},
    {NULL}};
static const OptionListDesc smp_list = {"smp", "cpus", false, smp_options};

/* What is not given follows: cores before sockets (or after, by class) before threads. */
static bool complete_topology(MachineState *machine, GError **errp)
{
    CpuTopology *smp = &machine->smp;
    const MachineClass *class = machine->class;
    uint64_t max = smp->max_cpus ? smp->max_cpus : smp->cpus, total;

    if (!max && !smp->sockets && !smp->cores && !smp->threads) {
        max = 1;
    }
    if (!smp->sockets && class->prefer_sockets) {
        smp->cores = MAX(smp->cores, 1);
        smp->threads = MAX(smp->threads, 1);
        smp->sockets = (unsigned)MAX(max / ((uint64_t)smp->cores * smp->threads), 1);
    } else if (!smp->cores) {
        smp->sockets = MAX(smp->sockets, 1);
        smp->threads = MAX(smp->threads, 1);
        smp->cores = (unsigned)MAX(max / ((uint64_t)smp->sockets * smp->threads), 1);
    } else if (!smp->sockets) {
        smp->threads = MAX(smp->threads, 1);
        smp->sockets = (unsigned)MAX(max / ((uint64_t)smp->cores * smp->threads), 1);
    } else if (!smp->threads) {
        smp->threads = (unsigned)MAX(max / ((uint64_t)smp->cores * smp->sockets), 1);
    }
    total = (uint64_t)smp->sockets * smp->cores * smp->threads;
    max = max ? max : total;
    if (!smp->cpus) {
        smp->cpus = (unsigned)MIN(max, UINT32_MAX);
    }
    smp->max_cpus = (unsigned)MIN(max, UINT32_MAX);
    if (total != max) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Invalid CPU topology: product of the hierarchy must match maxcpus: sockets (%u) "
                  "* cores "
                  "(%u) * threads (%u) != maxcpus (%u)",
                  smp->sockets, smp->cores, smp->threads, smp->max_cpus);
        return false;
    }
    if (smp->max_cpus < smp->cpus) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Invalid CPU topology: maxcpus must be equal to or greater than smp: maxcpus "
                  "(%u) < cpus "
                  "(%u)",
                  smp->max_cpus, smp->cpus);
        return false;
    }
    if (smp->cpus < class->min_cpus || (class->max_cpus && smp->max_cpus > class->max_cpus)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Invalid SMP CPUs %u. The %s CPUs supported by machine '%s' is %u", smp->max_cpus,
                  smp->cpus < class->min_cpus ? "min" : "max", class->machine_name,
                  smp->cpus < class->min_cpus ? class->min_cpus : class->max_cpus);
        return false;
    }
    return true;
}

bool machine_parse_smp(MachineState *machine, const char *text, GError **errp)
{
    Options *options = options_parse(&smp_list, text ? text : "", errp);
    CpuTopology *smp = &machine->smp;
    bool ok = options != NULL;

    if (!ok) {
        return false;
    }
    for (const OptionDesc *desc = smp_options; ok && desc->name; desc++) {
        if (!options_has(options, desc->name)) {
            continue;
        }
        if (!options_get_number(options, desc->name, 0)) {
            error_set(
                errp, GOSSAMER_ERROR_INVALID,
                "Invalid CPU topology: CPU topology parameters must be greater than zero (%s)",
                desc->name);
            ok = false;
        } else if (options_get_number(options, desc->name, 0) > 65536) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "smp: parameter '%s' is too large", desc->name);
            ok = false;
        }
    }
    if (ok && (options_get_number(options, "dies", 1) != 1 ||
               options_get_number(options, "clusters", 1) != 1)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "%s are not supported by this machine's CPU topology",
                  options_get_number(options, "dies", 1) != 1 ? "dies" : "clusters");
        ok = false;
    }
    if (ok) {
        *smp = (CpuTopology){
            .cpus = (unsigned)options_get_number(options, "cpus", 0),
            .sockets = (unsigned)options_get_number(options, "sockets", 0),
            .dies = 1,
            .cores = (unsigned)options_get_number(options, "cores", 0),
            .threads = (unsigned)options_get_number(options, "threads", 0),
            .max_cpus = (unsigned)options_get_number(options, "maxcpus", 0),
        };
        if (!text && machine->class->default_cpus) {
            smp->cpus = machine->class->default_cpus;
        }
        ok = complete_topology(machine, errp) &&
             (!machine->class->smp_parse || machine->class->smp_parse(machine, errp));
    }
    options_free(options);
    return ok;
}

/* ---- -m ---- */

static const OptionDesc memory_options[] = {
    {"size", OPTION_STRING, "initial memory, in MiB unless it has a suffix"},
    {"slots", OPTION_NUMBER, "places for memory plugged later"},
    {"maxmem", OPTION_STRING, "most memory"},
    {NULL}};
static const OptionListDesc memory_list = {"m", "size", false, memory_options};

static bool memory_size(const Options *options, const char *key, char unit, uint64_t *size,
                        GError **errp)
{
    const char *text = options_get(options, key);

    if (!text) {
        return true;
    }
    if (!parse_size(text, unit, size, NULL)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "invalid memory %s '%s'", key, text);
        return false;
    }
    return true;
}

bool machine_parse_memory(MachineState *machine, const char *text, GError **errp)
{
    Options *options = options_parse(&memory_list, text ? text : "", errp);
    uint64_t size = machine->class->default_ram_size, max = 0, slots;
    bool ok = options && memory_size(options, "size", 'M', &size, errp) &&
              memory_size(options, "maxmem", 'M', &max, errp);

    if (ok) {
        slots = options_get_number(options, "slots", 0);
        size = size ? size : machine->class->default_ram_size;
        size = ROUND_UP(size, 8192);
        if (max && max < size) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "invalid value of maxmem: maximum memory size (0x%" PRIx64
                      ") must be at least the initial memory size (0x%" PRIx64 ")",
                      max, size);
            ok = false;
        } else if (slots && max <= size) {
            error_set(
                errp, GOSSAMER_ERROR_INVALID,
                "invalid value of maxmem: memory slots were specified but maximum memory size is "
                "not above the initial memory size (0x%" PRIx64 ")",
                size);
            ok = false;
        } else if (max > size && !slots) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "invalid -m option value: missing 'slots' option");
            ok = false;
        } else if (slots > 1024) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "m: parameter 'slots' is too large");
            ok = false;
        }
        machine->ram_size = size;
        machine->maxram_size = MAX(max, size);
        machine->ram_slots = (unsigned)slots;
    }
    options_free(options);
    return ok;
}

/* ---- -numa ---- */

static const OptionDesc node_options[] = {
    {"type", OPTION_STRING, NULL},
    {"nodeid", OPTION_NUMBER, "number of the node"},
    {"mem", OPTION_STRING, "its memory, in MiB unless it has a suffix"},
    {"cpus", OPTION_STRING, "first CPU, or first-last; may be repeated"},
    {"memdev", OPTION_STRING, "memory backend"},
    {NULL}};
static const OptionDesc dist_options[] = {
    {"type", OPTION_STRING, NULL},
    {"src", OPTION_NUMBER, "from node"},
    {"dst", OPTION_NUMBER, "to node"},
    {"val", OPTION_NUMBER, "distance, 10 to 254; 255: unreachable"},
    {NULL}};
static const OptionDesc cpu_options[] = {
    {"type", OPTION_STRING, NULL},
    {"node-id", OPTION_NUMBER, "number of the node"},
    {"socket-id", OPTION_NUMBER, "socket"},
    {"core-id", OPTION_NUMBER, "core: number of its first thread"},
    {"thread-id", OPTION_NUMBER, "thread in the core"},
    {NULL}};
static const OptionListDesc numa_lists[] = {
    {"numa node", "type", false, node_options},
    {"numa dist", "type", false, dist_options},
    {"numa cpu", "type", false, cpu_options},
};

static bool set_cpu_node(NumaState *numa, uint64_t cpu, unsigned node, GError **errp)
{
    const int none = -1;
    int *entry;

    if (cpu >= 65536) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "numa: CPU number %" PRIu64 " is too large", cpu);
        return false;
    }
    while (numa->cpu_node->len <= cpu) {
        g_array_append_val(numa->cpu_node, none);
    }
    entry = &g_array_index(numa->cpu_node, int, cpu);
    if (*entry >= 0 && *entry != (int)node) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "CPU %" PRIu64 " is already assigned to node-id: %d", cpu, *entry);
        return false;
    }
    *entry = (int)node;
    return true;
}

static bool set_cpu_range(MachineState *machine, const char *text, unsigned node, GError **errp)
{
    char **ends = g_strsplit(text, "-", 2);
    uint64_t first = 0, last = 0;
    bool ok = parse_uint64(ends[0], 0, &first) && (!ends[1] || parse_uint64(ends[1], 0, &last));

    last = ends[1] ? last : first;
    g_strfreev(ends);
    if (!ok || last < first) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "numa: bad CPU range '%s'", text);
        return false;
    }
    if (last >= machine->smp.max_cpus) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "CPU index (%" PRIu64 ") should be smaller than maxcpus (%u)", last,
                  machine->smp.max_cpus);
        return false;
    }
    for (; first <= last; first++) {
        if (!set_cpu_node(machine->numa, first, node, errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_node(MachineState *machine, Options *options, GError **errp)
{
    NumaState *numa = machine->numa;
    uint64_t id = options_get_number(options, "nodeid", numa->num_nodes);
    NumaNode *node;

    if (id >= MAX_NODES) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Max number of NUMA nodes reached: %" PRIu64, id);
        return false;
    }
    node = &numa->nodes[id];
    if (node->present) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Duplicate NUMA nodeid: %" PRIu64, id);
        return false;
    }
    if (options_has(options, "memdev")) {
        if (options_has(options, "mem")) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "numa: cannot specify both mem= and memdev=");
            return false;
        }
        node->memdev = g_strdup(options_get(options, "memdev"));
    }
    if (!memory_size(options, "mem", 'M', &node->mem, errp)) {
        return false;
    }
    for (unsigned i = 0; i < options->items->len; i++) {
        const Option *option = &g_array_index(options->items, Option, i);

        if (!strcmp(option->name, "cpus") &&
            !set_cpu_range(machine, option->value, (unsigned)id, errp)) {
            return false;
        }
    }
    node->present = true;
    numa->num_nodes = MAX(numa->num_nodes, (unsigned)id + 1);
    return true;
}

static bool parse_distance(MachineState *machine, Options *options, GError **errp)
{
    NumaState *numa = machine->numa;
    uint64_t from = options_get_number(options, "src", UINT64_MAX);
    uint64_t to = options_get_number(options, "dst", UINT64_MAX);
    uint64_t value = options_get_number(options, "val", 0);

    if (from >= MAX_NODES || to >= MAX_NODES) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter '%s' expects an integer between 0 and %d",
                  from >= MAX_NODES ? "src" : "dst", MAX_NODES - 1);
        return false;
    }
    if (!numa->nodes[from].present || !numa->nodes[to].present) {
        error_set(
            errp, GOSSAMER_ERROR_INVALID,
            "Source/Destination NUMA node is missing. Please use '-numa node' option to declare it "
            "first.");
        return false;
    }
    if (value < NUMA_DISTANCE_MIN || value > 255 || (from == to && value != NUMA_DISTANCE_MIN)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "NUMA distance (%" PRIu64
                  ") is invalid, it should be %d to 255, and %d for a node and "
                  "itself",
                  value, NUMA_DISTANCE_MIN, NUMA_DISTANCE_MIN);
        return false;
    }
    numa->nodes[from].distance[to] = (uint8_t)value;
    numa->have_distance = true;
    return true;
}

static bool parse_cpu(MachineState *machine, Options *options, GError **errp)
{
    NumaState *numa = machine->numa;
    const CpuTopology *smp = &machine->smp;
    uint64_t node = options_get_number(options, "node-id", UINT64_MAX);
    bool any = false;

    if (node >= MAX_NODES || !numa->nodes[node].present) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Invalid node-id=%s, NUMA node must be defined with -numa node,nodeid=ID before "
                  "it's used "
                  "with -numa cpu,node-id=ID",
                  options_get(options, "node-id") ? options_get(options, "node-id") : "");
        return false;
    }
    for (unsigned i = 0; i < smp->max_cpus; i++) {
        uint64_t core_id = i / smp->threads * smp->threads;
        bool match =
            options_get_number(options, "core-id", core_id) == core_id &&
            options_get_number(options, "thread-id", i % smp->threads) == i % smp->threads &&
            options_get_number(options, "socket-id", i / (smp->threads * smp->cores)) ==
                i / (smp->threads * smp->cores);

        if (match) {
            any = true;
            if (!set_cpu_node(numa, i, (unsigned)node, errp)) {
                return false;
            }
        }
    }
    if (!any) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "numa: no match found for that CPU");
    }
    return any;
}

bool machine_parse_numa(MachineState *machine, const char *text, GError **errp)
{
    static bool (*const parse[])(MachineState *, Options *,
                                 GError **) = {parse_node, parse_distance, parse_cpu};
    static const char *const types[] = {"node", "dist", "cpu", NULL};
    char *type;
    bool ok = false;

    options_next_item(text, &type);
    for (unsigned i = 0; types[i]; i++) {
        if (!strcmp(type, types[i]) ||
            (g_str_has_prefix(type, "type=") && !strcmp(type + 5, types[i]))) {
            Options *options = options_parse(&numa_lists[i], text, errp);

            ok = options && parse[i](machine, options, errp);
            options_free(options);
            g_free(type);
            return ok;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "numa: unknown kind '%s' (node, dist, cpu)", type);
    g_free(type);
    return false;
}
