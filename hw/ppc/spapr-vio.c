/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's side of the virtual I/O bus: interrupts, device-tree nodes, terminal and NVRAM
 * calls. LoPAR 16.3.1 (terminals), 7.3.1 (NVRAM), appendix B.
 */
#include <string.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-iommu.h"
#include "spapr-tokens.h"
#include "hw/char/spapr-vty.h"
#include "hw/net/spapr-vlan.h"
#include "hw/nvram/spapr-nvram.h"
#include "util/bswap.h"
#include "util/error.h"

/* The unit address chooses the interrupt, so that it does not depend on the order of creation: by
 * its low bits where the bus gave it; libvirt counts from 0x1000 and, for terminals, from
 * 0x30000000, in steps of 0x1000. */
static uint32_t wanted_irq(uint32_t reg)
{
    if (reg >= VIO_REG_BASE) {
        return reg & 0xff;
    }
    return reg >= 0x30000000 ? 0xf0 | (reg >> 12 & 0xf) : reg >> 12 & 0xff;
}

static bool assign_irq(void *opaque, uint32_t reg, uint32_t *number, IRQLine **line, GError **errp)
{
    SpaprMachine *spapr = opaque;
    bool legacy = spapr->version->legacy_irq_allocation;
    uint32_t wanted = SPAPR_IRQ_VIO + wanted_irq(reg);

    if (legacy || !spapr_irq_claim(spapr, wanted, false, NULL)) {
        /* A second unit address with the same number: the next free one.  Old versions gave numbers
         * in the order of creation, behind those of the two kinds of events. */
        for (wanted = legacy ? SPAPR_IRQ_HOTPLUG + 1 : SPAPR_IRQ_VIO; wanted < SPAPR_IRQ_PCI_LSI;
             wanted++) {
            if (spapr_irq_claim(spapr, wanted, false, NULL)) {
                break;
            }
        }
        if (wanted == SPAPR_IRQ_PCI_LSI) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED,
                        "can't allocate a VIO interrupt");
            return false;
        }
    }
    *number = wanted;
    *line = spapr_irq_line(spapr, wanted);
    return true;
}

static bool open_window(void *opaque, VioDevice *dev, uint32_t size, GError **errp)
{
    SpaprMachine *spapr = opaque;
    SpaprTceTable *tce;

    if (spapr_tce_find(spapr, dev->reg)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "DMA window 0x%x is in use (choose another reg)", dev->reg);
        return false;
    }
    tce = spapr_tce_new(spapr, dev->reg, errp);
    if (!tce) {
        return false;
    }
    if (!spapr_tce_enable(tce, SPAPR_TCE_PAGE_SHIFT, 0, size >> SPAPR_TCE_PAGE_SHIFT)) {
        spapr_tce_free(spapr, tce);
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED, "no memory for DMA window 0x%x",
                    dev->reg);
        return false;
    }
    return true;
}

static void reset_window(void *opaque, VioDevice *dev)
{
    SpaprTceTable *tce = spapr_tce_find(opaque, dev->reg);
    uint32_t size = vio_device_get_class(dev)->dma_window;

    spapr_tce_enable(tce, SPAPR_TCE_PAGE_SHIFT, 0, size >> SPAPR_TCE_PAGE_SHIFT);
}

static void close_window(void *opaque, VioDevice *dev)
{
    spapr_tce_free(opaque, spapr_tce_find(opaque, dev->reg));
}

static bool dma(void *opaque, VioDevice *dev, uint64_t address, void *buf, uint64_t size,
                bool to_memory)
{
    SpaprMachine *spapr = opaque;
    const SpaprTceTable *tce = spapr_tce_find(spapr, dev->reg);
    uint8_t *bytes = buf;

    while (size) {
        uint64_t real, n;

        if (!spapr_tce_translate(tce, address, to_memory ? SPAPR_TCE_WRITE : SPAPR_TCE_READ, &real,
                                 &n)) {
            log_mask(LOG_GUEST_ERROR, "DMA window 0x%x: 0x%" PRIx64 " is not mapped for %s\n",
                     dev->reg, address, to_memory ? "writing" : "reading");
            return false;
        }
        n = MIN(n, size);
        if (!n ||
            !(to_memory ? spapr_write(spapr, real, bytes, n) : spapr_read(spapr, real, bytes, n))) {
            return false;
        }
        address += n;
        bytes += n;
        size -= n;
    }
    return true;
}

