/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter's inner calls, for kinds of values that contain structs: like vmstate_save() and
 * vmstate_load(), but messages get their stream offset once, from the outermost call.
 */
#ifndef MIGRATION_VMSTATE_INTERNAL_H
#define MIGRATION_VMSTATE_INTERNAL_H

#include <jansson.h>
#include "migration/vmstate.h"

/* description: gets what is written, as in vmstate_save_described(); may be NULL. */
bool vmstate_save_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, json_t *description, GError **errp);
bool vmstate_load_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, GError **errp);

/* registry.c: what state_registry_explain() said, "" if nothing; and
 * state_registry_make_optional(). */
const char *state_registry_hint(const StateRegistry *registry, const char *idstr);
bool state_registry_is_optional(const StateRegistry *registry, const char *idstr);
/* See state_registry_source_stopped(). */
void state_registry_note_source_stopped(StateRegistry *registry, int64_t us);

/* section.c: what whoever reads whole streams needs. */
/* False, with the stream's own error if it has one, else with this one and the offset. */
bool state_bad(StateStream *s, GError **errp, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The machine's section of that name, which can be of that version; NULL with errp. */
StateEntry *state_find_section(StateRegistry *registry, const char *idstr, uint32_t instance_id,
                               uint32_t version, GError **errp);
/* The head of a section that begins, behind its kind. */
typedef struct StateSectionHead {
    char idstr[256];
    uint32_t section_id, instance_id, version;
    StateEntry *entry;
} StateSectionHead;
bool state_read_section_head(StateStream *s, StateRegistry *registry, StateSectionHead *head,
                             GError **errp);

/* vmstate-describe.c. Each takes a NULL object, and then does nothing. */
void vmstate_describe_struct(json_t *object, const VMStateDescription *vmsd, int version_id);
/* The row of one element, the object's; NULL if an earlier element's row stands for it. */
json_t *vmstate_describe_element(json_t *object, const VMStateField *field, uint64_t index,
                                 uint64_t count);
json_t *vmstate_describe_subsection(json_t *object);

#endif
