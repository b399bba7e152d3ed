/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The versions of the pseries machine, newest first: constant rows that fix what a guest of that
 * version sees.  Names and defaults are QEMU's, so that a guest started there finds the same
 * machine here.
 */
#include "hw/ppc/spapr.h"

#define CAPS(cfpc, sbbc, ibs, pageshift, largedecr, ccf, fwnmi, ail3)                              \
    {                                                                                              \
        {                                                                                          \
            [SPAPR_CAP_HTM] = SPAPR_CAP_OFF, [SPAPR_CAP_VSX] = SPAPR_CAP_ON,                       \
            [SPAPR_CAP_DFP] = SPAPR_CAP_ON, [SPAPR_CAP_CFPC] = (cfpc), [SPAPR_CAP_SBBC] = (sbbc),  \
            [SPAPR_CAP_IBS] = (ibs), [SPAPR_CAP_HPT_MAXPAGESIZE] = (pageshift),                    \
            [SPAPR_CAP_NESTED_KVM_HV] = SPAPR_CAP_OFF,                                             \
            [SPAPR_CAP_LARGE_DECREMENTER] = (largedecr), [SPAPR_CAP_CCF_ASSIST] = (ccf),           \
            [SPAPR_CAP_FWNMI] = (fwnmi), [SPAPR_CAP_RPT_INVALIDATE] = SPAPR_CAP_OFF,               \
            [SPAPR_CAP_AIL_MODE_3] = (ail3)                                                        \
        }                                                                                          \
    }

#define WA SPAPR_CAP_WORKAROUND
/* What all versions before 4.2 have in common. */
#define BEFORE_4_2                                                                                 \
    .prefer_sockets = true, .pre_5_2_numa = true, .pre_5_1_reference_points = true,                \
    .no_pci_probe_hint = true, .vsmt = 8
#define NEW_CAPS CAPS(WA, WA, WA, 16, 1, 1, 1, 1)

const SpaprVersion spapr_versions[] = {
    {"pseries-8.2", "pseries", "power9_v2.2", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-8.1", NULL, "power9_v2.2", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-8.0", NULL, "power9_v2.2", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-7.2", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-7.1", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-7.0", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-6.2", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000},
    {"pseries-6.1", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000,
     .prefer_sockets = true},
    {"pseries-6.0", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000,
     .prefer_sockets = true},
    {"pseries-5.2", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000,
     .prefer_sockets = true},
    {"pseries-5.1", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL, .nr_xirqs = 0x1000,
     .prefer_sockets = true, .pre_5_2_numa = true},
    {"pseries-5.0", NULL, "power9_v2.0", NEW_CAPS, SPAPR_IC_DUAL,
     .nr_xirqs = 0x1000,
     .prefer_sockets = true, .pre_5_2_numa = true, .pre_5_1_reference_points = true},
    {"pseries-4.2", NULL, "power9_v2.0", CAPS(WA, WA, WA, 16, 1, 0, 0, 1), SPAPR_IC_DUAL,
     .nr_xirqs = 0x1000, .rma_limit = 16ull << 30,
     .prefer_sockets = true, .pre_5_2_numa = true, .pre_5_1_reference_points = true},
    {"pseries-4.1", NULL, "power9_v2.0", CAPS(WA, WA, WA, 16, 1, 0, 0, 1), SPAPR_IC_DUAL,
     .nr_xirqs = 0x1000, .rma_limit = 16ull << 30,
     BEFORE_4_2},
    {"pseries-4.0", NULL, "power9_v2.0", CAPS(WA, WA, WA, 16, 1, 0, 0, 1), SPAPR_IC_XICS,
     .nr_xirqs = 0x1000, .rma_limit = 16ull << 30,
     BEFORE_4_2},
    {"pseries-3.1", NULL, "power8_v2.0", CAPS(0, 0, 0, 16, 0, 0, 0, 1), SPAPR_IC_XICS,
     .nr_xirqs = 0x400, .rma_limit = 16ull << 30,
     BEFORE_4_2},
    {"pseries-3.0", NULL, "power8_v2.0", CAPS(0, 0, 0, 16, 0, 0, 0, 1), SPAPR_IC_XICS,
     .legacy_irq_allocation = true, .nr_xirqs = 0x400, .rma_limit = 16ull << 30,
     BEFORE_4_2},
    {"pseries-2.12-sxxm", NULL, "power8_v2.0", CAPS(WA, WA, SPAPR_CAP_FIXED_CCD, 34, 0, 0, 0, 1),
     SPAPR_IC_XICS, .legacy_irq_allocation = true, .nr_xirqs = 0x400, .rma_limit = 16ull << 30,
     BEFORE_4_2},
    {"pseries-2.12", NULL, "power8_v2.0", CAPS(0, 0, 0, 34, 0, 0, 0, 1), SPAPR_IC_XICS,
     .legacy_irq_allocation = true, .nr_xirqs = 0x400, .rma_limit = 16ull << 30,
     BEFORE_4_2},
    {0},
};
