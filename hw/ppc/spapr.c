/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sPAPR machine ("pseries"): creates and wires processors, memory, interrupt controller and
 * virtual I/O, resets, starts and stops processors.  LoPAR 1.1; the parts stand in spapr-*.c. Left
 * out: hot-plug, nested hypervisors.
 */
#include <string.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-firmware.h"
#include "spapr-pci.h"
#include "spapr-resume.h"
#include "hw/char/spapr-vty.h"
#include "hw/net/nic.h"
#include "hw/net/spapr-vlan.h"
#include "hw/nvram/spapr-nvram.h"
#include "hw/scsi/spapr-vscsi.h"
#include "system/rcu.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/spr.h"
#include "util/error.h"

#define LPCR_UPRT_BIT (1ull << 22)
#define LPCR_HR_BIT (1ull << 20)
#define LPCR_GTSE_BIT (1ull << 10)
#define LPCR_VPM0 (1ull << 63)
#define LPCR_VPM1 (1ull << 62)
#define LPCR_ISL (1ull << 61)
#define LPCR_KBV (1ull << 60)
#define LPCR_RMLS (0xfull << 26)
#define PATE1_RADIX (1ull << 63)
enum { RESIZE_HPT_DEFAULT, RESIZE_HPT_DISABLED, RESIZE_HPT_ENABLED, RESIZE_HPT_REQUIRED };
#define MAX_FDT_ADDRESS 0x80000000ull

/* ---- What the processor asks of its hypervisor ---- */

/* Any vCPU thread, without the lock: base and size belong together, and stay until its next
 * safepoint. */
static uint64_t *vhyp_hpt(void *opaque, uint64_t *n_ptegs_mask)
{
    const SpaprHpt *hpt = rcu_fetch(&((SpaprMachine *)opaque)->hpt);

    *n_ptegs_mask = hpt ? (1ull << (hpt->shift - 7)) - 1 : 0;
    return hpt ? hpt->base : NULL;
}

static uint64_t vhyp_hpt_base(void *opaque)
{
    return 0;
}

static bool vhyp_get_pate(void *opaque, PowerPCCPU *cpu, uint64_t lpid, uint64_t pate[2])
{
    SpaprMachine *spapr = opaque;

    if (lpid != 0) {
        return false;
    }
    pate[0] = spapr->patb_entry & PATE1_RADIX;
    pate[1] = spapr->patb_entry;
    return true;
}

static uint64_t vhyp_vrma_limit(void *opaque)
{
    return ((SpaprMachine *)opaque)->rma_size;
}

static bool vhyp_nmi(void *opaque, PowerPCCPU *cpu, GError **errp)
{
    SpaprMachine *spapr = opaque;

    ppc_system_reset_nmi(cpu);
    if (spapr->fwnmi_registered) {
        cpu->env.nip = spapr->fwnmi_sreset_addr;
    }
    return true;
}

static const PPCVirtualHypervisorOps spapr_vhyp = {
    .hypercall = spapr_do_hypercall,
    .hpt_base = vhyp_hpt_base,
    .hpt = vhyp_hpt,
    .get_pate = vhyp_get_pate,
    .vrma_limit = vhyp_vrma_limit,
    .nmi = vhyp_nmi,
};

/* ---- Processors ---- */

PowerPCCPU *spapr_find_cpu(SpaprMachine *spapr, uint64_t server)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        if ((uint32_t)cpu->vcpu_id == server) {
            return cpu;
        }
    }
    return NULL;
}

bool spapr_cpu_is_stopped(PowerPCCPU *cpu)
{
    const CPUPPCState *env = &cpu->env;

    if (spapr_cpu_state(cpu)->starting || !__atomic_load_n(&cpu->parent.halted, __ATOMIC_ACQUIRE)) {
        return false;
    }
    /* A stopped processor has no wake-up condition enabled, a ceded one has; or its state says so
     * another way (spapr-resume.c). */
    return !(env->spr[SPR_LPCR] & cpu->model->lpcr_pm) ||
           (env->spr[SPR_PSSCR] & PSSCR_EC && !(env->msr & MSR_BIT(EE)));
}

static void set_entry(PowerPCCPU *cpu, uint64_t nip, uint64_t r1, uint64_t r3, uint64_t r4)
{
    CPUPPCState *env = &cpu->env;

    env->nip = nip;
    env->gpr[1] = r1;
    env->gpr[3] = r3;
    env->gpr[4] = r4;
    env->spr[SPR_LPCR] |= cpu->model->lpcr_pm;
    ppc_update_hflags(env);
    cpu_set_halted(&cpu->parent, false);
}

