/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Radix tree translation (ISA 3.0): process-scoped trees, and partition-scoped ones below them when
 * the guest's hypervisor is itself a guest of this CPU model.
 *
 * From Power ISA 3.0B book III 5.7.5 (quadrants), 5.7.6 (tables), 5.7.10 (radix), 5.7.12 (R and C),
 * 5.7.13 (protection), 6.5.3 to 6.5.6 (fault bits).  Under a virtual hypervisor guest real
 * addresses are the machine's physical addresses and only the process-scoped walk exists.
 */
#include "internal.h"
#include "util/log.h"

#define PRTE_R_RTS_HI_SHIFT 61
#define RADIX_RTS(d) (((d) >> 5 & 7) | ((d) >> (PRTE_R_RTS_HI_SHIFT - 3) & 0x18))
#define RADIX_ROOT_BASE 0x0fffffffffffff00ull
#define RADIX_SIZE_FIELD 0x1full
#define PRTB_BASE 0x0ffffffffffff000ull

#define RPTE_VALID (1ull << 63)
#define RPTE_LEAF (1ull << 62)
#define RPTE_RPN 0x01fffffffffff000ull
#define RPTE_REFERENCED 0x100ull
#define RPTE_CHANGED 0x080ull
#define RPTE_ATT 0x030ull
#define RPTE_ATT_NON_IDEMPOTENT 0x020ull
#define RPTE_ATT_TOLERANT 0x030ull
#define RPTE_PRIVILEGED 0x008ull
#define RPTE_READ 0x004ull
#define RPTE_READ_WRITE 0x002ull
#define RPTE_EXECUTE 0x001ull
#define RPDE_BASE 0x0fffffffffffff00ull

/* DSISR bits, and the ones of SRR1 that mean the same. */
#define FAULT_NO_TRANSLATION 0x40000000u
#define FAULT_NO_EXECUTE 0x10000000u     /* SRR1: no-execute or guarded */
#define FAULT_PROTECTION 0x08000000u
#define FAULT_STORE 0x02000000u
#define FAULT_BAD_CONFIG 0x00080000u     /* unsupported radix tree configuration */
#define FAULT_ATOMIC_RC 0x00040000u      /* R or C cannot be set */
#define FAULT_PRTABLE 0x00020000u        /* process table entry */

/* What a walk is for and what it found. */
typedef struct RadixWalk {
    PPCAccess access;
    bool user;              /* MSR.PR = 1 */
    bool process_scoped;
    bool probe;
    uint64_t amr, iamr;     /* key 0 counts */
    /* result */
    uint64_t pte, pte_address, pte_gra, raddr;
    uint8_t page_shift;
    bool readable, writable, executable;
    uint32_t fault;
    bool partition_fault;   /* of the partition-scoped translation of a table's address ... */
    uint64_t fault_gra;     /* ... this one */
} RadixWalk;

static bool partition_translate(PowerPCCPU *cpu, uint64_t lpid_radix_root, uint64_t gra,
                                RadixWalk *walk);

/*
 * Guest real address of a table to a machine address; `root` is the partition's tree or 0.  Setting
 * R or C in an entry is a store there.
 */
static bool table_address(PowerPCCPU *cpu, uint64_t root, uint64_t gra, PPCAccess access,
                          uint64_t *address, RadixWalk *walk)
{
    RadixWalk inner = {.access = access, .probe = walk->probe};

    if (!root) {
        *address = gra;
        return true;
    }
    if (!partition_translate(cpu, root, gra, &inner)) {
        walk->fault = inner.fault | FAULT_PRTABLE | (access == ACCESS_STORE ? FAULT_ATOMIC_RC : 0);
        walk->partition_fault = true;
        walk->fault_gra = gra;
        return false;
    }
    *address = inner.raddr;
    return true;
}

