/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MacIO IDE: a channel's registers 0x10 bytes apart, and data by a channel of DBDMA.  Apple's
 * developer notes have no registers; places as in Linux's drivers/ata/pata_macio.c and OpenBIOS's
 * drivers/ide.c.
 *
 *   0x000 data (16 or 32 bits)   0x010 … 0x070 command block
 *   0x080, 0x160 device control, alternate status   0x200 timing
 *   0x300 interrupts (KeyLargo): bit 31 that of DMA, until it is written; bit 30 the drives'
 *
 * Left out: timing changes nothing.
 */
#include "ide-internal.h"
#include "hw/ide/macio-ide.h"
#include "hw/misc/dbdma.h"
#include "system/runtime.h"
#include "util/error.h"
#include "util/log.h"

enum {
    REG_DATA = 0x00,
    REG_CONTROL = 0x08,
    REG_CONTROL_ALIAS = 0x16,
    REG_TIMING = 0x20,
    REG_INTERRUPTS = 0x30
};
#define IRQ_DMA 0x80000000u
#define IRQ_DRIVES 0x40000000u

typedef struct MacioIde {
    DeviceState parent;
    /* saved */
    IdeBus bus;
    IdeDrive drives[IDE_UNITS];
    uint32_t timing_reg, irq_reg;
    bool wire_dma_active;               /* a command waits for DBDMA, in the section's form */
    /* immutable */
    DeviceState *dbdma;
    uint32_t channel;
    IRQLine *irqs[2];                   /* the drives', DMA's */
    IRQLine *dma_irq;                   /* what DBDMA drives */
    MemoryRegion registers;
} MacioIde;

/* ---- Interrupts ---- */

static void set_irq(void *opaque, int level)
{
    MacioIde *m = opaque;

    m->irq_reg = level ? m->irq_reg | IRQ_DRIVES : m->irq_reg & ~IRQ_DRIVES;
    irq_set(m->irqs[0], level);
}

/* A pulse: remembered here, and an edge for the interrupt controller. */
static void dma_irq(void *opaque, int n, int level)
{
    MacioIde *m = opaque;

    if (level) {
        m->irq_reg |= IRQ_DMA;
    }
    irq_set(m->irqs[1], level);
}

/* ---- DMA ---- */

static void dma_ready(void *opaque)
{
    MacioIde *m = opaque;

    dbdma_kick(m->dbdma, m->channel);
}

static void dma_done(void *opaque)
{
}

static const IdeBusOps bus_ops = {.dma_ready = dma_ready, .dma_done = dma_done, .set_irq = set_irq};

/* Data of a descriptor.  One that is longer than the command ends with it. */
static DbdmaResult transfer(void *opaque, DbdmaIo *io, bool begun)
{
    MacioIde *m = opaque;
    uint32_t size;
    uint8_t *data;

    while (io->len) {
        if (!ide_dma_wanted(&m->bus)) {
            return begun ? DBDMA_DONE : DBDMA_WAITS;
        }
        data = ide_dma_span(&m->bus, !io->is_dma_out, &size);
        if (!data) {
            return begun && !ide_dma_wanted(&m->bus) ? DBDMA_DONE : DBDMA_WAITS;
        }
        size = MIN(size, (uint32_t)io->len);
        if (!size || !dbdma_move(io, data, size)) {
            return DBDMA_FAILED;
        }
        ide_dma_advance(&m->bus, size);
        begun = true;
    }
    return DBDMA_DONE;
}

/* ---- Registers ---- */

static uint64_t macio_ide_read(void *opaque, hwaddr addr, unsigned size)
{
    MacioIde *m = opaque;
    unsigned reg = (unsigned)(addr >> 4);

    switch (reg) {
    case REG_DATA:
        return size == 1 ? 0xff : ide_data_read(&m->bus, size);
    case REG_CONTROL:
    case REG_CONTROL_ALIAS:
        return ide_alternate_status(&m->bus);
    case REG_TIMING:
        return m->timing_reg;
    case REG_INTERRUPTS:
        return m->irq_reg;
    default:
        if (reg < REG_CONTROL) {
            return ide_read(&m->bus, reg);
        }
        log_mask(LOG_GUEST_ERROR, "macio-ide: read of register 0x%x\n", reg);
        return UINT32_MAX >> (32 - 8 * size);
    }
}

