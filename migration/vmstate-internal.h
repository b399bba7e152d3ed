/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter's inner calls, for kinds of values that contain structs: like vmstate_save() and
 * vmstate_load(), but messages get their stream offset once, from the outermost call.
 */
#ifndef MIGRATION_VMSTATE_INTERNAL_H
#define MIGRATION_VMSTATE_INTERNAL_H

#include "migration/vmstate.h"

bool vmstate_save_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, GError **errp);
bool vmstate_load_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, GError **errp);

#endif
