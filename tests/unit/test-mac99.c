/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mac99 as its processor sees it, through addresses: UniNorth's configuration registers, OpenPIC,
 * general purpose lines, the PMU's commands, timer, NVRAM, fw_cfg; and the state of all of them.
 *
 * test-mac99 VIA: cuda, pmu or pmu-adb.  test-mac99-VIA-VERSION.gz: sections of QEMU's
 * (tests/migration/make-golden-mac.py).
 */
#include <string.h>
#include "test-mac-bench.h"
#include "hw/core/bus.h"
#include "hw/input/adb.h"
#include "hw/misc/cuda.h"
#include "hw/misc/macio-gpio.h"
#include "hw/misc/mos6522.h"
#include "hw/misc/pmu.h"
#include "hw/nvram/fw-cfg.h"
#include "hw/pci/pci-host.h"
#include "system/runstate.h"
#include "system/runtime.h"

#define AGP 0xf0000000u
#define PCI 0xf2000000u
#define INTERNAL 0xf4000000u
#define FW_CFG 0xf0000510u
#define NVRAM 0xfff04000u
#define BAR 0x80800000u
enum { GPIO = BAR + 0x50, TIMER = BAR + 0x15000, VIA = BAR + 0x16000, PIC = BAR + 0x40000 };
enum { TACK = 0x08, TREQ = 0x10 };
enum { IRQ_VIA = 0x19, IRQ_PMU = 0x2f };
#define IVPR(n) (PIC + 0x10000 + (n) * 0x20)
#define IDR(n) (IVPR(n) + 0x10)
#define CPU(reg) (PIC + 0x20000 + (reg))
enum { TASK_PRIORITY = 0x80, ACKNOWLEDGE = 0xa0, END = 0xb0 };
#define MASKED (1u << 31)
#define LEVEL (1u << 22)

static const char *via_kind;
static bool save_meanwhile = true;      /* in the middle of PMU's commands */
static char *dist_name[2];

static bool has_pmu(void)
{
    return g_str_has_prefix(via_kind, "pmu");
}

static bool has_adb_on_pmu(void)
{
    return !strcmp(via_kind, "pmu-adb");
}

static uint32_t config_read(uint32_t bridge, uint32_t address)
{
    mac_store_le(bridge + 0x800000, address & ~4u);
    return mac_load_le(bridge + 0xc00000 + (address & 4));
}

static void config_write(uint32_t bridge, uint32_t address, uint32_t value)
{
    mac_store_le(bridge + 0x800000, address & ~4u);
    mac_store_le(bridge + 0xc00000 + (address & 4), value);
}

static void setup(void)
{
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    config_write(PCI, 1u << 12 | PCI_BASE_ADDRESS_0, BAR);
    config_write(PCI, 1u << 12 | PCI_COMMAND, PCI_COMMAND_MEMORY);
}

/* ---- Bridges ---- */

static void test_pci(void)
{
    setup();
    /* A bit for the slot; bus and slot; mechanism 1, where only the register is a whole word. */
    g_assert_cmphex(config_read(PCI, 1u << 11), ==, 0x001f106b);
    g_assert_cmphex(config_read(PCI, 11u << 11 | 1), ==, 0x001f106b);
    g_assert_cmphex(config_read(PCI, 1u << 31 | 11u << 11), ==, 0x001f106b);
    g_assert_cmphex(config_read(PCI, 1u << 12), ==, 0x0022106b);
    g_assert_cmphex(config_read(PCI, 1u << 12 | PCI_BASE_ADDRESS_0), ==, BAR);
    g_assert_cmphex(config_read(PCI, 12u << 11 | PCI_BASE_ADDRESS_0 | 1), ==, BAR);
    mac_store_le(PCI + 0x800000, 1u << 31 | 12u << 11 | PCI_COMMAND);
    g_assert_cmphex(mac_load_le(PCI + 0xc00000) & 0xffff, ==, PCI_COMMAND_MEMORY);
    g_assert_cmphex(config_read(AGP, 1u << 11), ==, 0x0020106b);
    g_assert_cmphex(config_read(INTERNAL, 1u << 14), ==, 0x001e106b);
    /* Nobody there; two slots; none. */
    g_assert_cmphex(config_read(PCI, 1u << 30), ==, UINT32_MAX);
    g_assert_cmphex(config_read(PCI, 3u << 11), ==, UINT32_MAX);
    g_assert_cmphex(config_read(PCI, 0), ==, UINT32_MAX);
    config_write(PCI, 3u << 11 | PCI_COMMAND, UINT32_MAX);
    g_assert_cmphex(config_read(PCI, 1u << 12 | PCI_COMMAND) & 0xffff, ==, PCI_COMMAND_MEMORY);
    /* Bytes and halfwords of the eight of the data register. */
    mac_store_le(PCI + 0x800000, 1u << 12);
    g_assert_cmphex(mac_load(PCI + 0xc00000, 1), ==, 0x6b);
    g_assert_cmphex(mac_load(PCI + 0xc00002, 2), ==, 0x2200);
    g_assert_cmphex(mac_load(PCI + 0xc00004, 1), ==, PCI_COMMAND_MEMORY);
    mac_check_state("macio-newworld");
    mac_check_state("uni-north-pci-pcihost");
    mac_check_state("uni-north-agp");
    g_assert_cmphex(mac_load(0xf8000000u, 4), ==, 7);
}

