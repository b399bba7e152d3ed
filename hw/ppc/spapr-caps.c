/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sPAPR capabilities: what the platform promises its guest, fixed for the life of a guest and
 * therefore part of a machine version's row.  Names, values and order are QEMU's (`-M
 * pseries,cap-…=`).
 */
#include <string.h>
#include "spapr-internal.h"
#include "system/runtime.h"
#include "util/error.h"
#include "util/cutils.h"

static const char *const choices_bool[] = {"off", "on", NULL};
static const char *const choices_cfpc[] = {"broken", "workaround", "fixed", NULL};
static const char *const choices_ibs[] = {"broken", "workaround", "fixed-ibs", "fixed-ccd",
                                          "?",      "?",          "?",         "?",
                                          "?",      "?",          "fixed-na",  NULL};

const SpaprCapInfo spapr_cap_info[SPAPR_CAP_COUNT] = {
    [SPAPR_CAP_HTM] = {"htm", "Allow Hardware Transactional Memory (HTM)", SPAPR_CAP_KIND_BOOL,
                       choices_bool},
    [SPAPR_CAP_VSX] = {"vsx", "Allow Vector Scalar Extensions (VSX)", SPAPR_CAP_KIND_BOOL,
                       choices_bool},
    [SPAPR_CAP_DFP] = {"dfp", "Allow Decimal Floating Point (DFP)", SPAPR_CAP_KIND_BOOL,
                       choices_bool},
    [SPAPR_CAP_CFPC] = {"cfpc", "Cache Flush on Privilege Change", SPAPR_CAP_KIND_CHOICE,
                        choices_cfpc},
    [SPAPR_CAP_SBBC] = {"sbbc", "Speculation Barrier Bounds Checking", SPAPR_CAP_KIND_CHOICE,
                        choices_cfpc},
    [SPAPR_CAP_IBS] = {"ibs", "Indirect Branch Speculation", SPAPR_CAP_KIND_CHOICE, choices_ibs},
    [SPAPR_CAP_HPT_MAXPAGESIZE] = {"hpt-max-page-size",
                                   "Maximum page size for Hash Page Table guests",
                                   SPAPR_CAP_KIND_PAGESHIFT, NULL},
    [SPAPR_CAP_NESTED_KVM_HV] = {"nested-hv", "Allow Nested KVM-HV", SPAPR_CAP_KIND_BOOL,
                                 choices_bool},
    [SPAPR_CAP_LARGE_DECREMENTER] = {"large-decr", "Allow Large Decrementer", SPAPR_CAP_KIND_BOOL,
                                     choices_bool},
    [SPAPR_CAP_CCF_ASSIST] = {"ccf-assist", "Count Cache Flush Assist via HW Instruction",
                              SPAPR_CAP_KIND_BOOL, choices_bool},
    [SPAPR_CAP_FWNMI] = {"fwnmi", "Implements PAPR FWNMI option", SPAPR_CAP_KIND_BOOL,
                         choices_bool},
    [SPAPR_CAP_RPT_INVALIDATE] = {"rpt-invalidate", "Allow H_RPT_INVALIDATE", SPAPR_CAP_KIND_BOOL,
                                  choices_bool},
    [SPAPR_CAP_AIL_MODE_3] = {"ail-mode-3", "Alternate Interrupt Location (AIL) mode 3 support",
                              SPAPR_CAP_KIND_BOOL, choices_bool},
};

static bool parse_choice(const SpaprCapInfo *info, const char *value, uint8_t *out)
{
    for (unsigned i = 0; info->choices[i]; i++) {
        if (!strcmp(info->choices[i], value) && strcmp(value, "?")) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool parse_switch(const char *value, uint8_t *out)
{
    if (!strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true")) {
        *out = SPAPR_CAP_ON;
    } else if (!strcmp(value, "off") || !strcmp(value, "no") || !strcmp(value, "false")) {
        *out = SPAPR_CAP_OFF;
    } else {
        return false;
    }
    return true;
}

bool spapr_cap_set(SpaprMachine *spapr, const char *name, const char *value, GError **errp)
{
    for (unsigned cap = 0; cap < SPAPR_CAP_COUNT; cap++) {
        const SpaprCapInfo *info = &spapr_cap_info[cap];
        uint64_t size;
        bool good;

        if (strcmp(info->name, name)) {
            continue;
        }
        switch (info->kind) {
        case SPAPR_CAP_KIND_BOOL:
            good = parse_switch(value, &spapr->cap_cmdline.value[cap]);
            break;
        case SPAPR_CAP_KIND_CHOICE:
            good = parse_choice(info, value, &spapr->cap_cmdline.value[cap]);
            break;
        default:
            good = parse_size(value, 'B', &size, NULL) && size >= 4096 && size < (1ull << 40) &&
                   !(size & (size - 1));
            if (good) {
                spapr->cap_cmdline.value[cap] = __builtin_ctzll(size);
            }
        }
        if (!good) {
            g_autofree char *list = info->choices ? g_strjoinv(", ", (char **)info->choices)
                                                  : g_strdup("a page size such as 64K or 16M");

            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "Invalid value \"%s\" for cap-%s (%s)", value, name, list);
            return false;
        }
        spapr->cap_cmdline_set.value[cap] = 1;
        return true;
    }
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "Property 'cap-%s' not found", name);
    return false;
}

