/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI buses as a guest and a device see them: masks of the configuration space, BARs and bridges'
 * windows, INTx and message interrupts, DMA, and the state of all of it.  A bus of the test's own
 * stands beside the machine's.
 */
#include <string.h>
#include "test-spapr-bench.h"
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci-host.h"
#include "util/error.h"

#define MEMORY_BASE 0x300000000000ull   /* where processors see the bus's memory */
#define BAR_SIZE 0x1000u

static struct {
    PciBus *bus;
    MemoryRegion memory, io;
    int level[PCI_N_PINS];
    unsigned n_messages;
    uint64_t message_address;
    uint32_t message_data;
    bool refuse;
} t;

/* ---- A device: BAR 0 memory of 64 bits, BAR 2 I/O, BAR 3 MSI-X ---- */

typedef struct TestDevice {
    PciDevice parent;
    MemoryRegion registers, ports, vectors;
    uint32_t written;
} TestDevice;

static uint64_t registers_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0x1000 + addr;
}

static void registers_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    ((TestDevice *)opaque)->written = (uint32_t)value;
}

static const MemoryRegionOps register_ops = {
    .read = registers_read, .write = registers_write, .endianness = DEVICE_LITTLE_ENDIAN,
};

static bool test_realize(PciDevice *dev, GError **errp)
{
    TestDevice *test = (TestDevice *)dev;

    dev->config[PCI_INTERRUPT_PIN] = 1;
    memory_region_init_io(&test->registers, dev, &register_ops, dev, "registers", BAR_SIZE);
    memory_region_init_io(&test->ports, dev, &register_ops, dev, "ports", 16);
    memory_region_init(&test->vectors, dev, "vectors", 0x2000);
    pci_register_bar(dev, 0, PCI_BAR_MEMORY_64, &test->registers);
    pci_register_bar(dev, 2, PCI_BAR_IO, &test->ports);
    pci_register_bar(dev, 3, 0, &test->vectors);
    return pci_msi_init(dev, 0, 4, true, true, errp) &&
           pci_msix_init(dev, 3, &test->vectors, 3, 0, 0x1000, 0, errp);
}

static void test_unrealize(PciDevice *dev)
{
    TestDevice *test = (TestDevice *)dev;

    pci_msix_uninit(dev, &test->vectors);
    memory_region_destroy(&test->registers);
    memory_region_destroy(&test->ports);
    memory_region_destroy(&test->vectors);
}

static const VMStateDescription vmstate_test = {
    .name = "pci-test",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(parent, TestDevice),
        VMSTATE_END_OF_LIST(),
    },
};

static const PciDeviceClass test_class = {
    .device = {
        .name = "pci-test",
        .parent = &pci_device_class.object,
        .description = "test",
        .instance_size = sizeof(TestDevice),
        .vmstate = &vmstate_test,
    },
    .vendor_id = 0x1234,
    .device_id = 0x5678,
    .class_id = PCI_CLASS_NETWORK_ETHERNET,
    .revision = 9,
    .realize = test_realize,
    .unrealize = test_unrealize,
};

static const PciDeviceClass test_bridge_class = {
    .device = {
        .name = "pci-test-bridge",
        .parent = &pci_bridge_device_class.object,
        .description = "test",
        .instance_size = sizeof(PciBridge),
        .vmstate = &vmstate_pci_bridge,
    },
    .vendor_id = 0x1234,
    .device_id = 0x5679,
    .class_id = PCI_CLASS_BRIDGE_PCI,
    .is_bridge = true,
    .realize = pci_bridge_realize,
    .unrealize = pci_bridge_unrealize,
    .config_write = pci_bridge_config_write,
};

static const DeviceClass *const classes[] = {&test_class.device, &test_bridge_class.device, NULL};

/* ---- The bus's owner ---- */

static void set_line(void *opaque, int line, int level)
{
    t.level[line] = level;
}

static bool translate(void *opaque, PciDevice *dev, uint64_t address, bool is_write, uint64_t *real,
                      uint64_t *left)
{
    /* Pages of 4 KiB in reverse order, so that nothing is right by accident. */
    *real = BENCH_FREE + (0xf000 - (address & 0xf000)) + (address & 0xfff);
    *left = 0x1000 - (address & 0xfff);
    return !t.refuse;
}

static void message(void *opaque, PciDevice *dev, uint64_t address, uint32_t data)
{
    t.n_messages++;
    t.message_address = address;
    t.message_data = data;
}

