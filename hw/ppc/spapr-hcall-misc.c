/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls about processors and the partition: virtual processor areas, cede/confer/prod/join,
 * H_SET_MODE, real-mode accesses, random numbers, characteristics, system reset.
 * LoPAR 14.5.4, 14.11. Left out: dispatch trace logs are registered but no entries are written
 * (nothing preempts a virtual processor in a way that the log would describe).
 */
#include <sys/random.h>
#include "spapr-internal.h"
#include "target/ppc/spr.h"
#include "util/error.h"

#define LPCR_ILE_BIT (1ull << 25)
#define LPCR_AIL_SHIFT 23
#define LPCR_AIL_MASK (3ull << LPCR_AIL_SHIFT)

/* ---- Virtual processor areas ---- */

#define VPA_MIN_SIZE 640
#define VPA_SHARED_PROC_OFFSET 0x9
#define VPA_SHARED_PROC_VAL 0x2
#define VPA_DISPATCH_COUNTER 0x100

enum { VPA_REGISTER = 1, VPA_REGISTER_DTL = 2, VPA_REGISTER_SLB_SHADOW = 3, VPA_UNREGISTER = 5,
       VPA_UNREGISTER_DTL = 6, VPA_UNREGISTER_SLB_SHADOW = 7 };

static HCallResult register_vpa(SpaprMachine *spapr, SpaprCpuState *state, uint64_t vpa)
{
    uint16_t size;
    uint8_t shared;

    if (!vpa) {
        return H_HARDWARE;
    }
    /* A cache line's alignment, and not across a page. */
    if (vpa % 128) {
        return H_RESOURCE;
    }
    if (!spapr_is_ram(spapr, vpa, 8)) {
        return H_PARAMETER;
    }
    size = spapr_ldl(spapr, vpa + 4) >> 16;
    if (size < VPA_MIN_SIZE || (vpa & 0xfff) + size > 4096 || !spapr_is_ram(spapr, vpa, size)) {
        return H_PARAMETER;
    }
    state->vpa_addr = vpa;
    spapr_read(spapr, vpa + VPA_SHARED_PROC_OFFSET, &shared, 1);
    spapr_stb(spapr, vpa + VPA_SHARED_PROC_OFFSET, shared | VPA_SHARED_PROC_VAL);
    return H_SUCCESS;
}

/* The area's size stands in its second word; min is the smallest legal. It may not cross a multiple
 * of `within` (0: anywhere). */
static HCallResult register_area(SpaprMachine *spapr, SpaprCpuState *state, uint64_t address,
                                 uint32_t min, uint32_t within, uint64_t *where, uint64_t *size_out)
{
    uint32_t size;

    if (!address) {
        return H_HARDWARE;
    }
    if (!spapr_is_ram(spapr, address, 8)) {
        return H_PARAMETER;
    }
    size = spapr_ldl(spapr, address + 4);
    if (size < min || !spapr_is_ram(spapr, address, size) ||
        (within && address % within + size > within)) {
        return H_PARAMETER;
    }
    if (!state->vpa_addr) {
        return H_RESOURCE;
    }
    *where = address;
    *size_out = size;
    return H_SUCCESS;
}

static HCallResult h_register_vpa(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                  uint64_t *args)
{
    uint64_t function = args[0] >> 45 & 7, server = args[1], address = args[2];
    PowerPCCPU *target = spapr_find_cpu(spapr, server);
    SpaprCpuState *state;

    if (!target) {
        return H_PARAMETER;
    }
    state = spapr_cpu_state(target);
    switch (function) {
    case VPA_REGISTER:
        return register_vpa(spapr, state, address);
    case VPA_UNREGISTER:
        if (state->slb_shadow_addr || state->dtl_addr) {
            return H_RESOURCE;
        }
        state->vpa_addr = 0;
        return H_SUCCESS;
    case VPA_REGISTER_SLB_SHADOW:
        return register_area(spapr, state, address, 8, 4096, &state->slb_shadow_addr,
                             &state->slb_shadow_size);
    case VPA_UNREGISTER_SLB_SHADOW:
        state->slb_shadow_addr = state->slb_shadow_size = 0;
        return H_SUCCESS;
    case VPA_REGISTER_DTL:
        return register_area(spapr, state, address, 48, 0, &state->dtl_addr, &state->dtl_size);
    case VPA_UNREGISTER_DTL:
        state->dtl_addr = state->dtl_size = 0;
        return H_SUCCESS;
    default:
        return H_PARAMETER;
    }
}

static bool is_halted(CPUState *cs)
{
    return __atomic_load_n(&cs->halted, __ATOMIC_ACQUIRE);
}

