/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation: which regime an access uses, real mode, access to tables in guest memory,
 * and dropping translations.
 *
 * From Power ISA 3.0B book III chapter 5.7.  The two translating regimes are in mmu-hash64.c and
 * mmu-radix64.c.  Page tables are read without locks, as a processor does; reference and change
 * bits are set with atomic operations.
 */
#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "system/memory.h"
#include "util/bswap.h"

bool ppc_translation_fail(PPCTranslation *out, PPCException kind, uint64_t error, uint64_t dar,
                          uint32_t dsisr)
{
    out->exception = kind;
    out->error_code = error;
    out->dar = dar;
    out->dsisr = dsisr;
    return false;
}

/* ---- Guest physical memory as table walkers see it ---- */

/* In the last two bytes of a hashed page table's entry, of either width. */
#define PTE1_R 0x100u
#define PTE1_C 0x080u

void *ppc_physical_pointer(PowerPCCPU *cpu, uint64_t address, unsigned size, bool write)
{
    const MemorySection *section = address_space_find(address_space_memory(), address);

    if (!section || !section->host || (write && section->readonly) ||
        (section->size && section->size - (address - section->addr) < size)) {
        return NULL;
    }
    return section->host + (address - section->addr);
}

bool ppc_physical_read(PowerPCCPU *cpu, uint64_t address, void *buf, unsigned size)
{
    const void *host = ppc_physical_pointer(cpu, address, size, false);

    if (!host) {
        return false;
    }
    memcpy(buf, host, size);
    return true;
}

bool ppc_physical_ldq(PowerPCCPU *cpu, uint64_t address, uint64_t *value)
{
    const uint64_t *host = ppc_physical_pointer(cpu, address, 8, false);

    if (!host || (uintptr_t)host & 7) {
        return false;
    }
    *value = be64_to_cpu(__atomic_load_n(host, __ATOMIC_RELAXED));
    return true;
}

/* A table changed behind the back of the software TLB, which would have told. */
static void table_written(void *host)
{
    ram_addr_t offset;
    RAMBlock *block = ram_block_from_host(host, &offset);

    if (block && !ram_page_fully_dirty(block, offset)) {
        ram_written(block, offset, 8);
    }
}

PPCTableUpdate ppc_physical_update(PowerPCCPU *cpu, uint64_t address, uint64_t expected,
                                   uint64_t value)
{
    uint64_t *host = ppc_physical_pointer(cpu, address, 8, true);
    uint64_t old = cpu_to_be64(expected);

    if (!host) {
        return PPC_TABLE_FAULT;
    }
    if (!__atomic_compare_exchange_n(host, &old, cpu_to_be64(value), false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED)) {
        return PPC_TABLE_CHANGED;
    }
    table_written(host);
    return PPC_TABLE_DONE;
}

/* R and C are in different bytes: each is set without disturbing what software writes to the rest.
 */
void ppc_physical_mark(PowerPCCPU *cpu, uint64_t address, uint64_t pte1, bool store)
{
    bool set_r = !(pte1 & PTE1_R), set_c = store && !(pte1 & PTE1_C);
    uint8_t *host;

    if (!set_r && !set_c) {
        return;
    }
    host = ppc_physical_pointer(cpu, address, 8, true);
    if (!host) {
        return;
    }
    if (set_r) {
        __atomic_fetch_or(&host[6], PTE1_R >> 8, __ATOMIC_RELAXED);
    }
    if (set_c) {
        __atomic_fetch_or(&host[7], PTE1_C, __ATOMIC_RELAXED);
    }
    table_written(host);
}

/* ---- Regimes ---- */

bool ppc_guest_radix(PowerPCCPU *cpu)
{
    uint64_t pate[2];

    if (cpu->model->mmu != MMU_64_RADIX) {
        return false;
    }
    if (cpu->vhyp) {
        return cpu->vhyp->get_pate && cpu->vhyp->get_pate(cpu->vhyp_opaque, cpu, 0, pate) &&
               pate[0] & PATE0_HR;
    }
    return cpu->env.spr[SPR_LPCR] & LPCR_HR;
}

