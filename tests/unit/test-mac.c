/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The beige G3 as its processor sees it, through addresses: Grackle's configuration registers,
 * MacIO's BAR, the VIA's timers, CUDA's packets, ADB keyboard and mouse, serial ports, interrupt
 * controller, NVRAM, fw_cfg; and the state of all of them.  The processor never runs; the virtual
 * clock stands and is moved.
 *
 * test-mac-VERSION.gz: sections of QEMU's (tests/migration/make-golden-mac.py).
 */
#include "test-mac-bench.h"
#include <string.h>
#include "hw/input/adb.h"
#include "hw/intc/heathrow.h"
#include "hw/misc/cuda.h"
#include "hw/misc/mos6522.h"
#include "hw/nvram/fw-cfg.h"
#include "hw/pci/pci-host.h"
#include "hw/ppc/mac-resume.h"
#include "hw/ppc/mac.h"
#include "migration/wire.h"
#include "system/lock.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/cpu.h"
#include "target/ppc/spr.h"

#define CONFIG_ADDRESS 0xfec00000u
#define CONFIG_DATA 0xfee00000u
#define FW_CFG 0xf0000510u
#define BAR 0x80800000u
#define MACIO_CONFIG (1u << 31 | 16u << 11)
enum {
    PIC = BAR,
    ESCC_LEGACY = BAR + 0x12000,
    ESCC = BAR + 0x13000,
    CUDA = BAR + 0x16000,
    NVRAM = BAR + 0x60000
};
enum { TREQ = 0x08, TACK = 0x10, TIP = 0x20 };
#define BYTE_TIME 300000

static Chardev *console;

/* ---- Access ---- */

static uint32_t config_read(uint32_t address)
{
    mac_store_le(CONFIG_ADDRESS, address);
    return mac_load_le(CONFIG_DATA);
}

static void config_write(uint32_t address, uint32_t value)
{
    mac_store_le(CONFIG_ADDRESS, address);
    mac_store_le(CONFIG_DATA, value);
}

static uint8_t via(unsigned reg)
{
    return (uint8_t)mac_load(CUDA + reg * 0x200, 1);
}

static void via_set(unsigned reg, uint8_t value)
{
    mac_store(CUDA + reg * 0x200, value, 1);
}

static void setup(void)
{
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    config_write(MACIO_CONFIG | PCI_BASE_ADDRESS_0, BAR);
    config_write(MACIO_CONFIG | PCI_COMMAND, PCI_COMMAND_MEMORY);
}

/* ---- Tests ---- */

static void test_pci(void)
{
    setup();
    g_assert_cmphex(config_read(1u << 31), ==, 0x00021057);
    g_assert_cmphex(config_read(MACIO_CONFIG), ==, 0x0010106b);
    g_assert_cmphex(config_read(MACIO_CONFIG | PCI_REVISION_ID), ==, 0xff000000);
    config_write(MACIO_CONFIG | PCI_BASE_ADDRESS_0, UINT32_MAX);
    g_assert_cmphex(config_read(MACIO_CONFIG | PCI_BASE_ADDRESS_0), ==, 0xfff80000);
    /* Not enabled; nothing in that slot. */
    g_assert_cmphex(config_read(16u << 11), ==, UINT32_MAX);
    g_assert_cmphex(config_read(1u << 31 | 17u << 11), ==, UINT32_MAX);
    mac_check_state("macio-oldworld");
    mac_check_state("grackle-pcihost");
}