/* ---- Giving up and giving back the processor ---- */

static void bump_dispatch_counter(SpaprMachine *spapr, PowerPCCPU *cpu)
{
    SpaprCpuState *state = spapr_cpu_state(cpu);

    if (state->vpa_addr) {
        uint64_t address = state->vpa_addr + VPA_DISPATCH_COUNTER;
        uint32_t count = spapr_ldl(spapr, address);

        if (count % 2) {
            /* Odd means "not dispatched": it must become even when the processor runs. */
            log_mask(LOG_GUEST_ERROR,
                     "spapr: dispatch counter of a running processor is odd (%u)\n", count);
            count++;
        }
        spapr_stl(spapr, address, count + 2);
    }
}

static HCallResult h_cede(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    SpaprCpuState *state = spapr_cpu_state(cpu);

    ppc_store_msr(&cpu->env, cpu->env.msr | MSR_BIT(EE), false);
    bump_dispatch_counter(spapr, cpu);
    if (state->prod) {
        state->prod = false;
        return H_SUCCESS;
    }
    if (!ppc_cpu_has_work(&cpu->parent)) {
        cpu_set_halted(&cpu->parent, true);
    }
    return H_SUCCESS;
}

static HCallResult h_join(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    SpaprCpuState *state = spapr_cpu_state(cpu);
    bool last = true;

    if (cpu->env.msr & MSR_BIT(EE)) {
        return H_BAD_MODE;
    }
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *other = g_ptr_array_index(spapr->cpus, i);

        /* EE=0 and halted: joined (or stopped, which needs no waiting for either). */
        if (other != cpu && (!is_halted(&other->parent) || (other->env.msr & MSR_BIT(EE)))) {
            last = false;
            break;
        }
    }
    if (last) {
        return H_CONTINUE_JOIN;
    }
    bump_dispatch_counter(spapr, cpu);
    if (state->prod) {
        state->prod = false;
    } else {
        cpu_set_halted(&cpu->parent, true);
    }
    return H_SUCCESS;
}

static HCallResult h_confer(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    int64_t server = args[0];
    uint32_t dispatch = args[1];

    /* -1: to any processor; otherwise to one, if it is (still) not running. */
    if (server != -1) {
        PowerPCCPU *target = spapr_find_cpu(spapr, server);
        SpaprCpuState *state;
        uint32_t count;

        if (!target) {
            return H_PARAMETER;
        }
        state = spapr_cpu_state(target);
        if (is_halted(&target->parent)) {
            return H_SUCCESS;
        }
        if (target == cpu) {
            return H_SUCCESS;
        }
        if (!state->vpa_addr) {
            return H_SUCCESS;
        }
        count = spapr_ldl(spapr, state->vpa_addr + VPA_DISPATCH_COUNTER);
        if (dispatch && count != dispatch) {
            return H_SUCCESS;    /* it has run since the caller looked */
        }
    }
    cpu_exit(&cpu->parent);
    return H_SUCCESS;
}

static HCallResult h_prod(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    PowerPCCPU *target = spapr_find_cpu(spapr, args[0]);
    SpaprCpuState *state;

    if (!target) {
        log_mask(LOG_GUEST_ERROR, "H_PROD: no processor 0x%" PRIx64 "\n", args[0]);
        return H_PARAMETER;
    }
    state = spapr_cpu_state(target);
    state->prod = true;
    /* Only start-cpu wakes one that has stopped, or was never started. */
    if (is_halted(&target->parent) && !spapr_cpu_is_stopped(target)) {
        cpu_set_halted(&target->parent, false);
        state->prod = false;
        cpu_kick(&target->parent);
    }
    return H_SUCCESS;
}

/* ---- Modes ---- */

typedef struct LpcrChange { uint64_t clear, set; } LpcrChange;

static void change_lpcr(CPUState *cs, const void *data)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;
    const LpcrChange *change = data;

    env->spr[SPR_LPCR] = (env->spr[SPR_LPCR] & ~change->clear) | change->set;
    ppc_update_hflags(env);
}

static void change_all_lpcr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t clear, uint64_t set)
{
    LpcrChange change = {clear, set};

    spapr_run_on_all_cpus(spapr, cpu, change_lpcr, &change, sizeof(change));
}

static HCallResult set_mode_endian(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t mflags,
                                   uint64_t v1, uint64_t v2)
{
    if (v1) {
        return H_P3;
    }
    if (v2) {
        return H_P4;
    }
    if (mflags > 1) {
        return H_UNSUPPORTED_FLAG;
    }
    change_all_lpcr(spapr, cpu, LPCR_ILE_BIT, mflags ? LPCR_ILE_BIT : 0);
    return H_SUCCESS;
}

