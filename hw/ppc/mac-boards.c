/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on the boards of Power Macs, as rows of their device trees (mac-tree.h): the beige G3 and
 * mac99.  Names and values that drivers look for are Apple's; where OpenBIOS has others, they are
 * OpenBIOS's.
 */
#include "mac-tree.h"

/* ---- Parts that both generations of MacIO have ---- */

#define ADB_NODES(compatible)                                                                      \
    NODE_WHEN("adb", MAC_HAS_ADB), TEXT("device_type", "adb"), TEXT("compatible", compatible),     \
        CELLS("#address-cells", 1), CELLS("#size-cells", 0), NODE("keyboard@8"),                   \
        TEXT("device_type", "keyboard"), CELLS("reg", 8), END, NODE("mouse@9"),                    \
        TEXT("device_type", "mouse"), CELLS("reg", 9), CELLS("#buttons", 3), END, END

#define CUDA_NODES                                                                                 \
    ADB_NODES("adb"), NODE("rtc"), TEXT("device_type", "rtc"), TEXT("compatible", "rtc"), END,     \
        NODE("power-mgt"), TEXT("device_type", "power-mgt"),                                       \
        TEXT("mgt-kind", "min-consumption-pwm-led"), TEXT("compatible", "cuda"), END

/* ---- Heathrow: interrupts by AAPL,interrupts, addresses also as the processor sees them ---- */

#define HEATHROW_CHANNEL(name, compatible, data, command, more, dma, irq)                          \
    NODE(name), TEXT("device_type", "serial"), TEXT("compatible", compatible),                     \
        CELLS("reg", data, 1, command, 1, more, 1, dma, 0x100, dma + 0x100, 0x100),                \
        ADDRESS("AAPL,address", data), CELLS("AAPL,interrupts", irq), CELLS("slot-names", 0), END

#define HEATHROW_ATA(name, at, dma, irq, dma_irq, bus)                                             \
    NODE(name), TEXT("device_type", "ata"), CELLS("#address-cells", 1), CELLS("#size-cells", 0),   \
        TEXT("compatible", "heathrow-ata"), TEXT("model", "ata-3"), TEXT("AAPL,connector", "ata"), \
        CELLS("AAPL,pio-timing", 0x526, 0x85, 0x25, 0x25, 0x25, 0, 0, 0),                          \
        CELLS("AAPL,interrupts", irq, dma_irq), CELLS("reg", at, 0x1000, dma, 0x200),              \
        ADDRESS("AAPL,address", at, dma), CELLS("AAPL,bus-id", bus), END

static const TreeRow heathrow_rows[] = {
    NODE("via-cuda@16000"),
        TEXT("device_type", "via-cuda"), TEXT("compatible", "cuda"),
        CELLS("#address-cells", 1), CELLS("#size-cells", 0),
        CELLS("reg", 0x16000, 0x2000), CELLS("AAPL,interrupts", 0x12),
        CUDA_NODES,
    END,
    NODE("nvram@60000"),
        CELLS("#bytes", 0x2000), CELLS("reg", 0x60000, 0x20000), TEXT("device_type", "nvram"),
    END,
    NODE("escc@13000"),
        CELLS("#address-cells", 1), CELLS("#size-cells", 1), CELLS("reg", 0x13000, 0x1000),
        TEXT("device_type", "escc"), TEXT("compatible", "escc\0CHRP,es0"), EMPTY("ranges"),
        HEATHROW_CHANNEL("ch-a@13020", "chrp,es2", 0x13020, 0x13030, 0x13050, 0x8400, 0x0f),
        HEATHROW_CHANNEL("ch-b@13000", "chrp,es3", 0x13000, 0x13010, 0x13040, 0x8600, 0x10),
    END,
    NODE("escc-legacy@12000"),
        CELLS("#address-cells", 1), CELLS("#size-cells", 1), CELLS("reg", 0x12000, 0x1000),
        TEXT("device_type", "escc-legacy"), TEXT("compatible", "chrp,es1"), EMPTY("ranges"),
        HEATHROW_CHANNEL("ch-a@12002", "chrp,es4", 0x12002, 0x12006, 0x1200a, 0x8400, 0x0f),
        HEATHROW_CHANNEL("ch-b@12000", "chrp,es5", 0x12000, 0x12004, 0x12008, 0x8600, 0x10),
    END,
    HEATHROW_ATA("ata-3@20000", 0x20000, 0x8b00, 0x0d, 0x02, 0),
    HEATHROW_ATA("ata-3@21000", 0x21000, 0x8d00, 0x0e, 0x03, 1),
    STOP,
};