static void test_pic(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    DeviceState *pic;

    setup();
    pic = mac_find("heathrow");
    /* By edge: stays until it is cleared. */
    irq_pulse(device_gpio_in(pic, NULL, 0x12));
    g_assert_cmphex(mac_load_le(PIC + 0x20), ==, 1u << 0x12);
    g_assert_false(mac_cpu_interrupted());
    mac_store_le(PIC + 0x24, 1u << 0x12);
    g_assert_true(mac_cpu_interrupted());
    mac_store_le(PIC + 0x28, 1u << 0x12);
    g_assert_false(mac_cpu_interrupted());
    /* A level that is driven again is no new edge. */
    irq_raise(device_gpio_in(pic, NULL, 0x12));
    g_assert_cmphex(mac_load_le(PIC + 0x20), ==, 1u << 0x12);
    mac_store_le(PIC + 0x28, 1u << 0x12);
    irq_raise(device_gpio_in(pic, NULL, 0x12));
    g_assert_cmphex(mac_load_le(PIC + 0x20), ==, 0);
    g_assert_false(mac_cpu_interrupted());
    irq_lower(device_gpio_in(pic, NULL, 0x12));
    irq_raise(device_gpio_in(pic, NULL, 0x12));
    g_assert_true(mac_cpu_interrupted());
    irq_lower(device_gpio_in(pic, NULL, 0x12));
    mac_store_le(PIC + 0x28, 1u << 0x12);
    g_assert_false(mac_cpu_interrupted());
    /* By level: the lines of PCI. */
    mac_store_le(PIC + 0x24, 1u << 0x15);
    irq_raise(device_gpio_in(pic, NULL, 0x15));
    g_assert_true(mac_cpu_interrupted());
    mac_store_le(PIC + 0x28, 1u << 0x15);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(PIC + 0x2c), ==, 1u << 0x15);
    mac_check_state("heathrow");
    g_assert_true(mac_cpu_interrupted());
    irq_lower(device_gpio_in(pic, NULL, 0x15));
    g_assert_false(mac_cpu_interrupted());
    /* The other group. */
    mac_store_le(PIC + 0x14, 1u << 3);
    irq_pulse(device_gpio_in(pic, NULL, 35));
    g_assert_cmphex(mac_load_le(PIC + 0x10), ==, 1u << 3);
    g_assert_true(mac_cpu_interrupted());
    /* A processor that cannot ask the controller is not interrupted. */
    config_write(MACIO_CONFIG | PCI_COMMAND, 0);
    g_assert_false(mac_cpu_interrupted());
    irq_pulse(device_gpio_in(pic, NULL, 36));
    mac_check_state("macio-oldworld");
    g_assert_false(mac_cpu_interrupted());
    config_write(MACIO_CONFIG | PCI_COMMAND, PCI_COMMAND_MEMORY);
    g_assert_true(mac_cpu_interrupted());
    /* What was counted: three edges of 0x12 and one level. */
    heathrow_print_counts(pic, text);
    g_assert_cmpstr(text->str, ==,
                    "IRQ statistics for heathrow:\n18: 3\n21: 1\n35: 1\n36: 1\n");
    /* Nowhere. */
    g_assert_cmphex(mac_load_le(PIC + 0x40), ==, 0);
}

/* What waits in the controller reaches the processor of a new machine, which decodes its registers
 * only when MacIO's section has come, behind the controller's. */
