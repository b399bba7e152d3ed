/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB as a driver sees it: OHCI's registers, its lists in memory, frames by the virtual clock;
 * keyboard, mouse, tablet and hub behind it; the state of all of them; descriptors that are
 * nonsense.  On mac99,via=pmu; the processor never runs.
 */
#include <string.h>
#include "test-mac-bench.h"
#include "hw/pci/pci-host.h"
#include "block/blockdev.h"
#include "hw/scsi/scsi.h"
#include "hw/usb/hid.h"
#include "system/runstate.h"
#include "ui/input.h"
#include "system/runtime.h"
#include "util/bswap.h"

#define OHCI 0x80900000u
#define SLOT 13
enum {
    CONTROL = OHCI + 0x04,
    STATUS = OHCI + 0x08,
    INTR_STATUS = OHCI + 0x0c,
    INTR_ENABLE = OHCI + 0x10,
    INTR_DISABLE = OHCI + 0x14,
    HCCA_REG = OHCI + 0x18,
    CONTROL_HEAD = OHCI + 0x20,
    BULK_HEAD = OHCI + 0x28,
    DONE = OHCI + 0x30,
    NUMBER = OHCI + 0x3c,
    HUB_STATUS = OHCI + 0x50,
    PORT = OHCI + 0x54,
};
/* Where things are in memory. */
enum { HCCA = 0x10000, ED = 0x10200, TDS = 0x10400, BUFFER = 0x11ff8, FREE_TD = 0x10800 };
enum { SETUP, OUT, IN };
#define OK 0
#define STALL 4
#define NO_DEVICE 5
#define UNDERRUN 9

static void config_write(uint32_t address, uint32_t value)
{
    mac_store_le(0xf2800000u, address & ~4u);
    mac_store_le(0xf2c00000u + (address & 4), value);
}

/* ---- Memory ---- */

static void put(hwaddr at, const void *data, size_t size)
{
    address_space_write(address_space_memory(), at, MEMTXATTRS_UNSPECIFIED, data, size);
}

static void get(hwaddr at, void *data, size_t size)
{
    address_space_read(address_space_memory(), at, MEMTXATTRS_UNSPECIFIED, data, size);
}

static void put_word(hwaddr at, uint32_t value)
{
    uint8_t raw[4];

    stl_le_p(raw, value);
    put(at, raw, 4);
}

static uint32_t word(hwaddr at)
{
    uint8_t raw[4];

    get(at, raw, 4);
    return (uint32_t)ldl_le_p(raw);
}

/* ---- The controller ---- */

static void setup(void)
{
    static const uint8_t zeros[0x4000];

    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    config_write(1u << SLOT | PCI_BASE_ADDRESS_0, OHCI);
    config_write(1u << SLOT | PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    put(HCCA, zeros, sizeof(zeros));
    mac_store_le(HCCA_REG, HCCA);
    mac_store_le(HUB_STATUS, 1u << 16);
    mac_store_le(CONTROL, 0x80 | 0x3c);
    mac_store_le(INTR_ENABLE, 1u << 31 | 2);
}

static void frames(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        mac_pass(SCALE_MS);
    }
}

/* The check tries what comes of changed bits for some time, and sets the clock back: until frames
 * go on. */
static void check_state(const char *class_name)
{
    uint32_t number;

    mac_check_state(class_name);
    number = mac_load_le(NUMBER);
    for (unsigned i = 0; i < 3000 && mac_load_le(NUMBER) == number; i++) {
        mac_pass(SCALE_MS);
    }
}

static void reset_port(unsigned n)
{
    mac_store_le(PORT + 4 * n, 1u << 4);
    g_assert_cmphex(mac_load_le(PORT + 4 * n) & 0x3, ==, 3);
}

static void put_td(unsigned n, unsigned direction, hwaddr buffer, uint32_t size)
{
    hwaddr at = TDS + 16 * n;

    put_word(at, 1u << 18 | direction << 19 | (direction == SETUP ? 2u << 24 : 3u << 24));
    put_word(at + 4, size ? (uint32_t)buffer : 0);
    put_word(at + 8, (uint32_t)at + 16);
    put_word(at + 12, (uint32_t)(buffer + size - 1));
}