/* Every byte can be read and written. */
static bool is_mapped(void *opaque, VioDevice *dev, uint64_t address, uint64_t size)
{
    SpaprMachine *spapr = opaque;
    const SpaprTceTable *tce = spapr_tce_find(spapr, dev->reg);
    uint64_t real, n;

    for (; size; address += n, size -= n) {
        if (!tce ||
            !spapr_tce_translate(tce, address, SPAPR_TCE_READ | SPAPR_TCE_WRITE, &real, &n) || !n ||
            !spapr_is_ram(spapr, real, MIN(n, size))) {
            log_mask(LOG_GUEST_ERROR,
                     "DMA window 0x%x: 0x%" PRIx64 " is not mapped for reading and writing\n",
                     dev->reg, address);
            return false;
        }
        n = MIN(n, size);
    }
    return true;
}

static const VioBusOps vio_ops = {assign_irq,   open_window, reset_window,
                                  close_window, dma,         is_mapped};

void spapr_vio_init(SpaprMachine *spapr)
{
    spapr->vio = vio_bus_create(&vio_ops, spapr);
}

VioDevice *spapr_vty_find(SpaprMachine *spapr, uint32_t reg)
{
    VioDevice *dev = vio_bus_find(spapr->vio, reg);

    return dev && spapr_vty_is(&dev->parent) ? dev : NULL;
}

static void find_first_vty(VioDevice *dev, void *opaque)
{
    VioDevice **found = opaque;

    if (spapr_vty_is(&dev->parent) && (!*found || dev->reg < (*found)->reg)) {
        *found = dev;
    }
}

VioDevice *spapr_vty_default(SpaprMachine *spapr)
{
    VioDevice *found = NULL;

    vio_bus_foreach(spapr->vio, find_first_vty, &found);
    return found;
}

typedef struct FdtContext { void *fdt; int parent; } FdtContext;

static void add_node(VioDevice *dev, void *opaque)
{
    FdtContext *context = opaque;
    const VioDeviceClass *class = vio_device_get_class(dev);
    g_autofree char *name = g_strdup_printf("%s@%x", class->dt_name, dev->reg);
    int node = fdt_add_subnode(context->fdt, context->parent, name);
    fdt32_t interrupts[2] = {cpu_to_fdt32(dev->irq), 0};
    int error = node;

    if (error >= 0) {
        error = fdt_setprop_cell(context->fdt, node, "reg", dev->reg);
    }
    if (error >= 0 && class->dt_type) {
        error = fdt_setprop_string(context->fdt, node, "device_type", class->dt_type);
    }
    if (error >= 0 && class->dt_compatible) {
        error = fdt_setprop_string(context->fdt, node, "compatible", class->dt_compatible);
    }
    if (error >= 0) {
        error = fdt_setprop(context->fdt, node, "interrupts", interrupts, sizeof(interrupts));
    }
    if (error >= 0 && spapr_nvram_is(&dev->parent)) {
        error = fdt_setprop_cell(context->fdt, node, "#bytes", SPAPR_NVRAM_SIZE);
    }
    if (error >= 0 && class->dma_window) {
        fdt32_t window[5] = {cpu_to_fdt32(dev->reg), 0, 0, 0, cpu_to_fdt32(class->dma_window)};

        error = fdt_setprop_cell(context->fdt, node, "ibm,#dma-address-cells", 2);
        if (error >= 0) {
            error = fdt_setprop_cell(context->fdt, node, "ibm,#dma-size-cells", 2);
        }
        if (error >= 0) {
            error = fdt_setprop(context->fdt, node, "ibm,my-dma-window", window, sizeof(window));
        }
    }
    if (error >= 0 && class->fdt && !class->fdt(dev, context->fdt, node)) {
        error = -FDT_ERR_NOSPACE;
    }
    spapr_fdt_note(context->fdt, error);
}

void spapr_vio_fdt(SpaprMachine *spapr, void *fdt, uint32_t intc_phandle)
{
    FdtContext context = {fdt, fdt_add_subnode(fdt, 0, "vdevice")};

    spapr_fdt_note(fdt, context.parent);
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, context.parent, "device_type", "vdevice"));
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, context.parent, "compatible", "IBM,vdevice"));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, context.parent, "#address-cells", 1));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, context.parent, "#size-cells", 0));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, context.parent, "#interrupt-cells", 2));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, context.parent, "interrupt-parent", intc_phandle));
    spapr_fdt_note(fdt, fdt_setprop(fdt, context.parent, "interrupt-controller", NULL, 0));
    vio_bus_foreach(spapr->vio, add_node, &context);
}

/* ---- Hypercalls ---- */

/* Terminal 0, which no unit has, is the first one: code that has not read the device tree writes
 * there. */
static VioDevice *called_vty(SpaprMachine *spapr, uint64_t termno)
{
    if (termno == 0) {
        return spapr_vty_default(spapr);
    }
    return termno <= UINT32_MAX ? spapr_vty_find(spapr, termno) : NULL;
}

