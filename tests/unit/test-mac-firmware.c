/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware of ours on Power Macs: the device tree beside OpenBIOS's, PCI as it is left, the client
 * interface with good, bad and random arguments, its state.
 *
 * test-mac-firmware BOARD; test-mac-firmware-BOARD.dtb.gz are OpenBIOS's trees
 * (test-mac-firmware-generate.py).
 */
#include <gio/gio.h>
#include <libfdt.h>
#include <string.h>
#include "hw/core/cpus.h"
#include "hw/pci/pci-bridge.h"
#include "hw/ppc/guest-memory.h"
#include "hw/ppc/mac-firmware.h"
#include "migration/wire.h"
#include "system/lock.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/internal.h"
#include "target/ppc/spr.h"
#include "test-mac-bench.h"
#include "util/bswap.h"

#define FAILED UINT32_MAX
#define ENTRY 0xfff03004u               /* of the client interface, its trap */
#define RAM (64u << 20)
#define ARRAY 0x02000000u               /* memory that nothing uses */
#define WORDS (ARRAY + 0x1000)
#define BUFFER (ARRAY + 0x2000)
#define PATH (ARRAY + 0x3000)
#define NOWHERE 0x70000000u
#define HASH_TABLE 0x02800000u          /* 256 KiB, of a 64-bit processor */
#define COMMAND_LINE "console=ttyPZ0 quiet"

static const char *board;
static Chardev *console;

static PowerPCCPU *cpu(void)
{
    return POWERPC_CPU(cpu_first());
}

static MacFirmware *firmware(void)
{
    return cpu()->firmware_opaque;
}

static bool is_oldworld(void)
{
    return firmware()->board.rows->oldworld;
}

static bool is_64(void)
{
    return cpu()->model->insns & ISA_64;
}

static void setup(void)
{
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    g_assert_true(firmware()->client.active);
}

/* ---- Calls ---- */

/* The processor executes the word at nip: it has gone on, or it has an illegal instruction. */
static bool trap(uint32_t nip, unsigned number)
{
    bool ours;

    cpu()->env.nip = nip;
    device_unlock();
    ours = cpu()->firmware_trap(cpu(), number, cpu()->firmware_opaque);
    device_lock();
    return ours;
}

static uint32_t put_text(uint32_t at, const char *text)
{
    g_assert_true(guest_write(at, text, strlen(text) + 1));
    return at;
}

/* r3: 0, or -1 for a call that is none. */
static uint32_t call_array(uint32_t array)
{
    cpu()->env.gpr[3] = array;
    cpu()->env.gpr[5] = 0;
    g_assert_true(trap(ENTRY, 0));
    g_assert_cmphex(cpu()->env.nip, ==, ENTRY + 4);
    return (uint32_t)cpu()->env.gpr[3];
}

static uint32_t result(unsigned n_args, unsigned i)
{
    return guest_ldl(ARRAY + 12 + 4 * (n_args + i));
}

static uint32_t call(const char *service, const uint32_t *args, unsigned n, unsigned n_rets)
{
    guest_stl(ARRAY, put_text(PATH + 0x800, service));
    guest_stl(ARRAY + 4, n);
    guest_stl(ARRAY + 8, n_rets);
    for (unsigned i = 0; i < n; i++) {
        guest_stl(ARRAY + 12 + 4 * i, args[i]);
    }
    return call_array(ARRAY) ? FAILED : result(n, 0);
}
#define CALL_N(n_rets, service, ...)                                                               \
    call(service, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4,    \
         n_rets)
#define CALL(...) CALL_N(1, __VA_ARGS__)

static uint32_t package(const char *path)
{
    return CALL("finddevice", put_text(PATH, path));
}

static uint32_t cell(const char *path, const char *name)
{
    g_assert_cmpuint(CALL("getprop", package(path), put_text(WORDS, name), BUFFER, 4), >=, 4);
    return guest_ldl(BUFFER);
}

/* ---- The tree ---- */

static char *node_path(const void *fdt, int node)
{
    char path[512];

    g_assert_cmpint(fdt_get_path(fdt, node, path, sizeof(path)), ==, 0);
    return g_strdup(path);
}

static char *path_of_phandle(const void *fdt, uint32_t phandle)
{
    int node = fdt_node_offset_by_phandle(fdt, phandle);

    return node < 0 ? g_strdup("nothing") : node_path(fdt, node);
}