static void leaf_permissions(RadixWalk *walk)
{
    uint64_t pte = walk->pte;
    bool privileged = pte & RPTE_PRIVILEGED;

    walk->readable = pte & (RPTE_READ | RPTE_READ_WRITE);
    walk->writable = pte & RPTE_READ_WRITE;
    walk->executable = pte & RPTE_EXECUTE;
    if (!walk->process_scoped) {
        return;
    }
    if (walk->user) {
        if (privileged) {
            walk->readable = walk->writable = walk->executable = false;
        }
    } else if (!privileged) {
        /* Key 0 of AMR and IAMR guards the user's pages from privileged software. */
        walk->writable = walk->writable && !(walk->amr >> 63 & 1);
        walk->readable = walk->readable && !(walk->amr >> 62 & 1);
        walk->executable = walk->executable && !(walk->iamr >> 62 & 1);
    }
}

static bool leaf_check(RadixWalk *walk)
{
    uint64_t att = walk->pte & RPTE_ATT;

    leaf_permissions(walk);
    switch (walk->access) {
    case ACCESS_FETCH:
        if (walk->process_scoped && walk->user && walk->pte & RPTE_PRIVILEGED) {
            walk->fault = FAULT_PROTECTION;
            return false;
        }
        if (!walk->executable || att == RPTE_ATT_NON_IDEMPOTENT || att == RPTE_ATT_TOLERANT) {
            walk->fault = FAULT_NO_EXECUTE;
            return false;
        }
        return true;
    case ACCESS_LOAD:
        walk->fault = walk->readable ? 0 : FAULT_PROTECTION;
        return walk->readable;
    default:
        walk->fault = walk->writable ? 0 : FAULT_PROTECTION;
        return walk->writable;
    }
}

/* Walks from a root doubleword {RTS, base, size}. `root` translates the tables' addresses, or is 0.
 */
static bool radix_walk(PowerPCCPU *cpu, uint64_t root_dword, uint64_t partition_root, uint64_t ea,
                       RadixWalk *walk)
{
    unsigned remaining, bits;
    uint64_t base;

retry:
    remaining = RADIX_RTS(root_dword) + 31;
    bits = root_dword & RADIX_SIZE_FIELD;
    base = root_dword & RADIX_ROOT_BASE;
    for (;;) {
        uint64_t entry, address, gra;

        if (bits < 5 || bits > 16 || remaining < bits + 12) {
            walk->fault = FAULT_BAD_CONFIG;
            return false;
        }
        remaining -= bits;
        base &= ~((8ull << bits) - 1);
        gra = base + ((ea >> remaining & ((1ull << bits) - 1)) << 3);
        if (!table_address(cpu, partition_root, gra, ACCESS_LOAD, &address, walk)) {
            return false;
        }
        if (!ppc_physical_ldq(cpu, address, &entry) || !(entry & RPTE_VALID)) {
            walk->fault = FAULT_NO_TRANSLATION;
            return false;
        }
        if (entry & RPTE_LEAF) {
            if (remaining != 12 && remaining != 16 && remaining != 21 && remaining != 30) {
                walk->fault = FAULT_BAD_CONFIG;
                return false;
            }
            walk->pte = entry;
            walk->pte_address = address;
            walk->pte_gra = gra;
            break;
        }
        bits = entry & RADIX_SIZE_FIELD;
        base = entry & RPDE_BASE;
        if (remaining <= 12) {
            walk->fault = FAULT_BAD_CONFIG;
            return false;
        }
    }
    walk->page_shift = remaining;
    walk->raddr =
        (walk->pte & RPTE_RPN & ~((1ull << remaining) - 1)) | (ea & ((1ull << remaining) - 1));
    if (!leaf_check(walk)) {
        return false;
    }
    if (!walk->probe) {
        uint64_t wanted =
            walk->pte | RPTE_REFERENCED | (walk->access == ACCESS_STORE ? RPTE_CHANGED : 0);

        if (wanted != walk->pte) {
            if (!table_address(cpu, partition_root, walk->pte_gra, ACCESS_STORE, &walk->pte_address,
                               walk)) {
                return false;
            }
            switch (ppc_physical_update(cpu, walk->pte_address, walk->pte, wanted)) {
            case PPC_TABLE_DONE:
                walk->pte = wanted;
                break;
            case PPC_TABLE_CHANGED:
                goto retry;
            case PPC_TABLE_FAULT:
                walk->fault = FAULT_ATOMIC_RC;
                return false;
            }
        }
    }
    return true;
}