static HCallResult h_put_term_char(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                   uint64_t *args)
{
    VioDevice *vty = called_vty(spapr, args[0]);
    uint64_t length = args[1];
    uint8_t bytes[SPAPR_VTY_BUFFER];

    if (!vty || length > sizeof(bytes)) {
        return H_PARAMETER;
    }
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = args[2 + i / 8] >> (56 - 8 * (i % 8));
    }
    if (spapr_vty_put(&vty->parent, bytes, length)) {
        return H_SUCCESS;
    }
    /* An operating system does other things meanwhile. Firmware, which runs in real mode, would
     * drop the characters (SLOF does): it comes again without knowing. */
    return cpu->env.msr & MSR_BIT(DR) ? H_BUSY : H_COME_AGAIN;
}

static HCallResult h_get_term_char(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                   uint64_t *args)
{
    VioDevice *vty = called_vty(spapr, args[0]);
    uint8_t bytes[SPAPR_VTY_BUFFER] = {0};

    if (!vty) {
        return H_PARAMETER;
    }
    args[0] = spapr_vty_read(&vty->parent, bytes, sizeof(bytes));
    args[1] = args[2] = 0;
    for (unsigned i = 0; i < sizeof(bytes); i++) {
        args[1 + i / 8] |= (uint64_t)bytes[i] << (56 - 8 * (i % 8));
    }
    return H_SUCCESS;
}

static HCallResult h_vio_signal(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                uint64_t *args)
{
    VioDevice *dev = args[0] <= UINT32_MAX ? vio_bus_find(spapr->vio, args[0]) : NULL;

    if (!dev || (args[1] & ~1ull)) {
        return H_PARAMETER;
    }
    vio_device_set_signals(dev, args[1]);
    return H_SUCCESS;
}

/* ---- Command queues (LoPAR 17.2.1.5) ---- */

#define CRQ_PAGE 4096u
#define CRQ_LIMIT (256u << 20)

static VioDevice *called_device(SpaprMachine *spapr, uint64_t reg)
{
    return reg <= UINT32_MAX ? vio_bus_find(spapr->vio, (uint32_t)reg) : NULL;
}

static HCallResult h_reg_crq(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    VioDevice *dev = called_device(spapr, args[0]);
    uint64_t address = args[1], size = args[2];

    if (!dev || size < CRQ_PAGE || size > CRQ_LIMIT || size % CRQ_PAGE || address % CRQ_PAGE) {
        return H_PARAMETER;
    }
    if (!vio_device_get_class(dev)->receive) {
        return H_NOT_FOUND;
    }
    if (dev->crq.qsize) {
        return H_RESOURCE;
    }
    if (!vio_dma_mapped(dev, address, size)) {
        return H_PARAMETER;
    }
    dev->crq.qladdr = address;
    dev->crq.qsize = (uint32_t)size;
    dev->crq.qnext = 0;
    return H_SUCCESS;
}

static HCallResult h_free_crq(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    VioDevice *dev = called_device(spapr, args[0]);

    if (!dev) {
        return H_PARAMETER;
    }
    vio_crq_free(dev);
    return H_SUCCESS;
}

static HCallResult h_send_crq(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    VioDevice *dev = called_device(spapr, args[0]);
    uint8_t message[VIO_MESSAGE_SIZE];

    if (!dev) {
        return H_PARAMETER;
    }
    if (!vio_device_get_class(dev)->receive) {
        return H_HARDWARE;
    }
    if (!dev->crq.qsize) {
        return H_CLOSED;
    }
    stq_be_p(message, args[1]);
    stq_be_p(message + 8, args[2]);
    return vio_device_get_class(dev)->receive(dev, message) ? H_SUCCESS : H_DROPPED;
}

/* After the partition was moved or suspended: the queue is as it was. */
static HCallResult h_enable_crq(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                uint64_t *args)
{
    return called_device(spapr, args[0]) ? H_SUCCESS : H_PARAMETER;
}

const SpaprHCall spapr_hcalls_vio[] = {
    {0x54, "H_GET_TERM_CHAR", h_get_term_char},
    {0x58, "H_PUT_TERM_CHAR", h_put_term_char},
    {0xfc, "H_REG_CRQ", h_reg_crq},
    {0x100, "H_FREE_CRQ", h_free_crq},
    {0x104, "H_VIO_SIGNAL", h_vio_signal},
    {0x108, "H_SEND_CRQ", h_send_crq},
    {0x2b0, "H_ENABLE_CRQ", h_enable_crq},
    {0},
};

/* ---- Logical LANs (LoPAR 17.3.4) ---- */

static VioDevice *called_lan(SpaprMachine *spapr, uint64_t reg)
{
    VioDevice *dev = called_device(spapr, reg);

    return dev && spapr_vlan_is(&dev->parent) ? dev : NULL;
}

