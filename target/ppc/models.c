/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU models: a constant row each, and their names.
 *
 * PVRs and features from the processors' user manuals and the Power ISA versions they implement;
 * names and aliases as users of QEMU know them, in any case.
 */
#include <string.h>
#include "internal.h"

/* ---- Page sizes ---- */

static const PPCSegmentPageSizes page_sizes_970[] = {
    {.shift = 12, .slb_enc = 0, .enc = {{12, 0}}},
    {.shift = 24, .slb_enc = SLB_VSID_L, .enc = {{24, 0}}},
    {.shift = 0},
};
/* POWER7 and later: base and actual sizes may differ (multiple page sizes per segment). */
static const PPCSegmentPageSizes page_sizes_power7[] = {
    {.shift = 12, .slb_enc = 0, .enc = {{12, 0}, {16, 0x7}, {24, 0x38}}},
    {.shift = 16, .slb_enc = SLB_VSID_L | 0x10, .enc = {{16, 0x1}, {24, 0x8}}},
    {.shift = 24, .slb_enc = SLB_VSID_L, .enc = {{24, 0}}},
    {.shift = 34, .slb_enc = SLB_VSID_L | 0x20, .enc = {{34, 0x3}}},
    {.shift = 0},
};

/* AP encoding in the top three bits, page shift below: 4K, 64K, 2M, 1G. */
static const uint32_t radix_ap_power9[4] = {0x0000000c, 0xa0000010, 0x20000015, 0x4000001e};

/* ---- Features ---- */

#define INSNS_2_01                                                                                 \
    (ISA_BASE | ISA_64 | ISA_FP | ISA_FP_EXT | ISA_FSQRT | ISA_STRING | ISA_SLB | ISA_SEGMENT |    \
     ISA_MFTB)
#define INSNS_970 (INSNS_2_01 | ISA_ALTIVEC | ISA_970)
#define INSNS_POWER5 (INSNS_2_01 | ISA_2_03)
#define INSNS_POWER7                                                                               \
    (INSNS_2_01 | ISA_ALTIVEC | ISA_2_03 | ISA_2_04 | ISA_2_05 | ISA_DFP | ISA_2_06 | ISA_VSX)
#define INSNS_POWER8 (INSNS_POWER7 | ISA_2_07 | ISA_TM)
#define INSNS_POWER9 (INSNS_POWER8 | ISA_3_00)

#define MSR_COMMON                                                                                 \
    (MSR_BIT(SF) | MSR_BIT(EE) | MSR_BIT(PR) | MSR_BIT(FP) | MSR_BIT(ME) | MSR_BIT(FE0) |          \
     MSR_BIT(SE) | MSR_BIT(BE) | MSR_BIT(FE1) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(PMM) |         \
     MSR_BIT(RI))
/* As Apple had it, without hypervisor state: what would be the hypervisor's is the supervisor's. */
#define MSR_MASK_970 (MSR_COMMON | MSR_BIT(VR) | MSR_BIT(POW))
#define MSR_MASK_POWER5 (MSR_COMMON | MSR_BIT(HV) | MSR_BIT(POW))
#define MSR_MASK_POWER7 (MSR_COMMON | MSR_BIT(HV) | MSR_BIT(VR) | MSR_BIT(VSX) | MSR_BIT(LE))
/* Transactional state (TS) can never be entered, so its bits are not there to be set. */
#define MSR_MASK_POWER8 (MSR_MASK_POWER7 | MSR_BIT(TM))

#define LPCR_MASK_POWER5 (LPCR_RMLS | LPCR_ILE | LPCR_LPES0 | LPCR_LPES1 | LPCR_RMI | LPCR_HDICE)
#define LPCR_PM_POWER7 (LPCR_P7_PECE0 | LPCR_P7_PECE1 | LPCR_P7_PECE2)
#define LPCR_MASK_POWER7                                                                           \
    (LPCR_VPM0 | LPCR_VPM1 | LPCR_ISL | LPCR_DPFD | LPCR_VRMASD | LPCR_RMLS | LPCR_ILE |           \
     LPCR_PM_POWER7 | LPCR_MER | LPCR_TC | LPCR_LPES0 | LPCR_LPES1 | LPCR_HDICE)
