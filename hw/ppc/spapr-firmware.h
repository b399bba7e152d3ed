/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few guest instructions of our firmware and where they lie: the client interface entry and the
 * RTAS entry (spapr-firmware.c emits them; pc-bios/ explains them).
 */
#ifndef HW_PPC_SPAPR_FIRMWARE_H
#define HW_PPC_SPAPR_FIRMWARE_H

#include "hw/ppc/spapr.h"

/* Low memory we keep: vectors untouched, trampolines at 0x3000, stack below 0x8000. */
#define SPAPR_FIRMWARE_SIZE 0x8000u
#define SPAPR_FIRMWARE_CODE 0x3000u
#define SPAPR_FIRMWARE_STACK 0x7f00u

/* Writes the client interface trampoline; returns its address. */
uint32_t spapr_firmware_place_client(SpaprMachine *spapr);
/* Writes the RTAS entry at a guest address; false if that is not memory. */
bool spapr_firmware_place_rtas(SpaprMachine *spapr, uint64_t address);

extern const SpaprHCall spapr_hcalls_client[];
void spapr_client_init(SpaprMachine *spapr);

#endif
