/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SPR table of 32-bit processors: what they have beside the rows for all families in
 * spr-table.c.
 *
 * From the user's manuals of MPC603e (2.1.2), MPC604e, MPC750/755, 750CL, 750FX/GX, MPC7400/7410
 * and MPC7450, and the 32-bit Programming Environments Manual (2.3).  Rows carry the sets of models
 * that have them.  Cache and bus control registers keep what is written: there is no cache to
 * control; bits that the processor clears by itself when an operation is finished are never seen.
 */
#include "target/ppc/cpu.h"
#include "internal.h"

#define USER (SPR_UR | SPR_UW | SPR_SR | SPR_SW | SPR_HR | SPR_HW)
#define USER_RO (SPR_UR | SPR_SR | SPR_HR)
#define PRIV (SPR_SR | SPR_SW | SPR_HR | SPR_HW)
#define PRIV_RO (SPR_SR | SPR_HR)
#define WORD 0xffffffffull
#define END SPR_ENDS_BLOCK
#define NOMIG SPR_NOT_MIGRATED
#define FLUSH SPR_FLUSHES_TLB

/* Plain storage; storage of some bits; a user's view of another register; registers with functions.
 */
#define ROW(sets, number, name) {number, 0, PRIV, 0, -1, name, WORD, 0, 0, NULL, NULL, sets}
#define ROW_BITS(sets, number, name, bits)                                                         \
    {                                                                                              \
        number, 0, PRIV, 0, -1, name, bits, 0, 0, NULL, NULL, sets                                 \
    }
#define ROW_RO(sets, number, name) {number, 0, PRIV_RO, 0, -1, name, 0, 0, 0, NULL, NULL, sets}
#define ROW_VIEW(sets, number, name, of)                                                          \
    {number, 0, USER_RO, NOMIG, -1, name, 0, 0, offsetof(CPUPPCState, spr[of]), NULL, NULL, sets}
#define BAT(sets, number, name)                                                                   \
    {number, 0, PRIV, NOMIG | END | FLUSH, -1, name, WORD, 0, 0, spr_read_bat, spr_write_bat, sets}
#define PMU(sets, number, name)                                                                   \
    {number, 0, PRIV, END, -1, name, WORD, 0, 0, NULL, spr_write_pmu_control, sets}
#define PMC(sets, number, name)                                                                   \
    {number, 0, PRIV, 0, -1, name, WORD, 0, 0, spr_read_pmc, spr_write_pmc, sets}
#define PMC_VIEW(sets, number, name)                                                              \
    {number, 0, USER_RO, NOMIG, -1, name, 0, 0, 0, spr_read_pmu_user, NULL, sets}
