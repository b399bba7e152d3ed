/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sPAPR machine: shared state and the interfaces between its parts.
 *
 * From PAPR (Linux on Power Architecture Reference, LoPAR 1.1) chapters 7 (RTAS), 14 (hypervisor
 * calls) and appendix B (Open Firmware binding).  Parts: spapr.c creates and wires, spapr-compat.c
 * holds the version rows, spapr-caps.c the capabilities, spapr-fdt.c the device tree,
 * spapr-hcall-*.c and spapr-rtas-*.c the calls, spapr-irq.c the choice of interrupt controller,
 * spapr-client.c our firmware.
 *
 * Lock: hypercalls and RTAS calls run with the device lock held unless their row says otherwise.
 */
#ifndef HW_PPC_SPAPR_H
#define HW_PPC_SPAPR_H

#include "hw/ppc/client.h"
#include "hw/core/machine.h"
#include "hw/core/device.h"
#include "hw/core/vio.h"
#include "system/irq.h"
#include "target/ppc/cpu.h"
#include "util/timer.h"

typedef struct SpaprMachine SpaprMachine;
typedef struct SpaprPhb SpaprPhb;
typedef struct SpaprResume SpaprResume;

#define SPAPR_TIMEBASE_FREQ 512000000u
#define SPAPR_LMB_SIZE ((uint64_t)256 << 20)
#define SPAPR_FDT_MAX_SIZE (1u << 20)
#define SPAPR_RTAS_SIZE 2048u

/* Interrupt number space (the guest sees these in its device tree). */
enum {
    SPAPR_XIRQ_BASE = 0x1000,
    SPAPR_IRQ_IPI = 0x0,
    SPAPR_IRQ_EPOW = 0x1000,
    SPAPR_IRQ_HOTPLUG = 0x1001,
    SPAPR_IRQ_VIO = 0x1100,      /* one per vdevice unit, 256 */
    SPAPR_IRQ_PCI_LSI = 0x1200,  /* 32 bridges x 4 */
    SPAPR_IRQ_MSI = 0x1300,
    SPAPR_NR_XIRQS = 0x1000,     /* 0x1000 .. 0x1fff; 0 .. 0xfff are IPIs and reserved */
};

/* Hypercall return codes (LoPAR 14.4). */
enum {
    H_SUCCESS = 0,
    H_BUSY = 1,
    H_CLOSED = 2,
    H_NOT_AVAILABLE = 3,
    H_CONSTRAINED = 4,
    H_PARTIAL = 5,
    H_PAGE_REGISTERED = 15,
    H_COME_AGAIN = 9999, /* internal: the guest makes the call again a moment later */
    H_LONG_BUSY_ORDER_1_MSEC = 9900,
    H_LONG_BUSY_ORDER_10_MSEC = 9901,
    H_LONG_BUSY_ORDER_100_MSEC = 9902,
    H_HARDWARE = -1,
    H_FUNCTION = -2,
    H_PRIVILEGE = -3,
    H_PARAMETER = -4,
    H_BAD_MODE = -5,
    H_PTEG_FULL = -6,
    H_NOT_FOUND = -7,
    H_RESERVED_DABR = -8,
    H_NO_MEM = -9,
    H_AUTHORITY = -10,
    H_PERMISSION = -11,
    H_DROPPED = -12,
    H_SOURCE_PARM = -13,
    H_DEST_PARM = -14,
    H_REMOTE_PARM = -15,
    H_RESOURCE = -16,
    H_ADAPTER_PARM = -17,
    H_RH_PARM = -18,
    H_ABORTED = -40,
    H_P2 = -55,
    H_P3 = -56,
    H_P4 = -57,
    H_P5 = -58,
    H_P6 = -59,
    H_P7 = -60,
    H_P8 = -61,
    H_P9 = -62,
    H_NOOP = -63,
    H_UNSUPPORTED = -67,
    H_OVERLAP = -68,
    H_UNSUPPORTED_FLAG = -256,
    H_MULTI_THREADS_ACTIVE = -9005,
    H_IN_USE = -77,
    H_STATE = -75,
    H_CONTINUE_JOIN = 9,
};
typedef int64_t HCallResult;

