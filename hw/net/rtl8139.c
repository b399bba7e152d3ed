/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtl8139: Realtek's RTL8139C+ Ethernet controller.  Realtek "RTL8139C(L)" data sheet, 5
 * (registers, the ring of bytes and four transmit descriptors), and "RTL8139C+(L)", 5 and 6 (C+
 * mode: rings of descriptors, checksums, large frames, VLAN tags). Left out: C+ mode's ring of high
 * priority, receive checksums, wake on LAN, power management, the boot ROM, interrupt mitigation,
 * the twister's parameters.
 */
#include <string.h>
#include "rtl8139.h"
#include "hw/net/nic.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"
#include "util/timer.h"

#define IO_SIZE 0x100u
#define DEVICE_8139 0x8139
#define REVISION 0x20u                  /* C+ */
#define CLOCK_MHZ 33                    /* of the timer */
#define CAPABILITY_POINTER 0xdc

enum {
    REG_MAC = 0x00,
    REG_MAR = 0x08,
    REG_TXSTATUS = 0x10,
    REG_TXADDR = 0x20,
    REG_RXBUF = 0x30,
    REG_CMD = 0x37,
    REG_CAPR = 0x38,
    REG_CBR = 0x3a,
    REG_IMR = 0x3c,
    REG_ISR = 0x3e,
    REG_TXCONFIG = 0x40,
    REG_RXCONFIG = 0x44,
    REG_TIMER = 0x48,
    REG_MISSED = 0x4c,
    REG_9346 = 0x50,
    REG_CONFIG0 = 0x51,
    REG_CONFIG1 = 0x52,
    REG_TIMERINT = 0x54,
    REG_MEDIA = 0x58,
    REG_CONFIG3 = 0x59,
    REG_CONFIG4 = 0x5a,
    REG_HALT = 0x5b,
    REG_MULTIINT = 0x5c,
    REG_REVISION = 0x5e,
    REG_TSAD = 0x60,
    REG_BMCR = 0x62,
    REG_BMSR = 0x64,
    REG_ANAR = 0x66,
    REG_ANLPAR = 0x68,
    REG_ANER = 0x6a,
    REG_CSCR = 0x74,
    REG_CONFIG5 = 0xd8,
    REG_POLL = 0xd9,
    REG_CPCMD = 0xe0,
    REG_RXRING = 0xe4,
    REG_RXRING_HIGH = 0xe8,
    REG_TXTHRESH = 0xec,
};
static void update_irq(Rtl8139 *s)
{
    pci_set_irq(&s->pci, (s->isr & s->imr) != 0);
}

void rtl_raise_irq(Rtl8139 *s, uint16_t bits)
{
    s->isr |= bits;
    update_irq(s);
}

/* ---- The timer: counts PCI's clock; an interrupt when its low 32 bits reach timer_int ---- */

static uint64_t timer_now(const Rtl8139 *s, int64_t now)
{
    return (uint64_t)((__int128)(now - s->timer_base) * CLOCK_MHZ / 1000);
}

static void update_timer(Rtl8139 *s)
{
    int64_t now = virtual_now();
    uint64_t count;

    if (s->expires && now >= s->expires) {
        rtl_raise_irq(s, INT_TIMEOUT);
    }
    s->expires = 0;
    timer_del(&s->timer);
    if (!s->timer_int) {
        return;
    }
    count = timer_now(s, now);
    count = (count & ~(uint64_t)UINT32_MAX) + s->timer_int +
            ((uint32_t)count >= s->timer_int ? 1ull << 32 : 0);
    s->expires = s->timer_base + (int64_t)((__int128)count * 1000 / CLOCK_MHZ);
    if ((s->imr & INT_TIMEOUT) && !(s->isr & INT_TIMEOUT)) {
        timer_mod_ns(&s->timer, s->expires);
    }
}

static void timer_expired_now(void *opaque)
{
    Rtl8139 *s = opaque;

    if (s->clock_enabled) {
        rtl_raise_irq(s, INT_TIMEOUT);
        update_timer(s);
    }
}

/* ---- Reset ---- */

static void reset_ring(Rtl8139 *s, uint32_t size)
{
    s->rx_size = size;
    s->rx_read = s->rx_write = 0;
}

