/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI as firmware of ours leaves it to clients on Power Macs: addresses, bridge windows and
 * interrupt lines given (PCI Local Bus Specification 3.0, chapter 6; PCI-to-PCI Bridge
 * Architecture 1.2), and nodes of the device tree made from what configuration space has then ("PCI
 * Bus Binding to IEEE 1275", revision 2.1; Apple's "Designing PCI Cards and Drivers for Power
 * Macintosh Computers" for AAPL,address). Addresses go up in the order of slots, like OpenBIOS's.
 * Left out: drivers in the cards' ROMs (FCode).
 */
#include "mac-tree.h"
#include <string.h>
#include "hw/pci/pci-bridge.h"
#include "system/memory.h"
#include "util/bswap.h"
#include "util/log.h"

#define MEMORY_STEP 0x10000u
#define IO_STEP 0x80u
#define FIRST_PORT 0x1000u              /* ISA's are below */
#define MEMORY_WINDOW 0x100000u         /* granules of bridges */
#define IO_WINDOW 0x1000u

/* First cell of an address: space, flags, where it is configured. */
#define SPACE_IO 0x01000000u
#define SPACE_MEMORY 0x02000000u
#define SPACE_MEMORY_64 0x03000000u
#define SPACE_PREFETCH 0x40000000u

/* ---- Configuration ---- */

typedef struct Places {
    const MacBoard *board;
    uint64_t memory, io;                /* next free; bus addresses */
    unsigned next_bus;
} Places;

static bool is_io(const PciBar *bar)
{
    return bar->type & PCI_BAR_IO;
}

static bool is_64(const PciBar *bar)
{
    return !is_io(bar) && bar->type & PCI_BAR_MEMORY_64;
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) / step * step;
}

static void place_bar(Places *places, PciDevice *dev, unsigned n)
{
    const PciBar *bar = &dev->bars[n];
    const MacPciHost *host = &places->board->rows->pci;
    uint64_t *next = is_io(bar) ? &places->io : &places->memory, size = bar->size,
             limit = is_io(bar) ? host->io_size : (uint64_t)host->memory_base + host->memory_size,
             at = round_up(*next, size);

    if (at + size > limit) {
        log_mask(LOG_UNIMP, "firmware: no room for base address register %u of %02x.%x\n", n,
                 PCI_SLOT(dev->devfn), PCI_FUNCTION(dev->devfn));
        return;
    }
    *next = at + MAX(size, is_io(bar) ? IO_STEP : MEMORY_STEP);
    pci_config_write(dev, pci_bar_offset(dev, n), (uint32_t)at, 4);
    if (is_64(bar)) {
        pci_config_write(dev, pci_bar_offset(dev, n) + 4, 0, 4);
    }
}

/* The pin of the root bus that a device's own pin (from 0) comes to. */
static unsigned root_pin(const PciDevice *dev, unsigned pin)
{
    for (; dev->bus->bridge; dev = dev->bus->bridge) {
        pin += PCI_SLOT(dev->devfn);
    }
    return (pin + PCI_SLOT(dev->devfn)) % PCI_N_PINS;
}

static uint8_t interrupt_of(const MacBoard *board, const PciDevice *dev)
{
    return board->rows->pci.irqs[root_pin(dev, dev->config[PCI_INTERRUPT_PIN] - 1u)];
}

static void configure_bus(Places *places, PciBus *bus);

