/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ne2k_pci: an NE2000 on PCI, as Realtek's RTL8029AS.  National Semiconductor "DP8390D/NS32490D NIC
 * Network Interface Controller" (1995), chapters 10 (registers) and 7 (buffer ring); Realtek
 * "RTL8029AS" data sheet, 5. The buffer memory is 32 KiB at 0x4000; the address PROM is at 0, each
 * byte twice. Left out: loopback, transmit and receive errors with their counters, send packet
 * command of remote DMA.
 */
#include <string.h>
#include "hw/net/nic.h"
#include "migration/vmstate.h"
#include "util/error.h"
#include "util/log.h"

#define PROM_SIZE 32u
#define RAM_START 0x4000u
#define RAM_END 0xc000u
#define IO_SIZE 0x100u
#define DATA_PORT 0x10u
#define RESET_PORT 0x1fu
#define DEVICE_RTL8029 0x8029
#define MIN_FRAME 60u
#define MAX_FRAME 1514u
#define RING_HEADER 4u
#define FCS 4u

/* Registers of page 0. Those that are read elsewhere have names of their own. */
enum {
    REG_CR = 0x00,
    P0_PSTART = 0x01,
    P0_PSTOP = 0x02,
    P0_BNRY = 0x03,
    P0_TPSR = 0x04,
    P0_TBCR0 = 0x05,
    P0_TBCR1 = 0x06,
    P0_ISR = 0x07,
    P0_RSAR0 = 0x08,
    P0_RSAR1 = 0x09,
    P0_RBCR0 = 0x0a,
    P0_RBCR1 = 0x0b,
    P0_RCR = 0x0c,
    P0_TCR = 0x0d,
    P0_DCR = 0x0e,
    P0_IMR = 0x0f,
    P0R_TSR = 0x04,
    P0R_ID0 = 0x0a,
    P0R_ID1 = 0x0b,
    P0R_RSR = 0x0c,
    P1_PAR0 = 0x11,
    P1_CURR = 0x17,
    P1_MAR0 = 0x18,
    P2_PSTART = 0x21,
    P2_PSTOP = 0x22,
    P3_CONFIG0 = 0x33,
    P3_CONFIG2 = 0x35,
    P3_CONFIG3 = 0x36,
};
enum {
    CR_STOP = 0x01,
    CR_TRANSMIT = 0x04,
    CR_READ = 0x08,
    CR_WRITE = 0x10,
    CR_NO_DMA = 0x20,
    CR_PAGE_SHIFT = 6
};
enum { ISR_RECEIVED = 0x01, ISR_TRANSMITTED = 0x02, ISR_DMA_DONE = 0x40, ISR_RESET = 0x80 };
enum { RCR_BROADCAST = 0x04, RCR_MULTICAST = 0x08, RCR_PROMISCUOUS = 0x10 };
enum { RSR_OK = 0x01, RSR_GROUP = 0x20 };
enum { TSR_SENT = 0x01, DCR_WORDS = 0x01 };

/* All of it is saved. */
typedef struct Ne2000Chip {
    uint8_t cmd, boundary, tsr, tpsr, rsr, rxcr, isr, dcfg, imr, curpag;
    uint32_t start, stop;               /* bytes */
    uint32_t rsar;                      /* where remote DMA is */
    uint16_t tcnt, rcnt;                /* bytes to transmit; of remote DMA */
    uint8_t phys[NET_MAC_SIZE], mult[8];
    uint8_t mem[RAM_END];
} Ne2000Chip;

typedef struct Ne2000 {
    PciDevice pci;                      /* first */
    /* saved */
    Ne2000Chip chip;
    /* immutable */
    NicConf conf;
    MemoryRegion io;
} Ne2000;

static void update_irq(Ne2000 *s)
{
    pci_set_irq(&s->pci, (s->chip.isr & s->chip.imr & 0x7f) != 0);
}

