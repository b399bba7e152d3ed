/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PowerPC CPU object: creation, reset, and the operations that monitors, debuggers and the base
 * see.
 *
 * Reset values from Power ISA 3.0B book III 2 and 3 and, for a machine that is the hypervisor,
 * LoPAR 14.5 (state of a partition's processors at start).
 */
#include <inttypes.h>
#include "accel/tcg/accel.h"
#include "cpu-internal.h"
#include "decode.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "tlb6xx.h"
#include "translate.h"
#include "util/error.h"

static void cpu_finalize(Object *obj)
{
    PowerPCCPU *cpu = (PowerPCCPU *)obj;

    ppc_time_finalize(cpu);
    pmu_finalize(cpu);
    mutex_destroy(&cpu->time_lock);
    ppc_decoder_free(cpu->decode);
    g_free(cpu->sprs);
}

const DeviceClass ppc_cpu_class = {
    .name = "powerpc64-cpu",
    .parent = DEVICE_CLASS_PARENT(cpu_class),
    .description = "PowerPC processor",
    .instance_size = sizeof(PowerPCCPU),
    .instance_finalize = cpu_finalize,
    .category = DEVICE_CATEGORY_CPU,
    .vmstate = &vmstate_ppc_cpu,
};

const DeviceClass ppc32_cpu_class = {
    .name = "powerpc-cpu",
    .parent = DEVICE_CLASS_PARENT(cpu_class),
    .description = "PowerPC processor (32-bit)",
    .instance_size = sizeof(PowerPCCPU),
    .instance_finalize = cpu_finalize,
    .category = DEVICE_CATEGORY_CPU,
    .vmstate = &vmstate_ppc_cpu_32,
};

/* LPCR as the machine's hypervisor would have set it up for a partition. */
static uint64_t partition_lpcr(const PowerPCCPU *cpu)
{
    const PowerPCCPUClass *model = cpu->model;
    uint64_t lpcr = model->lpcr_pm | LPCR_LPES0 | LPCR_LPES1;

    if (model->lrg_decr_bits > 32) {
        lpcr |= LPCR_LD;
    }
    return lpcr & model->lpcr_mask;
}

static void reset_sprs(PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;

    memset(env->spr, 0, sizeof(env->spr));
    for (unsigned i = 0; i < 1024; i++) {
        const PPCSpr *row = cpu->sprs[i];

        if (row && row->reset) {
            *(uint64_t *)((char *)env + ppc_spr_offset(row)) = row->reset;
        }
    }
    env->spr[SPR_PVR] = cpu->model->pvr;
    env->spr[SPR_PIR] = (uint32_t)cpu->vcpu_id;
    if (cpu->vhyp && cpu_is_64(cpu)) {
        env->spr[SPR_LPCR] = partition_lpcr(cpu);
        env->spr[SPR_HFSCR] = UINT64_MAX & ~FSCR_IC_MASK;
    }
}

void ppc_cpu_reset(PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;

    memset(env->gpr, 0, sizeof(env->gpr));
    memset(env->crf, 0, sizeof(env->crf));
    env->lr = env->ctr = env->tar = 0;
    ppc_set_xer(env, 0);
    env->reserve_addr = RESERVE_NONE;
    env->reserve_val = env->reserve_val2 = 0;
    env->reserve_size = 0;
    memset(env->vsr, 0, sizeof(env->vsr));
    env->fpscr = 0;
    env->fp_op = 0;
    env->fpcc = 0;
    env->fp_redo = 0;
    env->fp_a = env->fp_b = env->fp_c = 0;
    env->tcg.mxcsr_fp = 0x1f80;   /* host: exceptions masked, to nearest, nothing seen */
    env->vscr = cpu->model->insns & ISA_ALTIVEC ? 0x10000 : 0;
    reset_sprs(cpu);
    ppc_slb_clear(cpu);
    memset(env->sr, 0, sizeof(env->sr));
    memset(env->ibat, 0, sizeof(env->ibat));
    memset(env->dbat, 0, sizeof(env->dbat));
    memset(env->tgpr, 0, sizeof(env->tgpr));
    ppc_tlb6xx_clear(cpu);
    cpu->segments_changed = false;
    /* What controllers drive stays; latches go. */
    __atomic_fetch_and(&env->pending_interrupts,
                       (uint64_t)1 << PPC_INTERRUPT_EXT | (uint64_t)1 << PPC_INTERRUPT_HVIRT,
                       __ATOMIC_SEQ_CST);
    env->resume_as_sreset = 0;
    cpu->power_wait = PPC_WAIT_NONE;
    cpu->checkstopped = false;
    cpu->compat_pvr = 0;
    env->exception_index = EXCP_NONE;
    env->error_code = 0;
    env->fault_dar = env->fault_asdr = 0;
    env->fault_dsisr = 0;
    cpu->last_tlbiel_set = 0;
    cpu->n_noted = 0;
    cpu->amr_is_kuap = true;
    /* Hard reset: 32-bit processors have their vectors at the top of the address space (MSR.IP). */
    env->nip = cpu_is_64(cpu) ? 0x100 : 0xfff00100;
    env->msr = 0;
    pmu_reset(cpu);
    ppc_msr_assign(env, cpu_is_64(cpu) ? MSR_BIT(SF) | MSR_BIT(HV) : MSR_BIT(IP));
    ppc_time_reset(cpu);
    ppc_debug_update(cpu);
}

/* ---- What the base and debuggers ask ---- */

static void op_reset(CPUState *cs)
{
    ppc_cpu_reset(POWERPC_CPU(cs));
}

static void op_synchronize(CPUState *cs)
{
    fpscr_sync(&POWERPC_CPU(cs)->env);
    pmu_sync(&POWERPC_CPU(cs)->env);
}

static void op_set_pc(CPUState *cs, vaddr pc)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    cpu->env.nip = cpu_is_64(cpu) ? pc : (uint32_t)pc;
}

