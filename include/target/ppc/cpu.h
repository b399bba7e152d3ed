/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUPPCState: the architected state of one PowerPC hardware thread, and PowerPCCPU, the object
 * that holds it.  From Power ISA 3.0B books I-III; older server and 32-bit resources where models
 * need them.
 *
 * One home per register: LR, CTR, XER live in their own members, never in spr[].  SPRs with a home
 * of their own have it as the `offset` of their row in the SPR table (spr.h); all others live in
 * spr[]. env is the pointer generated code holds; the GPRs stand first so that they have the short
 * encodings.
 */
#ifndef TARGET_PPC_CPU_H
#define TARGET_PPC_CPU_H

#include <glib.h>
#include "hw/core/cpu.h"
#include "tcg/ir.h"
#include "tcg/tcg-cpu.h"

typedef struct PowerPCCPU PowerPCCPU;
typedef struct CPUPPCState CPUPPCState;
typedef struct PowerPCCPUClass PowerPCCPUClass;

/* MSR bits, numbered from the least significant. */
enum {
    MSR_LE = 0,
    MSR_RI = 1,
    MSR_PMM = 2,
    MSR_DR = 4,
    MSR_IR = 5,
    MSR_IP = 6,
    MSR_FE1 = 8,
    MSR_BE = 9,
    MSR_SE = 10,
    MSR_FE0 = 11,
    MSR_ME = 12,
    MSR_FP = 13,
    MSR_PR = 14,
    MSR_EE = 15,
    MSR_ILE = 16,
    MSR_TGPR = 17,
    MSR_POW = 18,
    MSR_VSX = 23,
    MSR_VR = 25,
    MSR_TM = 32,
    MSR_TS0 = 34,
    MSR_TS1 = 33,
    MSR_S = 22,
    MSR_HV = 60,
    MSR_ISF = 61,
    MSR_SF = 63,
};
#define MSR_BIT(name) ((uint64_t)1 << MSR_##name)

/* FPSCR bits, numbered from the least significant (the architecture's bit 63). */
enum {
    FPSCR_RN = 0,
    FPSCR_NI = 2,
    FPSCR_XE = 3,
    FPSCR_ZE = 4,
    FPSCR_UE = 5,
    FPSCR_OE = 6,
    FPSCR_VE = 7,
    FPSCR_VXCVI = 8,
    FPSCR_VXSQRT = 9,
    FPSCR_VXSOFT = 10,
    FPSCR_FPCC = 12,
    FPSCR_C = 16,
    FPSCR_FPRF = 12,
    FPSCR_FI = 17,
    FPSCR_FR = 18,
    FPSCR_VXVC = 19,
    FPSCR_VXIMZ = 20,
    FPSCR_VXZDZ = 21,
    FPSCR_VXIDI = 22,
    FPSCR_VXISI = 23,
    FPSCR_VXSNAN = 24,
    FPSCR_XX = 25,
    FPSCR_ZX = 26,
    FPSCR_UX = 27,
    FPSCR_OX = 28,
    FPSCR_VX = 29,
    FPSCR_FEX = 30,
    FPSCR_FX = 31,
    FPSCR_DRN = 32,
};

/* XER bits that are not split out (string count, hardware-kept bits) stay in xer_rest. */
enum { XER_SO = 31, XER_OV = 30, XER_CA = 29, XER_OV32 = 19, XER_CA32 = 18 };

/*
 * Block identity: mode bits beside the addresses.  Held in env->hflags, recomputed by
 * ppc_update_hflags() whenever MSR, FPSCR enables/RN, PCR, debug state change.
 */
