/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA windows: TCE tables and the hypercalls that fill them (H_PUT_TCE, H_GET_TCE,
 * H_PUT_TCE_INDIRECT, H_STUFF_TCE).  LoPAR 14.5.4.2.  A table's entry has the page's real address
 * and, in its lowest bits, whether devices may read (1) and write (2) it.
 */
#include <string.h>
#include "spapr-internal.h"
#include "spapr-iommu.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/error.h"

#define INDIRECT_LIMIT 512u
#define INDIRECT_PAGE 4096u
/* 64 GiB in pages of 4 KiB: more than any window that spapr-pci.c opens. */
#define ENTRIES_LIMIT (1u << 24)

SpaprTceTable *spapr_tce_find(SpaprMachine *spapr, uint64_t liobn)
{
    for (guint i = 0; spapr->tce_tables && i < spapr->tce_tables->len; i++) {
        SpaprTceTable *tce = g_ptr_array_index(spapr->tce_tables, i);

        if (tce->liobn == liobn) {
            return tce;
        }
    }
    return NULL;
}

bool spapr_tce_enable(SpaprTceTable *tce, uint32_t page_shift, uint64_t bus_offset,
                      uint32_t n_entries)
{
    uint64_t *table = n_entries <= ENTRIES_LIMIT ? g_try_new0(uint64_t, n_entries) : NULL;

    if (!table) {
        return false;
    }
    g_free(tce->table);
    tce->table = table;
    tce->n_entries = n_entries;
    tce->page_shift = page_shift;
    tce->bus_offset = bus_offset;
    tce->bypass = false;
    return true;
}

void spapr_tce_disable(SpaprTceTable *tce)
{
    g_clear_pointer(&tce->table, g_free);
    tce->n_entries = 0;
    tce->page_shift = 0;
    tce->bus_offset = 0;
    tce->default_window = false;
    tce->bypass = false;
}

static uint64_t *entry_of(const SpaprTceTable *tce, uint64_t bus_address)
{
    uint64_t index;

    if (!tce->n_entries || bus_address < tce->bus_offset) {
        return NULL;
    }
    index = (bus_address - tce->bus_offset) >> tce->page_shift;
    return index < tce->n_entries ? &tce->table[index] : NULL;
}

bool spapr_tce_translate(const SpaprTceTable *tce, uint64_t bus_address, unsigned access,
                         uint64_t *real, uint64_t *left)
{
    const uint64_t *entry = entry_of(tce, bus_address);
    uint64_t mask;

    if (tce->bypass) {
        *real = bus_address;
        /* To the end of the addresses, 2^64 bytes counted as one less. */
        *left = bus_address ? -bus_address : UINT64_MAX;
        return true;
    }
    if (!entry || (*entry & access) != access) {
        return false;
    }
    mask = ((uint64_t)1 << tce->page_shift) - 1;
    *real = (*entry & ~mask) | (bus_address & mask);
    *left = mask + 1 - (bus_address & mask);
    return true;
}

/* ---- Hypercalls ---- */

static HCallResult put(const SpaprTceTable *tce, uint64_t bus_address, uint64_t value)
{
    uint64_t *entry = entry_of(tce, bus_address);

    if (!entry) {
        log_mask(LOG_GUEST_ERROR, "TCE: 0x%" PRIx64 " is outside of window 0x%x\n", bus_address,
                 tce->liobn);
        return H_PARAMETER;
    }
    *entry = value;
    return H_SUCCESS;
}

static HCallResult h_put_tce(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    const SpaprTceTable *tce = spapr_tce_find(spapr, args[0]);

    return tce ? put(tce, args[1], args[2]) : H_PARAMETER;
}

static HCallResult h_get_tce(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    const SpaprTceTable *tce = spapr_tce_find(spapr, args[0]);
    const uint64_t *entry = tce ? entry_of(tce, args[1]) : NULL;

    if (!entry) {
        return H_PARAMETER;
    }
    args[0] = *entry;
    return H_SUCCESS;
}

