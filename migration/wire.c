/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the dialects of the stream (the migration parameter x-wire).
 */
#include "migration/wire.h"

#include <string.h>
#include "util/error.h"

const char *const vmstate_wire_names[] = {
    [VMSTATE_WIRE_OWN] = "own",
    [VMSTATE_WIRE_QEMU_10_0] = "qemu-10.0",
    [VMSTATE_WIRE_QEMU_7_2] = "qemu-7.2",
    NULL,
};

const char *vmstate_wire_name(VMStateWire wire)
{
    return vmstate_wire_names[wire];
}

bool vmstate_wire_parse(const char *name, VMStateWire *wire, GError **errp)
{
    for (unsigned i = 0; vmstate_wire_names[i]; i++) {
        if (!strcmp(vmstate_wire_names[i], name)) {
            *wire = (VMStateWire)i;
            return true;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID,
              "x-wire: no stream format '%s' (own, qemu-10.0 or qemu-7.2)", name);
    return false;
}
