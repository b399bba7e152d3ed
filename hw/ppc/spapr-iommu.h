/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A DMA window of the sPAPR platform: a table of translation control entries (TCEs) that the guest
 * fills by hypercall.  LoPAR 14.5.4.2.  Known by its logical I/O bus number (LIOBN).
 */
#ifndef HW_PPC_SPAPR_IOMMU_H
#define HW_PPC_SPAPR_IOMMU_H

#include "hw/ppc/spapr.h"

typedef struct SpaprTceTable {
    /* immutable */
    uint32_t liobn;
    /* saved */
    uint64_t bus_offset;         /* of the window's first byte */
    uint32_t page_shift;
    uint32_t n_entries;          /* 0: no window */
    uint64_t *table;
    bool bypass, default_window;
} SpaprTceTable;

enum { SPAPR_TCE_READ = 1, SPAPR_TCE_WRITE = 2 };
#define SPAPR_TCE_PAGE_SHIFT 12u

/* Makes a table without a window and registers its state. NULL with errp. */
SpaprTceTable *spapr_tce_new(SpaprMachine *spapr, uint32_t liobn, GError **errp);
/* Ends it and its state. */
void spapr_tce_free(SpaprMachine *spapr, SpaprTceTable *tce);
SpaprTceTable *spapr_tce_find(SpaprMachine *spapr, uint64_t liobn);
/* Opens the window with all entries invalid; false if there is no memory for it. */
bool spapr_tce_enable(SpaprTceTable *tce, uint32_t page_shift, uint64_t bus_offset,
                      uint32_t n_entries);
void spapr_tce_disable(SpaprTceTable *tce);
/*
 * Where a device's access goes: real address, and bytes up to the page's end.  False: no entry
 * allows it (access: SPAPR_TCE_READ of memory, SPAPR_TCE_WRITE).
 */
bool spapr_tce_translate(const SpaprTceTable *tce, uint64_t bus_address, unsigned access,
                         uint64_t *real, uint64_t *left);

#endif