/* What is behind a bridge is placed next; its windows are what that took. */
static void configure_bridge(Places *places, PciDevice *dev, PciBus *behind)
{
    uint64_t memory = round_up(places->memory, MEMORY_WINDOW), io = round_up(places->io, IO_WINDOW);
    uint32_t memory_last, io_last;

    places->memory = memory;
    places->io = io;
    pci_config_write(dev, PCI_PRIMARY_BUS, pci_bus_number(dev->bus), 1);
    pci_config_write(dev, PCI_SECONDARY_BUS, places->next_bus++, 1);
    pci_config_write(dev, PCI_SUBORDINATE_BUS, 0xff, 1);
    configure_bus(places, behind);
    pci_config_write(dev, PCI_SUBORDINATE_BUS, places->next_bus - 1, 1);
    places->memory = round_up(places->memory, MEMORY_WINDOW);
    places->io = round_up(places->io, IO_WINDOW);
    /* A window whose end is below its beginning is closed. */
    memory_last = (uint32_t)places->memory - 1;
    io_last = (uint32_t)places->io - 1;
    pci_config_write(dev, PCI_MEMORY_BASE, (uint32_t)memory >> 16, 2);
    pci_config_write(dev, PCI_MEMORY_LIMIT, memory_last >> 16 & 0xfff0, 2);
    pci_config_write(dev, PCI_PREFETCH_BASE, 0xfff0, 2);
    pci_config_write(dev, PCI_PREFETCH_LIMIT, 0, 2);
    pci_config_write(dev, PCI_IO_BASE_UPPER, (uint32_t)io >> 16, 2);
    pci_config_write(dev, PCI_IO_LIMIT_UPPER, io_last >> 16, 2);
    pci_config_write(dev, PCI_IO_BASE, (uint32_t)io >> 8 & 0xf0, 1);
    pci_config_write(dev, PCI_IO_LIMIT, io_last >> 8 & 0xf0, 1);
}

static void configure_device(Places *places, PciDevice *dev)
{
    PciBus *behind = pci_bridge_bus(dev);

    for (unsigned n = 0; n < PCI_N_BARS; n++) {
        if (dev->bars[n].region) {
            place_bar(places, dev, n);
        }
    }
    if (dev->config[PCI_INTERRUPT_PIN]) {
        pci_config_write(dev, PCI_INTERRUPT_LINE, interrupt_of(places->board, dev), 1);
    }
    if (behind) {
        configure_bridge(places, dev, behind);
    }
    pci_config_write(dev, PCI_COMMAND, pci_command(dev) | PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
                                           (behind ? PCI_COMMAND_MASTER : 0), 2);
}

static void configure_bus(Places *places, PciBus *bus)
{
    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        if (bus->devices[devfn]) {
            configure_device(places, bus->devices[devfn]);
        }
    }
}

void mac_pci_configure(const MacBoard *board)
{
    Places places = {board, board->rows->pci.memory_base, FIRST_PORT, 1};

    configure_bus(&places, board->pci);
}

/* ---- Devices that clients know by name ---- */

typedef struct PciRow {
    uint16_t vendor, device;            /* device 0: any */
    uint16_t class_id;                  /* 0: any */
    const char *name, *type, *model;
    const char *compatible;             /* ended by an empty string; NULL: by numbers */
    uint8_t address_cells, size_cells, interrupt_cells;
    void (*more)(MacTree *tree, PciDevice *dev);
} PciRow;

static uint64_t bar_address(PciDevice *dev, unsigned n)
{
    return dev->bars[n].region ? dev->bars[n].address : PCI_UNMAPPED;
}

/* Where the processor sees an address of the bus. */
static uint32_t host_address(const MacBoard *board, const PciBar *bar)
{
    return (uint32_t)bar->address + (is_io(bar) ? board->rows->pci.io_base : 0);
}

static uint32_t device_read_le(uint64_t address)
{
    return address_space_ldl_le(address_space_memory(), address, MEMTXATTRS_UNSPECIFIED, NULL);
}

static void network_more(MacTree *tree, PciDevice *dev)
{
    tree_bytes(tree, "network-type", "ethernet", 9);
    tree_bytes(tree, "removable", "network", 8);
    tree_bytes(tree, "category", "net", 4);
}