static unsigned code(unsigned n)
{
    return word(TDS + 16 * n) >> 28;
}

static void put_ed(uint32_t address, unsigned endpoint, unsigned n_tds, unsigned max)
{
    put_word(ED, address | endpoint << 7 | max << 16);
    put_word(ED + 4, TDS + 16 * n_tds);
    put_word(ED + 8, TDS);
    put_word(ED + 12, 0);
}

/* A control transfer of the default endpoint; the bytes of its data stage that were transferred. */
static int control(uint8_t address, uint16_t request, uint16_t value, uint16_t index,
                   uint16_t length, void *data)
{
    uint8_t raw[8] = {(uint8_t)(request >> 8), (uint8_t)request};
    bool in = request & 0x8000;
    unsigned n = 1;
    uint32_t left;

    stw_le_p(raw + 2, value);
    stw_le_p(raw + 4, index);
    stw_le_p(raw + 6, length);
    put(0x10c00, raw, 8);
    put_td(0, SETUP, 0x10c00, 8);
    if (length) {
        if (!in) {
            put(BUFFER, data, length);
        }
        put_td(n++, in ? IN : OUT, BUFFER, length);
    }
    put_td(n, in && length ? OUT : IN, 0, 0);
    put_ed(address, 0, n + 1, 8);
    mac_store_le(CONTROL_HEAD, ED);
    mac_store_le(STATUS, 2);
    frames(2);
    g_assert_cmphex(code(0), ==, OK);
    for (unsigned i = 1; i <= n; i++) {
        if (code(i) != OK) {
            return -(int)code(i);
        }
    }
    g_assert_cmphex(word(ED + 8) & ~2u, ==, TDS + 16 * (n + 1));
    if (in) {
        get(BUFFER, data, length);
    }
    left = word(TDS + 16 + 4);
    return !length ? 0
           : left  ? (int)(left >= 0x12000 && BUFFER < 0x12000 ? left - BUFFER : left - BUFFER)
                   : length;
}

/* One IN of an interrupt endpoint: bytes, or -1 while it has nothing to say. */
static int poll(uint8_t address, unsigned length, uint8_t *data)
{
    uint32_t left;

    put_td(0, IN, BUFFER, length);
    put_ed(address, 1, 1, 8);
    for (unsigned i = 0; i < 32; i++) {
        put_word(HCCA + 4 * i, ED);
    }
    frames(2);
    for (unsigned i = 0; i < 32; i++) {
        put_word(HCCA + 4 * i, 0);
    }
    if ((word(ED + 8) & ~3u) == TDS) {
        return -1;
    }
    g_assert_cmphex(code(0), ==, OK);
    left = word(TDS + 4);
    get(BUFFER, data, length);
    return left ? (int)(left - BUFFER) : (int)length;
}

static void enumerate(unsigned port, uint8_t address)
{
    reset_port(port);
    g_assert_cmpint(control(0, USB_SET_ADDRESS, address, 0, 0, NULL), ==, 0);
    g_assert_cmpint(control(address, USB_SET_CONFIGURATION, 1, 0, 0, NULL), ==, 0);
}

/* ---- Tests ---- */