/* args: gpr[4..]; results go to the same array (args[0] is r4 ...). */
typedef HCallResult SpaprHCallFn(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                 uint64_t *args);
typedef struct SpaprHCall {
    uint32_t opcode;
    const char *name;
    SpaprHCallFn *fn;
    bool unlocked;               /* runs without the device lock */
} SpaprHCall;
/* Tables of rows, each ended by a row without fn; spapr-hcall.c joins them. */
extern const SpaprHCall spapr_hcalls_mmu[], spapr_hcalls_misc[], spapr_hcalls_xics[],
    spapr_hcalls_xive[], spapr_hcalls_vio[], spapr_hcalls_lan[], spapr_hcalls_private[],
    spapr_hcalls_tce[];

/* Private hypercalls: SLOF's set keeps its public numbers. */
enum {
    H_PRIVATE_RTAS = 0xf000, H_PRIVATE_LOGICAL_MEMOP = 0xf001, H_PRIVATE_CAS = 0xf002,
    H_PRIVATE_UPDATE_DT = 0xf003, H_PRIVATE_CLIENT = 0xf005,
};
HCallResult spapr_hypercall(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args);

/* RTAS (LoPAR 7): token = SPAPR_RTAS_TOKEN_BASE + row index in the fixed token order. */
enum {
    RTAS_OUT_SUCCESS = 0,
    RTAS_OUT_NO_ERRORS_FOUND = 1,
    RTAS_OUT_HW_ERROR = -1,
    RTAS_OUT_BUSY = -2,
    RTAS_OUT_PARAM_ERROR = -3,
    RTAS_OUT_NOT_SUPPORTED = -3,
    RTAS_OUT_NO_SUCH_INDICATOR = -3,
    RTAS_OUT_NOT_AUTHORIZED = -9002,
    RTAS_OUT_SYSPARM_PARAM_ERROR = -9999
};
/* A call in progress: arguments are big-endian words in guest memory, read and written by index. */
typedef struct SpaprRtasCall {
    SpaprMachine *spapr;
    PowerPCCPU *cpu;
    uint32_t token, n_args, n_rets;
    uint64_t args, rets;         /* guest real addresses */
    bool again;                  /* nothing done: the guest comes again, unaware */
} SpaprRtasCall;
uint32_t rtas_arg(const SpaprRtasCall *call, unsigned index);
uint64_t rtas_arg64(const SpaprRtasCall *call, unsigned index);  /* high word first */
/* Dropped if the caller has no room for it. */
void rtas_ret(const SpaprRtasCall *call, unsigned index, uint32_t value);
typedef void SpaprRtasFn(SpaprRtasCall *call);
typedef struct SpaprRtasRow {
    uint32_t token;
    const char *name;            /* property in /rtas */
    SpaprRtasFn *fn;
    int n_args, n_rets;          /* -1: any; fewer in the call is a parameter error */
} SpaprRtasRow;
#define SPAPR_RTAS_TOKEN_BASE 0x2000
extern const SpaprRtasRow spapr_rtas_basic[], spapr_rtas_irq[], spapr_rtas_nvram[],
    spapr_rtas_event[], spapr_rtas_platform[], spapr_rtas_pci[];
HCallResult spapr_rtas_call(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t args_address);
/* Calls fn for every row, in token order (device tree). */
void spapr_rtas_foreach(void (*fn)(const SpaprRtasRow *row, void *opaque), void *opaque);

