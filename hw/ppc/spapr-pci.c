/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-pci-host-bridge, the PCI host bridge of the sPAPR platform: device-tree node, configuration
 * access, message interrupts, DMA windows and error recovery by RTAS.  LoPAR 7.3.4
 * (configuration), 7.3.10.5 (MSI), 7.4.10 (DMA windows), 7.3.11 (EEH); PCI Bus Binding to Open
 * Firmware. Left out so far: devices.  On an empty bus every call that names one is answered as for
 * one that is not there; error recovery is not available, as on QEMU's bridge without
 * passed-through devices.
 */
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-iommu.h"
#include "macio.h"
#include "spapr-pci.h"
#include "spapr-tokens.h"
#include "hw/pci/pci.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"

#define BUID_BASE 0x800000020000000ull
#define LIOBN_BASE 0x80000000u
#define LIOBN(index, window) (LIOBN_BASE | (index) << 8 | (window))
#define MAX_BRIDGES 31u             /* as many as have a window of memory below the devices' end */
/* Each bridge has its share of these address spaces of the processors, by its index. */
#define IO_BASE 0x200000000000ull
#define IO_SIZE 0x10000ull
#define MEM32_SIZE 0x80000000ull    /* of bridge n: at IO_BASE + (n + 1) * MEM32_SIZE */
#define MEM64_SIZE 0x10000000000ull /* of bridge n: at IO_BASE + (n + 1) * MEM64_SIZE */
#define BUS_MEM32 0x80000000u       /* the upper half of 4 GiB: DMA has the lower one */
#define MSI_ADDRESS 0x40000000000ull /* where messages go; guests do not choose */
#define N_WINDOWS 2u
#define WINDOW0_SIZE 0x40000000ull
#define WINDOW1_BASE 0x800000000000000ull
#define PAGE_SIZES 0x1211000ull     /* a bit for each size: 4 KiB, 64 KiB, 2 MiB, 16 MiB */
#define N_MSI 0xd00u
#define N_MSI_LEGACY 0x400u        /* all numbers of those versions */
#define N_SLOTS 32u
#define NO_NODE UINT32_MAX
#define NO_INDEX UINT32_MAX

typedef struct SpaprMsi {
    uint32_t config_address, first, count;
} SpaprMsi;

typedef struct SpaprLsi {
    uint32_t irq;
} SpaprLsi;

struct SpaprPhb {
    DeviceState parent;             /* first */
    /* immutable */
    uint32_t index, numa_node;
    uint64_t io_size, mem32_size, mem64_size;
    uint64_t window0_base, window0_size, window1_base, page_sizes;
    bool dynamic_windows, extended_config;
    uint64_t buid;
    SpaprLsi lsi[PCI_N_PINS];
    /* saved */
    int32_t n_msi_devices;
    SpaprMsi *msi_devices;
    /* host-only */
    SpaprMachine *spapr;
    PciBus *bus;
    SpaprTceTable *windows[N_WINDOWS];
    MemoryRegion memory, io;                        /* the bus's spaces */
    MemoryRegion memory32, memory64, io_window;     /* parts of them that processors see */
};

/* ---- DMA windows ---- */

static unsigned n_windows(const SpaprPhb *phb)
{
    return phb->dynamic_windows ? N_WINDOWS : 1;
}

static unsigned open_windows(const SpaprPhb *phb)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_windows(phb); i++) {
        n += phb->windows[i]->n_entries != 0;
    }
    return n;
}

static void reset_windows(SpaprPhb *phb)
{
    for (unsigned i = 0; i < n_windows(phb); i++) {
        spapr_tce_disable(phb->windows[i]);
    }
    if (spapr_tce_enable(phb->windows[0], 12, phb->window0_base, phb->window0_size >> 12)) {
        phb->windows[0]->default_window = true;
    }
}

static void phb_reset(void *obj, ResetType type)
{
    SpaprPhb *phb = obj;

    reset_windows(phb);
    pci_bus_reset(phb->bus);
    g_clear_pointer(&phb->msi_devices, g_free);
    phb->n_msi_devices = 0;
}

