/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of the sPAPR machine itself.  The devices (interrupt controllers, terminals, NVRAM) and the
 * processors have sections of their own; the hash page table travels as its own large section with the
 * RAM, since it is iterated.
 */
#include <libfdt.h>
#include "spapr-internal.h"
#include "migration/vmstate.h"
#include "util/error.h"

static const VMStateDescription vmstate_claim = {
    .name = "spapr/claim",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(start, SpaprClaim),
        VMSTATE_UINT64(size, SpaprClaim),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprClaim),
};

static const VMStateDescription vmstate_instance = {
    .name = "spapr/instance",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(ihandle, SpaprClientInstance),
        VMSTATE_STRING(path, SpaprClientInstance, 0),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprClientInstance),
};

static const VMStateDescription vmstate_event = {
    .name = "spapr/event",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(summary, SpaprEvent),
        VMSTATE_UINT32(size, SpaprEvent),
        VMSTATE_VBUFFER_ALLOC_UINT32(extended, SpaprEvent, 0, NULL, size),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprEvent),
};

const VMStateDescription vmstate_spapr_cpu = {
    .name = "spapr_cpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(vpa_addr, SpaprCpuState),
        VMSTATE_UINT64(slb_shadow_addr, SpaprCpuState),
        VMSTATE_UINT64(slb_shadow_size, SpaprCpuState),
        VMSTATE_UINT64(dtl_addr, SpaprCpuState),
        VMSTATE_UINT64(dtl_size, SpaprCpuState),
        VMSTATE_BOOL(prod, SpaprCpuState),
        VMSTATE_END_OF_LIST(),
    },
    .host_only = VMSTATE_NAMES("ext_irq"),
    VMSTATE_STRUCT_AUDIT(SpaprCpuState),
};

static const VMStateDescription vmstate_option_vector = {
    .name = "spapr/option_vector",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(bytes, SpaprOptionVector),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(SpaprOptionVector),
};

static bool spapr_post_load(void *opaque, int version, GError **errp)
{
    SpaprMachine *spapr = opaque;

    if (spapr->active_ic > 1 || (spapr->active_ic ? !spapr->xive : !spapr->xics)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr: the stream uses an interrupt mode this machine lacks; change ic-mode");
        return false;
    }
    if (spapr->fdt_size && (!spapr->fdt || fdt_check_full(spapr->fdt, spapr->fdt_size))) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "spapr: the device tree is damaged");
        return false;
    }
    if (spapr->client.active && !spapr->fdt) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr: the client interface is in use, but there is no device tree");
        return false;
    }
    spapr_irq_post_load(spapr);
    return true;
}

const VMStateDescription vmstate_spapr = {
    .name = "spapr",
    .version_id = 3,
    .minimum_version_id = 3,
    .post_load = spapr_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(patb_entry, SpaprMachine),
        VMSTATE_STRUCT(ov5_cas, SpaprMachine, 0, vmstate_option_vector, SpaprOptionVector),
        VMSTATE_BOOL(cas_done, SpaprMachine),
        VMSTATE_INT64(rtc_offset_ns, SpaprMachine),
        VMSTATE_BOOL(fwnmi_registered, SpaprMachine),
        VMSTATE_UINT64(fwnmi_sreset_addr, SpaprMachine),
        VMSTATE_UINT64(fwnmi_mce_addr, SpaprMachine),
        VMSTATE_INT32(fwnmi_interlock_cpu, SpaprMachine),
        VMSTATE_UINT32(fdt_initial_size, SpaprMachine),
        VMSTATE_UINT8(active_ic, SpaprMachine),
        VMSTATE_BOOL(client.active, SpaprMachine),
        VMSTATE_BOOL(client.quiesced, SpaprMachine),
        VMSTATE_UINT32(client.next_ihandle, SpaprMachine),
        VMSTATE_UINT64(client.top_address, SpaprMachine),
        VMSTATE_UINT32(client.entry, SpaprMachine),
        VMSTATE_STRUCT_ARRAY(watchdogs, SpaprMachine, SPAPR_N_WATCHDOGS, 0, vmstate_spapr_watchdog,
                             SpaprWatchdog),
        VMSTATE_GARRAY_STRUCT(client.claims, SpaprMachine, 0, vmstate_claim, SpaprClaim),
        VMSTATE_GARRAY_STRUCT(client.instances, SpaprMachine, 0, vmstate_instance, SpaprClientInstance),
        VMSTATE_GARRAY_STRUCT(events, SpaprMachine, 0, vmstate_event, SpaprEvent),
        VMSTATE_UINT32(fdt_size, SpaprMachine),
        VMSTATE_VBUFFER_ALLOC_UINT32(fdt, SpaprMachine, 0, NULL, fdt_size),
        VMSTATE_END_OF_LIST(),
    },
    /* The hash page table and the one being prepared travel with RAM. */
    .host_only = VMSTATE_NAMES("irq_lines", "cpus", "hcall_table", "xics", "xive", "vio", "htab_shift", "htab",
                               "hpt", "pending_htab", "pending_htab_shift"),
    .immutable = VMSTATE_NAMES("parent", "version", "cap_cmdline", "cap_cmdline_set", "caps", "ic_mode_set",
                               "ic_mode", "max_cpu_compat_name", "max_compat_pvr", "host_model",
                               "host_serial", "vof_option", "resize_hpt", "vof", "resize_hpt_enabled",
                               "kernel_addr_option", "rma_size", "kernel_addr", "kernel_size",
                               "kernel_entry", "initrd_base", "initrd_size", "kernel_le", "kernel_32bit", "dtb",
                               "firmware_size", "ov5", "use_hotplug_event_source", "fdt_addr"),
    VMSTATE_STRUCT_AUDIT(SpaprMachine),
};
