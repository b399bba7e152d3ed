/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual I/O devices: the terminal's input buffer and interrupt, the NVRAM's first partitions and
 * its RTAS calls, and their state.  LoPAR 16.3.1, 7.3.1 and chapter 8.
 */
#include <string.h>
#include "test-spapr-bench.h"
#include "chardev/chardev-private.h"
#include "hw/char/spapr-vty.h"
#include "hw/intc/xics.h"
#include "hw/nvram/spapr-nvram.h"

#define VTY 0x71000000u
#define NVRAM 0x71000001u
#define BUFFER (BENCH_FREE + 0x10000)
#define NOWHERE 0xf0000000u
enum { H_GET_TERM_CHAR = 0x54, H_VIO_SIGNAL = 0x104 };

static DeviceState *device(uint32_t reg)
{
    VioDevice *dev = vio_bus_find(bench_machine()->vio, reg);

    g_assert_nonnull(dev);
    return &dev->parent;
}

static void type(const char *text)
{
    chardev_receive(bench_console(), (const uint8_t *)text, strlen(text));
}

static unsigned interrupts(void)
{
    XicsState *xics = (XicsState *)bench_machine()->xics;
    unsigned n = 0;
    uint32_t taken;

    while ((taken = xics_accept(xics, 0)) & 0xffffff) {
        n += (taken & 0xffffff) == SPAPR_IRQ_VIO;
        xics_eoi(xics, 0, taken);
    }
    return n;
}

static void test_terminal_input(void)
{
    Call c;

    xics_set_cppr((XicsState *)bench_machine()->xics, 0, 0xff);
    xics_set_xive((XicsState *)bench_machine()->xics, SPAPR_IRQ_VIO, 0, 5);
    g_assert_cmpint(chardev_can_receive(bench_console()), ==, 16);
    type("abc");
    /* One interrupt when the buffer stops being empty, not one a character. */
    g_assert_cmpuint(interrupts(), ==, 1);
    type("defghijklmnop");
    g_assert_cmpuint(interrupts(), ==, 0);
    g_assert_cmpint(chardev_can_receive(bench_console()), ==, 0);
    c = HCALL(H_GET_TERM_CHAR, VTY);
    g_assert_cmpint(c.result, ==, H_SUCCESS);
    g_assert_cmpuint(c.r[0], ==, 16);
    g_assert_cmphex(c.r[1], ==, 0x6162636465666768ull);
    g_assert_cmphex(c.r[2], ==, 0x696a6b6c6d6e6f70ull);
    g_assert_cmpuint(HCALL(H_GET_TERM_CHAR, VTY).r[0], ==, 0);
    type("xyz");
    c = HCALL(H_GET_TERM_CHAR, VTY);
    g_assert_cmpuint(c.r[0], ==, 3);
    g_assert_cmphex(c.r[1], ==, 0x78797a0000000000ull);
    g_assert_cmphex(c.r[2], ==, 0);
    g_assert_cmpuint(interrupts(), ==, 1);
    /* Interrupts off: characters come all the same. */
    g_assert_cmpint(HRESULT(H_VIO_SIGNAL, VTY, 0), ==, H_SUCCESS);
    type("q");
    g_assert_cmpuint(interrupts(), ==, 0);
    g_assert_cmpuint(HCALL(H_GET_TERM_CHAR, VTY).r[0], ==, 1);
    g_assert_cmpint(HRESULT(H_VIO_SIGNAL, VTY, 1), ==, H_SUCCESS);
}

static void check_stream(DeviceState *dev, const VMStateDescription *vmsd, gsize step)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = vmstate_save_to_bytes(vmsd, dev, &error), again = NULL;
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(saved, &size);

    g_assert_no_error(error);
    g_assert_true(vmstate_check_description(vmsd, &error));
    g_assert_true(vmstate_load_from_bytes(vmsd, dev, bytes, size, 1, &error));
    again = vmstate_save_to_bytes(vmsd, dev, &error);
    g_assert_true(g_bytes_equal(saved, again));
    for (gsize cut = 0; cut < size; cut += step) {
        g_assert_false(vmstate_load_from_bytes(vmsd, dev, bytes, cut, 1, &error));
        g_clear_error(&error);
    }
    g_assert_true(vmstate_load_from_bytes(vmsd, dev, bytes, size, 1, &error));
}