/* ---- The bus ---- */

static void phb_set_irq(void *opaque, int line, int level)
{
    SpaprPhb *phb = opaque;

    irq_set(spapr_irq_line(phb->spapr, phb->lsi[line].irq), level);
}

static bool phb_translate(void *opaque, PciDevice *dev, uint64_t address, bool is_write,
                          uint64_t *real, uint64_t *left)
{
    const SpaprPhb *phb = opaque;

    for (unsigned i = 0; i < n_windows(phb); i++) {
        if (spapr_tce_translate(phb->windows[i], address,
                                is_write ? SPAPR_TCE_WRITE : SPAPR_TCE_READ, real, left)) {
            return true;
        }
    }
    return false;
}

/* The data of a message is the interrupt's number. */
static void phb_message(void *opaque, PciDevice *dev, uint64_t address, uint32_t data)
{
    SpaprPhb *phb = opaque;

    if (address != MSI_ADDRESS) {
        log_mask(LOG_GUEST_ERROR, "PCI: a message interrupt to 0x%" PRIx64 "\n", address);
        return;
    }
    irq_pulse(spapr_irq_line(phb->spapr, data));
}

static char *phb_path(void *opaque)
{
    return g_strdup_printf("pci@%" PRIx64, ((SpaprPhb *)opaque)->buid);
}

static const PciBusOps phb_bus_ops = {
    .set_irq = phb_set_irq,
    .translate = phb_translate,
    .message = phb_message,
    .path = phb_path,
};

static uint64_t io_base(const SpaprPhb *phb)
{
    return IO_BASE + phb->index * IO_SIZE;
}

static uint64_t mem32_base(const SpaprPhb *phb)
{
    return IO_BASE + (phb->index + 1) * MEM32_SIZE;
}

static uint64_t mem64_base(const SpaprPhb *phb)
{
    return IO_BASE + (phb->index + 1) * MEM64_SIZE;
}

static void map_window(SpaprPhb *phb, MemoryRegion *window, const char *name, MemoryRegion *space,
                       uint64_t offset, uint64_t at, uint64_t size)
{
    memory_region_init_alias(window, phb, name, space, offset, size);
    memory_region_add_subregion(phb->spapr->parent.system_memory, at, window);
}

static void create_bus(SpaprPhb *phb)
{
    memory_region_init(&phb->memory, phb, "pci-memory", UINT64_MAX);
    memory_region_init(&phb->io, phb, "pci-io", IO_SIZE);
    phb->bus = pci_bus_create(&phb->parent, NULL, &phb_bus_ops, phb, &phb->memory, &phb->io);
    phb->bus->address_zero = true;
    map_window(phb, &phb->memory32, "pci-mmio32", &phb->memory, BUS_MEM32, mem32_base(phb),
               phb->mem32_size);
    map_window(phb, &phb->memory64, "pci-mmio64", &phb->memory, mem64_base(phb), mem64_base(phb),
               phb->mem64_size);
    map_window(phb, &phb->io_window, "pci-io-window", &phb->io, 0, io_base(phb), phb->io_size);
}

static void destroy_bus(SpaprPhb *phb)
{
    MemoryRegion *windows[] = {&phb->memory32, &phb->memory64, &phb->io_window};

    for (unsigned i = 0; i < G_N_ELEMENTS(windows); i++) {
        memory_region_del_subregion(phb->spapr->parent.system_memory, windows[i]);
        memory_region_destroy(windows[i]);
    }
    bus_unparent(&phb->bus->parent);
    phb->bus = NULL;
    memory_region_destroy(&phb->memory);
    memory_region_destroy(&phb->io);
}

/* ---- RTAS ---- */

static SpaprPhb *nth(const SpaprMachine *spapr, guint i)
{
    return spapr->phbs && i < spapr->phbs->len ? g_ptr_array_index(spapr->phbs, i) : NULL;
}