static void test_registers(void)
{
    uint32_t before;

    setup();
    g_assert_cmphex(mac_load_le(OHCI), ==, 0x10);
    g_assert_cmphex(mac_load_le(OHCI + 0x48), ==, 0x203);
    g_assert_cmphex(mac_load_le(PORT) & 0x10101, ==, 0x10101);
    g_assert_cmphex(mac_load_le(PORT + 8) & 1, ==, 0);
    before = mac_load_le(NUMBER);
    frames(5);
    g_assert_cmpuint(mac_load_le(NUMBER) - before, >=, 5);
    g_assert_cmphex(word(HCCA + 0x80), ==, mac_load_le(NUMBER));
    g_assert_cmphex(mac_load_le(INTR_STATUS) & 4, ==, 4);
    /* A long pause is not made up for, but its frames count. */
    before = mac_load_le(NUMBER);
    mac_pass(1000 * SCALE_MS);
    g_assert_cmpuint(mac_load_le(NUMBER) - before, >=, 999);
    check_state("pci-ohci");
    frames(1);
    /* Nothing happens without a device; suspended, frames stand. */
    mac_store_le(PORT + 8, 1u << 4);
    g_assert_cmphex(mac_load_le(PORT + 8) & 0x2, ==, 0);
    mac_store_le(CONTROL, 0xc0);
    before = mac_load_le(NUMBER);
    frames(3);
    g_assert_cmpuint(mac_load_le(NUMBER), ==, before);
    mac_store_le(STATUS, 1);
    g_assert_cmphex(mac_load_le(CONTROL), ==, 0xc0);
    g_assert_cmphex(mac_load_le(HCCA_REG), ==, 0);
    mac_store_le(INTR_DISABLE, UINT32_MAX);
    g_assert_cmphex(mac_load_le(INTR_ENABLE), ==, 0);
}

static void test_control(void)
{
    uint8_t data[256];

    setup();
    reset_port(0);
    g_assert_cmpint(control(0, USB_GET_DESCRIPTOR, USB_DESCRIPTOR_DEVICE << 8, 0, 18, data), ==,
                    18);
    g_assert_cmphex(data[0], ==, 18);
    g_assert_cmphex(lduw_le_p(data + 8), ==, 0x0627);
    check_state("usb-kbd");
    g_assert_cmpint(control(0, USB_SET_ADDRESS, 5, 0, 0, NULL), ==, 0);
    /* Over the boundary of a page, and more than there is. */
    g_assert_cmpint(control(5, USB_GET_DESCRIPTOR, USB_DESCRIPTOR_CONFIGURATION << 8, 0, 200, data),
                    ==, 34);
    g_assert_cmphex(data[33], ==, 10);
    g_assert_cmpint(
        control(5, USB_GET_DESCRIPTOR, USB_DESCRIPTOR_STRING << 8 | 2, 0x409, 255, data), ==, 36);
    g_assert_cmphex(data[2], ==, 'Q');
    g_assert_cmpint(control(5, 0x8106, 0x2200, 0, 63, data), ==, 63);
    g_assert_cmphex(data[62], ==, 0xc0);
    g_assert_cmpint(control(5, USB_GET_CONFIGURATION, 0, 0, 1, data), ==, 1);
    g_assert_cmphex(data[0], ==, 0);
    g_assert_cmpint(control(5, USB_SET_CONFIGURATION, 1, 0, 0, NULL), ==, 0);
    g_assert_cmpint(control(5, USB_GET_CONFIGURATION, 0, 0, 1, data), ==, 1);
    g_assert_cmphex(data[0], ==, 1);
    check_state("usb-kbd");
    g_assert_cmpint(control(5, USB_SET_DEVICE_FEATURE, 1, 0, 0, NULL), ==, 0);
    g_assert_cmpint(control(5, USB_GET_DEVICE_STATUS, 0, 0, 2, data), ==, 2);
    g_assert_cmphex(data[0], ==, 2);
    /* What is not there. */
    g_assert_cmpint(control(5, USB_GET_DESCRIPTOR, 0x7700, 0, 8, data), ==, -STALL);
    g_assert_cmpint(control(5, USB_SET_CONFIGURATION, 2, 0, 0, NULL), ==, -STALL);
    g_assert_cmpint(control(5, 0x4055, 0, 0, 0, NULL), ==, -STALL);
    /* Nobody with that address; an endpoint that is not there. */
    put_td(0, SETUP, 0x10c00, 8);
    put_ed(9, 0, 1, 8);
    mac_store_le(STATUS, 2);
    frames(2);
    g_assert_cmphex(code(0), ==, NO_DEVICE);
    put_td(0, IN, BUFFER, 8);
    put_ed(5, 3, 1, 8);
    mac_store_le(STATUS, 2);
    frames(2);
    g_assert_cmphex(code(0), ==, STALL);
    g_assert_cmphex(word(ED + 8) & 1, ==, 1);
}