static HCallResult lan_result(VlanResult result)
{
    static const HCallResult results[] = {
        [VLAN_SUCCESS] = H_SUCCESS, [VLAN_PARAMETER] = H_PARAMETER, [VLAN_RESOURCE] = H_RESOURCE,
        [VLAN_DROPPED] = H_DROPPED, [VLAN_HARDWARE] = H_HARDWARE,
    };

    return results[result];
}

/* The last argument, the guest's idea of the address, is not looked at. */
static HCallResult h_register_lan(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                  uint64_t *args)
{
    VioDevice *dev = called_lan(spapr, args[0]);

    return dev ? lan_result(spapr_vlan_open(dev, args[1], args[2], args[3])) : H_PARAMETER;
}

static HCallResult h_free_lan(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    VioDevice *dev = called_lan(spapr, args[0]);

    return dev ? lan_result(spapr_vlan_close(dev)) : H_PARAMETER;
}

static HCallResult h_add_lan_buffer(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                    uint64_t *args)
{
    VioDevice *dev = called_lan(spapr, args[0]);

    return dev ? lan_result(spapr_vlan_add_buffer(dev, args[1])) : H_PARAMETER;
}

static HCallResult h_send_lan(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    VioDevice *dev = called_lan(spapr, args[0]);

    /* A call is never left unfinished, so that none is continued. */
    return !dev ? H_PARAMETER : args[7] ? H_HARDWARE : lan_result(spapr_vlan_send(dev, args + 1));
}

/* All of the network's frames are received. */
static HCallResult h_multicast_ctrl(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                    uint64_t *args)
{
    return called_lan(spapr, args[0]) ? H_SUCCESS : H_PARAMETER;
}

static HCallResult h_change_lan_mac(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                    uint64_t *args)
{
    VioDevice *dev = called_lan(spapr, args[0]);

    return dev ? lan_result(spapr_vlan_set_mac(dev, args[1])) : H_PARAMETER;
}

const SpaprHCall spapr_hcalls_lan[] = {
    {0x114, "H_REGISTER_LOGICAL_LAN", h_register_lan},
    {0x118, "H_FREE_LOGICAL_LAN", h_free_lan},
    {0x11c, "H_ADD_LOGICAL_LAN_BUFFER", h_add_lan_buffer},
    {0x120, "H_SEND_LOGICAL_LAN", h_send_lan},
    {0x130, "H_MULTICAST_CTRL", h_multicast_ctrl},
    {0x14c, "H_CHANGE_LOGICAL_LAN_MAC", h_change_lan_mac},
    {0},
};

static void quiesce_device(VioDevice *dev, void *opaque)
{
    vio_device_quiesce(dev);
}

void spapr_vio_quiesce(SpaprMachine *spapr)
{
    vio_bus_foreach(spapr->vio, quiesce_device, NULL);
}

/* ---- RTAS NVRAM ---- */

static void find_nvram(VioDevice *dev, void *opaque)
{
    VioDevice **found = opaque;

    if (!*found && spapr_nvram_is(&dev->parent)) {
        *found = dev;
    }
}

static uint8_t *nvram_range(SpaprRtasCall *call, uint32_t offset, uint32_t length)
{
    VioDevice *nvram = NULL;
    uint32_t size;
    uint8_t *bytes;

    vio_bus_foreach(call->spapr->vio, find_nvram, &nvram);
    if (!nvram) {
        return NULL;
    }
    bytes = spapr_nvram_bytes(&nvram->parent, &size);
    return offset <= size && length <= size - offset ? bytes + offset : NULL;
}

static void rtas_nvram_fetch(SpaprRtasCall *call)
{
    uint32_t offset = rtas_arg(call, 0), buffer = rtas_arg(call, 1), length = rtas_arg(call, 2);
    uint8_t *bytes = nvram_range(call, offset, length);

    if (!bytes || (length && !spapr_write(call->spapr, buffer, bytes, length))) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        rtas_ret(call, 1, 0);
        return;
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    rtas_ret(call, 1, length);
}

static void rtas_nvram_store(SpaprRtasCall *call)
{
    uint32_t offset = rtas_arg(call, 0), buffer = rtas_arg(call, 1), length = rtas_arg(call, 2);
    uint8_t *bytes = nvram_range(call, offset, length);

    if (!bytes || (length && !spapr_is_ram(call->spapr, buffer, length))) {
        rtas_ret(call, 0, RTAS_OUT_PARAM_ERROR);
        rtas_ret(call, 1, 0);
        return;
    }
    if (length) {
        spapr_read(call->spapr, buffer, bytes, length);
    }
    rtas_ret(call, 0, RTAS_OUT_SUCCESS);
    rtas_ret(call, 1, length);
}

const SpaprRtasRow spapr_rtas_nvram[] = {
    {RTAS_NVRAM_FETCH, "nvram-fetch", rtas_nvram_fetch, 3, 2},
    {RTAS_NVRAM_STORE, "nvram-store", rtas_nvram_store, 3, 2},
    {0},
};
