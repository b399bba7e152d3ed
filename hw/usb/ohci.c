/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OHCI, the USB host controller of KeyLargo and of many PCI cards.  OpenHCI Specification 1.0a,
 * chapters 5 (driver's view), 6.1 to 6.3 (frames) and 7 (registers; 7.4 the root hub). Left out:
 * legacy support; overcurrent; power switching by port; ownership by system management.
 */
#include <string.h>
#include "ohci.h"
#include "hw/usb/hid.h"
#include "hw/usb/storage.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/error.h"
#include "util/log.h"

#define BAR_SIZE 0x100u
#define DEVICE_KEYLARGO_USB 0x003f
#define INTERFACE_OHCI 0x10
#define REVISION 0x10u
#define FRAME_NS (1 * SCALE_MS)
#define MAX_FRAMES_LATE 20
#define BIT_TIMES_PER_US 12
#define N_DEFAULT_PORTS 3
#define FRAME_INTERVAL 0x2edfu
#define LARGEST_PACKET 0x2778u
#define LOW_SPEED_THRESHOLD 0x628u
#define NO_DELAY 7
#define HCCA_MASK 0xffffff00u
#define POINTER_MASK 0xfffffff0u
#define INTERRUPTS 0xc000007fu

enum {
    REG_REVISION = 0x00,
    REG_CONTROL = 0x04,
    REG_STATUS = 0x08,
    REG_INTR_STATUS = 0x0c,
    REG_INTR_ENABLE = 0x10,
    REG_INTR_DISABLE = 0x14,
    REG_HCCA = 0x18,
    REG_PERIODIC = 0x1c,
    REG_CONTROL_HEAD = 0x20,
    REG_CONTROL_CURRENT = 0x24,
    REG_BULK_HEAD = 0x28,
    REG_BULK_CURRENT = 0x2c,
    REG_DONE = 0x30,
    REG_INTERVAL = 0x34,
    REG_REMAINING = 0x38,
    REG_NUMBER = 0x3c,
    REG_PERIODIC_START = 0x40,
    REG_THRESHOLD = 0x44,
    REG_HUB_A = 0x48,
    REG_HUB_B = 0x4c,
    REG_HUB_STATUS = 0x50,
    REG_PORTS = 0x54,
};
#define HUB_A_NO_SWITCHING (1u << 9)
#define HUB_STATUS_POWER_OFF (1u << 0)
#define HUB_STATUS_WAKEUP (1u << 15)    /* by a connection, too */
#define HUB_STATUS_POWER_ON (1u << 16)
#define HUB_STATUS_OVERCURRENT_CHANGE (1u << 17)
#define HUB_STATUS_CLEAR_WAKEUP (1u << 31)

typedef struct Ohci {
    PciDevice pci;
    OhciCore core;
} Ohci;

/* ---- Interrupts ---- */

static void update_irq(OhciCore *ohci)
{
    pci_set_irq(ohci->pci, (ohci->intr & INTR_MIE) && (ohci->intr_status & ohci->intr & ~INTR_MIE));
}

void ohci_interrupt(OhciCore *ohci, uint32_t bits)
{
    ohci->intr_status |= bits;
    update_irq(ohci);
}

static unsigned hcfs(const OhciCore *ohci)
{
    return ohci->ctl & CTL_HCFS;
}

void ohci_die(OhciCore *ohci, const char *why)
{
    log_mask(LOG_GUEST_ERROR, "ohci: stopped: %s\n", why);
    timer_del(&ohci->eof_timer);
    ohci_interrupt(ohci, INTR_UE);
}

/* ---- Frames ---- */

static void frame_over(void *opaque)
{
    OhciCore *ohci = opaque;
    int64_t late = (clock_get_ns(clock_virtual()) - ohci->sof_time) / FRAME_NS - 1;

    /* Frames for which there was no time are not made up for, but they count. */
    if (late > MAX_FRAMES_LATE) {
        ohci->frame_number = (uint16_t)(ohci->frame_number + late);
        ohci->sof_time += late * FRAME_NS;
    }
    ohci_frame(ohci);
    if (hcfs(ohci) != HCFS_OPERATIONAL || (ohci->intr_status & INTR_UE)) {
        return;
    }
    ohci->sof_time += FRAME_NS;
    timer_mod_ns(&ohci->eof_timer, ohci->sof_time + FRAME_NS);
    ohci_interrupt(ohci, INTR_SF);
}

static void start(OhciCore *ohci)
{
    ohci->sof_time = clock_get_ns(clock_virtual());
    timer_mod_ns(&ohci->eof_timer, ohci->sof_time + FRAME_NS);
    ohci_interrupt(ohci, INTR_SF);
}

static uint32_t frame_remaining(const OhciCore *ohci)
{
    int64_t passed = clock_get_ns(clock_virtual()) - ohci->sof_time;
    int64_t bits = CLAMP(passed, 0, 2 * FRAME_NS) * BIT_TIMES_PER_US / SCALE_US;

    if (hcfs(ohci) != HCFS_OPERATIONAL) {
        return (uint32_t)ohci->frt << 31;
    }
    return (uint32_t)ohci->frt << 31 | (bits < 0           ? ohci->fi
                                        : bits >= ohci->fi ? 0
                                                           : (uint32_t)(ohci->fi - bits));
}

/* ---- The root hub's ports ---- */

static OhciPort *port_of(UsbPort *port)
{
    return container_of(port, OhciPort, port);
}

/* The one change of state that the controller makes by itself. */
static void resume(OhciCore *ohci)
{
    ohci->ctl = (ohci->ctl & ~(uint32_t)CTL_HCFS) | HCFS_RESUME;
    ohci_interrupt(ohci, INTR_RD);
}

static void port_changed(OhciCore *ohci)
{
    if (hcfs(ohci) == HCFS_SUSPEND) {
        ohci_interrupt(ohci, INTR_RD);
    }
    ohci_interrupt(ohci, INTR_RHSC);
}

static void attach(UsbPort *port)
{
    port_of(port)->ctrl |= PORT_CCS | PORT_CSC;
    port_changed(port->opaque);
}

static void detach(UsbPort *port)
{
    OhciPort *p = port_of(port);

    p->ctrl |= PORT_CSC | (p->ctrl & PORT_PES ? PORT_PESC : 0);
    p->ctrl &= ~(uint32_t)(PORT_CCS | PORT_PES | PORT_PSS | PORT_LSDA);
    port_changed(port->opaque);
}

static void wakeup(UsbPort *port)
{
    OhciCore *ohci = port->opaque;
    OhciPort *p = port_of(port);

    if (p->ctrl & PORT_PSS) {
        p->ctrl = (p->ctrl & ~(uint32_t)PORT_PSS) | PORT_PSSC;
        if (hcfs(ohci) != HCFS_SUSPEND) {
            ohci_interrupt(ohci, INTR_RHSC);
        }
    }
    if (hcfs(ohci) == HCFS_SUSPEND) {
        resume(ohci);
    }
}

static const UsbPortOps port_ops = {.attach = attach, .detach = detach, .wakeup = wakeup};

static void set_power(OhciPort *port, bool on)
{
    port->ctrl =
        on ? port->ctrl | PORT_PPS
           : port->ctrl & ~(uint32_t)(PORT_PPS | PORT_CCS | PORT_PES | PORT_PSS | PORT_PRS);
    if (on && port->port.dev) {
        port->ctrl |= PORT_CCS;
    }
}

static void reset_port(OhciPort *port)
{
    port->ctrl = port->port.dev ? PORT_CCS | PORT_CSC : 0;
    usb_port_reset(&port->port);
}

/* What needs a device: without one, the port says that it has none. */
static bool connected(OhciPort *port)
{
    if (!(port->ctrl & PORT_CCS)) {
        port->ctrl |= PORT_CSC;
        return false;
    }
    return true;
}

static void write_port(OhciCore *ohci, OhciPort *port, uint32_t value)
{
    uint32_t before = port->ctrl;

    port->ctrl &= ~(value & PORT_CHANGES);
    if (value & PORT_CCS) {
        port->ctrl &= ~(uint32_t)PORT_PES;
    }
    if ((value & PORT_PES) && connected(port)) {
        port->ctrl |= PORT_PES;
    }
    if ((value & PORT_PSS) && connected(port)) {
        port->ctrl |= PORT_PSS;
    }
    if ((value & PORT_POCI) && (port->ctrl & PORT_PSS)) {
        port->ctrl = (port->ctrl & ~(uint32_t)PORT_PSS) | PORT_PSSC;
    }
    if ((value & PORT_PRS) && connected(port)) {
        usb_port_reset(&port->port);
        port->ctrl = (port->ctrl & ~(uint32_t)(PORT_PSS | PORT_PRS)) | PORT_PES | PORT_PRSC;
    }
    if (value & PORT_LSDA) {
        set_power(port, false);
    }
    if (value & PORT_PPS) {
        set_power(port, true);
    }
    if ((port->ctrl & ~before & PORT_CHANGES) || (before ^ port->ctrl) & (PORT_PES | PORT_PSS)) {
        ohci_interrupt(ohci, INTR_RHSC);
    }
}

static void write_hub_status(OhciCore *ohci, uint32_t value)
{
    if (value & HUB_STATUS_OVERCURRENT_CHANGE) {
        ohci->rhstatus &= ~HUB_STATUS_OVERCURRENT_CHANGE;
    }
    for (unsigned i = 0;
         i < ohci->num_ports && (value & (HUB_STATUS_POWER_OFF | HUB_STATUS_POWER_ON)); i++) {
        set_power(&ohci->rhport[i], value & HUB_STATUS_POWER_ON);
    }
    if (value & HUB_STATUS_WAKEUP) {
        ohci->rhstatus |= HUB_STATUS_WAKEUP;
    }
    if (value & HUB_STATUS_CLEAR_WAKEUP) {
        ohci->rhstatus &= ~HUB_STATUS_WAKEUP;
    }
}

/* ---- Registers ---- */

/* All but the root hub: that of the guest, after which it is suspended. */
static void reset_core(OhciCore *ohci)
{
    timer_del(&ohci->eof_timer);
    ohci->old_ctl = ohci->status = ohci->intr_status = 0;
    ohci->intr = INTR_MIE;
    ohci->hcca = ohci->ctrl_head = ohci->ctrl_cur = ohci->bulk_head = ohci->bulk_cur =
        ohci->per_cur = ohci->done = 0;
    ohci->done_count = NO_DELAY;
    ohci->fsmps = LARGEST_PACKET;
    ohci->fi = FRAME_INTERVAL;
    ohci->fit = ohci->frt = 0;
    ohci->frame_number = 0;
    ohci->pstart = 0;
    ohci->lst = LOW_SPEED_THRESHOLD;
    update_irq(ohci);
}

static void write_control(OhciCore *ohci, uint32_t value)
{
    unsigned before = hcfs(ohci);

    ohci->ctl = value & 0x7ff;
    if (before == hcfs(ohci)) {
        return;
    }
    timer_del(&ohci->eof_timer);
    switch (hcfs(ohci)) {
    case HCFS_OPERATIONAL:
        start(ohci);
        break;
    case HCFS_SUSPEND:
        ohci->intr_status &= ~INTR_SF;
        update_irq(ohci);
        break;
    case HCFS_RESET:
        for (unsigned i = 0; i < ohci->num_ports; i++) {
            reset_port(&ohci->rhport[i]);
        }
        ohci->rhstatus = 0;
        break;
    default:
        break;
    }
}

static void write_status(OhciCore *ohci, uint32_t value)
{
    if (value & STATUS_HCR) {
        reset_core(ohci);
        ohci->ctl = (ohci->ctl & CTL_IR) | HCFS_SUSPEND;
        return;
    }
    ohci->status |= value & (STATUS_CLF | STATUS_BLF | STATUS_OCR);
}

static uint32_t *pointer_register(OhciCore *ohci, hwaddr addr)
{
    switch (addr) {
    case REG_HCCA:
        return &ohci->hcca;
    case REG_PERIODIC:
        return &ohci->per_cur;
    case REG_CONTROL_HEAD:
        return &ohci->ctrl_head;
    case REG_CONTROL_CURRENT:
        return &ohci->ctrl_cur;
    case REG_BULK_HEAD:
        return &ohci->bulk_head;
    case REG_BULK_CURRENT:
        return &ohci->bulk_cur;
    case REG_DONE:
        return &ohci->done;
    default:
        return NULL;
    }
}

static uint32_t read_register(OhciCore *ohci, hwaddr addr)
{
    switch (addr) {
    case REG_REVISION:
        return REVISION;
    case REG_CONTROL:
        return ohci->ctl;
    case REG_STATUS:
        return ohci->status;
    case REG_INTR_STATUS:
        return ohci->intr_status;
    case REG_INTR_ENABLE:
    case REG_INTR_DISABLE:
        return ohci->intr;
    case REG_INTERVAL:
        return (uint32_t)ohci->fit << 31 | (uint32_t)ohci->fsmps << 16 | ohci->fi;
    case REG_REMAINING:
        return frame_remaining(ohci);
    case REG_NUMBER:
        return ohci->frame_number;
    case REG_PERIODIC_START:
        return ohci->pstart;
    case REG_THRESHOLD:
        return ohci->lst;
    case REG_HUB_A:
        return ohci->rhdesc_a;
    case REG_HUB_B:
        return ohci->rhdesc_b;
    case REG_HUB_STATUS:
        return ohci->rhstatus;
    default:
        log_mask(LOG_GUEST_ERROR, "ohci: read of register 0x%" PRIx64 "\n", addr);
        return 0;
    }
}

static uint64_t ohci_read(void *opaque, hwaddr addr, unsigned size)
{
    OhciCore *ohci = opaque;
    const uint32_t *pointer = pointer_register(ohci, addr);

    if (pointer) {
        return *pointer;
    }
    if (addr >= REG_PORTS && addr < REG_PORTS + 4 * ohci->num_ports) {
        uint32_t ctrl = ohci->rhport[(addr - REG_PORTS) / 4].ctrl;

        return ohci->rhdesc_a & HUB_A_NO_SWITCHING ? ctrl | PORT_PPS : ctrl;
    }
    return read_register(ohci, addr);
}

static void write_register(OhciCore *ohci, hwaddr addr, uint32_t value)
{
    switch (addr) {
    case REG_CONTROL:
        write_control(ohci, value);
        break;
    case REG_STATUS:
        write_status(ohci, value);
        break;
    case REG_INTR_STATUS:
        ohci->intr_status &= ~value;
        update_irq(ohci);
        break;
    case REG_INTR_ENABLE:
        ohci->intr |= value & INTERRUPTS;
        update_irq(ohci);
        break;
    case REG_INTR_DISABLE:
        ohci->intr &= ~value;
        update_irq(ohci);
        break;
    case REG_INTERVAL:
        ohci->fi = value & 0x3fff;
        ohci->fsmps = (uint16_t)(value >> 16);
        ohci->fit = (uint8_t)(value >> 31);
        break;
    case REG_PERIODIC_START:
        ohci->pstart = value & 0xffff;
        break;
    case REG_THRESHOLD:
        ohci->lst = value & 0xffff;
        break;
    case REG_HUB_A:
    case REG_HUB_B:
        /* What the board is like is not the driver's to say. */
        break;
    case REG_HUB_STATUS:
        write_hub_status(ohci, value);
        break;
    default:
        log_mask(LOG_GUEST_ERROR, "ohci: write of 0x%x to register 0x%" PRIx64 "\n", value, addr);
        break;
    }
}

static void ohci_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    OhciCore *ohci = opaque;
    uint32_t *pointer = pointer_register(ohci, addr);

    if (pointer) {
        if (addr != REG_PERIODIC && addr != REG_DONE) {
            *pointer = (uint32_t)value & (addr == REG_HCCA ? HCCA_MASK : POINTER_MASK);
        }
    } else if (addr >= REG_PORTS && addr < REG_PORTS + 4 * ohci->num_ports) {
        write_port(ohci, &ohci->rhport[(addr - REG_PORTS) / 4], (uint32_t)value);
    } else {
        write_register(ohci, addr, (uint32_t)value);
    }
}

