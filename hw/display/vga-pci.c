/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "VGA": the standard VGA on PCI, with its memory in BAR 0 and its registers in BAR 2, as QEMU's
 * docs/specs/standard-vga describes them:
 *
 *   0x000 EDID   0x400 ports 0x3c0 to 0x3df   0x500 DISPI, 16-bit registers
 *   0x600 size, byte order of pixels
 *
 * Besides, the ports and the window at 0xa0000 where they are on a PC.  Mac OS finds a driver that
 * the machine gives OpenBIOS (hw/ppc/mac-boot.c).
 */
#include <string.h>
#include "hw/display/vga.h"
#include "vga-core.h"
#include "util/error.h"
#include "util/log.h"

#define VENDOR_QEMU 0x1234
#define DEVICE_VGA 0x1111
#define CLASS_VGA 0x0300
#define REVISION 2                      /* has the registers at 0x600 */
#define ROM "vgabios-stdvga.bin"
#define ROM_SIZE 0x10000
#define MONITOR_NAME   "QEMU Monitor" /* the guest sees it: the same on both sides of a migration */
#define DEFAULT_WIDTH 1280
#define DEFAULT_HEIGHT 800

enum { AT_EDID = 0x000, AT_PORTS = 0x400, AT_VBE = 0x500, AT_EXTENDED = 0x600, MMIO_SIZE = 0x1000 };
enum { EDID_WINDOW = 0x400, PORTS_SIZE = 0x20, VBE_SIZE = 2 * (N_VBE + 1), EXTENDED_SIZE = 8 };
enum {
    FIRST_PORT = 0x3b0,
    N_PORTS = 0x30,
    FIRST_REMAPPED_PORT = 0x3c0,
    VBE_PORT = 0x1ce,
    N_VBE_PORTS = 4
};
#define WINDOW_BASE 0xa0000
#define WINDOW_SIZE 0x20000
#define LITTLE 0x1e1e1e1eu
#define BIG 0xbebebebeu

typedef struct PciVGA {
    PciDevice pci;
    VGAState vga;
    /* immutable */
    uint32_t memory_mb, width, height, max_width, max_height; /* properties */
    bool with_edid, with_registers, with_extended; /* properties */
    uint8_t edid[EDID_SIZE];
    MemoryRegion registers, edid_window, ports_window, vbe_window, extended;
    MemoryRegion ports, vbe_ports, window;
    MemoryRegion *memory_space, *io_space;
} PciVGA;

/* ---- Registers ---- */

static uint64_t edid_read(void *opaque, hwaddr addr, unsigned size)
{
    const PciVGA *dev = opaque;

    return addr < EDID_SIZE ? dev->edid[addr] : 0;
}

static void edid_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    log_mask(LOG_GUEST_ERROR, "vga: write to the EDID, which cannot be written\n");
}

static uint64_t port_read(void *opaque, hwaddr addr, unsigned size)
{
    return vga_port_read(opaque, FIRST_PORT + (uint32_t)addr);
}

static void port_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    vga_port_write(opaque, FIRST_PORT + (uint32_t)addr, (uint8_t)value);
}

static uint64_t remapped_read(void *opaque, hwaddr addr, unsigned size)
{
    return vga_port_read(opaque, FIRST_REMAPPED_PORT + (uint32_t)addr);
}

static void remapped_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    vga_port_write(opaque, FIRST_REMAPPED_PORT + (uint32_t)addr, (uint8_t)value);
}

static uint64_t vbe_read(void *opaque, hwaddr addr, unsigned size)
{
    VGAState *vga = opaque;

    vga->vbe_index = (uint16_t)(addr / 2);
    return vga_vbe_read(vga);
}

static void vbe_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    VGAState *vga = opaque;

    vga->vbe_index = (uint16_t)(addr / 2);
    vga_vbe_write(vga, (uint16_t)value);
}

/* Index at 0x1ce, data behind it. */
static uint64_t vbe_port_read(void *opaque, hwaddr addr, unsigned size)
{
    VGAState *vga = opaque;

    return addr ? vga_vbe_read(vga) : vga->vbe_index;
}

static void vbe_port_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    VGAState *vga = opaque;

    if (addr) {
        vga_vbe_write(vga, (uint16_t)value);
    } else {
        vga->vbe_index = (uint16_t)value;
    }
}

