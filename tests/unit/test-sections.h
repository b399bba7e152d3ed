/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State that is spread over several registered sections, for tests: saved one behind the other,
 * each after a byte that says whether it was needed.
 */
#ifndef TEST_SECTIONS_H
#define TEST_SECTIONS_H

#include <string.h>
#include "system/runtime.h"
#include "util/error.h"

/* names: only those sections; NULL: all. */
static inline bool section_wanted(const StateEntry *entry, const char *const *names)
{
    return entry->vmsd && (!names || g_strv_contains(names, entry->idstr));
}

static inline GBytes *sections_save(const char *const *names, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(runtime_state_registry());
    StateStream *s = state_stream_new_writer();
    GBytes *bytes = NULL;
    bool ok = true;

    for (guint i = 0; i < entries->len && ok; i++) {
        StateEntry *entry = g_ptr_array_index(entries, i);

        if (section_wanted(entry, names)) {
            bool needed = vmstate_section_needed(entry->vmsd, entry->opaque);

            state_put_byte(s, needed);
            ok = !needed || vmstate_save(s, entry->vmsd, entry->opaque, errp);
        }
    }
    if (ok) {
        bytes = state_stream_take_bytes(s);
    }
    state_stream_free(s);
    return bytes;
}

static inline bool sections_load(const char *const *names, const void *data, gsize size,
                                 GError **errp)
{
    const GPtrArray *entries = state_registry_entries(runtime_state_registry());
    StateStream *s = state_stream_new_reader(data, size);
    bool ok = true;

    for (guint i = 0; i < entries->len && ok; i++) {
        StateEntry *entry = g_ptr_array_index(entries, i);

        if (section_wanted(entry, names)) {
            bool there = state_get_byte(s);

            ok = !there ||
                 vmstate_load(s, entry->vmsd, entry->opaque, entry->vmsd->version_id, errp);
        }
    }
    ok = ok && !state_stream_check(s, errp);
    if (ok && state_stream_position(s) != size) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "bytes are left over");
        ok = false;
    }
    state_stream_free(s);
    return ok;
}

#endif