static vaddr op_get_pc(CPUState *cs)
{
    return POWERPC_CPU(cs)->env.nip;
}

static bool op_is_big_endian(CPUState *cs)
{
    return !(POWERPC_CPU(cs)->env.msr & MSR_BIT(LE));
}

static unsigned op_address_bits(CPUState *cs)
{
    return cpu_is_64(POWERPC_CPU(cs)) ? 64 : 32;
}

static bool op_translate_debug(CPUState *cs, vaddr addr, hwaddr *phys, MemTxAttrs *attrs)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    PPCTranslation t;
    TCGBlockState state;

    if (attrs) {
        *attrs = (MemTxAttrs){.debug = true};
    }
    ppc_block_state(cs, &state);
    /* Data first; then as instructions, for what only those can reach (IR without DR). */
    if (ppc_translate(cpu, addr, ACCESS_LOAD, state.flags & 7, true, &t) ||
        ppc_translate(cpu, addr, ACCESS_FETCH, state.fetch_mmu_idx, true, &t)) {
        *phys = t.raddr;
        return true;
    }
    return false;
}

static unsigned op_disassemble(CPUState *cs, vaddr pc, const uint8_t *bytes, unsigned size,
                               GString *out)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    uint32_t insn;

    if (size < 4) {
        return 0;
    }
    insn = cpu->env.msr & MSR_BIT(LE)
               ? (uint32_t)bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0]
               : (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    ppc_disas(ppc_decode(cpu->decode, insn), insn, pc, out);
    return 4;
}

/* ---- Registers as text ---- */

static void dump_fpu(CPUPPCState *env, GString *out)
{
    for (unsigned i = 0; i < 32; i++) {
        if (i % 4 == 0) {
            g_string_append_printf(out, "FPR%02u", i);
        }
        g_string_append_printf(out, " %016" PRIx64, env->vsr[i].d[1]);
        if (i % 4 == 3) {
            g_string_append_c(out, '\n');
        }
    }
    g_string_append_printf(out, "FPSCR %016" PRIx64 "\n", env->fpscr);
}