static void reset_chip(Rtl8139 *s)
{
    memcpy(s->phys, s->conf.mac, NET_MAC_SIZE);
    nic_set_mac(&s->conf, s->phys);
    s->isr = s->imr = 0;
    update_irq(s);
    for (unsigned i = 0; i < N_TX; i++) {
        s->tx_status[i] = TXS_OWN;
    }
    s->tx_next = s->cp_rx_next = s->cp_tx_next = 0;
    s->rx_ring = s->rx_ring_high = s->rx_buf = 0;
    reset_ring(s, 8192);
    s->tx_config = TCR_VERSION;
    s->clock_enabled = 1;
    s->cmd = CMD_RESET;
    s->config0 = 0;
    s->config1 = 0x0c;
    s->config3 = 0x01;
    s->config5 = 0;
    s->cscr = 0x0340;
    s->cp_cmd = 0;
    s->cp_enabled = 0;
    s->bmcr = 0x1000;
    s->bmsr = (uint16_t)(0x7829 | (nic_link_up(&s->conf) ? 0x04 : 0));
    s->anar = s->anlpar = 0x05e1;
    s->aner = 0x0001;
    s->timer_int = 0;
    s->timer_base = 0;
    memset(&s->counters, 0, sizeof(s->counters));
    s->tx_size = 0;
    update_timer(s);
}

/* What the bus's reset has besides. */
static void rtl_reset(void *obj, ResetType type)
{
    Rtl8139 *s = obj;

    memset(s->mult, 0, sizeof(s->mult));
    memset(s->tx_addr, 0, sizeof(s->tx_addr));
    s->rx_config = s->rx_missed = 0;
    s->cfg9346 = s->config4 = s->tx_thresh = 0;
    s->multi_int = 0;
    s->expires = 0;
    s->eeprom.mode = 0;
    s->eeprom.tick = 0;
    s->eeprom.address = s->eeprom.eecs = s->eeprom.eesk = s->eeprom.eedi = s->eeprom.eedo = 0;
    s->eeprom.input = s->eeprom.output = 0;
    reset_chip(s);
}

/* ---- Registers that only hold something ---- */

typedef struct Register {
    uint8_t addr, size;
    uint16_t offset;
    uint32_t writable;
    bool guarded;                       /* writable while 9346CR says so */
} Register;
#define REG(a, field, mask, ...)                                                                   \
    {                                                                                              \
        a, sizeof(((Rtl8139 *)0)->field), offsetof(Rtl8139, field), mask, __VA_ARGS__              \
    }

static const Register registers[] = {
    REG(REG_TXADDR, tx_addr[0], UINT32_MAX),
    REG(REG_TXADDR + 4, tx_addr[1], UINT32_MAX),
    REG(REG_TXADDR + 8, tx_addr[2], UINT32_MAX),
    REG(REG_TXADDR + 12, tx_addr[3], UINT32_MAX),
    REG(REG_TXSTATUS, tx_status[0], 0),
    REG(REG_TXSTATUS + 4, tx_status[1], 0),
    REG(REG_TXSTATUS + 8, tx_status[2], 0),
    REG(REG_TXSTATUS + 12, tx_status[3], 0),
    REG(REG_RXBUF, rx_buf, UINT32_MAX),
    REG(REG_IMR, imr, 0xe1ff),
    REG(REG_ISR, isr, 0),
    REG(REG_TXCONFIG, tx_config, ~TCR_FIXED),
    REG(REG_RXCONFIG, rx_config, ~0xf0fc0040u),
    REG(REG_MISSED, rx_missed, 0),
    REG(REG_CONFIG0, config0, 0x07, true),
    REG(REG_CONFIG1, config1, 0xf3, true),
    REG(REG_TIMERINT, timer_int, UINT32_MAX),
    REG(REG_CONFIG3, config3, 0x70, true),
    REG(REG_CONFIG4, config4, 0xf5, true),
    REG(REG_MULTIINT, multi_int, 0x0fff),
    REG(REG_BMCR, bmcr, 0x8200),
    REG(REG_BMSR, bmsr, 0),
    REG(REG_ANAR, anar, 0xffff),
    REG(REG_ANLPAR, anlpar, 0),
    REG(REG_ANER, aner, 0xffff),
    REG(REG_CSCR, cscr, 0),
    REG(REG_CONFIG5, config5, 0x7f, false),
    REG(REG_CPCMD, cp_cmd, 0x007b),
    REG(REG_RXRING, rx_ring, UINT32_MAX),
    REG(REG_RXRING_HIGH, rx_ring_high, UINT32_MAX),
    REG(REG_TXTHRESH, tx_thresh, 0xff),
    REG(REG_HALT, clock_enabled, 0),
};