static char *bytes_text(const uint8_t *bytes, int size)
{
    GString *text = g_string_new(NULL);

    for (int i = 0; i < size; i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    return g_string_free(text, false);
}

/* Numbers of nodes as their paths. */
static char *value_text(const void *fdt, const char *name, const uint8_t *value, int size)
{
    enum { MAP_CELLS = 7, MAP_PARENT = 4 };
    GString *text = g_string_new(NULL);

    for (int i = 0; i < size / 4; i++) {
        bool is_node = !strcmp(name, "interrupt-parent") ||
                       (!strcmp(name, "interrupt-map") && i % MAP_CELLS == MAP_PARENT);

        if (is_node) {
            g_autofree char *path = path_of_phandle(fdt, (uint32_t)ldl_be_p(value + 4 * i));

            g_string_append(text, path);
        } else {
            g_autofree char *bytes = bytes_text(value + 4 * i, 4);

            g_string_append(text, bytes);
        }
    }
    {
        g_autofree char *rest = bytes_text(value + size / 4 * 4, size % 4);

        g_string_append(text, rest);
    }
    return g_string_free(text, false);
}

/* "PATH/" and "PATH#PROPERTY" with their values. */
static GHashTable *flatten(const void *fdt)
{
    GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (int node = fdt_next_node(fdt, -1, NULL); node >= 0;
         node = fdt_next_node(fdt, node, NULL)) {
        g_autofree char *path = node_path(fdt, node);
        int at;

        g_hash_table_insert(all, g_strdup_printf("%s/", path), g_strdup(""));
        fdt_for_each_property_offset(at, fdt, node) {
            const char *name;
            int size;
            const uint8_t *value = fdt_getprop_by_offset(fdt, at, &name, &size);

            if (strcmp(name, "phandle")) {
                g_hash_table_insert(all, g_strdup_printf("%s#%s", path, name),
                                    value_text(fdt, name, value, size));
            }
        }
    }
    return all;
}

/* Where the trees differ, and are meant to. */
static const struct { const char *pattern, *why; bool of_970; } differences[] = {
    {"/builtin*", "a package of OpenBIOS's own", false},
    {"/packages*", "there is no Forth that could run packages", false},
    {"/options#*", "there is no prompt whose variables these would be", false},
    {"/chosen#*", "handles; what Linux adds; the RAM disk", false},
    {"*#linux,*", "Linux adds it", false},
    {"*#available", "others have claimed memory, addresses; OpenBIOS's last number wraps", false},
    {"*#translations", "addresses are real ones", false},
    {"/aliases#screen", "the whole path", false},
    {"/pci@f?000000#cache-line-size", "OpenBIOS reads the register beside it too", false},
    {"*/escc-legacy@12000##size-cells", "its ranges and its children need it", false},
    {"/cpus/PowerPC,*-cache-sets", "the processor's manual", false},
    {"/cpus/PowerPC,970*#reservation-granule-size", "the processor's manual", true},
    {"/#model", "with a 970 Linux knows how this one waits", true},
    {"/#compatible", "the same", true},
    {"/cpus/PowerPC,*#tlb-*", "the processor's manual", false},
};

static bool is_meant(const char *key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(differences); i++) {
        if (g_pattern_match_simple(differences[i].pattern, key)) {
            return !differences[i].of_970 || is_64();
        }
    }
    return false;
}

static void test_tree(void)
{
    g_autofree char *file = g_strdup_printf("test-mac-firmware-%s.dtb.gz", board);
    g_autoptr(GBytes) theirs = mac_read_golden(file);
    g_autoptr(GHashTable) expected = NULL, found = NULL;
    g_autoptr(GString) wrong = g_string_new(NULL);
    GHashTableIter iter;
    gpointer key, value;

    setup();
    g_assert_cmpint(fdt_check_full(firmware()->fdt, firmware()->fdt_size), ==, 0);
    g_assert_cmpint(fdt_check_full(g_bytes_get_data(theirs, NULL), g_bytes_get_size(theirs)), ==,
                    0);
    expected = flatten(g_bytes_get_data(theirs, NULL));
    found = flatten(firmware()->fdt);
    g_assert_cmpuint(g_hash_table_size(expected), >, 200);
    g_hash_table_iter_init(&iter, expected);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const char *ours = g_hash_table_lookup(found, key);

        if (g_strcmp0(ours, value) && !is_meant(key)) {
            g_string_append_printf(wrong, "\n%s: %s, OpenBIOS has %s", (char *)key,
                                   ours ? ours : "missing", (char *)value);
        }
    }
    g_hash_table_iter_init(&iter, found);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!g_hash_table_contains(expected, key) && !is_meant(key)) {
            g_string_append_printf(wrong, "\n%s: %s, OpenBIOS has none", (char *)key,
                                   (char *)value);
        }
    }
    if (wrong->len) {
        g_test_message("%s", wrong->str);
    }
    g_assert_cmpuint(wrong->len, ==, 0);
}

