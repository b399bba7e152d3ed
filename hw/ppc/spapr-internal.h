/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small things the parts of the sPAPR machine share: big-endian access to guest real memory, and
 * flushing translations on every CPU.  Guest addresses are untrusted: the checked forms say whether
 * the whole range is ordinary memory.
 */
#ifndef HW_PPC_SPAPR_INTERNAL_H
#define HW_PPC_SPAPR_INTERNAL_H

#include "guest-memory.h"
#include "hw/ppc/spapr.h"
#include "system/memory.h"
#include "util/log.h"

/* Loads of unassigned addresses give 0 (logged as a guest error); stores are dropped. */
uint64_t spapr_ldq(SpaprMachine *spapr, uint64_t address);
void spapr_stq(SpaprMachine *spapr, uint64_t address, uint64_t value);
void spapr_stw(SpaprMachine *spapr, uint64_t address, uint16_t value);
void spapr_stb(SpaprMachine *spapr, uint64_t address, uint8_t value);
/* Fills guest RAM with zeros, marking it dirty and dropping translated code. */
void spapr_zero(SpaprMachine *spapr, uint64_t address, uint64_t size);
/* As guest-memory.h has them. */
static inline bool spapr_is_ram(const SpaprMachine *spapr, uint64_t address, uint64_t size)
{
    return guest_is_ram(address, size);
}
static inline uint32_t spapr_ldl(SpaprMachine *spapr, uint64_t address)
{
    return guest_ldl(address);
}
static inline void spapr_stl(SpaprMachine *spapr, uint64_t address, uint32_t value)
{
    guest_stl(address, value);
}
static inline bool spapr_read(SpaprMachine *spapr, uint64_t address, void *buf, uint64_t size)
{
    return guest_read(address, buf, size);
}
static inline bool spapr_write(SpaprMachine *spapr, uint64_t address, const void *buf,
                               uint64_t size)
{
    return guest_write(address, buf, size);
}
static inline char *spapr_read_string(SpaprMachine *spapr, uint64_t address, unsigned limit)
{
    return guest_read_string(address, limit);
}

/* Big-endian numbers of 1, 2, 4 or 8 bytes anywhere, devices too; false if nothing answers. */
bool spapr_load_be(SpaprMachine *spapr, uint64_t address, unsigned size, uint64_t *value);
bool spapr_store_be(SpaprMachine *spapr, uint64_t address, unsigned size, uint64_t value);

/* Drops every CPU's cached translations before the calling hypercall returns to the guest. */
void spapr_tlb_flush_all_cpus(SpaprMachine *spapr, PowerPCCPU *cpu);

/*
 * Calls fn with a copy of data on every CPU in its own context, with the device lock held.  The
 * caller's is done on return; the others' before the calling hypercall returns to the guest. Nobody
 * waits here: two processors that did would wait for each other.
 */
void spapr_run_on_all_cpus(SpaprMachine *spapr, PowerPCCPU *caller,
                           void (*fn)(CPUState *cs, const void *data), const void *data,
                           size_t size);

/* spapr-hcall.c */
void spapr_hcall_init(SpaprMachine *spapr);
void spapr_do_hypercall(PowerPCCPU *cpu, void *opaque);
extern const SpaprHCall spapr_hcalls_cas[], spapr_hcalls_rtas[], spapr_hcalls_watchdog[];
/* spapr-cas.c: what the platform offers in option vector 5. */
void spapr_ov5_init(SpaprMachine *spapr);
#define OV5_XIVE_EXPLOIT 23, 1
/* spapr-irq.c: the processor's sections of the controllers. */
bool spapr_irq_register_cpu(SpaprMachine *spapr, PowerPCCPU *cpu, GError **errp);
/* What follows from the interrupt mode that came with the state. */
bool spapr_irq_post_load(SpaprMachine *spapr, GError **errp);
/* spapr-fdt.c */
/* Notes a libfdt result: once one is negative the tree is a failed one, which spapr_build_fdt
 * reports. */
void spapr_fdt_note(void *fdt, int result);
uint32_t spapr_cpu_node(SpaprMachine *spapr, PowerPCCPU *cpu);
/* The property ibm,associativity of a thing that is near a NUMA node. */
void spapr_numa_set_associativity(SpaprMachine *spapr, void *fdt, int node, uint32_t numa_node);
void spapr_numa_domains(SpaprMachine *spapr, uint32_t node, uint32_t domains[4]);
/* spapr-rtas.c: known to dispatch, but not in the device tree of this machine. */
bool spapr_rtas_row_hidden(const SpaprMachine *spapr, const SpaprRtasRow *row);
/* spapr-vio.c */
void spapr_vio_init(SpaprMachine *spapr);
void spapr_vio_fdt(SpaprMachine *spapr, void *fdt, uint32_t intc_phandle);
/* RTAS's quiesce: no queue, no DMA. */
void spapr_vio_quiesce(SpaprMachine *spapr);
VioDevice *spapr_vty_find(SpaprMachine *spapr, uint32_t reg);
VioDevice *spapr_vty_default(SpaprMachine *spapr);
/* spapr-watchdog.c */
void spapr_watchdog_init(SpaprMachine *spapr);
void spapr_watchdog_reset(SpaprMachine *spapr);
extern const VMStateDescription vmstate_spapr_watchdog;
/* A processor that stopped itself, or was never started, has this bit set; start-cpu clears it. */
#define PSSCR_EC (1ull << 20)
/* spapr-vmstate.c */
extern const VMStateDescription vmstate_spapr, vmstate_spapr_rtc, vmstate_spapr_cpu;
/* spapr-caps.c: subsections of "spapr", in SpaprCap's order. */
extern const VMStateDescription vmstate_spapr_caps[SPAPR_CAP_COUNT];
/* spapr-htab.c: the hash page table's section; before all others but RAM's. */
bool spapr_htab_register(SpaprMachine *spapr, GError **errp);
/* spapr-time.c: spapr->tb for a stream, and what follows from the one that came. */
void spapr_time_init(SpaprMachine *spapr);
void spapr_time_to_wire(SpaprMachine *spapr);
void spapr_time_from_wire(SpaprMachine *spapr);
void spapr_events_init(SpaprMachine *spapr);

#endif
