/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the dialects of the stream (the migration parameter x-wire).
 */
#include "migration/wire.h"

#include <string.h>
#include "util/error.h"

static const char *const names[] = {
    [VMSTATE_WIRE_OWN] = "",
    [VMSTATE_WIRE_QEMU_10_0] = "qemu-10.0",
    [VMSTATE_WIRE_QEMU_7_2] = "qemu-7.2",
};

const char *vmstate_wire_name(VMStateWire wire)
{
    return names[wire];
}

bool vmstate_wire_parse(const char *name, VMStateWire *wire, GError **errp)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(names[i], name)) {
            *wire = (VMStateWire)i;
            return true;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID,
              "x-wire: no stream format '%s' (qemu-7.2, qemu-10.0, or empty for our own)", name);
    return false;
}