/* ---- PCI ---- */

static bool small_realize(PciDevice *dev, GError **errp)
{
    static MemoryRegion memory, io;

    dev->config[PCI_INTERRUPT_PIN] = 2;
    memory_region_init(&memory, dev, "small", 0x20000);
    memory_region_init(&io, dev, "small-io", 0x40);
    pci_register_bar(dev, 0, PCI_BAR_IO, &io);
    pci_register_bar(dev, 1, PCI_BAR_MEMORY_64, &memory);
    return true;
}

static const PciDeviceClass small_class = {
    .device = {.name = "small", .parent = &pci_device_class.object, .description = "Small",
               .instance_size = sizeof(PciDevice)},
    .vendor_id = 0x1fff, .device_id = 1, .class_id = PCI_CLASS_OTHERS << 8,
    .realize = small_realize,
};
static const PciDeviceClass bridge_class = {
    .device = {.name = "small-bridge",
               .parent = &pci_bridge_device_class.object,
               .description = "Bridge",
               .instance_size = sizeof(PciBridge),
               .vmstate = &vmstate_pci_bridge},
    .vendor_id = 0x1fff,
    .device_id = 2,
    .class_id = PCI_CLASS_BRIDGE_PCI,
    .is_bridge = true,
    .realize = pci_bridge_realize,
    .unrealize = pci_bridge_unrealize,
    .config_write = pci_bridge_config_write,
};
static const DeviceClass *const classes[] = {&small_class.device, &bridge_class.device, NULL};

static void test_pci(void)
{
    PciBus *bus = firmware()->board.pci;
    GError *error = NULL;
    PciDevice *bridge = pci_create(bus, PCI_DEVFN(20, 0), "small-bridge", &error), *small, *macio;
    g_autofree char *path =
        g_strdup_printf("/%s/pci-bridge@14/pci1fff,1@3", firmware()->board.rows->pci.name);
    const uint8_t *irqs = firmware()->board.rows->pci.irqs;

    g_assert_no_error(error);
    small = pci_create(pci_bridge_bus(bridge), PCI_DEVFN(3, 0), "small", &error);
    g_assert_no_error(error);
    setup();
    /* Behind the bridge, in its windows, mapped. */
    g_assert_cmpuint(pci_bus_number(small->bus), ==, 1);
    for (unsigned i = 0; i < 2; i++) {
        PciRange window = pci_bridge_range(bridge, i);

        g_assert_cmphex(small->bars[i].address, !=, PCI_UNMAPPED);
        g_assert_cmphex(small->bars[i].address, >=, window.base);
        g_assert_cmphex(small->bars[i].address + small->bars[i].size - 1, <=, window.last);
    }
    /* Pin 2 of slot 3 behind slot 20. */
    g_assert_cmphex(small->config[PCI_INTERRUPT_LINE], ==, irqs[(1 + 3 + 20) % 4]);
    g_assert_cmphex(package(path), !=, FAILED);
    g_assert_cmphex(cell(path, "reg"), ==, 0x11800);
    if (is_oldworld()) {
        g_assert_cmphex(cell(path, "AAPL,interrupts"), ==, irqs[0]);
    } else {
        g_assert_cmphex(cell(path, "interrupts"), ==, 2);
    }
    /* MacIO answers where the tree says. */
    macio = bus->devices[is_oldworld() ? PCI_DEVFN(16, 0) : PCI_DEVFN(12, 0)];
    g_assert_cmphex(pci_command(macio) & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY), ==,
                    PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    g_assert_cmpuint(
        CALL("getprop", package("mac-io"), put_text(WORDS, "assigned-addresses"), BUFFER, 20), ==,
        20);
    g_assert_cmphex(guest_ldl(BUFFER + 8), ==, macio->bars[0].address);
    g_assert_cmphex(mac_load(macio->bars[0].address + 0x13020, 1) & 4, ==, 4);
    device_unrealize(&bridge->parent);
    setup();
}