static void raise_irq(Ne2000 *s, uint8_t bits)
{
    s->chip.isr |= bits;
    update_irq(s);
}

/* What the reset pin and the reset port do. */
static void reset_chip(Ne2000 *s)
{
    uint8_t prom[PROM_SIZE / 2] = {0};

    s->chip.cmd = CR_STOP | CR_NO_DMA;
    s->chip.imr = 0;
    s->chip.isr = ISR_RESET;
    memcpy(prom, s->conf.mac, NET_MAC_SIZE);
    /* Of a card with 16 bits. */
    prom[14] = prom[15] = 0x57;
    for (unsigned i = 0; i < sizeof(prom); i++) {
        s->chip.mem[2 * i] = s->chip.mem[2 * i + 1] = prom[i];
    }
    update_irq(s);
}

/* ---- Receiving ---- */

/* Is there room for the longest frame between where the next goes and what the guest has not taken?
 */
static bool ring_full(const Ne2000 *s)
{
    uint32_t next = (uint32_t)s->chip.curpag << 8, boundary = (uint32_t)s->chip.boundary << 8, free;

    if (s->chip.stop <= s->chip.start || s->chip.stop > RAM_END) {
        return true;
    }
    free = next < boundary
               ? boundary - next
               : s->chip.stop - s->chip.start - MIN(s->chip.stop - s->chip.start, next - boundary);
    return free < MAX_FRAME + FCS;
}

/* Frames are in the ring beyond doubt: drivers keep the boundary at the next frame, or one page
 * before it. */
static bool ring_has_frames(const Ne2000 *s)
{
    uint32_t next = (uint32_t)s->chip.boundary + 1;

    if (next << 8 >= s->chip.stop) {
        next = s->chip.start >> 8;
    }
    return s->chip.curpag != s->chip.boundary && s->chip.curpag != next &&
           s->chip.stop > s->chip.start;
}

static bool wanted(const Ne2000 *s, const uint8_t *frame)
{
    uint32_t bit;

    if (s->chip.rxcr & RCR_PROMISCUOUS) {
        return true;
    }
    if (mac_is_broadcast(frame)) {
        return s->chip.rxcr & RCR_BROADCAST;
    }
    if (mac_is_multicast(frame)) {
        bit = net_crc32_be(frame, NET_MAC_SIZE) >> 26;
        return (s->chip.rxcr & RCR_MULTICAST) && (s->chip.mult[bit >> 3] >> (bit & 7) & 1);
    }
    return !memcmp(frame, s->chip.phys, NET_MAC_SIZE);
}

/* Into the ring at *at, over its end to its start. */
static void put_ring(Ne2000 *s, uint32_t *at, const uint8_t *bytes, uint32_t size)
{
    while (size) {
        uint32_t n = MIN(size, s->chip.stop - *at);

        memcpy(s->chip.mem + *at, bytes, n);
        bytes += n;
        size -= n;
        *at += n;
        if (*at >= s->chip.stop) {
            *at = s->chip.start;
        }
    }
}

static ssize_t ne2000_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    static const uint8_t padding[MIN_FRAME];
    Ne2000 *s = nc->opaque;
    uint32_t at = (uint32_t)s->chip.curpag << 8, total, next;
    uint32_t length = MAX((uint32_t)size, MIN_FRAME);
    uint8_t header[RING_HEADER];

    if ((s->chip.cmd & CR_STOP) || size < NET_MAC_SIZE || size > MAX_FRAME || !wanted(s, frame)) {
        return (ssize_t)size;
    }
    if (ring_full(s)) {
        /* The driver may not know of what is in the ring: see below at ISR. */
        if (ring_has_frames(s)) {
            raise_irq(s, ISR_RECEIVED);
        }
        return 0;
    }
    if (at < s->chip.start || at >= s->chip.stop) {
        at = s->chip.start;
    }
    total = length + FCS;
    next = at + ((total + RING_HEADER + 255) & ~255u);
    if (next >= s->chip.stop) {
        next -= s->chip.stop - s->chip.start;
    }
    s->chip.rsr = (uint8_t)(RSR_OK | (mac_is_multicast(frame) ? RSR_GROUP : 0));
    header[0] = s->chip.rsr;
    header[1] = (uint8_t)(next >> 8);
    header[2] = (uint8_t)total;
    header[3] = (uint8_t)(total >> 8);
    put_ring(s, &at, header, sizeof(header));
    put_ring(s, &at, frame, (uint32_t)size);
    put_ring(s, &at, padding, length - (uint32_t)size);
    s->chip.curpag = (uint8_t)(next >> 8);
    raise_irq(s, ISR_RECEIVED);
    return (ssize_t)size;
}