static void dump_vectors(CPUPPCState *env, GString *out)
{
    for (unsigned i = 0; i < 64; i++) {
        g_string_append_printf(out, "%sVSR%02u %016" PRIx64 " %016" PRIx64, i % 2 ? " " : "", i,
                               env->vsr[i].d[1], env->vsr[i].d[0]);
        if (i % 2) {
            g_string_append_c(out, '\n');
        }
    }
    g_string_append_printf(out, "VSCR %08x VRSAVE %08" PRIx64 "\n", env->vscr,
                           env->spr[SPR_VRSAVE]);
}

/* SPRs that tell where a guest is and why: shown when the model has them. */
static const uint16_t dump_sprs[] = {
    SPR_SRR0,  SPR_SRR1,  SPR_PVR,  SPR_VRSAVE, SPR_SPRG0, SPR_SPRG1, SPR_SPRG2, SPR_SPRG3,
    SPR_HSRR0, SPR_HSRR1, SPR_CFAR, SPR_LPCR,   SPR_PTCR,  SPR_DAR,   SPR_DSISR, SPR_PIDR,
    SPR_LPIDR, SPR_SDR1,  SPR_AMR,  SPR_IAMR,   SPR_FSCR,  SPR_HFSCR, SPR_PCR,
};

static void dump_special(PowerPCCPU *cpu, GString *out)
{
    unsigned column = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(dump_sprs); i++) {
        const PPCSpr *row = cpu->sprs[dump_sprs[i]];
        uint64_t value;

        if (row && ppc_spr_read_raw(&cpu->env, row->number, &value)) {
            g_autofree char *name = g_ascii_strup(row->name, -1);

            g_string_append_printf(out, "%s%6s %0*" PRIx64, column % 4 ? " " : "", name,
                                   cpu_is_64(cpu) ? 16 : 8, value);
            if (++column % 4 == 0) {
                g_string_append_c(out, '\n');
            }
        }
    }
    if (column % 4) {
        g_string_append_c(out, '\n');
    }
}

void ppc_dump_state(CPUState *cs, GString *out, int flags)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    CPUPPCState *env = &cpu->env;
    uint32_t cr = ppc_get_cr(env);
    int w = cpu_is_64(cpu) ? 16 : 8;

    g_string_append_printf(
        out, "NIP %0*" PRIx64 "   LR %0*" PRIx64 " CTR %0*" PRIx64 " XER %0*" PRIx64 " CPU#%d\n", w,
        env->nip, w, env->lr, w, env->ctr, w, ppc_get_xer(env), cs->cpu_index);
    g_string_append_printf(out, "MSR %0*" PRIx64 " HID0 %0*" PRIx64 "  HF %08x iidx %u didx %u\n",
                           w, env->msr, w, env->spr[SPR_HID0], (uint32_t)env->hflags,
                           ppc_fetch_mmu_idx(env), (unsigned)(env->hflags & 7));
    g_string_append_printf(out, "TB %08" PRIx64 " %08" PRIx64 " DECR %" PRId64 "\n",
                           cpu->decr_timer ? ppc_get_tb(env) >> 32 : 0,
                           cpu->decr_timer ? ppc_get_tb(env) & 0xffffffff : 0,
                           cpu->decr_timer ? ppc_get_decr(env) : 0);
    for (unsigned i = 0; i < 32; i++) {
        if (i % 4 == 0) {
            g_string_append_printf(out, "GPR%02u", i);
        }
        g_string_append_printf(out, " %0*" PRIx64, w, env->gpr[i]);
        if (i % 4 == 3) {
            g_string_append_c(out, '\n');
        }
    }
    g_string_append_printf(out, "CR %08x  [", cr);
    for (unsigned i = 0; i < 8; i++) {
        uint32_t field = cr >> (28 - 4 * i) & 15;

        g_string_append_printf(out, " %c%c",
                               field & 8 ? 'L' : field & 4 ? 'G' : field & 2 ? 'E' : '-',
                               field & 1 ? 'O' : ' ');
    }
    g_string_append_printf(out, " ]     RES %s@%0*" PRIx64 "\n",
                           env->reserve_addr == RESERVE_NONE ? "none " : "", w,
                           cpu_is_64(cpu) ? env->reserve_addr : (uint32_t)env->reserve_addr);
    if (flags & CPU_DUMP_FPU) {
        dump_fpu(env, out);
    }
    if (flags & CPU_DUMP_VECTOR && cpu->model->insns & (ISA_ALTIVEC | ISA_VSX)) {
        dump_vectors(env, out);
    }
    if (flags & CPU_DUMP_SPR || !flags) {
        dump_special(cpu, out);
    }
}