static const Register *find_register(uint32_t addr)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(registers); i++) {
        if (addr >= registers[i].addr && addr < registers[i].addr + registers[i].size) {
            return &registers[i];
        }
    }
    return NULL;
}

static uint32_t register_value(const Rtl8139 *s, const Register *reg)
{
    const void *p = (const char *)s + reg->offset;

    return reg->size == 4   ? *(const uint32_t *)p
           : reg->size == 2 ? *(const uint16_t *)p
                            : *(const uint8_t *)p;
}

static void set_register(Rtl8139 *s, const Register *reg, uint32_t value)
{
    void *p = (char *)s + reg->offset;

    if (reg->size == 4) {
        *(uint32_t *)p = value;
    } else if (reg->size == 2) {
        *(uint16_t *)p = (uint16_t)value;
    } else {
        *(uint8_t *)p = (uint8_t)value;
    }
}

/* ---- Writing ---- */

static void write_command(Rtl8139 *s, uint8_t value)
{
    if (value & CMD_RESET) {
        reset_chip(s);
    }
    if (value & CMD_RX) {
        s->cp_rx_next = 0;
    }
    if (value & CMD_TX) {
        s->cp_tx_next = 0;
    }
    s->cmd = (uint8_t)((s->cmd & 0xe3 & ~CMD_RESET) | (value & 0x0c));
    net_flush(s->conf.client);
}

static void write_9346(Rtl8139 *s, uint8_t value)
{
    value = (uint8_t)((s->cfg9346 & 0x31) | (value & ~0x31));
    if (value >> 6 == 2) {
        rtl_eeprom_set_wires(&s->eeprom, value & 8, value & 4, value & 2);
    } else if (value >> 6 == 1) {
        reset_chip(s);
        value = 0;
    }
    s->cfg9346 = value;
}

static void write_tx_status(Rtl8139 *s, unsigned n, uint32_t value)
{
    if (s->cp_enabled) {
        s->tx_status[n] = value;
        if (n == 0 && (value & 8)) {
            rtl_dump_counters(s);
            s->tx_status[0] &= ~8u;
        }
        return;
    }
    s->tx_status[n] = (s->tx_status[n] & 0x00c00000) | (value & ~0xffc0c000u);
    rtl_transmit(s);
}

static void write_isr(Rtl8139 *s, uint16_t value)
{
    s->isr &= (uint16_t)(~value | 0x1e00);
    update_timer(s);
    update_irq(s);
}

/* Bytes that act at once. True: it was one. */
static bool write_byte(Rtl8139 *s, uint32_t addr, uint8_t value)
{
    if (addr < REG_MAC + NET_MAC_SIZE) {
        s->phys[addr] = value;
        nic_set_mac(&s->conf, s->phys);
    } else if (addr >= REG_MAR && addr < REG_MAR + 8) {
        s->mult[addr - REG_MAR] = value;
    } else if (addr == REG_CMD) {
        write_command(s, value);
    } else if (addr == REG_9346) {
        write_9346(s, value);
    } else if (addr == REG_HALT) {
        s->clock_enabled = value == 'R' ? 1 : value == 'H' ? 0 : s->clock_enabled;
    } else if (addr == REG_POLL) {
        if (value & 0x80) {
            log_mask(LOG_UNIMP, "rtl8139: transmit ring of high priority\n");
        }
        if (value & 0x40) {
            rtl_poll_ring(s);
        }
    } else {
        return false;
    }
    return true;
}