/* GMAC's registers have its address after reset, as the card's ROM would say it. */
static void gmac_more(MacTree *tree, PciDevice *dev)
{
    uint64_t registers = bar_address(dev, 0);
    uint8_t address[6];

    if (registers == PCI_UNMAPPED) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        stw_be_p(address + 4 - 2 * i, (uint16_t)device_read_le(registers + 0x6080 + 4 * i));
    }
    tree_bytes(tree, "local-mac-address", address, sizeof(address));
}

/* Bochs's registers of modes, in the second memory BAR, little-endian. */
enum {
    VBE_XRES = 1,
    VBE_YRES,
    VBE_BPP,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRTUAL_WIDTH,
    VBE_VIRTUAL_HEIGHT,
    VBE_X_OFFSET,
    VBE_Y_OFFSET
};
#define VBE_REGISTERS 0x500u
#define VBE_ON 0x01u
#define VBE_LINEAR 0x40u
#define VGA_ATTRIBUTES 0x400u           /* port 0x3c0 */
#define VGA_PICTURE_ON 0x20u
#define VGA_COLOR_INDEX 0x408u          /* port 0x3c8 */
#define VGA_COLOR_DATA 0x409u

static void vga_write(uint64_t address, uint8_t value)
{
    address_space_stb(address_space_memory(), address, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static void vbe_write(uint64_t registers, unsigned index, unsigned value)
{
    address_space_stw_le(address_space_memory(), registers + VBE_REGISTERS + 2 * index,
                         (uint16_t)value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static void vga_more(MacTree *tree, PciDevice *dev)
{
    uint64_t picture = bar_address(dev, 0), registers = bar_address(dev, 2);
    MacDisplayMode mode = mac_display_mode(tree->board->machine);
    const struct { const char *name; uint32_t value; } cells[] = {
        {"width", mode.width}, {"height", mode.height}, {"depth", mode.depth},
        {"linebytes", mode.width * ((mode.depth + 7) / 8)}, {"address", (uint32_t)picture},
    };

    if (picture == PCI_UNMAPPED || registers == PCI_UNMAPPED) {
        return;
    }
    vbe_write(registers, VBE_ENABLE, 0);
    vbe_write(registers, VBE_X_OFFSET, 0);
    vbe_write(registers, VBE_Y_OFFSET, 0);
    vbe_write(registers, VBE_XRES, mode.width);
    vbe_write(registers, VBE_YRES, mode.height);
    vbe_write(registers, VBE_BPP, mode.depth);
    vbe_write(registers, VBE_ENABLE, VBE_ON | VBE_LINEAR);
    vga_write(registers + VGA_ATTRIBUTES, VGA_PICTURE_ON);
    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
        tree_cell(tree, cells[i].name, cells[i].value);
    }
}

/* Its registers' place in the BAR is that of its children. */
static void macio_more(MacTree *tree, PciDevice *dev)
{
    uint32_t at = (uint32_t)dev->bars[0].address;
    const uint32_t ranges[] = {0, SPACE_MEMORY | (uint32_t)dev->devfn << 8 | PCI_BASE_ADDRESS_0, 0,
                               at, (uint32_t)dev->bars[0].size};

    tree_cells(tree, "ranges", ranges, G_N_ELEMENTS(ranges));
    if (!tree->board->rows->oldworld) {
        tree_cell(tree, "interrupt-parent", MAC_PIC_PHANDLE);
    }
    tree_rows(tree, tree->board->rows->macio, at);
}

/* Children's addresses are its parent's. */
static void bridge_more(MacTree *tree, PciDevice *dev)
{
    PciBus *behind = pci_bridge_bus(dev);
    uint32_t ranges[2 * 8];
    unsigned n = 0;

    for (unsigned i = 0; i < 2; i++) {
        PciRange range = pci_bridge_range(dev, i);
        uint32_t space = i ? SPACE_MEMORY : SPACE_IO;

        if (range.last > range.base) {
            const uint32_t cells[] = {space,
                                      0,
                                      (uint32_t)range.base,
                                      space,
                                      0,
                                      (uint32_t)range.base,
                                      0,
                                      (uint32_t)(range.last - range.base + 1)};

            memcpy(ranges + n, cells, sizeof(cells));
            n += G_N_ELEMENTS(cells);
        }
    }
    tree_cells(tree, "ranges", ranges, n);
    tree_cells(tree, "bus-range",
               TREE_CELL_LIST(pci_bus_number(behind), dev->config[PCI_SUBORDINATE_BUS]) / 4);
}

static const PciRow pci_rows[] = {
    {PCI_VENDOR_APPLE, 0x0010, 0, "mac-io", "mac-io", "AAPL,343S1201", "heathrow\0", 1, 1, 1,
     macio_more},
    {PCI_VENDOR_APPLE, 0x0017, 0, "mac-io", "mac-io", "AAPL,343S1211", "paddington\0heathrow\0", 1,
     1, 1, macio_more},
    {PCI_VENDOR_APPLE, 0x0022, 0, "mac-io", "mac-io", "AAPL,Keylargo", "Keylargo\0", 1, 1, 1,
     macio_more},
    {PCI_VENDOR_APPLE, 0x0021, 0, "ethernet", "network", NULL, "gmac\0", 0, 0, 0, gmac_more},
    {PCI_VENDOR_QEMU, 0x1111, 0, "QEMU,VGA", "display", "QEMU VGA", "VGA\0", 0, 0, 0, vga_more},
    {PCI_VENDOR_REALTEK, 0x8029, 0, "NE2000", "network", "NE2000 PCI", "", 0, 0, 0, network_more},
    {PCI_VENDOR_REALTEK, 0x8139, 0, "rtl8139", "network", "RTL8139 PCI", "pci10ec,8139\0", 0, 0, 0,
     network_more},
    {0, 0, PCI_CLASS_SERIAL_USB, "usb", "usb", NULL, NULL, 1, 0, 0, NULL},
    {0, 0, PCI_CLASS_BRIDGE_PCI, "pci-bridge", "pci", NULL, NULL, 3, 2, 1, bridge_more},
    {0, 0, PCI_CLASS_NETWORK_ETHERNET, NULL, "network", NULL, NULL, 0, 0, 0, network_more},
    {0, 0, PCI_CLASS_STORAGE_SCSI, "scsi", "scsi", NULL, NULL, 0, 0, 0, NULL},
    {0, 0, PCI_CLASS_STORAGE_IDE, "ide", "ide", NULL, NULL, 0, 0, 0, NULL},
    {0, 0, PCI_CLASS_DISPLAY_VGA, "display", "display", NULL, NULL, 0, 0, 0, NULL},
    {0},
};

static const PciRow *row_of(const PciDevice *dev)
{
    uint16_t vendor = pci_get16(dev->config + PCI_VENDOR_ID),
             device = pci_get16(dev->config + PCI_DEVICE_ID),
             class_id = pci_get16(dev->config + PCI_CLASS_DEVICE);
    const PciRow *row = pci_rows;

    while ((row->vendor || row->class_id) &&
           ((row->vendor && (row->vendor != vendor || row->device != device)) ||
            (row->class_id && row->class_id != class_id))) {
        row++;
    }
    return row;
}

/* Six bits of each colour, in the adapter's table. */
bool mac_pci_set_color(const MacBoard *board, uint8_t index, const uint8_t rgb[3])
{
    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(board->pci->devices); devfn++) {
        PciDevice *dev = board->pci->devices[devfn];
        uint64_t registers;

        if (!dev || row_of(dev)->more != vga_more) {
            continue;
        }
        registers = bar_address(dev, 2);
        if (registers == PCI_UNMAPPED) {
            return false;
        }
        vga_write(registers + VGA_COLOR_INDEX, index);
        for (unsigned i = 0; i < 3; i++) {
            vga_write(registers + VGA_COLOR_DATA, rgb[i] >> 2);
        }
        return true;
    }
    return false;
}

/* ---- Nodes ---- */

static uint32_t class_code(const PciDevice *dev)
{
    return (uint32_t)pci_get16(dev->config + PCI_CLASS_DEVICE) << 8 |
           dev->config[PCI_CLASS_PROGRAM];
}

/* What every function's node has from its header. */
static void header_properties(MacTree *tree, const PciDevice *dev)
{
    uint16_t status = pci_get16(dev->config + PCI_STATUS);
    bool bridge = pci_device_get_class(dev)->is_bridge;
    const struct { const char *name; uint32_t value; bool absent; } cells[] = {
        {"vendor-id", pci_get16(dev->config + PCI_VENDOR_ID), false},
        {"device-id", pci_get16(dev->config + PCI_DEVICE_ID), false},
        {"revision-id", dev->config[PCI_REVISION_ID], false},
        {"class-code", class_code(dev), false},
        {"min-grant", dev->config[PCI_MIN_GNT], bridge},
        {"max-latency", dev->config[PCI_MAX_LAT], bridge},
        {"devsel-speed", status >> 9 & 3, false},
        {"subsystem-vendor-id", pci_get16(dev->config + PCI_SUBSYSTEM_VENDOR_ID),
         bridge || !pci_get16(dev->config + PCI_SUBSYSTEM_VENDOR_ID)},
        {"subsystem-id", pci_get16(dev->config + PCI_SUBSYSTEM_ID),
         bridge || !pci_get16(dev->config + PCI_SUBSYSTEM_ID)},
        {"cache-line-size", dev->config[PCI_CACHE_LINE_SIZE], false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
        if (!cells[i].absent) {
            tree_cell(tree, cells[i].name, cells[i].value);
        }
    }
    if (status & PCI_STATUS_FAST_BACK) {
        tree_bytes(tree, "fast-back-to-back", NULL, 0);
    }
    if (status & PCI_STATUS_66MHZ) {
        tree_bytes(tree, "66mhz-capable", NULL, 0);
    }
}

static void row_properties(MacTree *tree, const PciDevice *dev, const PciRow *row)
{
    g_autofree char *numbers = NULL;

    if (row->type) {
        tree_text(tree, "device_type", row->type);
    }
    if (row->model) {
        tree_text(tree, "model", row->model);
    }
    if (!row->compatible) {
        numbers = g_strdup_printf("pci%x,%x%cpciclass,%06x", pci_get16(dev->config + PCI_VENDOR_ID),
                                  pci_get16(dev->config + PCI_DEVICE_ID), 0, class_code(dev));
        tree_bytes(tree, "compatible", numbers,
                   (uint32_t)(strlen(numbers) + 1 + strlen("pciclass,") + 6 + 1));
    } else if (*row->compatible) {
        uint32_t size = 0;

        while (row->compatible[size]) {
            size += (uint32_t)strlen(row->compatible + size) + 1;
        }
        tree_bytes(tree, "compatible", row->compatible, size);
    }
    if (row->address_cells) {
        tree_cell(tree, "#address-cells", row->address_cells);
    }
    if (row->size_cells) {
        tree_cell(tree, "#size-cells", row->size_cells);
    }
    if (row->interrupt_cells) {
        tree_cell(tree, "#interrupt-cells", row->interrupt_cells);
    }
}

/* First cell of the addresses of a function. */
static uint32_t unit(const PciDevice *dev)
{
    return (uint32_t)pci_bus_number(dev->bus) << 16 | (uint32_t)dev->devfn << 8;
}

static void address_properties(MacTree *tree, PciDevice *dev)
{
    uint32_t reg[5 * (PCI_ROM_BAR + 1)] = {unit(dev)}, assigned[5 * PCI_ROM_BAR], host[PCI_ROM_BAR];
    unsigned n = 0;

    for (unsigned i = 0; i < PCI_ROM_BAR; i++) {
        const PciBar *bar = &dev->bars[i];
        uint32_t space;

        if (!bar->region) {
            continue;
        }
        space = is_io(bar) ? SPACE_IO : is_64(bar) ? SPACE_MEMORY_64 : SPACE_MEMORY;
        space |= !is_io(bar) && bar->type & PCI_BAR_MEMORY_PREFETCH ? SPACE_PREFETCH : 0;
        reg[5 * (n + 1)] = space | unit(dev) | pci_bar_offset(dev, i);
        reg[5 * (n + 1) + 4] = (uint32_t)bar->size;
        memcpy(assigned + 5 * n, reg + 5 * (n + 1), 5 * sizeof(*reg));
        if (bar->address != PCI_UNMAPPED) {
            assigned[5 * n + 2] = (uint32_t)bar->address;
            host[n] = host_address(tree->board, bar);
        } else {
            host[n] = 0;
        }
        n++;
    }
    if (n) {
        tree_cells(tree, "assigned-addresses", assigned, 5 * n);
    }
    if (n && tree->board->rows->oldworld) {
        tree_cells(tree, "AAPL,address", host, n);
    }
    tree_cells(tree, "reg", reg, 5 * (n + 1));
}

/* "mac-io@10", "usb@d,1" */
static char *node_name(const PciDevice *dev, const PciRow *row)
{
    g_autofree char *by_number = g_strdup_printf("pci%x,%x", pci_get16(dev->config + PCI_VENDOR_ID),
                                                 pci_get16(dev->config + PCI_DEVICE_ID));
    const char *stem = row->name ? row->name : by_number;

    return PCI_FUNCTION(dev->devfn)
               ? g_strdup_printf("%s@%x,%x", stem, PCI_SLOT(dev->devfn), PCI_FUNCTION(dev->devfn))
               : g_strdup_printf("%s@%x", stem, PCI_SLOT(dev->devfn));
}

char *mac_pci_display_path(const MacBoard *board)
{
    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(board->pci->devices); devfn++) {
        const PciDevice *dev = board->pci->devices[devfn];
        const PciRow *row = dev ? row_of(dev) : NULL;

        if (row && !g_strcmp0(row->type, "display")) {
            g_autofree char *name = node_name(dev, row);

            return g_strdup_printf("/%s/%s", board->rows->pci.name, name);
        }
    }
    return NULL;
}

static void bus_nodes(MacTree *tree, PciBus *bus);

static void device_node(MacTree *tree, PciDevice *dev)
{
    const PciRow *row = row_of(dev);
    g_autofree char *name = node_name(dev, row);
    PciBus *behind = pci_bridge_bus(dev);

    tree_begin(tree, name);
    header_properties(tree, dev);
    if (dev->config[PCI_INTERRUPT_PIN]) {
        if (tree->board->rows->oldworld) {
            tree_cell(tree, "AAPL,interrupts", interrupt_of(tree->board, dev));
        } else {
            tree_cell(tree, "interrupts", dev->config[PCI_INTERRUPT_PIN]);
        }
    }
    row_properties(tree, dev, row);
    address_properties(tree, dev);
    if (row->more) {
        row->more(tree, dev);
    }
    if (behind) {
        bus_nodes(tree, behind);
    }
    tree_end(tree);
}

static bool is_host_bridge(const PciDevice *dev)
{
    return pci_get16(dev->config + PCI_CLASS_DEVICE) == PCI_CLASS_BRIDGE_HOST;
}

static void bus_nodes(MacTree *tree, PciBus *bus)
{
    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        PciDevice *dev = bus->devices[devfn];

        if (dev && !is_host_bridge(dev)) {
            device_node(tree, dev);
        }
    }
}

/* Each slot's pins, in the order of devices: child's address, pin, controller, its number and
 * sense. */
static void interrupt_map(MacTree *tree)
{
    PciBus *bus = tree->board->pci;
    g_autoptr(GByteArray) map = g_byte_array_new();

    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        const PciDevice *dev = bus->devices[devfn];

        if (dev && !is_host_bridge(dev) && dev->config[PCI_INTERRUPT_PIN]) {
            const uint32_t cells[] = {unit(dev),
                                      0,
                                      0,
                                      dev->config[PCI_INTERRUPT_PIN],
                                      MAC_PIC_PHANDLE,
                                      interrupt_of(tree->board, dev),
                                      1};

            for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++) {
                uint8_t bytes[4];

                stl_be_p(bytes, cells[i]);
                g_byte_array_append(map, bytes, sizeof(bytes));
            }
        }
    }
    if (map->len) {
        tree_bytes(tree, "interrupt-map", map->data, map->len);
        tree_cells(tree, "interrupt-map-mask", TREE_CELL_LIST(0x00fff800, 0, 0, 7) / 4);
    }
    tree_cell(tree, "interrupt-parent", MAC_PIC_PHANDLE);
}

