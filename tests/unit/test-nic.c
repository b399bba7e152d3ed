/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network cards on g3beige's PCI bus as drivers see them: rings in memory, filters, interrupts,
 * full rings; frames that come while the card sends; state in the middle of things; QEMU's
 * sections; and a driver gone mad.
 *
 * test-nic-VERSION.gz: sections of QEMU's (tests/migration/make-golden-net.py).
 */
#include <string.h>
#include "test-mac-bench.h"
#include "hw/net/nic.h"
#include "hw/pci/pci-host.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/bswap.h"

#define IO 0xfe000000u                  /* where processors see PCI's I/O space */
enum { NE_IO = 0x400, RTL_IO = 0x800, GEM = 0x90000000, RTL = 0x91000000 };
#define PIC 0x80800000u
#define RINGS 0x100000u
#define BUFFERS 0x200000u

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* ---- The other end ---- */

typedef struct Wire {
    NetClient nc;
} Wire;

static struct {
    Chardev *console;
    NetClient *wire[3];
    uint8_t frame[65536];
    size_t size;
    unsigned frames;
    NetClient *echo;                    /* answers each frame at once */
} t;

static ssize_t wire_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    memcpy(t.frame, frame, size);
    t.size = size;
    t.frames++;
    if (t.echo == nc) {
        uint8_t answer[100] = {0};

        memcpy(answer, frame + 6, 6);
        memcpy(answer + 6, frame, 6);
        net_send(nc, answer, sizeof(answer));
    }
    return (ssize_t)size;
}

static const NetClientInfo wire_info = {
    .type = "test", .size = sizeof(Wire), .receive = wire_receive};

static const struct { const char *model, *netdev; int slot; } cards[] = {
    {"ne2k_pci", "w0", 4}, {"rtl8139", "w1", 5}, {"sungem", "w2", 6},
};
enum { NE2K, RTL8139, SUNGEM };

static PciDevice *card(unsigned n)
{
    return (PciDevice *)mac_find(cards[n].model);
}

static void turn_loop(void)
{
    for (unsigned i = 0; i < 10; i++) {
        main_loop_iterate(false);
    }
}