static void test_pic_loaded(void)
{
    const char *const names[] = {"heathrow", "macio-oldworld"};
    DeviceState *devs[2];
    GBytes *saved[2];
    GError *error = NULL;

    setup();
    mac_store_le(PIC + 0x24, 1u << 0x12);
    irq_pulse(device_gpio_in(mac_find("heathrow"), NULL, 0x12));
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

static void test_via_timers(void)
{
    setup();
    mac_store_le(PIC + 0x24, 1u << 0x12);
    via_set(VIA_IER, 0x80 | VIA_INT_T1);
    via_set(VIA_T1CL, 49999 & 0xff);
    via_set(VIA_T1CH, 49999 >> 8);
    /* 50000 counts of 6 / 4.7 us until it passes 0. */
    mac_pass(50 * SCALE_MS);
    g_assert_false(mac_cpu_interrupted());
    g_assert_cmphex(via(VIA_IFR), ==, 0);
    mac_pass(14 * SCALE_MS);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(via(VIA_IFR), ==, 0x80 | VIA_INT_T1);
    /* The counter goes on, but the shot was fired. */
    g_assert_cmpuint(via(VIA_T1CH), >=, 0x80);
    via(VIA_T1CL);
    g_assert_cmphex(via(VIA_IFR), ==, 0);
    mac_pass(NANOSECONDS_PER_SECOND);
    g_assert_cmphex(via(VIA_IFR), ==, 0);
    /* Free running: again and again, exactly. */
    via_set(VIA_ACR, VIA_ACR_T1_FREE_RUN);
    via_set(VIA_T1CL, 9998 & 0xff);
    via_set(VIA_T1CH, 9998 >> 8);
    for (unsigned i = 0; i < 50; i++) {
        mac_pass(12800 * SCALE_US);
        g_assert_cmphex(via(VIA_IFR), ==, 0x80 | VIA_INT_T1);
        via_set(VIA_IFR, VIA_INT_T1);
    }
    /* Timer 2: one shot, its flag also without being enabled. */
    via_set(VIA_IER, VIA_INT_T1);
    via_set(VIA_IFR, 0x7f);
    via_set(VIA_T2CL, 0x00);
    via_set(VIA_T2CH, 0x80);
    mac_pass(0x1000 * 1277);
    g_assert_cmpuint(via(VIA_T2CH), <, 0x70);
    g_assert_cmphex(via(VIA_IFR) & VIA_INT_T2, ==, 0);
    mac_pass(100 * SCALE_MS);
    g_assert_cmphex(via(VIA_IFR) & VIA_INT_T2, ==, VIA_INT_T2);
    /* Counting pulses and back again is no shot of one that was fired: it runs through its range.
     */
    via_set(VIA_IFR, VIA_INT_T2);
    via_set(VIA_ACR, via(VIA_ACR) | 0x20);
    mac_pass(SCALE_MS);
    via_set(VIA_ACR, via(VIA_ACR) & ~0x20);
    mac_pass(SCALE_MS);
    g_assert_cmphex(via(VIA_IFR) & VIA_INT_T2, ==, 0);
    mac_pass(84 * SCALE_MS);
    g_assert_cmphex(via(VIA_IFR) & VIA_INT_T2, ==, VIA_INT_T2);
    mac_check_state("mos6522");
}

/* ---- CUDA ---- */

static void wait_byte(void)
{
    mac_pass(BYTE_TIME);
    g_assert_cmphex(via(VIA_IFR) & VIA_INT_SR, ==, VIA_INT_SR);
    via(VIA_SR);
}

static void send_packet(const uint8_t *packet, unsigned size)
{
    via_set(VIA_ACR, via(VIA_ACR) | VIA_ACR_SHIFT_OUT);
    via_set(VIA_SR, packet[0]);
    via_set(VIA_B, via(VIA_B) & ~TIP);
    for (unsigned i = 1; i < size; i++) {
        wait_byte();
        via_set(VIA_SR, packet[i]);
        via_set(VIA_B, via(VIA_B) ^ TACK);
    }
    wait_byte();
    via_set(VIA_ACR, via(VIA_ACR) & ~VIA_ACR_SHIFT_OUT);
    via_set(VIA_B, via(VIA_B) | TIP | TACK);
}

static unsigned receive_packet(uint8_t *packet, unsigned room)
{
    unsigned size = 0;

    mac_pass(BYTE_TIME);
    if (via(VIA_B) & TREQ) {
        return 0;
    }
    via(VIA_SR);
    via_set(VIA_B, via(VIA_B) & ~TIP);
    for (;;) {
        mac_pass(BYTE_TIME);
        g_assert_cmphex(via(VIA_IFR) & VIA_INT_SR, ==, VIA_INT_SR);
        g_assert_cmpuint(size, <, room);
        packet[size++] = via(VIA_SR);
        if (via(VIA_B) & TREQ) {
            break;
        }
        via_set(VIA_B, via(VIA_B) ^ TACK);
    }
    via_set(VIA_B, via(VIA_B) | TIP | TACK);
    wait_byte();
    return size;
}

static unsigned request(uint8_t *answer, const char *packet, unsigned size)
{
    send_packet((const uint8_t *)packet, size);
    return receive_packet(answer, 128);
}

#define REQUEST(...)                                                                               \
    request(answer, (const char[]){__VA_ARGS__}, sizeof((const char[]){__VA_ARGS__}))
#define ANSWER(n, ...)                                                                             \
    g_assert_cmpmem(answer, n, ((const uint8_t[]){__VA_ARGS__}),                                   \
                    sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_cuda_commands(void)
{
    uint8_t answer[128];
    unsigned n;

    setup();
    n = REQUEST(1, 0x09, 0x10, 0x20, 0x30, 0x40);
    ANSWER(n, 1, 0, 0x09);
    mac_pass(3 * NANOSECONDS_PER_SECOND);
    n = REQUEST(1, 0x03);
    g_assert_cmpuint(n, ==, 7);
    g_assert_cmphex(answer[6], >=, 0x43);
    g_assert_cmphex(answer[6], <, 0x60);
    g_assert_cmphex(answer[3], ==, 0x10);
    /* Parameter RAM, by both ways. */
    n = REQUEST(1, 0x0c, 0, 8, 0x11, 0x22);
    ANSWER(n, 1, 0, 0x0c);
    n = REQUEST(1, 0x07, 0, 8);
    g_assert_cmpuint(n, ==, 128);
    g_assert_cmphex(answer[3], ==, 0x11);
    n = REQUEST(1, 0x02, 1, (char)0xff);
    ANSWER(n, 1, 0, 0x02, 0);
    n = REQUEST(1, 0x02, 2, 0);
    ANSWER(n, 2, 4, 1, 0x02);
    n = REQUEST(1, 0x0c, 0, (char)0xff, 1, 2);
    ANSWER(n, 2, 4, 1, 0x0c);
    /* Polling. */
    n = REQUEST(1, 0x14, 11);
    n = REQUEST(1, 0x16);
    ANSWER(n, 1, 0, 0x16, 11);
    n = REQUEST(1, 0x19, 0, 0x0c);
    n = REQUEST(1, 0x1a);
    ANSWER(n, 1, 0, 0x1a, 0, 0x0c);
    n = REQUEST(1, 0x14, 0);
    ANSWER(n, 2, 4, 1, 0x14);
    /* I2C without devices; unknown command; wrong size; unknown packet; too short. */
    n = REQUEST(1, 0x22, 0x50, 1);
    ANSWER(n, 2, 5, 1, 0x22);
    n = REQUEST(1, 0x7f);
    ANSWER(n, 2, 2, 1, 0x7f);
    n = REQUEST(1, 0x01);
    ANSWER(n, 2, 3, 1, 0x01);
    n = REQUEST(7, 0x01);
    ANSWER(n, 2, 1, 7, 0x01);
    n = REQUEST(1);
    ANSWER(n, 2, 3, 1, 0);
    mac_check_state("via-cuda");
    n = REQUEST(1, 0x07, 0, 9);
    g_assert_cmphex(answer[3], ==, 0x22);
    /* A packet longer than any. */
    n = request(answer, "\1\x0c\0\0aaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32);
    ANSWER(n, 1, 0, 0x0c);
    /* A host that stops reading in the middle is not told the rest. */
    send_packet((const uint8_t *)"\1\x07\0\0", 4);
    mac_pass(BYTE_TIME);
    via_set(VIA_B, via(VIA_B) & ~TIP);
    wait_byte();
    via_set(VIA_B, via(VIA_B) | TIP | TACK);
    wait_byte();
    g_assert_cmphex(via(VIA_B) & TREQ, ==, TREQ);
    n = REQUEST(1, 0x16);
    ANSWER(n, 1, 0, 0x16, 20);
}

static void test_cuda_in_step(void)
{
    setup();
    /* What Linux does first. */
    via_set(VIA_DIRB, TACK | TIP);
    via_set(VIA_B, via(VIA_B) | TACK | TIP);
    via_set(VIA_B, via(VIA_B) & ~TACK);
    g_assert_cmphex(via(VIA_B) & TREQ, ==, 0);
    wait_byte();
    via_set(VIA_B, via(VIA_B) | TACK);
    g_assert_cmphex(via(VIA_B) & TREQ, ==, TREQ);
    wait_byte();
}

static void test_one_second(void)
{
    uint8_t answer[128];
    unsigned n;

    setup();
    n = REQUEST(1, 0x1b, 3);
    ANSWER(n, 1, 0, 0x1b);
    mac_pass(NANOSECONDS_PER_SECOND);
    n = receive_packet(answer, 128);
    ANSWER(n, 3);
    mac_check_state("via-cuda");
    mac_pass(NANOSECONDS_PER_SECOND);
    n = receive_packet(answer, 128);
    ANSWER(n, 3);
    n = REQUEST(1, 0x1b, 0);
    mac_pass(2 * NANOSECONDS_PER_SECOND);
    g_assert_cmpuint(receive_packet(answer, 128), ==, 0);
}

static void test_power(void)
{
    uint8_t answer[128];
    unsigned n;

    setup();
    n = REQUEST(1, 0x11);
    ANSWER(n, 1, 0, 0x11);
    g_assert_cmpint(system_reset_pending(), ==, SHUTDOWN_CAUSE_GUEST_RESET);
    g_assert_cmpint(system_shutdown_pending(), ==, SHUTDOWN_CAUSE_NONE);
    runstate_forget_requests();
    n = REQUEST(1, 0x0a);
    ANSWER(n, 1, 0, 0x0a);
    g_assert_cmpint(system_shutdown_pending(), ==, SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    g_assert_cmpint(system_reset_pending(), ==, SHUTDOWN_CAUSE_NONE);
    runstate_forget_requests();
}

/* ---- ADB ---- */

static void test_adb(void)
{
    DeviceState *kbd = mac_find("adb-keyboard"), *mouse = mac_find("adb-mouse");
    uint8_t answer[128];
    unsigned n;

    setup();
    /* Register 3 of both; nobody at 4. */
    n = REQUEST(0, 0x2f);
    ANSWER(n, 0, 0, 0x2f, 2, 1);
    n = REQUEST(0, 0x3f);
    ANSWER(n, 0, 0, 0x3f, 3, 2);
    n = REQUEST(0, 0x4f);
    ANSWER(n, 0, 2, 0x4f);
    /* The keyboard moves away and back, and takes handler 3 but not 9. */
    n = REQUEST(0, 0x2b, 0x0f, (char)0xfe);
    ANSWER(n, 0, 0, 0x2b);
    n = REQUEST(0, (char)0xff);
    ANSWER(n, 0, 0, 0xff, 15, 1);
    n = REQUEST(0, (char)0xfb, 0x02, 3);
    n = REQUEST(0, 0x2b, 0x02, 9);
    n = REQUEST(0, 0x2f);
    ANSWER(n, 0, 0, 0x2f, 2, 3);
    /* Keys by asking. */
    adb_keyboard_key(kbd, 0x00, true);
    adb_keyboard_key(kbd, 0x00, false);
    mac_check_state("adb-keyboard");
    n = REQUEST(0, 0x2c);
    ANSWER(n, 0, 0, 0x2c, 0x00, 0xff);
    n = REQUEST(0, 0x2c);
    ANSWER(n, 0, 0, 0x2c, 0x80, 0xff);
    n = REQUEST(0, 0x2c);
    ANSWER(n, 0, 0, 0x2c);
    adb_mouse_move(mouse, 3, 4);
    mac_check_state("adb-mouse");
    n = REQUEST(0, 0x3c);
    ANSWER(n, 0, 0, 0x3c, 0x84, 0x83);
    /* By polling; the mouse's motion in steps. */
    n = REQUEST(1, 0x01, 1);
    adb_keyboard_key(kbd, ADB_KEY_POWER, true);
    mac_pass(20 * SCALE_MS);
    n = receive_packet(answer, 128);
    ANSWER(n, 0, 0x40, 0x2c, 0x7f, 0x7f);
    adb_mouse_move(mouse, 100, -5);
    adb_mouse_button(mouse, 0, true);
    mac_pass(20 * SCALE_MS);
    n = receive_packet(answer, 128);
    ANSWER(n, 0, 0x40, 0x3c, 0x7b, 0x80 | 63);
    mac_pass(20 * SCALE_MS);
    n = receive_packet(answer, 128);
    ANSWER(n, 0, 0x40, 0x3c, 0x00, 0x80 | 37);
    mac_pass(20 * SCALE_MS);
    g_assert_cmpuint(receive_packet(answer, 128), ==, 0);
    /* More keys than there is room for. */
    for (unsigned i = 0; i < 300; i++) {
        adb_keyboard_key(kbd, (uint8_t)i, true);
    }
    n = REQUEST(0, 0x21);
    n = REQUEST(0, 0x2c);
    ANSWER(n, 0, 0, 0x2c);
}

/* ---- Serial ports ---- */

enum { CONTROL_A = ESCC + 0x20, DATA_A = ESCC + 0x30 };

static void escc_set(unsigned reg, uint8_t value)
{
    mac_store(CONTROL_A, reg, 1);
    mac_store(CONTROL_A, value, 1);
}

static uint8_t escc_get(unsigned reg)
{
    mac_store(CONTROL_A, reg, 1);
    return (uint8_t)mac_load(CONTROL_A, 1);
}

static void test_escc(void)
{
    setup();
    mac_store_le(PIC + 0x24, 1u << 0x0f);
    g_assert_cmphex(mac_load(CONTROL_A, 1) & 0x05, ==, 0x04);
    escc_set(9, 0xc0);
    escc_set(9, 0x08);
    escc_set(1, 0x12);
    escc_set(14, 0x00);     /* the reset leaves it looping back */
    escc_set(3, 0x01);
    escc_set(5, 0x08);
    /* Out: the transmitter's interrupt. */
    mac_store(DATA_A, 'x', 1);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(escc_get(3), ==, 0x10);
    mac_store(CONTROL_A, 0x28, 1);
    g_assert_cmphex(escc_get(3), ==, 0);
    mac_store_le(PIC + 0x28, UINT32_MAX);
    /* In. */
    g_assert_cmpint(chardev_can_receive(console), ==, 1);
    chardev_receive(console, (const uint8_t *)"y", 1);
    g_assert_cmpint(chardev_can_receive(console), ==, 0);
    g_assert_true(mac_cpu_interrupted());
    mac_check_state("escc");
    g_assert_cmphex(escc_get(3), ==, 0x20);
    g_assert_cmphex(mac_load(CONTROL_A, 1) & 1, ==, 1);
    /* The same registers where old systems look. */
    g_assert_cmphex(mac_load(ESCC_LEGACY + 2, 1) & 1, ==, 1);
    g_assert_cmphex(mac_load(ESCC_LEGACY + 6, 1), ==, 'y');
    g_assert_cmphex(mac_load(CONTROL_A, 1) & 1, ==, 0);
}

static int take_nothing(Chardev *chr, const uint8_t *buf, int size)
{
    return 0;
}

static guint watch_forever(Chardev *chr, gboolean (*fn)(void *opaque), void *opaque)
{
    return g_timeout_add_seconds(G_MAXUINT, fn, opaque);
}

static GBytes *console_output(void)
{
    GError *error = NULL;
    GBytes *bytes = chardev_ringbuf_read(console, 64, &error);

    g_assert_no_error(error);
    return bytes;
}

/* What the host has not taken goes on its way in the machine that goes on, and its interrupt comes
 * there. */
static void test_escc_blocked(void)
{
    const ChardevClass *class = console->class;
    ChardevClass blocked = *class;
    DeviceState *escc = mac_find("escc"), *pic = mac_find("heathrow");
    const VMStateDescription *escc_vmsd = device_class_vmstate(device_get_class(escc)),
                             *pic_vmsd = device_class_vmstate(device_get_class(pic));
    GError *error = NULL;
    g_autoptr(GBytes) escc_state = NULL, pic_state = NULL, before = NULL, none = NULL, one = NULL;
    const void *bytes;
    gsize size;

    setup();
    before = console_output();
    mac_store_le(PIC + 0x24, 1u << 0x0f);
    escc_set(9, 0x08);
    escc_set(1, 0x02);
    escc_set(14, 0x00);
    escc_set(5, 0x08);
    blocked.write = take_nothing;
    blocked.add_watch = watch_forever;
    console->class = &blocked;
    mac_store(DATA_A, 'z', 1);
    g_assert_cmphex(mac_load(CONTROL_A, 1) & 0x04, ==, 0);
    g_assert_false(mac_cpu_interrupted());
    escc_state = vmstate_save_to_bytes(escc_vmsd, escc, &error);
    g_assert_no_error(error);
    pic_state = vmstate_save_to_bytes(pic_vmsd, pic, &error);
    g_assert_no_error(error);
    setup();
    console->class = class;
    bytes = g_bytes_get_data(escc_state, &size);
    /* One that breaks off behind the channel puts nothing out, nor does one that is whole. */
    g_assert_false(
        vmstate_load_from_bytes(escc_vmsd, escc, bytes, size - 1, escc_vmsd->version_id, &error));
    g_clear_error(&error);
    g_assert_true(
        vmstate_load_from_bytes(escc_vmsd, escc, bytes, size, escc_vmsd->version_id, &error));
    g_assert_no_error(error);
    none = console_output();
    g_assert_cmpuint(g_bytes_get_size(none), ==, 0);
    bytes = g_bytes_get_data(pic_state, &size);
    g_assert_true(
        vmstate_load_from_bytes(pic_vmsd, pic, bytes, size, pic_vmsd->version_id, &error));
    g_assert_no_error(error);
    g_assert_false(mac_cpu_interrupted());
    vm_start();
    one = console_output();
    g_assert_cmpmem(g_bytes_get_data(one, NULL), g_bytes_get_size(one), "z", 1);
    g_assert_true(mac_cpu_interrupted());
    g_assert_cmphex(mac_load_le(PIC + 0x20), ==, 1u << 0x0f);
    g_assert_cmphex(mac_load(CONTROL_A, 1) & 0x04, ==, 0x04);
    vm_stop(RUN_STATE_PAUSED);
}

/* Loads the controller from a stream of that dialect in which nobody has enabled interrupts; a
 * character comes. */
static bool interrupted_after(const char *dialect, uint8_t *pending)
{
    DeviceState *escc = mac_find("escc");
    const VMStateDescription *vmsd = device_class_vmstate(device_get_class(escc));
    g_autoptr(GBytes) state = NULL;
    GError *error = NULL;
    VMStateWire wire;
    const uint8_t *bytes;
    gsize size;

    setup();
    mac_store_le(PIC + 0x24, 1u << 0x0f);
    escc_set(9, 0xc0);
    escc_set(1, 0x12);
    escc_set(14, 0x00);
    escc_set(3, 0x01);
    chardev_receive(console, (const uint8_t *)"y", 1);
    g_assert_false(mac_cpu_interrupted());
    g_assert_true(vmstate_wire_parse(dialect, &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    state = vmstate_save_to_bytes(vmsd, escc, &error);
    g_assert_no_error(error);
    g_assert_true(vmstate_wire_parse("own", &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    bytes = g_bytes_get_data(state, &size);
    /* Two channels of six words, two characters, two times 16 registers: register 3 of A's for
     * reading. */
    *pending = bytes[2 * (6 * 4 + 2 + 32) - 16 + 3];
    g_assert_true(vmstate_load_from_bytes(vmsd, escc, bytes, size, vmsd->version_id, &error));
    g_assert_no_error(error);
    return mac_cpu_interrupted();
}

/* QEMU does not say whether the guest has enabled interrupts, and shows what waits in a register.
 */
static void test_escc_dialects(void)
{
    uint8_t pending;

    g_assert_true(interrupted_after("qemu-7.2", &pending));
    g_assert_cmphex(pending, ==, 0x20);
    g_assert_true(interrupted_after("qemu-10.0", &pending));
    g_assert_cmphex(pending, ==, 0x20);
    /* The guest says so now. */
    escc_set(9, 0x00);
    mac_store_le(PIC + 0x28, UINT32_MAX);
    g_assert_false(mac_cpu_interrupted());
    escc_set(9, 0x08);
    g_assert_true(mac_cpu_interrupted());
    g_assert_false(interrupted_after("own", &pending));
}

/* ---- NVRAM, fw_cfg ---- */

static void test_nvram(void)
{
    static const uint8_t system[] = {0x70, 0xd9, 0x00, 0xc1, 's', 'y', 's', 't', 'e', 'm', 0},
                         free_part[] = {0x7f, 0x62, 0x00, 0x3f, 'f', 'r', 'e', 'e', 0},
                         osx[] = {0x5a, 0x7d, 0x01, 0x00, 'w'},
                         sum[] = {0x1f, 0xd2, 0x00, 0x02, 0, 0, 0, 2};
    const struct { unsigned at; const uint8_t *bytes; unsigned n;
    } expected[] = {
        {0, system, sizeof(system)},
        {0xc10, free_part, sizeof(free_part)},
        {0x1000, osx, sizeof(osx)},
        {0x1010, sum, sizeof(sum)},
    };

    setup();
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        for (unsigned j = 0; j < expected[i].n; j++) {
            g_assert_cmphex(mac_load(NVRAM + ((expected[i].at + j) << 4), 1), ==,
                            expected[i].bytes[j]);
        }
    }
    mac_store(NVRAM + (0x1ff << 4), 0x5c, 1);
    mac_check_state("macio-nvram");
    g_assert_cmphex(mac_load(NVRAM + (0x1ff << 4), 1), ==, 0x5c);
    mac_store(NVRAM + (0x1ff << 4), 0, 1);
}

static void test_fw_cfg(void)
{
    static const uint8_t directory[] = {0,    0, 0, 1,   0,   0,   0,   4,   0,
                                        0x20, 0, 0, 'e', 't', 'c', '/', 'a', 0};
    g_autofree char *name = g_strnfill(56, 'n');
    GError *error = NULL;

    setup();
    mac_store(FW_CFG, FW_CFG_SIGNATURE, 2);
    g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 'Q');
    g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 'E');
    mac_check_state("fw_cfg_mem");
    g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 'M');
    mac_store(FW_CFG, FW_CFG_PPC_TBFREQ, 2);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 16600000u >> 8 * i & 0xff);
    }
    g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 0);
    mac_store(FW_CFG, 0x7abc, 2);
    g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 0);
    /* No files. */
    mac_store(FW_CFG, FW_CFG_FILE_DIR, 2);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 0);
    }
    g_assert_false(fw_cfg_add_file(mac_find("fw_cfg_mem"), name, "x", 1, &error));
    g_clear_error(&error);
    g_assert_true(fw_cfg_add_file(mac_find("fw_cfg_mem"), "etc/a", "data", 4, &error));
    mac_store(FW_CFG, FW_CFG_FILE_DIR, 2);
    for (unsigned i = 0; i < sizeof(directory); i++) {
        g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, directory[i]);
    }
    mac_store(FW_CFG, 0x20, 2);
    g_assert_cmphex(mac_load(FW_CFG + 2, 1), ==, 'd');
}