static void test_pci_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(99);
    static const uint32_t bridges[] = {AGP, PCI, INTERNAL};

    setup();
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t bridge = bridges[g_rand_int(random) % G_N_ELEMENTS(bridges)];
        unsigned size = 1u << g_rand_int(random) % 3,
                 offset = g_rand_int(random) & 0xfff & ~(size - 1);

        mac_store_le(bridge + 0x800000, g_rand_int(random));
        if (i & 1) {
            mac_load(bridge + 0xc00000 + offset, size);
        } else {
            mac_store(bridge + 0xc00000 + offset, g_rand_int(random), size);
        }
    }
}

/* ---- Interrupt controller ---- */

static IRQLine *input(unsigned n)
{
    return device_gpio_in(mac_find("openpic"), NULL, n);
}

static void enable(unsigned n, uint32_t sense, unsigned priority)
{
    mac_store_le(IDR(n), 1);
    mac_store_le(IVPR(n), sense | priority << 16 | n);
}

static void test_pic(void)
{
    setup();
    g_assert_cmphex(mac_load_le(PIC + 0x1000), ==, 0x003f0002);
    g_assert_cmphex(mac_load_le(IVPR(5)), ==, 0xa0000000);
    g_assert_cmphex(mac_load_le(CPU(TASK_PRIORITY)), ==, 15);
    mac_store_le(PIC + 0x10e0, 0x1fe);
    g_assert_cmphex(mac_load_le(PIC + 0x10e0), ==, 0xfe);
    /* By edge, masked: it waits. */
    irq_raise(input(5));
    irq_lower(input(5));
    enable(5, 0, 3);
    g_assert_cmphex(mac_load_le(IVPR(5)), ==, 0x40030005);
    g_assert_false(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 0xfe);
    mac_store_le(CPU(TASK_PRIORITY), 3);
    g_assert_false(mac_cpu_interrupted());
    mac_store_le(CPU(TASK_PRIORITY), 2);
    g_assert_true(mac_cpu_interrupted());
    /* A processor that cannot ask the controller is not interrupted. */
    config_write(PCI, 1u << 12 | PCI_COMMAND, 0);
    g_assert_false(mac_cpu_interrupted());
    mac_check_state("macio-newworld");
    g_assert_false(mac_cpu_interrupted());
    config_write(PCI, 1u << 12 | PCI_COMMAND, PCI_COMMAND_MEMORY);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("openpic");
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 5);
    g_assert_false(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(IVPR(5)), ==, 0x00030005);
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 0xfe);
    /* The same priority waits, a higher one does not. */
    enable(6, 0, 3);
    irq_pulse(input(6));
    g_assert_false(mac_cpu_interrupted());
    enable(7, LEVEL, 9);
    irq_raise(input(7));
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("openpic");
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 7);
    g_assert_false(mac_cpu_interrupted());
    /* A level that is still there comes again. */
    mac_store_le(CPU(END), 0);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 7);
    irq_lower(input(7));
    mac_store_le(CPU(END), 0);
    g_assert_false(mac_cpu_interrupted());
    mac_store_le(CPU(END), 0);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(PIC + ACKNOWLEDGE), ==, 6);
    mac_store_le(PIC + END, 0);
    g_assert_false(mac_cpu_interrupted());
    /* One end too many. */
    mac_store_le(PIC + END, 0);
    /* An edge that is driven again after loading is no new one. */
    irq_raise(input(6));
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 6);
    mac_store_le(CPU(END), 0);
    mac_check_state("openpic");
    irq_raise(input(6));
    g_assert_false(mac_cpu_interrupted());
    irq_lower(input(6));
    /* Masked while it is pending; going to no processor. */
    irq_raise(input(7));
    g_assert_true(mac_cpu_interrupted());
    mac_store_le(IVPR(7), MASKED | LEVEL | 9 << 16 | 7);
    g_assert_false(mac_cpu_interrupted());
    enable(7, LEVEL, 9);
    g_assert_true(mac_cpu_interrupted());
    mac_store_le(IDR(7), 2);
    g_assert_cmphex(mac_load_le(IDR(7)), ==, 0);
    g_assert_false(mac_cpu_interrupted());
    mac_store_le(IDR(7), 3);
    g_assert_cmphex(mac_load_le(IDR(7)), ==, 1);
    g_assert_true(mac_cpu_interrupted());
    /* Reset by the guest. */
    mac_store_le(PIC + 0x1020, 1u << 31);
    g_assert_cmphex(mac_load_le(PIC + 0x1020), ==, 0);
    g_assert_cmphex(mac_load_le(IVPR(7)), ==, 0xa0000000);
    g_assert_false(mac_cpu_interrupted());
}