enum {
    HF_MMUIDX_SHIFT = 0, /* 3 bits, see PPCMMUIndex */
    HF_SF = 1 << 3,      /* 64-bit mode */
    HF_LE = 1 << 4,
    HF_PR = 1 << 5,
    HF_HV = 1 << 6, /* hypervisor state (never in an sPAPR guest) */
    HF_IR = 1 << 7,
    HF_DR = 1 << 8,
    HF_FP = 1 << 9,
    HF_VR = 1 << 10,
    HF_VSX = 1 << 11,
    HF_FP_EXACT = 1 << 12,   /* exact helpers do FP arithmetic: FPSCR.XE, or another case where the
                                host cannot tell all that is asked for (msr.c) */
    HF_VMX_NJ = 1 << 13,     /* VSCR.NJ */
    HF_SE = 1 << 14,         /* MSR.SE or CIABR in use: trace after each instruction */
    HF_BE = 1 << 15,         /* branch trace */
    HF_SINGLESTEP = 1 << 16, /* debugger single step: blocks of one instruction */
    HF_TM = 1 << 17,
    HF_PMU = 1 << 18,  /* a PMC counts instructions */
    HF_SCV = 1 << 19,  /* FSCR.SCV */
    HF_IABR = 1 << 19, /* 32-bit processors: IABR is looked at before each instruction */
    HF_GTSE = 1 << 20,
    HF_PMU_KINDS = 1 << 21, /* a PMC counts branches, loads or stores */
    HF_COMPAT_SHIFT = 22,   /* 2 bits: how many of the newest levels PCR takes from problem state */
    HF_COMPAT = 3 << 22,
    HF_TM_DIS = 1 << 24, /* PCR's facility bits, in problem state */
    HF_VSX_DIS = 1 << 25,
    HF_VEC_DIS = 1 << 26,
    HF_RN_SHIFT = 27, /* 2 bits: FPSCR.RN */
    HF_FP_TRAPS =
        1 << 29, /* FP exceptions are enabled, and exact mode is left to their instructions */
    HF_NOGROUP = 1 << 30, /* accel: no grouped addresses in this block */
};

/* MMU index: which translation regime data (and fetch) accesses of a block use. */
typedef enum PPCMMUIndex {
    MMU_IDX_REAL_SUPER = 0, /* DR=0, PR=0 */
    MMU_IDX_VIRT_USER = 1,
    MMU_IDX_VIRT_SUPER = 2,
    MMU_IDX_REAL_USER = 3,
    MMU_IDX_HV_REAL = 4,
    MMU_IDX_HV_VIRT = 5,
    /*
     * Radix guests of a virtual hypervisor: privileged accesses by what AMR key 0 forbids of the
     * user's pages (reads, writes, both), so that locking and unlocking user access costs no flush.
     * No 64-bit processor has problem state with DR = 0: that index serves.
     */
    MMU_IDX_SUPER_NO_READ = 3,
    MMU_IDX_SUPER_LOCKED = 6,
    MMU_IDX_SUPER_NO_WRITE = 7,
} PPCMMUIndex;

/* Guest-state slots known to the translator; ppc_slots[] (slots.c) describes them in this order. */
enum {
    SLOT_GPR0 = 0,  /* 32, i64 */
    SLOT_CRF0 = 32, /* 8, i32 nibbles LT8 GT4 EQ2 SO1 */
    SLOT_LR = 40,
    SLOT_CTR,
    SLOT_SO,
    SLOT_OV,
    SLOT_CA,
    SLOT_OV32,
    SLOT_CA32,         /* i32, 0 or 1 */
    SLOT_RESERVE_ADDR, /* i64: -1 = no reservation */
    SLOT_RESERVE_VAL,  /* i64: value seen by larx (low half for lqarx) */
    SLOT_RESERVE_VAL2, /* i64: high half for lqarx */
    SLOT_RESERVE_SIZE, /* i32: bytes */
    /* Last FP arithmetic whose FI, FR and FPRF have not been computed yet (fpscr_sync). */
    SLOT_FP_OP, /* i32: 0 = none, else the FP helper's own code | flags */
    SLOT_FP_A,
    SLOT_FP_B,
    SLOT_FP_C, /* f64 operands */
    SLOT_FPCC, /* i32: 0 = as in fpscr/pending, else FPCC set by a later compare */
    SLOT_TAR,
    SLOT_CFAR,      /* i64: lives in spr[28] */
    SLOT_VSR0 = 64, /* 64, v128: VSR n; FPR n is the high doubleword of VSR n, VR n is VSR 32+n */
    SLOT_COUNT = 128,
};