/* Whole registers that act at once. True: it was one. */
static bool write_whole(Rtl8139 *s, uint32_t addr, uint32_t value, unsigned size)
{
    if (size == 4 && addr >= REG_TXSTATUS && addr < REG_TXSTATUS + 16 && addr % 4 == 0) {
        write_tx_status(s, (addr - REG_TXSTATUS) / 4, value);
    } else if (size == 2 && addr == REG_ISR) {
        write_isr(s, (uint16_t)value);
    } else if (size == 2 && addr == REG_CAPR) {
        s->rx_read = (value + 0x10) & (s->rx_size - 1);
        net_flush(s->conf.client);
    } else if (size == 4 && addr == REG_MISSED) {
        s->rx_missed = 0;
    } else if (size == 4 && addr == REG_TIMER) {
        s->timer_base = virtual_now();
        update_timer(s);
    } else {
        return false;
    }
    return true;
}

static void after_write(Rtl8139 *s, const Register *reg)
{
    switch (reg->addr) {
    case REG_IMR:
        update_timer(s);
        update_irq(s);
        break;
    case REG_TIMERINT:
        update_timer(s);
        break;
    case REG_RXCONFIG:
        reset_ring(s, 8192u << (s->rx_config >> 11 & 3));
        net_flush(s->conf.client);
        break;
    case REG_CPCMD:
        s->cp_enabled = 1;
        break;
    }
}

static void write_register(Rtl8139 *s, uint32_t addr, uint32_t value, unsigned size)
{
    const Register *reg = find_register(addr);
    uint32_t shift, bits;

    if (write_whole(s, addr, value, size) || (size == 1 && write_byte(s, addr, (uint8_t)value))) {
        return;
    }
    if (!reg || addr + size > (uint32_t)reg->addr + reg->size) {
        if (size > 1) {
            /* Several registers at once. */
            write_register(s, addr, value & (size == 4 ? 0xffff : 0xff), size / 2);
            write_register(s, addr + size / 2, value >> 4 * size, size / 2);
        } else {
            log_mask(LOG_UNIMP, "rtl8139: write of 0x%02x to register 0x%02x\n", value, addr);
        }
        return;
    }
    if ((reg->guarded && s->cfg9346 >> 6 != 3) ||
        (reg->addr == REG_TXCONFIG && !(s->cmd & CMD_TX))) {
        return;
    }
    shift = 8 * (addr - reg->addr);
    bits = (size == 4 ? UINT32_MAX : (1u << 8 * size) - 1) << shift & reg->writable;
    set_register(s, reg, (register_value(s, reg) & ~bits) | (value << shift & bits));
    after_write(s, reg);
}

/* ---- Reading ---- */

/* Transmit status of all descriptors: a bit of each kind for each. */
static uint32_t all_tx_status(const Rtl8139 *s)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < N_TX; i++) {
        value |= (s->tx_status[i] & TXS_OWN ? 1u << i : 0) |
                 (s->tx_status[i] & TXS_ABORTED ? 0x10u << i : 0) |
                 (s->tx_status[i] & TXS_UNDERRUN ? 0x100u << i : 0) |
                 (s->tx_status[i] & TXS_OK ? 0x1000u << i : 0);
    }
    return value;
}

static uint8_t read_byte(Rtl8139 *s, uint32_t addr)
{
    const Register *reg = find_register(addr);
    uint32_t value = 0, first = addr;

    if (reg) {
        value = register_value(s, reg);
        first = reg->addr;
    } else if (addr < REG_MAC + NET_MAC_SIZE) {
        return s->phys[addr];
    } else if (addr >= REG_MAR && addr < REG_MAR + 8) {
        return s->mult[addr - REG_MAR];
    } else if (addr == REG_CMD) {
        return (uint8_t)(s->cmd | (s->rx_read == s->rx_write ? CMD_EMPTY : 0));
    } else if ((addr & ~1u) == REG_CAPR) {
        value = s->rx_read - 0x10;
        first = REG_CAPR;
    } else if ((addr & ~1u) == REG_CBR) {
        value = s->rx_write;
        first = REG_CBR;
    } else if ((addr & ~3u) == REG_TIMER) {
        value = (uint32_t)timer_now(s, virtual_now());
        first = REG_TIMER;
    } else if (addr == REG_9346) {
        bool out = s->eeprom.eecs && s->eeprom.eedo;

        return (uint8_t)(s->cfg9346 >> 6 == 2 ? (s->cfg9346 & ~1) | out : s->cfg9346);
    } else if (addr == REG_MEDIA) {
        return (uint8_t)(0xd0 | (~s->bmsr & 0x04));
    } else if (addr == REG_REVISION) {
        return REVISION;
    } else if ((addr & ~1u) == REG_TSAD) {
        value = all_tx_status(s);
        first = REG_TSAD;
    } else {
        log_mask(LOG_UNIMP, "rtl8139: read of register 0x%02x\n", addr);
    }
    return (uint8_t)(value >> 8 * (addr - first));
}

