/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sungem: Sun's GEM Ethernet controller as Apple's UniNorth has it (GMAC).  Sun "GEM Gigabit
 * Ethernet ASIC Specification" (registers and descriptors, chapters 2 and 3; names as there); its
 * PHY is Broadcom's BCM5201 with a link of 100 Mbit/s. Left out: access to the FIFOs, MAC control
 * frames and counters, PCS, wake on LAN, settings of the PHY (the link is always what it is),
 * interrupt mitigation.
 */
#include <string.h>
#include "hw/net/nic.h"
#include "migration/vmstate.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

#define MAX_PACKET 9016u
#define BAR_SIZE 0x200000u
#define DEVICE_GMAC 0x0021
#define DESCRIPTOR_SIZE 16u

/* Where blocks of registers are, and their sizes in bytes. */
enum {
    AT_GREG = 0x0000,
    AT_TXDMA = 0x2000,
    AT_WOL = 0x3000,
    AT_RXDMA = 0x4000,
    AT_MAC = 0x6000,
    AT_MIF = 0x6200,
    AT_PCS = 0x9000
};
enum {
    GREG_SIZE = 0x2000,
    TXDMA_SIZE = 0x1000,
    WOL_SIZE = 0x14,
    RXDMA_SIZE = 0x2000,
    MAC_SIZE = 0x200,
    MIF_SIZE = 0x20,
    PCS_SIZE = 0x60
};

/* Registers by their offsets in the BAR. */
enum {
    GREG_SEBSTATE = 0x0000,
    GREG_STAT = 0x000c,
    GREG_IMASK = 0x0010,
    GREG_IACK = 0x0014,
    GREG_STAT2 = 0x001c,
    GREG_PCIESTAT = 0x1000,
    GREG_PCIEMASK = 0x1004,
    GREG_SWRST = 0x1010,
    TXDMA_KICK = 0x2000,
    TXDMA_CFG = 0x2004,
    TXDMA_DBLOW = 0x2008,
    TXDMA_DBHI = 0x200c,
    TXDMA_PCNT = 0x2024,
    TXDMA_SMACHINE = 0x2028,
    TXDMA_DPLOW = 0x2030,
    TXDMA_DPHI = 0x2034,
    TXDMA_TXDONE = 0x2100,
    TXDMA_FTAG = 0x2108,
    TXDMA_FSZ = 0x2118,
    RXDMA_CFG = 0x4000,
    RXDMA_DBLOW = 0x4004,
    RXDMA_DBHI = 0x4008,
    RXDMA_PCNT = 0x4018,
    RXDMA_SMACHINE = 0x401c,
    RXDMA_PTHRESH = 0x4020,
    RXDMA_DPLOW = 0x4024,
    RXDMA_DPHI = 0x4028,
    RXDMA_KICK = 0x4100,
    RXDMA_DONE = 0x4104,
    RXDMA_BLANK = 0x4108,
    RXDMA_FTAG = 0x4110,
    RXDMA_FSZ = 0x4120,
    MAC_TXRST = 0x6000,
    MAC_RXRST = 0x6004,
    MAC_TXSTAT = 0x6010,
    MAC_RXSTAT = 0x6014,
    MAC_CSTAT = 0x6018,
    MAC_TXMASK = 0x6020,
    MAC_RXMASK = 0x6024,
    MAC_MCMASK = 0x6028,
    MAC_TXCFG = 0x6030,
    MAC_RXCFG = 0x6034,
    MAC_XIFCFG = 0x603c,
    MAC_MINFSZ = 0x6050,
    MAC_MAXFSZ = 0x6054,
    MAC_ADDR0 = 0x6080,
    MAC_ADDR3 = 0x608c,
    MAC_HASH0 = 0x60c0,
    MAC_PATMPS = 0x6114,
    MAC_SMACHINE = 0x6134,
    MIF_FRAME = 0x620c,
    MIF_CFG = 0x6210,
    MIF_STATUS = 0x6218,
    MIF_SMACHINE = 0x621c,
    PCS_MIISTAT = 0x9004,
    PCS_ISTAT = 0x9018,
    PCS_SSTATE = 0x905c,
};
/* Bits. */
enum {
    STAT_TXINTME = 0x1,
    STAT_TXALL = 0x2,
    STAT_TXDONE = 0x4,
    STAT_RXDONE = 0x10,
    STAT_RXNOBUF = 0x20,
    STAT_RXTAGERR = 0x40,
    STAT_TXMAC = 0x4000,
    STAT_RXMAC = 0x8000,
    STAT_MAC = 0x10000,
    /* Those that reading GREG_STAT or writing GREG_IACK clears. */
    STAT_LATCHED = STAT_TXINTME | STAT_TXALL | STAT_RXDONE | STAT_RXNOBUF | STAT_RXTAGERR,
    SWRST_TX = 0x1,
    SWRST_RX = 0x2,
    SWRST_RSTOUT = 0x4,
    DMA_ENABLE = 0x1,
    MAC_ENABLE = 0x1,
    RXCFG_STRIP_FCS = 0x4,
    RXCFG_PROMISCUOUS = 0x8,
    RXCFG_ALL_GROUPS = 0x10,
    RXCFG_HASH = 0x20,
    XIFCFG_LOOPBACK = 0x2,
    MIF_CFG_MDI0 = 0x100,
    MIF_CFG_MDI1 = 0x200,
    CSTAT_PAUSE_TIME = (int)0xffff0000u,
};
#define STAT_TX_COMPLETION 0xfff80000u
#define TX_COMPLETION_SHIFT 19
/* Descriptors: two little-endian words of 64 bits, the second the buffer's address. */
#define TXD_SIZE(c) ((c) & 0x7fff)
#define TXD_SUM_START(c) ((c) >> 15 & 0x3f)
#define TXD_SUM_STUFF(c) ((c) >> 21 & 0xff)
#define TXD_SUM (1ull << 29)
#define TXD_EOF (1ull << 30)
#define TXD_SOF (1ull << 31)
#define TXD_INTME (1ull << 32)
#define RXD_HASH_PASS (1ull << 60)
#define RXD_SECOND_MAC (1ull << 61)