#define LPCR_PM_POWER8 (LPCR_PDEE | LPCR_HDEE | LPCR_EEE | LPCR_DEE | LPCR_OEE)
#define LPCR_MASK_POWER8                                                                           \
    (LPCR_VPM0 | LPCR_VPM1 | LPCR_ISL | LPCR_KBV | LPCR_DPFD | LPCR_VRMASD | LPCR_RMLS |           \
     LPCR_ILE | LPCR_AIL | LPCR_ONL | LPCR_PM_POWER8 | LPCR_MER | LPCR_TC | LPCR_LPES0 |           \
     LPCR_HDICE)
#define LPCR_MASK_POWER9                                                                           \
    (LPCR_VPM1 | LPCR_ISL | LPCR_KBV | LPCR_DPFD | LPCR_PECE_U | LPCR_ILE | LPCR_AIL | LPCR_UPRT | \
     LPCR_EVIRT | LPCR_ONL | LPCR_HR | LPCR_LD | LPCR_PM_POWER8 | LPCR_MER | LPCR_GTSE | LPCR_TC | \
     LPCR_HEIC | LPCR_LPES0 | LPCR_HVICE | LPCR_HDICE)

/* HID0 bits of power saving: deep nap, doze, nap. */
#define POW_970 0x01c0000000000000ull

/* ---- Families: what all their models share ---- */

#define FAMILY_ROW_970                                                                             \
    .pvr_mask = 0xffff0000, .insns = INSNS_970, .msr_mask = MSR_MASK_970, .mmu = MMU_64_HASH,      \
    .exception_family = FAMILY_970, .threads_max = 1, .slb_size = 64, .lrg_decr_bits = 32,         \
    .page_sizes = page_sizes_970, .dcache_line = 128, .icache_line = 128,                          \
    .l1_dcache_size = 0x8000, .l1_icache_size = 0x10000, .big_endian_interrupts_fixed = true,      \
    .pow_mask = POW_970, .fw_name = "PowerPC,970"
#define FAMILY_ROW_POWER5                                                                          \
    .pvr_mask = 0xffff0000, .insns = INSNS_POWER5, .msr_mask = MSR_MASK_POWER5,                    \
    .lpcr_mask = LPCR_MASK_POWER5, .mmu = MMU_64_HASH, .exception_family = FAMILY_970,             \
    .threads_max = 2, .slb_size = 64, .lrg_decr_bits = 32, .page_sizes = page_sizes_970,           \
    .dcache_line = 128, .icache_line = 128, .l1_dcache_size = 0x8000, .l1_icache_size = 0x10000,   \
    .big_endian_interrupts_fixed = true, .fw_name = "PowerPC,POWER5"
#define FAMILY_ROW_POWER7                                                                          \
    .pvr_mask = 0xffff0000, .insns = INSNS_POWER7, .msr_mask = MSR_MASK_POWER7,                    \
    .lpcr_mask = LPCR_MASK_POWER7, .lpcr_pm = LPCR_PM_POWER7,                                      \
    .pcr_mask = PCR_VEC_DIS | PCR_VSX_DIS | PCR_COMPAT_2_05,                                       \
    .pcr_supported = PCR_COMPAT_2_06 | PCR_COMPAT_2_05, .mmu = MMU_64_HASH,                        \
    .exception_family = FAMILY_POWER7, .threads_max = 4, .slb_size = 32, .ci_large_pages = true,   \
    .one_tb_segments = true, .lrg_decr_bits = 32, .page_sizes = page_sizes_power7,                 \
    .dcache_line = 128, .icache_line = 128, .l1_dcache_size = 0x8000, .l1_icache_size = 0x8000,    \
    .fw_name = "PowerPC,POWER7"