typedef struct StartWork {
    uint64_t entry, r3, lpcr;
    uint32_t compat_pvr;
    int64_t tb_offset;
    bool resume;
} StartWork;

static void do_start(CPUState *cs, void *opaque)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    g_autofree StartWork *work = opaque;
    CPUPPCState *env = &cpu->env;

    if (!work->resume) {
        cpu_reset(cs);
        spapr_cpu_reset_state(cpu);
        ppc_set_compat(cpu, work->compat_pvr, NULL);
        env->tb_offset = work->tb_offset;
        env->spr[SPR_LPCR] = work->lpcr;
    } else {
        cpu_set_halted(cs, false);
    }
    env->spr[SPR_PSSCR] &= ~PSSCR_EC;
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(ME), false);
    set_entry(cpu, work->entry, 0, work->r3, 0);
    ppc_tlb_flush_all(cpu);
    spapr_cpu_state(cpu)->starting = false;
}

void spapr_cpu_start_from(SpaprMachine *spapr, PowerPCCPU *caller, PowerPCCPU *target,
                          uint64_t entry, uint64_t r3)
{
    StartWork *work = g_new0(StartWork, 1);

    spapr_cpu_state(target)->starting = true;
    /* One that did not stop itself but is started again by spapr-resume.c's program has all its
     * registers. */
    *work = (StartWork){entry,
                        r3,
                        caller->env.spr[SPR_LPCR],
                        caller->compat_pvr,
                        caller->env.tb_offset,
                        target->env.spr[SPR_LPCR] & target->model->lpcr_pm};
    async_run_on_cpu(&target->parent, do_start, work);
    cpu_kick(&target->parent);
}

void spapr_cpu_stop_self(SpaprMachine *spapr, PowerPCCPU *cpu)
{
    cpu->env.spr[SPR_LPCR] &= ~cpu->model->lpcr_pm;
    cpu->env.spr[SPR_PSSCR] |= PSSCR_EC;
    cpu_set_halted(&cpu->parent, true);
}

/* After a processor's own reset: what the partition gives it. */
void spapr_cpu_reset_state(PowerPCCPU *cpu)
{
    SpaprMachine *spapr = cpu->vhyp_opaque;
    CPUPPCState *env = &cpu->env;
    SpaprCpuState *state = spapr_cpu_state(cpu);
    uint64_t lpcr = env->spr[SPR_LPCR];

    lpcr &= ~(LPCR_VPM1 | LPCR_ISL | LPCR_KBV | cpu->model->lpcr_pm);
    lpcr |= LPCR_VPM0;
    lpcr &= ~LPCR_RMLS;
    if (spapr_cap(spapr, SPAPR_CAP_LARGE_DECREMENTER)) {
        lpcr |= LPCR_LD;
    } else {
        lpcr &= ~LPCR_LD;
    }
    env->spr[SPR_LPCR] = lpcr & cpu->model->lpcr_mask;
    env->spr[SPR_AMOR] = UINT64_MAX;
    state->vpa_addr = 0;
    state->slb_shadow_addr = state->slb_shadow_size = 0;
    state->dtl_addr = state->dtl_size = 0;
    state->prod = false;
}

void spapr_enter_hash(SpaprMachine *spapr, PowerPCCPU *caller)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        cpu->env.spr[SPR_LPCR] &= ~(LPCR_UPRT_BIT | LPCR_HR_BIT);
        ppc_update_hflags(&cpu->env);
    }
    spapr_tlb_flush_all_cpus(spapr, caller);
}

static unsigned servers_per_core(const SpaprMachine *spapr)
{
    return MAX(spapr->version->vsmt, spapr->parent.smp.threads);
}

unsigned spapr_n_servers(const SpaprMachine *spapr)
{
    const CpuTopology *smp = &spapr->parent.smp;

    return (smp->max_cpus * servers_per_core(spapr) + smp->threads - 1) / smp->threads;
}