static const TreeRow oldworld_root[] = {
    TEXT("model", "Power Macintosh"),
    TEXT("compatible", "AAPL,PowerMac G3\0MacRISC"),
    TEXT("AAPL,original-name", "device-tree"),
    CELLS("AAPL,cpu-id", 0),
    TEXT("system-id", "0000000000000"),
    STOP,
};

static const MacAlias oldworld_aliases[] = {
    {"via-cuda", "/via-cuda", 0, false},
    {"adb-keyboard", "/via-cuda/adb/keyboard", 0, false},
    {"adb-mouse", "/via-cuda/adb/mouse", 0, false},
    {"rtc", "/via-cuda/rtc", 0, false},
    {"nvram", "/nvram@60000", 0, false},
    {"ttya", "/escc/ch-a", 0, false}, {"scca", "/escc/ch-a", 0, false},
    {"ttyb", "/escc/ch-b", 0, false}, {"sccb", "/escc/ch-b", 0, false},
    {"mac-io", "", 0, false},
    {"kbd", "/via-cuda@16000/adb/keyboard@8", 0, false},
    {"keyboard", "/via-cuda@16000/adb/keyboard@8", 0, false},
    {0},
};

/* Child's address (three cells), processor's, size (two). */
static const uint32_t grackle_ranges[] = {
    0x01000000, 0, 0x00000000, 0xfe000000, 0, 0x00800000,
    0x02000000, 0, 0x00000000, 0xfd000000, 0, 0x01000000,
    0x02000000, 0, 0x80000000, 0x80000000, 0, 0x10000000,
};

const MacBoardRows mac_oldworld_rows = {
    .root = oldworld_root,
    .macio = heathrow_rows,
    .pci = {
        .name = "pci@80000000",
        .model = "MOT,MPC106",
        .compatible = "grackle\0",
        .reg = {0x80000000, 0x7f000000},
        .ranges = grackle_ranges,
        .n_ranges = G_N_ELEMENTS(grackle_ranges),
        .memory_base = 0x80000000, .memory_size = 0x10000000,
        .io_base = 0xfe000000, .io_size = 0x00800000,
        .irqs = {0x15, 0x16, 0x17, 0x18},
    },
    .oldworld = true,
    .aliases = oldworld_aliases,
    .macio_path = "/pci@80000000/mac-io@10",
};

/* ---- KeyLargo: interrupts as numbers and senses of OpenPIC ---- */

#define KEYLARGO_CHANNEL(name, compatible, data, command, more, dma, irq, dma_irq)                 \
    NODE(name), TEXT("device_type", "serial"), TEXT("compatible", compatible),                     \
        CELLS("reg", data, 1, command, 1, more, 1, dma, 0x100, dma + 0x100, 0x100),                \
        CELLS("interrupts", irq, 1, dma_irq, 0, dma_irq + 1, 0), PIC("interrupt-parent"),          \
        CELLS("slot-names", 0), END

#define KEYLARGO_ATA(name, at, dma, irq, dma_irq, bus)                                             \
    NODE(name), TEXT("device_type", "ata"), CELLS("#address-cells", 1), CELLS("#size-cells", 0),   \
        TEXT("compatible", "keylargo-ata"), TEXT("model", "ata-3"), TEXT("AAPL,connector", "ata"), \
        CELLS("AAPL,pio-timing", 0x526, 0x85, 0x25, 0x25, 0x25, 0, 0, 0),                          \
        CELLS("interrupts", irq, 1, dma_irq, 0), CELLS("#interrupt-cells", 2),                     \
        CELLS("reg", at, 0x1000, dma, 0x200), CELLS("AAPL,bus-id", bus), PIC("interrupt-parent"),  \
        END

/* Processor speeds and voltages as the PMU is told of them: a table that Mac OS wants. */
#define PMU_SPEEDS                                                                                 \
    "\x00\x00\x00\xff\x00\x00\x00\x2c\x00\x03\x0d\x40\x00\x01\xe7\x05\x00\x00\x34\x00"             \
    "\x00\x00\x00\x00\x00\x00\x26\x0d\x46\x00\x02\x78\x78\x3c"