static void enable(unsigned n, uint32_t bar0, uint32_t bar1)
{
    PciDevice *dev = card(n);

    pci_config_write(dev, PCI_BASE_ADDRESS_0, bar0, 4);
    if (bar1) {
        pci_config_write(dev, PCI_BASE_ADDRESS_0 + 4, bar1, 4);
    }
    pci_config_write(dev, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
}

static void setup(void)
{
    system_reset(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    enable(NE2K, NE_IO, 0);
    enable(RTL8139, RTL_IO, RTL);
    enable(SUNGEM, GEM, 0);
    t.frames = 0;
    t.size = 0;
    t.echo = NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(t.wire); i++) {
        net_set_link(t.wire[i]->name, true, NULL);
        net_flush(t.wire[i]->peer);
    }
    turn_loop();
    t.frames = 0;
}

static bool asserted(unsigned n)
{
    return card(n)->irq_state != 0;
}

static void memory_put(uint32_t at, const void *bytes, size_t size)
{
    address_space_write(address_space_memory(), at, MEMTXATTRS_UNSPECIFIED, bytes, size);
}

static void memory_get(uint32_t at, void *bytes, size_t size)
{
    address_space_read(address_space_memory(), at, MEMTXATTRS_UNSPECIFIED, bytes, size);
}

static uint32_t memory_le(uint32_t at)
{
    uint8_t bytes[4];

    memory_get(at, bytes, 4);
    return ldl_le_p(bytes);
}

static void memory_put_le(uint32_t at, uint32_t value)
{
    uint8_t bytes[4];

    stl_le_p(bytes, value);
    memory_put(at, bytes, 4);
}

/* A frame of `size` bytes to the card: its address, or another. */
static void arrive(unsigned n, const uint8_t *to, size_t size)
{
    uint8_t frame[2000];

    for (size_t i = 0; i < sizeof(frame); i++) {
        frame[i] = (uint8_t)(i * 7 + size);
    }
    memcpy(frame, to ? to : t.wire[n]->peer->mac, 6);
    memset(frame + 6, 2, 6);
    net_send(t.wire[n], frame, size);
}

/* What "info network" says of a card's address. */
static void expect_mac(unsigned n, const uint8_t *mac)
{
    g_autofree char *text = g_strdup_printf("macaddr=" MAC_FMT, MAC_ARGS(mac));

    g_assert_nonnull(strstr(t.wire[n]->peer->text, text));
    g_assert_cmpmem(t.wire[n]->peer->mac, NET_MAC_SIZE, mac, NET_MAC_SIZE);
}

/* ---- NE2000 ---- */

static uint8_t ne(unsigned reg)
{
    return (uint8_t)mac_load(IO + NE_IO + reg, 1);
}

static void ne_set(unsigned reg, uint8_t value)
{
    mac_store(IO + NE_IO + reg, value, 1);
}

/* Remote DMA: sets it up; the data port moves two bytes at once. */
static void ne_dma(uint8_t command, uint16_t at, uint16_t size)
{
    ne_set(0x00, 0x22);
    ne_set(0x08, at & 0xff);
    ne_set(0x09, at >> 8);
    ne_set(0x0a, size & 0xff);
    ne_set(0x0b, size >> 8);
    ne_set(0x00, command);
}

static void ne_start(void)
{
    ne(0x1f);                           /* reset */
    ne_set(0x00, 0x21);
    ne_set(0x0e, 0x49);
    ne_set(0x0c, 0x0c);                 /* broadcast and groups */
    ne_set(0x01, 0x46);
    ne_set(0x02, 0x80);
    ne_set(0x03, 0x46);
    ne_set(0x07, 0xff);
    ne_set(0x0f, 0x7f);
    ne_set(0x00, 0x61);
    for (unsigned i = 0; i < 6; i++) {
        ne_set(0x01 + i, t.wire[NE2K]->peer->mac[i]);
    }
    ne_set(0x07, 0x47);
    for (unsigned i = 0; i < 8; i++) {
        ne_set(0x08 + i, 0);
    }
    ne_set(0x00, 0x22);
    turn_loop();
}

static void test_ne2000(void)
{
    static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
    uint8_t sent[64];

    setup();
    g_assert_cmphex(pci_config_read(card(NE2K), 0, 4), ==, 0x802910ec);
    ne_start();
    g_assert_cmphex(ne(0x0a), ==, 0x50);
    g_assert_cmphex(ne(0x0b), ==, 0x43);
    /* The address is in the PROM, each byte twice. */
    ne_dma(0x0a, 0, 32);
    for (unsigned i = 0; i < 6; i++) {
        g_assert_cmphex(mac_load(IO + NE_IO + 0x10, 2), ==, t.wire[NE2K]->peer->mac[i] * 0x101u);
    }
    /* Out: through the data port to 0x4000, and away. */
    for (unsigned i = 0; i < sizeof(sent); i++) {
        sent[i] = (uint8_t)(i + 1);
    }
    ne_dma(0x12, 0x4000, sizeof(sent));
    for (unsigned i = 0; i < sizeof(sent); i += 2) {
        mac_store(IO + NE_IO + 0x10, lduw_be_p(sent + i), 2);
    }
    g_assert_cmphex(ne(0x07) & 0x40, ==, 0x40);
    ne_set(0x04, 0x40);
    ne_set(0x05, sizeof(sent));
    ne_set(0x06, 0);
    ne_set(0x00, 0x26);
    g_assert_cmpmem(t.frame, t.size, sent, sizeof(sent));
    g_assert_cmphex(ne(0x07) & 0x02, ==, 0x02);
    g_assert_cmphex(ne(0x04), ==, 0x01);
    g_assert_true(asserted(NE2K));
    ne_set(0x07, 0x7f);
    g_assert_false(asserted(NE2K));
    /* In: filters. */
    arrive(NE2K, (const uint8_t[]){2, 2, 2, 2, 2, 2}, 100);
    arrive(NE2K, group, 100);
    g_assert_cmphex(ne(0x07), ==, 0);
    arrive(NE2K, broadcast, 30);
    g_assert_cmphex(ne(0x07), ==, 0x01);
    arrive(NE2K, NULL, 1000);
    mac_check_state("ne2k_pci");
    enable(NE2K, NE_IO, 0);
    ne_set(0x00, 0x62);
    g_assert_cmphex(ne(0x07), ==, 0x4c);
    ne_dma(0x0a, 0x4700, 8);
    g_assert_cmphex(mac_load(IO + NE_IO + 0x10, 2), ==, 0x2148);  /* good, group; next page */
    g_assert_cmphex(mac_load(IO + NE_IO + 0x10, 2), ==, 0x4000);  /* 60 and 4 bytes */
    g_assert_cmphex(mac_load(IO + NE_IO + 0x10, 2), ==, 0xffff);
    ne_dma(0x0a, 0x4800, 8);
    g_assert_cmphex(mac_load(IO + NE_IO + 0x10, 2), ==, 0x014c);
    g_assert_cmphex(mac_load(IO + NE_IO + 0x10, 2), ==, 0xec03);  /* 1000 and 4 */
}

/* A full ring holds frames back; room lets them in, and an acknowledged interrupt comes again. */
static void test_ne2000_full(void)
{
    unsigned n = 0;
    uint8_t page;

    setup();
    ne_start();
    for (; n < 50; n++) {
        arrive(NE2K, NULL, 1514);
    }
    turn_loop();
    ne_set(0x00, 0x62);
    page = ne(0x07);
    ne_set(0x00, 0x22);
    g_assert_cmpuint(g_queue_get_length(&t.wire[NE2K]->peer->incoming), ==, 41);
    ne_set(0x07, 0x01);
    g_assert_cmphex(ne(0x07) & 0x01, ==, 0x01);
    /* The guest takes all that is there. */
    ne_set(0x03, page - 1);
    ne_set(0x07, 0x01);
    g_assert_cmphex(ne(0x07) & 0x01, ==, 0);
    turn_loop();
    g_assert_cmphex(ne(0x07) & 0x01, ==, 0x01);
    g_assert_cmpuint(g_queue_get_length(&t.wire[NE2K]->peer->incoming), ==, 32);
    /* A chip that is stopped drops them. */
    ne_set(0x00, 0x21);
    net_flush(t.wire[NE2K]->peer);
    turn_loop();
    g_assert_cmpuint(g_queue_get_length(&t.wire[NE2K]->peer->incoming), ==, 0);
}

/* ---- Sun GEM ---- */

static uint32_t gem(uint32_t reg)
{
    return mac_load_le(GEM + reg);
}

static void gem_set(uint32_t reg, uint32_t value)
{
    mac_store_le(GEM + reg, value);
}

static void gem_start(void)
{
    const uint8_t *mac = t.wire[SUNGEM]->peer->mac;

    gem_set(0x1010, 3);
    g_assert_cmphex(gem(0x1010), ==, 0);
    gem_set(0x0010, 0);                 /* all interrupts */
    gem_set(0x2008, RINGS);
    gem_set(0x200c, 0);
    gem_set(0x4004, RINGS + 0x1000);
    gem_set(0x4008, 0);
    gem_set(0x6054, 1518);
    for (unsigned i = 0; i < 3; i++) {
        gem_set(0x6080 + 4 * i, lduw_be_p(mac + 4 - 2 * i));
        gem_set(0x608c + 4 * i, 0);
    }
    for (unsigned i = 0; i < 32; i++) {
        memory_put_le(RINGS + 0x1000 + 16 * i, 0);
        memory_put_le(RINGS + 0x1000 + 16 * i + 4, 0x07ff0000);
        memory_put_le(RINGS + 0x1000 + 16 * i + 8, BUFFERS + 2048 * i);
        memory_put_le(RINGS + 0x1000 + 16 * i + 12, 0);
    }
    gem_set(0x2004, 1);                 /* 32 descriptors, on */
    gem_set(0x4000, 1 | 2 << 10);       /* the same; data 2 bytes into the buffer */
    gem_set(0x6030, 1);
    gem_set(0x6034, 1);
    gem_set(0x4100, 4);
    turn_loop();
}

static void gem_describe(unsigned n, uint64_t control, uint32_t buffer)
{
    memory_put_le(RINGS + 16 * n, (uint32_t)control);
    memory_put_le(RINGS + 16 * n + 4, (uint32_t)(control >> 32));
    memory_put_le(RINGS + 16 * n + 8, buffer);
    memory_put_le(RINGS + 16 * n + 12, 0);
}

static uint32_t gem_phy(unsigned reg)
{
    gem_set(0x620c, 1u << 30 | 2u << 28 | reg << 18 | 1u << 17);
    return gem(0x620c);
}

static void test_sungem(void)
{
    uint8_t bytes[200], got[200];

    setup();
    g_assert_cmphex(pci_config_read(card(SUNGEM), 0, 4), ==, 0x0021106b);
    gem_start();
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i + 3);
    }
    memory_put(BUFFERS + 0x10000, bytes, sizeof(bytes));
    /* Out, in two parts; the first one waits for the second across a saved state. */
    gem_describe(0, 1ull << 31 | 1ull << 29 | 20ull << 15 | 40ull << 21 | 150, BUFFERS + 0x10000);
    gem_set(0x2000, 1);
    g_assert_cmpuint(t.frames, ==, 0);
    mac_check_state("sungem");
    enable(SUNGEM, GEM, 0);
    gem_describe(1, 1ull << 32 | 1ull << 30 | 50, BUFFERS + 0x10000 + 150);
    gem_set(0x2000, 2);
    g_assert_cmpuint(t.frames, ==, 1);
    g_assert_cmpuint(t.size, ==, 200);
    g_assert_cmpmem(t.frame, 40, bytes, 40);
    g_assert_cmpmem(t.frame + 42, 158, bytes + 42, 158);
    {
        uint32_t sum = 0;

        for (unsigned i = 20; i < 200; i += 2) {
            sum += lduw_be_p(t.frame + i) -
                   (i == 40 ? lduw_be_p(t.frame + 40) - lduw_be_p(bytes + 40) : 0);
        }
        while (sum >> 16) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        g_assert_cmphex(lduw_be_p(t.frame + 40), ==, (uint16_t)~sum);
    }
    g_assert_cmphex(gem(0x2100), ==, 2);
    g_assert_true(asserted(SUNGEM));
    g_assert_cmphex(gem(0x0c), ==, 2u << 19 | 7);
    g_assert_cmphex(gem(0x0c) & 3, ==, 0);
    gem_set(0x0010, 4);
    g_assert_false(asserted(SUNGEM));
    /* In: others' frames, groups by their hash, ours, what comes when the ring is full. */
    arrive(SUNGEM, (const uint8_t[]){2, 2, 2, 2, 2, 2}, 100);
    arrive(SUNGEM, (const uint8_t[]){1, 0, 0x5e, 0, 0, 1}, 100);
    g_assert_cmphex(gem(0x4104), ==, 0);
    arrive(SUNGEM, NULL, 100);
    g_assert_cmphex(gem(0x4104), ==, 1);
    g_assert_true(asserted(SUNGEM));
    g_assert_cmphex(memory_le(RINGS + 0x1000) >> 16, ==, 104);
    memory_get(BUFFERS + 2, got, 100);
    g_assert_cmpmem(got, 6, t.wire[SUNGEM]->peer->mac, 6);
    arrive(SUNGEM, broadcast, 1514);
    arrive(SUNGEM, broadcast, 1515);    /* too long */
    arrive(SUNGEM, broadcast, 40);
    arrive(SUNGEM, broadcast, 64);
    g_assert_cmphex(gem(0x4104), ==, 3);
    g_assert_cmphex(gem(0x1c) & 0x30, ==, 0x30);
    gem_set(0x4100, 8);
    turn_loop();
    g_assert_cmphex(gem(0x4104), ==, 4);
    /* The PHY. */
    g_assert_cmphex(gem_phy(2), ==, 0x10040);
    g_assert_cmphex(gem_phy(1), ==, 0x1402c);
    net_set_link(t.wire[SUNGEM]->name, false, NULL);
    g_assert_cmphex(gem_phy(1), ==, 0x14008);
    net_set_link(t.wire[SUNGEM]->name, true, NULL);
    gem_set(0x620c, 1u << 30 | 2u << 28 | 5u << 23 | 2u << 18);
    g_assert_cmphex(gem(0x620c), ==, 0x1ffff);
}