/* The bridge of the unit identifier at arguments i and i + 1. */
static SpaprPhb *phb_of(SpaprRtasCall *call, unsigned i)
{
    uint64_t buid = rtas_arg64(call, i);
    SpaprPhb *phb;

    for (guint n = 0; (phb = nth(call->spapr, n)) && phb->buid != buid; n++) {
    }
    return phb;
}

/* ... that has dynamic DMA windows. */
static SpaprPhb *windows_phb_of(SpaprRtasCall *call, unsigned i)
{
    SpaprPhb *phb = phb_of(call, i);

    return phb && phb->dynamic_windows ? phb : NULL;
}

/* Bits of a configuration address: register (high 4, low 8), bus, device and function. */
static PciDevice *device_of(SpaprPhb *phb, uint32_t address)
{
    return phb ? pci_bus_find(phb->bus, address >> 16 & 0xff, address >> 8 & 0xff) : NULL;
}

static uint32_t register_of(uint32_t address)
{
    return (address >> 20 & 0xf00) | (address & 0xff);
}

static bool access_possible(const SpaprPhb *phb, const PciDevice *dev, uint32_t reg, uint32_t size)
{
    return dev && (reg < PCI_CONFIG_SIZE || phb->extended_config) &&
           (size == 1 || size == 2 || size == 4) && reg % size == 0 &&
           reg + size <= dev->config_size;
}

static void read_config(SpaprRtasCall *call, SpaprPhb *phb, uint32_t address, uint32_t size)
{
    PciDevice *dev = device_of(phb, address);

    if (!access_possible(phb, dev, register_of(address), size)) {
        rtas_ret(call, 0, RTAS_OUT_HW_ERROR);
        return;
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    rtas_ret(call, 1, pci_config_read(dev, register_of(address), size));
}

static void write_config(SpaprRtasCall *call, SpaprPhb *phb, uint32_t address, uint32_t size,
                         uint32_t value)
{
    PciDevice *dev = device_of(phb, address);

    if (!access_possible(phb, dev, register_of(address), size)) {
        rtas_ret(call, 0, RTAS_OUT_HW_ERROR);
        return;
    }
    pci_config_write(dev, register_of(address), value, size);
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

/* The forms without a unit identifier are for platforms with one bridge of identifier 0: not this
 * one. */
static void rtas_read_pci_config(SpaprRtasCall *call)
{
    read_config(call, NULL, rtas_arg(call, 0), rtas_arg(call, 1));
}

static void rtas_write_pci_config(SpaprRtasCall *call)
{
    write_config(call, NULL, rtas_arg(call, 0), rtas_arg(call, 1), rtas_arg(call, 2));
}

static void rtas_ibm_read_pci_config(SpaprRtasCall *call)
{
    read_config(call, phb_of(call, 1), rtas_arg(call, 0), rtas_arg(call, 3));
}

static void rtas_ibm_write_pci_config(SpaprRtasCall *call)
{
    write_config(call, phb_of(call, 1), rtas_arg(call, 0), rtas_arg(call, 3), rtas_arg(call, 4));
}

/* Message interrupts belong to devices, and there are none that could have any. */
static void rtas_ibm_change_msi(SpaprRtasCall *call)
{
    rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
}

static void rtas_ibm_query_interrupt_source_number(SpaprRtasCall *call)
{
    rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
}

static void rtas_ibm_set_tce_bypass(SpaprRtasCall *call)
{
    SpaprTceTable *tce = spapr_tce_find(call->spapr, rtas_arg(call, 0));
    uint32_t enable = rtas_arg(call, 1);

    /* For devices of the virtual I/O bus alone; a unit address is its window's number. */
    if (!tce || tce->liobn >= LIOBN_BASE || enable > 1) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    tce->bypass = enable;
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
}

/* No error recovery: LoPAR's answer for an option that the platform does not have. */
static void rtas_eeh(SpaprRtasCall *call)
{
    rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
}

static const struct { uint8_t shift; uint32_t bit; } window_pages[] = {
    {12, 0x001}, {16, 0x002}, {21, 0x100}, {24, 0x004},
};

static void rtas_ibm_query_pe_dma_window(SpaprRtasCall *call)
{
    SpaprPhb *phb = windows_phb_of(call, 1);
    uint32_t pages = 0;

    if (!phb) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(window_pages); i++) {
        pages |= phb->page_sizes >> window_pages[i].shift & 1 ? window_pages[i].bit : 0;
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    rtas_ret(call, 1, n_windows(phb) - open_windows(phb));
    /* The most entries of a window, one word or two by the number of results asked for. */
    if (call->n_rets > 5) {
        rtas_ret(call, 2, 0);
        rtas_ret(call, 3, 0x80000000u);
        rtas_ret(call, 4, pages);
        rtas_ret(call, 5, 0);
    } else {
        rtas_ret(call, 2, 0x80000000u);
        rtas_ret(call, 3, pages);
        rtas_ret(call, 4, 0);
    }
}

static void rtas_ibm_create_pe_dma_window(SpaprRtasCall *call)
{
    SpaprPhb *phb = windows_phb_of(call, 1);
    uint32_t page_shift = rtas_arg(call, 3), window_shift = rtas_arg(call, 4);
    bool known = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(window_pages); i++) {
        known = known ||
                (window_pages[i].shift == page_shift && phb && phb->page_sizes >> page_shift & 1);
    }
    if (!known || window_shift < page_shift || window_shift > 63) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        return;
    }
    for (unsigned i = 0; i < N_WINDOWS; i++) {
        SpaprTceTable *tce = phb->windows[i];
        uint64_t base = i ? phb->window1_base : phb->window0_base;

        if (tce->n_entries) {
            continue;
        }
        if (window_shift - page_shift > 31 ||
            !spapr_tce_enable(tce, page_shift, base, (uint32_t)1 << (window_shift - page_shift))) {
            break;
        }
        rtas_ret(call, 0, RTAS_OUT_SUCCESS);
        rtas_ret(call, 1, tce->liobn);
        rtas_ret(call, 2, base >> 32);
        rtas_ret(call, 3, (uint32_t)base);
        return;
    }
    rtas_ret(call, 0, RTAS_OUT_HW_ERROR);
}

