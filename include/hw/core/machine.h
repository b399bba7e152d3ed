/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines: MachineClass rows and MachineState, what the command line said about the machine.
 *
 * hw/ppc exports NULL-terminated tables of rows; app registers them, picks one, makes the object
 * (/machine), sets -M properties and calls machine_run_init().
 */
#ifndef HW_CORE_MACHINE_H
#define HW_CORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "hw/core/cpu.h"
#include "hw/core/device.h"
#include "system/memory.h"
#include "system/reset.h"
#include "system/runstate.h"

typedef struct MachineClass MachineClass;
typedef struct MachineState MachineState;

typedef struct CpuTopology {
    unsigned cpus, sockets, dies, cores, threads, max_cpus;
} CpuTopology;

#define MAX_NODES             128
#define NUMA_DISTANCE_MIN     10
#define NUMA_DISTANCE_DEFAULT 20
typedef struct NumaNode {
    bool present;
    uint64_t mem;
    uint8_t distance[MAX_NODES]; /* 0: not given */
    char *memdev;                /* memory backend (id), NULL: a part of the machine's memory */
    char *path;                  /* file or directory behind it */
    bool shared, prealloc;
    struct MemoryRegion *ram;
} NumaNode;
typedef struct NumaState {
    unsigned num_nodes;
    bool have_distance;
    NumaNode nodes[MAX_NODES];
    /* Node of each CPU index below smp.max_cpus, -1: not given. */
    GArray *cpu_node; /* int */
} NumaState;

struct MachineClass {
    union {
        ObjectClass object; /* .name is "pseries-7.2-machine" */
        struct {
            OBJECT_CLASS_FIELDS;
        };
    };
    const char *machine_name; /* "pseries-7.2" */
    const char *alias;        /* "pseries", or NULL */
    const char *desc;         /* -M help */
    const char *default_cpu;
    uint64_t default_ram_size;
    const char *default_ram_id; /* "ppc_spapr.ram" */
    unsigned max_cpus, min_cpus, default_cpus;
    bool is_default;
    bool deprecated;
    bool numa_supported, auto_numa_one_node;
    bool prefer_sockets; /* -smp N means N sockets, not N cores */
    bool no_serial, no_cdrom, no_nic;
    bool ide_drives;          /* -drive without if=, -hda, -cdrom are IDE's, not SCSI's */
    const GlobalProperty *compat; /* ended by driver == NULL */
    const void *data;             /* the family's own version row */
    /* Creates and wires everything; options and properties are set. */
    bool (*init)(MachineState *machine, GError **errp);
    /* NULL: tree and registered functions, then every CPU. Device lock, vCPUs stopped. */
    void (*reset)(MachineState *machine, ShutdownCause cause);
    void (*powerdown)(MachineState *machine);
    void (*wakeup)(MachineState *machine);
    bool (*nmi)(MachineState *machine, int cpu_index, GError **errp);
    /* info pic; appended. NULL: nothing to show. */
    void (*print_pic)(MachineState *machine, GString *out);
    /* info irq; the same. */
    void (*print_irq)(MachineState *machine, GString *out);
    /* Checks and completes -smp (sockets, cores, threads known or 0). NULL: the common rule. */
    bool (*smp_parse)(MachineState *machine, GError **errp);
    /* Node of a CPU when the user gave none. */
    unsigned (*default_numa_node)(const MachineState *machine, unsigned cpu_index);
};