/* What waits in the controller reaches the processor of a new machine, which decodes its registers
 * only when MacIO's section has come, behind the controller's. */
static void test_pic_loaded(void)
{
    const char *const names[] = {"openpic", "macio-newworld"};
    DeviceState *devs[2];
    GBytes *saved[2];
    GError *error = NULL;

    setup();
    enable(5, 0, 3);
    mac_store_le(CPU(TASK_PRIORITY), 2);
    irq_pulse(input(5));
    g_assert_true(mac_cpu_interrupted());
    for (unsigned i = 0; i < 2; i++) {
        devs[i] = mac_find(names[i]);
        saved[i] = vmstate_save_to_bytes(device_get_class(devs[i])->vmstate, devs[i], &error);
        g_assert_no_error(error);
    }
    for (unsigned i = 0; i < 2; i++) {
        device_cold_reset(devs[i]);
    }
    g_assert_false(mac_cpu_interrupted());
    for (unsigned i = 0; i < 2; i++) {
        const VMStateDescription *vmsd = device_get_class(devs[i])->vmstate;

        g_assert_true(vmstate_load_from_bytes(vmsd, devs[i], g_bytes_get_data(saved[i], NULL),
                                              g_bytes_get_size(saved[i]), vmsd->version_id,
                                              &error));
        g_bytes_unref(saved[i]);
    }
    g_assert_true(mac_cpu_interrupted());
}

static void test_pic_ipi(void)
{
    setup();
    mac_store_le(CPU(TASK_PRIORITY), 0);
    mac_store_le(PIC + 0x10b0, 5 << 16 | 0x71);
    mac_store_le(CPU(0x50), 1);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("openpic");
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 0x71);
    g_assert_false(mac_cpu_interrupted());
    mac_store_le(CPU(END), 0);
    /* To a processor that is not there. */
    mac_store_le(CPU(0x50), 2);
    g_assert_false(mac_cpu_interrupted());
}

static void test_pic_timer(void)
{
    enum {
        COUNT = PIC + 0x1100,
        BASE = PIC + 0x1110,
        VECTOR = PIC + 0x1120,
        DESTINATION = PIC + 0x1130
    };
    uint32_t frequency;

    setup();
    frequency = mac_load_le(PIC + 0x10f0);
    g_assert_cmpuint(frequency, ==, 4160000);
    mac_store_le(CPU(TASK_PRIORITY), 0);
    mac_store_le(DESTINATION, 1);
    mac_store_le(VECTOR, 4 << 16 | 0x55);
    g_assert_cmphex(mac_load_le(BASE), ==, 1u << 31);
    mac_store_le(BASE, frequency * 100);
    g_assert_cmphex(mac_load_le(COUNT), >, frequency * 99);
    mac_pass(50 * NANOSECONDS_PER_SECOND);
    g_assert_false(mac_cpu_interrupted());
    mac_check_state("openpic");
    g_assert_cmphex(mac_load_le(COUNT), <, frequency * 51);
    mac_pass(60 * NANOSECONDS_PER_SECOND);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(COUNT) >> 31, ==, 1);
    g_assert_cmphex(mac_load_le(CPU(ACKNOWLEDGE)), ==, 0x55);
    mac_store_le(CPU(END), 0);
    g_assert_false(mac_cpu_interrupted());
    mac_pass(100 * NANOSECONDS_PER_SECOND);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(COUNT) >> 31, ==, 0);
    /* As fast as it goes, for a long time. */
    mac_store_le(BASE, 1u << 31);
    mac_store_le(BASE, 1);
    mac_store_le(PIC + 0x10f0, UINT32_MAX);
    mac_pass(3600 * NANOSECONDS_PER_SECOND);
    mac_store_le(BASE, 0);
    mac_store_le(PIC + 0x10f0, 0);
    mac_pass(SCALE_MS);
    mac_store_le(PIC + 0x1020, 1u << 31);
}