static void test_display(void)
{
    PciBus *bus = firmware()->board.pci;
    uint32_t address, ihandle;

    setup();
    g_assert_cmphex(package("screen"), !=, FAILED);
    g_assert_cmpuint(cell("screen", "width"), ==, 800);
    g_assert_cmpuint(cell("screen", "depth"), ==, 32);
    g_assert_cmpuint(cell("screen", "linebytes"), ==, 3200);
    address = cell("screen", "address");
    for (unsigned i = 0; i < 256; i++) {
        PciDevice *dev = bus->devices[i];

        if (dev && pci_get16(dev->config + PCI_CLASS_DEVICE) == PCI_CLASS_DISPLAY_VGA) {
            g_assert_cmphex(dev->bars[0].address, ==, address);
            /* Mode registers: width, height, bits, on. */
            g_assert_cmphex(mac_load(dev->bars[2].address + 0x502, 2), ==, GUINT16_SWAP_LE_BE(800));
            g_assert_cmphex(mac_load(dev->bars[2].address + 0x504, 2), ==, GUINT16_SWAP_LE_BE(600));
            g_assert_cmphex(mac_load(dev->bars[2].address + 0x506, 2), ==, GUINT16_SWAP_LE_BE(32));
            g_assert_cmphex(mac_load(dev->bars[2].address + 0x508, 2) & 0x0100, ==, 0x0100);
        }
    }
    ihandle = CALL("open", put_text(PATH, "screen"));
    g_assert_cmpuint(ihandle, !=, 0);
    g_assert_cmpuint(CALL_N(3, "call-method", put_text(WORDS, "dimensions"), ihandle), ==, 0);
    g_assert_cmpuint(result(2, 1), ==, 600);
    g_assert_cmpuint(result(2, 2), ==, 800);
    g_assert_cmpuint(CALL("call-method", put_text(WORDS, "color!"), ihandle, 300, 1, 2, 3), ==, 0);
    g_assert_cmpuint(CALL("call-method", put_text(WORDS, "color!"), ihandle, 1), ==, FAILED);
    g_assert_cmpuint(CALL("call-method", put_text(WORDS, "dance"), ihandle), ==, FAILED);
}

/* ---- The client interface ---- */

static void test_start(void)
{
    const CPUPPCState *env = &cpu()->env;

    setup();
    g_assert_cmphex(env->nip, ==, 0x01000000);
    g_assert_cmphex(env->msr, ==, MSR_BIT(FP) | MSR_BIT(ME));
    g_assert_cmphex(env->gpr[3], ==, 0);
    g_assert_cmphex(env->gpr[5], ==, ENTRY - 4);
    if (is_64()) {
        /* Nap, which nobody else selects. */
        g_assert_cmphex(env->spr[SPR_HID0] >> 54 & 1, ==, 1);
        /* li r0,0; oris r0,r0,0xfff0; ori r0,r0,0x380; mtctr r0; bctr */
        static const uint32_t words[] = {0x38000000, 0x6400fff0, 0x60000380, 0x7c0903a6,
                                         0x4e800420};

        for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
            g_assert_cmphex(guest_ldl(0x380 + 4 * i), ==, words[i]);
        }
        g_assert_cmphex(mac_load(0xfff00380, 4), ==, PPC_FIRMWARE_TRAP | 0x380);
    } else {
        g_assert_cmphex(guest_ldl(0x700), ==, 0x48000002u | (0xfff00700u & 0x03fffffcu));
    }
    g_assert_cmphex(mac_load(ENTRY, 4), ==, PPC_FIRMWARE_TRAP);
    g_assert_cmpuint(CALL("getprop", package("/chosen"), put_text(WORDS, "bootargs"), BUFFER, 100),
                     ==, sizeof(COMMAND_LINE));
    g_assert_cmpuint(cell("/memory", "reg"), ==, 0);
    g_assert_cmphex(guest_ldl(BUFFER + 4), !=, RAM);     /* only what was asked for */
    /* The word is ours in the ROM alone. */
    g_assert_false(trap(0x01000000, 0));
    g_assert_false(trap(0xffeffffc, 0));
    g_assert_false(trap(0xfff04000, 0));
}