static bool refuse(GError **errp, const char *cap, const char *why)
{
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                "%s, try appending -machine cap-%s=off", why, cap);
    return false;
}

bool spapr_caps_apply(SpaprMachine *spapr, GError **errp)
{
    PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, 0);
    uint32_t insns = cpu->model->insns;
    SpaprCaps caps = spapr->version->default_caps;
    bool isa_300 =
        (insns & ISA_3_00) && ppc_check_compat(cpu, 0x0f000005, 0, spapr->max_compat_pvr);

    /* Defaults bend to the CPU: a model without a facility cannot be promised to have it. */
    if (!isa_300) {
        caps.value[SPAPR_CAP_LARGE_DECREMENTER] = SPAPR_CAP_OFF;
    }
    if (!(insns & ISA_2_07)) {
        caps.value[SPAPR_CAP_HTM] = SPAPR_CAP_OFF;
        caps.value[SPAPR_CAP_CFPC] = SPAPR_CAP_BROKEN;
        caps.value[SPAPR_CAP_AIL_MODE_3] = SPAPR_CAP_OFF;
    }
    if (!(insns & ISA_2_06)) {
        caps.value[SPAPR_CAP_SBBC] = SPAPR_CAP_BROKEN;
        caps.value[SPAPR_CAP_IBS] = SPAPR_CAP_BROKEN;
    }
    if (!(insns & ISA_VSX)) {
        caps.value[SPAPR_CAP_VSX] = SPAPR_CAP_OFF;
    }
    if (!(insns & ISA_DFP)) {
        caps.value[SPAPR_CAP_DFP] = SPAPR_CAP_OFF;
    }
    spapr->default_caps = caps;
    for (unsigned i = 0; i < SPAPR_CAP_COUNT; i++) {
        if (spapr->cap_cmdline_set.value[i]) {
            caps.value[i] = spapr->cap_cmdline.value[i];
        }
    }
    if (caps.value[SPAPR_CAP_HTM]) {
        return refuse(errp, "htm", "No Transactional Memory support in this emulator");
    }
    if (caps.value[SPAPR_CAP_NESTED_KVM_HV]) {
        return refuse(errp, "nested-hv", "No nested virtualization support in this emulator");
    }
    if (caps.value[SPAPR_CAP_RPT_INVALIDATE]) {
        return refuse(errp, "rpt-invalidate", "No H_RPT_INVALIDATE support in this emulator");
    }
    if (caps.value[SPAPR_CAP_VSX] && !(insns & ISA_VSX)) {
        return refuse(errp, "vsx", "VSX support not available on this CPU");
    }
    if (caps.value[SPAPR_CAP_DFP] && !(insns & ISA_DFP)) {
        return refuse(errp, "dfp", "DFP support not available on this CPU");
    }
    if (caps.value[SPAPR_CAP_LARGE_DECREMENTER] && !isa_300) {
        return refuse(errp, "large-decr", "Large decrementer only supported on POWER9");
    }
    if (caps.value[SPAPR_CAP_HPT_MAXPAGESIZE] < 12) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "Require at least 4kiB pages (%u)", caps.value[SPAPR_CAP_HPT_MAXPAGESIZE]);
        return false;
    }
    spapr->caps = caps;
    return true;
}

char *spapr_cap_text(const SpaprMachine *spapr, const char *name)
{
    for (unsigned cap = 0; cap < SPAPR_CAP_COUNT; cap++) {
        const SpaprCapInfo *info = &spapr_cap_info[cap];
        uint8_t value = spapr->cap_cmdline_set.value[cap] ? spapr->cap_cmdline.value[cap]
                                                         : spapr->caps.value[cap];

        if (!strcmp(info->name, name)) {
            return info->choices ? g_strdup(info->choices[value])
                                 : g_strdup_printf("%" PRIu64, (uint64_t)1 << value);
        }
    }
    return NULL;
}

/* A value as the option has it. */
static char *cap_value_text(const SpaprCapInfo *info, uint8_t value)
{
    unsigned n = info->choices ? g_strv_length((char **)info->choices) : 0;

    return info->choices ? g_strdup(value < n ? info->choices[value] : "?")
                         : g_strdup_printf("%" PRIu64, (uint64_t)1 << MIN(value, 63));
}

