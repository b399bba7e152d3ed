/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of the sPAPR machine itself.  The devices (interrupt controllers, terminals, NVRAM,
 * bridges) and the processors have sections of their own; the hash page table travels as its own
 * large section with the RAM, since it is iterated.
 *
 * Sections: "spapr" (time base, negotiated options, capabilities, device tree, events),
 * "spapr/rtc", and "spapr_cpu" for each processor.  Names, order and widths are QEMU's; what QEMU's
 * machine lacks (the client interface of our firmware while it is in use, watchdogs) is in
 * subsections of our own.
 */
#include <libfdt.h>
#include <string.h>
#include "spapr-internal.h"
#include "hw/intc/xics.h"
#include "migration/vmstate.h"
#include "system/rtc.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"

/* ---- Option vector 5 as negotiated ---- */

/* 2048 bits in 64-bit words on the wire, bit n of the vector (byte 1's first is 0) being bit n
 * % 64. */
#define OV_WIRE_WORDS 32

static bool get_ovec(StateStream *s, void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    SpaprOptionVector v = {0};

    for (unsigned i = 0; i < OV_WIRE_WORDS; i++) {
        uint64_t word = state_get_be64(s);

        for (unsigned bit = 0; bit < 64; bit++) {
            unsigned n = i * 64 + bit;

            if (word >> bit & 1 && n / 8 + 1 < sizeof(v.bytes)) {
                ovec_set(&v, n / 8 + 1, n % 8);
            }
        }
    }
    if (state_stream_has_error(s)) {
        return false;
    }
    *(SpaprOptionVector *)pv = v;
    return true;
}

static bool put_ovec(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                     GError **errp)
{
    for (unsigned i = 0; i < OV_WIRE_WORDS; i++) {
        uint64_t word = 0;

        for (unsigned bit = 0; bit < 64; bit++) {
            unsigned n = i * 64 + bit;

            word |= (uint64_t)ovec_test(pv, n / 8 + 1, n % 8) << bit;
        }
        state_put_be64(s, word);
    }
    return true;
}

static const VMStateInfo vmstate_info_ovec = {"bitmap", get_ovec, put_ovec};

static const VMStateDescription vmstate_ov5_cas = {
    .name = "spapr_option_vector_ov5_cas",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_SINGLE(ov5_cas, SpaprMachine, 0, vmstate_info_ovec, SpaprOptionVector),
        VMSTATE_END_OF_LIST(),
    },
};

static bool patb_entry_needed(void *opaque)
{
    return ((SpaprMachine *)opaque)->patb_entry != 0;
}

static const VMStateDescription vmstate_patb_entry = {
    .name = "spapr_patb_entry",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = patb_entry_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(patb_entry, SpaprMachine),
        VMSTATE_END_OF_LIST(),
    },
};

/* ---- Events ---- */

