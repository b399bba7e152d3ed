/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SPR table: one row per special-purpose register and set of processor families.
 *
 * From Power ISA 3.0B book III figure 16 (SPR encodings) and the registers' own sections; 2.01
 * .. 2.07 and the PowerPC 970 user manual for what later versions dropped.  Registers of the chip's
 * pervasive logic that no guest of a partition can reach (SCOM, trace arrays) are left out.
 */
#include "target/ppc/cpu.h"
#include "internal.h"

#define USER (SPR_UR | SPR_UW | SPR_SR | SPR_SW | SPR_HR | SPR_HW)
#define USER_RO (SPR_UR | SPR_SR | SPR_HR)
#define PRIV (SPR_SR | SPR_SW | SPR_HR | SPR_HW)
#define PRIV_RO (SPR_SR | SPR_HR)
#define PRIV_WO (SPR_SW | SPR_HW)
#define PRIV_RO_HV_RW (SPR_SR | SPR_HR | SPR_HW)
#define USER_RO_HV (SPR_UR | SPR_SR | SPR_HR)
#define HYP (SPR_HR | SPR_HW)
#define HYP_RO SPR_HR
#define HYP_WO SPR_HW
#define ALL64 UINT64_MAX
#define LOW32 0xffffffffull
#define NOF (-1)
#define END SPR_ENDS_BLOCK
#define NOMIG SPR_NOT_MIGRATED
#define FLUSH SPR_FLUSHES_TLB
#define OFF(member) offsetof(CPUPPCState, member)