typedef struct SunGem {
    PciDevice pdev;                     /* first */
    /* saved */
    NicConf conf;                       /* its mac */
    uint32_t phy_addr;                  /* property, too */
    uint32_t gregs[GREG_SIZE / 4], txdmaregs[TXDMA_SIZE / 4], rxdmaregs[RXDMA_SIZE / 4],
        macregs[MAC_SIZE / 4], mifregs[MIF_SIZE / 4], pcsregs[PCS_SIZE / 4];
    uint32_t rx_mask, tx_mask;          /* sizes of the rings less 1 */
    uint8_t tx_data[MAX_PACKET];        /* the frame whose descriptors have come so far */
    uint32_t tx_size;
    uint64_t tx_first_ctl;              /* of its first descriptor; 0: none has come */
    /* immutable */
    MemoryRegion registers;
    /* host-only */
    unsigned in_dma;                    /* our own accesses: registers take none of them */
} SunGem;

/* ---- Registers' storage ---- */

static uint32_t *block(SunGem *s, uint32_t addr, uint32_t *offset)
{
    const struct { uint32_t at, size; uint32_t *regs;
    } blocks[] = {
        {AT_GREG, GREG_SIZE, s->gregs},       {AT_TXDMA, TXDMA_SIZE, s->txdmaregs},
        {AT_RXDMA, RXDMA_SIZE, s->rxdmaregs}, {AT_MAC, MAC_SIZE, s->macregs},
        {AT_MIF, MIF_SIZE, s->mifregs},       {AT_PCS, PCS_SIZE, s->pcsregs},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(blocks); i++) {
        if (addr >= blocks[i].at && addr - blocks[i].at < blocks[i].size) {
            *offset = addr - blocks[i].at;
            return blocks[i].regs;
        }
    }
    return NULL;
}