static bool create_cpus(SpaprMachine *spapr, GError **errp)
{
    MachineState *machine = &spapr->parent;
    const PowerPCCPUClass *model = ppc_model_find(machine->cpu_type);

    if (!model) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND, "unable to find CPU model '%s'",
                    machine->cpu_type);
        return false;
    }
    if (!(model->insns & ISA_64)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "Unable to find sPAPR CPU Core definition: '%s' is a 32-bit CPU",
                    machine->cpu_type);
        return false;
    }
    spapr->cpus = g_ptr_array_new();
    for (unsigned i = 0; i < machine->smp.cpus; i++) {
        PowerPCCPU *cpu = ppc_cpu_create(model, i, errp);

        if (!cpu) {
            return false;
        }
        cpu->vcpu_id =
            i / machine->smp.threads * servers_per_core(spapr) + i % machine->smp.threads;
        cpu->threads_per_core = machine->smp.threads;
        cpu->vhyp = &spapr_vhyp;
        cpu->vhyp_opaque = spapr;
        cpu->machine_data = g_new0(SpaprCpuState, 1);
        cpu->parent.start_powered_off = i != 0;
        ppc_time_init(cpu, SPAPR_TIMEBASE_FREQ);
        g_ptr_array_add(spapr->cpus, cpu);
    }
    return true;
}

static bool start_threads(SpaprMachine *spapr, GError **errp)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        if (!cpu_start_thread(&cpu->parent, errp)) {
            return false;
        }
    }
    return true;
}

/* ---- Creation ---- */

/* Logical memory blocks are the unit of everything, and firmware wants its part of the first node.
 */
static bool check_memory(SpaprMachine *spapr, GError **errp)
{
    MachineState *machine = &spapr->parent;
    const NumaState *numa = machine->numa;
    const struct { const char *what; uint64_t size; } sizes[] = {
        {"Memory", machine->ram_size}, {"Maximum memory", machine->maxram_size},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (sizes[i].size % SPAPR_LMB_SIZE || !sizes[i].size) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "%s size 0x%" PRIx64 " is not aligned to 256 MiB (-m: 256M, 512M, ...)",
                        sizes[i].what, sizes[i].size);
            return false;
        }
    }
    for (unsigned i = 0; i < numa->num_nodes; i++) {
        if (numa->nodes[i].mem % SPAPR_LMB_SIZE) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "Node %u memory size 0x%" PRIx64
                        " is not aligned to 256 MiB (-numa node,mem=)",
                        i, numa->nodes[i].mem);
            return false;
        }
    }
    return true;
}

/* The first node that has memory: real mode reaches no other. */
static uint64_t first_node_memory(const MachineState *machine)
{
    for (unsigned i = 0; i < machine->numa->num_nodes; i++) {
        if (machine->numa->nodes[i].mem) {
            return MIN(machine->numa->nodes[i].mem, machine->ram_size);
        }
    }
    return machine->ram_size;
}

/* Logical PVRs by the names users know. */
static bool compat_by_name(const char *name, uint32_t *pvr)
{
    static const struct { const char *name; uint32_t pvr; } modes[] = {
        {"power6", 0x0f000002}, {"power7", 0x0f000003}, {"power7+", 0x0f100003},
        {"power8", 0x0f000004}, {"power9", 0x0f000005},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (!strcmp(modes[i].name, name)) {
            *pvr = modes[i].pvr;
            return true;
        }
    }
    return false;
}

static bool choose_modes(SpaprMachine *spapr, GError **errp)
{
    PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, 0);
    bool can_xive;

    if (spapr->max_cpu_compat_name &&
        !compat_by_name(spapr->max_cpu_compat_name, &spapr->max_compat_pvr)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "Invalid max-cpu-compat mode \"%s\" (power6, power7, power7+, power8, power9)",
                    spapr->max_cpu_compat_name);
        return false;
    }
    if (spapr->max_compat_pvr && !ppc_check_compat(cpu, spapr->max_compat_pvr, 0, 0)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "CPU '%s' has no compatibility mode '%s' (max-cpu-compat)", cpu->model->name,
                    spapr->max_cpu_compat_name);
        return false;
    }
    can_xive = (cpu->model->insns & ISA_3_00) &&
               ppc_check_compat(cpu, 0x0f000005, 0, spapr->max_compat_pvr);
    if (!spapr->ic_mode_set) {
        spapr->ic_mode = spapr->version->default_ic_mode;
        if (!can_xive) {
            spapr->ic_mode = SPAPR_IC_XICS;
        }
    } else if (!can_xive && spapr->ic_mode == SPAPR_IC_XIVE) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "XIVE-only machines require a POWER9 CPU");
        return false;
    } else if (!can_xive && spapr->ic_mode == SPAPR_IC_DUAL) {
        spapr->ic_mode = SPAPR_IC_XICS;
    }
    spapr->resize_hpt_enabled = spapr->resize_hpt != RESIZE_HPT_DISABLED;
    return true;
}