#define RESERVE_NONE UINT64_MAX

typedef struct PPCSLBEntry {
    uint64_t esid, vsid;
    uint32_t page_encoding;     /* derived: index in the model's segment page sizes, or ~0 */
} PPCSLBEntry;
#define SLB_MAX_ENTRIES 64

typedef struct PPCBAT { uint32_t upper, lower; } PPCBAT;

/* An entry of a TLB that software loads: the words of its page table entry, and its effective page.
 */
typedef struct PPCTLB6xx { uint32_t pte0, pte1, epn; } PPCTLB6xx;
#define PPC_TLB6XX_ENTRIES 64

/* Exception vectors as kinds; the per-family address table is in exceptions.c. */
typedef enum PPCException {
    EXCP_NONE = -1,
    EXCP_RESET = 0,
    EXCP_MCHECK,
    EXCP_DSI,
    EXCP_DSEG,
    EXCP_ISI,
    EXCP_ISEG,
    EXCP_EXTERNAL,
    EXCP_ALIGN,
    EXCP_PROGRAM,
    EXCP_FPU,
    EXCP_DECR,
    EXCP_HDECR,
    EXCP_SDOOR,
    EXCP_SYSCALL,
    EXCP_SYSCALL_VECTORED,
    EXCP_TRACE,
    EXCP_HDSI,
    EXCP_HISI,
    EXCP_HV_EMU,
    EXCP_HV_MAINT,
    EXCP_SDOOR_HV,
    EXCP_HVIRT,
    EXCP_PERFM,
    EXCP_VPU,
    EXCP_VSXU,
    EXCP_FU,
    EXCP_HV_FU,
    EXCP_VPUA,
    EXCP_SOFTP,
    EXCP_IFTLB,
    EXCP_DLTLB,
    EXCP_DSTLB,
    EXCP_SMI,
    EXCP_IABR,
    EXCP_THERM, /* 6xx only */
    EXCP_COUNT,
} PPCException;

/* error_code of EXCP_PROGRAM: SRR1 bits. EXCP_SYSCALL: lev. EXCP_FU: facility number. */
enum {
    PROGRAM_FP = 0x100000,
    PROGRAM_ILLEGAL = 0x80000,
    PROGRAM_PRIVILEGED = 0x40000,
    PROGRAM_TRAP = 0x20000,
};

/* Interrupt requests: bits of CPUPPCState.pending_interrupts; input levels and latches. */
typedef enum PPCInterrupt {
    PPC_INTERRUPT_RESET = 0,
    PPC_INTERRUPT_MCK,
    PPC_INTERRUPT_EXT,
    PPC_INTERRUPT_DECR,
    PPC_INTERRUPT_HDECR,
    PPC_INTERRUPT_DOORBELL,
    PPC_INTERRUPT_HDOORBELL,
    PPC_INTERRUPT_PERFM,
    PPC_INTERRUPT_HVIRT,
    PPC_INTERRUPT_SMI,
    PPC_INTERRUPT_THERM,
    PPC_INTERRUPT_HMI,
    PPC_INTERRUPT_EBB,       /* event-based branch: BESCR says which event */
    PPC_INTERRUPT_PMU_CHECK, /* internal: the PMU's timer wants counters looked at */
} PPCInterrupt;