static unsigned losses(void)
{
    StateRegistry *registry = runtime_state_registry();
    g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
    unsigned n = 0;

    state_registry_set_wire(registry, VMSTATE_WIRE_QEMU_10_0);
    state_registry_losses(registry, lost);
    state_registry_set_wire(registry, VMSTATE_WIRE_OWN);
    for (unsigned i = 0; i < lost->len; i++) {
        n += strstr(lost->pdata[i], "openpic/extra") != NULL;
    }
    return n;
}

/* What a QEMU would miss: timers that may interrupt, levels of inputs by edge. */
static void test_pic_losses(void)
{
    setup();
    mac_store_le(PIC + 0x1020, 1u << 31);
    g_assert_cmpuint(losses(), ==, 0);
    mac_store_le(PIC + 0x1120, 1u << 31 | 5 << 16 | 0x70);
    g_assert_cmpuint(losses(), ==, 0);
    mac_store_le(PIC + 0x1120, 5 << 16 | 0x70);
    g_assert_cmpuint(losses(), ==, 1);
    mac_store_le(PIC + 0x1120, 1u << 31);
    mac_store_le(IVPR(7), 1u << 22 | 5 << 16 | 0x71);
    irq_set(input(7), 1);
    g_assert_cmpuint(losses(), ==, 0);
    irq_set(input(7), 0);
    mac_store_le(IVPR(7), 5 << 16 | 0x71);
    irq_set(input(7), 1);
    g_assert_cmpuint(losses(), ==, 1);
    irq_set(input(7), 0);
    g_assert_cmpuint(losses(), ==, 0);
}

static void test_pic_random(void)
{
    static const uint32_t regions[][2] = {
        {0, 0x100}, {0x1000, 0x300}, {0x10000, 0x1000}, {0x20000, 0x4000}, {0, 0x40000}};
    g_autoptr(GRand) random = g_rand_new_with_seed(4711);

    setup();
    for (unsigned i = 0; i < 50000; i++) {
        const uint32_t *region = regions[g_rand_int(random) % G_N_ELEMENTS(regions)];
        hwaddr addr = PIC + region[0] + (g_rand_int(random) % region[1] & ~3u);

        if (i % 3 == 0) {
            irq_set(input(g_rand_int(random) % 64), g_rand_int(random) & 1);
        } else if (i % 3 == 1) {
            mac_store_le(addr, g_rand_int(random) & g_rand_int(random));
        } else {
            mac_load_le(addr);
        }
        if (i % 1000 == 0) {
            mac_pass(SCALE_MS);
        }
    }
    setup();
    g_assert_false(mac_cpu_interrupted());
}

/* ---- General purpose lines and timer ---- */