static bool own_dma(const Rtl8139 *s)
{
    if (s->in_dma) {
        log_mask(LOG_GUEST_ERROR, "rtl8139: DMA into its own registers\n");
    }
    return s->in_dma != 0;
}

static uint64_t io_read(void *opaque, hwaddr addr, unsigned size)
{
    Rtl8139 *s = opaque;
    uint64_t value = 0;

    if (own_dma(s)) {
        return UINT64_MAX;
    }
    if ((addr & ~1ull) == REG_ISR || addr == REG_IMR) {
        update_timer(s);
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)read_byte(s, (uint32_t)(addr + i) & (IO_SIZE - 1)) << 8 * i;
    }
    return value;
}

static void io_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Rtl8139 *s = opaque;

    if (!own_dma(s)) {
        write_register(s, (uint32_t)addr, (uint32_t)value, size);
    }
}

static const MemoryRegionOps io_ops = {
    .read = io_read, .write = io_write, .endianness = DEVICE_LITTLE_ENDIAN,
    .impl = {.min_access_size = 1, .max_access_size = 4},
};

/* ---- Life and state ---- */

static void rtl_link_changed(NetClient *nc)
{
    Rtl8139 *s = nc->opaque;

    s->bmsr = (uint16_t)(nc->link_down ? s->bmsr & ~0x04 : s->bmsr | 0x04);
    rtl_raise_irq(s, INT_LINK);
}

static const NetClientInfo rtl_client = {
    .type = "nic",
    .size = sizeof(NetClient),
    .can_receive = rtl_can_receive,
    .receive = rtl_receive,
    .link_changed = rtl_link_changed,
};

static bool rtl_realize(PciDevice *dev, GError **errp)
{
    Rtl8139 *s = (Rtl8139 *)dev;

    if (!nic_realize(&dev->parent, &s->conf, &rtl_client, "rtl8139", errp)) {
        return false;
    }
    dev->config[PCI_INTERRUPT_PIN] = 1;
    dev->config[PCI_CAPABILITY_LIST] =
        CAPABILITY_POINTER; /* without the status bit that says there is a list */
    memory_region_init_io(&s->io, dev, &io_ops, s, "rtl8139", IO_SIZE);
    memory_region_init_io(&s->mmio, dev, &io_ops, s, "rtl8139", IO_SIZE);
    pci_register_bar(dev, 0, PCI_BAR_IO, &s->io);
    pci_register_bar(dev, 1, 0, &s->mmio);
    s->eeprom.contents[0] = 0x8129;
    s->eeprom.contents[1] = PCI_VENDOR_REALTEK;
    s->eeprom.contents[2] = DEVICE_8139;
    for (unsigned i = 0; i < 3; i++) {
        s->eeprom.contents[7 + i] = lduw_le_p(s->conf.mac + 2 * i);
    }
    timer_init_full(&s->timer, clock_virtual(), SCALE_NS, timer_expired_now, s);
    return true;
}

static void rtl_unrealize(PciDevice *dev)
{
    Rtl8139 *s = (Rtl8139 *)dev;

    timer_deinit(&s->timer);
    memory_region_destroy(&s->io);
    memory_region_destroy(&s->mmio);
    nic_unrealize(&dev->parent, &s->conf);
}

static bool rtl_pre_save(void *opaque, GError **errp)
{
    Rtl8139 *s = opaque;

    update_timer(s);
    s->wire_timer = (uint32_t)timer_now(s, virtual_now());
    return true;
}

