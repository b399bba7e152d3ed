/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OHCI: its registers, and lists of endpoints and transfers that are mostly well made. */
#include "guest.h"

enum {
    CONTROL = 0x04,
    COMMAND_STATUS = 0x08,
    INTERRUPT_STATUS = 0x0c,
    INTERRUPT_ENABLE = 0x10,
    INTERRUPT_DISABLE = 0x14,
    HCCA = 0x18,
    CONTROL_HEAD = 0x20,
    BULK_HEAD = 0x28,
    FM_INTERVAL = 0x34,
    PERIODIC_START = 0x40,
    RH_DESCRIPTOR_A = 0x48,
    RH_STATUS = 0x50,
    RH_PORT = 0x54
};
enum { N_PORTS = 3, MAX_ADDRESS = 8 };

static uint32_t base;

static void reg(uint32_t at, uint32_t value)
{
    out_le32(base + at, value);
}

/* ---- What devices are asked ---- */

static void make_setup(uint32_t at)
{
    static const uint8_t usual[][8] = {
        {0x80, 6, 0, 1, 0, 0, 18, 0},     /* device descriptor */
        {0x80, 6, 0, 2, 0, 0, 255, 0},    /* configuration */
        {0x80, 6, 1, 3, 9, 4, 255, 0},    /* string */
        {0x80, 6, 0, 0x0f, 0, 0, 255, 0}, /* BOS */
        {0x00, 5, 1, 0, 0, 0, 0, 0},      /* set address */
        {0x00, 9, 1, 0, 0, 0, 0, 0},      /* set configuration */
        {0x80, 8, 0, 0, 0, 0, 1, 0},      {0x80, 0, 0, 0, 0, 0, 2, 0},
        {0x01, 11, 0, 0, 0, 0, 0, 0},                                      /* set interface */
        {0x81, 10, 0, 0, 0, 0, 1, 0},     {0x02, 1, 0, 0, 0x81, 0, 0, 0},  /* clear halt */
        {0x81, 6, 0, 0x22, 0, 0, 255, 0},                                  /* report descriptor */
        {0x21, 9, 0, 2, 0, 0, 1, 0},                                       /* set report (LEDs) */
        {0x21, 10, 4, 0, 0, 0, 0, 0},                                      /* set idle */
        {0x21, 11, 0, 0, 0, 0, 0, 0},                                      /* set protocol */
        {0xa1, 1, 0, 1, 0, 0, 8, 0},                                       /* get report */
        {0xa1, 2, 0, 0, 0, 0, 1, 0},      {0xa0, 6, 0, 0x29, 0, 0, 64, 0}, /* hub descriptor */
        {0xa3, 0, 0, 0, 1, 0, 4, 0},                                       /* port status */
        {0xa0, 0, 0, 0, 0, 0, 4, 0},      {0x23, 3, 8, 0, 1, 0, 0, 0},     /* port power */
        {0x23, 3, 4, 0, 1, 0, 0, 0},                                       /* port reset */
        {0x23, 1, 16, 0, 1, 0, 0, 0},                                      /* clear change */
        {0x21, 0xff, 0, 0, 0, 0, 0, 0},                                    /* bulk-only reset */
        {0xa1, 0xfe, 0, 0, 0, 0, 1, 0},
    };
    uint8_t setup[8];

    for (unsigned i = 0, which = below(sizeof(usual) / 8); i < 8; i++) {
        setup[i] = usual[which][i];
    }
    if (setup[1] == 5) {
        setup[2] = (uint8_t)(1 + below(MAX_ADDRESS - 1));
    } else if (setup[0] == 0x23) {
        setup[2] = one_in(2) ? setup[2] : (uint8_t)below(24);
        setup[4] = (uint8_t)below(10);
    }
    if (one_in(3)) {
        setup[below(8)] = (uint8_t)rnd();
    }
    if (one_in(6)) {
        uint32_t length = any_length();

        setup[6] = (uint8_t)length;
        setup[7] = (uint8_t)(length >> 8);
    }
    fill(at, setup, 8);
}

/* ---- Transfers ---- */

/* A buffer of up to two pages, which need not be neighbours. */
static void put_buffer(uint32_t td, uint32_t begin, uint32_t length)
{
    uint32_t end = begin + length - 1;

    if (one_in(6)) {
        end = (data_address() & ~0xfffu) | (rnd() & 0xfff);
    }
    put_le32(td + 4, length ? begin : one_in(2) ? 0 : begin);
    put_le32(td + 12, one_in(16) ? any_word() : end);
}