static const VMStateDescription vmstate_event = {
    .name = "spapr_event_log_entry",
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

#define EVENTS_LIMIT 1024

/* A list on the wire: each entry after a byte 1, then a byte 0. */
static bool get_events(StateStream *s, void *pv, size_t size, const VMStateField *field,
                       GError **errp)
{
    GArray *events = *(GArray **)pv;

    g_array_set_size(events, 0);
    while (state_get_byte(s)) {
        SpaprEvent event = {0};

        if (events->len >= EVENTS_LIMIT ||
            !vmstate_load(s, &vmstate_event, &event, vmstate_event.version_id, errp)) {
            g_free(event.extended);
            return false;
        }
        g_array_append_val(events, event);
    }
    return !state_stream_has_error(s);
}

static bool put_events(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                       GError **errp)
{
    GArray *events = *(GArray *const *)pv;

    for (guint i = 0; i < events->len; i++) {
        state_put_byte(s, 1);
        if (!vmstate_save(s, &vmstate_event, &g_array_index(events, SpaprEvent, i), errp)) {
            return false;
        }
    }
    state_put_byte(s, 0);
    return true;
}

static const VMStateInfo vmstate_info_events = {"qtailq", get_events, put_events};

static bool events_needed(void *opaque)
{
    return ((SpaprMachine *)opaque)->events->len != 0;
}

static const VMStateDescription vmstate_events = {
    .name = "spapr_pending_events",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = events_needed,
    .fields = (const VMStateField[]){
        VMSTATE_SINGLE(events, SpaprMachine, 0, vmstate_info_events, GArray *),
        VMSTATE_END_OF_LIST(),
    },
    .parts = VMSTATE_SUBSECTIONS(&vmstate_event),
};

/* ---- Device tree, firmware-assisted NMI ---- */

static bool dtb_needed(void *opaque)
{
    return ((SpaprMachine *)opaque)->fdt != NULL;
}

static const VMStateDescription vmstate_dtb = {
    .name = "spapr_dtb",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = dtb_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(fdt_initial_size, SpaprMachine),
        VMSTATE_UINT32(fdt_size, SpaprMachine),
        VMSTATE_VBUFFER_ALLOC_UINT32(fdt, SpaprMachine, 0, NULL, fdt_size),
        VMSTATE_END_OF_LIST(),
    },
};

static bool fwnmi_needed(void *opaque)
{
    return ((SpaprMachine *)opaque)->fwnmi_registered;
}

static bool fwnmi_post_load(void *opaque, int version, GError **errp)
{
    ((SpaprMachine *)opaque)->fwnmi_registered = true;
    return true;
}

static const VMStateDescription vmstate_fwnmi = {
    .name = "spapr_fwnmi",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = fwnmi_needed,
    .post_load = fwnmi_post_load,
    .derived = VMSTATE_NAMES("fwnmi_registered"),
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(fwnmi_sreset_addr, SpaprMachine),
        VMSTATE_UINT64(fwnmi_mce_addr, SpaprMachine),
        VMSTATE_INT32(fwnmi_interlock_cpu, SpaprMachine),
        VMSTATE_END_OF_LIST(),
    },
};

/* ---- Ours: the client interface in use, watchdogs ---- */

static bool client_needed(void *opaque)
{
    return vmstate_wire_is_own() && client_in_use(&((SpaprMachine *)opaque)->client);
}

static bool client_post_load(void *opaque, int version, GError **errp)
{
    SpaprMachine *spapr = opaque;

    if (spapr->client.active && !spapr->fdt) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr: the client interface is in use, but there is no device tree");
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_spapr_client = {
    .name = "spapr/client",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = client_needed,
    .post_load = client_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(client, SpaprMachine, 0, vmstate_client, Client),
        VMSTATE_END_OF_LIST(),
    },
};

static bool watchdogs_needed(void *opaque)
{
    SpaprMachine *spapr = opaque;
    bool any = false;

    for (unsigned i = 0; i < SPAPR_N_WATCHDOGS; i++) {
        any = any || timer_pending(&spapr->watchdogs[i].timer);
    }
    return any && vmstate_wire_is_own();
}

static const VMStateDescription vmstate_watchdogs = {
    .name = "spapr/watchdogs",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = watchdogs_needed,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT_ARRAY(watchdogs, SpaprMachine, SPAPR_N_WATCHDOGS, 0, vmstate_spapr_watchdog,
                             SpaprWatchdog),
        VMSTATE_END_OF_LIST(),
    },
};

/* ---- The machine ---- */

static bool spapr_pre_save(void *opaque, GError **errp)
{
    SpaprMachine *spapr = opaque;

    if (!vmstate_wire_is_own() && client_in_use(&spapr->client)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_SUPPORTED,
                    "spapr: the guest still uses the built-in firmware, which QEMU does not have; "
                    "wait until "
                    "its kernel runs, or start it with -bios");
        return false;
    }
    spapr_time_to_wire(spapr);
    return true;
}