static void test_services(void)
{
    uint32_t root = CALL("peer", 0), cuda = package("rtc"), memory, console_handle;
    g_autoptr(GBytes) out = NULL;

    setup();
    root = CALL("peer", 0);
    g_assert_cmpuint(package("/"), ==, root);
    g_assert_cmpuint(CALL("parent", root), ==, 0);
    cuda = package("rtc");
    g_assert_cmphex(cuda, !=, FAILED);
    g_assert_cmpuint(CALL("canon", put_text(PATH, "rtc"), BUFFER, 200), >, 20);
    g_assert_cmpuint(CALL("interpret", put_text(PATH, "dev /memory 0 to allow-reclaim")), ==,
                     FAILED);
    g_assert_cmpuint(CALL("milliseconds", 0), <, 1000000);
    /* What firmware says comes out of the first serial port, whatever the screen is. */
    console_handle = cell("/chosen", "stdout");
    g_bytes_unref(chardev_ringbuf_read(console, 65536, NULL));
    put_text(BUFFER, "hello");
    g_assert_cmpuint(CALL("write", console_handle, BUFFER, 5), ==, 5);
    out = chardev_ringbuf_read(console, 100, NULL);
    g_assert_cmpmem(g_bytes_get_data(out, NULL), g_bytes_get_size(out), "hello", 5);
    g_assert_cmpuint(CALL("seek", console_handle, 0, 0), ==, FAILED);
    g_assert_cmpuint(CALL("read", console_handle, BUFFER, 16), ==, 0);
    g_assert_true(chardev_ringbuf_write(console, (const uint8_t *)"ab", 2, NULL));
    /* Memory: by service and by method. */
    g_assert_cmphex(CALL("claim", 0x03000000, 0x1000, 0), ==, 0x03000000);
    g_assert_cmphex(CALL("claim", 0x03000000, 0x1000, 0), ==, FAILED);
    g_assert_cmphex(CALL("claim", 0x01000000, 0x1000, 0), ==, FAILED);
    g_assert_cmphex(CALL("claim", 0, 0x1000, 0), ==, FAILED);
    g_assert_cmphex(CALL("claim", RAM - 0x1000, 0x2000, 0), ==, FAILED);
    memory = CALL("open", put_text(PATH, "/memory"));
    g_assert_cmpuint(
        CALL_N(2, "call-method", put_text(WORDS, "claim"), memory, 0, 0x2000, 0x03100000), ==, 0);
    g_assert_cmphex(result(5, 1), ==, 0x03100000);
    g_assert_cmpuint(CALL_N(2, "call-method", put_text(WORDS, "claim"), memory, 0x100000, 0x2000),
                     ==, 0);
    g_assert_cmphex(result(4, 1) % 0x100000, ==, 0);
    g_assert_cmpuint(CALL("call-method", put_text(WORDS, "release"), memory, 0x2000, 0x03100000),
                     ==, 0);
    g_assert_cmpuint(CALL("call-method", put_text(WORDS, "release"), memory, 0x2000, 0x03100000),
                     ==, FAILED);
}

/* One page of the client's, while its translation is on. */
static void map_page(uint32_t ea, uint32_t address, bool valid)
{
    enum { VSID = 0x123, GROUP = 8 * 16, MASK = (1 << 11) - 1 };
    uint32_t group = HASH_TABLE + ((VSID ^ (ea >> 12 & 0xffff)) & MASK) * GROUP,
             pte = group + (ea & 0x7000) / 0x1000 * 16;

    g_assert_true(ppc_slb_store(cpu(), ea >> 28, (ea & 0xf0000000u) | SLB_ESID_V,
                                (uint64_t)VSID << 12));
    guest_stl(pte, 0);
    guest_stl(pte + 4, (uint32_t)VSID << 12 | (ea >> 16 & 0xf80) | valid);
    guest_stl(pte + 8, 0);
    guest_stl(pte + 12, address | 0x182);
}

/* The client's memory lies at 0xc0000000 as well, the firmware's ROM where it is, if it is. */
static void translate(bool rom)
{
    if (is_64()) {
        ppc_spr_write_raw(&cpu()->env, SPR_SDR1, HASH_TABLE);
        for (uint32_t at = ARRAY; at < ARRAY + 0x4000; at += 0x1000) {
            map_page(0xc0000000 | at, at, true);
        }
        map_page(ENTRY & ~0xfffu, ENTRY & ~0xfffu, rom);
    } else {
        ppc_spr_write_raw(&cpu()->env, SPR_DBAT0U, 0xc0001ffe);
        ppc_spr_write_raw(&cpu()->env, SPR_DBAT0U + 1, 0x00000002);
        ppc_spr_write_raw(&cpu()->env, SPR_IBAT0U, rom ? 0xfff00002 : 0);
        ppc_spr_write_raw(&cpu()->env, SPR_IBAT0U + 1, 0xfff00002);
    }
    ppc_tlb_flush_all(cpu());
}