static uint64_t extended_read(void *opaque, hwaddr addr, unsigned size)
{
    const VGAState *vga = opaque;

    return addr == 0 ? EXTENDED_SIZE : vga->big_endian ? BIG : LITTLE;
}

static void extended_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    VGAState *vga = opaque;

    if (addr == 4 && value == LITTLE) {
        vga->big_endian = false;
    } else if (addr == 4 && value == BIG) {
        vga->big_endian = true;
    } else {
        log_mask(LOG_GUEST_ERROR, "vga: write of 0x%x to extended register 0x%x\n", (unsigned)value,
                 (unsigned)addr);
    }
}

static uint64_t window_read(void *opaque, hwaddr addr, unsigned size)
{
    return vga_window_read(opaque, (uint32_t)addr);
}

static void window_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    vga_window_write(opaque, (uint32_t)addr, (uint8_t)value);
}

#define OPS(name, valid_max, impl_size, ...)                                              \
    static const MemoryRegionOps name##_ops = {                                           \
        .read = name##_read, .write = name##_write, .endianness = DEVICE_LITTLE_ENDIAN,   \
        .valid = {.min_access_size = 1, .max_access_size = (valid_max), __VA_ARGS__},     \
        .impl = {.min_access_size = (impl_size), .max_access_size = (impl_size)},         \
    }
OPS(edid, 4, 1);
OPS(port, 4, 1, .unaligned = true);
OPS(remapped, 4, 1);
OPS(vbe, 4, 2);
OPS(vbe_port, 4, 2, .unaligned = true);
OPS(extended, 4, 4);
OPS(window, 8, 1, .unaligned = true);

/* ---- Life ---- */

static void map_registers(PciVGA *dev)
{
    const struct {
        MemoryRegion *region;
        const MemoryRegionOps *ops;
        void *opaque;
        const char *name;
        uint32_t at, size;
        bool there;
    } parts[] = {
        {&dev->edid_window, &edid_ops, dev, "edid", AT_EDID, EDID_WINDOW, dev->with_edid},
        {&dev->ports_window, &remapped_ops, &dev->vga, "vga ioports remapped", AT_PORTS, PORTS_SIZE,
         true},
        {&dev->vbe_window, &vbe_ops, &dev->vga, "bochs dispi interface", AT_VBE, VBE_SIZE, true},
        {&dev->extended, &extended_ops, &dev->vga, "qemu extended regs", AT_EXTENDED, EXTENDED_SIZE,
         dev->with_extended},
    };

    memory_region_init(&dev->registers, dev, "vga.mmio", MMIO_SIZE);
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].there) {
            memory_region_init_io(parts[i].region, dev, parts[i].ops, parts[i].opaque,
                                  parts[i].name, parts[i].size);
            memory_region_add_subregion(&dev->registers, parts[i].at, parts[i].region);
        }
    }
    pci_register_bar(&dev->pci, 2, 0, &dev->registers);
}

/* Where a PC has them; a bridge may not pass them on. */
static void map_legacy(PciVGA *dev)
{
    dev->memory_space = dev->pci.bus->memory;
    dev->io_space = dev->pci.bus->io;
    memory_region_init_io(&dev->ports, dev, &port_ops, &dev->vga, "vga", N_PORTS);
    memory_region_init_io(&dev->vbe_ports, dev, &vbe_port_ops, &dev->vga, "vbe", N_VBE_PORTS);
    memory_region_init_io(&dev->window, dev, &window_ops, &dev->vga, "vga-lowmem", WINDOW_SIZE);
    memory_region_add_subregion_overlap(dev->io_space, FIRST_PORT, &dev->ports, 1);
    memory_region_add_subregion_overlap(dev->io_space, VBE_PORT, &dev->vbe_ports, 1);
    memory_region_add_subregion_overlap(dev->memory_space, WINDOW_BASE, &dev->window, 1);
}

static void vga_pci_unrealize(PciDevice *pci)
{
    PciVGA *dev = (PciVGA *)pci;

    memory_region_del_subregion(dev->io_space, &dev->ports);
    memory_region_del_subregion(dev->io_space, &dev->vbe_ports);
    memory_region_del_subregion(dev->memory_space, &dev->window);
    memory_region_destroy(&dev->ports);
    memory_region_destroy(&dev->vbe_ports);
    memory_region_destroy(&dev->window);
    if (dev->with_registers) {
        while (dev->registers.subregions && dev->registers.subregions->len) {
            MemoryRegion *part = g_ptr_array_index(dev->registers.subregions, 0);

            memory_region_del_subregion(&dev->registers, part);
            memory_region_destroy(part);
        }
        memory_region_destroy(&dev->registers);
    }
    vga_destroy(&dev->vga);
}