static bool create_vio_devices(SpaprMachine *spapr, GError **errp)
{
    MachineState *machine = &spapr->parent;

    for (guint i = 0; i < machine->serial->len; i++) {
        struct Chardev *chr = g_ptr_array_index(machine->serial, i);
        DeviceState *vty;

        if (!chr) {
            continue;
        }
        vty = device_new_class(&spapr_vty_vio_class.device);
        spapr_vty_set_chardev(vty, chr);
        if (!device_realize_and_unref(vty, &spapr->vio->parent, errp)) {
            return false;
        }
    }
    return device_realize_and_unref(device_new_class(&spapr_nvram_vio_class.device),
                                    &spapr->vio->parent, errp);
}

/* Those without a model are on the virtual I/O bus. */
static bool create_nics(SpaprMachine *spapr, GError **errp)
{
    BusState *pci = bus_find_by_class(&pci_bus_class);

    return spapr_vlan_create_nics(&spapr->vio->parent, errp) &&
           (!pci || nic_create_pci((PciBus *)pci, NULL, -1, errp));
}

/* One adapter for each bus that -drive if=scsi (what -hda and its like are here) speaks of. */
static bool create_scsi_adapters(SpaprMachine *spapr, GError **errp)
{
    for (int i = 0; i <= scsi_drives_last_bus(); i++) {
        DeviceState *adapter = device_new_class(&spapr_vscsi_vio_class.device);

        if (!device_realize_and_unref(adapter, &spapr->vio->parent, errp) ||
            !scsi_bus_claim_drives(spapr_vscsi_bus(adapter), i, errp)) {
            return false;
        }
    }
    return true;
}

/* The stream has all of a processor's sections together, behind the interrupt controllers'. */
static bool register_cpu_state(SpaprMachine *spapr, GError **errp)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        state_registry_move_last(runtime_state_registry(), cpu);
        if (!spapr_irq_register_cpu(spapr, cpu, errp) ||
            !vmstate_register(NULL, (uint32_t)cpu->parent.cpu_index, &vmstate_spapr_cpu,
                              spapr_cpu_state(cpu), errp)) {
            return false;
        }
    }
    return true;
}

static bool spapr_init(MachineState *machine, GError **errp)
{
    SpaprMachine *spapr = SPAPR_MACHINE(machine);
    GError *error = NULL;

    if (!check_memory(spapr, errp)) {
        return false;
    }
    spapr->version = machine->class->data;
    spapr_events_init(spapr);
    spapr_client_init(spapr);
    spapr->fwnmi_interlock_cpu = -1;
    spapr->rma_size = MIN(first_node_memory(machine), 1ull << 40);
    if (spapr->version->rma_limit) {
        spapr->rma_size = MIN(spapr->rma_size, spapr->version->rma_limit);
    }
    spapr->fdt_addr = MIN(spapr->rma_size, MAX_FDT_ADDRESS) - SPAPR_FDT_MAX_SIZE;
    /* Our own firmware starts kernels unless another is asked for. */
    spapr->vof = spapr->vof_option == 2 ? machine->kernel_filename && !machine->firmware
                                        : spapr->vof_option == 1;
    if (spapr->vof && !machine->kernel_filename) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "x-vof=on needs -kernel");
        return false;
    }
    if (!spapr_htab_register(spapr, errp)) {
        return false;
    }
    spapr_hcall_init(spapr);
    spapr_watchdog_init(spapr);
    if (!create_cpus(spapr, errp) || !choose_modes(spapr, errp) || !spapr_caps_apply(spapr, errp)) {
        return false;
    }
    memory_region_add_subregion(machine->system_memory, 0, machine->ram);
    spapr_irq_init(spapr, &error);
    if (error) {
        g_propagate_error(errp, error);
        return false;
    }
    for (guint i = 0; i < spapr->cpus->len; i++) {
        spapr_irq_cpu_init(spapr, g_ptr_array_index(spapr->cpus, i), NULL);
    }
    if (!register_cpu_state(spapr, errp) || !spapr_irq_claim(spapr, SPAPR_IRQ_EPOW, false, errp) ||
        !spapr_irq_claim(spapr, SPAPR_IRQ_HOTPLUG, false, errp) ||
        !vmstate_register(NULL, 0, &vmstate_spapr_rtc, spapr, errp)) {
        return false;
    }
    if (spapr->parent.vga && strcmp(spapr->parent.vga, "none")) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "-vga %s: guests of this machine are not shown PCI cards yet", spapr->parent.vga);
        return false;
    }
    spapr_time_init(spapr);
    spapr_resume_init(spapr);
    spapr_vio_init(spapr);
    if (!create_vio_devices(spapr, errp) || !spapr_pci_init(spapr, errp) ||
        !create_nics(spapr, errp) || !create_scsi_adapters(spapr, errp) ||
        !spapr_load_images(spapr, errp) ||
        !vmstate_register(NULL, 0, &vmstate_spapr, spapr, errp)) {
        return false;
    }
    return start_threads(spapr, errp);
}