static void test_mmu(void)
{
    uint32_t mmu;

    setup();
    mmu = cell("/chosen", "mmu");
    g_assert_cmpuint(CALL_N(4, "call-method", put_text(WORDS, "translate"), mmu, 0x1234000), ==, 0);
    g_assert_cmphex(result(3, 1), ==, UINT32_MAX);
    g_assert_cmphex(result(3, 3), ==, 0x1234000);
    g_assert_cmpuint(CALL_N(2, "call-method", put_text(WORDS, "claim"), mmu, 0, 0x2000, 0x03100000),
                     ==, 0);
    g_assert_cmpuint(
        CALL("call-method", put_text(WORDS, "map"), mmu, 0x12, 0x2000, 0x03100000, 0x03100000), ==,
        0);
    g_assert_cmpuint(
        CALL("call-method", put_text(WORDS, "map"), mmu, 0x12, 0x2000, 0xc3100000, 0x03100000), ==,
        FAILED);
    /* A client with translation on: its own addresses are not memory. */
    translate(true);
    guest_stl(ARRAY, 0xc0000000 | put_text(PATH, "finddevice"));
    guest_stl(ARRAY + 4, 1);
    guest_stl(ARRAY + 8, 1);
    guest_stl(ARRAY + 12, 0xc0000000 | put_text(WORDS, "/cpus"));
    ppc_store_msr(&cpu()->env, MSR_BIT(ME) | MSR_BIT(IR) | MSR_BIT(DR), false);
    g_assert_cmphex(call_array(ARRAY), ==, FAILED);
    g_assert_cmphex(call_array(0xc0000000 | ARRAY), ==, 0);
    /* The entry itself is not mapped: its word is nothing special. */
    translate(false);
    g_assert_false(trap(ENTRY, 0));
    ppc_store_msr(&cpu()->env, MSR_BIT(ME), false);
    g_assert_cmphex(guest_ldl(ARRAY + 16), ==, package("/cpus"));
}

/* The end of the client: quiesce, last words, an exception. */
static void test_end(void)
{
    g_autoptr(GBytes) out = NULL;
    g_autofree char *text = NULL;
    uint32_t console_handle;

    setup();
    console_handle = cell("/chosen", "stdout");
    guest_stl(ARRAY, put_text(PATH, "quiesce"));
    guest_stl(ARRAY + 4, 0);
    guest_stl(ARRAY + 8, 0);
    g_assert_cmphex(call_array(ARRAY), ==, 0);
    g_assert_false(client_in_use(&firmware()->client));
    put_text(BUFFER, "bye");
    g_assert_cmpuint(CALL("write", console_handle, BUFFER, 3), ==, 3);
    g_bytes_unref(chardev_ringbuf_read(console, 65536, NULL));
    cpu()->env.spr[SPR_SRR0] = 0x01000400;
    g_assert_true(trap(0xfff00700, 0x700));
    g_assert_true(cpu()->parent.halted);
    out = chardev_ringbuf_read(console, 1000, NULL);
    text = g_strndup(g_bytes_get_data(out, NULL), g_bytes_get_size(out));
    g_assert_nonnull(strstr(text, "unexpected exception 0x700 at 0x01000400"));
    setup();
    g_assert_false(cpu()->parent.halted);
}

/* ---- Hostile clients ---- */

static const char *const services[] = {
    "test",
    "peer",
    "child",
    "parent",
    "finddevice",
    "getproplen",
    "getprop",
    "nextprop",
    "setprop",
    "canon",
    "package-to-path",
    "instance-to-package",
    "instance-to-path",
    "open",
    "close",
    "write",
    "read",
    "seek",
    "call-method",
    "claim",
    "release",
    "milliseconds",
    "set-callback",
    "nothing",
};

/* Words that are something: handles, addresses of text, sizes, ends of memory. */
static uint32_t random_word(void)
{
    const uint32_t some[] = {0,
                             1,
                             4,
                             0x10,
                             0x1000,
                             0x10000 + (uint32_t)g_test_rand_int_range(0, 90),
                             WORDS,
                             PATH,
                             BUFFER,
                             ARRAY,
                             RAM - 2,
                             RAM,
                             NOWHERE,
                             UINT32_MAX,
                             0xfffffffc,
                             0x80013020,
                             0xfff03000,
                             0x03000000,
                             (uint32_t)g_test_rand_int()};

    return some[g_test_rand_int_range(0, G_N_ELEMENTS(some))];
}