static bool vga_pci_realize(PciDevice *pci, GError **errp)
{
    PciVGA *dev = (PciVGA *)pci;
    g_autofree char *name = pci_block_name(pci, "vga.vram");

    if (!vga_init(&dev->vga, &pci->parent.object, name, dev->memory_mb, errp)) {
        return false;
    }
    pci_register_bar(pci, 0, PCI_BAR_MEMORY_PREFETCH, &dev->vga.vram);
    edid_make(dev->edid, MONITOR_NAME, dev->width ? dev->width : DEFAULT_WIDTH,
              dev->height ? dev->height : DEFAULT_HEIGHT, dev->max_width, dev->max_height);
    if (dev->with_registers) {
        map_registers(dev);
    }
    map_legacy(dev);
    return true;
}

static void vga_pci_reset(void *obj, ResetType type)
{
    vga_reset(&((PciVGA *)obj)->vga);
}

static const VMStateDescription vmstate_vga_pci = {
    .name = "vga",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields =
        (const VMStateField[]){
            VMSTATE_PCI_DEVICE(pci, PciVGA),
            VMSTATE_VGA(vga, PciVGA),
            VMSTATE_END_OF_LIST(),
        },
    .immutable = VMSTATE_NAMES("memory_mb", "width", "height", "max_width", "max_height",
                               "with_edid", "with_registers", "with_extended", "edid", "registers",
                               "edid_window", "ports_window", "vbe_window", "extended", "ports",
                               "vbe_ports", "window", "memory_space", "io_space"),
    VMSTATE_STRUCT_AUDIT(PciVGA),
};

static const Property vga_pci_properties[] = {
    DEFINE_PROP_UINT32("vgamem_mb", PciVGA, memory_mb, 16, "MiB of video memory"),
    DEFINE_PROP_BOOL("mmio", PciVGA, with_registers, true, "registers in BAR 2"),
    DEFINE_PROP_BOOL("qemu-extended-regs", PciVGA, with_extended, true,
                     "byte order of pixels can be set"),
    DEFINE_PROP_BOOL("edid", PciVGA, with_edid, true, "the monitor tells what it can show"),
    DEFINE_PROP_UINT32("xres", PciVGA, width, 0, "width that the monitor likes best (0: 1280)"),
    DEFINE_PROP_UINT32("yres", PciVGA, height, 0, "height that the monitor likes best (0: 800)"),
    DEFINE_PROP_UINT32("xmax", PciVGA, max_width, 0, "widest mode of the monitor (0: any)"),
    DEFINE_PROP_UINT32("ymax", PciVGA, max_height, 0, "highest mode of the monitor (0: any)"),
    DEFINE_PROP_END_OF_LIST(),
};

const PciDeviceClass vga_pci_class = {
    .device = {
        .name = "VGA",
        .parent = &pci_device_class.object,
        .description = "standard VGA",
        .instance_size = sizeof(PciVGA),
        .category = DEVICE_CATEGORY_DISPLAY,
        .user_creatable = true,
        .properties = vga_pci_properties,
        .vmstate = &vmstate_vga_pci,
        .reset = {.hold = vga_pci_reset},
        .firmware_name = "display",
    },
    .vendor_id = VENDOR_QEMU,
    .device_id = DEVICE_VGA,
    .class_id = CLASS_VGA,
    .revision = REVISION,
    .romfile = ROM,
    .rom_size = ROM_SIZE,
    .realize = vga_pci_realize,
    .unrealize = vga_pci_unrealize,
};

const DeviceClass *const hw_display_device_classes[] = {&vga_pci_class.device, NULL};

/* ---- Machines ---- */

bool vga_create(MachineState *machine, PciBus *bus, bool by_default, bool *present, GError **errp)
{
    bool wanted =
        machine->vga ? strcmp(machine->vga, "none") != 0 : by_default && !machine->nodefaults;

    if (present) {
        *present = wanted;
    }
    return !wanted || pci_create(bus, PCI_DEVFN_ANY, vga_pci_class.device.name, errp) != NULL;
}