static const MemoryRegionOps ohci_ops = {
    .read = ohci_read,
    .write = ohci_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

/* ---- State ---- */

static bool frames_run(void *opaque)
{
    return timer_pending(&((OhciCore *)opaque)->eof_timer);
}

static bool core_pre_load(void *opaque, GError **errp)
{
    timer_del(&((OhciCore *)opaque)->eof_timer);
    return true;
}

static bool core_post_load(void *opaque, int version, GError **errp)
{
    OhciCore *ohci = opaque;

    if (ohci->done_count < 0 || ohci->done_count > NO_DELAY || ohci->sof_time < 0 ||
        ohci->sof_time > INT64_MAX / 2) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "ohci: %d frames until the done queue is told, frame of %" PRId64,
                    ohci->done_count, ohci->sof_time);
        return false;
    }
    /* A transaction that waited for its device begins again: its transfer is still at the head. */
    ohci->async_td = 0;
    ohci->async_complete = false;
    return true;
}

static const VMStateDescription vmstate_port = {
    .name = "ohci-core/port",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(ctrl, OhciPort),
        VMSTATE_END_OF_LIST(),
    },
    .host_only = VMSTATE_NAMES("port"),
    VMSTATE_STRUCT_AUDIT(OhciPort),
};

static const VMStateDescription vmstate_timer = {
    .name = "ohci-core/eof-timer",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = frames_run,
    .fields = (const VMStateField[]){
        VMSTATE_TIMER(eof_timer, OhciCore),
        VMSTATE_END_OF_LIST(),
    },
};