static const PciBusOps ops = {.set_irq = set_line, .translate = translate, .message = message};

static PciDevice *create(PciBus *bus, int devfn)
{
    GError *error = NULL;
    PciDevice *dev = pci_create(bus, devfn, "pci-test", &error);

    g_assert_no_error(error);
    return dev;
}

static void write32(uint32_t address, uint32_t value)
{
    pci_data_write(t.bus, address, value, 4);
}

static uint32_t read32(uint32_t address)
{
    return pci_data_read(t.bus, address, 4);
}

static uint64_t load(uint64_t address)
{
    MemTxResult result;
    uint64_t value =
        address_space_ldn_le(address_space_memory(), address, 4, MEMTXATTRS_UNSPECIFIED, &result);

    return result ? UINT64_MAX : value;
}

/* ---- Tests ---- */

static void test_config(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN(3, 0));
    uint32_t at = PCI_DEVFN(3, 0) << 8;

    g_assert_cmphex(read32(at), ==, 0x56781234);
    g_assert_cmphex(read32(at + PCI_REVISION_ID), ==, 0x02000009);
    g_assert_cmphex(read32(at + PCI_SUBSYSTEM_VENDOR_ID), ==, 0x11001af4);
    /* What is not there reads as ones, and takes writes in silence. */
    g_assert_cmphex(read32(PCI_DEVFN(4, 0) << 8), ==, 0xffffffff);
    g_assert_cmphex(pci_data_read(t.bus, at | 0x50000, 1), ==, 0xff);
    write32(PCI_DEVFN(4, 0) << 8, 1);
    /* Read-only bytes stay; error bits go when ones are written to them. */
    write32(at, 0);
    g_assert_cmphex(read32(at), ==, 0x56781234);
    dev->config[PCI_STATUS + 1] |= 0x80;
    pci_data_write(t.bus, at + PCI_STATUS + 1, 0x80, 1);
    g_assert_cmphex(dev->config[PCI_STATUS + 1] & 0x80, ==, 0);
    pci_data_write(t.bus, at + PCI_COMMAND, 0xffff, 2);
    g_assert_cmphex(pci_data_read(t.bus, at + PCI_COMMAND, 2), ==, 0x547);
    pci_data_write(t.bus, at + PCI_COMMAND, 0, 2);
    /* An access past the end takes what there is. */
    g_assert_cmphex(pci_data_read(t.bus, at + 0xfe, 4), ==, 0);
    pci_data_write(t.bus, at + 0xfe, 0xffffffff, 4);
    g_assert_cmphex(pci_data_read(t.bus, at + 0xfe, 2), ==, 0xffff);
    /* Both capabilities are in the list. */
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_MSI), !=, 0);
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_MSIX), !=, 0);
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_EXPRESS), ==, 0);
    g_assert_cmphex(pci_add_capability(dev, PCI_CAP_VENDOR, dev->msi_capability, 8, NULL), ==, 0);
    g_assert_cmphex(pci_add_capability(dev, PCI_CAP_VENDOR, 0, 0xc0, NULL), ==, 0);
    device_unrealize(&dev->parent);
    g_assert_cmphex(read32(at), ==, 0xffffffff);
}

static void test_bars(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN(3, 0));
    uint32_t at = PCI_DEVFN(3, 0) << 8;

    /* Sizes. */
    write32(at + 0x10, 0xffffffff);
    write32(at + 0x14, 0xffffffff);
    g_assert_cmphex(read32(at + 0x10), ==, 0xfffff004);
    g_assert_cmphex(read32(at + 0x14), ==, 0xffffffff);
    write32(at + 0x18, 0xffffffff);
    g_assert_cmphex(read32(at + 0x18), ==, 0xfffffff1);
    g_assert_cmphex(read32(at + 0x20), ==, 0);
    /* Ones are no address, whether decoded or not. */
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(dev->bars[0].address, ==, PCI_UNMAPPED);
    g_assert_cmphex(dev->bars[2].address, ==, PCI_UNMAPPED);
    write32(at + 0x14, 0);
    write32(at + 0x10, 0x40000);
    g_assert_cmphex(load(MEMORY_BASE + 0x40010), ==, 0x1010);
    write32(at + 0x10, 0x80000);
    g_assert_cmphex(load(MEMORY_BASE + 0x40010), ==, UINT64_MAX);
    g_assert_cmphex(load(MEMORY_BASE + 0x80010), ==, 0x1010);
    /* Address 0 is for buses that say so. */
    write32(at + 0x10, 0);
    g_assert_cmphex(load(MEMORY_BASE + 0x10), ==, UINT64_MAX);
    t.bus->address_zero = true;
    write32(at + 0x10, 0);
    g_assert_cmphex(dev->bars[0].address, ==, 0);
    t.bus->address_zero = false;
    write32(at + 0x10, 0x80000);
    write32(at + 0x18, 0x101);
    g_assert_cmphex(dev->bars[2].address, ==, 0x100);
    /* Not decoded without its bit, and not after a reset. */
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_IO, 2);
    g_assert_cmphex(load(MEMORY_BASE + 0x80010), ==, UINT64_MAX);
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(load(MEMORY_BASE + 0x80010), ==, 0x1010);
    device_cold_reset(&dev->parent);
    g_assert_cmphex(load(MEMORY_BASE + 0x80010), ==, UINT64_MAX);
    g_assert_cmphex(read32(at + 0x10), ==, 4);
    device_unrealize(&dev->parent);
}