/* Stretches of the BAR in which there are registers. */
static bool exists(uint32_t addr)
{
    static const struct { uint32_t first, last;
    } stretches[] = {
        {0x0000, 0x001c}, {0x1000, 0x1010}, {0x2000, 0x2034}, {0x2100, 0x2118}, {0x4000, 0x4028},
        {0x4100, 0x4120}, {0x6000, 0x6134}, {0x6200, 0x621c}, {0x9000, 0x9018}, {0x9050, 0x905c},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(stretches); i++) {
        if (addr >= stretches[i].first && addr <= stretches[i].last) {
            return true;
        }
    }
    return false;
}

static uint32_t *reg(SunGem *s, uint32_t addr)
{
    uint32_t offset;
    uint32_t *regs = block(s, addr, &offset);

    g_assert(regs);
    return &regs[offset / 4];
}

static uint64_t reg_pair(SunGem *s, uint32_t low, uint32_t high)
{
    return (uint64_t)*reg(s, high) << 32 | *reg(s, low);
}

static void update_irq(SunGem *s)
{
    pci_set_irq(&s->pdev, (*reg(s, GREG_STAT) & ~STAT_TX_COMPLETION & ~*reg(s, GREG_IMASK)) != 0);
}

static void set_status(SunGem *s, uint32_t bits, bool on)
{
    uint32_t *status = reg(s, GREG_STAT);

    *status = on ? *status | bits : *status & ~bits;
    update_irq(s);
}

/* The MAC's own interrupts, each with its mask. */
static void update_mac_irq(SunGem *s)
{
    set_status(s, STAT_TXMAC, *reg(s, MAC_TXSTAT) & ~*reg(s, MAC_TXMASK));
    set_status(s, STAT_RXMAC, *reg(s, MAC_RXSTAT) & ~*reg(s, MAC_RXMASK));
    set_status(s, STAT_MAC,
               *reg(s, MAC_CSTAT) & ~(uint32_t)CSTAT_PAUSE_TIME & ~*reg(s, MAC_MCMASK));
}

/* Rings have 32 << n descriptors; n is 0 to 8. */
static uint32_t ring_mask(uint32_t cfg)
{
    return (32u << MIN(cfg >> 1 & 0xf, 8u)) - 1;
}

static void update_masks(SunGem *s)
{
    s->rx_mask = ring_mask(*reg(s, RXDMA_CFG));
    s->tx_mask = ring_mask(*reg(s, TXDMA_CFG));
}

/* ---- DMA ---- */

static bool dma_read(SunGem *s, uint64_t addr, void *buf, uint32_t size)
{
    bool good;

    s->in_dma++;
    good = pci_dma_read(&s->pdev, addr, buf, size);
    s->in_dma--;
    return good;
}

static void dma_write(SunGem *s, uint64_t addr, const void *buf, uint32_t size)
{
    s->in_dma++;
    pci_dma_write(&s->pdev, addr, buf, size);
    s->in_dma--;
}