static void test_gpio(void)
{
    DeviceState *gpio;

    if (!has_pmu()) {
        g_test_skip("KeyLargo's lines are there with a PMU");
        return;
    }
    setup();
    gpio = mac_find("macio-gpio");
    mac_store_le(CPU(TASK_PRIORITY), 0);
    enable(IRQ_PMU, LEVEL, 8);
    g_assert_cmphex(mac_load(GPIO + 8 + 1, 1), ==, 2);
    macio_gpio_set(gpio, MACIO_GPIO_PMU, false);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("macio-gpio");
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load(GPIO + 8 + 1, 1), ==, 0);
    macio_gpio_set(gpio, MACIO_GPIO_PMU, true);
    g_assert_false(mac_cpu_interrupted());
    /* An output reads back what it drives. */
    mac_store(GPIO + 8 + 5, 5, 1);
    g_assert_cmphex(mac_load(GPIO + 8 + 5, 1), ==, 7);
    mac_store(GPIO + 8 + 5, 4, 1);
    g_assert_cmphex(mac_load(GPIO + 8 + 5, 1), ==, 4);
    /* The PMU's line, too; as an input again it has the level that it gets, across a stream. */
    mac_store(GPIO + 8 + 1, 4, 1);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("macio-gpio");
    g_assert_true(mac_cpu_interrupted());
    mac_store(GPIO + 8 + 1, 0, 1);
    g_assert_cmphex(mac_load(GPIO + 8 + 1, 1), ==, 2);
    g_assert_false(mac_cpu_interrupted());
    mac_store(GPIO + 8 + 1, 5, 1);
    macio_gpio_set(gpio, MACIO_GPIO_PMU, false);
    g_assert_false(mac_cpu_interrupted());
    mac_store(GPIO + 8 + 1, 0, 1);
    g_assert_true(mac_cpu_interrupted());
    macio_gpio_set(gpio, MACIO_GPIO_PMU, true);
    mac_store(GPIO + 8 + 1, 5, 1);
    g_assert_false(mac_cpu_interrupted());
    for (unsigned i = 0; i < 0x30; i++) {
        mac_store(GPIO + i, 0xff, 1);
    }
    g_assert_cmphex(mac_load(GPIO, 1), ==, 0);
    g_assert_cmphex(mac_load(GPIO + 0x2f, 1), ==, 0);
}

static void test_timer(void)
{
    uint32_t before, after;

    setup();
    before = mac_load_le(TIMER + 0x38);
    clock_set_ns(clock_virtual(), clock_get_ns(clock_virtual()) + NANOSECONDS_PER_SECOND);
    after = mac_load_le(TIMER + 0x38);
    g_assert_cmpuint(after - before, ==, 18432000);
    mac_store_le(TIMER + 0x38, 0);
    g_assert_cmpuint(mac_load_le(TIMER + 0x38), ==, after);
    g_assert_cmpuint(mac_load_le(TIMER), ==, 0);
}

/* ---- PMU ---- */

static uint8_t via(unsigned reg)
{
    return (uint8_t)mac_load(VIA + reg * 0x200, 1);
}

static void via_set(unsigned reg, uint8_t value)
{
    mac_store(VIA + reg * 0x200, value, 1);
}

static void handshake(void)
{
    via_set(VIA_B, via(VIA_B) & ~TREQ);
    g_assert_cmphex(via(VIA_B) & TACK, ==, 0);
    g_assert_cmphex(via(VIA_IFR) & VIA_INT_SR, ==, VIA_INT_SR);
    via_set(VIA_B, via(VIA_B) | TREQ);
    g_assert_cmphex(via(VIA_B) & TACK, ==, TACK);
}

static void send(uint8_t value)
{
    via_set(VIA_ACR, 0x1c);
    via_set(VIA_SR, value);
    handshake();
}

static uint8_t receive(void)
{
    via_set(VIA_ACR, 0x0c);
    via(VIA_SR);
    handshake();
    return via(VIA_SR);
}

/* A command whose lengths are as given; -1: a byte says it. The length of the answer. */
static unsigned request(uint8_t command, int n_args, int n_answer, const uint8_t *args, unsigned n,
                        uint8_t *answer)
{
    unsigned size;

    send(command);
    if (n_args < 0) {
        send((uint8_t)n);
    }
    for (unsigned i = 0; i < n; i++) {
        send(args[i]);
        if (i == 1 && save_meanwhile) {
            mac_check_state("via-pmu");
        }
    }
    size = n_answer < 0 ? receive() : (unsigned)n_answer;
    for (unsigned i = 0; i < size; i++) {
        answer[i] = receive();
        if (i == 0 && save_meanwhile) {
            mac_check_state("via-pmu");
        }
    }
    return size;
}

static void pmu_setup(void)
{
    setup();
    via_set(VIA_DIRB, TREQ);
    mac_store_le(CPU(TASK_PRIORITY), 0);
    enable(IRQ_PMU, LEVEL, 8);
}

static bool skip_pmu(void)
{
    if (!has_pmu()) {
        g_test_skip("there is no PMU");
    }
    return !has_pmu();
}

static uint32_t time_of_day(void)
{
    uint8_t answer[4];

    request(0x38, 0, 4, NULL, 0, answer);
    return (uint32_t)answer[0] << 24 | (uint32_t)answer[1] << 16 | (uint32_t)answer[2] << 8 |
           answer[3];
}