struct MachineState {
    Object object; /* first */
    const MachineClass *class;
    /* ---- immutable: options ---- */
    uint64_t ram_size, maxram_size;
    unsigned ram_slots;
    CpuTopology smp;
    NumaState *numa;
    char *cpu_type; /* -cpu, or the default */
    char *kernel_filename, *kernel_cmdline, *initrd_filename;
    char *dtb, *dumpdtb, *firmware;
    char *memory_path; /* -mem-path */
    bool memory_shared, memory_prealloc;
    char *name; /* -name */
    bool uuid_set;
    uint8_t uuid[16];
    bool usb_disabled; /* usb=off was said */
    bool nodefaults, graphics, usb, dump_guest_core, mem_merge, suppress_vmdesc;
    char *memory_backend;
    const char *firmware_path; /* searched directories: machine_find_file() */
    GPtrArray *firmware_dirs;  /* char * */
    GPtrArray *serial;         /* struct Chardev *, -serial n; NULL entries: none */
    GPtrArray *boot_options;   /* reserved for -boot */
    char *boot_order;
    char *boot_once;             /* the order of the first start, until the machine is reset */
    bool boot_menu;
    GPtrArray *prom_env;         /* char *, NULL-terminated, -prom-env: Open Firmware's variables */
    char *vga;                   /* -vga: "std", "none"; NULL: as the machine has it */
    unsigned graphic_width, graphic_height, graphic_depth; /* -g; 0: the machine's default */
    /* ---- immutable: made at creation ---- */
    MemoryRegion *ram;           /* smp-independent main RAM, block name default_ram_id */
    AddressSpace *memory;        /* address_space_memory() */
    MemoryRegion *system_memory; /* its root */
    GPtrArray *cpus;             /* CPUState *, by index (NULL: not plugged) */
    void *fdt;                   /* device tree that -dtb/dumpdtb speak of, NULL: none */
    bool init_done;
};
#define MACHINE(m) ((MachineState *)(m))
extern const MachineClass machine_class;
/* Properties every machine has (kernel, initrd, append, dtb, dumpdtb, firmware, usb, graphics,
 * ...). */
static inline const MachineClass *machine_get_class(const MachineState *machine)
{
    return machine->class;
}

void machine_classes_register(const MachineClass *const *table);
/* By name or alias; unknown: error with the nearest. */
const MachineClass *machine_class_find(const char *name, GError **errp);
const MachineClass *machine_class_default(void);
/* Sorted by name; caller frees the array. */
GPtrArray *machine_class_list(void);
/* -M help. */
char *machine_help(void);
/* -M NAME,help: its properties. */
char *machine_help_properties(const MachineClass *class);

/* The object, at /machine; one for each process (documented exception to "no globals": runtime.h).
 */
MachineState *machine_create(const MachineClass *class, GError **errp);
MachineState *machine_current(void);
/* -smp, checked: cpus[,sockets=..][,cores=..][,threads=..][,maxcpus=..]; NULL: one CPU. */
bool machine_parse_smp(MachineState *machine, const char *text, GError **errp);
/* -m [size=]N[,slots=N][,maxmem=N]; NULL: the class's default. */
bool machine_parse_memory(MachineState *machine, const char *text, GError **errp);
/* -numa node|dist|cpu,... */
bool machine_parse_numa(MachineState *machine, const char *text, GError **errp);
/* -M NAME,prop=value,...: the properties. */
bool machine_parse_properties(MachineState *machine, const char *text, GError **errp);
/* Completes NUMA, makes RAM, calls class->init, realizes what is left, joins run state. */
bool machine_run_init(MachineState *machine, GError **errp);
/* Takes everything down (tests). */
void machine_destroy(MachineState *machine);
unsigned machine_cpu_node(const MachineState *machine, unsigned cpu_index);

/* A file by the firmware path: NAME itself if it has a slash or exists, else in each -L directory
 * and the built-in ones. g_malloc, NULL if nowhere. */
char *machine_find_file(const char *name);
void machine_add_firmware_dir(const char *dir);

/* ---- Images in memory (info roms): written to RAM/ROM at every reset ---- */
/* A copy of data is put at addr of the machine's memory at reset. False if it overlaps another. */
bool rom_add_blob(const char *name, const void *data, uint64_t size, hwaddr addr, GError **errp);
/* The same with data itself (g_malloc), which is taken in any case. */
bool rom_take_blob(const char *name, uint8_t *data, uint64_t size, hwaddr addr, GError **errp);
/* Memory for an image, not cleared; g_free it. NULL: there is not so much. */
uint8_t *image_alloc(uint64_t size);
/* Reads a whole file of 1 to max_size bytes (a stream too, but no more of it); g_free the data. The
 * error is the reason alone. */
bool image_read(const char *file, uint64_t max_size, uint8_t **data, uint64_t *size, GError **errp);
bool rom_add_file(const char *file, hwaddr addr, uint64_t max_size, uint64_t *size, GError **errp);
void rom_print(GString *out);

#endif