static void test_done_queue(void)
{
    uint8_t data[8];

    setup();
    mac_store_le(INTR_STATUS, UINT32_MAX);
    reset_port(0);
    mac_store_le(INTR_STATUS, UINT32_MAX);
    control(0, USB_GET_DESCRIPTOR, USB_DESCRIPTOR_DEVICE << 8, 0, 8, data);
    g_assert_cmphex(mac_load_le(INTR_STATUS) & 2, ==, 2);
    g_assert_cmphex(word(HCCA + 0x84) & ~1u, ==, TDS + 32);
    g_assert_cmphex(word(TDS + 32 + 8), ==, TDS + 16);
    g_assert_cmphex(word(TDS + 16 + 8), ==, TDS);
    g_assert_cmphex(word(TDS + 8), ==, 0);
    /* Until it is acknowledged the next ones wait. */
    put_td(0, IN, BUFFER, 8);
    put_ed(0, 0, 1, 8);
    mac_store_le(STATUS, 2);
    frames(2);
    g_assert_cmphex(mac_load_le(DONE), ==, TDS);
    mac_store_le(INTR_STATUS, 2);
    frames(1);
    g_assert_cmphex(mac_load_le(DONE), ==, 0);
    g_assert_cmphex(word(HCCA + 0x84) & ~1u, ==, TDS);
}

static void test_keyboard(void)
{
    DeviceState *kbd = mac_find("usb-kbd");
    uint8_t data[8], leds = 5;

    setup();
    enumerate(0, 5);
    g_assert_cmpint(poll(5, 8, data), ==, -1);
    usb_keyboard_key(kbd, KEY_SHIFT, true);
    usb_keyboard_key(kbd, KEY_A, true);
    check_state("usb-kbd");
    g_assert_cmpint(poll(5, 8, data), ==, 8);
    g_assert_cmphex(data[0], ==, 0x02);
    g_assert_cmphex(data[2], ==, 0);
    g_assert_cmpint(poll(5, 8, data), ==, 8);
    g_assert_cmphex(data[2], ==, 0x04);
    g_assert_cmpint(poll(5, 8, data), ==, -1);
    /* A code with a prefix: the right control key, and an arrow. */
    usb_keyboard_key(kbd, KEY_CTRL_R, true);
    usb_keyboard_key(kbd, KEY_UP, true);
    g_assert_cmpint(poll(5, 8, data), ==, 8);
    g_assert_cmphex(data[0], ==, 0x12);
    g_assert_cmpint(poll(5, 8, data), ==, 8);
    g_assert_cmphex(data[3], ==, 0x52);
    usb_keyboard_key(kbd, KEY_A, false);
    g_assert_cmpint(poll(5, 8, data), ==, 8);
    g_assert_cmphex(data[2], ==, 0x52);
    g_assert_cmphex(data[3], ==, 0);
    /* More keys than a report has room for. */
    for (Key key = KEY_Q; key <= KEY_U; key++) {
        usb_keyboard_key(kbd, key, true);
        g_assert_cmpint(poll(5, 8, data), ==, 8);
    }
    g_assert_cmphex(data[2], ==, 1);
    /* Lights; a rate at which it repeats what it said; more than waits. */
    g_assert_cmpint(control(5, 0x2109, 0x200, 0, 1, &leds), ==, 1);
    g_assert_cmphex(usb_keyboard_leds(kbd), ==, 5);
    g_assert_cmpint(control(5, 0x210a, 2 << 8, 0, 0, NULL), ==, 0);
    frames(10);
    g_assert_cmpint(poll(5, 8, data), ==, 8);
    g_assert_cmpint(control(5, 0xa102, 0, 0, 1, data), ==, 1);
    g_assert_cmphex(data[0], ==, 2);
    g_assert_cmpint(control(5, 0x210a, 0, 0, 0, NULL), ==, 0);
    for (unsigned i = 0; i < 100; i++) {
        usb_keyboard_key(kbd, KEY_LEFT, i & 1);
    }
    check_state("usb-kbd");
    while (poll(5, 8, data) > 0) {
    }
}