/* ---- Transmitting ---- */

static void transmit(Ne2000 *s)
{
    uint32_t at = (uint32_t)s->chip.tpsr << 8;

    /* Pages beyond the memory show it again. */
    if (at >= RAM_END) {
        at -= RAM_END - RAM_START;
    }
    if (at + s->chip.tcnt <= RAM_END) {
        net_send(s->conf.client, s->chip.mem + at, s->chip.tcnt);
    } else {
        log_mask(LOG_GUEST_ERROR, "ne2k_pci: %u bytes to transmit at 0x%x\n", s->chip.tcnt, at);
    }
    s->chip.tsr = TSR_SENT;
    s->chip.cmd &= (uint8_t)~CR_TRANSMIT;
    raise_irq(s, ISR_TRANSMITTED);
}

static void write_command(Ne2000 *s, uint8_t value)
{
    s->chip.cmd = value;
    if (value & CR_STOP) {
        return;
    }
    s->chip.isr &= (uint8_t)~ISR_RESET;
    if ((value & (CR_READ | CR_WRITE)) && !s->chip.rcnt) {
        raise_irq(s, ISR_DMA_DONE);
    }
    if (value & CR_TRANSMIT) {
        transmit(s);
    }
    net_flush(s->conf.client);
}

/* ---- Registers ---- */

static uint32_t with_low(uint32_t old, uint8_t value)
{
    return (old & 0xff00) | value;
}

static uint32_t with_high(uint32_t old, uint8_t value)
{
    return (old & 0xff) | (uint32_t)value << 8;
}

static void write_page0(Ne2000 *s, unsigned reg, uint8_t value)
{
    switch (reg) {
    case P0_PSTART:
    case P0_PSTOP:
        if ((uint32_t)value << 8 <= RAM_END) {
            *(reg == P0_PSTART ? &s->chip.start : &s->chip.stop) = (uint32_t)value << 8;
        }
        break;
    case P0_BNRY:
        if ((uint32_t)value << 8 < RAM_END) {
            s->chip.boundary = value;
        }
        net_flush(s->conf.client);
        break;
    case P0_TPSR:
        s->chip.tpsr = value;
        break;
    case P0_TBCR0:
        s->chip.tcnt = (uint16_t)with_low(s->chip.tcnt, value);
        break;
    case P0_TBCR1:
        s->chip.tcnt = (uint16_t)with_high(s->chip.tcnt, value);
        break;
    case P0_ISR:
        s->chip.isr &= (uint8_t)~(value & 0x7f);
        if ((value & ISR_RECEIVED) && !(s->chip.cmd & CR_STOP) && ring_has_frames(s)) {
            /*
             * It came between the driver's last look at the ring and this.  On a wire more frames
             * would follow soon and interrupt again; here they wait for room.
             */
            s->chip.isr |= ISR_RECEIVED;
        }
        update_irq(s);
        break;
    case P0_RSAR0:
        s->chip.rsar = with_low(s->chip.rsar, value);
        break;
    case P0_RSAR1:
        s->chip.rsar = with_high(s->chip.rsar, value);
        break;
    case P0_RBCR0:
        s->chip.rcnt = (uint16_t)with_low(s->chip.rcnt, value);
        break;
    case P0_RBCR1:
        s->chip.rcnt = (uint16_t)with_high(s->chip.rcnt, value);
        break;
    case P0_RCR:
        s->chip.rxcr = value;
        break;
    case P0_TCR:
        if (value & 6) {
            log_mask(LOG_UNIMP, "ne2k_pci: loopback (TCR 0x%02x)\n", value);
        }
        break;
    case P0_DCR:
        s->chip.dcfg = value;
        break;
    case P0_IMR:
        s->chip.imr = value;
        update_irq(s);
        break;
    }
}

