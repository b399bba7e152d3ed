/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sections of a machine's state, in the order in which they are saved.
 */
#include <string.h>
#include "migration/savevm.h"
#include "migration/wire.h"
#include "util/error.h"
#include "vmstate-internal.h"

struct StateRegistry {
    GPtrArray *entries; /* StateEntry, falling priority, then age */
    uint32_t next_section_id;
    VMStateWire wire;
    int64_t source_stopped;
    GHashTable *hints;    /* section -> text; the texts are the callers' */
    GHashTable *optional; /* sections */
};

static void free_entry(gpointer data)
{
    StateEntry *entry = data;

    g_free(entry->idstr);
    g_free(entry);
}

StateRegistry *state_registry_new(void)
{
    StateRegistry *registry = g_new0(StateRegistry, 1);

    registry->entries = g_ptr_array_new_with_free_func(free_entry);
    registry->hints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    registry->optional = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return registry;
}

void state_registry_free(StateRegistry *registry)
{
    g_ptr_array_unref(registry->entries);
    g_hash_table_unref(registry->hints);
    g_hash_table_unref(registry->optional);
    g_free(registry);
}

const GPtrArray *state_registry_entries(StateRegistry *registry)
{
    return registry->entries;
}

static MigrationPriority priority_of(const StateEntry *entry)
{
    return entry->vmsd ? entry->vmsd->priority : MIG_PRI_DEFAULT;
}

StateEntry *state_registry_find(StateRegistry *registry, const char *idstr, uint32_t instance_id)
{
    for (unsigned i = 0; i < registry->entries->len; i++) {
        StateEntry *entry = g_ptr_array_index(registry->entries, i);

        if (entry->instance_id == instance_id && !strcmp(entry->idstr, idstr)) {
            return entry;
        }
    }
    return NULL;
}

static uint32_t next_instance_id(StateRegistry *registry, const char *idstr)
{
    uint32_t next = 0;

    for (unsigned i = 0; i < registry->entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(registry->entries, i);

        if (!strcmp(entry->idstr, idstr)) {
            next = MAX(next, entry->instance_id + 1);
        }
    }
    return next;
}

/* Takes idstr over. */
static bool add(StateRegistry *registry, char *idstr, uint32_t instance_id,
                const StateEntry *template, GError **errp)
{
    StateEntry *entry;
    unsigned at = 0;

    if (strlen(idstr) > 255) {
        error_setg(errp, "the section name '%s' is longer than 255 bytes", idstr);
        g_free(idstr);
        return false;
    }
    if (instance_id == VMSTATE_INSTANCE_ID_ANY) {
        instance_id = next_instance_id(registry, idstr);
    }
    if (state_registry_find(registry, idstr, instance_id)) {
        error_setg(errp, "there already is a state section '%s' number %u", idstr, instance_id);
        g_free(idstr);
        return false;
    }
    entry = g_memdup2(template, sizeof(*template));
    entry->idstr = idstr;
    entry->instance_id = instance_id;
    entry->section_id = registry->next_section_id++;
    while (at < registry->entries->len &&
           priority_of(g_ptr_array_index(registry->entries, at)) >= priority_of(entry)) {
        at++;
    }
    g_ptr_array_insert(registry->entries, (gint)at, entry);
    return true;
}

bool state_registry_add(StateRegistry *registry, const char *dev_id, uint32_t instance_id,
                        const VMStateDescription *vmsd, void *opaque, GError **errp)
{
    StateEntry template = {.version_id = vmsd->version_id, .vmsd = vmsd, .opaque = opaque};
    bool plain = !dev_id || !*dev_id;

    if (!vmstate_check_description(vmsd, errp)) {
        return false;
    }
    return add(registry, g_strconcat(plain ? "" : dev_id, plain ? "" : "/", vmsd->name, NULL),
               instance_id, &template, errp);
}

bool state_registry_add_handlers(StateRegistry *registry, const char *idstr, uint32_t instance_id,
                                 int version_id, const StateHandlers *handlers, void *opaque,
                                 GError **errp)
{
    StateEntry template = {.version_id = version_id, .handlers = handlers, .opaque = opaque};

    return add(registry, g_strdup(idstr), instance_id, &template, errp);
}

void state_registry_explain(StateRegistry *registry, const char *idstr, const char *hint)
{
    g_hash_table_insert(registry->hints, g_strdup(idstr), (gpointer)hint);
}

const char *state_registry_hint(const StateRegistry *registry, const char *idstr)
{
    const char *hint = g_hash_table_lookup(registry->hints, idstr);

    return hint ? hint : "";
}

void state_registry_make_optional(StateRegistry *registry, const char *idstr)
{
    g_hash_table_add(registry->optional, g_strdup(idstr));
}

bool state_registry_is_optional(const StateRegistry *registry, const char *idstr)
{
    return g_hash_table_contains(registry->optional, idstr);
}

void state_registry_remove(StateRegistry *registry, const VMStateDescription *vmsd, void *opaque)
{
    for (unsigned i = registry->entries->len; i-- > 0;) {
        const StateEntry *entry = g_ptr_array_index(registry->entries, i);

        if (entry->vmsd == vmsd && entry->opaque == opaque) {
            g_ptr_array_remove_index(registry->entries, i);
        }
    }
}

void state_registry_set_wire(StateRegistry *registry, VMStateWire wire)
{
    registry->wire = wire;
}

void state_registry_note_source_stopped(StateRegistry *registry, int64_t us)
{
    registry->source_stopped = us;
}

int64_t state_registry_source_stopped(const StateRegistry *registry)
{
    return registry->source_stopped;
}

VMStateWire state_registry_wire(const StateRegistry *registry)
{
    return registry->wire;
}

/* Takes an entry out without freeing it, and puts it behind all of its priority. */
static void move_last(StateRegistry *registry, unsigned from)
{
    StateEntry *entry = g_ptr_array_steal_index(registry->entries, from);
    unsigned at = 0;

    while (at < registry->entries->len &&
           priority_of(g_ptr_array_index(registry->entries, at)) >= priority_of(entry)) {
        at++;
    }
    g_ptr_array_insert(registry->entries, (gint)at, entry);
}

void state_registry_move_last(StateRegistry *registry, const void *opaque)
{
    g_autoptr(GPtrArray) moved = g_ptr_array_new();
    guint at;

    for (unsigned i = 0; i < registry->entries->len; i++) {
        StateEntry *entry = g_ptr_array_index(registry->entries, i);

        if (entry->opaque == opaque) {
            g_ptr_array_add(moved, entry);
        }
    }
    for (unsigned i = 0; i < moved->len; i++) {
        if (g_ptr_array_find(registry->entries, g_ptr_array_index(moved, i), &at)) {
            move_last(registry, at);
        }
    }
}