#define FAMILY_ROW_POWER8                                                                          \
    .pvr_mask = 0xffff0000, .insns = INSNS_POWER8, .msr_mask = MSR_MASK_POWER8,                    \
    .lpcr_mask = LPCR_MASK_POWER8, .lpcr_pm = LPCR_PM_POWER8,                                      \
    .pcr_mask = PCR_TM_DIS | PCR_COMPAT_2_06 | PCR_COMPAT_2_05,                                    \
    .pcr_supported = PCR_COMPAT_2_07 | PCR_COMPAT_2_06 | PCR_COMPAT_2_05, .mmu = MMU_64_HASH,      \
    .exception_family = FAMILY_POWER8, .threads_max = 8, .slb_size = 32, .ci_large_pages = true,   \
    .one_tb_segments = true, .lrg_decr_bits = 32, .page_sizes = page_sizes_power7,                 \
    .dcache_line = 128, .icache_line = 128, .l1_dcache_size = 0x8000, .l1_icache_size = 0x8000,    \
    .fw_name = "PowerPC,POWER8"
#define FAMILY_ROW_POWER9                                                                          \
    .pvr_mask = 0xffff0000, .insns = INSNS_POWER9, .msr_mask = MSR_MASK_POWER8,                    \
    .lpcr_mask = LPCR_MASK_POWER9, .lpcr_pm = LPCR_PM_POWER8,                                      \
    .pcr_mask = PCR_TM_DIS | PCR_COMPAT_2_07 | PCR_COMPAT_2_06 | PCR_COMPAT_2_05,                  \
    .pcr_supported = PCR_COMPAT_3_00 | PCR_COMPAT_2_07 | PCR_COMPAT_2_06 | PCR_COMPAT_2_05,        \
    .mmu = MMU_64_RADIX, .exception_family = FAMILY_POWER9, .threads_max = 8, .slb_size = 32,      \
    .ci_large_pages = true, .one_tb_segments = true, .lrg_decr_bits = 56,                          \
    .page_sizes = page_sizes_power7, .radix_ap_encodings = radix_ap_power9, .dcache_line = 128,    \
    .icache_line = 128, .l1_dcache_size = 0x8000, .l1_icache_size = 0x8000,                        \
    .fw_name = "PowerPC,POWER9"

/* ---- 32-bit families ---- */

#define INSNS_6XX                                                                                  \
    (ISA_BASE | ISA_FP | ISA_FP_EXT | ISA_STRING | ISA_SEGMENT | ISA_MFTB | ISA_EXTERN |           \
     ISA_6XX_MISC)
#define INSNS_74XX (INSNS_6XX | ISA_ALTIVEC | ISA_DCBA)

#define MSR_6XX                                                                                    \
    (MSR_BIT(POW) | MSR_BIT(ILE) | MSR_BIT(EE) | MSR_BIT(PR) | MSR_BIT(FP) | MSR_BIT(ME) |         \
     MSR_BIT(FE0) | MSR_BIT(SE) | MSR_BIT(BE) | MSR_BIT(FE1) | MSR_BIT(IP) | MSR_BIT(IR) |         \
     MSR_BIT(DR) | MSR_BIT(RI) | MSR_BIT(LE))

/* HID0 bits of power saving: doze, nap, sleep. */
#define POW_603 0x00e00000
#define POW_7XX 0x00e00000
#define POW_745X 0x00600000       /* no doze */

#define SPRS_7XX_ALL                                                                               \
    (SPRS_32 | SPRS_HID1 | SPRS_DABR | SPRS_PMU | SPRS_L2CR | SPRS_ICTC | SPRS_THRM | SPRS_UPMU)
#define SPRS_74XX_ALL                                                                              \
    (SPRS_32 | SPRS_HID1 | SPRS_DABR | SPRS_PMU | SPRS_L2CR | SPRS_ICTC | SPRS_UPMU | SPRS_PIR |   \
     SPRS_74XX)
#define SPRS_7450_ALL (SPRS_74XX_ALL | SPRS_7450 | SPRS_TLBMISS)

#define FAMILY_ROW_6XX(insns_, msr_, mmu_, family_, sprs_, l1_, fw_)                               \
    .pvr_mask = 0xffff0000, .insns = (insns_), .msr_mask = (msr_), .mmu = (mmu_),                  \
    .exception_family = (family_), .threads_max = 1, .lrg_decr_bits = 32, .dcache_line = 32,       \
    .icache_line = 32, .l1_dcache_size = (l1_), .l1_icache_size = (l1_), .spr_sets = (sprs_),      \
    .fw_name = (fw_)