static void test_pmu_commands(void)
{
    static const uint8_t set_time[] = {0xb0, 0x00, 0x00, 0x01},
                         pram[] = {0x20, 3, 0x11, 0x22, 0x33}, from[] = {0x21, 2},
                         much[] = {0xff, 0xff}, event[] = {0};
    uint8_t answer[256], bytes[20];

    if (skip_pmu()) {
        return;
    }
    pmu_setup();
    g_assert_cmpuint(request(0xea, 0, 1, NULL, 0, answer), ==, 1);
    g_assert_cmphex(answer[0], ==, 1);
    /* Time goes on. */
    request(0x30, 4, 0, set_time, 4, answer);
    g_assert_cmphex(time_of_day(), ==, 0xb0000001);
    mac_pass(3 * NANOSECONDS_PER_SECOND);
    g_assert_cmphex(time_of_day(), ==, 0xb0000004);
    /* Parameter RAM, whole and in parts, and past its end. */
    memset(bytes, 0x5a, sizeof(bytes));
    request(0x31, 20, 0, bytes, 20, answer);
    request(0x39, 0, 20, NULL, 0, answer);
    g_assert_cmpmem(answer, 20, bytes, 20);
    request(0x32, -1, 0, pram, sizeof(pram), answer);
    g_assert_cmpuint(request(0x3a, 2, -1, from, 2, answer), ==, 2);
    g_assert_cmphex(answer[0], ==, 0x22);
    g_assert_cmphex(answer[1], ==, 0x33);
    g_assert_cmpuint(request(0x3a, 2, -1, much, 2, answer), ==, 1);
    /* Power events; the lid; what is not known is answered by its lengths. */
    g_assert_cmpuint(request(0x8f, -1, -1, event, 1, answer), ==, 2);
    request(0xdc, 0, 1, NULL, 0, answer);
    g_assert_cmphex(answer[0], ==, 0);
    request(0xe2, 0, 1, NULL, 0, answer);
    g_assert_cmphex(answer[0], ==, 0x62);
    memset(answer, 0xff, 8);
    request(0x6b, 0, 8, NULL, 0, answer);
    g_assert_cmphex(answer[7], ==, 0);
    g_assert_cmpuint(request(0xcf, -1, -1, event, 1, answer), ==, 0);
    request(0xc0, -1, 0, event, 1, answer);
    /* Too few bytes for what they say. */
    request(0x32, -1, 0, pram, 1, answer);
    g_assert_cmphex(time_of_day(), ==, 0xb0000004);
}

static void test_pmu_interrupts(void)
{
    static const uint8_t only_adb[] = {0x10}, all[] = {0xff};
    uint8_t answer[256];

    if (skip_pmu()) {
        return;
    }
    pmu_setup();
    g_assert_false(mac_cpu_interrupted());
    mac_pass(1100 * SCALE_MS);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("via-pmu");
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmpuint(request(0x78, 0, -1, NULL, 0, answer), ==, 1);
    g_assert_cmphex(answer[0], ==, 0x80);
    g_assert_false(mac_cpu_interrupted());
    g_assert_cmpuint(request(0x78, 0, -1, NULL, 0, answer), ==, 1);
    g_assert_cmphex(answer[0], ==, 0);
    request(0x70, 1, 0, only_adb, 1, answer);
    mac_pass(1100 * SCALE_MS);
    g_assert_false(mac_cpu_interrupted());
    request(0x70, 1, 0, all, 1, answer);
    g_assert_true(mac_cpu_interrupted());
    /* A long pause does not make up for its ticks. */
    mac_pass(100000 * NANOSECONDS_PER_SECOND);
    request(0x78, 0, -1, NULL, 0, answer);
    g_assert_false(mac_cpu_interrupted());
}