/* What no base address register has got. */
static void available(MacTree *tree)
{
    const MacPciHost *host = &tree->board->rows->pci;
    uint64_t memory = host->memory_base, io = FIRST_PORT;

    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(tree->board->pci->devices); devfn++) {
        const PciDevice *dev = tree->board->pci->devices[devfn];

        for (unsigned n = 0; dev && n < PCI_N_BARS; n++) {
            uint64_t *last = is_io(&dev->bars[n]) ? &io : &memory;

            if (dev->bars[n].region && dev->bars[n].address != PCI_UNMAPPED) {
                *last = MAX(*last, dev->bars[n].address + dev->bars[n].size);
            }
        }
        for (unsigned n = 0; n < 2 && dev && pci_bridge_bus(dev); n++) {
            PciRange range = pci_bridge_range(dev, n);
            uint64_t *last = n ? &memory : &io;

            if (range.last > range.base) {
                *last = MAX(*last, range.last + 1);
            }
        }
    }
    memory = MIN(round_up(memory, MEMORY_WINDOW), (uint64_t)host->memory_base + host->memory_size);
    io = MIN(round_up(io, IO_WINDOW), host->io_size);
    tree_cells(tree, "available",
               TREE_CELL_LIST(SPACE_MEMORY, 0, (uint32_t)memory, 0,
                              (uint32_t)(host->memory_base + (uint64_t)host->memory_size - memory),
                              SPACE_IO, 0, (uint32_t)io, 0, (uint32_t)(host->io_size - io)) /
                   4);
}