#define BATS(sets, kind, first, number)                                                           \
    BAT(sets, (number) + 0, kind #first "u"), BAT(sets, (number) + 1, kind #first "l")

const PPCSpr ppc_spr_rows_32[] = {
    /* Translation. */
    {SPR_SDR1, 0, PRIV, END | FLUSH, -1, "sdr1", WORD, 0, 0, NULL, spr_write_sdr1_32, SPRS_32},
    BATS(SPRS_32, "ibat", 0, SPR_IBAT0U),
    BATS(SPRS_32, "ibat", 1, SPR_IBAT0U + 2),
    BATS(SPRS_32, "ibat", 2, SPR_IBAT0U + 4),
    BATS(SPRS_32, "ibat", 3, SPR_IBAT0U + 6),
    BATS(SPRS_32, "dbat", 0, SPR_DBAT0U),
    BATS(SPRS_32, "dbat", 1, SPR_DBAT0U + 2),
    BATS(SPRS_32, "dbat", 2, SPR_DBAT0U + 4),
    BATS(SPRS_32, "dbat", 3, SPR_DBAT0U + 6),
    BATS(SPRS_HIGH_BATS, "ibat", 4, SPR_IBAT4U),
    BATS(SPRS_HIGH_BATS, "ibat", 5, SPR_IBAT4U + 2),
    BATS(SPRS_HIGH_BATS, "ibat", 6, SPR_IBAT4U + 4),
    BATS(SPRS_HIGH_BATS, "ibat", 7, SPR_IBAT4U + 6),
    BATS(SPRS_HIGH_BATS, "dbat", 4, SPR_DBAT4U),
    BATS(SPRS_HIGH_BATS, "dbat", 5, SPR_DBAT4U + 2),
    BATS(SPRS_HIGH_BATS, "dbat", 6, SPR_DBAT4U + 4),
    BATS(SPRS_HIGH_BATS, "dbat", 7, SPR_DBAT4U + 6),

    /* Table search by software. */
    ROW(SPRS_SOFT_TLB, SPR_DMISS, "dmiss"),
    ROW(SPRS_SOFT_TLB, SPR_DCMP, "dcmp"),
    ROW_RO(SPRS_SOFT_TLB, SPR_HASH1, "hash1"),
    ROW_RO(SPRS_SOFT_TLB, SPR_HASH2, "hash2"),
    ROW(SPRS_SOFT_TLB, SPR_IMISS, "imiss"),
    ROW(SPRS_SOFT_TLB, SPR_ICMP, "icmp"),
    ROW(SPRS_SOFT_TLB, SPR_RPA, "rpa"),
    ROW(SPRS_TLBMISS, SPR_TLBMISS, "tlbmiss"),
    ROW(SPRS_TLBMISS, SPR_PTEHI, "ptehi"),
    ROW(SPRS_TLBMISS, SPR_PTELO, "ptelo"),

    /* Control. */
    {SPR_HID0, 0, PRIV, END | FLUSH, -1, "hid0", WORD, 0, 0, NULL, spr_write_hid_32, SPRS_32},
    ROW(SPRS_HID1, SPR_HID1, "hid1"),
    {SPR_755_HID2, 0, PRIV, END | FLUSH, -1, "hid2", WORD, 0, 0, NULL, spr_write_hid_32, SPRS_755},
    ROW(SPRS_750FX, SPR_750FX_HID2, "hid2"),
    ROW(SPRS_750CL, SPR_750CL_HID2, "hid2"),
    {SPR_750CL_HID4, 0, PRIV, END | FLUSH, -1, "hid4", WORD, 0, 0, NULL, spr_write_hid_32,
     SPRS_750CL},
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 0, "gqr0"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 1, "gqr1"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 2, "gqr2"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 3, "gqr3"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 4, "gqr4"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 5, "gqr5"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 6, "gqr6"),
    ROW(SPRS_750CL, SPR_750CL_GQR0 + 7, "gqr7"),
    ROW(SPRS_750CL, SPR_750CL_WPAR, "wpar"),
    ROW(SPRS_750CL, SPR_750CL_DMAU, "dmau"),
    ROW(SPRS_750CL, SPR_750CL_DMAL, "dmal"),
    {SPR_EAR, 0, PRIV, 0, -1, "ear", 0x8000003f, 0, 0, NULL, NULL, SPRS_32},
    ROW(SPRS_PIR, SPR_PIR, "pir"),
    ROW(SPRS_SPRG4, SPR_SPRG4 + 0, "sprg4"),
    ROW(SPRS_SPRG4, SPR_SPRG4 + 1, "sprg5"),
    ROW(SPRS_SPRG4, SPR_SPRG4 + 2, "sprg6"),
    ROW(SPRS_SPRG4, SPR_SPRG4 + 3, "sprg7"),
    {SPR_VRSAVE, 0, USER, 0, -1, "vrsave", WORD, 0, 0, NULL, NULL, SPRS_74XX},

    /* Caches and power. */
    {SPR_L2CR, 0, PRIV, 0, -1, "l2cr", WORD, 0, 0, NULL, spr_write_l2cr, SPRS_L2CR},
    ROW(SPRS_755, SPR_L2PMCR, "l2pmcr"),
    {SPR_L3CR, 0, PRIV, 0, -1, "l3cr", (uint32_t)~0x400u, 0, 0, NULL, NULL, SPRS_L3CR},
    ROW(SPRS_L3CR, SPR_L3PM, "l3pm"),
    ROW(SPRS_L3CR, SPR_L3ITCR0, "l3itcr0"),
    ROW(SPRS_L3CR, SPR_L3OHCR, "l3ohcr"),
    ROW(SPRS_L3CR, 1001, "l3itcr1"),
    ROW(SPRS_L3CR, 1002, "l3itcr2"),
    ROW(SPRS_L3CR, 1003, "l3itcr3"),
    ROW(SPRS_7450, SPR_ICTRL, "ictrl"),
    ROW(SPRS_7450, SPR_LDSTCR, "ldstcr"),
    /* DL1HWF and L2HWF: flushes are done at once. */
    ROW_BITS(SPRS_74XX, SPR_MSSCR0, "msscr0", (uint32_t)~0x00800000u),
    ROW(SPRS_74XX, SPR_MSSSR0, "msssr0"),
    ROW(SPRS_ICTC, SPR_ICTC, "ictc"),
    {SPR_THRM1, 0, PRIV, 0, -1, "thrm1", WORD, 0, 0, spr_read_thrm, NULL, SPRS_THRM},
    {SPR_THRM2, 0, PRIV, 0, -1, "thrm2", WORD, 0, 0, spr_read_thrm, NULL, SPRS_THRM},
    ROW(SPRS_THRM, SPR_THRM3, "thrm3"),

    /* Debug. */
    {SPR_IABR, 0, PRIV, END, -1, "iabr", WORD, 0, 0, NULL, spr_write_iabr_32, SPRS_32},
    {SPR_DABR, 0, PRIV, END, -1, "dabr", WORD, 0, 0, NULL, spr_write_dabr, SPRS_DABR},

    /* Performance monitor. */
    PMU(SPRS_PMU | SPRS_PMU604, SPR_32_MMCR0, "mmcr0"),
    PMC(SPRS_PMU | SPRS_PMU604, SPR_32_PMC1, "pmc1"),
    PMC(SPRS_PMU | SPRS_PMU604, SPR_32_PMC2, "pmc2"),
    ROW(SPRS_PMU | SPRS_PMU604, SPR_32_SIAR, "siar"),
    ROW(SPRS_PMU604, SPR_32_SDA, "sda"),
    PMU(SPRS_PMU | SPRS_PMU604E, SPR_32_MMCR1, "mmcr1"),
    PMC(SPRS_PMU | SPRS_PMU604E, SPR_32_PMC3, "pmc3"),
    PMC(SPRS_PMU | SPRS_PMU604E, SPR_32_PMC4, "pmc4"),
    ROW(SPRS_74XX, SPR_32_MMCR2, "mmcr2"),
    ROW(SPRS_74XX, SPR_BAMR, "bamr"),
    PMC(SPRS_7450, SPR_32_PMC5, "pmc5"),
    PMC(SPRS_7450, SPR_32_PMC6, "pmc6"),
    ROW_VIEW(SPRS_UPMU, SPR_32_UMMCR0, "ummcr0", SPR_32_MMCR0),
    PMC_VIEW(SPRS_UPMU, SPR_32_UPMC1, "upmc1"),
    PMC_VIEW(SPRS_UPMU, SPR_32_UPMC2, "upmc2"),
    ROW_VIEW(SPRS_UPMU, SPR_32_USIAR, "usiar", SPR_32_SIAR),
    ROW_VIEW(SPRS_UPMU, SPR_32_UMMCR1, "ummcr1", SPR_32_MMCR1),
    PMC_VIEW(SPRS_UPMU, SPR_32_UPMC3, "upmc3"),
    PMC_VIEW(SPRS_UPMU, SPR_32_UPMC4, "upmc4"),
    ROW_VIEW(SPRS_74XX, SPR_32_UMMCR2, "ummcr2", SPR_32_MMCR2),
    ROW_VIEW(SPRS_74XX, SPR_UBAMR, "ubamr", SPR_BAMR),
    PMC_VIEW(SPRS_7450, SPR_32_UPMC5, "upmc5"),
    PMC_VIEW(SPRS_7450, SPR_32_UPMC6, "upmc6"),
};
const unsigned ppc_spr_row_count_32 = G_N_ELEMENTS(ppc_spr_rows_32);