static const VMStateDescription vmstate_core = {
    .name = "ohci-core",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = core_pre_load,
    .post_load = core_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_INT64(sof_time, OhciCore),
        VMSTATE_UINT32(ctl, OhciCore),
        VMSTATE_UINT32(status, OhciCore),
        VMSTATE_UINT32(intr_status, OhciCore),
        VMSTATE_UINT32(intr, OhciCore),
        VMSTATE_UINT32(hcca, OhciCore),
        VMSTATE_UINT32(ctrl_head, OhciCore),
        VMSTATE_UINT32(ctrl_cur, OhciCore),
        VMSTATE_UINT32(bulk_head, OhciCore),
        VMSTATE_UINT32(bulk_cur, OhciCore),
        VMSTATE_UINT32(per_cur, OhciCore),
        VMSTATE_UINT32(done, OhciCore),
        VMSTATE_INT32(done_count, OhciCore),
        VMSTATE_UINT16(fsmps, OhciCore),
        VMSTATE_UINT8(fit, OhciCore),
        VMSTATE_UINT16(fi, OhciCore),
        VMSTATE_UINT8(frt, OhciCore),
        VMSTATE_UINT16(frame_number, OhciCore),
        VMSTATE_UINT16(padding, OhciCore),
        VMSTATE_UINT32(pstart, OhciCore),
        VMSTATE_UINT32(lst, OhciCore),
        VMSTATE_UINT32(rhdesc_a, OhciCore),
        VMSTATE_UINT32(rhdesc_b, OhciCore),
        VMSTATE_UINT32(rhstatus, OhciCore),
        VMSTATE_STRUCT_ARRAY(rhport, OhciCore, USB_MAX_PORTS, 0, vmstate_port, OhciPort),
        VMSTATE_UINT32(hstatus, OhciCore),
        VMSTATE_UINT32(hmask, OhciCore),
        VMSTATE_UINT32(hreset, OhciCore),
        VMSTATE_UINT32(htest, OhciCore),
        VMSTATE_UINT32(old_ctl, OhciCore),
        VMSTATE_UINT8_ARRAY(usb_buf, OhciCore, OHCI_BUFFER_SIZE),
        VMSTATE_UINT32(async_td, OhciCore),
        VMSTATE_BOOL(async_complete, OhciCore),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_timer),
    .immutable = VMSTATE_NAMES("num_ports", "pci", "bus", "registers"),
    VMSTATE_STRUCT_AUDIT(OhciCore),
};