/* ---- QEMU's sections ---- */

/* Whose section it is. */
static void *owner(const char *name, unsigned n, const VMStateDescription **vmsd)
{
    static const struct { const char *name, *class;
    } rows[] = {
        {"PCIHost", "grackle-pcihost"},
        {"escc", "escc"},
        {"heathrow_pic", "heathrow"},
        {"mos6522", "mos6522"},
        {"cuda", "via-cuda"},
        {"macio_nvram", "macio-nvram"},
        {"pci.0:10.0/macio-oldworld", "macio-oldworld"},
        {"adb_kbd", "adb-keyboard"},
        {"adb_mouse", "adb-mouse"},
        {"fw_cfg", "fw_cfg_mem"},
    };
    BusState *bus;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(rows[i].name, name)) {
            DeviceState *dev = mac_find(rows[i].class);

            *vmsd = device_class_vmstate(device_get_class(dev));
            return dev;
        }
    }
    bus = !strcmp(name, "adb_bus") ? cuda_adb_bus(mac_find("via-cuda"))
                                   : &pci_host(mac_find("grackle-pcihost"))->bus->parent;
    *vmsd = bus_get_class(bus)->vmstate;
    return bus;
}

static void test_golden_7_2(void)
{
    setup();
    mac_check_golden("test-mac-7.2.gz", "qemu-7.2", 12, owner);
}

