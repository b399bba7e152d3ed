/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree that firmware of ours shows to clients on Power Macs: IEEE 1275-1994 (standard
 * properties and nodes), its PowerPC binding (processors), and what Linux's
 * arch/powerpc/platforms/powermac and Apple's "Designing PCI Cards and Drivers for Power Macintosh
 * Computers" add.  Names and values are those of OpenBIOS, with which
 * tests/unit/test-mac-firmware.c compares it. Left out: packages (/packages), since there is no
 * Forth that could run them; variables that only a prompt uses.
 */
#include "mac-tree.h"
#include <libfdt.h>
#include <string.h>
#include "util/bswap.h"
#include "util/error.h"

#define TREE_SIZE (1u << 20)
#define MAX_CELLS 64

/* ---- Emission ---- */

static void note(MacTree *tree, int error)
{
    if (error && !tree->error) {
        tree->error = error;
    }
}

void tree_begin(MacTree *tree, const char *name)
{
    note(tree, fdt_begin_node(tree->fdt, name));
}

void tree_end(MacTree *tree)
{
    note(tree, fdt_end_node(tree->fdt));
}

void tree_bytes(MacTree *tree, const char *name, const void *data, uint32_t size)
{
    note(tree, fdt_property(tree->fdt, name, data ? data : "", (int)size));
}

void tree_text(MacTree *tree, const char *name, const char *text)
{
    tree_bytes(tree, name, text, (uint32_t)strlen(text) + 1);
}

void tree_cells(MacTree *tree, const char *name, const uint32_t *cells, unsigned n)
{
    uint32_t swapped[MAX_CELLS];

    g_assert(n <= MAX_CELLS);
    for (unsigned i = 0; i < n; i++) {
        stl_be_p(&swapped[i], cells[i]);
    }
    tree_bytes(tree, name, swapped, 4 * n);
}

void tree_cell(MacTree *tree, const char *name, uint32_t value)
{
    tree_cells(tree, name, &value, 1);
}

static void address_row(MacTree *tree, const TreeRow *row, uint32_t base)
{
    uint32_t cells[MAX_CELLS];
    unsigned n = MIN(row->size / 4, (unsigned)MAX_CELLS);

    for (unsigned i = 0; i < n; i++) {
        cells[i] = base + ((const uint32_t *)row->data)[i];
    }
    tree_cells(tree, row->name, cells, n);
}

/* Past the end of the node that begins here. */
static const TreeRow *skip_node(const TreeRow *row)
{
    unsigned depth = 0;

    do {
        depth += row->kind == TREE_NODE;
        depth -= row->kind == TREE_END;
        row++;
    } while (depth);
    return row;
}

void tree_rows(MacTree *tree, const TreeRow *row, uint32_t base)
{
    while (row->kind != TREE_STOP) {
        if (row->when & ~tree->board->features) {
            row = row->kind == TREE_NODE ? skip_node(row) : row + 1;
            continue;
        }
        switch (row->kind) {
        case TREE_NODE:
            tree_begin(tree, row->name);
            break;
        case TREE_END:
            tree_end(tree);
            break;
        case TREE_CELLS:
            tree_cells(tree, row->name, row->data, row->size / 4);
            break;
        case TREE_ADDRESS:
            address_row(tree, row, base);
            break;
        case TREE_PIC:
            tree_cell(tree, row->name, MAC_PIC_PHANDLE);
            break;
        default:
            tree_bytes(tree, row->name, row->data, row->size);
            break;
        }
        row++;
    }
}

/* ---- Processor ---- */

typedef struct CpuRow {
    uint16_t version;                   /* upper half of the PVR */
    uint16_t cache_sets, icache_sets;   /* the latter 0: as many */
    uint16_t tlb_sets, tlb_size;        /* of both TLBs together */
    const char *name;                   /* of its node; NULL: the model's */
} CpuRow;