static HCallResult set_mode_ail(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t mflags, uint64_t v1,
                                uint64_t v2)
{
    if (!(cpu->model->insns & ISA_2_07)) {
        return H_P2;
    }
    if (v1) {
        return H_P3;
    }
    if (v2) {
        return H_P4;
    }
    if (mflags == 1 || mflags > 3) {
        return H_UNSUPPORTED_FLAG;
    }
    if (mflags == 3 && !spapr_cap(spapr, SPAPR_CAP_AIL_MODE_3)) {
        return H_UNSUPPORTED_FLAG;
    }
    change_all_lpcr(spapr, cpu, LPCR_AIL_MASK, mflags << LPCR_AIL_SHIFT);
    return H_SUCCESS;
}

static HCallResult set_mode_dawr0(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t mflags,
                                  uint64_t v1, uint64_t v2)
{
    if (mflags) {
        return H_UNSUPPORTED_FLAG;
    }
    if (v2 & 4) {
        return H_P4;      /* hypervisor privilege is not the guest's to watch */
    }
    ppc_spr_write_raw(&cpu->env, SPR_DAWR0, v1);
    ppc_spr_write_raw(&cpu->env, SPR_DAWRX0, v2);
    return H_SUCCESS;
}

static HCallResult set_mode_ciabr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t mflags,
                                  uint64_t v1, uint64_t v2)
{
    if (mflags) {
        return H_UNSUPPORTED_FLAG;
    }
    if (v2) {
        return H_P4;
    }
    if ((v1 & 3) == 3) {
        return H_P3;
    }
    ppc_spr_write_raw(&cpu->env, SPR_CIABR, v1);
    return H_SUCCESS;
}

static HCallResult h_set_mode(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    switch (args[1]) {
    case 1:
        return set_mode_ciabr(spapr, cpu, args[0], args[2], args[3]);
    case 2:
        return set_mode_dawr0(spapr, cpu, args[0], args[2], args[3]);
    case 3:
        return set_mode_ail(spapr, cpu, args[0], args[2], args[3]);
    case 4:
        return set_mode_endian(spapr, cpu, args[0], args[2], args[3]);
    default:
        log_mask(LOG_UNIMP, "H_SET_MODE: resource %" PRIu64 "\n", args[1]);
        return H_P2;
    }
}

static HCallResult h_set_sprg0(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    cpu->env.spr[SPR_SPRG0] = args[0];
    return H_SUCCESS;
}

static HCallResult h_set_dabr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    if (cpu->model->insns & ISA_2_07) {
        return H_FUNCTION;     /* DAWR took its place; there is no such register */
    }
    if (args[0] & 4) {
        ppc_spr_write_raw(&cpu->env, SPR_DABR, args[0]);
        ppc_spr_write_raw(&cpu->env, SPR_DABRX, 3);
        return H_SUCCESS;
    }
    return H_RESERVED_DABR;
}

static HCallResult h_set_xdabr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    if (cpu->model->insns & ISA_2_07) {
        return H_FUNCTION;
    }
    if (args[1] == 0 || args[1] > 3) {
        return H_RESERVED_DABR;
    }
    ppc_spr_write_raw(&cpu->env, SPR_DABR, args[0]);
    ppc_spr_write_raw(&cpu->env, SPR_DABRX, args[1]);
    return H_SUCCESS;
}

/* ---- Real-mode accesses for a guest that cannot turn translation off ---- */

static HCallResult h_logical_load(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                  uint64_t *args)
{
    uint64_t size = args[0], address = args[1], value = 0;

    if (size != 1 && size != 2 && size != 4 && size != 8) {
        return H_PARAMETER;
    }
    if (!spapr_load_be(spapr, address, size, &value)) {
        return H_PARAMETER;
    }
    args[0] = value;
    return H_SUCCESS;
}

static HCallResult h_logical_store(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                   uint64_t *args)
{
    uint64_t size = args[0], address = args[1], value = args[2];

    if (size != 1 && size != 2 && size != 4 && size != 8) {
        return H_PARAMETER;
    }
    return spapr_store_be(spapr, address, size, value) ? H_SUCCESS
                                                                                    : H_PARAMETER;
}

#define MEMOP_AT_ONCE 65536u