static void test_golden_10_0(void)
{
    setup();
    mac_check_golden("test-mac-10.0.gz", "qemu-10.0", 12, owner);
}

/* ---- On the way to a QEMU ---- */

static GPtrArray *prepare(MacResume *r, VMStateWire wire, bool running)
{
    GPtrArray *lost = g_ptr_array_new_with_free_func(g_free);

    mac_resume_prepare(r, wire, running, lost);
    return lost;
}

/* 7.2 gets a processor that takes a decrementer interrupt; here nothing has happened. */
static void test_resume(void)
{
    PowerPCCPU *cpu = POWERPC_CPU(cpu_first());
    CPUPPCState *env = &cpu->env;
    MacResume r = {.cpu = cpu};
    g_autoptr(GPtrArray) lost = NULL;
    uint64_t msr = MSR_BIT(EE) | MSR_BIT(ME) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(RI) |
                   MSR_BIT(POW);

    setup();
    env->nip = 0xc0001234;
    env->msr = msr;
    env->spr[SPR_SRR0] = 1;
    env->spr[SPR_SRR1] = 2;
    cpu->parent.halted = 1;
    lost = prepare(&r, VMSTATE_WIRE_QEMU_7_2, true);
    g_assert_cmpuint(lost->len, ==, 0);
    g_assert_cmphex(env->nip, ==, 0x900);
    g_assert_cmphex(env->msr, ==, MSR_BIT(ME));
    g_assert_cmphex(env->spr[SPR_SRR0], ==, 0xc0001234);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, msr & ~MSR_BIT(POW));
    g_assert_false(cpu->parent.halted);
    mac_resume_undo(&r);
    g_assert_cmphex(env->nip, ==, 0xc0001234);
    g_assert_cmphex(env->msr, ==, msr);
    g_assert_cmphex(env->spr[SPR_SRR0], ==, 1);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, 2);
    g_assert_true(cpu->parent.halted);
    mac_resume_undo(&r);
    g_assert_cmphex(env->spr[SPR_SRR1], ==, 2);
    /* Vectors in the ROM, and little-endian ones. */
    env->msr |= MSR_BIT(IP) | MSR_BIT(ILE);
    g_clear_pointer(&lost, g_ptr_array_unref);
    lost = prepare(&r, VMSTATE_WIRE_QEMU_7_2, false);
    g_assert_cmphex(env->nip, ==, 0xfff00900);
    g_assert_cmphex(env->msr, ==, MSR_BIT(ME) | MSR_BIT(IP) | MSR_BIT(ILE) | MSR_BIT(LE));
    mac_resume_undo(&r);
    cpu_reset(&cpu->parent);
}

