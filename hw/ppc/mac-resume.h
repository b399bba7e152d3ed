/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a Power Mac does before it goes to a QEMU; see mac-resume.c. */
#ifndef HW_PPC_MAC_RESUME_H
#define HW_PPC_MAC_RESUME_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/wire.h"

struct PowerPCCPU;

typedef struct MacResume {
    /* immutable */
    struct PowerPCCPU *cpu;
    bool controller_tells;
    /* host-only: the processor as it was, while it is being saved */
    bool active;
    uint64_t nip, msr, srr0, srr1;
    uint32_t halted;
} MacResume;

/* controller_tells: QEMU's interrupt controller drives the processor's input when it has loaded. */
void mac_resume_init(MacResume *r, struct PowerPCCPU *cpu, bool controller_tells);
/* What they do; see MigrationWireOps. Device lock, processor stopped. */
void mac_resume_prepare(MacResume *r, VMStateWire wire, bool running, GPtrArray *lost);
void mac_resume_undo(MacResume *r);

#endif