static void rtas_ibm_remove_pe_dma_window(SpaprRtasCall *call)
{
    uint32_t liobn = rtas_arg(call, 0);
    SpaprPhb *phb;

    for (unsigned i = 0; (phb = nth(call->spapr, i / N_WINDOWS)); i++) {
        SpaprTceTable *tce = phb->windows[i % N_WINDOWS];

        if (phb->dynamic_windows && tce->liobn == liobn && tce->n_entries) {
            bool was_default = tce->default_window;

            spapr_tce_disable(tce);
            /* The last one gone: the platform puts its own window back. */
            if (!was_default && !open_windows(phb)) {
                reset_windows(phb);
            }
            rtas_ret(call, 0, RTAS_OUT_SUCCESS);
            return;
        }
    }
    rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
}

static void rtas_ibm_reset_pe_dma_window(SpaprRtasCall *call)
{
    SpaprPhb *phb = windows_phb_of(call, 1);

    if (phb) {
        reset_windows(phb);
    }
    rtas_ret(call, 0, phb ? RTAS_OUT_SUCCESS : RTAS_OUT_PARAM_ERROR);
}

const SpaprRtasRow spapr_rtas_pci[] = {
    /* SLOF wants no answer. */
    {RTAS_IBM_SET_TCE_BYPASS, "ibm,set-tce-bypass", rtas_ibm_set_tce_bypass, 2, 0},
    {RTAS_READ_PCI_CONFIG, "read-pci-config", rtas_read_pci_config, 2, 2},
    {RTAS_WRITE_PCI_CONFIG, "write-pci-config", rtas_write_pci_config, 3, 1},
    {RTAS_IBM_READ_PCI_CONFIG, "ibm,read-pci-config", rtas_ibm_read_pci_config, 4, 2},
    {RTAS_IBM_WRITE_PCI_CONFIG, "ibm,write-pci-config", rtas_ibm_write_pci_config, 5, 1},
    {RTAS_IBM_QUERY_INTERRUPT_SOURCE_NUMBER, "ibm,query-interrupt-source-number",
     rtas_ibm_query_interrupt_source_number, 4, 3},
    {RTAS_IBM_CHANGE_MSI, "ibm,change-msi", rtas_ibm_change_msi, 5, 1},
    {RTAS_IBM_SET_EEH_OPTION, "ibm,set-eeh-option", rtas_eeh, 4, 1},
    {RTAS_IBM_GET_CONFIG_ADDR_INFO2, "ibm,get-config-addr-info2", rtas_eeh, 4, 2},
    {RTAS_IBM_READ_SLOT_RESET_STATE2, "ibm,read-slot-reset-state2", rtas_eeh, 3, 4},
    {RTAS_IBM_SET_SLOT_RESET, "ibm,set-slot-reset", rtas_eeh, 4, 1},
    {RTAS_IBM_CONFIGURE_PE, "ibm,configure-pe", rtas_eeh, 3, 1},
    {RTAS_IBM_SLOT_ERROR_DETAIL, "ibm,slot-error-detail", rtas_eeh, 8, 1},
    {RTAS_IBM_QUERY_PE_DMA_WINDOW, "ibm,query-pe-dma-window", rtas_ibm_query_pe_dma_window, 3, 5},
    {RTAS_IBM_CREATE_PE_DMA_WINDOW, "ibm,create-pe-dma-window", rtas_ibm_create_pe_dma_window, 5,
     4},
    {RTAS_IBM_REMOVE_PE_DMA_WINDOW, "ibm,remove-pe-dma-window", rtas_ibm_remove_pe_dma_window, 1,
     1},
    {RTAS_IBM_RESET_PE_DMA_WINDOW, "ibm,reset-pe-dma-window", rtas_ibm_reset_pe_dma_window, 3, 1},
    {0},
};