/* number, families, access, flags, facility, name, mask, reset, offset, read, write */
const PPCSpr ppc_spr_rows[] = {
    /* Branch and fixed-point: homes of their own. */
    {SPR_XER, PPC_FAM_ALL, USER, NOMIG, NOF, "xer", ALL64, 0, 0, spr_read_xer, spr_write_xer},
    {SPR_LR, PPC_FAM_ALL, USER, NOMIG, NOF, "lr", ALL64, 0, OFF(lr), NULL, NULL},
    {SPR_CTR, PPC_FAM_ALL, USER, NOMIG, NOF, "ctr", ALL64, 0, OFF(ctr), NULL, NULL},
    {SPR_TAR, PPC_FAM_P8_UP, USER, NOMIG, FACILITY_TAR, "tar", ALL64, 0, OFF(tar), NULL, NULL},
    {SPR_VRSAVE, PPC_FAM_64, USER, 0, NOF, "vrsave", LOW32, 0, 0, NULL, NULL},

    /* Interrupts. */
    {SPR_DSISR, PPC_FAM_ALL, PRIV, 0, NOF, "dsisr", LOW32, 0, 0, NULL, NULL},
    {SPR_DAR, PPC_FAM_ALL, PRIV, 0, NOF, "dar", ALL64, 0, 0, NULL, NULL},
    {SPR_SRR0, PPC_FAM_ALL, PRIV, 0, NOF, "srr0", ALL64, 0, 0, NULL, NULL},
    {SPR_SRR1, PPC_FAM_ALL, PRIV, 0, NOF, "srr1", ALL64, 0, 0, NULL, NULL},
    {SPR_CFAR, PPC_FAM_P7_UP, PRIV, 0, NOF, "cfar", ALL64, 0, 0, NULL, NULL},
    {SPR_SPRG0, PPC_FAM_ALL, PRIV, 0, NOF, "sprg0", ALL64, 0, 0, NULL, NULL},
    {SPR_SPRG1, PPC_FAM_ALL, PRIV, 0, NOF, "sprg1", ALL64, 0, 0, NULL, NULL},
    {SPR_SPRG2, PPC_FAM_ALL, PRIV, 0, NOF, "sprg2", ALL64, 0, 0, NULL, NULL},
    {SPR_SPRG3, PPC_FAM_ALL, PRIV, 0, NOF, "sprg3", ALL64, 0, 0, NULL, NULL},
    {SPR_USPRG3, PPC_FAM_64, USER_RO, NOMIG, NOF, "usprg3", 0, 0, OFF(spr[SPR_SPRG3]), NULL, NULL},
    {SPR_HSPRG0, PPC_FAM_64, HYP, 0, NOF, "hsprg0", ALL64, 0, 0, NULL, NULL},
    {SPR_HSPRG1, PPC_FAM_64, HYP, 0, NOF, "hsprg1", ALL64, 0, 0, NULL, NULL},
    {SPR_HDSISR, PPC_FAM_P7_UP, HYP, 0, NOF, "hdsisr", LOW32, 0, 0, NULL, NULL},
    {SPR_HDAR, PPC_FAM_P7_UP, HYP, 0, NOF, "hdar", ALL64, 0, 0, NULL, NULL},
    {SPR_HSRR0, PPC_FAM_64, HYP, 0, NOF, "hsrr0", ALL64, 0, 0, NULL, NULL},
    {SPR_HSRR1, PPC_FAM_64, HYP, 0, NOF, "hsrr1", ALL64, 0, 0, NULL, NULL},
    {SPR_HEIR, PPC_FAM_P7_UP, HYP, 0, NOF, "heir", LOW32, 0, 0, NULL, NULL},
    {SPR_HMER, PPC_FAM_P7_UP, HYP, 0, NOF, "hmer", ALL64, 0, 0, NULL, spr_write_hmer},
    {SPR_HMEER, PPC_FAM_P7_UP, HYP, 0, NOF, "hmeer", ALL64, 0, 0, NULL, NULL},
    {SPR_ASDR, PPC_FAM_P9_UP, HYP, 0, NOF, "asdr", ALL64, 0, 0, NULL, NULL},
    {SPR_FSCR, PPC_FAM_P8_UP, PRIV, END, NOF, "fscr", ALL64, 0, 0, NULL, spr_write_fscr},
    {SPR_HFSCR, PPC_FAM_P8_UP, HYP, END, NOF, "hfscr", ALL64, 0, 0, NULL, spr_write_hfscr},
    {SPR_DPDES, PPC_FAM_P8_UP, PRIV_RO_HV_RW, END, NOF, "dpdes", 0xff, 0, 0, spr_read_dpdes,
     spr_write_dpdes},

    /* Event-based branches. */
    {SPR_BESCRS, PPC_FAM_P8_UP, USER, NOMIG, FACILITY_EBB, "bescrs", ALL64, 0, 0, spr_read_bescr,
     spr_write_bescrs},
    {SPR_BESCRSU, PPC_FAM_P8_UP, USER, NOMIG, FACILITY_EBB, "bescrsu", LOW32, 0, 0, spr_read_bescru,
     spr_write_bescrsu},
    {SPR_BESCRR, PPC_FAM_P8_UP, USER, NOMIG, FACILITY_EBB, "bescrr", ALL64, 0, 0, spr_read_bescr,
     spr_write_bescrr},
    {SPR_BESCRRU, PPC_FAM_P8_UP, USER, NOMIG, FACILITY_EBB, "bescrru", LOW32, 0, 0, spr_read_bescru,
     spr_write_bescrru},
    {SPR_EBBHR, PPC_FAM_P8_UP, USER, 0, FACILITY_EBB, "ebbhr", ALL64, 0, 0, NULL, NULL},
    {SPR_EBBRR, PPC_FAM_P8_UP, USER, 0, FACILITY_EBB, "ebbrr", ALL64, 0, 0, NULL, NULL},
    {SPR_BESCR, PPC_FAM_P8_UP, USER, 0, FACILITY_EBB, "bescr", ALL64, 0, 0, NULL, spr_write_bescr},

    /* Transactional memory. */
    {SPR_TFHAR, PPC_FAM_P8_UP, USER, 0, FACILITY_TM, "tfhar", ~3ull, 0, 0, NULL, NULL},
    {SPR_TFIAR, PPC_FAM_P8_UP, USER, 0, FACILITY_TM, "tfiar", ALL64, 0, 0, NULL, NULL},
    {SPR_TEXASR, PPC_FAM_P8_UP, USER, 0, FACILITY_TM, "texasr", ALL64, 0, 0, NULL, NULL},
    {SPR_TEXASRU, PPC_FAM_P8_UP, USER, NOMIG, FACILITY_TM, "texasru", LOW32, 0, 0, spr_read_texasru,
     spr_write_texasru},

    /* Control. */
    {SPR_UDSCR, PPC_FAM_P7_UP, USER, NOMIG, FACILITY_DSCR, "dscru", ALL64, 0, 0, spr_read_dscr,
     spr_write_dscr},
    {SPR_DSCR, PPC_FAM_P7_UP, PRIV, 0, NOF, "dscr", 0x1ffffff, 0, 0, NULL, NULL},
    {SPR_UCTRL, PPC_FAM_64, USER_RO, NOMIG, NOF, "ctrlu", 0, 0, 0, spr_read_ctrl, NULL},
    {SPR_CTRL, PPC_FAM_64, PRIV_WO, 0, NOF, "ctrl", 1, 0, 0, spr_read_ctrl, spr_write_ctrl},
    {SPR_TIDR, PPC_FAM_P9, PRIV, 0, NOF, "tidr", ALL64, 0, 0, NULL, NULL},
    {SPR_PSPB, PPC_FAM_P8_UP, PRIV, 0, NOF, "pspb", LOW32, 0, 0, NULL, NULL},
    {SPR_EAR, PPC_FAM_P7_UP, PRIV, 0, NOF, "ear", LOW32, 0, 0, NULL, NULL},
    {SPR_PVR, PPC_FAM_ALL, PRIV_RO, NOMIG, NOF, "pvr", 0, 0, 0, spr_read_pvr, NULL},
    {SPR_PIR, PPC_FAM_64, PRIV_RO, NOMIG, NOF, "pir", 0, 0, 0, spr_read_pir, NULL},
    {SPR_TIR, PPC_FAM_P8_UP, PRIV_RO, NOMIG, NOF, "tir", 0, 0, 0, spr_read_tir, NULL},
    {SPR_PPR, PPC_FAM_P7_UP, USER, 0, NOF, "ppr", 7ull << 50, 4ull << 50, 0, NULL, spr_write_ppr},
    {SPR_PPR32, PPC_FAM_P8_UP, USER, NOMIG, NOF, "ppr32", LOW32, 0, 0, spr_read_ppr32,
     spr_write_ppr32},
    {SPR_RPR, PPC_FAM_P8_UP, HYP, 0, NOF, "rpr", ALL64, 0x00000103070f1f3full, 0, NULL, NULL},
    {SPR_LPCR, PPC_FAM_P7_UP, HYP, END | FLUSH, NOF, "lpcr", ALL64, 0, 0, NULL, spr_write_lpcr},
    {SPR_LPCR, PPC_FAM_970, HYP, END | FLUSH, NOF, "lpcr", ALL64, 0, 0, NULL, spr_write_lpcr},
    {SPR_LPIDR, PPC_FAM_P7_UP, HYP, END | FLUSH, NOF, "lpidr", 0xfff, 0, 0, NULL, spr_write_lpidr},
    {SPR_PCR, PPC_FAM_P7_UP, HYP, END, NOF, "pcr", ALL64, 0, 0, NULL, spr_write_pcr},
    {SPR_PSSCR, PPC_FAM_P9_UP, HYP, 0, NOF, "psscr", 0xf0000000007f03ffull, 0x100000, 0, NULL,
     NULL},
    {SPR_PSSCR_PR, PPC_FAM_P9_UP, PRIV, NOMIG, NOF, "psscr_pr", ALL64, 0, 0, spr_read_psscr_pr,
     spr_write_psscr_pr},
    {SPR_WORT, PPC_FAM_P8_UP, PRIV, 0, NOF, "wort", ALL64, 0, 0, NULL, NULL},
    {SPR_HID0, PPC_FAM_P7_UP, HYP, 0, NOF, "hid0", ALL64, 0, 0, NULL, NULL},
    {SPR_TRIG0, PPC_FAM_P7_UP, PRIV_WO, 0, NOF, "trig0", ALL64, 0, 0, NULL, NULL},
    {SPR_TRIG1, PPC_FAM_P7_UP, PRIV_WO, 0, NOF, "trig1", ALL64, 0, 0, NULL, NULL},
    {SPR_TRIG2, PPC_FAM_P7_UP, PRIV_WO, 0, NOF, "trig2", ALL64, 0, 0, NULL, NULL},
    {SPR_PMCR, PPC_FAM_P8_UP, HYP, 0, NOF, "pmcr", ALL64, 0, 0, NULL, NULL},
    {SPR_RWMR, PPC_FAM_P8_UP, HYP, 0, NOF, "rwmr", ALL64, 0, 0, NULL, NULL},
    {SPR_TFMR, PPC_FAM_P7_UP, HYP, 0, NOF, "tfmr", ALL64, 0, 0, NULL, NULL},
    {SPR_TSCR, PPC_FAM_P7_UP, HYP, 0, NOF, "tscr", ALL64, 0, 0, NULL, NULL},
    {SPR_TTR, PPC_FAM_P7_UP, HYP, 0, NOF, "ttr", ALL64, 0, 0, NULL, NULL},

    /* Translation and protection. */
    {SPR_SDR1, PPC_FAM_970 | PPC_FAM_P7 | PPC_FAM_P8, HYP, END | FLUSH, NOF, "sdr1", ALL64, 0, 0,
     NULL, spr_write_sdr1},
    {SPR_ACOP, PPC_FAM_P7_UP, PRIV, 0, NOF, "acop", ALL64, 0, 0, NULL, NULL},
    {SPR_PIDR, PPC_FAM_P7_UP, PRIV, END | FLUSH, NOF, "pid", LOW32, 0, 0, NULL, spr_write_pidr},
    {SPR_PTCR, PPC_FAM_P9_UP, HYP, END | FLUSH, NOF, "ptcr", ALL64, 0, 0, NULL, spr_write_ptcr},
    {SPR_UAMR, PPC_FAM_P7_UP, USER, NOMIG | FLUSH, NOF, "uamr", ALL64, 0, 0, spr_read_amr,
     spr_write_uamr},
    {SPR_AMR, PPC_FAM_P7_UP, PRIV, END | FLUSH, NOF, "amr", ALL64, 0, 0, NULL, spr_write_amr},
    {SPR_IAMR, PPC_FAM_P8_UP, PRIV, END | FLUSH, NOF, "iamr", ALL64, 0, 0, NULL, spr_write_iamr},
    {SPR_UAMOR, PPC_FAM_P7_UP, PRIV, 0, NOF, "uamor", ALL64, 0, 0, NULL, spr_write_uamor},
    {SPR_AMOR, PPC_FAM_P7_UP, HYP, 0, NOF, "amor", ALL64, ALL64, 0, NULL, NULL},
    {SPR_RMOR, PPC_FAM_P7 | PPC_FAM_P8, HYP, 0, NOF, "rmor", ALL64, 0, 0, NULL, NULL},
    {SPR_HRMOR, PPC_FAM_P7_UP, HYP, 0, NOF, "hrmor", ALL64, 0, 0, NULL, NULL},

    /* Debug. */
    {SPR_DAWR0, PPC_FAM_P8_UP, HYP, END, NOF, "dawr0", ~7ull, 0, 0, NULL, spr_write_dawr},
    {SPR_DAWRX0, PPC_FAM_P8_UP, HYP, END, NOF, "dawrx0", LOW32, 0, 0, NULL, spr_write_dawr},
    {SPR_CIABR, PPC_FAM_P8_UP, HYP, END, NOF, "ciabr", ALL64, 0, 0, NULL, spr_write_ciabr},
    {SPR_DABR, PPC_FAM_970 | PPC_FAM_P7, HYP, END, NOF, "dabr", ALL64, 0, 0, NULL, spr_write_dabr},
    {SPR_DABRX, PPC_FAM_970 | PPC_FAM_P7, HYP, END, NOF, "dabrx", 0xf, 0, 0, NULL, spr_write_dabr},

    /* Time (time.c). */
    {SPR_TBL, PPC_FAM_ALL, USER_RO, NOMIG, NOF, "tb", 0, 0, 0, spr_read_tb, NULL},
    {SPR_TBU, PPC_FAM_ALL, USER_RO, NOMIG, NOF, "tbu", 0, 0, 0, spr_read_tbu, NULL},
    {SPR_WR_TBL, PPC_FAM_ALL, HYP_WO, NOMIG, NOF, "tbl", LOW32, 0, 0, NULL, spr_write_tbl},
    {SPR_WR_TBU, PPC_FAM_ALL, HYP_WO, NOMIG, NOF, "tbu_w", LOW32, 0, 0, NULL, spr_write_tbu},
    {SPR_TBU40, PPC_FAM_P7_UP, HYP_WO, NOMIG, NOF, "tbu40", ~0xffffffull, 0, 0, NULL,
     spr_write_tbu40},
    {SPR_DECR, PPC_FAM_ALL, PRIV, NOMIG | END, NOF, "decr", ALL64, 0, 0, spr_read_decr,
     spr_write_decr},
    {SPR_HDEC, PPC_FAM_64, HYP, NOMIG | END, NOF, "hdec", ALL64, 0, 0, spr_read_hdecr,
     spr_write_hdecr},
    {SPR_PURR, PPC_FAM_P7_UP, PRIV_RO_HV_RW, NOMIG, NOF, "purr", ALL64, 0, 0, spr_read_purr,
     spr_write_purr},
    {SPR_SPURR, PPC_FAM_P7_UP, PRIV_RO_HV_RW, NOMIG, NOF, "spurr", ALL64, 0, 0, spr_read_spurr,
     spr_write_spurr},
    {SPR_VTB, PPC_FAM_P8_UP, PRIV_RO_HV_RW, NOMIG, NOF, "vtb", ALL64, 0, 0, spr_read_vtb,
     spr_write_vtb},
    {SPR_IC, PPC_FAM_P8_UP, PRIV_RO_HV_RW, 0, NOF, "ic", ALL64, 0, 0, spr_read_ic, spr_write_ic},

    /* Performance monitor (pmu.c). User copies obey MMCR0.PMCC on ISA 2.07 and later. */
    {SPR_USIER, PPC_FAM_P8_UP, USER_RO, NOMIG, NOF, "sieru", 0, 0, 0, spr_read_pmu_user, NULL},
    {SPR_UMMCR2, PPC_FAM_P8_UP, USER, NOMIG, NOF, "mmcr2u", ALL64, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UMMCRA, PPC_FAM_64, USER, NOMIG, NOF, "mmcrau", ALL64, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 0, PPC_FAM_64, USER, NOMIG, NOF, "pmc1u", LOW32, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 1, PPC_FAM_64, USER, NOMIG, NOF, "pmc2u", LOW32, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 2, PPC_FAM_64, USER, NOMIG, NOF, "pmc3u", LOW32, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 3, PPC_FAM_64, USER, NOMIG, NOF, "pmc4u", LOW32, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 4, PPC_FAM_64, USER, NOMIG, NOF, "pmc5u", LOW32, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 5, PPC_FAM_64, USER, NOMIG, NOF, "pmc6u", LOW32, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_UPMC1 + 6, PPC_FAM_970, USER_RO, NOMIG, NOF, "pmc7u", 0, 0, 0, spr_read_pmu_user, NULL},
    {SPR_UPMC1 + 7, PPC_FAM_970, USER_RO, NOMIG, NOF, "pmc8u", 0, 0, 0, spr_read_pmu_user, NULL},
    {SPR_UMMCR0, PPC_FAM_64, USER, NOMIG | END, NOF, "mmcr0u", ALL64, 0, 0, spr_read_pmu_user,
     spr_write_pmu_user},
    {SPR_USIAR, PPC_FAM_64, USER_RO, NOMIG, NOF, "siaru", 0, 0, 0, spr_read_pmu_user, NULL},
    {SPR_USDAR, PPC_FAM_64, USER_RO, NOMIG, NOF, "sdaru", 0, 0, 0, spr_read_pmu_user, NULL},
    {SPR_UMMCR1, PPC_FAM_64, USER_RO, NOMIG, NOF, "mmcr1u", 0, 0, 0, spr_read_pmu_user, NULL},
    {SPR_SIER, PPC_FAM_P8_UP, PRIV, 0, NOF, "sier", ALL64, 0, 0, NULL, NULL},
    {SPR_MMCR2, PPC_FAM_P8_UP, PRIV, END, NOF, "mmcr2", ALL64, 0, 0, NULL, spr_write_pmu_control},
    {SPR_MMCRA, PPC_FAM_64, PRIV, 0, NOF, "mmcra", ALL64, 0, 0, NULL, NULL},
    {SPR_PMC1, PPC_FAM_64, PRIV, END, NOF, "pmc1", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC2, PPC_FAM_64, PRIV, END, NOF, "pmc2", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC3, PPC_FAM_64, PRIV, END, NOF, "pmc3", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC4, PPC_FAM_64, PRIV, END, NOF, "pmc4", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC5, PPC_FAM_64, PRIV, END, NOF, "pmc5", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC6, PPC_FAM_64, PRIV, END, NOF, "pmc6", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC7, PPC_FAM_970, PRIV, END, NOF, "pmc7", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_PMC8, PPC_FAM_970, PRIV, END, NOF, "pmc8", LOW32, 0, 0, spr_read_pmc, spr_write_pmc},
    {SPR_MMCR0, PPC_FAM_64, PRIV, END, NOF, "mmcr0", ALL64, MMCR0_FC, 0, NULL,
     spr_write_pmu_control},
    {SPR_SIAR, PPC_FAM_64, PRIV, 0, NOF, "siar", ALL64, 0, 0, NULL, NULL},
    {SPR_SDAR, PPC_FAM_64, PRIV, 0, NOF, "sdar", ALL64, 0, 0, NULL, NULL},
    {SPR_MMCR1, PPC_FAM_64, PRIV, END, NOF, "mmcr1", ALL64, 0, 0, NULL, spr_write_pmu_control},
    {SPR_MMCRH, PPC_FAM_P7_UP, HYP, 0, NOF, "mmcrh", ALL64, 0, 0, NULL, NULL},
    {SPR_MMCRC, PPC_FAM_P7_UP, HYP, 0, NOF, "mmcrc", ALL64, 0, 0, NULL, NULL},
    {SPR_MMCRS, PPC_FAM_P8_UP, PRIV, 0, NOF, "mmcrs", LOW32, 0, 0, NULL, NULL},
    {SPR_SPMC1, PPC_FAM_P8_UP, PRIV, 0, NOF, "spmc1", LOW32, 0, 0, NULL, NULL},
    {SPR_SPMC2, PPC_FAM_P8_UP, PRIV, 0, NOF, "spmc2", LOW32, 0, 0, NULL, NULL},
    {SPR_TACR, PPC_FAM_P8_UP, PRIV, 0, NOF, "tacr", ALL64, 0, 0, NULL, NULL},
    {SPR_TCSCR, PPC_FAM_P8_UP, PRIV, 0, NOF, "tcscr", ALL64, 0, 0, NULL, NULL},
    {SPR_CSIGR, PPC_FAM_P8_UP, PRIV, 0, NOF, "csigr", ALL64, 0, 0, NULL, NULL},

    /* PowerPC 970 and POWER5+. */
    {SPR_HIOR, PPC_FAM_970, HYP, 0, NOF, "hior", HIOR_MASK, 0, 0, NULL, NULL},
    {SPR_HRMOR, PPC_FAM_970, HYP, 0, NOF, "hrmor", ALL64, 0, 0, NULL, NULL},
    {SPR_HID0, PPC_FAM_970, HYP, 0, NOF, "hid0", ALL64, 0x60000000, 0, NULL, NULL},
    {SPR_HID1, PPC_FAM_970, HYP, 0, NOF, "hid1", ALL64, 0, 0, NULL, NULL},
    {SPR_IABR, PPC_FAM_970, HYP, 0, NOF, "iabr", ALL64, 0, 0, NULL, NULL},
    {SPR_HID4, PPC_FAM_970, HYP, END | FLUSH, NOF, "hid4", ALL64, 0, 0, NULL, spr_write_hid4},
    {SPR_HID5, PPC_FAM_970, HYP, 0, NOF, "hid5", ALL64, 0, 0, NULL, NULL},
};
const unsigned ppc_spr_row_count = G_N_ELEMENTS(ppc_spr_rows);