/* Capabilities: QEMU's names, order and values (the order is the wire's). */
typedef enum SpaprCap {
    SPAPR_CAP_HTM, SPAPR_CAP_VSX, SPAPR_CAP_DFP, SPAPR_CAP_CFPC, SPAPR_CAP_SBBC, SPAPR_CAP_IBS,
    SPAPR_CAP_HPT_MAXPAGESIZE, SPAPR_CAP_NESTED_KVM_HV, SPAPR_CAP_LARGE_DECREMENTER,
    SPAPR_CAP_CCF_ASSIST, SPAPR_CAP_FWNMI, SPAPR_CAP_RPT_INVALIDATE, SPAPR_CAP_AIL_MODE_3,
    SPAPR_CAP_COUNT
} SpaprCap;
enum {
    SPAPR_CAP_OFF = 0,
    SPAPR_CAP_ON = 1,
    SPAPR_CAP_BROKEN = 0,
    SPAPR_CAP_WORKAROUND = 1,
    SPAPR_CAP_FIXED = 2,
    SPAPR_CAP_FIXED_IBS = 2,
    SPAPR_CAP_FIXED_CCD = 3,
    SPAPR_CAP_FIXED_NA = 10
};
typedef struct SpaprCaps { uint8_t value[SPAPR_CAP_COUNT]; } SpaprCaps;
typedef struct SpaprCapInfo {
    const char *name;            /* option name without "cap-" */
    const char *description;
    enum { SPAPR_CAP_KIND_BOOL, SPAPR_CAP_KIND_CHOICE, SPAPR_CAP_KIND_PAGESHIFT } kind;
    const char *const *choices;  /* NULL-terminated, index = value */
} SpaprCapInfo;
extern const SpaprCapInfo spapr_cap_info[SPAPR_CAP_COUNT];
bool spapr_cap_set(SpaprMachine *spapr, const char *name, const char *value, GError **errp);
/* The value as the option has it (g_malloc). */
char *spapr_cap_text(const SpaprMachine *spapr, const char *name);
/* Effective = defaults of version and CPU, overridden by the command line; checks what we can
 * provide. */
bool spapr_caps_apply(SpaprMachine *spapr, GError **errp);
/* After loading: the source must not have promised its guest more than we provide. */
bool spapr_caps_post_load(SpaprMachine *spapr, GError **errp);
static inline uint8_t spapr_cap(const SpaprMachine *spapr, SpaprCap cap);

typedef enum SpaprIcMode { SPAPR_IC_XICS, SPAPR_IC_XIVE, SPAPR_IC_DUAL } SpaprIcMode;

/* A machine version: a constant row (spapr-compat.c). */
typedef struct SpaprVersion {
    const char *name;            /* "pseries-7.2" */
    const char *alias;           /* "pseries" for the newest, else NULL */
    const char *default_cpu;
    SpaprCaps default_caps;
    SpaprIcMode default_ic_mode; /* before the CPU's limits */
    bool legacy_irq_allocation;
    bool pre_2_12_numa;
    bool pre_5_1_reference_points, pre_5_2_numa;
    bool no_pci_probe_hint;
    bool prefer_sockets;         /* -smp without a topology */
    uint8_t vsmt;                /* server numbers a core has; 0: as many as threads */
    uint16_t nr_xirqs;
    bool hotplug_by_ibm_vec6;
    uint64_t rma_limit;
} SpaprVersion;
extern const SpaprVersion spapr_versions[];   /* newest first, ended by name == NULL */

/* Option vectors negotiated by client-architecture-support. */
typedef struct SpaprOptionVector { uint8_t bytes[32]; } SpaprOptionVector;
/* byte counts from 1, bit 0 is the most significant (LoPAR table 246). */
static inline bool ovec_test(const SpaprOptionVector *v, unsigned byte, unsigned bit)
{
    return byte < sizeof(v->bytes) && (v->bytes[byte] & (0x80 >> bit));
}
static inline void ovec_set(SpaprOptionVector *v, unsigned byte, unsigned bit)
{
    v->bytes[byte] |= 0x80 >> bit;
}