static const TreeRow keylargo_rows[] = {
    NODE_WHEN("via-cuda@16000", MAC_HAS_CUDA),
    TEXT("device_type", "via-cuda"),
    TEXT("compatible", "cuda"),
    CELLS("#address-cells", 1),
    CELLS("#size-cells", 0),
    CELLS("reg", 0x16000, 0x2000),
    CELLS("interrupts", 0x19, 0),
    CELLS("#interrupt-cells", 2),
    PIC("interrupt-parent"),
    CUDA_NODES,
    END,
    NODE_WHEN("gpio@50", MAC_HAS_PMU),
    TEXT("device_type", "gpio"),
    CELLS("#address-cells", 1),
    CELLS("#size-cells", 0),
    TEXT("compatible", "mac-io-gpio"),
    CELLS("reg", 0x50, 0x30),
    NODE("extint-gpio1@9"),
    CELLS("interrupts", 0x2f, 1),
    CELLS("reg", 9),
    TEXT("compatible", "keywest-gpio1\0gpio"),
    PIC("interrupt-parent"),
    END,
    NODE("programmer-switch"),
    TEXT("device_type", "programmer-switch"),
    CELLS("interrupts", 0x37, 0),
    PIC("interrupt-parent"),
    END,
    END,
    NODE_WHEN("via-pmu@16000", MAC_HAS_PMU),
    TEXT("device_type", "via-pmu"),
    TEXT("compatible", "pmu"),
    CELLS("#address-cells", 1),
    CELLS("#size-cells", 0),
    CELLS("reg", 0x16000, 0x2000),
    CELLS("interrupts", 0x19, 1),
    CELLS("pmu-version", 0x00d0330c),
    PIC("interrupt-parent"),
    ADB_NODES("pmu-99"),
    NODE("rtc"),
    TEXT("device_type", "rtc"),
    TEXT("compatible", "rtc,via-pmu"),
    END,
    NODE("power-mgt"),
    TEXT("device_type", "power-mgt"),
    TEXT("compatible", "via-pmu-99"),
    TEXT("registry-name", "extint-gpio1"),
    TEXT("prim-info", PMU_SPEEDS),
    END,
    END,
    NODE("escc@13000"),
    CELLS("#address-cells", 1),
    CELLS("#size-cells", 1),
    CELLS("reg", 0x13000, 0x1000),
    TEXT("device_type", "escc"),
    TEXT("compatible", "escc\0CHRP,es0"),
    EMPTY("ranges"),
    KEYLARGO_CHANNEL("ch-a@13020", "chrp,es2", 0x13020, 0x13030, 0x13050, 0x8400, 0x25, 4),
    KEYLARGO_CHANNEL("ch-b@13000", "chrp,es3", 0x13000, 0x13010, 0x13040, 0x8600, 0x24, 6),
    END,
    NODE("escc-legacy@12000"),
    CELLS("#address-cells", 1),
    CELLS("#size-cells", 1),
    CELLS("reg", 0x12000, 0x1000),
    TEXT("device_type", "escc-legacy"),
    TEXT("compatible", "chrp,es1"),
    EMPTY("ranges"),
    KEYLARGO_CHANNEL("ch-a@12002", "chrp,es4", 0x12002, 0x12006, 0x1200a, 0x8400, 0x25, 4),
    KEYLARGO_CHANNEL("ch-b@12000", "chrp,es5", 0x12000, 0x12004, 0x12008, 0x8600, 0x24, 6),
    END,
    KEYLARGO_ATA("ata-3@20000", 0x20000, 0x8b00, 0x0d, 0x02, 0),
    KEYLARGO_ATA("ata-3@21000", 0x21000, 0x8d00, 0x0e, 0x03, 1),
    NODE("interrupt-controller@40000"),
    TEXT("device_type", "open-pic"),
    TEXT("compatible", "chrp,open-pic"),
    EMPTY("built-in"),
    CELLS("reg", 0x40000, 0x40000),
    CELLS("#interrupt-cells", 2),
    CELLS("#address-cells", 0),
    EMPTY("interrupt-controller"),
    CELLS("clock-frequency", 0x3f940a),
    PIC("phandle"),
    END,
    STOP,
};

static const TreeRow newworld_root[] = {
    TEXT("model", "PowerMac3,1"),
    TEXT("compatible", "PowerMac3,1\0MacRISC\0MacRISC2\0Power Macintosh"),
    TEXT("device_type", "bootrom"),
    TEXT("system-id", "0000000000000"),
    STOP,
};