static void write_register(Ne2000 *s, unsigned offset, uint8_t value)
{
    unsigned reg = (unsigned)s->chip.cmd >> CR_PAGE_SHIFT << 4 | offset;

    if (offset == REG_CR) {
        write_command(s, value);
    } else if (reg < 0x10) {
        write_page0(s, reg, value);
    } else if (reg >= P1_PAR0 && reg < P1_PAR0 + NET_MAC_SIZE) {
        s->chip.phys[reg - P1_PAR0] = value;
        if (reg == P1_PAR0 + NET_MAC_SIZE - 1) {
            nic_set_mac(&s->conf, s->chip.phys);
        }
    } else if (reg == P1_CURR) {
        if ((uint32_t)value << 8 < RAM_END) {
            s->chip.curpag = value;
        }
    } else if (reg >= P1_MAR0 && reg < P1_MAR0 + 8) {
        s->chip.mult[reg - P1_MAR0] = value;
    } else {
        log_mask(LOG_GUEST_ERROR, "ne2k_pci: write of 0x%02x to register 0x%02x\n", value, reg);
    }
}

static uint8_t read_register(Ne2000 *s, unsigned offset)
{
    unsigned reg = (unsigned)s->chip.cmd >> CR_PAGE_SHIFT << 4 | offset;

    if (offset == REG_CR) {
        return s->chip.cmd;
    }
    if (reg >= P1_PAR0 && reg < P1_PAR0 + NET_MAC_SIZE) {
        return s->chip.phys[reg - P1_PAR0];
    }
    if (reg >= P1_MAR0 && reg < P1_MAR0 + 8) {
        return s->chip.mult[reg - P1_MAR0];
    }
    switch (reg) {
    case P0R_TSR:
        return s->chip.tsr;
    case P0_BNRY:
        return s->chip.boundary;
    case P0_ISR:
        return s->chip.isr;
    case P0_RSAR0:
        return (uint8_t)s->chip.rsar;
    case P0_RSAR1:
        return (uint8_t)(s->chip.rsar >> 8);
    case P1_CURR:
        return s->chip.curpag;
    case P0R_RSR:
        return s->chip.rsr;
    case P2_PSTART:
        return (uint8_t)(s->chip.start >> 8);
    case P2_PSTOP:
        return (uint8_t)(s->chip.stop >> 8);
    case P0R_ID0:
        return 0x50;
    case P0R_ID1:
        return 0x43;
    case P3_CONFIG0:
        return 0;                       /* 10BaseT */
    case P3_CONFIG2:
    case P3_CONFIG3:
        return 0x40;                    /* the link is there; full duplex */
    default:
        return 0;
    }
}

/* ---- Remote DMA: the data port ---- */

static uint8_t *memory_at(Ne2000 *s, uint32_t addr)
{
    return addr < PROM_SIZE || (addr >= RAM_START && addr < RAM_END) ? s->chip.mem + addr : NULL;
}

static void dma_moved(Ne2000 *s, unsigned size)
{
    s->chip.rsar = (s->chip.rsar + size) & 0xffff;
    if (s->chip.rsar == s->chip.stop) {
        s->chip.rsar = s->chip.start;
    }
    if (s->chip.rcnt > size) {
        s->chip.rcnt = (uint16_t)(s->chip.rcnt - size);
    } else {
        s->chip.rcnt = 0;
        raise_irq(s, ISR_DMA_DONE);
    }
}