const PPCSpr *ppc_spr_find(PPCFamily family, unsigned number)
{
    for (unsigned i = 0; i < ppc_spr_row_count; i++) {
        if (ppc_spr_rows[i].number == number && ppc_spr_rows[i].families >> family & 1) {
            return &ppc_spr_rows[i];
        }
    }
    return NULL;
}

void ppc_spr_index_init(PowerPCCPU *cpu)
{
    cpu->sprs = g_new0(const PPCSpr *, 1024);
    for (unsigned i = 0; i < ppc_spr_row_count; i++) {
        const PPCSpr *row = &ppc_spr_rows[i];

        if (row->families >> cpu_family(cpu) & 1) {
            g_assert(row->number < 1024 && !cpu->sprs[row->number]);
            cpu->sprs[row->number] = row;
        }
    }
    for (unsigned i = 0; i < ppc_spr_row_count_32; i++) {
        const PPCSpr *row = &ppc_spr_rows_32[i];

        if (row->sets & cpu->model->spr_sets) {
            g_assert(row->number < 1024 && !cpu->sprs[row->number]);
            cpu->sprs[row->number] = row;
        }
    }
}

bool ppc_spr_read_raw(CPUPPCState *env, unsigned number, uint64_t *value)
{
    const PPCSpr *row = number < 1024 ? env_cpu(env)->sprs[number] : NULL;

    if (!row) {
        return false;
    }
    *value = row->read ? row->read(env, number) : *(uint64_t *)((char *)env + ppc_spr_offset(row));
    return true;
}

bool ppc_spr_write_raw(CPUPPCState *env, unsigned number, uint64_t value)
{
    const PPCSpr *row = number < 1024 ? env_cpu(env)->sprs[number] : NULL;

    if (!row || !row->mask) {
        return false;
    }
    if (!cpu_is_64(env_cpu(env))) {
        value = (uint32_t)value;
    }
    if (row->write) {
        row->write(env, number, value);
    } else {
        *(uint64_t *)((char *)env + ppc_spr_offset(row)) = value & row->mask;
    }
    return true;
}