/* ---- Device tree ---- */

#define HIGH(value) (uint32_t)((value) >> 32)
#define LOW(value) (uint32_t)(value)

static void set_cells(void *fdt, int node, const char *name, const uint32_t *cells, unsigned n)
{
    g_autofree fdt32_t *value = g_new(fdt32_t, n);

    for (unsigned i = 0; i < n; i++) {
        value[i] = cpu_to_fdt32(cells[i]);
    }
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, name, value, (int)(n * sizeof(*value))));
}
#define CELLS(fdt, node, name, ...)                                                                \
    set_cells(fdt, node, name, (const uint32_t[]){__VA_ARGS__},                                    \
              sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void add_node(SpaprMachine *spapr, const SpaprPhb *phb, void *fdt, uint32_t intc_phandle)
{
    uint32_t map[N_SLOTS * PCI_N_PINS * 7], *at = map;
    g_autofree char *name = g_strdup_printf("pci@%" PRIx64, phb->buid);
    uint64_t io = io_base(phb), mem32 = mem32_base(phb), mem64 = mem64_base(phb);
    int node = fdt_add_subnode(fdt, 0, name);

    spapr_fdt_note(fdt, node);
    for (uint32_t slot = 0; slot < N_SLOTS; slot++) {
        for (uint32_t pin = 0; pin < PCI_N_PINS; pin++) {
            /* Unit address, pin; controller, number, level. Pins rotate over the slots. */
            *at++ = slot << 11;
            *at++ = 0;
            *at++ = 0;
            *at++ = pin + 1;
            *at++ = intc_phandle;
            *at++ = phb->lsi[(pin + slot) % PCI_N_PINS].irq;
            *at++ = 1;
        }
    }
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, node, "device_type", "pci"));
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, node, "compatible", "IBM,Logical_PHB"));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "#interrupt-cells", 1));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "used-by-rtas", NULL, 0));
    CELLS(fdt, node, "bus-range", 0, 0xff);
    /* I/O, 32-bit memory, 64-bit memory: PCI address, address of the processors, size. */
    CELLS(fdt, node, "ranges", 0x01000000, 0, 0, HIGH(io), LOW(io), HIGH(phb->io_size),
          LOW(phb->io_size), 0x02000000, 0, BUS_MEM32, HIGH(mem32), LOW(mem32),
          HIGH(phb->mem32_size), LOW(phb->mem32_size), 0x03000000, HIGH(mem64), LOW(mem64),
          HIGH(mem64), LOW(mem64), HIGH(phb->mem64_size), LOW(phb->mem64_size));
    CELLS(fdt, node, "reg", HIGH(phb->buid), LOW(phb->buid), 0, 0);
    spapr_fdt_note(fdt,
                   fdt_setprop_cell(fdt, node, "ibm,pci-config-space-type", phb->extended_config));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "ibm,pe-total-#msi",
                     spapr->version->legacy_irq_allocation ? N_MSI_LEGACY : N_MSI));
    if (phb->dynamic_windows) {
        CELLS(fdt, node, "ibm,ddw-applicable", RTAS_IBM_QUERY_PE_DMA_WINDOW,
              RTAS_IBM_CREATE_PE_DMA_WINDOW, RTAS_IBM_REMOVE_PE_DMA_WINDOW);
        CELLS(fdt, node, "ibm,ddw-extensions", 2, RTAS_IBM_RESET_PE_DMA_WINDOW, 1);
    }
    if (phb->numa_node != NO_NODE) {
        spapr_numa_set_associativity(spapr, fdt, node, phb->numa_node);
    }
    CELLS(fdt, node, "interrupt-map-mask", 0xf800, 0, 0, 0xffffffff);
    set_cells(fdt, node, "interrupt-map", map, G_N_ELEMENTS(map));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "ibm,#dma-address-cells", 2));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "ibm,#dma-size-cells", 2));
    CELLS(fdt, node, "ibm,dma-window", LIOBN(phb->index, 0), HIGH(phb->window0_base),
          LOW(phb->window0_base), HIGH(phb->window0_size), LOW(phb->window0_size));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "qemu,phb-enumerated", 1));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "#address-cells", 3));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "#size-cells", 2));
}