struct CPUPPCState {
    /* ---- saved: slots ---- */
    uint64_t gpr[32];
    uint32_t crf[8];
    uint64_t lr, ctr;
    uint32_t so, ov, ca, ov32, ca32;
    uint32_t xer_rest;          /* XER less the five bits above */
    uint64_t reserve_addr, reserve_val, reserve_val2;
    uint32_t reserve_size;
    uint64_t tar;
    V128 vsr[64];
    /* ---- saved: FP status (sync with fpscr_sync() before anybody looks) ---- */
    uint64_t fpscr;
    uint32_t fp_op, fpcc;       /* derived: empty after fpscr_sync */
    uint64_t fp_a, fp_b, fp_c;
    uint32_t vscr;              /* NJ 0x10000, SAT 1 */
    /* ---- saved: control ---- */
    uint64_t nip, msr;
    uint64_t spr[1024];
    PPCSLBEntry slb[SLB_MAX_ENTRIES];
    uint32_t sr[16];            /* 32-bit segment registers */
    PPCBAT ibat[8], dbat[8];
    uint64_t tgpr[4];           /* 603: GPR0-3 of the other set (MSR.TGPR) */
    PPCTLB6xx tlb6[PPC_TLB6XX_ENTRIES], tlb6_code[PPC_TLB6XX_ENTRIES];   /* tlb6xx.c */
    uint32_t tlb6_way;          /* last one used or filled */
    /* ---- saved: latches; levels are re-driven by controllers ---- */
    uint64_t
        pending_interrupts; /* 1 << PPCInterrupt; atomic; see interrupts.c for level vs latch */
    uint32_t resume_as_sreset;     /* woke from a power-saving state by reset vector */
    /* ---- saved: time (offsets and deadlines: time.c says which are derived) ---- */
    int64_t tb_offset, atb_offset, vtb_offset, purr_offset, spurr_offset;
    int64_t decr_deadline_tb, hdecr_deadline_tb;  /* timebase value at which DEC passes -1 */
    /* ---- derived ---- */
    uint64_t hflags;
    uint64_t icount_base; /* pmu.c: instructions begun and virtual time when counters were synced */
    int64_t pmu_base_ns;
    uint64_t pmu_base_tb;       /* time base then, while its transitions are events */
    uint64_t pmu_kinds[3];      /* branches, loads, stores begun since then */
    uint32_t
        fp_redo; /* an enabled FP exception was seen: its instruction comes again in exact mode */
    /* ---- derived: exception in delivery ---- */
    int exception_index;        /* PPCException or EXCP_NONE */
    uint64_t error_code;
    uint64_t fault_dar; uint32_t fault_dsisr; uint64_t fault_asdr;
    /* ---- host-only ---- */
    TCGCPUState tcg;
};

/* Virtual hypervisor: the machine's side of the CPU (sPAPR). Registered by the machine, never
 * included. */
typedef struct PPCVirtualHypervisorOps {
    void (*hypercall)(PowerPCCPU *cpu, void *opaque); /* sc 1 with the device lock not held */
    uint64_t (*hpt_base)(void *opaque);
    /* Hash page table owned by the machine: host pointer and its size mask; NULL if none. */
    uint64_t *(*hpt)(void *opaque, uint64_t *n_ptegs_mask);
    void (*hpte_set_c)(void *opaque, uint64_t ptex, uint64_t pte1);
    void (*hpte_set_r)(void *opaque, uint64_t ptex, uint64_t pte1);
    /* Radix: partition-table entry pair of the partition (patb[0], patb[1] = process table). */
    bool (*get_pate)(void *opaque, PowerPCCPU *cpu, uint64_t lpid, uint64_t pate[2]);
    void (*cpu_exec_enter)(void *opaque, PowerPCCPU *cpu);
    void (*cpu_exec_exit)(void *opaque, PowerPCCPU *cpu);
    uint64_t (*vrma_limit)(void *opaque);                        /* RMO / VRMA size in bytes */
    bool (*nmi)(void *opaque, PowerPCCPU *cpu, GError **errp);
} PPCVirtualHypervisorOps;

/*
 * A word that no processor of these has as an instruction (primary opcode 1 came with prefixes):
 * how guest code calls firmware that the emulator itself is.  The number in its lower bits says
 * what for.
 */
#define PPC_FIRMWARE_TRAP 0x04000000u
#define PPC_FIRMWARE_TRAP_NUMBER 0xffffu

/* Why a halted CPU waits, and so what wakes it. */
typedef enum PPCPowerWait {
    PPC_WAIT_NONE,      /* halted by the machine (H_CEDE, stop-self): an enabled interrupt */
    PPC_WAIT_ANY,       /* any exception, enabled or not */
    PPC_WAIT_PECE,      /* power-saving mode: exceptions that LPCR.PECE selects */
} PPCPowerWait;