static void test_terminal_state(void)
{
    DeviceState *vty = device(VTY);
    const VMStateDescription *vmsd = spapr_vty_vio_class.device.vmstate;
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL;
    g_autofree uint8_t *copy = NULL;
    gsize size;
    uint8_t got[16];

    type("0123456789");
    g_assert_cmpuint(spapr_vty_read(vty, got, 4), ==, 4);
    type("ABCDEFG");
    saved = vmstate_save_to_bytes(vmsd, vty, &error);
    /* Lost by a reset, back with the state. */
    spapr_vty_vio_class.device.reset.hold(vty, RESET_TYPE_COLD);
    g_assert_cmpuint(spapr_vty_read(vty, got, 16), ==, 0);
    g_assert_true(vmstate_load_from_bytes(vmsd, vty, g_bytes_get_data(saved, &size),
                                          g_bytes_get_size(saved), 1, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(spapr_vty_read(vty, got, 16), ==, 13);
    g_assert_cmpmem(got, 13, "456789ABCDEFG", 13);
    check_stream(vty, vmsd, 1);
    /* More characters than the buffer holds; another unit address. */
    size = g_bytes_get_size(saved);
    copy = g_memdup2(g_bytes_get_data(saved, NULL), size);
    copy[32 + 2] ^= 0x40;
    g_assert_false(vmstate_load_from_bytes(vmsd, vty, copy, size, 1, &error));
    g_clear_error(&error);
    memcpy(copy, g_bytes_get_data(saved, NULL), size);
    copy[0] ^= 1;
    g_assert_false(vmstate_load_from_bytes(vmsd, vty, copy, size, 1, &error));
    g_clear_error(&error);
    g_assert_true(
        vmstate_load_from_bytes(vmsd, vty, g_bytes_get_data(saved, NULL), size, 1, &error));
    spapr_vty_read(vty, got, 16);
}

/* ---- NVRAM ---- */

/* Ones' complement sum of the header without the checksum, as an operating system computes it. */
static uint8_t checksum(const uint8_t *header)
{
    unsigned sum = header[0];

    for (unsigned i = 2; i < 16; i++) {
        sum += header[i];
    }
    while (sum >> 8) {
        sum = (sum & 0xff) + (sum >> 8);
    }
    return sum;
}

static void test_partitions(void)
{
    uint32_t size, at = 0;
    uint8_t *bytes = spapr_nvram_bytes(device(NVRAM), &size);
    unsigned n = 0;
    bool free_space = false;

    g_assert_cmpuint(size, ==, 65536);
    while (at < size) {
        unsigned length = (bytes[at + 2] << 8 | bytes[at + 3]) * 16;

        g_assert_cmphex(bytes[at + 1], ==, checksum(bytes + at));
        g_assert_cmpuint(length, >=, 16);
        if (bytes[at] == 0x7f) {
            /* Free space has the name that the format gives it. */
            g_assert_cmpmem(bytes + at + 4, 12, "wwwwwwwwwwww", 12);
            free_space = true;
        }
        at += length;
        n++;
    }
    g_assert_cmpuint(at, ==, size);
    g_assert_cmpuint(n, >=, 2);
    g_assert_true(free_space);
}

static void test_nvram_calls(void)
{
    SpaprMachine *spapr = bench_machine();
    uint32_t r[2];

    bench_text(BUFFER, "in the NVRAM");
    g_assert_cmpuint(RTAS(RTAS_NVRAM_STORE, r, 2, 0x2000, BUFFER, 12), ==, 0);
    g_assert_cmpuint(r[1], ==, 12);
    spapr_zero(spapr, BUFFER, 64);
    g_assert_cmpuint(RTAS(RTAS_NVRAM_FETCH, r, 2, 0x2003, BUFFER, 9), ==, 0);
    g_assert_cmpuint(r[1], ==, 9);
    {
        g_autofree char *text = spapr_read_string(spapr, BUFFER, 64);

        g_assert_cmpstr(text, ==, "the NVRAM");
    }
    g_assert_cmpuint(RTAS(RTAS_NVRAM_FETCH, r, 2, 65536 - 8, BUFFER, 8), ==, 0);
    g_assert_cmpuint(RTAS(RTAS_NVRAM_FETCH, r, 2, 65536, BUFFER, 0), ==, 0);
    /* Beyond the end, around it, to and from nowhere. */
    for (unsigned i = 0; i < 2; i++) {
        uint32_t call = i ? RTAS_NVRAM_STORE : RTAS_NVRAM_FETCH;

        g_assert_cmpint((int32_t)RTAS(call, r, 2, 65536 - 7, BUFFER, 8), ==, RTAS_OUT_PARAM_ERROR);
        g_assert_cmpuint(r[1], ==, 0);
        g_assert_cmpint((int32_t)RTAS(call, r, 2, 65537, BUFFER, 0), ==, RTAS_OUT_PARAM_ERROR);
        g_assert_cmpint((int32_t)RTAS(call, r, 2, UINT32_MAX, BUFFER, 2), ==, RTAS_OUT_PARAM_ERROR);
        g_assert_cmpint((int32_t)RTAS(call, r, 2, 8, BUFFER, UINT32_MAX), ==, RTAS_OUT_PARAM_ERROR);
        g_assert_cmpint((int32_t)RTAS(call, r, 2, 0, NOWHERE, 8), ==, RTAS_OUT_PARAM_ERROR);
        g_assert_cmpint((int32_t)RTAS(call, r, 2, 0, BENCH_RAM - 4, 8), ==, RTAS_OUT_PARAM_ERROR);
        /* Too few arguments or results. */
        g_assert_cmpint((int32_t)RTAS(call, r, 2, 0, BUFFER), ==, RTAS_OUT_PARAM_ERROR);
        g_assert_cmpint((int32_t)RTAS(call, r, 1, 0, BUFFER, 8), ==, RTAS_OUT_PARAM_ERROR);
    }
}

static void test_nvram_state(void)
{
    check_stream(device(NVRAM), spapr_nvram_vio_class.device.vmstate, 977);
}

/* ---- RTAS itself ---- */

static void test_rtas_frames(void)
{
    SpaprMachine *spapr = bench_machine();
    const uint64_t at = BENCH_FREE;

    g_assert_cmpint(HRESULT(H_PRIVATE_RTAS, NOWHERE), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_RTAS, UINT64_MAX - 4), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PRIVATE_RTAS, BENCH_RAM - 12), ==, H_PARAMETER);
    spapr_stl(spapr, at, RTAS_GET_TIME_OF_DAY);
    spapr_stl(spapr, at + 4, 0);
    spapr_stl(spapr, at + 8, 17);
    g_assert_cmpint(HRESULT(H_PRIVATE_RTAS, at), ==, H_PARAMETER);
    spapr_stl(spapr, at + 4, UINT32_MAX);
    spapr_stl(spapr, at + 8, 1);
    g_assert_cmpint(HRESULT(H_PRIVATE_RTAS, at), ==, H_PARAMETER);
    g_assert_cmpint((int32_t)RTAS(0x1fff, NULL, 1, 0), ==, RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(0x5000, NULL, 1, 0), ==, RTAS_OUT_PARAM_ERROR);
}