#define FAMILY_ROW_603E_(l1)                                                                       \
    FAMILY_ROW_6XX(INSNS_6XX | ISA_603_TLB, MSR_6XX | MSR_BIT(TGPR), MMU_603_SOFT, FAMILY_6XX,     \
                   SPRS_32 | SPRS_HID1 | SPRS_SOFT_TLB, l1, "PowerPC,603"),                        \
        .pow_mask = POW_603
#define FAMILY_ROW_603 FAMILY_ROW_603E_(0x2000)
#define FAMILY_ROW_603E FAMILY_ROW_603E_(0x4000)
#define FAMILY_ROW_604                                                                             \
    FAMILY_ROW_6XX(INSNS_6XX, MSR_6XX | MSR_BIT(PMM), MMU_32_HASH, FAMILY_6XX,                     \
                   SPRS_32 | SPRS_PIR | SPRS_DABR | SPRS_PMU604, 0x4000, "PowerPC,604"),           \
        .pow_always = true
#define FAMILY_ROW_604E                                                                            \
    FAMILY_ROW_6XX(INSNS_6XX, MSR_6XX | MSR_BIT(PMM), MMU_32_HASH, FAMILY_6XX,                     \
                   SPRS_32 | SPRS_HID1 | SPRS_PIR | SPRS_DABR | SPRS_PMU604 | SPRS_PMU604E,        \
                   0x8000, "PowerPC,604e"),                                                        \
        .pow_always = true
#define FAMILY_ROW_7XX(more)                                                                       \
    FAMILY_ROW_6XX(INSNS_6XX, MSR_6XX | MSR_BIT(PMM), MMU_32_HASH, FAMILY_7XX,                     \
                   SPRS_7XX_ALL | (more), 0x8000, "PowerPC,750"),                                  \
        .pow_mask = POW_7XX
#define FAMILY_ROW_740 FAMILY_ROW_7XX(0)
#define FAMILY_ROW_750 FAMILY_ROW_7XX(0)
#define FAMILY_ROW_750CX FAMILY_ROW_7XX(0)
#define FAMILY_ROW_750CL FAMILY_ROW_7XX(SPRS_HIGH_BATS | SPRS_750CL), .n_bats = 8
#define FAMILY_ROW_750FX FAMILY_ROW_7XX(SPRS_HIGH_BATS | SPRS_750FX), .n_bats = 8
#define FAMILY_ROW_750GX FAMILY_ROW_7XX(SPRS_HIGH_BATS | SPRS_750FX), .n_bats = 8
/* Their tables are searched by hardware or, with HID2.SWT_EN, by software. */
#define FAMILY_ROW_755                                                                             \
    FAMILY_ROW_6XX(INSNS_6XX | ISA_603_TLB, MSR_6XX | MSR_BIT(PMM), MMU_755, FAMILY_7XX,           \
                   SPRS_7XX_ALL | SPRS_HIGH_BATS | SPRS_SOFT_TLB | SPRS_755 | SPRS_SPRG4, 0x8000,  \
                   "PowerPC,755"),                                                                 \
        .pow_mask = POW_7XX, .n_bats = 8
#define FAMILY_ROW_745 FAMILY_ROW_755
#define FAMILY_ROW_7400                                                                            \
    FAMILY_ROW_6XX(INSNS_74XX, MSR_6XX | MSR_BIT(VR) | MSR_BIT(PMM), MMU_32_HASH, FAMILY_74XX,     \
                   SPRS_74XX_ALL | SPRS_THRM | SPRS_7400, 0x8000, "PowerPC,G4"),                   \
        .pow_mask = POW_7XX
