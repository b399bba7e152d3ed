/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usb-storage as a host sees it: commands, data and status of the bulk-only transport, packet by
 * packet; what host and unit disagree about (the specification's thirteen cases); streams while a
 * command is under way, QEMU's sections; commands and streams that are nonsense.
 */
#include <glib/gstdio.h>
#include <string.h>
#include "test-mac-bench.h"
#include "block/backend.h"
#include "block/blockdev.h"
#include "hw/scsi/scsi.h"
#include "hw/usb/storage.h"
#include "system/main-loop.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/bswap.h"

#define DISK_SIZE (4u << 20)
#define PACKET 64u
#define GOOD 0
#define FAILED 1
#define PHASE 2
enum { BULK_IN = 1, BULK_OUT = 2 };

static char *disk_path;
static UsbDevice *dev;
static uint32_t next_tag = 1;
static bool impatient;                  /* a NAK is an answer */

/* ---- The host ---- */

static void turn_loop(void)
{
    main_loop_iterate(false);
    g_usleep(100);
}

/* Until it is no NAK. */
static int transact(UsbToken token, unsigned endpoint, void *data, unsigned length)
{
    int64_t end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    int result;

    while ((result = usb_transaction(dev, token, endpoint, data, length)) == USB_NAK &&
           !impatient && g_get_monotonic_time() < end) {
        turn_loop();
    }
    return result;
}

static int control(uint16_t request, uint16_t value, uint16_t index, uint16_t length, uint8_t *data)
{
    uint8_t raw[8] = {(uint8_t)(request >> 8), (uint8_t)request};
    int done = 0, n;

    stw_le_p(raw + 2, value);
    stw_le_p(raw + 4, index);
    stw_le_p(raw + 6, length);
    g_assert_cmpint(transact(USB_SETUP, 0, raw, 8), ==, 8);
    if (!(request & 0x8000)) {
        return transact(USB_IN, 0, raw, 0);
    }
    while (done < length && (n = transact(USB_IN, 0, data + done, 8)) > 0) {
        done += n;
    }
    return transact(USB_OUT, 0, raw, 0) == 0 ? done : USB_STALL;
}

static void connect(void)
{
    usb_port_reset(dev->port);
    g_assert_cmpint(control(USB_SET_ADDRESS, 9, 0, 0, NULL), ==, 0);
    g_assert_cmpint(control(USB_SET_CONFIGURATION, 1, 0, 0, NULL), ==, 0);
}

static void plug(const char *more)
{
    g_autofree char *text = g_strdup_printf("usb-storage,drive=disk,id=s%s", more);
    GError *error = NULL;

    dev = (UsbDevice *)device_add(text, &error);
    g_assert_no_error(error);
    connect();
}

static void unplug(void)
{
    GError *error = NULL;

    g_assert_true(device_remove("s", &error));
    dev = NULL;
}

static uint8_t submit_lun;

static int submit(uint32_t length, uint8_t flags, const uint8_t *cdb, unsigned size)
{
    uint8_t packet[31] = {0};

    stl_le_p(packet, 0x43425355);
    stl_le_p(packet + 4, ++next_tag);
    stl_le_p(packet + 8, length);
    packet[12] = flags;
    packet[13] = submit_lun;
    packet[14] = (uint8_t)size;
    memcpy(packet + 15, cdb, MIN(size, 16));
    return transact(USB_OUT, BULK_OUT, packet, 31);
}

/* The status; *residue may be NULL. */
static int status(uint32_t *residue)
{
    uint8_t packet[PACKET];

    g_assert_cmpint(transact(USB_IN, BULK_IN, packet, PACKET), ==, 13);
    g_assert_cmphex(ldl_le_p(packet), ==, 0x53425355);
    g_assert_cmphex(ldl_le_p(packet + 4), ==, next_tag);
    if (residue) {
        *residue = (uint32_t)ldl_le_p(packet + 8);
    }
    return packet[12];
}

static uint32_t receive(uint8_t *data, uint32_t length)
{
    uint32_t done = 0;

    while (done < length) {
        int n = transact(USB_IN, BULK_IN, data + done, MIN(PACKET, length - done));

        g_assert_cmpint(n, >=, 0);
        done += (uint32_t)n;
        if (n < (int)PACKET) {
            break;
        }
    }
    return done;
}

static void deliver(const uint8_t *data, uint32_t length)
{
    for (uint32_t done = 0; done < length;) {
        uint8_t packet[PACKET];
        uint32_t n = MIN(PACKET, length - done);

        memcpy(packet, data + done, n);
        g_assert_cmpint(transact(USB_OUT, BULK_OUT, packet, n), ==, (int)n);
        done += n;
    }
}

/* A command with what goes in or out; its status. */
static int command(uint8_t *in, const uint8_t *out, uint32_t length, uint32_t *residue,
                   const uint8_t *cdb, unsigned size)
{
    g_assert_cmpint(submit(length, in ? 0x80 : 0, cdb, size), ==, 31);
    if (in) {
        g_assert_cmpuint(receive(in, length), ==, length);
    } else if (out) {
        deliver(out, length);
    }
    return status(residue);
}
#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define READ_10(lba, n) BYTES(0x28, 0, 0, 0, (lba) >> 8, (lba)&0xff, 0, (n) >> 8, (n)&0xff, 0)
#define WRITE_10(lba, n) BYTES(0x2a, 0, 0, 0, (lba) >> 8, (lba)&0xff, 0, (n) >> 8, (n)&0xff, 0)

/* Blocks are written or read. */
static void submit_io(bool write, uint8_t blocks)
{
    const uint8_t cdb[10] = {write ? 0x2a : 0x28, [5] = 9, [8] = blocks};

    g_assert_cmpint(submit(blocks * 512u, write ? 0 : 0x80, cdb, 10), ==, 31);
}

/* After a reset the first command fails with a condition that is told once. */
static void settle(void)
{
    uint8_t sense[18];

    if (command(NULL, NULL, 0, NULL, BYTES(0, 0, 0, 0, 0, 0)) == FAILED) {
        g_assert_cmpint(command(sense, NULL, 18, NULL, BYTES(3, 0, 0, 0, 18, 0)), ==, GOOD);
        g_assert_cmphex(sense[2] & 0xf, ==, 6);
    }
    g_assert_cmpint(command(NULL, NULL, 0, NULL, BYTES(0, 0, 0, 0, 0, 0)), ==, GOOD);
}

static uint8_t *pattern(uint32_t size, unsigned seed)
{
    uint8_t *data = g_malloc(size);

    for (uint32_t i = 0; i < size; i++) {
        data[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + seed);
    }
    return data;
}

/* ---- State ---- */

static ScsiDevice *unit(void)
{
    return g_ptr_array_index(((BusState *)g_ptr_array_index(dev->parent.child_buses, 0))->devices,
                             0);
}

typedef struct Saved { GBytes *unit, *storage; } Saved;

static Saved save(void)
{
    GError *error = NULL;
    Saved saved;

    block_drain_all();
    saved.unit =
        vmstate_save_to_bytes(device_get_class(&unit()->parent)->vmstate, unit(), &error);
    g_assert_no_error(error);
    saved.storage = vmstate_save_to_bytes(usb_storage_class.device.vmstate, dev, &error);
    g_assert_no_error(error);
    return saved;
}

static bool load_bytes(const VMStateDescription *vmsd, void *opaque, const void *data, gsize size,
                       GError **errp)
{
    return vmstate_load_from_bytes(vmsd, opaque, data, size, vmsd->version_id, errp);
}

static bool load(const Saved *saved, GError **errp)
{
    gsize size;
    const void *data = g_bytes_get_data(saved->unit, &size);

    if (!load_bytes(device_get_class(&unit()->parent)->vmstate, unit(), data, size, errp)) {
        return false;
    }
    data = g_bytes_get_data(saved->storage, &size);
    return load_bytes(usb_storage_class.device.vmstate, dev, data, size, errp);
}

static void clear(Saved *saved)
{
    g_bytes_unref(saved->unit);
    g_bytes_unref(saved->storage);
}

/* Saved, forgotten, loaded, saved again: the same bytes. */
static void round_trip(void)
{
    Saved first = save(), second;
    GError *error = NULL;

    usb_port_reset(dev->port);
    g_assert_true(load(&first, &error));
    g_assert_no_error(error);
    second = save();
    g_assert_true(g_bytes_equal(first.unit, second.unit));
    g_assert_true(g_bytes_equal(first.storage, second.storage));
    clear(&first);
    clear(&second);
    vm_start();
    vm_stop(RUN_STATE_PAUSED);
}

/* ---- Tests ---- */

static void test_descriptors(void)
{
    uint8_t data[64];

    plug("");
    g_assert_cmpint(control(USB_GET_DESCRIPTOR, USB_DESCRIPTOR_DEVICE << 8, 0, 18, data), ==, 18);
    g_assert_cmphex(lduw_le_p(data + 8), ==, 0x46f4);
    g_assert_cmphex(lduw_le_p(data + 10), ==, 1);
    g_assert_cmpint(control(USB_GET_DESCRIPTOR, USB_DESCRIPTOR_CONFIGURATION << 8, 0, 64, data),
                    ==, 32);
    g_assert_cmpmem(data + 14, 3, "\10\6\x50", 3);
    g_assert_cmphex(data[20], ==, 0x81);
    g_assert_cmphex(data[27], ==, 0x02);
    g_assert_cmpint(control(0xa1fe, 0, 0, 1, data), ==, 1);
    g_assert_cmphex(data[0], ==, 0);
    unplug();
}

static void test_commands(void)
{
    uint32_t size = 700 * 512, residue;
    g_autofree uint8_t *data = pattern(size, 3), *back = g_malloc(size);
    g_autofree char *file = NULL;
    uint8_t reply[64];

    plug(",removable=on");
    g_assert_cmpint(command(NULL, NULL, 0, NULL, BYTES(0, 0, 0, 0, 0, 0)), ==, FAILED);
    settle();
    g_assert_cmpint(command(reply, NULL, 36, NULL, BYTES(0x12, 0, 0, 0, 36, 0)), ==, GOOD);
    g_assert_cmphex(reply[1], ==, 0x80);
    g_assert_cmpmem(reply + 8, 13, "QEMU    QEMU ", 13);
    g_assert_cmpint(command(reply, NULL, 8, NULL, BYTES(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0)), ==,
                    GOOD);
    g_assert_cmphex(ldl_be_p(reply), ==, DISK_SIZE / 512 - 1);
    /* Several chunks each way. */
    g_assert_cmpint(command(NULL, data, size, &residue, WRITE_10(100, 700)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 0);
    g_assert_cmpint(command(back, NULL, size, &residue, READ_10(100, 700)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 0);
    g_assert_cmpmem(back, size, data, size);
    g_assert_cmpint(command(NULL, NULL, 0, NULL, BYTES(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0)), ==,
                    GOOD);
    g_assert_true(g_file_get_contents(disk_path, &file, NULL, NULL));
    g_assert_cmpmem(file + 100 * 512, size, data, size);
    /* Behind the end; a command that is none. */
    g_assert_cmpint(command(back, NULL, 512, &residue, READ_10(0x4000, 1)), ==, FAILED);
    g_assert_cmpuint(residue, ==, 512);
    g_assert_cmpint(command(NULL, NULL, 0, NULL, BYTES(0xee, 0, 0, 0, 0, 0)), ==, FAILED);
    unplug();
}

/* "Bulk-Only Transport", 6.7: host (H) and device (D) expect nothing, data in or data out. */
static void test_cases(void)
{
    uint8_t data[2048] = {1, 2, 3};
    uint32_t residue;

    plug("");
    settle();
    /* Hn < Di, Hn < Do. */
    g_assert_cmpint(command(NULL, NULL, 0, &residue, READ_10(0, 1)), ==, PHASE);
    g_assert_cmpuint(residue, ==, 0);
    g_assert_cmpint(command(NULL, NULL, 0, &residue, WRITE_10(0, 1)), ==, PHASE);
    /* Hi > Dn, Hi > Di: zeros behind what there is. */
    g_assert_cmpint(command(data, NULL, 100, &residue, BYTES(0, 0, 0, 0, 0, 0)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 100);
    memset(data, 0xff, sizeof(data));
    g_assert_cmpint(command(data, NULL, 200, &residue, BYTES(0x12, 0, 0, 0, 36, 0)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 164);
    g_assert_cmphex(data[8], ==, 'Q');
    g_assert_true(!data[36] && !data[199] && data[200] == 0xff);
    g_assert_cmpint(command(data, NULL, 1536, &residue, READ_10(0, 2)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 512);
    /* Hi < Di: of a reply what fits; of a medium's data that is an error. */
    g_assert_cmpint(command(data, NULL, 10, &residue, BYTES(0x12, 0, 0, 0, 36, 0)), ==, GOOD);
    g_assert_cmpint(command(data, NULL, 512, &residue, READ_10(0, 600)), ==, PHASE);
    /* Hi <> Do, Ho <> Di. */
    g_assert_cmpint(command(data, NULL, 512, &residue, WRITE_10(0, 1)), ==, PHASE);
    g_assert_cmpuint(residue, ==, 512);
    g_assert_cmpint(command(NULL, data, 512, &residue, READ_10(0, 1)), ==, PHASE);
    g_assert_cmpuint(residue, ==, 512);
    /* Ho > Dn, Ho > Do, Ho < Do: nothing is written of the last. */
    g_assert_cmpint(command(NULL, data, 100, &residue, BYTES(0, 0, 0, 0, 0, 0)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 100);
    memset(data, 0x55, sizeof(data));
    g_assert_cmpint(command(NULL, data, 1024, &residue, WRITE_10(5, 1)), ==, GOOD);
    g_assert_cmpuint(residue, ==, 512);
    memset(data, 0x66, sizeof(data));
    g_assert_cmpint(command(NULL, data, 512, &residue, WRITE_10(5, 2)), ==, PHASE);
    g_assert_cmpint(command(data, NULL, 1024, NULL, READ_10(5, 2)), ==, GOOD);
    g_assert_true(data[0] == 0x55 && data[511] == 0x55 && data[512] != 0x66);
    unplug();
}

/* What is no command halts the endpoint until the host resets the transport and clears it. */
static void test_recovery(void)
{
    static const struct { unsigned at; uint8_t value;
    } wrong[] = {{0, 0x56}, {13, 16}, {14, 0}, {14, 17}};
    uint8_t packet[PACKET] = {0}, data[64];

    plug("");
    settle();
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong) + 1; i++) {
        stl_le_p(packet, 0x43425355);
        memset(packet + 4, 0, 27);
        packet[14] = 6;
        if (i < G_N_ELEMENTS(wrong)) {
            packet[wrong[i].at] = wrong[i].value;
        }
        g_assert_cmpint(
            transact(USB_OUT, BULK_OUT, packet, i < G_N_ELEMENTS(wrong) ? 31 : 30), ==, USB_STALL);
        g_assert_cmpint(transact(USB_OUT, BULK_OUT, packet, 31), ==, USB_STALL);
        g_assert_cmpint(control(0x21ff, 0, 0, 0, NULL), ==, 0);
        g_assert_cmpint(control(USB_CLEAR_ENDPOINT_FEATURE, 0, 2, 0, NULL), ==, 0);
        g_assert_cmpint(command(NULL, NULL, 0, NULL, BYTES(0, 0, 0, 0, 0, 0)), ==, GOOD);
    }
    /* Nothing to read, no room for the status, more than was said, another endpoint. */
    g_assert_cmpint(transact(USB_IN, BULK_IN, data, PACKET), ==, USB_STALL);
    g_assert_cmpint(transact(USB_IN, 3, data, PACKET), ==, USB_STALL);
    connect();
    settle();
    g_assert_cmpint(submit(0, 0, BYTES(0, 0, 0, 0, 0, 0)), ==, 31);
    g_assert_cmpint(transact(USB_IN, BULK_IN, data, 12), ==, USB_STALL);
    connect();
    settle();
    g_assert_cmpint(submit(10, 0, BYTES(0, 0, 0, 0, 0, 0)), ==, 31);
    g_assert_cmpint(transact(USB_OUT, BULK_OUT, data, 11), ==, USB_STALL);
    /* A reset in the middle of everything. */
    connect();
    settle();
    g_assert_cmpint(submit(1024, 0x80, READ_10(0, 2)), ==, 31);
    g_assert_cmpint(transact(USB_IN, BULK_IN, data, PACKET), ==, PACKET);
    connect();
    settle();
    unplug();
}

static void test_state(void)
{
    uint32_t size = 600 * 512, residue;
    g_autofree uint8_t *data = pattern(size, 11), *back = g_malloc0(size);

    plug("");
    settle();
    /* Writing: before the first packet, in a chunk, between chunks, before the status. */
    g_assert_cmpint(submit(size, 0, WRITE_10(1000, 600)), ==, 31);
    round_trip();
    deliver(data, 64);
    round_trip();
    deliver(data + 64, 128 * 1024 - 128);
    round_trip();
    deliver(data + 128 * 1024 - 64, 64);
    round_trip();
    deliver(data + 128 * 1024, size - 128 * 1024);
    round_trip();
    g_assert_cmpint(status(&residue), ==, GOOD);
    g_assert_cmpuint(residue, ==, 0);
    /* Reading. */
    g_assert_cmpint(submit(size, 0x80, READ_10(1000, 600)), ==, 31);
    round_trip();
    g_assert_cmpuint(receive(back, 64), ==, 64);
    round_trip();
    g_assert_cmpuint(receive(back + 64, 128 * 1024 - 64), ==, 128 * 1024 - 64);
    round_trip();
    g_assert_cmpuint(receive(back + 128 * 1024, size - 128 * 1024 - 64), ==,
                     size - 128 * 1024 - 64);
    round_trip();
    g_assert_cmpuint(receive(back + size - 64, 64), ==, 64);
    round_trip();
    g_assert_cmpint(status(&residue), ==, GOOD);
    g_assert_cmpmem(back, size, data, size);
    /* A reply that begins again, and one that has ended with data to go. */
    g_assert_cmpint(submit(96, 0x80, BYTES(0x12, 0, 0, 0, 96, 0)), ==, 31);
    g_assert_cmpint(transact(USB_IN, BULK_IN, back, 32), ==, 32);
    round_trip();
    g_assert_cmpint(transact(USB_IN, BULK_IN, back + 32, 64), ==, 64);
    g_assert_cmpint(status(&residue), ==, GOOD);
    g_assert_cmpmem(back + 8, 13, "QEMU    QEMU ", 13);
    g_assert_cmpmem(back + 32, 4, "2.5+", 4);
    g_assert_cmpint(submit(300, 0x80, BYTES(0x12, 0, 0, 0, 36, 0)), ==, 31);
    g_assert_cmpuint(receive(back, 64), ==, 64);
    round_trip();
    g_assert_cmpuint(receive(back, 236), ==, 236);
    round_trip();
    g_assert_cmpint(status(&residue), ==, GOOD);
    g_assert_cmpuint(residue, ==, 264);
    unplug();
}

/* What the target answers in the unit's place, saved before the host has asked for it. */
static void test_state_target(void)
{
    uint8_t back[36], sense[18];
    uint32_t residue;

    plug("");
    /* The condition of the reset is told once, by the request that was loaded. */
    g_assert_cmpint(command(NULL, NULL, 0, NULL, BYTES(0, 0, 0, 0, 0, 0)), ==, FAILED);
    g_assert_cmpint(submit(18, 0x80, BYTES(3, 0, 0, 0, 18, 0)), ==, 31);
    round_trip();
    g_assert_cmpuint(receive(sense, 18), ==, 18);
    g_assert_cmphex(sense[2] & 0xf, ==, 6);
    g_assert_cmpint(status(&residue), ==, GOOD);
    g_assert_cmpint(command(sense, NULL, 18, NULL, BYTES(3, 0, 0, 0, 18, 0)), ==, GOOD);
    g_assert_cmphex(sense[2] & 0xf, ==, 0);
    g_assert_cmpint(submit(16, 0x80, BYTES(0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0)), ==, 31);
    round_trip();
    g_assert_cmpuint(receive(back, 16), ==, 16);
    g_assert_cmphex(ldl_be_p(back), ==, 8);
    g_assert_cmpint(status(&residue), ==, GOOD);
    /* A unit that is not there. */
    submit_lun = 1;
    g_assert_cmpint(submit(36, 0x80, BYTES(0x12, 0, 0, 0, 36, 0)), ==, 31);
    submit_lun = 0;
    round_trip();
    g_assert_cmpuint(receive(back, 36), ==, 36);
    g_assert_cmphex(back[0], ==, 0x7f);
    g_assert_cmpint(status(&residue), ==, GOOD);
    unplug();
}

/* As QEMU 7.2 and 10.0 write it: a unit that was just reset, a device without a command. */
static void test_golden(void)
{
    uint8_t sections[110 + 58] = {6, 0x29, [114] = 1};
    Saved golden = {g_bytes_new(sections, 110), g_bytes_new(sections + 110, 58)}, own;
    GError *error = NULL;

    plug("");
    g_assert_true(load(&golden, &error));
    g_assert_no_error(error);
    own = save();
    g_assert_true(g_bytes_equal(golden.unit, own.unit));
    g_assert_true(g_bytes_equal(golden.storage, own.storage));
    clear(&golden);
    clear(&own);
    unplug();
}

/* A device that goes takes its command along. */
static void test_unplug(void)
{
    uint8_t data[PACKET];

    for (unsigned i = 0; i < 4; i++) {
        plug("");
        settle();
        submit_io(i & 1, 8);
        if (i & 2) {
            transact(i & 1 ? USB_OUT : USB_IN, i & 1 ? BULK_OUT : BULK_IN, data, PACKET);
        }
        unplug();
    }
}

/* ---- Nonsense ---- */

static void random_step(GRand *random)
{
    uint8_t data[1024];
    unsigned length = (unsigned)g_rand_int_range(random, 0, sizeof(data));

    for (unsigned i = 0; i < 64; i++) {
        data[i] = (uint8_t)g_rand_int(random);
    }
    impatient = true;
    switch (g_rand_int_range(random, 0, 6)) {
    case 0:
    case 1: {
        static const uint8_t codes[] = {0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x25, 0x28,
                                        0x2a, 0x2e, 0x35, 0x41, 0x42, 0x55, 0x5a, 0x88, 0x8a, 0xa0};
        uint8_t cdb[16] = {codes[g_rand_int(random) % G_N_ELEMENTS(codes)]};

        cdb[4] = (uint8_t)g_rand_int_range(random, 0, 64);
        cdb[8] = (uint8_t)g_rand_int_range(random, 0, 8);
        submit((uint32_t)g_rand_int_range(random, 0, 5000), (uint8_t)g_rand_int(random), cdb,
               (unsigned)g_rand_int_range(random, 0, 17));
        break;
    }
    case 2:
    case 3:
        usb_transaction(dev, USB_IN, BULK_IN, data, MIN(length, 1023));
        break;
    case 4:
        usb_transaction(dev, USB_OUT, BULK_OUT, data, MIN(length, 1023));
        break;
    default:
        dev->halted = 0;
        /* A stream may say that it is not there. */
        if (g_rand_int_range(random, 0, 8) == 0 && usb_find(dev, dev->addr)) {
            control(0x21ff, 0, 0, 0, NULL);
        }
        turn_loop();
        break;
    }
    impatient = false;
}

static void test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(4711);

    plug("");
    for (unsigned i = 0; i < 5000; i++) {
        random_step(random);
    }
    connect();
    settle();
    unplug();
}

/* Streams with other bytes are taken or refused, and the device goes on. */
static void test_bad_state(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(31);
    uint8_t data[PACKET] = {0};

    plug("");
    for (unsigned i = 0; i < 300; i++) {
        Saved saved, bad;
        gsize size;
        uint8_t *bytes;

        settle();
        submit_io(i & 1, 4);
        transact(i & 1 ? USB_OUT : USB_IN, i & 1 ? BULK_OUT : BULK_IN, data, PACKET);
        saved = save();
        bad = saved;
        bytes = g_memdup2(g_bytes_get_data(i % 3 ? saved.storage : saved.unit, NULL),
                          g_bytes_get_size(i % 3 ? saved.storage : saved.unit));
        size = g_bytes_get_size(i % 3 ? saved.storage : saved.unit);
        bytes[g_rand_int(random) % MIN(size, 150)] = (uint8_t)g_rand_int(random);
        *(i % 3 ? &bad.storage : &bad.unit) = g_bytes_new_take(bytes, size);
        load(&bad, NULL);
        for (unsigned k = 0; k < 40; k++) {
            random_step(random);
        }
        g_bytes_unref(i % 3 ? bad.storage : bad.unit);
        clear(&saved);
        unplug();
        plug("");
    }
    unplug();
}

int main(int argc, char **argv)
{
    g_autofree char *text = NULL;
    GError *error = NULL;
    Chardev *console;
    int fd, status;

    g_test_init(&argc, &argv, NULL);
    runtime_init();
    fd = g_file_open_tmp("gossamer-usb-XXXXXX", &disk_path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
    close(fd);
    text = g_strdup_printf("if=none,id=disk,format=raw,file=%s", disk_path);
    drive_add(text, BLOCK_IF_NONE, false, &error);
    g_assert_no_error(error);
    console = chardev_new_from_short("console", "null", false, &error);
    g_assert_no_error(error);
    mac_start("mac99", "via=pmu", console, false);
    device_classes_register(hw_scsi_device_classes);
    g_test_add_func("/usb-storage/descriptors", test_descriptors);
    g_test_add_func("/usb-storage/commands", test_commands);
    g_test_add_func("/usb-storage/cases", test_cases);
    g_test_add_func("/usb-storage/recovery", test_recovery);
    g_test_add_func("/usb-storage/state", test_state);
    g_test_add_func("/usb-storage/state-target", test_state_target);
    g_test_add_func("/usb-storage/golden", test_golden);
    g_test_add_func("/usb-storage/unplug", test_unplug);
    g_test_add_func("/usb-storage/random", test_random);
    g_test_add_func("/usb-storage/bad-state", test_bad_state);
    status = g_test_run();
    mac_stop();
    g_unlink(disk_path);
    g_free(disk_path);
    return status;
}
