/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO as the beige G3 has it (Heathrow): interrupt controller, serial ports, CUDA, NVRAM in one BAR.  "Macintosh
 * Technology in the Common Hardware Reference Platform", chapters on I/O, and CHRP's "I/O Device Reference" for
 * the second place of the serial ports' registers; numbers of interrupts as in OpenBIOS's drivers/macio.c.
 *
 *   0x00000 interrupt controller   0x08000 DBDMA   0x12000 serial (legacy)   0x13000 serial   0x16000 CUDA
 *   0x20000 IDE 0   0x21000 IDE 1   0x60000 NVRAM
 */
#include "macio.h"
#include "hw/char/escc.h"
#include "hw/input/adb.h"
#include "hw/intc/heathrow.h"
#include "hw/misc/cuda.h"
#include "hw/nvram/mac-nvram.h"
#include "migration/vmstate.h"

#define BAR_SIZE 0x80000u
#define DEVICE_HEATHROW 0x0010
enum { AT_PIC = 0x00000, AT_ESCC_LEGACY = 0x12000, AT_ESCC = 0x13000, AT_CUDA = 0x16000, AT_NVRAM = 0x60000 };
enum { IRQ_ESCC_A = 0x0f, IRQ_ESCC_B = 0x10, IRQ_CUDA = 0x12 };
#define N_PORTS 4
#define LEGACY_SIZE 0x100u

typedef struct MacIO {
    PciDevice parent;
    /* immutable */
    MacIOConfig config;
    DeviceState *pic, *escc, *cuda, *nvram;
    MemoryRegion bar, legacy, ports[N_PORTS];
} MacIO;

void macio_configure(DeviceState *dev, const MacIOConfig *config)
{
    ((MacIO *)dev)->config = *config;
}

DeviceState *macio_pic(DeviceState *dev)
{
    return ((MacIO *)dev)->pic;
}

/* The parts in the order of QEMU's streams; each stays the tree's. */
static DeviceState *part(DeviceState *dev, GError **errp)
{
    return device_realize_and_unref(dev, NULL, errp) ? dev : NULL;
}

static bool create_escc(MacIO *macio, GError **errp)
{
    DeviceState *dev = device_new_class(&escc_class);

    escc_set_chardev(dev, ESCC_CHANNEL_A, macio->config.serial[0]);
    escc_set_chardev(dev, ESCC_CHANNEL_B, macio->config.serial[1]);
    macio->escc = part(dev, errp);
    return macio->escc != NULL;
}

static bool create_cuda(MacIO *macio, GError **errp)
{
    DeviceState *dev = device_new_class(&cuda_class);

    cuda_set_timebase_frequency(dev, macio->config.timebase_frequency);
    macio->cuda = part(dev, errp);
    return macio->cuda != NULL;
}

static void connect(MacIO *macio, DeviceState *dev, const char *name, unsigned irq)
{
    device_connect_gpio_out(dev, name, 0, device_gpio_in(macio->pic, NULL, irq));
}

/* The serial ports' registers a second time, close together: control B, control A, data B, data A. */
static void map_legacy(MacIO *macio)
{
    static const uint8_t where[N_PORTS] = {0x00, 0x20, 0x10, 0x30};

    memory_region_init(&macio->legacy, macio, "escc-legacy", LEGACY_SIZE);
    for (unsigned i = 0; i < N_PORTS; i++) {
        memory_region_init_alias(&macio->ports[i], macio, "escc-legacy-port", escc_registers(macio->escc), where[i], 2);
        memory_region_add_subregion(&macio->legacy, 2 * i, &macio->ports[i]);
    }
    memory_region_add_subregion(&macio->bar, AT_ESCC_LEGACY, &macio->legacy);
}

static void macio_unrealize(PciDevice *dev)
{
    MacIO *macio = (MacIO *)dev;

    if (macio->legacy.container) {
        memory_region_del_subregion(&macio->bar, &macio->legacy);
        for (unsigned i = 0; i < N_PORTS; i++) {
            memory_region_del_subregion(&macio->legacy, &macio->ports[i]);
            memory_region_destroy(&macio->ports[i]);
        }
        memory_region_destroy(&macio->legacy);
    }
    while (macio->bar.subregions && macio->bar.subregions->len) {
        memory_region_del_subregion(&macio->bar, g_ptr_array_index(macio->bar.subregions, 0));
    }
    memory_region_destroy(&macio->bar);
    for (unsigned i = 0; i < 4; i++) {
        DeviceState **parts[] = {&macio->nvram, &macio->cuda, &macio->escc, &macio->pic};

        if (*parts[i]) {
            device_unrealize(*parts[i]);
            *parts[i] = NULL;
        }
    }
}

static bool create_parts(MacIO *macio, GError **errp)
{
    return create_escc(macio, errp) && (macio->pic = part(device_new_class(&heathrow_class), errp)) &&
           create_cuda(macio, errp) && (macio->nvram = part(device_new_class(&mac_nvram_class), errp)) &&
           mac_nvram_format(macio->nvram, macio->config.prom_env, errp);
}

static bool macio_realize(PciDevice *dev, GError **errp)
{
    MacIO *macio = (MacIO *)dev;

    dev->config[PCI_INTERRUPT_PIN] = 1;
    memory_region_init(&macio->bar, dev, "macio", BAR_SIZE);
    if (!create_parts(macio, errp)) {
        macio_unrealize(dev);
        return false;
    }
    connect(macio, macio->escc, "a", IRQ_ESCC_A);
    connect(macio, macio->escc, "b", IRQ_ESCC_B);
    connect(macio, macio->cuda, NULL, IRQ_CUDA);
    memory_region_add_subregion(&macio->bar, AT_PIC, heathrow_registers(macio->pic));
    memory_region_add_subregion(&macio->bar, AT_ESCC, escc_registers(macio->escc));
    map_legacy(macio);
    memory_region_add_subregion(&macio->bar, AT_CUDA, cuda_registers(macio->cuda));
    memory_region_add_subregion(&macio->bar, AT_NVRAM, mac_nvram_registers(macio->nvram));
    pci_register_bar(dev, 0, 0, &macio->bar);
    return device_create(cuda_adb_bus(macio->cuda), adb_keyboard_class.device.name, NULL, errp) &&
           device_create(cuda_adb_bus(macio->cuda), adb_mouse_class.device.name, NULL, errp);
}

static const VMStateDescription vmstate_macio = {
    .name = "macio-oldworld",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(parent, MacIO),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("config", "bar", "legacy", "ports"),
    .elsewhere = VMSTATE_NAMES("pic", "escc", "cuda", "nvram"),
    VMSTATE_STRUCT_AUDIT(MacIO),
};

const PciDeviceClass macio_oldworld_class = {
    .device = {
        .name = "macio-oldworld",
        .parent = &pci_device_class.object,
        .description = "Power Mac I/O chip (Heathrow)",
        .instance_size = sizeof(MacIO),
        .category = DEVICE_CATEGORY_BRIDGE,
        .vmstate = &vmstate_macio,
    },
    .vendor_id = PCI_VENDOR_APPLE,
    .device_id = DEVICE_HEATHROW,
    .class_id = 0xff00,
    .realize = macio_realize,
    .unrealize = macio_unrealize,
};