#define FAMILY_ROW_7410 FAMILY_ROW_7400
/* Tables searched by hardware or, with HID0.STEN, by software. */
#define FAMILY_ROW_7450_(more)                                                                     \
    FAMILY_ROW_6XX(INSNS_74XX | ISA_74XX_TLB, MSR_6XX | MSR_BIT(VR) | MSR_BIT(PMM), MMU_74XX_SOFT, \
                   FAMILY_74XX, SPRS_7450_ALL | (more), 0x8000, "PowerPC,G4"),                     \
        .pow_mask = POW_745X
#define FAMILY_ROW_7440 FAMILY_ROW_7450_(0)
#define FAMILY_ROW_7450 FAMILY_ROW_7450_(SPRS_L3CR)
#define FAMILY_ROW_7445                                                                            \
    FAMILY_ROW_7450_(SPRS_HIGH_BATS | SPRS_SPRG4), .n_bats = 8, .extended_bats = true
#define FAMILY_ROW_7455                                                                            \
    FAMILY_ROW_7450_(SPRS_L3CR | SPRS_HIGH_BATS | SPRS_SPRG4), .n_bats = 8, .extended_bats = true
#define FAMILY_ROW_7447 FAMILY_ROW_7445
#define FAMILY_ROW_7448 FAMILY_ROW_7445
#define FAMILY_ROW_7457 FAMILY_ROW_7455

static const PowerPCCPUClass models[] = {
#include "models-6xx.h.inc"
    {.name = "970_v2.2", .description = "PowerPC 970 v2.2", .pvr = 0x00390202, FAMILY_ROW_970},
    {.name = "970fx_v1.0",
     .description = "PowerPC 970FX v1.0 (G5)",
     .pvr = 0x00391100,
     FAMILY_ROW_970},
    {.name = "970fx_v2.0",
     .description = "PowerPC 970FX v2.0 (G5)",
     .pvr = 0x003c0200,
     FAMILY_ROW_970},
    {.name = "970fx_v2.1",
     .description = "PowerPC 970FX v2.1 (G5)",
     .pvr = 0x003c0201,
     FAMILY_ROW_970},
    {.name = "970fx_v3.0",
     .description = "PowerPC 970FX v3.0 (G5)",
     .pvr = 0x003c0300,
     FAMILY_ROW_970},
    {.name = "970fx_v3.1",
     .description = "PowerPC 970FX v3.1 (G5)",
     .pvr = 0x003c0301,
     FAMILY_ROW_970},
    {.name = "970mp_v1.0", .description = "PowerPC 970MP v1.0", .pvr = 0x00440100, FAMILY_ROW_970},
    {.name = "970mp_v1.1", .description = "PowerPC 970MP v1.1", .pvr = 0x00440101, FAMILY_ROW_970},
    {.name = "power5+_v2.1", .description = "POWER5+ v2.1", .pvr = 0x003b0201, FAMILY_ROW_POWER5},
    {.name = "power7_v2.3", .description = "POWER7 v2.3", .pvr = 0x003f0203, FAMILY_ROW_POWER7},
    {.name = "power7+_v2.1", .description = "POWER7+ v2.1", .pvr = 0x004a0201, FAMILY_ROW_POWER7},
    {.name = "power8e_v2.1", .description = "POWER8E v2.1", .pvr = 0x004b0201, FAMILY_ROW_POWER8},
    {.name = "power8nvl_v1.0",
     .description = "POWER8NVL v1.0",
     .pvr = 0x004c0100,
     FAMILY_ROW_POWER8},
    {.name = "power8_v2.0", .description = "POWER8 v2.0", .pvr = 0x004d0200, FAMILY_ROW_POWER8},
    {.name = "power9_v1.0", .description = "POWER9 v1.0", .pvr = 0x004e0100, FAMILY_ROW_POWER9},
    {.name = "power9_v2.0", .description = "POWER9 v2.0", .pvr = 0x004e1200, FAMILY_ROW_POWER9},
    {.name = "power9_v2.2", .description = "POWER9 v2.2", .pvr = 0x004e1202, FAMILY_ROW_POWER9},
};