static void dump_bats(const PPCBAT *bats, const char *name, unsigned n, GString *out)
{
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "%s%u %08x %08x\n", name, i, bats[i].upper, bats[i].lower);
    }
}

static void dump_mmu32(PowerPCCPU *cpu, GString *out)
{
    const CPUPPCState *env = &cpu->env;
    unsigned n = cpu->model->n_bats ? cpu->model->n_bats : 4;

    dump_bats(env->ibat, "IBAT", n, out);
    dump_bats(env->dbat, "DBAT", n, out);
    for (unsigned i = 0; i < G_N_ELEMENTS(env->sr); i++) {
        g_string_append_printf(out, "SR%-2u %08x%s", i, env->sr[i], i % 4 == 3 ? "\n" : "  ");
    }
    g_string_append_printf(out, "SDR1 %08x\n", (uint32_t)env->spr[SPR_SDR1]);
    for (unsigned i = 0; i < 2 * PPC_TLB6XX_ENTRIES; i++) {
        const PPCTLB6xx *e =
            i < PPC_TLB6XX_ENTRIES ? &env->tlb6[i] : &env->tlb6_code[i - PPC_TLB6XX_ENTRIES];

        if (e->pte0 >> 31) {
            g_string_append_printf(out, "%s TLB %2u: %08x -> %08x (%08x %08x)\n",
                                   i < PPC_TLB6XX_ENTRIES ? "data" : "code", i % PPC_TLB6XX_ENTRIES,
                                   e->epn, e->pte1 & 0xfffff000, e->pte0, e->pte1);
        }
    }
}

static void op_dump_mmu(CPUState *cs, GString *out)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    if (!cpu_is_64(cpu)) {
        dump_mmu32(cpu, out);
        return;
    }
    if (ppc_guest_radix(cpu)) {
        uint64_t pate[2] = {0, 0};

        if (cpu->vhyp) {
            cpu->vhyp->get_pate(cpu->vhyp_opaque, cpu, 0, pate);
        }
        g_string_append_printf(
            out, "radix: process table %016" PRIx64 " PID %" PRIu64 " LPID %" PRIu64 "\n", pate[1],
            cpu->env.spr[SPR_PIDR], cpu->env.spr[SPR_LPIDR]);
        return;
    }
    g_string_append(out, "SLB\tESID\t\t\tVSID\n");
    for (unsigned i = 0; i < cpu->model->slb_size; i++) {
        const PPCSLBEntry *slb = &cpu->env.slb[i];

        if (slb->esid || slb->vsid) {
            g_string_append_printf(out, "%u\t0x%016" PRIx64 "\t0x%016" PRIx64 "\n", i, slb->esid,
                                   slb->vsid);
        }
    }
}

/* ---- Registers by name ($pc, $r1 in monitor expressions) ---- */

static bool op_get_register(CPUState *cs, const char *name, uint64_t *value)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    CPUPPCState *env = &cpu->env;
    char *end;

    if ((name[0] == 'r' || name[0] == 'f') && g_ascii_isdigit(name[1])) {
        uint64_t n = g_ascii_strtoull(name + 1, &end, 10);

        if (*end == '\0' && n < 32) {
            *value = name[0] == 'r' ? env->gpr[n] : env->vsr[n].d[1];
            return true;
        }
    }
    if (!strcmp(name, "pc") || !strcmp(name, "nip")) {
        *value = env->nip;
    } else if (!strcmp(name, "msr")) {
        *value = env->msr;
    } else if (!strcmp(name, "cr") || !strcmp(name, "ccr")) {
        *value = ppc_get_cr(env);
    } else if (!strcmp(name, "fpscr")) {
        fpscr_sync(env);
        *value = env->fpscr;
    } else {
        for (unsigned i = 0; i < 1024; i++) {
            if (cpu->sprs[i] && !g_ascii_strcasecmp(cpu->sprs[i]->name, name)) {
                return ppc_spr_read_raw(env, i, value);
            }
        }
        return false;
    }
    return true;
}