static bool spapr_pre_load(void *opaque, GError **errp)
{
    SpaprMachine *spapr = opaque;

    /* What subsections that may be missing would set. */
    memset(&spapr->ov5_cas, 0, sizeof(spapr->ov5_cas));
    spapr->patb_entry = 0;
    g_array_set_size(spapr->events, 0);
    spapr->wire_caps = spapr->default_caps;
    /* QEMU 7.2's default is workaround, 10.0's broken: that it is missing says nothing. */
    spapr->wire_caps.value[SPAPR_CAP_SBBC] = spapr->caps.value[SPAPR_CAP_SBBC];
    g_clear_pointer(&spapr->fdt, g_free);
    spapr->fdt_size = spapr->fdt_initial_size = 0;
    spapr->fwnmi_registered = false;
    spapr->fwnmi_sreset_addr = spapr->fwnmi_mce_addr = 0;
    spapr->fwnmi_interlock_cpu = -1;
    spapr->client.active = spapr->client.quiesced = false;
    spapr_watchdog_reset(spapr);
    return true;
}

static bool spapr_post_load(void *opaque, int version, GError **errp)
{
    static const SpaprOptionVector none;
    SpaprMachine *spapr = opaque;

    if (!spapr_caps_post_load(spapr, errp)) {
        return false;
    }
    if (spapr->fdt_size && (!spapr->fdt || fdt_check_full(spapr->fdt, spapr->fdt_size))) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr: the device tree is damaged");
        return false;
    }
    spapr->cas_done = memcmp(&spapr->ov5_cas, &none, sizeof(none)) != 0;
    if (!spapr_irq_post_load(spapr, errp)) {
        return false;
    }
    spapr_time_from_wire(spapr);
    return true;
}

const VMStateDescription vmstate_spapr = {
    .name = "spapr",
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_load = spapr_pre_load,
    .post_load = spapr_post_load,
    .pre_save = spapr_pre_save,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT64(tb.guest_timebase, SpaprMachine),
            VMSTATE_INT64(tb.time_of_day_ns, SpaprMachine),
            VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(
        &vmstate_ov5_cas, &vmstate_patb_entry, &vmstate_events, &vmstate_spapr_caps[SPAPR_CAP_HTM],
        &vmstate_spapr_caps[SPAPR_CAP_VSX], &vmstate_spapr_caps[SPAPR_CAP_DFP],
        &vmstate_spapr_caps[SPAPR_CAP_CFPC], &vmstate_spapr_caps[SPAPR_CAP_SBBC],
        &vmstate_spapr_caps[SPAPR_CAP_IBS], &vmstate_spapr_caps[SPAPR_CAP_HPT_MAXPAGESIZE],
        &vmstate_spapr_caps[SPAPR_CAP_NESTED_KVM_HV], &vmstate_dtb,
        &vmstate_spapr_caps[SPAPR_CAP_LARGE_DECREMENTER], &vmstate_spapr_caps[SPAPR_CAP_CCF_ASSIST],
        &vmstate_spapr_caps[SPAPR_CAP_FWNMI], &vmstate_fwnmi,
        &vmstate_spapr_caps[SPAPR_CAP_RPT_INVALIDATE], &vmstate_spapr_caps[SPAPR_CAP_AIL_MODE_3],
        &vmstate_spapr_client, &vmstate_watchdogs),
    .derived = VMSTATE_NAMES("cas_done", "active_ic", "tb_left_ns"),
    /* The hash page table is the section "spapr/htab", which sets all three. */
    .elsewhere = VMSTATE_NAMES("cpus", "xics", "xive", "vio", "htab_shift", "htab", "hpt", "phbs",
                               "tce_tables"),
    /* A table that H_RESIZE_HPT_PREPARE made is empty; to commit one that is gone ends with
       H_CLOSED. */
    .host_only =
        VMSTATE_NAMES("irq_lines", "resume", "hcall_table", "pending_htab", "pending_htab_shift"),
    .immutable = VMSTATE_NAMES(
        "version", "cap_cmdline", "cap_cmdline_set", "default_caps", "caps", "ic_mode_set",
        "ic_mode", "max_cpu_compat_name", "max_compat_pvr", "host_model", "host_serial",
        "vof_option", "resize_hpt", "vof", "resize_hpt_enabled", "kernel_addr_option", "rma_size",
        "kernel_addr", "kernel_size", "kernel_entry", "initrd_base", "initrd_size", "kernel_le",
        "kernel_32bit", "dtb", "firmware_size", "ov5", "use_hotplug_event_source", "fdt_addr"),
    VMSTATE_STRUCT_AUDIT(SpaprMachine),
};