static void test_mouse(void)
{
    DeviceState *mouse = mac_find("usb-mouse");
    uint8_t data[8];

    setup();
    enumerate(1, 6);
    g_assert_cmpint(poll(6, 4, data), ==, -1);
    usb_mouse_move(mouse, 100, -20, 0);
    usb_mouse_move(mouse, 100, -20, 1);
    usb_pointer_button(mouse, 1, true);
    check_state("usb-mouse");
    g_assert_cmpint(poll(6, 4, data), ==, 4);
    g_assert_cmphex(data[0], ==, 0);
    g_assert_cmpint((int8_t)data[1], ==, 127);
    g_assert_cmpint((int8_t)data[2], ==, -40);
    g_assert_cmpint((int8_t)data[3], ==, 1);
    g_assert_cmpint(poll(6, 4, data), ==, 4);
    g_assert_cmpint((int8_t)data[1], ==, 73);
    g_assert_cmphex(data[0], ==, 0);
    g_assert_cmpint(poll(6, 4, data), ==, 4);
    g_assert_cmphex(data[0], ==, 2);
    g_assert_cmpint(poll(6, 4, data), ==, -1);
    for (unsigned i = 0; i < 1000; i++) {
        usb_pointer_button(mouse, i % 3, i & 1);
        usb_mouse_move(mouse, INT_MAX, INT_MIN, 0);
    }
    check_state("usb-mouse");
}

/* Each way a mouse has wakes it up. */
static void test_wheel(void)
{
    uint8_t data[8];

    setup();
    enumerate(1, 6);
    g_assert_cmpint(control(6, USB_SET_DEVICE_FEATURE, 1, 0, 0, NULL), ==, 0);
    g_assert_cmpint(poll(6, 4, data), ==, -1);
    mac_store_le(PORT + 4, 1u << 2);
    mac_store_le(CONTROL, 0xc0);
    g_assert_true(input_button(INPUT_WHEEL_DOWN, true));
    g_assert_cmphex(mac_load_le(CONTROL), ==, 0x40);
    mac_store_le(CONTROL, 0x80 | 0x3c);
    g_assert_cmpint(poll(6, 4, data), ==, 4);
    g_assert_cmpint((int8_t)data[3], ==, -1);
}

/* Streams while a control transfer is half done, and while an endpoint is halted. */
static void test_control_state(void)
{
    const uint8_t raw[8] = {0x80, 6, 0, USB_DESCRIPTOR_DEVICE, 0, 0, 18, 0};
    uint8_t wanted[18], got[18];

    setup();
    enumerate(0, 5);
    g_assert_cmpint(control(5, USB_GET_DESCRIPTOR, USB_DESCRIPTOR_DEVICE << 8, 0, 18, wanted), ==,
                    18);
    put(0x10c00, raw, 8);
    for (unsigned stage = 0; stage < 3; stage++) {
        put_td(0, stage ? IN : SETUP, stage ? BUFFER : 0x10c00, stage == 2 ? 10 : 8);
        put_ed(5, 0, 1, 16);
        mac_store_le(CONTROL_HEAD, ED);
        mac_store_le(STATUS, 2);
        frames(2);
        g_assert_cmphex(code(0), ==, OK);
        if (stage) {
            get(BUFFER, got + (stage == 2 ? 8 : 0), stage == 2 ? 10 : 8);
        }
        check_state("usb-kbd");
    }
    g_assert_cmpmem(got, 18, wanted, 18);
    g_assert_cmpint(control(5, USB_SET_ENDPOINT_FEATURE, 0, 0x81, 0, NULL), ==, 0);
    check_state("usb-kbd");
    g_assert_cmpint(control(5, USB_GET_ENDPOINT_STATUS, 0, 0x81, 2, got), ==, 2);
    g_assert_cmphex(got[0], ==, 1);
}