void spapr_pci_fdt(SpaprMachine *spapr, void *fdt, uint32_t intc_phandle)
{
    const SpaprPhb *phb;

    for (guint i = 0; (phb = nth(spapr, i)); i++) {
        add_node(spapr, phb, fdt, intc_phandle);
    }
}

/* ---- State ---- */

static const VMStateDescription vmstate_lsi = {
    .name = "spapr_pci/lsi",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_EQUAL(irq, SpaprLsi, NULL),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprLsi),
};

static const VMStateDescription vmstate_msi = {
    .name = "spapr_pci/msi",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(config_address, SpaprMsi),
        VMSTATE_UINT32(first, SpaprMsi),
        VMSTATE_UINT32(count, SpaprMsi),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprMsi),
};

static bool phb_post_load(void *opaque, int version, GError **errp)
{
    const SpaprPhb *phb = opaque;

    for (int i = 0; i < phb->n_msi_devices; i++) {
        if (!device_of((SpaprPhb *)phb, phb->msi_devices[i].config_address)) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "spapr_pci: message interrupts of a device 0x%x that is not here",
                        phb->msi_devices[i].config_address);
            return false;
        }
    }
    return true;
}

static const VMStateDescription vmstate_phb = {
    .name = "spapr_pci",
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = phb_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64_EQUAL(buid, SpaprPhb, NULL),
        VMSTATE_STRUCT_ARRAY(lsi, SpaprPhb, PCI_N_PINS, 0, vmstate_lsi, SpaprLsi),
        VMSTATE_INT32(n_msi_devices, SpaprPhb),
        VMSTATE_STRUCT_VARRAY_ALLOC(msi_devices, SpaprPhb, n_msi_devices, 0, vmstate_msi, SpaprMsi),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("spapr", "index", "numa_node",
                               "io_size", "mem32_size", "mem64_size",
                               "window0_base", "window0_size", "window1_base", "page_sizes",
                               "dynamic_windows", "extended_config"),
    .elsewhere = VMSTATE_NAMES("bus", "windows"),
    .host_only = VMSTATE_NAMES("memory", "io", "memory32", "memory64", "io_window"),
    VMSTATE_STRUCT_AUDIT(SpaprPhb),
};