/* ---- State ---- */

bool spapr_caps_post_load(SpaprMachine *spapr, GError **errp)
{
    for (unsigned i = 0; i < SPAPR_CAP_COUNT; i++) {
        const SpaprCapInfo *info = &spapr_cap_info[i];
        g_autofree char *source = cap_value_text(info, spapr->wire_caps.value[i]);
        g_autofree char *ours = cap_value_text(info, spapr->caps.value[i]);

        if (spapr->wire_caps.value[i] > spapr->caps.value[i]) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "cap-%s is %s at the source, here only %s; start with -machine cap-%s=%s",
                        info->name, source, ours, info->name, source);
            return false;
        }
        if (spapr->wire_caps.value[i] < spapr->caps.value[i]) {
            warn_report("cap-%s is lower at the source (%s) than here (%s)", info->name, source,
                        ours);
        }
    }
    return true;
}

static bool cap_needed(const SpaprMachine *spapr, SpaprCap cap)
{
    uint8_t ordinary = spapr->default_caps.value[cap];

    if (cap == SPAPR_CAP_SBBC && vmstate_wire() != VMSTATE_WIRE_QEMU_7_2) {
        ordinary = SPAPR_CAP_BROKEN;     /* what QEMU 10.0 takes it to be */
    }
    /* The page size is sent unasked, unlike all others. */
    return cap == SPAPR_CAP_HPT_MAXPAGESIZE ||
           (spapr->cap_cmdline_set.value[cap] && spapr->caps.value[cap] != ordinary);
}

static bool cap_pre_save(void *opaque, GError **errp)
{
    SpaprMachine *spapr = opaque;

    spapr->wire_caps = spapr->caps;
    return true;
}

#define CAP_NEEDED(cap)                                                                            \
    static bool needed_##cap(void *opaque)                                                         \
    {                                                                                              \
        return cap_needed(opaque, cap);                                                            \
    }
#define CAP_STATE(cap, text)                                                                       \
    [cap] = {                                                                                      \
        .name = "spapr/cap/" text,                                                                 \
        .version_id = 1,                                                                           \
        .minimum_version_id = 1,                                                                   \
        .needed = needed_##cap,                                                                    \
        .pre_save = cap_pre_save,                                                                  \
        .fields = (const VMStateField[]){VMSTATE_UINT8(wire_caps.value[cap], SpaprMachine),        \
                                         VMSTATE_END_OF_LIST()},                                   \
    }

CAP_NEEDED(SPAPR_CAP_HTM)
CAP_NEEDED(SPAPR_CAP_VSX)
CAP_NEEDED(SPAPR_CAP_DFP)
CAP_NEEDED(SPAPR_CAP_CFPC)
CAP_NEEDED(SPAPR_CAP_SBBC)
CAP_NEEDED(SPAPR_CAP_IBS)
CAP_NEEDED(SPAPR_CAP_HPT_MAXPAGESIZE)
CAP_NEEDED(SPAPR_CAP_NESTED_KVM_HV)
CAP_NEEDED(SPAPR_CAP_LARGE_DECREMENTER)
CAP_NEEDED(SPAPR_CAP_CCF_ASSIST)
CAP_NEEDED(SPAPR_CAP_FWNMI)
CAP_NEEDED(SPAPR_CAP_RPT_INVALIDATE)
CAP_NEEDED(SPAPR_CAP_AIL_MODE_3)

const VMStateDescription vmstate_spapr_caps[SPAPR_CAP_COUNT] = {
    CAP_STATE(SPAPR_CAP_HTM, "htm"),
    CAP_STATE(SPAPR_CAP_VSX, "vsx"),
    CAP_STATE(SPAPR_CAP_DFP, "dfp"),
    CAP_STATE(SPAPR_CAP_CFPC, "cfpc"),
    CAP_STATE(SPAPR_CAP_SBBC, "sbbc"),
    CAP_STATE(SPAPR_CAP_IBS, "ibs"),
    CAP_STATE(SPAPR_CAP_HPT_MAXPAGESIZE, "hpt_maxpagesize"),
    CAP_STATE(SPAPR_CAP_NESTED_KVM_HV, "nested_kvm_hv"),
    CAP_STATE(SPAPR_CAP_LARGE_DECREMENTER, "large_decr"),
    CAP_STATE(SPAPR_CAP_CCF_ASSIST, "ccf_assist"),
    CAP_STATE(SPAPR_CAP_FWNMI, "fwnmi"),
    CAP_STATE(SPAPR_CAP_RPT_INVALIDATE, "rpt_invalidate"),
    CAP_STATE(SPAPR_CAP_AIL_MODE_3, "ail_mode_3"),
};