/* Wakes the controller up, when the guest has allowed it. */
static void test_wakeup(void)
{
    setup();
    enumerate(0, 5);
    mac_store_le(PORT, 1u << 2);
    mac_store_le(CONTROL, 0xc0);
    usb_keyboard_key(mac_find("usb-kbd"), KEY_A, true);
    g_assert_cmphex(mac_load_le(CONTROL), ==, 0xc0);
    mac_store_le(CONTROL, 0x80 | 0x3c);
    g_assert_cmpint(control(5, USB_SET_DEVICE_FEATURE, 1, 0, 0, NULL), ==, 0);
    mac_store_le(PORT, 1u << 2);
    mac_store_le(CONTROL, 0xc0);
    usb_keyboard_key(mac_find("usb-kbd"), KEY_B, true);
    g_assert_cmphex(mac_load_le(CONTROL), ==, 0x40);
    g_assert_cmphex(mac_load_le(INTR_STATUS) & 8, ==, 8);
    g_assert_cmphex(mac_load_le(PORT) & 0x40000, ==, 0x40000);
    mac_check_state("pci-ohci");
}

/* A hub, and a tablet behind it. */
static void test_hub(void)
{
    GError *error = NULL;
    uint8_t data[16];
    DeviceState *tablet;

    setup();
    g_assert_nonnull(device_add("usb-hub,id=h", &error));
    g_assert_no_error(error);
    tablet = device_add("usb-tablet,id=t,port=3.2", &error);
    g_assert_no_error(error);
    g_assert_null(device_add("usb-mouse,port=3.2", &error));
    g_clear_error(&error);
    enumerate(2, 7);
    g_assert_cmpint(control(7, 0xa006, 0x2900, 0, 16, data), ==, 10);
    g_assert_cmphex(data[2], ==, 8);
    g_assert_cmpint(poll(7, 2, data), ==, 2);
    g_assert_cmphex(data[0], ==, 4);
    g_assert_cmpint(control(7, 0xa300, 0, 2, 4, data), ==, 4);
    g_assert_cmphex(ldl_le_p(data), ==, 0x00010101);
    g_assert_cmpint(control(7, 0x2301, 16, 2, 0, NULL), ==, 0);
    g_assert_cmpint(control(7, 0x2303, 4, 2, 0, NULL), ==, 0);
    g_assert_cmpint(control(7, 0xa300, 0, 2, 4, data), ==, 4);
    g_assert_cmphex(ldl_le_p(data), ==, 0x00100103);
    check_state("usb-hub");
    g_assert_cmpint(control(0, USB_SET_ADDRESS, 8, 0, 0, NULL), ==, 0);
    g_assert_cmpint(control(8, USB_SET_CONFIGURATION, 1, 0, 0, NULL), ==, 0);
    usb_tablet_move(tablet, 0x1234, 0x7fff, 0);
    check_state("usb-tablet");
    g_assert_cmpint(poll(8, 8, data), ==, 6);
    g_assert_cmphex(lduw_le_p(data + 1), ==, 0x1234);
    g_assert_cmphex(lduw_le_p(data + 3), ==, 0x7fff);
    g_assert_cmpint(control(7, 0x2303, 4, 9, 0, NULL), ==, -STALL);
    device_unrealize(device_find("h"));
    g_assert_cmphex(mac_load_le(PORT + 8) & 1, ==, 0);
}

/* Five hubs one behind another, not six; what is plugged in goes and comes while the machine runs.
 */