/* Bytes that one access of the port moves, and where from. */
static unsigned port_width(Ne2000 *s, unsigned size)
{
    return size == 4 ? 4 : s->chip.dcfg & DCR_WORDS ? 2 : 1;
}

static void write_data(Ne2000 *s, uint32_t value, unsigned size)
{
    unsigned n = port_width(s, size);
    uint32_t at = s->chip.rsar & ~(n > 1 ? 1u : 0u);

    if (!s->chip.rcnt) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        uint8_t *byte = memory_at(s, at + i);

        if (byte) {
            *byte = (uint8_t)(value >> 8 * i);
        }
    }
    dma_moved(s, n);
}

static uint32_t read_data(Ne2000 *s, unsigned size)
{
    unsigned n = port_width(s, size);
    uint32_t at = s->chip.rsar & ~(n > 1 ? 1u : 0u), value = 0;

    for (unsigned i = 0; i < n; i++) {
        const uint8_t *byte = memory_at(s, at + i);

        value |= (uint32_t)(byte ? *byte : 0xff) << 8 * i;
    }
    dma_moved(s, n);
    return value;
}

static uint64_t io_read(void *opaque, hwaddr addr, unsigned size)
{
    Ne2000 *s = opaque;

    if (addr < DATA_PORT && size == 1) {
        return read_register(s, (unsigned)addr);
    }
    if (addr == DATA_PORT) {
        return read_data(s, size);
    }
    if (addr == RESET_PORT && size == 1) {
        reset_chip(s);
        return 0;
    }
    log_mask(LOG_GUEST_ERROR, "ne2k_pci: read of %u bytes at 0x%" PRIx64 "\n", size, addr);
    return UINT64_MAX;
}

static void io_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Ne2000 *s = opaque;

    if (addr < DATA_PORT && size == 1) {
        write_register(s, (unsigned)addr, (uint8_t)value);
    } else if (addr == DATA_PORT) {
        write_data(s, (uint32_t)value, size);
    } else if (addr != RESET_PORT) {
        log_mask(LOG_GUEST_ERROR, "ne2k_pci: write of %u bytes at 0x%" PRIx64 "\n", size, addr);
    }
}

static const MemoryRegionOps io_ops = {
    .read = io_read, .write = io_write, .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4, .unaligned = true},
    .impl = {.min_access_size = 1, .max_access_size = 4, .unaligned = true},
};

/* ---- Life and state ---- */

static void ne2000_reset(void *obj, ResetType type)
{
    Ne2000 *s = obj;

    reset_chip(s);
    nic_set_mac(&s->conf, s->conf.mac);
}

static const NetClientInfo ne2000_client = {
    .type = "nic", .size = sizeof(NetClient), .receive = ne2000_receive,
};

static bool ne2000_realize(PciDevice *dev, GError **errp)
{
    Ne2000 *s = (Ne2000 *)dev;

    if (!nic_realize(&dev->parent, &s->conf, &ne2000_client, "ne2k_pci", errp)) {
        return false;
    }
    dev->config[PCI_INTERRUPT_PIN] = 1;
    memory_region_init_io(&s->io, dev, &io_ops, s, "ne2000", IO_SIZE);
    pci_register_bar(dev, 0, PCI_BAR_IO, &s->io);
    reset_chip(s);
    return true;
}

static void ne2000_unrealize(PciDevice *dev)
{
    Ne2000 *s = (Ne2000 *)dev;

    memory_region_destroy(&s->io);
    nic_unrealize(&dev->parent, &s->conf);
}

