/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO as Power Macs from 1999 on have it (KeyLargo): OpenPIC, serial ports, IDE, general purpose
 * lines, PMU or CUDA in one BAR; the NVRAM is elsewhere on the board.  Places as in Linux's
 * arch/powerpc/include/asm/keylargo.h, numbers of interrupts as in OpenBIOS's drivers/macio.c.
 *
 *   0x00050 general purpose lines   0x08000 DBDMA   0x12000 serial (legacy)   0x13000 serial
 *   0x15000 timer   0x16000 PMU or CUDA   0x20000 IDE 0   0x21000 IDE 1
 *   0x40000 interrupt controller
 *
 * Left out: the feature control registers, sound, I2C.
 */
#include "macio.h"
#include "hw/ide/macio-ide.h"
#include "hw/intc/openpic.h"
#include "hw/misc/cuda.h"
#include "hw/misc/macio-gpio.h"
#include "hw/misc/pmu.h"
#include "migration/vmstate.h"
#include "system/runtime.h"

#define DEVICE_KEYLARGO 0x0022
enum {
    AT_GPIO = 0x00050,
    AT_TIMER = 0x15000,
    AT_VIA = 0x16000,
    AT_IDE = 0x20000,
    AT_PIC = 0x40000
};
enum {
    IRQ_VIA = 0x19,
    IRQ_ESCC_B = 0x24,
    IRQ_ESCC_A = 0x25,
    IRQ_GPIO_PMU = 0x2f,
    IRQ_GPIO_SWITCH = 0x37
};
#define TIMER_SIZE 0x1000u
#define TIMER_FREQUENCY 18432000u

typedef struct KeyLargo {
    PciDevice parent;
    /* immutable */
    MacIOConfig config;
    MacIOSerial serial;
    MacIODisks disks;
    MacIOGate gate;
    DeviceState *pic, *gpio, *via;
    MemoryRegion bar, timer;
} KeyLargo;

void macio_newworld_configure(DeviceState *dev, const MacIOConfig *config)
{
    ((KeyLargo *)dev)->config = *config;
}

DeviceState *macio_newworld_pic(DeviceState *dev)
{
    return ((KeyLargo *)dev)->pic;
}

static void connect(KeyLargo *macio, DeviceState *dev, const char *name, unsigned n, unsigned irq)
{
    device_connect_gpio_out(dev, name, n, device_gpio_in(macio->pic, NULL, irq));
}

/* ---- A counter of 64 bits ---- */

static uint64_t timer_read(void *opaque, hwaddr addr, unsigned size)
{
    enum { LOW = 0x38, HIGH = 0x3c };
    uint64_t now = (uint64_t)clock_get_ns(clock_virtual());
    uint64_t count = (uint64_t)((unsigned __int128)now * TIMER_FREQUENCY / NANOSECONDS_PER_SECOND);

    return addr == LOW ? (uint32_t)count : addr == HIGH ? (uint32_t)(count >> 32) : 0;
}

static void timer_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    /* It only counts. */
}

static const MemoryRegionOps timer_ops = {
    .read = timer_read,
    .write = timer_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

/* ---- The PMU's line and the programmer's switch ---- */

static void attention_changed(void *opaque, int n, int level)
{
    macio_gpio_set(((KeyLargo *)opaque)->gpio, MACIO_GPIO_PMU, level);
}

void macio_newworld_nmi(DeviceState *dev)
{
    KeyLargo *macio = (KeyLargo *)dev;

    if (macio->gpio) {
        macio_gpio_set(macio->gpio, MACIO_GPIO_SWITCH, true);
        macio_gpio_set(macio->gpio, MACIO_GPIO_SWITCH, false);
    }
}

/* ---- Life ---- */

static bool create_pmu(KeyLargo *macio, GError **errp)
{
    DeviceState *dev;

    macio->gpio = macio_part(device_new_class(&macio_gpio_class), errp);
    if (!macio->gpio) {
        return false;
    }
    dev = device_new_class(&pmu_class);
    pmu_set_has_adb(dev, macio->config.has_adb);
    macio->via = macio_part(dev, errp);
    return macio->via != NULL;
}

/* In the order of QEMU's streams. */
static bool create_parts(KeyLargo *macio, GError **errp)
{
    if (!macio_dma_create(&macio->disks, errp) ||
        !macio_serial_create(&macio->serial, &macio->config, errp) ||
        !(macio->pic = macio_part(device_new_class(&openpic_class), errp)) ||
        !macio_disks_create(&macio->disks, errp)) {
        return false;
    }
    if (macio->config.has_pmu) {
        return create_pmu(macio, errp);
    }
    macio->via = macio_create_cuda(&macio->config, errp);
    return macio->via != NULL;
}

static void macio_unrealize(PciDevice *dev)
{
    KeyLargo *macio = (KeyLargo *)dev;
    DeviceState **parts[] = {&macio->via, &macio->gpio, &macio->pic, &macio->serial.escc};

    macio_serial_unmap(&macio->serial, &macio->bar);
    macio_destroy_bar(&macio->bar);
    if (macio->timer.ops) {
        memory_region_destroy(&macio->timer);
    }
    macio_disks_destroy(&macio->disks);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (*parts[i]) {
            device_unrealize(*parts[i]);
            *parts[i] = NULL;
        }
    }
}