/* The Internet's checksum: the inverted one's complement sum of 16-bit words. */
static uint16_t checksum(const uint8_t *bytes, uint32_t size)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < size; i++) {
        sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* ---- Receiving ---- */

static bool rx_enabled(SunGem *s)
{
    return (*reg(s, RXDMA_CFG) & DMA_ENABLE) && (*reg(s, MAC_RXCFG) & MAC_ENABLE);
}

static bool rx_full(SunGem *s)
{
    return (*reg(s, RXDMA_KICK) & s->rx_mask) == ((*reg(s, RXDMA_DONE) + 1) & s->rx_mask);
}

static bool sungem_can_receive(NetClient *nc)
{
    SunGem *s = nc->opaque;

    /* A MAC that is off drops. */
    return !rx_enabled(s) || !rx_full(s);
}

static bool is_address(SunGem *s, const uint8_t *mac, uint32_t first)
{
    return *reg(s, first) == lduw_be_p(mac + 4) && *reg(s, first + 4) == lduw_be_p(mac + 2) &&
           *reg(s, first + 8) == lduw_be_p(mac);
}

/* Does it pass the filter? *flags: what the descriptor says of that. */
static bool wanted(SunGem *s, const uint8_t *mac, uint32_t crc, uint64_t *flags)
{
    uint32_t cfg = *reg(s, MAC_RXCFG), hash = crc >> 24;

    *flags = 0;
    if ((cfg & RXCFG_PROMISCUOUS) || mac_is_broadcast(mac)) {
        return true;
    }
    if (mac_is_multicast(mac)) {
        if (cfg & RXCFG_ALL_GROUPS) {
            return true;
        }
        *flags = RXD_HASH_PASS;
        return (cfg & RXCFG_HASH) &&
               (*reg(s, MAC_HASH0 + 4 * (hash >> 4)) >> (15 - (hash & 0xf)) & 1);
    }
    if (is_address(s, mac, MAC_ADDR0)) {
        return true;
    }
    *flags = RXD_SECOND_MAC;
    return is_address(s, mac, MAC_ADDR3);
}

static ssize_t receive(SunGem *s, const uint8_t *frame, uint32_t size)
{
    /* The descriptor's checksum covers the frame from where the guest says to its end. */
    uint32_t skip = MIN(*reg(s, RXDMA_CFG) >> 13 & 0x7f, size), crc, done,
             fcs = *reg(s, MAC_RXCFG) & RXCFG_STRIP_FCS ? 0 : 4;
    uint64_t at, buffer, flags;
    uint8_t descriptor[DESCRIPTOR_SIZE];

    if (!rx_enabled(s) || size < NET_MAC_SIZE || size + 4 > (*reg(s, MAC_MAXFSZ) & 0x7fff)) {
        return (ssize_t)size;
    }
    crc = net_crc32_le(frame, NET_MAC_SIZE);
    if (!wanted(s, frame, crc, &flags)) {
        return (ssize_t)size;
    }
    if (rx_full(s)) {
        return 0;
    }
    done = *reg(s, RXDMA_DONE) & s->rx_mask;
    at = reg_pair(s, RXDMA_DBLOW, RXDMA_DBHI) + done * DESCRIPTOR_SIZE;
    if (dma_read(s, at, descriptor, sizeof(descriptor))) {
        buffer = (ldq_le_p(descriptor + 8) & ~7ull) | (*reg(s, RXDMA_CFG) >> 10 & 7);
        dma_write(s, buffer, frame, size);
        stq_le_p(descriptor, flags | (uint64_t)(crc >> 16) << 44 | (uint64_t)(size + fcs) << 16 |
                             checksum(frame + skip, size - skip));
        dma_write(s, at, descriptor, sizeof(descriptor));
    }
    *reg(s, RXDMA_DONE) = (done + 1) & s->rx_mask;
    set_status(s, STAT_RXDONE | (rx_full(s) ? STAT_RXNOBUF : 0), true);
    return (ssize_t)size;
}

static ssize_t sungem_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    return receive(nc->opaque, frame, (uint32_t)size);
}

static void flush_receive(SunGem *s)
{
    if (rx_enabled(s)) {
        net_flush(s->conf.client);
    }
}

/* ---- Transmitting ---- */

static void insert_sum(SunGem *s)
{
    uint32_t start = TXD_SUM_START(s->tx_first_ctl), stuff = TXD_SUM_STUFF(s->tx_first_ctl);

    if (start + 2 > s->tx_size || stuff + 2 > s->tx_size) {
        log_mask(LOG_GUEST_ERROR, "sungem: checksum from %u to %u in a frame of %u bytes\n", start,
                 stuff, s->tx_size);
        return;
    }
    stw_be_p(s->tx_data + stuff, checksum(s->tx_data + start, s->tx_size - start));
}

