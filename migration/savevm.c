/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saving a machine: the sections of a stream in their order, and the JSON that describes them.
 */
#include "migration/savevm.h"

#include <string.h>
#include "migration/wire.h"
#include "util/error.h"

struct StateSaver {
    StateRegistry *registry;
    StateStream *stream;
    const SavevmConfig *config;
    json_t *description; /* {"configuration": …, "page_size": …, "devices": […]} */
    json_t *devices;     /* its member */
    bool was_set_up;
    bool before_postcopy_done; /* those sections have ended */
};

/* As QEMU's field list of the configuration section. */
static void describe_configuration(StateSaver *saver)
{
    json_t *fields =
        json_pack("[{s:s, s:s, s:i}, {s:s, s:s, s:i}]", "name", "len", "type", "uint32", "size", 4,
                  "name", "name", "type", "buffer", "size", (int)strlen(saver->config->machine));

    json_object_set_new(saver->description, "configuration",
                        json_pack("{s:s, s:i, s:o}", "vmsd_name", "configuration", "version", 1,
                                  "fields", fields));
}

StateSaver *state_saver_new(StateRegistry *registry, StateStream *s, const SavevmConfig *config)
{
    StateSaver *saver = g_new0(StateSaver, 1);

    saver->registry = registry;
    saver->stream = s;
    saver->config = config;
    saver->description = json_object();
    if (state_registry_wire(registry) != VMSTATE_WIRE_QEMU_7_2) {
        describe_configuration(saver);
    }
    json_object_set_new(saver->description, "page_size", json_integer(4096));
    saver->devices = json_array();
    json_object_set_new(saver->description, "devices", saver->devices);
    return saver;
}

static bool entry_active(const StateEntry *entry)
{
    return entry->handlers &&
           (!entry->handlers->is_active || entry->handlers->is_active(entry->opaque));
}

void state_saver_free(StateSaver *saver)
{
    const GPtrArray *entries = state_registry_entries(saver->registry);

    for (unsigned i = 0; saver->was_set_up && i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (entry->handlers && entry->handlers->save_cleanup) {
            entry->handlers->save_cleanup(entry->opaque);
        }
    }
    json_decref(saver->description);
    g_free(saver);
}

/* ---- Head ---- */

bool state_saver_header(StateSaver *saver, GError **errp)
{
    StateStream *s = saver->stream;
    const char *machine = saver->config->machine;
    const char *const *names = saver->config->capabilities;

    state_put_be32(s, STATE_FILE_MAGIC);
    state_put_be32(s, STATE_FILE_VERSION);
    state_put_byte(s, STATE_SECTION_CONFIGURATION);
    state_put_be32(s, (uint32_t)strlen(machine));
    state_put_buffer(s, machine, strlen(machine));
    if (names && names[0]) {
        state_put_byte(s, STATE_SECTION_SUBSECTION);
        state_put_counted_string(s, "configuration/capabilities");
        state_put_be32(s, 1);
        state_put_be32(s, g_strv_length((char **)names));
        for (; *names; names++) {
            state_put_counted_string(s, *names);
        }
    }
    return !state_stream_check(s, errp);
}

/* ---- Sections ---- */

static void put_section_head(StateStream *s, StateSectionKind kind, const StateEntry *entry)
{
    state_put_byte(s, kind);
    state_put_be32(s, entry->section_id);
    if (kind == STATE_SECTION_START || kind == STATE_SECTION_FULL) {
        state_put_counted_string(s, entry->idstr);
        state_put_be32(s, entry->instance_id);
        state_put_be32(s, (uint32_t)entry->version_id);
    }
}

static void put_section_foot(StateStream *s, const StateEntry *entry)
{
    state_put_byte(s, STATE_SECTION_FOOTER);
    state_put_be32(s, entry->section_id);
}

static bool section_failed(const StateEntry *entry, GError **errp)
{
    error_prepend(errp, "cannot save '%s': ", entry->idstr);
    return false;
}

static void find_unmigratable(const VMStateDescription *vmsd, void *opaque)
{
    if (vmsd->unmigratable) {
        *(const VMStateDescription **)opaque = vmsd;
    }
}

