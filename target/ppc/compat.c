/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compatibility modes: running as a processor of an earlier architecture level, told by a logical
 * PVR.
 *
 * From LoPAR appendix B (logical PVRs) and Power ISA 3.0B book III 2.5 (PCR).
 */
#include "internal.h"
#include "util/error.h"

typedef struct CompatRow {
    const char *name;
    uint32_t pvr;
    uint64_t pcr;               /* bits that PCR has in this mode, as far as the model knows them */
    uint64_t level;             /* what the model must support */
    uint8_t max_vthreads;
} CompatRow;

/* Oldest first. */
static const CompatRow compat_rows[] = {
    {"power6", 0x0f000002,
     PCR_COMPAT_3_00 | PCR_COMPAT_2_07 | PCR_COMPAT_2_06 | PCR_COMPAT_2_05 | PCR_TM_DIS |
         PCR_VSX_DIS,
     PCR_COMPAT_2_05, 2},
    {"power7", 0x0f000003, PCR_COMPAT_3_00 | PCR_COMPAT_2_07 | PCR_COMPAT_2_06 | PCR_TM_DIS,
     PCR_COMPAT_2_06, 4},
    {"power7+", 0x0f100003, PCR_COMPAT_3_00 | PCR_COMPAT_2_07 | PCR_COMPAT_2_06 | PCR_TM_DIS,
     PCR_COMPAT_2_06, 4},
    {"power8", 0x0f000004, PCR_COMPAT_3_00 | PCR_COMPAT_2_07, PCR_COMPAT_2_07, 8},
    {"power9", 0x0f000005, PCR_COMPAT_3_00, PCR_COMPAT_3_00, 8},
};

PPCUserLevel ppc_spr_level(const PPCSpr *row)
{
    switch (row->number) {
    case SPR_PPR:
        return LEVEL_2_05;      /* POWER6 had it */
    case SPR_UDSCR:
        return LEVEL_2_07;      /* before, problem state had no number for DSCR */
    default:
        break;
    }
    switch (ppc_spr_first_family(row)) {
    case FAMILY_POWER9:
        return LEVEL_3_00;
    case FAMILY_POWER8:
        return LEVEL_2_07;
    case FAMILY_POWER7:
        return LEVEL_2_06;
    default:
        return LEVEL_2_05;
    }
}

bool ppc_spr_in_compat(const PPCSpr *row, uint64_t hflags)
{
    if (hflags & HF_TM_DIS && row->facility == FACILITY_TM) {
        return false;
    }
    return !(hflags & HF_VEC_DIS && row->number == SPR_VRSAVE) &&
           ppc_level_in_compat(ppc_spr_level(row), hflags);
}

static const CompatRow *compat_row(uint32_t pvr)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(compat_rows); i++) {
        if (compat_rows[i].pvr == pvr) {
            return &compat_rows[i];
        }
    }
    return NULL;
}

uint32_t ppc_compat_by_name(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(compat_rows); i++) {
        if (!g_ascii_strcasecmp(compat_rows[i].name, name)) {
            return compat_rows[i].pvr;
        }
    }
    return 0;
}

const char *ppc_compat_name(uint32_t pvr)
{
    const CompatRow *row = compat_row(pvr);

    return row ? row->name : NULL;
}

bool ppc_check_compat(const PowerPCCPU *cpu, uint32_t compat_pvr, uint32_t min_pvr,
                      uint32_t max_pvr)
{
    const CompatRow *row = compat_row(compat_pvr);
    const CompatRow *min = min_pvr ? compat_row(min_pvr) : NULL;
    const CompatRow *max = max_pvr ? compat_row(max_pvr) : NULL;

    /* A limit that nobody knows admits nothing. */
    if (!row || (min_pvr && !min) || (max_pvr && !max)) {
        return false;
    }
    return (!min || row >= min) && (!max || row <= max) && cpu->model->pcr_supported & row->level;
}

bool ppc_set_compat(PowerPCCPU *cpu, uint32_t compat_pvr, GError **errp)
{
    const CompatRow *row = compat_row(compat_pvr);

    if (!compat_pvr) {
        cpu->compat_pvr = 0;
        ppc_store_pcr(&cpu->env, 0);
        return true;
    }
    if (!row) {
        error_setg(errp, "unknown compatibility PVR 0x%08" PRIx32, compat_pvr);
        return false;
    }
    if (!ppc_check_compat(cpu, compat_pvr, 0, 0)) {
        error_setg(errp, "compatibility mode %s (PVR 0x%08" PRIx32 ") is not available on CPU %s",
                   row->name, compat_pvr, cpu->model->name);
        return false;
    }
    cpu->compat_pvr = compat_pvr;
    ppc_store_pcr(&cpu->env, row->pcr);
    return true;
}

int ppc_compat_max_vthreads(const PowerPCCPU *cpu)
{
    const CompatRow *row = compat_row(cpu->compat_pvr);

    return row ? MIN(row->max_vthreads, cpu->model->threads_max) : cpu->model->threads_max;
}