struct PowerPCCPU {
    CPUState parent;            /* first */
    CPUPPCState env;
    const PowerPCCPUClass *model;
    int vcpu_id;                /* guest-visible server number */
    uint32_t compat_pvr;        /* saved: 0 = native */
    const PPCVirtualHypervisorOps *vhyp;
    void *vhyp_opaque;
    /* PPC_FIRMWARE_TRAP in supervisor state, at env->nip, which it moves on; the device lock is not
     * held. False: an illegal instruction like any other.  NULL: always. Set before the processor
     * runs. */
    bool (*firmware_trap)(PowerPCCPU *cpu, unsigned number, void *opaque);
    void *firmware_opaque;
    void *decode;               /* decode tables of the model (decode.c) */
    void *machine_data;         /* the machine's per-CPU data (SpaprCpuState) */
    uint32_t tb_freq;
    void *decr_timer, *hdecr_timer;   /* Timer (host-only) */
    /* ---- immutable ---- */
    const struct PPCSpr **sprs;       /* rows by number (spr.h); NULL where the model has none */
    struct Clock *clock;              /* what guest time derives from */
    unsigned threads_per_core;        /* 1 if the machine does not say */
    /* ---- host-only ---- */
    void *pmu_timer;                  /* Timer */
    Mutex time_lock;                  /* decrementers: deadline, level and timer change together */
    /* ---- derived ---- */
    bool pmu_active;                  /* a counter runs */
    uint32_t wire_latches; /* machine.c: pending latches on their way to or from a stream */
    int32_t n_tlb6;        /* saved: entries of a TLB that software loads; always the same */
    uint64_t wire_reserve;            /* machine.c: the stream's place for a reservation */
    bool amr_is_kuap;                 /* translations so far depend on AMR key 0 alone (radix) */
    bool checkstopped;                /* saved: machine check with MSR.ME = 0 */
    bool segments_changed; /* mmu32.c: drop translations at the next context synchronization */
    uint8_t power_wait;               /* saved: PPCPowerWait */
    unsigned last_tlbiel_set;         /* tlbie.c: loops over congruence classes */
    unsigned n_noted; /* mmu.c: privileged translations of the user's address space */
    uint64_t noted[16];
    uint64_t watch_addr, watch_len; /* DAWR's or DABR's watchpoint as set in the CPU; len 0: none */
    int watch_flags;
};

#define POWERPC_CPU(cs) ((PowerPCCPU *)(cs))
static inline PowerPCCPU *env_cpu(CPUPPCState *env)
{
    return (PowerPCCPU *)((char *)env - offsetof(PowerPCCPU, env));
}

/* Instruction facility levels: bits of PowerPCCPUClass.insns and of decode rows. */
enum {
    ISA_BASE = 1u << 0,         /* 32-bit user base (UISA v1) */
    ISA_64 = 1u << 1,           /* 64-bit implementation */
    ISA_FP = 1u << 2,
    ISA_FP_EXT = 1u << 3,       /* fsel fres frsqrte stfiwx */
    ISA_FSQRT = 1u << 4,
    ISA_ALTIVEC = 1u << 5,
    ISA_STRING = 1u << 6,
    ISA_2_03 = 1u << 7,         /* POWER5+: popcntb, fri*, ... */
    ISA_2_04 = 1u << 8,
    ISA_2_05 = 1u << 9,         /* POWER6: cmpb, prtyw, DFP bit apart, lfdp, ... */
    ISA_DFP = 1u << 10,
    ISA_2_06 = 1u << 11,        /* POWER7 */
    ISA_VSX = 1u << 12,
    ISA_2_07 = 1u << 13,        /* POWER8: VSX 2.07, crypto, TM, doorbells, l/stq user */
    ISA_TM = 1u << 14,
    ISA_3_00 = 1u << 15,        /* POWER9 */
    ISA_3_10 = 1u << 16,
    ISA_SLB = 1u << 17,         /* slbie, slbmte, ... */
    ISA_SEGMENT = 1u << 18,     /* mtsr, mfsr (32-bit and bridge) */
    ISA_603_TLB = 1u << 19,     /* tlbld, tlbli */
    ISA_74XX_TLB = 1u << 20,
    ISA_EXTERN = 1u << 21,      /* eciwx, ecowx */
    ISA_MFTB = 1u << 22,
    ISA_6XX_MISC = 1u << 23,    /* 6xx-only forms */
    ISA_970 = 1u << 24,         /* 970 specials: attn, ... */
    ISA_DCBA = 1u << 25,        /* dcba: 74xx */
};