static void test_time_of_day(void)
{
    uint32_t r[8];

    g_assert_cmpuint(RTAS(RTAS_SET_TIME_OF_DAY, NULL, 1, 2031, 12, 31, 23, 59, 58, 0), ==, 0);
    g_assert_cmpuint(RTAS(RTAS_GET_TIME_OF_DAY, r, 8), ==, 0);
    g_assert_cmpuint(r[1], >=, 2031);
    g_assert_cmpuint(r[7], <, 1000000000);
    g_assert_cmpint((int32_t)RTAS(RTAS_SET_TIME_OF_DAY, NULL, 1, 2031, 13, 1, 0, 0, 0, 0), ==,
                    RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(RTAS_SET_TIME_OF_DAY, NULL, 1, 1800, 1, 1, 0, 0, 0, 0), ==,
                    RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(RTAS_SET_TIME_OF_DAY, NULL, 1, UINT32_MAX, 1, 1, 0, 0, 0, 0), ==,
                    RTAS_OUT_PARAM_ERROR);
}

static void test_events(void)
{
    SpaprMachine *spapr = bench_machine();
    const uint32_t epow = 0x40000000;

    g_assert_cmpuint(RTAS(RTAS_EVENT_SCAN, NULL, 1, epow, 0, BUFFER, 2048), ==, 1);
    for (unsigned i = 0; i < 200; i++) {
        spapr_powerdown_request(spapr);       /* an impatient user */
    }
    g_assert_cmpuint(spapr->events->len, <=, 64);
    g_assert_cmpuint(RTAS(RTAS_EVENT_SCAN, NULL, 1, 0x80000000, 0, BUFFER, 2048), ==, 1);
    g_assert_cmpint((int32_t)RTAS(RTAS_EVENT_SCAN, NULL, 1, epow, 0, NOWHERE, 2048), ==,
                    RTAS_OUT_PARAM_ERROR);
    g_assert_cmpint((int32_t)RTAS(RTAS_EVENT_SCAN, NULL, 1, epow, 0, BUFFER, 7), ==,
                    RTAS_OUT_PARAM_ERROR);
    /* A short buffer takes what fits. */
    spapr_stl(spapr, BUFFER + 12, 0x77777777);
    g_assert_cmpuint(RTAS(RTAS_EVENT_SCAN, NULL, 1, epow, 0, BUFFER, 12), ==, 0);
    g_assert_cmphex(spapr_ldl(spapr, BUFFER + 12), ==, 0x77777777);
    g_assert_cmpuint(
        RTAS(RTAS_CHECK_EXCEPTION, NULL, 1, 0x500, SPAPR_IRQ_EPOW, epow, 0, BUFFER, 2048), ==, 0);
    /* The extended log: sections by their names and lengths, as many bytes as it says. */
    {
        uint32_t size = spapr_ldl(spapr, BUFFER + 4), at = 16;
        g_autofree uint8_t *log = g_malloc(size);
        unsigned sections = 0;

        g_assert_cmpuint(size, <, 2048);
        spapr_read(spapr, BUFFER + 8, log, size);
        g_assert_cmpmem(log + 12, 4, "IBM", 4);
        while (at + 8 <= size) {
            unsigned length = log[at + 2] << 8 | log[at + 3];

            g_assert_true(g_ascii_isupper(log[at]) && g_ascii_isupper(log[at + 1]));
            g_assert_cmpuint(length, >=, 8);
            at += length;
            sections++;
        }
        g_assert_cmpuint(at, ==, size);
        g_assert_cmpuint(sections, ==, 3);
    }
    spapr_events_reset(spapr);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    bench_start("pseries,ic-mode=xics", "power8_v2.0", false);
    g_test_add_func("/vio/terminal-input", test_terminal_input);
    g_test_add_func("/vio/terminal-state", test_terminal_state);
    g_test_add_func("/vio/partitions", test_partitions);
    g_test_add_func("/vio/nvram-calls", test_nvram_calls);
    g_test_add_func("/vio/nvram-state", test_nvram_state);
    g_test_add_func("/rtas/frames", test_rtas_frames);
    g_test_add_func("/rtas/time-of-day", test_time_of_day);
    g_test_add_func("/rtas/events", test_events);
    result = g_test_run();
    bench_stop();
    return result;
}