bool state_saver_setup(StateSaver *saver, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(saver->registry);
    StateStream *s = saver->stream;

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        const VMStateDescription *found = NULL;
        if (entry->vmsd && vmstate_section_needed(entry->vmsd, entry->opaque)) {
            vmstate_foreach(entry->vmsd, find_unmigratable, &found);
        }
        if (found) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                      "State blocked by non-migratable device '%s'", entry->idstr);
            return false;
        }
    }
    saver->was_set_up = true;
    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (!entry_active(entry)) {
            continue;
        }
        put_section_head(s, STATE_SECTION_START, entry);
        if (!entry->handlers->save_setup(s, entry->opaque, errp)) {
            return section_failed(entry, errp);
        }
        put_section_foot(s, entry);
        if (state_stream_check(s, errp)) {
            return section_failed(entry, errp);
        }
    }
    return true;
}

int state_saver_iterate(StateSaver *saver, bool (*limit)(void *opaque), void *opaque, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(saver->registry);
    StateStream *s = saver->stream;

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (!entry_active(entry) || !entry->handlers->save_iterate ||
            (saver->before_postcopy_done && !entry->handlers->goes_on_in_postcopy)) {
            continue;
        }
        if (limit && limit(opaque)) {
            return 0;
        }
        put_section_head(s, STATE_SECTION_PART, entry);
        int result = entry->handlers->save_iterate(s, entry->opaque, limit, opaque, errp);
        if (result >= 0) {
            put_section_foot(s, entry);
        }
        if (result < 0 || state_stream_check(s, errp)) {
            section_failed(entry, errp);
            return -1;
        }
        if (!result) {
            /* The first that has more holds the others back: disks before RAM, say. */
            return 0;
        }
    }
    return 1;
}

static uint64_t pending(StateSaver *saver, bool exact, bool also_postcopy)
{
    const GPtrArray *entries = state_registry_entries(saver->registry);
    uint64_t sum = 0;

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (entry_active(entry) && entry->handlers->save_pending &&
            (also_postcopy || !entry->handlers->goes_on_in_postcopy)) {
            sum += entry->handlers->save_pending(entry->opaque, exact);
        }
    }
    return sum;
}

uint64_t state_saver_pending(StateSaver *saver, bool exact)
{
    return pending(saver, exact, true);
}

uint64_t state_saver_pending_before_postcopy(StateSaver *saver)
{
    return pending(saver, false, false);
}

static bool save_device(StateSaver *saver, StateStream *s, const StateEntry *entry, GError **errp)
{
    json_t *row = json_pack("{s:s, s:I}", "name", entry->idstr, "instance_id",
                            (json_int_t)entry->instance_id);

    json_array_append_new(saver->devices, row);
    put_section_head(s, STATE_SECTION_FULL, entry);
    if (!vmstate_save_described(s, entry->vmsd, entry->opaque, row, errp)) {
        return section_failed(entry, errp);
    }
    put_section_foot(s, entry);
    return true;
}

static void put_description(StateSaver *saver)
{
    g_autofree char *text = json_dumps(saver->description, JSON_COMPACT);

    state_put_byte(saver->stream, STATE_SECTION_VMDESCRIPTION);
    state_put_be32(saver->stream, (uint32_t)strlen(text));
    state_put_buffer(saver->stream, text, strlen(text));
}

typedef enum CompleteWhich {
    COMPLETE_ALL,
    COMPLETE_BEFORE_POSTCOPY,
    COMPLETE_IN_POSTCOPY
} CompleteWhich;

static bool complete_sections(StateSaver *saver, CompleteWhich which, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(saver->registry);
    StateStream *s = saver->stream;

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (!entry_active(entry) ||
            (which != COMPLETE_ALL &&
             entry->handlers->goes_on_in_postcopy != (which == COMPLETE_IN_POSTCOPY))) {
            continue;
        }
        put_section_head(s, STATE_SECTION_END, entry);
        if (!entry->handlers->save_complete(s, entry->opaque, errp)) {
            return section_failed(entry, errp);
        }
        put_section_foot(s, entry);
    }
    return !state_stream_check(s, errp);
}