/* An address that the driver sets is the one that others are told, also after a stream; a reset
 * gives the card's own. */
static void test_addresses(void)
{
    static const uint8_t other[] = {0x52, 0x54, 0, 1, 2, 3};
    uint8_t own[3][NET_MAC_SIZE];

    setup();
    for (unsigned i = 0; i < 3; i++) {
        memcpy(own[i], t.wire[i]->peer->mac, NET_MAC_SIZE);
        expect_mac(i, own[i]);
    }
    ne_set(0x00, 0x61);
    for (unsigned i = 0; i < NET_MAC_SIZE; i++) {
        ne_set(1 + i, other[i]);
    }
    ne_set(0x00, 0x21);
    for (unsigned i = 0; i < 3; i++) {
        gem_set(0x6080 + 4 * i, lduw_be_p(other + 4 - 2 * i));
    }
    expect_mac(NE2K, other);
    expect_mac(SUNGEM, other);
    mac_check_state("ne2k_pci");
    mac_check_state("sungem");
    expect_mac(NE2K, other);
    expect_mac(SUNGEM, other);
    setup();
    for (unsigned i = 0; i < 3; i++) {
        expect_mac(i, own[i]);
    }
}

/* Descriptors of frames that have come tell the Internet's checksum of what is behind an offset. */
static void test_sungem_checksum(void)
{
    static const struct { uint32_t skip, size; uint16_t sum;
    } rows[] = {{14, 64, 0xff37}, {14, 65, 0xfe37}, {63, 64, 0x37ff}, {0x7f, 64, 0xffff}};

    setup();
    gem_start();
    gem_set(0x4100, 16);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t frame[65] = {0};

        memcpy(frame, broadcast, 6);
        /* Of the words behind the header only one is not 0, and an odd byte at the end. */
        frame[63] = 0xc8;
        frame[64] = 1;
        gem_set(0x4000, 1 | 2 << 10 | rows[i].skip << 13);
        net_send(t.wire[SUNGEM], frame, rows[i].size);
        turn_loop();
        g_assert_cmphex(gem(0x4104), ==, i + 1);
        g_assert_cmphex(memory_le(RINGS + 0x1000 + 16 * i) & 0xffff, ==, rows[i].sum);
    }
}

