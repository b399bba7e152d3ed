/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logical LANs: their hypercalls with good, edge and hostile arguments, the receive queue, pools of
 * buffers, state with buffers waiting.  LoPAR 17.3.4.
 *
 * test-vlan-VERSION.gz: sections of QEMU's (tests/migration/make-golden-net.py).
 */
#include <string.h>
#include "test-mac-bench.h"
#include "test-spapr-bench.h"
#include "hw/core/boot.h"
#include "hw/net/nic.h"
#include "hw/net/spapr-vlan.h"
#include "system/main-loop.h"
#include "system/reset.h"
#include "system/runtime.h"

#define LAN 0x71000002u
#define MEMORY BENCH_FREE
#define WINDOW 0x40000u
enum {
    H_PUT_TCE = 0x20,
    H_VIO_SIGNAL = 0x104,
    H_REGISTER = 0x114,
    H_FREE = 0x118,
    H_ADD = 0x11c,
    H_SEND = 0x120,
    H_MULTICAST = 0x130,
    H_CHANGE_MAC = 0x14c,
};
/* In the window. */
enum { LIST = 0x0000, FILTERS = 0x1000, QUEUE = 0x2000, BUFFERS = 0x10000, OUTSIDE = 0x50000 };
#define BD(at, size) (1ull << 63 | (uint64_t)(size) << 32 | (at))

static struct {
    NetClient *wire;
    uint8_t frame[70000];
    size_t size;
    unsigned frames;
} t;

static ssize_t wire_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    memcpy(t.frame, frame, size);
    t.size = size;
    t.frames++;
    return (ssize_t)size;
}

static const NetClientInfo wire_info = {
    .type = "test", .size = sizeof(NetClient), .receive = wire_receive};

static uint8_t *host(uint64_t bus)
{
    g_assert_cmpuint(bus, <, WINDOW);
    return (uint8_t *)memory_region_get_ram_ptr(bench_machine()->parent.ram) + MEMORY + bus;
}

static VioDevice *lan(void)
{
    return vio_bus_find(bench_machine()->vio, LAN);
}

static void turn_loop(void)
{
    for (unsigned i = 0; i < 10; i++) {
        main_loop_iterate(false);
    }
}

static void setup(void)
{
    device_cold_reset(&lan()->parent);
    for (uint32_t page = 0; page < WINDOW; page += 4096) {
        g_assert_cmpint(HRESULT(H_PUT_TCE, LAN, page, (MEMORY + page) | 3), ==, H_SUCCESS);
    }
    memset(host(0), 0xaa, WINDOW);
    net_flush(t.wire->peer);
    turn_loop();
    t.frames = 0;
}

static int64_t open_lan(void)
{
    return HRESULT(H_REGISTER, LAN, LIST, BD(QUEUE, 64), FILTERS, 0);
}

static void arrive(size_t size)
{
    uint8_t frame[9100];

    for (size_t i = 0; i < size; i++) {
        frame[i] = (uint8_t)(i + size);
    }
    net_send(t.wire, frame, size);
}