static void finish_frame(SunGem *s)
{
    if (s->tx_first_ctl & TXD_SUM) {
        insert_sum(s);
    }
    if (*reg(s, MAC_XIFCFG) & XIFCFG_LOOPBACK) {
        receive(s, s->tx_data, s->tx_size);
    } else {
        net_send(s->conf.client, s->tx_data, s->tx_size);
    }
    s->tx_size = 0;
    s->tx_first_ctl = 0;
}

static void transmit_descriptor(SunGem *s, uint64_t control, uint64_t buffer)
{
    uint32_t size = TXD_SIZE(control);

    if (control & TXD_SOF) {
        s->tx_size = 0;
        s->tx_first_ctl = control;
    }
    if (size > MAX_PACKET - s->tx_size) {
        log_mask(LOG_GUEST_ERROR, "sungem: a frame longer than %u bytes is cut\n", MAX_PACKET);
        size = MAX_PACKET - s->tx_size;
    }
    dma_read(s, buffer, s->tx_data + s->tx_size, size);
    s->tx_size += size;
    if (control & TXD_EOF) {
        finish_frame(s);
    }
}

/* All descriptors up to the kick, at most a ring's. */
static void transmit(SunGem *s)
{
    uint32_t done, kick;

    if (!(*reg(s, TXDMA_CFG) & DMA_ENABLE) || !(*reg(s, MAC_TXCFG) & MAC_ENABLE)) {
        return;
    }
    done = *reg(s, TXDMA_TXDONE) & s->tx_mask;
    kick = *reg(s, TXDMA_KICK) & s->tx_mask;
    while (done != kick) {
        uint64_t at = reg_pair(s, TXDMA_DBLOW, TXDMA_DBHI) + done * DESCRIPTOR_SIZE, control;
        uint8_t descriptor[DESCRIPTOR_SIZE];

        if (!dma_read(s, at, descriptor, sizeof(descriptor))) {
            memset(descriptor, 0, sizeof(descriptor));
        }
        control = ldq_le_p(descriptor);
        transmit_descriptor(s, control, ldq_le_p(descriptor + 8));
        done = (done + 1) & s->tx_mask;
        *reg(s, TXDMA_TXDONE) = done;
        set_status(s, STAT_TXDONE | (control & TXD_INTME ? STAT_TXINTME : 0), true);
    }
    set_status(s, STAT_TXALL, true);
}

/* ---- Reset ---- */

static void reset_rx(SunGem *s)
{
    *reg(s, RXDMA_FSZ) = 0x140;
    *reg(s, RXDMA_DONE) = 0;
    *reg(s, RXDMA_KICK) = 0;
    *reg(s, RXDMA_CFG) = 0x1000010;
    *reg(s, RXDMA_PTHRESH) = 0xf8;
    *reg(s, RXDMA_BLANK) = 0;
    update_masks(s);
}

static void reset_tx(SunGem *s)
{
    *reg(s, TXDMA_FSZ) = 0x90;
    *reg(s, TXDMA_TXDONE) = 0;
    *reg(s, TXDMA_KICK) = 0;
    *reg(s, TXDMA_CFG) = 0x118010;
    update_masks(s);
    s->tx_size = 0;
    s->tx_first_ctl = 0;
}

static void reset_both(SunGem *s)
{
    reset_rx(s);
    reset_tx(s);
    *reg(s, GREG_IMASK) = 0xfffffff;
    *reg(s, GREG_STAT) = 0;
    *reg(s, GREG_SWRST) &= SWRST_RSTOUT;
    *reg(s, MIF_CFG) = MIF_CFG_MDI0;
    update_irq(s);
}

static void software_reset(SunGem *s)
{
    switch (*reg(s, GREG_SWRST) & (SWRST_TX | SWRST_RX)) {
    case SWRST_RX:
        reset_rx(s);
        break;
    case SWRST_TX:
        reset_tx(s);
        break;
    case SWRST_TX | SWRST_RX:
        reset_both(s);
        break;
    }
}