static const VMStateDescription vmstate_ohci = {
    .name = "ohci",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_PCI_DEVICE(pci, Ohci),
        VMSTATE_STRUCT(core, Ohci, 1, vmstate_core, OhciCore),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(Ohci),
};

/* ---- Life ---- */

static void ohci_reset(void *obj, ResetType type)
{
    OhciCore *ohci = &((Ohci *)obj)->core;

    reset_core(ohci);
    ohci->ctl = 0;
    ohci->sof_time = 0;
    ohci->rhdesc_a = HUB_A_NO_SWITCHING | ohci->num_ports;
    ohci->rhdesc_b = ohci->rhstatus = 0;
    memset(ohci->usb_buf, 0, sizeof(ohci->usb_buf));
    for (unsigned i = 0; i < ohci->num_ports; i++) {
        reset_port(&ohci->rhport[i]);
    }
}

static bool ohci_realize(PciDevice *dev, GError **errp)
{
    OhciCore *ohci = &((Ohci *)dev)->core;

    if (!ohci->num_ports || ohci->num_ports > USB_MAX_PORTS) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "pci-ohci: num-ports is %u, not 1 to %u",
                  ohci->num_ports, USB_MAX_PORTS);
        return false;
    }
    ohci->pci = dev;
    dev->config[PCI_INTERRUPT_PIN] = 1;
    timer_init_full(&ohci->eof_timer, clock_virtual(), SCALE_NS, frame_over, ohci);
    memory_region_init_io(&ohci->registers, dev, &ohci_ops, ohci, "ohci", BAR_SIZE);
    pci_register_bar(dev, 0, 0, &ohci->registers);
    ohci->bus = usb_bus_create(&dev->parent);
    for (unsigned i = 0; i < ohci->num_ports; i++) {
        usb_port_add(ohci->bus, &ohci->rhport[i].port, NULL, i + 1, &port_ops, ohci);
    }
    return true;
}