/* ---- The clock ---- */

/* On the wire: the guest's time of day less what the clock that counts it shows (-rtc clock=). */
static bool rtc_pre_save(void *opaque, GError **errp)
{
    SpaprMachine *spapr = opaque;

    spapr->rtc_wire_ns = spapr->rtc_offset_ns + rtc_reference_ns();
    return true;
}

static bool rtc_post_load(void *opaque, int version, GError **errp)
{
    SpaprMachine *spapr = opaque;

    spapr->rtc_offset_ns = (int64_t)((uint64_t)spapr->rtc_wire_ns - (uint64_t)rtc_reference_ns());
    return true;
}

const VMStateDescription vmstate_spapr_rtc = {
    .name = "spapr/rtc",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = rtc_pre_save,
    .post_load = rtc_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_INT64(rtc_wire_ns, SpaprMachine),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("rtc_offset_ns"),
    VMSTATE_STRUCT_AUDIT(SpaprMachine),
};

/* ---- Processors ---- */

static bool slb_shadow_needed(void *opaque)
{
    return ((SpaprCpuState *)opaque)->slb_shadow_addr != 0;
}

static const VMStateDescription vmstate_slb_shadow = {
    .name = "spapr_cpu/vpa/slb_shadow",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = slb_shadow_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(slb_shadow_addr, SpaprCpuState),
        VMSTATE_UINT64(slb_shadow_size, SpaprCpuState),
        VMSTATE_END_OF_LIST(),
    },
};

static bool dtl_needed(void *opaque)
{
    return ((SpaprCpuState *)opaque)->dtl_addr != 0;
}

static const VMStateDescription vmstate_dtl = {
    .name = "spapr_cpu/vpa/dtl",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = dtl_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(dtl_addr, SpaprCpuState),
        VMSTATE_UINT64(dtl_size, SpaprCpuState),
        VMSTATE_END_OF_LIST(),
    },
};

static bool vpa_needed(void *opaque)
{
    return ((SpaprCpuState *)opaque)->vpa_addr != 0;
}

static const VMStateDescription vmstate_vpa = {
    .name = "spapr_cpu/vpa",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = vpa_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(vpa_addr, SpaprCpuState),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_slb_shadow, &vmstate_dtl),
};

static bool prod_needed(void *opaque)
{
    return vmstate_wire_is_own() && ((SpaprCpuState *)opaque)->prod;
}

/* Ours: an H_PROD that no H_CEDE has used up. */
static const VMStateDescription vmstate_prod = {
    .name = "spapr_cpu/prod",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = prod_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(prod, SpaprCpuState),
        VMSTATE_END_OF_LIST(),
    },
};

static bool spapr_cpu_pre_load(void *opaque, GError **errp)
{
    SpaprCpuState *state = opaque;

    state->vpa_addr = 0;
    state->slb_shadow_addr = state->slb_shadow_size = 0;
    state->dtl_addr = state->dtl_size = 0;
    state->prod = false;
    return true;
}

const VMStateDescription vmstate_spapr_cpu = {
    .name = "spapr_cpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = spapr_cpu_pre_load,
    .fields = (const VMStateField[]){VMSTATE_END_OF_LIST()},
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_vpa, &vmstate_prod),
    .host_only = VMSTATE_NAMES("ext_irq", "starting"),
    VMSTATE_STRUCT_AUDIT(SpaprCpuState),
};