static unsigned last_bus(PciBus *bus)
{
    unsigned last = pci_bus_number(bus);

    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        PciDevice *dev = bus->devices[devfn];

        if (dev && pci_bridge_bus(dev)) {
            last = MAX(last, dev->config[PCI_SUBORDINATE_BUS]);
        }
    }
    return last;
}

void mac_pci_nodes(MacTree *tree)
{
    const MacPciHost *host = &tree->board->rows->pci;
    PciBus *bus = tree->board->pci;
    const PciRow row = {0, 0, 0, NULL, "pci", host->model, host->compatible, 3, 2, 1, NULL};

    tree_begin(tree, host->name);
    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        const PciDevice *dev = bus->devices[devfn];

        if (dev && is_host_bridge(dev)) {
            header_properties(tree, dev);
            row_properties(tree, dev, &row);
            break;
        }
    }
    tree_cells(tree, "reg", host->reg, G_N_ELEMENTS(host->reg));
    tree_cells(tree, "ranges", host->ranges, host->n_ranges);
    tree_cells(tree, "bus-range", TREE_CELL_LIST(0, last_bus(bus)) / 4);
    available(tree);
    if (!tree->board->rows->oldworld) {
        interrupt_map(tree);
    }
    bus_nodes(tree, bus);
    tree_end(tree);
}