/* Per-CPU state of the machine (PowerPCCPU.machine_data). */
typedef struct SpaprCpuState {
    /* saved */
    uint64_t vpa_addr, slb_shadow_addr, slb_shadow_size, dtl_addr, dtl_size;
    bool prod;
    /* host-only */
    IRQLine *ext_irq;
    bool starting;               /* start-cpu is on its way; device lock */
} SpaprCpuState;
static inline SpaprCpuState *spapr_cpu_state(PowerPCCPU *cpu)
{
    return cpu->machine_data;
}

/* Event log entries waiting for check-exception/event-scan. */
typedef struct SpaprEvent {
    uint32_t summary, size;
    uint8_t *extended;           /* g_malloc, size bytes */
} SpaprEvent;

#define SPAPR_N_WATCHDOGS 4
/* A hash page table: 2^shift bytes of host memory. */
typedef struct SpaprHpt {
    uint64_t *base;
    uint32_t shift;
} SpaprHpt;

typedef struct SpaprWatchdog {
    /* saved */
    uint8_t action;              /* of H_WATCHDOG's start */
    Timer timer;
} SpaprWatchdog;

struct SpaprMachine {
    MachineState parent;
    /* immutable after creation */
    const SpaprVersion *version;
    SpaprCaps cap_cmdline, cap_cmdline_set;   /* set: 1 where given */
    SpaprCaps default_caps;      /* of version and CPU */
    SpaprCaps caps;              /* effective */
    SpaprCaps wire_caps;         /* saved: as the stream has or implies them */
    bool ic_mode_set;
    SpaprIcMode ic_mode;
    char *max_cpu_compat_name;
    uint32_t max_compat_pvr;
    char *host_model, *host_serial;
    int32_t vof_option, resize_hpt;
    bool vof;                    /* our client-interface firmware */
    bool resize_hpt_enabled;
    uint64_t kernel_addr_option;
    uint64_t rma_size;
    /* immutable: what the loader put where */
    uint64_t kernel_addr, kernel_size, kernel_entry, initrd_base, initrd_size;
    bool kernel_le, kernel_32bit;
    uint8_t *dtb;                /* the user's tree, NULL: ours */
    uint64_t firmware_size;
    /* saved */
    uint32_t htab_shift;         /* 0: none */
    uint64_t
        patb_entry; /* second doubleword of the partition-table entry: guest radix table etc. */
    SpaprOptionVector ov5, ov5_cas;
    bool cas_done, use_hotplug_event_source;
    int64_t rtc_offset_ns;       /* guest's clock less the machine's reference */
    int64_t rtc_wire_ns;         /* the section spapr/rtc's form */
    bool fwnmi_registered;
    uint64_t fwnmi_sreset_addr, fwnmi_mce_addr;
    int fwnmi_interlock_cpu;     /* -1 none */
    uint32_t fdt_initial_size;
    Client client;               /* our firmware's */
    uint8_t active_ic;           /* 0 XICS, 1 XIVE */
    struct { uint64_t guest_timebase; int64_t time_of_day_ns; } tb;   /* spapr-time.c */
    SpaprWatchdog watchdogs[SPAPR_N_WATCHDOGS];
    /* saved through their own handlers */
    uint64_t *htab;              /* host memory of the hash page table, 2^htab_shift bytes */
    SpaprHpt *hpt;               /* the same as processors see it (rcu.h) */
    uint64_t *pending_htab; uint32_t pending_htab_shift;
    uint8_t *fdt;                /* live device tree as the firmware's tree */
    uint32_t fdt_size;
    uint64_t fdt_addr;
    GArray *events;              /* SpaprEvent, oldest first */
    /* host-only */
    int64_t tb_left_ns; /* by the host's monotonic clock: time passes for the guest from there; 0:
                           it stood still */
    DeviceState *xics, *xive;
    VioBus *vio;
    GPtrArray *phbs;             /* SpaprPhb *, spapr-pci.c */
    GPtrArray *tce_tables;       /* SpaprTceTable *; NULL: none */
    GPtrArray *irq_lines;        /* IRQLine * by number - SPAPR_XIRQ_BASE */
    GPtrArray *cpus;             /* PowerPCCPU * by index */
    GHashTable *hcall_table;     /* opcode -> SpaprHCall */
    SpaprResume *resume;         /* while a QEMU's format is saved: spapr-resume.c */
};
#define SPAPR_MACHINE(m) ((SpaprMachine *)(m))
static inline uint8_t spapr_cap(const SpaprMachine *spapr, SpaprCap cap)
{
    return spapr->caps.value[cap];
}