/* The address that others know is the one that the driver has set. */
static void show_mac(SunGem *s)
{
    uint8_t mac[NET_MAC_SIZE];

    for (unsigned i = 0; i < 3; i++) {
        stw_be_p(mac + 4 - 2 * i, (uint16_t)*reg(s, MAC_ADDR0 + 4 * i));
    }
    nic_set_mac(&s->conf, mac);
}

static void sungem_reset(void *obj, ResetType type)
{
    SunGem *s = obj;
    const uint8_t *mac = s->conf.mac;

    memset(s->gregs, 0, sizeof(s->gregs));
    memset(s->txdmaregs, 0, sizeof(s->txdmaregs));
    memset(s->rxdmaregs, 0, sizeof(s->rxdmaregs));
    memset(s->macregs, 0, sizeof(s->macregs));
    memset(s->mifregs, 0, sizeof(s->mifregs));
    memset(s->pcsregs, 0, sizeof(s->pcsregs));
    memset(s->tx_data, 0, sizeof(s->tx_data));
    reset_both(s);
    for (unsigned i = 0; i < 3; i++) {
        *reg(s, MAC_ADDR0 + 4 * i) = lduw_be_p(mac + 4 - 2 * i);
    }
    show_mac(s);
}

/* ---- The PHY, by frames on the management interface (IEEE 802.3, 22.2.4) ---- */

static uint16_t phy_read(const SunGem *s, unsigned phy, unsigned number)
{
    if (phy != s->phy_addr) {
        return 0xffff;
    }
    switch (number) {
    case 1: /* 100BASE-TX full duplex, autonegotiation; complete, with a link */
        return nic_link_up(&s->conf) ? 0x402c : 0x4008;
    case 2:
        return 0x0040;
    case 3:
        return 0x6210;
    case 4:
    case 5:                             /* both sides: 100BASE-TX full duplex */
        return 0x0100;
    case 0x18:                          /* auxiliary status: 100 Mbit/s, full duplex */
        return 3;
    default:
        return 0;
    }
}

static uint32_t phy_frame(const SunGem *s, uint32_t frame)
{
    unsigned op = frame >> 28 & 3;

    if (frame >> 30 != 1) {
        return 0xffff;
    }
    if (op == 1) {
        return frame | 0x10000;
    }
    return 0x10000 | (op == 2 ? phy_read(s, frame >> 23 & 0x1f, frame >> 18 & 0x1f) : 0xffffu);
}

/* ---- Access ---- */

static bool read_only(uint32_t addr)
{
    static const uint16_t list[] = {
        GREG_SEBSTATE,  GREG_STAT,      GREG_STAT2,   GREG_PCIESTAT, TXDMA_TXDONE, TXDMA_PCNT,
        TXDMA_SMACHINE, TXDMA_DPLOW,    TXDMA_DPHI,   TXDMA_FSZ,     TXDMA_FTAG,   RXDMA_DONE,
        RXDMA_PCNT,     RXDMA_SMACHINE, RXDMA_DPLOW,  RXDMA_DPHI,    RXDMA_FSZ,    RXDMA_FTAG,
        MAC_TXRST,      MAC_RXRST,      MAC_TXSTAT,   MAC_RXSTAT,    MAC_CSTAT,    MAC_PATMPS,
        MAC_SMACHINE,   MIF_STATUS,     MIF_SMACHINE, PCS_MIISTAT,   PCS_ISTAT,    PCS_SSTATE,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) {
        if (list[i] == addr) {
            return true;
        }
    }
    return false;
}

static uint32_t bits_of(uint32_t addr, uint32_t value)
{
    switch (addr) {
    case GREG_PCIEMASK:
        return value & 7;
    case MAC_MINFSZ:
        return value & 0x3ff;
    case MIF_CFG:                       /* the PHY is at the first pins */
        return (value & ~(uint32_t)MIF_CFG_MDI1) | MIF_CFG_MDI0;
    default:
        return value;
    }
}