/* Real mode of a guest whose hypervisor is the machine: its memory, up to the real-mode limit. */
static bool vhyp_real_mode(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, PPCTranslation *out)
{
    uint64_t address = ea & PPC_REAL_ADDRESS_MASK;
    uint64_t limit = cpu->vhyp->vrma_limit ? cpu->vhyp->vrma_limit(cpu->vhyp_opaque) : 0;

    if (limit && address >= limit && !ppc_guest_radix(cpu)) {
        if (access == ACCESS_FETCH) {
            return ppc_translation_fail(out, EXCP_ISI, 0x08000000, ea, 0);
        }
        return ppc_translation_fail(out, EXCP_DSI, 0, ea,
                                    0x08000000 | (access == ACCESS_STORE ? 0x02000000 : 0));
    }
    out->raddr = address;
    out->page_shift = 12;
    out->readable = out->writable = out->executable = out->dirty = true;
    return true;
}

bool ppc_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx, bool probe,
                   PPCTranslation *out)
{
    memset(out, 0, sizeof(*out));
    out->exception = EXCP_NONE;
    out->dar = ea;
    if (!cpu_is_64(cpu)) {
        return ppc_mmu32_translate(cpu, ea, access, mmu_idx, probe, out);
    }
    if (ppc_has_locked_indexes(cpu) && mmu_idx != MMU_IDX_REAL_SUPER) {
        return ppc_radix64_translate(cpu, ea, access, mmu_idx, probe, out);
    }
    if (mmu_idx_is_real(mmu_idx)) {
        if (cpu->vhyp) {
            return vhyp_real_mode(cpu, ea, access, out);
        }
        if (ppc_guest_radix(cpu)) {
            return ppc_radix64_translate(cpu, ea, access, mmu_idx, probe, out);
        }
        return ppc_hash64_real_mode(cpu, ea, access, mmu_idx, probe, out);
    }
    if (ppc_guest_radix(cpu)) {
        return ppc_radix64_translate(cpu, ea, access, mmu_idx, probe, out);
    }
    return ppc_hash64_translate(cpu, ea, access, mmu_idx, probe, out);
}

/* ---- Dropping translations ---- */

#define IDX_USER (1u << MMU_IDX_VIRT_USER)
#define IDX_SUPER (1u << MMU_IDX_VIRT_SUPER | 1u << MMU_IDX_HV_VIRT | 1u << MMU_IDX_SUPER_LOCKED)
/* Used while the kernel copies to or from the user, for little else: not worth picking pages out.
 */
#define IDX_UNLOCKED (1u << MMU_IDX_SUPER_NO_READ | 1u << MMU_IDX_SUPER_NO_WRITE)

static void noted_reset(PowerPCCPU *cpu)
{
    cpu->n_noted = 0;
    cpu->amr_is_kuap = true;
}

void ppc_note_user_page(PowerPCCPU *cpu, uint64_t ea)
{
    ea &= ~0xfffull;
    if (cpu->n_noted && cpu->n_noted <= G_N_ELEMENTS(cpu->noted) &&
        cpu->noted[cpu->n_noted - 1] == ea) {
        return;
    }
    if (cpu->n_noted < G_N_ELEMENTS(cpu->noted)) {
        cpu->noted[cpu->n_noted] = ea;
    }
    if (cpu->n_noted <= G_N_ELEMENTS(cpu->noted)) {
        cpu->n_noted++;             /* one more than fits: too many, the whole index goes */
    }
}

void ppc_tlb_flush_noted(PowerPCCPU *cpu)
{
    CPUState *cs = &cpu->parent;

    if (cpu->n_noted > G_N_ELEMENTS(cpu->noted)) {
        tcg_tlb_flush_all(cs, IDX_SUPER);
    } else {
        for (unsigned i = 0; i < cpu->n_noted; i++) {
            tcg_tlb_flush_page(cs, cpu->noted[i], IDX_SUPER);
        }
    }
    cpu->n_noted = 0;
}

void ppc_tlb_flush_user(PowerPCCPU *cpu)
{
    tcg_tlb_flush_all(&cpu->parent,
                      ppc_has_locked_indexes(cpu) ? IDX_USER | IDX_UNLOCKED : IDX_USER);
    ppc_tlb_flush_noted(cpu);
}

void ppc_tlb_flush_all(PowerPCCPU *cpu)
{
    noted_reset(cpu);
    tcg_tlb_flush_all(&cpu->parent, TCG_ALL_MMU_IDX);
}

void ppc_tlb_flush_page(PowerPCCPU *cpu, uint64_t ea)
{
    tcg_tlb_flush_page(&cpu->parent, ea, TCG_ALL_MMU_IDX);
}

void ppc_tlb_flush_all_cpus(PowerPCCPU *cpu)
{
    tcg_tlb_flush_all_cpus_synced(&cpu->parent, TCG_ALL_MMU_IDX);
}