static bool partition_translate(PowerPCCPU *cpu, uint64_t root, uint64_t gra, RadixWalk *walk)
{
    return radix_walk(cpu, root, 0, gra, walk);
}

/* The two doublewords of a partition-table entry. */
static bool partition_entry(PowerPCCPU *cpu, uint64_t lpid, uint64_t pate[2])
{
    uint64_t ptcr = cpu->env.spr[SPR_PTCR];
    uint64_t size = 1ull << ((ptcr & PTCR_PATS) + 12), address;

    if (cpu->vhyp) {
        return cpu->vhyp->get_pate && cpu->vhyp->get_pate(cpu->vhyp_opaque, cpu, lpid, pate);
    }
    if (lpid >= size / 16) {
        return false;
    }
    address = (ptcr & PTCR_PATB) + lpid * 16;
    return ppc_physical_ldq(cpu, address, &pate[0]) && ppc_physical_ldq(cpu, address + 8, &pate[1]);
}

static bool radix_fault(PPCTranslation *out, PPCAccess access, bool to_hypervisor, uint64_t ea,
                        uint32_t fault)
{
    if (access == ACCESS_FETCH) {
        return ppc_translation_fail(out, to_hypervisor ? EXCP_HISI : EXCP_ISI, fault, ea, 0);
    }
    return ppc_translation_fail(out, to_hypervisor ? EXCP_HDSI : EXCP_DSI, 0, ea,
                                fault | (access == ACCESS_STORE ? FAULT_STORE : 0));
}

/* A fault of the process-scoped side, which may be the partition's after all. */
static bool walk_fault(PPCTranslation *out, const RadixWalk *walk, uint64_t ea)
{
    if (walk->partition_fault) {
        out->asdr = walk->fault_gra & ~0xfffull;
    }
    return radix_fault(out, walk->access, walk->partition_fault, ea, walk->fault);
}

static bool segment_fault(PPCTranslation *out, PPCAccess access, uint64_t ea)
{
    return ppc_translation_fail(out, access == ACCESS_FETCH ? EXCP_ISEG : EXCP_DSEG, 0, ea, 0);
}

/*
 * The fully qualified address: which partition and process an effective address belongs to, by its
 * top two bits.  Quadrants 1 and 2 reach a guest's space from hypervisor state.
 */
static bool qualify(const CPUPPCState *env, bool hv, uint64_t ea, uint64_t *lpid, uint64_t *pid)
{
    unsigned quadrant = ea >> 62;

    if (hv) {
        *lpid = quadrant == 1 || quadrant == 2 ? env->spr[SPR_LPIDR] : 0;
        *pid = quadrant == 0 || quadrant == 1 ? env->spr[SPR_PIDR] : 0;
        return true;
    }
    *lpid = env->spr[SPR_LPIDR];
    *pid = quadrant == 0 ? env->spr[SPR_PIDR] : 0;
    return quadrant == 0 || quadrant == 3;
}