static bool rtl_post_load(void *opaque, int version, GError **errp)
{
    Rtl8139 *s = opaque;
    bool good_ring =
        s->rx_size == 8192 || s->rx_size == 16384 || s->rx_size == 32768 || s->rx_size == 65536;

    if (!good_ring || s->rx_read >= s->rx_size || s->rx_write >= s->rx_size || s->tx_next >= N_TX ||
        s->eeprom.address >= EEPROM_WORDS) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "rtl8139: ring of %u bytes, read at %u, written at %u; descriptor %u; EEPROM's "
                    "address %u",
                    s->rx_size, s->rx_read, s->rx_write, s->tx_next, s->eeprom.address);
        return false;
    }
    s->cp_rx_next %= RING_DESCRIPTORS;
    s->cp_tx_next %= RING_DESCRIPTORS;
    if (version < 4) {
        s->cp_enabled = s->cp_cmd != 0;
    }
    s->expires = 0;
    update_timer(s);
    /* The link's state is the machine's that comes. */
    s->conf.client->link_down = !(s->bmsr & 0x04);
    nic_set_mac(&s->conf, s->phys);
    return true;
}

static bool has_multicast(void *opaque, int version)
{
    return version >= 5;
}

static bool rtl_pre_load(void *opaque, GError **errp)
{
    ((Rtl8139 *)opaque)->tx_size = 0;
    return true;
}

static bool part_needed(void *opaque)
{
    return vmstate_wire_is_own() && ((Rtl8139 *)opaque)->tx_size;
}

static bool part_post_load(void *opaque, int version, GError **errp)
{
    const Rtl8139 *s = opaque;

    if (s->tx_size > TX_BUFFER) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "rtl8139: part of a frame of %u bytes", s->tx_size);
        return false;
    }
    return true;
}

/* Ours: the beginning of a frame whose other descriptors the guest has not made yet. */
static const VMStateDescription vmstate_part = {
    .name = "rtl8139/part",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = part_needed,
    .post_load = part_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(tx_size, Rtl8139),
        VMSTATE_BUFFER(tx_data, Rtl8139),
        VMSTATE_END_OF_LIST(),
    },
};