/* By the processors' user's manuals; sizes and lines of caches are the model's. */
static const CpuRow cpu_rows[] = {
    {0x0003, 128, 0, 32, 64, NULL},        /* 603, 603e, 603r */
    {0x0006, 128, 0, 32, 64, NULL},
    {0x0007, 128, 0, 32, 64, NULL},
    {0x0009, 256, 0, 64, 128, NULL},       /* 604e, 604r */
    {0x000a, 256, 0, 64, 128, NULL},
    {0x0039, 128, 512, 256, 1024, NULL},   /* 970: two ways of data, one of instructions */
    {0x003c, 128, 512, 256, 1024, "PowerPC,970FX"},
    {0x0044, 128, 512, 256, 1024, "PowerPC,970MP"},
    {0x0000, 128, 0, 64, 128, NULL},       /* all others */
};

static const CpuRow *cpu_row(const PowerPCCPUClass *model)
{
    const CpuRow *row = cpu_rows;

    while (row->version && row->version != model->pvr >> 16) {
        row++;
    }
    return row;
}

static char *cpu_name(const PowerPCCPU *cpu)
{
    const CpuRow *row = cpu_row(cpu->model);

    return g_strdup_printf("%s@0", row->name ? row->name : cpu->model->fw_name);
}

static void cpu_nodes(MacTree *tree)
{
    const MacBoard *board = tree->board;
    const PowerPCCPUClass *model = board->cpu->model;
    const CpuRow *row = cpu_row(model);
    g_autofree char *name = cpu_name(board->cpu);
    const struct { const char *name; uint32_t value; } cells[] = {
        {"reg", 0},
        {"cpu-version", model->pvr},
        {"d-cache-size", model->l1_dcache_size},
        {"i-cache-size", model->l1_icache_size},
        {"d-cache-sets", row->cache_sets},
        {"i-cache-sets", row->icache_sets ? row->icache_sets : row->cache_sets},
        {"d-cache-block-size", model->dcache_line},
        {"i-cache-block-size", model->icache_line},
        {"tlb-sets", row->tlb_sets},
        {"tlb-size", row->tlb_size},
        {"timebase-frequency", board->timebase_frequency},
        {"clock-frequency", board->clock_frequency},
        {"bus-frequency", board->bus_frequency},
        {"reservation-granule-size", model->dcache_line},
    };

    tree_begin(tree, "cpus");
    tree_cell(tree, "#address-cells", 1);
    tree_cell(tree, "#size-cells", 0);
    tree_begin(tree, name);
    tree_text(tree, "device_type", "cpu");
    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
        tree_cell(tree, cells[i].name, cells[i].value);
    }
    tree_text(tree, "state", "running");
    if (model->insns & ISA_64) {
        tree_bytes(tree, "64-bit", NULL, 0);
    }
    tree_end(tree);
    tree_end(tree);
}

char *mac_tree_cpu_path(const PowerPCCPU *cpu)
{
    g_autofree char *name = cpu_name(cpu);

    return g_strconcat("/cpus/", name, NULL);
}

/* ---- What every board has ---- */

static const TreeRow openprom_rows[] = {
    NODE("openprom"),
    TEXT("device_type", "BootROM"),
    TEXT("model", "OpenFirmware 3"),
    EMPTY("relative-addressing"),
    EMPTY("supports-bootinfo"),
    CELLS("boot-syntax", 1),
    NODE("client-services"), END,
    END,
    STOP,
};

static const TreeRow rom_rows[] = {
    NODE("rom@ff800000"),
    CELLS("reg", 0xff800000, 0),
    CELLS("#address-cells", 1),
    CELLS("ranges", 0xff800000, 0x800000, 0xff800000),
    END,
    STOP,
};

/* Where a user looks: the display, or without one (or -nographic) the first serial port. */
static char *screen_path(const MacBoard *board)
{
    char *display = board->machine->graphics ? mac_pci_display_path(board) : NULL;

    return display ? display : g_strconcat(board->rows->macio_path, "/escc@13000/ch-a@13020", NULL);
}