static void test_open(void)
{
    setup();
    g_assert_cmpint(HRESULT(H_REGISTER, LAN - 1, LIST, BD(QUEUE, 64), FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST + 8, BD(QUEUE, 64), FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, OUTSIDE, BD(QUEUE, 64), FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST, BD(QUEUE, 64), OUTSIDE, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST, BD(OUTSIDE, 64), FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST, BD(QUEUE, 0xfffff0), FILTERS, 0), ==,
                    H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST, BD(QUEUE, 0), FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST, BD(QUEUE, 65), FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, LIST, QUEUE, FILTERS, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REGISTER, LAN, 1ull << 40, BD(QUEUE, 64), FILTERS, 0), ==,
                    H_PARAMETER);
    g_assert_cmpint(HRESULT(H_FREE, LAN), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_ADD, LAN, BD(BUFFERS, 2048)), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_SEND, LAN, BD(BUFFERS, 64)), ==, H_DROPPED);
    g_assert_cmphex(host(LIST)[0], ==, 0xaa);
    g_assert_cmpint(open_lan(), ==, H_SUCCESS);
    g_assert_cmpint(open_lan(), ==, H_RESOURCE);
    g_assert_cmphex(ldq_be_p(host(LIST)), ==, BD(QUEUE, 64));
    g_assert_cmphex(ldq_be_p(host(LIST) + 8), ==, BD(FILTERS, 4096));
    g_assert_true(buffer_is_zero(host(LIST) + 16, 4080));
    g_assert_true(buffer_is_zero(host(QUEUE), 64));
    g_assert_cmphex(host(QUEUE)[64], ==, 0xaa);
    g_assert_cmpint(HRESULT(H_MULTICAST, LAN, 0, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_MULTICAST, LAN + 7, 0, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_FREE, LAN), ==, H_SUCCESS);
    g_assert_cmpint(open_lan(), ==, H_SUCCESS);
}

static void test_send(void)
{
    setup();
    open_lan();
    for (unsigned i = 0; i < 300; i++) {
        host(BUFFERS)[i] = (uint8_t)i;
    }
    g_assert_cmpint(HRESULT(H_SEND, LAN, BD(BUFFERS, 100), BD(BUFFERS + 100, 200)), ==, H_SUCCESS);
    g_assert_cmpmem(t.frame, t.size, host(BUFFERS), 300);
    g_assert_cmpint(HRESULT(H_SEND, LAN, 0, BD(BUFFERS, 64)), ==, H_SUCCESS);
    g_assert_cmpuint(t.frames, ==, 1);
    g_assert_cmpint(HRESULT(H_SEND, LAN, BD(BUFFERS, 0x10000), BD(BUFFERS, 1)), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_SEND, LAN, BD(OUTSIDE, 64)), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_SEND, LAN, BD(BUFFERS, 64), 0, 0, 0, 0, 0, 1), ==, H_HARDWARE);
    g_assert_cmpuint(t.frames, ==, 1);
    g_assert_cmpint(HRESULT(H_CHANGE_MAC, LAN, 0x0a0b0c0d0e0full), ==, H_SUCCESS);
    g_assert_cmphex(t.wire->peer->mac[5], ==, 0x0f);
    device_cold_reset(&lan()->parent);
    g_assert_cmphex(t.wire->peer->mac[0], ==, 0x52);
}

static void add(uint32_t at, uint32_t size, uint64_t handle)
{
    stq_be_p(host(at), handle);
    g_assert_cmpint(HRESULT(H_ADD, LAN, BD(at, size)), ==, H_SUCCESS);
}

static void check_entry(unsigned n, uint8_t control, uint32_t size, uint64_t handle)
{
    const uint8_t *entry = host(QUEUE + 16 * n);

    g_assert_cmphex(entry[0], ==, control);
    g_assert_cmpuint(lduw_be_p(entry + 2), ==, 8);
    g_assert_cmpuint(ldl_be_p(entry + 4), ==, size);
    g_assert_cmphex(ldq_be_p(entry + 8), ==, handle);
}