static const VMStateDescription vmstate_rtl8139 = {
    .name = "rtl8139",
    .version_id = 5,
    .minimum_version_id = 3,
    .pre_load = rtl_pre_load,
    .pre_save = rtl_pre_save,
    .post_load = rtl_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(pci, Rtl8139),
        VMSTATE_BUFFER(phys, Rtl8139),
        VMSTATE_BUFFER(mult, Rtl8139),
        VMSTATE_UINT32_ARRAY(tx_status, Rtl8139, N_TX),
        VMSTATE_UINT32_ARRAY(tx_addr, Rtl8139, N_TX),
        VMSTATE_UINT32(rx_buf, Rtl8139),
        VMSTATE_UINT32(rx_size, Rtl8139),
        VMSTATE_UINT32(rx_read, Rtl8139),
        VMSTATE_UINT32(rx_write, Rtl8139),
        VMSTATE_UINT16(isr, Rtl8139),
        VMSTATE_UINT16(imr, Rtl8139),
        VMSTATE_UINT32(tx_config, Rtl8139),
        VMSTATE_UINT32(rx_config, Rtl8139),
        VMSTATE_UINT32(rx_missed, Rtl8139),
        VMSTATE_UINT16(cscr, Rtl8139),
        VMSTATE_UINT8(cfg9346, Rtl8139),
        VMSTATE_UINT8(config0, Rtl8139),
        VMSTATE_UINT8(config1, Rtl8139),
        VMSTATE_UINT8(config3, Rtl8139),
        VMSTATE_UINT8(config4, Rtl8139),
        VMSTATE_UINT8(config5, Rtl8139),
        VMSTATE_UINT8(clock_enabled, Rtl8139),
        VMSTATE_UINT8(cmd, Rtl8139),
        VMSTATE_UINT16(multi_int, Rtl8139),
        VMSTATE_UINT16(bmcr, Rtl8139),
        VMSTATE_UINT16(bmsr, Rtl8139),
        VMSTATE_UINT16(anar, Rtl8139),
        VMSTATE_UINT16(anlpar, Rtl8139),
        VMSTATE_UINT16(aner, Rtl8139),
        VMSTATE_UINT16(cp_cmd, Rtl8139),
        VMSTATE_UINT8(tx_thresh, Rtl8139),
        VMSTATE_UNUSED(4),
        VMSTATE_BUFFER(conf.mac, Rtl8139),
        VMSTATE_UNUSED(4),              /* was where its registers are */
        VMSTATE_UINT32(tx_next, Rtl8139),
        VMSTATE_UINT32(cp_rx_next, Rtl8139),
        VMSTATE_UINT32(cp_tx_next, Rtl8139),
        VMSTATE_UINT32(rx_ring, Rtl8139),
        VMSTATE_UINT32(rx_ring_high, Rtl8139),
        VMSTATE_UINT16_ARRAY(eeprom.contents, Rtl8139, EEPROM_WORDS),
        VMSTATE_INT32(eeprom.mode, Rtl8139),
        VMSTATE_UINT32(eeprom.tick, Rtl8139),
        VMSTATE_UINT8(eeprom.address, Rtl8139),
        VMSTATE_UINT16(eeprom.input, Rtl8139),
        VMSTATE_UINT16(eeprom.output, Rtl8139),
        VMSTATE_UINT8(eeprom.eecs, Rtl8139),
        VMSTATE_UINT8(eeprom.eesk, Rtl8139),
        VMSTATE_UINT8(eeprom.eedi, Rtl8139),
        VMSTATE_UINT8(eeprom.eedo, Rtl8139),
        VMSTATE_UINT32(wire_timer, Rtl8139),
        VMSTATE_UINT32(timer_int, Rtl8139),
        VMSTATE_INT64(timer_base, Rtl8139),
        VMSTATE_UINT64(counters.tx_ok, Rtl8139),
        VMSTATE_UINT64(counters.rx_ok, Rtl8139),
        VMSTATE_UINT64(counters.tx_error, Rtl8139),
        VMSTATE_UINT32(counters.rx_error, Rtl8139),
        VMSTATE_UINT16(counters.missed, Rtl8139),
        VMSTATE_UINT16(counters.alignment, Rtl8139),
        VMSTATE_UINT32(counters.tx_one_collision, Rtl8139),
        VMSTATE_UINT32(counters.tx_collisions, Rtl8139),
        VMSTATE_UINT64(counters.rx_physical, Rtl8139),
        VMSTATE_UINT64(counters.rx_broadcast, Rtl8139),
        VMSTATE_UINT32_TEST(counters.rx_multicast, Rtl8139, has_multicast),
        VMSTATE_UINT16(counters.tx_aborted, Rtl8139),
        VMSTATE_UINT16(counters.tx_underrun, Rtl8139),
        VMSTATE_UINT32_V(cp_enabled, Rtl8139, 4),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_part),
    .derived = VMSTATE_NAMES("expires"),
    .immutable = VMSTATE_NAMES("conf.netdev", "conf.client", "conf.bootindex", "io", "mmio"),
    .host_only = VMSTATE_NAMES("timer", "in_dma"),
    VMSTATE_STRUCT_AUDIT(Rtl8139),
};

static const Property rtl_properties[] = {
    DEFINE_NIC_PROPERTIES(Rtl8139, conf),
    DEFINE_PROP_END_OF_LIST(),
};

const PciDeviceClass rtl8139_class = {
    .device = {
        .name = "rtl8139",
        .parent = &pci_device_class.object,
        .description = "Realtek RTL8139C+",
        .instance_size = sizeof(Rtl8139),
        .properties = rtl_properties,
        .category = DEVICE_CATEGORY_NETWORK,
        .user_creatable = true,
        .vmstate = &vmstate_rtl8139,
        .reset = {.hold = rtl_reset},
        .firmware_name = "ethernet",
    },
    .vendor_id = PCI_VENDOR_REALTEK,
    .device_id = DEVICE_8139,
    .revision = REVISION,
    .class_id = PCI_CLASS_NETWORK_ETHERNET,
    .romfile = "efi-rtl8139.rom",
    .rom_size = NIC_ROM_SIZE,
    .realize = rtl_realize,
    .unrealize = rtl_unrealize,
};
