/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that a guest starts with on a QEMU (spapr-resume.c), for the machine and its tests.
 */
#ifndef HW_PPC_SPAPR_RESUME_H
#define HW_PPC_SPAPR_RESUME_H

#include "spapr-internal.h"
#include "migration/wire.h"

/* Tells migration how this machine's state is made ready for a QEMU. */
void spapr_resume_init(SpaprMachine *spapr);
/* What they do; see MigrationWireOps. Device lock, processors stopped. */
void spapr_resume_prepare(SpaprMachine *spapr, VMStateWire wire, bool running, GPtrArray *lost);
void spapr_resume_undo(SpaprMachine *spapr);
/* The machine is being reset: there is nothing to put back any more. */
void spapr_resume_drop(SpaprMachine *spapr);

#endif