/* Frames that come back while the card sends are delivered later, and its rings are in order. */
static void test_sungem_echo(void)
{
    uint8_t frame[100] = {0};

    setup();
    gem_start();
    t.echo = t.wire[SUNGEM];
    memcpy(frame + 6, t.wire[SUNGEM]->peer->mac, 6);
    memory_put(BUFFERS + 0x10000, frame, sizeof(frame));
    for (unsigned i = 0; i < 8; i++) {
        gem_describe(i, 1ull << 31 | 1ull << 30 | 100, BUFFERS + 0x10000);
    }
    gem_set(0x4100, 12);
    gem_set(0x2000, 8);
    g_assert_cmpuint(t.frames, ==, 8);
    g_assert_cmphex(gem(0x2100), ==, 8);
    g_assert_cmphex(gem(0x4104), ==, 0);
    turn_loop();
    g_assert_cmphex(gem(0x4104), ==, 8);
    /* A ring of the card's own registers: it sends garbage, but not for ever, and its registers
     * stay. */
    gem_set(0x2008, GEM);
    gem_set(0x4004, GEM + 0x2000);
    gem_set(0x2000, 7);
    arrive(SUNGEM, NULL, 100);
    turn_loop();
    g_assert_cmphex(gem(0x2008), ==, GEM);
    /* Loopback. */
    gem_start();
    gem_set(0x603c, 2);
    t.frames = 0;
    memcpy(frame, broadcast, 6);
    memory_put(BUFFERS + 0x10000, frame, sizeof(frame));
    gem_describe(0, 1ull << 31 | 1ull << 30 | 100, BUFFERS + 0x10000);
    gem_set(0x2000, 1);
    g_assert_cmpuint(t.frames, ==, 0);
    g_assert_cmphex(gem(0x4104), ==, 1);
}