/* ---- Reset ---- */

static bool default_radix(SpaprMachine *spapr)
{
    PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, 0);

    return cpu->model->mmu == MMU_64_RADIX &&
           ppc_check_compat(cpu, 0x0f000005, 0, spapr->max_compat_pvr);
}

static void reset_mmu(SpaprMachine *spapr)
{
    bool radix = default_radix(spapr);
    uint32_t shift = radix ? 0 : spapr_htab_shift_for_ram(spapr->parent.maxram_size);
    g_autoptr(GError) error = NULL;

    spapr->patb_entry = radix ? PATE1_RADIX : 0;
    if (!spapr_htab_allocate(spapr, shift, &error)) {
        error_report("%s", error->message);
        system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR, 1);
    }
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        if (radix) {
            cpu->env.spr[SPR_LPCR] |= LPCR_UPRT_BIT | LPCR_HR_BIT | LPCR_GTSE_BIT;
        }
        ppc_update_hflags(&cpu->env);
    }
}

/* The user's own tree (-dtb) replaces ours; -M dumpdtb= writes ours and ends. */
static void *initial_tree(SpaprMachine *spapr)
{
    MachineState *machine = &spapr->parent;
    g_autoptr(GError) error = NULL;
    void *fdt = spapr->dtb ? g_memdup2(spapr->dtb, fdt_totalsize(spapr->dtb))
                           : spapr_build_fdt(spapr, true, &error);

    if (!fdt) {
        error_report("%s", error->message);
        system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR, 1);
        fdt = g_malloc0(256);
        fdt_create_empty_tree(fdt, 256);
        return fdt;
    }
    if (machine->dumpdtb) {
        if (!g_file_set_contents(machine->dumpdtb, fdt, fdt_totalsize(fdt), &error)) {
            error_report("could not write '%s': %s", machine->dumpdtb, error->message);
            system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR, 1);
        } else {
            info_report("dtb dumped to %s. Exiting.", machine->dumpdtb);
            system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_QMP_QUIT, 0);
        }
    }
    return fdt;
}

static void spapr_reset(MachineState *machine, ShutdownCause cause)
{
    SpaprMachine *spapr = SPAPR_MACHINE(machine);
    PowerPCCPU *boot_cpu = g_ptr_array_index(spapr->cpus, 0);
    CPUPPCState *env = &boot_cpu->env;

    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        cpu_reset(&cpu->parent);
        ppc_set_compat(cpu, spapr->max_compat_pvr, NULL);
        spapr_cpu_reset_state(cpu);
    }
    env->spr[SPR_PSSCR] &= ~PSSCR_EC;
    reset_run_all(RESET_TYPE_COLD);
    if (cause != SHUTDOWN_CAUSE_NONE) {
        g_clear_pointer(&machine->boot_once, g_free);
    }
    spapr_resume_drop(spapr);
    spapr_events_reset(spapr);
    spapr_watchdog_reset(spapr);
    memset(&spapr->ov5_cas, 0, sizeof(spapr->ov5_cas));
    spapr_ov5_init(spapr);
    spapr->cas_done = false;
    spapr->client.active = false;
    spapr_irq_reset(spapr);
    reset_mmu(spapr);

    g_free(spapr->fdt);
    spapr->fdt = initial_tree(spapr);
    spapr->fdt_size = fdt_totalsize(spapr->fdt);
    spapr->fdt_initial_size = spapr->fdt_size;
    spapr_write(spapr, spapr->fdt_addr, spapr->fdt, spapr->fdt_size);

    if (spapr->vof) {
        ppc_store_msr(env, spapr->kernel_32bit ? MSR_BIT(ME) : MSR_BIT(SF) | MSR_BIT(ME), false);
        spapr_client_reset(spapr, boot_cpu);
        set_entry(boot_cpu, env->nip, env->gpr[1], env->gpr[3], env->gpr[4]);
    } else {
        uint64_t entry = spapr->firmware_size ? 0x100 : spapr->kernel_entry;

        ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(ME), false);
        set_entry(boot_cpu, entry, 0, spapr->fdt_addr, 0);
        env->gpr[5] = 0;
    }
}