const PPCModelAlias ppc_model_aliases[] = {
    {"mpc8240", "603"},
    {"vanilla", "603"},
    {"ppc32", "604"},
    {"ppc", "604"},
    {"603e", "603e_v4.1"},
    {"stretch", "603e_v4.1"},
    {"vaillant", "603e7v"},
    {"603r", "603e7t"},
    {"goldeneye", "603e7t"},
    {"750", "750_v3.1"},
    {"typhoon", "750_v3.1"},
    {"g3", "750_v3.1"},
    {"740", "740_v3.1"},
    {"arthur", "740_v3.1"},
    {"750cx", "750cx_v2.2"},
    {"745", "745_v2.8"},
    {"755", "755_v2.8"},
    {"goldfinger", "755_v2.8"},
    {"750cxe", "750cxe_v3.1b"},
    {"750cl", "750cl_v2.0"},
    {"750l", "750l_v3.2"},
    {"lonestar", "750l_v3.2"},
    {"604e", "604e_v2.4"},
    {"sirocco", "604e_v2.4"},
    {"mach5", "604r"},
    {"7400", "7400_v2.9"},
    {"g4", "7400_v2.9"},
    {"conan/doyle", "750p"},
    {"750fx", "750fx_v2.3"},
    {"750gx", "750gx_v1.2"},
    {"7450", "7450_v2.1"},
    {"vger", "7450_v2.1"},
    {"7451", "7451_v2.3"},
    {"7441", "7441_v2.3"},
    {"7455", "7455_v3.2"},
    {"apollo6", "7455_v3.2"},
    {"7445", "7445_v3.2"},
    {"7447", "7447_v1.1"},
    {"7457", "7457_v1.2"},
    {"apollo7", "7457_v1.2"},
    {"apollo7pm", "7457a_v1.0"},
    {"7457a", "7457a_v1.2"},
    {"7447a", "7447a_v1.2"},
    {"7448", "7448_v2.1"},
    {"7410", "7410_v1.4"},
    {"nitro", "7410_v1.4"},
    {"970", "970_v2.2"},
    {"970fx", "970fx_v3.1"},
    {"970mp", "970mp_v1.1"},
    {"ppc64", "970fx_v3.1"},
    {"power5+", "power5+_v2.1"},
    {"power5gs", "power5+_v2.1"},
    {"power7", "power7_v2.3"},
    {"power7+", "power7+_v2.1"},
    {"power8e", "power8e_v2.1"},
    {"power8nvl", "power8nvl_v1.0"},
    {"power8", "power8_v2.0"},
    {"power9", "power9_v2.0"},
    {NULL, NULL},
};

/* "0x004e1200" or eight digits: the model of that PVR. */
static const PowerPCCPUClass *find_by_pvr(const char *name)
{
    char *end;
    unsigned long long pvr;

    if (!g_str_has_prefix(name, "0x") && strlen(name) != 8) {
        return NULL;
    }
    pvr = g_ascii_strtoull(name, &end, 16);
    if (*end || end == name) {
        return NULL;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        if (models[i].pvr == pvr) {
            return &models[i];
        }
    }
    return NULL;
}

static const PowerPCCPUClass *find_by_name(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        if (!g_ascii_strcasecmp(models[i].name, name)) {
            return &models[i];
        }
    }
    return NULL;
}

const PowerPCCPUClass *ppc_model_find(const char *name)
{
    const PowerPCCPUClass *model = find_by_name(name);

    for (const PPCModelAlias *a = ppc_model_aliases; !model && a->alias; a++) {
        if (!g_ascii_strcasecmp(a->alias, name)) {
            model = find_by_name(a->model);
        }
    }
    return model ? model : find_by_pvr(name);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    const PowerPCCPUClass *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

GPtrArray *ppc_model_list(void)
{
    GPtrArray *list = g_ptr_array_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        g_ptr_array_add(list, (gpointer)&models[i]);
    }
    g_ptr_array_sort(list, compare_names);
    return list;
}

bool ppc_personality_is_64(void)
{
    const char *name = g_get_prgname();

    return !name || !g_str_has_suffix(name, "-ppc");
}

bool ppc_model_available(const PowerPCCPUClass *model)
{
    return ppc_personality_is_64() || !(model->insns & ISA_64);
}