static void test_pmu_adb(void)
{
    static const uint8_t talk[] = {0x2f, 0, 0}, poll[] = {0, 0x86, 0xff, 0xfe},
                         absent[] = {0xaf, 0, 0}, long_one[] = {0x2b, 0, 200, 1};
    uint8_t answer[256];

    if (!has_adb_on_pmu()) {
        g_test_skip("no ADB on a PMU");
        return;
    }
    pmu_setup();
    request(0x20, -1, 0, talk, 3, answer);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("via-pmu");
    g_assert_cmpuint(request(0x78, 0, -1, NULL, 0, answer), ==, 5);
    g_assert_cmphex(answer[0], ==, 0x10);
    g_assert_cmphex(answer[3], ==, 2);
    g_assert_cmphex(answer[4], ==, 1);
    g_assert_false(mac_cpu_interrupted());
    request(0x20, -1, 0, absent, 3, answer);
    g_assert_cmpuint(request(0x78, 0, -1, NULL, 0, answer), ==, 2);
    request(0x20, -1, 0, long_one, 4, answer);
    g_assert_cmpuint(request(0x78, 0, -1, NULL, 0, answer), ==, 2);
    /* Polled: a key comes by itself. */
    request(0x20, -1, 0, poll, 4, answer);
    adb_keyboard_key(mac_find("adb-keyboard"), 0x0c, true);
    mac_pass(50 * SCALE_MS);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("via-pmu");
    g_assert_cmpuint(request(0x78, 0, -1, NULL, 0, answer), ==, 4);
    g_assert_cmphex(answer[0], ==, 0x14);
    g_assert_cmphex(answer[1], ==, 0x2c);
    g_assert_cmphex(answer[2], ==, 0x0c);
    g_assert_cmphex(answer[3], ==, 0xff);
    request(0x21, 0, 0, NULL, 0, answer);
    adb_keyboard_key(mac_find("adb-keyboard"), 0x0c, false);
    mac_pass(50 * SCALE_MS);
    g_assert_false(mac_cpu_interrupted());
}

static void test_pmu_power(void)
{
    static const uint8_t right[] = {'M', 'A', 'T', 'T'}, wrong[] = {'M', 'A', 'T', 'E'};
    uint8_t answer[256];

    if (skip_pmu()) {
        return;
    }
    pmu_setup();
    save_meanwhile = false;
    request(0x7e, 4, 1, wrong, 4, answer);
    g_assert_cmpint(system_shutdown_pending(), ==, SHUTDOWN_CAUSE_NONE);
    request(0x7e, 4, 1, right, 4, answer);
    g_assert_cmpint(system_shutdown_pending(), ==, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    runstate_forget_requests();
    save_meanwhile = true;
    send(0xd0);
    g_assert_cmpint(system_reset_pending(), ==, SHUTDOWN_CAUSE_GUEST_RESET);
    runstate_forget_requests();
}

static void test_pmu_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(815);

    if (skip_pmu()) {
        return;
    }
    pmu_setup();
    for (unsigned i = 0; i < 100000; i++) {
        unsigned reg = g_rand_int(random) % 8
                           ? (unsigned[]){VIA_B, VIA_SR, VIA_ACR}[g_rand_int(random) % 3]
                           : g_rand_int(random) % 16;

        if (g_rand_int(random) % 4) {
            via_set(reg, (uint8_t)g_rand_int(random));
        } else {
            via(reg);
        }
        if (i % 5000 == 0) {
            mac_pass(SCALE_MS);
            runstate_forget_requests();
        }
    }
    runstate_forget_requests();
}

/* ---- NVRAM, fw_cfg ---- */

static void test_nvram(void)
{
    setup();
    g_assert_cmphex(mac_load(NVRAM, 1), ==, 0x70);
    g_assert_cmphex(mac_load(NVRAM + 4 * 2, 1), ==, 's');
    mac_store(NVRAM + 0x1fff * 2, 0x5c, 1);
    mac_check_state("macio-nvram");
    g_assert_cmphex(mac_load(NVRAM + 0x1fff * 2, 1), ==, 0x5c);
    /* ROM around it. */
    mac_store(NVRAM - 1, 0x5c, 1);
    g_assert_cmphex(mac_load(NVRAM - 1, 1), ==, 0);
}

static uint32_t item(uint16_t key, unsigned size)
{
    uint32_t value = 0;

    mac_store(FW_CFG, key, 2);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)mac_load(FW_CFG + 2, 1) << 8 * i;
    }
    return value;
}

static void test_fw_cfg(void)
{
    setup();
    g_assert_cmphex(item(FW_CFG_MACHINE_ID, 2), ==, 1);
    g_assert_cmpuint(item(FW_CFG_PPC_TBFREQ, 4), ==, 25000000);
    g_assert_cmphex(item(FW_CFG_PPC_NVRAM_ADDR, 4), ==, NVRAM);
    g_assert_cmpuint(item(FW_CFG_PPC_VIACONFIG, 2), ==, has_adb_on_pmu() ? 2 : has_pmu() ? 1 : 0);
}

/* ---- QEMU's sections ---- */

