/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian access to guest real memory for hypercalls, RTAS and the client interface. */
#include <string.h>
#include "spapr-internal.h"
#include "accel/tcg/accel.h"

static AddressSpace *guest_memory(const SpaprMachine *spapr)
{
    return address_space_memory();
}

uint64_t spapr_ldq(SpaprMachine *spapr, uint64_t address)
{
    return address_space_ldq_be(guest_memory(spapr), address, MEMTXATTRS_UNSPECIFIED, NULL);
}

void spapr_stq(SpaprMachine *spapr, uint64_t address, uint64_t value)
{
    address_space_stq_be(guest_memory(spapr), address, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

void spapr_stw(SpaprMachine *spapr, uint64_t address, uint16_t value)
{
    address_space_stw_be(guest_memory(spapr), address, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

void spapr_stb(SpaprMachine *spapr, uint64_t address, uint8_t value)
{
    address_space_stb(guest_memory(spapr), address, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

void spapr_zero(SpaprMachine *spapr, uint64_t address, uint64_t size)
{
    address_space_set(guest_memory(spapr), address, 0, size, MEMTXATTRS_UNSPECIFIED);
}

bool spapr_load_be(SpaprMachine *spapr, uint64_t address, unsigned size, uint64_t *value)
{
    MemTxResult result;

    *value =
        address_space_ldn_be(guest_memory(spapr), address, size, MEMTXATTRS_UNSPECIFIED, &result);
    return result == MEMTX_OK;
}

bool spapr_store_be(SpaprMachine *spapr, uint64_t address, unsigned size, uint64_t value)
{
    MemTxResult result;

    address_space_stn_be(guest_memory(spapr), address, size, value, MEMTXATTRS_UNSPECIFIED,
                         &result);
    return result == MEMTX_OK;
}

typedef struct RemoteWork {
    void (*fn)(CPUState *cs, const void *data);
    uint64_t data[];
} RemoteWork;

static void run_remote(CPUState *cs, void *opaque)
{
    g_autofree RemoteWork *work = opaque;

    work->fn(cs, work->data);
}

void spapr_run_on_all_cpus(SpaprMachine *spapr, PowerPCCPU *caller,
                           void (*fn)(CPUState *cs, const void *data), const void *data,
                           size_t size)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, i);

        if (cpu == caller) {
            fn(&cpu->parent, data);
        } else {
            RemoteWork *work = g_malloc(sizeof(*work) + size);

            work->fn = fn;
            memcpy(work->data, data, size);
            async_run_on_cpu(&cpu->parent, run_remote, work);
        }
    }
    tcg_tlb_sync(&caller->parent);
}

void spapr_tlb_flush_all_cpus(SpaprMachine *spapr, PowerPCCPU *cpu)
{
    tcg_tlb_flush_all_cpus_synced(&cpu->parent, TCG_ALL_MMU_IDX);
}