static void test_intx(void)
{
    PciDevice *a = create(t.bus, PCI_DEVFN(1, 0)), *b = create(t.bus, PCI_DEVFN(5, 0));
    uint32_t at = PCI_DEVFN(1, 0) << 8;

    /* Slots 1 and 5 share a line. */
    pci_irq_assert(a);
    pci_irq_assert(b);
    pci_irq_assert(b);
    g_assert_cmpint(t.level[1], ==, 1);
    g_assert_cmpint(t.bus->irq_count[1], ==, 2);
    g_assert_cmphex(a->config[PCI_STATUS] & PCI_STATUS_INTERRUPT, !=, 0);
    pci_irq_deassert(b);
    g_assert_cmpint(t.level[1], ==, 1);
    /* The pin stays asserted behind the disable bit. */
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
    g_assert_cmpint(t.level[1], ==, 0);
    g_assert_cmphex(a->config[PCI_STATUS] & PCI_STATUS_INTERRUPT, !=, 0);
    pci_data_write(t.bus, at + PCI_COMMAND, 0, 2);
    g_assert_cmpint(t.level[1], ==, 1);
    device_cold_reset(&a->parent);
    g_assert_cmpint(t.level[1], ==, 0);
    /* A device that goes takes its level along. */
    pci_irq_assert(b);
    device_unrealize(&b->parent);
    g_assert_cmpint(t.level[1], ==, 0);
    device_unrealize(&a->parent);
}

static void test_dma(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN(3, 0));
    uint8_t buf[0x2000], back[0x2000];

    for (unsigned i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)(i * 7 + i / 256);
    }
    g_assert_false(pci_dma_write(dev, 0x1800, buf, sizeof(buf)));
    pci_data_write(t.bus, PCI_DEVFN(3, 0) << 8 | PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    g_assert_true(pci_dma_write(dev, 0x1800, buf, sizeof(buf)));
    g_assert_true(pci_dma_read(dev, 0x1800, back, sizeof(back)));
    g_assert_cmpmem(buf, sizeof(buf), back, sizeof(back));
    /* Where it really lies: bus page 2 is page 13. */
    address_space_read(address_space_memory(), BENCH_FREE + 0xd000, MEMTXATTRS_UNSPECIFIED, back,
                       16);
    g_assert_cmpmem(buf + 0x800, 16, back, 16);
    t.refuse = true;
    g_assert_false(pci_dma_read(dev, 0x1800, back, 16));
    g_assert_cmphex(back[3], ==, 0xff);
    t.refuse = false;
    device_unrealize(&dev->parent);
}

static void test_msi(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN(3, 0));
    uint32_t at = PCI_DEVFN(3, 0) << 8 | dev->msi_capability;

    pci_msi_notify(dev, 0);
    g_assert_cmpuint(t.n_messages, ==, 0);
    write32(at + 4, 0xfee00003);
    write32(at + 8, 0x12);
    pci_data_write(t.bus, at + 12, 0x4147, 2);
    /* Two of four vectors. */
    pci_data_write(t.bus, at + 2, 1 << 4 | 1, 2);
    pci_msi_notify(dev, 3);
    g_assert_cmpuint(t.n_messages, ==, 1);
    g_assert_cmphex(t.message_address, ==, 0x12fee00000);
    g_assert_cmphex(t.message_data, ==, 0x4147);
    pci_msi_notify(dev, 0);
    g_assert_cmphex(t.message_data, ==, 0x4146);
    /* Masked ones wait. */
    write32(at + 16, 0xffffffff);
    g_assert_cmphex(read32(at + 16), ==, 0xf);
    pci_msi_notify(dev, 1);
    g_assert_cmpuint(t.n_messages, ==, 2);
    g_assert_cmphex(read32(at + 20), ==, 2);
    write32(at + 16, 1);
    g_assert_cmpuint(t.n_messages, ==, 3);
    g_assert_cmphex(read32(at + 20), ==, 0);
    device_cold_reset(&dev->parent);
    g_assert_false(pci_msi_enabled(dev));
    g_assert_cmphex(read32(at + 4), ==, 0);
    device_unrealize(&dev->parent);
    t.n_messages = 0;
}