/* spapr.c */
/* Interrupt servers: numbers below this, with gaps where a core has fewer threads than numbers. */
unsigned spapr_n_servers(const SpaprMachine *spapr);
/* By interrupt server number as a guest gives it; NULL: none. */
PowerPCCPU *spapr_find_cpu(SpaprMachine *spapr, uint64_t server);
/* Starts a stopped CPU at entry with r3, 64-bit, interrupts off (start-cpu); asynchronous. */
void spapr_cpu_start_from(SpaprMachine *spapr, PowerPCCPU *caller, PowerPCCPU *target,
                          uint64_t entry, uint64_t r3);
/* stop-self: waits for start-cpu. */
void spapr_cpu_stop_self(SpaprMachine *spapr, PowerPCCPU *cpu);
bool spapr_cpu_is_stopped(PowerPCCPU *cpu);
/* After a processor's own reset: what the partition gives it. */
void spapr_cpu_reset_state(PowerPCCPU *cpu);
/* All processors to hash translation (negotiation chose it). */
void spapr_enter_hash(SpaprMachine *spapr, PowerPCCPU *caller);
/* One class for each row of spapr_versions, NULL-terminated. */
const MachineClass *const *spapr_machine_classes(void);
/* The current machine if it is one of these, else NULL. */
SpaprMachine *spapr_machine_current(void);
extern const DeviceClass *const hw_ppc_device_classes[];

/* spapr-fdt.c: the whole tree for the current state; g_malloc, caller owns. */
void *spapr_build_fdt(SpaprMachine *spapr, bool reset, GError **errp);
/* spapr-irq.c */
void spapr_irq_init(SpaprMachine *spapr, GError **errp);
void spapr_irq_reset(SpaprMachine *spapr);
IRQLine *spapr_irq_line(SpaprMachine *spapr, uint32_t number);   /* NULL if out of range */
bool spapr_irq_claim(SpaprMachine *spapr, uint32_t number, bool lsi, GError **errp);
void spapr_irq_release(SpaprMachine *spapr, uint32_t number);
void spapr_irq_cpu_init(SpaprMachine *spapr, PowerPCCPU *cpu, GError **errp);
void spapr_irq_fdt(SpaprMachine *spapr, void *fdt, uint32_t phandle);
/* Chooses XICS or XIVE for a dual machine after negotiation. */
void spapr_irq_select(SpaprMachine *spapr, bool xive);
void spapr_irq_print(SpaprMachine *spapr, GString *out);

/* spapr-hcall-mmu.c */
bool spapr_htab_allocate(SpaprMachine *spapr, uint32_t shift, GError **errp);
uint32_t spapr_htab_shift_for_ram(uint64_t ram);
void spapr_htab_clear_vrma(SpaprMachine *spapr);

/* spapr-cas.c: handles the architecture vector at `address`; returns what the hypercall does.
 * fdt_out: new tree to be merged or NULL when the guest must reboot. */
HCallResult spapr_client_architecture_support(SpaprMachine *spapr, PowerPCCPU *cpu,
                                              uint64_t address, void **fdt_out);
/* spapr-client.c */
void spapr_client_reset(SpaprMachine *spapr, PowerPCCPU *boot_cpu);
/* spapr-event.c */
void spapr_powerdown_request(SpaprMachine *spapr);
void spapr_events_reset(SpaprMachine *spapr);
void spapr_events_fdt(SpaprMachine *spapr, void *fdt, uint32_t intc_phandle);
/* spapr-loader.c */
bool spapr_load_images(SpaprMachine *spapr, GError **errp);

#endif