/* Both places are memory: by chunks, from the end that the other place does not reach. */
static void memop_ram(SpaprMachine *spapr, uint64_t dst, uint64_t src, uint64_t bytes, bool invert,
                      bool backwards)
{
    uint8_t chunk[4096];

    for (uint64_t done = 0, n; done < bytes; done += n) {
        n = MIN(bytes - done, sizeof(chunk));
        uint64_t at = backwards ? bytes - done - n : done;

        spapr_read(spapr, src + at, chunk, n);
        for (uint64_t i = 0; invert && i < n; i++) {
            chunk[i] = ~chunk[i];
        }
        spapr_write(spapr, dst + at, chunk, n);
    }
}

/*
 * SLOF's block operation: op 0 copies, 1 inverts; element size 1 << esize; forwards or backwards.
 * A long one goes in pieces, so that others get the device lock and the processor can be stopped:
 * the registers then say what is left, and the guest comes back to its `sc`.
 */
static HCallResult h_logical_memop(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                   uint64_t *args)
{
    uint64_t dst = args[0], src = args[1], esize = args[2], count = args[3], op = args[4];
    uint64_t bytes, n, now, skip;
    bool backwards;

    if (esize > 3 || op > 1 || count > 0x80000000ull) {
        return H_PARAMETER;
    }
    if ((dst | src) & ((1ull << esize) - 1)) {
        return H_PARAMETER;
    }
    n = MIN(count, MEMOP_AT_ONCE);
    bytes = count << esize;
    now = n << esize;
    backwards = dst > src && dst < src + bytes;
    /* Backwards, the last ones are first, and what is left keeps its beginning. */
    skip = backwards ? bytes - now : 0;
    if (spapr_is_ram(spapr, src + skip, now) && spapr_is_ram(spapr, dst + skip, now)) {
        memop_ram(spapr, dst + skip, src + skip, now, op, backwards);
    } else {
        for (uint64_t i = 0; i < n; i++) {
            uint64_t at = skip + ((backwards ? n - 1 - i : i) << esize), value;

            if (!spapr_load_be(spapr, src + at, 1u << esize, &value) ||
                !spapr_store_be(spapr, dst + at, 1u << esize, op ? ~value : value)) {
                return H_PARAMETER;
            }
        }
    }
    if (n == count) {
        return H_SUCCESS;
    }
    if (!backwards) {
        args[0] = dst + now;
        args[1] = src + now;
    }
    args[3] = count - n;
    cpu->env.nip -= 4;
    return (HCallResult)opcode;
}

/* Instruction caches need no help: stores to code are noticed. */
static HCallResult h_logical_cache_op(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                      uint64_t *args)
{
    return H_SUCCESS;
}

/* ---- Facts and services ---- */

static HCallResult h_random(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t value;

    if (getrandom(&value, sizeof(value), 0) != sizeof(value)) {
        return H_HARDWARE;
    }
    args[0] = value;
    return H_SUCCESS;
}

#define PAPR_BIT(n) (1ull << (63 - (n)))
#define CHAR_SPEC_BAR_ORI31 PAPR_BIT(0)
#define CHAR_BCCTRL_SERIALISED PAPR_BIT(1)
#define CHAR_L1D_FLUSH_ORI30 PAPR_BIT(2)
#define CHAR_L1D_FLUSH_TRIG2 PAPR_BIT(3)
#define CHAR_L1D_THREAD_PRIV PAPR_BIT(4)
#define CHAR_CACHE_COUNT_DIS PAPR_BIT(7)
#define CHAR_BCCTR_FLUSH_ASSIST PAPR_BIT(9)
#define BEHAV_FAVOUR_SECURITY PAPR_BIT(0)
#define BEHAV_L1D_FLUSH_PR PAPR_BIT(1)
#define BEHAV_BNDS_CHK_SPEC_BAR PAPR_BIT(2)
#define BEHAV_FLUSH_COUNT_CACHE PAPR_BIT(5)

