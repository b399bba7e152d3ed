/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's interrupt controller: XICS, XIVE exploitation mode, or both with the guest choosing
 * at client-architecture-support (ic-mode).  Interrupt numbers are one space; each number has one
 * line, which goes to the controller that is active.
 */
#include <libfdt.h>
#include "spapr-internal.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "system/runtime.h"
#include "util/error.h"

static XicsState *xics_of(SpaprMachine *spapr)
{
    return (XicsState *)spapr->xics;
}

static XiveState *xive_of(SpaprMachine *spapr)
{
    return (XiveState *)spapr->xive;
}

static void source_line(void *opaque, int n, int level)
{
    SpaprMachine *spapr = opaque;
    uint32_t number = SPAPR_XIRQ_BASE + n;

    if (spapr->active_ic) {
        xive_set_source(xive_of(spapr), number, level);
    } else {
        xics_set_source(xics_of(spapr), number, level);
    }
}

/* A machine with both controllers takes the state of a machine with one; that of the other is as
 * after a reset. */
static void explain_sections(SpaprMachine *spapr)
{
    static const struct { const char *name; SpaprIcMode lacking; const char *hint; } sections[] = {
        {"ics", SPAPR_IC_XIVE, "; start with the source's -machine ic-mode=, xics or dual"},
        {"icp/server", SPAPR_IC_XIVE, "; start with the source's -machine ic-mode=, xics or dual"},
        {"xive-source", SPAPR_IC_XICS, "; start with the source's -machine ic-mode=, xive or dual"},
        {"spapr-xive", SPAPR_IC_XICS, "; start with the source's -machine ic-mode=, xive or dual"},
        {"xive-tctx", SPAPR_IC_XICS, "; start with the source's -machine ic-mode=, xive or dual"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++) {
        if (spapr->ic_mode == sections[i].lacking) {
            state_registry_explain(runtime_state_registry(), sections[i].name, sections[i].hint);
        } else if (spapr->ic_mode == SPAPR_IC_DUAL) {
            state_registry_make_optional(runtime_state_registry(), sections[i].name);
        }
    }
}

void spapr_irq_init(SpaprMachine *spapr, GError **errp)
{
    spapr->irq_lines = g_ptr_array_new();
    spapr->active_ic = spapr->ic_mode == SPAPR_IC_XIVE;
    explain_sections(spapr);
    for (unsigned i = 0; i < SPAPR_NR_XIRQS; i++) {
        g_ptr_array_add(spapr->irq_lines, irq_new(source_line, spapr, i));
    }
    if (spapr->ic_mode != SPAPR_IC_XIVE) {
        spapr->xics = (DeviceState *)xics_create(spapr_n_servers(spapr), SPAPR_XIRQ_BASE,
                                                 SPAPR_NR_XIRQS, errp);
        if (!spapr->xics) {
            return;
        }
    }
    if (spapr->ic_mode != SPAPR_IC_XICS) {
        XiveState *xive = xive_create(spapr_n_servers(spapr), SPAPR_XIRQ_BASE + SPAPR_NR_XIRQS,
                                      get_system_memory(), address_space_memory(), errp);

        if (!xive) {
            return;
        }
        spapr->xive = (DeviceState *)xive;
        for (unsigned i = 0; i < MIN(spapr_n_servers(spapr), SPAPR_XIRQ_BASE); i++) {
            xive_claim(xive, SPAPR_IRQ_IPI + i, false);
        }
    }
}

bool spapr_irq_register_cpu(SpaprMachine *spapr, PowerPCCPU *cpu, GError **errp)
{
    uint32_t instance = (uint32_t)cpu->parent.cpu_index;

    return (!spapr->xics || xics_register_server(xics_of(spapr), cpu->vcpu_id, instance, errp)) &&
           (!spapr->xive || xive_register_server(xive_of(spapr), cpu->vcpu_id, instance, errp));
}

bool spapr_irq_claim(SpaprMachine *spapr, uint32_t number, bool lsi, GError **errp)
{
    if (!spapr_irq_line(spapr, number)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "IRQ %u is out of range", number);
        return false;
    }
    if ((spapr->xics && xics_claimed(xics_of(spapr), number)) ||
        (spapr->xive && xive_claimed(xive_of(spapr), number))) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "IRQ %u is not free", number);
        return false;
    }
    if (spapr->xics) {
        xics_claim(xics_of(spapr), number, lsi);
    }
    if (spapr->xive) {
        xive_claim(xive_of(spapr), number, lsi);
    }
    return true;
}

void spapr_irq_release(SpaprMachine *spapr, uint32_t number)
{
    if (spapr->xics) {
        xics_free(xics_of(spapr), number);
    }
    if (spapr->xive) {
        xive_free(xive_of(spapr), number);
    }
}

IRQLine *spapr_irq_line(SpaprMachine *spapr, uint32_t number)
{
    return number >= SPAPR_XIRQ_BASE && number - SPAPR_XIRQ_BASE < SPAPR_NR_XIRQS
               ? g_ptr_array_index(spapr->irq_lines, number - SPAPR_XIRQ_BASE)
               : NULL;
}

/* External interrupt input of a processor. */
static void cpu_line(void *opaque, int n, int level)
{
    ppc_set_interrupt(opaque, PPC_INTERRUPT_EXT, level);
}

void spapr_irq_cpu_init(SpaprMachine *spapr, PowerPCCPU *cpu, GError **errp)
{
    SpaprCpuState *state = spapr_cpu_state(cpu);

    state->ext_irq = irq_new(cpu_line, cpu, 0);
    if (spapr->xics) {
        xics_connect_cpu(xics_of(spapr), cpu->vcpu_id, state->ext_irq);
    }
    if (spapr->xive) {
        xive_connect_cpu(xive_of(spapr), cpu->vcpu_id, &cpu->parent, state->ext_irq);
    }
}