static void random_text(uint32_t at)
{
    static const char *const texts[] = {
        "/",      "/chosen",   "reg",       "name",
        "screen", "/memory",   "claim",     "release",
        "map",    "translate", "available", "stdout",
        "",       "color!",    ":::",       "/pci/mac-io/escc/ch-a"};

    put_text(at, texts[g_test_rand_int_range(0, G_N_ELEMENTS(texts))]);
}

static void random_calls(unsigned n)
{
    while (n--) {
        uint32_t array = g_test_rand_int_range(0, 50) ? ARRAY : random_word();
        unsigned n_args = (unsigned)g_test_rand_int_range(0, 12),
                 n_rets = (unsigned)g_test_rand_int_range(0, 12);

        random_text(WORDS);
        random_text(BUFFER);
        put_text(PATH, services[g_test_rand_int_range(0, G_N_ELEMENTS(services))]);
        guest_stl(ARRAY, PATH);
        guest_stl(ARRAY + 4, n_args);
        guest_stl(ARRAY + 8, n_rets);
        for (unsigned i = 0; i < n_args; i++) {
            guest_stl(ARRAY + 12 + 4 * i, random_word());
        }
        cpu()->env.gpr[3] = array;
        cpu()->env.gpr[5] = g_test_rand_int_range(0, 20) ? 0 : (uint32_t)g_test_rand_int();
        trap(ENTRY, 0);
        g_bytes_unref(chardev_ringbuf_read(console, 65536, NULL));
        if (!(n % 256)) {
            g_assert_cmpint(fdt_check_full(firmware()->fdt, firmware()->fdt_size), ==, 0);
        }
    }
    g_assert_cmpuint(firmware()->client.instances->len, <=, 1024);
    g_assert_cmpuint(firmware()->client.claims->len, <=, 4097);
}

static void test_hostile(void)
{
    setup();
    g_assert_cmphex(call_array(NOWHERE), ==, FAILED);
    g_assert_cmphex(call_array(UINT32_MAX), ==, FAILED);
    g_assert_cmphex(call_array(RAM - 8), ==, FAILED);
    guest_stl(ARRAY + 4, UINT32_MAX);
    guest_stl(ARRAY + 8, UINT32_MAX);
    g_assert_cmphex(call_array(ARRAY), ==, FAILED);
    /* A text without end. */
    for (uint32_t at = BUFFER; at < BUFFER + 0x10000; at += 4) {
        guest_stl(at, 0x2f2f2f2f);
    }
    g_assert_cmphex(CALL("finddevice", BUFFER), ==, FAILED);
    g_assert_cmphex(CALL("open", BUFFER), ==, 0);
    /* Aliases that lead to themselves, or nowhere. */
    for (unsigned i = 0; i < 3; i++) {
        static const char *const values[] = {"rtc", "", "/nothing"};

        g_assert_cmpuint(CALL("setprop", package("/aliases"), put_text(WORDS, "rtc"),
                              put_text(BUFFER, values[i]), (uint32_t)strlen(values[i]) + 1),
                         !=, FAILED);
        g_assert_cmphex(package("rtc"), ==, FAILED);
        g_assert_cmphex(package("rtc/x"), ==, FAILED);
    }
    g_assert_cmpuint(
        CALL("setprop", package("/aliases"), put_text(WORDS, "rtc"), put_text(BUFFER, "/cpus"), 5),
        ==, 5);
    g_assert_cmphex(package("rtc"), ==, FAILED);
    random_calls(20000);
    setup();
}

/* ---- State ---- */

static GBytes *save(GError **errp)
{
    return vmstate_save_to_bytes(&vmstate_mac_firmware, firmware(), errp);
}

static bool restore(const void *bytes, gsize size)
{
    g_autoptr(GError) error = NULL;
    bool ok = vmstate_load_from_bytes(&vmstate_mac_firmware, firmware(), bytes, size, 1, &error);

    g_assert_true(ok == !error);
    return ok;
}