static void put_td(uint32_t td, uint32_t pid, uint32_t next, uint32_t begin, uint32_t length)
{
    uint32_t flags = pid << 19 | (one_in(2) ? 1u << 18 : 0) | PICK(0, 1, 6, 7, 7) << 21 |
                     PICK(0, 0, 2, 3) << 24 | 0xf0000000u;

    put_le32(td, one_in(16) ? any_word() : flags);
    put_buffer(td, begin, length);
    put_le32(td + 8, next);
}

static void put_iso_td(uint32_t td, uint32_t next)
{
    uint32_t begin = data_address(), frame = in_le32(base + 0x3c) & 0xffff, packets = below(8);

    put_le32(td,
             ((frame + below(6) - 2) & 0xffff) | PICK(0, 1, 7) << 21 | packets << 24 | 0xf0000000u);
    put_le32(td + 4, begin & ~0xfffu);
    put_le32(td + 8, next);
    put_le32(td + 12, one_in(3) ? data_address() : begin + any_length() % 8192);
    for (unsigned i = 0; i < 8; i++) {
        put_le16(td + 16 + 2 * i, (uint16_t)(0xe000 | (one_in(4) ? rnd() : i * below(1024))));
    }
}

/* An endpoint with transfers; returns where it is. */
static uint32_t make_ed(uint32_t next)
{
    uint32_t ed = desc_address(16), tds = desc_address(32), tail, address = below(MAX_ADDRESS),
             endpoint = one_in(3) ? below(3) : 0, flags;
    unsigned n = 1 + below(one_in(8) ? 600 : 5);
    bool iso = one_in(12);

    tail = tds + 32 * n;
    for (unsigned i = 0; i < n; i++) {
        uint32_t td = tds + 32 * i, following = td + 32;

        if (one_in(20)) {
            following = one_in(2) ? tds + 32 * below(n) : desc_address(16) + below(16);
        }
        if (iso) {
            put_iso_td(td, following);
        } else if (!endpoint && !one_in(8)) {
            /* Setup, data, status. */
            uint32_t data = data_address();

            if (i % 3 == 0) {
                uint32_t setup = DATA_AT + (below(DATA_SIZE) & ~15u);

                make_setup(setup);
                put_td(td, 0, following, setup, one_in(16) ? any_length() : 8);
            } else {
                put_td(td, i % 3 == 1 && !one_in(4) ? 2 : 1 + below(2), following, data,
                       i % 3 == 2  ? 0
                       : one_in(3) ? any_length() % 8193
                                   : below(256));
            }
        } else {
            put_td(td, below(4), following, data_address(), any_length() % 8193);
        }
    }
    flags = address | endpoint << 7 | (one_in(3) ? below(4) << 11 : 0) |
            (one_in(4) ? 1u << 13 : 0) | (one_in(16) ? 1u << 14 : 0) | (iso ? 1u << 15 : 0) |
            (one_in(4) ? below(2048) : PICK(8, 16, 32, 64)) << 16;
    put_le32(ed, one_in(20) ? any_word() : flags);
    put_le32(ed + 4, one_in(20) ? tds : tail);
    put_le32(ed + 8, (one_in(20) ? any_word() & ~15u : tds) | (one_in(20)  ? below(16)
                                                               : one_in(4) ? 2
                                                                           : 0));
    put_le32(ed + 12, next);
    return ed;
}

static uint32_t make_list(unsigned n)
{
    uint32_t first = 0, next = 0;

    while (n--) {
        next = make_ed(next);
        if (!first) {
            first = next; /* the last in the list */
        }
    }
    if (first && one_in(8)) {
        put_le32(first + 12, one_in(2) ? next : desc_address(1));
    }
    return next;
}

/* ---- Episodes ---- */

static void ports(void)
{
    bool sensible = one_in(2);

    for (unsigned i = 0; i < N_PORTS; i++) {
        if (sensible) { /* power, reset: the device has address 0 */
            reg(RH_PORT + 4 * i, 0x100);
            reg(RH_PORT + 4 * i, 0x10);
            continue;
        }
        reg(RH_PORT + 4 * i, PICK(0x100, 0x10, 0x10, 0x02, 0x04, 0x08, 0x01, 0x200, 0x1f0000));
    }
    if (one_in(4)) {
        reg(RH_STATUS, PICK(0x10000, 1, 0x8000, 0x80000000, 0x20000));
        reg(RH_PORT + 4 * below(16), any_word());
    }
}

static void operate(void)
{
    reg(HCCA, one_in(16) ? data_address() : desc_address(256));
    reg(CONTROL, PICK(0xbf, 0xbc, 0xbc, 0xbf, 0xb4, 0x80, 0x40, 0xc0, 0x00));
    reg(FM_INTERVAL, one_in(8) ? any_word() : 0xa7782edf);
    reg(PERIODIC_START, one_in(8) ? any_word() : 0x2a2f);
    reg(INTERRUPT_ENABLE, one_in(2) ? 0xc000007f : any_word());
}

