/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device trees of Power Macs for firmware of ours: rows say what a board has, what is behind PCI is
 * asked of PCI.
 */
#ifndef HW_PPC_MAC_TREE_H
#define HW_PPC_MAC_TREE_H

#include "hw/core/machine.h"
#include "hw/pci/pci.h"
#include "mac-boot.h"
#include "target/ppc/cpu.h"

/* ---- Rows ---- */
typedef enum TreeKind {
    TREE_STOP, /* end of the table */
    TREE_NODE,
    TREE_END,
    TREE_TEXT,
    TREE_CELLS,
    TREE_BYTES,
    TREE_ADDRESS, /* cells, to each of which the address of the BAR is added */
    TREE_PIC,     /* the interrupt controller's handle */
} TreeKind;

typedef struct TreeRow {
    TreeKind kind;
    const char *name;
    const void *data;
    uint32_t size;
    uint32_t when;                      /* features that the board must have */
} TreeRow;

#define TREE_CELL_LIST(...) (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__})
#define NODE(n) {TREE_NODE, n, NULL, 0, 0}
#define NODE_WHEN(n, features) {TREE_NODE, n, NULL, 0, features}
#define END {TREE_END, NULL, NULL, 0, 0}
#define TEXT(n, text) {TREE_TEXT, n, text, sizeof(text), 0}
#define EMPTY(n) {TREE_BYTES, n, NULL, 0, 0}
#define CELLS(n, ...) {TREE_CELLS, n, TREE_CELL_LIST(__VA_ARGS__), 0}
#define ADDRESS(n, ...) {TREE_ADDRESS, n, TREE_CELL_LIST(__VA_ARGS__), 0}
#define PIC(n) {TREE_PIC, n, NULL, 0, 0}
#define STOP {TREE_STOP, NULL, NULL, 0, 0}

/* ---- Boards ---- */
typedef struct MacPciHost {
    const char *name;                   /* "pci@80000000" */
    const char *model, *compatible;     /* the latter ended by an empty string */
    uint32_t reg[2];
    const uint32_t *ranges;             /* as in the property */
    unsigned n_ranges;
    uint32_t memory_base, memory_size;  /* for base address registers */
    uint32_t io_base, io_size;          /* where the processor sees ports, and how many */
    uint8_t irqs[PCI_N_PINS];
} MacPciHost;

typedef struct MacAlias {
    const char *name, *path;            /* below mac-io, or of the whole tree */
    uint32_t when;
    bool whole;
} MacAlias;

/* What a board may have or not. */
enum { MAC_HAS_CUDA = 1 << 0, MAC_HAS_PMU = 1 << 1, MAC_HAS_ADB = 1 << 2 };

typedef struct MacBoardRows {
    const TreeRow *root;                /* properties of "/" */
    const TreeRow *macio;               /* inside of mac-io */
    const TreeRow *others;              /* beside the bridge; NULL: nothing */
    MacPciHost pci;
    bool oldworld;                      /* interrupts without a map, by AAPL,interrupts */
    const MacAlias *aliases;            /* ended by name NULL */
    const char *macio_path;
} MacBoardRows;
extern const MacBoardRows mac_oldworld_rows, mac_newworld_rows, mac_u3_rows;

/* Handle of the interrupt controller, where a board has one in its tree. */
#define MAC_PIC_PHANDLE 0x100u

/* A machine of such a board. */
typedef struct MacBoard {
    const MacBoardRows *rows;
    uint32_t features;
    MachineState *machine;
    PowerPCCPU *cpu;
    PciBus *pci;
    const MacBoot *boot;
    uint32_t rom_base;                  /* of the ROM that holds firmware, up to 4 GiB */
    uint32_t timebase_frequency, clock_frequency, bus_frequency;
} MacBoard;

/* The tree as a client finds it, after PCI was set up; g_malloc. NULL with errp: it is too large.
 */
void *mac_tree_build(const MacBoard *board, GError **errp);
/* "/cpus/PowerPC,750@0". g_malloc. */
char *mac_tree_cpu_path(const PowerPCCPU *cpu);

/* ---- For the parts of it ---- */
typedef struct MacTree {
    const MacBoard *board;
    void *fdt;
    int error;                          /* the first of libfdt's */
} MacTree;
void tree_begin(MacTree *tree, const char *name);
void tree_end(MacTree *tree);
void tree_bytes(MacTree *tree, const char *name, const void *data, uint32_t size);
void tree_text(MacTree *tree, const char *name, const char *text);
void tree_cell(MacTree *tree, const char *name, uint32_t value);
void tree_cells(MacTree *tree, const char *name, const uint32_t *cells, unsigned n);
void tree_rows(MacTree *tree, const TreeRow *rows, uint32_t base);

/* ---- PCI (mac-pci.c) ---- */
/* Gives every base address register, bridge window and interrupt line its value, as firmware does.
 */
void mac_pci_configure(const MacBoard *board);
/* An entry of the display's colour table; false: there is no display. */
bool mac_pci_set_color(const MacBoard *board, uint8_t index, const uint8_t rgb[3]);
/* Of the first display on the root bus; g_malloc, NULL: there is none. */
char *mac_pci_display_path(const MacBoard *board);
/* The host bridge's node with all that is behind it. */
void mac_pci_nodes(MacTree *tree);

#endif