static void test_msix(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN(3, 0));
    uint32_t at = PCI_DEVFN(3, 0) << 8;
    uint8_t capability = dev->msix.capability;
    AddressSpace *as = address_space_memory();

    write32(at + 0x1c, 0x200000);
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(load(MEMORY_BASE + 0x20001c), ==, 1);
    address_space_stn_le(as, MEMORY_BASE + 0x200010, 4, 0xabc0, MEMTXATTRS_UNSPECIFIED, NULL);
    address_space_stn_le(as, MEMORY_BASE + 0x200018, 4, 77, MEMTXATTRS_UNSPECIFIED, NULL);
    pci_msix_notify(dev, 1);
    pci_data_write(t.bus, at + capability + 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASK_ALL, 2);
    pci_msix_notify(dev, 1);
    pci_msix_notify(dev, 3);
    g_assert_cmpuint(t.n_messages, ==, 0);
    g_assert_cmphex(load(MEMORY_BASE + 0x201000), ==, 2);
    address_space_stn_le(as, MEMORY_BASE + 0x20001c, 4, 0, MEMTXATTRS_UNSPECIFIED, NULL);
    g_assert_cmpuint(t.n_messages, ==, 0);
    pci_data_write(t.bus, at + capability + 2, PCI_MSIX_FLAGS_ENABLE, 2);
    g_assert_cmpuint(t.n_messages, ==, 1);
    g_assert_cmphex(t.message_address, ==, 0xabc0);
    g_assert_cmphex(t.message_data, ==, 77);
    g_assert_cmphex(load(MEMORY_BASE + 0x201000), ==, 0);
    /* One that waited while all were masked comes when the function is on again, whatever was
     * between. */
    pci_data_write(t.bus, at + capability + 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASK_ALL, 2);
    pci_msix_notify(dev, 1);
    pci_data_write(t.bus, at + capability + 2, 0, 2);
    pci_data_write(t.bus, at + capability + 2, PCI_MSIX_FLAGS_ENABLE, 2);
    g_assert_cmpuint(t.n_messages, ==, 2);
    device_unrealize(&dev->parent);
    t.n_messages = 0;
}

