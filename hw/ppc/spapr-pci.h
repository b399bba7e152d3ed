/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI host bridges, for the machine's other parts. Device lock. */
#ifndef HW_PPC_SPAPR_PCI_H
#define HW_PPC_SPAPR_PCI_H

#include "hw/ppc/spapr.h"

/* Makes the bridge that every machine has. Behind the devices of the virtual I/O bus and before the
 * machine's own state: streams' order. */
bool spapr_pci_init(SpaprMachine *spapr, GError **errp);
void spapr_pci_fdt(SpaprMachine *spapr, void *fdt, uint32_t intc_phandle);

#endif