static void test_state(void)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL, again = NULL, refused = NULL;
    VMStateWire own, qemu;
    uint32_t handle;
    gsize size;
    const uint8_t *bytes;

    setup();
    g_assert_true(vmstate_check_description(&vmstate_mac_firmware, &error));
    g_assert_no_error(error);
    handle = CALL("open", put_text(PATH, "/cpus"));
    CALL("claim", 0x03000000, 0x1000, 0);
    saved = save(&error);
    g_assert_no_error(error);
    bytes = g_bytes_get_data(saved, &size);
    /* A machine that waits for its state has no client. */
    system_reset(SHUTDOWN_CAUSE_SNAPSHOT_LOAD);
    g_assert_false(firmware()->client.active);
    g_assert_true(restore(bytes, size));
    again = save(&error);
    g_assert_true(g_bytes_equal(saved, again));
    g_assert_cmpuint(CALL("instance-to-package", handle), ==, package("/cpus"));
    g_assert_cmphex(CALL("claim", 0x03000000, 0x1000, 0), ==, FAILED);
    for (gsize cut = 0; cut < size; cut += 1 + size / 200) {
        g_assert_false(restore(bytes, cut));
    }
    g_assert_true(restore(bytes, size));
    /* Not into a QEMU, until the kernel runs. */
    g_assert_true(vmstate_wire_parse("own", &own, &error));
    g_assert_true(vmstate_wire_parse("qemu-7.2", &qemu, &error));
    state_registry_set_wire(runtime_state_registry(), qemu);
    g_assert_true(vmstate_mac_firmware.needed(firmware()));
    refused = save(&error);
    g_assert_null(refused);
    g_assert_nonnull(strstr(error->message, "built-in firmware"));
    g_clear_error(&error);
    state_registry_set_wire(runtime_state_registry(), own);
    firmware()->client.quiesced = true;
    g_assert_false(vmstate_mac_firmware.needed(firmware()));
    setup();
}

/* Changed bits: refused, or a state in which a client can do no harm. */
static void test_state_flipped(void)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL;
    g_autofree uint8_t *flipped = NULL;
    unsigned refused = 0;
    gsize size;

    setup();
    saved = save(&error);
    g_assert_no_error(error);
    size = g_bytes_get_size(saved);
    flipped = g_memdup2(g_bytes_get_data(saved, NULL), size);
    for (gsize bit = 0; bit < size * 8; bit += bit < 512 * 8 ? 3 : 1 + size / 16) {
        flipped[bit / 8] ^= 1u << bit % 8;
        if (restore(flipped, size)) {
            random_calls(20);
        } else {
            refused++;
        }
        flipped[bit / 8] ^= 1u << bit % 8;
    }
    g_assert_cmpuint(refused, >, 10);
    runstate_forget_requests();
    setup();
}

#define AS_TAKEN "usb=off,timebase-frequency=100000000"

int main(int argc, char **argv)
{
    static const struct { const char *board, *machine, *properties; } boards[] = {
        {"g3beige", "g3beige", "x-vof=on"},
        /* As QEMU 7.2 was when the trees were taken. */
        {"mac99", "mac99", "x-vof=on," AS_TAKEN},
        {"mac99-pmu", "mac99", "via=pmu,x-vof=on," AS_TAKEN},
        {"mac99-pmu-adb", "mac99", "via=pmu-adb,x-vof=on," AS_TAKEN},
        {"mac99-970", "mac99", "via=pmu,x-vof=on," AS_TAKEN},
    };
    GError *error = NULL;
    unsigned i = 0;
    int status;

    g_test_init(&argc, &argv, NULL);
    board = argc > 1 ? argv[1] : boards[0].board;
    while (strcmp(boards[i].board, board)) {
        i++;
        g_assert_cmpuint(i, <, G_N_ELEMENTS(boards));
    }
    runtime_init();
    console = chardev_new_from_short("console", "ringbuf", false, &error);
    g_assert_no_error(error);
    device_classes_register(classes);
    mac_with_kernel(COMMAND_LINE);
    mac_start(boards[i].machine, boards[i].properties, console,
              g_str_has_suffix(board, "-970"));
    g_test_add_func("/mac-firmware/start", test_start);
    g_test_add_func("/mac-firmware/tree", test_tree);
    g_test_add_func("/mac-firmware/pci", test_pci);
    g_test_add_func("/mac-firmware/display", test_display);
    g_test_add_func("/mac-firmware/services", test_services);
    g_test_add_func("/mac-firmware/mmu", test_mmu);
    g_test_add_func("/mac-firmware/end", test_end);
    g_test_add_func("/mac-firmware/hostile", test_hostile);
    g_test_add_func("/mac-firmware/state", test_state);
    g_test_add_func("/mac-firmware/state/flipped", test_state_flipped);
    status = g_test_run();
    mac_stop();
    return status;
}