static void spapr_powerdown(MachineState *machine)
{
    spapr_powerdown_request(SPAPR_MACHINE(machine));
}

static void do_nmi(CPUState *cs, void *opaque)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    cpu->vhyp->nmi(cpu->vhyp_opaque, cpu, NULL);
}

static bool spapr_nmi(MachineState *machine, int cpu_index, GError **errp)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        async_run_on_cpu(cs, do_nmi, NULL);
    }
    return true;
}

static void spapr_print_pic(MachineState *machine, GString *out)
{
    spapr_irq_print(SPAPR_MACHINE(machine), out);
}

static unsigned spapr_default_node(const MachineState *machine, unsigned cpu_index)
{
    unsigned cores = MAX(1u, machine->smp.cores), threads = MAX(1u, machine->smp.threads);

    return cpu_index / cores / threads % machine->numa->num_nodes;
}

/* ---- Properties ---- */

#define CAP_PROPERTY(cap, help)                                                                    \
    DEFINE_PROP_CUSTOM("cap-" cap, property_type_string, spapr_set_cap, spapr_get_cap, help)

static bool spapr_set_cap(Object *obj, const Property *prop, const PropertyValue *value,
                          GError **errp)
{
    if (value->kind == PROPERTY_BOOL) {
        return spapr_cap_set((SpaprMachine *)obj, prop->name + 4, value->b ? "on" : "off", errp);
    }
    return spapr_cap_set((SpaprMachine *)obj, prop->name + 4, value->s, errp);
}

static bool spapr_get_cap(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    value->kind = PROPERTY_STRING;
    value->s = spapr_cap_text((SpaprMachine *)obj, prop->name + 4);
    return true;
}

static const char *const ic_mode_names[] = {"xics", "xive", "dual", NULL};

static bool spapr_set_ic_mode(Object *obj, const Property *prop, const PropertyValue *value,
                              GError **errp)
{
    SpaprMachine *spapr = (SpaprMachine *)obj;

    for (unsigned i = 0; ic_mode_names[i]; i++) {
        if (value->s && !strcmp(ic_mode_names[i], value->s)) {
            spapr->ic_mode = i;
            spapr->ic_mode_set = true;
            return true;
        }
    }
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                "Bad value for \"ic-mode\" property: '%s' (xics, xive or dual)",
                value->s ? value->s : "");
    return false;
}

static bool spapr_get_ic_mode(Object *obj, const Property *prop, PropertyValue *value,
                              GError **errp)
{
    value->kind = PROPERTY_STRING;
    value->s = g_strdup(ic_mode_names[((SpaprMachine *)obj)->ic_mode]);
    return true;
}

static const char *const resize_hpt_names[] = {"default", "disabled", "enabled", "required", NULL};
static const char *const vof_names[] = {"off", "on", "auto", NULL};