bool state_saver_put_devices(StateSaver *saver, StateStream *to, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(saver->registry);

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (entry->vmsd && vmstate_section_needed(entry->vmsd, entry->opaque) &&
            !save_device(saver, to, entry, errp)) {
            return false;
        }
    }
    return true;
}

bool state_saver_complete(StateSaver *saver, GError **errp)
{
    StateStream *s = saver->stream;

    if (!complete_sections(saver, COMPLETE_ALL, errp) || !state_saver_put_devices(saver, s, errp)) {
        return false;
    }
    state_put_byte(s, STATE_SECTION_EOF);
    put_description(saver);
    state_stream_flush(s);
    return !state_stream_check(s, errp);
}

bool state_saver_complete_before_postcopy(StateSaver *saver, GError **errp)
{
    saver->before_postcopy_done = true;
    return complete_sections(saver, COMPLETE_BEFORE_POSTCOPY, errp);
}

bool state_saver_complete_postcopy(StateSaver *saver, GError **errp)
{
    if (!complete_sections(saver, COMPLETE_IN_POSTCOPY, errp)) {
        return false;
    }
    state_put_byte(saver->stream, STATE_SECTION_EOF);
    state_stream_flush(saver->stream);
    return !state_stream_check(saver->stream, errp);
}

void state_saver_set_stream(StateSaver *saver, StateStream *s)
{
    saver->stream = s;
}

bool state_saver_complete_frozen(StateSaver *saver, const void *devices, size_t size, GError **errp)
{
    if (!complete_sections(saver, COMPLETE_IN_POSTCOPY, errp)) {
        return false;
    }
    state_put_buffer(saver->stream, devices, size);
    state_put_byte(saver->stream, STATE_SECTION_EOF);
    put_description(saver);
    state_stream_flush(saver->stream);
    return !state_stream_check(saver->stream, errp);
}

/* ---- Descriptions as they are, without a machine's values ---- */

static json_t *describe(const VMStateDescription *vmsd)
{
    json_t *object = json_pack("{s:s, s:i, s:i}", "name", vmsd->name, "version_id",
                               vmsd->version_id, "minimum_version_id", vmsd->minimum_version_id);
    json_t *fields = json_array();

    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        json_t *row =
            json_pack("{s:s, s:i, s:b, s:I}", "field", field->name, "version_id", field->version_id,
                      "field_exists", field->field_exists != NULL, "size", (json_int_t)field->size);
        if (field->info) {
            json_object_set_new(row, "type", json_string(field->info->name));
        }
        if (field->flags & VMS_ARRAY) {
            json_object_set_new(row, "num", json_integer(field->num));
        }
        if (field->vmsd) {
            json_object_set_new(row, "Description", describe(field->vmsd));
        }
        json_array_append_new(fields, row);
    }
    json_object_set_new(object, "Fields", fields);
    if (vmsd->subsections && vmsd->subsections[0]) {
        json_t *subsections = json_array();
        for (const VMStateDescription *const *p = vmsd->subsections; *p; p++) {
            json_array_append_new(subsections, describe(*p));
        }
        json_object_set_new(object, "Subsections", subsections);
    }
    return object;
}

json_t *state_registry_describe(StateRegistry *registry, const char *machine)
{
    const GPtrArray *entries = state_registry_entries(registry);
    json_t *root = json_object();

    json_object_set_new(root, "vmschkmachine", json_pack("{s:s}", "Name", machine));
    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        json_t *row =
            json_pack("{s:s, s:i}", "Name", entry->idstr, "version_id", entry->version_id);
        if (entry->vmsd ? entry->vmsd->needed != NULL : entry->handlers->is_active != NULL) {
            json_object_set_new(row, "optional", json_true());
        }
        if (entry->vmsd) {
            json_object_set_new(row, "minimum_version_id",
                                json_integer(entry->vmsd->minimum_version_id));
            json_object_set_new(row, "Description", describe(entry->vmsd));
        }
        /* Sections of one name have one description. */
        json_object_set_new(root, entry->idstr, row);
    }
    return root;
}