/* ---- RTL8139 ---- */

static uint32_t rtl(unsigned reg, unsigned size)
{
    uint64_t value = mac_load(RTL + reg, size);

    return size == 4   ? bswap32((uint32_t)value)
           : size == 2 ? bswap16((uint16_t)value)
                       : (uint32_t)value;
}

static void rtl_set(unsigned reg, uint32_t value, unsigned size)
{
    mac_store(RTL + reg,
              size == 4   ? bswap32(value)
              : size == 2 ? bswap16((uint16_t)value)
                          : value,
              size);
}

static uint16_t rtl_eeprom(unsigned address)
{
    uint32_t command = 0x180 | address; /* start, read */
    uint16_t value = 0;

    rtl_set(0x50, 0x80, 1);
    rtl_set(0x50, 0x88, 1);
    for (int bit = 8; bit >= 0; bit--) {
        uint8_t di = command >> bit & 1 ? 2 : 0;

        rtl_set(0x50, 0x88 | di, 1);
        rtl_set(0x50, 0x8c | di, 1);
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        rtl_set(0x50, 0x88, 1);
        rtl_set(0x50, 0x8c, 1);
        value = (uint16_t)(value << 1 | (rtl(0x50, 1) & 1));
    }
    rtl_set(0x50, 0, 1);
    return value;
}

