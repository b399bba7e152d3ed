/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the older and the newer MacIO have in common: serial ports in two places, DBDMA and IDE,
 * CUDA, ADB devices.  CHRP's "I/O Device Reference" for the second place of the serial ports'
 * registers.
 */
#include "macio.h"
#include "hw/char/escc.h"
#include "hw/ide/macio-ide.h"
#include "hw/input/adb.h"
#include "hw/misc/cuda.h"
#include "hw/misc/dbdma.h"

#define LEGACY_SIZE 0x100u
enum { AT_DBDMA = 0x08000, AT_ESCC_LEGACY = 0x12000, AT_ESCC = 0x13000 };

DeviceState *macio_part(DeviceState *dev, GError **errp)
{
    return device_realize_and_unref(dev, NULL, errp) ? dev : NULL;
}

bool macio_serial_create(MacIOSerial *serial, const MacIOConfig *config, GError **errp)
{
    DeviceState *dev = device_new_class(&escc_class);

    escc_set_chardev(dev, ESCC_CHANNEL_A, config->serial[0]);
    escc_set_chardev(dev, ESCC_CHANNEL_B, config->serial[1]);
    serial->escc = macio_part(dev, errp);
    return serial->escc != NULL;
}

/* Close together: control B, control A, data B, data A. */
void macio_serial_map(MacIOSerial *serial, DeviceState *macio, MemoryRegion *bar)
{
    static const uint8_t where[MACIO_N_LEGACY_PORTS] = {0x00, 0x20, 0x10, 0x30};

    memory_region_add_subregion(bar, AT_ESCC, escc_registers(serial->escc));
    memory_region_init(&serial->legacy, macio, "escc-legacy", LEGACY_SIZE);
    for (unsigned i = 0; i < MACIO_N_LEGACY_PORTS; i++) {
        memory_region_init_alias(&serial->ports[i], macio, "escc-legacy-port",
                                 escc_registers(serial->escc), where[i], 2);
        memory_region_add_subregion(&serial->legacy, 2 * i, &serial->ports[i]);
    }
    memory_region_add_subregion(bar, AT_ESCC_LEGACY, &serial->legacy);
}

void macio_serial_unmap(MacIOSerial *serial, MemoryRegion *bar)
{
    if (!serial->legacy.container) {
        return;
    }
    memory_region_del_subregion(bar, &serial->legacy);
    for (unsigned i = 0; i < MACIO_N_LEGACY_PORTS; i++) {
        memory_region_del_subregion(&serial->legacy, &serial->ports[i]);
        memory_region_destroy(&serial->ports[i]);
    }
    memory_region_destroy(&serial->legacy);
}

static bool is_decoded(const MacIOGate *gate)
{
    return gate->macio->bars[0].address != PCI_UNMAPPED;
}

static void pic_changed(void *opaque, int n, int level)
{
    const MacIOGate *gate = opaque;

    irq_set(gate->output, level && is_decoded(gate));
}

void macio_gate_init(MacIOGate *gate, DeviceState *macio, DeviceState *pic,
                     void (*update)(DeviceState *pic))
{
    gate->macio = PCI_DEVICE(macio);
    gate->update = update;
    device_init_gpio_out(macio, NULL, &gate->output, 1);
    device_connect_gpio_out(pic, NULL, 0, irq_new(pic_changed, gate, 0));
}

void macio_gate_config_write(MacIOGate *gate, DeviceState *pic, uint32_t address, uint32_t value,
                             unsigned size)
{
    bool was_decoded = is_decoded(gate);

    pci_config_write_default(gate->macio, address, value, size);
    if (is_decoded(gate) != was_decoded) {
        gate->update(pic);
    }
}

void macio_destroy_bar(MemoryRegion *bar)
{
    while (bar->subregions && bar->subregions->len) {
        memory_region_del_subregion(bar, g_ptr_array_index(bar->subregions, 0));
    }
    memory_region_destroy(bar);
}

DeviceState *macio_create_cuda(const MacIOConfig *config, GError **errp)
{
    DeviceState *dev = device_new_class(&cuda_class);

    cuda_set_timebase_frequency(dev, config->timebase_frequency);
    return macio_part(dev, errp);
}

bool macio_create_adb_devices(BusState *adb, GError **errp)
{
    return device_create(adb, adb_keyboard_class.device.name, NULL, errp) &&
           device_create(adb, adb_mouse_class.device.name, NULL, errp);
}

bool macio_dma_create(MacIODisks *disks, GError **errp)
{
    disks->dbdma = macio_part(device_new_class(&mac_dbdma_class), errp);
    return disks->dbdma != NULL;
}

bool macio_disks_create(MacIODisks *disks, GError **errp)
{
    static const uint8_t channels[MACIO_N_IDE] = {0x16, 0x1a};

    for (unsigned i = 0; i < MACIO_N_IDE; i++) {
        DeviceState *dev = device_new_class(&macio_ide_class);

        macio_ide_configure(dev, disks->dbdma, channels[i]);
        disks->ide[i] = macio_part(dev, errp);
        if (!disks->ide[i] || !macio_ide_claim_drives(disks->ide[i], (int)i, errp)) {
            return false;
        }
    }
    return true;
}

void macio_disks_map(MacIODisks *disks, MemoryRegion *bar, const uint32_t places[MACIO_N_IDE],
                     DeviceState *pic, const uint8_t irqs[MACIO_N_IDE][2])
{
    memory_region_add_subregion(bar, AT_DBDMA, dbdma_registers(disks->dbdma));
    for (unsigned i = 0; i < MACIO_N_IDE; i++) {
        device_connect_gpio_out(disks->ide[i], NULL, 0, device_gpio_in(pic, NULL, irqs[i][0]));
        device_connect_gpio_out(disks->ide[i], NULL, 1, device_gpio_in(pic, NULL, irqs[i][1]));
        memory_region_add_subregion(bar, places[i], macio_ide_registers(disks->ide[i]));
    }
}

void macio_disks_destroy(MacIODisks *disks)
{
    DeviceState **parts[] = {&disks->ide[1], &disks->ide[0], &disks->dbdma};

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (*parts[i]) {
            device_unrealize(*parts[i]);
            *parts[i] = NULL;
        }
    }
}