static void test_chain(void)
{
    GError *error = NULL;
    g_autoptr(GString) path = g_string_new("3");
    uint8_t data[8];

    setup();
    for (unsigned i = 1; i <= 6; i++) {
        g_autofree char *hub = g_strdup_printf("usb-hub,id=h%u,port=%s", i, path->str);
        DeviceState *dev = device_add(hub, &error);

        if (i == 6) {
            g_assert_null(dev);
            g_assert_nonnull(strstr(error->message, "too deep"));
            g_clear_error(&error);
        } else {
            g_assert_no_error(error);
            g_string_append(path, ".1");
        }
    }
    g_assert_nonnull(device_add("usb-kbd,id=k,port=3.1.1.1.1.1", &error));
    g_assert_no_error(error);
    /* Without a port it goes where there is room for it. */
    g_assert_nonnull(device_add("usb-hub,id=h7", &error));
    g_assert_no_error(error);
    g_assert_true(device_remove("h7", &error));
    enumerate(2, 7);
    g_assert_cmpint(poll(7, 2, data), ==, 2);
    g_assert_true(device_remove("h1", &error));
    g_assert_null(device_find("h5"));
    g_assert_null(device_find("k"));
    g_assert_cmphex(mac_load_le(PORT + 8) & 1, ==, 0);
    /* The last port gets a hub of its own, with room for more. */
    g_assert_nonnull(device_add("usb-tablet,id=k", &error));
    g_assert_cmphex(mac_load_le(PORT + 8) & 1, ==, 1);
    g_assert_cmpstr(((UsbDevice *)device_find("k"))->port->path, ==, "3.1");
    g_assert_true(device_remove("k", &error));
    device_unrealize(mac_find("usb-hub"));
}

/* A packet that ends where the buffer's second page begins: the device gets what lies before. */
static void test_isochronous(void)
{
    enum { PAGE = 0x11000, SIZE = 31, AT = 0x1000 - SIZE };
    uint8_t packet[SIZE] = "USBC";
    GError *error = NULL;
    uint32_t number;

    setup();
    drive_add("if=none,id=iso,driver=null-co,size=1M", BLOCK_IF_NONE, false, &error);
    g_assert_no_error(error);
    g_assert_nonnull(device_add("usb-storage,drive=iso,id=iso,port=3", &error));
    g_assert_no_error(error);
    enumerate(2, 9);
    packet[14] = 6;                     /* a command's size: TEST UNIT READY */
    put(PAGE + AT, packet, SIZE);
    number = mac_load_le(NUMBER);
    put_word(TDS, (number & 0xffff) | 1u << 24 | 0xfu << 28);
    put_word(TDS + 4, PAGE);
    put_word(TDS + 8, TDS + 32);
    put_word(TDS + 12, PAGE + 0x2000 + 15); /* pages need not follow one another */
    put_word(TDS + 16, AT | 0xe000u | (0x1000u | 0xe000u) << 16);
    put_word(ED, 9 | 2 << 7 | 1 << 11 | 1 << 15 | 64 << 16);
    put_word(ED + 4, TDS + 32);
    put_word(ED + 8, TDS);
    put_word(ED + 12, 0);
    for (unsigned i = 0; i < 32; i++) {
        put_word(HCCA + 4 * i, ED);
    }
    frames(1);
    g_assert_cmphex(word(TDS + 16) & 0xffff, ==, 0);
    /* The next one is none that the device takes now. */
    frames(1);
    g_assert_cmphex(word(TDS + 16) >> 16, ==, STALL << 12);
    g_assert_cmphex(code(0), ==, OK);
    g_assert_true(device_remove("iso", &error));
}

/* ---- Nonsense ---- */

static void test_rings(void)
{
    uint8_t data[8];

    setup();
    enumerate(0, 5);
    /* An endpoint that follows itself; a transfer that does. */
    put_ed(5, 1, 1, 8);
    put_word(ED + 12, ED);
    put_td(0, IN, BUFFER, 8);
    for (unsigned i = 0; i < 32; i++) {
        put_word(HCCA + 4 * i, ED);
    }
    frames(3);
    g_assert_cmphex(mac_load_le(INTR_STATUS) & 1, ==, 1);
    put_word(ED, 5 | 8 << 16);
    put_word(ED + 4, 0);
    put_word(ED + 8, TDS);
    put_word(ED + 12, 0);
    put_td(0, SETUP, 0x10c00, 8);
    put_word(TDS + 8, TDS);
    mac_store_le(CONTROL_HEAD, ED);
    mac_store_le(STATUS, 2);
    frames(3);
    /* Outside of memory: it stops, and a reset makes it go on. */
    mac_store_le(CONTROL_HEAD, 0x7ffffff0);
    mac_store_le(STATUS, 2);
    frames(3);
    g_assert_cmphex(mac_load_le(INTR_STATUS) & 0x10, ==, 0x10);
    mac_check_state("pci-ohci");
    setup();
    enumerate(0, 5);
    g_assert_cmpint(control(5, USB_GET_DESCRIPTOR, USB_DESCRIPTOR_DEVICE << 8, 0, 8, data), ==, 8);
}