static void ohci_unrealize(PciDevice *dev)
{
    OhciCore *ohci = &((Ohci *)dev)->core;

    timer_deinit(&ohci->eof_timer);
    usb_bus_destroy(ohci->bus);
    memory_region_destroy(&ohci->registers);
}

static const Property ohci_properties[] = {
    DEFINE_PROP_UINT32("num-ports", Ohci, core.num_ports, N_DEFAULT_PORTS,
                       "Ports of the root hub (1 to 15)"),
    DEFINE_PROP_END_OF_LIST(),
};

static const PciDeviceClass ohci_class = {
    .device = {
        .name = "pci-ohci",
        .parent = &pci_device_class.object,
        .description = "Apple USB controller (OHCI)",
        .instance_size = sizeof(Ohci),
        .properties = ohci_properties,
        .category = DEVICE_CATEGORY_USB,
        .user_creatable = true,
        .vmstate = &vmstate_ohci,
        .reset = {.hold = ohci_reset},
    },
    .vendor_id = PCI_VENDOR_APPLE,
    .device_id = DEVICE_KEYLARGO_USB,
    .class_id = PCI_CLASS_SERIAL_USB,
    .program_interface = INTERFACE_OHCI,
    .realize = ohci_realize,
    .unrealize = ohci_unrealize,
};

const DeviceClass *const hw_usb_device_classes[] = {
    &ohci_class.device,      &usb_hub_class.device,    &usb_keyboard_class.device,
    &usb_mouse_class.device, &usb_tablet_class.device, &usb_storage_class.device,
    NULL,
};
