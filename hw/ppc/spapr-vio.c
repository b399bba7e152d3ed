/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's side of the virtual I/O bus: interrupts, device-tree nodes, terminal and NVRAM calls.
 * LoPAR 16.3.1 (terminals), 7.3.1 (NVRAM), appendix B.
 */
#include <string.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-tokens.h"
#include "hw/char/spapr-vty.h"
#include "hw/nvram/spapr-nvram.h"
#include "util/error.h"

/* The unit address chooses the interrupt, so that it does not depend on the order of creation. */
static bool assign_irq(void *opaque, uint32_t reg, uint32_t *number, IRQLine **line, GError **errp)
{
    SpaprMachine *spapr = opaque;
    bool legacy = spapr->version->legacy_irq_allocation;
    uint32_t wanted = SPAPR_IRQ_VIO + (reg & 0xff);

    if (legacy || !spapr_irq_claim(spapr, wanted, false, NULL)) {
        /* A second unit address with the same low byte: the next free one.  Old versions gave numbers in
         * the order of creation, behind those of the two kinds of events. */
        for (wanted = legacy ? SPAPR_IRQ_HOTPLUG + 1 : SPAPR_IRQ_VIO; wanted < SPAPR_IRQ_PCI_LSI; wanted++) {
            if (spapr_irq_claim(spapr, wanted, false, NULL)) {
                break;
            }
        }
        if (wanted == SPAPR_IRQ_PCI_LSI) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED, "can't allocate a VIO interrupt");
            return false;
        }
    }
    *number = wanted;
    *line = spapr_irq_line(spapr, wanted);
    return true;
}

static const VioBusOps vio_ops = {.assign_irq = assign_irq};

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

/* Terminal 0, which no unit has, is the first one: code that has not read the device tree writes there. */
static VioDevice *called_vty(SpaprMachine *spapr, uint64_t termno)
{
    if (termno == 0) {
        return spapr_vty_default(spapr);
    }
    return termno <= UINT32_MAX ? spapr_vty_find(spapr, termno) : NULL;
}

static HCallResult h_put_term_char(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
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
    /* An operating system does other things meanwhile. Firmware, which runs in real mode, would drop the
     * characters (SLOF does): it comes again without knowing. */
    return cpu->env.msr & MSR_BIT(DR) ? H_BUSY : H_COME_AGAIN;
}

static HCallResult h_get_term_char(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
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

static HCallResult h_vio_signal(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    VioDevice *dev = args[0] <= UINT32_MAX ? vio_bus_find(spapr->vio, args[0]) : NULL;

    if (!dev || (args[1] & ~1ull)) {
        return H_PARAMETER;
    }
    vio_device_set_signals(dev, args[1]);
    return H_SUCCESS;
}

const SpaprHCall spapr_hcalls_vio[] = {
    {0x54, "H_GET_TERM_CHAR", h_get_term_char},
    {0x58, "H_PUT_TERM_CHAR", h_put_term_char},
    {0x104, "H_VIO_SIGNAL", h_vio_signal},
    {0},
};

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