static void random_descriptors(GRand *random)
{
    for (hwaddr at = HCCA; at < HCCA + 0x1000; at += 4) {
        uint32_t value = g_rand_int(random);

        /* Mostly pointers to where descriptors are, and small addresses and endpoints. */
        switch (g_rand_int(random) % 4) {
        case 0:
            value = HCCA + (value & 0xff0);
            break;
        case 1:
            value = (value & 0x07ff0180) | (value >> 29);
            break;
        case 2:
            value = HCCA + (value & 0x1fff);
            break;
        default:
            break;
        }
        put_word(at, value);
    }
}

static void test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1234);

    for (unsigned round = 0; round < 300; round++) {
        setup();
        reset_port(round % 2);
        random_descriptors(random);
        mac_store_le(HCCA_REG, HCCA);
        mac_store_le(CONTROL_HEAD, HCCA + (g_rand_int(random) & 0xff0));
        mac_store_le(BULK_HEAD, HCCA + (g_rand_int(random) & 0xff0));
        mac_store_le(STATUS, 6);
        for (unsigned i = 0; i < 10; i++) {
            frames(1);
            mac_store_le(OHCI + (g_rand_int(random) & 0xfc), g_rand_int(random));
            mac_load_le(OHCI + (g_rand_int(random) & 0xfc));
        }
    }
    setup();
    enumerate(0, 5);
}

static void test_random_requests(void)
{
    static const uint16_t types[] = {0x00, 0x01, 0x02, 0x20, 0x21, 0x23,
                                     0x80, 0x81, 0x82, 0xa0, 0xa1, 0xa3};
    g_autoptr(GRand) random = g_rand_new_with_seed(77);
    uint8_t data[64] = {0};

    setup();
    reset_port(0);
    for (unsigned i = 0; i < 3000; i++) {
        uint16_t request = (uint16_t)(types[g_rand_int(random) % G_N_ELEMENTS(types)] << 8 |
                                      (g_rand_int(random) & 0xf));

        if (request != USB_SET_ADDRESS) {
            control(0, request, (uint16_t)g_rand_int(random), g_rand_int(random) & 0x83,
                    g_rand_int(random) % 64, data);
        }
    }
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    Chardev *console;
    int status;

    g_test_init(&argc, &argv, NULL);
    runtime_init();
    console = chardev_new_from_short("console", "null", false, &error);
    g_assert_no_error(error);
    mac_start("mac99", "via=pmu", console, false);
    device_classes_register(hw_scsi_device_classes);
    g_test_add_func("/usb/ohci/registers", test_registers);
    g_test_add_func("/usb/ohci/control", test_control);
    g_test_add_func("/usb/ohci/done-queue", test_done_queue);
    g_test_add_func("/usb/keyboard", test_keyboard);
    g_test_add_func("/usb/mouse", test_mouse);
    g_test_add_func("/usb/wakeup", test_wakeup);
    g_test_add_func("/usb/wheel", test_wheel);
    g_test_add_func("/usb/control-state", test_control_state);
    g_test_add_func("/usb/hub", test_hub);
    g_test_add_func("/usb/chain", test_chain);
    g_test_add_func("/usb/ohci/isochronous", test_isochronous);
    g_test_add_func("/usb/ohci/rings", test_rings);
    g_test_add_func("/usb/ohci/random", test_random);
    g_test_add_func("/usb/random-requests", test_random_requests);
    status = g_test_run();
    mac_stop();
    return status;
}
