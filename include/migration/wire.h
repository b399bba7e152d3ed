/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dialect of what is sent: one machine, three layouts.
 *
 * OWN is QEMU 10.0's layout and, where state is set that QEMU has no place for, subsections of our
 * own (which QEMU would refuse).  QEMU_10_0 and QEMU_7_2 are exactly what those versions send and
 * load.  Only saving asks: descriptions load every dialect.  A description's needed(), a field's
 * test and pre_save ask vmstate_wire() (system/runtime.h); the save loop sets it on the registry
 * before the first section.  docs/devel/stream-format.md lists the differences.
 */
#ifndef MIGRATION_WIRE_H
#define MIGRATION_WIRE_H

#include <stdbool.h>
#include "migration/vmstate.h"

typedef enum VMStateWire {
    VMSTATE_WIRE_OWN,
    VMSTATE_WIRE_QEMU_10_0,
    VMSTATE_WIRE_QEMU_7_2,
} VMStateWire;

/* By VMStateWire, ended by NULL: "own", "qemu-10.0", "qemu-7.2". */
extern const char *const vmstate_wire_names[];
/* One of these names; false with errp for any other. */
bool vmstate_wire_parse(const char *name, VMStateWire *wire, GError **errp);
const char *vmstate_wire_name(VMStateWire wire);

/* What the registry's sections are saved as; OWN at first. Device lock. */
void state_registry_set_wire(StateRegistry *registry, VMStateWire wire);
VMStateWire state_registry_wire(const StateRegistry *registry);

/*
 * Adds to lost (char *, owned by it) the names of subsections that would be sent in our own dialect
 * and are not in the present one. Device lock; state that does not change.
 */
void state_registry_losses(StateRegistry *registry, GPtrArray *lost);

/* Makes the sections of opaque the last ones of their priority, in the order they have: streams
 * have one order, whatever is created first. */
void state_registry_move_last(StateRegistry *registry, const void *opaque);

#endif