static void test_rtl8139(void)
{
    uint8_t bytes[100];

    setup();
    g_assert_cmphex(pci_config_read(card(RTL8139), 0, 4), ==, 0x813910ec);
    g_assert_cmphex(rtl_eeprom(0), ==, 0x8129);
    g_assert_cmphex(rtl_eeprom(7), ==, lduw_le_p(t.wire[RTL8139]->peer->mac));
    g_assert_cmphex(rtl(0x37, 1), ==, 0x11);
    rtl_set(0x37, 0x10, 1);
    g_assert_cmphex(rtl(0x37, 1), ==, 0x01);
    rtl_set(0x37, 0x0c, 1);
    rtl_set(0x3c, 0xffff, 2);
    rtl_set(0x30, BUFFERS, 4);
    rtl_set(0x44, 0x0a, 4);             /* broadcast and ours; 8 KiB */
    /* Out: the first of four. */
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 3);
    }
    memory_put(BUFFERS + 0x10000, bytes, sizeof(bytes));
    rtl_set(0x20, BUFFERS + 0x10000, 4);
    rtl_set(0x10, sizeof(bytes), 4);
    g_assert_cmpmem(t.frame, t.size, bytes, sizeof(bytes));
    g_assert_cmphex(rtl(0x10, 4) & 0xa000, ==, 0xa000);
    g_assert_cmphex(rtl(0x60, 2) & 0x100f, ==, 0x100f);
    g_assert_cmphex(rtl(0x3e, 2), ==, 0x04);
    g_assert_true(asserted(RTL8139));
    rtl_set(0x3e, 0x04, 2);
    g_assert_false(asserted(RTL8139));
    /* In. */
    arrive(RTL8139, (const uint8_t[]){2, 2, 2, 2, 2, 2}, 100);
    g_assert_cmphex(rtl(0x37, 1) & 1, ==, 1);
    arrive(RTL8139, NULL, 101);
    g_assert_cmphex(rtl(0x37, 1) & 1, ==, 0);
    g_assert_cmphex(rtl(0x3e, 2), ==, 0x01);
    g_assert_cmphex(memory_le(BUFFERS), ==, 105u << 16 | 0x4001);
    g_assert_cmphex(rtl(0x3a, 2), ==, 112);
    mac_check_state("rtl8139");
    enable(RTL8139, RTL_IO, RTL);
    g_assert_cmphex(rtl(0x3a, 2), ==, 112);
    /* A ring that is full holds back, as long as nobody wants to hear of it. */
    rtl_set(0x3c, 0x0001, 2);
    for (unsigned i = 0; i < 8; i++) {
        arrive(RTL8139, NULL, 1514);
    }
    g_assert_cmpuint(g_queue_get_length(&t.wire[RTL8139]->peer->incoming), ==, 3);
    rtl_set(0x38, (rtl(0x3a, 2) - 0x10) & 0xffff, 2);
    turn_loop();
    g_assert_cmpuint(g_queue_get_length(&t.wire[RTL8139]->peer->incoming), ==, 0);
    /* The timer. */
    rtl_set(0x3c, 0x4000, 2);
    rtl_set(0x3e, 0xffff, 2);
    rtl_set(0x48, 0, 4);
    rtl_set(0x54, 33000000, 4);         /* a second: time passes by itself in mac_pass() */
    mac_pass(500 * SCALE_MS);
    g_assert_false(asserted(RTL8139));
    mac_pass(600 * SCALE_MS);
    g_assert_true(asserted(RTL8139));
    g_assert_cmpuint(rtl(0x48, 4), >=, 33000000);
    mac_check_state("rtl8139");
    /* Registers that another one guards. */
    enable(RTL8139, RTL_IO, RTL);
    rtl_set(0x51, 0x05, 1);
    g_assert_cmphex(rtl(0x51, 1), ==, 0);
    rtl_set(0x50, 0xc0, 1);
    rtl_set(0x51, 0xff, 1);
    g_assert_cmphex(rtl(0x51, 1), ==, 0x07);
    rtl_set(0x50, 0, 1);
    /* The link. */
    rtl_set(0x3e, 0xffff, 2);
    net_set_link(t.wire[RTL8139]->name, false, NULL);
    g_assert_cmphex(rtl(0x64, 2) & 4, ==, 0);
    g_assert_cmphex(rtl(0x58, 1) & 4, ==, 4);
    g_assert_cmphex(rtl(0x3e, 2), ==, 0x20);
}

static void describe(uint32_t at, uint32_t control, uint32_t tag, uint32_t buffer)
{
    memory_put_le(at, control);
    memory_put_le(at + 4, tag);
    memory_put_le(at + 8, buffer);
    memory_put_le(at + 12, 0);
}