static void written(SunGem *s, uint32_t addr)
{
    switch (addr) {
    case GREG_IMASK:
        update_irq(s);
        break;
    case GREG_SWRST:
        software_reset(s);
        break;
    case TXDMA_KICK:
        transmit(s);
        break;
    case TXDMA_CFG:
        update_masks(s);
        break;
    case RXDMA_CFG:
    case RXDMA_KICK:
    case MAC_RXCFG:
        update_masks(s);
        flush_receive(s);
        break;
    case MAC_TXMASK:
    case MAC_RXMASK:
    case MAC_MCMASK:
        update_mac_irq(s);
        break;
    case MAC_ADDR0:
    case MAC_ADDR0 + 4:
    case MAC_ADDR0 + 8:
        show_mac(s);
        break;
    case MIF_FRAME:
        *reg(s, MIF_FRAME) = phy_frame(s, *reg(s, MIF_FRAME));
        break;
    }
}

static bool reachable(SunGem *s, uint32_t addr, const char *what)
{
    if (s->in_dma) {
        log_mask(LOG_GUEST_ERROR, "sungem: DMA into its own registers\n");
        return false;
    }
    if (addr >= AT_WOL && addr < AT_WOL + WOL_SIZE) {
        log_mask(LOG_UNIMP, "sungem: wake on LAN\n");
        return false;
    }
    if (!exists(addr)) {
        log_mask(LOG_GUEST_ERROR, "sungem: %s of register 0x%x\n", what, addr);
        return false;
    }
    return true;
}

static uint32_t with_completion(SunGem *s, uint32_t status)
{
    return (status & ~STAT_TX_COMPLETION) | *reg(s, TXDMA_TXDONE) << TX_COMPLETION_SHIFT;
}

static uint64_t registers_read(void *opaque, hwaddr at, unsigned size)
{
    SunGem *s = opaque;
    uint32_t addr = (uint32_t)at, value;

    if (!reachable(s, addr, "read")) {
        return addr >= AT_WOL && addr < AT_WOL + WOL_SIZE ? UINT32_MAX : 0;
    }
    value = *reg(s, addr);
    switch (addr) {
    case GREG_STAT:
        set_status(s, STAT_LATCHED, false);
        return with_completion(s, value);
    case GREG_STAT2:
        return with_completion(s, *reg(s, GREG_STAT));
    case MAC_TXSTAT:
    case MAC_RXSTAT:
        *reg(s, addr) = 0;
        set_status(s, addr == MAC_TXSTAT ? STAT_TXMAC : STAT_RXMAC, false);
        break;
    case MAC_CSTAT:
        *reg(s, addr) &= (uint32_t)CSTAT_PAUSE_TIME;
        set_status(s, STAT_MAC, false);
        break;
    }
    return value;
}

static void registers_write(void *opaque, hwaddr at, uint64_t value, unsigned size)
{
    SunGem *s = opaque;
    uint32_t addr = (uint32_t)at;

    if (!reachable(s, addr, "write") || read_only(addr)) {
        return;
    }
    if (addr == GREG_IACK) {
        set_status(s, (uint32_t)value & STAT_LATCHED, false);
        return;
    }
    *reg(s, addr) = bits_of(addr, (uint32_t)value);
    written(s, addr);
}