static const Property spapr_properties[] = {
    CAP_PROPERTY("htm", "Allow Hardware Transactional Memory (HTM)"),
    CAP_PROPERTY("vsx", "Allow Vector Scalar Extensions (VSX)"),
    CAP_PROPERTY("dfp", "Allow Decimal Floating Point (DFP)"),
    CAP_PROPERTY("cfpc", "Cache Flush on Privilege Change (broken, workaround, fixed)"),
    CAP_PROPERTY("sbbc", "Speculation Barrier Bounds Checking (broken, workaround, fixed)"),
    CAP_PROPERTY(
        "ibs", "Indirect Branch Speculation (broken, workaround, fixed-ibs, fixed-ccd, fixed-na)"),
    CAP_PROPERTY("hpt-max-page-size", "Maximum page size for Hash Page Table guests"),
    CAP_PROPERTY("nested-hv", "Allow Nested KVM-HV"),
    CAP_PROPERTY("large-decr", "Allow Large Decrementer"),
    CAP_PROPERTY("ccf-assist", "Count Cache Flush Assist via HW Instruction"),
    CAP_PROPERTY("fwnmi", "Implements PAPR FWNMI option"),
    CAP_PROPERTY("rpt-invalidate", "Allow H_RPT_INVALIDATE"),
    CAP_PROPERTY("ail-mode-3", "Alternate Interrupt Location (AIL) mode 3 support"),
    DEFINE_PROP_CUSTOM("ic-mode", property_type_string, spapr_set_ic_mode, spapr_get_ic_mode,
                       "Specifies the interrupt controller mode (xics, xive, dual)"),
    DEFINE_PROP_STRING(
        "max-cpu-compat", SpaprMachine, max_cpu_compat_name, NULL,
        "Maximum permitted CPU compatibility mode (power6, power7, power7+, power8, power9)"),
    DEFINE_PROP_ENUM("resize-hpt", SpaprMachine, resize_hpt, resize_hpt_names, 0,
                     "Resizing of the Hash Page Table (default, enabled, disabled, required)"),
    DEFINE_PROP_STRING("host-model", SpaprMachine, host_model, NULL,
                       "Host model to advertise in the guest"),
    DEFINE_PROP_STRING("host-serial", SpaprMachine, host_serial, NULL,
                       "Host serial number to advertise in the guest"),
    DEFINE_PROP_UINT64("kernel-addr", SpaprMachine, kernel_addr_option, 0x400000,
                       "Address at which -kernel images are loaded"),
    DEFINE_PROP_BOOL("modern-hotplug-events", SpaprMachine, use_hotplug_event_source, true,
                     "Use dedicated hotplug event mechanism in place of standard EPOW events"),
    DEFINE_PROP_ENUM(
        "x-vof", SpaprMachine, vof_option, vof_names, 2,
        "Start -kernel with the built-in firmware (on, off, auto: unless -bios is given)"),
    DEFINE_PROP_END_OF_LIST(),
};

static const MachineClass spapr_machine_base = {
    .object = {
        .name = "spapr-machine",
        .parent = &machine_class.object,
        .description = "pSeries Logical Partition (PAPR compliant)",
        .instance_size = sizeof(SpaprMachine),
        .properties = spapr_properties,
        .abstract = true,
    },
};

SpaprMachine *spapr_machine_current(void)
{
    MachineState *machine = machine_current();

    return machine && object_is_a(OBJECT(machine), &spapr_machine_base.object)
               ? SPAPR_MACHINE(machine)
               : NULL;
}

/* One class for each version row, made once: the rows themselves are the constant part. */
const MachineClass *const *spapr_machine_classes(void)
{
    static const MachineClass **classes;
    unsigned n = 0;

    if (g_once_init_enter(&classes)) {
        const MachineClass **made;

        while (spapr_versions[n].name) {
            n++;
        }
        made = g_new0(const MachineClass *, n + 1);
        for (unsigned i = 0; i < n; i++) {
            const SpaprVersion *v = &spapr_versions[i];
            MachineClass *class = g_new0(MachineClass, 1);

            class->object = spapr_machine_base.object;
            class->object.name = g_strdup_printf("%s-machine", v->name);
            class->object.parent = &spapr_machine_base.object;
            class->object.properties = NULL;
            class->object.abstract = false;
            class->machine_name = v->name;
            class->alias = v->alias;
            class->desc = "pSeries Logical Partition (PAPR compliant)";
            class->default_cpu = v->default_cpu;
            class->default_ram_size = 512u << 20;
            class->default_ram_id = "ppc_spapr.ram";
            class->max_cpus = 1024;
            class->min_cpus = class->default_cpus = 1;
            class->is_default = v->alias != NULL;
            class->numa_supported = true;
            class->prefer_sockets = v->prefer_sockets;
            class->data = v;
            class->init = spapr_init;
            class->reset = spapr_reset;
            class->powerdown = spapr_powerdown;
            class->nmi = spapr_nmi;
            class->print_pic = spapr_print_pic;
            class->default_numa_node = spapr_default_node;
            made[i] = class;
        }
        g_once_init_leave(&classes, made);
    }
    return classes;
}