static void connect_parts(KeyLargo *macio)
{
    connect(macio, macio->serial.escc, "a", 0, IRQ_ESCC_A);
    connect(macio, macio->serial.escc, "b", 0, IRQ_ESCC_B);
    connect(macio, macio->via, NULL, 0, IRQ_VIA);
    if (macio->gpio) {
        connect(macio, macio->gpio, NULL, MACIO_GPIO_PMU, IRQ_GPIO_PMU);
        connect(macio, macio->gpio, NULL, MACIO_GPIO_SWITCH, IRQ_GPIO_SWITCH);
        device_connect_gpio_out(macio->via, "attention", 0, irq_new(attention_changed, macio, 0));
    }
}

static void map_parts(KeyLargo *macio)
{
    static const uint32_t places[MACIO_N_IDE] = {AT_IDE, AT_IDE + MACIO_IDE_SIZE};
    static const uint8_t irqs[MACIO_N_IDE][2] = {{0x0d, 0x02}, {0x0e, 0x03}};
    MemoryRegion *bar = &macio->bar;

    memory_region_add_subregion(bar, AT_PIC, openpic_registers(macio->pic));
    macio_serial_map(&macio->serial, &macio->parent.parent, bar);
    macio_disks_map(&macio->disks, bar, places, macio->pic, irqs);
    memory_region_init_io(&macio->timer, macio, &timer_ops, NULL, "timer", TIMER_SIZE);
    memory_region_add_subregion(bar, AT_TIMER, &macio->timer);
    if (macio->gpio) {
        memory_region_add_subregion(bar, AT_GPIO, macio_gpio_registers(macio->gpio));
        memory_region_add_subregion(bar, AT_VIA, pmu_registers(macio->via));
    } else {
        memory_region_add_subregion(bar, AT_VIA, cuda_registers(macio->via));
    }
}

static bool macio_realize(PciDevice *dev, GError **errp)
{
    KeyLargo *macio = (KeyLargo *)dev;
    BusState *adb;

    memory_region_init(&macio->bar, dev, "macio", MACIO_BAR_SIZE);
    if (!create_parts(macio, errp)) {
        macio_unrealize(dev);
        return false;
    }
    macio_gate_init(&macio->gate, &dev->parent, macio->pic, openpic_update);
    connect_parts(macio);
    map_parts(macio);
    pci_register_bar(dev, 0, 0, &macio->bar);
    adb = macio->gpio ? pmu_adb_bus(macio->via) : cuda_adb_bus(macio->via);
    return !adb || macio_create_adb_devices(adb, errp);
}

static void macio_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size)
{
    KeyLargo *macio = (KeyLargo *)dev;

    macio_gate_config_write(&macio->gate, macio->pic, address, value, size);
}

/* The interrupt controller may have been loaded before its registers were decoded. */
static bool macio_post_load(void *opaque, int version, GError **errp)
{
    KeyLargo *macio = opaque;

    macio->gate.update(macio->pic);
    return true;
}

static const VMStateDescription vmstate_macio = {
    .name = "macio-newworld",
    .version_id = 0,
    .minimum_version_id = 0,
    .post_load = macio_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(parent, KeyLargo),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("config", "gate", "serial.legacy", "serial.ports", "bar", "timer"),
    .elsewhere = VMSTATE_NAMES("serial.escc", "disks", "pic", "gpio", "via"),
    VMSTATE_STRUCT_AUDIT(KeyLargo),
};

const PciDeviceClass macio_newworld_class = {
    .device = {
        .name = "macio-newworld",
        .parent = &pci_device_class.object,
        .description = "Power Mac I/O chip (KeyLargo)",
        .instance_size = sizeof(KeyLargo),
        .category = DEVICE_CATEGORY_BRIDGE,
        .vmstate = &vmstate_macio,
    },
    .vendor_id = PCI_VENDOR_APPLE,
    .device_id = DEVICE_KEYLARGO,
    .class_id = 0xff00,
    .realize = macio_realize,
    .unrealize = macio_unrealize,
    .config_write = macio_config_write,
};
