/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI: buses of up to 256 functions, configuration space by masks, base address registers, INTx
 * lines, bridges, DMA.  PCI Local Bus Specification 3.0; PCI-to-PCI Bridge Architecture 1.2.
 *
 * A root bus belongs to a host bridge, which gives it two address spaces (containers) and
 * operations: where interrupt lines and messages go, and how DMA is translated.  A device is a row
 * (PciDeviceClass) and a struct that begins with PciDevice.  All functions need the device lock.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/device.h"
#include "hw/pci/pci-regs.h"

#define PCI_CONFIG_SIZE 256u
#define PCI_EXPRESS_CONFIG_SIZE 4096u
#define PCI_N_PINS 4
#define PCI_N_BARS 7 /* the last is the expansion ROM's */
#define PCI_ROM_BAR 6
#define PCI_DEVFN(slot, function) ((slot) << 3 | (function))
#define PCI_SLOT(devfn) ((devfn) >> 3)
#define PCI_FUNCTION(devfn) ((devfn) & 7)
#define PCI_UNMAPPED UINT64_MAX
#define PCI_DEVFN_ANY (-1)

typedef struct PciBus PciBus;
typedef struct PciDevice PciDevice;

typedef struct PciDeviceClass {
    DeviceClass device;                 /* first */
    uint16_t vendor_id, device_id, class_id;
    uint16_t subsystem_vendor_id, subsystem_id; /* 0: QEMU's numbers of devices without their own */
    uint8_t revision, program_interface;
    bool is_bridge;
    bool express;                       /* 4096 bytes of configuration space */
    const char *romfile;                /* default of the property; NULL: none */
    uint32_t rom_size; /* of an empty ROM where that file is not installed; 0: an error */
    /* After the header was filled in; registers BARs and capabilities. */
    bool (*realize)(PciDevice *dev, GError **errp);
    void (*unrealize)(PciDevice *dev);
    /* NULL: pci_config_read_default(), pci_config_write_default(). */
    uint32_t (*config_read)(PciDevice *dev, uint32_t address, unsigned size);
    void (*config_write)(PciDevice *dev, uint32_t address, uint32_t value, unsigned size);
} PciDeviceClass;

typedef struct PciBar {
    MemoryRegion *region;               /* the device's; NULL: no such BAR */
    uint64_t size;                      /* a power of two */
    uint8_t type;                       /* PCI_BAR_* */
    uint64_t address;                   /* where it is mapped, or PCI_UNMAPPED */
} PciBar;

/* Message interrupts of a device: where its capability lies; 0: it has none. */
typedef struct PciMsix {
    uint8_t capability;
    uint32_t n_vectors;
    uint8_t *table;                     /* 16 bytes for each vector */
    uint8_t *pending;                   /* a bit for each vector */
    MemoryRegion table_region, pending_region;
} PciMsix;

struct PciDevice {
    DeviceState parent;                 /* first */
    /* immutable */
    int32_t devfn;                      /* property addr */
    bool multifunction;                 /* property */
    char *romfile;                      /* property; "": none */
    bool rombar;                        /* property: the ROM has a BAR */
    uint32_t config_size;               /* PCI_CONFIG_SIZE or PCI_EXPRESS_CONFIG_SIZE */
    uint8_t *writable, *write_clears, *must_match, *used; /* masks of the size of config */
    PciBus *bus;
    uint8_t msi_capability;
    /* saved */
    uint8_t *config;
    uint32_t irq_state;                 /* a bit for each pin that the device asserts */
    PciMsix msix;
    /* derived */
    PciBar bars[PCI_N_BARS];
    /* host-only */
    MemoryRegion rom;
    bool has_rom;
};

/* What the owner of a root bus does for it; opaque is the owner. Members may be NULL. */
typedef struct PciBusOps {
    /* The bus's line (0 .. PCI_N_PINS - 1) that pin 0 .. 3 of a device drives. NULL: rotates over
     * the slots. */
    int (*map_irq)(void *opaque, PciDevice *dev, int pin);
    void (*set_irq)(void *opaque, int line, int level);
    /* Real address of a DMA access and bytes up to where that changes. False: refused. NULL: one to
     * one. */
    bool (*translate)(void *opaque, PciDevice *dev, uint64_t address, bool is_write, uint64_t *real,
                      uint64_t *left);
    /* A message interrupt. NULL: a write of 4 bytes to memory. */
    void (*message)(void *opaque, PciDevice *dev, uint64_t address, uint32_t data);
    /* Start of the wire names of devices. NULL: the bus's name. g_malloc. */
    char *(*path)(void *opaque);
} PciBusOps;

