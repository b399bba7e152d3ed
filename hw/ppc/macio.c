/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO as the beige G3 has it (Heathrow): interrupt controller, serial ports, CUDA, NVRAM in one
 * BAR.  "Macintosh Technology in the Common Hardware Reference Platform", chapters on I/O; numbers
 * of interrupts as in OpenBIOS's drivers/macio.c.
 *
 *   0x00000 interrupt controller   0x08000 DBDMA   0x12000 serial (legacy)   0x13000 serial
 *   0x16000 CUDA   0x20000 IDE 0   0x21000 IDE 1   0x60000 NVRAM
 */
#include "macio.h"
#include "hw/ide/macio-ide.h"
#include "hw/intc/heathrow.h"
#include "hw/misc/cuda.h"
#include "hw/nvram/mac-nvram.h"
#include "migration/vmstate.h"

#define DEVICE_HEATHROW 0x0010
enum { AT_PIC = 0x00000, AT_CUDA = 0x16000, AT_IDE = 0x20000, AT_NVRAM = 0x60000 };
enum { IRQ_ESCC_A = 0x0f, IRQ_ESCC_B = 0x10, IRQ_CUDA = 0x12 };

typedef struct MacIO {
    PciDevice parent;
    /* immutable */
    MacIOConfig config;
    MacIOSerial serial;
    MacIODisks disks;
    MacIOGate gate;
    DeviceState *pic, *cuda, *nvram;
    MemoryRegion bar;
} MacIO;

void macio_configure(DeviceState *dev, const MacIOConfig *config)
{
    ((MacIO *)dev)->config = *config;
}

DeviceState *macio_pic(DeviceState *dev)
{
    return ((MacIO *)dev)->pic;
}

static void connect(MacIO *macio, DeviceState *dev, const char *name, unsigned irq)
{
    device_connect_gpio_out(dev, name, 0, device_gpio_in(macio->pic, NULL, irq));
}

static void macio_unrealize(PciDevice *dev)
{
    MacIO *macio = (MacIO *)dev;

    macio_serial_unmap(&macio->serial, &macio->bar);
    macio_destroy_bar(&macio->bar);
    macio_disks_destroy(&macio->disks);
    for (unsigned i = 0; i < 4; i++) {
        DeviceState **parts[] = {&macio->nvram, &macio->cuda, &macio->serial.escc, &macio->pic};

        if (*parts[i]) {
            device_unrealize(*parts[i]);
            *parts[i] = NULL;
        }
    }
}

/* In the order of QEMU's streams. */
static bool create_parts(MacIO *macio, GError **errp)
{
    return macio_dma_create(&macio->disks, errp) &&
           macio_serial_create(&macio->serial, &macio->config, errp) &&
           (macio->pic = macio_part(device_new_class(&heathrow_class), errp)) &&
           (macio->cuda = macio_create_cuda(&macio->config, errp)) &&
           (macio->nvram = macio_part(device_new_class(&mac_nvram_class), errp)) &&
           mac_nvram_format(macio->nvram, macio->config.prom_env, errp) &&
           macio_disks_create(&macio->disks, errp);
}

static bool macio_realize(PciDevice *dev, GError **errp)
{
    static const uint32_t places[MACIO_N_IDE] = {AT_IDE, AT_IDE + MACIO_IDE_SIZE};
    static const uint8_t irqs[MACIO_N_IDE][2] = {{0x0d, 0x02}, {0x0e, 0x03}};
    MacIO *macio = (MacIO *)dev;

    memory_region_init(&macio->bar, dev, "macio", MACIO_BAR_SIZE);
    if (!create_parts(macio, errp)) {
        macio_unrealize(dev);
        return false;
    }
    macio_gate_init(&macio->gate, &dev->parent, macio->pic, heathrow_update);
    connect(macio, macio->serial.escc, "a", IRQ_ESCC_A);
    connect(macio, macio->serial.escc, "b", IRQ_ESCC_B);
    connect(macio, macio->cuda, NULL, IRQ_CUDA);
    memory_region_add_subregion(&macio->bar, AT_PIC, heathrow_registers(macio->pic));
    macio_serial_map(&macio->serial, &dev->parent, &macio->bar);
    macio_disks_map(&macio->disks, &macio->bar, places, macio->pic, irqs);
    memory_region_add_subregion(&macio->bar, AT_CUDA, cuda_registers(macio->cuda));
    memory_region_add_subregion(&macio->bar, AT_NVRAM, mac_nvram_registers(macio->nvram));
    pci_register_bar(dev, 0, 0, &macio->bar);
    return macio_create_adb_devices(cuda_adb_bus(macio->cuda), errp);
}

static void macio_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size)
{
    MacIO *macio = (MacIO *)dev;

    macio_gate_config_write(&macio->gate, macio->pic, address, value, size);
}

/* The interrupt controller may have been loaded before its registers were decoded. */
static bool macio_post_load(void *opaque, int version, GError **errp)
{
    MacIO *macio = opaque;

    macio->gate.update(macio->pic);
    return true;
}

static const VMStateDescription vmstate_macio = {
    .name = "macio-oldworld",
    .version_id = 0,
    .minimum_version_id = 0,
    .post_load = macio_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(parent, MacIO),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("config", "gate", "serial.legacy", "serial.ports", "bar"),
    .elsewhere = VMSTATE_NAMES("serial.escc", "disks", "pic", "cuda", "nvram"),
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
    .config_write = macio_config_write,
};