static void test_receive(void)
{
    const VMStateDescription *vmsd = spapr_vlan_vio_class.device.vmstate;
    g_autoptr(GBytes) saved = NULL, again = NULL;
    GError *error = NULL;

    setup();
    open_lan();
    g_assert_cmpint(HRESULT(H_ADD, LAN, BD(OUTSIDE, 2048)), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ADD, LAN, BD(BUFFERS, 8)), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_ADD, LAN, BD(BUFFERS + 1, 64)), ==, H_PARAMETER);
    /* Without a buffer frames wait; with one they come. */
    arrive(100);
    turn_loop();
    g_assert_cmpuint(g_queue_get_length(&t.wire->peer->incoming), ==, 1);
    add(BUFFERS, 512, 0x1111);
    turn_loop();
    check_entry(0, 0xc0, 100, 0x1111);
    g_assert_cmphex(host(BUFFERS + 8)[0], ==, 100);
    /* The smallest that is large enough. */
    add(BUFFERS + 0x4000, 2048, 0x3333);
    add(BUFFERS + 0x1000, 512, 0x2222);
    arrive(504);
    check_entry(1, 0xc0, 504, 0x2222);
    add(BUFFERS + 0x1000, 512, 0x2222);
    arrive(505);
    check_entry(2, 0xc0, 505, 0x3333);
    /* None of that size: dropped, and counted. */
    arrive(1500);
    g_assert_cmpuint(ldq_be_p(host(LIST + 4088)), ==, 1);
    /* The queue turns over, and its toggle. */
    arrive(60);
    check_entry(3, 0xc0, 60, 0x2222);
    g_assert_cmphex(ldq_be_p(host(LIST)), ==, BD(QUEUE, 64) | 1ull << 62);
    add(BUFFERS, 512, 0x4444);
    add(BUFFERS + 0x2000, 1024, 0x5555);
    arrive(61);
    check_entry(0, 0x40, 61, 0x4444);
    /* The state with a buffer that waits, and into a machine that was reset. */
    saved = vmstate_save_to_bytes(vmsd, lan(), &error);
    g_assert_no_error(error);
    spapr_vlan_close(lan());
    g_assert_true(vmstate_load_from_bytes(vmsd, lan(), g_bytes_get_data(saved, NULL),
                                          g_bytes_get_size(saved), 1, &error));
    g_assert_no_error(error);
    again = vmstate_save_to_bytes(vmsd, lan(), &error);
    g_assert_true(g_bytes_equal(saved, again));
    arrive(62);
    check_entry(1, 0x40, 62, 0x5555);
    /* Five sizes; a sixth only when one is used up. */
    for (unsigned i = 0; i < 5; i++) {
        add(BUFFERS + 0x1000 * i, 100 + 4 * i, i);
    }
    g_assert_cmpint(HRESULT(H_ADD, LAN, BD(BUFFERS + 0x8000, 2048)), ==, H_RESOURCE);
    arrive(60);
    check_entry(2, 0x40, 60, 0);
    add(BUFFERS + 0x8000, 2048, 6);
    /* Its page and queue are taken from under it. */
    HCALL(H_PUT_TCE, LAN, QUEUE, 0);
    arrive(100);
    HCALL(H_PUT_TCE, LAN, LIST, 0);
    arrive(1500);
    arrive(100);
    g_assert_cmpint(HRESULT(H_FREE, LAN), ==, H_SUCCESS);
}

/* Counts and sizes that are no good, a state cut at any byte. */
static void test_bad_state(void)
{
    const VMStateDescription *vmsd = spapr_vlan_vio_class.device.vmstate;
    g_autoptr(GBytes) saved = NULL;
    g_autofree uint8_t *copy = NULL;
    GError *error = NULL;
    gsize size, pool;

    setup();
    open_lan();
    add(BUFFERS, 512, 1);
    saved = vmstate_save_to_bytes(vmsd, lan(), &error);
    copy = g_memdup2(g_bytes_get_data(saved, &size), g_bytes_get_size(saved));
    g_assert_cmpuint(size, >, 5 * 32776);
    for (gsize cut = 0; cut < size; cut += 97) {
        g_assert_false(vmstate_load_from_bytes(vmsd, lan(), copy, cut, 1, &error));
        g_clear_error(&error);
    }
    /* The last pool is the one that is in use. */
    pool = size - 32776;
    g_assert_cmpuint(ldl_be_p(copy + pool), ==, 512);
    copy[pool + 4] = 0x80;
    g_assert_false(vmstate_load_from_bytes(vmsd, lan(), copy, size, 1, &error));
    g_clear_error(&error);
    stl_be_p(copy + pool + 4, 4097);
    g_assert_false(vmstate_load_from_bytes(vmsd, lan(), copy, size, 1, &error));
    g_clear_error(&error);
    stl_be_p(copy + pool + 4, 2);
    g_assert_false(vmstate_load_from_bytes(vmsd, lan(), copy, size, 1, &error));
    g_clear_error(&error);
    device_cold_reset(&lan()->parent);
}