struct PciBus {
    BusState parent;                    /* first */
    /* immutable */
    const PciBusOps *ops;               /* root buses; NULL for those below a bridge */
    void *opaque;
    MemoryRegion *memory, *io;          /* where BARs are mapped */
    PciDevice *bridge;                  /* that this bus is behind; NULL: root */
    bool address_zero;                  /* a BAR may be at address 0 */
    int32_t first_devfn;                /* lowest for devices without address */
    /* saved */
    int32_t n_irq;                      /* PCI_N_PINS, none behind a bridge */
    int32_t irq_count[PCI_N_PINS];      /* devices that assert the line */
    /* host-only */
    PciDevice *devices[256];            /* by devfn */
};

extern const BusClass pci_bus_class;
extern const DeviceClass pci_device_class;  /* abstract parent */
extern const VMStateDescription vmstate_pci_device;
/* Its parts, for a bridge whose section is that of any device. */
extern const VMStateField pci_device_fields[];
bool pci_device_pre_load(void *opaque, GError **errp);
bool pci_device_post_load(void *opaque, int version, GError **errp);
/* The state of an embedded PciDevice: the first field of a device's description. */
#define VMSTATE_PCI_DEVICE(f, s) VMSTATE_STRUCT(f, s, 0, vmstate_pci_device, PciDevice)

static inline const PciDeviceClass *pci_device_get_class(const PciDevice *dev)
{
    return (const PciDeviceClass *)device_get_class(&dev->parent);
}
#define PCI_DEVICE(dev) ((PciDevice *)(dev))

/* ---- Buses (pci.c) ---- */
/* A root bus below a host bridge; name NULL: after the bridge's id, else "pci.0". */
PciBus *pci_bus_create(DeviceState *bridge, const char *name, const PciBusOps *ops, void *opaque,
                       MemoryRegion *memory, MemoryRegion *io);
/* For the owner's reset: the devices have their own. */
void pci_bus_reset(PciBus *bus);
/* By bus number as the bridges' registers have them; NULL if there is none. */
PciDevice *pci_bus_find(PciBus *root, uint8_t number, uint8_t devfn);
PciBus *pci_bus_by_number(PciBus *root, uint8_t number);
uint8_t pci_bus_number(const PciBus *bus);
PciBus *pci_bus_root(PciBus *bus);
static inline bool pci_bus_is_root(const PciBus *bus)
{
    return !bus->bridge;
}
/* Calls fn for each device of the bus, in order of devfn. */
void pci_bus_foreach(PciBus *bus, void (*fn)(PciDevice *dev, void *opaque), void *opaque);
/* A device by its class's name at devfn (or PCI_DEVFN_ANY). NULL with errp. */
PciDevice *pci_create(PciBus *bus, int devfn, const char *class_name, GError **errp);
/* What "info pci" and query-pci say of a bus and those behind it (query.c). */
void pci_bus_print(BusState *bus, GString *out);
json_t *pci_bus_query(BusState *bus);

/* ---- Configuration space (config.c): little-endian ---- */
/* size 1, 2 or 4, within the space and aligned: the caller checks. Calls the device's own handlers.
 */
uint32_t pci_config_read(PciDevice *dev, uint32_t address, unsigned size);
void pci_config_write(PciDevice *dev, uint32_t address, uint32_t value, unsigned size);
uint32_t pci_config_read_default(PciDevice *dev, uint32_t address, unsigned size);
void pci_config_write_default(PciDevice *dev, uint32_t address, uint32_t value, unsigned size);
/*
 * An access by a host bridge's address register: bus << 16 | devfn << 8 | offset, any size and
 * alignment. What is not there reads as ones.
 */