/* ---- Life ---- */

/* Old machine versions gave numbers in the order of asking. */
static bool claim_lsi(SpaprMachine *spapr, uint32_t *irq, uint32_t number, GError **errp)
{
    uint32_t end = SPAPR_XIRQ_BASE + SPAPR_NR_XIRQS;

    for (uint32_t n = SPAPR_XIRQ_BASE; spapr->version->legacy_irq_allocation && n < end; n++) {
        if (spapr_irq_claim(spapr, n, true, NULL)) {
            *irq = n;
            return true;
        }
    }
    *irq = number;
    return spapr_irq_claim(spapr, number, true, errp);
}

static void release(SpaprPhb *phb)
{
    for (unsigned i = 0; i < N_WINDOWS; i++) {
        if (phb->windows[i]) {
            spapr_tce_free(phb->spapr, phb->windows[i]);
            phb->windows[i] = NULL;
        }
    }
    for (unsigned i = 0; i < PCI_N_PINS; i++) {
        if (phb->lsi[i].irq) {
            spapr_irq_release(phb->spapr, phb->lsi[i].irq);
            phb->lsi[i].irq = 0;
        }
    }
    g_clear_pointer(&phb->msi_devices, g_free);
    phb->n_msi_devices = 0;
}

static bool claim_resources(SpaprPhb *phb, GError **errp)
{
    for (unsigned i = 0; i < PCI_N_PINS; i++) {
        if (!claim_lsi(phb->spapr, &phb->lsi[i].irq,
                       SPAPR_IRQ_PCI_LSI + phb->index * PCI_N_PINS + i, errp)) {
            phb->lsi[i].irq = 0;
            return false;
        }
    }
    for (unsigned i = 0; i < n_windows(phb); i++) {
        phb->windows[i] = spapr_tce_new(phb->spapr, LIOBN(phb->index, i), errp);
        if (!phb->windows[i]) {
            return false;
        }
    }
    return true;
}

static bool check_properties(const SpaprPhb *phb, GError **errp)
{
    const NumaState *numa = phb->spapr->parent.numa;
    const struct { const char *name; uint64_t value, limit; } sizes[] = {
        {"io_win_size", phb->io_size, IO_SIZE},
        {"mem_win_size", phb->mem32_size, MEM32_SIZE},
        {"mem64_win_size", phb->mem64_size, MEM64_SIZE},
        {"dma_win_size", phb->window0_size, MEM32_SIZE},
    };

    if (phb->index == NO_INDEX) {
        error_setg(errp, "spapr-pci-host-bridge: property 'index' is needed: which bridge this is");
        return false;
    }
    if (phb->index >= MAX_BRIDGES) {
        error_setg(errp, "spapr-pci-host-bridge: property 'index' is too large (at most %u)",
                   MAX_BRIDGES - 1);
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (sizes[i].value > sizes[i].limit) {
            error_setg(errp,
                       "spapr-pci-host-bridge: property '%s' is too large (at most 0x%" PRIx64 ")",
                       sizes[i].name, sizes[i].limit);
            return false;
        }
    }
    if (phb->numa_node != NO_NODE && (!numa || phb->numa_node >= numa->num_nodes)) {
        error_setg(errp, "spapr-pci-host-bridge: property 'numa_node': there is no NUMA node %u",
                   phb->numa_node);
        return false;
    }
    return true;
}