static void test_random(void)
{
    static const uint64_t calls[] = {H_REGISTER,   H_FREE, H_ADD, H_SEND,      H_MULTICAST,
                                     H_CHANGE_MAC, H_ADD,  H_ADD, H_VIO_SIGNAL};
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);

    setup();
    open_lan();
    for (unsigned turn = 0; turn < 20000; turn++) {
        uint64_t args[9] = {LAN};

        for (unsigned i = 1; i < 9; i++) {
            uint64_t at = (uint64_t)g_rand_int_range(rand, 0, 0x60) << 12 |
                          (g_rand_boolean(rand) ? 0 : g_rand_int(rand) & 0xfff);

            args[i] = g_rand_boolean(rand)
                          ? at
                          : BD(at, g_rand_int(rand) >> g_rand_int_range(rand, 8, 28));
        }
        bench_hcall(calls[g_rand_int_range(rand, 0, G_N_ELEMENTS(calls))], args, 9);
        if (turn % 3 == 0) {
            arrive((size_t)g_rand_int_range(rand, 1, 9000));
        }
        if (turn % 256 == 0) {
            turn_loop();
        }
    }
}

static void test_golden(const void *version)
{
    g_autofree char *file = g_strdup_printf("test-vlan-%s.gz", (const char *)version);
    g_autoptr(GBytes) golden = mac_read_golden(file), again = NULL;
    const VMStateDescription *vmsd = spapr_vlan_vio_class.device.vmstate;
    GError *error = NULL;
    gsize size;
    const uint8_t *p = g_bytes_get_data(golden, &size);

    setup();
    /* Behind libslirp's section. */
    p += 9 + p[0] + ldl_be_p(p + 5 + p[0]);
    g_assert_cmpmem(p + 1, p[0], "l-lan@71000002/spapr_llan", 25);
    p += 5 + p[0];
    size = ldl_be_p(p);
    g_assert_true(vmstate_load_from_bytes(vmsd, lan(), p + 4, size, 1, &error));
    g_assert_no_error(error);
    again = vmstate_save_to_bytes(vmsd, lan(), &error);
    g_assert_cmpmem(g_bytes_get_data(again, NULL), g_bytes_get_size(again), p + 4, size);
}

/* Its place in the order in which firmware tries devices. */
static void test_bootindex(void)
{
    g_autofree char *list = boot_device_list(' ');
    GError *error = NULL;

    g_assert_cmpstr(list, ==, "/vdevice/l-lan@71000002");
    g_assert_null(device_add("spapr-vlan,reg=0x71000009,bootindex=3", &error));
    g_assert_nonnull(strstr(error->message, "bootindex 3"));
    g_clear_error(&error);
    g_assert_null(vio_bus_find(bench_machine()->vio, 0x71000009));
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    bench_start("pseries-7.2", "power9", false);
    device_classes_register(hw_net_device_classes);
    t.wire = net_client_new(&wire_info, "wire", NULL, &error);
    device_add("spapr-vlan,netdev=wire,reg=0x71000002,bootindex=3", &error);
    g_assert_no_error(error);
    g_test_add_func("/vlan/open", test_open);
    g_test_add_func("/vlan/send", test_send);
    g_test_add_func("/vlan/receive", test_receive);
    g_test_add_func("/vlan/bad-state", test_bad_state);
    g_test_add_func("/vlan/random", test_random);
    g_test_add_func("/vlan/bootindex", test_bootindex);
    g_test_add_data_func("/vlan/golden/7.2", "7.2", test_golden);
    g_test_add_data_func("/vlan/golden/10.0", "10.0", test_golden);
    status = g_test_run();
    bench_stop();
    return status;
}