uint32_t pci_data_read(PciBus *root, uint32_t address, unsigned size);
void pci_data_write(PciBus *root, uint32_t address, uint32_t value, unsigned size);
static inline uint16_t pci_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t pci_get32(const uint8_t *p)
{
    return pci_get16(p) | (uint32_t)pci_get16(p + 2) << 16;
}
static inline void pci_set16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}
static inline void pci_set32(uint8_t *p, uint32_t value)
{
    pci_set16(p, (uint16_t)value);
    pci_set16(p + 2, (uint16_t)(value >> 16));
}
static inline uint16_t pci_command(const PciDevice *dev)
{
    return pci_get16(dev->config + PCI_COMMAND);
}
/* Room for a capability of size bytes (at offset, or 0: the first that is free), joined to the
 * list. Its offset, or 0 with errp. */
uint8_t pci_add_capability(PciDevice *dev, uint8_t id, uint8_t offset, uint8_t size, GError **errp);
uint8_t pci_find_capability(const PciDevice *dev, uint8_t id);
/* The name of a RAM block of the device: "pci.0:01.0/" and what. g_malloc. */
char *pci_block_name(PciDevice *dev, const char *what);
/* What the header and masks of a device look like before its own realize, and at reset. */
void pci_config_init(PciDevice *dev);
void pci_config_free(PciDevice *dev);
void pci_config_reset(PciDevice *dev);

/* ---- Base address registers (bar.c) ---- */
/* The region's size is a power of two, at least 16 (memory) or 4 (I/O); type is PCI_BAR_*. */
void pci_register_bar(PciDevice *dev, unsigned n, uint8_t type, MemoryRegion *region);
/* The config offset of BAR n. */
uint32_t pci_bar_offset(const PciDevice *dev, unsigned n);
/* Maps and unmaps as the registers say; after any change of them. */
void pci_update_bars(PciDevice *dev);
/* Takes all BARs off the bus. */
void pci_unmap_bars(PciDevice *dev);
/* Loads the property romfile into a ROM BAR. True without one. */
bool pci_load_rom(PciDevice *dev, GError **errp);

/* ---- Interrupts (irq.c) ---- */
/* The level that the device gives its pin (its register Interrupt Pin). */
void pci_set_irq(PciDevice *dev, int level);
static inline void pci_irq_assert(PciDevice *dev)
{
    pci_set_irq(dev, 1);
}
static inline void pci_irq_deassert(PciDevice *dev)
{
    pci_set_irq(dev, 0);
}
/* After the command register's INTX_DISABLE changed. */
void pci_update_irq_disabled(PciDevice *dev, bool was_disabled);
/* Drops all that the device asserts. */
void pci_irq_reset(PciDevice *dev);
/* Lowers the bus's lines and forgets who asserted them. */
void pci_bus_clear_lines(PciBus *bus);

/* ---- DMA (dma.c) ---- */
/* False (and logged): not a bus master, no translation, or nothing there; a read then yields ones.
 */
bool pci_dma_read(PciDevice *dev, uint64_t address, void *buf, uint64_t length);
bool pci_dma_write(PciDevice *dev, uint64_t address, const void *buf, uint64_t length);

/* ---- Message interrupts (msi.c, msix.c) ---- */
/* n_vectors a power of two up to 32. offset 0: the first that is free. */
bool pci_msi_init(PciDevice *dev, uint8_t offset, unsigned n_vectors, bool is_64bit, bool mask,
                  GError **errp);
bool pci_msi_enabled(const PciDevice *dev);
void pci_msi_notify(PciDevice *dev, unsigned vector);
void pci_msi_config_written(PciDevice *dev);
void pci_msi_reset(PciDevice *dev);
/* Table and pending bits inside the device's own BAR n, whose region is a container. offset 0:
 * first free. */
bool pci_msix_init(PciDevice *dev, unsigned n_vectors, MemoryRegion *bar, unsigned n,
                   uint32_t table, uint32_t pending, uint8_t offset, GError **errp);
void pci_msix_uninit(PciDevice *dev, MemoryRegion *bar);
bool pci_msix_enabled(const PciDevice *dev);
/* All vectors: by the mask of the function, or because it is off. */
bool pci_msix_masked(const PciDevice *dev);
void pci_msix_notify(PciDevice *dev, unsigned vector);
void pci_msix_config_written(PciDevice *dev, bool was_masked);
void pci_msix_reset(PciDevice *dev);
extern const VMStateDescription vmstate_pci_msix;
/* In a device's description, behind VMSTATE_PCI_DEVICE, where QEMU's device has the same. */
#define VMSTATE_PCI_MSIX(f, s) VMSTATE_STRUCT(f, s, 0, vmstate_pci_msix, PciDevice)

#endif