static void test_bridge(void)
{
    GError *error = NULL;
    PciDevice *bridge = pci_create(t.bus, PCI_DEVFN(2, 0), "pci-test-bridge", &error);
    PciBus *below = pci_bridge_bus(bridge);
    PciDevice *dev = create(below, PCI_DEVFN(1, 0));
    uint32_t at = PCI_DEVFN(2, 0) << 8, far = 3 << 16 | PCI_DEVFN(1, 0) << 8;
    g_autoptr(GString) text = g_string_new(NULL);
    uint8_t byte = 0;
    json_t *json;

    g_assert_no_error(error);
    g_assert_cmphex(read32(far), ==, 0xffffffff);
    write32(at + PCI_PRIMARY_BUS, 3 << 16 | 3 << 8);
    g_assert_cmphex(read32(far), ==, 0x56781234);
    /* Memory from 1 MiB on, in the window and past it. */
    write32(at + PCI_MEMORY_BASE, 0x00100010);
    write32(far + 0x14, 0);
    write32(far + 0x10, 0x180000);
    pci_data_write(t.bus, far + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    g_assert_cmphex(load(MEMORY_BASE + 0x180010), ==, UINT64_MAX);
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(load(MEMORY_BASE + 0x180010), ==, 0x1010);
    write32(far + 0x10, 0x280000);
    g_assert_cmphex(load(MEMORY_BASE + 0x280010), ==, UINT64_MAX);
    /* A bridge must be a master too; its pin is turned by the slot behind it. */
    g_assert_false(pci_dma_read(dev, 0, &byte, 1));
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    g_assert_true(pci_dma_read(dev, 0, &byte, 1));
    pci_irq_assert(dev);
    g_assert_cmpint(t.level[3], ==, 1);
    /* A reset of the bus below. */
    pci_data_write(t.bus, at + PCI_BRIDGE_CONTROL, PCI_BRIDGE_CONTROL_BUS_RESET, 2);
    g_assert_cmpint(t.level[3], ==, 0);
    g_assert_cmphex(pci_command(dev), ==, 0);
    pci_bus_print(&t.bus->parent, text);
    json = pci_bus_query(&t.bus->parent);
    g_assert_cmpint(json_array_size(json_object_get(json, "devices")), ==, 1);
    json_decref(json);
    g_assert_nonnull(
        strstr(text->str,
               "Bus  3, device   1, function 0:\n    Ethernet controller: PCI device 1234:5678\n"));
    g_assert_nonnull(strstr(text->str, "secondary bus 3.\n"));
    g_assert_nonnull(strstr(text->str, "memory range [0x00100000, 0x001fffff]\n"));
    device_unrealize(&bridge->parent);
    g_assert_cmphex(read32(at), ==, 0xffffffff);
}

/* What QEMU's have in their configuration spaces, at first and after ones were written; here the
 * parity bit is a register, too. */
static void test_bridge_devices(void)
{
    static const struct {
        const char *name;
        uint32_t offset, first, ones;
    } words[] = {
        {"pci-bridge", 0x00, 0x00011b36, 0x00011b36},
        {"pci-bridge", 0x04, 0x00b00000, 0x00b00547},
        {"pci-bridge", 0x08, 0x06040000, 0x06040000},
        {"pci-bridge", 0x0c, 0x00010000, 0x000100ff},
        {"pci-bridge", 0x10, 0x00000000, 0x00000000},
        {"pci-bridge", 0x1c, 0x00a00000, 0x00a0f0f0},
        {"pci-bridge", 0x20, 0x00000000, 0xfff0fff0},
        {"pci-bridge", 0x24, 0x00010001, 0xfff1fff1},
        {"pci-bridge", 0x34, 0x00000040, 0x00000040},
        {"pci-bridge", 0x3c, 0x00000000, 0x0bff00ff},
        {"pci-bridge", 0x40, 0x07200004, 0xff200004},
        {"dec-21154-p2p-bridge", 0x00, 0x00261011, 0x00261011},
        {"dec-21154-p2p-bridge", 0x04, 0x00a00000, 0x00a00547},
        {"dec-21154-p2p-bridge", 0x34, 0x00000000, 0x00000000},
        {"dec-21154-p2p-bridge", 0x3c, 0x00000000, 0x0bff00ff},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        GError *error = NULL;
        DeviceState *device = device_new(words[i].name, &error);
        const VMStateDescription *vmsd = device_get_class(device)->vmstate;
        uint32_t at = PCI_DEVFN(2, 0) << 8;
        g_autoptr(GBytes) state = NULL;

        ((PciDevice *)device)->devfn = PCI_DEVFN(2, 0);
        if (strcmp(words[i].name, "pci-bridge") == 0) {
            g_assert_true(object_property_parse(OBJECT(device), "chassis_nr", "7", &error));
        }
        g_assert_true(device_realize_and_unref(device, &t.bus->parent, &error));
        g_assert_cmphex(read32(at + words[i].offset), ==, words[i].first);
        write32(at + words[i].offset, 0xffffffff);
        g_assert_cmphex(read32(at + words[i].offset), ==, words[i].ones);
        /* A window comes back with the state; the guest's number of the chassis goes by a reset. */
        write32(at + PCI_MEMORY_BASE, 0x00100010);
        pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
        state = vmstate_save_to_bytes(vmsd, device, &error);
        g_assert_no_error(error);
        reset_node_reset(&device->reset, RESET_TYPE_COLD);
        g_assert_false(((PciBridge *)device)->windows[1].mapped);
        g_assert_cmphex(read32(at + 0x40), ==, words[i].name[0] == 'p' ? 0x07200004 : 0);
        g_assert_true(vmstate_load_from_bytes(vmsd, device, g_bytes_get_data(state, NULL),
                                              g_bytes_get_size(state), vmsd->version_id, &error));
        g_assert_true(((PciBridge *)device)->windows[1].mapped);
        device_unrealize(device);
    }
}

static void test_addresses(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN_ANY);
    GError *error = NULL;
    DeviceState *other = device_new("pci-test", NULL);
    static const char *const wrong[] = {"20", "3.8", "x", "", "3.", "-1", "1.1.1"};

    g_assert_cmpint(dev->devfn, ==, 0);
    g_assert_null(pci_create(t.bus, 0, "pci-test", &error));
    g_assert_nonnull(strstr(error->message, "in use by pci-test"));
    g_clear_error(&error);
    g_assert_null(pci_create(t.bus, 1, "pci-test", &error));
    g_assert_nonnull(strstr(error->message, "single function"));
    g_clear_error(&error);
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_false(object_property_parse(OBJECT(other), "addr", wrong[i], &error));
        g_assert_nonnull(strstr(error->message, "'pci-test.addr'"));
        g_clear_error(&error);
    }
    g_assert_true(object_property_parse(OBJECT(other), "addr", "0x1f.7", &error));
    g_assert_cmpint(PCI_DEVICE(other)->devfn, ==, 255);
    object_unref(OBJECT(other));
    device_unrealize(&dev->parent);
}