static void test_resume_impossible(void)
{
    PowerPCCPU *cpu = POWERPC_CPU(cpu_first());
    CPUPPCState *env = &cpu->env;
    MacResume r = {.cpu = cpu};
    uint64_t nip;

    setup();
    nip = env->nip;
    for (int i = 0; i < 8; i++) {
        VMStateWire wire = i & 1 ? VMSTATE_WIRE_QEMU_7_2 : VMSTATE_WIRE_QEMU_10_0;
        bool running = i & 2, waits = i & 4;

        env->msr = waits ? MSR_BIT(EE) : 0;
        ppc_set_interrupt(cpu, PPC_INTERRUPT_EXT, waits);
        /* Where the controller tells again nothing is lost. */
        r.controller_tells = false;
        g_autoptr(GPtrArray) lost = prepare(&r, wire, running);
        bool loses = running && (waits || wire == VMSTATE_WIRE_QEMU_7_2);
        g_assert_cmpuint(lost->len, ==, loses);
        g_assert_cmpint(r.active, ==, wire == VMSTATE_WIRE_QEMU_7_2 && waits && !running);
        mac_resume_undo(&r);
        g_assert_cmphex(env->nip, ==, nip);
        r.controller_tells = true;
        g_autoptr(GPtrArray) none = prepare(&r, wire, running);
        g_assert_cmpuint(none->len, ==, wire == VMSTATE_WIRE_QEMU_7_2 && running && !waits);
        mac_resume_undo(&r);
    }
    ppc_set_interrupt(cpu, PPC_INTERRUPT_EXT, false);
    cpu_reset(&cpu->parent);
}