static bool phb_realize(DeviceState *dev, GError **errp)
{
    SpaprPhb *phb = (SpaprPhb *)dev;
    const SpaprPhb *other;

    phb->spapr = spapr_machine_current();
    if (!phb->spapr) {
        error_setg(errp, "spapr-pci-host-bridge needs a pseries machine");
        return false;
    }
    if (!check_properties(phb, errp)) {
        return false;
    }
    for (guint i = 0; (other = nth(phb->spapr, i)); i++) {
        if (other->index == phb->index) {
            error_setg(errp, "spapr-pci-host-bridge: there is a bridge of index %u already",
                       phb->index);
            return false;
        }
    }
    phb->buid = BUID_BASE + phb->index;
    if (!claim_resources(phb, errp)) {
        release(phb);
        return false;
    }
    create_bus(phb);
    g_ptr_array_add(phb->spapr->phbs, phb);
    return true;
}

static void phb_unrealize(DeviceState *dev)
{
    SpaprPhb *phb = (SpaprPhb *)dev;

    g_ptr_array_remove(phb->spapr->phbs, phb);
    destroy_bus(phb);
    release(phb);
}

static const Property phb_properties[] = {
    DEFINE_PROP_UINT32("index", SpaprPhb, index, NO_INDEX,
                       "Number of the bridge; 0 is the machine's own"),
    DEFINE_PROP_UINT64("mem_win_size", SpaprPhb, mem32_size, MEM32_SIZE,
                       "Size of the 32-bit memory window"),
    DEFINE_PROP_UINT64("mem64_win_size", SpaprPhb, mem64_size, MEM64_SIZE,
                       "Size of the 64-bit memory window"),
    DEFINE_PROP_UINT64("io_win_size", SpaprPhb, io_size, IO_SIZE, "Size of the I/O window"),
    DEFINE_PROP_UINT64("dma_win_addr", SpaprPhb, window0_base, 0,
                       "Bus address of the first DMA window"),
    DEFINE_PROP_UINT64("dma_win_size", SpaprPhb, window0_size, WINDOW0_SIZE,
                       "Size of the first DMA window"),
    DEFINE_PROP_UINT64("dma64_win_addr", SpaprPhb, window1_base, WINDOW1_BASE,
                       "Bus address of the second one"),
    DEFINE_PROP_BOOL("ddw", SpaprPhb, dynamic_windows, true, "Guests may open DMA windows"),
    DEFINE_PROP_UINT64("pgsz", SpaprPhb, page_sizes, PAGE_SIZES,
                       "Page sizes of DMA windows, a bit for each"),
    DEFINE_PROP_UINT32("numa_node", SpaprPhb, numa_node, NO_NODE,
                       "NUMA node that the bridge is near"),
    DEFINE_PROP_BOOL("pcie-extended-configuration-space", SpaprPhb, extended_config, true,
                     "Configuration space of 4096 bytes"),
    DEFINE_PROP_END_OF_LIST(),
};

static const DeviceClass spapr_phb_class = {
    .name = "spapr-pci-host-bridge",
    .parent = &device_class.object,
    .description = "sPAPR PCI host bridge",
    .instance_size = sizeof(SpaprPhb),
    .properties = phb_properties,
    .category = DEVICE_CATEGORY_BRIDGE,
    .user_creatable = true,
    .bus = &system_bus_class,
    .vmstate = &vmstate_phb,
    .realize = phb_realize,
    .unrealize = phb_unrealize,
    .reset = {.hold = phb_reset},
};

const DeviceClass *const hw_ppc_device_classes[] = {
    &macio_oldworld_class.device, &macio_newworld_class.device, &spapr_phb_class, NULL};

bool spapr_pci_init(SpaprMachine *spapr, GError **errp)
{
    DeviceState *dev = device_new_class(&spapr_phb_class);

    spapr->phbs = g_ptr_array_new();
    ((SpaprPhb *)dev)->index = 0;
    return device_realize_and_unref(dev, NULL, errp);
}