/* 755 and 74xx: hardware searches the table unless HID2 or HID0 leaves that to software, as the 603
 * always does. */
typedef enum PPCMMUModel {
    MMU_32_HASH,
    MMU_603_SOFT,
    MMU_755,
    MMU_74XX_SOFT,
    MMU_64_HASH,
    MMU_64_RADIX
} PPCMMUModel;

/* One segment-page-size encoding and the actual page sizes it may contain. */
typedef struct PPCPageSize { uint8_t shift; uint32_t pte_enc; } PPCPageSize;
typedef struct PPCSegmentPageSizes {
    uint8_t shift;
    uint32_t slb_enc;
    PPCPageSize enc[8];
} PPCSegmentPageSizes;

/* A CPU model: a constant row (models.c). */
struct PowerPCCPUClass {
    const char *name;           /* "power9_v2.0" */
    const char *description;
    uint32_t pvr, pvr_mask;
    uint32_t insns;             /* ISA_* */
    uint64_t msr_mask;
    uint64_t lpcr_mask, lpcr_pm;
    uint64_t pcr_mask, pcr_supported;
    PPCMMUModel mmu;
    uint8_t exception_family;   /* PPCFamily */
    uint8_t threads_max;
    uint8_t slb_size;
    bool ci_large_pages;
    bool one_tb_segments;
    uint8_t lrg_decr_bits;      /* 32 or 56 */
    const PPCSegmentPageSizes *page_sizes;   /* ends with shift 0 */
    const uint32_t *radix_ap_encodings; /* 4, for ibm,processor-radix-AP-encodings; NULL if none */
    uint16_t dcache_line, icache_line;
    uint32_t l1_dcache_size, l1_icache_size;
    bool big_endian_interrupts_fixed;        /* models without LPCR.ILE */
    uint64_t pow_mask;          /* HID0 bits with which MSR.POW stops the processor; 0: none */
    /* 32-bit models: */
    uint32_t spr_sets;          /* SPRS_* (spr.h) */
    bool pow_always;            /* it does without: 604 */
    uint8_t n_bats;             /* pairs of each kind; 0: 4 */
    bool extended_bats;         /* HID0.XBSEN: blocks up to 4 GiB */
    const char *fw_name;        /* device tree: "PowerPC,POWER9" */
};
typedef enum PPCFamily {
    FAMILY_6XX,
    FAMILY_7XX,
    FAMILY_74XX,
    FAMILY_970,
    FAMILY_POWER7,
    FAMILY_POWER8,
    FAMILY_POWER9
} PPCFamily;

/* models.c */
const PowerPCCPUClass *ppc_model_find(const char *name); /* any case, aliases, PVR numbers; NULL */
GPtrArray *ppc_model_list(void); /* const PowerPCCPUClass *, sorted by name */
/* The program's name says which personality it has; gossamer-system-ppc has the 32-bit models
 * alone. */
bool ppc_personality_is_64(void);
bool ppc_model_available(const PowerPCCPUClass *model);
typedef struct PPCModelAlias {
    const char *alias, *model;
} PPCModelAlias;
extern const PPCModelAlias ppc_model_aliases[];            /* ended by alias == NULL */
/* Makes a CPU and puts it on the CPU list.  The machine then sets vcpu_id, threads_per_core, vhyp,
 * calls ppc_time_init() and cpu_reset(), and starts its thread. */
PowerPCCPU *ppc_cpu_create(const PowerPCCPUClass *model, int index, GError **errp);
void ppc_cpu_reset(PowerPCCPU *cpu);
/* Compat mode: 0 or a logical PVR (0x0f000003 ...). */
bool ppc_set_compat(PowerPCCPU *cpu, uint32_t compat_pvr, GError **errp);
bool ppc_check_compat(const PowerPCCPU *cpu, uint32_t compat_pvr, uint32_t min_pvr,
                      uint32_t max_pvr);
