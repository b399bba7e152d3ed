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
        VMSTATE_END_OF_LIST(),
    },
};