static void set_active(SpaprMachine *spapr, bool xive)
{
    spapr->active_ic = xive;
    if (spapr->xive) {
        xive_set_mapped(xive_of(spapr), xive);
    }
    if (spapr->xics) {
        xics_set_active(xics_of(spapr), !xive);
    }
}

void spapr_irq_select(SpaprMachine *spapr, bool xive)
{
    uint8_t wanted = xive ? 1 : 0;

    if (spapr->active_ic == wanted) {
        return;
    }
    /* The one that goes quiet must not leave a processor's input asserted. */
    if (wanted) {
        xics_reset(xics_of(spapr));
    } else {
        xive_reset(xive_of(spapr));
    }
    set_active(spapr, xive);
}

void spapr_irq_reset(SpaprMachine *spapr)
{
    if (spapr->xics) {
        xics_reset(xics_of(spapr));
    }
    if (spapr->xive) {
        xive_reset(xive_of(spapr));
    }
    set_active(spapr, spapr->ic_mode == SPAPR_IC_XIVE);
}

/* The guest chose at client-architecture-support; before that a machine with both has XICS. */
bool spapr_irq_post_load(SpaprMachine *spapr, GError **errp)
{
    bool xive = spapr->ic_mode == SPAPR_IC_XIVE ||
                (spapr->ic_mode == SPAPR_IC_DUAL && ovec_test(&spapr->ov5_cas, OV5_XIVE_EXPLOIT));

    if (spapr->cas_done && xive != ovec_test(&spapr->ov5_cas, OV5_XIVE_EXPLOIT)) {
        g_set_error(
            errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
            "spapr: the guest of the stream uses %s, which this machine lacks; start with -machine "
            "ic-mode=dual",
            xive ? "XICS" : "XIVE");
        return false;
    }
    set_active(spapr, xive);
    if (spapr->xics) {
        xics_load_complete(xics_of(spapr));
    }
    /* Both controllers have set the processors' inputs while they were loaded: the one in use is
     * right. */
    if (xive) {
        xive_drive_outputs(xive_of(spapr));
    } else {
        xics_drive_outputs(xics_of(spapr));
    }
    return true;
}

void spapr_irq_print(SpaprMachine *spapr, GString *out)
{
    if (spapr->active_ic) {
        xive_print(xive_of(spapr), out);
    } else {
        xics_print(xics_of(spapr), out);
    }
}

static void xics_fdt(SpaprMachine *spapr, void *fdt, uint32_t phandle)
{
    int node = fdt_add_subnode(fdt, 0, "interrupt-controller");
    fdt32_t range[2] = {0, cpu_to_fdt32(spapr_n_servers(spapr))};

    spapr_fdt_note(fdt, node);
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, node, "device_type",
                                           "PowerPC-External-Interrupt-Presentation"));
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, node, "compatible", "IBM,ppc-xicp"));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "interrupt-controller", NULL, 0));
    spapr_fdt_note(fdt,
                   fdt_setprop(fdt, node, "ibm,interrupt-server-ranges", range, sizeof(range)));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "#interrupt-cells", 2));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "linux,phandle", phandle));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "phandle", phandle));
}

static void xive_fdt(SpaprMachine *spapr, void *fdt, uint32_t phandle)
{
    uint64_t user = XIVE_TM_BASE + ((uint64_t)XIVE_TM_USER_PAGE << XIVE_TM_SHIFT);
    uint64_t os = XIVE_TM_BASE + ((uint64_t)XIVE_TM_OS_PAGE << XIVE_TM_SHIFT);
    uint64_t page = 1ull << XIVE_TM_SHIFT;
    g_autofree char *name = g_strdup_printf("interrupt-controller@%" PRIx64, user);
    fdt64_t reg[4] = {cpu_to_fdt64(user), cpu_to_fdt64(page), cpu_to_fdt64(os), cpu_to_fdt64(page)};
    fdt32_t sizes[4] = {cpu_to_fdt32(12), cpu_to_fdt32(16), cpu_to_fdt32(21), cpu_to_fdt32(24)};
    fdt32_t ranges[2] = {cpu_to_fdt32(SPAPR_IRQ_IPI), cpu_to_fdt32(spapr_n_servers(spapr))};
    /* Priority 7 is ours. */
    fdt32_t reserved[2] = {cpu_to_fdt32(7), cpu_to_fdt32(0xf8)};
    int node = fdt_add_subnode(fdt, 0, name);

    spapr_fdt_note(fdt, node);
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, node, "device_type", "power-ivpe"));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "reg", reg, sizeof(reg)));
    spapr_fdt_note(fdt, fdt_setprop_string(fdt, node, "compatible", "ibm,power-ivpe"));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "ibm,xive-eq-sizes", sizes, sizeof(sizes)));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "ibm,xive-lisn-ranges", ranges, sizeof(ranges)));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "#interrupt-cells", 2));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "linux,phandle", phandle));
    spapr_fdt_note(fdt, fdt_setprop_cell(fdt, node, "phandle", phandle));
    spapr_fdt_note(fdt, fdt_setprop(fdt, node, "interrupt-controller", NULL, 0));
    spapr_fdt_note(fdt,
                   fdt_setprop(fdt, 0, "ibm,plat-res-int-priorities", reserved, sizeof(reserved)));
}

void spapr_irq_fdt(SpaprMachine *spapr, void *fdt, uint32_t phandle)
{
    if (spapr->active_ic) {
        xive_fdt(spapr, fdt, phandle);
    } else {
        xics_fdt(spapr, fdt, phandle);
    }
}