static void test_state(void)
{
    PciDevice *dev = create(t.bus, PCI_DEVFN(3, 0));
    uint32_t at = PCI_DEVFN(3, 0) << 8;
    g_autoptr(GBytes) saved = NULL, again = NULL;
    g_autofree uint8_t *bad = NULL;
    GError *error = NULL;
    gsize size;

    write32(at + 0x10, 0x80000);
    pci_data_write(t.bus, at + PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    pci_irq_assert(dev);
    /* A message that waits behind its mask is state, too. */
    pci_data_write(t.bus, at + dev->msi_capability + 2, PCI_MSI_FLAGS_ENABLE | 1 << 4, 2);
    write32(at + dev->msi_capability + 16, 2);
    pci_msi_notify(dev, 1);
    saved = vmstate_save_to_bytes(&vmstate_test, dev, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(saved), ==, 4 + 256 + 16);
    device_cold_reset(&dev->parent);
    g_assert_true(vmstate_load_from_bytes(&vmstate_test, dev, g_bytes_get_data(saved, NULL),
                                          g_bytes_get_size(saved), 1, &error));
    g_assert_no_error(error);
    g_assert_cmphex(load(MEMORY_BASE + 0x80010), ==, 0x1010);
    g_assert_cmphex(dev->irq_state, ==, 1);
    g_assert_cmphex(read32(at + dev->msi_capability + 20), ==, 2);
    g_assert_cmphex(dev->config[PCI_STATUS] & PCI_STATUS_INTERRUPT, !=, 0);
    again = vmstate_save_to_bytes(&vmstate_test, dev, &error);
    g_assert_true(g_bytes_equal(saved, again));
    /* Another device's state, and levels that are none. */
    bad = g_memdup2(g_bytes_get_data(saved, &size), g_bytes_get_size(saved));
    bad[4 + PCI_DEVICE_ID] ^= 1;
    g_assert_false(vmstate_load_from_bytes(&vmstate_test, dev, bad, size, 1, &error));
    g_assert_nonnull(strstr(error->message, "byte 0x2 of the configuration space"));
    g_clear_error(&error);
    bad[4 + PCI_DEVICE_ID] ^= 1;
    bad[4 + 256 + 3] = 2;
    g_assert_false(vmstate_load_from_bytes(&vmstate_test, dev, bad, size, 1, &error));
    g_clear_error(&error);
    t.bus->irq_count[3] = 0;
    dev->irq_state = 0;
    device_unrealize(&dev->parent);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    device_classes_register(classes);
    device_classes_register(hw_pci_device_classes);
    bench_start("pseries", "power9_v2.0", false);
    memory_region_init(&t.memory, NULL, "test-memory", 1ull << 32);
    memory_region_init(&t.io, NULL, "test-io", 0x10000);
    memory_region_add_subregion(get_system_memory(), MEMORY_BASE, &t.memory);
    t.bus = pci_bus_create(NULL, "test", &ops, NULL, &t.memory, &t.io);
    bus_register_root(&t.bus->parent);
    g_test_add_func("/pci/config", test_config);
    g_test_add_func("/pci/bars", test_bars);
    g_test_add_func("/pci/intx", test_intx);
    g_test_add_func("/pci/dma", test_dma);
    g_test_add_func("/pci/msi", test_msi);
    g_test_add_func("/pci/msix", test_msix);
    g_test_add_func("/pci/bridge", test_bridge);
    g_test_add_func("/pci/bridge-devices", test_bridge_devices);
    g_test_add_func("/pci/addresses", test_addresses);
    g_test_add_func("/pci/state", test_state);
    result = g_test_run();
    bench_stop();
    return result;
}