static const TreeRow newworld_others[] = {
    NODE("nvram@fff04000"),
    CELLS("#bytes", 0x2000),
    CELLS("reg", 0xfff04000, 0x4000),
    TEXT("device_type", "nvram"),
    TEXT("compatible", "nvram,flash"),
    END,
    NODE("uni-n@f8000000"),
    TEXT("device_type", "memory-controller"),
    TEXT("compatible", "uni-north"),
    CELLS("device-rev", 7),
    CELLS("reg", 0xf8000000, 0x01000000),
    END,
    STOP,
};

static const MacAlias newworld_aliases[] = {
    {"nvram", "/nvram@fff04000", 0, true},
    {"via-cuda", "/via-cuda", MAC_HAS_CUDA, false},
    {"adb-keyboard", "/via-cuda/adb/keyboard", MAC_HAS_CUDA, false},
    {"adb-mouse", "/via-cuda/adb/mouse", MAC_HAS_CUDA, false},
    {"rtc", "/via-cuda/rtc", MAC_HAS_CUDA, false},
    {"via-pmu", "/via-pmu", MAC_HAS_PMU, false},
    {"adb-keyboard", "/via-pmu/adb/keyboard", MAC_HAS_PMU | MAC_HAS_ADB, false},
    {"adb-mouse", "/via-pmu/adb/mouse", MAC_HAS_PMU | MAC_HAS_ADB, false},
    {"rtc", "/via-pmu/rtc", MAC_HAS_PMU, false},
    {"scca", "/escc/ch-a", 0, false}, {"sccb", "/escc/ch-b", 0, false},
    {"mac-io", "", 0, false},
    {"kbd", "/via-cuda@16000/adb/keyboard@8", MAC_HAS_CUDA, false},
    {"keyboard", "/via-cuda@16000/adb/keyboard@8", MAC_HAS_CUDA, false},
    {"kbd", "/via-pmu@16000/adb/keyboard@8", MAC_HAS_PMU | MAC_HAS_ADB, false},
    {"keyboard", "/via-pmu@16000/adb/keyboard@8", MAC_HAS_PMU | MAC_HAS_ADB, false},
    {0},
};

static const uint32_t uninorth_ranges[] = {
    0x01000000, 0, 0x00000000, 0xf2000000, 0, 0x00800000,
    0x02000000, 0, 0x80000000, 0x80000000, 0, 0x10000000,
};

const MacBoardRows mac_newworld_rows = {
    .root = newworld_root,
    .macio = keylargo_rows,
    .others = newworld_others,
    .pci = {
        .name = "pci@f2000000",
        .model = "AAPL,UniNorth",
        .compatible = "uni-north\0",
        .reg = {0xf2000000, 0x02000000},
        .ranges = uninorth_ranges,
        .n_ranges = G_N_ELEMENTS(uninorth_ranges),
        .memory_base = 0x80000000, .memory_size = 0x10000000,
        .io_base = 0xf2000000, .io_size = 0x00800000,
        .irqs = {0x1b, 0x1c, 0x1d, 0x1e},
    },
    .aliases = newworld_aliases,
    .macio_path = "/pci@f2000000/mac-io@c",
};

/* ---- mac99 with a 970: U3, with KeyLargo on its only bus ---- */

/* OpenBIOS tells of the other mac99.  By these names Linux knows that the processor may nap. */
static const TreeRow u3_root[] = {
    TEXT("model", "PowerMac7,3"),
    TEXT("compatible", "PowerMac7,3\0MacRISC4\0Power Macintosh"),
    TEXT("device_type", "bootrom"),
    TEXT("system-id", "0000000000000"),
    STOP,
};

const MacBoardRows mac_u3_rows = {
    .root = u3_root,
    .macio = keylargo_rows,
    .others = newworld_others,
    .pci = {
        .name = "pci@f0000000",
        .model = "AAPL,UniNorth",
        .compatible = "u3-agp\0",
        .reg = {0xf0000000, 0x02000000},
        .ranges = uninorth_ranges,
        .n_ranges = G_N_ELEMENTS(uninorth_ranges),
        .memory_base = 0x80000000, .memory_size = 0x10000000,
        .io_base = 0xf2000000, .io_size = 0x00800000,
        .irqs = {0x1b, 0x1c, 0x1d, 0x1e},
    },
    .aliases = newworld_aliases,
    .macio_path = "/pci@f0000000/mac-io@c",
};