static const MemoryRegionOps register_ops = {
    .read = registers_read, .write = registers_write, .endianness = DEVICE_LITTLE_ENDIAN,
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

/* ---- Life and state ---- */

static const NetClientInfo sungem_client = {
    .type = "nic",
    .size = sizeof(NetClient),
    .can_receive = sungem_can_receive,
    .receive = sungem_receive,
};

static bool sungem_realize(PciDevice *dev, GError **errp)
{
    SunGem *s = (SunGem *)dev;

    if (!nic_realize(&dev->parent, &s->conf, &sungem_client, "sungem", errp)) {
        return false;
    }
    pci_set16(dev->config + PCI_STATUS,
              PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MEDIUM | PCI_STATUS_66MHZ);
    pci_set16(dev->config + PCI_SUBSYSTEM_VENDOR_ID, 0);
    pci_set16(dev->config + PCI_SUBSYSTEM_ID, 0);
    dev->config[PCI_INTERRUPT_PIN] = 1;
    dev->config[PCI_MIN_GNT] = 0x40;
    dev->config[PCI_MAX_LAT] = 0x40;
    memory_region_init_io(&s->registers, dev, &register_ops, s, "sungem", BAR_SIZE);
    pci_register_bar(dev, 0, 0, &s->registers);
    return true;
}

static void sungem_unrealize(PciDevice *dev)
{
    SunGem *s = (SunGem *)dev;

    memory_region_destroy(&s->registers);
    nic_unrealize(&dev->parent, &s->conf);
}

static bool sungem_post_load(void *opaque, int version, GError **errp)
{
    SunGem *s = opaque;

    if (s->tx_size > MAX_PACKET) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "sungem: %u bytes of a frame of %u at most", s->tx_size, MAX_PACKET);
        return false;
    }
    update_masks(s);
    show_mac(s);
    return true;
}

static const VMStateDescription vmstate_sungem = {
    .name = "sungem",
    .version_id = 0,
    .minimum_version_id = 0,
    .post_load = sungem_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(pdev, SunGem),
        VMSTATE_BUFFER(conf.mac, SunGem),
        VMSTATE_UINT32(phy_addr, SunGem),
        VMSTATE_UINT32_ARRAY(gregs, SunGem, GREG_SIZE / 4),
        VMSTATE_UINT32_ARRAY(txdmaregs, SunGem, TXDMA_SIZE / 4),
        VMSTATE_UINT32_ARRAY(rxdmaregs, SunGem, RXDMA_SIZE / 4),
        VMSTATE_UINT32_ARRAY(macregs, SunGem, MAC_SIZE / 4),
        VMSTATE_UINT32_ARRAY(mifregs, SunGem, MIF_SIZE / 4),
        VMSTATE_UINT32_ARRAY(pcsregs, SunGem, PCS_SIZE / 4),
        VMSTATE_UINT32(rx_mask, SunGem),
        VMSTATE_UINT32(tx_mask, SunGem),
        VMSTATE_UINT8_ARRAY(tx_data, SunGem, MAX_PACKET),
        VMSTATE_UINT32(tx_size, SunGem),
        VMSTATE_UINT64(tx_first_ctl, SunGem),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("conf.netdev", "conf.client", "conf.bootindex", "registers"),
    .host_only = VMSTATE_NAMES("in_dma"),
    VMSTATE_STRUCT_AUDIT(SunGem),
};

static const Property sungem_properties[] = {
    DEFINE_NIC_PROPERTIES(SunGem, conf),
    DEFINE_PROP_UINT32("phy_addr", SunGem, phy_addr, 0, "address of the PHY"),
    DEFINE_PROP_END_OF_LIST(),
};

const PciDeviceClass sungem_class = {
    .device = {
        .name = "sungem",
        .parent = &pci_device_class.object,
        .description = "Sun GEM Ethernet (Apple GMAC)",
        .instance_size = sizeof(SunGem),
        .properties = sungem_properties,
        .category = DEVICE_CATEGORY_NETWORK,
        .user_creatable = true,
        .vmstate = &vmstate_sungem,
        .reset = {.hold = sungem_reset},
        .firmware_name = "ethernet",
    },
    .vendor_id = PCI_VENDOR_APPLE,
    .device_id = DEVICE_GMAC,
    .revision = 1,
    .class_id = PCI_CLASS_NETWORK_ETHERNET,
    .realize = sungem_realize,
    .unrealize = sungem_unrealize,
};