static void test_rtl8139_cplus(void)
{
    /* Ethernet, IP (40 + 2500 bytes), TCP, then data. */
    static const uint8_t headers[54] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 2, 2, 2, 2, 2, 8, 0,
        0x45, 0, 0x09, 0xec, 0x12, 0x34, 0, 0, 64, 6, 0, 0, 10, 0, 2, 15, 10, 0, 2, 2,
        0x10, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0,
    };
    g_autofree uint8_t *frame = g_malloc0(54 + 2500);

    setup();
    rtl_set(0x37, 0x10, 1);
    rtl_set(0xe0, 0x0003, 2);
    rtl_set(0xe4, RINGS, 4);
    rtl_set(0xe8, 0, 4);
    rtl_set(0x20, RINGS + 0x1000, 4);
    rtl_set(0x24, 0, 4);
    rtl_set(0x37, 0x0c, 1);
    rtl_set(0x44, 0x0a, 4);
    rtl_set(0x3c, 0xffff, 2);
    /* In: one descriptor is ours, the second is not. */
    describe(RINGS, 1u << 31 | 1536, 0, BUFFERS);
    describe(RINGS + 16, 1536, 0, BUFFERS + 2048);
    arrive(RTL8139, NULL, 200);
    g_assert_cmphex(memory_le(RINGS), ==, 0x32000000 | 204);
    g_assert_cmphex(rtl(0x3e, 2), ==, 0x01);
    arrive(RTL8139, NULL, 200);
    g_assert_cmphex(rtl(0x3e, 2), ==, 0x11);
    g_assert_cmpuint(rtl(0x4c, 4), ==, 1);
    /* Out: a large frame in two descriptors becomes two, with checksums. */
    memcpy(frame, headers, sizeof(headers));
    for (unsigned i = 0; i < 2500; i++) {
        frame[54 + i] = (uint8_t)i;
    }
    memory_put(BUFFERS + 0x10000, frame, 54 + 2500);
    describe(RINGS + 0x1000, 1u << 31 | 1u << 29 | 1u << 27 | 1400u << 16 | 54, 0,
             BUFFERS + 0x10000);
    describe(RINGS + 0x1010, 0, 0, 0);
    rtl_set(0xd9, 0x40, 1);
    g_assert_cmpuint(t.frames, ==, 0);
    mac_check_state("rtl8139"); /* with the first half */
    describe(RINGS + 0x1010, 1u << 31 | 1u << 28 | 1u << 27 | 1400u << 16 | 2500, 0,
             BUFFERS + 0x10000 + 54);
    describe(RINGS + 0x1020, 0, 0, 0);
    rtl_set(0xd9, 0x40, 1);
    g_assert_cmpuint(t.frames, ==, 2);
    g_assert_cmpuint(t.size, ==, 54 + 1100);
    g_assert_cmphex(lduw_be_p(t.frame + 16), ==, 40 + 1100);
    g_assert_cmphex(lduw_be_p(t.frame + 18), ==, 0x1235);
    g_assert_cmphex(ldl_be_p(t.frame + 38), ==, 1 + 1400);
    g_assert_cmpmem(t.frame + 54, 1100, frame + 54 + 1400, 1100);
    g_assert_cmphex(memory_le(RINGS + 0x1000) >> 31, ==, 0);
    {
        uint32_t sum = 6 + 20 + 1100, header = 0;

        for (unsigned i = 26; i < t.size; i += 2) {
            sum += lduw_be_p(t.frame + i);
        }
        for (unsigned i = 14; i < 34; i += 2) {
            header += lduw_be_p(t.frame + i);
        }
        g_assert_cmphex((sum & 0xffff) + (sum >> 16), ==, 0xffff);
        g_assert_cmphex((header & 0xffff) + (header >> 16), ==, 0xffff);
    }
    /* Counters in memory. */
    rtl_set(0x14, 0, 4);
    rtl_set(0x10, (RINGS + 0x2000) | 8, 4);
    g_assert_cmpuint(memory_le(RINGS + 0x2000), ==, 1);
    g_assert_cmpuint(memory_le(RINGS + 0x2008), ==, 1);
    g_assert_cmphex(rtl(0x10, 4) & 8, ==, 0);
    mac_check_state("rtl8139");
    /* A ring that is all one descriptor, which cannot be given back. */
    enable(RTL8139, RTL_IO, RTL);
    describe(RINGS + 0x1000, 0xf0000000 | 100, 0, BUFFERS);
    rtl_set(0x20, 0xfff00000, 4);
    rtl_set(0xd9, 0x40, 1);
    rtl_set(0x20, RTL, 4);
    rtl_set(0xd9, 0x40, 1);
}

/* ---- All of them ---- */

/* Registers and descriptors at random. Memory beside the rings is nobody's to write, but DMA may go
 * anywhere. */
