/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heads of sections, for loading and for looking before (docs/devel/stream-format.md). */
#include <inttypes.h>
#include "migration/savevm.h"
#include "util/error.h"
#include "vmstate-internal.h"

bool state_bad(StateStream *s, GError **errp, const char *format, ...)
{
    va_list args;

    /* An error of the transport says more than what we made of the zeros behind it. */
    if (state_stream_check(s, errp)) {
        error_prepend(errp, "stream offset %" PRIu64 ": ", state_stream_position(s));
        return false;
    }
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(errp, GOSSAMER_ERROR_STREAM, "%s (stream offset %" PRIu64 ")", text,
              state_stream_position(s));
    return false;
}

StateEntry *state_find_section(StateRegistry *registry, const char *idstr, uint32_t instance_id,
                               uint32_t version, GError **errp)
{
    StateEntry *entry = state_registry_find(registry, idstr, instance_id);

    if (!entry) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "unknown section '%s' instance %u: this machine has no such device%s", idstr,
                  instance_id, state_registry_hint(registry, idstr));
        return NULL;
    }
    if (version > (uint32_t)entry->version_id) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "section '%s' has version %u, supported are versions up to %d", idstr, version,
                  entry->version_id);
        return NULL;
    }
    return entry;
}

bool state_read_section_head(StateStream *s, StateRegistry *registry, StateSectionHead *head,
                             GError **errp)
{
    GError *error = NULL;

    head->section_id = state_get_be32(s);
    if (!state_get_counted_string(s, head->idstr)) {
        return state_bad(s, errp, "a section's head is cut off");
    }
    head->instance_id = state_get_be32(s);
    head->version = state_get_be32(s);
    if (state_stream_has_error(s)) {
        return state_bad(s, errp, "the head of section '%s' is cut off", head->idstr);
    }
    head->entry =
        state_find_section(registry, head->idstr, head->instance_id, head->version, &error);
    if (!head->entry) {
        state_bad(s, errp, "%s", error->message);
        g_error_free(error);
        return false;
    }
    return true;
}