bool ppc_radix64_translate(PowerPCCPU *cpu, uint64_t ea, PPCAccess access, unsigned mmu_idx,
                           bool probe, PPCTranslation *out)
{
    const CPUPPCState *env = &cpu->env;
    unsigned given_idx = mmu_idx;
    uint64_t amr = ppc_mmu_idx_amr(cpu, &mmu_idx);
    bool hv = mmu_idx_is_hv(mmu_idx) || (mmu_idx_is_user(mmu_idx) && env->msr & MSR_BIT(HV));
    bool real = mmu_idx_is_real(mmu_idx);
    uint64_t lpid, pid, pate[2], prtb, prte, partition_root = 0, address, offset;
    RadixWalk walk = {
        .access = access, .user = mmu_idx_is_user(mmu_idx), .process_scoped = true, .probe = probe,
        .amr = amr, .iamr = env->spr[SPR_IAMR],
    };

    if (real && hv) {
        out->raddr = ea & PPC_REAL_ADDRESS_MASK;
        if (!(ea >> 63)) {
            out->raddr |= env->spr[SPR_HRMOR];
        }
        out->page_shift = 12;
        out->readable = out->writable = out->executable = out->dirty = true;
        return true;
    }
    if (real) {
        lpid = env->spr[SPR_LPIDR];
        pid = 0;
    } else if (!qualify(env, hv, ea, &lpid, &pid)) {
        return segment_fault(out, access, ea);
    }
    if (cpu->vhyp) {
        lpid = 0;
    }
    if (!partition_entry(cpu, lpid, pate) || !(pate[0] & PATE0_HR)) {
        return radix_fault(out, access, !cpu->vhyp, ea, FAULT_NO_TRANSLATION);
    }
    if (!cpu->vhyp && lpid) {
        partition_root = pate[0];
    }
    if (!real) {
        prtb = pate[1] & PRTB_BASE;
        offset = pid * 16;
        if (offset >= 1ull << ((pate[1] & 0x1f) + 12)) {
            return radix_fault(out, access, false, ea, FAULT_NO_TRANSLATION);
        }
        if (!table_address(cpu, partition_root, prtb + offset, ACCESS_LOAD, &address, &walk)) {
            return walk_fault(out, &walk, ea);
        }
        if (!ppc_physical_ldq(cpu, address, &prte)) {
            return radix_fault(out, access, false, ea, FAULT_NO_TRANSLATION);
        }
        if ((ea & 0x3fffffffffffffffull) >> (RADIX_RTS(prte) + 31)) {
            return segment_fault(out, access, ea);
        }
        if (!radix_walk(cpu, prte, partition_root, ea & 0x3fffffffffffffffull, &walk)) {
            return walk_fault(out, &walk, ea);
        }
        out->raddr = walk.raddr;
        out->page_shift = walk.page_shift;
        out->readable = walk.readable;
        out->writable = walk.writable;
        out->executable = walk.executable;
        out->dirty = walk.pte & RPTE_CHANGED;
        out->update = !(walk.pte & RPTE_REFERENCED) || (access == ACCESS_STORE && !out->dirty);
        if (!walk.user &&
            (given_idx == MMU_IDX_VIRT_SUPER || given_idx == MMU_IDX_HV_VIRT ||
             given_idx == MMU_IDX_SUPER_LOCKED) &&
            (!(walk.pte & RPTE_PRIVILEGED) || ea >> 62 != 3)) {
            ppc_note_user_page(cpu, ea);
        }
    } else {
        out->raddr = ea & PPC_REAL_ADDRESS_MASK;
        out->page_shift = 12;
        out->readable = out->writable = out->executable = out->dirty = true;
    }
    if (partition_root) {
        RadixWalk inner = {.access = access, .probe = probe};

        if (!partition_translate(cpu, partition_root, out->raddr, &inner)) {
            out->asdr = out->raddr & ~0xfffull;
            return radix_fault(out, access, true, ea, inner.fault);
        }
        out->raddr = inner.raddr;
        out->page_shift = MIN(out->page_shift, inner.page_shift);
        out->readable = out->readable && inner.readable;
        out->writable = out->writable && inner.writable;
        out->executable = out->executable && inner.executable;
        out->dirty = out->dirty && inner.pte & RPTE_CHANGED;
        out->update = out->update || !(inner.pte & RPTE_REFERENCED) ||
                      (access == ACCESS_STORE && !out->dirty);
    }
    return true;
}