/* The address that others know: the driver's, or before there is one, the card's own. */
static bool ne2000_post_load(void *opaque, int version, GError **errp)
{
    static const uint8_t none[NET_MAC_SIZE];
    Ne2000 *s = opaque;
    uint8_t mac[NET_MAC_SIZE];

    memcpy(mac, s->chip.phys, NET_MAC_SIZE);
    if (!memcmp(mac, none, NET_MAC_SIZE)) {
        for (unsigned i = 0; i < NET_MAC_SIZE; i++) {
            mac[i] = s->chip.mem[2 * i];
        }
    }
    nic_set_mac(&s->conf, mac);
    return true;
}

static bool chip_post_load(void *opaque, int version, GError **errp)
{
    const Ne2000Chip *s = opaque;

    if (s->start > RAM_END || s->stop > RAM_END || (uint32_t)s->curpag << 8 >= RAM_END ||
        (uint32_t)s->boundary << 8 >= RAM_END || s->rsar > 0xffff) {
        g_set_error(
            errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
            "ne2000: ring from 0x%x to 0x%x, page 0x%02x, boundary 0x%02x, remote address 0x%x",
            s->start, s->stop, s->curpag, s->boundary, s->rsar);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_ne2000_chip = {
    .name = "ne2000",
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = chip_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8(rxcr, Ne2000Chip),
        VMSTATE_UINT8(cmd, Ne2000Chip),
        VMSTATE_UINT32(start, Ne2000Chip),
        VMSTATE_UINT32(stop, Ne2000Chip),
        VMSTATE_UINT8(boundary, Ne2000Chip),
        VMSTATE_UINT8(tsr, Ne2000Chip),
        VMSTATE_UINT8(tpsr, Ne2000Chip),
        VMSTATE_UINT16(tcnt, Ne2000Chip),
        VMSTATE_UINT16(rcnt, Ne2000Chip),
        VMSTATE_UINT32(rsar, Ne2000Chip),
        VMSTATE_UINT8(rsr, Ne2000Chip),
        VMSTATE_UINT8(isr, Ne2000Chip),
        VMSTATE_UINT8(dcfg, Ne2000Chip),
        VMSTATE_UINT8(imr, Ne2000Chip),
        VMSTATE_BUFFER(phys, Ne2000Chip),
        VMSTATE_UINT8(curpag, Ne2000Chip),
        VMSTATE_BUFFER(mult, Ne2000Chip),
        VMSTATE_UNUSED(4),              /* was an interrupt's number */
        VMSTATE_BUFFER(mem, Ne2000Chip),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(Ne2000Chip),
};

static const VMStateDescription vmstate_ne2000 = {
    .name = "ne2000",
    .version_id = 3,
    .minimum_version_id = 3,
    .post_load = ne2000_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(pci, Ne2000),
        VMSTATE_STRUCT(chip, Ne2000, 0, vmstate_ne2000_chip, Ne2000Chip),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("conf", "io"),
    VMSTATE_STRUCT_AUDIT(Ne2000),
};

static const Property ne2000_properties[] = {
    DEFINE_NIC_PROPERTIES(Ne2000, conf),
    DEFINE_PROP_END_OF_LIST(),
};

const PciDeviceClass ne2k_pci_class = {
    .device = {
        .name = "ne2k_pci",
        .parent = &pci_device_class.object,
        .description = "NE2000 on PCI (RTL8029)",
        .instance_size = sizeof(Ne2000),
        .properties = ne2000_properties,
        .category = DEVICE_CATEGORY_NETWORK,
        .user_creatable = true,
        .vmstate = &vmstate_ne2000,
        .reset = {.hold = ne2000_reset},
        .firmware_name = "ethernet",
    },
    .vendor_id = PCI_VENDOR_REALTEK,
    .device_id = DEVICE_RTL8029,
    .class_id = PCI_CLASS_NETWORK_ETHERNET,
    .romfile = "efi-ne2k_pci.rom",
    .rom_size = NIC_ROM_SIZE,
    .realize = ne2000_realize,
    .unrealize = ne2000_unrealize,
};
