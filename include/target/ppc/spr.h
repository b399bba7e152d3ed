/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Special-purpose registers: numbers, the bits of those that steer other parts, and the row type of
 * the SPR table (target/ppc/spr-table.c).  From Power ISA 3.0B book III 5.4 (figure "SPR
 * encodings"), with the older server registers of 2.01 .. 2.06 and the PowerPC 970's own.
 *
 * One row per register and family set.  A plain row (no functions) is storage: env->spr[number], or
 * `offset` bytes into env, and generated code reaches it inline.
 */
#ifndef TARGET_PPC_SPR_H
#define TARGET_PPC_SPR_H

#include "target/ppc/cpu.h"

enum {
    SPR_XER = 1,
    SPR_UDSCR = 3,
    SPR_LR = 8,
    SPR_CTR = 9,
    SPR_UAMR = 13,
    SPR_DSCR = 17,
    SPR_DSISR = 18,
    SPR_DAR = 19,
    SPR_DECR = 22,
    SPR_SDR1 = 25,
    SPR_SRR0 = 26,
    SPR_SRR1 = 27,
    SPR_CFAR = 28,
    SPR_AMR = 29,
    SPR_ACOP = 31,
    SPR_PIDR = 48,
    SPR_IAMR = 61,
    SPR_TFHAR = 128,
    SPR_TFIAR = 129,
    SPR_TEXASR = 130,
    SPR_TEXASRU = 131,
    SPR_UCTRL = 136,
    SPR_TIDR = 144,
    SPR_CTRL = 152,
    SPR_FSCR = 153,
    SPR_UAMOR = 157,
    SPR_PSPB = 159,
    SPR_DPDES = 176,
    SPR_DAWR0 = 180,
    SPR_RPR = 186,
    SPR_CIABR = 187,
    SPR_DAWRX0 = 188,
    SPR_HFSCR = 190,
    SPR_VRSAVE = 256,
    SPR_USPRG3 = 259,
    SPR_TBL = 268,
    SPR_TBU = 269,
    SPR_SPRG0 = 272,
    SPR_SPRG1 = 273,
    SPR_SPRG2 = 274,
    SPR_SPRG3 = 275,
    SPR_EAR = 282,
    SPR_WR_TBL = 284,
    SPR_WR_TBU = 285,
    SPR_TBU40 = 286,
    SPR_PVR = 287,
    SPR_HSPRG0 = 304,
    SPR_HSPRG1 = 305,
    SPR_HDSISR = 306,
    SPR_HDAR = 307,
    SPR_SPURR = 308,
    SPR_PURR = 309,
    SPR_HDEC = 310,
    SPR_HIOR = 311,
    SPR_RMOR = 312,
    SPR_HRMOR = 313,
    SPR_HSRR0 = 314,
    SPR_HSRR1 = 315,
    SPR_MMCRH = 316,
    SPR_TFMR = 317,
    SPR_LPCR = 318,
    SPR_LPIDR = 319,
    SPR_HMER = 336,
    SPR_HMEER = 337,
    SPR_PCR = 338,
    SPR_HEIR = 339,
    SPR_AMOR = 349,
    SPR_TIR = 446,
    SPR_PTCR = 464,
    SPR_USIER = 768,
    SPR_UMMCR2 = 769,
    SPR_UMMCRA = 770,
    SPR_UPMC1 = 771,
    SPR_UPMC6 = 776,
    SPR_UPMC8 = 778,
    SPR_UMMCR0 = 779,
    SPR_USIAR = 780,
    SPR_USDAR = 781,
    SPR_UMMCR1 = 782,
    SPR_SIER = 784,
    SPR_MMCR2 = 785,
    SPR_MMCRA = 786,
    SPR_PMC1 = 787,
    SPR_PMC2 = 788,
    SPR_PMC3 = 789,
    SPR_PMC4 = 790,
    SPR_PMC5 = 791,
    SPR_PMC6 = 792,
    SPR_PMC7 = 793,
    SPR_PMC8 = 794,
    SPR_MMCR0 = 795,
    SPR_SIAR = 796,
    SPR_SDAR = 797,
    SPR_MMCR1 = 798,
    SPR_BESCRS = 800,
    SPR_BESCRSU = 801,
    SPR_BESCRR = 802,
    SPR_BESCRRU = 803,
    SPR_EBBHR = 804,
    SPR_EBBRR = 805,
    SPR_BESCR = 806,
    SPR_TAR = 815,
    SPR_ASDR = 816,
    SPR_PSSCR_PR = 823,
    SPR_IC = 848,
    SPR_VTB = 849,
    SPR_MMCRC = 851,
    SPR_PSSCR = 855,
    SPR_TRIG0 = 880,
    SPR_TRIG1 = 881,
    SPR_TRIG2 = 882,
    SPR_PMCR = 884,
    SPR_RWMR = 885,
    SPR_TACR = 888,
    SPR_TCSCR = 889,
    SPR_CSIGR = 890,
    SPR_SPMC1 = 892,
    SPR_SPMC2 = 893,
    SPR_MMCRS = 894,
    SPR_WORT = 895,
    SPR_PPR = 896,
    SPR_PPR32 = 898,
    SPR_TSCR = 921,
    SPR_TTR = 922,
    SPR_HID0 = 1008,
    SPR_HID1 = 1009,
    SPR_IABR = 1010,
    SPR_HID4 = 1012,
    SPR_DABR = 1013,
    SPR_HID5 = 1014,
    SPR_DABRX = 1015,
    SPR_MSSCR0 = 1014,
    SPR_PIR = 1023,
    /* 32-bit processors. */
    SPR_USPRG4 = 260,
    SPR_SPRG4 = 276,
    SPR_IBAT0U = 528,
    SPR_DBAT0U = 536,
    SPR_IBAT4U = 560,
    SPR_DBAT4U = 568,
    SPR_750CL_GQR0 = 912,
    SPR_750CL_HID2 = 920,
    SPR_750CL_WPAR = 921,
    SPR_750CL_DMAU = 922,
    SPR_750CL_DMAL = 923,
    SPR_32_UMMCR2 = 928,
    SPR_32_UPMC5 = 929,
    SPR_32_UPMC6 = 930,
    SPR_UBAMR = 935,
    SPR_32_UMMCR0 = 936,
    SPR_32_UPMC1 = 937,
    SPR_32_UPMC2 = 938,
    SPR_32_USIAR = 939,
    SPR_32_UMMCR1 = 940,
    SPR_32_UPMC3 = 941,
    SPR_32_UPMC4 = 942,
    SPR_32_USDA = 943,
    SPR_32_MMCR2 = 944,
    SPR_32_PMC5 = 945,
    SPR_32_PMC6 = 946,
    SPR_BAMR = 951,
    SPR_32_MMCR0 = 952,
    SPR_32_PMC1 = 953,
    SPR_32_PMC2 = 954,
    SPR_32_SIAR = 955,
    SPR_32_MMCR1 = 956,
    SPR_32_PMC3 = 957,
    SPR_32_PMC4 = 958,
    SPR_32_SDA = 959,
    SPR_DMISS = 976,
    SPR_DCMP = 977,
    SPR_HASH1 = 978,
    SPR_HASH2 = 979,
    SPR_IMISS = 980,
    SPR_TLBMISS = 980,
    SPR_ICMP = 981,
    SPR_PTEHI = 981,
    SPR_RPA = 982,
    SPR_PTELO = 982,
    SPR_L3PM = 983,
    SPR_L3ITCR0 = 984,
    SPR_L3OHCR = 1000,
    SPR_ICTRL = 1011,
    SPR_755_HID2 = 1011,
    SPR_750CL_HID4 = 1011,
    SPR_MSSSR0 = 1015,
    SPR_LDSTCR = 1016,
    SPR_750FX_HID2 = 1016,
    SPR_L2PMCR = 1016,
    SPR_L2CR = 1017,
    SPR_L3CR = 1018,
    SPR_ICTC = 1019,
    SPR_THRM1 = 1020,
    SPR_THRM2 = 1021,
    SPR_THRM3 = 1022,
};

/* LPCR (book III 2.2). */
#define LPCR_VPM0 (1ull << 63)
#define LPCR_VPM1 (1ull << 62)
#define LPCR_ISL (1ull << 61)
#define LPCR_KBV (1ull << 60)
#define LPCR_DPFD (7ull << 52)
#define LPCR_VRMASD_SHIFT 47
#define LPCR_VRMASD (0x1full << 47)
#define LPCR_PECE_U (7ull << 44)
#define LPCR_HVEE (1ull << 46)
#define LPCR_RMLS (0xfull << 26)
#define LPCR_RMLS_SHIFT 26
#define LPCR_ILE (1ull << 25)
#define LPCR_AIL_SHIFT 23
#define LPCR_AIL (3ull << 23)
#define LPCR_UPRT (1ull << 22)
#define LPCR_EVIRT (1ull << 21)
#define LPCR_HR (1ull << 20)
#define LPCR_ONL (1ull << 18)
#define LPCR_LD (1ull << 17)
#define LPCR_P7_PECE0 (1ull << 14)
#define LPCR_P7_PECE1 (1ull << 13)
#define LPCR_P7_PECE2 (1ull << 12)
#define LPCR_PDEE (1ull << 16)
#define LPCR_HDEE (1ull << 15)
#define LPCR_EEE (1ull << 14)
#define LPCR_DEE (1ull << 13)
#define LPCR_OEE (1ull << 12)
#define LPCR_PECE_L (0x1full << 12)
#define LPCR_MER (1ull << 11)
#define LPCR_GTSE (1ull << 10)
#define LPCR_TC (1ull << 9)
#define LPCR_HEIC (1ull << 4)
#define LPCR_LPES0 (1ull << 3)
#define LPCR_LPES1 (1ull << 2)
#define LPCR_RMI (1ull << 1)
#define LPCR_HVICE (1ull << 1)
#define LPCR_HDICE (1ull << 0)

/* What POWER5 has of it in HID4; HIOR's bits. */
#define HID4_LPES0 (1ull << 63)
#define HIOR_MASK 0x3fffff00000ull

/* FSCR and HFSCR: bit number = facility number = interrupt cause (book III 6.2.10). */
enum {
    FACILITY_FP = 0, FACILITY_VSX = 1, FACILITY_DSCR = 2, FACILITY_PMU = 3, FACILITY_BHRB = 4,
    FACILITY_TM = 5, FACILITY_EBB = 7, FACILITY_TAR = 8, FACILITY_STOP = 9, FACILITY_MSGP = 10,
    FACILITY_SCV = 12,
};
#define FSCR_IC_SHIFT 56
#define FSCR_IC_MASK (0xffull << FSCR_IC_SHIFT)

/* PCR (book III 2.5). */
#define PCR_COMPAT_3_00 (1ull << 4)   /* reserved for 3.1 processors in 3.00 mode */
#define PCR_COMPAT_2_07 (1ull << 3)
#define PCR_COMPAT_2_06 (1ull << 2)
#define PCR_COMPAT_2_05 (1ull << 1)
#define PCR_VEC_DIS (1ull << 63)
#define PCR_VSX_DIS (1ull << 62)
#define PCR_TM_DIS (1ull << 61)

/* MMCR0 (book III 9.4.4). */
#define MMCR0_FC (1ull << 31)
#define MMCR0_FCS (1ull << 30)
#define MMCR0_FCP (1ull << 29)
#define MMCR0_FCM1 (1ull << 28)
#define MMCR0_FCM0 (1ull << 27)
#define MMCR0_PMAE (1ull << 26)
#define MMCR0_FCECE (1ull << 25)
#define MMCR0_TBSEL_SHIFT 23
#define MMCR0_TBSEL (3ull << 23)
#define MMCR0_TBEE (1ull << 22)
#define MMCR0_BHRBA (1ull << 21)
#define MMCR0_EBE (1ull << 20)
#define MMCR0_PMCC (3ull << 18)
#define MMCR0_PMCC_SHIFT 18
#define MMCR0_PMC1CE (1ull << 15)
#define MMCR0_PMCJCE (1ull << 14)
#define MMCR0_TRIGGER (1ull << 13)
#define MMCR0_FCPC (1ull << 12)
#define MMCR0_CC56RUN (1ull << 8)
#define MMCR0_PMAO (1ull << 7)
#define MMCR0_FC14 (1ull << 5)
#define MMCR0_FC56 (1ull << 4)
#define MMCR0_FCWAIT (1ull << 1)
#define MMCR0_FCH (1ull << 0)

/* SIER, and its bits' place in MMCRA before ISA 2.07. */
#define SIER_SIPR (1ull << 25)
#define SIER_SIHV (1ull << 24)
#define SIER_SIAR_VALID (1ull << 22)
#define MMCRA_SIHV (1ull << 42)
#define MMCRA_SIPR (1ull << 41)
#define MMCRA_SIAR_VALID (1ull << 28)

#define BESCR_GE (1ull << 63)
#define BESCR_EE (1ull << 30)          /* external EBB enable */
#define BESCR_PME (1ull << 32)
#define BESCR_PMEO (1ull << 0)
#define BESCR_EEO (1ull << 1)

/* Partition- and process-table words (book III 5.7.6). */
#define PATE0_HR (1ull << 63)
#define PATE1_GR (1ull << 63)

#define PTCR_PATB 0x0ffffffffffff000ull
#define PTCR_PATS 0x1full

typedef uint64_t PPCSprRead(CPUPPCState *env, unsigned number);
typedef void PPCSprWrite(CPUPPCState *env, unsigned number, uint64_t value);

/* Who may do what: problem, supervisor (privileged, not hypervisor), hypervisor. */
enum {
    SPR_UR = 1, SPR_UW = 2, SPR_SR = 4, SPR_SW = 8, SPR_HR = 16, SPR_HW = 32,
};

enum {
    SPR_ENDS_BLOCK = 1,       /* writing it may change modes or pending work: leave the block */
    SPR_FLUSHES_TLB = 2,      /* writing it changes translation */
    SPR_NOT_MIGRATED = 4,     /* an alias, or state whose home is elsewhere */
    SPR_INLINE_NEVER = 8,     /* storage that needs the helper (facility checks are at run time) */
};

/* Bits of PPCSpr.families, 1 << PPCFamily. */
#define PPC_FAM_970 (1u << FAMILY_970)
#define PPC_FAM_P7 (1u << FAMILY_POWER7)
#define PPC_FAM_P8 (1u << FAMILY_POWER8)
#define PPC_FAM_P9 (1u << FAMILY_POWER9)
#define PPC_FAM_P9_UP PPC_FAM_P9
#define PPC_FAM_P8_UP (PPC_FAM_P8 | PPC_FAM_P9_UP)
#define PPC_FAM_P7_UP (PPC_FAM_P7 | PPC_FAM_P8_UP)
#define PPC_FAM_64 (PPC_FAM_970 | PPC_FAM_P7_UP)
#define PPC_FAM_ALL 0xffffu

/* Sets of registers that 32-bit models have (PowerPCCPUClass.spr_sets). */
enum {
    SPRS_32 = 1 << 0,           /* all of them */
    SPRS_HID1 = 1 << 1,
    SPRS_SOFT_TLB = 1 << 2,     /* 603, 755: IMISS ... RPA */
    SPRS_PIR = 1 << 3,
    SPRS_DABR = 1 << 4,
    SPRS_PMU604 = 1 << 5,
    SPRS_PMU604E = 1 << 6,
    SPRS_PMU = 1 << 7,          /* 750 and 74xx */
    SPRS_UPMU = 1 << 8,         /* and its user copies */
    SPRS_L2CR = 1 << 9,
    SPRS_ICTC = 1 << 10,
    SPRS_THRM = 1 << 11,
    SPRS_HIGH_BATS = 1 << 12,
    SPRS_750CL = 1 << 13,
    SPRS_750FX = 1 << 14,
    SPRS_755 = 1 << 15,
    SPRS_SPRG4 = 1 << 16,
    SPRS_74XX = 1 << 17,
    SPRS_7400 = 1 << 18,
    SPRS_7450 = 1 << 19,
    SPRS_TLBMISS = 1 << 20,     /* 7450: TLBMISS, PTEHI, PTELO */
    SPRS_L3CR = 1 << 21,
};

typedef struct PPCSpr {
    uint16_t number;
    uint16_t families;
    uint8_t access;           /* SPR_UR .. SPR_HW */
    uint8_t flags;
    int8_t facility;          /* FACILITY_* checked in problem state, or -1 */
    const char *name;
    uint64_t mask;            /* bits that a write stores */
    uint64_t reset;
    uint32_t offset;          /* home in env, or 0: env->spr[number] */
    PPCSprRead *read;
    PPCSprWrite *write;
    uint32_t sets;            /* SPRS_*: 32-bit models that have it, beside the families */
} PPCSpr;

extern const PPCSpr ppc_spr_rows[];
extern const unsigned ppc_spr_row_count;
extern const PPCSpr ppc_spr_rows_32[];       /* spr-table-32.c */
extern const unsigned ppc_spr_row_count_32;

/* Lowest family of a row: FAMILY_*. */
static inline unsigned ppc_spr_first_family(const PPCSpr *row)
{
    return __builtin_ctz(row->families);
}

/* The row of a number on a family, or NULL. Linear in the table: for start-up; the CPU has an
 * index. */
const PPCSpr *ppc_spr_find(PPCFamily family, unsigned number);
/* Fills the CPU's index of 1024 rows. */
void ppc_spr_index_init(PowerPCCPU *cpu);
/* Reads or writes as the hypervisor would (machine, monitor, gdb): no access checks. false: no such
 * SPR. */
bool ppc_spr_read_raw(CPUPPCState *env, unsigned number, uint64_t *value);
bool ppc_spr_write_raw(CPUPPCState *env, unsigned number, uint64_t value);

/* Byte offset in env of a plain row's storage. */
static inline uint32_t ppc_spr_offset(const PPCSpr *row)
{
    return row->offset ? row->offset : offsetof(CPUPPCState, spr) + row->number * 8u;
}

/* Machine and hypercalls: registers whose change has consequences. */
void ppc_store_lpcr(PowerPCCPU *cpu, uint64_t value);
void ppc_store_pcr(CPUPPCState *env, uint64_t value);
/* True when the guest's (partition's) translation is radix. */
bool ppc_guest_radix(PowerPCCPU *cpu);

#endif