static HCallResult h_get_cpu_characteristics(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                             uint64_t *args)
{
    uint64_t characteristics = 0, behaviour = 0;

    switch (spapr_cap(spapr, SPAPR_CAP_CFPC)) {
    case SPAPR_CAP_WORKAROUND:
        characteristics |= CHAR_L1D_FLUSH_ORI30 | CHAR_L1D_FLUSH_TRIG2 | CHAR_L1D_THREAD_PRIV;
        behaviour |= BEHAV_L1D_FLUSH_PR;
        break;
    case SPAPR_CAP_FIXED:
        break;
    default:
        behaviour |= BEHAV_L1D_FLUSH_PR;
    }
    switch (spapr_cap(spapr, SPAPR_CAP_SBBC)) {
    case SPAPR_CAP_WORKAROUND:
        characteristics |= CHAR_SPEC_BAR_ORI31;
        behaviour |= BEHAV_BNDS_CHK_SPEC_BAR;
        break;
    case SPAPR_CAP_FIXED:
        break;
    default:
        behaviour |= BEHAV_BNDS_CHK_SPEC_BAR;
    }
    switch (spapr_cap(spapr, SPAPR_CAP_IBS)) {
    case SPAPR_CAP_FIXED_NA:
    case SPAPR_CAP_FIXED_IBS:
        characteristics |= CHAR_BCCTRL_SERIALISED;
        break;
    case SPAPR_CAP_FIXED_CCD:
        characteristics |= CHAR_CACHE_COUNT_DIS;
        break;
    case SPAPR_CAP_WORKAROUND:
        behaviour |= BEHAV_FLUSH_COUNT_CACHE;
        if (spapr_cap(spapr, SPAPR_CAP_CCF_ASSIST)) {
            characteristics |= CHAR_BCCTR_FLUSH_ASSIST;
        }
        break;
    default:
        break;
    }
    behaviour |= BEHAV_FAVOUR_SECURITY;
    args[0] = characteristics;
    args[1] = behaviour;
    return H_SUCCESS;
}

static HCallResult h_home_node_associativity(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                             uint64_t *args)
{
    uint64_t flags = args[0], server = args[1];
    PowerPCCPU *target;
    uint32_t d[4];

    if (flags != 1) {
        return H_FUNCTION;
    }
    target = spapr_find_cpu(spapr, server);
    if (!target) {
        return H_P2;
    }
    spapr_numa_domains(spapr, spapr_cpu_node(spapr, target), d);
    /* Four domains and the processor. */
    args[0] = (uint64_t)d[0] << 32 | d[1];
    args[1] = (uint64_t)d[2] << 32 | d[3];
    args[2] = ((uint64_t)target->vcpu_id << 32) | 0xffffffffu;
    args[3] = args[4] = args[5] = UINT64_MAX;
    return H_SUCCESS;
}

#define SYS_RESET_ALL (-1)
#define SYS_RESET_ALL_BUT_SELF (-2)

static void do_system_reset_interrupt(CPUState *cs, void *data)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);

    cpu->vhyp->nmi(cpu->vhyp_opaque, cpu, NULL);
}

static HCallResult h_signal_sys_reset(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                      uint64_t *args)
{
    int64_t target = args[0];

    if (target < SYS_RESET_ALL_BUT_SELF) {
        return H_PARAMETER;
    }
    if (target < 0) {
        for (guint i = 0; i < spapr->cpus->len; i++) {
            PowerPCCPU *other = g_ptr_array_index(spapr->cpus, i);

            if (other != cpu || target == SYS_RESET_ALL) {
                async_run_on_cpu(&other->parent, do_system_reset_interrupt, NULL);
            }
        }
        return H_SUCCESS;
    }
    cpu = spapr_find_cpu(spapr, target);
    if (!cpu) {
        return H_PARAMETER;
    }
    async_run_on_cpu(&cpu->parent, do_system_reset_interrupt, NULL);
    return H_SUCCESS;
}

const SpaprHCall spapr_hcalls_misc[] = {
    {0x24, "H_SET_SPRG0", h_set_sprg0},
    {0x28, "H_SET_DABR", h_set_dabr},
    {0x134, "H_SET_XDABR", h_set_xdabr},
    {0x3c, "H_LOGICAL_CI_LOAD", h_logical_load},
    {0x40, "H_LOGICAL_CI_STORE", h_logical_store},
    {0x44, "H_LOGICAL_CACHE_LOAD", h_logical_load},
    {0x48, "H_LOGICAL_CACHE_STORE", h_logical_store},
    {0x4c, "H_LOGICAL_ICBI", h_logical_cache_op},
    {0x50, "H_LOGICAL_DCBF", h_logical_cache_op},
    {0xdc, "H_REGISTER_VPA", h_register_vpa},
    {0xe0, "H_CEDE", h_cede},
    {0xe4, "H_CONFER", h_confer},
    {0xe8, "H_PROD", h_prod},
    {0x1c8, "H_GET_CPU_CHARACTERISTICS", h_get_cpu_characteristics},
    {0x298, "H_JOIN", h_join},
    {0x2ec, "H_HOME_NODE_ASSOCIATIVITY", h_home_node_associativity},
    {0x300, "H_RANDOM", h_random},
    {0x31c, "H_SET_MODE", h_set_mode},
    {0x380, "H_SIGNAL_SYS_RESET", h_signal_sys_reset},
    {0},
};

const SpaprHCall spapr_hcalls_private[] = {
    {H_PRIVATE_LOGICAL_MEMOP, "h-logical-memop", h_logical_memop},
    {0},
};