int ppc_compat_max_vthreads(const PowerPCCPU *cpu);
/* "power8" -> 0x0f000004 and back; 0 and NULL for unknown ones. */
uint32_t ppc_compat_by_name(const char *name);
const char *ppc_compat_name(uint32_t pvr);

/* msr.c / exceptions.c */
void ppc_update_hflags(CPUPPCState *env);
void ppc_store_msr(CPUPPCState *env, uint64_t value, bool alter_hv);
uint64_t ppc_get_xer(const CPUPPCState *env);
void ppc_set_xer(CPUPPCState *env, uint64_t value);
uint32_t ppc_get_cr(const CPUPPCState *env);
void ppc_set_cr(CPUPPCState *env, uint32_t value, uint32_t field_mask);
/* Delivers an exception at once (state already in env): sets SRR0/1, MSR, nip. */
void ppc_deliver_exception(PowerPCCPU *cpu, PPCException kind, uint64_t error_code);
/* From a helper called by generated code: restores precise state and leaves to the loop. */
G_NORETURN void ppc_raise(CPUPPCState *env, PPCException kind, uint64_t error_code);
/* Delivers a system reset interrupt at once: on the CPU's own thread between blocks (run_on_cpu).
 */
void ppc_system_reset_nmi(PowerPCCPU *cpu);
/* Sets or clears an interrupt request; any thread; kicks the CPU. */
void ppc_set_interrupt(PowerPCCPU *cpu, PPCInterrupt irq, bool level);
bool ppc_cpu_has_work(CPUState *cs);
bool ppc_cpu_exec_interrupt(CPUState *cs);   /* delivers the most favoured enabled interrupt */

/* fpu-status.c: brings fpscr up to date with the pending record and the host's sticky flag. */
void fpscr_sync(CPUPPCState *env);
void ppc_store_fpscr(CPUPPCState *env, uint64_t value, uint64_t mask);

/* time.c */
uint64_t ppc_get_tb(CPUPPCState *env);
int64_t ppc_get_decr(CPUPPCState *env);
void ppc_set_decr(CPUPPCState *env, uint64_t value);
/* After loading: the time base has been moved by that many ticks, the decrementers keep their
 * values. */
void ppc_decr_shift(PowerPCCPU *cpu, int64_t ticks);
/* The decrementers' levels and timers as the time says now. */
void ppc_decr_update(PowerPCCPU *cpu);
/* Once, after creation and before realize: the frequency of the time base. */
void ppc_time_init(PowerPCCPU *cpu, uint32_t frequency);

/* mmu.c */
typedef enum PPCAccess { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH } PPCAccess;
typedef struct PPCTranslation {
    uint64_t raddr;             /* guest physical address of the byte asked for */
    uint8_t page_shift;
    bool readable, writable, executable;
    bool dirty;                 /* C already set: writes may go fast */
    bool update;                /* probe: a real access would have set R or C first */
    uint64_t asdr;
    /* on failure: */
    PPCException exception; uint64_t error_code; uint64_t dar; uint32_t dsisr;
} PPCTranslation;
/* Translates; with `probe` nothing is changed (no R/C update) and nothing raised. */
bool ppc_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx, bool probe,
                   PPCTranslation *out);
void ppc_tlb_flush_all(PowerPCCPU *cpu);

/* Brings watchpoints and step flags in line with DAWR, DABR, CIABR. */
void ppc_debug_update(PowerPCCPU *cpu);

extern const struct TCGTargetOps ppc_tcg_ops;   /* for tcg_accel_new() */
/* What qemu-system-ppc64 and qemu-system-ppc send differs in the width of words: a class for each.
 */
extern const DeviceClass ppc_cpu_class, ppc32_cpu_class;
extern const IRTargetDesc ppc_ir_target;
extern const IRTargetDesc ppc32_ir_target;      /* the same, for blocks of 32-bit processors */
extern const IRSlotDesc ppc_slots[SLOT_COUNT];

#endif