static void *owner(const char *name, unsigned n, const VMStateDescription **vmsd)
{
    static const char *const bridges[] = {"uni-north-agp-pcihost", "uni-north-internal-pci-pcihost",
                                          "uni-north-pci-pcihost"};
    static const struct { const char *name, *class;
    } rows[] = {
        {"openpic", "openpic"},
        {"mos6522", "mos6522"},
        {"cuda", "via-cuda"},
        {"pmu", "via-pmu"},
        {"macio_gpio", "macio-gpio"},
        {"macio_nvram", "macio-nvram"},
        {"pci.2:0c.0/macio-newworld", "macio-newworld"},
        {"adb_kbd", "adb-keyboard"},
        {"adb_mouse", "adb-mouse"},
        {"fw_cfg", "fw_cfg_mem"},
        {"pci.2:0d.0/ohci", "pci-ohci"},
        {"pci.2:0d.0/1/usb-kbd", "usb-kbd"},
        {"pci.2:0d.0/2/usb-ptr", "usb-mouse"},
    };
    DeviceState *dev = NULL;
    BusState *bus = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(rows[i].name, name)) {
            dev = mac_find(rows[i].class);
        }
    }
    if (!strcmp(name, "PCIHost")) {
        dev = mac_find(bridges[n / 2]);
    } else if (!strcmp(name, "PCIBUS")) {
        bus = &pci_host(mac_find(bridges[n / 2]))->bus->parent;
    } else if (!strcmp(name, "adb_bus")) {
        bus = has_pmu() ? pmu_adb_bus(mac_find("via-pmu")) : cuda_adb_bus(mac_find("via-cuda"));
    }
    *vmsd = bus   ? bus_get_class(bus)->vmstate
            : dev ? device_class_vmstate(device_get_class(dev))
                  : NULL;
    return bus ? (void *)bus : dev;
}

static unsigned n_sections(void)
{
    return has_adb_on_pmu() ? 17 : 16;
}

static void test_golden_7_2(void)
{
    setup();
    mac_check_golden(dist_name[0], "qemu-7.2", n_sections(), owner);
}

static void test_golden_10_0(void)
{
    setup();
    mac_check_golden(dist_name[1], "qemu-10.0", n_sections(), owner);
}

int main(int argc, char **argv)
{
    g_autofree char *properties = NULL;
    GError *error = NULL;
    Chardev *console;
    int status;

    g_test_init(&argc, &argv, NULL);
    via_kind = argc > 1 ? argv[1] : "pmu-adb";
    properties = g_strdup_printf("via=%s", via_kind);
    dist_name[0] = g_strdup_printf("test-mac99-%s-7.2.gz", via_kind);
    dist_name[1] = g_strdup_printf("test-mac99-%s-10.0.gz", via_kind);
    runtime_init();
    console = chardev_new_from_short("console", "ringbuf", false, &error);
    g_assert_no_error(error);
    mac_start("mac99", properties, console, false);
    g_test_add_func("/mac99/pci", test_pci);
    g_test_add_func("/mac99/pci/random", test_pci_random);
    g_test_add_func("/mac99/pic", test_pic);
    g_test_add_func("/mac99/pic/loaded", test_pic_loaded);
    g_test_add_func("/mac99/pic/ipi", test_pic_ipi);
    g_test_add_func("/mac99/pic/timer", test_pic_timer);
    g_test_add_func("/mac99/pic/losses", test_pic_losses);
    g_test_add_func("/mac99/pic/random", test_pic_random);
    g_test_add_func("/mac99/gpio", test_gpio);
    g_test_add_func("/mac99/timer", test_timer);
    g_test_add_func("/mac99/pmu/commands", test_pmu_commands);
    g_test_add_func("/mac99/pmu/interrupts", test_pmu_interrupts);
    g_test_add_func("/mac99/pmu/adb", test_pmu_adb);
    g_test_add_func("/mac99/pmu/power", test_pmu_power);
    g_test_add_func("/mac99/pmu/random", test_pmu_random);
    g_test_add_func("/mac99/nvram", test_nvram);
    g_test_add_func("/mac99/fw-cfg", test_fw_cfg);
    g_test_add_func("/mac99/golden/7.2", test_golden_7_2);
    g_test_add_func("/mac99/golden/10.0", test_golden_10_0);
    status = g_test_run();
    mac_stop();
    g_free(dist_name[0]);
    g_free(dist_name[1]);
    return status;
}