/* ---- What a driver does, so that devices have addresses and configurations ---- */

static void control(uint32_t address, uint8_t type, uint8_t request, uint32_t value, uint32_t index,
                    uint32_t length)
{
    const uint8_t setup[8] = {type,
                              request,
                              (uint8_t)value,
                              (uint8_t)(value >> 8),
                              (uint8_t)index,
                              (uint8_t)(index >> 8),
                              (uint8_t)length,
                              (uint8_t)(length >> 8)};
    uint32_t ed = DESC_AT + 0x7f000, td = ed + 0x20, data = DATA_AT + 0x1000;

    fill(data, setup, 8);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t at = td + 32 * i, size = i == 0 ? 8 : i == 1 ? length : 0;
        uint32_t pid = i == 0 ? 0 : (i == 1) == (type >> 7) ? 2 : 1;

        put_le32(at, pid << 19 | 1u << 18 | 7u << 21 | (i ? 3u << 24 : 2u << 24) | 0xf0000000u);
        put_le32(at + 4, size ? data + 16 * i : 0);
        put_le32(at + 8, at + (i == 0 && !length ? 64 : 32));
        put_le32(at + 12, size ? data + 16 * i + size - 1 : 0);
    }
    put_le32(ed, address | 8u << 16);
    put_le32(ed + 4, td + 32 * 3);
    put_le32(ed + 8, td);
    put_le32(ed + 12, 0);
    reg(CONTROL_HEAD, ed);
    reg(COMMAND_STATUS, 2);
    for (unsigned i = 0; i < 20 && (get_le32(ed + 8) & ~15u) != td + 32 * 3; i++) {
        wait_us(300);
    }
}

static void enumerate(void)
{
    enum {
        SET_ADDRESS = 5,
        SET_CONFIGURATION = 9,
        SET_FEATURE = 3,
        PORT_RESET = 4,
        PORT_POWER = 8
    };
    uint32_t hub_port = 1 + below(8);

    reg(HCCA, DESC_AT + 0x7e000);
    reg(FM_INTERVAL, 0xa7782edf);
    reg(PERIODIC_START, 0x2a2f);
    reg(CONTROL, 0x90); /* at work, control list alone */
    for (uint32_t port = 0; port < N_PORTS; port++) {
        reg(RH_PORT + 4 * port, 0x100);
        reg(RH_PORT + 4 * port, 0x10);
        control(0, 0x00, SET_ADDRESS, port + 1, 0, 0);
        control(port + 1, 0x00, SET_CONFIGURATION, 1, 0, 0);
    }
    /* Which of them is the hub? The others refuse. */
    for (uint32_t hub = 1; hub <= N_PORTS; hub++) {
        control(hub, 0x23, SET_FEATURE, PORT_POWER, hub_port, 0);
        control(hub, 0x23, SET_FEATURE, PORT_RESET, hub_port, 0);
    }
    control(0, 0x00, SET_ADDRESS, N_PORTS + 1 + below(3), 0, 0);
    control(N_PORTS + 1 + below(3), 0x00, SET_CONFIGURATION, 1, 0, 0);
}

void fuzz_ohci(void)
{
    const PciFunction *f = pci_find(0x106b, 0x003f);
    uint32_t hcca, list;

    if (!f) {
        record->skipped++;
        return;
    }
    base = f->bars[0];
    if (one_in(8)) {
        reg(COMMAND_STATUS, 1);
    }
    if (one_in(12)) {
        enumerate();
    }
    operate();
    if (one_in(12)) {
        ports();
    }
    list = make_list(1 + below(one_in(16) ? 100 : 4));
    reg(one_in(3) ? BULK_HEAD : CONTROL_HEAD, list);
    hcca = in_le32(base + HCCA);
    if (hcca < RAM_SIZE - 256 && one_in(2)) {
        list = make_list(1 + below(3));
        for (unsigned i = 0; i < 32; i++) {
            put_le32(hcca + 4 * i, one_in(8) ? desc_address(16) : list);
        }
    }
    reg(COMMAND_STATUS, 6);
    for (unsigned n = below(4); n; n--) {
        wait_us(one_in(2) ? below(3000) : below(400));
        reg(COMMAND_STATUS, 6);
        if (one_in(3)) {
            reg(INTERRUPT_STATUS, 0xffffffff);
        }
    }
    for (unsigned n = below(4); n; n--) {
        any_access(base, one_in(4) ? 0x100 : 0x68);
    }
    if (one_in(16)) {
        pci_disturb(f);
    }
}