static void macio_ide_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    MacioIde *m = opaque;
    unsigned reg = (unsigned)(addr >> 4);

    switch (reg) {
    case REG_DATA:
        if (size > 1) {
            ide_data_write(&m->bus, (uint32_t)value, size);
        }
        break;
    case REG_CONTROL:
    case REG_CONTROL_ALIAS:
        ide_control_write(&m->bus, (uint8_t)value);
        break;
    case REG_TIMING:
        m->timing_reg = (uint32_t)value;
        break;
    case REG_INTERRUPTS:
        m->irq_reg &= ~((uint32_t)value & IRQ_DMA);
        break;
    default:
        if (reg < REG_CONTROL) {
            ide_write(&m->bus, reg, (uint8_t)value);
        } else {
            log_mask(LOG_GUEST_ERROR, "macio-ide: write of 0x%" PRIx64 " to register 0x%x\n", value,
                     reg);
        }
        break;
    }
}

static const MemoryRegionOps macio_ide_ops = {
    .read = macio_ide_read,
    .write = macio_ide_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
    .impl = {.min_access_size = 1, .max_access_size = 4},
};

/* ---- State ---- */

/*
 * A QEMU that gets a command which waits for DMA takes it for one without data, and says that it is
 * done.  One that waits for nothing is repeated by the guest.
 */
static bool pre_save(void *opaque, GError **errp)
{
    MacioIde *m = opaque;

    m->wire_dma_active = vmstate_wire_is_own() && ide_dma_wanted(&m->bus);
    return true;
}

static bool post_load(void *opaque, int version, GError **errp)
{
    MacioIde *m = opaque;

    ide_bus_post_load(&m->bus, m->wire_dma_active);
    irq_set(m->irqs[0], (m->irq_reg & IRQ_DRIVES) != 0);
    irq_lower(m->irqs[1]);
    return true;
}

static const VMStateDescription vmstate_macio_ide = {
    .name = "ide",
    .version_id = 5,
    .minimum_version_id = 5,
    .pre_save = pre_save,
    .post_load = post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(bus, MacioIde, 1, vmstate_ide_bus, IdeBus),
        VMSTATE_STRUCT_ARRAY(drives, MacioIde, IDE_UNITS, 3, vmstate_ide_drive, IdeDrive),
        VMSTATE_BOOL(wire_dma_active, MacioIde),
        VMSTATE_UINT32(timing_reg, MacioIde),
        VMSTATE_UINT32(irq_reg, MacioIde),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("dbdma", "channel", "irqs", "dma_irq", "registers"),
    VMSTATE_STRUCT_AUDIT(MacioIde),
};

/* ---- Life ---- */

static void macio_ide_reset(void *obj, ResetType type)
{
    MacioIde *m = obj;

    ide_bus_reset(&m->bus);
    m->timing_reg = m->irq_reg = 0;
    irq_lower(m->irqs[1]);
}

static bool macio_ide_realize(DeviceState *dev, GError **errp)
{
    MacioIde *m = (MacioIde *)dev;
    DbdmaClient client = {.transfer = transfer, .opaque = m};

    if (!m->dbdma) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "macio-ide belongs to a MacIO chip");
        return false;
    }
    device_init_gpio_out(dev, NULL, m->irqs, G_N_ELEMENTS(m->irqs));
    ide_bus_init(&m->bus, m->drives, dev, &bus_ops, m);
    m->dma_irq = irq_new(dma_irq, m, 0);
    client.irq = m->dma_irq;
    dbdma_attach(m->dbdma, m->channel, &client);
    memory_region_init_io(&m->registers, dev, &macio_ide_ops, dev, "macio-ide", MACIO_IDE_SIZE);
    return true;
}

static void macio_ide_unrealize(DeviceState *dev)
{
    MacioIde *m = (MacioIde *)dev;

    dbdma_attach(m->dbdma, m->channel, NULL);
    ide_bus_cleanup(&m->bus);
    irq_free(m->dma_irq);
    memory_region_destroy(&m->registers);
}

const DeviceClass macio_ide_class = {
    .name = "macio-ide",
    .parent = &device_class.object,
    .description = "IDE channel of MacIO",
    .instance_size = sizeof(MacioIde),
    .bus = &system_bus_class,
    .category = DEVICE_CATEGORY_STORAGE,
    .vmstate = &vmstate_macio_ide,
    .realize = macio_ide_realize,
    .unrealize = macio_ide_unrealize,
    .reset = {.hold = macio_ide_reset},
};

void macio_ide_configure(DeviceState *dev, DeviceState *dbdma, unsigned channel)
{
    ((MacioIde *)dev)->dbdma = dbdma;
    ((MacioIde *)dev)->channel = channel;
}

bool macio_ide_claim_drives(DeviceState *dev, int number, GError **errp)
{
    return ide_bus_claim_drives(&((MacioIde *)dev)->bus, number, errp);
}

MemoryRegion *macio_ide_registers(DeviceState *dev)
{
    return &((MacioIde *)dev)->registers;
}