static void test_mad(void)
{
    static const struct { hwaddr base; uint32_t size; } spaces[] = {
        {IO + NE_IO, 0x20}, {RTL, 0x100}, {GEM, 0xa000},
    };
    static const uint32_t targets[] = {RINGS,      BUFFERS,   GEM, RTL,
                                       0xfffff000, 0x3fff800, 0,   0x80000000};
    g_autoptr(GRand) rand = g_rand_new_with_seed(47);
    g_autofree uint8_t *noise = g_malloc(0x10000);

    setup();
    ne_start();
    gem_start();
    for (unsigned i = 0; i < 0x10000; i++) {
        noise[i] = (uint8_t)g_rand_int(rand);
    }
    for (unsigned turn = 0; turn < 30000; turn++) {
        unsigned n = (unsigned)g_rand_int_range(rand, 0, G_N_ELEMENTS(spaces)),
                 size = 1u << g_rand_int_range(rand, 0, 3);
        hwaddr at = spaces[n].base +
                    ((uint32_t)g_rand_int_range(rand, 0, (int)spaces[n].size) & ~(size - 1));
        uint32_t value = g_rand_int(rand);

        if (g_rand_int_range(rand, 0, 3) == 0) {
            value = bswap32(targets[g_rand_int_range(rand, 0, G_N_ELEMENTS(targets))]);
        }
        switch (g_rand_int_range(rand, 0, 8)) {
        case 0:
            mac_load(at, size);
            break;
        case 1:
            arrive(n, g_rand_boolean(rand) ? broadcast : NULL,
                   (size_t)g_rand_int_range(rand, 1, 1900));
            break;
        case 2:
            memory_put(RINGS + ((uint32_t)g_rand_int_range(rand, 0, 0x100) << 4),
                       noise + g_rand_int_range(rand, 0, 0xff00), 16);
            break;
        case 3:
            if (turn % 64 == 0) {
                turn_loop();
                mac_pass(SCALE_MS);
            }
            break;
        default:
            mac_store(at, value, size);
        }
        if (turn % 2000 == 0) {
            setup();
            ne_start();
            gem_start();
            rtl_set(0x37, 0x0c, 1);
        }
    }
}

static void *owner(const char *name, unsigned n, const VMStateDescription **vmsd)
{
    DeviceState *dev;

    if (!n) {
        return NULL;                    /* libslirp's */
    }
    dev = mac_find(cards[n - 1].model);
    *vmsd = device_class_vmstate(device_get_class(dev));
    return dev;
}

/* The RTL8139's section has the timer's count: to the time at which it is that. */
static void set_time(const char *file)
{
    static const char name[] = "rtl8139";
    g_autoptr(GBytes) golden = mac_read_golden(file);
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(golden, &size),
                  *p = memmem(bytes, size, name, strlen(name));
    uint32_t length;

    g_assert_nonnull(p);
    p += strlen(name) + 4;
    length = ldl_be_p(p);
    clock_set_ns(clock_virtual(), ((int64_t)ldl_be_p(p + 4 + length - 84) * 1000 + 32) / 33);
}

static void test_golden(const void *version)
{
    g_autofree char *file = g_strdup_printf("test-nic-%s.gz", (const char *)version);
    g_autofree char *dialect = g_strdup_printf("qemu-%s", (const char *)version);

    setup();
    set_time(file);
    mac_check_golden(file, dialect, 4, owner);
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    runtime_init();
    t.console = chardev_new_from_short("console", "ringbuf", false, &error);
    device_classes_register(hw_net_device_classes);
    mac_start("g3beige", NULL, t.console, true);
    for (unsigned i = 0; i < G_N_ELEMENTS(cards); i++) {
        g_autofree char *text =
            g_strdup_printf("%s,netdev=%s,addr=%x", cards[i].model, cards[i].netdev, cards[i].slot);

        t.wire[i] = net_client_new(&wire_info, cards[i].netdev, NULL, &error);
        g_assert_no_error(error);
        device_add(text, &error);
        g_assert_no_error(error);
    }
    g_test_add_func("/nic/ne2000", test_ne2000);
    g_test_add_func("/nic/ne2000/full", test_ne2000_full);
    g_test_add_func("/nic/sungem", test_sungem);
    g_test_add_func("/nic/sungem/echo", test_sungem_echo);
    g_test_add_func("/nic/addresses", test_addresses);
    g_test_add_func("/nic/sungem/checksum", test_sungem_checksum);
    g_test_add_func("/nic/rtl8139", test_rtl8139);
    g_test_add_func("/nic/rtl8139/c-plus", test_rtl8139_cplus);
    g_test_add_func("/nic/mad", test_mad);
    g_test_add_data_func("/nic/golden/7.2", "7.2", test_golden);
    g_test_add_data_func("/nic/golden/10.0", "10.0", test_golden);
    status = g_test_run();
    mac_stop();
    return status;
}
