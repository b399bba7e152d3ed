/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is lost when a machine is saved in a QEMU's dialect: our own subsections that would have
 * been sent, and that somebody would miss.
 */
#include "migration/wire.h"

static void losses_of(const VMStateDescription *vmsd, char *opaque, const StateEntry *entry,
                      GPtrArray *lost);

static void losses_of_field(const VMStateField *field, char *opaque, const StateEntry *entry,
                            GPtrArray *lost)
{
    const uint32_t variable =
        VMS_VARRAY_INT32 | VMS_VARRAY_UINT32 | VMS_VARRAY_UINT16 | VMS_VARRAY_UINT8;
    char *base = opaque + field->offset;

    /* Elements of which there is a varying number have no subsections of ours. */
    if (!field->vmsd || field->flags & (variable | VMS_ARRAY_OF_POINTER)) {
        return;
    }
    if (field->flags & VMS_POINTER) {
        base = *(char **)base;
    }
    for (int i = 0; base && i < (field->flags & VMS_ARRAY ? field->num : 1); i++) {
        losses_of(field->vmsd, base + (size_t)i * field->size, entry, lost);
    }
}

static void losses_of(const VMStateDescription *vmsd, char *opaque, const StateEntry *entry,
                      GPtrArray *lost)
{
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        losses_of_field(field, opaque, entry, lost);
    }
    for (const VMStateDescription *const *p = vmsd->subsections; p && *p; p++) {
        if (!vmstate_section_needed(*p, opaque)) {
            continue;
        }
        if ((*p)->own && (*p)->missed && !(*p)->missed(opaque)) {
            continue;
        }
        if ((*p)->own) {
            g_ptr_array_add(lost, g_strdup_printf("%s of '%s' number %u", (*p)->name, entry->idstr,
                                                  entry->instance_id));
        } else {
            losses_of(*p, opaque, entry, lost);
        }
    }
}

void state_registry_losses(StateRegistry *registry, GPtrArray *lost)
{
    const GPtrArray *entries = state_registry_entries(registry);
    VMStateWire wire = state_registry_wire(registry);

    /* What is needed depends on the dialect: ask for ours. */
    state_registry_set_wire(registry, VMSTATE_WIRE_OWN);
    for (unsigned i = 0; wire != VMSTATE_WIRE_OWN && i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);

        if (entry->vmsd && vmstate_section_needed(entry->vmsd, entry->opaque)) {
            losses_of(entry->vmsd, entry->opaque, entry, lost);
        }
    }
    state_registry_set_wire(registry, wire);
}