static void nmi_on_cpu(CPUState *cs, void *opaque)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    GError *error = NULL;

    if (!cpu->vhyp || !cpu->vhyp->nmi) {
        ppc_system_reset_nmi(cpu);
    } else if (!cpu->vhyp->nmi(cpu->vhyp_opaque, cpu, &error)) {
        warn_report("NMI of CPU %d: %s", cs->cpu_index, error ? error->message : "refused");
        g_clear_error(&error);
    }
}

/* The CPU's registers are its own thread's: it is done there. */
static bool op_nmi(CPUState *cs, GError **errp)
{
    async_run_on_cpu(cs, nmi_on_cpu, NULL);
    return true;
}

/* The rows differ in what a debugger is told. */
#define CPU_OPS(arch, features)                                                                    \
    {                                                                                              \
        .gdb_arch = (arch), .gdb_features = (features), .has_work = ppc_cpu_has_work,              \
        .synchronize = op_synchronize, .set_pc = op_set_pc, .get_pc = op_get_pc,                   \
        .reset = op_reset, .dump_state = ppc_dump_state, .dump_mmu = op_dump_mmu,                  \
        .translate_debug = op_translate_debug, .is_big_endian = op_is_big_endian,                  \
        .address_bits = op_address_bits, .disassemble = op_disassemble,                            \
        .get_register = op_get_register, .nmi = op_nmi,                                            \
    }
#define ARCH_32 "powerpc:common"
#define ARCH_64 "powerpc:common64"
static const CPUOps ops_32 = CPU_OPS(ARCH_32, ppc_gdb_features_32);
static const CPUOps ops_74xx = CPU_OPS(ARCH_32, ppc_gdb_features_74xx);
static const CPUOps ops_power5 = CPU_OPS(ARCH_64, ppc_gdb_features_power5);
static const CPUOps ops_970 = CPU_OPS(ARCH_64, ppc_gdb_features_970);
static const CPUOps ops_p7 = CPU_OPS(ARCH_64, ppc_gdb_features_p7);
static const CPUOps ops_p8 = CPU_OPS(ARCH_64, ppc_gdb_features_p8);
static const CPUOps ops_p9 = CPU_OPS(ARCH_64, ppc_gdb_features_p9);

static const CPUOps *model_ops(const PowerPCCPUClass *model)
{
    if (!(model->insns & ISA_64)) {
        return model->insns & ISA_ALTIVEC ? &ops_74xx : &ops_32;
    }
    switch (model->exception_family) {
    case FAMILY_POWER7:
        return &ops_p7;
    case FAMILY_POWER8:
        return &ops_p8;
    case FAMILY_POWER9:
        return &ops_p9;
    default:
        return model->insns & ISA_ALTIVEC ? &ops_970 : &ops_power5;
    }
}

PowerPCCPU *ppc_cpu_create(const PowerPCCPUClass *model, int index, GError **errp)
{
    PowerPCCPU *cpu = (PowerPCCPU *)device_new_class(
        ppc_personality_is_64() || model->insns & ISA_64 ? &ppc_cpu_class : &ppc32_cpu_class);

    cpu->model = model;
    cpu->vcpu_id = index;
    cpu->threads_per_core = 1;
    cpu->n_tlb6 = PPC_TLB6XX_ENTRIES;
    cpu->env.exception_index = EXCP_NONE;
    mutex_init(&cpu->time_lock);
    cpu->env.tcg.mxcsr_fp = cpu->env.tcg.mxcsr_vmx = 0x1f80;
    ppc_spr_index_init(cpu);
    cpu->decode = ppc_decoder_new(model->insns);
    if (!cpu_base_init(&cpu->parent, model_ops(model), address_space_memory(), index, errp)) {
        object_unref((Object *)cpu);
        return NULL;
    }
    return cpu;
}
