/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, optical drives and spapr-vscsi: commands field by field (where QEMU can be asked, as QEMU
 * answers), errors of the host with their policies, state with requests that wait, and hostile
 * guests.
 */
#include <errno.h>
#include <string.h>
#include "test-scsi.h"
#include "block/blockdev.h"
#include "hw/core/boot.h"
#include "hw/scsi/scsi-disk.h"
#include "hw/scsi/vscsi.h"
#include "system/runstate.h"
#include "system/runtime.h"

#define HD LUN(0)
#define CD LUN(2)

static void be_equal(const uint8_t *data, const char *hex)
{
    for (gsize i = 0; hex[2 * i]; i++) {
        unsigned byte = (unsigned)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
                                   g_ascii_xdigit_value(hex[2 * i + 1]));

        if (data[i] != byte) {
            g_error("byte %zu is %02x instead of %02x", i, data[i], byte);
        }
    }
}

static uint8_t *data(void)
{
    return scsi_host(DATA);
}

/* ---- Commands ---- */

static void test_attention(void)
{
    Answer a;

    scsi_connect();
    /* INQUIRY passes; the first other command hears of the reset, once. */
    GOOD(SCSI(HD, 36, 0, SCSI_INQUIRY, 0, 0, 0, 36, 0));
    a = SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0);
    FAILS(a, 6, 0x29, 0);
    g_assert_cmphex(a.flags, ==, 2);
    g_assert_cmpuint(a.sense_size, ==, 18);
    GOOD(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0));
    FAILS(SCSI(CD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
    FAILS(SCSI(CD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 2, 0x3a, 0);
    /* Sense that came with the answer is still there for REQUEST SENSE, unless it was unit
     * attention. */
    GOOD(SCSI(CD, 18, 0, SCSI_REQUEST_SENSE, 0, 0, 0, 18, 0));
    be_equal(data(), "700002000000000a000000003a0000000000");
    GOOD(SCSI(CD, 18, 0, SCSI_REQUEST_SENSE, 0, 0, 0, 18, 0));
    be_equal(data(), "700000000000000a00000000000000000000");
    GOOD(SCSI(CD, 8, 0, SCSI_REQUEST_SENSE, 1, 0, 0, 8, 0));
    be_equal(data(), "7200000000000000");
}

static void test_inquiry(void)
{
    Answer a;

    memset(data(), 0xaa, 512);
    a = SCSI(HD, 255, 0, SCSI_INQUIRY, 0, 0, 0, 255, 0);
    GOOD(a);
    be_equal(data(), "00000512"
                     "1f000012"
                     "51454d5520202020"
                     "51454d5520484152444449534b202020"
                     "322e352baa");
    /* 219 bytes of the buffer were not needed. */
    g_assert_cmphex(a.flags, ==, 0x20);
    g_assert_cmpuint(a.in_residual, ==, 219);
    GOOD(SCSI(CD, 36, 0, SCSI_INQUIRY, 0, 0, 0, 36, 0));
    be_equal(data(), "05800512"
                     "1f000012"
                     "51454d5520202020"
                     "51454d552043442d524f4d2020202020"
                     "322e352b");
    GOOD(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0x00, 0, 64, 0));
    be_equal(data(), "00000006" "008083b0b1b2");
    GOOD(SCSI(CD, 64, 0, SCSI_INQUIRY, 1, 0x00, 0, 64, 0));
    be_equal(data(), "05000002" "0083");
    GOOD(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0x80, 0, 64, 0));
    be_equal(data(), "00800003" "534e31");
    FAILS(SCSI(CD, 64, 0, SCSI_INQUIRY, 1, 0x80, 0, 64, 0), 5, 0x24, 0);
    GOOD(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0x83, 0, 64, 0));
    be_equal(data(), "00830013" "02000003534e31" "010300085000c50012345678");
    GOOD(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0xb0, 0, 64, 0));
    be_equal(data(), "00b0003c"
                     "01000000"
                     "003fffff"
                     "00000000"
                     "00000000"
                     "00200000"
                     "000000ff"
                     "00000008"
                     "00000000"
                     "00000000"
                     "003fffff");
    GOOD(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0xb1, 0, 64, 0));
    be_equal(data(), "00b1003c" "000100000000");
    GOOD(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0xb2, 0, 64, 0));
    be_equal(data(), "00b20004" "00e00200");
    FAILS(SCSI(CD, 64, 0, SCSI_INQUIRY, 1, 0xb0, 0, 64, 0), 5, 0x24, 0);
    FAILS(SCSI(HD, 64, 0, SCSI_INQUIRY, 1, 0x99, 0, 64, 0), 5, 0x24, 0);
    FAILS(SCSI(HD, 64, 0, SCSI_INQUIRY, 0, 0x80, 0, 64, 0), 5, 0x24, 0);
    /* A target that is not there; a LUN of one that is. */
    GOOD(SCSI(LUN(5), 36, 0, SCSI_INQUIRY, 0, 0, 0, 36, 0));
    g_assert_cmphex(data()[0], ==, 0x7f);
    FAILS(SCSI(LUN(5), 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 5, 0x24, 0);
    GOOD(SCSI(HD | 3ull << 48, 36, 0, SCSI_INQUIRY, 0, 0, 0, 36, 0));
    g_assert_cmphex(data()[0], ==, 0x7f);
    FAILS(SCSI(HD | 3ull << 48, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 5, 0x25, 0);
    GOOD(SCSI(0, 64, 0, SCSI_REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    be_equal(data(), "0000001000000000" "0000000000000000" "8200000000000000");
    GOOD(SCSI(CD, 64, 0, SCSI_REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    be_equal(data(), "0000000800000000" "0000000000000000");
    FAILS(SCSI(CD, 8, 0, SCSI_REPORT_LUNS, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0), 5, 0x24, 0);
}

static void test_capacity_and_modes(void)
{
    GOOD(SCSI(HD, 8, 0, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    be_equal(data(), "00003fff00000200");
    FAILS(SCSI(HD, 8, 0, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 1, 0, 0, 0, 0), 5, 0x24, 0);
    GOOD(SCSI(HD, 32, 0, SCSI_SERVICE_ACTION_IN_16, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0,
              0));
    be_equal(data(), "0000000000003fff000002000000800000");
    FAILS(
        SCSI(HD, 32, 0, SCSI_SERVICE_ACTION_IN_16, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
        5, 0x24, 0);
    FAILS(SCSI(CD, 8, 0, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 0, 0, 0, 0, 0), 2, 0x3a, 0);
    /* The caching page: 512-byte blocks described, write cache on. */
    GOOD(SCSI(HD, 64, 0, SCSI_MODE_SENSE_6, 0, 8, 0, 64, 0));
    be_equal(data(), "1f000008" "0000400000000200" "081204");
    GOOD(SCSI(HD, 64, 0, SCSI_MODE_SENSE_10, 8, 0x48, 0, 0, 0, 0, 0, 64, 0));
    be_equal(data(), "001a000000000000" "081204" "0000");
    FAILS(SCSI(HD, 64, 0, SCSI_MODE_SENSE_6, 0, 0x2a, 0, 64, 0), 5, 0x24, 0);
    FAILS(SCSI(HD, 64, 0, SCSI_MODE_SENSE_6, 0, 0xc8, 0, 64, 0), 5, 0x39, 0);
    GOOD(SCSI(CD, 64, 0, SCSI_MODE_SENSE_10, 0, 0x2a, 0, 0, 0, 0, 0, 64, 0));
    be_equal(data(), "001c000000000000" "2a143b007fff2d00");
    GOOD(SCSI(HD, 255, 0, SCSI_MODE_SENSE_6, 8, 0x3f, 0, 255, 0));
    g_assert_cmpuint(data()[0], ==, 3 + 12 + 24 + 32 + 20);
    /* The write cache off, and on again; nothing else may be changed. */
    memset(data(), 0, 32);
    memcpy(data() + 4, "\x08\x12", 2);
    GOOD(SCSI(HD, 0, 24, SCSI_MODE_SELECT_6, 0x10, 0, 0, 24, 0));
    g_assert_false(blk_write_cache(blk_find("disk")));
    memset(data(), 0, 32);
    memcpy(data() + 4, "\x08\x12\x04", 3);
    GOOD(SCSI(HD, 0, 24, SCSI_MODE_SELECT_6, 0x10, 0, 0, 24, 0));
    g_assert_true(blk_write_cache(blk_find("disk")));
    data()[10] = 1;
    FAILS(SCSI(HD, 0, 24, SCSI_MODE_SELECT_6, 0x10, 0, 0, 24, 0), 5, 0x26, 0);
    data()[10] = 0;
    data()[5] = 0x40;
    FAILS(SCSI(HD, 0, 24, SCSI_MODE_SELECT_6, 0x10, 0, 0, 24, 0), 5, 0x1a, 0);
    FAILS(SCSI(HD, 0, 24, SCSI_MODE_SELECT_6, 0x11, 0, 0, 24, 0), 5, 0x24, 0);
    FAILS(SCSI(HD, 0, 3, SCSI_MODE_SELECT_6, 0x10, 0, 0, 3, 0), 5, 0x1a, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_MODE_SELECT_6, 0x10, 0, 0, 0, 0));
    /* What nobody knows. */
    FAILS(SCSI(HD, 64, 0, 0xc1, 0, 0, 0, 0, 0), 5, 0x20, 0);
    FAILS(SCSI(HD, 64, 0, SCSI_READ_TOC, 0, 0, 0, 0, 0, 0, 0, 64, 0), 5, 0x20, 0);
    FAILS(SCSI(HD, 64, 0, SCSI_PERSISTENT_RESERVE_IN, 0, 0, 0, 0, 0, 0, 0, 64, 0), 5, 0x20, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_RESERVE_6, 0, 0, 0, 0, 0));
    FAILS(SCSI(HD, 0, 0, SCSI_RESERVE_6, 1, 0, 0, 0, 0), 5, 0x24, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_SYNCHRONIZE_CACHE_10, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    GOOD(SCSI(HD, 0, 0, SCSI_START_STOP_UNIT, 0, 0, 0, 1, 0));
}

static void check_file(uint64_t offset, const uint8_t *expected, uint32_t size)
{
    g_autofree uint8_t *bytes = g_malloc(size);

    g_assert_cmpint(blk_pread(blk_find("disk"), (int64_t)offset, bytes, size), ==, 0);
    g_assert_cmpmem(bytes, size, expected, size);
}

static void fill(uint8_t *bytes, uint32_t size, uint32_t seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);

    for (uint32_t i = 0; i < size; i += 4) {
        stl_be_p(bytes + i, g_rand_int(random));
    }
}

static void test_read_write(void)
{
    static uint8_t bytes[512 << 10];

    /* One chunk, several, and a last one that is short; each form of the command. */
    fill(bytes, sizeof(bytes), 1);
    memcpy(data(), bytes, sizeof(bytes));
    GOOD(SCSI(HD, 0, 512, SCSI_WRITE_6, 0, 0, 7, 1, 0));
    check_file(7 * 512, bytes, 512);
    GOOD(SCSI(HD, 0, 300 << 10, SCSI_WRITE_10, 0, 0, 0, 1, 0, 0, 2, 0x58, 0));
    check_file(256 * 512, bytes, 300 << 10);
    GOOD(SCSI(HD, 0, 512 << 10, SCSI_WRITE_16, 8, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 4, 0, 0, 0));
    check_file(4096 * 512, bytes, 512 << 10);
    GOOD(SCSI(HD, 0, 4096, SCSI_WRITE_VERIFY_12, 0, 0, 0, 0x30, 0, 0, 0, 0, 8, 0, 0));
    check_file(0x3000 * 512, bytes, 4096);
    memset(data(), 0, sizeof(bytes));
    GOOD(SCSI(HD, 512 << 10, 0, SCSI_READ_12, 0, 0, 0, 0x10, 0, 0, 0, 4, 0, 0, 0));
    g_assert_cmpmem(data(), sizeof(bytes), bytes, sizeof(bytes));
    memset(data(), 0, sizeof(bytes));
    GOOD(SCSI(HD, 300 << 10, 0, SCSI_READ_10, 8, 0, 0, 1, 0, 0, 2, 0x58, 0));
    g_assert_cmpmem(data(), 300 << 10, bytes, 300 << 10);
    GOOD(SCSI(HD, 256 * 512, 0, SCSI_READ_6, 0, 1, 0, 0, 0));
    g_assert_cmpmem(data(), 256 * 512, bytes, 256 * 512);
    /* The edge, and behind it. */
    GOOD(SCSI(HD, 512, 0, SCSI_READ_10, 0, 0, 0, 0x3f, 0xff, 0, 0, 1, 0));
    GOOD(SCSI(HD, 0, 0, SCSI_READ_10, 0, 0, 0, 0x40, 0, 0, 0, 0, 0));
    FAILS(SCSI(HD, 1024, 0, SCSI_READ_10, 0, 0, 0, 0x3f, 0xff, 0, 0, 2, 0), 5, 0x21, 0);
    FAILS(SCSI(HD, 512, 0, SCSI_READ_16, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0,
               1, 0, 0),
          5, 0x21, 0);
    FAILS(SCSI(HD, 512, 0, SCSI_READ_10, 0x20, 0, 0, 0, 0, 0, 0, 1, 0), 5, 0x24, 0);
    /* More than any buffer: refused before anything is made of it. */
    FAILS(SCSI(HD, 512, 0, SCSI_READ_16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0),
          5, 0x24, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_VERIFY_10, 0, 0, 0, 0, 0, 0, 0x40, 0, 0));
    FAILS(SCSI(HD, 0, 0, SCSI_VERIFY_10, 0, 0, 0, 0, 1, 0, 0x40, 0, 0), 5, 0x21, 0);
    FAILS(SCSI(HD, 0, 512, SCSI_VERIFY_10, 2, 0, 0, 0, 0, 0, 0, 1, 0), 5, 0x24, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_SEEK_10, 0, 0, 0, 0x3f, 0xff, 0, 0, 0, 0));
    FAILS(SCSI(HD, 0, 0, SCSI_SEEK_10, 0, 0, 0, 0x40, 0, 0, 0, 0, 0), 5, 0x21, 0);
    FAILS(SCSI(CD, 0, 2048, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 2, 0x3a, 0);
}

static void test_write_same_and_unmap(void)
{
    static uint8_t bytes[1 << 20];
    uint8_t *list = data();

    fill(list, 512, 2);
    for (unsigned i = 0; i < sizeof(bytes); i += 512) {
        memcpy(bytes + i, list, 512);
    }
    GOOD(SCSI(HD, 0, 512, SCSI_WRITE_SAME_10, 0, 0, 0, 8, 0, 0, 8, 0, 0));
    check_file(2048 * 512, bytes, sizeof(bytes));
    GOOD(SCSI(HD, 0, 0, SCSI_WRITE_SAME_16, 9, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0));
    memset(bytes, 0, 512 << 10);
    check_file(2048 * 512, bytes, sizeof(bytes));
    FAILS(SCSI(HD, 0, 512, SCSI_WRITE_SAME_10, 0, 0, 0, 8, 0, 0, 0, 0, 0), 5, 0x24, 0);
    FAILS(SCSI(HD, 0, 512, SCSI_WRITE_SAME_10, 0, 0, 0, 0x3f, 0xff, 0, 0, 2, 0), 5, 0x21, 0);
    /* Two rows, one of them empty. */
    memset(list, 0, 64);
    stw_be_p(list, 38);
    stw_be_p(list + 2, 32);
    stq_be_p(list + 8, 3072);
    stl_be_p(list + 16, 1024);
    GOOD(SCSI(HD, 0, 40, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 40, 0));
    memset(bytes, 0, sizeof(bytes));
    check_file(2048 * 512, bytes, sizeof(bytes));
    stq_be_p(list + 24, 0x4000);
    stl_be_p(list + 32, 1);
    FAILS(SCSI(HD, 0, 40, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 40, 0), 5, 0x21, 0);
    /* More than 1 GiB, in one row or in all. */
    stl_be_p(list + 32, (1u << 21) + 1);
    FAILS(SCSI(HD, 0, 40, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 40, 0), 5, 0x26, 0);
    stl_be_p(list + 32, 1u << 21);
    FAILS(SCSI(HD, 0, 40, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 40, 0), 5, 0x26, 0);
    stl_be_p(list + 32, (1u << 21) - 1024);
    FAILS(SCSI(HD, 0, 40, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 40, 0), 5, 0x21, 0);
    stw_be_p(list + 2, 33);
    FAILS(SCSI(HD, 0, 41, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 41, 0), 5, 0x1a, 0);
    stw_be_p(list + 2, 48);
    FAILS(SCSI(HD, 0, 40, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 40, 0), 5, 0x1a, 0);
    FAILS(SCSI(HD, 0, 40, SCSI_UNMAP, 1, 0, 0, 0, 0, 0, 0, 40, 0), 5, 0x24, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_UNMAP, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

static void test_optical(void)
{
    BlockBackend *blk = blk_find_by_device("cd");
    GError *error = NULL;

    GOOD(SCSI(CD, 8, 0, SCSI_GET_EVENT_STATUS, 1, 0, 0, 0x10, 0, 0, 0, 8, 0));
    be_equal(data(), "0004041000000000");
    FAILS(SCSI(CD, 12, 0, SCSI_READ_TOC, 0, 0, 0, 0, 0, 0, 0, 12, 0), 2, 0x3a, 0);
    /* A medium comes: the guest hears that there was none, then that there is one. */
    g_assert_true(blk_change_medium(blk, scsi_medium(), "raw", true, false, &error));
    FAILS(SCSI(CD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x3a, 0);
    FAILS(SCSI(CD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x28, 0);
    GOOD(SCSI(CD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0));
    GOOD(SCSI(CD, 8, 0, SCSI_GET_EVENT_STATUS, 1, 0, 0, 0x10, 0, 0, 0, 8, 0));
    be_equal(data(), "0004041002020000");
    GOOD(SCSI(CD, 8, 0, SCSI_READ_CAPACITY_10, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    be_equal(data(), "00000fff00000800");
    GOOD(SCSI(CD, 20, 0, SCSI_READ_TOC, 0, 0, 0, 0, 0, 0, 0, 20, 0));
    be_equal(data(), "00120101" "0014010000000000" "0016aa0000001000");
    GOOD(SCSI(CD, 20, 0, SCSI_READ_TOC, 2, 0, 0, 0, 0, 0, 0, 20, 0));
    be_equal(data(), "00120101" "0014010000000200" "0016aa000000382e");
    GOOD(SCSI(CD, 12, 0, SCSI_READ_TOC, 0, 1, 0, 0, 0, 0, 0, 12, 0));
    be_equal(data(), "000a01010014010000000000");
    GOOD(SCSI(CD, 40, 0, SCSI_GET_CONFIGURATION, 0, 0, 0, 0, 0, 0, 0, 40, 0));
    be_equal(data(), "0000002400000008"
                     "000003080010000000080100"
                     "00010b080000000101000000"
                     "00030b0439");
    GOOD(SCSI(CD, 34, 0, SCSI_READ_DISC_INFORMATION, 0, 0, 0, 0, 0, 0, 0, 34, 0));
    be_equal(data(), "00200e01010101200000");
    FAILS(SCSI(CD, 34, 0, SCSI_READ_DVD_STRUCTURE, 0, 0, 0, 0, 0, 0, 0, 0, 34, 0, 0), 5, 0x30, 0);
    GOOD(SCSI(CD, 8, 0, SCSI_MECHANISM_STATUS, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0));
    FAILS(SCSI(CD, 0, 2048, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 7, 0x27, 0);
    /* A locked tray stays shut, for the guest and for the monitor. */
    GOOD(SCSI(CD, 0, 0, SCSI_PREVENT_ALLOW, 0, 0, 0, 1, 0));
    FAILS(SCSI(CD, 0, 0, SCSI_START_STOP_UNIT, 0, 0, 0, 2, 0), 5, 0x53, 2);
    g_assert_false(blk_eject(blk, false, &error));
    g_clear_error(&error);
    GOOD(SCSI(CD, 8, 0, SCSI_GET_EVENT_STATUS, 1, 0, 0, 0x10, 0, 0, 0, 8, 0));
    be_equal(data(), "0004041001020000");
    GOOD(SCSI(CD, 0, 0, SCSI_PREVENT_ALLOW, 0, 0, 0, 0, 0));
    GOOD(SCSI(CD, 0, 0, SCSI_START_STOP_UNIT, 0, 0, 0, 2, 0));
    FAILS(SCSI(CD, 2048, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 2, 0x3a, 0);
    GOOD(SCSI(CD, 0, 0, SCSI_START_STOP_UNIT, 0, 0, 0, 3, 0));
    GOOD(SCSI(CD, 2048, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    g_assert_true(blk_eject(blk, false, &error));
}

/* ---- Errors of the host ---- */

static void test_report(void)
{
    blk_set_error_policy(blk_find("disk"), BLOCK_ERROR_REPORT, BLOCK_ERROR_REPORT);
    fault = (Fault){.read = EIO, .write = ENOSPC};
    FAILS(SCSI(HD, 512, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 11, 0, 6);
    FAILS(SCSI(HD, 0, 512, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 7, 0x27, 7);
    FAILS(SCSI(HD, 0, 0, SCSI_VERIFY_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 11, 0, 6);
    /* The second chunk fails: nothing of the command counts. */
    fault = (Fault){.read = EIO, .skip = 1};
    FAILS(SCSI(HD, 256 << 10, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 2, 0, 0), 11, 0, 6);
    blk_set_error_policy(blk_find("disk"), BLOCK_ERROR_IGNORE, BLOCK_ERROR_IGNORE);
    fault = (Fault){.read = EIO, .write = EIO};
    memset(data(), 0xaa, 512);
    GOOD(SCSI(HD, 512, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    g_assert_cmphex(data()[0], ==, 0);
    GOOD(SCSI(HD, 0, 512, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    fault = (Fault){0};
}

static void stop_on_error(void)
{
    blk_set_error_policy(blk_find("disk"), BLOCK_ERROR_STOP, BLOCK_ERROR_STOP);
    stops = 0;
}

static void test_stop_and_retry(void)
{
    static uint8_t bytes[300 << 10];

    stop_on_error();
    fill(bytes, sizeof(bytes), 3);
    memcpy(data(), bytes, sizeof(bytes));
    /* The second of three chunks fails twice; meanwhile the guest's buffer is what it was. */
    fault = (Fault){.write = EIO, .skip = 1};
    g_assert_false(SCSI(HD, 0, 300 << 10, SCSI_WRITE_10, 0, 0, 0, 0x20, 0, 0, 2, 0x58, 0).came);
    g_assert_cmpuint(stops, ==, 1);
    scsi_resume();
    g_assert_false(scsi_wait().came);
    g_assert_cmpuint(stops, ==, 2);
    fault = (Fault){0};
    scsi_resume();
    GOOD(scsi_wait());
    check_file(0x2000 * 512, bytes, sizeof(bytes));
    memset(data(), 0, sizeof(bytes));
    fault = (Fault){.read = EIO, .skip = 1};
    g_assert_false(SCSI(HD, 300 << 10, 0, SCSI_READ_10, 0, 0, 0, 0x20, 0, 0, 2, 0x58, 0).came);
    fault = (Fault){0};
    scsi_resume();
    GOOD(scsi_wait());
    g_assert_cmpmem(data(), sizeof(bytes), bytes, sizeof(bytes));
    /* What is done from the start again. */
    fault = (Fault){.write = EIO, .skip = 1};
    g_assert_false(SCSI(HD, 0, 512, SCSI_WRITE_SAME_10, 0, 0, 0, 0x10, 0, 0, 8, 0, 0).came);
    fault = (Fault){0};
    scsi_resume();
    GOOD(scsi_wait());
    check_file(0x17ff * 512, bytes, 512);
    /* With enospc only a full host stops the machine. */
    blk_set_error_policy(blk_find("disk"), BLOCK_ERROR_REPORT, BLOCK_ERROR_ENOSPC);
    fault = (Fault){.write = EIO};
    FAILS(SCSI(HD, 0, 512, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0), 11, 0, 6);
    fault = (Fault){.write = ENOSPC};
    g_assert_false(SCSI(HD, 0, 512, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0).came);
    fault = (Fault){0};
    scsi_resume();
    GOOD(scsi_wait());
}

static uint8_t manage(uint8_t function, uint64_t task)
{
    uint8_t message[16], *unit = scsi_host(UNIT);

    memset(unit, 0, 64);
    unit[0] = 1;
    stq_be_p(unit + 8, 0x10);
    stq_be_p(unit + 20, HD);
    unit[30] = function;
    stq_be_p(unit + 32, task);
    g_assert_cmpint(scsi_send(64, 1), ==, H_SUCCESS);
    g_assert_true(scsi_message(message, false));
    g_assert_cmphex(unit[0], ==, 0xc1);
    g_assert_cmphex(unit[18], ==, 1);
    return unit[39];
}

static void test_task_management(void)
{
    const uint8_t cdb[] = {SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0};

    stop_on_error();
    fault = (Fault){.write = EIO};
    for (uint64_t i = 1; i <= 4; i++) {
        scsi_submit(HD, cdb, sizeof(cdb), 0, 512, i);
    }
    g_assert_cmpuint(manage(1, 2), ==, 0);
    g_assert_cmpuint(manage(1, 77), ==, 0);
    g_assert_cmpuint(manage(0x40, 0), ==, 4);
    g_assert_cmpuint(manage(3, 0), ==, 2);
    fault = (Fault){0};
    blk_drain(blk_find("disk"));
    scsi_resume();
    /* Three answers, and none for the one that was aborted. */
    for (unsigned i = 0; i < 3; i++) {
        Answer a = scsi_wait();

        GOOD(a);
        g_assert_cmpuint(a.tag, !=, 2);
    }
    g_assert_false(scsi_wait().came);
    fault = (Fault){.write = EIO};
    scsi_submit(HD, cdb, sizeof(cdb), 0, 512, 5);
    g_assert_cmpuint(manage(8, 0), ==, 0);
    fault = (Fault){0};
    scsi_resume();
    g_assert_false(scsi_wait().came);
    FAILS(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
    fault = (Fault){.write = EIO};
    scsi_submit(HD, cdb, sizeof(cdb), 0, 512, 6);
    g_assert_cmpuint(manage(2, 0), ==, 0);
    fault = (Fault){0};
    GOOD(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0));
}

/* Commands end with the queue that they came through: the next one hears nothing of them. */
static void test_closed_queue(void)
{
    static const uint8_t read[] = {SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 8, 0};
    static uint8_t untouched[4096];
    VioDevice *adapter = (VioDevice *)device_find("v");

    memset(untouched, 0xa5, sizeof(untouched));
    for (unsigned quiesce = 0; quiesce < 2; quiesce++) {
        memcpy(data(), untouched, sizeof(untouched));
        /* One is under way on the host, one waits for the machine to go on. */
        stop_on_error();
        fault = (Fault){.read = EIO};
        scsi_submit(HD, read, sizeof(read), 4096, 0, 1);
        g_assert_false(scsi_wait().came);
        g_assert_cmpuint(stops, ==, 1);
        fault = (Fault){0};
        scsi_submit(HD, read, sizeof(read), 4096, 0, 2);
        g_assert_true(blk_in_flight(blk_find("disk")));
        if (quiesce) {
            vio_device_quiesce(adapter);
        } else {
            g_assert_cmpint(HRESULT(H_FREE_CRQ, VSCSI), ==, H_SUCCESS);
        }
        g_assert_false(blk_in_flight(blk_find("disk")));
        scsi_connect();
        scsi_resume();
        g_assert_false(scsi_wait().came);
        g_assert_cmpmem(data(), sizeof(untouched), untouched, sizeof(untouched));
        GOOD(SCSI(HD, 4096, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 8, 0));
    }
}

/* ---- State ---- */

static const char *const section_names[] = {"spapr_iommu", "v-scsi@71000002/spapr_vscsi",
                                            "v-scsi@71000002/0:0:0/scsi-disk"};

static StateEntry *section(unsigned i)
{
    StateEntry *entry =
        state_registry_find(runtime_state_registry(), section_names[i], i ? 0 : VSCSI);

    g_assert_nonnull(entry);
    return entry;
}

static void test_state_with_requests(void)
{
    static uint8_t bytes[300 << 10];
    const uint8_t read[] = {SCSI_READ_10, 0, 0, 0, 8, 0, 0, 0, 1, 0};
    GBytes *saved[3], *again;
    GError *error = NULL;
    gsize size;
    const void *stream;

    stop_on_error();
    fill(bytes, sizeof(bytes), 4);
    memcpy(data(), bytes, sizeof(bytes));
    g_assert_cmpint(blk_pwrite(blk_find("disk"), 0x800 * 512, bytes + 1000, 512, 0), ==, 0);
    fault = (Fault){.write = EIO, .read = EIO, .skip = 1};
    /* Three requests wait: a write in its second chunk, one that does all again, and a read. */
    g_assert_false(SCSI(HD, 0, 300 << 10, SCSI_WRITE_10, 0, 0, 0, 0x20, 0, 0, 2, 0x58, 0).came);
    g_assert_false(SCSI(HD, 0, 512, SCSI_WRITE_SAME_10, 0, 0, 0, 0x30, 0, 0, 0, 8, 0).came);
    scsi_submit(HD, read, sizeof(read), 512, 0, 9);
    g_assert_false(scsi_wait().came);
    block_drain_all();
    for (unsigned i = 0; i < 3; i++) {
        saved[i] = vmstate_save_to_bytes(section(i)->vmsd, section(i)->opaque, &error);
        g_assert_no_error(error);
    }
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    for (unsigned i = 0; i < 3; i++) {
        stream = g_bytes_get_data(saved[i], &size);
        vmstate_load_from_bytes(section(i)->vmsd, section(i)->opaque, stream, size,
                                section(i)->version_id, &error);
        g_assert_no_error(error);
        again = vmstate_save_to_bytes(section(i)->vmsd, section(i)->opaque, &error);
        g_assert_true(g_bytes_equal(saved[i], again));
        g_bytes_unref(again);
    }
    fault = (Fault){0};
    scsi_resume();
    for (unsigned i = 0; i < 3; i++) {
        GOOD(scsi_wait());
    }
    g_assert_false(scsi_wait().came);
    check_file(0x2000 * 512, bytes, sizeof(bytes));
    check_file(0x3007 * 512, bytes, 512);
    /* Every shorter stream is refused, and leaves no request behind. */
    stream = g_bytes_get_data(saved[2], &size);
    for (gsize cut = 0; cut < size; cut++) {
        g_assert_false(
            vmstate_load_from_bytes(section(2)->vmsd, section(2)->opaque, stream, cut, 1, &error));
        g_clear_error(&error);
    }
    /* Every flipped bit: loaded or refused, and the machine goes on. */
    for (gsize bit = 0; bit < size * 8; bit += 3) {
        g_autofree uint8_t *copy = g_memdup2(stream, size);

        copy[bit / 8] ^= 1u << bit % 8;
        vmstate_load_from_bytes(section(2)->vmsd, section(2)->opaque, copy, size, 1, &error);
        g_clear_error(&error);
    }
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    scsi_connect();
    FAILS(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
    GOOD(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0));
    for (unsigned i = 0; i < 3; i++) {
        g_bytes_unref(saved[i]);
    }
}

static void select_write_cache(bool on)
{
    memset(data(), 0, 24);
    memcpy(data() + 4, on ? "\x08\x12\x04" : "\x08\x12", 3);
    GOOD(SCSI(HD, 0, 24, SCSI_MODE_SELECT_6, 0x10, 0, 0, 24, 0));
}

static GBytes *save_disk(void)
{
    GError *error = NULL;
    GBytes *bytes = vmstate_save_to_bytes(section(2)->vmsd, section(2)->opaque, &error);

    g_assert_no_error(error);
    return bytes;
}

static void load_disk(GBytes *bytes)
{
    GError *error = NULL;
    gsize size;
    const void *stream = g_bytes_get_data(bytes, &size);

    vmstate_load_from_bytes(section(2)->vmsd, section(2)->opaque, stream, size,
                            section(2)->version_id, &error);
    g_assert_no_error(error);
}

static void test_state_write_cache(void)
{
    BlockBackend *blk = blk_find("disk");
    g_autoptr(GBytes) before = save_disk(), off = NULL, again = NULL, qemu = NULL;

    select_write_cache(false);
    off = save_disk();
    g_assert_cmpuint(g_bytes_get_size(off), ==,
                     g_bytes_get_size(before) + 2 + strlen("scsi-disk/write-cache") + 4 + 1);
    /* QEMU has no place for it. */
    state_registry_set_wire(runtime_state_registry(), VMSTATE_WIRE_QEMU_10_0);
    qemu = save_disk();
    g_assert_cmpuint(g_bytes_get_size(qemu), ==, g_bytes_get_size(before));
    state_registry_set_wire(runtime_state_registry(), VMSTATE_WIRE_OWN);
    /* What the guest chose ends with a reset, and comes back with the state. */
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    g_assert_true(blk_write_cache(blk));
    load_disk(off);
    g_assert_false(blk_write_cache(blk));
    again = save_disk();
    g_assert_true(g_bytes_equal(off, again));
    load_disk(before);
    g_assert_true(blk_write_cache(blk));
    scsi_connect();
    GOOD(SCSI(HD, 64, 0, SCSI_MODE_SENSE_6, 8, 8, 0, 64, 0));
    g_assert_cmphex(data()[6], ==, 4);
}

/* Where the section of the disk has its first request: in the adapter's part, after message and
 * unit. */
enum { STREAM_REQUEST = 104 + 25, STREAM_WRITING = STREAM_REQUEST + 16 + 256 + 4 + 1 + 4,
       STREAM_SENSE_LENGTH = STREAM_WRITING + 1 };

static void refuse(const uint8_t *stream, gsize size, const char *part)
{
    GError *error = NULL;

    g_assert_false(
        vmstate_load_from_bytes(section(2)->vmsd, section(2)->opaque, stream, size, 1, &error));
    g_assert_nonnull(strstr(error->message, part));
    g_error_free(error);
}

/* A request that contradicts itself. */
static void test_state_contradicts(void)
{
    static uint8_t bytes[4096];
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL;
    g_autofree uint8_t *copy = NULL;
    gsize size;

    stop_on_error();
    fault = (Fault){.write = EIO, .read = EIO};
    for (unsigned write = 0; write < 2; write++) {
        fill(bytes, sizeof(bytes), 9 + write);
        memcpy(data(), bytes, sizeof(bytes));
        if (write) {
            g_assert_false(SCSI(HD, 0, 4096, SCSI_WRITE_10, 0, 0, 0, 0x20, 0, 0, 0, 8, 0).came);
        } else {
            g_assert_false(SCSI(HD, 4096, 0, SCSI_READ_10, 0, 0, 0, 0x20, 0, 0, 0, 8, 0).came);
        }
        saved = vmstate_save_to_bytes(section(2)->vmsd, section(2)->opaque, &error);
        g_assert_no_error(error);
        size = g_bytes_get_size(saved);
        copy = g_memdup2(g_bytes_get_data(saved, NULL), size);
        system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
        scsi_connect();
        g_assert_cmpuint(copy[STREAM_WRITING], ==, write);
        copy[STREAM_WRITING] ^= 1;
        refuse(copy, size, "moves data the wrong way");
        copy[STREAM_WRITING] ^= 1;
        /* As many bytes of sense data as a response holds, and one more. */
        stl_be_p(copy + STREAM_SENSE_LENGTH, 221);
        refuse(copy, size, "221 bytes of sense data");
        stl_be_p(copy + STREAM_SENSE_LENGTH, 220);
        g_assert_true(
            vmstate_load_from_bytes(section(2)->vmsd, section(2)->opaque, copy, size, 1, &error));
        system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
        scsi_connect();
        FAILS(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
        g_clear_pointer(&saved, g_bytes_unref);
        g_clear_pointer(&copy, g_free);
    }
    fault = (Fault){0};
}

/* Loaded streams that are wrong where a restart would use them. */
static void test_state_goes_on(void)
{
    GError *error = NULL;
    g_autoptr(GBytes) saved = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    gsize size;
    const void *stream;

    stop_on_error();
    fault = (Fault){.write = EIO};
    g_assert_false(SCSI(HD, 0, 4096, SCSI_WRITE_10, 0, 0, 0, 0x20, 0, 0, 0, 8, 0).came);
    saved = vmstate_save_to_bytes(section(2)->vmsd, section(2)->opaque, &error);
    stream = g_bytes_get_data(saved, &size);
    fault = (Fault){0};
    for (unsigned i = 0; i < 2000; i++) {
        g_autofree uint8_t *copy = g_memdup2(stream, size);
        gsize where = (gsize)g_rand_int_range(random, 104, 104 + 25 + 16 + 112);

        system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
        scsi_connect();
        copy[where] = (uint8_t)g_rand_int(random);
        if (vmstate_load_from_bytes(section(2)->vmsd, section(2)->opaque, copy, size, 1, &error)) {
            scsi_resume();
            blk_drain(blk_find("disk"));
        }
        g_clear_error(&error);
    }
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    scsi_connect();
    FAILS(SCSI(HD, 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
}

/* ---- Hostile guests ---- */

static void test_queue_calls(void)
{
    static const uint64_t bad[][3] = {
        {VSCSI, 0, 0},
        {VSCSI, 0, 2048},
        {VSCSI, 0, 4097},
        {VSCSI, 8, 4096},
        {VSCSI, 0, 512u << 20},
        {VSCSI, 0, UINT64_MAX},
        {VSCSI, WINDOW, 4096},
        {VSCSI, WINDOW - 4096, 8192},
        {VSCSI, UINT64_MAX - 4095, 4096},
        {0x12345678, 0, 4096},
        {UINT64_MAX, 0, 4096},
    };

    g_assert_cmpint(HRESULT(H_REG_CRQ, VSCSI, QUEUE, 4096), ==, H_RESOURCE);
    g_assert_cmpint(HRESULT(H_ENABLE_CRQ, VSCSI), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_ENABLE_CRQ, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_FREE_CRQ, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_FREE_CRQ, VSCSI), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_SEND_CRQ, VSCSI, 0xc001000000000000ull, 0), ==, H_CLOSED);
    g_assert_cmpint(HRESULT(H_SEND_CRQ, 0x71000000, 0xc001000000000000ull, 0), ==, H_HARDWARE);
    g_assert_cmpint(HRESULT(H_SEND_CRQ, 0x99, 0xc001000000000000ull, 0), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_REG_CRQ, 0x71000000, 0, 4096), ==, H_NOT_FOUND);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(HRESULT(H_REG_CRQ, bad[i][0], bad[i][1], bad[i][2]), ==, H_PARAMETER);
    }
    /* A page that cannot be written. */
    HCALL(H_PUT_TCE, VSCSI, QUEUE, MEMORY | 1);
    g_assert_cmpint(HRESULT(H_REG_CRQ, VSCSI, QUEUE, 4096), ==, H_PARAMETER);
    HCALL(H_PUT_TCE, VSCSI, QUEUE, 0xfffffffff000ull | 3);
    g_assert_cmpint(HRESULT(H_REG_CRQ, VSCSI, QUEUE, 4096), ==, H_PARAMETER);
    scsi_connect();
}

static void test_too_many(void)
{
    const uint8_t cdb[] = {SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0};

    stop_on_error();
    fault = (Fault){.write = EIO};
    for (unsigned i = 0; i < VSCSI_SLOTS; i++) {
        scsi_submit(HD, cdb, sizeof(cdb), 0, 512, i);
    }
    g_assert_cmpint(scsi_send(64, 1), ==, H_DROPPED);
    fault = (Fault){0};
    blk_drain(blk_find("disk"));
    scsi_resume();
    for (unsigned i = 0; i < VSCSI_SLOTS; i++) {
        g_assert_true(scsi_wait().came);
    }
    GOOD(SCSI(HD, 0, 512, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 1, 0));
}

static void test_descriptors(void)
{
    static uint8_t bytes[4096];
    uint8_t *unit = scsi_host(UNIT + 256), *table = scsi_host(TABLE);
    const uint8_t cdb[] = {SCSI_WRITE_10, 0, 0, 0, 0x10, 0, 0, 0, 8, 0};

    /* A table outside of the unit, of pieces of any size: they are put together. */
    fill(bytes, sizeof(bytes), 6);
    memset(table, 0, 4096);
    for (unsigned i = 0, done = 0; i < 5; i++) {
        static const unsigned sizes[] = {1, 1000, 7, 3000, 88};

        stq_be_p(table + 16 * i, DATA + 0x1000 * i + 3);
        stl_be_p(table + 16 * i + 12, sizes[i]);
        memcpy(scsi_host(DATA + 0x1000 * i + 3), bytes + done, sizes[i]);
        done += sizes[i];
    }
    for (unsigned local = 0; local < 3; local++) {
        memset(unit, 0, 256);
        unit[0] = 2;
        stq_be_p(unit + 8, 1);
        stq_be_p(unit + 20, HD);
        memcpy(unit + 32, cdb, sizeof(cdb));
        unit[5] = 0x20;
        unit[6] = (uint8_t)local;
        stq_be_p(unit + 48, TABLE);
        stl_be_p(unit + 60, 5 * 16);
        stl_be_p(unit + 64, 4096);
        memcpy(unit + 68, table, 16 * local);
        g_assert_cmpint(HRESULT(H_SEND_CRQ, VSCSI, 0x8001000000000100ull, UNIT + 256), ==,
                        H_SUCCESS);
        GOOD(scsi_wait());
        check_file(0x1000 * 512, bytes, sizeof(bytes));
        GOOD(SCSI(HD, 0, 0, SCSI_WRITE_SAME_16, 1, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 8, 0, 0));
    }
    /* Too short: a write is refused, a read tells how much was lost. */
    memset(unit, 0, 256);
    FAILS(SCSI(HD, 0, 512, SCSI_WRITE_10, 0, 0, 0, 0, 0, 0, 0, 2, 0), 11, 0x4b, 0);
    {
        Answer a = SCSI(HD, 512, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 2, 0);

        GOOD(a);
        g_assert_cmphex(a.flags, ==, 0x10);
        g_assert_cmpuint(a.in_residual, ==, 512);
    }
}

static void test_random_messages(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(g_test_rand_int());
    unsigned rounds = g_test_slow() ? 2000000 : 60000;
    uint8_t message[16];

    blk_set_error_policy(blk_find("disk"), BLOCK_ERROR_REPORT, BLOCK_ERROR_REPORT);
    for (unsigned i = 0; i < rounds; i++) {
        uint8_t *unit = scsi_host(UNIT);
        static const uint8_t opcodes[] = {0x00, 0x01, 0x02, 0x02, 0x02, 0x02, 0x80, 0xc1};
        static const uint8_t commands[] = {0x00, 0x03, 0x04, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b,
                                           0x1e, 0x25, 0x28, 0x2a, 0x2e, 0x2f, 0x35, 0x41, 0x42,
                                           0x43, 0x46, 0x4a, 0x51, 0x55, 0x5a, 0x88, 0x8a, 0x8f,
                                           0x93, 0x9e, 0xa0, 0xa8, 0xaa, 0xad, 0xbd};
        uint64_t word = (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);
        uint8_t format =
            g_rand_int_range(random, 0, 8) ? 1 : (uint8_t)g_rand_int_range(random, 0, 8);

        for (unsigned j = 0; j < 256; j += 4) {
            stl_be_p(unit + j, g_rand_int_range(random, 0, 3) ? 0 : g_rand_int(random));
        }
        if (g_rand_boolean(random)) {
            unit[0] = opcodes[g_rand_int_range(random, 0, G_N_ELEMENTS(opcodes))];
            stq_be_p(unit + 20,
                     g_rand_int_range(random, 0, 6) ? (g_rand_boolean(random) ? HD : CD) : word);
            unit[32] = commands[g_rand_int_range(random, 0, G_N_ELEMENTS(commands))];
            unit[5] = (uint8_t)g_rand_int_range(random, 0, 64);
            stq_be_p(unit + 48, g_rand_int_range(random, 0, 4) ? DATA : word);
            stl_be_p(unit + 60, g_rand_int_range(random, 0, 4) ? 4096 : g_rand_int(random));
            unit[31] = g_rand_int_range(random, 0, 4) ? 0 : (uint8_t)g_rand_int(random);
        }
        if (g_rand_int_range(random, 0, 50)) {
            HCALL(H_SEND_CRQ, VSCSI,
                  0x8000000000000000ull | (uint64_t)format << 48 | g_rand_int_range(random, 0, 300),
                  g_rand_int_range(random, 0, 20) ? UNIT : word);
        } else {
            HCALL(H_SEND_CRQ, VSCSI, word, word);
        }
        while (scsi_message(message, true)) {
        }
    }
    scsi_connect();
    GOOD(SCSI(HD, 36, 0, SCSI_INQUIRY, 0, 0, 0, 36, 0));
}

static void test_hot_plug(void)
{
    BlockBackend *blk = blk_find("disk");
    GError *error = NULL;
    DeviceState *dev;

    /* A drive that another device has stays as it is. */
    blk_set_error_policy(blk, BLOCK_ERROR_STOP, BLOCK_ERROR_STOP);
    g_assert_null(
        device_add("scsi-hd,drive=disk,bus=v.0,rerror=ignore,werror=report,write-cache=off,"
                   "logical_block_size=4k",
                   &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_cmpint(blk_error_policy(blk, true), ==, BLOCK_ERROR_STOP);
    g_assert_cmpint(blk_error_policy(blk, false), ==, BLOCK_ERROR_STOP);
    g_assert_true(blk_write_cache(blk));
    g_assert_null(device_add("scsi-hd,drive=disk,bus=v.0,rerror=enospc", &error));
    g_assert_nonnull(strstr(error->message, "rerror=enospc"));
    g_clear_error(&error);
    drive_add("if=none,id=late,driver=null-co,size=1M", BLOCK_IF_NONE, false, &error);
    g_assert_no_error(error);
    g_assert_null(device_add("scsi-hd,drive=late,bus=v.0,scsi-id=2,lun=0", &error));
    g_assert_cmpstr(error->message, ==, "lun already used by 'cd'");
    g_clear_error(&error);
    g_assert_null(device_add("scsi-hd,drive=late,bus=v.0,scsi-id=64", &error));
    g_assert_cmpstr(error->message, ==, "bad scsi device id: 64");
    g_clear_error(&error);
    g_assert_null(device_add("scsi-hd,bus=v.0", &error));
    g_assert_cmpstr(error->message, ==, "drive property not set");
    g_clear_error(&error);
    dev = device_add("scsi-hd,id=late,drive=late,bus=v.0,bootindex=3", &error);
    g_assert_no_error(error);
    g_assert_nonnull(dev);
    {
        g_autofree char *list = boot_device_list(' ');

        g_assert_cmpstr(list, ==, "/vdevice/v-scsi@71000002/disk@8100000000000000");
    }
    FAILS(SCSI(LUN(1), 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
    GOOD(SCSI(LUN(1), 512, 0, SCSI_READ_10, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    g_assert_true(device_remove("late", &error));
    FAILS(SCSI(LUN(1), 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 5, 0x24, 0);
    g_assert_null(boot_device_list(' '));
    /* Blocks of another size. */
    g_assert_null(device_add("scsi-hd,drive=late,bus=v.0,logical_block_size=3k", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_nonnull(device_add(
        "scsi-hd,id=big,drive=late,bus=v.0,logical_block_size=4k,physical_block_size=16k", &error));
    g_assert_no_error(error);
    FAILS(SCSI(LUN(1), 0, 0, SCSI_TEST_UNIT_READY, 0, 0, 0, 0, 0), 6, 0x29, 0);
    GOOD(SCSI(LUN(1), 32, 0, SCSI_SERVICE_ACTION_IN_16, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32,
              0, 0));
    be_equal(data(), "00000000000000ff000010000002800000");
    GOOD(SCSI(LUN(1), 4096, 0, SCSI_READ_10, 0, 0, 0, 0, 255, 0, 0, 1, 0));
    FAILS(SCSI(LUN(1), 4096, 0, SCSI_READ_10, 0, 0, 0, 1, 0, 0, 0, 1, 0), 5, 0x21, 0);
    g_assert_true(device_remove("big", &error));
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*fn)(void);
    } tests[] = {
        {"attention", test_attention},
        {"inquiry", test_inquiry},
        {"capacity-and-modes", test_capacity_and_modes},
        {"read-write", test_read_write},
        {"write-same-and-unmap", test_write_same_and_unmap},
        {"optical", test_optical},
        {"report", test_report},
        {"stop-and-retry", test_stop_and_retry},
        {"task-management", test_task_management},
        {"closed-queue", test_closed_queue},
        {"queue-calls", test_queue_calls},
        {"too-many", test_too_many},
        {"descriptors", test_descriptors},
        {"hot-plug", test_hot_plug},
        {"state-with-requests", test_state_with_requests},
        {"state-contradicts", test_state_contradicts},
        {"state-write-cache", test_state_write_cache},
        {"random-messages", test_random_messages},
        {"state-goes-on", test_state_goes_on},
    };
    int result;

    g_test_init(&argc, &argv, NULL);
    scsi_start(",serial=SN1,wwn=0x5000c50012345678,rotation_rate=1");
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/scsi/%s", tests[i].name);

        g_test_add_func(path, tests[i].fn);
    }
    result = g_test_run();
    scsi_stop();
    return result;
}