static HCallResult h_put_tce_indirect(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                                      uint64_t *args)
{
    const SpaprTceTable *tce = spapr_tce_find(spapr, args[0]);
    uint64_t at = args[1], list = args[2], n = args[3];

    if (!tce || !tce->n_entries || n > INDIRECT_LIMIT || list % INDIRECT_PAGE ||
        !spapr_is_ram(spapr, list, n * 8)) {
        return H_PARAMETER;
    }
    at &= ~(((uint64_t)1 << tce->page_shift) - 1);
    for (uint64_t i = 0; i < n; i++) {
        HCallResult result = put(tce, at + (i << tce->page_shift), spapr_ldq(spapr, list + i * 8));

        if (result) {
            return result;
        }
    }
    return H_SUCCESS;
}

static HCallResult h_stuff_tce(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    const SpaprTceTable *tce = spapr_tce_find(spapr, args[0]);
    uint64_t at = args[1], value = args[2], n = args[3];

    if (!tce || n > tce->n_entries) {
        return H_PARAMETER;
    }
    at &= ~(((uint64_t)1 << tce->page_shift) - 1);
    for (uint64_t i = 0; i < n; i++) {
        HCallResult result = put(tce, at + (i << tce->page_shift), value);

        if (result) {
            return result;
        }
    }
    return H_SUCCESS;
}

const SpaprHCall spapr_hcalls_tce[] = {
    {0x1c, "H_GET_TCE", h_get_tce},
    {0x20, "H_PUT_TCE", h_put_tce},
    {0x138, "H_STUFF_TCE", h_stuff_tce},
    {0x13c, "H_PUT_TCE_INDIRECT", h_put_tce_indirect},
    {0},
};

/* ---- State ---- */

static bool extended_needed(void *opaque)
{
    const SpaprTceTable *tce = opaque;

    return tce->bus_offset || tce->page_shift != SPAPR_TCE_PAGE_SHIFT;
}

static const VMStateDescription vmstate_extended = {
    .name = "spapr_iommu_ex",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extended_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(bus_offset, SpaprTceTable),
        VMSTATE_UINT32(page_shift, SpaprTceTable),
        VMSTATE_END_OF_LIST(),
    },
};

static bool tce_pre_load(void *opaque, GError **errp)
{
    SpaprTceTable *tce = opaque;

    tce->bus_offset = 0;
    tce->page_shift = SPAPR_TCE_PAGE_SHIFT;
    return true;
}

static bool tce_post_load(void *opaque, int version, GError **errp)
{
    SpaprTceTable *tce = opaque;

    if (tce->page_shift > 40 || (tce->n_entries && tce->page_shift < SPAPR_TCE_PAGE_SHIFT)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr_iommu: window 0x%x has pages of 2^%u bytes", tce->liobn,
                    tce->page_shift);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_tce = {
    .name = "spapr_iommu",
    .version_id = 3,
    .minimum_version_id = 2,
    .pre_load = tce_pre_load,
    .post_load = tce_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32_EQUAL(liobn, SpaprTceTable, NULL),
            VMSTATE_UINT32(n_entries, SpaprTceTable),
            VMSTATE_BOOL(bypass, SpaprTceTable),
            VMSTATE_VARRAY_UINT32_ALLOC(table, SpaprTceTable, n_entries, 0, vmstate_info_uint64,
                                        uint64_t),
            VMSTATE_BOOL_V(default_window, SpaprTceTable, 3),
            VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_extended),
    VMSTATE_STRUCT_AUDIT(SpaprTceTable),
};

static void tce_free(gpointer data)
{
    SpaprTceTable *tce = data;

    vmstate_unregister(&vmstate_tce, tce);
    g_free(tce->table);
    g_free(tce);
}

SpaprTceTable *spapr_tce_new(SpaprMachine *spapr, uint32_t liobn, GError **errp)
{
    SpaprTceTable *tce = g_new0(SpaprTceTable, 1);

    tce->liobn = liobn;
    if (!vmstate_register(NULL, liobn, &vmstate_tce, tce, errp)) {
        g_free(tce);
        return NULL;
    }
    if (!spapr->tce_tables) {
        spapr->tce_tables = g_ptr_array_new_with_free_func(tce_free);
    }
    g_ptr_array_add(spapr->tce_tables, tce);
    return tce;
}

void spapr_tce_free(SpaprMachine *spapr, SpaprTceTable *tce)
{
    g_ptr_array_remove(spapr->tce_tables, tce);
}