/* ---- The machine ---- */

static void nothing(void)
{
}

static bool never(void)
{
    return false;
}

/* Also while the machine runs the processor does not. */
static const VMControlOps still = {.pause_all = nothing, .resume_all = nothing, .on_vcpu = never,
                                   .stop_current = nothing};

static void start(void)
{
    GError *error = NULL;

    runtime_init();
    console = chardev_new_from_short("console", "ringbuf", false, &error);
    g_assert_no_error(error);
    mac_start("g3beige", NULL, console, true);
    runstate_set_control(&still);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    start();
    g_test_add_func("/mac/pci", test_pci);
    g_test_add_func("/mac/pic", test_pic);
    g_test_add_func("/mac/pic/loaded", test_pic_loaded);
    g_test_add_func("/mac/via-timers", test_via_timers);
    g_test_add_func("/mac/cuda/commands", test_cuda_commands);
    g_test_add_func("/mac/cuda/in-step", test_cuda_in_step);
    g_test_add_func("/mac/cuda/one-second", test_one_second);
    g_test_add_func("/mac/cuda/power", test_power);
    g_test_add_func("/mac/adb", test_adb);
    g_test_add_func("/mac/escc/registers", test_escc);
    g_test_add_func("/mac/escc/blocked", test_escc_blocked);
    g_test_add_func("/mac/escc/dialects", test_escc_dialects);
    g_test_add_func("/mac/nvram", test_nvram);
    g_test_add_func("/mac/fw-cfg", test_fw_cfg);
    g_test_add_func("/mac/golden/7.2", test_golden_7_2);
    g_test_add_func("/mac/golden/10.0", test_golden_10_0);
    g_test_add_func("/mac/resume/decrementer", test_resume);
    g_test_add_func("/mac/resume/impossible", test_resume_impossible);
    status = g_test_run();
    mac_stop();
    return status;
}