static void alias_node(MacTree *tree)
{
    g_autofree char *screen = screen_path(tree->board);

    tree_begin(tree, "aliases");
    for (const MacAlias *alias = tree->board->rows->aliases; alias->name; alias++) {
        g_autofree char *path =
            g_strconcat(alias->whole ? "" : tree->board->rows->macio_path, alias->path, NULL);

        if (!(alias->when & ~tree->board->features)) {
            tree_text(tree, alias->name, path);
        }
    }
    tree_text(tree, "screen", screen);
    tree_end(tree);
}

/* Variables as a prompt would show them: those of -prom-env, and what this firmware is. */
static void option_node(MacTree *tree)
{
    static const char *const ours[] = {"little-endian?=false", "real-mode?=true", NULL};
    const GPtrArray *given = tree->board->machine->prom_env;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    tree_begin(tree, "options");
    for (guint i = 0; ours[i]; i++) {
        g_autofree char *name = g_strndup(ours[i], strcspn(ours[i], "="));

        tree_text(tree, name, strchr(ours[i], '=') + 1);
        g_hash_table_add(seen, g_steal_pointer(&name));
    }
    for (guint i = 0; given && i < given->len && given->pdata[i]; i++) {
        const char *text = given->pdata[i], *equals = strchr(text, '=');
        g_autofree char *name = equals ? g_strndup(text, (gsize)(equals - text)) : NULL;

        /* The first one counts; a property's name has at most 31 characters. */
        if (name && *name && strlen(name) < 32 && !strchr(name, '/') &&
            !g_hash_table_contains(seen, name)) {
            tree_text(tree, name, equals + 1);
            g_hash_table_add(seen, g_steal_pointer(&name));
        }
    }
    tree_end(tree);
}

static void chosen_node(MacTree *tree)
{
    const MachineState *machine = tree->board->machine;
    const MacBoot *boot = tree->board->boot;

    tree_begin(tree, "chosen");
    tree_text(tree, "bootargs", machine->kernel_cmdline ? machine->kernel_cmdline : "");
    if (boot->initrd_size) {
        tree_cell(tree, "linux,initrd-start", boot->initrd_base);
        tree_cell(tree, "linux,initrd-end", boot->initrd_base + boot->initrd_size);
    }
    tree_end(tree);
}

static void memory_node(MacTree *tree)
{
    const uint32_t reg[] = {0, (uint32_t)tree->board->machine->ram_size};

    tree_begin(tree, "memory@0");
    tree_text(tree, "device_type", "memory");
    tree_cells(tree, "reg", reg, G_N_ELEMENTS(reg));
    tree_end(tree);
}

void *mac_tree_build(const MacBoard *board, GError **errp)
{
    MacTree tree = {.board = board, .fdt = g_malloc0(TREE_SIZE)};

    note(&tree, fdt_create(tree.fdt, TREE_SIZE));
    note(&tree, fdt_finish_reservemap(tree.fdt));
    tree_begin(&tree, "");
    tree_cell(&tree, "#address-cells", 1);
    tree_cell(&tree, "#size-cells", 1);
    tree_cell(&tree, "clock-frequency", board->bus_frequency);
    tree_rows(&tree, board->rows->root, 0);
    alias_node(&tree);
    tree_rows(&tree, openprom_rows, 0);
    option_node(&tree);
    chosen_node(&tree);
    cpu_nodes(&tree);
    memory_node(&tree);
    tree_rows(&tree, rom_rows, 0);
    mac_pci_nodes(&tree);
    if (board->rows->others) {
        tree_rows(&tree, board->rows->others, 0);
    }
    tree_end(&tree);
    note(&tree, fdt_finish(tree.fdt));
    if (tree.error) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "the device tree could not be made: %s", fdt_strerror(tree.error));
        g_free(tree.fdt);
        return NULL;
    }
    return tree.fdt;
}
